#!/usr/bin/env bash
# Tests that `make dist` gives the same files from two clones in two folders, byte for byte, and that the SBOM is valid.
# Leaves the files in target/dist.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
cd -- "$doors_root"

fail() {
    printf 'FAILED %s\n' "$1" >&2
    exit 1
}
work=$(mktemp -d "${TMPDIR:-/tmp}/doors-caddy.XXXXXX")
pid=''
# shellcheck disable=SC2317 # called by the trap
stop() {
    if [ -n "$pid" ]; then kill "$pid" 2>/dev/null || true; fi
    rm -rf -- "$work"
}
trap stop EXIT

# The clone has a path of another length, and another folder for temporary files.
clone="$work/a clone"
git clone -q "$doors_root" "$clone"
mkdir "$work/temporary"
TMPDIR=$work/temporary "$clone/scripts/release/dist.sh" "$work/again" >"$work/log" 2>&1 &
pid=$!
scripts/release/dist.sh
wait "$pid" || { cat "$work/log" && fail 'the build in the clone failed'; }
pid=''
diff -r target/dist "$work/again" || fail 'the clone makes other files'
(cd target/dist && sha256sum --quiet --check SHA256SUMS)
[ "$(wc -l <target/dist/SHA256SUMS)" = 12 ] || fail 'SHA256SUMS does not have the twelve files'

# No file contains the path of its build.
mkdir "$work/unpacked"
for file in target/dist/*.tar.gz target/dist/*.crate target/dist/*.tgz; do tar -xzf "$file" -C "$work/unpacked"; done
for file in target/dist/*.whl target/dist/*.jar; do python3 -m zipfile -e "$file" "$work/unpacked"; done
rm -rf -- "$work"/unpacked/doors-caddy-*[0-9]
if grep -r -l -F -e "$doors_root" -e "$work" -e "${CARGO_HOME:-$HOME/.cargo}/" "$work/unpacked"; then fail 'these files contain a path of this machine'; fi

# The packages work where they are installed.
mkdir "$work/user"
python3 -m venv "$work/user/venv"
"$work/user/venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-index target/dist/*.whl
printf '{ "name": "user", "private": true, "type": "module" }\n' >"$work/user/package.json"
npm install --prefix "$work/user" --silent --ignore-scripts --no-audit --no-fund --prefer-offline target/dist/*.tgz
tests/conformance/block.sh docs/python.md python 'cipher.key_ids' >"$work/user/sample.py"
tests/conformance/block.sh docs/node.md js 'source.begin' >"$work/user/request.js"
tests/conformance/block.sh docs/java.md java 'class Decide' >"$work/user/Decide.java"
[[ $("$work/user/venv/bin/python" "$work/user/sample.py") = '43 10.0.0.7'* ]] || fail 'the wheel does not work'
[ "$(node "$work/user/request.js")" = 'dial 10.0.0.7:8080' ] || fail 'the package for Node does not work'
classes=$(printf '%s:' target/dist/*.jar "$DOORS_CACHE"/maven/net/java/dev/jna/jna/*/*.jar)
[ "$(java -cp "$classes" "$work/user/Decide.java")" = 'POD /10.0.0.7' ] || fail 'the jar does not work'

python=$(scripts/stages/kubernetes-validate.sh | tail -n 1)
python=${python%/*}/python
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --no-compile --require-hashes --target "$work/schemas" \
    --requirement tests/install/requirements.txt
valid() { "$python" tests/install/cyclonedx.py "$work/schemas" "$1"; }
valid target/dist/*.cdx.json || fail 'the SBOM does not have the form of CycloneDX 1.6'
sed 's/"name"/"names"/' target/dist/*.cdx.json >"$work/broken.json"
if valid "$work/broken.json" 2>/dev/null; then fail 'a broken SBOM counts as a valid one'; fi
printf 'dist: %s, twice the same\n' "$(du -sh target/dist | cut -f 1)"
