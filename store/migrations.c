/* SPDX-License-Identifier: Apache-2.0 */
#include "store/migrations.h"

#include <stdio.h>
#include <string.h>

/* Append only: a step that has left this machine is never edited, a later one
 * puts it right.  docs/storage.md tells what the columns mean. */
static const char *const steps[] = {
    /* 1: the first notebook.
     *
     * A log's number stands for 40 bytes of scope, author and incarnation in
     * each row.  Headers are clustered by log and seq, because both the wire
     * and the fold read a log in its order; ids are random and as the leading
     * column would cost a page write for each record. */
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
    "INSERT INTO commits VALUES(1,0,~0);",
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

static enum daf_err run_steps(struct daf_db *db)
{
    int from = 0;
    enum daf_err err = daf_migrations_look(db, &from);
    for (int i = from; err == DAF_OK && i < STEPS_COUNT; i++)
        err = daf_db_exec(db, steps[i]);
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
