/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES_MAX  16384 /* longest names, every letter as \uXXXX */
#define BAR_WIDTH       40
#define BAR_EVERY_COUNT 64

struct batch {
    const struct daf_cmd *cmd;
    FILE *file;
    off_t file_len; /* 0: not known */
    off_t read_len;
    bool has_bar;
    uint64_t line; /* of the line read last, from 1 */
    uint64_t kept; /* durable */
    uint64_t registered;
    uint64_t kept_line; /* of the last durable one */
    uint64_t failed;    /* lines that were not written; each is said */
    bool lost;          /* the daemon went: some lines were not answered */
    enum daf_err err;   /* of the first */
};

static void draw_bar(const struct batch *b, bool is_end)
{
    int filled = 0;

    if (!b->has_bar || (!is_end && b->kept % BAR_EVERY_COUNT != 0)) return;
    if (b->file_len > 0) filled = (int)(b->read_len * BAR_WIDTH / b->file_len);
    if (is_end && b->err == DAF_OK) filled = BAR_WIDTH;
    (void)fprintf(stderr, "\r[");
    for (int i = 0; i < BAR_WIDTH; i++)
        (void)fputc(i < filled ? '#' : ' ', stderr);
    (void)fprintf(stderr, "] %llu records%s", (unsigned long long)b->kept,
                  is_end ? "\n" : "");
}

/* Said at once, line by line: writes under way behind a refused one go on. */
static void refuse_line(struct batch *b, uint64_t line, enum daf_err err,
                        const struct daf_trouble *why)
{
    struct daf_trouble t;

    daf_home_trouble(&t, "line %llu was not written: %.400s",
                     (unsigned long long)line,
                     why->what[0] != '\0' ? why->what : daf_err_str(err));
    (void)daf_cmd_fail_with(b->cmd, err, &t, DAF_EXIT_FAILED,
                            json_pack("{s:I}", "line", (json_int_t)line));
    b->failed++;
    if (b->err == DAF_OK) b->err = err;
}

static void on_wrote(void *ctx, const struct daf_wrote *wrote,
                     const struct daf_trouble *t)
{
    struct batch *b = ctx;

    if (wrote->err != DAF_OK) {
        refuse_line(b, wrote->ticket, wrote->err, t);
        return;
    }
    b->kept++;
    b->kept_line = wrote->ticket;
    if (wrote->registered) b->registered++;
    if (b->cmd->json) daf_cmd_print_record(b->cmd, wrote);
    draw_bar(b, false);
}

/* --- a line ------------------------------------------------------------------------ */

/* A number with at most six decimals is the double nearest to what six decimals
 * say; any other number is not. */
static enum daf_err read_score(const json_t *value, uint32_t *out,
                               struct daf_trouble *t)
{
    char text[64];
    double number;

    if (json_is_string(value))
        return daf_cmd_score(json_string_value(value), out, t);
    number = json_number_value(value);
    if (!json_is_number(value) || !(number >= 0.0 && number <= 1.0))
        return daf_cmd_score("", out, t);
    (void)snprintf(text, sizeof(text), "%.6f", number);
    if (strtod(text, NULL) < number || strtod(text, NULL) > number) {
        daf_home_trouble(t, "a score has at most 6 decimals");
        return DAF_EUSAGE;
    }
    return daf_cmd_score(text, out, t);
}

static enum daf_err read_minutes(const json_t *value, uint32_t *out,
                                 struct daf_trouble *t)
{
    char text[32];

    if (!json_is_integer(value)) return daf_cmd_minutes("", out, t);
    (void)snprintf(text, sizeof(text), "%lld",
                   (long long)json_integer_value(value));
    return daf_cmd_minutes(text, out, t);
}

static enum daf_err read_name(const json_t *value, size_t max, const char *what,
                              struct daf_view *out, struct daf_trouble *t)
{
    const char *text = json_string_value(value);

    /* Not JSON's \u0000 either: a name behind it would be lost. */
    if (text == NULL || strlen(text) != json_string_length(value))
        return daf_cmd_check_name("", max, what, t);
    *out = (struct daf_view){(const uint8_t *)text, strlen(text)};
    return daf_cmd_check_name(text, max, what, t);
}

static enum daf_err check_keys(json_t *object, struct daf_trouble *t)
{
    static const char *const known[] = {"learner", "item", "score", "minutes"};
    size_t count = 0;

    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
        if (json_object_get(object, known[i]) != NULL) count++;
    if (count == json_object_size(object)) return DAF_OK;
    daf_home_trouble(t, "it has a key other than learner, item, score and "
                        "minutes");
    return DAF_EUSAGE;
}

/* Views point into @object. */
static enum daf_err read_object(json_t *object, struct daf_write *write,
                                struct daf_did *did, struct daf_trouble *t)
{
    const json_t *score = json_object_get(object, "score");
    const json_t *minutes = json_object_get(object, "minutes");
    enum daf_err err;

    if (!json_is_object(object)) {
        daf_home_trouble(t, "it is no JSON object such as {\"learner\":\"…\","
                            "\"item\":\"…\",\"score\":0.8,\"minutes\":10}");
        return DAF_EUSAGE;
    }
    err = check_keys(object, t);
    if (err == DAF_OK)
        err = read_name(json_object_get(object, "learner"), DAF_NAME_BYTES_MAX,
                        "learner", &write->learner, t);
    if (err == DAF_OK)
        err = read_name(json_object_get(object, "item"), DAF_ITEM_BYTES_MAX,
                        "item", &did->item, t);
    did->has_score = score != NULL && !json_is_null(score);
    if (err == DAF_OK && did->has_score)
        err = read_score(score, &did->score, t);
    if (err == DAF_OK && minutes != NULL && !json_is_null(minutes))
        err = read_minutes(minutes, &did->seconds, t);
    return err;
}

static void put_line(struct batch *b, struct daf_cmd_writer *w,
                     const char *scope, const char *line)
{
    struct daf_write write = {.kind = DAF_WRITE_SESSION, .ticket = b->line};
    struct daf_did did = {.has_score = false};
    struct daf_trouble t = {""};
    json_t *object =
        json_loads(line, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, NULL);
    enum daf_err err = read_object(object, &write, &did, &t);

    if (err == DAF_OK) {
        write.did = &did;
        write.did_count = 1;
        write.claimed = daf_clock_wall();
        write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
        (void)snprintf(write.scope, sizeof(write.scope), "%s", scope);
        err = daf_cmd_writer_put(w, &write, &t);
    }
    json_decref(object);
    if (err != DAF_OK) refuse_line(b, b->line, err, &t);
}

/* --- the file ------------------------------------------------------------------------ */

static bool is_blank(const char *line)
{
    return line[strspn(line, " \t\r\n")] == '\0';
}

/* False at the end, or after a line that is too long. */
static bool read_line(struct batch *b, char *line)
{
    struct daf_trouble t;
    size_t len;

    if (fgets(line, LINE_BYTES_MAX, b->file) == NULL) {
        daf_home_trouble(&t, "the file cannot be read");
        b->line++;
        if (ferror(b->file)) refuse_line(b, b->line, DAF_EIO, &t);
        return false;
    }
    len = strlen(line);
    b->line++;
    b->read_len += (off_t)len;
    if (len > 0 && (line[len - 1] == '\n' || feof(b->file))) return true;
    daf_home_trouble(&t, "it is longer than %d bytes, or has a zero byte",
                     LINE_BYTES_MAX - 2);
    refuse_line(b, b->line, DAF_EUSAGE, &t);
    return false;
}

static enum daf_err put_all(struct batch *b, struct daf_cmd_writer *w,
                            const char *scope)
{
    char *line = malloc(LINE_BYTES_MAX);
    struct daf_trouble t = {""};
    enum daf_err err;

    if (line == NULL) return DAF_ENOMEM;
    while (b->err == DAF_OK && read_line(b, line))
        if (!is_blank(line)) put_line(b, w, scope, line);
    /* Also after a refused line: what was given before it is under way. */
    err = daf_cmd_writer_flush(w, &t);
    b->lost = err != DAF_OK;
    if (b->lost) refuse_line(b, b->kept_line + 1, err, &t);
    sodium_memzero(line, LINE_BYTES_MAX);
    free(line);
    return DAF_OK;
}

static enum daf_err open_file(struct batch *b, const char *path,
                              struct daf_trouble *t)
{
    struct stat st;
    int fd = STDIN_FILENO;

    if (strcmp(path, "-") != 0) fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) b->file = fd == STDIN_FILENO ? stdin : fdopen(fd, "r");
    if (b->file == NULL || fstat(fd, &st) != 0 || S_ISDIR(st.st_mode)) {
        daf_home_trouble(t,
                         "cannot read %s. To do: check the name and "
                         "whether you may read it",
                         path);
        if (b->file == NULL && fd >= 0) (void)close(fd);
        return DAF_EIO;
    }
    b->file_len = S_ISREG(st.st_mode) ? st.st_size : 0;
    b->has_bar = isatty(STDERR_FILENO) == 1;
    return DAF_OK;
}

static enum daf_exit report(const struct batch *b)
{
    struct daf_trouble t;

    if (b->err == DAF_OK) {
        if (!b->cmd->json)
            (void)printf("%llu records are durable on this device; %llu new "
                         "learners were registered.\n",
                         (unsigned long long)b->kept,
                         (unsigned long long)b->registered);
        return DAF_EXIT_DONE;
    }
    daf_home_trouble(&t,
                     "%llu records are durable, the last from line %llu; "
                     "%llu lines were not written and nothing after line "
                     "%llu was read. To do: %s",
                     (unsigned long long)b->kept,
                     (unsigned long long)b->kept_line,
                     (unsigned long long)b->failed, (unsigned long long)b->line,
                     b->lost
                         ? "see with daftar progress show which later lines "
                           "are kept, and give the others again"
                         : "correct those lines and give them and the rest "
                           "again");
    return daf_cmd_fail_with(
        b->cmd, b->err, &t,
        b->kept > 0 ? DAF_EXIT_PARTLY : daf_cmd_exit_of(b->err),
        json_pack("{s:I,s:I,s:I}", "kept", (json_int_t)b->kept, "failed",
                  (json_int_t)b->failed, "last_line", (json_int_t)b->line));
}

enum daf_exit daf_cmd_batch(const struct daf_cmd *cmd, struct daf_home *home,
                            const char *path)
{
    char scope[DAF_SCOPE_NAME_BYTES_MAX + 1];
    struct batch b = {.cmd = cmd};
    struct daf_trouble t = {""};
    struct daf_cmd_writer *w = NULL;
    enum daf_err err = daf_cmd_scope_of(cmd, scope, &t);

    if (err == DAF_OK) err = open_file(&b, path, &t);
    if (err == DAF_OK) err = daf_cmd_writer_open(home, on_wrote, &b, &w, &t);
    if (err == DAF_OK) err = put_all(&b, w, scope);
    daf_cmd_writer_close(w);
    if (b.file != NULL && b.file != stdin) (void)fclose(b.file);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    draw_bar(&b, true);
    return report(&b);
}
