/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_impl.h - what the files store_*.c share.  Private to store/. */
#ifndef DAF_STORE_STORE_IMPL_H
#define DAF_STORE_STORE_IMPL_H

#include "store/db.h"
#include "store/store.h"

/* Bodies are kept in pieces so that rows pack.  With one row for each, three
 * bodies of 2 KiB share a page of 8192 bytes and a quarter of it is empty: the
 * file is 1.35 times what it holds; in pieces of 600 it is 1.05 to 1.11 times
 * for any length from 1.2 kB up.  A session of learning is one piece. */
#define DAF_STORE_PIECE_BYTES 600

#define DAF_STORE_VALUE_BYTES_MAX 4096
#define DAF_STORE_NAME_CAP        64 /* of a local value, with its end */

/* The frontier of the log that put() was in last: runs come log by log, so most
 * records need no read to know their place. */
struct daf_store_front {
    int64_t log; /* 0: of none */
    size_t count[2];
    struct daf_spot spots[2][DAF_FRONTIER_MAX]; /* tips, roots; in no order */
};
enum {
    DAF_STORE_TIPS = 0,
    DAF_STORE_ROOTS = 1,
};

struct daf_store {
    struct daf_db db;
    enum daf_store_mode mode;
    bool is_writing;     /* between begin and commit */
    enum daf_err spoilt; /* a write failed: nothing but rollback helps */
    unsigned pins;       /* how many want reads to see one moment */
    int64_t log;         /* the number of log_key; 0: of none */
    struct daf_log_key log_key;
    struct daf_store_front front;
    struct daf_index index;
    uint8_t header[DAF_HEADER_BYTES_MAX]; /* what the index hands out */
    uint8_t body[DAF_BODY_BYTES_MAX];
};

/** daf_store_number: a log's number; DAF_ENOTFOUND if nothing of it is held. */
DAF_NODISCARD enum daf_err daf_store_number(struct daf_store *s,
                                            const struct daf_log_key *key,
                                            int64_t *out);
/** daf_store_forget: drop what is remembered of the database. */
void daf_store_forget(struct daf_store *s);

/** daf_store_hold, daf_store_release: pin, if nobody has yet. */
DAF_NODISCARD enum daf_err daf_store_hold(struct daf_store *s);
void daf_store_release(struct daf_store *s);

/** daf_store_incarnation: 8 bytes, big endian, so that they sort as numbers. */
void daf_store_incarnation(uint64_t incarnation, uint8_t out[8]);
uint64_t daf_store_incarnation_of(const uint8_t bytes[8]);

/**
 * daf_store_body: put the pieces of a body together.
 * @pieces: DAF_SQL_BODY_GET or the like, not yet bound.
 * @out: DAF_BODY_BYTES_MAX bytes.
 * @out_pieces: how many there are, or NULL.
 *
 * DAF_ECORRUPT if it does not end where it must.
 */
DAF_NODISCARD enum daf_err daf_store_body(struct daf_query *pieces,
                                          int64_t body, uint8_t *out,
                                          size_t *out_len, size_t *out_pieces);

/** daf_store_front_load: the frontier of a log; DAF_ECORRUPT if too long. */
DAF_NODISCARD enum daf_err daf_store_front_load(struct daf_store *s,
                                                int64_t log,
                                                struct daf_store_front *out);

#endif
