# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
#
# The scenes of scenes.txt.  Each runs in a shell of its own and can be played at
# any time, in any order, again and again: so it first makes the state that it
# needs.  What is not as it should be ends it.  Sourced by demo.bash.
# shellcheck disable=SC2154 # demo.bash's and devices.bash's

fail()
{
    fact "FAILED: $*"
    tail -n 3 "$dir/out" "$dir/err" 2>/dev/null | sed 's/^/          /'
    exit 1
}
# must FACT COMMAND...
must()
{
    local what=$1
    shift
    "$@" >"$dir/out" 2>"$dir/err" || fail "$what"
    fact "$what"
}
# need SECONDS FACT COMMAND...: it comes to be so
need()
{
    local limit=$1 what=$2
    shift 2
    until_true "$limit" "$@" || fail "$what"
    fact "$what"
}

# ---- found

scene_found()
{
    local i
    tell 'The three devices of Kite camp are switched off.'
    for i in 1 2 3; do must "${names[i]} is off" switch_off $i; done
    wires "${everywhere[@]}"
    rm -f "$dir"/h[123]/camp/addresses.daf # whom they met before
    if [ "$mode" = namespaces ]; then
        tell 'They are switched on. Nobody tells them any address.'
    else
        tell 'They are switched on, and told an address: loopback has no mDNS.'
    fi
    for i in 1 2 3; do must "${names[i]} is on" switch_on $i; done
    for i in 1 2 3; do
        need 40 "${names[i]} found the two others ($found_by)" found $i 2
    done
    must 'the device of the other camp is in reach, and is nobody of theirs' \
        found 4 0
    tell 'They found each other, and only each other.'
}

# ---- apart

scene_apart()
{
    local letters
    letters=$(content letters)
    at_place 1 up
    wires
    tell 'All lines are cut: each device is alone.'
    must 'Kite Example enters at the sun tablet' enters 2 kite 'Kite Example'
    must 'she answers, and the page says Saved' \
        answers_quiz 2 kite "$letters" "$dir/kite"
    must 'Drum Example enters at the moon tablet' enters 3 drum 'Drum Example'
    must 'he answers, and the page says Saved' \
        answers_quiz 3 drum "$letters" "$dir/drum"
    must 'the sun tablet has her answer' has 2 "$(<"$dir/kite")"
    must 'and not his' has_not 2 "$(<"$dir/drum")"
    must 'the moon tablet has his' has 3 "$(<"$dir/drum")"
    must 'and not hers' has_not 3 "$(<"$dir/kite")"
    tell 'Each tablet has what was answered there, and nothing else.'
}

# ---- walk

# shows_child I WHO NAME: on the device's page of who is here
shows_child() { ask "$1" "$2" /who && answered 200 && shows "<bdi>$3<"; }

scene_walk()
{
    # Without two answers that are apart there is nothing to carry.
    if [ ! -s "$dir/drum" ] || has 2 "$(<"$dir/drum")"; then scene_apart; fi
    tell 'The teacher carries her laptop to the sun tablet.'
    carry_to 100 110 1-2
    need 40 'the laptop took her answer along' has 1 "$(<"$dir/kite")"
    tell 'She walks on to the moon tablet.'
    carry_to 380 110 1-3
    need 40 'the moon tablet has both answers' has 3 "$(<"$dir/kite")"
    need 40 'and so has the laptop' has 1 "$(<"$dir/drum")"
    tell 'And back to the sun tablet.'
    carry_to 100 110 1-2
    need 40 'the sun tablet has both answers' has 2 "$(<"$dir/drum")"
    need 40 'the three notebooks are equal' same 1 2 3
    must 'Kite may enter at the sun tablet' enters 2 kite 'Kite Example'
    must 'its page shows Drum too' shows_child 2 kite 'Drum Example'
    must 'Drum may enter at the moon tablet' enters 3 drum 'Drum Example'
    must 'its page shows Kite too' shows_child 3 drum 'Kite Example'
    tell 'The tablets never met, and both notebooks show both children.'
}

# ---- plug

# pull: the moon tablet's plug; what it had not synced is lost.  Nobody may look
# meanwhile: see watch_devices.
pull()
{
    { flock 9 && order unplug 3; } 9>"$dir/looking" >"$dir/lost" || return
    at_place 3 off
}
in_flight()
{
    curl -sS --max-time 3 -b "$dir/jars/drum-3" -o /dev/null -w '%{http_code}' \
        -H "Origin: $(address 3)" --data "$2" "$(address 3)/lesson/$1/quiz" \
        >"$dir/flight" 2>/dev/null
}
# all_or_nothing BEFORE: of the answer in flight
all_or_nothing()
{
    local now
    now=$(answers_in 3)
    [ "$now" = $(($1 + 1)) ] || { [ "$now" = "$1" ] && [ "$(<"$dir/flight")" != 303 ]; }
}

scene_plug()
{
    local letters data before
    letters=$(content letters)
    at_place 1 up
    wires 1-2
    tell 'The moon tablet is alone: nobody else has what is answered there.'
    must 'Drum Example enters' enters 3 drum 'Drum Example'
    must 'he answers, and the page says Saved' \
        answers_quiz 3 drum "$letters" "$dir/pulled"
    must 'that moment the plug is pulled' pull
    tell "The plug is pulled. Lost with the power: $(<"$dir/lost")."
    must 'the power is back' switch_on 3
    must 'his answer is there' has 3 "$(<"$dir/pulled")"
    must 'Drum enters again' enters 3 drum 'Drum Example'
    must 'and the page says Saved' eval \
        "ask 3 drum '$(<"$dir/pulled.page")' && shows Saved"
    tell 'What was said to be saved is there. Now in the middle of an answer.'
    before=$(answers_in 3)
    data=$(form 3 drum "$letters") || fail 'the quiz can be read'
    in_flight "$letters" "$data" &
    pause "0.00$((RANDOM % 10))"
    must 'the plug is pulled while the answer is on its way' pull
    fact "lost with the power: $(<"$dir/lost")"
    wait $!
    must 'the power is back' switch_on 3
    must 'the notebook is sound' is_sound 3
    must 'the answer is wholly there or not at all' all_or_nothing "$before"
    if [ "$(answers_in 3)" = "$before" ]; then
        tell 'It came too early: nothing of it is there, and nobody had said Saved.'
    else
        tell 'It had just been written: all of it is there.'
    fi
    wires "${everywhere[@]}"
    need 60 'joined again, all three are equal' same 1 2 3
}

# ---- stranger

scene_stranger()
{
    local before refused
    at_place 1 up
    wires "${everywhere[@]}"
    need 60 'the camp is equal' same 1 2 3
    before=$(digest 1) refused=$(status 1 refused)
    tell 'The visitor is in reach of all, and has stolen the secret of the door.'
    must 'it knocks a hundred times, and is not let in' order at 4 \
        "$DAF_BUILD/tests/stranger" foreign "$(order door 1)" "$(home 4)" "$(home 1)"
    must 'the laptop counted its refusals' test "$(status 1 refused)" -gt "$refused"
    must 'its notebook is what it was' test "$(digest 1)" = "$before"
    must 'the visitor is connected to nobody' found 4 0
    must 'it has no answer of the camp' test "$(answers_in 4)" = 0
    must 'nor a lesson' test -z "$(daftar library --json --home "$(home 4)" | grep content)"
    ask 1 stranger /who
    must 'and a browser without the key is shown no name' answered 403
    tell "Refused $(($(status 1 refused) - refused)) times. Nothing was learned, nothing has changed."
}

# ---- lesson

# next_lesson: of our library, one that is not published yet; else the last
next_lesson()
{
    local name
    for name in hand-washing story counting map quiz; do
        [ -s "$dir/published_$name" ] || break
    done
    echo "$name"
}
same_bytes()
{
    ask 2 kite "/content/$2/index.en.html" && answered 200 &&
        cmp -s "$dir/page" "$DAF_BUILD/share/library/$1/index.en.html"
}

scene_lesson()
{
    local name id
    name=$(next_lesson)
    at_place 1 up
    wires "${everywhere[@]}"
    publish "$name" || [ -s "$dir/published_$name" ] || fail "$name is published"
    id=$(content "$name")
    tell "The teacher publishes a lesson: $(title "$name")."
    need 40 'the sun tablet hears of it' knows 2 "$id"
    must 'and fetches it' daftar get "$id" --home "$(home 2)"
    ask 2 kite "/lesson/$id?lang=en"
    must 'its page is there' answered 200
    must 'with the title' shows "$(title "$name")"
    must 'every byte is the one that was published' same_bytes "$name" "$id"
    ask 2 kite "/lesson/$id?lang=ar"
    must 'and in Arabic, from right to left' shows 'dir="rtl"'
    remember lesson 2 "$id" "$(title "$name")"
    tell "It is on the sun tablet, and opens there: $(title "$name")."
}

# ---- class

tablets='2 3 5 6'
class=(1-2 1-3 1-5 1-6 2-3 2-5 2-6 3-5 3-6 5-6)
pulled='' # whose power is off

# each COMMAND...: with each of the tablets as its last argument
each()
{
    local i
    for i in $tablets; do "$@" "$i" || return; done
}
of_film()
{
    daftar library --json --home "$(home "$1")" |
        grep "\"content\":\"$(<"$dir/film")\""
}
film() { of_film "$2" | number "$1"; } # KEY I
# makes_film MIB: of real bytes; zeros would not be fetched
makes_film()
{
    mkdir -p "$dir/film.d"
    head -c $(($1 * 1024 * 1024)) /dev/urandom >"$dir/film.d/film.bin"
    printf '[title]\nen = A film\nar = فِلْم\n' >"$dir/film.d/content.ini"
    daftar publish "$dir/film.d" --json --home "$(home 1)" >"$dir/published_film"
    content film >"$dir/film"
    [ -s "$dir/film" ]
}
# drops_film: the one of the play before, to have its room
drops_film()
{
    local i
    until_true 40 each is_free || return
    for i in 1 $tablets; do
        daftar drop "$(<"$dir/film.before")" --anyway --home "$(home "$i")" || return
    done
    rm "$dir/film.before"
}
meets_all()
{
    [ "$(daftar peers --json --home "$(home "$1")" |
        grep -c '"connected": *true')" = 4 ]
}
all_meet() { meets_all 1 && each meets_all; }
# assigns: to every device of the class, due on Friday
assigns()
{
    daftar assign "$(<"$dir/film")" --due "$(date -d 'next friday' +%F)" --json \
        --home "$(home 1)" >"$dir/assigned"
}
is_assigned() { of_film "$1" | finds '"reason":"assigned"'; }
# is_free I: nothing is assigned, as far as it knows
is_free() { [ -z "$(daftar assignments --json --home "$(home "$1")")" ]; }
# takes_back: what came of it stays, and no other device fetches it
takes_back()
{
    [ -s "$dir/assigned" ] || return 0
    daftar unassign "$(sed -n 's/.*"assignment":"\([0-9a-f]*\)".*/\1/p' "$dir/assigned")" \
        --json --home "$(home 1)" >"$dir/unassigned"
    rm "$dir/assigned"
}
# look_too: where nobody else looks all the time
look_too() { [ -z "$quick" ] || look; }
# is_in_the_middle I: and has noted some parts, past the head of 32 bytes
is_in_the_middle()
{
    local item percent
    [ "$mode" = loopback ] || look # there all is over in a second
    [ "$(stat -c %s "$(home "$1")/content/$(<"$dir/film")/have")" -gt 32 ] || return
    item=$(of_film "$1")
    percent=$(($(number held <<<"$item") * 100 / $(number parts <<<"$item")))
    [ "$percent" -ge 20 ] && [ "$percent" -le 80 ]
}
# pull_in_the_middle: see pull
pull_in_the_middle()
{
    { flock 9 && until_true 60 is_in_the_middle 3 && order unplug 3; } \
        9>"$dir/looking" >"$dir/lost" || return
    at_place 3 off
}
has_film() { of_film "$1" | finds '"whole":true'; }
all_have() { look_too && each has_film; }
equals_film()
{
    cmp "$dir/film.d/film.bin" "$(home "$1")/content/$(<"$dir/film")/files/film.bin"
}
# came_once BYTES I: with the page of the file list.  Of the last eight parts one that
# is slow to come may be asked of two (END_PARTS of agent_fetch.c).
came_once()
{
    local came
    came=$(film fetched "$2")
    echo "device $2: $came bytes came, of $1"
    [ "$came" -le $(($1 + 65536 + 8 * part_bytes)) ]
}
is_pictured() { board_answers 200 "$board/live" && shows 'class="part others"'; }

take_seats()
{
    local i
    places[1]='240 62' places[2]='84 172' places[3]='396 172'
    places[5]='134 322' places[6]='346 322'
    for i in 1 2 3; do at_place $i up; done
}
# leave_class: the network is as fast as before, guests are gone and all others where
# they were; also when the scene failed.
leave_class()
{
    local i
    order slow 0
    takes_back
    for i in 5 6; do
        order stop $i
        remember device_$i
    done
    [ -z "$pulled" ] || order start "$pulled"
    [ ! -s "$dir/film" ] || mv "$dir/film" "$dir/film.before"
    rm -rf "$dir/film.d"
    places=("${table[@]}")
    for i in 1 2 3; do at_place $i up; done
    wires "${everywhere[@]}"
}

scene_class()
{
    local mib=24 bytes sent held fetched parts part_bytes
    table=("${places[@]}")
    [ -z "$quick" ] || mib=12
    [ "$mode" = namespaces ] || mib=96 # loopback is as fast as ever
    bytes=$((mib * 1024 * 1024))
    trap leave_class EXIT
    take_seats
    wires "${class[@]}"
    must 'two more tablets of the camp are switched on' \
        eval 'switch_on 5 && switch_on 6'
    need 60 'the laptop and four tablets, each is connected to each' all_meet
    [ ! -s "$dir/film.before" ] || must 'the film of before is dropped' drops_film
    must "the teacher publishes a film of $mib MiB" makes_film $mib
    need 40 'all four tablets hear of it' each of_film
    parts=$(film parts 1) part_bytes=$((bytes / (parts - 1))) # one is of the file list
    [ "$mode" = loopback ] ||
        must 'no device sends more than 2 MB a second now' order slow 2000000
    sent=$(status 1 content_out)
    { flock 9 && look; } 9>"$dir/looking"
    must 'the teacher assigns it to the class, once, on the laptop' assigns
    need 20 'all four fetch it by themselves, and know by whose word' each is_assigned
    tell 'The film is assigned to the class. Nobody touches a tablet. Watch it spread.'
    must 'the moon tablet has a part of it, and its plug is pulled' pull_in_the_middle
    pulled=3
    held=$(film held 3) fetched=$(film fetched 3)
    tell "The moon tablet's plug is pulled in the middle. Lost with the power: $(<"$dir/lost")."
    must "it kept $held of $parts parts" test "$held" -gt 0 -a "$held" -lt "$parts"
    tablets='2 5 6'
    need 120 'the three others have all of it' all_have
    must 'every byte is the one that was published' each equals_film
    must 'and none came twice, but of the last eight parts at most' each came_once $bytes
    must 'the laptop sent less than two films' \
        test $(($(status 1 content_out) - sent)) -lt $((2 * bytes))
    must 'the power is back' switch_on 3
    pulled=''
    tell 'The moon tablet is on again, and nobody tells it to go on.'
    tablets=3
    need 120 'it went on by itself, and has all of it' all_have
    must 'every byte is the one that was published' equals_film 3
    must 'what it had kept was not fetched again' \
        came_once $((fetched + (parts - held) * part_bytes)) 3
    must 'the board shows what came from whom' is_pictured
    sent=$(($(status 1 content_out) - sent))
    tell "All four have it. The laptop sent $((sent / bytes)).$((sent * 10 / bytes % 10)) films, the tablets the rest."
}

# ---- copied

# copies_card: of the sun tablet, into the device that was 6 until then
copies_card()
{
    mv "$(home 6)" "$(home 6).kept" && cp -a "$(home 2)" "$(home 6)"
}
# leave_copied: the copy goes; who was 6 is 6 again, also when the scene failed
leave_copied()
{
    order stop 6
    remember device_6
    if [ -d "$(home 6).kept" ]; then
        rm -rf "$(home 6)"
        mv "$(home 6).kept" "$(home 6)"
    fi
    wires "${everywhere[@]}"
}
knows_copies() { [ "$(status "$1" clones)" = "$2" ]; } # I COUNT
renewals() { daftar renewals --json --home "$(home 1)"; }
waiting() { renewals | grep '"granted":false' | sed -n 's/.*"renewed":"\([0-9a-f]*\)".*/\1/p'; }
# ask_for_keys COUNT: so many are without an answer
ask_for_keys() { [ "$(waiting | grep -c .)" = "$1" ]; }
author() { daftar status --json --home "$(home "$1")" | sed -n 's/.*"author":"\([0-9a-f]*\)".*/\1/p'; }
# is_renewed I OLD: it has taken keys that were granted
is_renewed()
{
    local now
    now=$(author "$1") && [ -n "$now" ] && [ "$now" != "$2" ] &&
        renewals | grep '"granted":true' | finds "$now"
}
grants_all()
{
    local keys
    for keys in $(waiting); do daftar renew "$keys" --home "$(home 1)" || return; done
}

scene_copied()
{
    local letters old
    letters=$(content letters)
    places[6]='60 180' # beside the sun tablet
    at_place 1 up
    wires "${everywhere[@]}"
    need 60 'the three notebooks are equal' same 1 2 3
    must 'the sun tablet is switched off' switch_off 2
    trap leave_copied EXIT
    must 'its card is copied, and put into another tablet' copies_card
    wires
    must 'both are switched on, and nobody hears the other' \
        eval 'switch_on 2 && switch_on 6'
    old=$(author 2)
    must 'they have one name and one key' test "$(author 6)" = "$old"
    must 'Kite Example answers at the sun tablet' eval \
        "enters 2 kite 'Kite Example' && answers_quiz 2 kite '$letters' '$dir/sun'"
    must 'Drum Example answers at the copy' eval \
        "enters 6 drum 'Drum Example' && answers_quiz 6 drum '$letters' '$dir/copy'"
    tell 'Two tablets that take each other for themselves. Now they meet the laptop.'
    wires 1-2 1-3 1-6 2-3 2-6
    need 60 'the laptop has her answer' has 1 "$(<"$dir/sun")"
    need 60 'and his' has 1 "$(<"$dir/copy")"
    need 60 'all four notebooks are equal' same 1 2 3 6
    need 20 'the sun tablet knows of its copy' knows_copies 2 1
    need 20 'both ask for keys of their own, by themselves' ask_for_keys 2
    tell 'Nothing is lost, and nobody did anything. The teacher gives each its own keys.'
    must 'one tap for each' grants_all
    need 40 'the sun tablet has taken its own' is_renewed 2 "$old"
    need 40 'and the copy' is_renewed 6 "$old"
    author 2 >"$dir/author2"
    must 'they are two devices now' test "$(author 2)" != "$(author 6)"
    need 60 'and all four notebooks are equal' same 1 2 3 6
    tell 'One card became two devices, and every answer is there.'
}

# ---- thousand

# replays FILE: the agent makes the same calls when it is told the same
replays()
{
    "$bin/daftar-sim" replay "$1" --json >"$dir/replayed" &&
        finds '"different":0' <"$dir/replayed"
}
of_json() { sed -n "s/.*\"$1\":\([0-9.]*\).*/\1/p" "$2"; }
simulates()
{
    rm -rf "$dir/thousand"
    "$bin/daftar-sim" run "$here/../../sim/scenarios/thousand.yaml" \
        --out "$dir/thousand" --json >"$dir/simulated" &&
        [[ $(of_json in_time "$dir/simulated") =~ ^(1|0\.9[5-9]) ]]
}
opens_report()
{
    cp "$dir/thousand/report.html" "$dir/board/report.new" &&
        mv "$dir/board/report.new" "$dir/board/report.html" &&
        board_answers 200 "$board/report" && shows '<svg'
}

scene_thousand()
{
    local log begun=$SECONDS
    at_place 1 up
    must 'the laptop is switched off: what it was told is on record' switch_off 1
    log=$(order recorded 1)
    tell 'The simulator tells its agent once more all that it was told.'
    must 'it makes the same calls, byte for byte' replays "$log"
    fact "$(of_json effects "$dir/replayed") calls, $(of_json different "$dir/replayed") of them different"
    must 'the laptop is on again' switch_on 1
    tell 'Now a thousand tablets in twenty-five classes, for an hour.'
    must 'nearly every answer is with its teacher within five minutes' simulates
    fact "$(of_json delivered "$dir/simulated") answers arrived, half of them within $(of_json latency_median_s "$dir/simulated") s"
    must 'the report opens on the board' opens_report
    tell "An hour of $(of_json nodes "$dir/simulated") devices, and the replay, took $((SECONDS - begun)) s."
    wires "${everywhere[@]}"
}
