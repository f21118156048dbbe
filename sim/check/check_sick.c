/* SPDX-License-Identifier: Apache-2.0 */
/* Cards that forget: bytes that changed, disks that lied. */
#include <string.h>

#include "sim/check/check_impl.h"
#include "sim/check/proof.h"

void daf_check_sick(struct daf_check *c, uint32_t device,
                    enum daf_check_sick why)
{
    struct daf_check_card *card = &c->cards[device];

    card->sick |= why;
    c->people[card->person].is_mended = true;
    daf_check_map_free(&card->perhaps);
}

unsigned daf_check_why(const struct daf_check *c, uint32_t device)
{
    return c->cards[device].sick;
}

bool daf_check_was_sick(const struct daf_check *c)
{
    bool was = false;

    for (uint32_t i = 0; i < c->devices; i++)
        was |= c->people[i].is_mended;
    return was;
}

/* ---- what is on it now */

struct look {
    struct daf_check *c;
    uint32_t device;
    bool was_damaged;
    struct daf_check_map held;
    uint64_t left; /* of what was held */
};

/* Its own may be of a batch in which power went.  A record that was dropped, because
 * nobody signed it, may come back out of a damaged file: it is put down as unchecked,
 * and goes again. */
static void check_maker(struct look *l, const struct daf_row *row,
                        const struct daf_proof_header *h)
{
    const struct daf_check_person *p = daf_check_person(l->c, &h->log.author);
    uint64_t key = daf_check_key(&h->id);

    if (p == NULL || memcmp(&h->log, &row->log, sizeof h->log) != 0) {
        daf_check_fail(l->c, l->device,
                       "after it was mended a record is where it never was");
        return;
    }
    if (p->is_hostile || daf_check_map_find(&l->c->made, key) != NULL) return;
    bool is_own = p == &l->c->people[l->c->cards[l->device].person];
    bool is_signed = daf_proof_signed(row->stored.header, &p->pk);
    if (is_own && is_signed)
        daf_check_map_set(l->c, &l->c->made, key, 1);
    else if (!l->was_damaged || is_signed)
        daf_check_fail(l->c, l->device,
                       "after it was mended it holds record %llu of an author "
                       "who never made it",
                       (unsigned long long)h->seq);
}

static bool look_row(void *ctx, const struct daf_row *row)
{
    struct look *l = ctx;
    const struct daf_spot *spot = &row->stored.spot;
    bool has_body = row->stored.body_state == DAF_BODY_HELD;
    struct daf_proof_header h;

    if (!daf_proof_read(row->stored.header, &h) || h.seq != spot->seq ||
        memcmp(&h.id, &spot->id, sizeof h.id) != 0 ||
        (has_body && !daf_proof_body(&h, row->stored.body))) {
        daf_check_fail(l->c, l->device,
                       "it was looked through, and record %llu on its card is "
                       "none",
                       (unsigned long long)spot->seq);
        return false;
    }
    check_maker(l, row, &h);
    uint64_t key = daf_check_key(&h.id);
    l->left += daf_check_map_find(&l->c->cards[l->device].held, key) != NULL;
    if (h.has_prev)
        daf_check_map_set(l->c, &l->c->prevs, key, daf_check_key(&h.prev));
    daf_check_map_set(l->c, &l->held, key,
                      has_body ? DAF_CHECK_BODY : DAF_CHECK_HEADER);
    return true;
}

uint64_t daf_check_cured(struct daf_check *c, uint32_t device, bool was_damaged)
{
    struct daf_check_card *card = &c->cards[device];
    struct look l = {.c = c, .device = device, .was_damaged = was_damaged};

    for (size_t i = 0; i < DAF_FLEET_SCOPES; i++)
        if (daf_notebook_scan(daf_fleet_notebook(c->fleet, device),
                              &c->scopes[i], -1, look_row, &l) != DAF_OK)
            daf_check_fail(c, device,
                           "it was looked through, and cannot be read");
    uint64_t lost = card->held.count - l.left;
    if (lost > 0 && !was_damaged && card->sick == DAF_CHECK_ROT)
        daf_check_fail(c, device, "rot took %llu records, and nobody finds it",
                       (unsigned long long)lost);
    daf_check_map_free(&card->held);
    card->held = l.held;
    card->sick = 0;
    card->is_lacking |= was_damaged;
    daf_check_card(c, device);
    return lost;
}
