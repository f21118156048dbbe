/* SPDX-License-Identifier: Apache-2.0 */
/* node/contents.h - content between agent, keeper and whoever asks: what is on
 * the shelf as everybody here sees it.
 *
 *      agent  --port-->  contents  --jobs-->  keeper thread
 *             <-inputs-            <-results-
 *      API, web  --wishes-->  contents  --answers, changes-->  API, web
 *
 * One thread, the main one. */
#ifndef DAF_NODE_CONTENTS_H
#define DAF_NODE_CONTENTS_H

#include "node/core/agent.h"
#include "node/keeper.h"
#include "node/loop.h"

/* Frames that link has not taken; beyond, nothing more is read for peers. */
#define DAF_CONTENTS_LINK_BYTES ((size_t)4 * 1024 * 1024)
/* Pieces that the keeper has not written; beyond, they are refused.  The agent asks
 * for less than that (node/core/agent_fetch.c), so it comes to it only when the
 * disk stands still. */
#define DAF_CONTENTS_PUT_BYTES ((size_t)16 * 1024 * 1024)
/* Refusals that the agent has not heard of; what is more its own clock ends. */
#define DAF_CONTENTS_REFUSED_MAX 256

struct daf_contents; /* opaque */

/* An item as it stands. */
struct daf_contents_item {
    struct daf_hash content;
    unsigned wishes; /* of enum daf_shelf_wish */
    bool is_whole;
    bool is_stuck; /* not fetched now, because of @why */
    bool is_old;   /* a newer edition is whole here (docs/content.md R87) */
    bool is_held;  /* so, but not said yet: room is being made */
    enum daf_err why;
    uint8_t rank; /* as the agent was told last */
    uint32_t parts, held;
    uint64_t bytes; /* of its files */
    uint64_t files;
    uint64_t reserved; /* of the disk */
    uint64_t fetched;  /* bytes that ever came for it */
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1]; /* English, or the first */
};

enum daf_contents_do {
    DAF_CONTENTS_ADD,  /* @manifest with wishes @set and not @clear */
    DAF_CONTENTS_DROP, /* @content */
    /* @content, if it is lacking and the camp alone asked for it: DAF_EDENIED */
    DAF_CONTENTS_GIVE_BACK,
    DAF_CONTENTS_ROOM,  /* for @bytes more; promised to publisher @number */
    DAF_CONTENTS_LOOK,  /* at @content, which publisher @number made */
    DAF_CONTENTS_OPEN,  /* the file @path of @content */
    DAF_CONTENTS_LIST,  /* the file list of @content */
    DAF_CONTENTS_CHECK, /* hash everything */
};
/* By what right a DROP is asked for (docs/content.md R85, R86). */
enum daf_contents_drop {
    DAF_CONTENTS_DROP_ONE_KEEPS, /* a person names it, and an archive keeps it */
    DAF_CONTENTS_DROP_ANYWAY,    /* a person says that none need */
    DAF_CONTENTS_DROP_FOR_ROOM,  /* daf_evict_may() */
    DAF_CONTENTS_DROP_FOR_ROOM_ONE, /* the same, with one archive */
};
struct daf_contents_wish {
    enum daf_contents_do what;
    struct daf_hash content;
    struct daf_view manifest;
    unsigned set, clear;
    uint64_t bytes;
    uint32_t number; /* 0: nobody's */
    enum daf_contents_drop drop;
    const char *path;
};

struct daf_contents_ops {
    void *ctx;
    /* Give it to the agent. */
    void (*input)(void *ctx, const struct daf_input *in);
    size_t (*link_queued)(void *ctx);
    /* A wish ended: DONE, FILE (whoever hears it closes it), ROOM or LIST. */
    void (*answered)(void *ctx, const struct daf_keeper_result *result);
    /* An item has changed; NULL: it is gone from the shelf, @content. */
    void (*changed)(void *ctx, const struct daf_hash *content,
                    const struct daf_contents_item *item);
    /* The shelf is open; all its items were told. */
    void (*opened)(void *ctx);
    /* What goes before what: struct daf_item_news's. */
    uint8_t (*rank)(void *ctx, const struct daf_hash *content);
};

/**
 * daf_contents_new: start the keeper.
 * @dir: the home's folder `content`; @budget: as daf_shelf_open().
 * @loop, @ops: outlive it.  The caller owns it: daf_contents_free().
 */
DAF_NODISCARD enum daf_err daf_contents_new(struct daf_loop *loop,
                                            const struct daf_contents_ops *ops,
                                            const char *dir, uint64_t budget,
                                            struct daf_contents **out);
/** daf_contents_finish: the end is near: daf_keeper_finish(). */
void daf_contents_finish(struct daf_contents *c);
/** daf_contents_free: NULL is fine.  No op is called any more. */
void daf_contents_free(struct daf_contents *c);

/* struct daf_port's calls. */
void daf_contents_put(struct daf_contents *c, uint32_t conn,
                      const struct daf_port_piece *piece);
void daf_contents_forget(struct daf_contents *c, uint32_t conn);
void daf_contents_read(struct daf_contents *c, uint32_t conn,
                       const struct daf_port_piece *piece);

/** daf_contents_wish: do it; `answered` with @ticket follows. */
void daf_contents_wish(struct daf_contents *c, uint64_t ticket,
                       const struct daf_contents_wish *wish);

/** daf_contents_count, daf_contents_at, daf_contents_find: items, ascending by
 * content id; borrowed until the next result. */
size_t daf_contents_count(const struct daf_contents *c);
const struct daf_contents_item *daf_contents_at(const struct daf_contents *c,
                                                size_t index);
const struct daf_contents_item *daf_contents_find(
    const struct daf_contents *c, const struct daf_hash *content);

/** daf_contents_mark_old: whether a newer edition of it is whole here. */
void daf_contents_mark_old(struct daf_contents *c,
                           const struct daf_hash *content, bool is_old);

/** daf_contents_hold: what is stuck for want of room is not said to be (is_held),
 * until daf_contents_release(), which tells of each that is stuck then. */
void daf_contents_hold(struct daf_contents *c, const struct daf_hash *content);
void daf_contents_release(struct daf_contents *c);

/** daf_contents_news: how often an item came, went, or changed in its wishes or in
 * being whole; not counted: parts that came. */
uint64_t daf_contents_news(const struct daf_contents *c);

/** daf_contents_state: DAF_OK; DAF_EBUSY before the shelf is open; or why it is
 * not. */
enum daf_err daf_contents_state(const struct daf_contents *c);

/** daf_contents_pump: take what the keeper has, as far as link keeps up.  Before
 * the loop sleeps. */
void daf_contents_pump(struct daf_contents *c);

#endif
