/* SPDX-License-Identifier: Apache-2.0 */
/* sim/progress.h - a line for a person who waits, and Ctrl-C. */
#ifndef DAF_SIM_PROGRESS_H
#define DAF_SIM_PROGRESS_H

#include <stdbool.h>
#include <time.h>

struct daf_progress {
    char what[120];
    bool is_shown; /* a person looks */
    struct timespec began;
    double told; /* seconds after it began */
};

/** daf_progress_catch: from now on Ctrl-C (or a hang-up, or a request to end) breaks
 * off what tells progress: the command says what is finished, and exits with
 * DAF_SIM_EXIT_PARTLY.  A second one ends the program. */
void daf_progress_catch(void);
/** daf_progress_catch_at_once: the same for a command that has nothing to finish and
 * leaves no file half written: it ends there and then. */
void daf_progress_catch_at_once(void);
/** daf_progress_is_broken: whether it was told to break off. */
bool daf_progress_is_broken(void);

void daf_progress_begin(struct daf_progress *p, const char *what);
/** daf_progress_name: @what is being done now. */
void daf_progress_name(struct daf_progress *p, const char *what);
/** daf_progress_tell: @part of all is done; false: break off. */
bool daf_progress_tell(struct daf_progress *p, double part);
void daf_progress_end(const struct daf_progress *p);

#endif
