/* SPDX-License-Identifier: Apache-2.0 */

/* A log that is read and packed again is the same bytes, up to where it is cut. */

#include "tests/fuzz/fuzz.h"

#include "node/core/inputlog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct again {
    struct daf_view bytes;
    size_t at; /* of the next entry */
};

static void check_same(struct again *a, const struct daf_pack *k)
{
    assert(!k->is_full);
    assert(k->len <= a->bytes.len - a->at);
    assert(memcmp(k->p, a->bytes.p + a->at, k->len) == 0);
    a->at += k->len;
}

static struct daf_pack room_for(size_t bytes)
{
    struct daf_pack k;
    uint8_t *room = malloc(bytes);

    assert(room != NULL);
    daf_pack_init(&k, room, bytes);
    return k;
}

static bool on_entry(void *ctx, const struct daf_inputlog_entry *e)
{
    struct again *a = ctx;
    struct daf_pack k = room_for(daf_inputlog_entry_bytes(e));

    assert(daf_inputlog_kind_str(e) != NULL);
    daf_inputlog_pack_entry(&k, e);
    check_same(a, &k);
    free(k.p);
    return true;
}

static bool stop(void *ctx, const struct daf_inputlog_entry *e)
{
    (void)ctx;
    (void)e;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct again a = {.bytes = {data, size}};
    struct daf_inputlog_head head;
    size_t torn = 0;
    enum daf_err err = daf_inputlog_read(a.bytes, &head, &torn, stop, NULL);
    struct daf_pack k;

    if (err == DAF_EFORM || err == DAF_EVERSION) return 0;
    k = room_for(daf_inputlog_head_bytes(&head));
    daf_inputlog_pack_head(&k, &head);
    check_same(&a, &k);
    free(k.p);
    err = daf_inputlog_read(a.bytes, &head, &torn, on_entry, &a);
    assert(err == DAF_OK || err == DAF_ECORRUPT);
    assert(a.at + torn == size);
    return 0;
}
