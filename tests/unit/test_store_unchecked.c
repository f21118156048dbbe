/* SPDX-License-Identifier: Apache-2.0 */

/* Signatures verified later: stretches; what goes when one fails; and what
 * peers hold of an own log. */

#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/rng.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#define SEQS 40

struct home {
    char *dir;
    struct daf_store *s;
    const struct daf_index *x;
    struct daf_log_key log;
};

static int open_home(void **state)
{
    struct home *h = calloc(1, sizeof(*h));
    assert_non_null(h);
    h->dir = daf_tmpdir_new();
    h->s = daf_made_open(h->dir, DAF_STORE_WRITER);
    h->x = daf_store_index(h->s);
    h->log = daf_made_log(1, 1, 1);
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

/* A chain above @below; the caller has begun. */
static void append(struct home *h, struct daf_spot below, size_t count,
                   uint32_t seed, struct daf_spot *out)
{
    struct daf_made m;
    struct daf_made_want want = {.log = h->log,
                                 .body_len = 50,
                                 .prev = below,
                                 .seed = seed};
    for (size_t i = 0; i < count; i++) {
        daf_made_record(&want, &m);
        assert_int_equal(daf_made_put(h->s, &m, DAF_BODY_HELD), DAF_PUT_NEW);
        out[i] = want.prev = m.spot;
    }
}

static void commit_chain(struct home *h, struct daf_spot below, size_t count,
                         uint32_t seed, struct daf_spot *out)
{
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    append(h, below, count, seed, out);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
}

static uint64_t findings(struct daf_store *s)
{
    struct daf_store_check check;
    assert_int_equal(daf_store_check(s, NULL, NULL, NULL, &check), DAF_OK);
    return check.bad;
}

static void drop(struct home *h, const struct daf_spot *spot,
                 enum daf_err expected)
{
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_store_drop(h->s, &h->log, spot), expected);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
}

/* ---- stretches */

static void expect_stretches(struct home *h, const bool *is_unchecked,
                             const struct daf_spot *spots)
{
    struct daf_stretch found;
    uint64_t first = 1;
    while (first <= SEQS && !is_unchecked[first])
        first++;
    enum daf_err err = h->x->unchecked_next(h->x->ctx, &found);
    assert_int_equal(err, first <= SEQS ? DAF_OK : DAF_ENOTFOUND);
    if (err == DAF_OK) {
        uint64_t last = first;
        while (last < SEQS && is_unchecked[last + 1])
            last++;
        assert_int_equal(found.first, first);
        assert_int_equal(found.last, last);
        assert_true(found.log.incarnation == h->log.incarnation);
        assert_memory_equal(&found.log.scope, &h->log.scope, 16);
        assert_memory_equal(&found.log.author, &h->log.author, 16);
    }
    for (uint64_t seq = 1; seq <= SEQS; seq++)
        assert_true(h->x->is_checked(h->x->ctx, &h->log, &spots[seq - 1]) !=
                    is_unchecked[seq]);
}

static void stretches_are_joined_and_cut(void **state)
{
    struct home *h = *state;
    struct daf_spot spots[SEQS], stranger = {.seq = 1};
    bool is_unchecked[SEQS + 2] = {false};
    const uint8_t seed[32] = {0x77};
    struct daf_rng rng;
    daf_rng_init(&rng, seed);
    commit_chain(h, (struct daf_spot){0}, SEQS, 1, spots);
    for (int i = 0; i < 400; i++) {
        bool adds = daf_rng_below(&rng, 2) == 0;
        uint64_t first = 1 + daf_rng_below(&rng, SEQS);
        uint64_t last = first + daf_rng_below(&rng, 9);
        struct daf_stretch what = {h->log, first, last < SEQS ? last : SEQS};
        assert_int_equal(daf_store_begin(h->s), DAF_OK);
        assert_int_equal(adds ? daf_store_unchecked(h->s, &what)
                              : daf_store_checked(h->s, &what),
                         DAF_OK);
        if (i % 5 == 4) {
            daf_store_rollback(h->s);
        } else {
            assert_int_equal(daf_store_commit(h->s), DAF_OK);
            for (uint64_t seq = what.first; seq <= what.last; seq++)
                is_unchecked[seq] = adds;
        }
        expect_stretches(h, is_unchecked, spots);
    }
    assert_int_equal(findings(h->s), 0);
    assert_false(h->x->is_checked(h->x->ctx, &h->log, &stranger));
    struct daf_stretch all = {h->log, 1, DAF_INT_MAX};
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_store_unchecked(h->s, &all), DAF_OK);
    assert_int_equal(daf_store_unchecked(h->s, &all), DAF_OK);
    assert_int_equal(daf_store_checked(h->s, &all), DAF_OK);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    expect_stretches(h, (bool[SEQS + 2]){false}, spots);
}

static void a_stretch_of_nothing_is_not_kept(void **state)
{
    struct home *h = *state;
    struct daf_stretch what = {h->log, 1, 3};
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_store_unchecked(h->s, &what), DAF_ENOTFOUND);
    assert_int_equal(daf_store_checked(h->s, &what), DAF_OK);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    assert_int_equal(h->x->unchecked_next(h->x->ctx, &what), DAF_ENOTFOUND);
}

static enum daf_err refuse_third(void *ctx, struct daf_view header)
{
    struct daf_record r;
    (void)ctx;
    assert_int_equal(daf_record_decode(header, &r), DAF_OK);
    return r.seq == 3 ? DAF_ESIG : DAF_OK;
}

static void keep_words(void *ctx, const struct daf_store_bad *bad)
{
    (void)snprintf(ctx, 250, "%s: %s", bad->what, bad->where);
}

/* That it is not verified yet is no excuse: who reads all is told. */
static void an_unchecked_signature_that_fails_is_a_finding(void **state)
{
    struct home *h = *state;
    struct daf_store_check check;
    struct daf_spot spots[4];
    struct daf_stretch what = {h->log, 1, 4};
    char words[250] = "", id[65];
    commit_chain(h, (struct daf_spot){0}, 4, 1, spots);
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_store_unchecked(h->s, &what), DAF_OK);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    assert_int_equal(daf_store_check(h->s, refuse_third, keep_words, words,
                                     &check),
                     DAF_OK);
    assert_int_equal(check.bad, 1);
    assert_non_null(strstr(words, "signature: log "));
    assert_non_null(strstr(words, " seq 3 "));
    for (size_t i = 0; i < 32; i++)
        (void)snprintf(id + 2 * i, 3, "%02x", spots[2].id.b[i]);
    assert_non_null(strstr(words, id));
}

/* ---- dropping */

static void the_last_record_takes_its_log_with_it(void **state)
{
    struct home *h = *state;
    struct daf_spot spots[3];
    struct daf_stretch what = {h->log, 1, 3};
    struct daf_head head;
    commit_chain(h, (struct daf_spot){0}, 3, 1, spots);
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_store_unchecked(h->s, &what), DAF_OK);
    assert_int_equal(daf_store_acked(h->s, &h->log, 1, &spots[2]), DAF_OK);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    drop(h, &spots[1], DAF_OK);
    drop(h, &spots[1], DAF_ENOTFOUND);
    assert_int_equal(daf_store_acked_seq(h->s, &h->log), 1);
    drop(h, &spots[0], DAF_OK);
    assert_int_equal(daf_store_acked_seq(h->s, &h->log), 0);
    drop(h, &spots[2], DAF_OK);
    assert_int_equal(h->x->head(h->x->ctx, &h->log, &head), DAF_ENOTFOUND);
    assert_int_equal(h->x->unchecked_next(h->x->ctx, &what), DAF_ENOTFOUND);
    assert_int_equal(findings(h->s), 0);
    drop(h, &spots[2], DAF_ENOTFOUND);
}

static void a_log_that_went_makes_room_for_another(void **state)
{
    struct home *h = *state;
    struct daf_spot spot, first;
    struct daf_made m;
    for (uint64_t i = 0; i < DAF_INCARNATIONS_MAX; i++) {
        h->log.incarnation = i;
        commit_chain(h, (struct daf_spot){0}, 1, 1, &spot);
        if (i == 0) first = spot;
    }
    struct daf_made_want want = {.log = daf_made_log(1, 1, 900), .body_len = 5};
    daf_made_record(&want, &m);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_HELD),
                     DAF_PUT_DEFERRED);
    h->log.incarnation = 0;
    drop(h, &first, DAF_OK);
    assert_int_equal(daf_made_commit(h->s, &m, DAF_BODY_HELD), DAF_PUT_NEW);
    assert_int_equal(findings(h->s), 0);
}

/* 64 branches grow out of it, and what is below is a root already. */
static void what_would_not_fit_the_frontier_stays(void **state)
{
    struct home *h = *state;
    struct daf_spot trunk[2], tip;
    commit_chain(h, (struct daf_spot){0}, 2, 1, trunk);
    for (uint32_t i = 0; i < DAF_FRONTIER_MAX; i++)
        commit_chain(h, trunk[1], 1, 10 + i, &tip);
    drop(h, &trunk[1], DAF_ELIMIT);
    assert_int_equal(findings(h->s), 0);
    drop(h, &tip, DAF_OK);
    drop(h, &trunk[1], DAF_OK); /* 63 and the one below */
    assert_int_equal(findings(h->s), 0);
}

/* ---- what peers hold */

static void acknowledge(struct home *h, uint64_t seq_first,
                        const struct daf_spot *last, enum daf_err expected,
                        uint64_t seq)
{
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_store_acked(h->s, &h->log, seq_first, last), expected);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    assert_int_equal(daf_store_acked_seq(h->s, &h->log), seq);
}

static void a_path_of_any_length_is_acknowledged(void **state)
{
    enum { LONG = 2500 };
    static struct daf_spot main_spots[LONG], side[LONG], fork;
    struct home *h = *state;
    struct daf_spot nothing = {.seq = 2000};
    commit_chain(h, (struct daf_spot){0}, LONG, 1, main_spots);
    acknowledge(h, 1, &nothing, DAF_ENOTFOUND, 0);
    acknowledge(h, 2, &main_spots[LONG - 1], DAF_OK, 0); /* a gap */
    acknowledge(h, 1, &main_spots[1999], DAF_OK, 2000);
    acknowledge(h, 1, &main_spots[1000], DAF_OK, 2000);
    acknowledge(h, 2002, &main_spots[LONG - 1], DAF_OK, 2000);

    /* Forked above what is acknowledged, and below it. */
    commit_chain(h, main_spots[1999], LONG, 2, side);
    acknowledge(h, 2001, &side[LONG - 1], DAF_OK, 2000 + LONG);
    commit_chain(h, main_spots[9], 1, 3, &fork);
    acknowledge(h, 11, &fork, DAF_OK, 2000 + LONG);
    acknowledge(h, 1, &main_spots[LONG - 1], DAF_OK, 2000 + LONG);
    assert_int_equal(findings(h->s), 0);
}

static void the_branch_that_was_not_acknowledged_stays_so(void **state)
{
    struct home *h = *state;
    struct daf_spot trunk[5], a[5], b[9];
    commit_chain(h, (struct daf_spot){0}, 5, 1, trunk);
    commit_chain(h, trunk[4], 5, 2, a);
    commit_chain(h, trunk[4], 9, 3, b);
    acknowledge(h, 1, &a[3], DAF_OK, 9);
    acknowledge(h, 1, &b[8], DAF_OK, 9);
    drop(h, &b[5], DAF_OK);
    assert_int_equal(daf_store_acked_seq(h->s, &h->log), 9);
    acknowledge(h, 1, &b[8], DAF_ENOTFOUND, 9); /* its path has a gap */
    drop(h, &a[0], DAF_OK);
    assert_int_equal(daf_store_acked_seq(h->s, &h->log), 5);
    assert_int_equal(findings(h->s), 0);
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, open_home, close_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE(stretches_are_joined_and_cut),
        HERE(a_stretch_of_nothing_is_not_kept),
        HERE(an_unchecked_signature_that_fails_is_a_finding),
        HERE(the_last_record_takes_its_log_with_it),
        HERE(a_log_that_went_makes_room_for_another),
        HERE(what_would_not_fit_the_frontier_stays),
        HERE(a_path_of_any_length_is_acknowledged),
        HERE(the_branch_that_was_not_acknowledged_stays_so),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
