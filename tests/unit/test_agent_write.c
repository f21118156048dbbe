/* SPDX-License-Identifier: Apache-2.0 */
/* What a device writes itself: refused, batched, chained, durable. */
#include "tests/lib/t.h"

#include <stdio.h>

#include "proto/hash.h"
#include "tests/lib/agent_case.h"

/* ---- own records */

/* Refused at once, nothing handed to the disk. */
static void refuses_write(struct host *h, const struct daf_write *write,
                          enum daf_err err)
{
    size_t told = h->wrote_count;

    write_it(h, write);
    while (h->wrote_count == told && stored(h, DAF_OK, 0))
        ;
    assert_int_equal(h->wrote_count, told + 1);
    assert_int_equal(h->wrote[told].err, err);
    assert_int_equal(h->wrote[told].ticket, write->ticket);
    assert_int_equal(h->wrote[told].seq, 0);
}

static void writes_over_the_limits_are_refused(void **state)
{
    struct host *h = host_new(1);
    static char name[DAF_NAME_BYTES_MAX + 2], item[DAF_ITEM_BYTES_MAX + 2];
    static struct daf_did many[DAF_DID_MAX + 1];
    struct daf_did did = counted;
    struct daf_write w;
    size_t before = daf_fake_index_count(h->index);

    (void)state;
    memset(name, 'n', DAF_NAME_BYTES_MAX + 1);
    memset(item, 'i', DAF_ITEM_BYTES_MAX + 1);
    for (size_t i = 0; i <= DAF_DID_MAX; i++)
        many[i] = counted;

    w = session_write(1, name, &did);
    refuses_write(h, &w, DAF_ELIMIT);
    w = session_write(2, "", &did);
    refuses_write(h, &w, DAF_ELIMIT);
    w = session_write(3, "Kite", &did);
    w.did_count = 0;
    refuses_write(h, &w, DAF_ELIMIT);
    w = session_write(4, "Kite", many);
    w.did_count = DAF_DID_MAX + 1;
    refuses_write(h, &w, DAF_ELIMIT);
    w = session_write(5, "Kite", &did);
    did.item = (struct daf_view){(const uint8_t *)item, DAF_ITEM_BYTES_MAX + 1};
    refuses_write(h, &w, DAF_ELIMIT);
    did.item.len = 0;
    refuses_write(h, &w, DAF_ELIMIT);
    did = counted;
    did.score = DAF_SCORE_MAX + 1;
    refuses_write(h, &w, DAF_ELIMIT);
    assert_int_equal(daf_fake_index_count(h->index), before);

    /* And at the limits all is well. */
    did.score = DAF_SCORE_MAX;
    did.item.len = DAF_ITEM_BYTES_MAX;
    did.item.p = (const uint8_t *)item;
    name[DAF_NAME_BYTES_MAX] = '\0';
    for (size_t i = 0; i < DAF_DID_MAX; i++)
        many[i] = did;
    w = session_write(6, name, many);
    w.did_count = DAF_DID_MAX;
    write_it(h, &w);
    commit_all(h);
    assert_int_equal(h->wrote[h->wrote_count - 1].err, DAF_OK);
    assert_int_equal(daf_fake_index_count(h->index), before + 2);
    host_free(h);
}

static void writes_where_one_may_not_are_refused(void **state)
{
    struct host *h = host_new(1), *boss = host_new(0);
    struct daf_write w = session_write(1, "Kite", &counted);
    static uint8_t bytes[2048];
    struct daf_pack k;

    (void)state;
    strcpy(w.scope, "class:99");
    refuses_write(h, &w, DAF_ESCOPE);
    strcpy(w.scope, "not a scope's name");
    refuses_write(h, &w, DAF_ESCOPE);
    /* Sessions are a class's, whatever the rights. */
    strcpy(w.scope, "catalog");
    refuses_write(h, &w, DAF_ESCOPE);
    strcpy(w.scope, "control");
    refuses_write(h, &w, DAF_ESCOPE);
    strcpy(w.scope, "camp");
    refuses_write(h, &w, DAF_ESCOPE);
    /* A subject's id that nobody registered is not taken for a name. */
    w = session_write(2, "0123456789abcdef0123456789abcdef", &counted);
    refuses_write(h, &w, DAF_ENOTFOUND);

    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_payload_pack_certificate(&k, the_cert(LATE));
    w = (struct daf_write){.ticket = 3,
                           .kind = DAF_WRITE_CONTROL,
                           .payload = daf_pack_view(&k)};
    refuses_write(h, &w, DAF_EDENIED);
    /* Not of control, or of no type at all. */
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_pack_array(&k, 2);
    daf_pack_str(&k, "lesson", 6);
    daf_pack_map(&k, 0);
    w.payload = daf_pack_view(&k);
    refuses_write(boss, &w, DAF_ETYPE);
    w.payload = (struct daf_view){(const uint8_t *)"\xc0", 1};
    refuses_write(boss, &w, DAF_ETYPE);
    w.payload.len = 0;
    refuses_write(boss, &w, DAF_ELIMIT);
    w.payload.len = DAF_PAYLOAD_BYTES_MAX + 1;
    refuses_write(boss, &w, DAF_ELIMIT);
    host_free(h);
    host_free(boss);
}

static void a_type_that_the_register_lacks_is_not_written(void **state)
{
    static uint8_t bytes[DAF_MANIFEST_BYTES_MAX];
    static struct daf_manifest m;
    struct host *h = host_bare(0);
    struct daf_write w = session_write(1, "Kite", &counted);
    size_t len;

    (void)state;
    /* The register ends with "session" and "status". */
    len = make_manifest(&m, 97, 2, bytes);
    assert_int_equal(start(h, (struct daf_view){bytes, len}, no_cert, 1),
                     DAF_OK);
    refuses_write(h, &w, DAF_ETYPE);
    assert_int_equal(jobs_of(h), 0);
    write_cert(h, 1); /* needs no entry (R12) */
    commit_all(h);
    assert_int_equal(h->wrote[1].err, DAF_OK);
    host_free(h);
}

static void an_unknown_learner_is_registered_once(void **state)
{
    struct host *h = host_new(1);
    size_t before = daf_fake_index_count(h->index);

    (void)state;
    learn(h, 1, "Lantern Example");
    learn(h, 2, "Kite Example");
    learn(h, 3, "Kite Example");
    learn(h, 4, "Lantern Example");
    commit_all(h);
    assert_int_equal(h->wrote_count, 4);
    assert_true(h->wrote[0].registered && h->wrote[1].registered);
    assert_false(h->wrote[2].registered || h->wrote[3].registered);
    assert_memory_equal(h->wrote[0].subject.b, h->wrote[3].subject.b, 16);
    assert_memory_equal(h->wrote[1].subject.b, h->wrote[2].subject.b, 16);
    assert_int_equal(daf_fake_index_count(h->index), before + 6);
    host_free(h);
}

static void writes_during_a_commit_share_the_next_one(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    learn(h, 1, "Lantern Example");
    assert_int_equal(jobs_of(h), 1);
    assert_int_equal(h->jobs->count, 2);
    for (uint64_t i = 2; i < 12; i++)
        learn(h, i, "Lantern Example");
    assert_int_equal(jobs_of(h), 1);
    assert_int_equal(stats_of(h).pending_writes, 11);
    assert_int_equal(h->wrote_count, 0);
    assert_true(stored(h, DAF_OK, 0));
    assert_int_equal(h->wrote_count, 1);
    assert_int_equal(jobs_of(h), 1);
    assert_int_equal(h->jobs->count, 10);
    assert_true(stored(h, DAF_OK, 0));
    assert_int_equal(h->wrote_count, 11);
    for (uint64_t i = 0; i < 11; i++) {
        assert_int_equal(h->wrote[i].err, DAF_OK);
        assert_int_equal(h->wrote[i].ticket, i + 1);
        assert_int_equal(h->wrote[i].seq, i + 2); /* 1 is the registration */
    }
    assert_int_equal(stats_of(h).pending_writes, 0);
    assert_int_equal(jobs_of(h), 0);
    host_free(h);
}

static void too_many_waiting_writes_are_told_to_come_later(void **state)
{
    struct host *h = host_new(1);
    size_t refused = 0;

    (void)state;
    for (uint64_t i = 0; i < 4100; i++)
        learn(h, i, "Lantern Example");
    for (size_t i = 0; i < h->wrote_count; i++) {
        assert_int_equal(h->wrote[i].err, DAF_EBUSY);
        refused++;
    }
    assert_int_equal(refused, 4100 - 4096 - 1); /* one is at the disk */
    commit_all(h);
    assert_int_equal(h->wrote_count, 4100);
    assert_int_equal(stats_of(h).pending_writes, 0);
    host_free(h);
}

/* The own log of @h in the class: a chain from 1 to @count and nothing else. */
static void own_log_is_a_chain(const struct host *h, uint64_t count)
{
    const struct daf_index *index = daf_fake_index_view(h->index);
    struct daf_log_key log = {.scope =
                                  daf_hash_scope_id(&manifest.camp, "class:1"),
                              .author = *daf_agent_author(h->agent),
                              .incarnation = 40 + h->number};
    static struct daf_head head;

    assert_int_equal(index->head(index->ctx, &log, &head), DAF_OK);
    assert_int_equal(head.tips_count, 1);
    assert_int_equal(head.roots_count, 1);
    assert_int_equal(head.roots[0].seq, 1);
    assert_int_equal(head.tips[0].seq, count);
}

static void a_commit_that_fails_leaves_no_hole(void **state)
{
    static const enum daf_err ways[] = {DAF_EFULL, DAF_EIO, DAF_EREADONLY};
    struct host *h = host_new(1);

    (void)state;
    learn(h, 1, "Lantern Example");
    commit_all(h);
    for (size_t i = 0; i < 3; i++) {
        size_t told = h->wrote_count;

        learn(h, 2, "Kite Example");
        learn(h, 3, "Kite Example"); /* in the next batch */
        assert_true(stored(h, ways[i], 0));
        assert_int_equal(h->wrote_count, told + 1);
        assert_int_equal(h->wrote[told].err, ways[i]);
        assert_true(stored(h, ways[i], 0));
        assert_int_equal(h->wrote[told + 1].err, ways[i]);
    }
    learn(h, 4, "Kite Example");
    learn(h, 5, "Kite Example");
    commit_all(h);
    assert_int_equal(h->wrote[h->wrote_count - 2].err, DAF_OK);
    assert_true(h->wrote[h->wrote_count - 2].registered); /* anew */
    own_log_is_a_chain(h, 5);
    host_free(h);
}

/* Host 1 after a restart: its log in the class has two records, and it knows of
 * none before it asks its notebook. */
static struct host *host_again(void)
{
    struct host *h = host_new(1), *again = host_bare(1);

    learn(h, 1, "Lantern Example");
    commit_all(h);
    for (size_t i = 0; i < daf_fake_index_count(h->index); i++)
        give_row(again, h->index, i);
    assert_int_equal(start(again, the_manifest(), the_cert(1), 9), DAF_OK);
    host_free(h);
    return again;
}

/* To begin at 1 because the disk could not say where the log ends would fork
 * it. */
static void a_head_that_cannot_be_read_is_no_reason_to_begin_anew(void **state)
{
    struct host *again = host_again();

    (void)state;
    /* First where it ends cannot be read, then the record there. */
    for (size_t answered = 0; answered < 2; answered++) {
        daf_fake_index_fail(again->index, answered);
        learn(again, 2, "Lantern Example");
        commit_all(again);
        assert_int_equal(again->wrote[answered].err, DAF_EIO);
    }
    daf_fake_index_fail(again->index, SIZE_MAX);
    learn(again, 3, "Lantern Example");
    commit_all(again);
    assert_int_equal(again->wrote[2].err, DAF_OK);
    own_log_is_a_chain(again, 3);
    host_free(again);
}

/* What is signed behind another log's record fits in nowhere, for ever. */
static void nothing_is_signed_after_a_record_of_another_log(void **state)
{
    struct host *again = host_again();
    const struct daf_spot foreign = {.seq = 7, .id = {.b = {9}}},
                          none = {.seq = 0};

    (void)state;
    daf_fake_index_mislead(again->index, &foreign);
    learn(again, 2, "Lantern Example");
    commit_all(again);
    assert_int_equal(again->wrote[0].err, DAF_ECORRUPT);
    daf_fake_index_mislead(again->index, &none);
    learn(again, 3, "Lantern Example");
    commit_all(again);
    assert_int_equal(again->wrote[1].err, DAF_OK);
    own_log_is_a_chain(again, 3);
    host_free(again);
}

static void an_own_record_that_is_deferred_is_not_called_written(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    learn(h, 1, "Lantern Example");
    commit_all(h);
    learn(h, 2, "Lantern Example");
    assert_true(stored(h, DAF_OK, 1));
    assert_int_equal(h->wrote[1].err, DAF_ELIMIT);
    assert_true(h->wrote[1].is_deferred);
    assert_int_equal(stats_of(h).deferred, 0); /* still told to peers (R46) */
    learn(h, 3, "Lantern Example");
    commit_all(h);
    assert_int_equal(h->wrote[2].err, DAF_OK);
    own_log_is_a_chain(h, 3);
    host_free(h);
}

/* A coordinator writes in every class, and a camp may have many. */
static void one_device_writes_in_more_classes_than_a_session_has_scopes(
    void **state)
{
    struct host *h = host_new(0);
    struct daf_write w = session_write(1, "Kite", &counted);
    uint64_t classes = 2 * DAF_SCOPES_MAX + 5;
    size_t told;

    (void)state;
    for (uint64_t i = 0; i < classes; i++) {
        char name[32];

        snprintf(name, sizeof(name), "class:%d", (int)i + 100);
        write_wrap(h, name, 1);
    }
    commit_all(h);
    told = h->wrote_count;
    for (uint64_t i = 0; i < 2 * classes; i++) {
        snprintf(w.scope, sizeof(w.scope), "class:%d",
                 (int)(i % classes) + 100);
        write_it(h, &w);
    }
    commit_all(h);
    assert_int_equal(h->wrote_count, told + 2 * classes);
    for (size_t i = told; i < h->wrote_count; i++) {
        assert_int_equal(h->wrote[i].err, DAF_OK);
        /* Registration, then one, then the other. */
        assert_int_equal(h->wrote[i].seq, i - told < classes ? 2 : 3);
    }
    host_free(h);
}

static void a_record_is_offered_only_when_it_is_durable(void **state)
{
    struct host *a = host_new(1), *b = host_new(2);
    struct wire w = wire_up(a, go_to_mesh(a, 2, "10.0.0.2:1"), b, IN | 1);
    struct daf_view bytes;
    uint32_t conn;

    (void)state;
    talk(&w, 1, true);
    learn(a, 1, "Lantern Example");
    assert_false(take(a, &conn, &bytes));
    assert_true(stored(a, DAF_OK, 0));
    (void)says(a, w.a_conn, DAF_FRAME_HEADS);
    host_free(a);
    host_free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes_over_the_limits_are_refused),
        cmocka_unit_test(writes_where_one_may_not_are_refused),
        cmocka_unit_test(a_type_that_the_register_lacks_is_not_written),
        cmocka_unit_test(an_unknown_learner_is_registered_once),
        cmocka_unit_test(writes_during_a_commit_share_the_next_one),
        cmocka_unit_test(too_many_waiting_writes_are_told_to_come_later),
        cmocka_unit_test(a_commit_that_fails_leaves_no_hole),
        cmocka_unit_test(a_head_that_cannot_be_read_is_no_reason_to_begin_anew),
        cmocka_unit_test(nothing_is_signed_after_a_record_of_another_log),
        cmocka_unit_test(an_own_record_that_is_deferred_is_not_called_written),
        cmocka_unit_test(
            one_device_writes_in_more_classes_than_a_session_has_scopes),
        cmocka_unit_test(a_record_is_offered_only_when_it_is_durable),
    };

    return cmocka_run_group_tests(tests, make_camp, free_camp);
}
