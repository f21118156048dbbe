#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# What others do with the same file on the same machine, for case_bulk.c:
#
#     peers.bash NAME FILE FOLDER     prints "WALL_S CPU_S VERSION"; nothing if it
#                                     is not installed
#
# Wall time is from the moment at which the receiver is told what to get until it
# says that it has it; CPU is that of all processes of both sides.
set -uo pipefail
name=$1 file=$2 to=$3
rm -rf "$to"
mkdir -p "$to"
pids=()
cleanup()
{
    local p
    for p in "${pids[@]}"; do kill "$p" 2>/dev/null; done
    wait 2>/dev/null
    rm -rf "$to"
}
trap cleanup EXIT
have() { command -v "$1" >/dev/null || exit 0; }
now() { date +%s.%N; }
hz=$(getconf CLK_TCK)
# cpu_of PID...: with their children, those that ended too, in seconds
cpu_of()
{
    local p all
    all=$(for p; do echo "$p"; pgrep -P "$p"; done)
    for p in $all; do
        sed 's/.*) //' "/proc/$p/stat" 2>/dev/null
    done | awk -v hz="$hz" '{ n += $12 + $13 + $14 + $15 } END { print n / hz }'
}
# times START_CPU: of what this shell waited for
say() { awk -v a="$1" -v b="$2" -v c="$3" -v v="$4" 'BEGIN { printf "%.3f %.3f %s\n", b - a, c, v }'; }
# runs COMMAND...: sets $start, $end, $client
runs()
{
    local t
    start=$(now)
    TIMEFORMAT='%U %S'
    t=$({ time "$@" >/dev/null 2>&1; } 2>&1)
    end=$(now)
    client=$(awk '{ print $1 + $2 }' <<<"$t")
}
free_port() { # one that nobody has now
    local p
    for p in $(shuf -i 20000-40000 -n 50); do
        (exec 3<>"/dev/tcp/127.0.0.1/$p") 2>/dev/null || { echo "$p"; return; }
    done
}
listens() { # PORT
    local i
    for ((i = 0; i < 400; i++)); do
        (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return 0
        sleep 0.02
    done
    return 1
}

case $name in
    rsync)
        have rsync
        port=$(free_port)
        # Else root's serves as nobody, who may not read what the bench made.
        printf '%s\n' 'use chroot = no' "uid = $(id -u)" "gid = $(id -g)" \
            "pid file = $to/pid" '[m]' "path = $(dirname "$file")" \
            'read only = yes' >"$to/conf"
        rsync --daemon --no-detach --address 127.0.0.1 --port "$port" \
            --config "$to/conf" 2>/dev/null &
        pids+=($!)
        listens "$port" || exit 1
        before=$(cpu_of "${pids[0]}")
        runs rsync "rsync://127.0.0.1:$port/m/$(basename "$file")" "$to/got"
        after=$(cpu_of "${pids[0]}")
        cmp -s "$file" "$to/got" || exit 1
        say "$start" "$end" "$(awk -v a="$before" -v b="$after" -v c="$client" \
            'BEGIN { print b - a + c }')" \
            "$(rsync --version | sed -n '1s/ *protocol.*//p'), neither encrypted nor synced"
        ;;
    nginx-tls)
        have nginx
        have curl
        have openssl
        port=$(free_port)
        openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 \
            -keyout "$to/key" -out "$to/cert" 2>/dev/null
        cat >"$to/conf" <<CONF
daemon off; master_process off; pid "$to/pid"; error_log /dev/null;
events { }
http {
  access_log off; sendfile on;
  client_body_temp_path "$to/t1"; proxy_temp_path "$to/t2"; fastcgi_temp_path "$to/t3";
  uwsgi_temp_path "$to/t4"; scgi_temp_path "$to/t5";
  server { listen 127.0.0.1:$port ssl; ssl_certificate "$to/cert";
    ssl_certificate_key "$to/key"; root "$(dirname "$file")"; }
}
CONF
        nginx -p "$to" -c "$to/conf" 2>/dev/null &
        pids+=($!)
        listens "$port" || exit 1
        before=$(cpu_of "${pids[0]}")
        runs curl -sk -o "$to/got" "https://127.0.0.1:$port/$(basename "$file")"
        after=$(cpu_of "${pids[0]}")
        cmp -s "$file" "$to/got" || exit 1
        say "$start" "$end" "$(awk -v a="$before" -v b="$after" -v c="$client" \
            'BEGIN { print b - a + c }')" \
            "$(nginx -v 2>&1 | sed 's/.*: //'), TLS and curl, not verified, not synced"
        ;;
    syncthing)
        have syncthing
        have curl
        export STNODEFAULTFOLDER=1 STNOUPGRADE=1 HOME=$to
        for side in a b; do
            syncthing generate --home "$to/$side" --no-default-folder >/dev/null 2>&1
            mkdir -p "$to/$side-files"
        done
        cp "$file" "$to/a-files/"
        id() { syncthing --home "$to/$1" --device-id 2>/dev/null; }
        ida=$(id a) idb=$(id b)
        pa=$(free_port) pb=$(free_port) ga=$(free_port) gb=$(free_port)
        # configure SIDE OWN-PORT GUI-PORT OTHER-ID OTHER-PORT PAUSED
        configure()
        {
            cat >"$to/$1/config.xml" <<XML
<configuration version="35">
  <folder id="bulk" path="$to/$1-files" type="sendreceive" rescanIntervalS="0" fsWatcherEnabled="false" paused="$6">
    <device id="$ida"></device><device id="$idb"></device>
  </folder>
  <device id="$4" name="other" compression="never"><address>tcp://127.0.0.1:$5</address></device>
  <device id="$(id "$1")" name="self" compression="never"><address>dynamic</address></device>
  <gui enabled="true" tls="false"><address>127.0.0.1:$3</address><apikey>bench</apikey></gui>
  <options>
    <listenAddress>tcp://127.0.0.1:$2</listenAddress>
    <globalAnnounceEnabled>false</globalAnnounceEnabled>
    <localAnnounceEnabled>false</localAnnounceEnabled>
    <relaysEnabled>false</relaysEnabled><natEnabled>false</natEnabled>
    <urAccepted>-1</urAccepted><startBrowser>false</startBrowser>
    <crashReportingEnabled>false</crashReportingEnabled>
  </options>
</configuration>
XML
        }
        configure a "$pa" "$ga" "$idb" "$pb" false
        configure b "$pb" "$gb" "$ida" "$pa" true
        for side in a b; do
            syncthing serve --home "$to/$side" --no-browser --no-restart \
                --logflags=0 >"$to/$side.log" 2>&1 &
            pids+=($!)
        done
        rest() { curl -s -H 'X-API-Key: bench' "http://127.0.0.1:$1/rest/$2" "${@:3}"; }
        ready() { # the source has hashed it, and both are connected
            rest "$ga" 'db/status?folder=bulk' | tr -d ' \n' | grep -q '"state":"idle"' &&
                rest "$ga" 'db/status?folder=bulk' | tr -d ' \n' | grep -q '"localFiles":1' &&
                rest "$gb" system/connections | tr -d ' \n' | grep -q '"connected":true'
        }
        for ((i = 0; i < 1200; i++)); do ready && break; sleep 0.05; done
        ready || exit 1
        before=$(cpu_of "${pids[@]}")
        start=$(now)
        rest "$gb" config/folders/bulk -X PATCH -d '{"paused":false}' >/dev/null
        done_() { rest "$gb" 'db/status?folder=bulk' | tr -d ' \n' |
            grep -q '"globalFiles":1.*"inSyncFiles":1.*"needFiles":0.*"state":"idle"'; }
        for ((i = 0; i < 12000; i++)); do done_ && break; sleep 0.02; done
        end=$(now)
        after=$(cpu_of "${pids[@]}")
        cmp -s "$file" "$to/b-files/$(basename "$file")" || exit 1
        say "$start" "$end" "$(awk -v a="$before" -v b="$after" 'BEGIN { print b - a }')" \
            "$(syncthing --version | awk '{ print $1, $2 }'), TLS, verified, synced"
        ;;
esac
