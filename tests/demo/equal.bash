#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# equal.bash HOME HOME...: whether homes of one camp hold the same, all of it, each
# record whole.  0 if so; else 1, and what differs.
#
# A digest is made of what a notebook says of itself; so each is read and verified
# too, and the records in it are compared one by one.
set -uo pipefail

bin=${DAF_BIN:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)/build/dev/bin}
[ $# -gt 0 ] || {
    echo 'usage: equal.bash HOME HOME...' >&2
    exit 2
}
different=0
differs()
{
    echo "not equal: $*" >&2
    different=1
}
# records HOME: all answers in it, in one order, each once.
records() { "$bin/daftar" progress show --json --home "$1" | sed 's/,"kept":.*//' | sort; }

first=$1
digest=$("$bin/daftar" digest --json --home "$first" | grep '"scope"') ||
    differs "$first has no digest"
answers=$(records "$first") || differs "$first cannot be read"
for home; do
    "$bin/daftar" check --json --home "$home" | grep '"ok": *true' >/dev/null ||
        differs "$home is damaged (daftar check --home $home tells more)"
    [ "$("$bin/daftar" digest --json --home "$home" | grep '"scope"')" = "$digest" ] ||
        differs "the digests of $first and $home"
    [ "$(records "$home")" = "$answers" ] ||
        differs "the answers in $first and $home"
done
exit $different
