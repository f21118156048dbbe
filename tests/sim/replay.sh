#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Real daemons record what happens to them, and daftar-sim replays it with the same
# effects byte for byte; a log that was changed is found out.
# shellcheck source=SCRIPTDIR/../mesh/mesh.bash
. "$(dirname "$0")/../mesh/mesh.bash"
shopt -s inherit_errexit 2>/dev/null
sim=$bin/daftar-sim
export TMPDIR=$tmp/tmp
mkdir "$TMPDIR"

# same NAME: it replays without a difference, and leaves nothing behind
same()
{
    "$sim" replay "$tmp/$1" --json || return
    "$sim" replay "$tmp/$1" --json | grep -q '^{"effects":[1-9][0-9]*,"different":0,' &&
        [ -z "$(ls "$TMPDIR")" ]
}
# records HOME NAME [OPTION]...
records()
{
    local home=$1 name=$2
    shift 2
    start "$home" --record "$tmp/$name" "$@"
}
digest() { daftar "$1" digest --json; }
equal() { [ "$(digest "$1")" = "$(digest "$2")" ]; }
inputs() { "$sim" replay "$tmp/$1" --json | field inputs; }

camp A B || {
    bad 'a camp of two'
    exit 1
}

# ---- two devices meet, write and stop
records A a1
records B b1 --peer "$(door A)"
expect 'a record at one' daftar A progress add --learner Amina \
    --item fractions/1 --score 0.8
expect 'a record at the other' daftar B progress add --learner Basil \
    --item fractions/2 --score 0.6
expect 'they become equal' until_true 20 equal A B
expect 'the log is for nobody else' test "$(stat -c %a "$tmp/a1")" = 600
expect 'nor is what lies beside it' test "$(stat -c %a "$tmp/a1.start")" = 600
stop B
stop A
expect 'the one that was called replays' same a1
expect 'the one that called replays' same b1
expect 'in words' eval '"$sim" replay "$tmp/a1" | grep -q "^effects [0-9,]*, all the same$"'

[ "$failed" = 0 ]
