#!/usr/bin/env bash
# Deploys a new version of the app:  deploy.sh [--wait] PROGRAM
#
# Starts PROGRAM on the free address, waits until it takes pages, and tells the running version to stop. The old version
# continues until its last page has ended; --wait waits for that. If PROGRAM does not become ready, nothing changes.
set -euo pipefail

# The addresses are those of `host` in the Caddyfile, and the port is its `upstream_port`. app@.service has
# the folder.
read -r -a addresses <<<"${APP_ADDRESSES:-127.0.1.1 127.0.1.2}"
port=${APP_PORT:-8080} folder=${APP_FOLDER:-/srv/app} patience=${APP_PATIENCE:-60}

fail() {
    printf 'deploy.sh: %s\n' "$1" >&2
    exit 1
}
ready() { curl --silent --fail --noproxy '*' --max-time 2 --output /dev/null "http://$free:$port/readyz"; }

stop=(systemctl stop --no-block)
if [ "${1:-}" = --wait ]; then stop=(systemctl stop) && shift; fi
if [ $# -ne 1 ] || [ ! -f "$1" ] || [ ! -x "$1" ]; then fail 'usage: deploy.sh [--wait] PROGRAM'; fi
mkdir -p -- "$folder"
exec 9>"$folder/.lock"
flock --nonblock 9 || fail 'another deployment is under way'

free='' running=() draining=()
for address in "${addresses[@]}"; do
    case $(systemctl show --property=ActiveState --value "app@$address") in
    inactive | failed) free=${free:-$address} ;;
    deactivating) draining+=("$address") ;;
    *) running+=("app@$address") ;;
    esac
done
[ -n "$free" ] || fail "no address is free: still draining ${draining[*]:-none}, running ${running[*]:-none}"
# A process that listens on all addresses would answer instead of the new one.
! ready || fail "http://$free:$port answers already: the app must listen on POD_IP alone"

install -D -m 755 -- "$1" "$folder/$free/app"
printf 'deploy.sh: starting app@%s\n' "$free"
until=$((SECONDS + patience))
systemctl start "app@$free" || until=0
until ready; do
    if [ "$SECONDS" -ge "$until" ] || systemctl is-failed --quiet "app@$free"; then
        systemctl stop "app@$free" || true
        fail "app@$free does not become ready: see journalctl --unit app@$free"
    fi
    sleep 0.2
done
systemctl enable --quiet "app@$free"
exec 9>&- # releases the lock: a draining version must not block the next deployment
for old in "${running[@]}"; do
    printf 'deploy.sh: app@%s takes pages; %s drains\n' "$free" "$old"
    systemctl disable --quiet "$old"
    "${stop[@]}" "$old"
done
