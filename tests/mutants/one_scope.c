/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever scope a frame is about, the last of the session's is meant. */
#include "proto/session_impl.h"
#include "tests/mutants/mutant.h"

struct daf_session_scope *__wrap_daf_session_scope(
    struct daf_session *s, const struct daf_scope_id *id)
{
    (void)id;
    return s->scopes_count == 0 ? NULL : &s->scopes[s->scopes_count - 1];
}
