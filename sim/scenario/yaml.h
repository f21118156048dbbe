/* SPDX-License-Identifier: Apache-2.0 */
/* sim/scenario/yaml.h - a scenario file as it is written: text, NULL where a key is
 * not there. */
#ifndef DAF_SIM_SCENARIO_YAML_H
#define DAF_SIM_SCENARIO_YAML_H

#include <cyaml/cyaml.h>

#include "proto/err.h"
#include "proto/types.h"

struct daf_yaml_place {
    char *name, *count, *air, *speed, *loss, *deaf, *setup, *clients, *charges;
};

struct daf_yaml_duty {
    char *on, *off;
};

struct daf_yaml_battery {
    char *lasts, *charges, *resets_clock;
};

struct daf_yaml_clocks {
    char *wrong, *to;
};

struct daf_yaml_stay {
    char *at, *from, *to, *jitter, *days, *chance, *drawn, *off;
};

struct daf_yaml_round {
    char *of, *from, *to, *days, *stay, *way;
};

struct daf_yaml_group {
    char *name, *count, *on, *wired, *buffer;
    struct daf_yaml_duty *duty;
    struct daf_yaml_battery *battery;
    struct daf_yaml_clocks *clocks;
    struct daf_yaml_stay *stays;
    unsigned stays_count;
    struct daf_yaml_round *round;
};

struct daf_yaml_traffic {
    char *from, *to, *drawn, *at, *every, *size, *after, *until;
};

struct daf_yaml_meeting {
    char *group, *with, *every, *lasts, *setup, *speed, *loss;
};

struct daf_yaml_item {
    char *name, *size, *from, *to, *at;
};

struct daf_yaml_partition {
    char *from, *to;
    char **apart;
    unsigned apart_count;
};

struct daf_yaml {
    char *scenario, *what, *lasts, *warm_up, *seed, *protocol, *lifetime,
        *buffer, *within;
    char **assumptions;
    unsigned assumptions_count;
    struct daf_yaml_place *places;
    unsigned places_count;
    struct daf_yaml_group *groups;
    unsigned groups_count;
    struct daf_yaml_traffic *traffic;
    unsigned traffic_count;
    struct daf_yaml_meeting *meetings;
    unsigned meetings_count;
    struct daf_yaml_partition *partitions;
    unsigned partitions_count;
    struct daf_yaml_item *content;
    unsigned content_count;
};

/** daf_yaml_parse: @why as daf_scenario_load(), @path for it alone. */
DAF_NODISCARD enum daf_err daf_yaml_parse(const char *path, const char *text,
                                          size_t len, struct daf_yaml **out,
                                          char *why);
void daf_yaml_free(struct daf_yaml *y);

/** daf_yaml_line: the first line that says @value for @key, or @key if @value is
 * NULL; 0: none. */
unsigned daf_yaml_line(const char *text, const char *key, const char *value);

#endif
