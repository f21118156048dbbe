/* SPDX-License-Identifier: Apache-2.0 */
/* Which logs differ, docs/protocol.md R36, R39 to R42: one number for all, sums,
 * symbols, pages. */
#include "tests/lib/session_case.h"

/* a and b become two of a camp of @count. */
static void move_to_camp_of(size_t count)
{
    session_pair_free(a);
    session_pair_free(b);
    session_pair_camp_free(camp);
    camp = session_pair_camp_new(count);
    a = session_pair_new(camp, 1);
    b = session_pair_new(camp, 2);
}

/* The first record of device @number in @scope, held by those that are named,
 * and the second by @p or nobody. */
static void write_log(size_t number, enum session_pair_scope scope, bool with_a,
                      bool with_b, struct session_pair *p)
{
    struct session_pair_record r, next;

    session_pair_write(camp, number, scope, 1, NULL, number, 9, &r);
    /* Nobody asks for a copy of his own. */
    daf_fake_index_acked(a->index, &r.r.log, 2);
    daf_fake_index_acked(b->index, &r.r.log, 2);
    if (with_a) session_pair_hold(a, &r, true);
    if (with_b) session_pair_hold(b, &r, true);
    if (p != NULL) {
        session_pair_write(camp, number, scope, 1, &r, number, 9, &next);
        session_pair_hold(p, &next, true);
        session_pair_record_free(&next);
    }
    session_pair_record_free(&r);
}

/* Only HELLO and ROOT were said. */
static void said_no_more_than_root(const struct session_pair *p)
{
    assert_int_equal(p->said_count[DAF_FRAME_HELLO], 1);
    assert_int_equal(p->said_count[DAF_FRAME_ROOT], 1);
    assert_int_equal(said_in_all(p), 2);
}

/* The part of a ROOT about @scope. */
static struct daf_root_part part_of(const struct daf_frame *f,
                                    enum session_pair_scope scope)
{
    struct daf_root_part part = {.heads_count = 0};
    struct daf_cursor c = f->root.parts.items;
    bool found = false;

    assert_int_equal(f->kind, DAF_FRAME_ROOT);
    for (size_t i = 0; i < f->root.parts.count && !found; i++) {
        daf_frame_next_part(&c, &part);
        found = memcmp(part.scope.b, scope_of(scope)->b, 16) == 0;
    }
    assert_true(found);
    return part;
}

/* ---- ROOT: R39, R40 */

static void symbols_come_only_for_scopes_that_differ(void **state)
{
    struct daf_frame f;

    (void)state;
    for (size_t i = 3; i < 6; i++) {
        write_log(i, SESSION_PAIR_CLASS, true, true, NULL);
        write_log(i, SESSION_PAIR_CAMP, true, true, NULL);
    }
    write_log(0, SESSION_PAIR_CAMP, false, true, NULL);
    greet(a, b);
    f = pass(b, a);
    for (size_t i = 0; i < SESSION_PAIR_SCOPES; i++) {
        struct daf_root_part part = part_of(&f, (enum session_pair_scope)i);

        assert_int_equal(part.symbols.len, 0);
        assert_int_equal(part.heads_count, i == SESSION_PAIR_CAMP    ? 4
                                           : i == SESSION_PAIR_CLASS ? 3
                                                                     : 0);
    }
    f = pass(a, b);
    for (size_t i = 0; i < SESSION_PAIR_SCOPES; i++) {
        struct daf_root_part part = part_of(&f, (enum session_pair_scope)i);

        assert_int_equal(part.symbols.len,
                         i == SESSION_PAIR_CAMP ? 8 * DAF_SYMBOL_BYTES : 0);
    }
    talk();
    are_equal(a, b);
}

/* Nothing at all is said after ROOT. */
static void equals_are_silent(void **state)
{
    (void)state;
    write_log(3, SESSION_PAIR_CLASS, true, true, NULL);
    write_log(4, SESSION_PAIR_CAMP, true, true, NULL);
    for (size_t i = 0; i < 4; i++) {
        struct daf_frame f;

        a->was_equal = i % 2;
        b->was_equal = i / 2;
        greet(a, b);
        f = pass(b, a);
        /* The acceptor's belief decides; the connector only agrees. */
        assert_int_equal(f.root.parts.count,
                         b->was_equal ? 0 : SESSION_PAIR_SCOPES);
        f = pass(a, b);
        assert_int_equal(f.root.parts.count,
                         b->was_equal ? 0 : SESSION_PAIR_SCOPES);
        talk();
        assert_true(daf_session_resting(a->s) && daf_session_resting(b->s));
        said_no_more_than_root(a);
        said_no_more_than_root(b);
        session_pair_part(a, b);
    }
}

/* The combined number and the sums are of this session's salt: the same stores
 * say other numbers another time. */
static void a_sum_says_nothing_outside_its_session(void **state)
{
    struct daf_sum first, combined;
    struct daf_frame f;

    (void)state;
    write_log(3, SESSION_PAIR_CLASS, true, true, NULL);
    greet(a, b);
    f = pass(b, a);
    first = part_of(&f, SESSION_PAIR_CLASS).sum;
    combined = f.root.combined;
    session_pair_part(a, b);
    greet(a, b);
    f = pass(b, a);
    assert_memory_not_equal(part_of(&f, SESSION_PAIR_CLASS).sum.b, first.b, 16);
    assert_memory_not_equal(f.root.combined.b, combined.b, 16);
}

/* R39: sum of the sums and of the scope values, by the definitions of §2. */
static void the_combined_number_is_as_defined(void **state)
{
    struct daf_sum combined = {{0}};
    struct daf_frame f;

    (void)state;
    write_log(3, SESSION_PAIR_CLASS, true, true, NULL);
    write_log(4, SESSION_PAIR_CLASS, true, true, NULL);
    write_log(4, SESSION_PAIR_CAMP, true, true, NULL);
    greet(a, b);
    f = pass(b, a);
    for (size_t i = 0; i < SESSION_PAIR_SCOPES; i++) {
        struct daf_root_part part = part_of(&f, (enum session_pair_scope)i);

        daf_frontier_add_sum(&combined, &part.sum);
        daf_frontier_add_scope(&combined, &salt, &part.scope);
    }
    assert_memory_equal(f.root.combined.b, combined.b, 16);
}

/* The acceptor was wrong, or the connector has stored since. */
static void a_wrong_belief_costs_symbols_of_every_scope(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct daf_frame f;

        write_log(3 + i, SESSION_PAIR_CLASS, i == 0, i == 1, NULL);
        b->was_equal = true;
        greet(a, b);
        assert_int_equal(pass(b, a).root.parts.count, 0);
        f = pass(a, b);
        assert_int_equal(f.root.parts.count, SESSION_PAIR_SCOPES);
        for (size_t j = 0; j < SESSION_PAIR_SCOPES; j++)
            assert_int_equal(
                part_of(&f, (enum session_pair_scope)j).symbols.len,
                8 * DAF_SYMBOL_BYTES);
        talk();
        are_equal(a, b);
        assert_int_equal(daf_fake_index_count(a->index), i + 1);
        /* Equal sums end the matter: of the other scopes nothing is said. */
        assert_int_equal(a->said_count[DAF_FRAME_SYMBOLS], 0);
        session_pair_part(a, b);
    }
}

/* A ROOT without parts whose combined number differs, R40. */
static void without_parts_every_scope_is_asked_for_by_pages(void **state)
{
    bool asked[SESSION_PAIR_SCOPES] = {false};
    struct daf_view bytes;
    struct daf_frame f;
    struct daf_pack k;
    size_t mark;

    (void)state;
    write_log(3, SESSION_PAIR_CLASS, false, true, NULL);
    write_log(4, SESSION_PAIR_CAMP, true, false, NULL);
    a->was_equal = true;
    greet(b, a);
    (void)pass(a, b);
    assert_true(session_pair_take(b, &bytes));
    f = decoded(bytes);
    f.root.combined.b[3] ^= 1;
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_root(&k, &f.root);
    daf_frame_end(&k, mark, 0, false);
    session_pair_give(a, daf_pack_view(&k));
    while (session_pair_take(a, &bytes)) {
        f = decoded(bytes);
        if (f.kind == DAF_FRAME_WANT && f.want.kind == DAF_WANT_PAGE)
            asked[f.want.scope.b[0] - 0x10] = true;
        session_pair_give(b, bytes);
        while (session_pair_take(b, &bytes))
            session_pair_give(a, bytes);
        (void)session_pair_commit(a, DAF_OK);
    }
    talk();
    for (size_t i = 0; i < SESSION_PAIR_SCOPES; i++)
        assert_true(asked[i]);
    are_equal(a, b);
    assert_int_equal(daf_fake_index_count(a->index), 2);
}

/* ---- symbols: R41 */

/* @logs logs that both hold, @changed of which have one record more at b. */
static void write_changed(size_t logs, size_t changed)
{
    move_to_camp_of(logs);
    for (size_t i = 0; i < logs; i++)
        write_log(i, SESSION_PAIR_CLASS, true, true,
                  i % (logs / changed) == 0 && i / (logs / changed) < changed
                      ? b
                      : NULL);
}

/* How often a asks for symbols and for pages in all. */
struct asked {
    size_t symbols, pages;
};

static struct asked talk_and_count(void)
{
    struct asked asked = {0};

    for (bool moved = true; moved;) {
        struct daf_view bytes;

        moved = session_pair_commit(a, DAF_OK);
        moved |= session_pair_commit(b, DAF_OK);
        if (session_pair_take(a, &bytes)) {
            struct daf_frame f = decoded(bytes);

            if (f.kind == DAF_FRAME_WANT) {
                asked.symbols += f.want.kind == DAF_WANT_SYMBOLS;
                asked.pages += f.want.kind == DAF_WANT_PAGE;
            }
            session_pair_give(b, bytes);
            moved = true;
        }
        if (session_pair_take(b, &bytes)) {
            session_pair_give(a, bytes);
            moved = true;
        }
    }
    return asked;
}

static void one_changed_log_is_in_the_symbols_of_root(void **state)
{
    struct asked asked;

    (void)state;
    write_changed(100, 1);
    greet(b, a);
    asked = talk_and_count();
    assert_int_equal(asked.symbols + asked.pages, 0);
    are_equal(a, b);
    assert_int_equal(a->kept, 1); /* and nothing else was sent */
    assert_int_equal(a->said_count[DAF_FRAME_WANT], 1);
}

static void sixty_changed_logs_need_two_questions_at_most(void **state)
{
    struct asked asked;

    (void)state;
    write_changed(600, 60);
    greet(b, a);
    asked = talk_and_count();
    assert_in_range(asked.symbols, 1, 2);
    assert_int_equal(asked.pages, 0);
    are_equal(a, b);
    assert_int_equal(a->kept, 60);
}

/* If a page is smaller than the symbols that would do, it is asked for. */
static void few_logs_that_all_differ_come_by_a_page(void **state)
{
    struct asked asked;

    (void)state;
    write_changed(60, 60);
    greet(b, a);
    asked = talk_and_count();
    assert_int_equal(asked.symbols, 0);
    assert_int_equal(asked.pages, 1);
    are_equal(a, b);
}

enum lie { NOTHING, NOISE, LESS, TWICE, TOO_FULL, LIES };

/* 8 symbols that are not b's, said to a.  As if nothing differed; noise; an item
 * as if it were ours, that we have not; an item in symbol 0 alone, where it would
 * be in others too; as if 60,000 logs differed. */
static struct daf_view lie_of(enum lie lie)
{
    static struct daf_symbol symbols[8];
    struct daf_item item = made_item(7, 3);

    memcpy(symbols, symbols_at(a, 0, 8).p, sizeof(symbols));
    if (lie == NOISE) {
        for (size_t i = 0; i < sizeof(symbols); i++)
            ((uint8_t *)symbols)[i] = (uint8_t)(i * i * 31 + 7 * i);
    } else if (lie == LESS) {
        daf_sketch_add(symbols, 8, scope_of(SESSION_PAIR_CLASS), &item, -1);
    } else if (lie == TWICE) {
        daf_sketch_add(symbols, 1, scope_of(SESSION_PAIR_CLASS), &item, 1);
    } else if (lie == TOO_FULL) {
        symbols[0].count[0] = 0xea;
        symbols[1].count[0] = 0xe0;
        symbols[2].count[0] = 0x15;
    }
    return (struct daf_view){symbols[0].item, sizeof(symbols)};
}

static void give_symbols(enum session_pair_scope scope, uint64_t start,
                         struct daf_view symbols)
{
    struct daf_symbols more = {.scope = *scope_of(scope),
                               .start = start,
                               .symbols = symbols};
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_symbols(&k, &more);
    session_pair_give(a, daf_pack_view(&k));
}

/* a's questions about symbols are answered by noise until it asks for a page. */
static void answer_with_noise(void)
{
    static struct daf_symbol noise[DAF_SYMBOLS_MAX];

    for (size_t i = 0; i < sizeof(noise); i++)
        ((uint8_t *)noise)[i] = (uint8_t)(i * i * 13 + i / 7);
    for (size_t questions = 0; questions < 20; questions++) {
        struct daf_want want = says(a, DAF_FRAME_WANT).want;

        if (want.kind == DAF_WANT_PAGE) return;
        assert_int_equal(want.kind, DAF_WANT_SYMBOLS);
        give_symbols(SESSION_PAIR_CLASS, want.start,
                     (struct daf_view){noise[0].item,
                                       (size_t)want.count * DAF_SYMBOL_BYTES});
    }
    fail_msg("it never asks for a page");
}

static void symbols_that_lie_end_in_a_page(void **state)
{
    (void)state;
    for (enum lie lie = NOTHING; lie < LIES; lie++) {
        write_log(3, SESSION_PAIR_CLASS, true, true, NULL);
        write_log(4, SESSION_PAIR_CLASS, true, true, NULL);
        write_log(5, SESSION_PAIR_CLASS, false, true, NULL);
        let_a_compare(lie_of(lie));
        answer_with_noise();
        session_pair_give(b, (struct daf_view){a->lent->bytes, a->lent->len});
        talk();
        are_equal(a, b);
        assert_int_equal(daf_fake_index_count(a->index), 3);
        assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
        session_pair_part(a, b);
        session_pair_free(a);
        session_pair_free(b);
        a = session_pair_new(camp, 1);
        b = session_pair_new(camp, 2);
    }
}

/* a compares 8 symbols of ROOT that do not suffice and asks for more. */
static struct daf_want let_a_ask_for_symbols(void)
{
    struct daf_frame f;

    write_changed(400, 40);
    let_a_compare(symbols_at(b, 0, 8));
    f = says(a, DAF_FRAME_WANT);
    assert_int_equal(f.want.kind, DAF_WANT_SYMBOLS);
    assert_int_equal(f.want.start, 8); /* from where they end */
    assert_true(f.want.count > 0);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_SYMBOLS);
    return f.want;
}

/* R36: what was not asked for. */
static void symbols_other_than_asked_for_are_a_breach(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct daf_want want = let_a_ask_for_symbols();
        size_t start = 8, count = (size_t)want.count;
        enum session_pair_scope scope = SESSION_PAIR_CLASS;

        if (i == 0) start = 0;
        if (i == 1) start = 9;
        if (i == 2) count++;
        if (i == 3) scope = SESSION_PAIR_CAMP;
        give_symbols(scope, start, symbols_at(b, start, count));
        ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
        session_pair_part(a, b);
    }
}

/* Fewer are what they are; the rest is asked for. */
static void fewer_symbols_than_asked_for_are_taken(void **state)
{
    struct daf_want want = let_a_ask_for_symbols();
    struct daf_frame f;

    (void)state;
    assert_true(want.count > 4);
    give_symbols(SESSION_PAIR_CLASS, 8, symbols_at(b, 8, 4));
    f = says(a, DAF_FRAME_WANT);
    if (f.want.kind == DAF_WANT_SYMBOLS) assert_int_equal(f.want.start, 12);
    session_pair_give(b, (struct daf_view){a->lent->bytes, a->lent->len});
    talk();
    are_equal(a, b);
}

/* One at a time: no more questions than symbols there are. */
static void a_peer_that_gives_one_symbol_at_a_time_comes_to_an_end(void **state)
{
    size_t questions = 0;
    struct daf_want want = let_a_ask_for_symbols();
    static const struct daf_symbol zero;

    (void)state;
    while (want.kind == DAF_WANT_SYMBOLS) {
        struct daf_view bytes;

        assert_true(++questions <= DAF_SYMBOLS_MAX);
        give_symbols(SESSION_PAIR_CLASS, want.start,
                     (struct daf_view){zero.item, DAF_SYMBOL_BYTES});
        if (!session_pair_take(a, &bytes)) break;
        want = decoded(bytes).want;
    }
    assert_int_equal(want.kind, DAF_WANT_PAGE);
}

/* R22: a peer that has nothing to say of the scope leaves it be. */
static void no_symbols_leave_the_scope_be(void **state)
{
    (void)state;
    (void)let_a_ask_for_symbols();
    give_symbols(SESSION_PAIR_CLASS, 8, (struct daf_view){0});
    assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->rooms, 0);
}

static void symbols_that_do_not_come_time_out(void **state)
{
    (void)state;
    (void)let_a_ask_for_symbols();
    assert_int_equal(daf_session_deadline(a->s).ms, a->now.ms + DAF_ANSWER_MS);
    daf_session_timer(a->s, (struct daf_mono){a->now.ms + DAF_ANSWER_MS});
    ends_with(a, DAF_BYE_TIMEOUT, DAF_ETIME);
}

/* ---- R41: who aims at the symbols gains nothing */

/* Indexes of which every head digest begins alike, so that two heads of one
 * height are one item to a sketch. */
static const struct daf_index *aimed_at[2];
static struct daf_index aimed[2];

static struct daf_mark alike(const struct daf_mark *mark)
{
    struct daf_mark forced = *mark;

    memset(forced.digest.b, 0x66, 6);
    return forced;
}

static size_t which(const void *ctx)
{
    return ctx == &aimed[0] ? 0 : 1;
}

static enum daf_err aimed_mark(void *ctx, const struct daf_log_key *log,
                               struct daf_mark *out)
{
    const struct daf_index *index = aimed_at[which(ctx)];
    enum daf_err err = index->mark(index->ctx, log, out);

    if (err == DAF_OK) *out = alike(out);
    return err;
}

static enum daf_err aimed_by_tag(void *ctx, const struct daf_scope_id *scope,
                                 const struct daf_tag *tag,
                                 struct daf_mark *out)
{
    const struct daf_index *index = aimed_at[which(ctx)];
    enum daf_err err = index->mark_by_tag(index->ctx, scope, tag, out);

    if (err == DAF_OK) *out = alike(out);
    return err;
}

struct passing {
    daf_mark_fn fn;
    void *ctx;
};

static bool pass_mark(void *ctx, const struct daf_mark *mark)
{
    const struct passing *p = ctx;
    struct daf_mark forced = alike(mark);

    return p->fn(p->ctx, &forced);
}

static enum daf_err aimed_marks(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_tag *after, daf_mark_fn fn,
                                void *fn_ctx)
{
    const struct daf_index *index = aimed_at[which(ctx)];
    struct passing p = {fn, fn_ctx};

    return index->marks(index->ctx, scope, after, pass_mark, &p);
}

struct placing {
    struct daf_symbol *symbols;
    size_t count;
    const struct daf_scope_id *scope;
};

static bool place_mark(void *ctx, const struct daf_mark *mark)
{
    const struct placing *p = ctx;
    struct daf_mark forced = alike(mark);
    struct daf_item item = daf_sketch_item(&forced);

    daf_sketch_add(p->symbols, p->count, p->scope, &item, 1);
    return true;
}

static enum daf_err aimed_symbols(void *ctx, const struct daf_scope_id *scope,
                                  size_t start, size_t count,
                                  struct daf_symbol *out)
{
    static struct daf_symbol all[DAF_SYMBOLS_MAX];
    const struct daf_index *index = aimed_at[which(ctx)];
    struct placing p = {all, start + count, scope};
    enum daf_err err;

    memset(all, 0, sizeof(all));
    err = index->marks(index->ctx, scope, NULL, place_mark, &p);
    memcpy(out, all + start, count * sizeof(*out));
    return err;
}

/* The rest is asked of the true one. */
static enum daf_err aimed_head_next(void *ctx, const struct daf_scope_id *scope,
                                    const struct daf_log_key *after,
                                    struct daf_head *out)
{
    const struct daf_index *index = aimed_at[which(ctx)];

    return index->head_next(index->ctx, scope, after, out);
}

static enum daf_err aimed_head(void *ctx, const struct daf_log_key *log,
                               struct daf_head *out)
{
    const struct daf_index *index = aimed_at[which(ctx)];

    return index->head(index->ctx, log, out);
}

static enum daf_err aimed_get(void *ctx, const struct daf_log_key *log,
                              const struct daf_spot *spot,
                              struct daf_stored *out)
{
    const struct daf_index *index = aimed_at[which(ctx)];

    return index->get(index->ctx, log, spot, out);
}

static enum daf_err aimed_at_or_after(void *ctx, const struct daf_log_key *log,
                                      const struct daf_spot *spot,
                                      struct daf_stored *out)
{
    const struct daf_index *index = aimed_at[which(ctx)];

    return index->at_or_after(index->ctx, log, spot, out);
}

static enum daf_err aimed_next(void *ctx, const struct daf_log_key *log,
                               const struct daf_spot *spot,
                               struct daf_stored *out)
{
    const struct daf_index *index = aimed_at[which(ctx)];

    return index->next(index->ctx, log, spot, out);
}

static enum daf_err aimed_unacked(void *ctx, const struct daf_scope_id *scope,
                                  const struct daf_author_id *author,
                                  const uint64_t *after, struct daf_mark *out)
{
    const struct daf_index *index = aimed_at[which(ctx)];

    return index->unacked_next(index->ctx, scope, author, after, out);
}

static enum daf_err aimed_bodies(void *ctx, uint64_t *out)
{
    const struct daf_index *index = aimed_at[which(ctx)];

    return index->bodies(index->ctx, out);
}

static enum daf_err aimed_absent(void *ctx, const struct daf_scope_id *scope,
                                 const struct daf_log_key *log,
                                 const struct daf_spot *spot,
                                 struct daf_log_key *out_log,
                                 struct daf_spot *out_spot)
{
    const struct daf_index *index = aimed_at[which(ctx)];

    return index->absent_next(index->ctx, scope, log, spot, out_log, out_spot);
}

static bool aimed_checked(void *ctx, const struct daf_log_key *log,
                          const struct daf_spot *spot)
{
    const struct daf_index *index = aimed_at[which(ctx)];

    return index->is_checked(index->ctx, log, spot);
}

static void aim(struct session_pair *p, size_t at)
{
    aimed_at[at] = p->env.index;
    aimed[at] = (struct daf_index){.ctx = &aimed[at],
                                   .head_next = aimed_head_next,
                                   .head = aimed_head,
                                   .get = aimed_get,
                                   .at_or_after = aimed_at_or_after,
                                   .next = aimed_next,
                                   .mark = aimed_mark,
                                   .mark_by_tag = aimed_by_tag,
                                   .marks = aimed_marks,
                                   .symbols = aimed_symbols,
                                   .bodies = aimed_bodies,
                                   .absent_next = aimed_absent,
                                   .is_checked = aimed_checked,
                                   .unchecked_next = NULL,
                                   .unacked_next = aimed_unacked};
    p->env.index = &aimed[at];
}

/* Another second record at each, so equal heights and, since aimed at, equal
 * items: the symbols agree and the salted sums do not. */
static void heads_that_collide_in_symbols_are_found_by_pages(void **state)
{
    struct session_pair_record other;

    (void)state;
    write_chain(3, 2, 50);
    session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1, &chain[0], 99, 50,
                       &other);
    hold_chain(b, 0, 2);
    hold_chain(a, 0, 1);
    session_pair_hold(a, &other, true);
    write_log(4, SESSION_PAIR_CLASS, true, true, NULL);
    aim(a, 0);
    aim(b, 1);
    for (size_t i = 0; i < 2; i++) {
        struct asked asked;

        greet(i ? a : b, i ? b : a);
        asked = talk_and_count();
        if (i == 0) {
            assert_int_equal(asked.pages, 1);
        } else { /* equal now, and silent */
            said_no_more_than_root(a);
            said_no_more_than_root(b);
        }
        assert_true(session_pair_holds(a, &chain[1]));
        assert_true(session_pair_holds(b, &other));
        session_pair_part(a, b);
    }
    are_equal(a, b);
    session_pair_record_free(&other);
}

/* ---- pages: R36, R42 */

static void a_page_that_was_not_asked_for_is_a_breach(void **state)
{
    (void)state;
    open_both();
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, false,
                                  NULL, 0));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
}

static void a_page_of_another_scope_is_a_breach(void **state)
{
    (void)state;
    let_a_ask_for_a_page();
    session_pair_give(a, heads_of(SESSION_PAIR_CAMP, DAF_HEADS_PAGE, false,
                                  NULL, 0));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
}

static void a_page_that_does_not_come_times_out(void **state)
{
    (void)state;
    let_a_ask_for_a_page();
    daf_session_timer(a->s, (struct daf_mono){a->now.ms + DAF_ANSWER_MS - 1});
    says_nothing(a);
    daf_session_timer(a->s, (struct daf_mono){a->now.ms + DAF_ANSWER_MS});
    ends_with(a, DAF_BYE_TIMEOUT, DAF_ETIME);
}

static void a_page_that_leads_nowhere_is_a_breach(void **state)
{
    struct daf_item items[2] = {made_item(9, 1), made_item(8, 1)};

    (void)state;
    /* More to come, and not one log. */
    let_a_ask_for_a_page();
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, true,
                                  NULL, 0));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    session_pair_part(a, b);
    /* Descending. */
    let_a_ask_for_a_page();
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, false,
                                  items, 2));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    session_pair_part(a, b);
    /* The same log for ever, or one before it. */
    for (size_t i = 0; i < 2; i++) {
        let_a_ask_for_a_page();
        session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, true,
                                      items, 1));
        assert_int_equal(says(a, DAF_FRAME_WANT).want.kind, DAF_WANT_RECORDS);
        session_pair_give(a, run_of(NULL, 0, true, true));
        assert_int_equal(says(a, DAF_FRAME_WANT).want.kind, DAF_WANT_PAGE);
        session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, true,
                                      &items[i], 1));
        ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
        session_pair_part(a, b);
    }
}

/* The next page is asked for after the last log of the one before, also when
 * nothing came of that, or nothing differed. */
static void a_peer_that_answers_with_nothing_is_not_asked_for_ever(void **state)
{
    struct daf_item item = made_item(9, 1);
    struct daf_frame f;

    (void)state;
    let_a_ask_for_a_page();
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, true,
                                  &item, 1));
    assert_int_equal(says(a, DAF_FRAME_WANT).want.kind, DAF_WANT_RECORDS);
    session_pair_give(a, run_of(NULL, 0, true, true));
    f = says(a, DAF_FRAME_WANT);
    assert_int_equal(f.want.kind, DAF_WANT_PAGE);
    assert_true(f.want.has_after);
    assert_memory_equal(f.want.after.b, item.b, DAF_TAG_BYTES);
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, false,
                                  NULL, 0));
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->rooms, 0);
}

static void a_page_in_which_nothing_differs_leads_to_the_next(void **state)
{
    struct daf_item item;
    struct daf_frame f;

    (void)state;
    write_chain(3, 1, 9);
    hold_chain(a, 0, 1);
    hold_chain(b, 0, 1);
    let_a_ask_for_a_page();
    item = item_at(a, &chain[0]);
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, true,
                                  &item, 1));
    f = says(a, DAF_FRAME_WANT);
    assert_int_equal(f.want.kind, DAF_WANT_PAGE);
    assert_true(f.want.has_after);
    assert_memory_equal(f.want.after.b, item.b, DAF_TAG_BYTES);
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, false,
                                  NULL, 0));
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
}

/* R42: what the pages leave out the peer does not hold, and is told. */
static void what_a_page_leaves_out_is_told(void **state)
{
    struct daf_frame f;

    (void)state;
    write_chain(3, 1, 9);
    hold_chain(a, 0, 1);
    let_a_compare(symbols_at(a, 0, 8));
    (void)says(a, DAF_FRAME_WANT);
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, false,
                                  NULL, 0));
    f = says(a, DAF_FRAME_HEADS);
    assert_int_equal(f.heads.kind, DAF_HEADS_NEWS);
    assert_int_equal(f.heads.count, 1);
    assert_memory_equal(f.heads.items.p, item_at(a, &chain[0]).b,
                        DAF_ITEM_BYTES);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
}

/* A full page of logs that nobody has: wanted in as many WANTs as it takes, each
 * log once. */
static void a_hostile_page_is_asked_for_in_pieces(void **state)
{
    static struct daf_item items[DAF_ITEMS_MAX];
    size_t asked = 0, rounds = 0;
    struct daf_view bytes;

    (void)state;
    for (uint32_t i = 0; i < DAF_ITEMS_MAX; i++)
        items[i] = made_item(i, UINT32_MAX);
    let_a_ask_for_a_page();
    session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, false,
                                  items, DAF_ITEMS_MAX));
    while (session_pair_take(a, &bytes)) {
        struct daf_frame f = decoded(bytes);

        assert_true(bytes.len <= DAF_WANT_BYTES_MAX);
        assert_int_equal(f.kind, DAF_FRAME_WANT);
        assert_int_equal(f.want.kind, DAF_WANT_RECORDS);
        assert_in_range(f.want.credit, 1, DAF_CREDIT_BYTES_MAX);
        asked += f.want.logs.count;
        rounds++;
        session_pair_give(a, run_of(NULL, 0, true, true));
    }
    assert_int_equal(asked, DAF_ITEMS_MAX);
    /* Each pretends to be long: some 80 are named at a time. */
    assert_in_range(rounds, 2, 60);
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->rooms, 0);
}

/* The WANT is filled to its last bytes, and its list's header comes after: logs
 * take 13 bytes each, so some number of them meets every remainder; with one that
 * is held at the end, whose haves make it longer by steps. */
static void a_want_of_any_length_fits(void **state)
{
    static struct daf_item items[DAF_ITEMS_MAX];

    (void)state;
    write_chain(3, 64, 9);
    for (size_t held = 1; held < 64; held += 3) {
        struct daf_view bytes;
        size_t count = 0;

        /* Several tips: more haves. */
        for (size_t i = 0; i < held; i += 2)
            session_pair_hold(a, &chain[i], true);
        let_a_ask_for_a_page();
        items[count] = made_item(0, 7);
        memcpy(items[count++].b, tag_of(&chain[0]).b, DAF_TAG_BYTES);
        for (uint32_t i = 0; count < DAF_ITEMS_MAX; i++) {
            struct daf_item item = made_item(i, 1);

            item.b[0] = 0xff;
            items[count++] = item;
        }
        session_pair_give(a, heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, false,
                                      items, DAF_ITEMS_MAX));
        assert_true(session_pair_take(a, &bytes));
        assert_in_range(bytes.len, DAF_WANT_BYTES_MAX - 90, DAF_WANT_BYTES_MAX);
        session_pair_part(a, b);
    }
}

/* The items after @after, at most a page of them. */
static struct daf_view page_after(const struct daf_item *items, size_t count,
                                  const struct daf_tag *after)
{
    size_t at = 0;

    while (after != NULL && at < count &&
           memcmp(items[at].b, after->b, DAF_TAG_BYTES) <= 0)
        at++;
    return heads_of(SESSION_PAIR_CLASS, DAF_HEADS_PAGE, false, items + at,
                    count - at);
}

/* Marks of a store that does not change, so that 4,000 questions are quick. */
static struct daf_mark known[600];
static size_t known_count;

static bool know(void *ctx, const struct daf_mark *mark)
{
    (void)ctx;
    assert_true(known_count < sizeof(known) / sizeof(known[0]));
    known[known_count++] = *mark;
    return true;
}

static enum daf_err known_by_tag(void *ctx, const struct daf_scope_id *scope,
                                 const struct daf_tag *tag,
                                 struct daf_mark *out)
{
    (void)ctx;
    (void)scope;
    for (size_t i = 0; i < known_count; i++) {
        if (memcmp(known[i].tag.b, tag->b, sizeof(tag->b)) != 0) continue;
        *out = known[i];
        return DAF_OK;
    }
    return DAF_ENOTFOUND;
}

/* A page of 3,600 logs that we lack and 520 between them that the peer lacks: more
 * than is noted at a time, so it is laid beside ours in two parts, and no log is
 * forgotten where they meet. */
static void a_page_with_more_than_can_be_noted_is_taken_in_parts(void **state)
{
    enum { OWN = 520 };
    static struct daf_item items[DAF_ITEMS_MAX];
    size_t wanted = 0, told = 0, pages = 0;
    struct daf_index quick;
    struct daf_view bytes;

    (void)state;
    move_to_camp_of(OWN);
    for (size_t i = 0; i < OWN; i++)
        write_log(i, SESSION_PAIR_CLASS, true, false, NULL);
    for (uint32_t i = 0; i < DAF_ITEMS_MAX; i++)
        items[i] = made_item(i * 1193046, 1); /* all over the tags */
    quick = *a->env.index;
    quick.mark_by_tag = known_by_tag;
    known_count = 0;
    assert_int_equal(quick.marks(quick.ctx, scope_of(SESSION_PAIR_CLASS), NULL,
                                 know, NULL),
                     DAF_OK);
    a->env.index = &quick;
    let_a_compare(symbols_at(a, 0, DAF_ROOT_SYMBOLS));
    while (session_pair_take(a, &bytes)) {
        struct daf_frame f = decoded(bytes);

        if (f.kind == DAF_FRAME_HEADS) {
            assert_int_equal(f.heads.kind, DAF_HEADS_NEWS);
            told += f.heads.count;
            continue;
        }
        assert_int_equal(f.kind, DAF_FRAME_WANT);
        if (f.want.kind == DAF_WANT_PAGE) {
            pages++;
            session_pair_give(a, page_after(items, DAF_ITEMS_MAX,
                                            f.want.has_after ? &f.want.after
                                                             : NULL));
        } else {
            wanted += f.want.logs.count;
            session_pair_give(a, run_of(NULL, 0, true, true));
        }
    }
    assert_int_equal(wanted, DAF_ITEMS_MAX);
    assert_int_equal(told, OWN);
    assert_int_equal(pages, 2);
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->rooms, 0);
    session_pair_part(a, b); /* before `quick` is gone */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(symbols_come_only_for_scopes_that_differ),
        T(equals_are_silent),
        T(a_sum_says_nothing_outside_its_session),
        T(the_combined_number_is_as_defined),
        T(a_wrong_belief_costs_symbols_of_every_scope),
        T(without_parts_every_scope_is_asked_for_by_pages),
        T(one_changed_log_is_in_the_symbols_of_root),
        T(sixty_changed_logs_need_two_questions_at_most),
        T(few_logs_that_all_differ_come_by_a_page),
        T(symbols_that_lie_end_in_a_page),
        T(symbols_other_than_asked_for_are_a_breach),
        T(fewer_symbols_than_asked_for_are_taken),
        T(a_peer_that_gives_one_symbol_at_a_time_comes_to_an_end),
        T(no_symbols_leave_the_scope_be),
        T(symbols_that_do_not_come_time_out),
        T(heads_that_collide_in_symbols_are_found_by_pages),
        T(a_page_that_was_not_asked_for_is_a_breach),
        T(a_page_of_another_scope_is_a_breach),
        T(a_page_that_does_not_come_times_out),
        T(a_page_that_leads_nowhere_is_a_breach),
        T(a_peer_that_answers_with_nothing_is_not_asked_for_ever),
        T(a_page_in_which_nothing_differs_leads_to_the_next),
        T(what_a_page_leaves_out_is_told),
        T(a_hostile_page_is_asked_for_in_pieces),
        T(a_want_of_any_length_fits),
        T(a_page_with_more_than_can_be_noted_is_taken_in_parts),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
