/* SPDX-License-Identifier: Apache-2.0 */
/* Announcements are anybody's: lost (a contact's loss), repeated, late, damaged,
 * at another address, of strangers, and ends that are none. */
#include <stdio.h>
#include <string.h>

#include "sim/faults/swarm_impl.h"

static struct daf_addr addr_of(uint32_t device, uint16_t port)
{
    struct daf_addr addr;

    (void)snprintf(addr.text, sizeof addr.text, "10.0.0.%u:%u",
                   (unsigned)(device + 1), (unsigned)port);
    return addr;
}

void daf_swarm_hint(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_HINT];
    uint32_t to = daf_swarm_anyone(s, c);
    uint32_t of = (uint32_t)daf_chance_below(c, s->devices);
    struct daf_input in = {.kind = DAF_INPUT_FOUND};

    if (to == DAF_CHECK_NOBODY || to == of) return;
    const struct daf_announce *said = daf_fleet_announced(s->fleet, of);
    if (said == NULL) return;
    in.service = *said;
    in.addr = addr_of(of, said->port);
    switch (daf_chance_below(c, 6)) {
    case 0: /* again, or of who is not there */
        break;
    case 1: /* damaged */
        in.service.data[daf_chance_below(c, sizeof in.service.data)] ^= 1;
        daf_chance_bytes(c, in.service.name, sizeof in.service.name);
        break;
    case 2: /* a true one, at another's address */
        in.addr = addr_of((uint32_t)daf_chance_below(c, 250), said->port);
        break;
    case 3: /* a stranger's */
        daf_chance_bytes(c, in.service.name, sizeof in.service.name);
        daf_chance_bytes(c, in.service.data, sizeof in.service.data);
        in.addr = addr_of(200 + (uint32_t)daf_chance_below(c, 50), said->port);
        break;
    default:
        in.kind = DAF_INPUT_GONE;
        daf_check_met(s->check, DAF_SOMETIMES_HINT_MISSED);
        break;
    }
    daf_fleet_tell(s->fleet, to, &in);
}
