/* SPDX-License-Identifier: Apache-2.0 */
/* Content that peers seek and fetch (docs/content.md R64, R65).
 *
 * Of a peer's FETCHes one at a time is at the disk, a piece at a time, so that a
 * peer can make us hold one piece and a list of numbers.  Nor can it make the disk
 * seek more than others do by going from item to item: its next read waits until
 * the one before was read, behind what everybody else has asked of the keeper
 * meanwhile.  What one read costs is bounded, too: a piece, and a file list of at
 * most 32 MiB if it is not among the 16 in memory. */
#include <stdlib.h>

#include "node/core/agent_impl.h"

/* ---- HAVE */

/* Bits @from to @to - 1 of what is held; @from is a multiple of 8. */
static size_t held_bits(const struct daf_shelved *item, uint32_t from,
                        uint32_t to, uint8_t *out)
{
    size_t len = (to - from + 7) / 8;

    if (item->have != NULL) {
        memcpy(out, item->have + from / 8, len);
        return len;
    }
    memset(out, 0xff, len);
    if (to % 8 != 0) out[len - 1] = (uint8_t)(0xff00u >> to % 8);
    return len;
}

void daf_agent_serve_have(struct daf_agent *a, const struct daf_conn *c,
                          const struct daf_shelved *item, uint32_t from,
                          uint32_t to)
{
    struct daf_part have = {.content = item->content, .part = from / 8 * 8};
    uint8_t *bits = a->scratch->body; /* 64 KiB: half of all there can be */
    struct daf_pack k;

    while (have.part < to) {
        uint32_t end = to - have.part > DAF_BODY_BYTES_MAX * 4
                           ? have.part + DAF_BODY_BYTES_MAX * 4
                           : to;

        have.data =
            (struct daf_view){bits, held_bits(item, have.part, end, bits)};
        daf_pack_init(&k, a->scratch->frame, sizeof(a->scratch->frame));
        daf_frame_pack_have(&k, &have);
        daf_agent_conn_send(a, c, daf_pack_view(&k));
        have.part = end;
    }
}

void daf_agent_serve_shown(struct daf_agent *a, const struct daf_conn *c,
                           const struct daf_offering *o, uint32_t first,
                           uint32_t last)
{
    const struct daf_part have = {
        .content = o->content,
        .part = first / 8 * 8,
        .data = {&o->shown[first / 8], last / 8 - first / 8 + 1},
    };
    struct daf_pack k;

    daf_pack_init(&k, a->scratch->frame, sizeof(a->scratch->frame));
    daf_frame_pack_have(&k, &have);
    daf_agent_conn_send(a, c, daf_pack_view(&k));
}

/* ---- SEEK */

static bool holds_something(const struct daf_shelved *item)
{
    if (item->is_whole) return true;
    for (uint32_t i = 0; item->have != NULL && i <= item->parts / 8; i++) {
        if (item->have[i] != 0) return true;
    }
    return false;
}

static bool names(const struct daf_hash *list, size_t count,
                  const struct daf_hash *content)
{
    for (size_t i = 0; i < count; i++) {
        if (memcmp(list[i].b, content->b, sizeof(content->b)) == 0) return true;
    }
    return false;
}

/* What was sought before is being told already; an id said twice is one. */
static void on_seek(struct daf_agent *a, struct daf_conn *c,
                    struct daf_view contents)
{
    struct daf_swap *s = daf_agent_swap(c, true);
    struct daf_hash *seeks = contents.len > 0 ? malloc(contents.len) : NULL;
    struct daf_hash *before;
    size_t before_count;

    if (s == NULL || (seeks == NULL && contents.len > 0)) {
        free(seeks);
        return;
    }
    if (seeks != NULL) memcpy(seeks, contents.p, contents.len);
    before = s->seeks;
    before_count = s->seeks_count;
    s->seeks = seeks;
    s->seeks_count = contents.len / sizeof(*seeks);
    if (s->seeks_count == 0) daf_agent_turns_leave(a, c);
    daf_agent_slices_look(a);
    for (size_t i = 0; i < s->seeks_count; i++) {
        struct daf_shelved *item = daf_agent_item(a, &seeks[i]);

        if (item == NULL || !holds_something(item) ||
            names(seeks, i, &seeks[i]) ||
            names(before, before_count, &seeks[i]))
            continue;
        if (item->is_sliced)
            daf_agent_slices_begin(a, c, item);
        else
            daf_agent_serve_have(a, c, item, 0, item->parts);
    }
    free(before);
}

/* ---- FETCH */

void daf_agent_serve_go(struct daf_agent *a, struct daf_conn *c)
{
    const struct daf_errand *w = c->swap->wishes;
    struct daf_port_piece piece;

    if (c->is_closed || c->swap->wishes_count == 0 || c->swap->is_reading ||
        !daf_agent_turns_may_read(a, c))
        return;
    piece = (struct daf_port_piece){.content = w->content,
                                    .part = w->part,
                                    .offset = w->offset};
    c->swap->is_reading = true;
    a->config.port->content_read(a->config.port->ctx, c->id, &piece);
}

static void send_chunk(struct daf_agent *a, struct daf_conn *c,
                       const struct daf_errand *w, struct daf_view bytes)
{
    const struct daf_part chunk = {w->content, w->part, w->offset, bytes};
    struct daf_pack k;

    daf_pack_init(&k, a->scratch->frame, sizeof(a->scratch->frame));
    daf_frame_pack_chunk(&k, &chunk);
    c->swap->bytes_out += bytes.len;
    a->stats.content_out += bytes.len;
    daf_agent_conn_send(a, c, daf_pack_view(&k));
}

static void on_fetch(struct daf_agent *a, struct daf_conn *c,
                     const struct daf_part *f)
{
    struct daf_swap *s = daf_agent_swap(c, true);
    struct daf_errand *bigger;

    if (s == NULL || !daf_agent_turns_may(a, c)) return;
    if (s->wishes_count == DAF_FETCH_MAX) { /* R65: "more is a breach" */
        a->stats.refusals.by_err[DAF_EPEER]++;
        daf_session_end(c->session, DAF_BYE_BREACH);
        return;
    }
    bigger = daf_agent_grow(s->wishes, &s->wishes_cap, s->wishes_count,
                            sizeof(*s->wishes));
    if (bigger == NULL) return;
    s->wishes = bigger;
    s->wishes[s->wishes_count++] = (struct daf_errand){.content = f->content,
                                                       .part = f->part,
                                                       .offset = f->offset};
    daf_agent_serve_go(a, c);
    daf_agent_slices_taken(a, c, &f->content, f->part);
}

void daf_agent_serve_read(struct daf_agent *a, const struct daf_input *in)
{
    struct daf_conn *c = daf_agent_conn(a, in->conn);
    struct daf_swap *s = c != NULL ? c->swap : NULL;
    struct daf_errand *w;

    if (in->err == DAF_EIO) daf_agent_item_doubt(a, &in->piece.content);
    /* The number may be another connection's by now. */
    if (s == NULL || !s->is_reading || s->wishes[0].part != in->piece.part ||
        s->wishes[0].offset != in->piece.offset ||
        memcmp(s->wishes[0].content.b, in->piece.content.b, 32) != 0)
        return;
    w = &s->wishes[0];
    s->is_reading = false;
    if (in->err == DAF_ENOMEM) a->stats.refusals.by_err[in->err]++;
    if (in->err != DAF_OK || in->piece.bytes.len == 0) {
        send_chunk(a, c, w, (struct daf_view){NULL, 0});
    } else {
        send_chunk(a, c, w, in->piece.bytes);
        w->offset += (uint32_t)in->piece.bytes.len;
    }
    if (in->err != DAF_OK || in->is_last || in->piece.bytes.len == 0) {
        s->wishes_count--;
        memmove(w, w + 1, s->wishes_count * sizeof(*w));
    }
    /* Now, when it is known whether it wants more: else others may go on. */
    daf_agent_turns_sent(a, c, in->err == DAF_OK ? in->piece.bytes.len : 0);
    daf_agent_serve_go(a, c);
    a->is_show_due |= s->wishes_count == 0;
}

/* ---- frames */

/* docs/content.md §4: who asks is served by its right. */
static bool may_ask(const struct daf_agent *a, const struct daf_session *s)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);

    return auth->right(auth->ctx, daf_session_peer(s), &auth->catalog) >=
           DAF_RIGHT_RELAY;
}

void daf_agent_content(void *ctx, struct daf_session *s,
                       const struct daf_frame *frame)
{
    struct daf_agent *a = ctx;
    struct daf_conn *c = daf_agent_conn(a, daf_session_conn(s));

    if (c == NULL) return;
    if (frame->kind == DAF_FRAME_HAVE) {
        daf_agent_offers_have(a, c, &frame->part);
    } else if (frame->kind == DAF_FRAME_TURN) {
        daf_agent_fetch_turn(a, c, frame->turn);
    } else if (frame->kind == DAF_FRAME_AIR) {
        daf_agent_air_hear(a, c, &frame->air);
    } else if (frame->kind == DAF_FRAME_CHUNK) {
        daf_agent_fetch_chunk(a, c, &frame->part);
    } else if (frame->kind == DAF_FRAME_REGISTER ||
               frame->kind == DAF_FRAME_STATED) {
        daf_agent_statements_hear(a, c, frame);
    } else if (!may_ask(a, s)) {
        a->stats.refusals.by_err[DAF_EAUTHOR]++;
    } else if (frame->kind == DAF_FRAME_SEEK) {
        on_seek(a, c, frame->seek);
    } else if (frame->kind == DAF_FRAME_FETCH) {
        on_fetch(a, c, &frame->part);
    }
}
