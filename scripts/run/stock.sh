#!/usr/bin/env bash
# Builds Caddy without this module, for comparison in tests:
#     scripts/run/stock.sh [--static] [VERSION [FILE]]      default: the default version, bin/caddy-stock
# --static uses the flags of ./xcaddy.sh --static.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/versions.sh"
. "$doors_root/scripts/require.sh"

if [ "${1:-}" = --static ]; then
    . "$doors_root/scripts/static.sh"
    shift
fi
version=${1:-$caddy_default}
output=${2:-$doors_root/bin/caddy-stock}
case $output in /*) ;; *) output=$PWD/$output ;; esac

require_tools stock.sh go cc
"$doors_root/scripts/tools.sh"

# A stock binary of the same version never changes.
if [ -x "$output" ] && [ "$("$output" version | cut -d ' ' -f 1)" = "$version" ]; then
    exit 0
fi
mkdir -p -- "$(dirname -- "$output")"
trap 'rm -f -- "$output.$$"' EXIT
# The same environment as in xcaddy.sh, including cgo, so that the module is the only difference.
"$DOORS_CACHE/bin/xcaddy-$xcaddy_version" build "$version" --output "$output.$$"
mv -f -- "$output.$$" "$output"
