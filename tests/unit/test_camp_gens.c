/* SPDX-License-Identifier: Apache-2.0 */
/* Which generation key is written with (docs/protocol.md R107). */
#include "tests/lib/t.h"

#include "node/core/camp.h"
#include "node/rekey.h"
#include "proto/hash.h"
#include "proto/rng.h"

#include <sodium.h>
#include <stdlib.h>

#define ROWS_MAX 32
#define KEYS     6
#define ROUNDS   300

struct who {
    struct daf_device_keys keys;
    struct daf_author_id author;
    struct daf_sign_sk sign;
    struct daf_box_sk seal;
};

/* A key of class:1, and a record of control: it seals a key to some, or revokes. */
struct made {
    uint64_t number;
    struct daf_key key;
    uint8_t commit[16];
};
struct row {
    struct daf_record r;
    struct daf_stored stored;
    uint8_t *bytes;
    const struct who *who; /* who is revoked; NULL: it is a key-wrap */
    size_t made;           /* which key, */
    unsigned to;           /* to which of `people`, a bit each */
};

static struct who root, asha, bilal, phone, board, tablet;
static struct daf_manifest manifest;
static uint8_t manifest_bytes[DAF_MANIFEST_BYTES_MAX];
static size_t manifest_len;
static struct daf_scope_id control, class;
static const struct who *const people[] = {&tablet, &phone, &board, &asha};
static struct made made[KEYS];
static struct row rows[ROWS_MAX];
static size_t rows_count;

static void make_who(struct who *who, uint8_t fill)
{
    uint8_t seed[32];
    struct daf_box_sk unused;

    memset(seed, fill, sizeof(seed));
    (void)crypto_sign_seed_keypair(who->keys.sign.b, who->sign.b, seed);
    (void)crypto_box_seed_keypair(who->keys.seal.b, who->seal.b, seed);
    seed[0]++;
    (void)crypto_box_seed_keypair(who->keys.transport.b, unused.b, seed);
    who->author = daf_hash_author_id(&who->keys.sign);
}

static void make_manifest(void)
{
    size_t count;
    const char *const *names = daf_payload_names(&count);

    memset(&manifest, 0, sizeof(manifest));
    manifest.is_first = true;
    manifest.number = 1;
    manifest.k = 1;
    manifest.roots_count = 1;
    manifest.roots[0] = root.keys.sign;
    manifest.coordinators_count = 2;
    manifest.coordinators[0].keys = asha.keys;
    manifest.coordinators[0].acts = 50;
    manifest.coordinators[1].keys = bilal.keys;
    manifest.coordinators[1].acts = 50;
    for (size_t i = 0; i < count; i++) {
        memcpy(manifest.types[manifest.register_count++], names[i],
               strlen(names[i]));
    }
    manifest_len = daf_manifest_sign(&manifest, &root.sign, 1, manifest_bytes);
    assert_true(manifest_len > 0);
    control = daf_hash_scope_id(&manifest.camp, "control");
    class = daf_hash_scope_id(&manifest.camp, "class:1");
}

static int set_up(void **state)
{
    struct who *all[] = {&root, &asha, &bilal, &phone, &board, &tablet};

    (void)state;
    for (uint8_t i = 0; i < 6; i++)
        make_who(all[i], (uint8_t)(10 * (i + 1)));
    make_manifest();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < rows_count; i++)
        free(rows[i].bytes);
    rows_count = 0;
    return 0;
}

static struct daf_camp *camp_new(const struct daf_camp *like)
{
    struct daf_camp_config config = {
        .manifest = {manifest_bytes, manifest_len},
        .keys = tablet.keys,
        .seal = &tablet.seal,
        .like = like,
    };
    struct daf_camp *c;

    assert_int_equal(daf_camp_new(&config, &c), DAF_OK);
    return c;
}

/* ---- records; each begins a log of its own, so that none waits for another */

static struct row *keep(const struct who *by, struct daf_view payload)
{
    struct row *row = &rows[rows_count++];
    struct daf_record r = {.seq = 1};
    size_t len, body_len;

    assert_true(rows_count <= ROWS_MAX);
    memset(row, 0, sizeof(*row));
    r.log = (struct daf_log_key){control, by->author, rows_count};
    row->bytes = malloc(DAF_HEADER_BYTES_MAX + 2048);
    assert_non_null(row->bytes);
    assert_int_equal(daf_body_plain(payload, row->bytes + DAF_HEADER_BYTES_MAX,
                                    2048, &body_len),
                     DAF_OK);
    row->stored.body =
        (struct daf_view){row->bytes + DAF_HEADER_BYTES_MAX, body_len};
    row->stored.body_state = DAF_BODY_HELD;
    r.body_hash = daf_body_hash(row->stored.body);
    r.body_len = (uint32_t)body_len;
    len = daf_record_sign(&r, &by->sign, row->bytes);
    row->stored.header = (struct daf_view){row->bytes, len};
    row->stored.spot = (struct daf_spot){r.seq, r.id};
    row->r = r;
    return row;
}

static struct row *revoke(const struct who *by, const struct who *who)
{
    uint8_t payload[256];
    struct row *row;
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, payload, sizeof(payload));
    mark = daf_payload_begin_revocation(&k);
    daf_payload_end_revocation(&k, mark, 0, DAF_REVOKED_LOST, &who->author);
    row = keep(by, daf_pack_view(&k));
    row->who = who;
    return row;
}

static void make_key(size_t i, uint64_t number)
{
    memset(made[i].key.b, (int)(100 + i), sizeof(made[i].key.b));
    made[i].number = number;
    daf_body_commitment(&made[i].key, made[i].commit);
}

/* Key @i to some: a bit each of @to. */
static struct row *seal(const struct who *by, size_t i, unsigned to)
{
    struct daf_key_wrap wrap = {.scope = "class:1",
                                .generation = made[i].number};
    struct daf_wrap wraps[4];
    uint8_t payload[1024];
    struct row *row;
    struct daf_pack k;

    memcpy(wrap.commit, made[i].commit, sizeof(wrap.commit));
    for (size_t j = 0; j < 4; j++) {
        if ((to >> j & 1) == 0) continue;
        wraps[wrap.wraps_count].author = people[j]->author;
        assert_int_equal(crypto_box_seal(wraps[wrap.wraps_count++].sealed,
                                         made[i].key.b, sizeof(made[i].key.b),
                                         people[j]->keys.seal.b),
                         0);
    }
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_key_wrap(&k, &wrap, wraps);
    assert_false(k.is_full);
    row = keep(by, daf_pack_view(&k));
    row->made = i;
    row->to = to;
    return row;
}

#define TO_TABLET 1U
#define TO_PHONE  2U
#define TO_BOARD  4U
#define TO_ASHA   8U

static void add(struct daf_camp *c, const struct row *row)
{
    (void)daf_camp_add(c, &row->r.log, &row->stored);
}

/* Which key is written with; KEYS: none. */
static size_t best(const struct daf_camp *c, bool *out_clean)
{
    struct daf_camp_key_made m;

    if (daf_camp_generation_best(c, &class, &m) != DAF_OK) return KEYS;
    *out_clean = m.is_clean;
    for (size_t i = 0; i < KEYS; i++)
        if (memcmp(m.commit, made[i].commit, sizeof(m.commit)) == 0) {
            assert_true(m.number == made[i].number);
            assert_memory_equal(m.key.b, made[i].key.b, sizeof(m.key.b));
            return i;
        }
    fail_msg("a key that nobody made");
    return KEYS;
}

static void expect(const struct daf_camp *c, size_t key, bool is_clean)
{
    bool clean = false;

    assert_int_equal(best(c, &clean), key);
    assert_int_equal(clean, is_clean);
}

/* ---- one story each */

static void the_newest_key_is_written_with_while_nobody_is_revoked(void **state)
{
    struct daf_camp *c = camp_new(NULL);

    (void)state;
    make_key(0, 1);
    make_key(1, 2);
    make_key(2, 3);
    add(c, seal(&asha, 0, TO_TABLET | TO_PHONE));
    expect(c, 0, true);
    add(c, seal(&asha, 1, TO_TABLET | TO_PHONE));
    expect(c, 1, true);
    add(c, seal(&asha, 2, TO_PHONE)); /* not ours */
    expect(c, 1, true);
    assert_true(daf_camp_generation_highest(c, &class) == 3);
    daf_camp_free(c);
}

static void a_key_of_a_revoked_device_is_passed_over(void **state)
{
    struct daf_camp *c = camp_new(NULL);

    (void)state;
    for (size_t i = 0; i < 4; i++)
        make_key(i, i + 1);
    add(c, seal(&asha, 0, TO_TABLET | TO_PHONE));
    add(c, seal(&asha, 1, TO_TABLET | TO_BOARD));
    add(c, seal(&asha, 2, TO_TABLET | TO_PHONE));
    expect(c, 2, true);
    add(c, revoke(&asha, &phone));
    expect(c, 1, true); /* an older one that it never had */
    add(c, seal(&asha, 3, TO_TABLET));
    expect(c, 3, true);
    /* A copy that comes to light later. */
    add(c, seal(&bilal, 3, TO_PHONE));
    expect(c, 1, true);
    add(c, revoke(&bilal, &board));
    expect(c, 3, false); /* none is: work does not stop */
    daf_camp_free(c);
}

/* Two coordinators who have not heard of each other: two keys of one number, each
 * sealed to the other's thief. */
static void two_who_revoke_at_one_time_leave_no_clean_key(void **state)
{
    struct daf_camp *c = camp_new(NULL);
    size_t low;

    (void)state;
    make_key(0, 1);
    make_key(1, 2);
    make_key(2, 2);
    make_key(3, 3);
    low = memcmp(made[1].commit, made[2].commit, 16) < 0 ? 1 : 2;
    add(c, seal(&asha, 0, TO_TABLET | TO_PHONE | TO_BOARD));
    add(c, revoke(&asha, &phone));
    add(c, seal(&asha, 1, TO_TABLET | TO_BOARD));
    expect(c, 1, true);
    add(c, seal(&bilal, 2, TO_TABLET | TO_PHONE));
    expect(c, 1, true);
    add(c, revoke(&bilal, &board));
    expect(c, low, false);
    add(c, seal(&asha, 3, TO_TABLET | TO_ASHA));
    expect(c, 3, true);
    daf_camp_free(c);
}

static void who_has_a_copy_is_known_and_every_key_listed(void **state)
{
    struct daf_camp *c = camp_new(NULL), *like;
    struct daf_camp_key_made m;

    (void)state;
    make_key(0, 1);
    make_key(1, 2);
    add(c, seal(&asha, 0, TO_TABLET | TO_PHONE));
    add(c, seal(&asha, 1, TO_TABLET));
    assert_true(daf_camp_generation_at(c, &class, 0, &m));
    assert_true(m.number == 2);
    assert_true(daf_camp_is_wrapped(c, &m, &tablet.author));
    assert_false(daf_camp_is_wrapped(c, &m, &phone.author));
    assert_true(daf_camp_generation_at(c, &class, 1, &m));
    assert_true(m.number == 1);
    assert_true(daf_camp_is_wrapped(c, &m, &phone.author));
    assert_false(daf_camp_generation_at(c, &class, 2, &m));
    /* Who borrows a camp knows that too, and holds no key by it. */
    add(c, revoke(&asha, &phone));
    like = camp_new(c);
    assert_true(daf_camp_is_wrapped(like, &m, &phone.author));
    assert_false(daf_camp_generation_at(like, &class, 0, &m));
    assert_true(daf_camp_generation_highest(like, &class) == 2);
    add(like, &rows[0]);
    expect(like, 0, false);
    add(like, &rows[1]);
    expect(like, 1, true);
    daf_camp_free(like);
    daf_camp_free(c);
}

/* ---- what a coordinator is to write (node/rekey.h) */

static void certify(struct daf_camp *c, const struct who *who,
                    enum daf_right right)
{
    struct daf_cert cert = {.camp = manifest.camp,
                            .keys = who->keys,
                            .rights_count = 1,
                            .rights = {{"class:1", right}},
                            .expires_beacon = UINT64_MAX};
    uint8_t bytes[DAF_CERT_BYTES_MAX];
    size_t len = daf_cert_sign(&cert, &asha.sign, bytes);

    assert_int_equal(daf_camp_meet(c, (struct daf_view){bytes, len}), DAF_OK);
}

static enum daf_err put_wrap(void *ctx, struct daf_view payload)
{
    (void)ctx;
    (void)keep(&asha, payload);
    return DAF_OK;
}

/* Of class:1, which is behind control, catalog and camp. */
static struct daf_rekey_scope look(const struct daf_camp *c)
{
    struct daf_rekey_scope s;

    for (size_t i = 0; i < 3; i++) {
        assert_true(daf_rekey_look(c, i, &s));
        assert_true(s.generation == 0 && s.wraps == 0);
    }
    assert_true(daf_rekey_look(c, 3, &s));
    assert_string_equal(s.scope, "class:1");
    return s;
}

/* Renews, and folds what was written. */
static struct daf_rekey_scope renew(struct daf_camp *c)
{
    struct daf_rekey_scope s;
    size_t from = rows_count;

    assert_int_equal(daf_rekey(c, 3, put_wrap, NULL, &s), DAF_OK);
    assert_int_equal(rows_count - from, s.records);
    for (; from < rows_count; from++)
        add(c, &rows[from]);
    return s;
}

static void a_new_key_is_sealed_to_those_who_stay(void **state)
{
    struct daf_camp_config config = {.manifest = {manifest_bytes, manifest_len},
                                     .keys = asha.keys,
                                     .seal = &asha.seal};
    struct daf_camp *c, *reader = camp_new(NULL);
    struct daf_camp_key_made m;
    struct daf_rekey_scope s;

    (void)state;
    assert_int_equal(daf_camp_new(&config, &c), DAF_OK);
    make_key(0, 1);
    certify(c, &tablet, DAF_RIGHT_APPEND);
    certify(c, &phone, DAF_RIGHT_APPEND);
    certify(c, &board, DAF_RIGHT_RELAY);  /* may not read */
    assert_true(look(c).generation == 0); /* no key is here */
    add(c, seal(&asha, 0, TO_ASHA | TO_TABLET | TO_PHONE));
    s = look(c);
    assert_true(s.generation == 1 && !s.is_new);
    assert_int_equal(s.wraps, 1); /* Bilal */
    add(c, revoke(&bilal, &phone));
    s = look(c);
    assert_true(s.generation == 2 && s.is_new);
    assert_int_equal(s.wraps, 4); /* the new one to three, the old to Bilal */
    s = renew(c);
    assert_true(s.generation == 2 && s.is_new);
    assert_int_equal(s.wraps, 4);
    assert_int_equal(s.records, 2);
    assert_int_equal(daf_camp_generation_best(c, &class, &m), DAF_OK);
    assert_true(m.is_clean && m.number == 2);
    assert_true(daf_camp_is_wrapped(c, &m, &asha.author));
    assert_true(daf_camp_is_wrapped(c, &m, &bilal.author));
    assert_true(daf_camp_is_wrapped(c, &m, &tablet.author));
    assert_false(daf_camp_is_wrapped(c, &m, &phone.author));
    assert_false(daf_camp_is_wrapped(c, &m, &board.author));
    s = look(c);
    assert_false(s.is_new);
    assert_int_equal(s.wraps, 0);
    assert_int_equal(renew(c).records, 0);
    /* The tablet reads control, and writes with it. */
    for (size_t i = 0; i < rows_count; i++)
        add(reader, &rows[i]);
    assert_int_equal(daf_camp_generation_best(reader, &class, &m), DAF_OK);
    assert_true(m.is_clean && m.number == 2);
    daf_camp_free(reader);
    daf_camp_free(c);
}

/* A key of the highest number there is keeps nobody from making a clean one. */
static void the_highest_number_is_no_end(void **state)
{
    struct daf_camp_config config = {.manifest = {manifest_bytes, manifest_len},
                                     .keys = asha.keys,
                                     .seal = &asha.seal};
    struct daf_camp_key_made m;
    struct daf_camp *c;

    (void)state;
    assert_int_equal(daf_camp_new(&config, &c), DAF_OK);
    make_key(0, DAF_INT_MAX);
    certify(c, &phone, DAF_RIGHT_APPEND);
    add(c, seal(&bilal, 0, TO_ASHA | TO_PHONE));
    add(c, revoke(&bilal, &phone));
    assert_true(renew(c).is_new);
    assert_int_equal(daf_camp_generation_best(c, &class, &m), DAF_OK);
    assert_true(m.is_clean && m.number == DAF_INT_MAX);
    assert_memory_not_equal(m.commit, made[0].commit, 16);
    assert_false(look(c).is_new);
    daf_camp_free(c);
}

/* ---- any order */

static void make_world(struct daf_rng *rng)
{
    (void)tear_down(NULL);
    for (size_t i = 0; i < KEYS; i++)
        make_key(i, 1 + daf_rng_below(rng, 3));
    for (int i = 0; i < 14; i++) {
        const struct who *by = daf_rng_below(rng, 2) == 0 ? &asha : &bilal;

        if (daf_rng_below(rng, 6) == 0)
            (void)revoke(by, people[1 + daf_rng_below(rng, 2)]);
        else
            (void)seal(by, (size_t)daf_rng_below(rng, KEYS),
                       (unsigned)(1 + daf_rng_below(rng, 15)));
    }
}

static bool is_revoked(const struct who *who)
{
    for (size_t i = 0; i < rows_count; i++)
        if (rows[i].who == who) return true;
    return false;
}

/* The rule, read from the page, over all rows. */
static size_t rule(bool *out_clean)
{
    size_t stands = KEYS;

    for (size_t i = 0; i < KEYS; i++) {
        bool is_held = false, is_clean = true;

        for (size_t j = 0; j < rows_count; j++) {
            if (rows[j].who != NULL || rows[j].made != i) continue;
            is_held |= (rows[j].to & TO_TABLET) != 0;
            for (size_t k = 0; k < 4; k++)
                is_clean &=
                    (rows[j].to >> k & 1) == 0 || !is_revoked(people[k]);
        }
        if (!is_held) continue;
        if (stands < KEYS && (*out_clean && !is_clean)) continue;
        if (stands < KEYS && *out_clean == is_clean &&
            (made[stands].number > made[i].number ||
             (made[stands].number == made[i].number &&
              memcmp(made[stands].commit, made[i].commit, 16) < 0)))
            continue;
        stands = i;
        *out_clean = is_clean;
    }
    return stands;
}

static void any_order_gives_the_same_key(void **state)
{
    uint8_t seed[32] = {52};
    size_t none = 0, unclean = 0, older = 0;
    struct daf_rng rng;

    (void)state;
    daf_rng_init(&rng, seed);
    for (int round = 0; round < ROUNDS; round++) {
        struct daf_camp *c = camp_new(NULL);
        bool clean = false;
        size_t stands;

        make_world(&rng);
        stands = rule(&clean);
        /* Parts in an order of chance, some twice; then the rest. */
        for (size_t i = 0; i < rows_count; i++)
            add(c, &rows[daf_rng_below(&rng, rows_count)]);
        for (size_t i = rows_count; i-- > 0;)
            add(c, &rows[i]);
        expect(c, stands, stands < KEYS && clean);
        none += stands == KEYS;
        unclean += stands < KEYS && !clean;
        for (size_t i = 0; stands < KEYS && i < KEYS; i++)
            older += clean && made[i].number > made[stands].number;
        daf_camp_free(c);
    }
    /* The worlds are not all alike. */
    assert_true(unclean > ROUNDS / 10 && older > ROUNDS / 10);
    assert_true(none < ROUNDS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_newest_key_is_written_with_while_nobody_is_revoked),
        T(a_key_of_a_revoked_device_is_passed_over),
        T(two_who_revoke_at_one_time_leave_no_clean_key),
        T(who_has_a_copy_is_known_and_every_key_listed),
        T(a_new_key_is_sealed_to_those_who_stay),
        T(the_highest_number_is_no_end),
        T(any_order_gives_the_same_key),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
