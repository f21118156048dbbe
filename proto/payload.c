/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/payload.h"

#include "proto/cert.h"
#include "proto/hash.h"
#include "proto/payload_fields.h"

#include <assert.h>
#include <sodium.h>

/* ---- types */

static const char *const names[] = {
    "achievement", "admit",        "archived",       "assignment",  "attempt",
    "attendance",  "beacon",       "catalogue-item", "certificate", "clock",
    "consent",     "erasure",      "guidance",       "key-wrap",    "lesson",
    "placement",   "registration", "remark",         "renewal",     "retire",
    "revocation",  "same-as",      "session",        "status",
};
#define NAMES_COUNT (sizeof(names) / sizeof(names[0]))

static_assert(NAMES_COUNT <= DAF_REGISTER_MAX, "a register names them all");

const char *const *daf_payload_names(size_t *out_count)
{
    *out_count = NAMES_COUNT;
    return names;
}

static const enum daf_type types_read[] = {
    DAF_TYPE_SESSION,    DAF_TYPE_REGISTRATION, DAF_TYPE_CERTIFICATE,
    DAF_TYPE_KEY_WRAP,   DAF_TYPE_REVOCATION,   DAF_TYPE_CATALOGUE_ITEM,
    DAF_TYPE_ASSIGNMENT, DAF_TYPE_RENEWAL,      DAF_TYPE_ADMIT,
    DAF_TYPE_ERASURE,    DAF_TYPE_CLOCK,        DAF_TYPE_BEACON,
};

const char *daf_payload_type_str(enum daf_type type)
{
    switch (type) {
    case DAF_TYPE_UNKNOWN:
        break;
    case DAF_TYPE_SESSION:
        return "session";
    case DAF_TYPE_REGISTRATION:
        return "registration";
    case DAF_TYPE_CERTIFICATE:
        return "certificate";
    case DAF_TYPE_KEY_WRAP:
        return "key-wrap";
    case DAF_TYPE_REVOCATION:
        return "revocation";
    case DAF_TYPE_CATALOGUE_ITEM:
        return "catalogue-item";
    case DAF_TYPE_ASSIGNMENT:
        return "assignment";
    case DAF_TYPE_RENEWAL:
        return "renewal";
    case DAF_TYPE_ADMIT:
        return "admit";
    case DAF_TYPE_ERASURE:
        return "erasure";
    case DAF_TYPE_CLOCK:
        return "clock";
    case DAF_TYPE_BEACON:
        return "beacon";
    }
    return "";
}

enum daf_type daf_payload_type(struct daf_view payload,
                               struct daf_view *out_name)
{
    struct daf_cursor c;
    struct daf_view name;

    daf_cursor_init(&c, payload);
    daf_cursor_array_of(&c, 2);
    name = daf_cursor_str(&c, DAF_TYPE_BYTES_MAX);
    if (daf_cursor_peek(&c) != DAF_KIND_MAP)
        daf_cursor_fail(&c, DAF_EFORM, c.at);
    daf_cursor_skip(&c);
    if (!daf_cursor_done(&c)) name = (struct daf_view){NULL, 0};
    if (out_name != NULL) *out_name = name;
    for (size_t i = 0; i < sizeof(types_read) / sizeof(types_read[0]); i++) {
        if (daf_payload_fields_is_named(name,
                                        daf_payload_type_str(types_read[i])))
            return types_read[i];
    }
    return DAF_TYPE_UNKNOWN;
}

/* ---- session */

void daf_payload_pack_session(struct daf_pack *k,
                              const struct daf_subject_id *subject,
                              const struct daf_did *did, size_t did_count)
{
    assert(did_count >= 1 && did_count <= DAF_DID_MAX);
    daf_payload_fields_begin(k, DAF_TYPE_SESSION, 2);
    daf_payload_fields_pack_text(k, "did");
    daf_pack_array(k, did_count);
    for (size_t i = 0; i < did_count; i++) {
        assert(did[i].item.len >= 1 && did[i].item.len <= DAF_ITEM_BYTES_MAX);
        assert(!did[i].has_score || did[i].score <= DAF_SCORE_MAX);
        daf_pack_array(k, 3);
        daf_payload_fields_pack_view(k, did[i].item);
        if (did[i].has_score)
            daf_pack_uint(k, did[i].score);
        else
            daf_pack_nil(k);
        daf_pack_uint(k, did[i].seconds);
    }
    daf_payload_fields_pack_text(k, "subject");
    daf_pack_bin(k, subject->b, sizeof(subject->b));
}

static void read_did(struct daf_cursor *c, struct daf_did *out)
{
    size_t start = c->at;

    memset(out, 0, sizeof(*out));
    daf_cursor_array_of(c, 3);
    out->item = daf_cursor_str(c, DAF_ITEM_BYTES_MAX);
    daf_payload_fields_require(c, out->item.len >= 1, start);
    out->has_score = daf_cursor_peek(c) != DAF_KIND_NIL;
    if (out->has_score)
        out->score = (uint32_t)daf_cursor_uint(c, DAF_SCORE_MAX);
    else
        daf_cursor_nil(c);
    out->seconds = (uint32_t)daf_cursor_uint(c, UINT32_MAX);
}

enum daf_err daf_payload_session(struct daf_view payload,
                                 struct daf_session_payload *out)
{
    struct daf_session_payload s;
    struct daf_did did;
    struct daf_payload_fields f;
    enum daf_err err;
    size_t start;

    daf_payload_fields_open(&f, payload, DAF_TYPE_SESSION);
    daf_payload_fields_need(&f, "did");
    start = f.c.at;
    s.did_count = daf_cursor_array(&f.c, DAF_DID_MAX);
    daf_payload_fields_require(&f.c, s.did_count >= 1, start);
    for (size_t i = 0; i < s.did_count && daf_cursor_ok(&f.c); i++)
        read_did(&f.c, &did);
    s.did = (struct daf_view){payload.p + start, f.c.at - start};
    daf_payload_fields_need(&f, "subject");
    daf_cursor_bin_into(&f.c, s.subject.b, sizeof(s.subject.b));
    err = daf_payload_fields_close(&f);
    if (err == DAF_OK) *out = s;
    return err;
}

struct daf_did daf_payload_did(const struct daf_session_payload *s,
                               size_t index)
{
    struct daf_cursor c;
    struct daf_did did;

    assert(index < s->did_count);
    daf_cursor_init(&c, s->did);
    (void)daf_cursor_array(&c, DAF_DID_MAX);
    for (size_t i = 0; i < index; i++)
        daf_cursor_skip(&c);
    read_did(&c, &did);
    assert(daf_cursor_ok(&c));
    return did;
}

/* ---- registration */

void daf_payload_pack_registration(struct daf_pack *k,
                                   const struct daf_registration *r)
{
    assert(r->name.len <= DAF_NAME_BYTES_MAX);
    daf_payload_fields_begin(k, DAF_TYPE_REGISTRATION, r->name.len > 0 ? 3 : 2);
    daf_payload_fields_pack_text(k, "key");
    daf_pack_bin(k, r->key.b, sizeof(r->key.b));
    if (r->name.len > 0) {
        daf_payload_fields_pack_text(k, "name");
        daf_payload_fields_pack_view(k, r->name);
    }
    daf_payload_fields_pack_text(k, "subject");
    daf_pack_bin(k, r->subject.b, sizeof(r->subject.b));
}

enum daf_err daf_payload_registration(struct daf_view payload,
                                      struct daf_registration *out)
{
    struct daf_registration r;
    struct daf_payload_fields f;
    enum daf_err err;

    memset(&r, 0, sizeof(r));
    daf_payload_fields_open(&f, payload, DAF_TYPE_REGISTRATION);
    daf_payload_fields_need(&f, "key");
    daf_cursor_bin_into(&f.c, r.key.b, sizeof(r.key.b));
    if (daf_payload_fields_find(&f, "name"))
        r.name = daf_cursor_str(&f.c, DAF_NAME_BYTES_MAX);
    daf_payload_fields_need(&f, "subject");
    daf_cursor_bin_into(&f.c, r.subject.b, sizeof(r.subject.b));
    err = daf_payload_fields_close(&f);
    if (err == DAF_OK) *out = r;
    sodium_memzero(&r.key, sizeof(r.key));
    return err;
}

/* ---- catalogue-item */

void daf_payload_pack_catalogue_item(struct daf_pack *k,
                                     const struct daf_catalogue_item *item)
{
    assert(item->replaces_count <= DAF_REPLACES_MAX);
    daf_payload_fields_begin(k, DAF_TYPE_CATALOGUE_ITEM,
                             (size_t)(item->manifest.len > 0) +
                                 (item->replaces_count > 0));
    if (item->manifest.len > 0) {
        daf_payload_fields_pack_text(k, "manifest");
        daf_pack_bin(k, item->manifest.p, item->manifest.len);
    }
    daf_payload_fields_pack_replaces(k, item->replaces, item->replaces_count);
}

enum daf_err daf_payload_catalogue_item(struct daf_view payload,
                                        struct daf_catalogue_item *out)
{
    struct daf_payload_fields f;
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    daf_payload_fields_open(&f, payload, DAF_TYPE_CATALOGUE_ITEM);
    if (daf_payload_fields_find(&f, "manifest"))
        out->manifest = daf_cursor_bin(&f.c, DAF_CONTENT_MANIFEST_BYTES_MAX);
    if (daf_payload_fields_find(&f, "replaces"))
        out->replaces_count = daf_payload_fields_replaces(&f.c, out->replaces);
    daf_payload_fields_require(&f.c,
                               out->manifest.len > 0 || out->replaces_count > 0,
                               0);
    err = daf_payload_fields_close(&f);
    if (err != DAF_OK) memset(out, 0, sizeof(*out));
    return err;
}

/* ---- certificate */

void daf_payload_pack_certificate(struct daf_pack *k, struct daf_view cert)
{
    assert(cert.len >= 1 && cert.len <= DAF_CERT_BYTES_MAX);
    daf_payload_fields_begin(k, DAF_TYPE_CERTIFICATE, 1);
    daf_payload_fields_pack_text(k, "cert");
    daf_pack_bin(k, cert.p, cert.len);
}

enum daf_err daf_payload_certificate(struct daf_view payload,
                                     struct daf_view *out_cert)
{
    struct daf_view cert;
    struct daf_payload_fields f;
    enum daf_err err;
    size_t start;

    daf_payload_fields_open(&f, payload, DAF_TYPE_CERTIFICATE);
    daf_payload_fields_need(&f, "cert");
    start = f.c.at;
    cert = daf_cursor_bin(&f.c, DAF_CERT_BYTES_MAX);
    daf_payload_fields_require(&f.c, cert.len >= 1, start);
    err = daf_payload_fields_close(&f);
    if (err == DAF_OK) *out_cert = cert;
    return err;
}

/* ---- key-wrap */

void daf_payload_pack_key_wrap(struct daf_pack *k, const struct daf_key_wrap *w,
                               const struct daf_wrap *wraps)
{
    assert(w->wraps_count >= 1 && w->wraps_count <= DAF_WRAPS_MAX);
    assert(w->generation >= 1);
    daf_payload_fields_begin(k, DAF_TYPE_KEY_WRAP, 4);
    daf_payload_fields_pack_text(k, "commit");
    daf_pack_bin(k, w->commit, sizeof(w->commit));
    daf_payload_fields_pack_text(k, "generation");
    daf_pack_uint(k, w->generation);
    daf_payload_fields_pack_text(k, "scope");
    daf_payload_fields_pack_text(k, w->scope);
    daf_payload_fields_pack_text(k, "wraps");
    daf_pack_array(k, w->wraps_count);
    for (size_t i = 0; i < w->wraps_count; i++) {
        daf_pack_array(k, 2);
        daf_pack_bin(k, wraps[i].author.b, sizeof(wraps[i].author.b));
        daf_pack_bin(k, wraps[i].sealed, sizeof(wraps[i].sealed));
    }
}

void daf_payload_next_wrap(struct daf_cursor *c, struct daf_wrap *out)
{
    daf_cursor_array_of(c, 2);
    daf_cursor_bin_into(c, out->author.b, sizeof(out->author.b));
    daf_cursor_bin_into(c, out->sealed, sizeof(out->sealed));
}

static void read_scope(struct daf_cursor *c, char *out)
{
    size_t start = c->at;
    struct daf_view name = daf_cursor_str(c, DAF_SCOPE_NAME_BYTES_MAX);

    if (!daf_cert_scope_name_ok(name)) {
        daf_cursor_fail(c, DAF_EFORM, start);
        return;
    }
    memcpy(out, name.p, name.len);
    out[name.len] = '\0';
}

static void read_wraps(struct daf_cursor *c, struct daf_key_wrap *out)
{
    size_t start = c->at;
    struct daf_wrap wrap;

    out->wraps_count = daf_cursor_array(c, DAF_WRAPS_MAX);
    daf_payload_fields_require(c, out->wraps_count >= 1, start);
    for (size_t i = 0; i < out->wraps_count && daf_cursor_ok(c); i++)
        daf_payload_next_wrap(c, &wrap);
    out->wraps = (struct daf_view){c->p + start, c->at - start};
}

enum daf_err daf_payload_key_wrap(struct daf_view payload,
                                  struct daf_key_wrap *out)
{
    struct daf_key_wrap w;
    struct daf_payload_fields f;
    enum daf_err err;
    size_t start;

    memset(&w, 0, sizeof(w));
    daf_payload_fields_open(&f, payload, DAF_TYPE_KEY_WRAP);
    daf_payload_fields_need(&f, "commit");
    daf_cursor_bin_into(&f.c, w.commit, sizeof(w.commit));
    daf_payload_fields_need(&f, "generation");
    start = f.c.at;
    w.generation = daf_cursor_uint(&f.c, DAF_INT_MAX);
    daf_payload_fields_require(&f.c, w.generation >= 1, start);
    daf_payload_fields_need(&f, "scope");
    read_scope(&f.c, w.scope);
    daf_payload_fields_need(&f, "wraps");
    read_wraps(&f.c, &w);
    err = daf_payload_fields_close(&f);
    if (err == DAF_OK) *out = w;
    return err;
}

void daf_payload_wraps(const struct daf_key_wrap *w, struct daf_cursor *out)
{
    daf_cursor_init(out, w->wraps);
    (void)daf_cursor_array(out, DAF_WRAPS_MAX);
}

enum daf_err daf_payload_wrap(const struct daf_key_wrap *w,
                              const struct daf_author_id *author,
                              struct daf_wrap *out)
{
    struct daf_cursor c;
    struct daf_wrap wrap;

    daf_payload_wraps(w, &c);
    for (size_t i = 0; i < w->wraps_count; i++) {
        daf_payload_next_wrap(&c, &wrap);
        assert(daf_cursor_ok(&c));
        if (memcmp(wrap.author.b, author->b, sizeof(author->b)) == 0) {
            *out = wrap;
            return DAF_OK;
        }
    }
    return DAF_ENOTFOUND;
}

/* ---- revocation */

const char *daf_payload_reason_str(enum daf_revocation_reason reason)
{
    switch (reason) {
    case DAF_REVOKED_LOST:
        return "lost";
    case DAF_REVOKED_STOLEN:
        return "stolen";
    case DAF_REVOKED_LEFT:
        return "left";
    case DAF_REVOKED_OTHER:
        break;
    }
    return "other";
}

size_t daf_payload_begin_revocation(struct daf_pack *k)
{
    daf_payload_fields_begin(k, DAF_TYPE_REVOCATION, 3);
    daf_payload_fields_pack_text(k, "logs");
    return daf_pack_open(k);
}

void daf_payload_add_revoked_log(struct daf_pack *k,
                                 const struct daf_log_key *log,
                                 const struct daf_spot *tips, size_t tips_count)
{
    assert(tips_count <= DAF_FRONTIER_MAX);
    daf_pack_array(k, 4);
    daf_pack_bin(k, log->scope.b, sizeof(log->scope.b));
    daf_pack_bin(k, log->author.b, sizeof(log->author.b));
    daf_pack_uint(k, log->incarnation);
    daf_pack_array(k, tips_count);
    for (size_t i = 0; i < tips_count; i++)
        daf_pack_bin(k, tips[i].id.b, sizeof(tips[i].id.b));
}

void daf_payload_end_revocation(struct daf_pack *k, size_t mark,
                                size_t logs_count,
                                enum daf_revocation_reason reason,
                                const struct daf_author_id *who)
{
    daf_pack_close(k, mark, logs_count);
    daf_payload_fields_pack_text(k, "reason");
    daf_pack_uint(k, (uint64_t)reason);
    daf_payload_fields_pack_text(k, "who");
    daf_pack_bin(k, who->b, sizeof(who->b));
}

void daf_payload_next_log(struct daf_cursor *c, struct daf_revoked_log *out)
{
    daf_cursor_array_of(c, 4);
    daf_cursor_bin_into(c, out->log.scope.b, sizeof(out->log.scope.b));
    daf_cursor_bin_into(c, out->log.author.b, sizeof(out->log.author.b));
    out->log.incarnation = daf_cursor_uint(c, UINT64_MAX);
    out->tips_count = daf_cursor_array(c, DAF_FRONTIER_MAX);
    for (size_t i = 0; i < out->tips_count && daf_cursor_ok(c); i++)
        daf_cursor_bin_into(c, out->tips[i].b, sizeof(out->tips[i].b));
}

size_t daf_payload_fields_logs(struct daf_cursor *c, struct daf_view *out)
{
    struct daf_revoked_log log;
    size_t start = c->at, count = daf_cursor_array(c, DAF_BODY_BYTES_MAX);

    for (size_t i = 0; i < count && daf_cursor_ok(c); i++)
        daf_payload_next_log(c, &log);
    *out = (struct daf_view){c->p + start, c->at - start};
    return count;
}

void daf_payload_logs(struct daf_view logs, struct daf_cursor *out)
{
    daf_cursor_init(out, logs);
    (void)daf_cursor_array(out, DAF_BODY_BYTES_MAX);
}

enum daf_err daf_payload_revocation(struct daf_view payload,
                                    struct daf_revocation *out)
{
    struct daf_revocation r;
    struct daf_payload_fields f;
    enum daf_err err;

    memset(&r, 0, sizeof(r));
    daf_payload_fields_open(&f, payload, DAF_TYPE_REVOCATION);
    daf_payload_fields_need(&f, "logs");
    r.logs_count = daf_payload_fields_logs(&f.c, &r.logs);
    daf_payload_fields_need(&f, "reason");
    r.reason =
        (enum daf_revocation_reason)daf_cursor_uint(&f.c, DAF_REVOKED_LEFT);
    r.has_second = daf_payload_fields_find(&f, "second");
    if (r.has_second) daf_payload_fields_second(&f.c, &r.second, &r.second_sig);
    daf_payload_fields_need(&f, "who");
    daf_cursor_bin_into(&f.c, r.who.b, sizeof(r.who.b));
    err = daf_payload_fields_close(&f);
    if (err == DAF_OK) *out = r;
    return err;
}

void daf_payload_revoked_log(const struct daf_revocation *r, size_t index,
                             struct daf_revoked_log *out)
{
    struct daf_cursor c;

    assert(index < r->logs_count);
    daf_payload_logs(r->logs, &c);
    for (size_t i = 0; i < index; i++)
        daf_cursor_skip(&c);
    daf_payload_next_log(&c, out);
    assert(daf_cursor_ok(&c));
}

bool daf_payload_second_ok(struct daf_view payload,
                           const struct daf_revocation *r, struct daf_view aad,
                           const struct daf_sign_pk *pk)
{
    return r->has_second &&
           daf_payload_second_sig_ok(payload, r->second_sig, aad, pk);
}

bool daf_payload_second_sig_ok(struct daf_view payload, struct daf_view sig,
                               struct daf_view aad,
                               const struct daf_sign_pk *pk)
{
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    struct daf_sig copy;
    size_t at;

    if (payload.len > sizeof(bytes) || aad.len > sizeof(bytes) - payload.len)
        return false;
    at = aad.len + (size_t)(sig.p - payload.p);
    memcpy(copy.b, sig.p, sizeof(copy.b));
    if (aad.len > 0) memcpy(bytes, aad.p, aad.len);
    memcpy(bytes + aad.len, payload.p, payload.len);
    /* records.md: "with 64 zero bytes in the place of `sig`" */
    memset(bytes + at, 0, sizeof(copy.b));
    return daf_hash_verify("daf.person.1",
                           (struct daf_view){bytes, aad.len + payload.len}, pk,
                           &copy);
}

/* ---- acts */

/* A program that reads erasures counts them no other way: two devices must not
 * differ in what they count. */
static uint64_t handles_of(struct daf_view payload)
{
    struct daf_cursor c;
    struct daf_view key = {NULL, 0};
    size_t fields, count = 0;

    daf_cursor_init(&c, payload);
    daf_cursor_array_of(&c, 2);
    daf_cursor_skip(&c);
    fields = daf_cursor_map(&c, SIZE_MAX);
    for (size_t i = 0; i < fields && daf_cursor_ok(&c); i++) {
        (void)daf_cursor_key(&c, &key);
        if (daf_payload_fields_is_named(key, "handles") &&
            daf_cursor_peek(&c) == DAF_KIND_ARRAY) {
            count = daf_cursor_array(&c, SIZE_MAX);
            break;
        }
        daf_cursor_skip(&c);
    }
    return count > 0 ? count : 1;
}

uint64_t daf_payload_acts(struct daf_view payload)
{
    struct daf_view name;

    (void)daf_payload_type(payload, &name);
    if (daf_payload_fields_is_named(name, "revocation") ||
        daf_payload_fields_is_named(name, "retire"))
        return 1;
    return daf_payload_fields_is_named(name, "erasure") ? handles_of(payload)
                                                        : 0;
}
