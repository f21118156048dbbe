/* SPDX-License-Identifier: Apache-2.0 */
/* The limit: SQLite alone, with the notebook's tables and rows, WAL, FULL, and
 * nothing of ours but the schema, which is read from the notebook.  Rows are read
 * ahead, so only writing is timed. */
#include "tests/bench/bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define BATCH       10000 /* rows of each table in one transaction */
#define TABLES_MAX  32
#define COLUMNS_MAX 32

struct table {
    sqlite3_stmt *from, *to;
    int columns;
    bool is_over;
    size_t count; /* rows in `values` */
    sqlite3_value **values;
};

struct bench_limit {
    sqlite3 *from, *to;
    size_t tables_count;
    struct table tables[TABLES_MAX];
    struct table *header, *body;
};

static void check(sqlite3 *db, int code, const char *doing)
{
    if (code != SQLITE_OK && code != SQLITE_ROW && code != SQLITE_DONE)
        bench_die("SQLite cannot %s: %s", doing, sqlite3_errmsg(db));
}

static void exec(sqlite3 *db, const char *sql)
{
    check(db, sqlite3_exec(db, sql, NULL, NULL, NULL), sql);
}

static sqlite3_stmt *prepare(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;

    check(db, sqlite3_prepare_v2(db, sql, -1, &s, NULL), sql);
    return s;
}

/* ---- tables */

static void add_table(struct bench_limit *l, const char *name)
{
    struct table *t = &l->tables[l->tables_count++];
    char *sql = sqlite3_mprintf("SELECT * FROM \"%w\"", name);
    sqlite3_str *insert = sqlite3_str_new(NULL);
    char *text;

    if (l->tables_count == TABLES_MAX) bench_die("too many tables");
    t->from = prepare(l->from, sql);
    sqlite3_free(sql);
    t->columns = sqlite3_column_count(t->from);
    sqlite3_str_appendf(insert, "INSERT INTO \"%w\" VALUES(?", name);
    for (int i = 1; i < t->columns; i++)
        sqlite3_str_appendall(insert, ",?");
    sqlite3_str_appendall(insert, ")");
    text = sqlite3_str_finish(insert);
    t->to = prepare(l->to, text);
    sqlite3_free(text);
    t->values =
        calloc((size_t)BATCH * (size_t)t->columns, sizeof(sqlite3_value *));
    if (t->values == NULL) bench_die("out of memory");
    if (sqlite3_stricmp(name, "header") == 0) l->header = t;
    if (sqlite3_stricmp(name, "body") == 0) l->body = t;
}

/* Every table and index, as its SQL made it. */
static void copy_schema(struct bench_limit *l)
{
    sqlite3_stmt *s =
        prepare(l->from,
                "SELECT type,name,sql FROM sqlite_schema WHERE sql NOT NULL "
                "AND name NOT LIKE 'sqlite%' ORDER BY rowid");

    while (sqlite3_step(s) == SQLITE_ROW)
        exec(l->to, (const char *)sqlite3_column_text(s, 2));
    (void)sqlite3_reset(s);
    while (sqlite3_step(s) == SQLITE_ROW) {
        if (sqlite3_stricmp((const char *)sqlite3_column_text(s, 0), "table") ==
            0)
            add_table(l, (const char *)sqlite3_column_text(s, 1));
    }
    (void)sqlite3_finalize(s);
}

struct bench_limit *bench_limit_open(const char *from, const char *to)
{
    struct bench_limit *l = calloc(1, sizeof(*l));
    char sql[64];
    sqlite3_stmt *s;

    if (l == NULL) bench_die("out of memory");
    check(l->from, sqlite3_open_v2(from, &l->from, SQLITE_OPEN_READONLY, NULL),
          "open the notebook");
    check(l->to, sqlite3_open(to, &l->to), "make a file");
    s = prepare(l->from, "PRAGMA page_size");
    check(l->from, sqlite3_step(s), "read the page size");
    (void)snprintf(sql, sizeof(sql), "PRAGMA page_size=%d",
                   sqlite3_column_int(s, 0));
    (void)sqlite3_finalize(s);
    exec(l->to, sql);
    exec(l->to, "PRAGMA journal_mode=WAL");
    exec(l->to, "PRAGMA synchronous=FULL");
    copy_schema(l);
    if (l->header == NULL || l->body == NULL)
        bench_die("the notebook has no tables header and body");
    return l;
}

static void forget(struct table *t)
{
    for (size_t i = 0; i < t->count * (size_t)t->columns; i++)
        sqlite3_value_free(t->values[i]);
    t->count = 0;
}

void bench_limit_close(struct bench_limit *l)
{
    for (size_t i = 0; i < l->tables_count; i++) {
        forget(&l->tables[i]);
        free(l->tables[i].values);
        (void)sqlite3_finalize(l->tables[i].from);
        (void)sqlite3_finalize(l->tables[i].to);
    }
    (void)sqlite3_close(l->from);
    (void)sqlite3_close(l->to);
    free(l);
}

/* ---- rows */

static void read_rows(struct bench_limit *l, struct table *t, size_t max)
{
    forget(t);
    while (!t->is_over && t->count < max) {
        int code = sqlite3_step(t->from);

        check(l->from, code, "read a row");
        t->is_over = code == SQLITE_DONE;
        if (t->is_over) break;
        for (int i = 0; i < t->columns; i++)
            t->values[t->count * (size_t)t->columns + (size_t)i] =
                sqlite3_value_dup(sqlite3_column_value(t->from, i));
        t->count++;
    }
}

static void write_row(struct bench_limit *l, struct table *t, size_t at)
{
    for (int i = 0; i < t->columns; i++)
        check(l->to,
              sqlite3_bind_value(
                  t->to, i + 1, t->values[at * (size_t)t->columns + (size_t)i]),
              "bind");
    check(l->to, sqlite3_step(t->to), "insert");
    (void)sqlite3_reset(t->to);
}

/* The same batch of every table in one transaction; false when all are over. */
static bool copy_batch(struct bench_limit *l, double *seconds)
{
    bool more = false;
    double start;

    for (size_t i = 0; i < l->tables_count; i++) {
        read_rows(l, &l->tables[i], BATCH);
        more |= !l->tables[i].is_over;
    }
    start = bench_now();
    exec(l->to, "BEGIN IMMEDIATE");
    for (size_t i = 0; i < l->tables_count; i++) {
        /* A row that the schema made itself, as a counter's, is there. */
        for (size_t row = 0; row < l->tables[i].count; row++)
            write_row(l, &l->tables[i], row);
    }
    exec(l->to, "COMMIT");
    *seconds += bench_now() - start;
    return more;
}

double bench_limit_copy(const char *from, const char *to)
{
    struct bench_limit *l = bench_limit_open(from, to);
    double seconds = 0;

    while (copy_batch(l, &seconds))
        ;
    bench_limit_close(l);
    return seconds;
}

double bench_limit_append(struct bench_limit *l, size_t count)
{
    double start;

    if (count > BATCH) bench_die("too many rows at a time");
    read_rows(l, l->header, count);
    read_rows(l, l->body, count);
    if (l->header->count < count || l->body->count < count)
        bench_die("too few rows to append");
    start = bench_now();
    for (size_t i = 0; i < count; i++) {
        exec(l->to, "BEGIN IMMEDIATE");
        write_row(l, l->header, i);
        write_row(l, l->body, i);
        exec(l->to, "COMMIT");
    }
    return bench_now() - start;
}
