/* SPDX-License-Identifier: Apache-2.0 */
/* NEED: the peer lacks bodies; it gets those that are here, each record as a path
 * of its own (protocol.md R45). */
#include "proto/session_impl.h"

struct giving {
    struct daf_session *s;
    const struct daf_scope_id *scope;
    struct daf_pack k;
    size_t mark, paths;
    size_t credit;
    bool is_cut;
};

static void begin(struct giving *g)
{
    daf_pack_init(&g->k, g->s->env->frame, DAF_RUN_BYTES_MAX);
    g->mark = daf_frame_begin_run(&g->k, g->scope);
    g->paths = 0;
}

static void end(struct giving *g, bool last)
{
    if (last && g->is_cut)
        daf_frame_end_cut(&g->k, g->mark, g->paths);
    else
        daf_frame_end(&g->k, g->mark, g->paths, last);
    daf_session_send(g->s, &g->k);
}

/* False when the credit is spent. */
static bool give(struct giving *g, const struct daf_log_key *log,
                 const struct daf_stored *r)
{
    size_t len = r->header.len + r->body.len, path;

    g->is_cut = len > g->credit;
    if (g->is_cut) return false;
    g->credit -= len;
    if (!daf_pack_fits(&g->k, len + DAF_RUN_FRAMING_BYTES)) {
        end(g, false);
        begin(g);
    }
    path = daf_frame_begin_path(&g->k, log);
    daf_frame_add_record(&g->k, r);
    daf_pack_close(&g->k, path, 1);
    g->paths++;
    return true;
}

static bool give_log(struct giving *g, const struct daf_need_log *need)
{
    const struct daf_index *index = g->s->env->index;
    struct daf_cursor c = need->spots.items;

    for (size_t i = 0; i < need->spots.count; i++) {
        struct daf_spot spot, prev;
        struct daf_stored r;
        size_t len;

        daf_frame_next_spot(&c, &spot);
        /* Each is the end of a path.  A bad one is found and dropped at rest. */
        if (!daf_session_may_serve(g->s, &need->log, &spot, &prev, &len) ||
            index->get(index->ctx, &need->log, &spot, &r) != DAF_OK ||
            r.body_state != DAF_BODY_HELD)
            continue;
        if (!give(g, &need->log, &r)) return false;
    }
    return true;
}

void daf_on_need(struct daf_session *s, struct daf_mono now,
                 const struct daf_frame *f)
{
    struct giving g = {.s = s,
                       .scope = &f->need.scope,
                       .credit = DAF_CREDIT_BYTES_MAX};
    struct daf_cursor c = f->need.logs.items;
    bool is_common = daf_session_scope(s, &f->need.scope) != NULL;

    (void)now;
    if (!is_common) daf_session_count(s, DAF_ESCOPE);
    begin(&g);
    for (size_t i = 0; is_common && i < f->need.logs.count; i++) {
        struct daf_need_log need;

        daf_frame_next_need(&c, &f->need.scope, &need);
        if (!give_log(&g, &need)) break;
    }
    end(&g, true);
}
