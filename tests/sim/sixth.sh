#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The protocol that docs/simulator.md writes is one file, builds as it stands there,
# and runs beside the shipped ones.
set -euo pipefail

root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar-sixth.XXXXXX")
trap 'rm -rf "$tmp"' EXIT

if nm "$DAF_BUILD/sim/net/libdaf_sim_net.a" | grep -q __asan_; then
    echo 'a sanitizer is in these libraries; the plain build says as much'
    exit 77
fi

mkdir -p "$tmp/sim/protocols"
# shellcheck disable=SC2016 # backticks are Markdown's
sed -n '/^```c$/,/^```$/p' "$root/docs/simulator.md" | sed '/^```/d' \
    >"$tmp/two_hops.c"
lines=$(wc -l <"$tmp/two_hops.c")
{ [ "$lines" -gt 10 ] && [ "$lines" -le 60 ]; } || {
    echo "FAILED: a sixth protocol in 60 lines has $lines"
    exit 1
}
{ cat "$DAF_BUILD/sim/protocols/list.h" && echo 'PROTOCOL(two_hops)'; } \
    >"$tmp/sim/protocols/list.h"

mapfile -d '' -t libraries \
    < <(find "$DAF_BUILD"/{proto,store,node/core,sim} -name '*.a' -print0)
# The list and the new one first: the libraries have the rest.
# shellcheck disable=SC2046 # words of pkg-config
"${CC:-gcc}" -std=c11 -D_POSIX_C_SOURCE=200809L -D_GNU_SOURCE -ffp-contract=off \
    -Wall -Wextra -Werror -I"$tmp" -I"$root" -I"$DAF_BUILD/sim" -I"$DAF_BUILD" \
    -o "$tmp/daftar-sim" "$tmp/two_hops.c" "$root"/sim/protocols/protocol.c \
    "$root"/sim/*.c -Wl,--wrap=crypto_sign_ed25519_detached \
    -Wl,--wrap=crypto_sign_ed25519_verify_detached \
    -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=abort \
    -Wl,--undefined=__wrap_crypto_sign_ed25519_detached \
    -Wl,--start-group "${libraries[@]}" -Wl,--end-group \
    $(pkg-config --libs libsodium sqlite3 inih jansson zlib libcyaml) \
    $(pkg-config --libs msgpack-c 2>/dev/null || pkg-config --libs msgpack) -lm

"$tmp/daftar-sim" protocols | grep -q '^two-hops ' || {
    echo 'FAILED: it is not listed'
    exit 1
}
"$tmp/daftar-sim" run "$root/sim/scenarios/four-camps.yaml" --until 2d \
    --protocol direct,two-hops,epidemic-one --json >"$tmp/said"
# More than by its maker alone, for less than everything to everybody.
delivered=$(grep -o '"delivered":[0-9][0-9]*' "$tmp/said" | tr -dc '0-9\n' | head -n 3)
relayed=$(grep -o '"relayed":[0-9][0-9]*' "$tmp/said" | tr -dc '0-9\n' | head -n 3)
mapfile -t d <<<"$delivered"
mapfile -t r <<<"$relayed"
if [ "${d[1]}" -le "${d[0]}" ] || [ "${d[1]}" -gt "${d[2]}" ] ||
    [ "${r[1]}" -le "${r[0]}" ] || [ "${r[1]}" -ge "${r[2]}" ]; then
    echo "FAILED: delivered ${d[*]}, relayed ${r[*]}"
    exit 1
fi
echo "ok: two-hops, $lines lines: delivered ${d[*]}, relayed ${r[*]}"
