#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each mutant runs worlds until the checker sees its mistake.  The last line is for
# machines.
set -euo pipefail
bin=$DAF_BUILD/tests
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
step=10 few=60 most=400 # most are seen in the first ten worlds
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

# try NAME OPTION...: what it fails with becomes `seen`.
try()
{
    local name=$1
    shift
    "$bin/mutant_$name" seeds "$@" --jobs 2 >"$tmp/out" 2>"$tmp/err" ||
        seen=$(grep -m 1 ' failed: ' "$tmp/err" || true)
}

# look FROM TO: until it is seen
look()
{
    local from
    for ((from = $1; from <= $2 && ${#seen} == 0; from += step)); do
        try "$name" --from "$from" --count "$step"
    done
}

mutants=0 caught=0
for source in "$here"/*.c; do
    name=$(basename "$source" .c)
    mutants=$((mutants + 1))
    seen=''
    look 1 $few
    # Some mistakes were ours, and those worlds found them.
    [ -n "$seen" ] || try "$name" --count 0 --file "$here/../sim/seeds"
    look $((few + 1)) $most
    if [ -n "$seen" ]; then
        caught=$((caught + 1))
        echo "$name: $seen"
    else
        echo "$name: nobody saw it in $most worlds"
    fi
done
echo "{\"mutants\":$mutants,\"caught\":$caught}"
[ "$mutants" = "$caught" ]
