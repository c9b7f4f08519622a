#!/usr/bin/env bash
# Deploys an image of the app:  deploy.sh [--wait] IMAGE
#
# Starts the image in the free place, waits until it takes pages, and tells the running version to stop. The old version
# continues until its last page has ended; --wait waits for that. If the new version does not become ready, nothing
# changes.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")"

# As in compose.yaml: the address of each place, and the port of the app.
places=(a b)
read -r -a addresses <<<"${APP_ADDRESSES:-172.30.0.11 172.30.0.12}"
port=${APP_PORT:-8080} patience=${APP_PATIENCE:-60}

fail() {
    printf 'deploy.sh: %s\n' "$1" >&2
    exit 1
}
# ready PLACE: whether the app in a place takes pages. Places have numbers.
ready() { curl --silent --fail --noproxy '*' --max-time 2 --output /dev/null "http://${addresses[$1]}:$port/readyz"; }

wait=''
if [ "${1:-}" = --wait ]; then wait=yes && shift; fi
[ $# -eq 1 ] || fail 'usage: deploy.sh [--wait] IMAGE'
exec 9>.lock
flock --nonblock 9 || fail 'another deployment is under way'

free='' running=() draining=()
for i in "${!places[@]}"; do
    if [ -z "$(docker compose ps --quiet --status running "app-${places[i]}")" ]; then
        free=${free:-$i}
    elif ready "$i"; then
        running+=("app-${places[i]}")
    else
        draining+=("app-${places[i]}")
    fi
done
[ -n "$free" ] || fail "no place is free: draining ${draining[*]:-none}, running ${running[*]:-none}"

name=app-${places[free]} variable=APP_${places[free]^^}
# compose.yaml reads the image from there, also after a reboot.
touch .env
sed -i "/^$variable=/d" .env
printf '%s=%s\n' "$variable" "$1" >>.env
printf 'deploy.sh: starting %s\n' "$name"
until=$((SECONDS + patience))
docker compose up --detach --no-deps --force-recreate "$name" || until=0
until ready "$free"; do
    if [ "$SECONDS" -ge "$until" ]; then
        docker compose stop --timeout 1 "$name" || true
        fail "$name does not become ready: see docker compose logs $name"
    fi
    sleep 0.2
done
exec 9>&- # releases the lock: a draining version must not block the next deployment
for old in "${running[@]}"; do
    printf 'deploy.sh: %s takes pages; %s drains\n' "$name" "$old"
    # Without --timeout it waits for stop_grace_period.
    if [ -n "$wait" ]; then
        docker compose stop "$old"
    else
        setsid --fork docker compose stop "$old" >/dev/null 2>&1 </dev/null
    fi
done
