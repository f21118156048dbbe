/* SPDX-License-Identifier: Apache-2.0 */
/* Which logs of a scope differ: by symbols while few do, else by pages of items
 * (protocol.md R41, R42).  What comes of it is the session's list. */
#include "proto/session_impl.h"

/* Where ROOT brought none: as many as decode one changed log nearly always. */
#define FIRST_SYMBOLS 16

static const struct daf_scope_id *scope_of(const struct daf_session *s)
{
    return &s->scopes[s->scope_at].id;
}

static void no_memory(struct daf_session *s)
{
    daf_session_close(s, DAF_BYE_FAILURE, DAF_ENOMEM);
}

static void free_symbols(struct daf_session *s)
{
    const struct daf_session_port *port = s->env->port;

    if (s->symbols != NULL) port->room(port->ctx, s, s->symbols, 0);
    s->symbols = NULL;
    s->symbols_count = 0;
}

void daf_session_dirty(struct daf_session_scope *sc, unsigned as)
{
    sc->dirty_as = (uint16_t)(sc->is_dirty ? sc->dirty_as & as : as);
    sc->is_dirty = true;
    /* The symbols of its ROOT are older than the news. */
    if (as & DAF_TODO_NEWS) sc->symbols_at = 0;
}

/* ---- pages */

void daf_session_ask_page(struct daf_session *s, struct daf_mono now)
{
    struct daf_pack k;

    free_symbols(s);
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_want_page(&k, scope_of(s),
                             s->has_cursor ? &s->cursor : NULL);
    daf_session_send(s, &k);
    daf_session_wait_for(s, now, DAF_PULL_PAGE);
}

/* A page being laid beside our marks, both ascending by tag. */
struct beside {
    struct daf_session *s;
    const struct daf_heads *page;
    size_t at; /* of the page's items */
    size_t told;
    bool is_full; /* no more fit into env->differences: a page ends here */
};

static struct daf_item page_item(const struct beside *b, size_t at)
{
    struct daf_item item;

    memcpy(item.b, b->page->items.p + at * DAF_ITEM_BYTES, sizeof(item.b));
    return item;
}

static void note(struct beside *b, const struct daf_item *item, bool is_theirs)
{
    struct daf_sketch_one *one = &b->s->env->differences[b->told++];

    one->item = *item;
    one->is_theirs = is_theirs;
    /* One log may take two. */
    b->is_full = b->told + 2 > DAF_SYMBOLS_MAX;
}

/* Our next mark: what the page has before it we lack, and if the page has not
 * this one, the peer lacks it.  False beyond the page's end. */
static bool lay_mark(void *ctx, const struct daf_mark *mark)
{
    struct beside *b = ctx;
    struct daf_item own = daf_sketch_salted(mark, &b->s->salt);

    while (b->at < b->page->count && !b->is_full) {
        struct daf_item item = page_item(b, b->at);
        int order = memcmp(item.b, own.b, DAF_TAG_BYTES);

        if (order > 0) break;
        b->at++;
        if (order == 0 && memcmp(item.b, own.b, sizeof(own.b)) == 0)
            return true;
        note(b, &item, true);
        if (order == 0) {
            note(b, &own, false);
            return true;
        }
    }
    if (b->is_full || (b->at == b->page->count && b->page->more)) return false;
    note(b, &own, false);
    return true;
}

/* Where the next page begins: after the last log that was noted if no more fitted,
 * else after the page. */
static void move_cursor(struct beside *b)
{
    struct daf_session *s = b->s;
    struct daf_item last;

    s->page_rest = b->page->more || b->is_full;
    if (!s->page_rest) return;
    if (b->is_full)
        last = s->env->differences[b->told - 1].item;
    else
        last = page_item(b, b->page->count - 1);
    s->cursor = daf_sketch_item_tag(&last);
    s->has_cursor = true;
}

static void list_differences(struct daf_session *s, struct daf_mono now,
                             size_t count, unsigned flags);

void daf_session_compare_page(struct daf_session *s, struct daf_mono now,
                              const struct daf_heads *page)
{
    const struct daf_index *index = s->env->index;
    struct beside b = {.s = s, .page = page};
    enum daf_err err =
        index->marks(index->ctx, scope_of(s), s->has_cursor ? &s->cursor : NULL,
                     lay_mark, &b);

    if (err != DAF_OK) {
        daf_session_close(s, DAF_BYE_FAILURE, err);
        return;
    }
    while (b.at < page->count && !b.is_full) {
        struct daf_item item = page_item(&b, b.at++);

        note(&b, &item, true);
    }
    move_cursor(&b);
    list_differences(s, now, b.told, DAF_TODO_SALTED | s->list_as);
}

static void go_by_pages(struct daf_session *s, struct daf_mono now)
{
    s->has_cursor = false;
    daf_session_ask_page(s, now);
}

/* ---- the list */

/* By tag, the peer's first: Shell's sort, since there are at most 4,096. */
static bool is_less(const struct daf_sketch_one *a,
                    const struct daf_sketch_one *b)
{
    int order = memcmp(a->item.b, b->item.b, DAF_TAG_BYTES);

    return order < 0 || (order == 0 && a->is_theirs && !b->is_theirs);
}

static void sort(struct daf_sketch_one *ones, size_t count)
{
    for (size_t gap = count / 2; gap > 0; gap /= 2) {
        for (size_t i = gap; i < count; i++) {
            struct daf_sketch_one one = ones[i];
            size_t j = i;

            for (; j >= gap && is_less(&one, &ones[j - gap]); j -= gap)
                ones[j] = ones[j - gap];
            ones[j] = one;
        }
    }
}

static bool same_tag(const struct daf_sketch_one *a,
                     const struct daf_sketch_one *b)
{
    return memcmp(a->item.b, b->item.b, DAF_TAG_BYTES) == 0;
}

/* Whether what was peeled fits our store: what is ours we have just so, what is
 * theirs we have not.  Symbols that somebody made up do not. */
static bool is_sound(struct daf_session *s, const struct daf_sketch_one *one)
{
    const struct daf_index *index = s->env->index;
    struct daf_tag tag = daf_sketch_item_tag(&one->item);
    struct daf_item own = {{0}};
    struct daf_mark mark;

    if (index->mark_by_tag(index->ctx, scope_of(s), &tag, &mark) == DAF_OK)
        own = daf_sketch_item(&mark);
    return (memcmp(own.b, one->item.b, sizeof(own.b)) == 0) == !one->is_theirs;
}

/* R42: @theirs or @ours may be NULL, not both.  False: the session ended. */
static bool list_one(struct daf_session *s, const struct daf_sketch_one *theirs,
                     const struct daf_sketch_one *ours, unsigned flags)
{
    struct daf_item item = {{0}};

    if (theirs == NULL) {
        memcpy(item.b, ours->item.b, DAF_TAG_BYTES);
        return daf_session_todo_add(s, &item, flags | DAF_TODO_TELL);
    }
    if (ours != NULL && daf_sketch_item_height(&ours->item) >
                            daf_sketch_item_height(&theirs->item))
        flags |= DAF_TODO_TELL;
    else
        flags |= DAF_TODO_PULL;
    return daf_session_todo_add(s, &theirs->item, flags);
}

static void list_differences(struct daf_session *s, struct daf_mono now,
                             size_t count, unsigned flags)
{
    struct daf_sketch_one *ones = s->env->differences;

    sort(ones, count);
    for (size_t i = 0; i < count; i++) {
        const struct daf_sketch_one *theirs = NULL, *ours = NULL;

        if (ones[i].is_theirs) theirs = &ones[i];
        if (theirs == NULL)
            ours = &ones[i];
        else if (i + 1 < count && same_tag(&ones[i], &ones[i + 1]) &&
                 !ones[i + 1].is_theirs)
            ours = &ones[++i];
        if (!list_one(s, theirs, ours, flags)) return;
    }
    daf_session_pull_todo(s, now);
}

/* ---- symbols */

static void ask_symbols(struct daf_session *s, struct daf_mono now,
                        size_t count)
{
    struct daf_pack k;

    s->symbols_asked = count;
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_want_symbols(&k, scope_of(s), s->symbols_count, count);
    daf_session_send(s, &k);
    daf_session_wait_for(s, now, DAF_PULL_SYMBOLS);
}

/* They did not suffice: half as many again as the estimate says, since it is
 * only roughly right; at least half as many as there are.  Or a page, if that is
 * smaller.  The first symbol counts the peer's logs. */
static void ask_more(struct daf_session *s, struct daf_mono now,
                     size_t estimate)
{
    size_t have = s->symbols_count;
    size_t logs = (size_t)s->symbols[0].count[0] << 8 | s->symbols[0].count[1];
    size_t enough = estimate + estimate / 2 + 8;

    if (enough < have + have / 2) enough = have + have / 2;
    if (enough > DAF_SYMBOLS_MAX ||
        (enough - have) * DAF_SYMBOL_BYTES > logs * DAF_ITEM_BYTES)
        go_by_pages(s, now);
    else
        ask_symbols(s, now, enough - have);
}

static bool all_sound(struct daf_session *s, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_sound(s, &s->env->differences[i])) return false;
    }
    return true;
}

static void try_symbols(struct daf_session *s, struct daf_mono now)
{
    const struct daf_session_env *env = s->env;
    size_t have = s->symbols_count, estimate, count;
    bool believes;
    enum daf_err err = env->index->symbols(env->index->ctx, scope_of(s), 0,
                                           have, env->symbols);

    if (err != DAF_OK) {
        daf_session_close(s, DAF_BYE_FAILURE, err);
        return;
    }
    memcpy(env->symbols2, s->symbols, have * sizeof(*s->symbols));
    daf_sketch_subtract(env->symbols2, env->symbols, have);
    estimate = daf_sketch_estimate(env->symbols2, have);
    err = daf_sketch_decode(env->symbols2, have, scope_of(s), env->differences,
                            DAF_SYMBOLS_MAX, &count);
    if (err == DAF_EBUSY) {
        ask_more(s, now, estimate);
        return;
    }
    believes = count > 0 || !s->scopes[s->scope_at].differs;
    s->scopes[s->scope_at].differs = false;
    if (err != DAF_OK || !believes || !all_sound(s, count)) {
        go_by_pages(s, now);
        return;
    }
    free_symbols(s);
    list_differences(s, now, count, s->list_as);
}

void daf_session_compare_symbols(struct daf_session *s, struct daf_mono now,
                                 struct daf_view symbols)
{
    const struct daf_session_port *port = s->env->port;
    size_t count = symbols.len / DAF_SYMBOL_BYTES;
    struct daf_symbol *more;

    if (count == 0) { /* it has nothing to say of this scope */
        free_symbols(s);
        daf_session_wait_for(s, now, DAF_PULL_RESTING);
        daf_session_pull_next(s, now);
        return;
    }
    more = port->room(port->ctx, s, s->symbols,
                      (s->symbols_count + count) * sizeof(*more));
    if (more == NULL) {
        no_memory(s);
        return;
    }
    s->symbols = more;
    memcpy(s->symbols + s->symbols_count, symbols.p, symbols.len);
    s->symbols_count += count;
    try_symbols(s, now);
}

void daf_session_compare(struct daf_session *s, struct daf_mono now)
{
    struct daf_session_scope *sc = &s->scopes[s->scope_at];
    size_t at = sc->symbols_at;

    s->list_as = sc->dirty_as;
    sc->is_dirty = false;
    sc->symbols_at = 0;
    s->page_rest = false;
    if (sc->is_paged) {
        sc->is_paged = false;
        go_by_pages(s, now);
    } else if (at > 0) {
        const struct daf_symbol *first =
            s->root_symbols + (at - 1) * DAF_ROOT_SYMBOLS;

        daf_session_compare_symbols(s, now,
                                    (struct daf_view){first->item,
                                                      (size_t)DAF_ROOT_SYMBOLS *
                                                          DAF_SYMBOL_BYTES});
    } else {
        ask_symbols(s, now, FIRST_SYMBOLS);
    }
}
