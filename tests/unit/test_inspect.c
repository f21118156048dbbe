/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/cmd.h"
#include "node/inspect.h"
#include "proto/frame.h"
#include "proto/hash.h"
#include "proto/request.h"
#include "proto/ticket.h"
#include "tests/lib/hex.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SAMPLE_BYTES_MAX 8192

/* --- helpers ------------------------------------------------------------------- */

/* What inspect prints; the caller frees it.  "" if it refuses. */
static char *inspect(struct daf_view bytes, enum daf_err *out_err,
                     struct daf_inspect_fault *fault)
{
    char *text = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&text, &len);

    assert_non_null(f);
    *out_err = daf_inspect(bytes, f, fault);
    (void)fclose(f);
    return text;
}

/* It must be one line, one JSON object, of this kind.  The caller owns it. */
static json_t *inspected(struct daf_view bytes, const char *kind)
{
    struct daf_inspect_fault fault;
    enum daf_err err;
    char *text = inspect(bytes, &err, &fault);
    json_t *object;

    assert_int_equal(err, DAF_OK);
    assert_ptr_equal(strchr(text, '\n'), text + strlen(text) - 1);
    object = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_object(object));
    assert_string_equal(json_string_value(json_object_get(object, "kind")),
                        kind);
    free(text);
    return object;
}

static void assert_refused(struct daf_view bytes, size_t offset)
{
    struct daf_inspect_fault fault;
    enum daf_err err;
    char *text = inspect(bytes, &err, &fault);

    assert_int_not_equal(err, DAF_OK);
    assert_string_equal(text, "");
    assert_int_equal(fault.offset, offset);
    free(text);
}

/* No beginning of it and nothing with more behind is taken for something. */
static void assert_whole_only(struct daf_view bytes)
{
    uint8_t longer[SAMPLE_BYTES_MAX + 1];
    struct daf_inspect_fault fault;

    assert_true(bytes.len <= SAMPLE_BYTES_MAX);
    memcpy(longer, bytes.p, bytes.len);
    longer[bytes.len] = 0xc0;
    for (size_t len = 0; len <= bytes.len + 1; len++) {
        enum daf_err err;
        char *text;

        if (len == bytes.len) continue;
        text = inspect((struct daf_view){longer, len}, &err, &fault);
        assert_int_not_equal(err, DAF_OK);
        assert_true(fault.offset <= len);
        assert_string_equal(text, "");
        free(text);
    }
}

static void check(struct daf_view bytes, const char *kind, const char *key,
                  const char *value)
{
    json_t *object = inspected(bytes, kind);

    if (key != NULL)
        assert_string_equal(json_string_value(json_object_get(object, key)),
                            value);
    json_decref(object);
    assert_whole_only(bytes);
}

static struct daf_pack packer(uint8_t *buffer)
{
    struct daf_pack k;

    daf_pack_init(&k, buffer, SAMPLE_BYTES_MAX);
    return k;
}

/* --- frames ----------------------------------------------------------------------- */

static void plain_frames_are_shown(void **state)
{
    const struct daf_hello hello = {.version_min = 2, .version_max = 2};
    const struct daf_knock knock = {.version_min = 2, .version_max = 2};
    const struct daf_hash nonce = {{7}};
    const struct daf_scope_id scope = {{1}};
    const struct daf_tag after = {{2, 3}};
    uint8_t buffer[SAMPLE_BYTES_MAX];
    struct daf_pack k;

    (void)state;
    k = packer(buffer);
    daf_frame_pack_hello(&k, &hello);
    check(daf_pack_view(&k), "frame", "frame", "HELLO");
    k = packer(buffer);
    daf_frame_pack_bye(&k, DAF_BYE_SELF);
    check(daf_pack_view(&k), "frame", "words", "self");
    k = packer(buffer);
    daf_frame_pack_want_page(&k, &scope, NULL);
    check(daf_pack_view(&k), "frame", "asks", "page");
    k = packer(buffer);
    daf_frame_pack_want_page(&k, &scope, &after);
    check(daf_pack_view(&k), "frame", "after", "0203000000000000");
    k = packer(buffer);
    daf_frame_pack_want_symbols(&k, &scope, 8, 24);
    check(daf_pack_view(&k), "frame", "asks", "symbols");
    k = packer(buffer);
    daf_frame_pack_knock(&k, &knock);
    check(daf_pack_view(&k), "frame", "frame", "KNOCK");
    k = packer(buffer);
    daf_frame_pack_nonce(&k, &nonce);
    check(daf_pack_view(&k), "frame", "frame", "NONCE");
}

/* One field as text, its keys in order.  The caller frees it. */
static char *field_of(const struct daf_pack *k, const char *key)
{
    json_t *object = inspected(daf_pack_view(k), "frame");
    char *text = json_dumps(json_object_get(object, key),
                            JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);

    assert_non_null(text);
    json_decref(object);
    assert_whole_only(daf_pack_view(k));
    return text;
}

static void assert_field(const struct daf_pack *k, const char *key,
                         const char *wanted)
{
    char *text = field_of(k, key);

    assert_string_equal(text, wanted);
    free(text);
}

static void frames_with_lists_are_shown(void **state)
{
    const struct daf_scope_id scope = {{1}};
    const struct daf_log_key log = {.author = {{2}}, .incarnation = 3};
    const struct daf_tag tag = {{0xab, 0, 0, 0, 0, 0, 0, 1}};
    const struct daf_spot spot = {4, {{5}}};
    const struct daf_ack_path ack = {log, 1, {4, {{5}}}};
    uint8_t buffer[SAMPLE_BYTES_MAX];
    struct daf_pack k;
    size_t mark;

    (void)state;
    k = packer(buffer);
    mark = daf_frame_begin_want(&k, &scope, 4096);
    daf_frame_add_want(&k, &tag, &spot, 1, &spot, 1, true);
    daf_frame_add_want(&k, &tag, NULL, 0, NULL, 0, false);
    daf_frame_end(&k, mark, 2, false);
    check(daf_pack_view(&k), "frame", "asks", "records");
    assert_field(
        &k, "logs",
        "[{\"all\":true,\"haves\":[{\"id\":\""
        "0500000000000000000000000000000000000000000000000000000000000000"
        "\",\"seq\":4}],\"log\":\"ab00000000000001\",\"wants\":[{\"id\":\""
        "0500000000000000000000000000000000000000000000000000000000000000"
        "\",\"seq\":4}]},"
        "{\"all\":false,\"haves\":[],\"log\":\"ab00000000000001\",\"wants\":[]}"
        "]");
    k = packer(buffer);
    mark = daf_frame_begin_need(&k, &scope);
    daf_frame_add_need(&k, &log, &spot, 1);
    daf_frame_end(&k, mark, 1, false);
    assert_field(
        &k, "logs",
        "[{\"author\":\"02000000000000000000000000000000\",\"incarnation\":3,"
        "\"records\":[{\"id\":\""
        "0500000000000000000000000000000000000000000000000000000000000000"
        "\",\"seq\":4}]}]");
    k = packer(buffer);
    mark = daf_frame_begin_run(&k, &scope);
    daf_pack_close(&k, daf_frame_begin_path(&k, &log), 0);
    daf_frame_end(&k, mark, 1, true);
    assert_field(&k, "paths",
                 "[{\"author\":\"02000000000000000000000000000000\","
                 "\"incarnation\":3,\"records\":[]}]");
    k = packer(buffer);
    mark = daf_frame_begin_ack(&k, &scope);
    daf_frame_add_ack(&k, &ack);
    daf_frame_end(&k, mark, 1, false);
    check(daf_pack_view(&k), "frame", "frame", "ACK");
}

static void items_are_shown_as_log_height_and_mark(void **state)
{
    static const uint8_t items[] = {
        1, 2, 3, 4, 5, 6, 7, 8, 0,   0,   1,   0,   9, 9, 9, 9, 9, 0x0a,
        2, 0, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0xff,
    };
    static const char *const words[] = {"page", "news", "unacknowledged",
                                        "answer"};

    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        const struct daf_heads heads = {.scope = {{1}},
                                        .kind = (enum daf_heads_kind)i,
                                        .more = true,
                                        .items = {items, sizeof(items)}};
        uint8_t buffer[SAMPLE_BYTES_MAX];
        struct daf_pack k = packer(buffer);

        daf_frame_pack_heads(&k, &heads);
        check(daf_pack_view(&k), "frame", "heads", words[i]);
        assert_field(&k, "more", "true");
        assert_field(&k, "items",
                     "[{\"height\":256,\"log\":\"0102030405060708\","
                     "\"mark\":\"09090909090a\"},"
                     "{\"height\":4294967295,\"log\":\"0200000000000000\","
                     "\"mark\":\"0000000000ff\"}]");
    }
}

/* So many symbols: the first is of one item, the others of none. */
static struct daf_view some_symbols(size_t count)
{
    static struct daf_symbol symbols[8];

    symbols[0] = (struct daf_symbol){.item = {0xaa},
                                     .check = {1, 2, 3, 4},
                                     .count = {1, 2}};
    return (struct daf_view){symbols[0].item, count * sizeof(symbols[0])};
}

#define FIRST_SYMBOL                         \
    "{\"check\":\"01020304\",\"count\":258," \
    "\"item\":\"aa0000000000000000000000000000000000\"}"
#define NO_SYMBOL                           \
    ",{\"check\":\"00000000\",\"count\":0," \
    "\"item\":\"000000000000000000000000000000000000\"}"

static void of_symbols_the_count_and_the_first_few_are_shown(void **state)
{
    struct daf_symbols f = {.scope = {{1}}, .start = 8};
    uint8_t buffer[SAMPLE_BYTES_MAX];
    struct daf_pack k = packer(buffer);

    (void)state;
    daf_frame_pack_symbols(&k, &f);
    assert_field(&k, "symbols", "{\"count\":0,\"first\":[]}");
    assert_field(&k, "start", "8");
    f.symbols = some_symbols(1);
    k = packer(buffer);
    daf_frame_pack_symbols(&k, &f);
    assert_field(&k, "symbols", "{\"count\":1,\"first\":[" FIRST_SYMBOL "]}");
    f.symbols = some_symbols(8);
    k = packer(buffer);
    daf_frame_pack_symbols(&k, &f);
    assert_field(&k, "symbols",
                 "{\"count\":8,\"first\":[" FIRST_SYMBOL NO_SYMBOL NO_SYMBOL
                     NO_SYMBOL "]}");
}

static void a_root_is_shown_with_all_its_parts(void **state)
{
    static const uint8_t tags[] = {1, 0, 0, 0, 0, 0, 0, 0,
                                   2, 0, 0, 0, 0, 0, 0, 3};
    const struct daf_root root = {.manifest_number = 1,
                                  .bodies = 77,
                                  .combined = {{0xcc}}};
    struct daf_root_part part = {.scope = {{1}}, .heads_count = 9};
    uint8_t buffer[SAMPLE_BYTES_MAX];
    struct daf_pack k = packer(buffer);
    size_t mark = daf_frame_begin_root(&k, &root);

    (void)state;
    part.symbols = some_symbols(1);
    daf_frame_add_part(&k, &part);
    part.scope.b[0] = 2;
    part.symbols.len = 0;
    part.deferred = (struct daf_view){tags, sizeof(tags)};
    daf_frame_add_part(&k, &part);
    daf_frame_end(&k, mark, 2, false);
    check(daf_pack_view(&k), "frame", "combined",
          "cc000000000000000000000000000000");
    assert_field(&k, "bodies", "77");
    assert_field(
        &k, "scopes",
        "[{\"deferred\":[],\"heads\":9,"
        "\"scope\":\"01000000000000000000000000000000\","
        "\"sum\":\"00000000000000000000000000000000\","
        "\"symbols\":{\"count\":1,\"first\":[" FIRST_SYMBOL "]}},"
        "{\"deferred\":[\"0100000000000000\",\"0200000000000003\"],\"heads\":9,"
        "\"scope\":\"02000000000000000000000000000000\","
        "\"sum\":\"00000000000000000000000000000000\","
        "\"symbols\":{\"count\":0,\"first\":[]}}]");
}

static void other_frames_are_shown(void **state)
{
    static const uint8_t tags[] = {1, 0, 0, 0, 0, 0, 0, 0,
                                   2, 0, 0, 0, 0, 0, 0, 3};
    const struct daf_defer defer = {.scope = {{1}},
                                    .tags = {tags, sizeof(tags)}};
    uint8_t buffer[SAMPLE_BYTES_MAX];
    struct daf_pack k;

    (void)state;
    k = packer(buffer);
    daf_frame_pack_defer(&k, &defer);
    check(daf_pack_view(&k), "frame", "frame", "DEFER");
    assert_field(&k, "deferred", "[\"0100000000000000\",\"0200000000000003\"]");
    k = packer(buffer); /* MANIFEST, of bytes that are none */
    daf_pack_array(&k, 2);
    daf_pack_uint(&k, DAF_FRAME_MANIFEST);
    daf_pack_bin(&k, tags, 3);
    check(daf_pack_view(&k), "frame", "frame", "MANIFEST");
    k = packer(buffer); /* REVOKED, of bytes that are no record */
    daf_frame_pack_revoked(&k, &(struct daf_revoked){{tags, 3}, {tags, 4}});
    check(daf_pack_view(&k), "frame", "frame", "REVOKED");
}

static void porch_frames_are_shown(void **state)
{
    struct daf_device_keys keys = {.transport = {{7}}, .seal = {{8}}};
    uint8_t buffer[SAMPLE_BYTES_MAX], request[DAF_REQUEST_BYTES_MAX];
    struct daf_sign_sk sign;
    struct daf_pack k;
    size_t len;

    (void)state;
    (void)crypto_sign_keypair(keys.sign.b, sign.b);
    len = daf_request_pack(&keys, &sign, request, sizeof(request));
    k = packer(buffer);
    daf_frame_pack_ask(&k, &(struct daf_ask){2, 3, {{1}}, {{2}}});
    check(daf_pack_view(&k), "frame", "frame", "ASK");
    assert_field(&k, "version_max", "3");
    k = packer(buffer);
    daf_frame_pack_offer(&k, &(struct daf_offer){{{1}}, {{2}}, {{3}}});
    check(daf_pack_view(&k), "frame", "frame", "OFFER");
    k = packer(buffer);
    daf_frame_pack_reveal(&k, &(struct daf_reveal){{{1}}, {request, len}});
    check(daf_pack_view(&k), "frame", "frame", "REVEAL");
    k = packer(buffer); /* of bytes that are no request */
    daf_frame_pack_reveal(&k, &(struct daf_reveal){{{1}}, {request, 3}});
    check(daf_pack_view(&k), "frame", "frame", "REVEAL");
    k = packer(buffer);
    daf_frame_pack_answer(&k, &(struct daf_hash){{4}});
    check(daf_pack_view(&k), "frame", "frame", "ANSWER");
    k = packer(buffer); /* of bytes that are neither */
    daf_frame_pack_accept(&k,
                          &(struct daf_accept){{request, 3}, {request, 3}, 9});
    check(daf_pack_view(&k), "frame", "frame", "ACCEPT");
    assert_field(&k, "door_port", "9");
    k = packer(buffer);
    daf_frame_pack_decline(&k, DAF_DECLINE_USED);
    check(daf_pack_view(&k), "frame", "frame", "DECLINE");
    assert_field(&k, "words", "\"the ticket was used\"");
}

/* Who sees it over a shoulder must not be let in by it. */
static void a_ticket_is_shown_without_its_secret(void **state)
{
    struct daf_ticket t = {.is_full = true};
    char code[DAF_TICKET_CODE_CHARS + 1], text[DAF_TICKET_TEXT_CHARS + 1];

    (void)state;
    memset(t.secret, 0xa5, sizeof(t.secret));
    daf_ticket_text(&t, text);
    daf_ticket_code(&t, code);
    for (int i = 0; i < 2; i++) {
        const char *shown = i == 0 ? text : code;
        json_t *o =
            inspected((struct daf_view){(const uint8_t *)shown, strlen(shown)},
                      "ticket");

        assert_string_equal(json_string_value(json_object_get(o, "secret")),
                            "(secret)");
        assert_int_equal(json_is_true(json_object_get(o, "full")), i == 0);
        json_decref(o);
    }
    assert_refused((struct daf_view){(const uint8_t *)code, strlen(code) - 1},
                   1);
}

static void a_frame_with_wrong_fields_is_refused(void **state)
{
    static const uint8_t bye_str[] = {0x92, 0x0a, 0xa1, 'x'};
    static const uint8_t bye_more[] = {0x93, 0x0a, 0x01, 0x01};

    (void)state;
    assert_refused((struct daf_view){bye_str, sizeof(bye_str)}, 2);
    assert_refused((struct daf_view){bye_more, sizeof(bye_more)}, 0);
}

/* --- records ------------------------------------------------------------------------ */

struct sample {
    struct daf_sign_sk sign;
    uint8_t header[DAF_HEADER_BYTES_MAX], body[512];
    size_t header_len, body_len;
};

static void make_record(struct sample *s, bool is_sealed)
{
    static const uint8_t payload[] = {0x92, 0xa1, 'x', 0x80};
    struct daf_body_seal seal = {.payload = {payload, sizeof(payload)}};
    struct daf_record r = {.seq = 1, .claimed_ms = 4102444800000};
    struct daf_sign_pk pk;
    uint8_t prefix[DAF_HEADER_BYTES_MAX];

    (void)crypto_sign_keypair(pk.b, s->sign.b);
    r.log.author = daf_hash_author_id(&pk);
    seal.aad.p = prefix;
    seal.aad.len = daf_record_prefix(&r, prefix);
    if (is_sealed)
        assert_int_equal(daf_body_seal(&seal, s->body, sizeof(s->body),
                                       &s->body_len),
                         DAF_OK);
    else
        assert_int_equal(daf_body_plain(seal.payload, s->body, sizeof(s->body),
                                        &s->body_len),
                         DAF_OK);
    r.body_hash = daf_body_hash((struct daf_view){s->body, s->body_len});
    r.body_len = (uint32_t)s->body_len;
    s->header_len = daf_record_sign(&r, &s->sign, s->header);
}

static void headers_and_bodies_are_shown(void **state)
{
    struct sample s;
    json_t *object;

    (void)state;
    make_record(&s, true);
    check((struct daf_view){s.header, s.header_len}, "header", NULL, NULL);
    check((struct daf_view){s.body, s.body_len}, "body", NULL, NULL);
    make_record(&s, false);
    object = inspected((struct daf_view){s.body, s.body_len}, "body");
    assert_true(json_is_false(json_object_get(object, "sealed")));
    assert_string_equal(json_string_value(
                            json_object_get(json_object_get(object, "payload"),
                                            "type")),
                        "x");
    json_decref(object);
    object = inspected((struct daf_view){s.header, s.header_len}, "header");
    assert_int_equal(json_integer_value(json_object_get(object, "seq")), 1);
    assert_true(json_is_null(json_object_get(object, "prev")));
    json_decref(object);
}

static void a_revocation_says_why_in_words(void **state)
{
    const struct daf_author_id who = {{9}};
    uint8_t buffer[256], body[300];
    struct daf_pack k = packer(buffer);
    size_t mark = daf_payload_begin_revocation(&k), len;
    json_t *object, *payload;

    (void)state;
    daf_payload_end_revocation(&k, mark, 0, DAF_REVOKED_LEFT, &who);
    assert_int_equal(daf_body_plain(daf_pack_view(&k), body, sizeof(body),
                                    &len),
                     DAF_OK);
    object = inspected((struct daf_view){body, len}, "body");
    payload = json_object_get(object, "payload");
    assert_string_equal(json_string_value(json_object_get(payload, "type")),
                        "revocation");
    assert_string_equal(json_string_value(json_object_get(payload, "reason")),
                        "left");
    assert_true(json_is_false(json_object_get(payload, "seconded")));
    assert_string_equal(json_string_value(
                            json_object_get(json_object_get(payload, "fields"),
                                            "who")),
                        "09000000000000000000000000000000");
    json_decref(object);
}

static void an_admit_says_how_many_tips_it_names(void **state)
{
    const struct daf_author_id who = {{9}};
    const struct daf_spot tips[2] = {{1, {{1}}}, {2, {{2}}}};
    struct daf_log_key log = {.author = who};
    uint8_t buffer[256], body[300];
    struct daf_pack k = packer(buffer);
    size_t mark = daf_payload_begin_admit(&k), len;
    json_t *object, *payload;

    (void)state;
    daf_payload_add_revoked_log(&k, &log, tips, 2);
    daf_payload_add_revoked_log(&k, &log, tips, 1);
    daf_payload_end_admit(&k, mark, 2, &who);
    assert_int_equal(daf_body_plain(daf_pack_view(&k), body, sizeof(body),
                                    &len),
                     DAF_OK);
    object = inspected((struct daf_view){body, len}, "body");
    payload = json_object_get(object, "payload");
    assert_string_equal(json_string_value(json_object_get(payload, "type")),
                        "admit");
    assert_int_equal(json_integer_value(json_object_get(payload, "tips")), 3);
    json_decref(object);
}

static void a_record_is_shown_with_whether_its_body_is_its_own(void **state)
{
    uint8_t buffer[SAMPLE_BYTES_MAX];
    struct sample s, other;
    struct daf_pack k;
    json_t *object;

    (void)state;
    make_record(&s, true);
    make_record(&other, false);
    for (int i = 0; i < 2; i++) {
        k = packer(buffer);
        daf_pack_array(&k, 2);
        daf_pack_bin(&k, s.header, s.header_len);
        daf_pack_bin(&k, i == 0 ? s.body : other.body,
                     i == 0 ? s.body_len : other.body_len);
        object = inspected(daf_pack_view(&k), "record");
        assert_int_equal(json_is_true(json_object_get(object, "body_matches")),
                         i == 0);
        json_decref(object);
        assert_whole_only(daf_pack_view(&k));
    }
    k = packer(buffer);
    daf_pack_array(&k, 2);
    daf_pack_bin(&k, s.header, s.header_len);
    daf_pack_uint(&k, DAF_BODY_ERASED);
    check(daf_pack_view(&k), "record", NULL, NULL);
}

static void a_record_with_a_broken_part_names_its_place(void **state)
{
    uint8_t buffer[SAMPLE_BYTES_MAX];
    struct sample s;
    struct daf_pack k;

    (void)state;
    make_record(&s, true);
    s.header[1] = 2; /* another version */
    assert_refused((struct daf_view){s.header, s.header_len}, 0);
    k = packer(buffer);
    daf_pack_array(&k, 2);
    daf_pack_bin(&k, s.header, s.header_len);
    daf_pack_bin(&k, s.body, s.body_len);
    assert_refused(daf_pack_view(&k), 3); /* array, bin 8 and its length */
    s.header[1] = 1;
    s.body[0] = 0xc0;
    k = packer(buffer);
    daf_pack_array(&k, 2);
    daf_pack_bin(&k, s.header, s.header_len);
    daf_pack_bin(&k, s.body, s.body_len);
    assert_refused(daf_pack_view(&k), 3 + s.header_len + 2);
}

/* --- what is carried by hand ------------------------------------------------------------ */

static size_t make_manifest(struct daf_manifest *m, struct daf_sign_sk *root,
                            uint8_t out[DAF_MANIFEST_BYTES_MAX])
{
    memset(m, 0, sizeof(*m));
    (void)crypto_sign_keypair(m->roots[0].b, root->b);
    m->is_first = true;
    m->number = m->k = 1;
    m->roots_count = m->coordinators_count = 1;
    (void)snprintf(m->name, sizeof(m->name), "Test \"camp\"");
    memset(m->discovery.b, 0xdd, sizeof(m->discovery.b));
    return daf_manifest_sign(m, root, 1, out);
}

static size_t make_cert(const struct daf_sign_sk *issuer,
                        uint8_t out[DAF_CERT_BYTES_MAX])
{
    struct daf_cert cert = {.rights_count = 1, .expires_beacon = UINT64_MAX};

    (void)snprintf(cert.rights[0].scope, sizeof(cert.rights[0].scope),
                   "class:1");
    cert.rights[0].right = DAF_RIGHT_APPEND;
    return daf_cert_sign(&cert, issuer, out);
}

static void manifests_and_certificates_are_shown_without_secrets(void **state)
{
    uint8_t manifest[DAF_MANIFEST_BYTES_MAX], cert[DAF_CERT_BYTES_MAX];
    struct daf_sign_sk root;
    struct daf_manifest m;
    size_t len = make_manifest(&m, &root, manifest);
    json_t *object = inspected((struct daf_view){manifest, len}, "manifest");
    char *text = json_dumps(object, 0);

    (void)state;
    assert_string_equal(json_string_value(json_object_get(object, "name")),
                        "Test \"camp\"");
    assert_true(json_is_true(json_object_get(object, "verified")));
    assert_null(strstr(text, "dddddddd"));
    free(text);
    json_decref(object);
    assert_whole_only((struct daf_view){manifest, len});
    manifest[len - 1] ^= 1;
    object = inspected((struct daf_view){manifest, len}, "manifest");
    assert_true(json_is_false(json_object_get(object, "verified")));
    json_decref(object);

    len = make_cert(&root, cert);
    object = inspected((struct daf_view){cert, len}, "certificate");
    assert_string_equal(json_string_value(
                            json_object_get(json_object_get(object, "rights"),
                                            "class:1")),
                        "append");
    json_decref(object);
    assert_whole_only((struct daf_view){cert, len});
}

static void requests_and_acceptances_are_shown(void **state)
{
    uint8_t manifest[DAF_MANIFEST_BYTES_MAX], cert[DAF_CERT_BYTES_MAX];
    uint8_t buffer[SAMPLE_BYTES_MAX];
    struct daf_device_keys keys = {.transport = {{1}}, .seal = {{2}}};
    struct daf_sign_sk sign, root;
    struct daf_manifest m;
    struct sample s;
    struct daf_pack k;
    size_t len, mark, manifest_len;
    json_t *object;

    (void)state;
    (void)crypto_sign_keypair(keys.sign.b, sign.b);
    len = daf_request_pack(&keys, &sign, buffer, sizeof(buffer));
    check((struct daf_view){buffer, len}, "request", NULL, NULL);
    buffer[len - 1] ^= 1;
    object = inspected((struct daf_view){buffer, len}, "request");
    assert_true(json_is_false(json_object_get(object, "verified")));
    json_decref(object);

    make_record(&s, false);
    manifest_len = make_manifest(&m, &root, manifest);
    len = make_cert(&root, cert);
    k = packer(buffer);
    mark = daf_cmd_accept_begin(&k, (struct daf_view){manifest, manifest_len},
                                (struct daf_view){cert, len});
    daf_cmd_accept_add(&k, (struct daf_view){s.header, s.header_len},
                       (struct daf_view){s.body, s.body_len});
    daf_pack_close(&k, mark, 1);
    object = inspected(daf_pack_view(&k), "acceptance");
    assert_int_equal(json_array_size(json_object_get(object, "records")), 1);
    json_decref(object);
    assert_whole_only(daf_pack_view(&k));
}

static void key_files_are_not_shown(void **state)
{
    uint8_t buffer[SAMPLE_BYTES_MAX], secret[64];
    struct daf_pack k = packer(buffer);
    json_t *object;
    char *text;

    (void)state;
    memset(secret, 0x5e, sizeof(secret));
    daf_pack_array(&k, 3);
    daf_pack_str(&k, "daf-root", 8);
    daf_pack_uint(&k, 1);
    daf_pack_bin(&k, secret, sizeof(secret));
    object = inspected(daf_pack_view(&k), "secret keys");
    text = json_dumps(object, 0);
    assert_null(strstr(text, "5e5e"));
    free(text);
    json_decref(object);
}

/* --- anything ------------------------------------------------------------------------------ */

static void other_msgpack_is_shown_as_it_is(void **state)
{
    static const struct {
        const char *hex, *json;
    } samples[] = {
        {"c0", "null"},
        {"c3", "true"},
        {"cfffffffffffffffff", "18446744073709551615"},
        {"d38000000000000000", "-9223372036854775808"},
        {"a3 22 5c 61", "\"\\\"\\\\a\""},
        {"a4 0a 1b 7f 61", "\"\\u000a\\u001b\\u007fa\""},
        {"a3 c2 9b 61", "\"\\u009ba\""},
        {"a4 c3 a9 c2 a0", "\"\xc3\xa9\xc2\xa0\""},
        {"c403 0001ff", "\"0001ff\""},
        {"90", "[]"},
        {"80", "{}"},
        {"92 c0 93 01 ff a0", "[null,[1,-1,\"\"]]"},
        {"82 a161 01 a162 91 80", "{\"a\":1,\"b\":[{}]}"},
        {"92 63 01", "[99,1]"},
        {"9e 01 01 01 01 01 01 01 01 01 01 01 01 01 01",
         "[1,1,1,1,1,1,1,1,1,1,1,1,1,1]"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint8_t bytes[64];
        size_t len = daf_hex_decode(samples[i].hex, bytes, sizeof(bytes));
        struct daf_inspect_fault fault;
        char expected[256];
        enum daf_err err;
        char *text = inspect((struct daf_view){bytes, len}, &err, &fault);

        assert_int_equal(err, DAF_OK);
        (void)snprintf(expected, sizeof(expected),
                       "{\"kind\":\"msgpack\",\"value\":%s}\n",
                       samples[i].json);
        assert_string_equal(text, expected);
        free(text);
    }
}

static void malformed_bytes_are_refused_with_their_place(void **state)
{
    static const struct {
        const char *hex;
        size_t offset;
    } samples[] = {
        {"", 0},
        {"dd10000000", 0},       /* more items than bytes */
        {"dc0001 01", 0},        /* not the shortest form */
        {"92 01 cc05", 2},       /* 5 in two bytes */
        {"92 01 ca00000000", 2}, /* a float */
        {"92 01 c1", 2},
        {"82 a162 01 a161 01", 4}, /* keys that do not ascend */
        {"91 a1 ff", 1},           /* not UTF-8 */
        {"c0 c0", 1},              /* more behind */
        {"9191919191919191919191919191919191", 16},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(samples) / sizeof(samples[0]); i++) {
        uint8_t bytes[64];
        size_t len = daf_hex_decode(samples[i].hex, bytes, sizeof(bytes));

        assert_refused((struct daf_view){bytes, len}, samples[i].offset);
    }
}

static void only_an_acceptance_may_be_longer_than_1_mib(void **state)
{
    static uint8_t bytes[DAF_INSPECT_BYTES_MAX + 2];
    struct daf_view v = {bytes, DAF_INSPECT_BYTES_MAX};
    size_t fill = DAF_INSPECT_BYTES_MAX - 5;

    (void)state;
    bytes[0] = 0xc6; /* bin 32: its length, then zeros */
    bytes[1] = 0;
    for (int i = 4; i >= 2; i--, fill >>= 8)
        bytes[i] = (uint8_t)fill;
    json_decref(inspected(v, "msgpack"));
    bytes[4]++;
    v.len++;
    assert_refused(v, DAF_INSPECT_BYTES_MAX);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_frames_are_shown),
        cmocka_unit_test(frames_with_lists_are_shown),
        cmocka_unit_test(items_are_shown_as_log_height_and_mark),
        cmocka_unit_test(of_symbols_the_count_and_the_first_few_are_shown),
        cmocka_unit_test(a_root_is_shown_with_all_its_parts),
        cmocka_unit_test(other_frames_are_shown),
        cmocka_unit_test(porch_frames_are_shown),
        cmocka_unit_test(a_ticket_is_shown_without_its_secret),
        cmocka_unit_test(a_frame_with_wrong_fields_is_refused),
        cmocka_unit_test(headers_and_bodies_are_shown),
        cmocka_unit_test(a_revocation_says_why_in_words),
        cmocka_unit_test(an_admit_says_how_many_tips_it_names),
        cmocka_unit_test(a_record_is_shown_with_whether_its_body_is_its_own),
        cmocka_unit_test(a_record_with_a_broken_part_names_its_place),
        cmocka_unit_test(manifests_and_certificates_are_shown_without_secrets),
        cmocka_unit_test(requests_and_acceptances_are_shown),
        cmocka_unit_test(key_files_are_not_shown),
        cmocka_unit_test(other_msgpack_is_shown_as_it_is),
        cmocka_unit_test(malformed_bytes_are_refused_with_their_place),
        cmocka_unit_test(only_an_acceptance_may_be_longer_than_1_mib),
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
