#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# play.sh TARGET CORPUS FOUND: let libFuzzer play for DAF_FUZZ_SECONDS (10).
# What it learns and what breaks goes to FOUND, inside build/; the corpus in
# the repository is read only.
set -eu

target=$1 corpus=$2 found=$3
mkdir -p "$found/corpus"
args=("$found/corpus")
[ ! -d "$corpus" ] || args+=("$corpus")

# 1 GiB: the limit is there to catch "five hostile bytes ask for 8 GiB", and
# the sanitizer itself takes a few hundred MiB.
exec "$target" -max_total_time="${DAF_FUZZ_SECONDS:-10}" -timeout=5 \
    -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$found/" "${args[@]}"
