/* SPDX-License-Identifier: Apache-2.0 */
/* An ACK goes out before the disk has said anything. */
#include "node/core/agent_impl.h"
#include "tests/mutants/mutant.h"

void __real_daf_agent_job_end(struct daf_agent *a, struct daf_view ack);
void __wrap_daf_agent_job_end(struct daf_agent *a, struct daf_view ack)
{
    struct daf_conn *c = daf_agent_conn(a, a->open_job->conn);

    if (ack.len > 0 && c != NULL) daf_agent_conn_send(a, c, ack);
    __real_daf_agent_job_end(a, (struct daf_view){0});
}
