/* SPDX-License-Identifier: Apache-2.0 */
/* How a repaired notebook takes the damaged one's place.
 *
 *      notebook.new/notebook.db   being made; worth nothing
 *      notebook.ready             made, durable, and to be the notebook
 *      notebook.damaged-N(-wal)   what was in its place
 *
 * A journal must never lie beside a file that it is not of, and no file system
 * renames two at once.  So the one rename to notebook.ready decides, and every
 * step after it can be done again until none is left. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_impl.h"

#define ASIDE_MAX 10000

/* "DIR/NAME"; to be freed. */
static char *path_of(const char *dir, const char *name)
{
    return sqlite3_mprintf("%s/%s", dir, name);
}

static bool is_there(const char *dir, const char *name)
{
    struct stat st;
    char *path = path_of(dir, name);
    /* Rather something that is not there than over something that is. */
    bool is = path == NULL || lstat(path, &st) == 0 || errno != ENOENT;
    sqlite3_free(path);
    return is;
}

static enum daf_err sync_path(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC);
    if (fd < 0) return daf_db_errno(errno);
    enum daf_err err = fsync(fd) == 0 ? DAF_OK : daf_db_errno(errno);
    (void)close(fd);
    return err;
}

/* Durable on return; a missing @from is fine. */
static enum daf_err move(const char *dir, const char *from, const char *to)
{
    char *a = path_of(dir, from), *b = path_of(dir, to);
    enum daf_err err = a == NULL || b == NULL ? DAF_ENOMEM : DAF_OK;
    if (err == DAF_OK && rename(a, b) != 0 && errno != ENOENT)
        err = daf_db_errno(errno);
    if (err == DAF_OK) err = sync_path(dir, O_RDONLY | O_DIRECTORY);
    sqlite3_free(a);
    sqlite3_free(b);
    return err;
}

static enum daf_err remove_one(const char *dir, const char *name)
{
    char *path = path_of(dir, name);
    enum daf_err err = path == NULL ? DAF_ENOMEM : DAF_OK;
    if (err == DAF_OK && remove(path) != 0 && errno != ENOENT)
        err = daf_db_errno(errno);
    sqlite3_free(path);
    return err;
}

/* A name under which neither file is in the way.  After a power cut between the
 * two moves the journal's is taken, by the journal that belongs there. */
static enum daf_err choose(const char *dir, char *out, size_t cap)
{
    bool has_journal = is_there(dir, "notebook.db-wal");
    for (int i = 1; i < ASIDE_MAX; i++) {
        char journal[80];
        (void)snprintf(out, cap, "notebook.damaged-%d", i);
        (void)snprintf(journal, sizeof(journal), "%s-wal", out);
        if (!is_there(dir, out) && !(has_journal && is_there(dir, journal)))
            return DAF_OK;
    }
    return DAF_EIO;
}

bool daf_store_swap_is_due(const char *dir)
{
    return is_there(dir, "notebook.ready");
}

enum daf_err daf_store_swap(const char *dir, char *out_aside, size_t cap)
{
    char aside[64], journal[80];
    if (!daf_store_swap_is_due(dir)) return DAF_OK;
    enum daf_err err = choose(dir, aside, sizeof(aside));
    if (err != DAF_OK) return err;
    (void)snprintf(journal, sizeof(journal), "%s-wal", aside);
    err = move(dir, "notebook.db-wal", journal);
    if (err == DAF_OK) err = move(dir, "notebook.db", aside);
    if (err == DAF_OK) err = remove_one(dir, "notebook.db-shm");
    if (err == DAF_OK) err = move(dir, "notebook.ready", "notebook.db");
    if (err == DAF_OK && out_aside != NULL)
        (void)snprintf(out_aside, cap, "%s", aside);
    return err;
}

enum daf_err daf_store_swap_ready(const char *dir)
{
    char *made = path_of(dir, "notebook.new/notebook.db");
    enum daf_err err =
        made == NULL ? DAF_ENOMEM : sync_path(made, O_RDONLY | O_NOFOLLOW);
    sqlite3_free(made);
    return err == DAF_OK
               ? move(dir, "notebook.new/notebook.db", "notebook.ready")
               : err;
}

enum daf_err daf_store_swap_forget(const char *dir)
{
    static const char aside[] = "notebook.damaged-";
    enum daf_err err = DAF_OK;
    const struct dirent *entry;
    DIR *d = opendir(dir);
    /* A notebook that is not in a folder has nothing beside it. */
    if (d == NULL) return errno == ENOENT ? DAF_OK : daf_db_errno(errno);
    while (err == DAF_OK && (entry = readdir(d)) != NULL)
        if (strncmp(entry->d_name, aside, strlen(aside)) == 0)
            err = remove_one(dir, entry->d_name);
    (void)closedir(d);
    return err == DAF_OK ? sync_path(dir, O_RDONLY | O_DIRECTORY) : err;
}

enum daf_err daf_store_swap_clean(const char *dir)
{
    static const char *const names[] = {
        "notebook.new/notebook.db",
        "notebook.new/notebook.db-wal",
        "notebook.new/notebook.db-shm",
        "notebook.new",
    };
    enum daf_err err = DAF_OK;
    for (size_t i = 0; err == DAF_OK && i < 4; i++)
        err = remove_one(dir, names[i]);
    return err;
}
