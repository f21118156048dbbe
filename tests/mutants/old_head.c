/* SPDX-License-Identifier: Apache-2.0 */
/* A device that starts again writes as if its log were one record shorter. */
#include "node/core/agent_impl.h"
#include "tests/mutants/mutant.h"

void __real_daf_agent_write(struct daf_agent *a, const struct daf_write *write);
void __wrap_daf_agent_write(struct daf_agent *a, const struct daf_write *write)
{
    static struct daf_spot before;

    for (size_t i = 0; i < a->own_logs_count; i++) {
        struct daf_own_log *log = &a->own_logs[i];

        if (log->head.seq == 4 && a->config.boot_number > 1 && before.seq == 3)
            log->head = before;
        if (log->head.seq == 3) before = log->head;
    }
    __real_daf_agent_write(a, write);
}
