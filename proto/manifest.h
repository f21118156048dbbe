/* SPDX-License-Identifier: Apache-2.0 */
/* proto/manifest.h - the camp's manifest, signed by its root keys (docs/
 * protocol.md §4).  For members only: it holds the discovery secret. */
#ifndef DAF_PROTO_MANIFEST_H
#define DAF_PROTO_MANIFEST_H

#include "proto/cert.h"

struct daf_coordinator {
    struct daf_device_keys keys;
    struct daf_author_id author; /* derived */
    uint32_t acts;               /* destructive acts allowed */
};

struct daf_removed { /* a coordinator taken away, up to these tips */
    struct daf_author_id author;
    size_t tips_count;
    struct daf_record_id tips[DAF_REMOVED_TIPS_MAX];
};

struct daf_manifest {
    bool is_first;           /* number 1, no camp id inside */
    struct daf_camp_id camp; /* of the first: computed from its bytes */
    uint64_t number;
    char name[DAF_CAMP_NAME_BYTES_MAX + 1];
    uint32_t k;
    size_t roots_count;
    struct daf_sign_pk roots[DAF_ROOTS_MAX];
    size_t coordinators_count;
    struct daf_coordinator coordinators[DAF_COORDINATORS_MAX];
    size_t removed_count;
    struct daf_removed removed[DAF_REMOVED_MAX];
    size_t register_count;
    char types[DAF_REGISTER_MAX][DAF_TYPE_BYTES_MAX + 1]; /* ascending */
    struct daf_key discovery;
    bool has_previous_discovery;
    struct daf_key previous_discovery;
    char dpia[DAF_CAMP_NAME_BYTES_MAX + 1]; /* "" is nil on the wire */
    size_t sigs_count;
    uint8_t sig_roots[DAF_ROOTS_MAX]; /* ascending indexes into roots */
    struct daf_sig sigs[DAF_ROOTS_MAX];
    struct daf_hash hash; /* of the whole manifest */
    size_t signed_len;
};

/** daf_manifest_decode: read a manifest; verifies no signature.  Refuses k = 0,
 * k > roots, equal roots, unordered register or signature indexes. */
DAF_NODISCARD enum daf_err daf_manifest_decode(struct daf_view bytes,
                                               struct daf_manifest *out);

/** daf_manifest_verify: whether ≥ k of the roots that it names itself signed it
 * (R15).  Enough for a first manifest whose camp id is known from elsewhere. */
DAF_NODISCARD enum daf_err daf_manifest_verify(struct daf_view bytes,
                                               const struct daf_manifest *m);

/** daf_manifest_succeeds: whether @next, decoded from @bytes, may replace
 * @held: same camp, signed by k of its own and k of @held's roots, and a higher
 * number (or the same and a lower hash).  DAF_OK, DAF_ESIG, DAF_ESCOPE (another
 * camp) or DAF_EEXISTS (not newer). */
DAF_NODISCARD enum daf_err daf_manifest_succeeds(
    const struct daf_manifest *held, struct daf_view bytes,
    const struct daf_manifest *next);

/** daf_manifest_pack: the bytes before the signatures, of @m (sigs, hash,
 * signed_len, derived ids ignored).  Returns the length or 0 if it does not fit
 * @cap. */
size_t daf_manifest_pack(const struct daf_manifest *m, uint8_t *out,
                         size_t cap);

/** daf_manifest_sign: pack @m and sign it with @count root secrets, whose public
 * keys must be among m->roots.  Fills sigs and sets camp, hash and what else is
 * derived.  @out: DAF_MANIFEST_BYTES_MAX bytes.  Returns the length; 0 if it does
 * not fit, a secret is no root's, or decoding would refuse what was made. */
size_t daf_manifest_sign(struct daf_manifest *m,
                         const struct daf_sign_sk *secrets, size_t count,
                         uint8_t *out);

/** daf_manifest_coordinator: the coordinator with this author id, or NULL. */
const struct daf_coordinator *daf_manifest_coordinator(
    const struct daf_manifest *m, const struct daf_author_id *author);

/** daf_manifest_has_type: whether the camp's register names this type. */
bool daf_manifest_has_type(const struct daf_manifest *m, struct daf_view type);

/** daf_manifest_door_keys: the door's CURVE pair from a discovery secret. */
void daf_manifest_door_keys(const struct daf_key *discovery,
                            struct daf_box_pk *out_pk,
                            struct daf_box_sk *out_sk);

#endif
