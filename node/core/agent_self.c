/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a card, backups that were put back (docs/protocol.md R125, R126).
 *
 * All of them look alike from inside: a record of our own comes that we do not
 * know.  In the log that we write in it makes a new life, so that no two devices go
 * on in one log.  In a log of which we knew nothing it says that others know more
 * of us than we do: until we have heard it we take nobody in and take nothing from
 * anybody.  Later records there are those of a copy that goes on: no news. */
#include <assert.h>
#include <stdlib.h>

#include "node/core/agent_impl.h"

/* Of this many devices that have all of control, one at least has heard what we
 * said; of archives one is enough, as most devices meet them. */
#define HEARD_DEVICES 2

void daf_agent_self_begin(struct daf_agent *a)
{
    const struct daf_agent_config *config = &a->config;

    if (config->self != NULL)
        a->self = *config->self;
    else
        a->self.lives_count = 0;
    if (a->self.lives_count == 0)
        a->self.lives[a->self.lives_count++] = config->own_incarnation;
    a->config.self = NULL; /* it was borrowed */
    assert(a->self.lives_count <= DAF_LIVES_MAX &&
           daf_agent_life(a) == config->own_incarnation);
}

uint64_t daf_agent_life(const struct daf_agent *a)
{
    return a->self.lives[a->self.lives_count - 1];
}

/* As it will be once all batches are durable that are under way. */
static const struct daf_self *coming(const struct daf_agent *a)
{
    const struct daf_self *last = &a->self;

    for (const struct daf_job *job = a->jobs; job != NULL; job = job->next)
        if (job->self != NULL) last = job->self;
    if (a->open_job != NULL && a->open_job->self != NULL)
        last = a->open_job->self;
    return last;
}

/* In the open batch: instead of what it has already. */
static void keep_self(struct daf_agent *a, const struct daf_self *self)
{
    struct daf_job *job = a->open_job;

    if (job->self == NULL) job->self = malloc(sizeof(*job->self));
    if (job->self == NULL) abort(); /* 272 bytes: as daf_agent_job_begin() */
    *job->self = *self;
    a->config.port->store_self(a->config.port->ctx, self);
}

static bool knows_record(const struct daf_agent *a, const struct daf_record *r)
{
    const struct daf_index *index = a->config.index;
    const struct daf_spot spot = {r->seq, r->id};
    struct daf_stored stored;

    return index->get(index->ctx, &r->log, &spot, &stored) == DAF_OK;
}

static bool knows_log(const struct daf_agent *a, const struct daf_log_key *log)
{
    const struct daf_index *index = a->config.index;
    struct daf_mark mark;

    return index->mark(index->ctx, log, &mark) == DAF_OK;
}

void daf_agent_self_meet(struct daf_agent *a, const struct daf_record *r)
{
    struct daf_self self;
    bool is_present;

    if (memcmp(r->log.author.b, a->author.b, sizeof(a->author.b)) != 0 ||
        a->config.port->store_self == NULL)
        return;
    self = *coming(a);
    is_present = r->log.incarnation == self.lives[self.lives_count - 1] ||
                 /* Its successor is on its way to the disk: one is enough. */
                 r->log.incarnation == daf_agent_life(a);
    if (!is_present && self.is_restored) return;
    if (knows_record(a, r) || (!is_present && knows_log(a, &r->log))) return;
    self.is_restored = true;
    /* The last life is shared with whoever shares it: forks cost less than records
     * that nobody takes, being of one incarnation too many (R38). */
    if (r->log.incarnation == self.lives[self.lives_count - 1] &&
        self.lives_count < DAF_LIVES_MAX)
        self.lives[self.lives_count++] = daf_rng_u64(&a->rng);
    keep_self(a, &self);
}

static void tell_writer(struct daf_agent *a, struct daf_job *job,
                        enum daf_err err)
{
    if (job->writes == NULL) return;
    job->writes->wrote.err = err;
    a->wrote(a->wrote_ctx, &job->writes->wrote);
}

void daf_agent_self_stored(struct daf_agent *a, struct daf_job *job,
                           enum daf_err err)
{
    if (job->kind == DAF_JOB_SELF) tell_writer(a, job, err);
    if (job->self == NULL || err != DAF_OK) return;
    /* The next own batch begins the new log. */
    if (job->self->lives_count != a->self.lives_count) a->own_logs_count = 0;
    if (!a->self.is_restored) a->heard_count = 0;
    a->self = *job->self;
}

/* ---- until what others know was heard */

/* How many could be heard: certified, not revoked, and not this one. */
static size_t others(const struct daf_agent *a)
{
    struct daf_device device;
    size_t count = 0;

    for (size_t i = 0; daf_camp_device(a->camp, i, &device); i++)
        count += memcmp(device.author.b, a->author.b, 16) != 0 &&
                 !daf_camp_is_revoked(a->camp, &device.author);
    return count;
}

/* Counts each device once. */
static bool is_enough(struct daf_agent *a, const struct daf_author_id *author)
{
    size_t wanted = others(a);

    if (daf_camp_is_archive(a->camp, author)) return true;
    if (wanted > HEARD_DEVICES) wanted = HEARD_DEVICES;
    for (size_t i = 0; i < a->heard_count; i++)
        if (memcmp(a->heard[i].b, author->b, sizeof(author->b)) == 0)
            return false;
    if (a->heard_count < DAF_AGENT_HEARD_MAX)
        a->heard[a->heard_count++] = *author;
    return a->heard_count >= wanted;
}

bool daf_agent_self_is_restored(const struct daf_agent *a)
{
    return coming(a)->is_restored && others(a) > 0;
}

bool daf_agent_is_restored(const struct daf_agent *a)
{
    return daf_agent_self_is_restored(a);
}

void daf_agent_self_settle(struct daf_agent *a, struct daf_pending *who)
{
    struct daf_self self = *coming(a);

    self.is_restored = false;
    daf_agent_job_begin(a, DAF_JOB_SELF, 0)->writes = who;
    if (a->config.port->store_self != NULL) keep_self(a, &self);
    daf_agent_job_end(a, (struct daf_view){0});
}

void daf_agent_self_heard(struct daf_agent *a, const struct daf_conn *c)
{
    const struct daf_author_id *author = daf_session_peer(c->session);

    if (!a->self.is_restored || !coming(a)->is_restored ||
        a->open_job != NULL ||
        /* A copy of ourselves may know as little. */
        memcmp(author->b, a->author.b, sizeof(author->b)) == 0 ||
        !is_enough(a, author))
        return;
    daf_agent_self_settle(a, NULL);
}

/* ---- how many write with our keys (R129) */

static bool is_own_life(const struct daf_agent *a, uint64_t incarnation)
{
    for (size_t i = 0; i < a->self.lives_count; i++)
        if (a->self.lives[i] == incarnation) return true;
    return false;
}

/* What is known of them, from the logs of our own author. */
struct copies {
    size_t lives_count;
    uint64_t lives[DAF_INCARNATIONS_MAX]; /* that are not ours */
    size_t branches; /* of a log of ours, that we did not write: the most */
};

static void add_life(struct copies *c, uint64_t life)
{
    for (size_t i = 0; i < c->lives_count; i++)
        if (c->lives[i] == life) return;
    if (c->lives_count < DAF_INCARNATIONS_MAX)
        c->lives[c->lives_count++] = life;
}

static void look_at_scope(const struct daf_agent *a,
                          const struct daf_scope_id *scope, struct copies *c)
{
    const struct daf_index *index = a->config.index;
    struct daf_head *head = &a->scratch->head_a;
    struct daf_log_key log = {.scope = *scope, .author = a->author};

    /* Incarnation 0 comes before all that head_next() gives: drawn by chance. */
    while (index->head_next(index->ctx, scope, &log, head) == DAF_OK &&
           memcmp(&head->log.author, &a->author, sizeof(a->author)) == 0) {
        log = head->log;
        if (!is_own_life(a, log.incarnation))
            add_life(c, log.incarnation);
        else if (head->tips_count > c->branches + 1)
            c->branches = head->tips_count - 1;
    }
}

size_t daf_agent_clones(const struct daf_agent *a)
{
    const struct daf_authority *auth = daf_camp_authority(a->camp);
    struct daf_scope_id scopes[DAF_SCOPES_MAX];
    size_t count = auth->scopes(auth->ctx, &a->author, scopes);
    struct copies c = {0};

    for (size_t i = 0; i < count; i++)
        look_at_scope(a, &scopes[i], &c);
    return c.lives_count > c.branches ? c.lives_count : c.branches;
}
