/* SPDX-License-Identifier: Apache-2.0 */
/* How bodies go that control erases (docs/protocol.md R116).
 *
 * Nothing says where the bodies of a handle are: an index of all would cost every
 * record 20 bytes for what happens some hundred times a year.  So all held bodies
 * are looked at, in steps, that others may write in between:
 *
 *      step ... step: all looked at --commit--> journal emptied --> remembered */
#include <assert.h>
#include <stdlib.h>

#include "proto/hash.h"
#include "store/store_impl.h"

#define STEP_MAX 10000 /* bodies: of 300 bytes, 7 ms of a PC's processor */
/* The daemon's own reader is done in a moment; others may take minutes. */
#define SCRUB_BUSY_MS 100

/* A sealed body begins so, then comes its handle (docs/protocol.md 3.2). */
static const uint8_t sealed[] = {0x95, 0x01, 0xc4, 0x10};

/* A record whose body goes. */
struct victim {
    int64_t log;
    struct daf_spot spot;
};
struct victims {
    struct victim *list;
    size_t count, cap;
};

static int order_handles(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct daf_handle));
}

static bool is_meant(const struct daf_erase *what, struct daf_view front)
{
    return front.len == sizeof(sealed) + sizeof(struct daf_handle) &&
           memcmp(front.p, sealed, sizeof(sealed)) == 0 &&
           bsearch(front.p + sizeof(sealed), what->handles, what->count,
                   sizeof(*what->handles), order_handles) != NULL;
}

static bool add(struct victims *v, const struct victim *one)
{
    if (v->count == v->cap) {
        size_t cap = v->cap == 0 ? 64 : 2 * v->cap;
        struct victim *bigger = realloc(v->list, cap * sizeof(*bigger));
        if (bigger == NULL) return false;
        v->list = bigger;
        v->cap = cap;
    }
    v->list[v->count++] = *one;
    return true;
}

/* From *@at on, which is left at the last one seen. */
static enum daf_err look(struct daf_store *s, const struct daf_erase *what,
                         struct victim *at, struct victims *out, bool *out_end)
{
    size_t seen = 0;
    enum daf_err err;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HANDLES_AFTER);
    struct daf_spot from = at->spot;
    daf_store_bind_spot(&q, at->log, &from);
    daf_db_bind_int(&q, 4, STEP_MAX);
    while ((err = daf_db_step(&q)) == DAF_OK) {
        at->log = daf_db_int(&q, 0);
        at->spot.seq = (uint64_t)daf_db_int(&q, 1);
        if (!daf_db_copy(&q, 2, at->spot.id.b, sizeof(at->spot.id.b))) {
            err = daf_db_say(&s->db, DAF_ECORRUPT, "a row is damaged");
            break;
        }
        seen++;
        if (is_meant(what, daf_db_bytes(&q, 3)) && !add(out, at)) {
            err = daf_db_say(&s->db, DAF_ENOMEM, "out of memory");
            break;
        }
    }
    daf_db_end(&q);
    *out_end = seen < STEP_MAX;
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

/* The header says how many pieces there are, whatever they are like. */
static enum daf_err destroy(struct daf_store *s, const struct victim *v)
{
    struct daf_record r;
    int64_t body = 0, pieces = 0;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_HEADER_GET);
    daf_store_bind_spot(&q, v->log, &v->spot);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK && daf_record_decode(daf_db_bytes(&q, 2), &r) != DAF_OK)
        err = daf_db_say(&s->db, DAF_ECORRUPT, "a header is damaged");
    if (err == DAF_OK) {
        body = daf_db_int(&q, 1);
        pieces = (int64_t)r.body_len / DAF_STORE_PIECE_BYTES + 1;
    }
    daf_db_end(&q);
    if (err != DAF_OK) return err;
    q = daf_db_start(&s->db, DAF_SQL_BODY_REMOVE);
    daf_db_bind_int(&q, 1, body);
    daf_db_bind_int(&q, 2, body + pieces);
    err = daf_db_run(&q);
    if (err != DAF_OK) return err;
    q = daf_db_start(&s->db, DAF_SQL_HEADER_SET);
    daf_store_bind_spot(&q, v->log, &v->spot);
    daf_db_bind_int(&q, 4, DAF_BODY_ERASED);
    daf_db_bind_null(&q, 5);
    s->is_scrubbed = false;
    return daf_db_run(&q);
}

static enum daf_err name_log(struct daf_store *s, int64_t log,
                             struct daf_log_key *out)
{
    uint8_t incarnation[8] = {0};
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_LOG_NAME);
    daf_db_bind_int(&q, 1, log);
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK &&
        (!daf_db_copy(&q, 0, out->scope.b, sizeof(out->scope.b)) ||
         !daf_db_copy(&q, 1, out->author.b, sizeof(out->author.b)) ||
         !daf_db_copy(&q, 2, incarnation, sizeof(incarnation))))
        err = daf_db_say(&s->db, DAF_ECORRUPT, "a log's name is damaged");
    daf_db_end(&q);
    out->incarnation = daf_store_incarnation_of(incarnation);
    return err;
}

static enum daf_err walk(struct daf_store *s, const struct daf_erase *what,
                         struct daf_erase *out_next)
{
    struct victims victims = {NULL, 0, 0};
    struct victim at = {.spot = what->spot};
    enum daf_err err = DAF_OK;
    bool is_end = false;
    if (what->spot.seq > 0) err = daf_store_number(s, &what->log, &at.log);
    if (err == DAF_ENOTFOUND) { /* that log is gone: from the first again */
        at = (struct victim){.log = 0};
        err = DAF_OK;
    }
    if (err == DAF_OK) err = look(s, what, &at, &victims, &is_end);
    for (size_t i = 0; err == DAF_OK && i < victims.count; i++)
        err = destroy(s, &victims.list[i]);
    free(victims.list);
    if (err != DAF_OK) return err;
    if (is_end) {
        s->wants_scrub = true;
        out_next->is_looked = true;
        out_next->log = (struct daf_log_key){.incarnation = 0};
        out_next->spot = (struct daf_spot){.seq = 0};
        return DAF_OK;
    }
    out_next->spot = at.spot;
    return name_log(s, at.log, &out_next->log);
}

/* ---- what is done */

static bool is_remembered(struct daf_store *s, const char *name,
                          const struct daf_hash *hash)
{
    uint8_t was[sizeof(hash->b)];
    size_t len = 0;
    return daf_store_get_value(s, name, was, sizeof(was), &len) == DAF_OK &&
           len == sizeof(was) && memcmp(was, hash->b, len) == 0;
}

static enum daf_err forget_aside(struct daf_store *s)
{
    const char *path = sqlite3_db_filename(s->db.handle, "main");
    const char *end = path == NULL ? NULL : strrchr(path, '/');
    if (end == NULL) return DAF_OK;
    char *dir = sqlite3_mprintf("%.*s", (int)(end - path), path);
    enum daf_err err = dir == NULL ? DAF_ENOMEM : daf_store_swap_forget(dir);
    sqlite3_free(dir);
    return err;
}

static enum daf_err remember(struct daf_store *s, const struct daf_hash *hash)
{
    const struct daf_view value = {hash->b, sizeof(hash->b)};
    if (!is_remembered(s, DAF_STORE_ERASED_ASIDE, hash)) {
        enum daf_err err = forget_aside(s);
        if (err == DAF_OK)
            err = daf_store_set(s, DAF_STORE_ERASED_ASIDE, value);
        if (err != DAF_OK) return err;
    }
    return daf_store_set(s, DAF_STORE_ERASED, value);
}

void daf_store_scrub(struct daf_store *s)
{
    struct daf_query q;
    s->wants_scrub = false;
    if (daf_db_prepare(&s->db, "PRAGMA wal_checkpoint(TRUNCATE)", &q) != DAF_OK)
        return;
    daf_db_patience(&s->db, SCRUB_BUSY_MS);
    /* The first column: somebody was in the way. */
    s->is_scrubbed = daf_db_step(&q) == DAF_OK && daf_db_int(&q, 0) == 0;
    daf_db_drop(&q);
    daf_db_patience(&s->db, DAF_DB_BUSY_MS);
}

static enum daf_err erase(struct daf_store *s, const struct daf_erase *what,
                          struct daf_erase *out_next, bool *out_more)
{
    struct daf_hash hash;
    daf_hash_256("daf.erased.1",
                 (struct daf_view){what->handles[0].b,
                                   what->count * sizeof(*what->handles)},
                 hash.b);
    *out_next = *what;
    *out_more = !is_remembered(s, DAF_STORE_ERASED, &hash);
    if (!*out_more) return DAF_OK;
    if (!what->is_looked) return walk(s, what, out_next);
    *out_more = !s->is_scrubbed;
    s->wants_scrub = *out_more;
    return *out_more ? DAF_OK : remember(s, &hash);
}

enum daf_err daf_store_erase(struct daf_store *s, const struct daf_erase *what,
                             struct daf_erase *out_next, bool *out_more)
{
    assert(s->is_writing && what->count > 0);
    if (s->spoilt != DAF_OK) return s->spoilt;
    s->spoilt = erase(s, what, out_next, out_more);
    return s->spoilt;
}
