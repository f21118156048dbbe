#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A coordinator assigns, and a class of three fetches by itself: the nearer day first,
# one device what is its alone; a channel that somebody keeps up with; the lesson that
# comes next; and all of that stands after a restart.
# shellcheck source=tests/mesh/mesh.bash disable=SC2317
. "$(dirname "$0")/mesh.bash"

size=$((8 * 1024 * 1024))
class='B C D'

item() { daftar "$1" library --json | grep -- "\"title\":\"$2\""; }
id() { item "$1" "$2" | field content; }
author() { daftar "$1" status --json | field author; }
# each COMMAND...: with each of the class as its last argument
each()
{
    local home
    for home in $class; do "$@" "$home" || return 1; done
}

lesson() # FOLDER TITLE [LINE]...
{
    local folder=$1 title=$2
    shift 2
    mkdir -p "$tmp/$folder"
    {
        printf '[title]\nen = %s\n' "$title"
        [ $# -eq 0 ] || printf '[content]\n'
        [ $# -eq 0 ] || printf '%s\n' "$@"
    } >"$tmp/$folder/content.ini"
    head -c "$size" /dev/urandom >"$tmp/$folder/film.bin"
    daftar A publish "$tmp/$folder" >"$tmp/said" 2>&1
}
knows() { [ -n "$(item "$2" "$1")" ]; }
has() { item "$2" "$1" | grep -q '"whole":true'; }
says() { item "$2" "$1" | grep -q "$3"; }
because() { item "$3" "$1" | grep -q "\"reason\":\"$2\""; }
untouched() { [ ! -e "$tmp/$2/content/$(id A "$1")" ]; }
equals() { cmp -s "$tmp/$3/content/$(id A "$1")/files/film.bin" "$tmp/$2/film.bin"; }
# When an item became whole: its files were renamed.
whole_at() { stat -c %.9Z "$tmp/$2/content/$(id A "$1")/files"; }
before()
{
    awk -v a="$(whole_at "$1" "$3")" -v b="$(whole_at "$2" "$3")" \
        'BEGIN { exit !(a < b) }'
}
# lists HOME N: so many assignments stand
lists() { [ "$(daftar "$2" assignments --json | wc -l)" = "$1" ]; }
complete() { daftar "$1" assignments --json | grep '"here":true' |
    awk -F '"count":|,"whole":|,"here"' '$2 != $3 { exit 1 }'; }

begin()
{
    local home
    start A
    for home in $class; do start "$home" --peer "$(door A)"; done
}

camp A B C D || {
    bad 'a camp of four'
    exit 1
}
begin

# ---- to the class
size=$((32 * 1024 * 1024))
lesson later 'Later'
lesson sooner 'Sooner'
size=1000000
expect 'all hear of two lessons' until_true 20 each knows 'Sooner'
expect 'all hear of the other' until_true 20 each knows 'Later'
expect 'nothing comes by itself' each untouched 'Sooner'
expect 'who may not curate may not assign' exits 5 daftar B assign Later
expect 'and is told so' why 'right to curate'
expect 'a day must be one' exits 2 daftar A assign Later --due 2026-02-30
stop A
expect 'the later one is assigned first, without a daemon' \
    daftar A assign Later --due 2039-05-01
expect 'and the sooner one' daftar A assign Sooner --due 2039-04-01 --json
sooner=$(field assignment <"$tmp/out")
start A
for home in $class; do stop "$home"; done
for home in $class; do start "$home" --peer "$(door A)"; done
expect 'all know both assignments' until_true 20 each lists 2
expect 'all have the sooner' until_true 60 each has 'Sooner'
expect 'all have the later' until_true 60 each has 'Later'
expect 'the nearer day came first' each before Sooner Later
expect 'every byte of it' each equals 'Sooner' sooner
expect 'and of the other' each equals 'Later' later
expect 'it is known why' each because 'Later' assigned
expect 'and by when' says 'Later' B '"due":"2039-05-01"'
expect 'it is not late' says 'Later' B '"late":false'
expect 'all is here, as assignments says' each complete
expect 'by name' eval 'daftar B assignments | grep -q "1 of 1 here  Later$"'

# ---- to one device
lesson alone 'For one alone'
expect 'all hear of one more' until_true 20 each knows 'For one alone'
expect 'it is assigned to one device, for a day long past' daftar A assign \
    'For one alone' --device "$(author C)" --due 2020-01-01
expect 'which fetches it' until_true 30 has 'For one alone' C
expect 'too few digits of a device are no device' \
    exits 1 daftar A assign 'For one alone' --device "$(author C | cut -c 1-4)"
expect 'and said to be' why 'too few'
expect 'the others know of it' until_true 20 each lists 3
expect 'and let it be' untouched 'For one alone' B
expect 'both of them' untouched 'For one alone' D

# ---- taken back
stop B
lesson never 'Not any more'
expect 'one more is assigned' daftar A assign 'Not any more' 'Not any' --json
cp "$tmp/out" "$tmp/assigned"
gone=$(field assignment <"$tmp/assigned")
expect 'once, though it was named twice' \
    grep -q '"items":\["[0-9a-f]*"\]' "$tmp/assigned"
expect 'and fetched' until_true 30 has 'Not any more' C
expect 'taken back, by an id of a few digits' daftar A unassign "${gone:0:8}"
expect 'it does not stand any more' exits 1 daftar A unassign "$gone"
start B --peer "$(door A)"
expect 'who was away hears of both at once' until_true 20 knows 'Not any more' B
expect 'and that three stand' until_true 20 lists 3 B
expect 'and does not fetch it' untouched 'Not any more' B
expect 'who has it keeps it' has 'Not any more' C
expect 'for no reason any more' until_true 20 says 'Not any more' C '"reason":null'

# ---- a channel, and the lesson that comes next
lesson one 'Part one' 'channel = Letters' 'order = 1'
lesson two 'Part two' 'channel = Letters' 'order = 2'
lesson three 'Part three' 'channel = Letters' 'order = 10'
expect 'all hear of a row of lessons' until_true 20 each knows 'Part three'
expect 'it is a channel' eval 'daftar B channels --json | grep -q "\"items\":3"'
expect 'of which somebody gets the first' daftar B get 'Part one'
expect 'so the second comes as well' until_true 30 has 'Part two' B
expect 'as the next one' because 'Part two' next B
expect 'and no more' untouched 'Part three' B
expect 'one keeps up with it' exits 0 daftar D subscribe Letters
expect 'without a word' eval '! [ -s "$tmp/why" ]'
expect 'a channel that is not known may come' exits 0 daftar C subscribe letters
expect 'and is said not to be known' why 'no lesson of this channel'
expect 'and has all of it' until_true 30 has 'Part three' D
expect 'all' until_true 30 has 'Part one' D
expect 'by that reason' because 'Part one' channel D
expect 'who gets the second by hand' daftar B get 'Part two'
expect 'has the third, whose number is higher' until_true 30 has 'Part three' B

# ---- a restart
for home in A $class; do stop "$home"; done
expect 'what stands is known without a daemon' lists 3 B
expect 'and why' because 'Sooner' assigned B
begin
expect 'all is as it was' each complete
expect 'the subscription too' \
    eval 'daftar D channels --json | grep -q "\"subscribed\":true"'
lesson four 'Part four' 'channel = Letters' 'order = 11'
expect 'what is new in the channel comes' until_true 30 has 'Part four' D
expect 'nothing more is wanted of it' daftar D unsubscribe Letters
lesson five 'Part five' 'channel = Letters' 'order = 12'
expect 'that is heard of' until_true 20 knows 'Part five' D
expect 'and not fetched' untouched 'Part five' D
expect 'what is assigned is not dropped by mistake' exits 5 daftar B drop Sooner
expect 'taken back, it may be' daftar A unassign "$sooner"
expect 'once that is known' until_true 20 exits 0 daftar B drop Sooner

# ---- on its page
stop C
start C --peer "$(door A)" --http 127.0.0.1:0
page() { curl -s -H 'Accept-Language: en' "$(daftar C open --json | field url | sed 's|/enter.*|/|')"; }
first_card() { page | grep -m 1 -A 3 'class="card' | grep -q "$1"; }
expect 'the page says the day' until_true 20 eval 'page | grep -q 2039-05-01'
expect 'and what is assigned comes first' first_card '2039-05-01'
exit $failed
