/* SPDX-License-Identifier: Apache-2.0 */
/* The store: open a new notebook, keep eight records that nobody verified, set a
 * value, keep a statement, commit; keep a newer one at its place, drop the two that are bad and call the rest verified; note what
 * a peer holds, digest, compare marks with symbols, check, close, read again. */
#include "tests/lib/t.h"

#include "proto/sketch.h"
#include "tests/crash/fault.h"
#include "tests/lib/made.h"

#define RECORDS 6
#define ALL     8 /* with a branch of log A and log C, which go again */
#define ACKED   2 /* the record of log A that a peer holds; its seq is 3 */
#define SYMBOLS 8

struct promise {
    bool committed, verified, acked;
};

static struct daf_made made[ALL];
/* One of several pages of the file, then a short one. */
static struct daf_made_statement stated[2];
static const enum daf_body_state states[ALL] = {
    [4] = DAF_BODY_ABSENT, /* the others are held */
};

static struct daf_spot add(size_t at, struct daf_log_key log,
                           struct daf_spot prev, uint32_t body_len)
{
    struct daf_made_want want = {.log = log,
                                 .prev = prev,
                                 .body_len = body_len,
                                 .retention = DAF_RETENTION_PROGRESS,
                                 .seed = (uint32_t)at + 1};

    daf_made_record(&want, &made[at]);
    return made[at].spot;
}

/* Log A: 1-2-3 and two forks at 2, one bad.  Log B begins in the middle.  Log C
 * is one bad record. */
static void make(void)
{
    struct daf_log_key a = daf_made_log(1, 1, 1), b = daf_made_log(1, 2, 7);
    struct daf_log_key c = daf_made_log(1, 3, 1);
    struct daf_spot none = {0}, first, second, far = {.seq = 6};

    memset(far.id.b, 6, sizeof(far.id.b));
    first = add(0, a, none, 300);
    second = add(1, a, first, 0);
    (void)add(2, a, second, 2000);
    (void)add(3, a, first, 10);
    (void)add(4, b, far, 100);
    (void)add(5, b, made[4].spot, 601);
    (void)add(6, a, first, 70);
    (void)add(7, c, none, 5000);
    daf_made_statement(5, 2, 1, 700, &stated[0]);
    daf_made_statement(5, 2, 2, 3, &stated[1]);
}

static struct daf_view value(void)
{
    return (struct daf_view){(const uint8_t *)"a value", 7};
}

static enum daf_err put(struct daf_store *s, size_t at)
{
    struct daf_view body = {NULL, 0};
    enum daf_put out;

    if (states[at] == DAF_BODY_HELD) body = daf_made_body(&made[at]);
    return daf_store_put(s, &made[at].r, daf_made_header(&made[at]), states[at],
                         body, &out);
}

static enum daf_err state(struct daf_store *s, size_t at)
{
    return daf_store_keep_statement(s, &stated[at].st,
                                    (struct daf_view){stated[at].bytes,
                                                      stated[at].len});
}

static enum daf_err fill(struct daf_store *s)
{
    enum daf_err err = DAF_OK;

    for (size_t i = 0; err == DAF_OK && i < ALL; i++)
        err = put(s, i);
    if (err == DAF_OK) err = put(s, 0); /* known */
    for (size_t i = 0; err == DAF_OK && i < ALL; i++)
        err = daf_store_unchecked(s, &(struct daf_stretch){made[i].r.log,
                                                           made[i].r.seq,
                                                           made[i].r.seq});
    if (err == DAF_OK) err = daf_store_set(s, "name", value());
    if (err == DAF_OK) err = state(s, 0);
    return err;
}

/* What verifying at rest comes to. */
static enum daf_err settle(struct daf_store *s)
{
    enum daf_err err = state(s, 1);

    for (size_t i = RECORDS; err == DAF_OK && i < ALL; i++)
        err = daf_store_drop(s, &made[i].r.log, &made[i].spot);
    for (size_t i = 0; err == DAF_OK && i < ALL; i++)
        err = daf_store_checked(s, &(struct daf_stretch){made[i].r.log, 1, 9});
    return err;
}

/* One transaction; @what fills it. */
static enum daf_err transact(struct daf_store *s,
                             enum daf_err (*what)(struct daf_store *s))
{
    enum daf_err err = daf_store_begin(s);

    if (err != DAF_OK) return err;
    err = what(s);
    if (err == DAF_OK) return daf_store_commit(s);
    daf_store_rollback(s);
    return err;
}

static enum daf_err ack(struct daf_store *s)
{
    return daf_store_acked(s, &made[ACKED].r.log, 1, &made[ACKED].spot);
}

static void bad(void *ctx, const struct daf_store_bad *found)
{
    (void)ctx;
    /* A page that cannot be read is what a check is to find. */
    if (fault_clean(DAF_EIO) && strcmp(found->what, "database") == 0 &&
        (strstr(found->where, "unable to get the page") != NULL ||
         strstr(found->where, "failed to get page") != NULL))
        return;
    fault_broken("a check under the fault finds %s: %s", found->what,
                 found->where);
}

struct marks {
    size_t count;
    struct daf_scope_id scope;
    struct daf_symbol symbols[SYMBOLS];
};

static bool add_mark(void *ctx, const struct daf_mark *mark)
{
    struct marks *m = ctx;
    struct daf_item item = daf_sketch_item(mark);

    daf_sketch_add(m->symbols, SYMBOLS, &m->scope, &item, 1);
    m->count++;
    return true;
}

/* The sketch that is kept is that of the marks. */
static enum daf_err ask_marks(struct daf_store *s, size_t logs)
{
    const struct daf_index *index = daf_store_index(s);
    struct marks m = {.scope = made[0].r.log.scope};
    struct daf_symbol symbols[SYMBOLS];
    enum daf_err err =
        index->symbols(index->ctx, &m.scope, 0, SYMBOLS, symbols);

    if (err == DAF_OK)
        err = index->marks(index->ctx, &m.scope, NULL, add_mark, &m);
    if (err != DAF_OK) return err;
    FAULT_NEED(m.count == logs);
    FAULT_NEED(memcmp(m.symbols, symbols, sizeof(symbols)) == 0);
    return DAF_OK;
}

struct seen {
    size_t count;
    uint64_t number;
};

static bool see(void *ctx, const struct daf_statement *st,
                struct daf_view bytes)
{
    struct seen *seen = ctx;
    const struct daf_made_statement *m = &stated[st->number == 2];

    seen->count++;
    seen->number = st->number;
    FAULT_NEED(bytes.len == m->len && memcmp(bytes.p, m->bytes, m->len) == 0);
    return true;
}

static enum daf_err ask(struct daf_store *s)
{
    struct daf_store_digest digest;
    struct daf_store_check check;
    struct seen seen = {0, 0};
    enum daf_err err = daf_store_digest(s, &made[0].r.log.scope, &digest);

    if (err == DAF_OK)
        FAULT_NEED(digest.records == RECORDS && digest.logs == 2);
    if (err == DAF_OK) err = daf_store_check(s, NULL, bad, NULL, &check);
    if (err == DAF_OK)
        FAULT_NEED(check.records == RECORDS && check.absent == 1);
    if (err == DAF_OK) err = daf_store_statements(s, see, &seen, NULL);
    if (err == DAF_OK) FAULT_NEED(seen.count == 1 && seen.number == 2);
    return err == DAF_OK ? ask_marks(s, 2) : err;
}

static enum daf_err attempt(const char *dir, struct daf_store **s)
{
    struct promise *promise = fault_room();
    enum daf_err err = DAF_OK;

    if (*s == NULL) err = daf_store_open(dir, DAF_STORE_WRITER, s);
    if (err == DAF_OK) err = transact(*s, fill);
    if (err != DAF_OK) return err;
    promise->committed = true;
    err = ask_marks(*s, 3);
    if (err == DAF_OK) err = transact(*s, settle);
    if (err != DAF_OK) return err;
    promise->verified = true;
    err = transact(*s, ack);
    if (err != DAF_OK) return err;
    promise->acked = true;
    err = ask(*s);
    if (err != DAF_OK) return err;
    daf_store_close(*s);
    *s = NULL;
    err = daf_store_open(dir, DAF_STORE_READER, s);
    if (err == DAF_OK) err = ask(*s);
    if (err != DAF_OK) return err;
    daf_store_close(*s);
    *s = NULL;
    return DAF_OK;
}

/* It is that of the last transaction that is held. */
static void look_stated(struct daf_store *s, uint64_t number)
{
    struct seen seen = {0, 0};
    uint64_t bad;

    FAULT_OK(daf_store_statements(s, see, &seen, &bad));
    FAULT_NEED(bad == 0 && seen.number == number);
    FAULT_NEED(seen.count == (number > 0));
}

/* What is bad goes in the transaction that calls the others verified. */
static void look_verified(struct daf_store *s)
{
    const struct promise *promise = fault_room();
    const struct daf_index *index = daf_store_index(s);
    struct daf_stretch left;
    enum daf_err err = index->unchecked_next(index->ctx, &left);

    FAULT_NEED(err == DAF_OK || err == DAF_ENOTFOUND);
    FAULT_NEED(err != DAF_OK || !promise->verified);
    for (size_t i = 0; i < ALL; i++) {
        bool is_checked =
            index->is_checked(index->ctx, &made[i].r.log, &made[i].spot);
        bool held = fault_look_held(s, &made[i].r.log, &made[i].spot,
                                    daf_made_header(&made[i]), states[i],
                                    states[i] == DAF_BODY_HELD
                                        ? daf_made_body(&made[i])
                                        : (struct daf_view){NULL, 0});

        FAULT_NEED(held == (err == DAF_OK || i < RECORDS));
        FAULT_NEED(is_checked == (held && err == DAF_ENOTFOUND));
    }
    look_stated(s, err == DAF_OK ? 1 : 2);
}

/* One transaction is held whole or not at all. */
static void look(const char *dir)
{
    const struct promise *promise = fault_room();
    struct daf_store *s = NULL;
    size_t held = 0, len = 0;
    uint64_t acked;
    uint8_t bytes[16];
    enum daf_err err;

    if (!fault_look_check(dir)) {
        FAULT_NEED(!promise->committed);
        return;
    }
    FAULT_OK(daf_store_open(dir, DAF_STORE_READER, &s));
    for (size_t i = 0; i < RECORDS; i++) {
        struct daf_view body = {NULL, 0};

        if (states[i] == DAF_BODY_HELD) body = daf_made_body(&made[i]);
        held += fault_look_held(s, &made[i].r.log, &made[i].spot,
                                daf_made_header(&made[i]), states[i], body);
    }
    FAULT_NEED(held == 0 || held == RECORDS);
    FAULT_NEED(held == RECORDS || !promise->committed);
    if (held > 0)
        look_verified(s);
    else
        look_stated(s, 0);
    err = daf_store_get_value(s, "name", bytes, sizeof(bytes), &len);
    FAULT_NEED(err == (held > 0 ? DAF_OK : DAF_ENOTFOUND));
    FAULT_NEED(held == 0 || (len == 7 && memcmp(bytes, value().p, 7) == 0));
    acked = daf_store_acked_seq(s, &made[ACKED].r.log);
    FAULT_NEED(acked == 0 || acked == made[ACKED].spot.seq);
    FAULT_NEED(acked != 0 || !promise->acked);
    daf_store_close(s);
}

static void run(const char *dir)
{
    struct daf_store *s = NULL;
    enum daf_err err;

    make();
    fault_on();
    err = attempt(dir, &s);
    (void)fault_off();
    if (err != DAF_OK) {
        if (!fault_fired() || !fault_clean(err))
            fault_broken("%s: %s says \"%s\" (%s)", fault_where(), dir,
                         daf_err_name(err), daf_store_trouble(s));
        look(dir);
        /* By turns on the handle that failed, and on a new one. */
        if (s != NULL &&
            (fault_at() % 2 == 0 || ((struct promise *)fault_room())->acked)) {
            daf_store_close(s);
            s = NULL;
        }
        FAULT_OK(attempt(dir, &s));
    }
    FAULT_NEED(s == NULL);
}

static void verify(const char *dir)
{
    struct daf_store *s = NULL;

    make();
    look(dir);
    FAULT_OK(attempt(dir, &s));
    look(dir);
}

const struct fault_workload fault_store = {.name = "store",
                                           .kinds = FAULT_BITS_ALL,
                                           .run = run,
                                           .verify = verify};
