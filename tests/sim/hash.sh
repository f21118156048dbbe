#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# One seed, one history: the simulator built by two compilers, with much
# optimisation and with sanitizers, prints the hash that our build prints, for each
# protocol and for a world of its own, and another one for another seed.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sim=$DAF_BIN/daftar-sim

# 60 people, whose meetings overlap; a message every 20 s.
awk 'function chance(n) { x = (x * 16807) % 2147483647; return x % n }
BEGIN {
    x = 42
    for (t = 0; t < 7200; t++) {
        for (k in until)
            if (until[k] == t) {
                print t, "CONN", k, "down"
                delete until[k]
            }
        a = chance(60); b = chance(60)
        if (a < b && !((a " " b) in until)) {
            print t, "CONN", a, b, "up"
            until[a " " b] = t + 1 + chance(90)
        }
        if (t % 20 == 0)
            print t, "C", "M" t, chance(60), (chance(59) + 1), 100000 + chance(900000)
    }
}' >"$tmp/trace"

walk='nodes=300,area=300x400m,range=15m,speed=0.3-3m/s,wait=0-60s'

# What is compared: a protocol over the trace, or the world of its own.
run()
{
    local world=(--contacts "$tmp/trace" --protocol "$2")
    if [ "$2" = scenario ]; then
        world=("$root/sim/scenarios/clock-1970.yaml" --until 1d)
    elif [ "$2" = content ]; then
        world=("$root/tests/sim/content.yaml")
    elif [ "$2" = multicast ]; then
        world=("$root/tests/sim/content.yaml" --policy multicast)
    elif [ "$2" = waypoint ]; then
        world=(--waypoint "$walk" --until 1h
            --traffic 'every=5-15s,size=100kB-1MB')
    fi
    "$1" run "${world[@]}" --buffer 10MB --lifetime 60min --seed "$3" --json
}
hash_of() { run "$@" | grep -o '"trace_hash":"[0-9a-f]*"'; }

# build NAME COMPILER OPTION...
# shellcheck disable=SC2046 # words of pkg-config
build()
{
    local name=$1
    shift
    "$@" -std=c11 -D_POSIX_C_SOURCE=200809L -D_GNU_SOURCE -ffp-contract=off \
        -w -I"$root" -I"$DAF_BUILD" -o "$tmp/$name" \
        "$root"/{proto,store,node/core,sim,sim/*}/*.c \
        -Wl,--wrap=crypto_sign_ed25519_detached \
        -Wl,--wrap=crypto_sign_ed25519_verify_detached \
        -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=abort \
        $(pkg-config --libs libsodium sqlite3 inih jansson zlib libcyaml) \
        $(pkg-config --libs msgpack-c 2>/dev/null || pkg-config --libs msgpack) \
        -lm
    builds+=("$name")
}

builds=()
build fast gcc -O3 -march=native
build checked gcc -O1 -fsanitize=address,undefined
if command -v clang >/dev/null; then
    build clang clang -O2
else
    echo 'clang is not here: without it'
fi

for protocol in $("$sim" protocols | cut -d' ' -f1) waypoint scenario content \
    multicast; do
    expected=$(hash_of "$sim" "$protocol" 7)
    for name in "${builds[@]}"; do
        got=$(hash_of "$tmp/$name" "$protocol" 7)
        [ "$got" = "$expected" ] || {
            echo "$protocol: $name says $got, not $expected"
            exit 1
        }
    done
    run "$sim" "$protocol" 7 | grep -qE '"(delivered|finished_at_45min)":[1-9]' || {
        echo "$protocol: nothing arrives, so nothing is compared"
        exit 1
    }
    echo "ok: $protocol: one history in ${#builds[@]} builds and ours"
done
for what in epidemic-one waypoint scenario; do
    [ "$(hash_of "$sim" $what 8)" != "$(hash_of "$sim" $what 7)" ] || {
        echo "$what: another seed has the same history"
        exit 1
    }
done
echo 'hash: all good'
