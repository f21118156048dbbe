/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_carve.h - what a damaged notebook's files still hold.
 *
 * Private to store/.  SQLite is not asked: every page of the file and of its
 * journal is read by hand (https://sqlite.org/fileformat2.html), as a stranger's
 * bytes.  Of all copies found of a row the newest comes first; nothing is kept
 * that does not verify, so an old copy does no harm.
 *
 *      daf_store_pages_open()    the files, and which frame is whose newest page
 *      daf_store_carve()         rows, sorted, newest copy of each first
 *      daf_store_carve_header(), _body()     the bytes of one
 *
 * Memory: about 120 bytes for each header and 32 for each 600 bytes of body. */
#ifndef DAF_STORE_STORE_CARVE_H
#define DAF_STORE_STORE_CARVE_H

#include "store/migrations.h"
#include "store/store_impl.h"

#define DAF_STORE_PAGE_BYTES DAF_MIGRATIONS_PAGE_BYTES

/* ---- store_pages.c */

/* A byte of one of the two files. */
struct daf_store_place {
    bool is_wal;
    uint64_t at;
};

struct daf_store_pages {
    int db_fd, wal_fd;     /* -1: there is none */
    uint64_t db_count;     /* whole pages in the file */
    uint64_t frames_count; /* whole frames in the journal */
    uint64_t committed;    /* of these, in order, count */
    bool is_wal_whole;     /* and nothing of that journal comes after */
    bool is_wal_broken;    /* damaged: no power cut alone leaves it so */
    uint32_t *current;     /* by page: its newest frame and 1; 0: the file */
    uint32_t pages_count;  /* of the notebook, as of the last commit */
    uint64_t unreadable_count; /* pages that the disk did not give */
};

/** daf_store_pages_open: DAF_ENOTFOUND if there is neither file.  To be closed
 * also if this fails. */
DAF_NODISCARD enum daf_err daf_store_pages_open(const char *dir,
                                                struct daf_store_pages *out);
void daf_store_pages_close(struct daf_store_pages *p);

/** daf_store_pages_frame: the page in a frame of the journal.
 * Returns false if it cannot be read. */
bool daf_store_pages_frame(struct daf_store_pages *p, uint64_t frame,
                           uint8_t out[DAF_STORE_PAGE_BYTES],
                           uint32_t *out_number,
                           struct daf_store_place *out_place);
/** daf_store_pages_file: page @number (from 1) in the file itself. */
bool daf_store_pages_file(struct daf_store_pages *p, uint64_t number,
                          uint8_t out[DAF_STORE_PAGE_BYTES],
                          struct daf_store_place *out_place);
/** daf_store_pages_current: the newest committed copy of page @number. */
bool daf_store_pages_current(struct daf_store_pages *p, uint32_t number,
                             uint8_t out[DAF_STORE_PAGE_BYTES]);
/** daf_store_pages_read: @len bytes from @place on. */
bool daf_store_pages_read(const struct daf_store_pages *p,
                          const struct daf_store_place *place, uint8_t *out,
                          size_t len);

/* ---- store_carve.c */

/* A copy of a header's row; the header is its id's. */
struct daf_store_found {
    struct daf_log_key log;
    struct daf_spot spot;
    enum daf_body_state state;
    int64_t body;
    struct daf_store_place place; /* of the header */
    uint32_t len;
    uint32_t rank; /* the lower the newer */
};
struct daf_store_piece {
    int64_t number;
    struct daf_store_place place;
    uint32_t len;
    uint32_t rank;
};
struct daf_store_kept { /* a local value, its sum right */
    char name[DAF_STORE_NAME_CAP];
    uint8_t *value; /* owned */
    size_t len;
};
struct daf_store_log { /* what the newest copy of a log's row says */
    int64_t number;
    struct daf_log_key key;
    struct daf_hash digest;
};

/* A list that grows. */
struct daf_store_list {
    void *p; /* owned */
    size_t count, cap;
};

#define DAF_STORE_NUMBERS_MAX (1 << 20)

struct daf_store_carved {
    struct daf_store_pages *pages;
    struct daf_store_list headers; /* found: by log, seq, id, rank */
    struct daf_store_list pieces;  /* piece: by number, rank */
    struct daf_store_list values;  /* kept: the newest of each name */
    struct daf_store_list acked;   /* spot */
    struct daf_store_list logs;    /* log: all of the newest log table */
    bool has_logs;                 /* that table is whole */
    bool is_odd;                   /* a log's number is out of all bounds */
    uint8_t numbers[DAF_STORE_NUMBERS_MAX / 8]; /* logs that anything names */
    uint64_t refused; /* rows that look like headers and are none */
    enum daf_err err; /* DAF_ENOMEM */
};

/** daf_store_carve: read all.  The caller gives @out back with
 * daf_store_carve_free(), also after DAF_ENOMEM, and keeps @pages until then. */
DAF_NODISCARD enum daf_err daf_store_carve(struct daf_store_pages *pages,
                                           struct daf_store_carved *out);
void daf_store_carve_free(struct daf_store_carved *c);

/** daf_store_carve_header: the bytes of a header that was found, and decoded.
 * Returns false if the disk gives something else now. */
bool daf_store_carve_header(const struct daf_store_carved *c,
                            const struct daf_store_found *f,
                            uint8_t out[DAF_HEADER_BYTES_MAX],
                            struct daf_record *out_record);
/** daf_store_carve_body: a body put together that is its header's.
 * @number: of its first piece.  @out: DAF_BODY_BYTES_MAX bytes. */
bool daf_store_carve_body(const struct daf_store_carved *c, int64_t number,
                          const struct daf_record *r, uint8_t *out);

/** daf_store_carve_names: whether anything found names the log @number. */
bool daf_store_carve_names(const struct daf_store_carved *c, int64_t number);

#endif
