/* SPDX-License-Identifier: Apache-2.0 */
/* store/db.h - SQLite with our errors: statements, binding, columns.
 *
 * Private to store/.  The one place that maps SQLite's codes to enum daf_err
 * and remembers its words.  Each question the store asks is prepared once per
 * handle and kept (enum daf_sql), so a row costs no parsing and no allocation:
 *
 *      struct daf_query q = daf_db_start(db, DAF_SQL_LOG_GET);
 *      daf_db_bind_blob(&q, 1, scope->b, 16);
 *      ...
 *      err = daf_db_step(&q);
 *      if (err == DAF_OK)
 *          *out = daf_db_int(&q, 0);
 *      daf_db_end(&q);
 *
 * A failure to prepare or bind is remembered in the query and comes out of
 * daf_db_step().  Bytes bound are borrowed until daf_db_end(), bytes of a
 * column until the next step or end. */
#ifndef DAF_STORE_DB_H
#define DAF_STORE_DB_H

#include <sqlite3.h>

#include "proto/err.h"
#include "proto/types.h"

#define DAF_DB_BUSY_MS 2000

enum daf_sql {
    DAF_SQL_BEGIN,
    DAF_SQL_BEGIN_WRITE,
    DAF_SQL_COMMIT,
    DAF_SQL_ROLLBACK,
    DAF_SQL_COMMITS_GET,
    DAF_SQL_COMMITS_ADD,
    DAF_SQL_BODIES_GET,
    DAF_SQL_LOG_GET,
    DAF_SQL_LOG_COUNT,
    DAF_SQL_LOG_ADD,
    DAF_SQL_LOG_REMOVE,
    DAF_SQL_LOG_NAME,
    DAF_SQL_LOG_NEXT,
    DAF_SQL_LOG_OF_AUTHOR,
    DAF_SQL_SCOPES,
    DAF_SQL_MARK_GET,
    DAF_SQL_MARK_BY_TAG,
    DAF_SQL_MARK_ALL,
    DAF_SQL_MARK_SINCE,
    DAF_SQL_MARK_COUNT,
    DAF_SQL_MARK_SET,
    DAF_SQL_HEADER_GET,
    DAF_SQL_HEADER_STATE,
    DAF_SQL_HEADER_AFTER,
    DAF_SQL_HEADER_NEXT,
    DAF_SQL_HEADER_AT,
    DAF_SQL_HEADER_ADD,
    DAF_SQL_HEADER_SET,
    DAF_SQL_HEADER_REMOVE,
    DAF_SQL_HEADER_COUNT,
    DAF_SQL_HANDLES_AFTER,
    DAF_SQL_ABSENT_IN_LOG,
    DAF_SQL_ABSENT_IN_LATER,
    DAF_SQL_BODY_GET,
    DAF_SQL_BODY_ADD,
    DAF_SQL_BODY_REMOVE,
    DAF_SQL_FRONTIER_GET,
    DAF_SQL_FRONTIER_ADD,
    DAF_SQL_FRONTIER_REMOVE,
    DAF_SQL_ACKED_GET,
    DAF_SQL_ACKED_SET,
    DAF_SQL_UNACKED_NEXT,
    DAF_SQL_ACKED_REMOVE,
    DAF_SQL_UNCHECKED_AT,
    DAF_SQL_UNCHECKED_NEXT,
    DAF_SQL_UNCHECKED_SPAN,
    DAF_SQL_UNCHECKED_ADD,
    DAF_SQL_UNCHECKED_REMOVE,
    DAF_SQL_VALUE_GET,
    DAF_SQL_VALUE_SET,
    DAF_SQL_STATEMENT_SET,
    DAF_SQL_COUNT, /* how many there are; not a question */
};

struct daf_db {
    sqlite3 *handle;
    sqlite3_stmt *kept[DAF_SQL_COUNT];
    char trouble[200];
};

struct daf_query {
    struct daf_db *db;
    sqlite3_stmt *stmt;
    int failed; /* SQLite's code of the first bind or prepare that failed */
};

enum daf_db_mode {
    DAF_DB_WRITE, /* the file must exist, unless it is ":memory:" */
    DAF_DB_READ,
    DAF_DB_IMMUTABLE, /* nobody writes it and no file may be made beside it */
};

/** daf_db_open: open @path.  @db need not be initialised; close it even if this
 * fails. */
DAF_NODISCARD enum daf_err daf_db_open(struct daf_db *db, const char *path,
                                       enum daf_db_mode mode);
void daf_db_close(struct daf_db *db);
/** daf_db_patience: how long to wait where others are in the way. */
void daf_db_patience(struct daf_db *db, int ms);

/** daf_db_fail: map @code, remembering SQLite's words. */
enum daf_err daf_db_fail(struct daf_db *db, int code);
/** daf_db_say: remember our own words for @err, and return it. */
enum daf_err daf_db_say(struct daf_db *db, enum daf_err err, const char *words);
/** daf_db_errno: the error for an errno of the file system. */
enum daf_err daf_db_errno(int number);

/** daf_db_exec: run SQL that gives no rows, or whose rows do not matter. */
DAF_NODISCARD enum daf_err daf_db_exec(struct daf_db *db, const char *sql);
/** daf_db_number: the first column of the first row; DAF_ENOTFOUND. */
DAF_NODISCARD enum daf_err daf_db_number(struct daf_db *db, const char *sql,
                                         int64_t *out);
/** daf_db_rollback: leave any transaction.  For want of memory it may stay:
 * whoever begins the next one calls this first. */
void daf_db_rollback(struct daf_db *db);

/** daf_db_start: a question of the list, ready for binding. */
struct daf_query daf_db_start(struct daf_db *db, enum daf_sql which);
/** daf_db_prepare: one that is not kept; daf_db_drop() gives it back. */
DAF_NODISCARD enum daf_err daf_db_prepare(struct daf_db *db, const char *sql,
                                          struct daf_query *out);
void daf_db_drop(struct daf_query *q);

void daf_db_bind_int(struct daf_query *q, int at, int64_t value);
void daf_db_bind_blob(struct daf_query *q, int at, const void *p, size_t len);
void daf_db_bind_text(struct daf_query *q, int at, const char *text);
void daf_db_bind_null(struct daf_query *q, int at);

/** daf_db_step: DAF_OK on a row, DAF_ENOTFOUND after the last one. */
DAF_NODISCARD enum daf_err daf_db_step(struct daf_query *q);
/** daf_db_end: forget the row and its snapshot; the question stays kept. */
void daf_db_end(struct daf_query *q);
/** daf_db_run: step a question without rows to its end, and end it. */
DAF_NODISCARD enum daf_err daf_db_run(struct daf_query *q);

int64_t daf_db_int(const struct daf_query *q, int at);
bool daf_db_is_null(const struct daf_query *q, int at);
/** daf_db_bytes: a blob's or text's bytes; empty if NULL. */
struct daf_view daf_db_bytes(const struct daf_query *q, int at);
/** daf_db_copy: exactly @len bytes; false and zeros if there are not. */
bool daf_db_copy(const struct daf_query *q, int at, uint8_t *out, size_t len);

#endif
