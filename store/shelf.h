/* SPDX-License-Identifier: Apache-2.0 */
/* store/shelf.h - the content that a device keeps: plain files, and what is
 * still lacking of them (docs/content.md §5, §6).
 *
 *      daf_shelf_open()                    everything there is, in memory
 *        daf_shelf_add(manifest)           an item somebody wants
 *          daf_shelf_put() ... _sync()     parts come in, verified
 *          daf_shelf_read()                parts go out
 *        daf_shelf_publish()               an item of our own
 *
 * A part counts as held when it was verified; only what was synced is noted and
 * held after a restart.  An item is whole when every part is held, synced, and
 * its folder was renamed: DAF_SHELF_WHOLE then, durably.
 *
 * A handle belongs to one thread, and takes some 200 KiB.  Two handles on one home
 * may be open at once, in two processes, if one of them only publishes and reads (a
 * command beside the daemon): items appear by one rename.  put(), sync() and
 * publish() wait for the disk. */
#ifndef DAF_STORE_SHELF_H
#define DAF_STORE_SHELF_H

#include "proto/content.h"
#include "proto/filelist.h"

#define DAF_SHELF_GROUP_BYTES \
    ((uint64_t)8 * 1024 * 1024) /* unsynced, at most */
#define DAF_SHELF_RESERVE       ((uint64_t)64 * 1024 * 1024)
#define DAF_SHELF_OPEN_MAX      16   /* items with their file list in memory */
#define DAF_SHELF_RECEIVING_MAX 64   /* senders in the middle of a part */
#define DAF_SHELF_NEW_MAX       4096 /* publishers at a time */

struct daf_shelf; /* opaque */

enum daf_shelf_wish {
    DAF_SHELF_WANTED = 1,
    DAF_SHELF_PINNED = 2,
    DAF_SHELF_PUBLISHED = 4, /* here, by this device */
    DAF_SHELF_CAMPS = 8,  /* asked for by the camp: the daemon alone says so */
    DAF_SHELF_STAYS = 16, /* somebody wished for this edition, though there is a
                                new one: its wishes do not go over to that */
};

/* An item as it stands. */
struct daf_shelf_item {
    struct daf_hash content;
    unsigned wishes;   /* of enum daf_shelf_wish */
    bool is_whole;     /* files/ is there */
    bool has_list;     /* all pages are held, and the file list is good */
    bool is_condemned; /* the file list is not (R63) */
    bool is_settling; /* long work is on until the list is known: nothing can be
                          put; daf_shelf_work() tells when */
    uint32_t parts;   /* pages and chunks */
    uint32_t pages;
    uint32_t held;     /* of them verified here, perhaps not synced yet */
    uint64_t bytes;    /* of all files */
    uint64_t reserved; /* of the disk, that it takes or will take */
    uint64_t fetched;  /* bytes ever given to daf_shelf_put() */
    struct daf_view manifest;
    struct daf_view bits; /* which parts: the highest bit first; empty if whole,
                             which is all of them */
};                        /* views: borrowed until the next call */

/**
 * daf_shelf_open: the shelf of the home whose folder `content` is @dir.
 * @budget: bytes that content may take, UINT64_MAX for what the disk has.  What
 * the notebook takes and the reserve for records are the caller's to take off.
 * @owner: also make the folder, clear away what a publisher left, and hash what
 * is there and not noted; false for a command beside the daemon.
 *
 * DAF_ENOTFOUND: the folder is there, its marker is not: not mounted.  DAF_EIO,
 * DAF_EREADONLY, DAF_ENOMEM.  An item that cannot be read is left out, and
 * counted by daf_shelf_unreadable().
 */
DAF_NODISCARD enum daf_err daf_shelf_open(const char *dir, uint64_t budget,
                                          bool owner, struct daf_shelf **out);
/** daf_shelf_close: syncs and notes what came, until the turn is over.  NULL is
 * fine. */
void daf_shelf_close(struct daf_shelf *s);

/* ---- long work
 *
 * To hash what is there and not noted, to make, or sync, all files of an item takes
 * minutes if they are many, and so does a long one on a disk without holes, as all
 * of it is written first.  Whoever opens the shelf with turns is asked, after each
 * unit of such work (a chunk hashed, a file made or synced, 8 MiB of zeros), whether
 * that is enough: then the call comes back, and daf_shelf_work() goes on later.  Without
 * turns every call does all of it. */
struct daf_shelf_turns {
    bool (*is_over)(void *ctx); /* NULL: never */
    void *ctx;
};
/** daf_shelf_open_turns: as daf_shelf_open(), for the owner, but what is there is
 * only read, and hashed by daf_shelf_work().  DAF_EBUSY: the turn was over before
 * all was read; there is no shelf then. */
DAF_NODISCARD enum daf_err daf_shelf_open_turns(
    const char *dir, uint64_t budget, const struct daf_shelf_turns *turns,
    struct daf_shelf **out);

/** daf_shelf_open_again: the same after its card was away; where there is no
 * folder none is made. */
DAF_NODISCARD enum daf_err daf_shelf_open_again(
    const char *dir, uint64_t budget, const struct daf_shelf_turns *turns,
    struct daf_shelf **out);

/** daf_shelf_is_there: whether what is at @dir, with which it was opened, still is
 * this shelf; else its card was unmounted, or another lies over it. */
bool daf_shelf_is_there(const struct daf_shelf *s, const char *dir);

struct daf_shelf_worked {
    struct daf_hash content;
    bool is_news; /* it ended: the item has its list, is whole or condemned */
    enum daf_err err; /* as daf_shelf_put(); it ended, and daf_shelf_add() may
                         begin it again */
    bool is_gone;     /* instead: all of a dropped item is, and left room */
};
/** daf_shelf_work: a turn of the work that is most urgent.  False: there is none.
 * @notes: only syncing, during which nothing can be put. */
bool daf_shelf_work(struct daf_shelf *s, bool notes,
                    struct daf_shelf_worked *out);
bool daf_shelf_has_work(const struct daf_shelf *s, bool notes);
/** daf_shelf_is_going: something that was dropped takes room still. */
bool daf_shelf_is_going(const struct daf_shelf *s);

/** daf_shelf_trouble: the system's words for the last failure, for a log. */
const char *daf_shelf_trouble(const struct daf_shelf *s);

/** daf_shelf_unreadable: items left out. */
size_t daf_shelf_unreadable(const struct daf_shelf *s);

/** daf_shelf_count, daf_shelf_at: the items, ascending by content id. */
size_t daf_shelf_count(const struct daf_shelf *s);
void daf_shelf_at(const struct daf_shelf *s, size_t index,
                  struct daf_shelf_item *out);
/** daf_shelf_find: false if the item is not on the shelf. */
bool daf_shelf_find(const struct daf_shelf *s, const struct daf_hash *content,
                    struct daf_shelf_item *out);

/** daf_shelf_room: bytes that may still be reserved; what stands in the way is
 * the budget, or (*@out_is_disk) the disk. */
uint64_t daf_shelf_room(struct daf_shelf *s, bool *out_is_disk);

/**
 * daf_shelf_add: put an item on the shelf, or change the wishes of one that is
 * there: @set and then not @clear.  Where it is not, and @set is 0, nothing is done.
 * @manifest: its content manifest.
 * If all its pages are held and there was no room for what they name, a call with
 * a @set that is not 0 tries again: after DAF_OK it has_list, or is_whole.
 * DAF_EFULL: over the budget or the disk (nothing has changed); what
 * daf_content_decode() returns; DAF_EIO, DAF_EREADONLY, DAF_ENOMEM.
 */
DAF_NODISCARD enum daf_err daf_shelf_add(struct daf_shelf *s,
                                         struct daf_view manifest, unsigned set,
                                         unsigned clear);

/** daf_shelf_drop: forget an item and remove its files.  DAF_ENOTFOUND. */
DAF_NODISCARD enum daf_err daf_shelf_drop(struct daf_shelf *s,
                                          const struct daf_hash *content);

enum daf_shelf_put {
    DAF_SHELF_MORE, /* taken; the part is not whole yet */
    DAF_SHELF_PART, /* the part is verified and held; long work may have begun */
    DAF_SHELF_LIST, /* the same, and now the file list is known, checked, and room
                        reserved for what it names: new bits may be set (R68) */
    DAF_SHELF_WHOLE, /* the same, and now the item is whole, durably */
    DAF_SHELF_KNOWN, /* held already: nothing was done */
    DAF_SHELF_ODD,   /* not the next bytes of this part: dropped, and what came
                        of the part before is forgotten.  Also a chunk while
                        pages lack, and a sender too many (RECEIVING_MAX) */
    DAF_SHELF_BAD,   /* all its bytes came and have not its hash: dropped */
    DAF_SHELF_CONDEMNED, /* the last page came and the file list is not good */
};

/**
 * daf_shelf_put: bytes of a part, from its first byte on in order, from one
 * sender (@sender: any number; of two senders' bytes of one part the later ones
 * are ODD until those before came to an end, daf_shelf_forget(), or another part
 * from their sender, who has one at a time, R65).
 *
 * Syncs and notes by itself when DAF_SHELF_GROUP_BYTES have gathered.
 * DAF_EBUSY: nothing was taken, for there is long work to do first: syncing
 * (daf_shelf_has_work()), or the item is_settling.  Only with turns.
 * DAF_ENOTFOUND: not on the shelf, or no such part.  DAF_EFULL (the disk, or no
 * room for what the file list names), DAF_EREADONLY, DAF_EIO, DAF_ENOMEM: the part
 * is not held; what was held still is, but where a sync has failed, which makes
 * what was not noted lacking again.  When the last page comes and there is no room
 * for what the list names, that page is held and it is DAF_EFULL, and so is every
 * chunk until daf_shelf_add() has tried again and found room.  DAF_ELIMIT: the
 * disk has no such long files.
 */
DAF_NODISCARD enum daf_err daf_shelf_put(struct daf_shelf *s,
                                         const struct daf_hash *content,
                                         uint32_t part, uint32_t sender,
                                         uint64_t offset, struct daf_view bytes,
                                         enum daf_shelf_put *out);
/** daf_shelf_forget: what @sender has begun will not go on. */
void daf_shelf_forget(struct daf_shelf *s, uint32_t sender);

/** daf_shelf_unsynced: bytes that came and are not noted as held yet. */
uint64_t daf_shelf_unsynced(const struct daf_shelf *s);
/** daf_shelf_sync: make them durable and note it, as far as the turn goes. */
DAF_NODISCARD enum daf_err daf_shelf_sync(struct daf_shelf *s);

/** daf_shelf_part_bytes: how long a part is.  DAF_ENOTFOUND: not on the shelf, or
 * no such part; DAF_EBUSY: a chunk whose file list is not known. */
DAF_NODISCARD enum daf_err daf_shelf_part_bytes(struct daf_shelf *s,
                                                const struct daf_hash *content,
                                                uint32_t part,
                                                uint32_t *out_bytes);
/** daf_shelf_read: bytes of a held part.  *@len: in, how many are wanted; out,
 * how many there were, less only at the part's end.  DAF_ENOTFOUND: not held;
 * DAF_EIO: the disk. */
DAF_NODISCARD enum daf_err daf_shelf_read(struct daf_shelf *s,
                                          const struct daf_hash *content,
                                          uint32_t part, uint64_t offset,
                                          uint8_t *out, size_t *len);

/* A file of an item, for who shows it. */
struct daf_shelf_file {
    int fd; /* read only; the caller closes it; -1 after an error */
    uint64_t size;
};
/** daf_shelf_file: open a file of a whole item by its path.  DAF_ENOTFOUND: no
 * such item or file, or not whole; DAF_EFORM: no safe path. */
DAF_NODISCARD enum daf_err daf_shelf_file(struct daf_shelf *s,
                                          const struct daf_hash *content,
                                          const char *path,
                                          struct daf_shelf_file *out);

/** daf_shelf_list: the file list of an item that has one; borrowed until the next
 * call; checked.  DAF_ENOTFOUND, DAF_EIO, DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_shelf_list(struct daf_shelf *s,
                                          const struct daf_hash *content,
                                          struct daf_view *out);

/* ---- publishing */

struct daf_shelf_left_out {
    const char *path; /* in the folder published */
    const char *why;  /* words: "a link", "hidden", "not a file" ... */
};
struct daf_shelf_publish {
    /* A file, or a folder; links in it are not followed. */
    const char *source;
    /* Its sidecar, or one inside it, is not part of the item: names in the
     * folder to leave out without a word; ends with NULL. */
    const char *const *without;
    /* Titles and texts; sizes and hashes are filled in by the call. */
    struct daf_content about;
    /* May be NULL.  False ends it with DAF_EBUSY. */
    bool (*progress)(void *ctx, uint64_t done, uint64_t total);
    void (*left_out)(void *ctx, const struct daf_shelf_left_out *what);
    /* Both or none: ask the owner's handle for room (daf_shelf_promise()) before
     * a byte is written; tell it what came of it (daf_shelf_look_at()).  An error
     * with words in @t is passed on. */
    enum daf_err (*room)(void *ctx, uint32_t number, uint64_t bytes,
                         uint64_t *out_room, bool *out_is_disk);
    enum daf_err (*placed)(void *ctx, uint32_t number,
                           const struct daf_hash *content);
    void *ctx;
};
/**
 * daf_shelf_publish: copy @p->source onto the shelf as a new item, whole and
 * durable (holes stay holes), wished as PUBLISHED.
 * @out: as daf_shelf_find().  An item that is there already and whole is just so.
 * @t, @t_len: after an error, what is wrong, for a person, with the path.
 *
 * DAF_ENOTFOUND: no such file, or nothing in the folder; DAF_EFORM: a name that a
 * file list cannot have, a device's home in it, or this shelf; DAF_EEXISTS: two names that differ in case only;
 * DAF_ELIMIT: too many files, or too large; DAF_EFULL: over the budget or the
 * disk, said before anything was copied; DAF_EBUSY: a file changed meanwhile, or
 * @progress said so; DAF_EIO, DAF_EREADONLY, DAF_ENOMEM.  Nothing is left then.
 */
DAF_NODISCARD enum daf_err daf_shelf_publish(struct daf_shelf *s,
                                             const struct daf_shelf_publish *p,
                                             struct daf_shelf_item *out,
                                             char *t, size_t t_len);

/* Publishers are other processes, and one after the other asks the owner for room:
 * what they were promised counts as taken until the owner has looked at what
 * became of it. */
/** daf_shelf_promise: @bytes for content/new-@number.  DAF_EFULL: there are only
 * *@out_room, as daf_shelf_room().  DAF_EBUSY: somebody's promise is over; again,
 * after daf_shelf_look(). */
DAF_NODISCARD enum daf_err daf_shelf_promise(struct daf_shelf *s,
                                             uint32_t number, uint64_t bytes,
                                             uint64_t *out_room,
                                             bool *out_is_disk);
/** daf_shelf_is_promise_over: one who was promised room went without a word:
 * daf_shelf_look() finds what is left of it, and gives the rest back. */
bool daf_shelf_is_promise_over(const struct daf_shelf *s);
/** daf_shelf_look: another handle has published, or dropped: read what is new. */
DAF_NODISCARD enum daf_err daf_shelf_look(struct daf_shelf *s);
/** daf_shelf_look_at: item @content was published as content/new-@number: count it
 * instead of the promise.  Does not read the others.  As daf_shelf_look(), and
 * DAF_ENOTFOUND, DAF_ECORRUPT. */
DAF_NODISCARD enum daf_err daf_shelf_look_at(struct daf_shelf *s,
                                             const struct daf_hash *content,
                                             uint32_t number);

/* ---- check */

/* Returns false to stop. */
typedef bool (*daf_shelf_bad_fn)(void *ctx, const struct daf_hash *content,
                                 const char *what, const char *where);
/**
 * daf_shelf_check: read and hash every held part.  Without turns only.
 * @mend: what is damaged is no longer held, and the item lacking again; a damaged
 * manifest is written anew.
 * *@out_bad: how many findings.  DAF_OK also when there are some.
 */
DAF_NODISCARD enum daf_err daf_shelf_check(struct daf_shelf *s, bool mend,
                                           daf_shelf_bad_fn bad, void *ctx,
                                           uint64_t *out_bad);

/* The same, turn by turn.  Between turns anything may be done with the shelf but
 * closing it; what comes on it meanwhile may be passed over. */
struct daf_shelf_check; /* opaque */
struct daf_shelf_checked {
    bool is_over;
    uint64_t found;
    bool has_changed; /* @content was mended: it lacks something */
    struct daf_hash content;
};
/** daf_shelf_check_begin: DAF_ENOMEM.  The caller owns it:
 * daf_shelf_check_end(). */
DAF_NODISCARD enum daf_err daf_shelf_check_begin(struct daf_shelf *s, bool mend,
                                                 daf_shelf_bad_fn bad,
                                                 void *ctx,
                                                 struct daf_shelf_check **out);
/** daf_shelf_check_work: a turn.  It waits for an item with work to be done
 * (daf_shelf_work()).  An error ends it. */
DAF_NODISCARD enum daf_err daf_shelf_check_work(struct daf_shelf_check *c,
                                                struct daf_shelf_checked *out);
/** daf_shelf_check_end: NULL is fine. */
void daf_shelf_check_end(struct daf_shelf_check *c);

#endif
