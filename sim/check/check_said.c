/* SPDX-License-Identifier: Apache-2.0 */
/* What honest agents say. */
#include <string.h>

#include "proto/brief.h"
#include "proto/frame.h"
#include "sim/check/check_impl.h"

/* What may be under way when the other end has said what it has. */
#define AGAIN_MOST 20

struct saying {
    struct daf_check *c;
    uint32_t device;
    bool is_to_honest; /* and both cards are as they should be */
    bool is_sick;      /* what it says of its card counts for nothing */
    uint64_t session;  /* a key */
};

/* Its card has records of this honest log, then none, then some: a hostile
 * device has withheld those between.  The peer names its tips, which are above
 * the gap, so R24 sends what is below from the beginning, each time it asks. */
static bool has_gap(const struct saying *s, const struct daf_log_key *log)
{
    const struct daf_check_map *held = &s->c->cards[s->device].held;
    const uint64_t *key;
    bool has_begun = false, has_ended = false;

    for (uint64_t seq = 1;; seq++) {
        key = daf_check_map_find(&s->c->heads, daf_check_place(s->c, log, seq));
        if (key == NULL) return false;
        bool is_held = daf_check_map_find(held, *key) != NULL;
        if (is_held && has_ended) return true;
        has_begun |= is_held;
        has_ended = has_begun && !is_held;
    }
}

static void check_body(const struct saying *s, const struct daf_log_key *log,
                       uint64_t key)
{
    uint64_t sent = daf_check_mix(s->session, key);

    s->c->bodies++;
    if (daf_check_map_find(&s->c->sent, sent) != NULL && !has_gap(s, log))
        s->c->again++;
    daf_check_map_set(s->c, &s->c->sent, sent, 1);
    if (s->c->again > AGAIN_MOST)
        daf_check_fail(s->c, s->device,
                       "%llu of %llu bodies were sent a second time in one "
                       "session",
                       (unsigned long long)s->c->again,
                       (unsigned long long)s->c->bodies);
}

void daf_check_bodies(const struct daf_check *c, uint64_t *sent,
                      uint64_t *again)
{
    *sent = c->bodies;
    *again = c->again;
}

/* False: the path cannot be followed any more. */
static bool check_record(const struct saying *s,
                         const struct daf_run_record *got,
                         struct daf_record *before)
{
    struct daf_view header = got->header;
    uint8_t room[DAF_HEADER_BYTES_MAX];
    size_t len = 0;
    struct daf_record r;

    if (daf_brief_is(header)) {
        if (daf_brief_restore(header, before, got->body, room, &len) != DAF_OK)
            return false;
        header = (struct daf_view){room, len};
    }
    if (daf_record_decode(header, &r) != DAF_OK) return false;
    uint64_t key = daf_check_key(&r.id);
    const uint64_t *held =
        daf_check_map_find(&s->c->cards[s->device].held, key);
    bool has_body = got->body_state == DAF_BODY_HELD;
    if (!s->is_sick && (held == NULL || (has_body && *held != DAF_CHECK_BODY)))
        daf_check_fail(s->c, s->device,
                       "it sends record %llu, which is not durable there",
                       (unsigned long long)r.seq);
    const struct daf_check_person *p = daf_check_person(s->c, &r.log.author);
    /* In a log with forks a branch may come from further below (R24). */
    if (has_body && s->is_to_honest && p != NULL && !p->is_hostile &&
        !p->is_cloned && !p->is_mended)
        check_body(s, &r.log, key);
    *before = r;
    before->ext = (struct daf_view){NULL, 0};
    return true;
}

static void check_run(const struct saying *s, const struct daf_run *run)
{
    struct daf_cursor paths = run->paths.items;

    if (run->is_cut) daf_check_met(s->c, DAF_SOMETIMES_RUN_CUT);
    for (size_t i = 0; i < run->paths.count; i++) {
        struct daf_record before = {.seq = 0};
        struct daf_run_path path;
        daf_frame_next_path(&paths, &run->scope, &path);
        struct daf_cursor records = path.records.items;
        bool is_good = true;
        for (size_t j = 0; is_good && j < path.records.count; j++) {
            struct daf_run_record got;
            daf_frame_next_record(&records, &got);
            is_good = check_record(s, &got, &before);
        }
        if (!is_good && !s->is_sick)
            daf_check_fail(s->c, s->device,
                           "it sends a path that cannot be read");
    }
}

/* Down the path, each record with its body. */
static void check_ack_path(const struct saying *s,
                           const struct daf_ack_path *path)
{
    const struct daf_check_map *held = &s->c->cards[s->device].held;
    uint64_t key = daf_check_key(&path->last.id);

    for (uint64_t seq = path->last.seq; seq >= path->seq_first; seq--) {
        const uint64_t *at = daf_check_map_find(held, key);
        const uint64_t *prev = daf_check_map_find(&s->c->prevs, key);
        /* It may turn out bad between the commit and the ACK. */
        if (daf_check_map_find(&s->c->bad, key) != NULL) return;
        if (s->is_sick) return;
        if (at == NULL || *at != DAF_CHECK_BODY) {
            daf_check_fail(s->c, s->device,
                           "its ACK names record %llu, which is not durable "
                           "there",
                           (unsigned long long)seq);
            return;
        }
        if (prev == NULL) return;
        key = *prev;
    }
}

static void check_ack(const struct saying *s, const struct daf_ack *ack)
{
    struct daf_cursor paths = ack->paths.items;

    for (size_t i = 0; i < ack->paths.count; i++) {
        struct daf_ack_path path;
        daf_frame_next_ack(&paths, &ack->scope, &path);
        check_ack_path(s, &path);
    }
}

static void meet(struct daf_check *c, const struct daf_frame *f)
{
    static const enum daf_sometimes byes[] = {
        [DAF_BYE_DUPLICATE] = DAF_SOMETIMES_DUPLICATE,
        [DAF_BYE_BREACH] = DAF_SOMETIMES_BREACH,
        [DAF_BYE_TIMEOUT] = DAF_SOMETIMES_TIMEOUT};

    if (f->kind == DAF_FRAME_BYE && f->bye >= DAF_BYE_DUPLICATE &&
        f->bye <= DAF_BYE_TIMEOUT)
        daf_check_met(c, byes[f->bye]);
    if (f->kind == DAF_FRAME_WANT && f->want.kind == DAF_WANT_SYMBOLS)
        daf_check_met(c, DAF_SOMETIMES_SKETCH);
    if (f->kind == DAF_FRAME_WANT && f->want.kind == DAF_WANT_PAGE)
        daf_check_met(c, DAF_SOMETIMES_PAGE);
    if (f->kind == DAF_FRAME_ROOT && f->root.parts.count == 0)
        daf_check_met(c, DAF_SOMETIMES_IN_STEP);
    if (f->kind == DAF_FRAME_NEED) daf_check_met(c, DAF_SOMETIMES_NEED);
    if (f->kind == DAF_FRAME_HEADS && f->heads.kind == DAF_HEADS_UNACKED)
        daf_check_met(c, DAF_SOMETIMES_UNACKED);
    if (f->kind == DAF_FRAME_HEADS && f->heads.kind == DAF_HEADS_ANSWER)
        daf_check_met(c, DAF_SOMETIMES_ANSWERED);
}

/* Its agent knows that the peer is revoked. */
static bool is_shunned(const struct daf_check *c, uint32_t device,
                       uint32_t peer)
{
    const struct daf_agent *a = daf_fleet_agent(c->fleet, device);

    return a != NULL &&
           daf_camp_is_revoked(daf_agent_camp(a),
                               &c->people[c->cards[peer].person].author);
}

/* Whom it knows to be revoked it lets give, and tells nothing (R112). */
static bool may_say_to_shunned(const struct daf_frame *f)
{
    if (f->kind >= DAF_FRAME_KNOCK) return true;
    if (f->kind == DAF_FRAME_ROOT) return f->root.parts.count == 0;
    if (f->kind == DAF_FRAME_WANT) return f->want.kind == DAF_WANT_RECORDS;
    return f->kind != DAF_FRAME_RUN && f->kind != DAF_FRAME_HEADS &&
           daf_session_role_says(DAF_SESSION_TAKER, f->kind);
}

void daf_check_said(struct daf_check *c, uint32_t device, uint32_t conn,
                    uint32_t peer, struct daf_view frame)
{
    struct daf_fleet_who who;
    struct daf_frame f;

    if (daf_check_is_hostile(c, device)) return;
    if (frame.len > DAF_FRAME_BYTES_MAX ||
        daf_frame_decode(frame, &f, NULL) != DAF_OK) {
        daf_check_fail(c, device, "it sends what is no frame");
        return;
    }
    daf_fleet_who(c->fleet, device, &who);
    struct saying s = {.c = c,
                       .device = device,
                       .is_sick = c->cards[device].sick != 0,
                       .is_to_honest = !daf_check_is_hostile(c, peer) &&
                                       c->cards[device].sick == 0 &&
                                       c->cards[peer].sick == 0,
                       .session = daf_check_mix((uint64_t)device << 32 | conn,
                                                who.boots)};
    meet(c, &f);
    if (f.kind == DAF_FRAME_RUN) check_run(&s, &f.run);
    if (f.kind == DAF_FRAME_ACK) check_ack(&s, &f.ack);
    if (f.kind == DAF_FRAME_REVOKED ||
        (f.kind == DAF_FRAME_BYE && f.bye == DAF_BYE_UNPROVEN &&
         is_shunned(c, device, peer)))
        daf_check_met(c, DAF_SOMETIMES_REVOKED);
    if (!may_say_to_shunned(&f) && is_shunned(c, device, peer))
        daf_check_fail(c, device,
                       "it says %s to device %u, which it knows is revoked",
                       daf_frame_kind_str(f.kind), (unsigned)peer);
}
