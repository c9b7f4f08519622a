# shellcheck shell=bash
# The environment of every build and test. Sourced by the other scripts; interactively:
#     . scripts/env.sh
# It sets nothing outside the calling shell and needs no tool beyond a POSIX system.

doors_root=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
export doors_root

# The tools that are installed decide, not what a go.mod suggests to download.
export GOTOOLCHAIN=local
# A go.work above this folder would replace modules that the tests pin.
export GOWORK=off
# xcaddy turns cgo on only if this is exactly 1.
export CGO_ENABLED=1

# Go asks for gcc by that name; a C compiler by another name serves as well.
if [ -z "${CC:-}" ] && ! command -v gcc >/dev/null 2>&1 && command -v cc >/dev/null 2>&1; then
    export CC=cc
fi

# Builds must not depend on the state of a git folder, which may belong to another user.
case " ${GOFLAGS:-} " in
*" -buildvcs="*) ;;
*) export GOFLAGS="${GOFLAGS:+$GOFLAGS }-buildvcs=false" ;;
esac

# cargo puts its output there, whatever the user's own setting is: the scripts name files in it.
export CARGO_TARGET_DIR=$doors_root/target

# Tools, one folder per exact version.
export DOORS_CACHE=${DOORS_CACHE:-${XDG_CACHE_HOME:-${HOME:-$doors_root/target}/.cache}/doors-caddy}

doors_first() { # doors_first LIST FOLDER: the colon-separated LIST with FOLDER in front, once
    case ":$1:" in
    *":$2:"*) printf '%s' "$1" ;;
    *) printf '%s' "$2${1:+:$1}" ;;
    esac
}
PKG_CONFIG_PATH=$(doors_first "${PKG_CONFIG_PATH:-}" "$doors_root/target/pkgconfig")
PATH=$(doors_first "$PATH" "$DOORS_CACHE/bin")
export PKG_CONFIG_PATH PATH

# Go does not hash a library from outside its modules: without this, `go test` might answer
# from its cache after the library has changed. library.sh writes the fingerprint.
doors_library_flag() {
    local flags=" ${CGO_CFLAGS:--g -O2} " fingerprint
    flags=$(printf '%s' "$flags" | sed 's/ -DDOORS_LIBRARY=[^ ]*//g; s/^ *//; s/ *$//')
    if [ -f "$doors_root/target/pkgconfig/doors_caddy.fingerprint" ]; then
        fingerprint=$(cat "$doors_root/target/pkgconfig/doors_caddy.fingerprint")
        flags="$flags -DDOORS_LIBRARY=$fingerprint"
    fi
    export CGO_CFLAGS="$flags"
}
doors_library_flag
