/* SPDX-License-Identifier: Apache-2.0 */

/* A golden enrolment, made by tests/vectors/make_porch.py without our code:
 * tickets, what both sides compute, their frames, and the file of doors.  A
 * change here is a change of the protocol. */
#include "tests/lib/t.h"

#include "node/addresses.h"
#include "proto/frame.h"
#include "proto/porch.h"
#include "proto/ticket.h"
#include "tests/lib/hex.h"
#include "tests/lib/homes.h"

#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *porch;
static FILE *words;

static int load(void **state)
{
    (void)state;
    porch = json_load_file(DAF_SOURCE_DIR "/tests/vectors/porch.json", 0, NULL);
    return porch != NULL && sodium_init() >= 0 ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(porch);
    return 0;
}

static json_t *field(const json_t *object, const char *name)
{
    json_t *v = json_object_get(object, name);

    assert_non_null(v);
    return v;
}

static const char *text_of(const json_t *object, const char *name)
{
    const char *s = json_string_value(field(object, name));

    assert_non_null(s);
    return s;
}

/* The field, in a room that lasts until the next call. */
static struct daf_view bytes_of(const json_t *object, const char *name)
{
    static uint8_t room[8192];

    return (struct daf_view){room, daf_hex_decode(text_of(object, name), room,
                                                  sizeof(room))};
}

static void copy(const json_t *object, const char *name, uint8_t *out,
                 size_t len)
{
    assert_int_equal(daf_hex_decode(text_of(object, name), out, len), len);
}

static void expect(const json_t *object, const char *name, const uint8_t *got,
                   size_t len)
{
    struct daf_view want = bytes_of(object, name);

    assert_int_equal(want.len, len);
    assert_memory_equal(want.p, got, len);
}

static struct daf_view view_of(const char *text)
{
    return (struct daf_view){(const uint8_t *)text, strlen(text)};
}

/* ---- tickets */

static void expect_addresses(const json_t *v, const struct daf_ticket *t)
{
    const json_t *list = field(v, "addresses");

    assert_int_equal(t->addrs_count, json_array_size(list));
    for (size_t i = 0; i < t->addrs_count; i++)
        assert_string_equal(t->addrs[i],
                            json_string_value(json_array_get(list, i)));
}

static void tickets_are_read_and_made_letter_for_letter(void **state)
{
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(porch, "tickets"), i, v)
    {
        char code[DAF_TICKET_CODE_CHARS + 1], text[DAF_TICKET_TEXT_CHARS + 1];
        struct daf_ticket full, bare;

        assert_int_equal(daf_ticket_parse(view_of(text_of(v, "text")), &full),
                         DAF_OK);
        assert_true(full.is_full);
        expect(v, "secret", full.secret, 16);
        expect(v, "mark", full.mark, 16);
        expect(v, "porch", full.porch.b, 32);
        expect_addresses(v, &full);
        daf_ticket_text(&full, text);
        assert_string_equal(text, text_of(v, "text"));
        daf_ticket_code(&full, code);
        assert_string_equal(code, text_of(v, "code"));
        assert_int_equal(daf_ticket_parse(view_of(code), &bare), DAF_OK);
        assert_false(bare.is_full);
        assert_memory_equal(bare.secret, full.secret, 16);
        assert_memory_equal(bare.mark, full.mark, 16);
    }
    assert_int_equal(i, 2);
}

static void bad_tickets_are_refused_for_what_is_wrong_in_them(void **state)
{
    static const struct daf_ticket nothing;
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(porch, "bad_tickets"), i, v)
    {
        struct daf_ticket t;
        enum daf_err err = daf_ticket_parse(view_of(text_of(v, "text")), &t);

        if (strcmp(daf_err_name(err), text_of(v, "error")) != 0)
            fail_msg("%s: %s", text_of(v, "name"), daf_err_name(err));
        assert_memory_equal(&t, &nothing, sizeof(t));
    }
    assert_int_equal(i, 17);
}

/* ---- what both sides compute */

static void the_talk_comes_to_the_golden_digits(void **state)
{
    const json_t *v = field(porch, "talk");
    const json_t *ticket = json_array_get(field(porch, "tickets"), 0);
    uint8_t secret[16], mark[16], request[DAF_REQUEST_BYTES_MAX];
    struct daf_porch_talk t;
    struct daf_hash h;
    size_t len =
        daf_hex_decode(text_of(v, "request"), request, sizeof(request));

    (void)state;
    copy(ticket, "secret", secret, 16);
    copy(ticket, "porch", t.porch.b, 32);
    copy(v, "manifest", t.manifest.b, 32);
    copy(v, "joiner", t.joiner.b, 32);
    copy(v, "joiner_nonce", t.joiner_nonce.b, 32);
    copy(v, "coordinator_nonce", t.coordinator_nonce.b, 32);
    t.ticket = daf_porch_key(secret);
    expect(v, "key", t.ticket.b, 32);
    daf_porch_mark(&t.manifest, &t.porch, mark);
    expect(ticket, "mark", mark, 16);
    t.joiner_commitment =
        daf_porch_commitment(&t.joiner_nonce, (struct daf_view){request, len});
    expect(v, "joiner_commitment", t.joiner_commitment.b, 32);
    t.coordinator_commitment =
        daf_porch_commitment(&t.coordinator_nonce,
                             (struct daf_view){t.porch.b, 32});
    expect(v, "coordinator_commitment", t.coordinator_commitment.b, 32);
    h = daf_porch_ask_mac(&t);
    expect(v, "ask_mac", h.b, 32);
    h = daf_porch_offer_mac(&t);
    expect(v, "offer_mac", h.b, 32);
    assert_int_equal(daf_porch_digits(&t),
                     strtoul(text_of(v, "digits"), NULL, 10));
}

/* ---- frames, in the words that make_porch.py has for them */

static void say_bytes(const char *name, const uint8_t *p, size_t len)
{
    (void)fprintf(words, " %s ", name);
    for (size_t i = 0; i < len; i++)
        (void)fprintf(words, "%02x", p[i]);
}

static void say_number(const char *name, uint64_t n)
{
    (void)fprintf(words, " %s %llu", name, (unsigned long long)n);
}

static void pass(const struct daf_frame *f, struct daf_pack *k)
{
    (void)fputs(daf_frame_kind_str(f->kind), words);
    switch (f->number) {
    case DAF_FRAME_ASK:
        say_number("min", f->ask.version_min);
        say_number("max", f->ask.version_max);
        say_bytes("commitment", f->ask.commitment.b, 32);
        say_bytes("mac", f->ask.mac.b, 32);
        daf_frame_pack_ask(k, &f->ask);
        return;
    case DAF_FRAME_OFFER:
        say_bytes("manifest", f->offer.manifest.b, 32);
        say_bytes("commitment", f->offer.commitment.b, 32);
        say_bytes("mac", f->offer.mac.b, 32);
        daf_frame_pack_offer(k, &f->offer);
        return;
    case DAF_FRAME_REVEAL:
        say_bytes("nonce", f->reveal.nonce.b, 32);
        say_bytes("request", f->reveal.request.p, f->reveal.request.len);
        daf_frame_pack_reveal(k, &f->reveal);
        return;
    case DAF_FRAME_ANSWER:
        say_bytes("nonce", f->nonce.b, 32);
        daf_frame_pack_answer(k, &f->nonce);
        return;
    case DAF_FRAME_ACCEPT:
        say_bytes("manifest", f->accept.manifest.p, f->accept.manifest.len);
        say_bytes("cert", f->accept.cert.p, f->accept.cert.len);
        say_number("port", f->accept.port);
        daf_frame_pack_accept(k, &f->accept);
        return;
    case DAF_FRAME_DECLINE:
        say_number("reason", f->decline);
        daf_frame_pack_decline(k, (enum daf_decline)f->decline);
        return;
    default:
        fail();
    }
}

static void frames_are_read_and_made_byte_for_byte(void **state)
{
    uint8_t again[DAF_DOOR_BYTES_MAX];
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(porch, "frames"), i, v)
    {
        struct daf_view bytes = bytes_of(v, "bytes");
        char *said = NULL;
        size_t said_len = 0;
        struct daf_frame f;
        struct daf_pack k;

        assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
        words = open_memstream(&said, &said_len);
        assert_non_null(words);
        daf_pack_init(&k, again, sizeof(again));
        /* The largest reason is none that an encoder is asked for. */
        if (f.kind == DAF_FRAME_DECLINE && f.decline > DAF_DECLINE_VERSION) {
            (void)fprintf(words, "DECLINE reason %llu",
                          (unsigned long long)f.decline);
            daf_pack_raw(&k, bytes.p, bytes.len);
        } else {
            pass(&f, &k);
        }
        assert_int_equal(fclose(words), 0);
        assert_string_equal(said, text_of(v, "says"));
        free(said);
        assert_int_equal(k.len, bytes.len);
        assert_memory_equal(again, bytes.p, bytes.len);
    }
    assert_int_equal(i, 10);
}

static void other_shapes_are_refused(void **state)
{
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(porch, "refused"), i, v)
    {
        struct daf_frame f;
        enum daf_err err = daf_frame_decode(bytes_of(v, "bytes"), &f, NULL);

        if (strcmp(daf_err_name(err), text_of(v, "error")) != 0)
            fail_msg("%s: %s", text_of(v, "name"), daf_err_name(err));
    }
    assert_int_equal(i, 15);
}

/* ---- the file of doors */

static void the_file_of_doors_is_read_and_made_byte_for_byte(void **state)
{
    const json_t *v = field(porch, "addresses"), *door;
    struct daf_view bytes = bytes_of(v, "bytes");
    struct daf_addresses_file a;
    struct daf_home home;
    uint8_t *again;
    size_t i, len;

    (void)state;
    assert_int_equal(daf_home_make(daf_homes_in("A"), &home, NULL), DAF_OK);
    daf_homes_spill(daf_homes_in("A/camp/addresses.daf"), bytes.p, bytes.len);
    daf_addresses_read(&home, &a);
    assert_int_equal(a.count, json_array_size(field(v, "doors")));
    json_array_foreach(field(v, "doors"), i, door)
    {
        const json_t *list = field(door, "addresses");

        expect(door, "author", a.doors[i].author.b, 16);
        assert_int_equal(a.doors[i].count, json_array_size(list));
        for (size_t j = 0; j < a.doors[i].count; j++)
            assert_string_equal(a.doors[i].addrs[j].text,
                                json_string_value(json_array_get(list, j)));
    }
    assert_int_equal(daf_addresses_write(&home, &a, NULL), DAF_OK);
    again = daf_homes_slurp(daf_homes_in("A/camp/addresses.daf"), &len);
    expect(v, "bytes", again, len);
    free(again);
    daf_home_unload(&home);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tickets_are_read_and_made_letter_for_letter),
        cmocka_unit_test(bad_tickets_are_refused_for_what_is_wrong_in_them),
        cmocka_unit_test(the_talk_comes_to_the_golden_digits),
        cmocka_unit_test(frames_are_read_and_made_byte_for_byte),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test_setup_teardown(
            the_file_of_doors_is_read_and_made_byte_for_byte, daf_homes_setup,
            daf_homes_teardown),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
