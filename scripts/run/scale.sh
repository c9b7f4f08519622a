#!/usr/bin/env bash
# Loads bin/caddy, or the binary in DOORS_CADDY, with up to 100,000 upstreams, and reloads it a thousand
# times. Prints the cost, and fails if it exceeds a limit. Takes two minutes. The limits on CPU time are only
# meaningful on an idle machine.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"

cd -- "$doors_root"
cargo test --quiet --locked -p doors_routing --test memory -- --nocapture
cd tests/e2e
exec go test -trimpath -count=1 -timeout 15m -v ./scale -limits
