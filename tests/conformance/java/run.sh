#!/usr/bin/env bash
# Runs what install.sh has built, with one JDK:  tests/conformance/java/run.sh FOLDER JNA|FFM [JAVA_HOME]
set -euo pipefail
folder=$(cd -- "$1" && pwd) linkage=$2
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../../.."
classpath=$(cat "$folder/classpath")
# A heap of one size, so that growth of the process is growth outside of it.
java=("${3:+$3/bin/}java" -Xms128m -Xmx128m -XX:+AlwaysPreTouch -XX:+UseSerialGC)
[ "$linkage" = JNA ] || java+=(--enable-native-access=ALL-UNNAMED)

# same NAME WANTED: what an example prints.
same() {
    local got
    got=$("${java[@]}" -cp "$folder/examples:$classpath" "$1")
    [ "$got" = "$2" ] || {
        printf 'run.sh: %s of docs/java.md prints <%s> instead of <%s>\n' "$1" "$got" "$2" >&2
        exit 1
    }
}
same Decide 'POD /10.0.0.7'
same Serve 'dial 10.0.0.7:8080'
other=$("${java[@]}" -Dos.arch=other -cp "$folder/examples:$classpath" Decide 2>&1 || true)
grep -q "the doors-caddy jar contains a library for Linux-.*, not for Linux-other: build one" <<<"$other" || {
    printf 'run.sh: on a platform without a library Decide prints <%s>\n' "$other" >&2
    exit 1
}
"${java[@]}" -cp "$folder/project/classes:$classpath" conformance.Conformance . "$linkage"
