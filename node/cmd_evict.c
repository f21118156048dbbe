/* SPDX-License-Identifier: Apache-2.0 */
/* daftar evict: make room by what archives keep, and say who keeps what
 * (docs/content.md §7).
 *
 * What would go is worked out here, by the rule that the daemon has; each removal is
 * judged again by the daemon when it comes to it. */
#include "node/cmd_content.h"
#include "node/core/evict.h"
#include "node/size.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NO_DAEMON                                                        \
    "evict needs the daemon, which knows the archives. To do: start it " \
    "(daftard), and try again"

struct evicting {
    const struct daf_cmd *cmd;
    struct daf_cmd_content c;
    bool is_dry;
    struct daf_evict_self self;
    unsigned keepers; /* that are enough */
    uint64_t bytes;   /* that are to come free; 0: none was said */
    size_t count;
    struct daf_evict_item *items; /* owned */
};

static bool is(const json_t *state, const char *key)
{
    return json_is_true(json_object_get(state, key));
}

static struct daf_evict_item item_of(const json_t *state)
{
    const json_t *keepers = json_object_get(state, "kept_by"), *one;
    struct daf_evict_item item = {
        .bytes =
            (uint64_t)json_integer_value(json_object_get(state, "reserved")),
        .is_whole = is(state, "whole"),
        .is_pinned = is(state, "pinned"),
        .is_published = is(state, "published"),
        .is_due = is(state, "due_here"),
        .is_asked = is(state, "asked"),
        .is_superseded = is(state, "old"),
        .is_stated_here = is(state, "stated"),
    };
    const char *id = json_string_value(json_object_get(state, "content"));
    size_t i;

    if (id == NULL || sodium_hex2bin(item.content.b, sizeof(item.content.b), id,
                                     strlen(id), NULL, NULL, NULL) != 0)
        memset(item.content.b, 0, sizeof(item.content.b));
    json_array_foreach(keepers, i, one)
    {
        if (is(one, "revoked")) continue;
        item.keepers++;
        item.is_kept_before |= is(one, "before");
    }
    return item;
}

static enum daf_err gather(struct evicting *e, struct daf_trouble *t)
{
    const char *id;
    json_t *state;

    if (!e->c.has_daemon) {
        daf_home_trouble(t, NO_DAEMON);
        return DAF_ENOTFOUND;
    }
    e->items = calloc(json_object_size(e->c.states) + 1, sizeof(*e->items));
    if (e->items == NULL) return DAF_ENOMEM;
    e->self = (struct daf_evict_self){e->c.was_archive, e->c.is_restored};
    json_object_foreach(e->c.states, id, state) e->items[e->count++] =
        item_of(state);
    return DAF_OK;
}

/* ---- a line an item */

static void day_text(json_int_t ms, char out[16])
{
    time_t seconds = (time_t)(ms / 1000);
    struct tm tm;

    (void)snprintf(out, 16, "?");
    if (gmtime_r(&seconds, &tm) != NULL)
        (void)strftime(out, 16, "%Y-%m-%d", &tm);
}

static void keepers_text(const json_t *state, char *out, size_t len)
{
    const json_t *keepers = json_object_get(state, "kept_by"), *one;
    size_t i, at = 0;

    out[0] = '\0';
    json_array_foreach(keepers, i, one)
    {
        char day[16];
        int n;

        day_text(json_integer_value(json_object_get(one, "since_ms")), day);
        n = snprintf(out + at, len - at, "%s%.8s since %s%s", i > 0 ? ", " : "",
                     json_string_value(json_object_get(one, "author")), day,
                     is(one, "revoked") ? " (revoked)" : "");
        if (n < 0 || (size_t)n >= len - at) return;
        at += (size_t)n;
    }
}

static void title_of(const struct evicting *e,
                     const struct daf_evict_item *item, char *out)
{
    char hex[2 * sizeof(item->content.b) + 1];
    struct daf_catalogue_entry entry;

    if (daf_catalogue_find(e->c.catalogue, &item->content, &entry))
        daf_cmd_content_title(&entry.content, out);
    else
        (void)snprintf(out, DAF_CONTENT_TITLE_BYTES_MAX + 1, "%.12s",
                       daf_cmd_hex_str(item->content.b, sizeof(item->content.b),
                                       hex));
}

static void print_item(const struct evicting *e,
                       const struct daf_evict_item *item)
{
    json_t *state = daf_cmd_content_state(&e->c, &item->content);
    enum daf_evict_why why = daf_evict_may(item, &e->self, e->keepers);
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1], size[DAF_SIZE_TEXT_MAX];
    char hex[2 * sizeof(item->content.b) + 1], keepers[512];

    title_of(e, item, title);
    if (e->cmd->json) {
        daf_cmd_print(json_pack(
            "{so so sI sb ss sb sO}", "content",
            daf_cmd_hex(item->content.b, sizeof(item->content.b)), "title",
            daf_cmd_text(title), "bytes", (json_int_t)item->bytes, "evictable",
            why == DAF_EVICT_MAY, "why", daf_evict_why_str(why), "goes",
            item->goes, "kept_by", json_object_get(state, "kept_by")));
        return;
    }
    daf_size_text(item->bytes, size);
    keepers_text(state, keepers, sizeof(keepers));
    (void)printf("%.12s  %8s  %-20s  ",
                 daf_cmd_hex_str(item->content.b, sizeof(item->content.b), hex),
                 size, item->goes ? "would go" : daf_evict_why_str(why));
    (void)daf_cmd_put_text(title);
    (void)printf("%s%s\n", keepers[0] != '\0' ? "  kept by " : "", keepers);
}

/* ---- doing it */

static enum daf_err drop(const struct evicting *e,
                         const struct daf_evict_item *item,
                         struct daf_trouble *t)
{
    char hex[2 * sizeof(item->content.b) + 1];
    json_t *last = NULL;
    enum daf_err err =
        daf_cmd_call(&e->c.view.home,
                     json_pack("{ss ss ss}", "op", "content-drop", "content",
                               daf_cmd_hex_str(item->content.b,
                                               sizeof(item->content.b), hex),
                               "by",
                               e->keepers == 1 ? "for-room-one" : "for-room"),
                     NULL, NULL, &last, t);
    const char *words = json_string_value(json_object_get(last, "error"));

    if (err == DAF_OK) err = daf_cmd_err_of(last);
    if (err != DAF_OK && words != NULL) daf_home_trouble(t, "%s", words);
    json_decref(last);
    return err;
}

static void print_gone(const struct evicting *e,
                       const struct daf_evict_item *item)
{
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1], size[DAF_SIZE_TEXT_MAX];

    title_of(e, item, title);
    if (e->cmd->json) {
        daf_cmd_print(
            json_pack("{so so sI}", "content",
                      daf_cmd_hex(item->content.b, sizeof(item->content.b)),
                      "title", daf_cmd_text(title), "freed",
                      (json_int_t)item->bytes));
        return;
    }
    daf_size_text(item->bytes, size);
    (void)daf_cmd_put_text(title);
    (void)printf(": gone from here, %s of room; archives keep it.\n", size);
}

static enum daf_err evict(const struct evicting *e, struct daf_trouble *t)
{
    if (e->keepers == 1 && !e->cmd->json)
        (void)fprintf(stderr,
                      "daftar: with --one a single archive keeps what goes "
                      "here: if that device is lost, so is the lesson.\n");
    for (size_t i = 0; i < e->count; i++) {
        enum daf_err err;

        if (!e->items[i].goes) continue;
        err = drop(e, &e->items[i], t);
        if (err != DAF_OK) return err;
        print_gone(e, &e->items[i]);
    }
    return DAF_OK;
}

static enum daf_err run(struct evicting *e, struct daf_trouble *t)
{
    uint64_t freed =
        daf_evict_choose(e->items, e->count, e->bytes, &e->self, e->keepers);

    if (e->is_dry) {
        for (size_t i = 0; i < e->count; i++)
            print_item(e, &e->items[i]);
        if (e->bytes > 0 && freed == 0)
            (void)fprintf(stderr,
                          "daftar: what may go is not enough for %s, so "
                          "nothing would go.\n",
                          e->cmd->args[0]);
        return DAF_OK;
    }
    if (freed == 0) {
        daf_home_trouble(t,
                         "what archives keep is not enough for so much room, "
                         "so nothing went. To do: daftar evict --dry-run says "
                         "what stays and why; %sdaftar drop removes a lesson "
                         "by name",
                         e->keepers > 1 ? "--one is content with one archive; "
                                        : "");
        return DAF_EFULL;
    }
    return evict(e, t);
}

static enum daf_err read_args(struct evicting *e, struct daf_trouble *t)
{
    const struct daf_cmd *cmd = e->cmd;

    e->is_dry = daf_cmd_value(cmd, "dry-run") != NULL;
    e->keepers = daf_cmd_value(cmd, "one") != NULL ? 1 : DAF_EVICT_KEEPERS;
    if (cmd->args_count > 0 &&
        (!daf_size_parse(cmd->args[0], &e->bytes) || e->bytes == 0)) {
        daf_home_trouble(t,
                         "\"%s\" is no size. To do: a number and a unit, as "
                         "300MB",
                         cmd->args[0]);
        return DAF_EUSAGE;
    }
    if (e->is_dry || e->bytes > 0) return DAF_OK;
    daf_home_trouble(t,
                     "how much room shall be made is not said. To do: daftar "
                     "evict 300MB, or --dry-run to see what could go");
    return DAF_EUSAGE;
}

enum daf_exit daf_cmd_evict(const struct daf_cmd *cmd)
{
    struct evicting e = {.cmd = cmd};
    struct daf_trouble t = {""};
    enum daf_exit code;
    enum daf_err err = read_args(&e, &t);

    if (err == DAF_OK) err = daf_cmd_content_open(cmd, &e.c, &t);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = gather(&e, &t);
    if (err == DAF_OK) err = run(&e, &t);
    code = DAF_EXIT_DONE;
    if (err == DAF_ENOTFOUND && !e.c.has_daemon)
        code = daf_cmd_fail_with(cmd, err, &t, DAF_EXIT_NO_DAEMON,
                                 json_pack("{s:b}", "running", 0));
    else if (err != DAF_OK)
        code = daf_cmd_fail(cmd, err, &t);
    free(e.items);
    daf_cmd_content_close(&e.c);
    return code;
}
