#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The disk fills up, by others, while a lesson comes in: it waits and says why, no
# daemon dies, what came is kept, and with room again it goes on.  The disk is a
# small tmpfs in a namespace.
if [ -z "${DAF_FULL_INSIDE:-}" ]; then
    unshare -Urnmpf --mount-proc true 2>/dev/null || {
        echo 'skipped: mounting is forbidden here'
        exit 77
    }
    DAF_FULL_INSIDE=1 exec unshare -Urnmpf --mount-proc --kill-child bash "$0" "$@"
fi
# shellcheck source=tests/mesh/mesh.bash
. "$(dirname "$0")/mesh.bash"
ip link set lo up
mkdir "$tmp/B"
mount -t tmpfs -o size=400m,mode=700 none "$tmp/B" || skip 'no tmpfs here'
trap 'mesh_cleanup 2>/dev/null; umount "$tmp/B"; rm -rf "$tmp"' EXIT

camp A C || bad 'a camp'
"$bin/daftar" join --request "$tmp/B.request" --home "$tmp/B/home" >"$tmp/out" &&
    daftar A enrol sign "$tmp/B.request" >"$tmp/out" &&
    "$bin/daftar" join --accept "$tmp/B.request.accept" --home "$tmp/B/home" \
        >"$tmp/out" || bad 'a device with a small disk'
start A
start B/home --peer "$(door A)"
mkdir "$tmp/film"
printf '[title]\nen = A film\n' >"$tmp/film/content.ini"
head -c 150000000 /dev/urandom >"$tmp/film/film.bin"
mkdir "$tmp/long"
printf '[title]\nen = A longer film\n' >"$tmp/long/content.ini"
head -c 390000000 /dev/urandom >"$tmp/long/film.bin"
daftar A publish "$tmp/film" >"$tmp/out" && daftar A publish "$tmp/long" >"$tmp/out"
knows() { daftar B/home library | grep -q -- "$1"; }
held() { daftar B/home library --json | grep '"title":"A film"' | field held; }
expect 'it is heard of' until_true 20 knows 'A longer film'
expect 'what cannot fit is refused before it comes' \
    exits 1 daftar B/home get 'A longer film'
expect 'in words' grep -q 'does not fit' "$tmp/said" "$tmp/why"

# The source is stopped in the middle, for long enough to fill the disk.
daftar B/home get 'A film' --no-wait >"$tmp/out" 2>&1
until_true 20 eval '[ "$(held)" -gt 10 ]'
kill -STOP "${pid[A]}"
expect 'it is under way' test "$(held)" -lt 1000
head -c 400000000 /dev/zero >"$tmp/B/filler" 2>/dev/null
kill -CONT "${pid[A]}"
expect 'somebody else fills the disk: it waits' exits 1 daftar B/home get 'A film'
expect 'and says why' grep -q 'does not fit' "$tmp/said" "$tmp/why"
expect 'the daemon lives' daftar B/home status
before=$(held)
expect 'and has what came' test "$before" -gt 10
rm "$tmp/B/filler"
expect 'with room again it goes on' daftar B/home get 'A film'
expect 'every byte of it' cmp "$tmp/film/film.bin" \
    "$(find "$tmp/B/home/content" -name film.bin -size +100000k)"
expect 'nothing else is damaged' daftar B/home check

[ $failed = 0 ] && echo 'content_full: all good'
exit $failed
