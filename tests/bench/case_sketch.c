/* SPDX-License-Identifier: Apache-2.0 */
/* What keeping a sketch up to date costs when a head changes: in memory alone,
 * and with the store that learns of the change. */
#include <stdlib.h>
#include <string.h>

#include "proto/rng.h"
#include "proto/sketch.h"
#include "store/store.h"
#include "tests/bench/bench.h"
#include "tests/lib/made.h"

#define LOGS    ((size_t)1000)
#define TURNS   ((size_t)20) /* each changes every log */
#define CHANGES ((size_t)200)

/* ---- in memory */

static struct daf_item make_item(struct daf_rng *rng, size_t log, size_t turn)
{
    struct daf_mark mark = {.height = (uint32_t)turn + 1};

    for (size_t i = 0; i < sizeof(mark.tag.b); i++)
        mark.tag.b[i] = (uint8_t)(log * 0x9e3779b97f4a7c15u >> (8 * i));
    daf_rng_bytes(rng, mark.digest.b, sizeof(mark.digest.b));
    return daf_sketch_item(&mark);
}

/* Microseconds for one change: the old item out, the new one in. */
static double change_all(struct daf_symbol *symbols,
                         const struct daf_scope_id *scope,
                         const struct daf_item *items)
{
    double start = bench_now();

    for (size_t i = 0; i < TURNS * LOGS; i++) {
        daf_sketch_add(symbols, DAF_SYMBOLS_MAX, scope, &items[i], -1);
        daf_sketch_add(symbols, DAF_SYMBOLS_MAX, scope, &items[i + LOGS], 1);
    }
    return (bench_now() - start) / (double)(TURNS * LOGS) * 1e6;
}

static double in_memory(void)
{
    const size_t count = (BENCH_TIMES * TURNS + 1) * LOGS;
    const struct daf_scope_id scope = {{3}};
    const uint8_t seed[32] = {5};
    struct daf_item *items = calloc(count, sizeof(*items));
    struct daf_symbol *symbols = calloc(DAF_SYMBOLS_MAX, sizeof(*symbols));
    double took[BENCH_TIMES];
    struct daf_rng rng;

    if (items == NULL || symbols == NULL) bench_die("out of memory");
    daf_rng_init(&rng, seed);
    for (size_t i = 0; i < count; i++)
        items[i] = make_item(&rng, i % LOGS, i / LOGS);
    for (size_t i = 0; i < LOGS; i++)
        daf_sketch_add(symbols, DAF_SYMBOLS_MAX, &scope, &items[i], 1);
    for (size_t i = 0; i < BENCH_TIMES; i++)
        took[i] = change_all(symbols, &scope, items + i * TURNS * LOGS);
    free(items);
    free(symbols);
    return bench_median(took, BENCH_TIMES);
}

/* ---- in the store */

static struct daf_made_want first_of(size_t log)
{
    return (struct daf_made_want){.log = daf_made_log(1, (uint8_t)(log % 200),
                                                      1 + log / 200),
                                  .body_len = 100,
                                  .retention = DAF_RETENTION_PROGRESS,
                                  .seed = 1};
}

static void fill(struct daf_store *s, struct daf_made *heads)
{
    bench_ok(daf_store_begin(s), "begin");
    for (size_t i = 0; i < LOGS; i++) {
        struct daf_made_want want = first_of(i);

        daf_made_record(&want, &heads[i]);
        (void)daf_made_put(s, &heads[i], DAF_BODY_HELD);
    }
    bench_ok(daf_store_commit(s), "commit");
}

static void ask(const struct daf_index *index, const struct daf_scope_id *scope,
                size_t count, struct daf_symbol *out)
{
    bench_ok(index->symbols(index->ctx, scope, 0, count, out),
             "ask for symbols");
}

/* Microseconds for the first question after a commit that changed one head. */
static double in_store(const struct bench *b)
{
    static struct daf_symbol symbols[DAF_SYMBOLS_MAX];
    struct daf_made *heads = calloc(LOGS, sizeof(*heads));
    struct daf_store *writer, *reader;
    const struct daf_index *index;
    struct daf_scope_id scope;
    char dir[BENCH_PATH_MAX];
    double took[CHANGES];

    if (heads == NULL) bench_die("out of memory");
    bench_path(dir, "%s/sketch", b->run);
    bench_file_mkdir(dir);
    bench_ok(daf_store_open(dir, DAF_STORE_WRITER, &writer), "open a store");
    fill(writer, heads);
    bench_ok(daf_store_open(dir, DAF_STORE_READER, &reader), "open a store");
    index = daf_store_index(reader);
    scope = heads[0].r.log.scope;
    ask(index, &scope, DAF_SYMBOLS_MAX, symbols);
    for (size_t i = 0; i < CHANGES; i++) {
        struct daf_made_want want = first_of(i);
        struct daf_made next;
        double start;

        want.prev = heads[i].spot;
        daf_made_record(&want, &next);
        (void)daf_made_commit(writer, &next, DAF_BODY_HELD);
        start = bench_now();
        ask(index, &scope, DAF_ROOT_SYMBOLS, symbols);
        took[i] = (bench_now() - start) * 1e6;
    }
    daf_store_close(reader);
    daf_store_close(writer);
    bench_file_remove(dir);
    free(heads);
    return bench_median(took, CHANGES);
}

void case_sketch(const struct bench *b)
{
    bench_row(b, "sketch", "upkeep per head change", in_memory(), "us", "<= 1");
    bench_row(b, "sketch", "upkeep by the store, once a commit", in_store(b),
              "us", NULL);
}
