/* SPDX-License-Identifier: Apache-2.0 */
/* node/discover_impl.h - what the discover process's files share; see discover.h.
 *
 *   discover_main.c    its life: which Avahi, what core says, what it may do
 *   discover_seen.c    the instances that are there, and asking where they are
 *   discover_avahi.c   TXT, names, addresses: from and to what Avahi has
 *   discover_system.c  the system's Avahi daemon, by D-Bus
 *   discover_own.c     an mDNS stack of our own
 *
 * An instance is seen once on each interface by each protocol; each of these
 * sightings is asked for its address by itself:
 *
 *      browser: NEW --> ASKING --answer--> KNOWN     FOUND goes to core
 *                        |  ^                        (again at the next NEW)
 *               5 s, no  v  | 1 to 5 s, after many silences up to 80 s
 *                       WAITING
 *
 * REMOVE of the last sighting is LOST.  One answer is enough: a resolver that is
 * kept would ask the network again every two minutes, for each neighbour. */
#ifndef DAF_NODE_DISCOVER_IMPL_H
#define DAF_NODE_DISCOVER_IMPL_H

#include "node/discover.h"

#include <avahi-common/address.h>
#include <avahi-common/defs.h>
#include <avahi-common/simple-watch.h>
#include <avahi-common/strlst.h>
#include <sys/queue.h>

#define DAF_DISCOVER_DOMAIN        "local"
#define DAF_DISCOVER_SIGHTINGS_MAX 16  /* of one instance */
#define DAF_DISCOVER_ASKING_MAX    256 /* resolvers at once; others wait */
#define DAF_DISCOVER_AGAIN_MIN_MS  1000
#define DAF_DISCOVER_AGAIN_MAX_MS  5000
#define DAF_DISCOVER_AGAIN_TWICE \
    4 /* so often twice as long, each second time */
#define DAF_DISCOVER_NAME_BYTES 17 /* 16 hex digits and NUL */

struct daf_discover;
struct daf_discover_service;
struct daf_discover_instance;

struct daf_discover_sighting {
    struct daf_discover_instance *instance;
    AvahiIfIndex interface;
    AvahiProtocol protocol;
    void *resolver;      /* the back's; NULL: not ASKING */
    AvahiTimeout *again; /* NULL: not WAITING */
    unsigned silences;   /* asked in vain; it waits longer each second time */
    LIST_ENTRY(daf_discover_sighting) entry;
};

struct daf_discover_instance {
    struct daf_discover_service *service;
    uint8_t name[8];
    bool is_told; /* FOUND, so LOST must be told too */
    size_t sightings_count;
    LIST_HEAD(, daf_discover_sighting) sightings;
    LIST_ENTRY(daf_discover_instance) entry;
};

/* One kind of service: the door's, the porch's. */
struct daf_discover_service {
    struct daf_discover *d;
    enum daf_endpoint endpoint;
    const char *type;
    bool is_published, is_browsed; /* asked for by core */
    struct daf_announce what;
    AvahiTimeout *again;   /* NULL, or to publish once more */
    void *group, *browser; /* the back's; NULL: none */
    size_t instances_count;
    LIST_HEAD(, daf_discover_instance) instances;
};

/* Who does the work.  A back calls daf_discover_on_*(), never the reverse while
 * it is in one of these. */
struct daf_discover_back {
    enum daf_discover_by by;
    /* Sets d->handle. */
    bool (*open)(struct daf_discover *d);
    /* All groups, browsers and resolvers go with it. */
    void (*close)(struct daf_discover *d);
    /* Fine if it cannot yet: daf_discover_on_running() will follow. */
    bool (*publish)(struct daf_discover_service *s, const char *name,
                    AvahiStringList *txt);
    void (*withdraw)(struct daf_discover_service *s);
    bool (*browse)(struct daf_discover_service *s);
    bool (*ask)(struct daf_discover_sighting *g, const char *name);
    void (*hush)(struct daf_discover_sighting *g); /* free the resolver */
};
extern const struct daf_discover_back daf_discover_system, daf_discover_own;

/* Avahi's two libraries cannot be linked into one program: each has an
 * avahi_entry_group_free() of its own, and the linker would give both the same.
 * So each is loaded by name and its calls are found in it; besides, nobody but
 * discover has them, and what they bring along, in its memory. */
/** daf_discover_own_load, daf_discover_system_load: before anything else of
 * theirs; false if the library is not here. */
bool daf_discover_own_load(void);
bool daf_discover_system_load(void);

/** daf_discover_system_answers: whether a daemon does.  May hang. */
bool daf_discover_system_answers(void);

struct daf_discover {
    int fd;
    bool done;
    int status;
    AvahiSimplePoll *poll;
    const AvahiPoll *api;
    const struct daf_discover_back *back; /* NULL: nobody */
    void *handle;                         /* the back's */
    bool has_failed;                      /* the back: close it soon */
    AvahiWatch *pair, *clock;
    AvahiTimeout *retry;   /* NULL, or to open a back once more */
    AvahiTimeout *crowded; /* NULL, or to end: names were passed over */
    struct daf_discover_service door, porch;
    size_t asking_count;
    uint8_t in[8 * sizeof(struct daf_discover_message)];
    size_t in_len;
};

/* ---- what a back tells (discover_main.c, discover_seen.c) */

/** daf_discover_on_failed: it cannot go on.  Closed when it has returned. */
void daf_discover_on_failed(struct daf_discover *d);
/** daf_discover_on_running: its host name stands, so services can be added. */
void daf_discover_on_running(struct daf_discover *d);
/** daf_discover_on_renaming: services must go until it is running again. */
void daf_discover_on_renaming(struct daf_discover *d);
/** daf_discover_on_refused: the service was not taken; it is tried again. */
void daf_discover_on_refused(struct daf_discover_service *s);

/** daf_discover_on_event: what the browser says. */
void daf_discover_on_event(struct daf_discover_service *s,
                           AvahiIfIndex interface, AvahiProtocol protocol,
                           AvahiBrowserEvent event, const char *name);
/** daf_discover_on_answer: what the resolver says, which is freed. */
void daf_discover_on_answer(struct daf_discover_sighting *g,
                            const AvahiAddress *address, uint16_t port,
                            const AvahiStringList *txt);
/** daf_discover_on_silence: nobody answered the resolver, which is freed. */
void daf_discover_on_silence(struct daf_discover_sighting *g);
/** daf_discover_seen_forget: all sightings of a service; their resolvers are
 * gone already.  Nothing is told. */
void daf_discover_seen_forget(struct daf_discover_service *s);

/* ---- helpers (discover_main.c) */

void daf_discover_tell(struct daf_discover *d,
                       const struct daf_discover_message *m);
/** daf_discover_again: call @fn after 1 to 5 s by chance, twice as long after each
 * two @silences, 16 to 80 s after more than eight; NULL if out of memory. */
AvahiTimeout *daf_discover_again(struct daf_discover *d, unsigned silences,
                                 AvahiTimeoutCallback fn, void *ctx);
/** daf_discover_crowded: names were passed over, of which the browser will not
 * tell again: in a minute the process ends, to begin anew. */
void daf_discover_crowded(struct daf_discover *d);
/** daf_discover_cancel: @t becomes NULL; may be NULL already. */
void daf_discover_cancel(struct daf_discover *d, AvahiTimeout **t);
/** daf_discover_random: 64 bits from the kernel. */
uint64_t daf_discover_random(void);
/** daf_discover_load: the calls of a library, by name.  @out: @count function
 * pointers, all NULL if it returns false. */
bool daf_discover_load(const char *file, const char *const *names, size_t count,
                       void *out);

/* ---- what is said on the network (discover_avahi.c) */

/** daf_discover_avahi_name: @out as it is published. */
void daf_discover_avahi_name(const uint8_t name[8],
                             char out[DAF_DISCOVER_NAME_BYTES]);
/** daf_discover_avahi_name_parse: false if it is none of ours. */
bool daf_discover_avahi_name_parse(const char *text, uint8_t out[8]);

/** daf_discover_avahi_txt: NULL if out of memory.  The caller frees it:
 * avahi_string_list_free(). */
AvahiStringList *daf_discover_avahi_txt(const struct daf_announce *what);
/** daf_discover_avahi_txt_parse: @out->data for @out->endpoint.  False if a key
 * lacks, comes twice or has a wrong value; other keys are passed over. */
bool daf_discover_avahi_txt_parse(const AvahiStringList *txt,
                                  struct daf_announce *out);

/** daf_discover_avahi_addr: false if nobody can be called there. */
bool daf_discover_avahi_addr(const AvahiAddress *address,
                             AvahiIfIndex interface, uint16_t port,
                             struct daf_addr *out);
/** daf_discover_avahi_protocol: to look for others by: IPv4 where this machine has
 * an address of it, else both. */
AvahiProtocol daf_discover_avahi_protocol(void);
/** daf_discover_avahi_is_inner: it is this machine's loopback, and the machine
 * has a network too. */
bool daf_discover_avahi_is_inner(const AvahiAddress *address,
                                 AvahiIfIndex interface);

#endif
