# shellcheck shell=bash
# In:  this folder, with two Go modules that need not be published.
# Out: a function with which xcaddy takes them from here. Sourced, never run.

# A URL, byte by byte: all but the plainest characters in percent form.
file_url() {
    local LC_ALL=C path=$1 url='' byte i
    for ((i = 0; i < ${#path}; i++)); do
        byte=${path:i:1}
        case $byte in
        [A-Za-z0-9/._~-]) url+=$byte ;;
        *) url+=$(printf '%%%02X' "$(($(printf '%d' "'$byte") & 255))") ;;
        esac
    done
    printf 'file://%s' "$url"
}

# xcaddy_here FOLDER ARGUMENT...: `xcaddy build ARGUMENT...` with the modules of this folder. Go asks the module proxy which
# versions they have, although they are replaced by local folders, and fails where they are not published. A proxy
# in FOLDER answers first: none.
# shellcheck disable=SC2154 # env.sh and versions.sh set them
xcaddy_here() {
    local folder=$1 module
    shift
    for module in github.com/doors-dev/doors-caddy github.com/doors-dev/doors-caddy/caddy; do
        mkdir -p "$folder/$module/@v"
        : >"$folder/$module/@v/list"
    done
    GOPROXY=$(file_url "$folder"),$(go env GOPROXY) \
        "$DOORS_CACHE/bin/xcaddy-$xcaddy_version" build "$@" \
        --with "github.com/doors-dev/doors-caddy/caddy=$doors_root/caddy" \
        --replace "github.com/doors-dev/doors-caddy=$doors_root"
}
