#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Enrolment over the network: a coordinator (1) opens a porch, new devices (2, 3)
# ask with its ticket, people compare six digits, and a stranger (4) is about.
#
#     enrol.sh [--quick] [PART...]
#
# full     the QR code's text: it says where the porch is
# code     the 52 characters alone, in groups: the porch is found by mDNS
# twice    a ticket that was used, and one that was photographed
# digits   other digits than the coordinator's; a person who says no
# garbage  a stranger at the porch while somebody is enrolled
# closed   by a person, by a new ticket, by the daemon's end; and before it opened
#
# Waits for conditions; the seconds are limits, not measurements.
# shellcheck disable=SC2016 # eval's own dollars
set -uo pipefail
# shellcheck source=SCRIPTDIR/../lab/lab.bash
. "$(dirname "$0")/../lab/lab.bash"
# shellcheck source=SCRIPTDIR/../lab/camp.bash
. "$(dirname "$0")/../lab/camp.bash"
lab_enter "$@"
trap lab_down EXIT
trap 'exit 130' INT TERM

bin=${DAF_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/build/dev/bin}
[ "${1:-}" != --quick ] || shift
parts=${*:-full code twice digits garbage closed}
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
    tail -n 5 "$lab_dir"/*.log "$lab_dir"/*.out "$lab_dir"/*.err 2>/dev/null |
        sed 's/^/    /'
}
office() # ARGUMENT...: the coordinator's command
{
    "$bin/daftar" "$@" --home "$(camp_home 1)"
}
# opens [OPTION...]: a new ticket, in $ticket and $code
opens()
{
    office enrol open --json "$@" >"$lab_dir/open" || return
    ticket=$(json_value ticket <"$lab_dir/open")
    code=$(json_value code <"$lab_dir/open")
}
# joins NAME DEVICE TICKET...: in the background; its id is in $joiner
joins()
{
    local name=$1 device=$2
    shift 2
    rm -f "$lab_dir/$name.out"
    lab_start "$device" "$bin/daftar" join "$@" --json --home "$lab_dir/$name" \
        >"$lab_dir/$name.out" 2>"$lab_dir/$name.err"
    joiner=$lab_pid
}
# ends ID STATUS: it exits so
ends()
{
    until_true 40 lab_is_gone "$1" || return
    wait "$1"
    [ $? = "$2" ]
}
shows() { grep -q '"state": *"compare"' "$lab_dir/$1.out"; }
digits_of() # NAME: on its screen, now
{
    grep '"state": *"compare"' "$lab_dir/$1.out" | tail -n 1 | json_value digits
}
author_of() { tail -n 1 "$lab_dir/$1.out" | json_value author; }
guest() # NAME KEY: what the coordinator's screen says of it
{
    office enrol list --json | grep "\"author\": *\"$(author_of "$1")\"" |
        json_value "$2"
}
same_digits() # NAME: on both screens
{
    [ -n "$(digits_of "$1")" ] && [ "$(digits_of "$1")" = "$(guest "$1" digits)" ]
}
waits() { until_true 30 shows "$1" && until_true 10 same_digits "$1"; }
accepts() # NAME [DIGITS]
{
    office enrol accept "$(guest "$1" id | cut -c 1-8)" \
        --digits "${2:-$(digits_of "$1")}" --json >"$lab_dir/accept" \
        2>"$lab_dir/accept.err"
}
says() { grep -q "\"code\": *\"$2\"" "$lab_dir/$1.out"; } # NAME CODE
exits() # STATUS COMMAND...
{
    local status=$1
    shift
    "$@" >"$lab_dir/exits.out" 2>"$lab_dir/exits.err"
    [ $? = "$status" ]
}

opens_on() # COLUMNS: on a terminal of so many, which script makes
{
    script -qec "stty cols $1; '$bin/daftar' enrol open --home '$(camp_home 1)'" \
        /dev/null >"$lab_dir/terminal" </dev/null &&
        grep -q 'Ticket: DAFTAR1:' "$lab_dir/terminal"
}

part_full()
{
    expect 'without a daemon nothing is opened' exits 4 office enrol open
    camp_start 1
    expect 'the daemon listens' until_true 20 camp_listens 1
    expect 'nothing is open at first' exits 1 office enrol list
    expect 'a porch is opened' opens
    expect 'its ticket says where' grep -q '10\.77\.0\.1+' "$lab_dir/open"
    expect 'one is opened on a wide terminal' opens_on 200
    expect 'with a QR code' grep -q '▀' "$lab_dir/terminal"
    expect 'and one on a narrow terminal' opens_on 30
    expect 'which has no room for a QR code' eval '! grep -q ▀ "$lab_dir/terminal"'
    expect 'and says so' grep -q 'QR code is left out: .* has 30\.' "$lab_dir/terminal"
    expect 'a porch is opened' opens
    joins h2 2 "$ticket"
    expect 'both screens show the same digits' waits h2
    expect 'what is no six digits changes nothing' \
        exits 2 office enrol accept "$(guest h2 id)" --digits 12345 --json
    expect 'the coordinator accepts' accepts h2
    expect 'the device has joined' ends "$joiner" 0
    expect 'and has the certificate that was made' \
        grep -q "\"author\": *\"$(author_of h2)\"" "$lab_dir/accept"
    expect 'the list says so' [ "$(guest h2 state)" = accepted ]
    camp_work 1 full 50
    camp_start 2 --no-mdns
    expect 'its daemon meets the coordinator, and both are equal' \
        until_true 15 camp_equal 1 2
    expect 'it writes, as it may' camp_work 2 full2 10
    expect 'and both are equal' until_true 15 camp_equal 1 2
    expect 'who is no coordinator opens nothing' \
        exits 5 "$bin/daftar" enrol open --home "$(camp_home 2)"
    expect 'a home of a camp joins no other' \
        exits 1 "$bin/daftar" join "$ticket" --home "$(camp_home 2)"
}

part_code()
{
    opens --right read
    # As a person types it: in groups, in small letters, and with slips that are
    # none: O is read for 0, I for 1, B for 8.
    # shellcheck disable=SC2046
    joins h3 3 $(tr '[:upper:]' '[:lower:]' <<<"$code" | tr oib 018 | fold -w 4)
    expect 'by 52 characters and mDNS the porch is found' waits h3
    expect 'the coordinator accepts' accepts h3
    expect 'the device has joined' ends "$joiner" 0
    expect 'with the right that the ticket was opened with' \
        eval 'daftar inspect "$(camp_home 3)/camp/certificate.daf" |
            grep -q "\"class:1\": *\"read\""'
    camp_start 3
    expect 'its daemon becomes equal' until_true 30 camp_equal 1 3
}

part_twice()
{
    joins used 3 "$ticket"
    expect 'a used ticket is refused' ends "$joiner" 1
    expect 'and said to be used' says used exists
    opens
    joins thief 4 "$ticket"
    local thief=$joiner
    expect 'somebody photographed the ticket and is first' waits thief
    joins child 2 "$ticket"
    local child=$joiner
    expect 'the child shows its own digits' waits child
    expect 'the two differ' [ "$(digits_of thief)" != "$(digits_of child)" ]
    expect 'the one with the right digits is accepted' accepts child
    expect 'the child has joined' ends "$child" 0
    expect 'the other has not' ends "$thief" 1
    expect 'and is told that the ticket was used' says thief exists
}

part_digits()
{
    opens
    joins other 2 "$ticket"
    expect 'a device waits' waits other
    expect 'other digits are refused' exits 1 accepts other 000000
    expect 'and the device is declined' ends "$joiner" 5
    joins other 2 "$ticket"
    expect 'the ticket is used up' ends "$joiner" 1
    opens
    joins other 2 "$ticket"
    expect 'with a new ticket the same home asks again' waits other
    expect 'a person says no' \
        exits 0 office enrol decline "$(guest other id)" --json
    expect 'and the device is declined' ends "$joiner" 5
    local records
    records=$(office digest --json)
    opens
    joins other 2 "$ticket"
    expect 'it asks once more' waits other
    kill -INT "$joiner"
    expect 'Ctrl-C ends it' ends "$joiner" 1
    expect 'no record was made of any of it' [ "$(office digest --json)" = "$records" ]
    joins other 2 "$ticket"
    expect 'its home can be used again' waits other
    expect 'it is accepted at last' accepts other
    expect 'and has joined' ends "$joiner" 0
}

# Bytes by chance, a greeting that goes on as nothing, and silence, at its port.
garbage()
{
    # shellcheck disable=SC2016 # perl's own dollars
    lab_in 4 perl -MIO::Socket::INET -e '
        my ($address) = @ARGV;
        $SIG{PIPE} = "IGNORE";
        my @held;
        for my $i (1 .. 60) {
            my $s = IO::Socket::INET->new(PeerAddr => $address, Timeout => 2) or next;
            print $s "\xff" . ("\0" x 8) . "\x7f\x03\0CURVE" if $i % 3 == 1;
            print $s join("", map { chr(int(rand(256))) } 1 .. 5000) if $i % 3 != 2;
            $s->flush;
            push @held, $s;
        }' "$1"
}
part_garbage()
{
    opens
    local porch
    porch=$(json_value address <"$lab_dir/open")
    joins noisy 2 "$ticket"
    expect 'a device waits' waits noisy
    expect 'a stranger shouts at the porch' garbage "$porch"
    expect 'the device still waits' same_digits noisy
    expect 'a second can come' eval 'joins late 3 "$ticket" && waits late'
    expect 'and is accepted' accepts late
    expect 'it has joined' ends "$joiner" 0
    expect "the daemon lives" exits 0 office status
    opens
    local first=A
    [ "${code:0:1}" != A ] || first=B
    joins wrong 2 "DAFTAR1:$first${ticket#DAFTAR1:?}"
    expect 'with another secret nothing is answered' ends "$joiner" 1
    expect 'and is told what may be wrong' says wrong key
}

part_closed()
{
    opens
    joins shut 2 "$ticket"
    expect 'a device waits' waits shut
    expect 'a person closes the porch' exits 0 office enrol close
    expect 'the device is told' ends "$joiner" 1
    opens
    joins shut 2 "$ticket"
    expect 'a device waits' waits shut
    local old=$ticket waiting=$joiner
    opens
    expect 'a new ticket makes the old one worthless' ends "$waiting" 1
    expect 'to close twice is no error' eval \
        'office enrol close >/dev/null && exits 0 office enrol close'
    expect 'and is said' grep -q 'No enrolment was open' "$lab_dir/exits.out"
    # At a terminal (script makes one), on a machine without a network.
    lab_start 3 unshare -n script -qec \
        "'$bin/daftar' join '$old' --home '$lab_dir/alone'" /dev/null \
        >"$lab_dir/alone.out" </dev/null
    local alone=$lab_pid
    joins shut 2 "$old"
    expect 'nobody is there: it is said after a while' ends "$joiner" 1
    expect 'no porch was found' says shut not-found
    expect 'a program is told no more than that' [ ! -s "$lab_dir/shut.err" ]
    expect 'nor is anybody there' ends "$alone" 1
    expect 'meanwhile a person is told what it does' \
        grep -q 'Looking for the coordinator' "$lab_dir/alone.out"
    expect 'and then that there is no network' \
        grep -q 'this machine is on no network' "$lab_dir/alone.out"
    expect 'a word that is no ticket' \
        exits 2 "$bin/daftar" join ABCD --home "$lab_dir/none"
    expect 'and no home was made for it' [ ! -e "$lab_dir/none" ]
    opens
    joins shut 2 "$ticket"
    expect 'a device waits' waits shut
    camp_stop 1
    expect 'the daemon ends, and tells it' ends "$joiner" 1
}

lab_up 4 || exit 1
daftar camp create 'Lab camp' --home "$(camp_home 1)" >/dev/null || exit 1
case " $parts " in
    *' full '*) ;;
    *) camp_start 1 && until_true 20 camp_listens 1 || exit 1 ;;
esac
for part in $parts; do "part_$part"; done
expect 'no process of any device died' \
    eval '! grep -h "was killed by signal" "$lab_dir"/*.log "$lab_dir"/*.err'
[ $failed = 0 ]
