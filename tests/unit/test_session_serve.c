/* SPDX-License-Identifier: Apache-2.0 */
/* How a session answers, docs/protocol.md R22, R24 to R26, R45, and that nothing
 * a peer may say costs more than it should. */
#include "tests/lib/session_case.h"

/* ---- WANT */

/* A WANT of the chain's log for @credit bytes; @haves of the chain, or a spot
 * that nobody holds where SIZE_MAX stands. */
static struct daf_view want_chain(uint64_t credit, const size_t *haves,
                                  size_t haves_count, bool all)
{
    const struct daf_tag tag = tag_of(&chain[0]);
    struct daf_spot spots[DAF_HAVES_MAX];
    struct daf_pack k;
    size_t mark;

    for (size_t i = 0; i < haves_count; i++)
        spots[i] = haves[i] == SIZE_MAX ? (struct daf_spot){99, {{9}}}
                                        : spot_of(&chain[haves[i]]);
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_want(&k, &chain[0].r.log.scope, credit);
    daf_frame_add_want(&k, &tag, NULL, 0, spots, haves_count, all);
    daf_frame_end(&k, mark, 1, false);
    return daf_pack_view(&k);
}

struct answer {
    size_t runs, paths, records;
    uint64_t bytes;
    struct daf_spot last;
};

/* Takes the whole answer that @p gives; nothing else may be said. */
static struct answer answer_of(struct session_pair *p)
{
    struct answer sum = {0};
    struct daf_frame f;

    do {
        struct daf_cursor c;

        f = says(p, DAF_FRAME_RUN);
        c = f.run.paths.items;
        sum.runs++;
        sum.paths += f.run.paths.count;
        for (size_t i = 0; i < f.run.paths.count; i++) {
            struct daf_run_path path;
            struct daf_record r;
            struct daf_cursor cr;

            daf_frame_next_path(&c, &f.run.scope, &path);
            cr = path.records.items;
            for (size_t j = 0; j < path.records.count; j++) {
                uint8_t header[DAF_HEADER_BYTES_MAX];
                struct daf_run_record rr;

                daf_frame_next_record(&cr, &rr);
                session_pair_whole(&rr, j > 0 ? &r : NULL, header, &r);
                sum.last = (struct daf_spot){r.seq, r.id};
                sum.records++;
                sum.bytes += rr.header.len + rr.body.len;
            }
        }
    } while (!f.run.last);
    says_nothing(p);
    return sum;
}

/* R22: that tells no more than silence. */
static void what_is_asked_of_a_foreign_scope_is_answered_as_if_empty(
    void **state)
{
    struct session_pair_record r;
    struct daf_tag tag;
    struct daf_pack k;
    struct daf_frame f;
    struct daf_spot want;
    size_t mark;

    (void)state;
    camp->devices[2].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    session_pair_write(camp, 1, SESSION_PAIR_CAMP, 1, NULL, 0, 10, &r);
    session_pair_hold(a, &r, true);
    open_both();
    tag = tag_of(&r);
    want = spot_of(&r);

    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_want_page(&k, scope_of(SESSION_PAIR_CAMP), NULL);
    session_pair_give(a, daf_pack_view(&k));
    f = says(a, DAF_FRAME_HEADS);
    assert_int_equal(f.heads.count, 0);
    assert_int_equal(f.heads.kind, DAF_HEADS_PAGE);
    assert_false(f.heads.more);

    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_want_symbols(&k, scope_of(SESSION_PAIR_CAMP), 3, 20);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(says(a, DAF_FRAME_SYMBOLS).symbols.symbols.len, 0);

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_want(&k, scope_of(SESSION_PAIR_CAMP), 1000000);
    daf_frame_add_want(&k, &tag, &want, 1, NULL, 0, true);
    daf_frame_end(&k, mark, 1, false);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(answer_of(a).paths, 0);

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_need(&k, scope_of(SESSION_PAIR_CAMP));
    daf_frame_add_need(&k, &r.r.log, &want, 1);
    daf_frame_end(&k, mark, 1, false);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(answer_of(a).paths, 0);

    assert_int_equal(a->refusals.by_err[DAF_ESCOPE], 4);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    session_pair_record_free(&r);
}

/* A frame cannot make a log of one scope be served as one of another. */
static void a_need_names_logs_of_its_own_scope_only(void **state)
{
    struct session_pair_record r;
    struct daf_spot want;
    struct daf_pack k;
    size_t mark;

    (void)state;
    camp->devices[2].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    session_pair_write(camp, 1, SESSION_PAIR_CAMP, 1, NULL, 0, 10, &r);
    session_pair_hold(a, &r, true);
    open_both();
    want = spot_of(&r);
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_need(&k, scope_of(SESSION_PAIR_CLASS));
    daf_frame_add_need(&k, &r.r.log, &want, 1);
    daf_frame_end(&k, mark, 1, false);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(answer_of(a).paths, 0);
    session_pair_record_free(&r);
}

static void hold_both(void)
{
    hold_chain(a, 0, chain_count);
    hold_chain(b, 0, chain_count);
}

static void a_huge_credit_is_clamped(void **state)
{
    struct answer sum;

    (void)state;
    write_chain(3, 40, 60000); /* 2.4 MB */
    hold_both();
    open_both();
    session_pair_give(a, want_chain(DAF_INT_MAX, NULL, 0, true));
    sum = answer_of(a);
    assert_true(sum.bytes <= DAF_CREDIT_BYTES_MAX);
    assert_true(sum.bytes + 61000 > DAF_CREDIT_BYTES_MAX);
    assert_true(sum.runs > 1);
}

static void a_small_credit_still_brings_one_record(void **state)
{
    (void)state;
    write_chain(3, 5, 1000);
    hold_both();
    open_both();
    for (uint64_t credit = 0; credit < 2; credit++) {
        struct answer sum;

        session_pair_give(a, want_chain(credit, NULL, 0, true));
        sum = answer_of(a);
        assert_int_equal(sum.runs, 1);
        assert_int_equal(sum.records, 1);
    }
    session_pair_give(a, want_chain(chain[0].header_len + chain[0].body_len +
                                        chain[1].header_len + chain[1].body_len,
                                    NULL, 0, true));
    assert_int_equal(answer_of(a).records, 2);
}

static void what_is_not_held_is_answered_with_nothing(void **state)
{
    (void)state;
    write_chain(3, 3, 10);
    open_both();
    session_pair_give(a, want_chain(1000, NULL, 0, false));
    assert_int_equal(answer_of(a).paths, 0);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
}

static void wants_over_the_limits_are_a_breach(void **state)
{
    static const struct {
        size_t wants, haves;
        bool is_good;
    } table[] = {{DAF_WANTS_MAX - 1, DAF_HAVES_MAX - 1, true},
                 {DAF_WANTS_MAX, DAF_HAVES_MAX, true},
                 {0, 0, true},
                 {DAF_WANTS_MAX + 1, 0, false},
                 {1, DAF_HAVES_MAX + 1, false}};
    struct daf_spot spots[DAF_WANTS_MAX + 1];

    (void)state;
    for (size_t i = 0; i < DAF_WANTS_MAX + 1; i++)
        spots[i] = (struct daf_spot){i + 1, {{(uint8_t)i}}};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct daf_tag tag = {{1}};
        struct daf_pack k;
        size_t mark;

        open_both();
        daf_pack_init(&k, room, sizeof(room));
        mark = daf_frame_begin_want(&k, scope_of(SESSION_PAIR_CLASS), 1000);
        daf_frame_add_want(&k, &tag, spots, table[i].wants, spots,
                           table[i].haves, false);
        daf_frame_end(&k, mark, 1, false);
        session_pair_give(a, daf_pack_view(&k));
        if (table[i].is_good)
            assert_int_equal(answer_of(a).paths, 0);
        else
            ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
        session_pair_part(a, b);
    }
}

/* R33: start + count of symbols. */
static void symbols_are_given_to_the_last_and_no_further(void **state)
{
    static const struct {
        uint64_t start, count;
        bool is_good;
    } table[] = {{0, 0, true},
                 {0, 8, true},
                 {0, DAF_SYMBOLS_MAX, true},
                 {DAF_SYMBOLS_MAX - 1, 1, true},
                 {DAF_SYMBOLS_MAX, 0, true},
                 {DAF_SYMBOLS_MAX, 1, false},
                 {1, DAF_SYMBOLS_MAX, false},
                 {0, DAF_SYMBOLS_MAX + 1, false}};

    (void)state;
    write_chain(3, 2, 10);
    hold_both();
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct daf_frame f;
        struct daf_pack k;

        open_both();
        daf_pack_init(&k, room, sizeof(room));
        daf_frame_pack_want_symbols(&k, scope_of(SESSION_PAIR_CLASS),
                                    table[i].start, table[i].count);
        session_pair_give(a, daf_pack_view(&k));
        if (!table[i].is_good) {
            ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
        } else {
            f = says(a, DAF_FRAME_SYMBOLS);
            assert_int_equal(f.symbols.start, table[i].start);
            assert_int_equal(f.symbols.symbols.len,
                             table[i].count * DAF_SYMBOL_BYTES);
            if (table[i].count > 0)
                assert_memory_equal(
                    f.symbols.symbols.p,
                    symbols_at(a, table[i].start, table[i].count).p,
                    f.symbols.symbols.len);
        }
        session_pair_part(a, b);
    }
}

/* R36: a page begins after the tag, is in order, and marks whether more is. */
static void a_page_of_more_than_a_frame_goes_on_where_it_ended(void **state)
{
    const size_t logs = DAF_ITEMS_MAX + 5;
    struct daf_tag last = {{0}};
    size_t given = 0;
    bool more = true;

    (void)state;
    session_pair_free(a);
    session_pair_free(b);
    session_pair_camp_free(camp);
    camp = session_pair_camp_new(logs);
    a = session_pair_new(camp, 1);
    b = session_pair_new(camp, 2);
    for (size_t i = 0; i < logs; i++) {
        struct session_pair_record r;

        session_pair_write(camp, i, SESSION_PAIR_CLASS, 1, NULL, 0, 9, &r);
        session_pair_hold(a, &r, true);
        session_pair_record_free(&r);
    }
    greet(a, b);
    (void)pass(b, a);
    (void)pass(a, b);
    hush(a);
    hush(b);
    while (more) {
        struct daf_frame f;
        struct daf_pack k;

        daf_pack_init(&k, room, sizeof(room));
        daf_frame_pack_want_page(&k, scope_of(SESSION_PAIR_CLASS),
                                 given > 0 ? &last : NULL);
        session_pair_give(a, daf_pack_view(&k));
        f = says(a, DAF_FRAME_HEADS);
        assert_true(f.heads.count > 0);
        assert_true(given == 0 || memcmp(last.b, f.heads.items.p, 8) < 0);
        memcpy(last.b, f.heads.items.p + (f.heads.count - 1) * DAF_ITEM_BYTES,
               8);
        given += f.heads.count;
        more = f.heads.more;
    }
    assert_int_equal(given, logs);
}

/* R24 */
static void more_is_asked_for_only_where_it_helps(void **state)
{
    static const size_t unknown[] = {SIZE_MAX}, third[] = {2},
                        both[] = {SIZE_MAX, 2};
    static const struct {
        const size_t *haves;
        size_t count;
        bool all, is_forked;
        size_t paths, records;
    } table[] = {
        {unknown, 1, false, false, 1, 0}, /* say more */
        {unknown, 1, true, false, 1, 6},  /* there is no more to say */
        {NULL, 0, false, false, 1, 6},    /* it has nothing of it */
        {third, 1, false, false, 1, 3},   /* known */
        {both, 2, false, false, 1, 3},
        {unknown, 1, false, true, 2, 6 + 5}, /* 1 to 6, and 1 to 4 with 5' */
        {third, 1, true, true, 2, 3 + 2},
    };
    struct session_pair_record fork;

    (void)state;
    write_chain(3, 6, 10);
    session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1, &chain[3], 99, 10,
                       &fork);
    hold_both();
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct answer sum;

        if (table[i].is_forked) {
            session_pair_hold(a, &fork, true);
            session_pair_hold(b, &fork, true);
        }
        open_both();
        session_pair_give(a, want_chain(1000000, table[i].haves, table[i].count,
                                        table[i].all));
        sum = answer_of(a);
        assert_int_equal(sum.paths, table[i].paths);
        assert_int_equal(sum.records, table[i].records);
        session_pair_part(a, b);
    }
    session_pair_record_free(&fork);
}

/* ---- R26: who serves a path vouches for its end */

/* a holds the chain, of which the records marked b are bad and nobody verified
 * any of it. */
static void hold_unchecked(const char *marks)
{
    size_t count = strlen(marks);

    write_chain(3, count, 50);
    for (size_t i = 0; i < count; i++) {
        if (marks[i] == 'b') spoil_chain(3, i, 50);
    }
    hold_chain(a, 0, count);
    daf_fake_index_unchecked(a->index,
                             &(struct daf_stretch){chain[0].r.log, 1, count});
}

static void a_bad_end_is_forgotten_and_not_served(void **state)
{
    static const struct {
        const char *held;
        size_t served, dropped;
    } table[] = {{"gggg", 4, 0}, {"gggb", 3, 1}, {"ggbb", 2, 2}, {"bbbb", 0, 4},
                 {"gbbg", 4, 0}, {"gbgb", 3, 1}, {"b", 0, 1}};

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        size_t count = strlen(table[i].held);
        struct answer sum;

        hold_unchecked(table[i].held);
        greet(a, b);
        (void)pass(b, a);
        (void)pass(a, b);
        hush(a);
        session_pair_give(a, want_chain(1000000, NULL, 0, true));
        sum = answer_of(a);
        /* None at all: a path without records would say something else. */
        assert_int_equal(sum.paths, table[i].served > 0 ? 1 : 0);
        assert_int_equal(sum.records, table[i].served);
        if (table[i].served > 0)
            assert_memory_equal(sum.last.id.b,
                                chain[table[i].served - 1].r.id.b, 32);
        assert_int_equal(a->dropped, table[i].dropped);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(session_pair_holds(a, &chain[j]),
                             j < count - table[i].dropped);
        session_pair_part(a, b);
        session_pair_free(a);
        a = session_pair_new(camp, 1);
    }
}

/* The same through a whole contact, and what it is worth afterwards. */
static void bad_ends_do_not_keep_two_from_being_equal(void **state)
{
    static const char *const held[] = {"gggb", "bbbb", "gbbg", "gbgb", "bgbg"};

    (void)state;
    for (size_t i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
        hold_unchecked(held[i]);
        for (size_t contacts = 0; contacts < 3; contacts++) {
            session_pair_meet(i % 2 ? a : b, i % 2 ? b : a);
            talk();
            assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
            assert_int_equal(b->refusals.by_err[DAF_EPEER], 0);
            session_pair_part(a, b);
            session_pair_rest(a);
            session_pair_rest(b);
        }
        are_equal(a, b);
        for (size_t j = 0; j < chain_count; j++)
            assert_int_equal(session_pair_holds(b, &chain[j]),
                             held[i][j] == 'g');
        session_pair_free(a);
        session_pair_free(b);
        a = session_pair_new(camp, 1);
        b = session_pair_new(camp, 2);
    }
}

/* Where the credit cuts a path, that is its end. */
static void a_path_that_the_credit_cut_ends_well_too(void **state)
{
    uint64_t credit = 0;
    struct answer sum;

    (void)state;
    hold_unchecked("ggbg");
    for (size_t i = 0; i < 3; i++)
        credit += chain[i].header_len + chain[i].body_len;
    greet(a, b);
    (void)pass(b, a);
    (void)pass(a, b);
    hush(a);
    session_pair_give(a, want_chain(credit, NULL, 0, true));
    sum = answer_of(a);
    assert_int_equal(sum.records, 2);
    assert_memory_equal(sum.last.id.b, chain[1].r.id.b, 32);
    assert_false(session_pair_holds(a, &chain[2]));
}

/* What was taken back was not given: it must not use up the credit, or the logs
 * after it would not come, and the puller not know. */
static void rubbish_that_is_taken_back_does_not_hide_the_next_log(void **state)
{
    struct session_pair_record good, other;
    size_t liar = 3, friend = 4;
    struct daf_tag tag, tag2;

    (void)state;
    session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1, NULL, 0, 50, &good);
    session_pair_write(camp, 4, SESSION_PAIR_CLASS, 1, NULL, 0, 50, &other);
    tag = tag_of(&good);
    tag2 = tag_of(&other);
    if (memcmp(tag.b, tag2.b, sizeof(tag.b)) > 0) {
        liar = 4;
        friend = 3;
    }
    session_pair_record_free(&good);
    session_pair_record_free(&other);
    write_chain(liar, 20, 60000); /* 1.2 MB */
    for (size_t i = 0; i < 20; i++)
        spoil_chain(liar, i, 60000);
    hold_chain(a, 0, 20);
    daf_fake_index_unchecked(a->index,
                             &(struct daf_stretch){chain[0].r.log, 1, 20});
    session_pair_write(camp, friend, SESSION_PAIR_CLASS, 1, NULL, 0, 50000,
                       &good);
    session_pair_hold(a, &good, true);
    open_both();
    assert_true(session_pair_holds(b, &good));
    session_pair_record_free(&good);
}

/* ---- R45: the answer to NEED */

static struct daf_view need_chain(const size_t *which, size_t count)
{
    struct daf_spot spots[DAF_NEED_MAX];
    struct daf_pack k;
    size_t mark;

    for (size_t i = 0; i < count; i++)
        spots[i] = which[i] == SIZE_MAX ? (struct daf_spot){99, {{9}}}
                                        : spot_of(&chain[which[i]]);
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_need(&k, scope_of(SESSION_PAIR_CLASS));
    daf_frame_add_need(&k, &chain[0].r.log, spots, count);
    daf_frame_end(&k, mark, 1, false);
    return daf_pack_view(&k);
}

static void of_what_is_needed_those_with_bodies_are_given(void **state)
{
    static const size_t which[] = {0, 2, 3, SIZE_MAX};
    struct answer sum;

    (void)state;
    write_chain(3, 5, 50);
    for (size_t i = 0; i < 5; i++) {
        session_pair_hold(a, &chain[i], i != 2);
        session_pair_hold(b, &chain[i], i != 2);
    }
    a->needs_nothing = b->needs_nothing = true;
    open_both();
    session_pair_give(a, need_chain(which, 4));
    sum = answer_of(a);
    assert_int_equal(sum.paths, 2); /* one record a path */
    assert_int_equal(sum.records, 2);
    assert_memory_equal(sum.last.id.b, chain[3].r.id.b, 32);
}

static void an_answer_to_need_has_a_credit_too(void **state)
{
    size_t which[DAF_NEED_MAX] = {0};
    struct answer sum;

    (void)state;
    write_chain(3, 1, 60000);
    hold_both();
    open_both();
    session_pair_give(a, need_chain(which, DAF_NEED_MAX)); /* 512 times one */
    sum = answer_of(a);
    assert_true(sum.bytes <= DAF_CREDIT_BYTES_MAX);
}

/* ---- a hostile peer */

/* All memory that a may be asked to fill for one frame: the largest answer, its
 * last record, and framing. */
#define ANSWER_MOST \
    (DAF_CREDIT_BYTES_MAX + DAF_BODY_BYTES_MAX + DAF_FRAME_BYTES_MAX)

static size_t bytes_said(struct session_pair *p)
{
    struct daf_view bytes;
    size_t sum = 0;

    while (session_pair_take(p, &bytes))
        sum += bytes.len;
    return sum;
}

/* Brings a into this state, b's part being the test's.  The chain is device 2's,
 * b has it and a has not, but for the bodies that BODIES asks for. */
static void bring_to(enum daf_pull pull)
{
    struct daf_view symbols;

    write_chain(2, 4, 50);
    switch (pull) {
    case DAF_PULL_RESTING:
        hold_both();
        open_both();
        break;
    case DAF_PULL_SYMBOLS:
        open_both();
        session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_NEWS, true,
                                      NULL, 0));
        break;
    case DAF_PULL_PAGE:
        let_a_ask_for_a_page();
        break;
    case DAF_PULL_RECORDS:
        let_a_ask();
        break;
    case DAF_PULL_STORING:
        let_a_ask();
        session_pair_give(a, run_chain(0, 2, true));
        break;
    case DAF_PULL_WAITING:
        hold_chain(b, 0, 4);
        a->claims_fail = true;
        symbols = symbols_at(b, 0, DAF_ROOT_SYMBOLS);
        let_a_compare(symbols);
        break;
    case DAF_PULL_BODIES:
        hold_chain(b, 0, 4);
        for (size_t i = 0; i < 4; i++)
            session_pair_hold(a, &chain[i], i < 2);
        greet(b, a);
        (void)pass(a, b);
        (void)pass(b, a);
        break;
    }
    hush(a);
    hush(b);
    assert_int_equal(daf_session_pull(a->s), pull);
}

enum {
    ONE_PAGE, /* of one log, 3,600 times, and so the next three */
    ONE_NEWS,
    ONE_UNACKED,
    ONE_ANSWER,
    ALL_NEWS, /* 3,600 logs that nobody has */
    ALL_UNACKED,
    FOREIGN_NEWS,
    HEADS_FRAMES,
    ALL_SYMBOLS = HEADS_FRAMES,
    HUGE_WANT,
    MANY_WANTS, /* of one log, and what it has is not known */
    MANY_NEEDS, /* of one record */
    GENUINE,    /* records, asked for or not */
    FRAMES,
};

static struct daf_view hostile_heads(size_t which)
{
    static struct daf_item items[DAF_ITEMS_MAX];
    enum daf_heads_kind kind = DAF_HEADS_NEWS;
    bool is_one = which <= ONE_ANSWER;
    struct daf_view frame;

    if (is_one) kind = (enum daf_heads_kind)which;
    if (which == ALL_UNACKED) kind = DAF_HEADS_UNACKED;
    for (uint32_t i = 0; i < DAF_ITEMS_MAX; i++) {
        items[i] = made_item(i, UINT32_MAX);
        if (is_one) memcpy(items[i].b, tag_of(&chain[0]).b, DAF_TAG_BYTES);
    }
    frame = heads_of(SESSION_PAIR_CLASS, kind, false, items, DAF_ITEMS_MAX);
    /* After the array, the number and a bin header of two bytes. */
    if (which == FOREIGN_NEWS) room[4] ^= 1;
    return frame;
}

static struct daf_view hostile(size_t which)
{
    static const size_t first[DAF_NEED_MAX];
    const struct daf_spot have = {9, {{9}}};
    const struct daf_tag tag = tag_of(&chain[0]);
    struct daf_pack k;
    size_t mark;

    if (which < HEADS_FRAMES) return hostile_heads(which);
    if (which == HUGE_WANT) return want_chain(DAF_INT_MAX, NULL, 0, true);
    if (which == MANY_NEEDS) return need_chain(first, DAF_NEED_MAX);
    if (which == GENUINE) return run_chain(2, 4, false);
    daf_pack_init(&k, room, sizeof(room));
    if (which == ALL_SYMBOLS) {
        daf_frame_pack_want_symbols(&k, scope_of(SESSION_PAIR_CLASS), 0,
                                    DAF_SYMBOLS_MAX);
    } else {
        mark = daf_frame_begin_want(&k, scope_of(SESSION_PAIR_CLASS), 100);
        for (size_t i = 0; i < 4000; i++)
            daf_frame_add_want(&k, &tag, NULL, 0, &have, 1, false);
        daf_frame_end(&k, mark, 4000, false);
    }
    assert_false(k.is_full);
    return daf_pack_view(&k);
}

/* One frame for a where it stands. */
static void suffer(struct daf_view frame, const char *what, size_t number)
{
    enum daf_pull at = daf_session_pull(a->s);
    size_t held = daf_fake_index_count(a->index), kept = a->kept, said;

    session_pair_give(a, frame);
    said = bytes_said(a);
    if (said > ANSWER_MOST)
        fail_msg("%s %zu in %d: %zu bytes", what, number, (int)at, said);
    assert_int_equal(daf_fake_index_count(a->index), held);
    /* Only records that were asked for are taken. */
    if (at != DAF_PULL_RECORDS && at != DAF_PULL_BODIES)
        assert_int_equal(a->kept, kept);
    assert_in_range(a->rooms, 0, 3); /* logs, symbols, those of ROOT */
    if (daf_session_state(a->s) == DAF_SESSION_CLOSED) {
        assert_int_equal(a->rooms, 0);
    } else {
        assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
    }
}

/* Whatever comes when: little goes back, memory is bounded, and what is refused
 * changes nothing but a count. */
static void no_frame_costs_more_than_an_answer(void **state)
{
    (void)state;
    for (enum daf_pull at = DAF_PULL_RESTING; at <= DAF_PULL_BODIES; at++) {
        for (size_t n = 0; n <= DAF_FRAME_ADDRESSES + FRAMES; n++) {
            bring_to(at);
            if (n <= DAF_FRAME_ADDRESSES)
                suffer(sample(n), "frame", n);
            else
                suffer(hostile(n - DAF_FRAME_ADDRESSES - 1), "hostile", n);
            session_pair_part(a, b);
            session_pair_free(a);
            session_pair_free(b);
            a = session_pair_new(camp, 1);
            b = session_pair_new(camp, 2);
        }
    }
}

/* A frame of 64 KB about one log is answered once, not 3,600 times. */
static void a_log_named_again_and_again_is_acknowledged_a_few_times(
    void **state)
{
    static struct daf_item items[DAF_ITEMS_MAX];

    (void)state;
    write_chain(2, 2, 50);
    hold_both();
    open_both();
    hush(a);
    for (size_t i = 0; i < DAF_ITEMS_MAX; i++)
        items[i] = item_at(a, &chain[0]);
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_UNACKED, false,
                                  items, DAF_ITEMS_MAX));
    assert_true(bytes_said(a) < (size_t)DAF_ITEMS_MAX * DAF_ITEM_BYTES);
}

/* Delivers what waits until both are silent, but the frame number @at with a
 * byte changed. */
static void talk_with_a_fault(size_t at, struct daf_rng *rng)
{
    struct session_pair *sides[] = {a, b};
    size_t number = 0;

    for (bool moved = true; moved;) {
        moved = session_pair_commit(a, DAF_OK);
        moved |= session_pair_commit(b, DAF_OK);
        for (size_t i = 0; i < 2; i++) {
            struct daf_view bytes;

            if (!session_pair_take(sides[i], &bytes)) continue;
            moved = true;
            if (daf_session_state(sides[1 - i]->s) == DAF_SESSION_CLOSED)
                continue;
            memcpy(room, bytes.p, bytes.len);
            if (number++ == at)
                room[daf_rng_below(rng, bytes.len)] ^=
                    (uint8_t)(1 + daf_rng_below(rng, 255));
            session_pair_give(sides[1 - i], (struct daf_view){room, bytes.len});
        }
        assert_in_range(number, 0, 1000);
    }
}

/* Whatever byte of whatever frame is another: nobody hangs, nobody takes what
 * nobody wrote, and the next contact makes them equal. */
static void a_frame_that_is_not_what_was_said_loses_nothing(void **state)
{
    struct daf_rng rng;
    uint8_t seed[32] = {42};

    (void)state;
    daf_rng_init(&rng, seed);
    write_chain(3, 12, 200);
    for (size_t i = 0; i < 300; i++) {
        for (size_t j = 0; j < 12; j++) {
            if (j < 4 || j > 8) session_pair_hold(a, &chain[j], j % 3 != 0);
            if (j > 2) session_pair_hold(b, &chain[j], j % 2 != 0);
        }
        session_pair_meet(i % 2 ? a : b, i % 2 ? b : a);
        talk_with_a_fault(i % 15, &rng);
        session_pair_part(a, b);
        for (size_t j = 0; j < 2; j++) { /* the second asks for bodies again */
            session_pair_meet(i % 2 ? a : b, i % 2 ? b : a);
            talk();
            session_pair_part(a, b);
        }
        are_equal(a, b);
        assert_int_equal(daf_fake_index_count(a->index), 12);
        session_pair_free(a);
        session_pair_free(b);
        a = session_pair_new(camp, 1);
        b = session_pair_new(camp, 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_is_asked_of_a_foreign_scope_is_answered_as_if_empty),
        T(a_need_names_logs_of_its_own_scope_only),
        T(a_huge_credit_is_clamped),
        T(a_small_credit_still_brings_one_record),
        T(what_is_not_held_is_answered_with_nothing),
        T(wants_over_the_limits_are_a_breach),
        T(symbols_are_given_to_the_last_and_no_further),
        T(a_page_of_more_than_a_frame_goes_on_where_it_ended),
        T(more_is_asked_for_only_where_it_helps),
        T(a_bad_end_is_forgotten_and_not_served),
        T(bad_ends_do_not_keep_two_from_being_equal),
        T(a_path_that_the_credit_cut_ends_well_too),
        T(rubbish_that_is_taken_back_does_not_hide_the_next_log),
        T(of_what_is_needed_those_with_bodies_are_given),
        T(an_answer_to_need_has_a_credit_too),
        T(no_frame_costs_more_than_an_answer),
        T(a_log_named_again_and_again_is_acknowledged_a_few_times),
        T(a_frame_that_is_not_what_was_said_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
