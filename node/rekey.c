/* SPDX-License-Identifier: Apache-2.0 */
#include "node/rekey.h"

#include <sodium.h>
#include <string.h>

#define PAYLOAD_BYTES_MAX ((size_t)4096)

/* One record under way, of one key. */
struct sealing {
    const struct daf_camp *camp;
    struct daf_scope_id scope;
    const struct daf_camp_key_made *made;
    daf_rekey_put_fn put; /* NULL: only to be counted */
    void *ctx;
    struct daf_rekey_scope *out;
    struct daf_wrap wraps[DAF_REKEY_WRAPS_EACH];
    size_t count;
};

static bool is_renewed(const char *scope)
{
    return strncmp(scope, "class:", 6) == 0 || strncmp(scope, "case:", 5) == 0;
}

static enum daf_err put_record(struct sealing *s)
{
    struct daf_key_wrap wrap = {.generation = s->made->number,
                                .wraps_count = s->count};
    uint8_t payload[PAYLOAD_BYTES_MAX];
    struct daf_pack k;

    if (s->count == 0) return DAF_OK;
    memcpy(wrap.scope, s->out->scope, strlen(s->out->scope) + 1);
    memcpy(wrap.commit, s->made->commit, sizeof(wrap.commit));
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_key_wrap(&k, &wrap, s->wraps);
    if (k.is_full) return DAF_ELIMIT;
    s->count = 0;
    s->out->records++;
    return s->put(s->ctx, daf_pack_view(&k));
}

static bool may_have(const struct sealing *s,
                     const struct daf_author_id *author)
{
    const struct daf_authority *a = daf_camp_authority(s->camp);

    return a->right(a->ctx, author, &s->scope) >= DAF_RIGHT_READ &&
           !daf_camp_is_revoked(s->camp, author) &&
           !daf_camp_is_wrapped(s->camp, s->made, author);
}

static enum daf_err seal_to(struct sealing *s, const struct daf_device *d)
{
    struct daf_wrap *wrap = &s->wraps[s->count];

    if (s->put == NULL) {
        s->out->wraps++;
        return DAF_OK;
    }
    wrap->author = d->author;
    /* Fails for a public key of small order, to which nothing can be sealed. */
    if (crypto_box_seal(wrap->sealed, s->made->key.b, sizeof(s->made->key.b),
                        d->keys.seal.b) != 0) {
        s->out->unsealable++;
        return DAF_OK;
    }
    s->out->wraps++;
    s->count++;
    return s->count == DAF_REKEY_WRAPS_EACH ? put_record(s) : DAF_OK;
}

/* Coordinators come first: this device is one of them. */
static enum daf_err seal_key(struct sealing *s,
                             const struct daf_camp_key_made *made)
{
    struct daf_device d;
    enum daf_err err = DAF_OK;

    s->made = made;
    for (size_t i = 0; err == DAF_OK && daf_camp_device(s->camp, i, &d); i++)
        if (may_have(s, &d.author)) err = seal_to(s, &d);
    if (err == DAF_OK) err = put_record(s);
    return err;
}

/* The number saturates: whoever made the highest there is keeps nobody from making
 * a clean one, which stands before it whatever the number (R107). */
static void make_key(const struct sealing *s, struct daf_camp_key_made *out)
{
    uint64_t highest = daf_camp_generation_highest(s->camp, &s->scope);

    out->number = highest < (uint64_t)DAF_INT_MAX ? highest + 1 : highest;
    out->is_clean = true;
    randombytes_buf(out->key.b, sizeof(out->key.b));
    daf_body_commitment(&out->key, out->commit);
}

static enum daf_err seal_all(struct sealing *s)
{
    struct daf_camp_key_made made;
    enum daf_err err = DAF_OK;

    if (daf_camp_generation_best(s->camp, &s->scope, &made) != DAF_OK)
        return DAF_OK; /* not ours to renew: we cannot read it */
    s->out->is_new = !made.is_clean;
    if (s->out->is_new) make_key(s, &made);
    s->out->generation = made.number;
    if (s->out->is_new) err = seal_key(s, &made);
    for (size_t i = 0;
         err == DAF_OK && daf_camp_generation_at(s->camp, &s->scope, i, &made);
         i++)
        err = seal_key(s, &made);
    sodium_memzero(&made, sizeof(made));
    return err;
}

static enum daf_err run(struct sealing *s, size_t index,
                        struct daf_rekey_scope *out)
{
    memset(out, 0, sizeof(*out));
    s->out = out;
    out->scope = daf_camp_scope(s->camp, index, &s->scope);
    if (out->scope == NULL) return DAF_ENOTFOUND;
    return is_renewed(out->scope) ? seal_all(s) : DAF_OK;
}

bool daf_rekey_look(const struct daf_camp *camp, size_t index,
                    struct daf_rekey_scope *out)
{
    struct sealing s = {.camp = camp};

    return run(&s, index, out) == DAF_OK;
}

enum daf_err daf_rekey(const struct daf_camp *camp, size_t index,
                       daf_rekey_put_fn put, void *ctx,
                       struct daf_rekey_scope *out)
{
    struct sealing s = {.camp = camp, .put = put, .ctx = ctx};

    return run(&s, index, out);
}
