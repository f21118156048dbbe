#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One daemon on loopback and everything that can happen to it: a second one, a
# taken port, keys missing or open to others, its link killed, itself killed,
# strangers at its socket, and its end.  Waits for conditions, never for a time.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=${DAF_BIN:-$here/../../build/dev/bin}
for tool in "$bin/daftard" "$bin/daftar" awk perl; do
    command -v "$tool" >/dev/null || {
        echo "skipped: $tool is not here"
        exit 77
    }
done
umask 077
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar daemon.XXXXXX")
pids=()
failed=0
exec {never}<> <(:) # nothing is ever said there: to pause without a process

cleanup()
{
    local pid
    for pid in "${pids[@]}"; do kill -9 "$pid" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

ok() { echo "ok: $*"; }
bad()
{
    echo "FAILED: $*"
    sed 's/^/    /' "$tmp"/*.log "$tmp/out" "$tmp/err" 2>/dev/null | tail -n 40
    failed=1
}
# expect WHAT COMMAND...
expect()
{
    local what=$1
    shift
    if "$@" >"$tmp/out" 2>"$tmp/err"; then ok "$what"; else bad "$what"; fi
}
# fails STATUS WORDS WHAT COMMAND...: exits so, with these words on stderr.
fails()
{
    local status=$1 words=$2 what=$3 got
    shift 3
    "$@" >"$tmp/out" 2>"$tmp/err"
    got=$?
    if [ "$got" = "$status" ] && grep -q "$words" "$tmp/err"; then
        ok "$what"
    else
        bad "$what (exit $got)"
    fi
}
# until_true SECONDS COMMAND...
until_true()
{
    local limit=$((SECONDS + $1))
    shift
    until "$@" 2>/dev/null >&2; do
        [ $SECONDS -lt $limit ] || return 1
        read -rt 0.02 -u "$never"
    done
    return 0
}
gone() { ! kill -0 "$1" 2>/dev/null; }

# start HOME ARGUMENT...: sets pid; waits for the address.
start()
{
    local home=$1
    shift
    rm -f "$home/run/endpoint" # of one that was killed
    "$bin/daftard" --home "$home" --no-mdns "$@" 2>>"$home.log" </dev/null &
    pid=$!
    pids+=("$pid")
    until_true 20 test -s "$home/run/endpoint" || bad "$home does not start"
}
# stop PID: sets took, in milliseconds; returns its exit status.
stop()
{
    local from=${EPOCHREALTIME/./} status
    kill -TERM "$1"
    wait "$1"
    status=$?
    took=$(((${EPOCHREALTIME/./} - from) / 1000))
    return $status
}
# link_of PID: its child.
link_of()
{
    cat /proc/[0-9]*/stat 2>/dev/null | awk -v parent="$1" '{
        pid = $1
        sub(/^.*\) /, "")
        if ($2 == parent) print pid
    }'
}
# other_link PID OLD: it has a link, and another one.
other_link()
{
    local now
    now=$(link_of "$1")
    [ -n "$now" ] && [ "$now" != "$2" ]
}
status_has() { "$bin/daftar" status --home "$1" --json | grep -q "$2"; }

# ask SOCKET TEXT: what the daemon answers on its socket until it hangs up.
ask()
{
    # shellcheck disable=SC2016 # perl's own dollars
    perl -MIO::Socket::UNIX -e '
        $SIG{PIPE} = "IGNORE"; # it may hang up before it has read
        my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$!\n";
        print $s $ARGV[1];
        $s->flush;
        shutdown($s, 1);
        print while <$s>;' "$1" "$2"
}

A="$tmp/A" B="$tmp/B"
expect 'a camp' "$bin/daftar" camp create Camp --home "$A"
expect 'another camp' "$bin/daftar" camp create Other --home "$B"

# ---- what must not start

fails 2 'which home' 'no home named' env -u HOME -u DAFTAR_HOME "$bin/daftard"
fails 1 "$tmp/none " 'a home that the environment names' \
    env DAFTAR_HOME="$tmp/none" "$bin/daftard"
fails 1 "$tmp/nobody/.daftar" 'the home of somebody who has none' \
    env -u DAFTAR_HOME HOME="$tmp/nobody" "$bin/daftard"
fails 2 'not an address' 'a name for an address' \
    "$bin/daftard" --home "$A" --listen localhost:0
fails 2 "not a peer's address" 'a peer without a port' \
    "$bin/daftard" --home "$A" --peer 127.0.0.1:0
fails 2 'unknown option' 'an unknown option' "$bin/daftard" --home "$A" --fast
fails 2 'nothing follows' 'an option cut short' "$bin/daftard" --home
fails 1 "$tmp/none" 'a home that is none' "$bin/daftard" --home "$tmp/none"
fails 1 'inside the home' '--record inside the home' \
    "$bin/daftard" --home "$A" --listen 127.0.0.1:0 --record "$A/inputs"
ln -s "$A/run" "$tmp/alias"
fails 1 'inside the home' '--record inside the home by a link' \
    "$bin/daftard" --home "$A" --listen 127.0.0.1:0 --record "$tmp/alias/inputs"
touch "$tmp/taken"
fails 1 'exists already' '--record over a file' \
    "$bin/daftard" --home "$A" --listen 127.0.0.1:0 --record "$tmp/taken"
mv "$A/keys/device.keys" "$tmp/kept"
fails 1 'device.keys' 'no key file' \
    "$bin/daftard" --home "$A" --listen 127.0.0.1:0
cp "$tmp/kept" "$A/keys/device.keys"
chmod 0644 "$A/keys/device.keys"
fails 1 'device.keys' 'a key file that others can read' \
    "$bin/daftard" --home "$A" --listen 127.0.0.1:0
chmod 0600 "$A/keys/device.keys"

# ---- one daemon

start "$A" --listen 127.0.0.1:0 --record "$tmp/inputs"
core=$pid
address=$(cat "$A/run/endpoint")
port=${address##*:}
expect 'its address is written down' test "$address" = "127.0.0.1:$port"
expect 'the port is a number' test "$port" -gt 0
expect 'status answers' status_has "$A" '"running": *true'
fails 1 'use' 'a second daemon on the home' \
    "$bin/daftard" --home "$A" --listen 127.0.0.1:0
fails 1 "$port" 'a port that is taken' \
    "$bin/daftard" --home "$B" --listen "127.0.0.1:$port"
expect 'the log is 0600' test "$(stat -c %a "$tmp/inputs")" = 600
expect 'the socket is 0600' test "$(stat -c %a "$A/run/control")" = 600

# ---- its socket

cat >"$tmp/many" <<'LINES'
{"op":"status"}
{"op":"write","kind":"session","scope":"","learner":"L","did":[["i",800000,60]]}
{"op":"peers"}
{"op":"nonsense"}
{"op":"write","kind":"session","scope":"","learner":"L","did":[["j",null,0]]}
not json at all
{"op":"write","kind":"session","scope":"","learner":"","did":[]}
{"op":"write","kind":"control","payload":"zz"}
LINES
ask "$A/run/control" "$(cat "$tmp/many")
" >"$tmp/answers"
expect 'eight requests at once, eight answers' \
    test "$(grep -c '"exit":' "$tmp/answers")" = 8
order=$(sed -n 's/.*"exit":\([0-9]*\).*/\1/p' "$tmp/answers" | tr '\n' ' ')
expect "in their order ($order)" \
    grep -qE '^0 0 0 [1-9]+ 0 [1-9]+ [1-9]+ [1-9]+ $' <<<"$order"
expect 'the writes are durable' \
    test "$(grep -c '"durable":true' "$tmp/answers")" = 2
# shellcheck disable=SC2016 # perl's own dollars
expect 'a line over 1 MiB is refused, and the daemon lives' \
    perl -MIO::Socket::UNIX -e '
        my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die;
        $SIG{PIPE} = "IGNORE";
        print $s "x" x 3000000;
        $s->flush;
        my $line = <$s>;
        exit !($line =~ /"error"/);' "$A/run/control"
# shellcheck disable=SC2016
expect 'a client that does not read its answers is left waiting' \
    perl -MIO::Socket::UNIX -e '
        my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die;
        $s->blocking(0);
        my $more = 1;
        my $line = "{\"op\":\"peers\"}\n{\"op\":\"status\"}\n" x 1000;
        my $sent = 0;
        my $idle = 0;
        while ($sent < 200000000 && $idle < 20) {
            my $n = syswrite($s, $line);
            if ($n) { $sent += $n; $idle = 0 }
            else { $idle++; select(undef, undef, undef, 0.05) }
        }
        exit !($sent < 16000000);' "$A/run/control"
expect 'and others are answered' status_has "$A" '"running": *true'
memory=$(awk '/VmRSS/ { print $2 }' "/proc/$core/status")
expect "core holds $memory KiB" test "$memory" -lt 65536
if [ "$(id -u)" = 0 ] && command -v setpriv >/dev/null; then
    chmod 0711 "$tmp" "$A" "$A/run"
    chmod 0666 "$A/run/control"
    export -f ask
    # shellcheck disable=SC2016 # the inner shell's dollar
    setpriv --reuid=65534 --regid=65534 --clear-groups \
        bash -c 'ask "$1" "{\"op\":\"status\"}
"' ask "$A/run/control" >"$tmp/stranger" 2>&1
    expect 'another user is turned away' grep -q '"exit":5' "$tmp/stranger"
    expect 'and learns nothing' \
        test "$(grep -c '"running"' "$tmp/stranger")" = 0
    chmod 0600 "$A/run/control"
    chmod 0700 "$tmp" "$A" "$A/run"
else
    echo 'skipped: another user at the socket: needs root and setpriv'
fi

# ---- link dies, core lives

for _ in 1 2 3; do
    link=$(link_of "$core")
    kill -9 "$link"
    expect 'link comes back' until_true 20 other_link "$core" "$link"
done
expect 'link counts its restarts' \
    until_true 20 status_has "$A" '"link_restarts": *3'
expect 'core is the same process' kill -0 "$core"
expect 'the address is the same' test "$(cat "$A/run/endpoint")" = "$address"
bound()
{
    (exec 3<>"/dev/tcp/127.0.0.1/$port")
}
expect 'the port is open again' until_true 20 bound

# ---- a disk on which nothing fits any more

if command -v prlimit >/dev/null; then
    add=("$bin/daftar" progress add --home "$A" --learner L --item k --json)
    wal=$(stat -c %s "$A/store/notebook.db-wal")
    prlimit --pid "$core" "--fsize=$wal:"
    "${add[@]}" >"$tmp/full" 2>&1
    expect 'a full disk refuses a record' test $? = 1
    expect 'in words' grep -qi 'disk\|room\|space\|kept' "$tmp/full"
    expect 'and in the log' grep -q 'cannot be kept' "$A.log"
    expect 'the daemon lives' status_has "$A" '"pending_writes": *0'
    prlimit --pid "$core" --fsize=unlimited:
    expect 'with room there it writes again' "${add[@]}"
else
    echo 'skipped: a full disk: needs prlimit'
fi

# ---- its end

expect 'SIGTERM ends it with 0' stop "$core"
expect "within 2 s ($took ms)" test "$took" -le 2000
expect 'the address is gone' test ! -e "$A/run/endpoint"
expect 'the socket is gone' test ! -e "$A/run/control"
expect 'the log was written' test -s "$tmp/inputs"

start "$A" --listen "127.0.0.1:$port"
link=$(link_of "$pid")
kill -STOP "$link"
stop "$pid"
# 1 s is for link; the rest is what a busy machine may add.
expect "a link that hangs does not keep it ($took ms)" test "$took" -le 5000
expect 'and is gone too' gone "$link"

# ---- power

digest() { "$bin/daftar" digest --home "$1" --json; }
before=$(digest "$A")
start "$A" --listen 127.0.0.1:0
link=$(link_of "$pid")
expect 'a record through the daemon' "$bin/daftar" progress add \
    --home "$A" --learner 'Amina Testname' --item fractions/1 --score 0.8 --json
kill -9 "$pid"
wait "$pid" 2>/dev/null
record=$(sed -n 's/.*"record": *"\([0-9a-f]*\)".*/\1/p' "$tmp/out")
expect 'its answer named the record' test ${#record} = 64
"$bin/daftar" progress show --home "$A" --json >"$tmp/shown" 2>&1
expect 'which is there after kill -9' grep -q "$record" "$tmp/shown"
expect 'the digest moved' test "$before" != "$(digest "$A")"
expect 'nothing is damaged' "$bin/daftar" check --home "$A" --json
expect 'link went with core' until_true 20 gone "$link"
expect 'no name lies there in clear' \
    test "$(grep -rl 'Amina Testname' "$A" | wc -l)" = 0
start "$A" --listen 127.0.0.1:0
expect 'it starts again over what was left' kill -0 "$pid"
expect 'and ends' stop "$pid"

[ "$failed" = 0 ]
