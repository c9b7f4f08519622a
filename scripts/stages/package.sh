#!/usr/bin/env bash
# Installs the library in target/prefix with `cargo cinstall`, and tests it: its exports and SONAME, programs
# outside the source tree that are built by the recipes in docs/c.md, and Caddy built with plain xcaddy.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/versions.sh"
. "$doors_root/scripts/modules.sh"
cd -- "$doors_root"

prefix=$doors_root/target/prefix
work=$(mktemp -d "${TMPDIR:-/tmp}/doors-caddy.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

fail() {
    printf 'package.sh: %s\n' "$*" >&2
    exit 1
}
# same WHAT WANTED GOT: fails if they differ.
same() { [ "$2" = "$3" ] || fail "$1: wanted <$2>, got <$3>"; }
# block LANGUAGE WORD: the only code block of docs/c.md in that language that contains WORD.
block() {
    awk -v language="$1" -v word="$2" '
        /^```/ { if (inside && index(text, word)) { printf "%s", text; found++ }
                 inside = !inside && $0 == "```" language; text = ""; next }
        inside { text = text $0 "\n" }
        END { exit found != 1 }' docs/c.md || fail "docs/c.md must have exactly one $1 block with $2"
}

# --- Install ------------------------------------------------------------------------------------------------------------

block sh 'cargo cinstall ' >"$work/recipe"
same 'cargo-c in docs/c.md' "cargo install --locked cargo-c --version $cargo_c_version" \
    "$(grep '^cargo install ' "$work/recipe")"
cargo_c=$(scripts/cargo-tool.sh cargo-c | tail -n 1)
rm -rf -- "$prefix"
# Follows the recipe, but in a separate build folder, so that it does not wait for other builds.
PATH="${cargo_c%/*}:$PATH" CARGO_TARGET_DIR=$doors_root/target/package prefix=$prefix \
    bash -euo pipefail -c "$(grep '^cargo cinstall ' "$work/recipe")"

# From here on, pkg-config must find only this library, not the one in target/pkgconfig.
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
abi() { python3 -c "import json; abi = json.load(open('rust/capi/abi.json')); $1"; }
version=$(cargo pkgid --quiet -p doors_caddy)
version=${version##*[#@]}
soname=$(abi 'print(abi["soname"])')

for file in include/doors_caddy.h include/doors_caddy.hpp include/doors_caddy_flow.hpp lib/libdoors_caddy.a lib/libdoors_caddy.so "lib/$soname" \
    "lib/libdoors_caddy.so.$version" lib/pkgconfig/doors_caddy.pc; do
    [ -f "$prefix/$file" ] || fail "$file is not installed"
done
for header in include/*; do cmp "$header" "$prefix/$header"; done
same 'version in doors_caddy.pc' "$version" "$(pkg-config --modversion doors_caddy)"
same 'SONAME' "$soname" "$(readelf -d "$prefix/lib/libdoors_caddy.so" | sed -n 's/.*(SONAME).*\[\(.*\)\]/\1/p')"

# --- Three equal sets: header, description, exports ------------------------------------------------------------------------

abi 'print("\n".join(sorted(abi["functions"])))' >"$work/described"
scripts/stages/declared.sh >"$work/declared"
nm -D --defined-only "$prefix/lib/libdoors_caddy.so" | awk '{ print $3 }' | LC_ALL=C sort >"$work/exported"
nm --defined-only --extern-only "$prefix/lib/libdoors_caddy.a" 2>/dev/null | awk '$2 == "T" && $3 ~ /^doors_/ { print $3 }' |
    LC_ALL=C sort >"$work/archived"
[ -s "$work/described" ] || fail 'rust/capi/abi.json contains no functions'
for other in declared exported archived; do
    diff -u "$work/described" "$work/$other" || fail "rust/capi/abi.json (-) and the functions that are $other (+) differ"
done

# The table of jobs lists every function, except those that name numbers.
sed -n '/^| You want to/,/^$/p' docs/c.md | grep -o 'doors_[a-z_]*' | LC_ALL=C sort -u >"$work/jobs"
for name in $(LC_ALL=C comm -23 "$work/described" "$work/jobs"); do
    case $name in *_str) ;; *) fail "docs/c.md has no job for $name" ;; esac
done

# Caddy's library is built with link-time optimisation. Without it, the archive would be three times as large.
size() { stat -c %s "$1"; }
mine=$(size "$prefix/lib/libdoors_caddy.a") theirs=$(size target/pkgconfig/libdoors_caddy.a)
if [ "$mine" -gt $((theirs * 3 / 2)) ] || [ "$theirs" -gt $((mine * 3 / 2)) ]; then
    fail "the installed archive has $mine bytes, Caddy's $theirs: are both built with the release profile?"
fi

# --- Programs outside the tree, by the recipes of docs/c.md ----------------------------------------------------------------

wanted="$version pod 10.0.0.7:8080"
# Not `grep -q` in a pipe: it exits at the first match, and the program before it would seem to have failed.
needs_library() { readelf -d "$1" | grep 'NEEDED.*libdoors_caddy' >/dev/null; }
needs_loader() { readelf -l "$1" | grep INTERP >/dev/null; }

cp tests/package/app.c "$work/app.c"
sed -i "s|^prefix=.*|prefix='$prefix'|; /^cargo /d" "$work/recipe"
(cd -- "$work" && bash -euo pipefail recipe)
for program in app app-static app-alone; do [ -x "$work/$program" ] || fail "the recipe does not build $program"; done
same 'shared' "$wanted" "$(LD_LIBRARY_PATH=$prefix/lib "$work/app")"
same 'static' "$wanted" "$(env -u LD_LIBRARY_PATH "$work/app-static")"
same 'fully static' "$wanted" "$(env -u LD_LIBRARY_PATH "$work/app-alone")"
needs_library "$work/app" || fail 'the shared program does not need the shared library'
if needs_library "$work/app-static"; then fail 'the static program needs the shared library'; fi
needs_loader "$work/app-static" || fail 'the static program does not need the loader'
if needs_loader "$work/app-alone"; then fail 'the fully static program is not static'; fi

mkdir "$work/cmake"
cp tests/package/app.c "$work/cmake/app.c"
block cmake pkg_check_modules >"$work/cmake/CMakeLists.txt"
cmake -S "$work/cmake" -B "$work/cmake/build" >"$work/cmake.log" || { cat "$work/cmake.log"; fail 'cmake'; }
cmake --build "$work/cmake/build" >"$work/cmake.log" || { cat "$work/cmake.log"; fail 'cmake --build'; }
same 'CMake' "$wanted" "$(LD_LIBRARY_PATH=$prefix/lib "$work/cmake/build/app")"

# --- Two Rust static libraries in one program -----------------------------------------------------------------------------

cp tests/package/other.rs tests/package/two.c "$work/"
rustc --edition 2024 --crate-type staticlib -O -C lto=fat -o "$work/libother.a" "$work/other.rs"
include="-I$prefix/include"
if cc "$include" "$work/two.c" "$work/libother.a" "$prefix/lib/libdoors_caddy.a" -o "$work/two" 2>"$work/two.log"; then
    fail 'two Rust static libraries can be linked, but docs/limits.md states otherwise'
fi
grep -q 'multiple definition' "$work/two.log" || { cat "$work/two.log"; fail 'linking fails for another reason'; }
cc "$include" "$work/two.c" "$work/libother.a" -L"$prefix/lib" -ldoors_caddy -o "$work/two"
same 'one static, one shared' "$version 42" "$(LD_LIBRARY_PATH=$prefix/lib "$work/two")"

# --- Caddy, with plain xcaddy --------------------------------------------------------------------------------------------------

# xcaddy runs the binary that it has built.
fingerprint=$(doors_fingerprint "$prefix/lib/libdoors_caddy.so" "$prefix/lib/pkgconfig/doors_caddy.pc")
LD_LIBRARY_PATH=$prefix/lib CGO_CFLAGS="-g -O2 -DDOORS_LIBRARY=$fingerprint" \
    xcaddy_here "$work/proxy" "$caddy_default" --output "$work/caddy"
needs_library "$work/caddy" || fail 'a Caddy built with the installed library does not use it'
LD_LIBRARY_PATH=$prefix/lib "$work/caddy" list-modules | grep -x http.reverse_proxy.upstreams.doors_upstream >/dev/null ||
    fail 'that Caddy does not contain doors_upstream'

printf 'package: %s with %d functions; shared, static, fully static, CMake, xcaddy\n' "$soname" "$(wc -l <"$work/exported")"
