/* SPDX-License-Identifier: Apache-2.0 */
/* sim/faults/faults.h - what one small world is like and what goes wrong in it: a
 * swarm of options, all drawn from the seed.
 *
 * Each fault is on or off in a world, and its rate is drawn too.  A world with a few
 * faults at high rates finds what a world with all of them at once hides (Groce et
 * al., "Swarm testing", 2012).  Every option is one number, has a stream of chance of
 * its own, and is printed, so that a failed world says what it was. */
#ifndef DAF_SIM_FAULTS_FAULTS_H
#define DAF_SIM_FAULTS_FAULTS_H

#include <stdint.h>
#include <stdio.h>

/* name, unit, whether it can be off, least, most: drawn evenly over the digits. */
#define DAF_FAULT_OPTIONS(X)                                    \
    X(DEVICES, "devices", "", 0, 3, 12)                         \
    X(SECONDS, "safety_s", "s", 0, 120, 1800)                   \
    X(LEARN_S, "learn_every_s", "s", 0, 4, 90)                  \
    X(MEET_S, "meet_every_s", "s", 0, 1, 20)                    \
    X(STAY_S, "contact_most_s", "s", 0, 10, 900)                \
    X(SPEED, "bytes_per_s", "B/s", 0, 2000, 2000000)            \
    X(LATENCY_MS, "latency_ms", "ms", 0, 1, 200)                \
    X(COMMIT_MS, "commit_ms", "ms", 0, 1, 2000)                 \
    X(LOSS, "loss_ppm", "/million", 1, 1000, 400000)            \
    X(FLAP, "flap_pct", "%", 1, 5, 60)                          \
    X(SHORT, "short_pct", "%", 1, 5, 60)                        \
    X(DEAF, "deaf_pct", "%", 1, 2, 30)                          \
    X(SHARED, "shared_air_pct", "%", 1, 20, 100)                \
    X(CLOG_S, "clog_every_s", "s", 1, 20, 300)                  \
    X(PART_S, "part_every_s", "s", 1, 60, 600)                  \
    X(PART_DEAF, "part_deaf_pct", "%", 1, 20, 100)              \
    X(CRASH_S, "crash_every_s", "s", 1, 10, 300)                \
    X(OFF_MOST_S, "off_most_s", "s", 0, 1, 300)                 \
    X(SWITCH_OFF, "switched_off_pct", "%", 1, 10, 90)           \
    X(PAUSE_S, "pause_every_s", "s", 1, 10, 300)                \
    X(PAUSE_MOST_S, "pause_most_s", "s", 0, 1, 120)             \
    X(CLOCK_S, "clock_every_s", "s", 1, 10, 300)                \
    X(DISK_S, "disk_every_s", "s", 1, 20, 300)                  \
    X(DISK_MOST_S, "disk_most_s", "s", 0, 1, 120)               \
    X(DISK_PCT, "disk_refuses_pct", "%", 0, 10, 100)            \
    X(HINT_S, "hint_every_s", "s", 1, 2, 60)                    \
    X(CARD_S, "card_every_s", "s", 1, 60, 600)                  \
    X(CLONES, "clones", "", 1, 1, 2)                            \
    X(HOSTILE, "hostile", "", 1, 1, 2)                          \
    X(TAMPER, "tamper_pct", "%", 1, 1, 50)                      \
    X(WITHHOLD, "withhold_pct", "%", 1, 5, 100)                 \
    X(FORGE_S, "forge_every_s", "s", 1, 5, 120)                 \
    X(FLOOD, "flood_frames", "", 1, 10, 300)                    \
    X(REVOKE, "revoke_pct", "%", 1, 20, 100)                    \
    X(REAL_SIGN, "real_signatures", "", 1, 1, 1)                \
    X(CORE_PCT, "core_pct", "%", 1, 30, 90)                     \
    X(CORE_TREE, "core_is_a_line", "", 1, 1, 1)                 \
    X(CORE_LOSS, "core_loss_ppm", "/million", 1, 10000, 300000) \
    X(MEMORY_S, "memory_every_s", "s", 1, 5, 120)               \
    X(MEMORY_AT, "memory_fails_at", "", 0, 1, 40)               \
    X(MEMORY_ALL, "memory_all_pct", "%", 1, 20, 100)            \
    X(ROT_S, "rot_every_s", "s", 1, 5, 300)                     \
    X(ROT_PAGE, "rot_page_pct", "%", 1, 10, 100)                \
    X(LIE, "lying_disks_pct", "%", 1, 10, 100)

enum daf_fault {
#define DAF_FAULT_NAME(name, word, unit, may_be_off, least, most) \
    DAF_FAULT_##name,
    DAF_FAULT_OPTIONS(DAF_FAULT_NAME)
#undef DAF_FAULT_NAME
        DAF_FAULT_COUNT,
};

struct daf_faults {
    uint64_t seed;
    uint32_t of[DAF_FAULT_COUNT]; /* 0: off */
};

/** daf_faults_draw: all that follows from @seed. */
void daf_faults_draw(uint64_t seed, struct daf_faults *out);
/** daf_faults_print: a line each. */
void daf_faults_print(const struct daf_faults *f, FILE *to);
/** daf_faults_str: "loss_ppm"; NULL past the last. */
const char *daf_faults_str(enum daf_fault which);

#endif
