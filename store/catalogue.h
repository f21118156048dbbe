/* SPDX-License-Identifier: Apache-2.0 */
/* store/catalogue.h - what there is to learn: the content items that the records
 * of scope `catalog` name (docs/content.md R60), and which of them new editions
 * replace (R95).  What was taken back, replaced by a record that brings nothing, is
 * not among them.
 *
 * A pure function of the records, in no order that a clock or arrival made: items
 * ascend by content id. */
#ifndef DAF_STORE_CATALOGUE_H
#define DAF_STORE_CATALOGUE_H

#include "proto/content.h"
#include "store/store.h"

struct daf_catalogue; /* opaque */

struct daf_catalogue_entry {
    struct daf_content
        content; /* borrowed from the catalogue, as the manifest */
    struct daf_view manifest;
    struct daf_author_id author; /* who published it, the lowest of several */
    struct daf_record_id record;
    bool
        is_superseded; /* every record of it was replaced, and at the end of that
                           stands: */
    struct daf_hash superseded_by; /* the lowest, if two stand */
};

/**
 * daf_catalogue_read: what the notebook's `catalog` scope says now.
 * @scope: its id in this camp.
 * Records that cannot be read (of a later version, or damaged) are passed over.
 * DAF_ENOMEM; what the store's scan returns.  The caller owns @out:
 * daf_catalogue_free().
 */
DAF_NODISCARD enum daf_err daf_catalogue_read(struct daf_store *s,
                                              const struct daf_scope_id *scope,
                                              struct daf_catalogue **out);
/* Whether a record counts; one that does not is as if it were not held. */
typedef bool (*daf_catalogue_counts_fn)(void *ctx, const struct daf_row *row);
/** daf_catalogue_read_of: the same of those records that count. */
DAF_NODISCARD enum daf_err daf_catalogue_read_of(
    struct daf_store *s, const struct daf_scope_id *scope,
    daf_catalogue_counts_fn counts, void *ctx, struct daf_catalogue **out);
/** daf_catalogue_free: NULL is fine. */
void daf_catalogue_free(struct daf_catalogue *c);

size_t daf_catalogue_count(const struct daf_catalogue *c);
/** daf_catalogue_at: the item at @index < count, ascending by content id. */
void daf_catalogue_at(const struct daf_catalogue *c, size_t index,
                      struct daf_catalogue_entry *out);
/** daf_catalogue_place: how many items have an id before @content, which need not
 * be one of them. */
size_t daf_catalogue_place(const struct daf_catalogue *c,
                           const struct daf_hash *content);
/** daf_catalogue_find: false if it names no such item. */
bool daf_catalogue_find(const struct daf_catalogue *c,
                        const struct daf_hash *content,
                        struct daf_catalogue_entry *out);
/** daf_catalogue_records: the records that bring @content, those first that none
 * replaces; at most @most into @out.  Returns how many there are. */
size_t daf_catalogue_records(const struct daf_catalogue *c,
                             const struct daf_hash *content,
                             struct daf_record_id *out, size_t most);

#endif
