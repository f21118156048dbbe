#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# A disk that fills up under a running daemon, and one that is read-only: clear
# words, no daemon dies, nothing acknowledged is lost, and work goes on when there
# is room again.  The disks are small tmpfs mounts in a namespace.
set -uo pipefail

if [ -z "${DAF_FULL_INSIDE:-}" ]; then
    unshare -Urnmpf --mount-proc true 2>/dev/null || {
        echo "skipped: mounting is forbidden here"
        exit 77
    }
    DAF_FULL_INSIDE=1 exec unshare -Urnmpf --mount-proc --kill-child bash "$0" "$@"
fi
bin=${DAF_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/build/dev/bin}
ip link set lo up
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar-full.XXXXXX")
pids=()
failed=0
cleanup() {
    for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
    wait 2>/dev/null
    umount "$tmp"/* 2>/dev/null
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$tmp.out" 2>&1; then
        echo "ok: $what"
    else
        echo "FAILED: $what"
        tail -n 5 "$tmp.out" "$tmp"/*.log 2>/dev/null
        failed=1
    fi
    rm -f "$tmp.out"
}
until_true() {
    local limit=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $limit ] || return 1
        read -rt 0.1 <> <(:) || true
    done
}
daftar() { "$bin/daftar" "$@"; }
digest() { daftar digest --json --home "$tmp/$1"; }
equal() { [ "$(digest A)" = "$(digest B)" ]; }
refused() { # the command fails with words, not with a signal
    local rc
    "$@" >"$tmp/said" 2>&1
    rc=$?
    [ $rc = 1 ] && grep -qi "$words" "$tmp/said"
}
batch() { # batch COUNT
    local i
    for ((i = 0; i < $1; i++)); do
        printf '{"learner":"Kite Example %d","item":"item-%d","score":0.5}\n' $((i % 9)) "$i"
    done
}
start() { # start HOME ARGUMENT...
    local h=$1
    shift
    "$bin/daftard" --home "$tmp/$h" --listen 127.0.0.1:0 --no-mdns "$@" 2>>"$tmp/$h.log" &
    pid=$!
    pids+=("$pid")
    until_true 20 test -s "$tmp/$h/run/endpoint"
}
alive() { kill -0 "$1"; }
readable() { daftar progress show --home "$tmp/$1" --json | grep -c '"item"'; }

mkdir "$tmp/A" "$tmp/B"
mount -t tmpfs -o size=1500k,mode=0700 tmpfs "$tmp/B" || exit 77
daftar camp create "Small disk" --home "$tmp/A" >/dev/null || exit 1
rmdir "$tmp/B/home" 2>/dev/null
daftar join --request "$tmp/B.request" --home "$tmp/B" >/dev/null || exit 1
daftar enrol sign "$tmp/B.request" --home "$tmp/A" >/dev/null || exit 1
daftar join --accept "$tmp/B.request.accept" --home "$tmp/B" >/dev/null || exit 1
start B
b=$pid
for i in 1 2 3 4; do
    dd if=/dev/zero of="$tmp/B/filler$i" bs=1k count=400 2>/dev/null
done
words="disk is full"
check "a write on a full disk is refused with words" refused daftar progress add \
    --learner "Kite Example" --item one --score 1 --home "$tmp/B"
check "the daemon lives" alive "$b"
start A --peer "$(cat "$tmp/B/run/endpoint")"
batch 400 | daftar progress add --batch - --home "$tmp/A" --json >/dev/null 2>&1
check "A, with room, keeps its work" test "$(readable A)" = 400
check "B, full, says so and lives" until_true 30 grep -qi "full" "$tmp/B.log"
check "the daemon lives on" alive "$b"
rm "$tmp"/B/filler*
mount --options-mode ignore -o remount,size=20m "$tmp/B"
check "B takes all once there is room" until_true 40 equal
check "and writes again" daftar progress add --learner "Kite Example" --item two \
    --score 1 --home "$tmp/B"
kept=$(readable B)
kill "$b"
wait "$b"
mount --options-mode ignore -o remount,ro "$tmp/B" || exit 77
words="cannot be written\|read-only"
check "a write on a read-only disk is refused with words" refused daftar progress add \
    --learner "Kite Example" --item three --score 1 --home "$tmp/B"
check "a daemon says that it cannot start there" refused "$bin/daftard" \
    --home "$tmp/B" --listen 127.0.0.1:0 --no-mdns
check "what was kept is still shown" test "$(readable B)" = "$kept"
mount --options-mode ignore -o remount,rw "$tmp/B"
check "and work goes on" daftar progress add --learner "Kite Example" \
    --item four --score 1 --home "$tmp/B"
check "nothing is damaged" daftar check --home "$tmp/B"
[ $failed = 0 ]
