#!/usr/bin/env bash
# Tests hostile use of the C API under memory checkers:  scripts/stages/sanitize.sh [address|thread|go|valgrind]...
#     address   AddressSanitizer and LeakSanitizer in Rust and C, UndefinedBehaviorSanitizer in C
#     thread    ThreadSanitizer in Rust and C
#     go        the tests of the Go binding with AddressSanitizer in Rust and C
#     valgrind  the release library itself
# Runs tests/hostile and tests/c. Each checker must first report every fault planted inside the library, and
# then nothing in the real tests.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/require.sh"
require_tools sanitize cargo go cc pkg-config
cd -- "$doors_root"

read -r -a cc <<<"${CC:-cc}"
out=$doors_root/target/sanitize
host=$(rust_host)
c_flags=(-std=c11 -g -O1 -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Werror -Iinclude)
# The release library and the system libraries that it needs.
system=()
eval "system=($(sed -n 's/^Libs: //p' target/pkgconfig/doors_caddy.pc))"
release=${system[0]} system=("${system[@]:1}")
mkdir -p "$out"

# Lets the release compiler use sanitizer flags; it comes with their libraries. So no second compiler is needed, and the
# tested code is what users get.
instrumented() { # instrumented NAME RUSTFLAGS: builds target/sanitize/NAME/libdoors_caddy.a with planted faults
    RUSTC_BOOTSTRAP=1 RUSTFLAGS=$2 nice cargo rustc --locked --quiet \
        --config 'profile.dev.opt-level=1' --config 'profile.dev.package."*".opt-level=1' \
        --target "$host" --target-dir "$out/$1" \
        -p doors_caddy --lib --crate-type staticlib -- --cfg doors_planted_faults
    ln -sf "$host/debug/libdoors_caddy.a" "$out/$1/libdoors_caddy.a"
}

# must_report WORDS COMMAND...: checks that COMMAND, which causes a fault, fails and prints WORDS.
must_report() {
    local words=$1 report status=0
    shift
    report=$("$@" 2>&1) || status=$?
    if [ "$status" -eq 0 ] || ! grep -q -e "$words" <<<"$report"; then
        printf '%s\nsanitize: a planted fault was not reported (status %d, expected "%s"): %s\n' \
            "$report" "$status" "$words" "$*" >&2
        exit 1
    fi
    printf 'reported   %s\n' "${*: -1}"
}

# No release may contain the functions that cause faults. The first check proves that the second one can fail.
check_release() { # check_release PLANTED_ARCHIVE
    local planted exported
    planted=$(nm "$1" 2>/dev/null | sed -n 's/.* T \(planted_.*\)/\1/p')
    exported=$(nm "$release" 2>/dev/null)
    if [ -z "$planted" ]; then
        printf 'sanitize: %s has no planted faults\n' "$1" >&2
        exit 1
    fi
    if ! grep -q ' T doors_abi$' <<<"$exported" || grep planted_ <<<"$exported"; then
        printf 'sanitize: %s must have the C API and no planted faults\n' "$release" >&2
        exit 1
    fi
}

# Checks that the tests call each function of the header.
check_calls() {
    local name names
    names=$(scripts/stages/declared.sh)
    [ -n "$names" ]
    for name in $names; do
        grep -q -w -- "$name" tests/hostile/*.c || {
            printf 'sanitize: tests/hostile never calls %s\n' "$name" >&2
            exit 1
        }
    done
}

sanitize_address() {
    instrumented address -Zsanitizer=address
    local archive=$out/address/libdoors_caddy.a program=$out/address/hostile
    check_release "$archive"
    "${cc[@]}" "${c_flags[@]}" -fsanitize=address,undefined -fno-sanitize-recover=undefined -DPLANTED_FAULTS \
        tests/hostile/*.c -o "$program" "$archive" "${system[@]}" -lpthread
    must_report heap-buffer-overflow "$program" planted out_of_bounds
    must_report heap-use-after-free "$program" planted use_after_free
    must_report 'LeakSanitizer: detected memory leaks' "$program" planted leak
    must_report 'load of misaligned address' "$program" planted undefined
    "$program"
    # The vectors under the same checker.
    local cjson
    read -r -a cjson <<<"$(pkg-config --cflags --libs libcjson)"
    "${cc[@]}" "${c_flags[@]}" -fsanitize=address,undefined -fno-sanitize-recover=undefined \
        tests/c/*.c -o "$out/address/conformance" "$archive" "${cjson[@]}" "${system[@]}" -lpthread
    "$out/address/conformance" tests/vectors
}

sanitize_thread() {
    # Tells the compiler to accept the standard library, which is not instrumented.
    instrumented thread '-Zsanitizer=thread -Cunsafe-allow-abi-mismatch=sanitizer'
    local archive=$out/thread/libdoors_caddy.a program=$out/thread/hostile runtime lock source
    local objects=()
    runtime=$(find "$(rustc --print sysroot)/lib/rustlib/$host/lib" -name 'librustc*_rt.tsan.a')
    lock=$(nm "$archive" 2>/dev/null | sed -n 's/^ *U \(.*futex.*Mutex.*lock_contended\)$/\1/p' | sort -u)
    if [ "$(wc -l <<<"$lock")" -ne 1 ] || [ -z "$lock" ]; then
        printf 'sanitize: Rust locks wait in a different function than tests/hostile/thread/lock.c expects\n' >&2
        exit 1
    fi
    for source in tests/hostile/*.c tests/hostile/thread/lock.c; do
        objects+=("$out/thread/$(basename "$source" .c).o")
        "${cc[@]}" "${c_flags[@]}" -fsanitize=thread -DPLANTED_FAULTS "-DLOCK_SYMBOL=\"$lock\"" \
            -c "$source" -o "${objects[-1]}"
    done
    # LLVM's runtime handles the instrumentation of both compilers; it is written in C++.
    "${cc[@]}" "${objects[@]}" "$archive" -Wl,--wrap="$lock" -Wl,--whole-archive "$runtime" -Wl,--no-whole-archive \
        "${system[@]}" -lpthread -lstdc++ -o "$program"
    must_report 'ThreadSanitizer: data race' "$program" planted race
    TSAN_OPTIONS="suppressions=$doors_root/tests/hostile/thread/suppressions.txt" "$program" threads flow
}

sanitize_go() {
    instrumented address -Zsanitizer=address
    local archive=$out/address/libdoors_caddy.a
    mkdir -p "$out/pkgconfig"
    { grep -v '^Libs:' target/pkgconfig/doors_caddy.pc && printf 'Libs: %q %s\n' "$archive" "${system[*]}"; } \
        >"$out/pkgconfig/doors_caddy.pc"
    (
        export PKG_CONFIG_PATH=$out/pkgconfig
        CGO_CFLAGS="-g -O2 -DDOORS_LIBRARY=$(doors_fingerprint "$archive" "$out/pkgconfig/doors_caddy.pc")"
        export CGO_CFLAGS
        go build -asan -tags planted_faults -o "$out/binding" ./tests/hostile/binding
        "$out/binding" none
        must_report heap-buffer-overflow "$out/binding" out_of_bounds
        must_report heap-use-after-free "$out/binding" use_after_free
        must_report 'LeakSanitizer: detected memory leaks' "$out/binding" leak
        go test -asan -count=1 -timeout 5m ./routing
    )
}

sanitize_valgrind() {
    local check=(valgrind --quiet --error-exitcode=1 --leak-check=full "--errors-for-leak-kinds=definite,indirect")
    # Reuses the packages compiled for the Rust tests.
    rm -f target/debug/libdoors_caddy.a
    nice cargo rustc --locked --quiet -p doors_caddy --lib --crate-type staticlib -- --cfg doors_planted_faults
    mv -f target/debug/libdoors_caddy.a "$out/libdoors_caddy_planted.a"
    check_release "$out/libdoors_caddy_planted.a"
    "${cc[@]}" "${c_flags[@]}" -DPLANTED_FAULTS tests/hostile/*.c -o "$out/hostile_planted" \
        "$out/libdoors_caddy_planted.a" "${system[@]}" -lpthread
    must_report 'Invalid read of size 1' "${check[@]}" "$out/hostile_planted" planted out_of_bounds
    must_report 'Invalid read of size 1' "${check[@]}" "$out/hostile_planted" planted use_after_free
    must_report 'definitely lost' "${check[@]}" "$out/hostile_planted" planted leak
    must_report 'uninitialised' "${check[@]}" "$out/hostile_planted" planted uninitialised
    "${cc[@]}" "${c_flags[@]}" tests/hostile/*.c -o "$out/hostile" "$release" "${system[@]}" -lpthread
    "${check[@]}" "$out/hostile"
}

check_calls
if [ $# -eq 0 ]; then set -- address thread go valgrind; fi
for name in "$@"; do
    if ! declare -F "sanitize_$name" >/dev/null; then
        printf 'usage: scripts/stages/sanitize.sh [address|thread|go|valgrind]...\n' >&2
        exit 2
    fi
    printf -- '-- %s\n' "$name"
    "sanitize_$name"
done
