/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frame.h"
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
    struct daf_hello f = {.version_min = 1, .version_max = 7};

    f.nonce.b[0] = 9;
    f.boot[15] = 8;
    daf_frame_pack_hello(k, &f);
}

static void put_root(struct daf_pack *k)
{
    struct daf_root f = {.manifest_number = 3};
    struct daf_root_part part = {.heads_count = 2};
    size_t mark;

    f.author.b[0] = 0xc2; /* looks like the flag that HEADS has */
    memset(f.manifest_hash.b, 0xc2, sizeof(f.manifest_hash.b));
    mark = daf_frame_begin_root(k, &f);
    part.scope.b[0] = 1;
    daf_frame_add_part(k, &part);
    part.scope.b[0] = 2;
    part.symbols = text("symbols");
    daf_frame_add_part(k, &part);
    daf_frame_end(k, mark, 2, true);
}

static void put_symbols(struct daf_pack *k)
{
    daf_pack_array(k, 4);
    daf_pack_uint(k, DAF_FRAME_SYMBOLS);
    daf_pack_bin(k, scope.b, sizeof(scope.b));
    daf_pack_uint(k, 40);
    daf_pack_bin(k, scope.b, sizeof(scope.b));
}

static void fill_head(struct daf_head *head, const struct daf_log_key *log,
                      size_t count)
{
    memset(head, 0, sizeof(*head));
    head->log = *log;
    head->tips_count = head->roots_count = count;
    for (size_t i = 0; i < count; i++) {
        head->tips[i] = spot(count - i, i);
        head->roots[i] = spot(i + 1, i + 1000);
    }
}

static void put_heads(struct daf_pack *k)
{
    size_t mark = daf_frame_begin_heads(k, &scope, false);
    struct daf_head head;

    fill_head(&head, &log_a, DAF_FRONTIER_MAX);
    daf_frame_add_head(k, &head);
    fill_head(&head, &log_b, 1);
    daf_frame_add_head(k, &head);
    daf_frame_end(k, mark, 2, true);
}

static void put_page(struct daf_pack *k)
{
    daf_frame_pack_want_page(k, &scope, &log_a);
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

    daf_frame_add_want(k, &log_a, wants, 2, haves, 1);
    daf_frame_add_want(k, &log_b, wants, 1, NULL, 0);
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

static void put_need(struct daf_pack *k)
{
    daf_pack_array(k, 3);
    daf_pack_uint(k, DAF_FRAME_NEED);
    daf_pack_bin(k, scope.b, sizeof(scope.b));
    daf_pack_array(k, 1);
    daf_pack_array(k, 3);
    put_log(k, &log_a);
    put_spots(k, 2);
}

static void put_defer(struct daf_pack *k)
{
    daf_pack_array(k, 3);
    daf_pack_uint(k, DAF_FRAME_DEFER);
    daf_pack_bin(k, scope.b, sizeof(scope.b));
    daf_pack_array(k, 1);
    daf_pack_array(k, 2);
    put_log(k, &log_a);
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

static void put_have(struct daf_pack *k)
{
    struct daf_hash content = {{6}};

    daf_pack_array(k, 4);
    daf_pack_uint(k, DAF_FRAME_HAVE);
    daf_pack_bin(k, content.b, sizeof(content.b));
    daf_pack_uint(k, 512);
    daf_pack_bin(k, scope.b, sizeof(scope.b));
}

static void put_chunk(struct daf_pack *k)
{
    struct daf_hash content = {{6}};

    daf_pack_array(k, 5);
    daf_pack_uint(k, DAF_FRAME_CHUNK);
    daf_pack_bin(k, content.b, sizeof(content.b));
    daf_pack_uint(k, 5);
    daf_pack_uint(k, 65536);
    daf_pack_bin(k, scope.b, sizeof(scope.b));
}

static void put_knock(struct daf_pack *k)
{
    struct daf_knock f = {.version_min = 1, .version_max = 1, .nonce = {{5}}};

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

static const struct {
    enum daf_frame_kind kind;
    const char *name;
    void (*put)(struct daf_pack *k);
} frames[] = {
    {DAF_FRAME_HELLO, "HELLO", put_hello},
    {DAF_FRAME_ROOT, "ROOT", put_root},
    {DAF_FRAME_SYMBOLS, "SYMBOLS", put_symbols},
    {DAF_FRAME_HEADS, "HEADS", put_heads},
    {DAF_FRAME_WANT, "WANT", put_page},
    {DAF_FRAME_WANT, "WANT", put_first_page},
    {DAF_FRAME_WANT, "WANT", put_want},
    {DAF_FRAME_RUN, "RUN", put_run},
    {DAF_FRAME_NEED, "NEED", put_need},
    {DAF_FRAME_DEFER, "DEFER", put_defer},
    {DAF_FRAME_ACK, "ACK", put_ack},
    {DAF_FRAME_BYE, "BYE", put_bye},
    {DAF_FRAME_MANIFEST, "MANIFEST", put_manifest},
    {DAF_FRAME_REGISTER, "REGISTER", put_register},
    {DAF_FRAME_HAVE, "HAVE", put_have},
    {DAF_FRAME_CHUNK, "CHUNK", put_chunk},
    {DAF_FRAME_KNOCK, "KNOCK", put_knock},
    {DAF_FRAME_NONCE, "NONCE", put_nonce},
    {DAF_FRAME_PROOF, "PROOF", put_proof},
    {DAF_FRAME_WELCOME, "WELCOME", put_welcome},
};
#define FRAMES_COUNT (sizeof(frames) / sizeof(frames[0]))

/* ---- every frame alike */

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
    static const uint64_t numbers[] = {0, 15, 32, 37, UINT64_MAX};
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

/* A CHUNK of @len bytes altogether. */
static void put_chunk_of(struct daf_pack *k, size_t len)
{
    static const uint8_t zeros[DAF_FRAME_BYTES_MAX + 1];
    struct daf_hash content = {{6}};

    open_room(k);
    daf_pack_array(k, 5);
    daf_pack_uint(k, DAF_FRAME_CHUNK);
    daf_pack_bin(k, content.b, sizeof(content.b));
    daf_pack_uint(k, 5);
    daf_pack_uint(k, 6);
    daf_pack_bin(k, zeros, len - k->len - 5);
    assert_int_equal(k->len, len);
}

static void a_frame_has_a_largest_size(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_chunk_of(&k, DAF_FRAME_BYTES_MAX - 1);
    assert_read(&k, &f);
    put_chunk_of(&k, DAF_FRAME_BYTES_MAX);
    assert_read(&k, &f);
    put_chunk_of(&k, DAF_FRAME_BYTES_MAX + 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void put_proof_of(struct daf_pack *k, size_t manifest_len,
                         size_t cert_len)
{
    static const uint8_t zeros[DAF_DOOR_BYTES_MAX];
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
    assert_int_equal(f.hello.version_min, 1);
    assert_int_equal(f.hello.version_max, 7);
    assert_int_equal(f.hello.nonce.b[0], 9);
    assert_int_equal(f.hello.boot[15], 8);
    open_room(&k);
    put_knock(&k);
    assert_read(&k, &f);
    assert_int_equal(f.knock.nonce.b[0], 5);
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

/* ---- HEADS */

static void a_page_of_heads_comes_back_as_it_was(void **state)
{
    struct daf_head wanted;
    struct daf_head head;
    struct daf_frame f;
    struct daf_pack k;
    struct daf_cursor c;

    (void)state;
    open_room(&k);
    put_heads(&k);
    assert_read(&k, &f);
    assert_true(f.heads.more);
    assert_false(f.heads.is_news);
    assert_int_equal(f.heads.heads.count, 2);
    c = f.heads.heads.items;
    daf_frame_next_head(&c, &f.heads.scope, &head);
    fill_head(&wanted, &log_a, DAF_FRONTIER_MAX);
    assert_true(daf_frontier_equal(&head, &wanted));
    daf_frame_next_head(&c, &f.heads.scope, &head);
    fill_head(&wanted, &log_b, 1);
    assert_true(daf_frontier_equal(&head, &wanted));
    assert_true(daf_cursor_done(&c));
}

static void put_one_head(struct daf_pack *k, size_t tips, size_t roots)
{
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_heads(k, &scope, false);
    daf_pack_array(k, 4);
    put_log(k, &log_a);
    put_spots(k, tips);
    put_spots(k, roots);
    daf_frame_end(k, mark, 1, false);
}

static void a_head_has_tips_and_roots_within_bounds(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_one_head(&k, 0, 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_one_head(&k, 1, 0);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_one_head(&k, 1, 1);
    assert_read(&k, &f);
    put_one_head(&k, DAF_FRONTIER_MAX - 1, DAF_FRONTIER_MAX);
    assert_read(&k, &f);
    put_one_head(&k, DAF_FRONTIER_MAX, DAF_FRONTIER_MAX - 1);
    assert_read(&k, &f);
    put_one_head(&k, DAF_FRONTIER_MAX + 1, 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    put_one_head(&k, 1, DAF_FRONTIER_MAX + 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void put_frontier(struct daf_pack *k, const struct daf_spot *tips,
                         size_t tips_count)
{
    struct daf_head head;
    size_t mark;

    fill_head(&head, &log_a, 1);
    head.tips_count = tips_count;
    memcpy(head.tips, tips, tips_count * sizeof(tips[0]));
    open_room(k);
    mark = daf_frame_begin_heads(k, &scope, false);
    daf_frame_add_head(k, &head);
    daf_frame_end(k, mark, 1, false);
}

static void a_frontier_ascends_by_id(void **state)
{
    const struct daf_spot good[] = {spot(9, 1), spot(8, 2)};
    const struct daf_spot twice[] = {spot(8, 2), spot(9, 2)};
    const struct daf_spot wrong[] = {spot(8, 2), spot(9, 1)};
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_frontier(&k, good, 2);
    assert_read(&k, &f);
    put_frontier(&k, twice, 2);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_frontier(&k, wrong, 2);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

static void a_seq_is_at_least_one_and_fits_the_store(void **state)
{
    struct daf_spot tip = spot(0, 1);
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_frontier(&k, &tip, 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    tip.seq = 1;
    put_frontier(&k, &tip, 1);
    assert_read(&k, &f);
    tip.seq = DAF_INT_MAX;
    put_frontier(&k, &tip, 1);
    assert_read(&k, &f);
    tip.seq++;
    put_frontier(&k, &tip, 1);
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
}

static void put_two_heads(struct daf_pack *k, const struct daf_log_key *first,
                          const struct daf_log_key *second, bool is_news)
{
    struct daf_head head;
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_heads(k, &scope, is_news);
    fill_head(&head, first, 1);
    daf_frame_add_head(k, &head);
    fill_head(&head, second, 1);
    daf_frame_add_head(k, &head);
    daf_frame_end(k, mark, 2, false);
}

static void the_logs_of_a_page_ascend(void **state)
{
    struct daf_log_key later = log_b;
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    later.incarnation = 2;
    put_two_heads(&k, &log_b, &later, false);
    assert_read(&k, &f);
    assert_false(f.heads.more);
    put_two_heads(&k, &later, &log_b, false);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_two_heads(&k, &log_b, &log_b, false);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
    put_two_heads(&k, &log_b, &log_a, false);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
}

static void news_come_in_any_order(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_two_heads(&k, &log_b, &log_a, true);
    assert_read(&k, &f);
    assert_true(f.heads.is_news);
    assert_int_equal(f.heads.heads.count, 2);
}

static void empty_news_can_ask_for_another_pull(void **state)
{
    struct daf_frame f;
    struct daf_pack k;
    size_t mark;

    (void)state;
    open_room(&k);
    mark = daf_frame_begin_heads(&k, &scope, true);
    daf_frame_end(&k, mark, 0, true);
    assert_read(&k, &f);
    assert_true(f.heads.more);
    assert_int_equal(f.heads.heads.count, 0);
}

/* ---- WANT */

static void a_want_of_a_page_begins_after_a_log_or_at_the_start(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    put_page(&k);
    assert_read(&k, &f);
    assert_true(f.want.is_page);
    assert_true(f.want.has_after);
    assert_memory_equal(f.want.after.author.b, log_a.author.b, 16);
    assert_memory_equal(f.want.after.scope.b, scope.b, 16);
    assert_true(f.want.after.incarnation == UINT64_MAX);
    open_room(&k);
    put_first_page(&k);
    assert_read(&k, &f);
    assert_true(f.want.is_page);
    assert_false(f.want.has_after);
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
    assert_false(f.want.is_page);
    assert_int_equal(f.want.credit, 0xc2);
    assert_int_equal(f.want.logs.count, 2);
    c = f.want.logs.items;
    daf_frame_next_want(&c, &f.want.scope, &want);
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
    daf_frame_next_want(&c, &f.want.scope, &want);
    assert_memory_equal(want.log.author.b, log_b.author.b, 16);
    assert_int_equal(want.haves.count, 0);
    assert_true(daf_cursor_done(&c));
}

static void put_wants(struct daf_pack *k, size_t wants, size_t haves)
{
    size_t mark;

    open_room(k);
    mark = daf_frame_begin_want(k, &scope, 1000);
    daf_pack_array(k, 4);
    put_log(k, &log_a);
    put_spots(k, wants);
    put_spots(k, haves);
    daf_frame_end(k, mark, 1, false);
}

static void wants_and_haves_have_bounds(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    put_wants(&k, 0, 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
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
    assert_refused(daf_pack_view(&k), DAF_ELIMIT);
    open_room(&k);
    put_first_page(&k);
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
    static const uint8_t zeros[DAF_BODY_BYTES_MAX + 1];
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
    put_records(&k, 0, 1, 1);
    assert_refused(daf_pack_view(&k), DAF_EFORM);
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
    assert_int_equal(f.root.manifest_hash.b[31], 0xc2);
}

static void need_and_defer_are_read_and_count_their_logs(void **state)
{
    struct daf_frame f;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    put_need(&k);
    assert_read(&k, &f);
    assert_int_equal(f.need.logs.count, 1);
    open_room(&k);
    put_defer(&k);
    assert_read(&k, &f);
    assert_int_equal(f.defer.logs.count, 1);
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
        cmocka_unit_test(a_manifest_and_a_certificate_have_a_largest_size),
        cmocka_unit_test(a_door_frame_is_small),
        cmocka_unit_test(a_proof_without_certificate_says_nil),
        cmocka_unit_test(greetings_say_what_they_were_told),
        cmocka_unit_test(versions_are_a_range),
        cmocka_unit_test(a_port_has_sixteen_bits),
        cmocka_unit_test(root_lists_its_scopes),
        cmocka_unit_test(root_lists_so_many_scopes_and_not_more),
        cmocka_unit_test(root_lists_each_scope_once_and_in_order),
        cmocka_unit_test(a_page_of_heads_comes_back_as_it_was),
        cmocka_unit_test(a_head_has_tips_and_roots_within_bounds),
        cmocka_unit_test(a_frontier_ascends_by_id),
        cmocka_unit_test(a_seq_is_at_least_one_and_fits_the_store),
        cmocka_unit_test(the_logs_of_a_page_ascend),
        cmocka_unit_test(news_come_in_any_order),
        cmocka_unit_test(empty_news_can_ask_for_another_pull),
        cmocka_unit_test(a_want_of_a_page_begins_after_a_log_or_at_the_start),
        cmocka_unit_test(a_want_of_records_comes_back_as_it_was),
        cmocka_unit_test(wants_and_haves_have_bounds),
        cmocka_unit_test(a_want_is_of_one_kind),
        cmocka_unit_test(a_run_comes_back_as_it_was),
        cmocka_unit_test(a_missing_body_has_one_of_three_reasons),
        cmocka_unit_test(a_path_has_records_within_bounds),
        cmocka_unit_test(headers_and_bodies_have_largest_sizes),
        cmocka_unit_test(an_ack_names_a_path_forwards),
        cmocka_unit_test(a_flag_touches_only_frames_that_have_one),
        cmocka_unit_test(need_and_defer_are_read_and_count_their_logs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
