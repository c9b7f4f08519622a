# shellcheck shell=sh
# The environment of every build and test. Sourced by the other scripts, or interactively in any POSIX shell:
#     . scripts/env.sh
# Sets nothing outside the calling shell, and needs no tool beyond a POSIX system.

# Only bash and zsh report the file being sourced, each in a way that other shells cannot parse.
doors_root=''
if [ -n "${BASH_VERSION:-}" ]; then
    eval 'doors_root=${BASH_SOURCE[0]}'
elif [ -n "${ZSH_VERSION:-}" ]; then
    eval 'doors_root=${(%):-%x}'
fi
if [ -n "$doors_root" ]; then
    doors_root=$(CDPATH='' cd -- "$(dirname -- "$doors_root")/.." && pwd)
else
    doors_root=$PWD
    until [ -f "$doors_root/scripts/env.sh" ] && [ -f "$doors_root/xcaddy.sh" ] || [ -z "$doors_root" ]; do
        doors_root=${doors_root%/*}
    done
    if [ -z "$doors_root" ]; then
        printf 'env.sh: this shell does not report the location of env.sh: first change to the folder that contains xcaddy.sh\n' >&2
        return 1
    fi
fi
export doors_root

# Use the installed tools rather than those that a go.mod file suggests.
export GOTOOLCHAIN=local
# Ignore a go.work above this folder, which would replace modules that the tests pin.
export GOWORK=off
# xcaddy enables cgo only if this is exactly 1.
export CGO_ENABLED=1

# The values below extend the user's own settings. Those may be in the file of `go env -w`, which variables
# override.
for doors_name in GOFLAGS CGO_CFLAGS CC PKG_CONFIG; do
    eval "doors_value=\${$doors_name:-}"
    if [ -z "$doors_value" ] && doors_value=$(go env "$doors_name" 2>/dev/null) && [ -n "$doors_value" ]; then
        export "$doors_name=$doors_value"
    fi
done
unset doors_name doors_value

# Go looks for gcc by name; any other C compiler works too.
if [ "${CC:-gcc}" = gcc ] && ! command -v gcc >/dev/null 2>&1 && command -v cc >/dev/null 2>&1; then
    export CC=cc
fi

# Builds must not depend on the state of a git folder, which may belong to another user. No module here is
# vendored.
GOFLAGS=$(printf '%s' " ${GOFLAGS:-} " | sed 's/ --*mod=vendor / /g; s/^ *//; s/ *$//')
case " $GOFLAGS " in
*" -buildvcs="*) ;;
*) GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false" ;;
esac
export GOFLAGS

# The target folder of cargo, whatever the user's setting, since the scripts use files in it.
export CARGO_TARGET_DIR="$doors_root/target"

# The tools, with a folder for each exact version.
export DOORS_CACHE="${DOORS_CACHE:-${XDG_CACHE_HOME:-${HOME:-$doors_root/target}/.cache}/doors-caddy}"

doors_first() { # doors_first LIST FOLDER: the colon-separated LIST with FOLDER in front, without duplicates
    case ":$1:" in
    *":$2:"*) printf '%s' "$1" ;;
    *) printf '%s' "$2${1:+:$1}" ;;
    esac
}
PKG_CONFIG_PATH=$(doors_first "${PKG_CONFIG_PATH:-}" "$doors_root/target/pkgconfig")
PATH=$(doors_first "$PATH" "$DOORS_CACHE/bin")
export PKG_CONFIG_PATH PATH

# Go hashes neither libraries outside its modules nor the output of pkg-config. Without a fingerprint in the
# flags, `go build` and `go test` could reuse cached results after the library has changed or moved.
doors_fingerprint() { # doors_fingerprint LIBRARY DESCRIPTION: of the library and the .pc file with its path
    cat -- "$1" "$2" | cksum | tr ' ' '-' | tr -d '\n'
}
# library.sh writes the fingerprint of the library in target/pkgconfig.
doors_library_flag() {
    CGO_CFLAGS=$(printf '%s' " ${CGO_CFLAGS:--O2 -g} " | sed 's/ -DDOORS_LIBRARY=[^ ]*//g; s/^ *//; s/ *$//')
    if [ -f "$doors_root/target/pkgconfig/doors_caddy.fingerprint" ]; then
        CGO_CFLAGS="$CGO_CFLAGS -DDOORS_LIBRARY=$(cat "$doors_root/target/pkgconfig/doors_caddy.fingerprint")"
    fi
    export CGO_CFLAGS
}
doors_library_flag
