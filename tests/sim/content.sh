#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Content in the simulator: a small class gets it, what that costs on the air, what
# is compared, and what is said of mistakes.
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sim=$DAF_BIN/daftar-sim
world=$root/tests/sim/content.yaml

# value KEY: of the last run
value() { grep -oE "\"$1\":[^,}]*" "$tmp/out" | cut -d: -f2; }
# holds WORDS EXPRESSION: an expression of awk over the last run's values
holds()
{
    awk -v all="$(value all_done_s)" -v bound="$(value airtime_bound_s)" \
        -v done="$(value finished_at_45min)" -v twice="$(value bytes_twice)" \
        "BEGIN { exit !($2) }" || {
        echo "not so: $1: $2, in:"
        cat "$tmp/out"
        exit 1
    }
    echo "ok: $1"
}
# run FILE OPTION...
run() { "$sim" run "$@" --json >"$tmp/out"; }
# fails WORDS ARGUMENT...: asked wrongly, and told so
fails()
{
    local words=$1 got=0
    shift
    "$sim" "$@" >"$tmp/out" 2>"$tmp/err" || got=$?
    if [ "$got" != 2 ] || ! grep -qF -- "$words" "$tmp/err" || [ -s "$tmp/out" ]; then
        echo "daftar-sim $*: exit $got, or not '$words':"
        cat "$tmp/err" "$tmp/out"
        exit 1
    fi
    echo "ok: $words"
}

# 4 times 20 MB at 3.75 MB/s
run "$world"
holds 'the bound is what the copies take' 'bound > 21.33 && bound < 21.34'
holds 'all have it, not before it can be' 'done == 4 && all > bound'
holds '... and not long after' 'all < 1.5 * bound'
holds '... and every byte came once' 'twice == 0'
hash=$(value trace_hash)
run "$world" --policy daftar
[ "$(value trace_hash)" = "$hash" ] || { echo 'daftar is not what is run'; exit 1; }
echo 'ok: daftar is what is run if nothing is said'
for policy in fair-share two; do
    run "$world" --policy $policy
    holds "$policy: all have it" 'done == 4 && all > bound'
    [ "$(value trace_hash)" != "$hash" ] || { echo "$policy is no other"; exit 1; }
done

# A source that is no cable's: up to the access point, and down.
sed '/wired/d' "$world" >"$tmp/radio.yaml"
run "$tmp/radio.yaml"
holds 'from station to station a byte takes its air twice' \
    'done == 4 && all > 2 * bound && all < 3 * bound'

run "$world" --policy multicast --multicast-rate 24Mbit/s
holds 'multicast, a model, sends it once' 'done == 4 && all < bound / 2'
run "$world" --policy multicast
holds '... and at the base rate takes longer' 'done == 4 && all > 26.6'
run "$world" --until 480min
grep -qF '"finished_at_45min":0,"all_done_s":null' "$tmp/out"
echo 'ok: what is not finished took no time'
run "$world" --protocol epidemic-one
! grep -q airtime_bound_s "$tmp/out"
echo 'ok: other protocols carry messages alone'

fails "there is no policy 'fare-share'; there are fair-share, two, daftar, multicast" \
    run "$world" --policy fare-share
fails 'is for a scenario with content, and' \
    run "$root/sim/scenarios/at-rest.yaml" --policy two
fails "leave out --protocol" run "$world" --policy two --protocol daftar
fails '--policy is for a scenario with content' run --policy two \
    --waypoint nodes=9,area=9x9m,range=1m,speed=1m/s --until 1h
fails "--multicast-rate cannot be 'fast'; write it like 6Mbit/s" \
    run "$world" --policy multicast --multicast-rate fast

"$sim" run "$world" --policy two,daftar,multicast --out "$tmp/kept" >"$tmp/out"
for policy in two daftar multicast; do
    [ "$(grep -A5 content_finished_s "$tmp/kept/$policy-3/result.json" |
        grep -cE '^ +[0-9.]+,?$')" = 4 ] || {
        echo "no four times in the result of $policy"
        exit 1
    }
done
grep -qF '<h3>Content</h3>' "$tmp/kept/report.html"
cp "$tmp/kept/report.html" "$tmp/before"
"$sim" report "$tmp/kept" >"$tmp/out"
cmp "$tmp/before" "$tmp/kept/report.html"
echo 'ok: the report shows who has it when'
echo 'content: all good'
