/* SPDX-License-Identifier: Apache-2.0 */
/* How far an act has come (docs/protocol.md R118, R119): what devices say that they
 * have applied, and whether that covers an act.
 *
 * A device names the last acts that count of each log and branch; all before them
 * in their branch are meant as well.  Ids that are not known here cover nothing. */
#include "node/core/camp_impl.h"

#include <stdlib.h>

#define TIP_BYTES  34               /* a bin32 */
#define LOG_BYTES  (1 + 17 + 9 + 3) /* what stands before the tips */
#define HEAD_BYTES DAF_PACK_HEAD_BYTES_MAX

int daf_camp_order_acts(const void *a, const void *b)
{
    const struct daf_camp_act *x = a, *y = b;
    int order = memcmp(x->log.author.b, y->log.author.b, 16);

    if (order != 0) return order;
    if (x->log.incarnation != y->log.incarnation)
        return x->log.incarnation < y->log.incarnation ? -1 : 1;
    return memcmp(x->spot.id.b, y->spot.id.b, sizeof(x->spot.id.b));
}

bool daf_camp_act_at(const struct daf_camp *c, size_t index,
                     struct daf_camp_act_info *out)
{
    const struct daf_camp_act *act;

    if (index >= c->counting.count) return false;
    act = c->counting.items[index];
    *out = (struct daf_camp_act_info){.log = act->log,
                                      .spot = act->spot,
                                      .handles = act->handles,
                                      .is_revocation = act->is_revocation,
                                      .who = act->who};
    return true;
}

/* The nearest one before that counts; NULL if there is none. */
static const struct daf_camp_act *counting_before(
    const struct daf_camp_act *act)
{
    do
        act = act->before;
    while (act != NULL && !act->is_counting);
    return act;
}

/* ---- what we say */

static bool same_log(const struct daf_camp_act *a, const struct daf_camp_act *b)
{
    return a->log.incarnation == b->log.incarnation &&
           memcmp(a->log.author.b, b->log.author.b, 16) == 0;
}

/* The log of the act at *@at, which is left behind its last. */
static bool pack_log(const struct daf_camp *c, const bool *is_inner, size_t *at,
                     struct daf_pack *k)
{
    const struct daf_camp_act *first = c->counting.items[*at];
    size_t end = *at, mark, count = 0;

    while (end < c->counting.count && same_log(first, c->counting.items[end])) {
        count += !is_inner[end];
        end++;
    }
    /* Before what does not fit is named in part: none of it. */
    if (!daf_pack_fits(k, LOG_BYTES + count * TIP_BYTES + HEAD_BYTES)) {
        *at = end;
        return false;
    }
    daf_pack_array(k, 3);
    daf_pack_bin(k, first->log.author.b, sizeof(first->log.author.b));
    daf_pack_uint(k, first->log.incarnation);
    mark = daf_pack_open(k);
    for (size_t i = *at; i < end; i++) {
        const struct daf_camp_act *act = c->counting.items[i];

        if (!is_inner[i])
            daf_pack_bin(k, act->spot.id.b, sizeof(act->spot.id.b));
    }
    daf_pack_close(k, mark, count);
    *at = end;
    return true;
}

bool daf_camp_pack_applied(const struct daf_camp *c, struct daf_pack *k)
{
    size_t count = c->counting.count, logs = 0, mark;
    bool *is_inner = calloc(count + 1, sizeof(*is_inner));

    if (is_inner == NULL) return false;
    for (size_t i = 0; i < count; i++) {
        const struct daf_camp_act *before =
            counting_before(c->counting.items[i]);

        if (before != NULL)
            is_inner[daf_camp_list_at(&c->counting, before,
                                      daf_camp_order_acts)] = true;
    }
    mark = daf_pack_open(k);
    for (size_t at = 0; at < count;)
        logs += pack_log(c, is_inner, &at, k);
    daf_pack_close(k, mark, logs);
    free(is_inner);
    return true;
}

/* ---- what others say */

static const struct daf_camp_act *find(const struct daf_camp *c,
                                       const struct daf_camp_act *probe)
{
    size_t at = daf_camp_list_at(&c->counting, probe, daf_camp_order_acts);

    if (at == c->counting.count ||
        daf_camp_order_acts(c->counting.items[at], probe) != 0)
        return NULL;
    return c->counting.items[at];
}

/* Whether one of the tips that follow is @act, or comes after it. */
static bool is_below(const struct daf_camp *c, struct daf_cursor *in,
                     struct daf_camp_act *probe, const struct daf_camp_act *act)
{
    size_t count = daf_cursor_array(in, DAF_STATEMENT_OTHER_BYTES_MAX);
    bool is = false;

    for (size_t i = 0; i < count && daf_cursor_ok(in); i++) {
        const struct daf_camp_act *tip;

        daf_cursor_bin_into(in, probe->spot.id.b, sizeof(probe->spot.id.b));
        if (is || !daf_cursor_ok(in) || !same_log(probe, act)) continue;
        for (tip = find(c, probe); tip != NULL && tip != act;)
            tip = tip->before;
        is = tip == act;
    }
    return is;
}

bool daf_camp_covers(const struct daf_camp *c, struct daf_view applied,
                     size_t index)
{
    const struct daf_camp_act *act = c->counting.items[index];
    struct daf_camp_act probe = {.acts = 0};
    struct daf_cursor in;
    bool is = false;
    size_t logs;

    daf_cursor_init(&in, applied);
    logs = daf_cursor_array(&in, DAF_STATEMENT_OTHER_BYTES_MAX);
    for (size_t i = 0; i < logs && daf_cursor_ok(&in); i++) {
        daf_cursor_array_of(&in, 3);
        daf_cursor_bin_into(&in, probe.log.author.b,
                            sizeof(probe.log.author.b));
        probe.log.incarnation = daf_cursor_uint(&in, UINT64_MAX);
        is |= is_below(c, &in, &probe, act);
    }
    return is && daf_cursor_done(&in);
}
