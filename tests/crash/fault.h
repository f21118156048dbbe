/* SPDX-License-Identifier: Apache-2.0 */
/* tests/crash/fault.h - the nth allocation, SQL step, write, fsync or rename
 * fails, and the program answers with a clean error and a whole state.
 *
 *      main (faults.c)        child 1, armed        child 2, no faults
 *      copy the template ---> run(): the nth -----> verify(): what was promised
 *      n = 1, 2, 3, ...       operation fails       is held, a second try works
 *
 * A workload does its work between fault_on() and fault_off(), writes down in
 * fault_room() what it was promised, and says fault_broken() when the program
 * did not keep its word.  One child a point: a crash is seen, and ends nothing.
 *
 * What fails: calls of our own objects, by the linker's --wrap (fault.c), and
 * what SQLite does below us, by its memory and file methods (fault_sqlite.c). */
#ifndef DAF_TESTS_CRASH_FAULT_H
#define DAF_TESTS_CRASH_FAULT_H

#include "node/offline.h"

enum fault_kind {
    FAULT_ALLOC,    /* malloc and its like return NULL */
    FAULT_SQLMEM,   /* SQLite's own allocations do */
    FAULT_STEP,     /* sqlite3_step: IOERR, FULL, NOMEM, BUSY by turns */
    FAULT_VFS_FULL, /* SQLite's writes: half of one, then a full disk for all */
    FAULT_VFS_IO,   /* SQLite's files: one EIO, reads as well */
    FAULT_SYS_FULL, /* our own files: half a write, then a full disk for all */
    FAULT_SYS_IO,   /* our own files: one EIO */
    FAULT_SYS_INTR, /* our own files: one EINTR, where that is legal */
    FAULT_KINDS,
};
#define FAULT_BIT(kind) (1u << (kind))
/* What touches only SQLite. */
#define FAULT_BITS_STORE                                 \
    (FAULT_BIT(FAULT_ALLOC) | FAULT_BIT(FAULT_SQLMEM) |  \
     FAULT_BIT(FAULT_STEP) | FAULT_BIT(FAULT_VFS_FULL) | \
     FAULT_BIT(FAULT_VFS_IO))
#define FAULT_BITS_ALL (FAULT_BIT(FAULT_KINDS) - 1)
#define FAULT_BITS_SYS (FAULT_BITS_ALL & ~FAULT_BITS_STORE)

struct fault_workload {
    const char *name;
    unsigned kinds;
    /* Make the template in the empty folder @dir; NULL: it stays empty. */
    void (*prepare)(const char *dir);
    void (*run)(const char *dir);
    void (*verify)(const char *dir);
};
extern const struct fault_workload fault_store, fault_writer, fault_agent,
    fault_create, fault_request, fault_sign, fault_accept, fault_add,
    fault_shelf, fault_mend, fault_keeper;

/* --- fault.c */

/** fault_share: the memory that all processes of the test see; call first. */
void fault_share(void);
/** fault_arm: once in a process: the @at-th operation of @kind after fault_on() fails. */
void fault_arm(enum fault_kind kind, uint64_t at);
/** fault_reset: forget the last run. */
void fault_reset(void);
void fault_on(void);
/** fault_off: nothing fails or counts from here on; returns what it was, for
 * fault_set(): the harness's own work lies between the two. */
bool fault_off(void);
void fault_set(bool on);
bool fault_fired(void);
/** fault_stopped: the program chose to stop (abort). */
bool fault_stopped(void);
uint64_t fault_at(void);
uint64_t fault_seen(void);
/** fault_where: the call that failed; "" if none did. */
const char *fault_where(void);
/** fault_clean: whether @err is what should be said of the fault. */
bool fault_clean(enum daf_err err);
/** fault_room: 256 KiB of zeros at the start of a run, seen by run and verify. */
void *fault_room(void);
/** fault_leaked: allocations of our own objects and of SQLite not given back
 * since fault_arm(). */
size_t fault_leaked(void);

/** fault_broken: the program broke its word. */
_Noreturn void fault_broken(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
const char *fault_words(void); /* of the last fault_broken(); "" */
#define FAULT_NEED(cond) \
    ((cond) ? (void)0 : fault_broken("%s:%d: %s", __FILE__, __LINE__, #cond))
/** FAULT_OK: it must succeed, as nothing fails now. */
#define FAULT_OK(call) fault_ok((call), #call, __FILE__, __LINE__)
void fault_ok(enum daf_err err, const char *call, const char *file, int line);

enum fault_exit {
    FAULT_EXIT_DONE = 0,
    FAULT_EXIT_BROKEN = 60,
    FAULT_EXIT_STOPPED = 61, /* abort(): the program chose to stop */
};

/* For fault_sqlite.c: whether this operation is the one. */
bool fault_hit(enum fault_kind kind, const char *what);
/* The same where a full disk stays full. */
bool fault_hit_full(enum fault_kind kind, const char *what, bool *out_half);

/* --- fault_sqlite.c */
void fault_sqlite_install(void);
long fault_sqlite_live(void);

/* --- fault_look.c: what is held */

/** fault_look_check: a notebook's own check finds nothing.  False: there is no
 * notebook, or an empty one. */
bool fault_look_check(const char *store_dir);
/** fault_look_held: whether the record is held; if so, with these bytes. */
bool fault_look_held(struct daf_store *reader, const struct daf_log_key *log,
                     const struct daf_spot *spot, struct daf_view header,
                     enum daf_body_state state, struct daf_view body);
/** fault_look_path: "DIR/NAME"; good for the next seven calls. */
const char *fault_look_path(const char *dir, const char *name);

/** fault_look_daftar: run the command in this process; its exit. */
int fault_look_daftar(const char *const *words);

#endif
