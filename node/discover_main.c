/* SPDX-License-Identifier: Apache-2.0 */
/* node/discover_main.c - the discover process: its life, and what core says.
 *
 * One thread, one poll.  Avahi's clock is the wall's: when that is set, all its
 * timers and all that it remembers are wrong, so the process ends and is started
 * anew (EXIT_CLOCK). */
#include "node/discover_impl.h"

#include "node/confine.h"

#include <avahi-common/timeval.h>
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#define EXIT_BREACH  2
#define EXIT_CLOCK   3
#define EXIT_CROWDED 4
#define CROWDED_MS   60000 /* whoever was passed over is heard of within */
#define ANSWER_S     1     /* for the system's daemon, at start */
#define HANG_S       10 /* in one callback: killed by SIGALRM, started again */
#define RETRY_MS     30000 /* no Avahi at all */
#define FDS_MAX      64    /* it uses about ten */
/* It uses 7 to 17 MiB of addresses and 4 of memory; its cache holds at most 4,096
 * records an interface. */
#define MEMORY_MAX ((rlim_t)256 * 1024 * 1024)

static void die(struct daf_discover *d, int status, const char *why)
{
    if (d->done) return;
    if (why != NULL) (void)fprintf(stderr, "daftard discover: %s\n", why);
    d->done = true;
    d->status = status;
}

/* ---- helpers */

uint64_t daf_discover_random(void)
{
    uint64_t n = 0;

    /* The kernel gives so few bytes at once and whole. */
    (void)!getrandom(&n, sizeof(n), 0);
    return n;
}

static AvahiTimeout *call_after(struct daf_discover *d, unsigned ms,
                                AvahiTimeoutCallback fn, void *ctx)
{
    struct timeval at;

    (void)avahi_elapse_time(&at, ms, 0);
    return d->api->timeout_new(d->api, &at, fn, ctx);
}

AvahiTimeout *daf_discover_again(struct daf_discover *d, unsigned silences,
                                 AvahiTimeoutCallback fn, void *ctx)
{
    unsigned range = DAF_DISCOVER_AGAIN_MAX_MS - DAF_DISCOVER_AGAIN_MIN_MS;
    unsigned more = (unsigned)(daf_discover_random() % (range + 1));
    unsigned twice = silences / 2 < DAF_DISCOVER_AGAIN_TWICE
                         ? silences / 2
                         : DAF_DISCOVER_AGAIN_TWICE;

    return call_after(d, (DAF_DISCOVER_AGAIN_MIN_MS + more) << twice, fn, ctx);
}

static void on_crowded(AvahiTimeout *t, void *ctx)
{
    (void)t;
    die(ctx, EXIT_CROWDED, "there were more names than it can follow");
}

void daf_discover_crowded(struct daf_discover *d)
{
    if (d->crowded == NULL)
        d->crowded = call_after(d, CROWDED_MS, on_crowded, d);
}

void daf_discover_cancel(struct daf_discover *d, AvahiTimeout **t)
{
    if (*t != NULL) d->api->timeout_free(*t);
    *t = NULL;
}

void daf_discover_tell(struct daf_discover *d,
                       const struct daf_discover_message *m)
{
    /* Waits for core, which reads always. */
    if (!d->done && send(d->fd, m, sizeof(*m), MSG_NOSIGNAL) != sizeof(*m))
        die(d, 0, NULL);
}

static void tell_state(struct daf_discover *d)
{
    struct daf_discover_message m = {.kind = DAF_DISCOVER_STATE};

    if (d->back != NULL) m.by = (uint8_t)d->back->by;
    daf_discover_tell(d, &m);
}

bool daf_discover_load(const char *file, const char *const *names, size_t count,
                       void *out)
{
    void *library = dlopen(file, RTLD_NOW | RTLD_LOCAL), *found;
    uint8_t *to = out;

    for (size_t i = 0; library != NULL && i < count; i++, to += sizeof(found)) {
        found = dlsym(library, names[i]);
        if (found == NULL) {
            memset(out, 0, count * sizeof(found));
            return false;
        }
        memcpy(to, &found, sizeof(found));
    }
    return library != NULL; /* open until the end */
}

/* ---- services */

static void on_again(AvahiTimeout *t, void *ctx);

static void withdraw(struct daf_discover_service *s)
{
    daf_discover_cancel(s->d, &s->again);
    if (s->group != NULL) s->d->back->withdraw(s);
    s->group = NULL;
}

static void publish(struct daf_discover_service *s)
{
    char name[DAF_DISCOVER_NAME_BYTES];
    AvahiStringList *txt;

    withdraw(s);
    if (!s->is_published || s->d->back == NULL) return;
    daf_discover_avahi_name(s->what.name, name);
    txt = daf_discover_avahi_txt(&s->what);
    if (txt == NULL || !s->d->back->publish(s, name, txt))
        daf_discover_on_refused(s);
    avahi_string_list_free(txt);
}

static void browse(struct daf_discover_service *s)
{
    if (!s->is_browsed || s->browser != NULL || s->d->back == NULL) return;
    if (!s->d->back->browse(s)) daf_discover_on_failed(s->d);
}

static void on_again(AvahiTimeout *t, void *ctx)
{
    (void)t;
    publish(ctx);
}

void daf_discover_on_refused(struct daf_discover_service *s)
{
    if (s->again == NULL) s->again = daf_discover_again(s->d, 0, on_again, s);
}

void daf_discover_on_running(struct daf_discover *d)
{
    publish(&d->door);
    publish(&d->porch);
}

void daf_discover_on_renaming(struct daf_discover *d)
{
    withdraw(&d->door);
    withdraw(&d->porch);
}

/* ---- which Avahi */

void daf_discover_on_failed(struct daf_discover *d)
{
    d->has_failed = true;
}

/* In a process of its own: libdbus waits 25 s for a bus that hangs. */
static bool system_answers(void)
{
    int status = 1;
    pid_t pid = fork();

    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)alarm(ANSWER_S);
        _exit(daf_discover_system_answers() ? 0 : 1);
    }
    while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return pid > 0 && status == 0;
}

static void close_back(struct daf_discover *d)
{
    struct daf_discover_service *all[] = {&d->door, &d->porch};

    if (d->back == NULL) return;
    d->back->close(d);
    d->handle = NULL;
    for (size_t i = 0; i < 2; i++) {
        daf_discover_seen_forget(all[i]);
        daf_discover_cancel(d, &all[i]->again);
        all[i]->group = all[i]->browser = NULL;
    }
    d->back = NULL;
}

static void on_pair(AvahiWatch *w, int fd, AvahiWatchEvent what, void *ctx);

/* After a back's: the last one watched is the first one heard, and a flood from
 * the network must not be louder than core. */
static void watch_pair(struct daf_discover *d)
{
    if (d->pair != NULL) d->api->watch_free(d->pair);
    d->pair = d->api->watch_new(d->api, d->fd, AVAHI_WATCH_IN, on_pair, d);
    if (d->pair == NULL) die(d, 1, "out of memory");
}

static bool use(struct daf_discover *d, const struct daf_discover_back *back)
{
    d->has_failed = false;
    d->back = back;
    if (back->open(d)) {
        browse(&d->door);
        browse(&d->porch);
        if (!d->has_failed) return true;
    }
    close_back(d);
    return false;
}

static void use_own(struct daf_discover *d);

static void on_retry(AvahiTimeout *t, void *ctx)
{
    struct daf_discover *d = ctx;

    (void)t;
    daf_discover_cancel(d, &d->retry);
    use_own(d);
}

static void use_nobody(struct daf_discover *d)
{
    close_back(d);
    d->retry = call_after(d, RETRY_MS, on_retry, d);
    watch_pair(d);
    tell_state(d);
}

static void use_own(struct daf_discover *d)
{
    close_back(d);
    if (!use(d, &daf_discover_own)) {
        use_nobody(d);
        return;
    }
    watch_pair(d);
    tell_state(d);
}

/* The system's daemon went: our own.  Our own cannot: some day, perhaps. */
static void replace(struct daf_discover *d)
{
    d->has_failed = false;
    if (d->back == &daf_discover_system)
        use_own(d);
    else
        use_nobody(d);
}

static void use_system(struct daf_discover *d)
{
    if (!system_answers() || !use(d, &daf_discover_system)) return;
    watch_pair(d);
    tell_state(d);
}

/* ---- what core says */

static bool take(struct daf_discover *d, const struct daf_discover_message *m)
{
    struct daf_discover_service *s =
        m->endpoint == DAF_ENDPOINT_DOOR ? &d->door : &d->porch;

    if (m->endpoint != DAF_ENDPOINT_DOOR && m->endpoint != DAF_ENDPOINT_PORCH)
        return false;
    switch ((enum daf_discover_kind)m->kind) {
    case DAF_DISCOVER_PUBLISH:
        if (m->port == 0) return false;
        s->what.port = m->port;
        memcpy(s->what.name, m->name, sizeof(s->what.name));
        memcpy(s->what.data, m->data, sizeof(s->what.data));
        s->is_published = true;
        publish(s);
        return true;
    case DAF_DISCOVER_WITHDRAW:
        s->is_published = false;
        withdraw(s);
        return true;
    case DAF_DISCOVER_BROWSE:
        s->is_browsed = true;
        browse(s);
        return true;
    case DAF_DISCOVER_FOUND:
    case DAF_DISCOVER_LOST:
    case DAF_DISCOVER_STATE:
        break;
    }
    return false;
}

static void on_pair(AvahiWatch *w, int fd, AvahiWatchEvent what, void *ctx)
{
    struct daf_discover *d = ctx;
    struct daf_discover_message m;
    size_t at = 0;
    ssize_t n =
        recv(fd, d->in + d->in_len, sizeof(d->in) - d->in_len, MSG_DONTWAIT);

    (void)w;
    (void)what;
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (n <= 0) {
        die(d, 0, NULL);
        return;
    }
    d->in_len += (size_t)n;
    for (; !d->done && d->in_len - at >= sizeof(m); at += sizeof(m)) {
        memcpy(&m, d->in + at, sizeof(m));
        if (!take(d, &m))
            die(d, EXIT_BREACH, "core sent what discover does not understand");
    }
    d->in_len -= at;
    memmove(d->in, d->in + at, d->in_len);
}

/* ---- the clock */

static void on_clock(AvahiWatch *w, int fd, AvahiWatchEvent what, void *ctx)
{
    uint64_t count;

    (void)w;
    (void)what;
    if (read(fd, &count, sizeof(count)) < 0 && errno == ECANCELED)
        die(ctx, EXIT_CLOCK, "the clock was set");
}

/* A timer that never comes, but is called off when the clock is set. */
static bool watch_clock(struct daf_discover *d)
{
    const struct itimerspec never = {.it_value = {.tv_sec = INT32_MAX}};
    int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

    if (fd < 0 ||
        timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
                        NULL) != 0)
        return false;
    d->clock = d->api->watch_new(d->api, fd, AVAHI_WATCH_IN, on_clock, d);
    return d->clock != NULL; /* open until the end */
}

/* ---- what it may do */

static void confine(void)
{
    daf_confine(FDS_MAX, MEMORY_MAX);
    /* Strangers can keep it busy; not the device. */
    (void)setpriority(PRIO_PROCESS, 0, 10);
}

/* ---- beginning and end */

static bool init(struct daf_discover *d)
{
    struct daf_discover_service *all[] = {&d->door, &d->porch};

    d->door.endpoint = d->door.what.endpoint = DAF_ENDPOINT_DOOR;
    d->door.type = DAF_DISCOVER_TYPE_DOOR;
    d->porch.endpoint = d->porch.what.endpoint = DAF_ENDPOINT_PORCH;
    d->porch.type = DAF_DISCOVER_TYPE_PORCH;
    for (size_t i = 0; i < 2; i++) {
        all[i]->d = d;
        LIST_INIT(&all[i]->instances);
    }
    d->poll = avahi_simple_poll_new();
    if (d->poll == NULL) return false;
    d->api = avahi_simple_poll_get(d->poll);
    return watch_clock(d);
}

static void run(struct daf_discover *d)
{
    while (!d->done) {
        if (avahi_simple_poll_prepare(d->poll, -1) != 0 ||
            avahi_simple_poll_run(d->poll) != 0) {
            die(d, 1, "poll failed");
            return;
        }
        (void)alarm(HANG_S);
        (void)avahi_simple_poll_dispatch(d->poll);
        if (d->has_failed && !d->done) replace(d);
        (void)alarm(0);
    }
}

int daf_discover_main(int fd)
{
    struct daf_discover d = {.fd = fd};

    confine();
    /* Whether a bus answers or not, here is where it ends. */
    (void)signal(SIGALRM, SIG_DFL);
    (void)alarm(HANG_S);
    /* Avahi's pauses come from rand(), the same in all devices otherwise. */
    srand((unsigned)daf_discover_random());
    if (!init(&d)) {
        die(&d, 1, "cannot start: out of memory or descriptors");
        return d.status;
    }
    /* While files can be opened. */
    (void)daf_discover_own_load();
    if (daf_discover_system_load()) use_system(&d);
    daf_confine_files();
    if (d.back == NULL) use_own(&d);
    (void)alarm(0);
    run(&d);
    (void)alarm(HANG_S);
    close_back(&d); /* says goodbye */
    avahi_simple_poll_free(d.poll);
    return d.status;
}
