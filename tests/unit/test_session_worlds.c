/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever the histories and wherever the connection breaks: after enough
 * contacts all devices hold the same records, and then they have nothing to say.
 *
 * A world is made from one number, which is printed when it fails; give it as
 * the first argument to play that world alone. */
#include "tests/lib/t.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/lib/session_pair.h"

#define SMALL_WORLDS 300
#define SIDES_MAX    4
#define CONTACTS_MAX 60 /* of each pair */

struct world {
    struct session_pair_camp *camp;
    size_t count, cap;
    struct session_pair_record *records; /* all that anybody ever wrote */
    bool *is_bad;                        /* its signature does not verify */
    size_t sides_count;
    struct session_pair *sides[SIDES_MAX];
    struct daf_rng rng;
};

static uint64_t only; /* the world to play, if one was named */

/* ---- making */

static void world_init(struct world *w, uint64_t seed, size_t devices,
                       size_t sides)
{
    uint8_t bytes[32] = {0};

    memset(w, 0, sizeof(*w));
    memcpy(bytes, &seed, sizeof(seed));
    daf_rng_init(&w->rng, bytes);
    w->camp = session_pair_camp_new(devices);
    w->sides_count = sides;
    for (size_t i = 0; i < sides; i++)
        w->sides[i] = session_pair_new(w->camp, i);
}

static void world_deinit(struct world *w)
{
    for (size_t i = 0; i < w->sides_count; i++)
        session_pair_free(w->sides[i]);
    for (size_t i = 0; i < w->count; i++)
        session_pair_record_free(&w->records[i]);
    free(w->records);
    free(w->is_bad);
    session_pair_camp_free(w->camp);
}

static size_t below(struct world *w, uint64_t bound)
{
    return (size_t)daf_rng_below(&w->rng, bound);
}

/* A record after records[prev], or a log's first if @prev is SIZE_MAX. */
static size_t append(struct world *w, size_t author,
                     enum session_pair_scope scope, uint64_t incarnation,
                     size_t prev, size_t len)
{
    size_t at = w->count++;

    if (at == w->cap) {
        w->cap = w->cap == 0 ? 64 : 2 * w->cap;
        w->records = realloc(w->records, w->cap * sizeof(w->records[0]));
        w->is_bad = realloc(w->is_bad, w->cap * sizeof(w->is_bad[0]));
        assert_non_null(w->records);
        assert_non_null(w->is_bad);
    }
    session_pair_write(w->camp, author, scope, incarnation,
                       prev == SIZE_MAX ? NULL : &w->records[prev], at, len,
                       &w->records[at]);
    w->is_bad[at] = false;
    return at;
}

static size_t body_len(struct world *w, size_t most)
{
    return below(w, 6) == 0 ? below(w, most) : below(w, 100);
}

/* One log: mostly a chain, now and then a fork, a few records long. */
static void write_log(struct world *w, size_t author,
                      enum session_pair_scope scope, uint64_t incarnation,
                      size_t records, size_t most, bool with_rubbish)
{
    size_t first = w->count, tip = SIZE_MAX;

    for (size_t i = 0; i < records; i++) {
        size_t prev = tip;

        if (i > 0 && below(w, 8) == 0) prev = first + below(w, i);
        tip = append(w, author, scope, incarnation, prev, body_len(w, most));
        if (with_rubbish && below(w, 10) == 0) {
            /* What comes after it names the id that the others refuse. */
            session_pair_spoil(&w->records[tip]);
            w->is_bad[tip] = true;
        }
    }
}

/* A few logs of a few authors in the scopes that they may write. */
static void write_histories(struct world *w, size_t most, bool with_rubbish)
{
    static const enum session_pair_scope scopes[] = {SESSION_PAIR_CLASS,
                                                     SESSION_PAIR_CAMP};
    size_t logs = 1 + below(w, 6);

    for (size_t i = 0; i < logs; i++)
        write_log(w, below(w, w->camp->count), scopes[below(w, 2)],
                  1 + below(w, 3), 1 + below(w, 14), most, with_rubbish);
    for (size_t i = below(w, 3); i > 0; i--)
        write_log(w, 0,
                  below(w, 2) ? SESSION_PAIR_CONTROL : SESSION_PAIR_CATALOG, 1,
                  1 + below(w, 5), 200, false);
}

/* What does not verify is held unverified. */
static void hold(struct world *w, size_t side, size_t at, bool with_body)
{
    const struct daf_record *r = &w->records[at].r;

    session_pair_hold(w->sides[side], &w->records[at], with_body);
    if (w->is_bad[at])
        daf_fake_index_unchecked(w->sides[side]->index,
                                 &(struct daf_stretch){r->log, r->seq, r->seq});
}

/* Who holds what: anything from all to nothing, in some order of arrival. */
static void spread(struct world *w)
{
    for (size_t i = 0; i < w->sides_count; i++) {
        size_t share = below(w, 5), start = w->count ? below(w, w->count) : 0;

        for (size_t j = 0; j < w->count; j++) {
            size_t at = (start + j) % w->count;

            if (below(w, 4) < share) hold(w, i, at, below(w, 8) != 0);
        }
    }
}

/* ---- looking */

static bool held_by_any(const struct world *w, size_t record)
{
    for (size_t i = 0; i < w->sides_count; i++) {
        if (session_pair_holds(w->sides[i], &w->records[record])) return true;
    }
    return false;
}

/* Every good record that somebody holds is held by all, and nobody holds what
 * nobody wrote. */
static bool sets_are_equal(const struct world *w)
{
    for (size_t j = 0; j < w->count; j++) {
        if (w->is_bad[j] || !held_by_any(w, j)) continue;
        for (size_t i = 0; i < w->sides_count; i++) {
            if (!session_pair_holds(w->sides[i], &w->records[j])) return false;
        }
    }
    return true;
}

static size_t set_size(const struct world *w, const struct session_pair *p)
{
    size_t count = 0;

    for (size_t j = 0; j < w->count; j++)
        count += session_pair_holds(p, &w->records[j]);
    return count;
}

/* The sum of all head digests under one salt, over all scopes. */
static struct daf_sum digest_of(const struct world *w,
                                const struct session_pair *p)
{
    const struct daf_index *index = daf_fake_index_view(p->index);
    const struct daf_key salt = {{0}};
    struct daf_sum sum = {{0}};
    static struct daf_head head;

    for (size_t i = 0; i < SESSION_PAIR_SCOPES; i++) {
        const struct daf_log_key *after = NULL;
        struct daf_log_key last;

        while (index->head_next(index->ctx, &w->camp->scopes[i], after,
                                &head) == DAF_OK) {
            struct daf_hash digest = daf_frontier_digest(&head);

            daf_frontier_add(&sum, &salt, &digest);
            last = head.log;
            after = &last;
        }
    }
    return sum;
}

static size_t bodies_of(const struct session_pair *p)
{
    size_t count = 0;

    for (size_t i = 0; i < daf_fake_index_count(p->index); i++) {
        struct daf_log_key log;
        struct daf_stored stored;

        daf_fake_index_at(p->index, i, &log, &stored);
        count += stored.body_state == DAF_BODY_HELD;
    }
    return count;
}

/* ---- contacts */

/* A disk may have taken what it was given when the connection broke, or not. */
static void settle_disk(struct world *w, struct session_pair *p)
{
    while (below(w, 2) == 0 && session_pair_commit(p, DAF_OK))
        ;
}

/* One contact, which a number of steps may cut short.  Returns whether anybody
 * said more than HELLO and ROOT. */
static bool contact(struct world *w, size_t i, size_t j, size_t steps)
{
    struct session_pair *a = w->sides[i], *b = w->sides[j];
    size_t wants;

    if (below(w, 2) == 0) {
        a = w->sides[j];
        b = w->sides[i];
    }
    session_pair_meet(a, b);
    if (session_pair_talk(a, b, &w->rng, steps) < steps) {
        assert_true(daf_session_resting(a->s) && daf_session_resting(b->s));
        assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
        assert_int_equal(b->refusals.by_err[DAF_EPEER], 0);
    }
    settle_disk(w, a);
    settle_disk(w, b);
    if (below(w, 2) == 0) session_pair_rest(a);
    if (below(w, 2) == 0) session_pair_rest(b);
    wants = a->said_count[DAF_FRAME_WANT] + b->said_count[DAF_FRAME_WANT] +
            a->changed + b->changed;
    session_pair_part(a, b);
    return wants > 0;
}

/* Records and bodies. */
static size_t held_by_both(const struct session_pair *a,
                           const struct session_pair *b)
{
    return daf_fake_index_count(a->index) + daf_fake_index_count(b->index) +
           bodies_of(a) + bodies_of(b);
}

/* Contacts of all pairs, @losses of which break off somewhere, until all have
 * nothing more to say or nothing changes.  Returns whether they are silent. */
static bool heal(struct world *w, size_t losses)
{
    for (size_t round = 0; round < CONTACTS_MAX; round++) {
        bool spoke = false, changed = false;

        for (size_t i = 0; i < w->sides_count; i++) {
            for (size_t j = i + 1; j < w->sides_count; j++) {
                bool is_lost = losses > 0 && below(w, 2) == 0;
                size_t before = held_by_both(w->sides[i], w->sides[j]);

                if (is_lost) losses--;
                spoke |= is_lost;
                spoke |= contact(w, i, j, is_lost ? below(w, 60) : SIZE_MAX);
                changed |=
                    is_lost || before != held_by_both(w->sides[i], w->sides[j]);
            }
        }
        if (!spoke || !changed) return !spoke;
    }
    fail_msg("they are never done");
    return false;
}

/* Of own logs that lack a body everywhere the author goes on asking for a copy:
 * one frame a scope, and an ACK where there is one (R47). */
static size_t said_beyond_root(const struct session_pair *p)
{
    size_t count = 0;

    for (size_t kind = 0; kind <= DAF_FRAME_ADDRESSES; kind++)
        count += p->said_count[kind];
    assert_int_equal(p->said_count[DAF_FRAME_HELLO], 1);
    assert_int_equal(p->said_count[DAF_FRAME_ROOT], 1);
    return count - 2 - p->said_count[DAF_FRAME_HEADS] -
           p->said_count[DAF_FRAME_ACK];
}

/* A further contact of equals: HELLO and ROOT, and no byte more. */
static void nothing_is_left_to_say(struct world *w)
{
    for (size_t i = 0; i < w->sides_count; i++) {
        struct session_pair *a = w->sides[i];
        struct session_pair *b = w->sides[(i + 1) % w->sides_count];

        a->needs_nothing = b->needs_nothing = true;
        a->was_equal = below(w, 2) == 0;
        b->was_equal = below(w, 2) == 0;
        session_pair_meet(a, b);
        (void)session_pair_talk(a, b, NULL, SIZE_MAX);
        assert_int_equal(said_beyond_root(a), 0);
        assert_int_equal(said_beyond_root(b), 0);
        session_pair_part(a, b);
    }
}

static bool has_body(const struct session_pair *p,
                     const struct session_pair_record *record)
{
    const struct daf_index *index = daf_fake_index_view(p->index);
    const struct daf_spot spot = {record->r.seq, record->r.id};
    struct daf_stored out;

    return index->get(index->ctx, &record->r.log, &spot, &out) == DAF_OK &&
           out.body_state == DAF_BODY_HELD;
}

/* R45: what anybody has the body of, everybody has. */
static void check_bodies(const struct world *w)
{
    for (size_t j = 0; j < w->count; j++) {
        size_t having = 0;

        for (size_t i = 0; i < w->sides_count; i++)
            having += has_body(w->sides[i], &w->records[j]);
        if (having != 0 && having != w->sides_count)
            fail_msg("a body is with %zu of %zu", having, w->sides_count);
    }
}

static void check_equal(struct world *w)
{
    struct daf_sum first = digest_of(w, w->sides[0]);

    assert_true(sets_are_equal(w));
    for (size_t i = 0; i < w->sides_count; i++) {
        struct daf_sum sum = digest_of(w, w->sides[i]);

        assert_int_equal(set_size(w, w->sides[i]),
                         daf_fake_index_count(w->sides[i]->index));
        assert_memory_equal(sum.b, first.b, sizeof(sum.b));
    }
    check_bodies(w);
    nothing_is_left_to_say(w);
}

/* ---- small worlds */

static uint64_t playing; /* named when a test fails */

static int name_world(void **state)
{
    (void)state;
    if (playing != 0)
        fprintf(stderr, "the last world was %llu\n",
                (unsigned long long)playing);
    playing = 0;
    return 0;
}

static void play(uint64_t from, size_t worlds,
                 void (*fn)(struct world *w, uint64_t seed))
{
    for (uint64_t seed = from; seed < from + worlds; seed++) {
        struct world w;

        if (only != 0 && seed != only) continue;
        playing = seed;
        fn(&w, seed);
        world_deinit(&w);
    }
    playing = 0;
}

static void play_history(struct world *w, uint64_t seed)
{
    size_t bodies = 0;

    world_init(w, seed, 4, 2 + seed % 3);
    write_histories(w, 3000, false);
    spread(w);
    for (size_t i = 0; i < w->sides_count; i++)
        bodies += bodies_of(w->sides[i]);
    assert_true(heal(w, seed % 2 == 0 ? 10 : 0));
    check_equal(w);
    for (size_t i = 0; i < w->sides_count; i++)
        bodies -=
            bodies_of(w->sides[i]) < bodies ? bodies_of(w->sides[i]) : bodies;
    assert_int_equal(bodies, 0); /* no body that was held is gone */
}

static void any_histories_become_equal_through_any_losses(void **state)
{
    (void)state;
    play(1, SMALL_WORLDS, play_history);
}

/* Garbage signatures inside runs: some took them unverified, and pass them on as
 * long as they are not the end of what they pass on.  When all have had time to
 * check, all are equal, and nobody holds one. */
static void play_rubbish(struct world *w, uint64_t seed)
{
    world_init(w, seed, 4, 2 + seed % 2);
    write_histories(w, 1000, true);
    spread(w);
    (void)heal(w, seed % 2 == 0 ? 6 : 0);
    for (size_t i = 0; i < w->sides_count; i++)
        session_pair_rest(w->sides[i]);
    assert_true(heal(w, 0));
    for (size_t j = 0; j < w->count; j++)
        assert_false(w->is_bad[j] && held_by_any(w, j));
    check_equal(w);
}

static void rubbish_that_one_holds_keeps_nobody_from_being_equal(void **state)
{
    (void)state;
    play(10001, SMALL_WORLDS / 3, play_rubbish);
}

/* One device does not know an author: the others are equal, it lacks exactly
 * that author's records, and has them at the first contact afterwards. */
static void play_stranger(struct world *w, uint64_t seed)
{
    size_t stranger = 3;

    world_init(w, seed, 4, 3);
    write_histories(w, 1000, false);
    write_log(w, stranger, SESSION_PAIR_CLASS, 9, 1 + below(w, 9), 1000, false);
    spread(w);
    for (size_t j = 0; j < w->count; j++) /* 0 took nothing of the stranger's */
        session_pair_hold(w->sides[1], &w->records[j], true);
    w->sides[0]->is_unknown[stranger] = true;
    (void)heal(w, 5);
    for (size_t j = 0; j < w->count; j++) {
        bool is_strange =
            memcmp(w->records[j].r.log.author.b,
                   w->camp->devices[stranger].device.author.b, 16) == 0;

        if (!is_strange)
            assert_true(session_pair_holds(w->sides[0], &w->records[j]));
        assert_true(session_pair_holds(w->sides[2], &w->records[j]));
    }
    w->sides[0]->is_unknown[stranger] = false;
    assert_true(heal(w, 0));
    check_equal(w);
}

static void a_stranger_is_caught_up_with_when_certified(void **state)
{
    (void)state;
    play(20001, SMALL_WORLDS / 6, play_stranger);
}

/* ---- large worlds */

/* Long logs: several RUNs, several credits, forks on the way, both ways. */
static void play_long(struct world *w, uint64_t seed)
{
    size_t fork, tip = SIZE_MAX;

    world_init(w, seed, 3, 2);
    for (size_t i = 0; i < 60; i++)
        tip = append(w, 1, SESSION_PAIR_CLASS, 1, tip, 20000 + below(w, 40000));
    fork = below(w, 60);
    for (size_t i = 0; i < 40; i++)
        fork =
            append(w, 1, SESSION_PAIR_CLASS, 1, fork, 20000 + below(w, 40000));
    tip = SIZE_MAX;
    for (size_t i = 0; i < 1100; i++) /* more than one RUN can number */
        tip = append(w, 2, SESSION_PAIR_CLASS, 1, tip, 4);
    for (size_t j = 0; j < w->count; j++) {
        if (seed % 3 == 0 || j < 20 || below(w, 40) != 0)
            session_pair_hold(w->sides[0], &w->records[j], true);
        if (seed % 3 != 0 && (j % 100 < 15 || below(w, 10) == 0) && j < 100)
            session_pair_hold(w->sides[1], &w->records[j], below(w, 2) == 0);
    }
}

static void logs_longer_than_a_credit_and_a_run_become_equal(void **state)
{
    (void)state;
    for (uint64_t seed = 30003; seed < 30006; seed++) {
        struct world w;

        if (only != 0 && seed != only) continue;
        playing = seed;
        play_long(&w, seed);
        /* One contact is enough when nothing breaks. */
        (void)contact(&w, 0, 1, SIZE_MAX);
        assert_true(sets_are_equal(&w));
        check_equal(&w);
        world_deinit(&w);
        play_long(&w, seed);
        assert_true(heal(&w, 20));
        check_equal(&w);
        world_deinit(&w);
    }
    playing = 0;
}

/* 700 authors: more heads than one page and more logs than one WANT. */
static void more_authors_than_a_page_become_equal(void **state)
{
    struct world w;
    size_t most;

    (void)state;
    playing = 40000;
    world_init(&w, 40000, 700, 2);
    for (size_t i = 0; i < 700; i++) {
        size_t at = append(&w, i, SESSION_PAIR_CLASS, 1, SIZE_MAX, 20);

        if (i % 3 == 0) (void)append(&w, i, SESSION_PAIR_CLASS, 1, at, 20);
        if (i % 5 == 0)
            (void)append(&w, i, SESSION_PAIR_CLASS, 2, SIZE_MAX, 20);
    }
    for (size_t j = 0; j < w.count; j++) {
        if (j % 7 != 0) session_pair_hold(w.sides[0], &w.records[j], true);
        if (j % 7 == 0 || j % 11 == 0)
            session_pair_hold(w.sides[1], &w.records[j], true);
    }
    (void)contact(&w, 0, 1, SIZE_MAX);
    assert_true(sets_are_equal(&w));
    most = w.sides[0]->said_count[DAF_FRAME_HEADS];
    if (w.sides[1]->said_count[DAF_FRAME_HEADS] > most)
        most = w.sides[1]->said_count[DAF_FRAME_HEADS];
    assert_true(most > 1);
    check_equal(&w);
    world_deinit(&w);
    playing = 0;
}

/* 64 incarnations of one author, each forked. */
static void many_incarnations_become_equal(void **state)
{
    struct world w;

    (void)state;
    playing = 50000;
    world_init(&w, 50000, 3, 3);
    for (uint64_t i = 0; i < DAF_INCARNATIONS_MAX; i++) {
        size_t at =
            append(&w, 1, SESSION_PAIR_CLASS, UINT64_MAX - i, SIZE_MAX, 20);

        (void)append(&w, 1, SESSION_PAIR_CLASS, UINT64_MAX - i, at, 20);
        (void)append(&w, 1, SESSION_PAIR_CLASS, UINT64_MAX - i, at, 20);
    }
    for (size_t j = 0; j < w.count; j++)
        session_pair_hold(w.sides[j % 3], &w.records[j], true);
    assert_true(heal(&w, 4));
    check_equal(&w);
    world_deinit(&w);
    playing = 0;
}

/* A log with as many tips as there may be, whose parts were scattered. */
static void a_log_of_64_tips_becomes_equal(void **state)
{
    struct world w;
    size_t root, at;

    (void)state;
    playing = 60000;
    world_init(&w, 60000, 3, 3);
    root = append(&w, 1, SESSION_PAIR_CLASS, 1, SIZE_MAX, 20);
    for (size_t i = 0; i < DAF_FRONTIER_MAX; i++) {
        at = root;
        for (size_t n = i % 4; n < 4; n++)
            at = append(&w, 1, SESSION_PAIR_CLASS, 1, at, 20);
        for (size_t j = w.count - (4 - i % 4); j < w.count; j++)
            session_pair_hold(w.sides[i % 3], &w.records[j], true);
    }
    session_pair_hold(w.sides[2], &w.records[root], true);
    assert_true(heal(&w, 4));
    check_equal(&w);
    assert_int_equal(daf_fake_index_count(w.sides[0]->index), w.count);
    world_deinit(&w);
    playing = 0;
}

#define T(name) cmocka_unit_test_teardown(name, name_world)

/* Forks far below where the puller's haves thin out, so that answers are full of
 * what it holds (records of 500 bytes, a credit of 1 MiB), and forks that a first
 * copy meets: one contact is enough. */
static void a_deep_fork_is_whole_after_one_contact(void **state)
{
    static const struct {
        size_t length, at, branch; /* a chain, and a branch after `at` */
        bool is_held;              /* the puller holds the chain already */
    } cases[] = {{4000, 1900, 1, true}, {6000, 1500, 400, false}};
    static struct session_pair_record all[6400];
    struct session_pair_camp *two = session_pair_camp_new(3);

    (void)state;
    for (size_t k = 0; k < 2; k++) {
        struct session_pair *from = session_pair_new(two, 1);
        struct session_pair *to = session_pair_new(two, 2);
        size_t count = cases[k].length + cases[k].branch;

        for (size_t i = 0; i < count; i++) {
            size_t parent = i == cases[k].length ? cases[k].at : i - 1;

            session_pair_write(two, 1, SESSION_PAIR_CLASS, 1,
                               i == 0 ? NULL : &all[parent], i, 300, &all[i]);
            session_pair_hold(from, &all[i], true);
            if (cases[k].is_held && i < cases[k].length)
                session_pair_hold(to, &all[i], true);
        }
        session_pair_meet(from, to);
        session_pair_talk(from, to, NULL, SIZE_MAX);
        assert_int_equal(daf_fake_index_count(to->index), count);
        session_pair_part(from, to);
        session_pair_free(from);
        session_pair_free(to);
        for (size_t i = 0; i < count; i++)
            session_pair_record_free(&all[i]);
    }
    session_pair_camp_free(two);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        T(any_histories_become_equal_through_any_losses),
        T(rubbish_that_one_holds_keeps_nobody_from_being_equal),
        T(a_stranger_is_caught_up_with_when_certified),
        T(logs_longer_than_a_credit_and_a_run_become_equal),
        T(more_authors_than_a_page_become_equal),
        T(many_incarnations_become_equal),
        T(a_log_of_64_tips_becomes_equal),
        T(a_deep_fork_is_whole_after_one_contact),
    };

    if (argc > 1) only = strtoull(argv[1], NULL, 10);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
