/* SPDX-License-Identifier: Apache-2.0 */
/* The disk: what is seen, what is safe, and what a cut leaves. */
#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/crash/pcvfs_impl.h"

static struct pcvfs_disk *disks;

static void *must(void *p)
{
    if (p == NULL) abort();
    return p;
}

/* ---- bytes */

static void set_len(struct pcvfs_bytes *b, size_t len)
{
    if (len > b->cap) {
        size_t cap = b->cap == 0 ? 65536 : b->cap;

        while (cap < len)
            cap *= 2;
        b->p = must(realloc(b->p, cap));
        b->cap = cap;
    }
    if (len > b->len) memset(b->p + b->len, 0, len - b->len);
    b->len = len;
}

static void put_bytes(struct pcvfs_bytes *b, size_t at, const void *p,
                      size_t len)
{
    if (len == 0) return;
    if (at + len > b->len) set_len(b, at + len);
    memcpy(b->p + at, p, len);
}

static void same_bytes(struct pcvfs_bytes *to, const struct pcvfs_bytes *from)
{
    set_len(to, from->len);
    if (from->len > 0) memcpy(to->p, from->p, from->len);
}

/* ---- changes */

static void apply(struct pcvfs_bytes *b, const struct pcvfs_change *c)
{
    if (c->is_truncate)
        set_len(b, c->at);
    else
        put_bytes(b, c->at, c->bytes, c->len);
}

static void forget_changes(struct pcvfs_file *f)
{
    while (f->changes != NULL) {
        struct pcvfs_change *next = f->changes->next;

        free(f->changes);
        f->changes = next;
    }
    f->changes_end = &f->changes;
}

/* When a lying disk gets round to it: soon, late, or not in this life. */
static uint64_t draw_due(struct pcvfs_disk *d)
{
    uint64_t kind = chance_below(&d->chance, 8);

    if (!d->is_lying || kind == 0) return UINT64_MAX;
    return d->ops + 1 + chance_below(&d->chance, kind < 5 ? 20 : 200);
}

static void note_change(struct pcvfs_file *f, bool is_truncate, size_t at,
                        const void *p, size_t len)
{
    struct pcvfs_change *c;

    if (f->disk->is_solid) return;
    c = must(malloc(sizeof(*c) + len));
    *c = (struct pcvfs_change){.is_truncate = is_truncate,
                               .due = draw_due(f->disk),
                               .at = at,
                               .len = len};
    if (len > 0) memcpy(c->bytes, p, len);
    *f->changes_end = c;
    f->changes_end = &c->next;
}

void pcvfs_write(struct pcvfs_file *f, size_t at, const void *p, size_t len)
{
    put_bytes(&f->now, at, p, len);
    note_change(f, false, at, p, len);
}

void pcvfs_truncate(struct pcvfs_file *f, size_t len)
{
    set_len(&f->now, len);
    note_change(f, true, len, NULL, 0);
}

static void make_safe(struct pcvfs_file *f)
{
    for (const struct pcvfs_change *c = f->changes; c != NULL; c = c->next)
        apply(&f->safe, c);
    forget_changes(f);
}

static bool overlap(const struct pcvfs_change *a, const struct pcvfs_change *b)
{
    if (a->is_truncate || b->is_truncate) return true;
    return a->at < b->at + b->len && b->at < a->at + a->len;
}

/* What came before @due and lies under it goes with it: no disk puts an old
 * sector over a newer one in the end. */
static void settle(struct pcvfs_file *f, const struct pcvfs_change *due)
{
    struct pcvfs_change **at = &f->changes;

    for (bool is_last = false; !is_last;) {
        struct pcvfs_change *c = *at;

        assert(c != NULL); /* due is in the list */
        is_last = c == due;
        if (!is_last && !overlap(c, due)) {
            at = &c->next;
            continue;
        }
        apply(&f->safe, c);
        *at = c->next;
        if (*at == NULL) f->changes_end = at;
        free(c);
    }
}

static void settle_due(struct pcvfs_disk *d)
{
    for (struct pcvfs_file *f = d->files; f != NULL; f = f->next) {
        struct pcvfs_change *c = f->changes;

        while (c != NULL) {
            if (c->due > d->ops) {
                c = c->next;
                continue;
            }
            settle(f, c);
            c = f->changes;
        }
    }
}

/* ---- operations */

bool pcvfs_enter(struct pcvfs_disk *d)
{
    if (d->is_cut) return false;
    d->ops++;
    if (d->is_lying) settle_due(d);
    if (d->cut_at == 0 || d->ops < d->cut_at) return true;
    if (chance_percent(&d->chance, 50)) {
        d->is_cut = true;
        return false;
    }
    d->is_going = true;
    return true;
}

bool pcvfs_leave(struct pcvfs_disk *d)
{
    if (d->is_going) d->is_cut = true;
    return !d->is_cut;
}

void pcvfs_arm(struct pcvfs_disk *d, uint64_t after)
{
    d->cut_at = after == 0 ? 0 : d->ops + after;
}

void pcvfs_cut(struct pcvfs_disk *d)
{
    d->is_cut = true;
}

bool pcvfs_is_cut(const struct pcvfs_disk *d)
{
    return d->is_cut;
}

uint64_t pcvfs_ops(const struct pcvfs_disk *d)
{
    return d->ops;
}

/* ---- names */

struct pcvfs_disk *pcvfs_of(const char *path)
{
    for (struct pcvfs_disk *d = disks; d != NULL; d = d->next) {
        size_t len = strlen(d->dir);

        if (strncmp(path, d->dir, len) == 0 && path[len] == '/') return d;
    }
    return NULL;
}

static void set_path(char *to, const char *path)
{
    assert(strlen(path) < PCVFS_PATH_MAX);
    strcpy(to, path);
}

static void note_name(struct pcvfs_disk *d, enum pcvfs_naming what,
                      struct pcvfs_file *f, const char *from)
{
    struct pcvfs_name *n;

    if (d->is_solid) return;
    if (d->names_count == PCVFS_NAMES_MAX) /* the oldest has become safe */
        memmove(&d->names[0], &d->names[1],
                --d->names_count * sizeof(d->names[0]));
    n = &d->names[d->names_count++];
    *n = (struct pcvfs_name){.what = what, .file = f};
    set_path(n->from, from);
}

/* The folder's names as they are now are safe. */
static void names_safe(struct pcvfs_disk *d)
{
    DIR *dir = opendir(d->dir);

    d->names_count = 0;
    if (dir == NULL) abort();
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[2 * PCVFS_PATH_MAX];

        if (e->d_type != DT_REG) continue;
        (void)snprintf(path, sizeof(path), "%s/%s", d->dir, e->d_name);
        (void)pcvfs_open(d, path, false);
    }
    (void)closedir(dir);
    d->names_count = 0; /* what open() has just learned of */
}

static struct pcvfs_file *find(struct pcvfs_disk *d, const struct stat *st)
{
    for (struct pcvfs_file *f = d->files; f != NULL; f = f->next) {
        if (f->ino == st->st_ino && f->dev == st->st_dev) return f;
    }
    return NULL;
}

static struct pcvfs_file *find_path(struct pcvfs_disk *d, const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 ? find(d, &st) : NULL;
}

struct pcvfs_file *pcvfs_open(struct pcvfs_disk *d, const char *path,
                              bool may_make)
{
    int fd =
        open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (may_make ? O_CREAT : 0),
             S_IRUSR | S_IWUSR);
    struct pcvfs_file *f;
    struct stat st;

    if (fd < 0) return NULL;
    if (fstat(fd, &st) != 0) abort();
    f = find(d, &st);
    if (f != NULL) {
        (void)close(fd);
        return f;
    }
    f = must(calloc(1, sizeof(*f)));
    f->disk = d;
    f->fd = fd;
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    f->changes_end = &f->changes;
    set_path(f->path, path);
    f->next = d->files;
    d->files = f;
    note_name(d, PCVFS_MADE, f, path);
    return f;
}

int pcvfs_remove(struct pcvfs_disk *d, const char *path)
{
    struct pcvfs_file *f = find_path(d, path);

    if (!pcvfs_enter(d)) {
        errno = EIO;
        return -1;
    }
    if (unlinkat(AT_FDCWD, path, 0) != 0) return -1;
    if (f != NULL) {
        note_name(d, PCVFS_REMOVED, f, path);
        f->path[0] = '\0';
    }
    if (pcvfs_leave(d)) return 0;
    errno = EIO;
    return -1;
}

int pcvfs_rename(struct pcvfs_disk *d, const char *from, const char *to)
{
    struct pcvfs_file *f = find_path(d, from), *over = find_path(d, to);

    if (!pcvfs_enter(d)) {
        errno = EIO;
        return -1;
    }
    if (renameat(AT_FDCWD, from, AT_FDCWD, to) != 0) return -1;
    if (f != NULL && f != over) {
        note_name(d, PCVFS_RENAMED, f, from);
        if (!d->is_solid) {
            set_path(d->names[d->names_count - 1].to, to);
            d->names[d->names_count - 1].over = over;
        }
        set_path(f->path, to);
        if (over != NULL) over->path[0] = '\0';
    }
    if (pcvfs_leave(d)) return 0;
    errno = EIO;
    return -1;
}

/* A file that had lost its name has it again: a new empty file stands for it. */
static void revive(struct pcvfs_file *f, const char *path)
{
    struct stat st;
    int fd =
        open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

    if (fd < 0 || fstat(fd, &st) != 0) abort();
    (void)close(f->fd);
    f->fd = fd;
    f->dev = st.st_dev;
    f->ino = st.st_ino;
    set_path(f->path, path);
}

static void undo(struct pcvfs_name *n)
{
    switch (n->what) {
    case PCVFS_MADE:
        (void)unlinkat(AT_FDCWD, n->from, 0);
        n->file->path[0] = '\0';
        break;
    case PCVFS_REMOVED:
        revive(n->file, n->from);
        break;
    case PCVFS_RENAMED:
        if (renameat(AT_FDCWD, n->to, AT_FDCWD, n->from) != 0) abort();
        set_path(n->file->path, n->from);
        if (n->over != NULL) revive(n->over, n->to);
        break;
    }
}

/* ---- syncing */

static bool is_at(int fd, const struct stat *st)
{
    struct stat own;

    return fstat(fd, &own) == 0 && own.st_ino == st->st_ino &&
           own.st_dev == st->st_dev;
}

static bool keeps_word(struct pcvfs_disk *d)
{
    return !d->is_lying || chance_percent(&d->chance, 10);
}

bool pcvfs_synced(int fd, bool *out_failed)
{
    struct stat st;

    if (fstat(fd, &st) != 0) return false;
    for (struct pcvfs_disk *d = disks; d != NULL; d = d->next) {
        bool is_folder = is_at(d->dir_fd, &st);
        struct pcvfs_file *f = is_folder ? NULL : find(d, &st);

        if (!is_folder && f == NULL) continue;
        *out_failed = !pcvfs_enter(d);
        if (*out_failed) return true;
        if (keeps_word(d)) {
            if (is_folder)
                names_safe(d);
            else
                make_safe(f);
        }
        *out_failed = !pcvfs_leave(d);
        return true;
    }
    return false;
}

/* ---- the cut */

static void tear(struct pcvfs_disk *d, struct pcvfs_bytes *b,
                 const struct pcvfs_change *c)
{
    size_t at = c->at, end = c->at + c->len;

    while (at < end) {
        size_t stop = (at / PCVFS_SECTOR_BYTES + 1) * PCVFS_SECTOR_BYTES;

        if (stop > end) stop = end;
        if (chance_percent(&d->chance, d->keep_sectors))
            put_bytes(b, at, c->bytes + (at - c->at), stop - at);
        at = stop;
    }
}

static void shuffle(struct chance *chance, struct pcvfs_change **list,
                    size_t count)
{
    for (size_t i = count; i > 1; i--) {
        size_t with = (size_t)chance_below(chance, i);
        struct pcvfs_change *swap = list[i - 1];

        list[i - 1] = list[with];
        list[with] = swap;
    }
}

static void survive(struct pcvfs_disk *d, struct pcvfs_file *f)
{
    struct pcvfs_change **list;
    size_t count = 0, kept = 0;

    for (const struct pcvfs_change *c = f->changes; c != NULL; c = c->next)
        count++;
    list = must(calloc(count + 1, sizeof(struct pcvfs_change *)));
    for (struct pcvfs_change *c = f->changes; c != NULL; c = c->next) {
        if (chance_percent(&d->chance, d->keep_changes)) list[kept++] = c;
    }
    shuffle(&d->chance, list, kept);
    for (size_t i = 0; i < kept; i++) {
        if (list[i]->is_truncate)
            set_len(&f->safe, list[i]->at);
        else
            tear(d, &f->safe, list[i]);
    }
    free(list);
    forget_changes(f);
    same_bytes(&f->now, &f->safe);
}

/* Files that were made without our knowledge and never synced: gone. */
static void forget_unknown(struct pcvfs_disk *d)
{
    DIR *dir = opendir(d->dir);

    if (dir == NULL) abort();
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        char path[2 * PCVFS_PATH_MAX];

        if (e->d_type != DT_REG) continue;
        (void)snprintf(path, sizeof(path), "%s/%s", d->dir, e->d_name);
        if (find_path(d, path) == NULL) (void)unlinkat(AT_FDCWD, path, 0);
    }
    (void)closedir(dir);
}

void pcvfs_power_on(struct pcvfs_disk *d)
{
    size_t kept = (size_t)chance_below(&d->chance, d->names_count + 1);

    assert(d->is_cut);
    while (d->names_count > kept)
        undo(&d->names[--d->names_count]);
    d->names_count = 0;
    forget_unknown(d);
    for (struct pcvfs_file *f = d->files; f != NULL; f = f->next) {
        assert(f->locks.all == NULL);
        survive(d, f);
    }
    d->is_cut = d->is_going = false;
    d->cut_at = 0;
}

/* ---- disks */

struct pcvfs_disk *pcvfs_new(const char *dir, uint64_t seed)
{
    struct pcvfs_disk *d = must(calloc(1, sizeof(*d)));

    set_path(d->dir, dir);
    d->dir_fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (d->dir_fd < 0) abort();
    d->chance = chance_of(seed, 0x6469736b);
    d->keep_changes = 60;
    d->keep_sectors = 85;
    d->next = disks;
    disks = d;
    return d;
}

static void free_file(struct pcvfs_file *f)
{
    assert(f->locks.all == NULL);
    if (f->path[0] != '\0') (void)unlinkat(AT_FDCWD, f->path, 0);
    forget_changes(f);
    (void)close(f->fd);
    free(f->now.p);
    free(f->safe.p);
    free(f);
}

void pcvfs_free(struct pcvfs_disk *d)
{
    struct pcvfs_disk **at = &disks;

    if (d == NULL) return;
    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    while (d->files != NULL) {
        struct pcvfs_file *next = d->files->next;

        free_file(d->files);
        d->files = next;
    }
    (void)close(d->dir_fd);
    free(d);
}

void pcvfs_copy(const struct pcvfs_disk *from, struct pcvfs_disk *to)
{
    for (const struct pcvfs_file *f = from->files; f != NULL; f = f->next) {
        char path[2 * PCVFS_PATH_MAX];
        struct pcvfs_file *copy;

        if (f->path[0] == '\0') continue;
        (void)snprintf(path, sizeof(path), "%s%s", to->dir,
                       f->path + strlen(from->dir));
        copy = must(pcvfs_open(to, path, true));
        same_bytes(&copy->now, &f->now);
        if (!to->is_solid) same_bytes(&copy->safe, &f->now);
    }
    to->names_count = 0;
}

bool pcvfs_dump(const struct pcvfs_disk *d, const char *dir)
{
    bool is_good = true;

    for (const struct pcvfs_file *f = d->files; f != NULL; f = f->next) {
        char path[4 * PCVFS_PATH_MAX];
        FILE *out;

        if (f->path[0] == '\0') continue;
        (void)snprintf(path, sizeof(path), "%s%s", dir,
                       f->path + strlen(d->dir));
        out = fopen(path, "wb");
        if (out == NULL) return false;
        is_good &= fwrite(f->now.p, 1, f->now.len, out) == f->now.len;
        is_good &= fclose(out) == 0;
    }
    return is_good;
}

void pcvfs_solid(struct pcvfs_disk *d)
{
    d->is_solid = true;
}

void pcvfs_lie(struct pcvfs_disk *d, bool is_lying)
{
    d->is_lying = is_lying;
}

void pcvfs_odds(struct pcvfs_disk *d, unsigned changes, unsigned sectors)
{
    d->keep_changes = changes;
    d->keep_sectors = sectors;
}

/* ---- a disk that forgets */

bool pcvfs_rot(struct pcvfs_disk *d, uint64_t drawn, bool is_page,
               bool *out_is_journal)
{
    struct chance c = chance_of(drawn, 0x726f74);
    struct pcvfs_file *f, *which = NULL;
    size_t seen = 0;

    for (f = d->files; f != NULL; f = f->next) {
        if (f->path[0] == '\0' || f->safe.len == 0) continue;
        if (chance_below(&c, ++seen) == 0) which = f;
    }
    if (which == NULL) return false;
    size_t at = (size_t)chance_below(&c, which->safe.len);
    size_t page = at / PCVFS_ROT_BYTES * PCVFS_ROT_BYTES;
    uint8_t bit = (uint8_t)(1u << chance_below(&c, 8));
    for (size_t i = 0; is_page && i < PCVFS_ROT_BYTES; i++) {
        uint8_t byte = (uint8_t)chance_next(&c);
        if (page + i < which->safe.len) which->safe.p[page + i] = byte;
        if (page + i < which->safe.len && page + i < which->now.len)
            which->now.p[page + i] = byte;
    }
    if (!is_page) which->safe.p[at] ^= bit;
    if (!is_page && at < which->now.len) which->now.p[at] ^= bit;
    *out_is_journal = strstr(which->path, "-wal") != NULL;
    return true;
}

static bool take_file(struct pcvfs_disk *d, const char *dir, const char *name)
{
    char from[2 * PCVFS_PATH_MAX], to[2 * PCVFS_PATH_MAX];
    uint8_t bytes[4096];
    size_t len;

    (void)snprintf(from, sizeof(from), "%s/%s", dir, name);
    (void)snprintf(to, sizeof(to), "%s/%s", d->dir, name);
    FILE *in = fopen(from, "rb");
    if (in == NULL) return false;
    struct pcvfs_file *f = must(pcvfs_open(d, to, true));
    while ((len = fread(bytes, 1, sizeof(bytes), in)) > 0)
        put_bytes(&f->safe, f->safe.len, bytes, len);
    same_bytes(&f->now, &f->safe);
    return fclose(in) == 0;
}

bool pcvfs_take(struct pcvfs_disk *d, const char *dir)
{
    DIR *names = opendir(dir);
    bool is_good = names != NULL;

    while (d->files != NULL) {
        struct pcvfs_file *next = d->files->next;

        free_file(d->files);
        d->files = next;
    }
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    for (struct dirent *e; is_good && (e = readdir(names)) != NULL;)
        if (e->d_type == DT_REG) is_good = take_file(d, dir, e->d_name);
    if (names != NULL) (void)closedir(names);
    d->names_count = 0;
    return is_good;
}
