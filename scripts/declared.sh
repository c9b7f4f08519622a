#!/usr/bin/env bash
# In:  include/doors_caddy.h. Out: the functions that it declares, one a line, in the order of their bytes.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."
sed -n '/^\/\//d; s/^[a-z].*[ *]\(doors_[a-z_]*\)(.*/\1/p' include/doors_caddy.h | LC_ALL=C sort
