/* SPDX-License-Identifier: Apache-2.0 */
/* A leaving session (protocol.md R110 to R114): of two devices one was revoked and
 * hands over what it wrote.  It is a session as any, less all that could tell it
 * something: the taker compares nothing and answers nothing, the leaver asks for
 * nothing.  What may be said and read is in two tables here, and nowhere else. */
#include "proto/session_impl.h"

#define BIT(kind) (1u << (kind))
#define BOTH      (BIT(DAF_FRAME_HELLO) | BIT(DAF_FRAME_ROOT) | BIT(DAF_FRAME_BYE))
#define OF_LEAVER (BOTH | BIT(DAF_FRAME_HEADS) | BIT(DAF_FRAME_RUN))
#define OF_TAKER                                                             \
    (BOTH | BIT(DAF_FRAME_WANT) | BIT(DAF_FRAME_NEED) | BIT(DAF_FRAME_ACK) | \
     BIT(DAF_FRAME_DEFER))

_Static_assert(DAF_FRAME_STATED < 32, "one bit for each frame of a session");

void daf_session_set_role(struct daf_session *s, enum daf_session_role role)
{
    s->role = role;
}

enum daf_session_role daf_session_role(const struct daf_session *s)
{
    return s->role;
}

static bool is_among(enum daf_frame_kind kind, unsigned kinds)
{
    return (unsigned)kind < 32 && (kinds & BIT(kind)) != 0;
}

bool daf_session_role_says(enum daf_session_role role, enum daf_frame_kind kind)
{
    return role == DAF_SESSION_PEER ||
           is_among(kind, role == DAF_SESSION_TAKER ? OF_TAKER : OF_LEAVER);
}

/* Who has not heard yet speaks to us as to any peer: that is no fault of its, and
 * nothing that we take in. */
static bool leaver_reads(struct daf_session *s, struct daf_mono now,
                         const struct daf_frame *f)
{
    if (!is_among(f->kind, OF_TAKER)) return false;
    if (f->kind != DAF_FRAME_DEFER) s->leave_moved = now;
    return true;
}

static bool taker_reads(struct daf_session *s, const struct daf_frame *f)
{
    if (is_among(f->kind, OF_LEAVER) &&
        (f->kind != DAF_FRAME_HEADS || f->heads.kind == DAF_HEADS_UNACKED))
        return true;
    daf_session_count(s, DAF_EPEER);
    if (++s->odd > DAF_LEAVE_ODD_MAX)
        daf_session_close(s, DAF_BYE_BREACH, DAF_EPEER);
    return false;
}

bool daf_session_leave_reads(struct daf_session *s, struct daf_mono now,
                             const struct daf_frame *f)
{
    if (s->role == DAF_SESSION_LEAVER) return leaver_reads(s, now, f);
    return s->role == DAF_SESSION_PEER || taker_reads(s, f);
}

bool daf_session_leave_may_take(const struct daf_session *s,
                                const struct daf_log_key *log)
{
    return s->role != DAF_SESSION_TAKER ||
           memcmp(log->author.b, s->peer.author.b, sizeof(log->author.b)) == 0;
}

bool daf_session_leave_is_full(const struct daf_session *s)
{
    return s->role == DAF_SESSION_TAKER &&
           (s->taken_records >= DAF_LEAVE_RECORDS_MAX ||
            s->taken_bytes >= DAF_LEAVE_BYTES_MAX);
}

/* ---- time */

struct daf_mono daf_session_leave_deadline(const struct daf_session *s)
{
    uint64_t end = s->leave_start.ms + DAF_LEAVE_MS;
    uint64_t moved = s->leave_moved.ms + DAF_ANSWER_MS;

    if (s->role == DAF_SESSION_PEER || s->state != DAF_SESSION_OPEN)
        return DAF_MONO_NEVER;
    return (struct daf_mono){
        s->role == DAF_SESSION_TAKER && end < moved ? end : moved};
}

void daf_session_leave_timer(struct daf_session *s, struct daf_mono now)
{
    bool is_taker = s->role == DAF_SESSION_TAKER;

    if (s->role == DAF_SESSION_PEER || s->state != DAF_SESSION_OPEN) return;
    if (is_taker && s->pull == DAF_PULL_RESTING && now.ms >= s->deadline.ms) {
        daf_session_close(s, DAF_BYE_STOPPING, DAF_ETIME);
    } else if (now.ms >= s->leave_moved.ms + DAF_ANSWER_MS) {
        daf_session_count(s, DAF_ETIME);
        daf_session_close(s, DAF_BYE_TIMEOUT, DAF_ETIME);
    } else if (is_taker && now.ms >= s->leave_start.ms + DAF_LEAVE_MS) {
        daf_session_close(s, DAF_BYE_STOPPING, DAF_ETIME);
    }
}

/* ---- the taker has what it wanted */

void daf_session_leave_rest(struct daf_session *s, struct daf_mono now)
{
    if (!daf_session_leave_is_full(s) && daf_session_tell_need(s, now)) return;
    for (size_t i = 0; i < s->scopes_count; i++) {
        struct daf_session_scope *sc = &s->scopes[i];

        if (!sc->is_common || !sc->is_named) continue;
        sc->is_named = false;
        daf_session_tell_wholes(s, &sc->id);
    }
    if (daf_session_leave_is_full(s)) { /* the rest in another session */
        daf_session_close(s, DAF_BYE_STOPPING, DAF_ELIMIT);
        return;
    }
    daf_session_wait_for(s, now, DAF_PULL_RESTING);
    s->deadline = (struct daf_mono){now.ms + DAF_LEAVE_REST_MS};
}
