/* SPDX-License-Identifier: Apache-2.0 */
/* daftar assignments, channels, subscribe, unsubscribe: what this device is to
 * have, and by whose word. */
#include "node/api.h"
#include "node/clock.h"
#include "node/cmd_content.h"
#include "node/size.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- assignments */

#define TITLES_MAX 3 /* of one assignment, for people */

struct counted {
    size_t whole, late;
    json_t *items, *titles; /* owned; print_one() takes them */
};

static void count_item(const struct daf_cmd_content *c,
                       const struct daf_wants *wants,
                       const struct daf_wanting_assignment *a, size_t index,
                       struct counted *out)
{
    const struct daf_wanting_item *it = daf_wants_find(wants, &a->items[index]);
    char title[DAF_CONTENT_TITLE_BYTES_MAX + 1] = "";
    struct daf_catalogue_entry e;

    /* R89: the edition that stands is what is fetched. */
    if (it != NULL && it->is_superseded) it = daf_wants_find(wants, &it->now);
    if (it != NULL) {
        struct daf_wanting_item due = *it;

        due.has_due = a->has_due;
        due.due = a->due;
        out->whole += it->is_whole;
        out->late += daf_wants_is_late(&due, daf_clock_wall().ms, 0);
    }
    if (daf_catalogue_find(c->catalogue, &a->items[index], &e))
        daf_cmd_content_title(&e.content, title);
    (void)json_array_append_new(out->items, daf_cmd_hex(a->items[index].b, 32));
    (void)json_array_append_new(out->titles, title[0] != '\0'
                                                 ? daf_cmd_text(title)
                                                 : json_null());
}

/* "Letters, Counting and 3 more"; what the catalogue does not name by its id. */
static void put_titles(const struct counted *n)
{
    size_t count = json_array_size(n->items);
    size_t most = count > TITLES_MAX ? TITLES_MAX - 1 : count;

    for (size_t i = 0; i < most; i++) {
        const char *title = json_string_value(json_array_get(n->titles, i));
        const char *id = json_string_value(json_array_get(n->items, i));

        (void)printf("%s", i == 0 ? "  " : ", ");
        if (title != NULL)
            (void)daf_cmd_put_text(title);
        else if (id != NULL)
            (void)printf("%.12s", id);
    }
    if (most < count) (void)printf(" and %zu more", count - most);
}

static void print_one(const struct daf_cmd *cmd,
                      const struct daf_wanting_assignment *a,
                      const struct counted *n, bool is_here)
{
    char hex[2 * sizeof(a->id.b) + 1], who[2 * sizeof(a->author.b) + 1];
    char to[2 * sizeof(a->device.b) + 1], day[DAF_DAY_TEXT_BYTES] = "-";

    (void)daf_cmd_hex_str(a->id.b, sizeof(a->id.b), hex);
    (void)daf_cmd_hex_str(a->author.b, sizeof(a->author.b), who);
    (void)daf_cmd_hex_str(a->device.b, sizeof(a->device.b), to);
    if (a->has_due) (void)daf_wants_day(a->due, day);
    if (cmd->json)
        daf_cmd_print(
            json_pack("{ss ss ss so so so so sI sI sb sb so}", "assignment",
                      hex, "author", who, "scope", a->scope, "device",
                      a->has_device ? json_string(to) : json_null(), "due",
                      a->has_due ? json_string(day) : json_null(), "items",
                      n->items, "titles", n->titles, "count",
                      (json_int_t)a->items_count, "whole", (json_int_t)n->whole,
                      "here", is_here, "late", n->late > 0, "air",
                      a->air[0] != '\0' ? daf_cmd_text(a->air) : json_null()));
    if (cmd->json) return;
    if (a->air[0] != '\0' && a->items_count == 0) {
        (void)printf("%.12s  air of %.12s  by %.8s  ", hex, to, who);
        (void)daf_cmd_put_text(a->air);
    } else {
        (void)printf("%.12s  due %-10s  %-12s  to %.12s  by %.8s  %zu of %zu "
                     "here%s",
                     hex, day, a->scope, a->has_device ? to : "all", who,
                     n->whole, a->items_count, n->late > 0 ? ", late" : "");
        put_titles(n);
    }
    (void)printf("\n");
    json_decref(n->items);
    json_decref(n->titles);
}

enum daf_exit daf_cmd_assignments(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_cmd_content c;
    struct daf_wants wants;
    size_t count = 0;
    enum daf_err err = daf_cmd_content_open(cmd, &c, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = daf_cmd_content_wants(&c, &wants, &t);
    if (err == DAF_OK) count = daf_wanting_count(wants.wanting);
    for (size_t i = 0; i < count; i++) {
        const struct daf_wanting_assignment *a =
            daf_wanting_at(wants.wanting, i);
        struct counted n = {0, 0, json_array(), json_array()};

        for (size_t j = 0; j < a->items_count; j++)
            count_item(&c, &wants, a, j, &n);
        print_one(cmd, a, &n,
                  !a->has_subject &&
                      (!a->has_device ||
                       memcmp(a->device.b, c.view.author.b, 16) == 0));
    }
    if (err == DAF_OK && count == 0 && !cmd->json)
        (void)printf("Nothing is assigned, as far as is known here.\n");
    daf_wants_free(&wants);
    daf_cmd_content_close(&c);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}

/* ---- channels */

struct channel {
    struct daf_view name; /* borrowed from the catalogue, or a subscription */
    size_t items;
    size_t whole;
    uint64_t bytes;
};

static int by_name(const void *a, const void *b)
{
    const struct channel *x = a, *y = b;
    size_t common = x->name.len < y->name.len ? x->name.len : y->name.len;
    int order = memcmp(x->name.p, y->name.p, common);

    if (order != 0) return order;
    return x->name.len < y->name.len ? -1 : x->name.len > y->name.len;
}

/* Each once, what was the same added up. */
static size_t gather(struct channel *all, size_t count)
{
    size_t kept = 0;

    if (count > 0) qsort(all, count, sizeof(*all), by_name);
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && by_name(&all[kept - 1], &all[i]) == 0) {
            all[kept - 1].items += all[i].items;
            all[kept - 1].whole += all[i].whole;
            all[kept - 1].bytes += all[i].bytes;
        } else {
            all[kept++] = all[i];
        }
    }
    return kept;
}

static void print_channel(const struct daf_cmd *cmd, const struct channel *c,
                          bool is_subscribed)
{
    char name[DAF_CONTENT_TEXT_BYTES_MAX + 1], size[DAF_SIZE_TEXT_MAX];

    memcpy(name, c->name.p, c->name.len);
    name[c->name.len] = '\0';
    if (cmd->json) {
        daf_cmd_print(
            json_pack("{so sI sI sI sb}", "channel", daf_cmd_text(name),
                      "items", (json_int_t)c->items, "whole",
                      (json_int_t)c->whole, "bytes", (json_int_t)c->bytes,
                      "subscribed", is_subscribed));
        return;
    }
    daf_size_text(c->bytes, size);
    (void)printf("%-3s  %4zu items  %8s  ", is_subscribed ? "yes" : "-",
                 c->items, size);
    (void)daf_cmd_put_text(name);
    (void)printf("\n");
}

static enum daf_err list_channels(const struct daf_cmd *cmd,
                                  const struct daf_wants *wants,
                                  const struct daf_subscriptions *s)
{
    struct channel *all = calloc(wants->count + s->count + 1, sizeof(*all));
    size_t count = 0;

    if (all == NULL) return DAF_ENOMEM;
    for (size_t i = 0; i < wants->count; i++) {
        const struct daf_wanting_item *it = &wants->items[i];
        struct daf_catalogue_entry e;

        if (it->channel.len == 0) continue;
        daf_catalogue_at(wants->catalogue, i, &e);
        all[count++] =
            (struct channel){it->channel, 1, it->is_whole, e.content.bytes};
    }
    /* Also of what is not in the catalogue yet, or not any more. */
    for (size_t i = 0; i < s->count; i++)
        all[count++] = (struct channel){s->channels[i], 0, 0, 0};
    count = gather(all, count);
    for (size_t i = 0; i < count; i++)
        print_channel(cmd, &all[i], daf_subscriptions_has(s, all[i].name));
    if (count == 0 && !cmd->json)
        (void)printf("No lesson here belongs to a channel.\n");
    free(all);
    return DAF_OK;
}

enum daf_exit daf_cmd_channels(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_subscriptions s;
    struct daf_cmd_content c;
    struct daf_wants wants;
    enum daf_err err = daf_cmd_content_open(cmd, &c, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = daf_cmd_content_wants(&c, &wants, &t);
    if (err == DAF_OK) {
        err = daf_subscriptions_load(&c.view.home, &s, &t);
        if (err == DAF_OK) err = list_channels(cmd, &wants, &s);
        daf_subscriptions_free(&s);
    }
    daf_wants_free(&wants);
    daf_cmd_content_close(&c);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}

/* ---- subscriptions */

/* The daemon does it; where none runs, we do, with the lock. */
static enum daf_err set(struct daf_home *home, const char *channel, bool is_on,
                        struct daf_trouble *t)
{
    json_t *last = NULL;
    enum daf_err err =
        daf_cmd_call(home,
                     json_pack("{ss ss sb}", "op", "content-subscribe",
                               "channel", channel, "on", is_on),
                     NULL, NULL, &last, t);
    const char *words = json_string_value(json_object_get(last, "error"));

    if (err == DAF_OK) err = daf_cmd_err_of(last);
    if (err != DAF_OK && words != NULL) daf_home_trouble(t, "%s", words);
    if (err == DAF_ENOTFOUND && last == NULL) {
        t->what[0] = '\0';
        err = daf_home_lock(home, t);
        if (err == DAF_OK) err = daf_subscriptions_set(home, channel, is_on, t);
    }
    json_decref(last);
    return err;
}

static bool names(const struct daf_catalogue *catalogue, const char *channel)
{
    const struct daf_view name = {(const uint8_t *)channel, strlen(channel)};

    for (size_t i = 0; i < daf_catalogue_count(catalogue); i++) {
        struct daf_catalogue_entry e;
        struct daf_view it;

        daf_catalogue_at(catalogue, i, &e);
        it = e.content.texts[DAF_ABOUT_CHANNEL];
        if (it.len == name.len && memcmp(it.p, name.p, name.len) == 0)
            return true;
    }
    return false;
}

/* It may be of a channel whose lessons come later, or of none, mistyped. */
static void tell_unknown(const struct daf_cmd *cmd, const char *channel)
{
    struct daf_catalogue *catalogue = NULL;
    struct daf_trouble t = {""};
    struct daf_cmd_view v;

    if (daf_cmd_view_open(cmd, false, &v, &t) != DAF_OK) return;
    if (daf_wants_catalogue(v.store, v.camp, &catalogue) == DAF_OK &&
        !names(catalogue, channel))
        (void)fprintf(stderr, "daftar: no lesson of this channel is known here "
                              "yet. `daftar channels` lists those that are\n");
    daf_catalogue_free(catalogue);
    daf_cmd_view_close(&v);
}

static enum daf_exit run(const struct daf_cmd *cmd, bool is_on)
{
    const char *channel = cmd->args[0];
    struct daf_trouble t = {""};
    struct daf_home home;
    enum daf_err err =
        daf_cmd_check_name(channel, DAF_CONTENT_TEXT_BYTES_MAX, "CHANNEL", &t);

    if (err == DAF_OK) err = daf_cmd_load(cmd, true, &home, &t);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = set(&home, channel, is_on, &t);
    daf_home_unload(&home);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    if (is_on) tell_unknown(cmd, channel);
    if (cmd->json) {
        daf_cmd_print(json_pack("{so sb}", "channel", daf_cmd_text(channel),
                                "subscribed", is_on));
    } else {
        (void)daf_cmd_put_text(channel);
        (void)printf(is_on ? ": all of it comes by itself, as there is room\n"
                           : ": nothing more comes of it by itself. What is "
                             "here stays\n");
    }
    return DAF_EXIT_DONE;
}

enum daf_exit daf_cmd_subscribe(const struct daf_cmd *cmd)
{
    return run(cmd, true);
}

enum daf_exit daf_cmd_unsubscribe(const struct daf_cmd *cmd)
{
    return run(cmd, false);
}
