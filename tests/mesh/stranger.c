/* SPDX-License-Identifier: Apache-2.0 */
/* tests/mesh/stranger.c - attacks on a running daemon, by the name of each:
 *
 *     stranger ATTACK PORT HOME [LINK]
 *
 * PORT is the victim's door on 127.0.0.1, or ADDRESS:PORT, an IPv4 address.  HOME is what the attacker has: a home
 * of the victim's camp whose daemon does not run; for `foreign` one of another
 * camp, and LINK is then a home of the victim's, for its discovery secret.  LINK
 * else is the process id of the victim's link, where memory is looked at.
 *
 * Exit status 0: the attack came to what it should.  Nothing here waits for a
 * time to pass; LIMIT_MS is when an answer is called missing. */
#include "tests/lib/t.h"

#include "node/home.h"
#include "proto/frame.h"
#include "proto/hash.h"
#include "proto/limits.h"
#include "proto/manifest.h"
#include "proto/pack.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define LIMIT_MS 30000
#define SILENT   2000
#define HELD_MAX 128
#define HELD_KIB 64 /* of link's memory, for each that is held */

#define CLOSED                                                      \
    (ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | \
     ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL)

struct attacker {
    char address[16];
    uint16_t port; /* the door's */
    struct daf_home home;
    struct daf_manifest camp; /* whose door it is */
    struct daf_box_pk door;
    const char *link;
    void *zmq;
    uint16_t mesh_port; /* after knock() */
    struct daf_box_pk mesh;
};

static uint64_t mono_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void die(const char *what)
{
    (void)fprintf(stderr, "stranger: %s\n", what);
    exit(1); /* NOLINT(concurrency-mt-unsafe): one thread */
}

static void expect(bool is_so, const char *what)
{
    if (!is_so) die(what);
}

/* ---- callers: libzmq without a link */

struct caller {
    void *zmq, *monitor;
};

static void set(void *zmq, int option, const void *value, size_t len)
{
    expect(zmq_setsockopt(zmq, option, value, len) == 0, "zmq_setsockopt");
}

static void set_int(void *zmq, int option, int value)
{
    set(zmq, option, &value, sizeof(value));
}

/* call: as @pk, @sk to who has @server; all NULL: without CURVE. */
static struct caller call(struct attacker *a, uint16_t port,
                          const struct daf_box_pk *server,
                          const struct daf_box_pk *pk,
                          const struct daf_box_sk *sk, const void *id,
                          size_t id_len)
{
    static unsigned count;
    struct caller c = {zmq_socket(a->zmq, ZMQ_DEALER),
                       zmq_socket(a->zmq, ZMQ_PAIR)};
    char name[64];

    expect(c.zmq != NULL && c.monitor != NULL, "zmq_socket");
    set_int(c.zmq, ZMQ_LINGER, 0);
    set_int(c.zmq, ZMQ_SNDTIMEO, LIMIT_MS);
    set_int(c.zmq, ZMQ_RCVTIMEO, LIMIT_MS);
    set_int(c.zmq, ZMQ_RECONNECT_IVL, -1);
    set_int(c.monitor, ZMQ_LINGER, 0);
    if (id_len > 0) set(c.zmq, ZMQ_ROUTING_ID, id, id_len);
    if (server != NULL) {
        set(c.zmq, ZMQ_CURVE_SERVERKEY, server->b, sizeof(server->b));
        set(c.zmq, ZMQ_CURVE_PUBLICKEY, pk->b, sizeof(pk->b));
        set(c.zmq, ZMQ_CURVE_SECRETKEY, sk->b, sizeof(sk->b));
    }
    (void)snprintf(name, sizeof(name), "inproc://monitor/%u", count++);
    expect(zmq_socket_monitor(c.zmq, name, ZMQ_EVENT_ALL) == 0 &&
               zmq_connect(c.monitor, name) == 0,
           "a monitor");
    (void)snprintf(name, sizeof(name), "tcp://%s:%u", a->address,
                   (unsigned)port);
    expect(zmq_connect(c.zmq, name) == 0, "zmq_connect");
    return c;
}

static void hang_up(struct caller *c)
{
    (void)zmq_socket_monitor(c->zmq, NULL, 0);
    (void)zmq_close(c->monitor);
    (void)zmq_close(c->zmq);
}

/* await: until one of @wanted was told; false if one of @not_wanted was. */
static bool await(struct caller *c, unsigned wanted, unsigned not_wanted)
{
    uint64_t until_ms = mono_ms() + LIMIT_MS;

    for (;;) {
        uint8_t event[6], rest[256];
        uint16_t id;
        uint64_t now_ms = mono_ms();

        expect(now_ms < until_ms, "the victim neither answers nor closes");
        set_int(c->monitor, ZMQ_RCVTIMEO, (int)(until_ms - now_ms));
        if (zmq_recv(c->monitor, event, sizeof(event), 0) < 0) continue;
        (void)zmq_recv(c->monitor, rest, sizeof(rest), 0);
        memcpy(&id, event, sizeof(id));
        if ((id & not_wanted) != 0) return false;
        if ((id & wanted) != 0) return true;
    }
}

static void say(struct caller *c, const void *p, size_t len)
{
    (void)zmq_send(c->zmq, p, len, 0); /* it may be closed already */
}

/* ---- knocking */

static void send_knock(struct caller *c, const struct daf_hash *nonce)
{
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    struct daf_pack k;
    struct daf_view v;

    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_pack_array(&k, 4);
    daf_pack_uint(&k, 33);
    daf_pack_uint(&k, DAF_PROTOCOL_VERSION);
    daf_pack_uint(&k, DAF_PROTOCOL_VERSION);
    daf_pack_bin(&k, nonce->b, sizeof(nonce->b));
    v = daf_pack_view(&k);
    say(c, v.p, v.len);
}

static void send_proof(struct attacker *a, struct caller *c,
                       const struct daf_hash *mine,
                       const struct daf_hash *theirs)
{
    uint8_t bytes[DAF_DOOR_BYTES_MAX], what[1 + 32 * 4] = {35};
    struct daf_author_id author = daf_hash_author_id(&a->home.keys.sign);
    struct daf_sig sig;
    struct daf_pack k;
    struct daf_view v;

    memcpy(what + 1, a->camp.camp.b, 32);
    memcpy(what + 33, mine->b, 32);
    memcpy(what + 65, theirs->b, 32);
    memcpy(what + 97, a->home.keys.transport.b, 32);
    daf_hash_sign("daf.door.1", (struct daf_view){what, sizeof(what)},
                  &a->home.secrets.sign, &sig);
    daf_pack_init(&k, bytes, sizeof(bytes));
    daf_pack_array(&k, 5);
    daf_pack_uint(&k, 35);
    daf_pack_bin(&k, a->home.manifest, a->home.manifest_len);
    if (a->home.cert_len > 0)
        daf_pack_bin(&k, a->home.cert, a->home.cert_len);
    else
        daf_pack_nil(&k);
    daf_pack_bin(&k, author.b, sizeof(author.b));
    daf_pack_bin(&k, sig.b, sizeof(sig.b));
    v = daf_pack_view(&k);
    expect(v.len > 0, "a proof too long");
    say(c, v.p, v.len);
}

/* hear: false if nothing that is a @kind came. */
static bool hear(struct caller *c, uint8_t bytes[DAF_DOOR_BYTES_MAX],
                 enum daf_frame_kind kind, struct daf_frame *out)
{
    int len = zmq_recv(c->zmq, bytes, DAF_DOOR_BYTES_MAX, 0);

    return len > 0 && len <= DAF_DOOR_BYTES_MAX &&
           daf_frame_decode((struct daf_view){bytes, (size_t)len}, out, NULL) ==
               DAF_OK &&
           out->kind == kind;
}

/* prove: KNOCK, NONCE, PROOF with what the attacker has.  False if the door
 * was too full for that. */
static bool prove(struct attacker *a, struct caller *c)
{
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    struct daf_frame f;
    struct daf_hash mine;

    randombytes_buf(mine.b, sizeof(mine.b));
    send_knock(c, &mine);
    if (!hear(c, bytes, DAF_FRAME_NONCE, &f)) return false;
    send_proof(a, c, &mine, &f.nonce);
    return true;
}

/* knock: as the member that it is; mesh's port is in the answer. */
static void knock(struct attacker *a)
{
    struct caller c = call(a, a->port, &a->door, &a->home.keys.transport,
                           &a->home.secrets.transport, NULL, 0);
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    struct daf_frame f;

    expect(prove(a, &c) && hear(&c, bytes, DAF_FRAME_WELCOME, &f),
           "a member is not welcome");
    a->mesh_port = f.proof.port;
    a->mesh = a->camp.coordinators[0].keys.transport;
    hang_up(&c);
}

static struct caller call_mesh(struct attacker *a, const void *id,
                               size_t id_len)
{
    return call(a, a->mesh_port, &a->mesh, &a->home.keys.transport,
                &a->home.secrets.transport, id, id_len);
}

static struct caller call_door(struct attacker *a)
{
    struct daf_box_pk pk;
    struct daf_box_sk sk;

    (void)crypto_box_keypair(pk.b, sk.b);
    return call(a, a->port, &a->door, &pk, &sk, NULL, 0);
}

/* ---- raw sockets */

static int raw_call(const struct attacker *a, const char *from)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    struct linger none = {1, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    expect(fd >= 0, "socket");
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    (void)inet_pton(AF_INET, from, &at.sin_addr);
    expect(bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0, "bind");
    (void)inet_pton(AF_INET, a->address, &at.sin_addr);
    at.sin_port = htons(a->port);
    expect(connect(fd, (struct sockaddr *)&at, sizeof(at)) == 0, "connect");
    return fd;
}

/* is_closed: by the victim; what it said before is skipped. */
static bool is_closed(int fd)
{
    uint8_t skipped[256];
    ssize_t n;

    while ((n = recv(fd, skipped, sizeof(skipped), MSG_DONTWAIT)) > 0)
        continue;
    return n == 0 || errno != EAGAIN;
}

static void await_closed(int fd)
{
    uint64_t until_ms = mono_ms() + LIMIT_MS;

    while (!is_closed(fd)) {
        struct pollfd in = {.fd = fd, .events = POLLIN};

        expect(mono_ms() < until_ms, "the victim does not close");
        (void)poll(&in, 1, 100);
    }
    (void)close(fd);
}

static void raw_say(int fd, const void *p, size_t len)
{
    (void)send(fd, p, len, MSG_NOSIGNAL);
}

/* greeting: ZMTP 3.0, 64 bytes. */
static void greeting(uint8_t out[64], const char *mechanism)
{
    memset(out, 0, 64);
    out[0] = 0xff;
    out[9] = 0x7f;
    out[10] = 3;
    (void)snprintf((char *)out + 12, 20, "%s", mechanism);
}

/* ---- without a key */

static void attack_null(struct attacker *a)
{
    struct caller c = call(a, a->port, NULL, NULL, NULL, NULL, 0);

    say(&c, "hello", 5);
    expect(await(&c, CLOSED, ZMQ_EVENT_HANDSHAKE_SUCCEEDED),
           "a client without CURVE came in");
    hang_up(&c);
}

static void attack_wrong_key(struct attacker *a)
{
    struct daf_box_pk pk;
    struct daf_box_sk sk;
    struct caller c;

    (void)crypto_box_keypair(pk.b, sk.b);
    c = call(a, a->port, &pk, &pk, &sk, NULL, 0);
    say(&c, "hello", 5);
    expect(await(&c, CLOSED, ZMQ_EVENT_HANDSHAKE_SUCCEEDED),
           "a client with a wrong server key came in");
    hang_up(&c);
}

/* What libzmq may be sent before it knows a key; @kind of several. */
static void say_broken(int fd, unsigned kind)
{
    uint8_t bytes[64 + 2 + 200] = {0}, *hello = bytes + 64;

    randombytes_buf(bytes, sizeof(bytes));
    switch (kind % 8) {
    case 0: /* noise */
        raw_say(fd, bytes, sizeof(bytes));
        return;
    case 1: /* half a greeting */
        greeting(bytes, "CURVE");
        raw_say(fd, bytes, 20);
        return;
    case 2:
        greeting(bytes, "NULL");
        break;
    case 3:
        greeting(bytes, "PLAIN");
        break;
    case 4: /* ZMTP 1.0: a frame of 255 bytes */
        bytes[0] = 0xff;
        bytes[9] = 0;
        break;
    case 5: /* ZMTP 2.0 */
        greeting(bytes, "");
        bytes[10] = 1;
        break;
    case 6: /* HELLO of the right length, noise inside */
        greeting(bytes, "CURVE");
        hello[0] = 4;
        hello[1] = 200;
        memcpy(hello + 2, "\5HELLO\1", 8);
        break;
    default: /* INITIATE where HELLO belongs */
        greeting(bytes, "CURVE");
        hello[0] = 4;
        hello[1] = 100;
        /* NOLINTNEXTLINE(bugprone-not-null-terminated-result) */
        memcpy(hello + 2, "\10INITIATE", 9);
        break;
    }
    raw_say(fd, bytes, sizeof(bytes));
}

static void attack_broken(struct attacker *a)
{
    for (unsigned i = 0; i < 1000; i++) {
        int fd = raw_call(a, "127.0.0.66");

        say_broken(fd, i);
        (void)shutdown(fd, SHUT_WR);
        await_closed(fd);
    }
}

/* A HELLO of 1 GiB, and as much of it as the victim takes. */
static void attack_announce(struct attacker *a)
{
    static const uint8_t head[] = {6, 0, 0, 0, 0, 0x40, 0, 0, 0};
    static const uint8_t zeros[1024 * 1024];
    int fd = raw_call(a, "127.0.0.66");
    size_t taken = 0;
    uint8_t hello[64];
    ssize_t n;

    greeting(hello, "CURVE");
    raw_say(fd, hello, sizeof(hello));
    raw_say(fd, head, sizeof(head));
    while (taken < (size_t)400 * 1024 * 1024 &&
           (n = send(fd, zeros, sizeof(zeros), MSG_NOSIGNAL)) > 0)
        taken += (size_t)n;
    expect(taken < (size_t)32 * 1024 * 1024, "it takes 32 MiB of a HELLO");
    await_closed(fd);
}

static long memory_kib(const struct attacker *a)
{
    char path[64], line[128];
    long kib = -1;
    FILE *f;

    (void)snprintf(path, sizeof(path), "/proc/%s/status", a->link);
    f = fopen(path, "r");
    expect(f != NULL, "no such link process");
    while (kib < 0 && fgets(line, sizeof(line), f) != NULL)
        if (strncmp(line, "VmRSS:", 6) == 0) kib = strtol(line + 6, NULL, 10);
    (void)fclose(f);
    return kib;
}

/* down_to: close what the victim closed, until at most @most are open. */
static size_t down_to(int *fds, size_t most)
{
    uint64_t until_ms = mono_ms() + LIMIT_MS;
    size_t open;

    do {
        expect(mono_ms() < until_ms, "the victim holds too many");
        (void)poll(NULL, 0, 5);
        open = 0;
        for (size_t i = 0; i < SILENT; i++) {
            if (fds[i] >= 0 && is_closed(fds[i])) {
                (void)close(fds[i]);
                fds[i] = -1;
            }
            open += fds[i] >= 0 ? 1 : 0;
        }
    } while (open > most);
    return open;
}

static void attack_silent(struct attacker *a)
{
    static int fds[SILENT];
    uint64_t began_ms = mono_ms();
    long before = memory_kib(a), more;
    size_t held;

    for (size_t i = 0; i < SILENT; i++)
        fds[i] = raw_call(a, "127.0.0.66");
    held = down_to(fds, HELD_MAX);
    more = memory_kib(a) - before;
    (void)printf("held %zu of %d after %u ms, with %ld KiB; ", held, SILENT,
                 (unsigned)(mono_ms() - began_ms), more);
    expect(more <= (long)HELD_MAX * HELD_KIB, "they cost too much memory");
    (void)down_to(fds, 0);
    (void)printf("the last was closed after %u ms\n",
                 (unsigned)(mono_ms() - began_ms));
}

/* ---- with the door's key */

/* They shake hands, and that is all. */
static void attack_mute(struct attacker *a)
{
    enum { COUNT = 20 };
    struct caller c[COUNT];
    uint64_t began_ms = mono_ms();

    for (int i = 0; i < COUNT; i++)
        c[i] = call_door(a);
    for (int i = 0; i < COUNT; i++)
        expect(await(&c[i], ZMQ_EVENT_HANDSHAKE_SUCCEEDED, CLOSED) &&
                   await(&c[i], ZMQ_EVENT_DISCONNECTED, 0),
               "a mute one was shut before its time");
    (void)printf("the last of %d was shut after %u ms\n", COUNT,
                 (unsigned)(mono_ms() - began_ms));
    for (int i = 0; i < COUNT; i++)
        hang_up(&c[i]);
}

static void attack_long(struct attacker *a)
{
    static const uint8_t zeros[DAF_DOOR_BYTES_MAX + 1];
    struct caller c = call_door(a);

    say(&c, zeros, sizeof(zeros));
    expect(await(&c, CLOSED, 0), "a long frame at the door");
    hang_up(&c);
}

/* Of another camp: its certificate counts for nothing here, however often. */
static void attack_foreign(struct attacker *a)
{
    enum { COUNT = 100 };
    struct caller c[COUNT];
    uint8_t bytes[DAF_DOOR_BYTES_MAX];
    struct daf_frame f;
    size_t heard = 0;

    for (int i = 0; i < COUNT; i++) {
        c[i] = i == 0 ? call(a, a->port, &a->door, &a->home.keys.transport,
                             &a->home.secrets.transport, NULL, 0)
                      : call_door(a);
        set_int(c[i].zmq, ZMQ_RCVTIMEO, 1000);
    }
    for (int i = 0; i < COUNT; i++)
        heard += prove(a, &c[i]) ? 1 : 0;
    for (int i = 0; i < COUNT; i++) {
        expect(await(&c[i], ZMQ_EVENT_DISCONNECTED, 0), "it is not closed");
        set_int(c[i].zmq, ZMQ_RCVTIMEO, 0);
        expect(!hear(&c[i], bytes, DAF_FRAME_WELCOME, &f), "it is welcome");
        hang_up(&c[i]);
    }
    (void)printf("%zu of %d got as far as their proof\n", heard, COUNT);
}

/* ---- as a member */

/* libzmq lets a peer choose what the other end's ROUTER calls it. */
static void attack_named(struct attacker *a)
{
    enum { COUNT = 16 };
    struct caller c[COUNT + 1];
    uint8_t guess[5] = {0};

    knock(a);
    c[COUNT] = call_mesh(a, "another", 7);
    say(&c[COUNT], "hello", 5);
    expect(await(&c[COUNT], ZMQ_EVENT_DISCONNECTED, 0), "a name of its own");
    /* One in 2^32 that it is the next peer's, and libzmq aborts; core does not
     * and nothing is lost.  Every second is the one before once more. */
    for (int i = 0; i < COUNT; i++) {
        if (i % 2 == 0) randombytes_buf(guess + 1, 4);
        c[i] = call_mesh(a, guess, sizeof(guess));
        say(&c[i], "hello", 5);
    }
    for (int i = 0; i < COUNT; i++)
        expect(await(&c[i], CLOSED, 0), "a guessed name");
    for (int i = 0; i <= COUNT; i++)
        hang_up(&c[i]);
}

static void attack_parts(struct attacker *a)
{
    static uint8_t zeros[DAF_FRAME_BYTES_MAX + 1];
    struct caller c;

    knock(a);
    c = call_mesh(a, NULL, 0);
    for (int i = 0; i < 1000; i++) {
        (void)zmq_send(c.zmq, "two", 3, ZMQ_SNDMORE);
        (void)zmq_send(c.zmq, "frames", 6, 0);
    }
    say(&c, zeros, sizeof(zeros)); /* in one frame, but too long */
    expect(await(&c, ZMQ_EVENT_DISCONNECTED, 0), "a long frame in the mesh");
    hang_up(&c);
}

static void keep(void *data, void *hint)
{
    (void)data;
    (void)hint;
}

/* 6,000 frames of 60 kB in one message, from three at a time: libzmq holds them
 * all until the last has come.  Borrowed, so that it is not this process that
 * needs the gigabyte. */
static void attack_bomb(struct attacker *a)
{
    enum { CALLERS = 3, FRAMES = 6000, LEN = 60000 };
    static uint8_t zeros[LEN];
    struct caller c[CALLERS];
    size_t said = 0;

    knock(a);
    for (int i = 0; i < CALLERS; i++)
        c[i] = call_mesh(a, NULL, 0);
    for (int n = 1; n <= FRAMES; n++)
        for (int i = 0; i < CALLERS; i++) {
            zmq_msg_t frame;

            expect(zmq_msg_init_data(&frame, zeros, LEN, keep, NULL) == 0,
                   "zmq_msg_init_data");
            if (zmq_msg_send(&frame, c[i].zmq, n < FRAMES ? ZMQ_SNDMORE : 0) >=
                0)
                said++;
        }
    for (int i = 0; i < CALLERS; i++)
        say(&c[i], zeros,
            LEN); /* no frame: core closes it, if it comes there */
    for (int i = 0; i < CALLERS; i++)
        expect(await(&c[i], CLOSED, 0), "it bears any number of frames");
    for (int i = 0; i < CALLERS; i++)
        hang_up(&c[i]);
    (void)printf("%zu frames said\n", said);
}

/* ---- */

static const struct {
    const char *name;
    void (*fn)(struct attacker *a);
} attacks[] = {
    {"null", attack_null},     {"wrong-key", attack_wrong_key},
    {"broken", attack_broken}, {"announce", attack_announce},
    {"silent", attack_silent}, {"mute", attack_mute},
    {"long", attack_long},     {"foreign", attack_foreign},
    {"named", attack_named},   {"parts", attack_parts},
    {"bomb", attack_bomb},
};

static void load(struct attacker *a, const char *name, char **argv)
{
    struct daf_trouble t = {""};
    struct daf_home victims;
    struct daf_box_sk sk;
    const char *dir = strcmp(name, "foreign") == 0 ? argv[1] : argv[0];

    if (daf_home_load(argv[0], true, &a->home, &t) != DAF_OK ||
        daf_home_load(dir, true, &victims, &t) != DAF_OK)
        die(t.what);
    expect(daf_manifest_decode((struct daf_view){victims.manifest,
                                                 victims.manifest_len},
                               &a->camp) == DAF_OK,
           "a manifest");
    daf_manifest_door_keys(&a->camp.discovery, &a->door, &sk);
    daf_home_unload(&victims);
}

static void set_door(struct attacker *a, const char *text)
{
    const char *colon = strchr(text, ':');
    size_t len = colon != NULL ? (size_t)(colon - text) : 0;

    expect(len < sizeof(a->address), "no such address");
    (void)snprintf(a->address, sizeof(a->address), "127.0.0.1");
    if (colon != NULL)
        (void)snprintf(a->address, sizeof(a->address), "%.*s", (int)len, text);
    a->port = (uint16_t)strtoul(colon != NULL ? colon + 1 : text, NULL, 10);
}

int main(int argc, char **argv)
{
    struct attacker *a;
    struct rlimit files;
    size_t i = 0;

    if (argc < 4 || sodium_init() < 0) return 2;
    while (i < sizeof(attacks) / sizeof(*attacks) &&
           strcmp(attacks[i].name, argv[1]) != 0)
        i++;
    expect(i < sizeof(attacks) / sizeof(*attacks), "no such attack");
    a = calloc(1, sizeof(*a));
    expect(a != NULL, "memory");
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    set_door(a, argv[2]);
    a->link = argc > 4 ? argv[4] : "";
    a->zmq = zmq_ctx_new();
    load(a, argv[1], argv + 3);
    attacks[i].fn(a);
    (void)zmq_ctx_term(a->zmq);
    daf_home_unload(&a->home);
    free(a);
    return 0;
}
