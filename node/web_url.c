/* SPDX-License-Identifier: Apache-2.0 */
#include "node/web_url.h"

#include <string.h>
#include <strings.h>

/* ---- text */

/* The bytes of the character at @p, of which @left are there; 0: no UTF-8. */
static size_t character(const unsigned char *p, size_t left)
{
    static const unsigned least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t len = p[0] < 0x80   ? 1
                 : p[0] < 0xc2 ? 0
                 : p[0] < 0xe0 ? 2
                 : p[0] < 0xf0 ? 3
                 : p[0] < 0xf5 ? 4
                               : 0;
    unsigned code = len < 2 ? p[0] : p[0] & (0x7fU >> len);

    if (len == 0 || len > left) return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
        code = code << 6 | (p[i] & 0x3f);
    }
    if (code < least[len] || code > 0x10ffff) return 0;
    return code >= 0xd800 && code < 0xe000 ? 0 : len;
}

bool daf_web_text_ok(const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text;

    while (len > 0) {
        size_t n = character(p, len);

        /* C1 as well: U+0080 to U+009F are c2 80 to c2 9f. */
        if (n == 0 || p[0] < ' ' || p[0] == 127 ||
            (p[0] == 0xc2 && p[1] < 0xa0))
            return false;
        p += n;
        len -= n;
    }
    return true;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Decodes @len bytes; what comes out is never longer.  Returns its end; NULL: a
 * '%' that is none.  @plus: '+' is a blank. */
static char *decode(const char *text, size_t len, bool plus, char *out)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];

        if (c == '%') {
            int high = i + 2 < len ? hex(text[i + 1]) : -1;
            int low = i + 2 < len ? hex(text[i + 2]) : -1;

            if (high < 0 || low < 0) return NULL;
            c = (char)(high << 4 | low);
            i += 2;
        } else if (plus && c == '+') {
            c = ' ';
        }
        *out++ = c;
    }
    return out;
}

/* ---- paths */

static bool is_name(const char *name, size_t len)
{
    if (len == 1 && name[0] == '.') return false;
    return len != 2 || name[0] != '.' || name[1] != '.';
}

bool daf_web_path(const char *target, char out[DAF_WEB_PATH_BYTES])
{
    size_t len = strcspn(target, "?");
    char *end;

    if (target[0] != '/' || len >= DAF_WEB_PATH_BYTES) return false;
    end = decode(target, len, false, out);
    if (end == NULL || !daf_web_text_ok(out, (size_t)(end - out)) ||
        memchr(out, '\\', (size_t)(end - out)) != NULL)
        return false;
    *end = '\0';
    for (const char *name = out + 1; *name != '\0';) {
        size_t n = strcspn(name, "/");

        if (n == 0 || !is_name(name, n)) return false;
        name += n;
        if (*name == '/') name++;
    }
    return true;
}

const char *daf_web_query(const char *target)
{
    const char *mark = strchr(target, '?');

    return mark != NULL ? mark + 1 : "";
}

void daf_web_url_encode(const char *path, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/";

    for (; *path != '\0'; path++) {
        unsigned char c = (unsigned char)*path;

        if (strchr(plain, c) != NULL) {
            *out++ = (char)c;
            continue;
        }
        *out++ = '%';
        *out++ = digits[c >> 4];
        *out++ = digits[c & 15];
    }
    *out = '\0';
}

/* ---- forms */

static bool add_field(struct daf_web_form *f, const char *text, size_t len,
                      char **room)
{
    const char *equals = memchr(text, '=', len);
    size_t name_len = equals != NULL ? (size_t)(equals - text) : len;
    size_t value_len = equals != NULL ? len - name_len - 1 : 0;
    char *name = *room, *value, *end;

    end = decode(text, name_len, true, name);
    if (end == NULL || !daf_web_text_ok(name, (size_t)(end - name)))
        return false;
    *end = '\0';
    /* "a" alone would need a byte more than it has: its NUL is the value. */
    value = equals != NULL ? end + 1 : end;
    end = decode(equals != NULL ? equals + 1 : "", value_len, true, value);
    if (end == NULL || !daf_web_text_ok(value, (size_t)(end - value)))
        return false;
    *end = '\0';
    if (f->count == DAF_WEB_FIELDS_MAX || daf_web_field(f, name) != NULL)
        return false;
    f->fields[f->count].name = name;
    f->fields[f->count].value = value;
    f->count++;
    *room = end + 1;
    return true;
}

bool daf_web_form(const char *text, size_t len, char *room,
                  struct daf_web_form *out)
{
    const char *end = text + len;

    out->count = 0;
    while (text < end) {
        const char *mark = memchr(text, '&', (size_t)(end - text));
        const char *stop = mark != NULL ? mark : end;

        if (stop > text &&
            !add_field(out, text, (size_t)(stop - text), &room)) {
            out->count = 0;
            return false;
        }
        text = mark != NULL ? mark + 1 : end;
    }
    return true;
}

const char *daf_web_field(const struct daf_web_form *f, const char *name)
{
    for (size_t i = 0; i < f->count; i++)
        if (strcmp(f->fields[i].name, name) == 0) return f->fields[i].value;
    return NULL;
}

/* ---- cookies */

bool daf_web_cookie(const char *header, const char *name, char *out, size_t cap)
{
    size_t name_len = strlen(name);
    const char *at = header != NULL ? header : "";

    while (*at != '\0') {
        size_t len;

        at += strspn(at, " ;");
        len = strcspn(at, ";");
        if (len > name_len && strncmp(at, name, name_len) == 0 &&
            at[name_len] == '=') {
            len -= name_len + 1;
            if (len >= cap) return false;
            memcpy(out, at + name_len + 1, len);
            out[len] = '\0';
            return true;
        }
        at += len;
    }
    return false;
}

/* ---- languages */

bool daf_web_lang_ok(const char *tag)
{
    size_t len = strlen(tag);

    if (len == 0 || len >= DAF_WEB_LANG_BYTES) return false;
    for (size_t i = 0; i < len; i++) {
        char c = (char)(tag[i] | 0x20);
        bool is_letter = c >= 'a' && c <= 'z';

        if (is_letter) continue;
        if (i == 0 || (tag[i] != '-' && (tag[i] < '0' || tag[i] > '9')))
            return false;
    }
    return true;
}

/* ";q=0.7" as 700; 1000 if there is none or it is none. */
static unsigned weight(const char *text, size_t len)
{
    unsigned value = 0, scale = 1000;
    size_t at = 0;

    while (at + 2 <= len && strncmp(text + at, "q=", 2) != 0)
        at++;
    if (at + 2 >= len || text[at + 2] != '0') return 1000;
    for (at += 4; at < len && text[at] >= '0' && text[at] <= '9' && scale > 1;
         at++) {
        scale /= 10;
        value += scale * (unsigned)(text[at] - '0');
    }
    return value;
}

struct langs {
    char (*out)[DAF_WEB_LANG_BYTES];
    unsigned weights[DAF_WEB_LANGS_MAX];
    size_t count;
};

/* The heavier first; of equals the earlier. */
static void enter(struct langs *l, const char *tag, unsigned w)
{
    size_t at = l->count;

    while (at > 0 && l->weights[at - 1] < w)
        at--;
    if (at == DAF_WEB_LANGS_MAX) return;
    if (l->count < DAF_WEB_LANGS_MAX) l->count++;
    for (size_t i = l->count - 1; i > at; i--) {
        memcpy(l->out[i], l->out[i - 1], DAF_WEB_LANG_BYTES);
        l->weights[i] = l->weights[i - 1];
    }
    memcpy(l->out[at], tag, strlen(tag) + 1);
    l->weights[at] = w;
}

size_t daf_web_langs(const char *header,
                     char out[DAF_WEB_LANGS_MAX][DAF_WEB_LANG_BYTES])
{
    struct langs l = {.out = out};
    const char *at = header != NULL ? header : "";

    for (unsigned i = 0; *at != '\0' && i < 32; i++) {
        char tag[DAF_WEB_LANG_BYTES];
        size_t len, all;
        unsigned w;

        at += strspn(at, " ,");
        all = strcspn(at, ",");
        len = strcspn(at, ",; ");
        w = weight(at + len, all - len);
        if (len > 0 && len < sizeof(tag) && w > 0) {
            memcpy(tag, at, len);
            tag[len] = '\0';
            if (daf_web_lang_ok(tag)) enter(&l, tag, w);
        }
        at += all;
    }
    return l.count;
}
