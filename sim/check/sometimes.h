/* SPDX-License-Identifier: Apache-2.0 */
/* sim/check/sometimes.h - what must have happened somewhere in a batch of worlds.
 *
 * A tester whose faults never bite proves nothing.  So what it is there to meet has
 * a name; a world collects those that it met, and a batch of 500 that never met one
 * fails. */
#ifndef DAF_SIM_CHECK_SOMETIMES_H
#define DAF_SIM_CHECK_SOMETIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DAF_SOMETIMES(X)                                                 \
    X(AGAIN, "a frame was lost and sent again")                          \
    X(SHARED, "two contacts shared one cell of air")                     \
    X(DEAF, "one of two did not hear the other")                         \
    X(FLAP, "a contact lasted less than a second")                       \
    X(CUT_SHORT, "a contact ended before its handshake")                 \
    X(CLOGGED, "links clogged and came free in another order")           \
    X(PARTED, "the camp was parted in two")                              \
    X(BATCH_LOST, "power went while a batch was on its way to the disk") \
    X(RESTARTED, "a device came back after its power was cut")           \
    X(SWITCHED_OFF, "a device was switched off in good order")           \
    X(PAUSED, "a device stood still for less than the silence")          \
    X(SUSPENDED, "a device stood still until its peers gave it up")      \
    X(CLOCK_BACK, "a wall clock went back")                              \
    X(CLOCK_1970, "a wall clock began at 1970")                          \
    X(DISK_FULL, "a disk was full")                                      \
    X(DISK_ERROR, "a disk failed")                                       \
    X(NO_MEMORY, "the notebook had no memory for a batch")               \
    X(WRITE_REFUSED, "a person was told that her work was not kept")     \
    X(CLONED, "a card was copied and both were used")                    \
    X(FORKED, "two cards wrote one log")                                 \
    X(SWAPPED, "two cards changed places")                               \
    X(REVOKED, "a hostile device was turned away by who knows it")       \
    X(HINT_FALSE, "a false announcement was heard")                      \
    X(HINT_MISSED, "a peer's end was told while it was there")           \
    X(TAMPERED, "a hostile device said a frame that no agent says")      \
    X(FORGED, "a hostile device served a record that is not right")      \
    X(WITHHELD, "a hostile device claimed and did not send")             \
    X(REFUSED, "something from a peer was refused")                      \
    X(DROPPED, "a record that turned out bad was dropped")               \
    X(UNCHECKED, "a record was kept before it was verified")             \
    X(DEFERRED, "a log was over budget")                                 \
    X(BODY_LATE, "a body came after its header")                         \
    X(BREACH, "a session ended by a breach")                             \
    X(TIMEOUT, "a session ended because nothing came")                   \
    X(DUPLICATE, "of two sessions with one peer one ended")              \
    X(SKETCH, "symbols were asked for")                                  \
    X(PAGE, "a page was asked for")                                      \
    X(IN_STEP, "two met again with nothing new")                         \
    X(NEED, "lacking bodies were asked for")                             \
    X(UNACKED, "own records without a copy elsewhere were named")        \
    X(ANSWERED, "news was answered by news")                             \
    X(RUN_CUT, "an answer was cut short")                                \
    X(MANY_CORES, "a core was less than all")                            \
    X(LOSSY_CORE, "a core converged under loss")                         \
    X(ALLOC_FAILED, "an allocation failed inside an agent")              \
    X(STOPPED, "an agent stopped for want of memory")                    \
    X(NOT_STARTED, "an agent had no memory to start")                    \
    X(DAMAGE_TOLD, "a notebook said that it is damaged")                 \
    X(ROT_FOUND, "rot was found")                                        \
    X(ROT_UNFOUND, "rot had changed nothing that means something")       \
    X(ROT_LOST, "records went with the rot")                             \
    X(LIE_FOUND, "what a disk had lied about left a damaged notebook")   \
    X(LIE_OLDER, "what a disk had lied about left an earlier moment")    \
    X(MENDED_ANEW, "a mended device went on in a new incarnation")       \
    X(CONFIRMED, "a record of a revoked device counted")                 \
    X(UNCONFIRMED, "a record of a revoked device did not count")         \
    X(RENEWED, "one of several keys was clean, and written with")        \
    X(TORN_KEPT, "power went in a batch, and it was there")              \
    X(TORN_LOST, "power went in a batch, and nothing of it was there")

enum daf_sometimes {
#define DAF_SOMETIMES_NAME(name, what) DAF_SOMETIMES_##name,
    DAF_SOMETIMES(DAF_SOMETIMES_NAME)
#undef DAF_SOMETIMES_NAME
        DAF_SOMETIMES_COUNT,
};
_Static_assert(DAF_SOMETIMES_COUNT <= 64, "one bit each");

/** daf_sometimes_of: bits of what can happen to models of notebooks, or to real ones;
 * _of_disks: of it what the disks under real ones are there for. */
uint64_t daf_sometimes_of(bool is_real);
uint64_t daf_sometimes_of_disks(void);
/** daf_sometimes_str: "a disk was full". */
const char *daf_sometimes_str(enum daf_sometimes what);

#endif
