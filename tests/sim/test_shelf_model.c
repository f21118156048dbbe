/* SPDX-License-Identifier: Apache-2.0 */
/* A shelf without bytes: what it says of parts that come and go. */
#include "sim/device/shelf_model.h"
#include "tests/lib/t.h"

#define MIB ((uint32_t)1024 * 1024)

static const uint8_t zeros[DAF_PIECE_BYTES_MAX];

struct shelf {
    struct daf_shelf_about about;
    struct daf_shelf_model *s;
    uint64_t twice;
};

static struct shelf open_shelf(struct daf_shelf_about *about, uint64_t bytes)
{
    struct shelf o = {.twice = 0};

    *about = daf_shelf_about(bytes, 0);
    o.about = *about;
    assert_int_equal(daf_shelf_model_new(about, 1, &o.s), DAF_OK);
    daf_shelf_model_add(o.s, 0, false);
    return o;
}

static enum daf_shelf_put put(struct shelf *o, uint32_t sender, uint32_t part,
                              uint32_t offset, uint32_t len)
{
    const struct daf_port_piece piece = {o->about.content,
                                         part,
                                         offset,
                                         {zeros, len}};
    enum daf_shelf_put out = DAF_SHELF_BAD;

    assert_int_equal(daf_shelf_model_put(o->s, sender, &piece, &out, &o->twice),
                     DAF_OK);
    return out;
}

static void parts_are_pages_and_chunks(void **state)
{
    struct daf_shelf_about a = daf_shelf_about(500000000, 0);

    (void)state;
    assert_int_equal(a.chunk_bytes, 256 * 1024);
    assert_int_equal(a.pages, 1);
    assert_int_equal(a.parts, 1 + 1908);
    assert_true(daf_shelf_about_part(&a, 0) > 32 * 1908);
    assert_int_equal(daf_shelf_about_part(&a, 1), 256 * 1024);
    assert_int_equal(daf_shelf_about_part(&a, 1908),
                     500000000 - 1907 * 256 * 1024);
    assert_int_equal(daf_shelf_about_part(&a, 1909), 0);
    struct daf_shelf_about b = daf_shelf_about(500000000, 1);
    assert_memory_not_equal(&a.content, &b.content, sizeof a.content);
}

static void parts_come_until_the_item_is_whole(void **state)
{
    struct daf_shelf_about about;
    struct shelf o = open_shelf(&about, UINT64_C(3) * 65536);
    struct daf_item_news news;

    (void)state;
    assert_true(daf_shelf_model_news(o.s, 0, &news));
    assert_false(news.is_whole);
    assert_true(news.is_wanted);
    assert_int_equal(put(&o, 7, 1, 0, 65536), DAF_SHELF_ODD); /* pages lack */
    assert_int_equal(put(&o, 7, 0, 0, about.list_bytes), DAF_SHELF_LIST);
    assert_int_equal(put(&o, 7, 1, 0, 65536), DAF_SHELF_PART);
    assert_int_equal(put(&o, 8, 3, 0, 65536), DAF_SHELF_PART);
    assert_true(daf_shelf_model_news(o.s, 0, &news));
    assert_int_equal(news.bits.p[0], 0xd0);
    assert_int_equal(put(&o, 7, 2, 0, 65536), DAF_SHELF_WHOLE);
    assert_true(daf_shelf_model_news(o.s, 0, &news));
    assert_true(news.is_whole);
    assert_int_equal(o.twice, 0);
    assert_int_equal(put(&o, 7, 2, 0, 65536), DAF_SHELF_KNOWN);
    assert_int_equal(o.twice, 65536);
    daf_shelf_model_free(o.s);
}

/* 3 GB have chunks of a MiB, four pieces. */
static void a_part_comes_in_order_from_one_sender(void **state)
{
    struct daf_shelf_about about;
    struct shelf o = open_shelf(&about, UINT64_C(3000) * 1000 * 1000);

    (void)state;
    assert_int_equal(about.chunk_bytes, MIB);
    for (uint32_t page = 0; page < about.pages; page++)
        assert_int_equal(put(&o, 1, page, 0,
                             daf_shelf_about_part(&about, page)),
                         page + 1 < about.pages ? DAF_SHELF_PART
                                                : DAF_SHELF_LIST);
    uint32_t part = about.pages, other = part + 1;
    assert_int_equal(put(&o, 1, part, 0, MIB / 4), DAF_SHELF_MORE);
    assert_int_equal(put(&o, 2, part, 0, MIB / 4), DAF_SHELF_ODD);
    assert_int_equal(put(&o, 1, part, MIB / 4, MIB / 4), DAF_SHELF_MORE);
    assert_int_equal(put(&o, 1, part, 3 * MIB / 4, MIB / 4), DAF_SHELF_ODD);
    assert_int_equal(put(&o, 1, part, MIB / 2, MIB / 4), DAF_SHELF_ODD);
    assert_int_equal(put(&o, 2, part, 0, MIB / 4), DAF_SHELF_MORE);
    daf_shelf_model_forget(o.s, 2);
    assert_int_equal(put(&o, 2, part, MIB / 4, MIB / 4), DAF_SHELF_ODD);
    for (uint32_t i = 0; i < 4; i++)
        assert_int_equal(put(&o, 2, other, i * (MIB / 4), MIB / 4),
                         i < 3 ? DAF_SHELF_MORE : DAF_SHELF_PART);
    assert_int_equal(put(&o, 3, part, 0, MIB / 4), DAF_SHELF_MORE);
    daf_shelf_model_restart(o.s);
    assert_int_equal(put(&o, 3, part, MIB / 4, MIB / 4), DAF_SHELF_ODD);
    daf_shelf_model_free(o.s);
}

static void what_is_held_is_read(void **state)
{
    struct daf_shelf_about about;
    struct shelf o = open_shelf(&about, 100000);
    struct daf_port_piece piece = {.content = about.content, .part = 1};
    uint32_t len = 1;
    bool is_last = false;

    (void)state;
    assert_int_equal(daf_shelf_model_read(o.s, &piece, &len, &is_last),
                     DAF_ENOTFOUND);
    assert_int_equal(len, 0);
    assert_true(is_last);
    daf_shelf_model_add(o.s, 0, true);
    assert_int_equal(daf_shelf_model_read(o.s, &piece, &len, &is_last), DAF_OK);
    assert_int_equal(len, 65536);
    piece.part = 2;
    piece.offset = 30000;
    assert_int_equal(daf_shelf_model_read(o.s, &piece, &len, &is_last), DAF_OK);
    assert_int_equal(len, 100000 - 65536 - 30000);
    piece.part = 3;
    assert_int_equal(daf_shelf_model_read(o.s, &piece, &len, &is_last),
                     DAF_ENOTFOUND);
    piece.content.b[0] ^= 1;
    assert_int_equal(daf_shelf_model_read(o.s, &piece, &len, &is_last),
                     DAF_ENOTFOUND);
    daf_shelf_model_free(o.s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_are_pages_and_chunks),
        cmocka_unit_test(parts_come_until_the_item_is_whole),
        cmocka_unit_test(a_part_comes_in_order_from_one_sender),
        cmocka_unit_test(what_is_held_is_read),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
