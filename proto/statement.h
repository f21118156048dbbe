/* SPDX-License-Identifier: Apache-2.0 */
/* proto/statement.h - what a device says of itself, signed; of one place only the
 * newest stands (docs/content.md §7, R80, R81).
 *
 * Statements are in no log and in no digest.  A place is (author, kind, page).
 * Bytes are kept and passed on as they came. */
#ifndef DAF_PROTO_STATEMENT_H
#define DAF_PROTO_STATEMENT_H

#include "proto/err.h"
#include "proto/limits.h"
#include "proto/types.h"

/* Kinds up to DAF_STATEMENT_KIND_MAX that have no name here are carried unread. */
enum {
    DAF_STATEMENT_ARCHIVED = 1, /* which content its author keeps */
    DAF_STATEMENT_STATUS = 2,   /* what it has applied; proto/status.h */
};

struct daf_statement {
    struct daf_scope_id scope; /* telemetry's, so it is of one camp */
    struct daf_author_id author;
    uint8_t kind;
    uint8_t page;
    uint64_t number; /* from 1; the higher stands */
    /* ARCHIVED: whole content ids, ascending, ≤ DAF_ARCHIVED_MAX; for each of them
     * since when by its author's clock, 8 bytes, ms, big endian.  Else empty.
     * Borrowed from the bytes decoded. */
    struct daf_view content, since;
    struct daf_view
        other; /* of any other kind: what it says, whole; borrowed */
    struct daf_sig sig;
    size_t signed_len;
    uint8_t
        mark[8]; /* of the whole; of two with one number the higher stands */
};

/* What a list says of a statement: its place, number and mark. */
#define DAF_STATED_BYTES 34
struct daf_stated {
    struct daf_author_id author;
    uint8_t kind, page;
    uint64_t number;
    uint8_t mark[8];
};

/** daf_statement_decode: read one; verifies nothing.  DAF_EFORM, DAF_ELIMIT,
 * DAF_EVERSION. */
DAF_NODISCARD enum daf_err daf_statement_decode(struct daf_view bytes,
                                                struct daf_statement *out);

/** daf_statement_verify: whether @bytes, decoded as @st, carry the signature of
 * @pk, and @pk is the author's.  DAF_OK, DAF_EAUTHOR or DAF_ESIG. */
DAF_NODISCARD enum daf_err daf_statement_verify(struct daf_view bytes,
                                                const struct daf_statement *st,
                                                const struct daf_sign_pk *pk);

/** daf_statement_sign: make one of @st (its sig, signed_len and mark are set here);
 * of another kind than ARCHIVED @st->other is what it says, and page is 0.  @out: DAF_STATEMENT_BYTES_MAX bytes.  Returns the length. */
size_t daf_statement_sign(struct daf_statement *st,
                          const struct daf_sign_sk *sk, uint8_t *out);

/** daf_statement_find: whether @content is among an ARCHIVED one's; @out_since, if
 * not NULL, receives the claimed ms. */
bool daf_statement_find(const struct daf_statement *st,
                        const struct daf_hash *content, uint64_t *out_since);
/** daf_statement_at: the content at @index, and since when. */
struct daf_hash daf_statement_at(const struct daf_statement *st, size_t index,
                                 uint64_t *out_since);

/** daf_statement_mark: what a list says of it. */
struct daf_stated daf_statement_mark(const struct daf_statement *st);
/** daf_statement_order: by place; 0: of one place. */
int daf_statement_order(const struct daf_stated *a, const struct daf_stated *b);
/** daf_statement_stands: whether @a stands instead of @b, of the same place. */
bool daf_statement_stands(const struct daf_stated *a,
                          const struct daf_stated *b);
/** daf_statement_write, daf_statement_read: DAF_STATED_BYTES of a list. */
void daf_statement_write(const struct daf_stated *s, uint8_t *out);
struct daf_stated daf_statement_read(const uint8_t *p);

#endif
