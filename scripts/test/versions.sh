#!/usr/bin/env bash
# Tests that scripts/versions.sh agrees with Cargo.toml and the go.mod files.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/require.sh"
. "$doors_root/scripts/test/expect.sh"
cd -- "$doors_root"

required() { awk -v module="$2" '$1 == "require" { $1 = ""; $0 = $0 } $1 == module { print $2 }' "$1"; }
caddy=github.com/caddyserver/caddy/v2

expect_output 'Caddy' 0 "$caddy_default" required caddy/go.mod "$caddy"
expect_output 'xcaddy' 0 "$xcaddy_version" required tools/go.mod github.com/caddyserver/xcaddy
expect_output 'least Rust' 0 "rust-version = \"$rust_least\"" cat Cargo.toml

# The minimum Go version is that of Caddy, and none of our modules requires a newer one.
caddy_folder=$(cd caddy && go list -m -f '{{.Dir}}' "$caddy")
expect_output 'least Go' 0 "go $go_least" grep '^go ' "$caddy_folder/go.mod"
for file in go.mod caddy/go.mod tests/e2e/go.mod tools/go.mod; do
    needed=$(awk '$1 == "go" { print $2 }' "$file")
    expect_output "Go of $file ($needed)" 0 '' version_at_least "$go_least" "$needed"
done

expect_output 'equal versions' 0 '' version_at_least 1.89 1.89.0
expect_output 'older patch' 1 '' version_at_least 1.25.9 1.26.0
expect_output 'numbers, not text' 0 '' version_at_least 1.100.0 1.89
expect_output 'a leading zero' 0 '' version_at_least 1.08 1.8
expect_output 'rustc' 0 1.95.0 number_in 'rustc 1.95.0 (59807616e 2026-04-14)'
expect_output 'go release candidate' 0 1.27 number_in 'go1.27rc1'
finish
