#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each mutant runs worlds until the checker sees its mistake.  The last line is for
# machines.
set -euo pipefail
bin=$DAF_BUILD/tests
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
step=10 most=120
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

mutants=0 caught=0
for source in "$here"/*.c; do
    name=$(basename "$source" .c)
    mutants=$((mutants + 1))
    seen=''
    for ((from = 1; from <= most && ${#seen} == 0; from += step)); do
        if ! "$bin/mutant_$name" seeds --from "$from" --count "$step" \
            --jobs 2 >"$tmp/out" 2>"$tmp/err"; then
            seen=$(grep -m 1 ' failed: ' "$tmp/err" || true)
        fi
    done
    if [ -n "$seen" ]; then
        caught=$((caught + 1))
        echo "$name: $seen"
    else
        echo "$name: nobody saw it in $most worlds"
    fi
done
echo "{\"mutants\":$mutants,\"caught\":$caught}"
[ "$mutants" = "$caught" ]
