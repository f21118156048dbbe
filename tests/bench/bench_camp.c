/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench_camp.h"

#include <sodium.h>
#include <stdio.h>

#include "proto/body.h"
#include "proto/hash.h"
#include "proto/payload.h"
#include "tests/bench/bench.h"

/* 32 bytes that follow from a name and a number. */
static void seed_of(const char *name, uint64_t number, uint8_t *out)
{
    (void)crypto_generichash(out, 32, (const uint8_t *)&number, sizeof(number),
                             (const uint8_t *)name, 16);
}

void bench_camp_keys(uint32_t number, struct bench_keys *out)
{
    uint8_t seed[32];

    seed_of("bench.signing.1.", number, seed);
    (void)crypto_sign_seed_keypair(out->pub.sign.b, out->sign.b, seed);
    seed_of("bench.transport1", number, seed);
    (void)crypto_box_seed_keypair(out->pub.transport.b, out->transport.b, seed);
    seed_of("bench.sealing.1.", number, seed);
    (void)crypto_box_seed_keypair(out->pub.seal.b, out->seal.b, seed);
}

void bench_camp_make(const struct daf_device_keys *coordinator,
                     struct bench_camp *out)
{
    struct daf_manifest *m = &out->manifest;
    const char *const *names;
    struct daf_sign_sk root;
    uint8_t seed[32];

    memset(out, 0, sizeof(*out));
    m->is_first = true;
    m->number = 1;
    (void)snprintf(m->name, sizeof(m->name), "Bench camp");
    m->k = 1;
    m->roots_count = 1;
    seed_of("bench.root.key.1", 0, seed);
    (void)crypto_sign_seed_keypair(m->roots[0].b, root.b, seed);
    m->coordinators_count = 1;
    m->coordinators[0].keys = *coordinator;
    m->coordinators[0].acts = 50;
    names = daf_payload_names(&m->register_count);
    for (size_t i = 0; i < m->register_count; i++)
        (void)snprintf(m->types[i], sizeof(m->types[i]), "%s", names[i]);
    seed_of("bench.discovery1", 0, m->discovery.b);
    seed_of("bench.generation", 0, out->generation.b);
    out->len = daf_manifest_sign(m, &root, 1, out->bytes);
    if (out->len == 0) bench_die("the manifest does not fit");
    bench_ok(daf_manifest_decode((struct daf_view){out->bytes, out->len}, m),
             "read the manifest");
}

size_t bench_camp_certify(const struct bench_camp *camp,
                          const struct daf_sign_sk *coordinator,
                          const struct daf_device_keys *device, uint8_t *out)
{
    struct daf_cert cert = {.camp = camp->manifest.camp,
                            .keys = *device,
                            .rights_count = 4,
                            .rights = {{"camp", DAF_RIGHT_APPEND},
                                       {"catalog", DAF_RIGHT_READ},
                                       {"class:1", DAF_RIGHT_APPEND},
                                       {"control", DAF_RIGHT_READ}},
                            .expires_beacon = UINT64_MAX};

    memcpy(cert.serial, device->sign.b, sizeof(cert.serial));
    return daf_cert_sign(&cert, coordinator, out);
}

void bench_camp_wrap(const struct bench_camp *camp, const char *scope,
                     const struct daf_device_keys *device, struct daf_pack *k)
{
    struct daf_key_wrap w = {.generation = 1, .wraps_count = 1};
    struct daf_wrap wrap = {.author = daf_hash_author_id(&device->sign)};

    (void)snprintf(w.scope, sizeof(w.scope), "%s", scope);
    daf_body_commitment(&camp->generation, w.commit);
    (void)crypto_box_seal(wrap.sealed, camp->generation.b, 32, device->seal.b);
    daf_payload_pack_key_wrap(k, &w, &wrap);
}

static enum daf_err make_body(const struct bench_log *log,
                              struct daf_view payload, struct bench_draft *out)
{
    uint8_t prefix[DAF_HEADER_BYTES_MAX];
    struct daf_body_seal seal = {.payload = payload};

    if (log->generation == NULL)
        return daf_body_plain(payload, out->body, sizeof(out->body),
                              &out->body_len);
    seal.key = daf_body_scope_key(log->generation);
    seal.aad =
        (struct daf_view){prefix, daf_record_prefix(&out->record, prefix)};
    randombytes_buf(seal.nonce, sizeof(seal.nonce));
    randombytes_buf(seal.handle.b, sizeof(seal.handle.b));
    return daf_body_seal(&seal, out->body, sizeof(out->body), &out->body_len);
}

void bench_camp_write(struct bench_log *log, struct daf_view payload,
                      uint8_t retention, struct bench_draft *out)
{
    struct daf_record *r = &out->record;

    *r = (struct daf_record){
        .log = log->key,
        .seq = log->last.seq + 1,
        .prev = log->last.id,
        .claimed_ms = 1760000000000 + 60000 * log->last.seq,
        .boot = 1,
        .time_quality = DAF_TIME_CLOCK,
        .retention = retention,
    };
    bench_ok(make_body(log, payload, out), "make a body");
    r->body_len = (uint32_t)out->body_len;
    r->body_hash = daf_body_hash((struct daf_view){out->body, out->body_len});
    out->header_len = daf_record_sign(r, log->sign, out->header);
    log->last = (struct daf_spot){r->seq, r->id};
}

struct daf_view bench_camp_fill(const struct bench_log *log, size_t body,
                                uint8_t *room)
{
    /* [1, handle, nonce, key id, ciphertext] is 69 bytes around a text that
     * grows by 32 with padding, and the cipher's 16. */
    size_t len = body < 128 ? 32 : (body - 85 + 16) / 32 * 32 - 1;
    uint8_t seed[32];

    seed_of("bench.payload.1.", log->last.seq, seed);
    randombytes_buf_deterministic(room, len, seed);
    return (struct daf_view){room, len};
}
