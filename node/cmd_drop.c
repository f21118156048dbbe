/* SPDX-License-Identifier: Apache-2.0 */
/* daftar drop: a person makes room.  Content goes; of records nothing does. */
#include "node/cmd_content.h"
#include "node/size.h"

#include <stdio.h>
#include <strings.h>

/* What is to go; the catalogue may not name it any more. */
struct dropping {
    char id[2 * sizeof(struct daf_hash) + 1];
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1];
    const json_t *state; /* borrowed */
    bool is_camps;       /* it would come again */
};

static bool is(const struct dropping *d, const char *key)
{
    return json_is_true(json_object_get(d->state, key));
}

static enum daf_err find(const struct daf_cmd_content *c, const char *name,
                         struct dropping *d, struct daf_trouble *t)
{
    struct daf_catalogue_entry e;
    enum daf_err err;
    const json_t *one;
    size_t i;

    json_array_foreach(c->states, i, one)
    {
        const char *id = json_string_value(json_object_get(one, "content"));

        if (id == NULL || strcasecmp(id, name) != 0) continue;
        d->state = one;
        (void)snprintf(d->id, sizeof(d->id), "%s", id);
        (void)snprintf(d->title, sizeof(d->title), "%.12s", id);
    }
    err = daf_cmd_content_find(c, name, &e, t);
    if (err != DAF_OK) return d->state != NULL ? DAF_OK : err;
    (void)daf_cmd_hex_str(e.content.id.b, sizeof(e.content.id.b), d->id);
    daf_cmd_content_title(&e.content, d->title);
    d->state = daf_cmd_content_state(c, &e.content.id);
    if (d->state != NULL) return DAF_OK;
    daf_home_trouble(t, "\"%s\" is not on this device, and takes nothing of it",
                     d->title);
    return DAF_ENOTFOUND;
}

static enum daf_err look_up(const struct daf_cmd_content *c, struct dropping *d,
                            struct daf_trouble *t)
{
    struct daf_wants wants;
    enum daf_err err = daf_cmd_content_wants(c, &wants, t);

    for (size_t i = 0; err == DAF_OK && i < wants.count; i++) {
        char hex[2 * sizeof(struct daf_hash) + 1];

        d->is_camps |=
            wants.items[i].is_camps &&
            strcmp(daf_cmd_hex_str(wants.items[i].content.b, 32, hex), d->id) ==
                0;
    }
    daf_wants_free(&wants);
    return err;
}

/* What somebody pinned, or what there may be nowhere else, goes when it was said
 * twice. */
static enum daf_err check(const struct daf_cmd *cmd, const struct dropping *d,
                          struct daf_trouble *t)
{
    if (daf_cmd_value(cmd, "anyway") != NULL) return DAF_OK;
    if (is(d, "published"))
        daf_home_trouble(t,
                         "\"%s\" was published here, and this may be the only "
                         "copy. To do: see that another device has it, then "
                         "daftar drop --anyway",
                         d->title);
    else if (is(d, "pinned"))
        daf_home_trouble(t,
                         "\"%s\" is pinned: somebody wants to keep it. To do, "
                         "if it shall go: daftar drop --anyway",
                         d->title);
    else if (d->is_camps)
        daf_home_trouble(t,
                         "\"%s\" is assigned to this device, or of a channel "
                         "that it keeps up with, and would come again. To do: "
                         "daftar unassign, or daftar unsubscribe",
                         d->title);
    else
        return DAF_OK;
    return DAF_EDENIED;
}

static enum daf_err ask(const struct daf_cmd *cmd, const struct daf_home *home,
                        const struct dropping *d, struct daf_trouble *t)
{
    bool anyway = daf_cmd_value(cmd, "anyway") != NULL;
    json_t *last = NULL;
    enum daf_err err =
        daf_cmd_call(home,
                     json_pack("{ss ss ss}", "op", "content-drop", "content",
                               d->id, "by", anyway ? "anyway" : "one-keeps"),
                     NULL, NULL, &last, t);
    const char *words = json_string_value(json_object_get(last, "error"));

    if (err == DAF_OK) err = daf_cmd_err_of(last);
    if (err != DAF_OK && words != NULL) daf_home_trouble(t, "%s", words);
    json_decref(last);
    return err;
}

static void print_done(const struct daf_cmd *cmd, const struct dropping *d)
{
    json_int_t freed =
        json_integer_value(json_object_get(d->state, "reserved"));
    char size[DAF_SIZE_TEXT_MAX];

    if (cmd->json) {
        daf_cmd_print(json_pack("{ss so sI}", "content", d->id, "title",
                                daf_cmd_text(d->title), "freed", freed));
        return;
    }
    daf_size_text((uint64_t)freed, size);
    (void)daf_cmd_put_text(d->title);
    (void)printf(": dropped, %s of room. `daftar get` fetches it again from "
                 "who has it.\n",
                 size);
}

enum daf_exit daf_cmd_drop(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct dropping d = {.state = NULL};
    struct daf_cmd_content c;
    enum daf_exit code = DAF_EXIT_DONE;
    enum daf_err err = daf_cmd_content_open(cmd, &c, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = find(&c, cmd->args[0], &d, &t);
    if (err == DAF_OK) err = look_up(&c, &d, &t);
    if (err == DAF_OK) err = check(cmd, &d, &t);
    if (err == DAF_OK) {
        err = ask(cmd, &c.view.home, &d, &t);
        if (err == DAF_ENOTFOUND && !c.has_daemon) code = DAF_EXIT_NO_DAEMON;
    }
    if (err == DAF_OK)
        print_done(cmd, &d);
    else if (code != DAF_EXIT_DONE)
        code = daf_cmd_fail_with(cmd, err, &t, code,
                                 json_pack("{s:b}", "running", 0));
    else
        code = daf_cmd_fail(cmd, err, &t);
    daf_cmd_content_close(&c);
    return code;
}
