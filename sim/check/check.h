/* SPDX-License-Identifier: Apache-2.0 */
/* sim/check/check.h - what must hold in a camp whatever goes wrong.
 *
 * The checker is told what devices do (the events of sim/device/fleet.h) and keeps a
 * ledger of its own: who wrote what, what was acknowledged, how many records are on
 * which card.  What it verifies it verifies by itself, with libsodium and not with
 * proto/: a bug there must not hide itself.
 *
 *   kept      each record on an honest card is what it says it is, or was put down as
 *             unchecked by the same batch; its author had the right; nobody but its
 *             author made it; its body is its header's
 *   said      what was acknowledged, to a person or by ACK, is there, after any
 *             crash; nothing is sent that is not durable; nothing at all to who is
 *             known to be revoked; no body twice in a session (but of logs with
 *             gaps or forks, R24)
 *   dropped   only records that do not verify
 *   whole     a card has as many records as came and were not dropped; frontiers are
 *             those of the records; equal records have equal digests
 *   meant     of revoked devices that counts which was named; a key that one of them
 *             has is not written with while there is another
 *   bounded   connections, batches, sessions; after the last contact none
 *   air       frames said = heard + lost + under way
 *
 * The first thing that does not hold is kept in words (daf_check_broken()). */
#ifndef DAF_SIM_CHECK_CHECK_H
#define DAF_SIM_CHECK_CHECK_H

#include "sim/check/sometimes.h"
#include "sim/device/fleet.h"

struct daf_check; /* opaque */

/** daf_check_new: a ledger for @devices devices; DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_check_new(struct daf_engine *e, uint32_t devices,
                                         struct daf_check **out);
void daf_check_free(struct daf_check *c);
/** daf_check_begin: the fleet as it is made, before time begins. */
void daf_check_begin(struct daf_check *c, struct daf_fleet *f);
/** daf_check_hostile: what this device does is not its agent's fault.  Before
 * daf_check_begin(). */
void daf_check_hostile(struct daf_check *c, uint32_t device);

/** daf_check_broken: NULL, or what did not hold: "120.5 s, device 3: ...". */
const char *daf_check_broken(const struct daf_check *c);
/** daf_check_fail: @device, or DAF_CHECK_NOBODY, breaks a rule of the caller's. */
#define DAF_CHECK_NOBODY UINT32_MAX
void daf_check_fail(struct daf_check *c, uint32_t device, const char *format,
                    ...) __attribute__((format(printf, 3, 4)));
/** daf_check_met: it happened. */
void daf_check_met(struct daf_check *c, enum daf_sometimes what);
/** daf_check_sometimes: bits of what was met. */
uint64_t daf_check_sometimes(const struct daf_check *c);

/** daf_check_bodies: that honest devices sent, and how many of them a second time
 * in one session. */
void daf_check_bodies(const struct daf_check *c, uint64_t *sent,
                      uint64_t *again);

/** daf_check_torn: batches in which power went: that were there, and were not. */
void daf_check_torn(const struct daf_check *c, uint64_t *kept, uint64_t *lost);

/* ---- what the fleet tells: its events of these names */
void daf_check_wrote(struct daf_check *c, uint32_t device, enum daf_err err,
                     uint64_t seq);
void daf_check_said(struct daf_check *c, uint32_t device, uint32_t conn,
                    uint32_t peer, struct daf_view frame);
void daf_check_kept(struct daf_check *c, uint32_t device,
                    const struct daf_record *r, struct daf_view header,
                    enum daf_body_state state, struct daf_view body,
                    enum daf_put what, bool is_unchecked);
void daf_check_drops(struct daf_check *c, uint32_t device,
                     const struct daf_log_key *log,
                     const struct daf_spot *spot);
void daf_check_dropped(struct daf_check *c, uint32_t device,
                       const struct daf_spot *spot);

void daf_check_perhaps(struct daf_check *c, uint32_t device,
                       const struct daf_log_key *log,
                       const struct daf_spot *spot, bool is_drop);

/* ---- what the tester does */
/** daf_check_swapped, _cloned: daf_fleet_swap() or _clone() was called. */
void daf_check_swapped(struct daf_check *c, uint32_t a, uint32_t b);
void daf_check_cloned(struct daf_check *c, uint32_t from, uint32_t to);

/* Why a card may hold something else than came to it.  Until it is cured nobody
 * asks what is on it, and what its device says of it counts for nothing. */
enum daf_check_sick {
    DAF_CHECK_ROT = 1,         /* bytes of its notebook changed */
    DAF_CHECK_ROT_JOURNAL = 2, /* of the notebook's journal */
    DAF_CHECK_LIE = 4,         /* its disk had not kept what it said it had */
};
/** daf_check_sick: also twice.  _why: bits, 0 if it is not. */
void daf_check_sick(struct daf_check *c, uint32_t device,
                    enum daf_check_sick why);
unsigned daf_check_why(const struct daf_check *c, uint32_t device);
/** daf_check_was_sick: anybody's ever. */
bool daf_check_was_sick(const struct daf_check *c);
/** daf_check_cured: somebody looked through the card, and made a new notebook if it
 * was damaged.  All that is on it must be right, and is what is on it from now on.
 * Returns how many records are not there any more. */
uint64_t daf_check_cured(struct daf_check *c, uint32_t device,
                         bool was_damaged);

/* ---- looking */
/** daf_check_card: everything on this card. */
void daf_check_card(struct daf_check *c, uint32_t device);
/** daf_check_bounds: of all, now. */
void daf_check_bounds(struct daf_check *c);
/** daf_check_alone: no device has contacts any more, and all have heard so. */
void daf_check_alone(struct daf_check *c);
/** daf_check_means: whether what it holds means to this device what it should: which
 * records of revoked devices count, which key it writes with.  It is at rest. */
void daf_check_means(struct daf_check *c, uint32_t device);
/** daf_check_agrees: whether these hold the same of everything, in full; @why gets
 * what differs.  A hostile author's logs need not, once they are at the limits
 * of anybody. */
#define DAF_CHECK_WHY_BYTES 200
bool daf_check_agrees(struct daf_check *c, const uint32_t *devices,
                      uint32_t count, char why[DAF_CHECK_WHY_BYTES]);

#endif
