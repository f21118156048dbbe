/* SPDX-License-Identifier: Apache-2.0 */
/* node/keeper.h - the one thread that has the shelf: every byte of content that
 * is read, hashed, written or synced, so that no loop waits for a card.
 *
 *      main thread                              keeper thread
 *      daf_keeper_add() _open() ...  --> people's jobs --+
 *      daf_keeper_put() _forget()    --> peers' jobs ----+--> store/shelf.h
 *      daf_keeper_read()             --> peers' jobs ----+
 *      daf_keeper_take()  <-- eventfd, results
 *
 * Of each of the three kinds the oldest comes first, and its answer.  People's jobs
 * go before peers'.  Long work (the shelf's, and a check) goes on between jobs, in
 * turns of 50 ms, and stops for a person's job after a chunk or a file; an item
 * whose list is being looked through is_stuck as DAF_EBUSY until then.
 *
 * It is not the writer's thread: a child's answer does not wait behind a sync of
 * a video (docs/decisions/010).  The shelf is opened in the thread, which may take
 * long: results that tell of each item come first.
 *
 * Memory: pieces that are put and not written yet, which the main thread bounds
 * by refusing more (daf_keeper_queued()), and one piece for each READ, which it
 * bounds by not taking them (daf_keeper_take()). */
#ifndef DAF_NODE_KEEPER_H
#define DAF_NODE_KEEPER_H

#include "node/core/port.h"
#include "store/shelf.h"

#define DAF_KEEPER_SYNC_MS  2000  /* what came is noted within */
#define DAF_KEEPER_RETRY_MS 60000 /* what had no room is tried again after */
#define DAF_KEEPER_CLOSE_MS 300   /* for what is queued, at the end */

struct daf_keeper; /* opaque */

enum daf_keeper_kind {
    DAF_KEEPER_OPENED, /* err; DAF_ENOTFOUND: the shelf is not mounted, or not any
                          more.  With another error than DAF_OK there are no
                          items; a GONE of each that there was follows */
    DAF_KEEPER_TOLD,   /* after it opened: each item was told */
    DAF_KEEPER_ITEM,   /* item: as it stands; at start, and when it changed */
    DAF_KEEPER_GONE, /* item.content: dropped, here or by another handle; or its
                          card was unmounted */
    DAF_KEEPER_PUT,  /* conn, piece (no bytes), put, err: a part's end;
                          DAF_EBUSY, DAF_ENOMEM: not now, and nobody's fault */
    DAF_KEEPER_READ, /* conn, piece, is_last, err */
    DAF_KEEPER_DONE, /* ticket, err; after the ITEM that it changed */
    DAF_KEEPER_FILE, /* ticket, err, file; the taker closes it */
    DAF_KEEPER_ROOM, /* ticket, err: DAF_OK it fits; room, is_disk */
    DAF_KEEPER_LIST, /* ticket, err, bytes: the file list */
};

struct daf_keeper_result {
    enum daf_keeper_kind kind;
    enum daf_err err;
    uint64_t ticket;
    uint32_t conn;
    struct daf_port_piece piece; /* bytes: the result's */
    enum daf_shelf_put put;
    bool is_last;
    bool is_disk;
    uint64_t room;
    struct daf_shelf_item item; /* views: the result's; PUT: as it stands after,
                                   without views */
    uint32_t part_bytes;        /* ITEM: of its longest part */
    bool is_stuck; /* ITEM: not fetched now: no room, or damaged beyond use */
    enum daf_err stuck_err;
    struct daf_shelf_file file;
    struct daf_view bytes;
    char trouble[160]; /* after an error of the disk: its words */
    struct daf_keeper_result *next;
};

/**
 * daf_keeper_new: start the thread and let it open the shelf.
 * @dir: the home's folder `content`; @budget: as daf_shelf_open().
 * DAF_ENOMEM, DAF_EIO.  The caller owns it: daf_keeper_free().
 */
DAF_NODISCARD enum daf_err daf_keeper_new(const char *dir, uint64_t budget,
                                          struct daf_keeper **out);
/** daf_keeper_finish: the end is near: long work that nobody's bytes wait for
 * ends after a chunk or a file, and is done again after the next start; a check is
 * answered DAF_EBUSY. */
void daf_keeper_finish(struct daf_keeper *k);
/** daf_keeper_free: do what is queued but READs, sync, end; no longer than
 * DAF_KEEPER_CLOSE_MS and what the disk needs for one write or sync.  What was not
 * synced is hashed at the next start.  NULL is fine. */
void daf_keeper_free(struct daf_keeper *k);

/** daf_keeper_volume: something was mounted or unmounted: look whether the shelf is
 * still where it was, and whether one that was not there is.  What has changed is
 * told by OPENED. */
void daf_keeper_volume(struct daf_keeper *k);

/** daf_keeper_fd: readable when a result waits that may be taken. */
int daf_keeper_fd(const struct daf_keeper *k);

/* struct daf_port's calls; bytes are copied.  False: no memory, nothing follows. */
DAF_NODISCARD bool daf_keeper_put(struct daf_keeper *k, uint32_t conn,
                                  const struct daf_port_piece *piece);
void daf_keeper_forget(struct daf_keeper *k, uint32_t conn);
DAF_NODISCARD bool daf_keeper_read(struct daf_keeper *k, uint32_t conn,
                                   const struct daf_port_piece *piece);

/* A DONE, FILE, ROOM or LIST with @ticket follows each of these. */
/** daf_keeper_add: daf_shelf_add(). */
void daf_keeper_add(struct daf_keeper *k, uint64_t ticket,
                    struct daf_view manifest, unsigned set, unsigned clear);
void daf_keeper_drop(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content);
/** daf_keeper_give_back: drop @content if it is lacking and nobody but the camp
 * asked for it; else DAF_EDENIED.  What people said meanwhile counts. */
void daf_keeper_give_back(struct daf_keeper *k, uint64_t ticket,
                          const struct daf_hash *content);
/** daf_keeper_evict: drop @content to make room, unless somebody pinned it, published
 * it here or is assigned it meanwhile: DAF_EDENIED.  DONE comes once its room is
 * free. */
void daf_keeper_evict(struct daf_keeper *k, uint64_t ticket,
                      const struct daf_hash *content);
/** daf_keeper_look: @content was published beside us: daf_shelf_look_at();
 * NULL: daf_shelf_look(). */
void daf_keeper_look(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content, uint32_t number);
void daf_keeper_open(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content, const char *path);
/** daf_keeper_room: whether so many bytes more would fit; and if @number is not
 * 0, promise them: daf_shelf_promise(). */
void daf_keeper_room(struct daf_keeper *k, uint64_t ticket, uint64_t bytes,
                     uint32_t number);
void daf_keeper_list(struct daf_keeper *k, uint64_t ticket,
                     const struct daf_hash *content);
/** daf_keeper_check: hash everything; what is damaged is lacking again and
 * fetched (an ITEM tells).  DONE: room is how many findings there were. */
void daf_keeper_check(struct daf_keeper *k, uint64_t ticket);

/** daf_keeper_take: the oldest result, or NULL; READs only if @reads.  The caller
 * owns it: daf_keeper_result_free(). */
struct daf_keeper_result *daf_keeper_take(struct daf_keeper *k, bool reads);
void daf_keeper_result_free(struct daf_keeper_result *r);

/** daf_keeper_queued: bytes put that the thread has not taken yet. */
size_t daf_keeper_queued(struct daf_keeper *k);

#endif
