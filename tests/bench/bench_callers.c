/* SPDX-License-Identifier: Apache-2.0 */
/* A thousand peers in one process: each a CURVE handshake, HELLO and ROOT of its
 * own, with its own keys.  What they say of their stores is what the daemon said
 * of its own, so that they count as equal; of their cost nothing is measured. */
#include "tests/bench/bench_net.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "node/link.h"
#include "proto/frame.h"
#include "proto/hash.h"

/* At once in a handshake: fewer than a daemon takes strangers. */
#define SHAKING_MAX 32
#define WAIT_MS     30000
#define PROOF_BYTES (32 + 16 + 32 + 32 + 16 + 16 + 32 + 32)
#define ZAP_FRAMES  7 /* RFC 27: version, id, domain, address, -, CURVE, key */

struct caller {
    void *zmq;
    struct bench_keys keys;
    bool is_at_door;
    struct daf_hash knock; /* its nonce */
    struct daf_hello own, peer;
    bool is_greeted; /* the peer's HELLO came */
};

static void must(bool is_good, const char *doing)
{
    if (is_good) return;
    (void)fprintf(stderr, "bench: cannot %s: %s\n", doing,
                  zmq_strerror(zmq_errno()));
    _exit(1);
}

/* Three descriptors for each of a thousand. */
static void *open_context(void)
{
    void *zmq = zmq_ctx_new();
    struct rlimit files;

    (void)getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &files);
    must(zmq != NULL &&
             zmq_ctx_set(zmq, ZMQ_MAX_SOCKETS, 2 * BENCH_DEVICES + 16) == 0,
         "start libzmq");
    return zmq;
}

/* The same timers and queues as node/link_zmq.c gives every socket. */
static void *open_socket(void *context, int type)
{
    static const int profile[][2] = {
        {ZMQ_LINGER, 0},
        {ZMQ_RCVHWM, 16},
        {ZMQ_SNDHWM, 32},
        {ZMQ_HANDSHAKE_IVL, 5000},
        {ZMQ_HEARTBEAT_IVL, 5000},
        {ZMQ_HEARTBEAT_TIMEOUT, 15000},
        {ZMQ_HEARTBEAT_TTL, 20000},
        {ZMQ_RECONNECT_IVL, 1000},
    };
    void *zmq = zmq_socket(context, type);
    int64_t max = DAF_LINK_BYTES_MAX;

    must(zmq != NULL &&
             zmq_setsockopt(zmq, ZMQ_MAXMSGSIZE, &max, sizeof(max)) == 0,
         "open a socket");
    for (size_t i = 0; i < sizeof(profile) / sizeof(*profile); i++)
        must(zmq_setsockopt(zmq, profile[i][0], &profile[i][1], sizeof(int)) ==
                 0,
             "set a socket's options");
    return zmq;
}

/* ---- one caller */

static void say(const struct caller *c, const struct daf_pack *k)
{
    must(zmq_send(c->zmq, k->p, k->len, 0) >= 0, "send");
}

static void connect_to(struct caller *c, void *context, uint16_t port,
                       const struct daf_box_pk *server)
{
    char where[40];

    c->zmq = open_socket(context, ZMQ_DEALER);
    (void)snprintf(where, sizeof(where), "tcp://127.0.0.1:%u", port);
    must(zmq_setsockopt(c->zmq, ZMQ_CURVE_SERVERKEY, server->b, 32) == 0 &&
             zmq_setsockopt(c->zmq, ZMQ_CURVE_PUBLICKEY,
                            c->keys.pub.transport.b, 32) == 0 &&
             zmq_setsockopt(c->zmq, ZMQ_CURVE_SECRETKEY, c->keys.transport.b,
                            32) == 0 &&
             zmq_connect(c->zmq, where) == 0,
         "call");
}

static void enter_mesh(struct caller *c, void *context,
                       const struct bench_callers_plan *plan)
{
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;

    connect_to(c, context, plan->port, &plan->server);
    c->own = (struct daf_hello){.version_min = DAF_PROTOCOL_VERSION,
                                .version_max = DAF_PROTOCOL_VERSION};
    randombytes_buf(c->own.nonce.b, sizeof(c->own.nonce.b));
    randombytes_buf(c->own.boot, sizeof(c->own.boot));
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_hello(&k, &c->own);
    say(c, &k);
}

static void knock(struct caller *c, void *context,
                  const struct bench_callers_plan *plan)
{
    struct daf_knock words = {.version_min = DAF_PROTOCOL_VERSION,
                              .version_max = DAF_PROTOCOL_VERSION};
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;

    connect_to(c, context, plan->door_port, &plan->door);
    randombytes_buf(c->knock.b, sizeof(c->knock.b));
    words.nonce = c->knock;
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_knock(&k, &words);
    say(c, &k);
    c->is_at_door = true;
}

/* R30 */
static void answer_nonce(const struct caller *c,
                         const struct bench_callers_plan *plan,
                         const struct daf_hash *nonce)
{
    uint8_t bytes[1 + 4 * 32], cert[DAF_CERT_BYTES_MAX];
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_proof proof = {
        .manifest = {plan->camp->bytes, plan->camp->len},
        .author = daf_hash_author_id(&c->keys.pub.sign),
    };
    struct daf_pack k;

    proof.cert =
        (struct daf_view){cert,
                          bench_camp_certify(plan->camp, &plan->coordinator,
                                             &c->keys.pub, cert)};
    bytes[0] = DAF_FRAME_PROOF;
    memcpy(bytes + 1, plan->camp->manifest.camp.b, 32);
    memcpy(bytes + 33, c->knock.b, 32);
    memcpy(bytes + 65, nonce->b, 32);
    memcpy(bytes + 97, c->keys.pub.transport.b, 32);
    daf_hash_sign("daf.door.1", (struct daf_view){bytes, sizeof(bytes)},
                  &c->keys.sign, &proof.sig);
    daf_pack_init(&k, room, sizeof(room));
    daf_frame_pack_proof(&k, &proof, false);
    must(!k.is_full, "say PROOF");
    say(c, &k);
}

/* R20 */
static struct daf_sig prove(const struct caller *c,
                            const struct bench_callers_plan *plan,
                            const struct daf_author_id *author)
{
    uint8_t bytes[PROOF_BYTES], *at = bytes;
    struct daf_sig sig;
    const struct {
        const uint8_t *p;
        size_t len;
    } parts[] = {
        {plan->camp->manifest.camp.b, 32},
        {author->b, 16},
        {c->own.nonce.b, 32},
        {c->peer.nonce.b, 32},
        {c->own.boot, 16},
        {c->peer.boot, 16},
        {c->keys.pub.transport.b, 32},
        {plan->server.b, 32},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
        memcpy(at, parts[i].p, parts[i].len);
        at += parts[i].len;
    }
    daf_hash_sign("daf.root.1", (struct daf_view){bytes, sizeof(bytes)},
                  &c->keys.sign, &sig);
    return sig;
}

/* Equal stores have equal sums, so the daemon's are the caller's. */
static void answer_root(const struct caller *c,
                        const struct bench_callers_plan *plan,
                        const struct daf_root *theirs)
{
    struct daf_cursor parts = theirs->parts.items;
    uint8_t room[DAF_DOOR_BYTES_MAX];
    struct daf_root own = *theirs;
    struct daf_root_part part;
    struct daf_pack k;
    size_t mark;

    own.author = daf_hash_author_id(&c->keys.pub.sign);
    own.sig = prove(c, plan, &own.author);
    daf_pack_init(&k, room, sizeof(room));
    mark = daf_frame_begin_root(&k, &own);
    for (size_t i = 0; i < theirs->parts.count; i++) {
        daf_frame_next_part(&parts, &part);
        part.symbols.len = part.deferred.len = 0;
        daf_frame_add_part(&k, &part);
    }
    daf_frame_end(&k, mark, theirs->parts.count, false);
    must(!k.is_full, "say ROOT");
    say(c, &k);
}

/* True when @c has nothing more to wait for. */
static bool answer(struct caller *c, void *context,
                   const struct bench_callers_plan *plan,
                   const struct daf_frame *f)
{
    if (c->is_at_door && f->kind == DAF_FRAME_NONCE) {
        answer_nonce(c, plan, &f->nonce);
    } else if (c->is_at_door && f->kind == DAF_FRAME_WELCOME) {
        (void)zmq_close(c->zmq);
        c->is_at_door = false;
        enter_mesh(c, context, plan);
    } else if (f->kind == DAF_FRAME_HELLO) {
        c->peer = f->hello;
        c->is_greeted = true;
    } else if (f->kind == DAF_FRAME_ROOT && c->is_greeted) {
        answer_root(c, plan, &f->root);
        return true;
    } else if (f->kind == DAF_FRAME_BYE) {
        (void)fprintf(stderr, "bench: the daemon says BYE %llu\n",
                      (unsigned long long)f->bye);
        _exit(1);
    }
    return false;
}

static bool hear(struct caller *c, void *context,
                 const struct bench_callers_plan *plan)
{
    static uint8_t room[DAF_FRAME_BYTES_MAX];
    struct daf_frame f;
    int len;

    while ((len = zmq_recv(c->zmq, room, sizeof(room), ZMQ_DONTWAIT)) >= 0) {
        struct daf_view bytes = {room, (size_t)len};

        if (plan->camp == NULL) return true;
        must(bytes.len <= sizeof(room) &&
                 daf_frame_decode(bytes, &f, NULL) == DAF_OK,
             "read what the daemon says");
        if (answer(c, context, plan, &f)) return true;
    }
    return false;
}

/* ---- all of them */

static void start(struct caller *c, void *context, uint32_t number,
                  const struct bench_callers_plan *plan)
{
    bench_camp_keys(number, &c->keys);
    if (plan->door_port != 0)
        knock(c, context, plan);
    else
        enter_mesh(c, context, plan);
}

static void call_all(struct caller *callers,
                     const struct bench_callers_plan *plan)
{
    void *context = open_context();
    zmq_pollitem_t items[SHAKING_MAX];
    size_t shaking[SHAKING_MAX], shaking_count = 0, next = 0;

    while (next < plan->count || shaking_count > 0) {
        while (next < plan->count && shaking_count < SHAKING_MAX) {
            start(&callers[next], context, (uint32_t)next, plan);
            shaking[shaking_count++] = next++;
        }
        for (size_t i = 0; i < shaking_count; i++)
            items[i] = (zmq_pollitem_t){.socket = callers[shaking[i]].zmq,
                                        .events = ZMQ_POLLIN};
        must(zmq_poll(items, (int)shaking_count, WAIT_MS) > 0,
             "hear from all whom we called");
        for (size_t i = shaking_count; i-- > 0;) {
            if (hear(&callers[shaking[i]], context, plan))
                shaking[i] = shaking[--shaking_count];
        }
    }
}

/* Returns in the parent, with its end of the pair; -1 in the child, whose end is
 * @out_fd. */
static int part_ways(struct bench_callers *out, int *out_fd)
{
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        bench_die("no more sockets");
    (void)fflush(NULL);
    out->pid = fork();
    if (out->pid < 0) bench_die("no more processes");
    if (out->pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)close(ends[0]);
        *out_fd = ends[1];
        return -1;
    }
    (void)close(ends[1]);
    out->fd = ends[0];
    return out->fd;
}

void bench_callers_open(const struct bench_callers_plan *plan,
                        struct bench_callers *out)
{
    struct caller *callers;
    uint8_t word = 0;
    int fd;

    if (part_ways(out, &fd) >= 0) {
        if (read(out->fd, &word, 1) != 1) bench_die("the callers failed");
        return;
    }
    callers = calloc(plan->count, sizeof(*callers));
    if (callers == NULL) _exit(1);
    call_all(callers, plan);
    (void)!write(fd, &word, 1);
    (void)!read(fd, &word, 1); /* until the parent hangs up */
    _exit(0);
}

void bench_callers_close(struct bench_callers *c)
{
    (void)close(c->fd);
    (void)kill(c->pid, SIGKILL);
    (void)waitpid(c->pid, NULL, 0);
}

/* ---- the least that could serve them */

struct allowed {
    size_t count;
    struct daf_box_pk keys[BENCH_DEVICES]; /* ascending */
};

static int order(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct daf_box_pk));
}

static void judge(void *zap, const struct allowed *allowed)
{
    uint8_t frames[ZAP_FRAMES][256];
    int len[ZAP_FRAMES];
    bool is_in;

    for (size_t i = 0; i < ZAP_FRAMES; i++)
        len[i] = zmq_recv(zap, frames[i], sizeof(frames[i]), 0);
    must(len[1] >= 0 && len[ZAP_FRAMES - 1] == 32, "read a ZAP request");
    is_in = bsearch(frames[ZAP_FRAMES - 1], allowed->keys, allowed->count,
                    sizeof(*allowed->keys), order) != NULL;
    (void)zmq_send(zap, "1.0", 3, ZMQ_SNDMORE);
    (void)zmq_send(zap, frames[1], (size_t)len[1], ZMQ_SNDMORE);
    (void)zmq_send(zap, is_in ? "200" : "400", 3, ZMQ_SNDMORE);
    (void)zmq_send(zap, "", 0, ZMQ_SNDMORE);
    (void)zmq_send(zap, "peer", 4, ZMQ_SNDMORE);
    (void)zmq_send(zap, "", 0, 0);
}

static void echo(void *router)
{
    uint8_t id[16], bytes[4096];
    int id_len = zmq_recv(router, id, sizeof(id), 0);
    int len = zmq_recv(router, bytes, sizeof(bytes), 0);

    must(id_len >= 0 && len >= 0, "read a frame");
    (void)zmq_send(router, id, (size_t)id_len, ZMQ_SNDMORE);
    (void)zmq_send(router, bytes, (size_t)len, 0);
}

static void serve(const struct allowed *allowed, const struct daf_box_sk *sk,
                  int fd)
{
    void *context = open_context(), *zap = zmq_socket(context, ZMQ_REP);
    void *router = open_socket(context, ZMQ_ROUTER);
    char bound[64] = "";
    size_t len = sizeof(bound);
    uint16_t port;
    int yes = 1;
    zmq_pollitem_t items[] = {{.socket = zap, .events = ZMQ_POLLIN},
                              {.socket = router, .events = ZMQ_POLLIN}};

    must(zap != NULL && zmq_bind(zap, "inproc://zeromq.zap.01") == 0 &&
             zmq_setsockopt(router, ZMQ_CURVE_SERVER, &yes, sizeof(yes)) == 0 &&
             zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, sk->b, 32) == 0 &&
             zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, "bare", 4) == 0 &&
             zmq_bind(router, "tcp://127.0.0.1:*") == 0 &&
             zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, bound, &len) == 0,
         "serve");
    port = (uint16_t)strtoul(strrchr(bound, ':') + 1, NULL, 10);
    (void)!write(fd, &port, sizeof(port));
    for (;;) {
        must(zmq_poll(items, 2, -1) > 0, "wait");
        if ((items[0].revents & ZMQ_POLLIN) != 0) judge(zap, allowed);
        if ((items[1].revents & ZMQ_POLLIN) != 0) echo(router);
    }
}

void bench_callers_serve(size_t count, struct bench_callers *out,
                         struct bench_callers_plan *plan)
{
    static struct allowed allowed;
    struct bench_keys keys;
    struct daf_box_sk sk;
    int fd;

    allowed.count = count;
    for (size_t i = 0; i < count; i++) {
        bench_camp_keys((uint32_t)i, &keys);
        allowed.keys[i] = keys.pub.transport;
    }
    qsort(allowed.keys, count, sizeof(*allowed.keys), order);
    *plan = (struct bench_callers_plan){.count = count};
    (void)crypto_box_keypair(plan->server.b, sk.b);
    if (part_ways(out, &fd) < 0) serve(&allowed, &sk, fd);
    if (read(out->fd, &plan->port, sizeof(plan->port)) != sizeof(plan->port))
        bench_die("the bare server failed");
}
