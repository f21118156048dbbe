#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The demo where namespaces are forbidden: it says so on its first line, and every
# scene comes to what it should on loopback.
set -uo pipefail

bin=$(mktemp -d "${TMPDIR:-/tmp}/daftar-loopback.XXXXXX")
trap 'rm -rf "$bin"' EXIT
printf '#!/bin/sh\nexit 1\n' >"$bin/unshare"
chmod +x "$bin/unshare"
PATH=$bin:$PATH bash "$(dirname "$0")/quick.sh" | tee "$bin/said"
status=${PIPESTATUS[0]}
[ "$status" = 0 ] || exit "$status"
if ! head -n 1 "$bin/said" | grep -q "share loopback" ||
    ! tail -n 1 "$bin/said" | grep -q "\"found_by\":\"static\""; then
    echo 'FAILED: it does not say that it was on loopback'
    exit 1
fi
