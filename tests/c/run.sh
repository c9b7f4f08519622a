#!/usr/bin/env bash
# Tests the C API: every vector, the rules of the header, and that the header compiles as C and C++ and
# declares exactly the functions that the library exports. Needs the library (scripts/library.sh).
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

scripts/stages/declared.sh >"$out/declared"
nm --defined-only --extern-only "$library" 2>/dev/null | sed -n 's/.* T \(doors_[a-z_]*\)$/\1/p' | LC_ALL=C sort >"$out/exported"
if ! diff -u "$out/declared" "$out/exported"; then
    echo "tests/c: the header (-) and the library (+) differ in their functions" >&2
    exit 1
fi

"${cc[@]}" -std=c11 -g "${warnings[@]}" "${cflags[@]}" tests/c/*.c -o "$out/conformance" "${libs[@]}" -lpthread
"$out/conformance" tests/vectors

# The same under valgrind, which must fail on any error, leaks included.
valgrind --quiet --error-exitcode=1 --leak-check=full --errors-for-leak-kinds=definite,indirect \
    "$out/conformance" tests/vectors >"$out/valgrind.log"
echo "valgrind   no errors, no leaks"
