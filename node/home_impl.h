/* SPDX-License-Identifier: Apache-2.0 */
/* node/home_impl.h - what home.c asks of home_file.c. */
#ifndef DAF_NODE_HOME_IMPL_H
#define DAF_NODE_HOME_IMPL_H

#include "node/home.h"

#define KEYS_FILE "keys/device.keys"
#define CERT_FILE "camp/certificate.daf"

/** daf_home_draw_keys: new ones, in memory. */
void daf_home_draw_keys(struct daf_home *home);
/** daf_home_write_keys, _read_keys: the home's keys, and a file NAME of it. */
DAF_NODISCARD enum daf_err daf_home_write_keys(const struct daf_home *home,
                                               const char *name,
                                               struct daf_trouble *t);
DAF_NODISCARD enum daf_err daf_home_read_keys(struct daf_home *home,
                                              const char *name,
                                              struct daf_trouble *t);
/** daf_home_next_finish: what daf_home_next_take() began before a power cut. */
DAF_NODISCARD enum daf_err daf_home_next_finish(const struct daf_home *home,
                                                struct daf_trouble *t);

/** daf_home_system_trouble: words for an errno: "cannot DOING PATH: why". */
enum daf_err daf_home_system_trouble(struct daf_trouble *t, int error,
                                     const char *doing, const char *path);

/** daf_home_sync_folder_of: fsync the folder that holds @path. */
DAF_NODISCARD enum daf_err daf_home_sync_folder_of(const char *path,
                                                   struct daf_trouble *t);

/** daf_home_read_fd: read an open file of at most @max bytes; its bytes come
 * from malloc and are the caller's.  @path: for words. */
DAF_NODISCARD enum daf_err daf_home_read_fd(int fd, const char *path,
                                            size_t max, struct daf_view *out,
                                            struct daf_trouble *t);

#endif
