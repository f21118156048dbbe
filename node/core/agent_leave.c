/* SPDX-License-Identifier: Apache-2.0 */
/* Leaving (docs/protocol.md R110 to R114).  The taker: a revoked device that came to
 * our door is let into mesh once, for a session in which it only gives.  The leaver:
 * it goes on calling until its own work is kept elsewhere. */
#include <stdlib.h>

#include "node/core/agent_impl.h"

/* Something new is called for within so long. */
#define LEAVE_SOON_MS 1000

/* ---- the taker's side */

static struct daf_leaver *leaver(struct daf_agent *a,
                                 const struct daf_box_pk *key)
{
    for (size_t i = 0; i < a->leavers_count; i++)
        if (memcmp(a->leavers[i].key.b, key->b, sizeof(key->b)) == 0)
            return &a->leavers[i];
    return NULL;
}

static void forget(struct daf_agent *a, struct daf_leaver *l)
{
    const struct daf_port *port = a->config.port;
    struct daf_box_pk key = l->key;

    *l = a->leavers[--a->leavers_count];
    /* What is revoked is for ever, but a key may have been its alone: ask. */
    port->admit(port->ctx, &key, !daf_agent_is_revoked(a, &key));
}

bool daf_agent_leave_grant(struct daf_agent *a, const struct daf_box_pk *key)
{
    const struct daf_port *port = a->config.port;
    struct daf_leaver *l = leaver(a, key);

    if (l != NULL && l->conn != 0) return false;
    if (l == NULL) {
        if (a->leavers_count == DAF_AGENT_LEAVERS_MAX) return false;
        l = &a->leavers[a->leavers_count++];
    }
    l->key = *key;
    l->conn = 0;
    l->until = (struct daf_mono){a->now.ms + DAF_AGENT_LEAVE_MS};
    port->admit(port->ctx, key, true);
    return true;
}

bool daf_agent_leave_may(struct daf_agent *a, const struct daf_box_pk *key)
{
    return leaver(a, key) != NULL;
}

bool daf_agent_leave_begin(struct daf_agent *a, const struct daf_conn *c)
{
    struct daf_leaver *l = leaver(a, &c->key);

    if (l == NULL || l->conn != 0) return false;
    l->conn = c->id;
    l->until = DAF_MONO_NEVER;
    return true;
}

void daf_agent_leave_end(struct daf_agent *a, const struct daf_conn *c)
{
    struct daf_leaver *l = leaver(a, &c->key);

    if (l != NULL && l->conn == c->id) forget(a, l);
}

void daf_agent_leave_timer(struct daf_agent *a)
{
    size_t at = 0;

    while (at < a->leavers_count) {
        if (a->leavers[at].until.ms <= a->now.ms)
            forget(a, &a->leavers[at]); /* another takes its place */
        else
            at++;
    }
}

struct daf_mono daf_agent_leave_deadline(const struct daf_agent *a)
{
    struct daf_mono first = DAF_MONO_NEVER;

    for (size_t i = 0; i < a->leavers_count; i++)
        if (a->leavers[i].until.ms < first.ms) first = a->leavers[i].until;
    return first;
}

/* ---- both sides */

bool daf_agent_leave_is(const struct daf_conn *c)
{
    return c->session != NULL &&
           daf_session_role(c->session) != DAF_SESSION_PEER;
}

/* All that goes to a peer passes here, whoever made it: news, content, statements.
 * The kind is a frame's second byte, as in daf_agent_conn_tally(). */
bool daf_agent_leave_says(const struct daf_conn *c, struct daf_view frame)
{
    return c->session == NULL ||
           daf_session_role_says(daf_session_role(c->session),
                                 frame.len >= 2
                                     ? (enum daf_frame_kind)frame.p[1]
                                     : DAF_FRAME_UNKNOWN);
}

/* ---- the leaver's side */

static bool same_spot(const struct daf_fold *f, const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    return f->spot.seq == spot->seq && f->log.incarnation == log->incarnation &&
           memcmp(f->spot.id.b, spot->id.b, sizeof(spot->id.b)) == 0 &&
           memcmp(f->log.scope.b, log->scope.b, sizeof(log->scope.b)) == 0;
}

static bool is_acked(const struct daf_agent *a, const struct daf_log_key *log,
                     const struct daf_spot *spot)
{
    for (size_t i = 0; i < a->leave.acked_count; i++)
        if (same_spot(&a->leave.acked[i], log, spot)) return true;
    return false;
}

/* R111: of a log with branches the store remembers no ACK, for one spot cannot speak
 * for two; here each tip has its own, as long as the program runs. */
void daf_agent_leave_acked(struct daf_agent *a, const struct daf_ack_path *path)
{
    struct daf_leave *l = &a->leave;

    if (!a->is_revoked || path->seq_first != 1 ||
        is_acked(a, &path->log, &path->last))
        return;
    if (l->acked == NULL)
        l->acked = calloc(DAF_LEAVE_ACKED_MAX, sizeof(*l->acked));
    if (l->acked == NULL || l->acked_count == DAF_LEAVE_ACKED_MAX) return;
    l->acked[l->acked_count++] =
        (struct daf_fold){.log = path->log, .spot = path->last};
}

static bool are_tips_acked(const struct daf_agent *a,
                           const struct daf_log_key *log)
{
    const struct daf_index *index = a->config.index;
    struct daf_head *head = &a->scratch->head_a;

    if (index->head(index->ctx, log, head) != DAF_OK) return false;
    for (size_t i = 0; i < head->tips_count; i++)
        if (!is_acked(a, log, &head->tips[i])) return false;
    return head->tips_count > 0;
}

/* What cannot be read is left. */
static bool is_left_in(const struct daf_agent *a,
                       const struct daf_scope_id *scope)
{
    const struct daf_index *index = a->config.index;
    const uint64_t *after = NULL;
    struct daf_mark mark;
    uint64_t last;
    enum daf_err err;

    while ((err = index->unacked_next(index->ctx, scope, &a->author, after,
                                      &mark)) == DAF_OK) {
        if (!are_tips_acked(a, &mark.log)) return true;
        last = mark.log.incarnation;
        after = &last;
    }
    return err != DAF_ENOTFOUND;
}

static bool is_left(const struct daf_agent *a)
{
    struct daf_scope_id id;

    for (size_t i = 0; daf_camp_scope(a->camp, i, &id) != NULL; i++)
        if (is_left_in(a, &id)) return true;
    return false;
}

void daf_agent_leave_look(struct daf_agent *a)
{
    bool was_left = a->leave.is_left;

    a->leave.is_left = is_left(a);
    if (a->is_revoked && a->is_listening && a->leave.is_left && !was_left)
        daf_agent_peers_start(a, LEAVE_SOON_MS);
}

void daf_agent_leave_after(struct daf_agent *a, const struct daf_conn *c)
{
    if (daf_session_role(c->session) != DAF_SESSION_LEAVER ||
        daf_session_state(c->session) != DAF_SESSION_OPEN)
        return;
    daf_agent_leave_look(a);
    if (!a->leave.is_left) daf_session_end(c->session, DAF_BYE_STOPPING);
}
