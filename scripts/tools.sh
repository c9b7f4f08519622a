#!/usr/bin/env bash
# Builds the Go tools that the scripts use into the cache folder, unless they are there.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/versions.sh"

# A name with the version in it, so that other checkouts with other versions share the folder.
xcaddy=$DOORS_CACHE/bin/xcaddy-$xcaddy_version
if [ ! -x "$xcaddy" ]; then
    printf 'tools: building xcaddy %s\n' "$xcaddy_version" >&2
    mkdir -p "$DOORS_CACHE/bin"
    # tools/go.sum holds the hashes of all its sources. Made beside and moved, so that a build
    # that is interrupted leaves nothing that looks finished.
    (cd -- "$doors_root/tools" && CGO_ENABLED=0 go build -mod=readonly -trimpath \
        -o "$xcaddy.$$" github.com/caddyserver/xcaddy/cmd/xcaddy)
    mv -f "$xcaddy.$$" "$xcaddy"
fi
