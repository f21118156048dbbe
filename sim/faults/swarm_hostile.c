/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile device says: what its agent wanted to say, spoilt.
 *
 * A real agent speaks for it, so that it comes deep into the protocol: it is let in
 * at the door, proves itself, compares.  Between it and the air its frames are
 * damaged, cut, doubled, replayed, held back, changed into others that are well
 * formed, or withheld; and records that are not right lie on its card (swarm_forge.c),
 * which the agent serves in good faith. */
#include <stdlib.h>
#include <string.h>

#include "proto/frame.h"
#include "proto/record.h"
#include "sim/faults/swarm_impl.h"

#define EXTRA_BYTES 64

struct speech {
    struct daf_swarm *s;
    struct daf_swarm_hostile *h;
    struct daf_chance *c;
    uint32_t device, conn;
    struct daf_view frame;
};

static void say(const struct speech *p, const uint8_t *bytes, size_t len)
{
    daf_fleet_say(p->s->fleet, p->device, p->conn,
                  (struct daf_view){bytes, len});
}

static void remember(const struct speech *p)
{
    struct daf_swarm_hostile *h = p->h;
    unsigned at = h->next++ % DAF_SWARM_FRAMES;
    uint8_t *bytes = malloc(p->frame.len + 1);

    if (bytes == NULL) return;
    memcpy(bytes, p->frame.p, p->frame.len);
    free(h->frames[at].bytes);
    h->frames[at].bytes = bytes;
    h->frames[at].len = p->frame.len;
}

void daf_swarm_hostile_free(struct daf_swarm_hostile *h)
{
    for (unsigned i = 0; i < DAF_SWARM_FRAMES; i++)
        free(h->frames[i].bytes);
    free(h->held_back);
}

/* ---- one frame, spoilt */

static void damage(const struct speech *p)
{
    uint8_t *bytes = malloc(p->frame.len + EXTRA_BYTES);
    size_t len = p->frame.len;

    if (bytes == NULL) return;
    memcpy(bytes, p->frame.p, len);
    switch (daf_chance_below(p->c, 4)) {
    case 0: /* a bit */
        bytes[daf_chance_below(p->c, len)] ^=
            (uint8_t)(1u << daf_chance_below(p->c, 8));
        break;
    case 1: /* its end is missing */
        len = daf_chance_below(p->c, len);
        break;
    case 2: /* more comes after it */
        daf_chance_bytes(p->c, bytes + len, EXTRA_BYTES);
        len += 1 + daf_chance_below(p->c, EXTRA_BYTES);
        break;
    default: /* a stretch of it is noise */
        for (uint64_t i = daf_chance_below(p->c, len), n = 0; i < len && n < 16;
             i++, n++)
            bytes[i] = (uint8_t)daf_chance_below(p->c, 256);
        break;
    }
    say(p, bytes, len);
    free(bytes);
}

static void replay(const struct speech *p)
{
    unsigned at = (unsigned)daf_chance_below(p->c, DAF_SWARM_FRAMES);

    if (p->h->frames[at].bytes != NULL)
        say(p, p->h->frames[at].bytes, p->h->frames[at].len);
}

/* Another comes first. */
static void hold_back(const struct speech *p)
{
    if (p->h->held_back != NULL) say(p, p->h->held_back, p->h->held_back_len);
    free(p->h->held_back);
    p->h->held_back = malloc(p->frame.len + 1);
    p->h->held_back_len = p->frame.len;
    if (p->h->held_back != NULL)
        memcpy(p->h->held_back, p->frame.p, p->frame.len);
}

/* A record that its author never made, before the first of a path: whoever looks
 * at the last signature alone, and not at the links, takes it for vouched for. */
static bool splice_path(const struct speech *p, struct daf_pack *k,
                        const struct daf_run_path *path)
{
    struct daf_cursor records = path->records.items;
    struct daf_run_record first;
    struct daf_record r;
    uint8_t header[DAF_HEADER_BYTES_MAX];
    struct daf_sign_sk sk;

    daf_frame_next_record(&records, &first);
    if (daf_record_decode(first.header, &r) != DAF_OK || r.seq < 2)
        return false;
    struct daf_record forged = r;
    forged.seq--;
    daf_chance_bytes(p->c, forged.prev.b, sizeof forged.prev.b);
    if (forged.seq == 1) memset(&forged.prev, 0, sizeof forged.prev);
    daf_chance_bytes(p->c, sk.b, sizeof sk.b);
    size_t len = daf_record_sign(&forged, &sk, header);
    const struct daf_stored before = {.header = {header, len},
                                      .body_state = DAF_BODY_ABSENT};
    const struct daf_stored after = {.header = first.header,
                                     .body_state = first.body_state,
                                     .body = first.body};
    size_t mark = daf_frame_begin_path(k, &path->log);
    daf_frame_add_record(k, &before);
    daf_frame_add_record(k, &after);
    daf_pack_close(k, mark, 2);
    return true;
}

static bool splice(const struct speech *p)
{
    struct daf_run_path path;
    struct daf_pack k;
    struct daf_frame f;

    if (daf_frame_decode(p->frame, &f, NULL) != DAF_OK ||
        f.kind != DAF_FRAME_RUN || f.run.paths.count == 0)
        return false;
    struct daf_cursor paths = f.run.paths.items;
    daf_frame_next_path(&paths, &f.run.scope, &path);
    size_t room = p->frame.len + 1024;
    uint8_t *bytes = path.records.count > 0 ? malloc(room) : NULL;
    if (bytes == NULL) return false;
    daf_pack_init(&k, bytes, room);
    size_t mark = daf_frame_begin_run(&k, &f.run.scope);
    bool is_made = splice_path(p, &k, &path);
    daf_frame_end(&k, mark, 1, f.run.last);
    if (is_made && !k.is_full) say(p, k.p, k.len);
    free(bytes);
    return is_made;
}

/* ---- frames that are well formed and mean nothing */

static void claim_heads(const struct speech *p)
{
    uint8_t items[8 * DAF_ITEM_BYTES], room[1024];
    struct daf_scope_id scopes[DAF_FLEET_SCOPES];
    struct daf_heads heads = {.kind =
                                  (enum daf_heads_kind)daf_chance_below(p->c,
                                                                        4),
                              .more = daf_chance_below(p->c, 4) == 0,
                              .count = daf_chance_below(p->c, 9)};
    struct daf_pack k;

    daf_fleet_scopes(p->s->fleet, scopes);
    heads.scope = scopes[daf_chance_below(p->c, DAF_FLEET_SCOPES)];
    daf_chance_bytes(p->c, items, sizeof items);
    for (size_t i = 0; i < 8; i++) { /* tags ascend, heights are believable */
        items[i * DAF_ITEM_BYTES] = (uint8_t)(i * 16);
        items[i * DAF_ITEM_BYTES + 8] = 0;
    }
    heads.items = (struct daf_view){items, heads.count * DAF_ITEM_BYTES};
    daf_pack_init(&k, room, sizeof room);
    daf_frame_pack_heads(&k, &heads);
    say(p, k.p, k.len);
}

static void ask_nonsense(const struct speech *p)
{
    struct daf_scope_id scopes[DAF_FLEET_SCOPES];
    uint8_t room[2048];
    struct daf_spot spots[4];
    struct daf_tag tag;
    struct daf_pack k;

    daf_fleet_scopes(p->s->fleet, scopes);
    const struct daf_scope_id *scope =
        &scopes[daf_chance_below(p->c, DAF_FLEET_SCOPES)];
    daf_chance_bytes(p->c, (uint8_t *)spots, sizeof spots);
    for (size_t i = 0; i < 4; i++)
        spots[i].seq = 1 + spots[i].seq % 50;
    daf_chance_bytes(p->c, tag.b, sizeof tag.b);
    daf_pack_init(&k, room, sizeof room);
    switch (daf_chance_below(p->c, 3)) {
    case 0:
        daf_frame_pack_want_page(&k, scope, &tag);
        break;
    case 1:
        daf_frame_pack_want_symbols(&k, scope, daf_chance_below(p->c, 4000),
                                    1 + daf_chance_below(p->c, 90));
        break;
    default: {
        size_t mark = daf_frame_begin_want(&k, scope, DAF_CREDIT_BYTES_MAX);
        daf_frame_add_want(&k, &tag, spots, 2, spots + 2, 2, true);
        daf_frame_end(&k, mark, 1, false);
        break;
    }
    }
    say(p, k.p, k.len);
}

static void flood(const struct speech *p)
{
    uint64_t most = p->s->faults->of[DAF_FAULT_FLOOD];

    if (most == 0 || daf_chance_below(p->c, 10) != 0) return;
    for (uint64_t i = daf_chance_below(p->c, most) + 1; i > 0; i--)
        if (daf_chance_below(p->c, 2) == 0)
            claim_heads(p);
        else
            ask_nonsense(p);
}

/* ---- */

/* What a proof is made of is left alone mostly: else nobody would listen. */
static bool is_spared(const struct speech *p)
{
    struct daf_frame f;

    if (daf_frame_decode(p->frame, &f, NULL) != DAF_OK) return false;
    return (f.kind == DAF_FRAME_HELLO || f.kind == DAF_FRAME_ROOT ||
            f.kind >= DAF_FRAME_KNOCK) &&
           daf_chance_below(p->c, 20) != 0;
}

static bool is_withheld(const struct speech *p)
{
    struct daf_frame f;

    return daf_frame_decode(p->frame, &f, NULL) == DAF_OK &&
           (f.kind == DAF_FRAME_RUN || f.kind == DAF_FRAME_SYMBOLS ||
            (f.kind == DAF_FRAME_HEADS && f.heads.kind == DAF_HEADS_PAGE)) &&
           daf_swarm_pct(p->s, DAF_FAULT_WITHHOLD, p->c) != 0;
}

bool daf_swarm_says(struct daf_swarm *s, uint32_t device, uint32_t conn,
                    struct daf_view frame)
{
    struct speech p = {.s = s,
                       .h = &s->of[device].hostile,
                       .c = &s->chance_tamper,
                       .device = device,
                       .conn = conn,
                       .frame = frame};

    remember(&p);
    if (frame.len == 0 || is_spared(&p)) return true;
    if (is_withheld(&p)) {
        daf_check_met(s->check, DAF_SOMETIMES_WITHHELD);
        return false;
    }
    flood(&p);
    if (daf_swarm_pct(s, DAF_FAULT_TAMPER, p.c) == 0) return true;
    daf_check_met(s->check, DAF_SOMETIMES_TAMPERED);
    if (daf_chance_below(p.c, 2) == 0 && splice(&p)) return false;
    switch (daf_chance_below(p.c, 7)) {
    case 0:
    case 1:
        damage(&p);
        return false;
    case 2: /* twice */
        say(&p, frame.p, frame.len);
        return true;
    case 3:
        hold_back(&p);
        return false;
    case 4:
        replay(&p);
        return true;
    case 5:
        claim_heads(&p);
        return true;
    default:
        ask_nonsense(&p);
        return true;
    }
}
