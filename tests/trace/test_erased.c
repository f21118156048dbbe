/* SPDX-License-Identifier: Apache-2.0 */
/* A learner is erased (docs/protocol.md R115 to R117): whatever came first, and
 * whoever was away, in the end nobody has a body of hers and all heads are equal. */
#include "tests/lib/cast.h"
#include "tests/lib/t.h"

#include "proto/body.h"
#include "proto/rng.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#define HER    "Lantern Example"
#define OTHER  "Kite Example"
#define NODES  4
#define ROUNDS 16
#define DEEDS  14

/* ---- looking */

struct bodies {
    const struct daf_handle *handles;
    size_t handles_count;
    size_t hers, others, erased;
};

static bool see(void *ctx, const struct daf_row *row)
{
    struct bodies *b = ctx;
    struct daf_body body;

    b->erased += row->stored.body_state == DAF_BODY_ERASED;
    if (row->stored.body_state != DAF_BODY_HELD ||
        daf_body_decode(row->stored.body, &body) != DAF_OK || !body.is_sealed)
        return true;
    for (size_t i = 0; i < b->handles_count; i++) {
        if (memcmp(body.handle.b, b->handles[i].b, 16) != 0) continue;
        b->hers++;
        return true;
    }
    b->others++;
    return true;
}

static struct bodies bodies_of(struct cast *c, size_t node,
                               const struct daf_handle *handles, size_t count)
{
    struct bodies b = {.handles = handles, .handles_count = count};
    struct daf_scope_id scope = cast_scope(c, "class:1");

    assert_int_equal(daf_store_scan(cast_reader(c, node), &scope, -1, see, &b),
                     DAF_OK);
    return b;
}

/* Whether any file in the folder has these bytes. */
static bool has_bytes(const char *dir, struct daf_view wanted)
{
    struct dirent *entry;
    bool found = false;
    DIR *d = opendir(dir);

    assert_non_null(d);
    while ((entry = readdir(d)) != NULL) {
        char path[1024];
        uint8_t *all;
        size_t len;
        FILE *f;

        snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
        if (entry->d_name[0] == '.' || (f = fopen(path, "rb")) == NULL)
            continue;
        all = malloc((size_t)8 << 20);
        assert_non_null(all);
        len = fread(all, 1, (size_t)8 << 20, f);
        found |= memmem(all, len, wanted.p, wanted.len) != NULL;
        free(all);
        fclose(f);
    }
    closedir(d);
    return found;
}

/* A body of hers, copied: what to look for. */
struct sample {
    const struct daf_handle *handle;
    uint8_t bytes[2048];
    size_t len;
    uint8_t header[DAF_HEADER_BYTES_MAX];
    size_t header_len;
    struct daf_log_key log;
};

static bool take_sample(void *ctx, const struct daf_row *row)
{
    struct sample *s = ctx;
    struct daf_body body;

    if (row->stored.body_state != DAF_BODY_HELD ||
        daf_body_decode(row->stored.body, &body) != DAF_OK ||
        memcmp(body.handle.b, s->handle->b, 16) != 0 ||
        row->stored.body.len > sizeof(s->bytes))
        return true;
    memcpy(s->bytes, row->stored.body.p, row->stored.body.len);
    s->len = row->stored.body.len;
    memcpy(s->header, row->stored.header.p, row->stored.header.len);
    s->header_len = row->stored.header.len;
    s->log = row->log;
    return true;
}

static struct sample sample_of(struct cast *c, size_t node,
                               const struct daf_handle *handle)
{
    struct sample s = {.handle = handle};
    struct daf_scope_id scope = cast_scope(c, "class:1");

    assert_int_equal(daf_store_scan(cast_reader(c, node), &scope, -1,
                                    take_sample, &s),
                     DAF_OK);
    assert_true(s.len > 100);
    return s;
}

/* The ciphertext alone: handles are in control, and nonce and hash are nothing. */
static struct daf_view secret_of(const struct sample *s)
{
    struct daf_body body;

    assert_int_equal(daf_body_decode((struct daf_view){s->bytes, s->len},
                                     &body),
                     DAF_OK);
    return (struct daf_view){body.content.p, 32};
}

static bool is_known(struct cast *c, size_t node)
{
    struct daf_handle handles[8];

    return cast_handles(c, node, HER, handles, 8) > 0;
}

/* ---- stories */

static void a_learner_is_erased_everywhere(void **state)
{
    struct cast *c = cast_new(3, false);
    struct daf_handle handles[8];
    struct sample sample;
    size_t count;

    (void)state;
    cast_peer(c, 1, 0);
    cast_peer(c, 2, 1);
    cast_learn(c, 1, HER, "letters", 1);
    cast_learn(c, 1, OTHER, "letters", 2);
    cast_run(c, 60000);
    cast_learn(c, 2, HER, "numbers", 3);
    cast_run(c, 60000);
    count = cast_handles(c, 0, HER, handles, 8);
    assert_int_equal(count, 1);
    sample = sample_of(c, 2, &handles[0]);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(bodies_of(c, i, handles, count).hers, 3);
        assert_true(has_bytes(cast_dir(c, i), secret_of(&sample)));
    }
    cast_erase(c, handles, count);
    cast_run(c, 60000);
    for (size_t i = 0; i < 3; i++) {
        struct bodies b = bodies_of(c, i, handles, count);

        assert_int_equal(b.hers, 0);
        assert_int_equal(b.erased, 3);
        assert_int_equal(b.others, 2);
        assert_false(is_known(c, i));
        assert_false(has_bytes(cast_dir(c, i), secret_of(&sample)));
    }
    assert_true(cast_equal(c, 0, 1) && cast_equal(c, 1, 2));
    /* Written by name she is somebody new. */
    cast_learn(c, 1, HER, "letters", 5);
    cast_run(c, 60000);
    assert_int_equal(bodies_of(c, 0, handles, count).hers, 0);
    assert_int_equal(bodies_of(c, 0, handles, count).others, 4);
    cast_free(c);
}

/* What was put aside by a repair may hold what goes. */
static void damaged_files_go_with_her(void **state)
{
    struct cast *c = cast_new(1, false);
    struct daf_handle handles[8];
    struct sample sample;
    char path[700];
    FILE *f;

    (void)state;
    cast_learn(c, 0, HER, "letters", 1);
    cast_run(c, 1000);
    assert_int_equal(cast_handles(c, 0, HER, handles, 8), 1);
    sample = sample_of(c, 0, &handles[0]);
    snprintf(path, sizeof(path), "%s/notebook.damaged-3", cast_dir(c, 0));
    f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(sample.bytes, 1, sample.len, f), sample.len);
    fclose(f);
    cast_erase(c, handles, 1);
    cast_run(c, 60000);
    assert_false(has_bytes(cast_dir(c, 0), secret_of(&sample)));
    assert_null(fopen(path, "rb"));
    cast_free(c);
}

static void a_reader_in_the_way_only_delays_it(void **state)
{
    struct cast *c = cast_new(1, false);
    struct daf_store *other;
    struct daf_handle handles[8];
    struct sample sample;
    uint64_t commits;

    (void)state;
    cast_learn(c, 0, HER, "letters", 1);
    cast_run(c, 1000);
    assert_int_equal(cast_handles(c, 0, HER, handles, 8), 1);
    sample = sample_of(c, 0, &handles[0]);
    assert_int_equal(daf_store_open(cast_dir(c, 0), DAF_STORE_READER, &other),
                     DAF_OK);
    assert_int_equal(daf_store_pin(other, &commits), DAF_OK);
    cast_erase(c, handles, 1);
    cast_run(c, 1500);
    assert_int_equal(bodies_of(c, 0, handles, 1).hers, 0);
    assert_true(has_bytes(cast_dir(c, 0), secret_of(&sample)));
    daf_store_unpin(other);
    daf_store_close(other);
    cast_run(c, 60000);
    assert_false(has_bytes(cast_dir(c, 0), secret_of(&sample)));
    cast_free(c);
}

/* The plug goes before the body does: the next start sees to it. */
static void a_start_ends_what_was_begun(void **state)
{
    struct cast *c = cast_new(2, false);
    struct daf_handle handles[8];
    struct sample sample;

    (void)state;
    cast_peer(c, 1, 0);
    cast_learn(c, 1, HER, "letters", 1);
    cast_run(c, 60000);
    assert_int_equal(cast_handles(c, 0, HER, handles, 8), 1);
    sample = sample_of(c, 1, &handles[0]);
    cast_slow_disk(c, 1, true);
    cast_erase(c, handles, 1);
    cast_run(c, 1000);
    cast_disk(c, 1); /* the erasure, and no more */
    cast_run(c, 0);
    assert_int_equal(bodies_of(c, 1, handles, 1).hers, 2);
    assert_false(is_known(c, 1));
    cast_slow_disk(c, 1, false);
    cast_pull_plug(c, 1);
    cast_run(c, 60000);
    assert_int_equal(bodies_of(c, 1, handles, 1).hers, 0);
    assert_false(has_bytes(cast_dir(c, 1), secret_of(&sample)));
    assert_true(cast_equal(c, 0, 1));
    cast_free(c);
}

static void a_restored_backup_is_erased_again(void **state)
{
    struct cast *c = cast_new(2, false);
    struct daf_handle handles[8];
    struct sample sample;

    (void)state;
    cast_peer(c, 1, 0);
    cast_learn(c, 1, HER, "letters", 1);
    cast_run(c, 60000);
    assert_int_equal(cast_handles(c, 0, HER, handles, 8), 1);
    sample = sample_of(c, 1, &handles[0]);
    cast_backup(c, 1);
    cast_erase(c, handles, 1);
    cast_run(c, 60000);
    assert_int_equal(bodies_of(c, 1, handles, 1).hers, 0);
    cast_cut(c, 0, 1);
    cast_restore(c, 1);
    cast_run(c, 1000);
    assert_int_equal(bodies_of(c, 1, handles, 1).hers, 2);
    cast_heal(c, 0, 1);
    cast_run(c, 120000);
    assert_int_equal(bodies_of(c, 0, handles, 1).hers, 0);
    assert_int_equal(bodies_of(c, 1, handles, 1).hers, 0);
    assert_false(has_bytes(cast_dir(c, 1), secret_of(&sample)));
    assert_true(cast_equal(c, 0, 1));
    cast_free(c);
}

/* 1 gives a body before it has heard, as one would that does not heed: its disk
 * is slow, so nothing of control is heard there yet. */
static void a_body_that_comes_late_is_not_kept(void **state)
{
    struct cast *c = cast_new(2, false);
    struct daf_handle handles[8];
    struct bodies b;

    (void)state;
    cast_peer(c, 1, 0);
    cast_learn(c, 1, HER, "letters", 1);
    cast_run(c, 60000);
    assert_int_equal(cast_handles(c, 0, HER, handles, 8), 1);
    cast_cut(c, 0, 1);
    cast_learn(c, 1, HER, "numbers", 1);
    cast_erase(c, handles, 1);
    cast_run(c, 1000);
    assert_int_equal(bodies_of(c, 0, handles, 1).erased, 2);
    cast_slow_disk(c, 1, true);
    /* Again and again: what is known to be erased is not even looked at. */
    for (int i = 0; i < 3; i++) {
        cast_heal(c, 0, 1);
        cast_run(c, 120000);
        b = bodies_of(c, 0, handles, 1);
        assert_int_equal(b.hers, 0);
        assert_int_equal(b.erased, 3);
        assert_int_equal(bodies_of(c, 1, handles, 1).hers, 3);
        cast_cut(c, 0, 1);
        cast_run(c, 1000);
    }
    cast_slow_disk(c, 1, false);
    cast_disk(c, 1);
    cast_heal(c, 0, 1);
    cast_run(c, 120000);
    assert_int_equal(bodies_of(c, 1, handles, 1).hers, 0);
    assert_int_equal(bodies_of(c, 0, handles, 1).hers, 0);
    assert_true(cast_equal(c, 0, 1));
    cast_free(c);
}

/* ---- any order: what is left of her and what is told of it is the same */

struct world {
    struct cast *c;
    struct daf_rng rng;
    struct daf_handle handles[8]; /* all that she was ever registered with */
    size_t count;
    bool has_backup[NODES];
};

static void note_handles(struct world *w)
{
    struct daf_handle found[8];

    for (size_t i = 0; i < NODES; i++) {
        size_t n = cast_handles(w->c, i, HER, found, 8);

        for (size_t j = 0; j < n; j++) {
            bool is_old = false;

            for (size_t k = 0; k < w->count; k++)
                is_old |= memcmp(&w->handles[k], &found[j], 16) == 0;
            if (!is_old && w->count < 8) w->handles[w->count++] = found[j];
        }
    }
}

static void do_something(struct world *w)
{
    size_t a = daf_rng_below(&w->rng, NODES);
    size_t b = (a + 1 + daf_rng_below(&w->rng, NODES - 1)) % NODES;

    switch (daf_rng_below(&w->rng, 7)) {
    case 0:
        cast_cut(w->c, a, b);
        break;
    case 1:
        cast_heal(w->c, a, b);
        break;
    case 2:
        cast_pull_plug(w->c, a);
        break;
    case 3:
        cast_backup(w->c, a);
        w->has_backup[a] = true;
        break;
    case 4:
        /* Not the coordinator: its control log would fork, and its acts count
         * anew in each branch. */
        if (a > 0 && w->has_backup[a]) cast_restore(w->c, a);
        if (a > 0) w->has_backup[a] = false;
        break;
    case 5:
        cast_learn(w->c, a, OTHER, "letters", 7);
        break;
    default:
        cast_learn(w->c, a, HER, "numbers", 9);
        break;
    }
    note_handles(w);
    cast_run(w->c, daf_rng_below(&w->rng, 5000));
    note_handles(w);
}

static void in_any_order(void **state)
{
    for (uint8_t round = 0; round < ROUNDS; round++) {
        struct world w = {.c = cast_new(NODES, false)};
        const uint8_t seed[32] = {round, 77};
        size_t erase_at, erased = 0;

        (void)state;
        daf_rng_init(&w.rng, seed);
        for (size_t i = 1; i < NODES; i++)
            cast_peer(w.c, i, i - 1);
        cast_peer(w.c, 3, 0);
        erase_at = 1 + daf_rng_below(&w.rng, DEEDS - 1);
        for (size_t i = 0; i < DEEDS; i++) {
            if (i == erase_at && w.count > 0) {
                erased = w.count;
                cast_erase(w.c, w.handles, w.count);
            }
            do_something(&w);
        }
        for (size_t a = 0; a < NODES; a++)
            for (size_t b = 0; b < a; b++)
                cast_heal(w.c, a, b);
        cast_run(w.c, 300000);
        for (size_t i = 0; i < NODES; i++)
            assert_int_equal(bodies_of(w.c, i, w.handles, erased).hers, 0);
        note_handles(&w);
        if (w.count > 0) cast_erase(w.c, w.handles, w.count);
        cast_run(w.c, 300000);
        for (size_t i = 0; i < NODES; i++) {
            struct bodies b = bodies_of(w.c, i, w.handles, w.count);

            assert_int_equal(b.hers, 0);
            assert_false(is_known(w.c, i));
            assert_true(cast_equal(w.c, 0, i));
            assert_int_equal(b.others,
                             bodies_of(w.c, 0, w.handles, w.count).others);
        }
        cast_free(w.c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_learner_is_erased_everywhere),
        cmocka_unit_test(damaged_files_go_with_her),
        cmocka_unit_test(a_reader_in_the_way_only_delays_it),
        cmocka_unit_test(a_start_ends_what_was_begun),
        cmocka_unit_test(a_restored_backup_is_erased_again),
        cmocka_unit_test(a_body_that_comes_late_is_not_kept),
        cmocka_unit_test(in_any_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
