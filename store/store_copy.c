/* SPDX-License-Identifier: Apache-2.0 */
/* A copy of the whole notebook, while it is in use. */
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/store_impl.h"

/* Before SQLite can, which would use the umask and write over what is there. */
static enum daf_err make(struct daf_db *db, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                  S_IRUSR | S_IWUSR);

    if (fd >= 0 && close(fd) == 0) return DAF_OK;
    enum daf_err err = errno == EEXIST ? DAF_EEXISTS : daf_db_errno(errno);
    return daf_db_say(db, err, "the copy cannot be made");
}

/* Page by page, so that rows keep their numbers: some answers are in their
 * order. */
static enum daf_err copy_pages(struct daf_store *s, struct daf_db *to)
{
    sqlite3_backup *b =
        sqlite3_backup_init(to->handle, "main", s->db.handle, "main");

    if (b == NULL) return daf_db_fail(to, sqlite3_errcode(to->handle));
    int code = sqlite3_backup_step(b, -1);
    int end = sqlite3_backup_finish(b);
    if (code == SQLITE_DONE) code = end;
    return code == SQLITE_OK ? DAF_OK : daf_db_fail(to, code);
}

enum daf_err daf_store_copy(struct daf_store *s, const char *path)
{
    assert(s->mode == DAF_STORE_READER);
    struct daf_db to = {0};
    enum daf_err err = make(&s->db, path);
    if (err != DAF_OK) return err;
    err = daf_db_open(&to, path, DAF_DB_WRITE);
    if (err == DAF_OK) err = copy_pages(s, &to);
    if (err != DAF_OK) (void)daf_db_say(&s->db, err, to.trouble);
    daf_db_close(&to);
    if (err != DAF_OK) (void)unlink(path);
    return err;
}
