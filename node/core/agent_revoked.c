/* SPDX-License-Identifier: Apache-2.0 */
/* Devices that control revokes (docs/protocol.md R50): they are kept out of mesh,
 * told so at the door, and a device that is told it itself calls nobody any more.
 * What records are accepted does not depend on it (R7). */
#include "node/core/agent_impl.h"

/* The key's device is the one that by_transport() names: of two with one key the
 * other has no session here, whatever is said of it. */
bool daf_agent_is_revoked(const struct daf_agent *a,
                          const struct daf_box_pk *transport)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    struct daf_device device;

    return auth->by_transport(auth->ctx, transport, &device) &&
           daf_camp_is_revoked(a->camp, &device.author);
}

void daf_agent_expel(struct daf_agent *a)
{
    for (size_t i = 0; i < a->conns_count; i++) {
        struct daf_conn *c = a->conns[i];

        if (c->session != NULL && !c->is_closed &&
            daf_session_role(c->session) != DAF_SESSION_TAKER &&
            daf_agent_is_revoked(a, &c->key))
            daf_session_end(c->session, DAF_BYE_UNPROVEN);
    }
}

/* ---- at our door */

bool daf_agent_tell_revoked(struct daf_agent *a, const struct daf_conn *c,
                            const struct daf_author_id *author)
{
    const struct daf_index *index = a->config.index;
    struct daf_stored stored;
    struct daf_log_key log;
    struct daf_spot spot;
    struct daf_pack k;

    /* One that fits no door frame, or cannot be read, is silence. */
    if (daf_camp_revocation(a->camp, author, &log, &spot) == DAF_OK &&
        index->get(index->ctx, &log, &spot, &stored) == DAF_OK &&
        stored.body_state == DAF_BODY_HELD) {
        const struct daf_revoked f = {stored.header, stored.body};

        daf_pack_init(&k, a->scratch->frame, DAF_DOOR_BYTES_MAX);
        daf_frame_pack_revoked(&k, &f);
        if (k.is_full) return false;
        daf_agent_conn_send(a, c, daf_pack_view(&k));
        return true;
    }
    return false;
}

/* ---- told at another's */

/* Whether @f is a revocation of this device: a control record of our own camp, by
 * a coordinator of our own manifest. */
static bool is_ours(const struct daf_agent *a, const struct daf_revoked *f,
                    struct daf_record *out)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    const struct daf_manifest *m = daf_camp_manifest(a->camp);
    struct daf_revocation r;
    struct daf_view name;
    struct daf_body body;

    if (daf_authority_accept(auth, f->header, out) != DAF_OK ||
        memcmp(out->log.scope.b, auth->control.b, 16) != 0 ||
        daf_authority_body(auth, out, f->body) != DAF_OK ||
        daf_body_decode(f->body, &body) != DAF_OK || body.is_sealed)
        return false;
    return daf_payload_type(body.content, &name) == DAF_TYPE_REVOCATION &&
           daf_manifest_has_type(m, name) &&
           daf_payload_revocation(body.content, &r) == DAF_OK &&
           memcmp(r.who.b, a->author.b, sizeof(r.who.b)) == 0 &&
           daf_manifest_coordinator(m, &a->author) == NULL;
}

bool daf_agent_hear_revoked(struct daf_agent *a, const struct daf_revoked *f)
{
    struct daf_record r;
    const struct daf_keep keep = {.record = &r,
                                  .header = f->header,
                                  .body_state = DAF_BODY_HELD,
                                  .body = f->body};

    if (!is_ours(a, f, &r)) return false;
    if (a->is_revoked) return true; /* it is kept; or another that says so */
    (void)daf_agent_job_begin(a, DAF_JOB_TOLD, 0);
    daf_agent_job_keep(a, &keep);
    daf_agent_job_end(a, (struct daf_view){0});
    return true;
}

/* A record that was told at a door may be far ahead of what is held of its log, so
 * that its number is not known: then its coordinator's word is enough. */
static bool is_undecided(const struct daf_agent *a, const struct daf_fold *f)
{
    uint64_t acts;

    return daf_camp_acts(a->camp, &f->log, &f->spot, &acts) != DAF_OK;
}

void daf_agent_note_revoked(struct daf_agent *a, const struct daf_job *told)
{
    if (daf_camp_is_revoked(a->camp, &a->author)) a->is_revoked = true;
    if (told != NULL && told->folds_count == 1 &&
        is_undecided(a, &told->folds[0]))
        a->is_revoked = true;
    if (a->is_revoked) daf_agent_leave_look(a);
}
