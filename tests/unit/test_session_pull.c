/* SPDX-License-Identifier: Apache-2.0 */
/* What a session asks for and takes in, docs/protocol.md R23 to R26, R37, R44. */
#include "tests/lib/session_case.h"

#include "proto/body.h"
#include "proto/hash.h"

/* ---- taking in */

static void records_are_stored_then_acknowledged(void **state)
{
    const struct session_pair_record *all[] = {&chain[0], &chain[1], &chain[2]};
    struct daf_ack_path path;
    struct daf_cursor c;
    struct daf_frame f;

    (void)state;
    write_chain(2, 3, 50);
    let_a_ask();
    session_pair_give(a, run_of(all, 3, true, true));
    says_nothing(a);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_STORING);
    assert_int_equal(daf_session_deadline(a->s).ms, UINT64_MAX);
    assert_false(daf_session_resting(a->s));
    assert_true(session_pair_commit(a, DAF_OK));
    f = says(a, DAF_FRAME_ACK);
    assert_int_equal(f.ack.paths.count, 1);
    c = f.ack.paths.items;
    daf_frame_next_ack(&c, &f.ack.scope, &path);
    assert_int_equal(path.seq_first, 1);
    assert_int_equal(path.last.seq, 3);
    assert_memory_equal(path.last.id.b, chain[2].r.id.b, 32);
    assert_memory_equal(&path.log, &chain[0].r.log, sizeof(path.log));
    assert_true(daf_session_resting(a->s));
}

static void an_unsolicited_run_is_a_breach(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    open_both();
    session_pair_give(a, run_one(&chain[0], true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    assert_int_equal(a->kept, 0);
}

static void a_run_after_the_last_is_a_breach(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    session_pair_give(a, run_one(&chain[0], true));
    session_pair_give(a, run_one(&chain[1], true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    assert_int_equal(a->kept, 1);
    /* The disk answers when the session is gone; nothing is promised. */
    assert_true(session_pair_commit(a, DAF_OK));
    says_nothing(a);
}

static void a_run_of_another_scope_is_a_breach(void **state)
{
    struct daf_pack k;
    size_t mark;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_run(&k, scope_of(SESSION_PAIR_CAMP));
    daf_frame_end(&k, mark, 0, true);
    session_pair_give(a, daf_pack_view(&k));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
}

static void an_answer_far_beyond_the_credit_is_a_breach(void **state)
{
    const struct session_pair_record *both[2];
    const size_t most =
        DAF_CREDIT_BYTES_MAX + DAF_HEADER_BYTES_MAX + DAF_BODY_BYTES_MAX;
    size_t len;

    (void)state;
    write_chain(2, 2, 50);
    both[0] = &chain[0];
    both[1] = &chain[1];
    let_a_ask();
    len = chain[0].header_len + chain[0].body_len + chain[1].header_len +
          chain[1].body_len;
    for (size_t given = 0; given + len <= most; given += len) {
        assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
        session_pair_give(a, run_of(both, 2, true, false));
    }
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
    session_pair_give(a, run_of(both, 2, true, false));
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_CLOSED);
}

static void a_header_that_fails_its_signature_costs_its_author_not_its_sender(
    void **state)
{
    struct session_pair_record bad;
    const struct session_pair_record *both[] = {&chain[0], &bad};

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    bad = chain[1];
    session_pair_spoil(&bad);
    session_pair_give(a, run_of(both, 2, true, true));
    assert_int_equal(a->refusals.by_err[DAF_ESIG], 1);
    assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
    assert_int_equal(a->kept, 1);
    assert_true(session_pair_commit(a, DAF_OK));
    assert_true(session_pair_holds(a, &chain[0]));
    assert_false(session_pair_holds(a, &bad));
    /* Only what is held is acknowledged. */
    {
        struct daf_frame f = says(a, DAF_FRAME_ACK);
        struct daf_cursor c = f.ack.paths.items;
        struct daf_ack_path path;

        daf_frame_next_ack(&c, &f.ack.scope, &path);
        assert_int_equal(f.ack.paths.count, 1);
        assert_int_equal(path.last.seq, 1);
    }
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
}

/* What a holds of @record, and whether the session stays. */
static void header_is_kept_without_its_body(
    const struct session_pair_record *record)
{
    const struct daf_index *index = daf_fake_index_view(a->index);
    const struct daf_spot spot = {record->r.seq, record->r.id};
    struct daf_stored out;

    assert_int_equal(a->refusals.by_err[DAF_EBODY], 1);
    assert_true(session_pair_commit(a, DAF_OK));
    assert_int_equal(index->get(index->ctx, &record->r.log, &spot, &out),
                     DAF_OK);
    assert_int_equal(out.body_state, DAF_BODY_ABSENT);
    assert_int_equal(a->said_count[DAF_FRAME_ACK], 0);
    assert_int_equal(daf_session_state(a->s), DAF_SESSION_OPEN);
}

static void a_body_that_is_not_the_headers_is_dropped(void **state)
{
    struct session_pair_record other;

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    other = chain[0];
    other.body = chain[1].body;
    session_pair_give(a, run_one(&other, true));
    header_is_kept_without_its_body(&chain[0]);
}

static void a_body_of_another_length_is_dropped(void **state)
{
    struct session_pair_record other;

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    other = chain[0];
    other.body_len--;
    session_pair_give(a, run_one(&other, true));
    header_is_kept_without_its_body(&chain[0]);
}

static void a_plain_body_in_a_sealed_scope_is_refused(void **state)
{
    struct session_pair_record plain = {0};
    static const uint8_t payload[] = "in clear";

    (void)state;
    write_chain(2, 1, 50);
    plain.r = chain[0].r;
    plain.r.claimed_ms = 9;
    plain.body = calloc(1, 300);
    assert_non_null(plain.body);
    assert_int_equal(daf_body_plain((struct daf_view){payload, sizeof(payload)},
                                    plain.body, 300, &plain.body_len),
                     DAF_OK);
    plain.r.body_len = (uint32_t)plain.body_len;
    plain.r.body_hash =
        daf_body_hash((struct daf_view){plain.body, plain.body_len});
    plain.header_len =
        daf_record_sign(&plain.r, &camp->devices[2].sign, plain.header);
    let_a_ask();
    session_pair_give(a, run_one(&plain, true));
    header_is_kept_without_its_body(&plain);
    session_pair_record_free(&plain);
}

static void a_claim_that_a_body_was_erased_is_only_a_claim(void **state)
{
    const struct daf_index *index = daf_fake_index_view(a->index);
    struct daf_stored stored = {.body_state = DAF_BODY_ERASED}, out;
    struct daf_spot spot;
    struct daf_pack k;
    size_t mark, path;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    stored.header = (struct daf_view){chain[0].header, chain[0].header_len};
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_run(&k, scope_of(SESSION_PAIR_CLASS));
    path = daf_frame_begin_path(&k, &chain[0].r.log);
    daf_frame_add_record(&k, &stored);
    daf_pack_close(&k, path, 1);
    daf_frame_end(&k, mark, 1, true);
    session_pair_give(a, daf_pack_view(&k));
    assert_true(session_pair_commit(a, DAF_OK));
    spot = (struct daf_spot){1, chain[0].r.id};
    assert_int_equal(index->get(index->ctx, &chain[0].r.log, &spot, &out),
                     DAF_OK);
    assert_int_equal(out.body_state, DAF_BODY_ABSENT);
}

static void what_is_held_is_acknowledged_and_not_stored_again(void **state)
{
    const struct session_pair_record *both[] = {&chain[0], &chain[1]};
    struct daf_cursor c;
    struct daf_ack_path path;
    struct daf_frame f;

    (void)state;
    write_chain(2, 3, 50);
    let_a_ask();
    session_pair_hold(a, &chain[0], true);
    session_pair_hold(a, &chain[1], true);
    session_pair_give(a, run_of(both, 2, true, true));
    assert_int_equal(a->kept, 0);
    f = says(a, DAF_FRAME_ACK); /* at once: it is durable */
    c = f.ack.paths.items;
    daf_frame_next_ack(&c, &f.ack.scope, &path);
    assert_int_equal(path.last.seq, 2);
    assert_true(daf_session_resting(a->s));
}

static void a_header_that_is_held_still_gets_its_body(void **state)
{
    const struct session_pair_record *both[] = {&chain[0], &chain[1]};

    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    session_pair_hold(a, &chain[0], false);
    session_pair_give(a, run_of(both, 2, true, true));
    assert_int_equal(a->kept, 2);
    assert_true(session_pair_commit(a, DAF_OK));
    assert_int_equal(a->changed, 2);
}

static void a_record_of_another_log_in_a_path_is_a_breach(void **state)
{
    (void)state;
    write_chain(2, 1, 50);
    /* Another author's, another scope's, another incarnation's. */
    for (size_t i = 0; i < 3; i++) {
        struct session_pair_record other;

        session_pair_write(camp, i == 0 ? 3 : 2,
                           i == 1 ? SESSION_PAIR_CAMP : SESSION_PAIR_CLASS,
                           i == 2 ? 2 : 1, NULL, 0, 50, &other);
        other.r.log = chain[0].r.log; /* what the path says */
        let_a_ask();
        session_pair_give(a, run_one(&other, true));
        ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
        assert_int_equal(a->kept, 0);
        session_pair_record_free(&other);
        session_pair_part(a, b);
    }
}

static void a_header_that_cannot_be_read_is_a_breach(void **state)
{
    struct session_pair_record bad;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    bad = chain[0];
    bad.header[0] = 0x93;
    session_pair_give(a, run_one(&bad, true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    assert_int_equal(a->kept, 0);
}

static void an_author_without_the_right_to_append_is_refused(void **state)
{
    (void)state;
    write_chain(3, 1, 50);
    session_pair_hold(b, &chain[0], true);
    camp->devices[3].rights[SESSION_PAIR_CLASS] = DAF_RIGHT_READ;
    open_both();
    assert_true(a->refusals.by_err[DAF_EAUTHOR] > 0);
    assert_int_equal(a->kept, 0);
}

static void a_disk_that_fails_ends_the_session(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    let_a_ask();
    session_pair_give(a, run_one(&chain[0], false));
    session_pair_give(a, run_one(&chain[1], true));
    assert_true(session_pair_commit(a, DAF_EFULL));
    ends_with(a, DAF_BYE_FAILURE, DAF_EFULL);
    assert_true(session_pair_commit(a, DAF_EFULL)); /* the second is late */
    assert_int_equal(a->said_count[DAF_FRAME_ACK], 0);
}

static void an_answer_must_go_on(void **state)
{
    (void)state;
    write_chain(2, 3, 50);
    let_a_ask();
    assert_int_equal(daf_session_deadline(a->s).ms, a->now.ms + DAF_ANSWER_MS);
    a->now.ms += DAF_ANSWER_MS - 1;
    daf_session_timer(a->s, a->now);
    session_pair_give(a, run_one(&chain[0], false)); /* in time, and not all */
    assert_int_equal(daf_session_deadline(a->s).ms, a->now.ms + DAF_ANSWER_MS);
    a->now.ms += DAF_ANSWER_MS;
    daf_session_timer(a->s, a->now);
    ends_with(a, DAF_BYE_TIMEOUT, DAF_ETIME);
}

/* Whatever question the disk fails at, nobody hangs, and the next contact makes
 * them equal. */
static void a_disk_that_cannot_be_read_never_hangs_a_session(void **state)
{
    struct session_pair *sides[] = {a, b};

    (void)state;
    write_chain(3, 12, 200);
    for (size_t fails = 0; fails < 120; fails++) {
        struct session_pair *sick = sides[fails % 2];

        for (size_t i = 0; i < chain_count; i++)
            session_pair_hold(b, &chain[i], i % 3 != 0);
        daf_fake_index_fail(sick->index, fails / 2);
        session_pair_meet(a, b);
        session_pair_talk(a, b, NULL, SIZE_MAX);
        session_pair_part(a, b);
        daf_fake_index_fail(sick->index, SIZE_MAX);
        session_pair_meet(a, b);
        session_pair_talk(a, b, NULL, SIZE_MAX);
        assert_int_equal(daf_fake_index_count(a->index), chain_count);
        session_pair_part(a, b);
        session_pair_free(a);
        a = sides[0] = session_pair_new(camp, 1);
    }
}

/* R37, R26: all of a path is read before anything of it is kept, for only its
 * end vouches for it.  R34: another path of the same frame stays. */
static void a_path_with_a_link_missing_is_a_breach(void **state)
{
    struct session_pair_record forged, other;
    const struct session_pair_record *whole[] = {&other};
    const struct session_pair_record *cases[3][3] = {
        {&chain[0], &chain[2], NULL},
        {&chain[1], &chain[0], NULL},
        {&chain[0], &forged, &chain[2]}, /* and the end is genuine */
    };

    (void)state;
    write_chain(2, 3, 50);
    forged = chain[1];
    session_pair_spoil(&forged);
    session_pair_write(camp, 2, SESSION_PAIR_CLASS, 2, NULL, 0, 50, &other);
    for (size_t i = 0; i < 3; i++) {
        struct daf_stretch stretch;
        struct run r;

        session_pair_hold(b, &other, true);
        let_a_ask();
        run_begin(&r, scope_of(SESSION_PAIR_CLASS));
        run_add(&r, &other.r.log, whole, 1, true);
        run_add(&r, &chain[0].r.log, cases[i], cases[i][2] ? 3 : 2, true);
        session_pair_give(a, run_end(&r, true));
        ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
        assert_int_equal(a->kept, 1);
        assert_true(session_pair_commit(a, DAF_OK));
        assert_true(session_pair_holds(a, &other));
        assert_int_equal(a->env.index->unchecked_next(a->env.index->ctx,
                                                      &stretch),
                         DAF_ENOTFOUND);
        session_pair_part(a, b);
        session_pair_free(a);
        a = session_pair_new(camp, 1);
    }
    session_pair_record_free(&other);
}

static void an_unknown_author_is_counted_and_pulled_after_a_recheck(
    void **state)
{
    uint64_t refused;

    (void)state;
    write_chain(3, 3, 50);
    a->is_unknown[3] = true;
    hold_chain(b, 0, 3);
    open_both();
    refused = a->refusals.by_err[DAF_EAUTHOR];
    assert_true(refused > 0);
    assert_int_equal(daf_fake_index_count(a->index), 0);

    daf_session_recheck(a->s, a->now); /* still nobody vouches */
    talk();
    assert_true(a->refusals.by_err[DAF_EAUTHOR] > refused);
    assert_int_equal(daf_fake_index_count(a->index), 0);

    a->is_unknown[3] = false;
    daf_session_recheck(a->s, a->now);
    talk();
    assert_int_equal(daf_fake_index_count(a->index), 3);
    assert_int_equal(b->acked_count, 1);

    /* Nothing is left to look for. */
    daf_session_recheck(a->s, a->now);
    says_nothing(a);
}

/* An answer that is cut short by records that are refused must not hide the logs
 * that come after. */
static void a_log_that_is_refused_does_not_starve_the_next(void **state)
{
    struct session_pair_record good, other;
    struct daf_tag tag, tag2;
    size_t stranger = 3, friend = 4;

    (void)state;
    session_pair_write(camp, 3, SESSION_PAIR_CLASS, 1, NULL, 0, 50, &good);
    session_pair_write(camp, 4, SESSION_PAIR_CLASS, 1, NULL, 0, 50, &other);
    tag = tag_of(&good);
    tag2 = tag_of(&other);
    /* The stranger's log is the first in the order of tags. */
    if (memcmp(tag.b, tag2.b, sizeof(tag.b)) > 0) {
        stranger = 4;
        friend = 3;
    }
    session_pair_record_free(&good);
    session_pair_record_free(&other);
    write_chain(stranger, 40, 60000); /* 2.4 MB: over the credit */
    session_pair_write(camp, friend, SESSION_PAIR_CLASS, 1, NULL, 0, 50, &good);
    hold_chain(b, 0, chain_count);
    session_pair_hold(b, &good, true);
    a->is_unknown[stranger] = true;
    open_both();
    assert_true(a->refusals.by_err[DAF_EAUTHOR] > 0);
    assert_true(session_pair_holds(a, &good));

    a->is_unknown[stranger] = false;
    daf_session_recheck(a->s, a->now);
    talk();
    assert_int_equal(daf_fake_index_count(a->index), 41);
    session_pair_record_free(&good);
}

/* R25: a round that brings nothing new is not repeated. */
static void rubbish_that_fills_the_credit_is_not_asked_for_again(void **state)
{
    static struct session_pair_record spoilt[4];

    (void)state;
    write_chain(2, 4, 60000);
    let_a_ask();
    for (size_t i = 0; i < 4; i++) {
        spoilt[i] = chain[i];
        session_pair_spoil(&spoilt[i]);
    }
    for (size_t i = 0; i < 17; i++)
        session_pair_give(a, run_one(&spoilt[i % 4], i == 16));
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->kept, 0);
    assert_int_equal(a->refusals.by_err[DAF_ESIG], 17);
}

static void an_empty_answer_is_not_asked_for_again(void **state)
{
    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    session_pair_give(a, run_of(NULL, 0, true, true));
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->rooms, 0);
}

/* It would only keep us waiting. */
static void a_run_without_a_path_must_be_the_last(void **state)
{
    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    session_pair_give(a, run_of(NULL, 0, true, false));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
}

/* R36: it was asked for one log. */
static void a_path_of_a_log_that_was_not_wanted_is_a_breach(void **state)
{
    struct session_pair_record other;

    (void)state;
    write_chain(2, 1, 50);
    session_pair_write(camp, 2, SESSION_PAIR_CLASS, 2, NULL, 0, 50, &other);
    let_a_ask();
    session_pair_give(a, run_one(&other, true));
    ends_with(a, DAF_BYE_BREACH, DAF_EPEER);
    assert_int_equal(a->kept, 0);
    session_pair_record_free(&other);
}

/* R25: 2.4 MB are three answers, and nothing comes twice. */
static void an_answer_that_the_credit_cut_is_asked_for_to_the_end(void **state)
{
    (void)state;
    write_chain(2, 40, 60000);
    hold_chain(b, 0, chain_count);
    open_both();
    assert_int_equal(daf_fake_index_count(a->index), chain_count);
    assert_int_equal(a->kept, chain_count);
    assert_in_range(a->said_count[DAF_FRAME_WANT], 3, 4);
}

/* ---- R26: the end of a path vouches for it */

static bool is_checked(const struct session_pair *p,
                       const struct session_pair_record *record)
{
    const struct daf_spot spot = spot_of(record);

    return p->env.index->is_checked(p->env.index->ctx, &record->r.log, &spot);
}

static void what_comes_after_the_last_good_signature_is_dropped(void **state)
{
    static const struct {
        const char *path; /* g good, b bad */
        size_t kept;
    } table[] = {{"gggggg", 6}, {"gggggb", 5}, {"gggbbb", 3}, {"bbbbbb", 0},
                 {"gbgggg", 6}, {"ggbgbb", 4}, {"bggggg", 6}, {"bbbbbg", 6},
                 {"b", 0},      {"bg", 2}};

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        size_t count = strlen(table[i].path), good = 0;

        write_chain(2, count, 50);
        for (size_t j = 0; j < count; j++) {
            if (table[i].path[j] == 'b') spoil_chain(2, j, 50);
        }
        let_a_ask();
        session_pair_give(a, run_chain(0, count, true));
        assert_int_equal(a->refusals.by_err[DAF_ESIG], count - table[i].kept);
        assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
        (void)session_pair_commit(a, DAF_OK);
        assert_int_equal(a->kept, table[i].kept);
        /* Those that nobody verified are known as such, and a bad one is
         * forgotten when there is time to look. */
        for (size_t j = 0; j < table[i].kept; j++) {
            assert_true(session_pair_holds(a, &chain[j]));
            if (table[i].path[j] == 'b') assert_false(is_checked(a, &chain[j]));
        }
        session_pair_rest(a);
        for (size_t j = 0; j < table[i].kept; j++)
            good += table[i].path[j] == 'g';
        assert_int_equal(daf_fake_index_count(a->index), good);
        for (size_t j = 0; j < count; j++) {
            if (session_pair_holds(a, &chain[j]))
                assert_true(is_checked(a, &chain[j]));
        }
        session_pair_part(a, b);
        session_pair_free(a);
        session_pair_free(b);
        a = session_pair_new(camp, 1);
        b = session_pair_new(camp, 2);
    }
}

/* R26: control and catalog found rights, so each is verified at once. */
static void of_control_and_catalog_each_signature_is_checked(void **state)
{
    static const enum session_pair_scope scopes[] = {SESSION_PAIR_CONTROL,
                                                     SESSION_PAIR_CATALOG};
    struct session_pair_record r[3];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct daf_stretch stretch;

        session_pair_write(camp, 0, scopes[i], 1, NULL, 0, 9, &r[0]);
        session_pair_write(camp, 0, scopes[i], 1, &r[0], 0, 9, &r[1]);
        session_pair_spoil(&r[1]);
        session_pair_write(camp, 0, scopes[i], 1, &r[1], 0, 9, &r[2]);
        for (size_t j = 0; j < 3; j++)
            session_pair_hold(b, &r[j], true);
        open_both();
        assert_true(session_pair_holds(a, &r[0]));
        assert_false(session_pair_holds(a, &r[1]));
        assert_true(session_pair_holds(a, &r[2]));
        assert_int_equal(a->env.index->unchecked_next(a->env.index->ctx,
                                                      &stretch),
                         DAF_ENOTFOUND);
        assert_true(a->refusals.by_err[DAF_ESIG] > 0);
        session_pair_part(a, b);
        for (size_t j = 0; j < 3; j++)
            session_pair_record_free(&r[j]);
    }
}

/* R26: whose record turned out bad once is not believed by the end of a path. */
static void of_who_was_caught_each_signature_is_checked(void **state)
{
    static const char path[] = "gbgggb";
    const size_t count = sizeof(path) - 1;

    (void)state;
    write_chain(2, count, 50);
    for (size_t j = 0; j < count; j++)
        if (path[j] == 'b') spoil_chain(2, j, 50);
    let_a_ask();
    a->suspects_all = true;
    session_pair_give(a, run_chain(0, count, true));
    (void)session_pair_commit(a, DAF_OK);
    for (size_t j = 0; j < count; j++) {
        assert_int_equal(session_pair_holds(a, &chain[j]), path[j] == 'g');
        if (path[j] == 'g') assert_true(is_checked(a, &chain[j]));
    }
    assert_int_equal(a->refusals.by_err[DAF_ESIG], 2);
    assert_int_equal(a->refusals.by_err[DAF_EPEER], 0);
    session_pair_part(a, b);
}

/* ---- R24: "say more" */

/* One log of a WANT. */
static struct daf_want_log only_log(const struct daf_frame *f)
{
    struct daf_cursor c = f->want.logs.items;
    struct daf_want_log w;

    assert_int_equal(f->kind, DAF_FRAME_WANT);
    assert_int_equal(f->want.kind, DAF_WANT_RECORDS);
    assert_int_equal(f->want.logs.count, 1);
    daf_frame_next_want(&c, &w);
    return w;
}

static bool names(const struct daf_list *list,
                  const struct session_pair_record *record)
{
    struct daf_cursor c = list->items;
    bool found = false;

    for (size_t i = 0; i < list->count; i++) {
        struct daf_spot spot;

        daf_frame_next_spot(&c, &spot);
        found |= spot.seq == record->r.seq &&
                 memcmp(spot.id.b, record->r.id.b, 32) == 0;
    }
    return found;
}

/* b holds 1 to 8; a 1 to 5 and another sixth, so nothing that a's first WANT
 * names is known to b.  a's second WANT is said and not delivered. */
static struct daf_want_log let_a_say_more(struct session_pair_record *sixth)
{
    struct daf_want_log w;
    struct daf_frame f;

    write_chain(2, 8, 50);
    session_pair_write(camp, 2, SESSION_PAIR_CLASS, 1, &chain[4], 99, 50,
                       sixth);
    hold_chain(b, 0, 8);
    hold_chain(a, 0, 5);
    session_pair_hold(a, sixth, true);
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a);
    hush(b);
    f = pass(a, b);
    w = only_log(&f);
    assert_false(w.all);
    assert_true(names(&w.haves, sixth));
    assert_int_equal(w.haves.count, 1); /* own tips */
    assert_int_equal(w.wants.count, 0);
    f = pass(b, a);
    assert_int_equal(f.kind, DAF_FRAME_RUN);
    assert_true(f.run.last);
    assert_int_equal(f.run.paths.count, 1);
    assert_int_equal(a->kept, 0);
    f = says(a, DAF_FRAME_WANT);
    return only_log(&f);
}

static void a_puller_says_more_and_gets_what_is_above_the_common(void **state)
{
    struct session_pair_record sixth;
    struct daf_want_log w = let_a_say_more(&sixth);

    (void)state;
    assert_true(w.all);
    assert_true(names(&w.haves, &sixth));
    assert_true(names(&w.haves, &chain[4])); /* one below */
    assert_true(names(&w.haves, &chain[3])); /* two */
    assert_true(names(&w.haves, &chain[1])); /* four */
    session_pair_give(b, (struct daf_view){a->lent->bytes, a->lent->len});
    talk();
    assert_int_equal(a->kept, 3);
    assert_int_equal(b->kept, 1);
    are_equal(a, b);
    assert_int_equal(daf_fake_index_count(a->index), 9);
    session_pair_record_free(&sixth);
}

static void nobody_says_more_twice(void **state)
{
    struct session_pair_record sixth;
    struct daf_view bytes;
    struct run r;

    (void)state;
    (void)let_a_say_more(&sixth);
    run_begin(&r, scope_of(SESSION_PAIR_CLASS));
    run_add(&r, &sixth.r.log, NULL, 0, true);
    session_pair_give(a, run_end(&r, true));
    while (session_pair_take(a, &bytes))
        assert_int_not_equal(decoded(bytes).kind, DAF_FRAME_WANT);
    assert_true(daf_session_resting(a->s));
    session_pair_record_free(&sixth);
}

/* R24: the predecessor of an own root is wanted as well. */
static void a_gap_is_asked_for(void **state)
{
    struct daf_want_log w;
    struct daf_frame f;

    (void)state;
    write_chain(2, 6, 50);
    hold_chain(a, 3, 5);
    hold_chain(b, 0, 6);
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a);
    f = says(a, DAF_FRAME_WANT);
    w = only_log(&f);
    assert_int_equal(w.wants.count, 1);
    assert_true(names(&w.wants, &chain[2]));
    assert_true(names(&w.haves, &chain[4]));
    session_pair_give(b, (struct daf_view){a->lent->bytes, a->lent->len});
    talk();
    are_equal(a, b);
    assert_int_equal(a->kept, 4);
}

/* ---- R23, R47: what goes first */

static void control_is_pulled_first(void **state)
{
    struct session_pair_record r[2];
    struct daf_frame f;

    (void)state;
    session_pair_write(camp, 0, SESSION_PAIR_CATALOG, 1, NULL, 0, 9, &r[0]);
    session_pair_write(camp, 0, SESSION_PAIR_CONTROL, 1, NULL, 0, 9, &r[1]);
    for (size_t i = 0; i < 2; i++)
        session_pair_hold(b, &r[i], true);
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a);
    f = says(a, DAF_FRAME_WANT);
    assert_memory_equal(f.want.scope.b, scope_of(SESSION_PAIR_CONTROL)->b, 16);
    for (size_t i = 0; i < 2; i++)
        session_pair_record_free(&r[i]);
}

/* R23: as long as less than 64 KiB of it came. */
static void control_that_differs_goes_before_what_has_no_copy(void **state)
{
    struct daf_item item = made_item(9, 1);
    struct daf_want want;

    (void)state;
    write_chain(2, 1, 50);
    let_a_ask();
    session_pair_give(a, heads_of(SESSION_PAIR_CAMP, DAF_HEADS_UNACKED, false,
                                  &item, 1));
    session_pair_give(a, heads_of(SESSION_PAIR_CONTROL, DAF_HEADS_NEWS, true,
                                  NULL, 0));
    session_pair_give(a, run_one(&chain[0], true));
    assert_true(session_pair_commit(a, DAF_OK));
    (void)says(a, DAF_FRAME_ACK);
    want = says(a, DAF_FRAME_WANT).want;
    assert_memory_equal(want.scope.b, scope_of(SESSION_PAIR_CONTROL)->b, 16);
    session_pair_give(b, (struct daf_view){a->lent->bytes, a->lent->len});
    while (pass(b, a).kind != DAF_FRAME_SYMBOLS)
        ;
    want = says(a, DAF_FRAME_WANT).want;
    assert_int_equal(want.kind, DAF_WANT_RECORDS);
    assert_memory_equal(want.scope.b, scope_of(SESSION_PAIR_CAMP)->b, 16);
}

#define CONTROL_RECORDS 30

/* b has @len bytes in each of 30 records of control, a record of the catalog, and
 * @logs own logs of the class that nobody has a copy of. */
static void give_b_much(size_t len, size_t logs)
{
    struct session_pair_record last = {0}, next;

    for (size_t i = 0; i < CONTROL_RECORDS; i++) {
        session_pair_write(camp, 0, SESSION_PAIR_CONTROL, 1,
                           i == 0 ? NULL : &last, i, len, &next);
        session_pair_record_free(&last);
        last = next;
        session_pair_hold(b, &last, true);
    }
    session_pair_record_free(&last);
    session_pair_write(camp, 0, SESSION_PAIR_CATALOG, 1, NULL, 0, 9, &next);
    session_pair_hold(b, &next, true);
    session_pair_record_free(&next);
    for (uint64_t i = 0; i < logs; i++) {
        session_pair_write(camp, 2, SESSION_PAIR_CLASS, 1 + i, NULL, i, 9,
                           &next);
        session_pair_hold(b, &next, true);
        session_pair_record_free(&next);
    }
}

/* Talks to the end; @out: the scopes of a's WANTs for records, as letters, each
 * once while it lasts.  Returns the bytes of control that came before the first
 * record of the class. */
static uint64_t note_order(char *out, size_t cap)
{
    uint64_t before = 0;
    bool has_class = false;
    size_t len = 0;

    for (bool moved = true; moved;) {
        struct daf_view bytes;

        moved = session_pair_commit(a, DAF_OK);
        moved |= session_pair_commit(b, DAF_OK);
        if (session_pair_take(a, &bytes)) {
            struct daf_frame f = decoded(bytes);

            session_pair_give(b, bytes);
            moved = true;
            if (f.kind == DAF_FRAME_WANT && f.want.kind == DAF_WANT_RECORDS) {
                char letter = "lmkc"[f.want.scope.b[0] - 0x10];

                has_class |= letter == 'k';
                if ((len == 0 || out[len - 1] != letter) && len + 1 < cap)
                    out[len++] = letter;
            }
        }
        if (session_pair_take(b, &bytes)) {
            struct daf_frame f = decoded(bytes);

            if (f.kind == DAF_FRAME_RUN && !has_class) before += bytes.len;
            session_pair_give(a, bytes);
            moved = true;
        }
    }
    out[len] = '\0';
    return before;
}

static void what_has_no_copy_goes_before_the_rest_of_control(void **state)
{
    char order[32];

    (void)state;
    give_b_much(60000, 3); /* 1.8 MB of control: two answers */
    greet(b, a);
    (void)pass(a, b);
    (void)note_order(order, sizeof(order));
    assert_string_equal(order, "ckcl");
    are_equal(a, b);
    session_pair_part(a, b);
}

/* If it is known in time, 64 KiB of control are enough. */
static void control_goes_first_for_64_kilobytes(void **state)
{
    uint64_t before;
    char order[32];

    (void)state;
    give_b_much(5000, 12); /* more urgent logs than are remembered */
    a->claims_fail = true;
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a); /* ROOT */
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_WAITING);
    assert_int_equal(pass(b, a).heads.kind, DAF_HEADS_UNACKED);
    a->claims_fail = false;
    daf_session_poke(a->s, a->now);
    before = note_order(order, sizeof(order));
    /* Give or take a record, and framing. */
    assert_in_range(before, 65536 - 6000, 65536 + 6000);
    assert_memory_equal(order, "ckc", 3);
    are_equal(a, b);
    assert_int_equal(b->acked_count > 0, 1);
}

/* ---- R44: one peer at a time */

static void a_log_that_another_has_in_hand_is_waited_for(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    hold_chain(b, 0, 2);
    a->claims_fail = true;
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a);
    hush(b);
    says_nothing(a);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_WAITING);
    assert_false(daf_session_resting(a->s));
    daf_session_poke(a->s, a->now); /* let go, and taken by a third */
    says_nothing(a);
    assert_int_equal(daf_session_pull(a->s), DAF_PULL_WAITING);
    a->claims_fail = false;
    daf_session_poke(a->s, a->now);
    assert_int_equal(says(a, DAF_FRAME_WANT).want.kind, DAF_WANT_RECORDS);
    assert_int_equal(a->forced, 0);
}

static void whoever_dawdles_loses_what_it_has_in_hand(void **state)
{
    struct daf_mono then;

    (void)state;
    write_chain(2, 2, 50);
    hold_chain(b, 0, 2);
    a->claims_fail = true;
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a);
    then = daf_session_deadline(a->s);
    assert_true(then.ms > a->now.ms && then.ms <= a->now.ms + DAF_ANSWER_MS);
    daf_session_timer(a->s, (struct daf_mono){then.ms - 1});
    says_nothing(a);
    a->now = then;
    daf_session_timer(a->s, then);
    assert_int_equal(says(a, DAF_FRAME_WANT).want.logs.count, 1);
    assert_true(a->forced > 0);
    session_pair_give(b, (struct daf_view){a->lent->bytes, a->lent->len});
    talk();
    are_equal(a, b);
}

/* What another session fetched in the meantime is not asked for. */
static void what_came_by_another_way_is_not_wanted_any_more(void **state)
{
    (void)state;
    write_chain(2, 2, 50);
    hold_chain(b, 0, 2);
    a->claims_fail = true;
    greet(b, a);
    (void)pass(a, b);
    (void)pass(b, a);
    hold_chain(a, 0, 2);
    daf_session_poke(a->s, a->now);
    says_nothing(a);
    assert_true(daf_session_resting(a->s));
    assert_int_equal(a->rooms, 0);
}

/* ---- memory */

enum ending { LOST, ENDED, BYE, BREACH, LATE, DISK, ENDINGS };

static void end_by(struct session_pair *p, enum ending how)
{
    static const uint8_t cut[] = {0x92};
    struct daf_mono when = daf_session_deadline(p->s);

    switch (how) {
    case LOST:
        daf_session_lost(p->s);
        break;
    case ENDED:
        daf_session_end(p->s, DAF_BYE_STOPPING);
        break;
    case BYE:
        session_pair_give(p, sample(DAF_FRAME_BYE));
        break;
    case BREACH:
        session_pair_give(p, (struct daf_view){cut, sizeof(cut)});
        break;
    case LATE: /* twice: a log in hand elsewhere is taken over first */
        if (when.ms < UINT64_MAX) daf_session_timer(p->s, when);
        when = daf_session_deadline(p->s);
        if (when.ms < UINT64_MAX) daf_session_timer(p->s, when);
        break;
    case DISK:
        (void)session_pair_commit(p, DAF_EIO);
        break;
    case ENDINGS:
        break;
    }
}

/* A world in which symbols, pages, records and bodies are all asked for. */
static void give_both_something(void)
{
    hold_chain(a, 0, 3);
    hold_chain(b, 0, 6);
    session_pair_hold(a, &chain[6], false);
    hold_chain(b, 6, 12);
}

static void all_memory_comes_back_however_a_session_ends(void **state)
{
    (void)state;
    for (enum ending how = LOST; how < ENDINGS; how++) {
        for (size_t steps = 0; steps < 30; steps++) {
            write_chain(2, 12, 50);
            give_both_something();
            session_pair_meet(a, b);
            session_pair_talk(a, b, NULL, steps);
            end_by(a, how);
            end_by(b, how);
            if (daf_session_state(a->s) == DAF_SESSION_CLOSED)
                assert_int_equal(a->rooms, 0);
            if (daf_session_state(b->s) == DAF_SESSION_CLOSED)
                assert_int_equal(b->rooms, 0);
            session_pair_part(a, b);
            session_pair_free(a);
            session_pair_free(b);
            a = session_pair_new(camp, 1);
            b = session_pair_new(camp, 2);
        }
    }
}

/* It says so, nothing is lost, and with memory the next contact does all. */
static void without_memory_a_session_ends_and_loses_nothing(void **state)
{
    struct session_pair *sides[] = {a, b};
    size_t failed = 0;

    (void)state;
    write_chain(2, 12, 50);
    for (size_t i = 0; i < 80; i++) {
        struct session_pair *poor = sides[i % 2];
        size_t held_a, held_b;

        give_both_something();
        held_a = daf_fake_index_count(a->index);
        held_b = daf_fake_index_count(b->index);
        session_pair_meet(a, b);
        session_pair_talk(a, b, NULL, i / 2);
        poor->has_no_room = true;
        talk();
        if (daf_session_state(poor->s) == DAF_SESSION_CLOSED) {
            assert_int_equal(poor->closed_why, DAF_ENOMEM);
            assert_int_equal(poor->said_count[DAF_FRAME_BYE], 1);
            failed++;
        }
        assert_int_equal(poor->rooms, 0);
        session_pair_part(a, b);
        assert_true(daf_fake_index_count(a->index) >= held_a);
        assert_true(daf_fake_index_count(b->index) >= held_b);
        poor->has_no_room = false;
        session_pair_meet(a, b);
        talk();
        are_equal(a, b);
        assert_int_equal(daf_fake_index_count(a->index), 12);
        session_pair_part(a, b);
        session_pair_free(a);
        session_pair_free(b);
        a = sides[0] = session_pair_new(camp, 1);
        b = sides[1] = session_pair_new(camp, 2);
    }
    assert_true(failed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(records_are_stored_then_acknowledged),
        T(an_unsolicited_run_is_a_breach),
        T(a_run_after_the_last_is_a_breach),
        T(a_run_of_another_scope_is_a_breach),
        T(an_answer_far_beyond_the_credit_is_a_breach),
        T(a_header_that_fails_its_signature_costs_its_author_not_its_sender),
        T(a_body_that_is_not_the_headers_is_dropped),
        T(a_body_of_another_length_is_dropped),
        T(a_plain_body_in_a_sealed_scope_is_refused),
        T(a_claim_that_a_body_was_erased_is_only_a_claim),
        T(what_is_held_is_acknowledged_and_not_stored_again),
        T(a_header_that_is_held_still_gets_its_body),
        T(a_record_of_another_log_in_a_path_is_a_breach),
        T(a_header_that_cannot_be_read_is_a_breach),
        T(an_author_without_the_right_to_append_is_refused),
        T(a_disk_that_fails_ends_the_session),
        T(an_answer_must_go_on),
        T(a_disk_that_cannot_be_read_never_hangs_a_session),
        T(a_path_with_a_link_missing_is_a_breach),
        T(an_unknown_author_is_counted_and_pulled_after_a_recheck),
        T(a_log_that_is_refused_does_not_starve_the_next),
        T(rubbish_that_fills_the_credit_is_not_asked_for_again),
        T(an_empty_answer_is_not_asked_for_again),
        T(a_run_without_a_path_must_be_the_last),
        T(a_path_of_a_log_that_was_not_wanted_is_a_breach),
        T(an_answer_that_the_credit_cut_is_asked_for_to_the_end),
        T(what_comes_after_the_last_good_signature_is_dropped),
        T(of_control_and_catalog_each_signature_is_checked),
        T(of_who_was_caught_each_signature_is_checked),
        T(a_puller_says_more_and_gets_what_is_above_the_common),
        T(nobody_says_more_twice),
        T(a_gap_is_asked_for),
        T(control_is_pulled_first),
        T(control_that_differs_goes_before_what_has_no_copy),
        T(what_has_no_copy_goes_before_the_rest_of_control),
        T(control_goes_first_for_64_kilobytes),
        T(a_log_that_another_has_in_hand_is_waited_for),
        T(whoever_dawdles_loses_what_it_has_in_hand),
        T(what_came_by_another_way_is_not_wanted_any_more),
        T(all_memory_comes_back_however_a_session_ends),
        T(without_memory_a_session_ends_and_loses_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
