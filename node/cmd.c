/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* Scores have six decimals at most; more digits would show binary dust. */
#define JSON_FLAGS (JSON_COMPACT | JSON_REAL_PRECISION(6))

const char *daf_cmd_value(const struct daf_cmd *cmd, const char *option)
{
    const struct daf_commands_option *o = cmd->command->options;

    for (size_t i = 0; o[i].name != NULL; i++)
        if (strcmp(o[i].name, option) == 0) return cmd->values[i];
    return NULL;
}

/* --- errors ------------------------------------------------------------------ */

enum daf_exit daf_cmd_exit_of(enum daf_err err)
{
    if (err == DAF_OK) return DAF_EXIT_DONE;
    if (err == DAF_EUSAGE) return DAF_EXIT_USAGE;
    if (err == DAF_EDENIED || err == DAF_EAUTHOR || err == DAF_ESCOPE)
        return DAF_EXIT_DENIED;
    if (err == DAF_EBUSY || err == DAF_ETIME || err == DAF_ERESTORED)
        return DAF_EXIT_LATER;
    return DAF_EXIT_FAILED;
}

enum daf_exit daf_cmd_fail_with(const struct daf_cmd *cmd, enum daf_err err,
                                const struct daf_trouble *t,
                                enum daf_exit exit_code, json_t *object)
{
    const char *words =
        t != NULL && t->what[0] != '\0' ? t->what : daf_err_str(err);

    if (!cmd->json) {
        (void)fprintf(stderr, "daftar: %s\n", words);
        json_decref(object);
        return exit_code;
    }
    if (object == NULL) object = json_object();
    (void)json_object_set_new(object, "error", daf_cmd_text(words));
    (void)json_object_set_new(object, "code", json_string(daf_err_name(err)));
    daf_cmd_print(object);
    return exit_code;
}

enum daf_exit daf_cmd_fail(const struct daf_cmd *cmd, enum daf_err err,
                           const struct daf_trouble *t)
{
    return daf_cmd_fail_with(cmd, err, t, daf_cmd_exit_of(err), NULL);
}

/* --- output ------------------------------------------------------------------- */

void daf_cmd_hint(const struct daf_cmd *cmd, const char *words)
{
    if (cmd->json || isatty(STDERR_FILENO) != 1) return;
    (void)fprintf(stderr, "%s\n", words);
}

void daf_cmd_print(json_t *object)
{
    char *line = object != NULL ? json_dumps(object, JSON_FLAGS) : NULL;

    /* Out of memory: nothing sensible can be said any more. */
    if (line == NULL) {
        (void)fprintf(stderr, "daftar: out of memory\n");
        exit(DAF_EXIT_FAILED); /* NOLINT(concurrency-mt-unsafe): one thread */
    }
    /* Each line on its own, so that who reads a pipe sees it at once.  A failed
     * write is found by commands.c at the end. */
    (void)printf("%s\n", line);
    (void)fflush(stdout);
    free(line);
    json_decref(object);
}

const char *daf_cmd_hex_str(const uint8_t *p, size_t len, char *out)
{
    return sodium_bin2hex(out, 2 * len + 1, p, len);
}

bool daf_cmd_begins(const char *hex, const char *digits)
{
    return strncasecmp(hex, digits, strlen(digits)) == 0;
}

json_t *daf_cmd_hex(const uint8_t *p, size_t len)
{
    char text[2 * 64 + 1];

    if (len > 64) return NULL;
    return json_string(daf_cmd_hex_str(p, len, text));
}

json_t *daf_cmd_text(const char *text)
{
    json_t *out = json_string(text);
    char *copy;

    if (out != NULL) return out;
    /* A path in another encoding, or words cut inside a letter. */
    copy = strdup(text);
    if (copy == NULL) return NULL;
    for (char *c = copy; *c != '\0'; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    out = json_string(copy);
    free(copy);
    return out;
}

/* A control character of ASCII, or of the C1 set as UTF-8 spells it. */
static bool is_control(const unsigned char *c)
{
    return *c < 0x20 || *c == 0x7f ||
           (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0);
}

int daf_cmd_put_words(FILE *to, const char *text)
{
    const unsigned char *c = (const unsigned char *)text;
    int columns = 0;

    for (; *c != '\0'; c++) {
        if (is_control(c)) {
            (void)putc('?', to);
            if (*c == 0xc2) c++;
            columns++;
            continue;
        }
        (void)putc(*c, to);
        /* Bytes that go on a letter take no column. */
        if ((*c & 0xc0) != 0x80) columns++;
    }
    return columns;
}

int daf_cmd_put_text(const char *text)
{
    return daf_cmd_put_words(stdout, text);
}

enum daf_err daf_cmd_check_name(const char *text, size_t max, const char *what,
                                struct daf_trouble *t)
{
    const unsigned char *c = (const unsigned char *)text;
    size_t len = strlen(text);
    json_t *valid;

    if (len == 0 || len > max || strspn(text, " ") == len) {
        daf_home_trouble(t, "%s must have 1 to %zu bytes of text", what, max);
        return DAF_EUSAGE;
    }
    for (size_t i = 0; i < len; i++)
        if (is_control(&c[i])) {
            daf_home_trouble(t, "%s must not hold control characters", what);
            return DAF_EUSAGE;
        }
    valid = json_string(text); /* checks UTF-8 */
    if (valid == NULL) {
        daf_home_trouble(t, "%s is not valid UTF-8", what);
        return DAF_EUSAGE;
    }
    json_decref(valid);
    return DAF_OK;
}

/* --- numbers that a person writes -------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum daf_err daf_cmd_score(const char *text, uint32_t *out,
                           struct daf_trouble *t)
{
    uint32_t value = 0, unit = DAF_SCORE_MAX;
    const char *c = text;

    if (!is_digit(*c) || is_digit(c[1])) goto refuse;
    value = (uint32_t)(*c++ - '0') * DAF_SCORE_MAX;
    if (*c == '.') {
        if (!is_digit(*++c)) goto refuse;
        for (; is_digit(*c); c++) {
            unit /= 10;
            if (unit == 0) {
                daf_home_trouble(t, "a score has at most 6 decimals");
                return DAF_EUSAGE;
            }
            value += (uint32_t)(*c - '0') * unit;
        }
    }
    if (*c != '\0' || value > DAF_SCORE_MAX) goto refuse;
    *out = value;
    return DAF_OK;
refuse:
    daf_home_trouble(t, "a score is a number from 0 to 1 with a point and at "
                        "most 6 decimals, such as 0.8");
    return DAF_EUSAGE;
}

enum daf_err daf_cmd_minutes(const char *text, uint32_t *out,
                             struct daf_trouble *t)
{
    uint64_t minutes = 0;
    size_t len = strspn(text, "0123456789");

    /* Nine digits cannot overflow; the bound is the record's (seconds, u32). */
    for (size_t i = 0; i < len && i < 9; i++)
        minutes = minutes * 10 + (uint64_t)(text[i] - '0');
    if (len == 0 || len > 9 || text[len] != '\0' || minutes * 60 > UINT32_MAX) {
        daf_home_trouble(t, "minutes are a whole number from 0 to %u",
                         UINT32_MAX / 60);
        return DAF_EUSAGE;
    }
    *out = (uint32_t)(minutes * 60);
    return DAF_OK;
}
