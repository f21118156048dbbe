/* SPDX-License-Identifier: Apache-2.0 */
#include "node/offline.h"

#include "node/clock.h"
#include "node/writer.h"

#include <sodium.h>
#include <stdlib.h>

#define VALUE_BYTES 8

struct daf_offline {
    const struct daf_home *home;
    struct daf_store *reader;
    struct daf_writer *writer;
    struct daf_agent *agent;
    struct daf_port port;
};

/* --- words --------------------------------------------------------------- */

static const char *store_words(enum daf_err err)
{
    if (err == DAF_ENOTFOUND)
        return "is missing. To do: put the home's folder store/ back from a "
               "copy, or enrol anew and let peers fill it";
    if (err == DAF_EVERSION)
        return "was written by a newer program; nothing was changed. To do: "
               "use that program";
    if (err == DAF_ECORRUPT)
        return "is damaged. To do: daftar check --repair makes a new one of "
               "all "
               "that is sound";
    if (err == DAF_EFULL)
        return "has no room: the disk is full. To do: free some space";
    if (err == DAF_EREADONLY)
        return "cannot be written: disk or file is read-only. To do: make it "
               "writable";
    if (err == DAF_EDENIED)
        return "may not be opened by you. To do: run as the home's owner";
    if (err == DAF_EBUSY)
        return "is in use by another process. To do: try again in a moment";
    if (err == DAF_ENOMEM) return "needs more memory than there is";
    return "cannot be read or written. To do: look at the disk and the "
           "system's log";
}

static void tell_store(struct daf_trouble *t, const struct daf_home *home,
                       enum daf_err err)
{
    daf_home_trouble(t, "the notebook %s/store/notebook.db %s", home->dir,
                     store_words(err));
}

enum daf_err daf_offline_store(const struct daf_home *home,
                               enum daf_store_mode mode, struct daf_store **out,
                               struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    enum daf_err err;

    daf_home_path(home, "store", path);
    err = daf_store_open(path, mode, out);
    if (err != DAF_OK) tell_store(t, home, err);
    return err;
}

static const char *refusal(const struct daf_wrote *wrote)
{
    enum daf_err err = wrote->err;

    if (wrote->is_deferred)
        return "this device's records of that scope have split, or begun "
               "anew, 64 times, as many as a camp keeps; what was written "
               "before is kept. To do: enrol this device anew, in a new home";
    if (err == DAF_ERESTORED)
        return "this device was put back from an older copy, or its card was "
               "copied: until it has heard what it once said it takes nobody "
               "in and takes nothing from anybody. To do: let it meet an "
               "archive or two other devices; or daftar restored --anyway, if "
               "nobody else is left";
    if (err == DAF_EKEY)
        return "this device holds no key of that scope yet. To do: wait for a "
               "coordinator's records, or check the scope's name";
    if (err == DAF_EAUTHOR || err == DAF_EDENIED)
        return "this device may not write there. To do: ask a coordinator for "
               "a certificate that names the scope";
    if (err == DAF_ESCOPE)
        return "the camp has no such scope for this device. To do: check the "
               "scope's name";
    if (err == DAF_ETYPE)
        return "the camp's register does not name this type of record";
    if (err == DAF_ENOTFOUND)
        return "no learner with that subject id is known here. To do: give "
               "the learner's name";
    if (err == DAF_ELIMIT || err == DAF_EFORM)
        return "a name or an item is empty, too long or not UTF-8. To do: "
               "shorten it";
    if (err == DAF_EFULL)
        return "the disk is full; nothing was kept. To do: free some space and "
               "try again";
    if (err == DAF_EREADONLY)
        return "the disk is read-only; nothing was kept. To do: make it "
               "writable and try again";
    if (err == DAF_EBUSY)
        return "too much waits to be written. To do: try again in a moment";
    return NULL;
}

void daf_offline_refused(struct daf_trouble *t, const struct daf_wrote *wrote)
{
    const char *words = refusal(wrote);

    daf_home_trouble(t, "the record was not written: %s",
                     words != NULL ? words : daf_err_str(wrote->err));
}

/* --- the agent ------------------------------------------------------------ */

struct scan {
    daf_camp_row_fn fn;
    void *ctx;
};

static bool pass_row(void *ctx, const struct daf_row *row)
{
    const struct scan *scan = ctx;

    return scan->fn(scan->ctx, &row->log, &row->stored);
}

static enum daf_err scan_store(void *ctx, const struct daf_scope_id *scope,
                               int retention, daf_camp_row_fn fn, void *fn_ctx)
{
    struct scan scan = {fn, fn_ctx};

    return daf_store_scan(ctx, scope, retention, pass_row, &scan);
}

static uint64_t get_be64(const uint8_t p[VALUE_BYTES])
{
    uint64_t v = 0;

    for (size_t i = 0; i < VALUE_BYTES; i++)
        v = v << 8 | p[i];
    return v;
}

static void put_be64(uint64_t v, uint8_t p[VALUE_BYTES])
{
    for (size_t i = VALUE_BYTES; i-- > 0; v >>= 8)
        p[i] = (uint8_t)(v & 0xff);
}

static enum daf_err get_value(struct daf_store *s, const char *name,
                              uint64_t *out)
{
    uint8_t value[VALUE_BYTES];
    size_t len = 0;
    enum daf_err err = daf_store_get_value(s, name, value, sizeof(value), &len);

    if (err != DAF_OK) return err;
    if (len != VALUE_BYTES) return DAF_ECORRUPT;
    *out = get_be64(value);
    return DAF_OK;
}

static enum daf_err set_value(struct daf_store *s, const char *name, uint64_t v)
{
    uint8_t value[VALUE_BYTES];

    put_be64(v, value);
    return daf_store_set(s, name, (struct daf_view){value, sizeof(value)});
}

static void tell_agent(struct daf_trouble *t, const struct daf_home *home,
                       enum daf_err err)
{
    if (err == DAF_ESIG || err == DAF_EFORM || err == DAF_ELIMIT ||
        err == DAF_EAUTHOR || err == DAF_EVERSION)
        daf_home_trouble(t,
                         "the camp's manifest or this device's certificate "
                         "in %s/camp is not good: %s. To do: put them back "
                         "from a copy, or enrol anew",
                         home->dir, daf_err_str(err));
    else
        tell_store(t, home, err);
}

static enum daf_err scan_statements(void *ctx, daf_agent_statement_fn fn,
                                    void *fn_ctx)
{
    return daf_store_statements(ctx, fn, fn_ctx, NULL);
}

/* What an agent needs has no shorter list.
 * NOLINTNEXTLINE(readability-function-size) */
enum daf_err daf_offline_agent(const struct daf_home *home,
                               struct daf_store *reader, uint64_t boot_number,
                               const struct daf_port *port, daf_wrote_fn wrote,
                               void *ctx, const uint8_t seed[32],
                               struct daf_agent **out, struct daf_trouble *t)
{
    struct daf_agent_config config = {
        .keys = home->keys,
        .manifest = {home->manifest, home->manifest_len},
        .cert = {home->cert, home->cert_len},
        .boot_number = boot_number,
        .index = daf_store_index(reader),
        .scan = scan_store,
        .scan_ctx = reader,
        .statements = scan_statements,
        .statements_ctx = reader,
        .port = port,
    };
    struct daf_self self;
    enum daf_err err = daf_selfvalue_get(reader, &self);

    if (err == DAF_OK) {
        config.own_incarnation = self.lives[self.lives_count - 1];
        config.self = &self;
        config.secrets = home->secrets;
        memcpy(config.seed, seed, sizeof(config.seed));
        err = daf_agent_new(&config, wrote, ctx, out);
        sodium_memzero(&config, sizeof(config));
    } else if (err == DAF_ENOTFOUND) {
        err = DAF_ECORRUPT; /* daf_offline_prepare() was to set it */
    }
    if (err != DAF_OK) tell_agent(t, home, err);
    return err;
}

/* After a repair that may have lost own records: peers may hold them, and to
 * go on below them would fork the log. */
static enum daf_err must_start_anew(struct daf_store *writer, bool *out)
{
    uint8_t value[VALUE_BYTES];
    size_t len = 0;
    enum daf_err err = daf_store_get_value(writer, DAF_STORE_NEW_START, value,
                                           sizeof(value), &len);

    *out = err == DAF_OK && len > 0;
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

/* In the transaction that counts the start: the reason goes when the new
 * incarnation is durable, and not before. */
static enum daf_err draw_incarnation(struct daf_store *writer,
                                     struct daf_self *self)
{
    uint64_t incarnation;
    enum daf_err err;

    randombytes_buf(&incarnation, sizeof(incarnation));
    daf_selfvalue_live(self, incarnation);
    err = daf_selfvalue_set(writer, self);
    if (err != DAF_OK) return err;
    return daf_store_set(writer, DAF_STORE_NEW_START,
                         (struct daf_view){NULL, 0});
}

/* Where the home was at the last start; @now is remembered instead.  A mark that
 * is unknown now, as a network card that is unplugged, stays as it was. */
static enum daf_err note_machine(struct daf_store *writer,
                                 const struct daf_machine *now, bool *out_other)
{
    struct daf_machine was = {{{0}}}, next = {{{0}}};
    size_t len = 0;
    enum daf_err err;

    *out_other = false;
    if (now == NULL) return DAF_OK;
    err = daf_store_get_value(writer, DAF_VALUE_MACHINE, was.marks[0],
                              sizeof(was.marks), &len);
    if (err != DAF_OK && err != DAF_ENOTFOUND) return err;
    if (len != sizeof(was.marks)) memset(&was, 0, sizeof(was));
    *out_other = daf_machine_is_other(&was, now);
    daf_machine_next(&was, now, &next);
    if (memcmp(&was, &next, sizeof(was)) == 0) return DAF_OK;
    return daf_store_set(writer, DAF_VALUE_MACHINE,
                         (struct daf_view){next.marks[0], sizeof(next.marks)});
}

/* @out_boot counts this start. */
static enum daf_err count_start(struct daf_store *writer,
                                const struct daf_machine *machine,
                                uint64_t *out_boot)
{
    struct daf_self self = {.lives_count = 0};
    uint64_t boot = 0;
    bool anew = false, is_other = false;
    enum daf_err err = must_start_anew(writer, &anew);

    if (err == DAF_OK) err = note_machine(writer, machine, &is_other);
    if (err == DAF_OK) err = daf_selfvalue_get(writer, &self);
    anew |= is_other;
    /* What it once said may have been lost with what was damaged; or it is a
     * copy, and the other goes on as well. */
    self.is_restored |= anew;
    if (err == DAF_ENOTFOUND || (err == DAF_OK && anew))
        err = draw_incarnation(writer, &self);
    if (err != DAF_OK) return err;
    err = get_value(writer, DAF_VALUE_BOOT, &boot);
    if (err != DAF_OK && err != DAF_ENOTFOUND) return err;
    *out_boot = boot < DAF_INT_MAX ? boot + 1 : boot;
    return set_value(writer, DAF_VALUE_BOOT, *out_boot);
}

enum daf_err daf_offline_prepare(struct daf_store *writer,
                                 const struct daf_machine *machine,
                                 uint64_t *out_boot, struct daf_trouble *t)
{
    enum daf_err err = daf_store_begin(writer);

    if (err == DAF_OK) {
        err = count_start(writer, machine, out_boot);
        if (err == DAF_OK)
            err = daf_store_commit(writer);
        else
            daf_store_rollback(writer);
    }
    if (err != DAF_OK)
        daf_home_trouble(t, "the notebook %s (%s)", store_words(err),
                         daf_store_trouble(writer));
    return err;
}

/* --- the camp --------------------------------------------------------------- */

static bool fold_row(void *ctx, const struct daf_row *row)
{
    (void)daf_camp_add(ctx, &row->log, &row->stored);
    return true;
}

static enum daf_err fold_all(struct daf_camp *camp, struct daf_store *reader,
                             bool with_roster)
{
    const struct daf_authority *a = daf_camp_authority(camp);
    struct daf_scope_id scope;
    enum daf_err err = daf_store_scan(reader, &a->control, -1, fold_row, camp);

    for (size_t i = 0;
         with_roster && err == DAF_OK && daf_camp_scope(camp, i, &scope); i++)
        if (memcmp(&scope, &a->control, sizeof(scope)) != 0)
            err = daf_store_scan(reader, &scope, DAF_RETENTION_IDENTITY,
                                 fold_row, camp);
    if (err == DAF_OK && daf_camp_is_short(camp)) err = DAF_ENOMEM;
    return err;
}

enum daf_err daf_offline_camp(const struct daf_home *home,
                              struct daf_store *reader, bool with_roster,
                              struct daf_camp **out, struct daf_trouble *t)
{
    struct daf_camp_config config = {
        .manifest = {home->manifest, home->manifest_len},
        .keys = home->keys,
        .seal = &home->secrets.seal,
    };
    struct daf_camp *camp = NULL;
    enum daf_err err = daf_camp_new(&config, &camp);

    *out = NULL;
    if (err == DAF_OK) err = fold_all(camp, reader, with_roster);
    if (err != DAF_OK) {
        daf_camp_free(camp);
        tell_agent(t, home, err);
        return err;
    }
    *out = camp;
    return DAF_OK;
}

/* --- the port: the disk is the writer thread, and there is nobody else ------ *
 *
 * Without sessions and timers nothing is left unchecked, checked or dropped. */

static void send_to_nobody(void *ctx, uint32_t conn, struct daf_view frame)
{
    (void)ctx;
    (void)conn;
    (void)frame;
}

static void close_nothing(void *ctx, uint32_t conn)
{
    (void)ctx;
    (void)conn;
}

static void connect_nowhere(void *ctx, uint32_t conn,
                            enum daf_endpoint endpoint,
                            const struct daf_addr *addr,
                            const struct daf_box_pk *server)
{
    (void)ctx;
    (void)conn;
    (void)endpoint;
    (void)addr;
    (void)server;
}

static void admit_nobody(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    (void)ctx;
    (void)key;
    (void)allowed;
}

static void store_begin(void *ctx, uint64_t job)
{
    struct daf_offline *o = ctx;

    daf_writer_begin(o->writer, job);
}

static void store_keep(void *ctx, const struct daf_keep *keep)
{
    struct daf_offline *o = ctx;

    daf_writer_keep(o->writer, keep);
}

static void store_self(void *ctx, const struct daf_self *self)
{
    struct daf_offline *o = ctx;

    daf_writer_self(o->writer, self);
}

static void store_erase(void *ctx, const struct daf_erase *what)
{
    struct daf_offline *o = ctx;

    daf_writer_erase(o->writer, what);
}

static void store_end(void *ctx, uint64_t job)
{
    struct daf_offline *o = ctx;

    daf_writer_end(o->writer, job);
}

static void store_acked(void *ctx, const struct daf_log_key *log,
                        uint64_t seq_first, const struct daf_spot *last)
{
    (void)ctx;
    (void)log;
    (void)seq_first;
    (void)last;
}

/* --- writing ------------------------------------------------------------------ */

/* Count this start and let the writer thread have the store. */
static enum daf_err start_writer(struct daf_offline *o, uint64_t *out_boot,
                                 struct daf_trouble *t)
{
    struct daf_store *store = NULL;
    struct daf_machine machine;
    enum daf_err err = daf_offline_store(o->home, DAF_STORE_WRITER, &store, t);

    if (err != DAF_OK) return err;
    daf_machine_read("", &machine);
    err = daf_offline_prepare(store, &machine, out_boot, t);
    if (err == DAF_OK) {
        err = daf_writer_new(store, &o->writer);
        if (err == DAF_OK) return DAF_OK;
        tell_store(t, o->home, err);
    }
    daf_store_close(store);
    return err;
}

enum daf_err daf_offline_open(struct daf_home *home, daf_wrote_fn wrote,
                              void *ctx, struct daf_offline **out,
                              struct daf_trouble *t)
{
    struct daf_offline *o = calloc(1, sizeof(*o));
    uint8_t seed[32];
    uint64_t boot = 0;
    enum daf_err err;

    *out = NULL;
    if (o == NULL) return DAF_ENOMEM;
    o->home = home;
    o->port = (struct daf_port){
        .ctx = o,
        .send = send_to_nobody,
        .close = close_nothing,
        .connect = connect_nowhere,
        .admit = admit_nobody,
        .store_begin = store_begin,
        .store_keep = store_keep,
        .store_self = store_self,
        .store_erase = store_erase,
        .store_end = store_end,
        .store_acked = store_acked,
    };
    err = start_writer(o, &boot, t);
    if (err == DAF_OK)
        err = daf_offline_store(home, DAF_STORE_READER, &o->reader, t);
    if (err == DAF_OK) {
        randombytes_buf(seed, sizeof(seed));
        err = daf_offline_agent(home, o->reader, boot, &o->port, wrote, ctx,
                                seed, &o->agent, t);
        sodium_memzero(seed, sizeof(seed));
    }
    if (err != DAF_OK) {
        daf_offline_close(o);
        return err;
    }
    *out = o;
    return DAF_OK;
}

void daf_offline_put(struct daf_offline *o, const struct daf_write *write)
{
    struct daf_input input = {.kind = DAF_INPUT_WRITE, .write = write};

    daf_agent_input(o->agent, daf_clock_now(), &input);
}

void daf_offline_flush(struct daf_offline *o)
{
    struct daf_writer_batch *batch;

    /* What ended may let the agent begin the next job; NULL: nothing is left. */
    while ((batch = daf_writer_take(o->writer, true)) != NULL) {
        for (size_t i = 0; i < batch->jobs_count; i++) {
            const struct daf_writer_job *job = &batch->jobs[i];
            struct daf_input input = {
                .kind = DAF_INPUT_STORED,
                .job = job->job,
                .err = job->err,
                .items = job->items,
                .items_count = job->items_count,
            };

            daf_agent_input(o->agent, daf_clock_now(), &input);
        }
        daf_writer_batch_free(batch);
    }
}

void daf_offline_close(struct daf_offline *o)
{
    if (o == NULL) return;
    daf_agent_free(o->agent);
    daf_store_close(o->reader);
    daf_writer_free(o->writer);
    free(o);
}

static void note_wrote(void *ctx, const struct daf_wrote *wrote)
{
    struct daf_wrote *out = ctx;

    *out = *wrote;
}

enum daf_err daf_offline_write(struct daf_home *home,
                               const struct daf_write *write,
                               struct daf_wrote *out, struct daf_trouble *t)
{
    struct daf_offline *o;
    enum daf_err err;

    *out = (struct daf_wrote){.err = DAF_EIO};
    err = daf_offline_open(home, note_wrote, out, &o, t);
    if (err != DAF_OK) return err;
    daf_offline_put(o, write);
    daf_offline_flush(o);
    daf_offline_close(o);
    if (out->err != DAF_OK) daf_offline_refused(t, out);
    return out->err;
}
