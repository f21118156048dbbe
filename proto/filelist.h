/* SPDX-License-Identifier: Apache-2.0 */
/* proto/filelist.h - a content item's file list: paths, sizes and the hashes of
 * chunks (docs/content.md §3).  Looks at borrowed bytes, allocates nothing. */
#ifndef DAF_PROTO_FILELIST_H
#define DAF_PROTO_FILELIST_H

#include "proto/content.h"

struct daf_filelist_file {
    struct daf_view path; /* safe (R61); no NUL ends it */
    uint64_t size;
    struct daf_view hashes; /* 32 bytes a chunk */
};

/** daf_filelist_is_safe: whether @path keeps R61. */
bool daf_filelist_is_safe(struct daf_view path);

/** daf_filelist_order: R62: < 0, 0, > 0; 0 also for paths that differ in case. */
int daf_filelist_order(struct daf_view a, struct daf_view b);

/** daf_filelist_is_inside: whether @path is in a folder called @folder, as R62
 * compares. */
bool daf_filelist_is_inside(struct daf_view path, struct daf_view folder);

/** daf_filelist_chunks: how many chunks a file of @size has. */
uint64_t daf_filelist_chunks(uint64_t size, uint32_t chunk_bytes);

/**
 * daf_filelist_check: whether @list is the whole file list of @c (R61 to R63).
 * DAF_EFORM, DAF_ELIMIT.  After DAF_OK daf_filelist_next() cannot fail.
 */
DAF_NODISCARD enum daf_err daf_filelist_check(struct daf_view list,
                                              const struct daf_content *c);

/** daf_filelist_begin: before the first file of a checked list.
 * daf_filelist_next(): the next one; borrowed from the list; call it as often as
 * there are files. */
void daf_filelist_begin(struct daf_cursor *at, struct daf_view list);
void daf_filelist_next(struct daf_cursor *at, struct daf_filelist_file *out);

/** daf_filelist_open, daf_filelist_add: write one; files in the order of R62. */
void daf_filelist_open(struct daf_pack *k, size_t files);
void daf_filelist_add(struct daf_pack *k, const struct daf_filelist_file *file);

#endif
