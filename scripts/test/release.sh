#!/usr/bin/env bash
# Tests that release.sh rejects an unfinished release and tags a finished one.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/test/expect.sh"

work=$(mktemp -d "${TMPDIR:-/tmp}/doors-caddy.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' "$doors_root/Cargo.toml")
export GIT_AUTHOR_NAME=test GIT_AUTHOR_EMAIL=test@localhost GIT_COMMITTER_NAME=test GIT_COMMITTER_EMAIL=test@localhost

# The current versions of the files that it reads, in a separate repository, with a date and with trivial
# tests.
(cd -- "$doors_root" && git ls-files | grep -E '(\.toml|go\.mod|pom\.xml|bindings/node/package.*\.json|docs/java\.md|\.yaml|CHANGELOG\.md|doors_caddy\.h)$|^scripts/' |
    tar -cf - -T -) | tar -xf - -C "$work"
cd -- "$work"
sed -i "s/^## \[$version\] - .*/## [$version] - 2026-01-02/" CHANGELOG.md
printf 'test:\n\t@echo tested\n' >Makefile
git init -q
commit() { git add -A && git commit -q --allow-empty -m test; }
release() { scripts/release/release.sh "$@"; }
# refused DESCRIPTION TEXT: checks that the release is rejected after a change to the files, then undoes the
# change.
refused() {
    commit
    expect_output "$1" 1 "$2" release --check
    git reset -q --hard HEAD^
}
commit

expect_output 'ready' 0 '' release --check
expect_output 'an argument that it does not know' 2 'usage: scripts/release/release.sh' release --force
touch left-over
expect_output 'a tree that is not clean' 1 'the tree is not clean' release --check
rm left-over
sed -i 's/ - 2026-01-02/ - unreleased/' CHANGELOG.md
refused 'no date' "write \"## [$version] - "
sed -i "s/DOORS_VERSION \"$version\"/DOORS_VERSION \"0.0.1\"/" include/doors_caddy.h
refused 'another version in the header' 'include/doors_caddy.h: version "0.0.1"'
sed -i "s/\"version\": \"$version\"/\"version\": \"0.0.1\"/" bindings/node/package.json
refused 'another version in a package' 'bindings/node/package.json: version "0.0.1"'
sed -i "s/version = \"$version\"/version = \"0.0.1\"/" bindings/python/pyproject.toml
refused 'another version in the package for Python' 'bindings/python/pyproject.toml: version "0.0.1"'
sed -i "s/doors-caddy v$version/doors-caddy v0.0.1/" caddy/go.mod
refused 'another version in a module' 'caddy/go.mod: version "0.0.1"'
sed -i "s,doors-caddy/caddy v$version,doors-caddy/caddy v0.0.1," plugin/go.mod
refused 'another version in the module that only imports' 'plugin/go.mod: version "0.0.1"'
sed -i "s/version = \"$version\"/version = \"one\"/" Cargo.toml
refused 'not a version' '"one" is not of the form 1.2.3'

expect_output 'the release' 0 "git push --atomic origin main v$version caddy/v$version plugin/v$version" release
expect_output 'its tags' 0 "$(printf 'caddy/v%s\nplugin/v%s\nv%s' "$version" "$version" "$version")" git tag
expect_output 'twice' 1 "tag v$version already exists" release
finish
