#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# proto has no socket, clock, file or chance: whatever the built library calls
# must be on this short list.  A new name needs a reason in its commit.  ntohl
# and friends are how msgpack packs when nothing is optimised away.
# shellcheck source-path=SCRIPTDIR source=common.bash
. "$(dirname "$0")/common.bash"

allowed='
mem(cpy|move|set|cmp|chr)|str(len|nlen|cmp|ncmp|chr|rchr)
__mem(cpy|move|set)_chk
ntoh[sl]|hton[sl]
__assert_fail|__stack_chk_fail|_GLOBAL_OFFSET_TABLE_
crypto_[a-z0-9_]+
sodium_(memcmp|memzero|is_zero|compare|increment|add|sub|bin2hex|hex2bin)
sodium_(bin2base64|base642bin|base64_encoded_len|pad|unpad)
msgpack_pack(er)?_[a-z0-9_]+'

# What libsodium draws from the system behind a harmless name.  (randombytes_*
# is not allowed above in the first place.)
denied='
crypto_[a-z0-9_]*(keygen|random|_seal|_init_push|pwhash)[a-z0-9_]*
crypto_[a-z0-9_]*keypair'
excepted='crypto_[a-z0-9_]*seed_keypair'

# purity ARCHIVE
purity()
{
    if [ ! -f "$1" ]; then
        echo "there is no ${1##*/}: build first"
        return
    fi
    nm -g --defined-only "$1" | awk 'NF == 3 { print $3 }' | sort -u \
        >"$tmp/defined"
    nm -u "$1" | awk '$1 == "U" || $1 == "w" { print $2 }' | sort -u |
        comm -23 - "$tmp/defined" >"$tmp/called"
    {
        grep -vxE "$(paste -sd'|' <<<"${allowed:1}")" "$tmp/called" || true
        grep -xE "$(paste -sd'|' <<<"${denied:1}")" "$tmp/called" |
            grep -vxE "$excepted" || true
    } | sort -u | sed 's/^/proto may not call /'
}

if instrumented "$build/proto/libdaf_proto.a"; then
    skip 'a sanitizer calls what it needs'
fi
passes 'proto calls nothing but what is listed' purity \
    "$build/proto/libdaf_proto.a"

# archive DECLARED-FUNCTION...: a library that calls them.
archive()
{
    local name
    {
        for name; do echo "void $name(void);"; done
        echo 'void daf_planted(void) {'
        for name; do echo "$name();"; done
        echo '}'
    } | cc -fno-builtin -c -x c - -o "$tmp/planted.o"
    rm -f "$tmp/libplanted.a"
    ar rc "$tmp/libplanted.a" "$tmp/planted.o"
    purity "$tmp/libplanted.a"
}
for name in time clock_gettime socket fopen malloc rand randombytes_buf \
    crypto_sign_keypair crypto_aead_xchacha20poly1305_ietf_keygen \
    crypto_box_seal msgpack_unpack_next sqlite3_step; do
    catches "$name" "proto may not call $name" archive "$name"
done
spares 'what is right' archive memcpy daf_planted \
    crypto_sign_detached crypto_sign_seed_keypair __assert_fail
catches 'a library that was not built' \
    'there is no libnone.a: build first' purity "$tmp/libnone.a"
[ "$failed" = 0 ]
