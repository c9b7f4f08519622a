# shellcheck shell=bash
# In:  --static was asked for.
# Out: the environment with which xcaddy links a binary that needs nothing from its system. Sourced, never run.

# Besides xcaddy's own flags: netgo and osusergo keep Go from calling the C library for names and users, which glibc can
# only do with libraries that it loads at run time; the linker of the C compiler gets the Rust library and libc.a.
export XCADDY_GO_BUILD_FLAGS="-trimpath -tags=nobadger,nomysql,nopgx,netgo,osusergo -ldflags='-w -s -linkmode=external -extldflags=-static'"
