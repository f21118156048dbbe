/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_addr.c - addresses for libzmq.
 *
 * It gets no text but what is formatted here from parsed numbers: a text from
 * elsewhere could name ipc://, pgm:// or norm://. */
#include "node/link_impl.h"

#include <stdio.h>

struct daf_where daf_link_addr_local(const struct daf_where *where,
                                     uint16_t port)
{
    static const uint8_t any[16];
    struct daf_where local = *where;

    local.port = port;
    if (memcmp(where->ip, any, sizeof(any)) != 0) return local;
    if (where->is_v6) {
        local.ip[15] = 1;
    } else {
        local.ip[0] = 127;
        local.ip[3] = 1;
    }
    return local;
}

void daf_link_addr_format(const struct daf_where *where,
                          char out[DAF_LINK_ENDPOINT_BYTES])
{
    struct daf_addr addr;

    daf_addr_format(where, &addr);
    (void)snprintf(out, DAF_LINK_ENDPOINT_BYTES, "tcp://%s", addr.text);
}
