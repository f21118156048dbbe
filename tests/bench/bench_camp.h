/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/bench_camp.h - a made-up camp: its manifest, devices whose keys
 * follow from their number, their certificates, and records in their names. */
#ifndef DAF_TESTS_BENCH_CAMP_H
#define DAF_TESTS_BENCH_CAMP_H

#include "proto/manifest.h"
#include "proto/pack.h"
#include "proto/record.h"

/* A device's three key pairs. */
struct bench_keys {
    struct daf_device_keys pub;
    struct daf_sign_sk sign;
    struct daf_box_sk transport, seal;
};
/** bench_camp_keys: of device @number; the same ones each time. */
void bench_camp_keys(uint32_t number, struct bench_keys *out);

struct bench_camp {
    struct daf_manifest manifest;
    uint8_t bytes[DAF_MANIFEST_BYTES_MAX];
    size_t len;
    struct daf_key generation; /* of each sealed scope */
};
/** bench_camp_make: a camp with one coordinator. */
void bench_camp_make(const struct daf_device_keys *coordinator,
                     struct bench_camp *out);
/** bench_camp_certify: a certificate as `daftar enrol sign` gives it; returns its
 * length.  @out: DAF_CERT_BYTES_MAX. */
size_t bench_camp_certify(const struct bench_camp *camp,
                          const struct daf_sign_sk *coordinator,
                          const struct daf_device_keys *device, uint8_t *out);
/** bench_camp_wrap: pack a key-wrap of @scope's key for one device. */
void bench_camp_wrap(const struct bench_camp *camp, const char *scope,
                     const struct daf_device_keys *device, struct daf_pack *k);

/* One log as its author writes it. */
struct bench_log {
    struct daf_log_key key;
    struct daf_spot last; /* seq 0: empty */
    const struct daf_sign_sk *sign;
    const struct daf_key *generation; /* NULL: bodies are plain */
};
struct bench_draft {
    struct daf_record record;
    uint8_t header[DAF_HEADER_BYTES_MAX];
    uint8_t body[8192];
    size_t header_len, body_len;
};
/** bench_camp_write: the log's next record; @payload as it is to be sealed. */
void bench_camp_write(struct bench_log *log, struct daf_view payload,
                      uint8_t retention, struct bench_draft *out);
/** bench_camp_fill: a payload whose sealed body has about @body bytes (at most
 * 4,096); different for each record of a log. */
struct daf_view bench_camp_fill(const struct bench_log *log, size_t body,
                                uint8_t *room);

#endif
