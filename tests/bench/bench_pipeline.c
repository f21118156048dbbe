/* SPDX-License-Identifier: Apache-2.0 */
/* The least that could carry a file as we do: CURVE on loopback, messages of 256
 * KiB, BLAKE2b of each chunk, pwrite, and the same syncs.  No daemon, no schedule,
 * no notes: an upper bound, in two processes. */
#include "tests/bench/bench_net.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zmq.h>

#include "proto/limits.h"
#include "store/shelf.h"

#define HWM 16

struct keys {
    char public_server[41], secret_server[41];
    char public_client[41], secret_client[41];
};

static void must(bool holds, const char *what)
{
    if (holds) return;
    (void)fprintf(stderr, "bench: the bare pipeline: %s\n", what);
    _exit(1);
}

static void set(void *s, int option, int value)
{
    must(zmq_setsockopt(s, option, &value, sizeof(value)) == 0, "an option");
}

/* ---- the sender */

static void send_file(const char *from, uint64_t bytes, const struct keys *k,
                      int tell)
{
    void *ctx = zmq_ctx_new(), *s = zmq_socket(ctx, ZMQ_PUSH);
    int fd = open(from, O_RDONLY | O_CLOEXEC), one = 1;
    char endpoint[64];
    size_t len = sizeof(endpoint);

    set(s, ZMQ_SNDHWM, HWM);
    must(zmq_setsockopt(s, ZMQ_CURVE_SERVER, &one, sizeof(one)) == 0 &&
             zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, k->secret_server, 40) == 0,
         "CURVE");
    must(fd >= 0 && zmq_bind(s, "tcp://127.0.0.1:*") == 0 &&
             zmq_getsockopt(s, ZMQ_LAST_ENDPOINT, endpoint, &len) == 0 &&
             write(tell, endpoint, sizeof(endpoint)) == sizeof(endpoint),
         "an endpoint");
    for (uint64_t at = 0; at < bytes;) {
        zmq_msg_t m;
        ssize_t n;

        must(zmq_msg_init_size(&m, DAF_PIECE_BYTES_MAX) == 0, "memory");
        n = pread(fd, zmq_msg_data(&m), DAF_PIECE_BYTES_MAX, (off_t)at);
        must(n == DAF_PIECE_BYTES_MAX, "reading");
        must(zmq_msg_send(&m, s, 0) == n, "sending");
        at += (uint64_t)n;
    }
    (void)zmq_close(s);
    (void)zmq_ctx_term(ctx); /* lingers until all has left */
    _exit(0);
}

/* ---- the receiver */

static void hash_chunk(crypto_generichash_state *state, const void *p, size_t n,
                       size_t *in_chunk)
{
    uint8_t hash[32];

    if (*in_chunk == 0)
        (void)crypto_generichash_init(state, NULL, 0, sizeof(hash));
    (void)crypto_generichash_update(state, p, n);
    *in_chunk += n;
    if (*in_chunk < DAF_CHUNK_BYTES_MAX) return;
    (void)crypto_generichash_final(state, hash, sizeof(hash));
    *in_chunk = 0;
}

static void take_file(const char *endpoint, const char *to, uint64_t bytes,
                      const struct keys *k)
{
    void *ctx = zmq_ctx_new(), *s = zmq_socket(ctx, ZMQ_PULL);
    int fd = open(to, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    crypto_generichash_state state;
    uint64_t unsynced = 0;
    size_t in_chunk = 0;

    set(s, ZMQ_RCVHWM, HWM);
    must(zmq_setsockopt(s, ZMQ_CURVE_SERVERKEY, k->public_server, 40) == 0 &&
             zmq_setsockopt(s, ZMQ_CURVE_PUBLICKEY, k->public_client, 40) ==
                 0 &&
             zmq_setsockopt(s, ZMQ_CURVE_SECRETKEY, k->secret_client, 40) == 0,
         "CURVE");
    must(fd >= 0 && ftruncate(fd, (off_t)bytes) == 0, "a file");
    must(zmq_connect(s, endpoint) == 0, "connecting");
    for (uint64_t at = 0; at < bytes;) {
        zmq_msg_t m;
        size_t n;

        must(zmq_msg_init(&m) == 0 && zmq_msg_recv(&m, s, 0) > 0, "receiving");
        n = zmq_msg_size(&m);
        hash_chunk(&state, zmq_msg_data(&m), n, &in_chunk);
        must(pwrite(fd, zmq_msg_data(&m), n, (off_t)at) == (ssize_t)n,
             "writing");
        (void)zmq_msg_close(&m);
        at += n;
        unsynced += n;
        if (unsynced < DAF_SHELF_GROUP_BYTES && at < bytes) continue;
        must(fdatasync(fd) == 0, "syncing");
        unsynced = 0;
    }
    _exit(0);
}

/* ---- both */

static double wait_for(pid_t pid, double *cpu_s)
{
    struct rusage used;
    int status;

    if (wait4(pid, &status, 0, &used) != pid || status != 0)
        bench_die("the bare pipeline failed");
    *cpu_s +=
        (double)used.ru_utime.tv_sec + (double)used.ru_stime.tv_sec +
        ((double)used.ru_utime.tv_usec + (double)used.ru_stime.tv_usec) / 1e6;
    return bench_now();
}

double bench_pipeline(const char *from, const char *to, uint64_t bytes,
                      double *out_cpu_s)
{
    char endpoint[64] = "";
    struct keys k;
    double start, end;
    pid_t sender, taker;
    int pair[2];

    if (pipe(pair) != 0 ||
        zmq_curve_keypair(k.public_server, k.secret_server) != 0 ||
        zmq_curve_keypair(k.public_client, k.secret_client) != 0)
        bench_die("no pipe, or no CURVE");
    *out_cpu_s = 0;
    (void)fflush(NULL);
    sender = fork();
    if (sender == 0) send_file(from, bytes, &k, pair[1]);
    if (read(pair[0], endpoint, sizeof(endpoint)) != sizeof(endpoint))
        bench_die("the bare pipeline's sender does not start");
    start = bench_now();
    taker = fork();
    if (taker == 0) take_file(endpoint, to, bytes, &k);
    end = wait_for(taker, out_cpu_s);
    (void)wait_for(sender, out_cpu_s);
    (void)close(pair[0]);
    (void)close(pair[1]);
    return end - start;
}
