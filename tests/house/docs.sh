#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Each folder with code opens with a README.md of one screen.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "$0")/common.bash"

# docs TREE
docs()
{
    local folder lines
    cd "$1" || return
    sources . '*.[ch]' | xargs -0 -r -n 1 dirname |
        sed 's|^tests/.*|tests|' | sort -u |
        while IFS= read -r folder; do
            if [ ! -f "$folder/README.md" ]; then
                echo "$folder has no README.md"
                continue
            fi
            lines=$(wc -l <"$folder/README.md")
            [ "$lines" -le 60 ] ||
                echo "$folder/README.md has $lines lines; one screen is 60"
        done
}

passes 'each folder opens with one screen' docs "$root"

plant proto/a.c </dev/null
catches 'a folder without README.md' 'proto has no README.md' docs "$tmp"
seq 61 | plant proto/README.md
catches 'a README.md of 61 lines' \
    'proto/README.md has 61 lines; one screen is 60' docs "$tmp"
[ "$failed" = 0 ]
