/* SPDX-License-Identifier: Apache-2.0 */
/* What came counts as new though the disk kept nothing of it. */
#include "tests/mutants/mutant.h"

void __real_daf_session_stored(struct daf_session *s, struct daf_mono now,
                               enum daf_err err, uint64_t changed,
                               struct daf_view ack);
void __wrap_daf_session_stored(struct daf_session *s, struct daf_mono now,
                               enum daf_err err, uint64_t changed,
                               struct daf_view ack)
{
    __real_daf_session_stored(s, now, err, changed == 0 ? 1 : changed, ack);
}
