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
platform=$(node -p 'process.platform + "-" + process.arch')
for file in LICENSE README.md package.json dist/index.js dist/index.d.ts "prebuilt/$platform/libdoors_caddy.so"; do
    grep -q -x "package/$file" "$folder/content" || {
        printf 'install.sh: the package lacks %s\n' "$file" >&2
        exit 1
    }
done
# npm refuses the package where its library does not work. The sources work anywhere.
stated=$(tar -xzOf "$folder"/doors-caddy-*.tgz package/package.json |
    node -p 'const { os, cpu, libc } = JSON.parse(fs.readFileSync(0)); [os, cpu, libc].join("-")')
if [ "$stated" != "$platform-glibc" ] || grep -q '"cpu"' bindings/node/package.json; then
    printf 'install.sh: the package states the platform <%s>, or the sources state one\n' "$stated" >&2
    exit 1
fi
printf '{ "name": "user", "private": true, "type": "module" }\n' >"$folder/package.json"
(cd -- "$folder" && npm install --silent --ignore-scripts --no-audit --no-fund --prefer-offline ./doors-caddy-*.tgz)
