#!/usr/bin/env bash
# Type-checks examples/app with the real framework, if the module proxy has it:  scripts/stages/example-app.sh Uses a
# copy, so that no go.sum for the framework's dependencies is kept.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"

copy=$doors_root/target/example-app
rm -rf -- "$copy"
mkdir -p -- "$copy"
cp -- "$doors_root"/examples/app/* "$copy/"
cd -- "$copy"
go mod edit -replace "github.com/doors-dev/doors-caddy=$doors_root"
version=$(go mod edit -json | sed -n '/"github.com\/doors-dev\/doors"/{n;s/.*"Version": "\(.*\)".*/\1/p;}')
if ! found=$(go mod download -json "github.com/doors-dev/doors@$version" 2>&1); then
    printf '%s\nThe module proxy does not have Doors %s, so examples/app is only checked with tests/framework.\n' "$found" "$version"
    exit 0
fi
go mod tidy
go vet ./...
