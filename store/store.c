/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/migrations.h"
#include "store/store_impl.h"

#define STR(x)       #x
#define NUMBER_OF(x) STR(x)

/* There is no handle to ask after a failed open. */
static _Thread_local char open_trouble[200];

/* ---- open and close */

static void say_errno(struct daf_db *db, const char *what, int number)
{
    (void)snprintf(db->trouble, sizeof(db->trouble), "%s: errno %d", what,
                   number);
}

/* So that the file's name survives a power cut too. */
static int sync_folder(const char *dir)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return -1;
    int result = fsync(fd);
    int number = errno;
    (void)close(fd);
    errno = number;
    return result;
}

/* Makes the file before SQLite can, which would use the umask.  A file that is
 * there is not opened here: closing it would drop the locks that another handle
 * of this process has on it (POSIX record locks belong to the process). */
static enum daf_err create(struct daf_db *db, const char *dir, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  S_IRUSR | S_IWUSR);
    if (fd >= 0) {
        bool made = fchmod(fd, S_IRUSR | S_IWUSR) == 0;
        made = close(fd) == 0 && made;
        if (made && sync_folder(dir) == 0) return DAF_OK;
    } else if (errno == EEXIST) {
        /* A copy brought back may have lost its mode; where the file system
         * has none, this fails and changes nothing. */
        (void)chmod(path, S_IRUSR | S_IWUSR);
        return DAF_OK;
    }
    say_errno(db, "cannot make the notebook", errno);
    return daf_db_errno(errno);
}

/* A program that could not overwrite what goes would say that it had. */
static enum daf_err check_secure(struct daf_db *db)
{
    int64_t is_on = 0;
    enum daf_err err = daf_db_number(db, "PRAGMA secure_delete", &is_on);
    if (err == DAF_OK && is_on != 1)
        err = daf_db_say(db, DAF_EIO,
                         "this SQLite does not overwrite what is "
                         "deleted");
    return err;
}

static enum daf_err setup_writer(struct daf_db *db)
{
    enum daf_err err =
        daf_db_exec(db,
                    "PRAGMA page_size=" NUMBER_OF(DAF_MIGRATIONS_PAGE_BYTES));
    struct daf_query q;
    if (err == DAF_OK) err = daf_db_prepare(db, "PRAGMA journal_mode=WAL", &q);
    if (err != DAF_OK) return err;
    err = daf_db_step(&q);
    struct daf_view mode =
        err == DAF_OK ? daf_db_bytes(&q, 0) : (struct daf_view){NULL, 0};
    if (err == DAF_OK && (mode.len != 3 || memcmp(mode.p, "wal", 3) != 0))
        err = daf_db_say(db, DAF_EIO,
                         "this file system cannot share memory for WAL");
    daf_db_drop(&q);
    if (err != DAF_OK) return err;
    /* journal_size_limit gives back what one long reader made the WAL grow;
     * cache_size is in KiB: 500 pages, an import of 500 records in 250 logs. */
    err = daf_db_exec(db, "PRAGMA synchronous=FULL;"
                          "PRAGMA secure_delete=ON;"
                          "PRAGMA journal_size_limit=4194304;"
                          "PRAGMA cache_size=-4096");
    return err == DAF_OK ? check_secure(db) : err;
}

static enum daf_err setup_any(struct daf_db *db)
{
    return daf_db_exec(db, "PRAGMA foreign_keys=OFF;"
                           "PRAGMA trusted_schema=OFF;"
                           "PRAGMA cell_size_check=ON;"
                           "PRAGMA mmap_size=0;"
                           "PRAGMA temp_store=MEMORY");
}

static bool is_closed(const char *dir)
{
    return faccessat(AT_FDCWD, dir, W_OK, AT_EACCESS) != 0;
}

static enum daf_err open_writer(struct daf_db *db, const char *dir,
                                const char *path)
{
    int version = 0;
    enum daf_err err = daf_store_swap(dir, NULL, 0);
    if (err != DAF_OK)
        return daf_db_say(db, err, "a repair could not be finished");
    err = create(db, dir, path);
    if (err == DAF_OK) err = daf_db_open(db, path, DAF_DB_WRITE);
    if (err != DAF_OK) return err;
    /* SQLite opens what it may not write for reading, and says so only here. */
    if (sqlite3_db_readonly(db->handle, "main") == 1)
        return daf_db_say(db, DAF_EREADONLY, "the notebook cannot be written");
    /* Until we know that it is ours to touch: closing copies the WAL into the
     * file. */
    (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                            NULL);
    err = setup_any(db);
    if (err == DAF_OK) err = daf_migrations_look(db, &version);
    if (err == DAF_OK) err = setup_writer(db);
    if (err == DAF_OK && version < daf_migrations_version())
        err = daf_migrations_run(db);
    if (err == DAF_OK)
        (void)sqlite3_db_config(db->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0,
                                NULL);
    /* SQLite tried again for reading, so its errno may be ENOENT. */
    if (err == DAF_EIO && is_closed(dir)) return DAF_EREADONLY;
    return err;
}

static bool has_journal(const char *path)
{
    struct stat st;
    char *wal = sqlite3_mprintf("%s-wal", path);
    bool has = wal == NULL || (stat(wal, &st) == 0 && st.st_size > 0);
    sqlite3_free(wal);
    return has;
}

static enum daf_err look_reading(struct daf_db *db)
{
    int version = 0;
    enum daf_err err = setup_any(db);
    if (err == DAF_OK) err = daf_migrations_look(db, &version);
    if (err != DAF_OK) return err;
    if (version == 0) /* a writer is about to make it */
        return daf_db_say(db, DAF_ENOTFOUND, "the notebook is empty");
    if (version < daf_migrations_version())
        return daf_db_say(db, DAF_EVERSION, "an older program wrote this");
    return daf_db_exec(db, "PRAGMA query_only=ON;PRAGMA cache_size=-2048");
}

static enum daf_err open_reader(struct daf_db *db, const char *dir,
                                const char *path)
{
    struct stat st;
    if (daf_store_swap_is_due(dir))
        return daf_db_say(db, DAF_EBUSY, "a repair is not finished yet");
    if (stat(path, &st) != 0) {
        int number = errno;
        say_errno(db, "no notebook", number);
        return number == ENOENT || number == ENOTDIR ? DAF_ENOTFOUND
                                                     : daf_db_errno(number);
    }
    enum daf_err err = daf_db_open(db, path, DAF_DB_READ);
    if (err == DAF_OK) err = look_reading(db);
    /* Reading in WAL mode needs a -shm file.  Where none can be made nobody
     * writes either; without a journal the file alone is everything. */
    if (err != DAF_EREADONLY && err != DAF_EIO) return err;
    if (!is_closed(dir)) return err;
    if (has_journal(path))
        return daf_db_say(db, DAF_EREADONLY,
                          "a journal is left, and the folder is read-only");
    daf_db_close(db);
    err = daf_db_open(db, path, DAF_DB_IMMUTABLE);
    return err == DAF_OK ? look_reading(db) : err;
}

enum daf_err daf_store_open(const char *dir, enum daf_store_mode mode,
                            struct daf_store **out)
{
    *out = NULL;
    struct daf_store *s = calloc(1, sizeof(*s));
    char *path = sqlite3_mprintf("%s/notebook.db", dir);
    enum daf_err err = s == NULL || path == NULL ? DAF_ENOMEM : DAF_OK;
    if (err == DAF_OK) {
        s->mode = mode;
        err = mode == DAF_STORE_WRITER ? open_writer(&s->db, dir, path)
                                       : open_reader(&s->db, dir, path);
    }
    sqlite3_free(path);
    if (err == DAF_OK) {
        *out = s;
        return DAF_OK;
    }
    (void)snprintf(open_trouble, sizeof(open_trouble), "%s",
                   s == NULL ? "out of memory" : s->db.trouble);
    daf_store_close(s);
    return err;
}

enum daf_err daf_store_slim(struct daf_store *s)
{
    return daf_db_exec(&s->db, "PRAGMA cache_size=32;"
                               "PRAGMA wal_autocheckpoint=32;"
                               "PRAGMA journal_size_limit=131072");
}

void daf_store_close(struct daf_store *s)
{
    if (s == NULL) return;
    daf_db_rollback(&s->db);
    daf_db_close(&s->db);
    daf_store_marks_forget(s);
    free(s);
}

const char *daf_store_trouble(const struct daf_store *s)
{
    return s == NULL ? open_trouble : s->db.trouble;
}

/* ---- transactions */

void daf_store_forget(struct daf_store *s)
{
    s->log = 0;
    s->front.log = 0;
    s->front.is_dirty = false;
    s->bodies_new = 0;
    daf_store_marks_forget(s);
}

enum daf_err daf_store_begin(struct daf_store *s)
{
    assert(s->mode == DAF_STORE_WRITER && !s->is_writing && s->pins == 0);
    daf_db_rollback(&s->db); /* one that could not be left */
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_BEGIN_WRITE);
    enum daf_err err = daf_db_run(&q);
    s->is_writing = err == DAF_OK;
    s->spoilt = DAF_OK;
    return err;
}

enum daf_err daf_store_commit(struct daf_store *s)
{
    assert(s->is_writing);
    enum daf_err err = s->spoilt;
    /* Rolled back by SQLite after a read that failed. */
    if (err == DAF_OK && sqlite3_get_autocommit(s->db.handle) != 0)
        err = daf_db_say(&s->db, DAF_EIO, "the transaction is gone");
    if (err == DAF_OK) err = daf_store_front_flush(s);
    if (err == DAF_OK) {
        struct daf_query q = daf_db_start(&s->db, DAF_SQL_COMMITS_ADD);
        daf_db_bind_int(&q, 1, (int64_t)s->bodies_new);
        err = daf_db_run(&q);
    }
    if (err == DAF_OK) {
        struct daf_query q = daf_db_start(&s->db, DAF_SQL_COMMIT);
        err = daf_db_run(&q);
    }
    if (err != DAF_OK) daf_store_rollback(s);
    s->bodies_new = 0;
    s->is_writing = false;
    if (err == DAF_OK && s->wants_scrub) daf_store_scrub(s);
    return err;
}

void daf_store_rollback(struct daf_store *s)
{
    daf_db_rollback(&s->db);
    daf_store_forget(s);
    s->is_writing = false;
}

enum daf_err daf_store_hold(struct daf_store *s)
{
    if (!s->is_writing && s->pins == 0) {
        daf_db_rollback(&s->db); /* one that could not be left */
        struct daf_query q = daf_db_start(&s->db, DAF_SQL_BEGIN);
        enum daf_err err = daf_db_run(&q);
        if (err != DAF_OK) return err;
        /* Between two moments a log may go, and its number to another. */
        if (s->mode == DAF_STORE_READER) s->log = 0;
    }
    s->pins++;
    return DAF_OK;
}

void daf_store_release(struct daf_store *s)
{
    assert(s->pins > 0);
    s->pins--;
    if (!s->is_writing && s->pins == 0)
        daf_db_rollback(&s->db); /* nothing was written */
}

enum daf_err daf_store_pin(struct daf_store *s, uint64_t *out_commits)
{
    enum daf_err err = daf_store_hold(s);
    if (err != DAF_OK) return err;
    /* BEGIN alone pins nothing: the first read does. */
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_COMMITS_GET);
    err = daf_db_step(&q);
    if (err == DAF_OK) *out_commits = (uint64_t)daf_db_int(&q, 0);
    daf_db_end(&q);
    if (err != DAF_OK) daf_store_release(s);
    return err == DAF_ENOTFOUND ? DAF_ECORRUPT : err;
}

void daf_store_unpin(struct daf_store *s)
{
    daf_store_release(s);
}
