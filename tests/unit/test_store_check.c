/* SPDX-License-Identifier: Apache-2.0 */

/* Damage of any kind is found. */

#include "tests/lib/t.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proto/rng.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#define FLIPS     900
#define FILE_MAX  (1 << 18)
#define DUMP_MAX  (1 << 18)
#define RECORDS   14
#define BODY_LONG 1500

/* Borrowed until the next call. */
static const char *path_of(const char *dir, const char *name)
{
    static char path[512];
    (void)snprintf(path, sizeof(path), "%s/%s", dir, name);
    return path;
}

/* A store with forks, a gap, bodies of one and of three pieces, absent ones,
 * identity records, local values, an ack and a stretch not verified yet. */
static void make_store(const char *dir, struct daf_made *made)
{
    static const uint8_t value[] = "a value";
    struct daf_store *s = daf_made_open(dir, DAF_STORE_WRITER);
    assert_int_equal(daf_store_begin(s), DAF_OK);
    for (uint32_t i = 0; i < RECORDS; i++) {
        struct daf_made_want want = {
            .log = daf_made_log(1, 1, i % 2),
            .body_len = i % 3 == 0 ? BODY_LONG : 120,
            .retention =
                i % 5 == 0 ? DAF_RETENTION_IDENTITY : DAF_RETENTION_PROGRESS,
            .seed = i,
        };
        if (i >= 2) want.prev = made[i % 4 == 3 ? i % 2 : i - 2].spot;
        daf_made_record(&want, &made[i]);
        if (i != 4)
            (void)daf_made_put(s, &made[i],
                               i % 6 == 5 ? DAF_BODY_ABSENT : DAF_BODY_HELD);
    }
    assert_int_equal(daf_store_acked(s, &made[0].r.log, 1, &made[2].spot),
                     DAF_OK);
    struct daf_stretch what = {made[0].r.log, 3, 5};
    assert_int_equal(daf_store_unchecked(s, &what), DAF_OK);
    assert_int_equal(daf_store_set(s, "name",
                                   (struct daf_view){value, sizeof(value)}),
                     DAF_OK);
    assert_int_equal(daf_store_set(s, "empty", (struct daf_view){NULL, 0}),
                     DAF_OK);
    assert_int_equal(daf_store_commit(s), DAF_OK);
    daf_store_close(s);
}

struct findings {
    size_t count;
    char what[200];
};

static void find(void *ctx, const struct daf_store_bad *bad)
{
    struct findings *f = ctx;
    f->count++;
    assert_true(strlen(bad->where) > 0);
    (void)snprintf(f->what + strlen(f->what), sizeof(f->what) - strlen(f->what),
                   "%s ", bad->what);
}

/* ---- what is right */

static enum daf_err refuse_odd(void *ctx, struct daf_view header)
{
    struct daf_record r;
    (void)ctx;
    assert_int_equal(daf_record_decode(header, &r), DAF_OK);
    return r.log.incarnation == 1 ? DAF_ESIG : DAF_OK;
}

static void a_sound_store_has_no_findings(void **state)
{
    static struct daf_made made[RECORDS];
    char *dir = daf_tmpdir_new();
    struct findings f = {0};
    struct daf_store_check check;
    (void)state;
    make_store(dir, made);
    struct daf_store *s = daf_made_open(dir, DAF_STORE_READER);
    assert_int_equal(daf_store_check(s, NULL, find, &f, &check), DAF_OK);
    assert_int_equal(check.records, RECORDS - 1);
    assert_int_equal(check.bodies, RECORDS - 3);
    assert_int_equal(check.bad, 0);
    assert_int_equal(f.count, 0);
    /* Signatures are the caller's to verify. */
    assert_int_equal(daf_store_check(s, refuse_odd, find, &f, &check), DAF_OK);
    assert_int_equal(check.bad, RECORDS / 2);
    assert_int_equal(f.count, RECORDS / 2);
    daf_store_close(s);
    daf_tmpdir_free(dir);
}

/* ---- what SQL can do */

static void every_contradiction_is_found(void **state)
{
    static const struct {
        const char *sql, *what;
    } cases[] = {
        {"UPDATE header SET bytes=zeroblob(200) WHERE seq=2", "header"},
        {"UPDATE header SET id=zeroblob(32) WHERE seq=1", "header"},
        {"UPDATE header SET seq=seq+100 WHERE seq=3", "header"},
        {"UPDATE header SET retention=7 WHERE seq=1", "header"},
        {"UPDATE header SET state=9 WHERE seq=1", "header"},
        {"UPDATE header SET state=2 WHERE seq=1", "header"},
        {"UPDATE header SET body=NULL WHERE seq=1", "header"},
        {"UPDATE header SET body=body+1 WHERE seq=1", "body"},
        {"UPDATE header SET log=3-log", "header"},
        {"DELETE FROM header WHERE seq=2", "frontier"},
        {"UPDATE log SET scope=zeroblob(16)", "header"},
        {"UPDATE log SET incarnation=x'0000000000000007' WHERE log=1",
         "header"},
        {"DELETE FROM log WHERE log=1", "header"},
        {"INSERT INTO log(scope,author,incarnation)"
         "VALUES(zeroblob(16),zeroblob(16),zeroblob(8))",
         "log"},
        {"UPDATE log SET tag=zeroblob(8) WHERE log=1", "mark"},
        {"UPDATE log SET height=height+1 WHERE log=2", "mark"},
        {"UPDATE log SET digest=zeroblob(32) WHERE log=1", "mark"},
        {"UPDATE log SET changed=9 WHERE log=1", "mark"},
        {"UPDATE unchecked SET last=2", "unchecked"},
        {"UPDATE unchecked SET log=9", "unchecked"},
        {"INSERT INTO unchecked VALUES(1,6,6)", "unchecked"},
        {"DELETE FROM body WHERE body=1", "body"},
        {"INSERT INTO body(bytes)VALUES(x'00')", "body"},
        {"UPDATE body SET bytes=zeroblob(length(bytes)) WHERE body=2", "body"},
        {"DELETE FROM frontier WHERE is_root=0", "frontier"},
        {"DELETE FROM frontier WHERE is_root=1", "frontier"},
        {"UPDATE frontier SET seq=seq+1", "frontier"},
        {"UPDATE frontier SET is_root=3-is_root", "frontier"},
        {"INSERT INTO frontier VALUES(1,0,zeroblob(32),9)", "frontier"},
        {"INSERT INTO frontier VALUES(9,0,zeroblob(32),9)", "frontier"},
        {"UPDATE acked SET seq=1", "acked"},
        {"UPDATE acked SET id=zeroblob(32)", "acked"},
        {"UPDATE value SET value=x'00' WHERE name='empty'", "value"},
        {"UPDATE value SET name='nane' WHERE name='name'", "value"},
        {"DELETE FROM commits", "database"},
        {"PRAGMA ignore_check_constraints=ON;UPDATE commits SET bodies=1",
         "database"},
        {"DROP INDEX header_absent", "database"},
        {"CREATE TABLE extra(x)", "database"},
    };
    static struct daf_made made[RECORDS];
    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char *dir = daf_tmpdir_new();
        struct findings f = {0};
        struct daf_store_check check;
        sqlite3 *db;
        make_store(dir, made);
        assert_int_equal(sqlite3_open(path_of(dir, "notebook.db"), &db),
                         SQLITE_OK);
        if (sqlite3_exec(db, cases[i].sql, NULL, NULL, NULL) != SQLITE_OK)
            fail_msg("%s: %s", cases[i].sql, sqlite3_errmsg(db));
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        struct daf_store *s = daf_made_open(dir, DAF_STORE_READER);
        assert_int_equal(daf_store_check(s, NULL, find, &f, &check), DAF_OK);
        if (check.bad == 0 || strstr(f.what, cases[i].what) == NULL)
            fail_msg("%s: found: %s", cases[i].sql, f.what);
        assert_int_equal(check.bad, f.count);
        daf_store_close(s);
        daf_tmpdir_free(dir);
    }
}

/* ---- what is read meanwhile */

/* Nobody is given a header that is not its id's, so none goes to a peer. */
static void a_changed_header_is_not_read(void **state)
{
    static struct daf_made made[RECORDS];
    char *dir = daf_tmpdir_new();
    struct daf_stored stored;
    sqlite3 *db;
    (void)state;
    make_store(dir, made);
    assert_int_equal(sqlite3_open(path_of(dir, "notebook.db"), &db), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "UPDATE header SET bytes=zeroblob(200) WHERE seq=2",
                     NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    struct daf_store *s = daf_made_open(dir, DAF_STORE_READER);
    const struct daf_index *index = daf_store_index(s);
    const struct daf_log_key *log = &made[2].r.log;
    assert_int_equal(index->get(index->ctx, log, &made[0].spot, &stored),
                     DAF_OK);
    assert_int_equal(made[2].spot.seq, 2);
    assert_int_equal(index->get(index->ctx, log, &made[2].spot, &stored),
                     DAF_ECORRUPT);
    assert_int_equal(index->next(index->ctx, log, &made[0].spot, &stored),
                     DAF_ECORRUPT);
    assert_int_equal(index->at_or_after(index->ctx, log, &made[2].spot,
                                        &stored),
                     DAF_ECORRUPT);
    daf_store_close(s);
    daf_tmpdir_free(dir);
}

/* ---- what a card can do */

static size_t dump_query(sqlite3 *db, const char *sql, uint8_t *out, size_t at)
{
    sqlite3_stmt *q;
    if (sqlite3_prepare_v2(db, sql, -1, &q, NULL) != SQLITE_OK) return 0;
    int code;
    while ((code = sqlite3_step(q)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(q); i++) {
            int type = sqlite3_column_type(q, i);
            const void *p = sqlite3_column_blob(q, i);
            size_t len = (size_t)sqlite3_column_bytes(q, i);
            assert_true(at + len + 6 < DUMP_MAX);
            out[at++] = (uint8_t)type;
            memcpy(out + at, &len, 4);
            at += 4;
            if (len > 0) memcpy(out + at, p, len);
            at += len;
        }
    }
    (void)sqlite3_finalize(q);
    return code == SQLITE_DONE ? at : 0;
}

/* All that is stored, with the types; 0 if it cannot be read. */
static size_t dump(const char *dir, uint8_t *out)
{
    static const char *const all[] = {
        "SELECT * FROM sqlite_schema", "SELECT * FROM log ORDER BY 1",
        "SELECT * FROM header",        "SELECT * FROM body",
        "SELECT * FROM frontier",      "SELECT * FROM acked",
        "SELECT * FROM value",         "SELECT * FROM commits",
        "SELECT * FROM unchecked",     "SELECT * FROM statement",
        "PRAGMA user_version",         "PRAGMA application_id",
    };
    sqlite3 *db;
    size_t at = 1;
    assert_int_equal(sqlite3_open_v2(path_of(dir, "notebook.db"), &db,
                                     SQLITE_OPEN_READONLY, NULL),
                     SQLITE_OK);
    for (size_t i = 0; at > 0 && i < sizeof(all) / sizeof(all[0]); i++)
        at = dump_query(db, all[i], out, at);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return at;
}

static size_t load(const char *dir, uint8_t *out)
{
    FILE *f = fopen(path_of(dir, "notebook.db"), "rb");
    assert_non_null(f);
    size_t len = fread(out, 1, FILE_MAX, f);
    assert_true(len > 0 && len < FILE_MAX);
    assert_int_equal(fclose(f), 0);
    return len;
}

static void save(const char *dir, const uint8_t *bytes, size_t len)
{
    FILE *f = fopen(path_of(dir, "notebook.db"), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes, 1, len, f), len);
    assert_int_equal(fclose(f), 0);
    (void)unlink(path_of(dir, "notebook.db-wal"));
    (void)unlink(path_of(dir, "notebook.db-shm"));
}

/* Whether opening or checking tells. */
static bool is_found(const char *dir)
{
    struct daf_store *s;
    struct daf_store_check check;
    if (daf_store_open(dir, DAF_STORE_READER, &s) != DAF_OK) return true;
    enum daf_err err = daf_store_check(s, NULL, NULL, NULL, &check);
    daf_store_close(s);
    return err != DAF_OK || check.bad > 0;
}

static void a_flipped_byte_is_found_or_meant_nothing(void **state)
{
    static uint8_t bytes[FILE_MAX], before[DUMP_MAX], after[DUMP_MAX];
    static struct daf_made made[RECORDS];
    static size_t used[FILE_MAX];
    const uint8_t seed[32] = {0xf1};
    size_t used_count = 0, found = 0;
    struct daf_rng rng;
    char *dir = daf_tmpdir_new();
    (void)state;
    make_store(dir, made);
    size_t dump_len = dump(dir, before), len = load(dir, bytes);
    assert_true(dump_len > 0);
    assert_false(is_found(dir));
    /* Most of a small file is empty; two flips of three hit what is not. */
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != 0) used[used_count++] = i;
    }
    daf_rng_init(&rng, seed);
    for (size_t i = 0; i < FLIPS; i++) {
        size_t at = i % 3 == 0 ? (size_t)daf_rng_below(&rng, len)
                               : used[daf_rng_below(&rng, used_count)];
        uint64_t bits = i % 2 == 0 ? UINT64_C(1) << daf_rng_below(&rng, 8)
                                   : 1 + daf_rng_below(&rng, 255);
        uint8_t flip = (uint8_t)bits;
        bytes[at] = (uint8_t)(bytes[at] ^ flip);
        save(dir, bytes, len);
        bytes[at] = (uint8_t)(bytes[at] ^ flip);
        if (is_found(dir)) {
            found++;
            continue;
        }
        if (dump(dir, after) != dump_len ||
            memcmp(before, after, dump_len) != 0)
            fail_msg("byte %zu, flipped by %02x, changed what is stored", at,
                     flip);
    }
    /* Else this would prove nothing. */
    assert_in_range(found, FLIPS / 2, FLIPS);
    daf_tmpdir_free(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_store_has_no_findings),
        cmocka_unit_test(every_contradiction_is_found),
        cmocka_unit_test(a_changed_header_is_not_read),
        cmocka_unit_test(a_flipped_byte_is_found_or_meant_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
