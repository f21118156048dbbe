/* SPDX-License-Identifier: Apache-2.0 */
/* node/web_html.h - a page in the making.
 *
 *      DAF_WEB_PUT(h, "<a href=\"/lesson/%\">%</a>", id, title);
 *
 * The template is a literal, each '%' in it a text, escaped for where a browser
 * reads text or a quoted attribute.  There is no way to put a text that is not
 * escaped.  What grows beyond DAF_WEB_HTML_BYTES_MAX is cut off and told at the
 * end by is_full. */
#ifndef DAF_NODE_WEB_HTML_H
#define DAF_NODE_WEB_HTML_H

#include <stdbool.h>
#include <stddef.h>

#define DAF_WEB_HTML_BYTES_MAX ((size_t)2 * 1024 * 1024)

struct daf_web_html {
    char *p; /* owned; zeros to begin */
    size_t len, cap;
    bool is_full; /* or out of memory */
};

/* "" @literal "": what is no literal does not compile. */
#define DAF_WEB_PUT(h, literal, ...)                                         \
    daf_web_html_put((h), "" literal "", (const char *const[]){__VA_ARGS__}, \
                     sizeof((const char *const[]){__VA_ARGS__}) /            \
                         sizeof(const char *))
#define DAF_WEB_RAW(h, literal) daf_web_html_put((h), "" literal "", NULL, 0)

/** daf_web_html_put: by the macros.  @texts: as many as @pattern has '%'. */
void daf_web_html_put(struct daf_web_html *h, const char *pattern,
                      const char *const *texts, size_t count);
/** daf_web_html_free: zeros are fine; wipes it, since pages hold names. */
void daf_web_html_free(struct daf_web_html *h);

#endif
