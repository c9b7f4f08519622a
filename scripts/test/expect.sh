# shellcheck shell=bash
# Functions for the tests of the scripts. Sourced after env.sh.
: "${doors_root:?}"

failures=0 checks=0

# expect_output DESCRIPTION STATUS TEXT COMMAND...: checks that COMMAND exits with STATUS ("fail" means any
# but 0) and that its standard output or error contains TEXT.
expect_output() {
    local description=$1 status=$2 text=$3 output result=0
    shift 3
    output=$("$@" 2>&1 </dev/null) || result=$?
    checks=$((checks + 1))
    if [ "$status" = fail ] && [ "$result" -ne 0 ]; then status=$result; fi
    if [ "$result" != "$status" ]; then
        printf 'FAILED %s: status %s, expected %s\n%s\n' "$description" "$result" "$status" "$output"
        failures=$((failures + 1))
        return 0
    fi
    case $output in
    *"$text"*) ;;
    *)
        printf 'FAILED %s: no "%s" in\n%s\n' "$description" "$text" "$output"
        failures=$((failures + 1))
        ;;
    esac
}

# checkout FOLDER: copies the scripts and headers, as in a fresh clone.
checkout() {
    mkdir -p -- "$1"
    cp -R -- "$doors_root/xcaddy.sh" "$doors_root/scripts" "$doors_root/include" "$1/"
}

# finish: prints the number of checks, and fails if any failed.
finish() {
    printf '%s: %d checks, %d failures\n' "$(basename -- "$0")" "$checks" "$failures"
    [ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
}
