#!/usr/bin/env bash
# Where the CPU time of Caddy goes while it serves one kind of request, ours beside a stock one of the same version:
#     scripts/profile.sh                                 normal requests over HTTP/1.1
#     scripts/profile.sh -scenario system -protocol h2   -help lists all options
# The profiles are target/profile/ours.pprof and stock.pprof; it prints the functions that cost most, with what they call.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
cd -- "$doors_root"

for binary in bin/caddy bin/caddy-stock; do
    [ -x "$binary" ] || {
        printf 'profile.sh: no %s; run: make build && scripts/stock.sh\n' "$binary" >&2
        exit 1
    }
done
mkdir -p -- bin target/profile
go -C benchmarks build -trimpath -o ../bin/benchmarks .
bin/benchmarks profile -folder target/profile "$@"
for name in ours stock; do
    printf '\n== %s, cumulative\n' "$name"
    go tool pprof -top -cum -nodecount=60 "target/profile/$name.pprof" 2>/dev/null
done
printf '\n== ours, flat, minus stock\n'
go tool pprof -top -nodecount=30 -diff_base target/profile/stock.pprof target/profile/ours.pprof 2>/dev/null
