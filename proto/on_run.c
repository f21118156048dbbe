/* SPDX-License-Identifier: Apache-2.0 */
/* RUN: records that we asked for.  A path is vouched for by its last signature, in
 * control and catalog each record by its own; what is new goes to the disk as one
 * batch; the ACK is made now and said after the commit (protocol.md R26, R27). */
#include "proto/brief.h"
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
    bool is_continued;       /* the path may go on from the frame before */
    bool is_need;            /* the answer to NEED: bodies of what is held */
    bool is_checked_at_once; /* the path */
    struct daf_stretch unchecked; /* new and not verified; last 0: none */
    struct daf_todo *todo;        /* the path's log in the list */
    uint64_t height; /* of the log here: nothing above it is held */
};

static void end_stretch(struct intake *in)
{
    struct daf_pack before = in->ack;

    if (!in->has_held) return;
    in->has_held = false;
    daf_frame_add_ack(&in->ack, &in->held);
    /* A full ACK leaves the rest out: it is said when its author asks (R47). */
    if (daf_pack_fits(&in->ack, DAF_PACK_HEAD_BYTES_MAX))
        in->ack_count++;
    else
        in->ack = before;
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

/* R26: a right may be founded on any record of the plain scopes, and who signed a
 * chain with a bad record in it once may do it again. */
static bool is_checked_at_once(const struct intake *in,
                               const struct daf_log_key *log)
{
    const struct daf_session_port *port = in->s->env->port;
    const struct daf_authority *a = in->s->env->authority;
    const struct daf_scope_id *scope = &in->scope->id;

    return memcmp(scope->b, a->control.b, sizeof(scope->b)) == 0 ||
           memcmp(scope->b, a->catalog.b, sizeof(scope->b)) == 0 ||
           port->is_suspect(port->ctx, &log->author);
}

/* New here.  Those that nobody verified are checked later (R26). */
static void note_new(struct intake *in, const struct daf_session_record *this)
{
    if (in->todo != NULL) in->todo->flags |= DAF_TODO_FRESH;
    if (this->is_verified) return;
    if (in->unchecked.last == 0)
        in->unchecked =
            (struct daf_stretch){.log = this->r.log, .first = this->r.seq};
    in->unchecked.last = this->r.seq;
}

static void end_new(struct intake *in)
{
    const struct daf_session_port *port = in->s->env->port;

    if (in->unchecked.last > 0)
        port->store_unchecked(port->ctx, in->s, &in->unchecked);
    in->unchecked.last = 0;
}

/* A branch that leaves the log below our lowest `have` is answered from further
 * below, with what is held here.  How far that went is the next `have`, so that
 * an answer full of known records still leads on. */
static void note_seen(struct daf_session *s, const struct daf_record *r)
{
    if (r->seq <= s->seen.seq) return;
    s->seen = (struct daf_spot){r->seq, r->id};
    s->has_moved = true;
}

/* The body as it may be kept: what is not the header's is dropped (R13, R14). */
static enum daf_body_state body_state(struct intake *in,
                                      const struct daf_record *r,
                                      const struct daf_run_record *rr)
{
    /* "Erased" and "retired" are only claims until control says so. */
    if (rr->body_state != DAF_BODY_HELD) return DAF_BODY_ABSENT;
    if (daf_authority_body(in->s->env->authority, r, rr->body) == DAF_OK)
        return DAF_BODY_HELD;
    daf_session_count(in->s, DAF_EBODY);
    return DAF_BODY_ABSENT;
}

/* One record that is vouched for. */
static void take(struct intake *in, const struct daf_session_record *this)
{
    const struct daf_index *index = in->s->env->index;
    const struct daf_record *r = &this->r;
    const struct daf_spot spot = {r->seq, r->id};
    enum daf_body_state state = body_state(in, r, &this->got);
    struct daf_stored held;

    if (!in->is_need) note_seen(in->s, r);
    /* Held already: the id covers every byte of the header, signature too. */
    if (r->seq <= in->height &&
        index->get(index->ctx, &r->log, &spot, &held) == DAF_OK) {
        /* R116: what was erased here is as good as held, and never comes back. */
        if (held.body_state != DAF_BODY_ABSENT) acknowledge(in, r);
        if (held.body_state != DAF_BODY_ABSENT || state != DAF_BODY_HELD)
            return;
    } else if (in->is_need) {
        return; /* nobody asked for it */
    } else {
        note_new(in, this);
    }
    keep(in, r, &this->got, state);
    if (state == DAF_BODY_HELD) acknowledge(in, r);
}

/* ---- one path */

/* The header as its author wrote it, restored if it came brief (R48). */
static bool is_whole(struct daf_session_record *this,
                     const struct daf_record *before)
{
    struct daf_run_record *got = &this->got;
    size_t len;

    if (!daf_brief_is(got->header)) return true;
    if (before == NULL || got->body_state != DAF_BODY_HELD ||
        daf_brief_restore(got->header, before, got->body, this->header, &len) !=
            DAF_OK)
        return false;
    got->header = (struct daf_view){this->header, len};
    return true;
}

/* Reads all of it before anything is kept.  False if the peer broke the protocol
 * (R37): a header that cannot be read, is of another log, or does not follow. */
static bool read_path(struct intake *in, const struct daf_run_path *path)
{
    struct daf_session_record *records = in->s->env->records;
    struct daf_cursor c = path->records.items;

    for (size_t i = 0; i < path->records.count; i++) {
        struct daf_session_record *this = &records[i];

        daf_frame_next_record(&c, &this->got);
        if (!is_whole(this, i > 0 ? &records[i - 1].r : NULL)) return false;
        in->s->round_bytes += this->got.header.len + this->got.body.len;
        in->s->taken_bytes += this->got.header.len + this->got.body.len;
        in->s->taken_records++;
        if (daf_record_decode(this->got.header, &this->r) != DAF_OK ||
            memcmp(&this->r.log, &path->log, sizeof(path->log)) != 0 ||
            (i > 0 && !daf_record_follows(&records[i - 1].r, &this->r)))
            return false;
        this->is_verified = false;
    }
    return true;
}

static bool verify(struct intake *in, struct daf_session_record *this,
                   const struct daf_device *author)
{
    const struct daf_index *index = in->s->env->index;
    const struct daf_spot spot = {this->r.seq, this->r.id};

    this->is_verified = index->is_checked(index->ctx, &this->r.log, &spot) ||
                        daf_record_verify(this->got.header, &this->r,
                                          &author->keys.sign) == DAF_OK;
    if (!this->is_verified) daf_session_count(in->s, DAF_ESIG);
    return this->is_verified;
}

/* R26: how many records, from the first, are vouched for: those up to the last
 * whose own signature verifies.  The links before it are hashes, so only the
 * author can have put a bad one among them. */
static size_t vouched(struct intake *in, size_t count,
                      const struct daf_device *author)
{
    struct daf_session_record *records = in->s->env->records;

    while (count > 0 && !verify(in, &records[count - 1], author))
        count--;
    return count;
}

/* So a copy of what is not here asks the index once a path, not once a record. */
static uint64_t height_of(const struct intake *in,
                          const struct daf_log_key *log)
{
    const struct daf_index *index = in->s->env->index;
    struct daf_mark mark;
    enum daf_err err = index->mark(index->ctx, log, &mark);

    if (err == DAF_ENOTFOUND) return 0;
    return err != DAF_OK || mark.height == UINT32_MAX ? UINT64_MAX
                                                      : mark.height;
}

/* Takes a path in.  False if the peer broke the protocol. */
static bool take_path(struct intake *in, const struct daf_run_path *path)
{
    const struct daf_session_env *env = in->s->env;
    size_t count = path->records.count;
    struct daf_device author;

    if (!read_path(in, path)) return false;
    if (count == 0) return true;
    if (!daf_session_leave_may_take(in->s, &path->log)) {
        daf_session_count(in->s, DAF_EAUTHOR);
        return true;
    }
    if (daf_authority_entitled(env->authority, &path->log, &author) != DAF_OK) {
        daf_session_count(in->s, DAF_EAUTHOR);
        in->scope->uncertified = true;
        return true;
    }
    in->height = height_of(in, &path->log);
    in->is_checked_at_once = is_checked_at_once(in, &path->log);
    if (!in->is_checked_at_once) count = vouched(in, count, &author);
    for (size_t i = 0; i < count; i++) {
        struct daf_session_record *this = &env->records[i];

        if (!in->is_checked_at_once || verify(in, this, &author))
            take(in, this);
    }
    end_new(in);
    end_stretch(in);
    return true;
}

/* ---- the frame */

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

/* The entry of a log that was asked for, at or after the last one answered: logs
 * come in the order of the WANT, so an answer cannot go in circles. */
static struct daf_todo *asked_for(struct daf_session *s,
                                  const struct daf_tag *tag)
{
    for (size_t i = s->has_given ? s->given_at : 0; i < s->todo_count; i++) {
        if ((s->todo[i].flags & DAF_TODO_ASKED) &&
            memcmp(s->todo[i].item.b, tag->b, sizeof(tag->b)) == 0) {
            s->given_at = i;
            return &s->todo[i];
        }
    }
    return NULL;
}

/* False: the path's log was not asked for, or not now. */
static bool find_todo(struct intake *in, const struct daf_run_path *path)
{
    struct daf_session *s = in->s;
    struct daf_tag tag;

    in->todo = NULL;
    if (in->is_need) return path->records.count > 0;
    tag = daf_sketch_tag(&path->log);
    in->todo = asked_for(s, &tag);
    if (in->todo == NULL) return false;
    if (memcmp(s->given.b, tag.b, sizeof(tag.b)) != 0) s->seen.seq = 0;
    s->given = tag;
    s->has_given = true;
    if (path->records.count == 0) {
        /* Said once; else it would keep us waiting for ever. */
        if (in->todo->flags & DAF_TODO_GIVEN) return false;
        in->todo->flags |= DAF_TODO_MORE;
    }
    if ((in->todo->flags & DAF_TODO_GIVEN) && !in->is_continued)
        in->todo->flags |= DAF_TODO_FORKED;
    in->todo->flags |= DAF_TODO_GIVEN;
    return true;
}

static bool take_frame(struct intake *in, const struct daf_run *run)
{
    struct daf_cursor c = run->paths.items;
    bool is_good = true;

    for (size_t i = 0; i < run->paths.count && is_good; i++) {
        struct daf_run_path path;

        daf_frame_next_path(&c, &run->scope, &path);
        /* A long path goes on in the next frame. */
        in->is_continued = i == 0;
        is_good = find_todo(in, &path) && take_path(in, &path);
    }
    return is_good;
}

void daf_on_run(struct daf_session *s, struct daf_mono now,
                const struct daf_frame *f)
{
    struct intake in = {.s = s,
                        .scope = daf_session_scope(s, &f->run.scope),
                        .is_need = s->pull == DAF_PULL_BODIES};
    bool is_good;

    if ((s->pull != DAF_PULL_RECORDS && s->pull != DAF_PULL_BODIES) ||
        in.scope != &s->scopes[s->scope_at]) {
        daf_session_breach(s, DAF_EPEER);
        return;
    }
    daf_pack_init(&in.ack, s->env->frame2, DAF_WANT_BYTES_MAX);
    in.ack_mark = daf_frame_begin_ack(&in.ack, &f->run.scope);
    is_good = take_frame(&in, &f->run);
    finish(&in);
    /* An answer stops at the credit, give or take one record: a peer that goes
     * on would fill our disk as fast as it can sign. */
    if (s->round_bytes > s->credit + DAF_HEADER_BYTES_MAX + DAF_BODY_BYTES_MAX)
        is_good = false;
    if (!is_good) {
        daf_session_breach(s, DAF_EPEER);
        return;
    }
    s->deadline = (struct daf_mono){now.ms + DAF_ANSWER_MS};
    if (f->run.last) {
        s->is_cut = f->run.is_cut;
        daf_session_wait_for(s, now, DAF_PULL_STORING);
        daf_session_pull_settle(s, now);
    } else if (f->run.paths.count == 0) {
        daf_session_breach(s, DAF_EPEER); /* it only keeps us waiting */
    }
}
