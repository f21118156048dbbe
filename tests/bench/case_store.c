/* SPDX-License-Identifier: Apache-2.0 */
/* The store alone: one record at a time, and how large its file is. */
#include "proto/record.h"
#include "store/store.h"
#include "tests/bench/bench.h"

#define BODY       300
#define BODY_LARGE 2048
#define BLOCK      ((size_t)200) /* appends before the other one's turn */
#define ROUNDS     ((size_t)7)

/* ---- append */

/* What the daemon's writer does with one own record: a transaction. */
static double append_block(struct daf_store *s,
                           const struct bench_record *records)
{
    double start = bench_now();

    for (size_t i = 0; i < BLOCK; i++) {
        struct daf_view header = {records[i].header, records[i].header_len};
        struct daf_view body = {records[i].body, records[i].body_len};
        enum daf_put what = DAF_PUT_KNOWN;
        struct daf_record r;

        bench_ok(daf_record_decode(header, &r), "read a record");
        bench_ok(daf_store_begin(s), "begin");
        bench_ok(daf_store_put(s, &r, header, DAF_BODY_HELD, body, &what),
                 "put a record");
        bench_ok(daf_store_commit(s), "commit");
    }
    return bench_now() - start;
}

void case_append(const struct bench *b)
{
    struct bench_record *records = bench_gen_records(BLOCK * ROUNDS, BODY);
    double ours[ROUNDS], limit[ROUNDS], ratio[ROUNDS];
    char from[BENCH_PATH_MAX], home[BENCH_PATH_MAX], to[BENCH_PATH_MAX];
    struct bench_limit *l;
    struct bench_world w;
    struct daf_store *s;

    bench_gen(b, b->records, BODY, &w);
    bench_gen_home(b, &w, 'A', BENCH_STORE_CONTROL, home);
    bench_gen_notebook(&w, BENCH_STORE_FULL, from);
    bench_path(to, "%s/limit.db", b->run);
    bench_file_remove(to);
    l = bench_limit_open(from, to);
    bench_path(to, "%s/store", home);
    bench_ok(daf_store_open(to, DAF_STORE_WRITER, &s), "open a store");
    bench_file_settle(b->run);
    for (size_t i = 0; i < ROUNDS; i++) {
        bench_progress(b, "append, %zu of %zu", i + 1, ROUNDS);
        limit[i] = (double)BLOCK / bench_limit_append(l, BLOCK);
        ours[i] = (double)BLOCK / append_block(s, records + i * BLOCK);
        ratio[i] = ours[i] / limit[i];
    }
    daf_store_close(s);
    bench_limit_close(l);
    bench_gen_records_free(records, BLOCK * ROUNDS);
    bench_row(b, "append", "own records, each durable first",
              bench_median(ours, ROUNDS), "records/s", NULL);
    bench_row(b, "append", "SQLite alone, one row each",
              bench_median(limit, ROUNDS), "records/s", NULL);
    bench_row(b, "append", "share of SQLite alone", bench_median(ratio, ROUNDS),
              "ratio", ">= 0.8");
}

/* ---- disk */

static void disk_once(const struct bench *b, size_t records, size_t body,
                      const char *metric, const char *goal)
{
    char path[BENCH_PATH_MAX];
    struct bench_world w;

    bench_gen(b, records, body, &w);
    /* Its writer closed it, which copies the journal into the file. */
    bench_gen_notebook(&w, BENCH_STORE_FULL, path);
    bench_row(b, "disk", metric,
              (double)bench_file_size(path) / (double)w.all.bytes, "ratio",
              goal);
}

void case_disk(const struct bench *b)
{
    disk_once(b, b->records, BODY, "file to content, 300-byte bodies",
              "<= 1.30");
    disk_once(b, b->records / 5, BODY_LARGE, "file to content, 2 kB bodies",
              "<= 1.12");
}
