/* SPDX-License-Identifier: Apache-2.0 */
/* The links of a path are not looked at: its last signature vouches for all. */
#include "tests/mutants/mutant.h"

bool __wrap_daf_record_follows(const struct daf_record *a,
                               const struct daf_record *b)
{
    (void)a;
    (void)b;
    return true;
}
