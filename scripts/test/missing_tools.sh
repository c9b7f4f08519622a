#!/usr/bin/env bash
# Tests that xcaddy.sh, library.sh and setup.sh report each missing or outdated tool without doing anything
# else, and that xcaddy.sh reports an outdated Caddy.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/require.sh"
. "$doors_root/scripts/test/expect.sh"

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# A PATH with only a POSIX system, and one with a stub for each tool as well.
mkdir "$work/system" "$work/all"
for tool in awk basename bash cat cksum cmp cp cut dirname env expr grep head id ln ls mkdir mktemp mv \
    printf rm sed sh sort tail tee test touch tr uname wc; do
    ln -s "$(command -v "$tool" || printf /usr/bin/%s "$tool")" "$work/system/$tool"
done
stub() { # stub NAME OUTPUT: creates a command that prints OUTPUT
    printf '#!/bin/sh\necho "%s"\n' "$2" >"$work/all/$1"
    chmod +x "$work/all/$1"
}
stub cargo 'cargo 1.95.0'
stub rustc 'rustc 1.95.0 (0000000 2026-01-01)'
go_stub() { # go_stub VERSION: creates a go without user settings
    stub go "\$([ \"\$*\" = 'env GOVERSION' ] && echo $1)"
}
go_stub go1.26.8
stub cc 'cc 12'
stub pkg-config 1.8.1

# with TOOLS SCRIPT ARGUMENTS...: runs SCRIPT with only the stubs in TOOLS.
with() {
    local tools=$1 tool bin
    shift
    bin=$(mktemp -d "$work/bin.XXXXXX")
    for tool in $tools; do ln -s "$work/all/$tool" "$bin/$tool"; done
    env -i PATH="$bin:$work/system" HOME="$work/home" "$@"
}

xcaddy=$doors_root/xcaddy.sh
expect_output 'no cargo' fail 'xcaddy.sh: Rust (cargo, rustc) is missing' \
    with 'go cc pkg-config' "$xcaddy"
expect_output 'cargo without rustc' fail 'xcaddy.sh: Rust (cargo, rustc) is missing' \
    with 'cargo go cc pkg-config' "$xcaddy"
expect_output 'no go' fail 'xcaddy.sh: Go (go) is missing' \
    with 'cargo rustc cc pkg-config' "$xcaddy"
expect_output 'no C compiler' fail 'xcaddy.sh: a C compiler (cc) is missing' \
    with 'cargo rustc go pkg-config' "$xcaddy"
expect_output 'no pkg-config' fail 'xcaddy.sh: pkg-config (pkg-config) is missing' \
    with 'cargo rustc go cc' "$xcaddy"
expect_output 'the C compiler that CC names' fail 'a C compiler (absent-cc) is missing' \
    with 'cargo rustc go cc pkg-config' env CC=absent-cc "$xcaddy"
expect_output 'the pkg-config that PKG_CONFIG names' fail 'pkg-config (absent-config) is missing' \
    with 'cargo rustc go cc pkg-config' env PKG_CONFIG=absent-config "$xcaddy"

# A Caddy that is too old is rejected, because Go would silently build another version.
for version in v2.10.2 2.11.8 v2.11.8-beta.1 v1.0.0; do
    expect_output "Caddy $version" fail "xcaddy.sh: Caddy $version is too old: this module needs $caddy_default" \
        with 'cargo rustc go cc pkg-config' "$xcaddy" "$version"
done

# If everything is missing, all of it is reported at once.
for text in 'Rust (cargo, rustc)' 'Go (go)' 'a C compiler (cc)' 'pkg-config (pkg-config)'; do
    expect_output "nothing there: $text" fail "xcaddy.sh: $text is missing" with '' "$xcaddy"
done
expect_output 'setup without Go' fail 'setup: Go (go) is missing' \
    with 'cargo rustc cc pkg-config' "$doors_root/scripts/setup.sh"
expect_output 'library without Rust' fail 'library: Rust (cargo, rustc) is missing' \
    with 'cc go pkg-config' "$doors_root/scripts/library.sh"

# For a package that cannot be installed, the command to run is printed. There is no apt-get in that PATH.
expect_output 'setup without pkg-config' fail 'sudo apt-get install pkg-config' \
    with 'cargo rustc go cc' "$doors_root/scripts/setup.sh" demo

stub rustc 'rustc 1.88.0 (0000000 2025-01-01)'
expect_output 'old Rust' fail "rustc 1.88.0 is too old: Rust $rust_least or newer" \
    with 'cargo rustc go cc pkg-config' "$xcaddy"
stub rustc 'rustc 1.95.0 (0000000 2026-01-01)'
go_stub go1.25.4
expect_output 'old Go' fail "Go 1.25.4 is too old: Go $go_least or newer" \
    with 'cargo rustc go cc pkg-config' "$xcaddy"

# Invalid arguments are reported first.
expect_output 'help' 0 'usage: ./xcaddy.sh' with '' "$xcaddy" --help
expect_output 'a missing value' 2 '--with needs a value' with '' "$xcaddy" --with
expect_output 'two versions' 2 'two Caddy versions given, v2.11.9 and v2.12.0' \
    with '' "$xcaddy" v2.11.9 --caddy v2.12.0
expect_output 'an empty version' 2 'the Caddy version is empty' with '' "$xcaddy" --caddy=
expect_output 'an empty output' 2 '--output is empty' with '' "$xcaddy" --output=
expect_output 'a folder as output' 2 'is a folder' with '' "$xcaddy" --output "$work"
expect_output 'setup for what' 2 'usage: scripts/setup.sh' with '' "$doors_root/scripts/setup.sh" nothing
finish
