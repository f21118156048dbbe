/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/study/policy.h"

#include <string.h>

#include "sim/protocols/policies.h"
#include "sim/study/multicast.h"

static const struct daf_protocol *const all[] = {
    &daf_daftar_fair_share,
    &daf_daftar_two,
    &daf_daftar,
    &daf_multicast,
};

const struct daf_protocol *daf_policy_at(size_t index)
{
    return index < sizeof all / sizeof all[0] ? all[index] : NULL;
}

const struct daf_protocol *daf_policy_find(const char *name)
{
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->name, name) == 0) return all[i];
    return NULL;
}
