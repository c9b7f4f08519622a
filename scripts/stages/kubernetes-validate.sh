#!/usr/bin/env bash
# Installs kubernetes-validate, which contains the schemas of Kubernetes, into the cache folder. Prints the
# path of its program as the last line.
set -euo pipefail
scripts=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)
folder=$("$scripts/venv.sh" "$scripts/../../tests/deploy/requirements.txt")
printf '%s\n' "$folder/bin/kubernetes-validate"
