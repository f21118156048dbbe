/* SPDX-License-Identifier: Apache-2.0 */
/* The shelf: open one, want an item, take its parts in and note them, become
 * whole, publish another, drop a third.  And: find damage and mend it. */
#include "tests/lib/t.h"

#include "tests/crash/fault.h"
#include "tests/lib/goods.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK  ((size_t)65536)
#define BUDGET UINT64_MAX

/* What was said to be so, before anything failed. */
struct promise {
    bool whole, published, dropped, mended;
    uint8_t noted[8]; /* parts */
};

/* In the template: a source and another, and who has published the first. */
static void prepare(const char *dir)
{
    const char *src = fault_look_path(dir, "src");
    struct daf_shelf_item it;
    struct daf_shelf *a;

    daf_goods_write(src, "film", 5 * CHUNK - 7, 1);
    daf_goods_write(src, "pages/one/a", 10, 2);
    daf_goods_write(src, "pages/two/b", CHUNK, 3);
    daf_goods_write(src, "pages/none", 0, 0);
    daf_goods_write(src, "pages/two/c", CHUNK, 6); /* which b has, too */
    daf_goods_write(src, "zeros", 2 * CHUNK, 0);
    daf_goods_write(fault_look_path(dir, "old"), "w", CHUNK, 6);
    daf_goods_write(fault_look_path(dir, "own"), "x/y", CHUNK + 1, 4);
    daf_goods_write(fault_look_path(dir, "old"), "z", 10, 5);
    a = daf_goods_shelf(fault_look_path(dir, "a"), BUDGET);
    FAULT_OK(daf_goods_publish(a, src, &it));
    daf_shelf_close(a);
    a = daf_goods_shelf(fault_look_path(dir, "b"), BUDGET);
    FAULT_OK(daf_goods_publish(a, fault_look_path(dir, "old"), &it));
    daf_shelf_close(a);
}

/* The only item of a. */
static struct daf_shelf_item first(struct daf_shelf *a)
{
    struct daf_shelf_item it;

    FAULT_NEED(daf_shelf_count(a) == 1);
    daf_shelf_at(a, 0, &it);
    return it;
}

static enum daf_err carry(struct daf_shelf *a, struct daf_shelf *b,
                          uint32_t part, enum daf_shelf_put *out)
{
    static uint8_t bytes[DAF_CHUNK_BYTES_MAX];
    struct daf_shelf_item it = first(a);
    size_t len = sizeof(bytes);
    bool was = fault_off();

    FAULT_OK(daf_shelf_read(a, &it.content, part, 0, bytes, &len));
    fault_set(was);
    return daf_shelf_put(b, &it.content, part, 1, 0,
                         (struct daf_view){bytes, len}, out);
}

static enum daf_err carry_all(struct daf_shelf *a, struct daf_shelf *b,
                              struct promise *promise)
{
    uint32_t parts = first(a).parts;
    struct daf_hash id = first(a).content;
    enum daf_err err = DAF_OK;

    for (uint32_t i = 0; err == DAF_OK && i < parts; i++) {
        struct daf_shelf_item it;
        enum daf_shelf_put put;

        err = carry(a, b, i, &put);
        if (err == DAF_OK && put == DAF_SHELF_WHOLE) promise->whole = true;
        if (err != DAF_OK || i % 3 != 1) continue;
        err = daf_shelf_sync(b);
        FAULT_NEED(daf_shelf_find(b, &id, &it));
        if (err == DAF_OK && !it.is_whole)
            memcpy(promise->noted, it.bits.p, it.bits.len);
    }
    return err;
}

/* It may have been unreadable, and so not on the shelf. */
static enum daf_err drop_old(struct daf_shelf *b, const struct daf_hash *keep,
                             struct promise *promise)
{
    enum daf_err err = DAF_OK;

    for (size_t i = 0; i < daf_shelf_count(b); i++) {
        struct daf_shelf_item it;

        daf_shelf_at(b, i, &it);
        if (memcmp(it.content.b, keep->b, sizeof(keep->b)) == 0) continue;
        err = daf_shelf_drop(b, &it.content);
        promise->dropped = err == DAF_OK;
        return err;
    }
    return err;
}

static enum daf_err work(const char *dir, struct daf_shelf *a,
                         struct daf_shelf *b)
{
    struct promise *promise = fault_room();
    struct daf_shelf_item it = first(a), own;
    enum daf_err err;

    err = daf_shelf_add(b, it.manifest, DAF_SHELF_WANTED, 0);
    if (err == DAF_OK) err = carry_all(a, b, promise);
    if (err == DAF_OK) err = drop_old(b, &it.content, promise);
    if (err == DAF_OK)
        err = daf_goods_publish(b, fault_look_path(dir, "own"), &own);
    promise->published = err == DAF_OK;
    return err;
}

static void clean(enum daf_err err, const struct daf_shelf *s)
{
    if (err != DAF_OK && (!fault_fired() || !fault_clean(err)))
        fault_broken("%s: says \"%s\" (%s)", fault_where(), daf_err_name(err),
                     s != NULL ? daf_shelf_trouble(s) : "opening");
}

static void run(const char *dir)
{
    struct daf_shelf *a = NULL, *b = NULL;
    enum daf_err err;

    FAULT_OK(daf_shelf_open(fault_look_path(dir, "a"), BUDGET, false, &a));
    fault_on();
    err = daf_shelf_open(fault_look_path(dir, "b"), BUDGET, true, &b);
    if (err == DAF_OK) err = work(dir, a, b);
    daf_shelf_close(b == NULL || err == DAF_OK ? b : NULL);
    (void)fault_off();
    clean(err, err != DAF_OK ? b : NULL);
    if (err != DAF_OK) daf_shelf_close(b);
    daf_shelf_close(a);
}

/* ---- afterwards */

static bool bad(void *ctx, const struct daf_hash *content, const char *what,
                const char *where)
{
    (void)ctx;
    (void)content;
    fault_broken("check: %s: %s", where, what);
}

static void look(struct daf_shelf *b, const struct daf_hash *id,
                 const struct promise *promise)
{
    struct daf_shelf_item it = {0};
    bool is_there = daf_shelf_find(b, id, &it);
    uint64_t count;

    FAULT_NEED(daf_shelf_unreadable(b) == 0);
    FAULT_NEED(!promise->whole || (is_there && it.is_whole));
    for (uint32_t i = 0; is_there && !it.is_whole && i < it.parts; i++) {
        if ((promise->noted[i / 8] & 0x80 >> i % 8) != 0)
            FAULT_NEED((it.bits.p[i / 8] & 0x80 >> i % 8) != 0);
    }
    FAULT_NEED(!promise->dropped || daf_shelf_count(b) <= 2);
    FAULT_NEED(!promise->published || daf_shelf_count(b) >= 2);
    FAULT_OK(daf_shelf_check(b, false, bad, NULL, &count));
}

static void verify(const char *dir)
{
    const struct promise *promise = fault_room();
    struct daf_shelf *a, *b = NULL;
    struct promise again = {0};
    struct daf_shelf_item it, own;

    a = daf_goods_shelf(fault_look_path(dir, "a"), BUDGET);
    it = first(a);
    FAULT_OK(daf_shelf_open(fault_look_path(dir, "b"), BUDGET, true, &b));
    look(b, &it.content, promise);
    FAULT_NEED(access(fault_look_path(dir, "b/new-1"), F_OK) != 0);
    FAULT_OK(daf_shelf_add(b, it.manifest, DAF_SHELF_WANTED, 0));
    FAULT_OK(carry_all(a, b, &again));
    FAULT_OK(daf_goods_publish(b, fault_look_path(dir, "own"), &own));
    FAULT_NEED(daf_shelf_find(b, &it.content, &own) && own.is_whole);
    look(b, &it.content, &again);
    FAULT_NEED(daf_goods_same(fault_look_path(dir, "src"),
                              daf_goods_files(fault_look_path(dir, "b"),
                                              &it.content, "files")));
    daf_shelf_close(b);
    daf_shelf_close(a);
}

#define KINDS                                             \
    (FAULT_BIT(FAULT_ALLOC) | FAULT_BIT(FAULT_SYS_FULL) | \
     FAULT_BIT(FAULT_SYS_IO) | FAULT_BIT(FAULT_SYS_INTR))

const struct fault_workload fault_shelf = {.name = "shelf",
                                           .kinds = KINDS,
                                           .prepare = prepare,
                                           .run = run,
                                           .verify = verify};

/* ---- mending: b has the item whole, and then a file has a wrong byte */

static void prepare_mend(const char *dir)
{
    struct promise none = {0};
    struct daf_shelf *a, *b;
    struct daf_hash id;
    char film[1100];
    int fd;

    prepare(dir);
    a = daf_goods_shelf(fault_look_path(dir, "a"), BUDGET);
    b = daf_goods_shelf(fault_look_path(dir, "b"), BUDGET);
    id = first(a).content;
    FAULT_OK(daf_shelf_add(b, first(a).manifest, DAF_SHELF_WANTED, 0));
    FAULT_OK(carry_all(a, b, &none));
    FAULT_NEED(none.whole);
    daf_shelf_close(b);
    daf_shelf_close(a);
    (void)snprintf(film, sizeof(film), "%s/film",
                   daf_goods_files(fault_look_path(dir, "b"), &id, "files"));
    fd = open(film, O_WRONLY | O_CLOEXEC);
    FAULT_NEED(fd >= 0 && pwrite(fd, "?", 1, 2 * CHUNK) == 1);
    (void)close(fd);
}

static void run_mend(const char *dir)
{
    struct promise *promise = fault_room();
    struct daf_shelf *b = NULL;
    enum daf_err err;
    uint64_t count;

    FAULT_OK(daf_shelf_open(fault_look_path(dir, "b"), BUDGET, true, &b));
    fault_on();
    err = daf_shelf_check(b, true, NULL, NULL, &count);
    (void)fault_off();
    clean(err, b);
    promise->mended = err == DAF_OK;
    daf_shelf_close(b);
}

/* Either it is whole with its damage, or it lacks a part or more. */
static void verify_mend(const char *dir)
{
    struct promise again = {0};
    struct daf_shelf *a, *b;
    struct daf_shelf_item it;
    struct daf_hash id;
    uint64_t count;

    a = daf_goods_shelf(fault_look_path(dir, "a"), BUDGET);
    b = daf_goods_shelf(fault_look_path(dir, "b"), BUDGET);
    id = first(a).content;
    FAULT_NEED(daf_shelf_unreadable(b) == 0);
    FAULT_NEED(daf_shelf_find(b, &id, &it));
    FAULT_NEED(!((const struct promise *)fault_room())->mended || !it.is_whole);
    FAULT_OK(daf_shelf_check(b, true, NULL, NULL, &count));
    FAULT_NEED(count <= 1);
    FAULT_OK(carry_all(a, b, &again));
    look(b, &id, &again);
    FAULT_NEED(daf_goods_same(fault_look_path(dir, "src"),
                              daf_goods_files(fault_look_path(dir, "b"), &id,
                                              "files")));
    daf_shelf_close(b);
    daf_shelf_close(a);
}

const struct fault_workload fault_mend = {.name = "mend",
                                          .kinds = KINDS,
                                          .prepare = prepare_mend,
                                          .run = run_mend,
                                          .verify = verify_mend};
