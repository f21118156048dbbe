#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Lessons go from who publishes them to who wants them: through kills, a full disk,
# a budget, a source whose disk lies; ten thousand files, and one of 20 GB.
# shellcheck source=tests/mesh/mesh.bash
. "$(dirname "$0")/mesh.bash"

# knows HOME TITLE: its catalogue has it
knows() { daftar "$1" library | grep -q -- "$2"; }
# id HOME TITLE
id() { daftar "$1" library --json | grep -- "\"title\":\"$2\"" | field content; }
item() { daftar "$1" library --json | grep -- "\"title\":\"$2\""; }
held() { item "$1" "$2" | field held; }
# same HOME ID FOLDER: its files are those of the folder
same()
{
    diff -r "$3" "$tmp/$1/content/$2/files" -x content.ini "${@:4}"
}

# lesson FOLDER TITLE: a folder with a sidecar
lesson()
{
    mkdir -p "$tmp/$1"
    printf '[title]\nen = %s\n' "$2" >"$tmp/$1/content.ini"
}
noise() { head -c "$1" /dev/urandom; }

camp A B C || {
    bad 'a camp of three'
    exit 1
}
start A
start B --peer "$(door A)"

# ---- a few lessons
lesson first/letters 'Letters'
echo 'alif' >"$tmp/first/letters/one.txt"
: >"$tmp/first/letters/empty.txt"
mkdir "$tmp/first/letters/more"
noise 300000 >"$tmp/first/letters/more/sound.bin"
noise 1000 >"$tmp/first/poem.txt"
printf '[title]\nen = A poem\nar = قصيدة\n' >"$tmp/first/poem.txt.ini"
echo 'nobody says what this is' >"$tmp/first/stray.txt"
ln -s /etc/passwd "$tmp/first/letters/link"
echo 'hidden' >"$tmp/first/letters/.hidden"
expect 'a folder of lessons is published, with a word on what is left out' \
    exits 3 daftar A publish "$tmp/first"
expect 'a link is not followed' why 'link'
expect 'the other device hears of them' until_true 20 knows B 'A poem'
expect 'and has none of it yet' test ! -e "$tmp/B/content/$(id A Letters)"
expect 'it comes by title' daftar B get letters
expect 'every byte of it' same B "$(id A Letters)" "$tmp/first/letters" \
    -x link -x .hidden
expect 'an Arabic title will do' daftar B get 'قصيدة'
expect 'with marks that it has not' daftar B get 'قَصِيدَة'
expect 'no title is no title' exits 1 daftar B want ''
expect 'what is in two titles is not guessed' exits 2 daftar B want e
expect 'they are named' why 'may be several.*(A poem)'
expect 'to publish it again changes nothing' \
    exits 3 daftar A publish "$tmp/first" --json
expect 'and says so' said '"new":false'
before=$(ls "$tmp/B/content")
lesson foreign 'Not ours to publish'
echo x >"$tmp/foreign/x.txt"
expect 'a device that may not curate may not publish' \
    exits 5 daftar B publish "$tmp/foreign"
expect 'and is told so' why 'right to curate'
expect 'before anything is copied' test "$(ls "$tmp/B/content")" = "$before"
expect 'what is not in the catalogue is refused in words' \
    exits 1 daftar B get 'No such lesson'

# ---- names that a folder cannot have elsewhere
lesson clash 'Names that clash'
echo a >"$tmp/clash/Page.txt"
echo b >"$tmp/clash/page.txt"
expect 'two names that differ in case are refused' \
    exits 1 daftar A publish "$tmp/clash"
expect 'by name' grep -qi 'page.txt' "$tmp/said" "$tmp/why"
expect 'and nothing is left of it' \
    test -z "$(find "$tmp/A/content" -name 'new-*' -print -quit)"

bell=$'bell\a'
lesson "$bell" 'Rings'
expect 'a lesson of nothing is refused' exits 1 daftar A publish "$tmp/$bell"
expect 'its name is said once' test "$(grep -o bell "$tmp/why" | wc -l)" = 1
expect 'and does not ring' test -z "$(tr -dc '\a' <"$tmp/why")"

# ---- kills in the middle, the receiver's and the sender's
lesson large 'A long film'
noise 400000000 >"$tmp/large/film.bin"
expect '400 MB are published' daftar A publish "$tmp/large"
expect 'and heard of' until_true 20 knows B 'A long film'
film=$(id A 'A long film')
daftar B get 'A long film' --no-wait >"$tmp/out" 2>&1
kills=0 before=0
while [ $kills -lt 10 ]; do
    until_true 20 eval '[ "$(held B "A long film")" -gt "$before" ]' || break
    before=$(held B 'A long film')
    [ "$(item B 'A long film' | field whole)" = true ] && break
    kill9 B
    kills=$((kills + 1))
    start B --peer "$(door A)"
done
expect 'the receiver is killed ten times' test $kills = 10
expect 'it goes on by itself until it is whole' daftar B get 'A long film' --json
fetched=$(field fetched <"$tmp/out")
chunk=262144 # docs/content.md §1: of 400 MB
expect "fetched $fetched bytes: at most 10 chunks twice" \
    test "$fetched" -le $((400000000 + 65536 + 10 * chunk))
expect 'every byte of it' same B "$film" "$tmp/large"

start C --peer "$(door A)" --peer "$(door B)"
expect 'a third hears of it' until_true 20 knows C 'A long film'
daftar C get 'A long film' --no-wait >"$tmp/out" 2>&1
until_true 20 eval '[ "$(held C "A long film")" -gt 1 ]'
kill9 A
expect 'the first source dies; the second has it too' daftar C get 'A long film'
expect 'every byte of it' same C "$film" "$tmp/large"
start A --peer "$(door B)" --peer "$(door C)"

# ---- many, and large
lesson many 'Ten thousand'
mkdir "$tmp/many/d"{0..99}
for ((d = 0; d < 100; d++)); do
    for ((f = 0; f < 100; f++)); do echo "$d $f" >"$tmp/many/d$d/$f.txt"; done
done
expect 'ten thousand files are published' daftar A publish "$tmp/many"
expect 'and heard of' until_true 20 knows B 'Ten thousand'
expect 'and fetched' daftar B get 'Ten thousand'
expect 'every byte of them' same B "$(id A 'Ten thousand')" "$tmp/many"

lesson sparse 'A disk image'
truncate -s 20G "$tmp/sparse/disk.img"
printf 'a few bytes' | dd of="$tmp/sparse/disk.img" bs=1 seek=15000000000 \
    conv=notrunc status=none
expect '20 GB, nearly all holes, are published' daftar A publish "$tmp/sparse"
expect 'and heard of' until_true 20 knows B 'A disk image'
expect 'and fetched, without the holes' daftar B get 'A disk image' --json
expect 'which are not sent' test "$(field fetched <"$tmp/out")" -lt 10000000
image=$tmp/B/content/$(id A 'A disk image')/files/disk.img
expect 'of its full length' test "$(stat -c %s "$image")" = 21474836480
expect 'and take no room' test "$(stat -c %b "$image")" -lt 100000
expect 'with the bytes in their place' test "$(dd if="$image" bs=1 \
    skip=15000000000 count=11 status=none)" = 'a few bytes'

# ---- the budget
stop C
before=$(du -sk "$tmp/C" | cut -f 1)
# An eighth is for records; some 25 MB are left.
start C --peer "$(door B)" --peer "$(door A)" \
    --budget $((before * 8 / 7 / 1000 + 30))MB
lesson budget 'Too much'
noise 60000000 >"$tmp/budget/film.bin"
daftar A publish "$tmp/budget" >"$tmp/out" 2>&1
expect 'more than the budget is heard of' until_true 20 knows C 'Too much'
expect 'and refused in words' exits 1 daftar C get 'Too much'
expect 'that name the budget' grep -qi 'budget' "$tmp/said" "$tmp/why"
expect 'before a chunk of it came' \
    test ! -e "$tmp/C/content/$(id A 'Too much')/part/film.bin"
expect 'less than the budget comes all the same' daftar C get Letters

# ---- a source whose disk lies
stop B
printf 'XX' | dd of="$tmp/A/content/$film/files/film.bin" bs=1 seek=1000000 \
    conv=notrunc status=none
stop C
rm -rf "$tmp/C/content/$film"
start C --peer "$(door A)"
daftar C get 'A long film' --no-wait >"$tmp/out" 2>&1
bad_ones() { daftar C peers --json | grep -q '"bad_chunks":[1-9]'; }
expect 'a wrong chunk is its sender'\''s, and counted' until_true 30 bad_ones
expect 'it is not shown' test ! -e "$tmp/C/content/$film/files"
start B --peer "$(door C)"
expect 'one who has it right is asked' daftar C get 'A long film'
expect 'every byte of it' same C "$film" "$tmp/large"
expect 'check finds the damage' exits 3 daftar A check --json
expect 'and names it' said '"what":"content"'
# The daemon is the one that reads and hashes it then, to the end if it may.  What it
# reads (/proc/PID/io) is nobody's to see but root's; its time is.
ticks_of() { sed 's/.*) //' "/proc/${pid[$1]}/stat" | awk '{ print $12 + $13 }'; }
is_checking() { [ "$(ticks_of A)" -ge $((before + 5)) ]; }
before=$(ticks_of A)
daftar A check --repair >"$tmp/checked" 2>&1 &
check=$!
expect 'it reads all of it' until_true 30 is_checking
expect 'and answers others meanwhile' daftar A library
expect 'it ends in the middle' stop A
wait $check
status=$?
expect 'and says so, unless it had come to the end' \
    eval '[ $status != 75 ] || grep -q "To do: start it again" "$tmp/checked"'
start A --peer "$(door B)" --peer "$(door C)"
expect 'and repair fetches it from a peer' exits 0 daftar A check --repair --json
expect 'then all is well' exits 0 daftar A check --json

# ---- equal
everything()
{
    local title
    while read -r title; do
        daftar "$1" get "$title" >"$tmp/out" 2>&1 || return 1
    done < <(daftar "$1" library --json | sed 's/.*"title":"\([^"]*\)".*/\1/')
}
equal() { [ "$(daftar A digest --json)" = "$(daftar B digest --json)" ]; }
expect 'all that there is' everything B
expect 'then both print the same' until_true 20 equal
expect 'a daemon that ends leaves it readable' stop B
expect 'to read' daftar B library
stop A

# ---- a catalogue that is long
publisher=${DAF_BUILD:-$(dirname "$bin")}/tests/publisher
few=$(daftar A library --json | wc -l)
listed() # COUNT: each item on a line of its own, by both ways of saying it
{
    [ "$(daftar A library | wc -l)" = "$1" ] &&
        [ "$(daftar A library --json | grep -o '"content":"[0-9a-f]*"' |
            sort -u | wc -l)" = "$1" ]
}
expect 'ten thousand items more' "$publisher" "$tmp/A" 200 9800
expect 'are all listed' listed $((few + 10000))
start A
expect 'by a daemon too' listed $((few + 10000))
stop A

mv "$tmp/A/content/daftar" "$tmp/marker"
start A
expect 'a card that is not mounted is no daemon that is not there' \
    exits 1 daftar A publish "$tmp/large"
expect 'and said in words' why 'mounted'

[ $failed = 0 ] && echo 'content: all good'
exit $failed
