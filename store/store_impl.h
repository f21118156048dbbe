/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_impl.h - what the files store_*.c share.  Private to store/. */
#ifndef DAF_STORE_STORE_IMPL_H
#define DAF_STORE_STORE_IMPL_H

#include "store/db.h"
#include "store/store.h"

/* Bodies are kept in pieces so that rows pack.  With one row for each, three
 * bodies of 2 KiB share a page of 8192 bytes and a quarter of it is empty: the
 * file is 1.35 times what it holds; in pieces of 600 it is 1.05 to 1.11 times
 * for any length from 1.2 kB up.  A session of learning is one piece. */
#define DAF_STORE_PIECE_BYTES 600

#define DAF_STORE_VALUE_BYTES_MAX 4096
#define DAF_STORE_NAME_CAP        64 /* of a local value, with its end */

/* The frontier of the log that put() was in last: runs come log by log, so most
 * records need no read to know their place, and the log's mark is written once,
 * when another log takes the place or at the end of the transaction. */
struct daf_store_front {
    int64_t log;            /* 0: of none */
    struct daf_log_key key; /* its name */
    bool is_dirty;          /* the file does not say this yet */
    size_t count[2];
    struct daf_spot spots[2][DAF_FRONTIER_MAX]; /* tips, roots; in no order */
    size_t was_count[2];                        /* the rows in the file */
    struct daf_spot was[2][DAF_FRONTIER_MAX];
};
enum {
    DAF_STORE_TIPS = 0,
    DAF_STORE_ROOTS = 1,
};

/* The marks of a scope and its sketch, as of some moment.  A mark is 88 bytes
 * and the list grows by an eighth, so 1,000 logs take up to 97 KiB; a sketch is
 * 1.5 KiB at first, and 24 KiB for a difference of 700 items. */
struct daf_store_marks {
    struct daf_scope_id scope;
    struct daf_mark *list; /* ascending by tag, then by log */
    size_t count, cap;
    struct daf_symbol *symbols; /* of all of the list; NULL until asked for */
    size_t symbols_count;
    uint64_t since; /* what this commit or a later one changed is not in it;
                       0: nothing is, read all */
};

struct daf_store {
    struct daf_db db;
    enum daf_store_mode mode;
    bool is_writing;     /* between begin and commit */
    enum daf_err spoilt; /* a write failed: nothing but rollback helps */
    unsigned pins;       /* how many want reads to see one moment */
    int64_t log;         /* the number of log_key; 0: of none */
    struct daf_log_key log_key;
    struct daf_store_front front;
    uint64_t bodies_new; /* stored in this transaction */
    bool wants_scrub;    /* empty the journal after the commit */
    bool is_scrubbed;    /* that was done since a body was destroyed */
    struct daf_store_marks marks[DAF_SCOPES_MAX];
    size_t marks_count, marks_next; /* in use; the next to make room */
    struct daf_index index;
    uint8_t header[DAF_HEADER_BYTES_MAX]; /* what the index hands out */
    uint8_t body[DAF_BODY_BYTES_MAX];
};

/** daf_store_number: a log's number; DAF_ENOTFOUND if nothing of it is held. */
DAF_NODISCARD enum daf_err daf_store_number(struct daf_store *s,
                                            const struct daf_log_key *key,
                                            int64_t *out);
/** daf_store_forget: drop what is remembered of the database. */
void daf_store_forget(struct daf_store *s);

/** daf_store_same_log, daf_store_same_spot: equal, field by field. */
bool daf_store_same_log(const struct daf_log_key *a,
                        const struct daf_log_key *b);
bool daf_store_same_spot(const struct daf_spot *a, const struct daf_spot *b);

/** daf_store_bind_log: parameters 1 to 3 are scope, author and incarnation.
 * @incarnation: its bytes; live until the query ends. */
void daf_store_bind_log(struct daf_query *q, const struct daf_log_key *log,
                        uint8_t incarnation[8]);
/** daf_store_bind_spot: parameters 1 to 3 are a log's number, seq and id. */
void daf_store_bind_spot(struct daf_query *q, int64_t log,
                         const struct daf_spot *spot);
/** daf_store_state: of a record's body; DAF_ENOTFOUND if it is not held. */
DAF_NODISCARD enum daf_err daf_store_state(struct daf_store *s, int64_t log,
                                           const struct daf_spot *spot,
                                           enum daf_body_state *out);

/** daf_store_hold, daf_store_release: pin, if nobody has yet. */
DAF_NODISCARD enum daf_err daf_store_hold(struct daf_store *s);
void daf_store_release(struct daf_store *s);

/** daf_store_incarnation: 8 bytes, big endian, so that they sort as numbers. */
void daf_store_incarnation(uint64_t incarnation, uint8_t out[8]);
uint64_t daf_store_incarnation_of(const uint8_t bytes[8]);

/**
 * daf_store_body: put the pieces of a body together.
 * @pieces: DAF_SQL_BODY_GET or the like, not yet bound.
 * @out: DAF_BODY_BYTES_MAX bytes.
 * @out_pieces: how many there are, or NULL.
 *
 * DAF_ECORRUPT if it does not end where it must.
 */
DAF_NODISCARD enum daf_err daf_store_body(struct daf_query *pieces,
                                          int64_t body, uint8_t *out,
                                          size_t *out_len, size_t *out_pieces);

/* ---- frontiers and marks */

/** daf_store_front_load: the frontier of a log; DAF_ECORRUPT if too long. */
DAF_NODISCARD enum daf_err daf_store_front_load(struct daf_store *s,
                                                int64_t log,
                                                struct daf_store_front *out);
/** daf_store_front_enter: make s->front that of this log; the mark of the one
 * before is written if it must be. */
DAF_NODISCARD enum daf_err daf_store_front_enter(struct daf_store *s,
                                                 int64_t log,
                                                 const struct daf_log_key *key);
/** daf_store_front_flush: write rows and mark of s->front if they must be: once
 * for a log and a transaction, not once a record. */
DAF_NODISCARD enum daf_err daf_store_front_flush(struct daf_store *s);
/** daf_store_front_rows: the rows alone, of a log that goes. */
DAF_NODISCARD enum daf_err daf_store_front_rows(struct daf_store *s);
/** daf_store_front_add, daf_store_front_remove: change s->front.  The caller made
 * sure that it fits. */
void daf_store_front_add(struct daf_store *s, int side,
                         const struct daf_spot *spot);
void daf_store_front_remove(struct daf_store *s, int side, size_t at);
/** daf_store_front_head: as a head: ascending by id. */
void daf_store_front_head(const struct daf_store_front *front,
                          const struct daf_log_key *key, struct daf_head *out);

/* The questions of struct daf_index that store_marks.c answers. */
enum daf_err daf_store_mark(void *ctx, const struct daf_log_key *log,
                            struct daf_mark *out);
enum daf_err daf_store_mark_by_tag(void *ctx, const struct daf_scope_id *scope,
                                   const struct daf_tag *tag,
                                   struct daf_mark *out);
enum daf_err daf_store_unacked_next(void *ctx, const struct daf_scope_id *scope,
                                    const struct daf_author_id *author,
                                    const uint64_t *after,
                                    struct daf_mark *out);
enum daf_err daf_store_marks_walk(void *ctx, const struct daf_scope_id *scope,
                                  const struct daf_tag *after, daf_mark_fn fn,
                                  void *fn_ctx);
enum daf_err daf_store_symbols(void *ctx, const struct daf_scope_id *scope,
                               size_t start, size_t count,
                               struct daf_symbol *out);
/** daf_store_marks_forget: drop what is kept in memory of marks. */
void daf_store_marks_forget(struct daf_store *s);

/* And store_unchecked.c. */
bool daf_store_is_checked(void *ctx, const struct daf_log_key *log,
                          const struct daf_spot *spot);
enum daf_err daf_store_unchecked_next(void *ctx, struct daf_stretch *out);

/** daf_store_value_sum: what shows that a local value is as it was set. */
void daf_store_value_sum(const char *name, struct daf_view value,
                         uint8_t out[16]);

/* ---- store_swap.c: a repaired notebook takes its place */

/** daf_store_swap_is_due: whether one is ready. */
bool daf_store_swap_is_due(const char *dir);
/** daf_store_swap: put it there, if there is one; nobody has the notebook open.
 * @out_aside: what the old one is called now; may be NULL. */
DAF_NODISCARD enum daf_err daf_store_swap(const char *dir, char *out_aside,
                                          size_t cap);
/** daf_store_swap_ready: what was made in notebook.new/ is to be the notebook. */
DAF_NODISCARD enum daf_err daf_store_swap_ready(const char *dir);
/** daf_store_swap_clean: remove what an attempt left. */
DAF_NODISCARD enum daf_err daf_store_swap_clean(const char *dir);

/** daf_store_swap_forget: remove what repairs have put aside, durably. */
DAF_NODISCARD enum daf_err daf_store_swap_forget(const char *dir);

/* ---- store_erase.c */

/* Local values: the hash of the handles of which nothing is left in the file and
 * its journal, and of those when what was put aside was removed.  A repair drops the
 * first, as it may bring back what was destroyed, and keeps the second: what it puts
 * aside is somebody's last hope until the next erasure. */
#define DAF_STORE_ERASED       "erased"
#define DAF_STORE_ERASED_ASIDE "erased-aside"

/** daf_store_scrub: after a commit: copy the journal into the file and empty it.
 * Who reads may be in the way: then the next commit tries. */
void daf_store_scrub(struct daf_store *s);

/* ---- acked */

/** daf_store_acked_get: the spot; zeros if nobody holds anything of the log. */
DAF_NODISCARD enum daf_err daf_store_acked_get(struct daf_store *s, int64_t log,
                                               struct daf_spot *out);
/** daf_store_acked_drop: @spot goes, @below is its predecessor (zeros: none): no
 * peer's claim reaches above it any more. */
DAF_NODISCARD enum daf_err daf_store_acked_drop(struct daf_store *s,
                                                int64_t log,
                                                const struct daf_spot *spot,
                                                const struct daf_spot *below);

#endif
