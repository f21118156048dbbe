/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/record.h"

#include "proto/cursor.h"
#include "proto/hash.h"
#include "proto/pack.h"

#include <assert.h>

#define CONTEXT  "daf.rec.1"
#define ITEMS    14
#define TIME_MAX 3 /* 3 is reserved, and carried (R8) */

/* Another version may have more items, so the count comes second. */
static void read_version(struct daf_cursor *c)
{
    size_t count = daf_cursor_array(c, SIZE_MAX);
    size_t start = c->at;

    if (daf_cursor_uint(c, UINT64_MAX) != DAF_FORMAT_VERSION)
        daf_cursor_fail(c, DAF_EVERSION, start);
    if (count != ITEMS) daf_cursor_fail(c, DAF_EFORM, 0);
}

static void read_place(struct daf_cursor *c, struct daf_record *r)
{
    size_t start;

    daf_cursor_bin_into(c, r->log.scope.b, sizeof(r->log.scope.b));
    daf_cursor_bin_into(c, r->log.author.b, sizeof(r->log.author.b));
    r->log.incarnation = daf_cursor_uint(c, UINT64_MAX);
    start = c->at;
    r->seq = daf_cursor_uint(c, DAF_INT_MAX);
    if (r->seq == 0) daf_cursor_fail(c, DAF_EFORM, start);
    /* protocol.md R4: "`prev` is nil if and only if `seq` is 1" */
    if (r->seq == 1)
        daf_cursor_nil(c);
    else
        daf_cursor_bin_into(c, r->prev.b, sizeof(r->prev.b));
}

enum daf_err daf_record_decode(struct daf_view bytes, struct daf_record *out)
{
    struct daf_record r = {0};
    struct daf_cursor c;

    if (bytes.len > DAF_HEADER_BYTES_MAX) return DAF_ELIMIT;
    daf_cursor_init(&c, bytes);
    read_version(&c);
    read_place(&c, &r);
    r.claimed_ms = daf_cursor_uint(&c, DAF_INT_MAX);
    r.boot = daf_cursor_uint(&c, DAF_INT_MAX);
    r.time_quality = (uint8_t)daf_cursor_uint(&c, TIME_MAX);
    r.retention = (uint8_t)daf_cursor_uint(&c, UINT8_MAX);
    r.aad_len = c.at;
    daf_cursor_bin_into(&c, r.body_hash.b, sizeof(r.body_hash.b));
    r.body_len = (uint32_t)daf_cursor_uint(&c, DAF_BODY_BYTES_MAX);
    r.ext = daf_cursor_bin(&c, DAF_EXT_BYTES_MAX);
    r.signed_len = c.at;
    daf_cursor_bin_into(&c, r.sig.b, sizeof(r.sig.b));
    if (!daf_cursor_done(&c)) return c.err;
    r.id = daf_record_id(bytes);
    *out = r;
    return DAF_OK;
}

struct daf_record_id daf_record_id(struct daf_view bytes)
{
    struct daf_record_id id;

    daf_hash_256(CONTEXT, bytes, id.b);
    return id;
}

enum daf_err daf_record_verify(struct daf_view bytes,
                               const struct daf_record *r,
                               const struct daf_sign_pk *pk)
{
    struct daf_author_id author = daf_hash_author_id(pk);

    assert(r->signed_len <= bytes.len);
    if (memcmp(author.b, r->log.author.b, sizeof(author.b)) != 0)
        return DAF_EAUTHOR;
    bytes.len = r->signed_len;
    return daf_hash_verify(CONTEXT, bytes, pk, &r->sig) ? DAF_OK : DAF_ESIG;
}

static void pack_prefix(struct daf_pack *k, const struct daf_record *r)
{
    assert(r->seq >= 1 && r->seq <= DAF_INT_MAX);
    assert(r->claimed_ms <= DAF_INT_MAX && r->boot <= DAF_INT_MAX);
    assert(r->time_quality <= TIME_MAX);
    daf_pack_array(k, ITEMS);
    daf_pack_uint(k, DAF_FORMAT_VERSION);
    daf_pack_bin(k, r->log.scope.b, sizeof(r->log.scope.b));
    daf_pack_bin(k, r->log.author.b, sizeof(r->log.author.b));
    daf_pack_uint(k, r->log.incarnation);
    daf_pack_uint(k, r->seq);
    if (r->seq == 1)
        daf_pack_nil(k);
    else
        daf_pack_bin(k, r->prev.b, sizeof(r->prev.b));
    daf_pack_uint(k, r->claimed_ms);
    daf_pack_uint(k, r->boot);
    daf_pack_uint(k, r->time_quality);
    daf_pack_uint(k, r->retention);
}

size_t daf_record_prefix(const struct daf_record *r, uint8_t *out)
{
    struct daf_pack k;

    daf_pack_init(&k, out, DAF_HEADER_BYTES_MAX);
    pack_prefix(&k, r);
    assert(!k.is_full);
    return k.len;
}

size_t daf_record_sign(struct daf_record *r, const struct daf_sign_sk *sk,
                       uint8_t *out)
{
    struct daf_pack k;

    assert(r->body_len <= DAF_BODY_BYTES_MAX);
    assert(r->ext.len <= DAF_EXT_BYTES_MAX);
    daf_pack_init(&k, out, DAF_HEADER_BYTES_MAX);
    pack_prefix(&k, r);
    r->aad_len = k.len;
    daf_pack_bin(&k, r->body_hash.b, sizeof(r->body_hash.b));
    daf_pack_uint(&k, r->body_len);
    daf_pack_bin(&k, r->ext.p, r->ext.len);
    r->signed_len = k.len;
    daf_hash_sign(CONTEXT, daf_pack_view(&k), sk, &r->sig);
    daf_pack_bin(&k, r->sig.b, sizeof(r->sig.b));
    assert(!k.is_full);
    r->id = daf_record_id(daf_pack_view(&k));
    return k.len;
}

static bool is_same_log(const struct daf_log_key *a,
                        const struct daf_log_key *b)
{
    return memcmp(a->scope.b, b->scope.b, sizeof(a->scope.b)) == 0 &&
           memcmp(a->author.b, b->author.b, sizeof(a->author.b)) == 0 &&
           a->incarnation == b->incarnation;
}

bool daf_record_follows(const struct daf_record *a, const struct daf_record *b)
{
    /* protocol.md R4: "whose id is `prev` and whose seq is one lower" */
    return b->seq > 1 && b->seq - 1 == a->seq &&
           memcmp(b->prev.b, a->id.b, sizeof(a->id.b)) == 0 &&
           is_same_log(&a->log, &b->log);
}
