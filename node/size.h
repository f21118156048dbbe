/* SPDX-License-Identifier: Apache-2.0 */
/* node/size.h - sizes as people say them. */
#ifndef DAF_NODE_SIZE_H
#define DAF_NODE_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/** daf_size_parse: "300MB", "2 GiB", "4096": a whole number and a unit; kB, MB,
 * GB, TB count by 1000, KiB, MiB, GiB, TiB, K, M, G, T by 1024; below 2^63 bytes. */
bool daf_size_parse(const char *text, uint64_t *out);

#define DAF_SIZE_TEXT_MAX 16
/** daf_size_text: "1.5 MB", "312 kB", "17 B": at most three digits. */
void daf_size_text(uint64_t bytes, char out[DAF_SIZE_TEXT_MAX]);

#endif
