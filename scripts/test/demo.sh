#!/usr/bin/env bash
# Tests that scripts/run/demo.sh prints what it builds and how long that takes, and shows only the logs of failed
# builds.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/test/expect.sh"

tools=$(mktemp -d)
trap 'rm -rf -- "$tools"' EXIT
cat >"$tools/go" <<'GO'
#!/bin/sh
[ "$1" = env ] || echo "words of go"
[ "$1 $FAILS" != "build go" ]
GO
cat >"$tools/make" <<'MAKE'
#!/bin/sh
case "$*" in *--question*) exit 1 ;; esac
echo "words of make"
exit 1
MAKE
chmod +x "$tools/go" "$tools/make"

demo() { env PATH="$tools:$PATH" FAILS="$1" "$doors_root/scripts/run/demo.sh"; }
expect_output 'go fails' 1 'words of go' demo go
expect_output 'go fails, and the step is named' 1 'failed: Building bin/demo' demo go
expect_output 'make fails' 1 'words of make' demo make
expect_output 'how long it takes' 1 'minutes the first time' demo make
hidden() { case $(demo make 2>&1) in *'words of go'*) return 1 ;; esac; }
expect_output 'what succeeds is out of sight' 0 '' hidden
finish
