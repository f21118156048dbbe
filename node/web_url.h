/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_url.h - what a browser writes into a request: paths, queries, forms,
 * cookies, languages.  All of it is a stranger's; nothing here allocates. */
#ifndef DAF_NODE_WEB_URL_H
#define DAF_NODE_WEB_URL_H

#include <stdbool.h>
#include <stddef.h>

#define DAF_WEB_PATH_BYTES 1024
#define DAF_WEB_FIELDS_MAX 96
#define DAF_WEB_LANGS_MAX  8
#define DAF_WEB_LANG_BYTES 36 /* a language tag and its NUL */

/**
 * daf_web_path: decode the path of a request's target, which ends at its NUL or
 * its '?'.
 * @out: as "/lesson/00ff/a b.html": begins with '/', UTF-8 without control
 * characters and without '\', no name is empty, "." or ".." (but the last may be
 * empty).  False if it is not so, or longer than DAF_WEB_PATH_BYTES - 1.
 */
bool daf_web_path(const char *target, char out[DAF_WEB_PATH_BYTES]);

/** daf_web_query: what follows the '?'; "" if nothing does. */
const char *daf_web_query(const char *target);

/* Fields of a query or of an urlencoded body, decoded into @room. */
struct daf_web_form {
    size_t count;
    struct {
        const char *name,
            *value; /* NUL-terminated UTF-8, no control characters */
    } fields[DAF_WEB_FIELDS_MAX];
};
/**
 * daf_web_form: read "a=b&c=d" of @len bytes.
 * @room: @len + 1 bytes, which @out points into.
 * False, and no field, if there are more than DAF_WEB_FIELDS_MAX fields, a '%'
 * that is none, a name twice, or text that is no UTF-8 or has control characters.
 */
bool daf_web_form(const char *text, size_t len, char *room,
                  struct daf_web_form *out);
/** daf_web_field: a field's value; NULL if it is not there. */
const char *daf_web_field(const struct daf_web_form *f, const char *name);

/** daf_web_cookie: the value of cookie @name in a Cookie header, of at most
 * @cap - 1 bytes; false if there is none.  @header may be NULL.  The first of
 * several counts. */
bool daf_web_cookie(const char *header, const char *name, char *out,
                    size_t cap);

/** daf_web_lang_ok: "en", "ckb-Arab": letters, digits and '-', begins with a
 * letter. */
bool daf_web_lang_ok(const char *tag);
/** daf_web_langs: an Accept-Language header in its order of preference (weights
 * are believed to three digits; 0 means no).  Returns how many. */
size_t daf_web_langs(const char *header,
                     char out[DAF_WEB_LANGS_MAX][DAF_WEB_LANG_BYTES]);

/** daf_web_text_ok: UTF-8 without control characters. */
bool daf_web_text_ok(const char *text, size_t len);

/** daf_web_url_encode: a path for a link: all but letters, digits and "-._~/" as
 * %XX; @out has room for 3 * strlen(path) + 1. */
void daf_web_url_encode(const char *path, char *out);

#endif
