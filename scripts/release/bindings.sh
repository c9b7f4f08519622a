#!/usr/bin/env bash
# Makes the packages for Python, Node, Java and Rust from this folder of sources, which it may change:  scripts/release/bindings.sh LIBRARY FOLDER
#   LIBRARY  the shared library, which goes into the first three
#   FOLDER   where the packages go
# With SOURCE_DATE_EPOCH set the same files make the same packages, byte for byte.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/require.sh"
cd -- "$doors_root"

if [ $# -ne 2 ]; then
    sed -n 's/^# //; 2,4p' "$0" >&2
    exit 2
fi
output=$2
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
system=linux-$(go env GOARCH)
work=$(mktemp -d "${TMPDIR:-/tmp}/doors-caddy.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
umask 022
# Without the symbols, which no caller needs.
cp -- "$1" "$work/libdoors_caddy.so"
strip --strip-unneeded "$work/libdoors_caddy.so"
export DOORS_CADDY_LIBRARY=$work/libdoors_caddy.so

python=$(scripts/stages/venv.sh tests/conformance/python/requirements.txt | tail -n 1)/bin/python
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$output" bindings/python

(cd bindings/node && npm ci --silent --ignore-scripts --no-audit --no-fund && npm pack --silent --pack-destination "$work" >/dev/null)
mv -- "$work/doors-caddy-$version.tgz" "$output/doors-caddy-node-$version-$system.tgz"

# With a JDK that has java.lang.foreign, the jar uses it where it can. Another build may be filling the same folder.
jdk=$(foreign_jdk)
mkdir -p -- "$DOORS_CACHE/maven"
[ -z "$jdk" ] || export JAVA_HOME=$jdk
flock "$DOORS_CACHE/maven" mvn -B -q -f bindings/java/pom.xml "-Dmaven.repo.local=$DOORS_CACHE/maven" "-Doutput=$work/java" \
    "-Dlibrary=$DOORS_CADDY_LIBRARY" -Dmaven.source.skip -Dmaven.javadoc.skip package >"$work/maven.log" 2>&1 ||
    { cat "$work/maven.log" >&2 && exit 1; }
mv -- "$work/java/doors-caddy-$version.jar" "$output/doors-caddy-java-$version-$system.jar"

cargo package --quiet --locked --no-verify --target-dir "$work/crates" -p doors_routing -p doors_caddy
mv -- "$work/crates/package/"*.crate "$output/"
