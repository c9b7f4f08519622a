# shellcheck shell=bash
# Builds Caddy with xcaddy from the local, possibly unpublished Go modules. Sourced, never run.

# Encodes a path as a file URL, byte by byte, with percent encoding.
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

# xcaddy_here FOLDER ARGUMENT...: runs `xcaddy build ARGUMENT...` with the local modules. Go queries their
# versions even though they are replaced, and fails if they are not published. So FOLDER answers that there
# are none: as a module proxy, or as a git remote if GOPRIVATE or GONOPROXY covers our modules. The second git
# rule keeps other repositories whose names start like ours unchanged.
# shellcheck disable=SC2154 # env.sh and versions.sh set them
xcaddy_here() {
    local folder=$1 module ours=https://github.com/doors-dev/doors-caddy others count=${GIT_CONFIG_COUNT:-0}
    shift
    others=$(git ls-remote --get-url "$ours-" 2>/dev/null || printf '%s-' "$ours")
    for module in doors-caddy doors-caddy/caddy doors-caddy/plugin; do
        mkdir -p "$folder/proxy/github.com/doors-dev/$module/@v"
        : >"$folder/proxy/github.com/doors-dev/$module/@v/list"
    done
    mkdir -p "$folder/git/objects" "$folder/git/refs"
    printf 'ref: refs/heads/main\n' >"$folder/git/HEAD"
    env "GOPROXY=$(file_url "$folder/proxy"),$(go env GOPROXY)" "GIT_CONFIG_COUNT=$((count + 2))" \
        "GIT_CONFIG_KEY_$count=url.$(file_url "$folder/git").insteadOf" "GIT_CONFIG_VALUE_$count=$ours" \
        "GIT_CONFIG_KEY_$((count + 1))=url.$others.insteadOf" "GIT_CONFIG_VALUE_$((count + 1))=$ours-" \
        "$DOORS_CACHE/bin/xcaddy-$xcaddy_version" build "$@" \
        --with "github.com/doors-dev/doors-caddy/caddy=$doors_root/caddy" \
        --replace "github.com/doors-dev/doors-caddy=$doors_root" \
        --replace "github.com/doors-dev/doors-caddy/plugin=$doors_root/plugin"
}
