#!/usr/bin/env bash
# The proof of rollouts: deploys, harms and reloads under hundreds of visitors, prints a table, and fails if a visitor has
# lost anything.  scripts/rollout.sh           several minutes
#                 scripts/rollout.sh -short    a minute; -help lists all options
# It tests bin/caddy, or the one that DOORS_CADDY names.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"

mkdir -p -- "$doors_root/bin"
(cd -- "$doors_root/tests/e2e" && go build -o "$doors_root/bin/rollout" ./rollout)
exec "$doors_root/bin/rollout" -caddy "${DOORS_CADDY:-$doors_root/bin/caddy}" "$@"
