/* SPDX-License-Identifier: Apache-2.0 */
/* The world to measure on: a camp, two devices' homes, and four notebooks that
 * differ in what they lack.  Written through the store alone, so that whatever a
 * notebook keeps beside its rows is right in each; kept under a name that tells
 * all it depends on.
 *
 * Workers write and sign the logs; this process asks them for twenty records an
 * author in turn, as days of school bring them, and puts them. */
#include "tests/bench/bench.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "node/home.h"
#include "proto/body.h"
#include "proto/hash.h"
#include "proto/payload.h"
#include "store/migrations.h"
#include "store/store.h"
#include "tests/bench/bench_camp.h"

#define FORMAT       3 /* raise it when what is made changes */
#define AUTHORS      BENCH_DEVICES
#define DAY_AUTHORS  300 /* those after author 0 */
#define DAY_RECORDS  20
#define LATE_RECORDS 500
#define FIRST_LOG    600 /* records of author 0 at least */
#define PLAIN_COUNT  100 /* records in catalog, and in camp */
#define BATCH        10000
#define WORKERS_MAX  16
#define INCARNATION  0x0102030405060708u

/* While it is made. */
struct making {
    const struct bench *b;
    struct bench_world *world;
    size_t body;
    struct bench_camp camp;
    struct bench_keys coordinator;
    size_t workers_count;
    FILE *workers[WORKERS_MAX];
    pid_t pids[WORKERS_MAX];
    struct daf_store *store; /* the one being written */
    size_t in_batch;
    struct bench_amount amount; /* put into it */
    /* Kept back from the first notebook. */
    struct bench_record *late, *day;
    size_t late_count, day_count;
};

static const char *const folders[] = {"full", "control", "late", "day"};

/* ---- who writes how much */

static size_t count_of(size_t records, size_t author)
{
    size_t each = records / AUTHORS;

    if (each >= FIRST_LOG) return each;
    if (author == 0) return records > FIRST_LOG ? FIRST_LOG : records / 2;
    each = records - count_of(records, 0);
    return each / (AUTHORS - 1) + (author <= each % (AUTHORS - 1) ? 1 : 0);
}

/* How many of an author's newest records the first notebook lacks. */
static size_t kept_back(size_t records, size_t author)
{
    size_t count = count_of(records, author);
    size_t wish = author == 0             ? LATE_RECORDS
                  : author <= DAY_AUTHORS ? DAY_RECORDS
                                          : 0;

    return wish < count ? wish : count;
}

static struct bench_log log_of(const struct bench_camp *camp, const char *scope,
                               const struct bench_keys *keys)
{
    return (struct bench_log){
        .key = {.scope = daf_hash_scope_id(&camp->manifest.camp, scope),
                .author = daf_hash_author_id(&keys->pub.sign),
                .incarnation = INCARNATION},
        .sign = &keys->sign,
        .generation = &camp->generation,
    };
}

/* ---- workers */

static void send_record(FILE *to, const struct bench_draft *d)
{
    const size_t lens[2] = {d->header_len, d->body_len};

    if (fwrite(lens, sizeof(lens), 1, to) != 1 ||
        fwrite(d->header, d->header_len, 1, to) != 1 ||
        fwrite(d->body, d->body_len, 1, to) != 1)
        _exit(1); /* who asked is gone */
}

/* All records of the authors that are @first modulo the number of workers. */
static void work(const struct making *m, size_t first, size_t records, FILE *to)
{
    static struct bench_keys keys[AUTHORS];
    static struct bench_log logs[AUTHORS];
    struct bench_draft d;
    uint8_t room[4096];
    bool more = true;

    for (size_t a = first; a < AUTHORS; a += m->workers_count) {
        bench_camp_keys((uint32_t)a, &keys[a]);
        logs[a] = log_of(&m->camp, "class:1", &keys[a]);
    }
    while (more) {
        more = false;
        for (size_t a = first; a < AUTHORS; a += m->workers_count) {
            for (size_t i = 0;
                 i < DAY_RECORDS && logs[a].last.seq < count_of(records, a);
                 i++) {
                bench_camp_write(&logs[a],
                                 bench_camp_fill(&logs[a], m->body, room),
                                 DAF_RETENTION_PROGRESS, &d);
                send_record(to, &d);
                more = true;
            }
        }
    }
}

static void start_workers(struct making *m, size_t records)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);

    m->workers_count = cores < 1 ? 1 : (size_t)cores;
    if (m->workers_count > WORKERS_MAX) m->workers_count = WORKERS_MAX;
    for (size_t w = 0; w < m->workers_count; w++) {
        int ends[2];

        if (pipe(ends) != 0) bench_die("no more pipes");
        (void)fflush(NULL);
        m->pids[w] = fork();
        if (m->pids[w] < 0) bench_die("no more processes");
        if (m->pids[w] == 0) {
            FILE *to = fdopen(ends[1], "wb");

            (void)signal(SIGPIPE, SIG_DFL);
            (void)close(ends[0]);
            work(m, w, records, to);
            _exit(fclose(to) == 0 ? 0 : 1);
        }
        (void)close(ends[1]);
        m->workers[w] = fdopen(ends[0], "rb");
    }
}

static void end_workers(struct making *m)
{
    for (size_t w = 0; w < m->workers_count; w++) {
        int status = 0;

        (void)fclose(m->workers[w]);
        if (waitpid(m->pids[w], &status, 0) < 0 || status != 0)
            bench_die("a worker failed");
    }
}

static void read_record(FILE *from, struct bench_draft *d)
{
    size_t lens[2] = {0, 0};

    if (fread(lens, sizeof(lens), 1, from) != 1 ||
        lens[0] > sizeof(d->header) || lens[1] > sizeof(d->body) ||
        fread(d->header, lens[0], 1, from) != 1 ||
        fread(d->body, lens[1], 1, from) != 1)
        bench_die("a worker ended early");
    d->header_len = lens[0];
    d->body_len = lens[1];
}

/* ---- putting */

static void open_store(struct making *m, const char *folder)
{
    char dir[BENCH_PATH_MAX];

    bench_path(dir, "%s/%s", m->world->dir, folder);
    bench_file_mkdir(dir);
    bench_ok(daf_store_open(dir, DAF_STORE_WRITER, &m->store), "open a store");
    bench_ok(daf_store_begin(m->store), "begin");
    m->in_batch = 0;
    m->amount = (struct bench_amount){0, 0};
}

/* Closing copies the journal into the file: what stays is one file. */
static struct bench_amount close_store(struct making *m)
{
    bench_ok(daf_store_commit(m->store), "commit");
    daf_store_close(m->store);
    m->store = NULL;
    return m->amount;
}

static void put(struct making *m, struct daf_view header, struct daf_view body)
{
    enum daf_put what = DAF_PUT_KNOWN;
    struct daf_record r;

    if (m->in_batch++ == BATCH) {
        bench_ok(daf_store_commit(m->store), "commit");
        bench_ok(daf_store_begin(m->store), "begin");
        m->in_batch = 1;
    }
    bench_ok(daf_record_decode(header, &r), "read a record");
    bench_ok(daf_store_put(m->store, &r, header, DAF_BODY_HELD, body, &what),
             "put a record");
    if (what != DAF_PUT_NEW) bench_die("a record was not new");
    m->amount.records++;
    m->amount.bytes += header.len + body.len;
}

static void put_draft(struct making *m, const struct bench_draft *d)
{
    put(m, (struct daf_view){d->header, d->header_len},
        (struct daf_view){d->body, d->body_len});
}

static void put_kept(struct making *m, const struct bench_record *records,
                     size_t count)
{
    for (size_t i = 0; i < count; i++)
        put(m, (struct daf_view){records[i].header, records[i].header_len},
            (struct daf_view){records[i].body, records[i].body_len});
}

static void keep_back(struct bench_record *to, const struct bench_draft *d)
{
    *to = (struct bench_record){
        .header = malloc(d->header_len),
        .body = malloc(d->body_len),
        .header_len = d->header_len,
        .body_len = d->body_len,
    };
    if (to->header == NULL || to->body == NULL) bench_die("out of memory");
    memcpy(to->header, d->header, d->header_len);
    memcpy(to->body, d->body, d->body_len);
}

/* ---- what is put */

static void put_payload(struct making *m, struct bench_log *log,
                        struct daf_pack *k)
{
    struct bench_draft d;

    if (k->is_full) bench_die("a control record does not fit");
    bench_camp_write(log, daf_pack_view(k), DAF_RETENTION_CONTROL, &d);
    put_draft(m, &d);
    k->len = 0;
}

/* As `enrol sign` does it: a device's keys, then its certificate. */
static void put_device(struct making *m, struct bench_log *control,
                       const struct daf_device_keys *device)
{
    uint8_t cert[DAF_CERT_BYTES_MAX], room[DAF_CERT_BYTES_MAX + 64];
    struct daf_pack k;
    size_t len;

    daf_pack_init(&k, room, sizeof(room));
    bench_camp_wrap(&m->camp, "camp", device, &k);
    put_payload(m, control, &k);
    daf_pack_init(&k, room, sizeof(room));
    bench_camp_wrap(&m->camp, "class:1", device, &k);
    put_payload(m, control, &k);
    daf_pack_init(&k, room, sizeof(room));
    len = bench_camp_certify(&m->camp, &m->coordinator.sign, device, cert);
    daf_payload_pack_certificate(&k, (struct daf_view){cert, len});
    put_payload(m, control, &k);
}

/* Who holds equal stores has met: what is his own is known to be elsewhere. */
static void put_acked(struct making *m, const struct bench_log *log)
{
    bench_ok(daf_store_acked(m->store, &log->key, 1, &log->last),
             "note a copy elsewhere");
}

static void make_control(struct making *m, const struct daf_device_keys *b)
{
    struct bench_log control = log_of(&m->camp, "control", &m->coordinator);
    struct bench_keys keys;

    control.generation = NULL;
    bench_progress(m->b, "making control");
    open_store(m, folders[BENCH_STORE_CONTROL]);
    put_device(m, &control, b);
    for (size_t a = 0; a < AUTHORS; a++) {
        bench_camp_keys((uint32_t)a, &keys);
        put_device(m, &control, &keys.pub);
    }
    put_acked(m, &control);
    m->world->control = close_store(m);
}

/* Two small scopes, so that all four hold something. */
static void put_plain(struct making *m)
{
    struct bench_log catalog = log_of(&m->camp, "catalog", &m->coordinator);
    uint8_t room[4096];
    struct bench_draft d;

    catalog.generation = NULL;
    for (size_t i = 0; i < PLAIN_COUNT; i++) {
        struct bench_keys keys;
        struct bench_log camp;
        struct daf_pack k;

        daf_pack_init(&k, room, sizeof(room));
        daf_pack_array(&k, 2);
        daf_pack_str(&k, "bench", 5);
        daf_pack_map(&k, 0);
        bench_camp_write(&catalog, daf_pack_view(&k), DAF_RETENTION_PROGRESS,
                         &d);
        put_draft(m, &d);
        bench_camp_keys((uint32_t)i, &keys);
        camp = log_of(&m->camp, "camp", &keys);
        bench_camp_write(&camp, bench_camp_fill(&camp, m->body, room),
                         DAF_RETENTION_PROGRESS, &d);
        put_draft(m, &d);
    }
    put_acked(m, &catalog);
}

/* One author's next twenty records. */
static size_t put_turn(struct making *m, size_t records, size_t author,
                       size_t done)
{
    size_t count = count_of(records, author);
    size_t stop = count - kept_back(records, author);
    struct bench_draft d;

    for (size_t i = 0; i < DAY_RECORDS && done < count; i++, done++) {
        read_record(m->workers[author % m->workers_count], &d);
        if (done < stop)
            put_draft(m, &d);
        else if (author == 0)
            keep_back(&m->late[m->late_count++], &d);
        else
            keep_back(&m->day[m->day_count++], &d);
    }
    return done;
}

static void make_class(struct making *m, size_t records)
{
    static size_t done[AUTHORS];
    size_t sum = 0;

    memset(done, 0, sizeof(done));
    m->late = calloc(LATE_RECORDS, sizeof(*m->late));
    m->day = calloc((size_t)DAY_AUTHORS * DAY_RECORDS, sizeof(*m->day));
    if (m->late == NULL || m->day == NULL) bench_die("out of memory");
    start_workers(m, records);
    while (sum < records) {
        sum = 0;
        for (size_t a = 0; a < AUTHORS; a++) {
            done[a] = put_turn(m, records, a, done[a]);
            sum += done[a];
        }
        bench_progress(m->b, "making %zu of %zu records", sum, records);
    }
    end_workers(m);
}

static void copy_notebook(const struct making *m, enum bench_store from,
                          enum bench_store to)
{
    char source[BENCH_PATH_MAX], target[BENCH_PATH_MAX];

    bench_path(target, "%s/%s", m->world->dir, folders[to]);
    bench_file_mkdir(target);
    bench_gen_notebook(m->world, from, source);
    bench_gen_notebook(m->world, to, target);
    bench_file_copy(source, target);
}

static void make_notebooks(struct making *m, size_t records)
{
    struct bench_world *w = m->world;

    copy_notebook(m, BENCH_STORE_CONTROL, BENCH_STORE_FULL);
    open_store(m, folders[BENCH_STORE_FULL]);
    put_plain(m);
    make_class(m, records);
    w->all = close_store(m);
    w->all.records += w->control.records;
    w->all.bytes += w->control.bytes;
    /* Until here "full" lacks both. */
    copy_notebook(m, BENCH_STORE_FULL, BENCH_STORE_LATE);
    copy_notebook(m, BENCH_STORE_FULL, BENCH_STORE_DAY);
    open_store(m, folders[BENCH_STORE_LATE]);
    put_kept(m, m->day, m->day_count);
    w->day = close_store(m);
    open_store(m, folders[BENCH_STORE_DAY]);
    put_kept(m, m->late, m->late_count);
    w->late = close_store(m);
    open_store(m, folders[BENCH_STORE_FULL]);
    put_kept(m, m->late, m->late_count);
    put_kept(m, m->day, m->day_count);
    (void)close_store(m);
    w->all.records += w->late.records + w->day.records;
    w->all.bytes += w->late.bytes + w->day.bytes;
    bench_gen_records_free(m->late, m->late_count);
    bench_gen_records_free(m->day, m->day_count);
}

/* ---- homes */

static void make_homes(struct making *m, struct daf_device_keys *out_b)
{
    struct daf_trouble t = {""};
    struct daf_home a, b;
    uint8_t cert[DAF_CERT_BYTES_MAX];
    struct daf_view manifest, none = {NULL, 0};
    char path[BENCH_PATH_MAX];
    size_t len;

    bench_path(path, "%s/A", m->world->dir);
    bench_ok(daf_home_make(path, &a, &t), "make a home");
    bench_path(path, "%s/B", m->world->dir);
    bench_ok(daf_home_make(path, &b, &t), "make a home");
    m->coordinator = (struct bench_keys){a.keys, a.secrets.sign,
                                         a.secrets.transport, a.secrets.seal};
    bench_camp_make(&a.keys, &m->camp);
    manifest = (struct daf_view){m->camp.bytes, m->camp.len};
    len = bench_camp_certify(&m->camp, &a.secrets.sign, &b.keys, cert);
    bench_ok(daf_home_set_camp(&a, manifest, none, &t), "make A");
    bench_ok(daf_home_set_camp(&b, manifest, (struct daf_view){cert, len}, &t),
             "make B");
    *out_b = b.keys;
    daf_home_unload(&a);
    daf_home_unload(&b);
}

/* ---- what is kept */

static bool read_amounts(struct bench_world *w, const char *path)
{
    struct bench_amount *all[] = {&w->all, &w->control, &w->late, &w->day};
    FILE *f = fopen(path, "re");
    bool is_whole = f != NULL;

    for (size_t i = 0; is_whole && i < 4; i++) {
        char line[64], *end;

        is_whole = fgets(line, sizeof(line), f) != NULL;
        if (!is_whole) break;
        all[i]->records = strtoull(line, &end, 10);
        all[i]->bytes = strtoull(end, NULL, 10);
    }
    if (f != NULL) (void)fclose(f);
    return is_whole;
}

static void write_amounts(const struct bench_world *w, const char *path)
{
    const struct bench_amount *all[] = {&w->all, &w->control, &w->late,
                                        &w->day};
    FILE *f = fopen(path, "we");

    for (size_t i = 0; f != NULL && i < 4; i++)
        (void)fprintf(f, "%llu %llu\n", (unsigned long long)all[i]->records,
                      (unsigned long long)all[i]->bytes);
    if (f == NULL || fclose(f) != 0) bench_die("cannot write %s", path);
}

void bench_gen(const struct bench *b, size_t records, size_t body,
               struct bench_world *out)
{
    char path[BENCH_PATH_MAX], final[BENCH_PATH_MAX];
    struct daf_device_keys device_b;
    struct making *m;

    *out = (struct bench_world){.dir = ""};
    bench_path(final, "%s/world-%zu-%zu-%d-%d", b->cache, records, body, FORMAT,
               daf_migrations_version());
    bench_path(out->dir, "%s", final);
    bench_path(path, "%s/amounts", final);
    if (read_amounts(out, path)) return;
    m = calloc(1, sizeof(*m));
    if (m == NULL) bench_die("out of memory");
    m->b = b;
    m->world = out;
    m->body = body;
    bench_file_remove(final);
    bench_path(out->dir, "%s.new", final);
    bench_file_remove(out->dir);
    bench_file_mkdir(out->dir);
    make_homes(m, &device_b);
    make_control(m, &device_b);
    make_notebooks(m, records);
    bench_path(path, "%s/amounts", out->dir);
    write_amounts(out, path);
    if (rename(out->dir, final) != 0) bench_die("cannot rename %s", out->dir);
    bench_path(out->dir, "%s", final);
    sodium_memzero(m, sizeof(*m));
    free(m);
}

void bench_gen_notebook(const struct bench_world *w, enum bench_store which,
                        char *out)
{
    bench_path(out, "%s/%s/notebook.db", w->dir, folders[which]);
}

void bench_gen_home(const struct bench *b, const struct bench_world *w,
                    char device, enum bench_store which, char *out)
{
    char from[BENCH_PATH_MAX], to[BENCH_PATH_MAX];

    bench_path(out, "%s/%c", b->run, device);
    bench_file_remove(out);
    bench_path(from, "%s/%c", w->dir, device);
    bench_file_copy_tree(from, out);
    bench_gen_notebook(w, which, from);
    bench_path(to, "%s/store/notebook.db", out);
    bench_file_copy(from, to);
}

/* ---- one more log */

struct bench_record *bench_gen_records(size_t count, size_t body)
{
    struct bench_record *records = calloc(count, sizeof(*records));
    struct bench_camp camp;
    struct bench_keys keys;
    struct bench_log log;
    struct bench_draft d;
    uint8_t room[4096];

    if (records == NULL) bench_die("out of memory");
    bench_camp_keys(AUTHORS, &keys); /* nobody else has this number */
    bench_camp_make(&keys.pub, &camp);
    log = log_of(&camp, "class:1", &keys);
    for (size_t i = 0; i < count; i++) {
        bench_camp_write(&log, bench_camp_fill(&log, body, room),
                         DAF_RETENTION_PROGRESS, &d);
        keep_back(&records[i], &d);
    }
    return records;
}

void bench_gen_records_free(struct bench_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        free(records[i].header);
        free(records[i].body);
    }
    free(records);
}
