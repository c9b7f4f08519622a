#!/usr/bin/env bash
# Runs all vectors in C, C++, Python, Node, Java and Go with the library installed in target/prefix
# (scripts/stages/package.sh), and checks that no program skips a vector. scripts/stages/conformance.sh NAME... runs only
# some of them.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/require.sh"
cd -- "$doors_root"

prefix=$doors_root/target/prefix
out=$doors_root/target/conformance
mkdir -p "$out"
if [ ! -f "$prefix/lib/pkgconfig/doors_caddy.pc" ]; then
    printf 'conformance.sh: the library is not installed in target/prefix; run scripts/stages/package.sh\n' >&2
    exit 1
fi
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
export LD_LIBRARY_PATH=$prefix/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
# The bindings find the library by its SONAME.
unset DOORS_CADDY_LIBRARY
cflags=() libs=()
eval "cflags=($(pkg-config --cflags doors_caddy))"
eval "libs=($(pkg-config --libs doors_caddy) -lpthread)"
memory=(valgrind --quiet --error-exitcode=1 --leak-check=full "--errors-for-leak-kinds=definite,indirect")

# A temporary registry failure should not fail the tests.
three_times() {
    local attempt
    for attempt in 1 2 3; do
        "$@" && return 0
        sleep "$((attempt * 5))"
    done
    return 1
}

run_c() {
    local json
    json=$(pkg-config --cflags --libs libcjson)
    # shellcheck disable=SC2086 # several options
    cc -std=c11 -g -Wall -Wextra -Wpedantic -Werror "${cflags[@]}" tests/c/*.c -o "$out/c" "${libs[@]}" $json
    "$out/c" tests/vectors
}

run_go() {
    local fingerprint
    fingerprint=$(doors_fingerprint "$prefix/lib/libdoors_caddy.so" "$prefix/lib/pkgconfig/doors_caddy.pc")
    CGO_CFLAGS="-g -O2 -DDOORS_LIBRARY=$fingerprint" \
        go test -count=1 -timeout 5m ./routing
}

run_cpp() {
    local compile=(c++ -std=c++17 -g -Wall -Wextra -Wpedantic -Wshadow -Werror "${cflags[@]}") word got=
    for word in router.decide request.resume; do
        tests/conformance/block.sh docs/cpp.md cpp "$word" >"$out/example.cpp"
        "${compile[@]}" "$out/example.cpp" -o "$out/example" "${libs[@]}"
        got+=$("${memory[@]}" "$out/example")$'\n'
    done
    [ "$got" = $'pod 8080\ndial 10.0.0.7:8080\n' ] || {
        printf 'conformance.sh: the examples of docs/cpp.md print <%s>\n' "$got" >&2
        return 1
    }
    "${compile[@]}" tests/conformance/cpp/conformance.cpp -o "$out/cpp" "${libs[@]}"
    "${memory[@]}" "$out/cpp" .
}

# Checks that a binding loads only the library in DOORS_CADDY_LIBRARY.
variable_counts() {
    if DOORS_CADDY_LIBRARY=$out/no-library.so "$@" >/dev/null 2>&1; then
        printf 'conformance.sh: this ignores DOORS_CADDY_LIBRARY: %s\n' "$*" >&2
        return 1
    fi
}

# The package as installed by a user: the wheel in its own environment and an empty folder, without another
# library.
run_python() {
    local tests=$doors_root/tests/conformance/python folder=$out/python tools python
    rm -rf -- "$folder"
    mkdir -p "$folder/empty" "$folder/samples"
    unset PYTHONPATH LD_LIBRARY_PATH
    tools=$(three_times scripts/stages/venv.sh "$tests/requirements.txt")
    # The same target as in library.sh, so that common dependencies are compiled once.
    CARGO_BUILD_TARGET=$(rust_host) "$tools/bin/python" -m pip wheel --quiet --disable-pip-version-check --no-deps \
        --no-build-isolation --check-build-dependencies --wheel-dir "$folder" bindings/python
    python3 -m venv "$folder/venv"
    python=$folder/venv/bin/python
    "$python" -m pip install --quiet --disable-pip-version-check --no-index "$folder"/doors_caddy-*.whl
    cd -- "$folder/empty"
    "$python" "$tests/samples.py" "$folder/samples" "$doors_root/docs/python.md" "$doors_root/bindings/python/README.md"
    local mypy=("$tools/bin/mypy" --strict --cache-dir "$folder/mypy" --python-executable "$python")
    "${mypy[@]}" --package doors_caddy
    "${mypy[@]}" --scripts-are-modules "$folder"/samples/*.py "$tests"/*.py
    "$python" -W error "$tests/conformance.py" "$doors_root"
}

# The package contains the library; hide the installed one.
run_node() {
    local folder=$out/node
    unset LD_LIBRARY_PATH
    three_times tests/conformance/node/install.sh "$folder"
    tests/conformance/node/examples.sh "$folder"
    cp tests/conformance/node/*.js "$folder/"
    local program=(node --expose-gc "$folder/conformance.js" .)
    variable_counts "${program[@]}"
    "${program[@]}"
}

# Through JNA with the JDK in PATH, and through java.lang.foreign if a JDK has it.
run_java() {
    local folder=$out/java foreign
    foreign=$(foreign_jdk)
    unset LD_LIBRARY_PATH
    three_times tests/conformance/java/install.sh "$folder" "$foreign"
    if [ -n "$foreign" ]; then
        tests/conformance/java/run.sh "$folder" FFM "$foreign"
    else
        printf 'java.lang.foreign is not tested: there is no JDK 22 or newer\n'
    fi
    variable_counts tests/conformance/java/run.sh "$folder" JNA
    tests/conformance/java/run.sh "$folder" JNA
}

# The number of vectors in each file, as printed by the programs.
expected() {
    python3 - <<'PY'
import json
read = lambda name: json.load(open(f"tests/vectors/{name}.json"))
for name in ("tokens", "secrets", "config"):
    print(name, sum(map(len, read(name).values())))
cidrs = read("cidrs")
print("cidrs", len(cidrs["refused"]) + sum(len(table["lookups"]) for table in cidrs["tables"]))
print("decisions", sum(len(router["requests"]) for router in read("decisions")["routers"]))
print("interface", len(json.load(open("rust/capi/abi.json"))["functions"]))
print("flow", len(json.load(open("tests/conformance/flow.json"))["steps"]))
print("threads 8")
PY
}

[ $# -gt 0 ] || set -- c go cpp python node java
expected >"$out/expected"
for language in "$@"; do
    printf -- '-- %s\n' "$language"
    # Not followed by `||`: that would disable `set -e`, and an outdated program could run.
    set +e
    (set -e && "run_$language") >"$out/$language.log"
    status=$?
    set -e
    if [ "$status" -ne 0 ]; then
        cat "$out/$language.log"
        printf 'conformance.sh: %s failed\n' "$language" >&2
        exit 1
    fi
    tail -n 1 "$out/$language.log"
    case $language in
    c | go) ;; # their own tests fail if a list of vectors is empty
    *)
        while read -r line; do
            grep -q -x -- "$line" "$out/$language.log" || {
                printf 'conformance.sh: %s did not run all vectors: "%s" is missing from its output\n' "$language" "$line" >&2
                exit 1
            }
        done <"$out/expected"
        ;;
    esac
done
