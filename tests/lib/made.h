/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/made.h - signed records of any shape, and statements, for tests
 * of the store. */
#ifndef DAF_TESTS_LIB_MADE_H
#define DAF_TESTS_LIB_MADE_H

#include "proto/record.h"
#include "store/store.h"

struct daf_made {
    struct daf_record r;
    struct daf_spot spot;
    uint8_t header[DAF_HEADER_BYTES_MAX];
    size_t header_len;
    uint32_t seed; /* its body is made of it */
};

struct daf_made_want {
    struct daf_log_key log;
    struct daf_spot prev; /* zeros: it is a first record */
    uint32_t body_len;
    uint8_t retention;
    uint32_t seed; /* another seed, another record */
};

/** daf_made_log: a log named by three small numbers. */
struct daf_log_key daf_made_log(uint8_t scope, uint8_t author,
                                uint64_t incarnation);

/** daf_made_record: sign one; every author has the same key. */
void daf_made_record(const struct daf_made_want *want, struct daf_made *out);

/** daf_made_header: its bytes; borrowed as long as @m. */
struct daf_view daf_made_header(const struct daf_made *m);
/** daf_made_body: its body's bytes; borrowed until the next call. */
struct daf_view daf_made_body(const struct daf_made *m);

/** daf_made_put: put it, between begin and commit; an error fails the test. */
enum daf_put daf_made_put(struct daf_store *s, const struct daf_made *m,
                          enum daf_body_state state);
/** daf_made_commit: the same, in a transaction of its own. */
enum daf_put daf_made_commit(struct daf_store *s, const struct daf_made *m,
                             enum daf_body_state state);

struct daf_made_statement {
    struct daf_statement st; /* into bytes */
    uint8_t bytes[DAF_STATEMENT_BYTES_MAX];
    size_t len;
};
/** daf_made_statement: device @author, named by a small number, states @count items
 * at @page; another @number, other items. */
void daf_made_statement(uint8_t author, uint8_t page, uint64_t number,
                        size_t count, struct daf_made_statement *out);

/** daf_made_open: open a store; fails the test on an error. */
struct daf_store *daf_made_open(const char *dir, enum daf_store_mode mode);

#endif
