/* SPDX-License-Identifier: Apache-2.0 */
/* tests/mesh/finder.c - a device that only discovers: for mesh/discover.sh.
 *
 *   finder NAME PORT    publishes a door under this name (16 hex digits), whose
 *                       salt and tokens are the name six times, and looks for
 *                       doors; SIGHUP withdraws it, SIGTERM ends
 *
 * It says, a line each:
 *
 *   pid PID                     its own
 *   state BY PID RESTARTS       BY: nobody, system, itself; PID: of discover
 *   found NAME DATA ADDRESS     DATA in hex
 *   lost NAME */
#include "tests/lib/hex.h"
#include "tests/lib/t.h"

#include "node/child.h"
#include "node/discoverhost.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct finder {
    struct daf_loop *loop;
    struct daf_discoverhost *host;
    struct daf_discoverhost_ops ops;
};

static void print_hex(const uint8_t *p, size_t len)
{
    for (size_t i = 0; i < len; i++)
        (void)printf("%02x", p[i]);
}

static void on_found(void *ctx, const struct daf_announce *what,
                     const struct daf_addr *addr)
{
    (void)ctx;
    (void)printf("found ");
    print_hex(what->name, sizeof(what->name));
    (void)printf(" ");
    print_hex(what->data, sizeof(what->data));
    (void)printf(" %s\n", addr->text);
}

static void on_lost(void *ctx, enum daf_endpoint endpoint,
                    const uint8_t name[8])
{
    (void)ctx;
    (void)endpoint;
    (void)printf("lost ");
    print_hex(name, 8);
    (void)printf("\n");
}

static void on_state(void *ctx, enum daf_discover_by by)
{
    static const char *const words[] = {"nobody", "system", "itself"};
    const struct finder *f = ctx;

    (void)printf("state %s %d %llu\n", words[by],
                 (int)daf_discoverhost_pid(f->host),
                 (unsigned long long)daf_discoverhost_restarts(f->host));
}

static void on_signal(void *ctx, int signal)
{
    struct finder *f = ctx;

    if (signal == SIGHUP)
        daf_discoverhost_withdraw(f->host, DAF_ENDPOINT_DOOR);
    else
        daf_loop_stop(f->loop);
}

static int find(const char *name, uint16_t port)
{
    struct finder f = {0};
    struct daf_announce what = {.endpoint = DAF_ENDPOINT_DOOR, .port = port};

    f.ops = (struct daf_discoverhost_ops){&f, on_found, on_lost, on_state};
    if (daf_hex_decode(name, what.name, sizeof(what.name)) != 8 ||
        daf_loop_new(&f.loop) != DAF_OK ||
        daf_loop_signals(f.loop, on_signal, &f) != DAF_OK ||
        daf_discoverhost_new(f.loop, &f.ops, &f.host) != DAF_OK)
        return 1;
    for (size_t i = 0; i < sizeof(what.data); i++)
        what.data[i] = what.name[i % sizeof(what.name)];
    daf_discoverhost_publish(f.host, &what);
    daf_discoverhost_browse(f.host, DAF_ENDPOINT_DOOR);
    if (daf_loop_run(f.loop, NULL, NULL) != DAF_OK) return 1;
    daf_discoverhost_free(f.host);
    daf_loop_free(f.loop);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--as-discover") == 0)
        return daf_discover_main(DAF_CHILD_FD);
    if (argc != 3) return 2;
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    (void)printf("pid %d\n", (int)getpid());
    return find(argv[1], (uint16_t)strtoul(argv[2], NULL, 10));
}
