/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrations.h"

#include <stdio.h>
#include <string.h>

#include "proto/sketch.h"

/* The marks of the logs that there are: until now nothing kept them. */
static enum daf_err fill_marks(struct daf_db *db);

/* Append only: a step that has left this machine is never edited, a later one
 * puts it right.  docs/storage.md tells what the columns mean. */
static const struct {
    const char *sql;
    enum daf_err (*fill)(struct daf_db *db); /* after it; may be NULL */
} steps[] = {
    /* 1: the first notebook.
     *
     * A log's number stands for 40 bytes of scope, author and incarnation in
     * each row.  Headers are clustered by log and seq, because both the wire
     * and the fold read a log in its order; ids are random and as the leading
     * column would cost a page write for each record. */
    {.sql =
         "CREATE TABLE log("
         "log INTEGER PRIMARY KEY,"
         "scope BLOB NOT NULL,"
         "author BLOB NOT NULL,"
         "incarnation BLOB NOT NULL,"
         "UNIQUE(scope,author,incarnation)"
         ")STRICT;"

         "CREATE TABLE header("
         "log INTEGER NOT NULL,"
         "seq INTEGER NOT NULL,"
         "id BLOB NOT NULL,"
         "retention INTEGER NOT NULL,"
         "state INTEGER NOT NULL,"
         "body INTEGER,"
         "bytes BLOB NOT NULL,"
         "PRIMARY KEY(log,seq,id)"
         ")STRICT,WITHOUT ROWID;"
         "CREATE INDEX header_identity ON header(log) WHERE retention=1;"
         "CREATE INDEX header_absent ON header(log) WHERE state=3;"

         "CREATE TABLE body("
         "body INTEGER PRIMARY KEY,"
         "bytes BLOB NOT NULL"
         ")STRICT;"

         "CREATE TABLE frontier("
         "log INTEGER NOT NULL,"
         "is_root INTEGER NOT NULL,"
         "id BLOB NOT NULL,"
         "seq INTEGER NOT NULL,"
         "PRIMARY KEY(log,is_root,id)"
         ")STRICT,WITHOUT ROWID;"

         "CREATE TABLE acked("
         "log INTEGER PRIMARY KEY,"
         "seq INTEGER NOT NULL,"
         "id BLOB NOT NULL"
         ")STRICT;"

         "CREATE TABLE value("
         "name TEXT NOT NULL PRIMARY KEY,"
         "value BLOB NOT NULL,"
         "sum BLOB NOT NULL"
         ")STRICT,WITHOUT ROWID;"

         /* Nothing else in the file repeats this number, so it repeats itself: a
     * damaged one is then seen. */
         "CREATE TABLE commits("
         "one INTEGER PRIMARY KEY CHECK(one=1),"
         "count INTEGER NOT NULL,"
         "inverse INTEGER NOT NULL CHECK(inverse=~count)"
         ")STRICT;"
         "INSERT INTO commits VALUES(1,0,~0);"},

    /* 2: what differs between two devices is found from marks, one of each log,
     * and signatures may be verified later.
     *
     * log_changed lets a reader that has all marks read only those that changed
     * since.  unchecked_last finds a stretch by its end; besides, it repeats
     * every number of the table, so a damaged one is seen. */
    {.sql = "ALTER TABLE log ADD COLUMN tag BLOB NOT NULL DEFAULT x'';"
            "ALTER TABLE log ADD COLUMN height INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE log ADD COLUMN digest BLOB NOT NULL DEFAULT x'';"
            "ALTER TABLE log ADD COLUMN changed INTEGER NOT NULL DEFAULT 0;"
            "CREATE INDEX log_tag ON log(scope,tag);"
            "CREATE INDEX log_changed ON log(scope,changed);"

            "CREATE TABLE unchecked("
            "log INTEGER NOT NULL,"
            "first INTEGER NOT NULL,"
            "last INTEGER NOT NULL,"
            "PRIMARY KEY(log,first)"
            ")STRICT,WITHOUT ROWID;"
            "CREATE UNIQUE INDEX unchecked_last ON unchecked(log,last);"

            "ALTER TABLE commits ADD COLUMN bodies INTEGER NOT NULL DEFAULT 0;"
            "ALTER TABLE commits ADD COLUMN bodies_inverse INTEGER NOT NULL "
            "DEFAULT -1 CHECK(bodies_inverse=~bodies);",
     .fill = fill_marks},

    /* 3: what devices say of themselves (proto/statement.h), and the class's day
     * is found without reading a class.
     *
     * The bytes are signed; sum shows damage to the rest of the row. */
    {.sql = "CREATE TABLE statement("
            "author BLOB NOT NULL,"
            "kind INTEGER NOT NULL,"
            "page INTEGER NOT NULL,"
            "number INTEGER NOT NULL,"
            "bytes BLOB NOT NULL,"
            "sum BLOB NOT NULL,"
            "PRIMARY KEY(author,kind,page)"
            ")STRICT,WITHOUT ROWID;"
            "CREATE INDEX header_daily ON header(log) WHERE retention=3;"},
};

#define STEPS_COUNT ((int)(sizeof(steps) / sizeof(steps[0])))

int daf_migrations_version(void)
{
    return STEPS_COUNT;
}

enum daf_err daf_migrations_look(struct daf_db *db, int *out)
{
    int64_t version = 0, application = 0, tables = 0;
    enum daf_err err = daf_db_number(db, "PRAGMA user_version", &version);
    if (err == DAF_OK)
        err = daf_db_number(db, "PRAGMA application_id", &application);
    if (err == DAF_OK)
        err = daf_db_number(db, "SELECT count(*) FROM sqlite_schema", &tables);
    if (err != DAF_OK) return err;
    bool empty = version == 0 && application == 0 && tables == 0;
    if (!empty && application != DAF_MIGRATIONS_APPLICATION_ID)
        return daf_db_say(db, DAF_ECORRUPT, "not a notebook of this program");
    if (version > STEPS_COUNT)
        return daf_db_say(db, DAF_EVERSION, "a newer program wrote this");
    if (!empty && version < 1)
        return daf_db_say(db, DAF_ECORRUPT, "its schema has no version");
    *out = (int)version;
    return DAF_OK;
}

/* ---- step 2 */

static enum daf_err read_spots(struct daf_query *q, struct daf_head *out)
{
    enum daf_err err;
    out->tips_count = out->roots_count = 0;
    while ((err = daf_db_step(q)) == DAF_OK) {
        bool is_tip = daf_db_int(q, 0) == 0;
        size_t *count = is_tip ? &out->tips_count : &out->roots_count;
        if (*count == DAF_FRONTIER_MAX) break;
        struct daf_spot *spot = (is_tip ? out->tips : out->roots) + *count;
        spot->seq = (uint64_t)daf_db_int(q, 1);
        if (!daf_db_copy(q, 2, spot->id.b, sizeof(spot->id.b))) break;
        (*count)++;
    }
    daf_db_end(q);
    if (err == DAF_OK || (err == DAF_ENOTFOUND &&
                          (out->tips_count == 0 || out->roots_count == 0)))
        return daf_db_say(q->db, DAF_ECORRUPT, "a frontier is damaged");
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

static enum daf_err fill_mark(const struct daf_query *log,
                              struct daf_query *spots, struct daf_query *set)
{
    struct daf_head head;
    uint8_t incarnation[8];
    if (!daf_db_copy(log, 1, head.log.scope.b, 16) ||
        !daf_db_copy(log, 2, head.log.author.b, 16) ||
        !daf_db_copy(log, 3, incarnation, 8))
        return daf_db_say(log->db, DAF_ECORRUPT, "a log's name is damaged");
    head.log.incarnation = 0;
    for (int i = 0; i < 8; i++)
        head.log.incarnation = head.log.incarnation << 8 | incarnation[i];
    daf_db_bind_int(spots, 1, daf_db_int(log, 0));
    enum daf_err err = read_spots(spots, &head);
    if (err != DAF_OK) return err;
    struct daf_mark mark = daf_sketch_mark(&head);
    daf_db_bind_int(set, 1, daf_db_int(log, 0));
    daf_db_bind_blob(set, 2, mark.tag.b, sizeof(mark.tag.b));
    daf_db_bind_int(set, 3, mark.height);
    daf_db_bind_blob(set, 4, mark.digest.b, sizeof(mark.digest.b));
    return daf_db_run(set);
}

static enum daf_err fill_marks(struct daf_db *db)
{
    struct daf_query log = {0}, spots = {0}, set = {0};
    /* In the order of a key that does not change under the walk. */
    enum daf_err err = daf_db_prepare(
        db, "SELECT log,scope,author,incarnation FROM log ORDER BY log", &log);
    if (err == DAF_OK)
        err = daf_db_prepare(db,
                             "SELECT is_root,seq,id FROM frontier "
                             "WHERE log=?1 ORDER BY is_root,id",
                             &spots);
    if (err == DAF_OK)
        err = daf_db_prepare(
            db, "UPDATE log SET tag=?2,height=?3,digest=?4 WHERE log=?1", &set);
    while (err == DAF_OK && (err = daf_db_step(&log)) == DAF_OK)
        err = fill_mark(&log, &spots, &set);
    daf_db_drop(&log);
    daf_db_drop(&spots);
    daf_db_drop(&set);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

/* ---- running */

static enum daf_err run_step(struct daf_db *db, int i)
{
    enum daf_err err = daf_db_exec(db, steps[i].sql);
    if (err != DAF_OK || steps[i].fill == NULL) return err;
    return steps[i].fill(db);
}

static enum daf_err run_steps(struct daf_db *db)
{
    int from = 0;
    enum daf_err err = daf_migrations_look(db, &from);
    for (int i = from; err == DAF_OK && i < STEPS_COUNT; i++)
        err = run_step(db, i);
    if (err != DAF_OK || from == STEPS_COUNT) return err;
    char stamp[96];
    (void)snprintf(stamp, sizeof(stamp),
                   "PRAGMA application_id=%d;PRAGMA user_version=%d",
                   DAF_MIGRATIONS_APPLICATION_ID, STEPS_COUNT);
    return daf_db_exec(db, stamp);
}

enum daf_err daf_migrations_run(struct daf_db *db)
{
    enum daf_err err = daf_db_exec(db, "BEGIN IMMEDIATE");
    if (err != DAF_OK) return err;
    err = run_steps(db);
    if (err == DAF_OK) err = daf_db_exec(db, "COMMIT");
    if (err != DAF_OK) daf_db_rollback(db);
    return err;
}

/* Both lists are in the order of making, so they compare line by line. */
static enum daf_err same_lines(struct daf_query *a, struct daf_query *b,
                               bool *out_same)
{
    *out_same = false;
    for (;;) {
        enum daf_err err_a = daf_db_step(a);
        enum daf_err err_b = daf_db_step(b);
        if (err_a != DAF_OK && err_a != DAF_ENOTFOUND) return err_a;
        if (err_b != DAF_OK && err_b != DAF_ENOTFOUND) return err_b;
        *out_same = err_a == DAF_ENOTFOUND && err_b == DAF_ENOTFOUND;
        if (err_a == DAF_ENOTFOUND || err_b == DAF_ENOTFOUND) return DAF_OK;
        for (int i = 0; i < 5; i++) {
            struct daf_view x = daf_db_bytes(a, i), y = daf_db_bytes(b, i);
            if (x.len != y.len || (x.len > 0 && memcmp(x.p, y.p, x.len) != 0))
                return DAF_OK;
        }
    }
}

enum daf_err daf_migrations_same(struct daf_db *db, bool *out_same)
{
    static const char list[] =
        "SELECT type,name,tbl_name,sql,typeof(type)||typeof(name)||"
        "typeof(tbl_name)||typeof(sql) FROM sqlite_schema ORDER BY rowid";
    struct daf_db model;
    struct daf_query a, b;
    enum daf_err err = daf_db_open(&model, ":memory:", DAF_DB_WRITE);
    if (err == DAF_OK) err = daf_migrations_run(&model);
    if (err == DAF_OK) err = daf_db_prepare(&model, list, &a);
    if (err == DAF_OK) {
        err = daf_db_prepare(db, list, &b);
        if (err == DAF_OK) {
            err = same_lines(&a, &b, out_same);
            daf_db_drop(&b);
        }
        daf_db_drop(&a);
    }
    daf_db_close(&model);
    return err;
}
