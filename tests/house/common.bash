# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2034 # set here, used by the checks
#
# Sourced by every check.  A check is a function that prints a line for each
# fault and nothing else.  It is run over the repository, where it must be
# silent, and over planted faults, where it must say exactly what is expected:
# a check that has never been seen to fail checks nothing.
set -euo pipefail
export LC_ALL=C

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
build=${DAF_BUILD:-$root/build/dev}
check=$(basename "$0" .sh)
failed=0

tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar-house-XXXXXX")
trap 'rm -rf "$tmp"' EXIT

# passes WHAT FUNCTION ARGUMENT...
passes()
{
    local what=$1 said
    shift
    said=$("$@" 2>&1) || said="$said"$'\n'"(the check itself failed: $?)"
    if [ -z "$said" ]; then
        echo "passed $check: $what"
    else
        printf 'FAILED %s: %s\n%s\n' "$check" "$what" "$said"
        failed=1
    fi
}

# catches WHAT EXPECTED FUNCTION ARGUMENT...
catches()
{
    local what=$1 expected=$2 said
    shift 2
    said=$("$@" 2>&1) || true
    if [ "$said" = "$expected" ]; then
        echo "caught $check: $what"
    else
        printf 'FAILED %s: planted fault not caught: %s\n' "$check" "$what"
        printf 'expected: %s\nsaid: %s\n' "$expected" "$said"
        failed=1
    fi
}

# spares WHAT FUNCTION ARGUMENT...: silent where nothing is wrong; not counted.
spares()
{
    local what=$1 said
    shift
    said=$("$@" 2>&1) || true
    [ -z "$said" ] || {
        printf 'FAILED %s: false alarm over %s: %s\n' "$check" "$what" "$said"
        failed=1
    }
}

# plant FILE: standard input becomes a file of the planted tree.
plant()
{
    mkdir -p "$tmp/$(dirname "$1")"
    cat >"$tmp/$1"
}

# skip WHY: for what cannot be checked here.
skip()
{
    echo "skipped $check: $1"
    exit 77
}

# sources TREE NAME...: files of our folders in TREE, by name, NUL-ended.
sources()
{
    local tree=$1 pattern names=()
    shift
    for pattern; do
        names+=(-o -name "$pattern")
    done
    (
        cd "$tree" || exit
        # find fails where a folder does not exist yet.
        find proto store node bridge sim tests -type f \
            \( "${names[@]:1}" \) -print0 2>/dev/null || true
    ) | sort -z
}

# instrumented ARCHIVE-OR-OBJECT: sanitizers and coverage add their own symbols.
instrumented()
{
    # Not grep -q: it would stop early, and pipefail then blames nm.
    [ -f "$1" ] && nm -u "$1" 2>/dev/null |
        grep -E ' __(asan|ubsan|tsan|sanitizer|gcov)_' >/dev/null
}
