#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# clang-format, of one version only: two versions format differently, and two
# machines would argue.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "$0")/common.bash"

for tool in clang-format-14 clang-format ''; do
    "$tool" --version 2>/dev/null | grep -q 'version 14\.' && break
done
[ -n "$tool" ] || skip 'clang-format 14 is not here (Debian 12 has it)'

# format TREE
format()
{
    cd "$1" || return
    sources . '*.[ch]' |
        xargs -0 -r -n 8 -P "$(nproc)" "$tool" --dry-run --style=file 2>&1 |
        sed -n "s|^\([^:]*\):[0-9].*-Wclang-format.*|\1: $tool -i \1|p" |
        sort -u
}

passes 'clang-format changes nothing' format "$root"

cp "$root/.clang-format" "$tmp"
plant proto/a.c <<<'int  f (void) { return 0; }'
catches 'a badly formatted file' "proto/a.c: $tool -i proto/a.c" format "$tmp"
[ "$failed" = 0 ]
