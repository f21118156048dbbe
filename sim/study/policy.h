/* SPDX-License-Identifier: Apache-2.0 */
/* sim/study/policy.h - what `daftar-sim run --policy` compares: how content comes to
 * many who want it. */
#ifndef DAF_SIM_STUDY_POLICY_H
#define DAF_SIM_STUDY_POLICY_H

#include "sim/protocols/protocol.h"

/** daf_policy_find: "fair-share", "two", "daftar", "multicast"; NULL: no such. */
const struct daf_protocol *daf_policy_find(const char *name);
/** daf_policy_at: the policy at @index, from 0; NULL at the end. */
const struct daf_protocol *daf_policy_at(size_t index);

#endif
