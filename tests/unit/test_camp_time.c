/* SPDX-License-Identifier: Apache-2.0 */

/* What coordinators say of clocks and weeks: the same in every order. */
#include "tests/lib/t.h"

#include "node/core/camp.h"
#include "proto/hash.h"
#include "proto/rng.h"

#include <sodium.h>
#include <stdlib.h>

#define ROWS_MAX 64
#define ROUNDS   200
#define YEAR_MS  UINT64_C(31536000000)
#define DAY_2026 UINT64_C(1772323200000) /* 2026-03-01 */

struct who {
    struct daf_device_keys keys;
    struct daf_author_id author;
    struct daf_sign_sk sign;
    struct daf_box_sk seal;
};

struct row {
    struct daf_log_key log;
    struct daf_stored stored;
    uint8_t *bytes;
};

static struct who root, asha, bilal, chen, tablet;
static struct daf_manifest manifest;
static uint8_t manifest_bytes[DAF_MANIFEST_BYTES_MAX];
static size_t manifest_len;
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

static void add_coordinator(const struct who *who)
{
    manifest.coordinators[manifest.coordinators_count].keys = who->keys;
    manifest.coordinators[manifest.coordinators_count++].acts = 50;
}

/* @name: the only type of the register; NULL: all are.  The first @count of three
 * coordinate. */
static void make_manifest(const char *name, size_t count)
{
    const char *const *names = daf_payload_names(&manifest.register_count);

    manifest.is_first = true;
    manifest.number = 1;
    manifest.k = 1;
    manifest.roots_count = 1;
    manifest.roots[0] = root.keys.sign;
    manifest.coordinators_count = 0;
    add_coordinator(&asha);
    if (count > 1) add_coordinator(&bilal);
    if (count > 2) add_coordinator(&chen);
    memcpy(manifest.name, "A camp", 7);
    memset(manifest.types, 0, sizeof(manifest.types));
    if (name != NULL) manifest.register_count = 1;
    for (size_t i = 0; i < manifest.register_count; i++) {
        const char *type = name != NULL ? name : names[i];

        memcpy(manifest.types[i], type, strlen(type));
    }
    manifest_len = daf_manifest_sign(&manifest, &root.sign, 1, manifest_bytes);
    assert_true(manifest_len > 0);
    assert_int_equal(daf_manifest_decode((struct daf_view){manifest_bytes,
                                                           manifest_len},
                                         &manifest),
                     DAF_OK);
}

static int set_up(void **state)
{
    (void)state;
    make_who(&root, 1);
    make_who(&asha, 10);
    make_who(&bilal, 20);
    make_who(&tablet, 30);
    make_who(&chen, 40);
    make_manifest(NULL, 2);
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

static struct daf_camp *camp_like(const struct daf_camp *like)
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

/* ---- records */

/* @second, if not NULL, signs as well: its 64 bytes are the payload's last. */
static struct row *keep(const struct who *by, struct daf_view payload,
                        const struct who *second)
{
    struct row *row = &rows[rows_count++];
    struct daf_record r = {.seq = 1};
    uint8_t bytes[DAF_HEADER_BYTES_MAX + 256], body[4096];
    size_t body_len, aad_len;
    struct daf_sig sig;

    assert_true(rows_count <= ROWS_MAX);
    r.log.scope = daf_hash_scope_id(&manifest.camp, "control");
    r.log.author = by->author;
    r.log.incarnation = rows_count;
    memcpy(body, payload.p, payload.len);
    if (second != NULL) {
        aad_len = daf_record_prefix(&r, bytes);
        memcpy(bytes + aad_len, payload.p, payload.len);
        daf_hash_sign("daf.person.1",
                      (struct daf_view){bytes, aad_len + payload.len},
                      &second->sign, &sig);
        memcpy(body + payload.len - sizeof(sig.b), sig.b, sizeof(sig.b));
    }
    row->bytes = malloc(DAF_HEADER_BYTES_MAX + DAF_BODY_BYTES_MAX);
    assert_non_null(row->bytes);
    assert_int_equal(daf_body_plain((struct daf_view){body, payload.len},
                                    row->bytes + DAF_HEADER_BYTES_MAX,
                                    DAF_BODY_BYTES_MAX, &body_len),
                     DAF_OK);
    row->stored.body =
        (struct daf_view){row->bytes + DAF_HEADER_BYTES_MAX, body_len};
    row->stored.body_state = DAF_BODY_HELD;
    r.body_hash = daf_body_hash(row->stored.body);
    r.body_len = (uint32_t)body_len;
    row->stored.header.len = daf_record_sign(&r, &by->sign, row->bytes);
    row->stored.header.p = row->bytes;
    row->stored.spot = (struct daf_spot){1, r.id};
    row->log = r.log;
    return row;
}

static struct row *say(const struct who *by, const struct daf_clock_fix *fix)
{
    uint8_t payload[4096];
    struct daf_pack k;

    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_clock(&k, fix);
    return keep(by, daf_pack_view(&k), NULL);
}

/* @named as the second, whose signature is @signer's. */
static struct row *say_week_with(const struct who *by, uint64_t week,
                                 const struct who *named,
                                 const struct who *signer)
{
    static const uint8_t zeros[64];
    uint8_t payload[256];
    struct daf_pack k;

    daf_pack_init(&k, payload, sizeof(payload));
    if (named == NULL) {
        daf_payload_pack_beacon(&k, week);
        return keep(by, daf_pack_view(&k), NULL);
    }
    daf_pack_array(&k, 2);
    daf_pack_str(&k, "beacon", 6);
    daf_pack_map(&k, 2);
    daf_pack_str(&k, "beacon", 6);
    daf_pack_uint(&k, week);
    daf_pack_str(&k, "second", 6);
    daf_pack_array(&k, 2);
    daf_pack_bin(&k, named->author.b, 16);
    daf_pack_bin(&k, zeros, sizeof(zeros));
    return keep(by, daf_pack_view(&k), signer);
}

static struct row *say_week(const struct who *by, uint64_t week)
{
    return say_week_with(by, week, NULL, NULL);
}

static struct daf_clock_fix fix_of(uint64_t boot, uint64_t claimed,
                                   uint64_t real)
{
    return (struct daf_clock_fix){.has_value = true,
                                  .who = tablet.author,
                                  .boot = boot,
                                  .claimed_ms = claimed,
                                  .real_ms = real};
}

static struct row *say_time(const struct who *by, uint64_t boot,
                            uint64_t claimed, uint64_t real)
{
    struct daf_clock_fix fix = fix_of(boot, claimed, real);

    return say(by, &fix);
}

static void replace(struct daf_clock_fix *fix, const struct row *row)
{
    fix->replaces[fix->replaces_count++] = row->stored.spot.id;
}

static void add(struct daf_camp *c, const struct row *row)
{
    assert_false(daf_camp_add(c, &row->log, &row->stored));
}

static struct daf_shown shown(const struct daf_camp *c, uint64_t boot,
                              uint64_t claimed, uint8_t quality)
{
    struct daf_record r = {.log.author = tablet.author,
                           .boot = boot,
                           .claimed_ms = claimed,
                           .time_quality = quality};

    return daf_camp_shown(c, &r);
}

/* ---- tests */

static void what_a_device_claims_is_shown_moved(void **state)
{
    struct daf_camp *c = camp_like(NULL);
    struct daf_shown s = shown(c, 7, 5000, DAF_TIME_UNSET);

    (void)state;
    assert_true(s.ms == 5000 && s.is_doubtful && !s.is_corrected);
    add(c, say_time(&asha, 7, 4000, DAY_2026));
    s = shown(c, 7, 5000, DAF_TIME_UNSET);
    assert_true(s.ms == DAY_2026 + 1000 && s.is_corrected && !s.is_doubtful);
    s = shown(c, 8, 5000, DAF_TIME_UNSET); /* another start */
    assert_true(s.ms == 5000 && s.is_doubtful);
    add(c, say_time(&asha, 8, DAY_2026 + 73 * YEAR_MS, DAY_2026));
    s = shown(c, 8, DAY_2026 + 73 * YEAR_MS - 1, DAF_TIME_CLOCK);
    assert_true(s.ms == DAY_2026 - 1 && !s.is_doubtful);
    daf_camp_free(c);
}

static void a_time_stays_in_its_range_and_odd_ones_are_doubtful(void **state)
{
    struct daf_camp *c = camp_like(NULL);
    struct daf_shown s;

    (void)state;
    add(c, say_time(&asha, 1, DAF_INT_MAX, 0));
    add(c, say_time(&asha, 2, 0, DAF_INT_MAX));
    s = shown(c, 1, DAY_2026, DAF_TIME_CLOCK);
    assert_true(s.ms == 0 && s.is_doubtful);
    s = shown(c, 2, DAF_INT_MAX, DAF_TIME_CLOCK);
    assert_true(s.ms == DAF_INT_MAX && s.is_doubtful);
    assert_false(shown(c, 3, DAY_2026, DAF_TIME_CLOCK).is_doubtful);
    assert_true(shown(c, 3, DAY_2026, DAF_TIME_UNSET).is_doubtful);
    assert_true(shown(c, 3, DAY_2026 + 73 * YEAR_MS, 1).is_doubtful);
    assert_true(shown(c, 3, DAY_2026 - 7 * YEAR_MS, 1).is_doubtful);
    daf_camp_free(c);
}

static void of_several_the_lowest_stands_until_it_is_replaced(void **state)
{
    const struct row *x = say_time(&asha, 7, 0, DAY_2026);
    const struct row *y = say_time(&bilal, 7, 0, DAY_2026 + 1000);
    struct daf_clock_fix third = fix_of(7, 0, DAY_2026 + 2000);
    struct daf_clock_fix none = {.has_value = false};
    struct daf_camp *c = camp_like(NULL);
    const struct row *low, *z;

    (void)state;
    low = memcmp(&x->stored.spot.id, &y->stored.spot.id, 32) < 0 ? x : y;
    add(c, x);
    add(c, y);
    assert_true(shown(c, 7, 0, 1).ms == DAY_2026 + (low == x ? 0 : 1000));
    replace(&third, low);
    z = say(&bilal, &third);
    replace(&none, z);
    replace(&none, low == x ? y : x);
    add(c, z);
    assert_true(shown(c, 7, 0, 1).ms != DAY_2026 + (low == x ? 0 : 1000));
    add(c, say(&asha, &none)); /* takes back what is left */
    assert_true(shown(c, 7, 0, 1).ms == 0);
    daf_camp_free(c);
}

static void who_is_no_coordinator_corrects_nothing(void **state)
{
    struct daf_camp *c = camp_like(NULL);

    (void)state;
    add(c, say_time(&tablet, 7, 0, DAY_2026));
    assert_true(shown(c, 7, 0, 1).ms == 0);
    daf_camp_free(c);
}

static void what_the_register_does_not_name_is_not_read(void **state)
{
    struct daf_camp *c;

    (void)state;
    make_manifest("session", 2);
    c = camp_like(NULL);
    add(c, say_time(&asha, 7, 0, DAY_2026));
    assert_true(shown(c, 7, 0, 1).ms == 0);
    daf_camp_free(c);
}

/* Clocks that say several things of four starts, and replace each other. */
static void write_clocks(struct daf_rng *rng)
{
    for (size_t i = 0; i < 24; i++) {
        struct daf_clock_fix fix =
            fix_of(daf_rng_below(rng, 4), 0, DAY_2026 + i * 1000);

        fix.has_value = daf_rng_below(rng, 4) != 0 || rows_count == 0;
        if (!fix.has_value) fix = (struct daf_clock_fix){.has_value = false};
        for (size_t n = daf_rng_below(rng, 3) + !fix.has_value;
             n > 0 && rows_count > 0; n--)
            replace(&fix, &rows[daf_rng_below(rng, rows_count)]);
        (void)say(daf_rng_below(rng, 2) == 0 ? &asha : &bilal, &fix);
    }
}

static void shuffle(struct daf_rng *rng, size_t *order)
{
    for (size_t i = rows_count - 1; i > 0; i--) {
        size_t j = (size_t)daf_rng_below(rng, i + 1), swap = order[i];

        order[i] = order[j];
        order[j] = swap;
    }
}

/* Any order, some twice, the first @lent of them by one who lends. */
static void every_order_shows_the_same(void **state)
{
    size_t order[ROWS_MAX], replaced = 0;
    uint64_t first[4] = {0};
    uint8_t seed[32] = {7};
    struct daf_rng rng;

    (void)state;
    daf_rng_init(&rng, seed);
    write_clocks(&rng);
    for (size_t i = 0; i < rows_count; i++)
        order[i] = i;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t lent = (size_t)daf_rng_below(&rng, rows_count + 1);
        struct daf_camp *lender = camp_like(NULL), *c;

        for (size_t i = 0; i < lent; i++)
            add(lender, &rows[order[i]]);
        c = camp_like(lender);
        for (size_t i = lent; i < rows_count; i++)
            add(c, &rows[order[i]]);
        for (size_t i = daf_rng_below(&rng, rows_count); i > 0; i--)
            add(c, &rows[daf_rng_below(&rng, rows_count)]);
        for (uint64_t boot = 0; boot < 4; boot++) {
            uint64_t ms = shown(c, boot, 0, 1).ms;

            if (round == 0) first[boot] = ms;
            assert_true(ms == first[boot]);
            replaced += ms == 0;
        }
        daf_camp_free(c);
        daf_camp_free(lender);
        shuffle(&rng, order);
    }
    assert_true(replaced < 4 * ROUNDS); /* something stands */
}

/* ---- beacons */

#define NOW 2930 /* a week of 2026 */

/* The week that counts; 0: none. */
static uint64_t beacon(const struct daf_camp *c)
{
    uint64_t week = 0;

    return daf_camp_beacon(c, &week) ? week : 0;
}

/* What @by saying @week makes of it; and it counts if that was foretold. */
static uint64_t after(struct daf_camp *c, const struct who *by, uint64_t week)
{
    bool counts = daf_camp_beacon_counts(c, &by->author, week);

    add(c, say_week(by, week));
    assert_int_equal(counts, beacon(c) >= week && beacon(c) > 0);
    return beacon(c);
}

static void two_coordinators_must_have_said_a_week(void **state)
{
    struct daf_camp *c = camp_like(NULL);

    (void)state;
    assert_int_equal(after(c, &asha, NOW), 0);
    assert_int_equal(after(c, &asha, NOW + 1), 0);
    assert_int_equal(after(c, &bilal, NOW - 2), NOW + 1); /* at most 8 more */
    assert_int_equal(after(c, &asha, NOW + 6), NOW + 6);
    assert_int_equal(after(c, &asha, NOW + 7), NOW + 6);
    assert_int_equal(after(c, &bilal, NOW + 6), NOW + 7);
    assert_int_equal(after(c, &tablet, NOW + 8), NOW + 7); /* is none */
    daf_camp_free(c);
}

/* However high, however often. */
static void a_stolen_key_moves_it_no_further_than_eight_weeks(void **state)
{
    struct daf_camp *c = camp_like(NULL);

    (void)state;
    (void)after(c, &asha, NOW);
    (void)after(c, &bilal, NOW);
    assert_int_equal(beacon(c), NOW);
    add(c, say_week(&asha, UINT64_C(1) << 31));
    add(c, say_week(&asha, DAF_INT_MAX));
    add(c, say_week(&asha, DAF_BEACON_TO));
    assert_int_equal(beacon(c), NOW);
    for (uint64_t week = NOW; week < NOW + 100; week += 4)
        assert_true(after(c, &asha, week) <= NOW + 8);
    assert_int_equal(beacon(c), NOW + 8);
    /* It can hold nobody up: what another says is right. */
    assert_int_equal(after(c, &bilal, NOW + 20), NOW + 28);
    daf_camp_free(c);
}

static void a_second_signature_is_another_coordinators_word(void **state)
{
    struct daf_camp *c = camp_like(NULL);

    (void)state;
    add(c, say_week_with(&asha, NOW, &bilal, &chen)); /* not its signature */
    add(c, say_week_with(&asha, NOW, &asha, &asha));  /* not another */
    add(c, say_week_with(&asha, NOW, &tablet, &tablet));
    assert_int_equal(beacon(c), 0);
    add(c, say_week_with(&asha, NOW, &bilal, &bilal));
    assert_int_equal(beacon(c), NOW);
    add(c, say_week_with(&asha, NOW + 50, &bilal, &bilal));
    assert_int_equal(beacon(c), NOW + 50);
    daf_camp_free(c);
}

static void a_camp_of_one_coordinator_believes_it(void **state)
{
    struct daf_camp *c;

    (void)state;
    make_manifest(NULL, 1);
    c = camp_like(NULL);
    assert_int_equal(after(c, &asha, NOW), NOW);
    assert_int_equal(after(c, &asha, NOW + 50), NOW + 50);
    add(c, say_week(&asha, UINT64_C(1) << 31));
    add(c, say_week(&asha, 0));
    assert_int_equal(beacon(c), NOW + 50);
    daf_camp_free(c);
}

static void what_a_beacon_is_for(void **state)
{
    struct daf_wall wall = {(uint64_t)NOW * 7 * 86400 * 1000};
    const uint64_t week = (uint64_t)7 * 86400 * 1000;
    struct daf_camp *c = camp_like(NULL);

    (void)state;
    assert_int_equal(daf_camp_time_quality(c, wall, 1), 1);
    assert_int_equal(daf_camp_clock_state(c, wall, 1), DAF_CAMP_CLOCK_GOOD);
    (void)after(c, &asha, NOW);
    (void)after(c, &bilal, NOW);
    assert_int_equal(daf_camp_time_quality(c, wall, 1), DAF_TIME_BEACON);
    assert_int_equal(daf_camp_time_quality(c, wall, 0), 0);
    wall.ms += 9 * week - 1;
    assert_int_equal(daf_camp_time_quality(c, wall, 1), DAF_TIME_BEACON);
    wall.ms++;
    assert_int_equal(daf_camp_time_quality(c, wall, 1), 1);
    assert_int_equal(daf_camp_clock_state(c, wall, 1), DAF_CAMP_CLOCK_GOOD);
    wall.ms -= 9 * week + 1;
    assert_int_equal(daf_camp_time_quality(c, wall, 1), 1);
    assert_int_equal(daf_camp_clock_state(c, wall, 1), DAF_CAMP_CLOCK_BEHIND);
    wall.ms = 0;
    assert_int_equal(daf_camp_clock_state(c, wall, 0), DAF_CAMP_CLOCK_UNSET);
    wall.ms = UINT64_C(4102444800000); /* 2100 */
    assert_int_equal(daf_camp_clock_state(c, wall, 1), DAF_CAMP_CLOCK_AHEAD);
    daf_camp_free(c);
}

static void write_weeks(struct daf_rng *rng)
{
    const struct who *all[] = {&asha, &bilal, &chen};

    for (size_t i = 0; i < 20; i++) {
        size_t by = (size_t)daf_rng_below(rng, 3);
        uint64_t week = NOW + daf_rng_below(rng, 40);
        const struct who *second = NULL;

        if (daf_rng_below(rng, 6) == 0) second = all[daf_rng_below(rng, 3)];
        if (daf_rng_below(rng, 8) == 0) week = daf_rng_below(rng, 5000);
        (void)say_week_with(all[by], week, second, second);
    }
}

/* Any order, some twice, the first of them by one who lends; and it never falls. */
static void every_order_counts_the_same_and_none_ever_falls(void **state)
{
    uint8_t seed[32] = {8};
    struct daf_rng rng;
    uint64_t seen = 0;

    (void)state;
    make_manifest(NULL, 3);
    daf_rng_init(&rng, seed);
    for (size_t set = 0; set < 20; set++) {
        size_t order[ROWS_MAX];
        uint64_t first = 0;

        (void)tear_down(state);
        write_weeks(&rng);
        for (size_t i = 0; i < rows_count; i++)
            order[i] = i;
        for (size_t round = 0; round < 20; round++) {
            size_t lent = (size_t)daf_rng_below(&rng, rows_count + 1);
            struct daf_camp *lender = camp_like(NULL), *c;
            uint64_t last = 0;

            for (size_t i = 0; i < lent; i++)
                add(lender, &rows[order[i]]);
            c = camp_like(lender);
            for (size_t i = lent; i < rows_count; i++) {
                add(c, &rows[order[i]]);
                assert_true(beacon(c) >= last);
                last = beacon(c);
                if (i % 3 == 0) add(c, &rows[daf_rng_below(&rng, i + 1)]);
            }
            for (size_t i = 0; i < rows_count; i++)
                add(c, &rows[i]);
            if (round == 0) first = beacon(c);
            assert_int_equal(beacon(c), first);
            daf_camp_free(c);
            daf_camp_free(lender);
            shuffle(&rng, order);
        }
        seen += first > 0;
    }
    assert_true(seen > 10);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_a_device_claims_is_shown_moved),
        T(a_time_stays_in_its_range_and_odd_ones_are_doubtful),
        T(of_several_the_lowest_stands_until_it_is_replaced),
        T(who_is_no_coordinator_corrects_nothing),
        T(what_the_register_does_not_name_is_not_read),
        T(every_order_shows_the_same),
        T(two_coordinators_must_have_said_a_week),
        T(a_stolen_key_moves_it_no_further_than_eight_weeks),
        T(a_second_signature_is_another_coordinators_word),
        T(a_camp_of_one_coordinator_believes_it),
        T(what_a_beacon_is_for),
        T(every_order_counts_the_same_and_none_ever_falls),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
