/* SPDX-License-Identifier: Apache-2.0 */
/* proto/request.h - a device's wish to be certified (docs/protocol.md §6): its
 * three public keys, signed by the first of them.  Carried as a file, or told at
 * the porch. */
#ifndef DAF_PROTO_REQUEST_H
#define DAF_PROTO_REQUEST_H

#include "proto/cert.h"

/** daf_request_pack: make and sign a request; 0 if @cap is too small. */
size_t daf_request_pack(const struct daf_device_keys *keys,
                        const struct daf_sign_sk *sign, uint8_t *out,
                        size_t cap);

/** daf_request_decode: read a request and verify its signature.
 * @out_offset: where it goes wrong, may be NULL.  DAF_EFORM, DAF_EVERSION,
 * DAF_ESIG (then @out is filled all the same). */
DAF_NODISCARD enum daf_err daf_request_decode(struct daf_view bytes,
                                              struct daf_device_keys *out,
                                              size_t *out_offset);

#endif
