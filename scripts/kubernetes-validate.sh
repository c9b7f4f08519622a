#!/usr/bin/env bash
# In:  tests/deploy/requirements.txt, the versions and hashes of kubernetes-validate and of what it needs.
# Out: that tool, with the schemas of Kubernetes in it, in the cache folder, installed there once. The path of its program
#      is the last line printed.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"

list=$doors_root/tests/deploy/requirements.txt
version=$(sed -n 's/^kubernetes-validate==\([0-9.]*\).*/\1/p' "$list")
folder=$DOORS_CACHE/kubernetes-validate-$version
if [ ! -f "$folder/complete" ]; then
    printf 'kubernetes-validate.sh: installing kubernetes-validate %s\n' "$version" >&2
    # A virtual environment cannot be made beside and moved.
    rm -rf -- "$folder"
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes \
        --requirement "$list" >&2
    : >"$folder/complete"
fi
printf '%s\n' "$folder/bin/kubernetes-validate"
