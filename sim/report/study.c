/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report/study.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool daf_study_is_name(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

    return len > 0 && len < DAF_STUDY_NAME_BYTES && name[len] == '\0';
}

void daf_study_folder(const char *protocol, uint64_t seed,
                      char out[DAF_STUDY_FOLDER_BYTES])
{
    (void)snprintf(out, DAF_STUDY_FOLDER_BYTES, "%s-%" PRIu64, protocol, seed);
}

size_t daf_study_add_protocol(struct daf_study *s, const char *name)
{
    for (size_t i = 0; i < s->protocols_count; i++)
        if (strcmp(s->protocols[i], name) == 0) return i;
    if (!daf_study_is_name(name) ||
        s->protocols_count == DAF_STUDY_PROTOCOLS_MAX)
        return DAF_STUDY_PROTOCOLS_MAX;
    (void)snprintf(s->protocols[s->protocols_count], DAF_STUDY_NAME_BYTES, "%s",
                   name);
    return s->protocols_count++;
}

struct daf_study_run *daf_study_add(struct daf_study *s, size_t protocol,
                                    uint64_t seed)
{
    assert(protocol < s->protocols_count);
    if (s->runs_count == s->runs_room) {
        size_t room = s->runs_room == 0 ? 16 : s->runs_room * 2;
        struct daf_study_run *runs = realloc(s->runs, room * sizeof *runs);
        if (runs == NULL) return NULL;
        s->runs = runs;
        s->runs_room = room;
    }
    struct daf_study_run *run = &s->runs[s->runs_count++];
    *run = (struct daf_study_run){.protocol = protocol, .seed = seed};
    return run;
}

void daf_study_clear(struct daf_study *s)
{
    for (size_t i = 0; i < s->runs_count; i++) {
        free(s->runs[i].rows);
        json_decref(s->runs[i].spans);
        json_decref(s->runs[i].finished);
    }
    free(s->runs);
    json_decref(s->about);
    json_decref(s->contacts);
    *s = (struct daf_study){.planned = 0};
}

/* ---- comparing */

/* Runs of one seed stand together: mostly it is near @near. */
static const struct daf_study_run *find(const struct daf_study *s, size_t near,
                                        size_t protocol, uint64_t seed)
{
    for (size_t i = near < s->protocols_count ? 0 : near - s->protocols_count;
         i < s->runs_count && i < near + s->protocols_count; i++)
        if (s->runs[i].protocol == protocol && s->runs[i].seed == seed)
            return &s->runs[i];
    for (size_t i = 0; i < s->runs_count; i++)
        if (s->runs[i].protocol == protocol && s->runs[i].seed == seed)
            return &s->runs[i];
    return NULL;
}

/* @than: DAF_STUDY_PROTOCOLS_MAX: nobody. */
static struct daf_interval interval(const struct daf_study *s, size_t protocol,
                                    size_t than, enum daf_metric metric)
{
    double *values = calloc(s->runs_count + 1, sizeof *values);
    struct daf_interval out = {.mean = (double)NAN, .half = (double)NAN};
    size_t count = 0;

    if (values == NULL) return out;
    for (size_t i = 0; i < s->runs_count; i++) {
        const struct daf_study_run *run = &s->runs[i], *other = NULL;
        if (run->protocol != protocol) continue;
        if (than < s->protocols_count) {
            other = find(s, i, than, run->seed);
            if (other == NULL) continue;
        }
        values[count++] =
            run->values[metric] - (other == NULL ? 0 : other->values[metric]);
    }
    out = daf_stats_interval(values, count);
    free(values);
    return out;
}

struct daf_interval daf_study_mean(const struct daf_study *s, size_t protocol,
                                   enum daf_metric metric)
{
    return interval(s, protocol, DAF_STUDY_PROTOCOLS_MAX, metric);
}

struct daf_interval daf_study_difference(const struct daf_study *s,
                                         size_t protocol, size_t than,
                                         enum daf_metric metric)
{
    assert(than < s->protocols_count);
    return interval(s, protocol, than, metric);
}
