/* SPDX-License-Identifier: Apache-2.0 */
/* daftar get, want, pin, unpin: fetch a content item, and wait until it is here or
 * not; and what is not to be kept at all costs any more. */
#include "node/api.h"
#include "node/clock.h"
#include "node/cmd_content.h"
#include "node/size.h"

#include <stdio.h>

/* A wait for one item. */
struct waiting {
    const struct daf_cmd *cmd;
    struct daf_api *api;
    const struct daf_catalogue_entry *entry;
    char id[2 * sizeof(struct daf_hash) + 1];
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1];
    struct daf_mono began;
    uint64_t fetched_before, held_before;
    bool has_bar;
    json_t *state; /* the last heard; owned */
};

static enum daf_err ask(struct waiting *w, json_t *request, json_t **out,
                        struct daf_trouble *t)
{
    enum daf_err err =
        request != NULL ? daf_api_send(w->api, request, t) : DAF_ENOMEM;

    json_decref(request);
    *out = NULL;
    if (err != DAF_OK) return err;
    /* Nothing may change for hours: then nothing is said. */
    do
        err = daf_api_receive(w->api, out, t);
    while (err == DAF_ETIME);
    if (err == DAF_OK) err = daf_cmd_err_of(*out);
    if (err != DAF_OK && *out != NULL)
        daf_home_trouble(t, "%s",
                         json_string_value(json_object_get(*out, "error")));
    return err;
}

static uint64_t number(const struct waiting *w, const char *key)
{
    json_int_t n = json_integer_value(json_object_get(w->state, key));

    return n > 0 ? (uint64_t)n : 0;
}

static bool is(const struct waiting *w, const char *key)
{
    return json_is_true(json_object_get(w->state, key));
}

static const char *stuck(const struct waiting *w)
{
    const char *why = json_string_value(json_object_get(w->state, "stuck"));

    return why != NULL ? why : "";
}

/* By what came since it began, which is not all that is here; 0: not known. */
static uint64_t seconds_to_go(const struct waiting *w, uint64_t ms)
{
    uint64_t held = number(w, "held");
    uint64_t gained = held > w->held_before ? held - w->held_before : 0;

    return gained > 0 ? (number(w, "parts") - held) * ms / gained / 1000 : 0;
}

static void show(const struct waiting *w)
{
    uint64_t ms = daf_clock_now().ms - w->began.ms;
    uint64_t fetched = number(w, "fetched"), held = number(w, "held");
    uint64_t came =
        fetched > w->fetched_before ? fetched - w->fetched_before : 0;
    char words[160], rate[DAF_SIZE_TEXT_MAX];

    if (!w->has_bar) return;
    if (number(w, "sources") == 0 && came == 0) {
        (void)snprintf(words, sizeof(words),
                       "waiting for a device that has it");
    } else if (number(w, "place") > 0) {
        (void)snprintf(words, sizeof(words),
                       "number %llu in line: others at this access point "
                       "are served first",
                       (unsigned long long)number(w, "place"));
    } else {
        daf_size_text(ms > 0 ? came * 1000 / ms : 0, rate);
        (void)snprintf(words, sizeof(words), "%s/s, %llu s to go, from %llu",
                       rate, (unsigned long long)seconds_to_go(w, ms),
                       (unsigned long long)number(w, "sources"));
    }
    daf_cmd_bar(held, number(w, "parts"), words);
}

/* @once: how it stands, and no more. */
static enum daf_err wait_for(struct waiting *w, bool once,
                             struct daf_trouble *t)
{
    enum daf_err err = DAF_OK;
    uint64_t held = DAF_CONTENT_PARTS_MAX; /* no item holds so many */

    while (err == DAF_OK) {
        json_t *answer;

        err = ask(w,
                  json_pack("{ss ss sI}", "op", "content-wait", "content",
                            w->id, "held", (json_int_t)held),
                  &answer, t);
        if (err != DAF_OK) {
            json_decref(answer);
            break;
        }
        if (w->state == NULL) {
            json_t *n = json_object_get(answer, "fetched");

            w->fetched_before = (uint64_t)json_integer_value(n);
            n = json_object_get(answer, "held");
            w->held_before = (uint64_t)json_integer_value(n);
        }
        json_decref(w->state);
        w->state = answer;
        held = number(w, "held");
        if (!once) show(w);
        if (once || is(w, "whole") || stuck(w)[0] != '\0') break;
    }
    if (w->has_bar) daf_cmd_bar_end();
    if (err == DAF_ELOST || err == DAF_EIO)
        daf_home_trouble(t, "the daemon ended.  What came is kept, and it goes "
                            "on by itself when it is started again. To do: "
                            "daftard, then daftar library");
    return err;
}

/* What an item that is stuck lacks, for a person. */
static enum daf_err tell_stuck(const struct waiting *w, struct daf_trouble *t)
{
    const char *why = stuck(w);
    char size[DAF_SIZE_TEXT_MAX];

    daf_size_text(w->entry->content.bytes, size);
    if (strcmp(why, daf_err_name(DAF_EFULL)) == 0) {
        daf_home_trouble(t,
                         "\"%s\" (%s) does not fit: the budget or the disk is "
                         "full. What came is kept. To do: make room (daftar "
                         "evict --dry-run says what could go), or raise the "
                         "daemon's --budget; it then goes on by itself",
                         w->title, size);
        return DAF_EFULL;
    }
    if (strcmp(why, daf_err_name(DAF_ECORRUPT)) == 0) {
        daf_home_trouble(t,
                         "\"%s\" cannot be used: its file list breaks the "
                         "rules. To do: tell who published it",
                         w->title);
        return DAF_ECORRUPT;
    }
    if (strcmp(why, daf_err_name(DAF_ELIMIT)) == 0) {
        daf_home_trouble(t,
                         "\"%s\" has a file that is too long for the file "
                         "system of its disk: FAT has files of at most 4 GiB. "
                         "To do: move content to a disk of another kind",
                         w->title);
        return DAF_ELIMIT;
    }
    daf_home_trouble(t,
                     "\"%s\" cannot be kept now: %s. To do: look at the disk "
                     "and the daemon's log; it is tried again each minute",
                     w->title, why);
    return DAF_EIO;
}

/* A person's word stands. */
static void tell_old(const struct daf_catalogue_entry *e)
{
    char hex[2 * sizeof(e->superseded_by.b) + 1];

    if (e->is_superseded)
        (void)fprintf(stderr,
                      "there is a new edition of it, %.12s; this one comes, as "
                      "it was named\n",
                      daf_cmd_hex_str(e->superseded_by.b,
                                      sizeof(e->superseded_by.b), hex));
}

static void print_done(const struct waiting *w, const struct daf_home *home)
{
    char path[DAF_HOME_PATH_MAX], size[DAF_SIZE_TEXT_MAX];

    daf_cmd_content_path(home, &w->entry->content.id, path);
    if (w->cmd->json) {
        daf_cmd_print(
            json_pack("{ss so sI sI sb sb so}", "content", w->id, "title",
                      daf_cmd_text(w->title), "bytes",
                      (json_int_t)w->entry->content.bytes, "fetched",
                      (json_int_t)number(w, "fetched"), "whole", is(w, "whole"),
                      "pinned", is(w, "pinned"), "path",
                      is(w, "whole") ? daf_cmd_text(path) : json_null()));
        return;
    }
    daf_size_text(w->entry->content.bytes, size);
    (void)daf_cmd_put_text(w->title);
    if (is(w, "whole"))
        (void)printf(": here, %s, in %s\n", size, path);
    else
        (void)printf(": wanted; it comes when a device that has it is met\n");
}

static enum daf_err get(struct waiting *w, bool pin, bool no_wait,
                        const struct daf_home *home, struct daf_trouble *t)
{
    json_t *answer = NULL;
    enum daf_err err = daf_api_open(home, &w->api, t);

    if (err == DAF_OK)
        err = ask(w,
                  json_pack("{ss ss s[s*,s*]}", "op", "content-wish", "content",
                            w->id, "set", "wanted", pin ? "pinned" : NULL),
                  &answer, t);
    json_decref(answer);
    if (err == DAF_OK) err = wait_for(w, no_wait, t);
    if (err == DAF_OK && stuck(w)[0] != '\0' && !is(w, "whole"))
        err = tell_stuck(w, t);
    daf_api_close(w->api);
    return err;
}

static enum daf_exit run(const struct daf_cmd *cmd, bool pin, bool no_wait)
{
    struct daf_trouble t = {""};
    struct daf_catalogue_entry entry;
    struct waiting w = {.cmd = cmd,
                        .entry = &entry,
                        .began = daf_clock_now(),
                        .has_bar = daf_cmd_bar_wanted(cmd)};
    struct daf_cmd_content c;
    enum daf_exit code = DAF_EXIT_DONE;
    enum daf_err err = daf_cmd_content_open(cmd, &c, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = daf_cmd_content_find(&c, cmd->args[0], &entry, &t);
    if (err == DAF_OK) {
        (void)daf_cmd_hex_str(entry.content.id.b, 32, w.id);
        daf_cmd_content_title(&entry.content, w.title);
        tell_old(&entry);
        err = get(&w, pin, no_wait, &c.view.home, &t);
        if ((err == DAF_ENOTFOUND && !c.has_daemon) || err == DAF_ELOST)
            code = DAF_EXIT_NO_DAEMON;
    }
    if (err == DAF_OK)
        print_done(&w, &c.view.home);
    else if (code != DAF_EXIT_DONE)
        code = daf_cmd_fail_with(cmd, err, &t, code,
                                 json_pack("{s:b}", "running", 0));
    else
        code = daf_cmd_fail(cmd, err, &t);
    json_decref(w.state);
    daf_cmd_content_close(&c);
    return code;
}

enum daf_exit daf_cmd_get(const struct daf_cmd *cmd)
{
    return run(cmd, false, daf_cmd_value(cmd, "no-wait") != NULL);
}

enum daf_exit daf_cmd_want(const struct daf_cmd *cmd)
{
    return run(cmd, false, true);
}

enum daf_exit daf_cmd_pin(const struct daf_cmd *cmd)
{
    return run(cmd, true, daf_cmd_value(cmd, "no-wait") != NULL);
}

enum daf_exit daf_cmd_unpin(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_catalogue_entry entry;
    struct daf_cmd_content c;
    char id[2 * sizeof(struct daf_hash) + 1];
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1] = "";
    json_t *last = NULL;
    bool is_away = false;
    enum daf_err err = daf_cmd_content_open(cmd, &c, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = daf_cmd_content_find(&c, cmd->args[0], &entry, &t);
    if (err == DAF_OK) {
        daf_cmd_content_title(&entry.content, title);
        err =
            daf_cmd_call(&c.view.home,
                         json_pack("{ss ss s[s]}", "op", "content-wish",
                                   "content",
                                   daf_cmd_hex_str(entry.content.id.b, 32, id),
                                   "clear", "pinned"),
                         NULL, NULL, &last, &t);
        is_away = err == DAF_ENOTFOUND && !c.has_daemon;
    }
    if (err == DAF_OK) err = daf_cmd_err_of(last);
    if (err != DAF_OK && last != NULL)
        daf_home_trouble(&t, "%s",
                         json_string_value(json_object_get(last, "error")));
    json_decref(last);
    daf_cmd_content_close(&c);
    if (is_away)
        return daf_cmd_fail_with(cmd, err, &t, DAF_EXIT_NO_DAEMON,
                                 json_pack("{s:b}", "running", 0));
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    if (cmd->json) {
        daf_cmd_print(json_pack("{ss so sb}", "content", id, "title",
                                daf_cmd_text(title), "pinned", 0));
    } else {
        (void)daf_cmd_put_text(title);
        (void)printf(": kept as long as there is room\n");
    }
    return DAF_EXIT_DONE;
}
