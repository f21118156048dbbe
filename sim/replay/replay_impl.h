/* SPDX-License-Identifier: Apache-2.0 */
/* sim/replay/replay_impl.h - the inside of a replay, shared by replay*.c. */
#ifndef DAF_SIM_REPLAY_REPLAY_IMPL_H
#define DAF_SIM_REPLAY_REPLAY_IMPL_H

#include "sim/replay/replay.h"

/* ---- replay_plan.c: what each commit kept, as the whole log tells */

struct daf_replay_planned {
    uint64_t commit;
    bool is_notes;
    bool is_kept; /* a job; else it failed for itself */
    uint64_t job;
    uint64_t first, count; /* notes */
};

struct daf_replay_plan {
    struct daf_replay_planned *list; /* as they stand in the log */
    size_t count, cap;
    uint64_t inputs;
    uint64_t last_other; /* input that is no STORED: behind it, what a killed
                            daemon committed may be missing */
    size_t torn;
    bool is_short; /* of memory */
};

/** daf_replay_plan_make: errors as daf_inputlog_read().  Freed in any case. */
DAF_NODISCARD enum daf_err daf_replay_plan_make(struct daf_view log,
                                                struct daf_inputlog_head *head,
                                                struct daf_replay_plan *out);
void daf_replay_plan_free(struct daf_replay_plan *plan);

/* ---- replay_disk.c: the agent's batches */

enum daf_replay_deed {
    DAF_REPLAY_KEEP,
    DAF_REPLAY_UNCHECKED,
    DAF_REPLAY_CHECKED,
    DAF_REPLAY_DROP,
    DAF_REPLAY_ERASE,
    DAF_REPLAY_STATEMENT,
    DAF_REPLAY_SELF, /* the log tells what a start needs of it */
};

struct daf_replay_task {
    enum daf_replay_deed deed;
    struct daf_record record; /* KEEP */
    enum daf_body_state state;
    uint8_t *bytes; /* the header, then the body; a statement; handles */
    size_t header_len, body_len;
    struct daf_stretch what; /* DROP: the log alone */
    struct daf_spot spot;
    struct daf_erase erase; /* ERASE; handles: bytes */
};

struct daf_replay_job {
    uint64_t number;
    struct daf_replay_task *tasks;
    size_t count, cap;
    struct daf_stored_item *items; /* what the notebook said; NULL: not kept */
    size_t items_count;
    struct daf_replay_job *next;
};

struct daf_replay_note {
    struct daf_log_key log;
    uint64_t seq_first;
    struct daf_spot last;
};

struct daf_replay_disk {
    struct daf_notebook *notebook;
    struct daf_replay_plan *plan;
    size_t planned;   /* done of the plan */
    uint64_t commits; /* done, as the notebook counts */
    struct daf_replay_job *open, *jobs, **jobs_end;
    struct daf_replay_note *notes; /* calls of store_acked, less notes_gone */
    size_t notes_count, notes_cap;
    uint64_t notes_gone;
    enum daf_err err; /* DAF_ENOMEM, while the agent was calling */
    bool is_untold;   /* a commit was seen that comes after all that are told */
};

DAF_NODISCARD enum daf_err daf_replay_disk_init(struct daf_replay_disk *d,
                                                struct daf_notebook *n,
                                                struct daf_replay_plan *plan);
void daf_replay_disk_free(struct daf_replay_disk *d);
/** daf_replay_disk_port: the calls store_*; ctx is the disk. */
void daf_replay_disk_port(struct daf_replay_disk *d, struct daf_port *port);

/** daf_replay_disk_carry: carry out all commits up to @commits.  *@out_why: NULL,
 * or why it cannot be so (a sentence's end).  Errors: the notebook's. */
DAF_NODISCARD enum daf_err daf_replay_disk_carry(struct daf_replay_disk *d,
                                                 uint64_t commits,
                                                 const char **out_why);
/** daf_replay_disk_stored: whether the notebook says what the recorded one said,
 * NULL, or what is wrong.  Then the job is over. */
const char *daf_replay_disk_stored(struct daf_replay_disk *d,
                                   const struct daf_inputlog_entry *e);

#endif
