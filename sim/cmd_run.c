/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim run: a world, a protocol, a seed. */
#include "sim/commands.h"
#include "sim/core/units.h"
#include "sim/protocols/protocol.h"
#include "sim/run/run.h"
#include "sim/spec.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <inttypes.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char help[] =
    "usage: daftar-sim run --contacts FILE [--messages FILE] [OPTION...]\n"
    "       daftar-sim run --waypoint SPEC --until TIME [OPTION...]\n"
    "\n"
    "Let devices meet, as was recorded or by chance, carry messages by a "
    "protocol,\n"
    "and say what came of it.\n"
    "\n"
    "  --contacts FILE   The ONE's CONN events or SocioPatterns; .gz as well\n"
    "  --messages FILE   The ONE's C events, if they are in a file of their "
    "own\n"
    "  --waypoint SPEC   devices walk about at random, such as\n"
    "                    nodes=1000,area=1000x1000m,range=10m,speed=0.5-1.5m/s,"
    "wait=0-120s\n"
    "  --traffic SPEC    messages at random, such as "
    "every=25-35s,size=500kB-1MB\n"
    "                    and until=TIME; none if not said\n"
    "  --protocol NAME   one of `daftar-sim protocols`; epidemic-one if not "
    "said\n"
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
    "  --seed N          of chance; 1 if not said\n"
    "  --json            one JSON object\n"
    "\n"
    "Ctrl-C breaks it off; nothing is printed then.\n";

enum wish_option {
    OPT_CONTACTS = 256,
    OPT_MESSAGES,
    OPT_WAYPOINT,
    OPT_TRAFFIC,
    OPT_PROTOCOL,
    OPT_BUFFER,
    OPT_SPEED,
    OPT_LIFETIME,
    OPT_TICK,
    OPT_UNTIL,
    OPT_NODES,
    OPT_SEED,
    OPT_FIDELITY,
    OPT_JSON,
    OPT_HELP,
};
static const struct option options[] = {
    {"contacts", required_argument, NULL, OPT_CONTACTS},
    {"messages", required_argument, NULL, OPT_MESSAGES},
    {"waypoint", required_argument, NULL, OPT_WAYPOINT},
    {"traffic", required_argument, NULL, OPT_TRAFFIC},
    {"protocol", required_argument, NULL, OPT_PROTOCOL},
    {"buffer", required_argument, NULL, OPT_BUFFER},
    {"speed", required_argument, NULL, OPT_SPEED},
    {"lifetime", required_argument, NULL, OPT_LIFETIME},
    {"tick", required_argument, NULL, OPT_TICK},
    {"until", required_argument, NULL, OPT_UNTIL},
    {"nodes", required_argument, NULL, OPT_NODES},
    {"seed", required_argument, NULL, OPT_SEED},
    {"fidelity", required_argument, NULL, OPT_FIDELITY},
    {"json", no_argument, NULL, OPT_JSON},
    {"help", no_argument, NULL, OPT_HELP},
    {NULL, 0, NULL, 0},
};

struct wish {
    const char *contacts, *messages;
    struct daf_waypoint_config waypoint;
    struct daf_traffic_config traffic;
    struct daf_run_config run;
    bool is_json, is_real;
};

/* ---- progress ---- */

static volatile sig_atomic_t is_interrupted;

static void on_interrupt(int signal)
{
    (void)signal;
    is_interrupted = 1;
}

struct progress {
    const char *what;
    bool is_shown; /* a person looks */
    struct timespec began;
    double told; /* seconds after it began */
};

static double since(const struct timespec *began)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)(now.tv_sec - began->tv_sec) +
           1e-9 * (double)(now.tv_nsec - began->tv_nsec);
}

static void begin(struct progress *p, const char *what)
{
    *p = (struct progress){.what = what, .is_shown = isatty(STDERR_FILENO)};
    (void)clock_gettime(CLOCK_MONOTONIC, &p->began);
}

static bool tell(struct progress *p, double part)
{
    double passed = since(&p->began);

    if (p->is_shown && passed - p->told > 0.2 && part > 0) {
        p->told = passed;
        (void)fprintf(stderr, "\r%s %3.0f %%, %.0f s left \033[K", p->what,
                      part * 100, passed / part * (1 - part));
    }
    return !is_interrupted;
}

static void end(const struct progress *p)
{
    if (p->is_shown && p->told > 0) (void)fputs("\r\033[K", stderr);
}

static bool tell_reading(void *ctx, uint64_t done, uint64_t of)
{
    return tell(ctx, of == 0 ? 1 : (double)done / (double)of);
}

static bool tell_running(void *ctx, daf_sim_us at, daf_sim_us until)
{
    return tell(ctx, until == 0 ? 1 : (double)at / (double)until);
}

/* ---- what was asked ---- */

static bool bad_value(const char *option, const char *value, const char *like)
{
    (void)fprintf(stderr,
                  "daftar-sim run: --%s cannot be '%s'; write it like %s\n",
                  option, value, like);
    return false;
}

static bool take_lifetime(struct wish *w, const char *value)
{
    daf_sim_us time = 0;

    if (!daf_units_time(value, &time) || time % DAF_SIM_MINUTE != 0 ||
        time / DAF_SIM_MINUTE > UINT32_MAX)
        return bad_value("lifetime", value, "300min, in whole minutes");
    w->run.net.lifetime_minutes = (uint32_t)(time / DAF_SIM_MINUTE);
    return true;
}

static bool take_protocol(struct wish *w, const char *value)
{
    const struct daf_protocol *p;

    w->run.net.protocol = daf_protocol_find(value);
    if (w->run.net.protocol != NULL) return true;
    (void)fprintf(stderr,
                  "daftar-sim run: there is no protocol '%s'; there are",
                  value);
    for (size_t i = 0; (p = daf_protocol_at(i)) != NULL; i++)
        (void)fprintf(stderr, "%s %s", i == 0 ? "" : ",", p->name);
    (void)fputs("\n", stderr);
    return false;
}

static bool take_world(struct wish *w, int option, const char *value)
{
    char why[DAF_SPEC_WHY_BYTES];
    bool is_waypoint = option == OPT_WAYPOINT;

    if (is_waypoint ? !daf_spec_waypoint(value, &w->waypoint, why)
                    : !daf_spec_traffic(value, &w->traffic, why)) {
        (void)fprintf(stderr, "daftar-sim run: --%s: %s\n",
                      is_waypoint ? "waypoint" : "traffic", why);
        return false;
    }
    if (is_waypoint)
        w->run.waypoint = &w->waypoint;
    else
        w->run.traffic = &w->traffic;
    return true;
}

static bool take_number(struct wish *w, int option, const char *value)
{
    struct daf_net_config *net = &w->run.net;
    uint64_t n = 0;

    if (option == OPT_NODES) {
        if (!daf_units_count(value, DAF_SIM_NODES_MAX, &n) || n == 0)
            return bad_value("nodes", value, "40, and at most 1048576");
        net->nodes = (uint32_t)n;
        return true;
    }
    if (!daf_units_count(value, UINT64_MAX, &net->seed))
        return bad_value("seed", value, "7");
    return true;
}

static bool take(struct wish *w, int option, const char *value)
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
        return take_protocol(w, value);
    case OPT_BUFFER:
        return daf_units_bytes(value, &net->buffer_bytes) ||
               bad_value("buffer", value, "50MB");
    case OPT_SPEED:
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
        w->is_real = strcmp(value, "real") == 0;
        return w->is_real || strcmp(value, "model") == 0 ||
               bad_value("fidelity", value, "model or real");
    case OPT_JSON:
        w->is_json = true;
        return true;
    default:
        return take_number(w, option, value);
    }
}

static const char *world_wrong(const struct wish *w)
{
    if (w->run.waypoint == NULL)
        return w->contacts != NULL
                   ? NULL
                   : "which contacts? give --contacts FILE or --waypoint SPEC";
    if (w->contacts != NULL || w->messages != NULL)
        return "--waypoint is a world, and so are --contacts and --messages; "
               "give one";
    if (w->run.net.nodes != 0)
        return "--nodes is for --contacts; --waypoint says nodes= itself";
    if (w->run.until == 0)
        return "a waypoint world has no end of its own; give --until TIME";
    return NULL;
}

/* The exit code, or -1 to go on. */
static int parse(int argc, char **argv, struct wish *w)
{
    int option;

    optind = 1;
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == OPT_HELP) {
            (void)fputs(help, stdout);
            return DAF_SIM_EXIT_DONE;
        }
        if (option == '?' || !take(w, option, optarg))
            return DAF_SIM_EXIT_USAGE;
    }
    const char *why = optind < argc ? NULL : world_wrong(w);
    if (optind == argc && why == NULL) return -1;
    if (optind < argc)
        (void)fprintf(stderr, "daftar-sim run: what is '%s'?", argv[optind]);
    else
        (void)fprintf(stderr, "daftar-sim run: %s;", why);
    (void)fputs(" --help tells\n", stderr);
    return DAF_SIM_EXIT_USAGE;
}

/* ---- reading, running, telling ---- */

static int failed(const char *what, const char *why)
{
    (void)fprintf(stderr, "daftar-sim run: %s: %s\n", what, why);
    return DAF_SIM_EXIT_FAILED;
}

static int open_trace(const char *path, uint32_t nodes, struct daf_trace **out)
{
    char why[DAF_TRACE_WHY_BYTES];
    struct progress p;

    begin(&p, "reading");
    enum daf_err err = daf_trace_open(path, nodes, tell_reading, &p, out, why);
    end(&p);
    if (err == DAF_EBUSY) return failed(path, "broken off");
    if (err != DAF_OK)
        return failed(path, why[0] != '\0' ? why : daf_err_str(err));
    return -1;
}

/* Bytes that the system can give; UINT64_MAX if it does not say. */
static uint64_t memory_left(void)
{
    FILE *f = fopen("/proc/meminfo", "re");
    static const char name[] = "MemAvailable:";
    char line[128];
    uint64_t out = UINT64_MAX;

    while (f != NULL && fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, name, sizeof name - 1) == 0)
            out = strtoull(line + sizeof name - 1, NULL, 10) * 1024;
    if (f != NULL) (void)fclose(f);
    return out;
}

static bool fits(const struct wish *w)
{
    uint64_t wanted = daf_run_bytes(&w->run), left = memory_left();

    if (wanted <= left) return true;
    (void)fprintf(stderr,
                  "daftar-sim run: %" PRIu32
                  " devices would take about %" PRIu64
                  " MB of memory, and %" PRIu64
                  " MB are free; take fewer, or a larger machine\n",
                  daf_run_nodes(&w->run), wanted / 1000000, left / 1000000);
    return false;
}

static double ratio(uint64_t a, uint64_t b)
{
    return b == 0 ? 0 : (double)a / (double)b;
}

static void print_json(const struct wish *w, const struct daf_run_result *r)
{
    const struct daf_net_stats *n = &r->net;
    char hash[17];

    (void)snprintf(hash, sizeof hash, "%016" PRIx64, r->trace_hash);
    json_t *o =
        json_pack("{s:s, s:s, s:I, s:I, s:f, s:I, s:I, s:I, s:I, s:I, s:I, "
                  "s:I, s:f, s:f, "
                  "s:f, s:f, s:f, s:I, s:I, s:s, s:f, s:f}",
                  "protocol", w->run.net.protocol->name, "world",
                  w->run.waypoint != NULL ? "waypoint" : "traces", "seed",
                  (json_int_t)w->run.net.seed, "nodes", (json_int_t)r->nodes,
                  "simulated_s", (double)r->until / (double)DAF_SIM_S,
                  "contacts", (json_int_t)n->contacts, "created",
                  (json_int_t)n->created, "started", (json_int_t)n->started,
                  "relayed", (json_int_t)n->relayed, "aborted",
                  (json_int_t)n->aborted, "dropped", (json_int_t)n->dropped,
                  "delivered", (json_int_t)n->delivered, "delivery_ratio",
                  ratio(n->delivered, n->created), "overhead_ratio",
                  ratio(n->relayed - n->delivered, n->delivered),
                  "latency_mean_s", (double)r->latency_mean / (double)DAF_SIM_S,
                  "latency_median_s",
                  (double)r->latency_median / (double)DAF_SIM_S, "hops_mean",
                  r->hops_mean, "odd_contacts", (json_int_t)n->odd, "events",
                  (json_int_t)r->events, "trace_hash", hash, "cpu_s", r->cpu_s,
                  "rss_mb", r->rss_mb);
    if (o != NULL) json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(o);
    (void)fputs("\n", stdout);
}

static void print_words(const struct wish *w, const struct daf_run_result *r)
{
    const struct daf_net_stats *n = &r->net;

    (void)printf("%s, %" PRIu32 " devices, %.1f hours, seed %" PRIu64 "\n",
                 w->run.net.protocol->name, r->nodes,
                 (double)r->until / (double)DAF_SIM_HOUR, w->run.net.seed);
    (void)printf("  contacts   %" PRIu64 "\n", n->contacts);
    (void)printf("  messages   %" PRIu64 " made, %" PRIu64
                 " arrived (%.1f %%), half of them within %.0f s, %.1f hops\n",
                 n->created, n->delivered,
                 100 * ratio(n->delivered, n->created),
                 (double)r->latency_median / (double)DAF_SIM_S, r->hops_mean);
    (void)printf("  transfers  %" PRIu64 " whole, %" PRIu64
                 " broken off, %" PRIu64 " copies dropped\n",
                 n->relayed, n->aborted, n->dropped);
    (void)printf("  history    %016" PRIx64 " (%" PRIu64
                 " events, %.2f s, %.0f MB)\n",
                 r->trace_hash, r->events, r->cpu_s, r->rss_mb);
}

static int run(struct wish *w)
{
    struct daf_run_result result;
    struct progress p;

    begin(&p, w->run.net.protocol->name);
    enum daf_err err = daf_run(&w->run, tell_running, &p, &result);
    end(&p);
    if (err == DAF_EBUSY)
        return failed("the run", "broken off, and says nothing");
    if (err != DAF_OK) return failed("the run", daf_err_str(err));
    if (w->is_json)
        print_json(w, &result);
    else
        print_words(w, &result);
    return fflush(stdout) == 0 ? DAF_SIM_EXIT_DONE : DAF_SIM_EXIT_FAILED;
}

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* Real notebooks lie in a folder of the run, and go with it.  One thread.
 * NOLINTBEGIN(concurrency-mt-unsafe) */
static int run_real(struct wish *w)
{
    const char *tmp = getenv("TMPDIR");
    char dir[400];

    int len = snprintf(dir, sizeof dir, "%s/daftar-sim.XXXXXX",
                       tmp == NULL || tmp[0] == '\0' ? "/tmp" : tmp);
    if (len < 0 || (size_t)len >= sizeof dir || mkdtemp(dir) == NULL)
        return failed(dir, strerror(errno));
    w->run.net.real_dir = dir;
    int code = run(w);
    if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        (void)fprintf(stderr, "daftar-sim run: %s stays behind: %s\n", dir,
                      strerror(errno));
    return code;
}
/* NOLINTEND(concurrency-mt-unsafe) */

int daf_cmd_run(int argc, char **argv)
{
    struct wish w = {.run.net = {.seed = 1, .bytes_per_s = 250000}};
    struct sigaction on = {.sa_handler = on_interrupt,
                           .sa_flags = (int)SA_RESETHAND};

    w.run.net.protocol = daf_protocol_find("epidemic-one");
    int code = parse(argc, argv, &w);
    if (code >= 0) return code;
    (void)sigaction(SIGINT, &on, NULL);
    if (w.contacts != NULL)
        code = open_trace(w.contacts, w.run.net.nodes, &w.run.contacts);
    if (code < 0 && w.messages != NULL)
        code = open_trace(w.messages, w.run.net.nodes, &w.run.messages);
    if (code < 0 && daf_run_wrong(&w.run) != NULL)
        code = failed("the run", daf_run_wrong(&w.run));
    if (code < 0 && !fits(&w)) code = DAF_SIM_EXIT_FAILED;
    if (code < 0) code = w.is_real ? run_real(&w) : run(&w);
    daf_trace_close(w.run.contacts);
    daf_trace_close(w.run.messages);
    return code;
}
