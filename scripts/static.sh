# shellcheck shell=bash
# Sets the environment with which xcaddy links a fully static binary, for --static. Sourced, never run.

# In addition to xcaddy's own flags: netgo and osusergo keep Go from calling the C library for names and
# users, which glibc only supports with dynamic libraries. The C compiler's linker gets the Rust library and
# libc.a.
export XCADDY_GO_BUILD_FLAGS="-trimpath -tags=nobadger,nomysql,nopgx,netgo,osusergo -ldflags='-w -s -linkmode=external -extldflags=-static'"
