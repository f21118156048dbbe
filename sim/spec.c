/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/spec.h"

#include "sim/core/units.h"

#include <stdio.h>
#include <string.h>

#define TEXT_BYTES 200

struct key {
    const char *name, *like;
    bool is_wanted;
    bool (*take)(void *config, const char *value);
};

static bool take_times(const char *value, daf_sim_us *min, daf_sim_us *max)
{
    char first[DAF_UNITS_BYTES], second[DAF_UNITS_BYTES];

    return daf_units_span(value, '-', first, second) &&
           daf_units_time(first, min) && daf_units_time(second, max);
}

/* ---- waypoint ---- */

static bool take_nodes(void *config, const char *value)
{
    struct daf_waypoint_config *c = config;
    uint64_t n = 0;

    if (!daf_units_count(value, DAF_SIM_NODES_MAX, &n)) return false;
    c->nodes = (uint32_t)n;
    return true;
}

static bool take_area(void *config, const char *value)
{
    struct daf_waypoint_config *c = config;
    char first[DAF_UNITS_BYTES], second[DAF_UNITS_BYTES];

    return strchr(value, 'x') != NULL &&
           daf_units_span(value, 'x', first, second) &&
           daf_units_metres(first, &c->width) &&
           daf_units_metres(second, &c->height);
}

static bool take_range(void *config, const char *value)
{
    struct daf_waypoint_config *c = config;

    return daf_units_metres(value, &c->range);
}

static bool take_speed(void *config, const char *value)
{
    struct daf_waypoint_config *c = config;
    char first[DAF_UNITS_BYTES], second[DAF_UNITS_BYTES];

    return daf_units_span(value, '-', first, second) &&
           daf_units_pace(first, &c->speed_min) &&
           daf_units_pace(second, &c->speed_max);
}

static bool take_wait(void *config, const char *value)
{
    struct daf_waypoint_config *c = config;

    return take_times(value, &c->wait_min, &c->wait_max);
}

static const struct key waypoint_keys[] = {
    {"nodes", "nodes=1000", true, take_nodes},
    {"area", "area=1000x1000m", true, take_area},
    {"range", "range=10m", true, take_range},
    {"speed", "speed=0.5-1.5m/s", true, take_speed},
    {"wait", "wait=0-120s", false, take_wait},
    {NULL, NULL, false, NULL},
};

/* ---- traffic ---- */

static bool take_every(void *config, const char *value)
{
    struct daf_traffic_config *c = config;

    return take_times(value, &c->every_min, &c->every_max);
}

static bool take_size(void *config, const char *value)
{
    struct daf_traffic_config *c = config;
    char first[DAF_UNITS_BYTES], second[DAF_UNITS_BYTES];

    return daf_units_span(value, '-', first, second) &&
           daf_units_bytes(first, &c->bytes_min) &&
           daf_units_bytes(second, &c->bytes_max);
}

static bool take_until(void *config, const char *value)
{
    struct daf_traffic_config *c = config;

    return daf_units_time(value, &c->until);
}

static const struct key traffic_keys[] = {
    {"every", "every=25-35s", true, take_every},
    {"size", "size=500kB-1MB", true, take_size},
    {"until", "until=1h", false, take_until},
    {NULL, NULL, false, NULL},
};

/* ---- both ---- */

static bool no_key(const struct key *keys, const char *part, char *why)
{
    int at =
        snprintf(why, DAF_SPEC_WHY_BYTES, "what is '%.40s'? there are", part);

    for (const struct key *k = keys; k->name != NULL; k++)
        at += snprintf(why + at, DAF_SPEC_WHY_BYTES - (size_t)at, "%s %s",
                       k == keys ? "" : ",", k->like);
    return false;
}

static bool take_part(const struct key *keys, char *part, void *config,
                      unsigned *seen, char *why)
{
    char *value = strchr(part, '=');
    const struct key *k = keys;

    if (value == NULL) return no_key(keys, part, why);
    *value++ = '\0';
    while (k->name != NULL && strcmp(k->name, part) != 0)
        k++;
    if (k->name == NULL) return no_key(keys, part, why);
    if ((*seen >> (k - keys) & 1) != 0) {
        (void)snprintf(why, DAF_SPEC_WHY_BYTES, "%s is said twice", k->name);
        return false;
    }
    *seen |= 1u << (k - keys);
    if (k->take(config, value)) return true;
    (void)snprintf(why, DAF_SPEC_WHY_BYTES,
                   "%s cannot be '%.60s'; write it like %s", k->name, value,
                   k->like);
    return false;
}

static bool take_all(const struct key *keys, const char *text, void *config,
                     char *why)
{
    char copy[TEXT_BYTES];
    char *rest = copy;
    unsigned seen = 0;

    if (strlen(text) >= sizeof copy) {
        (void)snprintf(why, DAF_SPEC_WHY_BYTES,
                       "it has more than %zu characters", sizeof copy - 1);
        return false;
    }
    memcpy(copy, text, strlen(text) + 1);
    for (char *part; (part = strtok_r(rest, ",", &rest)) != NULL;)
        if (!take_part(keys, part, config, &seen, why)) return false;
    for (const struct key *k = keys; k->name != NULL; k++) {
        if (!k->is_wanted || (seen >> (k - keys) & 1) != 0) continue;
        (void)snprintf(why, DAF_SPEC_WHY_BYTES,
                       "%s is missing; write it like %s", k->name, k->like);
        return false;
    }
    return true;
}

static bool is_right(const char *wrong, char *why)
{
    if (wrong != NULL) (void)snprintf(why, DAF_SPEC_WHY_BYTES, "%s", wrong);
    return wrong == NULL;
}

bool daf_spec_waypoint(const char *text, struct daf_waypoint_config *out,
                       char *why)
{
    *out = (struct daf_waypoint_config){.nodes = 0};
    return take_all(waypoint_keys, text, out, why) &&
           is_right(daf_waypoint_wrong(out), why);
}

bool daf_spec_traffic(const char *text, struct daf_traffic_config *out,
                      char *why)
{
    struct daf_traffic_config c = {.nodes = 2, .until = DAF_SIM_NEVER};

    if (!take_all(traffic_keys, text, &c, why) ||
        !is_right(daf_traffic_wrong(&c), why))
        return false;
    c.nodes = 0;
    *out = c;
    return true;
}
