/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frame.h"
#include "proto/statement.h"
#include "tests/lib/t.h"

#include <stdlib.h>

static uint8_t room[DAF_FRAME_BYTES_MAX + 4096];

static const struct daf_scope_id scope = {{1, 2, 3}};
static const struct daf_log_key log_a = {.scope = {{1, 2, 3}},
                                         .author = {{0xa}},
                                         .incarnation = UINT64_MAX};
static const struct daf_log_key log_b = {.scope = {{1, 2, 3}},
                                         .author = {{0xb}},
                                         .incarnation = 1};
static const struct daf_tag tag_a = {{0xa, 1}};
static const struct daf_tag tag_b = {{0xb, 1}};
static const uint8_t zeros[DAF_FRAME_BYTES_MAX + 1];

static struct daf_spot spot(uint64_t seq, size_t n)
{
    struct daf_spot s = {.seq = seq};

    s.id.b[0] = (uint8_t)(n >> 8);
    s.id.b[1] = (uint8_t)(n & 0xff);
    return s;
}

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

static void open_room(struct daf_pack *k)
{
    daf_pack_init(k, room, sizeof(room));
}

/* So many zero bytes. */
static struct daf_view blank(size_t len)
{
    assert_true(len <= sizeof(zeros));
    return (struct daf_view){zeros, len};
}

/* Refused, and nothing of it is left in @out. */
static void assert_refused(struct daf_view bytes, enum daf_err wanted)
{
    static const struct daf_frame nothing;
    struct daf_frame f;
    size_t offset = SIZE_MAX;
    enum daf_err err = daf_frame_decode(bytes, &f, &offset);

    assert_int_equal(err, wanted);
    assert_true(offset <= bytes.len);
    assert_int_equal(f.kind, DAF_FRAME_UNKNOWN);
    assert_true(f.number == nothing.number);
}

static void assert_read(const struct daf_pack *k, struct daf_frame *out)
{
    size_t offset = SIZE_MAX;
    enum daf_err err = daf_frame_decode(daf_pack_view(k), out, &offset);

    if (err != DAF_OK)
        print_error("%s at byte %zu\n", daf_err_str(err), offset);
    assert_int_equal(err, DAF_OK);
}

/* ---- one of each frame */

static void put_log(struct daf_pack *k, const struct daf_log_key *log)
{
    daf_pack_bin(k, log->author.b, sizeof(log->author.b));
    daf_pack_uint(k, log->incarnation);
}

static void put_spots(struct daf_pack *k, size_t count)
{
    daf_pack_array(k, count);
    for (size_t i = 0; i < count; i++) {
        struct daf_spot s = spot(i + 1, i);

        daf_pack_array(k, 2);
        daf_pack_uint(k, s.seq);
        daf_pack_bin(k, s.id.b, sizeof(s.id.b));
    }
}

static void put_hello(struct daf_pack *k)
{
    struct daf_hello f = {.version_min = 2, .version_max = 7};

    f.nonce.b[0] = 9;
    f.boot[15] = 8;
    daf_frame_pack_hello(k, &f);
}

static void put_root(struct daf_pack *k)
{
    struct daf_root f = {.manifest_number = 3, .bodies = DAF_INT_MAX};
    struct daf_root_part part = {.heads_count = 2};
    size_t mark;

    f.author.b[0] = 0xc2; /* looks like the flag that RUN has */
    memset(f.manifest_mark, 0xc2, sizeof(f.manifest_mark));
    memset(f.combined.b, 0xc2, sizeof(f.combined.b));
    mark = daf_frame_begin_root(k, &f);
    part.scope.b[0] = 1;
    part.deferred = blank((size_t)2 * DAF_TAG_BYTES);
    daf_frame_add_part(k, &part);
    part.scope.b[0] = 2;
    part.sum.b[15] = 5;
    part.symbols = blank((size_t)DAF_ROOT_SYMBOLS * DAF_SYMBOL_BYTES);
    part.deferred.len = 0;
    daf_frame_add_part(k, &part);
    daf_frame_end(k, mark, 2, true);
}

static void put_symbols(struct daf_pack *k)
{
    const struct daf_symbols f = {.scope = scope,
                                  .start = 40,
                                  .symbols =
                                      blank((size_t)2 * DAF_SYMBOL_BYTES)};

    daf_frame_pack_symbols(k, &f);
}

/* Items with these tags, of height 7, 8, …  Kept until the next call. */
static struct daf_view items_of(const uint8_t *tags, size_t count)
{
    static uint8_t items[4 * DAF_ITEM_BYTES];

    assert_true(count <= 4);
    memset(items, 0, sizeof(items));
    for (size_t i = 0; i < count; i++) {
        items[i * DAF_ITEM_BYTES] = tags[i];
        items[i * DAF_ITEM_BYTES + 11] = (uint8_t)(7 + i);
    }
    return (struct daf_view){items, count * DAF_ITEM_BYTES};
}

static void put_items(struct daf_pack *k, enum daf_heads_kind kind, bool more,
                      struct daf_view items)
{
    const struct daf_heads f = {.scope = scope,
                                .kind = kind,
                                .more = more,
                                .items = items};

    daf_frame_pack_heads(k, &f);
}

static void put_heads(struct daf_pack *k)
{
    put_items(k, DAF_HEADS_PAGE, true, items_of((uint8_t[]){1, 2}, 2));
}

static void put_news(struct daf_pack *k)
{
    put_items(k, DAF_HEADS_NEWS, true, blank(0));
}

static void put_unacked(struct daf_pack *k)
{
    put_items(k, DAF_HEADS_UNACKED, false, items_of((uint8_t[]){2}, 1));
}

static void put_answer(struct daf_pack *k)
{
    put_items(k, DAF_HEADS_ANSWER, false, items_of((uint8_t[]){2, 1}, 2));
}

static void put_want_symbols(struct daf_pack *k)
{
    daf_frame_pack_want_symbols(k, &scope, 8, 300);
}

static void put_page(struct daf_pack *k)
{
    daf_frame_pack_want_page(k, &scope, &tag_a);
}

static void put_first_page(struct daf_pack *k)
{
    daf_frame_pack_want_page(k, &scope, NULL);
}

static void put_want(struct daf_pack *k)
{
    const struct daf_spot wants[] = {spot(5, 5), spot(4, 4)};
    const struct daf_spot haves[] = {spot(1, 1)};
    size_t mark = daf_frame_begin_want(k, &scope, 0xc2);

    daf_frame_add_want(k, &tag_a, wants, 2, haves, 1, true);
    daf_frame_add_want(k, &tag_b, NULL, 0, NULL, 0, false);
    daf_frame_end(k, mark, 2, true);
}

static void put_run(struct daf_pack *k)
{
    struct daf_stored r = {.header = text("header"),
                           .body_state = DAF_BODY_HELD,
                           .body = text("body")};
    size_t mark = daf_frame_begin_run(k, &scope);
    size_t path = daf_frame_begin_path(k, &log_a);

    daf_frame_add_record(k, &r);
    r.body_state = DAF_BODY_RETIRED;
    daf_frame_add_record(k, &r);
    daf_pack_close(k, path, 2);
    path = daf_frame_begin_path(k, &log_b);
    r.body_state = DAF_BODY_HELD;
    r.body.len = 0;
    daf_frame_add_record(k, &r);
    daf_pack_close(k, path, 1);
    daf_frame_end(k, mark, 2, true);
}

static void put_empty_path(struct daf_pack *k)
{
    size_t mark = daf_frame_begin_run(k, &scope);
    size_t path = daf_frame_begin_path(k, &log_a);

    daf_pack_close(k, path, 0);
    daf_frame_end(k, mark, 1, false);
}

static void put_need(struct daf_pack *k)
{
    const struct daf_spot spots[] = {spot(5, 5), spot(4, 4)};
    size_t mark = daf_frame_begin_need(k, &scope);

    daf_frame_add_need(k, &log_a, spots, 2);
    daf_frame_add_need(k, &log_b, spots, 1);
    daf_frame_end(k, mark, 2, true);
}

static void put_defer(struct daf_pack *k)
{
    const struct daf_defer f = {.scope = scope,
                                .tags = blank((size_t)3 * DAF_TAG_BYTES)};

    daf_frame_pack_defer(k, &f);
}

static void put_ack(struct daf_pack *k)
{
    struct daf_ack_path path = {.log = log_a,
                                .seq_first = 2,
                                .last = {3, {{4}}}};
    struct daf_scope_id odd;
    size_t mark;

    /* Ends like a false that daf_frame_end() might take for its flag. */
    memset(odd.b, 0xc2, sizeof(odd.b));
    mark = daf_frame_begin_ack(k, &odd);
    daf_frame_add_ack(k, &path);
    daf_frame_end(k, mark, 1, true);
}

static void put_addresses(struct daf_pack *k)
{
    size_t mark = daf_frame_begin_addresses(k), device;
    static const uint8_t v4[6] = {192, 0, 2, 7, 22, 38}, v6[18] = {0x20};

    device = daf_frame_begin_device(k, &log_a.author);
    daf_pack_bin(k, v4, sizeof(v4));
    daf_pack_bin(k, v6, sizeof(v6));
    daf_pack_close(k, device, 2);
    daf_frame_end(k, mark, 1, true);
}

static void put_bye(struct daf_pack *k)
{
    daf_frame_pack_bye(k, DAF_BYE_FAILURE);
}

static void put_manifest(struct daf_pack *k)
{
    daf_pack_array(k, 2);
    daf_pack_uint(k, DAF_FRAME_MANIFEST);
    daf_pack_bin(k, scope.b, sizeof(scope.b));
}

static void put_register(struct daf_pack *k)
{
    daf_pack_array(k, 3);
    daf_pack_uint(k, DAF_FRAME_REGISTER);
    daf_pack_bin(k, log_a.author.b, sizeof(log_a.author.b));
    daf_pack_bin(k, scope.b, sizeof(scope.b));
}

static void put_stated(struct daf_pack *k)
{
    daf_frame_pack_stated(k, &(struct daf_stated_list){
                                 DAF_STATED_LIST, blank(2 * DAF_STATED_BYTES)});
}

static void put_have(struct daf_pack *k)
{
    const struct daf_part f = {{{6}}, 512, 0, {scope.b, sizeof(scope.b)}};

    daf_frame_pack_have(k, &f);
}

static void put_chunk(struct daf_pack *k)
{
    const struct daf_part f = {{{6}}, 5, 65536, {scope.b, sizeof(scope.b)}};

    daf_frame_pack_chunk(k, &f);
}

static void put_fetch(struct daf_pack *k)
{
    const struct daf_part f = {.content = {{6}}, .part = 5, .offset = 65536};

    daf_frame_pack_fetch(k, &f);
}

static void put_turn(struct daf_pack *k)
{
    daf_frame_pack_turn(k, 3);
}

static void put_air(struct daf_pack *k)
{
    daf_frame_pack_air(k, &(struct daf_air_told){true, {1, 2}});
}

static void put_cable(struct daf_pack *k)
{
    daf_frame_pack_air(k, &(struct daf_air_told){.is_radio = false});
}

static void put_seek(struct daf_pack *k)
{
    daf_frame_pack_seek(k, blank(3 * sizeof(struct daf_hash)));
}

static void put_knock(struct daf_pack *k)
{
    struct daf_knock f = {.version_min = 2, .version_max = 2, .nonce = {{5}}};

    daf_frame_pack_knock(k, &f);
}

static void put_nonce(struct daf_pack *k)
{
    struct daf_hash nonce = {{5}};

    daf_frame_pack_nonce(k, &nonce);
}

static void put_proof(struct daf_pack *k)
{
    struct daf_proof f = {.manifest = text("manifest"), .cert = text("cert")};

    f.author.b[0] = 1;
    f.sig.b[63] = 2;
    daf_frame_pack_proof(k, &f, false);
}

static void put_welcome(struct daf_pack *k)
{
    struct daf_proof f = {.manifest = text("manifest"), .port = 47047};

    daf_frame_pack_proof(k, &f, true);
}

static void put_revoked(struct daf_pack *k)
{
    const struct daf_revoked f = {text("header"), text("body")};

    daf_frame_pack_revoked(k, &f);
}

static void put_ask(struct daf_pack *k)
{
    const struct daf_ask f = {2, 2, {{1}}, {{2}}};

    daf_frame_pack_ask(k, &f);
}

static void put_offer(struct daf_pack *k)
{
    const struct daf_offer f = {{{1}}, {{2}}, {{3}}};

    daf_frame_pack_offer(k, &f);
}

static void put_reveal(struct daf_pack *k)
{
    const struct daf_reveal f = {{{1}}, text("request")};

    daf_frame_pack_reveal(k, &f);
}

static void put_answer_of_a_porch(struct daf_pack *k)
{
    daf_frame_pack_answer(k, &(struct daf_hash){{5}});
}

static void put_accept(struct daf_pack *k)
{
    const struct daf_accept f = {text("manifest"), text("cert"), 47047};

    daf_frame_pack_accept(k, &f);
}

static void put_decline(struct daf_pack *k)
{
    daf_frame_pack_decline(k, DAF_DECLINE_USED);
}

static const struct {
    enum daf_frame_kind kind;
    const char *name;
    void (*put)(struct daf_pack *k);
} frames[] = {
    {DAF_FRAME_HELLO, "HELLO", put_hello},
    {DAF_FRAME_ROOT, "ROOT", put_root},
    {DAF_FRAME_SYMBOLS, "SYMBOLS", put_symbols},
    {DAF_FRAME_HEADS, "HEADS", put_heads},
    {DAF_FRAME_HEADS, "HEADS", put_news},
    {DAF_FRAME_HEADS, "HEADS", put_unacked},
    {DAF_FRAME_HEADS, "HEADS", put_answer},
    {DAF_FRAME_WANT, "WANT", put_page},
    {DAF_FRAME_WANT, "WANT", put_first_page},
    {DAF_FRAME_WANT, "WANT", put_want},
    {DAF_FRAME_WANT, "WANT", put_want_symbols},
    {DAF_FRAME_RUN, "RUN", put_run},
    {DAF_FRAME_RUN, "RUN", put_empty_path},
    {DAF_FRAME_NEED, "NEED", put_need},
    {DAF_FRAME_DEFER, "DEFER", put_defer},
    {DAF_FRAME_ACK, "ACK", put_ack},
    {DAF_FRAME_ADDRESSES, "ADDRESSES", put_addresses},
    {DAF_FRAME_BYE, "BYE", put_bye},
    {DAF_FRAME_MANIFEST, "MANIFEST", put_manifest},
    {DAF_FRAME_REGISTER, "REGISTER", put_register},
    {DAF_FRAME_HAVE, "HAVE", put_have},
    {DAF_FRAME_CHUNK, "CHUNK", put_chunk},
    {DAF_FRAME_SEEK, "SEEK", put_seek},
    {DAF_FRAME_FETCH, "FETCH", put_fetch},
    {DAF_FRAME_TURN, "TURN", put_turn},
    {DAF_FRAME_AIR, "AIR", put_air},
    {DAF_FRAME_AIR, "AIR", put_cable},
    {DAF_FRAME_STATED, "STATED", put_stated},
    {DAF_FRAME_KNOCK, "KNOCK", put_knock},
    {DAF_FRAME_NONCE, "NONCE", put_nonce},
    {DAF_FRAME_PROOF, "PROOF", put_proof},
    {DAF_FRAME_WELCOME, "WELCOME", put_welcome},
    {DAF_FRAME_REVOKED, "REVOKED", put_revoked},
    {DAF_FRAME_ASK, "ASK", put_ask},
    {DAF_FRAME_OFFER, "OFFER", put_offer},
    {DAF_FRAME_REVEAL, "REVEAL", put_reveal},
    {DAF_FRAME_ANSWER, "ANSWER", put_answer_of_a_porch},
    {DAF_FRAME_ACCEPT, "ACCEPT", put_accept},
    {DAF_FRAME_DECLINE, "DECLINE", put_decline},
};
#define FRAMES_COUNT (sizeof(frames) / sizeof(frames[0]))

/* ---- every frame alike */

static void read_spots(const struct daf_list *list)
{
    struct daf_cursor c = list->items;
    struct daf_spot s;

    for (size_t i = 0; i < list->count; i++)
        daf_frame_next_spot(&c, &s);
}

static void read_paths(const struct daf_run *run)
{
    struct daf_cursor c = run->paths.items;
    struct daf_run_record record;
    struct daf_run_path path;

    for (size_t i = 0; i < run->paths.count; i++) {
        daf_frame_next_path(&c, &run->scope, &path);
        for (size_t j = 0; j < path.records.count; j++)
            daf_frame_next_record(&path.records.items, &record);
    }
}

/* The iterators assert what decoding promised. */
static void read_all(const struct daf_frame *f)
{
    struct daf_root_part part;
    struct daf_want_log want;
    struct daf_addresses_device device;
    struct daf_need_log need;
    struct daf_cursor c;

    if (f->kind == DAF_FRAME_ROOT) {
        c = f->root.parts.items;
        for (size_t i = 0; i < f->root.parts.count; i++)
            daf_frame_next_part(&c, &part);
    } else if (f->kind == DAF_FRAME_WANT) {
        c = f->want.logs.items;
        for (size_t i = 0; i < f->want.logs.count; i++) {
            daf_frame_next_want(&c, &want);
            read_spots(&want.wants);
            read_spots(&want.haves);
        }
    } else if (f->kind == DAF_FRAME_RUN) {
        read_paths(&f->run);
    } else if (f->kind == DAF_FRAME_NEED) {
        c = f->need.logs.items;
        for (size_t i = 0; i < f->need.logs.count; i++) {
            daf_frame_next_need(&c, &f->need.scope, &need);
            read_spots(&need.spots);
        }
    } else if (f->kind == DAF_FRAME_ADDRESSES) {
        c = f->addresses.devices.items;
        for (size_t i = 0; i < f->addresses.devices.count; i++) {
            daf_frame_next_device(&c, &device);
            for (size_t j = 0; j < device.addresses.count; j++)
                (void)daf_frame_next_address(&device.addresses.items);
        }
    }
}

static void every_frame_is_read_as_what_it_is(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAMES_COUNT; i++) {
        struct daf_frame f;
        struct daf_pack k;

        open_room(&k);
        frames[i].put(&k);
        assert_read(&k, &f);
        assert_int_equal(f.kind, frames[i].kind);
        assert_int_equal(f.number, frames[i].kind);
        assert_string_equal(daf_frame_kind_str(f.kind), frames[i].name);
    }
    assert_string_equal(daf_frame_kind_str(DAF_FRAME_UNKNOWN), "UNKNOWN");
}

static void every_truncation_of_every_frame_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAMES_COUNT; i++) {
        struct daf_pack k;

        open_room(&k);
        frames[i].put(&k);
        for (size_t len = 0; len < k.len; len++) {
            /* A block of that size, so that a read beyond it shows. */
            uint8_t *cut = malloc(len > 0 ? len : 1);

            assert_non_null(cut);
            memcpy(cut, room, len);
            assert_refused((struct daf_view){cut, len}, DAF_EFORM);
            free(cut);
        }
    }
}

static void every_frame_has_exactly_its_items(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAMES_COUNT; i++) {
        struct daf_pack k;

        open_room(&k);
        frames[i].put(&k);
        room[0]++; /* says one item more than there are */
        assert_refused(daf_pack_view(&k), DAF_EFORM);
        room[0] -= 2; /* one less */
        assert_refused(daf_pack_view(&k), DAF_EFORM);
        room[0]++;
        daf_pack_nil(&k); /* after the value */
        assert_refused(daf_pack_view(&k), DAF_EFORM);
        room[0]++; /* in it, as an item more */
        assert_refused(daf_pack_view(&k), DAF_EFORM);
    }
}

/* Bits may well flip into another good frame; what was read must hold. */
static void every_flipped_bit_is_survived(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAMES_COUNT; i++) {
        struct daf_pack k;

        open_room(&k);
        frames[i].put(&k);
        for (size_t bit = 0; bit < 8 * k.len; bit++) {
            struct daf_frame f;
            enum daf_err err;

            room[bit / 8] ^= (uint8_t)(1u << bit % 8);
            err = daf_frame_decode(daf_pack_view(&k), &f, NULL);
            assert_true(err == DAF_OK || err == DAF_EFORM || err == DAF_ELIMIT);
            if (err == DAF_OK) read_all(&f);
            room[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
    }
}

static void an_encoder_without_room_says_so(void **state)
{
    (void)state;
    for (size_t i = 0; i < FRAMES_COUNT; i++) {
        struct daf_pack k;
        size_t len;

        open_room(&k);
        frames[i].put(&k);
        len = k.len;
        for (size_t cap = 0; cap < len; cap++) {
            daf_pack_init(&k, room, cap);
            frames[i].put(&k);
            assert_true(k.is_full);
            assert_int_equal(daf_pack_view(&k).len, 0);
        }
    }
}

static void an_unknown_frame_is_skipped_if_it_is_well_formed(void **state)
{
    static const uint64_t numbers[] = {0, 21, 32, 38, UINT64_MAX};
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
        open_room(&k);
        daf_pack_array(&k, 2);
        daf_pack_uint(&k, numbers[i]);
        daf_pack_map(&k, 0);
        assert_read(&k, &f);
        assert_int_equal(f.kind, DAF_FRAME_UNKNOWN);
        assert_true(f.number == numbers[i]);
        k.len--;
        assert_refused(daf_pack_view(&k), DAF_EFORM);
    }
}

static void an_unknown_frame_is_not_nested_deeper_than_others(void **state)
{
    struct daf_frame f;

    (void)state;
    for (size_t depth = DAF_DEPTH_MAX - 1; depth <= DAF_DEPTH_MAX + 1;
         depth++) {
        struct daf_pack k;

        open_room(&k);
        daf_pack_array(&k, 2);
        daf_pack_uint(&k, 99);
        for (size_t i = 2; i < depth; i++)
            daf_pack_array(&k, 1);
        daf_pack_array(&k, 0);
        if (depth <= DAF_DEPTH_MAX)
            assert_read(&k, &f);
        else
            assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    }
}

static void what_is_no_frame_is_refused(void **state)
{
    static const uint8_t no_items[] = {0x90};
    static const uint8_t number_outside[] = {0x90, 0x01};
    static const uint8_t no_number[] = {0x91, 0xc0};
    static const uint8_t negative[] = {0x91, 0xff};
    static const uint8_t longer_form[] = {0x92, 0xcc, 0x0a, 0x00};

    (void)state;
    assert_refused((struct daf_view){NULL, 0}, DAF_EFORM);
    assert_refused((struct daf_view){no_items, 1}, DAF_EFORM);
    assert_refused((struct daf_view){number_outside, 2}, DAF_EFORM);
    assert_refused((struct daf_view){no_number, 2}, DAF_EFORM);
    assert_refused((struct daf_view){negative, 2}, DAF_EFORM);
    assert_refused((struct daf_view){longer_form, 4}, DAF_EFORM);
}

/* ---- sizes */

/* One with a number that nobody knows, of @len bytes altogether. */
static void put_unknown_of(struct daf_pack *k, size_t len)
{
    open_room(k);
    daf_pack_array(k, 3);
    daf_pack_uint(k, 31);
    daf_pack_bin(k, log_a.author.b, sizeof(log_a.author.b));
    daf_pack_bin(k, zeros, len - k->len - 5);
    assert_int_equal(k->len, len);
}

static void a_frame_has_a_largest_size(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_unknown_of(&k, DAF_FRAME_BYTES_MAX - 1);
    assert_read(&k, &f);
    put_unknown_of(&k, DAF_FRAME_BYTES_MAX);
    assert_read(&k, &f);
    put_unknown_of(&k, DAF_FRAME_BYTES_MAX + 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void a_chunk_carries_one_piece_at_most(void **state)
{
    struct daf_part chunk = {{{6}}, 5, 0, {zeros, DAF_PIECE_BYTES_MAX}};
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    daf_frame_pack_chunk(&k, &chunk);
    assert_read(&k, &f);
    chunk.data.len++;
    open_room(&k);
    daf_frame_pack_chunk(&k, &chunk);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void a_part_beyond_all_parts_is_refused(void **state)
{
    struct daf_part fetch = {.part = DAF_CONTENT_PARTS_MAX - 1,
                             .offset = DAF_CHUNK_BYTES_MAX};
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    daf_frame_pack_fetch(&k, &fetch);
    assert_read(&k, &f);
    fetch.offset++;
    open_room(&k);
    daf_frame_pack_fetch(&k, &fetch);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    fetch.offset--;
    fetch.part++;
    open_room(&k);
    daf_frame_pack_fetch(&k, &fetch);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void a_seek_names_whole_contents_and_not_too_many(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    daf_frame_pack_seek(&k, blank((size_t)DAF_SEEK_MAX * 32));
    assert_read(&k, &f);
    assert_int_equal(f.seek.len, DAF_SEEK_MAX * 32);
    open_room(&k);
    daf_frame_pack_seek(&k, blank((size_t)DAF_SEEK_MAX * 32 + 32));
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    open_room(&k);
    daf_frame_pack_seek(&k, blank(33));
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

static void statements_and_lists_of_them_are_bounded(void **state)
{
    const struct daf_author_id author = {{1}};
    struct daf_stated_list list = {DAF_STATED_LIST, {NULL, 0}};
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    list.data = blank((size_t)DAF_STATED_BYTES * DAF_STATEMENTS_MAX);
    open_room(&k);
    daf_frame_pack_stated(&k, &list);
    assert_read(&k, &f);
    assert_int_equal(f.stated.data.len, list.data.len);
    list.data = blank((size_t)DAF_STATED_BYTES * (DAF_STATEMENTS_MAX + 1));
    open_room(&k);
    daf_frame_pack_stated(&k, &list);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    open_room(&k);
    daf_frame_pack_register(&k, &author, blank(DAF_STATEMENT_BYTES_MAX));
    assert_read(&k, &f);
    open_room(&k);
    daf_frame_pack_register(&k, &author, blank(DAF_STATEMENT_BYTES_MAX + 1));
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void put_proof_of(struct daf_pack *k, size_t manifest_len,
                         size_t cert_len)
{
    struct daf_proof f = {.manifest = {zeros, manifest_len},
                          .cert = {zeros, cert_len}};

    open_room(k);
    daf_frame_pack_proof(k, &f, false);
}

static void a_manifest_and_a_certificate_have_a_largest_size(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    for (size_t more = 0; more < 3; more++) {
        put_proof_of(&k, DAF_MANIFEST_BYTES_MAX - 1 + more, 1);
        if (more < 2)
            assert_read(&k, &f);
        else
            assert_refused(daf_pack_view(&k), DAF_ELIMIT);
        put_proof_of(&k, 1, DAF_CERT_BYTES_MAX - 1 + more);
        if (more < 2)
            assert_read(&k, &f);
        else
            assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    }
}

/* R31, checked before anything is read: the largest manifest and the largest
 * certificate come to less. */
static void a_door_frame_is_small(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_proof_of(&k, DAF_MANIFEST_BYTES_MAX, DAF_CERT_BYTES_MAX);
    assert_true(k.len <= DAF_DOOR_BYTES_MAX);
    assert_read(&k, &f);
    memset(room + k.len, 0, DAF_DOOR_BYTES_MAX + 1 - k.len);
    k.len = DAF_DOOR_BYTES_MAX - 1;
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    k.len = DAF_DOOR_BYTES_MAX;
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    k.len = DAF_DOOR_BYTES_MAX + 1;
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void a_proof_without_certificate_says_nil(void **state)
{
    struct daf_frame f;
    struct daf_pack k;
    size_t at;

    (void)state;
    put_proof_of(&k, 8, 0);
    assert_read(&k, &f);
    assert_int_equal(f.proof.cert.len, 0);
    /* The same as an empty bin: a second encoding of the same. */
    at = 2 + 2 + 8;
    assert_int_equal(room[at], 0xc0);
    memmove(room + at + 2, room + at + 1, k.len - at - 1);
    room[at] = 0xc4;
    room[at + 1] = 0;
    k.len++;
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

/* ---- greetings */

static void greetings_say_what_they_were_told(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    put_hello(&k);
    assert_read(&k, &f);
    assert_int_equal(f.hello.version_min, 2);
    assert_int_equal(f.hello.version_max, 7);
    assert_int_equal(f.hello.nonce.b[0], 9);
    assert_int_equal(f.hello.boot[15], 8);
    open_room(&k);
    put_knock(&k);
    assert_read(&k, &f);
    assert_int_equal(f.knock.nonce.b[0], 5);
    assert_int_equal(f.knock.version_min, 2);
    assert_int_equal(f.knock.version_max, 2);
    open_room(&k);
    put_nonce(&k);
    assert_read(&k, &f);
    assert_int_equal(f.nonce.b[0], 5);
    open_room(&k);
    put_bye(&k);
    assert_read(&k, &f);
    assert_int_equal(f.bye, DAF_BYE_FAILURE);
    open_room(&k);
    put_welcome(&k);
    assert_read(&k, &f);
    assert_int_equal(f.proof.port, 47047);
    assert_memory_equal(f.proof.manifest.p, "manifest", 8);
    open_room(&k);
    put_revoked(&k);
    assert_read(&k, &f);
    assert_int_equal(f.revoked.header.len, 6);
    assert_memory_equal(f.revoked.header.p, "header", 6);
    assert_memory_equal(f.revoked.body.p, "body", 4);
}

static enum daf_err decode_revoked(size_t header, size_t body)
{
    const struct daf_revoked r = {{zeros, header}, {zeros, body}};
    struct daf_frame f;
    struct daf_pack k;

    open_room(&k);
    daf_frame_pack_revoked(&k, &r);
    return daf_frame_decode(daf_pack_view(&k), &f, NULL);
}

static void a_revocation_fits_a_door_frame_or_is_refused(void **state)
{
    const size_t header = DAF_HEADER_BYTES_MAX;

    (void)state;
    assert_int_equal(decode_revoked(0, 0), DAF_OK); /* no record: not ours */
    assert_int_equal(decode_revoked(header + 1, 9), DAF_ELIMIT);
    assert_int_equal(decode_revoked(header, DAF_REVOKED_BYTES_MAX - header),
                     DAF_OK);
    assert_int_equal(decode_revoked(header, DAF_REVOKED_BYTES_MAX - header + 1),
                     DAF_ELIMIT);
}

static void versions_are_a_range(void **state)
{
    struct daf_hello hello = {.version_min = 3, .version_max = 3};
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    daf_frame_pack_hello(&k, &hello);
    assert_read(&k, &f);
    hello.version_max = 2;
    open_room(&k);
    daf_frame_pack_hello(&k, &hello);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

static void put_port(struct daf_pack *k, uint64_t port)
{
    open_room(k);
    put_welcome(k);
    k->len -= 3; /* 47047 and its type byte */
    daf_pack_uint(k, port);
}

static void a_port_has_sixteen_bits(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_port(&k, 65535);
    assert_read(&k, &f);
    assert_int_equal(f.proof.port, 65535);
    put_port(&k, 65536);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

/* ---- ROOT */

static void put_parts(struct daf_pack *k, size_t count)
{
    struct daf_root f = {.manifest_number = 1};
    struct daf_root_part part = {.heads_count = 0};
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_root(k, &f);
    for (size_t i = 0; i < count; i++) {
        part.scope.b[0] = (uint8_t)i;
        part.heads_count = i;
        part.sum.b[15] = (uint8_t)i;
        daf_frame_add_part(k, &part);
    }
    daf_frame_end(k, mark, count, false);
}

static void root_lists_its_scopes(void **state)
{
    struct daf_root_part part;
    struct daf_frame f;
    struct daf_pack k;
    struct daf_cursor c;

    (void)state;
    put_parts(&k, 3);
    assert_read(&k, &f);
    assert_int_equal(f.root.parts.count, 3);
    c = f.root.parts.items;
    for (size_t i = 0; i < f.root.parts.count; i++) {
        daf_frame_next_part(&c, &part);
        assert_int_equal(part.scope.b[0], i);
        assert_int_equal(part.heads_count, i);
        assert_int_equal(part.sum.b[15], i);
    }
    assert_true(daf_cursor_done(&c));
}

static void root_lists_so_many_scopes_and_not_more(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_parts(&k, 0);
    assert_read(&k, &f);
    put_parts(&k, DAF_SCOPES_MAX - 1);
    assert_read(&k, &f);
    put_parts(&k, DAF_SCOPES_MAX);
    assert_read(&k, &f);
    put_parts(&k, DAF_SCOPES_MAX + 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void put_two_parts(struct daf_pack *k, uint8_t first, uint8_t second)
{
    struct daf_root f = {.manifest_number = 1};
    struct daf_root_part part = {.scope = {{first}}};
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_root(k, &f);
    daf_frame_add_part(k, &part);
    part.scope.b[0] = second;
    daf_frame_add_part(k, &part);
    daf_frame_end(k, mark, 2, false);
}

static void root_lists_each_scope_once_and_in_order(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_two_parts(&k, 1, 2);
    assert_read(&k, &f);
    put_two_parts(&k, 2, 2);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_two_parts(&k, 2, 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

static void root_says_what_it_was_told(void **state)
{
    struct daf_root_part part;
    struct daf_frame f;
    struct daf_pack k;
    struct daf_cursor c;

    (void)state;
    open_room(&k);
    put_root(&k);
    assert_read(&k, &f);
    assert_int_equal(f.root.manifest_number, 3);
    assert_true(f.root.bodies == DAF_INT_MAX);
    for (size_t i = 0; i < sizeof(f.root.combined.b); i++)
        assert_int_equal(f.root.combined.b[i], 0xc2);
    assert_int_equal(f.root.parts.count, 2);
    c = f.root.parts.items;
    daf_frame_next_part(&c, &part);
    assert_int_equal(part.symbols.len, 0);
    assert_int_equal(part.deferred.len, 2 * DAF_TAG_BYTES);
    daf_frame_next_part(&c, &part);
    assert_int_equal(part.sum.b[15], 5);
    assert_int_equal(part.heads_count, 2);
    assert_int_equal(part.symbols.len, DAF_ROOT_SYMBOLS * DAF_SYMBOL_BYTES);
    assert_int_equal(part.deferred.len, 0);
    assert_true(daf_cursor_done(&c));
}

/* A ROOT with this number of bodies. */
static void put_bodies(struct daf_pack *k, uint64_t bodies)
{
    const struct daf_root f = {.bodies = bodies};
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_root(k, &f);
    daf_frame_end(k, mark, 0, false);
}

static void the_number_of_bodies_fits_the_store(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_bodies(&k, 0);
    assert_read(&k, &f);
    put_bodies(&k, DAF_INT_MAX - 1);
    assert_read(&k, &f);
    put_bodies(&k, DAF_INT_MAX);
    assert_read(&k, &f);
    put_bodies(&k, (uint64_t)DAF_INT_MAX + 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

/* A ROOT of one part with so many bytes of symbols and of tags. */
static void put_part(struct daf_pack *k, size_t symbols, size_t deferred)
{
    const struct daf_root f = {.manifest_number = 1};
    const struct daf_root_part part = {.symbols = blank(symbols),
                                       .deferred = blank(deferred)};
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_root(k, &f);
    daf_frame_add_part(k, &part);
    daf_frame_end(k, mark, 1, false);
}

static void a_part_has_symbols_and_tags_within_bounds(void **state)
{
    const size_t symbols = 32 * (size_t)DAF_SYMBOL_BYTES;
    const size_t tags = (size_t)DAF_DEFERRED_MAX * DAF_TAG_BYTES;
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_part(&k, symbols - DAF_SYMBOL_BYTES, tags - DAF_TAG_BYTES);
    assert_read(&k, &f);
    put_part(&k, symbols, tags);
    assert_read(&k, &f);
    put_part(&k, symbols + DAF_SYMBOL_BYTES, tags);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    put_part(&k, symbols, tags + DAF_TAG_BYTES);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    put_part(&k, symbols + 1, 0);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    put_part(&k, symbols - 1, 0);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_part(&k, 1, 0);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_part(&k, 0, tags - 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_part(&k, 0, 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

static void the_largest_root_is_a_frame(void **state)
{
    const struct daf_root f = {.bodies = DAF_INT_MAX};
    struct daf_root_part part = {.heads_count = DAF_INT_MAX};
    struct daf_frame out;
    struct daf_pack k;
    size_t mark;

    (void)state;
    part.symbols = blank(32 * (size_t)DAF_SYMBOL_BYTES);
    part.deferred = blank((size_t)DAF_DEFERRED_MAX * DAF_TAG_BYTES);
    open_room(&k);
    mark = daf_frame_begin_root(&k, &f);
    for (uint8_t i = 0; i < DAF_SCOPES_MAX; i++) {
        part.scope.b[0] = i;
        daf_frame_add_part(&k, &part);
    }
    daf_frame_end(&k, mark, DAF_SCOPES_MAX, false);
    assert_read(&k, &out);
    assert_int_equal(out.root.parts.count, DAF_SCOPES_MAX);
}

/* ---- SYMBOLS */

static void put_symbols_of(struct daf_pack *k, uint64_t start, size_t len)
{
    const struct daf_symbols f = {.scope = scope,
                                  .start = start,
                                  .symbols = blank(len)};

    open_room(k);
    daf_frame_pack_symbols(k, &f);
}

static void symbols_come_back_as_they_were(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    put_symbols(&k);
    assert_read(&k, &f);
    assert_memory_equal(f.symbols.scope.b, scope.b, sizeof(scope.b));
    assert_int_equal(f.symbols.start, 40);
    assert_int_equal(f.symbols.symbols.len, 2 * DAF_SYMBOL_BYTES);
    put_symbols_of(&k, 0, 0); /* of a scope that is not common (R22) */
    assert_read(&k, &f);
    assert_int_equal(f.symbols.symbols.len, 0);
}

static void symbols_are_whole_and_end_where_a_sketch_may(void **state)
{
    const size_t all = (size_t)DAF_SYMBOLS_MAX * DAF_SYMBOL_BYTES;
    const size_t one = DAF_SYMBOL_BYTES;
    const struct {
        uint64_t start;
        size_t len;
        enum daf_err wanted;
    } table[] = {
        {0, all - one, DAF_OK},
        {0, all, DAF_OK},
        {1, all - one, DAF_OK},
        {DAF_SYMBOLS_MAX - 1, one, DAF_OK},
        {DAF_SYMBOLS_MAX, 0, DAF_OK},
        {0, all + one, DAF_ELIMIT},
        {1, all, DAF_ELIMIT},
        {DAF_SYMBOLS_MAX - 1, 2 * one, DAF_ELIMIT},
        {DAF_SYMBOLS_MAX, one, DAF_ELIMIT},
        {DAF_SYMBOLS_MAX, 1, DAF_ELIMIT},
        {DAF_SYMBOLS_MAX + 1, 0, DAF_ELIMIT},
        {UINT64_MAX, one, DAF_ELIMIT},
        {UINT64_MAX, 0, DAF_ELIMIT},
        {0, one - 1, DAF_EFORM},
        {0, one + 1, DAF_EFORM},
        {0, all - 1, DAF_EFORM},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct daf_frame f;
        struct daf_pack k;

        put_symbols_of(&k, table[i].start, table[i].len);
        if (table[i].wanted == DAF_OK)
            assert_read(&k, &f);
        else
            assert_refused(daf_pack_view(&k), table[i].wanted);
    }
}

/* ---- HEADS */

static void heads_of_every_kind_come_back_as_they_were(void **state)
{
    static const uint8_t tags[] = {1, 2, 3};

    (void)state;
    for (unsigned i = 0; i < 8; i++) {
        enum daf_heads_kind kind = (enum daf_heads_kind)(i / 2);
        struct daf_frame f;
        struct daf_item item;
        struct daf_pack k;

        open_room(&k);
        put_items(&k, kind, i % 2 == 1, items_of(tags, 3));
        assert_read(&k, &f);
        assert_memory_equal(f.heads.scope.b, scope.b, sizeof(scope.b));
        assert_int_equal(f.heads.kind, kind);
        assert_int_equal(f.heads.more, i % 2 == 1);
        assert_int_equal(f.heads.count, 3);
        assert_int_equal(f.heads.items.len, 3 * DAF_ITEM_BYTES);
        memcpy(item.b, f.heads.items.p + (size_t)2 * DAF_ITEM_BYTES,
               sizeof(item.b));
        assert_int_equal(daf_sketch_item_tag(&item).b[0], 3);
        assert_int_equal(daf_sketch_item_height(&item), 9);
    }
}

static void heads_are_of_one_of_four_kinds(void **state)
{
    size_t kind_at = 1 + 1 + 2 + 16;
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    put_answer(&k);
    assert_int_equal(room[kind_at], DAF_HEADS_ANSWER);
    assert_read(&k, &f);
    room[kind_at] = 4;
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    room[kind_at] = 0x7f;
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    room[kind_at] = 0xff; /* -1 */
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    room[kind_at] = 0xc2; /* what version 1 had there */
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

static void put_items_of(struct daf_pack *k, enum daf_heads_kind kind,
                         size_t len)
{
    open_room(k);
    put_items(k, kind, false, blank(len));
}

static void items_are_whole_and_not_too_many(void **state)
{
    const size_t all = (size_t)DAF_ITEMS_MAX * DAF_ITEM_BYTES;

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        enum daf_heads_kind kind = (enum daf_heads_kind)i;
        struct daf_frame f;
        struct daf_pack k;

        put_items_of(&k, kind, 0);
        assert_read(&k, &f);
        assert_int_equal(f.heads.count, 0);
        put_items_of(&k, kind, all - DAF_ITEM_BYTES);
        assert_read(&k, &f);
        put_items_of(&k, kind, all);
        assert_read(&k, &f);
        assert_int_equal(f.heads.count, DAF_ITEMS_MAX);
        put_items_of(&k, kind, all + DAF_ITEM_BYTES);
        assert_refused(daf_pack_view(&k), DAF_ELIMIT);
        put_items_of(&k, kind, all - 1);
        assert_refused(daf_pack_view(&k), DAF_EFORM);
        put_items_of(&k, kind, DAF_ITEM_BYTES - 1);
        assert_refused(daf_pack_view(&k), DAF_EFORM);
        put_items_of(&k, kind, DAF_ITEM_BYTES + 1);
        assert_refused(daf_pack_view(&k), DAF_EFORM);
    }
}

static void only_a_page_must_ascend(void **state)
{
    static const uint8_t tags[][4] = {{1, 2, 3, 3},
                                      {1, 3, 2, 4},
                                      {2, 1, 3, 4},
                                      {1, 2, 4, 3}};

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        for (unsigned kind = 0; kind < 4; kind++) {
            struct daf_frame f;
            struct daf_pack k;

            open_room(&k);
            put_items(&k, (enum daf_heads_kind)kind, false,
                      items_of(tags[i], 4));
            /* Two logs may have one tag. */
            if (i == 0 || kind != DAF_HEADS_PAGE)
                assert_read(&k, &f);
            else
                assert_refused(daf_pack_view(&k), DAF_EFORM);
        }
    }
}

/* What comes after the tag has no part in the order; the tag's last byte has. */
static void a_page_ascends_by_the_whole_tag_and_nothing_else(void **state)
{
    uint8_t items[2 * DAF_ITEM_BYTES] = {0};
    struct daf_view both = {items, sizeof(items)};
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    items[DAF_TAG_BYTES] = 9; /* the first is the higher */
    open_room(&k);
    put_items(&k, DAF_HEADS_PAGE, false, both);
    assert_read(&k, &f);
    items[DAF_TAG_BYTES - 1] = 1;
    open_room(&k);
    put_items(&k, DAF_HEADS_PAGE, false, both);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    items[DAF_ITEM_BYTES + DAF_TAG_BYTES - 1] = 2;
    open_room(&k);
    put_items(&k, DAF_HEADS_PAGE, false, both);
    assert_read(&k, &f);
}

/* ---- WANT */

static void a_want_of_a_page_begins_after_a_tag_or_at_the_start(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    put_page(&k);
    assert_read(&k, &f);
    assert_int_equal(f.want.kind, DAF_WANT_PAGE);
    assert_true(f.want.has_after);
    assert_memory_equal(f.want.after.b, tag_a.b, sizeof(tag_a.b));
    assert_memory_equal(f.want.scope.b, scope.b, 16);
    open_room(&k);
    put_first_page(&k);
    assert_read(&k, &f);
    assert_int_equal(f.want.kind, DAF_WANT_PAGE);
    assert_false(f.want.has_after);
}

static void a_tag_has_eight_bytes(void **state)
{
    (void)state;
    for (size_t len = 0; len <= 16; len++) {
        struct daf_frame f;
        struct daf_pack k;

        open_room(&k);
        daf_pack_array(&k, 4);
        daf_pack_uint(&k, DAF_FRAME_WANT);
        daf_pack_bin(&k, scope.b, sizeof(scope.b));
        daf_pack_uint(&k, DAF_WANT_PAGE);
        daf_pack_bin(&k, zeros, len);
        if (len == DAF_TAG_BYTES)
            assert_read(&k, &f);
        else
            assert_refused(daf_pack_view(&k), DAF_EFORM);
    }
}

static void a_want_of_symbols_ends_where_a_sketch_may(void **state)
{
    static const struct {
        uint64_t start, count;
        bool is_good;
    } table[] = {
        {0, 0, true},
        {0, DAF_SYMBOLS_MAX - 1, true},
        {0, DAF_SYMBOLS_MAX, true},
        {0, DAF_SYMBOLS_MAX + 1, false},
        {1, DAF_SYMBOLS_MAX - 1, true},
        {1, DAF_SYMBOLS_MAX, false},
        {DAF_SYMBOLS_MAX, 0, true},
        {DAF_SYMBOLS_MAX, 1, false},
        {DAF_SYMBOLS_MAX + 1, 0, false},
        {UINT64_MAX, 1, false},
        {1, UINT64_MAX, false},
        {UINT64_MAX - 1, 2, false},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
        struct daf_frame f;
        struct daf_pack k;

        open_room(&k);
        daf_frame_pack_want_symbols(&k, &scope, table[i].start, table[i].count);
        if (!table[i].is_good) {
            assert_refused(daf_pack_view(&k), DAF_ELIMIT);
            continue;
        }
        assert_read(&k, &f);
        assert_int_equal(f.want.kind, DAF_WANT_SYMBOLS);
        assert_int_equal(f.want.start, table[i].start);
        assert_int_equal(f.want.count, table[i].count);
    }
}

static void a_want_of_records_comes_back_as_it_was(void **state)
{
    struct daf_want_log want;
    struct daf_spot s;
    struct daf_frame f;
    struct daf_pack k;
    struct daf_cursor c;
    struct daf_cursor spots;

    (void)state;
    open_room(&k);
    put_want(&k);
    assert_read(&k, &f);
    assert_int_equal(f.want.kind, DAF_WANT_RECORDS);
    assert_int_equal(f.want.credit, 0xc2);
    assert_int_equal(f.want.logs.count, 2);
    c = f.want.logs.items;
    daf_frame_next_want(&c, &want);
    assert_memory_equal(want.tag.b, tag_a.b, sizeof(tag_a.b));
    assert_true(want.all);
    assert_int_equal(want.wants.count, 2);
    assert_int_equal(want.haves.count, 1);
    spots = want.wants.items;
    daf_frame_next_spot(&spots, &s);
    assert_int_equal(s.seq, 5);
    daf_frame_next_spot(&spots, &s);
    assert_int_equal(s.seq, 4);
    spots = want.haves.items;
    daf_frame_next_spot(&spots, &s);
    assert_int_equal(s.seq, 1);
    daf_frame_next_want(&c, &want);
    assert_memory_equal(want.tag.b, tag_b.b, sizeof(tag_b.b));
    assert_false(want.all);
    assert_int_equal(want.wants.count, 0);
    assert_int_equal(want.haves.count, 0);
    assert_true(daf_cursor_done(&c));
}

static void put_wants(struct daf_pack *k, size_t wants, size_t haves)
{
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_want(k, &scope, 1000);
    daf_pack_array(k, 4);
    daf_pack_bin(k, tag_a.b, sizeof(tag_a.b));
    put_spots(k, wants);
    put_spots(k, haves);
    daf_pack_bool(k, false);
    daf_frame_end(k, mark, 1, false);
}

static void wants_and_haves_have_bounds(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_wants(&k, 0, 0); /* the tips are understood */
    assert_read(&k, &f);
    put_wants(&k, 0, 1);
    assert_read(&k, &f);
    put_wants(&k, 1, 0);
    assert_read(&k, &f);
    put_wants(&k, DAF_WANTS_MAX - 1, DAF_HAVES_MAX - 1);
    assert_read(&k, &f);
    put_wants(&k, DAF_WANTS_MAX, DAF_HAVES_MAX);
    assert_read(&k, &f);
    put_wants(&k, DAF_WANTS_MAX + 1, 0);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    put_wants(&k, 1, DAF_HAVES_MAX + 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void a_seq_is_at_least_one_and_fits_the_store(void **state)
{
    static const uint64_t seqs[] = {0, 1, DAF_INT_MAX,
                                    (uint64_t)DAF_INT_MAX + 1};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        const struct daf_spot s = spot(seqs[i % 4], 1);
        struct daf_frame f;
        struct daf_pack k;
        size_t mark;

        open_room(&k);
        if (i < 4) {
            mark = daf_frame_begin_want(&k, &scope, 1);
            daf_frame_add_want(&k, &tag_a, &s, 1, &s, 1, false);
        } else {
            mark = daf_frame_begin_need(&k, &scope);
            daf_frame_add_need(&k, &log_a, &s, 1);
        }
        daf_frame_end(&k, mark, 1, false);
        if (i % 4 == 0)
            assert_refused(daf_pack_view(&k), DAF_EFORM);
        else if (i % 4 == 3)
            assert_refused(daf_pack_view(&k), DAF_ELIMIT);
        else
            assert_read(&k, &f);
    }
}

static void a_want_is_of_one_kind(void **state)
{
    struct daf_pack k;
    size_t kind_at = 1 + 1 + 2 + 16;

    (void)state;
    open_room(&k);
    put_want(&k);
    assert_int_equal(room[kind_at], 1);
    room[kind_at] = 0;
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    room[kind_at] = 2;
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    room[kind_at] = 3;
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    room[kind_at] = 0x7f;
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    open_room(&k);
    put_first_page(&k);
    room[kind_at] = 1;
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    room[kind_at] = 2;
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    open_room(&k);
    put_want_symbols(&k);
    room[kind_at] = 0;
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    room[kind_at] = 1;
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

/* ---- RUN */

static void a_run_comes_back_as_it_was(void **state)
{
    struct daf_run_record r;
    struct daf_run_path path;
    struct daf_frame f;
    struct daf_pack k;
    struct daf_cursor c;
    struct daf_cursor records;

    (void)state;
    open_room(&k);
    put_run(&k);
    assert_read(&k, &f);
    assert_true(f.run.last);
    assert_int_equal(f.run.paths.count, 2);
    c = f.run.paths.items;
    daf_frame_next_path(&c, &f.run.scope, &path);
    assert_int_equal(path.records.count, 2);
    records = path.records.items;
    daf_frame_next_record(&records, &r);
    assert_memory_equal(r.header.p, "header", 6);
    assert_int_equal(r.body_state, DAF_BODY_HELD);
    assert_int_equal(r.body.len, 4);
    assert_memory_equal(r.body.p, "body", 4);
    daf_frame_next_record(&records, &r);
    assert_int_equal(r.body_state, DAF_BODY_RETIRED);
    assert_int_equal(r.body.len, 0);
    daf_frame_next_path(&c, &f.run.scope, &path);
    assert_int_equal(path.log.incarnation, 1);
    records = path.records.items;
    daf_frame_next_record(&records, &r);
    assert_int_equal(r.body_state, DAF_BODY_HELD);
    assert_int_equal(r.body.len, 0);
    assert_true(daf_cursor_done(&c));
}

/* A RUN of one path whose record has this reason instead of a body. */
static void put_reason(struct daf_pack *k, uint64_t reason)
{
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_run(k, &scope);
    daf_pack_array(k, 3);
    put_log(k, &log_a);
    daf_pack_array(k, 1);
    daf_pack_array(k, 2);
    daf_pack_bin(k, scope.b, sizeof(scope.b));
    daf_pack_uint(k, reason);
    daf_frame_end(k, mark, 1, false);
}

static void a_missing_body_has_one_of_three_reasons(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_reason(&k, 0);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    for (uint64_t reason = 1; reason <= 3; reason++) {
        put_reason(&k, reason);
        assert_read(&k, &f);
        assert_false(f.run.last);
    }
    put_reason(&k, 4);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

/* A RUN of one path of so many records of these sizes. */
static void put_records(struct daf_pack *k, size_t count, size_t header_len,
                        size_t body_len)
{
    struct daf_stored r = {.header = {zeros, header_len},
                           .body = {zeros, body_len}};
    size_t mark;
    size_t path;

    open_room(k);
    mark = daf_frame_begin_run(k, &scope);
    path = daf_frame_begin_path(k, &log_a);
    for (size_t i = 0; i < count; i++)
        daf_frame_add_record(k, &r);
    daf_pack_close(k, path, count);
    daf_frame_end(k, mark, 1, false);
}

static void a_path_has_records_within_bounds(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_records(&k, 0, 1, 1); /* "say more" */
    assert_read(&k, &f);
    put_records(&k, DAF_PATH_RECORDS_MAX - 1, 1, 1);
    assert_read(&k, &f);
    put_records(&k, DAF_PATH_RECORDS_MAX, 1, 1);
    assert_read(&k, &f);
    put_records(&k, DAF_PATH_RECORDS_MAX + 1, 1, 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void headers_and_bodies_have_largest_sizes(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_records(&k, 1, DAF_HEADER_BYTES_MAX - 1, DAF_BODY_BYTES_MAX - 1);
    assert_read(&k, &f);
    put_records(&k, 1, DAF_HEADER_BYTES_MAX, DAF_BODY_BYTES_MAX);
    assert_read(&k, &f);
    put_records(&k, 1, DAF_HEADER_BYTES_MAX + 1, 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    put_records(&k, 1, 1, DAF_BODY_BYTES_MAX + 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

/* ---- ACK, NEED, DEFER */

static void put_ack_of(struct daf_pack *k, uint64_t first, uint64_t last)
{
    struct daf_ack_path path = {.log = log_a, .seq_first = first};
    size_t mark;

    path.last = spot(last, 7);
    open_room(k);
    mark = daf_frame_begin_ack(k, &scope);
    daf_frame_add_ack(k, &path);
    daf_frame_end(k, mark, 1, false);
}

static void an_ack_names_a_path_forwards(void **state)
{
    struct daf_ack_path path;
    struct daf_frame f;
    struct daf_pack k;
    struct daf_cursor c;

    (void)state;
    put_ack_of(&k, 2, 2);
    assert_read(&k, &f);
    assert_int_equal(f.ack.paths.count, 1);
    c = f.ack.paths.items;
    daf_frame_next_ack(&c, &f.ack.scope, &path);
    assert_int_equal(path.seq_first, 2);
    assert_int_equal(path.last.seq, 2);
    assert_int_equal(path.last.id.b[1], 7);
    assert_memory_equal(path.log.scope.b, scope.b, sizeof(scope.b));
    put_ack_of(&k, 3, 2);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_ack_of(&k, 0, 2);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

static void a_flag_touches_only_frames_that_have_one(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    put_ack(&k); /* its scope ends with what a false looks like */
    assert_read(&k, &f);
    assert_int_equal(f.ack.scope.b[15], 0xc2);
    open_room(&k);
    put_root(&k);
    assert_read(&k, &f);
    assert_int_equal(f.root.manifest_mark[15], 0xc2);
}

static void a_path_without_records_says_more(void **state)
{
    struct daf_run_path path;
    struct daf_frame f;
    struct daf_pack k;
    struct daf_cursor c;

    (void)state;
    open_room(&k);
    put_empty_path(&k);
    assert_read(&k, &f);
    assert_false(f.run.last);
    assert_int_equal(f.run.paths.count, 1);
    c = f.run.paths.items;
    daf_frame_next_path(&c, &f.run.scope, &path);
    assert_memory_equal(path.log.author.b, log_a.author.b, 16);
    assert_memory_equal(path.log.scope.b, scope.b, 16);
    assert_true(path.log.incarnation == UINT64_MAX);
    assert_int_equal(path.records.count, 0);
    assert_true(daf_cursor_done(&c));
}

static void need_comes_back_as_it_was(void **state)
{
    struct daf_need_log need;
    struct daf_frame f;
    struct daf_pack k;
    struct daf_cursor c;
    struct daf_spot s;

    (void)state;
    open_room(&k);
    put_need(&k);
    assert_read(&k, &f);
    assert_int_equal(f.need.logs.count, 2);
    c = f.need.logs.items;
    daf_frame_next_need(&c, &f.need.scope, &need);
    assert_memory_equal(need.log.scope.b, scope.b, sizeof(scope.b));
    assert_memory_equal(need.log.author.b, log_a.author.b, 16);
    assert_true(need.log.incarnation == UINT64_MAX);
    assert_int_equal(need.spots.count, 2);
    daf_frame_next_spot(&need.spots.items, &s);
    assert_int_equal(s.seq, 5);
    daf_frame_next_spot(&need.spots.items, &s);
    assert_int_equal(s.seq, 4);
    assert_int_equal(s.id.b[1], 4);
    daf_frame_next_need(&c, &f.need.scope, &need);
    assert_int_equal(need.log.incarnation, 1);
    assert_int_equal(need.spots.count, 1);
    assert_true(daf_cursor_done(&c));
}

/* A NEED of so many logs, and of so many records in each and in the last. */
static void put_needs(struct daf_pack *k, size_t logs, size_t each, size_t last)
{
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_need(k, &scope);
    for (size_t i = 0; i < logs; i++) {
        daf_pack_array(k, 3);
        put_log(k, &log_a);
        put_spots(k, i + 1 < logs ? each : last);
    }
    daf_frame_end(k, mark, logs, false);
}

static void need_names_records_within_bounds(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_needs(&k, 0, 0, 0);
    assert_read(&k, &f);
    put_needs(&k, 2, 1, 0); /* none of a log */
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_needs(&k, 1, 0, DAF_NEED_MAX - 1);
    assert_read(&k, &f);
    put_needs(&k, 1, 0, DAF_NEED_MAX);
    assert_read(&k, &f);
    put_needs(&k, 1, 0, DAF_NEED_MAX + 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    put_needs(&k, DAF_NEED_MAX, 1, 1);
    assert_read(&k, &f);
    put_needs(&k, DAF_NEED_MAX + 1, 1, 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    /* In all, not in each. */
    put_needs(&k, 3, DAF_NEED_MAX / 2, 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_needs(&k, 3, DAF_NEED_MAX / 2 - 1, 2);
    assert_read(&k, &f);
    put_needs(&k, 3, DAF_NEED_MAX / 2 - 1, 3);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

static void put_tags(struct daf_pack *k, size_t len)
{
    const struct daf_defer f = {.scope = scope, .tags = blank(len)};

    open_room(k);
    daf_frame_pack_defer(k, &f);
}

static void defer_names_whole_tags_within_bounds(void **state)
{
    const size_t all = (size_t)DAF_DEFERRED_MAX * DAF_TAG_BYTES;
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    put_defer(&k);
    assert_read(&k, &f);
    assert_int_equal(f.defer.tags.len, 3 * DAF_TAG_BYTES);
    assert_memory_equal(f.defer.scope.b, scope.b, sizeof(scope.b));
    put_tags(&k, 0);
    assert_read(&k, &f);
    put_tags(&k, all - DAF_TAG_BYTES);
    assert_read(&k, &f);
    put_tags(&k, all);
    assert_read(&k, &f);
    put_tags(&k, all + DAF_TAG_BYTES);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    put_tags(&k, all - 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_tags(&k, 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_frame_is_read_as_what_it_is),
        cmocka_unit_test(every_truncation_of_every_frame_is_refused),
        cmocka_unit_test(every_frame_has_exactly_its_items),
        cmocka_unit_test(every_flipped_bit_is_survived),
        cmocka_unit_test(an_encoder_without_room_says_so),
        cmocka_unit_test(an_unknown_frame_is_skipped_if_it_is_well_formed),
        cmocka_unit_test(an_unknown_frame_is_not_nested_deeper_than_others),
        cmocka_unit_test(what_is_no_frame_is_refused),
        cmocka_unit_test(a_frame_has_a_largest_size),
        cmocka_unit_test(a_chunk_carries_one_piece_at_most),
        cmocka_unit_test(a_part_beyond_all_parts_is_refused),
        cmocka_unit_test(a_seek_names_whole_contents_and_not_too_many),
        cmocka_unit_test(statements_and_lists_of_them_are_bounded),
        cmocka_unit_test(a_manifest_and_a_certificate_have_a_largest_size),
        cmocka_unit_test(a_door_frame_is_small),
        cmocka_unit_test(a_proof_without_certificate_says_nil),
        cmocka_unit_test(greetings_say_what_they_were_told),
        cmocka_unit_test(a_revocation_fits_a_door_frame_or_is_refused),
        cmocka_unit_test(versions_are_a_range),
        cmocka_unit_test(a_port_has_sixteen_bits),
        cmocka_unit_test(root_lists_its_scopes),
        cmocka_unit_test(root_lists_so_many_scopes_and_not_more),
        cmocka_unit_test(root_lists_each_scope_once_and_in_order),
        cmocka_unit_test(root_says_what_it_was_told),
        cmocka_unit_test(the_number_of_bodies_fits_the_store),
        cmocka_unit_test(a_part_has_symbols_and_tags_within_bounds),
        cmocka_unit_test(the_largest_root_is_a_frame),
        cmocka_unit_test(symbols_come_back_as_they_were),
        cmocka_unit_test(symbols_are_whole_and_end_where_a_sketch_may),
        cmocka_unit_test(heads_of_every_kind_come_back_as_they_were),
        cmocka_unit_test(heads_are_of_one_of_four_kinds),
        cmocka_unit_test(items_are_whole_and_not_too_many),
        cmocka_unit_test(only_a_page_must_ascend),
        cmocka_unit_test(a_page_ascends_by_the_whole_tag_and_nothing_else),
        cmocka_unit_test(a_want_of_a_page_begins_after_a_tag_or_at_the_start),
        cmocka_unit_test(a_tag_has_eight_bytes),
        cmocka_unit_test(a_want_of_symbols_ends_where_a_sketch_may),
        cmocka_unit_test(a_want_of_records_comes_back_as_it_was),
        cmocka_unit_test(wants_and_haves_have_bounds),
        cmocka_unit_test(a_seq_is_at_least_one_and_fits_the_store),
        cmocka_unit_test(a_want_is_of_one_kind),
        cmocka_unit_test(a_run_comes_back_as_it_was),
        cmocka_unit_test(a_missing_body_has_one_of_three_reasons),
        cmocka_unit_test(a_path_has_records_within_bounds),
        cmocka_unit_test(headers_and_bodies_have_largest_sizes),
        cmocka_unit_test(an_ack_names_a_path_forwards),
        cmocka_unit_test(a_flag_touches_only_frames_that_have_one),
        cmocka_unit_test(a_path_without_records_says_more),
        cmocka_unit_test(need_comes_back_as_it_was),
        cmocka_unit_test(need_names_records_within_bounds),
        cmocka_unit_test(defer_names_whole_tags_within_bounds),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
