/* SPDX-License-Identifier: Apache-2.0 */
/* node/home.h - a device's home: one folder with everything that it is.
 *
 *      HOME/                       0700
 *        keys/device.keys          0600  signing, transport, sealing secrets
 *        keys/root.keys            0600  only where a camp was created: take it
 *                                        away and lock it up
 *        camp/manifest.daf         the camp's manifest
 *        camp/certificate.daf      this device's certificate; none for a coordinator
 *        store/notebook.db         records (store/store.h)
 *        content/                  lessons (store/shelf.h)
 *        run/lock                  held by whoever may write
 *        run/control               the daemon's Unix socket
 *        run/endpoint              "ADDR:PORT" of the daemon's door
 *        run/listen                where the last daemon was told to listen
 *        run/web                   0600  the pages' URLs, with the key to enter
 *
 * Files are written as NAME.new, synced, renamed, and the folder synced, so a
 * pulled plug leaves the old file or the new one. */
#ifndef DAF_NODE_HOME_H
#define DAF_NODE_HOME_H

#include "node/core/agent.h"
#include "store/store.h"

#define DAF_HOME_PATH_MAX 4096

struct daf_home {
    char dir[DAF_HOME_PATH_MAX - 64]; /* absolute, without a final slash */
    struct daf_device_keys keys;
    struct daf_secrets secrets;
    uint8_t *manifest; /* owned */
    size_t manifest_len;
    uint8_t *cert; /* owned; NULL for a coordinator */
    size_t cert_len;
    int lock_fd; /* ≥ 0 while this process holds run/lock */
};

/* What went wrong, for a person: what happened, why, what to do.  Filled by all
 * functions here that fail. */
struct daf_trouble {
    char what[512];
};
/** daf_home_trouble: printf into @t; t may be NULL. */
void daf_home_trouble(struct daf_trouble *t, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/** daf_home_dir: which folder is meant: @given (--home; NULL if it was not),
 * DAFTAR_HOME, or ~/.daftar.  DAF_EUSAGE. */
DAF_NODISCARD enum daf_err daf_home_dir(const char *given,
                                        char out[DAF_HOME_PATH_MAX],
                                        struct daf_trouble *t);

/** daf_home_make: make the folders and fresh device keys in an empty or missing
 * @dir.  DAF_EEXISTS if it is a home already. */
DAF_NODISCARD enum daf_err daf_home_make(const char *dir, struct daf_home *out,
                                         struct daf_trouble *t);
/** daf_home_load: read keys, manifest and certificate.  DAF_ENOTFOUND if @dir is
 * no home, or (@needs_camp) is not of a camp yet; DAF_EKEY if the key file is
 * missing or readable by others. */
DAF_NODISCARD enum daf_err daf_home_load(const char *dir, bool needs_camp,
                                         struct daf_home *out,
                                         struct daf_trouble *t);
/** daf_home_unload: wipe secrets, free, give the lock back. */
void daf_home_unload(struct daf_home *home);

/** daf_home_lock: become the one who may write.  DAF_EBUSY if another process is
 * (the daemon, or a command): the lock goes with the process. */
DAF_NODISCARD enum daf_err daf_home_lock(struct daf_home *home,
                                         struct daf_trouble *t);

/** daf_home_notebook_bytes: what the notebook takes on the disk. */
uint64_t daf_home_notebook_bytes(const struct daf_home *home);

/** daf_home_path: "HOME/NAME" in @out (DAF_HOME_PATH_MAX). */
void daf_home_path(const struct daf_home *home, const char *name, char *out);

/** daf_home_write_file: durably replace a file with mode @mode.  @path absolute. */
DAF_NODISCARD enum daf_err daf_home_write_file(const char *path, unsigned mode,
                                               struct daf_view bytes,
                                               struct daf_trouble *t);
/** daf_home_read_file: read a whole file of at most @max bytes; the caller frees
 * *@out.  "-" is standard input. */
DAF_NODISCARD enum daf_err daf_home_read_file(const char *path, size_t max,
                                              uint8_t **out, size_t *out_len,
                                              struct daf_trouble *t);

/** daf_home_discard: remove the files and folders of a home that could not be
 * finished; @home is still to be unloaded. */
void daf_home_discard(const struct daf_home *home);

/** daf_home_adopt: take on a manifest and a certificate (empty: coordinator) in
 * memory only; copied.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_home_adopt(struct daf_home *home,
                                          struct daf_view manifest,
                                          struct daf_view cert);
/** daf_home_set_camp: keep manifest and certificate (empty: coordinator). */
DAF_NODISCARD enum daf_err daf_home_set_camp(struct daf_home *home,
                                             struct daf_view manifest,
                                             struct daf_view cert,
                                             struct daf_trouble *t);

/* --- keys to come (docs/protocol.md R127)
 *
 * A device whose card was copied makes new keys for its present life, and asks to be
 * certified by them.  The copy, being in another life, makes its own. */

/** daf_home_next: the keys for @life, made durable now if there are none.
 * @out: their public halves; @out_request: the signed wish, DAF_REQUEST_BYTES_MAX.
 * DAF_EKEY, DAF_EFULL, DAF_EIO. */
DAF_NODISCARD enum daf_err daf_home_next(const struct daf_home *home,
                                         uint64_t life,
                                         struct daf_device_keys *out,
                                         uint8_t *out_request, size_t *out_len,
                                         struct daf_trouble *t);
/** daf_home_next_take: from now on those are this home's keys and @cert its
 * certificate; the former keys are gone.  A power cut leaves all of it or nothing.
 * The caller loads the home again. */
DAF_NODISCARD enum daf_err daf_home_next_take(const struct daf_home *home,
                                              uint64_t life,
                                              struct daf_view cert,
                                              struct daf_trouble *t);

#endif
