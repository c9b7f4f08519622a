#!/usr/bin/env bash
# Stands for docker: what a command names must be there. $BUILT lists the images that were built.
set -euo pipefail
fail() {
    printf 'docker: %s\n' "$1" >&2
    exit 1
}
command=$1 file='' tag='' rest=()
shift
while [ $# -gt 0 ]; do
    case $1 in
    --file) file=$2 && shift ;;
    --tag) tag=$2 && shift ;;
    --target) shift ;;
    *) rest+=("$1") ;;
    esac
    shift
done
case $command in
build)
    folder=${rest[0]}
    file=${file:-$folder/Dockerfile}
    while read -r word from rest; do
        case $word in
        COPY) [[ $from == --from=* ]] || [ -e "$folder/$from" ] || fail "$file: COPY $from: there is no such file" ;;
        esac
    done <"$file"
    # The app is built as its Dockerfile says.
    if [[ $file == examples/app/Dockerfile ]]; then
        (cd -- "${file%/*}" && bash -euo pipefail -c "$(sed -n "s/^RUN //p" Dockerfile | sed "s| /app | $PWD/app |")" && [ -x app ])
    fi
    printf '%s\n' "$tag" >>"$BUILT"
    ;;
compose)
    [ "${rest[0]}" = up ] || fail "compose ${rest[0]} is not expected"
    grep -q "^  ${rest[-1]}:" "$file" || fail "$file has no service ${rest[-1]}"
    ;;
push | run) grep -qx -- "${rest[-1]}" "$BUILT" || fail "${rest[-1]} was not built" ;;
*) fail "$command is not expected" ;;
esac
