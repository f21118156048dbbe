#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Content on a card that is pulled out while the daemon runs, and put in again: of an
# archive that others rely on, of a source, and of who fetches.  The card is a bind
# mount in a namespace of this test's; it is unmounted as a system does whose card
# has gone (lazily).
# shellcheck source=tests/mesh/mesh.bash
if [ "${DAF_CARD_INSIDE:-}" != 1 ]; then
    unshare -Urnmpf --mount-proc true 2>/dev/null || {
        echo 'skipped: mounting is forbidden here'
        exit 77
    }
    DAF_CARD_INSIDE=1 exec unshare -Urnmpf --mount-proc --kill-child bash "$0" "$@"
fi
ip link set lo up 2>/dev/null || {
    echo 'skipped: no network of our own'
    exit 77
}
. "$(dirname "$0")/mesh.bash"

line() { daftar "$1" library --json | grep -- "\"title\":\"$2\""; }
knows() { line "$1" "$2" >/dev/null; }
is_whole() { line "$1" "$2" | grep -q '"whole":true'; }
keepers() { line "$1" "$2" | grep -o '"author":"[0-9a-f]*"' | wc -l; }
lesson()
{
    mkdir -p "$tmp/$1"
    printf '[title]\nen = %s\n' "$2" >"$tmp/$1/content.ini"
    head -c "$3" /dev/urandom >"$tmp/$1/film.bin"
}
# card HOME: its content lies on a card of its own
card()
{
    mkdir -p "$tmp/card.$1" "$tmp/$1/content"
    put_in "$1" && touch "$tmp/$1/content/daftar"
}
put_in() { mount --bind "$tmp/card.$1" "$tmp/$1/content"; }
pull() { umount --lazy "$tmp/$1/content"; }
trap 'pull A 2>/dev/null; pull B 2>/dev/null; mesh_cleanup' EXIT
log_says() { grep -q -- "$2" "$tmp/$1.log"; }
# held_more_than HOME TITLE COUNT
held_more_than() { [ "$(line "$1" "$2" | field held)" -gt "$3" ]; }

camp A B C || {
    bad 'a camp of three'
    exit 1
}
card A
card B
start A
start B --peer "$(door A)"
start C --peer "$(door A)" --peer "$(door B)"

# ---- an archive, which others rely on
lesson letters 'Letters' 300000
expect 'a lesson on a card is published' daftar A publish "$tmp/letters"
expect 'and fetched' eval 'until_true 20 knows C Letters && daftar C get Letters'
expect 'others know that an archive keeps it' until_true 20 eval '[ "$(keepers C Letters)" = 1 ]'
pull A
expect 'its card is pulled: it says so' until_true 20 log_says A 'its card was unmounted'
expect 'and states no more what is on it' until_true 20 eval '[ "$(keepers C Letters)" = 0 ]'
expect 'so that nobody drops the last copy' exits 5 daftar C drop Letters
expect 'a person is told where it is' exits 1 daftar A publish "$tmp/letters"
expect 'in words' why 'mounted'
expect 'nothing was made in its place' test -z "$(ls "$tmp/A/content")"
daftar A progress add --learner 'Example learner' --item letters-1 --score 1 >/dev/null
expect 'work goes on, and to others' until_true 20 eval \
    'daftar C progress show --json | grep -q letters-1'
put_in A
expect 'the card is there again: it says so' until_true 20 log_says A 'content is there again'
expect 'and states it again' until_true 20 eval '[ "$(keepers C Letters)" = 1 ]'
expect 'nothing of it was lost' is_whole A Letters

# ---- who fetches, and its source, in the middle
lesson film 'A long film' 600000000
expect 'a film is published' daftar A publish "$tmp/film"
expect 'and heard of' until_true 20 knows B 'A long film'
daftar B get 'A long film' --no-wait >"$tmp/out"
until_true 20 held_more_than B 'A long film' 20
pull B
expect 'the card of who fetches is pulled' until_true 20 log_says B 'its card was unmounted'
expect 'nothing is written in its place' test -z "$(ls "$tmp/B/content")"
put_in B
expect 'it comes back' until_true 20 log_says B 'content is there again'
until_true 20 held_more_than B 'A long film' 40
pull A
expect "its source's is pulled" until_true 20 eval \
    '[ "$(grep -c "was unmounted" "$tmp/A.log")" = 2 ]'
expect 'which is a source no more' until_true 40 eval \
    'line B "A long film" | grep -q "\"waiting\":\"source\"" || is_whole B "A long film"'
put_in A
expect 'and put in again: the fetch goes on by itself' daftar B get 'A long film'
expect 'every byte of it' cmp "$tmp/film/film.bin" \
    "$tmp/B/content/$(line B 'A long film' | field content)/files/film.bin"
for home in A B C; do stop "$home" || bad "$home does not end well"; done

[ $failed = 0 ] && echo 'card: all good'
exit $failed
