/* SPDX-License-Identifier: Apache-2.0 */
#include "store/db.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>

/* Long enough for a peer process to recover a journal, short enough that a
 * person who waits does not give up. */

/* No row is longer than a header; a damaged file may claim anything. */
#define VALUE_BYTES_MAX (1 << 20)

#define SPOT    "log=?1 AND seq=?2 AND id=?3"
#define LOG_KEY "scope=?1 AND author=?2 AND incarnation=?3"
#define MARK    "SELECT author,incarnation,tag,height,digest FROM log "

static const char *const questions[DAF_SQL_COUNT] = {
    [DAF_SQL_BEGIN] = "BEGIN",
    [DAF_SQL_BEGIN_WRITE] = "BEGIN IMMEDIATE",
    [DAF_SQL_COMMIT] = "COMMIT",
    [DAF_SQL_ROLLBACK] = "ROLLBACK",
    [DAF_SQL_COMMITS_GET] = "SELECT count FROM commits",
    [DAF_SQL_COMMITS_ADD] =
        "UPDATE commits SET count=count+1,inverse=~(count+1),"
        "bodies=bodies+?1,bodies_inverse=~(bodies+?1)",
    [DAF_SQL_BODIES_GET] = "SELECT bodies FROM commits",
    [DAF_SQL_LOG_GET] = "SELECT log FROM log WHERE " LOG_KEY,
    [DAF_SQL_LOG_COUNT] =
        "SELECT count(*) FROM log WHERE scope=?1 AND author=?2",
    [DAF_SQL_LOG_ADD] =
        "INSERT INTO log(scope,author,incarnation,tag)VALUES(?1,?2,?3,?4)",
    [DAF_SQL_LOG_REMOVE] = "DELETE FROM log WHERE log=?1",
    [DAF_SQL_LOG_NAME] =
        "SELECT scope,author,incarnation FROM log WHERE log=?1",
    [DAF_SQL_LOG_NEXT] = "SELECT log,author,incarnation FROM log "
                         "WHERE scope=?1 AND (author,incarnation)>(?2,?3) "
                         "ORDER BY author,incarnation LIMIT 1",
    [DAF_SQL_LOG_OF_AUTHOR] =
        "SELECT incarnation FROM log WHERE scope=?1 AND author=?2 "
        "ORDER BY log DESC",
    [DAF_SQL_SCOPES] = "SELECT DISTINCT scope FROM log ORDER BY scope",
    [DAF_SQL_MARK_GET] = MARK "WHERE " LOG_KEY,
    [DAF_SQL_MARK_BY_TAG] = MARK "WHERE scope=?1 AND tag=?2",
    [DAF_SQL_MARK_ALL] = MARK "WHERE scope=?1 ORDER BY tag,author,incarnation",
    [DAF_SQL_MARK_SINCE] = MARK "WHERE scope=?1 AND changed>=?2",
    [DAF_SQL_MARK_COUNT] = "SELECT count(*) FROM log WHERE scope=?1",
    [DAF_SQL_MARK_SET] = "UPDATE log SET height=?2,digest=?3,"
                         "changed=(SELECT count+1 FROM commits) WHERE log=?1",
    [DAF_SQL_HEADER_GET] = "SELECT state,body,bytes FROM header WHERE " SPOT,
    [DAF_SQL_HEADER_STATE] = "SELECT state FROM header WHERE " SPOT,
    [DAF_SQL_HEADER_AFTER] =
        "SELECT state,seq,id,bytes FROM header "
        "WHERE log=?1 AND (seq,id)>=(?2,?3) ORDER BY seq,id LIMIT 1",
    /* With the body's first piece, which nearly always is all of it. */
    [DAF_SQL_HEADER_NEXT] = "SELECT h.state,h.body,h.bytes,h.seq,h.id,b.bytes "
                            "FROM header h LEFT JOIN body b ON b.body=h.body "
                            "WHERE h.log=?1 AND (h.seq,h.id)>(?2,?3) "
                            "ORDER BY h.seq,h.id LIMIT 1",
    [DAF_SQL_HEADER_AT] = "SELECT id,bytes FROM header WHERE log=?1 AND seq=?2",
    [DAF_SQL_HEADER_ADD] =
        "INSERT INTO header(log,seq,id,retention,state,body,bytes)"
        "VALUES(?1,?2,?3,?4,?5,?6,?7)",
    [DAF_SQL_HEADER_SET] = "UPDATE header SET state=?4,body=?5 WHERE " SPOT,
    [DAF_SQL_HEADER_REMOVE] = "DELETE FROM header WHERE " SPOT,
    [DAF_SQL_HEADER_COUNT] =
        "SELECT count(*),ifnull(sum(state=0),0) FROM header WHERE log=?1",
    /* What stands in front of a sealed body (docs/protocol.md 3.2). */
    [DAF_SQL_HANDLES_AFTER] =
        "SELECT h.log,h.seq,h.id,substr(b.bytes,1,20) "
        "FROM header AS h CROSS JOIN body AS b ON b.body=h.body "
        "WHERE(h.log,h.seq,h.id)>(?1,?2,?3)AND h.state=0 "
        "ORDER BY h.log,h.seq,h.id LIMIT ?4",
    [DAF_SQL_ABSENT_IN_LOG] =
        "SELECT seq,id FROM header INDEXED BY header_absent "
        "WHERE state=3 AND log=?1 AND (seq,id)>(?2,?3) "
        "ORDER BY seq,id LIMIT 1",
    [DAF_SQL_ABSENT_IN_LATER] =
        "SELECT log.author,log.incarnation,h.seq,h.id FROM log "
        "CROSS JOIN header AS h INDEXED BY header_absent "
        "ON h.log=log.log AND h.state=3 "
        "WHERE log.scope=?1 AND (log.author,log.incarnation)>(?2,?3) "
        "ORDER BY log.author,log.incarnation,h.seq,h.id LIMIT 1",
    [DAF_SQL_BODY_GET] = "SELECT body,bytes FROM body WHERE body>=?1 "
                         "ORDER BY body",
    [DAF_SQL_BODY_ADD] = "INSERT INTO body(body,bytes)VALUES(?1,?2)",
    [DAF_SQL_BODY_REMOVE] = "DELETE FROM body WHERE body>=?1 AND body<?2",
    [DAF_SQL_FRONTIER_GET] = "SELECT is_root,seq,id FROM frontier WHERE log=?1 "
                             "ORDER BY is_root,id",
    [DAF_SQL_FRONTIER_ADD] =
        "INSERT INTO frontier(log,is_root,id,seq)VALUES(?1,?2,?3,?4)",
    [DAF_SQL_FRONTIER_REMOVE] =
        "DELETE FROM frontier WHERE log=?1 AND is_root=?2 AND id=?3",
    [DAF_SQL_ACKED_GET] = "SELECT seq,id FROM acked WHERE log=?1",
    [DAF_SQL_ACKED_SET] = "REPLACE INTO acked(log,seq,id)VALUES(?1,?2,?3)",
    [DAF_SQL_UNACKED_NEXT] =
        "SELECT author,incarnation,tag,height,digest "
        "FROM log LEFT JOIN acked USING(log) "
        "WHERE scope=?1 AND author=?2 AND incarnation>?3 "
        /* Of a log with branches one spot cannot say that all are held. */
        "AND(height>ifnull(acked.seq,0)OR 1<(SELECT count(*) FROM frontier "
        "WHERE frontier.log=log.log AND is_root=0))"
        "ORDER BY incarnation LIMIT 1",
    [DAF_SQL_ACKED_REMOVE] = "DELETE FROM acked WHERE log=?1",
    [DAF_SQL_UNCHECKED_AT] = "SELECT last FROM unchecked "
                             "WHERE log=?1 AND first<=?2 "
                             "ORDER BY first DESC LIMIT 1",
    [DAF_SQL_UNCHECKED_NEXT] =
        "SELECT log.scope,log.author,log.incarnation,u.first,u.last "
        "FROM unchecked AS u CROSS JOIN log ON log.log=u.log "
        "ORDER BY u.log,u.first LIMIT 1",
    [DAF_SQL_UNCHECKED_SPAN] = "SELECT min(first),max(last) FROM unchecked "
                               "WHERE log=?1 AND last>=?2 AND first<=?3",
    [DAF_SQL_UNCHECKED_ADD] =
        "INSERT INTO unchecked(log,first,last)VALUES(?1,?2,?3)",
    [DAF_SQL_UNCHECKED_REMOVE] =
        "DELETE FROM unchecked WHERE log=?1 AND last>=?2 AND first<=?3",
    [DAF_SQL_VALUE_GET] = "SELECT value,sum FROM value WHERE name=?1",
    [DAF_SQL_VALUE_SET] = "REPLACE INTO value(name,value,sum)VALUES(?1,?2,?3)",
    [DAF_SQL_STATEMENT_SET] =
        "REPLACE INTO statement(author,kind,page,number,bytes,sum)"
        "VALUES(?1,?2,?3,?4,?5,?6)",
};

/* ---- errors */

enum daf_err daf_db_errno(int number)
{
    switch (number) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG: /* the file system's or ulimit's largest file */
        return DAF_EFULL;
    case EROFS:
    case EACCES:
    case EPERM:
        return DAF_EREADONLY;
    case ENOMEM:
        return DAF_ENOMEM;
    default:
        return DAF_EIO;
    }
}

static enum daf_err map_code(int code, int number)
{
    if (code == SQLITE_IOERR_NOMEM) return DAF_ENOMEM;
    if (code == SQLITE_IOERR_CORRUPTFS) return DAF_ECORRUPT;
    switch (code & 0xff) {
    case SQLITE_OK:
        return DAF_OK;
    case SQLITE_FULL:
        return DAF_EFULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return DAF_EREADONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT: /* what the code keeps true was not */
    case SQLITE_MISMATCH:
    case SQLITE_ERROR: /* our SQL is right, so the schema is not */
        return DAF_ECORRUPT;
    case SQLITE_NOMEM:
        return DAF_ENOMEM;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return DAF_EBUSY;
    case SQLITE_TOOBIG:
        return DAF_ELIMIT;
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR: /* SQLite calls only ENOSPC full */
        return daf_db_errno(number);
    default:
        return DAF_EIO;
    }
}

/* A failed COMMIT does not set the connection's errno: then the journal knows
 * it, or the file. */
static int last_errno(sqlite3 *handle)
{
    int number = handle == NULL ? 0 : sqlite3_system_errno(handle);
    sqlite3_file *journal = NULL;
    if (handle == NULL || number != 0) return number;
    (void)sqlite3_file_control(handle, "main", SQLITE_FCNTL_JOURNAL_POINTER,
                               &journal);
    /* The journal of a database in memory has methods, but not this one. */
    if (journal != NULL && journal->pMethods != NULL &&
        journal->pMethods->xFileControl != NULL)
        (void)journal->pMethods->xFileControl(journal, SQLITE_FCNTL_LAST_ERRNO,
                                              &number);
    if (number == 0)
        (void)sqlite3_file_control(handle, "main", SQLITE_FCNTL_LAST_ERRNO,
                                   &number);
    return number;
}

enum daf_err daf_db_fail(struct daf_db *db, int code)
{
    int number = 0;
    if ((code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN)
        number = last_errno(db->handle);
    const char *words =
        db->handle == NULL ? sqlite3_errstr(code) : sqlite3_errmsg(db->handle);
    (void)snprintf(db->trouble, sizeof(db->trouble), "%s (sqlite %d, errno %d)",
                   words, code, number);
    return map_code(code, number);
}

enum daf_err daf_db_say(struct daf_db *db, enum daf_err err, const char *words)
{
    (void)snprintf(db->trouble, sizeof(db->trouble), "%s", words);
    return err;
}

/* ---- open and close */

/* A path as a URI: '?', '#' and '%' mean something there, and so do two slashes
 * at its beginning unless an empty host stands before them. */
static char *immutable_uri(const char *path)
{
    sqlite3_str *s = sqlite3_str_new(NULL);
    sqlite3_str_appendall(s, path[0] == '/' ? "file://" : "file:");
    for (const char *p = path; *p != '\0'; p++) {
        if (strchr("?#%", *p) != NULL)
            sqlite3_str_appendf(s, "%%%02x", (unsigned char)*p);
        else
            sqlite3_str_appendchar(s, 1, *p);
    }
    sqlite3_str_appendall(s, "?immutable=1");
    return sqlite3_str_finish(s);
}

static int open_file(struct daf_db *db, const char *path, enum daf_db_mode mode)
{
    /* One handle, one thread: SQLite's own locking would be for nothing. */
    int flags =
        SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE;
    switch (mode) {
    case DAF_DB_WRITE:
        return sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_READWRITE,
                               NULL);
    case DAF_DB_READ:
        return sqlite3_open_v2(path, &db->handle, flags | SQLITE_OPEN_READONLY,
                               NULL);
    case DAF_DB_IMMUTABLE:
        break;
    }
    char *uri = immutable_uri(path);
    if (uri == NULL) return SQLITE_NOMEM;
    int code =
        sqlite3_open_v2(uri, &db->handle,
                        flags | SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL);
    sqlite3_free(uri);
    return code;
}

enum daf_err daf_db_open(struct daf_db *db, const char *path,
                         enum daf_db_mode mode)
{
    *db = (struct daf_db){0};
    int code = open_file(db, path, mode);
    if (code != SQLITE_OK) return daf_db_fail(db, code);
    (void)sqlite3_busy_timeout(db->handle, DAF_DB_BUSY_MS);
    (void)sqlite3_limit(db->handle, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0,
                            NULL);
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return DAF_OK;
}

void daf_db_patience(struct daf_db *db, int ms)
{
    (void)sqlite3_busy_timeout(db->handle, ms);
}

void daf_db_close(struct daf_db *db)
{
    for (size_t i = 0; i < DAF_SQL_COUNT; i++)
        (void)sqlite3_finalize(db->kept[i]);
    int code = sqlite3_close(db->handle);
    assert(code == SQLITE_OK); /* else a query was not dropped */
    (void)code;
    *db = (struct daf_db){0};
}

/* ---- asking */

enum daf_err daf_db_exec(struct daf_db *db, const char *sql)
{
    int code = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? DAF_OK : daf_db_fail(db, code);
}

enum daf_err daf_db_number(struct daf_db *db, const char *sql, int64_t *out)
{
    struct daf_query q;
    enum daf_err err = daf_db_prepare(db, sql, &q);
    if (err != DAF_OK) return err;
    err = daf_db_step(&q);
    if (err == DAF_OK) *out = daf_db_int(&q, 0);
    daf_db_drop(&q);
    return err;
}

void daf_db_rollback(struct daf_db *db)
{
    /* After a full disk SQLite may have rolled back already. */
    if (db->handle == NULL || sqlite3_get_autocommit(db->handle) != 0) return;
    /* Kept: a reader ends each look so, and parsing took 4 % of a simulated
     * conference. */
    struct daf_query q = daf_db_start(db, DAF_SQL_ROLLBACK);
    /* Not daf_db_run(): the words are those of what failed before. */
    if (q.failed == SQLITE_OK) (void)sqlite3_step(q.stmt);
    daf_db_end(&q);
    if (sqlite3_get_autocommit(db->handle) == 0) /* no memory for it */
        (void)sqlite3_exec(db->handle, "ROLLBACK", NULL, NULL, NULL);
}

struct daf_query daf_db_start(struct daf_db *db, enum daf_sql which)
{
    struct daf_query q = {.db = db, .stmt = db->kept[which]};
    if (q.stmt == NULL) {
        q.failed = sqlite3_prepare_v3(db->handle, questions[which], -1,
                                      SQLITE_PREPARE_PERSISTENT, &q.stmt, NULL);
        db->kept[which] = q.stmt;
    }
    /* Two users of one kept question would end each other's. */
    assert(q.stmt == NULL || sqlite3_stmt_busy(q.stmt) == 0);
    return q;
}

enum daf_err daf_db_prepare(struct daf_db *db, const char *sql,
                            struct daf_query *out)
{
    *out = (struct daf_query){.db = db};
    int code = sqlite3_prepare_v2(db->handle, sql, -1, &out->stmt, NULL);
    return code == SQLITE_OK ? DAF_OK : daf_db_fail(db, code);
}

void daf_db_drop(struct daf_query *q)
{
    (void)sqlite3_finalize(q->stmt);
    q->stmt = NULL;
}

static void note(struct daf_query *q, int code)
{
    if (q->failed == SQLITE_OK) q->failed = code;
}

void daf_db_bind_int(struct daf_query *q, int at, int64_t value)
{
    if (q->stmt != NULL) note(q, sqlite3_bind_int64(q->stmt, at, value));
}

void daf_db_bind_blob(struct daf_query *q, int at, const void *p, size_t len)
{
    assert(len <= VALUE_BYTES_MAX);
    /* A null pointer would bind NULL, not the empty blob. */
    if (q->stmt != NULL)
        note(q, sqlite3_bind_blob(q->stmt, at, len == 0 ? "" : p, (int)len,
                                  SQLITE_STATIC));
}

void daf_db_bind_text(struct daf_query *q, int at, const char *text)
{
    if (q->stmt != NULL)
        note(q, sqlite3_bind_text(q->stmt, at, text, -1, SQLITE_STATIC));
}

void daf_db_bind_null(struct daf_query *q, int at)
{
    if (q->stmt != NULL) note(q, sqlite3_bind_null(q->stmt, at));
}

enum daf_err daf_db_step(struct daf_query *q)
{
    if (q->failed != SQLITE_OK) return daf_db_fail(q->db, q->failed);
    int code = sqlite3_step(q->stmt);
    if (code == SQLITE_ROW) return DAF_OK;
    if (code == SQLITE_DONE) return DAF_ENOTFOUND;
    return daf_db_fail(q->db, code);
}

void daf_db_end(struct daf_query *q)
{
    /* Repeats the error that step has told already. */
    (void)sqlite3_reset(q->stmt);
}

enum daf_err daf_db_run(struct daf_query *q)
{
    enum daf_err err = daf_db_step(q);
    assert(err != DAF_OK); /* a row from a question that gives none */
    daf_db_end(q);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

/* ---- columns */

int64_t daf_db_int(const struct daf_query *q, int at)
{
    return sqlite3_column_int64(q->stmt, at);
}

bool daf_db_is_null(const struct daf_query *q, int at)
{
    return sqlite3_column_type(q->stmt, at) == SQLITE_NULL;
}

struct daf_view daf_db_bytes(const struct daf_query *q, int at)
{
    const uint8_t *p = sqlite3_column_blob(q->stmt, at);
    int len = sqlite3_column_bytes(q->stmt, at);
    return (struct daf_view){p, p == NULL ? 0 : (size_t)len};
}

bool daf_db_copy(const struct daf_query *q, int at, uint8_t *out, size_t len)
{
    struct daf_view bytes = daf_db_bytes(q, at);
    if (bytes.len != len) {
        memset(out, 0, len);
        return false;
    }
    memcpy(out, bytes.p, len);
    return true;
}
