/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lab/flight.h"

#include <stdlib.h>
#include <string.h>

static bool is_before(const struct lab_frame *a, const struct lab_frame *b)
{
    return a->at != b->at ? a->at < b->at : a->order < b->order;
}

bool lab_flight_push(struct lab_flight *f, const struct lab_frame *how,
                     const uint8_t *bytes)
{
    struct lab_frame *frame;
    size_t i = f->count;

    if (f->count == LAB_FLIGHT_FRAMES_MAX ||
        how->len > LAB_FLIGHT_BYTES_MAX - f->bytes)
        return false;
    frame = malloc(sizeof(*frame) + how->len);
    if (!frame) return false;
    *frame = *how;
    frame->order = f->order++;
    memcpy(frame->bytes, bytes, how->len);
    for (; i > 0 && is_before(frame, f->heap[(i - 1) / 2]); i = (i - 1) / 2)
        f->heap[i] = f->heap[(i - 1) / 2];
    f->heap[i] = frame;
    f->count++;
    f->bytes += how->len;
    return true;
}

struct lab_frame *lab_flight_pop(struct lab_flight *f, uint64_t now)
{
    struct lab_frame *first, *last;
    size_t i = 0, child;

    if (lab_flight_next(f) > now) return NULL;
    first = f->heap[0];
    last = f->heap[--f->count];
    f->bytes -= first->len;
    while ((child = 2 * i + 1) < f->count) {
        if (child + 1 < f->count &&
            is_before(f->heap[child + 1], f->heap[child]))
            child++;
        if (!is_before(f->heap[child], last)) break;
        f->heap[i] = f->heap[child];
        i = child;
    }
    f->heap[i] = last;
    return first;
}

uint64_t lab_flight_next(const struct lab_flight *f)
{
    return f->count > 0 ? f->heap[0]->at : LAB_NEVER;
}

void lab_flight_clear(struct lab_flight *f)
{
    while (f->count > 0)
        free(f->heap[--f->count]);
    f->bytes = 0;
}
