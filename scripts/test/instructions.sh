#!/usr/bin/env bash
# Tests that instructions.sh --compare reports higher costs and missing figures.
set -euo pipefail
. "$(dirname -- "${BASH_SOURCE[0]}")/../env.sh"
. "$doors_root/scripts/test/expect.sh"

work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
figures=$work/figures key='rustc 1.2.3, some processor'
printf 'Explained above.\n\n[other]\none 1\ntwo 2\n' >"$figures"

on() { # on COUNTS ARGUMENTS...: runs the script with these lines as input
    local counts=$1
    shift
    printf '%b' "$counts" | "$doors_root/scripts/stages/instructions.sh" "$@"
}
CI=true expect_output 'an unknown compiler in CI' fail 'no figures for [rustc 1.2.3' on 'one 1000\ntwo 200\n' --compare "$figures" "$key"
CI='' expect_output 'an unknown compiler elsewhere' 0 'no figures for [rustc 1.2.3' on 'one 1000\ntwo 200\n' --compare "$figures" "$key"
CI='' expect_output 'what to commit then' 0 'one 1000' on 'one 1000\ntwo 200\n' --compare "$figures" "$key"
on 'one 5\n' --record-in "$figures" "$key"
on 'one 1000\ntwo 200\n' --record-in "$figures" "$key"
expect_output 'recorded once' 0 '1' grep -c -F -x "[$key]" "$figures"
expect_output 'the others stay' 0 'two 2' cat "$figures"
expect_output 'the same' 0 '+0.0 %' on 'one 1000\ntwo 200\n' --compare "$figures" "$key"
expect_output '5 % more' 0 '+5.0 %' on 'one 1050\ntwo 200\n' --compare "$figures" "$key"
expect_output 'over 5 % more' fail 'MORE THAN 5 % MORE' on 'one 1051\ntwo 200\n' --compare "$figures" "$key"
expect_output '10 % more' fail 'takes over 5 % more than recorded' on 'one 1000\ntwo 220\n' --compare "$figures" "$key"
expect_output 'less' 0 'better: record it' on 'one 1000\ntwo 180\n' --compare "$figures" "$key"
expect_output 'one not measured' fail 'two                  was not measured' on 'one 1000\n' --compare "$figures" "$key"
expect_output 'one not recorded' fail 'not recorded' on 'one 1000\ntwo 200\nthree 3\n' --compare "$figures" "$key"
expect_output 'none measured' fail 'nothing was measured' on '' --compare "$figures" "$key"

# The committed figures, as if each operation cost a tenth more.
committed=$doors_root/tests/instructions/figures.txt
expect_output 'figures are committed' 0 '[rustc ' grep '^\[' "$committed"
while read -r key; do
    dearer=$(awk -v key="[$key]" '/^\[/ { inside = $0 == key; next } inside && NF == 2 { printf "%s %.0f\\n", $1, $2 * 1.1 }' "$committed")
    expect_output "+10 % with $key" fail 'MORE THAN 5 % MORE' on "$dearer" --compare "$committed" "$key"
done < <(grep '^\[' "$committed" | tr -d '[]')
finish
