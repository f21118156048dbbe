/* SPDX-License-Identifier: Apache-2.0 */
/* WANT: answer with a page of items, with symbols, or with records up to the
 * credit.  Nothing is remembered afterwards (protocol.md R25). */
#include "proto/brief.h"
#include "proto/path.h"
#include "proto/session_impl.h"

/* A page being filled. */
struct page {
    struct daf_session *s;
    size_t count;
    bool more;
};

static bool add_item(void *ctx, const struct daf_mark *mark)
{
    struct page *p = ctx;

    p->more = p->count == DAF_ITEMS_MAX;
    if (p->more) return false;
    p->s->env->items[p->count++] = daf_sketch_salted(mark, &p->s->salt);
    return true;
}

/* A scope that is not common is answered as if it were empty: that tells no more
 * than silence does, and the peer need not wait (R22). */
static void answer_page(struct daf_session *s, const struct daf_want *want)
{
    const struct daf_index *index = s->env->index;
    struct daf_heads heads = {.scope = want->scope, .kind = DAF_HEADS_PAGE};
    struct page page = {.s = s};
    struct daf_pack k;

    if (daf_session_scope(s, &want->scope) != NULL &&
        index->marks(index->ctx, &want->scope,
                     want->has_after ? &want->after : NULL, add_item,
                     &page) != DAF_OK)
        page = (struct page){.s = s};
    heads.more = page.more;
    heads.count = page.count;
    heads.items =
        (struct daf_view){s->env->items[0].b, page.count * DAF_ITEM_BYTES};
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_heads(&k, &heads);
    daf_session_send(s, &k);
}

static void answer_symbols(struct daf_session *s, const struct daf_want *want)
{
    const struct daf_index *index = s->env->index;
    struct daf_symbols symbols = {.scope = want->scope, .start = want->start};
    struct daf_pack k;

    if (daf_session_scope(s, &want->scope) != NULL &&
        index->symbols(index->ctx, &want->scope, (size_t)want->start,
                       (size_t)want->count, s->env->symbols) == DAF_OK)
        symbols.symbols =
            (struct daf_view){s->env->symbols[0].item,
                              (size_t)want->count * DAF_SYMBOL_BYTES};
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_symbols(&k, &symbols);
    daf_session_send(s, &k);
}

/* An answer under way: RUN frames filled one after the other. */
struct answer {
    struct daf_session *s;
    const struct daf_want *want;
    struct daf_pack k;
    size_t run_mark, paths;
    size_t path_start, path_mark;
    size_t records; /* of the open path; 0: none is */
    struct daf_log_key log;
    struct daf_spot last;                /* record of the open path */
    size_t starts[DAF_PATH_RECORDS_MAX]; /* where in k each record begins */
    uint64_t credit;
    bool is_first; /* nothing was given yet */
    bool is_spent;
    size_t steps; /* left for walking back over forked logs */
};

static void begin_run(struct answer *a)
{
    daf_pack_init(&a->k, a->s->env->frame, DAF_RUN_BYTES_MAX);
    a->run_mark = daf_frame_begin_run(&a->k, &a->want->scope);
    a->paths = 0;
    a->records = 0;
}

/* R26: who serves a path vouches for its end.  A bad one is taken back and
 * forgotten, and the one before it is the end.  The credit is for what is given:
 * were it spent, the logs that follow would be missing, and too few bytes would
 * have come for the peer to know (R25). */
static void take_back_bad(struct answer *a)
{
    const struct daf_session_port *port = a->s->env->port;
    struct daf_spot prev;
    size_t len;

    while (a->records > 0 &&
           !daf_session_may_serve(a->s, &a->log, &a->last, &prev, &len)) {
        a->credit += len;
        a->is_spent = false;
        daf_session_count(a->s, DAF_ESIG);
        port->drop(port->ctx, a->s, &a->log, &a->last);
        a->last = prev;
        a->k.len = a->starts[--a->records];
    }
}

static void end_path(struct answer *a)
{
    if (a->records == 0) return;
    take_back_bad(a);
    /* A path without records means something else: it is taken back whole. */
    if (a->records == 0) {
        a->k.len = a->path_start;
        return;
    }
    daf_pack_close(&a->k, a->path_mark, a->records);
    a->records = 0;
    a->paths++;
}

/* The answer ends here: no credit is left, or no steps for forked logs.  Who asks
 * goes on from the log where that was. */
static bool is_short(const struct answer *a)
{
    return a->is_spent || a->steps == 0;
}

static void end_run(struct answer *a, bool last)
{
    end_path(a);
    /* All of it was taken back: a RUN that says nothing only comes last. */
    if (a->paths == 0 && !last) return;
    if (last && is_short(a))
        daf_frame_end_cut(&a->k, a->run_mark, a->paths);
    else
        daf_frame_end(&a->k, a->run_mark, a->paths, last);
    daf_session_send(a->s, &a->k);
}

/* Whether the record, its framing and the list headers to come still fit. */
static bool fits(const struct answer *a, size_t len)
{
    return daf_pack_fits(&a->k, len + DAF_RUN_FRAMING_BYTES) &&
           a->records < DAF_PATH_RECORDS_MAX;
}

/* The first of a path whole, those after it brief if their bodies go along. */
static void add_record(struct answer *a, const struct daf_stored *r)
{
    struct daf_stored brief = *r;
    uint8_t bytes[DAF_HEADER_BYTES_MAX];

    if (a->records > 0 && r->body_state == DAF_BODY_HELD)
        brief.header =
            (struct daf_view){bytes, daf_brief_make(r->header, bytes)};
    a->starts[a->records++] = a->k.len;
    a->last = r->spot;
    daf_frame_add_record(&a->k, &brief);
}

/* False when the credit is spent; the first record is always given, so that a
 * small credit cannot stop the peer for ever. */
static bool give(struct answer *a, const struct daf_log_key *log,
                 struct daf_stored *r)
{
    const struct daf_index *index = a->s->env->index;
    size_t len = r->header.len + r->body.len;

    if (len > a->credit && !a->is_first) {
        a->is_spent = true;
        return false;
    }
    a->is_first = false;
    a->credit = len > a->credit ? 0 : a->credit - len;
    if (!fits(a, len)) {
        end_run(a, false);
        begin_run(a);
        /* Ending asked the index, which took its views back. */
        if (index->get(index->ctx, log, &r->spot, r) != DAF_OK) return false;
    }
    if (a->records == 0) {
        a->path_start = a->k.len;
        a->path_mark = daf_frame_begin_path(&a->k, log);
        a->log = *log;
    }
    add_record(a, r);
    return true;
}

/* One path: down from @want to what the peer has. */
static void answer_path(struct answer *a, const struct daf_head *own,
                        const struct daf_spot *want,
                        const struct daf_spot *haves, size_t haves_count)
{
    const struct daf_index *index = a->s->env->index;
    struct daf_path path = {.steps = &a->steps};
    struct daf_stored r;

    if (daf_path_begin(index, own, want, haves, haves_count, &path) != DAF_OK)
        return;
    while (daf_path_next(&path, &r) == DAF_OK && give(a, &own->log, &r))
        ;
    end_path(a);
}

/* R24: none of what the peer has is known here; it is to say more. */
static void say_more(struct answer *a, const struct daf_log_key *log)
{
    if (!fits(a, 0)) {
        end_run(a, false);
        begin_run(a);
    }
    a->path_mark = daf_frame_begin_path(&a->k, log);
    daf_pack_close(&a->k, a->path_mark, 0);
    a->paths++;
}

static void answer_log(struct answer *a, const struct daf_want_log *w)
{
    const struct daf_index *index = a->s->env->index;
    struct daf_head *own = a->s->env->head_a;
    struct daf_spot haves[DAF_HAVES_MAX];
    struct daf_cursor c = w->haves.items;
    struct daf_mark mark;

    if (index->mark_by_tag(index->ctx, &a->want->scope, &w->tag, &mark) !=
            DAF_OK ||
        index->head(index->ctx, &mark.log, own) != DAF_OK)
        return;
    for (size_t i = 0; i < w->haves.count; i++)
        daf_frame_next_spot(&c, &haves[i]);
    if (!w->all && w->haves.count > 0 && own->tips_count == 1 &&
        own->roots_count == 1 &&
        !daf_path_knows(index, &mark.log, haves, w->haves.count)) {
        say_more(a, &mark.log);
        return;
    }
    for (size_t i = 0; i < own->tips_count && !is_short(a); i++)
        answer_path(a, own, &own->tips[i], haves, w->haves.count);
    c = w->wants.items;
    for (size_t i = 0; i < w->wants.count && !is_short(a); i++) {
        struct daf_spot want;

        daf_frame_next_spot(&c, &want);
        answer_path(a, own, &want, haves, w->haves.count);
    }
}

static void begin_answer(struct answer *a, uint64_t credit)
{
    /* What the peer asks for sits in our memory until the link took it. */
    a->credit = credit < DAF_CREDIT_BYTES_MAX ? credit : DAF_CREDIT_BYTES_MAX;
    a->is_first = true;
    a->steps = DAF_PATH_STEPS(a->credit);
    begin_run(a);
}

static void answer_records(struct daf_session *s, const struct daf_want *want)
{
    struct answer a = {.s = s, .want = want};
    struct daf_cursor c = want->logs.items;

    begin_answer(&a, want->credit);
    for (size_t i = 0; i < want->logs.count && !is_short(&a); i++) {
        struct daf_want_log w;

        daf_frame_next_want(&c, &w);
        if (daf_session_scope(s, &want->scope) != NULL) answer_log(&a, &w);
    }
    end_run(&a, true);
}

void daf_on_want(struct daf_session *s, struct daf_mono now,
                 const struct daf_frame *f)
{
    (void)now;
    if (daf_session_scope(s, &f->want.scope) == NULL)
        daf_session_count(s, DAF_ESCOPE);
    if (f->want.kind == DAF_WANT_PAGE)
        answer_page(s, &f->want);
    else if (f->want.kind == DAF_WANT_SYMBOLS)
        answer_symbols(s, &f->want);
    else
        answer_records(s, &f->want);
}
