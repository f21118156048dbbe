#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Six ways in which devices do not sync, and what `daftar doctor` says of each:
# one finding, the right one, with a cause and what to do.
set -uo pipefail
# shellcheck source=SCRIPTDIR/../lab/lab.bash
. "$(dirname "$0")/../lab/lab.bash"
# shellcheck source=SCRIPTDIR/../lab/camp.bash
. "$(dirname "$0")/../lab/camp.bash"
lab_enter "$@"
trap lab_down EXIT
trap 'exit 130' INT TERM

bin=${DAF_BIN:-$(cd "$(dirname "$0")/../.." && pwd)/build/dev/bin}
clock=${DAF_BUILD:-$(cd "$(dirname "$0")/../.." && pwd)/build/dev}/tests/libclock1970.so
failed=0
ok() { printf '%3ds  ok: %s\n' $SECONDS "$*"; }
bad()
{
    printf '%3ds  FAILED: %s\n' $SECONDS "$*"
    sed 's/^/    /' "$lab_dir/said" 2>/dev/null
    failed=1
}
doctor() # DEVICE: what it finds, in its own network
{
    lab_in "$1" "$bin/daftar" doctor --json --home "$(camp_home "$1")" \
        >"$lab_dir/said" 2>&1
}
# finds DEVICE NAME: this finding and no other; exit 3.
finds()
{
    doctor "$1"
    [ $? = 3 ] && [ "$(wc -l <"$lab_dir/said")" = 1 ] &&
        grep -q "\"finding\": *\"$2\"" "$lab_dir/said" &&
        grep -q '"cause": *"..*"' "$lab_dir/said" &&
        grep -q '"do": *"..*"' "$lab_dir/said"
}
expect() # WHAT COMMAND...
{
    local what=$1
    shift
    if "$@"; then ok "$what"; else bad "$what"; fi
}
is_well() { doctor "$1" && [ ! -s "$lab_dir/said" ]; }

lab_up 6 || exit 1
camp_new 3 || exit 1
daftar camp create 'Other camp' --home "$(camp_home 4)" >/dev/null || exit 1

expect 'a daemon that does not run' finds 1 not-running
camp_start 1
camp_start 2
expect 'two that sync are well' until_true 40 is_well 1
# shellcheck disable=SC2016 # eval's own dollars
expect 'and one device is one' eval \
    'lab_in 1 "$bin/daftar" doctor --home "$(camp_home 1)" |
        grep -q " 1 device is connected"'

# ---- multicast

camp_stop 1 2
rm -f "$(camp_home 1)/camp/addresses.daf" "$(camp_home 2)/camp/addresses.daf"
lab_switch multicast off
camp_start 1
camp_start 2
until_true 20 camp_listens 2
expect 'an access point that drops multicast' finds 1 multicast
expect 'and names who is there' grep -q '10\.77\.0\.2:5670' "$lab_dir/said"
lab_switch multicast on

# ---- isolation

camp_stop 1 2
rm -f "$(camp_home 1)/camp/addresses.daf" "$(camp_home 2)/camp/addresses.daf"
lab_switch isolate on
camp_start 1
camp_start 2
expect 'an access point that keeps its clients apart' \
    until_true 40 finds 1 isolation
lab_switch isolate off

# ---- other camp

camp_stop 1 2
rm -f "$(camp_home 1)/camp/addresses.daf"
camp_start 4
camp_start 1
expect 'only another camp is here' until_true 40 finds 1 other-camp
camp_stop 4

# ---- revoked

camp_stop 1
camp_start 1
camp_start 3
expect 'the third is connected' until_true 40 camp_found 3 1
author=$(daftar status --json --home "$(camp_home 3)" |
    sed 's/.*"author": *"\([0-9a-f]*\)".*/\1/')
daftar revoke "$author" --yes --home "$(camp_home 1)" >/dev/null ||
    bad 'it is revoked'
expect 'a device that was revoked' until_true 40 finds 3 revoked
camp_stop 1 3

# ---- a port that is taken

# shellcheck disable=SC2016 # perl's own dollars
lab_start 1 perl -MIO::Socket::INET -e '
    my $s = IO::Socket::INET->new(LocalPort => 5670, Listen => 1,
        ReuseAddr => 1) or die;
    open my $f, ">", $ARGV[0]; close $f; sleep' "$lab_dir/taken"
taken=$lab_pid
until_true 20 test -e "$lab_dir/taken"
lab_in 1 "$bin/daftard" --home "$(camp_home 1)" --listen 0.0.0.0:5670 \
    2>"$lab_dir/said" && bad 'it starts all the same'
expect 'a port that another program has' finds 1 port
lab_stop "$taken"

# ---- a clock that was never set

camp_start 1
camp_start 2
expect 'both are well' until_true 40 is_well 1
cp "$clock" "$lab_dir/clock.so" # a blank in its path would part it in two
export LD_PRELOAD=$lab_dir/clock.so
expect 'a clock at 1970' finds 1 clock
unset LD_PRELOAD

# ---- what goes to somebody far away

expect 'a bundle for support' lab_in 1 "$bin/daftar" support-bundle \
    "$lab_dir/bundle" --home "$(camp_home 1)"
for secret in "$(daftar status --json --home "$(camp_home 1)" |
    sed 's/.*"author": *"\([0-9a-f]*\)".*/\1/')" "$author" 'Lab camp' 10.77; do
    grep -q "$secret" "$lab_dir/bundle" && bad "the bundle holds $secret"
done
expect 'it tells how the daemon is' grep -q '"uptime_s"' "$lab_dir/bundle"
[ $failed = 0 ]
