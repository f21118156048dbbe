/* SPDX-License-Identifier: Apache-2.0 */
/* The notes of what is held while something is lacking (docs/content.md §5):
 *
 *      DAFHAVE1 | fetched 8 | 0...      32 bytes
 *      first 4 | count 4 | 0... | H128  32 bytes a stretch, as often as need be
 *
 * It only grows.  What does not verify counts for nothing, so a torn write needs
 * no repair; the next note goes to the next multiple of 32. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "store/shelf_impl.h"

#define ENTRY 32u
static const uint8_t magic[8] = {'D', 'A', 'F', 'H', 'A', 'V', 'E', '1'};

static void put_le(uint8_t *p, uint64_t v, size_t len)
{
    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)(v >> 8 * i);
}

static uint64_t get_le(const uint8_t *p, size_t len)
{
    uint64_t v = 0;

    for (size_t i = len; i-- > 0;)
        v = v << 8 | p[i];
    return v;
}

static void sum(const struct daf_shelf_kept *it, const uint8_t entry[16],
                uint8_t out[16])
{
    uint8_t all[32 + 16];

    memcpy(all, it->content.b, 32);
    memcpy(all + 32, entry, 16);
    daf_hash_128("daf.have.1", (struct daf_view){all, sizeof(all)}, out);
}

static void head(const struct daf_shelf_kept *it, uint8_t out[ENTRY])
{
    memset(out, 0, ENTRY);
    memcpy(out, magic, sizeof(magic));
    put_le(out + 8, it->fetched, 8);
}

static void entry(const struct daf_shelf_kept *it, uint32_t first,
                  uint32_t count, uint8_t out[ENTRY])
{
    memset(out, 0, ENTRY);
    put_le(out, first, 4);
    put_le(out + 4, count, 4);
    sum(it, out, out + 16);
}

/* ---- reading */

static void believe(struct daf_shelf_kept *it, const uint8_t *e)
{
    uint64_t first = get_le(e, 4), count = get_le(e + 4, 4);
    uint8_t good[16];

    if (first + count > it->parts) return;
    sum(it, e, good);
    if (memcmp(good, e + 16, sizeof(good)) != 0) return;
    for (uint64_t i = first; i < first + count; i++) {
        it->held += !daf_shelf_bit(it->bits, (uint32_t)i);
        daf_shelf_bit_set(it->bits, (uint32_t)i, true);
        daf_shelf_bit_set(it->noted, (uint32_t)i, true);
    }
}

static enum daf_err read_entries(struct daf_shelf *s, int fd,
                                 struct daf_shelf_kept *it)
{
    uint64_t at = ENTRY;
    size_t len;

    do {
        len = sizeof(s->buffer);
        enum daf_err err =
            daf_shelf_disk_read(&s->disk, fd, at, s->buffer, &len);
        if (err != DAF_OK) return err;
        for (size_t i = 0; i + ENTRY <= len; i += ENTRY)
            believe(it, s->buffer + i);
        at += len;
    } while (len == sizeof(s->buffer));
    it->have_end = (at + ENTRY - 1) / ENTRY * ENTRY;
    return DAF_OK;
}

enum daf_err daf_shelf_have_load(struct daf_shelf *s, int folder,
                                 struct daf_shelf_kept *it)
{
    uint8_t first[ENTRY];
    size_t len = sizeof(first);
    enum daf_err err;
    int fd;

    it->is_have_wrong = true; /* none, or somebody else's: it is made anew */
    err = daf_shelf_disk_open(&s->disk, folder, "have", O_RDONLY, 0, &fd);
    if (err != DAF_OK) return err == DAF_ENOTFOUND ? DAF_OK : err;
    err = daf_shelf_disk_read(&s->disk, fd, 0, first, &len);
    if (err == DAF_OK && len == ENTRY && memcmp(first, magic, 8) == 0) {
        it->is_have_wrong = false;
        it->fetched = get_le(first + 8, 8);
        err = read_entries(s, fd, it);
    }
    daf_shelf_disk_close(fd);
    return err;
}

/* ---- writing */

struct writing {
    struct daf_shelf *s;
    const struct daf_shelf_kept *it;
    int fd;
    uint64_t at;
    size_t len; /* in the shelf's buffer */
};

static enum daf_err flush(struct writing *w)
{
    enum daf_err err =
        daf_shelf_disk_write(&w->s->disk, w->fd, w->at,
                             (struct daf_view){w->s->buffer, w->len});

    w->at += w->len;
    w->len = 0;
    return err;
}

/* An entry for each stretch of @bits that are not in @less. */
static enum daf_err write_entries(struct writing *w, const uint8_t *bits,
                                  const uint8_t *less)
{
    enum daf_err err = DAF_OK;
    uint32_t i = 0, first;

    while (err == DAF_OK && i < w->it->parts) {
        if (bits[i / 8] == (less == NULL ? 0 : less[i / 8])) {
            i = (i | 7) + 1;
            continue;
        }
        for (first = i; i < w->it->parts && daf_shelf_bit(bits, i) &&
                        (less == NULL || !daf_shelf_bit(less, i));)
            i++;
        if (i == first) {
            i++;
            continue;
        }
        entry(w->it, first, i - first, w->s->buffer + w->len);
        w->len += ENTRY;
        if (w->len == sizeof(w->s->buffer)) err = flush(w);
    }
    return err == DAF_OK ? flush(w) : err;
}

/* The head says how many bytes were fetched; it is written each time. */
static enum daf_err write_head(struct daf_shelf *s, int fd,
                               const struct daf_shelf_kept *it)
{
    uint8_t first[ENTRY];

    head(it, first);
    return daf_shelf_disk_write(&s->disk, fd, 0,
                                (struct daf_view){first, sizeof(first)});
}

static enum daf_err add(struct daf_shelf *s, int folder,
                        struct daf_shelf_kept *it)
{
    struct writing w = {.s = s, .it = it, .at = it->have_end};
    enum daf_err err =
        daf_shelf_disk_open(&s->disk, folder, "have", O_WRONLY, 0, &w.fd);

    if (err != DAF_OK) return err;
    err = write_head(s, w.fd, it);
    if (err == DAF_OK) err = write_entries(&w, it->bits, it->noted);
    if (err == DAF_OK) err = daf_shelf_disk_sync(&s->disk, w.fd);
    daf_shelf_disk_close(w.fd);
    if (err == DAF_OK) it->have_end = w.at;
    return err;
}

enum daf_err daf_shelf_have_add(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    enum daf_err err;
    int folder;

    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    if (it->is_have_wrong)
        err = daf_shelf_have_write(s, folder, it, it->bits);
    else
        err = add(s, folder, it);
    daf_shelf_disk_close(folder);
    if (err != DAF_OK) return err;
    memcpy(it->noted, it->bits, (it->parts + 7) / 8);
    return DAF_OK;
}

/* Outlives a kill, not a power cut; what cannot be counted is fetched all the same. */
void daf_shelf_have_fetched(struct daf_shelf *s,
                            const struct daf_shelf_kept *it)
{
    int folder, fd;

    if (daf_shelf_item_folder(s, &it->content, &folder) != DAF_OK) return;
    if (daf_shelf_disk_open(&s->disk, folder, "have", O_WRONLY, 0, &fd) ==
        DAF_OK) {
        (void)write_head(s, fd, it);
        daf_shelf_disk_close(fd);
    }
    daf_shelf_disk_close(folder);
}

static enum daf_err fill(struct daf_shelf *s, int fd, struct daf_shelf_kept *it,
                         const uint8_t *bits, uint64_t *out_end)
{
    struct writing w = {.s = s, .it = it, .fd = fd, .at = ENTRY};
    enum daf_err err = write_head(s, fd, it);

    if (err == DAF_OK) err = write_entries(&w, bits, NULL);
    if (err == DAF_OK) err = daf_shelf_disk_sync(&s->disk, fd);
    *out_end = w.at;
    return err;
}

/* Beside the old one, and then in its place. */
enum daf_err daf_shelf_have_write(struct daf_shelf *s, int folder,
                                  struct daf_shelf_kept *it,
                                  const uint8_t *bits)
{
    uint64_t end = 0;
    enum daf_err err;
    int fd;

    err = daf_shelf_disk_open(&s->disk, folder, "have.new",
                              O_WRONLY | O_CREAT | O_TRUNC, 0600, &fd);
    if (err != DAF_OK) return err;
    err = fill(s, fd, it, bits, &end);
    daf_shelf_disk_close(fd);
    if (err == DAF_OK)
        err =
            daf_shelf_disk_rename(&s->disk, folder, "have.new", folder, "have");
    if (err == DAF_OK) err = daf_shelf_disk_sync(&s->disk, folder);
    if (err != DAF_OK) return err;
    it->have_end = end;
    it->is_have_wrong = false;
    return DAF_OK;
}
