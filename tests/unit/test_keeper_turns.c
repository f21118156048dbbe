/* SPDX-License-Identifier: Apache-2.0 */

/* Long work of the keeper goes in turns: here its thread is stopped at the disk, in
 * the middle of it, and asked for other things. */

#include "tests/lib/t.h"

#include "node/contents.h"
#include "tests/lib/goods.h"
#include "tests/lib/tmpdir.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define CHUNK   ((size_t)65536)
#define LIMIT   30000 /* ms: a lost answer fails instead of hanging */
#define PARTS   41    /* of the lesson: a page and 40 files of a chunk */
#define READS   SYS_pread64
#define WRITES  SYS_pwrite64
#define SYNCS   SYS_fsync
#define UNLINKS SYS_unlinkat

/* ---- the disk, which stands before the C library's */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t main;
    long call;     /* READS, SYNCS ...: what is stopped; 0: nothing */
    unsigned left; /* that may be done before */
    unsigned seen; /* done since */
    bool is_there; /* it waits */
} gate = {.mutex = PTHREAD_MUTEX_INITIALIZER,
          .changed = PTHREAD_COND_INITIALIZER};

static void pass(long call)
{
    if (pthread_equal(pthread_self(), gate.main) != 0) return;
    (void)pthread_mutex_lock(&gate.mutex);
    while (gate.call == call && gate.left == 0) {
        gate.is_there = true;
        (void)pthread_cond_broadcast(&gate.changed);
        (void)pthread_cond_wait(&gate.changed, &gate.mutex);
    }
    gate.is_there = false;
    if (gate.call == call) gate.left--;
    gate.seen++;
    (void)pthread_mutex_unlock(&gate.mutex);
}

int fsync(int fd)
{
    pass(SYNCS);
    return (int)syscall(SYS_fsync, fd);
}

int unlinkat(int at, const char *path, int flags)
{
    pass(UNLINKS);
    return (int)syscall(SYS_unlinkat, at, path, flags);
}

ssize_t pread(int fd, void *bytes, size_t len, off_t offset)
{
    pass(READS);
    return syscall(SYS_pread64, fd, bytes, len, offset);
}

ssize_t pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    pass(WRITES);
    return syscall(SYS_pwrite64, fd, bytes, len, offset);
}

/* A disk without holes, as FAT: what is made longer is written, at once. */
static bool is_fat;

int ftruncate(int fd, off_t size)
{
    static const uint8_t zeros[4096];
    struct stat st;

    while (is_fat && fstat(fd, &st) == 0 && st.st_size < size)
        if (pwrite(fd, zeros, sizeof(zeros), st.st_size) < 0) return -1;
    return (int)syscall(SYS_ftruncate, fd, size);
}

/* @left more calls of it are done. */
static void let(long call, unsigned left)
{
    (void)pthread_mutex_lock(&gate.mutex);
    gate.call = call;
    gate.left = left;
    gate.seen = 0;
    gate.is_there = false;
    (void)pthread_cond_broadcast(&gate.changed);
    (void)pthread_mutex_unlock(&gate.mutex);
}

static void let_all(void)
{
    let(0, 0);
}

static void wait_stopped(void)
{
    (void)pthread_mutex_lock(&gate.mutex);
    while (!gate.is_there || gate.left > 0)
        (void)pthread_cond_wait(&gate.changed, &gate.mutex);
    (void)pthread_mutex_unlock(&gate.mutex);
}

static unsigned seen(void)
{
    unsigned n;

    (void)pthread_mutex_lock(&gate.mutex);
    n = gate.seen;
    (void)pthread_mutex_unlock(&gate.mutex);
    return n;
}

/* ---- a place */

struct place {
    char *tmp;
    char src[512], dir[512];
    struct daf_shelf *a;
    struct daf_shelf_item item; /* as a has it */
    struct daf_view manifest;
    uint8_t room[DAF_CONTENT_MANIFEST_BYTES_MAX];
    struct daf_keeper *k;
    struct daf_keeper_result *last;
};

static int setup(void **state)
{
    struct place *p = calloc(1, sizeof(*p));
    char name[32];

    assert_non_null(p);
    gate.main = pthread_self();
    p->tmp = daf_tmpdir_new();
    assert_non_null(p->tmp);
    (void)snprintf(p->src, sizeof(p->src), "%s/src", p->tmp);
    (void)snprintf(p->dir, sizeof(p->dir), "%s/b", p->tmp);
    for (unsigned i = 0; i < PARTS - 1; i++) {
        (void)snprintf(name, sizeof(name), "page-%02u", i);
        daf_goods_write(p->src, name, CHUNK, i + 1);
    }
    p->a = daf_goods_shelf(daf_goods_path(p->tmp, "a"), UINT64_MAX);
    assert_int_equal(daf_goods_publish(p->a, p->src, &p->item), DAF_OK);
    assert_int_equal(p->item.parts, PARTS);
    memcpy(p->room, p->item.manifest.p, p->item.manifest.len);
    p->manifest = (struct daf_view){p->room, p->item.manifest.len};
    *state = p;
    return 0;
}

static void close_keeper(struct place *p)
{
    daf_keeper_result_free(p->last);
    p->last = NULL;
    daf_keeper_free(p->k);
    p->k = NULL;
}

static int teardown(void **state)
{
    struct place *p = *state;

    let_all();
    close_keeper(p);
    is_fat = false;
    daf_shelf_close(p->a);
    daf_tmpdir_free(p->tmp);
    free(p);
    return 0;
}

static const struct daf_keeper_result *hear(struct place *p)
{
    struct pollfd fd = {daf_keeper_fd(p->k), POLLIN, 0};

    do {
        daf_keeper_result_free(p->last);
        while ((p->last = daf_keeper_take(p->k, true)) == NULL)
            assert_int_equal(poll(&fd, 1, LIMIT), 1);
    } while (p->last->kind == DAF_KEEPER_TOLD);
    return p->last;
}

static const struct daf_keeper_result *expect(struct place *p,
                                              enum daf_keeper_kind kind,
                                              enum daf_err err)
{
    (void)hear(p);
    assert_int_equal(p->last->kind, kind);
    assert_int_equal(p->last->err, err);
    return p->last;
}

static void expect_nothing(struct place *p)
{
    assert_null(daf_keeper_take(p->k, true));
}

static void open_keeper(struct place *p)
{
    assert_int_equal(daf_keeper_new(p->dir, UINT64_MAX, &p->k), DAF_OK);
    (void)expect(p, DAF_KEEPER_OPENED, DAF_OK);
}

static void put(struct place *p, uint32_t part)
{
    static uint8_t bytes[DAF_PIECE_BYTES_MAX];
    struct daf_port_piece piece = {p->item.content,
                                   part,
                                   0,
                                   {bytes, sizeof(bytes)}};

    assert_int_equal(daf_shelf_read(p->a, &p->item.content, part, 0, bytes,
                                    &piece.bytes.len),
                     DAF_OK);
    assert_true(daf_keeper_put(p->k, 1, &piece));
}

/* The lesson but for its last @less parts. */
static void fetch(struct place *p, uint32_t less)
{
    open_keeper(p);
    daf_keeper_add(p->k, 1, p->manifest, DAF_SHELF_WANTED, 0);
    (void)expect(p, DAF_KEEPER_ITEM, DAF_OK);
    (void)expect(p, DAF_KEEPER_DONE, DAF_OK);
    put(p, 0);
    (void)expect(p, DAF_KEEPER_ITEM, DAF_OK);
    assert_int_equal(expect(p, DAF_KEEPER_PUT, DAF_OK)->put, DAF_SHELF_LIST);
    for (uint32_t i = 1; i < PARTS - less; i++) {
        put(p, i);
        (void)expect(p, DAF_KEEPER_PUT, DAF_OK);
    }
    if (less == 0)
        assert_true(expect(p, DAF_KEEPER_ITEM, DAF_OK)->item.is_whole);
}

/* Asked while the thread is stopped; its next unit is the last of its turn. */
static void ask_room(struct place *p, long call)
{
    wait_stopped();
    daf_keeper_room(p->k, 9, 1, 0);
    let(call, 1);
    assert_int_equal(expect(p, DAF_KEEPER_ROOM, DAF_OK)->ticket, 9);
}

/* ---- in the middle of a check */

static void people_are_answered_in_the_middle_of_a_check(void **state)
{
    struct place *p = *state;

    fetch(p, 0);
    let(READS, 5); /* its manifest, its list, and some files */
    daf_keeper_check(p->k, 2);
    ask_room(p, READS);
    wait_stopped();
    daf_keeper_open(p->k, 3, &p->item.content, "page-30");
    let(READS, 1);
    (void)close(expect(p, DAF_KEEPER_FILE, DAF_OK)->file.fd);
    wait_stopped();
    expect_nothing(p);
    let_all();
    assert_int_equal(expect(p, DAF_KEEPER_DONE, DAF_OK)->ticket, 2);
    assert_int_equal(p->last->room, 0);
}

static void damage(struct place *p, const char *name)
{
    char path[600];
    int fd;

    (void)snprintf(path, sizeof(path), "%s/%s",
                   daf_goods_files(p->dir, &p->item.content, "files"), name);
    fd = open(path, O_WRONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, "damage", 6, 100), 6);
    (void)close(fd);
}

static void what_is_dropped_in_the_middle_of_a_check_is_left_out(void **state)
{
    struct place *p = *state;

    fetch(p, 0);
    damage(p, "page-01");
    let(READS, 5);
    daf_keeper_check(p->k, 2);
    wait_stopped();
    daf_keeper_drop(p->k, 3, &p->item.content);
    let_all();
    (void)expect(p, DAF_KEEPER_GONE, DAF_OK);
    assert_int_equal(expect(p, DAF_KEEPER_DONE, DAF_OK)->ticket, 3);
    assert_int_equal(expect(p, DAF_KEEPER_DONE, DAF_OK)->ticket, 2);
}

static void what_a_check_mends_is_told_before_it_ends(void **state)
{
    struct place *p = *state;
    const struct daf_keeper_result *r;

    fetch(p, 0);
    damage(p, "page-20");
    daf_keeper_check(p->k, 2);
    do {
        r = expect(p, DAF_KEEPER_ITEM, DAF_OK);
    } while (r->is_stuck); /* its list may be looked through in turns */
    assert_int_equal(r->item.held, PARTS - 1);
    assert_int_equal(expect(p, DAF_KEEPER_DONE, DAF_OK)->ticket, 2);
    assert_int_equal(p->last->room, 1);
}

static void an_end_in_the_middle_of_a_check_abandons_it(void **state)
{
    struct place *p = *state;

    fetch(p, 0);
    let(READS, 5);
    daf_keeper_check(p->k, 2);
    daf_keeper_check(p->k, 3);
    wait_stopped();
    daf_keeper_finish(p->k);
    let(READS, 1); /* and no more */
    assert_int_equal(expect(p, DAF_KEEPER_DONE, DAF_EBUSY)->ticket, 2);
    assert_int_equal(expect(p, DAF_KEEPER_DONE, DAF_EBUSY)->ticket, 3);
    assert_int_equal(seen(), 1);
    close_keeper(p);
}

/* ---- in the middle of its end */

/* A card that takes longer over the last files than anything may stay unnoted. */
static void an_end_that_takes_long_is_told(void **state)
{
    struct place *p = *state;
    struct pollfd fd = {.events = POLLIN};

    fetch(p, 1);
    let(SYNCS, PARTS - 5);
    put(p, PARTS - 1);
    wait_stopped();
    daf_keeper_room(p->k, 9, 1, 0);
    let(SYNCS, 1);
    assert_int_equal(expect(p, DAF_KEEPER_PUT, DAF_OK)->put, DAF_SHELF_PART);
    (void)expect(p, DAF_KEEPER_ROOM, DAF_OK);
    wait_stopped();
    fd.fd = daf_keeper_fd(p->k);
    assert_int_equal(poll(&fd, 1, DAF_KEEPER_SYNC_MS + 100), 0);
    let_all();
    assert_true(expect(p, DAF_KEEPER_ITEM, DAF_OK)->item.is_whole);
}

/* ---- at the start */

/* As after a power cut: nothing is noted. */
static void forget_notes(struct place *p)
{
    close_keeper(p);
    assert_int_equal(unlink(daf_goods_files(p->dir, &p->item.content, "have")),
                     0);
}

static void what_is_hashed_at_the_start_lets_others_pass(void **state)
{
    struct place *p = *state;
    const struct daf_keeper_result *r;

    fetch(p, 1);
    forget_notes(p);
    let(READS, 12);
    open_keeper(p);
    r = expect(p, DAF_KEEPER_ITEM, DAF_OK);
    assert_true(r->is_stuck);
    assert_int_equal(r->stuck_err, DAF_EBUSY);
    ask_room(p, READS);
    wait_stopped();
    put(p, PARTS - 2); /* which is there, and not known yet */
    ask_room(p, READS);
    /* Nothing is taken for it yet, and its sender is told so. */
    do
        r = hear(p);
    while (r->kind == DAF_KEEPER_ITEM && r->is_stuck);
    assert_int_equal(r->kind, DAF_KEEPER_PUT);
    assert_int_equal(r->err, DAF_EBUSY);
    let_all();
    do
        r = expect(p, DAF_KEEPER_ITEM, DAF_OK);
    while (r->is_stuck);
    assert_false(r->is_stuck);
    assert_int_equal(r->item.held, PARTS - 1);
    put(p, PARTS - 1);
    assert_int_equal(expect(p, DAF_KEEPER_PUT, DAF_OK)->put, DAF_SHELF_WHOLE);
}

static void an_end_in_the_middle_of_it_loses_nothing(void **state)
{
    struct place *p = *state;

    fetch(p, 1);
    forget_notes(p);
    let(READS, 20);
    open_keeper(p);
    (void)expect(p, DAF_KEEPER_ITEM, DAF_OK);
    wait_stopped();
    daf_keeper_finish(p->k);
    let(READS, 1);
    close_keeper(p);
    assert_int_equal(seen(), 1);
    let_all();
    open_keeper(p);
    while (expect(p, DAF_KEEPER_ITEM, DAF_OK)->is_stuck) {
    }
    assert_int_equal(p->last->item.held, PARTS - 1);
}

/* ---- on a disk without holes */

static void without_holes_its_place_is_made_by_itself(void **state)
{
    struct place *p = *state;
    const struct daf_keeper_result *r;
    uint64_t reserved;

    is_fat = true;
    open_keeper(p);
    daf_keeper_add(p->k, 1, p->manifest, DAF_SHELF_WANTED, 0);
    (void)expect(p, DAF_KEEPER_ITEM, DAF_OK);
    (void)expect(p, DAF_KEEPER_DONE, DAF_OK);
    let(WRITES, 20); /* the page, and what some of 40 files will be */
    put(p, 0);
    wait_stopped();
    daf_keeper_room(p->k, 9, 1, 0);
    let(WRITES, 1);
    r = expect(p, DAF_KEEPER_ITEM, DAF_OK);
    assert_true(r->is_stuck && r->stuck_err == DAF_EBUSY);
    reserved = r->item.reserved;
    assert_true(reserved >= 40 * CHUNK);
    assert_int_equal(expect(p, DAF_KEEPER_PUT, DAF_OK)->put, DAF_SHELF_PART);
    (void)expect(p, DAF_KEEPER_ROOM, DAF_OK);
    wait_stopped();
    daf_keeper_add(p->k, 2, p->manifest, DAF_SHELF_WANTED, 0); /* again */
    let(WRITES, 1);
    assert_true(expect(p, DAF_KEEPER_ITEM, DAF_OK)->is_stuck);
    assert_int_equal(expect(p, DAF_KEEPER_DONE, DAF_OK)->ticket, 2);
    let_all();
    r = expect(p, DAF_KEEPER_ITEM, DAF_OK);
    assert_true(r->item.has_list && !r->is_stuck);
    assert_true(r->item.reserved == reserved);
}

/* ---- at the end of an item */

static void what_becomes_whole_lets_others_pass(void **state)
{
    struct place *p = *state;

    fetch(p, 1);
    let(SYNCS, 3);
    put(p, PARTS - 1);
    wait_stopped();
    daf_keeper_room(p->k, 9, 1, 0);
    let(SYNCS, 1);
    assert_int_equal(expect(p, DAF_KEEPER_PUT, DAF_OK)->put, DAF_SHELF_PART);
    (void)expect(p, DAF_KEEPER_ROOM, DAF_OK);
    wait_stopped();
    expect_nothing(p);
    let_all();
    assert_true(expect(p, DAF_KEEPER_ITEM, DAF_OK)->item.is_whole);
}

static void what_is_put_waits_for_a_sync_and_is_not_lost(void **state)
{
    struct place *p = *state;
    const struct daf_keeper_result *r;

    fetch(p, 2);
    let(SYNCS, 0); /* what came is noted after 2 s */
    wait_stopped();
    put(p, PARTS - 2);
    put(p, PARTS - 1);
    daf_keeper_room(p->k, 9, 1, 0);
    let(SYNCS, 1);
    (void)expect(p, DAF_KEEPER_ROOM, DAF_OK);
    wait_stopped();
    expect_nothing(p);
    let_all();
    (void)expect(p, DAF_KEEPER_PUT, DAF_OK);
    r = expect(p, DAF_KEEPER_PUT, DAF_OK);
    assert_int_equal(r->piece.part, PARTS - 1);
    assert_true(expect(p, DAF_KEEPER_ITEM, DAF_OK)->item.is_whole);
}

/* ---- what goes */

static void what_is_dropped_goes_in_turns_and_at_the_next_start(void **state)
{
    struct place *p = *state;
    const char *gone = daf_goods_path(p->dir, "new-1");

    fetch(p, 0);
    let(UNLINKS, 5);
    daf_keeper_drop(p->k, 3, &p->item.content);
    wait_stopped();
    daf_keeper_room(p->k, 9, 1, 0);
    let(UNLINKS, 1);
    (void)expect(p, DAF_KEEPER_GONE, DAF_OK);
    assert_int_equal(expect(p, DAF_KEEPER_DONE, DAF_OK)->ticket, 3);
    (void)expect(p, DAF_KEEPER_ROOM, DAF_OK);
    wait_stopped();
    daf_keeper_finish(p->k);
    let(UNLINKS, 8); /* a folder is tried as a file first, and it is deep */
    close_keeper(p);
    assert_int_equal(access(gone, F_OK), 0);
    let(UNLINKS, 1); /* of the file that is tried for holes */
    open_keeper(p);
    wait_stopped(); /* it waits for nothing */
    let_all();
    for (unsigned i = 0; access(gone, F_OK) == 0; i++) {
        assert_true(i < LIMIT);
        (void)poll(NULL, 0, 1);
    }
}

/* Who asks again at DONE must not be told that there is no room. */
static void what_makes_room_has_made_it_when_it_is_done(void **state)
{
    struct place *p = *state;
    const char *gone = daf_goods_path(p->dir, "new-1");

    fetch(p, 0);
    let(UNLINKS, 5);
    daf_keeper_evict(p->k, 3, &p->item.content);
    wait_stopped();
    daf_keeper_room(p->k, 9, 1, 0);
    let(UNLINKS, 1);
    (void)expect(p, DAF_KEEPER_GONE, DAF_OK);
    assert_int_equal(expect(p, DAF_KEEPER_ROOM, DAF_OK)->ticket, 9);
    wait_stopped();
    expect_nothing(p);
    let_all();
    assert_int_equal(expect(p, DAF_KEEPER_DONE, DAF_OK)->ticket, 3);
    assert_int_not_equal(access(gone, F_OK), 0);
}

/* ---- a disk that stands still */

struct heard {
    unsigned puts, busy;
};

static void on_input(void *ctx, const struct daf_input *in)
{
    struct heard *h = ctx;

    if (in->kind != DAF_INPUT_PUT) return;
    h->puts++;
    h->busy += in->err == DAF_EBUSY;
}

static size_t nothing_queued(void *ctx)
{
    (void)ctx;
    return 0;
}

static void on_answered(void *ctx, const struct daf_keeper_result *r)
{
    (void)ctx;
    (void)r;
}

static void on_changed(void *ctx, const struct daf_hash *content,
                       const struct daf_contents_item *item)
{
    (void)ctx;
    (void)content;
    (void)item;
}

static void pump_until(struct daf_contents *c, const unsigned *count,
                       unsigned wanted)
{
    for (unsigned i = 0; *count < wanted; i++) {
        assert_true(i < LIMIT);
        daf_contents_pump(c);
        if (*count < wanted) (void)poll(NULL, 0, 1);
    }
}

static void on_shelf_opened(void *ctx)
{
    (void)ctx;
}

static uint8_t rank_of(void *ctx, const struct daf_hash *content)
{
    (void)ctx;
    (void)content;
    return 0;
}

/* Nobody waits for it, and what is too much is refused, once for each part. */
static void what_is_more_than_memory_is_refused_at_once(void **state)
{
    static const uint8_t bytes[CHUNK];
    struct place *p = *state;
    struct heard heard = {0, 0};
    const struct daf_contents_ops ops = {.ctx = &heard,
                                         .input = on_input,
                                         .link_queued = nothing_queued,
                                         .answered = on_answered,
                                         .changed = on_changed,
                                         .opened = on_shelf_opened,
                                         .rank = rank_of};
    const struct daf_contents_wish check = {.what = DAF_CONTENTS_CHECK};
    struct daf_port_piece piece = {p->item.content, 1, 0, {bytes, CHUNK}};
    unsigned fit = (unsigned)(DAF_CONTENTS_PUT_BYTES / CHUNK) + 1;
    struct daf_contents *c;
    struct daf_loop *loop;

    fetch(p, 1);
    close_keeper(p);
    assert_int_equal(daf_loop_new(&loop), DAF_OK);
    assert_int_equal(daf_contents_new(loop, &ops, p->dir, UINT64_MAX, &c),
                     DAF_OK);
    while (daf_contents_state(c) == DAF_EBUSY)
        daf_contents_pump(c);
    let(READS, 0);
    daf_contents_wish(c, 2, &check);
    wait_stopped();
    for (unsigned i = 0; i < fit + 3; i++)
        daf_contents_put(c, 1, &piece);
    piece.part = 2;
    daf_contents_put(c, 1, &piece);
    pump_until(c, &heard.busy, 2);
    assert_int_equal(heard.puts, 2);
    let_all();
    pump_until(c, &heard.puts, fit + 2);
    assert_int_equal(heard.busy, 2);
    daf_contents_put(c, 1, &piece); /* there is room again */
    pump_until(c, &heard.puts, fit + 3);
    assert_int_equal(heard.busy, 2);
    daf_contents_free(c);
    daf_loop_free(loop);
}

#define AT_PLACE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        AT_PLACE(people_are_answered_in_the_middle_of_a_check),
        AT_PLACE(what_is_dropped_in_the_middle_of_a_check_is_left_out),
        AT_PLACE(what_a_check_mends_is_told_before_it_ends),
        AT_PLACE(an_end_in_the_middle_of_a_check_abandons_it),
        AT_PLACE(an_end_that_takes_long_is_told),
        AT_PLACE(what_is_hashed_at_the_start_lets_others_pass),
        AT_PLACE(an_end_in_the_middle_of_it_loses_nothing),
        AT_PLACE(without_holes_its_place_is_made_by_itself),
        AT_PLACE(what_becomes_whole_lets_others_pass),
        AT_PLACE(what_is_put_waits_for_a_sync_and_is_not_lost),
        AT_PLACE(what_is_dropped_goes_in_turns_and_at_the_next_start),
        AT_PLACE(what_makes_room_has_made_it_when_it_is_done),
        AT_PLACE(what_is_more_than_memory_is_refused_at_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
