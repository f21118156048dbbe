/* SPDX-License-Identifier: Apache-2.0 */
#include "node/linkhost.h"

#include "node/child.h"
#include "node/clock.h"
#include "node/log.h"
#include "proto/limits.h"

#include <assert.h>
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MESSAGE_MAX (sizeof(struct daf_link_head) + DAF_LINK_BYTES_MAX)
/* With room for more than one, what is left of a read is seldom moved. */
#define IN_BYTES     (2 * MESSAGE_MAX)
#define READS_MAX    8 /* in one go, so that others get a turn */
#define FIRST_DEATHS 3 /* without a word and without READY: give up */
/* Of a queue's memory, when it is empty. */
#define KEEP_BYTES ((size_t)1024 * 1024)

static const struct daf_child_kind kind = {
    .option = "--as-link",
    .name = "link",
    .young_ms = DAF_LINKHOST_YOUNG_MS,
    .retry_min_ms = DAF_LINKHOST_RETRY_MIN_MS,
    .retry_max_ms = DAF_LINKHOST_RETRY_MAX_MS,
};

enum state {
    DOWN,
    STARTING,
    UP,
    ENDING,
    GONE,
};

enum conn_state {
    CONNECTING,
    OPEN,
    CLOSING, /* the agent wants no more of it */
};

struct conn {
    uint32_t number;
    enum conn_state state;
    enum daf_endpoint endpoint;
};

struct daf_linkhost {
    struct daf_loop *loop;
    const struct daf_linkhost_ops *ops;
    struct daf_link_listen listen;
    enum state state;
    bool was_up, has_failed, paused, shut;
    const char *doom; /* why it must be buried */
    struct daf_child child;
    struct daf_loop_timer timer; /* DOWN: restart; else: does it hang */
    struct daf_mono moved;       /* when it took bytes from the queue */
    uint8_t *in;
    size_t in_at, in_len; /* heard and not handed over: from in_at on */
    uint8_t *out;
    size_t out_at, out_len, out_cap;
    struct conn conns[DAF_LINKHOST_CONNS_MAX]; /* ascending by number */
    size_t conns_count;
    struct daf_link_porch porch;
    unsigned porched_wanted; /* PORCHED that will come */
    struct daf_box_pk *keys; /* admitted */
    size_t keys_count, keys_cap;
};

/* The first reason stands; what follows from it is noise. */
static void doom(struct daf_linkhost *h, const char *why)
{
    if (h->doom == NULL) h->doom = why;
}

static bool is_running(const struct daf_linkhost *h)
{
    return h->state == STARTING || h->state == UP || h->state == ENDING;
}

/* ---- connections */

/* Where @number is, or would be. */
static size_t place(const struct daf_linkhost *h, uint32_t number)
{
    size_t low = 0, high = h->conns_count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;

        if (h->conns[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct conn *find(struct daf_linkhost *h, uint32_t number)
{
    size_t at = place(h, number);

    if (at == h->conns_count || h->conns[at].number != number) return NULL;
    return &h->conns[at];
}

static bool enter(struct daf_linkhost *h, struct conn conn)
{
    size_t at = place(h, conn.number);

    if (h->conns_count == DAF_LINKHOST_CONNS_MAX) return false;
    memmove(&h->conns[at + 1], &h->conns[at],
            (h->conns_count - at) * sizeof(conn));
    h->conns[at] = conn;
    h->conns_count++;
    return true;
}

static void leave(struct daf_linkhost *h, const struct conn *conn)
{
    size_t at = place(h, conn->number);

    h->conns_count--;
    memmove(&h->conns[at], &h->conns[at + 1],
            (h->conns_count - at) * sizeof(*conn));
}

/* ---- towards link */

/* Room for @more bytes behind the queue; NULL, and doomed, if there is none. */
static uint8_t *reserve(struct daf_linkhost *h, size_t more)
{
    size_t cap = h->out_cap;
    uint8_t *grown;

    if (h->out_len - h->out_at + more > DAF_LINKHOST_QUEUE_MAX) {
        doom(h, "it does not take what is sent");
        return NULL;
    }
    if (h->out_len + more > cap && h->out_at > 0) {
        h->out_len -= h->out_at;
        memmove(h->out, h->out + h->out_at, h->out_len);
        h->out_at = 0;
    }
    while (h->out_len + more > cap)
        cap = cap > 0 ? cap * 2 : 4096;
    if (cap == h->out_cap) return h->out + h->out_len;
    grown = realloc(h->out, cap);
    if (grown == NULL) {
        doom(h, "out of memory for what is sent");
        return NULL;
    }
    h->out = grown;
    h->out_cap = cap;
    return h->out + h->out_len;
}

static void say(struct daf_linkhost *h, struct daf_link_head head,
                struct daf_view payload)
{
    uint8_t *room;

    if (!is_running(h) || h->shut || h->doom != NULL) return;
    head.len = (uint32_t)payload.len;
    room = reserve(h, sizeof(head) + payload.len);
    if (room == NULL) return;
    memcpy(room, &head, sizeof(head));
    if (payload.len > 0) memcpy(room + sizeof(head), payload.p, payload.len);
    h->out_len += sizeof(head) + payload.len;
}

static struct daf_view view(const void *p, size_t len)
{
    return (struct daf_view){p, len};
}

void daf_linkhost_send(struct daf_linkhost *h, uint32_t conn,
                       struct daf_view frame)
{
    const struct conn *c = find(h, conn);

    if (c == NULL || c->state != OPEN || frame.len > DAF_LINK_BYTES_MAX) return;
    say(h, (struct daf_link_head){.kind = DAF_LINK_SEND, .conn = conn}, frame);
}

void daf_linkhost_close(struct daf_linkhost *h, uint32_t conn)
{
    struct conn *c = find(h, conn);

    if (c == NULL || c->state == CLOSING) return;
    c->state = CLOSING;
    say(h, (struct daf_link_head){.kind = DAF_LINK_CLOSE, .conn = conn},
        view(NULL, 0));
}

void daf_linkhost_connect(struct daf_linkhost *h, uint32_t conn,
                          enum daf_endpoint endpoint,
                          const struct daf_addr *addr,
                          const struct daf_box_pk *server)
{
    struct daf_link_connect c = {.server = *server};
    struct daf_link_head head = {.kind = DAF_LINK_CONNECT,
                                 .conn = conn,
                                 .endpoint = (uint8_t)endpoint};

    if (!is_running(h) || find(h, conn) != NULL) return;
    /* Copied as text: what follows its NUL is not link's business. */
    (void)snprintf(c.addr.text, sizeof(c.addr.text), "%s", addr->text);
    if (!enter(h, (struct conn){conn, CONNECTING, endpoint})) return;
    say(h, head, view(&c, sizeof(c)));
}

static void say_admit(struct daf_linkhost *h, const struct daf_box_pk *key,
                      bool allowed)
{
    struct daf_link_admit admit = {.key = *key, .allowed = allowed};

    say(h, (struct daf_link_head){.kind = DAF_LINK_ADMIT},
        view(&admit, sizeof(admit)));
}

static void say_porch(struct daf_linkhost *h)
{
    if (h->state != UP) return; /* at READY */
    if (h->porch.is_open == 1) h->porched_wanted++;
    say(h, (struct daf_link_head){.kind = DAF_LINK_PORCH},
        view(&h->porch, sizeof(h->porch)));
}

void daf_linkhost_porch(struct daf_linkhost *h,
                        const struct daf_link_porch *porch)
{
    h->porch = *porch;
    if (h->porch.is_open == 0) sodium_memzero(&h->porch, sizeof(h->porch));
    say_porch(h);
}

static bool remember_key(struct daf_linkhost *h, const struct daf_box_pk *key)
{
    if (h->keys_count == h->keys_cap) {
        size_t cap = h->keys_cap > 0 ? h->keys_cap * 2 : 64;
        struct daf_box_pk *grown = realloc(h->keys, cap * sizeof(*grown));

        if (grown == NULL) return false;
        h->keys = grown;
        h->keys_cap = cap;
    }
    h->keys[h->keys_count++] = *key;
    return true;
}

void daf_linkhost_admit(struct daf_linkhost *h, const struct daf_box_pk *key,
                        bool allowed)
{
    size_t at = 0;

    while (at < h->keys_count && memcmp(&h->keys[at], key, sizeof(*key)) != 0)
        at++;
    if ((at < h->keys_count) == allowed) return;
    if (allowed && !remember_key(h, key)) return;
    if (!allowed) h->keys[at] = h->keys[--h->keys_count];
    say_admit(h, key, allowed);
}

/* ---- what link says */

static const char *on_ready(struct daf_linkhost *h, struct daf_view v)
{
    bool only_calls = h->listen.only_calls == 1;
    struct daf_link_ready ready;
    char *colon = strrchr(h->listen.door.text, ':');
    size_t room;

    if (h->state == ENDING) return NULL;
    if (h->state != STARTING || v.len != sizeof(ready))
        return "READY out of place";
    memcpy(&ready, v.p, sizeof(ready));
    if ((ready.door_port == 0) != only_calls ||
        (ready.mesh_port == 0) != only_calls)
        return "READY of no port";
    /* The next one takes the same port: peers have it written down. */
    if (colon != NULL && !only_calls) {
        room =
            sizeof(h->listen.door.text) - (size_t)(colon - h->listen.door.text);
        (void)snprintf(colon, room, ":%u", (unsigned)ready.door_port);
    }
    h->state = UP;
    h->was_up = true;
    daf_loop_timer_set(&h->timer, DAF_MONO_NEVER);
    h->ops->ready(h->ops->ctx, ready.door_port, ready.mesh_port);
    /* Unless `ready` opened it just now. */
    if (h->porch.is_open == 1 && h->porched_wanted == 0) say_porch(h);
    return NULL;
}

static const char *on_porched(struct daf_linkhost *h, struct daf_view v)
{
    struct daf_link_porched porched;

    if (v.len != sizeof(porched) || h->porched_wanted == 0)
        return "PORCHED out of place";
    h->porched_wanted--;
    /* Closed since, or opened anew with another key. */
    if (h->porch.is_open == 0 || h->porched_wanted > 0) return NULL;
    memcpy(&porched, v.p, sizeof(porched));
    /* The next link takes the same one: it is on a ticket. */
    if (porched.port != 0) h->porch.port = porched.port;
    h->ops->porched(h->ops->ctx, porched.port);
    return NULL;
}

static const char *on_opened(struct daf_linkhost *h,
                             const struct daf_link_head *head,
                             struct daf_view v)
{
    enum daf_endpoint endpoint = (enum daf_endpoint)head->endpoint;
    struct conn *c = find(h, head->conn);
    struct daf_box_pk key;

    if (v.len != sizeof(key)) return "OPENED without a key";
    if (endpoint < DAF_ENDPOINT_DOOR || endpoint > DAF_ENDPOINT_PORCH)
        return "OPENED at no endpoint";
    memcpy(&key, v.p, sizeof(key));
    if (head->conn & DAF_CONN_INCOMING) {
        if (c != NULL) return "OPENED twice";
        if (!enter(h, (struct conn){head->conn, OPEN, endpoint}))
            return "more connections than it may have";
    } else {
        if (c == NULL || c->state == OPEN || c->endpoint != endpoint)
            return "OPENED unasked";
        if (c->state == CLOSING) return NULL;
        c->state = OPEN;
    }
    h->ops->opened(h->ops->ctx, head->conn, endpoint, &key);
    return NULL;
}

static const char *on_frame(struct daf_linkhost *h,
                            const struct daf_link_head *head, struct daf_view v)
{
    const struct conn *c = find(h, head->conn);

    if (c == NULL || c->state == CONNECTING) return "FRAME of no connection";
    if (v.len > daf_link_frame_max(c->endpoint)) return "FRAME too long";
    if (c->state == OPEN) h->ops->frame(h->ops->ctx, head->conn, v);
    return NULL;
}

static const char *on_closed(struct daf_linkhost *h,
                             const struct daf_link_head *head,
                             struct daf_view v)
{
    const struct conn *c = find(h, head->conn);

    if (v.len != 0) return "CLOSED with bytes";
    if (c == NULL) return NULL; /* it answers a CLOSE that crossed */
    leave(h, c);
    h->ops->closed(h->ops->ctx, head->conn);
    return NULL;
}

static const char *on_refused(struct daf_linkhost *h, struct daf_view v)
{
    struct daf_link_refused refused;

    if (v.len != sizeof(refused)) return "REFUSED of a wrong length";
    memcpy(&refused, v.p, sizeof(refused));
    h->ops->refused(h->ops->ctx, &refused);
    return NULL;
}

static const char *on_failed(struct daf_linkhost *h, struct daf_view v)
{
    char text[512];
    size_t len = v.len < sizeof(text) ? v.len : sizeof(text) - 1;

    if (h->state != STARTING || len == 0) return "FAILED out of place";
    /* Its words go to a terminal: nothing but what can be printed. */
    memcpy(text, v.p, len);
    for (size_t i = 0; i < len; i++)
        if (v.p[i] < ' ' || v.p[i] == 127) text[i] = ' ';
    text[len] = '\0';
    if (h->was_up) {
        daf_log("link: %s", text);
    } else {
        h->has_failed = true;
        h->ops->failed(h->ops->ctx, text);
    }
    doom(h, "it failed");
    return NULL;
}

/* Returns what is wrong with it, or NULL. */
static const char *on_message(struct daf_linkhost *h,
                              const struct daf_link_head *head,
                              struct daf_view v)
{
    if (!sodium_is_zero(head->pad, sizeof(head->pad))) return "padding";
    if (h->state == STARTING && head->kind != DAF_LINK_READY &&
        head->kind != DAF_LINK_REFUSED && head->kind != DAF_LINK_FAILED)
        return "a word before READY";
    switch ((enum daf_link_kind)head->kind) {
    case DAF_LINK_READY:
        return on_ready(h, v);
    case DAF_LINK_OPENED:
        return on_opened(h, head, v);
    case DAF_LINK_FRAME:
        return on_frame(h, head, v);
    case DAF_LINK_CLOSED:
        return on_closed(h, head, v);
    case DAF_LINK_REFUSED:
        return on_refused(h, v);
    case DAF_LINK_PORCHED:
        return on_porched(h, v);
    case DAF_LINK_FAILED:
        return on_failed(h, v);
    case DAF_LINK_LISTEN:
    case DAF_LINK_ADMIT:
    case DAF_LINK_CONNECT:
    case DAF_LINK_SEND:
    case DAF_LINK_CLOSE:
    case DAF_LINK_PORCH:
        break;
    }
    return "an unknown kind";
}

/* Enough is on its way to link: a hundred bytes from a peer may ask for a MiB, so
 * nothing more is heard until some of it was taken. */
static bool is_full(const struct daf_linkhost *h)
{
    return h->paused || daf_linkhost_queued(h) > DAF_LINKHOST_FULL;
}

/* Hand over whole messages while there is room for what they bring about, and
 * keep the rest. */
static void parse(struct daf_linkhost *h)
{
    while (h->doom == NULL && !is_full(h) &&
           h->in_len >= sizeof(struct daf_link_head)) {
        struct daf_link_head head;
        const uint8_t *payload = h->in + h->in_at + sizeof(head);
        const char *wrong;

        memcpy(&head, h->in + h->in_at, sizeof(head));
        if (head.len > DAF_LINK_BYTES_MAX) {
            doom(h, "it broke the rules: a length");
            return;
        }
        if (h->in_len - sizeof(head) < head.len) return;
        h->in_at += sizeof(head) + head.len;
        h->in_len -= sizeof(head) + head.len;
        wrong = on_message(h, &head, view(payload, head.len));
        if (wrong == NULL) continue;
        daf_log("link broke the rules: %s", wrong);
        doom(h, "it broke the rules");
    }
}

/* Room behind what waits for a message at least; false: that is one already, and
 * waits for is_full(). */
static bool make_room(struct daf_linkhost *h)
{
    if (h->in_len == 0) h->in_at = 0;
    if (h->in_len >= MESSAGE_MAX) return false;
    if (IN_BYTES - h->in_at - h->in_len >= MESSAGE_MAX) return true;
    memmove(h->in, h->in + h->in_at, h->in_len);
    h->in_at = 0;
    return true;
}

/* Returns whether there may be more. */
static bool read_some(struct daf_linkhost *h)
{
    ssize_t n;

    if (!make_room(h)) return false;
    n = read(h->child.pair.fd, h->in + h->in_at + h->in_len,
             IN_BYTES - h->in_at - h->in_len);
    if (n > 0) {
        h->in_len += (size_t)n;
        parse(h);
        return h->doom == NULL;
    }
    if (n == 0 || (errno != EAGAIN && errno != EINTR)) doom(h, "it ended");
    return false;
}

static void bury(struct daf_linkhost *h);

static void on_pair(void *ctx, unsigned what)
{
    struct daf_linkhost *h = ctx;

    if (h->paused && (what & DAF_LOOP_LOST)) doom(h, "it ended");
    for (int i = 0; i < READS_MAX && !is_full(h); i++)
        if (!read_some(h)) break;
    daf_linkhost_flush(h);
}

static void on_pidfd(void *ctx, unsigned what)
{
    struct daf_linkhost *h = ctx;

    (void)what;
    /* Its last words first: why it failed. */
    while (read_some(h))
        continue;
    doom(h, "it ended");
    bury(h);
}

/* ---- its life */

static void clear(struct daf_linkhost *h)
{
    h->in_len = h->out_at = h->out_len = h->conns_count = 0;
    h->porched_wanted = 0;
    h->shut = false;
    h->doom = NULL;
    daf_loop_timer_set(&h->timer, DAF_MONO_NEVER);
}

/* What is said when it never worked, so that a person hears it at once. */
static bool gives_up(struct daf_linkhost *h)
{
    if (h->was_up) return false;
    if (!h->has_failed && h->child.young_deaths < FIRST_DEATHS) return false;
    if (!h->has_failed)
        h->ops->failed(h->ops->ctx, "the link process cannot be started");
    h->has_failed = true;
    return true;
}

static void bury(struct daf_linkhost *h)
{
    enum state state = h->state;
    siginfo_t how = daf_child_end(&h->child);

    if (!h->has_failed && state != ENDING)
        daf_child_tell(&h->child, &how, h->doom);
    clear(h);
    h->state = state == ENDING ? GONE : DOWN;
    if (state == ENDING) {
        h->ops->gone(h->ops->ctx);
        return;
    }
    daf_loop_timer_set(&h->timer, daf_child_restart_at(&h->child));
    if (gives_up(h)) daf_loop_timer_set(&h->timer, DAF_MONO_NEVER);
    if (state == UP) h->ops->lost(h->ops->ctx);
}

/* At once, and not by the queue: these are keys, and the pair is empty. */
static bool say_listen(struct daf_linkhost *h)
{
    struct {
        struct daf_link_head head;
        struct daf_link_listen listen;
    } first = {{.kind = DAF_LINK_LISTEN, .len = sizeof(first.listen)},
               h->listen};
    const size_t len = sizeof(first.head) + sizeof(first.listen);
    ssize_t n = send(h->child.pair.fd, &first, len, MSG_NOSIGNAL);

    static_assert(_Alignof(struct daf_link_listen) == 1,
                  "no padding between head and payload");
    sodium_memzero(&first, sizeof(first));
    return n == (ssize_t)len;
}

enum daf_err daf_linkhost_start(struct daf_linkhost *h)
{
    enum daf_err err = daf_child_start(&h->child, !h->paused);

    if (err != DAF_OK) return err;
    h->state = STARTING;
    h->moved = h->child.started;
    daf_loop_timer_set(&h->timer,
                       daf_clock_after(h->moved, DAF_LINKHOST_HANG_MS));
    if (!say_listen(h)) doom(h, "it takes nothing");
    for (size_t i = 0; i < h->keys_count; i++)
        say_admit(h, &h->keys[i], true);
    return DAF_OK;
}

static void on_timer(void *ctx)
{
    struct daf_linkhost *h = ctx;
    struct daf_mono now = daf_clock_now();

    if (h->state == DOWN) {
        if (daf_linkhost_start(h) == DAF_OK) return;
        daf_log("link cannot be started: %s", daf_log_errno(errno));
        daf_loop_timer_set(&h->timer, daf_child_restart_at(&h->child));
        return;
    }
    if (h->state == STARTING) doom(h, "it does not get ready");
    if (h->out_len > h->out_at) {
        if (now.ms - h->moved.ms >= DAF_LINKHOST_HANG_MS)
            doom(h, "it hangs");
        else
            daf_loop_timer_set(&h->timer,
                               daf_clock_after(h->moved, DAF_LINKHOST_HANG_MS));
    }
    daf_linkhost_flush(h);
}

/* ---- writing */

static void empty_queue(struct daf_linkhost *h)
{
    h->out_at = h->out_len = 0;
    if (h->out_cap > KEEP_BYTES) {
        free(h->out);
        h->out = NULL;
        h->out_cap = 0;
    }
}

static void write_queue(struct daf_linkhost *h)
{
    while (h->out_len > h->out_at) {
        ssize_t n = send(h->child.pair.fd, h->out + h->out_at,
                         h->out_len - h->out_at, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n < 0 && errno == EINTR) continue;
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0) {
            doom(h, "it ended");
            return;
        }
        h->out_at += (size_t)n;
        h->moved = daf_clock_now();
    }
    empty_queue(h);
}

/* A queue that waits is watched; STARTING is already. */
static void watch_queue(struct daf_linkhost *h)
{
    bool waits = h->out_len > h->out_at;

    daf_loop_want(h->loop, &h->child.pair, !is_full(h), waits);
    if (h->state == STARTING) return;
    if (!waits)
        daf_loop_timer_set(&h->timer, DAF_MONO_NEVER);
    else if (h->timer.at.ms == DAF_MONO_NEVER.ms) {
        h->moved = daf_clock_now();
        daf_loop_timer_set(&h->timer,
                           daf_clock_after(h->moved, DAF_LINKHOST_HANG_MS));
    }
}

void daf_linkhost_flush(struct daf_linkhost *h)
{
    if (!is_running(h)) return;
    if (h->doom == NULL) write_queue(h);
    /* What had to wait is read already, so no event will tell of it. */
    if (h->doom == NULL && h->in_len > 0 && !is_full(h)) {
        parse(h);
        if (h->doom == NULL) write_queue(h);
    }
    if (h->doom != NULL) {
        bury(h);
        return;
    }
    watch_queue(h);
    if (h->state == ENDING && h->out_len == h->out_at && !h->shut) {
        h->shut = true;
        (void)shutdown(h->child.pair.fd, SHUT_WR);
    }
}

void daf_linkhost_pause(struct daf_linkhost *h, bool paused)
{
    h->paused = paused;
}

size_t daf_linkhost_queued(const struct daf_linkhost *h)
{
    return h->out_len - h->out_at;
}

pid_t daf_linkhost_pid(const struct daf_linkhost *h)
{
    return h->child.pid;
}

uint64_t daf_linkhost_restarts(const struct daf_linkhost *h)
{
    return daf_child_restarts(&h->child);
}

void daf_linkhost_finish(struct daf_linkhost *h)
{
    if (is_running(h)) {
        h->state = ENDING;
        h->paused = false;
        return;
    }
    daf_loop_timer_set(&h->timer, DAF_MONO_NEVER);
    h->state = GONE;
    h->ops->gone(h->ops->ctx);
}

void daf_linkhost_kill(struct daf_linkhost *h)
{
    if (h->state == ENDING) bury(h);
}

enum daf_err daf_linkhost_new(struct daf_loop *loop,
                              const struct daf_linkhost_ops *ops,
                              const struct daf_link_listen *listen,
                              struct daf_linkhost **out)
{
    struct daf_linkhost *h = calloc(1, sizeof(*h));
    enum daf_err err = DAF_ENOMEM;

    *out = NULL;
    if (h != NULL) h->in = malloc(IN_BYTES);
    if (h != NULL && h->in != NULL) {
        h->loop = loop;
        h->ops = ops;
        h->listen = *listen;
        daf_child_init(&h->child, loop, &kind, on_pair, on_pidfd, h);
        h->timer = (struct daf_loop_timer){.fn = on_timer, .ctx = h};
        err = daf_loop_timer_open(loop, &h->timer);
    }
    if (err == DAF_OK) {
        *out = h;
        return DAF_OK;
    }
    if (h != NULL) free(h->in);
    free(h);
    return err;
}

void daf_linkhost_free(struct daf_linkhost *h)
{
    if (h == NULL) return;
    (void)daf_child_end(&h->child);
    daf_loop_timer_close(h->loop, &h->timer);
    sodium_memzero(&h->listen, sizeof(h->listen));
    sodium_memzero(&h->porch, sizeof(h->porch));
    free(h->keys);
    free(h->out);
    free(h->in);
    free(h);
}
