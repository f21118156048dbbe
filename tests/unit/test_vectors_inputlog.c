/* SPDX-License-Identifier: Apache-2.0 */

/* A golden input log, made by tests/vectors/make_inputlog.py without our code.  A
 * change here is a change of what `--record` writes: DAF_INPUTLOG_VERSION grows. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "node/core/effects.h"
#include "node/core/inputlog.h"

#include <jansson.h>
#include <stdlib.h>

#define BYTES_MAX 16384
#define PARTS_MAX 4

static json_t *golden;

static const json_t *field(const json_t *object, const char *name)
{
    const json_t *v = json_object_get(object, name);

    if (v == NULL) fail_msg("no %s", name);
    return v;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(field(object, name));

    assert_non_null(s);
    return s;
}

static uint64_t number_of(const json_t *object, const char *name)
{
    return strtoull(text_of(object, name), NULL, 10);
}

static struct daf_view bytes_of(const json_t *object, const char *name,
                                uint8_t room[BYTES_MAX])
{
    return (struct daf_view){room, daf_hex_decode(text_of(object, name), room,
                                                  BYTES_MAX)};
}

static void fill(const json_t *v, const char *name, uint8_t *out, size_t len)
{
    assert_int_equal(daf_hex_decode(text_of(v, name), out, len), len);
}

static struct daf_inputlog_head golden_head(void)
{
    static uint8_t manifest[BYTES_MAX], cert[BYTES_MAX];
    uint8_t lives[8 * DAF_LIVES_MAX];
    const json_t *v = field(golden, "head");
    struct daf_inputlog_head h = {
        .boot_number = number_of(v, "boot_number"),
        .self.is_restored = number_of(v, "restored") != 0,
        .manifest = bytes_of(v, "manifest", manifest),
        .cert = bytes_of(v, "cert", cert),
    };

    h.self.lives_count =
        daf_hex_decode(text_of(v, "lives"), lives, sizeof(lives)) / 8;
    for (size_t i = 0; i < 8 * h.self.lives_count; i++)
        h.self.lives[i / 8] = h.self.lives[i / 8] << 8 | lives[i];
    fill(v, "seed", h.seed, 32);
    fill(v, "sign", h.keys.sign.b, 32);
    fill(v, "transport", h.keys.transport.b, 32);
    fill(v, "seal", h.keys.seal.b, 32);
    fill(v, "sign_secret", h.secrets.sign.b, 64);
    fill(v, "transport_secret", h.secrets.transport.b, 32);
    fill(v, "seal_secret", h.secrets.seal.b, 32);
    fill(v, "start", h.start.b, 32);
    return h;
}

/* ---- each entry says what the document says */

static void expect_text(struct daf_view got, const char *want)
{
    assert_int_equal(got.len, strlen(want));
    if (got.len > 0) assert_memory_equal(got.p, want, got.len);
}

static bool is(const char *name, const char *want)
{
    return strcmp(name, want) == 0;
}

static void expect_write(const char *name, const struct daf_write *w)
{
    if (is(name, "WRITE, a session")) {
        assert_int_equal(w->ticket, 9);
        assert_int_equal(w->kind, DAF_WRITE_SESSION);
        assert_int_equal(w->claimed.ms, 1700000000123);
        assert_string_equal(w->scope, "class:1");
        expect_text(w->learner, "Kites");
        assert_int_equal(w->did_count, 2);
        expect_text(w->did[0].item, "fractions/1");
        assert_int_equal(w->did[0].score, 800000);
        assert_int_equal(w->did[0].seconds, 300);
        assert_false(w->did[1].has_score);
    } else if (is(name, "WRITE, a control record")) {
        assert_int_equal(w->kind, DAF_WRITE_CONTROL);
        expect_text(w->payload, "\x92\xa1x\x80");
    } else if (is(name, "WRITE, a catalogue item")) {
        assert_int_equal(w->kind, DAF_WRITE_CATALOG);
        assert_int_equal(w->time_quality, 2);
        assert_true(w->payload.len > 40);
    } else if (is(name, "WRITE, an assignment")) {
        assert_int_equal(w->kind, DAF_WRITE_ASSIGNMENT);
        assert_string_equal(w->scope, "class:1");
        assert_true(w->payload.len > 40);
    } else if (is(name, "WRITE, a word that all was heard")) {
        assert_int_equal(w->kind, DAF_WRITE_HEARD);
    } else {
        assert_string_equal(name, "WRITE, a learner without a name");
        assert_int_equal(w->kind, DAF_WRITE_LEARNER);
        assert_string_equal(w->scope, "class:2");
        assert_int_equal(w->learner.len + w->payload.len, 0);
    }
}

static void expect_item(const char *name, const struct daf_item_news *n)
{
    if (is(name, "ITEM that is lacking")) {
        assert_int_equal(n->parts, 9);
        assert_int_equal(n->pages, 1);
        assert_int_equal(n->part_bytes, 65536);
        assert_false(n->is_gone || n->is_whole || n->is_stuck);
        assert_true(n->is_wanted);
        assert_int_equal(n->rank, 1);
        assert_true(n->at.ms == 1700000000125);
        assert_int_equal(n->bits.len, 2);
        assert_int_equal(n->bits.p[0], 0x80);
    } else if (is(name, "ITEM that is the largest")) {
        assert_int_equal(n->parts, DAF_CONTENT_PARTS_MAX);
        assert_int_equal(n->pages, DAF_CONTENT_PAGES_MAX);
        assert_int_equal(n->part_bytes, DAF_CHUNK_BYTES_MAX);
        assert_true(n->is_whole && n->is_stuck);
        assert_false(n->is_gone || n->is_wanted);
    } else {
        assert_string_equal(name, "ITEM that is gone");
        assert_true(n->is_gone);
        assert_false(n->is_whole || n->is_wanted || n->is_stuck);
    }
}

static void expect_piece(const char *name, const struct daf_input *in)
{
    if (is(name, "PUT")) {
        assert_int_equal(in->conn, 7);
        assert_int_equal(in->piece.part, 8);
        assert_int_equal(in->piece.offset, 65535);
        assert_int_equal(in->put, DAF_SHELF_WHOLE);
    } else if (is(name, "PUT that condemned it")) {
        assert_int_equal(in->put, DAF_SHELF_CONDEMNED);
        assert_int_equal(in->err, DAF_OK);
    } else if (is(name, "PUT on a full disk")) {
        assert_int_equal(in->conn, UINT32_MAX);
        assert_int_equal(in->piece.part, DAF_CONTENT_PARTS_MAX - 1);
        assert_int_equal(in->piece.offset, DAF_CHUNK_BYTES_MAX);
        assert_int_equal(in->err, DAF_EFULL);
    } else if (is(name, "READ")) {
        assert_int_equal(in->piece.part, 1);
        assert_int_equal(in->piece.bytes.len, 40);
        assert_true(in->is_last);
    } else {
        assert_string_equal(name, "READ of nothing");
        assert_int_equal(in->piece.bytes.len, 0);
        assert_int_equal(in->err, DAF_ENOTFOUND);
    }
}

struct reading {
    size_t count;
    struct daf_pack *out; /* written again; NULL: counted only */
    struct daf_effects *made;
};

static void expect_entry(const json_t *v, const struct daf_inputlog_entry *e)
{
    const char *name = text_of(v, "name");
    uint8_t room[BYTES_MAX];

    print_message("             %s\n", name);
    assert_int_equal(e->is_noted ? 21 : e->input.kind, number_of(v, "kind"));
    if (e->is_noted) {
        assert_int_equal(e->commit, 43);
        assert_true(e->notes_first == UINT64_MAX);
        assert_int_equal(e->notes_count, 4096);
    }
    assert_memory_equal(e->effects, bytes_of(v, "effects", room).p,
                        sizeof(e->effects));
    if (e->input.kind == DAF_INPUT_WRITE) expect_write(name, e->input.write);
    if (e->input.kind == DAF_INPUT_ITEM) expect_item(name, e->input.item);
    if (e->input.kind == DAF_INPUT_PUT || e->input.kind == DAF_INPUT_READ)
        expect_piece(name, &e->input);
}

static void make_calls(struct daf_effects *made, const json_t *calls)
{
    json_t *call, *part;
    size_t i, j;

    json_array_foreach(calls, i, call)
    {
        static uint8_t rooms[PARTS_MAX][BYTES_MAX];
        struct daf_view parts[PARTS_MAX];
        const json_t *all = field(call, "parts");

        assert_in_range(json_array_size(all), 0, PARTS_MAX);
        json_array_foreach(all, j, part)
        {
            parts[j].p = rooms[j];
            parts[j].len = daf_hex_decode(json_string_value(part), rooms[j],
                                          sizeof(rooms[j]));
        }
        daf_effects_add(made, (enum daf_effects_call)number_of(call, "call"),
                        number_of(call, "number"), parts, j);
    }
}

static bool on_entry(void *ctx, const struct daf_inputlog_entry *e)
{
    const json_t *entries = field(golden, "entries"), *v;
    struct reading *r = ctx;

    v = json_array_get(entries, r->count);
    assert_non_null(v);
    assert_int_equal(e->now.ms, 1000 + r->count);
    assert_int_equal(e->commits, 40 + r->count / 4);
    if (r->out != NULL) {
        struct daf_inputlog_entry again = *e;

        expect_entry(v, e);
        make_calls(r->made, field(v, "calls"));
        memcpy(again.effects, r->made->chain, sizeof(again.effects));
        daf_inputlog_pack_entry(r->out, &again);
    }
    r->count++;
    return true;
}

static void a_log_is_read_and_written_byte_for_byte(void **state)
{
    static struct daf_effects made;
    struct daf_inputlog_head want = golden_head(), h;
    uint8_t room[BYTES_MAX], again[BYTES_MAX];
    struct daf_view log = bytes_of(golden, "log", room);
    struct daf_pack k;
    struct reading r = {.out = &k, .made = &made};
    size_t torn = 1;

    (void)state;
    daf_pack_init(&k, again, sizeof(again));
    daf_inputlog_pack_head(&k, &want);
    daf_effects_init(&made, NULL);
    assert_int_equal(daf_inputlog_read(log, &h, &torn, on_entry, &r), DAF_OK);
    assert_int_equal(torn, 0);
    assert_int_equal(r.count, json_array_size(field(golden, "entries")));
    assert_memory_equal(h.seed, want.seed, sizeof(h.seed));
    assert_true(h.boot_number == want.boot_number);
    assert_int_equal(h.self.lives_count, 2);
    assert_memory_equal(&h.self, &want.self, sizeof(h.self));
    assert_memory_equal(&h.keys, &want.keys, sizeof(h.keys));
    assert_memory_equal(&h.secrets, &want.secrets, sizeof(h.secrets));
    assert_false(k.is_full);
    assert_int_equal(k.len, log.len);
    assert_memory_equal(again, log.p, log.len);
}

static void a_log_cut_anywhere_has_the_entries_before_the_cut(void **state)
{
    const json_t *entries = field(golden, "entries");
    uint8_t room[BYTES_MAX];
    struct daf_view log = bytes_of(golden, "log", room);
    size_t head = strlen(text_of(golden, "head_bytes")) / 2;

    (void)state;
    for (size_t len = 0; len <= log.len; len++) {
        struct reading r = {.count = 0};
        struct daf_inputlog_head h;
        size_t torn = 0, whole = 0;
        enum daf_err err = daf_inputlog_read((struct daf_view){log.p, len}, &h,
                                             &torn, on_entry, &r);

        assert_int_equal(err, len < head ? DAF_EFORM : DAF_OK);
        if (err != DAF_OK) continue;
        while (whole < json_array_size(entries) &&
               number_of(json_array_get(entries, whole), "end") <= len)
            whole++;
        assert_int_equal(r.count, whole);
    }
}

static void other_versions_are_refused(void **state)
{
    json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(golden, "refused"), i, v)
    {
        struct reading r = {.count = 0};
        struct daf_inputlog_head h;
        uint8_t room[BYTES_MAX];
        size_t torn;

        print_message("             %s\n", text_of(v, "name"));
        assert_string_equal(daf_err_name(
                                daf_inputlog_read(bytes_of(v, "log", room), &h,
                                                  &torn, on_entry, &r)),
                            text_of(v, "error"));
        assert_int_equal(r.count, 0);
    }
}

static void an_entry_that_cannot_be_is_not_passed_over(void **state)
{
    json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(golden, "wrong"), i, v)
    {
        struct reading r = {.count = 0};
        struct daf_inputlog_head h;
        uint8_t room[BYTES_MAX];
        size_t len = bytes_of(golden, "head_bytes", room).len, torn = 0, more;

        print_message("             %s\n", text_of(v, "name"));
        more = daf_hex_decode(text_of(v, "entry"), room + len, BYTES_MAX - len);
        assert_int_equal(daf_inputlog_read((struct daf_view){room, len + more},
                                           &h, &torn, on_entry, &r),
                         DAF_ECORRUPT);
        assert_int_equal(r.count, 0);
        assert_int_equal(torn, more);
    }
}

static int load(void **state)
{
    (void)state;
    golden =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/inputlog.json", 0, NULL);
    return golden == NULL ? -1 : 0;
}

static int unload(void **state)
{
    (void)state;
    json_decref(golden);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_log_is_read_and_written_byte_for_byte),
        cmocka_unit_test(a_log_cut_anywhere_has_the_entries_before_the_cut),
        cmocka_unit_test(other_versions_are_refused),
        cmocka_unit_test(an_entry_that_cannot_be_is_not_passed_over),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
