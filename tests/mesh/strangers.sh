#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#
# Strangers and hostile members against a daemon of a real camp (stranger.c has
# the attacks).  A is attacked; A and B are honest and stay equal meanwhile; M is a
# member whose keys the attacker has; F is of another camp.
#
# First nobody works: what strangers do changes neither digest nor process, and
# their memory comes back.  Then B works while a member attacks: its link may die,
# core does not, and nothing is lost.
set -uo pipefail

if [ -z "${DAF_STRANGERS_INSIDE:-}" ]; then
    if ! unshare -Urnmpf --mount-proc true 2>/dev/null || ! command -v ip >/dev/null; then
        echo "skipped: namespaces are forbidden here, or there is no ip"
        exit 77
    fi
    DAF_STRANGERS_INSIDE=1 exec unshare -Urnmpf --mount-proc --kill-child bash "$0" "$@"
fi
build=${DAF_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build/dev}
bin=${DAF_BIN:-$build/bin}
stranger="$build/tests/stranger"
ip link set lo up
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar-strangers.XXXXXX")
pids=()
failed=0
cleanup() {
    local p
    for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

check() { # check WHAT COMMAND...
    local what=$1
    shift
    if "$@" >"$tmp/out" 2>&1; then
        echo "ok: $what$(sed -n '$s/^/: /p' "$tmp/out")"
    else
        echo "FAILED: $what"
        tail -n 8 "$tmp/out" "$tmp"/*.log
        failed=1
    fi
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
same_digest() { [ "$(digest A)" = "$before" ]; }
status() { # status NAME: a number of A's
    daftar status --home "$tmp/A" --json | sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p"
}
link_of() { # its child
    awk -v parent="$1" '{
        pid = $1
        sub(/^.*\) /, "")
        if ($2 == parent) print pid
    }' /proc/[0-9]*/stat 2>/dev/null
}
other_link() { [ -n "$(link_of "$core")" ] && [ "$(link_of "$core")" != "$1" ]; }
memory() { awk '/VmRSS/ { print $2 }' "/proc/$1/status"; }
attack() { # attack NAME [HOME]
    "$stranger" "$1" "$port" "$tmp/${2:-M}" "${3:-$(link_of "$core")}"
}
work() { # work TAG COUNT
    local i
    for ((i = 0; i < $2; i++)); do
        printf '{"learner":"Kite Example %d","item":"%s-%d","score":0.5}\n' $((i % 9)) "$1" "$i"
    done | daftar progress add --batch - --home "$tmp/B" --json >/dev/null
}
shown() { daftar progress show --home "$tmp/$1" --json | grep -c '"item"'; }
start() { # start HOME ARGUMENT...
    local h=$1
    shift
    "$bin/daftard" --home "$tmp/$h" --listen 127.0.0.1:0 --no-mdns "$@" 2>>"$tmp/$h.log" &
    pid=$!
    pids+=("$pid")
    until_true 20 test -s "$tmp/$h/run/endpoint"
}
near() { # near KIB: link has no more than 12 MiB above it
    # The end of a thread's arena: glibc keeps up to M_TRIM_THRESHOLD of it
    # (daftard.c: 8 MiB), and malloc_trim() does not look there.
    echo "$1 KiB before, $(memory "$link") KiB now"
    [ $(($(memory "$link") - $1)) -le 12288 ]
}
comes_back() { # comes_back KIB: within 20 s; prints the numbers of the end
    until_true 20 near "$1"
    near "$1"
}
grew() { # grew NAME: among A's refusals
    [ "$(status "$1")" -gt 0 ]
}

daftar camp create "Camp" --home "$tmp/A" >/dev/null || exit 1
daftar camp create "Other camp" --home "$tmp/F" >/dev/null || exit 1
for d in B M; do
    daftar join --request "$tmp/$d.request" --home "$tmp/$d" >/dev/null || exit 1
    daftar enrol sign "$tmp/$d.request" --home "$tmp/A" >/dev/null || exit 1
    daftar join --accept "$tmp/$d.request.accept" --home "$tmp/$d" >/dev/null || exit 1
done
start A || exit 1
core=$pid
port=$(cat "$tmp/A/run/endpoint")
port=${port##*:}
start B --peer "127.0.0.1:$port" || exit 1
work first 100
check "A and B are equal" until_true 30 equal

# ---- strangers

before=$(digest A)
link=$(link_of "$core")
memory=$(memory "$link")
check "without CURVE nobody comes in" attack null
check "with a wrong server key nobody comes in" attack wrong-key
check "a foreign certificate is not welcome" attack foreign F "$tmp/M"
check "a door frame has 4 KiB" attack long
check "1,000 broken handshakes" attack broken
check "a HELLO of 1 GiB" attack announce
check "2,000 who say nothing" attack silent
check "those who shake hands and are mute" attack mute
check "A's digest is the same" same_digest
check "A's core and link are the same processes" test "$(link_of "$core")" = "$link"
for name in refused door link-handshake link-message link-crowded link-silent; do
    check "$name is counted" until_true 10 grew "$name"
done
check "link's memory comes back" comes_back "$memory"

# ---- a hostile member, and work

work second 300 &
worker=$!
check "a member does not choose its name" attack named
check "a member's messages have one frame, of 288 KiB" attack parts
check "a member's message of a gigabyte" attack bomb
wait "$worker"
check "core is the same process" kill -0 "$core"
echo "link was started again $(status link_restarts) times"
link=$(link_of "$core")
check "its memory comes back" comes_back "$memory"
check "link has at most 512 MiB" \
    test "$(awk '/VmHWM/ { print $2 }' "/proc/$link/status")" -le 524288
kill -ABRT "$link" # as if a guess at a name had been right
check "a link that aborts is started again" until_true 20 other_link "$link"
work third 100
check "A and B are equal" until_true 40 equal
check "nothing is lost" test "$(shown A)" = 500
check "nothing is damaged" daftar check --home "$tmp/A"
[ $failed = 0 ]
