/* SPDX-License-Identifier: Apache-2.0 */
/* sim/device/notebook_impl.h - what the notebook's files share.
 *
 * A model keeps one block of memory for each log.  A block never changes: a batch
 * opens an edit, which is a copy with room, and the commit packs it into a new
 * block that takes the old one's place.  So questions see what is committed, and
 * a rollback has nothing to undo. */
#ifndef DAF_SIM_DEVICE_NOTEBOOK_IMPL_H
#define DAF_SIM_DEVICE_NOTEBOOK_IMPL_H

#include "proto/limits.h"
#include "sim/device/notebook.h"

#define DAF_NOTEBOOK_NONE UINT32_MAX

/* ---- the pool: things have numbers from 0 and stay until it is freed */

struct daf_notebook_record {
    struct daf_record_id id, prev;
    uint64_t seq;
    const uint8_t *header, *body; /* body NULL: empty, or nobody brought it */
    uint32_t body_len;
    uint16_t header_len;
    uint8_t retention;
};

/* A log's. */
struct daf_notebook_name {
    struct daf_log_key key;
    struct daf_tag tag;
};

/* Open addressing; a place holds a number and one, or 0. */
struct daf_notebook_table {
    uint32_t *places;
    uint32_t size; /* a power of two */
};

struct daf_notebook_chunk;

struct daf_notebook_pool {
    struct daf_notebook_record *records;
    uint32_t records_count, records_room;
    struct daf_notebook_table by_id;
    struct daf_notebook_name *names;
    uint32_t names_count, names_room;
    struct daf_notebook_table by_key;
    /* Of each head that ever was somewhere: most devices come to the same. */
    struct daf_mark *marks;
    uint32_t marks_count, marks_room;
    struct daf_notebook_table by_digest;
    struct daf_notebook_chunk *chunks; /* the newest first */
    uint64_t chunk_bytes;
};

/** daf_notebook_pool_find: the number of a record, or DAF_NOTEBOOK_NONE. */
uint32_t daf_notebook_pool_find(const struct daf_notebook_pool *pool,
                                const struct daf_record_id *id);
/** daf_notebook_pool_put: the number of this record, which is kept if it is new.
 * @body: empty if it is not here. */
DAF_NODISCARD enum daf_err daf_notebook_pool_put(struct daf_notebook_pool *pool,
                                                 const struct daf_record *r,
                                                 struct daf_view header,
                                                 struct daf_view body,
                                                 uint32_t *out);
/** daf_notebook_pool_name: the number of a log's name, or DAF_NOTEBOOK_NONE. */
uint32_t daf_notebook_pool_name(const struct daf_notebook_pool *pool,
                                const struct daf_log_key *key);
DAF_NODISCARD enum daf_err daf_notebook_pool_add_name(
    struct daf_notebook_pool *pool, const struct daf_log_key *key,
    uint32_t *out);
/** daf_notebook_pool_mark: the number of this head's. */
DAF_NODISCARD enum daf_err daf_notebook_pool_mark(
    struct daf_notebook_pool *pool, const struct daf_head *head, uint32_t *out);

/* ---- what a device holds */

/* A record's number and its body's state here, in 4 bytes. */
static inline uint32_t daf_notebook_held(uint32_t record,
                                         enum daf_body_state state)
{
    return record << 2 | (uint32_t)state;
}
static inline uint32_t daf_notebook_held_record(uint32_t held)
{
    return held >> 2;
}
static inline enum daf_body_state daf_notebook_held_state(uint32_t held)
{
    return (enum daf_body_state)(held & 3);
}
#define DAF_NOTEBOOK_RECORDS_MAX (UINT32_C(1) << 30)

struct daf_notebook_log {
    uint32_t refs; /* notebooks: that of control is every device's */
    uint32_t name;
    uint32_t mark;
    uint32_t number; /* above those of all logs that were there before it, as
                        SQLite numbers rows: the order of unchecked_next */
    uint32_t acked;  /* a record and one, or 0 */
    uint32_t height;
    uint32_t count, bodies, absent; /* records, of them HELD, ABSENT */
    uint8_t tips, roots;
    /* Records of tips, of roots, both ascending by id; then what is held,
     * ascending by (seq, id). */
    uint32_t words[];
};

static inline const uint32_t *daf_notebook_log_held(
    const struct daf_notebook_log *log)
{
    return log->words + log->tips + log->roots;
}

struct daf_notebook_scope {
    struct daf_scope_id id;
    struct daf_notebook_log **logs; /* ascending by author, incarnation */
    uint32_t *tags;                 /* their marks by tag, then log */
    uint32_t count, logs_room, tags_room;
    uint32_t coming;            /* logs that a commit will add */
    uint64_t absent;            /* in all logs */
    struct daf_symbol *symbols; /* of all logs; NULL until asked for */
    size_t symbols_count;
};

/* Ascending by (number, first); those of a log neither overlap nor touch. */
struct daf_notebook_stretch {
    uint32_t number, name; /* of the log */
    uint64_t first, last;
};
struct daf_notebook_stretches {
    struct daf_notebook_stretch *list;
    uint32_t count, room;
};

enum {
    DAF_NOTEBOOK_TIPS = 0,
    DAF_NOTEBOOK_ROOTS = 1,
};

/* A log as the batch will leave it. */
struct daf_notebook_edit {
    uint32_t name;
    uint32_t number; /* 0: nothing of it is held */
    uint32_t scope;  /* its place in the notebook's list */
    uint32_t acked;
    uint32_t *held;
    uint32_t count, room, bodies, absent;
    uint32_t front_count[2];
    uint32_t front[2][DAF_FRONTIER_MAX]; /* records; in no order */
    bool is_changed, is_front_changed;
    struct daf_notebook_log *was; /* committed; NULL: there was none */
    struct daf_notebook_log *now; /* packed by the commit */
};

struct daf_notebook_batch {
    struct daf_notebook_edit **edits; /* ascending by name */
    uint32_t count, room;
    struct daf_notebook_edit *last; /* asked for */
    struct daf_notebook_stretches unchecked;
    uint64_t bodies; /* stored in this batch */
    uint32_t logs_ever;
    enum daf_err spoilt; /* nothing but rollback helps */
};

struct daf_notebook {
    struct daf_store *writer, *reader; /* NULL: a model, and the rest is its */
    struct daf_notebook_pool *pool;
    struct daf_index index;
    struct daf_notebook_scope *scopes; /* in the order they came */
    uint32_t scopes_count;
    struct daf_notebook_stretches unchecked;
    uint64_t commits, bodies; /* ever made, ever stored */
    uint32_t logs_ever;       /* the last number of a log */
    unsigned pins;
    struct daf_notebook_log *last;    /* asked for; NULL: none */
    struct daf_notebook_batch *batch; /* between begin and commit */
};

static inline const struct daf_mark *daf_notebook_mark(
    const struct daf_notebook *n, uint32_t mark)
{
    return &n->pool->marks[mark];
}

/** daf_notebook_place: the place of the first of @count records in @held that is
 * not below @spot. */
uint32_t daf_notebook_place(const struct daf_notebook_pool *pool,
                            const uint32_t *held, uint32_t count,
                            const struct daf_spot *spot);
/** daf_notebook_is_at: whether the record at @place is @spot's. */
bool daf_notebook_is_at(const struct daf_notebook_pool *pool,
                        const uint32_t *held, uint32_t count, uint32_t place,
                        const struct daf_spot *spot);
struct daf_spot daf_notebook_spot(const struct daf_notebook_pool *pool,
                                  uint32_t record);
/** daf_notebook_grow: @list with room for @need items of @each bytes, and some
 * more; NULL without memory, and then @list is as it was. */
void *daf_notebook_grow(void *list, uint32_t *room, uint32_t need, size_t each);

/* notebook_scope.c: lists of logs */
struct daf_notebook_scope *daf_notebook_scope_find(
    const struct daf_notebook *n, const struct daf_scope_id *id);
DAF_NODISCARD enum daf_err daf_notebook_scope_add(struct daf_notebook *n,
                                                  const struct daf_scope_id *id,
                                                  uint32_t *out);
/** daf_notebook_scope_place: of the first log that is not below. */
uint32_t daf_notebook_scope_place(const struct daf_notebook *n,
                                  const struct daf_notebook_scope *s,
                                  const struct daf_author_id *author,
                                  uint64_t incarnation);
/** daf_notebook_scope_tag: in s->tags, of the first log whose tag is not below. */
uint32_t daf_notebook_scope_tag(const struct daf_notebook *n,
                                const struct daf_notebook_scope *s,
                                const struct daf_tag *tag);
/** daf_notebook_scope_log: a committed log, or NULL. */
struct daf_notebook_log *daf_notebook_scope_log(const struct daf_notebook *n,
                                                const struct daf_log_key *key);
/** daf_notebook_scope_room: for @more logs, so that nothing fails after. */
DAF_NODISCARD enum daf_err daf_notebook_scope_room(struct daf_notebook_scope *s,
                                                   uint32_t more);
/** daf_notebook_scope_swap: @now takes the place of @was; either may be NULL. */
void daf_notebook_scope_swap(struct daf_notebook *n,
                             struct daf_notebook_scope *s,
                             const struct daf_notebook_log *was,
                             struct daf_notebook_log *now);
/** daf_notebook_scope_widen: have at least @count symbols. */
DAF_NODISCARD enum daf_err daf_notebook_scope_widen(
    const struct daf_notebook *n, struct daf_notebook_scope *s, size_t count);
/** daf_notebook_log_free: unless another notebook has it. */
void daf_notebook_log_free(struct daf_notebook_log *log);
void daf_notebook_scope_head(const struct daf_notebook *n,
                             const struct daf_notebook_log *log,
                             struct daf_head *out);

/* notebook_batch.c: edits */
DAF_NODISCARD enum daf_err daf_notebook_batch_begin(struct daf_notebook *n);
DAF_NODISCARD enum daf_err daf_notebook_batch_commit(struct daf_notebook *n);
/** daf_notebook_batch_end: what was not committed goes.  Without one: nothing. */
void daf_notebook_batch_end(struct daf_notebook *n);
/** daf_notebook_batch_open: the edit of a log; DAF_ENOTFOUND if it is not held. */
DAF_NODISCARD enum daf_err daf_notebook_batch_open(
    struct daf_notebook *n, const struct daf_log_key *key,
    struct daf_notebook_edit **out);
/** daf_notebook_batch_add: the edit of a log that is not held; NULL if its author
 * has no room for one more. */
DAF_NODISCARD enum daf_err daf_notebook_batch_add(
    struct daf_notebook *n, const struct daf_log_key *key,
    struct daf_notebook_edit **out);
/** daf_notebook_batch_remove: a log of which nothing is left. */
void daf_notebook_batch_remove(const struct daf_notebook *n,
                               struct daf_notebook_edit *e);

/* notebook_put.c, _drop.c, _erase.c, _acked.c, _unchecked.c: as store.h's of that name */
DAF_NODISCARD enum daf_err daf_notebook_put_record(
    struct daf_notebook *n, const struct daf_record *r, struct daf_view header,
    enum daf_body_state state, struct daf_view body, enum daf_put *out);
void daf_notebook_put_front(struct daf_notebook_edit *e, int side,
                            uint32_t record);
/** daf_notebook_put_unfront: take what is at @at out of the frontier. */
void daf_notebook_put_unfront(struct daf_notebook_edit *e, int side,
                              uint32_t at);
DAF_NODISCARD enum daf_err daf_notebook_drop_record(
    struct daf_notebook *n, const struct daf_log_key *log,
    const struct daf_spot *spot);
DAF_NODISCARD enum daf_err daf_notebook_erase_bodies(
    struct daf_notebook *n, const struct daf_erase *what);
DAF_NODISCARD enum daf_err daf_notebook_acked_set(struct daf_notebook *n,
                                                  const struct daf_log_key *log,
                                                  uint64_t seq_first,
                                                  const struct daf_spot *last);
/** daf_notebook_acked_drop: what is below @spot is acked, if @spot was. */
void daf_notebook_acked_drop(const struct daf_notebook *n,
                             struct daf_notebook_edit *e,
                             const struct daf_spot *spot);
DAF_NODISCARD enum daf_err daf_notebook_unchecked_join(
    struct daf_notebook *n, const struct daf_stretch *what);
DAF_NODISCARD enum daf_err daf_notebook_unchecked_cut(
    struct daf_notebook *n, const struct daf_stretch *what);
/** daf_notebook_unchecked_copy: @to becomes the committed ones, and owns them. */
DAF_NODISCARD enum daf_err daf_notebook_unchecked_copy(
    const struct daf_notebook *n, struct daf_notebook_stretches *to);
/** daf_notebook_unchecked_remove: all of a log that goes. */
void daf_notebook_unchecked_remove(const struct daf_notebook *n,
                                   uint32_t number);
/** daf_notebook_unchecked_has: whether @seq is in a stretch, as committed. */
bool daf_notebook_unchecked_has(const struct daf_notebook *n, uint32_t number,
                                uint64_t seq);

/* notebook_index.c */
void daf_notebook_index_init(struct daf_notebook *n);

/* notebook_scan.c */
DAF_NODISCARD enum daf_err daf_notebook_scan_rows(
    struct daf_notebook *n, const struct daf_scope_id *scope, int retention,
    daf_row_fn fn, void *ctx);
void daf_notebook_scan_digest(const struct daf_notebook *n,
                              const struct daf_scope_id *scope,
                              struct daf_store_digest *out);
bool daf_notebook_scan_holds(const struct daf_notebook *n,
                             const struct daf_log_key *log, uint64_t seq);

#endif
