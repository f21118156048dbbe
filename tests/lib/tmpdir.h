/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAF_TESTS_LIB_TMPDIR_H
#define DAF_TESTS_LIB_TMPDIR_H

/**
 * daf_tmpdir_new: make an empty folder of mode 0700 under $TMPDIR, or /tmp.
 *
 * Returns its path, which the caller owns and gives back, folder and all, with
 * daf_tmpdir_free(); NULL if it could not be made.
 */
char *daf_tmpdir_new(void);

/**
 * daf_tmpdir_free: remove the folder with everything in it, and free the path.
 * @path: from daf_tmpdir_new(); NULL does nothing.
 *
 * Does not follow symbolic links and does not leave the file system.
 */
void daf_tmpdir_free(char *path);

#endif
