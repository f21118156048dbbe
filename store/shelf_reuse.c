/* SPDX-License-Identifier: Apache-2.0 */
/* What an item lacks, and another item on this shelf has: a new edition has most of
 * its chunks from the old one.  Whose it is does not matter: a chunk is what its hash
 * says.  So all items are looked through, whole or not, one after the other; who
 * replaces whom is not asked.
 *
 * A chunk that is copied is hashed as it is written, and counts like one that a peer
 * has sent: not before the hash is right, and not as noted before it was synced. */
#include <stdlib.h>

#include "store/shelf_impl.h"

/* Chunks looked up in a unit: some 0.5 ms. */
#define LOOKED_UP 4096u

/* ---- what is sought */

static uint32_t start_of(const uint8_t *hash)
{
    uint32_t start;

    memcpy(&start, hash, sizeof(start));
    return start;
}

static int by_start(const void *a, const void *b)
{
    const struct daf_shelf_sought *x = a, *y = b;

    if (x->start != y->start) return x->start < y->start ? -1 : 1;
    return x->part < y->part ? -1 : x->part > y->part;
}

void daf_shelf_reuse_end(struct daf_shelf *s)
{
    free(s->sought);
    s->sought = NULL;
    s->sought_count = 0;
}

static bool is_seeker(const struct daf_shelf *s,
                      const struct daf_shelf_kept *it)
{
    return s->sought != NULL &&
           memcmp(s->seeker.b, it->content.b, sizeof(s->seeker.b)) == 0;
}

/* Also when another item had its turn meanwhile.  False: no memory. */
static bool seek(struct daf_shelf *s, const struct daf_shelf_kept *it,
                 const struct daf_shelf_files *l)
{
    daf_shelf_reuse_end(s);
    s->sought = malloc((it->parts - it->held) * sizeof(*s->sought));
    if (s->sought == NULL) return false;
    s->seeker = it->content;
    for (uint32_t i = 0; i < it->files; i++) {
        const struct daf_shelf_span *f = &l->spans[i];

        for (uint32_t n = 0; n < f->chunks; n++) {
            if (daf_shelf_bit(it->bits, f->first + n)) continue;
            s->sought[s->sought_count++] = (struct daf_shelf_sought){
                start_of(f->hashes + (size_t)n * DAF_SHELF_HASH_BYTES),
                f->first + n};
        }
    }
    qsort(s->sought, s->sought_count, sizeof(*s->sought), by_start);
    return true;
}

/* The first of those that begin like @hash. */
static size_t find(const struct daf_shelf *s, const uint8_t *hash)
{
    size_t low = 0, high = s->sought_count;
    uint32_t start = start_of(hash);

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (s->sought[middle].start < start)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* ---- a chunk */

/* Where it is, and where it is to go. */
struct copy {
    struct daf_shelf *s;
    struct daf_shelf_kept *from, *to;
    uint32_t from_file, to_file, len;
    uint64_t from_at, to_at;
    const uint8_t *hash;
};

/* A source that cannot be read, or is not what it was, gives nothing: *@out_right
 * is false, and the chunk is fetched. */
static enum daf_err copy_bytes(const struct copy *c, int from, int to,
                               bool *out_right)
{
    struct daf_hash_stream stream;
    struct daf_hash h;

    daf_hash_begin(&stream, DAF_CHUNK_CONTEXT);
    for (uint32_t at = 0; at < c->len;) {
        size_t len = c->len - at;
        struct daf_view bytes;
        enum daf_err err;

        if (len > DAF_SHELF_BUFFER) len = DAF_SHELF_BUFFER;
        bytes = (struct daf_view){c->s->buffer, len};
        if (daf_shelf_disk_read(&c->s->disk, from, c->from_at + at,
                                c->s->buffer, &len) != DAF_OK ||
            len < bytes.len)
            return DAF_OK;
        daf_hash_add(&stream, bytes);
        err = daf_shelf_disk_write(&c->s->disk, to, c->to_at + at, bytes);
        if (err != DAF_OK) return err;
        at += (uint32_t)len;
    }
    daf_hash_end(&stream, h.b);
    *out_right = memcmp(h.b, c->hash, sizeof(h.b)) == 0;
    return DAF_OK;
}

static enum daf_err copy(const struct copy *c, uint32_t part)
{
    bool is_right = false;
    enum daf_err err;
    int from, to;

    if (daf_shelf_files_fd(c->s, c->from, c->from_file, false, &from) != DAF_OK)
        return DAF_OK;
    err = daf_shelf_files_fd(c->s, c->to, c->to_file, true, &to);
    if (err != DAF_OK) return err;
    daf_shelf_bit_set(c->to->list->synced, c->to_file, false);
    err = copy_bytes(c, from, to, &is_right);
    if (err == DAF_OK && is_right)
        daf_shelf_mark(c->s, c->to, part, c->len, true);
    return err;
}

/* Whether it lacks @part, and this chunk is what it lacks there: *@c is told where. */
static bool is_place(struct copy *c, uint32_t part)
{
    const struct daf_shelf_kept *it = c->to;
    const struct daf_shelf_span *f;
    uint32_t m;

    if (daf_shelf_bit(it->bits, part)) return false;
    c->to_file = daf_shelf_files_at(it, it->list, part);
    f = &it->list->spans[c->to_file];
    m = part - f->first;
    c->to_at = (uint64_t)m * it->chunk_bytes;
    return memcmp(f->hashes + (size_t)m * DAF_SHELF_HASH_BYTES, c->hash,
                  DAF_SHELF_HASH_BYTES) == 0 &&
           daf_shelf_chunk_bytes(f->size, it->chunk_bytes, m) == c->len;
}

/* Chunk w->chunk of @from, in file @at, goes to the next place of @it that lacks it.
 * There may be 10^5, and each is a unit; once all were looked at the chunk is passed.
 * @left: that may be looked at now. */
static enum daf_err give(struct daf_shelf *s, struct daf_shelf_kept *it,
                         struct daf_shelf_kept *from, uint32_t at,
                         uint32_t *left, bool *out_gave)
{
    const struct daf_shelf_span *f = &from->list->spans[at];
    struct daf_shelf_progress *w = &it->work;
    uint32_t n = from->pages + w->chunk - f->first;
    struct copy c = {s, from, it, at, 0, 0, 0, 0, NULL};
    size_t first;

    c.hash = f->hashes + (size_t)n * DAF_SHELF_HASH_BYTES;
    c.len = daf_shelf_chunk_bytes(f->size, from->chunk_bytes, n);
    c.from_at = (uint64_t)n * from->chunk_bytes;
    first = find(s, c.hash);
    for (; *left > 0; --*left) {
        const struct daf_shelf_sought *to = &s->sought[first + w->place];

        if (first + w->place == s->sought_count ||
            to->start != start_of(c.hash)) {
            w->place = 0;
            w->chunk++;
            return DAF_OK;
        }
        w->place++;
        if (!is_place(&c, to->part)) continue;
        *out_gave = true;
        return copy(&c, to->part);
    }
    return DAF_OK;
}

/* ---- a source */

/* The item looked through, or the one after it.  NULL: that was the last. */
static struct daf_shelf_kept *source(const struct daf_shelf *s,
                                     struct daf_shelf_kept *it)
{
    struct daf_shelf_progress *w = &it->work;

    for (size_t i = 0; i < s->count; i++) {
        struct daf_shelf_kept *from = s->items[i];
        int order = memcmp(from->content.b, w->source.b, 32);

        if (order < 0 || from == it || !from->has_list || from->is_condemned)
            continue;
        if (order > 0) w->chunk = w->place = 0;
        w->source = from->content;
        return from;
    }
    return NULL;
}

/* On to the next: content ids are in ascending order, and 2^256 - 1 is none. */
static void pass(struct daf_shelf_kept *from, struct daf_shelf_progress *w)
{
    w->chunk = w->place = 0;
    for (size_t i = sizeof(w->source.b); i > 0; i--) {
        if (++w->source.b[i - 1] != 0) break;
    }
    /* Many are looked through, and few looked at again soon. */
    if (from->is_whole) daf_shelf_files_drop(from);
}

/* Some of its chunks, up to one that was copied. */
static enum daf_err look_through(struct daf_shelf *s, struct daf_shelf_kept *it,
                                 struct daf_shelf_kept *from)
{
    struct daf_shelf_progress *w = &it->work;
    uint32_t chunks = from->parts - from->pages, left = LOOKED_UP;
    struct daf_shelf_files *l;
    enum daf_err err = DAF_OK;
    bool has_given = false;

    if (daf_shelf_files_get(s, from, &l) != DAF_OK) w->chunk = chunks;
    for (; err == DAF_OK && !has_given && w->chunk < chunks && left > 0;
         left -= left > 0) {
        uint32_t part = from->pages + w->chunk;

        if (daf_shelf_holds(from, part))
            err = give(s, it, from, daf_shelf_files_at(from, l, part), &left,
                       &has_given);
        else
            w->chunk++;
    }
    if (w->chunk == chunks) pass(from, w);
    return err;
}

static void end(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    daf_shelf_reuse_end(s);
    daf_shelf_settled(s, it);
}

enum daf_err daf_shelf_unit_reuse(struct daf_shelf *s,
                                  struct daf_shelf_kept *it)
{
    struct daf_shelf_progress *w = &it->work;
    struct daf_shelf_kept *from;
    struct daf_shelf_files *l;
    enum daf_err err = daf_shelf_files_get(s, it, &l);
    bool is_on = w->is_seeking && is_seeker(s, it);

    if (err != DAF_OK) return err;
    if (!w->is_seeking) memset(&w->source, 0, sizeof(w->source));
    from = source(s, it);
    if (from == NULL || it->held == it->parts || (!is_on && !seek(s, it, l))) {
        end(s, it);
        return DAF_OK;
    }
    if (!is_on) w->place = 0;
    w->is_seeking = true;
    err = look_through(s, it, from);
    if (err != DAF_OK) {
        daf_shelf_reuse_end(s);
    } else if (it->unsynced >= DAF_SHELF_GROUP_BYTES / 2) {
        w->after = DAF_SHELF_AT_REUSE;
        w->stage = DAF_SHELF_AT_NOTE;
        w->note = 0;
        w->syncs_all = false;
    }
    return err;
}
