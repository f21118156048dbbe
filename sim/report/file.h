/* SPDX-License-Identifier: Apache-2.0 */
/* sim/report/file.h - files that are there whole or not at all, from one crash of
 * this program to the next. */
#ifndef DAF_SIM_REPORT_FILE_H
#define DAF_SIM_REPORT_FILE_H

#include <jansson.h>
#include <stdio.h>

#include "proto/err.h"
#include "proto/types.h"

#define DAF_FILE_PATH_BYTES 4096
#define DAF_FILE_WHY_BYTES  (DAF_FILE_PATH_BYTES + 200)

/** daf_file_path: "@dir/@name" into @out; false if that is too long. */
bool daf_file_path(char out[DAF_FILE_PATH_BYTES], const char *dir,
                   const char *name);

/* Each: written beside @dir/@name and renamed.  DAF_EIO, and @why (of
 * DAF_FILE_WHY_BYTES) names the file and what the system says. */
DAF_NODISCARD enum daf_err daf_file_json(const char *dir, const char *name,
                                         const json_t *value, char *why);
DAF_NODISCARD enum daf_err daf_file_text(const char *dir, const char *name,
                                         const char *text, size_t len,
                                         char *why);
/** daf_file_open: to read; NULL and errno, EINVAL for what is no file: a pipe without
 * a writer would be waited for. */
FILE *daf_file_open(const char *path);
/** daf_file_read_json: DAF_ENOTFOUND: there is none; DAF_EFORM, DAF_EIO with @why.
 * The caller owns *@out. */
DAF_NODISCARD enum daf_err daf_file_read_json(const char *dir, const char *name,
                                              json_t **out, char *why);

#endif
