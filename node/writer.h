/* SPDX-License-Identifier: Apache-2.0 */
/* node/writer.h - the one thread that writes: every commit and every fsync, so
 * that no loop waits for a card.
 *
 *      main thread                            writer thread
 *      begin(job) keep... end(job)  --queue-->  one transaction for all that
 *      take() <-- eventfd, list of batches ---  waits (group commit), FULL
 *
 * A batch is what one transaction came to.  Its number is daf_store_pin()'s, so
 * the main thread can tell whether it has heard of what a read would see; a
 * batch without jobs only says that the number has moved (acknowledgements).
 * If a transaction fails, every job in it failed and nothing of it is kept.
 *
 * Jobs are begun and ended by one thread.  Memory: the records queued, which
 * the main thread bounds by what it takes in (daf_writer_queued()). */
#ifndef DAF_NODE_WRITER_H
#define DAF_NODE_WRITER_H

#include "node/core/agent.h"
#include "store/store.h"

/* One transaction: large enough that a card syncs rarely, small enough that a
 * person's record behind it waits less than a second. */
#define DAF_WRITER_BATCH_BYTES_MAX ((size_t)4 * 1024 * 1024)
#define DAF_WRITER_BATCH_COUNT_MAX 5000
/* What peers hold is noted with the next records, or alone after this long. */
#define DAF_WRITER_NOTE_MS 500

struct daf_writer; /* opaque */

struct daf_writer_job {
    uint64_t job;
    enum daf_err err;              /* the batch's, or DAF_ENOMEM */
    struct daf_stored_item *items; /* in order of keep; none if it failed */
    size_t items_count;
};

struct daf_writer_batch {
    /* The number of commits with this one; 0 if it failed, or if the number
     * could not be read: daf_store_pin() then tells. */
    uint64_t commits;
    enum daf_err err;
    int64_t records;   /* how many more are held than before */
    char trouble[200]; /* why, in the store's words */
    size_t jobs_count;
    struct daf_writer_job *jobs; /* in order of end */
    /* What peers hold: these calls of daf_writer_acked(), from 0.  None if the
     * batch failed. */
    uint64_t notes_first, notes_count;
    struct daf_writer_batch *next;
};

/**
 * daf_writer_new: start the thread.
 * @store: opened as WRITER; taken if this returns DAF_OK.
 * DAF_ENOMEM, DAF_EIO, or what reading the number of commits came to.  The caller
 * owns it: daf_writer_free().
 */
DAF_NODISCARD enum daf_err daf_writer_new(struct daf_store *store,
                                          struct daf_writer **out);
/** daf_writer_free: commit what is queued, end the thread, close the store.
 * What was not taken is gone.  NULL is fine. */
void daf_writer_free(struct daf_writer *w);
/** daf_writer_abandon: drop what no transaction has begun with.  Nobody was
 * told that it is kept, so it can be fetched again. */
void daf_writer_abandon(struct daf_writer *w);

/** daf_writer_fd: readable while a batch waits to be taken. */
int daf_writer_fd(const struct daf_writer *w);

/* struct daf_port's calls. */
void daf_writer_begin(struct daf_writer *w, uint64_t job);
void daf_writer_keep(struct daf_writer *w, const struct daf_keep *keep);
void daf_writer_unchecked(struct daf_writer *w, const struct daf_stretch *what);
void daf_writer_checked(struct daf_writer *w, const struct daf_stretch *what);
void daf_writer_drop(struct daf_writer *w, const struct daf_log_key *log,
                     const struct daf_spot *spot);
void daf_writer_statement(struct daf_writer *w, struct daf_view statement);
void daf_writer_self(struct daf_writer *w, const struct daf_self *self);
void daf_writer_erase(struct daf_writer *w, const struct daf_erase *what);
void daf_writer_end(struct daf_writer *w, uint64_t job);
void daf_writer_acked(struct daf_writer *w, const struct daf_log_key *log,
                      uint64_t seq_first, const struct daf_spot *last);

/** daf_writer_take: the oldest batch, or NULL.  @wait: sleep until there is
 * one; NULL then means that nothing is queued.  The caller owns it:
 * daf_writer_batch_free(). */
struct daf_writer_batch *daf_writer_take(struct daf_writer *w, bool wait);
void daf_writer_batch_free(struct daf_writer_batch *b);

/** daf_writer_queued: bytes of records not yet durable. */
size_t daf_writer_queued(struct daf_writer *w);
/** daf_writer_idle: no job queued, none at work, nothing to take. */
bool daf_writer_idle(struct daf_writer *w);

#endif
