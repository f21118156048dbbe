/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"
#include "proto/hash.h"
#include "proto/manifest.h"
#include "proto/pack.h"
#include "proto/payload.h"

#include <sodium.h>
#include <stdlib.h>

static uint8_t bytes[DAF_MANIFEST_BYTES_MAX + 64];
static uint8_t bytes_next[DAF_MANIFEST_BYTES_MAX];
static struct daf_sign_pk pks[4];
static struct daf_sign_sk sks[4]; /* of the roots, and a stranger's */

static int make_keys(void **state)
{
    (void)state;
    for (uint8_t i = 0; i < 4; i++) {
        uint8_t seed[32];

        memset(seed, 0x40 + i, sizeof(seed));
        if (crypto_sign_seed_keypair(pks[i].b, sks[i].b, seed) != 0) return -1;
    }
    return 0;
}

/* A first manifest of 2 of 3 roots. */
static void make_first(struct daf_manifest *m)
{
    memset(m, 0, sizeof(*m));
    m->is_first = true;
    m->number = 1;
    memcpy(m->name, "Camp", 5);
    m->k = 2;
    m->roots_count = 3;
    memcpy(m->roots, pks, 3 * sizeof(pks[0]));
    m->coordinators_count = 1;
    m->coordinators[0].keys.sign = pks[0];
    memset(m->coordinators[0].keys.transport.b, 5, 32);
    memset(m->coordinators[0].keys.seal.b, 6, 32);
    m->coordinators[0].acts = 100;
    m->register_count = 2;
    memcpy(m->types[0], "certificate", 12);
    memcpy(m->types[1], "session", 8);
    memset(m->discovery.b, 7, sizeof(m->discovery.b));
}

/* The one after @held, with everything in it that the first has not. */
static void make_next(const struct daf_manifest *held, struct daf_manifest *m)
{
    *m = *held;
    m->is_first = false;
    m->number = held->number + 1;
    m->removed_count = 1;
    memset(m->removed[0].author.b, 8, 16);
    m->removed[0].tips_count = 2;
    memset(m->removed[0].tips[0].b, 9, 32);
    m->has_previous_discovery = true;
    m->previous_discovery = held->discovery;
    memset(m->discovery.b, 10, sizeof(m->discovery.b));
    memcpy(m->dpia, "DPIA 7", 7);
}

static struct daf_view sign(struct daf_manifest *m, size_t count)
{
    return (struct daf_view){bytes, daf_manifest_sign(m, sks, count, bytes)};
}

static struct daf_view sign_next(struct daf_manifest *m,
                                 const struct daf_sign_sk *secrets,
                                 size_t count)
{
    return (struct daf_view){bytes_next,
                             daf_manifest_sign(m, secrets, count, bytes_next)};
}

static void a_first_manifest_is_read_as_it_was_made(void **state)
{
    struct daf_manifest made;
    struct daf_manifest m;
    struct daf_author_id author = daf_hash_author_id(&pks[0]);
    struct daf_hash camp;
    struct daf_view v;

    (void)state;
    make_first(&made);
    v = sign(&made, 2);
    assert_true(v.len > 0);
    assert_int_equal(daf_manifest_decode(v, &m), DAF_OK);
    assert_true(m.is_first);
    assert_int_equal(m.number, 1);
    assert_string_equal(m.name, "Camp");
    assert_int_equal(m.k, 2);
    assert_int_equal(m.roots_count, 3);
    assert_memory_equal(m.roots, pks, 3 * sizeof(pks[0]));
    assert_int_equal(m.coordinators[0].acts, 100);
    assert_memory_equal(&m.coordinators[0].author, &author, sizeof(author));
    assert_string_equal(m.types[1], "session");
    assert_false(m.has_previous_discovery);
    assert_string_equal(m.dpia, "");
    assert_int_equal(m.sigs_count, 2);
    assert_memory_equal(&m.hash, &made.hash, sizeof(m.hash));
    daf_hash_256("daf.camp.1", (struct daf_view){v.p, m.signed_len}, camp.b);
    assert_memory_equal(&m.camp, &camp, sizeof(camp));
    assert_memory_equal(&made.camp, &camp, sizeof(camp));
    assert_int_equal(daf_manifest_verify(v, &m), DAF_OK);
}

static void a_later_manifest_is_read_as_it_was_made(void **state)
{
    struct daf_manifest first;
    struct daf_manifest made;
    struct daf_manifest m;
    struct daf_view v;

    (void)state;
    make_first(&first);
    (void)sign(&first, 2);
    make_next(&first, &made);
    v = sign_next(&made, sks, 3);
    assert_int_equal(daf_manifest_decode(v, &m), DAF_OK);
    assert_false(m.is_first);
    assert_int_equal(m.number, 2);
    assert_memory_equal(&m.camp, &first.camp, sizeof(m.camp));
    assert_int_equal(m.removed_count, 1);
    assert_int_equal(m.removed[0].tips_count, 2);
    assert_int_equal(m.removed[0].tips[0].b[31], 9);
    assert_true(m.has_previous_discovery);
    assert_int_equal(m.previous_discovery.b[0], 7);
    assert_string_equal(m.dpia, "DPIA 7");
    assert_int_equal(m.sigs_count, 3);
    assert_int_equal(daf_manifest_verify(v, &m), DAF_OK);
}

static void the_signed_part_packs_to_the_same_bytes(void **state)
{
    uint8_t again[DAF_MANIFEST_BYTES_MAX];
    struct daf_manifest first;
    struct daf_manifest m;
    struct daf_view v;
    size_t len;

    (void)state;
    make_first(&first);
    (void)sign(&first, 2);
    make_next(&first, &m);
    v = sign_next(&m, sks, 2);
    assert_int_equal(daf_manifest_decode(v, &m), DAF_OK);
    len = daf_manifest_pack(&m, again, sizeof(again));
    assert_int_equal(len, m.signed_len);
    assert_memory_equal(again, v.p, len);
    assert_int_equal(daf_manifest_pack(&m, again, len), len);
    assert_int_equal(daf_manifest_pack(&m, again, len - 1), 0);
}

static void every_truncation_is_refused(void **state)
{
    struct daf_manifest m;
    struct daf_view v;

    (void)state;
    make_first(&m);
    v = sign(&m, 2);
    for (size_t len = 0; len < v.len; len++) {
        /* A block of that size, so that a read beyond it shows. */
        uint8_t *cut = malloc(len > 0 ? len : 1);

        assert_non_null(cut);
        memcpy(cut, v.p, len);
        assert_int_equal(daf_manifest_decode((struct daf_view){cut, len}, &m),
                         DAF_EFORM);
        free(cut);
    }
    bytes[v.len] = 0xc0;
    v.len++;
    assert_int_equal(daf_manifest_decode(v, &m), DAF_EFORM);
}

static void assert_no_bit_may_flip(struct daf_view v, uint8_t *at)
{
    struct daf_manifest m;

    for (size_t bit = 0; bit < 8 * v.len; bit++) {
        enum daf_err err;

        at[bit / 8] ^= (uint8_t)(1u << bit % 8);
        err = daf_manifest_decode(v, &m);
        if (err == DAF_OK) err = daf_manifest_verify(v, &m);
        assert_int_not_equal(err, DAF_OK);
        at[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(daf_manifest_decode(v, &m), DAF_OK);
    assert_int_equal(daf_manifest_verify(v, &m), DAF_OK);
}

/* With a signature more than is needed too: each one is checked. */
static void every_flipped_bit_is_refused(void **state)
{
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    m.k = 1;
    m.roots_count = 1;
    assert_no_bit_may_flip(sign(&m, 1), bytes);
    make_first(&m);
    assert_no_bit_may_flip(sign(&m, 3), bytes);
}

static void fewer_signatures_than_k_are_not_enough(void **state)
{
    struct daf_manifest m;
    struct daf_view v;

    (void)state;
    for (size_t count = 0; count <= 3; count++) {
        make_first(&m);
        v = sign(&m, count);
        assert_true(v.len > 0);
        assert_int_equal(m.sigs_count, count);
        assert_int_equal(daf_manifest_verify(v, &m),
                         count < 2 ? DAF_ESIG : DAF_OK);
    }
}

static void any_two_of_three_are_enough(void **state)
{
    (void)state;
    for (size_t absent = 0; absent < 3; absent++) {
        struct daf_sign_sk two[2];
        struct daf_manifest m;
        struct daf_view v;

        /* In the wrong order: the manifest lists them in its own. */
        two[0] = sks[absent == 2 ? 1 : 2];
        two[1] = sks[absent == 0 ? 1 : 0];
        make_first(&m);
        v = sign_next(&m, two, 2);
        assert_int_equal(daf_manifest_verify(v, &m), DAF_OK);
        assert_int_equal(m.sig_roots[0], absent == 0 ? 1 : 0);
        assert_int_equal(m.sig_roots[1], absent == 2 ? 1 : 2);
    }
}

static void one_secret_twice_is_one_signature(void **state)
{
    const struct daf_sign_sk twice[2] = {sks[1], sks[1]};
    struct daf_manifest m;
    struct daf_view v;

    (void)state;
    make_first(&m);
    v = sign_next(&m, twice, 2);
    assert_int_equal(m.sigs_count, 1);
    assert_int_equal(daf_manifest_verify(v, &m), DAF_ESIG);
}

static void a_strangers_secret_signs_nothing(void **state)
{
    const struct daf_sign_sk stranger[2] = {sks[0], sks[3]};
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    assert_int_equal(daf_manifest_sign(&m, stranger, 2, bytes), 0);
}

/* ---- what may follow what */

static void the_next_number_signed_by_both_succeeds(void **state)
{
    struct daf_manifest held;
    struct daf_manifest next;
    struct daf_view v;

    (void)state;
    make_first(&held);
    (void)sign(&held, 2);
    make_next(&held, &next);
    v = sign_next(&next, sks, 2);
    assert_int_equal(daf_manifest_succeeds(&held, v, &next), DAF_OK);
    make_next(&held, &next);
    next.number = 100; /* those between may never have come here */
    v = sign_next(&next, sks, 2);
    assert_int_equal(daf_manifest_succeeds(&held, v, &next), DAF_OK);
}

static void an_older_or_the_same_does_not_succeed(void **state)
{
    struct daf_manifest first;
    struct daf_manifest held;
    struct daf_view v;

    (void)state;
    make_first(&first);
    v = sign(&first, 2);
    assert_int_equal(daf_manifest_succeeds(&first, v, &first), DAF_EEXISTS);
    make_next(&first, &held);
    (void)sign_next(&held, sks, 2);
    assert_int_equal(daf_manifest_succeeds(&held, v, &first), DAF_EEXISTS);
}

static void of_two_with_one_number_the_lower_hash_stands(void **state)
{
    struct daf_manifest first;
    struct daf_manifest a;
    struct daf_manifest b;
    struct daf_view va;
    struct daf_view vb;
    int order;

    (void)state;
    make_first(&first);
    (void)sign(&first, 2);
    make_next(&first, &a);
    va = sign(&a, 2);
    make_next(&first, &b);
    memcpy(b.name, "Pmac", 5);
    vb = sign_next(&b, sks, 2);
    order = memcmp(a.hash.b, b.hash.b, sizeof(a.hash.b));
    assert_int_not_equal(order, 0);
    assert_int_equal(daf_manifest_succeeds(&a, vb, &b),
                     order > 0 ? DAF_OK : DAF_EEXISTS);
    assert_int_equal(daf_manifest_succeeds(&b, va, &a),
                     order < 0 ? DAF_OK : DAF_EEXISTS);
}

static void another_camp_does_not_succeed(void **state)
{
    struct daf_manifest held;
    struct daf_manifest next;
    struct daf_view v;

    (void)state;
    make_first(&held);
    (void)sign(&held, 2);
    make_next(&held, &next);
    next.camp.b[0] ^= 1;
    v = sign_next(&next, sks, 3);
    assert_int_equal(daf_manifest_succeeds(&held, v, &next), DAF_ESCOPE);
}

static void new_roots_need_the_old_ones(void **state)
{
    const struct daf_sign_sk all[3] = {sks[3], sks[0], sks[1]};
    struct daf_manifest held;
    struct daf_manifest next;
    struct daf_view v;

    (void)state;
    make_first(&held);
    (void)sign(&held, 2);
    /* One alone names himself: enough for his manifest, not for ours. */
    make_next(&held, &next);
    next.k = 1;
    next.roots_count = 1;
    next.roots[0] = pks[3];
    v = sign_next(&next, all, 1);
    assert_int_equal(daf_manifest_verify(v, &next), DAF_OK);
    assert_int_equal(daf_manifest_succeeds(&held, v, &next), DAF_ESIG);
    /* With one of the old it is one of two. */
    make_next(&held, &next);
    next.roots[2] = pks[3];
    v = sign_next(&next, all, 2);
    assert_int_equal(daf_manifest_verify(v, &next), DAF_OK);
    assert_int_equal(daf_manifest_succeeds(&held, v, &next), DAF_ESIG);
    /* With two of the old it is enough. */
    make_next(&held, &next);
    next.roots[2] = pks[3];
    v = sign_next(&next, all, 3);
    assert_int_equal(daf_manifest_succeeds(&held, v, &next), DAF_OK);
}

static void a_false_signature_does_not_succeed(void **state)
{
    struct daf_manifest held;
    struct daf_manifest next;
    struct daf_view v;

    (void)state;
    make_first(&held);
    (void)sign(&held, 2);
    make_next(&held, &next);
    v = sign_next(&next, sks, 3);
    bytes_next[v.len - 1] ^= 1;
    assert_int_equal(daf_manifest_decode(v, &next), DAF_OK);
    assert_int_equal(daf_manifest_succeeds(&held, v, &next), DAF_ESIG);
}

/* ---- what is never made */

static void assert_not_made(struct daf_manifest *m)
{
    assert_int_equal(daf_manifest_sign(m, sks, 2, bytes), 0);
}

static void k_is_one_to_the_number_of_roots(void **state)
{
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    m.k = 0;
    assert_not_made(&m);
    make_first(&m);
    m.k = 4;
    assert_not_made(&m);
    make_first(&m);
    m.k = 3;
    assert_true(sign(&m, 3).len > 0);
}

static void a_root_is_named_once(void **state)
{
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    m.roots[2] = m.roots[0];
    assert_not_made(&m);
}

static void the_first_has_number_one_and_no_other(void **state)
{
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    m.number = 2;
    assert_not_made(&m);
    make_first(&m);
    m.is_first = false;
    assert_not_made(&m);
    make_first(&m);
    m.is_first = false;
    m.number = 0;
    assert_not_made(&m);
}

static void the_register_ascends(void **state)
{
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    memcpy(m.types[1], "certificate", 12);
    assert_not_made(&m);
    make_first(&m);
    memcpy(m.types[1], "attempt", 8);
    assert_not_made(&m);
    make_first(&m);
    m.types[0][0] = '\0';
    assert_not_made(&m);
}

static void text_is_utf8(void **state)
{
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    memcpy(m.name, "K\xc3\xa4mp", 6);
    assert_true(sign(&m, 2).len > 0);
    make_first(&m);
    memcpy(m.name, "K\xe4mp", 5);
    assert_not_made(&m);
}

static void names_have_a_largest_size(void **state)
{
    struct daf_manifest m;
    struct daf_view v;

    (void)state;
    make_first(&m);
    memset(m.name, 'n', DAF_CAMP_NAME_BYTES_MAX);
    memset(m.dpia, 'd', DAF_CAMP_NAME_BYTES_MAX);
    memset(m.types[1], 't', DAF_TYPE_BYTES_MAX);
    v = sign(&m, 2);
    assert_int_equal(daf_manifest_decode(v, &m), DAF_OK);
    assert_int_equal(strlen(m.name), DAF_CAMP_NAME_BYTES_MAX);
    assert_int_equal(strlen(m.dpia), DAF_CAMP_NAME_BYTES_MAX);
    assert_int_equal(strlen(m.types[1]), DAF_TYPE_BYTES_MAX);
}

static void a_manifest_that_is_too_large_is_not_made(void **state)
{
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    m.removed_count = DAF_REMOVED_MAX;
    for (size_t i = 0; i < DAF_REMOVED_MAX; i++)
        m.removed[i].tips_count = DAF_REMOVED_TIPS_MAX;
    m.coordinators_count = DAF_COORDINATORS_MAX;
    assert_not_made(&m);
}

/* ---- what other programs might write */

struct odd {
    uint64_t version, number, k, sig_first, sig_second;
    size_t roots, coordinators, removed, tips, types, ext_len, sigs;
    size_t name_len, dpia_len, type_len;
};

static const struct odd even = {.version = 1,
                                .number = 1,
                                .k = 1,
                                .roots = 2,
                                .sigs = 2,
                                .sig_second = 1,
                                .name_len = 1,
                                .dpia_len = 1,
                                .type_len = 4};

static void put_odd_lists(struct daf_pack *k, const struct odd *o)
{
    static const uint8_t zeros[32];
    char type[DAF_TYPE_BYTES_MAX + 1];

    daf_pack_array(k, o->roots);
    for (size_t i = 0; i < o->roots; i++) {
        uint8_t root[32] = {(uint8_t)i};

        daf_pack_bin(k, root, 32);
    }
    daf_pack_array(k, o->coordinators);
    for (size_t i = 0; i < o->coordinators; i++) {
        daf_pack_array(k, 4);
        for (size_t j = 0; j < 3; j++)
            daf_pack_bin(k, zeros, 32);
        daf_pack_uint(k, UINT32_MAX);
    }
    daf_pack_array(k, o->removed);
    for (size_t i = 0; i < o->removed; i++) {
        daf_pack_array(k, 2);
        daf_pack_bin(k, zeros, 16);
        daf_pack_array(k, o->tips);
        for (size_t j = 0; j < o->tips; j++)
            daf_pack_bin(k, zeros, 32);
    }
    daf_pack_array(k, o->types);
    memset(type, 'a', sizeof(type));
    for (size_t i = 0; i < o->types; i++) {
        type[0] = (char)('A' + i);
        daf_pack_str(k, type, o->type_len);
    }
}

static enum daf_err decode_odd(const struct odd *o)
{
    static const uint8_t zeros[DAF_EXT_BYTES_MAX + 1];
    char text[DAF_CAMP_NAME_BYTES_MAX + 1];
    struct daf_manifest m;
    struct daf_pack k;

    memset(text, 'a', sizeof(text));
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_pack_array(&k, 14);
    daf_pack_uint(&k, o->version);
    daf_pack_nil(&k);
    daf_pack_uint(&k, o->number);
    daf_pack_str(&k, text, o->name_len);
    daf_pack_uint(&k, o->k);
    put_odd_lists(&k, o);
    daf_pack_bin(&k, zeros, 32);
    daf_pack_nil(&k);
    daf_pack_str(&k, text, o->dpia_len);
    daf_pack_bin(&k, zeros, o->ext_len);
    daf_pack_array(&k, o->sigs);
    for (size_t i = 0; i < o->sigs; i++) {
        daf_pack_array(&k, 2);
        daf_pack_uint(&k, i == 0 ? o->sig_first : o->sig_second + i - 1);
        daf_pack_bin(&k, zeros, 64);
    }
    assert_false(k.is_full);
    return daf_manifest_decode(daf_pack_view(&k), &m);
}

static void signatures_ascend_and_name_roots(void **state)
{
    struct odd o = even;

    (void)state;
    assert_int_equal(decode_odd(&o), DAF_OK);
    o.sig_first = 1;
    o.sig_second = 0;
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.sig_second = 1;
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.sig_second = 2; /* there are roots 0 and 1 */
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o.sig_second = 8;
    assert_int_equal(decode_odd(&o), DAF_ELIMIT);
    o = even;
    o.sigs = 0;
    assert_int_equal(decode_odd(&o), DAF_OK);
}

/* Tries *@field of *@o at the limit, one below and one above. */
static void assert_limit(struct odd *o, size_t *field, size_t max)
{
    *field = max - 1;
    assert_int_equal(decode_odd(o), DAF_OK);
    *field = max;
    assert_int_equal(decode_odd(o), DAF_OK);
    *field = max + 1;
    assert_int_equal(decode_odd(o), DAF_ELIMIT);
    *o = even;
}

static void every_list_has_a_bound(void **state)
{
    struct odd o = even;

    (void)state;
    assert_limit(&o, &o.roots, DAF_ROOTS_MAX);
    assert_limit(&o, &o.coordinators, DAF_COORDINATORS_MAX);
    assert_limit(&o, &o.removed, DAF_REMOVED_MAX);
    o.removed = 1;
    assert_limit(&o, &o.tips, DAF_REMOVED_TIPS_MAX);
    assert_limit(&o, &o.types, DAF_REGISTER_MAX);
    assert_limit(&o, &o.name_len, DAF_CAMP_NAME_BYTES_MAX);
    assert_limit(&o, &o.dpia_len, DAF_CAMP_NAME_BYTES_MAX);
    o.types = 1;
    assert_limit(&o, &o.type_len, DAF_TYPE_BYTES_MAX);
    assert_limit(&o, &o.ext_len, DAF_EXT_BYTES_MAX);
    o.roots = DAF_ROOTS_MAX;
    assert_limit(&o, &o.sigs, DAF_ROOTS_MAX);
}

static void what_has_a_second_form_is_refused(void **state)
{
    struct odd o = even;

    (void)state;
    o.dpia_len = 0; /* nil says that */
    assert_int_equal(decode_odd(&o), DAF_EFORM);
    o = even;
    o.version = 2;
    assert_int_equal(decode_odd(&o), DAF_EVERSION);
}

static void a_manifest_has_a_largest_size(void **state)
{
    struct daf_manifest m;

    (void)state;
    memset(bytes, 0x90, sizeof(bytes));
    assert_int_equal(daf_manifest_decode(
                         (struct daf_view){bytes, DAF_MANIFEST_BYTES_MAX + 1},
                         &m),
                     DAF_ELIMIT);
    assert_int_equal(daf_manifest_decode(
                         (struct daf_view){bytes, DAF_MANIFEST_BYTES_MAX}, &m),
                     DAF_EFORM);
}

/* ---- asking */

static void coordinators_are_found_by_author(void **state)
{
    struct daf_author_id known = daf_hash_author_id(&pks[0]);
    struct daf_author_id unknown = daf_hash_author_id(&pks[1]);
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    (void)sign(&m, 2);
    assert_ptr_equal(daf_manifest_coordinator(&m, &known), &m.coordinators[0]);
    assert_null(daf_manifest_coordinator(&m, &unknown));
}

static int has_type(const struct daf_manifest *m, const char *type)
{
    return daf_manifest_has_type(m, (struct daf_view){(const uint8_t *)type,
                                                      strlen(type)});
}

static void the_register_is_asked_by_name(void **state)
{
    struct daf_manifest m;

    (void)state;
    make_first(&m);
    assert_true(has_type(&m, "certificate"));
    assert_true(has_type(&m, "session"));
    assert_false(has_type(&m, "sessions"));
    assert_false(has_type(&m, "sess"));
    assert_false(has_type(&m, ""));
}

static void a_register_of_all_types_fits(void **state)
{
    const char *const *names;
    struct daf_manifest m;
    size_t count;

    (void)state;
    names = daf_payload_names(&count);
    make_first(&m);
    m.register_count = count;
    for (size_t i = 0; i < count; i++)
        memcpy(m.types[i], names[i], strlen(names[i]) + 1);
    assert_true(sign(&m, 2).len > 0);
    assert_int_equal(m.register_count, count);
    assert_true(has_type(&m, "key-wrap"));
}

static void door_keys_come_from_the_discovery_secret(void **state)
{
    struct daf_key discovery = {{1}};
    struct daf_box_pk pk;
    struct daf_box_pk again;
    struct daf_box_sk sk;

    (void)state;
    daf_manifest_door_keys(&discovery, &pk, &sk);
    assert_int_equal(crypto_scalarmult_base(again.b, sk.b), 0);
    assert_memory_equal(pk.b, again.b, sizeof(pk.b));
    discovery.b[31] ^= 1;
    daf_manifest_door_keys(&discovery, &again, &sk);
    assert_memory_not_equal(pk.b, again.b, sizeof(pk.b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_manifest_is_read_as_it_was_made),
        cmocka_unit_test(a_later_manifest_is_read_as_it_was_made),
        cmocka_unit_test(the_signed_part_packs_to_the_same_bytes),
        cmocka_unit_test(every_truncation_is_refused),
        cmocka_unit_test(every_flipped_bit_is_refused),
        cmocka_unit_test(fewer_signatures_than_k_are_not_enough),
        cmocka_unit_test(any_two_of_three_are_enough),
        cmocka_unit_test(one_secret_twice_is_one_signature),
        cmocka_unit_test(a_strangers_secret_signs_nothing),
        cmocka_unit_test(the_next_number_signed_by_both_succeeds),
        cmocka_unit_test(an_older_or_the_same_does_not_succeed),
        cmocka_unit_test(of_two_with_one_number_the_lower_hash_stands),
        cmocka_unit_test(another_camp_does_not_succeed),
        cmocka_unit_test(new_roots_need_the_old_ones),
        cmocka_unit_test(a_false_signature_does_not_succeed),
        cmocka_unit_test(k_is_one_to_the_number_of_roots),
        cmocka_unit_test(a_root_is_named_once),
        cmocka_unit_test(the_first_has_number_one_and_no_other),
        cmocka_unit_test(the_register_ascends),
        cmocka_unit_test(text_is_utf8),
        cmocka_unit_test(names_have_a_largest_size),
        cmocka_unit_test(a_manifest_that_is_too_large_is_not_made),
        cmocka_unit_test(signatures_ascend_and_name_roots),
        cmocka_unit_test(every_list_has_a_bound),
        cmocka_unit_test(what_has_a_second_form_is_refused),
        cmocka_unit_test(a_manifest_has_a_largest_size),
        cmocka_unit_test(coordinators_are_found_by_author),
        cmocka_unit_test(the_register_is_asked_by_name),
        cmocka_unit_test(a_register_of_all_types_fits),
        cmocka_unit_test(door_keys_come_from_the_discovery_secret),
    };

    return cmocka_run_group_tests(tests, make_keys, NULL);
}
