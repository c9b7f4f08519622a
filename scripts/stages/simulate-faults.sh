#!/usr/bin/env bash
# Checks that the simulator finds planted faults:  scripts/stages/simulate-faults.sh [NAME...] Each patch in
# rust/simulator/faults plants one fault in a copy of the core, which is activated by its name in the
# environment, so that one build is enough for all. The first seeds must find each fault.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
cd -- "$doors_root"

seeds=400
copy=$doors_root/target/faults/copy
export CARGO_TARGET_DIR=$doors_root/target/faults
rm -rf -- "$copy"
mkdir -p -- "$copy/rust"
cp -rp rust/core rust/simulator "$copy/rust/"
cp -p Cargo.lock "$copy/"
sed -e 's/^members = .*/members = ["rust\/core", "rust\/simulator"]/' -e '/^exclude = /d' Cargo.toml >"$copy/Cargo.toml"
cat >>"$copy/rust/core/src/lib.rs" <<'CODE'

/// Whether the fault with this name is planted in this process.
fn planted(name: &str) -> bool {
    static NAME: std::sync::OnceLock<String> = std::sync::OnceLock::new();
    NAME.get_or_init(|| std::env::var("DOORS_PLANTED").unwrap_or_default()) == name
}
CODE
for patch in rust/simulator/faults/*.patch; do
    patch --quiet --directory="$copy" --strip=1 --fuzz=0 --no-backup-if-mismatch <"$patch"
done
(cd -- "$copy" && cargo build --quiet --offline --profile simulate -p doors_simulator)

# run NAME: prints the first line of the failure, or nothing if there is none.
run() {
    local status=0 report
    report=$(DOORS_PLANTED=$1 "$CARGO_TARGET_DIR/simulate/doors_simulator" --seeds "$seeds" 2>&1) || status=$?
    case $status in
        0) return ;;
        1) grep --max-count=1 '^seed ' <<<"$report" | cut -c 1-150 ;;
        *) printf '%s\n' "$report" >&2 && return 1 ;;
    esac
}

faults=("$@")
if [ $# -eq 0 ]; then
    for patch in rust/simulator/faults/*.patch; do
        name=${patch##*/}
        faults+=("${name%.patch}")
    done
fi
missed=0
for name in "${faults[@]}"; do
    began=$SECONDS
    found=$(run "$name")
    if [ -z "$found" ]; then missed=$((missed + 1)); fi
    printf '%-28s %3d s  %s\n' "$name" "$((SECONDS - began))" "${found:-NOT FOUND}"
done
if [ "$missed" -gt 0 ]; then
    printf '%d of %d planted faults were not found in %d seeds\n' "$missed" "${#faults[@]}" "$seeds" >&2
    exit 1
fi
printf 'all %d planted faults were found\n' "${#faults[@]}"
