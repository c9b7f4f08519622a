#!/usr/bin/env bash
# Adapts the sample of docs/migrate.md that replaces doors_geo, with the geolocation plugin that it names, if
# the module proxy has it:  scripts/stages/geolocation.sh
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"

plugin=github.com/porech/caddy-maxmind-geolocation
# Not pinned: the page names no version, so readers get the latest one.
if ! found=$(go mod download -json "$plugin@latest" 2>&1); then
    printf '%s\nThe module proxy does not have %s, so its sample is only run with a stand-in.\n' "$found" "$plugin"
    exit 0
fi

folder=$doors_root/target/geolocation
rm -rf -- "$folder"
mkdir -p -- "$folder"
cd -- "$folder"
# shellcheck disable=SC2016 # backticks of Markdown
sed -n '/^```caddy$/,/^```$/p' "$doors_root/docs/migrate.md" | sed '/^```/d' >Caddyfile
grep -q maxmind_geolocation Caddyfile
cat >main.go <<GO
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/doors-dev/doors-caddy/caddy"
	_ "$plugin"
)

func main() { caddycmd.Main() }
GO
sed -e "s,^module .*,module geolocation," -e "s,=> \.\./,=> $doors_root/," "$doors_root/plugin/go.mod" >go.mod
cp -- "$doors_root/plugin/go.sum" .
go mod edit -require "$plugin@$(sed -n 's/^[[:space:]]*"Version": "\(.*\)".*/\1/p' <<<"$found")"
go mod tidy
go build -trimpath -o caddy .
./caddy adapt --config Caddyfile --adapter caddyfile | grep -q '"maxmind_geolocation":'
