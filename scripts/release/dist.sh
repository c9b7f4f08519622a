#!/usr/bin/env bash
# Makes the files of a release for the architecture of this machine:  scripts/release/dist.sh [FOLDER]      default: target/dist
#   Caddy and the library as tarballs and as Debian packages, the packages for other languages, the source, an SBOM, and
#   checksums.
# Builds the checked-out commit and ignores uncommitted changes. The same commit gives the same files, byte for byte, in
# any folder, provided that the compilers, the C library, Python, Node and the JDK are the same.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/versions.sh"
. "$doors_root/scripts/require.sh"
. "$doors_root/scripts/modules.sh"

fail() {
    printf 'dist.sh: %s\n' "$1" >&2
    exit 1
}
output=${1:-$doors_root/target/dist}
case $output in /*) ;; *) output=$PWD/$output ;; esac
require_tools dist.sh cargo go cc pkg-config
cd -- "$doors_root"
[ -z "$(git status --porcelain --untracked-files=no)" ] || printf 'dist.sh: ignoring uncommitted changes\n' >&2
"$doors_root/scripts/tools.sh"
cargo_c=$("$doors_root/scripts/cargo-tool.sh" cargo-c | tail -n 1)

work=$(mktemp -d "${TMPDIR:-/tmp}/doors-caddy.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
umask 022
SOURCE_DATE_EPOCH=$(git log -1 --format=%ct)
export SOURCE_DATE_EPOCH TZ=UTC LC_ALL=C
version=$(git show HEAD:Cargo.toml | sed -n 's/^version = "\(.*\)"$/\1/p')
system=linux-$(go env GOARCH)
source=$work/doors-caddy-$version
git archive --prefix="doors-caddy-$version/" -o "$work/source.tar" HEAD
tar -xf "$work/source.tar" -C "$work"
rm -rf -- "$output"
mkdir -p -- "$output"

# pack FILE NAME: a tarball of $work/NAME.
pack() {
    tar --sort=name --mtime="@$SOURCE_DATE_EPOCH" --owner=0 --group=0 --numeric-owner --format=gnu -C "$work" -cf - "$2" | gzip -9n >"$output/$1.tar.gz"
}

# --- The library -----------------------------------------------------------------------------------------------------

# The compiler writes paths into panic messages.
cargo_home=${CARGO_HOME:-$HOME/.cargo}
export RUSTFLAGS="--remap-path-prefix=$source=/doors-caddy --remap-path-prefix=$cargo_home=/cargo"
prefix=$work/install/usr/local
(cd -- "$source" && PATH="${cargo_c%/*}:$PATH" CARGO_TARGET_DIR=$work/target cargo cinstall --release --locked \
    -p doors_caddy --destdir "$work/install" --prefix /usr/local --libdir /usr/local/lib)

# --- Caddy, with plain xcaddy and the modules as released ---------------------------------------------------------

mkdir -p "$work/pkgconfig"
cat >"$work/pkgconfig/doors_caddy.pc" <<PC
Name: doors_caddy
Description: The library that was just built
Version: $version
Cflags: -I$prefix/include
Libs: $prefix/lib/libdoors_caddy.a -lm
PC
. "$source/scripts/static.sh"
released "$work/proxy" "$doors_root" "v$version"
fingerprint=$(doors_fingerprint "$prefix/lib/libdoors_caddy.a" "$work/pkgconfig/doors_caddy.pc")
# A build ID would depend on the paths above.
XCADDY_GO_BUILD_FLAGS=${XCADDY_GO_BUILD_FLAGS/-ldflags=\'/-ldflags=\'-buildid= } \
    PKG_CONFIG_PATH=$work/pkgconfig CGO_CFLAGS="-O2 -g -DDOORS_LIBRARY=$fingerprint" \
    xcaddy_released "$work" "$caddy_default" --output "$work/caddy" 2>"$work/xcaddy.log" || {
    cat "$work/xcaddy.log" >&2
    fail 'xcaddy failed'
}

# --- Files -------------------------------------------------------------------------------------------------------------

name=doors-caddy-$version-$system
mkdir "$work/$name"
install -m 755 "$work/caddy" "$work/$name/caddy"
install -m 644 "$source/LICENSE" "$source/CHANGELOG.md" "$work/$name/"
pack "$name" "$name"

name=libdoors-caddy-$version-$system
mkdir "$work/$name"
cp -a "$prefix/include" "$prefix/lib" "$work/$name/"
# Users may unpack it anywhere.
# shellcheck disable=SC2016 # pkg-config expands it
sed -i 's,^prefix=.*,prefix=${pcfiledir}/../..,' "$work/$name/lib/pkgconfig/doors_caddy.pc"
install -m 644 "$source/LICENSE" "$work/$name/"
pack "$name" "$name"

gzip -9n <"$work/source.tar" >"$output/doors-caddy-$version-source.tar.gz"
"$source/scripts/release/debian.sh" "$work/caddy" "$prefix" "$output"
"$source/scripts/release/bindings.sh" "$prefix/lib/libdoors_caddy.so" "$output"
(cd -- "$source" && python3 scripts/release/sbom.py "$work/caddy" "$version") >"$output/doors-caddy-$version-$system.cdx.json"
(cd -- "$output" && sha256sum -- * >"$work/sums" && mv "$work/sums" SHA256SUMS)
printf 'dist.sh: %s\n' "$output" >&2
ls -l -- "$output" >&2
