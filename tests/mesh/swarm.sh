#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A lesson goes to a class of four: behind one access point from the source alone, two
# at a time; on cables from each other, and one leaves in the middle.  Nothing comes
# twice.
# shellcheck source=tests/mesh/mesh.bash disable=SC2317
. "$(dirname "$0")/mesh.bash"

size=$((96 * 1024 * 1024))
class='B C D E'

item() { daftar "$1" library --json | grep -- "\"title\":\"$2\""; }
id() { item "$1" "$2" | field content; }
# each COMMAND...: with each of the class as its last argument
each()
{
    local home
    for home in $class; do "$@" "$home" || return 1; done
}
any()
{
    local home
    for home in $class; do "$@" "$home" && return 0; done
    return 1
}
# sum KEY HOME: over its peers
sum()
{
    daftar "$2" peers --json | sed -n "s/.*\"$1\":\([0-9]*\).*/\1/p" |
        awk '{ all += $1 } END { printf "%d\n", all }'
}

lesson() # FOLDER TITLE
{
    mkdir -p "$tmp/$1"
    printf '[title]\nen = %s\n' "$2" >"$tmp/$1/content.ini"
    head -c $size /dev/urandom >"$tmp/$1/film.bin"
    daftar A publish "$tmp/$1" >"$tmp/said" 2>&1
}
connected() { [ "$(daftar "$1" peers --json | grep -c '"connected":true')" = 4 ]; }
shares_air() { daftar "$1" peers --json | grep -q '"air":"ours"'; }
all_want()
{
    local home waited=()
    for home in $class; do
        wants "$1" "$home" &
        waited+=($!)
    done
    wait "${waited[@]}"
}
knows() { item "$2" "$1" >"$tmp/said"; }
wants() { daftar "$2" want "$1" --json >"$tmp/said.$2"; }
waits() { item "$2" "$1" | grep -q '"waiting":"turn"'; }
has() { item "$2" "$1" | grep -q '"whole":true'; }
equals() { cmp -s "$tmp/$3/content/$(id A "$1")/files/film.bin" "$tmp/$2/film.bin"; }
# once TITLE HOME: as many bytes came as it has
once()
{
    local all
    all=$(item "$2" "$1" | field fetched)
    # and its file list, of less than a page
    [ "$all" -ge "$size" ] && [ "$all" -le $((size + 65536)) ]
}
sent() { sum content_out "$1"; }
sent_nothing() { [ "$(sent "$1")" = 0 ]; }

begin() # OPTION...: on loopback nobody is found, so each is told of those before
{
    local home peers=()
    for home in A $class; do
        if [ "$home" = A ]; then
            start A --air cable
        else
            start "$home" "${peers[@]}" "$@"
        fi
        peers+=(--peer "$(door "$home")")
    done
    until_true 30 each connected
}
end()
{
    local home
    for home in A $class; do stop "$home"; done
}

camp A B C D E || {
    bad 'a camp of five'
    exit 1
}

# ---- one access point
expect 'a class behind one access point, its source on a cable' begin --air room
expect 'they know that it is one' until_true 10 each shares_air
lesson film 'A film'
expect 'all hear of a film' until_true 20 each knows 'A film'
all_want 'A film'
expect 'somebody waits for a turn, and knows it' \
    until_true 20 any waits 'A film'
expect 'all have it' until_true 60 each has 'A film'
expect 'every byte of it' each equals 'A film' film
expect 'which came once' each once 'A film'
expect 'and crossed the air once' each sent_nothing
end

# ---- cables
expect 'the class on cables' begin --air cable
lesson song 'A song'
expect 'all hear of a song' until_true 20 each knows 'A song'
all_want 'A song'
expect 'one is pulled out in the middle' until_true 20 test \
    "$(sent D)" -gt 1000000 -o "$(sent A)" -gt 1000000
kill9 E
class='B C D'
expect 'the others have it all the same' until_true 60 each has 'A song'
expect 'every byte of it' each equals 'A song' song
expect 'which came once' each once 'A song'
expect 'from each other as well' test "$(sent B)" -gt 0 -a "$(sent C)" -gt 0
expect 'the source sent less than a copy to each' \
    test "$(sent A)" -lt $((3 * size))
start E --peer "$(door A)" --peer "$(door B)" --air cable
class='B C D E'
expect 'the one that was away goes on by itself' until_true 60 has 'A song' E
expect 'to the last byte' equals 'A song' song E
exit $failed
