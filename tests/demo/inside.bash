#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# inside.bash namespaces|loopback DIR BOARD: the demo's devices and their networks.
#
# demo.bash stays outside, where browsers are, and gives orders on standard input, a
# line each; the answer ends with "ok" or "failed".  When the orders end everything
# ends.  Device I listens for browsers at descriptor 20 + I, which demo.bash opened
# in its own network; its home is DIR/hI.
#
#     start I, stop I            a device
#     recorded I                 says where its last start's record is, for a replay
#     unplug I                   its power: what was not synced is lost
#     wires A-B A-B...           who can reach whom from now on; nobody else
#     carry I A-B A-B...         the same, and I has left one network for another
#     slow BYTES                 what each sends in a second at most; 0: no limit
#     at I COMMAND...            in I's network
#
# In loopback there are no networks to cut: whose wires change is started anew where
# nobody knows it, and is told the doors that it can reach.  Nor is it slow there.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
mode=$1 dir=$2 board=$3
build=${DAF_BUILD:-$here/../../build/dev} bin=${DAF_BIN:-$here/../../build/dev/bin}
devices=6 plugged=3 # whose plug can be pulled
declare -A core reach moved
# shellcheck source=SCRIPTDIR/../lab/lab.bash
. "$here/../lab/lab.bash"
trap '' INT # a Ctrl-C is demo.bash's
trap all_down EXIT

home() { echo "$dir/h$1"; }
runs() { [ -n "${core[$1]:-}" ]; }
listens() { [ -s "$(home "$1")/run/endpoint" ]; }
shows_pages() { [ -s "$(home "$1")/run/web" ]; }

all_down()
{
    local i
    for i in "${!core[@]}"; do stop "$i"; done
    lab_down
}

# ---- networks

at() { if [ "$mode" = namespaces ]; then lab_in "$@"; else "${@:2}"; fi; }
address() { if [ "$mode" = namespaces ]; then lab_address "$1"; else echo 127.0.0.1; fi; }
door() # I: as others reach it
{
    echo "$(address "$1"):$(sed 's/.*://' "$(home "$1")/run/endpoint")"
}

wires()
{
    local a b word was
    for ((a = 1; a <= devices; a++)); do
        for ((b = a + 1; b <= devices; b++)); do
            was=${reach[$a-$b]:-} word='part'
            [[ " $* " != *" $a-$b "* ]] || word='join'
            [ "$word" != "$was" ] || continue
            reach[$a-$b]=$word
            if [ "$mode" = namespaces ]; then
                lab_switch "$word" "$a" "$b" || return
            elif runs "$a" && runs "$b"; then
                moved[$a]=1 moved[$b]=1
            fi
        done
    done
    [ "$mode" = namespaces ] || move
}
slow()
{
    local i
    [ "$mode" = namespaces ] || return 0
    lab_switch rate 0
    for ((i = 1; i <= devices; i++)); do
        if [ "$1" = 0 ]; then
            tc -n "d$i" qdisc del dev eth0 root 2>/dev/null || true
        else # a kernel without tbf: the switch does it, less smoothly
            lab_cap "$i" "$1" || lab_switch rate $(($1 * 8 / 1000)) || return
        fi
    done
}

# move: whose wires changed.  A stranger's is never told to anybody.
move()
{
    local i again=()
    for i in "${!moved[@]}"; do
        if [ "$i" = 4 ] || ! runs "$i"; then continue; fi
        stop "$i"
        again+=("$i")
    done
    moved=()
    for i in "${again[@]}"; do start "$i" || return; done
}

# carry I A-B...: an interface goes down in one place and comes up in another, as
# when somebody walks.
carry()
{
    local i=$1
    shift
    if [ "$mode" = namespaces ]; then
        ip -n "d$i" link set eth0 down && wires "$@" &&
            printf '%s\n' 'link set eth0 up' \
                "addr replace fe80::$(printf %x "$i")/64 dev eth0 nodad" \
                'route replace default dev eth0' | ip -n "d$i" -batch -
    else
        wires "$@"
    fi
}

# ---- devices

# peers_of I: the doors that it is told, where nobody can be found by mDNS.
peers_of()
{
    local j pair
    [ "$mode" = loopback ] && [ "$1" != 4 ] || return 0
    for ((j = 1; j <= devices; j++)); do
        [ "$j" != 4 ] || continue
        pair=$1-$j
        [ "$j" -gt "$1" ] || pair=$j-$1
        if [ "${reach[$pair]:-}" = join ] && [ "$j" != "$1" ] && runs "$j"; then
            printf -- '--peer\n%s\n' "$(door "$j")"
        fi
    done
}

# Of the laptop all is written down, each start in a file of its own.
declare -A starts
recorded() { echo "$dir/told/$1-${starts[$1]}"; }

start()
{
    local i=$1 j closed='' options=() before=()
    mapfile -t options < <(peers_of "$i")
    options+=(--air cable) # this machine's own radio is none of theirs
    starts[$i]=$((${starts[$i]:-0} + 1))
    [ "$i" != 1 ] || options+=(--record "$(recorded "$i")")
    if [ "$mode" = loopback ]; then
        options+=(--no-mdns --listen 127.0.0.1:0)
        rm -f "$(home "$i")/camp/addresses.daf"
    fi
    # The others' descriptors are not its.
    for ((j = 0; j <= devices; j++)); do
        [ "$j" = "$i" ] || closed+=" $((20 + j))>&-"
    done
    if [ "$i" = "$plugged" ]; then
        mkdir -p "$dir/unsynced"
        # A blank in its path would part it in two.
        before=(env LD_LIBRARY_PATH="$build/tests" LD_PRELOAD=libdemo_unplug.so
            UNPLUG_HOME="$(home "$i")" UNPLUG_JOURNAL="$dir/unsynced")
        [ ! -e "$dir/lies" ] || before+=(UNPLUG_LIES=1)
    fi
    rm -f "$(home "$i")/run/endpoint" "$(home "$i")/run/web"
    if [ "$mode" = namespaces ]; then
        eval 'lab_start "$i" bash -c "exec \"\$@\" $closed" bash "${before[@]}"' \
            '"$bin/daftard" --home "$(home "$i")" --http-fd "$((20 + i))"' \
            '--http-frame "$board" "${options[@]}"' \
            '</dev/null >>"$dir/h$i.log" 2>&1'
        core[$i]=$lab_pid
    else
        bash -c "exec \"\$@\" $closed" bash "${before[@]}" "$bin/daftard" \
            --home "$(home "$i")" --http-fd "$((20 + i))" --http-frame "$board" \
            "${options[@]}" </dev/null >>"$dir/h$i.log" 2>&1 &
        core[$i]=$!
    fi
    until_true 20 listens "$i" && until_true 20 shows_pages "$i"
}

stop()
{
    local pid=${core[$1]:-}
    [ -n "$pid" ] || return 0
    unset "core[$1]"
    lab_stop "$pid"
}

# unplug I: all its processes die at once, and what was not synced is lost.
unplug()
{
    local pid=${core[$1]} children=()
    read -r -a children <"/proc/$pid/task/$pid/children"
    kill -9 "$pid" "${children[@]}"
    wait "$pid" 2>/dev/null
    unset "core[$1]"
    for pid in "${children[@]}"; do until_true 5 lab_is_gone "$pid" || return; done
    [ "$1" != "$plugged" ] ||
        "$build/tests/demo_putback" "$(home "$1")" "$dir/unsynced"
}

[ "$mode" = loopback ] || lab_up $devices || exit
for ((i = 1; i <= devices; i++)); do
    for ((j = i + 1; j <= devices; j++)); do reach[$i-$j]='join'; done
done
echo ok
while read -r order; do
    if eval "$order" </dev/null 2>>"$dir/inside.log"; then echo ok; else echo failed; fi
done
