#!/usr/bin/env bash
# Measures the cost of decisions and proxied requests, and compares it with alternatives:
#     scripts/run/bench.sh                 everything, on an idle machine, in 20 to 25 minutes;
#                                      writes BENCHMARKS.md, its pictures and benchmarks/results.json
#     scripts/run/bench.sh -quick          a three-minute check; writes only to target/benchmarks (also: BENCH_QUICK=1)
#     scripts/run/bench.sh -only PARTS     some of rust,decisions,proxy,upstreams,pages; keeps earlier results of the others
#     scripts/run/bench.sh report          regenerates BENCHMARKS.md and its pictures from benchmarks/results.json
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/versions.sh"
cd -- "$doors_root"

quick=${BENCH_QUICK:-} only=rust,decisions,proxy,upstreams,pages report=
while [ $# -gt 0 ]; do
    case $1 in
    -quick) quick=1 ;;
    -only) only=${2:?"-only takes parts: $only"} && shift ;;
    report) report=1 ;;
    *)
        sed -n '2,/^set /s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
    esac
    shift
done

results=benchmarks/results.json folder=.
if [ -n "$quick" ]; then results=target/benchmarks/results.json folder=target/benchmarks; fi

scripts/setup.sh bench
scripts/library.sh
doors_library_flag
mkdir -p -- bin
go -C benchmarks build -trimpath -o ../bin/benchmarks .

if [ -z "$report" ]; then
    make --no-print-directory build
    scripts/run/stock.sh "$caddy_default"
    case ,$only, in *,rust,*)
        printf '== criterion\n'
        cargo bench --locked --package doors_routing -- ${quick:+--quick}
        ;;
    esac
    bin/benchmarks measure ${quick:+-quick} -only "$only" -results "$results"
fi
bin/benchmarks report -results "$results" -folder "$folder"
