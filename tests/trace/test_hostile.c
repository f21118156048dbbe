/* SPDX-License-Identifier: Apache-2.0 */
/* What one hostile, enrolled neighbour once could do to honest devices, and can
 * no more.  Nodes 1 and 2 are honest; 3 and 4 are played by the test. */
#include "proto/frame.h"
#include "proto/sketch.h"
#include "tests/lib/cast.h"
#include "tests/lib/t.h"

#define HOUR_MS 3600000

static size_t deferred(struct cast *c, size_t node)
{
    struct daf_agent_stats s;

    daf_agent_stats(cast_agent(c, node), &s);
    return s.deferred;
}

/* ---- laying something in a store behind its agent's back */

static struct daf_view nothing(void)
{
    return (struct daf_view){0};
}

/* Which records of one author to take, and whether with bodies. */
struct picking {
    struct daf_store *to;
    struct daf_author_id author;
    uint64_t from, step, count;
    bool is_bare;
};

static bool pick_row(void *ctx, const struct daf_row *row)
{
    struct picking *p = ctx;
    const struct daf_stored *s = &row->stored;
    struct daf_record r;
    enum daf_put what;

    assert_int_equal(daf_record_decode(s->header, &r), DAF_OK);
    if (memcmp(r.log.author.b, p->author.b, sizeof(p->author.b)) != 0 ||
        r.seq < p->from || (r.seq - p->from) % p->step != 0 || p->count == 0)
        return true;
    p->count--;
    assert_int_equal(daf_store_put(p->to, &r, s->header,
                                   p->is_bare ? DAF_BODY_ABSENT : s->body_state,
                                   p->is_bare ? nothing() : s->body, &what),
                     DAF_OK);
    assert_int_equal(what, DAF_PUT_NEW);
    return true;
}

/* Genuine records of device @author, by @author's own store, into that of @to. */
static void pick(struct cast *c, size_t author, size_t to, struct picking p)
{
    struct daf_scope_id id = cast_scope(c, "class:1");

    p.to = cast_writer(c, to);
    p.author = cast_author(c, author);
    assert_int_equal(daf_store_begin(p.to), DAF_OK);
    assert_int_equal(daf_store_scan(cast_reader(c, author), &id, -1, pick_row,
                                    &p),
                     DAF_OK);
    assert_int_equal(daf_store_commit(p.to), DAF_OK);
}

/* One header signed by node 3, after @prev in its log @incarnation, into the
 * open transaction of @to.  Its body is nowhere. */
static struct daf_record lay(struct cast *c, size_t to, uint64_t incarnation,
                             const struct daf_record *prev, uint64_t claimed_ms)
{
    uint8_t header[DAF_HEADER_BYTES_MAX];
    struct daf_record r = {
        .log = {cast_scope(c, "class:1"), cast_author(c, 3), incarnation},
        .seq = prev != NULL ? prev->seq + 1 : 1,
        .claimed_ms = claimed_ms,
        .body_len = 10,
    };
    struct daf_view h = {header, 0};
    enum daf_put what;

    if (prev != NULL) r.prev = prev->id;
    h.len = daf_record_sign(&r, &cast_secrets(c, 3)->sign, header);
    assert_int_equal(daf_record_decode(h, &r), DAF_OK);
    assert_int_equal(daf_store_put(cast_writer(c, to), &r, h, DAF_BODY_ABSENT,
                                   nothing(), &what),
                     DAF_OK);
    r.ext = nothing(); /* it pointed into @header */
    return r;
}

/* @count logs of node 3, the first forked if @is_forked: more than one author's
 * budget when two devices meet that hold different ones. */
static void lay_logs(struct cast *c, size_t to, uint64_t from, size_t count,
                     bool is_forked)
{
    assert_int_equal(daf_store_begin(cast_writer(c, to)), DAF_OK);
    for (size_t i = 0; i < count; i++) {
        struct daf_record r = lay(c, to, from + i, NULL, 1);

        if (!is_forked || i > 0) continue;
        (void)lay(c, to, from, &r, 2);
        (void)lay(c, to, from, &r, 3);
    }
    assert_int_equal(daf_store_commit(cast_writer(c, to)), DAF_OK);
}

static void lay_one_log(struct cast *c, size_t to, size_t count)
{
    struct daf_record r;

    assert_int_equal(daf_store_begin(cast_writer(c, to)), DAF_OK);
    for (size_t i = 0; i < count; i++)
        r = lay(c, to, 9, i > 0 ? &r : NULL, 1);
    assert_int_equal(daf_store_commit(cast_writer(c, to)), DAF_OK);
}

static size_t story_count(struct cast *c, const char *what)
{
    size_t count = 0;

    for (const char *at = cast_story(c); (at = strstr(at, what)) != NULL; at++)
        count++;
    return count;
}

/* ---- the tests */

/* A third party brings every second of an honest author's records, as many as
 * may wait with gaps, and goes away for good. */
static void records_with_gaps_from_a_third_party_defer_nobody(void **state)
{
    struct cast *c = cast_new(4, false);

    (void)state;
    cast_peer(c, 1, 2);
    cast_learn(c, 2, "Kite Example", "a", 1);
    cast_run(c, 1000);
    assert_true(cast_equal(c, 1, 2));
    cast_cut(c, 1, 2);
    for (size_t i = 0; i < 200; i++)
        cast_learn(c, 2, "Kite Example", "b", 2);
    cast_run(c, 1000);
    pick(c, 2, 3, (struct picking){.from = 4, .step = 2, .count = 64});
    cast_peer(c, 3, 1);
    cast_run(c, 60000);
    assert_true(cast_records(c, 1, "class:1") > 2); /* they did arrive */
    cast_cut(c, 1, 3);

    cast_heal(c, 1, 2);
    cast_run(c, HOUR_MS);
    assert_true(cast_equal(c, 1, 2));
    assert_int_equal(deferred(c, 1), 0);
    cast_free(c);
}

/* A frame names many logs: four to meet, and a few for each scope. */
static bool hear_a_few(void *ctx, struct daf_view frame)
{
    size_t *heard = ctx;

    (void)frame;
    assert_true(++*heard < 100);
    return true;
}

/* Each holds as many logs of node 3 as one author may have, others than the
 * other: neither can take what the other offers, and each must leave it at
 * that. */
static void two_that_are_over_budget_fall_silent(void **state)
{
    struct cast *c = cast_new(4, false);
    size_t heard = 0;

    (void)state;
    lay_logs(c, 1, 1, 64, false);
    lay_logs(c, 2, 1001, 64, true);
    lay_logs(c, 3, 2001, 64, false);
    cast_peer(c, 3, 1);
    cast_run(c, 60000);
    assert_true(deferred(c, 1) > 0);
    cast_cut(c, 1, 3);

    cast_listen(c, 2, hear_a_few, &heard);
    cast_peer(c, 1, 2);
    cast_run(c, 60000);
    assert_true(heard > 0);
    cast_story_clear(c);
    cast_run(c, HOUR_MS);
    assert_string_equal(cast_story(c), "");
    cast_free(c);
}

/* What node 3 or 4 says to node 1 in its own name. */
static void say_news(struct cast *c, size_t from, struct daf_tag tag)
{
    struct daf_item item;
    struct daf_heads heads = {.scope = cast_scope(c, "class:1"),
                              .kind = DAF_HEADS_NEWS,
                              .count = 1,
                              .items = {item.b, sizeof(item.b)}};
    uint8_t room[256];
    struct daf_pack k;

    memset(item.b, 9, sizeof(item.b)); /* a state that nobody has */
    memcpy(item.b, tag.b, sizeof(tag.b));
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_heads(&k, &heads);
    cast_say(c, from, 1, daf_pack_view(&k));
}

static bool answer_with_nothing(void *ctx, struct daf_view frame)
{
    struct cast *c = ctx;
    struct daf_scope_id id = cast_scope(c, "class:1");
    struct daf_frame f;
    uint8_t room[256];
    struct daf_pack k;
    size_t mark;

    assert_int_equal(daf_frame_decode(frame, &f, NULL), DAF_OK);
    if (f.kind != DAF_FRAME_WANT) return false;
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_run(&k, &id);
    daf_frame_end(&k, mark, 0, true);
    cast_say(c, 4, 1, daf_pack_view(&k));
    return false;
}

static bool say_nothing(void *ctx, struct daf_view frame)
{
    (void)ctx, (void)frame;
    return false;
}

/* A record that node 1 has long had. */
struct known {
    struct daf_author_id author;
    struct daf_log_key log;
    size_t len;
    uint8_t header[DAF_HEADER_BYTES_MAX];
};

static bool find_row(void *ctx, const struct daf_row *row)
{
    struct known *o = ctx;

    if (memcmp(row->log.author.b, o->author.b, sizeof(o->author.b)) != 0 ||
        row->stored.spot.seq != 1)
        return true;
    o->log = row->log;
    o->len = row->stored.header.len;
    memcpy(o->header, row->stored.header.p, o->len);
    return false;
}

static void say_known(struct cast *c, size_t from, const struct known *o)
{
    struct daf_scope_id id = cast_scope(c, "class:1");
    struct daf_stored stored = {.header = {o->header, o->len},
                                .body_state = DAF_BODY_ABSENT};
    uint8_t room[DAF_HEADER_BYTES_MAX + 256];
    struct daf_pack k;
    size_t mark, path;

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_run(&k, &id);
    path = daf_frame_begin_path(&k, &o->log);
    daf_frame_add_record(&k, &stored);
    daf_pack_close(&k, path, 1);
    daf_frame_end(&k, mark, 1, false);
    cast_say(c, from, 1, daf_pack_view(&k));
}

/* Node 3 says that it has news in the author's log, and then sends what is
 * known, so that it is never quite silent; node 4 says that it has news in logs
 * nobody knows, and answers with nothing. */
static void claims_that_are_not_kept_hold_up_no_honest_record(void **state)
{
    struct cast *c = cast_new(5, false);
    struct daf_scope_id id = cast_scope(c, "class:1");
    struct known o = {.author = cast_author(c, 2)};

    (void)state;
    cast_peer(c, 1, 2);
    cast_peer(c, 3, 1);
    cast_peer(c, 4, 1);
    cast_learn(c, 2, "Kite Example", "a", 1);
    cast_run(c, 20000);
    assert_true(cast_equal(c, 1, 2));
    assert_int_equal(daf_store_scan(cast_reader(c, 1), &id, -1, find_row, &o),
                     DAF_OK);
    assert_true(o.len > 0);
    cast_listen(c, 3, say_nothing, NULL);
    cast_listen(c, 4, answer_with_nothing, c);
    say_news(c, 3, daf_sketch_tag(&o.log));
    cast_run(c, 100);

    cast_learn(c, 2, "Kite Example", "b", 2);
    for (uint8_t i = 0; i < 15; i++) { /* 30 s */
        if (i % 2 == 0) say_news(c, 4, (struct daf_tag){{1, 2, 3, i}});
        if (i % 5 == 4) say_known(c, 3, &o);
        cast_run(c, 2000);
        if (cast_equal(c, 1, 2)) break;
    }
    assert_true(cast_equal(c, 1, 2));
    cast_free(c);
}

/* Both hold headers whose bodies nobody has.  Some may be asked for in every
 * contact, at most two NEED from each side, but not all of them. */
static void bodies_that_nobody_has_are_asked_for_in_bounds(void **state)
{
    struct cast *c = cast_new(4, false);

    (void)state;
    lay_one_log(c, 1, 2000); /* some four NEED of DAF_NEED_MAX */
    lay_one_log(c, 2, 2000);
    cast_peer(c, 1, 2);
    cast_run(c, 60000);
    for (size_t i = 0; i < 3; i++) {
        cast_cut(c, 1, 2);
        cast_run(c, 1000);
        cast_learn(c, 2, "Kite Example", "a", 1);
        cast_run(c, 1000);
        cast_story_clear(c);
        cast_heal(c, 1, 2);
        cast_run(c, 60000);
        assert_true(cast_equal(c, 1, 2));
        assert_true(story_count(c, "1>2 NEED\n") <= 2);
        assert_true(story_count(c, "2>1 NEED\n") <= 2);
    }
    cast_free(c);
}

static bool cut_at_root(void *ctx, struct daf_view frame)
{
    struct cast *c = ctx;
    struct daf_frame f;

    assert_int_equal(daf_frame_decode(frame, &f, NULL), DAF_OK);
    if (f.kind != DAF_FRAME_ROOT) return true;
    cast_cut(c, 1, 2);
    return false;
}

/* Node 3 brings the author's headers without the bodies, between a contact that
 * was lost when ROOT was said and the next. */
static void a_link_lost_after_root_leaves_no_body_unasked(void **state)
{
    struct cast *c = cast_new(4, false);

    (void)state;
    cast_learn(c, 2, "Kite Example", "a", 1);
    cast_run(c, 1000);
    pick(c, 2, 3,
         (struct picking){
             .from = 1, .step = 1, .count = UINT64_MAX, .is_bare = true});
    cast_listen(c, 2, cut_at_root, c);
    cast_peer(c, 1, 2);
    cast_run(c, 100);
    assert_int_equal(story_count(c, "1>2 ROOT\n"), 1);
    cast_listen(c, 2, NULL, NULL);

    cast_peer(c, 3, 1);
    cast_run(c, 5000);
    assert_int_equal(cast_records(c, 1, "class:1"),
                     cast_records(c, 2, "class:1"));
    assert_false(cast_equal(c, 1, 2)); /* for want of the bodies */
    cast_cut(c, 1, 3);
    cast_heal(c, 1, 2);
    cast_run(c, HOUR_MS);
    assert_true(cast_equal(c, 1, 2));
    cast_free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_with_gaps_from_a_third_party_defer_nobody),
        cmocka_unit_test(two_that_are_over_budget_fall_silent),
        cmocka_unit_test(claims_that_are_not_kept_hold_up_no_honest_record),
        cmocka_unit_test(bodies_that_nobody_has_are_asked_for_in_bounds),
        cmocka_unit_test(a_link_lost_after_root_leaves_no_body_unasked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
