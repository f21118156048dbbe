/* SPDX-License-Identifier: Apache-2.0 */
/* Who is revoked, and which acts count (docs/records.md §4). */
#include "tests/lib/t.h"

#include "node/core/camp.h"
#include "proto/frame.h"
#include "proto/hash.h"
#include "proto/rng.h"

#include <sodium.h>
#include <stdlib.h>

#define ROWS_MAX 64
#define ACTS     3 /* each coordinator's number */
#define ROUNDS   300

struct who {
    struct daf_device_keys keys;
    struct daf_author_id author;
    struct daf_sign_sk sign;
    struct daf_box_sk seal;
};

/* A record as a store would hand it out. */
struct row {
    struct daf_log_key log;
    struct daf_record r;
    struct daf_stored stored;
    uint8_t *bytes;
};

static struct who root, asha, bilal, tablet, phone, board, laptop, kiosk;
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

/* A register without the types named in @less. */
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
}

static int set_up(void **state)
{
    struct who *all[] = {&root,  &asha,  &bilal,  &tablet,
                         &phone, &board, &laptop, &kiosk};

    (void)state;
    for (uint8_t i = 0; i < 8; i++)
        make_who(all[i], (uint8_t)(10 * (i + 1)));
    make_manifest("");
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

static struct daf_camp *camp_new(void)
{
    struct daf_camp_config config = {
        .manifest = {manifest_bytes, manifest_len},
        .keys = tablet.keys,
        .seal = &tablet.seal,
    };
    struct daf_camp *c;

    assert_int_equal(daf_camp_new(&config, &c), DAF_OK);
    return c;
}

/* ---- records */

/* The next of @who's log after @prev, or the first of @incarnation. */
static struct daf_record begin(const struct who *who, uint64_t incarnation,
                               const struct row *prev)
{
    struct daf_record r = {.seq = 1, .claimed_ms = 1000 + rows_count};

    r.log.scope = daf_hash_scope_id(&manifest.camp, "control");
    r.log.author = who->author;
    r.log.incarnation = incarnation;
    if (prev != NULL) {
        r.log = prev->log;
        r.seq = prev->r.seq + 1;
        r.prev = prev->r.id;
    }
    return r;
}

static struct row *keep(struct daf_record r, const struct who *who,
                        struct daf_view payload)
{
    struct row *row = &rows[rows_count++];
    size_t len, body_len;

    assert_true(rows_count <= ROWS_MAX);
    row->bytes = malloc(DAF_HEADER_BYTES_MAX + DAF_BODY_BYTES_MAX);
    assert_non_null(row->bytes);
    assert_int_equal(daf_body_plain(payload, row->bytes + DAF_HEADER_BYTES_MAX,
                                    DAF_BODY_BYTES_MAX, &body_len),
                     DAF_OK);
    row->stored.body =
        (struct daf_view){row->bytes + DAF_HEADER_BYTES_MAX, body_len};
    row->stored.body_state = DAF_BODY_HELD;
    r.body_hash = daf_body_hash(row->stored.body);
    r.body_len = (uint32_t)body_len;
    len = daf_record_sign(&r, &who->sign, row->bytes);
    row->stored.header = (struct daf_view){row->bytes, len};
    row->stored.spot = (struct daf_spot){r.seq, r.id};
    row->r = r;
    row->log = r.log;
    return row;
}

/* @tips: of each of @logs logs. */
static size_t pack_revocation(uint8_t *out, size_t cap,
                              const struct daf_author_id *who, size_t logs,
                              size_t tips)
{
    struct daf_spot spots[DAF_FRONTIER_MAX] = {{0}};
    struct daf_log_key log = {.author = *who};
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, out, cap);
    mark = daf_payload_begin_revocation(&k);
    for (size_t i = 0; i < logs; i++)
        daf_payload_add_revoked_log(&k, &log, spots, tips);
    daf_payload_end_revocation(&k, mark, logs, DAF_REVOKED_LOST, who);
    assert_false(k.is_full);
    return k.len;
}

static struct row *revoke_at(const struct who *by, uint64_t incarnation,
                             const struct row *prev, const struct who *who)
{
    uint8_t payload[256];
    size_t len = pack_revocation(payload, sizeof(payload), &who->author, 0, 0);

    return keep(begin(by, incarnation, prev), by,
                (struct daf_view){payload, len});
}

static struct row *revoke(const struct who *by, const struct row *prev,
                          const struct who *who)
{
    return revoke_at(by, 1, prev, who);
}

/* Any other control record: no act. */
static struct row *other(const struct who *by, const struct row *prev)
{
    struct daf_pack k;
    uint8_t payload[64];

    daf_pack_init(&k, payload, sizeof(payload));
    daf_pack_array(&k, 2);
    daf_pack_str(&k, "beacon", 6);
    daf_pack_map(&k, 1);
    daf_pack_str(&k, "beacon", 6);
    daf_pack_uint(&k, 1);
    return keep(begin(by, 1, prev), by, daf_pack_view(&k));
}

/* A revocation with `second` by @second, signed with @sign's key. */
static struct row *second(const struct who *by, const struct row *prev,
                          const struct who *who, const struct who *said,
                          const struct who *sign)
{
    struct daf_record r = begin(by, 1, prev);
    uint8_t bytes[1024] = {0}, *payload;
    static const uint8_t zeros[64];
    struct daf_sig sig;
    struct daf_pack k;
    size_t aad = daf_record_prefix(&r, bytes);

    payload = bytes + aad;
    daf_pack_init(&k, payload, sizeof(bytes) - aad);
    daf_pack_array(&k, 2);
    daf_pack_str(&k, "revocation", 10);
    daf_pack_map(&k, 4);
    daf_pack_str(&k, "logs", 4);
    daf_pack_array(&k, 0);
    daf_pack_str(&k, "reason", 6);
    daf_pack_uint(&k, 0);
    daf_pack_str(&k, "second", 6);
    daf_pack_array(&k, 2);
    daf_pack_bin(&k, said->author.b, 16);
    daf_pack_bin(&k, zeros, 64);
    daf_pack_str(&k, "who", 3);
    daf_pack_bin(&k, who->author.b, 16);
    daf_hash_sign("daf.person.1", (struct daf_view){bytes, aad + k.len},
                  &sign->sign, &sig);
    /* Before "who" and 18 bytes of its value. */
    memcpy(payload + k.len - 4 - 18 - 64, sig.b, 64);
    return keep(r, by, daf_pack_view(&k));
}

static bool add(struct daf_camp *c, const struct row *row)
{
    return daf_camp_add(c, &row->log, &row->stored);
}

static void add_all(struct daf_camp *c)
{
    for (size_t i = 0; i < rows_count; i++)
        (void)add(c, &rows[i]);
}

static bool is_revoked(const struct daf_camp *c, const struct who *who)
{
    return daf_camp_is_revoked(c, &who->author);
}

static uint64_t acts_at(const struct daf_camp *c, const struct row *row)
{
    uint64_t acts;

    if (daf_camp_acts(c, &row->log, &row->stored.spot, &acts) != DAF_OK)
        return UINT64_MAX;
    return acts;
}

/* ---- one act */

static void a_revoked_device_is_known_and_keeps_its_rights(void **state)
{
    struct daf_cert cert = {.camp = manifest.camp,
                            .keys = phone.keys,
                            .rights_count = 1,
                            .rights = {{"class:1", DAF_RIGHT_APPEND}},
                            .expires_beacon = UINT64_MAX};
    uint8_t bytes[DAF_CERT_BYTES_MAX];
    struct daf_camp *c = camp_new();
    const struct daf_authority *a = daf_camp_authority(c);
    struct daf_scope_id class = daf_hash_scope_id(&manifest.camp, "class:1");
    struct daf_device device;
    size_t len = daf_cert_sign(&cert, &asha.sign, bytes);

    (void)state;
    assert_int_equal(daf_camp_meet(c, (struct daf_view){bytes, len}), DAF_OK);
    assert_false(is_revoked(c, &phone));
    assert_true(add(c, revoke(&asha, NULL, &phone)));
    assert_true(is_revoked(c, &phone));
    assert_false(is_revoked(c, &board));
    /* protocol.md R7: "Acceptance never depends on … revocation" */
    assert_true(a->by_author(a->ctx, &phone.author, &device));
    assert_true(a->by_transport(a->ctx, &phone.keys.transport, &device));
    assert_int_equal(a->right(a->ctx, &phone.author, &class), DAF_RIGHT_APPEND);
    /* Again, and by another: nothing new. */
    assert_false(add(c, &rows[0]));
    assert_false(add(c, revoke(&bilal, NULL, &phone)));
    daf_camp_free(c);
}

static void a_device_may_be_revoked_before_it_is_known(void **state)
{
    struct daf_camp *c = camp_new();

    (void)state;
    assert_true(add(c, revoke(&asha, NULL, &kiosk)));
    assert_true(is_revoked(c, &kiosk));
    daf_camp_free(c);
}

static void coordinators_are_not_revoked(void **state)
{
    struct daf_camp *c = camp_new();
    struct row *row = revoke(&asha, NULL, &bilal);

    (void)state;
    assert_false(add(c, row));
    assert_false(add(c, row = revoke(&asha, row, &asha)));
    assert_false(is_revoked(c, &bilal));
    assert_false(is_revoked(c, &asha));
    assert_int_equal(acts_at(c, row), 2); /* acts all the same */
    daf_camp_free(c);
}

static void who_is_no_coordinator_revokes_nobody(void **state)
{
    struct daf_camp *c = camp_new();

    (void)state;
    assert_false(add(c, revoke(&phone, NULL, &board)));
    assert_false(is_revoked(c, &board));
    daf_camp_free(c);
}

static void a_register_without_revocations_reads_none(void **state)
{
    struct daf_camp *c;
    struct row *row;

    (void)state;
    make_manifest("revocation");
    c = camp_new();
    assert_false(add(c, row = revoke(&asha, NULL, &phone)));
    assert_false(is_revoked(c, &phone));
    assert_int_equal(acts_at(c, row), 0);
    daf_camp_free(c);
}

/* ---- the number of acts */

static void acts_beyond_the_number_do_not_count(void **state)
{
    const struct who *devices[] = {&phone, &board, &laptop, &kiosk};
    struct daf_camp *c = camp_new();
    struct row *row = NULL;

    (void)state;
    for (size_t i = 0; i < 4; i++) {
        row = other(&asha, row);
        assert_false(add(c, row));
        row = revoke(&asha, row, devices[i]);
        assert_int_equal(add(c, row), i < ACTS);
        assert_int_equal(acts_at(c, row), i + 1);
        assert_int_equal(is_revoked(c, devices[i]), i < ACTS);
    }
    /* Another coordinator has acts of his own. */
    assert_true(add(c, revoke(&bilal, NULL, &kiosk)));
    assert_true(is_revoked(c, &kiosk));
    daf_camp_free(c);
}

static void an_act_beyond_the_number_counts_with_a_second(void **state)
{
    struct daf_camp *c = camp_new();
    struct row *row = revoke(&asha, NULL, &phone);

    (void)state;
    row = revoke(&asha, row, &board);
    row = revoke(&asha, row, &laptop);
    row = second(&asha, row, &kiosk, &bilal, &tablet); /* forged */
    row = second(&asha, row, &kiosk, &asha, &asha);    /* her own */
    row = second(&asha, row, &kiosk, &tablet, &tablet);
    add_all(c);
    assert_false(is_revoked(c, &kiosk));
    assert_int_equal(acts_at(c, row), 4); /* in a row, of one device */
    assert_true(add(c, second(&asha, row, &kiosk, &bilal, &bilal)));
    assert_true(is_revoked(c, &kiosk));
    daf_camp_free(c);
}

static void records_in_a_row_of_one_device_are_one_act(void **state)
{
    struct daf_camp *c = camp_new();
    struct row *row = NULL;

    (void)state;
    for (int i = 0; i < 10; i++)
        row = revoke(&asha, row, &phone);
    add_all(c);
    assert_int_equal(acts_at(c, row), 1);
    row = other(&asha, row);
    row = revoke(&asha, row, &phone);
    add_all(c);
    assert_int_equal(acts_at(c, row), 2);
    daf_camp_free(c);
}

static void what_cannot_be_read_is_an_act_and_revokes_nobody(void **state)
{
    static const uint8_t bad[] = "\x92\xaarevocation\x81\xa3who\x01";
    struct daf_camp *c = camp_new();
    struct row *row = keep(begin(&asha, 1, NULL), &asha,
                           (struct daf_view){bad, sizeof(bad) - 1});

    (void)state;
    assert_false(add(c, row));
    assert_int_equal(acts_at(c, row), 1);
    daf_camp_free(c);
}

/* ---- places in a log */

static void an_act_waits_for_all_before_it(void **state)
{
    struct daf_camp *c = camp_new();
    struct row *one = other(&asha, NULL), *two = other(&asha, one);
    struct row *three = revoke(&asha, two, &phone);
    struct row *four = revoke(&asha, three, &board);
    struct row bare = *two;

    (void)state;
    assert_false(add(c, four));
    assert_false(add(c, four)); /* waits once */
    assert_false(add(c, three));
    assert_false(add(c, one));
    bare.stored.body_state = DAF_BODY_ABSENT;
    bare.stored.body = (struct daf_view){NULL, 0};
    assert_false(add(c, &bare)); /* it might be an act */
    assert_false(is_revoked(c, &phone));
    assert_int_equal(acts_at(c, three), UINT64_MAX);
    assert_true(add(c, two));
    assert_true(is_revoked(c, &phone));
    assert_true(is_revoked(c, &board));
    assert_int_equal(acts_at(c, four), 2);
    daf_camp_free(c);
}

static void forks_and_other_lives_are_counted_apart(void **state)
{
    struct daf_camp *c = camp_new();
    struct row *row = revoke(&asha, NULL, &phone), *fork;

    (void)state;
    row = fork = revoke(&asha, row, &board);
    row = revoke(&asha, row, &laptop);
    row = revoke(&asha, row, &kiosk); /* the fourth */
    add_all(c);
    assert_false(is_revoked(c, &kiosk));
    /* What stands beside takes nothing away and lends nothing. */
    fork = other(&asha, fork);
    assert_false(add(c, fork));
    assert_int_equal(acts_at(c, row), 4);
    assert_int_equal(acts_at(c, fork), 2);
    assert_true(is_revoked(c, &laptop));
    assert_true(add(c, revoke_at(&asha, 0, NULL, &kiosk)));
    daf_camp_free(c);
}

static void a_predecessor_is_of_the_same_log_and_one_lower(void **state)
{
    struct daf_camp *c = camp_new();
    struct row *of = other(&asha, NULL), *row;
    struct daf_record r = begin(&asha, 1, of);
    uint8_t payload[256];
    size_t len = pack_revocation(payload, sizeof(payload), &phone.author, 0, 0);

    (void)state;
    r.seq = 3;
    row = keep(r, &asha, (struct daf_view){payload, len});
    add_all(c);
    assert_int_equal(acts_at(c, row), UINT64_MAX);
    r.seq = 2;
    r.log.incarnation = 2;
    row = keep(r, &asha, (struct daf_view){payload, len});
    add_all(c);
    assert_int_equal(acts_at(c, row), UINT64_MAX);
    assert_false(is_revoked(c, &phone));
    daf_camp_free(c);
}

/* ---- the record for the door */

static void the_door_shows_the_lowest_that_fits(void **state)
{
    static uint8_t payload[DAF_PAYLOAD_BYTES_MAX];
    struct daf_camp *c = camp_new();
    struct daf_spot spot;
    struct daf_log_key log;
    struct row *large, *a, *b;
    /* 30 logs of 3 tips are some 4.5 kB. */
    size_t len =
        pack_revocation(payload, sizeof(payload), &phone.author, 30, 3);

    (void)state;
    large = keep(begin(&asha, 1, NULL), &asha, (struct daf_view){payload, len});
    assert_int_equal(daf_camp_revocation(c, &phone.author, &log, &spot),
                     DAF_ENOTFOUND);
    assert_true(add(c, large));
    assert_int_equal(daf_camp_revocation(c, &phone.author, &log, &spot),
                     DAF_ENOTFOUND);
    a = revoke(&asha, large, &phone);
    b = revoke(&bilal, NULL, &phone);
    assert_false(add(c, b));
    assert_int_equal(daf_camp_revocation(c, &phone.author, &log, &spot),
                     DAF_OK);
    assert_memory_equal(&spot, &b->stored.spot, sizeof(spot));
    assert_memory_equal(&log, &b->log, sizeof(log));
    assert_false(add(c, a));
    if (memcmp(a->r.id.b, b->r.id.b, 32) > 0) a = b;
    assert_int_equal(daf_camp_revocation(c, &phone.author, &log, &spot),
                     DAF_OK);
    assert_memory_equal(&spot, &a->stored.spot, sizeof(spot));
    daf_camp_free(c);
}

/* ---- order */

/* Two coordinators, logs with forks and other lives, more acts than the number. */
static void make_world(struct daf_rng *rng)
{
    const struct who *devices[] = {&phone, &board, &laptop, &kiosk, &tablet};

    (void)tear_down(NULL);
    for (int i = 0; i < 20; i++) {
        const struct who *by = daf_rng_below(rng, 2) == 0 ? &asha : &bilal;
        const struct who *who = devices[daf_rng_below(rng, 5)];
        struct row *prev = NULL;

        /* After any row of the same author, or a new life. */
        for (size_t j = rows_count; j-- > 0 && prev == NULL;) {
            if (memcmp(&rows[j].log.author, &by->author, 16) == 0 &&
                daf_rng_below(rng, 4) != 0)
                prev = &rows[j];
        }
        if (prev != NULL && daf_rng_below(rng, 5) == 0)
            (void)other(by, prev);
        else if (prev != NULL && daf_rng_below(rng, 8) == 0)
            (void)second(by, prev, who, by == &asha ? &bilal : &asha,
                         by == &asha ? &bilal : &asha);
        else
            (void)revoke_at(by, daf_rng_u64(rng), prev, who);
    }
}

static void is_same(const struct daf_camp *a, const struct daf_camp *b)
{
    const struct who *devices[] = {&phone, &board, &laptop, &kiosk, &tablet};

    for (size_t i = 0; i < 5; i++) {
        struct daf_spot x = {0}, y = {0};
        struct daf_log_key log;

        assert_int_equal(is_revoked(a, devices[i]), is_revoked(b, devices[i]));
        assert_int_equal(daf_camp_revocation(a, &devices[i]->author, &log, &x),
                         daf_camp_revocation(b, &devices[i]->author, &log, &y));
        assert_memory_equal(&x, &y, sizeof(x));
    }
    for (size_t i = 0; i < rows_count; i++)
        assert_true(acts_at(a, &rows[i]) == acts_at(b, &rows[i]));
}

/* Adds them in an order of chance, some twice; nobody revoked ever comes back. */
static void add_shuffled(struct daf_camp *c, struct daf_rng *rng)
{
    const struct who *devices[] = {&phone, &board, &laptop, &kiosk, &tablet};
    bool was[5] = {false};
    size_t order[ROWS_MAX];

    for (size_t i = 0; i < rows_count; i++) {
        size_t j = (size_t)daf_rng_below(rng, i + 1);

        order[i] = order[j];
        order[j] = i;
    }
    for (size_t i = 0; i < rows_count; i++) {
        bool came = add(c, &rows[order[i]]), is_new = false;

        (void)add(c, &rows[order[daf_rng_below(rng, i + 1)]]);
        for (size_t j = 0; j < 5; j++) {
            bool is = is_revoked(c, devices[j]);

            assert_true(is || !was[j]);
            is_new |= is && !was[j];
            was[j] = is;
        }
        assert_int_equal(came, is_new);
    }
}

static void any_order_revokes_the_same(void **state)
{
    uint8_t seed[32] = {50};
    struct daf_rng rng;
    size_t revoked = 0, beyond = 0;

    (void)state;
    daf_rng_init(&rng, seed);
    for (int i = 0; i < ROUNDS; i++) {
        struct daf_camp *in_order = camp_new(), *shuffled = camp_new();

        make_world(&rng);
        add_all(in_order);
        add_shuffled(shuffled, &rng);
        is_same(in_order, shuffled);
        for (size_t j = 0; j < rows_count; j++)
            beyond += acts_at(in_order, &rows[j]) > ACTS;
        revoked += is_revoked(in_order, &tablet);
        daf_camp_free(in_order);
        daf_camp_free(shuffled);
    }
    /* The worlds are not all alike. */
    assert_in_range(revoked, 1, ROUNDS - 1);
    assert_true(beyond > ROUNDS);
}

/* ---- how far they have come (docs/protocol.md R118, R119) */

static struct daf_view applied_by(const struct daf_camp *c, uint8_t *room,
                                  size_t cap)
{
    struct daf_pack k;

    daf_pack_init(&k, room, cap);
    assert_true(daf_camp_pack_applied(c, &k));
    assert_false(k.is_full);
    return daf_pack_view(&k);
}

static bool has_act(const struct daf_camp *c,
                    const struct daf_camp_act_info *wanted)
{
    struct daf_camp_act_info act;

    for (size_t i = 0; daf_camp_act_at(c, i, &act); i++)
        if (memcmp(&act.spot, &wanted->spot, sizeof(act.spot)) == 0)
            return true;
    return false;
}

/* Who holds a part of control says of each act whether it counts there. */
static void a_status_covers_what_is_applied_and_no_more(void **state)
{
    static uint8_t room[1 << 14], again[1 << 14];
    uint8_t seed[32] = {51};
    struct daf_rng rng;
    size_t yes = 0, no = 0;

    (void)state;
    daf_rng_init(&rng, seed);
    for (int round = 0; round < ROUNDS; round++) {
        struct daf_camp *all = camp_new(), *part = camp_new(),
                        *shuffled = camp_new();
        struct daf_camp_act_info act;
        struct daf_view said, same;

        make_world(&rng);
        add_all(all);
        add_shuffled(shuffled, &rng);
        said = applied_by(all, room, sizeof(room));
        same = applied_by(shuffled, again, sizeof(again));
        assert_int_equal(said.len, same.len);
        assert_memory_equal(said.p, same.p, said.len);
        for (size_t i = 0; daf_camp_act_at(all, i, &act); i++)
            assert_true(daf_camp_covers(all, said, i));
        for (size_t i = 0; i < rows_count; i++)
            if (daf_rng_below(&rng, 3) > 0) (void)add(part, &rows[i]);
        said = applied_by(part, room, sizeof(room));
        for (size_t i = 0; daf_camp_act_at(all, i, &act); i++) {
            bool is = has_act(part, &act);

            assert_int_equal(daf_camp_covers(all, said, i), is);
            yes += is;
            no += !is;
        }
        /* Anything may be in it. */
        for (int j = 0; j < 20 && said.len > 0; j++) {
            struct daf_view cut = {room, daf_rng_below(&rng, said.len + 1)};

            room[daf_rng_below(&rng, said.len)] ^=
                (uint8_t)daf_rng_below(&rng, 256);
            for (size_t i = 0; daf_camp_act_at(all, i, &act); i++)
                (void)daf_camp_covers(all, cut, i);
        }
        daf_camp_free(all);
        daf_camp_free(part);
        daf_camp_free(shuffled);
    }
    assert_true(yes > ROUNDS && no > ROUNDS);
}

/* What does not fit is left out whole, and what is said stays within its bound. */
static void a_status_has_room_for_some_logs(void **state)
{
    uint8_t room[860];
    struct daf_camp *c = camp_new();
    struct daf_pack k;
    size_t covered = 0;

    (void)state;
    for (uint64_t life = 1; life <= 40; life++)
        (void)add(c, revoke_at(&asha, life, NULL, &phone));
    daf_pack_init(&k, room, sizeof(room));
    assert_true(daf_camp_pack_applied(c, &k));
    assert_false(k.is_full);
    for (size_t i = 0; i < 40; i++)
        covered += daf_camp_covers(c, daf_pack_view(&k), i);
    assert_in_range(covered, 10, 39);
    daf_camp_free(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_revoked_device_is_known_and_keeps_its_rights),
        T(a_device_may_be_revoked_before_it_is_known),
        T(coordinators_are_not_revoked),
        T(who_is_no_coordinator_revokes_nobody),
        T(a_register_without_revocations_reads_none),
        T(acts_beyond_the_number_do_not_count),
        T(an_act_beyond_the_number_counts_with_a_second),
        T(records_in_a_row_of_one_device_are_one_act),
        T(what_cannot_be_read_is_an_act_and_revokes_nobody),
        T(an_act_waits_for_all_before_it),
        T(forks_and_other_lives_are_counted_apart),
        T(a_predecessor_is_of_the_same_log_and_one_lower),
        T(the_door_shows_the_lowest_that_fits),
        T(any_order_revokes_the_same),
        T(a_status_covers_what_is_applied_and_no_more),
        T(a_status_has_room_for_some_logs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
