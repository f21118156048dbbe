/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/core/effects.h"
#include "node/core/inputlog.h"

#include <stdlib.h>

#define ENTRIES_MAX 64
#define LOG_BYTES   ((size_t)1024 * 1024)

struct world {
    uint8_t *bytes; /* of the log */
    size_t len;
    struct daf_pack k;
    struct daf_effects *made;
    const struct daf_inputlog_entry *expected;
    size_t seen;
    uint8_t effects[ENTRIES_MAX][DAF_INPUTLOG_EFFECT_BYTES];
};

static int setup(void **state)
{
    struct world *w = calloc(1, sizeof(*w));

    assert_non_null(w);
    w->bytes = malloc(LOG_BYTES);
    w->made = calloc(1, sizeof(*w->made));
    assert_non_null(w->bytes);
    assert_non_null(w->made);
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;

    free(w->bytes);
    free(w->made);
    free(w);
    return 0;
}

static uint8_t manifest[DAF_MANIFEST_BYTES_MAX], cert[DAF_CERT_BYTES_MAX];

static struct daf_inputlog_head head(void)
{
    struct daf_inputlog_head h = {.boot_number = 3,
                                  .self = {.lives = {7, UINT64_MAX},
                                           .lives_count = 2,
                                           .is_restored = true}};

    memset(h.seed, 0xa5, sizeof(h.seed));
    memset(&h.keys, 0x5a, sizeof(h.keys));
    memset(&h.secrets, 0x3c, sizeof(h.secrets));
    memset(h.start.b, 0xc3, sizeof(h.start.b));
    h.manifest = (struct daf_view){manifest, sizeof(manifest)};
    h.cert = (struct daf_view){cert, sizeof(cert)};
    return h;
}

static void begin(struct world *w)
{
    struct daf_inputlog_head h = head();

    daf_pack_init(&w->k, w->bytes, LOG_BYTES);
    daf_inputlog_pack_head(&w->k, &h);
    assert_true(w->k.len <= daf_inputlog_head_bytes(&h));
    daf_effects_init(w->made, NULL);
    w->seen = 0;
}

static void append(struct world *w, const struct daf_inputlog_entry *entry)
{
    struct daf_inputlog_entry e = *entry;
    size_t before = w->k.len;

    memcpy(e.effects, w->made->chain, sizeof(e.effects));
    daf_inputlog_pack_entry(&w->k, &e);
    assert_false(w->k.is_full);
    assert_true(w->k.len - before <= daf_inputlog_entry_bytes(&e));
    w->len = w->k.len;
}

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

/* ---- write, then read back */

static const struct daf_did did[] = {
    {.item = {(const uint8_t *)"fractions/1", 11},
     .has_score = true,
     .score = 800000,
     .seconds = 300},
    {.item = {(const uint8_t *)"x", 1}, .seconds = UINT32_MAX},
};
static const struct daf_stored_item items[] = {
    {.log = {.incarnation = 1}, .spot = {.seq = 1}, .is_new = true},
    {.log = {.incarnation = UINT64_MAX},
     .spot = {.seq = INT64_MAX},
     .is_deferred = true},
};
static const struct daf_write session = {
    .ticket = 9,
    .kind = DAF_WRITE_SESSION,
    .claimed = {1700000000123},
    .time_quality = DAF_TIME_CLOCK,
    .scope = "class:1",
    .learner = {(const uint8_t *)"Kites", 5},
    .did = did,
    .did_count = 2,
};
static const struct daf_write control = {
    .ticket = 10,
    .kind = DAF_WRITE_CONTROL,
    .payload = {(const uint8_t *)"\x92\xa1x\x80", 4},
};

static const struct daf_write catalog = {
    .ticket = 11,
    .kind = DAF_WRITE_CATALOG,
    .claimed = {1},
    .payload = {(const uint8_t *)"\x92\xa1y\x80", 4},
};
static const struct daf_write learner = {
    .ticket = UINT64_MAX,
    .kind = DAF_WRITE_LEARNER,
    .scope = "class:2",
};
static const struct daf_item_news lacking = {
    .content = {{1, 2, 3}},
    .parts = 9,
    .pages = 1,
    .part_bytes = 65536,
    .is_wanted = true,
    .bits = {(const uint8_t *)"\x80\x00", 2},
};
static const struct daf_item_news largest = {
    .content = {{4}},
    .parts = DAF_CONTENT_PARTS_MAX,
    .pages = DAF_CONTENT_PAGES_MAX,
    .part_bytes = DAF_CHUNK_BYTES_MAX,
    .is_whole = true,
    .is_stuck = true,
    .rank = 9,
    .at = {DAF_INT_MAX},
};
static const struct daf_item_news gone = {.content = {{5}}, .is_gone = true};
static const uint8_t piece[DAF_PIECE_BYTES_MAX] = {6};
static uint8_t all_bits[DAF_CONTENT_PARTS_MAX / 8];
static const struct daf_item_news every_bit = {
    .content = {{7}},
    .parts = DAF_CONTENT_PARTS_MAX,
    .bits = {all_bits, sizeof(all_bits)},
};
static const struct daf_addr own[] = {{"192.0.2.7"}, {"2001:db8::7"}};

static const struct daf_porch_wish porch_open = {.what = DAF_PORCH_OPEN,
                                                 .scope = "class:1",
                                                 .right = "append"};
static const struct daf_porch_wish porch_accept = {
    .what = DAF_PORCH_ACCEPT,
    .id = UINT64_MAX,
    .cert = {(const uint8_t *)"certificate", 11},
};

static struct daf_inputlog_entry one_of_each[] = {
    {.input = {.kind = DAF_INPUT_LISTENING,
               .port_door = 5670,
               .port_mesh = 65535}},
    {.input = {.kind = DAF_INPUT_PEER, .addr = {"[fe80::1%3]:5670"}}},
    {.input = {.kind = DAF_INPUT_TIMER}},
    {.input = {.kind = DAF_INPUT_OPENED,
               .conn = DAF_CONN_INCOMING | 7,
               .endpoint = DAF_ENDPOINT_MESH,
               .key = {{1, 2, 3}}}},
    {.input = {.kind = DAF_INPUT_FRAME,
               .conn = 1,
               .bytes = {(const uint8_t *)"\x91\x0a", 2}}},
    {.input = {.kind = DAF_INPUT_FRAME, .conn = 2}},
    {.commit = 41,
     .input = {.kind = DAF_INPUT_STORED,
               .job = 5,
               .items = items,
               .items_count = 2}},
    {.input = {.kind = DAF_INPUT_STORED, .job = 6, .err = DAF_EFULL}},
    {.input = {.kind = DAF_INPUT_WRITE, .write = &session}},
    {.input = {.kind = DAF_INPUT_WRITE, .write = &control}},
    {.input = {.kind = DAF_INPUT_CLOSED, .conn = UINT32_MAX}},
    {.input = {.kind = DAF_INPUT_LINK_LOST}},
    {.input = {.kind = DAF_INPUT_STOP}},
    {.input = {.kind = DAF_INPUT_OPENED,
               .conn = DAF_CONN_INCOMING | 8,
               .endpoint = DAF_ENDPOINT_PORCH}},
    {.input = {.kind = DAF_INPUT_PORCH, .porch = &porch_open}},
    {.input = {.kind = DAF_INPUT_PORCH, .porch = &porch_accept}},
    {.input = {.kind = DAF_INPUT_PORCHED, .port_porch = 47111}},
    {.input = {.kind = DAF_INPUT_FOUND,
               .service = {.endpoint = DAF_ENDPOINT_DOOR,
                           .name = {1},
                           .port = 5670,
                           .data = {2}},
               .addr = {"192.0.2.7:5670"}}},
    {.input = {.kind = DAF_INPUT_GONE,
               .service = {.endpoint = DAF_ENDPOINT_DOOR, .name = {1}}}},
    {.input = {.kind = DAF_INPUT_OWN, .addrs = own, .addrs_count = 2}},
    {.input = {.kind = DAF_INPUT_OWN}},
    {.input = {.kind = DAF_INPUT_WRITE, .write = &catalog}},
    {.input = {.kind = DAF_INPUT_WRITE, .write = &learner}},
    {.input = {.kind = DAF_INPUT_ITEM, .item = &lacking}},
    {.input = {.kind = DAF_INPUT_ITEM, .item = &largest}},
    {.input = {.kind = DAF_INPUT_ITEM, .item = &gone}},
    {.input = {.kind = DAF_INPUT_PUT,
               .conn = 7,
               .piece = {.content = {{1}}, .part = 8, .offset = 65535},
               .put = DAF_SHELF_WHOLE}},
    {.input = {.kind = DAF_INPUT_PUT,
               .conn = UINT32_MAX,
               .piece = {.part = DAF_CONTENT_PARTS_MAX - 1,
                         .offset = DAF_CHUNK_BYTES_MAX},
               .put = DAF_SHELF_CONDEMNED,
               .err = (enum daf_err)(DAF_ERR_COUNT - 1)}},
    {.input = {.kind = DAF_INPUT_READ,
               .conn = 7,
               .piece = {.content = {{1}}, .part = 1, .bytes = {piece, 40}},
               .is_last = true}},
    {.input = {.kind = DAF_INPUT_READ, .conn = 8, .err = DAF_ENOTFOUND}},
    {.input = {.kind = DAF_INPUT_AIR,
               .air = {.kind = DAF_AIR_RADIO, .id = {1, 2}}}},
    {.input = {.kind = DAF_INPUT_ROUND, .round_us = 1800}},
    {.input = {.kind = DAF_INPUT_SHELF, .is_there = true}},
    {.input = {.kind = DAF_INPUT_SHELF}},
    {.is_noted = true,
     .commit = 7,
     .notes_first = UINT64_MAX,
     .notes_count = 4096},
};
#define EACH_COUNT (sizeof(one_of_each) / sizeof(one_of_each[0]))

static void expect_view(struct daf_view a, struct daf_view b)
{
    assert_int_equal(a.len, b.len);
    if (a.len > 0) assert_memory_equal(a.p, b.p, a.len);
}

static void expect_write(const struct daf_write *a, const struct daf_write *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a == NULL || b == NULL) return;
    assert_int_equal(a->ticket, b->ticket);
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->claimed.ms, b->claimed.ms);
    assert_int_equal(a->time_quality, b->time_quality);
    assert_string_equal(a->scope, b->scope);
    expect_view(a->learner, b->learner);
    expect_view(a->payload, b->payload);
    assert_int_equal(a->did_count, b->did_count);
    for (size_t i = 0; i < a->did_count; i++) {
        expect_view(a->did[i].item, b->did[i].item);
        assert_int_equal(a->did[i].has_score, b->did[i].has_score);
        assert_int_equal(a->did[i].score, b->did[i].score);
        assert_int_equal(a->did[i].seconds, b->did[i].seconds);
    }
}

static void expect_porch(const struct daf_porch_wish *a,
                         const struct daf_porch_wish *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a == NULL || b == NULL) return;
    assert_int_equal(a->what, b->what);
    assert_true(a->id == b->id);
    assert_string_equal(a->scope, b->scope);
    assert_string_equal(a->right, b->right);
    expect_view(a->cert, b->cert);
}

static void expect_items(const struct daf_input *a, const struct daf_input *b)
{
    assert_int_equal(a->items_count, b->items_count);
    for (size_t i = 0; i < a->items_count; i++) {
        const struct daf_stored_item *x = &a->items[i], *y = &b->items[i];

        assert_memory_equal(&x->log, &y->log, sizeof(x->log));
        assert_memory_equal(&x->spot, &y->spot, sizeof(x->spot));
        assert_int_equal(x->is_new, y->is_new);
        assert_int_equal(x->is_deferred, y->is_deferred);
    }
}

static void expect_news(const struct daf_item_news *a,
                        const struct daf_item_news *b)
{
    assert_int_equal(a == NULL, b == NULL);
    if (a == NULL || b == NULL) return;
    assert_memory_equal(&a->content, &b->content, sizeof(a->content));
    assert_int_equal(a->parts, b->parts);
    assert_int_equal(a->pages, b->pages);
    assert_int_equal(a->part_bytes, b->part_bytes);
    assert_int_equal(a->is_gone, b->is_gone);
    assert_int_equal(a->is_whole, b->is_whole);
    assert_int_equal(a->is_wanted, b->is_wanted);
    assert_int_equal(a->is_stuck, b->is_stuck);
    assert_int_equal(a->rank, b->rank);
    assert_true(a->at.ms == b->at.ms);
    expect_view(a->bits, b->bits);
}

static void expect_found(const struct daf_input *a, const struct daf_input *b)
{
    assert_int_equal(a->service.endpoint, b->service.endpoint);
    assert_memory_equal(a->service.name, b->service.name,
                        sizeof(a->service.name));
    assert_int_equal(a->service.port, b->service.port);
    assert_memory_equal(a->service.data, b->service.data,
                        sizeof(a->service.data));
    assert_int_equal(a->addrs_count, b->addrs_count);
    for (size_t i = 0; i < a->addrs_count; i++)
        assert_string_equal(a->addrs[i].text, b->addrs[i].text);
}

static void expect_content(const struct daf_input *a, const struct daf_input *b)
{
    expect_news(a->item, b->item);
    assert_memory_equal(&a->piece.content, &b->piece.content,
                        sizeof(a->piece.content));
    assert_int_equal(a->piece.part, b->piece.part);
    assert_int_equal(a->piece.offset, b->piece.offset);
    expect_view(a->piece.bytes, b->piece.bytes);
    assert_int_equal(a->put, b->put);
    assert_int_equal(a->is_last, b->is_last);
}

static bool expect_entry(void *ctx, const struct daf_inputlog_entry *got)
{
    struct world *w = ctx;
    const struct daf_inputlog_entry *e = &w->expected[w->seen];
    const struct daf_input *a = &e->input, *b = &got->input;

    assert_int_equal(e->is_noted, got->is_noted);
    assert_true(e->notes_first == got->notes_first);
    assert_int_equal(e->notes_count, got->notes_count);
    assert_string_equal(daf_inputlog_kind_str(e), daf_inputlog_kind_str(got));
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(e->now.ms, got->now.ms);
    assert_int_equal(e->commits, got->commits);
    assert_int_equal(e->commit, got->commit);
    assert_int_equal(a->conn, b->conn);
    assert_int_equal(a->endpoint, b->endpoint);
    assert_memory_equal(&a->key, &b->key, sizeof(a->key));
    assert_string_equal(a->addr.text, b->addr.text);
    assert_int_equal(a->port_door, b->port_door);
    assert_int_equal(a->port_mesh, b->port_mesh);
    expect_view(a->bytes, b->bytes);
    assert_int_equal(a->job, b->job);
    assert_int_equal(a->err, b->err);
    expect_items(a, b);
    expect_write(a->write, b->write);
    expect_porch(a->porch, b->porch);
    assert_int_equal(a->port_porch, b->port_porch);
    expect_found(a, b);
    expect_content(a, b);
    memcpy(w->effects[w->seen++], got->effects, sizeof(got->effects));
    return true;
}

static void expect_log(struct world *w, size_t torn)
{
    struct daf_inputlog_head h, expected = head();
    size_t got_torn = 0;

    assert_int_equal(daf_inputlog_read((struct daf_view){w->bytes, w->len}, &h,
                                       &got_torn, expect_entry, w),
                     DAF_OK);
    assert_memory_equal(h.seed, expected.seed, sizeof(h.seed));
    assert_int_equal(h.boot_number, expected.boot_number);
    assert_memory_equal(&h.self, &expected.self, sizeof(h.self));
    assert_memory_equal(&h.keys, &expected.keys, sizeof(h.keys));
    assert_memory_equal(&h.secrets, &expected.secrets, sizeof(h.secrets));
    assert_memory_equal(&h.start, &expected.start, sizeof(h.start));
    expect_view(h.manifest, expected.manifest);
    expect_view(h.cert, expected.cert);
    assert_int_equal(got_torn, torn);
}

static void write_each(struct world *w)
{
    for (size_t i = 0; i < EACH_COUNT; i++) {
        one_of_each[i].now.ms = 1000 + i;
        one_of_each[i].commits = 40 + i / 4;
        append(w, &one_of_each[i]);
    }
}

static void what_was_written_is_read_back(void **state)
{
    struct world *w = *state;

    begin(w);
    write_each(w);
    w->expected = one_of_each;
    expect_log(w, 0);
    assert_int_equal(w->seen, EACH_COUNT);
}

static void the_largest_are_read_back(void **state)
{
    static const struct daf_inputlog_entry large[] = {
        {.input = {.kind = DAF_INPUT_ITEM, .item = &every_bit}},
        {.input = {.kind = DAF_INPUT_READ,
                   .piece = {.bytes = {piece, sizeof(piece)}}}},
        {.input = {.kind = DAF_INPUT_STOP}},
    };
    const size_t count = sizeof(large) / sizeof(large[0]);
    struct world *w = *state;

    begin(w);
    memset(all_bits, 0x5a, sizeof(all_bits));
    for (size_t i = 0; i < count; i++)
        append(w, &large[i]);
    w->expected = large;
    expect_log(w, 0);
    assert_int_equal(w->seen, count);
}

static bool count_entry(void *ctx, const struct daf_inputlog_entry *e)
{
    size_t *n = ctx;

    (void)e;
    ++*n;
    return true;
}

static void a_log_cut_anywhere_is_read_up_to_there(void **state)
{
    struct world *w = *state;
    size_t before = 0;

    begin(w);
    write_each(w);
    for (size_t len = 0; len <= w->len; len++) {
        struct daf_inputlog_head h;
        size_t n = 0, torn = 0;
        enum daf_err err = daf_inputlog_read((struct daf_view){w->bytes, len},
                                             &h, &torn, count_entry, &n);

        assert_true(err == DAF_OK || (err == DAF_EFORM && n == 0));
        assert_true(torn <= len);
        assert_true(n == before || n == before + 1);
        before = n;
    }
    assert_int_equal(before, EACH_COUNT);
}

static void another_file_is_no_log(void **state)
{
    struct daf_inputlog_head h;
    size_t torn, n = 0;

    (void)state;
    assert_int_equal(daf_inputlog_read(text("hello"), &h, &torn, count_entry,
                                       &n),
                     DAF_EFORM);
    assert_int_equal(n, 0);
}

static void what_no_daemon_writes_is_not_passed_over(void **state)
{
    struct world *w = *state;
    struct daf_inputlog_head h;
    size_t at, n = 0, torn = 0;

    begin(w);
    append(w, &one_of_each[0]);
    at = w->len;
    append(w, &one_of_each[2]);
    append(w, &one_of_each[0]);
    w->bytes[at + 1] = 0x63; /* a kind that is none */
    assert_int_equal(daf_inputlog_read((struct daf_view){w->bytes, w->len}, &h,
                                       &torn, count_entry, &n),
                     DAF_ECORRUPT);
    assert_int_equal(n, 1);
    assert_int_equal(torn, w->len - at);
}

/* ---- effects */

static void play(struct world *w, enum daf_effects_call call, uint64_t number,
                 const struct daf_view *parts, size_t count,
                 uint8_t out[DAF_INPUTLOG_EFFECT_BYTES])
{
    begin(w);
    daf_effects_add(w->made, call, number, parts, count);
    write_each(w);
    w->expected = one_of_each;
    expect_log(w, 0);
    /* No effect between: the chain stands still. */
    assert_memory_equal(w->effects[1], w->effects[0], sizeof(w->effects[0]));
    memcpy(out, w->effects[0], DAF_INPUTLOG_EFFECT_BYTES);
}

static void the_chain_tells_one_effect_from_another(void **state)
{
    const struct daf_view frame = text("frame"), other = text("frama");
    uint8_t first[DAF_INPUTLOG_EFFECT_BYTES], got[DAF_INPUTLOG_EFFECT_BYTES];
    struct world *w = *state;

    play(w, DAF_EFFECTS_SEND, 1, &frame, 1, first);
    play(w, DAF_EFFECTS_SEND, 1, &frame, 1, got);
    assert_memory_equal(got, first, sizeof(first));
    play(w, DAF_EFFECTS_SEND, 2, &frame, 1, got);
    assert_memory_not_equal(got, first, sizeof(first));
    play(w, DAF_EFFECTS_SEND, 1, &other, 1, got);
    assert_memory_not_equal(got, first, sizeof(first));
}

/* Each call has its number, each part its place. */
static void calls_for_content_are_told_apart(void **state)
{
    static const enum daf_effects_call calls[] = {DAF_EFFECTS_CONTENT_PUT,
                                                  DAF_EFFECTS_CONTENT_FORGET,
                                                  DAF_EFFECTS_CONTENT_READ,
                                                  DAF_EFFECTS_SEND};
    const struct daf_view parts[] = {text("content"), text("place"), text("")};
    const struct daf_view turned[] = {text("place"), text("content"), text("")};
    uint8_t got[6][DAF_INPUTLOG_EFFECT_BYTES];
    struct world *w = *state;

    for (size_t i = 0; i < 4; i++)
        play(w, calls[i], 1, parts, 3, got[i]);
    play(w, calls[0], 1, turned, 3, got[4]);
    play(w, calls[0], 1, parts, 2, got[5]);
    for (size_t i = 0; i < 6; i++)
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(got[i], got[j], sizeof(got[i]));
}

#define WITH_WORLD(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORLD(what_was_written_is_read_back),
        WITH_WORLD(the_largest_are_read_back),
        WITH_WORLD(a_log_cut_anywhere_is_read_up_to_there),
        WITH_WORLD(another_file_is_no_log),
        WITH_WORLD(what_no_daemon_writes_is_not_passed_over),
        WITH_WORLD(the_chain_tells_one_effect_from_another),
        WITH_WORLD(calls_for_content_are_told_apart),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
