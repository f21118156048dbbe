/* SPDX-License-Identifier: Apache-2.0 */
/* What a peer tells of its heads is not listened to. */
#include "tests/mutants/mutant.h"

void __real_daf_on_heads(struct daf_session *s, struct daf_mono now,
                         const struct daf_frame *f);
void __wrap_daf_on_heads(struct daf_session *s, struct daf_mono now,
                         const struct daf_frame *f)
{
    if (f->heads.kind == DAF_HEADS_PAGE) __real_daf_on_heads(s, now, f);
}
