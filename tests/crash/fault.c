/* SPDX-License-Identifier: Apache-2.0 */
/* The faults themselves, and the calls of our own objects in which they happen.
 * The linker sends malloc() of every object of this program to __wrap_malloc()
 * and gives the C library's as __real_malloc(); so for the others. */
#include "tests/crash/fault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROOM_BYTES ((size_t)256 * 1024)
#define LIVE_MAX   8192u /* a power of two */

/* Seen by all processes of the test. */
struct shared {
    atomic_uint_fast64_t seen;
    atomic_bool fired, stopped;
    char where[64];
    char words[600];
    _Alignas(16) uint8_t room[ROOM_BYTES];
};

static struct shared *shared;
static atomic_bool is_on;
static enum fault_kind armed = FAULT_KINDS;
static uint64_t armed_at;
static long sqlite_before;

/* Pointers given out and not given back. */
static pthread_mutex_t live_mutex = PTHREAD_MUTEX_INITIALIZER;
static const void *live[LIVE_MAX];
static size_t live_count;
static const char gone; /* its address: a place that was used */

void *__real_malloc(size_t size);
void *__real_calloc(size_t items, size_t size);
void *__real_realloc(void *p, size_t size);
char *__real_strdup(const char *text);
void __real_free(void *p);
int __real_sqlite3_step(sqlite3_stmt *stmt);
int __real_open(const char *path, int flags, ...);
int __real_close(int fd);
ssize_t __real_write(int fd, const void *bytes, size_t len);
int __real_rename(const char *from, const char *to);
int __real_openat(int at, const char *path, int flags, ...);
ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __real_pread(int fd, void *bytes, size_t len, off_t offset);
int __real_ftruncate(int fd, off_t len);
int __real_renameat(int a, const char *from, int b, const char *to);
int __real_mkdirat(int at, const char *path, mode_t mode);
int __real_unlinkat(int at, const char *path, int flags);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t items, size_t size);
void *__wrap_realloc(void *p, size_t size);
char *__wrap_strdup(const char *text);
void __wrap_free(void *p);
_Noreturn void __wrap_abort(void);
int __wrap_sqlite3_step(sqlite3_stmt *stmt);
int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
int __wrap_fsync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_openat(int at, const char *path, int flags, ...);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t offset);
ssize_t __real_copy_file_range(int in, off_t *from, int out, off_t *to,
                               size_t len, unsigned flags);
ssize_t __wrap_copy_file_range(int in, off_t *from, int out, off_t *to,
                               size_t len, unsigned flags);
ssize_t __wrap_pread(int fd, void *bytes, size_t len, off_t offset);
int __wrap_ftruncate(int fd, off_t len);
int __wrap_renameat(int a, const char *from, int b, const char *to);
int __wrap_mkdirat(int at, const char *path, mode_t mode);
int __wrap_unlinkat(int at, const char *path, int flags);

/* ---- which operation fails */

void fault_share(void)
{
    shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
                  MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) {
        perror("faults: mmap");
        exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
    }
}

void fault_reset(void)
{
    memset(shared, 0, sizeof(*shared));
}

void fault_arm(enum fault_kind kind, uint64_t at)
{
    armed = kind;
    armed_at = at;
    sqlite_before = fault_sqlite_live();
}

void fault_on(void)
{
    fault_set(true);
}

bool fault_off(void)
{
    return atomic_exchange(&is_on, false);
}

void fault_set(bool on)
{
    atomic_store(&is_on, on && armed < FAULT_KINDS);
}

bool fault_fired(void)
{
    return atomic_load(&shared->fired);
}

bool fault_stopped(void)
{
    return atomic_load(&shared->stopped);
}

uint64_t fault_at(void)
{
    return armed_at;
}

uint64_t fault_seen(void)
{
    return atomic_load(&shared->seen);
}

const char *fault_where(void)
{
    return shared->where;
}

void *fault_room(void)
{
    return shared->room;
}

static bool count(enum fault_kind kind, const char *what, uint64_t *out_n)
{
    if (armed != kind || !atomic_load(&is_on)) return false;
    *out_n = atomic_fetch_add(&shared->seen, 1) + 1;
    if (*out_n != armed_at) return false;
    (void)snprintf(shared->where, sizeof(shared->where), "%s", what);
    atomic_store(&shared->fired, true);
    return true;
}

bool fault_hit(enum fault_kind kind, const char *what)
{
    uint64_t n;

    return count(kind, what, &n);
}

bool fault_hit_full(enum fault_kind kind, const char *what, bool *out_half)
{
    uint64_t n = 0;

    *out_half = count(kind, what, &n);
    return n >= armed_at && n > 0;
}

/* The disk, SQLite or the memory: whoever asks is told which. */
bool fault_clean(enum daf_err err)
{
    static const enum daf_err of_step[] = {DAF_EBUSY, DAF_EIO, DAF_EFULL,
                                           DAF_ENOMEM};

    switch (armed) {
    case FAULT_ALLOC:
    case FAULT_SQLMEM:
        return err == DAF_ENOMEM;
    case FAULT_STEP:
        return err == of_step[armed_at % 4];
    case FAULT_VFS_FULL:
    case FAULT_SYS_FULL:
        return err == DAF_EFULL;
    case FAULT_VFS_IO:
    case FAULT_SYS_IO:
    case FAULT_SYS_INTR:
        return err == DAF_EIO;
    case FAULT_KINDS:
        break;
    }
    return false;
}

/* ---- saying what is wrong */

_Noreturn void fault_broken(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)vsnprintf(shared->words, sizeof(shared->words), format, args);
    va_end(args);
    _exit(FAULT_EXIT_BROKEN);
}

const char *fault_words(void)
{
    return shared->words;
}

void fault_ok(enum daf_err err, const char *call, const char *file, int line)
{
    if (err == DAF_OK) return;
    fault_broken("%s:%d: %s: %s (%s)", file, line, call, daf_err_name(err),
                 daf_store_trouble(NULL));
}

/* ---- memory */

static size_t live_place(const void *p)
{
    return ((uintptr_t)p >> 4) * 2654435761u % LIVE_MAX;
}

static void live_add(const void *p)
{
    size_t at = live_place(p);

    if (p == NULL || armed == FAULT_KINDS) return;
    (void)pthread_mutex_lock(&live_mutex);
    while (live[at] != NULL && live[at] != &gone)
        at = (at + 1) % LIVE_MAX;
    live[at] = p;
    live_count++;
    (void)pthread_mutex_unlock(&live_mutex);
}

static void live_remove(const void *p)
{
    size_t at = live_place(p);

    if (p == NULL || armed == FAULT_KINDS) return;
    (void)pthread_mutex_lock(&live_mutex);
    for (size_t i = 0; i < LIVE_MAX && live[at] != NULL; i++) {
        if (live[at] == p) {
            live[at] = &gone;
            live_count--;
            break;
        }
        at = (at + 1) % LIVE_MAX;
    }
    (void)pthread_mutex_unlock(&live_mutex);
}

size_t fault_leaked(void)
{
    long sqlite = fault_sqlite_live() - sqlite_before;

    return live_count + (sqlite > 0 ? (size_t)sqlite : 0);
}

void *__wrap_malloc(size_t size)
{
    void *p = fault_hit(FAULT_ALLOC, "malloc") ? NULL : __real_malloc(size);

    if (p == NULL) errno = ENOMEM;
    live_add(p);
    return p;
}

void *__wrap_calloc(size_t items, size_t size)
{
    void *p =
        fault_hit(FAULT_ALLOC, "calloc") ? NULL : __real_calloc(items, size);

    if (p == NULL) errno = ENOMEM;
    live_add(p);
    return p;
}

void *__wrap_realloc(void *p, size_t size)
{
    void *moved;

    if (fault_hit(FAULT_ALLOC, "realloc")) {
        errno = ENOMEM;
        return NULL;
    }
    live_remove(p);
    moved = __real_realloc(p, size);
    live_add(moved);
    return moved;
}

char *__wrap_strdup(const char *text)
{
    char *p = fault_hit(FAULT_ALLOC, "strdup") ? NULL : __real_strdup(text);

    if (p == NULL) errno = ENOMEM;
    live_add(p);
    return p;
}

void __wrap_free(void *p)
{
    live_remove(p);
    __real_free(p);
}

/* Ours to call, where a hundred bytes cannot be had; a failed assertion calls
 * the C library's own and is seen as a signal. */
_Noreturn void __wrap_abort(void)
{
    atomic_store(&shared->stopped, true);
    _exit(FAULT_EXIT_STOPPED);
}

/* ---- SQL */

int __wrap_sqlite3_step(sqlite3_stmt *stmt)
{
    static const int codes[] = {SQLITE_BUSY, SQLITE_IOERR, SQLITE_FULL,
                                SQLITE_NOMEM};

    if (fault_hit(FAULT_STEP, "sqlite3_step")) return codes[armed_at % 4];
    return __real_sqlite3_step(stmt);
}

/* ---- files; a socket's or an event's descriptor has no disk that fails */

static bool is_file(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && (S_ISREG(st.st_mode) || S_ISDIR(st.st_mode));
}

/* 0, or the errno with which this call fails.  @needs_room: also later ones. */
static int failing(const char *what, bool may_intr, bool needs_room)
{
    bool is_it;

    if (fault_hit_full(FAULT_SYS_FULL, what, &is_it))
        return is_it || needs_room ? ENOSPC : 0;
    if (fault_hit(FAULT_SYS_IO, what)) return EIO;
    return may_intr && fault_hit(FAULT_SYS_INTR, what) ? EINTR : 0;
}

static int fail(int number)
{
    errno = number;
    return -1;
}

int __wrap_open(const char *path, int flags, ...)
{
    int number = failing("open", true, (flags & O_CREAT) != 0);
    mode_t mode = 0;
    va_list args;

    if (number != 0) return fail(number);
    if ((flags & O_CREAT) != 0) {
        va_start(args, flags);
        mode = (mode_t)va_arg(args, int);
        va_end(args);
    }
    return __real_open(path, flags, mode);
}

/* Whatever it says, the descriptor is gone. */
int __wrap_close(int fd)
{
    int number = is_file(fd) ? failing("close", true, false) : 0;
    int result = __real_close(fd);

    return number != 0 ? fail(number) : result;
}

ssize_t __wrap_write(int fd, const void *bytes, size_t len)
{
    bool half = false;

    if (!is_file(fd)) return __real_write(fd, bytes, len);
    if (fault_hit_full(FAULT_SYS_FULL, "write", &half)) {
        if (half && len > 1) return __real_write(fd, bytes, len / 2);
        return fail(ENOSPC);
    }
    if (fault_hit(FAULT_SYS_IO, "write")) return fail(EIO);
    if (fault_hit(FAULT_SYS_INTR, "write")) return fail(EINTR);
    return __real_write(fd, bytes, len);
}

/* The machine does not lose power here, so nothing is really synced. */
int __wrap_fsync(int fd)
{
    int number = failing("fsync", true, false);

    (void)fd;
    return number != 0 ? fail(number) : 0;
}

int __wrap_fdatasync(int fd)
{
    int number = failing("fdatasync", true, false);

    (void)fd;
    return number != 0 ? fail(number) : 0;
}

int __wrap_rename(const char *from, const char *to)
{
    int number = failing("rename", false, false);

    return number != 0 ? fail(number) : __real_rename(from, to);
}

/* ---- the same below a folder, as store/shelf_disk.c has them */

int __wrap_openat(int at, const char *path, int flags, ...)
{
    int number = failing("openat", true, (flags & O_CREAT) != 0);
    mode_t mode = 0;
    va_list args;

    if (number != 0) return fail(number);
    if ((flags & O_CREAT) != 0) {
        va_start(args, flags);
        mode = (mode_t)va_arg(args, int);
        va_end(args);
    }
    return __real_openat(at, path, flags, mode);
}

ssize_t __wrap_copy_file_range(int in, off_t *from, int out, off_t *to,
                               size_t len, unsigned flags)
{
    bool half = false;

    if (fault_hit_full(FAULT_SYS_FULL, "copy_file_range", &half)) {
        if (half && len > 1)
            return __real_copy_file_range(in, from, out, to, len / 2, flags);
        return fail(ENOSPC);
    }
    if (fault_hit(FAULT_SYS_IO, "copy_file_range")) return fail(EIO);
    if (fault_hit(FAULT_SYS_INTR, "copy_file_range")) return fail(EINTR);
    return __real_copy_file_range(in, from, out, to, len, flags);
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t offset)
{
    bool half = false;

    if (fault_hit_full(FAULT_SYS_FULL, "pwrite", &half)) {
        if (half && len > 1) return __real_pwrite(fd, bytes, len / 2, offset);
        return fail(ENOSPC);
    }
    if (fault_hit(FAULT_SYS_IO, "pwrite")) return fail(EIO);
    if (fault_hit(FAULT_SYS_INTR, "pwrite")) return fail(EINTR);
    return __real_pwrite(fd, bytes, len, offset);
}

ssize_t __wrap_pread(int fd, void *bytes, size_t len, off_t offset)
{
    if (fault_hit(FAULT_SYS_IO, "pread")) return fail(EIO);
    if (fault_hit(FAULT_SYS_INTR, "pread")) return fail(EINTR);
    return __real_pread(fd, bytes, len, offset);
}

int __wrap_ftruncate(int fd, off_t len)
{
    int number = failing("ftruncate", true, true);

    return number != 0 ? fail(number) : __real_ftruncate(fd, len);
}

int __wrap_renameat(int a, const char *from, int b, const char *to)
{
    int number = failing("renameat", false, false);

    return number != 0 ? fail(number) : __real_renameat(a, from, b, to);
}

int __wrap_mkdirat(int at, const char *path, mode_t mode)
{
    int number = failing("mkdirat", false, true);

    return number != 0 ? fail(number) : __real_mkdirat(at, path, mode);
}

int __wrap_unlinkat(int at, const char *path, int flags)
{
    int number = failing("unlinkat", false, false);

    return number != 0 ? fail(number) : __real_unlinkat(at, path, flags);
}
