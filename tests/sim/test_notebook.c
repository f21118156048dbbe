/* SPDX-License-Identifier: Apache-2.0 */

/* The model of the store against the store: the same calls on both, the same
 * answers.  A failure names its world. */

#include "tests/lib/t.h"

#include <sodium.h>

#include "proto/body.h"
#include "proto/pack.h"
#include "proto/rng.h"
#include "tests/sim/notebook_pair.h"

#define WORLDS  40
#define ROUNDS  14
#define RECORDS 120
#define LOGS    7

/* ---- random worlds */

struct world {
    struct pair p;
    struct daf_rng rng;
    struct daf_made made[RECORDS];
    struct daf_log_key logs[LOGS];
};

static uint64_t below(struct world *w, uint64_t bound)
{
    return daf_rng_below(&w->rng, bound);
}

/* Two scopes, three authors; incarnations that sort as numbers do, not signed
 * ones. */
static void name_logs(struct world *w)
{
    w->logs[0] = daf_made_log(1, 1, 1);
    w->logs[1] = daf_made_log(1, 1, UINT64_MAX);
    w->logs[2] = daf_made_log(1, 1, 0x8000000000000000);
    w->logs[3] = daf_made_log(1, 0xf0, 0);
    w->logs[4] = daf_made_log(2, 1, 1);
    w->logs[5] = daf_made_log(2, 2, 7);
    w->logs[6] = daf_made_log(2, 2, 0x100);
}

/* Mostly chains; some records branch off from anywhere in their log, or start it
 * again.  Every other world has many forks. */
static void make_records(struct world *w)
{
    static const uint8_t classes[] = {DAF_RETENTION_CONTROL,
                                      DAF_RETENTION_IDENTITY,
                                      DAF_RETENTION_PROGRESS};
    uint64_t fork = below(w, 2) == 0 ? 4 : 40;

    for (size_t i = 0; i < RECORDS; i++) {
        size_t older = i / LOGS;
        struct daf_made_want want = {
            .log = w->logs[i % LOGS],
            .body_len = (uint32_t)below(w, below(w, 8) == 0 ? 1300 : 40),
            .retention = classes[below(w, 3)],
            .seed = (uint32_t)daf_rng_u64(&w->rng),
        };
        if (older > 0) {
            size_t back = 1;
            if (below(w, fork) == 0) back = 1 + (size_t)below(w, older);
            if (below(w, 3 * fork) != 0)
                want.prev = w->made[i - back * LOGS].spot;
        }
        daf_made_record(&want, &w->made[i]);
    }
}

/* Near the round's place in history, or anywhere. */
static const struct daf_made *pick(struct world *w, size_t round)
{
    size_t base = round * RECORDS / ROUNDS;
    size_t at = (size_t)below(w, RECORDS);

    if (below(w, 4) != 0) at = (base + (size_t)below(w, 30)) % RECORDS;
    return &w->made[at];
}

static enum daf_body_state pick_state(struct world *w)
{
    uint64_t x = below(w, 10);

    return x < 6 ? DAF_BODY_HELD : (enum daf_body_state)(x - 6);
}

static struct daf_stretch pick_stretch(struct world *w)
{
    struct daf_stretch what = {.log = w->logs[below(w, LOGS)],
                               .first = 1 + below(w, 20)};

    what.last = what.first + below(w, 6);
    if (below(w, 20) == 0) what.last = DAF_INT_MAX;
    return what;
}

static void act(struct world *w, size_t round)
{
    struct pair *p = &w->p;
    const struct daf_made *m = pick(w, round);
    const struct daf_stretch what = pick_stretch(w);
    uint64_t x = below(w, 24);

    if (x < 14) {
        (void)pair_put(p, m, pick_state(w));
        if (below(w, 8) == 0) (void)pair_put(p, m, pick_state(w));
    } else if (x < 17) {
        (void)pair_drop(p, m);
    } else if (x < 20) {
        pair_acked(p, below(w, 3) == 0 ? 1 + below(w, m->spot.seq + 2) : 1, m);
    } else if (x < 22) {
        pair_unchecked(p, &what);
    } else {
        pair_checked(p, &what);
    }
}

/* A run of one log, as peers send it. */
static void act_run(struct world *w, size_t round)
{
    size_t log = (size_t)below(w, LOGS);
    size_t rows = (round + 1) * RECORDS / ROUNDS / LOGS;

    for (size_t i = 0; i < rows && log + i * LOGS < RECORDS; i++)
        (void)pair_put(&w->p, &w->made[log + i * LOGS], DAF_BODY_HELD);
}

/* A log goes, record by record, and perhaps comes back in the same batch. */
static void act_drop_log(struct world *w)
{
    size_t log = (size_t)below(w, LOGS);
    const struct daf_made *m = &w->made[log + below(w, 5) * LOGS];

    for (size_t i = log; i < RECORDS; i += LOGS)
        (void)pair_drop(&w->p, &w->made[i]);
    if (below(w, 2) == 0) (void)pair_put(&w->p, m, DAF_BODY_ABSENT);
}

static void compare_all(struct world *w)
{
    struct daf_scope_id scope;
    struct both q;

    pair_compare_begin(&w->p, &q);
    for (size_t i = 0; i < RECORDS; i++) {
        pair_compare_record(&q, &w->made[i].r.log, &w->made[i].spot);
        if (i % 8 != 0) continue;
        pair_compare_around(&q, &w->made[i]);
        pair_compare_absent_from(&q, &w->logs[below(w, LOGS)],
                                 &w->made[i].spot);
    }
    for (uint8_t i = 1; i <= 3; i++) {
        scope = daf_made_log(i, 1, 1).scope;
        pair_compare_scope(&q, &scope);
        if (below(w, 3) == 0)
            pair_compare_symbols(&q, &scope, (size_t)below(w, 90),
                                 (size_t)below(w, 200));
    }
    /* The log that is asked for last is the first at the next time. */
    for (size_t i = LOGS; i-- > 0;) {
        pair_compare_unacked(&q, &w->logs[i]);
        pair_compare_head(&q, &w->logs[i]);
    }
    pair_compare_end(&q);
}

/* unchecked_next tells the first; what is told is verified until there is none. */
static void drain_unchecked(struct world *w)
{
    struct both q;
    struct daf_stretch first;
    bool is_more = true;

    while (is_more) {
        pair_compare_begin(&w->p, &q);
        is_more = q.b->unchecked_next(q.b->ctx, &first) == DAF_OK;
        pair_compare_end(&q);
        if (!is_more) break;
        pair_begin(&w->p);
        pair_checked(&w->p, &first);
        pair_commit(&w->p);
    }
}

static void play(struct world *w)
{
    for (size_t round = 0; round < ROUNDS; round++) {
        uint64_t end = below(w, 8);

        pair_begin(&w->p);
        for (uint64_t i = below(w, 24); i > 0; i--)
            act(w, round);
        if (below(w, 3) == 0) act_run(w, round);
        if (below(w, 9) == 0) act_drop_log(w);
        if (end == 0)
            pair_rollback(&w->p);
        else if (end == 1)
            pair_crash(&w->p);
        else
            pair_commit(&w->p);
        compare_all(w);
    }
    drain_unchecked(w);
    compare_all(w);
}

/* Told when the program fails: cmocka leaves the test by a jump. */
static uint8_t current;

static void random_worlds_give_the_same_answers(void **state)
{
    static struct world w;

    (void)state;
    for (uint8_t seed = 0; seed < WORLDS; seed++) {
        current = seed;
        daf_rng_init(&w.rng, (const uint8_t[32]){seed, 1});
        name_logs(&w);
        make_records(&w);
        pair_open(&w.p);
        play(&w);
        pair_close(&w.p);
    }
}

/* ---- budgets */

/* A fork of 64 and one more under a first record. */
static void a_frontier_that_is_full_defers_and_keeps(void **state)
{
    static struct daf_made made[DAF_FRONTIER_MAX + 2];
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1)};
    struct pair p;

    (void)state;
    pair_open(&p);
    daf_made_record(&want, &made[0]);
    want.prev = made[0].spot;
    pair_begin(&p);
    for (size_t i = 1; i < DAF_FRONTIER_MAX + 2; i++) {
        want.seed = (uint32_t)i;
        daf_made_record(&want, &made[i]);
        assert_int_equal(pair_put(&p, &made[i], DAF_BODY_HELD),
                         i <= DAF_FRONTIER_MAX ? DAF_PUT_NEW
                                               : DAF_PUT_DEFERRED);
    }
    /* 64 roots become one. */
    assert_int_equal(pair_put(&p, &made[0], DAF_BODY_HELD), DAF_PUT_NEW);
    pair_commit(&p);
    pair_compare_few(&p, made, DAF_FRONTIER_MAX + 2);
    pair_begin(&p);
    assert_int_equal(pair_put(&p, &made[DAF_FRONTIER_MAX + 1], DAF_BODY_HELD),
                     DAF_PUT_DEFERRED);
    assert_int_equal(pair_drop(&p, &made[1]), DAF_OK);
    assert_int_equal(pair_put(&p, &made[DAF_FRONTIER_MAX + 1], DAF_BODY_HELD),
                     DAF_PUT_NEW);
    pair_commit(&p);
    pair_compare_few(&p, made, DAF_FRONTIER_MAX + 2);
    pair_close(&p);
}

/* 63 first records alone and a path of three: without its middle it would be two
 * more tips in place of one. */
/* A record of its own log with a sealed body under the handle that @fill makes. */
static void put_sealed(struct pair *p, uint8_t fill, struct daf_made *out)
{
    static const uint8_t content[64];
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    const uint8_t seed[32] = {fill};
    uint8_t handle[16], body[256];
    struct daf_record r = {.log = daf_made_log(1, 1, fill), .seq = 1};
    struct daf_view bytes, header;
    enum daf_put a, b;
    struct daf_pack k;

    (void)crypto_sign_seed_keypair(pk.b, sk.b, seed);
    memset(handle, fill, sizeof(handle));
    daf_pack_init(&k, body, sizeof(body));
    daf_pack_array(&k, 5);
    daf_pack_uint(&k, 1);
    daf_pack_bin(&k, handle, 16);
    daf_pack_bin(&k, content, 24);
    daf_pack_bin(&k, content, 16);
    daf_pack_bin(&k, content, 64);
    bytes = daf_pack_view(&k);
    r.body_hash = daf_body_hash(bytes);
    r.body_len = (uint32_t)bytes.len;
    out->header_len = daf_record_sign(&r, &sk, out->header);
    out->r = r;
    out->spot = (struct daf_spot){r.seq, r.id};
    header = (struct daf_view){out->header, out->header_len};
    pair_begin(p);
    assert_int_equal(daf_notebook_put(p->model, &r, header, DAF_BODY_HELD,
                                      bytes, &a),
                     DAF_OK);
    assert_int_equal(daf_notebook_put(p->real, &r, header, DAF_BODY_HELD, bytes,
                                      &b),
                     DAF_OK);
    assert_int_equal(a, b);
    pair_commit(p);
}

static void what_is_erased_goes_in_both(void **state)
{
    const struct daf_handle handle = {
        {3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3, 3}};
    const struct daf_erase what = {.handles = &handle, .count = 1};
    struct daf_erase next = what;
    struct daf_made made[3];
    struct pair p;
    bool is_more = true;

    (void)state;
    pair_open(&p);
    for (uint8_t i = 0; i < 3; i++)
        put_sealed(&p, i + 2, &made[i]);
    pair_compare_few(&p, made, 3);
    pair_begin(&p);
    assert_int_equal(daf_notebook_erase(p.model, &what, &next, &is_more),
                     DAF_OK);
    assert_false(is_more);
    assert_int_equal(daf_notebook_erase(p.real, &what, &next, &is_more),
                     DAF_OK);
    assert_true(is_more); /* its journal */
    pair_commit(&p);
    pair_compare_few(&p, made, 3);
    assert_true(daf_notebook_holds(p.model, &made[0].r.log, 1));
    assert_false(daf_notebook_holds(p.model, &made[1].r.log, 1));
    assert_false(daf_notebook_holds(p.real, &made[1].r.log, 1));
    pair_close(&p);
}

static void a_drop_that_would_not_fit_is_refused(void **state)
{
    static struct daf_made made[DAF_FRONTIER_MAX + 2];
    struct daf_made_want want = {.log = daf_made_log(1, 1, 1)};
    const size_t bottom = DAF_FRONTIER_MAX - 1;
    struct pair p;

    (void)state;
    pair_open(&p);
    pair_begin(&p);
    for (size_t i = 0; i < DAF_FRONTIER_MAX + 2; i++) {
        want.seed = (uint32_t)i;
        if (i > bottom) want.prev = made[i - 1].spot;
        daf_made_record(&want, &made[i]);
        assert_int_equal(pair_put(&p, &made[i], DAF_BODY_HELD), DAF_PUT_NEW);
    }
    pair_acked(&p, 1, &made[bottom + 2]);
    pair_commit(&p);
    pair_begin(&p);
    assert_int_equal(pair_drop(&p, &made[bottom + 1]), DAF_ELIMIT);
    assert_int_equal(pair_drop(&p, &made[0]), DAF_OK);
    pair_commit(&p);
    pair_compare_few(&p, made, DAF_FRONTIER_MAX + 2);
    pair_begin(&p);
    assert_int_equal(pair_drop(&p, &made[bottom + 1]), DAF_OK);
    pair_commit(&p);
    pair_compare_few(&p, made, DAF_FRONTIER_MAX + 2);
    pair_close(&p);
}

static void an_author_has_at_most_64_logs(void **state)
{
    static struct daf_made made[DAF_INCARNATIONS_MAX + 1];
    struct pair p;

    (void)state;
    pair_open(&p);
    pair_begin(&p);
    for (uint32_t i = 0; i <= DAF_INCARNATIONS_MAX; i++) {
        struct daf_made_want want = {.log = daf_made_log(1, 1, i), .seed = i};
        daf_made_record(&want, &made[i]);
        assert_int_equal(pair_put(&p, &made[i], DAF_BODY_HELD),
                         i < DAF_INCARNATIONS_MAX ? DAF_PUT_NEW
                                                  : DAF_PUT_DEFERRED);
        if (i == 40) {
            pair_commit(&p);
            pair_begin(&p);
        }
    }
    /* One goes, in the batch, and there is room; a deferred log is not held. */
    pair_unchecked(&p, &(struct daf_stretch){made[DAF_INCARNATIONS_MAX].r.log,
                                             1, 1});
    assert_int_equal(pair_drop(&p, &made[3]), DAF_OK);
    assert_int_equal(pair_put(&p, &made[DAF_INCARNATIONS_MAX], DAF_BODY_HELD),
                     DAF_PUT_NEW);
    assert_int_equal(pair_put(&p, &made[3], DAF_BODY_HELD), DAF_PUT_DEFERRED);
    pair_commit(&p);
    pair_compare_few(&p, made, DAF_INCARNATIONS_MAX + 1);
    pair_close(&p);
}

/* ---- acknowledgements */

/* One log: 1 to 5, and 3 to 5 once more from another 3. */
static void make_fork(struct daf_made made[8])
{
    for (uint32_t i = 0; i < 8; i++) {
        struct daf_made_want want = {.log = daf_made_log(1, 1, 1), .seed = i};
        if (i > 0) want.prev = made[i == 5 ? 1 : i - 1].spot;
        daf_made_record(&want, &made[i]);
    }
}

static void put_some(struct pair *p, const struct daf_made *made, size_t count)
{
    pair_begin(p);
    for (size_t i = 0; i < count; i++)
        (void)pair_put(p, &made[i], DAF_BODY_HELD);
    pair_commit(p);
}

static void ack(struct pair *p, uint64_t first, const struct daf_made *last)
{
    pair_begin(p);
    pair_acked(p, first, last);
    pair_commit(p);
}

static bool is_unacked(struct pair *p, const struct daf_made *m)
{
    struct daf_mark mark;
    struct both q;

    pair_compare_begin(p, &q);
    pair_compare_unacked(&q, &m->r.log);
    enum daf_err err = q.a->unacked_next(q.a->ctx, &m->r.log.scope,
                                         &m->r.log.author, NULL, &mark);
    pair_compare_end(&q);
    return err == DAF_OK;
}

static void what_is_acked_goes_down_with_a_drop(void **state)
{
    struct daf_made made[8];
    struct pair p;

    (void)state;
    pair_open(&p);
    make_fork(made);
    put_some(&p, made, 5);
    ack(&p, 1, &made[4]);
    assert_false(is_unacked(&p, made));
    pair_begin(&p);
    assert_int_equal(pair_drop(&p, &made[2]), DAF_OK);
    pair_commit(&p);
    assert_true(is_unacked(&p, made));
    put_some(&p, made, 5);
    assert_true(is_unacked(&p, made));
    ack(&p, 4, &made[4]); /* 3 is lacking */
    assert_true(is_unacked(&p, made));
    ack(&p, 3, &made[4]);
    assert_false(is_unacked(&p, made));
    pair_close(&p);
}

static void an_ack_of_another_branch_does_not_join(void **state)
{
    struct daf_made made[8];
    struct pair p;

    (void)state;
    pair_open(&p);
    make_fork(made);
    put_some(&p, made, 8);
    ack(&p, 1, &made[3]);
    ack(&p, 5, &made[7]);
    assert_true(is_unacked(&p, made));
    ack(&p, 1, &made[4]);
    /* One branch is held as a whole; of the other nobody knows. */
    assert_true(is_unacked(&p, made));
    pair_begin(&p);
    for (size_t i = 5; i < 8; i++)
        assert_int_equal(pair_drop(&p, &made[i]), DAF_OK);
    pair_commit(&p);
    assert_false(is_unacked(&p, made));
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_worlds_give_the_same_answers),
        cmocka_unit_test(a_frontier_that_is_full_defers_and_keeps),
        cmocka_unit_test(what_is_erased_goes_in_both),
        cmocka_unit_test(a_drop_that_would_not_fit_is_refused),
        cmocka_unit_test(an_author_has_at_most_64_logs),
        cmocka_unit_test(what_is_acked_goes_down_with_a_drop),
        cmocka_unit_test(an_ack_of_another_branch_does_not_join),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);

    if (failed != 0) print_message("the last world: %u\n", current);
    return failed;
}
