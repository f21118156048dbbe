/* SPDX-License-Identifier: Apache-2.0 */
#include "node/renewals.h"

#include "proto/cert.h"
#include "proto/hash.h"
#include "proto/request.h"

#include <sodium.h>
#include <stdlib.h>

struct reading {
    const struct daf_camp *camp;
    daf_renewal_fn fn;
    void *ctx;
    uint8_t payload[DAF_BODY_BYTES_MAX];
};

static bool is_certified(const struct daf_camp *camp,
                         const struct daf_author_id *author)
{
    const struct daf_authority *auth = daf_camp_authority(camp);
    struct daf_device device;

    return auth->by_author(auth->ctx, author, &device);
}

static bool open_row(struct reading *r, const struct daf_row *row,
                     struct daf_record *header, struct daf_view *payload)
{
    struct daf_learner learner;
    struct daf_body body;

    *payload = (struct daf_view){r->payload, 0};
    return row->stored.body_state == DAF_BODY_HELD &&
           daf_record_decode(row->stored.header, header) == DAF_OK &&
           daf_body_decode(row->stored.body, &body) == DAF_OK &&
           body.is_sealed &&
           daf_camp_open(r->camp, &row->log.scope, &body,
                         (struct daf_view){row->stored.header.p,
                                           header->aad_len},
                         r->payload, &payload->len, &learner) == DAF_OK;
}

static bool read_row(void *ctx, const struct daf_row *row)
{
    struct reading *r = ctx;
    struct daf_renewal_info info = {.author = row->log.author};
    struct daf_renewal renewal;
    struct daf_record header;
    struct daf_view payload;

    if (!open_row(r, row, &header, &payload) ||
        daf_payload_type(payload, NULL) != DAF_TYPE_RENEWAL ||
        daf_payload_renewal(payload, &renewal) != DAF_OK ||
        daf_request_decode(renewal.request, &info.keys, NULL) != DAF_OK)
        return true;
    info.record = header.id;
    info.claimed_ms = header.claimed_ms;
    info.lives_count = renewal.lives_count;
    memcpy(info.lives, renewal.lives, sizeof(info.lives));
    info.renewed = daf_hash_author_id(&info.keys.sign);
    info.is_granted = is_certified(r->camp, &info.renewed);
    return r->fn(r->ctx, &info);
}

enum daf_err daf_renewals_read(struct daf_store *store,
                               const struct daf_camp *camp, daf_renewal_fn fn,
                               void *ctx)
{
    static const char name[] = "renewal";
    const struct daf_manifest *m = daf_camp_manifest(camp);
    struct daf_scope_id scope = daf_hash_scope_id(&m->camp, "camp");
    struct reading *r;
    enum daf_err err;

    /* R12: what the register does not name is not read. */
    if (!daf_manifest_has_type(m, (struct daf_view){(const uint8_t *)name,
                                                    sizeof(name) - 1}))
        return DAF_OK;
    r = malloc(sizeof(*r));
    if (r == NULL) return DAF_ENOMEM;
    r->camp = camp;
    r->fn = fn;
    r->ctx = ctx;
    err = daf_store_scan(store, &scope, DAF_RETENTION_IDENTITY, read_row, r);
    sodium_memzero(r, sizeof(*r));
    free(r);
    return err;
}

/* ---- how many there are */

/* More than a camp keeps incarnations of an author (R38). */
#define COPIES_MAX 64

/* What each copy says of its lives: one request that begins with all of another is
 * of the same device, later. */
struct copies {
    const struct daf_author_id *author;
    size_t count;
    struct {
        size_t count;
        uint64_t lives[DAF_RENEWAL_LIVES_MAX];
    } of[COPIES_MAX];
};

static bool begins_with(const uint64_t *longer, const uint64_t *shorter,
                        size_t count)
{
    return memcmp(longer, shorter, count * sizeof(*shorter)) == 0;
}

static bool note_copy(void *ctx, const struct daf_renewal_info *r)
{
    struct copies *c = ctx;
    size_t at = 0;

    if (memcmp(&r->author, c->author, sizeof(r->author)) != 0) return true;
    for (; at < c->count; at++) {
        size_t held = c->of[at].count;

        if (held >= r->lives_count &&
            begins_with(c->of[at].lives, r->lives, r->lives_count))
            return true;
        if (held < r->lives_count &&
            begins_with(r->lives, c->of[at].lives, held))
            break;
    }
    if (at == COPIES_MAX) return true;
    if (at == c->count) c->count++;
    c->of[at].count = r->lives_count;
    memcpy(c->of[at].lives, r->lives, sizeof(r->lives));
    return true;
}

/* Tips of one log, the most of any. */
static size_t branches_of(struct daf_store *store, const struct daf_camp *camp,
                          const struct daf_author_id *author)
{
    const struct daf_index *index = daf_store_index(store);
    struct daf_head *head = malloc(sizeof(*head));
    struct daf_scope_id scope;
    size_t most = 1;

    for (size_t i = 0; head != NULL && daf_camp_scope(camp, i, &scope) != NULL;
         i++) {
        struct daf_log_key log = {.scope = scope, .author = *author};

        while (index->head_next(index->ctx, &scope, &log, head) == DAF_OK &&
               memcmp(&head->log.author, author, sizeof(*author)) == 0) {
            log = head->log;
            if (head->tips_count > most) most = head->tips_count;
        }
    }
    free(head);
    return most;
}

enum daf_err daf_renewals_clones(struct daf_store *store,
                                 const struct daf_camp *camp,
                                 const struct daf_author_id *author,
                                 size_t *out)
{
    struct copies *c = calloc(1, sizeof(*c));
    enum daf_err err;

    *out = 0;
    if (c == NULL) return DAF_ENOMEM;
    c->author = author;
    err = daf_renewals_read(store, camp, note_copy, c);
    *out = branches_of(store, camp, author);
    if (c->count > *out) *out = c->count;
    (*out)--;
    free(c);
    return err;
}

/* ---- the answer */

struct seeking {
    const struct daf_camp *camp;
    const struct daf_author_id *author;
    struct daf_hash id; /* of the one found */
    uint8_t *out;
    size_t len; /* 0: none yet */
};

/* R16: of a coordinator, and verified; R17: the lowest id. */
static void weigh(struct seeking *s, struct daf_view bytes)
{
    const struct daf_coordinator *issuer;
    struct daf_cert cert;

    if (bytes.len > DAF_CERT_BYTES_MAX ||
        daf_cert_decode(bytes, &cert) != DAF_OK ||
        memcmp(&cert.author, s->author, sizeof(cert.author)) != 0)
        return;
    issuer = daf_manifest_coordinator(daf_camp_manifest(s->camp), &cert.issuer);
    if (issuer == NULL ||
        daf_cert_verify(bytes, &cert, &issuer->keys.sign) != DAF_OK ||
        (s->len > 0 && memcmp(&cert.id, &s->id, sizeof(cert.id)) >= 0))
        return;
    memcpy(s->out, bytes.p, bytes.len);
    s->len = bytes.len;
    s->id = cert.id;
}

static bool seek_row(void *ctx, const struct daf_row *row)
{
    struct seeking *s = ctx;
    struct daf_view cert;
    struct daf_body body;

    if (row->stored.body_state == DAF_BODY_HELD &&
        daf_body_decode(row->stored.body, &body) == DAF_OK && !body.is_sealed &&
        daf_payload_type(body.content, NULL) == DAF_TYPE_CERTIFICATE &&
        daf_payload_certificate(body.content, &cert) == DAF_OK)
        weigh(s, cert);
    return true;
}

enum daf_err daf_renewals_cert(struct daf_store *store,
                               const struct daf_camp *camp,
                               const struct daf_author_id *author, uint8_t *out,
                               size_t *out_len)
{
    struct seeking s = {.camp = camp, .author = author, .out = out};
    enum daf_err err = daf_store_scan(store, &daf_camp_authority(camp)->control,
                                      -1, seek_row, &s);

    *out_len = s.len;
    return err == DAF_OK && s.len == 0 ? DAF_ENOTFOUND : err;
}
