/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/bench_net.h - two real daemons, and what passes between them.
 *
 *      A listens on 127.0.0.1, door and mesh.
 *      The relay listens on 127.0.0.2, on the same ports.
 *      B is told of 127.0.0.2 as its peer: A's mesh is an address of its door
 *      with another port, so both of B's connections pass the relay. */
#ifndef DAF_TESTS_BENCH_NET_H
#define DAF_TESTS_BENCH_NET_H

#include <jansson.h>
#include <sodium.h>
#include <sys/types.h>

#include "node/core/agent.h"
#include "tests/bench/bench.h"
#include "tests/bench/bench_camp.h"

/* ---- bench_relay.c */
struct bench_relay; /* opaque; a thread of its own */

enum { BENCH_OUT, BENCH_BACK, BENCH_WAYS }; /* from B to A; from A to B */

/* One ZeroMQ message after the handshake: one frame of the protocol.  It is
 * ciphertext, of which the length alone is known. */
struct bench_frame {
    int way;
    uint32_t bytes; /* of the frame as it was before encryption */
    /* How many frames must have come one after the other for this one to be
     * said: one more than the last that its speaker had received. */
    uint32_t depth;
    double at; /* seconds */
};
/* Of the mesh connections since bench_relay_reset(). */
struct bench_relay_look {
    size_t waiting;                 /* connections held at the gate */
    size_t opened;                  /* let through */
    uint64_t shaking[BENCH_WAYS];   /* bytes up to the end of the handshake */
    uint64_t bytes[BENCH_WAYS];     /* after it, ZMTP's own included */
    uint64_t heartbeat[BENCH_WAYS]; /* PING and PONG, not in `bytes` */
    size_t frames_count;
    double last; /* when anything of `bytes` came; 0: nothing did */
};

/** bench_relay_new: @delay_ms is added in each direction, so that what crosses
 * on the way is told from what answers. */
struct bench_relay *bench_relay_new(unsigned delay_ms);
void bench_relay_free(struct bench_relay *r);
/** bench_relay_listen: 127.0.0.2:@port leads to 127.0.0.1:@port from now on. */
void bench_relay_listen(struct bench_relay *r, uint16_t port, bool is_mesh);
/** bench_relay_hold: mesh connections wait at the gate, or (false) pass. */
void bench_relay_hold(struct bench_relay *r, bool hold);
/** bench_relay_cut: close every connection that passes. */
void bench_relay_cut(struct bench_relay *r);
void bench_relay_reset(struct bench_relay *r);
void bench_relay_look(struct bench_relay *r, struct bench_relay_look *out);
/** bench_relay_frames: copies of all frames so far; the caller frees them. */
struct bench_frame *bench_relay_frames(struct bench_relay *r,
                                       size_t *out_count);

/* ---- bench_node.c */
struct bench_daemon {
    pid_t pid; /* core's; 0: none */
    char home[BENCH_PATH_MAX];
    uint16_t door;
};
/* Where and how a daemon runs. */
struct bench_place {
    unsigned device;  /* of the lab, at 10.77.0.device:5670; 0: 127.0.0.1:any */
    bool finds;       /* not --no-mdns */
    const char *peer; /* its one --peer, or NULL */
    unsigned known;   /* devices 1 to known of the lab are its peers too */
    bool serves;      /* pages, at 127.0.0.1 */
};
#define BENCH_KNOWN_MAX ((size_t)32)

/** bench_node_launch: run daftard; returns at once.  @home: made by
 * bench_gen_home(), or any. */
void bench_node_launch(const struct bench *b, const char *home,
                       const struct bench_place *place,
                       struct bench_daemon *out);
/** bench_node_wait: until it answers. */
void bench_node_wait(struct bench_daemon *d);
/** bench_node_start: launch on loopback, without mDNS, and wait. */
void bench_node_start(const struct bench *b, const char *home, const char *peer,
                      struct bench_daemon *out);
/** bench_node_stop: SIGTERM, and wait. */
void bench_node_stop(struct bench_daemon *d);
/** bench_node_rest: until core has used no processor time for half a second. */
void bench_node_rest(const struct bench_daemon *d);

/* What `daftar status` and `peers` tell. */
struct bench_status {
    struct daf_agent_tally sent[DAF_AGENT_KINDS];
    uint64_t bytes_in, bytes_out, records, records_in, sessions;
    uint64_t content_out;
    bool is_unverified; /* own signatures of some records are still to verify */
    bool in_step;       /* one peer, connected and in step */
};
void bench_node_status(const struct bench_daemon *d, struct bench_status *out);
/** bench_node_peers: how many peers are connected, and in step as well.  False:
 * it does not answer (yet). */
bool bench_node_peers(const struct bench_daemon *d, size_t *out_connected,
                      size_t *out_in_step);
/** bench_node_cpu: milliseconds of processor time that core has used. */
double bench_node_cpu(const struct bench_daemon *d);

/** bench_node_listeners: TCP ports that are listened on, of all programs.
 * Returns the count, at most @cap. */
size_t bench_node_listeners(uint16_t *out, size_t cap);

/* ---- bench_process.c */
#define BENCH_PROCESSES_MAX 8
struct bench_process {
    pid_t pid;
    char name[16]; /* "core", "link", "discover" */
};
/** bench_process_list: those of one node, core first.  Returns the count. */
size_t bench_process_list(const struct bench_daemon *d,
                          struct bench_process out[BENCH_PROCESSES_MAX]);
/** bench_process_cpu: milliseconds of processor time that it has used. */
double bench_process_cpu(pid_t pid);
/** bench_process_kib: its memory; what it shares counts in part (PSS). */
double bench_process_kib(pid_t pid);
/** bench_process_wakes: how often it has gone to sleep, all threads. */
uint64_t bench_process_wakes(pid_t pid);

/* What a node has used, all processes. */
struct bench_used {
    double cpu_ms, kib;
};
void bench_process_used(const struct bench_daemon *d, struct bench_used *out);

/* ---- bench_content.c */
/** bench_daftar: a command of ours, which must succeed; NULL ends @words, at
 * most eight. */
void bench_daftar(const struct bench *b, const char *home,
                  const char *const *words);
#define BENCH_DAFTAR(b, home, ...) \
    bench_daftar(b, home, (const char *const[]){__VA_ARGS__, NULL})
/** bench_content_make: a folder to publish: one file of noise, @name. */
void bench_content_make(const char *folder, const char *name, size_t mib);
/** bench_content_camp: homes of one camp: the coordinator's @homes[0], the others
 * enrolled. */
void bench_content_camp(const struct bench *b, char (*homes)[BENCH_PATH_MAX],
                        size_t count);

/* What a daemon says of an item. */
struct bench_item {
    char id[65];
    uint64_t held; /* parts */
    uint64_t bytes, fetched;
    bool is_whole;
};
/** bench_content_ask: one request; @out is the last item that was told.  False:
 * it was refused.  The request is taken. */
bool bench_content_ask(const struct bench_daemon *d, json_t *request,
                       struct bench_item *out);
/** bench_content_publish: @folder, by a running daemon; its one item. */
void bench_content_publish(const struct bench *b, const struct bench_daemon *d,
                           const char *folder, struct bench_item *out);
/** bench_content_check: a home's copy of the item is the same as @file. */
void bench_content_check(const char *home, const char *id, const char *file);
/** bench_content_cpu: seconds of processor time, all processes. */
double bench_content_cpu(const struct bench_daemon *d);

/* ---- bench_http.c */
/* A file of a web server at 127.0.0.1, and who plays it. */
struct bench_http {
    uint16_t port;
    const char *path;
    uint64_t size, range; /* 0: no ranges, the whole of it again and again */
    size_t clients;       /* at most 16 */
    double seconds;
    /* NULL, or a hash of what came: then it is one client and one pass. */
    crypto_generichash_state *hash;
};
/** bench_http: bytes a second that came, of bodies, all clients together. */
double bench_http(const struct bench_http *h);

/* ---- bench_callers.c */
struct bench_callers_plan {
    uint16_t port;
    struct daf_box_pk server;
    size_t count;
    /* NULL: one frame each way and no more.  Otherwise HELLO, HELLO and ROOT,
     * ROOT, as devices of this camp. */
    const struct bench_camp *camp;
    struct daf_sign_sk coordinator;
    /* The door that is knocked at before; 0: none.  What stands above is what
     * its WELCOME would say. */
    uint16_t door_port;
    struct daf_box_pk door;
};
struct bench_callers {
    pid_t pid;
    int fd;
};
/** bench_callers_open: devices 0 to count - 1 connect to 127.0.0.1:port and stay;
 * returns when each was let in and answered. */
void bench_callers_open(const struct bench_callers_plan *plan,
                        struct bench_callers *out);
void bench_callers_close(struct bench_callers *c);
/** bench_callers_serve: the least that could let them in: one CURVE socket, ZAP
 * with a list of those @count keys.  A process of its own. */
void bench_callers_serve(size_t count, struct bench_callers *out,
                         struct bench_callers_plan *plan);

/* ---- bench_contact.c */
struct bench_pair {
    const struct bench *b;
    struct bench_relay *relay;
    struct bench_daemon a, d; /* d connects to a */
};
/* What one contact cost, from the end of the handshake to silence. */
struct bench_contact {
    struct bench_relay_look wire;
    struct bench_frame *frames; /* owned */
    double cpu_ms;              /* both cores */
    double seconds;             /* from the gate to the last byte */
    struct daf_agent_tally sent[BENCH_WAYS][DAF_AGENT_KINDS];
};
/** bench_contact_open: start both on homes made by bench_gen_home(); the
 * connection waits at the gate when this returns. */
void bench_contact_open(const struct bench *b, const char *home_a,
                        const char *home_b, unsigned delay_ms,
                        struct bench_pair *out);
/** bench_contact_go: open the gate; returns when both are silent. */
void bench_contact_go(struct bench_pair *p, struct bench_contact *out);
/** bench_contact_again: cut the link; B comes again by itself, up to the gate. */
void bench_contact_again(struct bench_pair *p);
void bench_contact_close(struct bench_pair *p);
void bench_contact_free(struct bench_contact *c);

/* Frames' bytes of both, HELLO and the door's less. */
struct bench_metadata {
    double identification; /* all but RUN and ACK */
    double ack;
    double run; /* RUN less the records in it */
};
/** bench_contact_metadata: @records: bytes of headers and bodies that went. */
struct bench_metadata bench_contact_metadata(const struct bench_contact *c,
                                             uint64_t records);
/** bench_contact_trips: round trips after HELLO, half ones too. */
double bench_contact_trips(const struct bench_contact *c);
/** bench_contact_trips_to_run: those between the giver's ROOT and its first
 * RUN: the times it had to wait for the other.  @way: the records'.
 * Below 0 if no frame was long enough to be known as a RUN. */
double bench_contact_trips_to_run(const struct bench_contact *c, int way);

#endif
