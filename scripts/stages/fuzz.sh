#!/usr/bin/env bash
# Fuzzes the library:  scripts/stages/fuzz.sh [--short | --seconds N] [TARGET]...
#     --short      10 seconds for each target, as in CI; otherwise N seconds (300)
#
# Uses the targets in rust/fuzz, their committed seeds, and the corpus of earlier runs (target/fuzz/corpus).
# First checks that each target exists, and that its seeds pass and enough of them are accepted. For each
# target prints the seconds, runs, edges, features and corpus size. On failure keeps the input and prints how
# to run it again. docs/fuzzing.md lists the invariants.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/require.sh"
require_tools fuzz cargo cc

seconds=300 wanted=()
while [ $# -gt 0 ]; do
    case $1 in
    --short) seconds=10 ;;
    --seconds)
        seconds=${2:?--seconds needs a number}
        shift
        ;;
    -*)
        printf 'usage: scripts/stages/fuzz.sh [--short | --seconds N] [TARGET]...\n' >&2
        exit 2
        ;;
    *) wanted+=("$1") ;;
    esac
    shift
done

tool=$("$doors_root/scripts/cargo-tool.sh" cargo-fuzz | tail -n 1)

cd -- "$doors_root/rust/fuzz"
export CARGO_TARGET_DIR=$doors_root/target/fuzz
# Allows a stable compiler to use instrumentation flags.
export RUSTC_BOOTSTRAP=1

mapfile -t present < <("$tool" list --fuzz-dir .)
mapfile -t expected < <(cd fuzz_targets && for file in *.rs; do printf '%s\n' "${file%.rs}"; done)
if [ "${#present[@]}" -eq 0 ] || [ "${present[*]}" != "${expected[*]}" ]; then
    printf 'fuzz: Cargo.toml has the targets "%s", but rust/fuzz has "%s"\n' "${present[*]}" "${expected[*]}" >&2
    exit 1
fi
[ "${#wanted[@]}" -gt 0 ] || wanted=("${present[@]}")
for name in "${wanted[@]}"; do
    if [[ " ${present[*]} " != *" $name "* ]]; then
        printf 'fuzz: unknown target %s; the targets are %s\n' "$name" "${present[*]}" >&2
        exit 1
    fi
done
nice cargo test --quiet --locked --test seeds -- --nocapture

# cargo-fuzz does not support --locked, so check that Cargo.lock stays unchanged.
locked=$(cksum <Cargo.lock)
nice "$tool" build --fuzz-dir . --features fuzzer --debug-assertions \
    >"$CARGO_TARGET_DIR/build.log" 2>&1 || {
    cat "$CARGO_TARGET_DIR/build.log" >&2
    exit 1
}
if [ "$(cksum <Cargo.lock)" != "$locked" ]; then
    printf 'fuzz: rust/fuzz/Cargo.lock is not up to date\n' >&2
    exit 1
fi

host=$(rust_host)
run() { # run TARGET: fuzzes one target, and prints figures from libFuzzer's output
    local corpus=$CARGO_TARGET_DIR/corpus/$1 log=$CARGO_TARGET_DIR/$1.log artifacts=$CARGO_TARGET_DIR/artifacts/$1/
    local status=0 began=$SECONDS runs last corpus_size
    mkdir -p "$corpus" "$artifacts"
    nice "$CARGO_TARGET_DIR/$host/release/$1" "$corpus" "seeds/$1" -max_total_time="$seconds" -max_len=4096 \
        -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 -artifact_prefix="$artifacts" >"$log" 2>&1 || status=$?
    runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
    last=$(grep ' cov: ' "$log" | tail -n 1 || true)
    if [ "$status" -ne 0 ] || [ -z "$runs" ]; then
        tail -n 60 "$log" >&2
        printf 'fuzz: %s failed; run the input again with\n    target/fuzz/%s/release/%s FILE\n' "$1" "$host" "$1" >&2
        return 1
    fi
    corpus_size=$(sed -n 's|.* corp: \([0-9]*\)/\([0-9]*[A-Za-z]*\).*|\1 inputs, \2|p' <<<"$last")
    printf '%-10s %4d s  %9d runs  %6d edges  %7d features  corpus %s\n' "$1" "$((SECONDS - began))" "$runs" \
        "$(sed -n 's/.* cov: \([0-9]*\).*/\1/p' <<<"$last")" \
        "$(sed -n 's/.* ft: \([0-9]*\).*/\1/p' <<<"$last")" "$corpus_size"
}

# Two at a time, reporting every failure.
failed=0
for ((i = 0; i < ${#wanted[@]}; i += 2)); do
    pids=()
    for name in "${wanted[@]:i:2}"; do
        run "$name" &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || failed=1; done
done
[ "$failed" -eq 0 ] && printf 'nothing found\n'
exit "$failed"
