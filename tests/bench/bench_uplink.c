/* SPDX-License-Identifier: Apache-2.0 */
/* Bare TCP connections, one from each device to the next: what a capped uplink lets
 * through while all of them are busy.  As in a swarm the first only sends, and the
 * others acknowledge what they get. */
#include "tests/bench/bench.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PORT      6000
#define ANSWER_S  10
#define WARM_S    1.0 /* until TCP has found its rate, and the bucket is empty */
#define MEASURE_S 3.0

struct flow {
    int from, to;
    uint64_t bytes; /* that arrived */
};

/* The port is the sender's own, so that two may send to one device, and anew. */
static struct sockaddr_in address_of(unsigned device, unsigned from)
{
    struct sockaddr_in a = {.sin_family = AF_INET,
                            .sin_port = htons((uint16_t)(PORT + from))};
    char text[24];

    (void)snprintf(text, sizeof(text), "10.77.0.%u", device);
    (void)inet_pton(AF_INET, text, &a.sin_addr);
    return a;
}

static void flow_open(unsigned device, unsigned next, struct flow *f)
{
    const struct timeval wait = {.tv_sec = ANSWER_S};
    struct sockaddr_in a = address_of(next, device);
    int listener = bench_lab_socket(next), yes = 1;

    f->bytes = 0;
    f->from = bench_lab_socket(device);
    (void)setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    (void)setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    (void)setsockopt(f->from, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait));
    if (bind(listener, (const struct sockaddr *)&a, sizeof(a)) != 0 ||
        listen(listener, 1) != 0 ||
        connect(f->from, (const struct sockaddr *)&a, sizeof(a)) != 0)
        bench_die("device %u cannot reach device %u", device, next);
    f->to = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (f->to < 0) bench_die("device %u hears nothing", next);
    (void)fcntl(f->from, F_SETFL, O_NONBLOCK);
    (void)close(listener);
}

/* One look at all of them. */
static void turn(struct flow *flows, struct pollfd *polled, unsigned count)
{
    static uint8_t block[64 * 1024];
    ssize_t n;

    for (size_t i = 0; i < count; i++) {
        polled[2 * i] = (struct pollfd){.fd = flows[i].from, .events = POLLOUT};
        polled[2 * i + 1] =
            (struct pollfd){.fd = flows[i].to, .events = POLLIN};
    }
    if (poll(polled, (nfds_t)2 * count, 1000) < 0) bench_die("waiting failed");
    for (size_t i = 0; i < count; i++) {
        if (polled[2 * i].revents != 0)
            (void)send(flows[i].from, block, sizeof(block), MSG_NOSIGNAL);
        if (polled[2 * i + 1].revents == 0) continue;
        n = recv(flows[i].to, block, sizeof(block), 0);
        if (n > 0) flows[i].bytes += (uint64_t)n;
    }
}

void bench_uplink(unsigned count, double *out)
{
    struct flow *flows = calloc(count, sizeof(*flows));
    struct pollfd *polled = calloc(count, 2 * sizeof(*polled));
    double start;

    if (flows == NULL || polled == NULL) bench_die("out of memory");
    for (unsigned i = 0; i < count; i++)
        flow_open(i + 1, i + 1 < count ? i + 2 : 2, &flows[i]);
    for (start = bench_now(); bench_now() < start + WARM_S;)
        turn(flows, polled, count);
    for (unsigned i = 0; i < count; i++)
        flows[i].bytes = 0;
    for (start = bench_now(); bench_now() < start + MEASURE_S;)
        turn(flows, polled, count);
    start = bench_now() - start;
    for (unsigned i = 0; i < count; i++) {
        out[i] = (double)flows[i].bytes / start;
        (void)close(flows[i].from);
        (void)close(flows[i].to);
    }
    free(polled);
    free(flows);
}
