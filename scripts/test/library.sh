#!/usr/bin/env bash
# Tests, with a library of two functions, that library.sh links what it has built or explains why it cannot,
# whatever the settings of cargo, rustc and the C compiler; and that Go uses the local modules, whatever its
# settings for private modules.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/require.sh"
. "$doors_root/scripts/modules.sh"
. "$doors_root/scripts/test/expect.sh"

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
# A folder name that could confuse a shell or pkg-config.
above="$work/a b's [\`c\`] & d" root="$work/a b's [\`c\`] & d/checkout"
checkout "$root"
cd -- "$root"
mkdir -p rust/src
cat >Cargo.toml <<'TOML'
[workspace]
resolver = "3"
members = ["rust"]
TOML
cat >rust/Cargo.toml <<'TOML'
[package]
name = "doors_caddy"
version = "1.2.3"
edition = "2024"
[lib]
crate-type = ["rlib", "staticlib"]
TOML
abi=$(sed -n 's/^#define DOORS_ABI \([0-9]*\).*/\1/p' include/doors_caddy.h)

# library NUMBER COMMAND...: builds a library with COMMAND that is different for each number.
library() {
    cat >rust/src/lib.rs <<RUST
#[unsafe(no_mangle)]
pub extern "C" fn doors_abi() -> u32 { std::panic::catch_unwind(|| panic!()).map_or($abi, |()| 0) }
#[unsafe(no_mangle)]
pub extern "C" fn doors_version() -> *const u8 { c"library $1".as_ptr().cast() }
RUST
    shift
    "$@" scripts/library.sh
}
printf '#include <doors_caddy.h>\n#include <stdio.h>\nint main(void) { return puts(doors_version()) < 0; }\n' >"$work/show.c"
# linked: the output of a program that is linked with the library as cgo would do it.
linked() {
    local flags=()
    eval "flags=($(PKG_CONFIG_PATH=$root/target/pkgconfig pkg-config --cflags --libs doors_caddy))"
    cc "$work/show.c" "${flags[@]}" -o "$work/show" && "$work/show"
}

# clean VARIABLE...: the environment of a user with these variables.
clean() { env -i PATH="$PATH" HOME="$work/home" RUSTUP_HOME="${RUSTUP_HOME:-$HOME/.rustup}" CARGO_HOME="$work/cargo" "$@"; }
host=$(rust_host) number=1
builds() { # builds DESCRIPTION VARIABLE...: checks that a new library is linked
    local description=$1 before after
    shift
    number=$((number + 1))
    before=$(cat target/pkgconfig/doors_caddy.fingerprint)
    expect_output "$description" 0 '' library "$number" clean "$@"
    expect_output "$description: linked" 0 "library $number" linked
    after=$(cat target/pkgconfig/doors_caddy.fingerprint)
    expect_output "$description: fingerprint" 0 '' [ "$before" != "$after" ]
}
touch rust/src/lib.rs
clean cargo generate-lockfile --quiet --offline
expect_output 'a first library' 0 '' library 1 clean
builds 'nothing set'

# --- Where cargo puts it -------------------------------------------------------------------------------------------------

builds 'CARGO_BUILD_TARGET' CARGO_BUILD_TARGET="$host"
builds 'CARGO_BUILD_TARGET_DIR' CARGO_BUILD_TARGET_DIR="$work/elsewhere"
builds 'CARGO_TARGET_DIR' CARGO_TARGET_DIR="$work/elsewhere"
builds 'CARGO_BUILD_BUILD_DIR' CARGO_BUILD_BUILD_DIR="$work/elsewhere"
printf '#!/bin/sh\nexec "$@"\n' >"$work/wrapper"
chmod +x "$work/wrapper"
builds 'CARGO_BUILD_RUSTC_WRAPPER' CARGO_BUILD_RUSTC_WRAPPER="$work/wrapper"
builds 'a profile' CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_DEBUG=1 CARGO_PROFILE_RELEASE_PANIC=abort
for folder in "$above/.cargo" "$work/cargo"; do
    mkdir -p "$folder"
    printf '[build]\ntarget = "%s"\ntarget-dir = "elsewhere"\n[profile.release]\npanic = "abort"\n' "$host" >"$folder/config.toml"
    builds "${folder##*/}/config.toml"
    rm -- "$folder/config.toml"
done
# A cargo that builds nothing but reports success, with the previous library still in place.
mkdir "$work/bin"
printf '#!/bin/sh\necho "note: native-static-libs: -lm"\n' >"$work/bin/cargo"
chmod +x "$work/bin/cargo"
expect_output 'nothing built' fail 'cargo did not create' library 99 clean PATH="$work/bin:$PATH"
expect_output 'another platform' fail "CARGO_BUILD_TARGET is wasm32-wasip1, but builds are always for this machine, $host" \
    library 99 clean CARGO_BUILD_TARGET=wasm32-wasip1

# --- What cannot be linked -----------------------------------------------------------------------------------------------

builds 'flags for rustc' RUSTFLAGS=-Ctarget-cpu=native
expect_output 'a library for another linker' fail 'check RUSTFLAGS' library 99 clean RUSTFLAGS=-Clinker-plugin-lto
printf '[build]\nrustflags = ["-Clinker-plugin-lto"]\n' >"$work/cargo/config.toml"
expect_output 'the same, configured' fail "rustflags in cargo's configuration" library 99 clean
rm -- "$work/cargo/config.toml"
expect_output 'a library that ends the process' fail 'remove it from RUSTFLAGS' library 99 clean RUSTFLAGS='-C panic=abort'
expect_output 'another kind of C compiler' fail 'gcc -nostdlib' library 99 clean CC='gcc -nostdlib'
expect_output 'no such C compiler' fail 'a C compiler (absent -m64) is missing' library 99 clean CC='absent -m64'
expect_output 'what was there stays' 0 "library $number" linked

builds 'a C compiler with an argument' CC='gcc -m64'
builds 'a C compiler behind another program' CC="$work/wrapper gcc"

# --- In another folder ---------------------------------------------------------------------------------------------------

# Go's build cache contains the path of the library.
before=$(cat target/pkgconfig/doors_caddy.fingerprint)
cp -R -- "$root" "$above/moved"
cd -- "$above/moved"
expect_output 'the same library in another folder' 0 '' library "$number" clean
expect_output 'the same library in another folder: fingerprint' 0 '' [ "$before" != "$(cat target/pkgconfig/doors_caddy.fingerprint)" ]
cd -- "$root"

# --- Go's modules --------------------------------------------------------------------------------------------------------

# Stands in for xcaddy: only queries the versions of our modules. There are none.
mkdir -p "$work/cache/bin" "$work/module"
cat >"$work/cache/bin/xcaddy-$xcaddy_version" <<'SH'
#!/bin/sh
set -e
cd -- "$(dirname -- "$0")/../../module"
go list -m -versions github.com/doors-dev/doors-caddy github.com/doors-dev/doors-caddy/caddy github.com/doors-dev/doors-caddy/plugin | sed 's/$/./'
git ls-remote --get-url https://github.com/doors-dev/doors-caddy-plugin
SH
chmod +x "$work/cache/bin/xcaddy-$xcaddy_version"
printf 'module example.com/caddy\n' >"$work/module/go.mod"
versions=$'github.com/doors-dev/doors-caddy.\ngithub.com/doors-dev/doors-caddy/caddy.\ngithub.com/doors-dev/doors-caddy/plugin.\n'
others=https://github.com/doors-dev/doors-caddy-plugin
modules() { # modules VARIABLE...: what Go finds with these
    # shellcheck disable=SC2016 # the other shell expands it
    clean DOORS_CACHE="$work/cache" GOMODCACHE="$work/modules" GOFLAGS=-modcacherw GOPROXY=off "$@" bash -euo pipefail -c \
        '. scripts/env.sh; . scripts/versions.sh; . scripts/modules.sh; xcaddy_here "$1"' - "$work/answers"
}
expect_output 'no private modules' 0 "$versions" modules
for pattern in '*' 'github.com/doors-dev/*' github.com/doors-dev/doors-caddy; do
    expect_output "GOPRIVATE=$pattern" 0 "$versions" modules GOPRIVATE="$pattern"
    expect_output "GONOPROXY=$pattern" 0 "$versions" modules GONOPROXY="$pattern"
done
expect_output 'GOPROXY=direct' 0 "$versions" modules GOPROXY=direct
expect_output "what git was told before" 0 "ssh://git@github.com/doors-dev/doors-caddy-plugin" modules GIT_CONFIG_COUNT=1 \
    GIT_CONFIG_KEY_0=url.ssh://git@github.com/.insteadOf GIT_CONFIG_VALUE_0=https://github.com/
expect_output 'another repository' 0 "$others" modules
finish
