/* SPDX-License-Identifier: Apache-2.0 */
#include "node/selfvalue.h"

#include <assert.h>
#include <string.h>

#define VERSION     1
#define IS_RESTORED 1
#define LIFE_BYTES  8

static void put_be64(uint64_t n, uint8_t out[LIFE_BYTES])
{
    for (size_t i = LIFE_BYTES; i > 0; i--, n >>= 8)
        out[i - 1] = (uint8_t)n;
}

static uint64_t get_be64(const uint8_t p[LIFE_BYTES])
{
    uint64_t n = 0;

    for (size_t i = 0; i < LIFE_BYTES; i++)
        n = n << 8 | p[i];
    return n;
}

void daf_selfvalue_live(struct daf_self *self, uint64_t life)
{
    if (self->lives_count > 0 && self->lives[self->lives_count - 1] == life)
        return;
    if (self->lives_count == DAF_LIVES_MAX) {
        self->lives_count--;
        memmove(self->lives, self->lives + 1,
                self->lives_count * sizeof(self->lives[0]));
    }
    self->lives[self->lives_count++] = life;
}

/* What is behind the version is read only if it is ours; a newer one's memory of
 * former lives is lost with it, which costs nothing but a count. */
static enum daf_err get_former(struct daf_store *s, struct daf_self *out)
{
    uint8_t bytes[DAF_SELFVALUE_BYTES_MAX];
    size_t len = 0;
    enum daf_err err =
        daf_store_get_value(s, DAF_VALUE_SELF, bytes, sizeof(bytes), &len);

    if (err == DAF_ENOTFOUND || (err == DAF_OK && len == 0)) return DAF_OK;
    if (err == DAF_ELIMIT || (err == DAF_OK && bytes[0] != VERSION)) {
        out->is_restored = true;
        return DAF_OK;
    }
    if (err != DAF_OK) return err;
    if (len < 2 || (len - 2) % LIFE_BYTES != 0) return DAF_ECORRUPT;
    out->is_restored = (bytes[1] & IS_RESTORED) != 0;
    out->lives_count = (len - 2) / LIFE_BYTES;
    for (size_t i = 0; i < out->lives_count; i++)
        out->lives[i] = get_be64(bytes + 2 + LIFE_BYTES * i);
    return DAF_OK;
}

enum daf_err daf_selfvalue_get(struct daf_store *s, struct daf_self *out)
{
    uint8_t present[LIFE_BYTES];
    size_t len = 0;
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    err = daf_store_get_value(s, DAF_VALUE_INCARNATION, present,
                              sizeof(present), &len);
    if (err == DAF_OK && len != sizeof(present)) err = DAF_ECORRUPT;
    if (err == DAF_OK) err = get_former(s, out);
    /* A program that knows nothing of former lives may have begun another. */
    if (err == DAF_OK) daf_selfvalue_live(out, get_be64(present));
    return err;
}

enum daf_err daf_selfvalue_set(struct daf_store *s, const struct daf_self *self)
{
    uint8_t bytes[DAF_SELFVALUE_BYTES_MAX] = {VERSION, self->is_restored
                                                           ? IS_RESTORED
                                                           : 0};
    uint8_t present[LIFE_BYTES];
    enum daf_err err;

    assert(self->lives_count > 0 && self->lives_count <= DAF_LIVES_MAX);
    for (size_t i = 0; i < self->lives_count; i++)
        put_be64(self->lives[i], bytes + 2 + LIFE_BYTES * i);
    put_be64(self->lives[self->lives_count - 1], present);
    err = daf_store_set(s, DAF_VALUE_INCARNATION,
                        (struct daf_view){present, sizeof(present)});
    if (err != DAF_OK) return err;
    return daf_store_set(s, DAF_VALUE_SELF,
                         (struct daf_view){bytes,
                                           2 + LIFE_BYTES * self->lives_count});
}
