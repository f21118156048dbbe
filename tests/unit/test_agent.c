/* SPDX-License-Identifier: Apache-2.0 */
/* The agent through its port (tests/lib/agent_case.h): making one, and who is let
 * in at its door.  The rest of it: test_agent_*.c. */
#include "tests/lib/t.h"

#include "tests/lib/agent_case.h"

/* ---- making an agent */

static void an_agent_is_refused_what_is_not_its_own(void **state)
{
    struct host *h = host_bare(1);
    uint8_t bad[DAF_MANIFEST_BYTES_MAX];

    (void)state;
    assert_int_equal(start(h, the_manifest(), the_cert(2), 1), DAF_EKEY);
    assert_int_equal(start(h, the_manifest(), no_cert, 1), DAF_EAUTHOR);
    memcpy(bad, manifest_bytes, manifest_len);
    bad[manifest_len - 1] ^= 1;
    assert_int_equal(start(h, (struct daf_view){bad, manifest_len}, the_cert(1),
                           1),
                     DAF_ESIG);
    assert_int_equal(start(h, (struct daf_view){bad, manifest_len - 1},
                           the_cert(1), 1),
                     DAF_EFORM);
    h->number = STRANGER;
    assert_int_equal(start(h, the_manifest(), the_cert(STRANGER), 1),
                     DAF_EAUTHOR);
    assert_null(h->agent);
    daf_agent_free(NULL);
    host_free(h);
}

/* ---- the door */

static void is_let_in(struct host *h, size_t number, struct proof p)
{
    struct daf_hash nonce = knock_at(h, IN | 5, &keys[number].transport);

    show(h, IN | 5, &p, &nonce);
    assert_int_equal(says(h, IN | 5, DAF_FRAME_WELCOME).proof.port, 2000);
    assert_int_equal(h->admits_count, 1);
    assert_memory_equal(h->admits[0].b, keys[number].transport.b, 32);
    assert_int_equal(stats_of(h).door_refused, 0);
}

static void a_device_of_the_camp_is_let_in(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    is_let_in(h, 2, proof_of(2));
    host_free(h);
}

static void a_coordinator_is_let_in_by_the_manifest_alone(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    is_let_in(h, 0, proof_of(0)); /* it has no certificate */
    host_free(h);
}

static void a_device_that_was_enrolled_apart_is_let_in(void **state)
{
    struct host *h = host_new(1);

    (void)state;
    is_let_in(h, LATE, proof_of(LATE));
    host_free(h);
}

static void refuses_proof(const struct proof *p, const struct daf_box_pk *key)
{
    struct host *h = host_new(1);
    struct daf_hash nonce = knock_at(h, IN | 5, key);

    show(h, IN | 5, p, &nonce);
    is_refused(h, IN | 5);
}

static void a_proof_of_another_camp_is_refused(void **state)
{
    static uint8_t other[DAF_MANIFEST_BYTES_MAX];
    static struct daf_manifest m;
    struct proof p = proof_of(2);

    (void)state;
    p.manifest_len = make_manifest(&m, 98, 0, other);
    p.manifest = other;
    refuses_proof(&p, &keys[2].transport);
    memset(other, 0xc1, sizeof(other)); /* and one that is none */
    refuses_proof(&p, &keys[2].transport);
}

static void a_proof_on_anothers_connection_is_refused(void **state)
{
    struct proof p = proof_of(2);

    (void)state;
    refuses_proof(&p, &keys[STRANGER].transport);
    /* Signed for the key that the link proved, which is not the device's. */
    p.transport = &keys[STRANGER].transport;
    refuses_proof(&p, &keys[STRANGER].transport);
}

static void a_proof_signed_by_another_is_refused(void **state)
{
    struct proof p = proof_of(2);

    (void)state;
    p.signer = STRANGER;
    refuses_proof(&p, &keys[2].transport);
}

static void a_stranger_with_a_certificate_of_its_own_make_is_refused(
    void **state)
{
    struct proof p = proof_of(STRANGER);

    (void)state;
    refuses_proof(&p, &keys[STRANGER].transport);
    p.cert = no_cert;
    refuses_proof(&p, &keys[STRANGER].transport);
    p.cert = the_cert(2); /* somebody else's is no help */
    refuses_proof(&p, &keys[STRANGER].transport);
}

static void a_welcome_is_no_proof(void **state)
{
    struct proof p = proof_of(2);

    (void)state;
    p.kind = DAF_FRAME_WELCOME;
    refuses_proof(&p, &keys[2].transport);
}

static void a_proof_that_was_overheard_is_refused(void **state)
{
    struct host *h = host_new(1);
    struct proof p = proof_of(2);
    struct daf_hash old = knock_at(h, IN | 5, &keys[2].transport);

    (void)state;
    (void)knock_at(h, IN | 6, &keys[2].transport);
    show(h, IN | 6, &p, &old);
    is_refused(h, IN | 6);
}

static void door_frames_out_of_turn_are_refused(void **state)
{
    static const struct daf_hash zero;
    struct proof p = proof_of(2);
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;
    struct host *h;

    (void)state;
    h = host_new(1); /* PROOF before KNOCK */
    opened(h, IN | 5, DAF_ENDPOINT_DOOR, &keys[2].transport);
    show(h, IN | 5, &p, &zero);
    is_refused(h, IN | 5);

    h = host_new(1); /* KNOCK twice */
    (void)knock_at(h, IN | 5, &keys[2].transport);
    knock(h, IN | 5, DAF_PROTOCOL_VERSION, DAF_PROTOCOL_VERSION);
    is_refused(h, IN | 5);

    h = host_new(1); /* what only a door says */
    opened(h, IN | 5, DAF_ENDPOINT_DOOR, &keys[2].transport);
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_frame_pack_nonce(&k, &zero);
    frame(h, IN | 5, daf_pack_view(&k));
    is_refused(h, IN | 5);

    h = host_new(1); /* what belongs to mesh */
    opened(h, IN | 5, DAF_ENDPOINT_DOOR, &keys[2].transport);
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_frame_pack_hello(&k, &(struct daf_hello){.version_min = 1,
                                                 .version_max = 1});
    frame(h, IN | 5, daf_pack_view(&k));
    is_refused(h, IN | 5);
}

static void versions_at_the_door_must_have_one_in_common(void **state)
{
    static const uint32_t others[][2] = {
        {1, DAF_PROTOCOL_VERSION - 1},
        {DAF_PROTOCOL_VERSION + 1, DAF_PROTOCOL_VERSION + 7},
    };

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct host *h = host_new(1);

        opened(h, IN | 5, DAF_ENDPOINT_DOOR, &keys[2].transport);
        knock(h, IN | 5, others[i][0], others[i][1]);
        is_refused(h, IN | 5);
    }
}

static void a_door_frame_that_is_too_long_or_malformed_is_refused(void **state)
{
    static uint8_t bytes[DAF_DOOR_BYTES_MAX + 1];
    struct daf_pack k;
    struct host *h;

    (void)state;
    /* An unknown frame: one byte decides whether it is too long. */
    for (size_t more = 0; more < 2; more++) {
        h = host_new(1);
        opened(h, IN | 5, DAF_ENDPOINT_DOOR, &keys[2].transport);
        daf_pack_init(&k, bytes, sizeof(bytes));
        daf_pack_array(&k, 2);
        daf_pack_uint(&k, 99);
        assert_non_null(
            daf_pack_bin_room(&k, DAF_DOOR_BYTES_MAX - 2 - 3 + more));
        assert_int_equal(k.len, DAF_DOOR_BYTES_MAX + more);
        frame(h, IN | 5, daf_pack_view(&k));
        is_refused(h, IN | 5);
    }
    h = host_new(1);
    opened(h, IN | 5, DAF_ENDPOINT_DOOR, &keys[2].transport);
    frame(h, IN | 5, (struct daf_view){(const uint8_t *)"\xc1", 1});
    is_refused(h, IN | 5);
    h = host_new(1);
    opened(h, IN | 5, DAF_ENDPOINT_DOOR, &keys[2].transport);
    frame(h, IN | 5, (struct daf_view){bytes, 0});
    is_refused(h, IN | 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_agent_is_refused_what_is_not_its_own),
        cmocka_unit_test(a_device_of_the_camp_is_let_in),
        cmocka_unit_test(a_coordinator_is_let_in_by_the_manifest_alone),
        cmocka_unit_test(a_device_that_was_enrolled_apart_is_let_in),
        cmocka_unit_test(a_proof_of_another_camp_is_refused),
        cmocka_unit_test(a_proof_on_anothers_connection_is_refused),
        cmocka_unit_test(a_proof_signed_by_another_is_refused),
        cmocka_unit_test(
            a_stranger_with_a_certificate_of_its_own_make_is_refused),
        cmocka_unit_test(a_welcome_is_no_proof),
        cmocka_unit_test(a_proof_that_was_overheard_is_refused),
        cmocka_unit_test(door_frames_out_of_turn_are_refused),
        cmocka_unit_test(versions_at_the_door_must_have_one_in_common),
        cmocka_unit_test(a_door_frame_that_is_too_long_or_malformed_is_refused),
    };

    return cmocka_run_group_tests(tests, make_camp, free_camp);
}
