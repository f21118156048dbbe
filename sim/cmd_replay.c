/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim replay: a run that `daftard --record` wrote down, once more. */
#include "proto/hash.h"
#include "sim/commands.h"
#include "sim/progress.h"
#include "sim/replay/replay.h"
#include "sim/say.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_BYTES 4096
#define BAR        30 /* signs */

static const char help[] =
    "usage: daftar-sim replay FILE [--json]\n"
    "\n"
    "Give an agent everything that `daftard --record FILE` wrote down, and "
    "compare\n"
    "what it does with what it did then.  FILE.start lies beside FILE.\n"
    "\n"
    "  --json            one JSON object\n"
    "\n"
    "A copy of the notebook is made in $TMPDIR (else /tmp) and removed.\n"
    "Exit: 0 all the same, 1 something differs or it failed, 2 usage, 3 broken "
    "off.\n";

enum wish_option {
    OPT_JSON = 256,
    OPT_HELP,
};
static const struct option options[] = {
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct job {
    const char *path;
    bool is_json;
    void *mapped;
    struct daf_view log; /* the same */
    struct daf_inputlog_head head;
    char start[PATH_BYTES];
    char dir[PATH_BYTES]; /* "": none is made */
    bool is_shown;        /* a person looks */
    unsigned shown;       /* per cent */
};

/* ---- what went wrong ---- */

static bool failed(const char *what, const char *why)
{
    daf_say("daftar-sim replay: %s: %s", what, why);
    return false;
}

static const char *errno_words(int number)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    return strerror(number);
}

static const char *log_words(enum daf_err err)
{
    if (err == DAF_EFORM)
        return "is no log of daftard --record. Give the file that was named "
               "there";
    if (err == DAF_EVERSION)
        return "was recorded by another version. Replay it with the "
               "daftar-sim that came with that daftard, or record again";
    if (err == DAF_ECORRUPT)
        return "is damaged: a part of it cannot be read. Copy it again from "
               "where it was recorded";
    if (err == DAF_ENOMEM) return "needs more memory than there is";
    if (err == DAF_EFULL)
        return "the disk is full. Free some space, or let TMPDIR name a "
               "folder with room for the notebook";
    return NULL;
}

static bool failed_err(const char *what, enum daf_err err)
{
    const char *words = log_words(err);

    return failed(what, words != NULL ? words : daf_err_str(err));
}

/* ---- the two files ---- */

static bool map_log(struct job *j)
{
    assert(j->path != NULL);
    int fd = open(j->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;

    if (fd < 0 || fstat(fd, &st) != 0) {
        int number = errno;

        if (fd >= 0) (void)close(fd);
        return failed(j->path, errno_words(number));
    }
    if (!S_ISREG(st.st_mode) || st.st_size == 0) {
        (void)close(fd);
        return failed_err(j->path, DAF_EFORM);
    }
    j->mapped = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    (void)close(fd);
    if (j->mapped == MAP_FAILED) {
        j->mapped = NULL;
        return failed(j->path, errno_words(errno));
    }
    j->log = (struct daf_view){j->mapped, (size_t)st.st_size};
    return true;
}

static bool stop_at_once(void *ctx, const struct daf_inputlog_entry *e)
{
    (void)ctx;
    (void)e;
    return false;
}

static bool read_head(struct job *j)
{
    size_t torn;
    enum daf_err err =
        daf_inputlog_read(j->log, &j->head, &torn, stop_at_once, NULL);

    return err == DAF_OK || failed_err(j->path, err);
}

static bool make_folder(struct job *j)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *base = getenv("TMPDIR");
    int len = snprintf(j->dir, sizeof j->dir, "%s/daftar-replay-XXXXXX",
                       base != NULL && base[0] != '\0' ? base : "/tmp");

    if (len > 0 && (size_t)len < sizeof j->dir && mkdtemp(j->dir) != NULL)
        return true;
    (void)failed(j->dir, errno_words(errno));
    j->dir[0] = '\0';
    return false;
}

static void remove_folder(struct job *j)
{
    static const char *const names[] = {"notebook.db", "notebook.db-wal",
                                        "notebook.db-shm"};
    char path[PATH_BYTES + 32];

    if (j->dir[0] == '\0') return;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", j->dir, names[i]);
        (void)unlink(path);
    }
    if (rmdir(j->dir) != 0)
        (void)failed(j->dir, "cannot be removed; it holds a notebook: "
                             "remove it");
}

/* Bytes from @from to @to.  0, or errno. */
static int copy_bytes(int from, int to, struct daf_hash *out)
{
    static uint8_t bytes[65536];
    struct daf_hash_stream h;
    ssize_t n;

    daf_hash_begin(&h, DAF_INPUTLOG_HASH);
    while ((n = read(from, bytes, sizeof bytes)) > 0) {
        daf_hash_add(&h, (struct daf_view){bytes, (size_t)n});
        for (ssize_t at = 0, m; at < n; at += m) {
            m = write(to, bytes + at, (size_t)(n - at));
            if (m < 0) return errno;
        }
    }
    daf_hash_end(&h, out->b);
    return n < 0 ? errno : 0;
}

static bool open_start(struct job *j, int *out)
{
    int len =
        snprintf(j->start, sizeof j->start, "%s" DAF_INPUTLOG_START, j->path);

    if (len < 0 || (size_t)len >= sizeof j->start)
        return failed(j->path, "its name is too long");
    *out = open(j->start, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (*out >= 0) return true;
    if (errno != ENOENT) return failed(j->start, errno_words(errno));
    return failed(j->start, "is not there. It holds the notebook with which "
                            "the recorded run began, and nothing can be "
                            "replayed without it: copy it from where the log "
                            "comes from, beside the log");
}

static bool copy_start(struct job *j)
{
    char path[PATH_BYTES + 32];
    struct daf_hash hash;
    int from, to, number;

    if (!open_start(j, &from)) return false;
    (void)snprintf(path, sizeof path, "%s/notebook.db", j->dir);
    to = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    number = to < 0 ? errno : copy_bytes(from, to, &hash);
    (void)close(from);
    if (to >= 0 && close(to) != 0 && number == 0) number = errno;
    if (number == ENOSPC) return failed_err(j->dir, DAF_EFULL);
    if (number != 0) return failed(j->start, errno_words(number));
    if (memcmp(hash.b, j->head.start.b, sizeof hash.b) == 0) return true;
    return failed(j->start, "is another recording's, or was changed. Copy it "
                            "again from where the log comes from");
}

/* ---- telling ---- */

static bool on_progress(void *ctx, uint64_t done, uint64_t of)
{
    struct job *j = ctx;
    unsigned part = of == 0 ? 100 : (unsigned)(done * 100 / of);

    if (j->is_shown && part != j->shown) {
        int full = (int)(part * BAR / 100);

        j->shown = part;
        (void)fprintf(stderr, "\r[%.*s%*s] %3u %%", full,
                      "==============================", BAR - full, "", part);
    }
    return !daf_progress_is_broken();
}

/* "12,345" */
static const char *with_commas(uint64_t n, char out[32])
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%" PRIu64, n), at = 0;

    for (int i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0) out[at++] = ',';
        out[at++] = digits[i];
    }
    out[at] = '\0';
    return out;
}

static void print_calls(const struct daf_replay_difference *d)
{
    (void)printf("made now: %s", d->calls_count == 0 ? "no call" : "");
    for (uint64_t i = 0; i < d->calls_count && i < DAF_REPLAY_CALLS; i++)
        (void)printf("%s%s %" PRIu64, i == 0 ? "" : ", ",
                     daf_effects_call_str(d->calls[i].call),
                     d->calls[i].number);
    if (d->calls_count > DAF_REPLAY_CALLS)
        (void)printf(", and %" PRIu64 " more",
                     d->calls_count - DAF_REPLAY_CALLS);
    (void)puts("");
}

static void print_text(const struct daf_replay_result *r)
{
    char effects[32], inputs[32];

    (void)printf("inputs %s\neffects %s", with_commas(r->inputs, inputs),
                 with_commas(r->effects, effects));
    if (r->first.input == 0) {
        (void)puts(", all the same");
    } else {
        (void)printf("\ninput %s differs: %s at %" PRIu64 ".%03" PRIu64
                     " s: %s\n",
                     inputs, r->first.kind, r->first.at_ms / 1000,
                     r->first.at_ms % 1000, r->first.why);
        print_calls(&r->first);
    }
    if (r->untold > 0)
        (void)printf("left out: %" PRIu64 " inputs at the end, of a daemon "
                     "that was killed: what it had stored is not told\n",
                     r->untold);
    if (r->torn > 0)
        (void)printf("left out: %zu bytes at the end, an input cut short\n",
                     r->torn);
}

static json_t *json_difference(const struct daf_replay_difference *d)
{
    json_t *calls = json_array();

    for (uint64_t i = 0; i < d->calls_count && i < DAF_REPLAY_CALLS; i++)
        (void)json_array_append_new(
            calls, json_pack("{s:s, s:I}", "call",
                             daf_effects_call_str(d->calls[i].call), "number",
                             (json_int_t)d->calls[i].number));
    return json_pack("{s:I, s:s, s:I, s:s, s:I, s:o}", "input",
                     (json_int_t)d->input, "kind", d->kind, "at_ms",
                     (json_int_t)d->at_ms, "why", d->why, "calls_made",
                     (json_int_t)d->calls_count, "calls", calls);
}

static void print_json(const struct daf_replay_result *r)
{
    json_t *o =
        json_pack("{s:I, s:I, s:I, s:I, s:I}", "effects",
                  (json_int_t)r->effects, "different",
                  (json_int_t)(r->first.input != 0), "inputs",
                  (json_int_t)r->inputs, "untold_inputs", (json_int_t)r->untold,
                  "cut_bytes", (json_int_t)r->torn);

    if (o != NULL && r->first.input != 0)
        (void)json_object_set_new(o, "first_different",
                                  json_difference(&r->first));
    if (o != NULL) (void)json_dumpf(o, stdout, JSON_COMPACT);
    (void)puts("");
    json_decref(o);
}

/* ---- the command ---- */

static bool run(struct job *j, struct daf_replay_result *out)
{
    struct daf_replay_config config = {.log = j->log,
                                       .progress = on_progress,
                                       .ctx = j};
    enum daf_err err = daf_notebook_real(j->dir, &config.notebook);

    if (err != DAF_OK) return failed_err(j->start, err);
    err = daf_replay_run(&config, out);
    daf_notebook_free(config.notebook);
    if (j->is_shown) (void)fputs("\r\033[K", stderr);
    if (err != DAF_OK) return failed_err(j->path, err);
    return !out->is_broken_off ||
           failed(j->path, "broken off, which says nothing");
}

static int go(struct job *j)
{
    struct daf_replay_result result;
    bool is_good = map_log(j) && read_head(j) && make_folder(j) &&
                   copy_start(j) && run(j, &result);

    remove_folder(j);
    sodium_memzero(&j->head, sizeof j->head);
    if (!is_good)
        return daf_progress_is_broken() ? DAF_SIM_EXIT_PARTLY
                                        : DAF_SIM_EXIT_FAILED;
    if (j->is_json)
        print_json(&result);
    else
        print_text(&result);
    return result.first.input == 0 ? DAF_SIM_EXIT_DONE : DAF_SIM_EXIT_FAILED;
}

/* The exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct job *j)
{
    int option;

    optind = 1;
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            (void)fputs(help, stdout);
            return DAF_SIM_EXIT_DONE;
        }
        if (option == '?') return daf_say_option("replay", argv);
        j->is_json = true;
    }
    if (argc - optind == 1) {
        j->path = argv[optind];
        return -1;
    }
    (void)fputs("daftar-sim replay: which log? give the one file that daftard "
                "--record wrote; --help tells\n",
                stderr);
    return DAF_SIM_EXIT_USAGE;
}

int daf_cmd_replay(int argc, char **argv)
{
    struct job j = {.is_shown = isatty(STDERR_FILENO) != 0};
    int code = parse(argc, argv, &j);

    if (code >= 0) return code;
    if (sodium_init() < 0) return DAF_SIM_EXIT_FAILED;
    daf_progress_catch();
    code = go(&j);
    if (j.mapped != NULL) (void)munmap(j.mapped, j.log.len);
    return code;
}
