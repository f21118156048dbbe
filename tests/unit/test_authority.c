/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/authority.h"
#include "proto/body.h"
#include "proto/hash.h"
#include "proto/record.h"
#include "tests/lib/t.h"

#include <sodium.h>

/* One device, known or not, with one right in every scope. */
struct fake {
    struct daf_device device;
    struct daf_sign_sk sk;
    bool known;
    enum daf_right right;
};

static bool by_transport(void *ctx, const struct daf_box_pk *key,
                         struct daf_device *out)
{
    (void)ctx;
    (void)key;
    (void)out;
    fail(); /* nobody asks for it here */
    return false;
}

static bool by_author(void *ctx, const struct daf_author_id *author,
                      struct daf_device *out)
{
    const struct fake *fake = ctx;

    if (!fake->known ||
        memcmp(author->b, fake->device.author.b, sizeof(author->b)) != 0)
        return false;
    *out = fake->device;
    return true;
}

static enum daf_right right(void *ctx, const struct daf_author_id *author,
                            const struct daf_scope_id *scope)
{
    const struct fake *fake = ctx;

    (void)author;
    (void)scope;
    return fake->right;
}

static size_t scopes(void *ctx, const struct daf_author_id *author,
                     struct daf_scope_id *out)
{
    (void)ctx;
    (void)author;
    (void)out;
    return 0;
}

static const struct daf_scope_id control = {{1}};
static const struct daf_scope_id catalog = {{2}};
static const struct daf_scope_id class_1 = {{3}};

static void make_fake(struct fake *fake, struct daf_authority *out)
{
    uint8_t seed[32] = {7};

    memset(fake, 0, sizeof(*fake));
    assert_int_equal(crypto_sign_seed_keypair(fake->device.keys.sign.b,
                                              fake->sk.b, seed),
                     0);
    fake->device.author = daf_hash_author_id(&fake->device.keys.sign);
    fake->known = true;
    fake->right = DAF_RIGHT_ADMIN;
    *out = (struct daf_authority){.ctx = fake,
                                  .control = control,
                                  .catalog = catalog,
                                  .by_transport = by_transport,
                                  .by_author = by_author,
                                  .right = right,
                                  .scopes = scopes};
}

static uint8_t header[DAF_HEADER_BYTES_MAX];

/* A first record of @fake in @scope with this body; its header in `header`. */
static struct daf_view make_record(const struct fake *fake,
                                   const struct daf_scope_id *scope,
                                   struct daf_view body)
{
    struct daf_record r = {.seq = 1, .claimed_ms = 5};

    r.log.scope = *scope;
    r.log.author = fake->device.author;
    r.log.incarnation = 9;
    r.body_hash = daf_body_hash(body);
    r.body_len = (uint32_t)body.len;
    return (struct daf_view){header, daf_record_sign(&r, &fake->sk, header)};
}

static const struct daf_view no_body = {(const uint8_t *)"", 0};

static void a_good_header_is_accepted_and_decoded(void **state)
{
    struct daf_authority a;
    struct daf_record r;
    struct daf_view v;
    struct fake fake;

    (void)state;
    make_fake(&fake, &a);
    v = make_record(&fake, &class_1, no_body);
    assert_int_equal(daf_authority_accept(&a, v, &r), DAF_OK);
    assert_int_equal(r.seq, 1);
    assert_int_equal(r.log.incarnation, 9);
}

static void an_unknown_author_may_be_known_later(void **state)
{
    struct daf_authority a;
    struct daf_record r;
    struct daf_view v;
    struct fake fake;

    (void)state;
    make_fake(&fake, &a);
    v = make_record(&fake, &class_1, no_body);
    fake.known = false;
    assert_int_equal(daf_authority_accept(&a, v, &r), DAF_EAUTHOR);
    fake.known = true;
    assert_int_equal(daf_authority_accept(&a, v, &r), DAF_OK);
}

static void each_scope_asks_for_its_right(void **state)
{
    static const struct {
        const struct daf_scope_id *scope;
        enum daf_right least;
    } needs[] = {{&control, DAF_RIGHT_ADMIN},
                 {&catalog, DAF_RIGHT_CURATE},
                 {&class_1, DAF_RIGHT_APPEND}};
    struct daf_authority a;
    struct daf_record r;
    struct fake fake;

    (void)state;
    make_fake(&fake, &a);
    for (size_t i = 0; i < 3; i++) {
        struct daf_view v = make_record(&fake, needs[i].scope, no_body);

        for (int has = DAF_RIGHT_NONE; has <= DAF_RIGHT_ADMIN; has++) {
            fake.right = (enum daf_right)has;
            assert_int_equal(daf_authority_accept(&a, v, &r),
                             fake.right >= needs[i].least ? DAF_OK
                                                          : DAF_EAUTHOR);
        }
    }
}

static void a_changed_header_is_never_accepted(void **state)
{
    struct daf_authority a;
    struct daf_record r;
    struct daf_view v;
    struct fake fake;

    (void)state;
    make_fake(&fake, &a);
    v = make_record(&fake, &class_1, no_body);
    header[v.len - 1] ^= 1;
    assert_int_equal(daf_authority_accept(&a, v, &r), DAF_ESIG);
    header[v.len - 1] ^= 1;
    for (size_t bit = 0; bit < 8 * v.len; bit++) {
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_not_equal(daf_authority_accept(&a, v, &r), DAF_OK);
        header[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_int_equal(daf_authority_accept(&a, v, &r), DAF_OK);
}

static void what_is_no_header_is_refused_before_anything_is_asked(void **state)
{
    struct daf_authority a;
    struct daf_record r;
    struct daf_view v;
    struct fake fake;

    (void)state;
    make_fake(&fake, &a);
    a.by_author = NULL; /* would crash */
    v = make_record(&fake, &class_1, no_body);
    v.len--;
    assert_int_equal(daf_authority_accept(&a, v, &r), DAF_EFORM);
    v.len++;
    header[1] = 2;
    assert_int_equal(daf_authority_accept(&a, v, &r), DAF_EVERSION);
}

/* ---- bodies */

static uint8_t body[256];

static struct daf_view plain_body(void)
{
    struct daf_view payload = {(const uint8_t *)"hello", 5};
    size_t len;

    assert_int_equal(daf_body_plain(payload, body, sizeof(body), &len), DAF_OK);
    return (struct daf_view){body, len};
}

static struct daf_view sealed_body(void)
{
    struct daf_body_seal seal = {.payload = {(const uint8_t *)"hello", 5},
                                 .aad = {(const uint8_t *)"aad", 3}};
    size_t len;

    assert_int_equal(daf_body_seal(&seal, body, sizeof(body), &len), DAF_OK);
    return (struct daf_view){body, len};
}

/* What becomes of @b under a header that names it in @scope. */
static enum daf_err judge(const struct daf_scope_id *scope, struct daf_view b)
{
    struct daf_authority a;
    struct daf_record r;
    struct fake fake;

    make_fake(&fake, &a);
    assert_int_equal(daf_authority_accept(&a, make_record(&fake, scope, b), &r),
                     DAF_OK);
    return daf_authority_body(&a, &r, b);
}

static void bodies_are_plain_in_two_scopes_and_sealed_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(judge(&control, plain_body()), DAF_OK);
    assert_int_equal(judge(&catalog, plain_body()), DAF_OK);
    assert_int_equal(judge(&class_1, plain_body()), DAF_EBODY);
    assert_int_equal(judge(&control, sealed_body()), DAF_EBODY);
    assert_int_equal(judge(&catalog, sealed_body()), DAF_EBODY);
    assert_int_equal(judge(&class_1, sealed_body()), DAF_OK);
}

static void a_body_without_a_bodys_form_is_refused(void **state)
{
    (void)state;
    assert_int_equal(judge(&control, no_body), DAF_EBODY);
    memset(body, 0xc0, 3);
    assert_int_equal(judge(&control, (struct daf_view){body, 3}), DAF_EBODY);
}

static void another_body_is_refused(void **state)
{
    struct daf_authority a;
    struct daf_record r;
    struct fake fake;
    struct daf_view v;
    struct daf_view b;

    (void)state;
    make_fake(&fake, &a);
    b = plain_body();
    v = make_record(&fake, &control, b);
    assert_int_equal(daf_authority_accept(&a, v, &r), DAF_OK);
    assert_int_equal(daf_authority_body(&a, &r, b), DAF_OK);
    b.len--;
    assert_int_equal(daf_authority_body(&a, &r, b), DAF_EBODY);
    b.len += 2;
    assert_int_equal(daf_authority_body(&a, &r, b), DAF_EBODY);
    b.len--;
    for (size_t bit = 0; bit < 8 * b.len; bit++) {
        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_int_equal(daf_authority_body(&a, &r, b), DAF_EBODY);
        body[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    /* Right hash, another length said. */
    r.body_len++;
    assert_int_equal(daf_authority_body(&a, &r, b), DAF_EBODY);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_header_is_accepted_and_decoded),
        cmocka_unit_test(an_unknown_author_may_be_known_later),
        cmocka_unit_test(each_scope_asks_for_its_right),
        cmocka_unit_test(a_changed_header_is_never_accepted),
        cmocka_unit_test(what_is_no_header_is_refused_before_anything_is_asked),
        cmocka_unit_test(bodies_are_plain_in_two_scopes_and_sealed_elsewhere),
        cmocka_unit_test(a_body_without_a_bodys_form_is_refused),
        cmocka_unit_test(another_body_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
