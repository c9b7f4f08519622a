#!/usr/bin/env bash
# Builds the demo and its dependencies quietly, and runs it:  scripts/run/demo.sh [OPTION...]; -help lists the
# options.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"

# quietly WHAT COMMAND...: runs COMMAND, prints WHAT, and shows the log only on failure.
log=$doors_root/target/demo.log
mkdir -p -- "${log%/*}"
quietly() {
    local what=$1
    shift
    printf '%s\n' "$what"
    if ! "$@" >"$log" 2>&1; then
        cat -- "$log" >&2
        printf 'demo: failed: %s\n' "$what" >&2
        exit 1
    fi
}

cd -- "$doors_root"
mkdir -p bin
quietly 'Building bin/demo: the pods, the visitors and the page (some seconds)' go build -o bin/demo ./demo
case " $* " in *' -h '* | *' -help '* | *' --help '*) exec bin/demo -help ;; esac
if ! make --no-print-directory --question bin/caddy; then
    quietly 'Building bin/caddy: the Rust library, then Caddy with the module (two to five minutes the first time, half a minute later; log: target/demo.log)' \
        make --no-print-directory bin/caddy
fi
exec bin/demo "$@"
