/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool daf_file_path(char out[DAF_FILE_PATH_BYTES], const char *dir,
                   const char *name)
{
    int len = snprintf(out, DAF_FILE_PATH_BYTES, "%s/%s", dir, name);

    return len >= 0 && len < DAF_FILE_PATH_BYTES;
}

/* One thread.  NOLINTBEGIN(concurrency-mt-unsafe) */
static enum daf_err fail(char *why, const char *dir, const char *name)
{
    (void)snprintf(why, DAF_FILE_WHY_BYTES, "%s/%s: %s", dir, name,
                   strerror(errno));
    return DAF_EIO;
}
/* NOLINTEND(concurrency-mt-unsafe) */

enum daf_err daf_file_text(const char *dir, const char *name, const char *text,
                           size_t len, char *why)
{
    char path[DAF_FILE_PATH_BYTES], part[DAF_FILE_PATH_BYTES];
    char beside[300];

    (void)snprintf(beside, sizeof beside, "%s.part", name);
    errno = ENAMETOOLONG;
    if (!daf_file_path(path, dir, name) || !daf_file_path(part, dir, beside))
        return fail(why, dir, name);
    FILE *f = fopen(part, "we");
    if (f == NULL) return fail(why, dir, name);
    bool is_written = fwrite(text, 1, len, f) == len;
    int said = errno;
    if (fclose(f) != 0) {
        if (is_written) said = errno;
        is_written = false;
    }
    if (is_written && rename(part, path) == 0) return DAF_OK;
    if (!is_written) errno = said;
    (void)fail(why, dir, name);
    (void)remove(part);
    return DAF_EIO;
}

enum daf_err daf_file_json(const char *dir, const char *name,
                           const json_t *value, char *why)
{
    char *text = json_dumps(value, JSON_INDENT(1) | JSON_REAL_PRECISION(12));

    errno = ENOMEM;
    if (text == NULL) {
        (void)fail(why, dir, name);
        return DAF_ENOMEM;
    }
    size_t len = strlen(text);
    text[len] = '\n'; /* over its end */
    enum daf_err err = daf_file_text(dir, name, text, len + 1, why);
    free(text);
    return err;
}

FILE *daf_file_open(const char *path)
{
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    struct stat st;
    FILE *f = NULL;

    if (fd < 0) return NULL;
    if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        f = fdopen(fd, "r");
    else
        errno = EINVAL;
    if (f == NULL) (void)close(fd);
    return f;
}

enum daf_err daf_file_read_json(const char *dir, const char *name, json_t **out,
                                char *why)
{
    char path[DAF_FILE_PATH_BYTES];
    json_error_t error;

    errno = ENAMETOOLONG;
    if (!daf_file_path(path, dir, name)) return fail(why, dir, name);
    FILE *f = daf_file_open(path);
    if (f == NULL && errno == ENOENT) return DAF_ENOTFOUND;
    if (f == NULL) return fail(why, dir, name);
    *out = json_loadf(f, JSON_REJECT_DUPLICATES, &error);
    (void)fclose(f);
    if (*out != NULL) return DAF_OK;
    (void)snprintf(why, DAF_FILE_WHY_BYTES,
                   "%s is not what daftar-sim wrote: line %d: %s", path,
                   error.line, error.text);
    return DAF_EFORM;
}
