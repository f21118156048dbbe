/* SPDX-License-Identifier: Apache-2.0 */
#include "store/sidecar.h"

#include <ini.h>
#include <strings.h>

#include "proto/cursor.h"
#include "proto/pack.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const struct {
    const char *name;
    enum daf_sidecar_key key;
} keys[] = {
    /* the first name of a key is the one that we print */
    {"languages", DAF_SIDECAR_LANGUAGES},
    {"level", DAF_SIDECAR_LEVEL},
    {"subject", DAF_SIDECAR_SUBJECT},
    {"licence", DAF_SIDECAR_LICENCE},
    {"license", DAF_SIDECAR_LICENCE},
    {"alignment", DAF_SIDECAR_ALIGNMENT},
    {"author", DAF_SIDECAR_AUTHOR},
    {"publisher", DAF_SIDECAR_PUBLISHER},
    {"audience", DAF_SIDECAR_AUDIENCE},
    {"accessibility", DAF_SIDECAR_ACCESSIBILITY},
    {"age", DAF_SIDECAR_AGE},
    {"channel", DAF_SIDECAR_CHANNEL},
    {"order", DAF_SIDECAR_ORDER},
    {"preview", DAF_SIDECAR_PREVIEW},
};

/* What inih's two callbacks share. */
struct reading {
    struct daf_view rest; /* lines not read yet */
    size_t line;          /* the one being read */
    bool has_key;         /* this section has had one: a line can go on it */
    bool goes_on;         /* this line goes on the value above */
    char *value;          /* of the last key; NULL if it is not known */
    size_t value_max;
    enum daf_err err; /* the first; nothing more is read */
    struct daf_sidecar *out;
    struct daf_sidecar_trouble *trouble;
};

static void refuse(struct reading *r, enum daf_err err, size_t line,
                   const char *what)
{
    r->err = err;
    r->trouble->line = line;
    r->trouble->what = what;
}

/* ---- words */

static bool is_blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

static struct daf_view trim(struct daf_view s)
{
    while (s.len > 0 && is_blank(s.p[0])) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && is_blank(s.p[s.len - 1]))
        s.len--;
    return s;
}

static bool is_letter(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

/* RFC 5646, 2.1, less what only its registry knows: 2 to 8 letters, or an x,
 * then subtags of 1 to 8. */
bool daf_sidecar_is_tag(struct daf_view text)
{
    size_t len = 0; /* of the subtag that is being read */
    bool is_first = true;

    if (text.len > DAF_SIDECAR_TAG_BYTES_MAX) return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.p[i];

        if (c == '-') {
            bool is_private =
                len == 1 && (text.p[0] == 'x' || text.p[0] == 'X');

            if (len == 0 || (is_first && len == 1 && !is_private)) return false;
            is_first = false;
            len = 0;
        } else if (++len > 8 || !(is_letter(c) || (is_digit(c) && !is_first))) {
            return false;
        }
    }
    /* A subtag of one character opens something, so it is not the last. */
    return len >= 2;
}

const char *daf_sidecar_key_str(enum daf_sidecar_key key)
{
    for (size_t i = 0; i < COUNT(keys); i++)
        if (keys[i].key == key) return keys[i].name;
    return "";
}

/* ---- lines, before inih sees them */

/* UTF-8 without NUL, asked of the one place that knows (R1). */
static bool is_utf8(struct daf_view s)
{
    uint8_t room[DAF_SIDECAR_LINE_BYTES_MAX + 8];
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_pack_str(&k, (const char *)s.p, s.len);
    return daf_cursor_check(daf_pack_view(&k), NULL) == DAF_OK;
}

/* Of ASCII, or of the C1 set as UTF-8 spells it; a tab is a blank. */
static bool has_control(struct daf_view s)
{
    for (size_t i = 0; i < s.len; i++) {
        uint8_t c = s.p[i];

        if ((c < 0x20 && c != '\t') || c == 0x7f) return true;
        if (c == 0xc2 && i + 1 < s.len && s.p[i + 1] < 0xa0) return true;
    }
    return false;
}

/* A comment to inih, or to an older one not; to a person maybe not at all. */
static bool has_comment(struct daf_view s)
{
    for (size_t i = 1; i < s.len; i++)
        if (s.p[i] == ';' && is_blank(s.p[i - 1])) return true;
    return false;
}

/* "ar = …" or "[content]": somebody indented what does not go on. */
static bool looks_new(struct daf_view s)
{
    const uint8_t *equals = memchr(s.p, '=', s.len);
    struct daf_view name;

    if (s.p[0] == '[' && s.p[s.len - 1] == ']') return true;
    if (equals == NULL) return false;
    name = trim((struct daf_view){s.p, (size_t)(equals - s.p)});
    for (size_t i = 0; i < name.len; i++)
        if (!is_letter(name.p[i]) && !is_digit(name.p[i]) && name.p[i] != '-')
            return false;
    return true;
}

static void check_section(struct reading *r, struct daf_view s)
{
    const uint8_t *end = memchr(s.p, ']', s.len);

    r->has_key = false;
    if (end != s.p + s.len - 1)
        refuse(r, DAF_EFORM, r->line,
               "a line that opens with [ names a section; it must end with ]");
    else if (s.len - 2 > DAF_SIDECAR_NAME_BYTES_MAX)
        refuse(r, DAF_ELIMIT, r->line,
               "the section's name is longer than 49 bytes; shorten it");
}

/* What inih would cut, or read in its own way, is refused in words. */
static void check_line(struct reading *r, struct daf_view line)
{
    struct daf_view s = trim(line);

    r->goes_on = false;
    if (!is_utf8(line)) {
        refuse(r, DAF_EFORM, r->line,
               "the line is not UTF-8 text; save the file as UTF-8");
    } else if (has_control(line)) {
        refuse(r, DAF_EFORM, r->line,
               "the line holds a control character; remove it");
    } else if (s.len == 0 || s.p[0] == ';' || s.p[0] == '#') {
        return;
    } else if (has_comment(s)) {
        refuse(r, DAF_EFORM, r->line,
               "a ; after a blank would begin a comment and lose what follows; "
               "give a comment a line of its own, or take the blank away");
    } else if (is_blank(line.p[0]) && r->has_key) {
        r->goes_on = true;
        if (looks_new(s))
            refuse(r, DAF_EFORM, r->line,
                   "the line begins with a blank, so it goes on with the value "
                   "above, but it looks like a new key or section; take the "
                   "blank away, or break the text at another word");
    } else if (s.p[0] == '[') {
        check_section(r, s);
    }
}

/* Cuts one line off what is left, without its end. */
static struct daf_view next_line(struct reading *r)
{
    const uint8_t *end = memchr(r->rest.p, '\n', r->rest.len);
    struct daf_view line = r->rest;

    if (end != NULL) line.len = (size_t)(end - line.p);
    r->rest.p += line.len + (end != NULL);
    r->rest.len -= line.len + (end != NULL);
    if (line.len > 0 && line.p[line.len - 1] == '\r') line.len--;
    r->line++;
    return line;
}

/* As fgets: inih asks for each line with the room that it has. */
static char *read_line(char *to, int room, void *stream)
{
    struct reading *r = stream;
    struct daf_view line;

    if (r->err != DAF_OK || r->rest.len == 0) return NULL;
    line = next_line(r);
    if (line.len > DAF_SIDECAR_LINE_BYTES_MAX || room < 2 ||
        line.len > (size_t)room - 2) {
        refuse(r, DAF_ELIMIT, r->line,
               "the line is longer than 197 bytes; go on in the next line, "
               "which then begins with a blank");
        return NULL;
    }
    check_line(r, line);
    if (r->err != DAF_OK) return NULL;
    memcpy(to, line.p, line.len);
    memcpy(to + line.len, "\n", 2);
    return to;
}

/* ---- keys and values, from inih */

static void warn(struct reading *r, const char *section, const char *name)
{
    struct daf_sidecar *out = r->out;

    if (out->warnings_count < DAF_SIDECAR_WARNINGS_MAX) {
        struct daf_sidecar_warning *w = &out->warnings[out->warnings_count];

        w->line = r->line;
        memcpy(w->section, section, strlen(section) + 1);
        memcpy(w->name, name, strlen(name) + 1);
    }
    out->warnings_count++;
}

/* A key of [title] or [description]. */
static void begin_text(struct reading *r, struct daf_sidecar_text *texts,
                       size_t *count, size_t max, const char *tag)
{
    struct daf_sidecar_text *t = &texts[*count];

    if (!daf_sidecar_is_tag(
            (struct daf_view){(const uint8_t *)tag, strlen(tag)})) {
        refuse(r, DAF_EFORM, r->line,
               "the key is not a language tag; use one such as en, ar or "
               "ckb-Arab");
        return;
    }
    for (size_t i = 0; i < *count; i++)
        if (strcasecmp(texts[i].tag, tag) == 0) {
            refuse(r, DAF_EEXISTS, r->line,
                   "this language was there already; keep one of the two");
            return;
        }
    if (*count == DAF_SIDECAR_LANGUAGES_MAX) {
        refuse(r, DAF_ELIMIT, r->line,
               "there are more than 16 languages; leave some out");
        return;
    }
    memcpy(t->tag, tag, strlen(tag) + 1);
    t->line = r->line;
    (*count)++;
    r->value = t->text;
    r->value_max = max;
}

/* A key of [content]. */
static void begin_value(struct reading *r, const char *name)
{
    struct daf_sidecar *out = r->out;
    size_t i = 0;

    while (i < COUNT(keys) && strcmp(keys[i].name, name) != 0)
        i++;
    if (i == COUNT(keys)) {
        warn(r, "content", name);
    } else if (out->lines[keys[i].key] != 0) {
        refuse(r, DAF_EEXISTS, r->line,
               "this key was there already; keep one of the two");
    } else {
        out->lines[keys[i].key] = r->line;
        r->value = out->values[keys[i].key];
        r->value_max = DAF_SIDECAR_VALUE_BYTES_MAX;
    }
}

static void begin(struct reading *r, const char *section, const char *name)
{
    struct daf_sidecar *out = r->out;

    r->has_key = true;
    r->value = NULL;
    if (section[0] == '\0')
        refuse(r, DAF_EFORM, r->line,
               "the key is in no section; put [title], [description] or "
               "[content] on a line above it");
    else if (name[0] == '\0')
        refuse(r, DAF_EFORM, r->line,
               "there is nothing before the =; write the key there");
    else if (strlen(name) > DAF_SIDECAR_NAME_BYTES_MAX)
        refuse(r, DAF_ELIMIT, r->line,
               "the key is longer than 49 bytes; shorten it");
    else if (strcmp(section, "title") == 0)
        begin_text(r, out->titles, &out->titles_count,
                   DAF_SIDECAR_TITLE_BYTES_MAX, name);
    else if (strcmp(section, "description") == 0)
        begin_text(r, out->descriptions, &out->descriptions_count,
                   DAF_SIDECAR_DESCRIPTION_BYTES_MAX, name);
    else if (strcmp(section, "content") == 0)
        begin_value(r, name);
    else
        warn(r, section, name);
}

/* Lines of one value are joined by one blank. */
static void add(struct reading *r, const char *text)
{
    size_t len = strlen(text);
    size_t at;

    if (r->value == NULL || len == 0) return;
    at = strlen(r->value);
    if (at + (at > 0) + len > r->value_max) {
        refuse(r, DAF_ELIMIT, r->line,
               "the value is too long (a description 1000 bytes, all else "
               "200); shorten it");
        return;
    }
    if (at > 0) r->value[at++] = ' ';
    memcpy(r->value + at, text, len + 1);
}

static int take(void *user, const char *section, const char *name,
                const char *value)
{
    struct reading *r = user;

    if (!r->goes_on) begin(r, section, name);
    if (r->err == DAF_OK) add(r, value);
    return r->err == DAF_OK;
}

/* ---- the whole */

static void read_all(struct reading *r)
{
    int line;

    /* inih wants lines; nothing is one of them. */
    if (r->rest.len == 0) return;
    line = ini_parse_stream(read_line, r, take, r);
    if (line < 0)
        refuse(r, DAF_ENOMEM, 0, "there is no memory left; try again later");
    else if (line > 0 && (r->err == DAF_OK || (size_t)line < r->trouble->line))
        refuse(r, DAF_EFORM, (size_t)line,
               "the line has no =, so it says nothing; write key = value");
}

static void need_text(struct reading *r, const struct daf_sidecar_text *texts,
                      size_t count)
{
    for (size_t i = 0; i < count && r->err == DAF_OK; i++)
        if (texts[i].text[0] == '\0')
            refuse(r, DAF_ENOTFOUND, texts[i].line,
                   "there is nothing after the =; write the text there, or "
                   "take the line away");
}

/* "en, ar" into tags. */
static void split_languages(struct reading *r)
{
    struct daf_sidecar *out = r->out;
    const char *at = out->values[DAF_SIDECAR_LANGUAGES];
    size_t line = out->lines[DAF_SIDECAR_LANGUAGES];

    while (line != 0) {
        size_t len = strcspn(at, ",");
        struct daf_view tag = trim((struct daf_view){(const uint8_t *)at, len});

        if (!daf_sidecar_is_tag(tag)) {
            refuse(r, DAF_EFORM, line,
                   "languages must be language tags with commas between, such "
                   "as: en, ar");
            return;
        }
        if (out->tags_count == DAF_SIDECAR_LANGUAGES_MAX) {
            refuse(r, DAF_ELIMIT, line,
                   "there are more than 16 languages; leave some out");
            return;
        }
        memcpy(out->tags[out->tags_count], tag.p, tag.len);
        for (size_t i = 0; i < out->tags_count; i++)
            if (strcasecmp(out->tags[i], out->tags[out->tags_count]) == 0) {
                refuse(r, DAF_EEXISTS, line,
                       "a language is listed twice; keep one of the two");
                return;
            }
        out->tags_count++;
        if (at[len] == '\0') return;
        at += len + 1;
    }
}

static void check_order(struct reading *r)
{
    const char *order = r->out->values[DAF_SIDECAR_ORDER];
    size_t len = strlen(order);

    if (len > 9 || strspn(order, "0123456789") != len)
        refuse(r, DAF_EFORM, r->out->lines[DAF_SIDECAR_ORDER],
               "order must be a number of at most 9 digits, such as: 12");
}

static void check_preview(struct reading *r)
{
    const char *name = r->out->values[DAF_SIDECAR_PREVIEW];

    if (name[0] == '.' || strchr(name, '/') != NULL)
        refuse(r, DAF_EFORM, r->out->lines[DAF_SIDECAR_PREVIEW],
               "preview must name a picture in the sidecar's own folder, such "
               "as: cover.webp");
}

static void check_all(struct reading *r)
{
    struct daf_sidecar *out = r->out;

    need_text(r, out->titles, out->titles_count);
    if (r->err == DAF_OK)
        need_text(r, out->descriptions, out->descriptions_count);
    for (size_t i = 0; i < DAF_SIDECAR_KEYS && r->err == DAF_OK; i++)
        if (out->lines[i] != 0 && out->values[i][0] == '\0')
            refuse(r, DAF_ENOTFOUND, out->lines[i],
                   "there is nothing after the =; write the value there, or "
                   "take the line away");
    if (r->err == DAF_OK) split_languages(r);
    if (r->err == DAF_OK) check_order(r);
    if (r->err == DAF_OK) check_preview(r);
    if (r->err == DAF_OK && out->titles_count == 0)
        refuse(r, DAF_ENOTFOUND, 0,
               "there is no title, so nobody could find this; write [title] "
               "and under it a line such as: en = Letters");
}

enum daf_err daf_sidecar_parse(struct daf_view bytes, struct daf_sidecar *out,
                               struct daf_sidecar_trouble *trouble)
{
    static const uint8_t mark[] = {0xef, 0xbb, 0xbf}; /* some editors' */
    struct reading r = {.rest = bytes, .out = out, .trouble = trouble};

    memset(out, 0, sizeof(*out));
    memset(trouble, 0, sizeof(*trouble));
    if (bytes.len >= sizeof(mark) && memcmp(bytes.p, mark, sizeof(mark)) == 0) {
        r.rest.p += sizeof(mark);
        r.rest.len -= sizeof(mark);
    }
    if (bytes.len > DAF_SIDECAR_BYTES_MAX)
        refuse(&r, DAF_ELIMIT, 0,
               "the file is longer than 64 KiB; say less, or it is another "
               "kind of file");
    else
        read_all(&r);
    if (r.err == DAF_OK) check_all(&r);
    if (r.err != DAF_OK) memset(out, 0, sizeof(*out));
    return r.err;
}
