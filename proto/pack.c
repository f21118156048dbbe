/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/pack.h"

#include <assert.h>
#include <msgpack/pack.h>

/* Room for @len more bytes, or NULL and full for good: a shorter piece that
 * would still fit must not follow one that was dropped. */
static uint8_t *reserve(struct daf_pack *k, size_t len)
{
    uint8_t *room;

    if (k->is_full || len > k->cap - k->len) {
        k->is_full = true;
        return NULL;
    }
    room = k->p + k->len;
    k->len += len;
    return room;
}

static int append(void *ctx, const char *p, size_t len)
{
    struct daf_pack *k = ctx;
    uint8_t *room;

    if (len == 0) return 0;
    room = reserve(k, len);
    if (room == NULL) return -1;
    memcpy(room, p, len);
    return 0;
}

static msgpack_packer packer(struct daf_pack *k)
{
    return (msgpack_packer){.data = k, .callback = append};
}

void daf_pack_init(struct daf_pack *k, uint8_t *buffer, size_t cap)
{
    *k = (struct daf_pack){.p = buffer, .cap = cap};
}

void daf_pack_nil(struct daf_pack *k)
{
    msgpack_packer to = packer(k);

    (void)msgpack_pack_nil(&to);
}

void daf_pack_bool(struct daf_pack *k, bool v)
{
    msgpack_packer to = packer(k);

    (void)(v ? msgpack_pack_true(&to) : msgpack_pack_false(&to));
}

void daf_pack_uint(struct daf_pack *k, uint64_t v)
{
    msgpack_packer to = packer(k);

    (void)msgpack_pack_uint64(&to, v);
}

/* msgpack-c keeps the low 32 bits of a longer length and says nothing. */
static bool fits_head(struct daf_pack *k, size_t n)
{
    if (n > UINT32_MAX) k->is_full = true;
    return !k->is_full;
}

void daf_pack_bin(struct daf_pack *k, const uint8_t *p, size_t len)
{
    uint8_t *room = daf_pack_bin_room(k, len);

    if (room != NULL && len > 0) memcpy(room, p, len);
}

uint8_t *daf_pack_bin_room(struct daf_pack *k, size_t len)
{
    msgpack_packer to = packer(k);

    if (!fits_head(k, len)) return NULL;
    (void)msgpack_pack_bin(&to, len);
    return reserve(k, len);
}

void daf_pack_str(struct daf_pack *k, const char *s, size_t len)
{
    msgpack_packer to = packer(k);

    if (!fits_head(k, len)) return;
    (void)msgpack_pack_str(&to, len);
    (void)append(k, s, len);
}

void daf_pack_array(struct daf_pack *k, size_t count)
{
    msgpack_packer to = packer(k);

    if (fits_head(k, count)) (void)msgpack_pack_array(&to, count);
}

void daf_pack_map(struct daf_pack *k, size_t count)
{
    msgpack_packer to = packer(k);

    if (fits_head(k, count)) (void)msgpack_pack_map(&to, count);
}

size_t daf_pack_open(const struct daf_pack *k)
{
    return k->len;
}

void daf_pack_close(struct daf_pack *k, size_t mark, size_t count)
{
    uint8_t head_bytes[DAF_PACK_HEAD_BYTES_MAX];
    struct daf_pack head;
    size_t items_len;

    assert(mark <= k->len);
    items_len = k->len - mark;
    daf_pack_init(&head, head_bytes, sizeof(head_bytes));
    daf_pack_array(&head, count);
    if (head.is_full || reserve(k, head.len) == NULL) {
        k->is_full = true;
        return;
    }
    memmove(k->p + mark + head.len, k->p + mark, items_len);
    memcpy(k->p + mark, head_bytes, head.len);
}

bool daf_pack_fits(const struct daf_pack *k, size_t more)
{
    return !k->is_full && more <= k->cap - k->len;
}

void daf_pack_raw(struct daf_pack *k, const uint8_t *p, size_t len)
{
    uint8_t *room = reserve(k, len);

    if (room != NULL && len > 0) memcpy(room, p, len);
}

struct daf_view daf_pack_view(const struct daf_pack *k)
{
    if (k->is_full) return (struct daf_view){NULL, 0};
    return (struct daf_view){k->p, k->len};
}
