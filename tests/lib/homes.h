/* SPDX-License-Identifier: Apache-2.0 */
/* tests/lib/homes.h - a folder with homes A, B, … and the files carried between
 * them, for tests of the commands.  Everything here fails the test if it fails. */
#ifndef DAF_TESTS_LIB_HOMES_H
#define DAF_TESTS_LIB_HOMES_H

#include "tests/lib/ran.h"

#include <stddef.h>
#include <stdint.h>

#define DAF_HOMES_FILE_MAX ((size_t)1024 * 1024)

/* cmocka's setup and teardown: the folder. */
int daf_homes_setup(void **state);
int daf_homes_teardown(void **state);

/** daf_homes_in: "FOLDER/name"; good for the next seven calls. */
const char *daf_homes_in(const char *name);

/** daf_homes_ok: it exited with 0 and complained of nothing. */
void daf_homes_ok(struct daf_ran r);
/** daf_homes_create: a camp in a new home. */
void daf_homes_create(const char *home);
/** daf_homes_request: a new home's request. */
void daf_homes_request(const char *home, const char *file);
/** daf_homes_enrol: a new home enrolled by @coordinator, by the files r and a. */
void daf_homes_enrol(const char *home, const char *coordinator);
/** daf_homes_add: one activity, score 0.8, ten minutes. */
void daf_homes_add(const char *home, const char *learner, const char *item);
/** daf_homes_digest: what `digest --json` prints; the caller frees it. */
char *daf_homes_digest(const char *home);
/** daf_homes_number: a number in line @line of @out. */
json_int_t daf_homes_number(const char *out, size_t line, const char *key);

/** daf_homes_slurp: a whole file; the caller frees it. */
uint8_t *daf_homes_slurp(const char *path, size_t *out_len);
void daf_homes_spill(const char *path, const uint8_t *bytes, size_t len);

#endif
