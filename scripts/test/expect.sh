# shellcheck shell=bash
# What the tests of the scripts share. Sourced after env.sh.
: "${doors_root:?}"

failures=0 checks=0

# expect_output DESCRIPTION STATUS TEXT COMMAND...: COMMAND ends with STATUS ("fail" is any but 0)
# and its output, of both kinds, holds TEXT.
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

# checkout FOLDER: the scripts and the headers, as if the repository had been cloned there.
checkout() {
    mkdir -p -- "$1"
    cp -R -- "$doors_root/xcaddy.sh" "$doors_root/scripts" "$doors_root/include" "$1/"
}

# finish: prints the count and fails if any check did.
finish() {
    printf '%s: %d checks, %d failures\n' "$(basename -- "$0")" "$checks" "$failures"
    [ "$checks" -gt 0 ] && [ "$failures" -eq 0 ]
}
