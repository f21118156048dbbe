#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The coordinator's map: where a machine cannot tell by what it is attached, an
# assignment says which access point it uses, and its peers hear of it.  In a network
# namespace of this test's, which has no route and no radio.
if [ "${DAF_AIR_INSIDE:-}" != 1 ]; then
    unshare -Urn true 2>/dev/null || {
        echo 'skipped: no namespace here'
        exit 77
    }
    DAF_AIR_INSIDE=1 exec unshare -Urn bash "$0" "$@"
fi
ip link set lo up 2>/dev/null || {
    echo 'skipped: no network of our own'
    exit 77
}
# shellcheck source=tests/mesh/mesh.bash
. "$(dirname "$0")/mesh.bash"

author() { daftar "$1" status --json | field author; }
# sees HOME AUTHOR AIR: what it knows of the air of that peer
sees() { daftar "$1" peers --json | grep -- "$2" | grep -q "\"air\":\"$3\""; }
maps() { daftar A assignments --json | grep -c '"air":"'; }

camp A B C || {
    bad 'a camp of three'
    exit 1
}
start A
start B --peer "$(door A)"
start C --peer "$(door A)" --peer "$(door B)"
b=$(author B) c=$(author C)
expect 'nobody knows of an air' until_true 20 sees B "$c" ''

expect 'one is said to be in a tent' daftar A assign --air tent-2 --device "$b"
expect 'another in the same' exits 0 daftar A assign --air tent-2 --device "$c" --json
expect 'which is said' said '"air":"tent-2"'
expect 'they know that they share it' until_true 20 sees B "$c" ours
expect 'both of them' until_true 20 sees C "$b" ours
expect 'the third is on none' sees B "$(author A)" ''
expect 'one moves' daftar A assign --air 'school' --device "$c"
expect 'which takes back what was said before' test "$(maps)" = 2
expect 'and they know that too' until_true 20 sees B "$c" another
expect 'it is listed' eval 'daftar A assignments | grep -q "air of $(echo "$c" | cut -c 1-12).*school"'
id=$(daftar A assignments --json | grep school | field assignment)
expect 'it is taken back' daftar A unassign "$id"
expect 'and it counts as on a cable' until_true 20 sees B "$c" cable

expect 'an air is of one device' exits 2 daftar A assign --air tent-2
expect 'which is said' why '--device'
expect 'and not beside lessons' exits 2 daftar A assign --air tent-2 --device "$b" Letters
expect 'nothing is no assignment' exits 2 daftar A assign
expect 'a word is at most 64 bytes' exits 2 daftar A assign --device "$b" \
    --air "$(printf 'x%.0s' {1..65})"
expect 'and text' exits 2 daftar A assign --device "$b" --air $'tent\a'
expect 'in UTF-8' exits 2 daftar A assign --device "$b" --air $'tent\xff'
expect 'none of which was written' test "$(maps)" = 1
expect 'who may not curate may not say it' exits 5 daftar B assign --air tent-2 --device "$b"

[ $failed = 0 ] && echo 'air: all good'
exit $failed
