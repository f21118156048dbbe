/* SPDX-License-Identifier: Apache-2.0 */
/* Who shares an air, and who is served first there (docs/content.md R69, R70).
 *
 * Behind an access point one sends at a time.  Served all at once, forty tablets
 * are all at a half when the lesson ends; served two at a time, twenty are done.
 * So at each device there is a line for each air of its peers; or, if the device
 * is on an air itself, one for all, since then all that it sends takes that.  Two,
 * not one, as one alone leaves the air idle while it waits for its disk; of the two
 * the first has three bytes for each of the second's, so that they do not end both
 * at once, and late. */
#include "node/core/agent_impl.h"

#define SERVED_MAX 2
#define IDLE_MS    2000 /* it asks for nothing: the next one */
#define TELL_MS    1000 /* R70: "at most once a second" */
/* It has had twice all that it seeks, and so much for what it lost again. */
#define MUCH ((uint64_t)64 * 1024 * 1024)
/* Who takes less than that in a minute lets others go first. */
#define SLOW_MS 60000
#define SLOW    16 /* bytes a ms */
/* The first is sent so many bytes for each of the second's, unless it paused. */
#define SHARE      3
#define PAUSE_MS   1000
#define CREDIT_MAX ((uint64_t)1024 * 1024)

/* ---- air */

static bool same_air(const struct daf_air *x, const struct daf_air *y)
{
    return x->kind == y->kind && (x->kind != DAF_AIR_RADIO ||
                                  memcmp(x->id, y->id, sizeof(x->id)) == 0);
}

bool daf_agent_air_is_ours(const struct daf_agent *a, const struct daf_conn *c)
{
    return a->air.kind == DAF_AIR_RADIO && same_air(&a->air, &c->air);
}

void daf_agent_air_tell(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_air_told told = {.is_radio = a->air.kind == DAF_AIR_RADIO};
    uint8_t room[16];
    struct daf_pack k;

    if (c->is_closed || c->session == NULL || c->air_told == a->air_number ||
        daf_session_state(c->session) != DAF_SESSION_OPEN)
        return;
    c->air_told = a->air_number;
    memcpy(told.id, a->air.id, sizeof(told.id));
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_air(&k, &told);
    daf_agent_conn_send(a, c, daf_pack_view(&k));
}

static void note_change(struct daf_agent *a)
{
    a->is_line_new = a->is_audience_new = true;
    daf_agent_offers_recount(a);
}

void daf_agent_air(struct daf_agent *a, const struct daf_air *air)
{
    if (same_air(&a->air, air)) return;
    a->air = *air;
    a->air_number++;
    for (size_t i = 0; i < a->conns_count; i++)
        daf_agent_air_tell(a, a->conns[i]);
    note_change(a);
}

void daf_agent_air_hear(struct daf_agent *a, struct daf_conn *c,
                        const struct daf_air_told *told)
{
    struct daf_air air = {.kind =
                              told->is_radio ? DAF_AIR_RADIO : DAF_AIR_CABLE};

    if (told->is_radio) memcpy(air.id, told->id, sizeof(air.id));
    if (same_air(&c->air, &air)) return;
    c->air = air;
    note_change(a);
}

/* ---- the lines */

static bool is_limited(const struct daf_agent *a, const struct daf_conn *c)
{
    return a->config.swarm != DAF_SWARM_FAIR_SHARE &&
           (a->air.kind == DAF_AIR_RADIO || c->air.kind == DAF_AIR_RADIO);
}

static bool one_line(const struct daf_agent *a, const struct daf_conn *x,
                     const struct daf_conn *y)
{
    return a->air.kind == DAF_AIR_RADIO || same_air(&x->air, &y->air);
}

static bool stands(const struct daf_conn *c, enum daf_turn turn)
{
    return !c->is_closed && c->swap != NULL && c->swap->turn == turn;
}

/* How many of @c's line stand so; of those that wait, before @c only. */
static uint32_t count_in_line(const struct daf_agent *a,
                              const struct daf_conn *c, enum daf_turn turn)
{
    uint32_t count = 0;

    for (size_t i = 0; i < a->conns_count; i++) {
        const struct daf_conn *x = a->conns[i];

        if (x == c || !stands(x, turn) || !is_limited(a, x) ||
            !one_line(a, x, c))
            continue;
        if (turn == DAF_TURN_WAITS &&
            (x->swap->turn_at.ms > c->swap->turn_at.ms ||
             (x->swap->turn_at.ms == c->swap->turn_at.ms && x->id > c->id)))
            continue;
        count++;
    }
    return count;
}

static void tell_place(struct daf_agent *a, struct daf_conn *c, uint32_t place)
{
    uint8_t room[16];
    struct daf_pack k;

    if (place > DAF_TURN_MAX) place = DAF_TURN_MAX;
    c->swap->place_told = place;
    c->swap->place_at = a->now;
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_turn(&k, place);
    daf_agent_conn_send(a, c, daf_pack_view(&k));
}

static void serve(struct daf_agent *a, struct daf_swap *s)
{
    s->turn = DAF_TURN_SERVED;
    s->turn_at = s->turn_since = a->now;
    s->turn_bytes = s->turn_credit = 0;
}

static void wait(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_swap *s = c->swap;

    s->turn = DAF_TURN_WAITS;
    s->turn_at = a->now;
    s->wishes_count = s->is_reading ? 1 : 0; /* that one is at the disk */
    tell_place(a, c, 1 + count_in_line(a, c, DAF_TURN_WAITS));
}

/* It goes on fetching what it must have long since, or hardly fetches: a broken
 * device, or one that wants the line for itself. */
static bool had_enough(struct daf_agent *a, const struct daf_swap *s)
{
    uint64_t bytes = MUCH, ms = a->now.ms - s->turn_since.ms;

    if (ms >= SLOW_MS && s->turn_bytes < ms * SLOW) return true;
    if (s->turn_bytes < MUCH) return false;
    for (size_t i = 0; i < s->seeks_count; i++) {
        const struct daf_shelved *item = daf_agent_item(a, &s->seeks[i]);

        if (item != NULL) bytes += 2 * (uint64_t)item->parts * item->part_bytes;
    }
    return s->turn_bytes > bytes;
}

bool daf_agent_turns_may(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_swap *s = c->swap;

    if (!is_limited(a, c)) return true;
    if (s->turn == DAF_TURN_SERVED) {
        s->turn_at = a->now;
        if (!had_enough(a, s)) return true;
        s->turn = DAF_TURN_NONE;
        a->is_line_new = true;
    }
    if (s->turn == DAF_TURN_WAITS) {
        if (a->now.ms >= s->place_at.ms + TELL_MS)
            tell_place(a, c, 1 + count_in_line(a, c, DAF_TURN_WAITS));
        return false;
    }
    s->turn_at = a->now;
    if (count_in_line(a, c, DAF_TURN_SERVED) < SERVED_MAX &&
        count_in_line(a, c, DAF_TURN_WAITS) == 0) {
        serve(a, s);
        return true;
    }
    wait(a, c);
    return false;
}

/* ---- of two, the first */

static bool is_first(const struct daf_swap *x, const struct daf_swap *y)
{
    return x->turn_since.ms < y->turn_since.ms ||
           (x->turn_since.ms == y->turn_since.ms &&
            x->turn_bytes > y->turn_bytes);
}

/* Who is served before @c, and at it; NULL: @c is the first. */
static const struct daf_swap *first_of(const struct daf_agent *a,
                                       const struct daf_conn *c)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        const struct daf_conn *x = a->conns[i];

        if (x != c && stands(x, DAF_TURN_SERVED) && is_limited(a, x) &&
            one_line(a, x, c) && is_first(x->swap, c->swap))
            return x->swap;
    }
    return NULL;
}

bool daf_agent_turns_may_read(const struct daf_agent *a,
                              const struct daf_conn *c)
{
    const struct daf_swap *first;

    if (c->swap->turn != DAF_TURN_SERVED || !is_limited(a, c) ||
        c->swap->turn_credit >= DAF_PIECE_BYTES_MAX)
        return true;
    first = first_of(a, c);
    /* One that takes nothing any more holds up nobody. */
    return first == NULL || first->wishes_count == 0 ||
           a->now.ms >= first->turn_at.ms + PAUSE_MS;
}

/* Who stands in @c's line after it may go on. */
static void pass_on(struct daf_agent *a, const struct daf_conn *c,
                    uint64_t bytes)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *x = a->conns[i];

        if (x == c || !stands(x, DAF_TURN_SERVED) || !is_limited(a, x) ||
            !one_line(a, x, c))
            continue;
        if (is_first(c->swap, x->swap)) x->swap->turn_credit += bytes / SHARE;
        if (x->swap->turn_credit > CREDIT_MAX)
            x->swap->turn_credit = CREDIT_MAX;
        daf_agent_serve_go(a, x);
    }
}

void daf_agent_turns_sent(struct daf_agent *a, struct daf_conn *c,
                          uint64_t bytes)
{
    struct daf_swap *s = c->swap;

    s->turn_at = a->now;
    s->turn_bytes += bytes;
    s->turn_credit -= bytes < s->turn_credit ? bytes : s->turn_credit;
    if (s->turn == DAF_TURN_SERVED && is_limited(a, c)) pass_on(a, c, bytes);
}

/* ---- leaving */

void daf_agent_turns_leave(struct daf_agent *a, struct daf_conn *c)
{
    if (c->swap == NULL || c->swap->turn == DAF_TURN_NONE) return;
    c->swap->turn = DAF_TURN_NONE;
    a->is_line_new = true;
}

/* ---- time */

static bool is_idle(const struct daf_swap *s)
{
    return s->turn == DAF_TURN_SERVED && s->wishes_count == 0;
}

/* It wants something, and lets the first go before. */
static bool is_paused(const struct daf_swap *s)
{
    return s->turn == DAF_TURN_SERVED && s->wishes_count > 0 && !s->is_reading;
}

void daf_agent_turns_timer(struct daf_agent *a)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        if (c->swap != NULL && is_idle(c->swap) &&
            a->now.ms >= c->swap->turn_at.ms + IDLE_MS)
            daf_agent_turns_leave(a, c);
        if (c->swap != NULL && is_paused(c->swap)) daf_agent_serve_go(a, c);
    }
}

struct daf_mono daf_agent_turns_deadline(const struct daf_agent *a)
{
    struct daf_mono first = DAF_MONO_NEVER;

    for (size_t i = 0; i < a->conns_count; i++) {
        const struct daf_conn *c = a->conns[i];

        if (c->swap != NULL && !c->is_closed && is_idle(c->swap) &&
            c->swap->turn_at.ms + IDLE_MS < first.ms)
            first.ms = c->swap->turn_at.ms + IDLE_MS;
        if (c->swap != NULL && !c->is_closed && is_paused(c->swap)) {
            const struct daf_swap *s = first_of(a, c);

            if (s != NULL && s->turn_at.ms + PAUSE_MS < first.ms)
                first.ms = s->turn_at.ms + PAUSE_MS;
        }
    }
    return first;
}

/* Who waits and may come now, or NULL. */
static struct daf_conn *next_in_line(struct daf_agent *a)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        if (stands(c, DAF_TURN_WAITS) &&
            (!is_limited(a, c) ||
             (count_in_line(a, c, DAF_TURN_WAITS) == 0 &&
              count_in_line(a, c, DAF_TURN_SERVED) < SERVED_MAX)))
            return c;
    }
    return NULL;
}

void daf_agent_turns_after(struct daf_agent *a)
{
    struct daf_conn *c;

    if (!a->is_line_new) return;
    a->is_line_new = false;
    while ((c = next_in_line(a)) != NULL) {
        serve(a, c->swap);
        tell_place(a, c, 0);
    }
    for (size_t i = 0; i < a->conns_count; i++) {
        if (stands(a->conns[i], DAF_TURN_SERVED))
            daf_agent_serve_go(a, a->conns[i]); /* perhaps the first now */
    }
    for (size_t i = 0; i < a->conns_count; i++) {
        uint32_t place;

        c = a->conns[i];
        if (!stands(c, DAF_TURN_WAITS)) continue;
        place = 1 + count_in_line(a, c, DAF_TURN_WAITS);
        if (place != c->swap->place_told &&
            a->now.ms >= c->swap->place_at.ms + TELL_MS)
            tell_place(a, c, place);
    }
}
