#!/usr/bin/env bash
# In:  the Rust crate in rust/.
# Out: target/release/libdoors_caddy.a, and in target/pkgconfig/ doors_caddy.pc, with which
#      cgo and C programs link it, and doors_caddy.fingerprint, which tells Go that it changed.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/require.sh"
require_tools library cargo cc

cd -- "$doors_root"
# --crate-type makes the link-time optimisation of the release profile take effect: it is
# ignored when one call builds several kinds of library. --print names the system libraries;
# cargo repeats that line when nothing changed.
mkdir -p target/pkgconfig
log=target/pkgconfig/library.log
cargo rustc --release --locked --color never -p doors_caddy --lib --crate-type staticlib \
    -- --print native-static-libs 2>&1 | tee "$log" | { grep -v -e '^note: ' -e '^ *$' >&2 || true; }

archive=$doors_root/target/release/libdoors_caddy.a
system_libraries=$(sed -n 's/^note: native-static-libs: *//p' "$log" | tail -n 1)
version=$(cargo pkgid --quiet -p doors_caddy)
version=${version##*[#@]}
if [ ! -f "$archive" ] || [ -z "$system_libraries" ]; then
    printf 'library.sh: cargo made no %s, or did not name its system libraries\n' "$archive" >&2
    exit 1
fi
# The C compiler adds these two by itself, the right ones for a static program too, which has no
# libgcc_s.
system_libraries=$(printf ' %s ' "$system_libraries" | sed 's/ -lgcc_s / /g; s/ -lc / /g; s/^ *//; s/ *$//')

# pkg-config wants white space and its own characters escaped.
escape() { printf '%s' "$1" | sed 's/[^A-Za-z0-9_./@+:,=-]/\\&/g'; }

# Writes standard input to FILE, but leaves FILE and its time alone if it holds that already.
replace() {
    local file=$1
    cat >"$file.$$"
    if cmp -s "$file.$$" "$file"; then rm -f "$file.$$"; else mv -f "$file.$$" "$file"; fi
}

replace target/pkgconfig/doors_caddy.pc <<PC
Name: doors_caddy
Description: Routes requests of Doors pages to the pods that own them (static library, not installed)
Version: $version
Cflags: -I$(escape "$doors_root/include")
Libs: $(escape "$archive") $system_libraries
PC
cksum <"$archive" | tr ' ' '-' | tr -d '\n' | replace target/pkgconfig/doors_caddy.fingerprint
