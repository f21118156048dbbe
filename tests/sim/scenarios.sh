#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Every scenario that comes with Daftar loads, says what was guessed, begins, and has
# one history.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sim=$DAF_BIN/daftar-sim

# Until when: long enough that devices meet, and messages are made.
until_of()
{
    case $1 in
        at-rest | thousand) echo 2min ;;
        *) echo 485min ;; # some minutes after eight
    esac
}

# say WHAT: why it failed, and what was there
say()
{
    echo "$name: $1"
    cat "$tmp"/err "$tmp"/one 2>/dev/null | head -20
    exit 1
}

for file in "$root"/sim/scenarios/*.yaml; do
    name=$(basename "$file" .yaml)
    [ "$(sed -n 's/^scenario: //p' "$file")" = "$name" ] ||
        say 'its name is not its file'
    awk '/^assumptions:/ { n = 1; next } n && /^  - ./ { found = 1 }
        n && /^[^ ]/ { exit } END { exit !found }' "$file" ||
        say 'it says nothing of what was guessed'
    what=(run "$file" --until "$(until_of "$name")" --json)
    # Ten thousand devices, without what they do.
    [ "$name" != camp-week ] || what=(world "$file" --until 9h)
    for copy in one two; do
        "$sim" "${what[@]}" 2>"$tmp/err" | sed 's/"cpu_s".*"rss_mb":[^,}]*//' \
            >"$tmp/$copy" || say 'it does not run'
    done
    cmp "$tmp/one" "$tmp/two" || say 'it has two histories'
    grep -qE '"contacts":[1-9]|CONN .* up$' "$tmp/one" || say 'nobody meets'
    echo "ok: $name"
done
echo 'scenarios: all good'
