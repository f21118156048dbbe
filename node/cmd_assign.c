/* SPDX-License-Identifier: Apache-2.0 */
/* daftar assign, unassign: what a class or a device is to have, written down. */
#include "node/clock.h"
#include "node/cmd_content.h"
#include "node/wants.h"

#include <stdio.h>
#include <stdlib.h>

#define PREFIX_MIN 6 /* digits of an id */

struct assigning {
    const struct daf_cmd *cmd;
    struct daf_cmd_content c;
    struct daf_assignment assignment; /* items point into hex */
    char hex[DAF_ASSIGNMENT_ITEMS_MAX][2 * sizeof(struct daf_hash) + 1];
    struct daf_write write;
    struct daf_wrote wrote;
    struct daf_trouble t;
};

static void on_wrote(void *ctx, const struct daf_wrote *wrote,
                     const struct daf_trouble *t)
{
    struct assigning *a = ctx;

    a->wrote = *wrote;
    if (t != NULL) a->t = *t;
}

/* Pack, seal and keep it: durable on return. */
static enum daf_err put(struct assigning *a)
{
    uint8_t *room = malloc(DAF_PAYLOAD_BYTES_MAX);
    struct daf_cmd_writer *writer = NULL;
    struct daf_pack k;
    enum daf_err err;

    if (room == NULL) return DAF_ENOMEM;
    daf_pack_init(&k, room, DAF_PAYLOAD_BYTES_MAX);
    daf_payload_pack_assignment(&k, &a->assignment);
    a->write.kind = DAF_WRITE_ASSIGNMENT;
    a->write.payload = daf_pack_view(&k);
    a->write.claimed = daf_clock_wall();
    a->write.time_quality = (uint8_t)daf_clock_quality(a->write.claimed);
    a->wrote.err = DAF_EIO; /* unless the write says how it ended */
    err = daf_cmd_writer_open(&a->c.view.home, on_wrote, a, &writer, &a->t);
    if (err == DAF_OK) err = daf_cmd_writer_put(writer, &a->write, &a->t);
    if (err == DAF_OK) err = daf_cmd_writer_flush(writer, &a->t);
    daf_cmd_writer_close(writer);
    free(room);
    return err != DAF_OK ? err : a->wrote.err;
}

/* ---- to whom */

static bool may_curate(const struct assigning *a, const struct daf_scope_id *id)
{
    const struct daf_authority *auth = daf_camp_authority(a->c.view.camp);

    return auth->right(auth->ctx, &a->c.view.author, id) >= DAF_RIGHT_CURATE;
}

/* --class, or the first class where this device may. */
static enum daf_err find_class(struct assigning *a)
{
    const char *wanted = daf_cmd_value(a->cmd, "class"), *name;
    struct daf_scope_id id;
    bool is_there = false;

    for (size_t i = 0; (name = daf_camp_scope(a->c.view.camp, i, &id)) != NULL;
         i++) {
        if (strncmp(name, "class:", 6) != 0 ||
            (wanted != NULL && strcmp(name, wanted) != 0))
            continue;
        is_there = true;
        if (!may_curate(a, &id)) continue;
        (void)snprintf(a->write.scope, sizeof(a->write.scope), "%s", name);
        return DAF_OK;
    }
    if (wanted != NULL && !is_there) {
        daf_home_trouble(&a->t,
                         "the camp has no class \"%s\", as far as is "
                         "known here. To do: give one such as class:1",
                         wanted);
        return DAF_ESCOPE;
    }
    daf_home_trouble(&a->t,
                     "this device may not assign%s%s: it has not the right to "
                     "curate there. To do: ask a coordinator, who may, or who "
                     "enrols it with --right curate",
                     wanted != NULL ? " in " : "",
                     wanted != NULL ? wanted : "");
    return DAF_EDENIED;
}

/* Why no id begins with what was typed. */
static const char *none(const char *digits, const char *of_nothing)
{
    return strlen(digits) < PREFIX_MIN ? "these digits are too few"
                                       : of_nothing;
}

static enum daf_err find_device(struct assigning *a)
{
    const char *digits = daf_cmd_value(a->cmd, "device");
    struct daf_camp_rights d;
    size_t found = 0;

    if (digits == NULL) return DAF_OK;
    for (size_t i = 0;
         strlen(digits) >= PREFIX_MIN && daf_camp_rights(a->c.view.camp, i, &d);
         i++) {
        char hex[2 * sizeof(d.author.b) + 1];

        if (!daf_cmd_begins(daf_cmd_hex_str(d.author.b, 16, hex), digits))
            continue;
        a->assignment.has_device = true;
        a->assignment.device = d.author;
        found++;
    }
    if (found == 1) return DAF_OK;
    daf_home_trouble(&a->t,
                     "%s. To do: daftar devices lists them; give 6 digits or "
                     "more of one",
                     found > 1 ? "several devices begin with these digits"
                               : none(digits, "no device of the camp begins "
                                              "with these digits"));
    return found > 1 ? DAF_EUSAGE : DAF_ENOTFOUND;
}

static enum daf_err read_due(struct assigning *a)
{
    const char *due = daf_cmd_value(a->cmd, "due");

    if (due == NULL) return DAF_OK;
    a->assignment.has_due = daf_wants_day_read(due, &a->assignment.due);
    if (a->assignment.has_due &&
        a->assignment.due < daf_clock_wall().ms / 1000 / 86400)
        (void)fprintf(stderr,
                      "daftar: %s is past, as this device's clock has "
                      "it; it is assigned all the same.\n",
                      due);
    if (a->assignment.has_due) return DAF_OK;
    daf_home_trouble(&a->t, "--due must be a day such as 2026-03-31");
    return DAF_EUSAGE;
}

/* What stands of this device's air in the class is replaced. */
static enum daf_err replace_airs(struct assigning *a)
{
    struct daf_assignment *to = &a->assignment;
    struct daf_wanting *wanting = NULL;
    enum daf_err err =
        daf_wants_assignments(a->c.view.store, a->c.view.camp, &wanting);

    for (size_t i = 0; err == DAF_OK && i < daf_wanting_count(wanting); i++) {
        const struct daf_wanting_assignment *it = daf_wanting_at(wanting, i);

        /* One with lessons as well is taken back by hand. */
        if (it->air[0] == '\0' || it->items_count > 0 ||
            strcmp(it->scope, a->write.scope) != 0 ||
            memcmp(it->device.b, to->device.b, sizeof(it->device.b)) != 0 ||
            to->replaces_count == DAF_REPLACES_MAX)
            continue;
        to->replaces[to->replaces_count++] = it->id;
    }
    daf_wanting_free(wanting);
    return err;
}

/* Whether whoever gets the record reads it: its words are text. */
static bool is_read_back(const struct daf_assignment *a)
{
    uint8_t room[256];
    struct daf_assignment again;
    struct daf_pack k;

    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_assignment(&k, a);
    return !k.is_full &&
           daf_payload_assignment(daf_pack_view(&k), &again) == DAF_OK;
}

static enum daf_err read_air(struct assigning *a)
{
    const char *air = daf_cmd_value(a->cmd, "air");

    if (air == NULL && a->cmd->args_count > 0) return DAF_OK;
    if (air == NULL) {
        daf_home_trouble(&a->t, "nothing is assigned. To do: name a lesson, as "
                                "daftar library shows it, or --air");
        return DAF_EUSAGE;
    }
    if (a->cmd->args_count > 0 || daf_cmd_value(a->cmd, "due") != NULL) {
        daf_home_trouble(&a->t, "--air is said by itself, not together with "
                                "lessons or --due");
        return DAF_EUSAGE;
    }
    if (!a->assignment.has_device) {
        daf_home_trouble(&a->t, "--air is of one device. To do: say which by "
                                "--device, as daftar devices shows it");
        return DAF_EUSAGE;
    }
    if (air[0] == '\0' || strlen(air) > DAF_AIR_WORD_BYTES_MAX) {
        daf_home_trouble(&a->t, "--air is a word of 1 to 64 bytes, such as "
                                "tent-2; cable: it is on none");
        return DAF_EUSAGE;
    }
    a->assignment.air = (struct daf_view){(const uint8_t *)air, strlen(air)};
    if (!is_read_back(&a->assignment)) {
        daf_home_trouble(&a->t, "--air must be text without control "
                                "characters, such as tent-2");
        return DAF_EUSAGE;
    }
    return replace_airs(a);
}

/* One that two of the words mean is assigned once. */
static void add_item(struct assigning *a, const struct daf_hash *content)
{
    struct daf_assignment *to = &a->assignment;
    size_t at = to->items_count;

    (void)daf_cmd_hex_str(content->b, sizeof(content->b), a->hex[at]);
    for (size_t i = 0; i < at; i++)
        if (strcmp(a->hex[i], a->hex[at]) == 0) return;
    to->items[to->items_count++] =
        (struct daf_view){(const uint8_t *)a->hex[at], strlen(a->hex[at])};
}

static enum daf_err find_items(struct assigning *a)
{
    for (size_t i = 0; i < a->cmd->args_count; i++) {
        struct daf_catalogue_entry e;
        enum daf_err err =
            daf_cmd_content_find(&a->c, a->cmd->args[i], &e, &a->t);

        if (err != DAF_OK) return err;
        add_item(a, &e.content.id);
    }
    return DAF_OK;
}

/* ---- said */

static void print_assigned(const struct assigning *a)
{
    const struct daf_assignment *it = &a->assignment;
    char hex[2 * sizeof(struct daf_record_id) + 1], day[DAF_DAY_TEXT_BYTES];
    json_t *items;

    (void)daf_cmd_hex_str(a->wrote.record.b, sizeof(a->wrote.record.b), hex);
    if (!a->cmd->json && it->air.len > 0) {
        (void)printf("It is on the air of ");
        (void)daf_cmd_put_text(daf_cmd_value(a->cmd, "air"));
        (void)printf(", if it cannot tell itself: %.12s\n", hex);
        return;
    }
    if (!a->cmd->json) {
        (void)printf("Assigned to %s of %s%s%s: %.12s\n",
                     it->has_device ? "a device" : "every device",
                     a->write.scope, it->has_due ? ", due " : "",
                     it->has_due ? daf_wants_day(it->due, day) : "", hex);
        return;
    }
    items = json_array();
    for (size_t i = 0; i < it->items_count; i++)
        (void)json_array_append_new(items, json_string(a->hex[i]));
    daf_cmd_print(json_pack(
        "{ss sb ss so so so so}", "assignment", hex, "durable", 1, "scope",
        a->write.scope, "device",
        it->has_device ? daf_cmd_hex(it->device.b, sizeof(it->device.b))
                       : json_null(),
        "due",
        it->has_due ? json_string(daf_wants_day(it->due, day)) : json_null(),
        "items", items, "air",
        it->air.len > 0 ? daf_cmd_text(daf_cmd_value(a->cmd, "air"))
                        : json_null()));
}

enum daf_exit daf_cmd_assign(const struct daf_cmd *cmd)
{
    struct assigning *a = calloc(1, sizeof(*a));
    enum daf_exit code = DAF_EXIT_DONE;
    enum daf_err err = DAF_ENOMEM;

    if (a == NULL) return daf_cmd_fail(cmd, err, NULL);
    a->cmd = cmd;
    err = daf_cmd_content_open(cmd, &a->c, &a->t);
    if (err == DAF_OK) {
        err = read_due(a);
        if (err == DAF_OK) err = find_device(a);
        if (err == DAF_OK) err = find_class(a);
        if (err == DAF_OK) err = read_air(a);
        if (err == DAF_OK) err = find_items(a);
        if (err == DAF_OK) err = put(a);
        daf_cmd_content_close(&a->c);
    }
    if (err == DAF_OK)
        print_assigned(a);
    else
        code = daf_cmd_fail(cmd, err, &a->t);
    free(a);
    return code;
}

/* ---- taken back */

static enum daf_err find_assignment(struct assigning *a,
                                    const struct daf_wanting *wanting)
{
    const char *digits = a->cmd->args[0];
    size_t found = 0;

    for (size_t i = 0;
         strlen(digits) >= PREFIX_MIN && i < daf_wanting_count(wanting); i++) {
        const struct daf_wanting_assignment *it = daf_wanting_at(wanting, i);
        char hex[2 * sizeof(it->id.b) + 1];

        if (!daf_cmd_begins(daf_cmd_hex_str(it->id.b, sizeof(it->id.b), hex),
                            digits))
            continue;
        a->assignment.replaces[0] = it->id;
        a->assignment.replaces_count = 1;
        (void)snprintf(a->write.scope, sizeof(a->write.scope), "%s", it->scope);
        found++;
    }
    if (found == 1) return DAF_OK;
    daf_home_trouble(&a->t,
                     "%s. To do: daftar assignments lists them; give 6 digits "
                     "or more of one",
                     found > 1
                         ? "several assignments begin with these digits"
                         : none(digits, "no assignment that stands begins with "
                                        "these digits"));
    return found > 1 ? DAF_EUSAGE : DAF_ENOTFOUND;
}

static void print_taken_back(const struct assigning *a)
{
    char hex[2 * sizeof(struct daf_record_id) + 1];

    (void)daf_cmd_hex_str(a->assignment.replaces[0].b, 32, hex);
    if (a->cmd->json)
        daf_cmd_print(json_pack("{ss so sb}", "assignment", hex, "record",
                                daf_cmd_hex(a->wrote.record.b, 32), "durable",
                                1));
    else
        (void)printf("%.12s is taken back. What came of it stays where it "
                     "is.\n",
                     hex);
}

enum daf_exit daf_cmd_unassign(const struct daf_cmd *cmd)
{
    struct assigning *a = calloc(1, sizeof(*a));
    struct daf_wanting *wanting = NULL;
    enum daf_exit code = DAF_EXIT_DONE;
    enum daf_err err = DAF_ENOMEM;

    if (a == NULL) return daf_cmd_fail(cmd, err, NULL);
    a->cmd = cmd;
    err = daf_cmd_view_open(cmd, false, &a->c.view, &a->t);
    if (err == DAF_OK) {
        err = daf_wants_assignments(a->c.view.store, a->c.view.camp, &wanting);
        if (err == DAF_OK) err = find_assignment(a, wanting);
        if (err == DAF_OK) err = put(a);
        daf_wanting_free(wanting);
        daf_cmd_view_close(&a->c.view);
    }
    if (err == DAF_OK)
        print_taken_back(a);
    else
        code = daf_cmd_fail(cmd, err, &a->t);
    free(a);
    return code;
}
