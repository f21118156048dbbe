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
count=60 limit=240
[ "${1:-}" != --quick ] || { count=20 limit=60 && shift; } # ctest ends it at 150 s
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
# Asks one at a time, and who has found all is not asked again: to ask all of them
# ten times a second would keep both cores from what is measured.
found_all()
{
    while [ ${#waiting[@]} -gt 0 ]; do
        camp_found "${waiting[0]}" $((count - 1)) || return
        waiting=("${waiting[@]:1}")
    done
}
seconds_since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

mapfile -t all < <(seq "$count")
waiting=("${all[@]}")
lab_up "$count" || exit 1
camp_new "$count" || die 'the camp is made'
printf '%3ds  ok: %d devices are enrolled by file\n' $SECONDS "$count"
begun=$EPOCHREALTIME
for i in "${all[@]}"; do camp_start "$i"; done
until_true $limit found_all || die "everybody finds $((count - 1)) others"
found=$(seconds_since "$begun")
for i in "${all[@]}"; do # none was lost again meanwhile
    until_true 30 camp_found "$i" $((count - 1)) || die "device $i lost some"
done
printf '%3ds  ok: everybody has found %d others\n' $SECONDS $((count - 1))

begun=$EPOCHREALTIME
camp_work "$count" sixty 200 || die 'one writes 200 records'
until_true $limit camp_equal "${all[@]}" || die 'all have them'
equal=$(seconds_since "$begun")
printf '%3ds  ok: all have the 200 records of the last\n' $SECONDS

for i in "${all[@]}"; do camp_memory "$i"; done | sort -n >"$lab_dir/memory"
printf '{"devices":%d,"found_s":%s,"equal_s":%s,"pss_kib_median":%d,"pss_kib_most":%d}\n' \
    "$count" "$found" "$equal" "$(sed -n "$(((count + 1) / 2))p" "$lab_dir/memory")" \
    "$(tail -n 1 "$lab_dir/memory")"
