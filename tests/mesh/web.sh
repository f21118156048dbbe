#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Pages: a daemon with --http and a browser made of curl.  First the daemon: who is
# let in, what is shown to whom, what is refused, and that nothing is lost when its
# web process is killed.  Then `pages`, which is the same web process over content
# that needs no shelf: lessons, files, quizzes.  Then a daemon whose catalogue is
# long.  Waits for conditions.
set -uo pipefail

here=$(cd "$(dirname "$0")" && pwd)
bin=${DAF_BIN:-$here/../../build/dev/bin}
build=${DAF_BUILD:-$here/../../build/dev}
for tool in "$bin/daftard" "$bin/daftar" "$build/tests/pages" "$build/tests/publisher" curl; do
    command -v "$tool" >/dev/null || {
        echo "skipped: $tool is not here"
        exit 77
    }
done
umask 077
tmp=$(mktemp -d "${TMPDIR:-/tmp}/daftar web.XXXXXX")
pids=()
failed=0
exec {never}<> <(:) # nothing is ever said there: to pause without a process

cleanup()
{
    local pid
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null; done
    wait
    rm -rf "$tmp"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

ok() { echo "ok: $*"; }
bad()
{
    echo "FAILED: $*"
    sed 's/^/    /' "$tmp"/*.log "$tmp/out" 2>/dev/null | tail -n 40
    failed=1
}
expect()
{
    local what=$1
    shift
    if "$@" >"$tmp/out" 2>&1; then ok "$what"; else bad "$what"; fi
}
until_true()
{
    local limit=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $limit ] || return 1
        read -rt 0.05 -u "$never"
    done
    return 0
}

# --- a browser -----------------------------------------------------------------

# get PATH [CURL...], post PATH DATA [CURL...]: into $tmp/page, with its headers in
# $tmp/head; $status is what it was answered with.
ask()
{
    local path=$1
    shift
    status=$(curl -sS --max-time 20 -b "$jar" -c "$jar" -D "$tmp/head" \
        -o "$tmp/page" -w '%{http_code}' "$@" "$base$path")
}
get() { ask "$@"; }
post() { post_from "$base" "$@"; }
# post_from ORIGIN PATH DATA [CURL...]
post_from()
{
    local origin=$1 path=$2 data=$3
    shift 3
    ask "$path" -H "Origin: $origin" --data "$data" "$@"
}
# The token of the first form of the last page.
token() { sed -n 's/.*name="token" value="\([0-9a-f]*\)".*/\1/p' "$tmp/page" | head -n 1; }
location() { sed -n 's/^[Ll]ocation: \([^\r]*\).*/\1/p' "$tmp/head"; }
shows() { grep -qF -- "$1" "$tmp/page"; }
answers() # STATUS WHAT
{
    if [ "$status" = "$1" ]; then
        ok "$2"
    else
        cp "$tmp/page" "$tmp/out"
        bad "$2 (answered $status)"
    fi
}
has_head() { grep -qi -- "^$1" "$tmp/head"; }

# --- the daemon ------------------------------------------------------------------

home=$tmp/home
start()
{
    "$bin/daftard" --home "$home" --listen 127.0.0.1:0 --no-mdns \
        --http 127.0.0.1:0 >>"$tmp/daemon.log" 2>&1 &
    daemon=$!
    pids+=("$daemon")
    until_true 20 test -s "$home/run/web" && until_true 20 test -s "$home/run/endpoint"
}
records() { "$bin/daftar" --home "$home" progress show --json | grep -c .; }
web_pid()
{
    local all p
    read -ra all <"/proc/$daemon/task/$daemon/children"
    for p in "${all[@]}"; do
        tr '\0' ' ' <"/proc/$p/cmdline" | grep -q -- --as-web && echo "$p"
    done
}
replaced() { local now; now=$(web_pid) && [ -n "$now" ] && [ "$now" != "$killed" ]; }

"$bin/daftar" --home "$home" camp create Test >/dev/null || exit 1
"$bin/daftar" --home "$home" progress add --learner 'Zahra Secret' \
    --item letters-9 --score 0.5 >/dev/null || exit 1
"$bin/daftar" --home "$home" open >"$tmp/out" 2>&1
if [ $? = 4 ]; then ok 'open without a daemon exits 4'; else bad 'open without a daemon'; fi
expect 'the daemon starts with pages' start
url=$("$bin/daftar" --home "$home" open)
base=${url%/enter*} key=${url#*key=}
jar=$tmp/jar
case $url in
    http://127.0.0.1:*/enter?key=????????????????????????????????) ok 'open prints the way in' ;;
    *) bad "open prints $url" ;;
esac
expect 'as JSON too' grep -qF "\"url\":\"$url\"" <("$bin/daftar" --home "$home" open --json)
if [ "$(stat -c %a "$home/run/web")" = 600 ]; then ok 'nobody else reads it'; else bad 'run/web is open'; fi

get /
answers 200 'home is for everybody'
if shows Zahra; then bad 'a name is shown to a stranger'; else ok 'and shows no name'; fi
for head in content-security-policy x-content-type-options referrer-policy \
    cross-origin-opener-policy cross-origin-resource-policy permissions-policy \
    'cache-control: no-store'; do
    has_head "$head" || bad "no $head"
done
get /who
answers 403 'who is who is not for everybody'
if shows Zahra; then bad 'a name is shown to a stranger'; else ok 'nor any name'; fi
get '/enter?key=00000000000000000000000000000000'
answers 403 'a wrong key lets nobody in'
get "/enter?key=$key"
answers 200 'the right key shows a button'
if has_head set-cookie; then bad 'GET lets in'; else ok 'and changes nothing by itself'; fi
post_from http://evil.example /enter "key=$key"
answers 403 'another site cannot press it'
post /enter key=00000000000000000000000000000000
answers 403 'nor a wrong key'
post /enter "key=$key"
answers 303 'pressed, it lets in'
grep -qi 'set-cookie: .*HttpOnly; SameSite=Strict' "$tmp/head" || bad 'the cookie'

get /who
if shows 'Zahra Secret'; then ok 'now names are shown'; else bad 'no names after entering'; fi
t=$(token)
subject=$(sed -n 's/.*name="learner" value="\([0-9a-f]*\)".*/\1/p' "$tmp/page" | head -n 1)
post /who "token=$t&learner=$subject"
answers 303 'a learner is chosen'
get /
if shows 'Zahra Secret'; then ok 'and greeted'; else bad 'home does not greet her'; fi
get /who
t=$(token)
post /who "token=$t&add=1&name=%D9%84%D9%8A%D9%84%D9%89"
answers 303 'a new learner is added'
post /who "token=$t&add=1&name=%D9%84%D9%8A%D9%84%D9%89&sure=1"
get /who
if [ "$(grep -c 'ليلى' "$tmp/page")" = 1 ]; then ok 'once, though it was sent twice'; else bad 'she is there twice'; fi
post /who "token=${t:0:70}0000000000&add=1&name=Nobody"
answers 409 'a token that is none writes nothing'
post /who "add=1&name=Nobody"
answers 409 'nor does none'
get /who
if shows Nobody; then bad 'somebody was added without a token'; else ok 'nobody was added'; fi

# --- strangers

for host in evil.example "evil.example:${base##*:}" 127.0.0.1 127.0.0.1:1; do
    get / -H "Host: $host"
    answers 421 "called $host it does not answer"
done
get / -H "Host: localhost:${base##*:}"
answers 200 'called localhost it does'
post_from http://evil.example /who "token=$t&add=1&name=Evil"
answers 403 'a post of another site is refused'
post_from null /who "token=$t&add=1&name=Evil"
answers 403 'or of none'
post /who "token=$t&add=1&name=Evil" -H 'Origin: http://evil.example'
answers 403 'or of two'
ask /who --data "token=$t&add=1&name=Evil"
answers 403 'or without an Origin'
post /who "token=$t&add=1&name=Evil" -H 'Sec-Fetch-Site: same-site'
answers 403 'or of another port of this machine'
post /who 'a=%zz'
answers 400 'what is no form is refused'
head -c 70000 /dev/zero | tr '\0' a >"$tmp/long"
post /who "@$tmp/long"
answers 413 'or too long'
post /who 'a=1' -H 'Content-Type: text/plain'
answers 415 'or of another type'
ask /who -X POST -H "Origin: $base" -H 'Transfer-Encoding: chunked' --data a=1
answers 411 'or of no length'
ask /who -X DELETE
answers 405 'and what is not done here'
get /nowhere
answers 404 'a page that is not there'
get '/content/../../etc/passwd' --path-as-is
answers 400 'a path that leads out'
before=$(records)
for path in '/who?learner=x&add=1&name=Evil' "/enter?key=$key" /leave /language / /events; do
    get "$path" --max-time 1 2>/dev/null
done
if [ "$(records)" = "$before" ]; then ok 'GET writes nothing'; else bad 'a GET wrote a record'; fi

# --- events

timeout 20 curl -sN -b "$jar" "$base/events" >"$tmp/events" &
listener=$!
pids+=("$listener")
until_true 10 grep -q retry "$tmp/events"
"$bin/daftar" --home "$home" progress add --learner 'Zahra Secret' --item letters-8 \
    --score 1 >/dev/null
if until_true 10 grep -q 'event: records' "$tmp/events"; then ok 'what is new is told'; else bad 'no event'; fi
id=$(sed -n 's/^id: //p' "$tmp/events" | head -n 1)
kill "$listener" 2>/dev/null
was="${id%.*}.$((${id#*.} - 1))"
timeout 2 curl -sN -H "Last-Event-ID: $was" "$base/events" >"$tmp/events"
if grep -q "^id: $id" "$tmp/events"; then ok 'who was away hears what it missed'; else bad 'no replay'; fi
timeout 2 curl -sN -H 'Last-Event-ID: 7.1' "$base/events" >"$tmp/events"
if grep -q 'event: reset' "$tmp/events"; then ok 'who was away too long begins anew'; else bad 'no reset'; fi

# --- a crowd, and a killed web process

port=${base##*:}
crowd=()
for ((i = 0; i < 300; i++)); do
    { exec {fd}<>"/dev/tcp/127.0.0.1/$port"; } 2>/dev/null && crowd+=("$fd")
done
get /
answers 200 "${#crowd[@]} idle connections do not stop an honest one"
for fd in "${crowd[@]}"; do exec {fd}>&-; done

killed=$(web_pid)
kill -9 "$killed"
get / --retry 5 --retry-all-errors
answers 200 'a page is served although web was killed'
if until_true 20 replaced; then ok 'web was started again'; else bad 'web is not started again'; fi
get /who
if shows 'Zahra Secret'; then ok 'and who was let in still is'; else bad 'the session is lost'; fi
if [ "$(records)" -gt 0 ]; then ok 'nothing is lost'; else bad 'records are lost'; fi
"$bin/daftar" --home "$home" status --json | grep -q '"web_restarts":1' || bad 'not counted'

post /leave a=1
get /
if shows Zahra; then bad 'a name is shown after leaving'; else ok 'who leaves sees no name'; fi
kill -TERM "$daemon"
wait "$daemon"
if [ ! -e "$home/run/web" ]; then ok 'the way in goes with the daemon'; else bad 'run/web is left'; fi

# --- a socket that was opened by somebody else, and one that is taken

if command -v python3 >/dev/null; then
    python3 -c 'import os, socket, sys
s = socket.create_server(("127.0.0.1", 0))
os.set_inheritable(s.fileno(), True)
os.execv(sys.argv[1], [*sys.argv[1:], "--http-fd", str(s.fileno())])' "$bin/daftard" \
        --home "$home" --listen 127.0.0.1:0 --no-mdns >>"$tmp/daemon.log" 2>&1 &
    daemon=$!
    pids+=("$daemon")
    until_true 20 test -s "$home/run/web"
    url=$(<"$home/run/web") base=${url%/enter*}
    get /
    answers 200 'pages are served at a socket that was passed'
    "$bin/daftard" --home "$home" --http "${base#http://}" >"$tmp/out" 2>&1
    got=$?
    if [ $got = 1 ] && grep -q 'pages cannot be served' "$tmp/out"; then
        ok 'a taken address is said'
    else
        bad "a taken address (exit $got)"
    fi
    kill -TERM "$daemon"
    wait "$daemon"
fi
"$bin/daftard" --home "$home" --http-fd 2 >"$tmp/out" 2>&1
if [ $? = 2 ]; then ok 'what is no socket is refused'; else bad 'a bad --http-fd'; fi

# --- lessons, without a shelf ----------------------------------------------------

lessons=$tmp/lessons
mkdir -p "$lessons/1 letters/pictures" "$lessons/2 coming" "$lessons/3 bad"
echo '{"en":"Letters <one>","ar":"الحروف"}' >"$lessons/1 letters/title.json"
echo '<h1>English</h1><script>alert(1)</script>' >"$lessons/1 letters/index.en.html"
echo '<h1>عربي</h1>' >"$lessons/1 letters/index.ar.html"
printf '0123456789' >"$lessons/1 letters/ten.txt"
printf 'x' >"$lessons/1 letters/odd.exe"
echo '<svg xmlns="http://www.w3.org/2000/svg"/>' >"$lessons/1 letters/pictures/a b.svg"
cat >"$lessons/1 letters/quiz.json" <<'QUIZ'
{"daftar-quiz":1,"item":"letters-1","questions":[
 {"id":"q1","ask":{"en":"<A>?","ar":"أ؟"},"answers":[{"say":{"en":"no"}},{"picture":"pictures/a b.svg","right":true}]},
 {"id":"q2","ask":{"en":"B?"},"answers":[{"say":{"en":"yes"},"right":true},{"say":{"en":"no"}}]}]}
QUIZ
: >"$lessons/2 coming/partly"
echo '{"daftar-quiz":1,"item":"../evil"' >"$lessons/3 bad/quiz.json"
"$build/tests/pages" "$tmp/stub" "$lessons" >"$tmp/url" 2>"$tmp/pages.log" &
pids+=($!)
until_true 20 test -s "$tmp/url"
url=$(<"$tmp/url") base=${url%/enter*}
jar=$tmp/jar2
post /enter "key=${url#*key=}"
answers 303 'in, to the lessons'
get / -H 'Accept-Language: en'
if shows 'Letters &lt;one&gt;'; then ok 'a title is text'; else bad 'a title is not escaped'; fi
ids=$(sed -n 's/.*href="\/lesson\/\([0-9a-f]*\)".*/\1/p' "$tmp/page")
id=$(head -n 1 <<<"$ids") coming=$(sed -n 2p <<<"$ids") broken=$(sed -n 3p <<<"$ids")
get / -H 'Accept-Language: ar-SD, en;q=0.5'
if shows 'dir="rtl"' && shows 'الحروف'; then ok 'in Arabic, from right to left'; else bad 'no Arabic'; fi
get "/lesson/$id" -H 'Accept-Language: ar'
if shows "src=\"/content/$id/index.ar.html\""; then ok 'a lesson in her language'; else bad 'the lesson'; fi
get "/lesson/$coming"
if shows 'still on its way'; then ok 'one that is on its way says so'; else bad 'the coming one'; fi
get "/lesson/$broken/quiz"
answers 404 'a quiz that is none is not there'

get "/content/$id/index.en.html"
answers 200 'its page'
if has_head 'content-security-policy: sandbox; default-src .none'; then ok 'is in a sandbox'; else bad 'no sandbox'; fi
get "/content/$id/odd.exe"
if has_head 'content-disposition: attachment'; then ok 'what is unknown is saved, not shown'; else bad 'odd.exe is shown'; fi
etag=$(sed -n 's/^[Ee][Tt]ag: \([^\r]*\).*/\1/p' "$tmp/head")
get "/content/$id/odd.exe" -H "If-None-Match: $etag"
answers 304 'what is known is not sent again'
ranges() # HEADER STATUS BYTES
{
    get "/content/$id/ten.txt" -H "Range: $1"
    [ "$2" = 416 ] && : >"$tmp/page"
    if [ "$status" = "$2" ] && [ "$(<"$tmp/page")" = "$3" ]; then
        ok "range $1"
    else
        bad "range $1: $status $(<"$tmp/page")"
    fi
}
ranges bytes=0-0 206 0
ranges bytes=2-4 206 234
ranges bytes=7- 206 789
ranges bytes=-3 206 789
ranges bytes=-50 206 0123456789
ranges bytes=9-99 206 9
ranges bytes=10- 416 ''
ranges bytes=-0 416 ''
ranges bytes=0-1,4-5 200 0123456789
ranges bytes=--5 200 0123456789
ranges bytes=5-2 200 0123456789
get "/content/$id/ten.txt" -H 'Range: bytes=0-1' -H 'If-Range: "old"'
answers 200 'a range of another edition is the whole'
status=$(curl -sI -o "$tmp/head" -w '%{http_code}' -H 'Range: bytes=0-1' "$base/content/$id/ten.txt")
if [ "$status" = 200 ] && has_head 'content-length: 10'; then ok 'HEAD tells how long it is'; else bad 'HEAD'; fi
for path in "/content/$id/..%2f..%2fetc%2fpasswd" "/content/$id/nothing.html" \
    "/content/$coming/index.html" "/content/00/x"; do
    get "$path" --path-as-is
    case $status in 400 | 404) ;; *) bad "$path: $status" ;; esac
done
ok 'what is not in an item cannot be had'

quiz=/lesson/$id/quiz
get "$quiz"
if shows '&lt;A&gt;?'; then ok 'a question is text'; else bad 'the quiz'; fi
t=$(token)
post "$quiz" "token=$t&q-q1=1&q-q2=0"
answers 409 'without a learner nothing is written'
if shows 'value="1" required checked'; then ok 'and the answers are still there'; else bad 'answers are lost'; fi
get /who
post /who "token=$(token)&add=1&name=Amina&back=$quiz"
if [ "$(location)" = "$quiz" ]; then ok 'she is back at the quiz'; else bad "sent to $(location)"; fi
get "$quiz"
t=$(token)
post "$quiz" "token=$t&q-q1=1"
answers 422 'a question without an answer is asked again'
: >"$tmp/stub/full"
post "$quiz" "token=$t&q-q1=1&q-q2=1"
answers 503 'a full disk is said'
if shows Saved; then bad 'saved is said although it is not'; else ok 'and saved is not said'; fi
if shows 'value="1" required checked'; then ok 'and the answers are still there'; else bad 'answers are lost'; fi
rm "$tmp/stub/full"
post "$quiz" "token=$(token)&q-q1=1&q-q2=1"
answers 303 'then it is written'
first=$(location)
post "$quiz" "token=$t&q-q1=1&q-q2=1"
if [ "$(location)" = "$first" ]; then ok 'sent twice, written once'; else bad 'written twice'; fi
get "$first"
if shows Saved && shows '<strong>1 of 2</strong>'; then ok 'saved is said, with the score'; else bad 'not saved'; fi
get "${first/record=/record=00}"
answers 404 'a record that is not there is not said to be saved'
get /
if shows 'aria-label="Right answers: 50 %"'; then ok 'home shows how far she is'; else bad 'no progress at home'; fi

get /
bytes=$(gzip -c "$tmp/page" | wc -c)
mapfile -t assets < <(grep -o '/asset/[a-z0-9.-]*' "$tmp/page")
for asset in "${assets[@]}"; do
    get "$asset"
    [ "$status" = 200 ] || bad "$asset: $status"
    bytes=$((bytes + $(gzip -c "$tmp/page" | wc -c)))
done
if [ "$bytes" -lt 60000 ]; then ok "the first page takes $bytes bytes, packed"; else bad "$bytes bytes"; fi

# --- a long library ----------------------------------------------------------------

home=$tmp/many
"$bin/daftar" --home "$home" camp create Many >/dev/null || exit 1
expect 'somebody publishes 1,000 items, many with the longest texts' \
    "$build/tests/publisher" "$home" 300 700
expect 'the daemon starts with them' start
url=$(<"$home/run/web") base=${url%/enter*}
first=$(web_pid)
turn() { sed -n "s/.* rel=\"$1\" href=\"\([^\"]*\)\".*/\1/p" "$tmp/page"; }
cards() { sed -n 's/^<a class="card .* href="\/lesson\/\([0-9a-f]*\)".*/\1/p' "$tmp/page"; }
# walk REL [PATH]: from there along the links to the end, the ids to $tmp/walked;
# the last page stays in $tmp/page.
walk()
{
    local path=${2:-/}
    turns=0
    : >"$tmp/walked"
    while [ -n "$path" ] && [ $turns -lt 50 ]; do
        get "$path"
        [ "$status" = 200 ] || return 1
        [ "$(cards | wc -l)" -le 48 ] || return 1
        cards >>"$tmp/walked"
        last=$path path=$(turn "$1")
        turns=$((turns + 1))
    done
}
all_once()
{
    sort "$tmp/walked" | cmp - <("$bin/daftar" --home "$home" library --json |
        sed -n 's/.*"content":"\([0-9a-f]*\)".*/\1/p' | sort)
}
if walk next && [ $turns = 21 ] && all_once; then
    ok 'from page to page each is shown once'
else
    bad "$turns pages: $(sort -u "$tmp/walked" | wc -l) items, $(wc -l <"$tmp/walked") cards"
fi
if shows '<span>961–1000 of 1000</span>'; then ok 'the last page says where it is'; else bad 'the last page'; fi
if walk prev "$last" && [ $turns = 21 ] && all_once; then ok 'and back'; else bad "$turns pages back"; fi
id=$(sed -n 500p "$tmp/walked")
get "/lesson/$id"
answers 200 'a lesson that no page was asked for is found'
get '/lesson/0000000000000000000000000000000000000000000000000000000000000000'
answers 404 'one that is not in the catalogue is not'
get /
first_cards=$(cards)
for at in '' 0 -1 zz "${id^^}" "${id}0" "$id%22" '%22%3E%3Cscript%3E' "$(printf '%02000d' 0)" \
    "$id&before=$id&lang=ar"; do
    get "/?after=$at"
    [ "$status" = 200 ] && ! shows '<script>' || bad "after=$at: $status"
    case $at in *before*) [ "$(cards)" != "$first_cards" ] ;; *) [ "$(cards)" = "$first_cards" ] ;; esac ||
        bad "after=$at shows another page"
done
ok 'a cursor that is none is the first page'
ffff=$(printf 'f%.0s' {1..64})
get "/?after=$ffff"
if [ "$(cards | wc -l)" = 48 ] && shows 'of 1000'; then ok 'behind the last comes the last'; else bad 'behind the last'; fi
get "/?before=$ffff" -H 'Accept-Language: ar'
if shows '٩٥٣–١٠٠٠ من ١٠٠٠' && shows السابق; then ok 'in Arabic too'; else bad 'no Arabic'; fi
if [ -n "$first" ] && [ "$(web_pid)" = "$first" ]; then ok 'and web lives'; else bad 'web died of it'; fi
kill -TERM "$daemon"
wait "$daemon"

if "$bin/daftar" publish --help >/dev/null 2>&1; then
    echo 'note: there is a shelf now: publish a lesson here and read it by the daemon'
fi
[ "$failed" = 0 ]
