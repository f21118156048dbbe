/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "proto/path.h"
#include "proto/rng.h"
#include "tests/lib/fake_index.h"

#include <sodium.h>

#define UNIVERSE_MAX 10000
#define BACK         4000 /* steps that a path may take back */
#define ROUNDS       400

/* All records of one log that anybody ever wrote. */
static struct {
    struct daf_record r;
    uint8_t header[DAF_HEADER_BYTES_MAX];
    size_t len;
} all[UNIVERSE_MAX];
static size_t all_count;

static struct daf_log_key the_log = {.incarnation = 3};
static struct daf_sign_sk sk;
static struct daf_head own_head, peer_head;

static const uint8_t body[] = {'b', 'o', 'd', 'y'};

static int make_key(void **state)
{
    struct daf_sign_pk pk;
    uint8_t seed[32] = {7};

    (void)state;
    return crypto_sign_seed_keypair(pk.b, sk.b, seed);
}

/* ---- a universe of records */

/* A record after all[parent]; the first of the log if @parent is SIZE_MAX. */
static size_t write_after(size_t parent)
{
    struct daf_record r = {.log = the_log, .seq = 1};
    size_t at = all_count++;

    assert_true(at < UNIVERSE_MAX);
    if (parent != SIZE_MAX) {
        r.seq = all[parent].r.seq + 1;
        r.prev = all[parent].r.id;
    }
    r.claimed_ms = at; /* forks differ */
    r.body_len = sizeof(body);
    all[at].len = daf_record_sign(&r, &sk, all[at].header);
    all[at].r = r;
    return at;
}

static void write_chain(size_t count)
{
    all_count = 0;
    for (size_t i = 0; i < count; i++)
        (void)write_after(i == 0 ? SIZE_MAX : i - 1);
}

static struct daf_spot spot_of(size_t i)
{
    return (struct daf_spot){all[i].r.seq, all[i].r.id};
}

static bool hold(struct daf_fake_index *f, size_t i)
{
    return daf_fake_index_put(f, &all[i].r,
                              (struct daf_view){all[i].header, all[i].len},
                              DAF_BODY_HELD,
                              (struct daf_view){body, sizeof(body)});
}

/* Holds all[first] to all[last]. */
static struct daf_fake_index *holder(size_t first, size_t last)
{
    struct daf_fake_index *f = daf_fake_index_new();

    for (size_t i = first; i <= last; i++)
        (void)hold(f, i);
    return f;
}

static bool held(struct daf_fake_index *f, const struct daf_spot *spot)
{
    const struct daf_index *index = daf_fake_index_view(f);
    struct daf_stored stored;

    return index->get(index->ctx, &the_log, spot, &stored) == DAF_OK;
}

static const struct daf_head *head_of(struct daf_fake_index *f,
                                      struct daf_head *out)
{
    const struct daf_index *index = daf_fake_index_view(f);
    enum daf_err err = index->head(index->ctx, &the_log, out);

    if (err == DAF_ENOTFOUND) return NULL;
    assert_int_equal(err, DAF_OK);
    return out;
}

static size_t steps; /* of the path that began last */

static enum daf_err begin(struct daf_fake_index *f, size_t want,
                          const struct daf_spot *haves, size_t count,
                          struct daf_path *out)
{
    struct daf_spot spot = spot_of(want);

    assert_non_null(head_of(f, &own_head));
    steps = BACK;
    return daf_path_begin(daf_fake_index_view(f), &own_head, &spot, haves,
                          count, out);
}

static void gives(struct daf_path *path, size_t i)
{
    struct daf_stored stored;

    assert_int_equal(daf_path_next(path, &stored), DAF_OK);
    assert_int_equal(stored.spot.seq, all[i].r.seq);
    assert_memory_equal(stored.spot.id.b, all[i].r.id.b, 32);
    assert_int_equal(stored.header.len, all[i].len);
    assert_memory_equal(stored.header.p, all[i].header, all[i].len);
    assert_int_equal(stored.body_state, DAF_BODY_HELD);
    assert_int_equal(stored.body.len, sizeof(body));
    assert_memory_equal(stored.body.p, body, sizeof(body));
}

static void ends(struct daf_path *path)
{
    struct daf_stored stored;

    assert_int_equal(daf_path_next(path, &stored), DAF_ENOTFOUND);
    assert_int_equal(daf_path_next(path, &stored), DAF_ENOTFOUND);
}

/* ---- one path */

static void a_chain_is_given_from_above_the_highest_have(void **state)
{
    struct daf_fake_index *f;
    struct daf_spot haves[5];
    struct daf_path path = {.steps = &steps};

    (void)state;
    write_chain(10);
    f = holder(0, 9);
    haves[0] = spot_of(1);
    haves[1] = spot_of(4);
    haves[2] = spot_of(2);
    haves[3] = (struct daf_spot){.seq = 6}; /* of a branch not held here */
    haves[4] = spot_of(9);                  /* above what is wanted */
    assert_int_equal(begin(f, 7, haves, 5, &path), DAF_OK);
    gives(&path, 5);
    gives(&path, 6);
    gives(&path, 7);
    ends(&path);
    assert_int_equal(begin(f, 1, NULL, 0, &path), DAF_OK);
    gives(&path, 0);
    gives(&path, 1);
    ends(&path);
    daf_fake_index_free(f);
}

static void a_chain_without_its_beginning_is_given_from_its_root(void **state)
{
    struct daf_fake_index *f;
    struct daf_spot have;
    struct daf_path path = {.steps = &steps};

    (void)state;
    write_chain(8);
    f = holder(4, 7);
    have = spot_of(3);
    assert_int_equal(begin(f, 5, &have, 1, &path), DAF_OK);
    gives(&path, 4);
    gives(&path, 5);
    ends(&path);
    have = spot_of(4); /* the root itself */
    assert_int_equal(begin(f, 5, &have, 1, &path), DAF_OK);
    gives(&path, 5);
    ends(&path);
    assert_int_equal(begin(f, 4, NULL, 0, &path), DAF_OK);
    gives(&path, 4);
    ends(&path);
    daf_fake_index_free(f);
}

static void what_is_not_held_or_not_lacked_is_not_given(void **state)
{
    struct daf_fake_index *f;
    struct daf_spot have;
    struct daf_path path = {.steps = &steps};

    (void)state;
    write_chain(8);
    f = holder(2, 5);
    assert_int_equal(begin(f, 1, NULL, 0, &path), DAF_ENOTFOUND);
    assert_int_equal(begin(f, 6, NULL, 0, &path), DAF_ENOTFOUND);
    have = spot_of(4);
    assert_int_equal(begin(f, 4, &have, 1, &path), DAF_EEXISTS);
    (void)hold(f, 7); /* a gap: the general way says the same */
    assert_int_equal(begin(f, 6, NULL, 0, &path), DAF_ENOTFOUND);
    assert_int_equal(begin(f, 4, &have, 1, &path), DAF_EEXISTS);
    daf_fake_index_free(f);
}

static void a_gap_begins_a_path_of_its_own(void **state)
{
    struct daf_fake_index *f;
    struct daf_path path = {.steps = &steps};

    (void)state;
    write_chain(9);
    f = holder(0, 2);
    (void)hold(f, 5);
    (void)hold(f, 6);
    assert_int_equal(begin(f, 6, NULL, 0, &path), DAF_OK);
    gives(&path, 5);
    gives(&path, 6);
    ends(&path);
    assert_int_equal(begin(f, 2, NULL, 0, &path), DAF_OK);
    gives(&path, 0);
    gives(&path, 1);
    gives(&path, 2);
    ends(&path);
    daf_fake_index_free(f);
}

/* 0-1-2-3-4-5
 *    \ \6-7-8     6 after 1, 9 after 2
 *       \9-10 */
static void each_branch_of_a_fork_has_its_own_path(void **state)
{
    struct daf_fake_index *f;
    struct daf_spot haves[2];
    struct daf_path path = {.steps = &steps};

    (void)state;
    write_chain(6);
    (void)write_after(1);
    (void)write_after(6);
    (void)write_after(7);
    (void)write_after(2);
    (void)write_after(9);
    f = holder(0, 10);
    assert_int_equal(begin(f, 8, NULL, 0, &path), DAF_OK);
    gives(&path, 0);
    gives(&path, 1);
    gives(&path, 6);
    gives(&path, 7);
    gives(&path, 8);
    ends(&path);
    haves[0] = spot_of(1);
    haves[1] = spot_of(5); /* on another branch: says nothing here */
    assert_int_equal(begin(f, 10, haves, 2, &path), DAF_OK);
    gives(&path, 2);
    gives(&path, 9);
    gives(&path, 10);
    ends(&path);
    daf_fake_index_free(f);
}

static void a_record_that_did_not_fit_is_taken_back(void **state)
{
    struct daf_path path = {.steps = &steps}, before;
    struct daf_fake_index *f;

    (void)state;
    write_chain(4);
    f = holder(0, 3);
    assert_int_equal(begin(f, 3, NULL, 0, &path), DAF_OK);
    gives(&path, 0);
    before = path;
    gives(&path, 1);
    path = before;
    gives(&path, 1);
    gives(&path, 2);
    before = path;
    gives(&path, 3);
    path = before;
    gives(&path, 3);
    ends(&path);
    assert_true(sizeof(path) < 300);
    daf_fake_index_free(f);
}

static void a_long_chain_is_never_walked(void **state)
{
    struct daf_spot haves[DAF_HAVES_MAX];
    struct daf_fake_index *puller, *f;
    struct daf_path path = {.steps = &steps};
    size_t count;

    (void)state;
    write_chain(2000);
    puller = holder(0, 999);
    f = holder(0, 1999);
    count = daf_path_haves(daf_fake_index_view(puller),
                           head_of(puller, &peer_head), false, haves);
    assert_int_equal(count, 1);
    (void)daf_fake_index_calls(f);
    assert_int_equal(begin(f, 1999, haves, count, &path), DAF_OK);
    /* head, want, and the first have is the highest */
    assert_int_equal(daf_fake_index_calls(f), 3);
    for (size_t i = 1000; i < 2000; i++)
        gives(&path, i);
    ends(&path);
    assert_in_range(daf_fake_index_calls(f), 1000, 2000);
    daf_fake_index_free(puller);
    daf_fake_index_free(f);
}

static void an_index_that_changed_or_fails_is_told(void **state)
{
    struct daf_stored stored;
    struct daf_fake_index *f;
    struct daf_path path = {.steps = &steps};
    struct daf_spot want;
    enum daf_err err;

    (void)state;
    write_chain(6);
    (void)write_after(2);
    f = holder(0, 1);
    (void)hold(f, 4);
    assert_non_null(head_of(f, &own_head));
    own_head.tips_count = own_head.roots_count = 1;
    own_head.roots[0] = spot_of(0);
    want = spot_of(4);
    steps = BACK;
    assert_int_equal(daf_path_begin(daf_fake_index_view(f), &own_head, &want,
                                    NULL, 0, &path),
                     DAF_OK);
    gives(&path, 0);
    gives(&path, 1);
    assert_int_equal(daf_path_next(&path, &stored), DAF_ECORRUPT);
    daf_fake_index_free(f);

    f = holder(0, 6);
    for (size_t n = 0; n < 40; n++) {
        assert_non_null(head_of(f, &own_head));
        want = spot_of(5);
        daf_fake_index_fail(f, n);
        steps = BACK;
        err = daf_path_begin(daf_fake_index_view(f), &own_head, &want, NULL, 0,
                             &path);
        while (err == DAF_OK)
            err = daf_path_next(&path, &stored);
        if (err == DAF_ENOTFOUND)
            assert_true(n > 12);
        else
            assert_int_equal(err, DAF_EIO);
        daf_fake_index_fail(f, SIZE_MAX);
    }
    daf_fake_index_free(f);
}

static void a_long_forked_log_is_given_a_stretch_at_a_time(void **state)
{
    const size_t length = BACK + 500;
    struct daf_fake_index *f;
    struct daf_spot want;
    struct daf_path path = {.steps = &steps};
    size_t tip;

    (void)state;
    write_chain(length);
    tip = write_after(length - 2); /* a second tip: no longer a chain */
    f = holder(0, tip);
    (void)daf_fake_index_calls(f);
    assert_int_equal(begin(f, tip, NULL, 0, &path), DAF_OK);
    assert_in_range(daf_fake_index_calls(f), 0, BACK + 2);
    assert_int_equal(steps, 0);
    /* As far back as was walked, then upwards. */
    gives(&path, length - 1 - BACK);
    gives(&path, length - BACK);
    /* The puller comes back for the predecessor of its new root. */
    assert_int_equal(begin(f, length - 2 - BACK, NULL, 0, &path), DAF_OK);
    gives(&path, 0);
    /* No steps left: what was wanted, and nothing below it. */
    steps = 0;
    want = spot_of(tip);
    assert_int_equal(daf_path_begin(daf_fake_index_view(f), &own_head, &want,
                                    NULL, 0, &path),
                     DAF_OK);
    gives(&path, tip);
    ends(&path);
    daf_fake_index_free(f);
}

/* ---- haves and wants */

static void haves_thin_out_below_the_highest_tip(void **state)
{
    struct daf_spot haves[DAF_HAVES_MAX];
    struct daf_fake_index *f;
    size_t count, d = 1;

    (void)state;
    write_chain(1100);
    f = holder(100, 1099);
    count = daf_path_haves(daf_fake_index_view(f), head_of(f, &own_head), true,
                           haves);
    assert_int_equal(haves[0].seq, 1100);
    for (size_t i = 1; i < count; i++, d *= 2) {
        /* 1024 below nothing is held: the next above it. */
        assert_int_equal(haves[i].seq, d < 1000 ? 1100 - d : 101);
        assert_true(held(f, &haves[i]));
    }
    assert_int_equal(count, 12);
    /* At first the tip alone: mostly the peer holds it. */
    assert_int_equal(daf_path_haves(daf_fake_index_view(f), &own_head, false,
                                    haves),
                     1);
    assert_int_equal(haves[0].seq, 1100);
    assert_int_equal(daf_path_haves(daf_fake_index_view(f), NULL, false, haves),
                     0);
    assert_int_equal(daf_path_haves(daf_fake_index_view(f), NULL, true, haves),
                     0);
    daf_fake_index_free(f);
}

static bool is_tip(const struct daf_head *head, const struct daf_spot *spot)
{
    for (size_t i = 0; i < head->tips_count; i++) {
        if (memcmp(head->tips[i].id.b, spot->id.b, 32) == 0) return true;
    }
    return false;
}

static void haves_name_some_of_many_tips_and_none_twice(void **state)
{
    struct daf_spot haves[DAF_HAVES_MAX];
    struct daf_fake_index *f;
    size_t count;

    (void)state;
    write_chain(40);
    for (size_t i = 0; i < 50; i++)
        (void)write_after(i % 30);
    f = holder(0, all_count - 1);
    assert_int_equal(head_of(f, &own_head)->tips_count, 51);
    count = daf_path_haves(daf_fake_index_view(f), &own_head, false, haves);
    assert_int_equal(count, 51); /* without samples there is room for all */
    assert_int_equal(haves[0].seq, 40);
    for (size_t i = 0; i < count; i++)
        assert_true(is_tip(&own_head, &haves[i]));
    count = daf_path_haves(daf_fake_index_view(f), &own_head, true, haves);
    assert_in_range(count, DAF_PATH_TIPS_MAX + 1, DAF_HAVES_MAX);
    assert_int_equal(haves[0].seq, 40);
    for (size_t i = 0; i < count; i++) {
        assert_true(held(f, &haves[i]));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(haves[i].id.b, haves[j].id.b, 32);
    }
    daf_fake_index_free(f);
}

static void wants_are_what_is_below_own_roots(void **state)
{
    struct daf_spot wants[DAF_WANTS_MAX];
    struct daf_fake_index *f;

    (void)state;
    write_chain(9);
    (void)write_after(4); /* 9: a second tip, and a second root above 4 */
    (void)write_after(SIZE_MAX); /* 10: a root at seq 1 has nothing below */
    f = holder(5, 6);
    (void)hold(f, 9);
    (void)hold(f, 8);
    (void)hold(f, 10);
    assert_int_equal(head_of(f, &own_head)->roots_count, 4);
    /* 4 is below two of the roots and wanted once. */
    assert_int_equal(daf_path_wants(daf_fake_index_view(f), &own_head, wants),
                     2);
    for (size_t i = 0; i < 2; i++) {
        size_t below = wants[i].seq == 5 ? 4 : 7;

        assert_int_equal(wants[i].seq, below + 1);
        assert_memory_equal(wants[i].id.b, all[below].r.id.b, 32);
    }
    assert_true(wants[0].seq != wants[1].seq);
    /* Nothing held: the tips, which every WANT asks for. */
    assert_int_equal(daf_path_wants(daf_fake_index_view(f), NULL, wants), 0);
    daf_fake_index_free(f);

    f = holder(0, 8); /* whole */
    assert_int_equal(daf_path_wants(daf_fake_index_view(f),
                                    head_of(f, &own_head), wants),
                     0);
    daf_fake_index_free(f);
}

static void as_many_roots_as_there_may_be_are_all_wanted(void **state)
{
    struct daf_spot wants[DAF_WANTS_MAX];
    struct daf_fake_index *f = daf_fake_index_new();
    size_t count;

    (void)state;
    write_chain(2 * DAF_FRONTIER_MAX + 1);
    for (size_t i = 2; i <= (size_t)2 * DAF_FRONTIER_MAX; i += 2)
        (void)hold(f, i); /* a gap below each */
    assert_int_equal(head_of(f, &own_head)->roots_count, DAF_FRONTIER_MAX);
    count = daf_path_wants(daf_fake_index_view(f), &own_head, wants);
    assert_int_equal(count, DAF_FRONTIER_MAX);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(wants[i].seq % 2, 0);
        assert_false(held(f, &wants[i]));
        for (size_t j = 0; j < i; j++)
            assert_true(wants[i].seq != wants[j].seq);
    }
    daf_fake_index_free(f);
}

static void one_have_that_is_held_is_enough_to_know_a_log(void **state)
{
    const struct daf_index *index;
    struct daf_fake_index *f;
    struct daf_spot haves[3];
    struct daf_log_key other = the_log;

    (void)state;
    write_chain(6);
    f = holder(1, 3);
    index = daf_fake_index_view(f);
    haves[0] = spot_of(5);
    haves[1] = (struct daf_spot){.seq = 2}; /* its seq, not its id */
    haves[2] = spot_of(3);
    assert_true(daf_path_knows(index, &the_log, haves, 3));
    assert_false(daf_path_knows(index, &the_log, haves, 2));
    assert_false(daf_path_knows(index, &the_log, haves, 0));
    assert_false(daf_path_knows(index, &the_log, NULL, 0));
    other.incarnation++;
    assert_false(daf_path_knows(index, &other, haves, 3));
    /* A store that fails knows nothing: the answer says "say more". */
    daf_fake_index_fail(f, 0);
    assert_false(daf_path_knows(index, &the_log, haves, 3));
    daf_fake_index_fail(f, SIZE_MAX);
    daf_fake_index_free(f);
}

/* ---- any history */

/* A log that forks now and then, some of it at its very beginning. */
static void write_random(struct daf_rng *rng)
{
    size_t count = 1 + (size_t)daf_rng_below(rng, 60);
    uint64_t forks = daf_rng_below(rng, 8); /* of 16 records; often none */

    all_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && daf_rng_below(rng, 16) >= forks)
            (void)write_after(i - 1);
        else if (i > 0 && daf_rng_below(rng, 8) > 0)
            (void)write_after((size_t)daf_rng_below(rng, i));
        else
            (void)write_after(SIZE_MAX);
    }
}

/* Some of it: all but a few, or only a few, or one stretch. */
static struct daf_fake_index *hold_some(struct daf_rng *rng)
{
    struct daf_fake_index *f = daf_fake_index_new();
    uint64_t odds = daf_rng_below(rng, 9);
    size_t first = (size_t)daf_rng_below(rng, all_count);
    size_t last = (size_t)daf_rng_below(rng, all_count);
    bool stretch = daf_rng_below(rng, 2) == 0;

    for (size_t i = 0; i < all_count; i++) {
        if (stretch ? i >= first && i <= last : daf_rng_below(rng, 8) < odds)
            (void)hold(f, i);
    }
    return f;
}

/* Everything that @path gives goes to @puller. */
static void pull_path(struct daf_fake_index *puller, struct daf_fake_index *f,
                      struct daf_path *path, const struct daf_spot *haves,
                      size_t haves_count)
{
    struct daf_record r, last = {0};
    struct daf_stored stored;
    enum daf_err err;

    while ((err = daf_path_next(path, &stored)) == DAF_OK) {
        struct daf_spot prev;

        assert_int_equal(daf_record_decode(stored.header, &r), DAF_OK);
        prev = (struct daf_spot){r.seq - 1, r.prev};
        for (size_t i = 0; i < haves_count; i++)
            assert_memory_not_equal(r.id.b, haves[i].id.b, 32);
        if (last.seq > 0) assert_true(daf_record_follows(&last, &r));
        (void)daf_fake_index_put(puller, &r, stored.header, stored.body_state,
                                 stored.body);
        if (last.seq == 0 && r.seq > 1 && held(f, &prev)) {
            bool named = false;

            for (size_t i = 0; i < haves_count; i++)
                named = named || memcmp(haves[i].id.b, prev.id.b, 32) == 0;
            assert_true(named); /* else it began too high */
        }
        last = r;
        last.ext = (struct daf_view){NULL, 0};
    }
    assert_int_equal(err, DAF_ENOTFOUND);
    assert_memory_equal(last.id.b, path->want.id.b, 32);
}

/* One path of the answer; what is held here already is not lacked. */
static void pull_one(struct daf_fake_index *puller, struct daf_fake_index *f,
                     const struct daf_spot *want, const struct daf_spot *haves,
                     size_t haves_count)
{
    struct daf_path path = {.steps = &steps};
    enum daf_err err;

    steps = BACK;
    err = daf_path_begin(daf_fake_index_view(f), &peer_head, want, haves,
                         haves_count, &path);
    if (err == DAF_EEXISTS) {
        assert_true(held(puller, want));
        return;
    }
    assert_int_equal(err, held(f, want) ? DAF_OK : DAF_ENOTFOUND);
    if (err == DAF_OK) pull_path(puller, f, &path, haves, haves_count);
}

/* One WANT of @puller, answered by @f: the answerer's tips, and the wants. */
static void pull(struct daf_fake_index *puller, struct daf_fake_index *f,
                 bool deep)
{
    struct daf_spot wants[DAF_WANTS_MAX], haves[DAF_HAVES_MAX];
    const struct daf_index *to = daf_fake_index_view(puller);
    const struct daf_head *own = head_of(puller, &own_head);
    size_t wants_count, haves_count;

    if (head_of(f, &peer_head) == NULL) return;
    wants_count = daf_path_wants(to, own, wants);
    haves_count = daf_path_haves(to, own, deep, haves);
    for (size_t i = 0; i < peer_head.tips_count; i++)
        pull_one(puller, f, &peer_head.tips[i], haves, haves_count);
    for (size_t i = 0; i < wants_count; i++)
        pull_one(puller, f, &wants[i], haves, haves_count);
}

static void one_exchange_brings_all_that_the_peer_holds(void **state)
{
    (void)state;
    for (uint64_t seed = 0; seed < (uint64_t)2 * ROUNDS; seed++) {
        struct daf_fake_index *puller, *f;
        uint8_t bytes[32] = {0};
        struct daf_rng rng;

        memcpy(bytes, &seed, sizeof(seed));
        daf_rng_init(&rng, bytes);
        write_random(&rng);
        puller = hold_some(&rng);
        f = hold_some(&rng);
        pull(puller, f, seed % 2 == 0);
        for (size_t i = 0; i < all_count; i++) {
            struct daf_spot spot = spot_of(i);

            if (held(f, &spot) && !held(puller, &spot))
                fail_msg("seed %u: record %zu did not come", (unsigned)seed, i);
        }
        daf_fake_index_free(puller);
        daf_fake_index_free(f);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_chain_is_given_from_above_the_highest_have),
        cmocka_unit_test(a_chain_without_its_beginning_is_given_from_its_root),
        cmocka_unit_test(what_is_not_held_or_not_lacked_is_not_given),
        cmocka_unit_test(a_gap_begins_a_path_of_its_own),
        cmocka_unit_test(each_branch_of_a_fork_has_its_own_path),
        cmocka_unit_test(a_record_that_did_not_fit_is_taken_back),
        cmocka_unit_test(a_long_chain_is_never_walked),
        cmocka_unit_test(a_long_forked_log_is_given_a_stretch_at_a_time),
        cmocka_unit_test(an_index_that_changed_or_fails_is_told),
        cmocka_unit_test(haves_thin_out_below_the_highest_tip),
        cmocka_unit_test(haves_name_some_of_many_tips_and_none_twice),
        cmocka_unit_test(wants_are_what_is_below_own_roots),
        cmocka_unit_test(as_many_roots_as_there_may_be_are_all_wanted),
        cmocka_unit_test(one_have_that_is_held_is_enough_to_know_a_log),
        cmocka_unit_test(one_exchange_brings_all_that_the_peer_holds),
    };

    return cmocka_run_group_tests(tests, make_key, NULL);
}
