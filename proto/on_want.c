/* SPDX-License-Identifier: Apache-2.0 */
/* WANT: answer with a page of heads, or with records up to the credit.  Nothing
 * is remembered afterwards (protocol.md R25). */
#include "proto/path.h"
#include "proto/session_impl.h"

/* A scope that is not common is answered as if it were empty: that tells no more
 * than silence does, and the peer need not wait (R22). */
static void answer_page(struct daf_session *s, const struct daf_want *want)
{
    const struct daf_index *index = s->env->index;
    const struct daf_log_key *after = want->has_after ? &want->after : NULL;
    struct daf_head *head = s->env->head_a;
    struct daf_log_key last;
    size_t count = 0, mark;
    bool more = false;
    struct daf_pack k;

    daf_pack_init(&k, s->env->frame, DAF_HEADS_BYTES_MAX);
    mark = daf_frame_begin_heads(&k, &want->scope, false);
    while (daf_session_scope(s, &want->scope) != NULL &&
           index->head_next(index->ctx, &want->scope, after, head) == DAF_OK) {
        struct daf_pack before = k;

        daf_frame_add_head(&k, head);
        /* Five bytes are kept back for the header of the list. */
        if (k.is_full || k.len + 5 > k.cap) {
            k = before;
            more = true;
            break;
        }
        count++;
        last = head->log;
        after = &last;
    }
    daf_frame_end(&k, mark, count, more);
    daf_session_send(s, &k);
}

/* An answer under way: RUN frames filled one after the other. */
struct answer {
    struct daf_session *s;
    const struct daf_want *want;
    struct daf_pack k;
    size_t run_mark, paths;
    size_t path_mark, records; /* of the open path; records 0: none open */
    struct daf_log_key path;
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

static void end_path(struct answer *a)
{
    if (a->records == 0) return;
    daf_pack_close(&a->k, a->path_mark, a->records);
    a->records = 0;
    a->paths++;
}

static void end_run(struct answer *a, bool last)
{
    end_path(a);
    daf_frame_end(&a->k, a->run_mark, a->paths, last);
    daf_session_send(a->s, &a->k);
}

/* Whether the record, its framing and the list headers to come still fit. */
static bool fits(const struct answer *a, size_t len)
{
    return a->k.len + len + 96 <= a->k.cap && a->records < DAF_PATH_RECORDS_MAX;
}

/* False when the credit is spent; the first record is always given, so that a
 * small credit cannot stop the peer for ever. */
static bool give(struct answer *a, const struct daf_log_key *log,
                 const struct daf_stored *r)
{
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
    }
    if (a->records == 0) a->path_mark = daf_frame_begin_path(&a->k, log);
    daf_frame_add_record(&a->k, r);
    a->records++;
    return true;
}

static void answer_log(struct answer *a, const struct daf_want_log *w)
{
    const struct daf_index *index = a->s->env->index;
    struct daf_spot haves[DAF_HAVES_MAX];
    struct daf_cursor c = w->haves.items;

    if (index->head(index->ctx, &w->log, a->s->env->head_b) != DAF_OK) return;
    for (size_t i = 0; i < w->haves.count; i++)
        daf_frame_next_spot(&c, &haves[i]);
    c = w->wants.items;
    for (size_t i = 0; i < w->wants.count && !a->is_spent; i++) {
        struct daf_spot want;
        struct daf_path path = {.steps = &a->steps};
        struct daf_stored r;

        daf_frame_next_spot(&c, &want);
        if (daf_path_begin(index, a->s->env->head_b, &want, haves,
                           w->haves.count, &path) != DAF_OK)
            continue;
        while (daf_path_next(&path, &r) == DAF_OK && give(a, &w->log, &r))
            ;
        end_path(a);
    }
}

static void answer_records(struct daf_session *s, const struct daf_want *want)
{
    struct answer a = {.s = s, .want = want, .is_first = true};
    struct daf_cursor c = want->logs.items;

    /* What the peer asks for sits in our memory until the link took it. */
    a.credit = want->credit < DAF_CREDIT_BYTES_MAX ? want->credit
                                                   : DAF_CREDIT_BYTES_MAX;
    a.steps = DAF_PATH_STEPS(a.credit);
    begin_run(&a);
    for (size_t i = 0; i < want->logs.count && !a.is_spent; i++) {
        struct daf_want_log w;

        daf_frame_next_want(&c, &want->scope, &w);
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
    if (f->want.is_page)
        answer_page(s, &f->want);
    else
        answer_records(s, &f->want);
}
