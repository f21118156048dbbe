/* SPDX-License-Identifier: Apache-2.0 */
/* What was erased (docs/protocol.md R115): a set of erase handles that only grows.
 *
 * Which erasures count is in the records (camp_acts.c), so the set is the same
 * whatever came first, and whoever is registered after it is not entered. */
#include "node/core/camp_impl.h"

#include <stdlib.h>

static struct daf_camp_key handle_key(const struct daf_handle *handle)
{
    return daf_camp_table_key(handle->b, NULL);
}

bool daf_camp_erase(struct daf_camp *c, const struct daf_erasure *e)
{
    bool is_new = false;

    for (size_t i = 0; i < e->handles_count; i++) {
        struct daf_camp_key key = handle_key(&e->handles[i]);

        if (daf_camp_table_find(&c->erased, &key) != NULL) continue;
        daf_camp_table_put(&c->erased, &key, c, NULL);
        is_new = true;
    }
    if (is_new) daf_camp_leave(c);
    return is_new;
}

bool daf_camp_is_erased(const struct daf_camp *c,
                        const struct daf_handle *handle)
{
    struct daf_camp_key key = handle_key(handle);

    return c->erased.count > 0 && daf_camp_table_find(&c->erased, &key) != NULL;
}

bool daf_camp_body_is_erased(const struct daf_camp *c, struct daf_view body)
{
    struct daf_body b;

    return c->erased.count > 0 && daf_body_decode(body, &b) == DAF_OK &&
           b.is_sealed && daf_camp_is_erased(c, &b.handle);
}

size_t daf_camp_erased(const struct daf_camp *c)
{
    return c->erased.count;
}

static int order_handles(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct daf_handle));
}

void daf_camp_erased_all(const struct daf_camp *c, struct daf_handle *out)
{
    size_t count = 0;

    for (size_t i = 0; i < c->erased.cap; i++) {
        if (c->erased.slots[i].item == NULL) continue;
        memcpy(out[count++].b, c->erased.slots[i].key.b, sizeof(out->b));
    }
    if (count > 0) qsort(out, count, sizeof(*out), order_handles);
}
