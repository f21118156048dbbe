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
printf '%s\n' '0 CONN 0 1 up' '0 C M1 0 2 1000000' '5 CONN 0 1 down' >"$tmp/lost"
"$sim" run --contacts "$tmp/lost" --json >"$tmp/out"
grep -qF '"latency_mean_s":null,"latency_median_s":null,"hops_mean":null' "$tmp/out"
echo 'ok: what never arrived took no time, not 0'
printf '%s\n' '0 CONN 0 1 up' '0 C M1 0 0 5' '1 C M1 0 1 5' '1 CONN 1 0 up' \
    '2 C M1 0 1 5' '5 CONN 0 1 down' >"$tmp/odd"
"$sim" run --contacts "$tmp/odd" >"$tmp/out" 2>"$tmp/err"
grep -qF 'taken as it is: messages to their own maker: 1 (first: line 2), mess' \
    "$tmp/err"
grep -qF 'has: 2 (first: line 3), contacts that begin and are up already: 1 (first: line 4)' \
    "$tmp/err"
[ "$(wc -l <"$tmp/err")" = 1 ]
echo 'ok: what is odd in a trace is said in a line'
printf '0 CONN 0 1 up\n1 C M1 0 1 100000000\n' >"$tmp/large"
"$sim" run --contacts "$tmp/large" --protocol prophet,daftar 2>"$tmp/err" >"$tmp/out"
grep -qF 'messages have up to 100000000 bytes; to daftar' "$tmp/err"
"$sim" run --contacts "$tmp/large" --protocol prophet 2>"$tmp/err" >"$tmp/out"
[ ! -s "$tmp/err" ]
echo 'ok: that to daftar a message is a record is said at once'
gzip -k "$tmp/line"
[ "$("$sim" run --contacts "$tmp/line" | grep -v history)" = \
    "$("$sim" run --contacts "$tmp/line.gz" | grep -v history)" ]
echo 'ok: the same packed'

way=nodes=60,area=100x100m,range=10m,speed=0.5-1.5m/s
said=every=10-20s,size=100-200kB
"$sim" run --waypoint $way,wait=0-30s --traffic $said,until=15min --until 20min \
    --json >"$tmp/out"
for part in '"world":"waypoint"' '"nodes":60' '"odd_contacts":0' \
    '"simulated_s":1200'; do
    grep -qF "$part" "$tmp/out" || {
        echo "no $part in:"
        cat "$tmp/out"
        exit 1
    }
done
echo 'ok: a world of its own'
came_of_it() { grep -o '"seed.*"hops_mean":[^,]*'; }
"$sim" world --waypoint $way,wait=0-30s --traffic $said,until=15min \
    --until 20min >"$tmp/told"
for protocol in epidemic-one prophet; do
    came_of_it >"$tmp/one" < <("$sim" run --waypoint $way,wait=0-30s \
        --traffic $said,until=15min --until 20min --protocol $protocol --json)
    came_of_it >"$tmp/two" < <("$sim" run --contacts "$tmp/told" \
        --until 20min --protocol $protocol --json)
    grep -q '"delivered":[1-9]' "$tmp/one"
    cmp "$tmp/one" "$tmp/two"
    echo "ok: $protocol: a world that was told and read is the same"
done
"$sim" run --contacts "$tmp/line" --traffic every=1s,size=1kB --json |
    grep -qF '"world":"traces"'
echo 'ok: traffic over recorded contacts'

fails 2 'which world?' run
fails 2 '--waypoint is a world, and so are' run --contacts "$tmp/line" \
    --waypoint $way --until 1h
fails 2 'a waypoint world has no end' run --waypoint $way
fails 2 '--waypoint says nodes= itself' run --waypoint $way --until 1h --nodes 9
fails 2 "range cannot be '10'; write it like range=10m" \
    run --waypoint nodes=60,range=10
fails 2 "area cannot be '100x100'; write it like area=1000x1000m" \
    run --waypoint area=100x100
fails 2 'speed is missing; write it like speed=0.5-1.5m/s' \
    run --waypoint nodes=60,range=10m,area=100x100m
fails 2 'nodes is said twice' run --waypoint $way,nodes=7
fails 2 "what is 'rnage'? there are nodes=1000, area=" run --waypoint rnage=10m
fails 2 'its range is more than 0' \
    run --waypoint nodes=60,area=100x100m,range=0,speed=1m/s
fails 2 'its speeds are from 0.001 m/s' \
    run --waypoint nodes=60,area=100x100m,range=1m,speed=0-1m/s
fails 2 'its wait goes from more to less' run --waypoint $way,wait=2-1s
fails 2 "every cannot be '5'; write it like every=25-35s" \
    run --traffic every=5,size=1kB
fails 2 'not less than 1us' run --traffic every=0,size=1kB
fails 2 '2147483647 bytes' run --traffic every=1s,size=1-3GB
fails 1 'traffic wants two devices' run --traffic every=1s,size=1kB \
    --until 1h --waypoint nodes=1,area=9x9m,range=1m,speed=1m/s
fails 2 'which world?' world --until 1h
fails 2 'it has no end of its own' world --waypoint $way
fails 2 '--until: it is a time' world --until 5
# unwritable ARGUMENT...: with a full disk behind its output it fails, and says so.
unwritable()
{
    local got=0
    "$sim" "$@" 2>"$tmp/err" >/dev/full || got=$?
    if [ $got != 1 ] || [ "$(grep -c 'could not be written' "$tmp/err")" != 1 ]; then
        echo "daftar-sim $*: exit $got, and not one word of a full disk:"
        cat "$tmp/err"
        exit 1
    fi
}
"$sim" run --contacts "$tmp/line" --seed 1-2 --out "$tmp/kept" >/dev/null
unwritable world --waypoint $way --until 1h
unwritable run --contacts "$tmp/line"
unwritable run --contacts "$tmp/line" --json
unwritable run --contacts "$tmp/line" --seed 1-2
unwritable run --help
unwritable protocols
unwritable protocols --json
unwritable bench --json
unwritable seeds --count 1
unwritable seeds --count 2 --json
unwritable seeds --count 1 --verbose
unwritable report "$tmp/kept" --out -
unwritable report --help
unwritable replay --help
unwritable --help
echo 'ok: what cannot be written is an error, told once'

# ---- Ctrl-C: 3 everywhere.  What is told and read is what is waited for.
# catches PROCESS: it has a handler for it; or it has ended, which is found out then.
# Before it is the program, it is a shell, which may have one of its own.
catches()
{
    local caught
    [ "$(cat "/proc/$1/comm" 2>/dev/null || echo daftar-sim)" = daftar-sim ] || return 1
    caught=$(sed -n 's/^SigCgt:[[:space:]]*//p' "/proc/$1/status" 2>/dev/null) || return 0
    [ $((0x${caught:-2} & 2)) != 0 ]
}
# broken WORDS ARGUMENT...: it begins, is broken off, and exits with 3.
broken()
{
    local words=$1 got=0 child
    shift
    "$sim" "$@" >"$tmp/out" 2>"$tmp/err" &
    child=$!
    until catches "$child"; do
        sleep 0.01
    done
    kill -INT "$child"
    wait "$child" || got=$?
    if [ $got != 3 ] || ! grep -qF -- "$words" "$tmp/err"; then
        echo "daftar-sim $*: Ctrl-C: exit $got, not 3, or not '$words':"
        cat "$tmp/err"
        exit 1
    fi
}
long=(--waypoint "nodes=400,area=300x300m,range=10m,speed=0.5-1.5m/s")
broken 'broken off, and says nothing' run "${long[@]}" --until 100d
broken 'broken off, and none has finished' run "${long[@]}" --until 100d \
    --seed 1-2 --out "$tmp/none"
broken 'broken off; what was printed counts' world "${long[@]}" --until 100d
broken 'broken off; what was printed counts' bench
broken 'worlds were played' seeds --count 100000
grep -qE '^[0-9]+ worlds, 0 failed' "$tmp/out"
echo 'ok: Ctrl-C is 3, whatever is done'

# ---- names steer no terminal
esc=$(printf 'a\033[31m\302\233b\r\nc')
cp "$tmp/line" "$tmp/$esc"
printf '0 CONN 0 \033[2J up\n' >"$tmp/steer"
# plain CODE WORDS ARGUMENT...: fails so, without a control character but newlines.
plain()
{
    fails "$@"
    if LC_ALL=C grep -qP '[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]' "$tmp/err"; then
        echo 'a name steers the terminal:'
        cat -v "$tmp/err"
        exit 1
    fi
}
plain 1 'a\x1b[31m\xc2\x9bb\x0d\x0ac: No such file' run --contacts "$tmp/no/$esc"
plain 2 "there is no protocol 'a\x1b[31m" run --contacts "$tmp/line" --protocol "$esc"
plain 2 "there is no command 'a\x1b[31m" "$esc"
plain 1 "'\x1b[2J' is no device" run --contacts "$tmp/steer"
plain 2 "speed cannot be 'a\x1b[31m" run --waypoint "speed=$esc"
plain 2 "--buffer cannot be 'a\x1b[31m" run --contacts "$tmp/line" --buffer "$esc"
for command in run world seeds report replay; do
    plain 2 "$command: '--a\x1b[31m" $command "--$esc"
    plain 2 "$command: there is no option '-x'" $command -x
done
plain 2 "report: '--out' is no option, or wants" report --out
plain 2 'cannot be read' run "$tmp/no/$esc"
plain 2 'cannot be read' world "$tmp/no/$esc"
plain 2 "what is 'a\x1b[31m" seeds "$esc"
plain 1 'there is no experiment in' report "$tmp/no/$esc"
plain 1 'No such file' replay "$tmp/no/$esc"
printf 'scenario: "\\e[31m"\nlasts: 1h\nprotocol: "\\e[5m"\ngroups:\n  - {name: a}\n' \
    >"$tmp/steer.yaml"
plain 2 '\x1b[5m' run "$tmp/steer.yaml"
"$sim" run --contacts "$tmp/$esc" --seed 1-2 --out "$tmp/out-$esc" >"$tmp/out"
grep -qF 'out-a\x1b[31m' "$tmp/out"
echo 'ok: control characters are printed as what they are'
: >"$tmp/empty"
fails 1 'it holds no contact, so nobody meets. A contact is' \
    run --contacts "$tmp/empty"
echo '1 C M1 0 1 5' >"$tmp/only"
fails 1 'Give it as --messages' run --contacts "$tmp/only"
fails 2 'a scenario says itself' run --contacts "$tmp/line" more
fails 2 "there is no protocol 'gossip'; there are daftar," \
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
grep -qF 'MB of it are for the devices: take fewer' "$tmp/err"
fails 1 'MB of it are for the messages: let fewer be made' run \
    --contacts "$tmp/few" --nodes 1000 --until 10000d --traffic every=1ms,size=1kB
echo 'run: all good'
