/* SPDX-License-Identifier: Apache-2.0 */
/* Verifying at rest what was taken in because its successor verified (protocol.md
 * R26).  A step looks at some 64 records, about 5 ms; what it found goes to the
 * disk when a bad one is among them, or after SEEN_MAX, so that a card is not
 * written for each step.
 *
 * A stretch is of seqs, so a record that came in the meantime would be called
 * verified with it: whatever else goes to the disk makes us begin again, and
 * nothing is begun while something is there. */
#include "node/core/agent_impl.h"

#define STEP_MAX 64
#define STEP_MS  20 /* a quarter of the time at most */
#define SEEN_MAX 1024
#define PAUSE_MS 60000
/* A step ends with a seq; there are as many records of one as a log has tips. */
#define BAD_MAX (STEP_MAX + DAF_FRONTIER_MAX)

void daf_agent_idle_begin(struct daf_agent *a)
{
    const struct daf_index *index = a->config.index;
    struct daf_stretch stretch;
    enum daf_err err = index->unchecked_next(index->ctx, &stretch);

    a->idle = (struct daf_idle){.has_unchecked = err != DAF_ENOTFOUND,
                                .at = DAF_MONO_NEVER}; /* until link is up */
}

void daf_agent_idle_resume(struct daf_agent *a)
{
    a->idle.is_paused = false;
    daf_agent_idle_wait(a);
}

void daf_agent_idle_forget(struct daf_agent *a)
{
    a->idle.stretch.last = 0;
    a->idle.seen = 0;
}

void daf_agent_idle_wait(struct daf_agent *a)
{
    if (!a->idle.is_paused) a->idle.at.ms = a->now.ms + DAF_AGENT_IDLE_MS;
}

struct daf_mono daf_agent_idle_deadline(const struct daf_agent *a)
{
    const struct daf_idle *idle = &a->idle;

    if (!idle->has_unchecked || a->is_stopping || a->jobs != NULL)
        return DAF_MONO_NEVER;
    return idle->at;
}

/* What could not be read or written, or whose author is not certified here now:
 * not before something else was stored, or a while has passed. */
static void pause(struct daf_agent *a)
{
    daf_agent_idle_forget(a);
    a->idle.is_paused = true;
    a->idle.at.ms = a->now.ms + PAUSE_MS;
}

void daf_agent_idle_stored(struct daf_agent *a, bool is_own, enum daf_err err)
{
    struct daf_idle *idle = &a->idle;

    daf_agent_idle_forget(a);
    if (!is_own) {
        idle->is_paused = false;
        daf_agent_idle_wait(a);
        return;
    }
    if (err != DAF_OK)
        pause(a);
    else
        idle->at.ms = a->now.ms + STEP_MS;
}

/* ---- one step */

/* A stretch in hand; false if there is none. */
static bool take_stretch(struct daf_agent *a)
{
    const struct daf_index *index = a->config.index;
    struct daf_idle *idle = &a->idle;
    enum daf_err err;

    if (idle->stretch.last > 0) return true;
    err = index->unchecked_next(index->ctx, &idle->stretch);
    idle->seen = 0;
    idle->seq = idle->stretch.first;
    if (err == DAF_OK) return true;
    pause(a);
    idle->has_unchecked = err != DAF_ENOTFOUND;
    return false;
}

/* What a step came to. */
struct step {
    struct daf_spot bad[BAD_MAX];
    size_t bad_count, seen;
};

/* The next record at or after @at, if it is in the stretch: DAF_OK, DAF_ESIG, or
 * why it cannot be said.  DAF_ENOTFOUND: there is none. */
static enum daf_err verify_next(struct daf_agent *a, struct daf_spot *at)
{
    const struct daf_index *index = a->config.index;
    const struct daf_idle *idle = &a->idle;
    struct daf_stored stored;
    struct daf_record r;
    enum daf_err err =
        index->at_or_after(index->ctx, &idle->stretch.log, at, &stored);

    if (err != DAF_OK) return err;
    if (stored.spot.seq > idle->stretch.last) return DAF_ENOTFOUND;
    *at = stored.spot;
    return daf_authority_accept(daf_camp_authority(a->camp), stored.header, &r);
}

/* The spot after this one, in order of seq and id. */
static void go_on(struct daf_spot *at)
{
    for (size_t i = sizeof(at->id.b); i > 0; i--) {
        if (++at->id.b[i - 1] != 0) return;
    }
    at->seq++;
}

/* Whole seqs from idle.seq on, some STEP_MAX records.  Moves idle.seq to the
 * first that was not looked at. */
static enum daf_err look(struct daf_agent *a, struct step *step)
{
    struct daf_idle *idle = &a->idle;
    struct daf_spot at = {.seq = idle->seq};

    for (;;) {
        enum daf_err err = verify_next(a, &at);

        if (err == DAF_ENOTFOUND) {
            idle->seq = idle->stretch.last + 1;
            return DAF_OK;
        }
        if (err != DAF_OK && err != DAF_ESIG) return err;
        if (step->seen >= STEP_MAX && at.seq > idle->seq) {
            idle->seq = at.seq;
            return DAF_OK;
        }
        idle->seq = at.seq;
        step->seen++;
        if (err == DAF_ESIG && step->bad_count < BAD_MAX)
            step->bad[step->bad_count++] = at;
        go_on(&at);
    }
}

static void hand_over(struct daf_agent *a, const struct step *step)
{
    const struct daf_port *port = a->config.port;
    struct daf_stretch done = a->idle.stretch;

    done.last = a->idle.seq - 1;
    a->stats.refusals.by_err[DAF_ESIG] += step->bad_count;
    (void)daf_agent_job_begin(a, DAF_JOB_IDLE, 0);
    for (size_t i = 0; i < step->bad_count; i++)
        daf_agent_job_drop(a, &done.log, &step->bad[i]);
    port->store_checked(port->ctx, &done);
    daf_agent_job_end(a, (struct daf_view){0});
    daf_agent_idle_forget(a);
}

void daf_agent_idle_timer(struct daf_agent *a)
{
    struct daf_idle *idle = &a->idle;
    struct step step;

    if (a->now.ms < daf_agent_idle_deadline(a).ms) return;
    idle->is_paused = false;
    if (!take_stretch(a)) return;
    step.bad_count = step.seen = 0;
    if (look(a, &step) != DAF_OK) {
        pause(a);
        return;
    }
    idle->seen += step.seen;
    idle->at.ms = a->now.ms + STEP_MS;
    if (step.bad_count > 0 || idle->seen >= SEEN_MAX ||
        idle->seq > idle->stretch.last)
        hand_over(a, &step);
}
