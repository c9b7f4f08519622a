#!/usr/bin/env bash
# Loads bin/caddy, or the Caddy that DOORS_CADDY names, with up to 100,000 upstreams, and reloads it a thousand times. Prints
# what that costs, and fails when it is more than it may be. Two minutes; the limits on CPU time mean something only on a
# machine that does nothing else.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"

cd -- "$doors_root"
cargo test --quiet --locked -p doors_routing --test memory -- --nocapture
cd tests/e2e
exec go test -trimpath -count=1 -timeout 15m -v ./scale -limits
