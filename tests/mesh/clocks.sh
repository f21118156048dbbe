#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Four devices do the same work: one's clock is right, one stands in 1970, one in 2099,
# one jumps and runs backwards each time it is asked.  Nothing but what is shown as a
# day differs (docs/protocol.md R8, R100, R101).
#
#         A coordinates, and its clock runs wild at times;  B, C, D, E call A
#
# shellcheck source=tests/mesh/mesh.bash disable=SC2317
. "$(dirname "$0")/mesh.bash"

lib=${DAF_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build/dev}/tests/libclock1970.so
[ -e "$lib" ] || skip "no $lib"
grep -qa __asan_init "$bin/daftard" && skip 'a preload comes before the sanitizer'
short=$(mktemp -d /tmp/daf-clock.XXXXXX) # a blank in its path would part it in two
trap 'rm -rf "$short"; mesh_cleanup' EXIT
cp "$lib" "$short/clock.so"
class='B C D E'
declare -A year=([B]=right [C]=1970 [D]=2099 [E]=jumps)

# at YEAR COMMAND...: with a clock in that year
at()
{
    local now=$1
    shift
    if [ "$now" = right ]; then "$@"; else
        LD_PRELOAD=$short/clock.so DAF_TEST_YEAR=$now "$@"
    fi
}
each() { local home; for home in $class; do "$@" "$home" || return 1; done; }
works() # HOME: the same at each
{
    daftar "$1" progress add --learner "Kite Example" --item maths/1 --score 0.5 \
        --minutes 10 --json &&
        daftar "$1" progress add --learner "Kite Example" --item maths/2 --score 0.25 \
            --minutes 5 --json
}
author() { daftar "$1" status --json | field author; }
status() # HOME PYTHON: s is its status
{
    daftar "$1" status --json | python3 -c "import json,sys
s = json.load(sys.stdin)
raise SystemExit(not ($2))"
}
equal() { diff <(daftar A digest --json | head -n 4) <(daftar "$1" digest --json | head -n 4); }
# did AUTHOR: what it wrote, less who and when
did()
{
    daftar A progress show --json | python3 -c "import json,sys
for line in sys.stdin:
    r = json.loads(line)
    if r['author'] == '$1': print(r['learner'], r['item'], r['score'], r['seconds'], r['scope'])" | sort
}
all_in() { [ "$(daftar A progress show --json | wc -l)" = 8 ]; }
lesson() # TITLE
{
    mkdir -p "$tmp/lesson"
    printf '[title]\nen = %s\n' "$1" >"$tmp/lesson/content.ini"
    head -c 20000 /dev/urandom >"$tmp/lesson/film.bin"
    daftar A publish "$tmp/lesson" >"$tmp/said" 2>&1
    rm -r "$tmp/lesson"
}
whole() { daftar "$1" library --json | grep -c '"whole":true' | grep -qx "$2"; }
moves() { daftar A assign Two && daftar A unassign "$one"; }
gets() { daftar "$1" get One; }
has_whole() { whole "$2" "$1"; }
# What this device would have, and what would go for room: without times, and which
# of two author ids is the lower.
judges()
{
    daftar "$1" assignments --json | sed 's/"late":[a-z0-9]*//g'
    daftar "$1" evict 30KB --one --dry-run --json | sed 's/"since_ms":[0-9]*//g; s/"before":[a-z]*//g'
}
goes() { judges "$1" | grep -q '"goes":true'; }
same() { diff <(judges B) <(judges "$1"); }

expect 'a camp of five' camp A B C D E
start A
lesson One
lesson Two
for home in $class; do at "${year[$home]}" start "$home" --peer "$(door A)"; done

# ---- the same work
expect 'each does the same work' each works
expect 'A has all of it' until_true 20 all_in
expect 'all are equal' until_true 20 each equal
did "$(author B)" >"$tmp/right"
expect 'there is something to compare' test "$(wc -l <"$tmp/right")" = 2
for home in C D E; do
    expect "${year[$home]}: the same was done" diff "$tmp/right" <(did "$(author "$home")")
done

# ---- assignments, by a clock that runs wild
stop A
at 2099 start A
port=$(door A)
expect 'A in 2099 assigns' daftar A assign One
one=$(daftar A assignments --json | field assignment)
stop A
at 1970 start A --listen "$port"
expect 'and in 1970, and takes back' moves
stop A
at jumps start A --listen "$port"
for home in $class; do stop "$home"; at "${year[$home]}" start "$home" --peer "$port"; done
expect 'each fetches what stands, and nothing else' until_true 20 each has_whole 1
expect 'the other is asked for by hand' each gets
expect 'and comes' until_true 20 each has_whole 2
expect 'for room one would go from each' until_true 20 each goes
expect 'what is assigned, and what would go, is the same' until_true 10 each same
expect 'they are equal' until_true 20 each equal

# ---- what is shown
expect 'a clock that was never set is told' status C 's["clock"] == "never set"'
expect 'and one in 2099' status D 's["clock"] == "far ahead"'
expect 'and there is no beacon' status B 's["beacon"] is None and s["clock"] == "good"'
stop A
start A --listen "$port"
for home in C D; do
    boot=$(daftar A progress show --json | grep "$(author "$home")" | field boot)
    claimed=$(daftar A progress show --json | grep "$(author "$home")" | field claimed_ms)
    expect "${year[$home]}: A says what it was" daftar A camp clock "$(author "$home")" \
        --boot "$boot" --claimed "$claimed" --real 2026-03-01T10:00:00+03:30
done
shown() { daftar B progress show | grep -c '2026-03-01 06:'; }
corrected() { [ "$(shown)" = 4 ]; }
expect 'and B shows that day' until_true 20 corrected
expect 'no device but a coordinator says so' exits 5 daftar B camp clock "$(author C)" \
    --boot 1 --claimed 0 --real 0
expect 'A says which week it is' daftar A camp beacon
now() { echo $(($(date +%s) / 604800)); }
told() { status "$1" "s['beacon'] == $(now)"; }
expect 'and all hear of it' until_true 20 each told
expect 'no device but a coordinator says so either' exits 5 daftar B camp beacon
expect 'nor is one believed that lies' exits 2 daftar A camp beacon --week 9999
expect 'a good clock is one' status B 's["clock"] == "good"'
expect 'B writes by the beacon' works B
by_beacon() { daftar B progress show --json | grep -c '"time_quality":2'; }
expect 'and says so' test "$(by_beacon)" = 2

for home in A $class; do stop "$home"; done
[ $failed = 0 ] && echo 'clocks: all good'
exit $failed
