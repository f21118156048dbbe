/* SPDX-License-Identifier: Apache-2.0 */
/* Acts of coordinators and their number (docs/records.md §4), and who was revoked.
 *
 * A record's number is counted back along `prev` to the first of its log, so it is
 * in the record and never changes: neither what comes later nor a fork beside it
 * makes an act count that did not, or the other way round.  A record therefore
 * waits until all before it are here.  What is revoked only grows. */
#include "node/core/camp_impl.h"
#include "proto/frame.h"
#include "proto/hash.h"

#include <stdlib.h>

/* A place in a log (R4): "the record of the same log whose id is `prev` and whose
 * seq is one lower". */
static struct daf_camp_key place_key(const struct daf_log_key *log,
                                     uint64_t seq,
                                     const struct daf_record_id *id)
{
    uint8_t bytes[16 + 8 + 8 + 32];
    struct daf_camp_key key;

    memcpy(bytes, log->author.b, 16);
    for (int i = 0; i < 8; i++) {
        bytes[16 + i] = (uint8_t)(log->incarnation >> (56 - 8 * i));
        bytes[24 + i] = (uint8_t)(seq >> (56 - 8 * i));
    }
    memcpy(bytes + 32, id->b, 32);
    daf_hash_256("daf.camp.place", (struct daf_view){bytes, sizeof(bytes)},
                 key.b);
    return key;
}

static struct daf_camp_key author_key(const struct daf_author_id *author)
{
    return daf_camp_table_key(author->b, NULL);
}

/* ---- who was revoked */

static bool lower_id(const struct daf_camp_act *a, const struct daf_camp_act *b)
{
    return memcmp(a->spot.id.b, b->spot.id.b, sizeof(a->spot.id.b)) < 0;
}

/* protocol.md R50.  Reserved before.  True if its device was not revoked yet. */
static bool revoke(struct daf_camp *c, struct daf_camp_act *act, bool is_small)
{
    struct daf_camp_key key = author_key(&act->who);
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->revoked, &key);
    struct daf_camp_act *door = slot == NULL ? NULL : slot->with;
    bool is_new = slot == NULL;

    /* "coordinators are removed by the manifest alone" */
    if (daf_manifest_coordinator(c->manifest, &act->who) != NULL) return false;
    if (is_small && (door == NULL || lower_id(act, door))) door = act;
    daf_camp_table_put(&c->revoked, &key, is_new ? act : slot->item, door);
    return is_new;
}

bool daf_camp_is_revoked(const struct daf_camp *c,
                         const struct daf_author_id *author)
{
    struct daf_camp_key key = author_key(author);

    return daf_camp_table_find(&c->revoked, &key) != NULL;
}

enum daf_err daf_camp_revocation(const struct daf_camp *c,
                                 const struct daf_author_id *author,
                                 struct daf_log_key *out_log,
                                 struct daf_spot *out_spot)
{
    struct daf_camp_key key = author_key(author);
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->revoked, &key);
    const struct daf_camp_act *act = slot == NULL ? NULL : slot->with;

    if (act == NULL) return DAF_ENOTFOUND;
    *out_log = act->log;
    *out_spot = act->spot;
    return DAF_OK;
}

bool daf_camp_revoked_next(const struct daf_camp *c,
                           const struct daf_author_id *after,
                           struct daf_author_id *out)
{
    struct daf_author_id from = {{0}}; /* @out may be @after */
    bool found = false;

    if (after != NULL) from = *after;
    for (size_t i = 0; i < c->revoked.cap; i++) {
        const struct daf_camp_slot *slot = &c->revoked.slots[i];

        if (slot->item == NULL ||
            (after != NULL && memcmp(slot->key.b, from.b, 16) <= 0) ||
            (found && memcmp(slot->key.b, out->b, 16) >= 0))
            continue;
        found = true;
        memcpy(out->b, slot->key.b, sizeof(out->b));
    }
    return found;
}

/* Asks for each revoked device: 50 of them take some 5 us. */
bool daf_camp_gen_is_clean(const struct daf_camp *c,
                           const struct daf_camp_gen *gen)
{
    for (size_t i = 0; i < c->revoked.cap; i++) {
        const struct daf_camp_slot *slot = &c->revoked.slots[i];
        struct daf_author_id who;
        struct daf_camp_key key;

        if (slot->item == NULL) continue;
        memcpy(who.b, slot->key.b, sizeof(who.b));
        key = daf_camp_table_key(gen->commit, who.b);
        if (daf_camp_table_find(&c->wrapped, &key) != NULL) return false;
    }
    return true;
}

/* ---- the place of a record in its log */

enum daf_err daf_camp_acts(const struct daf_camp *c,
                           const struct daf_log_key *log,
                           const struct daf_spot *spot, uint64_t *out)
{
    struct daf_camp_key key = place_key(log, spot->seq, &spot->id);
    const struct daf_camp_slot *step = daf_camp_table_find(&c->steps, &key);
    const struct daf_camp_act *last;

    if (step == NULL) return DAF_ENOTFOUND;
    last = step->item;
    *out = last->acts;
    return DAF_OK;
}

/* What an act makes of the number before it.  Records in a row that revoke one
 * device are one act: what it wrote may not fit one record. */
static uint64_t acts_with(const struct daf_camp_act *before,
                          const struct daf_camp_act *is_before,
                          const struct daf_camp_late *r)
{
    if (r->is_revocation && is_before != NULL && is_before->is_revocation &&
        memcmp(is_before->who.b, r->who.b, sizeof(r->who.b)) == 0)
        return before->acts;
    return r->acts > UINT64_MAX - before->acts ? UINT64_MAX
                                               : before->acts + r->acts;
}

static size_t handles_of(const struct daf_camp_late *r)
{
    return r->erasure == NULL ? 0 : r->erasure->handles_count;
}

static bool counts(const struct daf_camp *c, const struct daf_camp_late *r,
                   uint64_t acts)
{
    const struct daf_coordinator *by =
        daf_manifest_coordinator(c->manifest, &r->log.author);

    return by != NULL && (acts <= by->acts || r->is_seconded);
}

/* Gives @r, whose predecessor has its place or which begins its log, its own.
 * False: out of memory, and nothing has changed. */
static bool place(struct daf_camp *c, const struct daf_camp_late *r,
                  bool *out_changed)
{
    const struct daf_camp_slot *step =
        r->spot.seq == 1 ? NULL : daf_camp_table_find(&c->steps, &r->prev);
    struct daf_camp_act *last = step == NULL ? &c->no_act : step->item;
    const struct daf_camp_act *is_last = step == NULL ? NULL : step->with;
    struct daf_camp_act *act;

    /* Room first: it may move what `step` points to, which is done with. */
    if (!daf_camp_table_reserve(&c->steps, 1) ||
        !daf_camp_table_reserve(&c->revoked, 1) ||
        (r->acts > 0 && !daf_camp_list_reserve(&c->counting, 1)) ||
        (r->erasure != NULL &&
         !daf_camp_table_reserve(&c->erased, handles_of(r))))
        return false;
    if (r->acts == 0) {
        daf_camp_table_put(&c->steps, &r->own, last, NULL);
        return true;
    }
    act = calloc(1, sizeof(*act));
    if (act == NULL) return false;
    act->acts = acts_with(last, is_last, r);
    act->before = last;
    act->is_revocation = r->is_revocation;
    act->is_counting =
        (r->is_revocation || r->erasure != NULL) && counts(c, r, act->acts);
    act->handles = handles_of(r);
    act->who = r->who;
    act->log = r->log;
    act->spot = r->spot;
    act->next = c->acts;
    c->acts = act;
    daf_camp_table_put(&c->steps, &r->own, act, act);
    if (!act->is_counting) return true;
    daf_camp_list_insert(&c->counting, act, daf_camp_order_acts);
    if (r->is_revocation && revoke(c, act, r->is_small)) *out_changed = true;
    if (r->is_revocation)
        daf_camp_name_tips(c, &r->who, r->logs, r->logs_count);
    if (r->erasure != NULL && daf_camp_erase(c, r->erasure))
        *out_changed = true;
    return true;
}

/* ---- records that came before the one before them */

/* Takes what @r owns, unless it is there already or there is no memory. */
static bool wait_for_prev(struct daf_camp *c, struct daf_camp_late *r)
{
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->late, &r->prev);
    struct daf_camp_late *first = slot == NULL ? NULL : slot->item, *own;

    for (own = first; own != NULL; own = own->next) {
        if (memcmp(&own->own, &r->own, sizeof(r->own)) == 0) return true;
    }
    own = malloc(sizeof(*own) + r->logs.len);
    if (own == NULL || !daf_camp_table_reserve(&c->late, 1)) {
        free(own);
        return false;
    }
    *own = *r;
    own->logs.p = (uint8_t *)(own + 1);
    if (r->logs.len > 0) memcpy(own + 1, r->logs.p, r->logs.len);
    r->erasure = NULL;
    own->next = first;
    /* The second pointer keeps the place when the list is taken. */
    daf_camp_table_put(&c->late, &r->prev, own, c);
    return true;
}

/* Puts those who waited for @place before @list; the caller's now. */
static struct daf_camp_late *take_late(struct daf_camp *c,
                                       const struct daf_camp_key *place,
                                       struct daf_camp_late *list)
{
    struct daf_camp_slot *slot = daf_camp_table_find(&c->late, place);
    struct daf_camp_late *waited = slot == NULL ? NULL : slot->item;

    if (slot != NULL) slot->item = NULL;
    while (waited != NULL) {
        struct daf_camp_late *next = waited->next;

        waited->next = list;
        list = waited;
        waited = next;
    }
    return list;
}

/* @taken is: so have a place now those who waited for it, and for those. */
static void release(struct daf_camp *c, const struct daf_camp_key *taken,
                    bool *out_changed)
{
    struct daf_camp_late *todo = take_late(c, taken, NULL);

    while (todo != NULL) {
        struct daf_camp_late *r = todo;

        todo = r->next;
        if (place(c, r, out_changed))
            todo = take_late(c, &r->own, todo);
        else
            c->is_short = true;
        free(r->erasure);
        free(r);
    }
}

/* ---- the way in */

/* The other coordinator whose signature an act claims to have. */
static const struct daf_coordinator *other(const struct daf_camp *c,
                                           const struct daf_camp_late *act,
                                           bool has_second,
                                           const struct daf_author_id *second)
{
    if (!has_second || memcmp(second->b, act->log.author.b, 16) == 0)
        return NULL;
    return daf_manifest_coordinator(c->manifest, second);
}

static void read_revocation(const struct daf_camp *c,
                            const struct daf_stored *stored,
                            struct daf_view payload, struct daf_view aad,
                            struct daf_camp_late *out)
{
    const struct daf_coordinator *second;
    struct daf_revocation r;

    if (daf_payload_revocation(payload, &r) != DAF_OK) return;
    out->is_revocation = true;
    out->is_small =
        stored->header.len + stored->body.len <= DAF_REVOKED_BYTES_MAX;
    out->who = r.who;
    out->logs = r.logs;
    out->logs_count = r.logs_count;
    second = other(c, out, r.has_second, &r.second);
    out->is_seconded =
        second != NULL &&
        daf_payload_second_ok(payload, &r, aad, &second->keys.sign);
}

/* False: out of memory. */
static bool read_erasure(const struct daf_camp *c, struct daf_view payload,
                         struct daf_view aad, struct daf_camp_late *out)
{
    const struct daf_coordinator *second;
    struct daf_erasure e;

    if (daf_payload_erasure(payload, &e) != DAF_OK) return true;
    out->erasure = malloc(sizeof(*out->erasure));
    if (out->erasure == NULL) return false;
    *out->erasure = e;
    second = other(c, out, e.has_second, &e.second);
    out->is_seconded =
        second != NULL &&
        daf_payload_erasure_second_ok(payload, &e, aad, &second->keys.sign);
    return true;
}

/* protocol.md R12: what the register does not name is not read, so is no act.  One
 * that cannot be read does nothing, and is an act all the same. */
static bool read_act(const struct daf_camp *c, const struct daf_record *header,
                     const struct daf_stored *stored, struct daf_view payload,
                     struct daf_camp_late *out)
{
    const struct daf_view aad = {stored->header.p, header->aad_len};
    struct daf_view name;
    enum daf_type type = daf_payload_type(payload, &name);

    if (!daf_manifest_has_type(c->manifest, name)) return true;
    out->acts = daf_payload_acts(payload);
    if (type == DAF_TYPE_REVOCATION)
        read_revocation(c, stored, payload, aad, out);
    return type != DAF_TYPE_ERASURE || read_erasure(c, payload, aad, out);
}

bool daf_camp_add_act(struct daf_camp *c, const struct daf_log_key *log,
                      const struct daf_stored *stored, struct daf_view payload)
{
    struct daf_camp_late r = {.log = *log, .spot = stored->spot};
    struct daf_record header;
    bool is_changed = false;

    r.own = place_key(log, r.spot.seq, &r.spot.id);
    if (daf_camp_table_find(&c->steps, &r.own) != NULL ||
        daf_record_decode(stored->header, &header) != DAF_OK)
        return false;
    r.prev = place_key(log, r.spot.seq - 1, &header.prev);
    if (!read_act(c, &header, stored, payload, &r)) {
        c->is_short = true;
        return false;
    }
    if (r.spot.seq > 1 && daf_camp_table_find(&c->steps, &r.prev) == NULL) {
        if (!wait_for_prev(c, &r)) c->is_short = true;
    } else if (place(c, &r, &is_changed)) {
        release(c, &r.own, &is_changed);
    } else {
        c->is_short = true;
    }
    free(r.erasure);
    return is_changed;
}

void daf_camp_acts_deinit(struct daf_camp *c)
{
    for (size_t i = 0; i < c->late.cap; i++) {
        struct daf_camp_late *r = c->late.slots[i].item;

        while (r != NULL) {
            struct daf_camp_late *next = r->next;

            free(r->erasure);
            free(r);
            r = next;
        }
    }
    while (c->acts != NULL) {
        struct daf_camp_act *next = c->acts->next;

        free(c->acts);
        c->acts = next;
    }
    daf_camp_table_deinit(&c->steps);
    daf_camp_table_deinit(&c->late);
    daf_camp_table_deinit(&c->revoked);
    daf_camp_table_deinit(&c->erased);
    daf_camp_list_deinit(&c->counting);
}
