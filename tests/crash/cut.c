/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/cut.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "proto/body.h"
#include "proto/hash.h"
#include "tests/crash/pcvfs.h"

#define QUIET_MS   30000 /* retries come within half of it */
#define ROUNDS_MAX 4     /* of that, until the two are equal */

struct cut {
    const struct cut_plan *plan;
    struct cut_result *out;
    struct world *w;
    struct chance chance; /* apart from the world's */
    bool kept;
};

/* ---- telling */

static void keep_files(struct cut *c)
{
    char dir[4 * PCVFS_PATH_MAX];

    if (c->plan->keep == NULL || c->kept) return;
    c->kept = true;
    (void)snprintf(dir, sizeof(dir), "%s/cut-%" PRIu64, c->plan->keep,
                   c->plan->number);
    (void)mkdir(dir, 0700);
    if (!pcvfs_dump(c->w->nodes[WORLD_DEVICE].disk, dir))
        (void)fprintf(stderr, "crash: cannot write to %s\n", dir);
}

static void fail(struct cut *c, enum cut_count which, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static void fail(struct cut *c, enum cut_count which, const char *format, ...)
{
    va_list args;

    c->out->counts[which]++;
    if (c->out->has_failed) return;
    c->out->has_failed = true;
    va_start(args, format);
    (void)vsnprintf(c->out->why, sizeof(c->out->why), format, args);
    va_end(args);
    for (char *at = c->out->why; *at != '\0'; at++) {
        if (*at == '\n') *at = ' ';
    }
}

/* ---- before the cut */

static void something(struct cut *c)
{
    struct world *w = c->w;
    uint64_t dice = chance_below(&c->chance, 100);

    if (dice < 12) {
        world_erase(w);
    } else if (dice < 50) {
        for (uint64_t n = 1 + chance_below(&c->chance, 4); n > 0; n--)
            world_learn(w, WORLD_DEVICE);
    } else if (dice < 75) {
        /* What comes at once comes as a path, of which only the end is verified
         * before it is stored. */
        for (uint64_t n = 1 + chance_below(&c->chance, 4); n > 0; n--)
            world_learn(w, WORLD_PEER);
        if (chance_percent(&c->chance, 50)) world_run(w, 3000);
    } else if (dice < 85) {
        world_part(w, !w->is_apart);
    } else if (dice < 93) {
        world_stop(w, WORLD_DEVICE);
        /* Off if the power went meanwhile: nothing is said any more. */
        if (world_start(w, WORLD_DEVICE) != DAF_OK &&
            !pcvfs_is_cut(w->nodes[WORLD_DEVICE].disk))
            fail(c, CUT_CORRUPT, "a notebook in good order does not open: %s",
                 daf_store_trouble(NULL));
    } else {
        world_run(w, chance_below(&c->chance, 20000));
    }
}

static bool is_cut(const struct cut *c)
{
    return pcvfs_is_cut(c->w->nodes[WORLD_DEVICE].disk);
}

static void work(struct cut *c)
{
    uint64_t left = 2 + chance_below(&c->chance, 10);
    uint64_t end = c->w->now.ms;

    while (!is_cut(c) && !c->out->has_failed) {
        /* Some of it comes when all is quiet, some in the middle. */
        bool is_early = left > 0 && chance_percent(&c->chance, 12);

        if (!is_early && world_step(c->w, end)) continue;
        if (left-- == 0) break;
        something(c);
        end = c->w->now.ms + 15000;
    }
}

/* Which operation: most worlds have some tens, a few have hundreds, and the
 * first twenty make a new notebook. */
static uint64_t draw_moment(struct chance *chance)
{
    static const uint64_t ranges[] = {15, 30, 60, 120};

    return 1 + chance_below(chance, ranges[chance_below(chance, 4)]);
}

static void set_up(struct cut *c, struct world_camp *camp)
{
    const struct cut_plan *plan = c->plan;
    struct chance *chance = &c->chance;
    bool is_blank;
    uint64_t who;

    *chance = chance_of(plan->seed, plan->number);
    is_blank = chance_percent(chance, 20);
    pcvfs_checkpoint(
        chance_percent(chance, 20) ? 0 : 2 + (int)chance_below(chance, 40));
    c->w = world_new(camp, chance_next(chance), is_blank);
    who = chance_below(chance, 3);
    c->w->nodes[WORLD_DEVICE].calls = who != 0;
    c->w->nodes[WORLD_PEER].calls = who != 1;
    pcvfs_lie(c->w->nodes[WORLD_DEVICE].disk, plan->is_lying);
    /* The extremes too: all of what was not synced survives, or none. */
    who = chance_below(chance, 10);
    if (who < 2)
        pcvfs_odds(c->w->nodes[WORLD_DEVICE].disk, who == 0 ? 0 : 100, 100);
    pcvfs_arm(c->w->nodes[WORLD_DEVICE].disk, draw_moment(chance));
}

static void until_the_cut(struct cut *c)
{
    struct world_node *n = &c->w->nodes[WORLD_DEVICE];

    if (world_start(c->w, WORLD_PEER) != DAF_OK) abort();
    if (world_start(c->w, WORLD_DEVICE) != DAF_OK && !is_cut(c))
        fail(c, CUT_CORRUPT, "a new notebook does not open: %s",
             daf_store_trouble(NULL));
    work(c);
    if (!is_cut(c)) {
        c->out->counts[CUT_AT_REST]++;
        pcvfs_cut(n->disk);
    }
    c->out->counts[CUT_OPS] += (uint32_t)pcvfs_ops(n->disk);
    c->out->counts[CUT_CHECKED] += (uint32_t)n->checked;
    world_lose_power(c->w, WORLD_DEVICE);
    c->w->is_after = true;
    world_part(c->w, false);
    for (const struct said_record *r = c->w->said.first; r; r = r->next) {
        c->out->counts[CUT_RECORDS] += r->is_own;
        c->out->counts[CUT_SAID] += r->said_header;
    }
    pcvfs_power_on(n->disk);
    if (c->plan->keep_always) keep_files(c);
}

/* ---- recovery */

struct findings {
    uint64_t count;
    char first[CUT_WHY_MAX];
};

static void on_bad(void *ctx, const struct daf_store_bad *bad)
{
    struct findings *f = ctx;

    if (f->count++ == 0)
        (void)snprintf(f->first, sizeof(f->first), "%s: %s", bad->what,
                       bad->where);
}

struct check_ctx {
    struct findings findings;
    const struct world *w;
};

/* What verified once need not again: the same bytes under the same key. */
static enum daf_err accept_header(void *ctx, struct daf_view header)
{
    const struct check_ctx *c = ctx;
    struct said_record *r;
    struct daf_record_id id;
    enum daf_err err;

    daf_hash_256("daf.rec.1", header, id.b);
    r = said_find(&c->w->said, &id);
    if (r != NULL && r->is_verified) return DAF_OK;
    err = world_accept(c->w->camp, header);
    if (r != NULL) r->is_verified = err == DAF_OK;
    return err;
}

static void on_bad_of(void *ctx, const struct daf_store_bad *bad)
{
    struct check_ctx *c = ctx;

    on_bad(&c->findings, bad);
}

/* Opens the notebook as a start would and reads all of it. */
static enum daf_err look_through(struct cut *c, struct findings *out)
{
    struct check_ctx ctx = {.w = c->w};
    struct daf_store_check counts;
    struct daf_store *s;
    enum daf_err err =
        daf_store_open(c->w->nodes[WORLD_DEVICE].dir, DAF_STORE_WRITER, &s);

    if (err == DAF_OK)
        err = daf_store_check(s, accept_header, on_bad_of, &ctx, &counts);
    *out = ctx.findings;
    if (err != DAF_OK)
        (void)snprintf(out->first, sizeof(out->first), "%s (%s)",
                       daf_err_str(err), daf_store_trouble(s));
    daf_store_close(s);
    return err;
}

/* The damaged files get other names; what begins is a new notebook, and with it
 * a new incarnation. */
static void set_aside(struct cut *c)
{
    static const char *const tails[] = {"-wal", "-journal", ""};
    const char *dir = c->w->nodes[WORLD_DEVICE].dir;
    char from[2 * PCVFS_PATH_MAX], to[2 * PCVFS_PATH_MAX];

    for (size_t i = 0; i < 3; i++) {
        (void)snprintf(from, sizeof(from), "%s/notebook.db%s", dir, tails[i]);
        (void)snprintf(to, sizeof(to), "%s/damaged%s", dir, tails[i]);
        (void)rename(from, to); /* what is not there needs no other name */
    }
}

/* What a device does before it starts again: false: the power went meanwhile. */
static bool recover(struct cut *c)
{
    struct findings found = {0};
    enum daf_err err = look_through(c, &found);

    if (is_cut(c)) return false;
    if (err == DAF_OK && found.count == 0) return true;
    keep_files(c);
    if (!c->plan->is_lying)
        fail(c, CUT_CORRUPT, "the notebook is damaged: %s", found.first);
    else if (err != DAF_OK && err != DAF_ECORRUPT)
        fail(c, CUT_CORRUPT, "damage that is not called damage: %s",
             found.first);
    c->out->counts[CUT_ANEW] = 1;
    set_aside(c);
    return !is_cut(c);
}

/* The power may go again while it recovers. */
static void recover_at_last(struct cut *c)
{
    struct world_node *n = &c->w->nodes[WORLD_DEVICE];

    for (unsigned again = 0;; again++) {
        bool may = again < 3 && chance_percent(&c->chance, 25);
        enum daf_err err = DAF_OK;

        pcvfs_arm(n->disk, may ? 1 + chance_below(&c->chance, 30) : 0);
        if (recover(c)) err = world_start(c->w, WORLD_DEVICE);
        if (!is_cut(c)) {
            pcvfs_arm(n->disk, 0);
            if (err != DAF_OK)
                fail(c, CUT_CORRUPT, "what was whole does not start: %s (%s)",
                     daf_err_str(err), daf_store_trouble(NULL));
            return;
        }
        c->out->counts[CUT_AGAIN]++;
        world_lose_power(c->w, WORLD_DEVICE);
        pcvfs_power_on(n->disk);
    }
}

/* ---- what must hold at once */

static enum daf_err get(struct world_node *n, const struct said_record *r,
                        struct daf_stored *out)
{
    const struct daf_index *index = daf_store_index(n->reader);
    const struct daf_spot spot = {r->r.seq, r->r.id};

    return index->get(index->ctx, &r->r.log, &spot, out);
}

static void check_said(struct cut *c)
{
    struct world_node *n = &c->w->nodes[WORLD_DEVICE];
    bool is_older = false;

    for (const struct said_record *r = c->w->said.first; r; r = r->next) {
        struct daf_stored stored;
        bool has_header, has_body;

        if (!r->said_header) continue;
        has_header = get(n, r, &stored) == DAF_OK && said_is(r, &stored);
        has_body = has_header && (stored.body_state == DAF_BODY_HELD ||
                                  (stored.body_state == DAF_BODY_ERASED &&
                                   world_is_erased(c->w, said_body(r))));
        if (has_header && (has_body || !r->said_body)) continue;
        is_older = true;
        if (c->plan->is_lying) continue;
        fail(c, CUT_ACKED_LOST, "%s seq %" PRIu64 ", %s, is lost",
             r->is_own ? "own" : "the peer's", r->r.seq,
             r->acked ? "acknowledged" : "spoken of");
        if (has_header && r->acked)
            fail(c, CUT_HAVE_LIES, "an acknowledged body is lost");
    }
    c->out->counts[CUT_OLDER] = is_older && c->out->counts[CUT_ANEW] == 0;
}

/* Every row that is held: the bytes that somebody wrote at that place. */
static bool check_row(void *ctx, const struct daf_row *row)
{
    struct cut *c = ctx;
    const struct said_record *r = said_find(&c->w->said, &row->stored.spot.id);
    struct daf_hash hash;

    if (r == NULL || !said_is(r, &row->stored) ||
        r->r.seq != row->stored.spot.seq ||
        memcmp(&r->r.log, &row->log, sizeof(row->log)) != 0) {
        fail(c, c->plan->is_lying ? CUT_REWRITTEN : CUT_CORRUPT,
             "seq %" PRIu64 " is not what was written there",
             row->stored.spot.seq);
        return true;
    }
    if (row->stored.body_state != DAF_BODY_HELD) return true;
    hash = daf_body_hash(row->stored.body);
    if (memcmp(&hash, &r->r.body_hash, sizeof(hash)) != 0 ||
        row->stored.body.len != r->r.body_len)
        fail(c, CUT_HAVE_LIES, "seq %" PRIu64 ": the body held is not its own",
             row->stored.spot.seq);
    return true;
}

static void check_rows(struct cut *c)
{
    struct daf_scope_id scopes[WORLD_SCOPES];

    world_scopes(c->w, scopes);
    for (size_t i = 0; i < WORLD_SCOPES; i++) {
        if (daf_store_scan(c->w->nodes[WORLD_DEVICE].reader, &scopes[i], -1,
                           check_row, c) != DAF_OK)
            fail(c, CUT_CORRUPT, "what checks clean cannot be read");
    }
    if (c->w->said.lies > 0)
        fail(c, CUT_HAVE_LIES, "it spoke of what nobody wrote");
}

/* ---- afterwards */

static bool can_write(struct cut *c)
{
    struct world_node *n = &c->w->nodes[WORLD_DEVICE];
    uint64_t before = n->writes;

    world_learn(c->w, WORLD_DEVICE);
    world_run(c->w, 1000);
    return n->writes == before + 1 && n->last_write == DAF_OK;
}

static bool meet(struct cut *c)
{
    for (unsigned i = 0; i < ROUNDS_MAX; i++) {
        world_run(c->w, QUIET_MS);
        if (world_equal(c->w)) return true;
    }
    return false;
}

/* Some write before they meet, which forks a log that grew shorter. */
static void go_on(struct cut *c)
{
    bool is_equal;

    if (chance_percent(&c->chance, 50)) (void)can_write(c);
    if (chance_percent(&c->chance, 50)) world_learn(c->w, WORLD_PEER);
    is_equal = meet(c);
    if (is_equal && !can_write(c))
        fail(c, CUT_UNEQUAL, "it cannot write any more: %s",
             daf_err_str(c->w->nodes[WORLD_DEVICE].last_write));
    if (!is_equal || !meet(c))
        fail(c, CUT_UNEQUAL, "the two do not become equal");
}

/* Erasures have come, and what was begun has been ended. */
static bool see_erased(void *ctx, const struct daf_row *row)
{
    struct cut *c = ctx;

    if (row->stored.body_state == DAF_BODY_HELD &&
        world_is_erased(c->w, row->stored.body))
        fail(c, CUT_HAVE_LIES, "seq %" PRIu64 ": an erased body is held",
             row->stored.spot.seq);
    return true;
}

static void check_erased(struct cut *c)
{
    struct daf_scope_id scopes[WORLD_SCOPES];

    /* Such a disk may lose what it said was destroyed. */
    if (c->plan->is_lying || c->out->has_failed) return;
    world_run(c->w, 2 * QUIET_MS);
    world_scopes(c->w, scopes);
    for (size_t i = 0; i < WORLD_NODES; i++)
        for (size_t j = 0; j < WORLD_SCOPES; j++)
            if (daf_store_scan(c->w->nodes[i].reader, &scopes[j], -1,
                               see_erased, c) != DAF_OK)
                fail(c, CUT_CORRUPT, "what checks clean cannot be read");
}

static bool is_held(struct world_node *n, const struct said_record *r)
{
    struct daf_stored stored;

    return get(n, r, &stored) == DAF_OK && said_is(r, &stored);
}

static bool same_place(const struct said_record *a, const struct said_record *b)
{
    return a->r.seq == b->r.seq &&
           memcmp(&a->r.log, &b->r.log, sizeof(a->r.log)) == 0;
}

/* Whether what is below it of its log, as it was before the cut, is held. */
static bool has_below(struct cut *c, const struct said_record *r)
{
    const struct said_record *below = r;

    for (uint64_t seq = r->r.seq; seq > 1; seq--) {
        below = said_find(&c->w->said, &below->r.prev);
        if (below == NULL || !is_held(&c->w->nodes[WORLD_DEVICE], below))
            return false;
    }
    return true;
}

static void check_own(struct cut *c)
{
    struct world_node *device = &c->w->nodes[WORLD_DEVICE];
    bool is_prefix = true, is_forked = false;

    for (const struct said_record *r = c->w->said.first; r; r = r->next) {
        bool held = is_held(device, r);

        if (r->at_peer && (!held || !is_held(&c->w->nodes[WORLD_PEER], r)))
            fail(c, CUT_REWRITTEN,
                 "seq %" PRIu64 ", which the peer had, is lost", r->r.seq);
        if (!r->is_own || !held) continue;
        is_prefix &= has_below(c, r);
        for (const struct said_record *o = r->next; o != NULL; o = o->next)
            is_forked |= same_place(r, o) && is_held(device, o);
    }
    c->out->counts[CUT_PREFIX] = is_prefix;
    c->out->counts[CUT_FORKED] = is_forked;
    if (is_forked && c->out->counts[CUT_OLDER] == 0)
        fail(c, CUT_REWRITTEN, "a log forked that had not grown shorter");
    if (!is_prefix) fail(c, CUT_UNEQUAL, "an own log has a hole");
}

/* R26: all was quiet for long enough. */
static void check_verified(struct cut *c)
{
    const struct daf_index *index =
        daf_store_index(c->w->nodes[WORLD_DEVICE].reader);
    struct daf_stretch left;

    if (index->unchecked_next(index->ctx, &left) != DAF_ENOTFOUND)
        fail(c, CUT_UNEQUAL, "signatures stay unverified");
}

static void check_end(struct cut *c)
{
    struct findings found = {0};
    enum daf_err err;

    check_own(c);
    check_rows(c);
    check_verified(c);
    world_stop(c->w, WORLD_DEVICE);
    if (chance_percent(&c->chance, 80)) return; /* each takes a tenth of all */
    err = look_through(c, &found);
    if (err != DAF_OK || found.count > 0)
        fail(c, CUT_CORRUPT, "damaged after it went on: %s", found.first);
}

void cut_run(struct world_camp *camp, const struct cut_plan *plan,
             struct cut_result *out)
{
    struct cut c = {.plan = plan, .out = out};

    out->is_begun = true;
    set_up(&c, camp);
    until_the_cut(&c);
    if (!out->has_failed) recover_at_last(&c);
    if (c.w->nodes[WORLD_DEVICE].agent != NULL) {
        check_said(&c);
        check_rows(&c);
        go_on(&c);
        check_erased(&c);
        check_end(&c);
    }
    world_free(c.w);
    out->is_done = true;
}
