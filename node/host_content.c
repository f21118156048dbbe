/* SPDX-License-Identifier: Apache-2.0 */
/* Content between the keeper, the agent, the API and the catalogue. */
#include "node/clock.h"
#include "node/contents_json.h"
#include "node/host_impl.h"

#include <unistd.h>

static void on_content_input(void *ctx, const struct daf_input *in)
{
    daf_host_input(ctx, in);
}

static size_t on_link_queued(void *ctx)
{
    struct daf_host *h = ctx;

    return daf_linkhost_queued(h->linkhost);
}

static enum daf_err read_catalogue(struct daf_host *h,
                                   struct daf_catalogue **out)
{
    return daf_wants_catalogue(h->reader, daf_agent_camp(h->agent), out);
}

/* What the item of a refused ADD will take. */
static uint64_t need_of(struct daf_host *h, const struct daf_hash *content)
{
    struct daf_catalogue_entry e;
    struct daf_catalogue *catalogue;
    uint64_t need = 0;

    if (read_catalogue(h, &catalogue) != DAF_OK) return 0;
    if (daf_catalogue_find(catalogue, content, &e))
        need = daf_eviction_need(e.content.bytes, e.content.files,
                                 daf_content_parts(&e.content));
    daf_catalogue_free(catalogue);
    return need;
}

/* The end of an ADD that is asked again once room was made. */
static bool is_held(struct daf_host *h, const struct daf_keeper_result *r)
{
    const struct daf_hash *content =
        r->kind == DAF_KEEPER_DONE
            ? daf_eviction_content(&h->eviction, r->ticket)
            : NULL;

    return content != NULL &&
           daf_eviction_holds(&h->eviction, r,
                              r->err == DAF_EFULL ? need_of(h, content) : 0);
}

static void on_content_answered(void *ctx, const struct daf_keeper_result *r)
{
    struct daf_host *h = ctx;
    json_t *files;

    if (r->ticket == DAF_EVICTION_TICKET) {
        daf_eviction_answered(&h->eviction, h->agent, h->contents, r);
        return;
    }
    if (r->ticket == 0) { /* nobody's */
        daf_host_wants_answered(h, r);
        return;
    }
    if (is_held(h, r)) return;
    if (h->api == NULL) {
        if (r->kind == DAF_KEEPER_FILE && r->file.fd >= 0)
            (void)close(r->file.fd);
    } else if (r->kind == DAF_KEEPER_FILE) {
        daf_apiserver_content_opened(h->api, r->ticket, r->err, r->file.fd,
                                     r->file.size);
    } else if (r->kind == DAF_KEEPER_LIST) {
        files =
            r->err != DAF_OK
                ? NULL
                : daf_contents_json_files(r->bytes, DAF_APISERVER_FILES_MAX);
        daf_apiserver_content_listed(h->api, r->ticket, r->err, files);
    } else {
        daf_apiserver_content(h->api, r);
    }
}

static uint64_t need_more(const struct daf_contents_item *item)
{
    uint64_t need = daf_eviction_need(item->bytes, item->files, item->parts);

    return need - (item->reserved < need ? item->reserved : need);
}

/* What is stuck for want of room, and wanted: the eviction looks, now or when it is
 * done with others (on_eviction_next()).  R94: the next lesson takes nobody's
 * room. */
static void make_room(struct daf_host *h, const struct daf_contents_item *item)
{
    if (!item->is_stuck || item->why != DAF_EFULL || item->wishes == 0 ||
        item->rank >= DAF_RANK_NEXT || h->is_releasing)
        return;
    (void)daf_eviction_want(&h->eviction, need_more(item));
    daf_contents_hold(h->contents, &item->content);
}

static void on_content_changed(void *ctx, const struct daf_hash *content,
                               const struct daf_contents_item *item)
{
    struct daf_host *h = ctx;

    daf_host_wants_item(h, content, item);
    if (item != NULL) make_room(h, item);
    if (daf_contents_news(h->contents) != h->content_news)
        daf_host_editions_soon(h);
    h->content_news = daf_contents_news(h->contents);
    if (h->api == NULL) return;
    daf_apiserver_content_changed(h->api, content, item);
    daf_apiserver_changed(h->api, DAF_APISERVER_CONTENT);
}

static void on_content_opened(void *ctx)
{
    daf_host_wants_changed(ctx);
}

static const struct daf_contents *on_contents(void *ctx)
{
    struct daf_host *h = ctx;

    return h->contents;
}

static enum daf_err on_library(void *ctx, const struct daf_library_query *q,
                               struct daf_library_page *page)
{
    struct daf_host *h = ctx;
    struct daf_catalogue *catalogue;
    enum daf_err err = read_catalogue(h, &catalogue);

    if (err != DAF_OK) return err;
    err = daf_contents_json_library(catalogue, h->contents, q, page);
    if (err == DAF_OK && page->assigned != NULL)
        err = daf_contents_json_assigned(&h->wants, h->contents, q,
                                         (uint32_t)(daf_clock_wall().ms / 1000 /
                                                    86400),
                                         page->assigned);
    daf_catalogue_free(catalogue);
    return err;
}

static enum daf_err on_library_item(void *ctx,
                                    const struct daf_library_query *q,
                                    const struct daf_hash *content,
                                    json_t **out)
{
    struct daf_host *h = ctx;
    struct daf_catalogue_entry entry;
    struct daf_catalogue *catalogue;
    enum daf_err err = read_catalogue(h, &catalogue);

    *out = NULL;
    if (err != DAF_OK) return err;
    if (!daf_catalogue_find(catalogue, content, &entry)) {
        err = DAF_ENOTFOUND;
    } else {
        *out =
            daf_contents_json_item(&entry.content,
                                   daf_contents_find(h->contents, content), q);
        if (*out == NULL) err = DAF_ENOMEM;
    }
    daf_catalogue_free(catalogue);
    return err;
}

static void on_content_files(void *ctx, uint64_t ticket,
                             const struct daf_hash *content)
{
    struct daf_host *h = ctx;
    const struct daf_contents_wish wish = {.what = DAF_CONTENTS_LIST,
                                           .content = *content};

    daf_contents_wish(h->contents, ticket, &wish);
}

static void on_content_open(void *ctx, uint64_t ticket,
                            const struct daf_hash *content, const char *path)
{
    struct daf_host *h = ctx;
    const struct daf_contents_wish wish = {.what = DAF_CONTENTS_OPEN,
                                           .content = *content,
                                           .path = path};

    daf_contents_wish(h->contents, ticket, &wish);
}

static enum daf_err may_drop(struct daf_host *h,
                             const struct daf_contents_wish *w)
{
    const struct daf_contents_item *here =
        daf_contents_find(h->contents, &w->content);
    struct daf_evict_self self = daf_eviction_self(h->agent);
    struct daf_evict_item item;
    bool may = false;

    if (here == NULL || w->drop == DAF_CONTENTS_DROP_ANYWAY) return DAF_OK;
    daf_eviction_item(h->agent, here, &item);
    switch (w->drop) {
    case DAF_CONTENTS_DROP_ONE_KEEPS:
        may = daf_evict_may_drop(&item, &self);
        break;
    case DAF_CONTENTS_DROP_FOR_ROOM:
    case DAF_CONTENTS_DROP_FOR_ROOM_ONE:
        may = daf_evict_may(&item, &self,
                            w->drop == DAF_CONTENTS_DROP_FOR_ROOM
                                ? DAF_EVICT_KEEPERS
                                : 1) == DAF_EVICT_MAY;
        break;
    case DAF_CONTENTS_DROP_ANYWAY:
        break;
    }
    return may ? DAF_OK : DAF_EDENIED;
}

/* The content manifest of @wish is the catalogue's. */
static enum daf_err do_wish(struct daf_host *h, uint64_t ticket,
                            const struct daf_contents_wish *wish)
{
    struct daf_contents_wish w = *wish;
    struct daf_catalogue_entry entry;
    struct daf_catalogue *catalogue;
    enum daf_err err;

    if (w.what == DAF_CONTENTS_DROP) {
        err = may_drop(h, &w);
        if (err != DAF_OK) return err;
    }
    /* What makes room was dropped by nobody's wish. */
    if (w.what == DAF_CONTENTS_DROP && w.drop != DAF_CONTENTS_DROP_FOR_ROOM &&
        w.drop != DAF_CONTENTS_DROP_FOR_ROOM_ONE)
        daf_host_editions_kept(h, &w.content);
    if (w.what != DAF_CONTENTS_ADD) {
        daf_contents_wish(h->contents, ticket, &w);
        return DAF_OK;
    }
    err = read_catalogue(h, &catalogue);
    if (err != DAF_OK) return err;
    if (daf_catalogue_find(catalogue, &w.content, &entry)) {
        w.manifest = entry.manifest;
        if (entry.is_superseded &&
            (w.set & (DAF_SHELF_WANTED | DAF_SHELF_PINNED)) != 0)
            w.set |= DAF_SHELF_STAYS; /* a person's word */
        daf_contents_wish(h->contents, ticket, &w);
    } else {
        err = DAF_ENOTFOUND;
    }
    daf_catalogue_free(catalogue);
    return err;
}

static enum daf_err on_content(void *ctx, uint64_t ticket,
                               const struct daf_contents_wish *wish)
{
    struct daf_host *h = ctx;
    enum daf_err err = do_wish(h, ticket, wish);

    if (err == DAF_OK && wish->what == DAF_CONTENTS_ADD)
        daf_eviction_added(&h->eviction, ticket, wish);
    return err;
}

/* For the eviction: its DROPs were decided, an ADD's item was in the catalogue. */
static void on_eviction_wish(void *ctx, uint64_t ticket,
                             const struct daf_contents_wish *wish)
{
    struct daf_host *h = ctx;
    struct daf_contents_wish w = *wish;
    struct daf_keeper_result failed = {.kind = DAF_KEEPER_DONE,
                                       .ticket = ticket};

    if (w.what == DAF_CONTENTS_DROP) w.drop = DAF_CONTENTS_DROP_FOR_ROOM;
    failed.err = do_wish(h, ticket, &w);
    if (failed.err != DAF_OK) on_content_answered(h, &failed);
}

void daf_host_content_look(struct daf_host *h)
{
    /* Who is not restored any more may make room again. */
    uint64_t stated =
        daf_agent_stated(h->agent) * 2 + !daf_agent_is_restored(h->agent);

    if (stated == h->stated) return;
    h->stated = stated;
    for (size_t i = 0; i < daf_contents_count(h->contents); i++)
        make_room(h, daf_contents_at(h->contents, i));
}

/* Each that waits once, in the order of their ids, so that it comes to an end. */
static uint64_t on_eviction_next(void *ctx, uint64_t below)
{
    struct daf_host *h = ctx;

    for (size_t i = 0; i < daf_contents_count(h->contents); i++) {
        const struct daf_contents_item *item = daf_contents_at(h->contents, i);

        if (!item->is_held || need_more(item) >= below ||
            (h->has_tried && memcmp(item->content.b, h->room_tried.b,
                                    sizeof(h->room_tried.b)) <= 0))
            continue;
        h->has_tried = true;
        h->room_tried = item->content;
        if (need_more(item) > 0) return need_more(item);
    }
    return 0;
}

/* What is stuck still is said to be, and nothing more is tried for it now. */
static void on_eviction_ended(void *ctx, bool has_dropped)
{
    struct daf_host *h = ctx;

    h->has_tried = false;
    h->is_releasing = true;
    daf_contents_release(h->contents);
    h->is_releasing = false;
    if (has_dropped) daf_host_wants_changed(h);
}

void daf_host_content_fill(struct daf_host *h)
{
    h->eviction.hopeless = UINT64_MAX;
    h->eviction.ops = (struct daf_eviction_ops){
        .ctx = h,
        .wish = on_eviction_wish,
        .next = on_eviction_next,
        .ended = on_eviction_ended,
    };
    h->contents_ops = (struct daf_contents_ops){
        .ctx = h,
        .input = on_content_input,
        .link_queued = on_link_queued,
        .answered = on_content_answered,
        .changed = on_content_changed,
        .opened = on_content_opened,
        .rank = daf_host_wants_rank,
    };
    h->api_ops.subscribe = daf_host_wants_subscribe;
    h->api_ops.contents = on_contents;
    h->api_ops.content = on_content;
    h->api_ops.library = on_library;
    h->api_ops.library_item = on_library_item;
    h->api_ops.content_files = on_content_files;
    h->api_ops.content_open = on_content_open;
}

/* What --budget leaves for content: less the notebook, and a reserve for the
 * records to come (docs/content.md §6). */
static uint64_t content_budget(const struct daf_host *h)
{
    uint64_t budget = h->config->budget, notebook, reserve = budget / 8;

    if (budget == 0) return UINT64_MAX;
    if (reserve > DAF_SHELF_RESERVE) reserve = DAF_SHELF_RESERVE;
    notebook = daf_home_notebook_bytes(&h->home);
    return budget > notebook + reserve ? budget - notebook - reserve : 0;
}

enum daf_err daf_host_content_start(struct daf_host *h)
{
    char dir[DAF_HOME_PATH_MAX];

    daf_home_path(&h->home, "content", dir);
    return daf_contents_new(h->loop, &h->contents_ops, dir, content_budget(h),
                            &h->contents);
}
