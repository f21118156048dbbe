/* SPDX-License-Identifier: Apache-2.0 */
/* One line that two devices can compare. */
#include <stdlib.h>

#include "proto/hash.h"
#include "store/store_impl.h"

/* The digests of all heads, one after the other. */
struct digests {
    uint8_t *p;
    size_t len, cap;
};

static bool append(struct digests *h, const struct daf_hash *digest)
{
    if (h->cap - h->len < sizeof(digest->b)) {
        size_t cap = h->cap == 0 ? 4096 : h->cap * 2;
        uint8_t *p = realloc(h->p, cap);
        if (p == NULL) return false;
        h->p = p;
        h->cap = cap;
    }
    memcpy(h->p + h->len, digest->b, sizeof(digest->b));
    h->len += sizeof(digest->b);
    return true;
}

static enum daf_err count_records(struct daf_store *s,
                                  const struct daf_log_key *key,
                                  struct daf_store_digest *out)
{
    int64_t log = 0;
    enum daf_err err = daf_store_number(s, key, &log);
    if (err != DAF_OK) return err;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_COUNT);
    daf_db_bind_int(&q, 1, log);
    err = daf_db_step(&q);
    if (err == DAF_OK) {
        out->records += (uint64_t)daf_db_int(&q, 0);
        out->bodies += (uint64_t)daf_db_int(&q, 1);
    }
    daf_db_end(&q);
    return err;
}

static enum daf_err walk_heads(struct daf_store *s, struct daf_head *head,
                               struct digests *digests,
                               struct daf_store_digest *out)
{
    const struct daf_index *index = daf_store_index(s);
    struct daf_log_key last;
    enum daf_err err;
    while ((err = index->head_next(index->ctx, &out->scope,
                                   out->logs == 0 ? NULL : &last, head)) ==
           DAF_OK) {
        if (out->logs == 0 ||
            memcmp(&last.author, &head->log.author, sizeof(last.author)) != 0)
            out->authors++;
        out->logs++;
        last = head->log;
        struct daf_hash digest = daf_frontier_digest(head);
        if (!append(digests, &digest))
            return daf_db_say(&s->db, DAF_ENOMEM, "out of memory");
        err = count_records(s, &last, out);
        if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_ECORRUPT : err;
    }
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

enum daf_err daf_store_digest(struct daf_store *s,
                              const struct daf_scope_id *scope,
                              struct daf_store_digest *out)
{
    struct digests digests = {0};
    struct daf_head head;
    *out = (struct daf_store_digest){.scope = *scope};
    enum daf_err err = daf_store_hold(s);
    if (err != DAF_OK) return err;
    err = walk_heads(s, &head, &digests, out);
    daf_store_release(s);
    if (err == DAF_OK)
        daf_hash_256("daf.digest.1", (struct daf_view){digests.p, digests.len},
                     out->root.b);
    free(digests.p);
    return err;
}
