/* SPDX-License-Identifier: Apache-2.0 */
#include "node/airwatch.h"

#include "node/clock.h"
#include "proto/hash.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <linux/wireless.h>
#include <netinet/in.h>
#include <netinet/ip_icmp.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define NAME_MAX_BYTES 16 /* of an interface */
#define LINE_BYTES     512
#define ROUTE_UP       1u
#define MAC_BYTES      6

struct daf_airwatch {
    struct daf_loop *loop;
    struct daf_airwatch_ops ops;
    struct daf_key key;
    char name[DAF_AIRWATCH_NAME_MAX + 1]; /* "": look */
    char map[DAF_AIRWATCH_NAME_MAX + 1];  /* "": nobody says */
    struct daf_airwatch_seen seen;
    bool was_told;
    struct daf_loop_source echo; /* fd -1: the kernel lets us send none */
    struct daf_loop_timer timer; /* the next echo; NEVER: at rest */
    struct daf_mono busy;        /* until then */
    uint16_t number;             /* of the last echo */
    struct timespec sent;
};

/* ---- looking */

static FILE *open_in(const char *root, const char *path)
{
    char whole[512];
    int len = snprintf(whole, sizeof(whole), "%s%s", root, path);

    if (len < 0 || (size_t)len >= sizeof(whole)) return NULL;
    return fopen(whole, "re");
}

static bool is_there(const char *root, const char *interface, const char *what)
{
    char path[320];
    FILE *f;
    bool is;

    (void)snprintf(path, sizeof(path), "/sys/class/net/%s/%s", interface, what);
    f = open_in(root, path);
    is = f != NULL;
    if (f != NULL) (void)fclose(f);
    return is;
}

static bool is_radio(const char *root, const char *interface)
{
    return is_there(root, interface, "phy80211") ||
           is_there(root, interface, "wireless");
}

/* The default route of the least metric: interface and gateway. */
static bool read_route(const char *root, char out[NAME_MAX_BYTES],
                       uint32_t *gateway)
{
    FILE *f = open_in(root, "/proc/net/route");
    char line[LINE_BYTES], name[NAME_MAX_BYTES];
    unsigned to, by, flags, metric, least = UINT32_MAX;
    bool found = false;

    if (f == NULL) return false;
    while (fgets(line, sizeof(line), f) != NULL) {
        /* Hex of eight digits.  NOLINTNEXTLINE(cert-err34-c) */
        if (sscanf(line, "%15s %x %x %x %*u %*u %u", name, &to, &by, &flags,
                   &metric) != 5 ||
            to != 0 || (flags & ROUTE_UP) == 0 || (found && metric >= least))
            continue;
        memcpy(out, name, NAME_MAX_BYTES);
        *gateway = by; /* as it lies in memory: network order */
        least = metric;
        found = true;
    }
    (void)fclose(f);
    return found;
}

static bool is_up(const char *root, const char *interface)
{
    char path[320], state[16] = "";
    FILE *f;

    (void)snprintf(path, sizeof(path), "/sys/class/net/%s/operstate",
                   interface);
    f = open_in(root, path);
    if (f == NULL) return false;
    if (fgets(state, sizeof(state), f) == NULL) state[0] = '\0';
    (void)fclose(f);
    return strcmp(state, "up\n") == 0;
}

/* Where no router gives a way out: the radio that is up, if it is one only. */
static bool only_radio(const char *root, char out[NAME_MAX_BYTES])
{
    char path[512];
    struct dirent *e;
    size_t count = 0;
    DIR *dir;
    int len = snprintf(path, sizeof(path), "%s/sys/class/net", root);

    if (len < 0 || (size_t)len >= sizeof(path)) return false;
    dir = opendir(path);
    if (dir == NULL) return false;
    /* One thread reads this folder.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.' || strlen(e->d_name) >= NAME_MAX_BYTES ||
            !is_radio(root, e->d_name) || !is_up(root, e->d_name))
            continue;
        (void)snprintf(out, NAME_MAX_BYTES, "%.15s", e->d_name);
        count++;
    }
    (void)closedir(dir);
    return count == 1;
}

/* The gateway's hardware address, if somebody has spoken to it. */
static bool read_neighbour(const char *root, uint32_t gateway,
                           uint8_t mac[MAC_BYTES])
{
    const struct in_addr addr = {.s_addr = gateway};
    FILE *f = open_in(root, "/proc/net/arp");
    char line[LINE_BYTES], ip[32], want[INET_ADDRSTRLEN];
    unsigned m[MAC_BYTES], any;
    bool found = false;

    if (f == NULL) return false;
    if (inet_ntop(AF_INET, &addr, want, sizeof(want)) == NULL) want[0] = '\0';
    while (!found && fgets(line, sizeof(line), f) != NULL) {
        /* Pairs of digits.  NOLINTNEXTLINE(cert-err34-c) */
        if (sscanf(line, "%31s %*x %*x %x:%x:%x:%x:%x:%x", ip, &m[0], &m[1],
                   &m[2], &m[3], &m[4], &m[5]) != 7 ||
            strcmp(ip, want) != 0)
            continue;
        any = 0;
        for (size_t i = 0; i < MAC_BYTES; i++) {
            mac[i] = (uint8_t)m[i];
            any |= m[i];
        }
        found = any != 0;
    }
    (void)fclose(f);
    return found;
}

/* What the radio says of itself.  False: nothing. */
static bool ask_radio(const char *interface, bool *is_access_point,
                      uint8_t bssid[MAC_BYTES])
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct iwreq r = {.u = {.mode = 0}};
    uint8_t any = 0;
    bool ok;

    if (fd < 0) return false;
    (void)snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", interface);
    *is_access_point =
        ioctl(fd, SIOCGIWMODE, &r) == 0 && r.u.mode == IW_MODE_MASTER;
    memset(&r.u, 0, sizeof(r.u));
    ok = ioctl(fd, SIOCGIWAP, &r) == 0;
    (void)close(fd);
    if (!ok) return false;
    memcpy(bssid, r.u.ap_addr.sa_data, MAC_BYTES);
    for (size_t i = 0; i < MAC_BYTES; i++)
        any |= bssid[i];
    return any != 0;
}

static void hash_air(const uint8_t *p, size_t len, const struct daf_key *key,
                     struct daf_air *out)
{
    uint8_t whole[16];

    daf_hash_keyed_128("daf.air.1", key->b, (struct daf_view){p, len}, whole);
    out->kind = DAF_AIR_RADIO;
    memcpy(out->id, whole, sizeof(out->id));
}

void daf_airwatch_look(const char *root, const struct daf_key *key,
                       struct daf_airwatch_seen *out)
{
    char interface[NAME_MAX_BYTES] = "";
    uint8_t mac[MAC_BYTES];
    bool is_access_point = false, has_route;

    *out = (struct daf_airwatch_seen){.gateway = 0};
    has_route = read_route(root, interface, &out->gateway);
    if (!has_route && !only_radio(root, interface)) return;
    if (!is_radio(root, interface)) {
        out->air.kind = DAF_AIR_CABLE;
        return;
    }
    out->is_guess =
        !(root[0] == '\0' && ask_radio(interface, &is_access_point, mac)) &&
        !(out->gateway != 0 && read_neighbour(root, out->gateway, mac));
    /* All of the camp that know no more count as one air: of forty tablets in one
     * room that all fetched at once none would be done in an hour. */
    hash_air(mac, out->is_guess ? 0 : sizeof(mac), key, &out->air);
    if (is_access_point) out->air = (struct daf_air){.kind = DAF_AIR_CABLE};
}

void daf_airwatch_named(const char *name, const struct daf_key *key,
                        struct daf_air *out)
{
    *out = (struct daf_air){.kind = DAF_AIR_CABLE};
    if (strcmp(name, "cable") == 0) return;
    hash_air((const uint8_t *)name, strlen(name), key, out);
}

void daf_airwatch_changed(struct daf_airwatch *w)
{
    struct daf_airwatch_seen seen;

    daf_airwatch_look("", &w->key, &seen);
    if (w->name[0] != '\0')
        daf_airwatch_named(w->name, &w->key, &seen.air);
    else if (w->map[0] != '\0' &&
             (seen.is_guess || seen.air.kind == DAF_AIR_UNKNOWN))
        daf_airwatch_named(w->map, &w->key, &seen.air);
    w->seen.gateway = seen.gateway;
    w->seen.is_guess = seen.is_guess;
    if (w->was_told && w->seen.air.kind == seen.air.kind &&
        memcmp(w->seen.air.id, seen.air.id, sizeof(seen.air.id)) == 0)
        return;
    w->was_told = true;
    w->seen = seen;
    w->ops.air(w->ops.ctx, &seen.air);
}

void daf_airwatch_mapped(struct daf_airwatch *w, const char *name)
{
    if (strcmp(w->map, name) == 0) return;
    (void)snprintf(w->map, sizeof(w->map), "%s", name);
    daf_airwatch_changed(w);
}

/* ---- echoes */

static uint32_t since_us(const struct timespec *then)
{
    struct timespec now;
    int64_t us;

    if (clock_gettime(CLOCK_MONOTONIC, &now) != 0) return 0;
    us = (int64_t)(now.tv_sec - then->tv_sec) * 1000000 +
         (now.tv_nsec - then->tv_nsec) / 1000;
    return us < 1 ? 1 : us > INT32_MAX ? INT32_MAX : (uint32_t)us;
}

static void on_echo(void *ctx, unsigned what)
{
    struct daf_airwatch *w = ctx;
    uint8_t bytes[256];
    struct icmphdr h;
    ssize_t len;

    (void)what;
    while ((len = recv(w->echo.fd, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0) {
        if ((size_t)len < sizeof(h)) continue;
        memcpy(&h, bytes, sizeof(h));
        if (h.type != ICMP_ECHOREPLY || ntohs(h.un.echo.sequence) != w->number)
            continue;
        w->number++; /* a second answer to it is none */
        w->ops.round(w->ops.ctx, since_us(&w->sent));
        /* Now its hardware address is known. */
        if (w->seen.is_guess) daf_airwatch_changed(w);
    }
}

static void on_timer(void *ctx)
{
    struct daf_airwatch *w = ctx;
    const struct sockaddr_in to = {.sin_family = AF_INET,
                                   .sin_addr = {w->seen.gateway}};
    struct daf_mono now = daf_clock_now();
    struct icmphdr h = {.type = ICMP_ECHO};

    if (now.ms >= w->busy.ms || w->seen.gateway == 0) {
        daf_loop_timer_set(&w->timer, DAF_MONO_NEVER);
        return;
    }
    h.un.echo.sequence = htons(++w->number);
    (void)clock_gettime(CLOCK_MONOTONIC, &w->sent);
    (void)sendto(w->echo.fd, &h, sizeof(h), MSG_DONTWAIT,
                 (const struct sockaddr *)&to, sizeof(to));
    daf_loop_timer_set(&w->timer, daf_clock_after(now, DAF_AIRWATCH_ECHO_MS));
}

void daf_airwatch_busy(struct daf_airwatch *w)
{
    struct daf_mono now;

    if (w->echo.fd < 0 || w->seen.gateway == 0 ||
        w->seen.air.kind == DAF_AIR_CABLE)
        return;
    now = daf_clock_now();
    w->busy = daf_clock_after(now, DAF_AIRWATCH_BUSY_MS);
    if (w->timer.at.ms == DAF_MONO_NEVER.ms) daf_loop_timer_set(&w->timer, now);
}

/* ---- making */

enum daf_err daf_airwatch_new(struct daf_loop *loop, const struct daf_key *key,
                              const char *name,
                              const struct daf_airwatch_ops *ops,
                              struct daf_airwatch **out)
{
    struct daf_airwatch *w = calloc(1, sizeof(*w));
    enum daf_err err;

    *out = NULL;
    if (w == NULL) return DAF_ENOMEM;
    w->loop = loop;
    w->ops = *ops;
    w->key = *key;
    if (name != NULL) (void)snprintf(w->name, sizeof(w->name), "%s", name);
    w->timer = (struct daf_loop_timer){.fn = on_timer, .ctx = w};
    /* Where net.ipv4.ping_group_range lets nobody, there are no echoes. */
    w->echo = (struct daf_loop_source){
        .fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
                     IPPROTO_ICMP),
        .fn = on_echo,
        .ctx = w,
    };
    err = daf_loop_timer_open(loop, &w->timer);
    if (err == DAF_OK && w->echo.fd >= 0)
        err = daf_loop_add(loop, &w->echo, true, false);
    if (err != DAF_OK) {
        daf_airwatch_free(w);
        return err;
    }
    *out = w;
    return DAF_OK;
}

void daf_airwatch_free(struct daf_airwatch *w)
{
    if (w == NULL) return;
    daf_loop_remove(w->loop, &w->echo);
    if (w->echo.fd >= 0) (void)close(w->echo.fd);
    daf_loop_timer_close(w->loop, &w->timer);
    sodium_memzero(w, sizeof(*w));
    free(w);
}
