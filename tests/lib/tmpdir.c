/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/tmpdir.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Descriptors that nftw may hold open at once; deeper trees only go slower. */
#define WALK_FDS_MAX 16

char *daf_tmpdir_new(void)
{
    static const char tail[] = "/daftar-test-XXXXXX";
    /* Tests have one thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    const char *base = getenv("TMPDIR");
    char *path;
    size_t cap;

    if (base == NULL || base[0] == '\0') base = "/tmp";
    cap = strlen(base) + sizeof(tail);
    path = malloc(cap);
    if (path == NULL) return NULL;
    (void)snprintf(path, cap, "%s%s", base, tail);
    if (mkdtemp(path) == NULL) {
        free(path);
        return NULL;
    }
    return path;
}

static int remove_entry(const char *path, const struct stat *st, int type,
                        struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

void daf_tmpdir_free(char *path)
{
    if (path == NULL) return;
    /* Children first, and never through a link out of the folder.
     * NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (nftw(path, remove_entry, WALK_FDS_MAX,
             FTW_DEPTH | FTW_PHYS | FTW_MOUNT) != 0)
        (void)fprintf(stderr, "left behind: %s\n", path);
    free(path);
}
