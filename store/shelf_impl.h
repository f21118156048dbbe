/* SPDX-License-Identifier: Apache-2.0 */
/* store/shelf_impl.h - what the files shelf_*.c share.  Private to store/.
 *
 *      shelf.c         what there is, wishes, room
 *      shelf_item.c    an item's folder: made, read, gone
 *      shelf_promise.c room for what other processes publish
 *      shelf_have.c    the notes of what is held
 *      shelf_files.c   the file list in memory, and the files it names
 *      shelf_work.c    long work, a unit at a time
 *      shelf_known.c   the file list becomes known
 *      shelf_reuse.c   of what it lacks, what other items here have
 *      shelf_whole.c   what came is noted; all is held
 *      shelf_parts.c   parts come in and go out
 *      shelf_publish.c, shelf_walk.c, shelf_copy.c     an item of our own
 *      shelf_check.c   is it what it says */
#ifndef DAF_STORE_SHELF_IMPL_H
#define DAF_STORE_SHELF_IMPL_H

#include "proto/hash.h"
#include "store/shelf.h"
#include "store/shelf_disk.h"

#define DAF_SHELF_HASH_BYTES 32
#define DAF_SHELF_GOING_MAX  64 /* more are removed at once */
#define DAF_SHELF_NAME_CAP   65 /* a content id in hex, or new-N */
#define DAF_SHELF_BUFFER     65536
/* Of zeros, in a unit, on a disk without holes: about a second on a card. */
#define DAF_SHELF_GROW ((uint64_t)8 * 1024 * 1024)
/* File lists in memory: of DAF_SHELF_OPEN_MAX items and, but for the last one
 * used, no more than this with their indexes. */
#define DAF_SHELF_OPEN_BYTES ((size_t)32 * 1024 * 1024)

/* A file of an item, by its place in the list. */
struct daf_shelf_span {
    struct daf_view path;  /* of the list */
    const uint8_t *hashes; /* of its chunks */
    uint64_t size;
    uint32_t first; /* its first part */
    uint32_t chunks;
};

/* A file list in memory, checked, and what is open of its files. */
struct daf_shelf_files {
    uint64_t used; /* when */
    size_t cost;   /* bytes of memory */
    uint8_t *bytes;
    struct daf_shelf_span *spans;
    uint8_t *synced; /* a bit a file: nothing of it is unsynced */
    int root;        /* part/ or files/ */
    int fd;          /* of file fd_at, or < 0 */
    uint32_t fd_at;
    bool fd_writes;
};

/* Long work on an item: what is being done.  In the order in which they follow each
 * other; each may be left out, and NOTE comes in between as well. */
enum daf_shelf_stage {
    DAF_SHELF_AT_REST,
    DAF_SHELF_AT_PAGES, /* pages that are there and not noted: hashed */
    DAF_SHELF_AT_NEED,  /* the list: checked, and room for it reserved */
    DAF_SHELF_AT_GROW,  /* without holes: files made, as long as they will be */
    DAF_SHELF_AT_FILES, /* made; what is in them is hashed */
    DAF_SHELF_AT_FOLDERS, /* synced */
    DAF_SHELF_AT_REUSE,   /* what other items here have is copied from them */
    DAF_SHELF_AT_NOTE,    /* what came: synced, and noted */
    DAF_SHELF_AT_WHOLE,   /* all is synced, and gets its name */
};
/* And how far it is. */
struct daf_shelf_progress {
    enum daf_shelf_stage stage, after; /* after: of NOTE */
    bool is_starting;                  /* nobody waits for it */
    bool syncs_all;                    /* NOTE: every file, whatever is noted */
    uint32_t page, file, chunk, note, whole;
    struct daf_hash
        source;      /* REUSE: the item looked through, from `chunk` on */
    uint32_t place;  /* of those it may go to, of which are looked at */
    bool is_seeking; /* and s->sought is made */
    uint64_t names, need,
        taken; /* of the files before `file`; names: to make */
};

/* An item.  What is held is in two bitmaps while something lacks: `bits` what was
 * verified, `noted` what will still be known after a restart. */
struct daf_shelf_kept {
    struct daf_hash content;
    uint8_t *manifest;
    size_t manifest_len;
    const uint8_t *page_hashes; /* in it */
    uint64_t bytes;
    uint32_t files, list_bytes, pages, parts, chunk_bytes;
    unsigned wishes;
    bool is_whole, has_list, is_condemned, is_seen;
    uint32_t held;
    uint64_t need; /* of the disk, with all files, as in `keep`; 0: not known */
    uint64_t reserved; /* of it */
    uint64_t taken;    /* of what is reserved: on the disk already */
    uint64_t names;    /* files and folders that are being made */
    uint64_t fetched, unsynced;
    uint64_t have_end;     /* where the next note goes */
    bool is_have_wrong;    /* it names what is not there, or is not there */
    uint8_t *bits, *noted; /* NULL when whole */
    struct daf_shelf_files *list;
    struct daf_shelf_progress work;
};

/* A part of which something came. */
struct daf_shelf_receiving {
    struct daf_shelf_kept *it; /* NULL: nothing */
    uint32_t part, sender;
    uint64_t at;
    struct daf_hash_stream hash;
};

/* What a publisher in another process is making, and will take of the disk. */
struct daf_shelf_promise {
    uint32_t number; /* content/new-N; its byte is locked while it lives */
    bool is_over;
    uint64_t bytes;
};

/* A chunk that an item lacks, as its hash begins. */
struct daf_shelf_sought {
    uint32_t start, part;
};

struct daf_shelf {
    struct daf_shelf_disk disk;
    int dir;    /* content/ */
    int marker; /* content/daftar; its bytes are locked by who makes new-N */
    bool is_owner, is_opening;
    bool may_make; /* the folder, where there is none */
    /* Chunks of zeros take no room: the disk has holes, and no block of it is
     * longer than a chunk. */
    bool has_holes;
    struct daf_shelf_turns turns;
    const struct daf_shelf_kept *working; /* its list stays */
    size_t going_count; /* new-N that are being removed, locked */
    uint32_t going[DAF_SHELF_GOING_MAX];
    uint64_t block; /* of the disk */
    uint64_t budget;
    struct daf_shelf_kept **items; /* ascending by content id */
    size_t count, cap;
    size_t unreadable;
    struct daf_shelf_promise *promises; /* the owner's */
    size_t promises_count, promises_cap;
    /* What an item lacks, ascending, while other items are looked through for it:
     * of one at a time, so at most 8 MiB (DAF_CONTENT_PARTS_MAX). */
    struct daf_hash seeker;
    size_t sought_count;
    struct daf_shelf_sought *sought;
    uint64_t clock;    /* of uses of lists */
    uint64_t unsynced; /* of all items */
    struct daf_shelf_receiving receiving[DAF_SHELF_RECEIVING_MAX];
    /* The hash of so many zeros as 4096 goes into, not ended; see
     * daf_shelf_zeros(). */
    size_t zeros_count;
    struct daf_hash_stream zeros[DAF_CHUNK_BYTES_MAX / DAF_SHELF_BLOCK + 1];
    uint32_t zeros_len; /* of the last one asked for; 0: none */
    struct daf_hash zeros_hash;
    uint8_t buffer[DAF_SHELF_BUFFER];
};

static inline bool daf_shelf_bit(const uint8_t *bits, uint32_t at)
{
    return (bits[at / 8] & 0x80u >> at % 8) != 0;
}
static inline void daf_shelf_bit_set(uint8_t *bits, uint32_t at, bool on)
{
    uint8_t bit = (uint8_t)(0x80u >> at % 8);

    bits[at / 8] = (uint8_t)(on ? bits[at / 8] | bit : bits[at / 8] & ~bit);
}
static inline uint64_t daf_shelf_blocks(const struct daf_shelf *s,
                                        uint64_t bytes)
{
    return (bytes + s->block - 1) / s->block * s->block;
}
/* What our own folder lacks, or has too much, is the disk's fault. */
static inline enum daf_err daf_shelf_of_disk(enum daf_err err)
{
    return err == DAF_OK || err == DAF_ENOMEM || err == DAF_EFULL ||
                   err == DAF_ELIMIT || err == DAF_EREADONLY
               ? err
               : DAF_EIO;
}
/* Whether part @part, or all, are held. */
static inline bool daf_shelf_holds(const struct daf_shelf_kept *it,
                                   uint32_t part)
{
    return it->is_whole || daf_shelf_bit(it->bits, part);
}

/* ---- shelf.c */
struct daf_shelf_kept *daf_shelf_get(const struct daf_shelf *s,
                                     const struct daf_hash *content);
DAF_NODISCARD enum daf_err daf_shelf_insert(struct daf_shelf *s,
                                            struct daf_shelf_kept *it);
void daf_shelf_remove(struct daf_shelf *s, struct daf_shelf_kept *it);
/** daf_shelf_measure: what the disk counts in. */
void daf_shelf_measure(struct daf_shelf *s);
/* What may still be reserved: of the budget, of the disk. */
struct daf_shelf_rooms {
    uint64_t budget, disk;
    uint64_t files; /* that the disk can name */
};
struct daf_shelf_rooms daf_shelf_rooms(struct daf_shelf *s);
void daf_shelf_tell(const struct daf_shelf_kept *it,
                    struct daf_shelf_item *out);
/** daf_shelf_reload: read an item's folder anew, or for the first time. */
DAF_NODISCARD enum daf_err daf_shelf_reload(struct daf_shelf *s,
                                            const struct daf_hash *content,
                                            struct daf_shelf_kept **out);

/* ---- shelf_item.c */
void daf_shelf_name(const struct daf_hash *content,
                    char out[DAF_SHELF_NAME_CAP]);
bool daf_shelf_name_read(const char *name, struct daf_hash *out);
DAF_NODISCARD enum daf_err daf_shelf_item_folder(struct daf_shelf *s,
                                                 const struct daf_hash *content,
                                                 int *out);
/** daf_shelf_item_new: an item of this manifest, of which nothing is held, in
 * memory only. */
DAF_NODISCARD enum daf_err daf_shelf_item_new(const struct daf_shelf *s,
                                              struct daf_view manifest,
                                              struct daf_shelf_kept **out);
void daf_shelf_item_free(struct daf_shelf_kept *it);
/** daf_shelf_item_load: what its folder says of it; nothing is hashed.
 * DAF_ECORRUPT: a manifest that is another's. */
DAF_NODISCARD enum daf_err daf_shelf_item_load(struct daf_shelf *s,
                                               const struct daf_hash *content,
                                               struct daf_shelf_kept **out);
/** daf_shelf_item_wishes: what its `keep` says. */
DAF_NODISCARD enum daf_err daf_shelf_item_wishes(struct daf_shelf *s,
                                                 int folder, unsigned *out);
/** daf_shelf_item_need: what the `keep` of this folder says it takes. */
uint64_t daf_shelf_item_need(struct daf_shelf *s, int folder);
/** daf_shelf_item_make: its folder, whole and durable or not at all.  EEXISTS. */
DAF_NODISCARD enum daf_err daf_shelf_item_make(struct daf_shelf *s,
                                               struct daf_shelf_kept *it);
/** daf_shelf_item_keep: write its wishes and its need down. */
DAF_NODISCARD enum daf_err daf_shelf_item_keep(struct daf_shelf *s, int folder,
                                               unsigned wishes, uint64_t need);
/** daf_shelf_item_note: a first `keep`, for as long as it is made: not synced. */
DAF_NODISCARD enum daf_err daf_shelf_item_note(struct daf_shelf *s, int folder,
                                               uint64_t need);
/** daf_shelf_item_drop: remove its folder. */
DAF_NODISCARD enum daf_err daf_shelf_item_drop(struct daf_shelf *s,
                                               const struct daf_shelf_kept *it);
/** daf_shelf_item_base: what it takes without its files. */
uint64_t daf_shelf_item_base(const struct daf_shelf *s,
                             const struct daf_shelf_kept *it);
uint64_t daf_shelf_base(const struct daf_shelf *s, uint64_t manifest_len,
                        uint64_t list_bytes, uint64_t parts);
#define DAF_SHELF_BASE_FILES 8u /* and names */

/* content/new-N: locked, and gone at the next start if it does not get another
 * name. */
struct daf_shelf_new {
    uint32_t number;
    char name[DAF_SHELF_NAME_CAP];
    int fd;
};
void daf_shelf_new_name(uint32_t number, char out[DAF_SHELF_NAME_CAP]);
DAF_NODISCARD enum daf_err daf_shelf_new_begin(struct daf_shelf *s,
                                               struct daf_shelf_new *out);
/** daf_shelf_new_end: as the folder of @content, durably; EEXISTS. */
DAF_NODISCARD enum daf_err daf_shelf_new_end(struct daf_shelf *s,
                                             struct daf_shelf_new *n,
                                             const struct daf_hash *content);
/** daf_shelf_new_drop: with all in it; also after _end(). */
void daf_shelf_new_drop(struct daf_shelf *s, struct daf_shelf_new *n);
/** daf_shelf_new_going: go on with what is being removed; false: it is not over.
 * Something is. */
bool daf_shelf_new_going(struct daf_shelf *s);
/** daf_shelf_new_sweep: what nobody has locked goes; what another process has
 * is promised. */
DAF_NODISCARD enum daf_err daf_shelf_new_sweep(struct daf_shelf *s,
                                               const char *name);

/* ---- shelf_promise.c */
/** daf_shelf_promise_end: what it was for is counted. */
void daf_shelf_promise_end(struct daf_shelf *s, uint32_t number);
/** daf_shelf_promise_ends: note whose maker has gone, before the folder is read;
 * daf_shelf_promise_drop(): what those made is counted. */
void daf_shelf_promise_ends(struct daf_shelf *s);
void daf_shelf_promise_drop(struct daf_shelf *s);
/** daf_shelf_promise_adopt: content/new-@number was promised before this handle
 * was opened: as its `keep` says. */
DAF_NODISCARD enum daf_err daf_shelf_promise_adopt(struct daf_shelf *s,
                                                   uint32_t number);

/* ---- shelf_have.c */
DAF_NODISCARD enum daf_err daf_shelf_have_load(struct daf_shelf *s, int folder,
                                               struct daf_shelf_kept *it);
/** daf_shelf_have_add: note what is held and was synced. */
DAF_NODISCARD enum daf_err daf_shelf_have_add(struct daf_shelf *s,
                                              struct daf_shelf_kept *it);
/** daf_shelf_have_fetched: say in its head how many bytes have come; not synced. */
void daf_shelf_have_fetched(struct daf_shelf *s,
                            const struct daf_shelf_kept *it);
/** daf_shelf_have_write: note @bits, all of which was synced, and forget the notes
 * before. */
DAF_NODISCARD enum daf_err daf_shelf_have_write(struct daf_shelf *s, int folder,
                                                struct daf_shelf_kept *it,
                                                const uint8_t *bits);

/* ---- shelf_files.c */
/** daf_shelf_files_get: the file list, all pages of which are held; borrowed until
 * that of another item is asked for.  DAF_EFORM: it is not good; DAF_ECORRUPT: the
 * disk has something else than the pages that came. */
DAF_NODISCARD enum daf_err daf_shelf_files_get(struct daf_shelf *s,
                                               struct daf_shelf_kept *it,
                                               struct daf_shelf_files **out);
void daf_shelf_files_drop(struct daf_shelf_kept *it);
/** daf_shelf_files_at: the file that part @part is of. */
uint32_t daf_shelf_files_at(const struct daf_shelf_kept *it,
                            const struct daf_shelf_files *l, uint32_t part);
/** daf_shelf_files_root: the folder they are in. */
DAF_NODISCARD enum daf_err daf_shelf_files_root(struct daf_shelf *s,
                                                struct daf_shelf_kept *it,
                                                int *out);
/** daf_shelf_files_fd: a file, open; borrowed until the next one is. */
DAF_NODISCARD enum daf_err daf_shelf_files_fd(struct daf_shelf *s,
                                              struct daf_shelf_kept *it,
                                              uint32_t at, bool writes,
                                              int *out);
/** daf_shelf_files_sync: file @at; the page file: daf_shelf_files_sync_list(). */
DAF_NODISCARD enum daf_err daf_shelf_files_sync(struct daf_shelf *s,
                                                struct daf_shelf_kept *it,
                                                uint32_t at);
DAF_NODISCARD enum daf_err daf_shelf_files_sync_list(struct daf_shelf *s,
                                                     struct daf_shelf_kept *it);
/** daf_shelf_files_sync_folders: each folder below @root that @path names and
 * @before, the path before it in the list, does not; not @root. */
DAF_NODISCARD enum daf_err daf_shelf_files_sync_folders(struct daf_shelf *s,
                                                        int root,
                                                        struct daf_view before,
                                                        struct daf_view path);
/** daf_shelf_files_make_folders: those. */
DAF_NODISCARD enum daf_err daf_shelf_files_make_folders(struct daf_shelf *s,
                                                        int root,
                                                        struct daf_view before,
                                                        struct daf_view path);
/** daf_shelf_files_shared: how many bytes of @path's folders are @before's, with
 * the `/`; *@out_new: how many folders more it names. */
size_t daf_shelf_files_shared(struct daf_view before, struct daf_view path,
                              size_t *out_new);
/** daf_shelf_chunk_bytes: of chunk @n of a file of @size. */
uint32_t daf_shelf_chunk_bytes(uint64_t size, uint32_t chunk_bytes, uint32_t n);
/** daf_shelf_hash_stretch: the chunk hash of @len bytes of @fd. DAF_ECORRUPT:
 * there are fewer. */
DAF_NODISCARD enum daf_err daf_shelf_hash_stretch(struct daf_shelf *s, int fd,
                                                  uint64_t offset, uint32_t len,
                                                  struct daf_hash *out);
/** daf_shelf_zeros: the chunk hash of @len ≤ DAF_CHUNK_BYTES_MAX zeros. */
const struct daf_hash *daf_shelf_zeros(struct daf_shelf *s, uint32_t len);
bool daf_shelf_is_zeros(struct daf_shelf *s, const uint8_t hash[32],
                        uint32_t len);

/* ---- shelf_work.c */
static inline bool daf_shelf_turn_is_over(const struct daf_shelf *s)
{
    return s->turns.is_over != NULL && s->turns.is_over(s->turns.ctx);
}
/* Its list is not known yet: nothing can be taken for it. */
static inline bool daf_shelf_is_settling(const struct daf_shelf_kept *it)
{
    enum daf_shelf_stage stage = it->work.stage;

    if (stage == DAF_SHELF_AT_NOTE) stage = it->work.after;
    return stage >= DAF_SHELF_AT_PAGES && stage <= DAF_SHELF_AT_REUSE;
}
/* Being synced: nothing may be written to it. */
static inline bool daf_shelf_is_noting(const struct daf_shelf_kept *it)
{
    return it->work.stage == DAF_SHELF_AT_NOTE ||
           it->work.stage == DAF_SHELF_AT_WHOLE;
}
/* Each of these begins a work on an item at rest and does it until the turn is
 * over: DAF_OK also if it is at some stage then. */
/** daf_shelf_start: an item was read from its folder: settle what it lacks.  What
 * goes wrong leaves it lacking. */
void daf_shelf_start(struct daf_shelf *s, struct daf_shelf_kept *it);
/** daf_shelf_known: all pages are held: check the list, reserve what it names and
 * make room for it.  After it, at rest, it has its list, or is condemned; or, if
 * nothing lacks, it is whole.  DAF_EFULL: none of them. */
DAF_NODISCARD enum daf_err daf_shelf_known(struct daf_shelf *s,
                                           struct daf_shelf_kept *it);
/** daf_shelf_known_again: the same, and finish it, where it did not come to it
 * when the pages came. */
DAF_NODISCARD enum daf_err daf_shelf_known_again(struct daf_shelf *s,
                                                 struct daf_shelf_kept *it);
/** daf_shelf_finish: all is held: whole, durably. */
DAF_NODISCARD enum daf_err daf_shelf_finish(struct daf_shelf *s,
                                            struct daf_shelf_kept *it);
/** daf_shelf_sync_item: note what came. */
DAF_NODISCARD enum daf_err daf_shelf_sync_item(struct daf_shelf *s,
                                               struct daf_shelf_kept *it);

/* ---- shelf_known.c: a unit of each stage, and what follows it.  @it: at that
 * stage.  After an error the work has ended. */
DAF_NODISCARD enum daf_err daf_shelf_unit_pages(struct daf_shelf *s,
                                                struct daf_shelf_kept *it);
DAF_NODISCARD enum daf_err daf_shelf_unit_need(struct daf_shelf *s,
                                               struct daf_shelf_kept *it);
DAF_NODISCARD enum daf_err daf_shelf_unit_grow(struct daf_shelf *s,
                                               struct daf_shelf_kept *it);
DAF_NODISCARD enum daf_err daf_shelf_unit_files(struct daf_shelf *s,
                                                struct daf_shelf_kept *it);
DAF_NODISCARD enum daf_err daf_shelf_unit_folders(struct daf_shelf *s,
                                                  struct daf_shelf_kept *it);
/** daf_shelf_settled: the list is known: @it has it. */
void daf_shelf_settled(struct daf_shelf *s, struct daf_shelf_kept *it);
/** daf_shelf_unknown: settling ended with error @why: give back what was reserved,
 * unless it is DAF_EFULL. */
void daf_shelf_unknown(struct daf_shelf *s, struct daf_shelf_kept *it,
                       enum daf_err why);
bool daf_shelf_has_pages(const struct daf_shelf_kept *it);
/** daf_shelf_need: what it takes with the files of its list. */
uint64_t daf_shelf_need(struct daf_shelf *s, const struct daf_shelf_kept *it,
                        const struct daf_shelf_files *l);

/* ---- shelf_reuse.c: a unit, as above */
DAF_NODISCARD enum daf_err daf_shelf_unit_reuse(struct daf_shelf *s,
                                                struct daf_shelf_kept *it);
/** daf_shelf_reuse_end: what is sought is forgotten. */
void daf_shelf_reuse_end(struct daf_shelf *s);

/* ---- shelf_whole.c: units, as above */
DAF_NODISCARD enum daf_err daf_shelf_unit_note(struct daf_shelf *s,
                                               struct daf_shelf_kept *it);
DAF_NODISCARD enum daf_err daf_shelf_unit_whole(struct daf_shelf *s,
                                                struct daf_shelf_kept *it);

/* ---- shelf_parts.c */
/** daf_shelf_mark: part @part of @len bytes is held, or not. */
void daf_shelf_mark(struct daf_shelf *s, struct daf_shelf_kept *it,
                    uint32_t part, uint32_t len, bool held);
/** daf_shelf_unnoted_lost: what is not noted may not be there: not held. */
void daf_shelf_unnoted_lost(struct daf_shelf *s, struct daf_shelf_kept *it);
/** daf_shelf_forget_item: of what is on its way. */
void daf_shelf_forget_item(struct daf_shelf *s,
                           const struct daf_shelf_kept *it);
/** daf_shelf_part_at: where a part's bytes are: its hash, its file (`list` for a
 * page), its place and length.  The file list must be known for a chunk. */
struct daf_shelf_place {
    const uint8_t *hash;
    uint32_t file; /* DAF_SHELF_OF_LIST: a page */
    uint64_t offset;
    uint32_t len;
};
#define DAF_SHELF_OF_LIST UINT32_MAX
DAF_NODISCARD enum daf_err daf_shelf_place(struct daf_shelf *s,
                                           struct daf_shelf_kept *it,
                                           uint32_t part,
                                           struct daf_shelf_place *out);

/* ---- shelf_walk.c: what there is to publish */
struct daf_shelf_found {
    char *path; /* in the folder */
    uint64_t size;
    bool has_holes; /* it takes less than its size where it is */
};
struct daf_shelf_walk {
    struct daf_shelf *s;
    const struct daf_shelf_publish *p;
    char *t; /* what is wrong, for a person */
    size_t t_len;
    int source; /* the folder, or the file */
    bool is_file;
    struct daf_shelf_found *found; /* in the order of a file list */
    size_t count, cap;
    uint64_t bytes;
};
DAF_NODISCARD enum daf_err daf_shelf_walk_open(struct daf_shelf_walk *w);
void daf_shelf_walk_close(struct daf_shelf_walk *w);
/** daf_shelf_walk_takes: what a file found will take on the shelf, at most: chunks
 * that are no holes. */
uint64_t daf_shelf_walk_takes(struct daf_shelf_walk *w,
                              const struct daf_shelf_found *f,
                              uint32_t chunk_bytes);
/** daf_shelf_walk_trouble: words about @path; returns @err. */
enum daf_err daf_shelf_walk_trouble(struct daf_shelf_walk *w, enum daf_err err,
                                    const char *path, const char *what);
static inline struct daf_view daf_shelf_found_path(
    const struct daf_shelf_found *f)
{
    return (struct daf_view){(const uint8_t *)f->path, strlen(f->path)};
}

/* ---- shelf_copy.c */
struct daf_shelf_copy {
    struct daf_shelf_walk *w;
    int root; /* files/ */
    uint32_t chunk_bytes, chunks;
    struct daf_pack list;
    uint8_t *hashes; /* room for those of the longest file */
    uint64_t done;
    uint64_t need; /* of the disk, for files and folders */
};
/** daf_shelf_copy_all: everything found, synced; and its file list. */
DAF_NODISCARD enum daf_err daf_shelf_copy_all(struct daf_shelf_copy *c);

#endif
