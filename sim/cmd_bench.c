/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim bench: how fast this machine simulates, in some seconds, over
 * worlds that are always the same.  Comparisons with others: ./run bench sim. */
#include "sim/commands.h"
#include "sim/progress.h"
#include "sim/protocols/protocol.h"
#include "sim/run/run.h"
#include "sim/say.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: daftar-sim bench [--json]\n"
    "\n"
    "Run three small worlds, always the same, and tell how fast this machine "
    "was.\n"
    "The first line says how fast worlds of your own will be; the others cost "
    "more\n"
    "for each event, as devices have more to do.\n";

/* People on a square kilometre and a half; nine in ten meet somebody at any
 * time. */
static const struct daf_waypoint_config many = {.nodes = 1000,
                                                .width = 1500,
                                                .height = 1500,
                                                .range = 30,
                                                .speed_min = 0.5,
                                                .speed_max = 1.5,
                                                .wait_max = 120 * DAF_SIM_S};
static const struct daf_waypoint_config few = {.nodes = 200,
                                               .width = 600,
                                               .height = 600,
                                               .range = 30,
                                               .speed_min = 0.5,
                                               .speed_max = 1.5,
                                               .wait_max = 120 * DAF_SIM_S};
static const struct daf_traffic_config traffic = {.every_min = 5 * DAF_SIM_S,
                                                  .every_max = 15 * DAF_SIM_S,
                                                  .bytes_min = 300,
                                                  .bytes_max = 300,
                                                  .until = DAF_SIM_NEVER};

struct row {
    const char *name, *protocol;
    const struct daf_waypoint_config *world;
    daf_sim_us until;
};
static const struct row rows[] = {
    {"contacts alone", "direct", &many, DAF_SIM_HOUR},
    {"messages to all", "epidemic-one", &many, DAF_SIM_HOUR},
    {"the daemon's agents", "daftar", &few, DAF_SIM_HOUR},
};

static bool tell(void *ctx, daf_sim_us at, daf_sim_us until)
{
    return daf_progress_tell(ctx, (double)at / (double)until);
}

static double per_s(double what, const struct daf_run_result *r)
{
    return r->cpu_s > 0 ? what / r->cpu_s : 0;
}

static void print(const struct row *row, const struct daf_run_result *r,
                  bool is_json)
{
    double simulated = (double)r->until / (double)DAF_SIM_S;

    if (is_json)
        (void)printf("{\"case\":\"%s\",\"protocol\":\"%s\",\"nodes\":%" PRIu32
                     ",\"simulated_s\":%.0f,\"events\":%" PRIu64
                     ",\"cpu_s\":%.3f,\"events_per_s\":%.0f,"
                     "\"times_real_time\":%.1f,\"rss_mb\":%.1f,"
                     "\"trace_hash\":\"%016" PRIx64 "\"}\n",
                     row->name, row->protocol, r->nodes, simulated, r->events,
                     r->cpu_s, per_s((double)r->events, r), per_s(simulated, r),
                     r->rss_mb, r->trace_hash);
    else
        (void)printf("%-20s %5" PRIu32 " devices  %10.0f events/s  %8.0f times "
                     "real time  %6.0f MB\n",
                     row->name, r->nodes, per_s((double)r->events, r),
                     per_s(simulated, r), r->rss_mb);
    (void)fflush(stdout);
}

static int run_row(const struct row *row, bool is_json)
{
    const struct daf_run_config config = {.waypoint = row->world,
                                          .traffic = &traffic,
                                          .until = row->until,
                                          .net = {.seed = 1,
                                                  .bytes_per_s = 250000,
                                                  .protocol = daf_protocol_find(
                                                      row->protocol)}};
    struct daf_run_result result;
    struct daf_progress p;

    daf_progress_begin(&p, row->name);
    enum daf_err err = daf_run(&config, tell, &p, &result);
    daf_progress_end(&p);
    if (err == DAF_OK) {
        print(row, &result, is_json);
        return ferror(stdout) == 0 ? DAF_SIM_EXIT_DONE : DAF_SIM_EXIT_FAILED;
    }
    daf_say("daftar-sim bench: %s", err == DAF_EBUSY
                                        ? "broken off; what was printed counts"
                                        : daf_err_str(err));
    return err == DAF_EBUSY ? DAF_SIM_EXIT_PARTLY : DAF_SIM_EXIT_FAILED;
}

int daf_cmd_bench(int argc, char **argv)
{
    bool is_json = argc == 2 && strcmp(argv[1], "--json") == 0;
    int code = DAF_SIM_EXIT_DONE;

    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        (void)fputs(help, stdout);
        return DAF_SIM_EXIT_DONE;
    }
    if (argc > 1 && !is_json) {
        (void)fputs("daftar-sim bench: it takes --json only; --help tells\n",
                    stderr);
        return DAF_SIM_EXIT_USAGE;
    }
    daf_progress_catch();
    for (size_t i = 0; i < sizeof rows / sizeof *rows && code == 0; i++)
        code = run_row(&rows[i], is_json);
    return code;
}
