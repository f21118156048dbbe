/* SPDX-License-Identifier: Apache-2.0 */
#include "node/learners.h"

#include "node/core/confirmed.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct reading {
    struct daf_learners *out;
    const struct daf_camp *camp;
    struct daf_confirmed *confirmed;
    uint8_t plain[DAF_BODY_BYTES_MAX];
    enum daf_err err;
};

static enum daf_err add(struct reading *r, const struct daf_row *row,
                        const struct daf_subject_id *subject)
{
    struct daf_learners *l = r->out;

    if (l->count == l->cap) {
        size_t cap = l->cap == 0 ? 64 : 2 * l->cap;
        struct daf_learners_entry *more =
            realloc(l->entries, cap * sizeof(*more));

        if (more == NULL) return DAF_ENOMEM;
        l->entries = more;
        l->cap = cap;
    }
    l->entries[l->count++] =
        (struct daf_learners_entry){row->log.scope, *subject,
                                    daf_confirmed_is(r->confirmed, &row->log,
                                                     &row->stored.spot)};
    return DAF_OK;
}

/* As the roster reads it: sealed to the class alone, with the subject's handle. */
static bool read_row(void *ctx, const struct daf_row *row)
{
    struct daf_registration registration;
    struct daf_learner nobody;
    struct daf_handle handle;
    struct reading *r = ctx;
    struct daf_record record;
    struct daf_body body;
    struct daf_view plain = {r->plain, 0};

    if (row->stored.body_state != DAF_BODY_HELD ||
        daf_record_decode(row->stored.header, &record) != DAF_OK ||
        daf_body_decode(row->stored.body, &body) != DAF_OK || !body.is_sealed ||
        daf_camp_open(r->camp, &row->log.scope, &body,
                      (struct daf_view){row->stored.header.p, record.aad_len},
                      r->plain, &plain.len, &nobody) != DAF_OK)
        return true;
    if (sodium_is_zero(nobody.key.b, sizeof(nobody.key.b)) &&
        daf_payload_registration(plain, &registration) == DAF_OK) {
        handle = daf_body_handle(&registration.key);
        if (memcmp(handle.b, body.handle.b, sizeof(handle.b)) == 0)
            r->err = add(r, row, &registration.subject);
        sodium_memzero(&registration, sizeof(registration));
    }
    sodium_memzero(&nobody, sizeof(nobody));
    return r->err == DAF_OK;
}

static int compare(const void *a, const void *b)
{
    const struct daf_learners_entry *x = a, *y = b;
    int order = memcmp(x->scope.b, y->scope.b, sizeof(x->scope.b));

    if (order == 0)
        order = memcmp(x->subject.b, y->subject.b, sizeof(x->subject.b));
    return order;
}

/* One that counts is enough. */
static void settle(struct daf_learners *l)
{
    size_t kept = 0;

    if (l->count > 0) qsort(l->entries, l->count, sizeof(*l->entries), compare);
    for (size_t i = 0, next; i < l->count; i = next) {
        bool is_confirmed = false;

        for (next = i;
             next < l->count && compare(&l->entries[i], &l->entries[next]) == 0;
             next++)
            is_confirmed |= l->entries[next].is_confirmed;
        if (!is_confirmed) l->entries[kept++] = l->entries[i];
    }
    l->count = kept;
}

static enum daf_err read_classes(struct daf_store *store, struct reading *r)
{
    struct daf_scope_id scope;
    enum daf_err err = DAF_OK;
    const char *name;

    for (size_t i = 0;
         err == DAF_OK && (name = daf_camp_scope(r->camp, i, &scope)) != NULL;
         i++) {
        if (strncmp(name, "class:", 6) != 0) continue;
        err =
            daf_store_scan(store, &scope, DAF_RETENTION_IDENTITY, read_row, r);
        if (err == DAF_OK) err = r->err;
    }
    return err;
}

enum daf_err daf_learners_read(struct daf_store *store,
                               const struct daf_camp *camp,
                               struct daf_learners *out)
{
    struct reading *r = calloc(1, sizeof(*r));
    uint64_t lacks = 0;
    enum daf_err err;

    if (r == NULL) return DAF_ENOMEM;
    r->out = out;
    r->camp = camp;
    err = daf_confirmed_new(camp, daf_store_index(store), &r->confirmed);
    if (err == DAF_OK) err = daf_confirmed_lacks(r->confirmed, NULL, &lacks);
    if (err == DAF_OK && lacks > 0) err = read_classes(store, r);
    if (err == DAF_OK) err = daf_confirmed_err(r->confirmed);
    if (err == DAF_OK) settle(out);
    daf_confirmed_free(r->confirmed);
    sodium_memzero(r->plain, sizeof(r->plain));
    free(r);
    return err;
}

void daf_learners_free(struct daf_learners *l)
{
    if (l->entries != NULL)
        sodium_memzero(l->entries, l->cap * sizeof(*l->entries));
    free(l->entries);
    memset(l, 0, sizeof(*l));
}

bool daf_learners_is_confirmed(const struct daf_learners *l,
                               const struct daf_scope_id *scope,
                               const struct daf_subject_id *subject)
{
    const struct daf_learners_entry key = {*scope, *subject, false};

    return l->count == 0 ||
           bsearch(&key, l->entries, l->count, sizeof(key), compare) == NULL;
}
