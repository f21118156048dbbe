#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Devices find each other by mDNS, whatever happens to Avahi.
#
#                  [ hub: a bridge in a namespace of its own ]
#             |            |            |            |            |
#         A .0.1       B .0.2       C .0.3       D .0.4       E .0.5
#       own stack    own stack    own stack,   avahi-daemon  comes later
#                                a bus that   and a bus of
#                                   hangs       its own
#
# All find all; what they publish holds a salt and a token and nothing else; a
# neighbour sends CNAMEs that name themselves; every discover process is killed,
# three times each; the system's daemon dies; some say goodbye.
#
# Needs no root: everything happens inside `unshare`.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
finder=${DAF_BUILD:-$here/../../build/dev}/tests/finder

if [ -z "${DAF_DISCOVER_INSIDE:-}" ]; then
    for tool in "$finder" ip perl dbus-daemon avahi-daemon nsenter; do
        command -v "$tool" >/dev/null || {
            echo "skipped: $tool is not here"
            exit 77
        }
    done
    unshare -Urnmpf --mount-proc true 2>/dev/null || {
        echo 'skipped: namespaces are forbidden here'
        exit 77
    }
    DAF_DISCOVER_INSIDE=1 exec unshare -Urnmpf --mount-proc --kill-child \
        bash "$0" "$@"
fi

root=$(mktemp -d "${TMPDIR:-/tmp}/daftar-discover.XXXXXX")
started=$SECONDS
pids=()
declare -A pid name
exec {never}<> <(:) # nothing is ever said there: to pause without a process

say() { printf '%3ds  %s\n' $((SECONDS - started)) "$*"; }
die()
{
    printf 'discover: %s\n' "$*" >&2
    tail -n 30 "$root"/*.out "$root"/*.log >&2
    exit 1
}
cleanup()
{
    local p
    exec 2>/dev/null # the shell would tell whom it saw die
    for p in "${pids[@]}"; do kill -9 "$p" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$root"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# until_true SECONDS WHAT COMMAND...: waits for a condition, not for a time.  What
# is not answered once is asked again after 6 to 10 s: on a busy machine 40 s.
until_true()
{
    local limit=$((SECONDS + $1)) what=$2
    shift 2
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $limit ] || die "waited too long for: $what"
        read -rt 0.05 -u "$never" || true
    done
}

network_up()
{
    local d i=0
    mount -t tmpfs tmpfs /run
    ip link set lo up
    ip link add hub type bridge mcast_snooping 0
    ip link set hub up
    for d in A B C D E F; do
        i=$((i + 1))
        ip netns add "$d"
        ip link add "port$d" type veth peer name eth0 netns "$d"
        ip link set "port$d" master hub up
        ip -n "$d" link set lo up
        # Nobody hands out addresses to F.
        [ "$d" = F ] || ip -n "$d" addr add "10.77.0.$i/24" dev eth0
        ip -n "$d" link set eth0 up
        ip -n "$d" route add default dev eth0 # multicast wants one
        name[$d]=dafd1500000000$(printf '%02x' $i)
    done
}
# in_net DEVICE COMMAND...: becomes it, so that $! is the command's own id.
in_net()
{
    local d=$1
    shift
    exec nsenter --net="/run/netns/$d" "$@"
}

# A bus in whose socket nobody takes a call.
hanging_bus()
{
    # shellcheck disable=SC2016 # perl's own dollars
    perl -MIO::Socket::UNIX -e '
        my $s = IO::Socket::UNIX->new(Local => $ARGV[0], Listen => 5) or die;
        sleep' "$root/hangs" &
    pids+=("$!")
    until_true 40 'a bus that hangs' test -S "$root/hangs"
}

# The system's daemon at D.  It insists on a /run/avahi-daemon that is its user's,
# and in here there is no user but one.
system_daemon()
{
    cat >"$root/bus.conf" <<CONF
<busconfig>
  <type>custom</type>
  <listen>unix:path=$root/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/>
    <allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
CONF
    printf '[server]\nhost-name=node-d\nallow-interfaces=eth0\n' \
        >"$root/avahi.conf"
    dbus-daemon --config-file="$root/bus.conf" --nofork --nopidfile --nosyslog \
        2>"$root/bus.log" >&2 &
    pids+=("$!")
    until_true 40 'a bus' test -S "$root/bus"
    echo 'avahi:x:0:0::/:/bin/false' >"$root/passwd"
    echo 'avahi:x:0:' >"$root/group"
    mount --bind "$root/passwd" /etc/passwd
    mount --bind "$root/group" /etc/group
    in_net D env DBUS_SYSTEM_BUS_ADDRESS="unix:path=$root/bus" avahi-daemon \
        -f "$root/avahi.conf" --no-drop-root --no-chroot --no-rlimits \
        --no-proc-title 2>"$root/avahi.log" >&2 &
    daemon=$!
    pids+=("$daemon")
    until_true 40 'the daemon' grep -q 'startup complete' "$root/avahi.log"
}

start() # DEVICE BUS
{
    in_net "$1" env DBUS_SYSTEM_BUS_ADDRESS="unix:path=$root/$2" \
        "$finder" "${name[$1]}" 5670 >"$root/$1.out" 2>"$root/$1.log" &
    pid[$1]=$!
    pids+=("$!")
}
# since DEVICE LINE: what it said after this many lines.
since() { tail -n "+$(($2 + 1))" "$root/$1.out"; }
lines() { wc -l <"$root/$1.out"; }
finds() # DEVICE LINE OTHER...
{
    local d=$1 line=$2 other
    shift 2
    for other; do
        since "$d" "$line" | grep -q "^found ${name[$other]} " || return 1
    done
}
works() { tail -n "+$(($3 + 1))" "$root/$1.out" | grep -q "^state $2 "; }
discover_of() # DEVICE: the process that works now
{
    sed -n 's/^state [a-z]* \([1-9][0-9]*\) .*/\1/p' "$root/$1.out" | tail -n 1
}

# txt_of DEVICE: the strings in its TXT record, a line each, asked for from E.
txt_of()
{
    # shellcheck disable=SC2016 # perl's own dollars
    (in_net E perl -MIO::Socket::INET -e '
        my @name = ($ARGV[0], "_daftar", "_tcp", "local");
        my $name = join("", map { chr(length) . $_ } @name) . "\0";
        my $s = IO::Socket::INET->new(Proto => "udp", LocalAddr => "10.77.0.5")
            or die "$!\n";
        $s->send(pack("n6", 7, 0, 1, 0, 0, 0) . $name . pack("n2", 16, 1), 0,
            pack_sockaddr_in(5353, inet_aton("224.0.0.251"))) or die "$!\n";
        alarm 1;
        $s->recv(my $answer, 9000);
        # An answer behind the question: name or pointer, TXT, class, TTL.
        my $at = 12 + length($name) + 4;
        $at += ord(substr($answer, $at)) >= 192 ? 2 : length($name);
        my ($type, $class, $ttl, $len) = unpack("n2Nn", substr($answer, $at));
        die "no TXT\n" unless $type == 16;
        print "$_\n" for unpack("(C/a)*", substr($answer, $at + 10, $len));
    ' "${name[$1]}")
}
txt_is_bare() # DEVICE
{
    local half=${name[$1]}${name[$1]}
    txt_of "$1" | sort >"$root/txt" || return 1
    [ "$(cat "$root/txt")" = "s=$half
t=$half$half" ]
}

# Names that are asked for, each the other name of itself; and a loop of two.
self_referring_cnames()
{
    # shellcheck disable=SC2016 # perl's own dollars
    (in_net E perl -MIO::Socket::INET -e '
        my $s = IO::Socket::INET->new(Proto => "udp", LocalAddr => "10.77.0.5",
            LocalPort => 5353, ReusePort => 1) or die "$!\n";
        sub name { join("", map { chr(length) . $_ } @_, "local") . "\0" }
        sub cname {
            my ($from, $to) = @_;
            pack("n6", 0, 0x8400, 0, 1, 0, 0) . $from .
                pack("n2Nn", 5, 1, 120, length($to)) . $to;
        }
        my @type = ("_daftar", "_tcp");
        for my $n (name(@type), map { name($_, @type) } @ARGV, "cafe" x 4) {
            my $other = name("other");
            for my $packet (cname($n, $n), cname($n, $other), cname($other, $n)) {
                $s->send($packet, 0, pack_sockaddr_in(5353,
                    inet_aton("224.0.0.251"))) or die "$!\n";
            }
        }' "${name[@]}")
}

# ---- the story

network_up
hanging_bus
system_daemon
say 'a hub, four devices, one of them with a system daemon'
start A none
start B none
start C hangs
start D bus
for d in A B C D; do
    until_true 40 "$d finds all" finds "$d" 0 A B C D
done
for d in A B C; do works $d itself 0 || die "$d does not work by itself"; done
works D system 0 || die 'D does not use the system daemon'
say 'each found all: A, B, C by themselves, D by the daemon'

until_true 40 'the IPv4 address' grep -q \
    "^found ${name[B]} .* 10\.77\.0\.2:5670$" "$root/A.out"
start F none
until_true 40 'the IPv6 address with its zone' grep -q \
    "^found ${name[B]} .* \[fe80::[0-9a-f:]*%[0-9]*\]:5670$" "$root/F.out"
grep -q ' 127\.\|\[::1\]' "$root"/?.out && die 'a loopback address was told'
say 'IPv4, and IPv6 with its zone; no loopback'

for d in A D; do until_true 40 "TXT of $d" txt_is_bare $d; done
say 'TXT holds a salt and a token and nothing else'

for _ in 1 2 3; do self_referring_cnames; done
start E none
for d in A B C D; do until_true 40 "$d finds E after it" finds $d 0 E; done
until_true 40 'E finds all' finds E 0 A B C D
grep -q '^state nobody' "$root"/?.out && die 'a CNAME crashed a discover process'
say 'CNAMEs that name themselves crash nobody; E is found and finds'

kills=0
for round in 1 2 3; do
    declare -A at old
    for d in A B C D; do
        at[$d]=$(lines $d)
        old[$d]=$(discover_of $d)
    done
    for d in A B C D; do
        kill -9 "${old[$d]}"
        kills=$((kills + 1))
    done
    for d in A B C D; do
        until_true 40 "$d finds all, round $round" finds $d "${at[$d]}" A B C D
        [ "$(discover_of $d)" != "${old[$d]}" ] || die "$d lives on"
        if [ "$(sed -n 's/^pid //p' "$root/$d.out")" != "${pid[$d]}" ] ||
            ! kill -0 "${pid[$d]}"; then
            die "the host of $d is another one"
        fi
    done
    say "round $round: $kills discover processes killed so far; all found again"
done

# lost DEVICE OTHER...: all the others hear that it is gone.
lost()
{
    local gone=$1 d
    shift
    for d; do
        until_true 40 "$d hears that $gone is gone" \
            grep -q "^lost ${name[$gone]}$" "$root/$d.out"
    done
}
was=$(discover_of D)
kill -HUP "${pid[D]}"
lost D A B C E
line=$(lines D)
kill "$daemon"
until_true 40 'D goes on by itself' works D itself "$line"
until_true 40 'D finds all' finds D "$line" A B C E
[ "$(discover_of D)" = "$was" ] || die 'D was started anew'
say 'the system daemon withdrew D and ended: D goes on by itself'

was=$(discover_of B)
kill -HUP "${pid[B]}"
lost B A C D E
[ "$(discover_of B)" = "$was" ] || die 'B was started anew'
kill "${pid[C]}"
wait "${pid[C]}" || die 'C left with a fault'
lost C A B D E
cat "$root"/?.log | grep 'as it left' && die 'a discover process died as it left'
say 'B was withdrawn, C ended, and all heard it'
printf '{"discover":"ok","devices":5,"kills":%d,"seconds":%d}\n' \
    "$kills" $((SECONDS - started))
