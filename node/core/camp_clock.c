/* SPDX-License-Identifier: Apache-2.0 */
/* What devices' clocks said and what it was then (docs/records.md §4): for people's
 * eyes.  Nothing in this program may ask here but what shows.
 *
 * What stands does not depend on order: a record that one names is replaced also if
 * it comes later, and of those left the lowest id stands. */
#include "node/core/camp_impl.h"

#include <stdlib.h>

/* Days that somebody may believe: from 2020-01-01, to 2050-12-31. */
#define BELIEVED_FROM_MS UINT64_C(1577836800000)
#define BELIEVED_TO_MS   UINT64_C(2556144000000)

static struct daf_camp_key start_key(const struct daf_author_id *who,
                                     uint64_t boot)
{
    uint8_t bytes[16] = {0};

    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(boot >> (56 - 8 * i));
    return daf_camp_table_key(who->b, bytes);
}

static struct daf_camp_key id_key(const struct daf_record_id *id)
{
    return daf_camp_table_key(id->b, id->b + 16);
}

static bool is_replaced(const struct daf_camp *c,
                        const struct daf_record_id *id)
{
    struct daf_camp_key key = id_key(id);
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->clock_ids, &key);

    return slot != NULL && slot->with != NULL;
}

/* ---- the way in */

static void note_replaced(struct daf_camp *c, const struct daf_record_id *id)
{
    struct daf_camp_key key = id_key(id);
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->clock_ids, &key);

    daf_camp_table_put(&c->clock_ids, &key, slot == NULL ? NULL : slot->item,
                       c);
}

/* Takes @own, whose id is new; room was reserved. */
static void put_clock(struct daf_camp *c, struct daf_camp_clock_node *own)
{
    struct daf_camp_key id = id_key(&own->clock.record);
    struct daf_camp_key start = start_key(&own->who, own->clock.boot);
    const struct daf_camp_slot *of_id = daf_camp_table_find(&c->clock_ids, &id);
    void *replaced = of_id == NULL ? NULL : of_id->with;
    const struct daf_camp_slot *first =
        daf_camp_table_find(&c->clock_starts, &start);

    own->next = first == NULL ? NULL : first->item;
    daf_camp_table_put(&c->clock_starts, &start, own, NULL);
    daf_camp_table_put(&c->clock_ids, &id, own, replaced);
    own->owned_next = c->clocks;
    c->clocks = own;
}

void daf_camp_add_clock(struct daf_camp *c, const struct daf_spot *spot,
                        struct daf_view payload)
{
    struct daf_camp_key key = id_key(&spot->id);
    const struct daf_camp_slot *held = daf_camp_table_find(&c->clock_ids, &key);
    struct daf_camp_clock_node *own;
    struct daf_clock_fix fix;
    struct daf_view name;

    (void)daf_payload_type(payload, &name);
    /* R12: what the register does not name is not read. */
    if (!daf_manifest_has_type(c->manifest, name) ||
        daf_payload_clock(payload, &fix) != DAF_OK ||
        (held != NULL && held->item != NULL))
        return;
    own = fix.has_value ? calloc(1, sizeof(*own)) : NULL;
    if ((fix.has_value && own == NULL) ||
        !daf_camp_table_reserve(&c->clock_ids, fix.replaces_count + 1) ||
        !daf_camp_table_reserve(&c->clock_starts, 1)) {
        free(own);
        c->is_short = true;
        return;
    }
    for (size_t i = 0; i < fix.replaces_count; i++)
        note_replaced(c, &fix.replaces[i]);
    if (own == NULL) return;
    own->who = fix.who;
    own->clock = (struct daf_camp_clock){spot->id, fix.boot, fix.claimed_ms,
                                         fix.real_ms};
    put_clock(c, own);
}

void daf_camp_clocks_deinit(struct daf_camp *c)
{
    while (c->clocks != NULL) {
        struct daf_camp_clock_node *next = c->clocks->owned_next;

        free(c->clocks);
        c->clocks = next;
    }
    daf_camp_table_deinit(&c->clock_starts);
    daf_camp_table_deinit(&c->clock_ids);
}

/* ---- what is shown */

bool daf_camp_clock(const struct daf_camp *c, const struct daf_author_id *who,
                    uint64_t boot, const struct daf_record_id *above,
                    struct daf_camp_clock *out)
{
    struct daf_camp_key key = start_key(who, boot);
    const struct daf_camp_slot *slot =
        daf_camp_table_find(&c->clock_starts, &key);
    const struct daf_camp_clock *best = NULL;

    if (slot == NULL) return false;
    for (const struct daf_camp_clock_node *n = slot->item; n != NULL;
         n = n->next) {
        const struct daf_record_id *id = &n->clock.record;

        if ((above != NULL && memcmp(id->b, above->b, sizeof(id->b)) <= 0) ||
            (best != NULL &&
             memcmp(id->b, best->record.b, sizeof(id->b)) > 0) ||
            is_replaced(c, id))
            continue;
        best = &n->clock;
    }
    if (best != NULL) *out = *best;
    return best != NULL;
}

/* @ms moved by what the clock was wrong by; what would leave the range stops at
 * its end. */
static uint64_t shifted(uint64_t ms, const struct daf_camp_clock *by)
{
    uint64_t far;

    if (by->real_ms >= by->claimed_ms) {
        far = by->real_ms - by->claimed_ms;
        return far > DAF_INT_MAX - ms ? DAF_INT_MAX : ms + far;
    }
    far = by->claimed_ms - by->real_ms;
    return far > ms ? 0 : ms - far;
}

struct daf_shown daf_camp_shown(const struct daf_camp *c,
                                const struct daf_record *r)
{
    struct daf_shown shown = {.ms = r->claimed_ms};
    struct daf_camp_clock clock;

    shown.is_corrected =
        daf_camp_clock(c, &r->log.author, r->boot, NULL, &clock);
    if (shown.is_corrected) shown.ms = shifted(r->claimed_ms, &clock);
    shown.is_doubtful =
        (r->time_quality == DAF_TIME_UNSET && !shown.is_corrected) ||
        shown.ms < BELIEVED_FROM_MS || shown.ms >= BELIEVED_TO_MS;
    return shown;
}
