/* SPDX-License-Identifier: Apache-2.0 */
/* node/discover_own.c - an mDNS stack of our own: avahi-core, embedded.
 *
 * Lookup flags are 0 everywhere: AVAHI_LOOKUP_USE_MULTICAST crashes on a CNAME
 * that names itself (Avahi 0.8). */
#include "node/discover_impl.h"

#include <assert.h>
#include <avahi-common/malloc.h>
#include <avahi-core/core.h>
#include <avahi-core/log.h>
#include <avahi-core/lookup.h>
#include <avahi-core/publish.h>

#define CALLS(X)                 \
    X(s_entry_group_commit)      \
    X(s_entry_group_free)        \
    X(s_entry_group_new)         \
    X(s_service_browser_new)     \
    X(s_service_resolver_free)   \
    X(s_service_resolver_new)    \
    X(server_add_service_strlst) \
    X(server_config_free)        \
    X(server_config_init)        \
    X(server_free)               \
    X(server_get_state)          \
    X(server_new)                \
    X(server_set_host_name)      \
    X(set_log_function)

/* A member's name takes no parentheses.  NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define MEMBER(name) __typeof__(avahi_##name) *name;
#define NAME(name)   "avahi_" #name,
static struct {
    CALLS(MEMBER)
} lib;
static const char *const names[] = {CALLS(NAME)};
#define NAMES (sizeof(names) / sizeof(names[0]))
static_assert(sizeof(lib) == NAMES * sizeof(void *), "one pointer a name");

bool daf_discover_own_load(void)
{
    return daf_discover_load("libavahi-core.so.7", names, NAMES, &lib);
}

/* Of records that change on one interface: 1,000 a second. */
#define RATE_US    1000000
#define RATE_BURST 1000

/* A name that tells nothing; drawn anew after a collision. */
static void draw_host_name(char out[DAF_DISCOVER_NAME_BYTES])
{
    uint64_t n = daf_discover_random();
    uint8_t bytes[sizeof(n)];

    memcpy(bytes, &n, sizeof(bytes));
    daf_discover_avahi_name(bytes, out);
}

static void on_server(AvahiServer *server, AvahiServerState state, void *ctx)
{
    struct daf_discover *d = ctx;
    char name[DAF_DISCOVER_NAME_BYTES];

    d->handle = server; /* called first before avahi_server_new() returns */
    switch (state) {
    case AVAHI_SERVER_RUNNING:
        daf_discover_on_running(d);
        break;
    case AVAHI_SERVER_REGISTERING:
        daf_discover_on_renaming(d);
        break;
    case AVAHI_SERVER_COLLISION:
        daf_discover_on_renaming(d);
        draw_host_name(name);
        if (lib.server_set_host_name(server, name) < 0)
            daf_discover_on_failed(d);
        break;
    case AVAHI_SERVER_INVALID:
    case AVAHI_SERVER_FAILURE:
        daf_discover_on_failed(d);
        break;
    }
}

/* It would tell of packets that strangers send. */
static void say_nothing(AvahiLogLevel level, const char *text)
{
    (void)level;
    (void)text;
}

static bool open_server(struct daf_discover *d)
{
    AvahiServerConfig config;
    char name[DAF_DISCOVER_NAME_BYTES];
    int error;

    if (lib.server_new == NULL) return false; /* not installed */
    lib.set_log_function(say_nothing);
    draw_host_name(name);
    (void)lib.server_config_init(&config);
    config.host_name = avahi_strdup(name);
    config.domain_name = avahi_strdup(DAF_DISCOVER_DOMAIN);
    config.publish_hinfo = 0;
    config.publish_workstation = 0;
    config.publish_domain = 0;
    config.add_service_cookie = 0;
    config.enable_wide_area = 0;
    config.enable_reflector = 0;
    config.ratelimit_interval = RATE_US;
    config.ratelimit_burst = RATE_BURST;
    /* Without memory for the name it would tell the machine's. */
    if (config.host_name != NULL && config.domain_name != NULL)
        d->handle = lib.server_new(d->api, &config, on_server, d, &error);
    lib.server_config_free(&config);
    return d->handle != NULL;
}

static void close_server(struct daf_discover *d)
{
    if (d->handle != NULL) lib.server_free(d->handle);
}

/* ---- publishing */

static void on_group(AvahiServer *server, AvahiSEntryGroup *group,
                     AvahiEntryGroupState state, void *ctx)
{
    (void)server;
    (void)group;
    if (state == AVAHI_ENTRY_GROUP_COLLISION ||
        state == AVAHI_ENTRY_GROUP_FAILURE)
        daf_discover_on_refused(ctx);
}

static bool publish(struct daf_discover_service *s, const char *name,
                    AvahiStringList *txt)
{
    AvahiServer *server = s->d->handle;

    if (lib.server_get_state(server) != AVAHI_SERVER_RUNNING) return true;
    s->group = lib.s_entry_group_new(server, on_group, s);
    return s->group != NULL &&
           lib.server_add_service_strlst(server, s->group, AVAHI_IF_UNSPEC,
                                         AVAHI_PROTO_UNSPEC,
                                         AVAHI_PUBLISH_NO_COOKIE, name, s->type,
                                         DAF_DISCOVER_DOMAIN, NULL,
                                         s->what.port, txt) == 0 &&
           lib.s_entry_group_commit(s->group) == 0;
}

static void withdraw(struct daf_discover_service *s)
{
    lib.s_entry_group_free(s->group);
}

/* ---- looking */

/* Avahi's arguments.  NOLINTNEXTLINE(readability-function-size) */
static void on_browser(AvahiSServiceBrowser *browser, AvahiIfIndex interface,
                       AvahiProtocol protocol, AvahiBrowserEvent event,
                       const char *name, const char *type, const char *domain,
                       AvahiLookupResultFlags flags, void *ctx)
{
    (void)browser;
    (void)type;
    (void)domain;
    (void)flags;
    daf_discover_on_event(ctx, interface, protocol, event, name);
}

static bool browse(struct daf_discover_service *s)
{
    s->browser = lib.s_service_browser_new(s->d->handle, AVAHI_IF_UNSPEC,
                                           daf_discover_avahi_protocol(),
                                           s->type, DAF_DISCOVER_DOMAIN,
                                           (AvahiLookupFlags)0, on_browser, s);
    return s->browser != NULL;
}

/* Avahi's arguments.  NOLINTNEXTLINE(readability-function-size) */
static void on_resolver(AvahiSServiceResolver *resolver, AvahiIfIndex interface,
                        AvahiProtocol protocol, AvahiResolverEvent event,
                        const char *name, const char *type, const char *domain,
                        const char *host_name, const AvahiAddress *address,
                        uint16_t port, AvahiStringList *txt,
                        AvahiLookupResultFlags flags, void *ctx)
{
    (void)resolver;
    (void)interface;
    (void)protocol;
    (void)name;
    (void)type;
    (void)domain;
    (void)host_name;
    (void)flags;
    if (event == AVAHI_RESOLVER_FOUND)
        daf_discover_on_answer(ctx, address, port, txt);
    else
        daf_discover_on_silence(ctx);
}

static bool ask(struct daf_discover_sighting *g, const char *name)
{
    const struct daf_discover_service *s = g->instance->service;

    g->resolver =
        lib.s_service_resolver_new(s->d->handle, g->interface, g->protocol,
                                   name, s->type, DAF_DISCOVER_DOMAIN,
                                   g->protocol, (AvahiLookupFlags)0,
                                   on_resolver, g);
    return g->resolver != NULL;
}

static void hush(struct daf_discover_sighting *g)
{
    lib.s_service_resolver_free(g->resolver);
}

const struct daf_discover_back daf_discover_own = {
    .by = DAF_DISCOVER_BY_ITSELF,
    .open = open_server,
    .close = close_server,
    .publish = publish,
    .withdraw = withdraw,
    .browse = browse,
    .ask = ask,
    .hush = hush,
};
