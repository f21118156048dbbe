/* SPDX-License-Identifier: Apache-2.0 */
/* node/offline.h - the agent on a home whose daemon is not running: the same
 * code, with the disk asked at once and nobody to talk to.
 *
 * Also what daemon and commands share about making an agent from a home. */
#ifndef DAF_NODE_OFFLINE_H
#define DAF_NODE_OFFLINE_H

#include "node/home.h"
#include "node/machine.h"
#include "node/selfvalue.h"

/* Local values in the store (daf_store_set): 8 bytes, big endian; three marks. */
#define DAF_VALUE_BOOT    "boot"
#define DAF_VALUE_MACHINE "machine"

/** daf_offline_agent: make an agent for @home over a reader of its store.
 * @seed: chance, 32 bytes; copied.  @port, @wrote, @ctx as daf_agent_new. */
DAF_NODISCARD enum daf_err daf_offline_agent(
    const struct daf_home *home, struct daf_store *reader, uint64_t boot_number,
    const struct daf_port *port, daf_wrote_fn wrote, void *ctx,
    const uint8_t seed[32], struct daf_agent **out, struct daf_trouble *t);

/** daf_offline_prepare: with the lock held and a writer open, make sure that the
 * store has an incarnation, a new one after a repair that asked for it
 * (DAF_STORE_NEW_START) and on another @machine (R128), and count this start.
 * @machine: NULL: it is not looked at.  Durable on return. */
DAF_NODISCARD enum daf_err daf_offline_prepare(
    struct daf_store *writer, const struct daf_machine *machine,
    uint64_t *out_boot, struct daf_trouble *t);

/** daf_offline_camp: the camp as the store's control tells it, with the roster of
 * learners if @with_roster.  The caller owns it: daf_camp_free(). */
DAF_NODISCARD enum daf_err daf_offline_camp(const struct daf_home *home,
                                            struct daf_store *reader,
                                            bool with_roster,
                                            struct daf_camp **out,
                                            struct daf_trouble *t);

/** daf_offline_store: open the home's notebook, with words for what may fail. */
DAF_NODISCARD enum daf_err daf_offline_store(const struct daf_home *home,
                                             enum daf_store_mode mode,
                                             struct daf_store **out,
                                             struct daf_trouble *t);

/* --- many writes on a locked home without a daemon */
struct daf_offline; /* opaque */

/** daf_offline_open: open the store and make the agent.
 * @home: locked; outlives the result.
 * @wrote, @ctx: how each write ended, in order, once it is durable.
 * The caller owns @out: daf_offline_close(). */
DAF_NODISCARD enum daf_err daf_offline_open(struct daf_home *home,
                                            daf_wrote_fn wrote, void *ctx,
                                            struct daf_offline **out,
                                            struct daf_trouble *t);
/** daf_offline_put: give a write; copied. */
void daf_offline_put(struct daf_offline *o, const struct daf_write *write);
/** daf_offline_flush: return when all given so far has ended. */
void daf_offline_flush(struct daf_offline *o);
/** daf_offline_close: NULL is fine. */
void daf_offline_close(struct daf_offline *o);

/** daf_offline_refused: words for why a write ended as it did. */
void daf_offline_refused(struct daf_trouble *t, const struct daf_wrote *wrote);

/** daf_offline_write: one write on a locked home without a daemon: opens the
 * store, runs the agent, returns when durable.  Learns nothing else. */
DAF_NODISCARD enum daf_err daf_offline_write(struct daf_home *home,
                                             const struct daf_write *write,
                                             struct daf_wrote *out,
                                             struct daf_trouble *t);

#endif
