/* SPDX-License-Identifier: Apache-2.0 */
/* Who keeps what: statements of archives, kept, passed on and made
 * (docs/content.md §7).
 *
 *      REGISTER --> coming --batch--> writing --STORED--> kept --> STATED to all
 *      own pages ----^
 *
 * Batches are a second apart, and as long as what was in the last takes at GIVE_RATE:
 * so much one who signs ever new numbers costs everybody's card, and no more. */
#include <assert.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"
#include "proto/hash.h"
#include "proto/status.h"

#define OWN_MS    5000    /* R84: "states what it holds whole, within 5 s" */
#define OWN_MAX   3600000 /* of two who have one key neither ever gives in */
#define STATUS_MS 600000  /* R118: "not more often than every ten minutes" */
#define TELL_MS   1000    /* R82: "a second after what is held has changed" */
#define BATCH_MS  1000
#define LIST_MS   1000 /* R82: "at most once a second"; the clock here is not */
#define SOON_MS   500  /* the peer's, so one that comes half as late is read */
/* Of what a list lacks so much goes at once.  The next goes when it has come and is
 * kept, also on a slow air, or the same would be on its way twice and three times;
 * link cuts who lets 4 MiB pile up. */
#define GIVE_MAX   64
#define GIVE_BYTES ((size_t)1024 * 1024)
#define GIVE_RATE  32768 /* R82: "at 32 KiB/s, and 3 s" */
#define GIVE_MS    3000
#define ID         sizeof(struct daf_hash)

/* ---- lists */

static size_t place(const struct daf_kept_list *l, const struct daf_stated *at)
{
    size_t low = 0, high = l->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (daf_statement_order(&l->items[middle].said, at) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct daf_kept *find(const struct daf_kept_list *l,
                             const struct daf_stated *at)
{
    size_t i = place(l, at);

    if (i == l->count || daf_statement_order(&l->items[i].said, at) != 0)
        return NULL;
    return &l->items[i];
}

/* @k in its place, instead of what is there unless that stands.  Owns its bytes,
 * also when there is no memory: then it is passed over, and comes again. */
static void put(struct daf_kept_list *l, struct daf_kept k)
{
    struct daf_kept *old = find(l, &k.said), *bigger;
    size_t at = place(l, &k.said);

    if (old != NULL) {
        struct daf_kept loser = k;

        if (daf_statement_stands(&k.said, &old->said)) {
            loser = *old;
            *old = k;
        }
        free(loser.bytes);
        return;
    }
    bigger = daf_agent_grow(l->items, &l->cap, l->count, sizeof(*l->items));
    if (bigger == NULL) {
        free(k.bytes);
        return;
    }
    l->items = bigger;
    memmove(&l->items[at + 1], &l->items[at],
            (l->count - at) * sizeof(*l->items));
    l->items[at] = k;
    l->count++;
}

static void clear(struct daf_kept_list *l)
{
    for (size_t i = 0; i < l->count; i++)
        free(l->items[i].bytes);
    free(l->items);
    *l = (struct daf_kept_list){NULL, 0, 0};
}

/* False: no memory.  @bytes decode. */
static bool copy(struct daf_view bytes, struct daf_kept *out)
{
    out->bytes = malloc(bytes.len);
    if (out->bytes == NULL) return false;
    memcpy(out->bytes, bytes.p, bytes.len);
    out->len = bytes.len;
    out->is_made = false;
    if (daf_statement_decode((struct daf_view){out->bytes, out->len},
                             &out->st) != DAF_OK)
        abort(); /* the same bytes were read a moment ago */
    out->said = daf_statement_mark(&out->st);
    return true;
}

static void soon(struct daf_mono *at, uint64_t ms)
{
    if (ms < at->ms) at->ms = ms;
}

/* ---- life */

static bool take_kept(void *ctx, const struct daf_statement *st,
                      struct daf_view bytes)
{
    struct daf_agent *a = ctx;
    struct daf_kept k;

    (void)st;
    if (a->stated.kept.count == DAF_STATEMENTS_MAX) return false;
    if (copy(bytes, &k)) put(&a->stated.kept, k);
    return true;
}

enum daf_err daf_agent_statements_begin(struct daf_agent *a)
{
    const struct daf_agent_config *config = &a->config;
    enum daf_err err = DAF_OK;

    if (config->statements != NULL)
        err = config->statements(config->statements_ctx, take_kept, a);
    a->stated.number = a->stated.kept.count > 0;
    return err;
}

void daf_agent_statements_free(struct daf_agent *a)
{
    clear(&a->stated.kept);
    clear(&a->stated.coming);
    clear(&a->stated.writing);
}

/* ---- what is told */

static bool is_open(const struct daf_conn *c)
{
    return !c->is_closed && c->session != NULL &&
           daf_session_state(c->session) == DAF_SESSION_OPEN;
}

/* Who is certified here, and no archive any more: nobody who joined since keeps what
 * it stated (R81), so it is neither told nor asked for; two who each kept such a
 * thing would ask each other for ever. */
static bool is_past(const struct daf_agent *a, const struct daf_stated *said)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    struct daf_device device;

    return said->kind == DAF_STATEMENT_ARCHIVED &&
           !daf_camp_is_archive(a->camp, &said->author) &&
           auth->by_author(auth->ctx, &said->author, &device);
}

/* All that is kept and not past, as a list, in the second half of the frame's room:
 * there a frame can be packed around it. */
static struct daf_view list_of(struct daf_agent *a)
{
    const struct daf_kept_list *l = &a->stated.kept;
    uint8_t *out = a->scratch->frame + sizeof(a->scratch->frame) / 2;
    size_t len = 0;

    static_assert(sizeof(a->scratch->frame) / 2 >=
                      (size_t)DAF_STATED_BYTES * DAF_STATEMENTS_MAX + 16,
                  "a list is half a frame");
    for (size_t i = 0; i < l->count; i++) {
        if (is_past(a, &l->items[i].said)) continue;
        daf_statement_write(&l->items[i].said, out + len);
        len += DAF_STATED_BYTES;
    }
    return (struct daf_view){out, len};
}

static const struct daf_sum *sum_of(struct daf_agent *a)
{
    struct daf_stated_state *s = &a->stated;

    if (!s->has_sum) daf_hash_128("daf.statement.3", list_of(a), s->sum.b);
    s->has_sum = true;
    return &s->sum;
}

static void send_stated(struct daf_agent *a, const struct daf_conn *c,
                        enum daf_stated_kind kind, struct daf_view data)
{
    const struct daf_stated_list f = {kind, data};
    struct daf_pack k;

    daf_pack_init(&k, a->scratch->frame, sizeof(a->scratch->frame) / 2);
    daf_frame_pack_stated(&k, &f);
    daf_agent_conn_send(a, c, daf_pack_view(&k));
}

static void send_list(struct daf_agent *a, struct daf_conn *c,
                      enum daf_stated_kind kind)
{
    c->owes_answer = false;
    if (kind == DAF_STATED_LIST) c->owes_list = c->owes_gift = false;
    c->listed_at = a->now;
    send_stated(a, c, kind, list_of(a));
}

static bool may_list(const struct daf_agent *a, const struct daf_conn *c)
{
    return c->listed_at.ms == 0 || a->now.ms >= c->listed_at.ms + LIST_MS;
}

/* When a list that is owed goes out.  For a gift: so that the peer says again what it
 * lacks. */
static struct daf_mono owed_at(const struct daf_conn *c)
{
    uint64_t ms = c->listed_at.ms == 0 ? 0 : c->listed_at.ms + LIST_MS;

    if (!is_open(c) || !(c->owes_list || c->owes_gift || c->owes_answer))
        return DAF_MONO_NEVER;
    if (!c->owes_list && !c->owes_answer && c->give_at.ms > ms)
        ms = c->give_at.ms;
    return (struct daf_mono){ms};
}

void daf_agent_statements_tell(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_view sum = {sum_of(a)->b, sizeof(struct daf_sum)};

    if (c->stated == a->stated.number || !is_open(c)) return;
    c->stated = a->stated.number;
    send_stated(a, c, DAF_STATED_SUM, sum);
}

/* ---- what is heard */

static void refuse(struct daf_agent *a)
{
    a->stats.statements_refused++;
}

static struct daf_scope_id telemetry(const struct daf_agent *a)
{
    return daf_hash_scope_id(&daf_camp_manifest(a->camp)->camp, "telemetry");
}

/* R81.  @is_early: not now, but perhaps once control has said more. */
static bool counts(const struct daf_agent *a, struct daf_view bytes,
                   const struct daf_statement *st, bool *is_early)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    const struct daf_scope_id scope = telemetry(a);
    struct daf_device device;

    *is_early = false;
    if (memcmp(st->scope.b, scope.b, sizeof(scope.b)) != 0) return false;
    if (!auth->by_author(auth->ctx, &st->author, &device)) {
        *is_early = true;
        return false;
    }
    if (daf_statement_verify(bytes, st, &device.keys.sign) != DAF_OK)
        return false;
    *is_early = st->kind == DAF_STATEMENT_ARCHIVED &&
                !daf_camp_is_archive(a->camp, &st->author);
    return !*is_early;
}

static bool is_news(const struct daf_agent *a, const struct daf_stated *said)
{
    const struct daf_stated_state *s = &a->stated;
    const struct daf_kept_list *const lists[] = {&s->kept, &s->writing,
                                                 &s->coming};

    for (size_t i = 0; i < 3; i++) {
        const struct daf_kept *k = find(lists[i], said);

        if (k != NULL && !daf_statement_stands(said, &k->said)) return false;
    }
    return true;
}

static size_t others_in(const struct daf_kept_list *l)
{
    size_t count = 0;

    for (size_t i = 0; i < l->count; i++)
        count += l->items[i].said.kind != DAF_STATEMENT_ARCHIVED;
    return count;
}

/* R81.  A status of each device must leave room for what archives say: bodies of
 * content depend on that. */
static bool has_room(const struct daf_agent *a, const struct daf_stated *said)
{
    const struct daf_stated_state *s = &a->stated;

    if (find(&s->kept, said) != NULL) return true;
    if (s->kept.count + s->writing.count + s->coming.count >=
        DAF_STATEMENTS_MAX)
        return false;
    return said->kind == DAF_STATEMENT_ARCHIVED ||
           others_in(&s->kept) + others_in(&s->writing) +
                   others_in(&s->coming) <
               DAF_STATEMENTS_OTHER_MAX;
}

static void hear_statement(struct daf_agent *a, const struct daf_bytes *f)
{
    struct daf_stated_state *s = &a->stated;
    struct daf_statement st;
    struct daf_stated said;
    struct daf_kept k;
    bool is_early;

    if (daf_statement_decode(f->data, &st) != DAF_OK ||
        memcmp(st.author.b, f->author.b, sizeof(st.author.b)) != 0) {
        refuse(a);
        return;
    }
    said = daf_statement_mark(&st);
    if (!is_news(a, &said)) return;
    if (!counts(a, f->data, &st, &is_early) || !has_room(a, &said)) {
        s->was_refused |= is_early;
        refuse(a);
        return;
    }
    if (!copy(f->data, &k)) return; /* it comes again */
    put(&s->coming, k);
    soon(&s->write_at, a->now.ms + BATCH_MS < s->batch_at.ms
                           ? s->batch_at.ms
                           : a->now.ms + BATCH_MS);
}

/* Ascending by place, or it is no list. */
static bool is_list(struct daf_view data)
{
    for (size_t at = DAF_STATED_BYTES; at < data.len; at += DAF_STATED_BYTES) {
        struct daf_stated x =
            daf_statement_read(data.p + at - DAF_STATED_BYTES);
        struct daf_stated y = daf_statement_read(data.p + at);

        if (daf_statement_order(&x, &y) >= 0) return false;
    }
    return true;
}

/* What both hold, step by step in their order. */
struct match {
    const struct daf_kept *ours; /* NULL: only the peer's */
    struct daf_stated said;      /* the place, as either says */
    bool is_ours_newer, is_theirs_newer;
};
static struct match next(const struct daf_kept_list *l, size_t *i,
                         struct daf_view data, size_t *at)
{
    struct match m = {.ours = NULL};
    struct daf_stated theirs;
    int order = -1;

    if (*at < data.len) {
        theirs = daf_statement_read(data.p + *at);
        order = *i < l->count ? daf_statement_order(&l->items[*i].said, &theirs)
                              : 1;
    }
    if (order <= 0) m.ours = &l->items[(*i)++];
    if (order >= 0) *at += DAF_STATED_BYTES;
    m.said = m.ours != NULL ? m.ours->said : theirs;
    m.is_ours_newer =
        order < 0 ||
        (order == 0 && daf_statement_stands(&m.ours->said, &theirs));
    m.is_theirs_newer =
        order > 0 ||
        (order == 0 && daf_statement_stands(&theirs, &m.ours->said));
    return m;
}

/* Give what the peer lacks; returns whether it has what is lacking here. */
static bool compare(struct daf_agent *a, struct daf_conn *c,
                    struct daf_view data)
{
    const struct daf_kept_list *l = &a->stated.kept;
    size_t i = 0, at = 0, given = 0, bytes = 0;
    bool is_lacking = false, is_late = a->now.ms >= c->give_at.ms;

    while (i < l->count || at < data.len) {
        struct match m = next(l, &i, data, &at);
        struct daf_pack k;

        if (is_past(a, &m.said)) {
            /* It is asked for once control says that it is an archive. */
            a->stated.was_refused |= m.is_theirs_newer;
            continue;
        }
        is_lacking |= m.is_theirs_newer;
        c->owes_gift |= m.is_ours_newer && !is_late;
        if (!m.is_ours_newer || !is_late || given == GIVE_MAX ||
            bytes > GIVE_BYTES)
            continue;
        given++;
        bytes += m.ours->len;
        daf_pack_init(&k, a->scratch->frame, sizeof(a->scratch->frame));
        daf_frame_pack_register(&k, &m.ours->said.author,
                                (struct daf_view){m.ours->bytes, m.ours->len});
        daf_agent_conn_send(a, c, daf_pack_view(&k));
    }
    if (given > 0)
        c->give_at.ms = a->now.ms + GIVE_MS + bytes * 1000 / GIVE_RATE;
    return is_lacking;
}

static void hear_list(struct daf_agent *a, struct daf_conn *c,
                      const struct daf_stated_list *f)
{
    bool is_soon =
        c->listed_in.ms != 0 && a->now.ms < c->listed_in.ms + SOON_MS;

    if (is_soon || !is_list(f->data)) {
        refuse(a);
        return;
    }
    c->listed_in = a->now;
    if (!compare(a, c, f->data) || f->kind != DAF_STATED_LIST) return;
    /* A list that went a moment ago may have come before the peer might give:
     * what is lacking still is told again. */
    c->owes_answer = true;
    if (may_list(a, c)) send_list(a, c, DAF_STATED_ANSWER);
}

void daf_agent_statements_hear(struct daf_agent *a, struct daf_conn *c,
                               const struct daf_frame *frame)
{
    if (a->config.port->store_statement == NULL) return;
    if (frame->kind == DAF_FRAME_REGISTER) {
        hear_statement(a, &frame->bytes);
    } else if (frame->stated.kind != DAF_STATED_SUM) {
        hear_list(a, c, &frame->stated);
    } else if (memcmp(frame->stated.data.p, sum_of(a)->b,
                      sizeof(struct daf_sum)) != 0) {
        c->owes_list = true;
        if (may_list(a, c)) send_list(a, c, DAF_STATED_LIST);
    }
}

/* ---- to the disk */

static void write_batch(struct daf_agent *a)
{
    struct daf_stated_state *s = &a->stated;
    const struct daf_port *port = a->config.port;
    uint64_t bytes = 0;

    if (s->is_busy || s->coming.count == 0 || a->now.ms < s->write_at.ms)
        return;
    s->write_at = DAF_MONO_NEVER;
    s->is_busy = true;
    s->writing = s->coming;
    s->coming = (struct daf_kept_list){NULL, 0, 0};
    (void)daf_agent_job_begin(a, DAF_JOB_STATED, 0);
    for (size_t i = 0; i < s->writing.count; i++) {
        const struct daf_kept *k = &s->writing.items[i];

        if (!k->is_made) bytes += k->len;
        port->store_statement(port->ctx, &k->st,
                              (struct daf_view){k->bytes, k->len});
    }
    daf_agent_job_end(a, (struct daf_view){0});
    s->batch_at.ms = a->now.ms + BATCH_MS + bytes * 1000 / GIVE_RATE;
}

/* The disk did not take them, and peers do not tell them again.  What we said
 * ourselves is said anew: it may not be so any more. */
static void write_again(struct daf_agent *a)
{
    struct daf_stated_state *s = &a->stated;

    for (size_t i = 0; i < s->writing.count; i++) {
        struct daf_kept *k = &s->writing.items[i];

        if (k->is_made) continue;
        put(&s->coming, *k);
        k->bytes = NULL;
    }
    clear(&s->writing);
    if (s->coming.count > 0) soon(&s->write_at, a->now.ms + OWN_MS);
}

/* What another has stated in our name is looked at: it may not be so (R83).  Each
 * time later, as the other may do the same. */
static void note_met(struct daf_agent *a)
{
    struct daf_stated_state *s = &a->stated;

    for (size_t i = 0; i < s->writing.count; i++) {
        const struct daf_kept *k = &s->writing.items[i];

        if (k->is_made || memcmp(k->said.author.b, a->author.b, 16) != 0)
            continue;
        if (s->own_wait_ms < OWN_MS) s->own_wait_ms = OWN_MS;
        soon(&s->own_at, a->now.ms + s->own_wait_ms);
        soon(&s->status_at, a->now.ms + s->own_wait_ms);
        s->own_wait_ms *= 2;
        if (s->own_wait_ms > OWN_MAX) s->own_wait_ms = OWN_MAX;
        return;
    }
}

void daf_agent_statements_stored(struct daf_agent *a, enum daf_err err)
{
    struct daf_stated_state *s = &a->stated;

    assert(s->is_busy);
    s->is_busy = false;
    if (err != DAF_OK) {
        soon(&s->own_at, a->now.ms + OWN_MS);
        soon(&s->status_at, a->now.ms + OWN_MS);
        s->status_next = a->now;
        write_again(a);
        return;
    }
    note_met(a);
    for (size_t i = 0; i < s->writing.count; i++)
        put(&s->kept, s->writing.items[i]);
    free(s->writing.items);
    s->writing = (struct daf_kept_list){NULL, 0, 0};
    s->has_sum = false;
    s->changes++;
    soon(&s->tell_at, a->now.ms + TELL_MS);
}

/* ---- our own */

uint64_t daf_agent_stated(const struct daf_agent *a)
{
    return a->stated.changes;
}

bool daf_agent_is_archive(const struct daf_agent *a)
{
    return daf_camp_is_archive(a->camp, &a->author);
}

bool daf_agent_was_archive(const struct daf_agent *a)
{
    return daf_camp_was_archive(a->camp, &a->author);
}

void daf_agent_statements_item(struct daf_agent *a, bool is_less)
{
    if (!daf_agent_is_archive(a) || !a->stated.is_shelf_told) return;
    soon(&a->stated.own_at, a->now.ms + (is_less ? 0 : OWN_MS));
}

void daf_agent_statements_shelf(struct daf_agent *a, bool is_there)
{
    a->stated.is_shelf_told = true;
    a->stated.is_shelf_there = is_there;
    soon(&a->stated.own_at, a->now.ms);
}

static const struct daf_kept *own_page(const struct daf_agent *a,
                                       const struct daf_kept_list *l,
                                       uint8_t page)
{
    const struct daf_stated at = {.author = a->author,
                                  .kind = DAF_STATEMENT_ARCHIVED,
                                  .page = page};

    return find(l, &at);
}

static bool is_stated(const struct daf_agent *a, const struct daf_kept_list *l,
                      const struct daf_hash *content)
{
    for (uint8_t page = 0; page < DAF_ARCHIVED_PAGES_MAX; page++) {
        const struct daf_kept *k = own_page(a, l, page);

        if (k != NULL && daf_statement_find(&k->st, content, NULL)) return true;
    }
    return false;
}

static bool is_here(const struct daf_agent *a, const struct daf_shelved *item)
{
    return item->is_whole && !item->is_doubted && a->stated.is_shelf_there;
}

bool daf_agent_has_stated(const struct daf_agent *a,
                          const struct daf_hash *content)
{
    /* What is being written will be told, whatever becomes of us meanwhile. */
    return is_stated(a, &a->stated.kept, content) ||
           is_stated(a, &a->stated.writing, content);
}

/* A page of ours as it should be. */
struct page {
    uint8_t *content, *since; /* rooms for a full one */
    size_t count;
    bool is_changed;
};

static void page_add(struct page *p, const struct daf_hash *content,
                     uint64_t since)
{
    size_t at = p->count;

    while (at > 0 && memcmp(p->content + (at - 1) * ID, content->b, ID) > 0)
        at--;
    memmove(p->content + (at + 1) * ID, p->content + at * ID,
            (p->count - at) * ID);
    memmove(p->since + (at + 1) * 8, p->since + at * 8, (p->count - at) * 8);
    memcpy(p->content + at * ID, content->b, ID);
    for (size_t i = 0; i < 8; i++)
        p->since[at * 8 + i] = (uint8_t)(since >> (56 - 8 * i));
    p->count++;
}

/* What is on it and is still so; then, from item *@from on, what is on none. */
static void page_fill(struct daf_agent *a, const struct daf_kept *old,
                      size_t *from, struct page *p)
{
    size_t count = old == NULL ? 0 : old->st.content.len / ID;

    for (size_t i = 0; i < count; i++) {
        uint64_t since;
        struct daf_hash content = daf_statement_at(&old->st, i, &since);
        const struct daf_shelved *item = daf_agent_item(a, &content);

        if (item != NULL && is_here(a, item)) page_add(p, &content, since);
    }
    p->is_changed = p->count != count;
    for (; *from < a->items_count && p->count < DAF_ARCHIVED_MAX; ++*from) {
        const struct daf_shelved *item = &a->items[*from];

        if (!is_here(a, item) || is_stated(a, &a->stated.kept, &item->content))
            continue;
        page_add(p, &item->content, item->whole_at.ms);
        p->is_changed = true;
    }
}

/* The frame's room is not in use: nothing is sent here. */
static void page_sign(struct daf_agent *a, uint8_t page,
                      const struct daf_kept *old, const struct page *p,
                      uint8_t *out)
{
    struct daf_statement st = {
        .scope = telemetry(a),
        .author = a->author,
        .kind = DAF_STATEMENT_ARCHIVED,
        .page = page,
        .number = old == NULL ? 1 : old->said.number + 1,
        .content = {p->content, p->count * ID},
        .since = {p->since, p->count * 8},
    };
    struct daf_kept k;
    size_t len;

    k.said = daf_statement_mark(&st);
    if (st.number > DAF_INT_MAX || /* our key is another's as well */
        !has_room(a, &k.said))
        return;
    len = daf_statement_sign(&st, &a->config.secrets.sign, out);
    if (!copy((struct daf_view){out, len}, &k)) return;
    k.is_made = true;
    put(&a->stated.coming, k);
}

/* R84.  A page costs some 10,000 steps; this comes with an item. */
static void look_at_own(struct daf_agent *a)
{
    struct daf_stated_state *s = &a->stated;
    uint8_t *room = a->scratch->frame;
    size_t from = 0;

    if (a->now.ms < s->own_at.ms || s->is_busy) return;
    s->own_at = DAF_MONO_NEVER;
    if (!s->is_shelf_told || a->is_stopping || !daf_agent_is_archive(a) ||
        a->config.port->store_statement == NULL)
        return;
    for (uint8_t i = 0; i < DAF_ARCHIVED_PAGES_MAX; i++) {
        const struct daf_kept *old = own_page(a, &a->stated.kept, i);
        struct page p = {.content = room,
                         .since = room + (DAF_ARCHIVED_MAX + 1) * ID};

        page_fill(a, old, &from, &p);
        if (p.is_changed)
            page_sign(a, i, old, &p,
                      p.since + (size_t)(DAF_ARCHIVED_MAX + 1) * 8);
    }
    if (s->coming.count > 0) s->write_at = a->now;
}

/* ---- our own status */

void daf_agent_statements_applied(struct daf_agent *a)
{
    struct daf_camp_act_info any;

    /* Without an act it would be a deadline for nothing. */
    if (a->config.port->store_statement != NULL && !a->is_stopping &&
        daf_camp_act_at(a->camp, 0, &any))
        soon(&a->stated.status_at, a->now.ms);
}

/* R118.  The room is the frame's: nothing is sent here. */
static size_t status_of(struct daf_agent *a, uint8_t *room)
{
    uint8_t control[DAF_STATUS_CONTROL_BYTES_MAX];
    struct daf_pack k, list;

    daf_pack_init(&list, control, sizeof(control));
    if (!daf_camp_pack_applied(a->camp, &list) || list.is_full) return 0;
    daf_pack_init(&k, room, DAF_STATEMENT_OTHER_BYTES_MAX);
    daf_status_pack(&k, daf_pack_view(&list));
    return k.is_full ? 0 : k.len;
}

static void sign_status(struct daf_agent *a, const struct daf_kept *old,
                        struct daf_view other, uint8_t *out)
{
    struct daf_statement st = {
        .scope = telemetry(a),
        .author = a->author,
        .kind = DAF_STATEMENT_STATUS,
        .number = old == NULL ? 1 : old->said.number + 1,
        .other = other,
    };
    struct daf_kept k;
    size_t len;

    k.said = daf_statement_mark(&st);
    if (st.number > DAF_INT_MAX || !has_room(a, &k.said)) return;
    len = daf_statement_sign(&st, &a->config.secrets.sign, out);
    if (!copy((struct daf_view){out, len}, &k)) return;
    k.is_made = true;
    put(&a->stated.coming, k);
    a->stated.write_at = a->now;
    a->stated.status_next.ms = a->now.ms + STATUS_MS;
}

static void look_at_status(struct daf_agent *a)
{
    struct daf_stated_state *s = &a->stated;
    const struct daf_stated at = {.author = a->author,
                                  .kind = DAF_STATEMENT_STATUS};
    const struct daf_kept *old = find(&s->kept, &at);
    struct daf_camp_act_info any;
    uint8_t *room = a->scratch->frame;
    size_t len;

    if (a->now.ms < s->status_at.ms || s->is_busy) return;
    s->status_at = DAF_MONO_NEVER;
    if (a->is_stopping || a->config.port->store_statement == NULL ||
        !daf_agent_erase_is_done(a) ||
        (old == NULL && !daf_camp_act_at(a->camp, 0, &any)))
        return;
    len = status_of(a, room);
    if (len == 0 || (old != NULL && old->st.other.len == len &&
                     memcmp(old->st.other.p, room, len) == 0))
        return;
    if (a->now.ms < s->status_next.ms) {
        s->status_at = s->status_next;
        return;
    }
    sign_status(a, old, (struct daf_view){room, len},
                room + DAF_STATEMENT_OTHER_BYTES_MAX);
}

/* ---- time */

void daf_agent_statements_camp(struct daf_agent *a)
{
    struct daf_stated_state *s = &a->stated;

    const struct daf_sum before = s->sum;
    bool had_sum = s->has_sum;

    soon(&s->own_at, a->now.ms + OWN_MS);
    s->has_sum = false;
    if (!s->was_refused &&
        (!had_sum || memcmp(before.b, sum_of(a)->b, sizeof(before.b)) == 0))
        return;
    s->was_refused = false;
    soon(&s->tell_at, a->now.ms + TELL_MS);
}

void daf_agent_statements_timer(struct daf_agent *a)
{
    struct daf_stated_state *s = &a->stated;
    bool is_new = a->now.ms >= s->tell_at.ms;

    look_at_own(a);
    look_at_status(a);
    write_batch(a);
    if (is_new) {
        s->tell_at = DAF_MONO_NEVER;
        s->number++;
    }
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        if (is_new) daf_agent_statements_tell(a, c);
        /* An answer to an answer would go on for ever. */
        if (a->now.ms >= owed_at(c).ms)
            send_list(a, c,
                      c->owes_list || !c->owes_answer ? DAF_STATED_LIST
                                                      : DAF_STATED_ANSWER);
    }
}

struct daf_mono daf_agent_statements_deadline(const struct daf_agent *a)
{
    const struct daf_stated_state *s = &a->stated;
    struct daf_mono first = s->tell_at;

    if (!s->is_busy && s->own_at.ms < first.ms) first = s->own_at;
    if (!s->is_busy && s->status_at.ms < first.ms) first = s->status_at;
    if (!s->is_busy && s->write_at.ms < first.ms) first = s->write_at;
    for (size_t i = 0; i < a->conns_count; i++) {
        soon(&first, owed_at(a->conns[i]).ms);
    }
    return first;
}

/* ---- who keeps an item */

size_t daf_agent_keepers(const struct daf_agent *a,
                         const struct daf_hash *content,
                         struct daf_keeper_info *out, size_t cap)
{
    const struct daf_kept_list *l = &a->stated.kept;
    const struct daf_author_id *last = NULL;
    size_t count = 0;

    for (size_t i = 0; i < l->count; i++) {
        const struct daf_kept *k = &l->items[i];
        const struct daf_author_id *author = &k->said.author;
        uint64_t since = 0;

        if (k->said.kind != DAF_STATEMENT_ARCHIVED ||
            memcmp(author->b, a->author.b, sizeof(author->b)) == 0 ||
            (last != NULL && memcmp(last->b, author->b, 16) == 0) ||
            !daf_camp_is_archive(a->camp, author) ||
            !daf_statement_find(&k->st, content, &since))
            continue;
        last = author;
        if (count < cap)
            out[count] = (struct daf_keeper_info){
                .author = *author,
                .since = {since},
                .is_before = memcmp(author->b, a->author.b, 16) < 0,
                .is_revoked = daf_camp_is_revoked(a->camp, author),
            };
        count++;
    }
    return count;
}
