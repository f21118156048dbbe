/* SPDX-License-Identifier: Apache-2.0 */
/* A device that starts again writes as if its log were one record shorter. */
#include "node/core/agent_impl.h"
#include "tests/mutants/mutant.h"

void __real_daf_agent_write(struct daf_agent *a, const struct daf_write *write);
void __wrap_daf_agent_write(struct daf_agent *a, const struct daf_write *write)
{
    static struct daf_author_id whose;
    static struct daf_spot before;
    bool is_again = memcmp(&whose, &a->author, sizeof(whose)) == 0;

    for (size_t i = 0; i < a->own_logs_count; i++) {
        struct daf_own_log *log = &a->own_logs[i];

        if (is_again && a->config.boot_number > 1 &&
            log->head.seq == before.seq + 1)
            log->head = before;
        before = log->head;
        whose = a->author;
    }
    __real_daf_agent_write(a, write);
}
