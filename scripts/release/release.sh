#!/usr/bin/env bash
# Creates the tags of a release:  scripts/release/release.sh [--check]
#
# The version is that of Cargo.toml. It must be the same everywhere, CHANGELOG.md must have its date, the tree
# must be clean, and the tests must pass. Then one tag is created for each published Go module. --check stops
# before the tests. Pushes nothing, but prints the command for it.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
cd -- "$doors_root"

fail() {
    printf 'release.sh: %s\n' "$1" >&2
    exit 1
}
case $* in '' | --check) ;; *)
    printf 'usage: scripts/release/release.sh [--check]\n' >&2
    exit 2
    ;;
esac

[ -z "$(git status --porcelain)" ] || fail 'the tree is not clean: commit or remove what git status lists'
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
[[ $version =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || fail "version of Cargo.toml: \"$version\" is not of the form 1.2.3"

# same FILE PATTERN: checks that the version is the first group of the sed pattern, on the one matching line
# of FILE.
same() {
    local found
    found=$(sed -nE "s,$2,\1,p" "$1")
    [ "$found" = "$version" ] || fail "$1: version \"$found\", but Cargo.toml says \"$version\""
}
same rust/capi/Cargo.toml '^doors_routing = \{ version = "([^"]*)".*'
same bindings/python/pyproject.toml '^version = "([^"]*)"$'
same include/doors_caddy.h '^#define DOORS_VERSION "([^"]*)"$'
for file in package package-lock; do same "bindings/node/$file.json" '^    "version": "([^"]*)".*'; done
for file in bindings/java/pom.xml tests/conformance/java/pom.xml docs/java.md; do same "$file" '^  <version>([^<]*)</version>$'; done
same deploy/compose/compose.yaml '.*ghcr\.io/doors-dev/doors-caddy:([0-9.]+).*'
same deploy/kubernetes/base/caddy/deployment.yaml '.*ghcr\.io/doors-dev/doors-caddy:([0-9.]+).*'
for file in caddy examples/app tests/e2e benchmarks; do
    same "$file/go.mod" '^\tgithub\.com/doors-dev/doors-caddy v([^ ]*)$'
done
same plugin/go.mod '^\tgithub\.com/doors-dev/doors-caddy/caddy v([^ ]*)$'
same plugin/go.mod '^\tgithub\.com/doors-dev/doors-caddy v([^ ]*) // indirect$'

heading=$(grep -m 1 '^## ' CHANGELOG.md)
[[ $heading =~ ^'## ['"$version"'] - '[0-9]{4}-[0-9]{2}-[0-9]{2}$ ]] ||
    fail "CHANGELOG.md: the first heading is \"$heading\"; write \"## [$version] - $(date -u +%Y-%m-%d)\""

# The tags of a Go module in a subfolder start with the folder.
tags=("v$version" "caddy/v$version" "plugin/v$version")
for tag in "${tags[@]}"; do
    if git rev-parse -q --verify "refs/tags/$tag" >/dev/null; then fail "tag $tag already exists: raise the version"; fi
done
[ "${1:-}" != --check ] || exit 0

make test
for tag in "${tags[@]}"; do git tag -a -m "doors-caddy $version" "$tag"; done
printf 'release.sh: to push them, run:  git push --atomic origin main %s\n' "${tags[*]}"
