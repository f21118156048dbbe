/* SPDX-License-Identifier: Apache-2.0 */
/* sim/protocols/policies.h - daftar with other wishes for content
 * (node/core/agent.h: enum daf_swarm_policy), to be compared with its own. */
#ifndef DAF_SIM_PROTOCOLS_POLICIES_H
#define DAF_SIM_PROTOCOLS_POLICIES_H

#include "sim/protocols/protocol.h"

extern const struct daf_protocol daf_daftar;
extern const struct daf_protocol daf_daftar_two, daf_daftar_fair_share;

#endif
