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

# xcaddy_here FOLDER ARGUMENT...: `xcaddy build ARGUMENT...` with the modules of this folder. Go asks which versions they have,
# although they are replaced by local folders, and fails where they are not published. So FOLDER answers first: none. Go asks
# a module proxy, or git where GOPRIVATE or GONOPROXY covers our modules. The second rule for git is for other repositories
# whose names begin like ours: they stay what they are.
# shellcheck disable=SC2154 # env.sh and versions.sh set them
xcaddy_here() {
    local folder=$1 module ours=https://github.com/doors-dev/doors-caddy others count=${GIT_CONFIG_COUNT:-0}
    shift
    others=$(git ls-remote --get-url "$ours-" 2>/dev/null || printf '%s-' "$ours")
    for module in github.com/doors-dev/doors-caddy github.com/doors-dev/doors-caddy/caddy; do
        mkdir -p "$folder/proxy/$module/@v"
        : >"$folder/proxy/$module/@v/list"
    done
    mkdir -p "$folder/git/objects" "$folder/git/refs"
    printf 'ref: refs/heads/main\n' >"$folder/git/HEAD"
    env "GOPROXY=$(file_url "$folder/proxy"),$(go env GOPROXY)" "GIT_CONFIG_COUNT=$((count + 2))" \
        "GIT_CONFIG_KEY_$count=url.$(file_url "$folder/git").insteadOf" "GIT_CONFIG_VALUE_$count=$ours" \
        "GIT_CONFIG_KEY_$((count + 1))=url.$others.insteadOf" "GIT_CONFIG_VALUE_$((count + 1))=$ours-" \
        "$DOORS_CACHE/bin/xcaddy-$xcaddy_version" build "$@" \
        --with "github.com/doors-dev/doors-caddy/caddy=$doors_root/caddy" \
        --replace "github.com/doors-dev/doors-caddy=$doors_root"
}
