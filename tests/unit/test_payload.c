/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/hash.h"
#include "proto/payload.h"
#include "tests/lib/t.h"

#include <sodium.h>
#include <stdlib.h>

static uint8_t room[DAF_BODY_BYTES_MAX];
static const struct daf_subject_id subject = {{1, 2, 3}};

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

static void open_room(struct daf_pack *k)
{
    daf_pack_init(k, room, sizeof(room));
}

static void put_text(struct daf_pack *k, const char *s)
{
    daf_pack_str(k, s, strlen(s));
}

/* ---- types */

static void the_register_of_a_new_camp_ascends(void **state)
{
    const char *const *names;
    size_t count;

    (void)state;
    names = daf_payload_names(&count);
    assert_int_equal(count, 24);
    for (size_t i = 0; i < count; i++) {
        assert_in_range(strlen(names[i]), 1, DAF_TYPE_BYTES_MAX);
        if (i > 0) assert_true(strcmp(names[i - 1], names[i]) < 0);
    }
}

static void the_types_read_here_are_registered(void **state)
{
    const char *const *names;
    size_t count;
    size_t found = 0;

    (void)state;
    names = daf_payload_names(&count);
    for (int type = DAF_TYPE_SESSION; type <= DAF_TYPE_ASSIGNMENT; type++) {
        for (size_t i = 0; i < count; i++) {
            if (strcmp(names[i], daf_payload_type_str((enum daf_type)type)) ==
                0)
                found++;
        }
    }
    assert_int_equal(found, 7);
    assert_string_equal(daf_payload_type_str(DAF_TYPE_UNKNOWN), "");
}

static void assert_type(const struct daf_pack *k, enum daf_type wanted,
                        const char *name)
{
    struct daf_view v;

    assert_int_equal(daf_payload_type(daf_pack_view(k), &v), wanted);
    assert_int_equal(v.len, strlen(name));
    assert_int_equal(v.len > 0 ? memcmp(v.p, name, v.len) : 0, 0);
    assert_int_equal(daf_payload_type(daf_pack_view(k), NULL), wanted);
}

static void put_empty(struct daf_pack *k, const char *name)
{
    open_room(k);
    daf_pack_array(k, 2);
    put_text(k, name);
    daf_pack_map(k, 0);
}

static void a_type_is_known_by_its_name(void **state)
{
    struct daf_pack k;

    (void)state;
    put_empty(&k, "session");
    assert_type(&k, DAF_TYPE_SESSION, "session");
    put_empty(&k, "registration");
    assert_type(&k, DAF_TYPE_REGISTRATION, "registration");
    put_empty(&k, "certificate");
    assert_type(&k, DAF_TYPE_CERTIFICATE, "certificate");
    put_empty(&k, "key-wrap");
    assert_type(&k, DAF_TYPE_KEY_WRAP, "key-wrap");
    put_empty(&k, "revocation");
    assert_type(&k, DAF_TYPE_REVOCATION, "revocation");
    put_empty(&k, "assignment");
    assert_type(&k, DAF_TYPE_ASSIGNMENT, "assignment");
    put_empty(&k, "remark");
    assert_type(&k, DAF_TYPE_UNKNOWN, "remark");
    put_empty(&k, "sessions");
    assert_type(&k, DAF_TYPE_UNKNOWN, "sessions");
    put_empty(&k, "");
    assert_type(&k, DAF_TYPE_UNKNOWN, "");
    put_empty(&k, "abcdefghijklmnopqrstuvwx");
    assert_type(&k, DAF_TYPE_UNKNOWN, "abcdefghijklmnopqrstuvwx");
    put_empty(&k, "abcdefghijklmnopqrstuvwxy"); /* 25 bytes */
    assert_type(&k, DAF_TYPE_UNKNOWN, "");
}

static void what_is_no_payload_has_no_name(void **state)
{
    struct daf_pack k;

    (void)state;
    open_room(&k);
    assert_type(&k, DAF_TYPE_UNKNOWN, "");
    put_empty(&k, "session");
    daf_pack_nil(&k);
    assert_type(&k, DAF_TYPE_UNKNOWN, "");
    open_room(&k);
    daf_pack_array(&k, 2);
    put_text(&k, "session");
    daf_pack_array(&k, 0);
    assert_type(&k, DAF_TYPE_UNKNOWN, "");
    open_room(&k);
    daf_pack_array(&k, 3);
    put_text(&k, "session");
    daf_pack_map(&k, 0);
    daf_pack_nil(&k);
    assert_type(&k, DAF_TYPE_UNKNOWN, "");
}

/* What is in the room is read by @decode, and refused if it is cut off anywhere
 * or if anything follows. */
static void assert_exact(const struct daf_pack *k,
                         enum daf_err (*decode)(struct daf_view v))
{
    assert_int_equal(decode(daf_pack_view(k)), DAF_OK);
    for (size_t len = 0; len < k->len; len++) {
        /* A block of that size, so that a read beyond it shows. */
        uint8_t *cut = malloc(len > 0 ? len : 1);

        assert_non_null(cut);
        memcpy(cut, room, len);
        assert_int_equal(decode((struct daf_view){cut, len}), DAF_EFORM);
        free(cut);
    }
    room[k->len] = 0xc0;
    assert_int_equal(decode((struct daf_view){room, k->len + 1}), DAF_EFORM);
}

/* ---- session */

static enum daf_err decode_session(struct daf_view v)
{
    struct daf_session_payload s;

    return daf_payload_session(v, &s);
}

static void put_session(struct daf_pack *k)
{
    const struct daf_did did[] = {
        {.item = text("sum:1"), .has_score = true, .score = 0, .seconds = 9},
        {.item = text("read:a"), .seconds = UINT32_MAX},
        {.item = text("x"), .has_score = true, .score = DAF_SCORE_MAX},
    };

    open_room(k);
    daf_payload_pack_session(k, &subject, did, 3);
}

static void a_session_is_read_as_it_was_written(void **state)
{
    struct daf_session_payload s;
    struct daf_did did;
    struct daf_pack k;

    (void)state;
    put_session(&k);
    assert_type(&k, DAF_TYPE_SESSION, "session");
    assert_int_equal(daf_payload_session(daf_pack_view(&k), &s), DAF_OK);
    assert_memory_equal(&s.subject, &subject, sizeof(subject));
    assert_int_equal(s.did_count, 3);
    did = daf_payload_did(&s, 0);
    assert_memory_equal(did.item.p, "sum:1", 5);
    assert_true(did.has_score);
    assert_int_equal(did.score, 0);
    assert_int_equal(did.seconds, 9);
    did = daf_payload_did(&s, 1);
    assert_int_equal(did.item.len, 6);
    assert_false(did.has_score);
    assert_int_equal(did.seconds, UINT32_MAX);
    did = daf_payload_did(&s, 2);
    assert_int_equal(did.score, DAF_SCORE_MAX);
}

static void a_session_cut_off_or_with_more_behind_it_is_refused(void **state)
{
    struct daf_pack k;

    (void)state;
    put_session(&k);
    assert_exact(&k, decode_session);
}

static void a_session_has_so_many_activities_and_not_more(void **state)
{
    static struct daf_did did[DAF_DID_MAX];
    struct daf_pack k;

    (void)state;
    for (size_t i = 0; i < DAF_DID_MAX; i++)
        did[i].item = text("i");
    open_room(&k);
    daf_payload_pack_session(&k, &subject, did, 1);
    assert_int_equal(decode_session(daf_pack_view(&k)), DAF_OK);
    open_room(&k);
    daf_payload_pack_session(&k, &subject, did, DAF_DID_MAX - 1);
    assert_int_equal(decode_session(daf_pack_view(&k)), DAF_OK);
    open_room(&k);
    daf_payload_pack_session(&k, &subject, did, DAF_DID_MAX);
    assert_int_equal(decode_session(daf_pack_view(&k)), DAF_OK);
}

/* A session as another program might write it. */
struct odd {
    const char *type, *first_key;
    size_t count, item_len;
    uint64_t score, seconds;
};

static const struct odd even = {.type = "session",
                                .first_key = "did",
                                .count = 1,
                                .item_len = 1};

static enum daf_err decode_odd(const struct odd *o)
{
    char item[DAF_ITEM_BYTES_MAX + 1];
    struct daf_pack k;

    memset(item, 'i', sizeof(item));
    open_room(&k);
    daf_pack_array(&k, 2);
    put_text(&k, o->type);
    daf_pack_map(&k, 2);
    put_text(&k, o->first_key);
    daf_pack_array(&k, o->count);
    for (size_t i = 0; i < o->count; i++) {
        daf_pack_array(&k, 3);
        daf_pack_str(&k, item, o->item_len);
        daf_pack_uint(&k, o->score);
        daf_pack_uint(&k, o->seconds);
    }
    put_text(&k, "subject");
    daf_pack_bin(&k, subject.b, sizeof(subject.b));
    return decode_session(daf_pack_view(&k));
}

static void a_session_beyond_its_bounds_is_refused(void **state)
{
    struct odd o = even;

    (void)state;
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.count = 0;
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.count = DAF_DID_MAX + 1;
    assert_int_equal(decode_odd(&o), DAF_ELIMIT);
    o = even;
    o.item_len = 0;
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.item_len = DAF_ITEM_BYTES_MAX;
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.item_len = DAF_ITEM_BYTES_MAX + 1;
    assert_int_equal(decode_odd(&o), DAF_ELIMIT);
    o = even;
    o.score = DAF_SCORE_MAX;
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.score = DAF_SCORE_MAX + 1;
    assert_int_equal(decode_odd(&o), DAF_ELIMIT);
    o = even;
    o.seconds = (uint64_t)UINT32_MAX + 1;
    assert_int_equal(decode_odd(&o), DAF_ELIMIT);
}

static void a_session_without_a_field_is_refused(void **state)
{
    struct odd o = even;

    (void)state;
    o.first_key = "dia";
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.first_key = "di";
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.first_key = "didd";
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.first_key = "subject"; /* twice */
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.first_key = "zebra"; /* out of order */
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o = even;
    o.type = "attempt";
    assert_int_equal(decode_odd(&o), DAF_EFORM);
}

/* ---- registration */

static enum daf_err decode_registration(struct daf_view v)
{
    struct daf_registration r;

    return daf_payload_registration(v, &r);
}

static void put_registration(struct daf_pack *k, struct daf_view name)
{
    struct daf_registration r = {.subject = subject, .name = name};

    memset(r.key.b, 4, sizeof(r.key.b));
    open_room(k);
    daf_payload_pack_registration(k, &r);
}

static void a_registration_is_read_as_it_was_written(void **state)
{
    struct daf_registration r;
    struct daf_pack k;

    (void)state;
    put_registration(&k, text("Ana"));
    assert_type(&k, DAF_TYPE_REGISTRATION, "registration");
    assert_int_equal(daf_payload_registration(daf_pack_view(&k), &r), DAF_OK);
    assert_memory_equal(&r.subject, &subject, sizeof(subject));
    assert_int_equal(r.key.b[31], 4);
    assert_int_equal(r.name.len, 3);
    assert_memory_equal(r.name.p, "Ana", 3);
    assert_exact(&k, decode_registration);
}

static void a_learner_needs_no_name(void **state)
{
    struct daf_registration r;
    struct daf_pack k;

    (void)state;
    put_registration(&k, text(""));
    assert_int_equal(daf_payload_registration(daf_pack_view(&k), &r), DAF_OK);
    assert_int_equal(r.name.len, 0);
    assert_memory_equal(&r.subject, &subject, sizeof(subject));
}

/* Fields before, between and after those that are read. */
static void put_rich_registration(struct daf_pack *k, size_t name_len)
{
    char name[DAF_NAME_BYTES_MAX + 1];
    struct daf_key key = {{4}};

    memset(name, 'n', sizeof(name));
    open_room(k);
    daf_pack_array(k, 2);
    put_text(k, "registration");
    daf_pack_map(k, 7);
    put_text(k, "");
    daf_pack_nil(k);
    put_text(k, "age");
    daf_pack_uint(k, 9);
    put_text(k, "key");
    daf_pack_bin(k, key.b, sizeof(key.b));
    put_text(k, "keyring");
    daf_pack_map(k, 1);
    put_text(k, "name");
    daf_pack_array(k, 0);
    put_text(k, "name");
    daf_pack_str(k, name, name_len);
    put_text(k, "subject");
    daf_pack_bin(k, subject.b, sizeof(subject.b));
    put_text(k, "zebra");
    daf_pack_bool(k, true);
}

static void unknown_fields_are_ignored(void **state)
{
    struct daf_registration r;
    struct daf_pack k;

    (void)state;
    put_rich_registration(&k, 5);
    assert_int_equal(daf_payload_registration(daf_pack_view(&k), &r), DAF_OK);
    assert_int_equal(r.key.b[0], 4);
    assert_int_equal(r.name.len, 5);
    assert_memory_equal(&r.subject, &subject, sizeof(subject));
    assert_exact(&k, decode_registration);
}

static void unknown_fields_are_checked_all_the_same(void **state)
{
    struct daf_pack k;

    (void)state;
    put_rich_registration(&k, 5);
    room[k.len - 1] = 0xc1;
    assert_int_equal(decode_registration(daf_pack_view(&k)), DAF_EFORM);
    put_rich_registration(&k, 5);
    room[k.len - 6] = 'a'; /* zebra becomes aebra, which would come first */
    assert_int_equal(decode_registration(daf_pack_view(&k)), DAF_EFORM);
}

static void a_name_has_a_largest_size(void **state)
{
    struct daf_pack k;

    (void)state;
    put_rich_registration(&k, DAF_NAME_BYTES_MAX - 1);
    assert_int_equal(decode_registration(daf_pack_view(&k)), DAF_OK);
    put_rich_registration(&k, DAF_NAME_BYTES_MAX);
    assert_int_equal(decode_registration(daf_pack_view(&k)), DAF_OK);
    put_rich_registration(&k, DAF_NAME_BYTES_MAX + 1);
    assert_int_equal(decode_registration(daf_pack_view(&k)), DAF_ELIMIT);
}

/* ---- certificate */

static enum daf_err decode_certificate(struct daf_view v)
{
    struct daf_view cert;

    return daf_payload_certificate(v, &cert);
}

static void a_certificate_is_handed_out_as_it_came(void **state)
{
    struct daf_view cert;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    daf_payload_pack_certificate(&k, text("certificate"));
    assert_type(&k, DAF_TYPE_CERTIFICATE, "certificate");
    assert_int_equal(daf_payload_certificate(daf_pack_view(&k), &cert), DAF_OK);
    assert_int_equal(cert.len, 11);
    assert_memory_equal(cert.p, "certificate", 11);
    assert_exact(&k, decode_certificate);
}

static enum daf_err decode_certificate_of(size_t len)
{
    static const uint8_t zeros[DAF_CERT_BYTES_MAX + 1];
    struct daf_pack k;

    open_room(&k);
    daf_pack_array(&k, 2);
    put_text(&k, "certificate");
    daf_pack_map(&k, 1);
    put_text(&k, "cert");
    daf_pack_bin(&k, zeros, len);
    return decode_certificate(daf_pack_view(&k));
}

static void a_certificate_has_a_size_within_bounds(void **state)
{
    (void)state;
    assert_int_equal(decode_certificate_of(0), DAF_EFORM);
    assert_int_equal(decode_certificate_of(1), DAF_OK);
    assert_int_equal(decode_certificate_of(DAF_CERT_BYTES_MAX - 1), DAF_OK);
    assert_int_equal(decode_certificate_of(DAF_CERT_BYTES_MAX), DAF_OK);
    assert_int_equal(decode_certificate_of(DAF_CERT_BYTES_MAX + 1), DAF_ELIMIT);
}

/* ---- key-wrap */

static struct daf_wrap wraps[DAF_WRAPS_MAX];

static enum daf_err decode_key_wrap(struct daf_view v)
{
    struct daf_key_wrap w;

    return daf_payload_key_wrap(v, &w);
}

static void put_key_wrap(struct daf_pack *k, size_t count)
{
    struct daf_key_wrap w = {.scope = "class:1",
                             .generation = 3,
                             .wraps_count = count};

    memset(w.commit, 5, sizeof(w.commit));
    for (size_t i = 0; i < count; i++) {
        wraps[i].author.b[0] = (uint8_t)(i & 0xff);
        wraps[i].author.b[1] = (uint8_t)(i >> 8);
        memset(wraps[i].sealed, (int)(i & 0xff), sizeof(wraps[i].sealed));
    }
    open_room(k);
    daf_payload_pack_key_wrap(k, &w, wraps);
}

static void a_key_wrap_is_read_as_it_was_written(void **state)
{
    struct daf_author_id author = {{1}};
    struct daf_key_wrap w;
    struct daf_wrap wrap;
    struct daf_pack k;

    (void)state;
    put_key_wrap(&k, 2);
    assert_type(&k, DAF_TYPE_KEY_WRAP, "key-wrap");
    assert_int_equal(daf_payload_key_wrap(daf_pack_view(&k), &w), DAF_OK);
    assert_string_equal(w.scope, "class:1");
    assert_int_equal(w.generation, 3);
    assert_int_equal(w.commit[15], 5);
    assert_int_equal(w.wraps_count, 2);
    assert_int_equal(daf_payload_wrap(&w, &author, &wrap), DAF_OK);
    assert_memory_equal(&wrap, &wraps[1], sizeof(wrap));
    author.b[0] = 2;
    assert_int_equal(daf_payload_wrap(&w, &author, &wrap), DAF_ENOTFOUND);
    assert_exact(&k, decode_key_wrap);
}

static void the_largest_key_wrap_fits_into_a_body(void **state)
{
    struct daf_author_id last = {{0xff, 1}}; /* number 511 */
    struct daf_key_wrap w;
    struct daf_wrap wrap;
    struct daf_pack k;

    (void)state;
    put_key_wrap(&k, DAF_WRAPS_MAX - 1);
    assert_int_equal(decode_key_wrap(daf_pack_view(&k)), DAF_OK);
    put_key_wrap(&k, DAF_WRAPS_MAX);
    assert_true(k.len <= DAF_PAYLOAD_BYTES_MAX);
    assert_int_equal(daf_payload_key_wrap(daf_pack_view(&k), &w), DAF_OK);
    assert_int_equal(daf_payload_wrap(&w, &last, &wrap), DAF_OK);
}

static enum daf_err decode_odd_wrap(uint64_t generation, const char *scope,
                                    size_t count, size_t sealed_len)
{
    static const uint8_t zeros[DAF_WRAP_BYTES + 1];
    struct daf_pack k;

    open_room(&k);
    daf_pack_array(&k, 2);
    put_text(&k, "key-wrap");
    daf_pack_map(&k, 4);
    put_text(&k, "commit");
    daf_pack_bin(&k, zeros, 16);
    put_text(&k, "generation");
    daf_pack_uint(&k, generation);
    put_text(&k, "scope");
    put_text(&k, scope);
    put_text(&k, "wraps");
    daf_pack_array(&k, count);
    for (size_t i = 0; i < count; i++) {
        daf_pack_array(&k, 2);
        daf_pack_bin(&k, zeros, 16);
        daf_pack_bin(&k, zeros, sealed_len);
    }
    return decode_key_wrap(daf_pack_view(&k));
}

static void a_key_wrap_beyond_its_bounds_is_refused(void **state)
{
    const size_t len = DAF_WRAP_BYTES;

    (void)state;
    assert_int_equal(decode_odd_wrap(1, "a", 1, len), DAF_OK);
    assert_int_equal(decode_odd_wrap(0, "a", 1, len), DAF_EFORM);
    assert_int_equal(decode_odd_wrap(UINT64_MAX, "a", 1, len), DAF_ELIMIT);
    assert_int_equal(decode_odd_wrap(1, "", 1, len), DAF_EFORM);
    assert_int_equal(decode_odd_wrap(1, "A", 1, len), DAF_EFORM);
    assert_int_equal(decode_odd_wrap(1, "a", 0, len), DAF_EFORM);
    assert_int_equal(decode_odd_wrap(1, "a", DAF_WRAPS_MAX, len), DAF_OK);
    assert_int_equal(decode_odd_wrap(1, "a", DAF_WRAPS_MAX + 1, len),
                     DAF_ELIMIT);
    assert_int_equal(decode_odd_wrap(1, "a", 1, len - 1), DAF_EFORM);
    assert_int_equal(decode_odd_wrap(1, "a", 1, len + 1), DAF_EFORM);
}

/* ---- revocation */

static const struct daf_author_id lost = {{4, 5, 6}};

static enum daf_err decode_revocation(struct daf_view v)
{
    struct daf_revocation r;

    return daf_payload_revocation(v, &r);
}

/* @logs logs with @tips tips each. */
static void put_revocation(struct daf_pack *k, size_t logs, size_t tips)
{
    struct daf_log_key log = {.author = lost};
    struct daf_spot spots[DAF_FRONTIER_MAX] = {{0}};
    size_t mark;

    open_room(k);
    mark = daf_payload_begin_revocation(k);
    for (size_t i = 0; i < logs; i++) {
        log.incarnation = UINT64_MAX - i;
        for (size_t j = 0; j < tips; j++)
            spots[j].id.b[0] = (uint8_t)(i + j);
        daf_payload_add_revoked_log(k, &log, spots, tips);
    }
    daf_payload_end_revocation(k, mark, logs, DAF_REVOKED_STOLEN, &lost);
}

static void a_revocation_is_read_as_it_was_written(void **state)
{
    struct daf_revoked_log log;
    struct daf_revocation r;
    struct daf_pack k;

    (void)state;
    put_revocation(&k, 17, 2); /* more than a fixarray holds */
    assert_type(&k, DAF_TYPE_REVOCATION, "revocation");
    assert_int_equal(daf_payload_revocation(daf_pack_view(&k), &r), DAF_OK);
    assert_memory_equal(&r.who, &lost, sizeof(lost));
    assert_int_equal(r.reason, DAF_REVOKED_STOLEN);
    assert_false(r.has_second);
    assert_int_equal(r.logs_count, 17);
    daf_payload_revoked_log(&r, 16, &log);
    assert_true(log.log.incarnation == UINT64_MAX - 16);
    assert_memory_equal(&log.log.author, &lost, sizeof(lost));
    assert_int_equal(log.tips_count, 2);
    assert_int_equal(log.tips[1].b[0], 17);
    assert_exact(&k, decode_revocation);
    put_revocation(&k, 0, 0);
    assert_int_equal(decode_revocation(daf_pack_view(&k)), DAF_OK);
    put_revocation(&k, 1, DAF_FRONTIER_MAX);
    assert_int_equal(decode_revocation(daf_pack_view(&k)), DAF_OK);
}

/* A revocation by hand: fields that are NULL or negative are left out. */
struct odd_revocation {
    size_t tips;
    int reason;
    const char *more; /* an unknown field */
    size_t who_len, second_len, sig_len;
};

static struct daf_view pack_odd_revocation(struct daf_pack *k,
                                           const struct odd_revocation *o)
{
    static const uint8_t zeros[128];
    size_t fields =
        2u + (o->reason >= 0) + (o->more != NULL) + (o->second_len > 0);

    open_room(k);
    daf_pack_array(k, 2);
    put_text(k, "revocation");
    daf_pack_map(k, fields);
    put_text(k, "logs");
    daf_pack_array(k, 1);
    daf_pack_array(k, 4);
    daf_pack_bin(k, zeros, 16);
    daf_pack_bin(k, zeros, 16);
    daf_pack_uint(k, 1);
    daf_pack_array(k, o->tips);
    for (size_t i = 0; i < o->tips; i++)
        daf_pack_bin(k, zeros, 32);
    if (o->more != NULL) {
        put_text(k, o->more);
        daf_pack_uint(k, 1);
    }
    if (o->reason >= 0) {
        put_text(k, "reason");
        daf_pack_uint(k, (uint64_t)o->reason);
    }
    if (o->second_len > 0) {
        put_text(k, "second");
        daf_pack_array(k, 2);
        daf_pack_bin(k, zeros, o->second_len);
        daf_pack_bin(k, zeros, o->sig_len);
    }
    put_text(k, "who");
    daf_pack_bin(k, zeros, o->who_len);
    return daf_pack_view(k);
}

static enum daf_err decode_odd_revocation(struct odd_revocation o)
{
    struct daf_pack k;

    return decode_revocation(pack_odd_revocation(&k, &o));
}

static void a_revocation_beyond_its_bounds_is_refused(void **state)
{
    (void)state;
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){1, 3, NULL, 16, 0, 0}),
                     DAF_OK);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){1, 3, "none", 16, 0, 0}),
                     DAF_OK);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){1, 4, NULL, 16, 0, 0}),
                     DAF_ELIMIT);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){1, -1, NULL, 16, 0, 0}),
                     DAF_EFORM);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){1, 3, NULL, 15, 0, 0}),
                     DAF_EFORM);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){64, 3, NULL, 16, 0, 0}),
                     DAF_OK);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){65, 3, NULL, 16, 0, 0}),
                     DAF_ELIMIT);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){1, 3, NULL, 16, 16, 64}),
                     DAF_OK);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){1, 3, NULL, 16, 16, 63}),
                     DAF_EFORM);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){1, 3, NULL, 16, 16, 65}),
                     DAF_ELIMIT);
    assert_int_equal(decode_odd_revocation(
                         (struct odd_revocation){1, 3, NULL, 16, 15, 64}),
                     DAF_EFORM);
}

static void a_second_signature_is_over_header_and_payload(void **state)
{
    static uint8_t bytes[DAF_DOOR_BYTES_MAX];
    const struct daf_view aad = text("the header's bytes");
    struct daf_sign_pk pk, other;
    struct daf_sign_sk sk, unused;
    struct daf_revocation r;
    struct daf_view payload;
    struct daf_sig sig;
    struct daf_pack k;
    size_t at;

    (void)state;
    assert_int_equal(crypto_sign_keypair(pk.b, sk.b), 0);
    assert_int_equal(crypto_sign_keypair(other.b, unused.b), 0);
    payload = pack_odd_revocation(&k, &(struct odd_revocation){1, 3, "more", 16,
                                                               16, 64});
    assert_int_equal(daf_payload_revocation(payload, &r), DAF_OK);
    at = (size_t)(r.second_sig.p - payload.p);
    memcpy(bytes, aad.p, aad.len);
    memcpy(bytes + aad.len, payload.p, payload.len);
    daf_hash_sign("daf.person.1",
                  (struct daf_view){bytes, aad.len + payload.len}, &sk, &sig);
    memcpy(room + at, sig.b, sizeof(sig.b));
    assert_int_equal(daf_payload_revocation(payload, &r), DAF_OK);
    assert_true(daf_payload_second_ok(payload, &r, aad, &pk));
    assert_false(daf_payload_second_ok(payload, &r, aad, &other));
    assert_false(daf_payload_second_ok(payload, &r, text("another's"), &pk));
    assert_false(daf_payload_second_ok(
        payload, &r, (struct daf_view){bytes, DAF_DOOR_BYTES_MAX}, &pk));
    room[payload.len - 1] ^= 1; /* of another device */
    assert_int_equal(daf_payload_revocation(payload, &r), DAF_OK);
    assert_false(daf_payload_second_ok(payload, &r, aad, &pk));
    put_revocation(&k, 1, 1);
    assert_int_equal(daf_payload_revocation(daf_pack_view(&k), &r), DAF_OK);
    assert_false(daf_payload_second_ok(daf_pack_view(&k), &r, aad, &pk));
}

/* ---- assignment */

static enum daf_err decode_assignment(struct daf_view v)
{
    struct daf_assignment a;

    return daf_payload_assignment(v, &a);
}

static struct daf_assignment full_assignment(void)
{
    struct daf_assignment a = {.has_device = true,
                               .has_due = true,
                               .has_lesson = true,
                               .device = {{7}},
                               .due = DAF_DAY_MAX,
                               .lesson = {{8}},
                               .items_count = DAF_ASSIGNMENT_ITEMS_MAX,
                               .replaces_count = DAF_REPLACES_MAX};

    for (size_t i = 0; i < DAF_ASSIGNMENT_ITEMS_MAX; i++)
        a.items[i] = text("fractions/01");
    for (size_t i = 0; i < DAF_REPLACES_MAX; i++)
        a.replaces[i].b[0] = (uint8_t)i;
    return a;
}

static void an_assignment_is_read_as_it_was_written(void **state)
{
    struct daf_assignment a = full_assignment(), b;
    struct daf_pack k;

    (void)state;
    open_room(&k);
    daf_payload_pack_assignment(&k, &a);
    assert_type(&k, DAF_TYPE_ASSIGNMENT, "assignment");
    assert_exact(&k, decode_assignment);
    assert_int_equal(daf_payload_assignment(daf_pack_view(&k), &b), DAF_OK);
    assert_true(b.has_device && b.has_due && b.has_lesson);
    assert_false(b.has_person || b.has_subject);
    assert_memory_equal(&a.device, &b.device, sizeof(a.device));
    assert_memory_equal(&a.lesson, &b.lesson, sizeof(a.lesson));
    assert_memory_equal(a.replaces, b.replaces, sizeof(a.replaces));
    assert_int_equal(b.due, DAF_DAY_MAX);
    assert_int_equal(b.items_count, DAF_ASSIGNMENT_ITEMS_MAX);
    assert_memory_equal(b.items[63].p, "fractions/01", b.items[63].len);
    /* Only taking back. */
    a = (struct daf_assignment){.replaces_count = 1};
    open_room(&k);
    daf_payload_pack_assignment(&k, &a);
    assert_exact(&k, decode_assignment);
}

/* An assignment as another program might write it. */
struct odd_assignment {
    size_t items, item_len, replaces;
    uint64_t due;
    bool has_person, has_sig, has_subject;
};

static enum daf_err decode_odd_assignment(const struct odd_assignment *o)
{
    static const uint8_t bytes[64];
    char item[DAF_ITEM_BYTES_MAX + 1];
    struct daf_pack k;

    memset(item, 'i', sizeof(item));
    open_room(&k);
    daf_pack_array(&k, 2);
    put_text(&k, "assignment");
    daf_pack_map(&k, 3 + (size_t)o->has_person + o->has_sig + o->has_subject);
    put_text(&k, "due");
    daf_pack_uint(&k, o->due);
    put_text(&k, "items");
    daf_pack_array(&k, o->items);
    for (size_t i = 0; i < o->items; i++)
        daf_pack_str(&k, item, o->item_len);
    if (o->has_person) {
        put_text(&k, "person");
        daf_pack_bin(&k, bytes, 16);
    }
    put_text(&k, "replaces");
    daf_pack_array(&k, o->replaces);
    for (size_t i = 0; i < o->replaces; i++)
        daf_pack_bin(&k, bytes, 32);
    if (o->has_sig) {
        put_text(&k, "sig");
        daf_pack_bin(&k, bytes, 64);
    }
    if (o->has_subject) {
        put_text(&k, "subject");
        daf_pack_bin(&k, bytes, 16);
    }
    return decode_assignment(daf_pack_view(&k));
}

static void an_assignment_beyond_its_bounds_is_refused(void **state)
{
    const struct odd_assignment good = {.items = 1,
                                        .item_len = 200,
                                        .replaces = 1};
    struct odd_assignment o = good;

    (void)state;
    assert_int_equal(decode_odd_assignment(&o), DAF_OK);
    o.items = 0;
    assert_int_equal(decode_odd_assignment(&o), DAF_EFORM);
    o.items = DAF_ASSIGNMENT_ITEMS_MAX + 1;
    assert_int_equal(decode_odd_assignment(&o), DAF_ELIMIT);
    o = good;
    o.item_len = 0;
    assert_int_equal(decode_odd_assignment(&o), DAF_EFORM);
    o.item_len = DAF_ITEM_BYTES_MAX + 1;
    assert_int_equal(decode_odd_assignment(&o), DAF_ELIMIT);
    o = good;
    o.replaces = 0;
    assert_int_equal(decode_odd_assignment(&o), DAF_EFORM);
    o.replaces = DAF_REPLACES_MAX + 1;
    assert_int_equal(decode_odd_assignment(&o), DAF_ELIMIT);
    o = good;
    o.due = DAF_DAY_MAX;
    assert_int_equal(decode_odd_assignment(&o), DAF_OK);
    o.due++;
    assert_int_equal(decode_odd_assignment(&o), DAF_ELIMIT);
    /* One is nothing without the other. */
    o = good;
    o.has_person = true;
    assert_int_equal(decode_odd_assignment(&o), DAF_EFORM);
    o.has_sig = o.has_subject = true;
    assert_int_equal(decode_odd_assignment(&o), DAF_OK);
    o.has_person = false;
    assert_int_equal(decode_odd_assignment(&o), DAF_EFORM);
}

static void an_item_may_be_a_content_id(void **state)
{
    char hex[65] = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
                   "abcdef";
    struct daf_hash content;

    (void)state;
    assert_true(daf_payload_item_content(text(hex), &content));
    assert_int_equal(content.b[0], 0x01);
    assert_int_equal(content.b[31], 0xef);
    assert_false(daf_payload_item_content(text(hex + 1), &content));
    hex[10] = 'A'; /* one name, not two */
    assert_false(daf_payload_item_content(text(hex), &content));
    hex[10] = 'g';
    assert_false(daf_payload_item_content(text(hex), &content));
}

/* ---- acts */

static void acts_are_counted_by_type(void **state)
{
    struct daf_pack k;

    (void)state;
    put_empty(&k, "revocation"); /* also one that cannot be read */
    assert_int_equal(daf_payload_acts(daf_pack_view(&k)), 1);
    put_empty(&k, "retire");
    assert_int_equal(daf_payload_acts(daf_pack_view(&k)), 1);
    put_empty(&k, "erasure");
    assert_int_equal(daf_payload_acts(daf_pack_view(&k)), 1);
    put_empty(&k, "certificate");
    assert_int_equal(daf_payload_acts(daf_pack_view(&k)), 0);
    put_empty(&k, "revocations");
    assert_int_equal(daf_payload_acts(daf_pack_view(&k)), 0);
    assert_int_equal(daf_payload_acts(text("revocation")), 0);
    assert_int_equal(daf_payload_acts((struct daf_view){NULL, 0}), 0);
}

static void an_erasure_is_as_many_acts_as_it_has_handles(void **state)
{
    static const uint8_t zeros[16];
    struct daf_pack k;

    (void)state;
    open_room(&k);
    daf_pack_array(&k, 2);
    put_text(&k, "erasure");
    daf_pack_map(&k, 2);
    put_text(&k, "a");
    daf_pack_array(&k, 0);
    put_text(&k, "handles");
    daf_pack_array(&k, 40);
    for (int i = 0; i < 40; i++)
        daf_pack_bin(&k, zeros, 16);
    assert_int_equal(daf_payload_acts(daf_pack_view(&k)), 40);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_register_of_a_new_camp_ascends),
        cmocka_unit_test(the_types_read_here_are_registered),
        cmocka_unit_test(a_type_is_known_by_its_name),
        cmocka_unit_test(what_is_no_payload_has_no_name),
        cmocka_unit_test(a_session_is_read_as_it_was_written),
        cmocka_unit_test(a_session_cut_off_or_with_more_behind_it_is_refused),
        cmocka_unit_test(a_session_has_so_many_activities_and_not_more),
        cmocka_unit_test(a_session_beyond_its_bounds_is_refused),
        cmocka_unit_test(a_session_without_a_field_is_refused),
        cmocka_unit_test(a_registration_is_read_as_it_was_written),
        cmocka_unit_test(a_learner_needs_no_name),
        cmocka_unit_test(unknown_fields_are_ignored),
        cmocka_unit_test(unknown_fields_are_checked_all_the_same),
        cmocka_unit_test(a_name_has_a_largest_size),
        cmocka_unit_test(a_certificate_is_handed_out_as_it_came),
        cmocka_unit_test(a_certificate_has_a_size_within_bounds),
        cmocka_unit_test(a_key_wrap_is_read_as_it_was_written),
        cmocka_unit_test(the_largest_key_wrap_fits_into_a_body),
        cmocka_unit_test(a_key_wrap_beyond_its_bounds_is_refused),
        cmocka_unit_test(a_revocation_is_read_as_it_was_written),
        cmocka_unit_test(a_revocation_beyond_its_bounds_is_refused),
        cmocka_unit_test(a_second_signature_is_over_header_and_payload),
        cmocka_unit_test(an_assignment_is_read_as_it_was_written),
        cmocka_unit_test(an_assignment_beyond_its_bounds_is_refused),
        cmocka_unit_test(an_item_may_be_a_content_id),
        cmocka_unit_test(acts_are_counted_by_type),
        cmocka_unit_test(an_erasure_is_as_many_acts_as_it_has_handles),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
