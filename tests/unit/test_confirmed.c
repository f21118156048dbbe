/* SPDX-License-Identifier: Apache-2.0 */
/* Which records of a revoked device count (docs/protocol.md R105). */
#include "tests/lib/t.h"

#include "node/core/confirmed.h"
#include "proto/hash.h"
#include "proto/rng.h"
#include "tests/lib/fake_index.h"

#include <sodium.h>
#include <stdlib.h>

#define ROWS_MAX 96
#define ACTS     3 /* each coordinator's number */
#define ROUNDS   150

struct who {
    struct daf_device_keys keys;
    struct daf_author_id author;
    struct daf_sign_sk sign;
    struct daf_box_sk seal;
};

/* A record, and for control what it names. */
struct row {
    const struct who *by;
    struct daf_record r;
    struct daf_stored stored;
    uint8_t *bytes;
    const struct who *who; /* NULL: a record of data */
    bool is_admit;
    const struct row *tips[4];
    size_t tips_count;
};

static struct who root, asha, bilal, phone, board, tablet;
static struct daf_manifest manifest;
static uint8_t manifest_bytes[DAF_MANIFEST_BYTES_MAX];
static size_t manifest_len;
static struct daf_scope_id control, class;
static struct row rows[ROWS_MAX];
static size_t rows_count;

/* What one device holds. */
struct holder {
    struct daf_camp *camp;
    struct daf_fake_index *index;
    struct daf_confirmed *confirmed;
    bool has[ROWS_MAX];
};
static struct holder a, b;

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

static void make_manifest(const char *less)
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
    manifest.coordinators[0].acts = ACTS;
    manifest.coordinators[1].keys = bilal.keys;
    manifest.coordinators[1].acts = ACTS;
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], less) == 0) continue;
        memcpy(manifest.types[manifest.register_count++], names[i],
               strlen(names[i]));
    }
    manifest_len = daf_manifest_sign(&manifest, &root.sign, 1, manifest_bytes);
    assert_true(manifest_len > 0);
    control = daf_hash_scope_id(&manifest.camp, "control");
    class = daf_hash_scope_id(&manifest.camp, "class:1");
}

static void open_holder(struct holder *h)
{
    struct daf_camp_config config = {
        .manifest = {manifest_bytes, manifest_len},
        .keys = tablet.keys,
        .seal = &tablet.seal,
    };

    memset(h, 0, sizeof(*h));
    assert_int_equal(daf_camp_new(&config, &h->camp), DAF_OK);
    h->index = daf_fake_index_new();
    assert_int_equal(daf_confirmed_new(h->camp, daf_fake_index_view(h->index),
                                       &h->confirmed),
                     DAF_OK);
}

static void close_holder(struct holder *h)
{
    daf_confirmed_free(h->confirmed);
    daf_fake_index_free(h->index);
    daf_camp_free(h->camp);
}

static void forget_rows(void)
{
    for (size_t i = 0; i < rows_count; i++)
        free(rows[i].bytes);
    rows_count = 0;
}

static int set_up(void **state)
{
    struct who *all[] = {&root, &asha, &bilal, &phone, &board, &tablet};

    (void)state;
    for (uint8_t i = 0; i < 6; i++)
        make_who(all[i], (uint8_t)(10 * (i + 1)));
    make_manifest("");
    open_holder(&a);
    open_holder(&b);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    close_holder(&a);
    close_holder(&b);
    forget_rows();
    return 0;
}

/* ---- records */

static struct row *sign_row(struct row *row, const struct who *by,
                            struct daf_record r, struct daf_view payload)
{
    size_t len, body_len;

    row->by = by;
    row->bytes = malloc(DAF_HEADER_BYTES_MAX + 2048);
    assert_non_null(row->bytes);
    assert_int_equal(daf_body_plain(payload, row->bytes + DAF_HEADER_BYTES_MAX,
                                    2048, &body_len),
                     DAF_OK);
    row->stored.body =
        (struct daf_view){row->bytes + DAF_HEADER_BYTES_MAX, body_len};
    row->stored.body_state = DAF_BODY_HELD;
    r.claimed_ms = 1000 + rows_count; /* no two have one id */
    r.body_hash = daf_body_hash(row->stored.body);
    r.body_len = (uint32_t)body_len;
    len = daf_record_sign(&r, &by->sign, row->bytes);
    row->stored.header = (struct daf_view){row->bytes, len};
    row->stored.spot = (struct daf_spot){r.seq, r.id};
    row->r = r;
    return row;
}

static struct row *new_row(void)
{
    assert_true(rows_count < ROWS_MAX);
    memset(&rows[rows_count], 0, sizeof(rows[0]));
    return &rows[rows_count++];
}

static struct daf_record begin(const struct who *by,
                               const struct daf_scope_id *scope,
                               uint64_t incarnation, const struct row *prev)
{
    struct daf_record r = {.seq = 1};

    r.log = (struct daf_log_key){*scope, by->author, incarnation};
    if (prev != NULL) {
        r.log = prev->r.log;
        r.seq = prev->r.seq + 1;
        r.prev = prev->r.id;
    }
    return r;
}

/* A record of data; nobody opens it here. */
static struct row *data(const struct who *by, uint64_t incarnation,
                        const struct row *prev)
{
    static const uint8_t payload[] = "\x92\xa1x\x80";

    return sign_row(new_row(), by, begin(by, &class, incarnation, prev),
                    (struct daf_view){payload, sizeof(payload) - 1});
}

static void pack_tips(struct daf_pack *k, const struct row *row)
{
    for (size_t i = 0; i < row->tips_count; i++)
        daf_payload_add_revoked_log(k, &row->tips[i]->r.log,
                                    &row->tips[i]->stored.spot, 1);
}

/* A revocation, or an admit, of @who that names @tips, at most 4, up to a NULL. */
static struct row *name_in(const struct who *by, const struct row *prev,
                           bool is_admit, const struct who *who,
                           const struct row *const *tips)
{
    struct row *row = new_row();
    uint8_t payload[1024];
    struct daf_pack k;
    size_t mark;

    row->who = who;
    row->is_admit = is_admit;
    while (row->tips_count < 4 && tips[row->tips_count] != NULL) {
        row->tips[row->tips_count] = tips[row->tips_count];
        row->tips_count++;
    }
    daf_pack_init(&k, payload, sizeof(payload));
    mark = is_admit ? daf_payload_begin_admit(&k)
                    : daf_payload_begin_revocation(&k);
    pack_tips(&k, row);
    if (is_admit)
        daf_payload_end_admit(&k, mark, row->tips_count, &who->author);
    else
        daf_payload_end_revocation(&k, mark, row->tips_count, DAF_REVOKED_LOST,
                                   &who->author);
    assert_false(k.is_full);
    return sign_row(row, by, begin(by, &control, 1, prev), daf_pack_view(&k));
}

#define TIPS(...) ((const struct row *const[]){__VA_ARGS__, NULL})
#define NO_TIPS   ((const struct row *const[]){NULL})

static void hold(struct holder *h, const struct row *row)
{
    (void)daf_fake_index_put(h->index, &row->r, row->stored.header,
                             row->stored.body_state, row->stored.body);
    (void)daf_camp_add(h->camp, &row->r.log, &row->stored);
    h->has[row - rows] = true;
}

static void hold_all(struct holder *h)
{
    for (size_t i = 0; i < rows_count; i++)
        hold(h, &rows[i]);
}

static bool is_confirmed(struct holder *h, const struct row *row)
{
    bool is;

    daf_confirmed_begin(h->confirmed);
    is = daf_confirmed_is(h->confirmed, &row->r.log, &row->stored.spot);
    assert_int_equal(daf_confirmed_err(h->confirmed), DAF_OK);
    return is;
}

static uint64_t lacks(struct holder *h, const struct who *who)
{
    uint64_t n;

    daf_confirmed_begin(h->confirmed);
    assert_int_equal(daf_confirmed_lacks(h->confirmed,
                                         who == NULL ? NULL : &who->author, &n),
                     DAF_OK);
    return n;
}

/* class:1 is known to a camp by somebody's right in it. */
static void know_class(struct holder *h)
{
    struct daf_cert cert = {.camp = manifest.camp,
                            .keys = phone.keys,
                            .rights_count = 1,
                            .rights = {{"class:1", DAF_RIGHT_APPEND}},
                            .expires_beacon = UINT64_MAX};
    uint8_t bytes[DAF_CERT_BYTES_MAX];
    size_t len = daf_cert_sign(&cert, &asha.sign, bytes);

    assert_int_equal(daf_camp_meet(h->camp, (struct daf_view){bytes, len}),
                     DAF_OK);
}

/* ---- one story each */

static void what_stands_below_a_named_tip_is_confirmed(void **state)
{
    struct row *one = data(&phone, 1, NULL), *two = data(&phone, 1, one);
    struct row *three = data(&phone, 1, two), *other = data(&board, 1, NULL);

    (void)state;
    know_class(&a);
    hold_all(&a);
    assert_true(is_confirmed(&a, three)); /* nobody is revoked */
    assert_int_equal(lacks(&a, NULL), 0);
    hold(&a, name_in(&asha, NULL, false, &phone, TIPS(two)));
    assert_true(is_confirmed(&a, one));
    assert_true(is_confirmed(&a, two));
    assert_false(is_confirmed(&a, three));
    assert_true(is_confirmed(&a, other));
    assert_int_equal(lacks(&a, NULL), 1);
    assert_int_equal(lacks(&a, &phone), 1);
    assert_int_equal(lacks(&a, &board), 0);
    hold(&a, name_in(&bilal, NULL, true, &phone, TIPS(three)));
    assert_true(is_confirmed(&a, three));
    assert_int_equal(lacks(&a, NULL), 0);
}

static void a_branch_from_below_a_tip_is_not(void **state)
{
    struct row *one = data(&phone, 1, NULL), *two = data(&phone, 1, one);
    struct row *three = data(&phone, 1, two), *fork = data(&phone, 1, one);
    struct row *again = data(&phone, 1, fork), *life = data(&phone, 2, NULL);

    (void)state;
    know_class(&a);
    (void)name_in(&asha, NULL, false, &phone, TIPS(three));
    hold_all(&a);
    assert_true(is_confirmed(&a, one));
    assert_true(is_confirmed(&a, two));
    /* Seqs that were named, and a life that nobody saw. */
    assert_false(is_confirmed(&a, fork));
    assert_false(is_confirmed(&a, again));
    assert_false(is_confirmed(&a, life));
    assert_int_equal(lacks(&a, NULL), 3);
    hold(&a, name_in(&bilal, NULL, true, &phone, TIPS(fork, life)));
    assert_true(is_confirmed(&a, fork));
    assert_false(is_confirmed(&a, again));
    assert_int_equal(lacks(&a, NULL), 1);
}

static void across_a_gap_nothing_is_known(void **state)
{
    struct row *one = data(&phone, 1, NULL), *two = data(&phone, 1, one);
    struct row *three = data(&phone, 1, two), *four = data(&phone, 1, three);

    (void)state;
    know_class(&a);
    hold(&a, name_in(&asha, NULL, false, &phone, TIPS(four)));
    hold(&a, one);
    hold(&a, two);
    assert_false(is_confirmed(&a, two)); /* the tip is not held */
    hold(&a, four);
    assert_true(is_confirmed(&a, four));
    assert_false(is_confirmed(&a, two)); /* nor what is between */
    assert_int_equal(lacks(&a, NULL), 2);
    hold(&a, three);
    assert_true(is_confirmed(&a, one));
    assert_int_equal(lacks(&a, NULL), 0);
}

static void an_admit_may_come_before_the_revocation(void **state)
{
    struct row *one = data(&phone, 1, NULL), *two = data(&phone, 1, one);
    struct row *admit = name_in(&bilal, NULL, true, &phone, TIPS(one));
    struct row *revoke = name_in(&asha, NULL, false, &phone, NO_TIPS);

    (void)state;
    hold(&a, one);
    hold(&a, two);
    hold(&a, admit);
    assert_true(is_confirmed(&a, two)); /* it revokes nobody */
    hold(&a, revoke);
    assert_true(is_confirmed(&a, one));
    assert_false(is_confirmed(&a, two));
}

static void a_later_revocation_takes_nothing_back(void **state)
{
    struct row *one = data(&phone, 1, NULL), *two = data(&phone, 1, one);

    (void)state;
    (void)name_in(&asha, NULL, false, &phone, TIPS(two));
    hold_all(&a);
    assert_true(is_confirmed(&a, two));
    hold(&a, name_in(&bilal, NULL, false, &phone, TIPS(one)));
    hold(&a, name_in(&bilal, NULL, false, &phone, NO_TIPS));
    assert_true(is_confirmed(&a, two));
}

/* Of an act beyond the number the tips count as little as the rest of it. */
static void what_does_not_count_names_nothing(void **state)
{
    struct row *one = data(&phone, 1, NULL), *of = NULL;
    const struct who *devices[] = {&board, &tablet, &board, &phone};

    (void)state;
    hold(&a, one);
    hold(&a, name_in(&bilal, NULL, false, &phone, NO_TIPS));
    for (size_t i = 0; i < 4; i++)
        hold(&a, of = name_in(&asha, of, false, devices[i],
                              i == 3 ? TIPS(one) : NO_TIPS));
    assert_false(is_confirmed(&a, one));
    /* One that was revoked admits itself; a coordinator, but as another's. */
    hold(&a, name_in(&phone, NULL, true, &phone, TIPS(one)));
    hold(&a, name_in(&bilal, NULL, true, &board, TIPS(one)));
    assert_false(is_confirmed(&a, one));
    hold(&a, name_in(&asha, of, true, &phone, TIPS(one)));
    assert_true(is_confirmed(&a, one));
}

static void a_register_without_admits_reads_none(void **state)
{
    struct row *one;

    (void)state;
    close_holder(&a);
    make_manifest("admit");
    open_holder(&a);
    hold(&a, one = data(&phone, 1, NULL));
    hold(&a, name_in(&asha, NULL, false, &phone, NO_TIPS));
    hold(&a, name_in(&bilal, NULL, true, &phone, TIPS(one)));
    assert_false(is_confirmed(&a, one));
}

/* Its tips wait with it for the records before it. */
static void a_revocation_that_waits_names_later(void **state)
{
    struct row *one = data(&phone, 1, NULL), *two = data(&phone, 1, one);
    struct row *first = name_in(&asha, NULL, false, &board, NO_TIPS);
    struct row *second = name_in(&asha, first, false, &phone, TIPS(one));

    (void)state;
    hold(&a, one);
    hold(&a, two);
    hold(&a, second);
    memset(second->bytes + DAF_HEADER_BYTES_MAX, 0, 16); /* not borrowed */
    assert_true(is_confirmed(&a, two));
    hold(&a, first);
    assert_true(is_confirmed(&a, one));
    assert_false(is_confirmed(&a, two));
}

static void who_borrows_a_camp_borrows_its_tips(void **state)
{
    struct row *one = data(&phone, 1, NULL), *two = data(&phone, 1, one);
    struct daf_camp_config config = {.keys = board.keys,
                                     .seal = &board.seal,
                                     .like = a.camp};
    struct daf_camp *c;

    (void)state;
    (void)name_in(&asha, NULL, false, &phone, TIPS(one));
    hold_all(&a);
    assert_int_equal(daf_camp_new(&config, &c), DAF_OK);
    assert_true(daf_camp_is_named(c, &one->r.log, &one->r.id));
    two = name_in(&bilal, NULL, true, &phone, TIPS(two));
    (void)daf_camp_add(c, &two->r.log, &two->stored);
    assert_true(daf_camp_is_named(c, &one->r.log, &rows[1].r.id));
    assert_false(daf_camp_is_named(a.camp, &one->r.log, &rows[1].r.id));
    daf_camp_free(c);
}

static void what_is_known_of_a_log_costs_one_question(void **state)
{
    struct row *row = NULL, *named;

    (void)state;
    for (int i = 0; i < 40; i++)
        row = data(&phone, 1, row);
    named = &rows[29];
    (void)name_in(&asha, NULL, false, &phone, TIPS(named));
    hold_all(&a);
    (void)daf_fake_index_calls(a.index);
    assert_false(is_confirmed(&a, row));
    /* The head, ten records above the tip, and it. */
    assert_int_equal(daf_fake_index_calls(a.index), 12);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(is_confirmed(&a, &rows[i]), i < 30);
    assert_int_equal(daf_fake_index_calls(a.index), 40); /* the head again */
    daf_confirmed_begin(a.confirmed);
    for (size_t i = 0; i < 40; i++)
        assert_int_equal(daf_confirmed_is(a.confirmed, &rows[i].r.log,
                                          &rows[i].stored.spot),
                         i < 30);
    assert_int_equal(daf_fake_index_calls(a.index), 1);
}

static void a_store_that_fails_confirms_nothing(void **state)
{
    const struct daf_spot nowhere = {7, {{1}}};
    struct row *one = data(&phone, 1, NULL), *two = data(&phone, 1, one);

    (void)state;
    (void)name_in(&asha, NULL, false, &phone, TIPS(two));
    hold_all(&a);
    for (size_t i = 0; i < 2; i++) {
        daf_confirmed_begin(a.confirmed);
        daf_fake_index_fail(a.index, i);
        assert_false(
            daf_confirmed_is(a.confirmed, &one->r.log, &one->stored.spot));
        assert_int_equal(daf_confirmed_err(a.confirmed), DAF_EIO);
    }
    daf_fake_index_fail(a.index, SIZE_MAX);
    daf_fake_index_mislead(a.index, &nowhere);
    daf_confirmed_begin(a.confirmed);
    assert_false(daf_confirmed_is(a.confirmed, &one->r.log, &one->stored.spot));
    assert_int_equal(daf_confirmed_err(a.confirmed), DAF_ECORRUPT);
    daf_fake_index_mislead(a.index, &(struct daf_spot){0});
    assert_true(is_confirmed(&a, one));
}

/* ---- any order */

/* Logs of two devices with forks and other lives, named by two coordinators who
 * know different parts; more acts than the number. */
static void make_world(struct daf_rng *rng)
{
    size_t data_count = 20 + (size_t)daf_rng_below(rng, 30);

    forget_rows();
    for (size_t i = 0; i < data_count; i++) {
        const struct who *by = daf_rng_below(rng, 4) == 0 ? &board : &phone;
        const struct row *prev = NULL;

        for (size_t j = rows_count; j-- > 0 && prev == NULL;)
            if (rows[j].by == by && daf_rng_below(rng, 6) != 0) prev = &rows[j];
        (void)data(by, 1 + daf_rng_below(rng, 3), prev);
    }
    for (int i = 0; i < 12; i++) {
        const struct who *by = daf_rng_below(rng, 2) == 0 ? &asha : &bilal;
        const struct who *who = daf_rng_below(rng, 3) == 0 ? &board : &phone;
        const struct row *tips[5] = {NULL}, *prev = NULL;
        size_t tips_count = (size_t)daf_rng_below(rng, 4);

        for (size_t j = rows_count; j-- > data_count && prev == NULL;)
            if (rows[j].by == by && daf_rng_below(rng, 6) != 0) prev = &rows[j];
        for (size_t j = 0; j < tips_count; j++)
            tips[j] = &rows[daf_rng_below(rng, data_count)];
        (void)name_in(by, prev, daf_rng_below(rng, 2) == 0, who, tips);
    }
}

/* The rule, read from the page: over what @h holds, from above each record. */
static bool is_below_a_tip(const struct holder *h, const struct row *row)
{
    for (size_t i = 0; i < rows_count; i++) {
        const struct row *by = &rows[i];
        uint64_t acts;

        if (!h->has[i] || by->who == NULL || row->by != by->who ||
            (!by->is_admit &&
             (daf_camp_acts(h->camp, &by->r.log, &by->stored.spot, &acts) !=
                  DAF_OK ||
              acts > ACTS)))
            continue;
        for (size_t j = 0; j < by->tips_count; j++)
            if (by->tips[j] == row) return true;
    }
    for (size_t i = 0; i < rows_count; i++)
        if (h->has[i] && rows[i].r.seq == row->r.seq + 1 &&
            memcmp(&rows[i].r.log, &row->r.log, sizeof(row->r.log)) == 0 &&
            memcmp(&rows[i].r.prev, &row->r.id, 32) == 0 &&
            is_below_a_tip(h, &rows[i]))
            return true;
    return false;
}

/* Counts the records that differ from "all of it counts". */
static size_t check_holder(struct holder *h)
{
    size_t unconfirmed = 0;

    daf_confirmed_begin(h->confirmed);
    for (size_t i = 0; i < rows_count; i++) {
        bool is;

        if (!h->has[i]) continue;
        is = !daf_camp_is_revoked(h->camp, &rows[i].by->author) ||
             is_below_a_tip(h, &rows[i]);
        assert_int_equal(daf_confirmed_is(h->confirmed, &rows[i].r.log,
                                          &rows[i].stored.spot),
                         is);
        unconfirmed += !is;
    }
    assert_int_equal(daf_confirmed_err(h->confirmed), DAF_OK);
    assert_int_equal(lacks(h, NULL), unconfirmed);
    return unconfirmed;
}

/* Each once, whatever their slots in the table; @out may be @after. */
static void all_who_are_revoked_are_listed(void **state)
{
    const struct who *devices[] = {&phone, &board, &tablet};
    struct daf_author_id who, before = {{0}};
    const struct daf_author_id *after = NULL;
    struct row *of = NULL;
    size_t count = 0;

    (void)state;
    know_class(&a);
    for (size_t i = 0; i < 3; i++) {
        hold(&a, data(devices[i], 1, NULL));
        hold(&a, of = name_in(&asha, of, false, devices[i], NO_TIPS));
    }
    for (; daf_camp_revoked_next(a.camp, after, &who); after = &who) {
        assert_true(memcmp(&before, &who, sizeof(who)) < 0);
        before = who;
        count++;
    }
    assert_int_equal(count, 3);
    assert_int_equal(lacks(&a, NULL), 3);
}

/* Two devices hear of it in orders of chance, parts twice, and are apart first. */
static void any_order_confirms_the_same(void **state)
{
    uint8_t seed[32] = {51};
    size_t apart = 0, unconfirmed = 0, confirmed = 0;
    struct daf_rng rng;

    (void)state;
    daf_rng_init(&rng, seed);
    for (int round = 0; round < ROUNDS; round++) {
        make_world(&rng);
        close_holder(&a);
        close_holder(&b);
        open_holder(&a);
        open_holder(&b);
        know_class(&a);
        know_class(&b);
        for (size_t i = 0; i < 2 * rows_count; i++) {
            hold(daf_rng_below(&rng, 2) == 0 ? &a : &b,
                 &rows[daf_rng_below(&rng, rows_count)]);
            if (i % 16 == 0) apart += check_holder(&a);
        }
        for (size_t i = rows_count; i-- > 0;)
            hold(&b, &rows[i]);
        hold_all(&a);
        unconfirmed += check_holder(&a);
        assert_int_equal(check_holder(&b), lacks(&a, NULL));
        for (size_t i = 0; i < rows_count; i++) {
            assert_int_equal(is_confirmed(&a, &rows[i]),
                             is_confirmed(&b, &rows[i]));
            confirmed += is_confirmed(&a, &rows[i]) && rows[i].by == &phone;
        }
    }
    /* The worlds are not all alike. */
    assert_true(apart > ROUNDS && unconfirmed > ROUNDS && confirmed > ROUNDS);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_stands_below_a_named_tip_is_confirmed),
        T(a_branch_from_below_a_tip_is_not),
        T(across_a_gap_nothing_is_known),
        T(an_admit_may_come_before_the_revocation),
        T(a_later_revocation_takes_nothing_back),
        T(what_does_not_count_names_nothing),
        T(a_register_without_admits_reads_none),
        T(a_revocation_that_waits_names_later),
        T(who_borrows_a_camp_borrows_its_tips),
        T(what_is_known_of_a_log_costs_one_question),
        T(a_store_that_fails_confirms_nothing),
        T(all_who_are_revoked_are_listed),
        T(any_order_confirms_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
