/* SPDX-License-Identifier: Apache-2.0 */
/* node/discover_seen.c - the instances that are there, and where. */
#include "node/discover_impl.h"

#include <avahi-common/watch.h>
#include <stdlib.h>

static struct daf_discover_instance *find(struct daf_discover_service *s,
                                          const uint8_t name[8])
{
    struct daf_discover_instance *i;

    LIST_FOREACH(i, &s->instances, entry)
    if (memcmp(i->name, name, sizeof(i->name)) == 0) return i;
    return NULL;
}

static struct daf_discover_sighting *find_sighting(
    struct daf_discover_instance *i, AvahiIfIndex interface,
    AvahiProtocol protocol)
{
    struct daf_discover_sighting *g;

    LIST_FOREACH(g, &i->sightings, entry)
    if (g->interface == interface && g->protocol == protocol) return g;
    return NULL;
}

static struct daf_discover_sighting *enter_sighting(
    struct daf_discover_instance *i, AvahiIfIndex interface,
    AvahiProtocol protocol)
{
    struct daf_discover_sighting *g = NULL;

    if (i->sightings_count < DAF_DISCOVER_SIGHTINGS_MAX)
        g = calloc(1, sizeof(*g));
    if (g == NULL) return NULL;
    g->instance = i;
    g->interface = interface;
    g->protocol = protocol;
    LIST_INSERT_HEAD(&i->sightings, g, entry);
    i->sightings_count++;
    return g;
}

static void leave_if_unseen(struct daf_discover_instance *i)
{
    if (i->sightings_count > 0) return;
    LIST_REMOVE(i, entry);
    i->service->instances_count--;
    free(i);
}

/* Its resolver is gone already.  The instance goes with its last one. */
static void leave(struct daf_discover_sighting *g)
{
    struct daf_discover_instance *i = g->instance;

    daf_discover_cancel(i->service->d, &g->again);
    LIST_REMOVE(g, entry);
    free(g);
    i->sightings_count--;
    leave_if_unseen(i);
}

/* ---- asking */

static void hush(struct daf_discover_sighting *g)
{
    struct daf_discover *d = g->instance->service->d;

    if (g->resolver == NULL) return;
    d->back->hush(g);
    g->resolver = NULL;
    d->asking_count--;
}

/* Of those that never answered the one that is there longest: invented perhaps. */
static void make_room(struct daf_discover_service *s)
{
    struct daf_discover_instance *i, *oldest = NULL;
    struct daf_discover_sighting *g;
    size_t left;

    daf_discover_crowded(s->d);
    LIST_FOREACH(i, &s->instances, entry)
    if (!i->is_told) oldest = i;
    if (oldest == NULL) return;
    for (left = oldest->sightings_count; left > 0; left--) {
        g = LIST_FIRST(&oldest->sightings);
        hush(g);
        leave(g); /* the last one takes the instance along */
    }
}

static struct daf_discover_instance *enter(struct daf_discover_service *s,
                                           const uint8_t name[8])
{
    struct daf_discover_instance *i = NULL;

    if (s->instances_count == DAF_DISCOVER_INSTANCES_MAX) make_room(s);
    if (s->instances_count < DAF_DISCOVER_INSTANCES_MAX)
        i = calloc(1, sizeof(*i));
    if (i == NULL) return NULL;
    i->service = s;
    memcpy(i->name, name, sizeof(i->name));
    LIST_INIT(&i->sightings);
    LIST_INSERT_HEAD(&s->instances, i, entry);
    s->instances_count++;
    return i;
}

static void on_again(AvahiTimeout *t, void *ctx);

static void ask(struct daf_discover_sighting *g)
{
    struct daf_discover *d = g->instance->service->d;
    char name[DAF_DISCOVER_NAME_BYTES];

    if (g->resolver != NULL || g->again != NULL) return;
    daf_discover_avahi_name(g->instance->name, name);
    if (d->asking_count < DAF_DISCOVER_ASKING_MAX && d->back->ask(g, name))
        d->asking_count++;
    else
        g->again = daf_discover_again(d, 0, on_again, g);
}

static void on_again(AvahiTimeout *t, void *ctx)
{
    struct daf_discover_sighting *g = ctx;

    (void)t;
    daf_discover_cancel(g->instance->service->d, &g->again);
    ask(g);
}

void daf_discover_on_silence(struct daf_discover_sighting *g)
{
    hush(g);
    g->again =
        daf_discover_again(g->instance->service->d, g->silences++, on_again, g);
}

void daf_discover_on_answer(struct daf_discover_sighting *g,
                            const AvahiAddress *address, uint16_t port,
                            const AvahiStringList *txt)
{
    struct daf_discover_instance *i = g->instance;
    struct daf_announce what = {.endpoint = i->service->endpoint};
    struct daf_discover_message m = {.kind = DAF_DISCOVER_FOUND,
                                     .endpoint = (uint8_t)what.endpoint,
                                     .port = port};
    bool is_good;

    /* All of it is a stranger's, and lives no longer than the resolver. */
    is_good = address != NULL && daf_discover_avahi_txt_parse(txt, &what) &&
              daf_discover_avahi_addr(address, g->interface, port, &m.addr) &&
              !daf_discover_avahi_is_inner(address, g->interface);
    hush(g);
    if (!is_good) return;
    memcpy(m.name, i->name, sizeof(m.name));
    memcpy(m.data, what.data, sizeof(m.data));
    i->is_told = true;
    daf_discover_tell(i->service->d, &m);
}

/* ---- what the browser says */

static void on_new(struct daf_discover_service *s, AvahiIfIndex interface,
                   AvahiProtocol protocol, const char *name)
{
    struct daf_discover_instance *i;
    struct daf_discover_sighting *g;
    uint8_t bytes[8];

    if (!daf_discover_avahi_name_parse(name, bytes)) return;
    i = find(s, bytes);
    if (i == NULL) i = enter(s, bytes);
    if (i == NULL) return;
    g = find_sighting(i, interface, protocol);
    if (g == NULL) g = enter_sighting(i, interface, protocol);
    if (g != NULL)
        ask(g);
    else
        leave_if_unseen(i);
}

static void on_remove(struct daf_discover_service *s, AvahiIfIndex interface,
                      AvahiProtocol protocol, const char *name)
{
    struct daf_discover_message m = {.kind = DAF_DISCOVER_LOST,
                                     .endpoint = (uint8_t)s->endpoint};
    struct daf_discover_instance *i = NULL;
    struct daf_discover_sighting *g = NULL;
    bool is_lost;

    if (daf_discover_avahi_name_parse(name, m.name)) i = find(s, m.name);
    if (i != NULL) g = find_sighting(i, interface, protocol);
    if (g == NULL) return;
    is_lost = i->is_told && i->sightings_count == 1;
    hush(g);
    leave(g);
    if (is_lost) daf_discover_tell(s->d, &m);
}

void daf_discover_on_event(struct daf_discover_service *s,
                           AvahiIfIndex interface, AvahiProtocol protocol,
                           AvahiBrowserEvent event, const char *name)
{
    switch (event) {
    case AVAHI_BROWSER_NEW:
        on_new(s, interface, protocol, name);
        break;
    case AVAHI_BROWSER_REMOVE:
        on_remove(s, interface, protocol, name);
        break;
    case AVAHI_BROWSER_FAILURE:
        daf_discover_on_failed(s->d);
        break;
    case AVAHI_BROWSER_CACHE_EXHAUSTED:
    case AVAHI_BROWSER_ALL_FOR_NOW:
        break;
    }
}

void daf_discover_seen_forget(struct daf_discover_service *s)
{
    struct daf_discover_instance *i;
    struct daf_discover_sighting *g;

    /* The last sighting takes its instance off the list, which the analyzer does
     * not see.  NOLINTNEXTLINE(clang-analyzer-unix.Malloc) */
    while ((i = LIST_FIRST(&s->instances)) != NULL) {
        g = LIST_FIRST(&i->sightings);
        if (g->resolver != NULL) s->d->asking_count--;
        leave(g);
    }
}
