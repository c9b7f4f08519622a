#!/usr/bin/env bash
# Builds Caddy with this module: first the Rust static library, then Caddy with xcaddy.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/scripts/env.sh"
. "$doors_root/scripts/versions.sh"
. "$doors_root/scripts/require.sh"
. "$doors_root/scripts/modules.sh"

usage() {
    cat <<USAGE
usage: ./xcaddy.sh [VERSION] [--caddy VERSION] [--output FILE] [--static | --race] [XCADDY ARGUMENTS]

  VERSION, --caddy VERSION  the Caddy version; default: $caddy_default, which is tested
  --output FILE             the binary; default: bin/caddy next to this script
  --static                  a single file that needs nothing from its system, not even a C library
  --race                    with Go's race detector
  other arguments           are passed to xcaddy build: --with github.com/some/plugin, --replace, --embed, --pgo

xcaddy's own variables work too, such as XCADDY_GO_BUILD_FLAGS (which --static sets).
USAGE
}

fail() {
    printf 'xcaddy.sh: %s\n' "$1" >&2
    exit "${2:-1}"
}

version='' output=$doors_root/bin/caddy static='' passed=()
set_version() {
    [ -z "$version" ] || fail "two Caddy versions given, $version and $1: name only one" 2
    [ -n "$1" ] || fail 'the Caddy version is empty' 2
    version=$1
}
while [ $# -gt 0 ]; do
    case $1 in
    --caddy | --output | --with | --replace | --embed | --pgo)
        [ $# -ge 2 ] || fail "$1 needs a value" 2
        case $1 in
        --caddy) set_version "$2" ;;
        --output) output=$2 ;;
        *) passed+=("$1" "$2") ;;
        esac
        shift
        ;;
    --caddy=*) set_version "${1#*=}" ;;
    --output=*) output=${1#*=} ;;
    --static) static=1 ;;
    --race) export XCADDY_RACE_DETECTOR=1 ;;
    -h | --help)
        usage
        exit
        ;;
    -*) passed+=("$1") ;;
    *) set_version "$1" ;;
    esac
    shift
done
version=${version:-${CADDY_VERSION:-$caddy_default}}
# Go would silently build the version that our go.mod requires instead of an older one.
if [[ $version =~ ^v?([0-9]+\.[0-9]+\.[0-9]+) ]] && ! version_at_least "${BASH_REMATCH[1]}" "${caddy_default#v}"; then
    fail "Caddy $version is too old: this module needs $caddy_default" 2
fi
[ -n "$output" ] || fail '--output is empty' 2
case $output in /*) ;; *) output=$PWD/$output ;; esac
[ ! -d "$output" ] || fail "--output $output is a folder" 2

if [ -n "$static" ]; then
    [ -z "${XCADDY_GO_BUILD_FLAGS:-}" ] || fail '--static sets XCADDY_GO_BUILD_FLAGS, but it already has a value: unset it' 2
    [ "${XCADDY_RACE_DETECTOR:-0}" != 1 ] || fail '--static and --race cannot be combined' 2
    . "$doors_root/scripts/static.sh"
fi

require_tools xcaddy.sh cargo go cc pkg-config
if [ "$(go env GOOS GOARCH)" != "$(go env GOHOSTOS GOHOSTARCH)" ]; then
    fail 'GOOS or GOARCH is set to another platform, but the Rust library is only built for this one: unset both'
fi
"$doors_root/scripts/tools.sh"
"$doors_root/scripts/library.sh"
doors_library_flag

# The build uses a temporary name and replaces the binary only after it has been checked, so that a failed
# build leaves the existing binary in place.
mkdir -p -- "$(dirname -- "$output")"
work=$(mktemp -d "$output.build.XXXXXX")
trap 'rm -rf -- "$work"' EXIT

xcaddy_here "$work/proxy" "$version" --output "$work/caddy" ${passed[@]+"${passed[@]}"}

module=http.reverse_proxy.upstreams.doors_upstream
"$work/caddy" list-modules >"$work/modules" || fail 'the new binary does not start'
grep -q -x "$module" "$work/modules" || fail "the new binary does not contain the module $module"
# The library must be linked statically. ldd fails for a static binary, which is fine.
if command -v ldd >/dev/null 2>&1 && ldd "$work/caddy" 2>/dev/null | grep doors_caddy >&2; then
    fail 'the new binary depends on the library above, which must be linked statically'
fi

# Plugins may have required a newer version.
built=$("$work/caddy" version)
mv -f -- "$work/caddy" "$output"
printf 'xcaddy.sh: built %s (Caddy %s)\n' "$output" "${built%% *}" >&2
