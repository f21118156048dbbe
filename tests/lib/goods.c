/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/goods.h"

#include "proto/content.h"
#include "proto/pack.h"
#include "proto/rng.h"

#include <assert.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_CAP 1024
#define PATHS    8

const char *daf_goods_path(const char *dir, const char *name)
{
    static char paths[PATHS][PATH_CAP];
    static size_t next;
    char *path = paths[next++ % PATHS];

    (void)snprintf(path, PATH_CAP, "%s/%s", dir, name);
    return path;
}

const char *daf_goods_files(const char *shelf, const struct daf_hash *content,
                            const char *name)
{
    char hex[80];
    size_t at = 0;

    for (size_t i = 0; i < sizeof(content->b); i++)
        at +=
            (size_t)snprintf(hex + at, sizeof(hex) - at, "%02x", content->b[i]);
    (void)snprintf(hex + at, sizeof(hex) - at, "/%.10s", name);
    return daf_goods_path(shelf, hex);
}

static int create(const char *dir, const char *path)
{
    char full[PATH_CAP];
    size_t from = strlen(dir) + 1;
    int fd;

    (void)snprintf(full, sizeof(full), "%s/%s", dir, path);
    (void)mkdir(dir, 0700);
    for (size_t i = from; full[i] != '\0'; i++) {
        if (full[i] != '/') continue;
        full[i] = '\0';
        (void)mkdir(full, 0700);
        full[i] = '/';
    }
    fd = open(full, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0) perror(full);
    assert(fd >= 0);
    return fd;
}

void daf_goods_write(const char *dir, const char *path, size_t len,
                     uint64_t seed)
{
    uint8_t block[4096] = {0}, start[32] = {0};
    int fd = create(dir, path);
    struct daf_rng rng;

    memcpy(start, &seed, sizeof(seed));
    daf_rng_init(&rng, start);
    while (len > 0) {
        size_t n = len < sizeof(block) ? len : sizeof(block);

        if (seed != 0) daf_rng_bytes(&rng, block, n);
        ssize_t done = write(fd, block, n);
        assert(done == (ssize_t)n);
        (void)done;
        len -= n;
    }
    (void)close(fd);
}

void daf_goods_hole(const char *dir, const char *path, uint64_t size)
{
    int fd = create(dir, path);
    int failed = ftruncate(fd, (off_t)size);

    assert(failed == 0);
    (void)failed;
    (void)close(fd);
}

struct daf_shelf *daf_goods_shelf(const char *dir, uint64_t budget)
{
    struct daf_shelf *s = NULL;
    enum daf_err err = daf_shelf_open(dir, budget, true, &s);

    if (err != DAF_OK) (void)fprintf(stderr, "%s\n", daf_err_str(err));
    assert(err == DAF_OK);
    return s;
}

enum daf_err daf_goods_publish(struct daf_shelf *s, const char *source,
                               struct daf_shelf_item *out)
{
    static const char language[] = "en", title[] = "A lesson";
    struct daf_shelf_publish p = {.source = source};
    enum daf_err err;
    char t[800];

    p.about.titles_count = 1;
    p.about.titles[0].language =
        (struct daf_view){(const uint8_t *)language, strlen(language)};
    p.about.titles[0].text =
        (struct daf_view){(const uint8_t *)title, strlen(title)};
    err = daf_shelf_publish(s, &p, out, t, sizeof(t));
    if (err != DAF_OK) (void)fprintf(stderr, "publish: %s\n", t);
    return err;
}

enum daf_err daf_goods_carry(struct daf_shelf *from, struct daf_shelf *to,
                             const struct daf_hash *content, uint32_t part,
                             enum daf_shelf_put *out)
{
    static uint8_t bytes[DAF_PIECE_BYTES_MAX];
    uint64_t offset = 0;
    enum daf_err err;

    do {
        size_t len = sizeof(bytes);

        err = daf_shelf_read(from, content, part, offset, bytes, &len);
        if (err != DAF_OK) return err;
        err = daf_shelf_put(to, content, part, 1, offset,
                            (struct daf_view){bytes, len}, out);
        offset += len;
    } while (err == DAF_OK && *out == DAF_SHELF_MORE);
    return err;
}

enum daf_err daf_goods_carry_all(struct daf_shelf *from, struct daf_shelf *to,
                                 const struct daf_hash *content,
                                 enum daf_shelf_put *out)
{
    struct daf_shelf_item it;
    enum daf_err err = DAF_OK;

    if (!daf_shelf_find(to, content, &it)) return DAF_ENOTFOUND;
    *out = it.is_whole ? DAF_SHELF_KNOWN : DAF_SHELF_MORE;
    for (uint32_t i = 0; err == DAF_OK && i < it.parts; i++) {
        if (!daf_shelf_find(to, content, &it)) return DAF_ENOTFOUND;
        if (it.is_whole) break;
        if ((it.bits.p[i / 8] & 0x80 >> i % 8) != 0) continue;
        err = daf_goods_carry(from, to, content, i, out);
    }
    return err;
}

static bool same_file(const char *a, const char *b)
{
    static uint8_t x[65536], y[65536];
    int fa = open(a, O_RDONLY | O_CLOEXEC), fb = open(b, O_RDONLY | O_CLOEXEC);
    bool same = fa >= 0 && fb >= 0;
    ssize_t n = 1;

    while (same && n > 0) {
        n = read(fa, x, sizeof(x));
        same = n >= 0 && read(fb, y, sizeof(y)) == n &&
               memcmp(x, y, (size_t)n) == 0;
    }
    if (fa >= 0) (void)close(fa);
    if (fb >= 0) (void)close(fb);
    return same;
}

static bool is_folder(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static size_t count(const char *dir)
{
    DIR *d = opendir(dir);
    size_t n = 0;

    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while (d != NULL && readdir(d) != NULL)
        n++;
    if (d != NULL) (void)closedir(d);
    return n;
}

bool daf_goods_same(const char *a, const char *b)
{
    DIR *d = opendir(a);
    bool same = d != NULL && count(a) == count(b);
    struct dirent *e;

    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while (same && (e = readdir(d)) != NULL) {
        char x[PATH_CAP], y[PATH_CAP];

        if (e->d_name[0] == '.') continue;
        (void)snprintf(x, sizeof(x), "%s/%s", a, e->d_name);
        (void)snprintf(y, sizeof(y), "%s/%s", b, e->d_name);
        same = is_folder(x) ? daf_goods_same(x, y) : same_file(x, y);
    }
    if (d != NULL) (void)closedir(d);
    return same;
}

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

size_t daf_goods_manifest(uint32_t number, bool is_long, uint8_t *out)
{
    static const char tags[DAF_CONTENT_LANGUAGES_MAX][3] = {
        "aa", "ab", "ar", "en", "fa", "fr", "ha", "ku",
        "om", "ps", "so", "sw", "ti", "tr", "uk", "ur"};
    static const uint8_t hash[32] = {1};
    uint8_t quotes[DAF_CONTENT_DESCRIPTION_BYTES_MAX];
    struct daf_content c = {.bytes = 10,
                            .files = 1,
                            .list_bytes = 50 + number,
                            .chunk_bytes = DAF_CHUNK_BYTES_MIN,
                            .chunks = 1,
                            .page_hashes = {hash, sizeof(hash)},
                            .titles_count = 1,
                            .titles = {{text("en"), text("Letters")}}};
    struct daf_pack k;

    memset(quotes, '"', sizeof(quotes));
    if (is_long) c.titles_count = c.descriptions_count = sizeof(tags) / 3;
    for (size_t i = 0; i < c.descriptions_count; i++) {
        const struct daf_view tag = text(tags[i]);

        c.titles[i] =
            (struct daf_about_text){tag, {quotes, DAF_CONTENT_TITLE_BYTES_MAX}};
        c.descriptions[i] =
            (struct daf_about_text){tag, {quotes, sizeof(quotes)}};
    }
    daf_pack_init(&k, out, DAF_CONTENT_MANIFEST_BYTES_MAX);
    daf_content_pack(&k, &c);
    assert(!k.is_full);
    return k.len;
}
