/* SPDX-License-Identifier: Apache-2.0 */
#include "node/mountwatch.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct daf_mountwatch {
    struct daf_loop *loop;
    void (*changed)(void *ctx);
    void *ctx;
    struct daf_loop_source source; /* fd -1: nobody tells */
};

/* The kernel reports POLLERR and POLLPRI once for each change (proc(5)); to look
 * takes it back, so there is nothing to read. */
static void on_change(void *ctx, unsigned what)
{
    struct daf_mountwatch *m = ctx;

    (void)what;
    m->changed(m->ctx);
}

enum daf_err daf_mountwatch_new(struct daf_loop *loop,
                                void (*changed)(void *ctx), void *ctx,
                                struct daf_mountwatch **out)
{
    struct daf_mountwatch *m = calloc(1, sizeof(*m));
    enum daf_err err = DAF_OK;

    *out = NULL;
    if (m == NULL) return DAF_ENOMEM;
    m->loop = loop;
    m->changed = changed;
    m->ctx = ctx;
    m->source.fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
    m->source.fn = on_change;
    m->source.ctx = m;
    if (m->source.fd >= 0) err = daf_loop_add(loop, &m->source, false, false);
    if (err != DAF_OK) {
        daf_mountwatch_free(m);
        return err;
    }
    *out = m;
    return DAF_OK;
}

void daf_mountwatch_free(struct daf_mountwatch *m)
{
    if (m == NULL) return;
    daf_loop_remove(m->loop, &m->source);
    if (m->source.fd >= 0) (void)close(m->source.fd);
    free(m);
}
