#!/usr/bin/env bash
# Makes Debian packages from existing builds:  scripts/release/debian.sh CADDY PREFIX FOLDER
#   CADDY   the static Caddy
#   PREFIX  the library as cargo-c installs it, with the libraries in lib/
#   FOLDER  the output: caddy-doors, libdoors-caddy0.2 (0.2 is the interface version) and libdoors-caddy-dev
# With SOURCE_DATE_EPOCH set, the same files give the same packages, byte for byte.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
cd -- "$doors_root"

if [ $# -ne 3 ]; then
    sed -n 's/^# //; 2,5p' "$0" >&2
    exit 2
fi
caddy=$1 prefix=$2 output=$3
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml)
abi=${version%.*} # as in the SONAME
architecture=$(dpkg --print-architecture)
export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(date +%s)}
work=$(mktemp -d "${TMPDIR:-/tmp}/doors-caddy.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
umask 022
mkdir -p -- "$output"

put() { install -D -m "$1" -- "$2" "$work/$3"; }
# The minimum glibc is in the shared library.
libc=$(readelf --version-info --wide "$prefix/lib/libdoors_caddy.so" | grep -o 'GLIBC_[0-9.]*' | sort -V | tail -n 1)

# pack NAME CONTROL: makes the package of the files in $work/NAME.
pack() {
    local name=$1 control=deploy/debian/$2.control root=$work/$1 documents=$work/$1/usr/share/doc/$1 script
    put 644 deploy/debian/copyright "$name/usr/share/doc/$name/copyright"
    printf 'doors-caddy (%s) unstable; urgency=medium\n\n  * See CHANGELOG.md in the repository.\n\n -- doors-dev <doors-dev@users.noreply.github.com>  %s\n' \
        "$version-1" "$(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")" | gzip -9n >"$documents/changelog.Debian.gz"
    for script in postinst prerm postrm; do
        if [ -f "deploy/debian/$name.$script" ]; then put 755 "deploy/debian/$name.$script" "$name/DEBIAN/$script"; fi
    done
    mkdir -p "$root/DEBIAN"
    (cd -- "$root" && find . -type f -not -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
    sed -e "s/@VERSION@/$version-1/; s/@ARCHITECTURE@/$architecture/; s/@LIBC@/${libc#GLIBC_}/; s/@CADDY@/$caddy_version/; s/@ABI@/$abi/" \
        -e "s/@SIZE@/$(du -k --apparent-size --summarize --exclude=DEBIAN "$root" | cut -f 1)/" \
        "$control" >"$root/DEBIAN/control"
    dpkg-deb --root-owner-group -Zxz --build "$root" "$output/${name}_$version-1_$architecture.deb" >/dev/null
}

# --- caddy-doors: the paths of Caddy's own package --------------------------------------------------------------------

caddy_version=$("$caddy" version)
caddy_version=${caddy_version%% *} caddy_version=${caddy_version#v}
put 755 "$caddy" caddy-doors/usr/bin/caddy
put 644 deploy/image/Caddyfile caddy-doors/etc/caddy/Caddyfile
printf '/etc/caddy/Caddyfile\n' >"$work/conffiles"
put 644 "$work/conffiles" caddy-doors/DEBIAN/conffiles
# Certificates stay where Caddy's own package keeps them, in the home folder of its user.
sed '1d; s,/usr/local/bin/,/usr/bin/,; /^Environment=XDG_DATA_HOME=/d' deploy/systemd/caddy.service >"$work/unit"
put 644 "$work/unit" caddy-doors/lib/systemd/system/caddy.service
"$caddy" manpage --directory "$work/caddy-doors/usr/share/man/man8"
gzip -9n "$work"/caddy-doors/usr/share/man/man8/*
mkdir -p "$work/caddy-doors/usr/share/bash-completion/completions"
"$caddy" completion bash >"$work/caddy-doors/usr/share/bash-completion/completions/caddy"
pack caddy-doors caddy-doors

# --- The library ---------------------------------------------------------------------------------------------------------

triplet=$(cc -print-multiarch) shared=libdoors-caddy$abi
library=$(readlink -f "$prefix/lib/libdoors_caddy.so")
put 644 "$library" "$shared/usr/lib/$triplet/libdoors_caddy.so.$version"
strip --strip-unneeded "$work/$shared/usr/lib/$triplet/libdoors_caddy.so.$version"
ln -s "libdoors_caddy.so.$version" "$work/$shared/usr/lib/$triplet/libdoors_caddy.so.$abi"
printf 'libdoors_caddy %s %s (>= %s)\n' "$abi" "$shared" "$version" >"$work/shlibs"
put 644 "$work/shlibs" "$shared/DEBIAN/shlibs"
printf 'activate-noawait ldconfig\n' >"$work/triggers"
put 644 "$work/triggers" "$shared/DEBIAN/triggers"
pack "$shared" libdoors-caddy

for header in doors_caddy.h doors_caddy.hpp doors_caddy_flow.hpp; do put 644 "$prefix/include/$header" "libdoors-caddy-dev/usr/include/$header"; done
put 644 "$prefix/lib/libdoors_caddy.a" "libdoors-caddy-dev/usr/lib/$triplet/libdoors_caddy.a"
ln -s "libdoors_caddy.so.$abi" "$work/libdoors-caddy-dev/usr/lib/$triplet/libdoors_caddy.so"
sed "s,^prefix=.*,prefix=/usr,; s,^libdir=.*,libdir=/usr/lib/$triplet," "$prefix/lib/pkgconfig/doors_caddy.pc" >"$work/doors_caddy.pc"
put 644 "$work/doors_caddy.pc" "libdoors-caddy-dev/usr/lib/$triplet/pkgconfig/doors_caddy.pc"
pack libdoors-caddy-dev libdoors-caddy-dev
