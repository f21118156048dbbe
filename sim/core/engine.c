/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/core/engine.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_BITS 36 /* 68 billion events */
#define KIND_SHIFT  (NUMBER_BITS + DAF_SIM_ORDER_BITS)
#define NO_SLOT     UINT32_MAX

_Static_assert(DAF_SIM_KINDS <= 16, "a kind has four bits of the key");

struct event {
    daf_sim_us at;
    uint64_t key; /* kind 4, order 24, number 36 bits */
    uint32_t node, arg;
    uint32_t slot; /* of a timer, or NO_SLOT */
    uint32_t unused;
};
_Static_assert(sizeof(struct event) == 32, "two events a cache line");

/* A timer's place; it is used again when its event has left the heap. */
struct slot {
    uint32_t generation; /* what handles of now carry; never 0 */
    bool is_cancelled;
    uint32_t next_free;
};

struct handler {
    daf_engine_fn fn;
    void *ctx;
};

struct daf_engine {
    daf_sim_us now;
    uint64_t hash, events;
    uint64_t number, probes; /* of the next event, of the next probe */
    struct event *heap;
    size_t count, room;
    struct slot *slots;
    uint32_t slots_count, slots_room, free_slot;
    size_t cancelled; /* still in the heap */
    bool out_of_memory;
    struct handler handlers[DAF_SIM_KINDS];
};

enum daf_err daf_engine_new(struct daf_engine **out)
{
    struct daf_engine *e = calloc(1, sizeof *e);

    if (e == NULL) return DAF_ENOMEM;
    e->free_slot = NO_SLOT;
    e->hash = UINT64_C(0x6461667461722d73); /* "daftar-s" */
    *out = e;
    return DAF_OK;
}

void daf_engine_free(struct daf_engine *e)
{
    if (e == NULL) return;
    free(e->heap);
    free(e->slots);
    free(e);
}

void daf_engine_handle(struct daf_engine *e, enum daf_sim_kind kind,
                       daf_engine_fn fn, void *ctx)
{
    assert(kind < DAF_SIM_KINDS);
    e->handlers[kind] = (struct handler){.fn = fn, .ctx = ctx};
}

daf_sim_us daf_engine_now(const struct daf_engine *e)
{
    return e->now;
}

uint64_t daf_engine_hash(const struct daf_engine *e)
{
    return e->hash;
}

uint64_t daf_engine_events(const struct daf_engine *e)
{
    return e->events;
}

size_t daf_engine_waiting(const struct daf_engine *e)
{
    return e->count - e->cancelled;
}

void daf_engine_note(struct daf_engine *e, uint64_t what)
{
    /* Each step is a bijection of the state for a given word, so one difference
     * is never lost, only hidden by another of one in 2^64. */
    uint64_t h = (e->hash ^ what) * UINT64_C(0x9e3779b97f4a7c15);

    e->hash = h ^ (h >> 29);
}

static bool is_before(const struct event *a, const struct event *b)
{
    return a->at < b->at || (a->at == b->at && a->key < b->key);
}

static void sift_up(struct event *heap, size_t at)
{
    struct event moved = heap[at];

    while (at > 0) {
        size_t parent = (at - 1) / 4;
        if (!is_before(&moved, &heap[parent])) break;
        heap[at] = heap[parent];
        at = parent;
    }
    heap[at] = moved;
}

static void sift_down(struct event *heap, size_t count, size_t at)
{
    struct event moved = heap[at];

    for (;;) {
        size_t first = at * 4 + 1;
        if (first >= count) break;
        size_t end = first + 4 < count ? first + 4 : count;
        size_t least = first;
        for (size_t i = first + 1; i < end; i++)
            if (is_before(&heap[i], &heap[least])) least = i;
        if (!is_before(&heap[least], &moved)) break;
        heap[at] = heap[least];
        at = least;
    }
    heap[at] = moved;
}

static bool make_room(struct daf_engine *e)
{
    if (e->count < e->room) return true;
    size_t room = e->room == 0 ? 1024 : e->room * 2;
    struct event *heap = realloc(e->heap, room * sizeof *heap);
    if (heap == NULL) {
        e->out_of_memory = true;
        return false;
    }
    e->heap = heap;
    e->room = room;
    return true;
}

/* The key's upper part. */
static uint64_t rank(const struct daf_engine *e, enum daf_sim_kind kind,
                     uint32_t order)
{
    assert(kind < DAF_SIM_KINDS && e->handlers[kind].fn != NULL);
    assert(order < (1u << DAF_SIM_ORDER_BITS));
    return (uint64_t)kind << KIND_SHIFT | (uint64_t)order << NUMBER_BITS;
}

static void add(struct daf_engine *e, daf_sim_us at, uint64_t rank_of_it,
                uint32_t node, uint32_t arg, uint32_t slot)
{
    bool is_probe = rank_of_it >> KIND_SHIFT == DAF_SIM_PROBE;
    uint64_t *number = is_probe ? &e->probes : &e->number;

    assert(at >= e->now);
    assert(*number < (UINT64_C(1) << NUMBER_BITS));
    e->heap[e->count] = (struct event){
        .at = at,
        .key = rank_of_it | (*number)++,
        .node = node,
        .arg = arg,
        .slot = slot,
    };
    sift_up(e->heap, e->count++);
}

void daf_engine_add(struct daf_engine *e, daf_sim_us at, enum daf_sim_kind kind,
                    uint32_t order, uint32_t node, uint32_t arg)
{
    if (at != DAF_SIM_NEVER && make_room(e))
        add(e, at, rank(e, kind, order), node, arg, NO_SLOT);
}

/* A free slot, or NO_SLOT without memory. */
static uint32_t take_slot(struct daf_engine *e)
{
    uint32_t at = e->free_slot;

    if (at != NO_SLOT) {
        e->free_slot = e->slots[at].next_free;
        return at;
    }
    if (e->slots_count == e->slots_room) {
        uint32_t room = e->slots_room == 0 ? 256 : e->slots_room * 2;
        struct slot *slots = realloc(e->slots, room * sizeof *slots);
        if (slots == NULL) {
            e->out_of_memory = true;
            return NO_SLOT;
        }
        e->slots = slots;
        e->slots_room = room;
    }
    at = e->slots_count++;
    e->slots[at] = (struct slot){.generation = 1};
    return at;
}

static void give_slot(struct daf_engine *e, uint32_t at)
{
    struct slot *s = &e->slots[at];

    if (++s->generation == 0) s->generation = 1;
    s->is_cancelled = false;
    s->next_free = e->free_slot;
    e->free_slot = at;
}

daf_sim_timer daf_engine_timer(struct daf_engine *e, daf_sim_us at,
                               enum daf_sim_kind kind, uint32_t order,
                               uint32_t node, uint32_t arg)
{
    if (at == DAF_SIM_NEVER || !make_room(e)) return 0;
    uint32_t slot = take_slot(e);
    if (slot == NO_SLOT) return 0;
    add(e, at, rank(e, kind, order), node, arg, slot);
    return (uint64_t)e->slots[slot].generation << 32 | slot;
}

/* Without what was cancelled; so a timer that is set anew at each frame does not
 * fill the heap. */
static void sweep(struct daf_engine *e)
{
    size_t kept = 0;

    for (size_t i = 0; i < e->count; i++) {
        uint32_t slot = e->heap[i].slot;
        if (slot != NO_SLOT && e->slots[slot].is_cancelled)
            give_slot(e, slot);
        else
            e->heap[kept++] = e->heap[i];
    }
    e->count = kept;
    e->cancelled = 0;
    for (size_t i = kept / 4 + 1; i-- > 0;)
        if (i < kept) sift_down(e->heap, kept, i);
}

void daf_engine_cancel(struct daf_engine *e, daf_sim_timer *timer)
{
    uint32_t at = (uint32_t)*timer;
    uint32_t generation = (uint32_t)(*timer >> 32);

    *timer = 0;
    if (generation == 0 || e->slots[at].generation != generation ||
        e->slots[at].is_cancelled)
        return;
    e->slots[at].is_cancelled = true;
    e->cancelled++;
    if (e->cancelled > 1024 && e->cancelled > e->count / 2) sweep(e);
}

static struct event pop(struct daf_engine *e)
{
    struct event first = e->heap[0];

    e->count--;
    if (e->count > 0) {
        e->heap[0] = e->heap[e->count];
        sift_down(e->heap, e->count, 0);
    }
    return first;
}

/* Whether it is to happen. */
static bool is_live(struct daf_engine *e, const struct event *ev)
{
    if (ev->slot == NO_SLOT) return true;
    bool live = !e->slots[ev->slot].is_cancelled;
    if (!live) e->cancelled--;
    give_slot(e, ev->slot);
    return live;
}

static void happen(struct daf_engine *e, const struct event *ev)
{
    const struct handler *h = &e->handlers[ev->key >> KIND_SHIFT];

    e->now = ev->at;
    if (ev->key >> KIND_SHIFT != DAF_SIM_PROBE) {
        e->events++;
        daf_engine_note(e, (uint64_t)ev->at);
        daf_engine_note(e, ev->key);
        daf_engine_note(e, (uint64_t)ev->node << 32 | ev->arg);
    }
    h->fn(h->ctx, ev->node, ev->arg);
}

enum daf_err daf_engine_run(struct daf_engine *e, daf_sim_us until,
                            uint64_t events, bool *done)
{
    assert(until >= e->now);
    *done = false;
    while (e->count > 0 && e->heap[0].at < until && !e->out_of_memory) {
        if (events == 0) return DAF_OK;
        struct event ev = pop(e);
        if (!is_live(e, &ev)) continue;
        events--;
        happen(e, &ev);
    }
    if (e->out_of_memory) return DAF_ENOMEM;
    e->now = until;
    *done = true;
    return DAF_OK;
}
