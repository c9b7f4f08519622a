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

# xcaddy_here FOLDER ARGUMENT...: runs `xcaddy build ARGUMENT...` with the local modules. Go queries their versions even
# though they are replaced, and fails if they are not published. So FOLDER answers that there are no versions: as a
# module proxy, or as a git remote if GOPRIVATE or GONOPROXY covers our modules. The second git rule leaves other
# repositories alone whose names begin like ours.
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

# released FOLDER SOURCE VERSION: makes FOLDER a module proxy with VERSION of our two Go modules, from the commit
# checked out in the git folder SOURCE. Each module is packed as Go packs a tag: without the modules in its subfolders,
# and without symbolic links.
released() {
    local folder=$1 source=$2 version=$3 module path versions not=()
    while read -r path; do not+=(":(exclude)${path%/go.mod}"); done < <(git -C "$source" ls-files '*/go.mod')
    while read -r path; do not+=(":(exclude)$path"); done < <(git -C "$source" ls-files --stage | sed -n 's/^120000 [^\t]*\t//p')
    for path in . caddy; do
        module=github.com/doors-dev/doors-caddy${path#.}
        [ "$path" = . ] || module=github.com/doors-dev/doors-caddy/$path
        versions=$folder/$module/@v
        mkdir -p "$versions"
        printf '%s\n' "$version" >"$versions/list"
        printf '{"Version":"%s","Time":"%s"}' "$version" "$(TZ=UTC git -C "$source" log -1 --date=iso-strict-local --format=%cd)" >"$versions/$version.info"
        git -C "$source" show "HEAD:./$path/go.mod" >"$versions/$version.mod"
        if [ "$path" = . ]; then
            git -C "$source" archive --format=zip --prefix="$module@$version/" -o "$versions/$version.zip" HEAD . "${not[@]}"
        else
            git -C "$source" archive --format=zip --prefix="$module@$version/" --add-file="$source/LICENSE" -o "$versions/$version.zip" "HEAD:$path"
        fi
    done
}

# xcaddy_released FOLDER ARGUMENT...: runs `xcaddy build ARGUMENT...` as if the two modules in the proxy FOLDER/proxy
# were released. They must not get into the user's module cache, where they would pass for the real release. So the
# cache is FOLDER/modules, filled from the user's cache.
xcaddy_released() {
    local folder=$1 user
    user=$(go env GOMODCACHE)
    shift
    env "GOMODCACHE=$folder/modules" GOFLAGS="$GOFLAGS -modcacherw" GONOSUMDB=github.com/doors-dev/doors-caddy GOPRIVATE='' GONOPROXY=none \
        "GOPROXY=$(file_url "$folder/proxy"),$(file_url "$user/cache/download"),$(go env GOPROXY)" \
        "$DOORS_CACHE/bin/xcaddy-$xcaddy_version" build "$@" --with github.com/doors-dev/doors-caddy/caddy
}
