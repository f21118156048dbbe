#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Sixty devices switched on together, as in a school after a power cut: each finds
# the 59 others by itself.  Then one writes, and all have it.
#
#     sixty.sh [--quick] [DEVICES]        --quick: twenty
#
# Sixty on two cores are more a test of the machine than of the daemon, so that
# the limit is far; what it took is printed.
set -uo pipefail
# shellcheck source=SCRIPTDIR/../lab/lab.bash
. "$(dirname "$0")/../lab/lab.bash"
# shellcheck source=SCRIPTDIR/../lab/camp.bash
. "$(dirname "$0")/../lab/camp.bash"
lab_enter "$@"
trap lab_down EXIT
trap 'exit 130' INT TERM

bin=${DAF_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/build/dev/bin}
count=60
[ "${1:-}" != --quick ] || { count=20 && shift; }
count=${1:-$count}

die()
{
    printf '%3ds  FAILED: %s\n' $SECONDS "$*"
    for ((i = 1; i <= count; i++)); do
        printf '    device %d: ' "$i"
        daftar peers --json --home "$(camp_home "$i")" |
            grep '"connected": *true' | json_value found_by | sort | uniq -c |
            tr -s ' \n' ' '
        tail -n 1 "$lab_dir/h$i.log"
    done
    exit 1
}
# Of those in `waiting` whoever has found all leaves it: nobody is asked twice.
found_all()
{
    local i left=()
    for i in "${waiting[@]}"; do
        camp_found "$i" $((count - 1)) || left+=("$i")
    done
    waiting=("${left[@]}")
    [ ${#waiting[@]} = 0 ]
}
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

mapfile -t all < <(seq "$count")
waiting=("${all[@]}")
lab_up "$count" || exit 1
camp_new "$count" || die 'the camp is made'
printf '%3ds  ok: %d devices are enrolled by file\n' $SECONDS "$count"
begun=$EPOCHREALTIME
for i in "${all[@]}"; do camp_start "$i"; done
until_true 240 found_all || die "everybody finds $((count - 1)) others"
found=$(seconds_since "$begun")
printf '%3ds  ok: everybody has found %d others\n' $SECONDS $((count - 1))

begun=$EPOCHREALTIME
camp_work "$count" sixty 200 || die 'one writes 200 records'
until_true 120 camp_equal "${all[@]}" || die 'all have them'
equal=$(seconds_since "$begun")
printf '%3ds  ok: all have the 200 records of the last\n' $SECONDS

for i in "${all[@]}"; do camp_memory "$i"; done | sort -n >"$lab_dir/memory"
printf '{"devices":%d,"found_s":%s,"equal_s":%s,"pss_kib_median":%d,"pss_kib_most":%d}\n' \
    "$count" "$found" "$equal" "$(sed -n "$(((count + 1) / 2))p" "$lab_dir/memory")" \
    "$(tail -n 1 "$lab_dir/memory")"
