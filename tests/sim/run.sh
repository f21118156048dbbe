#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# daftar-sim run as people use it: what it prints, and what it says of mistakes.
set -euo pipefail
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
sim=$DAF_BIN/daftar-sim

# fails CODE WORDS ARGUMENT...: it exits so and says that, and prints nothing.
fails()
{
    local code=$1 words=$2 got=0
    shift 2
    "$sim" "$@" >"$tmp/out" 2>"$tmp/err" || got=$?
    if [ "$got" != "$code" ] || ! grep -qF -- "$words" "$tmp/err" ||
        [ -s "$tmp/out" ]; then
        echo "daftar-sim $*: exit $got, not $code, or not '$words':"
        cat "$tmp/err" "$tmp/out"
        exit 1
    fi
    echo "ok: $words"
}

printf '%s\n' '0 CONN 0 1 up' '0 C M1 0 2 1000000' '5 CONN 0 1 down' \
    '10 CONN 1 2 up' '20 CONN 1 2 down' >"$tmp/line"
"$sim" run --contacts "$tmp/line" --json >"$tmp/out"
for part in '"relayed":2' '"aborted":0' '"delivered":1' '"cpu_s":' '"rss_mb":' \
    '"hops_mean":2' '"latency_mean_s":14.0' '"contacts":2' '"seed":1'; do
    grep -qF "$part" "$tmp/out" || {
        echo "no $part in:"
        cat "$tmp/out"
        exit 1
    }
done
echo 'ok: a message goes by a node between'
gzip -k "$tmp/line"
[ "$("$sim" run --contacts "$tmp/line" | grep -v history)" = \
    "$("$sim" run --contacts "$tmp/line.gz" | grep -v history)" ]
echo 'ok: the same packed'

fails 2 'which contacts?' run
fails 2 "what is 'more'?" run --contacts "$tmp/line" more
fails 2 "there is no protocol 'gossip'; there are epidemic-one," \
    run --contacts "$tmp/line" --protocol gossip
fails 2 "--buffer cannot be '50'; write it like 50MB" \
    run --contacts "$tmp/line" --buffer 50
fails 2 '--lifetime cannot be' run --contacts "$tmp/line" --lifetime 90s
fails 2 '--nodes cannot be' run --contacts "$tmp/line" --nodes 0
fails 2 "there is no command 'walk'" walk
fails 1 'No such file' run --contacts "$tmp/nothing"
printf '0 CONN 0 2 up\n' >"$tmp/far"
fails 1 "line 1: '2' is no device: its number must be below 2" \
    run --contacts "$tmp/far" --nodes 2
printf '9 CONN 0 1 up\n8 CONN 0 1 down\n' >"$tmp/back"
fails 1 'line 2: time goes backwards' run --contacts "$tmp/back"
printf '0 CONN 0 1 up\n1 C M1 0 1 5\n' >"$tmp/few"
fails 1 'of memory, and' run --contacts "$tmp/few" --nodes 1048576 \
    --protocol prophet
echo 'run: all good'
