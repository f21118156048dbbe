# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# A camp in the lab: device I has its home in $lab_dir/hI; 1 is the coordinator.
# After lab.bash and lab_up; `bin` is where the programs are.
#
#     camp_new 5
#     camp_start 1; ...          options are the daemon's: camp_start 2 --no-mdns
#     until_true 60 camp_equal 1 2 3 4 5 || bad ...
# shellcheck disable=SC2154 # lab_dir, lab_pid and the script's bin

camp_pids=() # by device; a core's

daftar() { "$bin/daftar" "$@"; } # needs no network: it speaks by the home's socket
camp_home() { echo "$lab_dir/h$1"; }

# camp_new N: device 1 makes the camp and enrols 2 ... N by file.
camp_new()
{
    local i
    daftar camp create 'Lab camp' --home "$(camp_home 1)" >/dev/null || return
    for ((i = 2; i <= $1; i++)); do camp_enrol "$i" "$(camp_home 1)" || return; done
}

# camp_enrol I COORDINATORS-HOME
camp_enrol()
{
    local home file
    home=$(camp_home "$1") file=$lab_dir/enrol$1
    daftar join --request "$file.request" --home "$home" >/dev/null &&
        daftar enrol sign "$file.request" --out "$file.accept" --home "$2" \
            >/dev/null &&
        daftar join --accept "$file.accept" --home "$home" >/dev/null
}

# camp_start I [OPTION...]: its daemon, with its door at 10.77.0.I:5670.  Returns
# at once.
camp_start()
{
    local i=$1
    shift
    rm -f "$(camp_home "$i")/run/endpoint"
    lab_start "$i" "$bin/daftard" --home "$(camp_home "$i")" "$@" \
        2>>"$lab_dir/h$i.log"
    camp_pids[i]=$lab_pid
}

# camp_stop I...
camp_stop()
{
    local i ids=()
    for i; do
        ids+=("${camp_pids[i]}")
        unset "camp_pids[i]"
    done
    lab_stop "${ids[@]}"
}

camp_door() { lab_address "$1" | sed 's/$/:5670/'; }
camp_listens() { [ -s "$(camp_home "$1")/run/endpoint" ]; }

# camp_work I TAG COUNT: so many records of forty learners, each durable.
camp_work()
{
    local file=$lab_dir/work
    awk -v tag="$2" -v count="$3" 'BEGIN {
        for (i = 0; i < count; i++)
            printf "{\"learner\":\"Amina Testname %d\",\"item\":\"%s-%d\"," \
                "\"score\":0.%02d,\"minutes\":5}\n", i % 40, tag, i, i % 100
    }' >"$file"
    daftar progress add --batch "$file" --home "$(camp_home "$1")" --json \
        >"$file.out" && [ "$(grep -c '"durable": *true' "$file.out")" = "$3" ]
}

# camp_equal I...: their digests are the same.
camp_equal()
{
    local first i
    first=$(daftar digest --json --home "$(camp_home "$1")") || return
    for i; do
        [ "$(daftar digest --json --home "$(camp_home "$i")")" = "$first" ] ||
            return
    done
}

# camp_records I: of the class.
camp_records()
{
    daftar digest --json --home "$(camp_home "$1")" |
        grep '"scope": *"class:1"' | json_value records
}

# camp_found I COUNT [BY...]: it is connected to COUNT others, each found in one of
# these ways (mdns, cached, gossip, static, incoming).
camp_found()
{
    local i=$1 count=$2 ways
    shift 2
    ways=$(IFS='|' && echo "$*")
    [ "$(daftar peers --json --home "$(camp_home "$i")" |
        grep '"connected": *true' | grep -cE "\"found_by\": *\"(${ways:-.*})\"")" \
        = "$count" ]
}

# camp_memory I: KiB of all its processes together; what they share with others
# counts in part (PSS).
camp_memory()
{
    local core=${camp_pids[$1]} id children
    read -r -a children <"/proc/$core/task/$core/children"
    for id in "$core" "${children[@]}"; do cat "/proc/$id/smaps_rollup"; done |
        awk '/^Pss:/ { sum += $2 } END { print sum }'
}
