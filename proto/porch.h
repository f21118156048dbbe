/* SPDX-License-Identifier: Apache-2.0 */
/* proto/porch.h - what is computed in an enrolment over the network
 * (docs/protocol.md §5.4), alike on both sides.
 *
 *      joiner                        coordinator
 *         ASK  -------------------->              commits to its nonce
 *              <--------------------  OFFER       commits to its own
 *         REVEAL  ----------------->              nonce, request
 *              <--------------------  ANSWER      nonce
 *                  both show the digits; a person compares
 *              <--------------------  ACCEPT or DECLINE
 *
 * The joiner's side of it is proto/joiner.h, the other node/core/agent_porch.c. */
#ifndef DAF_PROTO_PORCH_H
#define DAF_PROTO_PORCH_H

#include "proto/types.h"

#define DAF_PORCH_DIGITS 1000000 /* six of them */

/* What one enrolment has come to; a side fills it as it learns. */
struct daf_porch_talk {
    struct daf_key ticket; /* daf_porch_key() of the ticket's secret */
    struct daf_box_pk porch, joiner; /* joiner: its transport key */
    struct daf_hash manifest;
    struct daf_hash joiner_commitment, coordinator_commitment;
    struct daf_hash joiner_nonce, coordinator_nonce;
};

/** daf_porch_mark: the ticket mark, by which a joiner knows the porch. */
void daf_porch_mark(const struct daf_hash *manifest,
                    const struct daf_box_pk *porch, uint8_t out[16]);
/** daf_porch_key: the ticket key. */
struct daf_key daf_porch_key(const uint8_t secret[16]);

/** daf_porch_commitment: @speaker is the request (≤ DAF_REQUEST_BYTES_MAX), or
 * the porch key (R51). */
struct daf_hash daf_porch_commitment(const struct daf_hash *nonce,
                                     struct daf_view speaker);
/** daf_porch_ask_mac: of porch, joiner and joiner_commitment. */
struct daf_hash daf_porch_ask_mac(const struct daf_porch_talk *t);
/** daf_porch_offer_mac: of those, manifest and coordinator_commitment. */
struct daf_hash daf_porch_offer_mac(const struct daf_porch_talk *t);
/** daf_porch_same: in the same time whatever they are. */
bool daf_porch_same(const struct daf_hash *a, const struct daf_hash *b);
/** daf_porch_digits: what people compare, below DAF_PORCH_DIGITS (R53). */
uint32_t daf_porch_digits(const struct daf_porch_talk *t);

#endif
