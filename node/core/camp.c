/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/camp_impl.h"

#include "proto/hash.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#define FIXED_SCOPES 3 /* control, catalog, camp */

/* ---- life */

static bool copy_manifest(struct daf_camp *c, struct daf_view bytes)
{
    c->manifest_bytes = malloc(bytes.len);
    if (c->manifest_bytes == NULL) return false;
    memcpy(c->manifest_bytes, bytes.p, bytes.len);
    c->manifest_len = bytes.len;
    return true;
}

/* Slots of the tables depend on a secret, so that nobody can choose ids that
 * all fall into one. */
static void seed_tables(struct daf_camp *c)
{
    uint8_t seed[16];

    daf_hash_keyed_128("daf.camp.table", c->seal.b, (struct daf_view){NULL, 0},
                       seed);
    memcpy(c->scopes.seed, seed, sizeof(seed));
    memcpy(c->members.seed, seed, sizeof(seed));
    memcpy(c->transports.seed, seed, sizeof(seed));
    memcpy(c->archives.seed, seed, sizeof(seed));
    memcpy(c->clock_starts.seed, seed, sizeof(seed));
    memcpy(c->clock_ids.seed, seed, sizeof(seed));
    memcpy(c->subjects.seed, seed, sizeof(seed));
    memcpy(c->pupils.seed, seed, sizeof(seed));
    memcpy(c->kids.seed, seed, sizeof(seed));
    memcpy(c->steps.seed, seed, sizeof(seed));
    memcpy(c->late.seed, seed, sizeof(seed));
    memcpy(c->revoked.seed, seed, sizeof(seed));
    memcpy(c->named.seed, seed, sizeof(seed));
    memcpy(c->wrapped.seed, seed, sizeof(seed));
    memcpy(c->erased.seed, seed, sizeof(seed));
    sodium_memzero(seed, sizeof(seed));
}

static enum daf_err read_manifest(struct daf_camp *c, struct daf_view bytes)
{
    enum daf_err err;

    c->manifest = malloc(sizeof(*c->manifest));
    if (c->manifest == NULL) return DAF_ENOMEM;
    err = daf_manifest_decode(bytes, c->manifest);
    if (err == DAF_OK) err = daf_manifest_verify(bytes, c->manifest);
    if (err == DAF_OK && !copy_manifest(c, bytes)) err = DAF_ENOMEM;
    return err;
}

static void lend(struct daf_camp_table *to, const struct daf_camp_table *from)
{
    *to = *from;
    to->is_lent = true;
}

/* Its scopes are our own, for the keys in them; what stands for them is not. */
static enum daf_err borrow(struct daf_camp *c)
{
    const struct daf_camp *like = c->like;
    struct daf_scope_id id;
    const char *name;

    lend(&c->members, &like->members);
    lend(&c->transports, &like->transports);
    lend(&c->archives, &like->archives);
    memcpy(c->said_by, like->said_by, sizeof(c->said_by));
    memcpy(c->said_weeks, like->said_weeks, sizeof(c->said_weeks));
    lend(&c->clock_starts, &like->clock_starts);
    lend(&c->clock_ids, &like->clock_ids);
    lend(&c->steps, &like->steps);
    lend(&c->revoked, &like->revoked);
    lend(&c->named, &like->named);
    lend(&c->wrapped, &like->wrapped);
    lend(&c->erased, &like->erased);
    c->counting = like->counting;
    c->counting.is_lent = true;
    c->by_author = like->by_author;
    c->by_author.is_lent = true;
    for (size_t i = 0; (name = daf_camp_scope(like, i, &id)) != NULL; i++) {
        struct daf_camp_known *known = daf_camp_add_scope(c, name);

        if (known == NULL) return DAF_ENOMEM;
        known->same = daf_camp_find_scope(like, &id);
    }
    return DAF_OK;
}

static enum daf_err begin(struct daf_camp *c,
                          const struct daf_camp_config *config)
{
    enum daf_err err;

    c->like = config->like;
    if (c->like != NULL) {
        assert(c->like->late.count == 0);
        c->manifest = c->like->manifest;
        c->manifest_bytes = c->like->manifest_bytes;
        c->manifest_len = c->like->manifest_len;
    } else {
        err = read_manifest(c, config->manifest);
        if (err != DAF_OK) return err;
    }
    c->keys = config->keys;
    c->author = daf_hash_author_id(&config->keys.sign);
    c->seal = *config->seal;
    seed_tables(c);
    /* One after the other: a scope finds its owner by those before it. */
    c->control = daf_camp_add_scope(c, "control");
    if (c->control != NULL) c->catalog = daf_camp_add_scope(c, "catalog");
    if (c->catalog != NULL) c->camp = daf_camp_add_scope(c, "camp");
    if (c->camp == NULL) return DAF_ENOMEM;
    daf_camp_set_authority(c);
    return c->like == NULL ? DAF_OK : borrow(c);
}

enum daf_err daf_camp_new(const struct daf_camp_config *config,
                          struct daf_camp **out)
{
    struct daf_camp *c = calloc(1, sizeof(*c));
    enum daf_err err;

    *out = NULL;
    if (c == NULL) return DAF_ENOMEM;
    err = begin(c, config);
    if (err == DAF_OK)
        *out = c;
    else
        daf_camp_free(c);
    return err;
}

static void free_scope(struct daf_camp_known *known)
{
    if (known == NULL) return;
    while (known->gens != NULL) {
        struct daf_camp_gen *gen = known->gens;

        known->gens = gen->next;
        sodium_memzero(gen, sizeof(*gen));
        free(gen);
    }
    while (known->pupils != NULL) {
        struct daf_camp_pupil *pupil = known->pupils;

        known->pupils = pupil->next;
        sodium_memzero(pupil, sizeof(*pupil));
        free(pupil);
    }
    free(known);
}

/* The discovery secret is in both. */
static void free_manifest(struct daf_camp *c)
{
    if (c->manifest_bytes != NULL)
        sodium_memzero(c->manifest_bytes, c->manifest_len);
    if (c->manifest != NULL) sodium_memzero(c->manifest, sizeof(*c->manifest));
    free(c->manifest_bytes);
    free(c->manifest);
}

void daf_camp_free(struct daf_camp *c)
{
    if (c == NULL) return;
    free_scope(c->control);
    for (size_t i = 0; i < c->by_id.count; i++)
        free_scope(c->by_id.items[i]);
    for (size_t i = 0; !c->by_author.is_lent && i < c->by_author.count; i++)
        daf_camp_free_member(c, c->by_author.items[i]);
    daf_camp_table_deinit(&c->scopes);
    daf_camp_table_deinit(&c->members);
    daf_camp_table_deinit(&c->transports);
    daf_camp_table_deinit(&c->archives);
    daf_camp_table_deinit(&c->subjects);
    daf_camp_table_deinit(&c->pupils);
    daf_camp_table_deinit(&c->kids);
    daf_camp_table_deinit(&c->named);
    daf_camp_table_deinit(&c->wrapped);
    daf_camp_acts_deinit(c);
    daf_camp_clocks_deinit(c);
    daf_camp_list_deinit(&c->by_name);
    daf_camp_list_deinit(&c->by_id);
    daf_camp_list_deinit(&c->by_author);
    daf_camp_list_deinit(&c->roster);
    if (c->like == NULL) free_manifest(c);
    sodium_memzero(c, sizeof(*c)); /* seal */
    free(c);
}

/* ---- the way in */

static bool add_payload(struct daf_camp *c, const struct daf_log_key *log,
                        const struct daf_stored *stored,
                        struct daf_view payload)
{
    struct daf_view cert;
    bool changed = false;

    switch (daf_payload_type(payload, NULL)) {
    case DAF_TYPE_CERTIFICATE:
        /* What it is worth is in the fold; a bad one is only passed over. */
        if (daf_payload_certificate(payload, &cert) == DAF_OK &&
            daf_camp_add_cert(c, cert, &changed) == DAF_ENOMEM)
            c->is_short = true;
        return changed;
    case DAF_TYPE_KEY_WRAP:
        return daf_camp_add_wrap(c, payload);
    case DAF_TYPE_CLOCK:
        daf_camp_add_clock(c, &stored->spot, payload);
        return false;
    case DAF_TYPE_BEACON:
        daf_camp_add_beacon(c, log, stored, payload);
        return false;
    case DAF_TYPE_ADMIT:
        daf_camp_add_admit(c, payload);
        return false;
    case DAF_TYPE_REVOCATION: /* by what they come after, too: their acts */
    case DAF_TYPE_ERASURE:
    case DAF_TYPE_UNKNOWN:
    case DAF_TYPE_SESSION:
    case DAF_TYPE_REGISTRATION:
    case DAF_TYPE_CATALOGUE_ITEM:
    case DAF_TYPE_ASSIGNMENT:
    case DAF_TYPE_RENEWAL:
        return false;
    }
    return false;
}

static bool add_control(struct daf_camp *c, const struct daf_log_key *log,
                        const struct daf_stored *stored)
{
    struct daf_view payload = {NULL, 0};
    struct daf_body body;
    bool changed;

    if (daf_manifest_coordinator(c->manifest, &log->author) == NULL)
        return false;
    /* One that cannot be read still has its place in the log. */
    if (daf_body_decode(stored->body, &body) == DAF_OK && !body.is_sealed)
        payload = body.content;
    changed = add_payload(c, log, stored, payload);
    return daf_camp_add_act(c, log, stored, payload) || changed;
}

bool daf_camp_add(struct daf_camp *c, const struct daf_log_key *log,
                  const struct daf_stored *stored)
{
    struct daf_camp_known *known = daf_camp_find_scope(c, &log->scope);

    if (known == NULL || stored->body_state != DAF_BODY_HELD) return false;
    if (known == c->control) return add_control(c, log, stored);
    if (known->is_class) daf_camp_add_registration(c, known, stored);
    return false;
}

bool daf_camp_is_short(const struct daf_camp *c)
{
    return c->is_short;
}

enum daf_err daf_camp_meet(struct daf_camp *c, struct daf_view cert)
{
    bool changed = false;

    return daf_camp_add_cert(c, cert, &changed);
}

bool daf_camp_wants_rescan(struct daf_camp *c, struct daf_scope_id *out_scope)
{
    for (size_t i = 0; i < c->by_name.count; i++) {
        struct daf_camp_known *known = c->by_name.items[i];

        if (!known->wants_rescan) continue;
        known->wants_rescan = false;
        *out_scope = known->id;
        return true;
    }
    return false;
}

/* ---- lists */

const struct daf_authority *daf_camp_authority(const struct daf_camp *c)
{
    return &c->authority;
}

const struct daf_manifest *daf_camp_manifest(const struct daf_camp *c)
{
    return c->manifest;
}

struct daf_view daf_camp_manifest_bytes(const struct daf_camp *c)
{
    return (struct daf_view){c->manifest_bytes, c->manifest_len};
}

bool daf_camp_device(const struct daf_camp *c, size_t index,
                     struct daf_device *out)
{
    const struct daf_camp_member *member;

    if (index < c->manifest->coordinators_count) {
        out->author = c->manifest->coordinators[index].author;
        out->keys = c->manifest->coordinators[index].keys;
        return true;
    }
    index -= c->manifest->coordinators_count;
    if (index >= c->by_author.count) return false;
    member = c->by_author.items[index];
    *out = member->device;
    return true;
}

bool daf_camp_rights(const struct daf_camp *c, size_t index,
                     struct daf_camp_rights *out)
{
    const struct daf_camp_member *member;

    memset(out, 0, sizeof(*out));
    if (index < c->manifest->coordinators_count) {
        out->author = c->manifest->coordinators[index].author;
        out->is_coordinator = out->is_archive = true;
        return true;
    }
    index -= c->manifest->coordinators_count;
    if (index >= c->by_author.count) return false;
    member = c->by_author.items[index];
    out->author = member->device.author;
    out->issuer = member->issuer;
    out->is_archive = member->is_archive;
    for (size_t i = 0; i < member->rights_count; i++) {
        out->rights[i].scope = member->rights[i].known->name;
        out->rights[i].right = member->rights[i].right;
    }
    out->count = member->rights_count;
    return true;
}

const char *daf_camp_scope(const struct daf_camp *c, size_t index,
                           struct daf_scope_id *out_id)
{
    const struct daf_camp_known *fixed[FIXED_SCOPES] = {c->control, c->catalog,
                                                        c->camp};
    const struct daf_camp_known *known;

    if (index < FIXED_SCOPES)
        known = fixed[index];
    else if (index - FIXED_SCOPES < c->by_name.count)
        known = c->by_name.items[index - FIXED_SCOPES];
    else
        return NULL;
    if (out_id != NULL) *out_id = known->id;
    return known->name;
}

const char *daf_camp_scope_name(const struct daf_camp *c,
                                const struct daf_scope_id *id)
{
    const struct daf_camp_known *known = daf_camp_find_scope(c, id);

    return known == NULL ? NULL : known->name;
}

const char *daf_camp_own_class(const struct daf_camp *c, size_t index)
{
    const struct daf_authority *a = &c->authority;

    for (size_t i = 0; i < c->by_name.count; i++) {
        const struct daf_camp_known *known = c->by_name.items[i];

        if (!known->is_class ||
            a->right(a->ctx, &c->author, &known->id) < DAF_RIGHT_APPEND)
            continue;
        if (index == 0) return known->name;
        index--;
    }
    return NULL;
}
