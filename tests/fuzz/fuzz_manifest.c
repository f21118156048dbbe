/* SPDX-License-Identifier: Apache-2.0 */

/* A manifest that decodes packs to the same signed bytes, and what it names is
 * found in it.  Signed by roots that are ours, it verifies, one changed bit and
 * it does not, and the next of the same camp succeeds it and never the other way
 * round. */

#include "tests/fuzz/fuzz.h"

#include "proto/cursor.h"
#include "proto/manifest.h"

#include <assert.h>
#include <sodium.h>

static struct daf_sign_pk pks[DAF_ROOTS_MAX];
static struct daf_sign_sk sks[DAF_ROOTS_MAX];

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    if (sodium_init() < 0) return -1;
    for (size_t i = 0; i < DAF_ROOTS_MAX; i++) {
        const uint8_t seed[32] = {0x77, (uint8_t)i};

        if (crypto_sign_seed_keypair(pks[i].b, sks[i].b, seed) != 0) return -1;
    }
    return 0;
}

/* The extension's length: carried in the bytes, not in the struct. */
static size_t ext_len(struct daf_view bytes)
{
    struct daf_cursor c;

    daf_cursor_init(&c, bytes);
    daf_cursor_array_of(&c, 14);
    for (int i = 0; i < 12; i++)
        daf_cursor_skip(&c);
    return daf_cursor_bin(&c, DAF_EXT_BYTES_MAX).len;
}

static void ask(const struct daf_manifest *m)
{
    for (size_t i = 0; i < m->coordinators_count; i++)
        assert(daf_manifest_coordinator(m, &m->coordinators[i].author) != NULL);
    for (size_t i = 0; i < m->register_count; i++)
        assert(daf_manifest_has_type(
            m, (struct daf_view){(const uint8_t *)m->types[i],
                                 strlen(m->types[i])}));
    for (size_t i = 0; i < m->sigs_count; i++)
        assert(m->sig_roots[i] < m->roots_count);
    assert(!daf_manifest_has_type(m, (struct daf_view){NULL, 0}));
    assert(daf_manifest_coordinator(m, &(struct daf_author_id){{0}}) == NULL);
    assert(m->k >= 1 && m->k <= m->roots_count);
}

/* @m with our roots, signed by k of them and read again into @m.  Its length,
 * or 0 if signatures do not fit beside the rest. */
static size_t sign(struct daf_manifest *m, uint8_t *out)
{
    uint32_t k = m->k;
    struct daf_manifest again;
    struct daf_view bytes;

    memcpy(m->roots, pks, m->roots_count * sizeof(pks[0]));
    bytes = (struct daf_view){out, daf_manifest_sign(m, sks, k, out)};
    if (bytes.len == 0) {
        size_t len = daf_manifest_pack(m, out, DAF_MANIFEST_BYTES_MAX);

        /* An item's two headers, the index and the signature. */
        assert(len == 0 || len + 1 + (size_t)k * 68 > DAF_MANIFEST_BYTES_MAX);
        return 0;
    }
    if (daf_manifest_decode(bytes, &again) != DAF_OK) assert(false);
    assert(again.sigs_count == k && again.number == m->number);
    assert(memcmp(again.camp.b, m->camp.b, sizeof(m->camp.b)) == 0);
    assert(memcmp(again.hash.b, m->hash.b, sizeof(m->hash.b)) == 0);
    assert(daf_manifest_verify(bytes, &again) == DAF_OK);
    *m = again;
    return bytes.len;
}

static void succeed(struct daf_manifest *m, size_t at)
{
    uint8_t held_bytes[DAF_MANIFEST_BYTES_MAX];
    uint8_t next_bytes[DAF_MANIFEST_BYTES_MAX];
    struct daf_manifest next;
    struct daf_view held;
    size_t len;

    held = (struct daf_view){held_bytes, sign(m, held_bytes)};
    if (held.len == 0 || m->number == DAF_INT_MAX) return;
    next = *m;
    next.is_first = false;
    next.number++;
    len = sign(&next, next_bytes);
    if (len == 0) return;
    assert(daf_manifest_succeeds(m, (struct daf_view){next_bytes, len},
                                 &next) == DAF_OK);
    assert(daf_manifest_succeeds(&next, held, m) == DAF_EEXISTS);

    next_bytes[at % len] ^= 1;
    if (daf_manifest_decode((struct daf_view){next_bytes, len}, &next) ==
        DAF_OK)
        assert(daf_manifest_verify((struct daf_view){next_bytes, len}, &next) ==
               DAF_ESIG);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_view bytes = {data, size};
    uint8_t again[DAF_MANIFEST_BYTES_MAX];
    struct daf_manifest m;
    enum daf_err err;
    size_t len;

    if (daf_manifest_decode(bytes, &m) != DAF_OK) return 0;
    ask(&m);
    err = daf_manifest_verify(bytes, &m);
    assert(err == DAF_OK || err == DAF_ESIG);
    assert(daf_manifest_succeeds(&m, bytes, &m) == DAF_EEXISTS);
    len = daf_manifest_pack(&m, again, sizeof(again));
    /* An empty extension is two bytes, as is the head of a longer one. */
    assert(len + ext_len(bytes) == m.signed_len);
    if (ext_len(bytes) == 0) assert(memcmp(again, data, len) == 0);
    assert(err != DAF_OK || m.sigs_count >= m.k);
    succeed(&m, data[size - 1] + ((size_t)data[size - 2] << 4));
    return 0;
}
