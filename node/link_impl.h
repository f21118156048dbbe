/* SPDX-License-Identifier: Apache-2.0 */
/* node/link_impl.h - what the link process's files share; see link.h.
 *
 *   link_main.c      the loop, the timer, what core says
 *   link_core.c      the socket pair
 *   link_zmq.c       ZeroMQ sockets and their one profile
 *   link_addr.c      addresses: the only text that libzmq ever gets
 *   link_keys.c      the transport keys that mesh admits
 *   link_zap.c       libzmq asks: may this key come in?
 *   link_conns.c     the table of connections and how one ends
 *   link_send.c      frames on their way out
 *   link_in.c        door, mesh and porch: those who connect to us
 *   link_strangers.c those of them who have proven nothing yet
 *   link_out.c       those whom we connect to
 *   link_selftest.c  a stranger must be refused before READY
 *
 * A connection's life, one whom we connect to (left) and one who comes (right):
 *
 *   CONNECT                     first frame with a key that ZAP saw
 *      v                              v
 *   OPENING --- OPENED to core --->  OPEN
 *      |                              |  \
 *      | refused, 10 s          lost  |   \  CLOSE, revoked, its time is over
 *      v                              v    v
 *   (free) <---- read empty -------- GONE  SHUT (1 s for the last frames)
 *      ^                                    v
 *      '---------- disconnected ---------- CUT
 *
 * CLOSED goes to core on leaving OPENING, OPEN or GONE. */
#ifndef DAF_NODE_LINK_IMPL_H
#define DAF_NODE_LINK_IMPL_H

#include "node/core/addr.h"
#include "node/link.h"

#include <netinet/in.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <zmq.h>

#define DAF_LINK_INCOMING_MAX     1024
#define DAF_LINK_OUTGOING_MAX     256
#define DAF_LINK_PER_KEY_MAX      16 /* a device has one or two */
#define DAF_LINK_DOOR_MAX         64 /* whoever knows the camp can knock */
#define DAF_LINK_DOOR_MS          30000
#define DAF_LINK_PORCH_MS         900000 /* while people compare six digits */
#define DAF_LINK_STRANGERS_MAX    128
#define DAF_LINK_SILENT_MS        6000 /* libzmq's handshake has 5 s of it */
#define DAF_LINK_OPENING_MS       10000
#define DAF_LINK_GONE_MS          5000 /* to read what a lost peer still said */
#define DAF_LINK_SHUT_MS          1000 /* for a last frame to leave */
#define DAF_LINK_CUT_MS           30000 /* then forgotten all the same */
#define DAF_LINK_RETRY_MS         1000
#define DAF_LINK_REFUSED_MS       1000
#define DAF_LINK_TRIM_MS          5000
#define DAF_LINK_SELFTEST_MS      5000
#define DAF_LINK_QUEUE_BYTES_MAX  4194304  /* to one peer */
#define DAF_LINK_QUEUES_BYTES_MAX 67108864 /* to all of them */
#define DAF_LINK_CORE_BYTES_HIGH  1048576  /* then strangers wait */
#define DAF_LINK_KEYS_MAX         65536
#define DAF_LINK_FDS_MAX          8192 /* RLIMIT_NOFILE is lowered to it */
/* Address space beyond that at the start.  Threads and their arenas take 142 MiB
 * of it (2 in use), 1,000 idle peers 66 MiB, queues 64 MiB. */
#define DAF_LINK_MEMORY_MORE    ((rlim_t)512 * 1024 * 1024)
#define DAF_LINK_TURN_MESSAGES  16 /* then the next socket's turn */
#define DAF_LINK_BUCKETS        2048
#define DAF_LINK_ENDPOINT_BYTES 80 /* tcp://[39 bytes%zone]:port */
#define DAF_LINK_NEVER          UINT64_MAX

struct daf_link;

/* ---- ZeroMQ sockets (link_zmq.c)
 *
 * ZMQ_FD tells only that something may have changed, and tells it once.  A
 * socket is dirty from then on, and from every call of ours that could have
 * taken the news, until its step finds nothing more. */
enum daf_link_turn {
    DAF_LINK_TURN_IDLE, /* nothing more: clean */
    DAF_LINK_TURN_MORE, /* stays dirty; the loop does not sleep */
    DAF_LINK_TURN_HELD, /* dirty again when core has read */
};

struct daf_link_sock;
TAILQ_HEAD(daf_link_socks, daf_link_sock);
typedef enum daf_link_turn (*daf_link_sock_fn)(struct daf_link *link,
                                               struct daf_link_sock *sock);
struct daf_link_sock {
    void *zmq; /* NULL: closed */
    daf_link_sock_fn step;
    void *owner;                 /* outlives the socket */
    struct daf_link_socks *list; /* the link's dirty or held, or NULL */
    TAILQ_ENTRY(daf_link_sock) entry;
};

struct daf_link_event {
    unsigned id; /* ZMQ_EVENT_* */
    unsigned value;
};

/** daf_link_sock_open: a socket of the profile, watched by the loop.
 * @owner: outlives it.  False and errno if libzmq has no more.
 * Closed by daf_link_sock_close(). */
bool daf_link_sock_open(struct daf_link *link, struct daf_link_sock *sock,
                        int type, daf_link_sock_fn step, void *owner);
void daf_link_sock_close(struct daf_link *link, struct daf_link_sock *sock);
/** daf_link_sock_touch: its step will be called before the loop sleeps. */
void daf_link_sock_touch(struct daf_link *link, struct daf_link_sock *sock);
/** daf_link_sock_list: put it on @list, off the one where it was. */
void daf_link_sock_list(struct daf_link_sock *sock,
                        struct daf_link_socks *list);
/** daf_link_sock_events: ZMQ_POLLIN, ZMQ_POLLOUT; libzmq acts on all news. */
int daf_link_sock_events(struct daf_link_sock *sock);

/** daf_link_sock_watch: @monitor hears of @target's connections.  Call it
 * before @target is bound or connected. */
bool daf_link_sock_watch(struct daf_link *link, struct daf_link_sock *monitor,
                         struct daf_link_sock *target, daf_link_sock_fn step,
                         void *owner);
/** daf_link_sock_event: the next event; false if there is none now. */
bool daf_link_sock_event(struct daf_link_sock *monitor,
                         struct daf_link_event *out);
/** daf_link_sock_unwatch: stop and close @monitor, then close @target. */
void daf_link_sock_unwatch(struct daf_link *link, struct daf_link_sock *monitor,
                           struct daf_link_sock *target);

/** daf_link_sock_linger: once closed, what was said has @ms to leave. */
void daf_link_sock_linger(struct daf_link_sock *sock, int ms);

/** daf_link_sock_serve: bind as CURVE server; *port 0 becomes the one chosen.
 * False and errno if it cannot listen. */
bool daf_link_sock_serve(struct daf_link_sock *sock, const char *domain,
                         const struct daf_box_sk *sk, const char *endpoint,
                         uint16_t *port);
/** daf_link_sock_call: connect as CURVE client; returns at once. */
bool daf_link_sock_call(struct daf_link_sock *sock,
                        const struct daf_box_pk *server,
                        const struct daf_box_pk *pk,
                        const struct daf_box_sk *sk, const char *endpoint);
/** daf_link_sock_next: one whole message; of a router also @id, 5 bytes.
 * *frame is the caller's unless NOTHING is returned. */
enum daf_link_got {
    DAF_LINK_GOT_NOTHING,
    DAF_LINK_GOT_FRAME,
    DAF_LINK_GOT_PARTS,  /* several frames, where one is a message */
    DAF_LINK_GOT_ODD_ID, /* the peer chose its routing id */
};
enum daf_link_got daf_link_sock_next(struct daf_link_sock *sock, uint8_t *id,
                                     zmq_msg_t *frame);

/* ---- addresses (link_addr.c) */
/** daf_link_addr_local: where one reaches what is bound to @where. */
struct daf_where daf_link_addr_local(const struct daf_where *where,
                                     uint16_t port);
void daf_link_addr_format(const struct daf_where *where,
                          char out[DAF_LINK_ENDPOINT_BYTES]);

/* ---- admitted keys (link_keys.c) */
enum daf_link_right {
    DAF_LINK_RIGHT_NONE, /* never heard of */
    DAF_LINK_RIGHT_ALLOWED,
    DAF_LINK_RIGHT_DENIED,
};
struct daf_link_key {
    struct daf_box_pk pk;
    uint8_t right; /* NONE: an empty place */
};
struct daf_link_keys {
    struct daf_link_key *places;
    size_t count, cap;
    uint8_t seed[16];
};

/** daf_link_keys_put: false if there are too many or no memory. */
DAF_NODISCARD bool daf_link_keys_put(struct daf_link_keys *keys,
                                     const struct daf_box_pk *pk, bool allowed);
enum daf_link_right daf_link_keys_get(const struct daf_link_keys *keys,
                                      const struct daf_box_pk *pk);
void daf_link_keys_deinit(struct daf_link_keys *keys);

/* ---- connections (link_conns.c) */
enum daf_link_state {
    DAF_LINK_STATE_OPENING, /* the CURVE handshake is under way */
    DAF_LINK_STATE_OPEN,
    DAF_LINK_STATE_GONE, /* lost; what it said before is still being read */
    DAF_LINK_STATE_SHUT, /* by us; core has its CLOSED; last frames leave */
    DAF_LINK_STATE_CUT,  /* by us; what it says is dropped until it is lost */
};

struct daf_link_frame {
    STAILQ_ENTRY(daf_link_frame) entry;
    zmq_msg_t msg;
};

struct daf_link_conn {
    uint32_t number;
    enum daf_endpoint endpoint;
    enum daf_link_state state;
    bool incoming;
    uint64_t deadline_ms; /* of its state */
    struct daf_box_pk key;
    /* outgoing */
    struct daf_link_sock dealer, monitor;
    /* incoming */
    struct daf_link_router *router;
    uint8_t id[5]; /* libzmq's name for it: never logged, never sent */
    int fd;        /* -1 once it is no longer this connection's */

    STAILQ_HEAD(, daf_link_frame) frames; /* what libzmq did not take yet */
    size_t frames_bytes;
    LIST_ENTRY(daf_link_conn) number_entry, id_entry, waiting_entry;
    bool waiting;
    TAILQ_ENTRY(daf_link_conn) entry;
};
LIST_HEAD(daf_link_bucket, daf_link_conn);

/* What a monitor told of a descriptor.  One table for each router: their events
 * are not ordered among each other, and the kernel gives numbers again. */
struct daf_link_fd {
    bool alive;
    bool shut;                  /* by us, as a stranger */
    struct daf_link_conn *conn; /* the one whose frames came through it */
    struct daf_link_stranger *stranger;
};

struct daf_link_router {
    enum daf_endpoint endpoint;
    struct daf_link_sock sock, monitor;
    struct daf_link_bucket ids[DAF_LINK_BUCKETS];
    struct daf_link_bucket waiting; /* those with frames to send */
    struct daf_link_fd fds[DAF_LINK_FDS_MAX];
    size_t conns_count, gone_count;
    uint64_t failures; /* handshakes whose descriptor is not told yet */
};

struct daf_link_conns {
    TAILQ_HEAD(, daf_link_conn) all;
    TAILQ_HEAD(, daf_link_conn) dead; /* freed when no step is running */
    struct daf_link_bucket numbers[DAF_LINK_BUCKETS];
    size_t incoming_count, outgoing_count;
    size_t frames_bytes; /* of all */
    uint32_t incoming_last;
};

void daf_link_conns_init(struct daf_link_conns *conns);
/** daf_link_conns_new: NULL if there are too many or no memory.  @router: NULL
 * for an outgoing one.  It lives until daf_link_conns_reap() after its end. */
struct daf_link_conn *daf_link_conns_new(struct daf_link *link,
                                         struct daf_link_router *router,
                                         const uint8_t *id, uint32_t number);
struct daf_link_conn *daf_link_conns_get(struct daf_link *link,
                                         uint32_t number);
struct daf_link_conn *daf_link_conns_by_id(struct daf_link_router *router,
                                           const uint8_t *id);
size_t daf_link_conns_of_key(struct daf_link *link,
                             const struct daf_box_pk *key);
uint32_t daf_link_conns_number(struct daf_link *link);
/** daf_link_conns_lost: the peer is gone; read what it said, then free. */
void daf_link_conns_lost(struct daf_link *link, struct daf_link_conn *conn);
/** daf_link_conns_end: it is over now; CLOSED if core has not heard that. */
void daf_link_conns_end(struct daf_link *link, struct daf_link_conn *conn);
/** daf_link_conns_shut: core closed it; what was said may still leave. */
void daf_link_conns_shut(struct daf_link *link, struct daf_link_conn *conn);
/** daf_link_conns_shut_key: the same with all that mesh has with @key. */
void daf_link_conns_shut_key(struct daf_link *link,
                             const struct daf_box_pk *key);
/** daf_link_conns_cut: the peer broke a rule or its time is over. */
void daf_link_conns_cut(struct daf_link *link, struct daf_link_conn *conn);
/** daf_link_conns_bind: its frames come through @fd now; -1: none. */
void daf_link_conns_bind(struct daf_link_conn *conn, int fd);
void daf_link_conns_on_timer(struct daf_link *link);
void daf_link_conns_reap(struct daf_link *link);
void daf_link_conns_deinit(struct daf_link *link);

/* ---- sending (link_send.c) */
void daf_link_send_frame(struct daf_link *link, struct daf_link_conn *conn,
                         struct daf_view bytes);
/** daf_link_send_queued: send what waits, as far as libzmq takes it. */
void daf_link_send_queued(struct daf_link *link, struct daf_link_conn *conn);
void daf_link_send_waiting(struct daf_link *link,
                           struct daf_link_router *router);
void daf_link_send_on_timer(struct daf_link *link,
                            struct daf_link_router *router);
void daf_link_send_forget(struct daf_link *link, struct daf_link_conn *conn);

/* ---- incoming and outgoing (link_in.c, link_out.c) */
/** daf_link_in_open: bind; false and errno if it cannot listen.
 * daf_link_in_end() closes it either way. */
bool daf_link_in_open(struct daf_link *link, struct daf_link_router *router,
                      const struct daf_box_sk *sk,
                      const struct daf_where *where, uint16_t *port);
/** daf_link_in_watch: take in what the monitor tells. */
void daf_link_in_watch(struct daf_link *link, struct daf_link_router *router);
/** daf_link_in_close: disconnect one peer, by its descriptor. */
void daf_link_in_close(int fd);
/** daf_link_in_end: listen no more, and end every connection that came. */
void daf_link_in_end(struct daf_link *link, struct daf_link_router *router);
void daf_link_out_open(struct daf_link *link, uint32_t number,
                       enum daf_endpoint endpoint,
                       const struct daf_link_connect *to);
/** daf_link_out_refused: an event that ends a connection attempt. */
bool daf_link_out_refused(unsigned event);

/* ---- strangers (link_strangers.c) */
struct daf_link_source {
    struct in6_addr net; /* an IPv4 address, mapped, or the /64 of another */
    size_t count;        /* 0: an empty place */
};
struct daf_link_stranger {
    struct daf_link_router *router; /* NULL: an empty place */
    int fd;
    uint64_t since_ms;
    struct sockaddr_in6 from;
    struct daf_link_source *source;
    TAILQ_ENTRY(daf_link_stranger) entry;
};
struct daf_link_strangers {
    TAILQ_HEAD(, daf_link_stranger) all; /* the oldest first */
    size_t count;
    /* One more, who comes before another goes. */
    struct daf_link_stranger places[DAF_LINK_STRANGERS_MAX + 1];
    struct daf_link_source sources[DAF_LINK_STRANGERS_MAX + 1];
};

/** daf_link_strangers_came: @fd was accepted; another may have to go. */
void daf_link_strangers_came(struct daf_link *link,
                             struct daf_link_router *router, int fd);
/** daf_link_strangers_left: @fd has said a frame, or is lost. */
void daf_link_strangers_left(struct daf_link *link,
                             struct daf_link_router *router, int fd);
void daf_link_strangers_on_timer(struct daf_link *link);

/* ---- self-test (link_selftest.c) */
struct daf_link_probe {
    struct daf_link_sock dealer, monitor;
    bool entered;
    bool refused;
};
struct daf_link_selftest {
    struct daf_link_probe mesh, door; /* unknown key; wrong server key */
    struct daf_box_pk stranger;
    bool denied;   /* ZAP was asked about the stranger, and said no */
    bool enforced; /* and mesh obeyed */
    uint64_t deadline_ms;
};

bool daf_link_selftest_begin(struct daf_link *link,
                             const struct daf_where *where);
/** daf_link_selftest_check: whether it is decided; ready or failed follows. */
void daf_link_selftest_check(struct daf_link *link);
void daf_link_selftest_end(struct daf_link *link);

/* ---- the pair (link_core.c) */
struct daf_link_core {
    uint8_t *in, *out;
    size_t in_len;
    size_t out_start, out_end;
    bool blocked; /* the loop waits until core reads */
};

bool daf_link_core_init(struct daf_link *link);
/** daf_link_core_read: one read, and daf_link_on_core() for each message. */
void daf_link_core_read(struct daf_link *link);
void daf_link_core_put(struct daf_link *link, enum daf_link_kind kind,
                       uint32_t conn, enum daf_endpoint endpoint,
                       struct daf_view payload);
void daf_link_core_flush(struct daf_link *link);
/** daf_link_core_full: core reads slowly; read no frames now. */
bool daf_link_core_full(const struct daf_link *link);
/** daf_link_core_farewell: wait up to 1 s for core to read the last words. */
void daf_link_core_farewell(struct daf_link *link);
void daf_link_core_deinit(struct daf_link *link);

/* ---- ZAP (link_zap.c) */
bool daf_link_zap_open(struct daf_link *link);

/* ---- all of it (link_main.c) */
enum daf_link_stage {
    DAF_LINK_STAGE_NEW,
    DAF_LINK_STAGE_TESTING,
    DAF_LINK_STAGE_READY,
};

struct daf_link {
    int fd, epoll_fd, timer_fd;
    enum daf_link_stage stage;
    bool done;
    int status;
    uint64_t now_ms;
    uint64_t wake_ms, armed_ms; /* the timer: wanted, set */
    void *zmq;
    unsigned monitors_count; /* ever opened; names them */
    struct daf_link_socks dirty, held;
    struct daf_link_core core;
    struct daf_link_keys keys;
    struct daf_link_conns conns;
    struct daf_link_sock zap;
    struct daf_link_router door, mesh, porch;
    struct daf_link_strangers strangers;
    bool only_calls;
    struct daf_where where; /* the door's */
    uint16_t door_port, mesh_port;
    struct daf_link_selftest selftest;
    struct daf_box_pk transport_pk;
    struct daf_box_sk transport_sk;
    struct daf_link_refused refused;
    uint64_t refused_ms; /* when it was told last */
    uint64_t trim_ms;    /* free memory goes back then */
};

/** daf_link_on_core: one message; head checked except for its kind. */
void daf_link_on_core(struct daf_link *link, const struct daf_link_head *head,
                      struct daf_view payload);
/** daf_link_on_tested: the self-test's result. */
void daf_link_on_tested(struct daf_link *link, bool passed);
/** daf_link_wake: wake at @at_ms at the latest. */
void daf_link_wake(struct daf_link *link, uint64_t at_ms);
/** daf_link_trim_soon: memory was freed, perhaps much. */
void daf_link_trim_soon(struct daf_link *link);
/** daf_link_die: stop with @status; @why goes to stderr, one line. */
void daf_link_die(struct daf_link *link, int status, const char *why);

#endif
