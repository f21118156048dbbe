/* SPDX-License-Identifier: Apache-2.0 */
/* proto/content.h - a content item's content manifest (docs/content.md §1, §2);
 * its file list is proto/filelist.h.
 *
 *      content manifest  --page hashes-->  file list  --chunk hashes-->  files
 *
 * Pages and chunks are the *parts* of the item, numbered through: pages first.
 * Everything here looks at borrowed bytes and allocates nothing. */
#ifndef DAF_PROTO_CONTENT_H
#define DAF_PROTO_CONTENT_H

#include "proto/cursor.h"
#include "proto/limits.h"
#include "proto/pack.h"

/* Texts of `about`, in the order of their keys. */
enum daf_about {
    DAF_ABOUT_ACCESSIBILITY,
    DAF_ABOUT_AGE,
    DAF_ABOUT_ALIGNMENT,
    DAF_ABOUT_AUDIENCE,
    DAF_ABOUT_AUTHOR,
    DAF_ABOUT_CHANNEL, /* a row of lessons that belong together */
    DAF_ABOUT_LEVEL,
    DAF_ABOUT_LICENCE,
    DAF_ABOUT_ORDER, /* its place in the channel: decimal digits */
    DAF_ABOUT_PUBLISHER,
    DAF_ABOUT_SUBJECT, /* a school subject */
    DAF_ABOUT_COUNT,   /* how many; not a text */
};

/* A text in one language. */
struct daf_about_text {
    struct daf_view language, text;
};

/* A content manifest, checked.  Views are of the bytes it was read from. */
struct daf_content {
    struct daf_hash id;
    uint64_t bytes; /* of all files */
    uint32_t files;
    uint32_t list_bytes;
    uint32_t pages;       /* parts 0 to pages - 1 */
    uint32_t chunks;      /* the parts after them */
    uint32_t chunk_bytes; /* of a chunk that is no file's last */
    struct daf_view page_hashes;
    size_t titles_count, descriptions_count, languages_count;
    struct daf_about_text titles[DAF_CONTENT_LANGUAGES_MAX];
    struct daf_about_text descriptions[DAF_CONTENT_LANGUAGES_MAX];
    struct daf_view languages[DAF_CONTENT_LANGUAGES_MAX];
    struct daf_view texts[DAF_ABOUT_COUNT]; /* empty: not said */
    struct daf_view
        preview; /* a picture; empty: none that may be shown (R98) */
};

/**
 * daf_content_decode: read a content manifest (R59).
 * @bytes: borrowed as long as @out is used.
 * DAF_EVERSION: of a version or a hash algorithm of later; DAF_EFORM, DAF_ELIMIT.
 */
DAF_NODISCARD enum daf_err daf_content_decode(struct daf_view bytes,
                                              struct daf_content *out);

/** daf_content_pack: write one.  Of @c everything counts but id and pages, which
 * follow from the rest. */
void daf_content_pack(struct daf_pack *k, const struct daf_content *c);

/** daf_content_id: of a content manifest's bytes. */
struct daf_hash daf_content_id(struct daf_view manifest);

/** daf_content_parts: how many parts it has. */
static inline uint32_t daf_content_parts(const struct daf_content *c)
{
    return c->pages + c->chunks;
}

/** daf_content_chunk_bytes: the chunk size for @bytes in all. */
uint32_t daf_content_chunk_bytes(uint64_t bytes);

/** daf_content_page_bytes: how long page @page < pages is. */
size_t daf_content_page_bytes(const struct daf_content *c, uint32_t page);

/* For who hashes a chunk as it comes (proto/hash.h). */
#define DAF_CHUNK_CONTEXT "daf.chunk.1"
/** daf_content_page_hash, daf_content_chunk_hash: the hash of a part's bytes. */
struct daf_hash daf_content_page_hash(struct daf_view bytes);
struct daf_hash daf_content_chunk_hash(struct daf_view bytes);

/** daf_content_about_str: a text's key ("licence").  Never NULL. */
const char *daf_content_about_str(enum daf_about which);

/** daf_content_best: of @texts, 1 or more, that in the first of @languages that
 * there is, else English, else the first.  Of one language the one that is most
 * alike, "ar" or "ar-EG" for "ar-SY". */
const struct daf_about_text *daf_content_best(
    const struct daf_about_text *texts, size_t texts_count,
    const char *const *languages, size_t count);
/** daf_content_title: the best of its titles.  Never empty. */
struct daf_view daf_content_title(const struct daf_content *c,
                                  const char *const *languages, size_t count);

#endif
