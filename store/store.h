/* SPDX-License-Identifier: Apache-2.0 */
/* store/store.h - what a device keeps: records in SQLite.
 *
 * One file, `notebook.db`, in a folder of the home.  One writer at a time (the
 * daemon's writer thread, or a command on a home whose daemon is not running;
 * node/home.h holds the lock), any number of readers.  WAL, synchronous=FULL:
 * what daf_store_commit() has returned OK for survives a power cut on a disk
 * that does not lie.
 *
 *      writer                               reader
 *      daf_store_open(path, WRITER)         daf_store_open(path, READER)
 *      daf_store_begin()                    daf_store_index(): proto/index.h
 *        daf_store_put() ...                daf_store_scan(), _digest, _check
 *      daf_store_commit()
 *
 * Tables, columns and what recovery does: docs/storage.md and migrations.c.
 * A handle belongs to one thread. */
#ifndef DAF_STORE_STORE_H
#define DAF_STORE_STORE_H

#include "proto/index.h"
#include "proto/record.h"
#include "proto/statement.h"

struct daf_store; /* opaque */

/* The local value that daf_store_repair() leaves for the next start: not empty
 * when own logs must go on in a new incarnation. */
#define DAF_STORE_NEW_START "new-start"

enum daf_store_mode {
    DAF_STORE_WRITER, /* creates the file (0600) and migrates it */
    DAF_STORE_READER, /* DAF_ENOTFOUND if there is none */
};

/**
 * daf_store_open: open the notebook in the folder @dir.
 * @out: the caller owns it and gives it back with daf_store_close().
 *
 * DAF_EVERSION if a newer program wrote it (nothing is touched); DAF_ECORRUPT;
 * DAF_EREADONLY; DAF_EFULL; DAF_EIO; DAF_ENOMEM.
 */
DAF_NODISCARD enum daf_err daf_store_open(const char *dir,
                                          enum daf_store_mode mode,
                                          struct daf_store **out);
/** daf_store_slim: one of many in this process: it keeps some 30 pages in memory
 * instead of 500, and a writer copies its journal back after as many, not after
 * 1,000.  Slower on a disk; meant for files in memory.  Errors as daf_store_open(). */
DAF_NODISCARD enum daf_err daf_store_slim(struct daf_store *s);
/** daf_store_close: NULL is fine.  An open transaction is rolled back. */
void daf_store_close(struct daf_store *s);

/** daf_store_trouble: SQLite's own words for the last failure, for a log.
 * NULL: for this thread's last daf_store_open() that failed. */
const char *daf_store_trouble(const struct daf_store *s);

/* ---- writing; all between begin and commit, WRITER only */

DAF_NODISCARD enum daf_err daf_store_begin(struct daf_store *s);
/** daf_store_commit: durable when it returns DAF_OK; else rolled back. */
DAF_NODISCARD enum daf_err daf_store_commit(struct daf_store *s);
void daf_store_rollback(struct daf_store *s);

enum daf_put {
    DAF_PUT_NEW,      /* the header was not held */
    DAF_PUT_BODY,     /* the header was held, its body is new */
    DAF_PUT_KNOWN,    /* nothing to do */
    DAF_PUT_DEFERRED, /* over the log's or author's budget: not kept, later
                         (DAF_FRONTIER_MAX, DAF_INCARNATIONS_MAX) */
};

/**
 * daf_store_put: keep a record that was verified already.
 * @r: decoded from @header; @body is empty unless @state is HELD.
 * @out: what it came to.
 *
 * Keeps header and body byte for byte and brings the log's frontier up to date
 * in the same transaction.  A body never replaces a held one; it fills any gap
 * (the caller knows which erasures count).  ERASED and RETIRED replace ABSENT.
 */
DAF_NODISCARD enum daf_err daf_store_put(
    struct daf_store *s, const struct daf_record *r, struct daf_view header,
    enum daf_body_state state, struct daf_view body, enum daf_put *out);

/** daf_store_unchecked: records of this stretch were put in this transaction
 * whose own signatures nobody has verified yet.  Stretches are joined. */
DAF_NODISCARD enum daf_err daf_store_unchecked(struct daf_store *s,
                                               const struct daf_stretch *what);
/** daf_store_checked: every held record of this stretch verifies. */
DAF_NODISCARD enum daf_err daf_store_checked(struct daf_store *s,
                                             const struct daf_stretch *what);
/** daf_store_drop: forget a record whose own signature fails, and its body.
 * Its successors become roots, its predecessor a tip if nothing else follows it;
 * a log of which nothing is left goes.  DAF_ENOTFOUND if it is not held.
 * DAF_ELIMIT: the frontier would not fit; it stays. */
DAF_NODISCARD enum daf_err daf_store_drop(struct daf_store *s,
                                          const struct daf_log_key *log,
                                          const struct daf_spot *spot);

/** daf_store_erase: a step of destroying all held bodies that have one of these
 * erase handles; their headers stay, with state ERASED.
 * @out_next: the step to come, in the same terms, if *@out_more; it is made in
 * another transaction, which may be long after.  A step looks at no more than
 * 10,000 bodies.
 *
 * When there is none, nothing of those bodies is in the file or its journal: the
 * file's pages are overwritten (secure_delete), the journal was emptied, and
 * `notebook.damaged-N` files are gone.  The notebook remembers the handles, so
 * that the same asked again costs nothing.  A step that has looked at all may have
 * to be made again while others read: wait before. */
DAF_NODISCARD enum daf_err daf_store_erase(struct daf_store *s,
                                           const struct daf_erase *what,
                                           struct daf_erase *out_next,
                                           bool *out_more);

/** daf_store_set: remember a small local value (≤ 4 KiB) by name, replacing the
 * one before.  Local: in no digest, never sent. */
DAF_NODISCARD enum daf_err daf_store_set(struct daf_store *s, const char *name,
                                         struct daf_view value);

/** daf_store_acked: a peer holds this own record and the path below it down to
 * @seq_first, with bodies.  Kept per log as the highest contiguous spot from 1.
 * DAF_ENOTFOUND if it is not held here; what leaves a gap changes nothing. */
DAF_NODISCARD enum daf_err daf_store_acked(struct daf_store *s,
                                           const struct daf_log_key *log,
                                           uint64_t seq_first,
                                           const struct daf_spot *last);

/** daf_store_keep_statement: keep one that was verified, instead of what is kept at
 * its place.  @bytes decode to @st. */
DAF_NODISCARD enum daf_err daf_store_keep_statement(
    struct daf_store *s, const struct daf_statement *st, struct daf_view bytes);

/* ---- reading */

/** daf_store_index: the protocol's questions, answered from this handle.  The
 * result lives as long as @s. */
const struct daf_index *daf_store_index(struct daf_store *s);

/** daf_store_pin: make reads see one moment until daf_store_unpin().
 * @out_commits receives the number of commits ever made, as of that moment: the
 * daemon waits for the news of a commit before it reads what the commit wrote.
 * Each daf_store_commit() that returned DAF_OK counts, also one of nothing. */
DAF_NODISCARD enum daf_err daf_store_pin(struct daf_store *s,
                                         uint64_t *out_commits);
void daf_store_unpin(struct daf_store *s);

/** daf_store_get_value: a value of daf_store_set(), copied.  DAF_ENOTFOUND;
 * DAF_ELIMIT if @cap is too small. */
DAF_NODISCARD enum daf_err daf_store_get_value(struct daf_store *s,
                                               const char *name, uint8_t *out,
                                               size_t cap, size_t *out_len);

/** daf_store_is_acked: a peer holds this own record.  Of a log with branches only
 * one is known to be held: false may be said in error, true never. */
bool daf_store_is_acked(struct daf_store *s, const struct daf_log_key *log,
                        const struct daf_spot *spot);
/** daf_store_acked_seq: up to where peers hold this own log; 0 if nobody. */
uint64_t daf_store_acked_seq(struct daf_store *s,
                             const struct daf_log_key *log);

/* One stored record; views are borrowed for the call. */
struct daf_row {
    struct daf_log_key log;
    struct daf_stored stored;
};
/* Returns true to go on. */
typedef bool (*daf_row_fn)(void *ctx, const struct daf_row *row);

/** daf_store_scan: every record of @scope, log by log (author, incarnation,
 * seq, id ascending).  @retention: only this retention class (by an index if it
 * is DAF_RETENTION_IDENTITY or _DAILY), or -1 for all.  @fn may ask this handle again. */
DAF_NODISCARD enum daf_err daf_store_scan(struct daf_store *s,
                                          const struct daf_scope_id *scope,
                                          int retention, daf_row_fn fn,
                                          void *ctx);

/** daf_store_find: one record by id alone (a walk; for commands, not for sync).
 * DAF_OK and no call of @fn if it is not held. */
DAF_NODISCARD enum daf_err daf_store_find(struct daf_store *s,
                                          const struct daf_record_id *id,
                                          daf_row_fn fn, void *ctx);

/* Borrowed for the call; returns true to go on. */
typedef bool (*daf_statement_fn)(void *ctx, const struct daf_statement *st,
                                 struct daf_view bytes);
/** daf_store_statements: each that is kept, by place.  What the card has changed
 * is left out, and counted in @out_bad (may be NULL): peers send it again. */
DAF_NODISCARD enum daf_err daf_store_statements(struct daf_store *s,
                                                daf_statement_fn fn, void *ctx,
                                                uint64_t *out_bad);

/** daf_store_author_logs: incarnations of @author in @scope, the newest here
 * first.  Returns the count written to @out, at most @cap. */
size_t daf_store_author_logs(struct daf_store *s,
                             const struct daf_scope_id *scope,
                             const struct daf_author_id *author, uint64_t *out,
                             size_t cap);

/** daf_store_copy: all that is committed now, in the new file @path (0600), which
 * a folder may hold as its notebook.db.  READER only; whoever writes goes on.
 * DAF_EEXISTS: nothing is written over; DAF_EFULL and others: nothing is left. */
DAF_NODISCARD enum daf_err daf_store_copy(struct daf_store *s,
                                          const char *path);

/* ---- digest: equal stores give equal lines */
struct daf_store_digest {
    struct daf_scope_id scope;
    struct daf_hash root; /* H256("daf.digest.1", head digests by log) */
    uint64_t authors, logs, records, bodies;
};
/** daf_store_digest: of one scope; zeros and the hash of nothing if empty. */
DAF_NODISCARD enum daf_err daf_store_digest(struct daf_store *s,
                                            const struct daf_scope_id *scope,
                                            struct daf_store_digest *out);

/** daf_store_scopes: the scopes of which something is held, ascending. */
size_t daf_store_scopes(struct daf_store *s, struct daf_scope_id *out,
                        size_t cap);

/* ---- check: is what is stored what it says it is */
struct daf_store_bad {
    const char *what; /* "header", "body", "frontier", "database", ... */
    char where[160];  /* for a person: log, seq, id in hex, or a page */
};
typedef void (*daf_bad_fn)(void *ctx, const struct daf_store_bad *bad);
/* Verifies an author's signature; the camp's control answers.  May be NULL. */
typedef enum daf_err (*daf_accept_fn)(void *ctx, struct daf_view header);

struct daf_store_check {
    uint64_t records, bodies, bad;
    uint64_t absent; /* bodies that are not here and that peers may have */
};
/** daf_store_check: read everything: SQLite's integrity check, every id, hash,
 * link and frontier, and by @accept every signature.  @bad is called for each
 * finding.  DAF_OK also when there are findings. */
DAF_NODISCARD enum daf_err daf_store_check(struct daf_store *s,
                                           daf_accept_fn accept, daf_bad_fn bad,
                                           void *ctx,
                                           struct daf_store_check *out);

/* ---- repair: what a damaged file still holds, in a new one */
struct daf_store_repair {
    uint64_t records, bodies; /* in the notebook now */
    uint64_t refused;         /* headers found that do not verify */
    uint64_t absent;          /* bodies lost here; peers are asked for them */
    bool was_damaged;         /* false: it was good, nothing was changed */
    bool is_new_start;        /* own logs go on in a new incarnation (below) */
    char aside[64];           /* the damaged file's new name; "" if none */
};
/** daf_store_is_journal_broken: whether commits come after a damaged frame of the
 * journal in @dir.  A daemon still reads what is behind it, and after its end
 * nobody does.  While somebody writes it may be said in error.  The caller has
 * nothing of that store open. */
bool daf_store_is_journal_broken(const char *dir);
/**
 * daf_store_repair: make the notebook in @dir good again, with nobody using it.
 *
 * Every page of the file and of its journal is read, whether SQLite can open
 * it or not; every header that verifies and every body that is its header's goes
 * into a new notebook, frontiers and all indexes are computed anew.  The new one
 * is durable before it takes the old one's name; the old one is kept beside it
 * as `notebook.damaged-N` until an erasure is applied (daf_store_erase()).
 * Nothing is guessed: what does not verify stays in the damaged file.
 *
 * What peers hold of the rest comes back by sync: records by their heads, bodies
 * by NEED.  Because a lost own record may be known to peers, the next start must
 * not go on in the old incarnation: is_new_start says so, and it is remembered
 * in the notebook itself as DAF_STORE_NEW_START until the host has acted on it.
 *
 * @accept: verifies a header; may be NULL: then by id and hash only, and all
 * records are put down as unchecked.
 * @bad: what was wrong, as in daf_store_check; may be NULL.
 * A power cut at any moment leaves the old one in place or the new one; in
 * between, the next writer that opens puts the new one there, and readers get
 * DAF_EBUSY.
 *
 * DAF_ENOTFOUND: no notebook; DAF_EVERSION: a newer program's; DAF_EFULL, DAF_EIO, DAF_EREADONLY, DAF_ENOMEM: the
 * old one is untouched.
 */
DAF_NODISCARD enum daf_err daf_store_repair(const char *dir,
                                            daf_accept_fn accept,
                                            daf_bad_fn bad, void *ctx,
                                            struct daf_store_repair *out);

#endif
