/* SPDX-License-Identifier: Apache-2.0 */
/* From what is written to what is run. */
#include "sim/scenario/scenario.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "sim/scenario/take.h"
#include "sim/scenario/yaml.h"

/* What a scenario's pointers point into. */
struct daf_scenario_memory {
    struct daf_yaml *yaml;
    struct daf_schedule_place *places;
    struct daf_schedule_group *groups;
    struct daf_schedule_stay **stays; /* of each group */
    struct daf_schedule_meeting *meetings;
    struct daf_schedule_partition *partitions;
    struct daf_schedule_errand *errands;
    struct daf_sim_item *items;
};

/* ---- names */

static void take_name(struct daf_take *t, const char *value, char *out)
{
    static const char letters[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_";

    if (value == NULL || value[0] == '\0' ||
        strlen(value) >= DAF_SCHEDULE_NAME_BYTES ||
        value[strspn(value, letters)] != '\0') {
        daf_take_fail(t, "name", value,
                      "tablet-2: at most 31 of a-z, A-Z, 0-9, - and _");
        return;
    }
    (void)snprintf(out, DAF_SCHEDULE_NAME_BYTES, "%s", value);
}

static uint32_t find_place(struct daf_take *t, const struct daf_scenario *s,
                           const char *key, const char *value)
{
    for (uint32_t i = 0; value != NULL && i < s->schedule.places_count; i++)
        if (strcmp(s->schedule.places[i].name, value) == 0) return i;
    daf_take_fail(t, key, value, "the name of one of its places");
    return 0;
}

static uint32_t find_group(struct daf_take *t, const struct daf_scenario *s,
                           const char *key, const char *value)
{
    for (uint32_t i = 0; value != NULL && i < s->schedule.groups_count; i++)
        if (strcmp(s->schedule.groups[i].name, value) == 0) return i;
    daf_take_fail(t, key, value, "the name of one of its groups");
    return 0;
}

static void at(struct daf_take *t, const char *what, const char *name)
{
    (void)snprintf(t->where, sizeof t->where, "%s %.31s", what,
                   name == NULL ? "without a name" : name);
}

/* ---- places */

static void take_charges(struct daf_take *t, const char *value,
                         struct daf_schedule_place *p)
{
    char first[8] = "", second[8] = "";

    p->charges = value != NULL && strcmp(value, "no") != 0;
    if (!p->charges || strcmp(value, "always") == 0) return;
    if (strlen(value) != 11 || value[5] != '-') {
        daf_take_fail(t, "charges", value, "08:00-17:00, or always");
        return;
    }
    memcpy(first, value, 5);
    memcpy(second, value + 6, 5);
    daf_take_clock(t, "charges", first, &p->charge_from);
    daf_take_clock(t, "charges", second, &p->charge_to);
}

static void take_place(struct daf_take *t, const struct daf_yaml_place *y,
                       struct daf_schedule_place *p)
{
    static const char *const airs[] = {"none", "access-point", "direct", NULL};
    uint64_t count = 1, clients = 0;
    unsigned air = 0;

    at(t, "place", y->name);
    take_name(t, y->name, p->name);
    daf_take_count(t, "count", y->count, 1, DAF_CELLS_MAX - 2, &count);
    daf_take_word(t, "air", y->air, airs, DAF_SCHEDULE_AIR_ACCESS_POINT, &air);
    /* 30 Mbit/s is what 40 tablets have of a cheap access point's air. */
    daf_take_speeds(t, "speed", y->speed, 3750000, &p->speed_min,
                    &p->speed_max);
    daf_take_share(t, "loss", y->loss, 0, &p->loss);
    daf_take_share(t, "deaf", y->deaf, 0, &p->deaf);
    daf_take_times(t, "setup", y->setup,
                   (struct daf_schedule_span){2 * DAF_SIM_S, 5 * DAF_SIM_S},
                   &p->setup);
    daf_take_count(t, "clients", y->clients, 0, DAF_SIM_NODES_MAX, &clients);
    take_charges(t, y->charges, p);
    p->count = (uint32_t)count;
    p->clients = (uint32_t)clients;
    p->air = (enum daf_schedule_air)air;
}

/* ---- groups */

static void take_stay(struct daf_take *t, const struct daf_scenario *s,
                      const struct daf_yaml_stay *y,
                      struct daf_schedule_stay *stay)
{
    stay->place = find_place(t, s, "at", y->at);
    daf_take_clock(t, "from", y->from, &stay->from);
    daf_take_clock(t, "to", y->to, &stay->to);
    daf_take_time(t, "jitter", y->jitter, 0, &stay->jitter);
    daf_take_days(t, "days", y->days, &stay->days);
    daf_take_share(t, "chance", y->chance, 1000000, &stay->chance);
    daf_take_bool(t, "drawn", y->drawn, false, &stay->is_drawn);
    daf_take_bool(t, "off", y->off, false, &stay->is_off);
}

static void take_round(struct daf_take *t, const struct daf_scenario *s,
                       const struct daf_yaml_round *y,
                       struct daf_schedule_round *r)
{
    const struct daf_schedule_span quarter = {15 * DAF_SIM_MINUTE,
                                              15 * DAF_SIM_MINUTE};

    r->place = DAF_SCHEDULE_NONE;
    if (y == NULL) return;
    r->place = find_place(t, s, "of", y->of);
    daf_take_clock(t, "from", y->from, &r->from);
    daf_take_clock(t, "to", y->to, &r->to);
    daf_take_days(t, "days", y->days, &r->days);
    daf_take_times(t, "stay", y->stay, quarter, &r->stay);
    daf_take_times(t, "way", y->way, quarter, &r->way);
}

/* Days from 1970 to the first of January of @year (Fliegel and Van Flandern, 1968,
 * for that day). */
static int64_t days_to(int64_t year)
{
    int64_t y = year - 1;

    return (y * 365 + y / 4 - y / 100 + y / 400) - 719162;
}

static void take_clocks(struct daf_take *t, const struct daf_yaml_clocks *y,
                        struct daf_schedule_group *g)
{
    uint64_t year = 1970;

    if (y == NULL) return;
    daf_take_share(t, "wrong", y->wrong, 1000000, &g->wrong_clocks);
    daf_take_count(t, "to", y->to, 1970, 9999, &year);
    if (year < 1970) daf_take_fail(t, "to", y->to, "1970");
    g->wrong_clock_ms =
        days_to((int64_t)year) * 24 * 3600 * 1000 - DAF_SIM_BEGINS_MS;
}

static void take_power(struct daf_take *t, const struct daf_yaml_group *y,
                       struct daf_schedule_group *g)
{
    static const char *const words[] = {"stays", "always", NULL};
    const struct daf_schedule_span none = {0, 0};
    unsigned on = 0;

    daf_take_word(t, "on", y->on, words, 0, &on);
    g->is_always_on = on == 1;
    if (y->duty != NULL) {
        daf_take_times(t, "on", y->duty->on, none, &g->duty_on);
        daf_take_times(t, "off", y->duty->off, none, &g->duty_off);
    }
    if (y->battery == NULL) return;
    daf_take_time(t, "lasts", y->battery->lasts, 8 * DAF_SIM_HOUR,
                  &g->battery.lasts);
    daf_take_time(t, "charges", y->battery->charges, 4 * DAF_SIM_HOUR,
                  &g->battery.charges);
    daf_take_share(t, "resets-clock", y->battery->resets_clock, 0,
                   &g->battery.resets);
}

static void take_group(struct daf_take *t, struct daf_scenario *s, unsigned i)
{
    const struct daf_yaml_group *y = &s->memory->yaml->groups[i];
    struct daf_schedule_group *g = &s->memory->groups[i];
    uint64_t count = 1;

    at(t, "group", y->name);
    take_name(t, y->name, g->name);
    daf_take_count(t, "count", y->count, 1, DAF_SIM_NODES_MAX, &count);
    g->count = (uint32_t)count;
    daf_take_bool(t, "wired", y->wired, false, &g->is_wired);
    daf_take_bytes(t, "buffer", y->buffer, 0, &g->buffer_bytes);
    take_power(t, y, g);
    take_clocks(t, y->clocks, g);
    take_round(t, s, y->round, &g->round);
    g->stays_count = y->stays_count;
    g->stays = s->memory->stays[i];
    for (unsigned k = 0; k < y->stays_count; k++)
        take_stay(t, s, &y->stays[k], &s->memory->stays[i][k]);
}

/* ---- what else there is */

static void take_errand(struct daf_take *t, const struct daf_scenario *s,
                        const struct daf_yaml_traffic *y,
                        struct daf_schedule_errand *e)
{
    const struct daf_schedule_span hour = {DAF_SIM_HOUR, DAF_SIM_HOUR};

    at(t, "traffic of", y->from);
    e->group = find_group(t, s, "from", y->from);
    e->to = find_group(t, s, "to", y->to);
    daf_take_bool(t, "drawn", y->drawn, false, &e->is_drawn);
    e->at = y->at == NULL ? DAF_SCHEDULE_NONE : find_place(t, s, "at", y->at);
    daf_take_times(t, "every", y->every, hour, &e->every);
    daf_take_sizes(t, "size", y->size, 300, &e->bytes_min, &e->bytes_max);
    daf_take_time(t, "after", y->after, 0, &e->from);
    daf_take_time(t, "until", y->until, 0, &e->until);
}

static void take_meeting(struct daf_take *t, const struct daf_scenario *s,
                         const struct daf_yaml_meeting *y,
                         struct daf_schedule_meeting *m)
{
    uint64_t most = 0;

    at(t, "meeting of", y->group);
    m->group = find_group(t, s, "group", y->group);
    m->with = find_group(t, s, "with", y->with == NULL ? y->group : y->with);
    daf_take_times(t, "every", y->every,
                   (struct daf_schedule_span){DAF_SIM_HOUR, 3 * DAF_SIM_HOUR},
                   &m->every);
    daf_take_times(t, "lasts", y->lasts,
                   (struct daf_schedule_span){30 * DAF_SIM_S,
                                              5 * DAF_SIM_MINUTE},
                   &m->lasts);
    daf_take_times(t, "setup", y->setup,
                   (struct daf_schedule_span){2 * DAF_SIM_S, 10 * DAF_SIM_S},
                   &m->setup);
    daf_take_speeds(t, "speed", y->speed, 2500000, &m->speed, &most);
    if (most != m->speed) daf_take_fail(t, "speed", y->speed, "20Mbit/s");
    daf_take_share(t, "loss", y->loss, 0, &m->loss);
}

static void take_partition(struct daf_take *t, const struct daf_scenario *s,
                           const struct daf_yaml_partition *y,
                           struct daf_schedule_partition *p)
{
    at(t, "partition from", y->from);
    if (y->from == NULL || y->to == NULL)
        daf_take_fail(t, "from and to", NULL, "from: 2d, to: 32d");
    daf_take_time(t, "from", y->from, 0, &p->from);
    daf_take_time(t, "to", y->to, 0, &p->to);
    for (unsigned i = 0; i < y->apart_count; i++)
        p->groups |= UINT64_C(1) << find_group(t, s, "apart", y->apart[i]);
    if (p->groups == 0)
        daf_take_fail(t, "apart", NULL, "apart: [mule], a list of groups");
}

/* A group's nodes are numbered one after the other. */
static void take_nodes(const struct daf_scenario *s, uint32_t group,
                       uint32_t *first, uint32_t *count)
{
    *first = 0;
    for (uint32_t i = 0; i < group; i++)
        *first += s->schedule.groups[i].count;
    *count = s->schedule.groups[group].count;
}

static void take_item(struct daf_take *t, const struct daf_scenario *s,
                      const struct daf_yaml_item *y, struct daf_sim_item *item)
{
    uint32_t from = 0, to = 0;

    at(t, "content", y->name);
    take_name(t, y->name, item->name);
    daf_take_bytes(t, "size", y->size, 0, &item->bytes);
    if (item->bytes == 0 || item->bytes > DAF_SIM_ITEM_BYTES_MAX)
        daf_take_fail(t, "size", y->size, "500MB, and at most 500GB");
    from = find_group(t, s, "from", y->from);
    to = find_group(t, s, "to", y->to);
    if (from == to)
        daf_take_fail(t, "to", y->to, "another group's name than from");
    daf_take_clock(t, "at", y->at, &item->at);
    if (t->is_wrong) return;
    take_nodes(s, from, &item->from, &item->from_count);
    take_nodes(s, to, &item->to, &item->to_count);
}

/* ---- the whole */

static void *many(size_t count, size_t size)
{
    return calloc(count + 1, size);
}

static bool make_room(struct daf_scenario_memory *m)
{
    const struct daf_yaml *y = m->yaml;

    m->places = many(y->places_count, sizeof *m->places);
    m->groups = many(y->groups_count, sizeof *m->groups);
    m->stays = many(y->groups_count, sizeof *m->stays);
    m->errands = many(y->traffic_count, sizeof *m->errands);
    m->meetings = many(y->meetings_count, sizeof *m->meetings);
    m->partitions = many(y->partitions_count, sizeof *m->partitions);
    m->items = many(y->content_count, sizeof *m->items);
    if (m->places == NULL || m->groups == NULL || m->stays == NULL ||
        m->errands == NULL || m->meetings == NULL || m->partitions == NULL ||
        m->items == NULL)
        return false;
    for (unsigned i = 0; i < y->groups_count; i++) {
        m->stays[i] = many(y->groups[i].stays_count, sizeof **m->stays);
        if (m->stays[i] == NULL) return false;
    }
    return true;
}

static void point(struct daf_scenario *s)
{
    const struct daf_scenario_memory *m = s->memory;
    const struct daf_yaml *y = m->yaml;

    s->schedule = (struct daf_schedule_config){
        .places_count = y->places_count,
        .places = m->places,
        .groups_count = y->groups_count,
        .groups = m->groups,
        .errands_count = y->traffic_count,
        .errands = m->errands,
        .meetings_count = y->meetings_count,
        .meetings = m->meetings,
        .partitions_count = y->partitions_count,
        .partitions = m->partitions,
    };
    s->items_count = y->content_count;
    s->items = m->items;
}

static void take_run(struct daf_take *t, struct daf_scenario *s)
{
    const struct daf_yaml *y = s->memory->yaml;
    daf_sim_us lifetime = 0;

    if (y->scenario == NULL || strlen(y->scenario) > 63)
        daf_take_fail(t, "scenario", y->scenario, "classroom-40");
    s->name = y->scenario;
    s->what = y->what == NULL ? "" : y->what;
    if (strlen(s->what) > 300)
        daf_take_fail(t, "what", "it", "a line of at most 300 letters");
    s->assumptions = (const char *const *)y->assumptions;
    s->assumptions_count = y->assumptions_count;
    s->protocol = y->protocol;
    daf_take_count(t, "seed", y->seed, 1, UINT64_MAX, &s->seed);
    daf_take_time(t, "lasts", y->lasts, 0, &s->lasts);
    if (s->lasts == 0) daf_take_fail(t, "lasts", y->lasts, "5d");
    daf_take_time(t, "warm-up", y->warm_up, 0, &s->warm_up);
    if (s->warm_up >= s->lasts)
        daf_take_fail(t, "warm-up", y->warm_up, "1d, less than it lasts");
    daf_take_time(t, "within", y->within, 0, &s->within);
    daf_take_time(t, "lifetime", y->lifetime, 0, &lifetime);
    if (lifetime % DAF_SIM_MINUTE != 0 ||
        lifetime / DAF_SIM_MINUTE > UINT32_MAX)
        daf_take_fail(t, "lifetime", y->lifetime, "300min, in whole minutes");
    s->lifetime_minutes = (uint32_t)(lifetime / DAF_SIM_MINUTE);
    daf_take_bytes(t, "buffer", y->buffer, 0, &s->buffer_bytes);
}

static void take_all(struct daf_take *t, struct daf_scenario *s)
{
    struct daf_scenario_memory *m = s->memory;
    const struct daf_yaml *y = m->yaml;

    take_run(t, s);
    for (unsigned i = 0; i < y->places_count; i++)
        take_place(t, &y->places[i], &m->places[i]);
    for (unsigned i = 0; i < y->groups_count; i++)
        take_group(t, s, i);
    for (unsigned i = 0; i < y->traffic_count; i++)
        take_errand(t, s, &y->traffic[i], &m->errands[i]);
    for (unsigned i = 0; i < y->meetings_count; i++)
        take_meeting(t, s, &y->meetings[i], &m->meetings[i]);
    for (unsigned i = 0; i < y->partitions_count; i++)
        take_partition(t, s, &y->partitions[i], &m->partitions[i]);
    for (unsigned i = 0; i < y->content_count; i++)
        take_item(t, s, &y->content[i], &m->items[i]);
}

static enum daf_err understand(struct daf_scenario *s, const char *path,
                               const char *text, char *why)
{
    struct daf_take t = {.path = path, .text = text, .why = why};
    char wrong[DAF_SCHEDULE_WHY_BYTES];

    if (!make_room(s->memory)) return DAF_ENOMEM;
    point(s);
    take_all(&t, s);
    if (t.is_wrong) return DAF_EFORM;
    if (!daf_schedule_wrong(&s->schedule, wrong)) return DAF_OK;
    (void)snprintf(why, DAF_SCENARIO_WHY_BYTES, "%.200s: %s", path, wrong);
    return DAF_EFORM;
}

static enum daf_err read_file(const char *path, char **text, size_t *len,
                              char *why)
{
    struct stat st;
    /* A pipe without a writer would wait for ever. */
    bool is_pipe = stat(path, &st) == 0 && S_ISFIFO(st.st_mode);
    FILE *file = is_pipe ? NULL : fopen(path, "re");

    if (is_pipe) errno = EINVAL;
    *text = malloc(DAF_SCENARIO_FILE_MAX + 2);
    *len = 0;
    if (file != NULL && *text != NULL)
        *len = fread(*text, 1, DAF_SCENARIO_FILE_MAX + 1, file);
    bool is_read = file != NULL && ferror(file) == 0;
    int error = errno;
    if (file != NULL) (void)fclose(file);
    if (*text == NULL) return DAF_ENOMEM;
    (*text)[*len] = '\0';
    if (!is_read) {
        (void)snprintf(why, DAF_SCENARIO_WHY_BYTES, "%.200s cannot be read: %s",
                       path, strerror(error));
        return DAF_EIO;
    }
    if (*len > DAF_SCENARIO_FILE_MAX || strlen(*text) != *len) {
        (void)snprintf(why, DAF_SCENARIO_WHY_BYTES,
                       "%.200s is no scenario: it is larger than 1 MiB, or not "
                       "text",
                       path);
        return DAF_EFORM;
    }
    return DAF_OK;
}

enum daf_err daf_scenario_load(const char *path, struct daf_scenario **out,
                               char *why)
{
    struct daf_scenario *s = calloc(1, sizeof *s);
    char *text = NULL;
    size_t len = 0;

    (void)snprintf(why, DAF_SCENARIO_WHY_BYTES, "%.200s: out of memory", path);
    if (s == NULL) return DAF_ENOMEM;
    s->memory = calloc(1, sizeof *s->memory);
    enum daf_err err =
        s->memory == NULL ? DAF_ENOMEM : read_file(path, &text, &len, why);
    if (err == DAF_OK)
        err = daf_yaml_parse(path, text, len, &s->memory->yaml, why);
    if (err == DAF_OK) err = understand(s, path, text, why);
    free(text);
    if (err != DAF_OK) {
        daf_scenario_free(s);
        return err;
    }
    *out = s;
    return DAF_OK;
}

void daf_scenario_free(struct daf_scenario *s)
{
    struct daf_scenario_memory *m = s == NULL ? NULL : s->memory;

    if (m != NULL) {
        for (unsigned i = 0; m->stays != NULL && i < m->yaml->groups_count; i++)
            free(m->stays[i]);
        free(m->stays);
        free(m->places);
        free(m->groups);
        free(m->errands);
        free(m->meetings);
        free(m->partitions);
        free(m->items);
        daf_yaml_free(m->yaml);
    }
    free(m);
    free(s);
}
