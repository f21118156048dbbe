/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/cert.h"

#include "proto/cursor.h"
#include "proto/hash.h"
#include "proto/pack.h"

#include <assert.h>

#define CONTEXT     "daf.cert.1"
#define ITEMS       14
#define KIND_DEVICE 1

/* ---- reading */

/* Another version may have more items, so the count comes second. */
static void read_version(struct daf_cursor *c)
{
    size_t count = daf_cursor_array(c, SIZE_MAX);
    size_t start = c->at;

    if (daf_cursor_uint(c, UINT64_MAX) != DAF_FORMAT_VERSION)
        daf_cursor_fail(c, DAF_EVERSION, start);
    if (count != ITEMS) daf_cursor_fail(c, DAF_EFORM, 0);
}

static void read_keys(struct daf_cursor *c, struct daf_device_keys *out)
{
    daf_cursor_bin_into(c, out->sign.b, sizeof(out->sign.b));
    daf_cursor_bin_into(c, out->transport.b, sizeof(out->transport.b));
    daf_cursor_bin_into(c, out->seal.b, sizeof(out->seal.b));
}

static void read_right(struct daf_cursor *c, struct daf_cert_right *out)
{
    size_t start = c->at;
    struct daf_view name;

    daf_cursor_array_of(c, 2);
    name = daf_cursor_str(c, DAF_SCOPE_NAME_BYTES_MAX);
    out->right = (enum daf_right)daf_cursor_uint(c, DAF_RIGHT_ADMIN);
    if (!daf_cert_scope_name_ok(name) || out->right == DAF_RIGHT_NONE) {
        daf_cursor_fail(c, DAF_EFORM, start);
        return;
    }
    memcpy(out->scope, name.p, name.len);
    out->scope[name.len] = '\0';
}

static void read_rights(struct daf_cursor *c, struct daf_cert *out)
{
    out->rights_count = daf_cursor_array(c, DAF_RIGHTS_MAX);
    for (size_t i = 0; i < out->rights_count && daf_cursor_ok(c); i++) {
        size_t start = c->at;

        read_right(c, &out->rights[i]);
        if (i > 0 &&
            strcmp(out->rights[i - 1].scope, out->rights[i].scope) >= 0)
            daf_cursor_fail(c, DAF_EFORM, start);
    }
}

static uint64_t read_expiry(struct daf_cursor *c)
{
    if (daf_cursor_peek(c) != DAF_KIND_NIL)
        return daf_cursor_uint(c, DAF_INT_MAX);
    daf_cursor_nil(c);
    return UINT64_MAX;
}

enum daf_err daf_cert_decode(struct daf_view bytes, struct daf_cert *out)
{
    struct daf_cert cert;
    struct daf_cursor c;
    size_t start;

    if (bytes.len > DAF_CERT_BYTES_MAX) return DAF_ELIMIT;
    memset(&cert, 0, sizeof(cert));
    daf_cursor_init(&c, bytes);
    read_version(&c);
    daf_cursor_bin_into(&c, cert.camp.b, sizeof(cert.camp.b));
    start = c.at;
    if (daf_cursor_uint(&c, UINT64_MAX) != KIND_DEVICE)
        daf_cursor_fail(&c, DAF_EFORM, start);
    daf_cursor_bin_into(&c, cert.serial, sizeof(cert.serial));
    read_keys(&c, &cert.keys);
    read_rights(&c, &cert);
    cert.archive = daf_cursor_bool(&c);
    cert.issued_beacon = daf_cursor_uint(&c, DAF_INT_MAX);
    cert.expires_beacon = read_expiry(&c);
    daf_cursor_bin_into(&c, cert.issuer.b, sizeof(cert.issuer.b));
    (void)daf_cursor_bin(&c, DAF_EXT_BYTES_MAX);
    cert.signed_len = c.at;
    daf_cursor_bin_into(&c, cert.sig.b, sizeof(cert.sig.b));
    if (!daf_cursor_done(&c)) return c.err;
    cert.author = daf_hash_author_id(&cert.keys.sign);
    daf_hash_256(CONTEXT, bytes, cert.id.b);
    *out = cert;
    return DAF_OK;
}

enum daf_err daf_cert_verify(struct daf_view bytes, const struct daf_cert *cert,
                             const struct daf_sign_pk *issuer)
{
    struct daf_author_id id = daf_hash_author_id(issuer);

    assert(cert->signed_len <= bytes.len);
    if (memcmp(id.b, cert->issuer.b, sizeof(id.b)) != 0) return DAF_EAUTHOR;
    bytes.len = cert->signed_len;
    return daf_hash_verify(CONTEXT, bytes, issuer, &cert->sig) ? DAF_OK
                                                               : DAF_ESIG;
}

/* ---- making */

static struct daf_view name_of(const struct daf_cert_right *right)
{
    const void *end = memchr(right->scope, '\0', sizeof(right->scope));

    /* One without an end is too long by a byte, so no name. */
    return (struct daf_view){(const uint8_t *)right->scope,
                             end == NULL ? sizeof(right->scope)
                                         : strlen(right->scope)};
}

static bool rights_ok(const struct daf_cert *cert)
{
    const struct daf_cert_right *rights = cert->rights;

    if (cert->rights_count > DAF_RIGHTS_MAX) return false;
    for (size_t i = 0; i < cert->rights_count; i++) {
        if (!daf_cert_scope_name_ok(name_of(&rights[i])) ||
            rights[i].right < DAF_RIGHT_RELAY ||
            rights[i].right > DAF_RIGHT_ADMIN)
            return false;
        if (i > 0 && strcmp(rights[i - 1].scope, rights[i].scope) >= 0)
            return false;
    }
    return true;
}

static void pack_rights(struct daf_pack *k, const struct daf_cert *cert)
{
    daf_pack_array(k, cert->rights_count);
    for (size_t i = 0; i < cert->rights_count; i++) {
        const struct daf_cert_right *right = &cert->rights[i];

        daf_pack_array(k, 2);
        daf_pack_str(k, right->scope, strlen(right->scope));
        daf_pack_uint(k, (uint64_t)right->right);
    }
}

size_t daf_cert_pack(const struct daf_cert *cert, uint8_t *out, size_t cap)
{
    struct daf_pack k;

    if (!rights_ok(cert)) return 0;
    daf_pack_init(&k, out, cap);
    daf_pack_array(&k, ITEMS);
    daf_pack_uint(&k, DAF_FORMAT_VERSION);
    daf_pack_bin(&k, cert->camp.b, sizeof(cert->camp.b));
    daf_pack_uint(&k, KIND_DEVICE);
    daf_pack_bin(&k, cert->serial, sizeof(cert->serial));
    daf_pack_bin(&k, cert->keys.sign.b, sizeof(cert->keys.sign.b));
    daf_pack_bin(&k, cert->keys.transport.b, sizeof(cert->keys.transport.b));
    daf_pack_bin(&k, cert->keys.seal.b, sizeof(cert->keys.seal.b));
    pack_rights(&k, cert);
    daf_pack_bool(&k, cert->archive);
    daf_pack_uint(&k, cert->issued_beacon);
    if (cert->expires_beacon == UINT64_MAX)
        daf_pack_nil(&k);
    else
        daf_pack_uint(&k, cert->expires_beacon);
    daf_pack_bin(&k, cert->issuer.b, sizeof(cert->issuer.b));
    daf_pack_bin(&k, NULL, 0); /* extension: none in this version */
    return daf_pack_view(&k).len;
}

size_t daf_cert_sign(struct daf_cert *cert, const struct daf_sign_sk *issuer,
                     uint8_t *out)
{
    struct daf_sign_pk pk;
    struct daf_pack k;
    size_t len;

    /* libsodium's secret key ends with the public one. */
    memcpy(pk.b, issuer->b + 32, sizeof(pk.b));
    cert->issuer = daf_hash_author_id(&pk);
    len = daf_cert_pack(cert, out, DAF_CERT_BYTES_MAX);
    if (len == 0) return 0;
    daf_hash_sign(CONTEXT, (struct daf_view){out, len}, issuer, &cert->sig);
    daf_pack_init(&k, out + len, DAF_CERT_BYTES_MAX - len);
    daf_pack_bin(&k, cert->sig.b, sizeof(cert->sig.b));
    if (k.is_full) return 0;
    cert->author = daf_hash_author_id(&cert->keys.sign);
    cert->signed_len = len;
    len += k.len;
    daf_hash_256(CONTEXT, (struct daf_view){out, len}, cert->id.b);
    return len;
}

/* ---- asking */

enum daf_right daf_cert_right(const struct daf_cert *cert, const char *scope)
{
    for (size_t i = 0; i < cert->rights_count; i++) {
        if (strcmp(cert->rights[i].scope, scope) == 0)
            return cert->rights[i].right;
    }
    return DAF_RIGHT_NONE;
}

const char *daf_cert_right_str(enum daf_right right)
{
    switch (right) {
    case DAF_RIGHT_NONE:
        return "none";
    case DAF_RIGHT_RELAY:
        return "relay";
    case DAF_RIGHT_READ:
        return "read";
    case DAF_RIGHT_APPEND:
        return "append";
    case DAF_RIGHT_CURATE:
        return "curate";
    case DAF_RIGHT_ADMIN:
        return "admin";
    }
    return "unknown";
}

static bool name_byte_ok(uint8_t b)
{
    return (b >= 'a' && b <= 'z') || (b >= '0' && b <= '9') || b == ':' ||
           b == '-';
}

bool daf_cert_scope_name_ok(struct daf_view name)
{
    if (name.len < 1 || name.len > DAF_SCOPE_NAME_BYTES_MAX) return false;
    for (size_t i = 0; i < name.len; i++) {
        if (!name_byte_ok(name.p[i])) return false;
    }
    return true;
}
