/* SPDX-License-Identifier: Apache-2.0 */
#include "node/commands_impl.h"

#include "node/cmd.h"

#include <string.h>

#define WORD_BYTES_MAX 64
#define COLUMN         26 /* where the help of an option begins */

static const struct {
    int code;
    const char *words;
} exits[] = {
    {DAF_EXIT_DONE, "done"},
    {DAF_EXIT_FAILED, "failed"},
    {DAF_EXIT_USAGE, "wrong usage"},
    {DAF_EXIT_PARTLY, "done in part, or something is wrong with what is kept"},
    {DAF_EXIT_NO_DAEMON, "the daemon is not running"},
    {DAF_EXIT_DENIED, "not allowed"},
    {DAF_EXIT_LATER, "another process holds the lock: try later"},
};
#define EXITS_COUNT (sizeof(exits) / sizeof(exits[0]))

const char *daf_commands_exit_str(int code)
{
    for (size_t i = 0; i < EXITS_COUNT; i++)
        if (exits[i].code == code) return exits[i].words;
    return NULL;
}

bool daf_commands_exits(const struct daf_command *command, int code)
{
    if (code == DAF_EXIT_PARTLY) return command->may_partly;
    if (code == DAF_EXIT_NO_DAEMON) return command->needs_daemon;
    if (code == DAF_EXIT_LATER) return !command->needs_no_home;
    /* Any command may find a file that it may not open. */
    return daf_commands_exit_str(code) != NULL;
}

/* --- text ------------------------------------------------------------------ */

static void print_option(FILE *f, const struct daf_commands_option *option)
{
    int n =
        fprintf(f, "  --%s%s%s", option->name, option->arg != NULL ? " " : "",
                option->arg != NULL ? option->arg : "");

    (void)fprintf(f, "%*s%s\n", n < COLUMN ? COLUMN - n : 1, "", option->help);
}

static void print_common(FILE *f)
{
    const struct daf_commands_option *option;

    for (size_t i = 0; (option = daf_commands_common(i)) != NULL; i++)
        print_option(f, option);
}

void daf_commands_print_one(FILE *f, const struct daf_command *command)
{
    (void)fprintf(f, "usage: daftar %s%s%s [OPTION]…\n\n%s.\n", command->name,
                  command->args[0] != '\0' ? " " : "", command->args,
                  command->summary);
    if (command->text != NULL) (void)fprintf(f, "%s\n", command->text);
    (void)fprintf(f, "\n");
    for (size_t i = 0; command->options[i].name != NULL; i++)
        print_option(f, &command->options[i]);
    print_common(f);
    (void)fprintf(f, "\nKeys of a JSON line:");
    for (size_t i = 0; command->keys[i] != NULL; i++)
        (void)fprintf(f, "%s %s", i == 0 ? "" : ",", command->keys[i]);
    (void)fprintf(f, "\nExit:\n");
    for (size_t i = 0; i < EXITS_COUNT; i++)
        if (daf_commands_exits(command, exits[i].code))
            (void)fprintf(f, "  %2d  %s\n", exits[i].code, exits[i].words);
}

static bool is_in_group(const char *name, const char *first)
{
    size_t len = strlen(first);

    return strncmp(name, first, len) == 0 && name[len] == ' ';
}

bool daf_commands_is_group(const char *first)
{
    const struct daf_command *command;

    for (size_t i = 0; (command = daf_commands_at(i)) != NULL; i++)
        if (is_in_group(command->name, first)) return true;
    return false;
}

void daf_commands_print_group(FILE *f, const char *first)
{
    const struct daf_command *command;

    (void)fprintf(f, "Daftar: a learning passport that needs no internet and "
                     "no server.\n\n");
    for (size_t i = 0; (command = daf_commands_at(i)) != NULL; i++) {
        int n;

        if (first != NULL && !is_in_group(command->name, first)) continue;
        n = fprintf(f, "  daftar %s%s%s", command->name,
                    command->args[0] != '\0' ? " " : "", command->args);
        (void)fprintf(f, "%*s%s\n", n < COLUMN + 2 ? COLUMN + 2 - n : 1, "",
                      command->summary);
    }
    (void)fprintf(f, "\nEvery command:\n");
    print_common(f);
    (void)fprintf(f, "\ndaftar COMMAND --help says more about one.\n");
}

void daf_commands_print_all(FILE *f)
{
    daf_commands_print_group(f, NULL);
}

/* --- JSON -------------------------------------------------------------------- */

static json_t *option_json(const struct daf_commands_option *option)
{
    return json_pack("{s:s,s:s?,s:s}", "name", option->name, "arg", option->arg,
                     "help", option->help);
}

static json_t *options_json(const struct daf_command *command)
{
    const struct daf_commands_option *option;
    json_t *out = json_array();

    for (size_t i = 0; command->options[i].name != NULL; i++)
        (void)json_array_append_new(out, option_json(&command->options[i]));
    for (size_t i = 0; (option = daf_commands_common(i)) != NULL; i++)
        (void)json_array_append_new(out, option_json(option));
    return out;
}

static void print_json(const struct daf_command *command)
{
    json_t *keys = json_array(), *codes = json_array();

    for (size_t i = 0; command->keys[i] != NULL; i++)
        (void)json_array_append_new(keys, json_string(command->keys[i]));
    for (size_t i = 0; i < EXITS_COUNT; i++)
        if (daf_commands_exits(command, exits[i].code))
            (void)json_array_append_new(codes, json_integer(exits[i].code));
    daf_cmd_print(json_pack("{s:s,s:s,s:s,s:o,s:o,s:o}", "command",
                            command->name, "args", command->args, "help",
                            command->summary, "options", options_json(command),
                            "keys", keys, "exits", codes));
}

enum daf_exit daf_commands_help(const struct daf_cmd *cmd)
{
    const struct daf_command *command = NULL;
    struct daf_trouble t;
    size_t words = 0;

    if (cmd->args_count > 0) {
        const char *second = cmd->args_count > 1 ? cmd->args[1] : NULL;

        command = daf_commands_find(cmd->args[0], second, &words);
        if (command == NULL && second == NULL && !cmd->json &&
            daf_commands_is_group(cmd->args[0])) {
            daf_commands_print_group(stdout, cmd->args[0]);
            return DAF_EXIT_DONE;
        }
        if (command == NULL || words < cmd->args_count) {
            daf_home_trouble(&t, "there is no such command. To do: daftar help "
                                 "lists them");
            return daf_cmd_fail(cmd, DAF_EUSAGE, &t);
        }
    }
    if (!cmd->json && command == NULL) daf_commands_print_all(stdout);
    if (!cmd->json && command != NULL) daf_commands_print_one(stdout, command);
    for (size_t i = 0; cmd->json && daf_commands_at(i) != NULL; i++)
        if (command == NULL || command == daf_commands_at(i))
            print_json(daf_commands_at(i));
    return DAF_EXIT_DONE;
}

/* --- did you mean ------------------------------------------------------------- */

/* How many letters to add, drop or change (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_BYTES_MAX + 1];
    size_t b_len = strnlen(b, WORD_BYTES_MAX);

    for (size_t j = 0; j <= b_len; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0' && i < WORD_BYTES_MAX; i++) {
        size_t corner = row[0];

        row[0] = i + 1;
        for (size_t j = 0; j < b_len; j++) {
            size_t best = corner + (a[i] != b[j] ? 1 : 0);

            corner = row[j + 1];
            if (corner + 1 < best) best = corner + 1;
            if (row[j] + 1 < best) best = row[j] + 1;
            row[j + 1] = best;
        }
    }
    return row[b_len];
}

/* Of @name and *@best the nearer one to @word; at most a third may differ. */
static void consider(const char *word, const char *name, size_t *best,
                     const char **out)
{
    size_t d = distance(word, name);

    if (d * 3 > strlen(name) + 2 || d >= *best) return;
    *best = d;
    *out = name;
}

const char *daf_commands_near_command(const char *words)
{
    const struct daf_command *command;
    const char *near = NULL;
    size_t best = WORD_BYTES_MAX;

    /* "sign" alone is what it says, however near another name is. */
    for (size_t i = 0; (command = daf_commands_at(i)) != NULL; i++) {
        const char *space = strchr(command->name, ' ');

        if (space != NULL && strcmp(space + 1, words) == 0)
            return command->name;
        consider(words, command->name, &best, &near);
    }
    /* "camp" alone, and "statsu --json". */
    for (size_t i = 0; (command = daf_commands_at(i)) != NULL; i++) {
        size_t len = strcspn(words, " ");

        if (near != NULL) break;
        if (strncmp(command->name, words, len) == 0 &&
            (command->name[len] == ' ' || command->name[len] == '\0'))
            near = command->name;
    }
    return near;
}

const char *daf_commands_near_option(const struct daf_command *command,
                                     const char *name)
{
    char word[WORD_BYTES_MAX + 1];
    const char *near = NULL;
    const struct daf_commands_option *option;
    size_t best = WORD_BYTES_MAX;

    (void)snprintf(word, sizeof(word), "%.*s", (int)strcspn(name, "="), name);
    for (size_t i = 0; command != NULL && command->options[i].name; i++)
        consider(word, command->options[i].name, &best, &near);
    for (size_t i = 0; (option = daf_commands_common(i)) != NULL; i++)
        consider(word, option->name, &best, &near);
    return near;
}
