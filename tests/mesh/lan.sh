#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A school's network: five devices, no addresses given, nobody else's mDNS.
#
#     lan.sh [--quick] [PART...]
#
# mdns     each finds the four others; 10,000 records written on one reach all
# parted   two and three of them without a wire between; work on both sides
# restart  one ends, begins again, is found again
# killed   discover and link of one die ten times each (four, if it must be quick); its core is the same one
# cached   an access point that drops multicast: the five meet again by the
#          addresses they kept, a sixth who knows one hears of the rest
# apart    two devices enrolled on different days, of which neither ever saw the
#          other's certificate, and no coordinator
#
# Waits for conditions; the seconds are limits, not measurements.
set -uo pipefail
# shellcheck source=SCRIPTDIR/../lab/lab.bash
. "$(dirname "$0")/../lab/lab.bash"
# shellcheck source=SCRIPTDIR/../lab/camp.bash
. "$(dirname "$0")/../lab/camp.bash"
lab_enter "$@"
trap lab_down EXIT
trap 'exit 130' INT TERM

bin=${DAF_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/build/dev/bin}
quick=
[ "${1:-}" != --quick ] || { quick=yes && shift; }
parts=${*:-mdns parted restart killed cached apart}
failed=0
# expect WHAT COMMAND...
expect()
{
    local what=$1
    shift
    if "$@"; then
        printf '%3ds  ok: %s\n' $SECONDS "$what"
        return
    fi
    printf '%3ds  FAILED: %s\n' $SECONDS "$what"
    failed=1
    for i in "${!camp_pids[@]}"; do
        echo "    device $i: $(camp_records "$i") records; peers:"
        daftar peers --json --home "$(camp_home "$i")" | sed 's/^/    /'
        tail -n 3 "$lab_dir/h$i.log" | sed 's/^/    /'
    done
}
each() # FIRST LAST COMMAND...: it is true of each device, whose number follows
{
    local i first=$1 last=$2 verb=$3
    shift 3
    for ((i = first; i <= last; i++)); do "$verb" "$i" "$@" || return; done
}
any() # FIRST LAST COMMAND...: it is true of one of them
{
    local i first=$1 last=$2 verb=$3
    shift 3
    for ((i = first; i <= last; i++)); do
        if "$verb" "$i" "$@"; then return; fi
    done
    return 1
}
not_any() { ! any "$@"; }
start_five() { each 1 5 camp_start && until_true 20 each 1 5 camp_listens; }
# wires part|join: between {1, 2} and {3, 4, 5}
wires()
{
    local a b
    for a in 1 2; do for b in 3 4 5; do lab_switch "$1" $a $b || return; done; done
}
more_than() { [ "$(camp_records "$1")" -gt "$2" ]; }
not_equal() { ! camp_equal "$@"; }

part_mdns()
{
    expect 'five devices find each other by mDNS' \
        until_true 60 each 1 5 camp_found 4 mdns
    expect '10,000 records are written on the second' camp_work 2 mdns 10000
    expect 'they reach all' until_true 60 camp_equal 1 2 3 4 5
    expect 'and are 10,000' more_than 5 9999
}

part_parted()
{
    wires part
    expect 'work goes on at the second' camp_work 2 parted-a 300
    expect 'and at the fourth' camp_work 4 parted-b 200
    expect 'each side is equal in itself' until_true 60 \
        eval 'camp_equal 1 2 && camp_equal 3 4 5'
    expect 'the sides are not' not_equal 1 3
    # Until then the old connections live on, and nobody has to look for anybody.
    # Heartbeats take 15 s: too long for every day.
    [ -n "$quick" ] || expect 'they lose sight of each other' \
        until_true 60 eval 'camp_found 1 1 && camp_found 3 2'
    wires join
    expect 'joined again they are all equal' until_true 60 camp_equal 1 2 3 4 5
}

part_restart()
{
    camp_stop 3
    expect 'work goes on without the third' camp_work 1 restart 100
    camp_start 3
    expect 'it begins again and has four peers' until_true 60 camp_found 3 4
    expect 'and all that was done meanwhile' until_true 60 camp_equal 1 2 3 4 5
}

# child_of PID OPTION: the process that it started with this option.
child_of()
{
    local p
    # shellcheck disable=SC2013 # they are words
    for p in $(cat "/proc/$1/task/$1/children"); do
        tr '\0' ' ' <"/proc/$p/cmdline" 2>/dev/null | grep -q -- "$2" && echo "$p"
    done
}
has_child() { [ -n "$(child_of "$1" "$2")" ]; }
part_killed()
{
    local core=${camp_pids[4]} times=10 i
    [ -z "$quick" ] || times=4 # each waits longer than the one before
    for ((i = 0; i < times; i++)); do
        until_true 20 has_child "$core" --as-discover
        kill -9 "$(child_of "$core" --as-discover)"
    done
    expect "discover of the fourth died $times times; its peers are there" \
        camp_found 4 4
    for ((i = 0; i < times; i++)); do
        until_true 20 has_child "$core" --as-link
        kill -9 "$(child_of "$core" --as-link)"
    done
    expect "link died $times times, and its peers are back" \
        until_true 30 camp_found 4 4
    expect 'core is the same process' kill -0 "$core"
    expect 'and nothing is lost' \
        eval 'camp_work 4 killed 100 && until_true 60 camp_equal 1 2 3 4 5'
}

# What the first parts left in camp/addresses.daf is all that they know.
part_cached()
{
    expect 'they have written down who is where' until_true 30 \
        each 1 5 camp_has_addresses
    camp_stop 1 2 3 4 5
    lab_switch multicast off
    start_five
    expect 'without multicast they find each other where they were' \
        until_true 60 each 1 5 camp_found 4
    expect 'by the addresses that they kept' any 1 5 found_by cached
    expect 'and none by mDNS' not_any 1 5 found_by mdns
    expect 'a sixth is enrolled' camp_enrol 6 "$(camp_home 1)"
    camp_start 6 --peer "$(camp_door 1)"
    expect 'it is told of one, and finds all five' until_true 60 camp_found 6 5
    expect 'the one it was told of' found_by 6 static
    expect 'and the rest by hearsay, on one side or the other' \
        any 2 6 found_by gossip
    expect 'work of the fifth reaches it' eval 'camp_work 5 cached 100 &&
        until_true 60 camp_equal 1 2 3 4 5 6'
    camp_stop 6
    lab_switch multicast on
}
camp_has_addresses() { [ -s "$(camp_home "$1")/camp/addresses.daf" ]; }
found_by() # DEVICE WAY: some peer at least
{
    daftar peers --json --home "$(camp_home "$1")" |
        grep -q "\"found_by\": *\"$2\""
}

# 7 is enrolled today; 8 is enrolled by the coordinator's home of yesterday.
part_apart()
{
    camp_stop "${!camp_pids[@]}"
    cp -a "$(camp_home 1)" "$lab_dir/yesterday"
    expect 'B is enrolled' camp_enrol 7 "$(camp_home 1)"
    expect 'C is enrolled, and neither heard of the other' \
        camp_enrol 8 "$lab_dir/yesterday"
    expect 'their stores differ' not_equal 7 8
    each 7 8 camp_start
    until_true 20 each 7 8 camp_listens
    expect 'B writes' camp_work 7 apart-b 50
    expect 'C writes' camp_work 8 apart-c 50
    expect 'they meet, no coordinator is there, and become equal' \
        until_true 30 camp_equal 7 8
    camp_stop 7 8
}

lab_up 8 || exit 1
camp_new 5 || exit 1
start_five
expect 'the daemons listen' each 1 5 camp_listens
for part in $parts; do "part_$part"; done
[ $failed = 0 ]
