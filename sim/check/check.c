/* SPDX-License-Identifier: Apache-2.0 */
/* The ledger: what comes to honest cards, and what goes. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/check/check_impl.h"
#include "sim/check/proof.h"
#include "sim/core/chance.h"

/* ---- maps */

uint64_t daf_check_mix(uint64_t a, uint64_t b)
{
    uint64_t out = daf_chance_mix(a ^ daf_chance_mix(b + 1));

    return out == 0 ? 1 : out;
}

uint64_t daf_check_key(const struct daf_record_id *id)
{
    uint64_t out;

    memcpy(&out, id->b, sizeof out);
    return daf_check_mix(out, 0);
}

static size_t place_of(const struct daf_check_map *map, uint64_t key)
{
    size_t at = key & (map->size - 1);

    while (map->places[at].key != 0 && map->places[at].key != key)
        at = (at + 1) & (map->size - 1);
    return at;
}

uint64_t *daf_check_map_find(const struct daf_check_map *map, uint64_t key)
{
    if (map->size == 0) return NULL;
    size_t at = place_of(map, key);
    return map->places[at].key == key ? &map->places[at].value : NULL;
}

static bool grow(struct daf_check_map *map)
{
    struct daf_check_map more = {.size = map->size == 0 ? 64 : map->size * 2};

    more.places = calloc(more.size, sizeof *more.places);
    if (more.places == NULL) return false;
    for (size_t i = 0; i < map->size; i++)
        if (map->places[i].key != 0)
            more.places[place_of(&more, map->places[i].key)] = map->places[i];
    more.count = map->count;
    free(map->places);
    *map = more;
    return true;
}

void daf_check_map_set(struct daf_check *c, struct daf_check_map *map,
                       uint64_t key, uint64_t value)
{
    if (map->count * 2 >= map->size && !grow(map)) {
        c->out_of_memory = true;
        return;
    }
    size_t at = place_of(map, key);
    map->count += map->places[at].key == 0;
    map->places[at].key = key;
    map->places[at].value = value;
}

/* Those behind it in its row are put anew. */
void daf_check_map_remove(struct daf_check_map *map, uint64_t key)
{
    if (daf_check_map_find(map, key) == NULL) return;
    size_t at = place_of(map, key);
    map->places[at].key = 0;
    map->count--;
    for (size_t i = (at + 1) & (map->size - 1); map->places[i].key != 0;
         i = (i + 1) & (map->size - 1)) {
        uint64_t moved = map->places[i].key;
        uint64_t value = map->places[i].value;
        map->places[i].key = 0;
        size_t to = place_of(map, moved);
        map->places[to].key = moved;
        map->places[to].value = value;
    }
}

void daf_check_map_free(struct daf_check_map *map)
{
    free(map->places);
    *map = (struct daf_check_map){.places = NULL};
}

/* ---- life */

enum daf_err daf_check_new(struct daf_engine *e, uint32_t devices,
                           struct daf_check **out)
{
    struct daf_check *c = calloc(1, sizeof *c);

    if (c == NULL) return DAF_ENOMEM;
    c->engine = e;
    c->devices = devices;
    c->people = calloc(devices, sizeof *c->people);
    c->cards = calloc(devices, sizeof *c->cards);
    if (c->people == NULL || c->cards == NULL) {
        daf_check_free(c);
        return DAF_ENOMEM;
    }
    *out = c;
    return DAF_OK;
}

void daf_check_free(struct daf_check *c)
{
    if (c == NULL) return;
    for (uint32_t i = 0; c->cards != NULL && i < c->devices; i++) {
        daf_check_map_free(&c->cards[i].held);
        daf_check_map_free(&c->cards[i].perhaps);
    }
    daf_check_map_free(&c->made);
    daf_check_map_free(&c->prevs);
    daf_check_map_free(&c->heads);
    daf_check_map_free(&c->bad);
    daf_check_map_free(&c->sent);
    free(c->people);
    free(c->cards);
    free(c);
}

void daf_check_hostile(struct daf_check *c, uint32_t device)
{
    c->people[device].is_hostile = true;
}

struct beginning {
    struct daf_check *c;
    uint32_t device;
};

static bool begin_row(void *ctx, const struct daf_row *row)
{
    const struct beginning *b = ctx;
    uint64_t key = daf_check_key(&row->stored.spot.id);
    struct daf_proof_header h;

    daf_check_map_set(b->c, &b->c->cards[b->device].held, key, DAF_CHECK_BODY);
    daf_check_map_set(b->c, &b->c->made, key, 1);
    if (!daf_proof_read(row->stored.header, &h)) return true;
    daf_check_map_set(b->c, &b->c->heads, daf_check_place(b->c, &h.log, h.seq),
                      key);
    if (h.has_prev)
        daf_check_map_set(b->c, &b->c->prevs, key, daf_check_key(&h.prev));
    return true;
}

void daf_check_begin(struct daf_check *c, struct daf_fleet *f)
{
    struct daf_fleet_who who;

    c->fleet = f;
    daf_fleet_scopes(f, c->scopes);
    for (uint32_t i = 0; i < c->devices; i++) {
        struct beginning b = {c, i};
        daf_fleet_who(f, i, &who);
        c->people[i].author = who.author;
        c->people[i].pk = who.keys->sign;
        c->people[i].is_coordinator = i == 0;
        c->cards[i].person = i;
        if (daf_notebook_scan(daf_fleet_notebook(f, i), &c->scopes[0], -1,
                              begin_row, &b) != DAF_OK)
            daf_check_fail(c, i, "its control cannot be read");
    }
}

const char *daf_check_broken(const struct daf_check *c)
{
    if (c->broken[0] != '\0') return c->broken;
    return c->out_of_memory ? "the checker had no memory" : NULL;
}

void daf_check_fail(struct daf_check *c, uint32_t device, const char *format,
                    ...)
{
    va_list args;
    int at;

    if (c->broken[0] != '\0') return;
    double s = (double)daf_engine_now(c->engine) / (double)DAF_SIM_S;
    if (device == DAF_CHECK_NOBODY)
        at = snprintf(c->broken, sizeof c->broken, "%.6f s: ", s);
    else
        at = snprintf(c->broken, sizeof c->broken, "%.6f s, device %u: ", s,
                      (unsigned)device);
    va_start(args, format);
    (void)vsnprintf(c->broken + at, sizeof c->broken - (size_t)at, format,
                    args);
    va_end(args);
}

void daf_check_met(struct daf_check *c, enum daf_sometimes what)
{
    c->sometimes |= UINT64_C(1) << what;
}

uint64_t daf_check_sometimes(const struct daf_check *c)
{
    return c->sometimes;
}

const struct daf_check_person *daf_check_person(
    const struct daf_check *c, const struct daf_author_id *author)
{
    for (uint32_t i = 0; i < c->devices; i++)
        if (memcmp(&c->people[i].author, author, sizeof *author) == 0)
            return &c->people[i];
    return NULL;
}

bool daf_check_is_hostile(const struct daf_check *c, uint32_t device)
{
    return c->people[c->cards[device].person].is_hostile;
}

size_t daf_check_scope(const struct daf_check *c,
                       const struct daf_scope_id *scope)
{
    size_t i = 0;

    while (i < DAF_FLEET_SCOPES &&
           memcmp(&c->scopes[i], scope, sizeof *scope) != 0)
        i++;
    return i;
}

uint64_t daf_check_place(const struct daf_check *c,
                         const struct daf_log_key *log, uint64_t seq)
{
    uint64_t which;

    memcpy(&which, log->author.b, sizeof which);
    which ^= log->incarnation + daf_check_scope(c, &log->scope);
    return daf_check_mix(which, seq);
}

/* ---- cards change hands */

void daf_check_swapped(struct daf_check *c, uint32_t a, uint32_t b)
{
    struct daf_check_card card = c->cards[a];

    c->cards[a] = c->cards[b];
    c->cards[b] = card;
    daf_check_met(c, DAF_SOMETIMES_SWAPPED);
}

void daf_check_cloned(struct daf_check *c, uint32_t from, uint32_t to)
{
    const struct daf_check_map *held = &c->cards[from].held;

    daf_check_map_free(&c->cards[to].held);
    c->cards[to].person = c->cards[from].person;
    c->people[c->cards[from].person].is_cloned = true;
    for (size_t i = 0; i < held->size; i++)
        if (held->places[i].key != 0)
            daf_check_map_set(c, &c->cards[to].held, held->places[i].key,
                              held->places[i].value);
    daf_check_met(c, DAF_SOMETIMES_CLONED);
}

/* ---- what comes */

/* docs/protocol.md R7, of the certificates of fleet_camp.c */
static bool has_right(const struct daf_check_person *p, size_t scope)
{
    return scope < DAF_FLEET_SCOPES && (p->is_coordinator || scope >= 2);
}

/* Sealed, but in control and catalog (R13). */
static bool has_form(struct daf_view body, size_t scope)
{
    return body.len > 2 && (scope < 2 ? body.p[0] == 0x92 && body.p[1] == 0
                                      : body.p[0] == 0x95 && body.p[1] == 1);
}

/* It is an honest person's: she made it, once. */
static void check_maker(struct daf_check *c, uint32_t device,
                        const struct daf_check_person *p,
                        const struct daf_proof_header *h,
                        struct daf_view header)
{
    uint64_t key = daf_check_key(&h->id);
    uint64_t where = daf_check_place(c, &h->log, h->seq);

    if (p == &c->people[c->cards[device].person]) {
        const uint64_t *other = daf_check_map_find(&c->heads, where);
        if (other != NULL && *other != key && (p->is_cloned || p->is_mended))
            daf_check_met(c, DAF_SOMETIMES_FORKED);
        else if (other != NULL && *other != key)
            daf_check_fail(c, device,
                           "it wrote record %llu of its own log twice",
                           (unsigned long long)h->seq);
        daf_check_map_set(c, &c->made, key, 1);
        daf_check_map_set(c, &c->heads, where, key);
    } else if (p->is_mended && daf_proof_signed(header, &p->pk)) {
        /* Perhaps of a batch in which power went, on a card nobody looked at. */
        daf_check_map_set(c, &c->made, key, 1);
    } else if (daf_check_map_find(&c->made, key) == NULL) {
        daf_check_fail(c, device,
                       "it kept record %llu of an author who never made it",
                       (unsigned long long)h->seq);
    }
}

static void check_record(struct daf_check *c, uint32_t device,
                         const struct daf_proof_header *h,
                         struct daf_view header, bool is_unchecked)
{
    const struct daf_check_person *p = daf_check_person(c, &h->log.author);
    size_t scope = daf_check_scope(c, &h->log.scope);

    if (p == NULL) {
        daf_check_fail(c, device, "it kept a record of nobody of this camp");
        return;
    }
    if (!has_right(p, scope))
        daf_check_fail(c, device,
                       "it kept a record whose author had no right (scope %u)",
                       (unsigned)scope);
    if (!is_unchecked && !daf_proof_signed(header, &p->pk))
        daf_check_fail(c, device,
                       "it kept record %llu, which its author did not sign",
                       (unsigned long long)h->seq);
    if (!p->is_hostile) check_maker(c, device, p, h, header);
}

void daf_check_kept(struct daf_check *c, uint32_t device,
                    const struct daf_record *r, struct daf_view header,
                    enum daf_body_state state, struct daf_view body,
                    enum daf_put what, bool is_unchecked)
{
    struct daf_check_map *held = &c->cards[device].held;
    struct daf_proof_header h;

    if (daf_check_is_hostile(c, device)) return;
    if (what == DAF_PUT_DEFERRED) daf_check_met(c, DAF_SOMETIMES_DEFERRED);
    if (what == DAF_PUT_BODY) daf_check_met(c, DAF_SOMETIMES_BODY_LATE);
    if (is_unchecked) daf_check_met(c, DAF_SOMETIMES_UNCHECKED);
    if (what == DAF_PUT_DEFERRED) return;
    if (!daf_proof_read(header, &h) || h.seq != r->seq ||
        memcmp(&h.id, &r->id, sizeof h.id) != 0) {
        daf_check_fail(c, device, "it kept what is no header");
        return;
    }
    /* To a header that is held only its body comes, and a mending puts all down as
     * unchecked. */
    check_record(c, device, &h, header,
                 is_unchecked ||
                     (what != DAF_PUT_NEW && c->cards[device].is_lacking));
    if (state == DAF_BODY_HELD &&
        (!daf_proof_body(&h, body) ||
         !has_form(body, daf_check_scope(c, &h.log.scope))))
        daf_check_fail(c, device, "it kept a body that is not its header's");
    uint64_t key = daf_check_key(&h.id);
    const uint64_t *was = daf_check_map_find(held, key);
    bool has_body =
        state == DAF_BODY_HELD || (was != NULL && *was == DAF_CHECK_BODY);
    if (h.has_prev)
        daf_check_map_set(c, &c->prevs, key, daf_check_key(&h.prev));
    daf_check_map_set(c, held, key,
                      has_body ? DAF_CHECK_BODY : DAF_CHECK_HEADER);
}

/* ---- what goes */

void daf_check_drops(struct daf_check *c, uint32_t device,
                     const struct daf_log_key *log, const struct daf_spot *spot)
{
    const struct daf_index *index =
        daf_notebook_index(daf_fleet_notebook(c->fleet, device));
    const struct daf_check_person *p = daf_check_person(c, &log->author);
    struct daf_stored stored;

    if (daf_check_is_hostile(c, device) || p == NULL ||
        index->get(index->ctx, log, spot, &stored) != DAF_OK)
        return;
    if (daf_proof_signed(stored.header, &p->pk))
        daf_check_fail(c, device,
                       "it drops record %llu, which its author signed",
                       (unsigned long long)spot->seq);
}

void daf_check_dropped(struct daf_check *c, uint32_t device,
                       const struct daf_spot *spot)
{
    daf_check_map_remove(&c->cards[device].held, daf_check_key(&spot->id));
    daf_check_map_set(c, &c->bad, daf_check_key(&spot->id), 1);
    daf_check_met(c, DAF_SOMETIMES_DROPPED);
}

void daf_check_perhaps(struct daf_check *c, uint32_t device,
                       const struct daf_log_key *log,
                       const struct daf_spot *spot, bool is_drop)
{
    struct daf_check_card *card = &c->cards[device];
    uint64_t key = daf_check_key(&spot->id);
    const uint64_t *held = daf_check_map_find(&card->held, key);
    const struct daf_check_person *p = daf_check_person(c, &log->author);

    if (daf_check_is_hostile(c, device) || card->sick != 0) return;
    /* What a hostile author has made may come to nothing in any batch; so may the
     * body of what is held. */
    if (is_drop)
        daf_check_map_set(c, &card->perhaps, key, 0);
    else if (held == NULL && p != NULL && !p->is_hostile)
        daf_check_map_set(c, &card->perhaps, key, 1);
    else if (held == NULL || *held == DAF_CHECK_HEADER)
        daf_check_map_set(c, &card->perhaps, key, 2);
}

void daf_check_torn(const struct daf_check *c, uint64_t *kept, uint64_t *lost)
{
    *kept = c->torn_kept;
    *lost = c->torn_lost;
}

/* ---- what a person is told */

void daf_check_wrote(struct daf_check *c, uint32_t device, enum daf_err err,
                     uint64_t seq)
{
    const struct daf_check_card *card = &c->cards[device];
    struct daf_fleet_who who;
    uint64_t log;

    if (err != DAF_OK) daf_check_met(c, DAF_SOMETIMES_WRITE_REFUSED);
    if (err != DAF_OK || daf_check_is_hostile(c, device)) return;
    daf_fleet_who(c->fleet, device, &who);
    memcpy(&log, who.author.b, sizeof log);
    log ^= who.incarnation + 3; /* the class */
    const uint64_t *key =
        daf_check_map_find(&c->heads, daf_check_mix(log, seq));
    const uint64_t *held =
        key == NULL ? NULL : daf_check_map_find(&card->held, *key);
    if (held == NULL || *held != DAF_CHECK_BODY)
        daf_check_fail(c, device,
                       "a person was told that record %llu is kept, and it is "
                       "not",
                       (unsigned long long)seq);
}
