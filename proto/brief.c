/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/brief.h"

#include <assert.h>

#include "proto/body.h"
#include "proto/cursor.h"
#include "proto/pack.h"

#define HEADER_OPENS 0x9e /* an array of 14; no brief form begins so */

static void skip(struct daf_cursor *c, size_t values)
{
    for (size_t i = 0; i < values; i++)
        daf_cursor_skip(c);
}

size_t daf_brief_make(struct daf_view header, uint8_t *out)
{
    struct daf_cursor c;
    size_t claimed, hash, ext, len;

    daf_cursor_init(&c, header);
    (void)daf_cursor_array(&c, DAF_HEADER_BYTES_MAX);
    skip(&c, 6); /* version, scope, author, incarnation, seq, prev */
    claimed = c.at;
    skip(&c, 4); /* claimed, boot, time quality, retention */
    hash = c.at;
    skip(&c, 2); /* body hash, body length */
    ext = c.at;
    assert(daf_cursor_ok(&c) && header.len <= DAF_HEADER_BYTES_MAX);
    len = hash - claimed;
    memcpy(out, header.p + claimed, len);
    memcpy(out + len, header.p + ext, header.len - ext);
    return len + header.len - ext;
}

bool daf_brief_is(struct daf_view bytes)
{
    return bytes.len > 0 && bytes.p[0] != HEADER_OPENS;
}

enum daf_err daf_brief_restore(struct daf_view brief,
                               const struct daf_record *before,
                               struct daf_view body, uint8_t *out,
                               size_t *out_len)
{
    struct daf_hash hash = daf_body_hash(body);
    struct daf_cursor c;
    struct daf_pack k;

    daf_cursor_init(&c, brief);
    skip(&c, 4);
    if (!daf_cursor_ok(&c) || before->seq >= DAF_INT_MAX) return DAF_EFORM;
    daf_pack_init(&k, out, DAF_HEADER_BYTES_MAX);
    daf_pack_array(&k, 14);
    daf_pack_uint(&k, DAF_FORMAT_VERSION);
    daf_pack_bin(&k, before->log.scope.b, sizeof(before->log.scope.b));
    daf_pack_bin(&k, before->log.author.b, sizeof(before->log.author.b));
    daf_pack_uint(&k, before->log.incarnation);
    daf_pack_uint(&k, before->seq + 1);
    daf_pack_bin(&k, before->id.b, sizeof(before->id.b));
    daf_pack_raw(&k, brief.p, c.at);
    daf_pack_bin(&k, hash.b, sizeof(hash.b));
    daf_pack_uint(&k, body.len);
    daf_pack_raw(&k, brief.p + c.at, brief.len - c.at);
    if (k.is_full) return DAF_ELIMIT;
    *out_len = k.len;
    return DAF_OK;
}
