/* SPDX-License-Identifier: Apache-2.0 */

/* A device meets another, records what happens to it, and does it again from the
 * log; then the log is changed, byte by byte. */

#include "tests/lib/t.h"

#include <stdlib.h>

#include "sim/device/signer.h"
#include "sim/replay/replay_impl.h"
#include "tests/lib/agent_case.h"

#define LOG_BYTES   ((size_t)1024 * 1024)
#define ENTRIES_MAX 512
#define CONN        (IN | 1u)
#define ME          2 /* the device that records */

/* What it said, for the other. */
struct frame {
    struct frame *next;
    size_t len;
    uint8_t bytes[];
};

struct entry {
    size_t at, end; /* in the log */
    uint64_t input; /* from 1; 0: it is none */
    enum daf_input_kind kind;
};

/* The recorded device.  First its disk: that is the ports' context. */
struct device {
    struct daf_replay_disk disk;
    struct daf_replay_plan plan;
    struct daf_notebook_pool *pool;
    struct daf_notebook *notebook, *before; /* as it was at the start */
    struct daf_port port;
    struct daf_effects effects;
    struct daf_agent *agent;
    struct daf_mono now;
    struct frame *said, **said_end;
    struct daf_pack k;
    uint8_t *log;
    struct entry entries[ENTRIES_MAX];
    size_t entries_count, notes;
    uint64_t inputs;
};

static struct device *me; /* one run for all tests */

/* ---- its port */

static void on_send(void *ctx, uint32_t conn, struct daf_view bytes)
{
    struct device *d = ctx;
    struct frame *f = calloc(1, sizeof(*f) + bytes.len);

    assert_non_null(f);
    if (conn != CONN) {
        free(f);
        return;
    }
    f->len = bytes.len;
    memcpy(f->bytes, bytes.p, bytes.len);
    *d->said_end = f;
    d->said_end = &f->next;
}

static void on_conn(void *ctx, uint32_t conn)
{
    (void)ctx;
    (void)conn;
}

static void on_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                       const struct daf_addr *addr,
                       const struct daf_box_pk *server)
{
    (void)ctx;
    (void)conn;
    (void)endpoint;
    (void)addr;
    (void)server;
}

static void on_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    (void)ctx;
    (void)key;
    (void)allowed;
}

static void on_porch(void *ctx, const struct daf_box_pk *pk,
                     const struct daf_box_sk *sk)
{
    (void)ctx;
    (void)pk;
    (void)sk;
}

static void on_announce(void *ctx, const struct daf_announce *what)
{
    (void)ctx;
    (void)what;
}

static void on_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    (void)ctx;
    (void)endpoint;
}

static void on_piece(void *ctx, uint32_t conn,
                     const struct daf_port_piece *piece)
{
    (void)ctx;
    (void)conn;
    (void)piece;
}

static void fill_port(struct device *d)
{
    d->port = (struct daf_port){
        .send = on_send,
        .close = on_conn,
        .connect = on_connect,
        .admit = on_admit,
        .porch = on_porch,
        .announce = on_announce,
        .withdraw = on_withdraw,
        .content_put = on_piece,
        .content_forget = on_conn,
        .content_read = on_piece,
    };
    daf_replay_disk_port(&d->disk, &d->port);
}

/* ---- recording, as the daemon does */

static void append(struct device *d, const struct daf_inputlog_entry *entry)
{
    struct daf_inputlog_entry e = *entry;
    struct entry *at = &d->entries[d->entries_count++];

    assert_true(d->entries_count < ENTRIES_MAX);
    memcpy(e.effects, d->effects.chain, sizeof(e.effects));
    at->at = d->k.len;
    daf_inputlog_pack_entry(&d->k, &e);
    assert_false(d->k.is_full);
    at->end = d->k.len;
    at->input = e.is_noted ? 0 : ++d->inputs;
    at->kind = e.input.kind;
}

static void give_stored(struct device *d, const struct daf_input *in,
                        uint64_t commit)
{
    struct daf_inputlog_entry e = {.now = d->now,
                                   .commit = commit,
                                   .input = *in};

    assert_int_equal(daf_notebook_pin(d->notebook, &e.commits), DAF_OK);
    daf_agent_input(d->agent, d->now, in);
    daf_notebook_unpin(d->notebook);
    append(d, &e);
}

static void give(struct device *d, const struct daf_input *in)
{
    give_stored(d, in, 0);
}

static uint64_t carry(struct device *d, struct daf_replay_planned what)
{
    const char *why = NULL;

    what.commit = d->disk.commits + 1;
    assert_true(d->plan.count < d->plan.cap);
    d->plan.list[d->plan.count++] = what;
    assert_int_equal(daf_replay_disk_carry(&d->disk, what.commit, &why),
                     DAF_OK);
    assert_null(why);
    return what.commit;
}

/* The oldest batch is kept, or fails. */
static bool answer(struct device *d, enum daf_err err)
{
    struct daf_replay_job *job = d->disk.jobs;
    struct daf_input in = {.kind = DAF_INPUT_STORED, .err = err};
    struct daf_inputlog_entry e;
    struct daf_stored_item items[64];
    uint64_t commit = 0;

    if (job == NULL) return false;
    in.job = job->number;
    if (err == DAF_OK) {
        commit = carry(d, (struct daf_replay_planned){.is_kept = true,
                                                      .job = job->number});
        assert_true(job->items_count <= 64);
        memcpy(items, job->items, job->items_count * sizeof(items[0]));
        in.items_count = job->items_count;
    }
    in.items = items;
    e = (struct daf_inputlog_entry){.input = in};
    assert_null(daf_replay_disk_stored(&d->disk, &e));
    give_stored(d, &in, commit);
    return true;
}

static void note(struct device *d)
{
    struct daf_inputlog_entry e = {.now = d->now,
                                   .is_noted = true,
                                   .notes_first = d->disk.notes_gone,
                                   .notes_count = d->disk.notes_count};

    if (e.notes_count == 0) return;
    e.commit = carry(d, (struct daf_replay_planned){.is_notes = true,
                                                    .first = e.notes_first,
                                                    .count = e.notes_count});
    append(d, &e);
    d->notes += e.notes_count;
}

static void give_control(struct device *d)
{
    assert_int_equal(daf_notebook_begin(d->notebook), DAF_OK);
    for (size_t i = 0; i < daf_fake_index_count(control); i++) {
        struct daf_log_key log;
        struct daf_stored s;
        struct daf_record r;
        enum daf_put put;

        daf_fake_index_at(control, i, &log, &s);
        assert_int_equal(daf_record_decode(s.header, &r), DAF_OK);
        assert_int_equal(daf_notebook_put(d->notebook, &r, s.header,
                                          s.body_state, s.body, &put),
                         DAF_OK);
    }
    assert_int_equal(daf_notebook_commit(d->notebook), DAF_OK);
}

struct scan_to {
    daf_camp_row_fn fn;
    void *ctx;
};

static bool scan_row(void *ctx, const struct daf_row *row)
{
    struct scan_to *s = ctx;

    return s->fn(s->ctx, &row->log, &row->stored);
}

static enum daf_err scan(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx)
{
    struct scan_to s = {fn, fn_ctx};

    return daf_notebook_scan(ctx, scope, retention, scan_row, &s);
}

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    (void)ctx;
    assert_int_equal(wrote->err, DAF_OK);
}

static void start_agent(struct device *d)
{
    struct daf_inputlog_head head = {.seed = {7},
                                     .boot_number = 3,
                                     .self = {.lives = {11}, .lives_count = 1},
                                     .keys = keys[ME],
                                     .secrets = secrets[ME],
                                     .manifest = the_manifest(),
                                     .cert = the_cert(ME)};
    struct daf_agent_config config = {
        .keys = head.keys,
        .secrets = head.secrets,
        .manifest = head.manifest,
        .cert = head.cert,
        .seed = {7},
        .boot_number = head.boot_number,
        .index = daf_notebook_index(d->notebook),
        .scan = scan,
        .scan_ctx = d->notebook,
        .own_incarnation = head.self.lives[0],
        .port = &d->effects.port,
    };

    daf_pack_init(&d->k, d->log, LOG_BYTES);
    daf_inputlog_pack_head(&d->k, &head);
    fill_port(d);
    daf_effects_init(&d->effects, &d->port);
    assert_int_equal(daf_agent_new(&config, on_wrote, d, &d->agent), DAF_OK);
}

static struct device *device_new(void)
{
    struct device *d = calloc(1, sizeof(*d));

    assert_non_null(d);
    d->log = malloc(LOG_BYTES);
    d->plan = (struct daf_replay_plan){.cap = ENTRIES_MAX};
    d->plan.list = calloc(ENTRIES_MAX, sizeof(*d->plan.list));
    assert_non_null(d->log);
    assert_non_null(d->plan.list);
    d->said_end = &d->said;
    d->now.ms = START_MS;
    assert_int_equal(daf_notebook_pool_new(&d->pool), DAF_OK);
    assert_int_equal(daf_notebook_model(d->pool, &d->notebook), DAF_OK);
    assert_int_equal(daf_notebook_model(d->pool, &d->before), DAF_OK);
    give_control(d);
    assert_int_equal(daf_notebook_copy(d->notebook, d->before), DAF_OK);
    assert_int_equal(daf_replay_disk_init(&d->disk, d->notebook, &d->plan),
                     DAF_OK);
    start_agent(d);
    return d;
}

static void device_free(struct device *d)
{
    daf_agent_free(d->agent);
    daf_replay_disk_free(&d->disk);
    daf_replay_plan_free(&d->plan);
    daf_notebook_free(d->notebook);
    daf_notebook_free(d->before);
    daf_notebook_pool_free(d->pool);
    while (d->said != NULL) {
        struct frame *next = d->said->next;

        free(d->said);
        d->said = next;
    }
    free(d->log);
    free(d);
}

/* ---- the run */

static void to_me(struct device *d, struct daf_view bytes)
{
    give(d, &(struct daf_input){.kind = DAF_INPUT_FRAME,
                                .conn = CONN,
                                .bytes = bytes});
}

/* Until both are silent. */
static void talk_with(struct device *d, struct host *h, uint32_t conn)
{
    bool moved = true;

    while (moved) {
        struct daf_view bytes;
        uint32_t to;

        moved = false;
        while (take(h, &to, &bytes)) {
            if (to == conn) to_me(d, bytes);
            moved = true;
        }
        while (d->said != NULL) {
            struct frame *f = d->said;

            d->said = f->next;
            if (d->said == NULL) d->said_end = &d->said;
            frame(h, conn, (struct daf_view){f->bytes, f->len});
            free(f);
            moved = true;
        }
        while (answer(d, DAF_OK))
            moved = true;
        note(d);
        commit_all(h);
    }
}

static void learn_here(struct device *d, const char *learner)
{
    struct daf_write w = session_write(d->inputs, learner, &counted);

    give(d, &(struct daf_input){.kind = DAF_INPUT_WRITE, .write = &w});
    while (answer(d, DAF_OK))
        ;
}

static void meet_once(struct device *d, struct host *h)
{
    uint32_t conn = go_to_mesh(h, ME, "10.0.0.9:1000");

    give(d, &(struct daf_input){.kind = DAF_INPUT_OPENED,
                                .conn = CONN,
                                .endpoint = DAF_ENDPOINT_MESH,
                                .key = keys[h->number].transport});
    opened(h, conn, DAF_ENDPOINT_MESH, &keys[ME].transport);
    talk_with(d, h, conn);
    learn_here(d, "Yarrow Example");
    learn(h, 5, "Sorrel Example");
    commit_all(h);
    talk_with(d, h, conn);
    closed(h, conn);
    give(d, &(struct daf_input){.kind = DAF_INPUT_CLOSED, .conn = CONN});
}

static void some_of_each(struct device *d)
{
    static const uint8_t bits[2] = {0x80};
    static const struct daf_item_news news = {.content = {{1}},
                                              .parts = 9,
                                              .pages = 1,
                                              .part_bytes = 65536,
                                              .is_wanted = true,
                                              .bits = {bits, 2}};
    static const struct daf_porch_wish wish = {.what = DAF_PORCH_OPEN,
                                               .right = "append"};
    const struct daf_addr own = {"10.0.0.9"};

    give(d, &(struct daf_input){.kind = DAF_INPUT_OWN,
                                .addrs = &own,
                                .addrs_count = 1});
    give(d, &(struct daf_input){.kind = DAF_INPUT_LISTENING,
                                .port_door = 1000,
                                .port_mesh = 2000});
    give(d, &(struct daf_input){.kind = DAF_INPUT_PEER,
                                .addr = {"10.0.0.8:1000"},
                                .found_by = DAF_FOUND_STATIC});
    give(d, &(struct daf_input){.kind = DAF_INPUT_ITEM, .item = &news});
    give(d, &(struct daf_input){.kind = DAF_INPUT_PUT,
                                .conn = CONN,
                                .piece = {.content = {{1}}, .part = 1},
                                .put = DAF_SHELF_PART});
    give(d, &(struct daf_input){.kind = DAF_INPUT_PORCH, .porch = &wish});
    give(d, &(struct daf_input){.kind = DAF_INPUT_PORCHED, .port_porch = 7});
}

static void pass(struct device *d)
{
    struct daf_mono at = daf_agent_deadline(d->agent);

    if (at.ms != DAF_MONO_NEVER.ms && at.ms > d->now.ms) d->now = at;
    give(d, &(struct daf_input){.kind = DAF_INPUT_TIMER});
    while (answer(d, DAF_OK))
        ;
}

static int setup(void **state)
{
    struct host *h;

    daf_signer_stub(true); /* else each flipped byte costs 50 ms */
    if (make_camp(state) != 0) return 1;
    me = device_new();
    h = host_new(1);
    some_of_each(me);
    for (uint64_t i = 0; i < 4; i++)
        learn(h, i, "Sorrel Example");
    commit_all(h);
    meet_once(me, h);
    meet_once(me, h);
    for (int i = 0; i < 4; i++)
        pass(me);
    give(me, &(struct daf_input){.kind = DAF_INPUT_STOP});
    host_free(h);
    return 0;
}

static int teardown(void **state)
{
    device_free(me);
    return free_camp(state);
}

/* ---- replays */

static enum daf_err replay_over(const struct daf_notebook *before,
                                const uint8_t *log, size_t len,
                                struct daf_replay_result *out)
{
    struct daf_replay_config config = {.log = {log, len}};
    enum daf_err err;

    assert_int_equal(daf_notebook_model(me->pool, &config.notebook), DAF_OK);
    assert_int_equal(daf_notebook_copy(before, config.notebook), DAF_OK);
    err = daf_replay_run(&config, out);
    daf_notebook_free(config.notebook);
    return err;
}

static enum daf_err replay(const uint8_t *log, size_t len,
                           struct daf_replay_result *out)
{
    return replay_over(me->before, log, len, out);
}

static void a_run_replays_with_the_same_effects(void **state)
{
    struct daf_replay_result r;

    (void)state;
    assert_true(me->notes > 0); /* else acknowledgements are not tested */
    assert_int_equal(replay(me->log, me->k.len, &r), DAF_OK);
    assert_string_equal(r.first.why, "");
    assert_int_equal(r.first.input, 0);
    assert_int_equal(r.inputs, me->inputs);
    assert_int_equal(r.effects, me->effects.calls);
    assert_int_equal(r.torn + r.untold, 0);
    print_message("             %zu bytes, %llu inputs, %llu effects\n",
                  me->k.len, (unsigned long long)r.inputs,
                  (unsigned long long)r.effects);
}

static void a_flipped_effect_is_found_at_its_input(void **state)
{
    uint64_t input = 0;

    (void)state;
    for (size_t i = 0; i < me->entries_count; i++) {
        const struct entry *e = &me->entries[i];
        struct daf_replay_result r;

        if (e->input > 0) input = e->input; /* NOTED: the one before */
        me->log[e->end - 1] ^= 1;
        assert_int_equal(replay(me->log, me->k.len, &r), DAF_OK);
        me->log[e->end - 1] ^= 1;
        assert_int_equal(r.first.input, input);
        assert_int_equal(r.inputs, input);
    }
}

static void a_changed_frame_is_found(void **state)
{
    size_t found = 0;

    (void)state;
    for (size_t i = 0; i < me->entries_count; i++) {
        const struct entry *e = &me->entries[i];
        size_t at = e->end - 9 - 2; /* the frame's last bytes but one */
        struct daf_replay_result r;

        if (e->input == 0 || e->kind != DAF_INPUT_FRAME) continue;
        me->log[at] ^= 0x55;
        assert_int_equal(replay(me->log, me->k.len, &r), DAF_OK);
        me->log[at] ^= 0x55;
        assert_true(r.first.input >= e->input);
        found++;
    }
    assert_true(found > 5);
}

static void no_flipped_byte_does_harm(void **state)
{
    size_t same = 0, different = 0, refused = 0;

    (void)state;
    for (size_t at = 0; at < me->k.len; at++) {
        uint8_t flip = (uint8_t)(at % 2 == 0 ? 0xffu : 1u << at / 2 % 8);
        struct daf_replay_result r;
        enum daf_err err;

        me->log[at] ^= flip;
        err = replay(me->log, me->k.len, &r);
        me->log[at] ^= flip;
        refused += err != DAF_OK;
        different += err == DAF_OK && r.first.input > 0;
        same += err == DAF_OK && r.first.input == 0;
    }
    print_message("             %zu differ, %zu are no log, %zu do the same\n",
                  different, refused, same);
    assert_true(different > same);
}

static void a_log_cut_anywhere_is_the_same_up_to_there(void **state)
{
    size_t head = me->entries[0].at;

    (void)state;
    for (size_t len = head; len < me->k.len; len += 7) {
        struct daf_replay_result r;

        assert_int_equal(replay(me->log, len, &r), DAF_OK);
        assert_string_equal(r.first.why, "");
        assert_int_equal(r.first.input, 0);
    }
}

static void another_notebook_is_found_out(void **state)
{
    struct daf_notebook *empty = NULL;
    struct daf_replay_result r;

    (void)state;
    assert_int_equal(daf_notebook_model(me->pool, &empty), DAF_OK);
    assert_int_equal(replay_over(empty, me->log, me->k.len, &r), DAF_OK);
    assert_true(r.first.input > 0);
    daf_notebook_free(empty);
}

/* Appends one entry behind the whole log. */
static void expect_refused(const struct daf_inputlog_entry *e, const char *why)
{
    struct daf_pack k = me->k;
    struct daf_replay_result r;

    daf_inputlog_pack_entry(&k, e);
    assert_int_equal(replay(me->log, k.len, &r), DAF_OK);
    assert_int_equal(r.first.input, me->inputs + 1);
    assert_non_null(strstr(r.first.why, why));
}

static void what_no_daemon_can_have_seen_is_not_given(void **state)
{
    const uint64_t commits = me->disk.commits;
    struct daf_inputlog_entry e = {.now = {START_MS - 1}, .commits = commits};

    (void)state;
    expect_refused(&e, "backwards");
    e.now = me->now;
    e.commits = 0;
    expect_refused(&e, "could not read");
    e.commits = commits + 1;
    expect_refused(&e, "does not tell");
    e.commits = commits;
    e.input.kind = DAF_INPUT_STORED;
    e.input.job = 99;
    expect_refused(&e, "before its commit");
    e.input.err = DAF_EFULL;
    expect_refused(&e, "no such batch");
    e.commits = e.commit = commits + 1;
    e.input.err = DAF_OK;
    expect_refused(&e, "had not begun");
}

static void an_older_log_says_so(void **state)
{
    struct daf_replay_result r;

    (void)state;
    assert_int_equal(me->log[12], DAF_INPUTLOG_VERSION);
    me->log[12] = 3;
    assert_int_equal(replay(me->log, me->k.len, &r), DAF_EVERSION);
    me->log[12] = DAF_INPUTLOG_VERSION;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_replays_with_the_same_effects),
        cmocka_unit_test(a_flipped_effect_is_found_at_its_input),
        cmocka_unit_test(a_changed_frame_is_found),
        cmocka_unit_test(no_flipped_byte_does_harm),
        cmocka_unit_test(a_log_cut_anywhere_is_the_same_up_to_there),
        cmocka_unit_test(another_notebook_is_found_out),
        cmocka_unit_test(what_no_daemon_can_have_seen_is_not_given),
        cmocka_unit_test(an_older_log_says_so),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
