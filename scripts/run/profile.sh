#!/usr/bin/env bash
# Profiles Caddy's CPU time for one kind of request, with this module and without:
#     scripts/run/profile.sh                                 normal requests over HTTP/1.1
#     scripts/run/profile.sh -scenario system -protocol h2   -help lists all options
# Writes target/profile/ours.pprof and stock.pprof, and prints the most expensive functions with their
# callees.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
cd -- "$doors_root"

for binary in bin/caddy bin/caddy-stock; do
    [ -x "$binary" ] || {
        printf 'profile.sh: %s does not exist; run: make build && scripts/run/stock.sh\n' "$binary" >&2
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
