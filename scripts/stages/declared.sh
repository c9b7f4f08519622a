#!/usr/bin/env bash
# Prints the functions declared in include/doors_caddy.h, one per line, in byte order.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.."
sed -n '/^\/\//d; s/^[a-z].*[ *]\(doors_[a-z_]*\)(.*/\1/p' include/doors_caddy.h | LC_ALL=C sort
