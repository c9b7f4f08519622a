#!/usr/bin/env bash
# Installs what the builds need:  scripts/setup.sh [demo|bench|test]
#   demo (default)  to build and run Caddy with this module
#   bench           to measure it as well
#   test            to run every test as well
# Rust, Go and a C compiler must be there; it says which is not. Debian packages are installed
# where that needs no question (root, or sudo without a password), otherwise the line to run is
# printed. Tools go to a cache folder by exact version. Does nothing, quickly, the next time.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/versions.sh"
. "$doors_root/scripts/require.sh"

purpose=${1:-demo}
case $purpose in
demo | bench | test) ;;
*)
    printf 'usage: scripts/setup.sh [demo|bench|test]\n' >&2
    exit 2
    ;;
esac

require_tools setup cargo go cc

# --- Debian packages ---------------------------------------------------------------------

packages=()
command -v "${PKG_CONFIG:-pkg-config}" >/dev/null 2>&1 || packages+=(pkg-config)
# It lies where the path of an ordinary user does not lead.
[ "$purpose" = demo ] || [ -x /usr/sbin/nginx ] || packages+=(nginx)
if [ "$purpose" = test ]; then
    # cJSON reads the vectors in the C program.
    [ "${#packages[@]}" -eq 0 ] && pkg-config --exists libcjson 2>/dev/null || packages+=(libcjson-dev)
    for tool in shellcheck zsh valgrind prometheus; do
        command -v "$tool" >/dev/null 2>&1 || packages+=("$tool")
    done
    # What the bindings for other languages are built and run with.
    [ -f /usr/include/nlohmann/json.hpp ] || packages+=(nlohmann-json3-dev)
    for pair in c++:g++ cmake:cmake python3:python3 node:nodejs npm:npm javac:openjdk-17-jdk-headless mvn:maven readelf:binutils chromium:chromium; do
        command -v "${pair%%:*}" >/dev/null 2>&1 || packages+=("${pair#*:}")
    done
fi

install_packages() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1 || ! sudo -n true 2>/dev/null; then return 1; fi
        as_root=(sudo -n)
    fi
    command -v apt-get >/dev/null 2>&1 || return 1
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
    # The package lists of a fresh machine are missing or old, so refresh them first.
    "${as_root[@]}" "${apt[@]}" update &&
        "${as_root[@]}" "${apt[@]}" install --no-install-recommends "$@"
}

if [ "${#packages[@]}" -gt 0 ]; then
    printf 'setup: installing %s\n' "${packages[*]}"
    if ! install_packages "${packages[@]}"; then
        printf 'setup: could not install %s; on Debian or Ubuntu run\n    sudo apt-get install %s\n' \
            "${packages[*]}" "${packages[*]}" >&2
        exit 1
    fi
fi

# --- Rust components ---------------------------------------------------------------------

if [ "$purpose" = test ]; then
    for component in rustfmt clippy; do
        case $component in rustfmt) tool=cargo-fmt ;; clippy) tool=cargo-clippy ;; esac
        command -v "$tool" >/dev/null 2>&1 && continue
        if ! command -v rustup >/dev/null 2>&1 || ! rustup component add "$component"; then
            printf 'setup: %s is missing; with rustup run\n    rustup component add %s\n' \
                "$tool" "$component" >&2
            exit 1
        fi
    done
fi

"$doors_root/scripts/tools.sh"
