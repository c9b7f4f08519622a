#!/usr/bin/env bash
# Builds the static library from rust/capi and rust/core. Writes to target/pkgconfig: libdoors_caddy.a; doors_caddy.pc,
# with which cgo and C programs link it; and doors_caddy.fingerprint, which makes Go notice changes. A failed build
# leaves them unchanged.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/require.sh"
require_tools library cargo cc

fail() {
    printf 'library.sh: %s\n' "$1" >&2
    exit 1
}

case "${RUSTFLAGS:-} ${CARGO_BUILD_RUSTFLAGS:-} ${CARGO_ENCODED_RUSTFLAGS:-}" in
*panic=abort*) fail 'RUSTFLAGS contain panic=abort, so a panic in the library would abort Caddy; remove it from RUSTFLAGS' ;;
esac

cd -- "$doors_root"
mkdir -p target/pkgconfig
log=target/pkgconfig/library.log archive=$doors_root/target/pkgconfig/libdoors_caddy.a
# With --target, the location of the result does not depend on cargo's configuration. The old result is
# removed, so that the file found afterwards is current: cargo restores it even if nothing has changed.
host=$(rust_host)
built=$CARGO_TARGET_DIR/$host/release/libdoors_caddy.a
rm -f -- "$built"
# --crate-type makes link-time optimisation take effect. Cargo ignores it when it builds several kinds of library at
# once. --print lists the system libraries; cargo repeats that line if nothing has changed. The library must unwind on
# panics, whatever the user's profile.
cargo rustc --release --locked --color never --target "$host" --config 'profile.release.panic="unwind"' \
    -p doors_caddy --lib --crate-type staticlib \
    -- --print native-static-libs 2>&1 | tee "$log" | { grep -v -e '^note: ' -e '^ *$' >&2 || true; }

system_libraries=$(sed -n 's/^note: native-static-libs: *//p' "$log" | tail -n 1)
version=$(cargo pkgid --quiet -p doors_caddy)
version=${version##*[#@]}
if [ ! -f "$built" ] || [ -z "$system_libraries" ]; then
    fail "cargo did not create $built or did not list its system libraries"
fi
# The C compiler adds these two itself, and correctly for static programs, which have no libgcc_s.
system_libraries=$(printf ' %s ' "$system_libraries" | sed 's/ -lgcc_s / /g; s/ -lc / /g; s/^ *//; s/ *$//')

# Flags for rustc or the C compiler can produce an unusable library.
work=$(mktemp -d target/pkgconfig/check.XXXXXX)
trap 'rm -rf -- "$work"' EXIT
printf '#include <doors_caddy.h>\nint main(void) { return doors_abi() != DOORS_ABI; }\n' >"$work/check.c"
read -r -a cc <<<"${CC:-cc}"
read -r -a libraries <<<"$system_libraries"
if ! { "${cc[@]}" -Iinclude "$work/check.c" "$built" "${libraries[@]}" -o "$work/check" && "$work/check"; } 2>"$work/log"; then
    head -n 5 "$work/log" >&2
    fail "a program that ${cc[*]} links with the new library does not work: check RUSTFLAGS, rustflags in cargo's configuration, and CC"
fi

# pkg-config requires white space and its own special characters to be escaped.
escape() { printf '%s' "$1" | sed 's/[^A-Za-z0-9_./@+:,=-]/\\&/g'; }

# Writes standard input to FILE, unless FILE has the same content.
replace() {
    local file=$1
    cat >"$file.$$"
    if cmp -s "$file.$$" "$file"; then rm -f "$file.$$"; else mv -f "$file.$$" "$file"; fi
}

replace "$archive" <"$built"
replace target/pkgconfig/doors_caddy.pc <<PC
Name: doors_caddy
Description: Routes requests of Doors pages to the pods that own them (static library, not installed)
Version: $version
Cflags: -I$(escape "$doors_root/include")
Libs: $(escape "$archive") $system_libraries
PC
doors_fingerprint "$archive" target/pkgconfig/doors_caddy.pc | replace target/pkgconfig/doors_caddy.fingerprint
