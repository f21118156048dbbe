/* SPDX-License-Identifier: Apache-2.0 */
/* An agent's allocations that fail: the nth from some moment on, alone or with all
 * that follow until the input is over.
 *
 * The linker sends malloc() of all our objects to __wrap_malloc(), and calls the C
 * library's __real_malloc().  What fails is only what an agent asks for while it
 * starts or handles an input, and not what is done for it meanwhile: its port is
 * the fleet's.  An agent that cannot go on stops, as the daemon then does: that
 * abort() comes back here. */
#include <errno.h>
#include <setjmp.h>
#include <stdlib.h>

#include "sim/faults/swarm_impl.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t items, size_t size);
void *__real_realloc(void *p, size_t size);
_Noreturn void __real_abort(void);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t items, size_t size);
void *__wrap_realloc(void *p, size_t size);
_Noreturn void __wrap_abort(void);

/* One world at a time in a process, and one thread. */
static struct {
    bool is_here;    /* the agent that is short of memory handles something */
    bool is_at_work; /* and is not away at its port */
    bool is_all, has_failed;
    uint64_t left; /* allocations until one fails; 0: none will */
    jmp_buf stop;
} memory;

/* What becomes of an agent that stopped: not freed, since nobody knows what of it
 * is whole, and not lost, since it is told here. */
#define WRECKS 64
static const struct daf_agent *wrecks[WRECKS];
static size_t wrecks_next;

/* ---- the calls */

static bool fails(void)
{
    if (!memory.is_at_work || memory.left == 0) return false;
    if (memory.left > 1) {
        memory.left--;
        return false;
    }
    memory.has_failed = true;
    if (!memory.is_all) memory.left = 0;
    errno = ENOMEM;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t items, size_t size)
{
    return fails() ? NULL : __real_calloc(items, size);
}

void *__wrap_realloc(void *p, size_t size)
{
    return fails() ? NULL : __real_realloc(p, size);
}

/* A failed assertion calls the C library's own, and is none of this. */
_Noreturn void __wrap_abort(void)
{
    /* Over frames of the agent alone.  NOLINTNEXTLINE(cert-err52-cpp) */
    if (memory.is_at_work && memory.has_failed) longjmp(memory.stop, 1);
    __real_abort();
}

/* ---- the agent */

/* The input is over. */
static void rest(struct daf_swarm *s, uint32_t device)
{
    memory.is_here = memory.is_at_work = false;
    if (!memory.has_failed) return;
    memory.left = 0;
    s->short_of_memory = DAF_CHECK_NOBODY;
    daf_check_met(s->check, DAF_SOMETIMES_ALLOC_FAILED);
    if (!daf_fleet_is_on(s->fleet, device))
        daf_check_met(s->check, DAF_SOMETIMES_NOT_STARTED);
}

static bool on_works(void *ctx, uint32_t device, void (*work)(void *arg),
                     void *arg)
{
    struct daf_swarm *s = ctx;

    if (s->is_calm || s->short_of_memory != device || memory.left == 0) {
        work(arg);
        return true;
    }
    memory.has_failed = false;
    /* NOLINTNEXTLINE(cert-err52-cpp) */
    if (setjmp(memory.stop) == 0) {
        memory.is_here = memory.is_at_work = true;
        work(arg);
        rest(s, device);
        return true;
    }
    wrecks[wrecks_next++ % WRECKS] = daf_fleet_agent(s->fleet, device);
    daf_check_met(s->check, DAF_SOMETIMES_STOPPED);
    rest(s, device);
    return false;
}

static void on_at_work(void *ctx, bool is_at_work)
{
    (void)ctx;
    memory.is_at_work = is_at_work && memory.is_here;
}

/* systemd starts it again. */
static void on_stopped(void *ctx, uint32_t device)
{
    struct daf_swarm *s = ctx;

    daf_engine_add(s->engine,
                   daf_engine_now(s->engine) +
                       daf_swarm_span(&s->chance[DAF_SWARM_MEMORY], 10),
                   DAF_SIM_POWER, device, device, 0);
}

void daf_swarm_memory_begin(struct daf_fleet_events *events)
{
    memory.left = 0;
    events->works = on_works;
    events->at_work = on_at_work;
    events->stopped = on_stopped;
}

void daf_swarm_memory(struct daf_swarm *s)
{
    struct daf_chance *c = &s->chance[DAF_SWARM_MEMORY];
    uint32_t device = (uint32_t)daf_chance_below(c, s->devices);

    memory.left = 1 + daf_chance_below(c, s->faults->of[DAF_FAULT_MEMORY_AT]);
    memory.is_all = daf_swarm_pct(s, DAF_FAULT_MEMORY_ALL, c) != 0;
    if (!s->of[device].is_hostile) s->short_of_memory = device;
}
