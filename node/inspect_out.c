/* SPDX-License-Identifier: Apache-2.0 */
#include "node/inspect_impl.h"

#include <inttypes.h>

/* Before each key, and before each item that follows no key. */
static void separate(struct daf_inspect_out *o)
{
    if (!o->after_key && o->has_items) (void)fputc(',', o->f);
    o->after_key = false;
    o->has_items = true;
}

void daf_inspect_open(struct daf_inspect_out *o, char bracket)
{
    separate(o);
    (void)fputc(bracket, o->f);
    o->has_items = false;
}

void daf_inspect_close(struct daf_inspect_out *o, char bracket)
{
    (void)fputc(bracket, o->f);
    o->has_items = true;
}

void daf_inspect_str(struct daf_inspect_out *o, struct daf_view text)
{
    separate(o);
    (void)fputc('"', o->f);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.p[i];

        /* DEL and the C1 controls (c2 80..9f) steer terminals too. */
        if (c == 0xc2 && i + 1 < text.len && text.p[i + 1] < 0xa0)
            (void)fprintf(o->f, "\\u%04x", (unsigned)text.p[++i]);
        else if (c < 0x20 || c == 0x7f)
            (void)fprintf(o->f, "\\u%04x", (unsigned)c);
        else if (c == '"' || c == '\\')
            (void)fprintf(o->f, "\\%c", c);
        else
            (void)fputc(c, o->f);
    }
    (void)fputc('"', o->f);
}

static struct daf_view view_of(const char *text)
{
    return (struct daf_view){(const uint8_t *)text, strlen(text)};
}

void daf_inspect_key(struct daf_inspect_out *o, const char *key)
{
    daf_inspect_str(o, view_of(key));
    (void)fputc(':', o->f);
    o->after_key = true;
}

void daf_inspect_null(struct daf_inspect_out *o)
{
    separate(o);
    (void)fputs("null", o->f);
}

void daf_inspect_bool(struct daf_inspect_out *o, bool v)
{
    separate(o);
    (void)fputs(v ? "true" : "false", o->f);
}

void daf_inspect_uint(struct daf_inspect_out *o, uint64_t v)
{
    separate(o);
    (void)fprintf(o->f, "%" PRIu64, v);
}

void daf_inspect_hex(struct daf_inspect_out *o, const uint8_t *p, size_t len)
{
    static const char digits[] = "0123456789abcdef";

    separate(o);
    (void)fputc('"', o->f);
    for (size_t i = 0; i < len; i++) {
        (void)fputc(digits[p[i] >> 4], o->f);
        (void)fputc(digits[p[i] & 15], o->f);
    }
    (void)fputc('"', o->f);
}

void daf_inspect_put_bool(struct daf_inspect_out *o, const char *key, bool v)
{
    daf_inspect_key(o, key);
    daf_inspect_bool(o, v);
}

void daf_inspect_put_uint(struct daf_inspect_out *o, const char *key,
                          uint64_t v)
{
    daf_inspect_key(o, key);
    daf_inspect_uint(o, v);
}

void daf_inspect_put_text(struct daf_inspect_out *o, const char *key,
                          const char *text)
{
    daf_inspect_key(o, key);
    daf_inspect_str(o, view_of(text));
}

void daf_inspect_put_hex(struct daf_inspect_out *o, const char *key,
                         const uint8_t *p, size_t len)
{
    daf_inspect_key(o, key);
    daf_inspect_hex(o, p, len);
}

/* --- msgpack as it is ------------------------------------------------------------ */

static void show_int(struct daf_inspect_out *o, struct daf_cursor *c)
{
    int64_t v = daf_cursor_int(c);

    separate(o);
    (void)fprintf(o->f, "%" PRId64, v);
}

static void show_bin(struct daf_inspect_out *o, struct daf_cursor *c)
{
    struct daf_view v = daf_cursor_bin(c, SIZE_MAX);

    daf_inspect_hex(o, v.p, v.len);
}

static void show_list(struct daf_inspect_out *o, struct daf_cursor *c)
{
    size_t count = daf_cursor_array(c, SIZE_MAX);

    daf_inspect_open(o, '[');
    for (size_t i = 0; i < count && daf_cursor_ok(c); i++)
        daf_inspect_value(o, c);
    daf_inspect_close(o, ']');
}

static void show_map(struct daf_inspect_out *o, struct daf_cursor *c)
{
    struct daf_view prev = {NULL, 0};
    size_t count = daf_cursor_map(c, SIZE_MAX);

    daf_inspect_open(o, '{');
    for (size_t i = 0; i < count && daf_cursor_ok(c); i++) {
        daf_inspect_str(o, daf_cursor_key(c, &prev));
        (void)fputc(':', o->f);
        o->after_key = true;
        daf_inspect_value(o, c);
    }
    daf_inspect_close(o, '}');
}

/* Not deeper than DAF_DEPTH_MAX: the cursor refused that before. */
void daf_inspect_value(struct daf_inspect_out *o, struct daf_cursor *c)
{
    switch (daf_cursor_peek(c)) {
    case DAF_KIND_NONE:
    case DAF_KIND_NIL:
        daf_cursor_nil(c);
        daf_inspect_null(o);
        return;
    case DAF_KIND_BOOL:
        daf_inspect_bool(o, daf_cursor_bool(c));
        return;
    case DAF_KIND_UINT:
        daf_inspect_uint(o, daf_cursor_uint(c, UINT64_MAX));
        return;
    case DAF_KIND_INT:
        show_int(o, c);
        return;
    case DAF_KIND_STR:
        daf_inspect_str(o, daf_cursor_str(c, SIZE_MAX));
        return;
    case DAF_KIND_BIN:
        show_bin(o, c);
        return;
    case DAF_KIND_ARRAY:
        show_list(o, c);
        return;
    case DAF_KIND_MAP:
        show_map(o, c);
        return;
    }
}
