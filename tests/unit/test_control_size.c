/* SPDX-License-Identifier: Apache-2.0 */

/* How large control is after five years of a camp of 1,000 devices and 10,000
 * learners: every record is signed and encoded as the daemon does it, once for each
 * kind, and multiplied. */
#include "tests/lib/t.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/body.h"
#include "proto/cert.h"
#include "proto/hash.h"
#include "proto/payload.h"
#include "proto/record.h"

#define YEARS        5
#define DEVICES      1000
#define COORDINATORS 5
#define CLASSES      40
#define MEMBERS      30  /* devices of a class */
#define LOST         50  /* tablets a year: revoked, replaced, keys renewed */
#define ERASED       500 /* learners a year */
#define KEYS         2  /* registrations of such a learner: twice, to be safe */
#define LOGS         24 /* of a lost tablet that its revocation names */
#define MAX_BYTES    (30.0 * 1000 * 1000)

static struct daf_sign_pk pk;
static struct daf_sign_sk sk;

/* What a control record with this payload takes, header and body. */
static size_t record_of(const struct daf_pack *k)
{
    static uint8_t body[DAF_BODY_BYTES_MAX];
    uint8_t header[DAF_HEADER_BYTES_MAX];
    /* Numbers as long as they get. */
    struct daf_record r = {.log = {.author = daf_hash_author_id(&pk),
                                   .incarnation = UINT64_MAX},
                           .seq = 60000,
                           .claimed_ms = 1900000000000,
                           .boot = 5000,
                           .time_quality = 2};
    size_t len;

    assert_false(k->is_full);
    assert_int_equal(daf_body_plain(daf_pack_view(k), body, sizeof(body), &len),
                     DAF_OK);
    r.body_hash = daf_body_hash((struct daf_view){body, len});
    r.body_len = (uint32_t)len;
    return len + daf_record_sign(&r, &sk, header);
}

static uint8_t room[DAF_PAYLOAD_BYTES_MAX];

/* As daftar enrol certifies one for a class. */
static size_t certificate(void)
{
    struct daf_cert cert = {.keys = {.sign = pk},
                            .rights_count = 4,
                            .rights = {{"camp", DAF_RIGHT_APPEND},
                                       {"catalog", DAF_RIGHT_READ},
                                       {"class:blue-tent-40", DAF_RIGHT_APPEND},
                                       {"control", DAF_RIGHT_READ}},
                            .issued_beacon = 100000,
                            .expires_beacon = UINT64_MAX};
    uint8_t bytes[DAF_CERT_BYTES_MAX];
    size_t len = daf_cert_sign(&cert, &sk, bytes);
    struct daf_pack k;

    assert_true(len > 0);
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_certificate(&k, (struct daf_view){bytes, len});
    return record_of(&k);
}

static size_t key_wrap(size_t members)
{
    static struct daf_wrap wraps[DAF_WRAPS_MAX];
    struct daf_key_wrap w = {.scope = "class:blue-tent-40",
                             .generation = 1000,
                             .wraps_count = members};
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_key_wrap(&k, &w, wraps);
    return record_of(&k);
}

static size_t revocation(void)
{
    const struct daf_author_id who = daf_hash_author_id(&pk);
    const struct daf_log_key log = {.author = who, .incarnation = UINT64_MAX};
    const struct daf_spot tip = {.seq = 1};
    struct daf_pack k;
    size_t mark;

    daf_pack_init(&k, room, sizeof(room));
    mark = daf_payload_begin_revocation(&k);
    for (size_t i = 0; i < LOGS; i++)
        daf_payload_add_revoked_log(&k, &log, &tip, 1);
    daf_payload_end_revocation(&k, mark, LOGS, DAF_REVOKED_STOLEN, &who);
    return record_of(&k);
}

static size_t erasure(void)
{
    static const struct daf_handle handles[KEYS];
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_erasure(&k, handles, KEYS);
    return record_of(&k);
}

static double line(const char *what, double count, size_t each)
{
    print_message("%-44s %6.0f x %5zu = %9.0f bytes\n", what, count, each,
                  count * (double)each);
    return count * (double)each;
}

static void five_years_of_a_large_camp_fit(void **state)
{
    const double lost = LOST * YEARS;
    /* A tablet that replaces another gets all generations of its class, half of
     * those of the end on average. */
    const double late = lost * (1 + lost / CLASSES / 2);
    const uint8_t seed[32] = {1};
    double all = 0;

    (void)state;
    (void)crypto_sign_seed_keypair(pk.b, sk.b, seed);
    all += line("certificates", DEVICES + lost, certificate());
    all +=
        line("keys for a new device: its class", DEVICES + late, key_wrap(1));
    all += line("keys for a new device: camp", DEVICES + lost, key_wrap(1));
    all += line("keys for coordinators, once a class", CLASSES * COORDINATORS,
                key_wrap(1));
    all += line("revocations, 24 logs named", lost, revocation());
    all += line("new keys of the class of a lost tablet", lost,
                key_wrap(MEMBERS + COORDINATORS));
    /* The key of camp is not renewed (docs/decisions/017): with 101 kB for each
     * lost tablet it would be six sevenths of all of control. */
    all += line("erasures, two handles each", ERASED * YEARS, erasure());
    print_message("%-44s %25.0f bytes\n", "control after five years", all);
    assert_true(all <= MAX_BYTES);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(five_years_of_a_large_camp_fit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
