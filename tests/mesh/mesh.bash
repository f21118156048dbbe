# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# tests/mesh/mesh.bash - what a mesh test needs: a folder, verbs that say what went
# well, daemons that are ended by their id.  Sourced; sets $bin, $tmp, $failed.
#
#   expect WHAT COMMAND...         it ends with 0
#   exits STATUS COMMAND...        with that; what it said is in $tmp/said, $tmp/why
#   until_true SECONDS COMMAND...  waits for a condition, never for a time
#   start HOME [OPTION]...         a daemon; its door in $tmp/HOME/run/endpoint
#   stop HOME, kill9 HOME
#   daftar HOME WORD...            a command
set -uo pipefail

bin=${DAF_BIN:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/dev/bin}
umask 077
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar mesh.XXXXXX")
declare -A pid
failed=0
exec {never}<> <(:) # nothing is ever said there: to pause without a process

skip()
{
    echo "skipped: $*"
    exit 77
}

mesh_cleanup()
{
    local home
    for home in "${!pid[@]}"; do kill -9 "${pid[$home]}" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$tmp"
}
trap mesh_cleanup EXIT
trap 'exit 130' INT TERM

ok() { printf '%3ds  ok: %s\n' $SECONDS "$*"; }
bad()
{
    echo "FAILED: $*"
    tail -n 15 "$tmp"/*.log "$tmp/out" "$tmp/err" 2>/dev/null | sed 's/^/    /'
    failed=1
}
expect()
{
    local what=$1
    shift
    if "$@" >"$tmp/out" 2>"$tmp/err"; then ok "$what"; else bad "$what"; fi
}
pause() { read -rt "$1" -u "$never"; true; }
until_true()
{
    local limit=$((SECONDS + $1))
    shift
    until "$@" 2>/dev/null >&2; do
        [ $SECONDS -lt $limit ] || return 1
        pause 0.05
    done
    return 0
}
exits()
{
    local wanted=$1 got
    shift
    "$@" >"$tmp/said" 2>"$tmp/why"
    got=$?
    cat "$tmp/said" "$tmp/why"
    [[ " $wanted " == *" $got "* ]] || {
        echo "exit $got"
        return 1
    }
}
said() { grep -q -- "$1" "$tmp/said"; }
why() { grep -q -- "$1" "$tmp/why"; }

daftar()
{
    local home=$1
    shift
    "$bin/daftar" "$@" --home "$tmp/$home"
}
start()
{
    local home=$1
    shift
    "$bin/daftard" --home "$tmp/$home" --no-mdns --listen 127.0.0.1:0 "$@" \
        2>>"$tmp/$home.log" </dev/null &
    pid[$home]=$!
    until_true 20 test -s "$tmp/$home/run/endpoint" || bad "$home does not start"
}
door() { cat "$tmp/$1/run/endpoint"; }
stop()
{
    kill "${pid[$1]}"
    wait "${pid[$1]}" 2>/dev/null
    unset "pid[$1]"
}
kill9()
{
    kill -9 "${pid[$1]}"
    wait "${pid[$1]}" 2>/dev/null
    unset "pid[$1]"
    rm -f "$tmp/$1/run/endpoint" # it had no time to
}

# camp COORDINATOR DEVICE...: a camp by files, nobody running yet
camp()
{
    local office=$1 home
    shift
    daftar "$office" camp create "Example camp" >"$tmp/out" || return 1
    for home; do
        "$bin/daftar" join --request "$tmp/$home.request" --home "$tmp/$home" \
            >"$tmp/out" &&
            daftar "$office" enrol sign "$tmp/$home.request" >"$tmp/out" &&
            "$bin/daftar" join --accept "$tmp/$home.request.accept" \
                --home "$tmp/$home" >"$tmp/out" || return 1
    done
}

# field NAME: of the JSON object in standard input, the last one
field() { sed -n "s/.*\"$1\":\"\{0,1\}\([^,\"}]*\).*/\1/p" | tail -n 1; }
