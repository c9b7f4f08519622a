#!/usr/bin/env bash
# Runs the go command in the environment of this project, in the current folder:
#     scripts/go.sh test ./routing
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
exec go "$@"
