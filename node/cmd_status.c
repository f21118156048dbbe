/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include <stdio.h>

/* --- text ---------------------------------------------------------------------- */

static void print_value(const json_t *value)
{
    char *text;

    if (json_is_string(value)) {
        (void)daf_cmd_put_text(json_string_value(value));
        return;
    }
    if (json_is_boolean(value)) {
        (void)printf("%s", json_is_true(value) ? "yes" : "no");
        return;
    }
    text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
    (void)printf("%s", text != NULL ? text : "?");
    free(text);
}

static void print_status(json_t *status)
{
    const char *key;
    json_t *value;

    json_object_foreach(status, key, value)
    {
        (void)printf("%-16s ", key);
        print_value(value);
        (void)printf("\n");
    }
}

static void print_column(const json_t *peer, const char *key, int width)
{
    const char *text = json_string_value(json_object_get(peer, key));
    int columns =
        daf_cmd_put_text(text != NULL && text[0] != '\0' ? text : "-");

    (void)printf("%*s", columns < width ? width - columns : 1, "");
}

static void print_peer(const json_t *peer)
{
    print_column(peer, "peer", 34);
    print_column(peer, "address", 24);
    print_column(peer, "state", 12);
    (void)printf("%s\n", json_is_true(json_object_get(peer, "in_step"))
                             ? "in step"
                             : "");
}

/* --- asking ---------------------------------------------------------------------- */

struct asking {
    const struct daf_cmd *cmd;
    bool is_peers;
    size_t count;
};

static void on_line(void *ctx, json_t *line)
{
    struct asking *a = ctx;
    bool is_last = json_object_get(line, "exit") != NULL;

    if (json_object_get(line, "error") != NULL) return;
    (void)json_object_del(line, "exit");
    /* The last line of `peers` says only that it is the last. */
    if (json_object_size(line) > 0) {
        a->count++;
        if (a->cmd->json)
            daf_cmd_print(json_incref(line));
        else if (a->is_peers)
            print_peer(line);
        else
            print_status(line);
    }
    if (is_last) (void)json_object_set_new(line, "exit", json_integer(0));
}

static enum daf_exit ask(const struct daf_cmd *cmd, const char *op)
{
    struct asking a = {.cmd = cmd, .is_peers = strcmp(op, "peers") == 0};
    json_t *last;
    enum daf_exit code = daf_cmd_ask(cmd, false, json_pack("{s:s}", "op", op),
                                     on_line, &a, &last);

    if (code != DAF_EXIT_DONE) return code;
    if (a.is_peers && a.count == 0 && !cmd->json)
        (void)printf("No other device is known yet.\n");
    json_decref(last);
    return code;
}

enum daf_exit daf_cmd_status(const struct daf_cmd *cmd)
{
    return ask(cmd, "status");
}

enum daf_exit daf_cmd_peers(const struct daf_cmd *cmd)
{
    return ask(cmd, "peers");
}
