/* SPDX-License-Identifier: Apache-2.0 */
/* HELLO: versions and nonces; then each side proves itself with ROOT, the
 * acceptor first. */
#include <sodium.h>

#include "proto/session_impl.h"

void daf_on_hello(struct daf_session *s, struct daf_mono now,
                  const struct daf_frame *f)
{
    const struct daf_hello *hello = &f->hello;

    (void)now;
    if (hello->version_min > DAF_PROTOCOL_VERSION ||
        hello->version_max < DAF_PROTOCOL_VERSION) {
        daf_session_count(s, DAF_EVERSION);
        daf_session_close(s, DAF_BYE_VERSION, DAF_EVERSION);
        return;
    }
    /* protocol.md R21: a device that met itself */
    if (sodium_memcmp(hello->nonce.b, s->nonce.b, 32) == 0 ||
        sodium_memcmp(hello->boot, s->env->boot, 16) == 0) {
        daf_session_close(s, DAF_BYE_SELF, DAF_EEXISTS);
        return;
    }
    s->peer_nonce = hello->nonce;
    memcpy(s->peer_boot, hello->boot, sizeof(s->peer_boot));
    s->salt = daf_frontier_salt(&s->nonce, &s->peer_nonce);
    if (s->state == DAF_SESSION_NEW) {
        daf_session_send_hello(s);
        daf_session_set_state(s, DAF_SESSION_GREETING);
        daf_session_send_root(s, NULL);
    }
    daf_session_set_state(s, DAF_SESSION_PROVING);
}
