#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A tablet's card is copied while it is off, both go on, and meet at a third (docs/
# protocol.md R125).  Then an older copy of its home is put back.  Nobody does
# anything about it, and no record is lost.
#
#         A coordinates;  B and its copy C call A
#
# shellcheck source=tests/mesh/mesh.bash disable=SC2317
. "$(dirname "$0")/mesh.bash"

writes() # HOME ITEM N: N records in one go
{
    for ((i = 0; i < $3; i++)); do
        printf '{"learner":"Kite Example","item":"%s-%d","score":0.5}\n' "$2" "$i"
    done >"$tmp/batch"
    daftar "$1" progress add --batch "$tmp/batch" --json >"$tmp/out"
}
status() # HOME PYTHON: s is its status
{
    daftar "$1" status --json | python3 -c "import json,sys
s = json.load(sys.stdin)
raise SystemExit(not ($2))"
}
records() { daftar "$1" digest --json | grep '"class:1"' | field records; }
has() { test "$(records "$1")" = "$2"; }
equal() { diff <(daftar "$1" digest --json) <(daftar "$2" digest --json); }
logs() { daftar "$1" digest --json | grep '"class:1"' | field logs; }
soon() { local what=$1; shift; expect "$what" until_true 40 "$@"; }

expect 'a camp of two' camp A B
join() # HOME [OPTION]...: as an archive, say
{
    local home=$1
    shift
    "$bin/daftar" join --request "$tmp/$home.request" --home "$tmp/$home" &&
        daftar A enrol sign "$tmp/$home.request" "$@" &&
        "$bin/daftar" join --accept "$tmp/$home.request.accept" --home "$tmp/$home"
}
expect 'and an archive' join E --archive
expect 'B writes' writes B before 20
start A
start B --peer "$(door A)"
soon 'A has it' has A 21 # one registers the learner
stop B
cp -a "$tmp/B" "$tmp/C"
cp -a "$tmp/B" "$tmp/older"

# --- both copies go on, apart ----------------------------------------------------

expect 'B writes 500' writes B here 500
expect 'its copy writes 500' writes C there 500
start B --peer "$(door A)"
start C --peer "$(door A)"
soon 'all of it is at A' has A 1021
soon 'A and B are equal' equal A B
soon 'A and the copy are equal' equal A C
expect 'B knows of one clone' status B 's["clones"] == 1'
expect 'so does the copy' status C 's["clones"] == 1'
expect 'and says so in a sentence' status C 's["notice"].startswith("a copy")'
expect 'A has none' status A 's["clones"] == 0 and s["notice"] is None'
expect 'both go on' eval 'writes B later 3 && writes C later 3'
soon 'all of it is at A' has A 1027
soon 'B and its copy are equal' equal B C
expect 'each in a log of its own' test "$(logs A)" = 3
expect 'of one author' status B "s['author'] == '$(daftar C status --json | field author)'"
expect 'nobody had to hear anything first' status B 'not s["restored"]'

# --- keys of their own -----------------------------------------------------------------

renewals() { daftar A renewals --json; }
# new keys of the lines, in hex
keys() { renewals | python3 -c "import json,sys
for line in sys.stdin: print(json.loads(line)['renewed'])"; }
author() { daftar "$1" status --json | field author; }
asked() { test "$(keys | wc -l)" = "$1"; }
old=$(author B)
soon 'both ask for keys of their own, by themselves' asked 2
own_keys() { daftar "$1" renewals --json | grep '"own":true' | field renewed; }
knows_own() { test -n "$(own_keys B)" -a -n "$(own_keys C)" -a "$(own_keys B)" != "$(own_keys C)"; }
soon 'each knows which are its own' knows_own
expect 'nobody has them yet' eval '! renewals | grep -q "\"granted\":true"'
expect 'no device but a coordinator grants' exits 5 daftar B renew "$(keys | head -n 1)"
clones_at_A() { daftar A devices --json | grep "$old" | field clones; }
expect 'the coordinator knows how many they are' test "$(clones_at_A)" = 1
for k in $(keys); do
    expect 'A grants one' daftar A renew "${k:0:12}" --json
done
taken() { test "$(author "$1" 2>/dev/null)" != "$old" && keys | grep -q "^$(author "$1")"; }
soon 'B takes its keys' taken B
soon 'its copy takes its own' taken C
expect 'they are two devices now' test "$(author B)" != "$(author C)"
expect 'what they wrote since is theirs' eval 'writes B renewed 2 && writes C renewed 2'
soon 'all of it is at A' has A 1031
soon 'A and B are equal' equal A B
soon 'A and C are equal' equal A C
expect 'B has no clone any more' status B 's["clones"] == 0 and s["notice"] is None'
reads() { daftar B progress show --json | grep -c "\"$1\""; }
expect 'B still reads what it once wrote' test "$(reads here-499)" = 1
old_keys() { find "$tmp/B/keys" -name 'next*'; }
expect 'no keys are left over' test -z "$(old_keys)"
stop B
start B --peer "$(door A)"
expect 'after a restart as well' taken B

# --- an archive ----------------------------------------------------------------------

cp -a "$tmp/E" "$tmp/F"
expect 'an archive and its copy write' eval 'writes E shelf 1 && writes F board 1'
start E --peer "$(door A)"
start F --peer "$(door A)"
waiting() { renewals | grep '"granted":false'; }
wait_for() { test "$(waiting | wc -l)" = "$1"; }
soon 'they ask as well' wait_for 2
archive=$(waiting | field renewed)
expect 'and are not given keys: others rely on what was stated' exits 5 daftar A renew "$archive"
expect 'in words' why 'is or was an archive'
stop E
stop F

# --- a backup is put back ----------------------------------------------------------

stop B
stop C
rm -rf "$tmp/B"
cp -a "$tmp/older" "$tmp/B"
expect 'B was put back, and writes alone' writes B alone 10
start B --peer "$(door A)"
soon 'nothing is lost' has A 1045
soon 'A and B are equal' equal A B
expect 'B began anew' status B 's["logs"] == 2'
soon 'and has heard what it once said' status B 's["restored"] is False'
expect 'its notebook is good' daftar B check

# --- two copies and nobody else ------------------------------------------------------

stop A
stop B
cp -a "$tmp/B" "$tmp/D"
expect 'both write' eval 'writes B alone-too 4 && writes D alone-too 4'
start B
start D --peer "$(door B)"
soon 'they are equal' equal B D
expect 'and have it all' has B 1053

stop B
stop D
[ $failed = 0 ] && echo 'clones: all good'
exit $failed
