/* SPDX-License-Identifier: Apache-2.0 */

/* How records come in, against tests/lib/fake_index.h, which knows no frontier
 * and computes it anew at each question. */

#include "tests/lib/t.h"

#include <stdlib.h>

#include "proto/hash.h"
#include "proto/rng.h"
#include "tests/lib/fake_index.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

struct home {
    char *dir;
    struct daf_store *s;
};

static int open_home(void **state)
{
    struct home *h = calloc(1, sizeof(*h));
    assert_non_null(h);
    h->dir = daf_tmpdir_new();
    assert_non_null(h->dir);
    h->s = daf_made_open(h->dir, DAF_STORE_WRITER);
    *state = h;
    return 0;
}

static int close_home(void **state)
{
    struct home *h = *state;
    daf_store_close(h->s);
    daf_tmpdir_free(h->dir);
    free(h);
    return 0;
}

/* ---- random histories */

#define LOGS    3
#define RECORDS 90

struct history {
    struct daf_made made[RECORDS];
    size_t order[RECORDS];
};

static void shuffle(struct history *h, struct daf_rng *rng)
{
    for (size_t i = RECORDS; i-- > 1;) {
        size_t j = (size_t)daf_rng_below(rng, i + 1);
        size_t other = h->order[i];
        h->order[i] = h->order[j];
        h->order[j] = other;
    }
}

/* Mostly chains; one record in six branches off from anywhere in its log, or
 * starts it again. */
static void make_history(struct history *h, struct daf_rng *rng)
{
    for (size_t i = 0; i < RECORDS; i++) {
        struct daf_made_want want = {
            .log = daf_made_log(1, 1, i % LOGS),
            .body_len = (uint32_t)daf_rng_below(rng, 1300),
            .retention = DAF_RETENTION_PROGRESS,
            .seed = (uint32_t)daf_rng_u64(rng),
        };
        size_t older = i / LOGS; /* records of the same log */
        if (older > 0) {
            size_t back = 1;
            if (daf_rng_below(rng, 6) == 0)
                back = 1 + (size_t)daf_rng_below(rng, older);
            if (daf_rng_below(rng, 12) != 0)
                want.prev = h->made[i - back * LOGS].spot;
        }
        daf_made_record(&want, &h->made[i]);
        h->order[i] = i;
    }
}

static void expect_head(struct daf_store *s, const struct daf_fake_index *f,
                        const struct daf_log_key *log)
{
    static struct daf_head ours, right;
    const struct daf_index *a = daf_store_index(s);
    const struct daf_index *b = daf_fake_index_view(f);
    enum daf_err err = b->head(b->ctx, log, &right);
    assert_int_equal(a->head(a->ctx, log, &ours), err);
    if (err == DAF_OK) assert_true(daf_frontier_equal(&ours, &right));
}

static void expect_walks(struct daf_store *s, const struct daf_fake_index *f,
                         const struct daf_log_key *log)
{
    const struct daf_index *a = daf_store_index(s);
    const struct daf_index *b = daf_fake_index_view(f);
    struct daf_spot at = {0};
    for (;;) {
        struct daf_stored ours, right;
        enum daf_err err = b->at_or_after(b->ctx, log, &at, &right);
        assert_int_equal(a->at_or_after(a->ctx, log, &at, &ours), err);
        if (err == DAF_ENOTFOUND) break;
        assert_int_equal(err, DAF_OK);
        assert_memory_equal(&ours.spot, &right.spot, sizeof(ours.spot));
        at = ours.spot;

        assert_int_equal(b->get(b->ctx, log, &at, &right), DAF_OK);
        assert_int_equal(a->get(a->ctx, log, &at, &ours), DAF_OK);
        assert_int_equal(ours.body_state, right.body_state);
        assert_int_equal(ours.header.len, right.header.len);
        assert_memory_equal(ours.header.p, right.header.p, ours.header.len);
        assert_int_equal(ours.body.len, right.body.len);
        if (ours.body.len > 0)
            assert_memory_equal(ours.body.p, right.body.p, ours.body.len);
        for (size_t i = sizeof(at.id.b); i-- > 0 && ++at.id.b[i] == 0;) {
        }
    }
}

static void expect_heads(struct daf_store *s, const struct daf_fake_index *f)
{
    static struct daf_head ours, right;
    const struct daf_index *a = daf_store_index(s);
    const struct daf_index *b = daf_fake_index_view(f);
    struct daf_scope_id scope = daf_made_log(1, 1, 0).scope;
    struct daf_log_key last;
    const struct daf_log_key *after = NULL;
    for (;;) {
        enum daf_err err = b->head_next(b->ctx, &scope, after, &right);
        assert_int_equal(a->head_next(a->ctx, &scope, after, &ours), err);
        if (err == DAF_ENOTFOUND) break;
        assert_int_equal(err, DAF_OK);
        assert_true(daf_frontier_equal(&ours, &right));
        last = right.log;
        after = &last;
    }
}

static void feed(struct daf_store *s, struct daf_fake_index *f,
                 const struct history *h, size_t from, size_t to)
{
    assert_int_equal(daf_store_begin(s), DAF_OK);
    for (size_t i = from; i < to; i++) {
        const struct daf_made *m = &h->made[h->order[i]];
        enum daf_body_state state =
            i % 7 == 0 ? DAF_BODY_ABSENT : DAF_BODY_HELD;
        struct daf_view body = {NULL, 0};
        assert_int_equal(daf_made_put(s, m, state), DAF_PUT_NEW);
        assert_int_equal(daf_made_put(s, m, DAF_BODY_ABSENT), DAF_PUT_KNOWN);
        if (state == DAF_BODY_HELD) body = daf_made_body(m);
        daf_fake_index_put(f, &m->r, daf_made_header(m), state, body);
        expect_head(s, f, &m->r.log);
    }
    assert_int_equal(daf_store_commit(s), DAF_OK);
}

static void expect_clean(struct daf_store *s, uint64_t records)
{
    struct daf_store_check check;
    assert_int_equal(daf_store_check(s, NULL, NULL, NULL, &check), DAF_OK);
    assert_int_equal(check.bad, 0);
    assert_int_equal(check.records, records);
}

static void any_order_gives_the_frontier_of_the_set(void **state)
{
    static struct history h;
    (void)state;
    for (uint8_t seed = 0; seed < 20; seed++) {
        struct daf_rng rng;
        const uint8_t bytes[32] = {seed, 0xf0};
        struct daf_store_digest digest[2];
        daf_rng_init(&rng, bytes);
        make_history(&h, &rng);
        for (size_t i = 0; i < 2; i++) {
            char *dir = daf_tmpdir_new();
            struct daf_store *s = daf_made_open(dir, DAF_STORE_WRITER);
            struct daf_fake_index *f = daf_fake_index_new();
            size_t half = (size_t)daf_rng_below(&rng, RECORDS);
            shuffle(&h, &rng);
            feed(s, f, &h, 0, half);
            expect_heads(s, f); /* with gaps */
            expect_clean(s, half);
            feed(s, f, &h, half, RECORDS);
            expect_heads(s, f);
            expect_walks(s, f, &h.made[0].r.log);
            expect_clean(s, RECORDS);
            assert_int_equal(daf_store_digest(s, &h.made[0].r.log.scope,
                                              &digest[i]),
                             DAF_OK);
            daf_fake_index_free(f);
            daf_store_close(s);
            daf_tmpdir_free(dir);
        }
        assert_memory_equal(&digest[0], &digest[1], sizeof(digest[0]));
        assert_int_equal(digest[0].records, RECORDS);
        assert_int_equal(digest[0].logs, LOGS);
        assert_int_equal(digest[0].authors, 1);
    }
}

static void a_rolled_back_record_was_never_there(void **state)
{
    struct home *h = *state;
    struct daf_made m[2];
    struct daf_head head;
    const struct daf_index *index = daf_store_index(h->s);
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1), .body_len = 9};
    daf_made_record(&want, &m[0]);
    want.prev = m[0].spot;
    daf_made_record(&want, &m[1]);

    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_made_put(h->s, &m[0], DAF_BODY_HELD), DAF_PUT_NEW);
    daf_store_rollback(h->s);
    assert_int_equal(index->head(index->ctx, &want.log, &head), DAF_ENOTFOUND);

    /* Its successor is a root now, and the cached frontier is forgotten. */
    assert_int_equal(daf_made_commit(h->s, &m[1], DAF_BODY_HELD), DAF_PUT_NEW);
    assert_int_equal(index->head(index->ctx, &want.log, &head), DAF_OK);
    assert_int_equal(head.roots_count, 1);
    assert_int_equal(head.roots[0].seq, 2);

    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_made_put(h->s, &m[0], DAF_BODY_HELD), DAF_PUT_NEW);
    daf_store_rollback(h->s);
    assert_int_equal(daf_made_commit(h->s, &m[0], DAF_BODY_HELD), DAF_PUT_NEW);
    assert_int_equal(index->head(index->ctx, &want.log, &head), DAF_OK);
    assert_int_equal(head.roots[0].seq, 1);
    assert_int_equal(head.tips[0].seq, 2);
    expect_clean(h->s, 2);
}

/* ---- limits */

static void a_log_has_at_most_64_tips(void **state)
{
    struct home *h = *state;
    struct daf_made first, tip, more;
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1), .body_len = 40};
    daf_made_record(&want, &first);
    assert_int_equal(daf_made_commit(h->s, &first, DAF_BODY_HELD), DAF_PUT_NEW);
    want.prev = first.spot;
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    for (want.seed = 1; want.seed <= DAF_FRONTIER_MAX; want.seed++) {
        daf_made_record(&want, &tip);
        assert_int_equal(daf_made_put(h->s, &tip, DAF_BODY_HELD), DAF_PUT_NEW);
    }
    daf_made_record(&want, &more);
    assert_int_equal(daf_made_put(h->s, &more, DAF_BODY_HELD),
                     DAF_PUT_DEFERRED);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    expect_clean(h->s, 1 + DAF_FRONTIER_MAX);

    /* A deferred record leaves nothing; a tip may still grow. */
    assert_int_equal(daf_made_commit(h->s, &more, DAF_BODY_ABSENT),
                     DAF_PUT_DEFERRED);
    want.prev = tip.spot;
    daf_made_record(&want, &more);
    assert_int_equal(daf_made_commit(h->s, &more, DAF_BODY_HELD), DAF_PUT_NEW);
    expect_clean(h->s, 2 + DAF_FRONTIER_MAX);
}

/* Each piece of a log with gaps has one root and at least one tip. */
static void a_log_has_at_most_64_pieces(void **state)
{
    struct home *h = *state;
    static struct daf_made chain[2 * DAF_FRONTIER_MAX + 3];
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1), .body_len = 40};
    const size_t count = sizeof(chain) / sizeof(chain[0]);
    for (size_t i = 0; i < count; i++) {
        daf_made_record(&want, &chain[i]);
        want.prev = chain[i].spot;
    }
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    for (size_t i = 0; i < DAF_FRONTIER_MAX; i++)
        assert_int_equal(daf_made_put(h->s, &chain[2 * i], DAF_BODY_HELD),
                         DAF_PUT_NEW);
    const struct daf_made *more = &chain[count - 3];
    assert_int_equal(daf_made_put(h->s, more, DAF_BODY_HELD), DAF_PUT_DEFERRED);
    /* Two pieces become one, and there is room again. */
    assert_int_equal(daf_made_put(h->s, &chain[1], DAF_BODY_HELD), DAF_PUT_NEW);
    assert_int_equal(daf_made_put(h->s, more, DAF_BODY_HELD), DAF_PUT_NEW);
    assert_int_equal(daf_made_put(h->s, &chain[count - 1], DAF_BODY_HELD),
                     DAF_PUT_DEFERRED);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    expect_clean(h->s, DAF_FRONTIER_MAX + 2);
}

static void an_author_has_at_most_64_logs_in_a_scope(void **state)
{
    struct home *h = *state;
    struct daf_made m;
    struct daf_made_want want = {.body_len = 40};
    uint64_t logs[DAF_INCARNATIONS_MAX + 1];
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    for (uint64_t i = 0; i < DAF_INCARNATIONS_MAX; i++) {
        want.log = daf_made_log(1, 1, i << 56);
        daf_made_record(&want, &m);
        assert_int_equal(daf_made_put(h->s, &m, DAF_BODY_HELD), DAF_PUT_NEW);
    }
    want.prev = m.spot;
    daf_made_record(&want, &m);
    assert_int_equal(daf_made_put(h->s, &m, DAF_BODY_HELD), DAF_PUT_NEW);
    want.prev = (struct daf_spot){0};

    want.log = daf_made_log(1, 1, 77);
    daf_made_record(&want, &m);
    assert_int_equal(daf_made_put(h->s, &m, DAF_BODY_HELD), DAF_PUT_DEFERRED);
    want.log = daf_made_log(1, 2, 77); /* another author */
    daf_made_record(&want, &m);
    assert_int_equal(daf_made_put(h->s, &m, DAF_BODY_HELD), DAF_PUT_NEW);
    want.log = daf_made_log(2, 1, 77); /* another scope */
    daf_made_record(&want, &m);
    assert_int_equal(daf_made_put(h->s, &m, DAF_BODY_HELD), DAF_PUT_NEW);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);

    want.log = daf_made_log(1, 1, 0);
    assert_int_equal(daf_store_author_logs(h->s, &want.log.scope,
                                           &want.log.author, logs,
                                           DAF_INCARNATIONS_MAX + 1),
                     DAF_INCARNATIONS_MAX);
    assert_true(logs[0] == UINT64_C(63) << 56); /* the newest first */
    expect_clean(h->s, DAF_INCARNATIONS_MAX + 3);
}

/* ---- bodies */

static void expect_body(struct daf_store *s, const struct daf_made *m,
                        enum daf_body_state state)
{
    const struct daf_index *index = daf_store_index(s);
    struct daf_stored stored;
    assert_int_equal(index->get(index->ctx, &m->r.log, &m->spot, &stored),
                     DAF_OK);
    assert_int_equal(stored.header.len, m->header_len);
    assert_memory_equal(stored.header.p, m->header, m->header_len);
    assert_int_equal(stored.body_state, state);
    assert_int_equal(stored.body.len,
                     state == DAF_BODY_HELD ? m->r.body_len : 0);
    if (stored.body.len > 0)
        assert_memory_equal(stored.body.p, daf_made_body(m).p, m->r.body_len);
}

static void a_body_may_come_later(void **state)
{
    struct home *h = *state;
    struct daf_made m;
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1), .body_len = 700};
    daf_made_record(&want, &m);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_ABSENT), DAF_PUT_NEW);
    expect_body(h->s, &m, DAF_BODY_ABSENT);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_HELD), DAF_PUT_BODY);
    expect_body(h->s, &m, DAF_BODY_HELD);
    /* And then stays. */
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_HELD), DAF_PUT_KNOWN);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_ABSENT), DAF_PUT_KNOWN);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_ERASED), DAF_PUT_KNOWN);
    expect_body(h->s, &m, DAF_BODY_HELD);
    expect_clean(h->s, 1);
}

static void a_reason_replaces_absence(void **state)
{
    struct home *h = *state;
    struct daf_made m;
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1), .body_len = 700};
    daf_made_record(&want, &m);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_ABSENT), DAF_PUT_NEW);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_ERASED), DAF_PUT_KNOWN);
    expect_body(h->s, &m, DAF_BODY_ERASED);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_RETIRED),
                     DAF_PUT_KNOWN);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_ABSENT), DAF_PUT_KNOWN);
    expect_body(h->s, &m, DAF_BODY_ERASED);
    /* Who said so may have been wrong. */
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_HELD), DAF_PUT_BODY);
    expect_body(h->s, &m, DAF_BODY_HELD);
    expect_clean(h->s, 1);
}

static void a_body_of_any_length_comes_back(void **state)
{
    static const uint32_t lengths[] = {0,    1,    599,   600,
                                       601,  1199, 1200,  1201,
                                       2048, 4096, 65400, DAF_BODY_BYTES_MAX};
    struct home *h = *state;
    struct daf_made m[sizeof(lengths) / sizeof(lengths[0])];
    const size_t count = sizeof(lengths) / sizeof(lengths[0]);
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1)};
    for (size_t i = 0; i < count; i++) {
        want.body_len = lengths[i];
        daf_made_record(&want, &m[i]);
        want.prev = m[i].spot;
        assert_int_equal(daf_made_commit(h->s, &m[i], DAF_BODY_HELD),
                         DAF_PUT_NEW);
    }
    for (size_t i = 0; i < count; i++)
        expect_body(h->s, &m[i], DAF_BODY_HELD);
    expect_clean(h->s, count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_order_gives_the_frontier_of_the_set),
        cmocka_unit_test_setup_teardown(a_rolled_back_record_was_never_there,
                                        open_home, close_home),
        cmocka_unit_test_setup_teardown(a_log_has_at_most_64_tips, open_home,
                                        close_home),
        cmocka_unit_test_setup_teardown(a_log_has_at_most_64_pieces, open_home,
                                        close_home),
        cmocka_unit_test_setup_teardown(
            an_author_has_at_most_64_logs_in_a_scope, open_home, close_home),
        cmocka_unit_test_setup_teardown(a_body_may_come_later, open_home,
                                        close_home),
        cmocka_unit_test_setup_teardown(a_reason_replaces_absence, open_home,
                                        close_home),
        cmocka_unit_test_setup_teardown(a_body_of_any_length_comes_back,
                                        open_home, close_home),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
