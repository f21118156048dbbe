/* SPDX-License-Identifier: Apache-2.0 */

/* What the records of a scope say there is to learn, whatever came first. */

#include "tests/lib/t.h"

#include "proto/body.h"
#include "proto/payload.h"
#include "store/catalogue.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#include <sodium.h>
#include <stdlib.h>

#define SCOPE 1
#define ITEMS 6

struct home {
    char *dir;
    struct daf_store *s;
    struct daf_spot last[10]; /* of each author's log */
    struct item {
        struct daf_hash id;
        uint8_t bytes[256];
        size_t len;
    } items[ITEMS]; /* ascending by id */
};

/* ---- items */

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

static struct daf_view manifest(const struct home *h, size_t item)
{
    return (struct daf_view){h->items[item].bytes, h->items[item].len};
}

static int by_id(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    return memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

static void make_items(struct home *h)
{
    static const char *const titles[ITEMS] = {"Letters", "Water", "Map",
                                              "Story",   "Quiz",  "Songs"};
    static const uint8_t hash[32] = {1};

    for (size_t i = 0; i < ITEMS; i++) {
        const struct daf_content c = {
            .bytes = 10,
            .files = 1,
            .list_bytes = 50,
            .chunk_bytes = DAF_CHUNK_BYTES_MIN,
            .chunks = 1,
            .page_hashes = {hash, sizeof(hash)},
            .titles_count = 1,
            .titles = {{text("en"), text(titles[i])}},
        };
        struct daf_pack k;

        daf_pack_init(&k, h->items[i].bytes, sizeof(h->items[i].bytes));
        daf_content_pack(&k, &c);
        assert_false(k.is_full);
        h->items[i].len = k.len;
        h->items[i].id = daf_content_id(daf_pack_view(&k));
    }
    qsort(h->items, ITEMS, sizeof(h->items[0]), by_id);
}

static int setup(void **state)
{
    struct home *h = calloc(1, sizeof(*h));

    assert_non_null(h);
    h->dir = daf_tmpdir_new();
    assert_non_null(h->dir);
    h->s = daf_made_open(h->dir, DAF_STORE_WRITER);
    make_items(h);
    *state = h;
    return 0;
}

static int teardown(void **state)
{
    struct home *h = *state;

    daf_store_close(h->s);
    daf_tmpdir_free(h->dir);
    free(h);
    return 0;
}

/* ---- records */

/* The next record of @author's log in @scope. */
static struct daf_record_id put_in(struct home *h, uint8_t scope,
                                   uint8_t author, struct daf_view body,
                                   enum daf_body_state state)
{
    const uint8_t seed[32] = {0x3d};
    uint8_t header[DAF_HEADER_BYTES_MAX];
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    enum daf_put put;
    size_t len;
    struct daf_record r = {
        .log = daf_made_log(scope, author, 1),
        .seq = h->last[author].seq + 1,
        .prev = h->last[author].id,
        .boot = 1,
        .retention = 6,
        .body_len = (uint32_t)body.len,
        .body_hash = daf_body_hash(body),
    };

    assert_int_equal(crypto_sign_seed_keypair(pk.b, sk.b, seed), 0);
    len = daf_record_sign(&r, &sk, header);
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    if (state != DAF_BODY_HELD) body.len = 0;
    assert_int_equal(daf_store_put(h->s, &r, (struct daf_view){header, len},
                                   state, body, &put),
                     DAF_OK);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    assert_int_equal(put, DAF_PUT_NEW);
    h->last[author] = (struct daf_spot){r.seq, r.id};
    return r.id;
}

static struct daf_record_id put_payload(struct home *h, uint8_t author,
                                        struct daf_view payload)
{
    uint8_t room[8192];
    size_t len = 0;

    assert_int_equal(daf_body_plain(payload, room, sizeof(room), &len), DAF_OK);
    return put_in(h, SCOPE, author, (struct daf_view){room, len},
                  DAF_BODY_HELD);
}

/* @item: of the home's, or ITEMS for none. */
static struct daf_record_id publish(struct home *h, uint8_t author, size_t item,
                                    const struct daf_record_id *replaces,
                                    size_t count)
{
    struct daf_catalogue_item c = {.replaces_count = count};
    uint8_t room[4096];
    struct daf_pack k;

    if (item < ITEMS) c.manifest = manifest(h, item);
    if (count > 0) memcpy(c.replaces, replaces, count * sizeof(*replaces));
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_catalogue_item(&k, &c);
    assert_false(k.is_full);
    return put_payload(h, author, daf_pack_view(&k));
}

/* ---- what the catalogue says */

static struct daf_catalogue *read(const struct home *h)
{
    struct daf_scope_id scope = daf_made_log(SCOPE, 1, 1).scope;
    struct daf_catalogue *c = NULL;

    assert_int_equal(daf_catalogue_read(h->s, &scope, &c), DAF_OK);
    assert_non_null(c);
    return c;
}

/* @items: which, as "025"; @by: what replaces each, or '-'. */
static void expect_by(const struct home *h, const char *items, const char *by)
{
    struct daf_catalogue *c = read(h);
    struct daf_catalogue_entry e;

    assert_int_equal(daf_catalogue_count(c), strlen(items));
    for (size_t i = 0; items[i] != '\0'; i++) {
        size_t item = (size_t)(items[i] - '0');

        daf_catalogue_at(c, i, &e);
        assert_memory_equal(e.content.id.b, h->items[item].id.b, 32);
        assert_int_equal(e.manifest.len, h->items[item].len);
        assert_memory_equal(e.manifest.p, h->items[item].bytes, e.manifest.len);
        assert_int_equal(e.content.titles_count, 1);
        assert_int_equal(e.is_superseded, by[i] != '-');
        if (by[i] != '-')
            assert_memory_equal(e.superseded_by.b, h->items[by[i] - '0'].id.b,
                                32);
    }
    for (size_t i = 0; i < ITEMS; i++) {
        bool is_there = strchr(items, (int)('0' + i)) != NULL;
        size_t before = 0;

        while (items[before] != '\0' && (size_t)(items[before] - '0') < i)
            before++;
        assert_int_equal(daf_catalogue_place(c, &h->items[i].id), before);
        assert_int_equal(daf_catalogue_find(c, &h->items[i].id, &e), is_there);
        if (is_there) assert_memory_equal(e.content.id.b, h->items[i].id.b, 32);
    }
    daf_catalogue_free(c);
}

static void expect(const struct home *h, const char *items)
{
    expect_by(h, items, "------");
}

static void a_scope_without_records_names_nothing(void **state)
{
    struct home *h = *state;

    expect(h, "");
    daf_catalogue_free(NULL);
}

static void items_ascend_whoever_published_them_when(void **state)
{
    static const size_t order[ITEMS] = {3, 0, 5, 1, 4, 2};
    struct home *h = *state;

    for (size_t i = 0; i < ITEMS; i++)
        (void)publish(h, (uint8_t)(1 + i % 3), order[i], NULL, 0);
    expect(h, "012345");
}

static void what_is_replaced_is_superseded(void **state)
{
    struct home *h = *state;
    struct daf_record_id old = publish(h, 1, 0, NULL, 0);

    (void)publish(h, 1, 1, NULL, 0);
    expect(h, "01");
    (void)publish(h, 1, 2, &old, 1); /* a new edition */
    expect_by(h, "012", "2--");
}

static void what_is_taken_back_is_gone(void **state)
{
    struct home *h = *state;
    struct daf_record_id both[2] = {publish(h, 1, 0, NULL, 0),
                                    publish(h, 2, 3, NULL, 0)};

    (void)publish(h, 1, 4, NULL, 0);
    (void)publish(h, 3, ITEMS, both, 2);
    expect(h, "4");
}

/* A scan goes by authors: 1 is read before 2, whenever it came. */
static void what_replaces_may_be_read_first(void **state)
{
    struct home *h = *state;
    struct daf_record_id old = publish(h, 2, 0, NULL, 0);

    (void)publish(h, 1, 1, &old, 1);
    expect_by(h, "01", "1-");
    /* Of a record that is not here yet. */
    memset(old.b, 7, sizeof(old.b));
    (void)publish(h, 1, 2, &old, 1);
    expect_by(h, "012", "1--");
}

static void a_replaced_edition_does_not_bring_back_the_one_before(void **state)
{
    struct home *h = *state;
    struct daf_record_id first = publish(h, 1, 0, NULL, 0);
    struct daf_record_id second = publish(h, 1, 1, &first, 1);

    (void)publish(h, 1, 2, &second, 1);
    expect_by(h, "012", "22-");
    /* Published anew it is a new record, which nobody replaced. */
    (void)publish(h, 1, 0, NULL, 0);
    expect_by(h, "012", "-2-");
}

static void an_edition_that_only_changes_its_record_stays(void **state)
{
    struct home *h = *state;
    struct daf_record_id old = publish(h, 1, 0, NULL, 0);

    (void)publish(h, 1, 0, &old, 1);
    expect(h, "0");
}

static void expect_from(const struct home *h, size_t item, uint8_t author,
                        const struct daf_record_id *record)
{
    struct daf_catalogue *c = read(h);
    struct daf_catalogue_entry e;

    assert_true(daf_catalogue_find(c, &h->items[item].id, &e));
    assert_int_equal(e.author.b[0], author);
    assert_memory_equal(e.record.b, record->b, sizeof(record->b));
    daf_catalogue_free(c);
}

static void what_was_published_twice_is_one_of_the_lowest_author(void **state)
{
    struct home *h = *state;
    struct daf_record_id third = publish(h, 3, 0, NULL, 0);
    struct daf_record_id other, low;

    expect_from(h, 0, 3, &third);
    other = publish(h, 2, 0, NULL, 0);
    low = other;
    expect(h, "0");
    expect_from(h, 0, 2, &other);
    /* Twice by one author: the lower record id. */
    for (int i = 0; i < 4; i++) {
        other = publish(h, 2, 0, NULL, 0);
        if (memcmp(other.b, low.b, sizeof(low.b)) < 0) low = other;
    }
    expect(h, "0");
    expect_from(h, 0, 2, &low);
}

static void one_of_two_that_is_replaced_leaves_the_other(void **state)
{
    struct home *h = *state;
    struct daf_record_id a = publish(h, 1, 0, NULL, 0);
    struct daf_record_id b = publish(h, 2, 0, NULL, 0);

    (void)publish(h, 1, ITEMS, &a, 1);
    expect(h, "0");
    expect_from(h, 0, 2, &b);
    (void)publish(h, 1, ITEMS, &b, 1);
    expect(h, "");
}

/* Two editions that replace the same one both stand; the lower one is told. */
static void two_new_editions_both_stand(void **state)
{
    struct home *h = *state;
    struct daf_record_id old = publish(h, 1, 3, NULL, 0);
    struct daf_record_id five;

    five = publish(h, 2, 5, &old, 1);
    expect_by(h, "35", "5-");
    (void)publish(h, 1, 1, &old, 1);
    expect_by(h, "135", "-1-");
    /* One is replaced again: what it replaced has still the lower one. */
    (void)publish(h, 3, 0, &five, 1);
    expect_by(h, "0135", "--00");
    (void)publish(h, 1, 2, NULL, 0);
    expect_by(h, "01235", "---00");
}

static void an_edition_that_was_taken_back_brings_back_nothing(void **state)
{
    struct home *h = *state;
    struct daf_record_id old = publish(h, 1, 0, NULL, 0);
    struct daf_record_id new = publish(h, 1, 1, &old, 1);

    (void)publish(h, 1, ITEMS, &new, 1);
    expect(h, "");
}

static void editions_may_change_back(void **state)
{
    struct home *h = *state;
    struct daf_record_id a = publish(h, 1, 0, NULL, 0);
    struct daf_record_id b = publish(h, 1, 1, &a, 1);

    a = publish(h, 2, 0, &b, 1);
    expect_by(h, "01", "-0");
    (void)publish(h, 1, 1, &a, 1);
    expect_by(h, "01", "1-");
}

static void the_records_of_an_item_are_told_those_first_that_stand(void **state)
{
    struct home *h = *state;
    struct daf_record_id old = publish(h, 1, 0, NULL, 0), out[4];
    struct daf_record_id new = publish(h, 2, 0, &old, 1);
    struct daf_catalogue *c;

    (void)publish(h, 2, 1, NULL, 0);
    c = read(h);
    assert_int_equal(daf_catalogue_records(c, &h->items[0].id, out, 4), 2);
    assert_memory_equal(out[0].b, new.b, 32);
    assert_memory_equal(out[1].b, old.b, 32);
    assert_int_equal(daf_catalogue_records(c, &h->items[0].id, out, 1), 2);
    assert_int_equal(daf_catalogue_records(c, &h->items[2].id, out, 4), 0);
    daf_catalogue_free(c);
}

/* A scan goes by authors, so whoever has the lowest id is read first: with each
 * record but the last by each of four authors they are read in every order. */
static const struct {
    size_t item;
    int replaces[2]; /* which of those before, or -1 */
} history[5] = {
    {4, {-1, -1}}, {2, {0, -1}}, {3, {0, -1}}, {1, {2, -1}}, {4, {1, 2}}};

static void read_in(const size_t order[5])
{
    struct daf_record_id ids[5], replaces[2];
    void *state = NULL;
    struct home *h;

    assert_int_equal(setup(&state), 0);
    h = state;
    for (size_t i = 0; i < 5; i++) {
        size_t count = 0;

        for (; count < 2 && history[i].replaces[count] >= 0; count++)
            replaces[count] = ids[history[i].replaces[count]];
        ids[i] = publish(h, (uint8_t)(1 + order[i]), history[i].item, replaces,
                         count);
    }
    expect_by(h, "1234", "-41-");
    assert_int_equal(teardown(&state), 0);
}

static void swap(size_t *a, size_t *b)
{
    size_t t = *a;

    *a = *b;
    *b = t;
}

/* Heap's algorithm: all 24. */
static void each_order(size_t order[5], size_t n)
{
    if (n == 1) {
        read_in(order);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        each_order(order, n - 1);
        swap(&order[n % 2 == 0 ? i : 0], &order[n - 1]);
    }
}

static void in_whatever_order_they_are_read_it_says_the_same(void **state)
{
    size_t order[5] = {0, 1, 2, 3, 4};

    (void)state;
    each_order(order, 4);
}

/* ---- records that cannot be read */

static void records_that_cannot_be_read_are_passed_over(void **state)
{
    static const uint8_t odd_manifest[] = {1, 2, 3};
    struct home *h = *state;
    struct daf_catalogue_item odd = {
        .manifest = {odd_manifest, sizeof(odd_manifest)},
        .replaces_count = 1,
    };
    uint8_t room[1024];
    struct daf_pack k;
    size_t len = 0;

    (void)publish(h, 1, 0, NULL, 0);
    (void)put_payload(h, 1, text("\x92\xa1x\x80")); /* an unknown type */
    (void)put_payload(h, 1, text("\xc1"));          /* no msgpack */
    (void)put_payload(h, 1,
                      text("\x92\xae"
                           "catalogue-item\x80")); /* says nothing */
    (void)put_in(h, SCOPE, 1, text("no body"), DAF_BODY_HELD);
    (void)put_in(h, SCOPE, 1, text("not here"), DAF_BODY_ABSENT);
    (void)put_in(h, SCOPE, 1, text("let go"), DAF_BODY_RETIRED);
    (void)put_in(h, SCOPE, 2, text("first of another"), DAF_BODY_HELD);
    (void)publish(h, 2, 1, NULL, 0);
    expect(h, "01");
    /* A later version's manifest shows nothing, but it stands for what it
     * replaces: that is not to be learnt any more. */
    odd.replaces[0] = publish(h, 1, 2, NULL, 0);
    expect(h, "012");
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_catalogue_item(&k, &odd);
    (void)put_payload(h, 1, daf_pack_view(&k));
    expect(h, "01");
    /* Sealed: nobody's in this scope. */
    assert_int_equal(
        daf_body_seal(&(struct daf_body_seal){.payload = daf_pack_view(&k)},
                      room + 512, sizeof(room) - 512, &len),
        DAF_OK);
    (void)put_in(h, SCOPE, 1, (struct daf_view){room + 512, len},
                 DAF_BODY_HELD);
    expect(h, "01");
}

static void another_scope_s_items_are_not_here(void **state)
{
    struct home *h = *state;
    struct daf_catalogue_item item = {.manifest = manifest(h, 0)};
    uint8_t room[1024], body[1024];
    struct daf_pack k;
    size_t len = 0;

    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_catalogue_item(&k, &item);
    assert_int_equal(daf_body_plain(daf_pack_view(&k), body, sizeof(body),
                                    &len),
                     DAF_OK);
    (void)put_in(h, SCOPE + 1, 1, (struct daf_view){body, len}, DAF_BODY_HELD);
    expect(h, "");
}

/* Arrays grow from 16. */
static void there_may_be_many(void **state)
{
    struct home *h = *state;
    struct daf_record_id old[50], none[64];

    for (size_t i = 0; i < 50; i++)
        old[i] = publish(h, 1, i % ITEMS, NULL, 0);
    expect(h, "012345");
    for (size_t i = 0; i < 64; i++)
        memset(none[i].b, (int)(i + 1), sizeof(none[i].b));
    (void)publish(h, 2, ITEMS, none, 64);
    expect(h, "012345");
    (void)publish(h, 2, ITEMS, old, 49);
    expect(h, "1"); /* 49 % 6 */
}

static bool is_by_first(void *ctx, const struct daf_row *row)
{
    const struct daf_log_key first = daf_made_log(SCOPE, 1, 1);

    (*(size_t *)ctx)++;
    return memcmp(row->log.author.b, first.author.b, sizeof(first.author.b)) ==
           0;
}

/* Neither names nor replaces: as if it were not held. */
static void what_does_not_count_is_passed_over(void **state)
{
    struct home *h = *state;
    struct daf_scope_id scope = daf_made_log(SCOPE, 1, 1).scope;
    struct daf_record_id zero = publish(h, 1, 0, NULL, 0);
    struct daf_catalogue_entry e;
    struct daf_catalogue *c;
    size_t asked = 0;

    (void)publish(h, 2, 1, &zero, 1);
    (void)publish(h, 2, 2, NULL, 0);
    expect_by(h, "012", "1--");
    assert_int_equal(daf_catalogue_read_of(h->s, &scope, is_by_first, &asked,
                                           &c),
                     DAF_OK);
    assert_int_equal(asked, 3);
    assert_int_equal(daf_catalogue_count(c), 1);
    daf_catalogue_at(c, 0, &e);
    assert_memory_equal(e.content.id.b, h->items[0].id.b, 32);
    assert_false(e.is_superseded);
    daf_catalogue_free(c);
}

#define WITH_HOME(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_HOME(a_scope_without_records_names_nothing),
        WITH_HOME(items_ascend_whoever_published_them_when),
        WITH_HOME(what_is_replaced_is_superseded),
        WITH_HOME(what_is_taken_back_is_gone),
        WITH_HOME(what_replaces_may_be_read_first),
        WITH_HOME(a_replaced_edition_does_not_bring_back_the_one_before),
        WITH_HOME(an_edition_that_only_changes_its_record_stays),
        WITH_HOME(what_was_published_twice_is_one_of_the_lowest_author),
        WITH_HOME(one_of_two_that_is_replaced_leaves_the_other),
        WITH_HOME(two_new_editions_both_stand),
        WITH_HOME(an_edition_that_was_taken_back_brings_back_nothing),
        WITH_HOME(editions_may_change_back),
        WITH_HOME(the_records_of_an_item_are_told_those_first_that_stand),
        cmocka_unit_test(in_whatever_order_they_are_read_it_says_the_same),
        WITH_HOME(records_that_cannot_be_read_are_passed_over),
        WITH_HOME(another_scope_s_items_are_not_here),
        WITH_HOME(there_may_be_many),
        WITH_HOME(what_does_not_count_is_passed_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
