#!/usr/bin/env bash
# Packs bindings/node and installs the tarball in an empty project:  tests/conformance/node/install.sh FOLDER
set -euo pipefail
rm -rf -- "$1"
folder=$(mkdir -p -- "$1" && cd -- "$1" && pwd)
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../.."

rm -rf -- bindings/node/dist bindings/node/prebuilt
(cd bindings/node && npm ci --silent --ignore-scripts --no-audit --no-fund)
(cd bindings/node && npm pack --silent --pack-destination "$folder" >/dev/null)
tar -tzf "$folder"/doors-caddy-*.tgz | sort >"$folder/content"
for file in LICENSE README.md package.json dist/index.js dist/index.d.ts prebuilt/linux-x64/libdoors_caddy.so; do
    grep -q -x "package/$file" "$folder/content" || {
        printf 'install.sh: the package lacks %s\n' "$file" >&2
        exit 1
    }
done
printf '{ "name": "user", "private": true, "type": "module" }\n' >"$folder/package.json"
(cd -- "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund --prefer-offline ./doors-caddy-*.tgz)
