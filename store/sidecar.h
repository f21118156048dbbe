/* SPDX-License-Identifier: Apache-2.0 */
/* store/sidecar.h - what a curator says of a piece of content, in a small INI
 * file beside it: `lesson.html.ini` for the file lesson.html, `content.ini`
 * inside a directory.  Told with an example in docs/sidecar.md.
 *
 * From bytes to a struct and nothing else: no file is read, nothing allocated.
 * Read by inih, which would cut a long line or name without a word; so every
 * line is checked before it sees it. */
#ifndef DAF_STORE_SIDECAR_H
#define DAF_STORE_SIDECAR_H

#include "proto/err.h"
#include "proto/types.h"

#define DAF_SIDECAR_BYTES_MAX 65536
/* inih as Debian 12 and 13 build it has room for 200: these, and CR LF NUL. */
#define DAF_SIDECAR_LINE_BYTES_MAX        197
#define DAF_SIDECAR_NAME_BYTES_MAX        49 /* of a key or section; inih's too */
#define DAF_SIDECAR_TAG_BYTES_MAX         35 /* RFC 5646, 4.4.1 */
#define DAF_SIDECAR_LANGUAGES_MAX         16
#define DAF_SIDECAR_TITLE_BYTES_MAX       200
#define DAF_SIDECAR_DESCRIPTION_BYTES_MAX 1000
#define DAF_SIDECAR_VALUE_BYTES_MAX       200
#define DAF_SIDECAR_WARNINGS_MAX          16

/* The short texts of [content]; schema.org's names are in docs/sidecar.md. */
enum daf_sidecar_key {
    DAF_SIDECAR_LANGUAGES, /* as written; tags[] has them one by one */
    DAF_SIDECAR_LEVEL,
    DAF_SIDECAR_SUBJECT, /* a school subject */
    DAF_SIDECAR_LICENCE,
    DAF_SIDECAR_ALIGNMENT,
    DAF_SIDECAR_AUTHOR,
    DAF_SIDECAR_PUBLISHER,
    DAF_SIDECAR_AUDIENCE,
    DAF_SIDECAR_ACCESSIBILITY,
    DAF_SIDECAR_AGE,
    DAF_SIDECAR_CHANNEL, /* a row of lessons that belong together */
    DAF_SIDECAR_ORDER,   /* its place there: 1 to 9 digits */
    DAF_SIDECAR_PREVIEW, /* a picture beside it: a name without / */
    DAF_SIDECAR_KEYS,    /* how many; not a key */
};

/* A text in one language; UTF-8 without control characters, never empty. */
struct daf_sidecar_text {
    char tag[DAF_SIDECAR_TAG_BYTES_MAX + 1]; /* BCP 47, as written */
    char text[DAF_SIDECAR_DESCRIPTION_BYTES_MAX + 1];
    size_t line; /* where it begins, from 1 */
};

/* A key or section that this program does not know; a newer one may. */
struct daf_sidecar_warning {
    size_t line;
    char section[DAF_SIDECAR_NAME_BYTES_MAX + 1];
    char name[DAF_SIDECAR_NAME_BYTES_MAX + 1];
};

struct daf_sidecar {     /* about 40 KiB: not for a small stack */
    size_t titles_count; /* ≥ 1; no two in one language, in any case */
    struct daf_sidecar_text titles[DAF_SIDECAR_LANGUAGES_MAX];
    size_t descriptions_count;
    struct daf_sidecar_text descriptions[DAF_SIDECAR_LANGUAGES_MAX];
    char values[DAF_SIDECAR_KEYS][DAF_SIDECAR_VALUE_BYTES_MAX + 1]; /* or "" */
    size_t lines[DAF_SIDECAR_KEYS]; /* where each begins; 0: not there */
    size_t tags_count;              /* the content's languages, as listed */
    char tags[DAF_SIDECAR_LANGUAGES_MAX][DAF_SIDECAR_TAG_BYTES_MAX + 1];
    size_t warnings_count; /* may be more than are kept below */
    struct daf_sidecar_warning warnings[DAF_SIDECAR_WARNINGS_MAX];
};

struct daf_sidecar_trouble {
    size_t line;      /* from 1; 0: the file as a whole */
    const char *what; /* what is wrong, why, what to do; for a person */
};

/**
 * daf_sidecar_parse: read a sidecar.
 * @bytes: the whole file, borrowed for the call.
 * @out: filled in; all zeros after an error.
 * @trouble: set after an error: the first one found.
 *
 * DAF_EFORM (not text, not INI, no language tag); DAF_ELIMIT (too long, too
 * many); DAF_EEXISTS (said twice); DAF_ENOTFOUND (no title, or a key without a
 * value); DAF_ENOMEM.
 */
DAF_NODISCARD enum daf_err daf_sidecar_parse(
    struct daf_view bytes, struct daf_sidecar *out,
    struct daf_sidecar_trouble *trouble);

/** daf_sidecar_key_str: a key's name in the file ("licence").  Never NULL. */
const char *daf_sidecar_key_str(enum daf_sidecar_key key);

/** daf_sidecar_is_tag: whether @text has the shape of a BCP 47 language tag
 * ("ar", "ckb-Arab"); no registry is asked. */
bool daf_sidecar_is_tag(struct daf_view text);

#endif
