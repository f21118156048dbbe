/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim world: a world without devices that do anything, told in The ONE's
 * words, so that it can be looked at, kept, and run there as well. */
#include "sim/commands.h"
#include "sim/core/units.h"
#include "sim/progress.h"
#include "sim/say.h"
#include "sim/scenario/scenario.h"
#include "sim/spec.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>

#define SLICE 100000 /* events between two looks at what is written */

static const char help[] =
    "usage: daftar-sim world SCENARIO.yaml [OPTION...]\n"
    "       daftar-sim world --waypoint SPEC --until TIME [OPTION...]\n"
    "\n"
    "Print who meets whom, as The ONE's external events (`time CONN a b up`);\n"
    "`daftar-sim run --contacts` reads them, plain or packed.\n"
    "\n"
    "  --waypoint SPEC   devices walk about at random, such as\n"
    "                    nodes=1000,area=1000x1000m,range=10m,speed=0.5-1.5m/s,"
    "wait=0-120s\n"
    "  --traffic SPEC    messages too (`time C id from to bytes`), such as\n"
    "                    every=25-35s,size=500kB-1MB and until=TIME\n"
    "  --until TIME      end then; contacts that are up do not end.  A "
    "scenario\n"
    "                    says itself how long it lasts\n"
    "  --seed N          of chance; 1, or the scenario's, if not said\n"
    "\n"
    "Of a scenario what devices do is told as comments: `# time POWER a "
    "on|off|cut`\n"
    "and `# time CLOCK a milliseconds`.\n";

enum wish_option {
    OPT_WAYPOINT = 256,
    OPT_TRAFFIC,
    OPT_UNTIL,
    OPT_SEED,
    OPT_HELP,
};
static const struct option options[] = {
    {"waypoint", required_argument, NULL, OPT_WAYPOINT},
    {"traffic", required_argument, NULL, OPT_TRAFFIC},
    {"until", required_argument, NULL, OPT_UNTIL},
    {"seed", required_argument, NULL, OPT_SEED},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct wish {
    struct daf_waypoint_config waypoint;
    struct daf_traffic_config traffic;
    daf_sim_us until;
    uint64_t seed;
    bool has_waypoint, has_traffic, has_seed;
    struct daf_scenario *scenario; /* or NULL */
};

struct teller {
    struct daf_engine *engine;
    struct daf_waypoint *waypoint;
    struct daf_traffic *traffic;
    struct daf_schedule *schedule;
    uint64_t messages;
};

/* ---- what was asked ---- */

static bool bad(const char *option, const char *why)
{
    daf_say("daftar-sim world: --%s: %s", option, why);
    return false;
}

static bool take(struct wish *w, int option, const char *value)
{
    char why[DAF_SPEC_WHY_BYTES];

    switch (option) {
    case OPT_WAYPOINT:
        w->has_waypoint = daf_spec_waypoint(value, &w->waypoint, why);
        return w->has_waypoint || bad("waypoint", why);
    case OPT_TRAFFIC:
        w->has_traffic = daf_spec_traffic(value, &w->traffic, why);
        return w->has_traffic || bad("traffic", why);
    case OPT_UNTIL:
        return daf_units_time(value, &w->until) ||
               bad("until", "it is a time, such as 12h");
    default:
        w->has_seed = true;
        return daf_units_count(value, UINT64_MAX, &w->seed) ||
               bad("seed", "it is a number, such as 7");
    }
}

static bool take_scenario(struct wish *w, const char *path)
{
    char why[DAF_SCENARIO_WHY_BYTES];

    if (daf_scenario_load(path, &w->scenario, why) != DAF_OK) {
        daf_say("daftar-sim world: %s", why);
        return false;
    }
    if (w->until == 0) w->until = w->scenario->lasts;
    if (!w->has_seed) w->seed = w->scenario->seed;
    return true;
}

/* The exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct wish *w)
{
    const char *why = NULL;
    int option;

    optind = 1;
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            (void)fputs(help, stdout);
            return DAF_SIM_EXIT_DONE;
        }
        if (option == '?') return daf_say_option("world", argv);
        if (!take(w, option, optarg)) return DAF_SIM_EXIT_USAGE;
    }
    if (argc - optind > 1)
        why = "one scenario at a time";
    else if (optind < argc && (w->has_waypoint || w->has_traffic))
        why = "a scenario says itself who meets whom and who writes what";
    else if (optind < argc)
        return take_scenario(w, argv[optind]) ? -1 : DAF_SIM_EXIT_USAGE;
    else if (!w->has_waypoint)
        why = "which world? give a scenario's file, or --waypoint SPEC";
    else if (w->until == 0)
        why = "it has no end of its own; give --until TIME";
    else if (w->has_traffic && w->waypoint.nodes < 2)
        why = "traffic wants two devices";
    if (why == NULL) return -1;
    daf_say("daftar-sim world: %s; --help tells", why);
    return DAF_SIM_EXIT_USAGE;
}

/* ---- telling ---- */

static void print_time(const struct teller *t)
{
    daf_sim_us now = daf_engine_now(t->engine);

    (void)printf("%" PRId64 ".%06" PRId64 " ", now / DAF_SIM_S,
                 now % DAF_SIM_S);
}

static void on_up(void *ctx, const struct daf_contact *c)
{
    print_time(ctx);
    (void)printf("CONN %" PRIu32 " %" PRIu32 " up\n", c->a, c->b);
}

static void on_down(void *ctx, const struct daf_contact *c)
{
    print_time(ctx);
    (void)printf("CONN %" PRIu32 " %" PRIu32 " down\n", c->a, c->b);
}

static void on_create(void *ctx, uint32_t from, uint32_t to, uint32_t bytes)
{
    struct teller *t = ctx;

    print_time(t);
    (void)printf("C M%" PRIu64 " %" PRIu32 " %" PRIu32 " %" PRIu32 "\n",
                 ++t->messages, from, to, bytes);
}

static void on_power(void *ctx, uint32_t node, enum daf_power how)
{
    static const char *const words[] = {"off", "cut", "on"};

    (void)fputs("# ", stdout);
    print_time(ctx);
    (void)printf("POWER %" PRIu32 " %s\n", node, words[how]);
}

static void on_clock(void *ctx, uint32_t node, int64_t off_ms)
{
    (void)fputs("# ", stdout);
    print_time(ctx);
    (void)printf("CLOCK %" PRIu32 " %" PRId64 "\n", node, off_ms);
}

static enum daf_err make(struct teller *t, const struct wish *w)
{
    struct daf_world_events events = {.ctx = t,
                                      .up = on_up,
                                      .down = on_down,
                                      .create = on_create,
                                      .power = on_power,
                                      .clock = on_clock};

    if (w->scenario != NULL) {
        struct daf_schedule_config schedule = w->scenario->schedule;
        schedule.seed = w->seed;
        return daf_schedule_new(t->engine, &schedule, &events, &t->schedule);
    }
    enum daf_err err =
        daf_waypoint_new(t->engine, &w->waypoint, &events, &t->waypoint);
    if (err == DAF_OK && w->has_traffic)
        err = daf_traffic_new(t->engine, &w->traffic, &events, &t->traffic);
    return err;
}

static enum daf_err go(struct teller *t, struct wish *w)
{
    bool done = false;

    w->waypoint.seed = w->traffic.seed = w->seed;
    w->traffic.nodes = w->waypoint.nodes;
    enum daf_err err = daf_engine_new(&t->engine);
    if (err == DAF_OK) err = make(t, w);
    while (err == DAF_OK && !done && ferror(stdout) == 0) {
        err = daf_progress_is_broken()
                  ? DAF_EBUSY
                  : daf_engine_run(t->engine, w->until, SLICE, &done);
        if (err == DAF_OK && t->waypoint != NULL)
            err = daf_waypoint_failed(t->waypoint);
        if (err == DAF_OK && t->schedule != NULL)
            err = daf_schedule_failed(t->schedule);
    }
    return err;
}

int daf_cmd_world(int argc, char **argv)
{
    struct wish w = {.seed = 1};
    struct teller t = {.engine = NULL};
    int code = parse(argc, argv, &w);

    if (code >= 0) return code;
    daf_progress_catch();
    enum daf_err err = go(&t, &w);
    daf_schedule_free(t.schedule);
    daf_scenario_free(w.scenario);
    daf_traffic_free(t.traffic);
    daf_waypoint_free(t.waypoint);
    daf_engine_free(t.engine);
    if (err == DAF_OK) return DAF_SIM_EXIT_DONE;
    daf_say("daftar-sim world: %s", err == DAF_EBUSY
                                        ? "broken off; what was printed counts"
                                        : daf_err_str(err));
    return err == DAF_EBUSY ? DAF_SIM_EXIT_PARTLY : DAF_SIM_EXIT_FAILED;
}
