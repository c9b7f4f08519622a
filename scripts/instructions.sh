#!/usr/bin/env bash
# How many instructions the operations of the library take:  scripts/instructions.sh [--record]
#   (nothing)   compares them with the committed figures and fails if one takes over 5 % more
#   --record    writes them to the committed figures: after a change that is worth its price, one that saves
#               much, or with a new compiler
#   --compare FIGURES KEY, --record-in FIGURES KEY    only this last step, for figures on standard input
# In:  tests/instructions, the release library (scripts/library.sh).
# Out: a line for each operation: its name, instructions each time, the committed figure, the difference.
# Instructions, because unlike seconds they are the same on a busy machine. They depend on the compiler and on the code that is
# chosen for the processor, as callgrind shows it; so figures have both as their key. Without figures for the
# key nothing can be compared. In CI that is a failure too: there the guard must not fall silent. Elsewhere somebody
# has another compiler or processor, which breaks nothing.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/env.sh"
. "$doors_root/scripts/require.sh"
cd -- "$doors_root"

figures=tests/instructions/figures.txt
out=target/instructions

# Reads `name count` lines; FIGURES has such lines below a line `[KEY]`.
compare() { # compare FIGURES KEY
    awk -v key="[$2]" -v file="$1" -v must="${CI:-}" '
        FILENAME == file { if (/^\[/) inside = $0 == key; else if (inside && NF == 2) { known[$1] = $2; any = 1 }; next }
        NF != 2 { next }
        { measured[$1] = $2; lines = lines "\n" $0; count++ }
        !any { next }
        !($1 in known) { printf "%-20s %8d  not recorded\n", $1, $2; missing = 1; next }
        {
            change = 100 * ($2 / known[$1] - 1)
            if (100 * $2 > 105 * known[$1]) { word = "  MORE THAN 5 % MORE"; slower = 1 } else { word = "" }
            if (100 * $2 < 95 * known[$1]) { word = "  better: record it, or nobody notices when it is lost" }
            printf "%-20s %8d  recorded %8d  %+6.1f %%%s\n", $1, $2, known[$1], change, word
        }
        END {
            if (!count) { print "instructions: nothing was measured"; exit 1 }
            if (!any) {
                printf "instructions: no figures for %s in %s\n", key, file
                printf "If the compiler is meant to be used, run scripts/instructions.sh --record and commit this:\n%s%s\n", key, lines
                exit must != ""
            }
            for (name in known) if (!(name in measured)) { printf "%-20s was not measured\n", name; missing = 1 }
            if (missing) { print "instructions: not the same operations; run scripts/instructions.sh --record"; exit 1 }
            if (slower) { print "instructions: more than were recorded; if that is worth it, run scripts/instructions.sh --record"; exit 1 }
        }' "$1" -
}

# Puts the lines of standard input below `[KEY]`, in place of what was there.
record_in() { # record_in FIGURES KEY
    local measured
    measured=$(cat)
    awk -v key="[$2]" '/^\[/ { inside = $0 == key } !inside' "$1" >"$1.new"
    # One empty line between the sections.
    sed -i -e :a -e '/^\n*$/{$d;N;ba' -e '}' "$1.new"
    printf '\n[%s]\n%s\n' "$2" "$measured" >>"$1.new"
    mv -f "$1.new" "$1"
}

case ${1:-} in
'' | --record) ;;
--compare)
    compare "${2:?}" "${3:?}"
    exit
    ;;
--record-in)
    record_in "${2:?}" "${3:?}"
    exit
    ;;
*)
    printf 'usage: scripts/instructions.sh [--record]\n' >&2
    exit 2
    ;;
esac

require_tools instructions cargo cc pkg-config
mkdir -p -- "$out"
# The system libraries of the static library.
libraries=()
eval "libraries=($(sed -n 's/^Libs: //p' target/pkgconfig/doors_caddy.pc))"
read -r -a cc <<<"${CC:-cc}"
"${cc[@]}" -std=c11 -g -O1 -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Werror -Iinclude \
    tests/instructions/main.c -o "$out/operations" "${libraries[@]}"
valgrind --quiet --error-exitcode=1 --tool=callgrind --callgrind-out-file="$out/callgrind.out" "$out/operations" >"$out/done"
callgrind_annotate --inclusive=yes --threshold=100 --auto=no --tree=none "$out/callgrind.out" >"$out/annotated"
# Inclusive counts of the functions operation_*, divided by how often each was called.
awk 'FNR == 1 { file++ }
    file == 1 { if (match($0, /:operation_[a-z0-9_]+/)) {
        name = substr($0, RSTART + 11, RLENGTH - 11); count = $1; gsub(/,/, "", count); total[name] = count }
        next }
    NF == 2 && $2 ~ /^[0-9]+$/ { printf "%s %.0f\n", $1, total[$1] / $2 }' "$out/annotated" "$out/done" >"$out/measured"
key="rustc $(number_in "$(rustc --version)"), $(head -n 1 "$out/done")"
if [ "${1:-}" = --record ]; then
    record_in "$figures" "$key" <"$out/measured"
fi
printf '%s\n' "$key"
compare "$figures" "$key" <"$out/measured"
