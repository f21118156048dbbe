/* SPDX-License-Identifier: Apache-2.0 */

/* The library by the page: what is there is told once, whatever comes and goes
 * meanwhile, and no page is large, whatever somebody published. */

#include "tests/lib/t.h"

#include "node/contents_json.h"
#include "proto/body.h"
#include "proto/payload.h"
#include "tests/lib/goods.h"
#include "tests/lib/made.h"
#include "tests/lib/tmpdir.h"

#include <sodium.h>
#include <stdlib.h>

#define PAGE  DAF_API_LIBRARY_ITEMS_MAX
#define ITEMS ((size_t)130) /* three pages */

struct item {
    struct daf_hash id;
    struct daf_record_id record;
};

struct home {
    char *dir;
    struct daf_store *s;
    struct daf_spot last; /* of the one log */
    size_t count;
    struct item items[2 * ITEMS]; /* ascending by id when they are sorted */
};

static const struct daf_library_query from_start = {.languages = {"ar"},
                                                    .languages_count = 1};

static int setup(void **state)
{
    struct home *h = calloc(1, sizeof(*h));

    assert_non_null(h);
    h->dir = daf_tmpdir_new();
    assert_non_null(h->dir);
    h->s = daf_made_open(h->dir, DAF_STORE_WRITER);
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

/* ---- what is published */

static struct daf_record_id put(struct home *h,
                                const struct daf_catalogue_item *item)
{
    static uint8_t payload[DAF_PAYLOAD_BYTES_MAX], body[DAF_BODY_BYTES_MAX];
    const uint8_t seed[32] = {0x3d};
    uint8_t header[DAF_HEADER_BYTES_MAX];
    struct daf_record r = {.log = daf_made_log(1, 1, 1),
                           .seq = h->last.seq + 1,
                           .prev = h->last.id,
                           .boot = 1,
                           .retention = 6};
    struct daf_sign_pk pk;
    struct daf_sign_sk sk;
    struct daf_pack k;
    enum daf_put result;
    size_t len = 0;

    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_catalogue_item(&k, item);
    assert_false(k.is_full);
    assert_int_equal(daf_body_plain(daf_pack_view(&k), body, sizeof(body),
                                    &len),
                     DAF_OK);
    r.body_len = (uint32_t)len;
    r.body_hash = daf_body_hash((struct daf_view){body, len});
    assert_int_equal(crypto_sign_seed_keypair(pk.b, sk.b, seed), 0);
    assert_int_equal(
        daf_store_put(h->s, &r,
                      (struct daf_view){header,
                                        daf_record_sign(&r, &sk, header)},
                      DAF_BODY_HELD, (struct daf_view){body, len}, &result),
        DAF_OK);
    h->last = (struct daf_spot){r.seq, r.id};
    return r.id;
}

static void publish(struct home *h, bool is_long)
{
    static uint8_t manifest[DAF_CONTENT_MANIFEST_BYTES_MAX];
    struct daf_catalogue_item item = {.replaces_count = 0};
    struct item *to = &h->items[h->count++];

    item.manifest.p = manifest;
    item.manifest.len =
        daf_goods_manifest((uint32_t)h->count, is_long, manifest);
    to->id = daf_content_id(item.manifest);
    to->record = put(h, &item);
}

static int by_id(const void *a, const void *b)
{
    const struct item *x = a, *y = b;

    return memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

static void publish_some(struct home *h, size_t count, bool is_long)
{
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    for (size_t i = 0; i < count; i++)
        publish(h, is_long);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    qsort(h->items, h->count, sizeof(h->items[0]), by_id);
}

/* Takes back what is at @at, and the next. */
static void take_back(struct home *h, size_t at, size_t count)
{
    struct daf_catalogue_item item = {.replaces_count = count};

    for (size_t i = 0; i < count; i++)
        item.replaces[i] = h->items[at + i].record;
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    (void)put(h, &item);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
}

/* ---- what is told */

static void read_page(struct home *h, const struct daf_library_query *q,
                      struct daf_library_page *out)
{
    struct daf_scope_id scope = daf_made_log(1, 1, 1).scope;
    struct daf_catalogue *c = NULL;

    *out = (struct daf_library_page){.items = json_array()};
    assert_int_equal(daf_catalogue_read(h->s, &scope, &c), DAF_OK);
    assert_int_equal(daf_contents_json_library(c, NULL, q, out), DAF_OK);
    daf_catalogue_free(c);
}

static struct daf_hash id_at(const struct daf_library_page *page, size_t at)
{
    const char *hex = json_string_value(
        json_object_get(json_array_get(page->items, at), "content"));
    struct daf_hash id;

    assert_non_null(hex);
    assert_int_equal(sodium_hex2bin(id.b, sizeof(id.b), hex, 64, NULL, NULL,
                                    NULL),
                     0);
    return id;
}

/* The page that @q asks for is of the home's items @first and on, @count. */
static void expect(struct home *h, const struct daf_library_query *q,
                   size_t first, size_t count)
{
    struct daf_library_page page;

    read_page(h, q, &page);
    assert_int_equal(page.total, h->count);
    assert_int_equal(page.skipped, first);
    assert_int_equal(json_array_size(page.items), count);
    for (size_t i = 0; i < count; i++) {
        struct daf_hash id = id_at(&page, i);

        assert_memory_equal(id.b, h->items[first + i].id.b, sizeof(id.b));
    }
    json_decref(page.items);
}

static struct daf_library_query next_to(enum daf_library_from from,
                                        struct daf_hash at)
{
    struct daf_library_query q = from_start;

    q.from = from;
    q.at = at;
    return q;
}

static void expect_next_to(struct home *h, enum daf_library_from from,
                           size_t item, size_t first, size_t count)
{
    const struct daf_library_query q = next_to(from, h->items[item].id);

    expect(h, &q, first, count);
}

static void an_empty_catalogue_is_a_page_of_nothing(void **state)
{
    const struct daf_hash low = {.b = {0}};
    const struct daf_library_query after = next_to(DAF_LIBRARY_AFTER, low);
    const struct daf_library_query before = next_to(DAF_LIBRARY_BEFORE, low);

    expect(*state, &from_start, 0, 0);
    expect(*state, &after, 0, 0);
    expect(*state, &before, 0, 0);
}

static void every_item_is_on_one_page(void **state)
{
    struct home *h = *state;

    publish_some(h, ITEMS, false);
    expect(h, &from_start, 0, PAGE);
    expect_next_to(h, DAF_LIBRARY_AFTER, PAGE - 1, PAGE, PAGE);
    expect_next_to(h, DAF_LIBRARY_AFTER, 2 * PAGE - 1, 2 * PAGE,
                   ITEMS - 2 * PAGE);
    expect_next_to(h, DAF_LIBRARY_BEFORE, 2 * PAGE, PAGE, PAGE);
    expect_next_to(h, DAF_LIBRARY_BEFORE, PAGE, 0, PAGE);
}

static void beyond_an_end_is_the_page_at_that_end(void **state)
{
    struct home *h = *state;
    struct daf_hash low = {.b = {0}}, high;
    struct daf_library_query q;

    publish_some(h, ITEMS, false);
    memset(high.b, 0xff, sizeof(high.b));
    expect_next_to(h, DAF_LIBRARY_AFTER, ITEMS - 1, ITEMS - PAGE, PAGE);
    expect_next_to(h, DAF_LIBRARY_BEFORE, 0, 0, PAGE);
    expect_next_to(h, DAF_LIBRARY_BEFORE, 7, 0, PAGE);
    q = next_to(DAF_LIBRARY_AFTER, high);
    expect(h, &q, ITEMS - PAGE, PAGE);
    q = next_to(DAF_LIBRARY_BEFORE, high);
    expect(h, &q, ITEMS - PAGE, PAGE);
    q = next_to(DAF_LIBRARY_AFTER, low);
    expect(h, &q, 0, PAGE);
    q = next_to(DAF_LIBRARY_BEFORE, low);
    expect(h, &q, 0, PAGE);
}

/* Which of @was, ITEMS of them, the page tells: each one more in @told. */
static void count_told(const struct daf_library_page *page,
                       const struct item *was, unsigned *told)
{
    for (size_t i = 0; i < json_array_size(page->items); i++) {
        const struct item key = {.id = id_at(page, i)};
        const struct item *one = bsearch(&key, was, ITEMS, sizeof(key), by_id);

        if (one != NULL) told[one - was]++;
    }
}

/* Of old editions those that are not here are not told, and not counted. */
static void old_editions_are_left_out(void **state)
{
    struct home *h = *state;
    struct daf_catalogue_item item = {.replaces_count = 1};
    static uint8_t manifest[DAF_CONTENT_MANIFEST_BYTES_MAX];
    struct daf_library_query q;
    struct daf_library_page page;
    struct daf_hash new, old, first;
    size_t at = 0;

    publish_some(h, PAGE + 2, false);
    old = h->items[1].id;
    item.replaces[0] = h->items[1].record;
    item.manifest.p = manifest;
    item.manifest.len = daf_goods_manifest(60000, false, manifest);
    new = daf_content_id(item.manifest);
    assert_int_equal(daf_store_begin(h->s), DAF_OK);
    (void)put(h, &item);
    assert_int_equal(daf_store_commit(h->s), DAF_OK);
    read_page(h, &from_start, &page);
    assert_int_equal(page.total, PAGE + 2);
    for (size_t i = 0; i < PAGE; i++) {
        struct daf_hash id = id_at(&page, i);

        assert_memory_not_equal(id.b, old.b, sizeof(old.b));
    }
    json_decref(page.items);
    /* As a place it is as good as any. */
    q = next_to(DAF_LIBRARY_AFTER, old);
    h->items[1].id = new;
    qsort(h->items, h->count, sizeof(h->items[0]), by_id);
    while (memcmp(h->items[at].id.b, old.b, sizeof(old.b)) < 0)
        at++;
    read_page(h, &q, &page);
    assert_int_equal(page.skipped, at);
    first = id_at(&page, 0);
    assert_memory_equal(first.b, h->items[at].id.b, sizeof(first.b));
    json_decref(page.items);
}

static void items_may_come_and_go_between_pages(void **state)
{
    struct home *h = *state;
    struct daf_library_query q = from_start;
    struct daf_library_page page;
    struct item was[ITEMS];
    unsigned told[ITEMS] = {0};
    bool is_last = false;

    publish_some(h, ITEMS, false);
    memcpy(was, h->items, sizeof(was));
    for (size_t turn = 0; !is_last; turn++) {
        size_t count;

        read_page(h, &q, &page);
        count = json_array_size(page.items);
        count_told(&page, was, told);
        is_last = page.skipped + count == page.total;
        q = next_to(DAF_LIBRARY_AFTER, id_at(&page, count - 1));
        json_decref(page.items);
        if (turn > 0) continue;
        take_back(h, PAGE - 1, 3); /* the cursor's, and two behind it */
        publish_some(h, 20, false);
    }
    for (size_t i = 0; i < ITEMS; i++)
        assert_int_equal(told[i], i == PAGE || i == PAGE + 1 ? 0 : 1);
}

static void a_cursor_of_a_vanished_item_is_its_place(void **state)
{
    struct home *h = *state;
    struct daf_hash gone;
    struct daf_library_query q;

    publish_some(h, ITEMS, false);
    gone = h->items[60].id;
    take_back(h, 60, 1);
    memmove(&h->items[60], &h->items[61],
            (--h->count - 60) * sizeof(h->items[0]));
    q = next_to(DAF_LIBRARY_AFTER, gone);
    expect(h, &q, 60, PAGE);
    q = next_to(DAF_LIBRARY_BEFORE, gone);
    expect(h, &q, 60 - PAGE, PAGE);
}

static void the_longest_texts_keep_the_bound_and_stop_nothing(void **state)
{
    struct home *h = *state;
    struct daf_library_page page;
    json_t *titles;

    publish_some(h, 2 * PAGE, true);
    read_page(h, &from_start, &page);
    assert_int_equal(json_array_size(page.items), PAGE);
    assert_in_range(json_dumpb(page.items, NULL, 0, JSON_COMPACT), 1,
                    DAF_API_LIBRARY_BYTES_MAX - 1);
    titles = json_object_get(json_array_get(page.items, 0), "title");
    assert_int_equal(json_object_size(titles), 1);
    assert_int_equal(json_string_length(json_object_get(titles, "ar")),
                     DAF_CONTENT_TITLE_BYTES_MAX);
    json_decref(page.items);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(an_empty_catalogue_is_a_page_of_nothing),
        T(every_item_is_on_one_page),
        T(beyond_an_end_is_the_page_at_that_end),
        T(old_editions_are_left_out),
        T(items_may_come_and_go_between_pages),
        T(a_cursor_of_a_vanished_item_is_its_place),
        T(the_longest_texts_keep_the_bound_and_stop_nothing),
    };

    if (sodium_init() < 0) return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
