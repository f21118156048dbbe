#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Room for content: several who publish at a time, what a person wishes and takes
# back, and what is nobody's to publish.
# shellcheck source=tests/mesh/mesh.bash disable=SC2317
. "$(dirname "$0")/mesh.bash"

# lesson FOLDER TITLE: a folder with a sidecar
lesson()
{
    mkdir -p "$tmp/$1"
    printf '[title]\nen = %s\n' "$2" >"$tmp/$1/content.ini"
}
# knows HOME TITLE: its catalogue has it
knows() { daftar "$1" library | grep -q -- "$2"; }
noise() { head -c "$1" /dev/urandom; }

camp A B || {
    bad 'a camp of two'
    exit 1
}

# ---- several at a time: of 105 MB for content there is room for two
start A --budget 120MB
for n in 1 2 3 4; do
    lesson "film$n" "Film $n"
    noise 40000000 >"$tmp/film$n/film.bin"
done
publishers=()
for n in 1 2 3 4; do
    daftar A publish "$tmp/film$n" >"$tmp/said$n" 2>&1 &
    publishers+=($!)
done
done=0
for one in "${publishers[@]}"; do wait "$one" && done=$((done + 1)); done
cat "$tmp"/said[1-4] >"$tmp/out"
expect "of four at a time $done are published: two" test $done = 2
expect 'the others are told why' grep -q 'the budget has room for' "$tmp"/said[1-4]
expect 'the home keeps its budget' \
    test "$(du -sk "$tmp/A" | cut -f 1)" -lt $((120000000 / 1024))
stop A
start A

# ---- one after the other, the catalogue read once
for n in 1 2; do
    lesson "twins/$n" 'Twins'
    echo 'the same' >"$tmp/twins/$n/x.txt"
done
lesson twins/3 'Another'
echo 'else' >"$tmp/twins/3/x.txt"
expect 'a folder with a lesson twice is published' \
    exits 0 daftar A publish "$tmp/twins" --json
expect 'and the second is the first' \
    test "$(grep -c '"new":true' "$tmp/said")" = 2
expect 'by its record' test "$(grep '"title":"Twins"' "$tmp/said" | sed \
    's/.*"record":"\([0-9a-f]*\)".*/\1/' | sort -u | wc -l)" = 1

# ---- what is here already
expect 'what is here is got at once' exits 0 daftar A get Another --no-wait
expect 'and it is said that it is here' said 'here'
expect 'also as JSON' exits 0 daftar A get Another --no-wait --json
expect 'which says where' said '"whole":true.*"path":"/'
start B --peer "$(door A)"
expect 'another device hears of it' until_true 20 knows B Another
stop A
expect 'what is not here is wanted' exits 0 daftar B get Another --no-wait
expect 'and said to come' said 'wanted'
start A --peer "$(door B)"
expect 'then it comes' daftar B get Another

# ---- a person makes room
daftar B progress add --learner 'Kite Example' --item poem --score 1 >"$tmp/out"
records() { daftar B progress show --json | grep -o '"record":"[0-9a-f]*"'; }
before=$(records)
id=$(daftar B library --json | grep '"title":"Another"' | field content)
kept() { daftar B library --json | grep '"title":"Another"' | grep -q '"kept_by":\[{'; }
expect 'an archive says that it keeps it' until_true 30 kept
expect 'what is here is dropped when a person says so' \
    exits 0 daftar B drop Another
expect 'and it is said what room that made' said 'dropped, .*B of room'
expect 'its files are gone' test ! -e "$tmp/B/content/$id"
expect 'no record is' test "$(records)" = "${before:-none}"
expect 'what is not here is no room' exits 1 daftar B drop Another
expect 'in words' why 'is not on this device'
expect 'it can be had again' daftar B pin Another
expect 'what is pinned is not dropped by the way' exits 5 daftar B drop Another
expect 'in words' why 'pinned.*--anyway'
expect 'but by its id, when it is said twice' \
    exits 0 daftar B drop "$id" --anyway --json
expect 'and counted' said '"freed":[1-9]'
expect 'what was published here may be the only one' \
    exits 5 daftar A drop Another
expect 'in words' why 'only copy'
daftar B get Another >"$tmp/out"
stop B
expect 'without a daemon nothing is dropped' exits 4 daftar B drop Another
expect 'and no wish is taken back' exits 4 daftar B unpin Another
expect 'it is still there' test -e "$tmp/B/content/$id"

[ $failed = 0 ] && echo 'content_room: all good'
exit $failed
