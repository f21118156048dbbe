/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

void bench_path(char *out, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(out, BENCH_PATH_MAX, format, args);
    va_end(args);
    if (n < 0 || n >= BENCH_PATH_MAX) bench_die("a path is too long");
}

bool bench_file_exists(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0;
}

void bench_file_mkdir(const char *path)
{
    char part[BENCH_PATH_MAX];

    for (const char *slash = path; slash != NULL;) {
        slash = strchr(slash + 1, '/');
        bench_path(part, "%.*s",
                   slash != NULL ? (int)(slash - path) : BENCH_PATH_MAX, path);
        if (mkdir(part, 0700) != 0 && errno != EEXIST)
            bench_die("cannot make %s: errno %d", part, errno);
    }
}

void bench_file_copy(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    static uint8_t room[1 << 20];
    ssize_t n = in < 0 || out < 0 ? -1 : 1;

    while (n > 0) {
        n = read(in, room, sizeof(room));
        if (n > 0 && write(out, room, (size_t)n) != n) n = -1;
    }
    if (n < 0) bench_die("cannot copy %s to %s: errno %d", from, to, errno);
    (void)close(in);
    (void)close(out);
}

/* nftw() hands over no context. */
static const char *tree_from, *tree_to;

static int copy_one(const char *path, const struct stat *st, int kind,
                    struct FTW *at)
{
    char to[BENCH_PATH_MAX];

    (void)st;
    (void)at;
    bench_path(to, "%s%s", tree_to, path + strlen(tree_from));
    if (kind == FTW_D)
        bench_file_mkdir(to);
    else if (kind == FTW_F)
        bench_file_copy(path, to);
    return 0;
}

void bench_file_copy_tree(const char *from, const char *to)
{
    tree_from = from;
    tree_to = to;
    /* One thread walks folders.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    if (nftw(from, copy_one, 16, FTW_PHYS) != 0)
        bench_die("cannot copy %s: errno %d", from, errno);
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path) == 0 || errno == ENOENT ? 0 : -1;
}

void bench_file_remove(const char *path)
{
    /* NOLINTNEXTLINE(concurrency-mt-unsafe): as above */
    (void)nftw(path, remove_one, 16, FTW_PHYS | FTW_DEPTH);
}

uint64_t bench_file_size(const char *path)
{
    struct stat st;

    if (stat(path, &st) != 0) bench_die("cannot find %s", path);
    return (uint64_t)st.st_size;
}

void bench_file_settle(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || syncfs(fd) != 0) bench_die("cannot sync %s", path);
    (void)close(fd);
}

/* A virtual machine gives memory that nobody uses back to its host; the first to
 * touch it again then pays for all, several seconds a GiB. */
void bench_file_warm(size_t mib)
{
    size_t len = mib * 1024 * 1024;
    uint8_t *p = mmap(NULL, len, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (p == MAP_FAILED) return; /* then it is not warm */
    for (size_t i = 0; i < len; i += 4096)
        p[i] = 1;
    (void)munmap(p, len);
}
