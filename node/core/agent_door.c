/* SPDX-License-Identifier: Apache-2.0 */
/* The door (docs/protocol.md §5.2): two devices that were enrolled apart learn
 * that they are of one camp, without a coordinator.  Who cannot prove it gets
 * silence. */
#include "node/core/agent_impl.h"
#include "proto/hash.h"

#define PROOF_BYTES (1 + 32 + 32 + 32 + 32)

/* R30: what PROOF (35) and WELCOME (36) sign. */
static void proof_bytes(const struct daf_agent *a, const struct daf_conn *c,
                        enum daf_frame_kind kind,
                        const struct daf_box_pk *transport, uint8_t *out)
{
    out[0] = (uint8_t)kind;
    memcpy(out + 1, a->env.camp.b, 32);
    memcpy(out + 33, c->knocker_nonce.b, 32);
    memcpy(out + 65, c->door_nonce.b, 32);
    memcpy(out + 97, transport->b, 32);
}

static void send_proof(struct daf_agent *a, const struct daf_conn *c,
                       enum daf_frame_kind kind)
{
    struct daf_proof proof = {.manifest = daf_camp_manifest_bytes(a->camp),
                              .cert = a->cert,
                              .author = a->author,
                              .port = a->port_mesh};
    uint8_t bytes[PROOF_BYTES];
    struct daf_pack k;

    proof_bytes(a, c, kind, &a->config.keys.transport, bytes);
    daf_hash_sign("daf.door.1", (struct daf_view){bytes, sizeof(bytes)},
                  &a->config.secrets.sign, &proof.sig);
    daf_pack_init(&k, a->scratch->frame, DAF_DOOR_BYTES_MAX);
    daf_frame_pack_proof(&k, &proof, kind == DAF_FRAME_WELCOME);
    daf_agent_conn_send(a, c, daf_pack_view(&k));
}

/* Nearly always: and ours was read once. */
static bool is_own_manifest(const struct daf_agent *a, struct daf_view manifest)
{
    struct daf_view own = daf_camp_manifest_bytes(a->camp);

    return own.len == manifest.len && memcmp(own.p, manifest.p, own.len) == 0;
}

/* Whether @proof shows a device of this camp; @out receives it.  The keys are
 * the certificate's or, for a coordinator, the manifest's that we hold. */
static bool verify(struct daf_agent *a, const struct daf_conn *c,
                   const struct daf_proof *proof, enum daf_frame_kind kind,
                   struct daf_device *out)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    struct daf_view bytes = proof->manifest;
    uint8_t signed_bytes[PROOF_BYTES];
    struct daf_manifest *theirs = &a->scratch->manifest;
    bool was_known;

    if (!is_own_manifest(a, bytes) &&
        (daf_manifest_decode(bytes, theirs) != DAF_OK ||
         memcmp(theirs->camp.b, a->env.camp.b, sizeof(a->env.camp.b)) != 0))
        return false;
    was_known = auth->by_author(auth->ctx, &proof->author, out);
    if (proof->cert.len > 0 && daf_camp_meet(a->camp, proof->cert) != DAF_OK)
        return false;
    if (!auth->by_author(auth->ctx, &proof->author, out)) return false;
    if (!was_known) daf_agent_recheck(a);
    proof_bytes(a, c, kind, &out->keys.transport, signed_bytes);
    return daf_hash_verify("daf.door.1",
                           (struct daf_view){signed_bytes, PROOF_BYTES},
                           &out->keys.sign, &proof->sig);
}

static void refuse(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_peer *p = daf_agent_peer_of(a, c->id);

    a->stats.door_refused++;
    daf_agent_conn_close(a, c);
    if (p != NULL) daf_agent_peer_retry(a, p);
}

void daf_agent_door_opened(struct daf_agent *a, struct daf_conn *c)
{
    struct daf_knock knock = {.version_min = DAF_PROTOCOL_VERSION,
                              .version_max = DAF_PROTOCOL_VERSION};
    struct daf_pack k;

    if ((c->id & DAF_CONN_INCOMING) != 0) return; /* the knocker speaks first */
    daf_rng_bytes(&a->rng, c->knocker_nonce.b, sizeof(c->knocker_nonce.b));
    knock.nonce = c->knocker_nonce;
    daf_pack_init(&k, a->scratch->frame, DAF_DOOR_BYTES_MAX);
    daf_frame_pack_knock(&k, &knock);
    daf_agent_conn_send(a, c, daf_pack_view(&k));
    c->step = DAF_DOOR_KNOCKED;
}

/* ---- the door's side */

static void on_knock(struct daf_agent *a, struct daf_conn *c,
                     const struct daf_knock *knock)
{
    struct daf_pack k;

    if (c->step != DAF_DOOR_NEW || knock->version_min > DAF_PROTOCOL_VERSION ||
        knock->version_max < DAF_PROTOCOL_VERSION) {
        refuse(a, c);
        return;
    }
    c->knocker_nonce = knock->nonce;
    daf_rng_bytes(&a->rng, c->door_nonce.b, sizeof(c->door_nonce.b));
    daf_pack_init(&k, a->scratch->frame, DAF_DOOR_BYTES_MAX);
    daf_frame_pack_nonce(&k, &c->door_nonce);
    daf_agent_conn_send(a, c, daf_pack_view(&k));
    c->step = DAF_DOOR_KNOCKED;
}

static void on_proof(struct daf_agent *a, struct daf_conn *c,
                     const struct daf_proof *proof)
{
    const struct daf_port *port = a->config.port;
    struct daf_device device;

    if (c->step != DAF_DOOR_KNOCKED ||
        !verify(a, c, proof, DAF_FRAME_PROOF, &device) ||
        memcmp(device.keys.transport.b, c->key.b, sizeof(c->key.b)) != 0) {
        refuse(a, c);
        return;
    }
    if (daf_camp_is_revoked(a->camp, &device.author)) {
        a->stats.door_refused++;
        if (!daf_agent_tell_revoked(a, c, &device.author) ||
            !daf_agent_leave_grant(a, &device.keys.transport)) {
            daf_agent_conn_close(a, c);
            return;
        }
    } else {
        port->admit(port->ctx, &device.keys.transport, true);
    }
    send_proof(a, c, DAF_FRAME_WELCOME);
    c->step = DAF_DOOR_PROVED;
}

/* ---- the knocker's side */

static void on_nonce(struct daf_agent *a, struct daf_conn *c,
                     const struct daf_hash *nonce)
{
    if (c->step != DAF_DOOR_KNOCKED) {
        refuse(a, c);
        return;
    }
    c->door_nonce = *nonce;
    send_proof(a, c, DAF_FRAME_PROOF);
    c->step = DAF_DOOR_PROVED;
}

static void on_welcome(struct daf_agent *a, struct daf_conn *c,
                       const struct daf_proof *welcome)
{
    const struct daf_port *port = a->config.port;
    struct daf_peer *p = daf_agent_peer_of(a, c->id);
    struct daf_device device;

    if (p == NULL || (a->is_revoked && !a->leave.is_left) ||
        (c->step != DAF_DOOR_PROVED && c->step != DAF_DOOR_TOLD) ||
        !verify(a, c, welcome, DAF_FRAME_WELCOME, &device) ||
        daf_camp_is_revoked(a->camp, &device.author)) {
        refuse(a, c);
        return;
    }
    daf_agent_conn_close(a, c);
    if (c->step == DAF_DOOR_TOLD && !a->is_revoked) {
        /* First it must be durable that we are (R111). */
        daf_agent_peer_retry(a, p);
        return;
    }
    /* Who hands over has nobody in. */
    if (!a->is_revoked) port->admit(port->ctx, &device.keys.transport, true);
    daf_agent_peer_mesh(a, p, &device, welcome->port);
}

static void on_revoked(struct daf_agent *a, struct daf_conn *c,
                       const struct daf_revoked *revoked)
{
    struct daf_peer *p = daf_agent_peer_of(a, c->id);

    if (c->step != DAF_DOOR_PROVED || !daf_agent_hear_revoked(a, revoked)) {
        refuse(a, c);
        return;
    }
    daf_agent_leave_look(a);
    if (a->leave.is_left) { /* perhaps it takes what we have (R110) */
        c->step = DAF_DOOR_TOLD;
        return;
    }
    daf_agent_conn_close(a, c);
    if (p != NULL) daf_agent_peer_retry(a, p);
}

void daf_agent_door_frame(struct daf_agent *a, struct daf_conn *c,
                          struct daf_view bytes)
{
    bool is_ours = (c->id & DAF_CONN_INCOMING) == 0;
    struct daf_frame f = {.kind = DAF_FRAME_UNKNOWN};

    /* What is too long or no frame stays UNKNOWN. */
    if (bytes.len <= DAF_DOOR_BYTES_MAX &&
        daf_frame_decode(bytes, &f, NULL) != DAF_OK)
        f.kind = DAF_FRAME_UNKNOWN;
    if (!is_ours && f.kind == DAF_FRAME_KNOCK)
        on_knock(a, c, &f.knock);
    else if (!is_ours && f.kind == DAF_FRAME_PROOF)
        on_proof(a, c, &f.proof);
    else if (is_ours && f.kind == DAF_FRAME_NONCE)
        on_nonce(a, c, &f.nonce);
    else if (is_ours && f.kind == DAF_FRAME_WELCOME)
        on_welcome(a, c, &f.proof);
    else if (is_ours && f.kind == DAF_FRAME_REVOKED)
        on_revoked(a, c, &f.revoked);
    else
        refuse(a, c);
}
