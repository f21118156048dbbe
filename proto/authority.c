/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/authority.h"

#include "proto/body.h"
#include "proto/record.h"

static bool same_scope(const struct daf_scope_id *a,
                       const struct daf_scope_id *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* protocol.md R7: the least right with which a record enters @scope. */
static enum daf_right right_needed(const struct daf_authority *a,
                                   const struct daf_scope_id *scope)
{
    if (same_scope(scope, &a->control)) return DAF_RIGHT_ADMIN;
    if (same_scope(scope, &a->catalog)) return DAF_RIGHT_CURATE;
    return DAF_RIGHT_APPEND;
}

enum daf_err daf_authority_entitled(const struct daf_authority *a,
                                    const struct daf_log_key *log,
                                    struct daf_device *out)
{
    if (!a->by_author(a->ctx, &log->author, out) ||
        a->right(a->ctx, &log->author, &log->scope) <
            right_needed(a, &log->scope))
        return DAF_EAUTHOR;
    return DAF_OK;
}

enum daf_err daf_authority_accept(const struct daf_authority *a,
                                  struct daf_view header,
                                  struct daf_record *out)
{
    struct daf_device device;
    enum daf_err err;

    err = daf_record_decode(header, out);
    if (err != DAF_OK) return err;
    err = daf_authority_entitled(a, &out->log, &device);
    if (err != DAF_OK) return err;
    /* Last: it costs more than all the rest, and strangers may ask. */
    return daf_record_verify(header, out, &device.keys.sign);
}

enum daf_err daf_authority_body(const struct daf_authority *a,
                                const struct daf_record *r,
                                struct daf_view body)
{
    const struct daf_scope_id *scope = &r->log.scope;
    bool is_plain_scope =
        same_scope(scope, &a->control) || same_scope(scope, &a->catalog);
    struct daf_body form;
    struct daf_hash hash;

    if (body.len != r->body_len || body.len > DAF_BODY_BYTES_MAX)
        return DAF_EBODY;
    hash = daf_body_hash(body);
    if (memcmp(hash.b, r->body_hash.b, sizeof(hash.b)) != 0) return DAF_EBODY;
    if (daf_body_decode(body, &form) != DAF_OK) return DAF_EBODY;
    /* protocol.md R13 */
    return form.is_sealed == is_plain_scope ? DAF_EBODY : DAF_OK;
}
