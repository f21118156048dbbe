#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Small worlds in which much goes wrong: those that once failed, then 500; and what
# the command says of mistakes.
set -euo pipefail
sim=$DAF_BIN/daftar-sim
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

"$sim" seeds --from 1 --count 500 --file "$here/seeds" --json | tee "$tmp/out"
grep -qF '"failed":0,"sometimes_unreached":[]' "$tmp/out"
echo 'ok: nothing broke, and everything happened somewhere'

"$sim" seeds --from 7 --count 1 --verbose >"$tmp/one"
"$sim" seeds --from 7 --count 1 --verbose >"$tmp/two"
grep -q 'history [0-9a-f]\{16\}$' "$tmp/one"
[ "$(grep history "$tmp/one")" = "$(grep history "$tmp/two")" ]
grep -q 'loss_ppm' "$tmp/one"
echo 'ok: one seed, one history, and all its options'

# fails WORDS OPTION...
fails()
{
    local words=$1
    shift
    if "$sim" seeds "$@" 2>"$tmp/err" || ! grep -qF -- "$words" "$tmp/err"; then
        echo "daftar-sim seeds $*: no error, or not '$words'"
        exit 1
    fi
}
fails "'0' is no number that will do here" --jobs 0
fails 'No such file' --file "$tmp/none" --count 0
fails 'no world is asked for' --count 0
echo '# none' >"$tmp/bad"
fails 'no world is asked for' --file "$tmp/bad" --count 0
echo 'nonsense' >"$tmp/bad"
fails 'a seed a line' --file "$tmp/bad" --count 0
echo 'ok: mistakes are told'
