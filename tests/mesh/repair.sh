#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Two daemons on loopback; one's notebook is damaged, in four ways, with its
# daemon stopped and beside it.  `daftar check --repair` and the peer make it
# whole.  Waits for conditions, never for a time.
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
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar repair.XXXXXX")
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
# until_true SECONDS COMMAND...
until_true()
{
    local limit=$((SECONDS + $1))
    shift
    until "$@" 2>/dev/null >&2; do
        [ $SECONDS -lt $limit ] || return 1
        read -rt 0.05 -u "$never"
    done
    return 0
}
# exits STATUS COMMAND...: keeps what it printed in $tmp/said
exits()
{
    local wanted=$1 got
    shift
    "$@" >"$tmp/said" 2>"$tmp/why"
    got=$?
    cat "$tmp/said" "$tmp/why"
    [[ " $wanted " == *" $got "* ]] || { echo "exit $got"; return 1; }
}
said() { grep -q "$1" "$tmp/said"; }

daftar()
{
    local home=$1
    shift
    "$bin/daftar" "$@" --home "$tmp/$home"
}
check() { daftar A check --json; }
repair() { daftar A check --json --repair; }

# start DEVICE: the port that it had before; waits for the address.
start()
{
    local d=$1 other=A peers=()
    [ "$d" = A ] && other=B
    [ -n "${addr[$other]:-}" ] && peers=(--peer "${addr[$other]}")
    "$bin/daftard" --home "$tmp/$d" --no-mdns "${peers[@]}" \
        --listen "${addr[$d]:-127.0.0.1:0}" 2>>"$tmp/$d.log" </dev/null &
    pid[$d]=$!
    until_true 20 test -s "$tmp/$d/run/endpoint" || bad "$d does not start"
    addr[$d]=$(cat "$tmp/$d/run/endpoint")
}
stop()
{
    kill "${pid[$1]}"
    wait "${pid[$1]}"
}

# work DEVICE TAG COUNT
work()
{
    local i
    for ((i = 0; i < $3; i++)); do
        printf '{"learner":"Kite Example %d","item":"%s-%d","score":0.5}\n' \
            $((i % 10)) "$2" "$i"
    done >"$tmp/batch"
    daftar "$1" progress add --json --batch "$tmp/batch"
}
# commits TAG: six
commits()
{
    local i
    for i in 1 2 3 4 5 6; do
        daftar A progress add --learner 'Kite Example' --item "$1-$i" --json ||
            return 1
    done
}
# is_shown RECORD: empty: there is none to show
is_shown() { daftar A progress show --json >"$tmp/shown" && grep -q "$1" "$tmp/shown"; }
digest() { daftar "$1" digest --json; }
equal() { [ "$(digest A)" = "$(digest B)" ]; }
is_whole() { check >"$tmp/whole" && grep -q '"ok":true.*"absent":0' "$tmp/whole"; }
both_whole() { equal && is_whole; }
logs() { # A's logs, of all scopes
    digest A | grep -o '"logs":[0-9]*' | awk -F: '{ n += $2 } END { print n }'
}

db="$tmp/A/store/notebook.db"
# settle: all of the journal into the file, so that damage to the file counts.
# Of a stopped A only.
settle()
{
    python3 -c '
import sqlite3, sys
c = sqlite3.connect(sys.argv[1])
c.execute("PRAGMA wal_checkpoint(TRUNCATE)")' "$db"
}
# flip: change a byte in the middle of the file's longest body.
flip()
{
    rm -rf "$tmp/copy"
    cp -r "$tmp/A/store" "$tmp/copy" && python3 -c '
import sqlite3, sys
c = sqlite3.connect(sys.argv[1] + "/copy/notebook.db")
body = c.execute(
    "SELECT bytes FROM body ORDER BY length(bytes) DESC, body").fetchone()[0]
with open(sys.argv[1] + "/A/store/notebook.db", "r+b") as f:
    at = f.read().index(body) + len(body) // 2
    f.seek(at)
    byte = f.read(1)[0]
    f.seek(at)
    f.write(bytes([byte ^ 1]))' "$tmp"
}
# scribble FILE FROM COUNT
scribble()
{
    head -c "$3" /dev/zero | tr '\0' 'U' |
        dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

expect 'a camp' daftar A camp create Camp
expect 'a request' daftar B join --request "$tmp/request"
expect 'signed' daftar A enrol sign "$tmp/request" --out "$tmp/accept"
expect 'accepted' daftar B join --accept "$tmp/accept"
start B
start A
expect 'work on A' work A one 60
expect 'work on B' work B two 60
expect 'they are equal' until_true 20 both_whole

# ---- a body, with the daemon stopped

expect 'A ends' stop A
expect 'the journal is in the file' settle
expect 'a byte is changed' flip
expect 'check finds it' exits 3 check
expect 'as a body' said '"what":"body"'
expect 'repair: something must come back' exits 3 repair
expect 'it was repaired' said '"ok":true.*"absent":1.*"repaired":true'
start A
expect 'the peer gives it back' until_true 20 both_whole

# ---- a body, under a running daemon

expect 'A ends' stop A
expect 'the journal is in the file' settle
start A
expect 'they are in step' until_true 20 both_whole
daemon=${pid[A]}
expect 'a byte is changed under it' flip
expect 'check finds it' exits 3 check
expect 'repair beside the daemon makes all well' exits 0 repair
expect 'it was repaired' \
    said '"ok":true.*"absent":0.*"bad":\[{"what":"body".*"repaired":true'
expect 'the process is the same' kill -0 "$daemon"
expect 'the address is the same' \
    test "$(cat "$tmp/A/run/endpoint")" = "${addr[A]}"
expect 'both are whole' both_whole
expect 'again: nothing is to be repaired' exits 0 repair
expect 'and it says so' said '"repaired":false'

# ---- the first page, under a running daemon

expect 'work on A goes on' work A three 20
expect 'both hold it' until_true 20 both_whole
expect 'A ends' stop A
expect 'the journal is in the file' settle
start A
expect 'they are in step' until_true 20 both_whole
before=$(logs)
expect 'the first page is overwritten' scribble "$db" 0 8192
expect 'check finds it' exits 3 check
expect 'the daemon writes on, or says that it cannot' \
    exits '0 1' daftar A progress add --learner 'Kite Example' --item x --json
record=$(sed -n 's/.*"record":"\([0-9a-f]*\)","durable":true.*/\1/p' "$tmp/said")
expect 'repair beside the daemon makes all well' exits 0 repair
expect 'own records might be lacking' \
    said '"ok":true.*"repaired":true.*"new_start":true'
expect 'both are whole' until_true 20 both_whole
expect 'what it called durable is there' is_shown "$record"
expect 'work on A' work A four 20
expect 'B holds it' until_true 20 both_whole
expect 'in a new incarnation' test "$(logs)" -gt "$before"

# ---- the journal, under a running daemon

# What the daemon has in its index of the journal is read without a look at its
# sums, so reads may be good, and would not be after its end.
expect 'six more commits' commits more
expect 'both hold them' until_true 20 both_whole
size=$(stat -c %s "$db-wal")
expect "a journal of $size bytes" test "$size" -gt 65536
expect 'its middle is overwritten' scribble "$db-wal" $((size / 2)) 1000
expect 'repair beside the daemon makes all well' exits 0 repair
expect 'it was repaired' said '"ok":true.*"repaired":true.*"new_start":true'
expect 'both are whole' until_true 20 both_whole

# ---- the journal, of a stopped daemon

expect 'six more commits' commits last
expect 'both hold them' until_true 20 both_whole
expect 'A ends' stop A
before=$(logs)
size=$(stat -c %s "$db-wal")
expect "it left a journal of $size bytes" test "$size" -gt 65536
expect 'its middle is overwritten' scribble "$db-wal" $((size / 2)) 1000
expect 'check: an earlier moment, whole, or damage' exits '0 3' check
expect 'repair: something may be lacking' exits 3 repair
expect 'and own records go on in a new log' \
    said '"ok":true.*"repaired":true.*"new_start":true'
start A
expect 'what the peer holds is back' until_true 20 both_whole
expect 'work on A' work A five 5
expect 'B holds it' until_true 20 both_whole
expect 'in a new incarnation' test "$(logs)" -gt "$before"
expect 'A ends' stop A
expect 'B ends' stop B
expect 'nobody of the two was ever told of a fork or a crash' \
    test -z "$(grep -Ei 'assert|abort|fork' "$tmp"/*.log)"

[ "$failed" = 0 ]
