#!/usr/bin/env bash
# Tests that the scripts respect the user's settings, shells and folders, or explain why they cannot.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/test/expect.sh"

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
cd -- "$work"

# clean COMMAND...: runs COMMAND without the variables that env.sh has set.
clean() { env -i PATH="$PATH" HOME="$work/home" "$@"; }

# --- Shells --------------------------------------------------------------------------------------------------------------

checkout "$work/checkout"
mkdir -p "$work/checkout/caddy/internal"
# shellcheck disable=SC2016 # the shells expand it
show='printf "<%s> <%s>" "$doors_root" "${PKG_CONFIG_PATH%%:*}"'
seen="<$work/checkout> <$work/checkout/target/pkgconfig>"
from() { # from FOLDER SHELL FILE: what FILE finds when sourced there
    cd -- "$1"
    clean "$2" -euc ". $3; $show"
}
for shell in sh dash bash zsh; do
    expect_output "$shell at the top" 0 "$seen" from checkout "$shell" ./scripts/env.sh
    expect_output "$shell below" 0 "$seen" from checkout/caddy/internal "$shell" ../../scripts/env.sh
done
for shell in bash zsh; do
    expect_output "$shell elsewhere" 0 "$seen" from . "$shell" checkout/scripts/env.sh
done
expect_output 'a shell that cannot know' fail 'first change to the folder that contains xcaddy.sh' from . dash checkout/scripts/env.sh

# --- What `go env -w` has set --------------------------------------------------------------------------------------------

settings=(GOENV="$work/goenv" "GOFLAGS=-tags=mine -mod=vendor" 'CC=gcc -m64' CGO_CFLAGS=-DMINE PKG_CONFIG=/opt/pkgconf)
clean "${settings[0]}" go env -w "${settings[@]:1}"
# shellcheck disable=SC2016 # the shells expand it
show='printf "<%s>" "$GOFLAGS" "$CC" "$CGO_CFLAGS" "$PKG_CONFIG"'
wanted='<-tags=mine -buildvcs=false><gcc -m64><-DMINE></opt/pkgconf>'
expect_output 'go env -w' 0 "$wanted" clean "${settings[0]}" bash -euc ". checkout/scripts/env.sh; $show"
expect_output 'the same in the environment' 0 "$wanted" clean "${settings[@]:1}" bash -euc ". checkout/scripts/env.sh; $show"
expect_output 'twice' 0 "$wanted" clean "${settings[0]}" bash -euc ". checkout/scripts/env.sh; . checkout/scripts/env.sh; $show"
expect_output 'what needs no change' 0 '<-mod=mod -buildvcs=true>' \
    clean 'GOFLAGS=-mod=mod -buildvcs=true' bash -euc ". checkout/scripts/env.sh; $show"

# --- Folders -------------------------------------------------------------------------------------------------------------

for character in "\$" '(' ')' '"' "\\" ':' $'\n'; do
    checkout "$work/a${character}b"
    expect_output "a folder with $character" fail 'rename or move it' clean "$work/a${character}b/scripts/library.sh"
done
# Like a read-only folder: not even root can create a folder there.
: >"$work/checkout/target"
expect_output 'a folder that cannot be written' fail 'copy this folder to a writable one' clean "$work/checkout/xcaddy.sh"
rm -- "$work/checkout/target"

# --- Files of the same name ----------------------------------------------------------------------------------------------

# The shell checker reads the files that the scripts source, not others of the same name.
mkdir -p "$work/checkout/.ci" "$work/checkout/tests" "$work/scripts"
cp -- "$doors_root/.shellcheckrc" "$work/checkout/"
cp -- "$doors_root/.ci/run" "$work/checkout/.ci/"
for folder in "$work" "$work/checkout" "$work/scripts"; do printf 'doors_root=(1 2)\n' >"$folder/env.sh"; done
expect_output 'files named env.sh' 0 '' clean "$work/checkout/scripts/stages.sh" shellcheck
printf "echo \$unquoted\n" >>"$work/checkout/scripts/go.sh"
expect_output 'a script with a mistake' fail SC2086 clean "$work/checkout/scripts/stages.sh" shellcheck
finish
