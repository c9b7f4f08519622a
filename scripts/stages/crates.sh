#!/usr/bin/env bash
# Packs the crates doors_routing and doors_caddy as `cargo publish` does, and uses them in empty projects.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
cd -- "$doors_root"

fail() {
    printf 'crates.sh: %s\n' "$*" >&2
    exit 1
}
work=$(mktemp -d "${TMPDIR:-/tmp}/doors-caddy.XXXXXX")
trap 'rm -rf -- "$work"' EXIT
version=$(cargo pkgid --quiet -p doors_routing)
version=${version##*[#@]}

# Builds each crate from its package. doors_caddy uses the packed doors_routing, since no registry has it yet.
crates=(--quiet --locked --allow-dirty -p doors_routing -p doors_caddy)
cargo publish --dry-run "${crates[@]}" 2>"$work/log" || { cat "$work/log"; fail 'cargo publish --dry-run'; }
cargo package --no-verify --target-dir "$work/packages" "${crates[@]}"
core=$work/doors_routing-$version capi=$work/doors_caddy-$version
for crate in "$core" "$capi"; do
    tar -xzf "$work/packages/package/${crate##*/}.crate" -C "$work"
    for file in LICENSE README.md src/lib.rs; do
        [ -s "$crate/$file" ] || fail "${crate##*/} lacks $file"
    done
    # Such a path leads out of the package.
    if grep -rn 'include_[a-z]*!("../../' "$crate/src"; then fail "${crate##*/} includes a file outside its package"; fi
done
for file in build.rs include/doors_caddy.h include/doors_caddy.hpp include/doors_caddy_flow.hpp; do
    [ -s "$capi/$file" ] || fail "doors_caddy lacks $file"
done
# The core serves any proxy, so only the URL of the repository may name one.
if grep -rIi caddy "$core" --exclude=.cargo_vcs_info.json --exclude=Cargo.lock |
    grep -v 'repository = "https://github.com/doors-dev/doors-caddy"'; then
    fail 'doors_routing names Caddy'
fi

# project NAME: an empty project that uses the crates from their packages.
project() {
    mkdir -p "$work/$1/src"
    cp Cargo.lock "$work/$1/"
    cat >"$work/$1/Cargo.toml" <<TOML
[package]
name = "$1"
edition = "2024"
[dependencies]
doors_routing = "$version"
doors_caddy = "$version"
[patch.crates-io]
doors_routing = { path = "../${core##*/}" }
doors_caddy = { path = "../${capi##*/}" }
[workspace]
TOML
}

project user
tests/conformance/block.sh docs/rust.md rust 'fn main' >"$work/user/src/main.rs"
for page in rust build-a-proxy; do
    cp "docs/$page.md" "$work/user/"
    printf '#[cfg(doctest)]\n#[doc = include_str!("../%s.md")]\nmod %s {}\n' "$page" "${page//-/_}" >>"$work/user/src/lib.rs"
done
cp rust/capi/README.md "$work/user/"
printed=$(cd -- "$work/user" && cargo run --quiet --offline)
grep -q -F "It prints \`$printed\`." docs/rust.md || fail "the first sample of docs/rust.md prints <$printed>"
(cd -- "$work/user" && cargo test --quiet --offline --doc)

# The sample in C of doors_caddy's page, with the header of the package.
tests/conformance/block.sh "$capi/README.md" c 'int main' >"$work/app.c"
(cd -- "$work/user" && cargo rustc --quiet --offline -p doors_caddy --lib --crate-type staticlib)
cc -std=c11 -Wall -Wextra -Werror "-I$capi/include" "$work/app.c" "$CARGO_TARGET_DIR/debug/libdoors_caddy.a" -lm -o "$work/app"
[ "$("$work/app" | wc -c)" -eq 44 ] || fail 'the sample in rust/capi/README.md prints no token'

# Two crates may depend on different versions of the core, because it exports no symbols.
cp -R "$core" "$work/other"
sed -i "/^\[package\]/,/^\[/s/^version = \"$version\"/version = \"0.0.1\"/" "$work/other/Cargo.toml"
project twice
sed -i 's,^doors_caddy = "[^"]*",other = { package = "doors_routing"\, path = "../other" },; /^doors_caddy = { path/d' "$work/twice/Cargo.toml"
cp tests/package/twice.rs "$work/twice/src/main.rs"
[ "$(cd -- "$work/twice" && cargo run --quiet --offline)" = 10.0.0.7 ] || fail 'two versions of the core in one program'
printf 'crates: %s and %s\n' "${core##*/}" "${capi##*/}"
