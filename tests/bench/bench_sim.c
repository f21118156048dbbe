/* SPDX-License-Identifier: Apache-2.0 */
/* daftar-sim and The ONE as processes: started, waited for, asked. */
#include "tests/bench/bench_sim.h"

#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define WORDS_MAX 40
#define NAME      "bench" /* of The ONE's scenario and report */

/* The ONE counts a lifetime in minutes and keeps it as seconds in 32 bits. */
#define FOR_EVER (INT32_MAX / 60)

static const struct bench_sim silent = {
    .cpu_s = (double)NAN,
    .rss_mb = (double)NAN,
    .nodes = (double)NAN,
    .contacts = (double)NAN,
    .created = (double)NAN,
    .relayed = (double)NAN,
    .aborted = (double)NAN,
    .delivered = (double)NAN,
    .events = (double)NAN,
};

/* ---- processes */

/* In the folder @dir, standard output to @to; false: it failed. */
static bool run(const char *dir, const char *const *argv, const char *to,
                struct bench_sim *out)
{
    struct rusage used;
    int status, fd;
    pid_t pid;

    (void)fflush(NULL);
    pid = fork();
    if (pid < 0) bench_die("no more processes");
    if (pid == 0) {
        fd = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || chdir(dir) != 0)
            _exit(126);
        /* Real notebooks are files too.  One thread, and argv is only read.
         * NOLINTBEGIN(concurrency-mt-unsafe,performance-no-int-to-ptr) */
        (void)setenv("TMPDIR", dir, 1);
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        /* NOLINTEND(concurrency-mt-unsafe,performance-no-int-to-ptr) */
        _exit(127);
    }
    if (wait4(pid, &status, 0, &used) != pid) bench_die("a child is lost");
    *out = silent;
    out->cpu_s = (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    out->rss_mb = (double)used.ru_maxrss * 1024 / 1e6;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void put_together(const char *program, const char *command,
                         const char *const *words, const char *last,
                         const char *out[WORDS_MAX])
{
    size_t n = 0;

    out[n++] = program;
    out[n++] = command;
    for (; *words != NULL; words++) {
        if (n == WORDS_MAX - 2) bench_die("too many words");
        out[n++] = *words;
    }
    out[n++] = last;
    out[n] = NULL;
}

/* ---- ours */

static double number(const json_t *from, const char *key)
{
    const json_t *n = json_object_get(from, key);

    if (!json_is_number(n)) bench_die("daftar-sim does not say %s", key);
    return json_number_value(n);
}

bool bench_sim_try(const struct bench *b, const char *const *words,
                   struct bench_sim *out)
{
    char program[BENCH_PATH_MAX], to[BENCH_PATH_MAX];
    const char *argv[WORDS_MAX];
    json_t *said;

    bench_path(program, "%s/daftar-sim", b->bin);
    bench_path(to, "%s/sim.json", b->run);
    put_together(program, "run", words, "--json", argv);
    if (!run(b->run, argv, to, out)) return false;
    said = json_load_file(to, 0, NULL);
    out->nodes = number(said, "nodes");
    out->contacts = number(said, "contacts");
    out->created = number(said, "created");
    out->relayed = number(said, "relayed");
    out->aborted = number(said, "aborted");
    out->delivered = number(said, "delivered");
    out->events = number(said, "events");
    json_decref(said);
    return true;
}

void bench_sim_run(const struct bench *b, const char *const *words,
                   struct bench_sim *out)
{
    if (!bench_sim_try(b, words, out)) bench_die("daftar-sim run failed");
}

void bench_sim_world(const struct bench *b, const char *const *words,
                     const char *to)
{
    char program[BENCH_PATH_MAX];
    const char *argv[WORDS_MAX];
    struct bench_sim unused;

    bench_path(program, "%s/daftar-sim", b->bin);
    put_together(program, "world", words, NULL, argv);
    if (!run(b->run, argv, to, &unused)) bench_die("daftar-sim world failed");
}

#define MEDIAN(field)                             \
    do {                                          \
        for (size_t i = 0; i < count; i++)        \
            values[i] = runs[i].field;            \
        out->field = bench_median(values, count); \
    } while (0)

void bench_sim_median(const struct bench_sim *runs, size_t count,
                      struct bench_sim *out)
{
    double values[BENCH_SIM_TIMES_MAX];

    MEDIAN(cpu_s);
    MEDIAN(rss_mb);
    MEDIAN(nodes);
    MEDIAN(contacts);
    MEDIAN(created);
    MEDIAN(relayed);
    MEDIAN(aborted);
    MEDIAN(delivered);
    MEDIAN(events);
}

/* ---- The ONE */

static const char *one_dir(void)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    return getenv("DAF_BENCH_ONE");
}

static void write_world(FILE *f, const struct bench_one *one)
{
    const char *const files[] = {one->contacts, one->messages};
    int count = 0;

    if (one->contacts == NULL) {
        (void)fprintf(f,
                      "Group.movementModel = RandomWaypoint\n"
                      "Group.speed = 0.5, 1.5\n"
                      "Group.waitTime = 0, 120\n"
                      "MovementModel.worldSize = %.0f, %.0f\n"
                      "Events.nrof = 0\n"
                      "Scenario.simulateConnections = true\n"
                      "Report.report1 = ConnectivityONEReport\n",
                      one->width, one->height);
        return;
    }
    for (size_t i = 0; i < 2 && files[i] != NULL; i++)
        (void)fprintf(f,
                      "Events%d.class = ExternalEventsQueue\n"
                      "Events%d.filePath = %s\n",
                      count + 1, count + 1, files[i]),
            count++;
    (void)fprintf(f,
                  "Events.nrof = %d\n"
                  "Scenario.simulateConnections = false\n"
                  "Group.movementModel = StationaryMovement\n"
                  "Group.nodeLocation = 1, 1\n"
                  "MovementModel.worldSize = 100, 100\n"
                  "Report.report1 = MessageStatsReport\n",
                  count);
}

/* Its README tells the keys.  What the folder has as default_settings.txt is not
 * read: it is another folder that it runs in. */
static void write_settings(const char *path, const struct bench_one *one)
{
    FILE *f = fopen(path, "we");

    if (f == NULL) bench_die("cannot write %s", path);
    (void)fprintf(f,
                  "Scenario.name = " NAME "\n"
                  "Scenario.updateInterval = 0.1\n"
                  "Scenario.endTime = %.1f\n"
                  "Scenario.nrofHostGroups = 1\n"
                  "Group.groupID = n\n"
                  "Group.nrofHosts = %zu\n"
                  "Group.nrofInterfaces = 1\n"
                  "Group.interface1 = air\n"
                  "air.type = SimpleBroadcastInterface\n"
                  "air.transmitSpeed = 250k\n"
                  "air.transmitRange = 10\n"
                  "Group.router = EpidemicRouter\n"
                  "Group.bufferSize = %uM\n"
                  "Group.msgTtl = %d\n"
                  "MovementModel.rngSeed = %zu\n"
                  "MovementModel.warmup = 0\n"
                  "Report.nrofReports = 1\n"
                  "Report.warmup = 0\n"
                  "Report.reportDir = one-report\n",
                  one->end_s, one->hosts, one->buffer_mb,
                  one->lifetime_min == 0 ? FOR_EVER : (int)one->lifetime_min,
                  one->seed);
    write_world(f, one);
    if (fclose(f) != 0) bench_die("cannot write %s", path);
}

/* "relayed: 202587" */
static void read_messages(FILE *f, struct bench_sim *out)
{
    struct {
        const char *key;
        double *value;
    } keys[] = {{"created: ", &out->created},
                {"relayed: ", &out->relayed},
                {"aborted: ", &out->aborted},
                {"delivered: ", &out->delivered}};
    char line[256];

    while (fgets(line, sizeof(line), f) != NULL)
        for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
            if (strncmp(line, keys[i].key, strlen(keys[i].key)) == 0)
                *keys[i].value = strtod(line + strlen(keys[i].key), NULL);
}

/* "12.3 CONN 4 17 up" */
static void read_contacts(FILE *f, struct bench_sim *out)
{
    char line[256];

    out->contacts = 0;
    while (fgets(line, sizeof(line), f) != NULL)
        if (strstr(line, " up") != NULL) out->contacts++;
}

static void read_report(const struct bench *b, const struct bench_one *one,
                        struct bench_sim *out)
{
    char path[BENCH_PATH_MAX];
    FILE *f;

    bench_path(path, "%s/one-report/" NAME "_%s.txt", b->run,
               one->contacts == NULL ? "ConnectivityONEReport"
                                     : "MessageStatsReport");
    f = fopen(path, "re");
    if (f == NULL) bench_die("The ONE wrote no report %s", path);
    if (one->contacts == NULL)
        read_contacts(f, out);
    else
        read_messages(f, out);
    (void)fclose(f);
    out->nodes = (double)one->hosts;
    bench_file_remove(path);
}

void bench_one_run(const struct bench *b, const struct bench_one *one,
                   struct bench_sim *out)
{
    char settings[BENCH_PATH_MAX], reports[BENCH_PATH_MAX];
    char classes[3 * BENCH_PATH_MAX], log[BENCH_PATH_MAX];
    const char *const argv[] = {"java",  "-Xmx2G",       "-cp",
                                classes, "core.DTNSim",  "-b",
                                "1",     "one.settings", NULL};

    *out = silent;
    if (one_dir() == NULL) return;
    bench_path(settings, "%s/one.settings", b->run);
    bench_path(reports, "%s/one-report", b->run);
    bench_path(log, "%s/one.log", b->run);
    (void)snprintf(classes, sizeof(classes),
                   "%s/target:%s/lib/ECLA.jar:%s/lib/DTNConsoleConnection.jar",
                   one_dir(), one_dir(), one_dir());
    write_settings(settings, one);
    bench_file_mkdir(reports);
    if (!run(b->run, argv, log, out))
        bench_die(
            "The ONE failed: DAF_BENCH_ONE=%s is a folder in which it was "
            "compiled (compile.sh), and java is in the PATH?",
            one_dir());
    read_report(b, one, out);
}
