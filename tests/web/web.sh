#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Pages in a real browser: Debian's Chromium, without a window, driven by node.
# Each flow_<name>.js gets a camp of its own, made by files; it starts the daemons.
# Pictures of the pages are left in build/web.
# shellcheck source=tests/mesh/mesh.bash
. "$(dirname "$0")/../mesh/mesh.bash"

here=$(cd "$(dirname "$0")" && pwd)
out=$here/../../build/web
DAF_BIN=$bin
DAF_BUILD=${DAF_BUILD:-$bin/..}
DAF_PICTURES=$out
DAF_CHROMIUM=$(command -v chromium) || skip 'chromium is not here (Debian has it)'
command -v node >/dev/null || skip 'node is not here (Debian: nodejs)'
for module in playwright-core axe-core; do
    [ -d "$out/node_modules/$module" ] ||
        skip "$module is not here: ./run test web fetches it"
done
export DAF_BIN DAF_BUILD DAF_PICTURES DAF_CHROMIUM
export NODE_PATH=$out/node_modules
export HOME=$tmp TMPDIR=$tmp # what a browser leaves behind goes with them

for file in "$here"/flow_*.js; do
    name=${file##*/flow_}
    name=${name%.js}
    mkdir "$tmp/$name"
    camp "$name/A" "$name/B" || bad "a camp for $name"
    if DAF_WORLD=$tmp/$name node --test-reporter=tap "$file" >"$tmp/said" \
        2>"$tmp/why"; then
        ok "$name"
    else
        echo "FAILED: $name"
        sed -n '/^ *not ok/,/^ *\.\.\.$/p' "$tmp/said"
        tail -n 15 "$tmp/why" "$tmp/$name"/*.log
        failed=1
    fi
    sed -n 's/^ *# note: */      /p' "$tmp/said" # what it measured
done

[ $failed = 0 ] && echo 'web: all good'
exit $failed
