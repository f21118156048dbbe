/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_keys.c - the transport keys that mesh admits or denies.
 *
 * Open addressing, at most half full.  The hash is keyed: a device chooses its
 * own key and could choose 10,000 that collide. */
#include "node/link_impl.h"

#include <sodium.h>
#include <stdlib.h>

#define CAP_MIN 64

static size_t place_of(const struct daf_link_keys *keys,
                       const struct daf_box_pk *pk)
{
    uint8_t hash[crypto_shorthash_BYTES];
    uint64_t at;

    (void)crypto_shorthash(hash, pk->b, sizeof(pk->b), keys->seed);
    memcpy(&at, hash, sizeof(at));
    for (size_t i = (size_t)at & (keys->cap - 1);;
         i = (i + 1) & (keys->cap - 1)) {
        const struct daf_link_key *key = &keys->places[i];
        if (key->right == DAF_LINK_RIGHT_NONE ||
            memcmp(key->pk.b, pk->b, sizeof(pk->b)) == 0)
            return i;
    }
}

static bool grow(struct daf_link_keys *keys)
{
    struct daf_link_keys old = *keys;

    keys->cap = old.cap == 0 ? CAP_MIN : old.cap * 2;
    keys->places = calloc(keys->cap, sizeof(*keys->places));
    if (keys->places == NULL) {
        *keys = old;
        return false;
    }
    if (old.cap == 0) randombytes_buf(keys->seed, sizeof(keys->seed));
    for (size_t i = 0; i < old.cap; i++)
        if (old.places[i].right != DAF_LINK_RIGHT_NONE)
            keys->places[place_of(keys, &old.places[i].pk)] = old.places[i];
    free(old.places);
    return true;
}

bool daf_link_keys_put(struct daf_link_keys *keys, const struct daf_box_pk *pk,
                       bool allowed)
{
    struct daf_link_key *key;

    if (keys->count * 2 >= keys->cap && !grow(keys)) return false;
    key = &keys->places[place_of(keys, pk)];
    if (key->right == DAF_LINK_RIGHT_NONE) {
        if (keys->count == DAF_LINK_KEYS_MAX) return false;
        keys->count++;
    }
    key->pk = *pk;
    key->right = allowed ? DAF_LINK_RIGHT_ALLOWED : DAF_LINK_RIGHT_DENIED;
    return true;
}

enum daf_link_right daf_link_keys_get(const struct daf_link_keys *keys,
                                      const struct daf_box_pk *pk)
{
    if (keys->cap == 0) return DAF_LINK_RIGHT_NONE;
    return (enum daf_link_right)keys->places[place_of(keys, pk)].right;
}

void daf_link_keys_deinit(struct daf_link_keys *keys)
{
    free(keys->places);
    *keys = (struct daf_link_keys){0};
}
