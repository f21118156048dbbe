/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "tests/lib/ran.h"

#include "node/commands.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 24

/* What the last child printed. */
static char *last_out, *last_err;

struct words {
    int count;
    char *word[WORDS_MAX + 1];
};

static void add_word(struct words *w, const char *text, size_t len)
{
    assert_true(w->count < WORDS_MAX);
    w->word[w->count] = strndup(text, len);
    assert_non_null(w->word[w->count]);
    w->word[++w->count] = NULL;
}

/* Everything that was printed there, as a string. */
static char *take(FILE *f)
{
    long len;
    char *text;

    assert_int_equal(fseek(f, 0, SEEK_END), 0);
    len = ftell(f);
    assert_true(len >= 0);
    text = malloc((size_t)len + 1);
    assert_non_null(text);
    rewind(f);
    assert_int_equal(fread(text, 1, (size_t)len, f), (size_t)len);
    text[len] = '\0';
    (void)fclose(f);
    return text;
}

static _Noreturn void be_daftar(const struct words *w, FILE *out, FILE *err)
{
    char *argv[WORDS_MAX + 1];
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC), code;

    (void)dup2(nothing, STDIN_FILENO);
    (void)close(nothing);
    (void)dup2(fileno(out), STDOUT_FILENO);
    (void)dup2(fileno(err), STDERR_FILENO);
    /* getopt reorders; the words stay to be freed. */
    memcpy(argv, w->word, sizeof(argv));
    code = daf_commands_run(w->count, argv);
    for (int i = 0; i < w->count; i++)
        free(w->word[i]);
    (void)fclose(out);
    (void)fclose(err);
    /* Not _exit: a leak is to be found. NOLINTNEXTLINE(concurrency-mt-unsafe) */
    exit(code);
}

static struct daf_ran run(struct words *w)
{
    FILE *out = tmpfile(), *err = tmpfile();
    int status = 0;
    pid_t pid;

    assert_non_null(out);
    assert_non_null(err);
    (void)fflush(NULL);
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) be_daftar(w, out, err);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    for (int i = 0; i < w->count; i++)
        free(w->word[i]);
    free(last_out);
    free(last_err);
    last_out = take(out);
    last_err = take(err);
    return (struct daf_ran){
        .code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
        .out = last_out,
        .err = last_err,
    };
}

struct daf_ran daf_ran(const char *first, ...)
{
    struct words w = {.count = 0};
    va_list args;

    add_word(&w, "daftar", 6);
    va_start(args, first);
    for (const char *s = first; s != NULL; s = va_arg(args, const char *))
        add_word(&w, s, strlen(s));
    va_end(args);
    return run(&w);
}

struct daf_ran daf_ran_words(const char *line, ...)
{
    struct words w = {.count = 0};
    va_list args;

    add_word(&w, "daftar", 6);
    while (*line != '\0') {
        size_t len = strcspn(line, " ");

        if (len > 0) add_word(&w, line, len);
        line += len + (line[len] == ' ');
    }
    va_start(args, line);
    for (const char *s = va_arg(args, const char *); s != NULL;
         s = va_arg(args, const char *))
        add_word(&w, s, strlen(s));
    va_end(args);
    return run(&w);
}

size_t daf_ran_lines(const char *out)
{
    size_t count = 0;

    for (; *out != '\0'; out++)
        count += *out == '\n';
    return count;
}

json_t *daf_ran_json(const char *out, size_t at)
{
    json_t *object;

    for (; at > 0; at--) {
        out = strchr(out, '\n');
        if (out == NULL) return NULL;
        out++;
    }
    if (*out == '\0') return NULL;
    object = json_loadb(out, strcspn(out, "\n"), JSON_REJECT_DUPLICATES, NULL);
    assert_true(json_is_object(object));
    return object;
}
