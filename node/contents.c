/* SPDX-License-Identifier: Apache-2.0 */
#include "node/contents.h"

#include "node/clock.h"
#include "node/log.h"
#include "node/mountwatch.h"

#include <assert.h>
#include <stdlib.h>

/* What the keeper was not even asked for: the agent hears of it by an input, when
 * it is not in one. */
struct refused {
    enum daf_input_kind kind; /* PUT or READ */
    uint32_t conn;
    enum daf_err err;
    struct daf_port_piece piece; /* without bytes */
};

struct daf_contents {
    struct daf_loop *loop;
    const struct daf_contents_ops *ops;
    struct daf_keeper *keeper;
    struct daf_loop_source source;
    struct daf_mountwatch *mounts;
    enum daf_err state;
    uint64_t news;
    size_t count, cap;
    struct daf_contents_item *items; /* ascending by content id */
    struct daf_log_limit trouble;
    size_t refused_count;
    struct refused refused[DAF_CONTENTS_REFUSED_MAX];
};

/* ---- the table */

static size_t place(const struct daf_contents *c,
                    const struct daf_hash *content)
{
    size_t low = 0, high = c->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (memcmp(c->items[middle].content.b, content->b, 32) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct daf_contents_item *find(struct daf_contents *c,
                                      const struct daf_hash *content)
{
    size_t at = place(c, content);

    if (at == c->count || memcmp(c->items[at].content.b, content->b, 32) != 0)
        return NULL;
    return &c->items[at];
}

static struct daf_contents_item *enter(struct daf_contents *c,
                                       const struct daf_hash *content)
{
    struct daf_contents_item *item = find(c, content);
    size_t at = place(c, content);

    if (item != NULL) return item;
    if (c->count == c->cap) {
        size_t more = c->cap == 0 ? 16 : 2 * c->cap;
        struct daf_contents_item *bigger =
            realloc(c->items, more * sizeof(*bigger));

        if (bigger == NULL) return NULL;
        c->items = bigger;
        c->cap = more;
    }
    memmove(&c->items[at + 1], &c->items[at],
            (c->count - at) * sizeof(*c->items));
    c->count++;
    c->items[at] = (struct daf_contents_item){.content = *content};
    return &c->items[at];
}

static void leave(struct daf_contents *c, struct daf_contents_item *item)
{
    c->count--;
    memmove(item, item + 1,
            (size_t)(&c->items[c->count] - item) * sizeof(*item));
}

static void copy_state(struct daf_contents_item *to,
                       const struct daf_shelf_item *from)
{
    to->wishes = from->wishes;
    to->is_whole = from->is_whole;
    to->parts = from->parts;
    to->held = from->held;
    to->bytes = from->bytes;
    to->reserved = from->reserved;
    to->fetched = from->fetched;
}

static void copy_title(struct daf_contents_item *to, struct daf_view manifest)
{
    struct daf_content content;
    struct daf_view title;

    if (daf_content_decode(manifest, &content) != DAF_OK) return;
    to->files = content.files;
    title = daf_content_title(&content, NULL, 0);
    assert(title.len < sizeof(to->title));
    memcpy(to->title, title.p, title.len);
    to->title[title.len] = '\0';
}

/* ---- what the keeper says */

static void tell_shelf(struct daf_contents *c, bool is_there)
{
    const struct daf_input in = {.kind = DAF_INPUT_SHELF, .is_there = is_there};

    c->ops->input(c->ops->ctx, &in);
}

static void on_opened(struct daf_contents *c, const struct daf_keeper_result *r)
{
    enum daf_err before = c->state;

    c->state = r->err;
    if (r->err != DAF_OK) tell_shelf(c, false);
    if (r->err == DAF_ENOTFOUND && before == DAF_OK)
        daf_log("content is not there any more: its card was unmounted. "
                "Nothing is lost; mount it again, and it comes back by itself");
    else if (r->err == DAF_ENOTFOUND)
        daf_log(
            "content is not there: its folder is a link to nowhere, or without "
            "the file that marks it. Nothing is lost if its card is only not "
            "mounted: mount it, and it comes by itself. To begin anew on an "
            "empty card, make a file called daftar in that folder first, and "
            "start again");
    else if (r->err != DAF_OK)
        daf_log("content cannot be read: %s", daf_err_str(r->err));
    if (r->err == DAF_OK && r->room > 0)
        daf_log("%llu content items cannot be read and are left alone. "
                "`daftar check` says which",
                (unsigned long long)r->room);
    if (r->err == DAF_OK && before != DAF_EBUSY)
        daf_log("content is there again");
    if (r->err == DAF_OK) c->ops->opened(c->ops->ctx);
}

static void on_item(struct daf_contents *c, const struct daf_keeper_result *r)
{
    struct daf_contents_item *item = enter(c, &r->item.content);
    const struct daf_item_news news = {
        .content = r->item.content,
        .parts = r->item.parts,
        .pages = r->item.pages,
        .part_bytes = r->part_bytes,
        .is_whole = r->item.is_whole,
        /* What was published here is fetched as well, if it was damaged. */
        .is_wanted = r->item.wishes != 0,
        .is_stuck = r->is_stuck,
        .rank = c->ops->rank(c->ops->ctx, &r->item.content),
        .at = daf_clock_wall(),
        .bits = r->item.is_whole ? (struct daf_view){NULL, 0} : r->item.bits,
    };
    const struct daf_input in = {.kind = DAF_INPUT_ITEM, .item = &news};

    c->news++;
    if (item != NULL) {
        copy_state(item, &r->item);
        copy_title(item, r->item.manifest);
        /* It goes on by itself: its list is being looked through, or its place is
         * being made. */
        item->is_stuck = r->is_stuck && r->stuck_err != DAF_EBUSY;
        item->is_held = false;
        item->why = r->stuck_err;
        item->rank = news.rank;
    }
    c->ops->input(c->ops->ctx, &in);
    item = find(c, &r->item.content);
    if (item != NULL) c->ops->changed(c->ops->ctx, &r->item.content, item);
}

static void on_gone(struct daf_contents *c, const struct daf_keeper_result *r)
{
    struct daf_contents_item *item = find(c, &r->item.content);
    const struct daf_item_news news = {.content = r->item.content,
                                       .is_gone = true};
    const struct daf_input in = {.kind = DAF_INPUT_ITEM, .item = &news};

    c->news++;
    if (item != NULL) leave(c, item);
    c->ops->input(c->ops->ctx, &in);
    c->ops->changed(c->ops->ctx, &r->item.content, NULL);
}

static void say_trouble(struct daf_contents *c,
                        const struct daf_keeper_result *r)
{
    if (r->err == DAF_ENOTFOUND || r->err == DAF_EBUSY ||
        !daf_log_due(&c->trouble, daf_clock_now()))
        return;
    daf_log("content: %s%s%s", daf_err_str(r->err),
            r->trouble[0] != '\0' ? ": " : "", r->trouble);
}

static void on_put(struct daf_contents *c, const struct daf_keeper_result *r)
{
    struct daf_contents_item *item = find(c, &r->piece.content);
    const struct daf_input in = {.kind = DAF_INPUT_PUT,
                                 .conn = r->conn,
                                 .piece = r->piece,
                                 .put = r->put,
                                 .err = r->err};

    if (r->err != DAF_OK) say_trouble(c, r);
    if (item != NULL && r->item.parts > 0) copy_state(item, &r->item);
    c->ops->input(c->ops->ctx, &in);
    item = find(c, &r->piece.content);
    if (item != NULL) c->ops->changed(c->ops->ctx, &r->piece.content, item);
}

static void on_read(struct daf_contents *c, const struct daf_keeper_result *r)
{
    const struct daf_input in = {.kind = DAF_INPUT_READ,
                                 .conn = r->conn,
                                 .piece = r->piece,
                                 .is_last = r->is_last,
                                 .err = r->err};

    if (r->err != DAF_OK) say_trouble(c, r);
    c->ops->input(c->ops->ctx, &in);
}

static void on_result(struct daf_contents *c, const struct daf_keeper_result *r)
{
    switch (r->kind) {
    case DAF_KEEPER_OPENED:
        on_opened(c, r);
        return;
    case DAF_KEEPER_TOLD:
        tell_shelf(c, true);
        return;
    case DAF_KEEPER_ITEM:
        on_item(c, r);
        return;
    case DAF_KEEPER_GONE:
        on_gone(c, r);
        return;
    case DAF_KEEPER_PUT:
        on_put(c, r);
        return;
    case DAF_KEEPER_READ:
        on_read(c, r);
        return;
    case DAF_KEEPER_DONE:
    case DAF_KEEPER_FILE:
    case DAF_KEEPER_ROOM:
    case DAF_KEEPER_LIST:
        c->ops->answered(c->ops->ctx, r);
        return;
    }
}

/* Each of them may bring about others. */
static void tell_refused(struct daf_contents *c)
{
    while (c->refused_count > 0) {
        const struct refused r = c->refused[--c->refused_count];
        const struct daf_input in = {.kind = r.kind,
                                     .conn = r.conn,
                                     .piece = r.piece,
                                     .is_last = true,
                                     .err = r.err};

        c->ops->input(c->ops->ctx, &in);
    }
}

void daf_contents_pump(struct daf_contents *c)
{
    tell_refused(c);
    for (;;) {
        bool reads = c->ops->link_queued(c->ops->ctx) < DAF_CONTENTS_LINK_BYTES;
        struct daf_keeper_result *r = daf_keeper_take(c->keeper, reads);

        if (r == NULL) return;
        on_result(c, r);
        daf_keeper_result_free(r);
    }
}

static void on_event(void *ctx, unsigned what)
{
    (void)what;
    daf_contents_pump(ctx);
}

/* ---- life */

static void on_mounts(void *ctx)
{
    struct daf_contents *c = ctx;

    daf_keeper_volume(c->keeper);
}

enum daf_err daf_contents_new(struct daf_loop *loop,
                              const struct daf_contents_ops *ops,
                              const char *dir, uint64_t budget,
                              struct daf_contents **out)
{
    struct daf_contents *c = calloc(1, sizeof(*c));
    enum daf_err err;

    *out = NULL;
    if (c == NULL) return DAF_ENOMEM;
    c->loop = loop;
    c->ops = ops;
    c->state = DAF_EBUSY;
    /* First: what is mounted while the shelf opens is told as well. */
    err = daf_mountwatch_new(loop, on_mounts, c, &c->mounts);
    if (err == DAF_OK) err = daf_keeper_new(dir, budget, &c->keeper);
    if (err == DAF_OK) {
        c->source = (struct daf_loop_source){.fd = daf_keeper_fd(c->keeper),
                                             .fn = on_event,
                                             .ctx = c};
        err = daf_loop_add(loop, &c->source, true, false);
    }
    if (err != DAF_OK) {
        daf_contents_free(c);
        return err;
    }
    *out = c;
    return DAF_OK;
}

void daf_contents_finish(struct daf_contents *c)
{
    daf_keeper_finish(c->keeper);
}

void daf_contents_free(struct daf_contents *c)
{
    if (c == NULL) return;
    daf_mountwatch_free(c->mounts);
    daf_loop_remove(c->loop, &c->source);
    daf_keeper_free(c->keeper);
    free(c->items);
    free(c);
}

/* ---- the port */

static bool is_refused(const struct refused *r, const struct refused *other)
{
    return r->kind == other->kind && r->conn == other->conn &&
           r->piece.part == other->piece.part &&
           memcmp(r->piece.content.b, other->piece.content.b, 32) == 0;
}

/* Of a part that comes in several pieces it is said once. */
static void refuse(struct daf_contents *c, struct refused r)
{
    r.piece.bytes = (struct daf_view){NULL, 0};
    for (size_t i = 0; i < c->refused_count; i++) {
        if (is_refused(&c->refused[i], &r)) return;
    }
    if (c->refused_count < DAF_CONTENTS_REFUSED_MAX)
        c->refused[c->refused_count++] = r;
}

/* Records come in behind it on the same wire, so nothing is held back there. */
void daf_contents_put(struct daf_contents *c, uint32_t conn,
                      const struct daf_port_piece *piece)
{
    struct refused r = {DAF_INPUT_PUT, conn, DAF_EBUSY, *piece};

    if (daf_keeper_queued(c->keeper) <= DAF_CONTENTS_PUT_BYTES) {
        if (daf_keeper_put(c->keeper, conn, piece)) return;
        r.err = DAF_ENOMEM;
    }
    refuse(c, r);
}

void daf_contents_forget(struct daf_contents *c, uint32_t conn)
{
    daf_keeper_forget(c->keeper, conn);
}

void daf_contents_read(struct daf_contents *c, uint32_t conn,
                       const struct daf_port_piece *piece)
{
    if (!daf_keeper_read(c->keeper, conn, piece))
        refuse(c, (struct refused){DAF_INPUT_READ, conn, DAF_ENOMEM, *piece});
}

/* ---- who asks */

void daf_contents_wish(struct daf_contents *c, uint64_t ticket,
                       const struct daf_contents_wish *w)
{
    switch (w->what) {
    case DAF_CONTENTS_ADD:
        daf_keeper_add(c->keeper, ticket, w->manifest, w->set, w->clear);
        return;
    case DAF_CONTENTS_DROP:
        if (w->drop == DAF_CONTENTS_DROP_FOR_ROOM ||
            w->drop == DAF_CONTENTS_DROP_FOR_ROOM_ONE)
            daf_keeper_evict(c->keeper, ticket, &w->content);
        else
            daf_keeper_drop(c->keeper, ticket, &w->content);
        return;
    case DAF_CONTENTS_GIVE_BACK:
        daf_keeper_give_back(c->keeper, ticket, &w->content);
        return;
    case DAF_CONTENTS_ROOM:
        daf_keeper_room(c->keeper, ticket, w->bytes, w->number);
        return;
    case DAF_CONTENTS_LOOK:
        daf_keeper_look(c->keeper, ticket, &w->content, w->number);
        return;
    case DAF_CONTENTS_OPEN:
        daf_keeper_open(c->keeper, ticket, &w->content, w->path);
        return;
    case DAF_CONTENTS_LIST:
        daf_keeper_list(c->keeper, ticket, &w->content);
        return;
    case DAF_CONTENTS_CHECK:
        daf_keeper_check(c->keeper, ticket);
        return;
    }
}

size_t daf_contents_count(const struct daf_contents *c)
{
    return c->count;
}

const struct daf_contents_item *daf_contents_at(const struct daf_contents *c,
                                                size_t index)
{
    assert(index < c->count);
    return &c->items[index];
}

const struct daf_contents_item *daf_contents_find(
    const struct daf_contents *c, const struct daf_hash *content)
{
    size_t at = place(c, content);

    if (at == c->count || memcmp(c->items[at].content.b, content->b, 32) != 0)
        return NULL;
    return &c->items[at];
}

void daf_contents_mark_old(struct daf_contents *c,
                           const struct daf_hash *content, bool is_old)
{
    struct daf_contents_item *item = find(c, content);

    if (item != NULL) item->is_old = is_old;
}

void daf_contents_hold(struct daf_contents *c, const struct daf_hash *content)
{
    struct daf_contents_item *item = find(c, content);

    if (item == NULL || !item->is_stuck) return;
    item->is_stuck = false;
    item->is_held = true;
}

void daf_contents_release(struct daf_contents *c)
{
    for (size_t i = 0; i < c->count; i++) {
        struct daf_contents_item *item = &c->items[i];

        if (!item->is_held) continue;
        item->is_held = false;
        item->is_stuck = true;
        c->ops->changed(c->ops->ctx, &item->content, item);
    }
}

uint64_t daf_contents_news(const struct daf_contents *c)
{
    return c->news;
}

enum daf_err daf_contents_state(const struct daf_contents *c)
{
    return c->state;
}
