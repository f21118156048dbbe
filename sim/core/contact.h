/* SPDX-License-Identifier: Apache-2.0 */
/* sim/core/contact.h - what a world tells: two nodes that hear each other, the air
 * between them, and a node's power.
 *
 * A cell is air that one sender uses at a time: an access point's channel, or a
 * contact's own.  A byte occupies its cell for slots / bytes_per_s seconds, and is
 * sent again when it is lost; a slow contact slows all others of its cell, as
 * stations of one 802.11 channel do (Heusse et al., "Performance anomaly of
 * 802.11b", 2003). */
#ifndef DAF_SIM_CORE_CONTACT_H
#define DAF_SIM_CORE_CONTACT_H

#include <stdint.h>

#define DAF_CELL_OWN         0 /* air that no other contact uses */
#define DAF_CELLS_MAX        (1u << 20)
#define DAF_CONTACT_LOSS_MAX 900000 /* more is no link */

/* Who does not hear the other. */
enum daf_deaf {
    DAF_DEAF_NONE,
    DAF_DEAF_A,
    DAF_DEAF_B,
};

struct daf_contact {
    uint32_t a, b;  /* a < b */
    uint32_t cell;  /* DAF_CELL_OWN, or a number below DAF_CELLS_MAX */
    uint32_t slots; /* how often each byte is sent: 2 between two clients of
                             one access point; 0 is as 1 */
    uint64_t bytes_per_s; /* 0: what the run says */
    uint32_t loss; /* of a million frames; at most DAF_CONTACT_LOSS_MAX */
    enum daf_deaf deaf;
};

/* By what a node is attached where it is. */
enum daf_attached {
    DAF_ATTACHED_NOT,
    DAF_ATTACHED_RADIO, /* by its cell of air, to an access point */
    DAF_ATTACHED_CABLE, /* to that access point */
};

enum daf_power {
    DAF_POWER_OFF, /* switched off: what it does comes to its end first */
    DAF_POWER_CUT, /* from one moment to the next */
    DAF_POWER_ON,
};

#endif
