/* SPDX-License-Identifier: Apache-2.0 */
#include "node/recorder.h"

#include "node/clock.h"
#include "node/core/effects.h"
#include "node/log.h"
#include "node/netwatch.h"
#include "proto/hash.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* All that netwatch tells is written down. */
static_assert(DAF_INPUTLOG_OWN_MAX == DAF_NETWATCH_ADDRS_MAX, "one OWN");

struct daf_recorder {
    int fd;
    enum daf_err err; /* nothing more is recorded */
    uint8_t *buffer;
    size_t len, cap;
    struct daf_mono flush_at;
    struct daf_effects effects;
};

/* ---- making the files */

/* The folder that @path will lie in, as the kernel knows it. */
static bool real_folder(const char *path, char out[PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    char folder[PATH_MAX];
    size_t len = slash == NULL ? 0 : (size_t)(slash - path);

    if (len >= sizeof(folder)) return false;
    memcpy(folder, path, len);
    folder[len] = '\0';
    if (slash == NULL) return realpath(".", out) != NULL;
    return realpath(len > 0 ? folder : "/", out) != NULL;
}

static bool is_inside(const char *folder, const char *home)
{
    size_t len = strlen(home);

    return strncmp(folder, home, len) == 0 &&
           (folder[len] == '\0' || folder[len] == '/');
}

static enum daf_err tell_exists(const char *path, struct daf_trouble *t)
{
    daf_home_trouble(t,
                     "--record: %s exists already, and a log is never written "
                     "over. Name a new file, or remove it",
                     path);
    return DAF_EEXISTS;
}

static enum daf_err make_file(const char *path, const char *home, int *out_fd,
                              struct daf_trouble *t)
{
    char folder[PATH_MAX], real_home[PATH_MAX];

    if (!real_folder(path, folder) || realpath(home, real_home) == NULL) {
        daf_home_trouble(t,
                         "cannot record to %s: its folder: %s. Name a file "
                         "in a folder that exists",
                         path, daf_log_errno(errno));
        return DAF_EIO;
    }
    if (is_inside(folder, real_home)) {
        daf_home_trouble(t,
                         "--record %s lies inside the home %s: a copy of "
                         "the home would carry what learners did. Name a "
                         "file outside of it",
                         path, home);
        return DAF_EUSAGE;
    }
    *out_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                   S_IRUSR | S_IWUSR);
    if (*out_fd >= 0) return DAF_OK;
    if (errno == EEXIST) return tell_exists(path, t);
    daf_home_trouble(t,
                     "cannot record to %s: %s. Name a file in a folder "
                     "that can be written",
                     path, daf_log_errno(errno));
    return errno == ENOSPC ? DAF_EFULL : DAF_EIO;
}

static enum daf_err hash_file(const char *path, struct daf_hash *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct daf_hash_stream h;
    uint8_t bytes[16384];
    ssize_t n = fd < 0 ? -1 : 1;

    daf_hash_begin(&h, DAF_INPUTLOG_HASH);
    while (n > 0) {
        n = read(fd, bytes, sizeof(bytes));
        if (n < 0 && errno == EINTR)
            n = 1;
        else if (n > 0)
            daf_hash_add(&h, (struct daf_view){bytes, (size_t)n});
    }
    if (fd >= 0) (void)close(fd);
    daf_hash_end(&h, out->b);
    return n < 0 ? DAF_EIO : DAF_OK;
}

/* The notebook as it is now, in the file @start. */
static enum daf_err copy_start(const char *start, struct daf_store *reader,
                               struct daf_hash *out, struct daf_trouble *t)
{
    enum daf_err err = daf_store_copy(reader, start);

    if (err == DAF_EEXISTS) return tell_exists(start, t);
    if (err == DAF_OK) {
        err = hash_file(start, out);
        if (err != DAF_OK) (void)unlink(start);
    }
    if (err != DAF_OK)
        daf_home_trouble(t,
                         "cannot record: the notebook cannot be copied to %s: "
                         "%s. Name a file where there is room for it",
                         start, daf_err_str(err));
    return err;
}

static bool reserve(struct daf_recorder *r, size_t more)
{
    size_t cap = r->cap > 0 ? r->cap : DAF_RECORDER_FLUSH_BYTES * 2;
    uint8_t *grown;

    while (cap - r->len < more)
        cap *= 2;
    if (cap == r->cap) return true;
    grown = realloc(r->buffer, cap);
    if (grown == NULL) {
        r->err = DAF_ENOMEM;
        return false;
    }
    r->buffer = grown;
    r->cap = cap;
    return true;
}

/* Pack behind what is buffered; pack_end() keeps it. */
static struct daf_pack pack_begin(struct daf_recorder *r)
{
    struct daf_pack k;

    daf_pack_init(&k, r->buffer + r->len, r->cap - r->len);
    return k;
}

static void pack_end(struct daf_recorder *r, const struct daf_pack *k)
{
    if (k->is_full) {
        r->err = DAF_ELIMIT;
        return;
    }
    if (r->len == 0)
        r->flush_at = daf_clock_after(daf_clock_now(), DAF_RECORDER_FLUSH_MS);
    r->len += k->len;
}

static enum daf_err put_head(struct daf_recorder *r,
                             const struct daf_inputlog_head *head)
{
    struct daf_pack k;

    if (!reserve(r, daf_inputlog_head_bytes(head))) return r->err;
    k = pack_begin(r);
    daf_inputlog_pack_head(&k, head);
    pack_end(r, &k);
    return daf_recorder_flush(r);
}

static enum daf_err fill(struct daf_recorder *r,
                         const struct daf_recorder_config *config,
                         struct daf_trouble *t)
{
    struct daf_inputlog_head head = *config->head;
    char start[PATH_MAX];
    enum daf_err err;
    int len =
        snprintf(start, sizeof(start), "%s" DAF_INPUTLOG_START, config->path);

    if (len < 0 || (size_t)len >= sizeof(start)) {
        daf_home_trouble(t, "--record: the name is too long. Name a file in "
                            "another folder");
        err = DAF_EUSAGE;
    } else {
        err = copy_start(start, config->reader, &head.start, t);
    }
    if (err == DAF_OK) {
        err = put_head(r, &head);
        if (err != DAF_OK) {
            daf_home_trouble(t, "cannot record to %s: %s", config->path,
                             daf_err_str(err));
            (void)unlink(start);
        }
    }
    sodium_memzero(&head, sizeof(head));
    return err;
}

enum daf_err daf_recorder_open(const struct daf_recorder_config *config,
                               struct daf_recorder **out, struct daf_trouble *t)
{
    struct daf_recorder *r = calloc(1, sizeof(*r));
    enum daf_err err;

    *out = NULL;
    if (r == NULL) {
        daf_home_trouble(t, "cannot record: out of memory");
        return DAF_ENOMEM;
    }
    r->flush_at = DAF_MONO_NEVER;
    daf_effects_init(&r->effects, config->port);
    err = make_file(config->path, config->home, &r->fd, t);
    if (err != DAF_OK) {
        free(r);
        return err;
    }
    err = fill(r, config, t);
    if (err != DAF_OK) {
        daf_recorder_close(r);
        (void)unlink(config->path);
        return err;
    }
    *out = r;
    return DAF_OK;
}

void daf_recorder_close(struct daf_recorder *r)
{
    if (r == NULL) return;
    /* A log that ends early is read up to there. */
    if (daf_recorder_flush(r) != DAF_OK) r->len = 0;
    (void)close(r->fd);
    if (r->buffer != NULL) sodium_memzero(r->buffer, r->cap);
    free(r->buffer);
    sodium_memzero(r, sizeof(*r));
    free(r);
}

/* ---- recording */

const struct daf_port *daf_recorder_port(const struct daf_recorder *r)
{
    return &r->effects.port;
}

void daf_recorder_append(struct daf_recorder *r,
                         const struct daf_inputlog_entry *entry)
{
    struct daf_inputlog_entry e = *entry;
    struct daf_pack k;

    if (r->err != DAF_OK) return;
    if (reserve(r, daf_inputlog_entry_bytes(entry))) {
        memcpy(e.effects, r->effects.chain, sizeof(e.effects));
        k = pack_begin(r);
        daf_inputlog_pack_entry(&k, &e);
        pack_end(r, &k);
    }
    /* What fails is told by the next flush, or by close's caller. */
    if (r->err != DAF_OK ||
        (r->len >= DAF_RECORDER_FLUSH_BYTES && daf_recorder_flush(r) != DAF_OK))
        r->flush_at = (struct daf_mono){0};
}

struct daf_mono daf_recorder_deadline(const struct daf_recorder *r)
{
    return r->flush_at;
}

enum daf_err daf_recorder_flush(struct daf_recorder *r)
{
    size_t at = 0;

    while (r->err == DAF_OK && at < r->len) {
        ssize_t n = write(r->fd, r->buffer + at, r->len - at);

        if (n >= 0)
            at += (size_t)n;
        else if (errno != EINTR)
            r->err = errno == ENOSPC ? DAF_EFULL : DAF_EIO;
    }
    r->len = 0;
    r->flush_at = DAF_MONO_NEVER;
    return r->err;
}
