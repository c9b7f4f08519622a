#!/usr/bin/env bash
# Runs the tests:
#     scripts/test.sh           all stages, in order
#     scripts/test.sh NAME...   only these stages of scripts/stages.sh
#
# Installs Debian packages that only one stage needs when the stage begins. Runs the long builds in parallel
# with the Rust tests, and shows their output when they end. The last line counts the stages: "N passed, N
# failed". All output is also in target/test/.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
cd -- "$doors_root"

logs=$doors_root/target/test
rm -rf -- "$logs"
mkdir -p -- "$logs"

beside=() beside_pid='' view_pid='' passed=0 failed=0 summary=''
began_all=$SECONDS

# shellcheck disable=SC2317 # called by the traps
stop() {
    trap - EXIT INT TERM
    # Each stage has its own process group.
    local group
    for group in $view_pid $beside_pid; do kill -- "-$group" 2>/dev/null || true; done
}
trap stop EXIT
trap 'stop; exit 130' INT TERM

duration() { printf '%d min %02d s' "$(($1 / 60))" "$(($1 % 60))"; }

# count NAME STATUS SECONDS: records the result of a stage.
count() {
    local word=passed
    if [ "$2" -eq 0 ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        word=FAILED
    fi
    printf '== %s: %s in %s\n\n' "$1" "$word" "$(duration "$3")"
    summary+=$(printf '%-16s %-7s %s' "$1" "$word" "$(duration "$3")")$'\n'
}

# failed_stage NAME: whether that stage has run and failed.
failed_stage() { [ -f "$logs/$1.status" ] && [ "$(cat "$logs/$1.status")" -ne 0 ]; }

# run NAME [NEEDED...]: runs one stage and shows its output. Fails it without running it if a stage that it
# needs has failed.
run() {
    local name=$1 began=$SECONDS status=0 needed
    shift
    printf '== %s\n' "$name"
    for needed in "$@"; do
        if failed_stage "$needed"; then
            printf 'not run: %s failed\n' "$needed"
            status=1
        fi
    done
    if [ "$status" -eq 0 ]; then
        set -m
        { { scripts/setup.sh "$name" && scripts/stages.sh "$name"; } </dev/null 2>&1 | tee "$logs/$name.log"; } &
        view_pid=$!
        set +m
        # Unlike a foreground command, wait returns immediately on a signal.
        wait "$view_pid" || status=$?
        view_pid=''
    fi
    printf '%d\n' "$status" >"$logs/$name.status"
    count "$name" "$status" "$((SECONDS - began))"
    report_ended
}

# run_beside NAME...: runs these stages one after another in the background. If the first fails, the others,
# which need it, are not run.
run_beside() {
    beside=("$@")
    set -m
    (
        set +m
        first=$1 began=0 status=0
        for name in "$@"; do
            began=$SECONDS status=0
            if failed_stage "$first"; then
                printf 'not run: %s failed\n' "$first" >"$logs/$name.log"
                status=1
            else
                { scripts/setup.sh "$name" && nice scripts/stages.sh "$name"; } >"$logs/$name.log" 2>&1 || status=$?
            fi
            printf '%d\n' "$((SECONDS - began))" >"$logs/$name.seconds"
            printf '%d\n' "$status" >"$logs/$name.status.new"
            mv "$logs/$name.status.new" "$logs/$name.status"
        done
    ) </dev/null >/dev/null 2>&1 &
    beside_pid=$!
    set +m
}

# Shows the finished background stages: the end of their output, or all of it after a failure.
report_ended() {
    local name status
    while [ "${#beside[@]}" -gt 0 ] && [ -f "$logs/${beside[0]}.status" ]; do
        name=${beside[0]}
        beside=("${beside[@]:1}")
        status=$(cat "$logs/$name.status")
        printf '== %s (ran beside the others)\n' "$name"
        if [ "$status" -eq 0 ]; then tail -n 2 "$logs/$name.log"; else cat "$logs/$name.log"; fi
        count "$name" "$status" "$(cat "$logs/$name.seconds")"
    done
    if [ "${#beside[@]}" -eq 0 ]; then beside_pid=''; fi
}

# await NAME...: waits until these have ended.
await() {
    local name
    for name in "$@"; do
        [ -f "$logs/$name.status" ] || printf 'waiting for %s\n' "$name"
        while [ ! -f "$logs/$name.status" ]; do
            if ! kill -0 "$beside_pid" 2>/dev/null && [ ! -f "$logs/$name.status" ]; then
                printf '1\n' >"$logs/$name.status"
                printf '0\n' >"$logs/$name.seconds"
                printf 'the builds were terminated externally\n' >>"$logs/$name.log"
            fi
            sleep 0.5
        done
        report_ended
    done
}

finish() {
    printf '%s' "$summary"
    printf 'total: %s\n' "$(duration "$((SECONDS - began_all))")"
    printf '%d passed, %d failed\n' "$passed" "$failed" | tee "$logs/count"
    if [ "$failed" -gt 0 ]; then exit 1; fi
    exit 0
}

if [ $# -gt 0 ]; then
    for name in "$@"; do run "$name"; done
    finish
fi

run setup
run download setup
# Without the tools and sources, other results would be meaningless.
if failed_stage setup || failed_stage download; then finish; fi

run_beside library cargo_fuzz cargo_c caddy caddy_race caddy_stock caddy_static pingora_build
run scripts
run rustfmt
run clippy
run rust
run rustdoc
run crates
run simulator
run header
await library
run c library
run instructions library
run sanitize library
await cargo_fuzz
run fuzz cargo_fuzz
run go_format
run go_root
run example_app
run go_binding library
run go_vet library
run module library
run geolocation library
await cargo_c
run package library cargo_c
run conformance package
await caddy caddy_race caddy_stock caddy_static
run deploy caddy
run dist library cargo_c
run install dist
run e2e caddy caddy_race caddy_stock caddy_static
run rollout caddy
await pingora_build
run pingora pingora_build
run benchmarks library caddy caddy_stock
finish
