/* SPDX-License-Identifier: Apache-2.0 */
/* The pages of a notebook's two files, whatever became of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_carve.h"

#define WAL_HEAD_BYTES   32
#define FRAME_HEAD_BYTES 24
#define FRAME_BYTES      (FRAME_HEAD_BYTES + DAF_STORE_PAGE_BYTES)
#define WAL_MAGIC        0x377f0682 /* and 1: its sums read big endian words */

/* The running sum of a journal. */
struct sum {
    uint32_t a, b;
    bool is_big;
};

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 |
           p[3];
}

static uint32_t get_word(const struct sum *s, const uint8_t *p)
{
    if (s->is_big) return get32(p);
    return (uint32_t)p[3] << 24 | (uint32_t)p[2] << 16 | (uint32_t)p[1] << 8 |
           p[0];
}

/* @len is a multiple of 8. */
static void add_sum(struct sum *s, const uint8_t *p, size_t len)
{
    for (size_t i = 0; i + 8 <= len; i += 8) {
        s->a += get_word(s, p + i) + s->b;
        s->b += get_word(s, p + i + 4) + s->a;
    }
}

static bool read_at(int fd, uint64_t at, uint8_t *out, size_t len)
{
    size_t done = 0;
    if (fd < 0 || at > (uint64_t)INT64_MAX) return false;
    while (done < len) {
        ssize_t n = pread(fd, out + done, len - done, (off_t)(at + done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return true;
}

bool daf_store_pages_read(const struct daf_store_pages *p,
                          const struct daf_store_place *place, uint8_t *out,
                          size_t len)
{
    return read_at(place->is_wal ? p->wal_fd : p->db_fd, place->at, out, len);
}

bool daf_store_pages_frame(struct daf_store_pages *p, uint64_t frame,
                           uint8_t out[DAF_STORE_PAGE_BYTES],
                           uint32_t *out_number,
                           struct daf_store_place *out_place)
{
    uint8_t head[FRAME_HEAD_BYTES];
    uint64_t at = WAL_HEAD_BYTES + frame * FRAME_BYTES;
    *out_place = (struct daf_store_place){true, at + FRAME_HEAD_BYTES};
    if (read_at(p->wal_fd, at, head, sizeof(head)) &&
        read_at(p->wal_fd, out_place->at, out, DAF_STORE_PAGE_BYTES)) {
        *out_number = get32(head);
        return true;
    }
    p->unreadable_count++;
    return false;
}

bool daf_store_pages_file(struct daf_store_pages *p, uint64_t number,
                          uint8_t out[DAF_STORE_PAGE_BYTES],
                          struct daf_store_place *out_place)
{
    *out_place =
        (struct daf_store_place){false, (number - 1) * DAF_STORE_PAGE_BYTES};
    if (read_at(p->db_fd, out_place->at, out, DAF_STORE_PAGE_BYTES))
        return true;
    p->unreadable_count++;
    return false;
}

bool daf_store_pages_current(struct daf_store_pages *p, uint32_t number,
                             uint8_t out[DAF_STORE_PAGE_BYTES])
{
    struct daf_store_place place;
    uint32_t named = 0;
    if (number < 1 || number > p->pages_count) return false;
    if (p->current[number] == 0)
        return daf_store_pages_file(p, number, out, &place);
    return daf_store_pages_frame(p, p->current[number] - 1, out, &named,
                                 &place) &&
           named == number;
}

/* ---- the journal */

struct journal {
    struct sum sum;
    uint8_t salts[8];
    uint32_t pages_count; /* after the last commit; 0: none */
};

static bool open_journal(struct daf_store_pages *p, struct journal *j)
{
    uint8_t head[WAL_HEAD_BYTES];
    if (!read_at(p->wal_fd, 0, head, sizeof(head))) return false;
    j->sum = (struct sum){.is_big = (head[3] & 1) != 0};
    add_sum(&j->sum, head, 24);
    memcpy(j->salts, head + 16, sizeof(j->salts));
    return (get32(head) & ~UINT32_C(1)) == WAL_MAGIC &&
           get32(head + 8) == DAF_STORE_PAGE_BYTES &&
           get32(head + 24) == j->sum.a && get32(head + 28) == j->sum.b;
}

/* Whether this frame continues the journal. */
static bool follow(struct daf_store_pages *p, struct journal *j, uint64_t frame,
                   uint32_t *out_pages)
{
    uint8_t head[FRAME_HEAD_BYTES], page[DAF_STORE_PAGE_BYTES];
    uint64_t at = WAL_HEAD_BYTES + frame * FRAME_BYTES;
    if (!read_at(p->wal_fd, at, head, sizeof(head)) ||
        !read_at(p->wal_fd, at + sizeof(head), page, sizeof(page)) ||
        memcmp(head + 8, j->salts, sizeof(j->salts)) != 0)
        return false;
    add_sum(&j->sum, head, 8);
    add_sum(&j->sum, page, sizeof(page));
    *out_pages = get32(head + 4);
    return get32(head) != 0 && get32(head + 16) == j->sum.a &&
           get32(head + 20) == j->sum.b;
}

/* Frames that bear this journal's salts and are not part of it: torn by a power
 * cut, or committed once and damaged since.  Nobody can tell. */
static bool has_more(const struct daf_store_pages *p, const struct journal *j)
{
    uint8_t head[FRAME_HEAD_BYTES];
    for (uint64_t i = p->committed; i <= p->frames_count; i++) {
        uint64_t at = WAL_HEAD_BYTES + i * FRAME_BYTES;
        if (!read_at(p->wal_fd, at, head, sizeof(head))) {
            if (i < p->frames_count) return true;
        } else if (memcmp(head + 8, j->salts, sizeof(j->salts)) == 0) {
            return true;
        }
    }
    return false;
}

/* A power cut tears the last commit only, since each was synced before the next
 * began: two ends of commits after the break are damage.  A transaction that was
 * rolled back has no end. */
static bool is_broken(const struct daf_store_pages *p, const struct journal *j)
{
    uint8_t head[FRAME_HEAD_BYTES];
    size_t ends = 0;
    for (uint64_t i = p->committed; ends < 2 && i < p->frames_count; i++) {
        uint64_t at = WAL_HEAD_BYTES + i * FRAME_BYTES;
        if (read_at(p->wal_fd, at, head, sizeof(head)) &&
            get32(head + 4) != 0 &&
            memcmp(head + 8, j->salts, sizeof(j->salts)) == 0)
            ends++;
    }
    return ends == 2;
}

static uint32_t number_of(const struct daf_store_pages *p, uint64_t frame)
{
    uint8_t head[4];
    uint64_t at = WAL_HEAD_BYTES + frame * FRAME_BYTES;
    return read_at(p->wal_fd, at, head, sizeof(head)) ? get32(head) : 0;
}

static void read_journal(struct daf_store_pages *p, uint64_t bytes)
{
    struct journal j = {.pages_count = 0};
    uint32_t pages = 0;
    p->is_wal_whole = bytes == 0;
    if (bytes > WAL_HEAD_BYTES)
        p->frames_count = (bytes - WAL_HEAD_BYTES) / FRAME_BYTES;
    if (p->frames_count > UINT32_MAX - 1) p->frames_count = UINT32_MAX - 1;
    if (bytes == 0) return;
    if (!open_journal(p, &j)) {
        /* Its first frame may still say which journal this was. */
        p->is_wal_broken =
            read_at(p->wal_fd, WAL_HEAD_BYTES + 8, j.salts, sizeof(j.salts)) &&
            is_broken(p, &j);
        return;
    }
    for (uint64_t i = 0; i < p->frames_count && follow(p, &j, i, &pages); i++) {
        if (pages == 0) continue;
        p->committed = i + 1;
        j.pages_count = pages;
    }
    if (j.pages_count > 0) p->pages_count = j.pages_count;
    p->is_wal_whole = !has_more(p, &j);
    p->is_wal_broken = is_broken(p, &j);
}

/* ---- both */

static enum daf_err open_one(const char *dir, const char *name, int *out_fd,
                             uint64_t *out_bytes)
{
    struct stat st;
    char *path = sqlite3_mprintf("%s/%s", dir, name);
    *out_bytes = 0;
    if (path == NULL) return DAF_ENOMEM;
    *out_fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    int number = errno;
    sqlite3_free(path);
    if (*out_fd < 0)
        return number == ENOENT ? DAF_ENOTFOUND : daf_db_errno(number);
    if (fstat(*out_fd, &st) != 0) return daf_db_errno(errno);
    if (!S_ISREG(st.st_mode)) return DAF_EIO;
    *out_bytes = (uint64_t)st.st_size;
    return DAF_OK;
}

enum daf_err daf_store_pages_open(const char *dir, struct daf_store_pages *out)
{
    uint64_t bytes = 0, wal_bytes = 0;
    *out = (struct daf_store_pages){.db_fd = -1, .wal_fd = -1};
    enum daf_err err = open_one(dir, "notebook.db", &out->db_fd, &bytes);
    if (err != DAF_OK && err != DAF_ENOTFOUND) return err;
    bool is_there = err == DAF_OK;
    err = open_one(dir, "notebook.db-wal", &out->wal_fd, &wal_bytes);
    if (err == DAF_ENOTFOUND && is_there) err = DAF_OK;
    if (err != DAF_OK) return err;
    out->db_count = bytes / DAF_STORE_PAGE_BYTES;
    if (out->db_count > INT32_MAX) out->db_count = INT32_MAX;
    out->pages_count = (uint32_t)out->db_count;
    read_journal(out, wal_bytes);
    /* The journal may claim any number of pages; it holds no more than this. */
    uint64_t most = out->db_count + out->committed;
    if (out->pages_count > most) out->pages_count = (uint32_t)most;
    out->current = calloc((size_t)out->pages_count + 1, sizeof(uint32_t));
    if (out->current == NULL) return DAF_ENOMEM;
    for (uint64_t i = 0; i < out->committed; i++) {
        uint32_t number = number_of(out, i);
        if (number <= out->pages_count) out->current[number] = (uint32_t)i + 1;
    }
    return DAF_OK;
}

void daf_store_pages_close(struct daf_store_pages *p)
{
    if (p->db_fd >= 0) (void)close(p->db_fd);
    if (p->wal_fd >= 0) (void)close(p->wal_fd);
    free(p->current);
    *p = (struct daf_store_pages){.db_fd = -1, .wal_fd = -1};
}
