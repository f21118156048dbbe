/* SPDX-License-Identifier: Apache-2.0 */
/* proto/joiner.h - the joiner's side of an enrolment over the network
 * (docs/protocol.md §5.4, R51 to R54), on one connection.
 *
 *      daf_joiner_begin(&j, …, &frame)        send the frame (ASK)
 *      daf_joiner_frame(&j, bytes, &frame)    for each that comes
 *         SEND       send the frame
 *         COMPARE    show daf_porch_digits(&j.talk); wait
 *         ACCEPTED   j.accept: verified; keep manifest and certificate
 *         DECLINED   j.decline says why
 *         REFUSED    j.err says what is wrong; hang up
 *
 * After a loss begin anew, on a new connection: the digits are others. */
#ifndef DAF_PROTO_JOINER_H
#define DAF_PROTO_JOINER_H

#include "proto/cert.h"
#include "proto/frame.h"
#include "proto/manifest.h"
#include "proto/porch.h"
#include "proto/rng.h"
#include "proto/ticket.h"

enum daf_joiner_step {
    DAF_JOINER_ASKED,    /* OFFER is awaited */
    DAF_JOINER_REVEALED, /* ANSWER is */
    DAF_JOINER_COMPARED, /* a person */
    DAF_JOINER_OVER,
};

enum daf_joiner_event {
    DAF_JOINER_SEND,
    DAF_JOINER_COMPARE,
    DAF_JOINER_ACCEPTED,
    DAF_JOINER_DECLINED,
    DAF_JOINER_REFUSED,
};

struct daf_joiner {
    enum daf_joiner_step step;
    struct daf_porch_talk talk;
    uint8_t mark[16];
    struct daf_device_keys keys;
    struct daf_view request;  /* borrowed */
    struct daf_accept accept; /* borrowed from the last frame */
    struct daf_manifest manifest;
    struct daf_cert cert;
    uint64_t decline; /* enum daf_decline, or a later version's */
    /* DAF_EPEER: out of turn, or what was committed to was not said; DAF_EKEY: not
     * the porch that the ticket was made for; else of what came. */
    enum daf_err err;
    const char *why; /* of ACCEPT, in words; else NULL */
};

/** daf_joiner_begin: ask at @porch, which the link reaches by that key.
 * @request: packed and signed; borrowed until the end.
 * @k: room for DAF_DOOR_BYTES_MAX; gets ASK. */
void daf_joiner_begin(struct daf_joiner *j, const struct daf_ticket *ticket,
                      const struct daf_box_pk *porch,
                      const struct daf_device_keys *keys,
                      struct daf_view request, struct daf_rng *rng,
                      struct daf_pack *k);

/** daf_joiner_frame: a frame came.  @k: as above; gets what is to be sent. */
DAF_NODISCARD enum daf_joiner_event daf_joiner_frame(struct daf_joiner *j,
                                                     struct daf_view bytes,
                                                     struct daf_pack *k);

/** daf_joiner_check: whether manifest and certificate make the device with
 * @keys one of a camp (R15, R16): DAF_OK, and both decoded; else @out_why says in
 * words what is wrong. */
DAF_NODISCARD enum daf_err daf_joiner_check(struct daf_view manifest,
                                            struct daf_view cert,
                                            const struct daf_device_keys *keys,
                                            struct daf_manifest *out_manifest,
                                            struct daf_cert *out_cert,
                                            const char **out_why);

#endif
