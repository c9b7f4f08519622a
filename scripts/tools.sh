#!/usr/bin/env bash
# Builds the Go tools that the scripts use into the cache folder, unless they are there.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/versions.sh"

# The name contains the version, so that checkouts with different versions can share the folder.
xcaddy=$DOORS_CACHE/bin/xcaddy-$xcaddy_version
if [ ! -x "$xcaddy" ]; then
    printf 'tools: building xcaddy %s\n' "$xcaddy_version" >&2
    mkdir -p "$DOORS_CACHE/bin"
    # tools/go.sum has the hashes of all its sources. Built elsewhere and then moved, so that an interrupted
    # build leaves nothing that looks complete.
    (cd -- "$doors_root/tools" && CGO_ENABLED=0 go build -mod=readonly -trimpath \
        -o "$xcaddy.$$" github.com/caddyserver/xcaddy/cmd/xcaddy)
    mv -f "$xcaddy.$$" "$xcaddy"
fi
