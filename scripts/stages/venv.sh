#!/usr/bin/env bash
# Installs Python programs in a virtual environment in the cache folder, once:  scripts/stages/venv.sh REQUIREMENTS
# REQUIREMENTS is a list of versions and hashes. Prints the folder of the environment as the last line.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"

list=$1
folder=$DOORS_CACHE/venv-$(cksum <"$list" | tr ' ' -)
if [ ! -f "$folder/complete" ]; then
    printf 'venv.sh: installing %s\n' "$list" >&2
    # A virtual environment cannot be moved, so it is created in place.
    rm -rf -- "$folder"
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes \
        --requirement "$list" >&2
    : >"$folder/complete"
fi
printf '%s\n' "$folder"
