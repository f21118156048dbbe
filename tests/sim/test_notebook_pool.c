/* SPDX-License-Identifier: Apache-2.0 */

/* Models that share their records, what one costs, and memory that runs out. */

#include "tests/lib/t.h"

#include <malloc.h>
#include <stdlib.h>

#include "tests/sim/notebook_pair.h"

/* ---- memory: the linker sends every object's calls here */

void *__real_malloc(size_t size);
void *__real_calloc(size_t items, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t items, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

#define NEVER SIZE_MAX

static size_t allocations_left = NEVER; /* until all fail */
static size_t bytes_live; /* with what the C library adds inside */

static bool may_allocate(void)
{
    if (allocations_left == 0) return false;
    if (allocations_left != NEVER) allocations_left--;
    return true;
}

static void *counted(void *p)
{
    bytes_live += malloc_usable_size(p);
    return p;
}

void *__wrap_malloc(size_t size)
{
    return may_allocate() ? counted(__real_malloc(size)) : NULL;
}

void *__wrap_calloc(size_t items, size_t size)
{
    return may_allocate() ? counted(__real_calloc(items, size)) : NULL;
}

void *__wrap_realloc(void *p, size_t size)
{
    if (!may_allocate()) return NULL;
    bytes_live -= malloc_usable_size(p);
    return counted(__real_realloc(p, size));
}

void __wrap_free(void *p)
{
    bytes_live -= malloc_usable_size(p);
    __real_free(p);
}

/* ---- records */

#define LOGS    40
#define RECORDS 100 /* of each log */

static struct daf_made made[LOGS][RECORDS];

/* Logs of two scopes, without forks. */
static int make_records(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < LOGS; i++) {
        struct daf_made_want want = {
            .log = daf_made_log((uint8_t)(1 + i % 2), i, 1),
            .body_len = 40,
            .retention = DAF_RETENTION_PROGRESS,
        };
        for (size_t j = 0; j < RECORDS; j++) {
            want.seed = (uint32_t)((size_t)i * RECORDS + j);
            daf_made_record(&want, &made[i][j]);
            want.prev = made[i][j].spot;
        }
    }
    return 0;
}

static struct daf_notebook_pool *new_pool(void)
{
    struct daf_notebook_pool *pool = NULL;

    assert_int_equal(daf_notebook_pool_new(&pool), DAF_OK);
    return pool;
}

static struct daf_notebook *new_model(struct daf_notebook_pool *pool)
{
    struct daf_notebook *n = NULL;

    assert_int_equal(daf_notebook_model(pool, &n), DAF_OK);
    return n;
}

static enum daf_err put(struct daf_notebook *n, const struct daf_made *m,
                        enum daf_body_state state)
{
    struct daf_view body = {NULL, 0};
    enum daf_put out;

    if (state == DAF_BODY_HELD) body = daf_made_body(m);
    return daf_notebook_put(n, &m->r, daf_made_header(m), state, body, &out);
}

/* The first @count records of the first @logs logs. */
static void fill(struct daf_notebook *n, size_t logs, size_t count)
{
    for (size_t i = 0; i < logs; i++) {
        assert_int_equal(daf_notebook_begin(n), DAF_OK);
        for (size_t j = 0; j < count; j++)
            assert_int_equal(put(n, &made[i][j], DAF_BODY_HELD), DAF_OK);
        assert_int_equal(daf_notebook_commit(n), DAF_OK);
    }
}

static struct daf_stored get(struct daf_notebook *n, const struct daf_made *m)
{
    const struct daf_index *index = daf_notebook_index(n);
    struct daf_stored out;

    assert_int_equal(index->get(index->ctx, &m->r.log, &m->spot, &out), DAF_OK);
    return out;
}

static bool holds(const struct daf_notebook *n, const struct daf_made *m)
{
    return daf_notebook_holds(n, &m->r.log, m->spot.seq);
}

/* ---- sharing */

static void a_record_is_kept_once_for_all(void **state)
{
    struct daf_notebook_pool *pool = new_pool();
    struct daf_notebook *a = new_model(pool), *b = new_model(pool);

    (void)state;
    fill(a, LOGS, RECORDS);
    uint64_t bytes = daf_notebook_pool_bytes(pool);
    fill(b, LOGS, RECORDS);
    assert_true(daf_notebook_pool_bytes(pool) == bytes);
    assert_true(get(a, &made[3][3]).header.p == get(b, &made[3][3]).header.p);
    assert_true(get(a, &made[3][3]).body.p == get(b, &made[3][3]).body.p);
    daf_notebook_free(a);
    assert_memory_equal(get(b, &made[3][3]).header.p, made[3][3].header,
                        made[3][3].header_len);
    daf_notebook_free(b);
    daf_notebook_pool_free(pool);
}

static void a_body_of_another_device_is_not_held_here(void **state)
{
    const struct daf_made *m = &made[0][0];
    struct daf_notebook_pool *pool = new_pool();
    struct daf_notebook *a = new_model(pool), *b = new_model(pool);

    (void)state;
    assert_int_equal(daf_notebook_begin(a), DAF_OK);
    assert_int_equal(put(a, m, DAF_BODY_ABSENT), DAF_OK);
    assert_int_equal(daf_notebook_commit(a), DAF_OK);
    assert_int_equal(daf_notebook_begin(b), DAF_OK);
    assert_int_equal(put(b, m, DAF_BODY_HELD), DAF_OK);
    assert_int_equal(daf_notebook_commit(b), DAF_OK);
    assert_int_equal(get(a, m).body_state, DAF_BODY_ABSENT);
    assert_int_equal(get(a, m).body.len, 0);
    assert_false(holds(a, m));
    assert_int_equal(get(b, m).body.len, m->r.body_len);
    assert_true(holds(b, m));
    daf_notebook_free(a);
    daf_notebook_free(b);
    daf_notebook_pool_free(pool);
}

static void what_is_not_committed_is_not_seen(void **state)
{
    struct daf_notebook_pool *pool = new_pool();
    struct daf_notebook *n = new_model(pool);

    (void)state;
    fill(n, 1, 2);
    assert_int_equal(daf_notebook_begin(n), DAF_OK);
    assert_int_equal(put(n, &made[0][2], DAF_BODY_HELD), DAF_OK);
    assert_int_equal(daf_notebook_drop(n, &made[0][1].r.log, &made[0][1].spot),
                     DAF_OK);
    assert_true(holds(n, &made[0][1]));
    assert_false(holds(n, &made[0][2]));
    daf_notebook_free(n); /* with the batch */
    daf_notebook_pool_free(pool);
}

/* ---- copies */

/* What a script leaves, told to one notebook. */
static enum daf_err tell(struct daf_notebook *n)
{
    const struct daf_log_key *log = &made[2][0].r.log;
    const struct daf_stretch what = {*log, 2, 4};
    enum daf_err err = daf_notebook_begin(n);

    for (size_t i = 0; err == DAF_OK && i < 12; i++)
        err = put(n, &made[2][i], i % 5 == 1 ? DAF_BODY_ABSENT : DAF_BODY_HELD);
    for (size_t i = 0; err == DAF_OK && i < 4; i++)
        err = put(n, &made[3 + i][2], DAF_BODY_HELD);
    if (err == DAF_OK) err = put(n, &made[2][1], DAF_BODY_HELD);
    if (err == DAF_OK) err = daf_notebook_unchecked(n, &what);
    if (err == DAF_OK)
        err = daf_notebook_checked(n, &(struct daf_stretch){*log, 3, 3});
    if (err == DAF_OK) err = daf_notebook_acked(n, log, 1, &made[2][7].spot);
    if (err == DAF_OK) err = daf_notebook_drop(n, log, &made[2][9].spot);
    if (err == DAF_OK)
        err = daf_notebook_drop(n, &made[3][2].r.log, &made[3][2].spot);
    if (err != DAF_OK) {
        daf_notebook_rollback(n);
        return err;
    }
    return daf_notebook_commit(n);
}

/* The pair's records are those of the first logs. */
static void compare(struct pair *p)
{
    for (size_t i = 0; i < 7; i++)
        pair_compare_few(p, made[i], 14);
}

static void a_copy_goes_its_own_way(void **state)
{
    struct pair first, copy;

    (void)state;
    pair_open(&first);
    pair_open(&copy);
    assert_int_equal(tell(first.model), DAF_OK);
    assert_int_equal(tell(first.real), DAF_OK);
    assert_int_equal(tell(copy.real), DAF_OK);
    daf_notebook_free(copy.model);
    copy.model = new_model(first.pool);
    assert_int_equal(daf_notebook_copy(first.model, copy.model), DAF_OK);
    compare(&copy);
    pair_begin(&copy);
    (void)pair_put(&copy, &made[0][0], DAF_BODY_HELD);
    (void)pair_put(&copy, &made[2][12], DAF_BODY_HELD);
    (void)pair_drop(&copy, &made[4][2]);
    pair_commit(&copy);
    compare(&first);
    compare(&copy);
    daf_notebook_free(copy.model);
    copy.model = NULL;
    pair_close(&copy);
    pair_close(&first);
}

/* ---- what it costs */

static size_t bytes_of(struct daf_notebook_pool *pool, size_t logs,
                       size_t count)
{
    size_t before = bytes_live;
    struct daf_notebook *n = new_model(pool);

    fill(n, logs, count);
    size_t bytes = bytes_live - before;
    daf_notebook_free(n);
    return bytes;
}

static void a_device_takes_few_bytes(void **state)
{
    struct daf_notebook_pool *pool = new_pool();

    (void)state;
    (void)bytes_of(pool, LOGS, RECORDS); /* the pool has all of it */
    size_t empty = bytes_of(pool, 0, 0);
    size_t few = bytes_of(pool, LOGS, 10) - empty;
    size_t many = bytes_of(pool, LOGS, RECORDS) - empty;
    size_t record = (many - few) * 10 / ((size_t)(RECORDS - 10) * LOGS);
    size_t log = few / LOGS - record;
    print_message("a device: %zu bytes; a log: %zu; a record: %zu.%zu; the "
                  "pool: %llu a record\n",
                  empty, log, record / 10, record % 10,
                  (unsigned long long)daf_notebook_pool_bytes(pool) /
                      ((size_t)LOGS * RECORDS));
    assert_true(record <= 160);
    assert_true(log <= 200);
    daf_notebook_pool_free(pool);
}

/* ---- no memory */

static void symbols_of(struct daf_notebook *n, struct daf_symbol *out)
{
    const struct daf_index *index = daf_notebook_index(n);

    assert_int_equal(index->symbols(index->ctx, &made[0][0].r.log.scope, 0, 32,
                                    out),
                     DAF_OK);
}

/* Whether both hold the same logs, as far as digest and sketch tell. */
static void expect_same(struct daf_notebook *a, struct daf_notebook *b)
{
    struct daf_symbol ours[32], right[32];
    struct daf_store_digest x, y;
    uint64_t bodies_x = 0, bodies_y = 0;
    const struct daf_index *i = daf_notebook_index(a);
    const struct daf_index *j = daf_notebook_index(b);

    for (uint8_t scope = 1; scope <= 2; scope++) {
        const struct daf_log_key log = daf_made_log(scope, 0, 0);
        assert_int_equal(daf_notebook_digest(a, &log.scope, &x), DAF_OK);
        assert_int_equal(daf_notebook_digest(b, &log.scope, &y), DAF_OK);
        assert_memory_equal(&x, &y, sizeof x);
    }
    symbols_of(a, ours);
    symbols_of(b, right);
    assert_memory_equal(ours, right, sizeof ours);
    assert_int_equal(i->bodies(i->ctx, &bodies_x), DAF_OK);
    assert_int_equal(j->bodies(j->ctx, &bodies_y), DAF_OK);
    assert_true(bodies_x == bodies_y);
}

/* Whether the script failed at the allocation of this number. */
static bool fails_cleanly(size_t number)
{
    struct daf_notebook_pool *pool = new_pool();
    struct daf_notebook *before = new_model(pool), *after = new_model(pool);
    struct daf_notebook *n = new_model(pool);

    fill(before, 3, 3);
    fill(n, 3, 3);
    allocations_left = number;
    enum daf_err err = tell(n);
    allocations_left = NEVER;
    fill(after, 3, 3);
    assert_int_equal(tell(after), DAF_OK);
    if (err != DAF_OK) {
        assert_int_equal(err, DAF_ENOMEM);
        expect_same(n, before);
        assert_int_equal(tell(n), DAF_OK);
    }
    expect_same(n, after);
    daf_notebook_free(before);
    daf_notebook_free(after);
    daf_notebook_free(n);
    daf_notebook_pool_free(pool);
    return err != DAF_OK;
}

static void without_memory_a_batch_is_as_if_it_never_was(void **state)
{
    size_t number = 0;

    (void)state;
    while (fails_cleanly(number))
        number++;
    print_message("%zu allocations\n", number);
    assert_true(number > 20);
}

static void a_batch_that_failed_ends_at_commit(void **state)
{
    struct daf_notebook_pool *pool = new_pool();
    struct daf_notebook *n = new_model(pool);

    (void)state;
    assert_int_equal(daf_notebook_begin(n), DAF_OK);
    assert_int_equal(put(n, &made[0][0], DAF_BODY_HELD), DAF_OK);
    allocations_left = 0;
    assert_int_equal(put(n, &made[1][0], DAF_BODY_HELD), DAF_ENOMEM);
    allocations_left = NEVER;
    assert_int_equal(put(n, &made[2][0], DAF_BODY_HELD), DAF_ENOMEM);
    assert_int_equal(daf_notebook_commit(n), DAF_ENOMEM);
    assert_false(holds(n, &made[0][0]));
    fill(n, 1, 1);
    assert_true(holds(n, &made[0][0]));
    daf_notebook_free(n);
    daf_notebook_pool_free(pool);
}

static void without_memory_there_is_no_copy(void **state)
{
    struct daf_notebook_pool *pool = new_pool();
    struct daf_notebook *from = new_model(pool), *to = new_model(pool);
    enum daf_err err = DAF_ENOMEM;

    (void)state;
    assert_int_equal(tell(from), DAF_OK);
    for (size_t number = 0; err != DAF_OK; number++) {
        allocations_left = number;
        err = daf_notebook_copy(from, to);
        allocations_left = NEVER;
        if (err == DAF_OK) break;
        assert_int_equal(err, DAF_ENOMEM);
        assert_false(holds(to, &made[2][0]));
    }
    expect_same(from, to);
    allocations_left = 0;
    struct daf_symbol out[100];
    const struct daf_index *index = daf_notebook_index(to);
    assert_int_equal(index->symbols(index->ctx, &made[0][0].r.log.scope, 0, 100,
                                    out),
                     DAF_ENOMEM);
    assert_int_equal(daf_notebook_model(pool, &to), DAF_ENOMEM);
    allocations_left = NEVER;
    expect_same(from, index->ctx);
    daf_notebook_free(from);
    daf_notebook_free(index->ctx);
    daf_notebook_pool_free(pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_record_is_kept_once_for_all),
        cmocka_unit_test(a_body_of_another_device_is_not_held_here),
        cmocka_unit_test(what_is_not_committed_is_not_seen),
        cmocka_unit_test(a_copy_goes_its_own_way),
        cmocka_unit_test(a_device_takes_few_bytes),
        cmocka_unit_test(without_memory_a_batch_is_as_if_it_never_was),
        cmocka_unit_test(a_batch_that_failed_ends_at_commit),
        cmocka_unit_test(without_memory_there_is_no_copy),
    };
    return cmocka_run_group_tests(tests, make_records, NULL);
}
