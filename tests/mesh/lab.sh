#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The lab itself (tests/lab): what it says it does to frames is what a UDP and a
# TCP talk across it see.  Bounds are wide; only what the switch holds back is
# sure to take as long as it says.
set -uo pipefail
# shellcheck source=SCRIPTDIR/../lab/lab.bash
. "$(dirname "$0")/../lab/lab.bash"
perl -MTime::HiRes -e 1 2>/dev/null || {
    echo 'skipped: perl is not here'
    exit 77
}
lab_enter "$@"
trap lab_down EXIT
trap 'exit 130' INT TERM

talk=$(cd "$(dirname "$0")/../lab" && pwd)/talk.pl
failed=0
ok() { printf '%3ds  ok: %s\n' $SECONDS "$*"; }
bad()
{
    printf '%3ds  FAILED: %s\n' $SECONDS "$*"
    failed=1
}
expect() # WHAT COMMAND...
{
    local what=$1
    shift
    if "$@"; then ok "$what"; else bad "$what"; fi
}
# ask FROM TO COUNT: sets sent, answered, answers, ms, heard.
ask()
{
    read -r sent answered answers ms heard \
        < <(lab_in "$1" perl "$talk" ask "10.77.0.$2" "$3")
}
hears() # FROM TO: all of ten datagrams and their answers pass
{
    ask "$1" "$2" 10
    [ "$answered" = "$sent" ]
}
deaf()
{
    ask "$1" "$2" 10
    [ "$answered" = 0 ]
}
between() { [ "$2" -ge "$1" ] && [ "$2" -le "$3" ]; } # LEAST VALUE MOST
brings() { lab_in "$1" perl "$talk" bring "10.77.0.$2" "$3" >"$lab_dir/took"; }
refuses() { ! lab_switch "$@" 2>/dev/null; }

lab_up 3 || exit 1
for i in 1 2 3; do lab_start "$i" perl "$talk" serve; done
for i in 1 2 3; do
    until_true 20 brings $((i % 3 + 1)) "$i" 1 || bad "device $i serves"
done

ask 1 2 50
expect "a good network: $answered of 50 answered, once each" \
    test "$answered $answers" = '50 50'

lab_switch delay 40 10
ask 1 2 50
expect "40 ms +- 10 each way: $answered of 50, ${ms} ms there and back" \
    between 60 "$ms" 400
lab_switch delay 0

lab_switch loss 30
ask 1 2 600
expect "30 % lost each way: $answered of 600 answered" between 200 "$answered" 390
lab_switch loss 0

lab_switch dup 100
ask 1 2 20
expect "each frame twice: $answers answers to 20" between 41 "$answers" 80
lab_switch dup 0

lab_switch rate 4000
expect 'TCP passes at 4 Mbit/s' brings 1 2 500
read -r took <"$lab_dir/took"
expect "500 KiB took $took s, at least 1.0" between 100 "${took/./}" 1000
lab_switch rate 0

lab_switch cut 2
expect 'cut: nobody is heard at 2' deaf 1 2
expect 'cut: 1 and 3 go on' hears 1 3
lab_switch heal 2
expect 'healed' hears 1 2

lab_switch part 1 2
expect 'parted: 1 and 2' deaf 1 2
expect 'parted: 1 and 3 are not' hears 1 3
expect 'parted: 2 and 3 are not' hears 2 3
lab_switch join 1 2
expect 'joined' hears 1 2

hears 1 2
before=$heard
lab_in 1 perl "$talk" call
expect 'mDNS passes' hears 1 2
expect 'once' test "$heard" = $((before + 1))
before=$heard
lab_switch multicast off
lab_in 1 perl "$talk" call
ip -n d1 neigh flush dev eth0 # it must find its neighbour anew
expect 'multicast off: TCP and ARP pass' brings 1 2 10
expect 'multicast off: UDP passes' hears 1 2
expect 'multicast off: mDNS does not' test "$heard" = "$before"
refused() { # an answer, if not a friendly one
    ! lab_in 1 bash -c ': </dev/tcp/fe80::2%eth0/9' 2>"$lab_dir/said" &&
        grep -q refused "$lab_dir/said"
}
expect 'multicast off: IPv6 finds its neighbour' refused
lab_switch multicast on

lab_switch isolate on
cannot_bring() { ! brings "$@"; }
expect 'isolated: no TCP' cannot_bring 1 2 1
expect 'isolated: no UDP' deaf 1 2
lab_in 1 perl "$talk" call
lab_switch isolate off
expect 'isolated no more' hears 1 2
expect 'isolated: mDNS passed' test "$heard" = $((before + 1))

expect 'a command it does not know' refuses fold 1
expect 'a port that is not there' refuses cut 4
expect 'a loss above all' refuses loss 101

old=$lab_dir
lab_down
nothing_left()
{
    [ ! -e "$old" ] && [ -z "$(ls /run/netns)" ] &&
        ! kill -0 "$lab_switch_pid" 2>/dev/null
}
expect 'nothing is left' nothing_left
# The same frames, the same seed: the same luck.  Nothing else may be sent: new
# devices, no IPv6, no ARP, and nobody at that address to answer.
lab_up 2 || exit 1
for i in 1 2; do
    lab_in "$i" sh -c 'echo 1 >/proc/sys/net/ipv6/conf/eth0/disable_ipv6
        echo 0 >/proc/sys/net/ipv4/ip_forward'
done
ip -n d1 neigh add 10.77.9.9 lladdr 02:da:f0:00:00:02 dev eth0
luck() # SEED
{
    lab_switch quit
    wait "$lab_switch_pid"
    lab_switch_on "$1"
    lab_switch loss 20
    lab_switch dup 10
    lab_in 1 perl "$talk" send 10.77.9.9 1000
    until_true 5 all_arrived
    lab_switch stats
}
all_arrived() { lab_switch stats | grep -q '"in_flight":0,.*"port":1,"in":1000,'; }
for round in a b c; do
    seed=7
    [ $round != c ] || seed=8
    luck $seed >"$lab_dir/luck.$round"
done
expect 'one seed, one luck' cmp "$lab_dir"/luck.[ab]
differ() { ! cmp -s "$lab_dir"/luck.[ac]; }
expect 'another seed, another luck' differ
lost=$(json_value lost <"$lab_dir/luck.a" | sed -n 2p)
expect "of 1000 frames with 20 % lost, $lost are" between 130 "$lost" 270

lab_down
lab_up 60
lab_start 60 perl "$talk" serve
expect 'sixty devices: the first reaches the last' until_true 20 brings 1 60 10
[ $failed = 0 ]
