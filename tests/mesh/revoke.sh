#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Three daemons on loopback; A coordinates and revokes C while all are connected:
#
#         A ----> B <---- C          who calls whom
#         '-------------> C
#
# B hears of it; C's sessions end at both, and C is told why at B's door.  What C wrote
# since is taken from it by B and comes to A.  C gets nothing any more.  Waits for conditions, never for a
# time.
# shellcheck disable=SC2317 # many functions are called by name
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=${DAF_BIN:-$here/../../build/dev/bin}
for tool in "$bin/daftard" "$bin/daftar" python3; do
    command -v "$tool" >/dev/null || {
        echo "skipped: $tool is not here"
        exit 77
    }
done
umask 077
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar revoke.XXXXXX")
declare -A pid addr
failed=0
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
        --listen "${addr[$d]:-127.0.0.1:0}" 2>>"$tmp/$d.log" </dev/null &
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
# grep reads to the end: else the pipe breaks, which is a failure.
shows() { daftar "$1" progress show | grep "$2" >"$tmp/found"; }
lacks() { ! shows "$@"; }
equal() { [ "$(daftar "$1" digest)" = "$(daftar "$2" digest)" ]; }

# --- a camp of three --------------------------------------------------------------

expect 'a camp' daftar A camp create Test
for d in B C; do
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
soon 'B hears of it' device B "$lost" 'd["revoked"]'
soon 'C is told' status C 's["revoked"]'
soon "C's sessions end at A" status A 's["sessions"] == 1'
soon "C's sessions end at B" status B 's["sessions"] == 1'
soon 'C has none' status C 's["sessions"] == 0'
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

for d in A B C; do stop "$d"; done
[ $failed = 0 ] && echo "revoke: all good"
exit $failed
