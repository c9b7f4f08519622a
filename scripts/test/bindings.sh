#!/usr/bin/env bash
# Tests that each binding calls every function of include/doors_caddy.h. The files that declare the functions do not count:
# `make header` generates them.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/test/expect.sh"
cd -- "$doors_root"

# called FUNCTIONS FILE...: fails and prints the functions that the code in these files never names. A name may have a variable
# part, such as doors_{kind}_free. Comments do not count.
called() {
    local functions=$1 names
    shift
    # shellcheck disable=SC2016 # a part of a name, not a variable
    names=$(sed 's,^ *\(//\|#\|\*\|/\*\).*,,' -- "$@" | tr '[:upper:]' '[:lower:]' | grep -oE 'doors_[a-z_${}]+[a-z]' |
        sed 's/\$\?{[a-z]*}/[a-z]*/g' | sort -u)
    ! grep -v -x -e "$names" <<<"$functions"
}
functions=$(scripts/stages/declared.sh)
binding() {
    local name=$1
    shift
    expect_output "$name calls every function" 0 '' called "$functions" "$@"
    expect_output "$name calls a new function" 1 doors_state_new_one called "$functions"$'\ndoors_state_new_one' "$@"
}
shopt -s extglob failglob
cd bindings
binding Python python/src/doors_caddy/{*.py,_native/library.py}
binding Node node/src/!(layout).ts
binding Java java/src/main/java/dev/doors/caddy/{*.java,c/C.java}
binding C++ ../include/*.hpp
binding Go ../routing/!(*_test).go
[ "$checks" = 10 ]
finish
