#!/usr/bin/env bash
# Prints the only block of a page that is in a language and contains a word:
#     tests/conformance/block.sh PAGE LANGUAGE WORD
set -euo pipefail
awk -v language="$2" -v word="$3" '
    /^```/ { if (inside && index(text, word)) { printf "%s", text; found++ }
             inside = !inside && $0 == "```" language; text = ""; next }
    inside { text = text $0 "\n" }
    END { exit found != 1 }' "$1" || {
    printf '%s: there is not one block of %s with %s\n' "$1" "$2" "$3" >&2
    exit 1
}
