/* SPDX-License-Identifier: Apache-2.0 */
/* sim/protocols/protocols.h - the shipped protocols; a new one is declared here and
 * listed in protocol.c. */
#ifndef DAF_SIM_PROTOCOLS_PROTOCOLS_H
#define DAF_SIM_PROTOCOLS_PROTOCOLS_H

#include "sim/protocols/protocol.h"

extern const struct daf_protocol daf_daftar;
extern const struct daf_protocol daf_direct;
extern const struct daf_protocol daf_epidemic_one;
extern const struct daf_protocol daf_prophet;
extern const struct daf_protocol daf_spray_and_wait;

#endif
