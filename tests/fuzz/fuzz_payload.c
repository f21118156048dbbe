/* SPDX-License-Identifier: Apache-2.0 */

/* What each payload decoder reads, whatever the type says; a revocation that it
 * reads has all its logs, and what has no more fields is packed again byte for
 * byte. */

#include "tests/fuzz/fuzz.h"

#include "proto/payload.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void check_revocation(struct daf_view bytes)
{
    struct daf_sign_pk pk = {{0}};
    struct daf_revoked_log log;
    struct daf_revocation r;
    struct daf_pack k;
    uint8_t *out;
    size_t mark;

    if (daf_payload_revocation(bytes, &r) != DAF_OK) return;
    assert(daf_payload_type(bytes, NULL) == DAF_TYPE_REVOCATION);
    assert(daf_payload_acts(bytes) == 1);
    assert(r.reason <= DAF_REVOKED_LEFT);
    /* Nobody has this key. */
    assert(!daf_payload_second_ok(bytes, &r, (struct daf_view){NULL, 0}, &pk));
    out = malloc(bytes.len + DAF_PACK_HEAD_BYTES_MAX);
    assert(out != NULL);
    daf_pack_init(&k, out, bytes.len + DAF_PACK_HEAD_BYTES_MAX);
    mark = daf_payload_begin_revocation(&k);
    for (size_t i = 0; i < r.logs_count; i++) {
        struct daf_spot tips[DAF_FRONTIER_MAX];

        daf_payload_revoked_log(&r, i, &log);
        for (size_t j = 0; j < log.tips_count; j++)
            tips[j].id = log.tips[j];
        daf_payload_add_revoked_log(&k, &log.log, tips, log.tips_count);
    }
    daf_payload_end_revocation(&k, mark, r.logs_count, r.reason, &r.who);
    assert(!k.is_full && k.len <= bytes.len);
    assert(k.len < bytes.len || memcmp(out, bytes.p, bytes.len) == 0);
    free(out);
}

static void check_renewal(struct daf_view bytes)
{
    struct daf_renewal a, b;
    uint8_t out[DAF_REQUEST_BYTES_MAX + 12 * DAF_RENEWAL_LIVES_MAX];
    struct daf_pack k;

    if (daf_payload_renewal(bytes, &a) != DAF_OK) return;
    assert(daf_payload_type(bytes, NULL) == DAF_TYPE_RENEWAL);
    assert(a.lives_count > 0 && a.lives_count <= DAF_RENEWAL_LIVES_MAX);
    daf_pack_init(&k, out, sizeof(out));
    daf_payload_pack_renewal(&k, &a);
    assert(!k.is_full && k.len <= bytes.len);
    assert(daf_payload_renewal(daf_pack_view(&k), &b) == DAF_OK);
    assert(memcmp(a.lives, b.lives, sizeof(a.lives)) == 0);
}

/* As a revocation: all its logs, and again byte for byte. */
static void check_admit(struct daf_view bytes)
{
    struct daf_spot tips[DAF_FRONTIER_MAX];
    struct daf_revoked_log log;
    struct daf_cursor logs;
    struct daf_admit a;
    struct daf_pack k;
    uint8_t *out;
    size_t mark;

    if (daf_payload_admit(bytes, &a) != DAF_OK) return;
    assert(daf_payload_type(bytes, NULL) == DAF_TYPE_ADMIT);
    assert(daf_payload_acts(bytes) == 0);
    out = malloc(bytes.len + DAF_PACK_HEAD_BYTES_MAX);
    assert(out != NULL);
    daf_pack_init(&k, out, bytes.len + DAF_PACK_HEAD_BYTES_MAX);
    mark = daf_payload_begin_admit(&k);
    daf_payload_logs(a.logs, &logs);
    for (size_t i = 0; i < a.logs_count; i++) {
        daf_payload_next_log(&logs, &log);
        assert(daf_cursor_ok(&logs));
        for (size_t j = 0; j < log.tips_count; j++)
            tips[j].id = log.tips[j];
        daf_payload_add_revoked_log(&k, &log.log, tips, log.tips_count);
    }
    daf_payload_end_admit(&k, mark, a.logs_count, &a.who);
    assert(!k.is_full && k.len <= bytes.len);
    assert(k.len < bytes.len || memcmp(out, bytes.p, bytes.len) == 0);
    free(out);
}

static void check_clock(struct daf_view bytes)
{
    struct daf_clock_fix a, b;
    uint8_t out[256 + DAF_REPLACES_MAX * 34];
    struct daf_pack k;

    if (daf_payload_clock(bytes, &a) != DAF_OK) return;
    assert(daf_payload_type(bytes, NULL) == DAF_TYPE_CLOCK);
    assert(daf_payload_acts(bytes) == 0);
    assert(a.has_value || a.replaces_count > 0);
    assert(a.replaces_count <= DAF_REPLACES_MAX);
    assert(a.claimed_ms <= DAF_INT_MAX && a.real_ms <= DAF_INT_MAX);
    daf_pack_init(&k, out, sizeof(out));
    daf_payload_pack_clock(&k, &a);
    assert(!k.is_full && k.len <= bytes.len);
    assert(k.len < bytes.len || memcmp(out, bytes.p, bytes.len) == 0);
    assert(daf_payload_clock(daf_pack_view(&k), &b) == DAF_OK);
    assert(memcmp(&a, &b, sizeof(a)) == 0);
}

static void check_beacon(struct daf_view bytes)
{
    struct daf_sign_pk pk = {{0}};
    struct daf_beacon a, b;
    uint8_t out[64];
    struct daf_pack k;

    if (daf_payload_beacon(bytes, &a) != DAF_OK) return;
    assert(daf_payload_type(bytes, NULL) == DAF_TYPE_BEACON);
    assert(daf_payload_acts(bytes) == 0 && a.week <= DAF_INT_MAX);
    assert(a.second_sig.len == (a.has_second ? 64 : 0));
    /* Nobody has this key. */
    assert(!a.has_second ||
           !daf_payload_second_sig_ok(bytes, a.second_sig,
                                      (struct daf_view){NULL, 0}, &pk));
    daf_pack_init(&k, out, sizeof(out));
    daf_payload_pack_beacon(&k, a.week);
    assert(!k.is_full && k.len <= bytes.len);
    assert(k.len < bytes.len || memcmp(out, bytes.p, bytes.len) == 0);
    assert(daf_payload_beacon(daf_pack_view(&k), &b) == DAF_OK);
    assert(a.week == b.week);
}

/* What was read is packed and read again, and says the same. */
static void check_assignment(struct daf_view bytes)
{
    struct daf_assignment a, b;
    struct daf_hash content;
    struct daf_pack k;
    uint8_t *out;

    if (daf_payload_assignment(bytes, &a) != DAF_OK) return;
    assert(daf_payload_type(bytes, NULL) == DAF_TYPE_ASSIGNMENT);
    assert(a.items_count + a.replaces_count + a.air.len > 0);
    assert(a.air.len == 0 || (a.has_device && a.air.len <= 64));
    assert(a.items_count <= DAF_ASSIGNMENT_ITEMS_MAX && a.due <= DAF_DAY_MAX);
    for (size_t i = 0; i < a.items_count; i++) {
        assert(a.items[i].len > 0 && a.items[i].len <= DAF_ITEM_BYTES_MAX);
        (void)daf_payload_item_content(a.items[i], &content);
    }
    out = malloc(bytes.len);
    assert(out != NULL);
    daf_pack_init(&k, out, bytes.len);
    daf_payload_pack_assignment(&k, &a);
    assert(!k.is_full && k.len <= bytes.len);
    if (k.len == bytes.len) assert(memcmp(out, bytes.p, bytes.len) == 0);
    assert(daf_payload_assignment(daf_pack_view(&k), &b) == DAF_OK);
    assert(a.items_count == b.items_count && a.due == b.due &&
           a.has_due == b.has_due && a.replaces_count == b.replaces_count &&
           a.air.len == b.air.len);
    free(out);
}

static void check_erasure(struct daf_view bytes)
{
    const struct daf_sign_pk pk = {{0}};
    uint8_t out[64 + DAF_ERASURE_MAX * 18];
    struct daf_erasure e;
    struct daf_pack k;

    if (daf_payload_erasure(bytes, &e) != DAF_OK) return;
    assert(daf_payload_type(bytes, NULL) == DAF_TYPE_ERASURE);
    assert(e.handles_count >= 1 && e.handles_count <= DAF_ERASURE_MAX);
    assert(daf_payload_acts(bytes) == e.handles_count);
    /* Nobody has this key. */
    assert(!daf_payload_erasure_second_ok(bytes, &e, (struct daf_view){NULL, 0},
                                          &pk));
    daf_pack_init(&k, out, sizeof(out));
    daf_payload_pack_erasure(&k, e.handles, e.handles_count);
    assert(!k.is_full && k.len <= bytes.len);
    assert(k.len < bytes.len || memcmp(out, bytes.p, k.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_view bytes = {data, size}, cert;
    struct daf_session_payload session;
    struct daf_registration registration;
    struct daf_key_wrap wrap;

    if (daf_payload_session(bytes, &session) == DAF_OK)
        assert(daf_payload_did(&session, session.did_count - 1).item.len > 0);
    if (daf_payload_registration(bytes, &registration) == DAF_OK)
        assert(registration.name.len <= DAF_NAME_BYTES_MAX);
    if (daf_payload_certificate(bytes, &cert) == DAF_OK) assert(cert.len > 0);
    if (daf_payload_key_wrap(bytes, &wrap) == DAF_OK)
        assert(wrap.wraps_count > 0);
    check_revocation(bytes);
    check_admit(bytes);
    check_assignment(bytes);
    check_renewal(bytes);
    check_erasure(bytes);
    check_clock(bytes);
    check_beacon(bytes);
    return 0;
}
