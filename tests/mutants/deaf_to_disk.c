/* SPDX-License-Identifier: Apache-2.0 */
/* That the disk refused a batch is not heard: it is acknowledged all the same. */
#include "tests/mutants/mutant.h"

void __real_daf_session_stored(struct daf_session *s, struct daf_mono now,
                               enum daf_err err, uint64_t changed,
                               struct daf_view ack);
void __wrap_daf_session_stored(struct daf_session *s, struct daf_mono now,
                               enum daf_err err, uint64_t changed,
                               struct daf_view ack)
{
    (void)err;
    __real_daf_session_stored(s, now, DAF_OK, changed, ack);
}
