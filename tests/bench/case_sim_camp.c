/* SPDX-License-Identifier: Apache-2.0 */
/* sim/scenarios/camp-week.yaml: ten thousand devices, of which the second day is
 * measured: what two days cost less what the first one did. */
#include "tests/bench/bench_sim.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SCENARIO DAF_SOURCE_DIR "/sim/scenarios/camp-week.yaml"
#define COUNT    "count: "

/* With so many percent of each count, one at least. */
static void write_scenario(const char *path, size_t percent)
{
    FILE *in = fopen(SCENARIO, "re"), *out = fopen(path, "we");
    char line[512];

    if (in == NULL || out == NULL)
        bench_die("cannot read %s or write %s", SCENARIO, path);
    while (fgets(line, sizeof(line), in) != NULL) {
        char *at = strstr(line, COUNT), *rest = NULL;
        unsigned long count = 0;

        if (at != NULL && strchr(line, '#') == NULL) {
            at += strlen(COUNT);
            count = strtoul(at, &rest, 10) * percent / 100;
            (void)fprintf(out, "%.*s%lu%s", (int)(at - line), line,
                          count == 0 ? 1 : count, rest);
        } else {
            (void)fputs(line, out);
        }
    }
    (void)fclose(in);
    if (fclose(out) != 0) bench_die("cannot write %s", path);
}

static double coverage(const char *dir)
{
    char path[BENCH_PATH_MAX];
    double part = 0;
    json_t *all;

    bench_path(path, "%s/summary.json", dir);
    all = json_load_file(path, 0, NULL);
    if (json_unpack(all, "{s{s{s{sF}}}}", "protocols", "daftar", "coverage",
                    "mean", &part) != 0)
        bench_die("%s does not say what came", path);
    json_decref(all);
    return part;
}

void case_sim_camp(const struct bench *b)
{
    char scenario[BENCH_PATH_MAX], dir[BENCH_PATH_MAX];
    struct bench_sim one, two;

    bench_path(scenario, "%s/camp-week.yaml", b->run);
    bench_path(dir, "%s/camp-week", b->run);
    write_scenario(scenario, b->percent);
    bench_progress(b, "camp: the first day");
    if (!BENCH_SIM_TRY(b, &one, scenario, "--until", "1d")) {
        bench_row_none(b, "camp", "all", "does not fit: --percent N", NULL);
        return;
    }
    bench_progress(b, "camp: two days; the first took %.0f s", one.cpu_s);
    BENCH_SIM_RUN(b, &two, scenario, "--out", dir);
    bench_row(b, "camp", "devices", two.nodes, "", "= 10000");
    bench_row(b, "camp", "day 2: events", two.events - one.events, "",
              ">= 15000000");
    bench_row(b, "camp", "day 2: processor time", two.cpu_s - one.cpu_s, "s",
              "<= 600");
    bench_row(b, "camp", "both days: processor time", two.cpu_s, "s", NULL);
    bench_row(b, "camp", "both days: memory", two.rss_mb, "MB", "<= 1000");
    bench_row(b, "camp", "both days: contacts", two.contacts, "", NULL);
    bench_row(b, "camp", "both days: records made", two.created, "", NULL);
    bench_row(b, "camp", "both days: came to whom they are for",
              100 * two.delivered / two.created, "%", NULL);
    bench_row(b, "camp", "both days: coverage", 100 * coverage(dir), "%", NULL);
}
