/* SPDX-License-Identifier: Apache-2.0 */
/* RUN: records that we asked for.  Each is verified by its own signature, then
 * goes to the disk as one batch; the ACK is made now and said after the commit
 * (protocol.md R26, R27). */
#include "proto/session_impl.h"

/* One RUN being taken in. */
struct intake {
    struct daf_session *s;
    struct daf_session_scope *scope;
    bool is_open; /* store_begin was called */
    struct daf_pack ack;
    size_t ack_mark, ack_count;
    struct daf_ack_path held; /* the stretch to acknowledge next */
    bool has_held;
};

static void end_stretch(struct intake *in)
{
    struct daf_pack before = in->ack;

    if (!in->has_held) return;
    in->has_held = false;
    daf_frame_add_ack(&in->ack, &in->held);
    /* A full ACK leaves the rest out, and this version does not say it later
     * (R27): nothing is lost but that the author knows.  Five bytes stay free
     * for the list's header. */
    if (in->ack.is_full || in->ack.len + 5 > in->ack.cap)
        in->ack = before;
    else
        in->ack_count++;
}

/* @r's body is here, or will be once this batch is durable. */
static void acknowledge(struct intake *in, const struct daf_record *r)
{
    if (in->has_held && in->held.last.seq + 1 == r->seq &&
        memcmp(in->held.last.id.b, r->prev.b, sizeof(r->prev.b)) == 0) {
        in->held.last = (struct daf_spot){r->seq, r->id};
        return;
    }
    end_stretch(in);
    in->held = (struct daf_ack_path){.log = r->log,
                                     .seq_first = r->seq,
                                     .last = {r->seq, r->id}};
    in->has_held = true;
}

static void keep(struct intake *in, const struct daf_record *r,
                 const struct daf_run_record *rr, enum daf_body_state state)
{
    const struct daf_session_port *port = in->s->env->port;

    if (!in->is_open) {
        port->store_begin(port->ctx, in->s);
        in->is_open = true;
    }
    port->store_keep(port->ctx, in->s, r, rr->header, state,
                     state == DAF_BODY_HELD ? rr->body : (struct daf_view){0});
}

/* A branch that leaves the log below our lowest `have` is answered from further
 * below, with what is held here.  How far that went is the next `have`, so that
 * an answer full of known records still leads on. */
static void note_seen(struct daf_session *s, const struct daf_record *r)
{
    bool is_same = memcmp(&s->seen_log, &r->log, sizeof(r->log)) == 0;

    if (s->seen.seq > 0 && (!is_same || r->seq <= s->seen.seq)) return;
    s->seen_log = r->log;
    s->seen = (struct daf_spot){r->seq, r->id};
    s->has_moved = true;
}

/* Takes one record in.  False if the peer broke the protocol. */
static bool take(struct intake *in, const struct daf_run_path *path,
                 const struct daf_run_record *rr, struct daf_record *r)
{
    const struct daf_session_env *env = in->s->env;
    /* "Erased" and "retired" are only claims until control says so. */
    enum daf_body_state state =
        rr->body_state == DAF_BODY_HELD ? DAF_BODY_HELD : DAF_BODY_ABSENT;
    struct daf_stored held;
    enum daf_err err = daf_record_decode(rr->header, r);

    /* What cannot be read, or is of another log, no honest peer holds. */
    if (err != DAF_OK || memcmp(&r->log, &path->log, sizeof(r->log)) != 0)
        return false;
    if (state == DAF_BODY_HELD &&
        daf_authority_body(env->authority, r, rr->body) != DAF_OK) {
        daf_session_count(in->s, DAF_EBODY);
        state = DAF_BODY_ABSENT;
    }
    /* Held already: the id covers every byte of the header, signature too. */
    if (env->index->get(env->index->ctx, &r->log,
                        &(struct daf_spot){r->seq, r->id}, &held) == DAF_OK) {
        note_seen(in->s, r);
        if (held.body_state == DAF_BODY_HELD) acknowledge(in, r);
        if (held.body_state == DAF_BODY_HELD || state != DAF_BODY_HELD)
            return true;
    } else {
        err = daf_authority_accept(env->authority, rr->header, r);
        if (err != DAF_OK) {
            /* R26: counted against its author, never its sender. */
            daf_session_count(in->s, err);
            in->scope->uncertified |= err == DAF_EAUTHOR;
            return true;
        }
    }
    keep(in, r, rr, state);
    if (state == DAF_BODY_HELD) acknowledge(in, r);
    return true;
}

static bool take_path(struct intake *in, const struct daf_run_path *path)
{
    struct daf_cursor c = path->records.items;
    struct daf_record r[2];

    for (size_t i = 0; i < path->records.count; i++) {
        struct daf_record *this = &r[i % 2], *before = &r[(i + 1) % 2];
        struct daf_run_record rr;

        daf_frame_next_record(&c, &rr);
        in->s->round_bytes += rr.header.len + rr.body.len;
        if (!take(in, path, &rr, this) ||
            (i > 0 && !daf_record_follows(before, this)))
            return false;
    }
    end_stretch(in);
    return true;
}

/* Closes the batch; also after a breach, for what came before it was verified. */
static void finish(struct intake *in)
{
    const struct daf_session_port *port = in->s->env->port;
    struct daf_view ack = {0};

    end_stretch(in);
    daf_frame_end(&in->ack, in->ack_mark, in->ack_count, false);
    if (in->ack_count > 0) ack = daf_pack_view(&in->ack);
    if (in->is_open) {
        in->s->stores_open++;
        port->store_end(port->ctx, in->s, ack);
    } else if (ack.len > 0) { /* all of it was durable before */
        port->send(port->ctx, in->s, ack);
    }
}

void daf_on_run(struct daf_session *s, struct daf_mono now,
                const struct daf_frame *f)
{
    struct intake in = {.s = s, .scope = daf_session_scope(s, &f->run.scope)};
    struct daf_cursor c = f->run.paths.items;
    bool is_good = true;

    if (s->pull != DAF_PULL_RECORDS || in.scope != &s->scopes[s->scope_at]) {
        daf_session_breach(s, DAF_EPEER);
        return;
    }
    daf_pack_init(&in.ack, s->env->frame2, DAF_WANT_BYTES_MAX);
    in.ack_mark = daf_frame_begin_ack(&in.ack, &f->run.scope);
    for (size_t i = 0; i < f->run.paths.count && is_good; i++) {
        struct daf_run_path path;

        daf_frame_next_path(&c, &f->run.scope, &path);
        s->given = daf_session_mark_of(&path.log);
        is_good = take_path(&in, &path);
    }
    finish(&in);
    /* An answer stops at the credit, give or take one record: a peer that goes
     * on would fill our disk as fast as it can sign. */
    if (s->round_bytes >
        DAF_CREDIT_BYTES_MAX + DAF_HEADER_BYTES_MAX + DAF_BODY_BYTES_MAX)
        is_good = false;
    if (!is_good) {
        daf_session_breach(s, DAF_EPEER);
        return;
    }
    s->deadline = (struct daf_mono){now.ms + DAF_ANSWER_MS};
    if (f->run.last) {
        s->pull = DAF_PULL_STORING;
        s->deadline = DAF_MONO_NEVER;
        daf_session_pull_settle(s, now);
    }
}
