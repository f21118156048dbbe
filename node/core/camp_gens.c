/* SPDX-License-Identifier: Apache-2.0 */
/* Generation keys: which one is written with, and who holds which (docs/protocol.md
 * R107).  A key that a revoked device was ever sealed is not clean, though a later
 * one be of the same number: coordinators who revoke two devices at one time make
 * two keys, and each may have given his to the other's thief. */
#include "node/core/camp_impl.h"

#include <sodium.h>

/* The commitment names the key, whatever scope and number it is said to be of: who
 * has it opens all that. */
static struct daf_camp_key wrap_key(const uint8_t commit[16],
                                    const struct daf_author_id *author)
{
    return daf_camp_table_key(commit, author->b);
}

static bool note_wrap(struct daf_camp *c, const struct daf_camp_key *key)
{
    if (daf_camp_table_find(&c->wrapped, key) != NULL) return true;
    if (!daf_camp_table_reserve(&c->wrapped, 1)) return false;
    daf_camp_table_put(&c->wrapped, key, c, NULL);
    return true;
}

void daf_camp_note_wraps(struct daf_camp *c, struct daf_camp_known *known,
                         const struct daf_key_wrap *wrap)
{
    struct daf_cursor cursor;
    struct daf_wrap one;

    if (wrap->generation > known->highest) known->highest = wrap->generation;
    daf_payload_wraps(wrap, &cursor);
    for (size_t i = 0; i < wrap->wraps_count; i++) {
        struct daf_camp_key key;

        daf_payload_next_wrap(&cursor, &one);
        key = wrap_key(wrap->commit, &one.author);
        if (!note_wrap(c, &key)) c->is_short = true;
    }
}

bool daf_camp_is_wrapped(const struct daf_camp *c,
                         const struct daf_camp_key_made *made,
                         const struct daf_author_id *author)
{
    struct daf_camp_key key = wrap_key(made->commit, author);

    return daf_camp_table_find(&c->wrapped, &key) != NULL;
}

/* The number decides; of two with one number the lower commitment. */
static bool is_newer(const struct daf_camp_gen *a, const struct daf_camp_gen *b)
{
    if (a->number != b->number) return a->number > b->number;
    return memcmp(a->commit, b->commit, sizeof(a->commit)) < 0;
}

/* The one to write with; NULL if none is held. */
static const struct daf_camp_gen *best_of(const struct daf_camp *c,
                                          const struct daf_camp_known *known,
                                          bool *out_clean)
{
    const struct daf_camp_gen *best = NULL;
    bool is_best_clean = false;

    for (const struct daf_camp_gen *g = known->gens; g != NULL; g = g->next) {
        bool is_clean = daf_camp_gen_is_clean(c, g);

        if (best == NULL || is_clean > is_best_clean ||
            (is_clean == is_best_clean && is_newer(g, best))) {
            best = g;
            is_best_clean = is_clean;
        }
    }
    *out_clean = is_best_clean;
    return best;
}

static void tell(const struct daf_camp_gen *gen, bool is_clean,
                 struct daf_camp_key_made *out)
{
    out->number = gen->number;
    memcpy(out->commit, gen->commit, sizeof(out->commit));
    out->key = gen->key;
    out->is_clean = is_clean;
}

enum daf_err daf_camp_generation_best(const struct daf_camp *c,
                                      const struct daf_scope_id *scope,
                                      struct daf_camp_key_made *out)
{
    const struct daf_camp_known *known = daf_camp_find_scope(c, scope);
    const struct daf_camp_gen *best;
    bool is_clean;

    if (known == NULL) return DAF_EKEY;
    best = best_of(c, known, &is_clean);
    if (best == NULL) return DAF_EKEY;
    tell(best, is_clean, out);
    return DAF_OK;
}

enum daf_err daf_camp_generation(const struct daf_camp *c,
                                 const struct daf_scope_id *scope,
                                 uint64_t *out_number, struct daf_key *out)
{
    struct daf_camp_key_made made;
    enum daf_err err = daf_camp_generation_best(c, scope, &made);

    if (err != DAF_OK) return err;
    *out_number = made.number;
    *out = made.key;
    sodium_memzero(&made, sizeof(made));
    return DAF_OK;
}

bool daf_camp_generation_at(const struct daf_camp *c,
                            const struct daf_scope_id *scope, size_t index,
                            struct daf_camp_key_made *out)
{
    const struct daf_camp_known *known = daf_camp_find_scope(c, scope);

    for (const struct daf_camp_gen *g = known == NULL ? NULL : known->gens;
         g != NULL; g = g->next) {
        size_t newer = 0;

        for (const struct daf_camp_gen *h = known->gens; h != NULL; h = h->next)
            newer += is_newer(h, g);
        if (newer != index) continue;
        tell(g, daf_camp_gen_is_clean(c, g), out);
        return true;
    }
    return false;
}

uint64_t daf_camp_generation_highest(const struct daf_camp *c,
                                     const struct daf_scope_id *scope)
{
    const struct daf_camp_known *known = daf_camp_find_scope(c, scope);

    if (known == NULL) return 0;
    return known->same->highest > known->highest ? known->same->highest
                                                 : known->highest;
}
