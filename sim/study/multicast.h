/* SPDX-License-Identifier: Apache-2.0 */
/* sim/study/multicast.h - what a class would gain if its source sent each part once to
 * all: a model within the simulator, and no part of the protocol
 * (docs/decisions/012-no-multicast-yet.md). */
#ifndef DAF_SIM_STUDY_MULTICAST_H
#define DAF_SIM_STUDY_MULTICAST_H

#include "sim/protocols/protocol.h"

/* 802.11a's lowest rate, which access points choose for what has many receivers. */
#define DAF_MULTICAST_BYTES_PER_S 750000

extern const struct daf_protocol daf_multicast;

#endif
