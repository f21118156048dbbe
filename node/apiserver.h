/* SPDX-License-Identifier: Apache-2.0 */
/* node/apiserver.h - the daemon's end of HOME/run/control (node/api.h).
 *
 * At most DAF_APISERVER_CLIENTS_MAX clients; more wait in the kernel's queue.
 * A client may send requests without waiting; answers come in their order.  One
 * that does not read its answers, or has too many open, is not read from until
 * it has: it can hold 4 MiB of ours at most. */
#ifndef DAF_NODE_APISERVER_H
#define DAF_NODE_APISERVER_H

#include "node/contents_json.h"
#include "node/core/agent.h"
#include "node/home.h"
#include "node/link.h"
#include "node/loop.h"
#include "node/repair.h"

#include <jansson.h>

#define DAF_APISERVER_CLIENTS_MAX 32
#define DAF_APISERVER_LINE_MAX    ((size_t)1024 * 1024)
#define DAF_APISERVER_ANSWERS_MAX 256 /* open requests of one client */
/* Unread answers of one client; then its requests wait. */
#define DAF_APISERVER_OUT_BYTES ((size_t)1024 * 1024)

/* Of a content item's files, at most so many are named. */
#define DAF_APISERVER_FILES_MAX ((size_t)1000)
/* Learners, and lines of one learner's progress, that one answer holds. */
#define DAF_APISERVER_LINES_MAX ((size_t)4000)

struct daf_apiserver; /* opaque */

/* What `status` tells besides what it asks the agent. */
struct daf_apiserver_status {
    const char *endpoint; /* borrowed; "" before link is ready */
    uint64_t link_restarts;
    struct daf_link_refused refused; /* by link, since the start */
    uint64_t records;                /* held, of all scopes */
    const char *mdns; /* "off", "none", "system", "own": who discovers */
    uint64_t discover_restarts;
    const char *web; /* "http://127.0.0.1:8080"; "" if it serves no pages */
    uint64_t web_restarts;
    uint64_t uptime_s;
    uint64_t unconfirmed; /* records of revoked devices that do not count */
};

struct daf_apiserver_ops {
    void *ctx;
    void (*status)(void *ctx, struct daf_apiserver_status *out);
    /* Give it to the agent; daf_apiserver_wrote() with its ticket follows, now
     * or later. */
    void (*write)(void *ctx, const struct daf_write *write);
    /* Come to an end, repair the notebook, call daf_apiserver_repaired(). */
    void (*repair)(void *ctx);
    /* Give it to the agent; the agent says at once how it ended, but of an
     * opening, which daf_apiserver_porched() follows. */
    void (*porch)(void *ctx, const struct daf_porch_wish *wish);
    /* What is on the shelf; never NULL. */
    const struct daf_contents *(*contents)(void *ctx);
    /* Give it to the contents; daf_apiserver_content() with @ticket follows, now or
     * later.  Of an ADD @wish has no manifest: that of the catalogue is taken;
     * DAF_ENOTFOUND, and nothing follows, if it names no such item. */
    enum daf_err (*subscribe)(void *ctx, const char *channel, bool is_on,
                              struct daf_trouble *t);
    enum daf_err (*content)(void *ctx, uint64_t ticket,
                            const struct daf_contents_wish *wish);
    /* What the learner of this subject did, as `progress show --json` tells it:
     * appended to @lines, at most DAF_APISERVER_LINES_MAX. */
    enum daf_err (*progress)(void *ctx, const struct daf_subject_id *subject,
                             json_t *lines);

    /* Learners whom nobody's record that counts registered; NULL: none are known. */
    const struct daf_learners *(*unconfirmed)(void *ctx);

    /* Content; all may be NULL: there is none. */

    /* As daf_contents_json_library() (node/api.h, "library"). */
    enum daf_err (*library)(void *ctx, const struct daf_library_query *q,
                            struct daf_library_page *page);
    /* One item's object; the caller owns it.  DAF_ENOTFOUND. */
    enum daf_err (*library_item)(void *ctx, const struct daf_library_query *q,
                                 const struct daf_hash *content, json_t **out);
    /* The files of a whole item: daf_apiserver_content_listed() follows with this
     * ticket, now or later. */
    void (*content_files)(void *ctx, uint64_t ticket,
                          const struct daf_hash *content);
    /* Open a file of a whole item; daf_apiserver_content_opened() follows with
     * this ticket, now or later.  @path: as the file list has it, borrowed. */
    void (*content_open)(void *ctx, uint64_t ticket,
                         const struct daf_hash *content, const char *path);
};

/**
 * daf_apiserver_new: listen.
 * @home: locked, so a socket left there is nobody's.
 * @agent, @loop, @ops: outlive it.
 */
DAF_NODISCARD enum daf_err daf_apiserver_new(
    const struct daf_home *home, struct daf_loop *loop,
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    struct daf_apiserver **out, struct daf_trouble *t);
/** daf_apiserver_free: hang up on all and remove the socket.  NULL is fine. */
void daf_apiserver_free(struct daf_apiserver *s);

/** daf_apiserver_wrote: how a write ended. */
void daf_apiserver_wrote(struct daf_apiserver *s,
                         const struct daf_wrote *wrote);

/** daf_apiserver_porched: the porch opened, could not, or was closed. */
void daf_apiserver_porched(struct daf_apiserver *s);

/** daf_apiserver_content: how a wish ended. */
void daf_apiserver_content(struct daf_apiserver *s,
                           const struct daf_keeper_result *result);
/** daf_apiserver_content_changed: an item is another, or (NULL) gone. */
void daf_apiserver_content_changed(struct daf_apiserver *s,
                                   const struct daf_hash *content,
                                   const struct daf_contents_item *item);
/** daf_apiserver_content_opened: how a content_open ended.  @fd: read only, taken
 * in any case; -1 after an error.  @size: of the file. */
void daf_apiserver_content_opened(struct daf_apiserver *s, uint64_t ticket,
                                  enum daf_err err, int fd, uint64_t size);

/** daf_apiserver_content_listed: how a content_files ended.  @files: [path, bytes]
 * of each file, the first DAF_APISERVER_FILES_MAX of them, in the order of the file
 * list; taken; NULL after an error. */
void daf_apiserver_content_listed(struct daf_apiserver *s, uint64_t ticket,
                                  enum daf_err err, json_t *files);

/* What changed, for who listens to events; several are or'ed. */
enum {
    DAF_APISERVER_RECORDS = 1, /* stored, or acknowledged by a peer */
    DAF_APISERVER_PEERS = 2,   /* how many are connected */
    DAF_APISERVER_CONTENT = 4, /* what there is, or how much of it is here */
};
/** daf_apiserver_changed: listeners hear of it within a second, of many changes
 * once. */
void daf_apiserver_changed(struct daf_apiserver *s, unsigned what);

/* What the web process is told first. */
struct daf_apiserver_greeting {
    const char *text; /* one line of JSON */
    int fd;           /* goes with it, as a copy; -1: none */
};
/** daf_apiserver_adopt: the web process (node/web.h) is at the other end of @fd,
 * which is taken: a client that may ask only for what pages show.  False if it
 * cannot be heard; @fd is closed, now or at the next flush. */
bool daf_apiserver_adopt(struct daf_apiserver *s, int fd,
                         const struct daf_apiserver_greeting *lines,
                         size_t count);

/** daf_apiserver_repaired: tell who asked, at once, how the repair ended; no loop
 * need run.  @r: used if @err is DAF_OK; else @t has the words. */
void daf_apiserver_repaired(struct daf_apiserver *s, enum daf_err err,
                            const struct daf_repair *r,
                            const struct daf_trouble *t);

/** daf_apiserver_finish: take no more requests; answers still go out. */
void daf_apiserver_finish(struct daf_apiserver *s);
/** daf_apiserver_flush: send what was answered.  Before the loop sleeps. */
void daf_apiserver_flush(struct daf_apiserver *s);
/** daf_apiserver_idle: nobody waits for an answer, but to a repair. */
bool daf_apiserver_idle(const struct daf_apiserver *s);

#endif
