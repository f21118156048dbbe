#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A small disk and much to learn: what two archives keep makes room, nothing else
# does, the budget holds all the time, and the last copy stays whoever drops it.
# DAF_EVICT_MB: so large is each of five lessons; the budget is three of them.
# shellcheck source=tests/mesh/mesh.bash disable=SC2317
. "$(dirname "$0")/mesh.bash"

mb=${DAF_EVICT_MB:-30}
budget=$((mb * 3))

item() { daftar "$1" library --json | grep -- "\"title\":\"$2\""; }
has() { item "$1" "$2" | grep -q '"whole":true'; }
lacks() { ! has "$@"; }
# kept HOME TITLE COUNT: so many archives state it, as HOME has heard
kept()
{
    local n
    n=$(item "$1" "$2" | sed 's/.*"kept_by":\[\([^]]*\)\].*/\1/' |
        grep -o '"author"' | wc -l)
    [ "$n" = "$3" ]
}
waits() { item "$1" "$2" | grep -q '"stuck":"[^"]'; }
line() { daftar "$1" evict --dry-run --json | grep -- "\"title\":\"$2\""; }
author() { daftar "$1" status --json | field author; }

camp A B C || {
    bad 'a camp of three'
    exit 1
}
archive() # HOME
{
    daftar "$1" join --request "$tmp/$1.request" >"$tmp/out" &&
        daftar A enrol sign "$tmp/$1.request" --archive --json >"$tmp/said" &&
        daftar "$1" join --accept "$tmp/$1.request.accept" >"$tmp/out"
}
for home in Y Z; do archive "$home" || bad "$home is enrolled"; done
expect 'an archive is enrolled as one' said '"archive":true'
expect 'and known as one' \
    test "$(daftar A devices --json | grep -c '"archive":true')" = 3

start A
for n in 1 2 3 4 5; do
    mkdir -p "$tmp/film"
    printf '[title]\nen = Film %s\n' $n >"$tmp/film/content.ini"
    head -c $((mb * 1000000)) /dev/urandom >"$tmp/film/film.bin"
    daftar A publish "$tmp/film" >"$tmp/out" || bad "film $n is published"
    rm -r "$tmp/film"
done

# So large that there is never room for them: what is smaller does not wait for it.
for n in 1 2; do
    mkdir -p "$tmp/film"
    printf '[title]\nen = Long %s\n' $n >"$tmp/film/content.ini"
    head -c $((mb * 4000000)) /dev/urandom >"$tmp/film/film.bin"
    daftar A publish "$tmp/film" >"$tmp/out" || bad "long film $n is published"
    rm -r "$tmp/film"
done

# ---- one archive is not enough
start B --peer "$(door A)" --budget ${budget}MB
# The home's size, all the time.
most() { cat "$tmp/most"; }
(
    top=0
    until [ -e "$tmp/sampled" ]; do
        now=$(du -sB1 "$tmp/B" 2>/dev/null | cut -f 1)
        [ "${now:-0}" -gt "$top" ] && top=$now && echo "$top" >"$tmp/most"
        pause 0.02
    done
) &
sampler=$!
knows() { item "$1" "$2" >"$tmp/said"; }
expect 'a device hears of five lessons' until_true 20 knows B 'Film 5'
for n in 1 2; do daftar B get "Film $n" >"$tmp/out" || bad "Film $n comes"; done
expect 'one archive says that it keeps them' until_true 30 kept B 'Film 1' 1
expect 'it is said who, and since when' \
    grep -q '"kept_by":\[{"author":"[0-9a-f]*","since_ms":1[0-9]*,' <(line B 'Film 1')
expect 'one is not enough' grep -q '"why":"kept by one archive"' <(line B 'Film 1')
expect 'so nothing goes' exits 1 daftar B evict 1MB
expect 'in words' why 'not enough.*--dry-run'
expect 'which says that before' exits 0 daftar B evict 1MB --dry-run
expect 'in words, too' why 'not enough for 1MB'
expect 'a third lesson does not fit' exits 0 daftar B want 'Film 3'
expect 'and waits for room' until_true 30 waits B 'Film 3'
for n in 1 2; do
    until_true 20 knows B "Long $n"
    daftar B want "Long $n" >"$tmp/out" || bad "Long $n is asked for"
    expect 'nor what never will' until_true 30 waits B "Long $n"
done
expect 'what is here stays' has B 'Film 1'
expect 'also the other' has B 'Film 2'

# ---- with the second
start Z --peer "$(door A)" --peer "$(door B)"
expect 'an archive hears of them' until_true 20 knows Z 'Film 5'
for n in 1 2 3 4 5; do daftar Z get "Film $n" >"$tmp/out" || bad "Z gets $n"; done
expect 'a second archive says that it keeps them' until_true 30 kept B 'Film 3' 2
expect 'what waited for room comes by itself' until_true 30 has B 'Film 3'
gone=0
for n in 1 2; do lacks B "Film $n" && gone=$((gone + 1)); done
expect 'one that both keep made room, and no more' test $gone = 1
for n in 4 5; do daftar B get "Film $n" >"$tmp/out" || bad "Film $n comes"; done
expect 'a fourth and a fifth are got at once' has B 'Film 5'
expect 'of five lessons there are two here' \
    test "$(daftar B library --json | grep -c '"whole":true')" = 2

# ---- a person makes room
daftar B pin 'Film 5' >"$tmp/out"
would_go() { daftar B evict 1MB --dry-run --json | grep -q '"why":"may go","goes":true'; }
expect 'what would go is said before' until_true 30 would_go
expect 'what is pinned stays' grep -q '"why":"pinned","goes":false' <(line B 'Film 5')
expect 'it goes' exits 0 daftar B evict 1MB --json
expect 'and is counted' said '"freed":[1-9]'
expect 'the pinned one is here' has B 'Film 5'
expect 'nothing else can go' exits 1 daftar B evict 1MB
expect 'the archive removes nothing by itself' exits 1 daftar Z evict 1MB
expect 'and says why' grep -q '"why":"this is or was an archive"' <(line Z 'Film 5')

# ---- archives in their order, two at once
start Y --peer "$(door A)" --peer "$(door Z)"
until_true 20 knows Y 'Film 4'
daftar Y get 'Film 4' >"$tmp/out" || bad 'Y gets it'
for home in A Y Z; do
    expect "three archives keep it, as $home knows" until_true 30 kept $home 'Film 4' 2
done
daftar Y drop 'Film 4' >"$tmp/said.Y" 2>&1 &
first=$!
daftar Z drop 'Film 4' >"$tmp/said.Z" 2>&1
wait "$first"
left=0
for home in A Y Z; do has "$home" 'Film 4' && left=$((left + 1)); done
expect "of two archives that drop at once some are left: $left" test $left -ge 1
lowest=$(for home in A Y Z; do echo "$(author "$home") $home"; done | sort |
    head -n 1 | cut -d ' ' -f 2)
expect 'the first in their order has it still' has "$lowest" 'Film 4'

# ---- nobody keeps it: the last two copies, dropped at once
daftar B unpin 'Film 5' >"$tmp/out"
start C --peer "$(door B)"
until_true 20 knows C 'Film 5'
daftar C get 'Film 5' >"$tmp/out" || bad 'C gets it'
for home in Y Z; do
    id=$(author "$home")
    stop "$home"
    daftar A revoke "$id" --reason lost --yes >"$tmp/out" || bad "$home is revoked"
done
stop A
rm "$tmp/A/content/daftar" # as a card that is not mounted
start A --peer "$(door B)" --peer "$(door C)"
nobody() { daftar "$1" evict --dry-run --json | grep 'Film 5' | grep -q '"why":"kept by no archive"'; }
expect 'archives that are revoked, or not mounted, count for nothing' \
    until_true 40 nobody B
expect 'everywhere' until_true 40 nobody C
daftar B drop 'Film 5' >"$tmp/said.B" 2>&1 &
first=$!
exits 5 daftar C drop 'Film 5' >"$tmp/out" 2>"$tmp/err" || bad 'the one is not refused'
wait "$first"
expect 'of the last two copies none is dropped' test $? = 5
expect 'and it is said why' grep -q 'may be the last copy' "$tmp/said.B"
expect 'both are here' has B 'Film 5'
expect 'both are there' has C 'Film 5'
touch "$tmp/A/content/daftar"
stop A
start A --peer "$(door B)" --peer "$(door C)"
expect 'with its card back the archive states it again' until_true 40 kept C 'Film 5' 2
expect 'then a person may drop it' exits 0 daftar C drop 'Film 5'

stop B
touch "$tmp/sampled"
wait "$sampler"
expect "the home never took more than its budget: $(most) bytes" \
    test "$(most)" -le $((budget * 1000000))

[ $failed = 0 ] && echo 'evict: all good'
exit $failed
