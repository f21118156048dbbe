/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/protocols/protocols.h"

#include <string.h>

static const struct daf_protocol *const all[] = {
    &daf_daftar,  &daf_epidemic_one, &daf_spray_and_wait,
    &daf_prophet, &daf_direct,
};

const struct daf_protocol *daf_protocol_at(size_t index)
{
    return index < sizeof all / sizeof all[0] ? all[index] : NULL;
}

const struct daf_protocol *daf_protocol_find(const char *name)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}
