# shellcheck shell=sh
# The environment of every build and test. Sourced by the other scripts; interactively, in any POSIX shell:
#     . scripts/env.sh
# It sets nothing outside the calling shell and needs no tool beyond a POSIX system.

# Only bash and zsh say which file they read, each in a way that other shells cannot parse.
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
        printf 'env.sh: this shell does not say where the file lies: change to the folder of xcaddy.sh first\n' >&2
        return 1
    fi
fi
export doors_root

# The tools that are installed decide, not what a go.mod suggests to download.
export GOTOOLCHAIN=local
# A go.work above this folder would replace modules that the tests pin.
export GOWORK=off
# xcaddy turns cgo on only if this is exactly 1.
export CGO_ENABLED=1

# What is set below is added to the user's own settings. They may stand in the file of `go env -w`, which a variable hides.
for doors_name in GOFLAGS CGO_CFLAGS CC PKG_CONFIG; do
    eval "doors_value=\${$doors_name:-}"
    if [ -z "$doors_value" ] && doors_value=$(go env "$doors_name" 2>/dev/null) && [ -n "$doors_value" ]; then
        export "$doors_name=$doors_value"
    fi
done
unset doors_name doors_value

# Go asks for gcc by that name; a C compiler by another name serves as well.
if [ "${CC:-gcc}" = gcc ] && ! command -v gcc >/dev/null 2>&1 && command -v cc >/dev/null 2>&1; then
    export CC=cc
fi

# Builds must not depend on the state of a git folder, which may belong to another user; and no module here is vendored.
GOFLAGS=$(printf '%s' " ${GOFLAGS:-} " | sed 's/ --*mod=vendor / /g; s/^ *//; s/ *$//')
case " $GOFLAGS " in
*" -buildvcs="*) ;;
*) GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false" ;;
esac
export GOFLAGS

# cargo puts its output there, whatever the user's own setting is: the scripts name files in it.
export CARGO_TARGET_DIR="$doors_root/target"

# Tools, one folder per exact version.
export DOORS_CACHE="${DOORS_CACHE:-${XDG_CACHE_HOME:-${HOME:-$doors_root/target}/.cache}/doors-caddy}"

doors_first() { # doors_first LIST FOLDER: the colon-separated LIST with FOLDER in front, once
    case ":$1:" in
    *":$2:"*) printf '%s' "$1" ;;
    *) printf '%s' "$2${1:+:$1}" ;;
    esac
}
PKG_CONFIG_PATH=$(doors_first "${PKG_CONFIG_PATH:-}" "$doors_root/target/pkgconfig")
PATH=$(doors_first "$PATH" "$DOORS_CACHE/bin")
export PKG_CONFIG_PATH PATH

# Go hashes neither a library from outside its modules nor what pkg-config says of it. Without a fingerprint among its
# flags, `go build` and `go test` might answer from their cache after the library has changed or moved.
doors_fingerprint() { # doors_fingerprint LIBRARY DESCRIPTION: of the library and of the .pc file that says where it is
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
