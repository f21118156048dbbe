#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# revocation.pml, all orders of it, by spin: no assertion fails.  Without one of its
# guards one does, or nothing would be proven.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
command -v spin >/dev/null || {
    echo 'skipped: spin is not here'
    exit 77
}
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar model.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# errors [-DGUARD]: how many were found; all states were looked at, or one was
errors()
{
    spin "$@" -a "$here/revocation.pml" >spin.log
    "${CC:-cc}" -O1 -DSAFETY -w -o pan pan.c
    ./pan -m100000 >pan.log
    if grep -q 'max search depth too small\|out of memory' pan.log; then
        echo 'not all was looked at'
        return
    fi
    sed -n 's/.*errors: \([0-9]*\)$/\1/p' pan.log
}

[ "$(errors)" = 0 ] || {
    echo 'the model fails:'
    cat pan.log
    exit 1
}
states=$(sed -n 's/ *\([0-9]*\) states, stored.*/\1/p' pan.log)
[ "$states" -gt 1000 ] || {
    echo "only $states states: something holds it up"
    exit 1
}
echo "model: $states states, no error"
for guard in ARRIVAL DEAF REFUSE CUT; do
    [ "$(errors "-D$guard")" -gt 0 ] || {
        echo "without the guard $guard nothing fails"
        exit 1
    }
    echo "model: $guard is seen"
done
