/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/protocols/protocol.h"

#include <string.h>

/* list.h is made by CMakeLists.txt: a line for each file of this folder. */
#define PROTOCOL(name) extern const struct daf_protocol daf_##name;
#include "sim/protocols/list.h"
#undef PROTOCOL
#define PROTOCOL(name) &daf_##name,
static const struct daf_protocol *const all[] = {
#include "sim/protocols/list.h"
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
