/* SPDX-License-Identifier: Apache-2.0 */
#include "node/inspect_impl.h"

#include "node/cmd.h"
#include "proto/hash.h"

static void show_keys(struct daf_inspect_out *o,
                      const struct daf_device_keys *keys)
{
    struct daf_author_id author = daf_hash_author_id(&keys->sign);

    daf_inspect_put_hex(o, "author", author.b, sizeof(author.b));
    daf_inspect_put_hex(o, "signing_key", keys->sign.b, sizeof(keys->sign.b));
    daf_inspect_put_hex(o, "transport_key", keys->transport.b,
                        sizeof(keys->transport.b));
    daf_inspect_put_hex(o, "sealing_key", keys->seal.b, sizeof(keys->seal.b));
}

void daf_inspect_cert(struct daf_inspect_out *o, const struct daf_cert *cert)
{
    daf_inspect_put_hex(o, "id", cert->id.b, sizeof(cert->id.b));
    daf_inspect_put_hex(o, "camp", cert->camp.b, sizeof(cert->camp.b));
    daf_inspect_put_hex(o, "serial", cert->serial, sizeof(cert->serial));
    show_keys(o, &cert->keys);
    daf_inspect_key(o, "rights");
    daf_inspect_open(o, '{');
    for (size_t i = 0; i < cert->rights_count; i++)
        daf_inspect_put_text(o, cert->rights[i].scope,
                             daf_cert_right_str(cert->rights[i].right));
    daf_inspect_close(o, '}');
    daf_inspect_put_bool(o, "archive", cert->archive);
    daf_inspect_put_uint(o, "issued_beacon", cert->issued_beacon);
    daf_inspect_key(o, "expires_beacon");
    if (cert->expires_beacon == UINT64_MAX)
        daf_inspect_null(o);
    else
        daf_inspect_uint(o, cert->expires_beacon);
    daf_inspect_put_hex(o, "issuer", cert->issuer.b, sizeof(cert->issuer.b));
    daf_inspect_put_hex(o, "signature", cert->sig.b, sizeof(cert->sig.b));
}

void daf_inspect_any_cert(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_cert cert;
    enum daf_err err = daf_cert_decode(bytes, &cert);

    daf_inspect_open(o, '{');
    if (err == DAF_OK) {
        daf_inspect_cert(o, &cert);
    } else {
        daf_inspect_put_text(o, "error", daf_err_str(err));
        daf_inspect_put_hex(o, "bytes", bytes.p, bytes.len);
    }
    daf_inspect_close(o, '}');
}

/* --- manifests --------------------------------------------------------------------- */

static void show_coordinators(struct daf_inspect_out *o,
                              const struct daf_manifest *m)
{
    daf_inspect_key(o, "coordinators");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < m->coordinators_count; i++) {
        daf_inspect_open(o, '{');
        show_keys(o, &m->coordinators[i].keys);
        daf_inspect_put_uint(o, "acts", m->coordinators[i].acts);
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
    daf_inspect_key(o, "removed");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < m->removed_count; i++) {
        const struct daf_removed *removed = &m->removed[i];

        daf_inspect_open(o, '{');
        daf_inspect_put_hex(o, "author", removed->author.b,
                            sizeof(removed->author.b));
        daf_inspect_key(o, "tips");
        daf_inspect_open(o, '[');
        for (size_t j = 0; j < removed->tips_count; j++)
            daf_inspect_hex(o, removed->tips[j].b, sizeof(removed->tips[j].b));
        daf_inspect_close(o, ']');
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
}

static void show_signatures(struct daf_inspect_out *o,
                            const struct daf_manifest *m)
{
    daf_inspect_key(o, "signatures");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < m->sigs_count; i++) {
        daf_inspect_open(o, '{');
        daf_inspect_put_uint(o, "root", m->sig_roots[i]);
        daf_inspect_put_hex(o, "signature", m->sigs[i].b, sizeof(m->sigs[i].b));
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
}

static void show_optional(struct daf_inspect_out *o, const char *key,
                          const char *text)
{
    if (text[0] != '\0') {
        daf_inspect_put_text(o, key, text);
    } else {
        daf_inspect_key(o, key);
        daf_inspect_null(o);
    }
}

void daf_inspect_manifest(struct daf_inspect_out *o,
                          const struct daf_manifest *m, bool verified)
{
    daf_inspect_put_hex(o, "hash", m->hash.b, sizeof(m->hash.b));
    daf_inspect_put_hex(o, "camp", m->camp.b, sizeof(m->camp.b));
    daf_inspect_put_bool(o, "first", m->is_first);
    daf_inspect_put_uint(o, "number", m->number);
    daf_inspect_put_text(o, "name", m->name);
    daf_inspect_put_uint(o, "k", m->k);
    daf_inspect_key(o, "roots");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < m->roots_count; i++)
        daf_inspect_hex(o, m->roots[i].b, sizeof(m->roots[i].b));
    daf_inspect_close(o, ']');
    show_coordinators(o, m);
    daf_inspect_key(o, "register");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < m->register_count; i++)
        daf_inspect_str(o, (struct daf_view){(const uint8_t *)m->types[i],
                                             strlen(m->types[i])});
    daf_inspect_close(o, ']');
    /* Who reads this over a shoulder must not come in by it. */
    daf_inspect_put_text(o, "discovery", "(secret)");
    daf_inspect_put_bool(o, "previous_discovery", m->has_previous_discovery);
    show_optional(o, "data_protection", m->dpia);
    show_signatures(o, m);
    daf_inspect_put_bool(o, "verified", verified);
}

void daf_inspect_any_manifest(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_manifest m;
    enum daf_err err = daf_manifest_decode(bytes, &m);

    daf_inspect_open(o, '{');
    if (err == DAF_OK) {
        daf_inspect_manifest(o, &m, daf_manifest_verify(bytes, &m) == DAF_OK);
    } else {
        daf_inspect_put_text(o, "error", daf_err_str(err));
        daf_inspect_put_hex(o, "bytes", bytes.p, bytes.len);
    }
    daf_inspect_close(o, '}');
}

/* --- files -------------------------------------------------------------------------- */

enum daf_err daf_inspect_request(struct daf_inspect_out *o,
                                 struct daf_view bytes,
                                 struct daf_inspect_fault *fault)
{
    struct daf_device_keys keys;
    enum daf_err err = daf_request_decode(bytes, &keys, &fault->offset);

    if (err != DAF_OK && err != DAF_ESIG) return err;
    daf_inspect_open(o, '{');
    daf_inspect_put_text(o, "kind", "request");
    show_keys(o, &keys);
    daf_inspect_put_bool(o, "verified", err == DAF_OK);
    daf_inspect_close(o, '}');
    return DAF_OK;
}

static enum daf_err check_accept(struct daf_view bytes,
                                 struct daf_cmd_accept *a,
                                 struct daf_inspect_fault *fault)
{
    struct daf_view header, body;
    struct daf_cursor c;
    struct daf_record r;
    struct daf_body b;
    enum daf_err err = daf_cmd_accept_decode(bytes, a, &fault->offset);

    if (err != DAF_OK) return err;
    c = a->records;
    for (size_t i = 0; i < a->records_count; i++) {
        daf_cmd_accept_next(&c, &header, &body);
        fault->offset = (size_t)(header.p - bytes.p);
        err = daf_record_decode(header, &r);
        if (err != DAF_OK) return err;
        fault->offset = (size_t)(body.p - bytes.p);
        err = daf_body_decode(body, &b);
        if (err != DAF_OK) return err;
    }
    return DAF_OK;
}

enum daf_err daf_inspect_accept(struct daf_inspect_out *o,
                                struct daf_view bytes,
                                struct daf_inspect_fault *fault)
{
    struct daf_view header, body;
    struct daf_cmd_accept a;
    struct daf_cursor c;
    enum daf_err err = check_accept(bytes, &a, fault);

    if (err != DAF_OK) return err;
    daf_inspect_open(o, '{');
    daf_inspect_put_text(o, "kind", "acceptance");
    daf_inspect_key(o, "manifest");
    daf_inspect_any_manifest(o, a.manifest);
    daf_inspect_key(o, "certificate");
    daf_inspect_any_cert(o, a.cert);
    daf_inspect_key(o, "records");
    daf_inspect_open(o, '[');
    c = a.records;
    for (size_t i = 0; i < a.records_count; i++) {
        daf_cmd_accept_next(&c, &header, &body);
        daf_inspect_open(o, '{');
        daf_inspect_key(o, "header");
        daf_inspect_any_header(o, header);
        daf_inspect_key(o, "body");
        daf_inspect_any_body(o, body);
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
    daf_inspect_close(o, '}');
    return DAF_OK;
}
