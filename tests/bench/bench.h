/* SPDX-License-Identifier: Apache-2.0 */
/* tests/bench/bench.h - what all of the benchmark share.
 *
 *      bench.c           options, the list of cases
 *      bench_out.c       rows, goals, progress, the machine
 *      bench_file.c      folders and copies under build/bench
 *      bench_gen.c       the stores to measure on, made once and kept
 *      bench_node.c      real daemons, on loopback or in the lab
 *      bench_process.c   what their processes use: memory, time, wake-ups
 *      bench_lab.c       devices in network namespaces (tests/lab)
 *      bench_callers.c   a thousand peers in one process, all handshakes real
 *      bench_content.c   camps of many homes, items, what is said of them
 *      bench_pipeline.c  the least that could carry a file
 *      bench_uplink.c    what bare TCP gets through a device's uplink
 *      bench_http.c      clients that ask a web server for a file
 *      bench_relay.c     TCP between them: counts, delays, cuts
 *      bench_contact.c   two daemons from handshake to silence
 *      bench_sim.c       runs of daftar-sim and The ONE
 *      bench_limit.c     what bare SQLite does with the same rows
 *      case_<name>.c     one family of cases each
 *
 * Whatever goes wrong with the tool itself ends it with a message (bench_die());
 * a goal that is missed is only a row. */
#ifndef DAF_TESTS_BENCH_H
#define DAF_TESTS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/err.h"
#include "proto/types.h"

#define BENCH_PATH_MAX 1024
#define BENCH_TIMES    3 /* measurements behind a median */

#define BENCH_SIM_TIMES_MAX 9

/* Devices with a certificate in every world, beside A and B. */
#define BENCH_DEVICES 1000

struct bench {
    const char *family; /* of the case that runs: "sync", "bulk" ... */
    bool json;
    size_t records, nodes, seconds;
    size_t mib;               /* of bulk, swarm and ranges; 0: the case's own */
    size_t percent, times;    /* of sim: a world's size, runs behind a median */
    char bin[BENCH_PATH_MAX]; /* folder of the programs */
    char cache[BENCH_PATH_MAX]; /* build/bench */
    char run[BENCH_PATH_MAX];   /* of this run; removed at its end */
};

/* ---- bench_out.c */
void bench_die(const char *format, ...)
    __attribute__((format(printf, 1, 2), noreturn));
/* @err must be DAF_OK. */
void bench_ok(enum daf_err err, const char *doing);
/** bench_progress: one line on a terminal, of what takes long now. */
void bench_progress(const struct bench *b, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/** bench_row: a result.  @goal: "<= 1.30", ">= 0.35", "= 100", or NULL. */
void bench_row(const struct bench *b, const char *name, const char *metric,
               double value, const char *unit, const char *goal);
/** bench_row_none: a result that this build cannot give: @why. */
void bench_row_none(const struct bench *b, const char *name, const char *metric,
                    const char *why, const char *goal);
void bench_machine(const struct bench *b);
/** bench_numbers: the first @count words of @line, which are numbers.  Returns
 * what follows them, or NULL. */
const char *bench_numbers(const char *line, double *out, size_t count);
double bench_now(void); /* seconds, monotonic */
/** bench_median: of @count values, which are put in order. */
double bench_median(double *values, size_t count);
void bench_pause(unsigned ms); /* between two looks at a condition */

/* ---- bench_file.c */
/** bench_path: "A/B" of printf form in @out (BENCH_PATH_MAX). */
void bench_path(char *out, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool bench_file_exists(const char *path);
void bench_file_mkdir(const char *path); /* and what leads there; 0700 */
void bench_file_copy(const char *from, const char *to);
/** bench_file_copy_tree: folders and files of @from into @to. */
void bench_file_copy_tree(const char *from, const char *to);
void bench_file_remove(const char *path); /* whatever it is, all of it */
uint64_t bench_file_size(const char *path);
/** bench_file_settle: nothing waits to be written when measuring begins. */
void bench_file_settle(const char *path);

/** bench_file_warm: have so many MiB of memory at hand for the page cache. */
void bench_file_warm(size_t mib);

/* ---- bench_gen.c */
/* A notebook of the four, by what it lacks. */
enum bench_store {
    BENCH_STORE_FULL,
    BENCH_STORE_CONTROL, /* as after `join`: control and nothing else */
    BENCH_STORE_LATE,    /* less the newest 500 records of one author */
    BENCH_STORE_DAY,     /* less the newest 20 records of 300 authors */
};
struct bench_amount {
    uint64_t records, bytes; /* headers and bodies */
};
struct bench_world {
    char dir[BENCH_PATH_MAX];
    struct bench_amount all, control, late, day; /* late, day: what lacks */
};
/** bench_gen: find or make the world of @records records with bodies of about
 * @body bytes. */
void bench_gen(const struct bench *b, size_t records, size_t body,
               struct bench_world *out);
/** bench_gen_notebook: where a kept notebook.db is; to be copied, not used. */
void bench_gen_notebook(const struct bench_world *w, enum bench_store which,
                        char *out);
/** bench_gen_home: make a home to run: device 'A' (the coordinator) or 'B',
 * with a copy of a notebook. */
void bench_gen_home(const struct bench *b, const struct bench_world *w,
                    char device, enum bench_store which, char *out);
/** bench_gen_records: @count records of a device that no store holds, ready to
 * be put; one log, oldest first.  The caller frees the array and its bytes. */
struct bench_record {
    uint8_t *header, *body;
    size_t header_len, body_len;
};
struct bench_record *bench_gen_records(size_t count, size_t body);
void bench_gen_records_free(struct bench_record *records, size_t count);

/* ---- bench_limit.c */
/** bench_limit_copy: seconds that plain SQLite needs to write all rows of the
 * notebook @from into a new file @to with the same tables. */
double bench_limit_copy(const char *from, const char *to);
/** bench_limit_append: make @to with @from's tables, then write @count rows each
 * of header and body, a transaction for each pair.  Continues where it is. */
struct bench_limit; /* opaque */
struct bench_limit *bench_limit_open(const char *from, const char *to);
double bench_limit_append(struct bench_limit *l, size_t count);
void bench_limit_close(struct bench_limit *l);

/* ---- bench_lab.c */
/** bench_lab_enter: run this program anew with @argv in namespaces of its own,
 * where a lab can be; returns only where that is forbidden. */
void bench_lab_enter(const struct bench *b, char **argv);
bool bench_lab_is_inside(void);
/** bench_lab_open: @devices of tests/lab, joined by its switch or by a bridge of
 * the kernel's. */
void bench_lab_open(const struct bench *b, unsigned devices, bool is_bridge);
/** bench_lab_do: a command of lab.bash or camp.bash.  Returns the last line that
 * it printed, until the next one. */
const char *bench_lab_do(const char *format, ...)
    __attribute__((format(printf, 1, 2)));
/** bench_lab_move: this thread is in that device's network from now on. */
bool bench_lab_move(unsigned device);
/** bench_lab_socket: a TCP socket in that device's network; the caller's. */
int bench_lab_socket(unsigned device);
void bench_lab_close(void);

/* ---- the cases of sync */
void case_equal(const struct bench *b);
void case_late(const struct bench *b);
void case_day(const struct bench *b);
void case_full(const struct bench *b);
void case_append(const struct bench *b);
void case_disk(const struct bench *b);
void case_sketch(const struct bench *b);
void case_push(const struct bench *b);

/* ---- the cases of bulk, swarm and ranges */
void case_bulk(const struct bench *b);
void case_eight(const struct bench *b);
void case_sixteen(const struct bench *b);
void case_ranges(const struct bench *b);

/* ---- bench_uplink.c */
/** bench_uplink: what bare TCP gets from each of the lab's devices 1 to @count to
 * the next one, from the last to the second, all at once: bytes a second in @out. */
void bench_uplink(unsigned count, double *out);

/* ---- bench_pipeline.c */
/** bench_pipeline: seconds until @bytes of the file @from are in the file @to,
 * synced; *@out_cpu_s: processor time of both processes. */
double bench_pipeline(const char *from, const char *to, uint64_t bytes,
                      double *out_cpu_s);

/* ---- the cases of sim */
void case_sfhh(const struct bench *b);
void case_hour(const struct bench *b);
void case_waypoint(const struct bench *b);
void case_sim_camp(const struct bench *b);

/* ---- the cases of device, which run in the lab */
void case_memory(const struct bench *b);
void case_start(const struct bench *b);
void case_idle(const struct bench *b);
void case_peers(const struct bench *b);

#endif
