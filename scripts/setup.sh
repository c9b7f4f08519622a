#!/usr/bin/env bash
# Installs what a build or a test stage needs, and no more:  scripts/setup.sh [PURPOSE]
#     demo (default)    to build and run Caddy with this module
#     bench             also to measure it
#     STAGE             also to run that stage of scripts/stages.sh
# Rust, Go and a C compiler must be present; prints which are not. Installs Debian packages if possible
# without a password (root or sudo), otherwise prints the command to run. Installs tools into the cache folder
# by exact version. Returns quickly if everything is there.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/versions.sh"
. "$doors_root/scripts/require.sh"

purpose=${1:-demo}
if [ $# -gt 1 ] || { [ "$purpose" != demo ] && [ "$purpose" != bench ] &&
    ! grep -q "^stage_$purpose()" "$doors_root/scripts/stages.sh"; }; then
    printf 'usage: scripts/setup.sh [demo|bench|STAGE]\n' >&2
    exit 2
fi

require_tools setup cargo go cc

# --- Debian packages ---------------------------------------------------------------------

# needs PURPOSE: prints programs, pkg-config modules and headers, each with its Debian package.
needs() {
    printf '%s\n' "${PKG_CONFIG:-pkg-config}:pkg-config"
    case $1 in
    bench | benchmarks) printf '%s\n' /usr/sbin/nginx:nginx ;;
    scripts) printf '%s\n' shellcheck:shellcheck zsh:zsh ;;
    shellcheck) printf '%s\n' shellcheck:shellcheck ;;
    instructions) printf '%s\n' valgrind:valgrind ;;
    # The C program reads the vectors with cJSON.
    c | sanitize) printf '%s\n' valgrind:valgrind libcjson.pc:libcjson-dev c++:g++ ;;
    package) printf '%s\n' cmake:cmake readelf:binutils python3:python3 ;;
    conformance)
        printf '%s\n' valgrind:valgrind libcjson.pc:libcjson-dev nlohmann/json.hpp:nlohmann-json3-dev c++:g++ \
            python3:python3 ensurepip.py:python3-venv node:nodejs npm:npm javac:openjdk-17-jdk-headless mvn:maven
        ;;
    deploy) printf '%s\n' systemd-analyze:systemd python3:python3 ensurepip.py:python3-venv ;;
    dist)
        printf '%s\n' readelf:binutils dpkg-deb:dpkg python3:python3 ensurepip.py:python3-venv \
            node:nodejs npm:npm javac:openjdk-17-jdk-headless mvn:maven
        ;;
    install) printf '%s\n' /usr/sbin/debootstrap:debootstrap systemd-analyze:systemd ;;
    # Large packages: apt-get prints the size first.
    e2e) printf '%s\n' prometheus:prometheus chromium:chromium curl:curl openssl:openssl ;;
    esac
}
# has NEED: whether a program, NAME.pc, HEADER.hpp or MODULE.py is installed.
has() {
    case $1 in
    *.pc) pkg-config --exists "${1%.pc}" 2>/dev/null ;;
    *.hpp) [ -f "/usr/include/$1" ] ;;
    *.py) python3 -c "import ${1%.py}" 2>/dev/null ;;
    *) command -v "$1" >/dev/null 2>&1 ;;
    esac
}
packages=()
for need in $(needs "$purpose"); do
    has "${need%:*}" || packages+=("${need##*:}")
done

install_packages() {
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null 2>&1 || ! sudo -n true 2>/dev/null; then return 1; fi
        as_root=(sudo -n)
    fi
    command -v apt-get >/dev/null 2>&1 || return 1
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -y
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300)
    # On a fresh machine, the package lists are missing or old.
    "${as_root[@]}" "${apt[@]}" update &&
        "${as_root[@]}" "${apt[@]}" install --no-install-recommends "$@"
}

if [ "${#packages[@]}" -gt 0 ]; then
    printf 'setup: %s needs %s\n' "$purpose" "${packages[*]}"
    if ! install_packages "${packages[@]}"; then
        printf 'setup: could not install %s; on Debian or Ubuntu run\n    sudo apt-get install %s\n' \
            "${packages[*]}" "${packages[*]}" >&2
        exit 1
    fi
fi

# --- Rust components ---------------------------------------------------------------------

components=()
case $purpose in rustfmt) components=(cargo-fmt:rustfmt) ;; clippy) components=(cargo-clippy:clippy) ;; esac
for component in "${components[@]}"; do
    tool=${component%:*} component=${component#*:}
    command -v "$tool" >/dev/null 2>&1 && continue
    if ! command -v rustup >/dev/null 2>&1 || ! rustup component add "$component"; then
        printf 'setup: %s is missing; with rustup run\n    rustup component add %s\n' "$tool" "$component" >&2
        exit 1
    fi
done

"$doors_root/scripts/tools.sh"
