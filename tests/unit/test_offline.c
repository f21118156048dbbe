/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/offline.h"
#include "tests/lib/homes.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MANY 700 /* more than one group of one commit */

/* --- a home with a camp, and what is in its notebook */

static struct daf_home *load(const char *name)
{
    struct daf_home *home = malloc(sizeof(*home));

    assert_non_null(home);
    assert_int_equal(daf_home_load(daf_homes_in(name), true, home, NULL),
                     DAF_OK);
    return home;
}

static void unload(struct daf_home *home)
{
    daf_home_unload(home);
    free(home);
}

static struct daf_store *open_store(const struct daf_home *home,
                                    enum daf_store_mode mode)
{
    struct daf_store *store;

    assert_int_equal(daf_offline_store(home, mode, &store, NULL), DAF_OK);
    return store;
}

/* 8 bytes, big endian, as offline.h has it. */
static uint64_t value_of(struct daf_store *s, const char *name)
{
    uint8_t b[8];
    size_t len = 0;
    uint64_t v = 0;

    assert_int_equal(daf_store_get_value(s, name, b, sizeof(b), &len), DAF_OK);
    assert_int_equal(len, 8);
    for (size_t i = 0; i < 8; i++)
        v = v * 256 + b[i];
    return v;
}

struct wanted {
    struct daf_record_id id;
    unsigned found;
    unsigned all;
};

static bool look(void *ctx, const struct daf_row *row)
{
    struct wanted *w = ctx;

    w->all++;
    if (memcmp(&row->stored.spot.id, &w->id, sizeof(w->id)) == 0) w->found++;
    return true;
}

/* How many records @scope has in a notebook opened anew; @wrote's is found. */
static unsigned count_in(const struct daf_home *home,
                         const struct daf_scope_id *scope,
                         const struct daf_wrote *wrote)
{
    struct daf_store *store = open_store(home, DAF_STORE_READER);
    struct wanted w = {.id = wrote->record};

    assert_int_equal(daf_store_scan(store, scope, -1, look, &w), DAF_OK);
    daf_store_close(store);
    assert_int_equal(w.found, wrote->err == DAF_OK ? 1 : 0);
    return w.all;
}

static struct daf_view view_of(const char *text)
{
    return (struct daf_view){(const uint8_t *)text, strlen(text)};
}

static struct daf_write session(const char *learner, struct daf_did *did)
{
    *did = (struct daf_did){.item = view_of("fractions/01"), .seconds = 90};
    return (struct daf_write){
        .kind = DAF_WRITE_SESSION,
        .claimed = {1760000000000},
        .learner = view_of(learner),
        .did = did,
        .did_count = 1,
    };
}

/* --- starts */

static void one_incarnation_is_drawn_and_starts_are_counted(void **state)
{
    struct daf_home *home;
    struct daf_store *store;
    uint64_t first = 0, boot = 0, before = 0;

    (void)state;
    assert_int_equal(daf_home_make(daf_homes_in("A"),
                                   (home = malloc(sizeof(*home))), NULL),
                     DAF_OK);
    for (uint64_t start = 1; start <= 5; start++) {
        store = open_store(home, DAF_STORE_WRITER);
        assert_int_equal(daf_offline_prepare(store, NULL, &boot, NULL), DAF_OK);
        daf_store_close(store);
        assert_int_equal(boot, start);
        store = open_store(home, DAF_STORE_READER);
        assert_int_equal(value_of(store, DAF_VALUE_BOOT), start);
        first = value_of(store, DAF_VALUE_INCARNATION);
        daf_store_close(store);
        if (start > 1) assert_true(first == before);
        before = first;
    }
    unload(home);
}

/* Own records may have been lost, and peers may hold them. */
static void a_repair_that_lost_something_is_a_new_incarnation(void **state)
{
    static const uint8_t yes = 1;
    struct daf_home *home = malloc(sizeof(*home));
    uint64_t incarnations[4], boot = 0;

    (void)state;
    assert_int_equal(daf_home_make(daf_homes_in("A"), home, NULL), DAF_OK);
    for (size_t i = 0; i < 4; i++) {
        struct daf_store *store = open_store(home, DAF_STORE_WRITER);
        uint8_t value[8];
        size_t len = 9;

        if (i == 2) {
            assert_int_equal(daf_store_begin(store), DAF_OK);
            assert_int_equal(daf_store_set(store, DAF_STORE_NEW_START,
                                           (struct daf_view){&yes, 1}),
                             DAF_OK);
            assert_int_equal(daf_store_commit(store), DAF_OK);
        }
        assert_int_equal(daf_offline_prepare(store, NULL, &boot, NULL), DAF_OK);
        incarnations[i] = value_of(store, DAF_VALUE_INCARNATION);
        assert_int_equal(daf_store_get_value(store, DAF_STORE_NEW_START, value,
                                             sizeof(value), &len),
                         DAF_OK);
        assert_int_equal(len, 0);
        daf_store_close(store);
    }
    assert_true(incarnations[0] == incarnations[1]);
    assert_true(incarnations[1] != incarnations[2]);
    assert_true(incarnations[2] == incarnations[3]);
    assert_int_equal(boot, 4);
    unload(home);
}

/* protocol.md R128: the card is in another machine. */
static void another_machine_is_a_new_life_and_a_repaired_one_is_not(
    void **state)
{
    static const struct daf_machine machines[] = {
        {{{1}, {2}, {3}}}, {{{1}, {2}, {4}}}, /* a network card was replaced */
        {{{1}, {0}, {0}}},                    /* it tells less this time */
        {{{1}, {5}, {6}}},                    /* a copy, in another board */
        {{{1}, {5}, {6}}},
    };
    static const size_t lives[] = {1, 1, 1, 2, 2};
    struct daf_home *home = malloc(sizeof(*home));
    struct daf_self self;
    uint64_t boot = 0;

    (void)state;
    assert_int_equal(daf_home_make(daf_homes_in("A"), home, NULL), DAF_OK);
    for (size_t i = 0; i < sizeof(machines) / sizeof(machines[0]); i++) {
        struct daf_store *store = open_store(home, DAF_STORE_WRITER);

        assert_int_equal(daf_offline_prepare(store, &machines[i], &boot, NULL),
                         DAF_OK);
        assert_int_equal(daf_selfvalue_get(store, &self), DAF_OK);
        assert_int_equal(self.lives_count, lives[i]);
        assert_int_equal(self.is_restored, lives[i] > 1);
        daf_store_close(store);
    }
    unload(home);
}

static void two_notebooks_have_two_incarnations(void **state)
{
    uint64_t drawn[2], boot;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct daf_home *home = malloc(sizeof(*home));
        struct daf_store *store;

        assert_int_equal(daf_home_make(daf_homes_in(i == 0 ? "A" : "B"), home,
                                       NULL),
                         DAF_OK);
        store = open_store(home, DAF_STORE_WRITER);
        assert_int_equal(daf_offline_prepare(store, NULL, &boot, NULL), DAF_OK);
        drawn[i] = value_of(store, DAF_VALUE_INCARNATION);
        daf_store_close(store);
        unload(home);
    }
    assert_true(drawn[0] != drawn[1]);
}

static void a_value_of_another_length_is_corrupt_and_stays(void **state)
{
    static const uint8_t odd[7] = {1, 2, 3, 4, 5, 6, 7};
    struct daf_home *home = malloc(sizeof(*home));
    struct daf_trouble t = {""};
    struct daf_store *store;
    uint8_t b[8];
    uint64_t boot = 0;
    size_t len = 0;

    (void)state;
    assert_int_equal(daf_home_make(daf_homes_in("A"), home, NULL), DAF_OK);
    store = open_store(home, DAF_STORE_WRITER);
    assert_int_equal(daf_store_begin(store), DAF_OK);
    assert_int_equal(daf_store_set(store, DAF_VALUE_INCARNATION,
                                   (struct daf_view){odd, sizeof(odd)}),
                     DAF_OK);
    assert_int_equal(daf_store_commit(store), DAF_OK);
    assert_int_equal(daf_offline_prepare(store, NULL, &boot, &t), DAF_ECORRUPT);
    assert_non_null(strstr(t.what, "damaged"));
    assert_int_equal(daf_store_get_value(store, DAF_VALUE_INCARNATION, b,
                                         sizeof(b), &len),
                     DAF_OK);
    assert_int_equal(len, sizeof(odd));
    assert_int_equal(daf_store_get_value(store, DAF_VALUE_BOOT, b, sizeof(b),
                                         &len),
                     DAF_ENOTFOUND);
    daf_store_close(store);
    unload(home);
}

/* --- writes */

static void a_write_is_found_when_the_notebook_is_opened_anew(void **state)
{
    struct daf_did did;
    struct daf_write write = session("Kites", &did);
    struct daf_home *home;
    struct daf_wrote one, two;

    (void)state;
    daf_homes_create("A");
    home = load("A");
    assert_int_equal(daf_home_lock(home, NULL), DAF_OK);
    write.ticket = 77;
    assert_int_equal(daf_offline_write(home, &write, &one, NULL), DAF_OK);
    assert_int_equal(one.ticket, 77);
    assert_int_equal(one.err, DAF_OK);
    /* The registration went before it, in the same log. */
    assert_true(one.registered);
    assert_int_equal(one.seq, 2);
    assert_int_equal(count_in(home, &one.log.scope, &one), 2);
    assert_int_equal(daf_offline_write(home, &write, &two, NULL), DAF_OK);
    assert_false(two.registered);
    assert_int_equal(two.seq, 3);
    assert_memory_equal(&one.subject, &two.subject, sizeof(one.subject));
    assert_memory_equal(&one.log, &two.log, sizeof(one.log));
    assert_int_equal(count_in(home, &two.log.scope, &two), 3);
    unload(home);
}

static void a_write_that_is_refused_leaves_nothing(void **state)
{
    struct daf_did did;
    struct daf_write write = session("Kites", &did);
    struct daf_trouble t = {""};
    struct daf_home *home;
    struct daf_wrote good, bad;

    (void)state;
    daf_homes_create("A");
    home = load("A");
    assert_int_equal(daf_home_lock(home, NULL), DAF_OK);
    assert_int_equal(daf_offline_write(home, &write, &good, NULL), DAF_OK);
    (void)strcpy(write.scope, "class:none");
    assert_int_not_equal(daf_offline_write(home, &write, &bad, &t), DAF_OK);
    assert_int_not_equal(bad.err, DAF_OK);
    assert_non_null(strstr(t.what, "the record was not written"));
    assert_int_equal(count_in(home, &good.log.scope, &good), 2);
    unload(home);
}

static void a_missing_notebook_is_told_in_words(void **state)
{
    struct daf_home *home = malloc(sizeof(*home));
    struct daf_trouble t = {""};
    struct daf_store *store;

    (void)state;
    assert_int_equal(daf_home_make(daf_homes_in("A"), home, NULL), DAF_OK);
    assert_int_equal(daf_offline_store(home, DAF_STORE_READER, &store, &t),
                     DAF_ENOTFOUND);
    assert_non_null(strstr(t.what, "To do:"));
    unload(home);
}

/* --- the lock: another process has it */

static void a_locked_home_is_busy_until_the_holder_is_gone(void **state)
{
    struct daf_trouble t = {""};
    int ready[2], go[2], status;
    struct daf_home *home;
    struct daf_ran r;
    char c;
    pid_t pid;

    (void)state;
    daf_homes_create("A");
    assert_int_equal(pipe(ready), 0);
    assert_int_equal(pipe(go), 0);
    home = load("A");
    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        (void)close(go[1]);
        if (daf_home_lock(home, NULL) != DAF_OK) _exit(1);
        if (write(ready[1], "", 1) != 1) _exit(1);
        /* Until the test has seen enough; then without giving it back. */
        _exit(read(go[0], &c, 1) < 0 ? 1 : 0);
    }
    (void)close(go[0]);
    assert_int_equal(read(ready[0], &c, 1), 1);
    assert_int_equal(daf_home_lock(home, &t), DAF_EBUSY);
    assert_non_null(strstr(t.what, "in use"));
    /* To read needs no lock. */
    r = daf_ran("progress", "show", "--home", daf_homes_in("A"), NULL);
    assert_int_equal(r.code, 0);
    (void)close(go[1]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(daf_home_lock(home, NULL), DAF_OK);
    (void)close(ready[0]);
    (void)close(ready[1]);
    unload(home);
}

/* --- many writes */

struct ended {
    size_t count, registered;
    struct daf_wrote last;
};

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    struct ended *e = ctx;

    assert_int_equal(wrote->err, DAF_OK);
    assert_int_equal(wrote->ticket, e->count); /* in order */
    e->count++;
    e->registered += wrote->registered ? 1 : 0;
    e->last = *wrote;
}

static void many_writes_end_in_order_when_flushed(void **state)
{
    static const char *const learners[] = {"Kites", "Lamps", "Mist"};
    struct ended ended = {0};
    struct daf_offline *o;
    struct daf_home *home;

    (void)state;
    daf_homes_create("A");
    home = load("A");
    assert_int_equal(daf_home_lock(home, NULL), DAF_OK);
    assert_int_equal(daf_offline_open(home, on_wrote, &ended, &o, NULL),
                     DAF_OK);
    daf_offline_flush(o); /* nothing was given: returns */
    assert_int_equal(ended.count, 0);
    for (size_t i = 0; i < MANY; i++) {
        char name[16];
        struct daf_did did;
        struct daf_write write;

        (void)strcpy(name, learners[i % 3]);
        write = session(name, &did);
        write.ticket = i;
        daf_offline_put(o, &write);
        memset(name, 'x', sizeof(name)); /* it was copied */
        memset(&did, 0, sizeof(did));
        if (i % 100 == 99) {
            daf_offline_flush(o);
            assert_int_equal(ended.count, i + 1);
            assert_int_equal(count_in(home, &ended.last.log.scope, &ended.last),
                             i + 1 + 3);
        }
    }
    daf_offline_flush(o);
    daf_offline_close(o);
    assert_int_equal(ended.count, MANY);
    assert_int_equal(ended.registered, 3);
    assert_int_equal(ended.last.seq, MANY + 3);
    unload(home);
}

static void closing_nothing_is_fine(void **state)
{
    (void)state;
    daf_offline_close(NULL);
}

/* One error, two reasons: what is written, or where. */
static void a_log_that_is_full_is_not_called_a_name_too_long(void **state)
{
    struct daf_wrote wrote = {.err = DAF_ELIMIT};
    struct daf_trouble t;

    (void)state;
    daf_offline_refused(&t, &wrote);
    assert_non_null(strstr(t.what, "too long"));
    wrote.is_deferred = true;
    daf_offline_refused(&t, &wrote);
    assert_null(strstr(t.what, "too long"));
    assert_non_null(strstr(t.what, "64 times"));
    assert_non_null(strstr(t.what, "To do: "));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
#define T(name) \
    cmocka_unit_test_setup_teardown(name, daf_homes_setup, daf_homes_teardown)
        T(one_incarnation_is_drawn_and_starts_are_counted),
        T(a_repair_that_lost_something_is_a_new_incarnation),
        T(another_machine_is_a_new_life_and_a_repaired_one_is_not),
        T(two_notebooks_have_two_incarnations),
        T(a_value_of_another_length_is_corrupt_and_stays),
        T(a_write_is_found_when_the_notebook_is_opened_anew),
        T(a_write_that_is_refused_leaves_nothing),
        T(a_log_that_is_full_is_not_called_a_name_too_long),
        T(a_missing_notebook_is_told_in_words),
        T(a_locked_home_is_busy_until_the_holder_is_gone),
        T(many_writes_end_in_order_when_flushed),
        cmocka_unit_test(closing_nothing_is_fine),
#undef T
    };

    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
