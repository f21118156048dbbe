/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/ran.h - run `daftar` as a person would, in a child process, so that
 * its exit, what it prints and what it leaks are seen. */
#ifndef DAF_TESTS_LIB_RAN_H
#define DAF_TESTS_LIB_RAN_H

#include <jansson.h>

struct daf_ran {
    int code;        /* exit code; -1 if a signal ended it */
    const char *out; /* borrowed until the next call, as is err */
    const char *err;
};

/** daf_ran: run daftar with these words, the last of which is NULL.  Standard
 * input is empty. */
struct daf_ran daf_ran(const char *first, ...) __attribute__((sentinel));

/** daf_ran_words: the same with the words of @line, cut at spaces, and then
 * those that follow, up to NULL. */
struct daf_ran daf_ran_words(const char *line, ...) __attribute__((sentinel));

/** daf_ran_json: line @at (from 0) of @out, which must be a JSON object; NULL if
 * there are not so many.  The caller owns it: json_decref(). */
json_t *daf_ran_json(const char *out, size_t at);

/** daf_ran_lines: how many lines @out has. */
size_t daf_ran_lines(const char *out);

#endif
