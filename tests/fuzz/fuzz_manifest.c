/* SPDX-License-Identifier: Apache-2.0 */

/* A manifest that decodes packs to the same signed bytes, and what it names is
 * found in it. */

#include "tests/fuzz/fuzz.h"

#include "proto/cursor.h"
#include "proto/manifest.h"

#include <assert.h>

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
    assert(m->k >= 1 && m->k <= m->roots_count);
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
    return 0;
}
