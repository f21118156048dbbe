/* SPDX-License-Identifier: Apache-2.0 */

/* Bodies that go by their erase handles: which, in how many steps, and what the
 * notebook remembers of it (store/store_erase.c). */
#include "tests/lib/t.h"

#include "proto/body.h"
#include "proto/hash.h"
#include "proto/pack.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#include <sodium.h>
#include <stdlib.h>

#define MANY 20100 /* three steps */

struct home {
    char *dir;
    struct daf_store *s;
    struct daf_log_key log;
    struct daf_spot last;
    struct daf_sign_sk sk;
};

static int open_home(void **state)
{
    static const uint8_t seed[32] = {1};
    struct daf_sign_pk pk;
    struct home *h = calloc(1, sizeof(*h));

    assert_non_null(h);
    h->dir = daf_tmpdir_new();
    h->s = daf_made_open(h->dir, DAF_STORE_WRITER);
    h->log = daf_made_log(1, 1, 1);
    (void)crypto_sign_seed_keypair(pk.b, h->sk.b, seed);
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

static struct daf_handle handle_of(uint8_t fill)
{
    struct daf_handle handle;

    memset(handle.b, fill, sizeof(handle.b));
    return handle;
}

/* The next record of the log, sealed under the handle that @fill makes, with @len
 * bytes of ciphertext.  Begun by the caller. */
static struct daf_spot put(struct home *h, uint8_t fill, size_t len,
                           enum daf_body_state state)
{
    static uint8_t content[4096];
    uint8_t body[8192], header[DAF_HEADER_BYTES_MAX];
    struct daf_handle handle = handle_of(fill);
    struct daf_record r = {.log = h->log,
                           .seq = h->last.seq + 1,
                           .prev = h->last.id,
                           .retention = 2};
    struct daf_view bytes = {NULL, 0};
    enum daf_put what;
    struct daf_pack k;
    size_t header_len;

    daf_pack_init(&k, body, sizeof(body));
    daf_pack_array(&k, 5);
    daf_pack_uint(&k, 1);
    daf_pack_bin(&k, handle.b, 16);
    daf_pack_bin(&k, content, 24);
    daf_pack_bin(&k, content, 16);
    daf_pack_bin(&k, content, len);
    r.body_hash = daf_body_hash(daf_pack_view(&k));
    r.body_len = (uint32_t)k.len;
    header_len = daf_record_sign(&r, &h->sk, header);
    if (state == DAF_BODY_HELD) bytes = daf_pack_view(&k);
    assert_int_equal(daf_store_put(h->s, &r,
                                   (struct daf_view){header, header_len}, state,
                                   bytes, &what),
                     DAF_OK);
    assert_int_equal(what, DAF_PUT_NEW);
    h->last = (struct daf_spot){r.seq, r.id};
    return h->last;
}

static enum daf_body_state state_of(struct home *h, const struct daf_spot *spot)
{
    const struct daf_index *x = daf_store_index(h->s);
    struct daf_stored stored;

    assert_int_equal(x->get(x->ctx, &h->log, spot, &stored), DAF_OK);
    return stored.body_state;
}

static bool step(struct home *h, struct daf_erase *what)
{
    struct daf_erase next;
    bool is_more;

    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_store_erase(h->s, what, &next, &is_more), DAF_OK);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    *what = next;
    return is_more;
}

static size_t erase(struct home *h, const struct daf_handle *handles,
                    size_t count)
{
    struct daf_erase what = {.handles = handles, .count = count};
    size_t steps = 1;

    while (step(h, &what))
        steps++;
    return steps;
}

static void expect_good(struct home *h, uint64_t bodies)
{
    struct daf_store_check check;

    assert_int_equal(daf_store_check(h->s, NULL, NULL, NULL, &check), DAF_OK);
    assert_int_equal(check.bad, 0);
    assert_int_equal(check.bodies, bodies);
}

static void bodies_with_the_handle_go_and_no_others(void **state)
{
    struct home *h = *state;
    const struct daf_handle handles[] = {handle_of(3), handle_of(7)};
    struct daf_spot spots[8];

    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    spots[0] = put(h, 3, 100, DAF_BODY_HELD);
    spots[1] = put(h, 4, 100, DAF_BODY_HELD);
    spots[2] = put(h, 7, 4096, DAF_BODY_HELD); /* many pieces */
    spots[3] = put(h, 3, 100, DAF_BODY_ABSENT);
    spots[4] = put(h, 8, 4096, DAF_BODY_HELD);
    spots[5] = put(h, 7, 540, DAF_BODY_HELD);
    spots[6] = put(h, 7, 600, DAF_BODY_HELD);
    spots[7] = put(h, 3, 100, DAF_BODY_RETIRED);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    expect_good(h, 6);
    assert_int_equal(erase(h, handles, 2), 2);
    for (size_t i = 0; i < 8; i++) {
        static const enum daf_body_state want[] = {
            DAF_BODY_ERASED, DAF_BODY_HELD,   DAF_BODY_ERASED,
            DAF_BODY_ABSENT, DAF_BODY_HELD,   DAF_BODY_ERASED,
            DAF_BODY_ERASED, DAF_BODY_RETIRED};

        assert_int_equal(state_of(h, &spots[i]), want[i]);
    }
    expect_good(h, 2);
    /* The same again is known to be done, and one handle more is not. */
    assert_int_equal(erase(h, handles, 2), 1);
    assert_int_equal(erase(h, handles, 1), 2);
    assert_int_equal(erase(h, handles, 2), 2);
}

static void many_are_looked_at_in_steps(void **state)
{
    struct home *h = *state;
    const struct daf_handle handle = handle_of(3);
    struct daf_erase what = {.handles = &handle, .count = 1};
    struct daf_spot first, late, last;

    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    first = put(h, 3, 10, DAF_BODY_HELD);
    for (size_t i = 0; i < MANY; i++)
        (void)put(h, 4, 10, DAF_BODY_HELD);
    last = put(h, 3, 10, DAF_BODY_HELD);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    assert_true(step(h, &what));
    assert_false(what.is_looked);
    assert_int_equal(state_of(h, &first), DAF_BODY_ERASED);
    assert_int_equal(state_of(h, &last), DAF_BODY_HELD);
    /* Others write in between. */
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    late = put(h, 5, 10, DAF_BODY_HELD);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    assert_true(step(h, &what));
    assert_true(step(h, &what));
    assert_true(what.is_looked);
    assert_int_equal(state_of(h, &last), DAF_BODY_ERASED);
    assert_int_equal(state_of(h, &late), DAF_BODY_HELD);
    assert_false(step(h, &what));
    expect_good(h, MANY + 1);
}

/* Nothing of it is remembered until all is done. */
static void a_start_in_between_begins_anew(void **state)
{
    struct home *h = *state;
    const struct daf_handle handle = handle_of(3);
    struct daf_erase what = {.handles = &handle, .count = 1};
    struct daf_spot spot;

    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    spot = put(h, 3, 10, DAF_BODY_HELD);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    assert_int_equal(daf_store_erase(h->s, &what, &what, &(bool){false}),
                     DAF_OK);
    daf_store_rollback(h->s);
    assert_int_equal(state_of(h, &spot), DAF_BODY_HELD);
    what = (struct daf_erase){.handles = &handle, .count = 1};
    assert_true(step(h, &what));
    daf_store_close(h->s);
    h->s = daf_made_open(h->dir, DAF_STORE_WRITER);
    /* The journal was emptied by another life: that is not taken on trust. */
    assert_true(step(h, &what));
    assert_int_equal(erase(h, &handle, 1), 2);
    assert_int_equal(erase(h, &handle, 1), 1);
    assert_int_equal(state_of(h, &spot), DAF_BODY_ERASED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(bodies_with_the_handle_go_and_no_others,
                                        open_home, close_home),
        cmocka_unit_test_setup_teardown(many_are_looked_at_in_steps, open_home,
                                        close_home),
        cmocka_unit_test_setup_teardown(a_start_in_between_begins_anew,
                                        open_home, close_home),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
