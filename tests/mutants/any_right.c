/* SPDX-License-Identifier: Apache-2.0 */
/* Whoever is certified may write anywhere. */
#include "tests/mutants/mutant.h"

enum daf_err __wrap_daf_authority_entitled(const struct daf_authority *a,
                                           const struct daf_log_key *log,
                                           struct daf_device *out)
{
    return a->by_author(a->ctx, &log->author, out) ? DAF_OK : DAF_EAUTHOR;
}
