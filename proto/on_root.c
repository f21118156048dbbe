/* SPDX-License-Identifier: Apache-2.0 */
/* ROOT: the peer proves its device key, and both sides see which scopes differ. */
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

/* A scope is common if we listed it and the peer did; dirty if it differs from
 * what we hold now. */
static void compare(struct daf_session *s, const struct daf_root *root)
{
    struct daf_cursor c = root->parts.items;

    for (size_t i = 0; i < root->parts.count; i++) {
        struct daf_root_part theirs, ours;

        daf_frame_next_part(&c, &theirs);
        for (size_t j = 0; j < s->scopes_count; j++) {
            struct daf_session_scope *sc = &s->scopes[j];

            if (memcmp(sc->id.b, theirs.scope.b, 16) != 0) continue;
            sc->is_common = true;
            sc->is_dirty =
                daf_session_sum(s, &sc->id, &ours) != DAF_OK ||
                ours.heads_count != theirs.heads_count ||
                memcmp(ours.sum.b, theirs.sum.b, sizeof(ours.sum.b)) != 0;
        }
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
    daf_session_set_state(s, DAF_SESSION_OPEN);
    s->deadline = DAF_MONO_NEVER;
    compare(s, &f->root);
    for (size_t i = 0; i < s->scopes_count; i++) {
        if (s->scopes[i].is_common && s->scopes[i].tell)
            daf_session_tell(s, &s->scopes[i].id);
        s->scopes[i].tell = false;
    }
    daf_session_pull_next(s, now);
}
