/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lab/flight.h - frames on their way, the next to arrive first: a heap.
 *
 * Bounded, as the buffers of a switch are: what does not fit is lost. */
#ifndef DAF_TESTS_LAB_FLIGHT_H
#define DAF_TESTS_LAB_FLIGHT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LAB_FLIGHT_FRAMES_MAX 65536
#define LAB_FLIGHT_BYTES_MAX  (64u << 20)
#define LAB_NEVER             UINT64_MAX

struct lab_frame {
    uint64_t at;    /* µs of CLOCK_MONOTONIC: when it arrives */
    uint64_t order; /* of two that arrive together, who was sent first */
    unsigned from, to;
    size_t len;
    uint8_t bytes[];
};

struct lab_flight {
    struct lab_frame *heap[LAB_FLIGHT_FRAMES_MAX];
    size_t count, bytes;
    uint64_t order;
};

/** lab_flight_push: send a copy of @bytes; at, from, to and len of @how count.
 * False: there is no room. */
bool lab_flight_push(struct lab_flight *f, const struct lab_frame *how,
                     const uint8_t *bytes);

/** lab_flight_pop: the next frame that arrives at or before @now, which the
 * caller frees; NULL if there is none. */
struct lab_frame *lab_flight_pop(struct lab_flight *f, uint64_t now);

/** lab_flight_next: when the next one arrives, or LAB_NEVER. */
uint64_t lab_flight_next(const struct lab_flight *f);

/** lab_flight_clear: lose all that is on its way. */
void lab_flight_clear(struct lab_flight *f);

#endif
