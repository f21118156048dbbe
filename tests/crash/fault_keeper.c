/* SPDX-License-Identifier: Apache-2.0 */
/* What peers send and ask for, at the keeper, without memory: a refusal, never an
 * end; and with memory again all is as it should be. */
#include "tests/lib/t.h"

#include "node/keeper.h"
#include "tests/crash/fault.h"
#include "tests/lib/goods.h"

#include <poll.h>

#define CHUNK  ((size_t)65536)
#define LIMIT  30000 /* ms: a lost answer fails instead of hanging */
#define TICKET 7
#define CONN   1

static void prepare(const char *dir)
{
    const char *src = fault_look_path(dir, "src");
    struct daf_shelf_item it;
    struct daf_shelf *a;

    daf_goods_write(src, "film", 3 * CHUNK - 7, 1);
    daf_goods_write(src, "pages/one", 10, 2);
    a = daf_goods_shelf(fault_look_path(dir, "a"), UINT64_MAX);
    FAULT_OK(daf_goods_publish(a, src, &it));
    daf_shelf_close(a);
}

struct work {
    struct daf_keeper *k;
    struct daf_shelf *a; /* who has it */
    struct daf_shelf_item item;
    struct daf_view manifest;
    uint8_t manifest_room[DAF_CONTENT_MANIFEST_BYTES_MAX];
};

/* The next result of @kind; others are let go. */
static enum daf_err wait_for(struct work *w, enum daf_keeper_kind kind)
{
    struct pollfd fd = {daf_keeper_fd(w->k), POLLIN, 0};

    for (;;) {
        struct daf_keeper_result *r = daf_keeper_take(w->k, true);
        bool is_it = r != NULL && r->kind == kind;
        enum daf_err err = r != NULL ? r->err : DAF_OK;

        daf_keeper_result_free(r);
        if (is_it) return err;
        if (r == NULL) FAULT_NEED(poll(&fd, 1, LIMIT) == 1);
    }
}

static void clean(enum daf_err err)
{
    if (err != DAF_OK && err != DAF_EBUSY && err != DAF_ENOTFOUND &&
        (!fault_fired() || !fault_clean(err)))
        fault_broken("%s: says \"%s\"", fault_where(), daf_err_name(err));
}

static enum daf_err put(struct work *w, uint32_t part)
{
    static uint8_t bytes[DAF_PIECE_BYTES_MAX];
    struct daf_port_piece piece = {w->item.content,
                                   part,
                                   0,
                                   {bytes, sizeof(bytes)}};
    bool was = fault_off();

    FAULT_OK(daf_shelf_read(w->a, &w->item.content, part, 0, bytes,
                            &piece.bytes.len));
    fault_set(was);
    if (!daf_keeper_put(w->k, CONN, &piece)) return DAF_ENOMEM;
    return wait_for(w, DAF_KEEPER_PUT);
}

static enum daf_err get(struct work *w, uint32_t part)
{
    struct daf_port_piece piece = {w->item.content, part, 0, {NULL, 0}};

    if (!daf_keeper_read(w->k, CONN, &piece)) return DAF_ENOMEM;
    return wait_for(w, DAF_KEEPER_READ);
}

static void want(struct work *w)
{
    daf_keeper_add(w->k, TICKET, w->manifest, DAF_SHELF_WANTED, 0);
    FAULT_OK(wait_for(w, DAF_KEEPER_DONE));
}

static void begin(const char *dir, struct work *w)
{
    FAULT_OK(
        daf_shelf_open(fault_look_path(dir, "a"), UINT64_MAX, false, &w->a));
    daf_shelf_at(w->a, 0, &w->item);
    memcpy(w->manifest_room, w->item.manifest.p, w->item.manifest.len);
    w->manifest = (struct daf_view){w->manifest_room, w->item.manifest.len};
    FAULT_OK(daf_keeper_new(fault_look_path(dir, "b"), UINT64_MAX, &w->k));
    want(w);
}

static void run(const char *dir)
{
    static struct work w;

    begin(dir, &w);
    fault_on();
    for (uint32_t i = 0; i < w.item.parts; i++) {
        clean(put(&w, i));
        clean(get(&w, i));
        daf_keeper_forget(w.k, CONN);
    }
    (void)fault_off();
    want(&w); /* it may be stuck for want of memory */
    for (uint32_t i = 0; i < w.item.parts; i++)
        FAULT_OK(put(&w, i));
    for (uint32_t i = 0; i < w.item.parts; i++)
        FAULT_OK(get(&w, i));
    daf_keeper_free(w.k);
    daf_shelf_close(w.a);
}

static void verify(const char *dir)
{
    struct daf_shelf_item it;
    struct daf_shelf *b;

    FAULT_NEED(!fault_stopped());
    b = daf_goods_shelf(fault_look_path(dir, "b"), UINT64_MAX);
    FAULT_NEED(daf_shelf_count(b) == 1);
    daf_shelf_at(b, 0, &it);
    FAULT_NEED(it.is_whole);
    daf_shelf_close(b);
}

const struct fault_workload fault_keeper = {.name = "keeper",
                                            .kinds = FAULT_BIT(FAULT_ALLOC),
                                            .prepare = prepare,
                                            .run = run,
                                            .verify = verify};
