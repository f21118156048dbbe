/* SPDX-License-Identifier: Apache-2.0 */

/* What parses is text within its limits, and printed again in another way it
 * says the same. */

#include "tests/fuzz/fuzz.h"

#include "proto/cursor.h"
#include "proto/pack.h"
#include "store/sidecar.h"

#include <assert.h>
#include <stdlib.h>

#define LINE_MAX_BYTES 2048 /* a tag or key, and the longest value */

static struct daf_sidecar once, again;
static struct text {
    size_t len;
    char bytes[DAF_SIDECAR_BYTES_MAX];
} first, second;

static void check_text(const char *text, size_t max)
{
    uint8_t room[LINE_MAX_BYTES];
    size_t len = strlen(text);
    struct daf_pack k;

    assert(len <= max);
    daf_pack_init(&k, room, sizeof(room));
    daf_pack_str(&k, text, len);
    assert(!k.is_full);
    assert(daf_cursor_check(daf_pack_view(&k), NULL) == DAF_OK);
    for (size_t i = 0; i < len; i++)
        assert((unsigned char)text[i] >= 0x20 || text[i] == '\t');
}

static void check_tag(const char *tag)
{
    assert(daf_sidecar_is_tag(
        (struct daf_view){(const uint8_t *)tag, strlen(tag)}));
}

static void check_texts(const struct daf_sidecar_text *texts, size_t count,
                        size_t max)
{
    assert(count <= DAF_SIDECAR_LANGUAGES_MAX);
    for (size_t i = 0; i < count; i++) {
        check_tag(texts[i].tag);
        check_text(texts[i].text, max);
        assert(texts[i].text[0] != '\0' && texts[i].line >= 1);
    }
}

static void check(const struct daf_sidecar *s)
{
    size_t kept = s->warnings_count;

    assert(s->titles_count >= 1);
    check_texts(s->titles, s->titles_count, DAF_SIDECAR_TITLE_BYTES_MAX);
    check_texts(s->descriptions, s->descriptions_count,
                DAF_SIDECAR_DESCRIPTION_BYTES_MAX);
    for (size_t i = 0; i < DAF_SIDECAR_KEYS; i++) {
        check_text(s->values[i], DAF_SIDECAR_VALUE_BYTES_MAX);
        assert((s->values[i][0] != '\0') == (s->lines[i] != 0));
    }
    assert(s->tags_count <= DAF_SIDECAR_LANGUAGES_MAX);
    assert((s->tags_count > 0) == (s->lines[DAF_SIDECAR_LANGUAGES] != 0));
    for (size_t i = 0; i < s->tags_count; i++)
        check_tag(s->tags[i]);
    if (kept > DAF_SIDECAR_WARNINGS_MAX) kept = DAF_SIDECAR_WARNINGS_MAX;
    for (size_t i = 0; i < kept; i++) {
        check_text(s->warnings[i].section, DAF_SIDECAR_NAME_BYTES_MAX);
        check_text(s->warnings[i].name, DAF_SIDECAR_NAME_BYTES_MAX);
        assert(s->warnings[i].name[0] != '\0');
    }
}

/* ---- printing */

static void put(struct text *to, const char *text)
{
    for (; *text != '\0'; text++) {
        assert(to->len < sizeof(to->bytes));
        to->bytes[to->len++] = *text;
    }
}

/* One value on one line; false if no line is that long. */
static bool put_value(struct text *to, const char *name, const char *value)
{
    put(to, name);
    put(to, "=");
    put(to, value);
    put(to, "\n");
    return strlen(name) + 1 + strlen(value) <= DAF_SIDECAR_LINE_BYTES_MAX;
}

static bool print(const struct daf_sidecar *s, struct text *to)
{
    bool fits = true;

    to->len = 0;
    put(to, "[content]\n");
    for (size_t i = 0; i < DAF_SIDECAR_KEYS; i++)
        if (s->lines[i] != 0 &&
            !put_value(to, daf_sidecar_key_str((enum daf_sidecar_key)i),
                       s->values[i]))
            fits = false;
    put(to, "[description]\n");
    for (size_t i = 0; i < s->descriptions_count; i++)
        if (!put_value(to, s->descriptions[i].tag, s->descriptions[i].text))
            fits = false;
    put(to, "[title]\n");
    for (size_t i = 0; i < s->titles_count; i++)
        if (!put_value(to, s->titles[i].tag, s->titles[i].text)) fits = false;
    return fits;
}

/* Read again it prints the same: all but places, and what was not known. */
static void print_and_read(void)
{
    struct daf_sidecar_trouble trouble;
    struct daf_view bytes;
    enum daf_err err;

    if (!print(&once, &first)) return;
    bytes = (struct daf_view){(const uint8_t *)first.bytes, first.len};
    err = daf_sidecar_parse(bytes, &again, &trouble);
    assert(err == DAF_OK);
    check(&again);
    assert(again.warnings_count == 0 && again.tags_count == once.tags_count);
    assert(print(&again, &second));
    assert(first.len == second.len);
    assert(memcmp(first.bytes, second.bytes, first.len) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_sidecar_trouble trouble;
    size_t lines = 1;

    for (size_t i = 0; i < size; i++)
        lines += data[i] == '\n';
    if (daf_sidecar_parse((struct daf_view){data, size}, &once, &trouble) !=
        DAF_OK) {
        assert(trouble.what != NULL && trouble.line <= lines);
        return 0;
    }
    assert(size <= DAF_SIDECAR_BYTES_MAX);
    check(&once);
    print_and_read();
    return 0;
}
