/* SPDX-License-Identifier: Apache-2.0 */
/* Between an agent and its port, for a tester who lets the agent's own work fail:
 * what the fleet does for it meanwhile must not. */
#include "sim/device/fleet_impl.h"

static bool leave(struct daf_fleet_device *d)
{
    const struct daf_fleet_events *events = &d->fleet->events;
    bool was = d->is_at_work;

    d->is_at_work = false;
    if (was) events->at_work(events->ctx, false);
    return was;
}

static void come_back(struct daf_fleet_device *d, bool was)
{
    const struct daf_fleet_events *events = &d->fleet->events;

    d->is_at_work = was;
    if (was) events->at_work(events->ctx, true);
}

/* A function of the port's that does what @call does. */
#define AWAY(name, parameters, call)                \
    static void name parameters                     \
    {                                               \
        struct daf_fleet_device *d = ctx;           \
        const struct daf_port *p = &d->fleet->port; \
        bool was = leave(d);                        \
        call;                                       \
        come_back(d, was);                          \
    }

AWAY(port_send, (void *ctx, uint32_t conn, struct daf_view frame),
     p->send(ctx, conn, frame))
AWAY(port_close, (void *ctx, uint32_t conn), p->close(ctx, conn))
AWAY(port_connect,
     (void *ctx, uint32_t conn, enum daf_endpoint endpoint,
      const struct daf_addr *addr, const struct daf_box_pk *server),
     p->connect(ctx, conn, endpoint, addr, server))
AWAY(port_admit, (void *ctx, const struct daf_box_pk *key, bool allowed),
     p->admit(ctx, key, allowed))
AWAY(port_announce, (void *ctx, const struct daf_announce *what),
     p->announce(ctx, what))
AWAY(port_withdraw, (void *ctx, enum daf_endpoint endpoint),
     p->withdraw(ctx, endpoint))
AWAY(port_begin, (void *ctx, uint64_t job), p->store_begin(ctx, job))
AWAY(port_keep, (void *ctx, const struct daf_keep *keep),
     p->store_keep(ctx, keep))
AWAY(port_unchecked, (void *ctx, const struct daf_stretch *what),
     p->store_unchecked(ctx, what))
AWAY(port_checked, (void *ctx, const struct daf_stretch *what),
     p->store_checked(ctx, what))
AWAY(port_drop,
     (void *ctx, const struct daf_log_key *log, const struct daf_spot *spot),
     p->store_drop(ctx, log, spot))
AWAY(port_erase, (void *ctx, const struct daf_erase *what),
     p->store_erase(ctx, what))
AWAY(port_self, (void *ctx, const struct daf_self *self),
     p->store_self(ctx, self))
AWAY(port_end, (void *ctx, uint64_t job), p->store_end(ctx, job))
AWAY(port_acked,
     (void *ctx, const struct daf_log_key *log, uint64_t seq_first,
      const struct daf_spot *last),
     p->store_acked(ctx, log, seq_first, last))

AWAY(port_content_put,
     (void *ctx, uint32_t conn, const struct daf_port_piece *piece),
     p->content_put(ctx, conn, piece))
AWAY(port_content_forget, (void *ctx, uint32_t conn),
     p->content_forget(ctx, conn))
AWAY(port_content_read,
     (void *ctx, uint32_t conn, const struct daf_port_piece *piece),
     p->content_read(ctx, conn, piece))

void daf_fleet_port(struct daf_fleet_device *d)
{
    const struct daf_fleet *f = d->fleet;

    d->port = f->port;
    d->port.ctx = d;
    if (f->events.works == NULL) return;
    d->port.send = port_send;
    d->port.close = port_close;
    d->port.connect = port_connect;
    d->port.admit = port_admit;
    d->port.announce = port_announce;
    d->port.withdraw = port_withdraw;
    d->port.store_begin = port_begin;
    d->port.store_keep = port_keep;
    d->port.store_unchecked = port_unchecked;
    d->port.store_checked = port_checked;
    d->port.store_drop = port_drop;
    d->port.store_erase = port_erase;
    d->port.store_self = port_self;
    d->port.store_end = port_end;
    d->port.store_acked = port_acked;
    d->port.content_put = port_content_put;
    d->port.content_forget = port_content_forget;
    d->port.content_read = port_content_read;
}

/* ---- its work */

bool daf_fleet_work(struct daf_fleet_device *d, void (*work)(void *arg),
                    void *arg)
{
    const struct daf_fleet_events *events = &d->fleet->events;
    bool is_done = true;

    if (events->works == NULL) {
        work(arg);
        return true;
    }
    d->is_at_work = true;
    is_done = events->works(events->ctx, d->number, work, arg);
    d->is_at_work = false;
    return is_done;
}

void daf_fleet_told(struct daf_fleet_device *d, const struct daf_wrote *wrote)
{
    const struct daf_fleet_events *events = &d->fleet->events;

    if (events->wrote == NULL) return;
    bool was = leave(d);
    events->wrote(events->ctx, d->number, wrote->ticket, wrote->err,
                  wrote->seq);
    come_back(d, was);
}
