#!/usr/bin/env bash
# Stands for git: clones the repository at $ROOT as it is now. In the clone, xcaddy.sh copies the Caddy at $CADDY, the app and
# its Caddyfile have free ports, and the deployment scripts only check their argument.
# shellcheck disable=SC2016 # the scripts that it writes expand these variables
set -euo pipefail
if [ "$*" != 'clone https://github.com/doors-dev/doors-caddy' ]; then
    printf 'git: not expected: %s\n' "$*" >&2
    exit 1
fi
mkdir doors-caddy
tar -C "$ROOT" --exclude=./target --exclude=./bin --exclude=./.git --exclude=./.cache --exclude=node_modules --exclude=./rust -cf - . | tar -xf - -C doors-caddy
cd doors-caddy
printf '#!/bin/sh\ninstall -D -m 755 -- "$CADDY" bin/caddy\n' >xcaddy.sh
sed -i "s/\"8080\"/\"$APP_PORT\"/" examples/app/main.go
sed -i "s/localhost:8000 /localhost:$SITE_PORT /; s/localhost:2020 /localhost:$STATUS_PORT /; s/upstream_port 8080\$/upstream_port $APP_PORT/" examples/app/Caddyfile
for script in deploy/*/deploy.sh; do
    printf '#!/bin/sh\n[ $# = 1 ] && grep -qx -- "$1" "$BUILT"\n' >"$script"
done
