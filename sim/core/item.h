/* SPDX-License-Identifier: Apache-2.0 */
/* sim/core/item.h - content: an item that some nodes have and others want. */
#ifndef DAF_SIM_CORE_ITEM_H
#define DAF_SIM_CORE_ITEM_H

#include "sim/core/engine.h"

#define DAF_SIM_ITEM_NAME_BYTES 32
#define DAF_SIM_ITEMS_MAX       16
#define DAF_SIM_ITEM_BYTES_MAX  (UINT64_C(1) << 39)

struct daf_sim_item {
    char name[DAF_SIM_ITEM_NAME_BYTES];
    uint64_t bytes;            /* 1 to DAF_SIM_ITEM_BYTES_MAX */
    uint32_t from, from_count; /* nodes from this one on have it at the start */
    uint32_t to, to_count;     /* and these want it */
    daf_sim_us at;             /* ... from then on */
};

#endif
