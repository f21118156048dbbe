/* SPDX-License-Identifier: Apache-2.0 */
#include "node/publish_preview.h"

#include "proto/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define HOW                                                          \
    "To do: make a small one, as with ImageMagick: convert PICTURE " \
    "-strip -resize 240x -quality 50 cover.webp"

/* Of a plain file: a link would lead out of the folder, a pipe would wait. */
static enum daf_err read_file(const char *path, struct daf_publish_preview *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    struct stat st;
    ssize_t n = 1;

    out->len = 0;
    if (fd < 0)
        return errno == ENOENT || errno == ELOOP ? DAF_ENOTFOUND : DAF_EIO;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        (void)close(fd);
        return DAF_ENOTFOUND;
    }
    while (out->len < sizeof(out->bytes) && n != 0) {
        n = read(fd, out->bytes + out->len, sizeof(out->bytes) - out->len);
        if (n < 0 && errno != EINTR) break;
        if (n > 0) out->len += (size_t)n;
    }
    (void)close(fd);
    return n < 0 ? DAF_EIO : DAF_OK;
}

/* All but a camera's notes follows from what readers show. */
static enum daf_err check(const struct daf_publish_preview *p,
                          const char **out_why)
{
    const struct daf_view bytes = {p->bytes, p->len};
    struct daf_picture picture;

    if (p->len > DAF_CONTENT_PREVIEW_BYTES_MAX) {
        *out_why = "has more than 8 KiB, and every device of the camp will get "
                   "it. " HOW;
        return DAF_ELIMIT;
    }
    if (daf_picture_look(bytes, &picture) != DAF_OK) {
        *out_why = "is no PNG, JPEG or WebP. " HOW;
        return DAF_EFORM;
    }
    if (picture.has_notes) {
        *out_why = "has a camera's notes in it, which may say where it was "
                   "taken, and every device of the camp will get it. " HOW;
        return DAF_EDENIED;
    }
    if (daf_picture_is_preview(bytes)) return DAF_OK;
    *out_why = picture.moves ? "moves; a preview is one picture. " HOW
                             : "is larger than 512 pixels a side. " HOW;
    return picture.moves ? DAF_EFORM : DAF_ELIMIT;
}

enum daf_err daf_publish_preview_read(const char *sidecar, const char *name,
                                      struct daf_publish_preview *out,
                                      struct daf_trouble *t)
{
    const char *slash = strrchr(sidecar, '/'), *why = NULL;
    size_t folder = slash != NULL ? (size_t)(slash - sidecar) + 1 : 0;
    char path[PATH_MAX];
    enum daf_err err;

    out->len = 0;
    if (name[0] == '\0') return DAF_OK;
    if (snprintf(path, sizeof(path), "%.*s%s", (int)folder, sidecar, name) >=
        (int)sizeof(path))
        return DAF_ELIMIT;
    err = read_file(path, out);
    if (err == DAF_ENOTFOUND)
        why =
            "is not there, or is no plain file. To do: put the picture beside "
            "the sidecar, or take its line away";
    else if (err != DAF_OK)
        why = "cannot be read. To do: check whether you may read it";
    else
        err = check(out, &why);
    if (err == DAF_OK) return DAF_OK;
    out->len = 0;
    daf_home_trouble(t, "the preview %s %s", name, why);
    return err;
}
