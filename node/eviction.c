/* SPDX-License-Identifier: Apache-2.0 */
#include "node/eviction.h"

#include "node/log.h"
#include "node/size.h"

#include <stdlib.h>

#define BLOCK   4096
#define NOTES   ((uint64_t)128 * 1024) /* manifest, list, folders, keep */
#define PART    72 /* of a part: its hash in the list, its note in `have` */
#define KEEPERS 64 /* archives looked at for an item */

void daf_eviction_item(const struct daf_agent *agent,
                       const struct daf_contents_item *item,
                       struct daf_evict_item *out)
{
    struct daf_keeper_info keepers[KEEPERS];
    size_t count = daf_agent_keepers(agent, &item->content, keepers, KEEPERS);

    *out = (struct daf_evict_item){
        .content = item->content,
        .bytes = item->reserved,
        .is_whole = item->is_whole,
        .is_pinned = (item->wishes & DAF_SHELF_PINNED) != 0,
        .is_published = (item->wishes & DAF_SHELF_PUBLISHED) != 0,
        .is_due = (item->wishes & DAF_SHELF_CAMPS) != 0,
        .is_asked = (item->wishes & DAF_SHELF_WANTED) != 0,
        .is_superseded = item->is_old,
        .is_stated_here = daf_agent_has_stated(agent, &item->content),
    };
    for (size_t i = 0; i < count && i < KEEPERS; i++) {
        if (keepers[i].is_revoked) continue;
        out->keepers++;
        out->is_kept_before |= keepers[i].is_before;
    }
}

struct daf_evict_self daf_eviction_self(const struct daf_agent *agent)
{
    return (struct daf_evict_self){
        .was_archive = daf_agent_was_archive(agent),
        .is_restored = daf_agent_is_restored(agent),
    };
}

uint64_t daf_eviction_need(uint64_t bytes, uint64_t files, uint64_t parts)
{
    return bytes + files * 2 * BLOCK + parts * PART + NOTES;
}

/* ---- an ADD that is asked again */

static struct daf_eviction_add *add_of(struct daf_eviction *e, uint64_t ticket)
{
    for (size_t i = 0; i < DAF_EVICTION_ADDS_MAX; i++) {
        if (e->adds[i].ticket == ticket) return &e->adds[i];
    }
    return NULL;
}

void daf_eviction_added(struct daf_eviction *e, uint64_t ticket,
                        const struct daf_contents_wish *wish)
{
    struct daf_eviction_add *add = add_of(e, 0);

    if (add == NULL || wish->set == 0) return;
    *add = (struct daf_eviction_add){
        .ticket = ticket,
        .content = wish->content,
        .set = wish->set,
        .clear = wish->clear,
    };
}

const struct daf_hash *daf_eviction_content(const struct daf_eviction *e,
                                            uint64_t ticket)
{
    for (size_t i = 0; i < DAF_EVICTION_ADDS_MAX; i++) {
        if (ticket != 0 && e->adds[i].ticket == ticket)
            return &e->adds[i].content;
    }
    return NULL;
}

bool daf_eviction_holds(struct daf_eviction *e,
                        const struct daf_keeper_result *r, uint64_t need)
{
    struct daf_eviction_add *add = add_of(e, r->ticket);

    if (add == NULL) return false;
    if (r->err != DAF_EFULL || add->is_last) {
        add->ticket = 0;
        return false;
    }
    add->was_refused = true;
    add->is_last = daf_eviction_want(e, need); /* or at work for another */
    return true;
}

static void ask_again(struct daf_eviction *e)
{
    for (size_t i = 0; i < DAF_EVICTION_ADDS_MAX; i++) {
        struct daf_eviction_add add = e->adds[i];
        struct daf_contents_wish wish = {.what = DAF_CONTENTS_ADD,
                                         .content = add.content,
                                         .set = add.set,
                                         .clear = add.clear};

        if (add.ticket == 0 || !add.was_refused) continue;
        e->adds[i].was_refused = false;
        e->ops.wish(e->ops.ctx, add.ticket, &wish);
    }
}

/* ---- making room */

bool daf_eviction_want(struct daf_eviction *e, uint64_t need)
{
    const struct daf_contents_wish wish = {.what = DAF_CONTENTS_ROOM};

    if (e->step != DAF_EVICTION_IDLE) return false;
    e->step = DAF_EVICTION_ASKING;
    e->need = need;
    e->dropping = e->dropped = 0;
    e->freed = 0;
    e->ops.wish(e->ops.ctx, DAF_EVICTION_TICKET, &wish);
    return true;
}

static void note_dropped(struct daf_eviction *e)
{
    char size[DAF_SIZE_TEXT_MAX];

    if (e->dropped == 0) {
        if (e->need < e->hopeless) e->hopeless = e->need;
        return;
    }
    e->has_dropped = true;
    e->hopeless = UINT64_MAX;
    daf_size_text(e->freed, size);
    daf_log("%zu content items made room, %s, for what is wanted; two "
            "archives or more keep them",
            e->dropped, size);
}

static void end(struct daf_eviction *e)
{
    uint64_t next;
    bool has_dropped;

    e->step = DAF_EVICTION_IDLE;
    note_dropped(e);
    ask_again(e); /* before what is next takes the room */
    next = e->ops.next(e->ops.ctx, e->hopeless);
    if (next > 0) {
        (void)daf_eviction_want(e, next);
        return;
    }
    has_dropped = e->has_dropped;
    e->has_dropped = false;
    e->hopeless = UINT64_MAX;
    e->ops.ended(e->ops.ctx, has_dropped);
}

static void drop(struct daf_eviction *e, const struct daf_evict_item *items,
                 size_t count)
{
    e->step = DAF_EVICTION_DROPPING;
    for (size_t i = 0; i < count; i++)
        e->dropping += items[i].goes;
    for (size_t i = 0; i < count; i++) {
        const struct daf_contents_wish wish = {.what = DAF_CONTENTS_DROP,
                                               .content = items[i].content};

        if (!items[i].goes) continue;
        e->freed += items[i].bytes;
        e->ops.wish(e->ops.ctx, DAF_EVICTION_TICKET, &wish);
    }
}

static void choose(struct daf_eviction *e, const struct daf_agent *agent,
                   const struct daf_contents *contents, uint64_t room)
{
    size_t count = daf_contents_count(contents);
    struct daf_evict_item *items = calloc(count + 1, sizeof(*items));
    struct daf_evict_self self = daf_eviction_self(agent);
    uint64_t freed = 0;

    for (size_t i = 0; items != NULL && i < count; i++)
        daf_eviction_item(agent, daf_contents_at(contents, i), &items[i]);
    if (items != NULL && e->need > room)
        freed = daf_evict_choose(items, count, e->need - room, &self,
                                 DAF_EVICT_KEEPERS);
    if (freed > 0)
        drop(e, items, count);
    else
        end(e);
    free(items);
}

void daf_eviction_answered(struct daf_eviction *e,
                           const struct daf_agent *agent,
                           const struct daf_contents *contents,
                           const struct daf_keeper_result *r)
{
    if (e->step == DAF_EVICTION_ASKING && r->kind == DAF_KEEPER_ROOM) {
        choose(e, agent, contents, r->room);
    } else if (e->step == DAF_EVICTION_DROPPING && r->kind == DAF_KEEPER_DONE) {
        e->dropped += r->err == DAF_OK;
        if (--e->dropping == 0) end(e);
    }
}
