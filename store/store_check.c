/* SPDX-License-Identifier: Apache-2.0 */
/* Is what is stored what it says it is.
 *
 * SQLite's own check sees damage to the tree and the indexes, not to what is in
 * them.  That is seen here: headers and bodies are hashes' inputs, frontiers and
 * marks are computed again, the local values carry sums, and the schema is
 * compared with the one this program makes.  So no byte that means something can
 * change unseen. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "proto/body.h"
#include "store/migrations.h"
#include "store/store_impl.h"

/* Records at one seq of a log.  Each is on a branch of its own, so there are no
 * more of them than tips. */
struct level {
    uint64_t seq;
    size_t count;
    struct {
        struct daf_record_id id;
        bool has_successor;
    } at[DAF_FRONTIER_MAX];
};

struct check {
    struct daf_store *s;
    daf_accept_fn accept;
    daf_bad_fn bad;
    void *ctx;
    struct daf_store_check *out;

    struct daf_query rows, pieces, spots;
    int64_t log; /* of the row in hand */
    struct level level, below;
    uint64_t spots_seen;    /* rows of frontier that were expected */
    uint64_t pieces_seen;   /* rows of body that a header named, */
    uint64_t pieces_sum;    /* and the sum of their numbers */
    uint64_t identity_seen; /* headers of that retention class, */
    uint64_t daily_seen;    /* and of that */
    uint8_t body[DAF_BODY_BYTES_MAX];
};

/* ---- telling */

static void tell(struct check *c, const char *what, const char *where)
{
    struct daf_store_bad bad = {.what = what};
    (void)snprintf(bad.where, sizeof(bad.where), "%s",
                   where[0] != '\0' ? where : "without a name");
    c->out->bad++;
    if (c->bad != NULL) c->bad(c->ctx, &bad);
}

static void hex(const uint8_t *p, size_t len, char *out)
{
    for (size_t i = 0; i < len; i++)
        (void)snprintf(out + 2 * i, 3, "%02x", p[i]);
}

static void tell_record(struct check *c, const char *what,
                        const struct daf_spot *spot, const char *why)
{
    char id[65], where[160];
    hex(spot->id.b, sizeof(spot->id.b), id);
    (void)snprintf(where, sizeof(where),
                   "log %" PRId64 " seq %" PRIu64 " id %s: %s", c->log,
                   spot->seq, id, why);
    tell(c, what, where);
}

/* Damage is a finding; anything else ends the check. */
static enum daf_err damage(struct check *c, enum daf_err err)
{
    if (err != DAF_ECORRUPT && err != DAF_ELIMIT) return err;
    tell(c, "database", c->s->db.trouble);
    return DAF_OK;
}

/* ---- SQLite's own check, and the schema */

static enum daf_err check_database(struct check *c)
{
    struct daf_query q;
    bool same = false;
    enum daf_err err =
        daf_db_prepare(&c->s->db, "PRAGMA integrity_check(20)", &q);
    while (err == DAF_OK && (err = daf_db_step(&q)) == DAF_OK) {
        struct daf_view line = daf_db_bytes(&q, 0);
        char words[160];
        if (line.len == 2 && memcmp(line.p, "ok", 2) == 0) continue;
        (void)snprintf(words, sizeof(words), "%.*s",
                       (int)(line.len < 150 ? line.len : 150),
                       (const char *)line.p);
        tell(c, "database", words);
    }
    daf_db_drop(&q);
    if (err == DAF_ENOTFOUND) err = daf_migrations_same(&c->s->db, &same);
    if (err == DAF_OK && !same) tell(c, "database", "the schema is not ours");
    return damage(c, err);
}

/* ---- frontier */

/* A row of the frontier that must be there. */
static enum daf_err expect_spot(struct check *c, int side,
                                const struct daf_spot *spot)
{
    daf_db_bind_int(&c->spots, 1, c->log);
    daf_db_bind_int(&c->spots, 2, side);
    daf_db_bind_blob(&c->spots, 3, spot->id.b, sizeof(spot->id.b));
    enum daf_err err = daf_db_step(&c->spots);
    bool right =
        err == DAF_OK && daf_db_int(&c->spots, 0) == (int64_t)spot->seq;
    daf_db_end(&c->spots);
    if (err != DAF_OK && err != DAF_ENOTFOUND) return err;
    c->spots_seen++;
    if (!right)
        tell_record(c, "frontier", spot,
                    side == DAF_STORE_TIPS ? "a tip that is not listed"
                                           : "a root that is not listed");
    return DAF_OK;
}

/* What no record one seq higher has named as its predecessor is a tip. */
static enum daf_err expect_tips(struct check *c, struct level *level)
{
    enum daf_err err = DAF_OK;
    for (size_t i = 0; err == DAF_OK && i < level->count; i++) {
        struct daf_spot spot = {.seq = level->seq, .id = level->at[i].id};
        if (!level->at[i].has_successor)
            err = expect_spot(c, DAF_STORE_TIPS, &spot);
    }
    level->count = 0;
    return err;
}

static enum daf_err climb(struct check *c, uint64_t seq)
{
    enum daf_err err = expect_tips(c, &c->below);
    if (err == DAF_OK && c->level.count > 0 && c->level.seq + 1 != seq)
        err = expect_tips(c, &c->level);
    c->below = c->level;
    c->level.seq = seq;
    c->level.count = 0;
    return err;
}

static enum daf_err end_log(struct check *c)
{
    enum daf_err err = expect_tips(c, &c->below);
    return err == DAF_OK ? expect_tips(c, &c->level) : err;
}

static enum daf_err place(struct check *c, const struct daf_spot *spot,
                          const struct daf_record_id *prev)
{
    enum daf_err err = DAF_OK;
    bool is_root = true;
    if (c->level.count == 0 || c->level.seq != spot->seq)
        err = climb(c, spot->seq);
    for (size_t i = 0; i < c->below.count; i++) {
        if (memcmp(&c->below.at[i].id, prev, sizeof(*prev)) == 0) {
            c->below.at[i].has_successor = true;
            is_root = false;
        }
    }
    if (err == DAF_OK && is_root) err = expect_spot(c, DAF_STORE_ROOTS, spot);
    if (c->level.count == DAF_FRONTIER_MAX) {
        tell_record(c, "frontier", spot, "more branches than a log may have");
        return err;
    }
    c->level.at[c->level.count].id = spot->id;
    c->level.at[c->level.count].has_successor = false;
    c->level.count++;
    return err;
}

/* ---- records */

static enum daf_err check_body(struct check *c, const struct daf_spot *spot,
                               const struct daf_record *r)
{
    int64_t body = daf_db_int(&c->rows, 4);
    size_t len = 0, pieces = 0;
    enum daf_err err = daf_store_body(&c->pieces, body, c->body, &len, &pieces);
    if (err == DAF_ECORRUPT) {
        tell_record(c, "body", spot, c->s->db.trouble);
        return DAF_OK;
    }
    if (err != DAF_OK) return err;
    c->out->bodies++;
    c->pieces_seen += pieces;
    for (size_t i = 0; i < pieces; i++)
        c->pieces_sum += (uint64_t)body + i;
    struct daf_hash hash = daf_body_hash((struct daf_view){c->body, len});
    if (len != r->body_len || memcmp(&hash, &r->body_hash, sizeof(hash)) != 0)
        tell_record(c, "body", spot, "not the bytes that its header names");
    return DAF_OK;
}

/* Whether the columns repeat what the header says. */
static const char *compare(struct check *c, const struct daf_record *r,
                           const struct daf_spot *spot)
{
    const struct daf_query *q = &c->rows;
    uint8_t scope[16], author[16], incarnation[8];
    int64_t state = daf_db_int(q, 5);
    if (memcmp(&r->id, &spot->id, sizeof(r->id)) != 0)
        return "not the bytes that its id names";
    if (r->seq != spot->seq) return "under a wrong seq";
    if (!daf_db_copy(q, 7, scope, 16) || !daf_db_copy(q, 8, author, 16) ||
        !daf_db_copy(q, 9, incarnation, 8) ||
        memcmp(scope, r->log.scope.b, 16) != 0 ||
        memcmp(author, r->log.author.b, 16) != 0 ||
        daf_store_incarnation_of(incarnation) != r->log.incarnation)
        return "under a wrong log";
    if (daf_db_int(q, 6) != r->retention)
        return "under a wrong retention class";
    if (state < DAF_BODY_HELD || state > DAF_BODY_ABSENT ||
        daf_db_is_null(q, 4) == (state == DAF_BODY_HELD))
        return "its body is neither held nor not held";
    return NULL;
}

static enum daf_err check_record(struct check *c)
{
    const struct daf_query *q = &c->rows;
    struct daf_spot spot = {.seq = (uint64_t)daf_db_int(q, 1)};
    struct daf_view header = daf_db_bytes(q, 3);
    struct daf_record r;
    enum daf_err err = DAF_OK;
    if (daf_db_int(q, 0) != c->log) {
        err = end_log(c);
        c->log = daf_db_int(q, 0);
    }
    c->out->records++;
    c->out->absent += daf_db_int(q, 5) == DAF_BODY_ABSENT;
    c->identity_seen += daf_db_int(q, 6) == DAF_RETENTION_IDENTITY;
    c->daily_seen += daf_db_int(q, 6) == DAF_RETENTION_DAILY;
    bool has_id = daf_db_copy(q, 2, spot.id.b, sizeof(spot.id.b));
    if (err != DAF_OK) return err;
    if (!has_id || daf_record_decode(header, &r) != DAF_OK) {
        tell_record(c, "header", &spot, "not a header");
        return DAF_OK;
    }
    const char *why = compare(c, &r, &spot);
    if (why != NULL)
        tell_record(c, "header", &spot, why);
    else if (c->accept != NULL && c->accept(c->ctx, header) != DAF_OK)
        tell_record(c, "signature", &spot, "not its author's");
    err = place(c, &spot, &r.prev);
    if (err == DAF_OK && !daf_db_is_null(q, 4)) err = check_body(c, &spot, &r);
    return err;
}

static enum daf_err check_records(struct check *c)
{
    enum daf_err err;
    while ((err = daf_db_step(&c->rows)) == DAF_OK) {
        err = check_record(c);
        if (err != DAF_OK) return err;
    }
    return err == DAF_ENOTFOUND ? end_log(c) : err;
}

/* ---- what no record leads to */

static enum daf_err expect_number(struct check *c, const char *sql,
                                  uint64_t expected, const char *what,
                                  const char *why)
{
    int64_t found = 0;
    enum daf_err err = daf_db_number(&c->s->db, sql, &found);
    if (err == DAF_OK && (uint64_t)found != expected) tell(c, what, why);
    return err;
}

static enum daf_err check_rest(struct check *c)
{
    enum daf_err err =
        expect_number(c, "SELECT count(*) FROM frontier", c->spots_seen,
                      "frontier", "tips or roots are listed that are none");
    if (err == DAF_OK)
        err = expect_number(c, "SELECT count(*) FROM body", c->pieces_seen,
                            "body", "bodies are held of no record");
    /* Numbers below 2^53, which total() keeps exact; sum() would fail where a
     * damaged number is huge. */
    if (err == DAF_OK)
        err = expect_number(c, "SELECT CAST(total(body) AS INTEGER) FROM body",
                            c->pieces_sum, "body",
                            "a body is of two records, or of none");
    if (err == DAF_OK)
        err = expect_number(c,
                            "SELECT count(*) FROM log WHERE NOT EXISTS("
                            "SELECT 1 FROM header WHERE header.log=log.log)",
                            0, "log", "a log is listed without records");
    if (err == DAF_OK)
        err = expect_number(c,
                            "SELECT count(*) FROM acked WHERE NOT EXISTS("
                            "SELECT 1 FROM header WHERE header.log=acked.log "
                            "AND header.seq=acked.seq AND header.id=acked.id)",
                            0, "acked", "peers hold what is not held here");
    /* SQLite 3.46 no longer counts the entries of an index over some rows. */
    if (err == DAF_OK)
        err = expect_number(c,
                            "SELECT count(*) FROM header INDEXED BY "
                            "header_absent WHERE state=3",
                            c->out->absent, "database",
                            "absent bodies are not listed right");
    if (err == DAF_OK)
        err = expect_number(c,
                            "SELECT count(*) FROM header INDEXED BY "
                            "header_identity WHERE retention=1",
                            c->identity_seen, "database",
                            "registrations are not listed right");
    if (err == DAF_OK)
        err = expect_number(c,
                            "SELECT count(*) FROM header INDEXED BY "
                            "header_daily WHERE retention=3",
                            c->daily_seen, "database",
                            "the class's day is not listed right");
    /* SQLite's own check leaves out CHECK where it may not write. */
    if (err == DAF_OK)
        err = expect_number(c,
                            "SELECT count(*) FROM commits "
                            "WHERE one=1 AND inverse=~count "
                            "AND bodies_inverse=~bodies",
                            1, "database", "the commit counter is damaged");
    return err;
}

/* ---- marks and stretches */

static void tell_log(struct check *c, const char *what, int64_t log,
                     const char *why)
{
    char where[160];
    (void)snprintf(where, sizeof(where), "log %" PRId64 ": %.120s", log, why);
    tell(c, what, where);
}

/* The frontier was computed anew before; what it says, the mark must repeat. */
static enum daf_err check_mark(struct check *c, const struct daf_query *q)
{
    struct daf_store_front front;
    struct daf_log_key key;
    struct daf_head head;
    uint8_t incarnation[8], tag[DAF_TAG_BYTES], digest[32];
    int64_t log = daf_db_int(q, 0);
    enum daf_err err = daf_store_front_load(c->s, log, &front);
    if (err == DAF_ECORRUPT) { /* told already, if rows are too many */
        tell_log(c, "frontier", log, c->s->db.trouble);
        return DAF_OK;
    }
    if (err != DAF_OK) return err;
    if (!daf_db_copy(q, 1, key.scope.b, sizeof(key.scope.b)) ||
        !daf_db_copy(q, 2, key.author.b, sizeof(key.author.b)) ||
        !daf_db_copy(q, 3, incarnation, sizeof(incarnation))) {
        tell_log(c, "log", log, "not a log's name");
        return DAF_OK;
    }
    key.incarnation = daf_store_incarnation_of(incarnation);
    daf_store_front_head(&front, &key, &head);
    struct daf_mark mark = daf_sketch_mark(&head);
    if (!daf_db_copy(q, 4, tag, sizeof(tag)) ||
        memcmp(tag, mark.tag.b, sizeof(tag)) != 0)
        tell_log(c, "mark", log, "its tag is not its name's");
    if (daf_db_int(q, 5) != mark.height)
        tell_log(c, "mark", log, "its height is not its frontier's");
    if (!daf_db_copy(q, 6, digest, sizeof(digest)) ||
        memcmp(digest, mark.digest.b, sizeof(digest)) != 0)
        tell_log(c, "mark", log, "its digest is not its frontier's");
    return DAF_OK;
}

static enum daf_err check_marks(struct check *c)
{
    struct daf_query q = {0};
    enum daf_err err = daf_db_prepare(
        &c->s->db,
        "SELECT log,scope,author,incarnation,tag,height,digest FROM log "
        "ORDER BY log",
        &q);
    while (err == DAF_OK && (err = daf_db_step(&q)) == DAF_OK)
        err = check_mark(c, &q);
    daf_db_drop(&q);
    if (err == DAF_ENOTFOUND)
        err = expect_number(c,
                            "SELECT count(*) FROM log WHERE changed<0 OR "
                            "changed>(SELECT count FROM commits)",
                            0, "mark", "a log changed after the last commit");
    return err;
}

static enum daf_err check_unchecked(struct check *c)
{
    struct daf_query q = {0};
    int64_t log = 0, reached = 0;
    enum daf_err err = daf_db_prepare(
        &c->s->db,
        "SELECT log,first,last,EXISTS(SELECT 1 FROM log "
        "WHERE log.log=unchecked.log) FROM unchecked ORDER BY log,first",
        &q);
    while (err == DAF_OK && (err = daf_db_step(&q)) == DAF_OK) {
        int64_t first = daf_db_int(&q, 1), last = daf_db_int(&q, 2);
        if (daf_db_int(&q, 0) != log) reached = -1;
        log = daf_db_int(&q, 0);
        if (first < 1 || last < first)
            tell_log(c, "unchecked", log, "a stretch that is none");
        else if (first - 1 <= reached)
            tell_log(c, "unchecked", log, "stretches that are one");
        else if (daf_db_int(&q, 3) == 0)
            tell_log(c, "unchecked", log, "a stretch of no log");
        reached = last;
    }
    daf_db_drop(&q);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

/* ---- local values */

static enum daf_err check_values(struct check *c)
{
    struct daf_query q;
    uint8_t bytes[DAF_STORE_VALUE_BYTES_MAX];
    enum daf_err err = daf_db_prepare(&c->s->db, "SELECT name FROM value", &q);
    while (err == DAF_OK && (err = daf_db_step(&q)) == DAF_OK) {
        char name[DAF_STORE_NAME_CAP];
        size_t len = 0;
        struct daf_view text = daf_db_bytes(&q, 0);
        if (text.len >= sizeof(name)) text.len = sizeof(name) - 1;
        (void)snprintf(name, sizeof(name), "%.*s", (int)text.len,
                       (const char *)text.p);
        err = daf_store_get_value(c->s, name, bytes, sizeof(bytes), &len);
        if (err == DAF_ECORRUPT || err == DAF_ELIMIT || err == DAF_ENOTFOUND) {
            tell(c, "value", name);
            err = DAF_OK;
        }
    }
    daf_db_drop(&q);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

static enum daf_err check_statements(struct check *c)
{
    uint64_t bad;
    enum daf_err err = daf_store_statements(c->s, NULL, NULL, &bad);

    if (err == DAF_OK && bad > 0)
        tell(c, "statement", "not what its author signed");
    return err;
}

/* ---- all of it */

static enum daf_err prepare(struct check *c)
{
    struct daf_db *db = &c->s->db;
    /* Left joins, so that a header without a log is seen too. */
    enum daf_err err = daf_db_prepare(
        db,
        "SELECT h.log,h.seq,h.id,h.bytes,h.body,h.state,h.retention,"
        "log.scope,log.author,log.incarnation FROM header AS h "
        "LEFT JOIN log ON log.log=h.log ORDER BY h.log,h.seq,h.id",
        &c->rows);
    if (err == DAF_OK)
        err = daf_db_prepare(
            db, "SELECT body,bytes FROM body WHERE body>=?1 ORDER BY body",
            &c->pieces);
    if (err == DAF_OK)
        err = daf_db_prepare(
            db,
            "SELECT seq FROM frontier WHERE log=?1 AND is_root=?2 AND id=?3",
            &c->spots);
    return err;
}

static enum daf_err check_all(struct check *c)
{
    enum daf_err err = check_database(c);
    if (err == DAF_OK) err = damage(c, prepare(c));
    if (err == DAF_OK && c->spots.stmt != NULL)
        err = damage(c, check_records(c));
    if (err == DAF_OK) err = damage(c, check_rest(c));
    if (err == DAF_OK) err = damage(c, check_marks(c));
    if (err == DAF_OK) err = damage(c, check_unchecked(c));
    if (err == DAF_OK) err = damage(c, check_values(c));
    if (err == DAF_OK) err = damage(c, check_statements(c));
    daf_db_drop(&c->rows);
    daf_db_drop(&c->pieces);
    daf_db_drop(&c->spots);
    return err;
}

enum daf_err daf_store_check(struct daf_store *s, daf_accept_fn accept,
                             daf_bad_fn bad, void *ctx,
                             struct daf_store_check *out)
{
    *out = (struct daf_store_check){0};
    struct check *c = calloc(1, sizeof(*c));
    if (c == NULL) return daf_db_say(&s->db, DAF_ENOMEM, "out of memory");
    c->s = s;
    c->accept = accept;
    c->bad = bad;
    c->ctx = ctx;
    c->out = out;
    enum daf_err err = daf_store_hold(s);
    if (err == DAF_OK) {
        err = check_all(c);
        daf_store_release(s);
    }
    free(c);
    return err;
}
