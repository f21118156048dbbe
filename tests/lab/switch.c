/* SPDX-License-Identifier: Apache-2.0 */
/* lab_switch - joins network namespaces as a poor network would.
 *
 *      lab_switch [--seed N] /run/netns/d1 /run/netns/d2 ...
 *
 * Port i is the interface port<i> here, whose far end is eth0 in the i-th
 * namespace (lab.bash makes them).  Needs no netem and no root beyond that of its
 * user namespace.  Says "ok" when it switches; then each line on standard input
 * is a command, answered by a line "ok" or "error ..." (`stats`: JSON before it).
 * Ports count from 1.  What a command says holds from the next frame on; a cut
 * or a part also loses what is on its way.  It ends with its parent.
 *
 *      delay MS [JITTER]   one way, evenly within MS - JITTER to MS + JITTER;
 *                          jitter lets frames overtake each other
 *      loss PERCENT        of the frames to each port, by chance from the seed
 *      dup PERCENT         delivered twice
 *      rate KBIT           what each port sends, and takes in; 0: no limit
 *      cut N | heal N      port N hears and is heard by nobody
 *      part A B | join A B no wire between these two
 *      multicast on|off    off: to groups only ARP and neighbour discovery
 *      isolate on|off      on: nothing from one station to one other
 *      stats               counters of each port
 *      quit
 *
 * Decimals are taken for MS and PERCENT: "0.5".  At rest it sleeps. */
#include "tests/lab/flight.h"
#include "tests/lab/port.h"
#include "tests/lab/rules.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FRAME_BYTES_MAX 65536
#define LINE_BYTES_MAX  256
#define WORDS_MAX       3
#define NUMBER_MAX      10000000 /* of any unit */
/* Frames read from one port before the others have their turn. */
#define BURST_FRAMES 64

/* Of one port.  in: what the device sent; the others: on the way to it. */
struct counters {
    uint64_t in, in_bytes, out, out_bytes;
    uint64_t lost, duplicated, refused, full;
};

struct lab {
    struct lab_rules rules;
    struct lab_flight flight;
    struct counters counters[LAB_PORTS_MAX];
    int port[LAB_PORTS_MAX];
    int epoll, timer;
    uint64_t timer_at; /* what the timer is set to, or LAB_NEVER */
    char line[LINE_BYTES_MAX];
    size_t line_len;
    bool is_done;
};

static struct lab lab;

static int die(const char *what)
{
    /* One thread.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    (void)fprintf(stderr, "lab_switch: %s: %s\n", what, strerror(errno));
    return EXIT_FAILURE;
}

static uint64_t now_us(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* ---- frames */

static void route_to(unsigned from, unsigned to, const uint8_t *bytes,
                     size_t len, uint64_t left)
{
    struct counters *counters = &lab.counters[to];
    struct lab_frame frame = {.from = from, .to = to, .len = len};
    struct lab_fate fate;

    if (!lab_rules_is_joined(&lab.rules, from, to)) {
        counters->refused++;
        return;
    }
    fate = lab_rules_fate(&lab.rules, from, to, len, left);
    if (fate.is_full)
        counters->full++;
    else if (fate.copies == 0)
        counters->lost++;
    else if (fate.copies == 2)
        counters->duplicated++;
    for (unsigned i = 0; i < fate.copies; i++) {
        frame.at = fate.at[i];
        if (!lab_flight_push(&lab.flight, &frame, bytes)) counters->full++;
    }
}

static void route(unsigned from, const uint8_t *bytes, size_t len, uint64_t now)
{
    struct lab_rules *r = &lab.rules;
    unsigned target;
    uint64_t left;

    if (len < LAB_HEADER_BYTES) return;
    lab.counters[from].in++;
    lab.counters[from].in_bytes += len;
    lab_rules_learn(r, from, bytes);
    if (!lab_rules_passes(r, bytes, len)) {
        lab.counters[from].refused++;
        return;
    }
    left = lab_rules_leave(r, from, len, now);
    if (left == LAB_NEVER) {
        lab.counters[from].full++;
        return;
    }
    target = lab_rules_target(r, bytes);
    for (unsigned to = 0; to < r->ports; to++)
        if (to != from && (target == LAB_EVERYBODY || target == to))
            route_to(from, to, bytes, len, left);
}

static void take_in(unsigned port)
{
    static uint8_t bytes[FRAME_BYTES_MAX];
    uint64_t now = now_us();
    ssize_t len;

    for (unsigned i = 0; i < BURST_FRAMES; i++) {
        len = recv(lab.port[port], bytes, sizeof(bytes), 0);
        if (len < 0) break; /* no more, or the device's end is down */
        route(port, bytes, (size_t)len, now);
    }
}

static void deliver(void)
{
    uint64_t now = now_us();
    struct lab_frame *frame;
    struct counters *counters;

    while ((frame = lab_flight_pop(&lab.flight, now)) != NULL) {
        counters = &lab.counters[frame->to];
        if (!lab_rules_is_joined(&lab.rules, frame->from, frame->to)) {
            counters->refused++;
        } else if (send(lab.port[frame->to], frame->bytes, frame->len, 0) < 0) {
            counters->full++;
        } else {
            counters->out++;
            counters->out_bytes += frame->len;
        }
        free(frame);
    }
}

static bool set_timer(uint64_t at)
{
    struct itimerspec when = {{0, 0}, {0, 0}}; /* zero: never */

    if (at == lab.timer_at) return true;
    if (at != LAB_NEVER) {
        when.it_value.tv_sec = (time_t)(at / 1000000);
        when.it_value.tv_nsec = (long)(at % 1000000) * 1000;
    }
    lab.timer_at = at;
    return timerfd_settime(lab.timer, TFD_TIMER_ABSTIME, &when, NULL) == 0;
}

/* ---- commands */

/* A decimal in thousandths: "0.5" is 500. */
static bool read_milli(const char *text, uint64_t *out)
{
    char *end;
    uint64_t whole, scale = 1000, parts = 0;

    if (*text < '0' || *text > '9') return false;
    whole = strtoull(text, &end, 10);
    if (whole > NUMBER_MAX) return false;
    if (*end == '.') {
        for (end++; *end >= '0' && *end <= '9' && scale > 1; end++) {
            scale /= 10;
            parts += (uint64_t)(*end - '0') * scale;
        }
    }
    *out = whole * 1000 + parts;
    return *end == '\0';
}

static bool read_whole(const char *text, uint64_t *out)
{
    bool is_good = read_milli(text, out) && *out % 1000 == 0;

    *out /= 1000;
    return is_good;
}

static bool read_percent(const char *text, uint64_t *ppm)
{
    uint64_t milli;

    if (!read_milli(text, &milli) || milli > 100 * 1000) return false;
    *ppm = milli * 10;
    return true;
}

static bool read_port(const char *text, unsigned *port)
{
    uint64_t number;

    if (!read_whole(text, &number) || number < 1 || number > lab.rules.ports)
        return false;
    *port = (unsigned)number - 1;
    return true;
}

/* Each takes its words, 0 the command itself; a NULL ends them. */
static bool do_delay(char *const word[])
{
    uint64_t delay, jitter = 0;

    if (!read_milli(word[1], &delay)) return false;
    if (word[2] && !read_milli(word[2], &jitter)) return false;
    lab.rules.delay_us = delay;
    lab.rules.jitter_us = jitter;
    return true;
}

static bool do_loss(char *const word[])
{
    return read_percent(word[1], &lab.rules.loss_ppm);
}

static bool do_dup(char *const word[])
{
    return read_percent(word[1], &lab.rules.dup_ppm);
}

static bool do_rate(char *const word[])
{
    uint64_t kbit;

    if (!read_whole(word[1], &kbit)) return false;
    lab.rules.rate_kbit = kbit;
    memset(lab.rules.up_free_at, 0, sizeof(lab.rules.up_free_at));
    memset(lab.rules.down_free_at, 0, sizeof(lab.rules.down_free_at));
    return true;
}

static bool do_cut(char *const word[])
{
    unsigned port;

    if (!read_port(word[1], &port)) return false;
    lab.rules.is_cut[port] = strcmp(word[0], "cut") == 0;
    return true;
}

static bool do_part(char *const word[])
{
    unsigned a, b;
    bool is_parted = strcmp(word[0], "part") == 0;

    if (!read_port(word[1], &a) || !read_port(word[2], &b)) return false;
    lab.rules.is_parted[a][b] = lab.rules.is_parted[b][a] = is_parted;
    return true;
}

static bool read_on(const char *text, bool *on)
{
    *on = strcmp(text, "on") == 0;
    return *on || strcmp(text, "off") == 0;
}

static bool do_multicast(char *const word[])
{
    bool on;

    if (!read_on(word[1], &on)) return false;
    lab.rules.no_multicast = !on;
    return true;
}

static bool do_isolate(char *const word[])
{
    bool on;

    if (!read_on(word[1], &on)) return false;
    lab.rules.is_isolated = on;
    return true;
}

static bool do_stats(char *const word[])
{
    (void)word;
    (void)printf("{\"in_flight\":%zu,\"ports\":[", lab.flight.count);
    for (unsigned i = 0; i < lab.rules.ports; i++) {
        const struct counters *c = &lab.counters[i];

        (void)printf("%s{\"port\":%u,\"in\":%" PRIu64 ",\"in_bytes\":%" PRIu64
                     ",\"out\":%" PRIu64 ",\"out_bytes\":%" PRIu64
                     ",\"lost\":%" PRIu64 ",\"duplicated\":%" PRIu64
                     ",\"refused\":%" PRIu64 ",\"full\":%" PRIu64 "}",
                     i > 0 ? "," : "", i + 1, c->in, c->in_bytes, c->out,
                     c->out_bytes, c->lost, c->duplicated, c->refused, c->full);
    }
    (void)printf("]}\n");
    return true;
}

static bool do_quit(char *const word[])
{
    (void)word;
    lab.is_done = true;
    return true;
}

static const struct command {
    const char *name;
    unsigned words_min, words_max; /* without the name */
    bool (*fn)(char *const word[]);
    const char *usage;
} commands[] = {
    {"delay", 1, 2, do_delay, "delay MS [JITTER]"},
    {"loss", 1, 1, do_loss, "loss PERCENT"},
    {"dup", 1, 1, do_dup, "dup PERCENT"},
    {"rate", 1, 1, do_rate, "rate KBIT"},
    {"cut", 1, 1, do_cut, "cut PORT"},
    {"heal", 1, 1, do_cut, "heal PORT"},
    {"part", 2, 2, do_part, "part PORT PORT"},
    {"join", 2, 2, do_part, "join PORT PORT"},
    {"multicast", 1, 1, do_multicast, "multicast on|off"},
    {"isolate", 1, 1, do_isolate, "isolate on|off"},
    {"stats", 0, 0, do_stats, "stats"},
    {"quit", 0, 0, do_quit, "quit"},
};

static void obey(char *line)
{
    char *word[WORDS_MAX + 1] = {NULL}, *rest = line, *next;
    unsigned count = 0;

    while ((next = strtok_r(rest, " \t\r", &rest)) != NULL) {
        if (count == WORDS_MAX) {
            (void)printf("error too many words\n");
            return;
        }
        word[count++] = next;
    }
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        const struct command *c = &commands[i];

        if (count == 0 || strcmp(word[0], c->name) != 0) continue;
        if (count - 1 < c->words_min || count - 1 > c->words_max ||
            !c->fn(word))
            (void)printf("error usage: %s\n", c->usage);
        else
            (void)printf("ok\n");
        return;
    }
    (void)printf("error no such command\n");
}

static void read_commands(void)
{
    char *end;
    ssize_t got = read(STDIN_FILENO, lab.line + lab.line_len,
                       sizeof(lab.line) - lab.line_len);
    size_t used;

    if (got <= 0) {
        lab.is_done = got == 0 || errno != EINTR;
        return;
    }
    lab.line_len += (size_t)got;
    while (!lab.is_done &&
           (end = memchr(lab.line, '\n', lab.line_len)) != NULL) {
        *end = '\0';
        obey(lab.line);
        used = (size_t)(end - lab.line) + 1;
        lab.line_len -= used;
        memmove(lab.line, end + 1, lab.line_len);
    }
    if (lab.line_len == sizeof(lab.line)) {
        (void)printf("error the line is too long\n");
        lab.line_len = 0;
    }
    (void)fflush(stdout);
}

/* ---- start */

static bool watch(int fd, unsigned number)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.u32 = number}};

    return epoll_ctl(lab.epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

static int run(void)
{
    struct epoll_event events[LAB_PORTS_MAX + 2];
    int count;

    while (!lab.is_done) {
        if (!set_timer(lab_flight_next(&lab.flight))) return die("timer");
        count = epoll_wait(lab.epoll, events, LAB_PORTS_MAX + 2, -1);
        if (count < 0 && errno != EINTR) return die("epoll");
        for (int i = 0; i < count; i++) {
            if (events[i].data.u32 < lab.rules.ports) {
                take_in(events[i].data.u32);
            } else if (events[i].data.u32 == lab.rules.ports) {
                read_commands();
            } else {
                /* Set anew at the next turn, which also quiets it. */
                lab.timer_at = LAB_NEVER - 1;
            }
        }
        deliver();
    }
    lab_flight_clear(&lab.flight);
    return EXIT_SUCCESS;
}

static int start(char *const netns[], unsigned ports, uint64_t seed)
{
    /* Left alone by a script that was killed it would switch for ever. */
    if (prctl(PR_SET_PDEATHSIG, SIGTERM) != 0) return die("prctl");
    lab_rules_init(&lab.rules, ports, seed);
    lab.timer_at = LAB_NEVER;
    lab.epoll = epoll_create1(EPOLL_CLOEXEC);
    lab.timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (lab.epoll < 0 || lab.timer < 0 || !watch(STDIN_FILENO, ports) ||
        !watch(lab.timer, ports + 1))
        return die("start");
    for (unsigned i = 0; i < ports; i++) {
        lab.port[i] = lab_port_open(i + 1, netns[i]);
        if (lab.port[i] < 0) return EXIT_FAILURE;
        if (!watch(lab.port[i], i)) return die("start");
    }
    (void)printf("ok\n");
    (void)fflush(stdout);
    return run();
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    int first = 1;

    if (argc > 2 && strcmp(argv[1], "--seed") == 0) {
        if (!read_whole(argv[2], &seed)) argc = 0;
        first = 3;
    }
    if (argc - first < 1 || argc - first > LAB_PORTS_MAX) {
        (void)fprintf(stderr,
                      "usage: lab_switch [--seed N] NETNS...   (%d at most; "
                      "tests/lab/lab.bash starts it)\n",
                      LAB_PORTS_MAX);
        return 2;
    }
    return start(argv + first, (unsigned)(argc - first), seed);
}
