/* SPDX-License-Identifier: Apache-2.0 */
/* The commands that make homes: whatever fails, a home is as before or as after,
 * nothing half-written is taken for whole, keys are the owner's alone, and the
 * same command works when the disk does again.
 *
 * Homes: office (the coordinator's) and tablet.  Files carried: r, a. */
#include "tests/lib/t.h"

#include "tests/crash/fault.h"

#include "node/cmd.h"

#include <fcntl.h>
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)1024 * 1024)
#define FOLLOWED 8 /* after each eighth point the whole story goes on */

/* What the command said of itself, for verify. */
struct promise {
    bool done;
    bool goes_on;       /* all steps that follow are taken as well */
    uint8_t record[32]; /* `progress add` */
};

/* --- the commands */

static int create(const char *dir)
{
    const char *const words[] = {"daftar",
                                 "camp",
                                 "create",
                                 "Test camp",
                                 "--json",
                                 "--home",
                                 fault_look_path(dir, "office"),
                                 NULL};

    return fault_look_daftar(words);
}

static int request(const char *dir)
{
    const char *const words[] = {"daftar",
                                 "join",
                                 "--request",
                                 fault_look_path(dir, "r"),
                                 "--json",
                                 "--home",
                                 fault_look_path(dir, "tablet"),
                                 NULL};

    return fault_look_daftar(words);
}

static int sign(const char *dir)
{
    const char *const words[] = {"daftar",
                                 "enrol",
                                 "sign",
                                 fault_look_path(dir, "r"),
                                 "--out",
                                 fault_look_path(dir, "a"),
                                 "--json",
                                 "--home",
                                 fault_look_path(dir, "office"),
                                 NULL};

    return fault_look_daftar(words);
}

static int accept_file(const char *dir)
{
    const char *const words[] = {"daftar",
                                 "join",
                                 "--accept",
                                 fault_look_path(dir, "a"),
                                 "--json",
                                 "--home",
                                 fault_look_path(dir, "tablet"),
                                 NULL};

    return fault_look_daftar(words);
}

static int add(const char *dir)
{
    const char *const words[] = {
        "daftar",    "progress",     "add",
        "--learner", "Kite Example", "--item",
        "letters-1", "--score",      "0.8",
        "--json",    "--home",       fault_look_path(dir, "tablet"),
        NULL};

    return fault_look_daftar(words);
}

static int check_home(const char *home)
{
    const char *const words[] = {"daftar", "check", "--json",
                                 "--home", home,    NULL};

    return fault_look_daftar(words);
}

/* --- under the fault */

/* The last line printed since @from, as JSON. */
static json_t *last_line(off_t from)
{
    static char text[65536];
    ssize_t n;
    char *line;

    (void)fflush(stdout);
    n = pread(STDOUT_FILENO, text, sizeof(text) - 1, from);
    if (n <= 0) return NULL;
    text[n] = '\0';
    if (text[n - 1] == '\n') text[n - 1] = '\0';
    line = strrchr(text, '\n');
    return json_loads(line != NULL ? line + 1 : text, 0, NULL);
}

static enum daf_err code_of(const json_t *said)
{
    const char *code = json_string_value(json_object_get(said, "code"));

    for (unsigned e = 1; code != NULL && e < DAF_ERR_COUNT; e++)
        if (strcmp(daf_err_name((enum daf_err)e), code) == 0)
            return (enum daf_err)e;
    return DAF_OK;
}

static void run(const char *dir, int (*command)(const char *dir))
{
    struct promise *promise = fault_room();
    off_t from = lseek(STDOUT_FILENO, 0, SEEK_END);
    const char *words, *record;
    json_t *said;
    int code;

    promise->goes_on = fault_at() % FOLLOWED == 0;
    fault_on();
    code = command(dir);
    (void)fault_off();
    said = last_line(from);
    promise->done = code == DAF_EXIT_DONE;
    if (code != DAF_EXIT_DONE) {
        words = json_string_value(json_object_get(said, "error"));
        if (!fault_fired() || !fault_clean(code_of(said)) || words == NULL ||
            words[0] == '\0')
            fault_broken("%s: exit %d, code \"%s\", \"%s\"", fault_where(),
                         code, daf_err_name(code_of(said)),
                         words != NULL ? words : "");
    }
    record = json_string_value(json_object_get(said, "record"));
    if (record != NULL)
        FAULT_NEED(sodium_hex2bin(promise->record, 32, record, 64, NULL, NULL,
                                  NULL) == 0);
    json_decref(said);
}

/* --- afterwards */

static bool is_there(const char *path)
{
    struct stat st;

    return lstat(path, &st) == 0;
}

static int look_at(const char *path, const struct stat *st, int type,
                   struct FTW *where)
{
    (void)where;
    if (type == FTW_D && (st->st_mode & 077) != 0)
        fault_broken("%s is open to others: %o", path, st->st_mode & 0777);
    if (type == FTW_F &&
        (strstr(path, "/keys/") != NULL || strstr(path, "/store/") != NULL) &&
        (st->st_mode & 0777) != 0600)
        fault_broken("%s has mode %o", path, st->st_mode & 0777);
    if (strstr(path, "/keys/root.keys") != NULL && st->st_size != 77 &&
        strcmp(strrchr(path, '/'), "/root.keys") == 0)
        fault_broken("%s has %ld bytes", path, (long)st->st_size);
    return 0;
}

/* As before or as after: what bears a file's name is that file, whole. */
static void look(const char *home)
{
    struct daf_trouble t = {""};
    struct daf_home h;
    enum daf_err err;

    if (!is_there(home)) return;
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    (void)nftw(home, look_at, 8, FTW_PHYS);
    if (is_there(fault_look_path(home, "store")))
        (void)fault_look_check(fault_look_path(home, "store"));
    if (!is_there(fault_look_path(home, "keys/device.keys"))) {
        FAULT_NEED(!is_there(fault_look_path(home, "camp/manifest.daf")));
        return;
    }
    err = daf_home_load(home, false, &h, &t);
    if (err != DAF_OK) fault_broken("%s cannot be loaded: %s", home, t.what);
    if (h.manifest != NULL && check_home(home) != DAF_EXIT_DONE)
        fault_broken("daftar check does not like %s", home);
    daf_home_unload(&h);
}

static bool same_file(const char *a, const char *b)
{
    uint8_t *x = NULL, *y = NULL;
    size_t x_len = 0, y_len = 0;
    bool same;

    if (!is_there(a)) return true;
    FAULT_OK(daf_home_read_file(a, FILE_MAX, &x, &x_len, NULL));
    FAULT_OK(daf_home_read_file(b, FILE_MAX, &y, &y_len, NULL));
    same = x_len == y_len && memcmp(x, y, x_len) == 0;
    free(x);
    free(y);
    return same;
}

/* What was there before is there still, byte for byte. */
static void look_kept(const char *dir)
{
    static const char *const files[] = {"office/keys/device.keys",
                                        "office/keys/root.keys",
                                        "office/camp/manifest.daf",
                                        "tablet/keys/device.keys",
                                        "tablet/camp/certificate.daf",
                                        "tablet/camp/manifest.daf",
                                        "r"};
    char before[DAF_HOME_PATH_MAX];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        (void)snprintf(before, sizeof(before), "%s/../template/%s", dir,
                       files[i]);
        if (!same_file(before, fault_look_path(dir, files[i])))
            fault_broken("%s has changed", files[i]);
    }
}

static void look_carried(const char *dir)
{
    struct daf_device_keys keys;
    struct daf_cmd_accept accept;
    uint8_t *bytes = NULL;
    size_t len = 0;
    const char *path = fault_look_path(dir, "r");

    if (is_there(path)) {
        FAULT_OK(daf_home_read_file(path, FILE_MAX, &bytes, &len, NULL));
        FAULT_OK(
            daf_request_decode((struct daf_view){bytes, len}, &keys, NULL));
        free(bytes);
    }
    path = fault_look_path(dir, "a");
    if (!is_there(path)) return;
    FAULT_OK(daf_home_read_file(path, FILE_MAX, &bytes, &len, NULL));
    FAULT_OK(
        daf_cmd_accept_decode((struct daf_view){bytes, len}, &accept, NULL));
    free(bytes);
}

static bool seen(void *ctx, const struct daf_row *row)
{
    *(bool *)ctx = row->stored.body_state == DAF_BODY_HELD;
    return false;
}

static void look_all(const char *dir)
{
    const struct promise *promise = fault_room();
    static const uint8_t none[32];
    struct daf_record_id id;
    struct daf_store *s = NULL;
    bool held = false;

    look_kept(dir);
    look_carried(dir);
    look(fault_look_path(dir, "office"));
    look(fault_look_path(dir, "tablet"));
    if (memcmp(promise->record, none, sizeof(none)) == 0) return;
    memcpy(id.b, promise->record, sizeof(id.b));
    FAULT_OK(daf_store_open(fault_look_path(dir, "tablet/store"),
                            DAF_STORE_READER, &s));
    FAULT_OK(daf_store_find(s, &id, seen, &held));
    daf_store_close(s);
    FAULT_NEED(held);
}

/* The command again, unless it said that it was done; then all that follows. */
static void verify(const char *dir, size_t from)
{
    static int (*const commands[])(const char *) = {create, request, sign,
                                                    accept_file, add};
    const struct promise *promise = fault_room();
    size_t end = promise->goes_on ? 5 : from + 1;
    int code;

    look_all(dir);
    /* Stopped between keys and manifest: it may be a home that waits for an
     * acceptance, so it is refused, and a person takes another folder. */
    if (from == 0 && fault_stopped() &&
        rename(fault_look_path(dir, "office"),
               fault_look_path(dir, "unfinished")) != 0)
        fault_broken("the unfinished home cannot be moved away");
    for (size_t i = promise->done ? from + 1 : from; i < end; i++) {
        code = commands[i](dir);
        if (code != DAF_EXIT_DONE)
            fault_broken("step %zu, %s, exits with %d", i,
                         i == from ? "tried again" : "which follows", code);
    }
    if (promise->done && end == from + 1) return; /* all was looked at */
    look_all(dir);
    FAULT_NEED(is_there(fault_look_path(dir, "office/keys/root.keys")));
}

static void prepare(const char *dir, size_t upto)
{
    static int (*const commands[])(const char *) = {create, request, sign,
                                                    accept_file};

    for (size_t i = 0; i < upto; i++)
        FAULT_NEED(commands[i](dir) == DAF_EXIT_DONE);
}

#define WORKLOAD(word, command, step, bits)                                \
    static void prepare_##word(const char *dir)                            \
    {                                                                      \
        prepare(dir, (step));                                              \
    }                                                                      \
    static void run_##word(const char *dir)                                \
    {                                                                      \
        run(dir, (command));                                               \
    }                                                                      \
    static void verify_##word(const char *dir)                             \
    {                                                                      \
        verify(dir, (step));                                               \
    }                                                                      \
    const struct fault_workload fault_##word = {.name = #word,             \
                                                .kinds = (bits),           \
                                                .prepare = prepare_##word, \
                                                .run = run_##word,         \
                                                .verify = verify_##word}

WORKLOAD(create, create, 0, FAULT_BITS_ALL);
WORKLOAD(request, request, 1, FAULT_BITS_SYS); /* no store, no memory */
WORKLOAD(sign, sign, 2, FAULT_BITS_ALL);
WORKLOAD(accept, accept_file, 3, FAULT_BITS_ALL);
WORKLOAD(add, add, 4, FAULT_BITS_ALL);
