#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The mesh story: three devices keep one notebook.
#
#            [ hub: a bridge in a namespace of its own ]
#              |                |                |
#         A 10.77.0.1      B 10.77.0.2      C 10.77.0.3     one namespace each
#         coordinator      classroom 1      classroom 2
#
# A creates a camp, B and C are enrolled by file.  2,000 records of many learners
# are typed in on B; all three hold them.  C is cut off; work goes on at B and at
# C; the cut heals; all digests are equal, and no name lies on any disk in clear.
#
# Needs no root: everything happens inside `unshare`.  Where that is
# forbidden the three run on loopback, and C is switched off instead of cut off.
set -euo pipefail

bin=${DAF_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/build/dev/bin}
mode=namespaces
started=$SECONDS

if [ -z "${DAF_STORY_INSIDE:-}" ]; then
    if unshare -Urnmpf --mount-proc true 2>/dev/null && command -v ip >/dev/null; then
        DAF_STORY_INSIDE=1 exec unshare -Urnmpf --mount-proc --kill-child bash "$0" "$@"
    fi
    mode=loopback
    echo "namespaces are forbidden here: the devices share loopback, with fixed addresses"
fi

quick=
[ "${1:-}" = --quick ] && quick=1
root=$(mktemp -d "${TMPDIR:-/tmp}/daftar-story.XXXXXX")
pids=()
declare -A home pid addr

say() { printf '%3ds  %s\n' $((SECONDS - started)) "$*"; }
die() {
    printf 'story: %s\n' "$*" >&2
    for d in "${!home[@]}"; do
        [ -f "$root/$d.log" ] && sed "s/^/$d: /" "$root/$d.log" | tail -n 20 >&2
    done
    exit 1
}
# Stops what was started, by its id, and leaves nothing behind.
cleanup() {
    local p
    for p in "${pids[@]}"; do kill "$p" 2>/dev/null || true; done
    for p in "${pids[@]}"; do wait "$p" 2>/dev/null || true; done
    rm -rf "$root"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# until_true SECONDS WHAT COMMAND...: waits for a condition, not for a time.
until_true() {
    local limit=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $limit ] || die "waited too long for: $what"
        read -rt 0.1 <> <(:) || true
    done
}

daftar() { "$bin/daftar" "$@"; }

network_up() {
    local i=0 d
    if [ $mode = loopback ]; then
        addr=([A]=127.0.0.1:0 [B]=127.0.0.1:0 [C]=127.0.0.1:0)
        return
    fi
    mount -t tmpfs tmpfs /run
    ip link set lo up
    ip link add hub type bridge
    ip link set hub up
    for d in A B C; do
        i=$((i + 1))
        ip netns add "$d"
        ip link add "port$d" type veth peer name eth0 netns "$d"
        ip link set "port$d" master hub up
        ip -n "$d" link set lo up
        ip -n "$d" addr add "10.77.0.$i/24" dev eth0
        ip -n "$d" link set eth0 up
        addr[$d]=10.77.0.$i:5670
    done
}

cut_off() {
    if [ $mode = namespaces ]; then
        ip link set "port$1" down
    else
        stop "$1"
    fi
}
heal() {
    if [ $mode = namespaces ]; then
        ip link set "port$1" up
    else
        start "$1" B
    fi
}

start() { # start DEVICE PEER...
    local d=$1 p peers=()
    shift
    for p in "$@"; do peers+=(--peer "$(cat "${home[$p]}/run/endpoint")"); done
    local in=()
    [ $mode = loopback ] || in=(nsenter --net="/run/netns/$d")
    # nsenter becomes the daemon, so $! is the daemon's own id.
    "${in[@]}" "$bin/daftard" --home "${home[$d]}" --listen "${addr[$d]}" \
        --no-mdns "${peers[@]}" 2>>"$root/$d.log" &
    pid[$d]=$!
    pids+=("$!")
    until_true 20 "$d listens" test -s "${home[$d]}/run/endpoint"
}
stop() {
    kill "${pid[$1]}"
    wait "${pid[$1]}" || true
}

enrol() { # by file, both ways
    local d=$1
    daftar join --request "$root/$d.request" --home "${home[$d]}" >/dev/null
    daftar enrol sign "$root/$d.request" --out "$root/$d.accept" \
        --home "${home[A]}" >/dev/null
    daftar join --accept "$root/$d.accept" --home "${home[$d]}" >/dev/null
}

# work DEVICE TAG COUNT: many learners, one record each line.
work() {
    local i
    for ((i = 0; i < $3; i++)); do
        printf '{"learner":"Amina Testname %d","item":"%s-%d","score":0.%02d,"minutes":5}\n' \
            $((i % 40)) "$2" "$i" $((i % 100))
    done >"$root/batch"
    daftar progress add --batch "$root/batch" --home "${home[$1]}" --json \
        >"$root/batch.out" || die "work on $1 failed: $(tail -n 1 "$root/batch.out")"
    [ "$(grep -c '"durable": *true' "$root/batch.out")" = "$3" ] ||
        die "not every record of $1 was durable"
    rm "$root/batch" # the names in it are for the store to seal
}

digest() { daftar digest --json --home "${home[$1]}"; }
equal() {
    local first d
    first=$(digest "$1")
    shift
    for d in "$@"; do [ "$(digest "$d")" = "$first" ] || return 1; done
}
records() { # of the class, on a device
    digest "$1" | sed -n 's/.*"scope": *"class:1".*"records": *\([0-9]*\).*/\1/p'
}

for d in A B C; do home[$d]=$root/$d; done
network_up
say "three devices, each in its own network ($mode)"
daftar camp create "Demo camp" --home "${home[A]}" >/dev/null
enrol B
enrol C
say "a camp was created on A; B and C were enrolled by file"

start A
start B A
start C A B
until_true 30 "all connected" equal A B C
say "they met at their doors and are equal"

count=2000
work B morning $count
say "$count records of 40 learners were typed in on B, each durable before it was said"
until_true 60 "all three hold B's work" equal A B C
[ "$(records C)" -ge $count ] || die "C holds $(records C) records of $count"
say "A and C hold all of them"

cut_off C
work B before-the-heal 150
[ $mode = loopback ] || work C cut-off 250
until_true 30 "A and B go on without C" equal A B
equal B C && die "C was not cut off"
if [ $mode = loopback ]; then
    say "C is switched off; work goes on at B"
else
    say "C is cut off; work goes on at B and, alone, at C"
fi
heal C
[ $mode = namespaces ] || work C cut-off 250
until_true 60 "all equal after the heal" equal A B C
say "the cut healed: all three digests are equal"

if grep -rlq "Amina Testname" "$root"/[ABC]; then
    die "a learner's name lies in clear in $(grep -rl "Amina Testname" "$root"/[ABC] | head -n 1)"
fi
say "no learner's name lies in clear on any disk"
for d in A B C; do
    daftar check --json --home "${home[$d]}" | grep -q '"ok": *true' || die "check of $d found faults"
done
total=$(digest A | sed -n 's/.*"records": *\([0-9]*\).*/\1/p' | paste -sd+ | tr -d '\n')
total=$((total))
[ -n "$quick" ] || digest A
for d in A B C; do stop "$d"; done
printf '{"demo":"ok","devices":3,"found_by":"static","records":%d,"content_bytes":0,"equal":true,"scenes":["mesh"]}\n' "$total"
