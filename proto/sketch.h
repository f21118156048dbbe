/* SPDX-License-Identifier: Apache-2.0 */
/* proto/sketch.h - what differs between two sets of heads, in bytes that grow
 * with the difference (docs/protocol.md §5.3).
 *
 * A rateless sketch (RIBLT: Yang, Gilad, Alizadeh, "Practical Rateless Set
 * Reconciliation", SIGCOMM 2024) of the items of a scope, one item for each log:
 *
 *      item = log tag (8) ‖ height (4, big endian) ‖ mark (6)
 *
 * The first m symbols of any set can be sent; a receiver that subtracts those of
 * its own set peels the difference out of them as soon as m is about 1.4 times
 * the number of items that differ, a changed head being two.  Everything is
 * integer arithmetic, so every machine makes the same symbols.
 *
 *      keep:     daf_sketch_add(symbols, m, scope, &old_item, -1);
 *                daf_sketch_add(symbols, m, scope, &new_item, +1);
 *      compare:  daf_sketch_subtract(theirs, ours, m);
 *                how many differ, roughly: daf_sketch_estimate(theirs, m)
 *                which:                    daf_sketch_decode(theirs, m, ...)
 *
 * Symbols are xor: who may write logs can, with effort, build sets whose symbols
 * agree and that differ.  So "nothing differs" is never believed while salted
 * sums disagree, and a page of salted items decides (protocol.md R41). */
#ifndef DAF_PROTO_SKETCH_H
#define DAF_PROTO_SKETCH_H

#include "proto/err.h"
#include "proto/frontier.h"

#define DAF_TAG_BYTES    8
#define DAF_ITEM_BYTES   18
#define DAF_SYMBOL_BYTES 24 /* on the wire and in memory alike */

/* What names a log in frames: the first 8 bytes of H128("daf.log.1", …). */
struct daf_tag {
    uint8_t b[DAF_TAG_BYTES];
};
struct daf_item {
    uint8_t b[DAF_ITEM_BYTES];
};
/* Laid out as on the wire, so blocks of symbols are copied as bytes. */
struct daf_symbol {
    uint8_t item[DAF_ITEM_BYTES]; /* xor of the items */
    uint8_t check[4];             /* xor of their checks */
    uint8_t count[2];             /* how many, mod 2^16, big endian */
};

/* What an index keeps of each log's head beside its frontier. */
struct daf_mark {
    struct daf_log_key log;
    struct daf_tag tag;
    uint32_t height;        /* highest seq among the tips; UINT32_MAX: above */
    struct daf_hash digest; /* daf_frontier_digest() */
};

/** daf_sketch_tag: a log's tag. */
struct daf_tag daf_sketch_tag(const struct daf_log_key *log);
/** daf_sketch_tag_among: whether @tag is one of @list. */
bool daf_sketch_tag_among(const struct daf_tag *tag, const struct daf_tag *list,
                          size_t count);
/** daf_sketch_mark: all of a mark, from its head. */
struct daf_mark daf_sketch_mark(const struct daf_head *head);
/** daf_sketch_item: a mark as an item of the sketch: its mark is the beginning of
 * the head digest. */
struct daf_item daf_sketch_item(const struct daf_mark *mark);
/** daf_sketch_salted: a mark as an item of HEADS: its mark is the beginning of
 * the head value under @salt, which nobody can aim at. */
struct daf_item daf_sketch_salted(const struct daf_mark *mark,
                                  const struct daf_key *salt);
struct daf_tag daf_sketch_item_tag(const struct daf_item *item);
uint32_t daf_sketch_item_height(const struct daf_item *item);

/** daf_sketch_add: put @item into the first @count symbols, or (@sign -1) take it
 * out: about 2 ln @count of them change.
 * @key: the scope of the set; it seeds where items go. */
void daf_sketch_add(struct daf_symbol *symbols, size_t count,
                    const struct daf_scope_id *key, const struct daf_item *item,
                    int sign);

/** daf_sketch_subtract: @theirs becomes the sketch of the difference. */
void daf_sketch_subtract(struct daf_symbol *theirs,
                         const struct daf_symbol *ours, size_t count);

/** daf_sketch_estimate: how many items differ, from the counts alone (of d items
 * the count of symbol i has a known mean and variance, see sketch.c).  Measured
 * standard errors: 55 % of 8 symbols, 20 % of 50 (25 % if 10 differ, 40 % if 2).
 * At least 1, and at least the balance of symbol 0, unless all symbols are zero. */
size_t daf_sketch_estimate(const struct daf_symbol *difference, size_t count);

/* One item that only one side has. */
struct daf_sketch_one {
    struct daf_item item;
    bool is_theirs;
};
/**
 * daf_sketch_decode: peel the difference.  @difference is used up.
 * @out: @cap places; never more than @count come out, none twice, in no order.
 * @out_count: how many were found, also when it fails.
 *
 * DAF_OK: all of it.  DAF_EBUSY: more symbols are needed.  DAF_ECORRUPT: the
 * symbols contradict each other, so no number of them helps: a peer's fault (or a
 * check that agrees by chance, once in 2^32).  DAF_ELIMIT: @cap.
 */
DAF_NODISCARD enum daf_err daf_sketch_decode(struct daf_symbol *difference,
                                             size_t count,
                                             const struct daf_scope_id *key,
                                             struct daf_sketch_one *out,
                                             size_t cap, size_t *out_count);

#endif
