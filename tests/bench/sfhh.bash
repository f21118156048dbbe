#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# The conference SFHH as The ONE's events, for case_sim.c:
#
#     sfhh.bash FROM SIM TO       makes TO/sfhh.contacts and TO/sfhh.messages; exits 1
#                                 if FROM has neither the one nor the other
#
# FROM has sfhh.one.conn.gz and sfhh.one.creates.gz, which are unpacked, or
# SocioPatterns' own SFHH_tij.dat.gz: a line says that two people faced each other
# in the 20 s that end then.  Those that touch become one contact; for messages
# daftar-sim (SIM) draws one each minute.
set -euo pipefail
from=$1 sim=$2 to=$3

if [ -f "$from/sfhh.one.conn.gz" ] && [ -f "$from/sfhh.one.creates.gz" ]; then
    gzip -dc "$from/sfhh.one.conn.gz" >"$to/sfhh.contacts"
    gzip -dc "$from/sfhh.one.creates.gz" >"$to/sfhh.messages"
    exit 0
fi
[ -f "$from/SFHH_tij.dat.gz" ] || exit 1

# A contact is told when it ends, so events are put in order: at one instant ends
# come first, so that people who part and meet again do so in this order.
gzip -dc "$from/SFHH_tij.dat.gz" | awk '
    function number(id) { return id in known ? known[id] : known[id] = people++ + 0 }
    function tell(pair) {
        print since[pair], 1, "CONN", pair, "up"
        print until[pair], 0, "CONN", pair, "down"
    }
    NR == 1 { first = $1 - 20 }
    {
        a = number($2); b = number($3)
        pair = a < b ? a " " b : b " " a
        if (!(pair in until) || until[pair] < $1 - 20 - first) {
            if (pair in until) tell(pair)
            since[pair] = $1 - 20 - first
        }
        until[pair] = $1 - first
    }
    END { for (pair in until) tell(pair) }' |
    sort -n -k1,1 -k2,2 -k4,4 -k5,5 | cut -d' ' -f1,3- >"$to/sfhh.contacts"
# 403 who hardly ever meet in so much room: of their world only messages are wanted.
"$sim" world --until 114000s \
    --waypoint nodes=403,area=100x100km,range=1m,speed=1m/s,wait=24h \
    --traffic every=50-70s,size=500kB-1MB | grep ' C ' >"$to/sfhh.messages"
