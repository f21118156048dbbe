#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# demo.bash [--quick|--play] [--port PORT]: four devices on one table.
#
#      this machine's network                          networks of their own
#      board ---- 127.0.0.1:PORT                     1 teacher   2 sun   3 moon
#      demo.bash -- curl --> 127.0.0.1:... ========> (each its own socket)  4 visitor
#         \--------- orders, answers --------------> inside.bash
#
# 1, 2 and 3 are of one camp, 4 of another.  5 and 6 are of the first camp as well,
# and on for the class only.  Scenes are scenes.txt's; buttons of the
# board play them, --play all of them once, --quick all of them once without a
# board to look at, and then ends: 0 if each came to what it should.
#
# It stays outside, where a browser is, and does there what people do: it presses
# buttons of the devices' pages, and runs daftar.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
export DAF_BUILD=${DAF_BUILD:-$here/../../build/dev}
export DAF_BIN=${DAF_BIN:-$DAF_BUILD/bin}
bin=$DAF_BIN
quick='' play='' port=0
original=("$@")
while [ $# -gt 0 ]; do
    case $1 in
        --quick) quick=yes ;;
        --play) play=yes ;;
        --port) port=${2:-} && shift ;;
        *) port=bad ;;
    esac
    shift
done
[[ $port =~ ^[0-9]{1,5}$ ]] || {
    echo 'usage: demo.bash [--quick|--play] [--port PORT]' >&2
    exit 2
}

# ---- namespaces, and sockets before them

if [ -z "${DEMO_PORTS:-}" ]; then
    export DEMO_MODE=namespaces
    if ! command -v ip >/dev/null ||
        ! unshare -Urnmpf --mount-proc sh -c 'mount -t tmpfs tmpfs /run' 2>/dev/null; then
        DEMO_MODE=loopback
        echo 'Networks of their own are forbidden here: the devices share loopback, with fixed addresses.'
    fi
    exec "$DAF_BUILD/tests/demo_sockets" 7 "$port" bash "${BASH_SOURCE[0]}" \
        "${original[@]}"
fi
read -r -a ports <<<"$DEMO_PORTS"
mode=$DEMO_MODE
board=http://127.0.0.1:${ports[0]}
found_by=mdns
[ "$mode" = namespaces ] || found_by=static

umask 077
base=${TMPDIR:-/tmp}
case $base in /run*) base=/tmp ;; esac # inside has a /run of its own
dir=$(mktemp -d "$base/daftar-demo.XXXXXX") || exit 1
mkdir "$dir/board" "$dir/parts" "$dir/jars" "$dir/tmp" "$dir/told"
mkfifo "$dir/orders" "$dir/answers" "$dir/board/pressed"
started=$SECONDS
exec {never}<> <(:) # nothing is ever said there: to pause without a process
inside_pid='' board_pid='' watcher_pid=''

clean_up()
{
    trap '' INT TERM
    [ -z "$watcher_pid" ] || kill "$watcher_pid" 2>/dev/null
    exec {orders}>&- {to_board}>&-
    [ -z "$inside_pid" ] || wait "$inside_pid" 2>/dev/null
    [ -z "$board_pid" ] || wait "$board_pid" 2>/dev/null
    wait 2>/dev/null
    rm -rf "$dir"
}
trap clean_up EXIT
trap 'exit 130' INT TERM
exec {orders}>/dev/null {to_board}>/dev/null

# shellcheck source=SCRIPTDIR/devices.bash
. "$here/devices.bash"
# shellcheck source=SCRIPTDIR/scenes.bash
. "$here/scenes.bash"

# ---- inside, and the board

start_inside()
{
    local enter=()
    # shellcheck disable=SC2016 # the inner shell's own
    [ "$mode" = loopback ] || enter=(env LAB_INSIDE=1 unshare -Urnmpf --mount-proc
        --kill-child sh -c 'mount -t tmpfs tmpfs /run && mkdir /run/netns &&
            ip link set lo up && exec "$@"' sh)
    TMPDIR=$dir/tmp "${enter[@]}" bash "$here/inside.bash" "$mode" "$dir" "$board" \
        <"$dir/orders" >"$dir/answers" 2>>"$dir/inside.log" {never}>&- &
    inside_pid=$!
    exec {orders}>"$dir/orders" {answers}<"$dir/answers"
    heard
}

start_board()
{
    mkfifo "$dir/alive"
    "$DAF_BUILD/tests/demo_board" 20 "$dir/board" "$here/scenes.txt" \
        "$here/board.css" <"$dir/alive" 2>>"$dir/board.log" {orders}>&- {answers}<&- &
    board_pid=$!
    exec {to_board}>"$dir/alive"
}

# ---- playing

# of SCENE KEY: from scenes.txt
of()
{
    awk -v name="$1" -v key="$2" '
        $1 == "scene:" { here = $2 == name }
        here && $1 == key ":" { sub(/^[^:]*: */, ""); print }' "$here/scenes.txt"
}
scenes() { sed -n 's/^scene: //p' "$here/scenes.txt"; }

# perform NAME: plays a scene; a scene is a shell of its own, so it keeps nothing but
# files, and ends at the first thing that is not as it should be.
perform()
{
    local name=$1 verb
    verb=$(of "$name" play)
    declare -F "${verb:-none}" >/dev/null || return
    printf '\n%s\n' "$(of "$name" en)"
    remember scene "$name"
    if ("$verb"); then
        remember_done "$name" ok
        return
    fi
    remember_done "$name" failed
    tell "It did not come to what it should: $(of "$name" en)"
    return 1
}

perform_all()
{
    local name failed=0
    for name in $(scenes); do
        perform "$name" || failed=1
        [ -n "$quick" ] || pause 3
    done
    return $failed
}

contract()
{
    local equal=false played
    if bash "$here/equal.bash" "$(home 1)" "$(home 2)" "$(home 3)" &&
        bash "$here/equal.bash" "$(home 4)"; then
        equal=true
    fi
    played=$(scenes | sed 's/.*/"&"/' | paste -sd,)
    printf '{"demo":"ok","devices":4,"found_by":"%s","records":%d,"content_bytes":%d,"equal":%s,"scenes":[%s]}\n' \
        "$found_by" "$(all_records)" "$(content_bytes)" "$equal" "$played"
    [ "$equal" = true ]
}

give_up()
{
    echo "demo: $*" >&2
    tail -n 8 "$dir"/*.log >&2
    exit 1
}

start_inside || give_up 'the networks cannot be made'
start_board
make_camps || give_up 'the camps cannot be made'
start_devices || give_up 'the devices do not start'
if [ -n "$quick" ]; then
    check_board || give_up 'the board is not as it should be'
    perform_all || give_up 'a scene failed'
    if together && contract; then exit 0; fi
    give_up 'the devices of a camp are not equal'
fi
printf 'The board:  %s\n' "$board"
printf 'Open it in a browser of this machine and press a scene.  Ctrl-C ends it.\n'
watch_devices &
watcher_pid=$!
tell 'Four devices are on. Press a scene.'
exec {pressed}<>"$dir/board/pressed"
[ -z "$play" ] || perform_all
while read -r name <&"$pressed"; do
    if [ "$name" = all ]; then perform_all; else perform "$name"; fi
done
