#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Four daemons on loopback in two groups that cannot hear each other; A coordinates:
#
#         A <---- B        |        C <---- D          who calls whom
#
# A learner is erased in one group while somebody writes of her in the other.  Then
# C calls A.  Nothing of her comes back, and A sees who has heard.  Waits for
# conditions, never for a time.
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
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar erase.XXXXXX")
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
    unset "pid[$1]"
}
learn() { daftar "$1" progress add --learner "$2" --item "$3"; }
shows() { daftar "$1" progress show | grep -q "$2"; }
lacks() { ! shows "$@"; }
equal() { [ "$(daftar "$1" digest)" = "$(daftar "$2" digest)" ]; }
# bodies DEVICE COUNT: it holds so many bodies of the class.
bodies()
{
    daftar "$1" digest --json | python3 -c "import json, sys
for line in sys.stdin:
    d = json.loads(line)
    if d['scope'].startswith('class:'): sys.exit(d['bodies'] != $2)
sys.exit($2)"
}
# said EXPRESSION: of the JSON object `s` that the last command printed.
said()
{
    python3 -c "import json
s = json.load(open('$tmp/said'))
raise SystemExit(not ($1))"
}
# receipts DEVICE N M: it knows of one erasure, applied on N of M.
receipts()
{
    daftar "$1" erasures --json | python3 -c "import json, sys
d = [json.loads(line) for line in sys.stdin]
sys.exit(not (len(d) == 1 and d[0]['receipts'] == $2 and d[0]['of'] == $3
    and len(d[0]['missing']) == $3 - $2))"
}
# holds DEVICE: some file of it has bytes of the body that was copied.
holds()
{
    python3 - "$tmp/$1" "$tmp/secret" <<'P'
import pathlib, sys
secret = pathlib.Path(sys.argv[2]).read_bytes()
files = [p for d in ("store", "run") for p in (pathlib.Path(sys.argv[1]) / d).rglob("*") if p.is_file()]
sys.exit(not any(secret in p.read_bytes() for p in files))
P
}
clean() { ! holds "$1"; }

# --- a camp of four, and a learner that all know ----------------------------------

expect 'a camp' daftar A camp create Test
for d in B C D; do
    expect "$d asks" daftar $d join --request "$tmp/$d.request"
    expect "$d is signed" daftar A enrol sign "$tmp/$d.request"
    expect "$d joins" daftar $d join --accept "$tmp/$d.request.accept"
done
start A
start B A
start C A
start D C
expect 'B writes of her' learn B 'Lantern Example' before
expect 'and of another' learn B 'Kite Example' before
for d in A C D; do soon "$d knows her" shows $d 'Lantern.*before'; done
# 40 bytes of the ciphertext of her session.
python3 - "$tmp/B/store" >"$tmp/secret" <<'P'
import pathlib, sqlite3, sys
db = sqlite3.connect(pathlib.Path(sys.argv[1], "notebook.db"))
rows = [r[0] for r in db.execute("SELECT bytes FROM body") if r[0][:4] == b"\x95\x01\xc4\x10"]
handles = {}
for r in rows:
    handles.setdefault(r[4:20], []).append(r)
# Both learners have two; hers came first.
sys.stdout.buffer.write(rows[1][-40:])
P
expect 'her bytes are on every disk' holds D

# --- two groups, and she is erased in one of them ---------------------------------

# Nobody remembers where the others' doors are.
for d in A B C D; do
    stop $d
    rm -f "$tmp/$d/camp/addresses.daf" "$tmp/$d/run/endpoint"
done
start A
start B A
start C
start D C
dry() { daftar A erase 'Lantern Example' --dry-run --json >"$tmp/said"; }
expect 'A says what would go' dry
expect 'two records' said 's["records"] == 2 and s["handles"] and not s["written"]'
erase() { daftar A erase 'Lantern Example' --yes --json >"$tmp/said"; }
expect 'A erases her by its running daemon' erase
expect 'it says so' said 's["records"] == 2 and len(s["written"]) == 1 \
    and s["acts_left"] == 49'
soon 'A has no body of her' bodies A 2
soon 'nor has B' bodies B 2
for d in A B; do
    expect "$d shows nothing of her" lacks $d Lantern
    expect "and of the other all" shows $d 'Kite.*before'
    soon "$d has her bytes in no file" clean $d
done
soon 'A has receipts of two of four' receipts A 2 4
expect 'D has not heard' learn D 'Lantern Example' meanwhile
soon 'C has that' shows C 'Lantern.*meanwhile'

# --- the groups meet --------------------------------------------------------------

stop C
start C A D
for d in C D; do
    soon "$d has no body of her" bodies $d 2
    expect "$d shows nothing of her" lacks $d Lantern
    soon "$d has her bytes in no file" clean $d
done
for d in B C D; do soon "A and $d are equal" equal A $d; done
for d in A D; do soon "$d has all four receipts" receipts $d 4 4; done
for d in A B; do
    expect "nothing came back to $d" bodies $d 2
    expect "$d shows nothing of her" lacks $d Lantern
done
for d in A B C D; do
    expect "$d's notebook is good" daftar $d check
done

for d in A B C D; do stop $d; done
[ $failed = 0 ] && echo "erase: all good"
exit $failed
