#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A lesson gets a new edition: who has the old one gets it by itself, and of it only
# what is not here already.
# shellcheck source=tests/mesh/mesh.bash disable=SC2317
. "$(dirname "$0")/mesh.bash"

# item HOME ID: its line
item() { daftar "$1" library --json | grep -- "\"content\":\"$2\""; }
has() { item "$1" "$2" | grep -q -- "$3"; }
id() { daftar A publish "$tmp/lesson" --json "$@" | field content; }
lists() { daftar "$1" library | grep -q -- "^${2:0:12}"; }
lists_not() { ! lists "$@"; }
same() { diff -r "$tmp/lesson" "$tmp/$1/content/$2/files" -x content.ini; }
# fetched HOME ID MOST: so many bytes at most, and not nothing
fetched()
{
    local bytes
    bytes=$(item "$1" "$2" | field fetched)
    echo "fetched $bytes of at most $3"
    [ "$bytes" -gt 0 ] && [ "$bytes" -le "$3" ]
}
whole() { has "$1" "$2" '"whole":true'; }

camp A B C || {
    bad 'a camp of three'
    exit 1
}
start A
start B --peer "$(door A)"
start C --peer "$(door A)"
mkdir -p "$tmp/lesson/pictures"
printf '[title]\nen = Water\n' >"$tmp/lesson/content.ini"
head -c 5000000 /dev/urandom >"$tmp/lesson/film.bin"
head -c 900000 /dev/urandom >"$tmp/lesson/pictures/well.bin"
head -c 20000 /dev/urandom >"$tmp/lesson/quiz.bin"
page=65536 chunk=65536
first=$(id)
expect 'a lesson is published' test -n "$first"
expect 'it is heard of' until_true 20 lists B "$first"
expect 'one pins it' daftar B pin "$first"

# ---- a small file is another
head -c 21000 /dev/urandom >"$tmp/lesson/quiz.bin"
second=$(id --replaces "$first")
expect 'a new edition is published' test -n "$second" -a "$second" != "$first"
expect 'it comes by itself' until_true 30 whole B "$second"
expect 'to the last byte' same B "$second"
expect 'of it came its file list and the file that changed' \
    fetched B "$second" $((page + 21000))
expect 'the old one is superseded by it' \
    has B "$first" "\"superseded_by\":\"$second\""
expect 'and it by none' has B "$second" '"superseded_by":null'
expect 'it is pinned as the old one was' \
    until_true 10 has B "$second" '"pinned":true'
expect 'which is not wanted any more' \
    until_true 10 has B "$first" '"wanted":false,"pinned":false'
expect 'and still here' whole B "$first"
expect 'a device without the old one does not list it' lists_not C "$first"
expect 'but the new one' lists C "$second"
expect 'by its title the new one is meant' daftar C want Water
expect 'and it comes' until_true 30 whole C "$second"
expect 'nothing is there to copy: all of it came' \
    eval '[ "$(item C "$second" | field fetched)" -ge 5921000 ]'
expect 'who names the old one gets it' exits 0 daftar C get "$first"
expect 'with a word that there is a new one' why 'new edition'
expect 'of it the file that is another came' \
    fetched C "$first" $((page + 20000))

# ---- the same files are no new edition
expect 'a lesson is no new edition of itself' \
    exits 1 daftar A publish "$tmp/lesson" --replaces "$second"
expect 'which is said' why 'just what it should replace'
expect 'nor of one that there is not' \
    exits 1 daftar A publish "$tmp/lesson" --replaces nothing
expect 'which is said, too' why 'nothing called'

# ---- it is published while one is away, whose old one has rotted
stop B
head -c 22000 /dev/urandom >"$tmp/lesson/quiz.bin"
third=$(id --replaces "$second")
rot() { printf rot | dd of="$1" bs=1 seek=200000 conv=notrunc status=none; }
rot "$tmp/B/content/$first/files/film.bin"
rot "$tmp/B/content/$second/files/film.bin"
start B --peer "$(door A)"
expect 'after a restart it comes by itself' until_true 30 whole B "$third"
expect 'to the last byte' same B "$third"
expect 'what has rotted came again' \
    fetched B "$third" $((page + chunk + 22000))
expect 'at least that' \
    eval '[ "$(item B "$third" | field fetched)" -ge $((chunk + 22000)) ]'
expect 'it is pinned, as the first was' \
    until_true 10 has B "$third" '"pinned":true'
expect 'a person'"'"'s old one stays as it was' has C "$first" '"wanted":true'

# ---- and nothing of that is forgotten
kill9 B
start B --peer "$(door A)"
expect 'after a kill it is the same' until_true 20 eval \
    'whole B "$third" && has B "$second" "\"wanted\":false,\"pinned\":false"'

# ---- what is assigned is the edition that stands
expect 'the old one is assigned' daftar A assign "$first"
complete() { daftar "$1" assignments --json | grep -q '"count":1,"whole":1'; }
expect 'who has the new one has what is assigned' until_true 20 complete B
expect 'the old one may go' exits 0 daftar B drop "$first" --anyway
expect 'and that is so still' complete B
exit $failed
