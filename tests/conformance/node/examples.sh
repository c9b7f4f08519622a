#!/usr/bin/env bash
# Compiles types.ts and the examples of docs/node.md in the project created by install.sh, and runs them:
#     tests/conformance/node/examples.sh FOLDER
set -euo pipefail
folder=$(cd -- "$1" && pwd)
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../.."

block() { tests/conformance/block.sh docs/node.md "$@"; }
# same NAME WANTED: checks the output of the program.
same() {
    local got
    got=$(node "$folder/$1")
    [ "$got" = "$2" ] || {
        printf 'examples.sh: %s prints <%s> instead of <%s>\n' "$1" "$2" "$got" >&2
        exit 1
    }
}
cp tests/conformance/node/types.ts "$folder/types.ts"
{
    printf 'declare const console: { log(...values: unknown[]): void };\n'
    block ts 'using cipher'
} >"$folder/decision.ts"
block js 'source.begin' >"$folder/request.js"

# Without the types of Node, which the package does not need.
printf 'declare const console: { log(...values: unknown[]): void };\n' >>"$folder/types.ts"
bindings/node/node_modules/.bin/tsc --strict --target ES2022 --module NodeNext --rootDir "$folder" \
    "$folder/types.ts" "$folder/decision.ts"
same types.js '["10.0.0.7","marked,evicted,eviction_undone",10,true,"no_pod"] '"$(node -p "require('./bindings/node/package.json').version")"
same decision.js 10.0.0.7:8080
same request.js 'dial 10.0.0.7:8080'

# A platform without a library. koffi has one for its own platform, so it goes first.
cat >"$folder/platform.js" <<'JS'
await import('koffi');
Object.defineProperty(process, 'arch', { value: 'other' });
await import('doors-caddy').then(() => console.log('works'), (error) => console.log(error.message));
JS
same platform.js "the doors-caddy package contains a library for $(node -p 'process.platform + "-" + process.arch'), not for linux-other: build one and set DOORS_CADDY_LIBRARY to its path"
