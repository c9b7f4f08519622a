#!/usr/bin/env bash
# Counts the instructions of the library's operations:  scripts/stages/instructions.sh [--record]
#     (no option)  compares them with the committed figures and fails if one takes over 5 % more
#     --record     updates the committed figures: after a justified increase, a large saving, or a new compiler
#     --compare FIGURES KEY, --record-in FIGURES KEY    only the last step, with figures from standard input
#
# Runs tests/instructions with the release library (scripts/library.sh). Prints a line for each operation: its
# name, instructions per run, the committed figure and the difference.
#
# Unlike times, instruction counts are the same on a busy machine. They depend on the compiler and on the code chosen
# for the processor that callgrind simulates, so both form the key of the figures. If there are no figures for the key,
# there is nothing to compare. That is a failure only in CI, where no check may be skipped silently.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/require.sh"
cd -- "$doors_root"

figures=tests/instructions/figures.txt
out=target/instructions

# Reads lines of the form `name count`. FIGURES contains such lines below a line `[KEY]`.
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
            if (100 * $2 < 95 * known[$1]) { word = "  better: record it, so that a later loss is noticed" }
            printf "%-20s %8d  recorded %8d  %+6.1f %%%s\n", $1, $2, known[$1], change, word
        }
        END {
            if (!count) { print "instructions: nothing was measured"; exit 1 }
            if (!any) {
                printf "instructions: no figures for %s in %s\n", key, file
                printf "If this compiler is to be supported, run scripts/stages/instructions.sh --record and commit this:\n%s%s\n", key, lines
                exit must != ""
            }
            for (name in known) if (!(name in measured)) { printf "%-20s was not measured\n", name; missing = 1 }
            if (missing) { print "instructions: the recorded operations differ; run scripts/stages/instructions.sh --record"; exit 1 }
            if (slower) { print "instructions: an operation takes over 5 % more than recorded; if that is justified, run scripts/stages/instructions.sh --record"; exit 1 }
        }' "$1" -
}

# Writes the lines from standard input below `[KEY]`, replacing the previous ones.
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
    printf 'usage: scripts/stages/instructions.sh [--record]\n' >&2
    exit 2
    ;;
esac

require_tools instructions cargo cc pkg-config
mkdir -p -- "$out"
# The system libraries that the static library needs.
libraries=()
eval "libraries=($(sed -n 's/^Libs: //p' target/pkgconfig/doors_caddy.pc))"
read -r -a cc <<<"${CC:-cc}"
"${cc[@]}" -std=c11 -g -O1 -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes -Werror -Iinclude \
    tests/instructions/main.c -o "$out/operations" "${libraries[@]}"
valgrind --quiet --error-exitcode=1 --tool=callgrind --callgrind-out-file="$out/callgrind.out" "$out/operations" >"$out/done"
callgrind_annotate --inclusive=yes --threshold=100 --auto=no --tree=none "$out/callgrind.out" >"$out/annotated"
# Inclusive counts of the functions operation_*, divided by their number of calls.
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
