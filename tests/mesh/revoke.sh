#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Three daemons on loopback; A coordinates and revokes C while all are connected:
#
#         A ----> B <---- C          who calls whom
#         '-------------> C
#
# B hears of it; C's sessions end at both, and C is told why at B's door.  What C wrote
# since is taken from it by B and comes to A; C gets nothing any more.
#
# Then E is revoked while it and D are elsewhere and have not heard:
#
#         E <---- D, later        A ----> D, B
#
# What E wrote since comes by D, is kept everywhere, counts for nothing, and does once
# A admits it.  Waits for conditions, never for a time.
# shellcheck disable=SC2317 # many functions are called by name
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=${DAF_BIN:-$here/../../build/dev/bin}
for tool in "$bin/daftard" "$bin/daftar" python3 curl; do
    command -v "$tool" >/dev/null || {
        echo "skipped: $tool is not here"
        exit 77
    }
done
umask 077
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar revoke.XXXXXX")
declare -A pid addr
failed=0
more=() # options of the next daemon
exec {never}<> <(:) # nothing is ever said there: to pause without a process

cleanup()
{
    local d
    for d in "${!pid[@]}"; do kill -9 "${pid[$d]}" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

ok() { printf '%3ds  ok: %s\n' $SECONDS "$*"; }
bad()
{
    echo "FAILED: $*"
    tail -n 15 "$tmp"/*.log "$tmp/out" "$tmp/err" 2>/dev/null | sed 's/^/    /'
    failed=1
}
# expect WHAT COMMAND...
expect()
{
    local what=$1
    shift
    if "$@" >"$tmp/out" 2>"$tmp/err"; then ok "$what"; else bad "$what"; fi
}
# soon WHAT COMMAND...: it comes true within 30 s.
soon()
{
    local limit=$((SECONDS + 30)) what=$1
    shift
    until "$@" >"$tmp/out" 2>"$tmp/err"; do
        [ $SECONDS -lt $limit ] || {
            bad "$what"
            return 1
        }
        read -rt 0.05 -u "$never"
    done
    ok "$what"
}

daftar()
{
    local home=$1
    shift
    "$bin/daftar" "$@" --home "$tmp/$home"
}
# start DEVICE PEER...: at the port that it had before.
start()
{
    local d=$1 other peers=()
    shift
    for other; do peers+=(--peer "${addr[$other]}"); done
    "$bin/daftard" --home "$tmp/$d" --no-mdns "${peers[@]}" \
        --listen "${addr[$d]:-127.0.0.1:0}" "${more[@]}" 2>>"$tmp/$d.log" </dev/null &
    pid[$d]=$!
    soon "$d runs" test -s "$tmp/$d/run/endpoint"
    addr[$d]=$(cat "$tmp/$d/run/endpoint")
}
stop()
{
    kill "${pid[$1]}"
    wait "${pid[$1]}"
}
# status DEVICE EXPRESSION: of its status `s`, in Python.
status()
{
    daftar "$1" status --json | python3 -c "import json, sys
s = json.load(sys.stdin)
sys.exit(not ($2))"
}
# device DEVICE AUTHOR EXPRESSION: of the line `d` that it has about AUTHOR.
device()
{
    daftar "$1" devices --json | python3 -c "import json, sys
for line in sys.stdin:
    d = json.loads(line)
    if d['author'] == '$2': sys.exit(not ($3))
sys.exit(1)"
}
author() { daftar "$1" status --json | python3 -c 'import json, sys
print(json.load(sys.stdin)["author"])'; }
learn() { daftar "$1" progress add --learner "$2" --item "$3"; }
# All is read: who stops at the first line breaks the pipe.
shows() { daftar "$1" progress show | grep "$2" >/dev/null; }
lacks() { ! shows "$@"; }
equal() { [ "$(daftar "$1" digest)" = "$(daftar "$2" digest)" ]; }

# --- a camp of three --------------------------------------------------------------

expect 'a camp' daftar A camp create Test
for d in B C D E; do
    expect "$d asks" daftar $d join --request "$tmp/$d.request"
    expect "$d is signed" daftar A enrol sign "$tmp/$d.request"
    expect "$d joins" daftar $d join --accept "$tmp/$d.request.accept"
done
start B
start C B
start A B C
expect 'C works' learn C 'Kite Example' before
soon 'all are equal to C' equal A C
soon 'B too' equal B C
for d in A B C; do
    soon "$d has two sessions" status $d 's["sessions"] == 2'
done
lost=$(author C)

# --- C is revoked -----------------------------------------------------------------

revoke()
{
    daftar A revoke "${lost:0:10}" --reason stolen --json --yes >"$tmp/said"
}
said()
{
    python3 -c "import json
s = json.load(open('$tmp/said'))
raise SystemExit(not ($1))"
}
expect 'nobody is revoked yet' device A "$lost" 'not d["revoked"]'
expect 'A revokes C by its running daemon' revoke
expect 'it says so' said "s['author'] == '$lost' and s['reason'] == 'stolen' \
    and s['records'] == 1 and s['acts_left'] == 49"
expect 'a new key of the class is sealed to A, B, D and E' \
    said "s['generations'] == 1 and s['wraps'] == 4"
soon 'B hears of it' device B "$lost" 'd["revoked"]'
soon 'C is told' status C 's["revoked"]'
soon "C's sessions end at A" status A 's["sessions"] == 1'
soon "C's sessions end at B" status B 's["sessions"] == 1'
soon 'C has none' status C 's["sessions"] == 0'
reach() # HOME PYTHON: r is what it says of the revocation of C
{
    daftar "$1" revocations --json | python3 -c "import json,sys
r = [r for r in map(json.loads, sys.stdin) if r['author'] == '$lost'][0]
raise SystemExit(not ($2))"
}
soon 'A and B say that they have applied it, and A sees so' \
    reach A 'r["receipts"] >= 2 and r["receipts"] + len(r["missing"]) == r["of"]'
expect 'A and B are not revoked' status A 'not s["revoked"]'
expect 'it was told at the door of B, no coordinator' \
    status B 's["sent"]["REVOKED"]["frames"] >= 1'
expect 'and not by A' status A '"REVOKED" not in s["sent"]'
expect 'C says so to its people, once' \
    test "$(grep -c 'revoked this device' "$tmp/C.log")" = 1
revoke && expect 'revoked again, nothing is written' said 's["records"] == 0'

# --- work goes on: what C wrote since is handed over, and nothing goes back ---------

stop A
expect 'B writes' learn B 'Lantern Example' since-at-B
stop B
for i in $(seq 50); do
    learn C 'Kite Example' "since-$i" >"$tmp/out" 2>"$tmp/err" || bad "C writes $i"
done
expect 'nobody has that' status C 's["left"]'
received=$(daftar C status --json | python3 -c 'import json, sys
print(json.load(sys.stdin)["received"].get("RUN", {}).get("frames", 0))')
start B
soon 'B takes it' shows B since-50
for i in $(seq 50); do
    shows B "since-$i\b" || bad "since-$i is lost"
done
soon 'C knows that it is kept' status C 'not s["left"]'
expect 'C lacks the work of others since' lacks C since-at-B
expect 'and was sent no record' status C \
    "s['received'].get('RUN', {}).get('frames', 0) == $received"
soon 'B has no session with it' status B 's["sessions"] == 0'
start A B
soon 'what C wrote comes to A' shows A since-50
soon 'A and B are equal' equal A B
expect "C's work of before is kept at A" shows A before
expect "C's work is kept at C" shows C since-50

stop C
start C B A
expect 'after a restart C still knows' status C 's["revoked"] and not s["left"]'
expect 'and has told its people again' \
    test "$(grep -c 'revoked this device' "$tmp/C.log")" = 2
expect 'and has not knocked' status C '"KNOCK" not in s["sent"]'
expect "C's notebook is good" daftar C check
expect 'A is revoked by nobody' device A "$(author A)" 'not d["revoked"]'

# --- E is revoked, and some have not heard ------------------------------------------

field_of() { sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p"; }
# unconfirmed DEVICE NUMBER
unconfirmed() { status "$1" "s['unconfirmed'] == $2"; }
# counted DEVICE ITEM EXPRESSION: of each line `p` of its progress about ITEM; one at least.
counted()
{
    daftar "$1" progress show --json | python3 -c "import json, sys
lines = [p for p in map(json.loads, sys.stdin) if p['item'] == '$2']
sys.exit(not lines or not all($3 for p in lines))"
}

# page URL [CURL...]: as one browser.
page()
{
    curl -sS --max-time 20 -b "$tmp/jar" -c "$tmp/jar" -o "$tmp/page" "$@"
}
# What B's pages show of its learner who did `more`.
pages_of_B()
{
    local url base token subject
    url=$(daftar B open --json | python3 -c 'import json, sys
print(json.load(sys.stdin)["url"])')
    base=${url%/enter*}
    subject=$(daftar B progress show --json | python3 -c 'import json, sys
print(next(p["subject"] for p in map(json.loads, sys.stdin) if p["item"] == "more"))')
    page -H "Origin: $base" --data "${url#*\?}" "$base/enter"
    page "$base/who"
    token=$(sed -n 's/.*name="token" value="\([0-9a-f]*\)".*/\1/p' "$tmp/page" | head -n 1)
    page -H "Origin: $base" --data "token=$token&learner=$subject" "$base/who"
    page "$base/"
}

start E
start D E A
expect 'E works' learn E 'Moon Example' known
soon 'by D it comes to A' shows A known
gone=$(author E)
for d in D E; do stop "$d"; done
daftar A revoke "$gone" --reason lost --json --yes >"$tmp/said"
expect 'A revokes E' said "s['records'] == 1 and s['generations'] == 1"
base=$(daftar A status --json | field_of unconfirmed) # C's
expect 'what A knew of counts' unconfirmed A "$base"
expect 'A writes with the new key' learn A 'Lantern Example' after-E
for d in A B C; do stop "$d"; done

start E
start D E
soon 'D meets E, and neither has heard' status D 's["sessions"] == 1'
for i in {1..50}; do
    echo "{\"learner\":\"Moon Example\",\"item\":\"more\",\"score\":0.9,\"minutes\":$i}"
done >"$tmp/fifty"
expect 'E writes 50 more' daftar E progress add --batch "$tmp/fifty"
soon 'D has them' equal D E
expect 'there they count: who has not heard cannot know' unconfirmed D "$base"
stop E
more=(--http 127.0.0.1:0)
start B
more=()
start A D B
soon 'all 50 are taken at A, and do not count' unconfirmed A $((base + 50))
soon 'nor at D, which hears' unconfirmed D $((base + 50))
soon 'nor at B, which never met E' unconfirmed B $((base + 50))
expect 'they are shown, as what they are' counted B more 'not p["confirmed"]'
expect 'what was known when it was revoked counts' counted B known 'p["confirmed"]'
expect 'in words too' shows B 'UNCONFIRMED'
pages_of_B
expect 'pages say so' grep -q 'not confirmed (50)' "$tmp/page"
soon 'A and D are equal' equal A D
soon 'A and B are equal' equal A B
daftar A revocations --json | grep "$gone" >"$tmp/said"
expect 'A sees how many' said "s['confirmed'] == 2 and s['unconfirmed'] == 50"

# The bytes of D under the keys of E.
cp -a "$tmp/E" "$tmp/thief" && rm -rf "$tmp/thief/store" "$tmp/thief/run"
soon 'D has what A wrote since' shows D after-E
stop D
cp -a "$tmp/D/store" "$tmp/thief/store"
expect 'the keys of E open what was written before' shows thief known
expect 'and nothing that was written since' lacks thief after-E
start D

daftar A admit "$gone" --dry-run --json >"$tmp/said"
expect 'A is shown whose work it is' said "s['confirms'] == 50 and \
    list(s['learners'].values()) == [50] and s['records'] == 0"
expect 'and writes nothing yet' unconfirmed A $((base + 50))
daftar A admit "$gone" --json >"$tmp/said"
expect 'A admits them' said "s['confirms'] == 50 and s['tips'] == 1 and s['records'] == 1"
for d in A B D; do
    soon "they count at $d" unconfirmed $d "$base"
done
expect 'and are shown so' counted B more 'p["confirmed"]'
pages_of_B
expect 'and pages say nothing more' \
    test "$(grep -c 'not confirmed' "$tmp/page") $(grep -c 'My work (51)' "$tmp/page")" = '0 1'
daftar B admit "$gone" --json >"$tmp/said"
expect 'only a coordinator admits' test $? = 5

for d in A B D; do stop "$d"; done
[ $failed = 0 ] && echo "revoke: all good"
exit $failed
