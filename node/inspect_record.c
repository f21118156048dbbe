/* SPDX-License-Identifier: Apache-2.0 */
#include "node/inspect_impl.h"

#include "proto/body.h"
#include "proto/payload.h"

void daf_inspect_header(struct daf_inspect_out *o, const struct daf_record *r)
{
    daf_inspect_put_hex(o, "id", r->id.b, sizeof(r->id.b));
    daf_inspect_put_hex(o, "scope", r->log.scope.b, sizeof(r->log.scope.b));
    daf_inspect_put_hex(o, "author", r->log.author.b, sizeof(r->log.author.b));
    daf_inspect_put_uint(o, "incarnation", r->log.incarnation);
    daf_inspect_put_uint(o, "seq", r->seq);
    daf_inspect_key(o, "prev");
    if (r->seq == 1)
        daf_inspect_null(o);
    else
        daf_inspect_hex(o, r->prev.b, sizeof(r->prev.b));
    daf_inspect_put_uint(o, "claimed_ms", r->claimed_ms);
    daf_inspect_put_uint(o, "boot", r->boot);
    daf_inspect_put_uint(o, "time_quality", r->time_quality);
    daf_inspect_put_uint(o, "retention", r->retention);
    daf_inspect_put_hex(o, "body_hash", r->body_hash.b, sizeof(r->body_hash.b));
    daf_inspect_put_uint(o, "body_bytes", r->body_len);
    daf_inspect_put_hex(o, "extension", r->ext.p, r->ext.len);
    daf_inspect_put_hex(o, "signature", r->sig.b, sizeof(r->sig.b));
}

void daf_inspect_any_header(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_record r;
    enum daf_err err = daf_record_decode(bytes, &r);

    daf_inspect_open(o, '{');
    if (err == DAF_OK) {
        daf_inspect_header(o, &r);
    } else {
        daf_inspect_put_text(o, "error", daf_err_str(err));
        daf_inspect_put_hex(o, "bytes", bytes.p, bytes.len);
    }
    daf_inspect_close(o, '}');
}

/* --- payloads -------------------------------------------------------------------- */

static void show_certificate(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_view cert;

    if (daf_payload_certificate(bytes, &cert) != DAF_OK) return;
    daf_inspect_key(o, "certificate");
    daf_inspect_any_cert(o, cert);
}

static void show_revocation(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_revocation r;

    if (daf_payload_revocation(bytes, &r) != DAF_OK) return;
    daf_inspect_put_text(o, "reason", daf_payload_reason_str(r.reason));
    daf_inspect_put_bool(o, "seconded", r.has_second);
}

/* The fields are shown as they are; beside them what one counts by hand. */
static void show_admit(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_revoked_log log;
    struct daf_cursor logs;
    struct daf_admit a;
    size_t tips = 0;

    if (daf_payload_admit(bytes, &a) != DAF_OK) return;
    daf_payload_logs(a.logs, &logs);
    for (size_t i = 0; i < a.logs_count; i++) {
        daf_payload_next_log(&logs, &log);
        tips += log.tips_count;
    }
    daf_inspect_put_uint(o, "tips", tips);
}

static void show_erasure(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_erasure e;

    if (daf_payload_erasure(bytes, &e) != DAF_OK) return;
    daf_inspect_put_uint(o, "handles", e.handles_count);
    daf_inspect_put_bool(o, "seconded", e.has_second);
}

static void show_beacon(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_beacon b;

    if (daf_payload_beacon(bytes, &b) != DAF_OK) return;
    daf_inspect_put_bool(o, "seconded", b.has_second);
}

/* [type, fields]: the fields as they are, and a certificate also as what it is. */
void daf_inspect_payload(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_cursor c;
    struct daf_view name;
    enum daf_type type = daf_payload_type(bytes, &name);

    daf_cursor_init(&c, bytes);
    if (daf_cursor_check(bytes, NULL) != DAF_OK || name.len == 0) {
        daf_inspect_put_text(o, "error", "no payload: [type, fields]");
        daf_inspect_put_hex(o, "bytes", bytes.p, bytes.len);
        return;
    }
    daf_inspect_key(o, "type");
    daf_inspect_str(o, name);
    daf_inspect_key(o, "fields");
    daf_cursor_array_of(&c, 2);
    daf_cursor_skip(&c);
    daf_inspect_value(o, &c);
    if (type == DAF_TYPE_CERTIFICATE) show_certificate(o, bytes);
    if (type == DAF_TYPE_REVOCATION) show_revocation(o, bytes);
    if (type == DAF_TYPE_ADMIT) show_admit(o, bytes);
    if (type == DAF_TYPE_ERASURE) show_erasure(o, bytes);
    if (type == DAF_TYPE_BEACON) show_beacon(o, bytes);
}

/* --- bodies ----------------------------------------------------------------------- */

static void show_hash(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_hash hash = daf_body_hash(bytes);

    daf_inspect_put_hex(o, "hash", hash.b, sizeof(hash.b));
    daf_inspect_put_uint(o, "bytes", bytes.len);
}

void daf_inspect_body(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_body b;
    enum daf_err err = daf_body_decode(bytes, &b);

    if (err != DAF_OK) {
        daf_inspect_put_text(o, "error", daf_err_str(err));
        daf_inspect_put_hex(o, "bytes", bytes.p, bytes.len);
        return;
    }
    daf_inspect_put_bool(o, "sealed", b.is_sealed);
    show_hash(o, bytes);
    if (!b.is_sealed) {
        daf_inspect_key(o, "payload");
        daf_inspect_open(o, '{');
        daf_inspect_payload(o, b.content);
        daf_inspect_close(o, '}');
        return;
    }
    daf_inspect_put_hex(o, "handle", b.handle.b, sizeof(b.handle.b));
    daf_inspect_put_hex(o, "nonce", b.nonce, sizeof(b.nonce));
    daf_inspect_put_hex(o, "key_id", b.key_id.b, sizeof(b.key_id.b));
    daf_inspect_put_hex(o, "ciphertext", b.content.p, b.content.len);
}

void daf_inspect_any_body(struct daf_inspect_out *o, struct daf_view bytes)
{
    daf_inspect_open(o, '{');
    daf_inspect_body(o, bytes);
    daf_inspect_close(o, '}');
}
