/* SPDX-License-Identifier: Apache-2.0 */
/* tests/demo/putback.c - after the plug was pulled (unplug.c): puts back what was
 * there before whatever was not synced.
 *
 *     demo_putback HOME JOURNAL
 *
 * All of HOME's processes are dead.  The journals are used up.  Prints how many
 * writes to how many files were lost. */
#include "tests/demo/unplug.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *journals;
static unsigned long long writes_lost, files_lost;

static void die(const char *what)
{
    perror(what);
    exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

/* Oldest first in the journal, so backwards: the entry before is found by its
 * place, which was noted on the way. */
static void undo(int fd, int journal, const off_t *places, size_t count)
{
    struct unplug_entry e;

    while (count-- > 0) {
        char *was;

        if (pread(journal, &e, sizeof(e), places[count]) != sizeof(e))
            die("a journal");
        was = malloc(e.len + 1);
        if (was == NULL) die("memory");
        if (pread(journal, was, e.len, places[count] + (off_t)sizeof(e)) !=
                (ssize_t)e.len ||
            pwrite(fd, was, e.len, (off_t)e.offset) != (ssize_t)e.len ||
            ftruncate(fd, (off_t)e.size) != 0)
            die("putting back");
        writes_lost++;
        free(was);
    }
}

/* Where its whole entries begin; the caller frees it. */
static off_t *find_entries(int journal, size_t *out_count)
{
    struct unplug_entry e;
    struct stat st;
    off_t at = 0, *places = NULL;

    *out_count = 0;
    if (fstat(journal, &st) != 0) die("a journal");
    while (pread(journal, &e, sizeof(e), at) == sizeof(e) &&
           at + (off_t)sizeof(e) + (off_t)e.len <= st.st_size) {
        off_t *grown = realloc(places, (*out_count + 1) * sizeof(*places));

        if (grown == NULL) die("memory");
        places = grown;
        places[(*out_count)++] = at;
        at += (off_t)sizeof(e) + (off_t)e.len;
    }
    return places;
}

static int visit(const char *path, const struct stat *st, int kind,
                 struct FTW *where)
{
    char name[PATH_MAX];
    size_t count;
    off_t *places;
    int fd, journal;

    (void)where;
    if (kind != FTW_F || !S_ISREG(st->st_mode)) return 0;
    (void)snprintf(name, sizeof(name), "%s/%llu-%llu", journals,
                   (unsigned long long)st->st_dev,
                   (unsigned long long)st->st_ino);
    journal = open(name, O_RDONLY | O_CLOEXEC);
    if (journal < 0) return 0;
    fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) die(path);
    places = find_entries(journal, &count);
    undo(fd, journal, places, count);
    free(places);
    files_lost++;
    if (fsync(fd) != 0 || close(fd) != 0 || close(journal) != 0 ||
        unlink(name) != 0)
        die(path);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc != 3) return 2;
    journals = argv[2];
    if (nftw(argv[1], visit, 16, FTW_PHYS) != 0) die(argv[1]);
    (void)printf("%llu writes to %llu files\n", writes_lost, files_lost);
    return 0;
}
