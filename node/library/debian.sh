#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# debian.sh OUT [ROOT]: makes things to publish of Debian packages that are
# installed (under ROOT, else here): letters with sounds of klettres-data, the
# handbook of debian-handbook, the policy of debian-policy.  Run by hand; what
# is not installed is left out and named.  Licences are those that the packages'
# copyright files name.
set -euo pipefail
export LC_ALL=C.UTF-8

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
out=${1:?usage: debian.sh OUT [ROOT]}
root=${2:-}
docs=$root/usr/share/doc
handbook_languages='en-US ar-MA fr-FR fa-IR es-ES'

# has PACKAGE FILE
has()
{
    [ -e "$2" ] || {
        echo "debian.sh: $1 is not installed; left out (apt-get install $1)"
        return 1
    }
}

# licence PACKAGE: of all its files that have no line of their own.
licence()
{
    sed -n '/^Files:/,$s/^License: *//p' "$docs/$1/copyright" | head -n 1
}

# sidecar FILE PACKAGE LANGUAGES TITLE...: a title is "TAG = WORDS".
sidecar()
{
    local file=$1 package=$2 languages=$3
    shift 3
    {
        printf '[title]\n'
        printf '%s\n' "$@"
        printf '\n[content]\nlanguages = %s\nlicence = %s\n' "$languages" \
            "$(licence "$package")"
        printf 'subject = %s\npublisher = Debian, package %s\n' "$subject" \
            "$package"
    } >"$file"
}

# letters TAG DIRECTION TITLE ENGLISH-TITLE
letters()
{
    local tag=$1 to=$out/letters-with-sound-$1 letter sound
    local from=$root/usr/share/klettres
    mkdir -p "$to/sounds"
    cp "$here/lesson.css" "$to/"
    cp "$docs/klettres-data/copyright" "$to/copyright.txt"
    if [ "$tag" = en ]; then
        sidecar "$to/content.ini" klettres-data "$tag" "en = $4"
    else
        sidecar "$to/content.ini" klettres-data "$tag" "$tag = $3" "en = $4"
    fi
    {
        printf '<!DOCTYPE html>\n<html lang="%s" dir="%s">\n<head>\n' "$tag" "$2"
        printf '<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        printf '<title>%s</title>\n<link rel="stylesheet" href="lesson.css">\n' "$3"
        printf '</head>\n<body>\n<main>\n<h1>%s</h1>\n<ul class="letters">\n' "$3"
        # As Unicode has them is as the alphabet has them.
        sed -n 's|.*<sound name="\([^"<&]*\)" file="\([A-Za-z_]*/alpha/[A-Za-z0-9_-]*[.]ogg\)".*|\1 \2|p' \
            "$from/$tag/sounds.xml" | LC_ALL=C sort |
            while read -r letter sound; do
                [ -f "$from/$sound" ] || continue
                cp -L "$from/$sound" "$to/sounds/"
                printf '<li><p class="letter">%s</p>\n<audio controls preload="none" src="sounds/%s"></audio></li>\n' \
                    "$letter" "${sound##*/}"
            done
        printf '</ul>\n</main>\n<footer><bdi>KLettres</bdi> <bdi>%s</bdi></footer>\n</body>\n</html>\n' \
            "$(licence klettres-data)"
    } >"$to/index.html"
}

# handbook LANGUAGE
handbook()
{
    local from=$docs/debian-handbook/html/$1 to=$out/debian-handbook-${1%-*}
    local title
    [ -f "$from/index.html" ] || return 0
    title=$(grep -o '<title[^>]*>[^<]*</title>' "$from/index.html" |
        sed 's/<[^>]*>//g; s/&[^;]*;/ /g; s/ ;/;/g; s/  */ /g; q')
    mkdir -p "$to"
    cp -RL "$from/." "$to/"
    cp "$docs/debian-handbook/copyright" "$to/copyright.txt"
    sidecar "$to/content.ini" debian-handbook "${1%-*}" "${1%-*} = $title"
}

mkdir -p "$out"
if has klettres-data "$root/usr/share/klettres"; then
    subject=reading
    letters ar rtl 'أَصْواتُ الحُروفِ العَرَبِيَّةِ' 'The sounds of the Arabic letters'
    letters en ltr 'The sounds of the English letters' \
        'The sounds of the English letters'
    letters fr ltr 'Les lettres et leurs sons' 'The sounds of the French letters'
fi
subject=computing
if has debian-handbook "$docs/debian-handbook/html"; then
    for language in $handbook_languages; do
        handbook "$language"
    done
fi
if has debian-policy "$docs/debian-policy/policy.epub"; then
    cp -L "$docs/debian-policy/policy.epub" "$out/debian-policy.epub"
    sidecar "$out/debian-policy.epub.ini" debian-policy en \
        'en = Debian Policy Manual (EPUB)'
    gzip -dc "$docs/debian-policy/policy.pdf.gz" >"$out/debian-policy.pdf"
    sidecar "$out/debian-policy.pdf.ini" debian-policy en \
        'en = Debian Policy Manual (PDF)'
fi
