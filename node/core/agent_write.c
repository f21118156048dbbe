/* SPDX-License-Identifier: Apache-2.0 */
/* Own records.  One batch of them is at the disk at a time, and the next takes
 * all that came meanwhile: so a failed commit takes nothing with it that builds
 * on it, and under load many writes share one fsync. */
#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"
#include "proto/hash.h"

#define BATCH_MAX 1024 /* writes in one batch: about 0.6 MB */

static void refuse(struct daf_agent *a, uint64_t ticket, enum daf_err err)
{
    const struct daf_wrote wrote = {.ticket = ticket, .err = err};

    a->wrote(a->wrote_ctx, &wrote);
}

static size_t room_for(const struct daf_write *w)
{
    size_t len = w->learner.len + w->payload.len +
                 w->did_count * sizeof(struct daf_did) + 8;

    for (size_t i = 0; i < w->did_count; i++)
        len += w->did[i].item.len;
    return len;
}

static struct daf_view put(uint8_t **at, struct daf_view v)
{
    struct daf_view copy = {*at, v.len};

    if (v.len > 0) memcpy(*at, v.p, v.len);
    *at += v.len;
    return copy;
}

/* A copy that owns everything its views show. */
static struct daf_pending *copy_write(const struct daf_write *w)
{
    struct daf_pending *p = calloc(1, sizeof(*p) + room_for(w));
    struct daf_did *did;
    uint8_t *at;

    if (p == NULL) return NULL;
    p->write = *w;
    p->wrote.ticket = w->ticket;
    /* room[] starts on a multiple of eight: the structs before it end so. */
    did = (void *)p->room;
    at = p->room + w->did_count * sizeof(*did);
    for (size_t i = 0; i < w->did_count; i++) {
        did[i] = w->did[i];
        did[i].item = put(&at, w->did[i].item);
    }
    p->write.did = did;
    p->write.learner = put(&at, w->learner);
    p->write.payload = put(&at, w->payload);
    return p;
}

/* Whether every reader would take it as text: UTF-8 without NUL (R1). */
static bool is_text(struct daf_view v)
{
    uint8_t room[DAF_ITEM_BYTES_MAX + 8];
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_pack_str(&k, (const char *)v.p, v.len);
    return daf_cursor_check(daf_pack_view(&k), NULL) == DAF_OK;
}

/* A subject id is 32 hexadecimal digits, and must be known already. */
static bool looks_like_id(struct daf_view v)
{
    for (size_t i = 0; i < v.len; i++) {
        if (strchr("0123456789abcdef", v.p[i]) == NULL) return false;
    }
    return v.len == 32;
}

/* Packed by who asks; the others are packed here. */
static bool has_payload(const struct daf_write *w)
{
    return w->kind == DAF_WRITE_CONTROL || w->kind == DAF_WRITE_CATALOG ||
           w->kind == DAF_WRITE_ASSIGNMENT || w->kind == DAF_WRITE_RENEWAL;
}

static bool is_good(const struct daf_write *w)
{
    struct daf_assignment assignment;

    /* What nobody could read is not written. */
    if (w->kind == DAF_WRITE_ASSIGNMENT &&
        daf_payload_type(w->payload, NULL) == DAF_TYPE_ASSIGNMENT &&
        daf_payload_assignment(w->payload, &assignment) != DAF_OK)
        return false;
    if (has_payload(w))
        return w->payload.len > 0 && w->payload.len <= DAF_PAYLOAD_BYTES_MAX;
    if (w->kind == DAF_WRITE_LEARNER)
        return w->did_count == 0 && w->learner.len <= DAF_NAME_BYTES_MAX &&
               is_text(w->learner) && !looks_like_id(w->learner);
    if (w->did_count == 0 || w->did_count > DAF_DID_MAX ||
        w->learner.len == 0 || w->learner.len > DAF_NAME_BYTES_MAX ||
        !is_text(w->learner))
        return false;
    for (size_t i = 0; i < w->did_count; i++) {
        if (w->did[i].item.len == 0 ||
            w->did[i].item.len > DAF_ITEM_BYTES_MAX ||
            !is_text(w->did[i].item) || w->did[i].score > DAF_SCORE_MAX)
            return false;
    }
    return true;
}

static enum daf_type type_of(enum daf_write_kind kind)
{
    if (kind == DAF_WRITE_RENEWAL) return DAF_TYPE_RENEWAL;
    return kind == DAF_WRITE_CATALOG ? DAF_TYPE_CATALOGUE_ITEM
                                     : DAF_TYPE_ASSIGNMENT;
}

/* protocol.md R12: what this program does not know, or the camp's register does
 * not name, is not written here. */
static bool is_allowed_type(const struct daf_agent *a,
                            const struct daf_write *w)
{
    static const char *const needed[] = {"session", "registration"};
    struct daf_view name;
    enum daf_type type = DAF_TYPE_SESSION;

    if (has_payload(w)) type = daf_payload_type(w->payload, &name);
    if (w->kind == DAF_WRITE_CATALOG || w->kind == DAF_WRITE_ASSIGNMENT ||
        w->kind == DAF_WRITE_RENEWAL)
        return type == type_of(w->kind) &&
               daf_manifest_has_type(daf_camp_manifest(a->camp), name);
    if (w->kind == DAF_WRITE_CONTROL) {
        return type == DAF_TYPE_CERTIFICATE || type == DAF_TYPE_KEY_WRAP ||
               ((type == DAF_TYPE_REVOCATION || type == DAF_TYPE_ADMIT ||
                 type == DAF_TYPE_ERASURE || type == DAF_TYPE_CLOCK ||
                 type == DAF_TYPE_BEACON) &&
                daf_manifest_has_type(daf_camp_manifest(a->camp), name));
    }
    for (size_t i = 0; i < 2; i++) {
        name = (struct daf_view){(const uint8_t *)needed[i], strlen(needed[i])};
        if (!daf_manifest_has_type(daf_camp_manifest(a->camp), name))
            return false;
    }
    return true;
}

/* Whether this device may write into that plain scope. */
static bool may_write(const struct daf_agent *a, const struct daf_write *w)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);

    if (w->kind == DAF_WRITE_CATALOG)
        return auth->right(auth->ctx, &a->author, &auth->catalog) >=
               DAF_RIGHT_CURATE;
    return w->kind != DAF_WRITE_CONTROL ||
           daf_manifest_coordinator(daf_camp_manifest(a->camp), &a->author) !=
               NULL;
}

/* At the disk the others need not wait for it. */
static void write_heard(struct daf_agent *a, const struct daf_write *write)
{
    struct daf_pending *p = copy_write(write);

    if (p == NULL)
        refuse(a, write->ticket, DAF_ENOMEM);
    else
        daf_agent_self_settle(a, p);
}

void daf_agent_write(struct daf_agent *a, const struct daf_write *write)
{
    struct daf_pending *p;

    if (write->kind == DAF_WRITE_HEARD) {
        write_heard(a, write);
        return;
    }
    if (!is_good(write) || !is_allowed_type(a, write)) {
        refuse(a, write->ticket, is_good(write) ? DAF_ETYPE : DAF_ELIMIT);
        return;
    }
    if (!may_write(a, write)) {
        refuse(a, write->ticket, DAF_EDENIED);
        return;
    }
    /* protocol.md R126: grants and acts; what learners do goes on. */
    if (write->kind == DAF_WRITE_CONTROL && daf_agent_self_is_restored(a)) {
        refuse(a, write->ticket, DAF_ERESTORED);
        return;
    }
    if (a->waiting_count == DAF_AGENT_WAITING_MAX) {
        refuse(a, write->ticket, DAF_EBUSY);
        return;
    }
    p = copy_write(write);
    if (p == NULL) {
        refuse(a, write->ticket, DAF_ENOMEM);
        return;
    }
    daf_agent_idle_wait(a);
    *a->waiting_end = p;
    a->waiting_end = &p->next;
    a->waiting_count++;
    daf_agent_write_next(a);
}

/* ---- making records */

/* A damaged notebook may name another log's record: what we sign after that nobody
 * can ever put in its place. */
static enum daf_err look_at_head(const struct daf_agent *a,
                                 const struct daf_log_key *log,
                                 const struct daf_spot *head)
{
    const struct daf_index *index = a->config.index;
    struct daf_stored stored;
    struct daf_record r;
    enum daf_err err = index->get(index->ctx, log, head, &stored);

    if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_ECORRUPT : err;
    if (daf_record_decode(stored.header, &r) != DAF_OK ||
        memcmp(&r.log, log, sizeof(*log)) != 0)
        return DAF_ECORRUPT;
    return DAF_OK;
}

/* A head that cannot be read is an error: to begin anew would fork the log. */
static enum daf_err own_log(struct daf_agent *a,
                            const struct daf_scope_id *scope,
                            struct daf_own_log **out)
{
    const struct daf_index *index = a->config.index;
    struct daf_head *head = &a->scratch->head_a;
    struct daf_own_log *log;
    struct daf_log_key key = {.scope = *scope,
                              .author = a->author,
                              .incarnation = daf_agent_life(a)};
    struct daf_spot last = {.seq = 0};
    enum daf_err err;

    for (size_t i = 0; i < a->own_logs_count; i++) {
        *out = &a->own_logs[i];
        if (memcmp((*out)->scope.b, scope->b, sizeof(scope->b)) == 0)
            return DAF_OK;
    }
    err = index->head(index->ctx, &key, head);
    if (err != DAF_OK && err != DAF_ENOTFOUND) return err;
    for (size_t i = 0; err == DAF_OK && i < head->tips_count; i++)
        if (head->tips[i].seq > last.seq) last = head->tips[i];
    err = last.seq > 0 ? look_at_head(a, &key, &last) : DAF_OK;
    if (err != DAF_OK) return err;
    assert(a->own_logs_count < DAF_SCOPES_MAX); /* write_next() sees to it */
    log = &a->own_logs[a->own_logs_count++];
    memset(log, 0, sizeof(*log));
    log->scope = *scope;
    log->head = last;
    *out = log;
    return DAF_OK;
}

/* How a body of ours is sealed; NULL for the plain scopes. */
struct sealing {
    struct daf_key key; /* the body key */
    struct daf_handle handle;
};

/* A record to be. */
struct draft {
    const struct daf_scope_id *scope;
    uint8_t retention;
    const struct sealing *sealing;
    struct daf_view payload;
};

/* Seals, signs and hands one record to the open job. */
static enum daf_err append(struct daf_agent *a, const struct daf_write *w,
                           const struct draft *draft, struct daf_spot *out)
{
    const struct sealing *sealing = draft->sealing;
    uint8_t header[DAF_HEADER_BYTES_MAX], prefix[DAF_HEADER_BYTES_MAX];
    struct daf_record r = {
        .log = {*draft->scope, a->author, daf_agent_life(a)},
        .claimed_ms = w->claimed.ms,
        .boot = a->config.boot_number,
        .time_quality =
            daf_camp_time_quality(a->camp, w->claimed, w->time_quality),
        .retention = draft->retention,
    };
    struct daf_keep keep = {.record = &r, .body_state = DAF_BODY_HELD};
    struct daf_own_log *log;
    size_t prefix_len, body_len;
    enum daf_err err = own_log(a, draft->scope, &log);

    if (err != DAF_OK) return err;
    r.seq = log->head.seq + 1;
    r.prev = log->head.id;
    prefix_len = daf_record_prefix(&r, prefix);
    if (sealing != NULL) {
        struct daf_body_seal seal = {.key = sealing->key,
                                     .handle = sealing->handle,
                                     .aad = {prefix, prefix_len},
                                     .payload = draft->payload};

        daf_rng_bytes(&a->rng, seal.nonce, sizeof(seal.nonce));
        err = daf_body_seal(&seal, a->scratch->body, sizeof(a->scratch->body),
                            &body_len);
        sodium_memzero(&seal, sizeof(seal));
    } else {
        err = daf_body_plain(draft->payload, a->scratch->body,
                             sizeof(a->scratch->body), &body_len);
    }
    if (err != DAF_OK) return err;
    keep.body = (struct daf_view){a->scratch->body, body_len};
    r.body_hash = daf_body_hash(keep.body);
    r.body_len = (uint32_t)body_len;
    keep.header.len = daf_record_sign(&r, &a->config.secrets.sign, header);
    keep.header.p = header;
    daf_agent_job_keep(a, &keep);
    log->head = (struct daf_spot){r.seq, r.id};
    *out = log->head;
    return DAF_OK;
}

/* The learner that @who means, in the camp or registered earlier in this batch. */
static enum daf_err find_learner(struct daf_agent *a, const struct daf_job *job,
                                 const struct daf_scope_id *scope,
                                 struct daf_view who, struct daf_learner *out)
{
    for (size_t i = 0; i < job->learners_count; i++) {
        const struct daf_learner *l = &job->learners[i];

        if (memcmp(l->scope.b, scope->b, sizeof(scope->b)) == 0 &&
            strlen(l->name) == who.len &&
            memcmp(l->name, who.p, who.len) == 0) {
            *out = *l;
            return DAF_OK;
        }
    }
    return daf_camp_learner(a->camp, scope, who, out, NULL);
}

/* Makes an unknown learner known to the class: the subject key is made here and
 * travels sealed under the scope key alone. */
static enum daf_err register_learner(struct daf_agent *a, struct daf_job *job,
                                     struct daf_pending *p,
                                     const struct daf_scope_id *scope,
                                     const struct daf_key *generation,
                                     struct daf_learner *out)
{
    const struct daf_write *w = &p->write;
    struct daf_registration reg = {.name = w->learner};
    struct sealing sealing;
    struct draft draft = {.scope = scope,
                          .retention = DAF_RETENTION_IDENTITY,
                          .sealing = &sealing};
    struct daf_learner *bigger;
    struct daf_spot spot = {0};
    struct daf_pack k;
    enum daf_err err;

    bigger =
        realloc(job->learners, (job->learners_count + 1) * sizeof(*bigger));
    if (bigger == NULL) return DAF_ENOMEM;
    job->learners = bigger;
    memset(out, 0, sizeof(*out));
    daf_rng_bytes(&a->rng, reg.subject.b, sizeof(reg.subject.b));
    daf_rng_bytes(&a->rng, reg.key.b, sizeof(reg.key.b));
    out->subject = reg.subject;
    out->key = reg.key;
    out->scope = *scope;
    if (w->learner.len > 0) memcpy(out->name, w->learner.p, w->learner.len);
    sealing.key = daf_body_scope_key(generation);
    sealing.handle = daf_body_handle(&reg.key);
    daf_pack_init(&k, a->scratch->payload, DAF_PAYLOAD_BYTES_MAX);
    daf_payload_pack_registration(&k, &reg);
    draft.payload = daf_pack_view(&k);
    err = append(a, w, &draft, &spot);
    if (err == DAF_OK) job->learners[job->learners_count++] = *out;
    p->wrote.registered = err == DAF_OK;
    p->wrote.subject = out->subject;
    p->wrote.log.scope = *scope;
    p->wrote.seq = spot.seq;
    p->wrote.record = spot.id;
    sodium_memzero(&reg, sizeof(reg));
    sodium_memzero(&sealing, sizeof(sealing));
    return err;
}

static enum daf_err find_scope(const struct daf_agent *a, const char *name,
                               struct daf_scope_id *out)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    const char *found = name;

    if (name[0] == '\0') found = daf_camp_own_class(a->camp, 0);
    /* A class there is, but not for this device to write in. */
    if (found == NULL && daf_camp_scope(a->camp, 3, NULL) != NULL)
        return DAF_EDENIED;
    /* docs/records.md: sessions and registrations are a class's. */
    if (found == NULL || strncmp(found, "class:", 6) != 0) return DAF_ESCOPE;
    *out = daf_hash_scope_id(&a->env.camp, found);
    if (daf_camp_scope_name(a->camp, out) == NULL) return DAF_ESCOPE;
    return auth->right(auth->ctx, &a->author, out) >= DAF_RIGHT_APPEND
               ? DAF_OK
               : DAF_EDENIED;
}

static enum daf_err write_session(struct daf_agent *a, struct daf_job *job,
                                  struct daf_pending *p)
{
    const struct daf_write *w = &p->write;
    struct daf_learner learner;
    struct daf_scope_id scope;
    struct daf_key generation;
    struct sealing sealing;
    struct draft draft = {.scope = &scope,
                          .retention = DAF_RETENTION_PROGRESS,
                          .sealing = &sealing};
    struct daf_spot spot = {0};
    uint64_t number;
    struct daf_pack k;
    enum daf_err err = find_scope(a, w->scope, &scope);

    if (err == DAF_OK)
        err = daf_camp_generation(a->camp, &scope, &number, &generation);
    if (err != DAF_OK) return err;
    err = find_learner(a, job, &scope, w->learner, &learner);
    if (err == DAF_ENOTFOUND && !looks_like_id(w->learner))
        err = register_learner(a, job, p, &scope, &generation, &learner);
    if (err != DAF_OK) return err;
    sealing.key = daf_body_key(&learner.key, &generation);
    sealing.handle = daf_body_handle(&learner.key);
    daf_pack_init(&k, a->scratch->payload, DAF_PAYLOAD_BYTES_MAX);
    daf_payload_pack_session(&k, &learner.subject, w->did, w->did_count);
    draft.payload = daf_pack_view(&k);
    err = k.is_full ? DAF_ELIMIT : append(a, w, &draft, &spot);
    p->wrote.subject = learner.subject;
    p->wrote.log.scope = scope;
    p->wrote.seq = spot.seq;
    p->wrote.record = spot.id;
    sodium_memzero(&learner, sizeof(learner));
    sodium_memzero(&generation, sizeof(generation));
    sodium_memzero(&sealing, sizeof(sealing));
    return err;
}

/* One more learner; also of a name that is known, since two girls may share one. */
static enum daf_err write_learner(struct daf_agent *a, struct daf_job *job,
                                  struct daf_pending *p)
{
    struct daf_learner learner;
    struct daf_scope_id scope;
    struct daf_key generation;
    uint64_t number;
    enum daf_err err = find_scope(a, p->write.scope, &scope);

    if (err == DAF_OK)
        err = daf_camp_generation(a->camp, &scope, &number, &generation);
    if (err != DAF_OK) return err;
    err = register_learner(a, job, p, &scope, &generation, &learner);
    sodium_memzero(&generation, sizeof(generation));
    sodium_memzero(&learner, sizeof(learner));
    return err;
}

/* Sealed to the scope alone, under a handle of its own: nobody is in it who could
 * ask to be forgotten (docs/records.md §2). */
static enum daf_err write_of_no_one(struct daf_agent *a, struct daf_pending *p,
                                    const struct daf_scope_id *scope,
                                    uint8_t retention)
{
    struct daf_key generation;
    struct sealing sealing;
    const struct draft draft = {.scope = scope,
                                .retention = retention,
                                .sealing = &sealing,
                                .payload = p->write.payload};
    struct daf_spot spot = {0};
    uint64_t number;
    enum daf_err err =
        daf_camp_generation(a->camp, scope, &number, &generation);

    if (err != DAF_OK) return err;
    sealing.key = daf_body_scope_key(&generation);
    daf_rng_bytes(&a->rng, sealing.handle.b, sizeof(sealing.handle.b));
    err = append(a, &p->write, &draft, &spot);
    p->wrote.log.scope = *scope;
    p->wrote.seq = spot.seq;
    p->wrote.record = spot.id;
    sodium_memzero(&generation, sizeof(generation));
    sodium_memzero(&sealing, sizeof(sealing));
    return err;
}

static enum daf_err write_assignment(struct daf_agent *a, struct daf_pending *p)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    struct daf_scope_id scope;
    enum daf_err err = find_scope(a, p->write.scope, &scope);

    if (err == DAF_OK &&
        auth->right(auth->ctx, &a->author, &scope) < DAF_RIGHT_CURATE)
        err = DAF_EDENIED;
    return err != DAF_OK ? err
                         : write_of_no_one(a, p, &scope, DAF_RETENTION_DAILY);
}

static enum daf_err write_renewal(struct daf_agent *a, struct daf_pending *p)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    struct daf_scope_id scope = daf_hash_scope_id(&a->env.camp, "camp");

    if (auth->right(auth->ctx, &a->author, &scope) < DAF_RIGHT_APPEND)
        return DAF_EDENIED;
    return write_of_no_one(a, p, &scope, DAF_RETENTION_IDENTITY);
}

/* Into control or catalog, as it came. */
static enum daf_err write_plain(struct daf_agent *a, struct daf_pending *p)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    bool is_control = p->write.kind == DAF_WRITE_CONTROL;
    struct daf_spot spot = {0};
    const struct draft draft = {.scope = is_control ? &auth->control
                                                    : &auth->catalog,
                                .retention = is_control ? DAF_RETENTION_CONTROL
                                                        : DAF_RETENTION_CONTENT,
                                .payload = p->write.payload};
    enum daf_err err = append(a, &p->write, &draft, &spot);

    p->wrote.log.scope = *draft.scope;
    p->wrote.seq = spot.seq;
    p->wrote.record = spot.id;
    return err;
}

static enum daf_err write_one(struct daf_agent *a, struct daf_job *job,
                              struct daf_pending *p)
{
    if (p->write.kind == DAF_WRITE_CONTROL ||
        p->write.kind == DAF_WRITE_CATALOG)
        return write_plain(a, p);
    if (p->write.kind == DAF_WRITE_LEARNER) return write_learner(a, job, p);
    if (p->write.kind == DAF_WRITE_ASSIGNMENT) return write_assignment(a, p);
    if (p->write.kind == DAF_WRITE_RENEWAL) return write_renewal(a, p);
    return write_session(a, job, p);
}

void daf_agent_write_next(struct daf_agent *a)
{
    struct daf_pending **end;
    struct daf_job *job;

    if (a->is_writing || a->waiting == NULL) return;
    a->is_writing = true;
    /* All of them are durable now, so what is forgotten can be read again. */
    if (a->own_logs_count == DAF_SCOPES_MAX) a->own_logs_count = 0;
    job = daf_agent_job_begin(a, DAF_JOB_OWN, 0);
    end = &job->writes;
    /* Each write may need one log more. */
    for (size_t i = 0; i < BATCH_MAX && a->waiting != NULL &&
                       a->own_logs_count < DAF_SCOPES_MAX;
         i++) {
        struct daf_pending *p = a->waiting;

        a->waiting = p->next;
        if (a->waiting == NULL) a->waiting_end = &a->waiting;
        a->waiting_count--;
        p->next = NULL;
        p->wrote.log.author = a->author;
        p->wrote.log.incarnation = daf_agent_life(a);
        p->wrote.err = write_one(a, job, p);
        *end = p;
        end = &p->next;
    }
    daf_agent_job_end(a, (struct daf_view){0});
}

static bool has_deferred(const struct daf_input *in)
{
    for (size_t i = 0; i < in->items_count; i++) {
        if (in->items[i].is_deferred) return true;
    }
    return false;
}

/* How the disk left the record of @wrote, its batch being durable.  Over the
 * log's budget it was not kept; the log is shared like any other (R46 is about
 * what peers send). */
static void note_fate(const struct daf_input *in, struct daf_wrote *wrote)
{
    for (size_t i = 0; i < in->items_count; i++) {
        wrote->is_deferred |=
            in->items[i].is_deferred &&
            memcmp(in->items[i].spot.id.b, wrote->record.b, 32) == 0;
    }
    if (wrote->is_deferred) wrote->err = DAF_ELIMIT;
}

void daf_agent_write_done(struct daf_agent *a, struct daf_job *job,
                          const struct daf_input *in)
{
    enum daf_err err = in->err;

    a->is_writing = false;
    for (size_t i = 0; err == DAF_OK && i < job->learners_count; i++) {
        /* Out of memory: the next start reads the registration from the disk;
         * until then the name would be registered twice, which is allowed. */
        if (daf_camp_enter(a->camp, &job->learners[i]) != DAF_OK) break;
    }
    /* The heads of own logs are read again from what is really there. */
    if (err != DAF_OK || has_deferred(in)) a->own_logs_count = 0;
    for (struct daf_pending *p = job->writes; p != NULL; p = p->next) {
        if (p->wrote.err == DAF_OK) {
            p->wrote.err = err;
            note_fate(in, &p->wrote);
        }
        a->wrote(a->wrote_ctx, &p->wrote);
    }
}
