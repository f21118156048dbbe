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

# The star tablet comes to the class: enrolled by files, once.
joins_class()
{
    [ -s "$dir/author5" ] && return
    daftar join --request "$dir/5.request" --json --home "$(home 5)" >"$dir/made5" &&
        daftar enrol sign "$dir/5.request" --home "$(home 1)" &&
        daftar join --accept "$dir/5.request.accept" --home "$(home 5)" || return
    sed -n 's/.*"author": *"\([0-9a-f]*\)".*/\1/p' "$dir/made5" >"$dir/author5"
}
# makes_film BYTES: new in every play, so that nobody has a part of it
makes_film()
{
    rm -rf "$dir/film"
    mkdir "$dir/film" &&
        printf '[title]\nen = A film of waves\nar = فيلْمُ الأَمْواج\n' \
            >"$dir/film/content.ini" &&
        head -c "$1" /dev/urandom >"$dir/film/waves.bin" &&
        daftar publish "$dir/film" --json --home "$(home 1)" >"$dir/published_film" &&
        content film >"$dir/film_on"
}
film_whole() { daftar library --json --home "$(home "$1")" | grep "$(<"$dir/film_on")" | finds '"whole":true'; }
film_lacks() { ! film_whole "$1"; }
in_the_middle()
{
    local held parts
    held=$(film_of "$1" held) parts=$(film_of "$1" parts)
    [ "$held" -gt $((parts / 5)) ] && [ "$held" -lt $((parts * 4 / 5)) ]
}
# came_once I BYTES MORE: no more came than it has, its file list, and so much
came_once()
{
    local fetched
    fetched=$(film_of "$1" fetched)
    echo "$((fetched - $2)) bytes beside the film's $2"
    [ "$fetched" -le $(($2 + 65536 + $3)) ]
}
same_film() { cmp -s "$dir/film/waves.bin" "$(home "$1")/content/$(<"$dir/film_on")/files/waves.bin"; }
# What this scene alone has goes with it, also if it fails.
class_ends()
{
    local i
    for i in 1 2 3 5; do order uncap $i; done >/dev/null 2>&1
    order stop 5 >/dev/null
    rm -f "$dir/film_on"
    remember device_5
    wires "${everywhere[@]}"
}

scene_class()
{
    local size=25165824 rate=2000000 before i id
    [ -z "$quick" ] || size=8388608 rate=3000000
    trap class_ends EXIT
    at_place 1 up
    must 'a third tablet is enrolled: the star tablet' joins_class
    wires "${class[@]}"
    must 'it is on' switch_on 5
    for i in 2 3 5; do need 40 "${names[i]} meets the three others" meets $i; done
    must 'the teacher publishes a film' makes_film $size
    id=$(<"$dir/film_on") before=$(status 1 content_out)
    for i in 2 3 5; do need 40 "${names[i]} hears of it" knows $i "$id"; done
    for i in 1 2 3 5; do
        must "${names[i]} sends no more than $((rate / 1000)) kB/s" order cap $i $rate
    done
    tell 'The class wants the film. Tablets pass on what they have.'
    for i in 2 3 5; do
        must "${names[i]} wants it" daftar want "$id" --home "$(home $i)"
    done
    if [ "$mode" = namespaces ]; then
        need 40 'the moon tablet has some of it' in_the_middle 3
        wires 1-2 1-5 2-5
        tell 'The moon tablet is pulled out in the middle.'
        for i in 2 5; do need 60 "${names[i]} has all of it" film_whole $i; done
        must 'the moon tablet has not' film_lacks 3
        fact "it has $(film_of 3 held) of $(film_of 3 parts) parts"
        wires "${class[@]}"
        tell 'It is back, and goes on by itself.'
    fi
    for i in 2 3 5; do need 90 "${names[i]} has all of it" film_whole $i; done
    for i in 2 3 5; do must 'every byte is right' same_film $i; done
    for i in 2 5; do must 'and came once' came_once $i $size 0; done
    # What was on its way from three when it was pulled out.
    must 'also to the moon tablet, but for what was on its way' came_once 3 $size 200000
    before=$((($(status 1 content_out) - before) * 100 / size))
    fact "the laptop sent $((before / 100)).$((before % 100 / 10)) copies to three tablets"
    must 'less than one to each' test $before -lt 300
    tell 'Three tablets have the film, and the laptop did not send it three times.'
}
meets()
{
    local j
    for j in 1 2 3 5; do [ $j = "$1" ] || connected "$1" $j || return; done
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
