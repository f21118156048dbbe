#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Real daemons record what happens to them, and daftar-sim replays it with the same
# effects byte for byte; a log that was changed is found out.
# shellcheck source=SCRIPTDIR/../mesh/mesh.bash
. "$(dirname "$0")/../mesh/mesh.bash"
sim=$bin/daftar-sim
export TMPDIR=$tmp/tmp
mkdir "$TMPDIR"

# replays FILE: without a difference, and nothing is left behind
replays()
{
    "$sim" replay "$1" --json >"$tmp/json" || return
    cat "$tmp/json"
    grep -q '^{"effects":[1-9][0-9]*,"different":0,' "$tmp/json" &&
        [ -z "$(ls "$TMPDIR")" ]
}
# records HOME NAME [OPTION]...
records()
{
    local home=$1 name=$2
    shift 2
    start "$home" --record "$tmp/$name" "$@"
}
digest() { daftar "$1" digest --json; }
equal() { [ "$(digest "$1")" = "$(digest "$2")" ]; }
bytes() { stat -c %s "$1"; }
size_over() { [ "$(bytes "$tmp/$1")" -gt "$2" ]; }
adds() # HOME LEARNER COUNT
{
    local i
    for ((i = 1; i <= $3; i++)); do
        daftar "$1" progress add --learner "$2" --item "fractions/$i" \
            --score 0.8 || return
    done
}

camp A B || {
    bad 'a camp of two'
    exit 1
}

# ---- two devices meet and write

records A a1
records B b1 --peer "$(door A)"
expect 'records at one' adds A Amina 3
expect 'records at the other' adds B Basil 3
expect 'they become equal' until_true 20 equal A B
stop B
records B b1again --peer "$(door A)"
expect 'they meet again' adds B Basil 1
expect 'and become equal' until_true 20 equal A B
expect 'the log is for nobody else' test "$(stat -c %a "$tmp/a1")" = 600
expect 'nor is what lies beside it' test "$(stat -c %a "$tmp/a1.start")" = 600
stop B
stop A
expect 'the one that was called replays' replays "$tmp/a1"
expect 'the one that called replays' replays "$tmp/b1"
expect 'and when it called again' replays "$tmp/b1again"
"$sim" replay "$tmp/a1" >"$tmp/said"
expect 'it says so in words' grep -qE '^effects [0-9,]+, all the same$' "$tmp/said"

# ---- a second start, with a lesson, a guest at the porch, and kill -9

mkdir "$tmp/lesson"
printf '[title]\nen = Sounds\n' >"$tmp/lesson/content.ini"
head -c 1500000 /dev/urandom >"$tmp/lesson/sounds.bin"
records A a2
records B b2 --peer "$(door A)"
expect 'a lesson is published' daftar A publish "$tmp/lesson"
knows() { daftar B library | grep -q Sounds; }
expect 'and heard of' until_true 20 knows
expect 'and fetched' daftar B get Sounds
daftar A enrol open --json >"$tmp/open"
"$bin/daftar" join "$(field ticket <"$tmp/open")" --json --home "$tmp/C" \
    >"$tmp/joins" 2>"$tmp/err" &
joiner=$!
guest() { daftar A enrol list --json | grep '"digits"'; }
expect 'a guest is at the porch' until_true 30 guest
compared() { grep -q '"state": *"compare"' "$tmp/joins"; }
until_true 30 compared
expect 'and is let in' daftar A enrol accept \
    "$(guest | field id | cut -c 1-8)" --digits "$(field digits <"$tmp/joins")"
expect 'it has joined' wait "$joiner"
expect 'records at one' adds A Clove 2
expect 'and become equal' until_true 20 equal A B
expect 'the log has been written so far' until_true 20 size_over b2 1500000
adds B Dill 20 >/dev/null &
writer=$!
until_true 20 eval 'daftar B progress show --json | grep -q fractions/9'
kill9 B
wait "$writer"
stop A
expect 'who gave a lesson and enrolled a device replays' replays "$tmp/a2"
expect 'what it did at the start is in the log' size_over a2.start 10000
expect 'who was killed replays up to there' replays "$tmp/b2"

records B b3 --peer 127.0.0.1:9
expect 'nobody is there, and it writes' adds B Erica 2
stop B
expect 'who starts again and is alone replays' replays "$tmp/b3"

# ---- another machine

mkdir "$tmp/else where"
cp "$tmp/a2" "$tmp/a2.start" "$tmp/else where/"
mv "$tmp/A" "$tmp/A.gone"
elsewhere() { (cd "$tmp/else where" && replays a2); }
expect 'copied elsewhere, without the home, it replays' elsewhere

# ---- what was changed is found out

log=$tmp/changed
fresh() { cp "$tmp/b1" "$log" && cp "$tmp/b1.start" "$log.start"; }
flip() # FILE OFFSET
{
    local byte
    byte=$(od -An -tu1 -j "$2" -N 1 "$1") || return
    # shellcheck disable=SC2059 # an escape is to be made
    printf "\\$(printf %o $((byte ^ 1)))" |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}
fails() # WORDS: and exits with 1, leaving nothing behind
{
    exits 1 "$sim" replay "$log" --json && [ -z "$(ls "$TMPDIR")" ] &&
        grep -qF -- "$1" "$tmp/said" "$tmp/why"
}
all=$("$sim" replay "$tmp/b1" --json | field inputs)
fresh
flip "$log" $(($(bytes "$log") - 1))
expect 'a flipped effect is found' fails '"different":1'
expect 'at the last input, whose it is' said "\"first_different\":{\"input\":$all,"
"$sim" replay "$log" >"$tmp/said"
expect 'and in words' said "^input $all differs: [A-Z]* at [0-9.]* s: "
expect 'with the calls that are made now' said '^made now: '
found=0 harm=0
for ((i = 1; i < 20; i++)); do
    fresh
    flip "$log" $(($(bytes "$log") * i / 20))
    "$sim" replay "$log" --json >"$tmp/said" 2>"$tmp/why"
    got=$?
    [ $got -le 1 ] || harm=$got
    [ $got = 0 ] || found=$((found + 1))
done
expect "bytes flipped anywhere do no harm, $found of 19 are found" \
    test $harm = 0 -a $found -gt 9
fresh
truncate -s -5 "$log"
expect 'a last input cut short is passed over' exits 0 "$sim" replay "$log"
expect 'and said' said 'left out: [0-9]* bytes at the end'
fresh
rm "$log.start"
expect 'a log alone says what is missing' fails 'copy it from where the log'
cp "$tmp/a1.start" "$log.start"
expect "another one's notebook is refused" fails "is another recording's"
fresh
flip "$log.start" 5000
expect 'and one that was changed' fails 'or was changed'
fresh
printf '\003' | dd of="$log" bs=1 seek=12 conv=notrunc status=none
expect 'an older version is refused' fails 'recorded by another version'
echo 'no log' >"$log"
expect 'another file is no log' fails 'is no log of daftard --record'
: >"$log"
expect 'nor is an empty one' fails 'is no log of daftard --record'
rm "$log"
expect 'no file is an error' fails 'No such file'

# ---- mistakes

expect 'no file named' exits 2 "$sim" replay
expect 'two files named' exits 2 "$sim" replay "$tmp/a1" "$tmp/b1"
expect 'an unknown option' exits 2 "$sim" replay --fast "$tmp/a1"
expect 'it helps' exits 0 "$sim" replay --help
full() { ! "$sim" replay "$tmp/a1" >/dev/full; }
expect 'what cannot be written is an error' full
TMPDIR=$tmp/nowhere
expect 'no folder for the copy' exits 1 "$sim" replay "$tmp/a1"
expect 'is named' why nowhere

[ "$failed" = 0 ]
