/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lab/rules.h - what becomes of a frame: who hears it, when, how often.
 *
 * No socket and no clock: frames and times are arguments, and chance follows
 * from the seed.  Each ordered pair of ports has a row of chance of its own, so
 * that a frame of a third device moves nobody's luck. */
#ifndef DAF_TESTS_LAB_RULES_H
#define DAF_TESTS_LAB_RULES_H

#include "tests/crash/chance.h"

#include <stddef.h>

#define LAB_PORTS_MAX  128
#define LAB_LEARNT_MAX 512
/* A frame that would have to wait longer for its turn is dropped. */
#define LAB_QUEUE_US_MAX 500000
#define LAB_HEADER_BYTES 14
#define LAB_EVERYBODY    UINT32_MAX

struct lab_learnt {
    uint8_t mac[6];
    unsigned port;
};

struct lab_rules {
    unsigned ports;
    uint64_t delay_us, jitter_us, rate_kbit; /* rate 0: none */
    uint64_t loss_ppm, dup_ppm;
    bool no_multicast, is_isolated;
    bool is_cut[LAB_PORTS_MAX], is_parted[LAB_PORTS_MAX][LAB_PORTS_MAX];
    struct chance chance[LAB_PORTS_MAX][LAB_PORTS_MAX];
    /* When the port has sent, or taken in, what it was given so far. */
    uint64_t up_free_at[LAB_PORTS_MAX], down_free_at[LAB_PORTS_MAX];
    struct lab_learnt learnt[LAB_LEARNT_MAX];
    unsigned learnt_count;
};

/* What happens to a frame on its way to one port. */
struct lab_fate {
    unsigned copies; /* 0 lost, 2 duplicated */
    bool is_full;    /* no copies: the port had too much to do */
    uint64_t at[2];  /* µs, for each copy */
};

void lab_rules_init(struct lab_rules *r, unsigned ports, uint64_t seed);

/** lab_rules_learn: @frame of LAB_HEADER_BYTES or more came from port @from. */
void lab_rules_learn(struct lab_rules *r, unsigned from, const uint8_t *frame);
/** lab_rules_target: the port that @frame is for, or LAB_EVERYBODY. */
unsigned lab_rules_target(const struct lab_rules *r, const uint8_t *frame);

/** lab_rules_passes: whether multicast filter and isolation let @frame by. */
bool lab_rules_passes(const struct lab_rules *r, const uint8_t *frame,
                      size_t len);
/** lab_rules_is_joined: whether @from and @to have a wire between them. */
bool lab_rules_is_joined(const struct lab_rules *r, unsigned from, unsigned to);

/** lab_rules_leave: when the last bit of a frame that port @from sends at @now
 * has left it; LAB_NEVER: it is dropped. */
uint64_t lab_rules_leave(struct lab_rules *r, unsigned from, size_t len,
                         uint64_t now);
/** lab_rules_fate: of a frame that left @from at @left, at port @to. */
struct lab_fate lab_rules_fate(struct lab_rules *r, unsigned from, unsigned to,
                               size_t len, uint64_t left);

#endif
