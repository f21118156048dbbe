/* SPDX-License-Identifier: Apache-2.0 */
/* node/discover_system.c - the system's Avahi daemon, over D-Bus.  Each call waits
 * for the daemon; one that hangs is ended with this process (HANG_S). */
#include "node/discover_impl.h"

#include <assert.h>
#include <avahi-client/client.h>
#include <avahi-client/lookup.h>
#include <avahi-client/publish.h>

#define CALLS(X)                      \
    X(client_free)                    \
    X(client_get_state)               \
    X(client_new)                     \
    X(entry_group_add_service_strlst) \
    X(entry_group_commit)             \
    X(entry_group_free)               \
    X(entry_group_new)                \
    X(service_browser_new)            \
    X(service_resolver_free)          \
    X(service_resolver_new)

/* A member's name takes no parentheses.  NOLINTNEXTLINE(bugprone-macro-parentheses) */
#define MEMBER(name) __typeof__(avahi_##name) *name;
#define NAME(name)   "avahi_" #name,
static struct {
    CALLS(MEMBER)
} lib;
static const char *const names[] = {CALLS(NAME)};
#define NAMES (sizeof(names) / sizeof(names[0]))
static_assert(sizeof(lib) == NAMES * sizeof(void *), "one pointer a name");

bool daf_discover_system_load(void)
{
    return daf_discover_load("libavahi-client.so.3", names, NAMES, &lib);
}

static void on_client(AvahiClient *client, AvahiClientState state, void *ctx)
{
    struct daf_discover *d = ctx;

    d->handle = client; /* called first before avahi_client_new() returns */
    switch (state) {
    case AVAHI_CLIENT_S_RUNNING:
        daf_discover_on_running(d);
        break;
    case AVAHI_CLIENT_S_REGISTERING:
    case AVAHI_CLIENT_S_COLLISION:
        daf_discover_on_renaming(d);
        break;
    case AVAHI_CLIENT_CONNECTING:
    case AVAHI_CLIENT_FAILURE:
        daf_discover_on_failed(d);
        break;
    }
}

bool daf_discover_system_answers(void)
{
    AvahiSimplePoll *poll = avahi_simple_poll_new();
    AvahiClient *client = NULL;
    int error;

    if (poll != NULL && lib.client_new != NULL)
        client = lib.client_new(avahi_simple_poll_get(poll),
                                (AvahiClientFlags)0, NULL, NULL, &error);
    return client != NULL; /* the process ends, and all this with it */
}

static bool open_client(struct daf_discover *d)
{
    int error;

    d->handle =
        lib.client_new(d->api, AVAHI_CLIENT_NO_FAIL, on_client, d, &error);
    return d->handle != NULL;
}

static void close_client(struct daf_discover *d)
{
    if (d->handle != NULL) lib.client_free(d->handle);
}

/* ---- publishing */

static void on_group(AvahiEntryGroup *group, AvahiEntryGroupState state,
                     void *ctx)
{
    (void)group;
    if (state == AVAHI_ENTRY_GROUP_COLLISION ||
        state == AVAHI_ENTRY_GROUP_FAILURE)
        daf_discover_on_refused(ctx);
}

static bool publish(struct daf_discover_service *s, const char *name,
                    AvahiStringList *txt)
{
    AvahiClient *client = s->d->handle;

    if (lib.client_get_state(client) != AVAHI_CLIENT_S_RUNNING) return true;
    s->group = lib.entry_group_new(client, on_group, s);
    return s->group != NULL &&
           lib.entry_group_add_service_strlst(s->group, AVAHI_IF_UNSPEC,
                                              AVAHI_PROTO_UNSPEC,
                                              AVAHI_PUBLISH_NO_COOKIE, name,
                                              s->type, DAF_DISCOVER_DOMAIN,
                                              NULL, s->what.port, txt) == 0 &&
           lib.entry_group_commit(s->group) == 0;
}

static void withdraw(struct daf_discover_service *s)
{
    (void)lib.entry_group_free(s->group);
}

/* ---- looking */

/* Avahi's arguments.  NOLINTNEXTLINE(readability-function-size) */
static void on_browser(AvahiServiceBrowser *browser, AvahiIfIndex interface,
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
    s->browser = lib.service_browser_new(s->d->handle, AVAHI_IF_UNSPEC,
                                         daf_discover_avahi_protocol(), s->type,
                                         DAF_DISCOVER_DOMAIN,
                                         (AvahiLookupFlags)0, on_browser, s);
    return s->browser != NULL;
}

/* Avahi's arguments.  NOLINTNEXTLINE(readability-function-size) */
static void on_resolver(AvahiServiceResolver *resolver, AvahiIfIndex interface,
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
        lib.service_resolver_new(s->d->handle, g->interface, g->protocol, name,
                                 s->type, DAF_DISCOVER_DOMAIN, g->protocol,
                                 (AvahiLookupFlags)0, on_resolver, g);
    return g->resolver != NULL;
}

static void hush(struct daf_discover_sighting *g)
{
    (void)lib.service_resolver_free(g->resolver);
}

const struct daf_discover_back daf_discover_system = {
    .by = DAF_DISCOVER_BY_SYSTEM,
    .open = open_client,
    .close = close_client,
    .publish = publish,
    .withdraw = withdraw,
    .browse = browse,
    .ask = ask,
    .hush = hush,
};
