# shellcheck shell=bash
# Checks for tools that cannot be installed automatically. Sourced after env.sh.
: "${doors_root:?}"
. "$doors_root/scripts/versions.sh"

# version_at_least HAVE LEAST: compares dotted numbers; a missing part counts as 0.
version_at_least() {
    local have least i
    IFS=. read -r -a have <<<"$1"
    IFS=. read -r -a least <<<"$2"
    for i in 0 1 2; do
        ((10#${have[i]:-0} > 10#${least[i]:-0})) && return 0
        ((10#${have[i]:-0} < 10#${least[i]:-0})) && return 1
    done
    return 0
}

# The dotted number in the output of `rustc --version` and the like.
number_in() { sed -n 's/[^0-9]*\([0-9][0-9]*\(\.[0-9][0-9]*\)*\).*/\1/p' <<<"$1" | head -n 1; }

# The platform that rustc builds for by default.
rust_host() { rustc -vV | sed -n 's/^host: //p'; }

# Prints the home of a JDK with java.lang.foreign (Java 22 or newer), or nothing if there is none.
foreign_jdk() {
    local home version
    for home in ${JAVA_HOME:+"$JAVA_HOME"} /usr/lib/jvm/*; do
        version=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release" 2>/dev/null) || continue
        if [ "${version:-0}" -ge 22 ] && [ -x "$home/bin/javac" ]; then
            printf '%s' "$home"
            return
        fi
    done
}

# require_tools PURPOSE TOOL...: prints how to install each missing or outdated tool, then fails. TOOL is one
# of cargo, go, cc, pkg-config. Also checks that this folder is usable.
require_tools() {
    local purpose=$1 tool have missing=0
    shift
    case $doors_root in
    *[\$\(\)\"\\:]* | *[[:cntrl:]]*)
        complain "pkg-config and Go do not support the name of this folder, $doors_root: rename or move it so that it contains none of \$ ( ) \" \\ :"
        ;;
    *)
        mkdir -p -- "$doors_root/target" 2>/dev/null || true
        [ -w "$doors_root/target/." ] ||
            complain "cannot write to $doors_root/target, the folder for all build output: copy this folder to a writable one"
        ;;
    esac
    for tool in "$@"; do
        case $tool in
        cargo)
            if ! command -v cargo >/dev/null 2>&1 || ! command -v rustc >/dev/null 2>&1; then
                complain "Rust (cargo, rustc) is missing: install Rust $rust_least or newer, see https://rustup.rs"
            else
                have=$(number_in "$(rustc --version 2>/dev/null || true)")
                version_at_least "${have:-0}" "$rust_least" ||
                    complain "rustc ${have:-of unknown version} is too old: Rust $rust_least or newer is needed, see https://rustup.rs"
                [ "${CARGO_BUILD_TARGET:-$(rust_host)}" = "$(rust_host)" ] ||
                    complain "CARGO_BUILD_TARGET is $CARGO_BUILD_TARGET, but builds are always for this machine, $(rust_host): unset it, or use ./xcaddy.sh --static for a Caddy that needs no C library"
            fi
            ;;
        go)
            if ! command -v go >/dev/null 2>&1; then
                complain "Go (go) is missing: install Go $go_least or newer, see https://go.dev/dl"
            else
                have=$(go env GOVERSION 2>/dev/null || true)
                have=$(number_in "$have")
                version_at_least "${have:-0}" "$go_least" ||
                    complain "Go ${have:-of unknown version} is too old: Go $go_least or newer is needed, see https://go.dev/dl"
            fi
            ;;
        cc)
            : "${CC:=cc}"
            # It may have arguments: "gcc -m64", "ccache gcc".
            command -v "${CC%% *}" >/dev/null 2>&1 ||
                complain "a C compiler ($CC) is missing: on Debian, apt-get install gcc libc6-dev"
            ;;
        pkg-config)
            command -v "${PKG_CONFIG:-pkg-config}" >/dev/null 2>&1 ||
                complain "pkg-config (${PKG_CONFIG:-pkg-config}) is missing: on Debian, apt-get install pkg-config"
            ;;
        esac
    done
    [ "$missing" -eq 0 ]
}

# Part of require_tools: uses its `purpose` and increments its `missing`.
complain() {
    printf '%s: %s\n' "$purpose" "$1" >&2
    missing=$((missing + 1))
}
