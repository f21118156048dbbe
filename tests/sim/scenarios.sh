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

# ---- the example of docs/simulator.md: it runs, and leaves no key out
name=docs/simulator.md
# shellcheck disable=SC2016 # backticks are Markdown's
sed -n '/^```yaml$/,/^```$/p' "$root/docs/simulator.md" | sed '/^```/d' \
    >"$tmp/example.yaml"
keys=$(grep -oE '(TEXT|MAP|MANY)\([a-z_]+, *"[a-z-]+"' \
    <(tr -d '\n' <"$root/sim/scenario/yaml.c" | tr -s ' ') | grep -oE '"[a-z-]+"' | sort -u)
[ "$(wc -l <<<"$keys")" -gt 40 ] || say 'the keys are not found in yaml.c'
for key in ${keys//\"/}; do
    sed 's/#.*//' "$tmp/example.yaml" | grep -qE "(^|[ {-])$key:" ||
        say "its example has no $key"
done
"$sim" run "$tmp/example.yaml" --json >"$tmp/one" 2>"$tmp/err" ||
    say 'its example does not run'
[ ! -s "$tmp/err" ] || say 'its example is not all right'
grep -q '"delivered":[1-9]' "$tmp/one" || say 'nothing arrives in its example'
"$sim" run "$tmp/example.yaml" --protocol epidemic-one,prophet >"$tmp/one" 2>"$tmp/err" ||
    say 'its example does not run with other protocols'
echo "ok: $name: an example of all $(wc -l <<<"$keys") keys runs"

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
