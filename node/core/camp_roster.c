/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/camp_impl.h"
#include "proto/hash.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

/* Room for what any body opens to. */
#define PLAIN_BYTES_MAX ((size_t)DAF_BODY_BYTES_MAX)

/* ---- which key has which id */

/* Reserved before.  Of two learners with one key the lower subject id has it. */
static void put_kid(struct daf_camp *c, const struct daf_camp_known *known,
                    struct daf_camp_pupil *pupil, struct daf_camp_gen *gen)
{
    struct daf_key key = pupil == NULL
                             ? daf_body_scope_key(&gen->key)
                             : daf_body_key(&pupil->learner.key, &gen->key);
    struct daf_key_id kid = daf_body_key_id(&key);
    struct daf_camp_key at = daf_camp_table_key(known->id.b, kid.b);
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->kids, &at);
    const struct daf_camp_pupil *held = slot == NULL ? NULL : slot->item;

    sodium_memzero(&key, sizeof(key));
    if (slot == NULL ||
        (held != NULL && pupil != NULL &&
         memcmp(pupil->learner.subject.b, held->learner.subject.b,
                sizeof(held->learner.subject.b)) < 0))
        daf_camp_table_put(&c->kids, &at, pupil, gen);
}

bool daf_camp_add_gen(struct daf_camp *c, struct daf_camp_known *known,
                      const struct daf_camp_gen *gen)
{
    struct daf_camp_gen *own;

    own = malloc(sizeof(*own));
    if (own == NULL ||
        !daf_camp_table_reserve(&c->kids, known->pupils_count + 1)) {
        free(own);
        c->is_short = true;
        return false;
    }
    *own = *gen;
    own->next = known->gens;
    known->gens = own;
    known->gens_count++;
    put_kid(c, known, NULL, own);
    for (struct daf_camp_pupil *p = known->pupils; p != NULL; p = p->next)
        put_kid(c, known, p, own);
    /* Registrations sealed with it may have come before it. */
    known->wants_rescan = known->is_class;
    return true;
}

/* ---- learners */

static int order_roster(const void *a, const void *b)
{
    const struct daf_camp_pupil *x = a, *y = b;
    int order = strcmp(x->known->name, y->known->name);

    if (order == 0) order = strcmp(x->learner.name, y->learner.name);
    if (order == 0)
        order = memcmp(x->learner.subject.b, y->learner.subject.b,
                       sizeof(x->learner.subject.b));
    return order;
}

static struct daf_camp_pupil *find_subject(const struct daf_camp *c,
                                           const struct daf_scope_id *scope,
                                           const struct daf_subject_id *subject)
{
    struct daf_camp_key key = daf_camp_table_key(scope->b, subject->b);
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->subjects, &key);

    return slot == NULL ? NULL : slot->item;
}

/* One subject may be registered with any number of keys, by somebody who means
 * harm: so each (subject, key) is found without walking the others. */
static struct daf_camp_key pupil_key(const struct daf_scope_id *scope,
                                     const struct daf_subject_id *subject,
                                     const struct daf_handle *handle)
{
    uint8_t both[sizeof(subject->b) + sizeof(handle->b)], id[16];

    memcpy(both, subject->b, sizeof(subject->b));
    memcpy(both + sizeof(subject->b), handle->b, sizeof(handle->b));
    daf_hash_128("daf.pupil", (struct daf_view){both, sizeof(both)}, id);
    return daf_camp_table_key(scope->b, id);
}

static bool lower_handle(const struct daf_camp_pupil *a,
                         const struct daf_camp_pupil *b)
{
    return memcmp(a->handle.b, b->handle.b, sizeof(a->handle.b)) < 0;
}

/* Registered again with another name: the lower, and any before none. */
static void rename_pupil(struct daf_camp *c, struct daf_camp_pupil *pupil,
                         bool standing, const char *name)
{
    char *own = pupil->learner.name;

    if (name[0] == '\0' || (own[0] != '\0' && strcmp(own, name) <= 0)) return;
    if (standing) daf_camp_list_remove(&c->roster, pupil, order_roster);
    memcpy(own, name, strlen(name) + 1);
    if (standing) daf_camp_list_insert(&c->roster, pupil, order_roster);
}

/* Reserved before. */
static void place_pupil(struct daf_camp *c, struct daf_camp_known *known,
                        struct daf_camp_pupil *p)
{
    struct daf_camp_key key =
        daf_camp_table_key(known->id.b, p->learner.subject.b);
    struct daf_camp_pupil *first =
        find_subject(c, &known->id, &p->learner.subject);
    struct daf_camp_key own =
        pupil_key(&known->id, &p->learner.subject, &p->handle);

    daf_camp_table_put(&c->pupils, &own, p, NULL);
    if (first != NULL && lower_handle(first, p)) {
        p->other = first->other;
        first->other = p;
    } else {
        if (first != NULL)
            daf_camp_list_remove(&c->roster, first, order_roster);
        p->other = first;
        daf_camp_table_put(&c->subjects, &key, p, NULL);
        daf_camp_list_insert(&c->roster, p, order_roster);
    }
    p->next = known->pupils;
    known->pupils = p;
    known->pupils_count++;
    c->pupils_count++;
    for (struct daf_camp_gen *g = known->gens; g != NULL; g = g->next)
        put_kid(c, known, p, g);
}

static enum daf_err enter(struct daf_camp *c, struct daf_camp_known *known,
                          const struct daf_learner *learner)
{
    struct daf_handle handle = daf_body_handle(&learner->key);
    struct daf_camp_key key = pupil_key(&known->id, &learner->subject, &handle);
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->pupils, &key);
    struct daf_camp_pupil *p;

    if (daf_camp_is_erased(c, &handle)) return DAF_OK;
    if (slot != NULL) {
        p = slot->item;
        assert(p != NULL);
        rename_pupil(c, p, p == find_subject(c, &known->id, &learner->subject),
                     learner->name);
        return DAF_OK;
    }
    if (c->pupils_count >= DAF_CAMP_LEARNERS_MAX) return DAF_ELIMIT;
    if (!daf_camp_table_reserve(&c->subjects, 1) ||
        !daf_camp_table_reserve(&c->pupils, 1) ||
        !daf_camp_table_reserve(&c->kids, known->gens_count) ||
        !daf_camp_list_reserve(&c->roster, 1))
        return DAF_ENOMEM;
    p = calloc(1, sizeof(*p));
    if (p == NULL) return DAF_ENOMEM;
    p->known = known;
    p->handle = handle;
    p->learner = *learner;
    p->learner.scope = known->id;
    place_pupil(c, known, p);
    return DAF_OK;
}

enum daf_err daf_camp_enter(struct daf_camp *c,
                            const struct daf_learner *learner)
{
    struct daf_camp_known *known = daf_camp_find_scope(c, &learner->scope);

    if (known == NULL || !known->is_class) return DAF_ESCOPE;
    return enter(c, known, learner);
}

/* ---- who was erased */

/* The place stays taken: by nobody. */
static void vacate(struct daf_camp *c, struct daf_camp_table *t,
                   const struct daf_camp_key *key)
{
    daf_camp_table_put(t, key, NULL, c);
}

static void unlink_pupil(struct daf_camp_pupil **list,
                         const struct daf_camp_pupil *p)
{
    while (*list != p)
        list = &(*list)->other;
    *list = p->other;
}

/* Out of the list of those who share her subject; who is lowest there stands. */
static void unseat(struct daf_camp *c, struct daf_camp_pupil *p)
{
    struct daf_camp_key key =
        daf_camp_table_key(p->known->id.b, p->learner.subject.b);
    struct daf_camp_pupil *list =
        find_subject(c, &p->known->id, &p->learner.subject);
    struct daf_camp_pupil *next = p->other;

    if (list != p) {
        unlink_pupil(&list, p);
        return;
    }
    daf_camp_list_remove(&c->roster, p, order_roster);
    if (next == NULL) {
        vacate(c, &c->subjects, &key);
        return;
    }
    list = next;
    for (struct daf_camp_pupil *q = list; q != NULL; q = q->other)
        if (lower_handle(q, next)) next = q;
    unlink_pupil(&list, next);
    next->other = list;
    daf_camp_table_put(&c->subjects, &key, next, NULL);
    /* There is room: who left had a place. */
    daf_camp_list_insert(&c->roster, next, order_roster);
}

/* Her keys open nothing any more. */
static void lose_kids(struct daf_camp *c, const struct daf_camp_known *known,
                      const struct daf_camp_pupil *p)
{
    for (struct daf_camp_gen *g = known->gens; g != NULL; g = g->next) {
        struct daf_key key = daf_body_key(&p->learner.key, &g->key);
        struct daf_key_id kid = daf_body_key_id(&key);
        struct daf_camp_key at = daf_camp_table_key(known->id.b, kid.b);

        sodium_memzero(&key, sizeof(key));
        if (daf_camp_table_find(&c->kids, &at) != NULL)
            daf_camp_table_put(&c->kids, &at, &c->nobody, NULL);
    }
}

static void leave_scope(struct daf_camp *c, struct daf_camp_known *known)
{
    struct daf_camp_pupil **at = &known->pupils;

    while (*at != NULL) {
        struct daf_camp_pupil *p = *at;
        struct daf_camp_key own;

        if (!daf_camp_is_erased(c, &p->handle)) {
            at = &p->next;
            continue;
        }
        own = pupil_key(&known->id, &p->learner.subject, &p->handle);
        *at = p->next;
        vacate(c, &c->pupils, &own);
        unseat(c, p);
        lose_kids(c, known, p);
        known->pupils_count--;
        c->pupils_count--;
        sodium_memzero(p, sizeof(*p));
        free(p);
    }
}

void daf_camp_leave(struct daf_camp *c)
{
    for (size_t i = 0; i < c->by_name.count; i++)
        leave_scope(c, c->by_name.items[i]);
}

size_t daf_camp_handles(const struct daf_camp *c,
                        const struct daf_subject_id *subject,
                        struct daf_handle *out, size_t cap)
{
    size_t count = 0;

    for (size_t i = 0; i < c->by_name.count; i++) {
        const struct daf_camp_known *known = c->by_name.items[i];
        const struct daf_camp_pupil *p = find_subject(c, &known->id, subject);

        for (; p != NULL; p = p->other) {
            bool is_known = false;

            for (size_t j = 0; j < count && j < cap; j++)
                is_known |= memcmp(out[j].b, p->handle.b, 16) == 0;
            if (is_known) continue;
            if (count < cap) out[count] = p->handle;
            count++;
        }
    }
    return count;
}

/* ---- registrations */

static void enter_payload(struct daf_camp *c, struct daf_camp_known *known,
                          const struct daf_body *body, struct daf_view payload)
{
    struct daf_learner learner = {0};
    struct daf_registration r;
    struct daf_handle handle;

    if (daf_payload_registration(payload, &r) != DAF_OK) return;
    /* records.md: "erase handle: the subject's".  With another one an erasure
     * would pass it by. */
    handle = daf_body_handle(&r.key);
    if (memcmp(handle.b, body->handle.b, sizeof(handle.b)) == 0) {
        learner.subject = r.subject;
        learner.key = r.key;
        if (r.name.len > 0) memcpy(learner.name, r.name.p, r.name.len);
        if (enter(c, known, &learner) == DAF_ENOMEM) c->is_short = true;
    }
    sodium_memzero(&learner, sizeof(learner));
    sodium_memzero(&r, sizeof(r));
}

/* Sealed to the scope alone (records.md), with a key that is here.  One sealed
 * with a learner's key would open or not by who was registered before. */
static bool can_open(const struct daf_camp *c,
                     const struct daf_camp_known *known,
                     const struct daf_body *body)
{
    struct daf_camp_key at = daf_camp_table_key(known->id.b, body->key_id.b);
    const struct daf_camp_slot *slot;

    if (!body->is_sealed) return false;
    slot = daf_camp_table_find(&c->kids, &at);
    return slot != NULL && slot->item == NULL;
}

void daf_camp_add_registration(struct daf_camp *c, struct daf_camp_known *known,
                               const struct daf_stored *stored)
{
    struct daf_learner nobody;
    struct daf_view aad, name;
    struct daf_record r;
    struct daf_body body;
    uint8_t *plain;
    size_t len;

    if (daf_record_decode(stored->header, &r) != DAF_OK ||
        r.retention != DAF_RETENTION_IDENTITY ||
        daf_body_decode(stored->body, &body) != DAF_OK ||
        !can_open(c, known, &body))
        return;
    plain = malloc(PLAIN_BYTES_MAX);
    if (plain == NULL) {
        c->is_short = true;
        return;
    }
    aad = (struct daf_view){stored->header.p, r.aad_len};
    if (daf_camp_open(c, &known->id, &body, aad, plain, &len, &nobody) ==
        DAF_OK) {
        struct daf_view payload = {plain, len};

        /* protocol.md R12: a type "that the camp's register does not name, is
         * neither written nor read here" */
        if (daf_payload_type(payload, &name) == DAF_TYPE_REGISTRATION &&
            daf_manifest_has_type(c->manifest, name))
            enter_payload(c, known, &body, payload);
        sodium_memzero(plain, len);
    }
    free(plain);
}

/* ---- asking */

static bool parse_subject(struct daf_view hex, struct daf_subject_id *out)
{
    size_t len;

    return hex.len == 2 * sizeof(out->b) &&
           sodium_hex2bin(out->b, sizeof(out->b), (const char *)hex.p, hex.len,
                          NULL, &len, NULL) == 0 &&
           len == sizeof(out->b);
}

/* The first of those called @who in @known; sets how many there are. */
static const struct daf_camp_pupil *find_name(
    const struct daf_camp *c, const struct daf_camp_known *known,
    struct daf_view who, size_t *out_count)
{
    struct daf_camp_pupil probe = {.known = known};
    size_t at, end;

    *out_count = 0;
    if (who.len == 0 || who.len > DAF_NAME_BYTES_MAX) return NULL;
    memcpy(probe.learner.name, who.p, who.len);
    at = daf_camp_list_at(&c->roster, &probe, order_roster);
    for (end = at; end < c->roster.count; end++) {
        const struct daf_camp_pupil *p = c->roster.items[end];

        if (p->known != known ||
            strcmp(p->learner.name, probe.learner.name) != 0)
            break;
    }
    *out_count = end - at;
    return end == at ? NULL : c->roster.items[at];
}

enum daf_err daf_camp_learner(const struct daf_camp *c,
                              const struct daf_scope_id *scope,
                              struct daf_view who, struct daf_learner *out,
                              size_t *out_count)
{
    const struct daf_camp_known *known = daf_camp_find_scope(c, scope);
    const struct daf_camp_pupil *found = NULL;
    struct daf_subject_id subject;
    size_t count = 0;

    if (known != NULL && parse_subject(who, &subject)) {
        found = find_subject(c, scope, &subject);
        count = found == NULL ? 0 : 1;
    }
    if (known != NULL && found == NULL)
        found = find_name(c, known, who, &count);
    if (out_count != NULL) *out_count = count;
    if (found == NULL) return DAF_ENOTFOUND;
    *out = found->learner;
    return DAF_OK;
}

bool daf_camp_learner_at(const struct daf_camp *c, size_t index,
                         struct daf_learner *out)
{
    const struct daf_camp_pupil *pupil;

    if (index >= c->roster.count) return false;
    pupil = c->roster.items[index];
    *out = pupil->learner;
    return true;
}

/* NOLINTNEXTLINE(readability-function-size): body, bytes and learner out */
enum daf_err daf_camp_open(const struct daf_camp *c,
                           const struct daf_scope_id *scope,
                           const struct daf_body *body, struct daf_view aad,
                           uint8_t *out, size_t *out_len,
                           struct daf_learner *out_learner)
{
    struct daf_camp_key at = daf_camp_table_key(scope->b, body->key_id.b);
    const struct daf_camp_pupil *pupil;
    const struct daf_camp_slot *slot;
    const struct daf_camp_gen *gen;
    struct daf_key key;
    enum daf_err err;

    if (!body->is_sealed) return DAF_EBODY;
    slot = daf_camp_table_find(&c->kids, &at);
    if (slot == NULL) return DAF_EKEY;
    pupil = slot->item;
    if (pupil == &c->nobody) return DAF_EKEY;
    gen = slot->with;
    key = pupil == NULL ? daf_body_scope_key(&gen->key)
                        : daf_body_key(&pupil->learner.key, &gen->key);
    err = daf_body_open(body, &key, aad, out, PLAIN_BYTES_MAX, out_len);
    sodium_memzero(&key, sizeof(key));
    if (err != DAF_OK) return DAF_EBODY;
    if (pupil == NULL)
        memset(out_learner, 0, sizeof(*out_learner));
    else
        *out_learner = pupil->learner;
    return DAF_OK;
}
