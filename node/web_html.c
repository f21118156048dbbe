/* SPDX-License-Identifier: Apache-2.0 */
#include "node/web_html.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

static void put_bytes(struct daf_web_html *h, const char *p, size_t len)
{
    size_t cap = h->cap > 0 ? h->cap : 4096;
    char *grown;

    if (h->is_full) return;
    while (cap - h->len < len)
        cap *= 2;
    if (cap > DAF_WEB_HTML_BYTES_MAX) {
        h->is_full = true;
        return;
    }
    if (cap != h->cap) {
        grown = realloc(h->p, cap);
        h->is_full = grown == NULL;
        if (grown == NULL) return;
        h->p = grown;
        h->cap = cap;
    }
    memcpy(h->p + h->len, p, len);
    h->len += len;
}

static const char *escape_of(char c)
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\'':
        return "&#39;";
    default:
        return NULL;
    }
}

static void put_text(struct daf_web_html *h, const char *text)
{
    while (*text != '\0') {
        size_t plain = strcspn(text, "&<>\"'");
        const char *escape;

        put_bytes(h, text, plain);
        text += plain;
        escape = escape_of(*text);
        if (escape == NULL) break;
        put_bytes(h, escape, strlen(escape));
        text++;
    }
}

void daf_web_html_put(struct daf_web_html *h, const char *pattern,
                      const char *const *texts, size_t count)
{
    size_t used = 0;

    for (;;) {
        size_t plain = strcspn(pattern, "%");

        put_bytes(h, pattern, plain);
        pattern += plain;
        if (*pattern++ == '\0') break;
        assert(used < count);
        put_text(h, texts[used++]);
    }
    assert(used == count);
}

void daf_web_html_free(struct daf_web_html *h)
{
    if (h->p != NULL) sodium_memzero(h->p, h->cap);
    free(h->p);
    *h = (struct daf_web_html){NULL, 0, 0, false};
}
