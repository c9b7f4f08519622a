#!/usr/bin/env bash
# In:  the header, the static library with its .pc file (scripts/library.sh), tests/vectors.
# Out: the C API holds every vector and the rules of the header; the header compiles alone as C and as C++ and
#      declares exactly what the library exports.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
export PKG_CONFIG_PATH="$PWD/target/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"

read -r -a cc <<<"${CC:-cc}"
cxx=${CXX:-c++}
warnings=(-Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Werror)
library=target/pkgconfig/libdoors_caddy.a
out=target/c
mkdir -p "$out"

# Paths in a .pc file are escaped for the shell.
cflags=() libs=()
eval "cflags=($(pkg-config --cflags doors_caddy libcjson))"
eval "libs=($(pkg-config --libs doors_caddy libcjson))"

printf '#include <doors_caddy.h>\n' >"$out/header.c"
"${cc[@]}" -std=c11 "${warnings[@]}" -Iinclude -fsyntax-only "$out/header.c"
"$cxx" -std=c++17 -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -x c++ "$out/header.c"

scripts/declared.sh >"$out/declared"
nm --defined-only --extern-only "$library" 2>/dev/null | sed -n 's/.* T \(doors_[a-z_]*\)$/\1/p' | LC_ALL=C sort >"$out/exported"
if ! diff -u "$out/declared" "$out/exported"; then
    echo "tests/c: the header (-) and the library (+) differ in their functions" >&2
    exit 1
fi

"${cc[@]}" -std=c11 -g "${warnings[@]}" "${cflags[@]}" tests/c/*.c -o "$out/conformance" "${libs[@]}" -lpthread
"$out/conformance" tests/vectors

# Memory: the same under valgrind. It must fail on any error, also on a leak.
valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite,indirect \
    "$out/conformance" tests/vectors >"$out/valgrind.log"
echo "valgrind   no errors, no leaks"
