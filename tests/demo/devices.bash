# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# What demo.bash and its scenes do with devices: orders to inside.bash, daftar, a
# browser, and what the board shows.  Sourced by demo.bash.
# shellcheck disable=SC2154 # demo.bash's: dir, bin, board, ports, orders, answers, mode...

trap '' PIPE # who hears no answer says so
names=('' "Teacher's laptop" 'Sun tablet' 'Moon tablet' 'Visitor' 'Star tablet'
    'Cloud tablet')
arabic=('' 'حاسوبُ المُعَلِّمة' 'لَوْحُ الشَّمْس' 'لَوْحُ القَمَر' 'زائِر' 'لَوْحُ النَّجْمة'
    'لَوْحُ السَّحابة')
camps=(0 1 1 1 2 1 1)
places=('' '240 104' '100 300' '380 300' '561 200') # in the picture
everywhere=(1-2 1-3 2-3 1-4 2-4 3-4)

home() { echo "$dir/h$1"; }
daftar() { "$bin/daftar" "$@"; }
pause() { read -rt "$1" -u "$never" || true; }
digits() { tr -cd 0-9; }

# until_true SECONDS COMMAND...: waits for a condition, not for a time
until_true()
{
    local limit=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $limit ] || return 1
        pause 0.05
    done
}

# finds PATTERN: in standard input, read to its end: daftar does not like to be
# hung up on
finds() { [ "$(grep -c -- "$1")" -gt 0 ]; }

# ---- orders

heard()
{
    local line
    while read -rt 90 -u "$answers" line; do
        case $line in
            ok) return 0 ;;
            failed) return 1 ;;
            *) printf '%s\n' "$line" ;;
        esac
    done
    echo 'demo: nobody answers inside' >&2
    return 1
}

# order VERB WORD...
order()
{
    local line
    printf -v line '%q ' "$@"
    printf '%s\n' "$line" >&"$orders" && heard
}

# ---- what the board shows: a part of its state is a file; scenes are shells of
# their own, and can hand on nothing else

# remember PART LINE: fields of the line with tabs between, or nothing
remember()
{
    local part=$1
    shift
    if [ $# = 0 ]; then
        : >"$dir/parts/$part"
    else
        (IFS=$'\t' && printf '%s\n' "${part%%_*}"$'\t'"$*") >"$dir/parts/$part"
    fi
    cat "$dir"/parts/* >"$dir/board/state.new"
    mv "$dir/board/state.new" "$dir/board/state"
}

# tell TEXT: what happens
tell()
{
    printf '%3ds  %s\n' $((SECONDS - started)) "$*"
    remember say "$*"
    [ -n "$quick" ] || pause 2 # to be read, and looked at
}
fact() { printf '%3ds    %s\n' $((SECONDS - started)) "$*"; }

remember_done()
{
    remember "done_$1" "$1" "$2"
    remember scene
}

# at_place I up|off [X Y]: where it is in the picture
at_place()
{
    local i=$1 state=$2 x=${3:-} y=${4:-}
    [ -n "$x" ] || read -r x y <<<"${places[i]}"
    remember "device_$i" "$i" "${names[i]}" "${arabic[i]}" "${camps[i]}" "$state" \
        "$x" "$y"
}

show_wires()
{
    local pair
    rm -f "$dir"/parts/wire_*
    for pair; do
        printf 'wire\t%s\t%s\n' "${pair%-*}" "${pair#*-}" >"$dir/parts/wire_$pair"
    done
    remember counts_old
}

# wires A-B...: who reaches whom, as from now
wires()
{
    order wires "$@" || fail 'the networks did not change'
    show_doors
    show_wires "$@"
}

# carry_to X Y A-B...: the teacher's laptop is somewhere else
carry_to()
{
    local x=$1 y=$2
    shift 2
    at_place 1 up "$x" "$y"
    order carry 1 "$@" || fail 'the laptop did not arrive'
    show_doors
    show_wires "$@"
}

# Of one that is off the last that was known: the address stays, the key does not.
show_doors()
{
    local i
    for i in 1 2 3 4; do
        [ ! -s "$(home $i)/run/web" ] || cp "$(home $i)/run/web" "$dir/door$i"
        [ ! -s "$dir/door$i" ] ||
            printf 'door\t%s\t%s\n' $i "$(head -n 1 "$dir/door$i")"
    done >"$dir/board/doors.new"
    mv "$dir/board/doors.new" "$dir/board/doors"
}

# look: how much each holds, who is connected to whom, and what of a film is where
look()
{
    local i j library peers
    for i in 1 2 3 4 5 6; do
        [ -S "$(home $i)/run/control" ] || continue
        library=$(daftar library --json --home "$(home $i)")
        peers=$(daftar peers --json --home "$(home $i)")
        printf 'count\t%s\t%s\t%s\n' $i \
            "$(daftar progress show --json --home "$(home $i)" | grep -c '"record"')" \
            "$(grep -c '"whole":true' <<<"$library")"
        for j in 1 2 3 4 5 6; do
            [ $j -lt $i ] || ! is_met $j <<<"$peers" || printf 'met\t%s\t%s\n' $i $j
        done
        [ ! -s "$dir/film" ] || mark $i "$library" "$peers"
    done >"$dir/board/counts.new" 2>/dev/null
    mv "$dir/board/counts.new" "$dir/board/counts"
}

# mark I LIBRARY PEERS: of the film a mark for each part, or for each of $marks_most
# groups of them: s it came from the source, o from others, . it is lacking.  Nobody
# says which part came from whom, but how many bytes did: marks are in that ratio.
# What was counted is kept in the shell that looks.
marked=() came_source=() came_all=() last_source=() last_all=()
marks_most=48 marked_film=''
mark()
{
    local i=$1 item parts held source all marks count sourced lacking
    item=$(grep "\"content\":\"$(<"$dir/film")\"" <<<"$2") || return 0
    parts=$(number parts <<<"$item") held=$(number held <<<"$item")
    # Somebody may stand there twice for a moment.
    source=$(grep "\"peer\":\"$(head -c 8 "$dir/author1")" <<<"$3" |
        number content_in | paste -sd+ | bc_)
    all=$(number content_in <<<"$3" | paste -sd+ | bc_)
    source=${source:-0} all=${all:-0}
    if [ "$marked_film" != "$(<"$dir/film")" ]; then
        marked=() came_source=() came_all=() last_source=() last_all=()
        marked_film=$(<"$dir/film")
    fi
    # What came before the film; and a session that is new counts from nothing.
    [ -n "${last_all[i]:-}" ] || last_source[i]=$source last_all[i]=$all
    [ "$source" -ge "${last_source[i]}" ] || last_source[i]=0
    [ "$all" -ge "${last_all[i]}" ] || last_all[i]=0
    came_source[i]=$((${came_source[i]:-0} + source - last_source[i]))
    came_all[i]=$((${came_all[i]:-0} + all - last_all[i]))
    last_source[i]=$source last_all[i]=$all

    count=$((parts < marks_most ? parts : marks_most))
    held=$((held * count / parts))
    marks=${marked[i]:-} marks=${marks:0:held}
    while [ ${#marks} -lt $held ]; do
        sourced=${marks//[!s]/}
        if [ "$i" = 1 ] ||
            [ $((${#sourced} * came_all[i])) -lt $(((${#marks} + 1) * came_source[i])) ]; then
            marks+=s
        else
            marks+=o
        fi
    done
    marked[i]=$marks
    printf -v lacking '%*s' $((count - held)) ''
    printf 'parts\t%s\t%s\n' "$i" "$marks${lacking// /.}"
}

# watch_devices: for as long as the demo runs.  Not while a plug is pulled: who
# reads a notebook then would keep alive what is to be lost.
watch_devices()
{
    trap 'exit 0' TERM
    exec {orders}>&- {answers}<&- {to_board}>&-
    while [ -d "$dir/board" ]; do
        { flock 9 && look; } 9>"$dir/looking"
        pause 0.5
    done
}

# ---- devices

make_camps()
{
    local i
    daftar camp create 'Kite camp' --json --home "$(home 1)" >"$dir/made1" &
    daftar camp create 'Other camp' --json --home "$(home 4)" >"$dir/made4" &
    for i in 2 3 5 6; do
        daftar join --request "$dir/$i.request" --json --home "$(home $i)" \
            >"$dir/made$i" &
        joins[i]=$!
    done
    wait "${joins[@]}" && until_true 20 grep -q author "$dir/made1" &&
        until_true 20 grep -q author "$dir/made4" || return
    for i in 2 3 5 6; do
        daftar enrol sign "$dir/$i.request" --home "$(home 1)" >/dev/null &&
            daftar join --accept "$dir/$i.request.accept" --home "$(home $i)" \
                >/dev/null || return
    done
    for i in 1 2 3 4 5 6; do
        sed -n 's/.*"author": *"\([0-9a-f]*\)".*/\1/p' "$dir/made$i" >"$dir/author$i"
    done
}
joins=()

switch_on()
{
    order start "$1" || return
    show_doors
    at_place "$1" up
}
switch_off()
{
    order stop "$1" || return
    at_place "$1" off
}

# The lesson that tablets have from the first day.
start_devices()
{
    local i gets=()
    show_wires "${everywhere[@]}"
    for i in 1 2 3 4; do at_place $i off; done
    for i in 1 2 3 4; do switch_on $i || return; done
    publish letters && for i in 2 3; do
        until_true 40 knows $i "$(content letters)" || return
        daftar get "$(content letters)" --home "$(home $i)" >/dev/null &
        gets+=($!)
    done
    for i in "${gets[@]}"; do wait "$i" || return; done
    remember lesson 2 "$(content letters)" 'Letters · الحُروف'
    look
}

# found I COUNT: it is connected to so many, found as they should.  Who was told an
# address calls; to the other it came in.
found()
{
    local how=$found_by
    [ "$how" = mdns ] || how='\(static\|incoming\)'
    [ "$(daftar peers --json --home "$(home "$1")" |
        grep '"connected": *true' | grep -c "\"found_by\": *\"$how\"")" = "$2" ]
}
# is_met J: in what the peers of somebody are
is_met() { grep '"connected": *true' | finds "\"peer\": *\"$(head -c 8 "$dir/author$1")"; }
# number KEY: each that stands so in JSON
number() { sed -n "s/.*\"$1\": *\([0-9]*\).*/\1/p"; }
status() { daftar status --json --home "$(home "$1")" | number "$2"; }
digest() { daftar digest --json --home "$(home "$1")" | grep '"scope"'; }
same() # I...: their digests
{
    local i first
    first=$(digest "$1") && [ -n "$first" ] || return
    for i; do [ "$(digest "$i")" = "$first" ] || return; done
}
answers_in() { daftar progress show --json --home "$(home "$1")" | grep -c '"record"'; }
has() { daftar progress show --json --home "$(home "$1")" | finds "\"record\":\"$2\""; }
has_not() { ! has "$@"; }
is_sound() { daftar check --json --home "$(home "$1")" | finds '"ok": *true'; }

together()
{
    at_place 1 up
    order carry 1 "${everywhere[@]}" && show_wires "${everywhere[@]}" && show_doors &&
        until_true 60 same 1 2 3
}
all_records() { digest 1 | sed -n 's/.*"records": *\([0-9]*\).*/\1/p' | paste -sd+ | bc_; }
bc_() { local sum; read -r sum && echo $((sum)); }
# content_bytes: of the lessons that arrived on the tablets
content_bytes()
{
    local i
    for i in 2 3; do
        daftar library --json --home "$(home $i)" | grep '"whole":true' |
            sed 's/.*"bytes":\([0-9]*\).*/\1/'
    done | paste -sd+ | bc_
}

# ---- lessons

publish() # NAME: of our library
{
    daftar publish "$DAF_BUILD/share/library/$1" --json --home "$(home 1)" \
        >"$dir/published_$1"
}
content() { sed -n 's/.*"content":"\([0-9a-f]*\)".*/\1/p' "$dir/published_$1"; }
title() { sed -n 's/.*"title":"\([^"]*\)".*/\1/p' "$dir/published_$1"; }
knows() { daftar library --json --home "$(home "$1")" | finds "\"content\":\"$2\""; }

# ---- a browser: everything on devices' pages goes through these

address() { echo "http://127.0.0.1:${ports[$1]}"; }

# ask I WHO PATH [CURL...]: of device I, with WHO's cookies; the page is in
# $dir/page, its headers in $dir/head
ask()
{
    local i=$1 who=$2 path=$3
    shift 3
    curl -sS --max-time 20 -b "$dir/jars/$who-$i" -c "$dir/jars/$who-$i" \
        -D "$dir/head" -o "$dir/page" "$@" "$(address "$i")$path" 2>"$dir/err"
}
# post I WHO PATH DATA
post() { ask "$1" "$2" "$3" -H "Origin: $(address "$1")" --data "$4"; }
answered() { [[ $(head -n 1 "$dir/head") == *" $1"* ]]; }
shows() { grep -qF -- "$1" "$dir/page"; }
token() { sed -n 's/.*name="token" value="\([0-9a-f]*\)".*/\1/p' "$dir/page" | head -n 1; }

# enters I WHO NAME: lets the browser in and chooses the child, who is added if she
# is not there yet
enters()
{
    local i=$1 who=$2 name=$3 key id
    key=$(sed -n '1s/.*key=//p' "$(home "$i")/run/web")
    post "$i" "$who" /enter "key=$key" && answered 303 && ask "$i" "$who" /who || return
    id=$(sed -n "s/.*name=\"learner\" value=\"\([0-9a-f]*\)\".*<bdi>$name<.*/\1/p" \
        "$dir/page" | head -n 1)
    if [ -n "$id" ]; then
        post "$i" "$who" /who "token=$(token)&learner=$id"
    else
        post "$i" "$who" /who "token=$(token)&add=1&name=${name// /+}"
    fi && answered 303
}

# form I WHO LESSON: the answers to be sent, on standard output
form()
{
    local question n=0
    ask "$1" "$2" "/lesson/$3/quiz" && answered 200 || return
    printf 'token=%s' "$(token)"
    for question in $(grep -o 'name="q-[a-z0-9-]*"' "$dir/page" | uniq | cut -d'"' -f2); do
        printf '&%s=%d' "$question" $((n++ % 2))
    done
}
# answers I WHO LESSON FILE: a whole quiz, until the page says that it is saved; the
# record's id goes to FILE
answers_quiz()
{
    local data
    data=$(form "$1" "$2" "$3") && post "$1" "$2" "/lesson/$3/quiz" "$data" &&
        answered 303 || return
    sed -n 's/^[Ll]ocation: .*record=\([0-9a-f]*\).*/\1/p' "$dir/head" >"$4"
    sed -n 's/^[Ll]ocation: \([^\r]*\).*/\1/p' "$dir/head" >"$4.page"
    ask "$1" "$2" "$(<"$4.page")" && shows 'Saved'
}

# ---- the board itself

board_answers() # STATUS [CURL...]
{
    [ "$(curl -sS --max-time 10 -o "$dir/page" -w '%{http_code}' "${@:2}")" = "$1" ]
}
check_board()
{
    local name
    exec {pressed}<>"$dir/board/pressed"
    board_answers 200 "$board/" && shows '/lesson/' && shows 'Letters' &&
        ! shows '<script' && shows "$(address 2)/enter?key=" &&
        board_answers 200 "$board/live" && shows '<svg' && shows 'Sun tablet' &&
        board_answers 200 "$board/report" && shows 'its report opens here' &&
        board_answers 403 --data scene=found "$board/play" &&
        board_answers 403 --data scene=found -H 'Origin: http://evil.example' \
            "$board/play" &&
        board_answers 421 -H 'Host: evil.example' "$board/" &&
        board_answers 400 --data scene=evil -H "Origin: $board" "$board/play" &&
        board_answers 303 --data scene=walk -H "Origin: $board" "$board/play" &&
        read -rt 5 name <&"$pressed" && [ "$name" = walk ] &&
        curl -sSI --max-time 10 "$(address 1)/" |
        finds "frame-ancestors $board;"
}
