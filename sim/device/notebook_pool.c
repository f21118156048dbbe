/* SPDX-License-Identifier: Apache-2.0 */
/* What all models of a run share: bytes of records, names of logs.
 *
 * Nothing ever leaves: a record that every device has dropped costs half a
 * kilobyte until the run is over, and nobody has to count who holds what. */
#include <stdlib.h>

#include "sim/device/notebook_impl.h"

#define CHUNK_BYTES (256 * 1024)
#define TABLE_FIRST 64

struct daf_notebook_chunk {
    struct daf_notebook_chunk *next;
    size_t used;
    uint8_t bytes[CHUNK_BYTES];
};
_Static_assert(CHUNK_BYTES >= DAF_BODY_BYTES_MAX, "a body fits");

enum daf_err daf_notebook_pool_new(struct daf_notebook_pool **out)
{
    *out = calloc(1, sizeof **out);
    return *out == NULL ? DAF_ENOMEM : DAF_OK;
}

void daf_notebook_pool_free(struct daf_notebook_pool *pool)
{
    if (pool == NULL) return;
    while (pool->chunks != NULL) {
        struct daf_notebook_chunk *next = pool->chunks->next;

        free(pool->chunks);
        pool->chunks = next;
    }
    free(pool->records);
    free(pool->by_id.places);
    free(pool->names);
    free(pool->by_key.places);
    free(pool->marks);
    free(pool->by_digest.places);
    free(pool);
}

uint64_t daf_notebook_pool_bytes(const struct daf_notebook_pool *pool)
{
    return pool->chunk_bytes + pool->records_room * sizeof pool->records[0] +
           pool->names_room * sizeof pool->names[0] +
           pool->marks_room * sizeof pool->marks[0] +
           ((uint64_t)pool->by_id.size + pool->by_key.size +
            pool->by_digest.size) *
               sizeof(uint32_t);
}

void *daf_notebook_grow(void *list, uint32_t *room, uint32_t need, size_t each)
{
    uint32_t wide = *room;

    if (need <= wide && list != NULL) return list;
    while (wide < need)
        wide += wide / 8 + 4;
    list = realloc(list, wide * each);
    if (list != NULL) *room = wide;
    return list;
}

/* ---- tables */

/* Ids are hashes already. */
static uint64_t hash_id(const struct daf_record_id *id)
{
    uint64_t hash;

    memcpy(&hash, id->b, sizeof hash);
    return hash;
}

/* What order this gives is nobody's: a table is never walked. */
static uint64_t hash_key(const struct daf_log_key *key)
{
    uint64_t words[5];
    uint64_t hash = 0;

    memcpy(words, key->scope.b, 16);
    memcpy(words + 2, key->author.b, 16);
    /* Callers' keys are whole.
     * NOLINTNEXTLINE(clang-analyzer-core.uninitialized.Assign) */
    words[4] = key->incarnation;
    for (size_t i = 0; i < 5; i++) {
        hash = (hash ^ words[i]) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 32;
    }
    return hash;
}

static uint64_t hash_record(const struct daf_notebook_pool *pool, uint32_t i)
{
    return hash_id(&pool->records[i].id);
}

static uint64_t hash_name(const struct daf_notebook_pool *pool, uint32_t i)
{
    return hash_key(&pool->names[i].key);
}

static uint64_t hash_digest(const struct daf_hash *digest)
{
    uint64_t hash;

    memcpy(&hash, digest->b, sizeof hash);
    return hash;
}

static uint64_t hash_mark(const struct daf_notebook_pool *pool, uint32_t i)
{
    return hash_digest(&pool->marks[i].digest);
}

static void enter(struct daf_notebook_table *t, uint64_t hash, uint32_t number)
{
    uint32_t at = (uint32_t)hash & (t->size - 1);

    while (t->places[at] != 0)
        at = (at + 1) & (t->size - 1);
    t->places[at] = number + 1;
}

/* Room for one more than @count: a quarter of the places stays empty. */
static bool widen(const struct daf_notebook_pool *pool,
                  struct daf_notebook_table *t, uint32_t count,
                  uint64_t (*hash)(const struct daf_notebook_pool *, uint32_t))
{
    struct daf_notebook_table wide = {.size = t->size * 2};

    if (count < t->size / 4 * 3) return true;
    if (wide.size == 0) wide.size = TABLE_FIRST;
    wide.places = calloc(wide.size, sizeof wide.places[0]);
    if (wide.places == NULL) return false;
    for (uint32_t i = 0; i < count; i++)
        enter(&wide, hash(pool, i), i);
    free(t->places);
    *t = wide;
    return true;
}

/* ---- records */

uint32_t daf_notebook_pool_find(const struct daf_notebook_pool *pool,
                                const struct daf_record_id *id)
{
    const struct daf_notebook_table *t = &pool->by_id;

    if (t->size == 0) return DAF_NOTEBOOK_NONE;
    for (uint32_t at = (uint32_t)hash_id(id);; at++) {
        uint32_t place = t->places[at & (t->size - 1)];

        if (place == 0) return DAF_NOTEBOOK_NONE;
        if (memcmp(&pool->records[place - 1].id, id, sizeof *id) == 0)
            return place - 1;
    }
}

static const uint8_t *keep(struct daf_notebook_pool *pool,
                           struct daf_view bytes)
{
    struct daf_notebook_chunk *c = pool->chunks;

    if (c == NULL || bytes.len > sizeof c->bytes - c->used) {
        c = malloc(sizeof *c);
        if (c == NULL) return NULL;
        c->next = pool->chunks;
        c->used = 0;
        pool->chunks = c;
        pool->chunk_bytes += sizeof *c;
    }
    uint8_t *at = c->bytes + c->used;
    memcpy(at, bytes.p, bytes.len);
    c->used += bytes.len;
    return at;
}

static enum daf_err add_record(struct daf_notebook_pool *pool,
                               const struct daf_record *r,
                               struct daf_view header, uint32_t *out)
{
    uint32_t count = pool->records_count;

    if (count == DAF_NOTEBOOK_RECORDS_MAX) return DAF_ENOMEM;
    void *grown = daf_notebook_grow(pool->records, &pool->records_room,
                                    count + 1, sizeof pool->records[0]);
    if (grown == NULL) return DAF_ENOMEM;
    pool->records = grown;
    if (!widen(pool, &pool->by_id, count, hash_record)) return DAF_ENOMEM;
    const uint8_t *bytes = keep(pool, header);
    if (bytes == NULL) return DAF_ENOMEM;
    pool->records[count] =
        (struct daf_notebook_record){.id = r->id,
                                     .prev = r->prev,
                                     .seq = r->seq,
                                     .header = bytes,
                                     .header_len = (uint16_t)header.len,
                                     .body_len = r->body_len,
                                     .retention = r->retention};
    enter(&pool->by_id, hash_id(&r->id), count);
    pool->records_count++;
    *out = count;
    return DAF_OK;
}

enum daf_err daf_notebook_pool_put(struct daf_notebook_pool *pool,
                                   const struct daf_record *r,
                                   struct daf_view header, struct daf_view body,
                                   uint32_t *out)
{
    enum daf_err err = DAF_OK;

    *out = daf_notebook_pool_find(pool, &r->id);
    if (*out == DAF_NOTEBOOK_NONE) err = add_record(pool, r, header, out);
    if (err != DAF_OK || body.len == 0) return err;
    struct daf_notebook_record *record = &pool->records[*out];
    if (record->body == NULL) record->body = keep(pool, body);
    return record->body == NULL ? DAF_ENOMEM : DAF_OK;
}

/* ---- names */

static bool same_key(const struct daf_log_key *a, const struct daf_log_key *b)
{
    return a->incarnation == b->incarnation &&
           memcmp(&a->author, &b->author, sizeof a->author) == 0 &&
           memcmp(&a->scope, &b->scope, sizeof a->scope) == 0;
}

uint32_t daf_notebook_pool_name(const struct daf_notebook_pool *pool,
                                const struct daf_log_key *key)
{
    const struct daf_notebook_table *t = &pool->by_key;

    if (t->size == 0) return DAF_NOTEBOOK_NONE;
    for (uint32_t at = (uint32_t)hash_key(key);; at++) {
        uint32_t place = t->places[at & (t->size - 1)];

        if (place == 0) return DAF_NOTEBOOK_NONE;
        if (same_key(&pool->names[place - 1].key, key)) return place - 1;
    }
}

enum daf_err daf_notebook_pool_add_name(struct daf_notebook_pool *pool,
                                        const struct daf_log_key *key,
                                        uint32_t *out)
{
    uint32_t count = pool->names_count;

    *out = daf_notebook_pool_name(pool, key);
    if (*out != DAF_NOTEBOOK_NONE) return DAF_OK;
    void *grown = daf_notebook_grow(pool->names, &pool->names_room, count + 1,
                                    sizeof pool->names[0]);
    if (grown == NULL) return DAF_ENOMEM;
    pool->names = grown;
    if (!widen(pool, &pool->by_key, count, hash_name)) return DAF_ENOMEM;
    pool->names[count] =
        (struct daf_notebook_name){.key = *key, .tag = daf_sketch_tag(key)};
    enter(&pool->by_key, hash_key(key), count);
    pool->names_count++;
    *out = count;
    return DAF_OK;
}

/* ---- marks */

static uint32_t find_mark(const struct daf_notebook_pool *pool,
                          const struct daf_hash *digest)
{
    const struct daf_notebook_table *t = &pool->by_digest;

    if (t->size == 0) return DAF_NOTEBOOK_NONE;
    for (uint32_t at = (uint32_t)hash_digest(digest);; at++) {
        uint32_t place = t->places[at & (t->size - 1)];

        if (place == 0) return DAF_NOTEBOOK_NONE;
        if (memcmp(&pool->marks[place - 1].digest, digest, sizeof *digest) == 0)
            return place - 1;
    }
}

enum daf_err daf_notebook_pool_mark(struct daf_notebook_pool *pool,
                                    const struct daf_head *head, uint32_t *out)
{
    struct daf_mark mark = daf_sketch_mark(head);
    uint32_t count = pool->marks_count;

    *out = find_mark(pool, &mark.digest);
    if (*out != DAF_NOTEBOOK_NONE) return DAF_OK;
    void *grown = daf_notebook_grow(pool->marks, &pool->marks_room, count + 1,
                                    sizeof pool->marks[0]);
    if (grown == NULL) return DAF_ENOMEM;
    pool->marks = grown;
    if (!widen(pool, &pool->by_digest, count, hash_mark)) return DAF_ENOMEM;
    pool->marks[count] = mark;
    enter(&pool->by_digest, hash_digest(&mark.digest), count);
    pool->marks_count++;
    *out = count;
    return DAF_OK;
}

/* ---- places */

struct daf_spot daf_notebook_spot(const struct daf_notebook_pool *pool,
                                  uint32_t record)
{
    const struct daf_notebook_record *r = &pool->records[record];

    return (struct daf_spot){.seq = r->seq, .id = r->id};
}

static int compare(const struct daf_notebook_pool *pool, uint32_t held,
                   const struct daf_spot *spot)
{
    const struct daf_notebook_record *r =
        &pool->records[daf_notebook_held_record(held)];

    if (r->seq != spot->seq) return r->seq < spot->seq ? -1 : 1;
    return memcmp(&r->id, &spot->id, sizeof r->id);
}

/* Where it is in a log without forks and gaps, which nearly all are; or after
 * its end. */
static uint32_t guess(const struct daf_notebook_pool *pool,
                      const uint32_t *held, uint32_t count,
                      const struct daf_spot *spot)
{
    uint64_t first = pool->records[daf_notebook_held_record(held[0])].seq;

    if (spot->seq <= first) return 0;
    return spot->seq - first < count ? (uint32_t)(spot->seq - first) : count;
}

uint32_t daf_notebook_place(const struct daf_notebook_pool *pool,
                            const uint32_t *held, uint32_t count,
                            const struct daf_spot *spot)
{
    uint32_t low = 0, high = count;

    if (count == 0) return 0;
    uint32_t at = guess(pool, held, count, spot);
    if (at > 0 && compare(pool, held[at - 1], spot) >= 0)
        high = at - 1;
    else if (at < count && compare(pool, held[at], spot) < 0)
        low = at + 1;
    else
        return at;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;

        if (compare(pool, held[middle], spot) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

bool daf_notebook_is_at(const struct daf_notebook_pool *pool,
                        const uint32_t *held, uint32_t count, uint32_t place,
                        const struct daf_spot *spot)
{
    return place < count && compare(pool, held[place], spot) == 0;
}
