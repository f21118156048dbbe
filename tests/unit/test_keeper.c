/* SPDX-License-Identifier: Apache-2.0 */

/* The keeper's thread over a real shelf: what is asked is answered, in order. */

#include "tests/lib/t.h"

#include "node/keeper.h"
#include "tests/lib/goods.h"
#include "tests/lib/tmpdir.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define CHUNK ((size_t)65536)
#define MORE  UINT64_MAX /* no budget */
#define LIMIT 30000      /* ms: a lost answer fails instead of hanging */
#define PARTS 8          /* of the lesson */

/* Shelf a has published a lesson; shelf b is the keeper's. */
struct place {
    char *tmp;
    char src[512], dir[512];
    struct daf_shelf *a;
    struct daf_shelf_item item; /* as a has it */
    struct daf_view manifest;
    uint8_t room[DAF_CONTENT_MANIFEST_BYTES_MAX];
    struct daf_keeper *k;
    struct daf_keeper_result *last;
    unsigned told;
};

/* ---- asking and hearing */

/* The next result; its bytes are good until the one after.  TOLD is noted. */
static const struct daf_keeper_result *take(struct place *p, bool reads)
{
    struct pollfd fd = {daf_keeper_fd(p->k), POLLIN, 0};

    do {
        daf_keeper_result_free(p->last);
        while ((p->last = daf_keeper_take(p->k, reads)) == NULL)
            assert_int_equal(poll(&fd, 1, LIMIT), 1);
        p->told += p->last->kind == DAF_KEEPER_TOLD;
    } while (p->last->kind == DAF_KEEPER_TOLD);
    return p->last;
}

static const struct daf_keeper_result *expect(struct place *p,
                                              enum daf_keeper_kind kind,
                                              enum daf_err err)
{
    const struct daf_keeper_result *r = take(p, true);

    assert_int_equal(r->kind, kind);
    assert_int_equal(r->err, err);
    return r;
}

static void expect_ticket(struct place *p, enum daf_keeper_kind kind,
                          enum daf_err err, uint64_t ticket)
{
    assert_int_equal(expect(p, kind, err)->ticket, ticket);
}

static const struct daf_keeper_result *expect_item(struct place *p)
{
    const struct daf_keeper_result *r = expect(p, DAF_KEEPER_ITEM, DAF_OK);

    assert_memory_equal(r->item.content.b, p->item.content.b, 32);
    assert_int_equal(r->item.manifest.len, p->manifest.len);
    assert_memory_equal(r->item.manifest.p, p->manifest.p, p->manifest.len);
    assert_int_equal(r->part_bytes, CHUNK);
    return r;
}

static void expect_stuck(struct place *p, bool is_stuck)
{
    const struct daf_keeper_result *r = expect_item(p);

    assert_int_equal(r->is_stuck, is_stuck);
    assert_int_equal(r->stuck_err, is_stuck ? DAF_EFULL : DAF_OK);
    assert_int_equal(r->item.has_list, !is_stuck);
}

static void expect_nothing(struct place *p)
{
    assert_null(daf_keeper_take(p->k, true));
}

/* Bytes of a part, from a to the keeper, as connection @conn. */
static void put_some(struct place *p, uint32_t conn, uint32_t part,
                     uint32_t offset, size_t len)
{
    static uint8_t bytes[DAF_PIECE_BYTES_MAX];
    struct daf_port_piece piece = {p->item.content, part, offset, {bytes, len}};

    assert_int_equal(daf_shelf_read(p->a, &p->item.content, part, offset, bytes,
                                    &piece.bytes.len),
                     DAF_OK);
    assert_true(daf_keeper_put(p->k, conn, &piece));
}

static void put(struct place *p, uint32_t part)
{
    put_some(p, 1, part, 0, CHUNK);
}

static const struct daf_keeper_result *expect_put(struct place *p,
                                                  uint32_t part,
                                                  enum daf_shelf_put what)
{
    const struct daf_keeper_result *r = expect(p, DAF_KEEPER_PUT, DAF_OK);

    assert_int_equal(r->piece.part, part);
    assert_int_equal(r->piece.bytes.len, 0);
    assert_int_equal(r->put, what);
    return r;
}

/* What was put, and ends nothing, is in its hands. */
static void wait_taken(struct place *p)
{
    for (int i = 0; daf_keeper_queued(p->k) > 0; i++) {
        assert_true(i < LIMIT);
        (void)poll(NULL, 0, 1);
    }
    expect_nothing(p);
}

static void want(struct place *p)
{
    daf_keeper_add(p->k, 1, p->manifest, DAF_SHELF_WANTED, 0);
}

static void open_keeper(struct place *p, uint64_t budget)
{
    assert_int_equal(daf_keeper_new(p->dir, budget, &p->k), DAF_OK);
}

static void close_keeper(struct place *p)
{
    daf_keeper_result_free(p->last);
    p->last = NULL;
    daf_keeper_free(p->k);
    p->k = NULL;
}

/* ---- a place */

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));

    assert_non_null(p);
    p->tmp = daf_tmpdir_new();
    assert_non_null(p->tmp);
    (void)snprintf(p->src, sizeof(p->src), "%s/src", p->tmp);
    (void)snprintf(p->dir, sizeof(p->dir), "%s/b", p->tmp);
    /* A page, then five chunks and two. */
    daf_goods_write(p->src, "film.webm", 5 * CHUNK - 100, 1);
    daf_goods_write(p->src, "pages/one.html", CHUNK + 1, 2);
    p->a = daf_goods_shelf(daf_goods_path(p->tmp, "a"), MORE);
    assert_int_equal(daf_goods_publish(p->a, p->src, &p->item), DAF_OK);
    assert_int_equal(p->item.parts, PARTS);
    memcpy(p->room, p->item.manifest.p, p->item.manifest.len);
    p->manifest = (struct daf_view){p->room, p->item.manifest.len};
    *state = p;
    return 0;
}

static int teardown(void **state)
{
    struct place *p = *state;

    close_keeper(p);
    daf_shelf_close(p->a);
    daf_tmpdir_free(p->tmp);
    free(p);
    return 0;
}

/* The keeper has the whole lesson; everything was heard. */
static void fetch(struct place *p)
{
    open_keeper(p, MORE);
    (void)expect(p, DAF_KEEPER_OPENED, DAF_OK);
    want(p);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
    put(p, 0);
    expect_stuck(p, false);
    (void)expect_put(p, 0, DAF_SHELF_LIST);
    for (uint32_t i = 1; i < PARTS; i++)
        put(p, i);
    for (uint32_t i = 1; i < PARTS - 1; i++)
        (void)expect_put(p, i, DAF_SHELF_PART);
    (void)expect_put(p, PARTS - 1, DAF_SHELF_WHOLE);
    assert_true(expect_item(p)->item.is_whole);
    expect_nothing(p);
}

/* ---- order */

static void answers_come_in_the_order_of_the_calls(void **state)
{
    struct place *p = *state;
    const struct daf_keeper_result *r;

    open_keeper(p, MORE); /* nobody waits until it is open */
    daf_keeper_room(p->k, 7, 1, 0);
    want(p);
    daf_keeper_list(p->k, 2, &p->item.content);
    daf_keeper_open(p->k, 3, &p->item.content, "film.webm");
    daf_keeper_look(p->k, 4, NULL, 0);
    daf_keeper_drop(p->k, 6, &p->item.content);
    daf_keeper_drop(p->k, 8, &p->item.content);
    daf_keeper_add(p->k, 9, (struct daf_view){p->room, 9}, 1, 0);
    r = expect(p, DAF_KEEPER_OPENED, DAF_OK);
    assert_int_equal(r->room, 0); /* items that could not be read */
    r = expect(p, DAF_KEEPER_ROOM, DAF_OK);
    assert_int_equal(p->told, 1); /* there was nothing to tell */
    assert_int_equal(r->ticket, 7);
    assert_true(r->room >= 1);
    assert_false(expect_item(p)->is_stuck);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
    expect_ticket(p, DAF_KEEPER_LIST, DAF_ENOTFOUND, 2);
    r = expect(p, DAF_KEEPER_FILE, DAF_ENOTFOUND);
    assert_int_equal(r->ticket, 3);
    assert_int_equal(r->file.fd, -1);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 4);
    r = expect(p, DAF_KEEPER_GONE, DAF_OK);
    assert_memory_equal(r->item.content.b, p->item.content.b, 32);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 6);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_ENOTFOUND, 8);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_EFORM, 9);
    expect_nothing(p);
}

static void an_item_is_fetched_and_told_when_it_changes(void **state)
{
    struct place *p = *state;
    const struct daf_keeper_result *r;

    fetch(p);
    assert_int_equal(daf_keeper_queued(p->k), 0);
    put(p, 3);
    (void)expect_put(p, 3, DAF_SHELF_KNOWN);
    daf_keeper_list(p->k, 2, &p->item.content);
    r = expect(p, DAF_KEEPER_LIST, DAF_OK);
    assert_true(r->bytes.len > 0);
    daf_keeper_open(p->k, 3, &p->item.content, "pages/one.html");
    r = expect(p, DAF_KEEPER_FILE, DAF_OK);
    assert_true(r->file.size == CHUNK + 1);
    assert_int_equal(close(r->file.fd), 0);
    daf_keeper_open(p->k, 4, &p->item.content, "../keep");
    expect_ticket(p, DAF_KEEPER_FILE, DAF_EFORM, 4);
    /* What is there at start is told first. */
    close_keeper(p);
    open_keeper(p, MORE);
    (void)expect(p, DAF_KEEPER_OPENED, DAF_OK);
    assert_true(expect_item(p)->item.is_whole);
}

/* A person's word that came meanwhile counts. */
static void only_what_the_camp_alone_asked_for_is_given_back(void **state)
{
    struct place *p = *state;

    open_keeper(p, MORE);
    want(p);
    daf_keeper_add(p->k, 2, p->manifest, DAF_SHELF_CAMPS, 0);
    daf_keeper_give_back(p->k, 3, &p->item.content);
    daf_keeper_add(p->k, 4, p->manifest, 0, DAF_SHELF_WANTED);
    daf_keeper_give_back(p->k, 5, &p->item.content);
    daf_keeper_give_back(p->k, 6, &p->item.content);
    (void)expect(p, DAF_KEEPER_OPENED, DAF_OK);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 2);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_EDENIED, 3);
    assert_int_equal(expect_item(p)->item.wishes, DAF_SHELF_CAMPS);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 4);
    (void)expect(p, DAF_KEEPER_GONE, DAF_OK);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 5);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_ENOTFOUND, 6);
    expect_nothing(p);
}

/* Room is made by what was free to go when somebody looked: a moment ago. */
static void what_was_pinned_meanwhile_does_not_make_room(void **state)
{
    struct place *p = *state;

    fetch(p);
    daf_keeper_add(p->k, 2, p->manifest, DAF_SHELF_PINNED, 0);
    daf_keeper_evict(p->k, 3, &p->item.content);
    daf_keeper_add(p->k, 4, p->manifest, 0, DAF_SHELF_PINNED);
    daf_keeper_evict(p->k, 5, &p->item.content);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 2);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_EDENIED, 3);
    assert_int_equal(expect_item(p)->item.wishes, DAF_SHELF_WANTED);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 4);
    (void)expect(p, DAF_KEEPER_GONE, DAF_OK);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 5);
    expect_nothing(p);
}

static void only_a_part_s_end_is_told(void **state)
{
    struct place *p = *state;
    const struct daf_keeper_result *r;

    fetch(p);
    daf_keeper_drop(p->k, 2, &p->item.content);
    (void)expect(p, DAF_KEEPER_GONE, DAF_OK);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 2);
    want(p);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
    put(p, 0);
    (void)expect_item(p);
    (void)expect_put(p, 0, DAF_SHELF_LIST);
    put_some(p, 9, 1, 0, 1000);
    put_some(p, 9, 1, 1000, 1000);
    put_some(p, 9, 1, 2000, CHUNK);
    r = expect_put(p, 1, DAF_SHELF_PART);
    assert_int_equal(r->conn, 9);
    assert_int_equal(r->piece.offset, 2000);
    assert_int_equal(r->item.held, 2);
    assert_null(r->item.manifest.p);
    expect_nothing(p);
}

static void what_a_lost_connection_began_another_may_send(void **state)
{
    struct place *p = *state;

    open_keeper(p, MORE);
    want(p);
    put(p, 0);
    (void)expect(p, DAF_KEEPER_OPENED, DAF_OK);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
    (void)expect_item(p);
    (void)expect_put(p, 0, DAF_SHELF_LIST);
    put_some(p, 1, 1, 0, 1000);
    put_some(p, 2, 1, 0, CHUNK); /* while the first may go on */
    daf_keeper_forget(p->k, 1);
    put_some(p, 2, 1, 0, CHUNK);
    assert_int_equal(expect_put(p, 1, DAF_SHELF_ODD)->conn, 2);
    assert_int_equal(expect_put(p, 1, DAF_SHELF_PART)->conn, 2);
    expect_nothing(p);
}

static void a_part_that_comes_for_a_dropped_item_is_answered(void **state)
{
    struct place *p = *state;

    open_keeper(p, MORE);
    want(p);
    put(p, 0);
    (void)expect(p, DAF_KEEPER_OPENED, DAF_OK);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
    (void)expect_item(p);
    (void)expect_put(p, 0, DAF_SHELF_LIST);
    put_some(p, 1, 1, 0, 1000);
    wait_taken(p);
    daf_keeper_drop(p->k, 2, &p->item.content);
    (void)expect(p, DAF_KEEPER_GONE, DAF_OK);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 2);
    put_some(p, 1, 1, 1000, CHUNK);
    (void)expect(p, DAF_KEEPER_PUT, DAF_ENOTFOUND);
    want(p);
    assert_false(expect_item(p)->is_stuck);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
    expect_nothing(p);
}

/* Published beside us right after: it is not stuck for what came too late. */
static void what_was_not_here_is_not_stuck_when_it_is(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;
    struct daf_shelf *beside;

    open_keeper(p, MORE);
    put(p, 0);
    (void)expect(p, DAF_KEEPER_OPENED, DAF_OK);
    (void)expect(p, DAF_KEEPER_PUT, DAF_ENOTFOUND);
    assert_int_equal(daf_shelf_open(p->dir, MORE, false, &beside), DAF_OK);
    assert_int_equal(daf_goods_publish(beside, p->src, &it), DAF_OK);
    daf_shelf_close(beside);
    expect_nothing(p); /* until it is told to look */
    daf_keeper_look(p->k, 2, NULL, 0);
    expect_stuck(p, false);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 2);
}

/* ---- reading */

static void read_some(struct place *p, uint32_t conn, uint32_t part,
                      uint32_t offset)
{
    struct daf_port_piece piece = {p->item.content, part, offset, {NULL, 0}};

    assert_true(daf_keeper_read(p->k, conn, &piece));
}

static void expect_read(struct place *p, uint32_t part, uint32_t offset,
                        bool is_last)
{
    const struct daf_keeper_result *r = expect(p, DAF_KEEPER_READ, DAF_OK);
    static uint8_t bytes[DAF_PIECE_BYTES_MAX];
    size_t len = sizeof(bytes);

    assert_int_equal(r->conn, part);
    assert_int_equal(r->piece.part, part);
    assert_int_equal(r->piece.offset, offset);
    assert_int_equal(r->is_last, is_last);
    assert_int_equal(daf_shelf_read(p->a, &p->item.content, part, offset, bytes,
                                    &len),
                     DAF_OK);
    assert_int_equal(r->piece.bytes.len, len);
    assert_memory_equal(r->piece.bytes.p, bytes, len);
}

static void reads_wait_until_they_are_taken(void **state)
{
    struct place *p = *state;

    fetch(p);
    read_some(p, 2, 2, 0);
    read_some(p, 5, 5, 1000);
    daf_keeper_room(p->k, 3, 1, 0);
    read_some(p, 0, 0, 0);
    /* It was asked later than the first two, which are ready. */
    assert_int_equal(take(p, false)->kind, DAF_KEEPER_ROOM);
    assert_null(daf_keeper_take(p->k, false));
    assert_null(daf_keeper_take(p->k, false));
    expect_read(p, 2, 0, true);
    expect_read(p, 5, 1000, true);
    expect_read(p, 0, 0, true);
    expect_nothing(p);
}

static void what_is_not_held_is_answered_with_nothing(void **state)
{
    struct place *p = *state;
    const struct daf_keeper_result *r;

    open_keeper(p, MORE);
    (void)expect(p, DAF_KEEPER_OPENED, DAF_OK);
    read_some(p, 1, 1, 0); /* no such item */
    r = expect(p, DAF_KEEPER_READ, DAF_ENOTFOUND);
    assert_int_equal(r->conn, 1);
    assert_int_equal(r->piece.bytes.len, 0);
    assert_true(r->is_last);
    want(p);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
    read_some(p, 1, 0, 0); /* not held */
    assert_int_equal(expect(p, DAF_KEEPER_READ, DAF_ENOTFOUND)->piece.bytes.len,
                     0);
    read_some(p, 1, 1, 0); /* the file list is not known */
    assert_int_equal(expect(p, DAF_KEEPER_READ, DAF_EBUSY)->piece.bytes.len, 0);
    read_some(p, 1, PARTS, 0); /* no such part */
    assert_int_equal(take(p, true)->piece.bytes.len, 0);
}

/* ---- the budget */

/* Another item of three chunks, published by the keeper's side beforehand. */
static struct daf_hash other_item(struct place *p)
{
    struct daf_shelf *b = daf_goods_shelf(p->dir, MORE);
    struct daf_shelf_item it;
    struct daf_hash content;

    daf_goods_write(p->tmp, "other", 3 * CHUNK, 9);
    assert_int_equal(daf_goods_publish(b, daf_goods_path(p->tmp, "other"), &it),
                     DAF_OK);
    content = it.content;
    daf_shelf_close(b);
    return content;
}

/* Its page has come, and there was no room for what that names. */
static struct daf_hash get_stuck(struct place *p)
{
    struct daf_hash other = other_item(p);

    open_keeper(p, p->item.reserved + 100000);
    (void)expect(p, DAF_KEEPER_OPENED, DAF_OK);
    (void)expect(p, DAF_KEEPER_ITEM, DAF_OK);
    want(p);
    (void)expect_item(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
    put(p, 0);
    /* First that it is stuck, or it would be asked for again at once. */
    expect_stuck(p, true);
    (void)expect(p, DAF_KEEPER_PUT, DAF_EFULL);
    return other;
}

static void without_room_it_is_stuck_until_something_is_dropped(void **state)
{
    struct place *p = *state;
    struct daf_hash other = get_stuck(p);
    const struct daf_keeper_result *r;

    want(p);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_EFULL, 1);
    daf_keeper_room(p->k, 2, p->item.reserved, 0);
    r = expect(p, DAF_KEEPER_ROOM, DAF_EFULL);
    assert_false(r->is_disk);
    assert_true(r->room < p->item.reserved);
    daf_keeper_drop(p->k, 3, &other);
    (void)expect(p, DAF_KEEPER_GONE, DAF_OK);
    expect_stuck(p, false); /* and has its list: it may be fetched */
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 3);
    for (uint32_t i = 1; i < PARTS; i++)
        put(p, i);
    for (uint32_t i = 1; i < PARTS - 1; i++)
        (void)expect_put(p, i, DAF_SHELF_PART);
    (void)expect_put(p, PARTS - 1, DAF_SHELF_WHOLE);
}

static void another_chunk_or_wish_does_not_unstick_it(void **state)
{
    struct place *p = *state;

    (void)get_stuck(p);
    put(p, 1);
    expect_stuck(p, true);
    (void)expect(p, DAF_KEEPER_PUT, DAF_EFULL);
    /* To unpin reserves nothing. */
    daf_keeper_add(p->k, 4, p->manifest, 0, DAF_SHELF_PINNED);
    expect_stuck(p, true);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 4);
}

/* Another handle makes the room; to ask for the item again then takes it. */
static void asked_for_again_it_is_unstuck_if_there_is_room(void **state)
{
    struct place *p = *state;
    struct daf_hash other = get_stuck(p);
    const struct daf_keeper_result *r;
    struct daf_shelf *beside;

    assert_int_equal(daf_shelf_open(p->dir, MORE, true, &beside), DAF_OK);
    assert_int_equal(daf_shelf_drop(beside, &other), DAF_OK);
    daf_shelf_close(beside);
    daf_keeper_look(p->k, 2, NULL, 0);
    r = expect(p, DAF_KEEPER_GONE, DAF_OK);
    assert_memory_equal(r->item.content.b, other.b, 32);
    (void)expect_item(p); /* what stays is told as before */
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 2);
    want(p);
    expect_stuck(p, false);
    expect_ticket(p, DAF_KEEPER_DONE, DAF_OK, 1);
}

/* ---- no shelf, damage, the end */

static void without_its_marker_every_call_is_answered(void **state)
{
    static const enum daf_keeper_kind kinds[] = {
        DAF_KEEPER_DONE, DAF_KEEPER_DONE, DAF_KEEPER_DONE, DAF_KEEPER_FILE,
        DAF_KEEPER_ROOM, DAF_KEEPER_LIST, DAF_KEEPER_DONE};
    struct place *p = *state;
    const struct daf_keeper_result *r;

    (void)other_item(p);
    assert_int_equal(unlink(daf_goods_path(p->dir, "daftar")), 0);
    open_keeper(p, MORE);
    daf_keeper_add(p->k, 1, p->manifest, 1, 0);
    daf_keeper_drop(p->k, 2, &p->item.content);
    daf_keeper_look(p->k, 3, NULL, 0);
    daf_keeper_open(p->k, 4, &p->item.content, "film.webm");
    daf_keeper_room(p->k, 5, 1, 0);
    daf_keeper_list(p->k, 6, &p->item.content);
    daf_keeper_check(p->k, 7);
    r = take(p, false);
    assert_int_equal(r->kind, DAF_KEEPER_OPENED);
    assert_int_equal(r->err, DAF_ENOTFOUND);
    for (uint64_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        r = take(p, false);
        assert_int_equal(r->kind, kinds[i]);
        assert_int_equal(r->err, DAF_ENOTFOUND);
        assert_int_equal(r->ticket, i + 1);
        if (r->kind == DAF_KEEPER_FILE) assert_int_equal(r->file.fd, -1);
    }
    read_some(p, 3, 1, 5);
    put(p, 2);
    daf_keeper_forget(p->k, 1); /* the one that has none */
    r = take(p, false);
    assert_int_equal(r->kind, DAF_KEEPER_PUT);
    assert_int_equal(r->err, DAF_ENOTFOUND);
    assert_int_equal(r->piece.part, 2);
    r = expect(p, DAF_KEEPER_READ, DAF_ENOTFOUND);
    assert_int_equal(r->conn, 3);
    assert_int_equal(r->piece.offset, 5);
    assert_null(r->piece.bytes.p);
    assert_int_equal(daf_keeper_queued(p->k), 0);
}

static void what_a_check_finds_is_lacking_again(void **state)
{
    struct place *p = *state;
    const struct daf_keeper_result *r;
    char path[512];
    int fd;

    fetch(p);
    (void)snprintf(path, sizeof(path), "%s/film.webm",
                   daf_goods_files(p->dir, &p->item.content, "files"));
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "damage", 6, 70000), 6);
    (void)close(fd);
    daf_keeper_check(p->k, 2);
    r = expect_item(p);
    assert_false(r->item.is_whole);
    assert_int_equal(r->item.held, PARTS - 1);
    assert_false(r->is_stuck);
    r = expect(p, DAF_KEEPER_DONE, DAF_OK);
    assert_int_equal(r->ticket, 2);
    assert_int_equal(r->room, 1);
    put(p, 2);
    (void)expect_put(p, 2, DAF_SHELF_WHOLE);
    assert_true(expect_item(p)->item.is_whole);
}

static size_t open_files(void)
{
    DIR *d = opendir("/proc/self/fd");
    size_t n = 0;

    assert_non_null(d);
    /* One thread looks.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while (readdir(d) != NULL)
        n++;
    (void)closedir(d);
    return n;
}

static void at_the_end_what_is_queued_is_done_but_reads(void **state)
{
    struct place *p = *state;
    struct daf_shelf_item it;
    struct daf_shelf *b;
    size_t before = 0;

    for (int round = 0; round < 2; round++) {
        open_keeper(p, MORE);
        want(p);
        put(p, 0);
        while (take(p, true)->kind != DAF_KEEPER_PUT) {
        }
        for (uint32_t i = 0; i < PARTS; i++) {
            put(p, i);
            read_some(p, 1, i, 0);
        }
        daf_keeper_open(p->k, 2, &p->item.content, "film.webm");
        close_keeper(p); /* nobody has taken any of it */
        /* In the first round shelf a has opened its own. */
        if (round > 0) assert_int_equal(open_files(), before);
        before = open_files();
    }
    b = daf_goods_shelf(p->dir, MORE);
    assert_true(daf_shelf_find(b, &p->item.content, &it));
    assert_true(it.is_whole);
    daf_shelf_close(b);
    daf_keeper_free(NULL);
}

static void one_that_was_not_opened_yet_ends_as_well(void **state)
{
    struct place *p = *state;

    for (int i = 0; i < 50; i++) {
        open_keeper(p, MORE);
        close_keeper(p);
    }
}

#define AT_PLACE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_PLACE(answers_come_in_the_order_of_the_calls),
        AT_PLACE(an_item_is_fetched_and_told_when_it_changes),
        AT_PLACE(only_what_the_camp_alone_asked_for_is_given_back),
        AT_PLACE(what_was_pinned_meanwhile_does_not_make_room),
        AT_PLACE(only_a_part_s_end_is_told),
        AT_PLACE(what_a_lost_connection_began_another_may_send),
        AT_PLACE(a_part_that_comes_for_a_dropped_item_is_answered),
        AT_PLACE(what_was_not_here_is_not_stuck_when_it_is),
        AT_PLACE(reads_wait_until_they_are_taken),
        AT_PLACE(what_is_not_held_is_answered_with_nothing),
        AT_PLACE(without_room_it_is_stuck_until_something_is_dropped),
        AT_PLACE(another_chunk_or_wish_does_not_unstick_it),
        AT_PLACE(asked_for_again_it_is_unstuck_if_there_is_room),
        AT_PLACE(without_its_marker_every_call_is_answered),
        AT_PLACE(what_a_check_finds_is_lacking_again),
        AT_PLACE(at_the_end_what_is_queued_is_done_but_reads),
        AT_PLACE(one_that_was_not_opened_yet_ends_as_well),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
