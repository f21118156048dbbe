/* SPDX-License-Identifier: Apache-2.0 */
/* Local values: in no digest, never sent. */
#include <assert.h>

#include "proto/hash.h"
#include "store/store_impl.h"

/* Records prove themselves by their hashes; a local value needs one of its own
 * to show that the card has not changed it. */
void daf_store_value_sum(const char *name, struct daf_view value,
                         uint8_t out[16])
{
    uint8_t key[32];
    daf_hash_256("daf.value.1",
                 (struct daf_view){(const uint8_t *)name, strlen(name)}, key);
    daf_hash_keyed_128("daf.value.1", key, value, out);
}

enum daf_err daf_store_set(struct daf_store *s, const char *name,
                           struct daf_view value)
{
    assert(s->is_writing);
    if (s->spoilt != DAF_OK) return s->spoilt;
    assert(strlen(name) < DAF_STORE_NAME_CAP);
    if (value.len > DAF_STORE_VALUE_BYTES_MAX) return DAF_ELIMIT;
    uint8_t sum[16];
    daf_store_value_sum(name, value, sum);
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_VALUE_SET);
    daf_db_bind_text(&q, 1, name);
    daf_db_bind_blob(&q, 2, value.p, value.len);
    daf_db_bind_blob(&q, 3, sum, sizeof(sum));
    s->spoilt = daf_db_run(&q);
    return s->spoilt;
}

static enum daf_err copy_value(struct daf_query *q, const char *name,
                               uint8_t *out, size_t cap, size_t *out_len)
{
    uint8_t sum[16];
    struct daf_view value = daf_db_bytes(q, 0), said = daf_db_bytes(q, 1);
    daf_store_value_sum(name, value, sum);
    if (said.len != sizeof(sum) || memcmp(said.p, sum, sizeof(sum)) != 0)
        return daf_db_say(q->db, DAF_ECORRUPT, "a local value has changed");
    if (value.len > cap) return DAF_ELIMIT;
    if (value.len > 0) memcpy(out, value.p, value.len);
    *out_len = value.len;
    return DAF_OK;
}

enum daf_err daf_store_get_value(struct daf_store *s, const char *name,
                                 uint8_t *out, size_t cap, size_t *out_len)
{
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_VALUE_GET);
    daf_db_bind_text(&q, 1, name);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) err = copy_value(&q, name, out, cap, out_len);
    daf_db_end(&q);
    return err;
}
