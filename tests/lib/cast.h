/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/cast.h - several devices of one camp on one table: real agents, real
 * stores, a made-up network, a made-up clock.
 *
 * The network delivers in order, one frame at a time, and can be cut between any
 * two.  A disk takes what it is given at once, or only when told, so a test can
 * pull the plug between the hand-over and the commit.  What is said is written
 * down, one line a frame, and a story is compared line by line. */
#ifndef DAF_TESTS_LIB_CAST_H
#define DAF_TESTS_LIB_CAST_H

#include "node/core/agent.h"
#include "store/store.h"

#define CAST_NODES_MAX 22

struct cast; /* node 0 is the coordinator */

/** cast_new: @count devices, each enrolled by node 0 and holding all of control,
 * or (@enrolled_apart) only what node 0 had signed when its turn came. */
struct cast *cast_new(size_t count, bool enrolled_apart);
void cast_free(struct cast *c);

/** cast_peer: tell device @from the address of device @to's door. */
void cast_peer(struct cast *c, size_t from, size_t to);
/** cast_learn: write what a learner did; the disk has it when cast_run() ends. */
void cast_learn(struct cast *c, size_t node, const char *learner,
                const char *item, uint32_t score);
/** cast_revoke: the coordinator revokes device @who; as cast_learn(). */
void cast_revoke(struct cast *c, size_t who);
/** cast_handles: the erase handles that device @node knows of the learner of this
 * name; returns how many. */
size_t cast_handles(struct cast *c, size_t node, const char *learner,
                    struct daf_handle *out, size_t cap);
/** cast_erase: the coordinator erases them; as cast_learn(). */
void cast_erase(struct cast *c, const struct daf_handle *handles, size_t count);
/** cast_run: deliver, commit and let timers pass for @ms of made-up time.  Fails
 * the test after a million steps: somebody never falls silent. */
void cast_run(struct cast *c, uint64_t ms);

void cast_cut(struct cast *c, size_t a, size_t b);
void cast_heal(struct cast *c, size_t a, size_t b);
/** cast_slow_disk: commits of @node wait for cast_disk(). */
void cast_slow_disk(struct cast *c, size_t node, bool is_slow);
void cast_disk(struct cast *c, size_t node);
/** cast_full_disk: commits of @node fail with DAF_EFULL. */
void cast_full_disk(struct cast *c, size_t node, bool is_full);
/** cast_pull_plug: @node forgets all but its disk and starts again. */
void cast_pull_plug(struct cast *c, size_t node);
/** cast_copy_card: device @to's card becomes a copy of @from's: keys, certificate
 * and notebook.  Both start anew. */
void cast_copy_card(struct cast *c, size_t from, size_t to);
/** cast_backup, _restore: put a copy of its notebook aside; put that back, once, and
 * start. */
void cast_backup(struct cast *c, size_t node);
void cast_restore(struct cast *c, size_t node);

/** cast_dir: the folder of @node's notebook. */
const char *cast_dir(struct cast *c, size_t node);

/** cast_hear_fn: a frame that reached a device; false keeps it from the agent. */
typedef bool (*cast_hear_fn)(void *ctx, struct daf_view frame);
/** cast_listen: @hear first what comes to @node; NULL ends it. */
void cast_listen(struct cast *c, size_t node, cast_hear_fn hear, void *ctx);
/** cast_say: send @frame as if the agent of @from had.  Fails the test if the two
 * are not connected. */
void cast_say(struct cast *c, size_t from, size_t to, struct daf_view frame);

struct daf_agent *cast_agent(struct cast *c, size_t node);
struct daf_store *cast_reader(struct cast *c, size_t node);
/** cast_writer: for what a device holds that its agent did not write. */
struct daf_store *cast_writer(struct cast *c, size_t node);
struct daf_author_id cast_author(struct cast *c, size_t node);
const struct daf_secrets *cast_secrets(struct cast *c, size_t node);
struct daf_scope_id cast_scope(struct cast *c, const char *scope);
/** cast_records: how many records of @scope the device holds. */
uint64_t cast_records(struct cast *c, size_t node, const char *scope);
/** cast_equal: whether all scopes of two devices have equal digests. */
bool cast_equal(struct cast *c, size_t a, size_t b);
/** cast_last_wrote: the last write that ended on @node. */
const struct daf_wrote *cast_last_wrote(struct cast *c, size_t node);
size_t cast_wrote_count(struct cast *c, size_t node);

/** cast_story: the lines so far, "0>1 HELLO\n…"; from cast_new or the last
 * cast_story_clear().  Door and mesh frames alike. */
const char *cast_story(struct cast *c);
void cast_story_clear(struct cast *c);

#endif
