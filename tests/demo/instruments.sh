#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The demo's instruments see: its equality check a home in which one record is
# missing, and its plug what was not synced.
set -uo pipefail
# shellcheck source=SCRIPTDIR/../mesh/mesh.bash
. "$(dirname "$0")/../mesh/mesh.bash"

here=$(cd "$(dirname "$0")" && pwd)
build=${DAF_BUILD:-$here/../../build/dev}
command -v python3 >/dev/null || skip 'python3 is not here'
equal() { DAF_BIN=$bin bash "$here/equal.bash" "$@"; }

# ---- equal.bash

# forget HOME: the record at the end of a log of the class
forget()
{
    python3 - "$1/store/notebook.db" <<'PYTHON'
import sqlite3, sys
db = sqlite3.connect(sys.argv[1])
log, seq = db.execute(
    "SELECT log,max(seq) FROM header GROUP BY log ORDER BY max(seq) DESC").fetchone()
db.execute("DELETE FROM header WHERE log=? AND seq=?", (log, seq))
db.commit()
assert db.total_changes == 1
PYTHON
}

camp A B || {
    bad 'a camp of two'
    exit 1
}
start A
start B --peer "$(door A)"
for n in 1 2 3; do
    daftar A progress add --learner 'Kite Example' --item "letters-$n" --score 1 \
        >"$tmp/out" 2>"$tmp/err" || bad 'a record is written'
done
expect 'two homes become equal' until_true 30 equal "$tmp/A" "$tmp/B"
stop A
stop B
expect 'and are so when they rest' equal "$tmp/A" "$tmp/B"
expect 'one record is deleted' forget "$tmp/B"
expect 'then they are not: exit 1' exits 1 equal "$tmp/A" "$tmp/B"
expect 'whichever is named first' exits 1 equal "$tmp/B" "$tmp/A"
expect 'and it says so' why 'not equal'
expect 'without homes it is misused' exits 2 equal

# ---- unplug.c

plug=$tmp/plug
daftar plug camp create 'Plug camp' >"$tmp/out"
mkdir "$tmp/unsynced"
# on [VARIABLE=VALUE]: with a plug that can be pulled
on()
{
    env "$@" LD_LIBRARY_PATH="$build/tests" LD_PRELOAD=libdemo_unplug.so UNPLUG_HOME="$plug" \
        UNPLUG_JOURNAL="$tmp/unsynced" "$bin/daftard" --home "$plug" --no-mdns \
        --listen 127.0.0.1:0 2>>"$tmp/plug.log" </dev/null &
    pid[plug]=$!
    until_true 20 test -s "$plug/run/endpoint" || bad 'plug does not start'
}
# Core alone writes; its children end with it, and hold nothing.
off()
{
    kill9 plug
    "$build/tests/demo_putback" "$plug" "$tmp/unsynced" >"$tmp/lost" ||
        bad 'putting back'
}
written() { daftar plug progress show --json | grep -c "\"item\":\"$1\""; }
add()
{
    daftar plug progress add --learner 'Drum Example' --item "$1" --json |
        grep -c '"durable":true' >/dev/null
}
on
expect 'a record is durable' add honest
off
expect 'the plug is pulled, and the record is there' test "$(written honest)" = 1
on
off
on UNPLUG_LIES=1
expect 'a disk that lies is believed' add lied
off
expect "and what it promised is lost ($(<"$tmp/lost"))" test "$(written lied)" = 0
expect 'and nothing else' test "$(written honest)" = 1
on
expect 'and it goes on from there' add after
off
expect 'the notebook is sound' daftar plug check
[ "$failed" = 0 ]
