/* SPDX-License-Identifier: Apache-2.0 */
/* node/home_impl.h - what home.c asks of home_file.c. */
#ifndef DAF_NODE_HOME_IMPL_H
#define DAF_NODE_HOME_IMPL_H

#include "node/home.h"

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
