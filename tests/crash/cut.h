/* SPDX-License-Identifier: Apache-2.0 */
/* tests/crash/cut.h - one cut: a small world of its own, work, a power cut at some
 * operation, recovery, and what must hold then. */
#ifndef DAF_TESTS_CRASH_CUT_H
#define DAF_TESTS_CRASH_CUT_H

#include "tests/crash/world.h"

struct cut_plan {
    uint64_t seed, number; /* a cut follows from these two alone */
    bool is_lying;
    const char *keep; /* NULL, or a folder for the files of cuts that failed */
    bool keep_always;
};

/* Counts of one cut, summed over all by the caller. */
enum cut_count {
    CUT_ACKED_LOST, /* records that were said and are not held as they were */
    CUT_CORRUPT,    /* the store did not open, or its check found something */
    CUT_HAVE_LIES,  /* bodies said to be held that are not, or frames of what
                       nobody wrote */
    CUT_REWRITTEN,  /* own records with other bytes than were written there, and
                       records of the peer's that were lost */
    CUT_UNEQUAL,    /* 1: the two did not become equal, or the device could not
                       write any more */
    CUT_FORKED,     /* 1: an own log has two branches; both sides hold both */
    CUT_PREFIX,     /* 1: every own log of before is held from its start on */
    CUT_ANEW,       /* 1: the files were set aside */
    CUT_OLDER,      /* 1: whole, but older than what was said */
    CUT_AGAIN,      /* cuts during the recovery */
    CUT_AT_REST,    /* 1: the cut came when all work was done */
    CUT_RECORDS,    /* written by the device before the cut */
    CUT_SAID,       /* of which the device had spoken */
    CUT_OPS,        /* operations of the disk before the cut */
    CUT_CHECKED,    /* stretches that the device verified at rest before it */
    CUT_COUNT,
};

#define CUT_WHY_MAX 200
struct cut_result {
    uint32_t counts[CUT_COUNT];
    bool is_begun, is_done; /* begun and not done: the program died in it */
    bool has_failed;
    char why[CUT_WHY_MAX]; /* of the first failure */
};

/** cut_run: play one.  @out is zeros before. */
void cut_run(struct world_camp *camp, const struct cut_plan *plan,
             struct cut_result *out);

#endif
