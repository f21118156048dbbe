/* SPDX-License-Identifier: Apache-2.0 */
#include "node/discoverhost.h"

#include "node/child.h"
#include "node/clock.h"
#include "node/core/addr.h"
#include "node/log.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <sodium.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define READS_MAX 8 /* of IN_COUNT messages, so that others get a turn */
#define IN_COUNT  32
/* It has said nothing of who does the work: it hangs. */
#define HANG_MS 20000
/* To say goodbye on the network, before it is killed. */
#define LEAVE_MS 500

static const struct daf_child_kind kind = {
    .option = "--as-discover",
    .name = "discover",
    .young_ms = DAF_DISCOVERHOST_YOUNG_MS,
    .retry_min_ms = DAF_DISCOVERHOST_RETRY_MIN_MS,
    .retry_max_ms = DAF_DISCOVERHOST_RETRY_MAX_MS,
};

/* One kind of service: the door's, the porch's. */
struct service {
    bool is_published, is_browsed;
    struct daf_announce what;
};

struct daf_discoverhost {
    struct daf_loop *loop;
    const struct daf_discoverhost_ops *ops;
    struct daf_child child;
    struct daf_loop_timer
        timer;        /* down: start it; up: it hangs, or is doomed */
    const char *doom; /* why it must be buried */
    enum daf_discover_by by;
    struct service door, porch;
    uint8_t in[IN_COUNT * sizeof(struct daf_discover_message)];
    size_t in_len;
    uint64_t renewals; /* starts that were asked for */
};

static struct service *service_of(struct daf_discoverhost *h,
                                  enum daf_endpoint endpoint)
{
    if (endpoint == DAF_ENDPOINT_DOOR) return &h->door;
    return endpoint == DAF_ENDPOINT_PORCH ? &h->porch : NULL;
}

static bool is_published(const struct daf_discoverhost *h)
{
    return h->door.is_published || h->porch.is_published;
}

static bool is_wanted(const struct daf_discoverhost *h)
{
    return is_published(h) || h->door.is_browsed || h->porch.is_browsed;
}

/* Buried by the timer, since this may be said in the middle of anything.  The
 * first reason stands. */
static void doom(struct daf_discoverhost *h, const char *why)
{
    if (h->doom == NULL) h->doom = why;
    daf_loop_timer_set(&h->timer, daf_clock_now());
}

/* ---- towards discover */

/* A pair holds hundreds of these and six say everything: one that lets it fill
 * up hangs. */
static void say(struct daf_discoverhost *h,
                const struct daf_discover_message *m)
{
    ssize_t n;

    if (h->child.pid == 0 || h->doom != NULL) return;
    n = send(h->child.pair.fd, m, sizeof(*m), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n != (ssize_t)sizeof(*m)) doom(h, "it takes nothing");
}

static void say_publish(struct daf_discoverhost *h,
                        const struct daf_announce *what)
{
    struct daf_discover_message m = {.kind = DAF_DISCOVER_PUBLISH,
                                     .endpoint = (uint8_t)what->endpoint,
                                     .port = what->port};

    memcpy(m.name, what->name, sizeof(m.name));
    memcpy(m.data, what->data, sizeof(m.data));
    say(h, &m);
}

static void say_kind(struct daf_discoverhost *h, enum daf_discover_kind what,
                     enum daf_endpoint endpoint)
{
    struct daf_discover_message m = {.kind = (uint8_t)what,
                                     .endpoint = (uint8_t)endpoint};

    say(h, &m);
}

static void say_all(struct daf_discoverhost *h)
{
    if (h->door.is_published) say_publish(h, &h->door.what);
    if (h->porch.is_published) say_publish(h, &h->porch.what);
    if (h->door.is_browsed) say_kind(h, DAF_DISCOVER_BROWSE, DAF_ENDPOINT_DOOR);
    if (h->porch.is_browsed)
        say_kind(h, DAF_DISCOVER_BROWSE, DAF_ENDPOINT_PORCH);
}

/* ---- its life */

static void set_by(struct daf_discoverhost *h, enum daf_discover_by by)
{
    if (h->by == by) return;
    h->by = by;
    h->ops->state(h->ops->ctx, by);
}

static void start(struct daf_discoverhost *h)
{
    if (daf_child_start(&h->child, true) != DAF_OK) {
        daf_log("discover cannot be started: %s", daf_log_errno(errno));
        daf_loop_timer_set(&h->timer, daf_child_restart_at(&h->child));
        return;
    }
    daf_loop_timer_set(&h->timer, daf_clock_after(h->child.started, HANG_MS));
    say_all(h);
}

/* Down, and not because it is to wait. */
static void start_if_resting(struct daf_discoverhost *h)
{
    if (h->child.pid == 0 && h->timer.at.ms == DAF_MONO_NEVER.ms) start(h);
}

static void bury(struct daf_discoverhost *h)
{
    siginfo_t how = daf_child_end(&h->child);
    struct daf_mono at = daf_child_restart_at(&h->child);

    daf_child_tell(&h->child, &how, h->doom);
    h->doom = NULL;
    h->in_len = 0;
    daf_loop_timer_set(&h->timer, is_wanted(h) ? at : DAF_MONO_NEVER);
    set_by(h, DAF_DISCOVER_BY_NOBODY);
}

static void on_timer(void *ctx)
{
    struct daf_discoverhost *h = ctx;

    if (h->child.pid == 0) {
        start(h);
        return;
    }
    doom(h, "it hangs");
    bury(h);
}

/* ---- what discover says */

static bool is_address(const struct daf_discover_message *m)
{
    struct daf_where where;

    return daf_addr_parse(&m->addr, &where) && daf_addr_callable(&where) &&
           where.port == m->port;
}

static const char *on_found(struct daf_discoverhost *h,
                            const struct daf_discover_message *m)
{
    enum daf_endpoint endpoint = (enum daf_endpoint)m->endpoint;
    const struct service *s = service_of(h, endpoint);
    struct daf_announce what = {.endpoint = endpoint, .port = m->port};
    struct daf_addr addr = {""};

    if (s == NULL || !s->is_browsed) return "FOUND unasked";
    if (!is_address(m)) return "FOUND at no address";
    memcpy(what.name, m->name, sizeof(what.name));
    memcpy(what.data, m->data, sizeof(what.data));
    /* Copied as text: nothing follows its NUL. */
    memcpy(addr.text, m->addr.text, strlen(m->addr.text));
    h->ops->found(h->ops->ctx, &what, &addr);
    return NULL;
}

static bool says_only_where(const struct daf_discover_message *m)
{
    return m->port == 0 && sodium_is_zero(m->data, sizeof(m->data)) &&
           sodium_is_zero((const uint8_t *)m->addr.text, sizeof(m->addr.text));
}

static const char *on_lost(struct daf_discoverhost *h,
                           const struct daf_discover_message *m)
{
    enum daf_endpoint endpoint = (enum daf_endpoint)m->endpoint;
    const struct service *s = service_of(h, endpoint);

    if (s == NULL || !s->is_browsed) return "LOST unasked";
    if (!says_only_where(m)) return "LOST with more than a name";
    h->ops->lost(h->ops->ctx, endpoint, m->name);
    return NULL;
}

static const char *on_state(struct daf_discoverhost *h,
                            const struct daf_discover_message *m)
{
    if (m->by > DAF_DISCOVER_BY_ITSELF) return "STATE unknown";
    if (m->endpoint != 0 || !says_only_where(m) ||
        !sodium_is_zero(m->name, sizeof(m->name)))
        return "STATE with more than that";
    daf_loop_timer_set(&h->timer, DAF_MONO_NEVER); /* it does not hang */
    set_by(h, (enum daf_discover_by)m->by);
    return NULL;
}

/* Returns what is wrong with it, or NULL. */
static const char *on_message(struct daf_discoverhost *h,
                              const struct daf_discover_message *m)
{
    if (m->pad != 0 || !sodium_is_zero(m->pad2, sizeof(m->pad2)))
        return "padding";
    if (m->kind != DAF_DISCOVER_STATE && m->by != 0) return "somebody's work";
    switch ((enum daf_discover_kind)m->kind) {
    case DAF_DISCOVER_FOUND:
        return on_found(h, m);
    case DAF_DISCOVER_LOST:
        return on_lost(h, m);
    case DAF_DISCOVER_STATE:
        return on_state(h, m);
    case DAF_DISCOVER_PUBLISH:
    case DAF_DISCOVER_WITHDRAW:
    case DAF_DISCOVER_BROWSE:
        break;
    }
    return "an unknown kind";
}

static void parse(struct daf_discoverhost *h)
{
    struct daf_discover_message m;
    const char *wrong;
    size_t at = 0;

    while (h->doom == NULL && h->in_len - at >= sizeof(m)) {
        memcpy(&m, h->in + at, sizeof(m));
        at += sizeof(m);
        wrong = on_message(h, &m);
        if (wrong == NULL) continue;
        daf_log("discover broke the rules: %s", wrong);
        doom(h, "it broke the rules");
    }
    h->in_len -= at;
    memmove(h->in, h->in + at, h->in_len);
}

/* Returns whether there may be more. */
static bool read_some(struct daf_discoverhost *h)
{
    ssize_t n =
        read(h->child.pair.fd, h->in + h->in_len, sizeof(h->in) - h->in_len);

    if (n > 0) {
        h->in_len += (size_t)n;
        parse(h);
        return h->doom == NULL;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) doom(h, "it ended");
    return false;
}

static void on_pair(void *ctx, unsigned what)
{
    struct daf_discoverhost *h = ctx;

    (void)what;
    for (int i = 0; i < READS_MAX && h->doom == NULL; i++)
        if (!read_some(h)) break;
    if (h->doom != NULL) bury(h);
}

static void on_pidfd(void *ctx, unsigned what)
{
    struct daf_discoverhost *h = ctx;

    (void)what;
    doom(h, "it ended");
    bury(h);
}

/* ---- what is asked of it */

void daf_discoverhost_publish(struct daf_discoverhost *h,
                              const struct daf_announce *what)
{
    struct service *s = service_of(h, what->endpoint);

    assert(s != NULL && what->port != 0);
    s->is_published = true;
    s->what = *what;
    if (h->child.pid == 0)
        start_if_resting(h);
    else
        say_publish(h, what);
}

void daf_discoverhost_withdraw(struct daf_discoverhost *h,
                               enum daf_endpoint endpoint)
{
    struct service *s = service_of(h, endpoint);

    assert(s != NULL);
    if (!s->is_published) return;
    s->is_published = false;
    say_kind(h, DAF_DISCOVER_WITHDRAW, endpoint);
}

void daf_discoverhost_browse(struct daf_discoverhost *h,
                             enum daf_endpoint endpoint)
{
    struct service *s = service_of(h, endpoint);

    assert(s != NULL);
    if (s->is_browsed) return;
    s->is_browsed = true;
    if (h->child.pid == 0)
        start_if_resting(h);
    else
        say_kind(h, DAF_DISCOVER_BROWSE, endpoint);
}

void daf_discoverhost_renew(struct daf_discoverhost *h)
{
    if (h->child.pid == 0 || h->doom != NULL) return;
    (void)daf_child_end(&h->child);
    h->renewals++;
    h->in_len = 0;
    set_by(h, DAF_DISCOVER_BY_NOBODY);
    start(h);
}

enum daf_discover_by daf_discoverhost_by(const struct daf_discoverhost *h)
{
    return h->by;
}

pid_t daf_discoverhost_pid(const struct daf_discoverhost *h)
{
    return h->child.pid;
}

uint64_t daf_discoverhost_restarts(const struct daf_discoverhost *h)
{
    return daf_child_restarts(&h->child) - h->renewals;
}

enum daf_err daf_discoverhost_new(struct daf_loop *loop,
                                  const struct daf_discoverhost_ops *ops,
                                  struct daf_discoverhost **out)
{
    struct daf_discoverhost *h = calloc(1, sizeof(*h));
    enum daf_err err;

    *out = NULL;
    if (h == NULL) return DAF_ENOMEM;
    h->loop = loop;
    h->ops = ops;
    daf_child_init(&h->child, loop, &kind, on_pair, on_pidfd, h);
    h->timer = (struct daf_loop_timer){.fn = on_timer, .ctx = h};
    err = daf_loop_timer_open(loop, &h->timer);
    if (err != DAF_OK) {
        free(h);
        return err;
    }
    *out = h;
    return DAF_OK;
}

/* Others keep who went without a goodbye for an hour. */
static void let_leave(struct daf_discoverhost *h)
{
    struct pollfd ended = {.fd = h->child.pidfd.fd, .events = POLLIN};

    if (h->child.pid == 0 || !is_published(h)) return;
    (void)shutdown(h->child.pair.fd, SHUT_WR);
    (void)poll(&ended, 1, LEAVE_MS);
}

void daf_discoverhost_free(struct daf_discoverhost *h)
{
    siginfo_t how;

    if (h == NULL) return;
    let_leave(h);
    how = daf_child_end(&h->child);
    if (how.si_code != CLD_EXITED && how.si_status != SIGKILL)
        daf_log("discover was killed by signal %d as it left", how.si_status);
    daf_loop_timer_close(h->loop, &h->timer);
    free(h);
}
