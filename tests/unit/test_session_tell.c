/* SPDX-License-Identifier: Apache-2.0 */
/* What is told unasked and what comes of it, docs/protocol.md R27, R28, R42, R43,
 * R45 to R47. */
#include "tests/lib/session_case.h"

static void news_from(struct session_pair *p,
                      const struct session_pair_record *record)
{
    daf_session_news(p->s, p->now, &record->r.log.scope, &record->r.log, 1);
}

static bool names_tag(const struct daf_heads *heads, struct daf_tag tag)
{
    bool found = false;

    for (size_t i = 0; i < heads->count; i++)
        found |= memcmp(heads->items.p + i * DAF_ITEM_BYTES, tag.b,
                        sizeof(tag.b)) == 0;
    return found;
}

static bool wants_tag(const struct daf_want *want, struct daf_tag tag)
{
    struct daf_cursor c = want->logs.items;
    bool found = false;

    for (size_t i = 0; i < want->logs.count; i++) {
        struct daf_want_log w;

        daf_frame_next_want(&c, &w);
        found |= memcmp(w.tag.b, tag.b, sizeof(tag.b)) == 0;
    }
    return found;
}

static struct daf_want wants_records(struct session_pair *p)
{
    struct daf_want want = says(p, DAF_FRAME_WANT).want;

    assert_int_equal(want.kind, DAF_WANT_RECORDS);
    return want;
}

/* ---- R42: who is told what */

enum { ONLY_A, ONLY_B, A_HIGHER, B_HIGHER, FORKED, SAME, LOGS };
static struct session_pair_record first[LOGS], second[LOGS], branch;

static void write_differences(void)
{
    for (size_t i = 0; i < LOGS; i++) {
        session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1 + i, NULL, 0, 9,
                           &first[i]);
        session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1 + i, &first[i], 0, 9,
                           &second[i]);
        if (i != ONLY_B) session_pair_hold(a, &first[i], true);
        if (i != ONLY_A) session_pair_hold(b, &first[i], true);
    }
    session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1 + FORKED, &first[FORKED],
                       99, 9, &branch);
    session_pair_hold(a, &second[A_HIGHER], true);
    session_pair_hold(b, &second[B_HIGHER], true);
    session_pair_hold(a, &second[FORKED], true);
    session_pair_hold(b, &branch, true);
}

static void free_differences(void)
{
    for (size_t i = 0; i < LOGS; i++) {
        session_pair_record_free(&first[i]);
        session_pair_record_free(&second[i]);
    }
    session_pair_record_free(&branch);
}

/* What a says until it says a frame of this kind (a WANT: for records) is given
 * to b, and b's answers to a. */
static struct daf_frame talk_until_a_says(enum daf_frame_kind kind)
{
    struct daf_view bytes;
    struct daf_frame f;

    for (;;) {
        while (session_pair_take(b, &bytes))
            session_pair_give(a, bytes);
        (void)session_pair_commit(a, DAF_OK);
        if (!session_pair_take(a, &bytes)) fail_msg("it is never said");
        f = decoded(bytes);
        session_pair_give(b, bytes);
        if (f.kind == kind &&
            (f.kind != DAF_FRAME_WANT || f.want.kind == DAF_WANT_RECORDS))
            return f;
    }
}

static void each_side_gets_what_it_lacks_and_is_told_of_it(void **state)
{
    struct daf_frame f;

    (void)state;
    write_differences();
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a); /* a, the acceptor, compares */
    f = talk_until_a_says(DAF_FRAME_WANT);
    assert_int_equal(f.want.logs.count, 3);
    assert_true(wants_tag(&f.want, tag_of(&first[ONLY_B])));
    assert_true(wants_tag(&f.want, tag_of(&first[B_HIGHER])));
    assert_true(wants_tag(&f.want, tag_of(&first[FORKED])));
    f = talk_until_a_says(DAF_FRAME_HEADS); /* when all that is stored */
    assert_int_equal(f.heads.kind, DAF_HEADS_NEWS);
    assert_int_equal(f.heads.count, 3);
    assert_true(names_tag(&f.heads, tag_of(&first[ONLY_A])));
    assert_true(names_tag(&f.heads, tag_of(&first[A_HIGHER])));
    assert_true(names_tag(&f.heads, tag_of(&first[FORKED])));
    assert_true(session_pair_holds(a, &branch));
    talk();
    are_equal(a, b);
    free_differences();
}

/* ---- news: R28, R43 */

static void news_is_asked_for(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    open_both();
    session_pair_hold(b, &chain[0], true);
    news_from(b, &chain[0]);
    talk();
    assert_true(session_pair_holds(a, &chain[0]));
    assert_int_equal(a->said_count[DAF_FRAME_WANT], 1);
    assert_int_equal(b->said_count[DAF_FRAME_WANT], 0);
    /* Too many to name: the whole scope is looked at. */
    session_pair_hold(b, &chain[1], true);
    daf_session_news(b->s, b->now, &chain[0].r.log.scope, NULL, 0);
    talk();
    assert_true(session_pair_holds(a, &chain[1]));
    /* Known already: not a word. */
    news_from(b, &chain[0]);
    (void)pass(b, a);
    says_nothing(a);
}

static void news_of_more_than_a_credit_is_fetched_to_the_end(void **state)
{
    (void)state;
    write_chain(2, 40, 60000); /* 2.4 MB */
    open_both();
    hold_chain(b, 0, chain_count);
    news_from(b, &chain[0]);
    talk();
    are_equal(a, b);
    assert_true(daf_session_resting(a->s));
}

static void news_of_what_is_not_held_or_not_common_is_not_told(void **state)
{
    struct daf_log_key log = {.scope = *scope_of(SESSION_PAIR_CLASS)};

    (void)state;
    camp->devices[2].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    open_both();
    daf_session_news(a->s, a->now, &log.scope, &log, 1);
    daf_session_news(a->s, a->now, scope_of(SESSION_PAIR_CAMP), NULL, 0);
    daf_session_news(a->s, a->now, &(struct daf_scope_id){{1}}, NULL, 0);
    says_nothing(a);
}

/* Before its own ROOT is out, and after. */
static void news_before_the_peer_is_proven_waits_for_it(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    greet(a, b);
    for (size_t i = 0; i < 2; i++) {
        struct session_pair *p = i == 0 ? b : a;

        /* b's ROOT is out and a's is not. */
        session_pair_hold(p, &chain[i], true);
        if (i == 1) session_pair_hold(p, &chain[0], true);
        news_from(p, &chain[i]);
    }
    talk();
    are_equal(a, b);
    assert_int_equal(daf_fake_index_count(b->index), 2);
}

/* The acceptor said that nothing changed since, and then something did. */
static void news_after_a_root_without_parts_is_told(void **state)
{
    (void)state;
    write_chain(3, 1, 50);
    b->was_equal = true;
    greet(a, b);
    session_pair_hold(b, &chain[0], true);
    news_from(b, &chain[0]);
    assert_int_equal(pass(b, a).root.parts.count, 0);
    assert_int_equal(pass(a, b).root.parts.count, 0);
    talk();
    are_equal(a, b);
    assert_int_equal(daf_fake_index_count(a->index), 1);
}

/* R22: also if the peer might carry it. */
static void of_a_scope_that_the_peer_did_not_list_nothing_is_told(void **state)
{
    struct session_pair_record r;
    struct daf_view bytes;
    struct daf_cursor c;
    struct daf_frame f;
    struct daf_pack k;
    size_t mark;

    (void)state;
    session_pair_write(camp, 1, SESSION_PAIR_CAMP, 1, NULL, 0, 9, &r);
    session_pair_hold(a, &r, true); /* its own, and nobody has a copy */
    greet(b, a);
    (void)pass(a, b);
    assert_true(session_pair_take(b, &bytes));
    f = decoded(bytes);
    c = f.root.parts.items;
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_root(&k, &f.root);
    for (size_t i = 0; i < f.root.parts.count; i++) {
        struct daf_root_part part;

        daf_frame_next_part(&c, &part);
        if (memcmp(part.scope.b, scope_of(SESSION_PAIR_CAMP)->b, 16) != 0)
            daf_frame_add_part(&k, &part);
    }
    daf_frame_end(&k, mark, f.root.parts.count - 1, false);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    news_from(a, &r);
    daf_session_news(a->s, a->now, scope_of(SESSION_PAIR_CAMP), NULL, 0);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_want_page(&k, scope_of(SESSION_PAIR_CAMP), NULL);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(says(a, DAF_FRAME_HEADS).heads.count, 0);
    session_pair_record_free(&r);
}

static void news_of_another_scope_is_looked_at_afterwards(void **state)
{
    struct daf_item item = made_item(200, 1);
    struct daf_want want;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    session_pair_give(a, heads_of(SESSION_PAIR_CAMP, DAF_HEADS_NEWS, false,
                                  &item, 1));
    says_nothing(a);
    session_pair_give(a, run_one(&chain[0], true));
    assert_true(session_pair_commit(a, DAF_OK));
    (void)says(a, DAF_FRAME_ACK);
    want = says(a, DAF_FRAME_WANT).want;
    assert_memory_equal(want.scope.b, scope_of(SESSION_PAIR_CAMP)->b, 16);
}

/* a was told more of the camp than can wait while the class was in hand, and got a record of the camp
 * by another way; now it asks for symbols of the camp. */
static struct daf_want let_a_look_later(enum daf_heads_kind kind,
                                        const struct session_pair_record *own)
{
    struct daf_item items[17]; /* one more than may wait */
    struct daf_want want;

    write_chain(2, 1, 50);
    let_a_ask();
    session_pair_hold(a, own, true);
    for (size_t i = 0; i < 17; i++) /* nothing comes of those that wait */
        items[i] = item_at(a, own);
    session_pair_give(a, heads_of(SESSION_PAIR_CAMP, kind, false, items, 17));
    session_pair_give(a, run_one(&chain[0], true));
    assert_true(session_pair_commit(a, DAF_OK));
    (void)says(a, DAF_FRAME_ACK);
    want = says(a, DAF_FRAME_WANT).want;
    assert_int_equal(want.kind, DAF_WANT_SYMBOLS);
    return want;
}

/* R43: no more comes of that than if it had been looked at once: news is
 * answered, an answer that changed nothing is not. */
static void what_is_looked_at_later_is_answered_no_more_than_at_once(
    void **state)
{
    struct session_pair_record own;

    (void)state;
    session_pair_write(camp, 3, SESSION_PAIR_CAMP, 1, NULL, 0, 9, &own);
    for (size_t i = 0; i < 4; i++) {
        enum daf_heads_kind kind = i % 2 ? DAF_HEADS_ANSWER : DAF_HEADS_NEWS;
        bool by_page = i / 2;
        struct daf_want want = let_a_look_later(kind, &own);
        struct daf_symbols symbols = {.scope = *scope_of(SESSION_PAIR_CAMP)};
        static struct daf_symbol some[DAF_SYMBOLS_MAX];
        struct daf_pack k;

        /* The peer has no log of it; or so it says in noise, then in a page. */
        memset(some, by_page ? 0x55 : 0, sizeof(some));
        some[0].count[0] = some[0].count[1] = 0;
        symbols.symbols = (struct daf_view){some[0].item, (size_t)want.count *
                                                              DAF_SYMBOL_BYTES};
        daf_pack_init(&k, room, sizeof(room));
        daf_frame_pack_symbols(&k, &symbols);
        session_pair_give(a, daf_pack_view(&k));
        if (by_page) {
            want = says(a, DAF_FRAME_WANT).want;
            assert_int_equal(want.kind, DAF_WANT_PAGE);
            session_pair_give(a, heads_of(SESSION_PAIR_CAMP, DAF_HEADS_PAGE,
                                          false, NULL, 0));
        }
        if (kind == DAF_HEADS_NEWS)
            assert_int_equal(says(a, DAF_FRAME_HEADS).heads.kind,
                             DAF_HEADS_ANSWER);
        says_nothing(a);
        assert_true(daf_session_resting(a->s));
        session_pair_part(a, b);
        session_pair_free(a);
        session_pair_free(b);
        a = session_pair_new(camp, 1);
        b = session_pair_new(camp, 2);
    }
    session_pair_record_free(&own);
}

static void news_of_another_log_joins_what_is_wanted(void **state)
{
    struct daf_item item = made_item(200, 1);
    struct daf_want want;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_NEWS, false,
                                  &item, 1));
    says_nothing(a);
    session_pair_give(a, run_one(&chain[0], true));
    assert_true(session_pair_commit(a, DAF_OK));
    (void)says(a, DAF_FRAME_ACK);
    want = wants_records(a);
    assert_int_equal(want.logs.count, 1);
    assert_true(wants_tag(&want, daf_sketch_item_tag(&item)));
}

/* The log grew while it was asked for: the answer may be of before. */
static void news_of_the_log_that_is_asked_for_is_asked_for_again(void **state)
{
    struct daf_item item;
    struct daf_want want;

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask(); /* of both, and as if b had had one when it answered */
    item = item_at(b, &chain[0]);
    for (size_t i = 0; i < 3; i++) /* said again and again, it is one log */
        session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_NEWS, false,
                                      &item, 1));
    says_nothing(a);
    session_pair_give(a, run_one(&chain[0], true));
    assert_true(session_pair_commit(a, DAF_OK));
    (void)says(a, DAF_FRAME_ACK);
    want = wants_records(a);
    assert_int_equal(want.logs.count, 1);
    session_pair_give(a, run_one(&chain[1], true));
    assert_true(session_pair_commit(a, DAF_OK));
    (void)says(a, DAF_FRAME_ACK);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
}

static void news_that_the_answer_brought_already_is_not_asked_for(void **state)
{
    struct daf_item item;

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    item = item_at(b, &chain[0]);
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_NEWS, false,
                                  &item, 1));
    session_pair_give(a, run_chain(0, 2, true));
    assert_true(session_pair_commit(a, DAF_OK));
    (void)says(a, DAF_FRAME_ACK);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
}

static void one_log_twice_in_the_news_is_wanted_once(void **state)
{
    struct daf_item items[2] = {made_item(5, 3), made_item(5, 4)};

    (void)state;
    open_both();
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_NEWS, false,
                                  items, 2));
    assert_int_equal(wants_records(a).logs.count, 1);
    session_pair_give(a, run_of(NULL, 0, true, true));
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
}

static void news_of_a_foreign_scope_is_counted(void **state)
{
    struct daf_pack k;

    (void)state;
    open_both();
    for (int kind = DAF_HEADS_NEWS; kind <= DAF_HEADS_ANSWER; kind++) {
        struct daf_item item = made_item(1, 1);
        struct daf_heads heads = {.scope = {{1}},
                                  .kind = (enum daf_heads_kind)kind,
                                  .count = 1,
                                  .items = {item.b, sizeof(item.b)}};

        daf_pack_init(&k, room, sizeof(room));
        daf_frame_pack_heads(&k, &heads);
        session_pair_give(a, daf_pack_view(&k));
        assert_int_equal(a->refusals.by_err[DAF_ESCOPE],
                         (uint64_t)(kind - DAF_HEADS_NEWS + 1));
    }
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
}

/* More heads in the news than one frame holds: the peer is told to look. */
static void news_that_does_not_fit_becomes_a_look_at_the_scope(void **state)
{
    static struct daf_log_key logs[DAF_ITEMS_MAX + 1];
    struct daf_frame f;

    (void)state;
    write_chain(3, 1, 50);
    hold_chain(a, 0, 1);
    hold_chain(b, 0, 1);
    open_both();
    for (size_t i = 0; i < DAF_ITEMS_MAX + 1; i++)
        logs[i] = chain[0].r.log;
    for (size_t more = 0; more < 2; more++) {
        daf_session_news(a->s, a->now, &chain[0].r.log.scope, logs,
                         DAF_ITEMS_MAX + more);
        f = says(a, DAF_FRAME_HEADS);
        assert_int_equal(f.heads.kind, DAF_HEADS_NEWS);
        assert_int_equal(f.heads.more, more);
        assert_int_equal(f.heads.count, more ? 0 : DAF_ITEMS_MAX);
        says_nothing(a);
    }
}

/* ---- R43: tellings end */

/* What a says to an item of this kind about the chain's log, of which it holds
 * two; an empty answer if it wants records. */
static void is_told(enum daf_heads_kind kind, uint32_t height)
{
    struct daf_tag tag = tag_of(&chain[0]);
    struct daf_item item = made_item(0, height);

    memcpy(item.b, tag.b, sizeof(tag.b));
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, kind, false, &item, 1));
}

static void news_of_less_is_answered_and_an_answer_of_less_is_not(void **state)
{
    struct daf_item own;
    struct daf_frame f;

    (void)state;
    write_chain(3, 2, 50);
    hold_chain(a, 0, 2);
    hold_chain(b, 0, 2);
    open_both();
    own = item_at(a, &chain[0]);
    is_told(DAF_HEADS_NEWS, 1);
    f = says(a, DAF_FRAME_HEADS);
    assert_int_equal(f.heads.kind, DAF_HEADS_ANSWER);
    assert_int_equal(f.heads.count, 1);
    assert_memory_equal(f.heads.items.p, own.b, DAF_ITEM_BYTES);
    is_told(DAF_HEADS_ANSWER, 1);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
}

/* It is wanted; nothing comes of it; the news is answered, an answer is not. */
static void an_answer_of_which_nothing_came_is_not_answered(void **state)
{
    (void)state;
    write_chain(3, 2, 50);
    hold_chain(a, 0, 2);
    hold_chain(b, 0, 2);
    open_both();
    for (uint32_t height = 2; height < 4; height++) {
        is_told(DAF_HEADS_NEWS, height);
        (void)wants_records(a);
        session_pair_give(a, run_of(NULL, 0, true, true));
        assert_int_equal(says(a, DAF_FRAME_HEADS).heads.kind, DAF_HEADS_ANSWER);
        says_nothing(a);
        is_told(DAF_HEADS_ANSWER, height);
        (void)wants_records(a);
        session_pair_give(a, run_of(NULL, 0, true, true));
        says_nothing(a);
        assert_true(daf_session_resting(a->s));
    }
}

/* An answer by which the own log changed, and still is another. */
static void an_answer_of_which_something_came_is_answered(void **state)
{
    struct session_pair_record fork;
    struct daf_view bytes;
    size_t answers = 0;

    (void)state;
    write_chain(3, 2, 50);
    session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1, &chain[0], 99, 50,
                       &fork);
    hold_chain(a, 0, 2);
    hold_chain(b, 0, 2);
    open_both();
    is_told(DAF_HEADS_ANSWER, 2);
    (void)wants_records(a);
    session_pair_give(a, run_one(&fork, true));
    assert_true(session_pair_commit(a, DAF_OK));
    while (session_pair_take(a, &bytes)) {
        struct daf_frame f = decoded(bytes);

        if (f.kind == DAF_FRAME_WANT)
            session_pair_give(a, run_of(NULL, 0, true, true));
        else if (f.kind == DAF_FRAME_HEADS)
            answers += f.heads.kind == DAF_HEADS_ANSWER;
    }
    assert_int_equal(answers, 1);
    assert_true(daf_session_resting(a->s));
    session_pair_record_free(&fork);
}

enum reason { UNCERTIFIED, DEFERRED, BOTH_UNCERTIFIED, FORKS, REASONS };

/* Two forks of one log of equal height; who cannot have the other's. */
static void refuse(enum reason why, const struct session_pair_record *fork)
{
    hold_chain(b, 0, 2);
    if (why != UNCERTIFIED && why != DEFERRED) {
        hold_chain(a, 0, 1);
        session_pair_hold(a, fork, true);
    }
    if (why == UNCERTIFIED || why == BOTH_UNCERTIFIED) a->is_unknown[3] = true;
    if (why == BOTH_UNCERTIFIED) b->is_unknown[3] = true;
    if (why == DEFERRED) {
        a->deferred[0] = tag_of(&chain[0]);
        a->deferred_count = 1;
    }
}

static void what_cannot_be_taken_is_not_told_for_ever(void **state)
{
    struct session_pair_record fork;

    (void)state;
    write_chain(3, 2, 50);
    session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1, &chain[0], 99, 50,
                       &fork);
    for (size_t i = 0; i < (size_t)2 * REASONS; i++) {
        enum reason why = (enum reason)(i / 2);

        refuse(why, &fork);
        greet(i % 2 ? a : b, i % 2 ? b : a);
        talk();
        assert_true(daf_session_resting(a->s) && daf_session_resting(b->s));
        /* Who compared, as news; the other, as an answer; and once more after
         * what came of that. */
        assert_in_range(a->said_count[DAF_FRAME_HEADS], 0, 2);
        assert_in_range(b->said_count[DAF_FRAME_HEADS], 0, 2);
        assert_in_range(a->said_count[DAF_FRAME_WANT] +
                            b->said_count[DAF_FRAME_WANT],
                        0, 6);
        if (why == FORKS) are_equal(a, b);
        if (why == BOTH_UNCERTIFIED) {
            assert_int_equal(a->said_count[DAF_FRAME_HEADS] +
                                 b->said_count[DAF_FRAME_HEADS],
                             2);
            assert_int_equal(a->changed + b->changed, 0);
        }
        if (why == DEFERRED) {
            assert_int_equal(said_in_all(a), 2);
            assert_int_equal(said_in_all(b), 2);
        }
        session_pair_part(a, b);
        session_pair_free(a);
        session_pair_free(b);
        a = session_pair_new(camp, 1);
        b = session_pair_new(camp, 2);
    }
    session_pair_record_free(&fork);
}

/* ---- R46: over budget */

static void a_deferred_log_is_named_and_left_out_by_both(void **state)
{
    struct session_pair_record other;

    (void)state;
    write_chain(3, 3, 50);
    session_pair_write(camp, 4, SESSION_PAIR_CLASS, 1, NULL, 0, 9, &other);
    hold_chain(a, 0, 1);
    hold_chain(b, 0, 3);
    a->deferred[0] = tag_of(&chain[0]);
    a->deferred_count = 1;
    for (size_t i = 0; i < 3; i++) {
        struct daf_frame f;
        struct daf_cursor c;

        if (i == 2) session_pair_hold(b, &other, true);
        greet(i ? a : b, i ? b : a);
        if (i) (void)pass(b, a);
        f = pass(a, b);
        assert_int_equal(f.kind, DAF_FRAME_ROOT);
        c = f.root.parts.items;
        for (size_t j = 0; j < f.root.parts.count; j++) {
            struct daf_root_part part;

            daf_frame_next_part(&c, &part);
            if (memcmp(part.scope.b, scope_of(SESSION_PAIR_CLASS)->b, 16) != 0)
                continue;
            assert_int_equal(part.heads_count, 0);
            assert_int_equal(part.deferred.len, DAF_TAG_BYTES);
            assert_memory_equal(part.deferred.p, tag_of(&chain[0]).b, 8);
        }
        talk();
        if (i < 2) { /* nothing else differs */
            assert_int_equal(said_in_all(a), 2);
            assert_int_equal(said_in_all(b), 2);
        }
        assert_int_equal(session_pair_holds(a, &other), i == 2);
        assert_false(session_pair_holds(a, &chain[1]));
        session_pair_part(a, b);
    }
    /* After a restart it is tried again. */
    a->deferred_count = 0;
    open_both();
    are_equal(a, b);
    session_pair_record_free(&other);
}

/* R40: equal sums end the matter, however many were left out. */
static void many_deferred_logs_cost_nothing(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < 40; i++) {
        struct session_pair_record r;

        session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1 + i, NULL, i, 9, &r);
        session_pair_hold(b, &r, true);
        a->deferred[a->deferred_count++] = tag_of(&r);
        session_pair_record_free(&r);
    }
    for (size_t i = 0; i < 2; i++) {
        greet(i ? a : b, i ? b : a);
        talk();
        assert_int_equal(said_in_all(a), 2);
        assert_int_equal(said_in_all(b), 2);
        session_pair_part(a, b);
    }
}

static void a_log_deferred_while_it_is_waited_for_is_let_be(void **state)
{
    struct daf_tag tag;
    struct daf_defer defer = {.scope = *scope_of(SESSION_PAIR_CLASS)};
    struct daf_pack k;

    (void)state;
    write_chain(3, 2, 50);
    hold_chain(b, 0, 2);
    tag = tag_of(&chain[0]);
    defer.tags = (struct daf_view){tag.b, sizeof(tag)};
    a->claims_fail = true;
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_WAITING);
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_defer(&k, &defer);
    session_pair_give(a, daf_pack_view(&k));
    a->claims_fail = false;
    daf_session_poke(a->s, a->now);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->rooms, 0);
}

static void a_log_that_the_peer_deferred_is_not_offered_or_asked_for(
    void **state)
{
    struct daf_tag tag;
    struct daf_view bytes;

    (void)state;
    write_chain(2, 2, 50);
    open_both();
    tag = tag_of(&chain[0]);
    daf_session_deferred(b->s, scope_of(SESSION_PAIR_CLASS), &tag, 1);
    assert_int_equal(pass(b, a).kind, DAF_FRAME_DEFER);
    hold_chain(a, 0, 1);
    news_from(a, &chain[0]); /* not to be told */
    says_nothing(a);
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_NEWS, false,
                                  (struct daf_item[]){made_item(1, 9)}, 1));
    (void)wants_records(a);
    session_pair_give(a, run_of(NULL, 0, true, true));
    is_told(DAF_HEADS_NEWS, 9);
    while (session_pair_take(a, &bytes))
        assert_int_not_equal(decoded(bytes).kind, DAF_FRAME_WANT);
}

static void of_deferred_logs_no_more_than_64_are_noted(void **state)
{
    static struct daf_tag tags[DAF_DEFERRED_MAX];
    struct daf_defer defer = {.scope = *scope_of(SESSION_PAIR_CLASS),
                              .tags = {tags[0].b, sizeof(tags)}};
    struct daf_pack k;

    (void)state;
    write_chain(2, 1, 50);
    open_both();
    for (size_t i = 0; i < DAF_DEFERRED_MAX; i++)
        tags[i].b[0] = (uint8_t)i;
    for (size_t i = 0; i < 3; i++) {
        daf_pack_init(&k, room, sizeof(room));
        daf_frame_pack_defer(&k, &defer);
        session_pair_give(a, daf_pack_view(&k));
    }
    defer.scope.b[0] ^= 1; /* a foreign one */
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_defer(&k, &defer);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(a->refusals.by_err[DAF_ESCOPE], 1);
    says_nothing(a);
    /* Others are offered as ever. */
    hold_chain(b, 0, 1);
    news_from(b, &chain[0]);
    talk();
    are_equal(a, b);
}

/* ---- R45: bodies */

static size_t spots_of(const struct daf_frame *f)
{
    struct daf_cursor c = f->need.logs.items;
    size_t count = 0;

    for (size_t i = 0; i < f->need.logs.count; i++) {
        struct daf_need_log need;

        daf_frame_next_need(&c, &f->need.scope, &need);
        count += need.spots.count;
    }
    return count;
}

static void lacking_bodies_are_asked_for_in_pieces_of_512(void **state)
{
    static struct session_pair_record r[600];
    size_t asked[3] = {0}, rounds = 0;
    struct daf_view bytes;

    (void)state;
    for (size_t i = 0; i < 600; i++) {
        session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1 + i % 3,
                           i < 3 ? NULL : &r[i - 3], i, 9, &r[i]);
        session_pair_hold(a, &r[i], i % 60 == 0); /* it lacks 590 */
        session_pair_hold(b, &r[i], true);
    }
    greet(a, b);
    (void)pass(b, a);
    (void)pass(a, b);
    while (session_pair_take(a, &bytes)) {
        struct daf_frame f = decoded(bytes);

        session_pair_give(b, bytes);
        if (f.kind == DAF_FRAME_NEED) {
            assert_in_range(rounds, 0, 2);
            asked[rounds++] = spots_of(&f);
        }
        while (session_pair_take(b, &bytes)) {
            f = decoded(bytes);
            assert_int_equal(f.kind, DAF_FRAME_RUN);
            assert_int_equal(f.run.paths.count, asked[rounds - 1]);
            session_pair_give(a, bytes);
        }
        (void)session_pair_commit(a, DAF_OK);
    }
    assert_int_equal(rounds, 2);
    assert_int_equal(asked[0], DAF_NEED_MAX);
    assert_int_equal(asked[1], 590 - DAF_NEED_MAX);
    are_equal(a, b);
    assert_int_equal(b->said_count[DAF_FRAME_NEED], 0);
    for (size_t i = 0; i < 600; i++)
        session_pair_record_free(&r[i]);
}

static void bodies_that_nobody_has_are_asked_for_once(void **state)
{
    (void)state;
    write_chain(3, 3, 50);
    for (size_t i = 0; i < 3; i++) {
        session_pair_hold(a, &chain[i], false);
        session_pair_hold(b, &chain[i], false);
    }
    open_both();
    assert_int_equal(a->said_count[DAF_FRAME_NEED], 1);
    assert_int_equal(b->said_count[DAF_FRAME_NEED], 1);
    session_pair_part(a, b);
    /* Its number is as it was: the agent says that there is no use. */
    a->needs_nothing = b->needs_nothing = true;
    open_both();
    assert_int_equal(said_in_all(a) + said_in_all(b), 4);
}

static void bodies_are_asked_for_when_all_else_is_in_step(void **state)
{
    struct daf_frame f;

    (void)state;
    write_chain(3, 4, 50);
    session_pair_hold(a, &chain[0], false);
    hold_chain(b, 0, 4);
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a);
    (void)wants_records(a);
    session_pair_give(a, run_chain(1, 4, true));
    says_nothing(a);
    assert_true(session_pair_commit(a, DAF_OK));
    (void)says(a, DAF_FRAME_ACK);
    f = says(a, DAF_FRAME_NEED);
    assert_int_equal(spots_of(&f), 1);
    session_pair_give(b, (struct daf_view){a->lent->bytes, a->lent->len});
    talk();
    are_equal(a, b);
}

static void bodies_of_more_than_a_credit_come_to_the_end(void **state)
{
    (void)state;
    write_chain(3, 40, 60000);
    for (size_t i = 0; i < 40; i++)
        session_pair_hold(a, &chain[i], false);
    hold_chain(b, 0, 40);
    open_both();
    are_equal(a, b);
    assert_in_range(a->said_count[DAF_FRAME_NEED], 2, 4);
}

/* a lacks the bodies of the first two and asked for them. */
static void let_a_need(void)
{
    struct daf_frame f;

    write_chain(3, 4, 50);
    for (size_t i = 0; i < 3; i++) {
        session_pair_hold(a, &chain[i], i == 2);
        session_pair_hold(b, &chain[i], i == 2);
    }
    b->needs_nothing = true;
    greet(a, b);
    (void)pass(b, a);
    (void)pass(a, b);
    f = says(a, DAF_FRAME_NEED);
    assert_int_equal(spots_of(&f), 2);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_BODIES);
    hush(b);
}

static void a_record_that_was_not_needed_changes_nothing(void **state)
{
    struct session_pair_record other;

    (void)state;
    let_a_need();
    session_pair_write(camp, 4, SESSION_PAIR_CLASS, 1, NULL, 0, 9, &other);
    session_pair_give(a, run_one(&chain[3], false)); /* not held */
    session_pair_give(a, run_one(&other, false));    /* nor its log */
    session_pair_give(a, run_one(&chain[2], true));  /* held with its body */
    assert_int_equal(a->kept, 0);
    assert_false(session_pair_commit(a, DAF_OK));
    assert_int_equal(daf_fake_index_count(a->index), 3);
    assert_false(has_body(a, &chain[0]));
    hush(a); /* an ACK of what it holds harms nobody */
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
    session_pair_record_free(&other);
}

static void a_body_of_another_hash_is_refused_and_counted(void **state)
{
    struct session_pair_record other;

    (void)state;
    let_a_need();
    other = chain[0];
    other.body = chain[1].body;
    other.body_len = chain[1].body_len;
    session_pair_give(a, run_one(&other, false));
    session_pair_give(a, run_one(&chain[1], true));
    assert_int_equal(a->refusals.by_err[DAF_EBODY], 1);
    (void)session_pair_commit(a, DAF_OK);
    (void)session_pair_commit(a, DAF_OK);
    assert_false(has_body(a, &chain[0]));
    assert_true(has_body(a, &chain[1]));
    assert_int_equal(daf_fake_index_count(a->index), 3);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
}

static void an_answer_to_need_must_go_on(void **state)
{
    (void)state;
    let_a_need();
    assert_int_equal(daf_session_deadline(a->s).ms, a->now.ms + DAF_ANSWER_MS);
    daf_session_timer(a->s, (struct daf_mono){a->now.ms + DAF_ANSWER_MS});
    ends_with(a, DAF_BYE_TIMEOUT, DAF_ETIME);
}

/* R36: a RUN answers the question that was asked. */
static void an_answer_to_need_of_another_scope_is_a_breach(void **state)
{
    struct run r;

    (void)state;
    let_a_need();
    run_begin(&r, scope_of(SESSION_PAIR_CAMP));
    session_pair_give(a, run_end(&r, true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
}

/* ---- ACK: R27, R47 */

static void an_ack_is_told_to_the_agent(void **state)
{
    struct daf_ack_path path = {.seq_first = 2, .last = {7, {{9}}}};
    struct daf_pack k;
    size_t mark;

    (void)state;
    camp->devices[2].rights[SESSION_PAIR_CAMP] = DAF_RIGHT_NONE;
    open_both();
    path.log.author = a->env.author;
    path.log.scope = *scope_of(SESSION_PAIR_CLASS);
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_ack(&k, &path.log.scope);
    daf_frame_add_ack(&k, &path);
    daf_frame_end(&k, mark, 1, false);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(a->acked_count, 1);
    assert_int_equal(a->acked.seq_first, 2);
    assert_int_equal(a->acked.last.seq, 7);
    assert_memory_equal(&a->acked.log, &path.log, sizeof(path.log));

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_ack(&k, scope_of(SESSION_PAIR_CAMP));
    daf_frame_add_ack(&k, &path);
    daf_frame_end(&k, mark, 1, false);
    session_pair_give(a, daf_pack_view(&k));
    assert_int_equal(a->acked_count, 1);
    assert_int_equal(a->refusals.by_err[DAF_ESCOPE], 1);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
}

/* An ACK was lost: its author asks, and is told if the log is here whole. */
static void a_copy_is_acknowledged_again_only_if_it_is_whole(void **state)
{
    enum { WHOLE, NO_BODY, GAP, FORK, ANOTHERS, LESS, CASES };
    struct session_pair_record fork;

    (void)state;
    for (size_t i = WHOLE; i < CASES; i++) {
        size_t number = i == ANOTHERS ? 3 : 2;
        struct session_pair *both[] = {a, b};
        struct daf_item item;

        write_chain(number, 4, 50);
        session_pair_write(camp, number, SESSION_PAIR_CLASS, 1, &chain[0], 99,
                           50, &fork);
        for (size_t j = 0; j < 2; j++) {
            hold_chain(both[j], 1, i == LESS && j == 0 ? 3 : 4);
            if (i != GAP)
                session_pair_hold(both[j], &chain[0], i != NO_BODY || j == 1);
            if (i == FORK) session_pair_hold(both[j], &fork, true);
        }
        a->needs_nothing = b->needs_nothing = true;
        greet(a, b);
        (void)pass(b, a);
        (void)pass(a, b);
        item = item_at(b, &chain[1]);
        hush(b);
        session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_UNACKED,
                                      false, &item, 1));
        if (i == WHOLE) {
            struct daf_frame f = says(a, DAF_FRAME_ACK);
            struct daf_cursor c = f.ack.paths.items;
            struct daf_ack_path path;

            assert_int_equal(f.ack.paths.count, 1);
            daf_frame_next_ack(&c, &f.ack.scope, &path);
            assert_int_equal(path.seq_first, 1);
            assert_int_equal(path.last.seq, 4);
            assert_memory_equal(path.last.id.b, chain[3].r.id.b, 32);
            assert_memory_equal(&path.log, &chain[0].r.log, sizeof(path.log));
        } else if (i == LESS) { /* pulled instead */
            (void)wants_records(a);
        }
        says_nothing(a);
        assert_int_equal(a->said_count[DAF_FRAME_ACK], i == WHOLE);
        session_pair_part(a, b);
        session_pair_record_free(&fork);
        session_pair_free(a);
        session_pair_free(b);
        a = session_pair_new(camp, 1);
        b = session_pair_new(camp, 2);
    }
}

static void own_logs_without_a_copy_are_named_once(void **state)
{
    struct session_pair_record other;
    size_t told = 0;
    struct daf_view bytes;

    (void)state;
    write_chain(1, 2, 50);
    session_pair_write(camp, 1, SESSION_PAIR_CLASS, 2, NULL, 0, 9, &other);
    for (size_t i = 0; i < 2; i++) {
        struct session_pair *p = i == 0 ? a : b;

        hold_chain(p, 0, 2);
        session_pair_hold(p, &other, true);
    }
    daf_fake_index_acked(a->index, &other.r.log, 1);
    greet(a, b);
    (void)pass(b, a);
    while (session_pair_take(a, &bytes)) {
        struct daf_frame f = decoded(bytes);

        if (f.kind == DAF_FRAME_HEADS) {
            assert_int_equal(f.heads.kind, DAF_HEADS_UNACKED);
            assert_int_equal(f.heads.count, 1);
            assert_true(names_tag(&f.heads, tag_of(&chain[0])));
            told++;
        }
        session_pair_give(b, bytes);
    }
    assert_int_equal(told, 1);
    talk();
    assert_int_equal(a->acked_count, 1);
    session_pair_part(a, b);
    /* Acknowledged: not asked again. */
    open_both();
    assert_int_equal(said_in_all(a) + said_in_all(b), 4);
    session_pair_record_free(&other);
}

/* More than eight are to be pulled early, and behind them is one that is held. */
static void a_whole_log_behind_many_that_are_lacking_is_acknowledged(
    void **state)
{
    struct daf_item items[DAF_INCARNATIONS_MAX];
    struct daf_view bytes;
    bool is_acked = false;

    (void)state;
    write_chain(2, 2, 50);
    hold_chain(a, 0, 2);
    hold_chain(b, 0, 2);
    greet(a, b);
    (void)pass(b, a);
    (void)pass(a, b);
    hush(a);
    hush(b);
    for (uint32_t i = 0; i < DAF_INCARNATIONS_MAX; i++)
        items[i] = made_item(i, 1);
    items[DAF_INCARNATIONS_MAX - 1] = item_at(a, &chain[0]);
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_UNACKED, false,
                                  items, DAF_INCARNATIONS_MAX));
    while (session_pair_take(a, &bytes))
        is_acked |= decoded(bytes).kind == DAF_FRAME_ACK;
    assert_true(is_acked);
}

static void many_logs_without_a_copy_are_all_pulled(void **state)
{
    (void)state;
    for (uint64_t i = 0; i < DAF_INCARNATIONS_MAX; i++) {
        struct session_pair_record r;

        session_pair_write(camp, 2, SESSION_PAIR_CLASS, 1 + i, NULL, i, 9, &r);
        session_pair_hold(b, &r, true);
        session_pair_record_free(&r);
    }
    for (size_t i = 0; i < 2; i++) {
        greet(i ? a : b, i ? b : a);
        talk();
        are_equal(a, b);
        if (i == 1) { /* all were acknowledged */
            assert_int_equal(said_in_all(a) + said_in_all(b), 4);
        }
        session_pair_part(a, b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(each_side_gets_what_it_lacks_and_is_told_of_it),
        T(news_is_asked_for),
        T(news_of_more_than_a_credit_is_fetched_to_the_end),
        T(news_of_what_is_not_held_or_not_common_is_not_told),
        T(news_before_the_peer_is_proven_waits_for_it),
        T(news_after_a_root_without_parts_is_told),
        T(of_a_scope_that_the_peer_did_not_list_nothing_is_told),
        T(news_of_another_scope_is_looked_at_afterwards),
        T(what_is_looked_at_later_is_answered_no_more_than_at_once),
        T(news_of_another_log_joins_what_is_wanted),
        T(news_of_the_log_that_is_asked_for_is_asked_for_again),
        T(news_that_the_answer_brought_already_is_not_asked_for),
        T(one_log_twice_in_the_news_is_wanted_once),
        T(news_of_a_foreign_scope_is_counted),
        T(news_that_does_not_fit_becomes_a_look_at_the_scope),
        T(news_of_less_is_answered_and_an_answer_of_less_is_not),
        T(an_answer_of_which_nothing_came_is_not_answered),
        T(an_answer_of_which_something_came_is_answered),
        T(what_cannot_be_taken_is_not_told_for_ever),
        T(a_deferred_log_is_named_and_left_out_by_both),
        T(many_deferred_logs_cost_nothing),
        T(a_log_deferred_while_it_is_waited_for_is_let_be),
        T(a_log_that_the_peer_deferred_is_not_offered_or_asked_for),
        T(of_deferred_logs_no_more_than_64_are_noted),
        T(lacking_bodies_are_asked_for_in_pieces_of_512),
        T(bodies_that_nobody_has_are_asked_for_once),
        T(bodies_are_asked_for_when_all_else_is_in_step),
        T(bodies_of_more_than_a_credit_come_to_the_end),
        T(a_record_that_was_not_needed_changes_nothing),
        T(a_body_of_another_hash_is_refused_and_counted),
        T(an_answer_to_need_must_go_on),
        T(an_answer_to_need_of_another_scope_is_a_breach),
        T(an_ack_is_told_to_the_agent),
        T(a_copy_is_acknowledged_again_only_if_it_is_whole),
        T(own_logs_without_a_copy_are_named_once),
        T(a_whole_log_behind_many_that_are_lacking_is_acknowledged),
        T(many_logs_without_a_copy_are_all_pulled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
