/* SPDX-License-Identifier: Apache-2.0 */
/* A new notebook out of a damaged one.
 *
 * It is made in the folder notebook.new/, checked like any other, and moved to
 * notebook.ready: from then on the old one is done with.  What is left, moving
 * the old files aside and the new one to its place, store_swap.c does, now or
 * after a power cut. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_carve.h"

#define BATCH_COUNT 500 /* records in a transaction, as the writer's */

struct repair {
    const char *dir;
    char *new_dir; /* owned */
    daf_accept_fn accept;
    daf_bad_fn bad;
    void *ctx;
    struct daf_store_repair *out;
    struct daf_store *s; /* the new one */
    struct daf_store_pages pages;
    struct daf_store_carved carved;
    size_t stated_count;
    struct stated {
        size_t len;
        uint8_t *bytes; /* owned */
    } stated[DAF_STATEMENTS_MAX];
    size_t in_batch;
    bool is_lost; /* a header that was found has no place in the new one */
    uint8_t header[DAF_HEADER_BYTES_MAX];
    uint8_t body[DAF_BODY_BYTES_MAX];
};

static void tell(const struct repair *r, const char *where)
{
    struct daf_store_bad bad = {.what = "database"};
    (void)snprintf(bad.where, sizeof(bad.where), "%s", where);
    if (r->bad != NULL) r->bad(r->ctx, &bad);
}

/* ---- is it damaged at all */

static int64_t bytes_of(const char *dir, const char *file)
{
    struct stat st;
    char *path = sqlite3_mprintf("%s/%s", dir, file);
    int64_t bytes = path != NULL && stat(path, &st) == 0 ? st.st_size : -1;
    sqlite3_free(path);
    return bytes;
}

/* A newer notebook, or ours whose version number is damaged. */
static bool is_schema_ours(const char *dir)
{
    struct daf_db db;
    bool same = false;
    char *path = sqlite3_mprintf("%s/notebook.db", dir);
    if (path == NULL) return false;
    enum daf_err err = daf_db_open(&db, path, DAF_DB_READ);
    if (err == DAF_OK) err = daf_migrations_same(&db, &same);
    daf_db_close(&db);
    sqlite3_free(path);
    return err == DAF_OK && same;
}

/* An older one is brought forward by a writer. */
static enum daf_err open_old(const struct repair *r, struct daf_store **out)
{
    enum daf_err err = daf_store_open(r->dir, DAF_STORE_READER, out);
    if (err != DAF_EVERSION) return err;
    err = daf_store_open(r->dir, DAF_STORE_WRITER, out);
    if (err == DAF_EVERSION && is_schema_ours(r->dir)) return DAF_ECORRUPT;
    if (err != DAF_OK) return err;
    daf_store_close(*out);
    return daf_store_open(r->dir, DAF_STORE_READER, out);
}

/* What the disk does not give is damage too: the rest may be read. */
static bool is_damage(enum daf_err err)
{
    return err == DAF_ECORRUPT || err == DAF_EIO || err == DAF_ELIMIT;
}

static bool is_new_start_due(struct daf_store *s)
{
    uint8_t value[DAF_STORE_VALUE_BYTES_MAX];
    size_t len = 0;
    return daf_store_get_value(s, DAF_STORE_NEW_START, value, sizeof(value),
                               &len) == DAF_OK &&
           len > 0;
}

bool daf_store_is_journal_broken(const char *dir)
{
    struct daf_store_pages pages;
    bool is =
        daf_store_pages_open(dir, &pages) == DAF_OK && pages.is_wal_broken;
    daf_store_pages_close(&pages);
    return is;
}

/* Our own nobody tells us again, and they bind (docs/content.md R85).  What cannot
 * be read is told by peers, or is lost. */
static bool take_statement(void *ctx, const struct daf_statement *st,
                           struct daf_view bytes)
{
    struct repair *r = ctx;
    struct stated *to = &r->stated[r->stated_count];
    (void)st;
    if (r->stated_count == DAF_STATEMENTS_MAX) return false;
    to->bytes = malloc(bytes.len);
    if (to->bytes == NULL) return false;
    memcpy(to->bytes, bytes.p, bytes.len);
    to->len = bytes.len;
    r->stated_count++;
    return true;
}

static enum daf_err put_statements(struct repair *r)
{
    enum daf_err err = DAF_OK;
    for (size_t i = 0; err == DAF_OK && i < r->stated_count; i++) {
        const struct daf_view bytes = {r->stated[i].bytes, r->stated[i].len};
        struct daf_statement st;
        err = daf_statement_decode(bytes, &st);
        if (err == DAF_OK) err = daf_store_keep_statement(r->s, &st, bytes);
    }
    return err;
}

static enum daf_err look(struct repair *r, bool *out_damaged)
{
    struct daf_store *s;
    struct daf_store_check check = {0};
    int64_t bytes = bytes_of(r->dir, "notebook.db");
    bool has_journal = bytes_of(r->dir, "notebook.db-wal") > 0;
    *out_damaged = bytes <= 0 && has_journal;
    if (*out_damaged) { /* SQLite would remove the journal */
        tell(r, "the file is gone, its journal is not");
        return DAF_OK;
    }
    if (bytes < 0) return DAF_ENOTFOUND;
    if (bytes == 0) return DAF_OK; /* made, and never written */
    if (has_journal && daf_store_is_journal_broken(r->dir)) {
        *out_damaged = true; /* SQLite would read up to there, and forget */
        tell(r, "the journal is broken before its last commits");
        return DAF_OK;
    }
    enum daf_err err = open_old(r, &s);
    if (err != DAF_OK) {
        *out_damaged = is_damage(err);
        if (*out_damaged) tell(r, daf_store_trouble(NULL));
        return *out_damaged ? DAF_OK : err;
    }
    err = daf_store_check(s, r->accept, r->bad, r->ctx, &check);
    if (is_damage(err)) {
        tell(r, daf_store_trouble(s));
        check.bad++;
        err = DAF_OK;
    }
    *out_damaged = check.bad > 0;
    if (*out_damaged) {
        enum daf_err read = daf_store_statements(s, take_statement, r, NULL);
        (void)read; /* what came is good */
    }
    r->out->records = check.records;
    r->out->bodies = check.bodies;
    r->out->is_new_start = is_new_start_due(s);
    daf_store_close(s);
    return err;
}

/* ---- putting */

static enum daf_err end_batch(struct repair *r)
{
    r->in_batch = 0;
    enum daf_err err = daf_store_commit(r->s);
    return err == DAF_OK ? daf_store_begin(r->s) : err;
}

/* Copies of one row: the newest says what became of the body; where it was
 * held, any copy's may be it. */
static enum daf_body_state find_body(struct repair *r,
                                     const struct daf_store_found *copies,
                                     size_t count, const struct daf_record *rec)
{
    bool was_held = false;
    if (copies[0].state == DAF_BODY_ERASED ||
        copies[0].state == DAF_BODY_RETIRED)
        return copies[0].state;
    for (size_t i = 0; i < count; i++) {
        if (copies[i].state != DAF_BODY_HELD) continue;
        was_held = true;
        if (daf_store_carve_body(&r->carved, copies[i].body, rec, r->body))
            return DAF_BODY_HELD;
    }
    if (was_held) r->out->absent++;
    return DAF_BODY_ABSENT;
}

static enum daf_err put_copies(struct repair *r,
                               const struct daf_store_found *copies,
                               size_t count)
{
    struct daf_record rec;
    enum daf_put put;
    size_t i = 0;
    while (i < count &&
           !daf_store_carve_header(&r->carved, &copies[i], r->header, &rec))
        i++;
    struct daf_view header = {r->header, i < count ? copies[i].len : 0};
    if (i == count ||
        (r->accept != NULL && r->accept(r->ctx, header) != DAF_OK)) {
        r->out->refused++;
        r->is_lost = true;
        return DAF_OK;
    }
    enum daf_body_state state = find_body(r, copies, count, &rec);
    struct daf_view body = {r->body, rec.body_len};
    if (state != DAF_BODY_HELD) body = (struct daf_view){NULL, 0};
    enum daf_err err = daf_store_put(r->s, &rec, header, state, body, &put);
    if (err != DAF_OK) return err;
    if (put == DAF_PUT_DEFERRED) {
        r->is_lost = true;
        return DAF_OK;
    }
    r->out->records++;
    r->out->bodies += state == DAF_BODY_HELD;
    return ++r->in_batch < BATCH_COUNT ? DAF_OK : end_batch(r);
}

/* Nobody has verified the signatures: they are left to whoever can. */
static enum daf_err end_log(struct repair *r,
                            const struct daf_store_found *first,
                            const struct daf_store_found *last)
{
    struct daf_stretch what = {first->log, first->spot.seq, last->spot.seq};
    if (r->accept != NULL) return DAF_OK;
    enum daf_err err = daf_store_unchecked(r->s, &what);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

static enum daf_err put_headers(struct repair *r)
{
    const struct daf_store_found *all = r->carved.headers.p;
    const size_t count = r->carved.headers.count;
    enum daf_err err = DAF_OK;
    size_t first = 0;
    for (size_t i = 0, end; err == DAF_OK && i < count; i = end) {
        for (end = i + 1; end < count; end++)
            if (!daf_store_same_log(&all[i].log, &all[end].log) ||
                !daf_store_same_spot(&all[i].spot, &all[end].spot))
                break;
        err = put_copies(r, all + i, end - i);
        if (err != DAF_OK ||
            (end < count && daf_store_same_log(&all[i].log, &all[end].log)))
            continue;
        err = end_log(r, &all[first], &all[i]);
        first = end;
    }
    return err;
}

static enum daf_err put_values(struct repair *r)
{
    const struct daf_store_kept *all = r->carved.values.p;
    enum daf_err err = DAF_OK;
    for (size_t i = 0; err == DAF_OK && i < r->carved.values.count; i++) {
        /* A body may have come back from an old page: it is destroyed again. */
        if (strcmp(all[i].name, DAF_STORE_ERASED) == 0) continue;
        err = daf_store_set(r->s, all[i].name,
                            (struct daf_view){all[i].value, all[i].len});
    }
    return err;
}

/* Of a spot only its record tells the log.  What is not held, or has a gap
 * below, says nothing any more. */
static enum daf_err put_acked(struct repair *r)
{
    const struct daf_spot *all = r->carved.acked.p;
    const struct daf_store_found *found = r->carved.headers.p;
    for (size_t i = 0; i < r->carved.acked.count; i++) {
        for (size_t k = 0; k < r->carved.headers.count; k++) {
            if (!daf_store_same_spot(&found[k].spot, &all[i])) continue;
            enum daf_err err = daf_store_acked(r->s, &found[k].log, 1, &all[i]);
            if (err != DAF_OK && err != DAF_ENOTFOUND) return err;
            break;
        }
    }
    return DAF_OK;
}

/* ---- what is provably still there */

/* A log's row has the digest of its head, and equal digests are equal sets of
 * headers.  So nothing is lost if the newest journal is whole, and with it the
 * log table, if it has every log that anything names, and every digest fits.
 * Anything else is a new start: better one too many than a forked log. */
static bool is_all_there(struct repair *r)
{
    const struct daf_store_carved *c = &r->carved;
    const struct daf_store_log *logs = c->logs.p;
    const struct daf_index *x = daf_store_index(r->s);
    int64_t named = 0;
    if (r->is_lost || !r->pages.is_wal_whole || !c->has_logs || c->is_odd)
        return false;
    for (int64_t i = 1; i < DAF_STORE_NUMBERS_MAX; i++)
        named += daf_store_carve_names(c, i) ? 1 : 0;
    for (size_t i = 0; i < c->logs.count; i++) {
        struct daf_mark mark;
        if (!daf_store_carve_names(c, logs[i].number) ||
            x->mark(x->ctx, &logs[i].key, &mark) != DAF_OK ||
            memcmp(&mark.digest, &logs[i].digest, sizeof(mark.digest)) != 0)
            return false;
    }
    return (size_t)named == c->logs.count;
}

static enum daf_err put_all(struct repair *r)
{
    static const uint8_t yes = 1;
    enum daf_err err = daf_store_begin(r->s);
    if (err == DAF_OK) err = put_headers(r);
    if (err == DAF_OK) err = put_values(r);
    if (err == DAF_OK) err = put_acked(r);
    if (err == DAF_OK) err = put_statements(r);
    if (err == DAF_OK && !is_all_there(r))
        err = daf_store_set(r->s, DAF_STORE_NEW_START,
                            (struct daf_view){&yes, sizeof(yes)});
    if (err == DAF_OK) r->out->is_new_start = is_new_start_due(r->s);
    return err == DAF_OK ? daf_store_commit(r->s) : err;
}

/* ---- the new notebook */

/* Nobody looks at what it says if it does not hold. */
static enum daf_err prove(struct repair *r)
{
    struct daf_store_check check;
    enum daf_err err = daf_store_check(r->s, r->accept, NULL, r->ctx, &check);
    if (err != DAF_OK) return err;
    return check.bad == 0 ? DAF_OK : DAF_EIO; /* what was written is not read */
}

static enum daf_err build(struct repair *r)
{
    if (mkdir(r->new_dir, S_IRWXU) != 0) return daf_db_errno(errno);
    enum daf_err err = daf_store_open(r->new_dir, DAF_STORE_WRITER, &r->s);
    if (err != DAF_OK) return err;
    err = put_all(r);
    if (err == DAF_OK) err = prove(r);
    if (err == DAF_OK)
        err = daf_db_exec(&r->s->db, "PRAGMA wal_checkpoint(TRUNCATE)");
    daf_store_close(r->s);
    r->s = NULL;
    /* All of it must be in the one file that is moved. */
    if (err == DAF_OK && bytes_of(r->new_dir, "notebook.db-wal") > 0)
        err = DAF_EIO;
    return err;
}

static enum daf_err make_new(struct repair *r)
{
    enum daf_err err = daf_store_pages_open(r->dir, &r->pages);
    if (err == DAF_OK) err = daf_store_carve(&r->pages, &r->carved);
    r->out->refused = r->carved.refused;
    r->out->records = r->out->bodies = 0;
    r->out->is_new_start = false;
    if (err == DAF_OK) err = build(r);
    daf_store_carve_free(&r->carved);
    daf_store_pages_close(&r->pages);
    if (err == DAF_OK) err = daf_store_swap_ready(r->dir);
    if (err == DAF_OK)
        err = daf_store_swap(r->dir, r->out->aside, sizeof(r->out->aside));
    return err == DAF_OK ? daf_store_swap_clean(r->dir) : err;
}

static enum daf_err repair(struct repair *r)
{
    enum daf_err err = daf_store_swap(r->dir, NULL, 0);
    if (err == DAF_OK) err = daf_store_swap_clean(r->dir);
    if (err == DAF_OK) err = look(r, &r->out->was_damaged);
    if (err != DAF_OK || !r->out->was_damaged) return err;
    err = make_new(r);
    if (err != DAF_OK) {
        /* The cause counts, not what becomes of the attempt. */
        enum daf_err left = daf_store_swap_clean(r->dir);
        (void)left;
        *r->out = (struct daf_store_repair){.was_damaged = true};
    }
    return err;
}

enum daf_err daf_store_repair(const char *dir, daf_accept_fn accept,
                              daf_bad_fn bad, void *ctx,
                              struct daf_store_repair *out)
{
    struct repair *r = calloc(1, sizeof(*r));
    *out = (struct daf_store_repair){0};
    if (r == NULL) return DAF_ENOMEM;
    r->dir = dir;
    r->accept = accept;
    r->bad = bad;
    r->ctx = ctx;
    r->out = out;
    r->pages = (struct daf_store_pages){.db_fd = -1, .wal_fd = -1};
    r->new_dir = sqlite3_mprintf("%s/notebook.new", dir);
    enum daf_err err = r->new_dir == NULL ? DAF_ENOMEM : repair(r);
    sqlite3_free(r->new_dir);
    for (size_t i = 0; i < r->stated_count; i++)
        free(r->stated[i].bytes);
    free(r);
    return err;
}
