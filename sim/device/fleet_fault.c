/* SPDX-License-Identifier: Apache-2.0 */
/* What a tester does to devices, and what it looks at. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/payload.h"
#include "sim/device/fleet_impl.h"

#define REVOKED_LOGS  2  /* that a revocation names */
#define REVOKED_WRAPS 64 /* copies of a new key */

void daf_fleet_tell(struct daf_fleet *f, uint32_t device,
                    const struct daf_input *in)
{
    assert(in->kind == DAF_INPUT_FOUND || in->kind == DAF_INPUT_GONE);
    if (daf_fleet_is_on(f, device) && !daf_fleet_is_paused(f, device))
        daf_fleet_input(&f->devices[device], in);
}

const struct daf_announce *daf_fleet_announced(const struct daf_fleet *f,
                                               uint32_t device)
{
    const struct daf_fleet_device *d = &f->devices[device];

    return d->is_announced ? &d->door : NULL;
}

void daf_fleet_pause(struct daf_fleet *f, uint32_t device, daf_sim_us span)
{
    struct daf_fleet_device *d = &f->devices[device];

    assert(daf_fleet_is_on(f, device) && !daf_fleet_is_paused(f, device));
    d->paused_until = daf_engine_now(f->engine) + span;
    if (span > f->config.silence) daf_fleet_wires_pause(d);
}

bool daf_fleet_is_paused(const struct daf_fleet *f, uint32_t device)
{
    return f->devices[device].paused_until > daf_engine_now(f->engine);
}

void daf_fleet_clog(struct daf_fleet *f, uint32_t a, uint32_t b,
                    daf_sim_us span)
{
    uint32_t link = daf_fleet_linked(f, a, b);

    if (link != DAF_FLEET_NOBODY)
        daf_fleet_link(f, link)->clogged_until =
            daf_engine_now(f->engine) + span;
}

/* ---- cards */

enum daf_err daf_fleet_clone(struct daf_fleet *f, uint32_t from, uint32_t to)
{
    const struct daf_fleet_device *a = &f->devices[from];
    struct daf_fleet_device *b = &f->devices[to];
    struct daf_notebook *copy = NULL;

    assert(a->agent == NULL && b->agent == NULL && f->config.real_dir == NULL);
    enum daf_err err = daf_notebook_model(f->records, &copy);
    if (err != DAF_OK) return err;
    err = daf_notebook_copy(a->notebook, copy);
    uint8_t *cert = err == DAF_OK ? malloc(a->cert_len + 1) : NULL;
    if (cert == NULL) {
        daf_notebook_free(copy);
        return err == DAF_OK ? DAF_ENOMEM : err;
    }
    if (a->cert_len > 0) memcpy(cert, a->cert, a->cert_len);
    free(b->cert);
    daf_notebook_free(b->notebook);
    b->cert = cert;
    b->cert_len = a->cert_len;
    b->notebook = copy;
    b->keys = a->keys;
    b->secrets = a->secrets;
    b->author = a->author;
    b->incarnation = a->incarnation;
    b->self = a->self;
    daf_fleet_sort_names(f);
    return DAF_OK;
}

void daf_fleet_swap(struct daf_fleet *f, uint32_t a, uint32_t b)
{
    struct daf_fleet_device *x = &f->devices[a], *y = &f->devices[b];
    const struct daf_fleet_device was = *x;

    assert(x->agent == NULL && y->agent == NULL);
    x->keys = y->keys;
    x->secrets = y->secrets;
    x->author = y->author;
    x->cert = y->cert;
    x->cert_len = y->cert_len;
    x->notebook = y->notebook;
    x->incarnation = y->incarnation;
    x->self = y->self;
    x->card = y->card;
    y->keys = was.keys;
    y->secrets = was.secrets;
    y->author = was.author;
    y->cert = was.cert;
    y->cert_len = was.cert_len;
    y->notebook = was.notebook;
    y->incarnation = was.incarnation;
    y->self = was.self;
    y->card = was.card;
    daf_fleet_sort_names(f);
}

static void control(struct daf_fleet *f, const struct daf_pack *k)
{
    const struct daf_write write = {.kind = DAF_WRITE_CONTROL,
                                    .payload = daf_pack_view(k)};
    const struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};

    assert(!k->is_full);
    daf_fleet_input(&f->devices[0], &in);
}

/* The first logs of the class that the coordinator holds, as many as fit. */
static size_t add_logs(struct daf_fleet *f, const struct daf_author_id *who,
                       struct daf_pack *k)
{
    const struct daf_index *index = daf_notebook_index(f->devices[0].notebook);
    const struct daf_scope_id class =
        daf_hash_scope_id(&f->camp.camp, DAF_FLEET_CLASS);
    struct daf_log_key after = {.scope = class, .author = *who};
    struct daf_head head;
    size_t count = 0;

    while (count < REVOKED_LOGS &&
           index->head_next(index->ctx, &class, &after, &head) == DAF_OK &&
           memcmp(head.log.author.b, who->b, sizeof who->b) == 0) {
        daf_payload_add_revoked_log(k, &head.log, head.tips, head.tips_count);
        after = head.log;
        count++;
    }
    return count;
}

/* A new key of the class to all that are not revoked, and not to @but. */
static void wrap_new_key(struct daf_fleet *f, uint64_t number, uint32_t but)
{
    const struct daf_camp *camp = daf_agent_camp(f->devices[0].agent);
    struct daf_key_wrap wrap = {.scope = DAF_FLEET_CLASS, .generation = number};
    struct daf_wrap wraps[REVOKED_WRAPS];
    uint8_t room[REVOKED_WRAPS * 128];
    struct daf_key key;
    struct daf_pack k;

    randombytes_buf(key.b, sizeof key.b);
    daf_body_commitment(&key, wrap.commit);
    for (uint32_t i = 0; i < f->config.devices && i < REVOKED_WRAPS; i++) {
        const struct daf_fleet_device *d = &f->devices[i];
        struct daf_wrap *one = &wraps[wrap.wraps_count];
        if (i == but || daf_camp_is_revoked(camp, &d->author)) continue;
        one->author = d->author;
        if (crypto_box_seal(one->sealed, key.b, sizeof key.b, d->keys.seal.b) ==
            0)
            wrap.wraps_count++;
    }
    daf_pack_init(&k, room, sizeof room);
    daf_payload_pack_key_wrap(&k, &wrap, wraps);
    control(f, &k);
}

/* It names what it holds, and makes a key for those who stay; then, as one who has
 * not heard of it, another key that the revoked device gets as well. */
void daf_fleet_revoke(struct daf_fleet *f, uint32_t device)
{
    const struct daf_author_id who = f->devices[device].author;
    const struct daf_scope_id class =
        daf_hash_scope_id(&f->camp.camp, DAF_FLEET_CLASS);
    uint8_t room[256 + REVOKED_LOGS * (64 + DAF_FRONTIER_MAX * 34)];
    struct daf_pack k;

    assert(daf_fleet_is_on(f, 0));
    daf_pack_init(&k, room, sizeof room);
    size_t mark = daf_payload_begin_revocation(&k);
    size_t logs = add_logs(f, &who, &k);
    daf_payload_end_revocation(&k, mark, logs, DAF_REVOKED_STOLEN, &who);
    uint64_t number =
        daf_camp_generation_highest(daf_agent_camp(f->devices[0].agent),
                                    &class);
    bool is_known =
        daf_camp_is_revoked(daf_agent_camp(f->devices[0].agent), &who);
    control(f, &k);
    /* For want of memory its agent may have stopped. */
    if (!is_known && daf_fleet_is_on(f, 0)) wrap_new_key(f, number + 1, device);
    if (!is_known && daf_fleet_is_on(f, 0))
        wrap_new_key(f, number + 2, UINT32_MAX);
}

/* ---- looking */

const struct daf_manifest *daf_fleet_manifest(const struct daf_fleet *f)
{
    return &f->camp;
}

void daf_fleet_who(const struct daf_fleet *f, uint32_t device,
                   struct daf_fleet_who *out)
{
    const struct daf_fleet_device *d = &f->devices[device];

    *out = (struct daf_fleet_who){.keys = &d->keys,
                                  .secrets = &d->secrets,
                                  .author = d->author,
                                  .incarnation = d->incarnation,
                                  .boots = d->boots,
                                  .card = d->card,
                                  .wires = d->wires_count};
    for (const struct daf_fleet_job *job = d->jobs; job != NULL;
         job = job->next)
        out->jobs += job->count > 0 && job->tasks[0].deed != DAF_FLEET_ACKED;
}

uint64_t daf_fleet_under_way(const struct daf_fleet *f)
{
    const struct daf_fleet_parcel *parcels = f->parcels.items;
    uint64_t count = 0;

    for (uint32_t i = 0; i < f->parcels.count; i++)
        count += parcels[i].word == DAF_FLEET_FRAME && parcels[i].bytes != NULL;
    return count;
}
