/* SPDX-License-Identifier: Apache-2.0 */
/* sim/check/proof.h - records verified without proto/: bytes, libsodium, and what
 * docs/protocol.md says of them.  A stub signature is refused as a real one is
 * (sim/device/signer.h). */
#ifndef DAF_SIM_CHECK_PROOF_H
#define DAF_SIM_CHECK_PROOF_H

#include "proto/record.h"

struct daf_proof_header {
    struct daf_log_key log;
    uint64_t seq;
    bool has_prev;
    struct daf_record_id prev, id;
    struct daf_hash body_hash;
    uint64_t body_len;
};

/** daf_proof_read: false: these bytes are no header. */
bool daf_proof_read(struct daf_view header, struct daf_proof_header *out);
/** daf_proof_signed: whether the header, which was read, is signed by @pk. */
bool daf_proof_signed(struct daf_view header, const struct daf_sign_pk *pk);
/** daf_proof_body: whether the body is the header's. */
bool daf_proof_body(const struct daf_proof_header *h, struct daf_view body);

#endif
