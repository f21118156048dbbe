# SPDX-License-Identifier: Apache-2.0
#
# cmake -DFROM=node/web -DTO=FILE.c -P embed.cmake: style, script and icon as C.
# A name holds a hash of the bytes, so that browsers may keep them for ever.
# Comments and leading blanks stay behind: they are for people.
function(embed out name file type)
    file(READ "${FROM}/${file}" text)
    string(REGEX REPLACE "/\\*([^*]|\\*+[^*/])*\\*+/" "" text "${text}")
    string(REGEX REPLACE "\n[ \n]+" "\n" text "${text}")
    string(STRIP "${text}" text)
    file(WRITE "${TO}.${name}" "${text}")
    file(READ "${TO}.${name}" hex HEX)
    file(SHA256 "${TO}.${name}" hash)
    file(REMOVE "${TO}.${name}")
    string(SUBSTRING "${hash}" 0 16 hash)
    string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
    get_filename_component(stem "${file}" NAME_WE)
    get_filename_component(ext "${file}" LAST_EXT)
    set(${out} "${${out}}static const unsigned char ${name}[] = {${bytes}};
const struct daf_web_asset daf_web_asset_${name} = {
    \"${stem}-${hash}${ext}\", \"${type}\", ${name}, sizeof(${name})};
" PARENT_SCOPE)
endfunction()

set(c "#include \"node/web_impl.h\"\n")
embed(c style style.css "text/css; charset=utf-8")
embed(c script script.js "text/javascript; charset=utf-8")
embed(c icon icon.svg "image/svg+xml")
file(WRITE "${TO}" "${c}")
