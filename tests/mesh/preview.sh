#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# A lesson's picture is seen before the lesson is here; and what may not travel to
# every device of a camp is refused to who publishes it.
# shellcheck source=tests/mesh/mesh.bash
. "$(dirname "$0")/mesh.bash"
command -v curl >/dev/null || skip 'curl is not here'

pictures=$(dirname "$0")/../fuzz/corpus/picture
line() { daftar "$1" library --json | grep -- "\"title\":\"$2\""; }
id() { line "$1" "$2" | field content; }
knows() { [ -n "$(line "$1" "$2")" ]; }

# lesson NAME TITLE PREVIEW: a file with a sidecar
lesson()
{
    mkdir -p "$tmp/lessons"
    echo "$2" >"$tmp/lessons/$1"
    printf '[title]\nen = %s\n[content]\npreview = %s\n' "$2" "$3" \
        >"$tmp/lessons/$1.ini"
}
# refused WHAT WORDS: a lesson whose preview is $tmp/lessons/bad
refused()
{
    lesson 'worse.txt' 'Worse' 'bad'
    expect "$1 is refused" exits 1 daftar A publish "$tmp/lessons/worse.txt"
    expect "in words: $2" why "$2"
    expect 'and what to do' why 'To do: '
    rm -rf "$tmp/lessons"/{bad,worse.txt*}
}
# get URL: into $tmp/page, its headers in $tmp/head
get() { curl -sS --max-time 20 -D "$tmp/head" -o "$tmp/page" "$(web)$1"; }
# The address alone, without the key.
web() { grep -o 'http://[0-9.:]*' "$tmp/B/run/web" | head -n 1; }
has_head() { grep -qi -- "^$1" "$tmp/head"; }

camp A B || {
    bad 'a camp of two'
    exit 1
}
start A
start B --peer "$(door A)" --http 127.0.0.1:0

# ---- it travels
lesson 'letters.txt' 'Letters' 'letters.webp'
cp "$pictures/a-webp" "$tmp/lessons/letters.webp"
lesson 'plain.txt' 'Plain' 'x'
sed -i '/preview/d' "$tmp/lessons/plain.txt.ini"
expect 'a folder with a picture beside a lesson is published, nothing is left out' \
    daftar A publish "$tmp/lessons"
expect 'another device hears of it' until_true 20 knows B 'Letters'
expect 'and of its picture' eval \
    'line B Letters | grep -q "\"type\":\"image/webp\",\"bytes\":72,\"width\":24,\"height\":16"'
expect 'of another that it has none' eval 'line B Plain | grep -q "\"preview\":null"'
expect 'and has nothing of the lesson' test ! -e "$tmp/B/content/$(id B Letters)"

# ---- it is seen
until_true 20 test -s "$tmp/B/run/web"
get /
expect 'its page shows the picture' grep -q "src=\"/preview/$(id B Letters)\"" "$tmp/page"
expect 'and none where there is none' eval '! grep -q "/preview/$(id B Plain)" "$tmp/page"'
get "/preview/$(id B Letters)"
expect 'which is the one that was published' cmp "$tmp/page" "$tmp/lessons/letters.webp"
expect 'of its kind' has_head 'Content-Type: image/webp'
expect 'taken for nothing else' has_head 'X-Content-Type-Options: nosniff'
expect 'in a sandbox' has_head "Content-Security-Policy: default-src 'none'; sandbox"
get "/lesson/$(id B Letters)"
expect 'and so does the page of the lesson, which is not here yet' \
    grep -q "src=\"/preview/$(id B Letters)\"" "$tmp/page"
expect 'what has none is not found' eval \
    'get "/preview/$(id B Plain)" && head -n 1 "$tmp/head" | grep -q 404'
expect 'nor what is in no catalogue' eval \
    'get "/preview/$(id B Plain | tr 0-9a-f f0-9a-e)" && head -n 1 "$tmp/head" | grep -q 404'
expect 'the lesson comes as ever' daftar B get Letters

# ---- what is refused
mkdir -p "$tmp/lessons"
head -c 9000 /dev/zero >"$tmp/lessons/bad"
refused 'what is too large' '8 KiB'
echo '<svg xmlns="http://www.w3.org/2000/svg"/>' >"$tmp/lessons/bad"
refused 'a drawing that could run scripts' 'no PNG, JPEG or WebP'
printf '\xff\xd8\xff\xe1\x00\x08Exif\0\0\xff\xc0\x00\x0b\x08\x00\x10\x00\x18\x01\x01\x11\x00' \
    >"$tmp/lessons/bad"
refused "a photo with its camera's notes" 'where it was taken'
printf '\xff\xd8\xff\xc0\x00\x0b\x08\x04\x00\x00\x18\x01\x01\x11\x00' >"$tmp/lessons/bad"
refused 'one of 1024 pixels' '512 pixels'
ln -s "$pictures/a-webp" "$tmp/lessons/bad"
refused 'a link' 'no plain file'
refused 'one that is not there' 'not there'
mkfifo "$tmp/lessons/bad"
refused 'a pipe' 'no plain file'
lesson 'worse.txt' 'Worse' '../lessons/letters.webp'
expect 'one from another folder is refused' exits 1 daftar A publish "$tmp/lessons/worse.txt"
expect 'with its line' why 'worse.txt.ini:4: preview must name'

[ $failed = 0 ] && echo 'preview: all good'
exit $failed
