# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A network lab: devices d1 ... dN, each in a network namespace of its own, joined
# by lab_switch, which can be a poor network (switch.c lists its commands).
#
#     . "$(dirname "$0")/../lab/lab.bash"
#     lab_enter "$@"            # at the very top: this script anew, in namespaces
#     trap lab_down EXIT
#     lab_up 5
#     lab_start 1 "$DAF_BIN/daftard" --home "$lab_dir/A" ... 2>"$lab_dir/A.log"
#     lab_switch loss 10
#     until_true 30 test -s "$lab_dir/A/run/endpoint" || ...
#     lab_stop "$lab_pid"
#
# Device I is 10.77.0.I/16 and fe80::I (in hex), with a default route, which
# multicast needs.  /run and /proc are the lab's own: no system bus, no Avahi.
# Nothing outlives the script: it has a process namespace of its own.

lab_program=${DAF_BUILD:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/dev}/tests/lab_switch
lab_size=0
lab_dir=
lab_switch_pid=
lab_pids=()
exec {lab_never}<> <(:) # nothing is ever said there: to pause without a process

# lab_enter ARGUMENT...: starts this script anew where it may make networks, or
# ends it with 77 where that is forbidden.
lab_enter()
{
    [ -z "${LAB_INSIDE:-}" ] || return 0
    command -v ip >/dev/null || PATH=$PATH:/usr/sbin:/sbin
    if ! command -v ip >/dev/null || [ ! -x "$lab_program" ]; then
        echo "skipped: ip or $lab_program is not here"
        exit 77
    fi
    unshare -Urnmpf --mount-proc sh -c 'mount -t tmpfs tmpfs /run' \
        2>/dev/null || {
        echo 'skipped: namespaces are forbidden here'
        exit 77
    }
    # shellcheck disable=SC2016 # the inner shell's own
    LAB_INSIDE=1 exec unshare -Urnmpf --mount-proc --kill-child sh -c \
        'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up &&
        exec bash "$0" "$@"' "$0" "$@"
}

lab_address() { echo "10.77.0.$1"; }

# lab_up N: N devices (at most 120), and the switch.  60 take half a second; above
# 20 no ARP is seen (lab_introduce).
lab_up()
{
    lab_wire "$1" || return
    mkfifo "$lab_dir/to" "$lab_dir/from"
    exec {lab_to}<>"$lab_dir/to" {lab_from}<>"$lab_dir/from"
    lab_switch_on 1
}

# lab_up_bridge N: joined by the kernel's bridge instead, which costs less and cannot
# be a poor network: there is no lab_switch to talk to.
lab_up_bridge()
{
    local i
    lab_wire "$1" || return
    exec {lab_to}<>/dev/null {lab_from}<>/dev/null
    printf 'link add hub type bridge\nlink set hub addrgenmode none up\n' |
        ip -batch - || return
    for ((i = 1; i <= lab_size; i++)); do printf 'link set port%d master hub\n' "$i"; done |
        ip -batch -
}

# lab_cap I BYTES: what device I sends is held to so many bytes a second, headers
# included, behind a queue of 64 ms.  Its TCP is cubic as on any Debian, or reno,
# which everybody may choose, where this machine has set another: bbr would make
# another network of the same queue.
lab_cap()
{
    tc -n "d$1" qdisc replace dev eth0 root tbf rate "${2}bps" burst 32kb latency 64ms ||
        return
    # shellcheck disable=SC2016 # the inner shell's own
    lab_in "$1" sh -c 'for tcp in cubic reno; do
        /bin/echo $tcp >/proc/sys/net/ipv4/tcp_congestion_control && exit
    done 2>/dev/null; exit 1'
}

# lab_wire N: the devices, and their near ends.
lab_wire()
{
    local i
    lab_size=$1
    lab_dir=$(mktemp -d "${TMPDIR:-/tmp}/daftar-lab.XXXXXX")
    for ((i = 1; i <= lab_size; i++)); do printf 'netns add d%d\n' "$i"; done |
        ip -batch - || return
    # The near ends are in this namespace, without addresses: they are wires.
    for ((i = 1; i <= lab_size; i++)); do
        printf 'link add port%d type veth peer name eth0 address 02:da:f0:00:00:%02x netns d%d\n' \
            "$i" "$i" "$i"
        printf 'link set port%d addrgenmode none up\n' "$i"
    done | ip -batch - || return
    # The link-local address is given, not made, so that it is there at once.
    for ((i = 1; i <= lab_size; i++)); do
        printf '%s\n' 'link set lo up' 'link set eth0 addrgenmode none up' \
            "addr add 10.77.0.$i/16 dev eth0" \
            "addr add fe80::$(printf %x "$i")/64 dev eth0 nodad" \
            'route add default dev eth0' |
            ip -n "d$i" -batch - || return
    done
    [ "$lab_size" -le 20 ] || lab_introduce
}

# lab_introduce: each knows the others' MACs without asking.  The kernel keeps 1,024
# neighbours that it had to ask for, of all namespaces together: 33 devices that
# all talk to each other would be too many, and only root may allow for more.
lab_introduce()
{
    local i j
    for ((i = 1; i <= lab_size; i++)); do
        for ((j = 1; j <= lab_size; j++)); do
            [ $i != $j ] || continue
            printf 'neigh add 10.77.0.%d lladdr 02:da:f0:00:00:%02x dev eth0\n' $j $j
            printf 'neigh add fe80::%x lladdr 02:da:f0:00:00:%02x dev eth0\n' $j $j
        done | ip -n "d$i" -batch - || return
    done
}

# lab_switch_on SEED: a switch that knows nothing yet; before a second one, quit.
lab_switch_on()
{
    local i paths=()
    for ((i = 1; i <= lab_size; i++)); do paths+=("/run/netns/d$i"); done
    "$lab_program" --seed "$1" "${paths[@]}" <&"$lab_to" >&"$lab_from" \
        {lab_to}>&- {lab_from}>&- &
    lab_switch_pid=$!
    lab_answer
}

# lab_answer: of the switch, to its last line; what stands before "ok" is told.
lab_answer()
{
    local line
    while read -rt 10 -u "$lab_from" line; do
        case $line in
            ok) return 0 ;;
            error*) break ;;
            *) printf '%s\n' "$line" ;;
        esac
    done
    echo "lab: the switch says: ${line:-nothing}" >&2
    return 1
}

# lab_switch COMMAND...: said and done when it returns.
lab_switch()
{
    printf '%s\n' "$*" >&"$lab_to"
    lab_answer
}

# lab_in I COMMAND...: in device I, to its end.
lab_in()
{
    local i=$1
    shift
    nsenter --net="/run/netns/d$i" "$@" {lab_to}>&- {lab_from}>&-
}

# lab_start I COMMAND...: in device I, in the background; its id is in lab_pid.
# Redirections of the call are the command's.
lab_start()
{
    local i=$1
    shift
    # nsenter becomes the command, so $! is the command's own id.
    nsenter --net="/run/netns/d$i" "$@" {lab_to}>&- {lab_from}>&- &
    lab_pid=$!
    lab_pids+=("$lab_pid")
}

# lab_stop ID...: ask them all to end, wait, and after 5 s end them.
lab_stop()
{
    local p q left=()
    [ $# -gt 0 ] || return 0
    kill "$@" 2>/dev/null || true
    for p; do
        until_true 5 lab_is_gone "$p" || kill -9 "$p" 2>/dev/null || true
        wait "$p" 2>/dev/null || true
    done
    for p in "${lab_pids[@]}"; do
        for q; do [ "$p" != "$q" ] || continue 2; done
        left+=("$p")
    done
    lab_pids=("${left[@]}")
    return 0
}

# A child that ended and was not waited for is a zombie, which kill -0 finds.
lab_is_gone() { ! kill -0 "$1" || grep -q '^State:.Z' "/proc/$1/status"; }

# lab_down: everything, by its id; twice is fine.
lab_down()
{
    local i
    [ -n "$lab_dir" ] || return 0
    lab_stop "${lab_pids[@]}"
    if [ -n "$lab_switch_pid" ]; then
        kill "$lab_switch_pid" 2>/dev/null || true
        wait "$lab_switch_pid" 2>/dev/null || true
    else
        ip link del hub 2>/dev/null || true
    fi
    # A namespace dies some time after its deletion, a wire at once.
    for ((i = 1; i <= lab_size; i++)); do
        printf 'link del port%d\nnetns del d%d\n' "$i" "$i"
    done | ip -force -batch - 2>/dev/null || true
    exec {lab_to}>&- {lab_from}>&-
    rm -rf "$lab_dir"
    lab_dir='' lab_switch_pid='' lab_pids=()
}

# until_true SECONDS COMMAND...: waits for a condition, not for a time.  1 if it
# did not come.
until_true()
{
    local limit=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$limit" ] || return 1
        read -rt 0.1 -u "$lab_never" || true
    done
    return 0
}

# json_value KEY: each value of that key on standard input, one a line.
json_value()
{
    grep -o "\"$1\": *\(\"[^\"]*\"\|[^],}\"]*\)" | sed 's/^"[^"]*": *//;s/^"\(.*\)"$/\1/'
}
