/* SPDX-License-Identifier: Apache-2.0 */
/* proto/cert.h - a device's certificate (docs/protocol.md §4). */
#ifndef DAF_PROTO_CERT_H
#define DAF_PROTO_CERT_H

#include "proto/err.h"
#include "proto/limits.h"
#include "proto/types.h"

enum daf_right {
    DAF_RIGHT_NONE = 0, /* not on the wire: the scope is not named */
    DAF_RIGHT_RELAY = 1,
    DAF_RIGHT_READ = 2,
    DAF_RIGHT_APPEND = 3,
    DAF_RIGHT_CURATE = 4,
    DAF_RIGHT_ADMIN = 5,
};

/* The three public keys of a device; separate for separate purposes. */
struct daf_device_keys {
    struct daf_sign_pk sign;
    struct daf_box_pk transport; /* its CURVE key */
    struct daf_box_pk seal;      /* scope generations are sealed to it */
};

struct daf_cert_right {
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1];
    enum daf_right right;
};

struct daf_cert {
    struct daf_camp_id camp;
    uint8_t serial[16];
    struct daf_device_keys keys;
    struct daf_author_id author; /* of keys.sign; derived, not on the wire */
    size_t rights_count;
    struct daf_cert_right rights[DAF_RIGHTS_MAX]; /* ascending by name */
    bool archive;
    uint64_t issued_beacon;
    uint64_t expires_beacon; /* UINT64_MAX: never; nil on the wire */
    struct daf_author_id issuer;
    struct daf_sig sig;
    struct daf_hash id; /* of the whole certificate */
    size_t signed_len;  /* bytes before the signature */
};

/** daf_cert_decode: read a certificate; verifies nothing. Scope names are
 * [a-z0-9:-], 1 to DAF_SCOPE_NAME_BYTES_MAX, strictly ascending. */
DAF_NODISCARD enum daf_err daf_cert_decode(struct daf_view bytes,
                                           struct daf_cert *out);

/** daf_cert_verify: whether @issuer signed @bytes, decoded as @cert, and is the
 * issuer that it names.  DAF_OK, DAF_EAUTHOR or DAF_ESIG.  Whether the issuer
 * may certify is the manifest's to say. */
DAF_NODISCARD enum daf_err daf_cert_verify(struct daf_view bytes,
                                           const struct daf_cert *cert,
                                           const struct daf_sign_pk *issuer);

/** daf_cert_pack: the bytes before the signature, of @cert (author, sig, id and
 * signed_len ignored).  Returns the length; 0 if it does not fit @cap, or the
 * rights are not ascending valid names. */
size_t daf_cert_pack(const struct daf_cert *cert, uint8_t *out, size_t cap);

/** daf_cert_sign: make a certificate.  @cert: all but author, issuer, sig, id
 * and signed_len, set here.  @out: DAF_CERT_BYTES_MAX bytes.  Returns the
 * length; 0 if the rights do not fit or are not ascending valid names. */
size_t daf_cert_sign(struct daf_cert *cert, const struct daf_sign_sk *issuer,
                     uint8_t *out);

/** daf_cert_right: what it allows in the scope called @scope. */
enum daf_right daf_cert_right(const struct daf_cert *cert, const char *scope);

/** daf_cert_right_str: "append"; never NULL. */
const char *daf_cert_right_str(enum daf_right right);

/** daf_cert_scope_name_ok: whether @name may name a scope. */
bool daf_cert_scope_name_ok(struct daf_view name);

#endif
