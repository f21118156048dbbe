/* SPDX-License-Identifier: Apache-2.0 */

/* Whatever became of the file: all that is left comes into a new notebook, and
 * nothing that was not in the old one. */

#include "tests/lib/t.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/rng.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#define RECORDS   30
#define LOGS      3
#define FILE_MAX  (1 << 19)
#define SECTOR    ((size_t)512)
#define VALUE_LEN 3000 /* longer than its page has room for */

struct world {
    char *dir;
    struct daf_made made[RECORDS];
    uint8_t db[FILE_MAX], wal[FILE_MAX]; /* as they were before the damage */
    size_t db_len, wal_len;
    struct daf_store_digest digest;
    size_t bodies;
};

/* Borrowed until the next call. */
static const char *path_of(const char *dir, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

static bool is_there(const char *dir, const char *name)
{
    struct stat st;
    return lstat(path_of(dir, name), &st) == 0;
}

static size_t load(const char *dir, const char *name, uint8_t *out)
{
    FILE *f = fopen(path_of(dir, name), "rb");
    if (f == NULL) return 0;
    size_t len = fread(out, 1, FILE_MAX, f);
    assert_true(len < FILE_MAX);
    assert_int_equal(fclose(f), 0);
    return len;
}

static void save(const char *dir, const char *name, const uint8_t *bytes,
                 size_t len)
{
    FILE *f = fopen(path_of(dir, name), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
}

/* Three logs, one forked, with bodies of one to five pieces, absent and erased
 * ones, an ack, an unchecked stretch, a short value and a long one. */
static void put_range(struct daf_store *s, struct world *w, uint32_t from,
                      uint32_t to)
{
    static const uint8_t value[VALUE_LEN] = {7};
    assert_int_equal(daf_store_begin(s), DAF_OK);
    for (uint32_t i = from; i < to; i++) {
        struct daf_made_want want = {
            .log = daf_made_log(1, 1, i % LOGS),
            .body_len = i % 4 == 0 ? 2500 : 130 + i,
            .retention =
                i % 5 == 0 ? DAF_RETENTION_IDENTITY : DAF_RETENTION_PROGRESS,
            .seed = i,
        };
        enum daf_body_state state = DAF_BODY_HELD;
        if (i >= LOGS) want.prev = w->made[i == 12 ? 6 : i - LOGS].spot;
        if (i == 10) state = DAF_BODY_ABSENT;
        if (i == 11) state = DAF_BODY_ERASED;
        daf_made_record(&want, &w->made[i]);
        assert_int_equal(daf_made_put(s, &w->made[i], state), DAF_PUT_NEW);
        w->bodies += state == DAF_BODY_HELD;
    }
    struct daf_stretch what = {w->made[0].r.log, 2, 3};
    assert_int_equal(daf_store_unchecked(s, &what), DAF_OK);
    assert_int_equal(daf_store_acked(s, &w->made[1].r.log, 1, &w->made[4].spot),
                     DAF_OK);
    assert_int_equal(daf_store_set(s, "long",
                                   (struct daf_view){value, sizeof(value)}),
                     DAF_OK);
    assert_int_equal(daf_store_set(s, "short", (struct daf_view){value, 8}),
                     DAF_OK);
    assert_int_equal(daf_store_commit(s), DAF_OK);
}

/* @with_journal: its second half is in the journal only, in three commits. */
static struct world *new_world(bool with_journal)
{
    struct world *w = calloc(1, sizeof(*w));
    char *made = daf_tmpdir_new();
    assert_non_null(w);
    w->dir = daf_tmpdir_new();
    struct daf_store *s = daf_made_open(made, DAF_STORE_WRITER);
    put_range(s, w, 0, RECORDS / 2);
    daf_store_close(s);
    s = daf_made_open(made, DAF_STORE_WRITER);
    put_range(s, w, RECORDS / 2, RECORDS - 8);
    put_range(s, w, RECORDS - 8, RECORDS - 4);
    put_range(s, w, RECORDS - 4, RECORDS);
    struct daf_scope_id scope = w->made[0].r.log.scope;
    assert_int_equal(daf_store_digest(s, &scope, &w->digest), DAF_OK);
    if (!with_journal) daf_store_close(s);
    w->db_len = load(made, "notebook.db", w->db);
    w->wal_len = load(made, "notebook.db-wal", w->wal);
    if (with_journal) daf_store_close(s);
    assert_true(with_journal == (w->wal_len > 0));
    daf_tmpdir_free(made);
    return w;
}

static void free_world(struct world *w)
{
    daf_tmpdir_free(w->dir);
    free(w);
}

/* The files as they are in @w, and nothing else, in its folder. */
static void lay_out(struct world *w)
{
    daf_tmpdir_free(w->dir);
    w->dir = daf_tmpdir_new();
    save(w->dir, "notebook.db", w->db, w->db_len);
    if (w->wal_len > 0) save(w->dir, "notebook.db-wal", w->wal, w->wal_len);
}

/* ---- what came of it */

struct kept {
    struct world *w;
    bool has_header[RECORDS], has_body[RECORDS];
    size_t headers, bodies;
};

static bool keep_row(void *ctx, const struct daf_row *row)
{
    struct kept *k = ctx;
    size_t i = 0;
    while (i < RECORDS && memcmp(&k->w->made[i].spot, &row->stored.spot,
                                 sizeof(row->stored.spot)) != 0)
        i++;
    assert_true(i < RECORDS); /* else something was invented */
    const struct daf_made *m = &k->w->made[i];
    assert_int_equal(row->stored.header.len, m->header_len);
    assert_memory_equal(row->stored.header.p, m->header, m->header_len);
    k->has_header[i] = true;
    k->headers++;
    if (row->stored.body_state != DAF_BODY_HELD) return true;
    assert_int_equal(row->stored.body.len, m->r.body_len);
    assert_memory_equal(row->stored.body.p, daf_made_body(m).p, m->r.body_len);
    k->has_body[i] = true;
    k->bodies++;
    return true;
}

static void look(struct world *w, struct kept *k)
{
    struct daf_store_check check;
    struct daf_scope_id scope = w->made[0].r.log.scope;
    struct daf_store *s = daf_made_open(w->dir, DAF_STORE_READER);
    *k = (struct kept){.w = w};
    assert_int_equal(daf_store_check(s, NULL, NULL, NULL, &check), DAF_OK);
    assert_int_equal(check.bad, 0);
    assert_int_equal(daf_store_scan(s, &scope, -1, keep_row, k), DAF_OK);
    daf_store_close(s);
}

static void count_bad(void *ctx, const struct daf_store_bad *bad)
{
    size_t *count = ctx;
    assert_true(strlen(bad->where) > 0);
    (*count)++;
}

static struct daf_store_repair mend(struct world *w)
{
    struct daf_store_repair out;
    size_t bad = 0;
    enum daf_err err = daf_store_repair(w->dir, NULL, count_bad, &bad, &out);
    if (err != DAF_OK) fail_msg("repair: %s", daf_err_name(err));
    assert_true(out.was_damaged == (bad > 0));
    assert_true(out.was_damaged == (out.aside[0] != '\0'));
    assert_false(is_there(w->dir, "notebook.new"));
    assert_false(is_there(w->dir, "notebook.ready"));
    if (out.was_damaged) {
        struct stat st;
        char journal[100];
        (void)snprintf(journal, sizeof(journal), "%s-wal", out.aside);
        assert_true(is_there(w->dir, out.aside) || is_there(w->dir, journal));
        assert_int_equal(stat(path_of(w->dir, "notebook.db"), &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
    }
    return out;
}

static bool value_is_there(struct world *w, const char *name)
{
    uint8_t value[4096];
    size_t len = 0;
    struct daf_store *s = daf_made_open(w->dir, DAF_STORE_READER);
    enum daf_err err = daf_store_get_value(s, name, value, sizeof(value), &len);
    daf_store_close(s);
    assert_true(err == DAF_OK || err == DAF_ENOTFOUND);
    return err == DAF_OK && len > 0;
}

static void expect_all(struct world *w, const struct daf_store_repair *out)
{
    struct kept k;
    look(w, &k);
    assert_int_equal(k.headers, RECORDS);
    assert_int_equal(k.bodies, w->bodies);
    assert_int_equal(out->records, RECORDS);
    assert_int_equal(out->bodies, w->bodies);
    assert_int_equal(out->absent, 0);
}

/* ---- nothing to do */

static void a_good_notebook_is_not_touched(void **state)
{
    struct world *w = new_world(false);
    static uint8_t after[FILE_MAX];
    struct daf_store_repair out;
    (void)state;
    assert_int_equal(daf_store_repair(w->dir, NULL, NULL, NULL, &out),
                     DAF_ENOTFOUND);
    lay_out(w);
    out = mend(w);
    assert_false(out.was_damaged || out.is_new_start);
    assert_int_equal(out.records, RECORDS);
    assert_int_equal(load(w->dir, "notebook.db", after), w->db_len);
    assert_memory_equal(w->db, after, w->db_len);
    free_world(w);
}

static void a_newer_notebook_is_left_alone(void **state)
{
    struct world *w = new_world(false);
    struct daf_store_repair out;
    sqlite3 *db;
    (void)state;
    lay_out(w);
    w->db[63] ^= 4; /* the version alone: that is damage */
    lay_out(w);
    out = mend(w);
    expect_all(w, &out);
    assert_int_equal(sqlite3_open(path_of(w->dir, "notebook.db"), &db),
                     SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "CREATE TABLE later(x);"
                                  "PRAGMA user_version=99",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(daf_store_repair(w->dir, NULL, NULL, NULL, &out),
                     DAF_EVERSION);
    assert_false(out.was_damaged);
    free_world(w);
}

/* ---- every sector */

static size_t find_bytes(const uint8_t *in, size_t len, const uint8_t *what,
                         size_t what_len)
{
    for (size_t i = 0; i + what_len <= len; i++)
        if (memcmp(in + i, what, what_len) == 0) return i;
    return SIZE_MAX;
}

static bool meets(size_t at, size_t len, size_t from, size_t to)
{
    return at < to && at + len > from;
}

/* Which headers have all of their row outside of the damaged bytes. */
static void expect_the_rest(struct world *w, size_t from, size_t to,
                            const struct kept *k)
{
    for (size_t i = 0; i < RECORDS; i++) {
        const struct daf_made *m = &w->made[i];
        size_t at = find_bytes(w->db, w->db_len, m->header, m->header_len);
        assert_true(at != SIZE_MAX && at > 64);
        if (!meets(at - 64, m->header_len + 64, from, to) && !k->has_header[i])
            fail_msg("record %zu was lost by bytes %zu to %zu", i, from, to);
    }
}

static void damage(uint8_t *bytes, size_t from, size_t to, size_t how,
                   struct daf_rng *rng)
{
    if (how % 3 == 0)
        memset(bytes + from, 0, to - from);
    else if (how % 3 == 1)
        daf_rng_bytes(rng, bytes + from, to - from);
    else
        bytes[from + daf_rng_below(rng, to - from)] ^= 0x10;
}

/* @flips: one bit; else every other sector is zeroed, every other scrambled. */
static void damage_each_sector(struct world *w, uint8_t *bytes, size_t len,
                               size_t step, bool flips)
{
    uint8_t sector[SECTOR];
    const uint8_t seed[32] = {0x5e};
    struct daf_rng rng;
    struct kept k;
    size_t damaged = 0, kept_start = 0;
    daf_rng_init(&rng, seed);
    for (size_t from = 0, i = 0; from < len; from += step, i++) {
        size_t to = from + SECTOR < len ? from + SECTOR : len;
        memcpy(sector, bytes + from, to - from);
        damage(bytes, from, to, flips ? 2 : i % 2, &rng);
        lay_out(w);
        memcpy(bytes + from, sector, to - from);
        struct daf_store_repair out = mend(w);
        look(w, &k);
        assert_int_equal(out.records, k.headers);
        assert_int_equal(out.bodies, k.bodies);
        damaged += out.was_damaged;
        kept_start += out.was_damaged && !out.is_new_start;
        if (out.was_damaged)
            assert_true(value_is_there(w, "new-start") == out.is_new_start);
        if (out.was_damaged && !out.is_new_start)
            assert_int_equal(k.headers, RECORDS);
        if (bytes == w->db && w->wal_len == 0) expect_the_rest(w, from, to, &k);
    }
    /* Else this would prove nothing. */
    assert_true(damaged > 3);
    assert_true(kept_start > 1);
}

static void any_sector_of_the_file_may_be_bad(void **state)
{
    struct world *w = new_world(false);
    (void)state;
    damage_each_sector(w, w->db, w->db_len, SECTOR, false);
    damage_each_sector(w, w->db, w->db_len, 3 * SECTOR, true);
    free_world(w);
}

static void any_sector_under_a_journal_may_be_bad(void **state)
{
    struct world *w = new_world(true);
    (void)state;
    damage_each_sector(w, w->db, w->db_len, 3 * SECTOR, false);
    free_world(w);
}

/* SQLite reads a journal to its first bad frame; we take what comes after too. */
static void any_sector_of_the_journal_may_be_bad(void **state)
{
    struct world *w = new_world(true);
    struct kept k;
    uint8_t sector[SECTOR];
    const uint8_t seed[32] = {0x5f};
    struct daf_rng rng;
    (void)state;
    daf_rng_init(&rng, seed);
    memset(w->db, 0, SECTOR); /* no head, no schema */
    for (size_t from = 0, i = 0; from < w->wal_len; from += 3 * SECTOR, i++) {
        size_t to = from + SECTOR < w->wal_len ? from + SECTOR : w->wal_len;
        memcpy(sector, w->wal + from, to - from);
        damage(w->wal, from, to, i, &rng);
        lay_out(w);
        memcpy(w->wal + from, sector, to - from);
        struct daf_store_repair out = mend(w);
        look(w, &k);
        if (out.was_damaged && !out.is_new_start)
            assert_int_equal(k.headers, RECORDS);
        /* The journal has most pages; one sector has a few rows. */
        assert_true(!out.was_damaged || k.headers >= RECORDS - 6);
    }
    free_world(w);
}

/* SQLite would read up to the break, and the next writer forget the rest. */
static void a_journal_with_commits_after_a_break_is_damaged(void **state)
{
    static const size_t at[] = {20 /* its head */, 32 + 24 + 200,
                                32 + (size_t)3 * 8216 + 224};
    struct world *w = new_world(true);
    (void)state;
    for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
        struct kept k;
        assert_true(w->wal_len > at[i] + (size_t)4 * 8216);
        w->wal[at[i]] ^= 1;
        lay_out(w);
        w->wal[at[i]] ^= 1;
        struct daf_store_repair out = mend(w);
        assert_true(out.was_damaged && out.is_new_start);
        look(w, &k);
        assert_int_equal(k.headers, RECORDS);
    }
    /* The last frame alone: a power cut does that. */
    w->wal[w->wal_len - 100] ^= 1;
    lay_out(w);
    assert_false(mend(w).was_damaged);
    free_world(w);
}

/* ---- one thing each */

static sqlite3 *open_sql(struct world *w)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path_of(w->dir, "notebook.db"), &db),
                     SQLITE_OK);
    return db;
}

static void run_sql(struct world *w, const char *sql)
{
    sqlite3 *db = open_sql(w);
    if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        fail_msg("%s: %s", sql, sqlite3_errmsg(db));
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The pages of the trees that @where names are filled with something else. */
static void spoil_trees(struct world *w, const char *where)
{
    char sql[200];
    sqlite3_stmt *q;
    lay_out(w);
    sqlite3 *db = open_sql(w);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT rootpage FROM sqlite_schema WHERE %s", where);
    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &q, NULL), SQLITE_OK);
    size_t count = 0;
    for (; sqlite3_step(q) == SQLITE_ROW; count++) {
        size_t page = (size_t)sqlite3_column_int(q, 0);
        memset(w->db + (page - 1) * 8192, 0x5a, 8192);
    }
    assert_true(count > 0);
    assert_int_equal(sqlite3_finalize(q), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    lay_out(w);
}

static void damaged_indexes_lose_nothing(void **state)
{
    static const char *const trees[] = {"type='index'", "name='frontier'",
                                        "name='unchecked'", "name='commits'",
                                        "type='index' OR name='frontier'"};
    (void)state;
    for (size_t i = 0; i < sizeof(trees) / sizeof(trees[0]); i++) {
        struct world *w = new_world(false);
        spoil_trees(w, trees[i]);
        struct daf_store_repair out = mend(w);
        assert_true(out.was_damaged);
        assert_false(out.is_new_start);
        expect_all(w, &out);
        assert_true(value_is_there(w, "long"));
        assert_true(value_is_there(w, "short"));
        assert_false(value_is_there(w, "new-start"));
        struct daf_store *s = daf_made_open(w->dir, DAF_STORE_READER);
        struct daf_store_digest digest;
        assert_int_equal(daf_store_digest(s, &w->digest.scope, &digest),
                         DAF_OK);
        assert_memory_equal(&digest, &w->digest, sizeof(digest));
        assert_int_equal(daf_store_acked_seq(s, &w->made[1].r.log), 2);
        /* Nobody verified a signature on the way. */
        const struct daf_index *x = daf_store_index(s);
        assert_false(
            x->is_checked(x->ctx, &w->made[0].r.log, &w->made[0].spot));
        daf_store_close(s);
        assert_false(mend(w).was_damaged);
        free_world(w);
    }
}

static bool see_statement(void *ctx, const struct daf_statement *st,
                          struct daf_view bytes)
{
    const struct daf_made_statement *m = ctx;
    assert_int_equal(st->number, m->st.number);
    assert_int_equal(bytes.len, m->len);
    assert_memory_equal(bytes.p, m->bytes, m->len);
    return true;
}

/* Who was an archive is bound by what it stated, and nobody tells it that again. */
static void what_was_stated_is_so_after_a_repair(void **state)
{
    static struct daf_made_statement m;
    struct world *w = new_world(false);
    (void)state;
    lay_out(w);
    struct daf_store *s = daf_made_open(w->dir, DAF_STORE_WRITER);
    daf_made_statement(7, 0, 3, 100, &m);
    assert_int_equal(daf_store_begin(s), DAF_OK);
    assert_int_equal(
        daf_store_keep_statement(s, &m.st, (struct daf_view){m.bytes, m.len}),
        DAF_OK);
    assert_int_equal(daf_store_commit(s), DAF_OK);
    daf_store_close(s);
    w->db_len = load(w->dir, "notebook.db", w->db);
    spoil_trees(w, "name='frontier'");
    struct daf_store_repair out = mend(w);
    assert_true(out.was_damaged);
    s = daf_made_open(w->dir, DAF_STORE_READER);
    uint64_t bad = 99;
    assert_int_equal(daf_store_statements(s, see_statement, &m, &bad), DAF_OK);
    assert_int_equal(bad, 0);
    daf_store_close(s);
    run_sql(w, "UPDATE statement SET number=number+1"); /* it is there */
    s = daf_made_open(w->dir, DAF_STORE_READER);
    assert_int_equal(daf_store_statements(s, NULL, NULL, &bad), DAF_OK);
    assert_int_equal(bad, 1);
    daf_store_close(s);
    free_world(w);
}

static void without_the_log_table_nobody_knows_what_is_lacking(void **state)
{
    struct world *w = new_world(false);
    (void)state;
    spoil_trees(w, "name='log'");
    struct daf_store_repair out = mend(w);
    assert_true(out.was_damaged && out.is_new_start);
    expect_all(w, &out);
    assert_true(value_is_there(w, "new-start"));
    /* Until somebody has acted on it. */
    out = mend(w);
    assert_true(!out.was_damaged && out.is_new_start);
    free_world(w);
}

static void a_lost_header_is_a_new_start(void **state)
{
    struct world *w = new_world(false);
    struct kept k;
    (void)state;
    lay_out(w);
    run_sql(w, "DELETE FROM header WHERE seq=10");
    struct daf_store_repair out = mend(w);
    assert_true(out.was_damaged && out.is_new_start);
    look(w, &k);
    assert_int_equal(k.headers, RECORDS - LOGS + 1); /* one is a fork's */
    free_world(w);
}

static void a_lost_body_is_absent_and_no_new_start(void **state)
{
    struct world *w = new_world(false);
    struct kept k;
    (void)state;
    lay_out(w);
    run_sql(w, "UPDATE body SET bytes=zeroblob(length(bytes)) WHERE body=2");
    struct daf_store_repair out = mend(w);
    assert_true(out.was_damaged);
    assert_false(out.is_new_start);
    assert_int_equal(out.absent, 1);
    look(w, &k);
    assert_int_equal(k.headers, RECORDS);
    assert_int_equal(k.bodies, w->bodies - 1);
    assert_false(k.has_body[0]);
    free_world(w);
}

static void a_part_of_the_file_gives_what_is_in_it(void **state)
{
    struct world *w = new_world(false);
    const size_t whole = w->db_len;
    size_t starts = 0;
    struct kept k;
    (void)state;
    for (size_t tenths = 1; tenths < 10; tenths++) {
        w->db_len = whole * tenths / 10 + 100;
        lay_out(w);
        struct daf_store_repair out = mend(w);
        assert_true(out.was_damaged);
        look(w, &k);
        assert_int_equal(k.headers, out.records);
        assert_true(out.is_new_start || k.headers == RECORDS);
        starts += out.is_new_start;
    }
    assert_true(starts > 0);
    free_world(w);
}

static void a_journal_alone_gives_what_is_in_it(void **state)
{
    struct kept k;
    (void)state;
    for (int i = 0; i < 2; i++) {
        struct world *w = new_world(true);
        w->db_len = 0;
        lay_out(w);
        if (i == 1) assert_int_equal(unlink(path_of(w->dir, "notebook.db")), 0);
        struct daf_store_repair out = mend(w);
        assert_true(out.was_damaged);
        look(w, &k);
        assert_true(k.headers >= RECORDS / 2);
        char journal[100];
        (void)snprintf(journal, sizeof(journal), "%s-wal", out.aside);
        assert_true(is_there(w->dir, journal) || i == 1);
        free_world(w);
    }
}

static enum daf_err refuse_fives(void *ctx, struct daf_view header)
{
    struct daf_record r;
    (void)ctx;
    assert_int_equal(daf_record_decode(header, &r), DAF_OK);
    return r.seq == 5 ? DAF_ESIG : DAF_OK;
}

static void what_is_not_accepted_stays_behind(void **state)
{
    struct world *w = new_world(false);
    struct daf_store_repair out;
    size_t bad = 0;
    struct kept k;
    (void)state;
    lay_out(w);
    assert_int_equal(daf_store_repair(w->dir, refuse_fives, count_bad, &bad,
                                      &out),
                     DAF_OK);
    assert_true(out.was_damaged && out.is_new_start);
    look(w, &k);
    for (size_t i = 0; i < RECORDS; i++)
        assert_true(k.has_header[i] == (w->made[i].r.seq != 5));
    assert_int_equal(out.refused, bad);
    assert_int_equal(out.records + out.refused, RECORDS);
    struct daf_store *s = daf_made_open(w->dir, DAF_STORE_READER);
    struct daf_stretch what;
    const struct daf_index *x = daf_store_index(s);
    assert_int_equal(x->unchecked_next(x->ctx, &what), DAF_ENOTFOUND);
    daf_store_close(s);
    free_world(w);
}

/* A body that was erased stays so, though an older copy of its row has it. */
static void an_erased_body_does_not_come_back(void **state)
{
    struct world *w = new_world(true);
    struct kept k;
    (void)state;
    lay_out(w);
    sqlite3 *db = open_sql(w);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE header SET state=1,body=NULL WHERE seq=1",
                     NULL, NULL, NULL),
        SQLITE_OK);
    w->db_len = load(w->dir, "notebook.db", w->db);
    w->wal_len = load(w->dir, "notebook.db-wal", w->wal);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    lay_out(w);
    assert_true(mend(w).was_damaged); /* bodies of no record */
    look(w, &k);
    assert_int_equal(k.headers, RECORDS);
    for (size_t i = 0; i < LOGS; i++)
        assert_false(k.has_body[i]);
    assert_true(k.has_body[LOGS]);
    free_world(w);
}

/* ---- power cuts */

static void a_swap_that_was_cut_is_finished(void **state)
{
    struct world *w = new_world(true);
    struct daf_store *s;
    (void)state;
    for (int at = 0; at < 3; at++) {
        static uint8_t good[FILE_MAX];
        struct world *made = new_world(false);
        size_t len = made->db_len;
        memcpy(good, made->db, len);
        free_world(made);
        lay_out(w);
        save(w->dir, "notebook.ready", good, len);
        char aside[600];
        (void)snprintf(aside, sizeof(aside), "%s/notebook.damaged-1-wal",
                       w->dir);
        if (at >= 1)
            assert_int_equal(rename(path_of(w->dir, "notebook.db-wal"), aside),
                             0);
        aside[strlen(aside) - 4] = '\0';
        if (at >= 2)
            assert_int_equal(rename(path_of(w->dir, "notebook.db"), aside), 0);
        assert_int_equal(daf_store_open(w->dir, DAF_STORE_READER, &s),
                         DAF_EBUSY);
        daf_store_close(daf_made_open(w->dir, DAF_STORE_WRITER));
        struct kept k;
        look(w, &k);
        assert_int_equal(k.headers, RECORDS);
        assert_false(is_there(w->dir, "notebook.ready"));
        assert_true(is_there(w->dir, "notebook.damaged-1"));
        assert_true(is_there(w->dir, "notebook.damaged-1-wal"));
        assert_false(is_there(w->dir, "notebook.damaged-2"));
    }
    free_world(w);
}

static void what_an_attempt_left_is_in_nobodys_way(void **state)
{
    struct world *w = new_world(false);
    (void)state;
    spoil_trees(w, "name='frontier'");
    assert_int_equal(mkdir(path_of(w->dir, "notebook.new"), 0700), 0);
    save(w->dir, "notebook.new/notebook.db", w->db, 5000);
    save(w->dir, "notebook.new/notebook.db-wal", w->db, 500);
    struct daf_store_repair out = mend(w);
    expect_all(w, &out);
    assert_string_equal(out.aside, "notebook.damaged-1");
    /* And once more: the first one is kept. */
    run_sql(w, "DELETE FROM frontier");
    out = mend(w);
    assert_string_equal(out.aside, "notebook.damaged-2");
    assert_true(is_there(w->dir, "notebook.damaged-1"));
    expect_all(w, &out);
    free_world(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_notebook_is_not_touched),
        cmocka_unit_test(a_newer_notebook_is_left_alone),
        cmocka_unit_test(any_sector_of_the_file_may_be_bad),
        cmocka_unit_test(any_sector_under_a_journal_may_be_bad),
        cmocka_unit_test(any_sector_of_the_journal_may_be_bad),
        cmocka_unit_test(a_journal_with_commits_after_a_break_is_damaged),
        cmocka_unit_test(damaged_indexes_lose_nothing),
        cmocka_unit_test(what_was_stated_is_so_after_a_repair),
        cmocka_unit_test(without_the_log_table_nobody_knows_what_is_lacking),
        cmocka_unit_test(a_lost_header_is_a_new_start),
        cmocka_unit_test(a_lost_body_is_absent_and_no_new_start),
        cmocka_unit_test(a_part_of_the_file_gives_what_is_in_it),
        cmocka_unit_test(a_journal_alone_gives_what_is_in_it),
        cmocka_unit_test(what_is_not_accepted_stays_behind),
        cmocka_unit_test(an_erased_body_does_not_come_back),
        cmocka_unit_test(a_swap_that_was_cut_is_finished),
        cmocka_unit_test(what_an_attempt_left_is_in_nobodys_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
