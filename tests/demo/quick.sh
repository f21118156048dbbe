#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The demo as its contract has it: every scene comes to what it should, nothing is
# left behind, and the last line says so.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar-quick.XXXXXX")
trap 'rm -rf "$tmp"' EXIT
mkdir "$tmp/in"
TMPDIR=$tmp/in bash "$here/demo.bash" --quick </dev/null | tee "$tmp/said"
status=${PIPESTATUS[0]}
[ "$status" = 0 ] || exit "$status"
pattern='^\{"demo":"ok","devices":4,"found_by":"(mdns|static)","records":[1-9][0-9]*,"content_bytes":[1-9][0-9]*,"equal":true,"scenes":\["[a-z",-]*\]\}$'
tail -n 1 "$tmp/said" | grep -qE "$pattern" || {
    echo 'FAILED: the last line'
    exit 1
}
[ -z "$(ls -A "$tmp/in")" ] || {
    echo 'FAILED: something is left behind:'
    find "$tmp/in"
    exit 1
}
