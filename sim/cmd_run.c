/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim run: worlds, protocols, seeds. */
#include <errno.h>
#include <ftw.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/cmd_run.h"
#include "sim/progress.h"
#include "sim/protocols/protocol.h"
#include "sim/run/outcome.h"
#include "sim/say.h"
#include "sim/study/multicast.h"

#define RECORD_BYTES 1000 /* a size above it is no record's */

static bool tell_reading(void *ctx, uint64_t done, uint64_t of)
{
    return daf_progress_tell(ctx, of == 0 ? 1 : (double)done / (double)of);
}

static bool tell_running(void *ctx, daf_sim_us at, daf_sim_us until)
{
    return daf_progress_tell(ctx, until == 0 ? 1 : (double)at / (double)until);
}

int daf_cmd_run_failed(const char *what, const char *why)
{
    daf_say("daftar-sim run: %s: %s", what, why);
    return DAF_SIM_EXIT_FAILED;
}

int daf_cmd_run_broken(const char *what, const char *why)
{
    (void)daf_cmd_run_failed(what, why);
    return DAF_SIM_EXIT_PARTLY;
}

static int open_trace(const char *path, uint32_t nodes, struct daf_trace **out)
{
    char why[DAF_TRACE_WHY_BYTES];
    struct daf_progress p;

    daf_progress_begin(&p, "reading");
    enum daf_err err = daf_trace_open(path, nodes, tell_reading, &p, out, why);
    daf_progress_end(&p);
    if (err == DAF_EBUSY) return daf_cmd_run_broken(path, "broken off");
    if (err != DAF_OK)
        return daf_cmd_run_failed(path,
                                  why[0] != '\0' ? why : daf_err_str(err));
    return -1;
}

/* One line for all that is odd in a trace and was read all the same. */
static void tell_odds(const char *path, const struct daf_trace *t)
{
    const struct daf_trace_facts *f = daf_trace_facts(t);
    char words[600] = "";

    for (unsigned i = 0; i < DAF_TRACE_ODDS; i++) {
        size_t len = strlen(words);
        if (f->odds[i].count == 0) continue;
        (void)snprintf(words + len, sizeof words - len,
                       "%s%s: %" PRIu64 " (first: line %" PRIu64 ")",
                       len == 0 ? "" : ", ", daf_trace_odd_str(i),
                       f->odds[i].count, f->odds[i].first_line);
    }
    if (words[0] != '\0')
        daf_say("daftar-sim run: %s: taken as it is: %s", path, words);
}

/* Nobody meets anybody: then it is another file that was meant. */
static int no_contacts(const struct daf_cmd_wish *w)
{
    uint64_t made = daf_trace_facts(w->run.contacts)->creations;

    if (made == 0)
        return daf_cmd_run_failed(
            w->contacts, "it holds no contact, so nobody meets. A contact is a "
                         "line 'time CONN a b up', or 'time a b'");
    return daf_cmd_run_failed(
        w->contacts, "it holds messages and no contact, so nobody meets. Give "
                     "it as --messages, and one with contacts as --contacts");
}

/* The exit code, or -1 to go on. */
static int look_at_traces(const struct daf_cmd_wish *w)
{
    const struct daf_trace *contacts = w->run.contacts;
    const struct daf_trace *messages = w->run.messages;

    if (contacts == NULL) return -1;
    tell_odds(w->contacts, contacts);
    if (messages != NULL) tell_odds(w->messages, messages);
    if (messages != NULL && daf_trace_facts(messages)->creations == 0)
        daf_say("daftar-sim run: %s: it holds no message", w->messages);
    if (daf_trace_facts(contacts)->ups > 0 ||
        (messages != NULL && daf_trace_facts(messages)->ups > 0))
        return -1;
    return no_contacts(w);
}

/* To daftar a message is a record: what size the traffic says is not what goes
 * over the air. */
static void tell_sizes(const struct daf_cmd_wish *w)
{
    uint64_t most = 0;
    bool is_daftar = false;

    for (size_t i = 0; i < w->protocols_count; i++)
        is_daftar |= w->protocols[i] == daf_protocol_find("daftar");
    if (w->run.contacts != NULL)
        most = daf_trace_facts(w->run.contacts)->bytes_max;
    if (w->run.messages != NULL &&
        daf_trace_facts(w->run.messages)->bytes_max > most)
        most = daf_trace_facts(w->run.messages)->bytes_max;
    if (w->run.traffic != NULL && w->run.traffic->bytes_max > most)
        most = w->run.traffic->bytes_max;
    for (size_t i = 0;
         w->scenario != NULL && i < w->scenario->schedule.errands_count; i++)
        if (w->scenario->schedule.errands[i].bytes_max > most)
            most = w->scenario->schedule.errands[i].bytes_max;
    if (!is_daftar || most <= RECORD_BYTES) return;
    daf_say("daftar-sim run: messages have up to %" PRIu64
            " bytes; to daftar each is a record of some 300, and only other "
            "protocols carry that size",
            most);
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

/* One run at a time: the largest counts. */
static bool fits(const struct daf_cmd_wish *w)
{
    struct daf_run_config config = w->run;
    struct daf_run_bytes wanted = {.all = 0};
    uint64_t left = memory_left();

    for (size_t i = 0; i < w->protocols_count; i++) {
        config.net.protocol = w->protocols[i];
        const struct daf_run_bytes bytes = daf_run_bytes(&config);
        if (bytes.all > wanted.all) wanted = bytes;
    }
    if (wanted.all <= left) return true;
    uint64_t devices = wanted.all - wanted.of_messages;
    bool is_messages = wanted.of_messages > devices;
    daf_say("daftar-sim run: %" PRIu32 " devices and about %" PRIu64
            " messages would take about %" PRIu64 " MB of memory, and %" PRIu64
            " MB are free. %" PRIu64
            " MB of it are for %s, or take a larger machine",
            daf_run_nodes(&w->run), wanted.messages, wanted.all / 1000000,
            left / 1000000,
            (is_messages ? wanted.of_messages : devices) / 1000000,
            is_messages ? "the messages: let fewer be made"
                        : "the devices: take fewer");
    return false;
}

static void print_json(const struct daf_run_config *config,
                       const struct daf_run_result *r)
{
    json_t *o = daf_outcome_json(config, r);

    if (o != NULL) json_dumpf(o, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(o);
    (void)fputs("\n", stdout);
}

static double ratio(uint64_t a, uint64_t b)
{
    return b == 0 ? 0 : (double)a / (double)b;
}

static void print_content(const struct daf_run_content *c)
{
    (void)printf("  content    %" PRIu64 " of %" PRIu64
                 " copies whole after 45 min, ",
                 c->in_lesson, c->copies);
    if (c->all_done == DAF_SIM_NEVER)
        (void)printf("%" PRIu64 " at the end", c->finished);
    else
        (void)printf("all after %.0f s", (double)c->all_done / DAF_SIM_S);
    (void)printf("; the air takes %.0f s at least\n", c->bound_s);
}

static void print_words(const struct daf_run_config *config,
                        const struct daf_run_result *r)
{
    const struct daf_net_stats *n = &r->net;

    (void)printf("%s, %" PRIu32 " devices, %.1f hours, seed %" PRIu64 "\n",
                 config->net.protocol->name, r->nodes,
                 (double)r->until / (double)DAF_SIM_HOUR, config->net.seed);
    (void)printf("  contacts   %" PRIu64 "\n", n->contacts);
    (void)printf("  messages   %" PRIu64 " made, %" PRIu64 " arrived (%.1f %%)",
                 n->created, n->delivered,
                 100 * ratio(n->delivered, n->created));
    if (r->counted_delivered > 0)
        (void)printf(", half of them within %.*f s",
                     r->latency_median < DAF_SIM_S ? 3 : 0,
                     (double)r->latency_median / (double)DAF_SIM_S);
    if (r->hops_mean > 0) (void)printf(", %.1f hops", r->hops_mean);
    (void)puts("");
    if (r->content.is_some) print_content(&r->content);
    (void)printf("  transfers  %" PRIu64 " whole, %" PRIu64
                 " broken off, %" PRIu64 " copies dropped\n",
                 n->relayed, n->aborted, n->dropped);
    (void)printf("  history    %016" PRIx64 " (%" PRIu64
                 " events, %.2f s, %.0f MB)\n",
                 r->trace_hash, r->events, r->cpu_s, r->rss_mb);
}

void daf_cmd_run_print(const struct daf_run_config *config,
                       const struct daf_run_result *r, bool is_json)
{
    if (is_json)
        print_json(config, r);
    else
        print_words(config, r);
}

/* ---- a folder of the run's own ---- */

static int remove_one(const char *path, const struct stat *st, int kind,
                      struct FTW *at)
{
    (void)st;
    (void)kind;
    (void)at;
    return remove(path);
}

/* One thread.  NOLINTBEGIN(concurrency-mt-unsafe) */
bool daf_cmd_run_make_dir(char dir[DAF_CMD_RUN_DIR_BYTES])
{
    const char *tmp = getenv("TMPDIR");

    int len = snprintf(dir, DAF_CMD_RUN_DIR_BYTES, "%s/daftar-sim.XXXXXX",
                       tmp == NULL || tmp[0] == '\0' ? "/tmp" : tmp);
    if (len >= 0 && len < DAF_CMD_RUN_DIR_BYTES && mkdtemp(dir) != NULL)
        return true;
    (void)daf_cmd_run_failed(dir, strerror(errno));
    return false;
}

void daf_cmd_run_remove_dir(const char *dir)
{
    if (nftw(dir, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        daf_say("daftar-sim run: %s stays behind: %s", dir, strerror(errno));
}
/* NOLINTEND(concurrency-mt-unsafe) */

/* ---- one run, of which nothing is kept ---- */

static int run_one(const struct daf_cmd_wish *w)
{
    struct daf_run_config config = w->run;
    struct daf_run_result result;
    struct daf_progress p;
    char dir[DAF_CMD_RUN_DIR_BYTES];

    config.net.protocol = w->protocols[0];
    config.net.seed = w->seeds[0];
    if (w->is_real && !daf_cmd_run_make_dir(dir)) return DAF_SIM_EXIT_FAILED;
    if (w->is_real) config.net.real_dir = dir;
    daf_progress_begin(&p, config.net.protocol->name);
    enum daf_err err = daf_run(&config, tell_running, &p, &result);
    daf_progress_end(&p);
    if (w->is_real) daf_cmd_run_remove_dir(dir);
    if (err == DAF_EBUSY)
        return daf_cmd_run_broken("the run", "broken off, and says nothing");
    if (err != DAF_OK) return daf_cmd_run_failed("the run", daf_err_str(err));
    daf_cmd_run_print(&config, &result, w->is_json);
    return DAF_SIM_EXIT_DONE;
}

/* The exit code, or -1 to go on. */
static int open_world(struct daf_cmd_wish *w)
{
    uint32_t nodes = w->run.net.nodes;
    int code = -1;

    if (w->contacts != NULL)
        code = open_trace(w->contacts, nodes, &w->run.contacts);
    if (code < 0 && w->messages != NULL)
        code = open_trace(w->messages, nodes, &w->run.messages);
    if (code < 0) code = look_at_traces(w);
    if (code < 0 && daf_run_wrong(&w->run) != NULL)
        code = daf_cmd_run_failed("the run", daf_run_wrong(&w->run));
    if (code < 0 && !fits(w)) code = DAF_SIM_EXIT_FAILED;
    if (code < 0) tell_sizes(w);
    return code;
}

static int run(struct daf_cmd_wish *w)
{
    int code = open_world(w);

    if (code < 0 && w->out == NULL && w->protocols_count == 1 &&
        w->seeds_count == 1)
        code = run_one(w);
    else if (code < 0)
        code = daf_cmd_run_many(w);
    daf_trace_close(w->run.contacts);
    daf_trace_close(w->run.messages);
    return code;
}

int daf_cmd_run(int argc, char **argv)
{
    struct daf_cmd_wish w = {.run.net = {.bytes_per_s = 250000,
                                         .base_bytes_per_s =
                                             DAF_MULTICAST_BYTES_PER_S},
                             .protocols_count = 1,
                             .seeds_count = 1};

    w.protocols[0] = daf_protocol_find("epidemic-one");
    w.seeds = calloc(DAF_STUDY_SEEDS_MAX, sizeof *w.seeds);
    if (w.seeds == NULL)
        return daf_cmd_run_failed("the run", daf_err_str(DAF_ENOMEM));
    w.seeds[0] = 1;
    int code = daf_cmd_run_parse(argc, argv, &w);
    if (code < 0) {
        daf_progress_catch();
        code = run(&w);
    }
    daf_scenario_free(w.scenario);
    free(w.seeds);
    return code;
}
