/* SPDX-License-Identifier: Apache-2.0 */
/* One input after the other, to the first that differs. */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sim/replay/replay_impl.h"

#define PROGRESS  256 /* inputs between two looks */
#define CONNS_MAX 4096

struct made {
    struct daf_replay_call call;
    uint8_t chain[DAF_INPUTLOG_EFFECT_BYTES]; /* after it */
};

struct replay {
    const struct daf_replay_config *config;
    struct daf_replay_result *out;
    struct daf_replay_plan plan;
    struct daf_replay_disk disk;
    struct daf_port
        port; /* what the agent asks for is done by nobody but disk */
    struct daf_effects effects;
    struct daf_agent *agent;
    uint64_t started_ms, now_ms;
    enum daf_err err;
    uint32_t conns[CONNS_MAX]; /* that are open */
    size_t conns_count;
    /* Calls since the input before; the first ones are kept. */
    uint8_t chain[DAF_INPUTLOG_EFFECT_BYTES]; /* before them */
    struct made *made;
    size_t made_count, made_cap;
};

/* ---- the world is not there */

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    (void)ctx;
    (void)conn;
    (void)frame;
}
static void port_conn(void *ctx, uint32_t conn)
{
    (void)ctx;
    (void)conn;
}
static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    (void)ctx;
    (void)conn;
    (void)endpoint;
    (void)addr;
    (void)server;
}
static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    (void)ctx;
    (void)key;
    (void)allowed;
}
static void port_porch(void *ctx, const struct daf_box_pk *pk,
                       const struct daf_box_sk *sk)
{
    (void)ctx;
    (void)pk;
    (void)sk;
}
static void port_announce(void *ctx, const struct daf_announce *what)
{
    (void)ctx;
    (void)what;
}
static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    (void)ctx;
    (void)endpoint;
}
static void port_piece(void *ctx, uint32_t conn,
                       const struct daf_port_piece *piece)
{
    (void)ctx;
    (void)conn;
    (void)piece;
}

static void fill_port(struct replay *r)
{
    r->port = (struct daf_port){
        .send = port_send,
        .close = port_conn,
        .connect = port_connect,
        .admit = port_admit,
        .porch = port_porch,
        .announce = port_announce,
        .withdraw = port_withdraw,
        .content_put = port_piece,
        .content_forget = port_conn,
        .content_read = port_piece,
    };
    daf_replay_disk_port(&r->disk, &r->port);
}

/* ---- connections */

static bool is_open(const struct replay *r, uint32_t conn)
{
    for (size_t i = 0; i < r->conns_count; i++)
        if (r->conns[i] == conn) return true;
    return false;
}

static void note_closed(struct replay *r, uint32_t conn)
{
    for (size_t i = 0; i < r->conns_count; i++)
        if (r->conns[i] == conn) {
            r->conns[i] = r->conns[--r->conns_count];
            return;
        }
}

static void on_made(void *ctx, enum daf_effects_call call, uint64_t number)
{
    struct replay *r = ctx;

    if (call == DAF_EFFECTS_CLOSE) note_closed(r, (uint32_t)number);
    if (r->made_count == r->made_cap) {
        size_t cap = r->made_cap > 0 ? r->made_cap * 2 : 64;
        struct made *grown = realloc(r->made, cap * sizeof *grown);

        if (grown == NULL) {
            r->err = DAF_ENOMEM;
            return;
        }
        r->made = grown;
        r->made_cap = cap;
    }
    struct made *m = &r->made[r->made_count++];
    m->call = (struct daf_replay_call){call, number};
    memcpy(m->chain, r->effects.chain, sizeof m->chain);
}

/* ---- differences */

static bool differ(struct replay *r, const struct daf_inputlog_entry *e,
                   const char *why)
{
    struct daf_replay_difference *d = &r->out->first;

    d->input = r->out->inputs > 0 ? r->out->inputs : 1;
    d->kind = daf_inputlog_kind_str(e);
    d->at_ms = e->now.ms >= r->started_ms ? e->now.ms - r->started_ms : 0;
    (void)snprintf(d->why, sizeof d->why, "%s", why);
    d->calls_count = r->made_count;
    for (size_t i = 0; i < r->made_count && i < DAF_REPLAY_CALLS; i++)
        d->calls[i] = r->made[i].call;
    return false;
}

/* Recorded is a hash alone; but it may be that of fewer of the same calls. */
static bool differ_in_calls(struct replay *r,
                            const struct daf_inputlog_entry *e)
{
    char why[sizeof r->out->first.why];
    size_t same = 0;

    if (memcmp(e->effects, r->chain, sizeof r->chain) == 0)
        return differ(r, e, "the recorded run made no call");
    for (size_t i = 0; i < r->made_count && same == 0; i++)
        if (memcmp(e->effects, r->made[i].chain, sizeof r->made[i].chain) == 0)
            same = i + 1;
    if (same == 0)
        return differ(r, e,
                      "the recorded run made other calls (which ones cannot be "
                      "told from their hash), or the log was changed");
    (void)snprintf(why, sizeof why,
                   "the recorded run made the first %zu of these calls only",
                   same);
    return differ(r, e, why);
}

/* ---- inputs */

/* What no daemon can have seen; NULL: it may be given. */
static const char *refuse(struct replay *r, const struct daf_inputlog_entry *e)
{
    const struct daf_input *in = &e->input;

    if (e->now.ms < r->now_ms) return "time goes backwards";
    if (in->kind == DAF_INPUT_STORED) {
        if (in->err == DAF_OK && (e->commit == 0 || e->commit > e->commits))
            return "a batch is told before its commit";
        return daf_replay_disk_stored(&r->disk, e);
    }
    if (in->kind == DAF_INPUT_OPENED) {
        if (is_open(r, in->conn)) return "a connection opens that is open";
        if (r->conns_count == CONNS_MAX) return "too many connections are open";
        r->conns[r->conns_count++] = in->conn;
    }
    if (in->kind == DAF_INPUT_CLOSED) note_closed(r, in->conn);
    if (in->kind == DAF_INPUT_LINK_LOST) r->conns_count = 0;
    return NULL;
}

static enum daf_err give(struct replay *r, const struct daf_inputlog_entry *e)
{
    uint64_t commits = 0;
    enum daf_err err = daf_notebook_pin(r->config->notebook, &commits);

    if (err != DAF_OK) return err;
    daf_agent_input(r->agent, e->now, &e->input);
    daf_notebook_unpin(r->config->notebook);
    return r->disk.err;
}

static bool tell_progress(struct replay *r)
{
    const struct daf_replay_config *c = r->config;

    if (c->progress == NULL || r->out->inputs % PROGRESS != 0 ||
        c->progress(c->ctx, r->out->inputs, r->plan.inputs))
        return true;
    r->out->is_broken_off = true;
    return false;
}

/* NULL, or why it differs. */
static const char *take(struct replay *r, const struct daf_inputlog_entry *e)
{
    const char *why = NULL;

    r->err = daf_replay_disk_carry(&r->disk, e->commits, &why);
    if (r->err != DAF_OK || why != NULL) return why;
    why = refuse(r, e);
    if (why != NULL) return why;
    r->now_ms = e->now.ms;
    r->err = give(r, e);
    return NULL;
}

static bool on_entry(void *ctx, const struct daf_inputlog_entry *e)
{
    struct replay *r = ctx;
    const char *why;

    if (e->is_noted) /* the plan has it */
        return memcmp(e->effects, r->effects.chain, sizeof e->effects) == 0 ||
               differ(r, e, "the log was changed: nothing was to be done");
    if (!tell_progress(r)) return false;
    if (r->out->inputs++ == 0) r->started_ms = e->now.ms;
    why = take(r, e);
    if (r->disk.is_untold && r->out->inputs > r->plan.last_other) {
        r->out->untold = r->plan.inputs - --r->out->inputs;
        return false;
    }
    if (why != NULL) return differ(r, e, why);
    if (r->err != DAF_OK) return false;
    if (memcmp(e->effects, r->effects.chain, sizeof e->effects) != 0)
        return differ_in_calls(r, e);
    memcpy(r->chain, r->effects.chain, sizeof r->chain);
    r->made_count = 0;
    return true;
}

/* ---- the agent */

struct scan_ctx {
    daf_camp_row_fn fn;
    void *ctx;
};

static bool scan_row(void *ctx, const struct daf_row *row)
{
    struct scan_ctx *s = ctx;

    return s->fn(s->ctx, &row->log, &row->stored);
}

static enum daf_err scan(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx)
{
    struct scan_ctx s = {fn, fn_ctx};

    return daf_notebook_scan(ctx, scope, retention, scan_row, &s);
}

static enum daf_err statements(void *ctx, daf_agent_statement_fn fn,
                               void *fn_ctx)
{
    return daf_notebook_statements(ctx, fn, fn_ctx);
}

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    (void)ctx;
    (void)wrote;
}

static enum daf_err make_agent(struct replay *r,
                               const struct daf_inputlog_head *head)
{
    struct daf_agent_config config = {
        .keys = head->keys,
        .secrets = head->secrets,
        .manifest = head->manifest,
        .cert = head->cert,
        .boot_number = head->boot_number,
        .index = daf_notebook_index(r->config->notebook),
        .scan = scan,
        .scan_ctx = r->config->notebook,
        .statements = statements,
        .statements_ctx = r->config->notebook,
        .own_incarnation = head->self.lives[head->self.lives_count - 1],
        .self = &head->self,
        .port = &r->effects.port,
    };

    memcpy(config.seed, head->seed, sizeof config.seed);
    enum daf_err err = daf_agent_new(&config, on_wrote, r, &r->agent);
    sodium_memzero(&config, sizeof config);
    return err;
}

static enum daf_err run(struct replay *r)
{
    struct daf_inputlog_head head;
    size_t torn = 0;
    enum daf_err err = daf_replay_plan_make(r->config->log, &head, &r->plan);

    if (err == DAF_OK)
        err = daf_replay_disk_init(&r->disk, r->config->notebook, &r->plan);
    fill_port(r);
    daf_effects_init(&r->effects, &r->port);
    r->effects.made = on_made;
    r->effects.made_ctx = r;
    if (err == DAF_OK) err = make_agent(r, &head);
    if (err == DAF_OK)
        err = daf_inputlog_read(r->config->log, &head, &torn, on_entry, r);
    if (err == DAF_OK) err = r->err;
    r->out->torn = r->plan.torn;
    r->out->effects = r->effects.calls;
    sodium_memzero(&head, sizeof head);
    return err;
}

enum daf_err daf_replay_run(const struct daf_replay_config *config,
                            struct daf_replay_result *out)
{
    struct replay *r = calloc(1, sizeof *r);

    *out = (struct daf_replay_result){.inputs = 0};
    if (r == NULL) return DAF_ENOMEM;
    r->config = config;
    r->out = out;
    enum daf_err err = run(r);
    daf_agent_free(r->agent); /* it still calls the port */
    daf_replay_disk_free(&r->disk);
    daf_replay_plan_free(&r->plan);
    free(r->made);
    sodium_memzero(r, sizeof *r);
    free(r);
    return err;
}
