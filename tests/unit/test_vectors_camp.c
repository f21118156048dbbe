/* SPDX-License-Identifier: Apache-2.0 */

/* A golden camp and golden frames, made by tests/vectors/make_camp.py without
 * our code: what it wrote is decoded and said in its words, and encoded again,
 * byte for byte.  A change here is a change of the protocol. */

#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "proto/body.h"
#include "proto/frame.h"
#include "proto/hash.h"
#include "proto/manifest.h"
#include "proto/payload.h"
#include "proto/record.h"
#include "proto/sketch.h"

#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *camp;
static json_t *frames;

static int load(void **state)
{
    (void)state;
    camp = json_load_file(DAF_SOURCE_DIR "/tests/vectors/camp.json", 0, NULL);
    frames =
        json_load_file(DAF_SOURCE_DIR "/tests/vectors/frames.json", 0, NULL);
    return camp != NULL && frames != NULL ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    json_decref(camp);
    json_decref(frames);
    return 0;
}

/* ---- fields */

static json_t *field(const json_t *object, const char *name)
{
    json_t *v = json_object_get(object, name);

    assert_non_null(v);
    return v;
}

static const char *text_of(const json_t *value)
{
    const char *s = json_string_value(value);

    assert_non_null(s);
    return s;
}

static uint64_t number_of(const json_t *value)
{
    const char *text = text_of(value);
    char *end;
    uint64_t v = strtoull(text, &end, 10);

    assert_true(end != text && *end == '\0');
    return v;
}

static void copy_of(const json_t *value, uint8_t *out, size_t len)
{
    assert_int_equal(daf_hex_decode(text_of(value), out, len), len);
}

static void expect(const json_t *value, const uint8_t *got, size_t len)
{
    uint8_t want[DAF_DOOR_BYTES_MAX];

    assert_int_equal(daf_hex_decode(text_of(value), want, sizeof(want)), len);
    assert_memory_equal(got, want, len);
}

/* The field "bytes", in a room that lasts until the next call. */
static struct daf_view bytes_of(const json_t *object)
{
    static uint8_t room[DAF_DOOR_BYTES_MAX];

    return (struct daf_view){room,
                             daf_hex_decode(text_of(field(object, "bytes")),
                                            room, sizeof(room))};
}

static void secret_of(const json_t *seed_hex, struct daf_sign_pk *pk,
                      struct daf_sign_sk *sk)
{
    uint8_t seed[32];

    copy_of(seed_hex, seed, sizeof(seed));
    assert_int_equal(crypto_sign_seed_keypair(pk->b, sk->b, seed), 0);
}

/* ---- certificates */

static void check_cert(const json_t *v, const struct daf_cert *cert)
{
    const json_t *right;
    size_t i;

    expect(field(v, "camp"), cert->camp.b, 32);
    expect(field(v, "serial"), cert->serial, 16);
    expect(field(v, "sign"), cert->keys.sign.b, 32);
    expect(field(v, "transport"), cert->keys.transport.b, 32);
    expect(field(v, "seal"), cert->keys.seal.b, 32);
    expect(field(v, "author"), cert->author.b, 16);
    expect(field(v, "issuer"), cert->issuer.b, 16);
    expect(field(v, "sig"), cert->sig.b, 64);
    expect(field(v, "id"), cert->id.b, 32);
    assert_int_equal(number_of(field(v, "signed_len")), cert->signed_len);
    assert_int_equal(json_is_true(field(v, "archive")), cert->archive);
    assert_true(number_of(field(v, "issued")) == cert->issued_beacon);
    if (json_is_null(field(v, "expires")))
        assert_true(cert->expires_beacon == UINT64_MAX);
    else
        assert_true(number_of(field(v, "expires")) == cert->expires_beacon);
    assert_int_equal(json_array_size(field(v, "rights")), cert->rights_count);
    json_array_foreach(field(v, "rights"), i, right)
    {
        assert_string_equal(text_of(json_array_get(right, 0)),
                            cert->rights[i].scope);
        assert_int_equal(number_of(json_array_get(right, 1)),
                         cert->rights[i].right);
    }
}

static void certificates_are_read_and_made_byte_for_byte(void **state)
{
    uint8_t again[DAF_CERT_BYTES_MAX];
    const json_t *v;
    size_t i;

    (void)state;
    assert_int_equal(json_array_size(field(camp, "certificates")), 2);
    json_array_foreach(field(camp, "certificates"), i, v)
    {
        struct daf_view bytes = bytes_of(v);
        struct daf_sign_pk pk;
        struct daf_sign_sk sk;
        struct daf_cert cert;

        secret_of(field(v, "issuer_seed"), &pk, &sk);
        assert_int_equal(daf_cert_decode(bytes, &cert), DAF_OK);
        check_cert(v, &cert);
        assert_int_equal(daf_cert_verify(bytes, &cert, &pk), DAF_OK);
        assert_int_equal(daf_cert_sign(&cert, &sk, again), bytes.len);
        assert_memory_equal(again, bytes.p, bytes.len);
        check_cert(v, &cert);
    }
}

/* ---- manifests */

static void check_people(const json_t *v, const struct daf_manifest *m)
{
    const json_t *who;
    size_t i;

    assert_int_equal(json_array_size(field(v, "coordinators")),
                     m->coordinators_count);
    json_array_foreach(field(v, "coordinators"), i, who)
    {
        expect(field(who, "sign"), m->coordinators[i].keys.sign.b, 32);
        expect(field(who, "transport"), m->coordinators[i].keys.transport.b,
               32);
        expect(field(who, "seal"), m->coordinators[i].keys.seal.b, 32);
        expect(field(who, "author"), m->coordinators[i].author.b, 16);
        assert_int_equal(number_of(field(who, "acts")),
                         m->coordinators[i].acts);
    }
    assert_int_equal(json_array_size(field(v, "removed")), m->removed_count);
    json_array_foreach(field(v, "removed"), i, who)
    {
        const json_t *tips = field(who, "tips");

        expect(field(who, "author"), m->removed[i].author.b, 16);
        assert_int_equal(json_array_size(tips), m->removed[i].tips_count);
        for (size_t j = 0; j < m->removed[i].tips_count; j++)
            expect(json_array_get(tips, j), m->removed[i].tips[j].b, 32);
    }
}

static void check_manifest(const json_t *v, const struct daf_manifest *m)
{
    const json_t *x;
    size_t i;

    expect(field(v, "camp"), m->camp.b, 32);
    expect(field(v, "hash"), m->hash.b, 32);
    expect(field(v, "discovery"), m->discovery.b, 32);
    assert_int_equal(json_is_true(field(v, "first")), m->is_first);
    assert_true(number_of(field(v, "number")) == m->number);
    assert_string_equal(text_of(field(v, "name")), m->name);
    assert_int_equal(number_of(field(v, "k")), m->k);
    assert_int_equal(number_of(field(v, "signed_len")), m->signed_len);
    assert_int_equal(!json_is_null(field(v, "previous_discovery")),
                     m->has_previous_discovery);
    if (m->has_previous_discovery)
        expect(field(v, "previous_discovery"), m->previous_discovery.b, 32);
    if (json_is_null(field(v, "dpia")))
        assert_string_equal(m->dpia, "");
    else
        assert_string_equal(text_of(field(v, "dpia")), m->dpia);
    assert_int_equal(json_array_size(field(v, "roots")), m->roots_count);
    json_array_foreach(field(v, "roots"), i, x) expect(x, m->roots[i].b, 32);
    assert_int_equal(json_array_size(field(v, "signers")), m->sigs_count);
    json_array_foreach(field(v, "signers"), i, x)
        assert_int_equal(number_of(x), m->sig_roots[i]);
    assert_int_equal(json_array_size(field(v, "register")), m->register_count);
    json_array_foreach(field(v, "register"), i, x)
        assert_string_equal(text_of(x), m->types[i]);
    check_people(v, m);
}

static void manifests_are_read_and_made_byte_for_byte(void **state)
{
    uint8_t again[DAF_MANIFEST_BYTES_MAX];
    const json_t *v;
    size_t i;

    (void)state;
    assert_int_equal(json_array_size(field(camp, "manifests")), 2);
    json_array_foreach(field(camp, "manifests"), i, v)
    {
        struct daf_view bytes = bytes_of(v);
        struct daf_sign_sk secrets[DAF_ROOTS_MAX];
        struct daf_sign_pk pk;
        struct daf_manifest m;
        size_t count;

        assert_int_equal(daf_manifest_decode(bytes, &m), DAF_OK);
        check_manifest(v, &m);
        assert_int_equal(daf_manifest_verify(bytes, &m), DAF_OK);
        count = m.sigs_count;
        for (size_t j = 0; j < count; j++)
            secret_of(json_array_get(field(v, "root_seeds"), m.sig_roots[j]),
                      &pk, &secrets[j]);
        assert_int_equal(daf_manifest_sign(&m, secrets, count, again),
                         bytes.len);
        assert_memory_equal(again, bytes.p, bytes.len);
        check_manifest(v, &m);
    }
}

static void the_second_manifest_succeeds_the_first(void **state)
{
    const json_t *manifests = field(camp, "manifests");
    struct daf_manifest first;
    struct daf_manifest next;
    struct daf_view bytes;

    (void)state;
    bytes = bytes_of(json_array_get(manifests, 0));
    assert_int_equal(daf_manifest_decode(bytes, &first), DAF_OK);
    bytes = bytes_of(json_array_get(manifests, 1));
    assert_int_equal(daf_manifest_decode(bytes, &next), DAF_OK);
    assert_int_equal(daf_manifest_succeeds(&first, bytes, &next), DAF_OK);
}

static void scope_ids_are_the_camps_own(void **state)
{
    struct daf_camp_id id;
    const json_t *v;
    size_t i;

    (void)state;
    copy_of(field(json_array_get(field(camp, "manifests"), 0), "camp"), id.b,
            32);
    json_array_foreach(field(camp, "scopes"), i, v)
    {
        struct daf_scope_id scope =
            daf_hash_scope_id(&id, text_of(field(v, "name")));

        expect(field(v, "id"), scope.b, 16);
    }
}

static void the_door_has_the_keys_of_its_seed(void **state)
{
    const json_t *v = field(camp, "door");
    struct daf_key discovery;
    struct daf_box_pk pk;
    struct daf_box_sk sk;

    (void)state;
    copy_of(field(v, "discovery"), discovery.b, 32);
    daf_manifest_door_keys(&discovery, &pk, &sk);
    expect(field(v, "pk"), pk.b, 32);
    expect(field(v, "sk"), sk.b, 32);
}

/* ---- heads */

static void read_spots(const json_t *v, struct daf_spot *out, size_t *out_count)
{
    const json_t *spot;
    size_t i;

    *out_count = json_array_size(v);
    json_array_foreach(v, i, spot)
    {
        out[i].seq = number_of(json_array_get(spot, 0));
        copy_of(json_array_get(spot, 1), out[i].id.b, 32);
    }
}

/* What is compared of one head (§5.3). */
static void check_mark(const json_t *v, const struct daf_mark *mark,
                       const struct daf_key *salt)
{
    struct daf_item item = daf_sketch_item(mark);

    expect(field(v, "digest"), mark->digest.b, 32);
    expect(field(v, "tag"), mark->tag.b, 8);
    assert_true(number_of(field(v, "height")) == mark->height);
    expect(field(v, "item"), item.b, DAF_ITEM_BYTES);
    item = daf_sketch_salted(mark, salt);
    expect(field(v, "salted"), item.b, DAF_ITEM_BYTES);
}

static void heads_sums_and_symbols_are_those_expected(void **state)
{
    struct daf_symbol symbols[11] = {0};
    struct daf_hash nonces[2];
    struct daf_scope_id id;
    struct daf_key salt;
    struct daf_sum sum = {{0}};
    struct daf_sum combined = {{0}};
    const json_t *v;
    size_t i;

    (void)state;
    for (i = 0; i < 2; i++)
        copy_of(json_array_get(field(camp, "nonces"), i), nonces[i].b, 32);
    salt = daf_frontier_salt(&nonces[0], &nonces[1]);
    expect(field(camp, "salt"), salt.b, 32);
    json_array_foreach(field(camp, "heads"), i, v)
    {
        struct daf_item item;
        struct daf_mark mark;
        struct daf_head head;

        copy_of(field(v, "scope"), head.log.scope.b, 16);
        copy_of(field(v, "author"), head.log.author.b, 16);
        head.log.incarnation = number_of(field(v, "incarnation"));
        read_spots(field(v, "tips"), head.tips, &head.tips_count);
        read_spots(field(v, "roots"), head.roots, &head.roots_count);
        mark = daf_sketch_mark(&head);
        check_mark(v, &mark, &salt);
        daf_frontier_add(&sum, &salt, &mark.digest);
        item = daf_sketch_item(&mark);
        daf_sketch_add(symbols, 11, &head.log.scope, &item, 1);
    }
    expect(field(camp, "sum"), sum.b, 16);
    expect(field(camp, "symbols"), symbols[0].item, sizeof(symbols));
    /* R39, of a scope without heads and this one. */
    daf_frontier_add_sum(&combined, &sum);
    json_array_foreach(field(camp, "scopes"), i, v)
    {
        if (strcmp(text_of(field(v, "name")), "catalog") == 0) continue;
        copy_of(field(v, "id"), id.b, sizeof(id.b));
        daf_frontier_add_scope(&combined, &salt, &id);
    }
    expect(field(camp, "combined"), combined.b, 16);
}

/* ---- revocations */

/* Hexadecimal of any length, in rooms that last until the fourth call after. */
static struct daf_view view_of(const json_t *value)
{
    static uint8_t rooms[4][DAF_DOOR_BYTES_MAX];
    static unsigned next;
    uint8_t *room = rooms[next++ % 4];

    return (struct daf_view){room, daf_hex_decode(text_of(value), room,
                                                  DAF_DOOR_BYTES_MAX)};
}

static void check_revoked_log(const json_t *v,
                              const struct daf_revoked_log *log)
{
    const json_t *tip;
    size_t i;

    expect(field(v, "scope"), log->log.scope.b, 16);
    expect(field(v, "author"), log->log.author.b, 16);
    assert_true(number_of(field(v, "incarnation")) == log->log.incarnation);
    assert_int_equal(json_array_size(field(v, "tips")), log->tips_count);
    json_array_foreach(field(v, "tips"), i, tip)
        expect(tip, log->tips[i].b, 32);
}

/* What has no `second` is made again; the command makes no other. */
static void check_made(const struct daf_revocation *r, struct daf_view payload)
{
    uint8_t again[DAF_DOOR_BYTES_MAX];
    struct daf_revoked_log log;
    struct daf_spot tips[4];
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, again, sizeof(again));
    mark = daf_payload_begin_revocation(&k);
    for (size_t i = 0; i < r->logs_count; i++) {
        daf_payload_revoked_log(r, i, &log);
        for (size_t j = 0; j < log.tips_count; j++)
            tips[j].id = log.tips[j];
        daf_payload_add_revoked_log(&k, &log.log, tips, log.tips_count);
    }
    daf_payload_end_revocation(&k, mark, r->logs_count, r->reason, &r->who);
    assert_int_equal(k.len, payload.len);
    assert_memory_equal(again, payload.p, payload.len);
}

static void check_second(const json_t *v, const struct daf_revocation *r,
                         struct daf_view payload, struct daf_view aad)
{
    struct daf_sign_pk pk;
    uint8_t bent[DAF_DOOR_BYTES_MAX];

    expect(field(v, "author"), r->second.b, 16);
    expect(field(v, "sig"), r->second_sig.p, r->second_sig.len);
    copy_of(field(v, "key"), pk.b, 32);
    assert_true(daf_payload_second_ok(payload, r, aad, &pk));
    /* Of another record. */
    memcpy(bent, aad.p, aad.len);
    bent[aad.len - 1] ^= 1;
    aad.p = bent;
    assert_false(daf_payload_second_ok(payload, r, aad, &pk));
}

/* ---- assignments */

static bool is_said(const json_t *v, const char *name)
{
    return !json_is_null(field(v, name));
}

static void check_assigned(const json_t *v, const struct daf_assignment *a)
{
    const json_t *one;
    struct daf_hash content;
    size_t i;

    assert_int_equal(a->air.len > 0, is_said(v, "air"));
    if (a->air.len > 0) {
        assert_int_equal(a->air.len, json_string_length(field(v, "air")));
        assert_memory_equal(a->air.p, json_string_value(field(v, "air")),
                            a->air.len);
    }
    assert_int_equal(a->has_device, is_said(v, "device"));
    if (a->has_device) expect(field(v, "device"), a->device.b, 16);
    assert_int_equal(a->has_due, is_said(v, "due"));
    if (a->has_due) assert_int_equal(number_of(field(v, "due")), a->due);
    assert_int_equal(a->has_lesson, is_said(v, "lesson"));
    if (a->has_lesson) expect(field(v, "lesson"), a->lesson.b, 32);
    assert_int_equal(a->has_person, is_said(v, "person"));
    if (a->has_person) expect(field(v, "person"), a->person.b, 16);
    assert_int_equal(a->has_subject, is_said(v, "subject"));
    if (a->has_subject) expect(field(v, "subject"), a->subject.b, 16);
    assert_int_equal(a->replaces_count, json_array_size(field(v, "replaces")));
    json_array_foreach(field(v, "replaces"), i, one)
        expect(one, a->replaces[i].b, 32);
    assert_int_equal(a->items_count, json_array_size(field(v, "items")));
    json_array_foreach(field(v, "contents"), i, one)
    {
        bool is_content = daf_payload_item_content(a->items[i], &content);

        assert_int_equal(is_content, !json_is_null(one));
        if (is_content) expect(one, content.b, sizeof(content.b));
    }
}

/* Sealed to the class: whoever has its generation key reads it. */
static void check_sealed(const json_t *v, struct daf_view payload)
{
    static uint8_t out[DAF_BODY_BYTES_MAX];
    struct daf_view header = view_of(field(v, "header"));
    struct daf_record r;
    struct daf_body body;
    struct daf_key generation, key;
    size_t len;

    copy_of(field(v, "generation"), generation.b, sizeof(generation.b));
    key = daf_body_scope_key(&generation);
    assert_int_equal(daf_record_decode(header, &r), DAF_OK);
    expect(field(v, "id"), r.id.b, 32);
    assert_int_equal(r.retention, DAF_RETENTION_DAILY);
    assert_int_equal(daf_body_decode(view_of(field(v, "body")), &body), DAF_OK);
    assert_int_equal(daf_body_open(&body, &key,
                                   (struct daf_view){header.p, r.aad_len}, out,
                                   sizeof(out), &len),
                     DAF_OK);
    assert_int_equal(len, payload.len);
    assert_memory_equal(out, payload.p, len);
}

static void assignments_are_read_and_made_byte_for_byte(void **state)
{
    static uint8_t said[DAF_DOOR_BYTES_MAX];
    uint8_t again[DAF_DOOR_BYTES_MAX];
    struct daf_assignment a;
    const json_t *v;
    size_t i;

    (void)state;
    assert_int_equal(json_array_size(field(camp, "assignments")), 7);
    json_array_foreach(field(camp, "assignments"), i, v)
    {
        const struct daf_view payload = {
            said,
            daf_hex_decode(text_of(field(v, "payload")), said, sizeof(said))};
        struct daf_pack k;

        assert_int_equal(daf_payload_assignment(payload, &a), DAF_OK);
        check_assigned(v, &a);
        check_sealed(v, payload);
        if (a.has_person || a.has_subject) continue; /* never made here */
        daf_pack_init(&k, again, sizeof(again));
        daf_payload_pack_assignment(&k, &a);
        assert_int_equal(k.len, payload.len);
        assert_memory_equal(again, payload.p, payload.len);
    }
}

static void revocations_are_read_and_made_byte_for_byte(void **state)
{
    struct daf_revoked_log log;
    struct daf_revocation r;
    struct daf_record header;
    const json_t *v, *of;
    size_t i, j;

    (void)state;
    json_array_foreach(field(camp, "revocations"), i, v)
    {
        struct daf_view payload = view_of(field(v, "payload"));
        struct daf_view bytes = view_of(field(v, "header"));
        struct daf_view body = view_of(field(v, "body"));

        assert_int_equal(daf_record_decode(bytes, &header), DAF_OK);
        expect(field(v, "id"), header.id.b, 32);
        assert_int_equal(number_of(field(v, "aad_len")), header.aad_len);
        assert_int_equal(body.len, header.body_len);
        assert_int_equal(daf_payload_revocation(payload, &r), DAF_OK);
        expect(field(v, "who"), r.who.b, 16);
        assert_int_equal(number_of(field(v, "reason")), r.reason);
        assert_int_equal(json_array_size(field(v, "logs")), r.logs_count);
        json_array_foreach(field(v, "logs"), j, of)
        {
            daf_payload_revoked_log(&r, j, &log);
            check_revoked_log(of, &log);
        }
        assert_int_equal(r.has_second, !json_is_null(field(v, "second")));
        if (r.has_second)
            check_second(field(v, "second"), &r, payload,
                         (struct daf_view){bytes.p, header.aad_len});
        else
            check_made(&r, payload);
    }
    assert_int_equal(i, 2);
}

/* ---- frames, in words */

static FILE *words;

static void say(const char *word)
{
    (void)fprintf(words, " %s", word);
}

static void say_number(const char *name, uint64_t v)
{
    (void)fprintf(words, " %s %" PRIu64, name, v);
}

static void print_hex(const uint8_t *p, size_t len)
{
    if (len == 0) (void)fputc('-', words);
    for (size_t i = 0; i < len; i++)
        (void)fprintf(words, "%02x", p[i]);
}

static void say_bytes(const char *name, const uint8_t *p, size_t len)
{
    (void)fprintf(words, " %s ", name);
    print_hex(p, len);
}

static void say_view(const char *name, struct daf_view v)
{
    say_bytes(name, v.p, v.len);
}

static void say_log(const char *name, const struct daf_log_key *log)
{
    say_bytes(name, log->author.b, 16);
    (void)fprintf(words, " %" PRIu64, log->incarnation);
}

static void say_spot(size_t i, const struct daf_spot *spot)
{
    (void)fprintf(words, "%s%" PRIu64 ":", i > 0 ? "," : "", spot->seq);
    print_hex(spot->id.b, 32);
}

static void say_spots(const char *name, const struct daf_spot *spots,
                      size_t count)
{
    (void)fprintf(words, " %s %s", name, count == 0 ? "-" : "");
    for (size_t i = 0; i < count; i++)
        say_spot(i, &spots[i]);
}

/* ---- frames with a list: each is read, said and packed again */

static void pass_root(const struct daf_root *f, struct daf_pack *k)
{
    struct daf_cursor c = f->parts.items;
    size_t mark = daf_frame_begin_root(k, f);
    struct daf_root_part part;

    say_bytes("author", f->author.b, 16);
    say_bytes("sig", f->sig.b, 64);
    say_number("number", f->manifest_number);
    say_bytes("hash", f->manifest_mark, sizeof(f->manifest_mark));
    say_number("bodies", f->bodies);
    say_bytes("combined", f->combined.b, 16);
    for (size_t i = 0; i < f->parts.count; i++) {
        daf_frame_next_part(&c, &part);
        say_bytes("part", part.scope.b, 16);
        say_number("heads", part.heads_count);
        say_bytes("sum", part.sum.b, 16);
        say_view("symbols", part.symbols);
        say_view("deferred", part.deferred);
        daf_frame_add_part(k, &part);
    }
    assert_true(daf_cursor_done(&c));
    daf_frame_end(k, mark, f->parts.count, false);
}

static void pass_heads(const struct daf_heads *f, struct daf_pack *k)
{
    static const char *const kinds[] = {"page", "news", "unacknowledged",
                                        "answer"};

    say_bytes("scope", f->scope.b, 16);
    say(kinds[f->kind]);
    say(f->more ? "more" : "end");
    assert_int_equal(f->items.len, f->count * DAF_ITEM_BYTES);
    for (size_t i = 0; i < f->count; i++) {
        struct daf_item item;
        struct daf_tag tag;

        memcpy(item.b, f->items.p + i * DAF_ITEM_BYTES, DAF_ITEM_BYTES);
        tag = daf_sketch_item_tag(&item);
        say_bytes("item", tag.b, 8);
        (void)fprintf(words, " %" PRIu32 " ", daf_sketch_item_height(&item));
        print_hex(item.b + 12, 6);
    }
    daf_frame_pack_heads(k, f);
}

static size_t read_list(const struct daf_list *list, struct daf_spot *out)
{
    struct daf_cursor c = list->items;

    for (size_t i = 0; i < list->count; i++)
        daf_frame_next_spot(&c, &out[i]);
    return list->count;
}

static void pass_want_logs(const struct daf_want *f, struct daf_pack *k)
{
    struct daf_cursor c = f->logs.items;
    struct daf_spot wants[DAF_WANTS_MAX];
    struct daf_spot haves[DAF_HAVES_MAX];
    struct daf_want_log want;
    size_t mark = daf_frame_begin_want(k, &f->scope, f->credit);

    say_number("credit", f->credit);
    for (size_t i = 0; i < f->logs.count; i++) {
        daf_frame_next_want(&c, &want);
        say_bytes("log", want.tag.b, 8);
        say_spots("wants", wants, read_list(&want.wants, wants));
        say_spots("haves", haves, read_list(&want.haves, haves));
        say(want.all ? "all" : "some");
        daf_frame_add_want(k, &want.tag, wants, want.wants.count, haves,
                           want.haves.count, want.all);
    }
    assert_true(daf_cursor_done(&c));
    daf_frame_end(k, mark, f->logs.count, false);
}

static void pass_want(const struct daf_want *f, struct daf_pack *k)
{
    say_bytes("scope", f->scope.b, 16);
    switch (f->kind) {
    case DAF_WANT_PAGE:
        say("page");
        if (f->has_after) say_bytes("after", f->after.b, 8);
        daf_frame_pack_want_page(k, &f->scope, f->has_after ? &f->after : NULL);
        return;
    case DAF_WANT_RECORDS:
        pass_want_logs(f, k);
        return;
    case DAF_WANT_SYMBOLS:
        say("symbols");
        say_number("start", f->start);
        say_number("count", f->count);
        daf_frame_pack_want_symbols(k, &f->scope, f->start, f->count);
        return;
    }
    fail();
}

static void pass_need(const struct daf_need *f, struct daf_pack *k)
{
    struct daf_cursor c = f->logs.items;
    size_t mark = daf_frame_begin_need(k, &f->scope);
    struct daf_spot list[DAF_NEED_MAX];
    struct daf_need_log need;

    say_bytes("scope", f->scope.b, 16);
    for (size_t i = 0; i < f->logs.count; i++) {
        daf_frame_next_need(&c, &f->scope, &need);
        say_log("log", &need.log);
        say_spots("spots", list, read_list(&need.spots, list));
        daf_frame_add_need(k, &need.log, list, need.spots.count);
    }
    assert_true(daf_cursor_done(&c));
    daf_frame_end(k, mark, f->logs.count, false);
}

static void pass_record(const struct daf_run_record *r, struct daf_pack *k)
{
    static const char *const why[] = {"", "erased", "retired", "absent"};
    struct daf_stored stored = {.header = r->header,
                                .body_state = r->body_state,
                                .body = r->body};

    say_view("header", r->header);
    if (r->body_state == DAF_BODY_HELD) {
        say_view("body", r->body);
    } else {
        say("body");
        say(why[r->body_state]);
    }
    daf_frame_add_record(k, &stored);
}

static void pass_run(const struct daf_run *f, struct daf_pack *k)
{
    struct daf_cursor c = f->paths.items;
    size_t mark = daf_frame_begin_run(k, &f->scope);
    struct daf_run_record record;
    struct daf_run_path path;

    say_bytes("scope", f->scope.b, 16);
    say(f->is_cut ? "cut" : f->last ? "last" : "more");
    for (size_t i = 0; i < f->paths.count; i++) {
        struct daf_cursor records;
        size_t inner;

        daf_frame_next_path(&c, &f->scope, &path);
        say_log("path", &path.log);
        inner = daf_frame_begin_path(k, &path.log);
        records = path.records.items;
        for (size_t j = 0; j < path.records.count; j++) {
            daf_frame_next_record(&records, &record);
            pass_record(&record, k);
        }
        daf_pack_close(k, inner, path.records.count);
    }
    assert_true(daf_cursor_done(&c));
    if (f->is_cut)
        daf_frame_end_cut(k, mark, f->paths.count);
    else
        daf_frame_end(k, mark, f->paths.count, f->last);
}

static void pass_ack(const struct daf_ack *f, struct daf_pack *k)
{
    struct daf_cursor c = f->paths.items;
    size_t mark = daf_frame_begin_ack(k, &f->scope);
    struct daf_ack_path path;

    say_bytes("scope", f->scope.b, 16);
    for (size_t i = 0; i < f->paths.count; i++) {
        daf_frame_next_ack(&c, &f->scope, &path);
        say_log("path", &path.log);
        say_number("first", path.seq_first);
        say_number("last", path.last.seq);
        say_bytes("id", path.last.id.b, 32);
        daf_frame_add_ack(k, &path);
    }
    assert_true(daf_cursor_done(&c));
    daf_frame_end(k, mark, f->paths.count, false);
}

/* ---- the others */

static void pass_greeting(const struct daf_frame *f, struct daf_pack *k)
{
    if (f->kind == DAF_FRAME_HELLO) {
        say_number("min", f->hello.version_min);
        say_number("max", f->hello.version_max);
        say_bytes("nonce", f->hello.nonce.b, 32);
        say_bytes("boot", f->hello.boot, 16);
        daf_frame_pack_hello(k, &f->hello);
    } else {
        say_number("min", f->knock.version_min);
        say_number("max", f->knock.version_max);
        say_bytes("nonce", f->knock.nonce.b, 32);
        daf_frame_pack_knock(k, &f->knock);
    }
}

static void pass_proof(const struct daf_frame *f, struct daf_pack *k)
{
    say_view("manifest", f->proof.manifest);
    say_view("cert", f->proof.cert);
    say_bytes("author", f->proof.author.b, 16);
    say_bytes("sig", f->proof.sig.b, 64);
    if (f->kind == DAF_FRAME_WELCOME) say_number("port", f->proof.port);
    daf_frame_pack_proof(k, &f->proof, f->kind == DAF_FRAME_WELCOME);
}

static void pass_revoked(const struct daf_frame *f, struct daf_pack *k)
{
    say_view("header", f->revoked.header);
    say_view("body", f->revoked.body);
    daf_frame_pack_revoked(k, &f->revoked);
}

static void pass_register(const struct daf_bytes *f, struct daf_pack *k)
{
    say_bytes("author", f->author.b, 16);
    say_view("data", f->data);
    daf_frame_pack_register(k, &f->author, f->data);
}

static void pass_stated(const struct daf_stated_list *f, struct daf_pack *k)
{
    static const char *const kinds[] = {"sum", "list", "answer"};

    say("stated");
    say(kinds[f->kind]);
    say_view("data", f->data);
    daf_frame_pack_stated(k, f);
}

/* Frames that this version only decodes. */
static void say_unspoken(const struct daf_frame *f)
{
    assert_int_equal(f->kind, DAF_FRAME_MANIFEST);
    say_view("data", f->bytes.data);
}

static void pass_air(const struct daf_air_told *air, struct daf_pack *k)
{
    say_number("radio", air->is_radio);
    if (air->is_radio) say_bytes("air", air->id, sizeof(air->id));
    daf_frame_pack_air(k, air);
}

static void pass_part(const struct daf_frame *f, struct daf_pack *k)
{
    bool is_have = f->kind == DAF_FRAME_HAVE;

    say_bytes("content", f->part.content.b, 32);
    say_number(is_have ? "start" : "part", f->part.part);
    if (!is_have) say_number("offset", f->part.offset);
    if (f->kind != DAF_FRAME_FETCH) say_view("data", f->part.data);
    if (is_have)
        daf_frame_pack_have(k, &f->part);
    else if (f->kind == DAF_FRAME_CHUNK)
        daf_frame_pack_chunk(k, &f->part);
    else
        daf_frame_pack_fetch(k, &f->part);
}

static void pass_addresses(const struct daf_addresses *a, struct daf_pack *k)
{
    size_t mark = daf_frame_begin_addresses(k);
    struct daf_cursor c = a->devices.items;

    for (size_t i = 0; i < a->devices.count; i++) {
        struct daf_addresses_device device;
        size_t inner;

        daf_frame_next_device(&c, &device);
        say_bytes("device", device.author.b, sizeof(device.author.b));
        inner = daf_frame_begin_device(k, &device.author);
        for (size_t j = 0; j < device.addresses.count; j++) {
            struct daf_view at =
                daf_frame_next_address(&device.addresses.items);

            say_view("at", at);
            daf_pack_bin(k, at.p, at.len);
        }
        daf_pack_close(k, inner, device.addresses.count);
    }
    daf_frame_end(k, mark, a->devices.count, false);
}

/* Says what @f says and packs it again, if there is an encoder. */
static void pass(const struct daf_frame *f, struct daf_pack *k)
{
    (void)fputs(daf_frame_kind_str(f->kind), words);
    switch (f->number) {
    case DAF_FRAME_HELLO:
    case DAF_FRAME_KNOCK:
        pass_greeting(f, k);
        return;
    case DAF_FRAME_ROOT:
        pass_root(&f->root, k);
        return;
    case DAF_FRAME_HEADS:
        pass_heads(&f->heads, k);
        return;
    case DAF_FRAME_WANT:
        pass_want(&f->want, k);
        return;
    case DAF_FRAME_RUN:
        pass_run(&f->run, k);
        return;
    case DAF_FRAME_SYMBOLS:
        say_bytes("scope", f->symbols.scope.b, 16);
        say_number("start", f->symbols.start);
        say_view("symbols", f->symbols.symbols);
        daf_frame_pack_symbols(k, &f->symbols);
        return;
    case DAF_FRAME_NEED:
        pass_need(&f->need, k);
        return;
    case DAF_FRAME_DEFER:
        say_bytes("scope", f->defer.scope.b, 16);
        say_view("tags", f->defer.tags);
        daf_frame_pack_defer(k, &f->defer);
        return;
    case DAF_FRAME_ACK:
        pass_ack(&f->ack, k);
        return;
    case DAF_FRAME_ADDRESSES:
        pass_addresses(&f->addresses, k);
        return;
    case DAF_FRAME_HAVE:
    case DAF_FRAME_CHUNK:
    case DAF_FRAME_FETCH:
        pass_part(f, k);
        return;
    case DAF_FRAME_SEEK:
        say_view("contents", f->seek);
        daf_frame_pack_seek(k, f->seek);
        return;
    case DAF_FRAME_TURN:
        say_number("place", f->turn);
        daf_frame_pack_turn(k, f->turn);
        return;
    case DAF_FRAME_AIR:
        pass_air(&f->air, k);
        return;
    case DAF_FRAME_REGISTER:
        pass_register(&f->bytes, k);
        return;
    case DAF_FRAME_STATED:
        pass_stated(&f->stated, k);
        return;
    case DAF_FRAME_BYE:
        say_number("reason", f->bye);
        daf_frame_pack_bye(k, (enum daf_bye)f->bye);
        return;
    case DAF_FRAME_NONCE:
        say_bytes("nonce", f->nonce.b, 32);
        daf_frame_pack_nonce(k, &f->nonce);
        return;
    case DAF_FRAME_PROOF:
    case DAF_FRAME_WELCOME:
        pass_proof(f, k);
        return;
    case DAF_FRAME_REVOKED:
        pass_revoked(f, k);
        return;
    default:
        say_unspoken(f);
    }
}

static void check_frame(const json_t *v, unsigned *packed)
{
    uint8_t again[DAF_DOOR_BYTES_MAX];
    struct daf_view bytes = bytes_of(v);
    struct daf_frame f;
    struct daf_pack k;
    char *said = NULL;
    size_t said_len = 0;

    assert_int_equal(daf_frame_decode(bytes, &f, NULL), DAF_OK);
    words = open_memstream(&said, &said_len);
    assert_non_null(words);
    daf_pack_init(&k, again, sizeof(again));
    pass(&f, &k);
    assert_int_equal(fclose(words), 0);
    assert_string_equal(said, text_of(field(v, "says")));
    free(said);
    if (k.len == 0) return;
    assert_int_equal(k.len, bytes.len);
    assert_memory_equal(again, bytes.p, bytes.len);
    (*packed)++;
}

static void frames_are_read_and_made_byte_for_byte(void **state)
{
    unsigned packed = 0;
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(frames, "frames"), i, v) check_frame(v, &packed);
    assert_int_equal(i, 48);
    assert_int_equal(packed, 47); /* all but MANIFEST and REGISTER */
}

static void other_shapes_are_refused(void **state)
{
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(frames, "refused"), i, v)
    {
        bool is_limit = strcmp(text_of(field(v, "error")), "limit") == 0;
        struct daf_frame f;
        enum daf_err err = daf_frame_decode(bytes_of(v), &f, NULL);

        if (err != (is_limit ? DAF_ELIMIT : DAF_EFORM))
            fail_msg("%s: %s", text_of(field(v, "name")), daf_err_str(err));
    }
    assert_int_equal(i, 42);
}

static void every_kind_of_frame_is_among_them(void **state)
{
    bool seen[DAF_FRAME_REVOKED + 1] = {false};
    unsigned kinds = 0;
    struct daf_frame f;
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(frames, "frames"), i, v)
    {
        assert_int_equal(daf_frame_decode(bytes_of(v), &f, NULL), DAF_OK);
        kinds += seen[f.kind] ? 0 : 1;
        seen[f.kind] = true;
    }
    assert_int_equal(kinds, 25);
}

/* R20 and R30: what was signed, and by whom. */
static void the_signatures_in_frames_verify(void **state)
{
    unsigned verified = 0;
    const json_t *v;
    size_t i;

    (void)state;
    json_array_foreach(field(frames, "frames"), i, v)
    {
        uint8_t signed_bytes[256];
        struct daf_view x = {signed_bytes, 0};
        struct daf_sign_pk pk;
        struct daf_frame f;
        bool is_root;

        if (json_object_get(v, "signed") == NULL) continue;
        x.len = daf_hex_decode(text_of(field(v, "signed")), signed_bytes,
                               sizeof(signed_bytes));
        copy_of(field(v, "signer"), pk.b, 32);
        assert_int_equal(daf_frame_decode(bytes_of(v), &f, NULL), DAF_OK);
        is_root = f.kind == DAF_FRAME_ROOT;
        assert_true(daf_hash_verify(is_root ? "daf.root.1" : "daf.door.1", x,
                                    &pk, is_root ? &f.root.sig : &f.proof.sig));
        verified++;
    }
    assert_int_equal(verified, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(certificates_are_read_and_made_byte_for_byte),
        cmocka_unit_test(manifests_are_read_and_made_byte_for_byte),
        cmocka_unit_test(the_second_manifest_succeeds_the_first),
        cmocka_unit_test(scope_ids_are_the_camps_own),
        cmocka_unit_test(the_door_has_the_keys_of_its_seed),
        cmocka_unit_test(heads_sums_and_symbols_are_those_expected),
        cmocka_unit_test(revocations_are_read_and_made_byte_for_byte),
        cmocka_unit_test(assignments_are_read_and_made_byte_for_byte),
        cmocka_unit_test(frames_are_read_and_made_byte_for_byte),
        cmocka_unit_test(other_shapes_are_refused),
        cmocka_unit_test(every_kind_of_frame_is_among_them),
        cmocka_unit_test(the_signatures_in_frames_verify),
    };

    return cmocka_run_group_tests(tests, load, unload);
}
