/* SPDX-License-Identifier: Apache-2.0 */

/* Walks, lists, digests and what peers have acknowledged. */

#include "tests/lib/t.h"

#include <stdlib.h>

#include "proto/hash.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#define PER_LOG 20

/* Scope 1: author 1 with incarnations 2^63 and 5, author 2 with 9.  Scope 2:
 * author 1 with 5.  Every fourth record is an identity record. */
struct home {
    char *dir;
    struct daf_store *s;
    struct daf_log_key logs[4];
    struct daf_made made[4][PER_LOG];
};

static int open_home(void **state)
{
    struct home *h = calloc(1, sizeof(*h));
    assert_non_null(h);
    h->dir = daf_tmpdir_new();
    h->s = daf_made_open(h->dir, DAF_STORE_WRITER);
    h->logs[0] = daf_made_log(1, 2, 9);
    h->logs[1] = daf_made_log(1, 1, UINT64_C(1) << 63);
    h->logs[2] = daf_made_log(2, 1, 5);
    h->logs[3] = daf_made_log(1, 1, 5);
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    for (size_t i = 0; i < 4; i++) {
        struct daf_made_want want = {.log = h->logs[i]};
        for (uint32_t j = 0; j < PER_LOG; j++) {
            want.body_len = 50 + 77 * j;
            want.retention =
                j % 4 == 0 ? DAF_RETENTION_IDENTITY : DAF_RETENTION_PROGRESS;
            daf_made_record(&want, &h->made[i][j]);
            want.prev = h->made[i][j].spot;
            assert_int_equal(daf_made_put(h->s, &h->made[i][j],
                                          j % 5 == 0 ? DAF_BODY_RETIRED
                                                     : DAF_BODY_HELD),
                             DAF_PUT_NEW);
        }
    }
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
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

/* ---- scan */

/* The logs of scope 1 in the order of a scan. */
static const size_t order[] = {3, 1, 0};

struct seen {
    struct home *h;
    int retention;
    size_t at, count, stop_after;
};

static bool see(void *ctx, const struct daf_row *row)
{
    struct seen *seen = ctx;
    const struct daf_made *m;
    do {
        assert_in_range(seen->at, 0, (size_t)3 * PER_LOG - 1);
        m = &seen->h->made[order[seen->at / PER_LOG]][seen->at % PER_LOG];
        seen->at++;
    } while (seen->retention >= 0 && m->r.retention != seen->retention);

    /* Asking for another record must not disturb the one in hand. */
    const struct daf_index *index = daf_store_index(seen->h->s);
    struct daf_stored other;
    const struct daf_made *last = &seen->h->made[0][PER_LOG - 1];
    assert_int_equal(index->get(index->ctx, &last->r.log, &last->spot, &other),
                     DAF_OK);

    assert_memory_equal(&row->log.scope, &m->r.log.scope, 16);
    assert_memory_equal(&row->log.author, &m->r.log.author, 16);
    assert_true(row->log.incarnation == m->r.log.incarnation);
    assert_int_equal(row->stored.spot.seq, m->r.seq);
    assert_memory_equal(&row->stored.spot.id, &m->r.id, 32);
    assert_int_equal(row->stored.header.len, m->header_len);
    assert_memory_equal(row->stored.header.p, m->header, m->header_len);
    if (row->stored.body_state == DAF_BODY_HELD) {
        assert_int_equal(row->stored.body.len, m->r.body_len);
        assert_memory_equal(row->stored.body.p, daf_made_body(m).p,
                            m->r.body_len);
    } else {
        assert_int_equal(row->stored.body_state, DAF_BODY_RETIRED);
        assert_int_equal(row->stored.body.len, 0);
    }
    return ++seen->count != seen->stop_after;
}

static void a_scan_goes_log_by_log(void **state)
{
    struct home *h = *state;
    struct seen seen = {.h = h, .retention = -1};
    assert_int_equal(daf_store_scan(h->s, &h->logs[0].scope, -1, see, &seen),
                     DAF_OK);
    assert_int_equal(seen.count, 3 * PER_LOG);
    seen = (struct seen){.h = h, .retention = -1, .stop_after = 7};
    assert_int_equal(daf_store_scan(h->s, &h->logs[0].scope, -1, see, &seen),
                     DAF_OK);
    assert_int_equal(seen.count, 7);
    struct daf_scope_id none = {{9}};
    assert_int_equal(daf_store_scan(h->s, &none, -1, see, NULL), DAF_OK);
}

static void a_scan_of_one_class_gives_that_class(void **state)
{
    struct home *h = *state;
    const size_t logs = 3;
    const size_t right[] = {0, logs * PER_LOG / 4, logs * PER_LOG / 4 * 3, 0};
    for (int class = 0; class < 4; class ++) {
        struct seen seen = {.h = h, .retention = class};
        assert_int_equal(daf_store_scan(h->s, &h->logs[0].scope, class, see,
                                        &seen),
                         DAF_OK);
        assert_int_equal(seen.count, right[class]);
    }
}

static bool scan_again(void *ctx, const struct daf_row *row)
{
    struct seen *outer = ctx;
    struct seen seen = {.h = outer->h, .retention = DAF_RETENTION_IDENTITY};
    uint8_t first = row->stored.header.p[30];
    assert_int_equal(daf_store_scan(outer->h->s, &row->log.scope,
                                    DAF_RETENTION_IDENTITY, see, &seen),
                     DAF_OK);
    assert_int_equal(row->stored.header.p[30], first);
    outer->count++;
    return true;
}

static void a_scan_within_a_scan_is_fine(void **state)
{
    struct home *h = *state;
    struct seen seen = {.h = h};
    assert_int_equal(daf_store_scan(h->s, &h->logs[0].scope,
                                    DAF_RETENTION_IDENTITY, scan_again, &seen),
                     DAF_OK);
    assert_int_equal(seen.count, PER_LOG / 4 * 3);
}

static bool take_seq(void *ctx, const struct daf_row *row)
{
    *(uint64_t *)ctx = row->stored.spot.seq;
    return true;
}

static void a_record_is_found_by_its_id_alone(void **state)
{
    struct home *h = *state;
    uint64_t seq = 0;
    struct daf_record_id none = {{1}};
    assert_int_equal(daf_store_find(h->s, &h->made[2][11].r.id, take_seq, &seq),
                     DAF_OK);
    assert_int_equal(seq, 12);
    seq = 0;
    assert_int_equal(daf_store_find(h->s, &none, take_seq, &seq), DAF_OK);
    assert_int_equal(seq, 0);
}

/* ---- lists and digests */

static void scopes_ascend(void **state)
{
    struct home *h = *state;
    struct daf_scope_id scopes[3];
    assert_int_equal(daf_store_scopes(h->s, scopes, 3), 2);
    assert_memory_equal(&scopes[0], &h->logs[0].scope, 16);
    assert_memory_equal(&scopes[1], &h->logs[2].scope, 16);
    assert_int_equal(daf_store_scopes(h->s, scopes, 1), 1);
    assert_int_equal(daf_store_scopes(h->s, scopes, 0), 0);
}

static void an_authors_logs_are_listed_newest_first(void **state)
{
    struct home *h = *state;
    uint64_t logs[3];
    assert_int_equal(daf_store_author_logs(h->s, &h->logs[1].scope,
                                           &h->logs[1].author, logs, 3),
                     2);
    assert_true(logs[0] == 5);
    assert_true(logs[1] == UINT64_C(1) << 63);
    assert_int_equal(daf_store_author_logs(h->s, &h->logs[1].scope,
                                           &h->logs[1].author, logs, 1),
                     1);
    assert_true(logs[0] == 5);
}

static void a_digest_hashes_the_heads_in_order(void **state)
{
    struct home *h = *state;
    struct daf_store_digest digest;
    const struct daf_index *index = daf_store_index(h->s);
    uint8_t all[3][32], right[32];
    for (size_t i = 0; i < 3; i++) {
        struct daf_head head;
        assert_int_equal(index->head(index->ctx, &h->logs[order[i]], &head),
                         DAF_OK);
        struct daf_hash hash = daf_frontier_digest(&head);
        memcpy(all[i], hash.b, 32);
    }
    daf_hash_256("daf.digest.1", (struct daf_view){all[0], sizeof(all)}, right);
    assert_int_equal(daf_store_digest(h->s, &h->logs[0].scope, &digest),
                     DAF_OK);
    assert_memory_equal(digest.root.b, right, 32);
    assert_memory_equal(&digest.scope, &h->logs[0].scope, 16);
    assert_int_equal(digest.authors, 2);
    assert_int_equal(digest.logs, 3);
    assert_int_equal(digest.records, 3 * PER_LOG);
    assert_int_equal(digest.bodies, 3 * PER_LOG / 5 * 4);

    struct daf_scope_id none = {{9}};
    daf_hash_256("daf.digest.1", (struct daf_view){NULL, 0}, right);
    assert_int_equal(daf_store_digest(h->s, &none, &digest), DAF_OK);
    assert_memory_equal(digest.root.b, right, 32);
    assert_int_equal(digest.authors + digest.logs + digest.records, 0);
}

/* ---- acknowledged */

static enum daf_err ack(struct home *h, uint64_t first, size_t last)
{
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    enum daf_err err =
        daf_store_acked(h->s, &h->logs[1], first, &h->made[1][last - 1].spot);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    return err;
}

static void an_ack_counts_without_gaps_only(void **state)
{
    struct home *h = *state;
    assert_int_equal(daf_store_acked_seq(h->s, &h->logs[1]), 0);
    assert_int_equal(ack(h, 2, 5), DAF_OK); /* 1 is missing */
    assert_int_equal(daf_store_acked_seq(h->s, &h->logs[1]), 0);
    assert_int_equal(ack(h, 1, 5), DAF_OK);
    assert_int_equal(daf_store_acked_seq(h->s, &h->logs[1]), 5);
    assert_int_equal(ack(h, 7, 9), DAF_OK); /* 6 is missing */
    assert_int_equal(daf_store_acked_seq(h->s, &h->logs[1]), 5);
    assert_int_equal(ack(h, 1, 3), DAF_OK); /* less than is known */
    assert_int_equal(daf_store_acked_seq(h->s, &h->logs[1]), 5);
    assert_int_equal(ack(h, 4, PER_LOG), DAF_OK);
    assert_int_equal(daf_store_acked_seq(h->s, &h->logs[1]), PER_LOG);
    assert_int_equal(daf_store_acked_seq(h->s, &h->logs[0]), 0);
    struct daf_store_check check;
    assert_int_equal(daf_store_check(h->s, NULL, NULL, NULL, &check), DAF_OK);
    assert_int_equal(check.bad, 0);
}

static void an_ack_of_what_is_not_held_counts_nothing(void **state)
{
    struct home *h = *state;
    struct daf_spot spot = {.seq = 3, .id = {{7}}};
    struct daf_log_key none = daf_made_log(7, 7, 7);
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_store_acked(h->s, &h->logs[1], 1, &spot),
                     DAF_ENOTFOUND);
    spot.seq = UINT64_MAX;
    assert_int_equal(daf_store_acked(h->s, &h->logs[1], 1, &spot),
                     DAF_ENOTFOUND);
    assert_int_equal(daf_store_acked(h->s, &none, 1, &h->made[1][0].spot),
                     DAF_ENOTFOUND);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    assert_int_equal(daf_store_acked_seq(h->s, &h->logs[1]), 0);
    assert_int_equal(daf_store_acked_seq(h->s, &none), 0);
}

/* Of two branches peers may hold one: what they hold of the other is not known. */
static void of_a_log_with_branches_one_is_acknowledged(void **state)
{
    struct home *h = *state;
    const struct daf_log_key *log = &h->logs[1];
    const struct daf_made_want want = {.log = *log,
                                       .prev = h->made[1][2].spot,
                                       .body_len = 9,
                                       .seed = 77};
    const struct daf_index *index = daf_store_index(h->s);
    const uint64_t after = 5; /* the author's other log */
    struct daf_mark mark;
    struct daf_made other;

    daf_made_record(&want, &other);
    assert_int_equal(ack(h, 1, PER_LOG), DAF_OK);
    assert_int_equal(index->unacked_next(index->ctx, &log->scope, &log->author,
                                         &after, &mark),
                     DAF_ENOTFOUND);
    assert_true(daf_store_is_acked(h->s, log, &h->made[1][3].spot));
    assert_int_equal(daf_made_commit(h->s, &other, DAF_BODY_HELD), DAF_PUT_NEW);
    assert_int_equal(other.spot.seq, h->made[1][3].spot.seq);
    assert_false(daf_store_is_acked(h->s, log, &other.spot));
    assert_true(daf_store_is_acked(h->s, log, &h->made[1][3].spot));
    assert_true(daf_store_is_acked(h->s, log, &h->made[1][2].spot));
    assert_int_equal(index->unacked_next(index->ctx, &log->scope, &log->author,
                                         &after, &mark),
                     DAF_OK);
    assert_memory_equal(&mark.log, log, sizeof(mark.log));
}

#define HERE(test) cmocka_unit_test_setup_teardown(test, open_home, close_home)

int main(void)
{
    const struct CMUnitTest tests[] = {
        HERE(a_scan_goes_log_by_log),
        HERE(a_scan_of_one_class_gives_that_class),
        HERE(a_scan_within_a_scan_is_fine),
        HERE(a_record_is_found_by_its_id_alone),
        HERE(scopes_ascend),
        HERE(an_authors_logs_are_listed_newest_first),
        HERE(a_digest_hashes_the_heads_in_order),
        HERE(an_ack_counts_without_gaps_only),
        HERE(an_ack_of_what_is_not_held_counts_nothing),
        HERE(of_a_log_with_branches_one_is_acknowledged),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
