/* SPDX-License-Identifier: Apache-2.0 */
/* node/clock.h - the two clocks.  In core and commands node/clock.c alone reads
 * them, so a search for daf_clock shows where time comes in; link, a process of its
 * own, reads the monotonic one in link_main.c. */
#ifndef DAF_NODE_CLOCK_H
#define DAF_NODE_CLOCK_H

#include "proto/record.h"

/** daf_clock_now: monotonic milliseconds since the machine started. */
struct daf_mono daf_clock_now(void);

/** daf_clock_wall: what this machine believes the date to be; 1970 at worst. */
struct daf_wall daf_clock_wall(void);

/** daf_clock_quality: how far @wall can be believed (docs/protocol.md R8): a
 * board without a battery starts years before this program was written. */
enum daf_time_quality daf_clock_quality(struct daf_wall wall);

/** daf_clock_after: @ms after @now. */
struct daf_mono daf_clock_after(struct daf_mono now, uint64_t ms);

#endif
