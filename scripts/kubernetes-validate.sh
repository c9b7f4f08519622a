#!/usr/bin/env bash
# Installs kubernetes-validate, with the schemas of Kubernetes in it, into the cache folder. The path of its program is the
# last line printed.
set -euo pipefail
scripts=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
folder=$("$scripts/venv.sh" "$scripts/../tests/deploy/requirements.txt")
printf '%s\n' "$folder/bin/kubernetes-validate"
