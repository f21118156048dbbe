/* SPDX-License-Identifier: Apache-2.0 */
/* ROOT: the peer proves its device key, and it shows which scopes differ. */
#include "proto/hash.h"
#include "proto/session_impl.h"

/* protocol.md R20: device key, both nonces, both boot nonces, both transport
 * keys.  The device is the one certified for the key that the link proved. */
static bool is_proven(struct daf_session *s, const struct daf_root *root)
{
    const struct daf_authority *a = s->env->authority;
    uint8_t proof[DAF_SESSION_PROOF_BYTES];

    if (!a->by_transport(a->ctx, &s->peer_key, &s->peer) ||
        memcmp(s->peer.author.b, root->author.b, 16) != 0)
        return false;
    daf_session_proof(s, false, &root->author, proof);
    return daf_hash_verify("daf.root.1",
                           (struct daf_view){proof, sizeof(proof)},
                           &s->peer.keys.sign, &root->sig);
}

/* Heads that changed since our ROOT was made. */
static void tell_changes(struct daf_session *s)
{
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (s->scopes[i].is_common && s->scopes[i].tell)
            daf_session_tell_all(s, &s->scopes[i].id);
        s->scopes[i].tell = false;
    }
}

void daf_on_root(struct daf_session *s, struct daf_mono now,
                 const struct daf_frame *f)
{
    enum daf_bye why = DAF_BYE_DUPLICATE;

    if (!is_proven(s, &f->root)) {
        memset(&s->peer, 0, sizeof(s->peer));
        daf_session_count(s, DAF_ESIG);
        daf_session_close(s, DAF_BYE_UNPROVEN, DAF_ESIG);
        return;
    }
    if (!s->env->port->proven(s->env->port->ctx, s, &why)) {
        daf_session_close(s, why, DAF_EEXISTS);
        return;
    }
    s->peer_bodies = f->root.bodies;
    daf_session_set_state(s, DAF_SESSION_OPEN);
    s->deadline = DAF_MONO_NEVER;
    if (s->is_connector)
        daf_session_send_root(s, &f->root);
    else
        daf_session_compare_roots(s, &f->root);
    s->may_need = s->role == DAF_SESSION_TAKER ||
                  s->env->port->may_need(s->env->port->ctx, s, s->peer_bodies);
    tell_changes(s);
    /* First what is first in order: the peer pulls in the order it hears. */
    daf_session_pull_next(s, now);
    if (s->state == DAF_SESSION_OPEN) daf_session_tell_unacked(s);
}
