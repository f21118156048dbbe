/* SPDX-License-Identifier: Apache-2.0 */
/* What `daftar-sim run` is asked. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd_run.h"
#include "sim/core/units.h"
#include "sim/protocols/protocol.h"
#include "sim/say.h"
#include "sim/spec.h"
#include "sim/study/multicast.h"
#include "sim/study/policy.h"

const char daf_cmd_run_help[] =
    "usage: daftar-sim run SCENARIO.yaml [OPTION...]\n"
    "       daftar-sim run --contacts FILE [--messages FILE] [OPTION...]\n"
    "       daftar-sim run --waypoint SPEC --until TIME [OPTION...]\n"
    "\n"
    "Let devices meet, as was recorded or by chance, carry messages by a "
    "protocol,\n"
    "and say what came of it.\n"
    "\n"
    "  SCENARIO.yaml     a camp and its days, as docs/simulator.md tells; an "
    "option\n"
    "                    says more than the file\n"
    "  --contacts FILE   The ONE's CONN events or SocioPatterns; .gz as well\n"
    "  --messages FILE   The ONE's C events, if they are in a file of their "
    "own\n"
    "  --waypoint SPEC   devices walk about at random, such as\n"
    "                    nodes=1000,area=1000x1000m,range=10m,speed=0.5-1.5m/s,"
    "wait=0-120s\n"
    "  --traffic SPEC    messages at random, such as "
    "every=25-35s,size=500kB-1MB\n"
    "                    and until=TIME; none if not said\n"
    "  --protocol NAME,..  of `daftar-sim protocols`; epidemic-one if not "
    "said,\n"
    "                    or the scenario's, which is daftar if not said\n"
    "  --policy NAME,..  instead: how daftar brings a scenario's content to "
    "many;\n"
    "                    daftar, fair-share, two; or multicast, a model of "
    "it\n"
    "  --multicast-rate SPEED  of that model, such as 24Mbit/s; 6Mbit/s if "
    "not said\n"
    "  --buffer SIZE     of a device, such as 50MB; no limit if not said\n"
    "  --speed SPEED     of a link, such as 2Mbit/s; 250kB/s if not said\n"
    "  --lifetime TIME   of a message, whole minutes; for ever if not said\n"
    "  --tick TIME       devices act at multiples of it, as The ONE's\n"
    "                    updateInterval; at once if not said\n"
    "  --until TIME      end then; at the traces' end if not said\n"
    "  --nodes N         devices; as many as the traces name if not said\n"
    "  --fidelity WHICH  of daftar's devices: `model` (notebooks in arrays, "
    "stub\n"
    "                    signatures), or `real` (SQLite, Ed25519); model if "
    "not said\n"
    "  --seed N,N-N,..   of chance; 1 if not said\n"
    "  --out FOLDER      keep results there, new or empty, with a report.html\n"
    "  --resume          go on in a FOLDER where some runs have finished\n"
    "  --json            one JSON object\n"
    "\n"
    "With several protocols and seeds every protocol sees the same world and "
    "traffic\n"
    "for a seed; what came of it is compared pair by pair.\n"
    "\n"
    "Ctrl-C breaks it off: finished runs count and are kept, and the exit code "
    "is 3,\n"
    "also if there are none, of which nothing is printed.\n";

enum wish_option {
    OPT_CONTACTS = 256,
    OPT_MESSAGES,
    OPT_WAYPOINT,
    OPT_TRAFFIC,
    OPT_PROTOCOL,
    OPT_POLICY,
    OPT_MULTICAST_RATE,
    OPT_BUFFER,
    OPT_SPEED,
    OPT_LIFETIME,
    OPT_TICK,
    OPT_UNTIL,
    OPT_NODES,
    OPT_SEED,
    OPT_FIDELITY,
    OPT_OUT,
    OPT_RESUME,
    OPT_JSON,
    OPT_HELP,
};
static const struct option options[] = {
    {"contacts", required_argument, NULL, OPT_CONTACTS},
    {"messages", required_argument, NULL, OPT_MESSAGES},
    {"waypoint", required_argument, NULL, OPT_WAYPOINT},
    {"traffic", required_argument, NULL, OPT_TRAFFIC},
    {"protocol", required_argument, NULL, OPT_PROTOCOL},
    {"policy", required_argument, NULL, OPT_POLICY},
    {"multicast-rate", required_argument, NULL, OPT_MULTICAST_RATE},
    {"buffer", required_argument, NULL, OPT_BUFFER},
    {"speed", required_argument, NULL, OPT_SPEED},
    {"lifetime", required_argument, NULL, OPT_LIFETIME},
    {"tick", required_argument, NULL, OPT_TICK},
    {"until", required_argument, NULL, OPT_UNTIL},
    {"nodes", required_argument, NULL, OPT_NODES},
    {"seed", required_argument, NULL, OPT_SEED},
    {"fidelity", required_argument, NULL, OPT_FIDELITY},
    {"out", required_argument, NULL, OPT_OUT},
    {"resume", no_argument, NULL, OPT_RESUME},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

/* ---- what was asked ---- */

static bool bad_value(const char *option, const char *value, const char *like)
{
    daf_say("daftar-sim run: --%s cannot be '%s'; write it like %s", option,
            value, like);
    return false;
}

static bool take_lifetime(struct daf_cmd_wish *w, const char *value)
{
    daf_sim_us time = 0;

    if (!daf_units_time(value, &time) || time % DAF_SIM_MINUTE != 0 ||
        time / DAF_SIM_MINUTE > UINT32_MAX)
        return bad_value("lifetime", value, "300min, in whole minutes");
    w->run.net.lifetime_minutes = (uint32_t)(time / DAF_SIM_MINUTE);
    w->has_lifetime = true;
    return true;
}

/* @at: of all there are. */
static bool none_such(const char *what, const char *name,
                      const struct daf_protocol *(*at)(size_t index))
{
    const struct daf_protocol *p;
    char all[400] = "";

    for (size_t i = 0; (p = at(i)) != NULL; i++) {
        size_t len = strlen(all);
        (void)snprintf(all + len, sizeof all - len, "%s %s", i == 0 ? "" : ",",
                       p->name);
    }
    daf_say("daftar-sim run: there is no %s '%s'; there are%s", what, name,
            all);
    return false;
}

static bool no_protocol(const char *name)
{
    return none_such("protocol", name, daf_protocol_at);
}

static bool take_one(struct daf_cmd_wish *w, const struct daf_protocol *p,
                     const char *option, const char *name, const char *like)
{
    for (size_t i = 0; i < w->protocols_count; i++)
        if (w->protocols[i] == p) return bad_value(option, name, like);
    if (w->protocols_count == DAF_STUDY_PROTOCOLS_MAX)
        return bad_value(option, name, "daftar,prophet, and fewer");
    w->protocols[w->protocols_count++] = p;
    return true;
}

static bool add_protocol(struct daf_cmd_wish *w, char *name)
{
    const struct daf_protocol *p = daf_protocol_find(name);

    if (p == NULL) return no_protocol(name);
    return take_one(w, p, "protocol", name, "daftar,prophet, each once");
}

static bool add_policy(struct daf_cmd_wish *w, char *name)
{
    const struct daf_protocol *p = daf_policy_find(name);

    if (p == NULL) return none_such("policy", name, daf_policy_at);
    return take_one(w, p, "policy", name, "two,daftar, each once");
}

/* Each word of a list with commas. */
static bool take_list(struct daf_cmd_wish *w, const char *value,
                      bool (*add)(struct daf_cmd_wish *w, char *word))
{
    char word[DAF_STUDY_NAME_BYTES * 2];

    for (const char *at = value;;) {
        size_t len = strcspn(at, ",");
        (void)snprintf(word, sizeof word, "%.*s", (int)(len < 79 ? len : 79),
                       at);
        if (!add(w, word)) return false;
        if (at[len] == '\0') return true;
        at += len + 1;
    }
}

static bool bad_seed(const char *word)
{
    return bad_value("seed", word, "7 or 1-20 or 1,4,9, each once");
}

/* "7" or "1-20". */
static bool read_span(char *word, uint64_t *from, uint64_t *to)
{
    char *dash = strchr(word, '-');

    if (dash != NULL) *dash = '\0';
    bool is_good = daf_units_count(word, UINT64_MAX, from);
    *to = *from;
    if (dash == NULL) return is_good;
    *dash = '-';
    return is_good && daf_units_count(dash + 1, UINT64_MAX, to) && *to >= *from;
}

static bool add_seeds(struct daf_cmd_wish *w, char *word)
{
    uint64_t from = 0, to = 0;

    if (!read_span(word, &from, &to)) return bad_seed(word);
    if (to - from >= DAF_STUDY_SEEDS_MAX ||
        w->seeds_count + (size_t)(to - from) >= DAF_STUDY_SEEDS_MAX)
        return bad_seed(word);
    for (size_t i = 0; i < w->seeds_count; i++)
        if (w->seeds[i] >= from && w->seeds[i] <= to) return bad_seed(word);
    for (uint64_t k = 0; k <= to - from; k++)
        w->seeds[w->seeds_count++] = from + k;
    return true;
}

static bool take_seeds(struct daf_cmd_wish *w, const char *value)
{
    w->seeds_count = 0;
    w->has_seeds = true;
    return take_list(w, value, add_seeds);
}

static bool take_protocols(struct daf_cmd_wish *w, const char *value)
{
    w->protocols_count = 0;
    w->has_protocols = true;
    return take_list(w, value, add_protocol);
}

static bool take_policies(struct daf_cmd_wish *w, const char *value)
{
    w->protocols_count = 0;
    w->has_policies = true;
    return take_list(w, value, add_policy);
}

static bool take_rate(struct daf_cmd_wish *w, const char *value)
{
    uint64_t *rate = &w->run.net.base_bytes_per_s;

    return (daf_units_speed(value, rate) && *rate >= 1000 &&
            *rate <= 1000000000) ||
           bad_value("multicast-rate", value, "6Mbit/s");
}

static bool take_world(struct daf_cmd_wish *w, int option, const char *value)
{
    char why[DAF_SPEC_WHY_BYTES];
    bool is_waypoint = option == OPT_WAYPOINT;

    if (is_waypoint ? !daf_spec_waypoint(value, &w->waypoint, why)
                    : !daf_spec_traffic(value, &w->traffic, why)) {
        daf_say("daftar-sim run: --%s: %s",
                is_waypoint ? "waypoint" : "traffic", why);
        return false;
    }
    if (is_waypoint)
        w->run.waypoint = &w->waypoint;
    else
        w->run.traffic = &w->traffic;
    return true;
}

static bool take_nodes(struct daf_cmd_wish *w, const char *value)
{
    uint64_t n = 0;

    if (!daf_units_count(value, DAF_SIM_NODES_MAX, &n) || n == 0)
        return bad_value("nodes", value, "40, and at most 1048576");
    w->run.net.nodes = (uint32_t)n;
    return true;
}

static bool take_fidelity(struct daf_cmd_wish *w, const char *value)
{
    w->is_real = strcmp(value, "real") == 0;
    return w->is_real || strcmp(value, "model") == 0 ||
           bad_value("fidelity", value, "model or real");
}

/* Those that take nothing. */
static bool take_flag(struct daf_cmd_wish *w, int option)
{
    if (option == OPT_RESUME)
        w->is_resumed = true;
    else
        w->is_json = true;
    return true;
}

static bool take(struct daf_cmd_wish *w, int option, const char *value)
{
    struct daf_net_config *net = &w->run.net;

    switch (option) {
    case OPT_CONTACTS:
        w->contacts = value;
        return true;
    case OPT_MESSAGES:
        w->messages = value;
        return true;
    case OPT_WAYPOINT:
    case OPT_TRAFFIC:
        return take_world(w, option, value);
    case OPT_PROTOCOL:
        return take_protocols(w, value);
    case OPT_POLICY:
        return take_policies(w, value);
    case OPT_MULTICAST_RATE:
        return take_rate(w, value);
    case OPT_BUFFER:
        w->has_buffer = true;
        return daf_units_bytes(value, &net->buffer_bytes) ||
               bad_value("buffer", value, "50MB");
    case OPT_SPEED:
        w->has_speed = true;
        return (daf_units_speed(value, &net->bytes_per_s) &&
                net->bytes_per_s > 0 && net->bytes_per_s <= 1000000000000) ||
               bad_value("speed", value, "250kB/s or 2Mbit/s");
    case OPT_LIFETIME:
        return take_lifetime(w, value);
    case OPT_TICK:
        return daf_units_time(value, &net->tick) ||
               bad_value("tick", value, "100ms");
    case OPT_UNTIL:
        return daf_units_time(value, &w->run.until) ||
               bad_value("until", value, "12h");
    case OPT_FIDELITY:
        return take_fidelity(w, value);
    case OPT_NODES:
        return take_nodes(w, value);
    case OPT_SEED:
        return take_seeds(w, value);
    case OPT_OUT:
        w->out = value;
        return true;
    default:
        return take_flag(w, option);
    }
}

static const char *world_wrong(const struct daf_cmd_wish *w)
{
    if (w->is_resumed && w->out == NULL)
        return "--resume goes on in a folder: give --out FOLDER";
    if (w->has_policies) return "--policy is for a scenario with content";
    if (w->run.waypoint == NULL)
        return w->contacts != NULL
                   ? NULL
                   : "which world? give a scenario's file, --contacts FILE or "
                     "--waypoint SPEC";
    if (w->contacts != NULL || w->messages != NULL)
        return "--waypoint is a world, and so are --contacts and --messages; "
               "give one";
    if (w->run.net.nodes != 0)
        return "--nodes is for --contacts; --waypoint says nodes= itself";
    if (w->run.until == 0)
        return "a waypoint world has no end of its own; give --until TIME";
    return NULL;
}

/* What nobody said, the scenario says. */
static bool take_from(struct daf_cmd_wish *w, const struct daf_scenario *s)
{
    struct daf_run_config *run = &w->run;

    run->schedule = &s->schedule;
    run->warm_up = s->warm_up;
    run->within = s->within;
    if (run->until == 0) run->until = s->lasts;
    if (!w->has_buffer) run->net.buffer_bytes = s->buffer_bytes;
    if (!w->has_lifetime) run->net.lifetime_minutes = s->lifetime_minutes;
    if (!w->has_seeds) w->seeds[0] = s->seed;
    run->net.items = s->items;
    run->net.items_count = s->items_count;
    if (w->has_policies && s->items_count == 0) {
        daf_say("daftar-sim run: --policy is for a scenario with content, and "
                "%s has none; docs/simulator.md tells",
                w->scenario_path);
        return false;
    }
    if (w->has_protocols || w->has_policies) return true;
    w->protocols[0] =
        daf_protocol_find(s->protocol == NULL ? "daftar" : s->protocol);
    return w->protocols[0] != NULL || no_protocol(s->protocol);
}

static bool take_scenario(struct daf_cmd_wish *w, const char *path)
{
    char why[DAF_SCENARIO_WHY_BYTES];

    w->scenario_path = path;
    if (daf_scenario_load(path, &w->scenario, why) == DAF_OK)
        return take_from(w, w->scenario);
    daf_say("daftar-sim run: %s", why);
    return false;
}

static bool has_other_world(const struct daf_cmd_wish *w)
{
    return w->contacts != NULL || w->messages != NULL ||
           w->run.waypoint != NULL || w->run.traffic != NULL ||
           w->run.net.nodes != 0;
}

static const char *scenario_wrong(const struct daf_cmd_wish *w, int words)
{
    if (words > 1) return "one scenario at a time";
    if (has_other_world(w))
        return "a scenario says itself which devices there are, who meets whom "
               "and who writes what";
    if (w->has_speed) return "a scenario says its places' speeds itself";
    if (w->is_resumed && w->out == NULL)
        return "--resume goes on in a folder: give --out FOLDER";
    return NULL;
}

/* The exit code, or -1 to go on. */
int daf_cmd_run_parse(int argc, char **argv, struct daf_cmd_wish *w)
{
    int option;

    optind = 1;
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            (void)fputs(daf_cmd_run_help, stdout);
            return DAF_SIM_EXIT_DONE;
        }
        if (option == '?') return daf_say_option("run", argv);
        if (!take(w, option, optarg)) return DAF_SIM_EXIT_USAGE;
    }
    if (w->has_policies && w->has_protocols) {
        daf_say("daftar-sim run: a --policy is one of daftar's; leave out "
                "--protocol");
        return DAF_SIM_EXIT_USAGE;
    }
    int words = argc - optind;
    const char *why = words > 0 ? scenario_wrong(w, words) : world_wrong(w);
    if (why == NULL && words == 1 && !take_scenario(w, argv[optind]))
        return DAF_SIM_EXIT_USAGE;
    if (why == NULL) return -1;
    daf_say("daftar-sim run: %s; --help tells", why);
    return DAF_SIM_EXIT_USAGE;
}
