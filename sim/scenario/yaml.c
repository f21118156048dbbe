/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/scenario/yaml.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/scenario.h"

#define TEXT_MOST 2000 /* bytes of a value */

/* ---- the form: each table lists the keys of one struct, as people write them */

#define TEXT(of, key, member)                                             \
    CYAML_FIELD_STRING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                           struct of, member, 0, TEXT_MOST)
#define MAP(of, key, member, fields)                                       \
    CYAML_FIELD_MAPPING_PTR(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                            struct of, member, fields)
#define MANY(of, key, member, one, most)                                \
    CYAML_FIELD_SEQUENCE(key, CYAML_FLAG_POINTER | CYAML_FLAG_OPTIONAL, \
                         struct of, member, one, 0, most)

static const cyaml_schema_value_t line = {
    CYAML_VALUE_STRING(CYAML_FLAG_POINTER, char, 0, TEXT_MOST)};

static const cyaml_schema_field_t place_keys[] = {
    TEXT(daf_yaml_place, "name", name),
    TEXT(daf_yaml_place, "count", count),
    TEXT(daf_yaml_place, "air", air),
    TEXT(daf_yaml_place, "speed", speed),
    TEXT(daf_yaml_place, "loss", loss),
    TEXT(daf_yaml_place, "deaf", deaf),
    TEXT(daf_yaml_place, "setup", setup),
    TEXT(daf_yaml_place, "clients", clients),
    TEXT(daf_yaml_place, "charges", charges),
    CYAML_FIELD_END};
static const cyaml_schema_value_t place = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct daf_yaml_place, place_keys)};

static const cyaml_schema_field_t duty_keys[] = {TEXT(daf_yaml_duty, "on", on),
                                                 TEXT(daf_yaml_duty, "off",
                                                      off),
                                                 CYAML_FIELD_END};
static const cyaml_schema_field_t battery_keys[] = {
    TEXT(daf_yaml_battery, "lasts", lasts),
    TEXT(daf_yaml_battery, "charges", charges),
    TEXT(daf_yaml_battery, "resets-clock", resets_clock), CYAML_FIELD_END};
static const cyaml_schema_field_t clocks_keys[] = {
    TEXT(daf_yaml_clocks, "wrong", wrong), TEXT(daf_yaml_clocks, "to", to),
    CYAML_FIELD_END};

static const cyaml_schema_field_t stay_keys[] = {
    TEXT(daf_yaml_stay, "at", at),
    TEXT(daf_yaml_stay, "from", from),
    TEXT(daf_yaml_stay, "to", to),
    TEXT(daf_yaml_stay, "jitter", jitter),
    TEXT(daf_yaml_stay, "days", days),
    TEXT(daf_yaml_stay, "chance", chance),
    TEXT(daf_yaml_stay, "drawn", drawn),
    TEXT(daf_yaml_stay, "off", off),
    CYAML_FIELD_END};
static const cyaml_schema_value_t stay = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct daf_yaml_stay, stay_keys)};

static const cyaml_schema_field_t round_keys[] = {
    TEXT(daf_yaml_round, "of", of),
    TEXT(daf_yaml_round, "from", from),
    TEXT(daf_yaml_round, "to", to),
    TEXT(daf_yaml_round, "days", days),
    TEXT(daf_yaml_round, "stay", stay),
    TEXT(daf_yaml_round, "way", way),
    CYAML_FIELD_END};

static const cyaml_schema_field_t group_keys[] = {
    TEXT(daf_yaml_group, "name", name),
    TEXT(daf_yaml_group, "count", count),
    TEXT(daf_yaml_group, "on", on),
    TEXT(daf_yaml_group, "wired", wired),
    TEXT(daf_yaml_group, "buffer", buffer),
    MAP(daf_yaml_group, "duty", duty, duty_keys),
    MAP(daf_yaml_group, "battery", battery, battery_keys),
    MAP(daf_yaml_group, "clocks", clocks, clocks_keys),
    MANY(daf_yaml_group, "stays", stays, &stay, 64),
    MAP(daf_yaml_group, "round", round, round_keys),
    CYAML_FIELD_END};
static const cyaml_schema_value_t group = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct daf_yaml_group, group_keys)};

static const cyaml_schema_field_t traffic_keys[] = {
    TEXT(daf_yaml_traffic, "from", from),
    TEXT(daf_yaml_traffic, "to", to),
    TEXT(daf_yaml_traffic, "drawn", drawn),
    TEXT(daf_yaml_traffic, "at", at),
    TEXT(daf_yaml_traffic, "every", every),
    TEXT(daf_yaml_traffic, "size", size),
    TEXT(daf_yaml_traffic, "after", after),
    TEXT(daf_yaml_traffic, "until", until),
    CYAML_FIELD_END};
static const cyaml_schema_value_t traffic = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct daf_yaml_traffic,
                        traffic_keys)};

static const cyaml_schema_field_t meeting_keys[] = {
    TEXT(daf_yaml_meeting, "group", group),
    TEXT(daf_yaml_meeting, "with", with),
    TEXT(daf_yaml_meeting, "every", every),
    TEXT(daf_yaml_meeting, "lasts", lasts),
    TEXT(daf_yaml_meeting, "setup", setup),
    TEXT(daf_yaml_meeting, "speed", speed),
    TEXT(daf_yaml_meeting, "loss", loss),
    CYAML_FIELD_END};
static const cyaml_schema_value_t meeting = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct daf_yaml_meeting,
                        meeting_keys)};

static const cyaml_schema_field_t partition_keys[] = {
    TEXT(daf_yaml_partition, "from", from), TEXT(daf_yaml_partition, "to", to),
    MANY(daf_yaml_partition, "apart", apart, &line, 64), CYAML_FIELD_END};
static const cyaml_schema_value_t partition = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct daf_yaml_partition,
                        partition_keys)};

static const cyaml_schema_field_t item_keys[] = {
    TEXT(daf_yaml_item, "name", name), TEXT(daf_yaml_item, "size", size),
    TEXT(daf_yaml_item, "from", from), TEXT(daf_yaml_item, "to", to),
    TEXT(daf_yaml_item, "at", at),     CYAML_FIELD_END};
static const cyaml_schema_value_t item = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_DEFAULT, struct daf_yaml_item, item_keys)};

static const cyaml_schema_field_t top_keys[] = {
    TEXT(daf_yaml, "scenario", scenario),
    TEXT(daf_yaml, "what", what),
    MANY(daf_yaml, "assumptions", assumptions, &line, 64),
    TEXT(daf_yaml, "lasts", lasts),
    TEXT(daf_yaml, "warm-up", warm_up),
    TEXT(daf_yaml, "seed", seed),
    TEXT(daf_yaml, "protocol", protocol),
    TEXT(daf_yaml, "lifetime", lifetime),
    TEXT(daf_yaml, "buffer", buffer),
    TEXT(daf_yaml, "within", within),
    MANY(daf_yaml, "places", places, &place, 256),
    MANY(daf_yaml, "groups", groups, &group, DAF_SCHEDULE_GROUPS_MAX),
    MANY(daf_yaml, "traffic", traffic, &traffic, 64),
    MANY(daf_yaml, "meetings", meetings, &meeting, 64),
    MANY(daf_yaml, "partitions", partitions, &partition, 64),
    MANY(daf_yaml, "content", content, &item, DAF_SIM_ITEMS_MAX),
    CYAML_FIELD_END};
static const cyaml_schema_value_t top = {
    CYAML_VALUE_MAPPING(CYAML_FLAG_POINTER, struct daf_yaml, top_keys)};

static const cyaml_schema_field_t *const tables[] = {
    top_keys,     place_keys,   group_keys,     duty_keys,
    battery_keys, clocks_keys,  stay_keys,      round_keys,
    traffic_keys, meeting_keys, partition_keys, item_keys};

/* ---- the key that may have been meant */

#define WORD_MOST 32

static unsigned least(unsigned a, unsigned b)
{
    return a < b ? a : b;
}

/* Letters to change, add or leave out (Levenshtein, 1966). */
static unsigned distance(const char *a, const char *b)
{
    unsigned row[WORD_MOST + 1];
    size_t len = strlen(b);

    if (strlen(a) > WORD_MOST || len > WORD_MOST) return WORD_MOST;
    for (unsigned k = 0; k <= len; k++)
        row[k] = k;
    for (unsigned i = 1; a[i - 1] != '\0'; i++) {
        unsigned corner = row[0];
        row[0] = i;
        for (size_t k = 1; k <= len; k++) {
            unsigned above = row[k];
            unsigned change = corner + (a[i - 1] != b[k - 1]);
            row[k] = least(change, least(above, row[k - 1]) + 1);
            corner = above;
        }
    }
    return row[len];
}

static const char *nearest(const char *word)
{
    const char *found = NULL;
    unsigned best = 3; /* more is another word */

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
        for (const cyaml_schema_field_t *f = tables[i]; f->key != NULL; f++) {
            unsigned d = distance(word, f->key);
            if (d < best && d < strlen(f->key)) {
                best = d;
                found = f->key;
            }
        }
    return found;
}

/* ---- lines */

static bool is_word_end(char c)
{
    return strchr(" \t-{,", c) != NULL;
}

unsigned daf_yaml_line(const char *text, const char *key, const char *value)
{
    size_t len = strlen(key);
    unsigned number = 0;

    while (*text != '\0') {
        size_t width = strcspn(text, "\n");
        number++;
        for (size_t i = 0; i + len < width; i++) {
            const char *rest = text + i + len;
            if (memcmp(text + i, key, len) != 0 || *rest != ':' ||
                (i > 0 && !is_word_end(text[i - 1])))
                continue;
            if (value == NULL ||
                memmem(rest, width - i - len, value, strlen(value)) != NULL)
                return number;
        }
        text += width + (text[width] != '\0');
    }
    return 0;
}

/* ---- what libcyaml says */

struct complaint {
    char first[200]; /* its first line */
    char where[200]; /* the first of the backtrace */
};

__attribute__((format(printf, 3, 0))) static void on_log(cyaml_log_t level,
                                                         void *ctx,
                                                         const char *format,
                                                         va_list args)
{
    struct complaint *c = ctx;
    char text[400];
    unsigned row = 0;

    (void)level;
    (void)vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    if (c->first[0] == '\0')
        (void)snprintf(c->first, sizeof c->first, "%.199s", text);
    else if (c->where[0] == '\0' && strstr(text, "(line: ") != NULL &&
             sscanf(strstr(text, "(line: "), "(line: %u", &row) == 1)
        (void)snprintf(c->where, sizeof c->where, "%u", row);
}

static void explain(const char *path, const char *text,
                    const struct complaint *c, char *why)
{
    static const char unknown[] = "Load: Unexpected key: ";
    static const char prefix[] = "Load: ";
    const char *said = c->first;
    const char *at = c->where[0] == '\0' ? "1" : c->where;

    if (strncmp(said, unknown, sizeof unknown - 1) == 0) {
        const char *key = said + sizeof unknown - 1;
        const char *meant = nearest(key);
        (void)snprintf(why, DAF_SCENARIO_WHY_BYTES,
                       "%.200s:%u: there is no key '%.60s'%s%s%s", path,
                       daf_yaml_line(text, key, NULL), key,
                       meant == NULL ? "; docs/simulator.md lists all"
                                     : "; did you mean '",
                       meant == NULL ? "" : meant, meant == NULL ? "" : "'?");
        return;
    }
    if (strncmp(said, prefix, sizeof prefix - 1) == 0)
        said += sizeof prefix - 1;
    (void)
        snprintf(why, DAF_SCENARIO_WHY_BYTES,
                 "%.150s: after line %.20s: %.200s; see docs/simulator.md for "
                 "the form",
                 path, at, said[0] == '\0' ? "this is no YAML" : said);
}

static const cyaml_config_t *config_for(struct complaint *c)
{
    static cyaml_config_t config = {.log_fn = on_log,
                                    .mem_fn = cyaml_mem,
                                    .log_level = CYAML_LOG_ERROR,
                                    .flags = CYAML_CFG_NO_ALIAS};

    config.log_ctx = c;
    return &config;
}

enum daf_err daf_yaml_parse(const char *path, const char *text, size_t len,
                            struct daf_yaml **out, char *why)
{
    struct complaint c = {.first = ""};
    cyaml_data_t *data = NULL;
    cyaml_err_t err = cyaml_load_data((const uint8_t *)text, len,
                                      config_for(&c), &top, &data, NULL);

    if (err == CYAML_ERR_OOM) {
        (void)snprintf(why, DAF_SCENARIO_WHY_BYTES, "%.200s: out of memory",
                       path);
        return DAF_ENOMEM;
    }
    if (err != CYAML_OK || data == NULL) {
        /* Of some errors libcyaml's log has the place alone. */
        if (strcmp(c.first, "Load: Backtrace:") == 0)
            (void)snprintf(c.first, sizeof c.first, "%s", cyaml_strerror(err));
        explain(path, text, &c, why);
        return DAF_EFORM;
    }
    *out = data;
    return DAF_OK;
}

void daf_yaml_free(struct daf_yaml *y)
{
    struct complaint c = {.first = ""};

    if (y != NULL) (void)cyaml_free(config_for(&c), &top, y, 0);
}
