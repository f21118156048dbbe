/* SPDX-License-Identifier: Apache-2.0 */
/* New keys for a device whose card was copied.  Files, in the order in which they
 * come and go:
 *
 *      keys/next-LIFE.keys      made; the request goes out
 *      camp/certificate.next    a coordinator has certified them
 *      keys/device.keys         next-LIFE.keys under its new name: from here on
 *      camp/certificate.daf     certificate.next under its new name
 *
 * A cut between the last two is mended by the next load: the certificate that is to
 * come names the keys that are there. */
#include "node/home_impl.h"

#include "proto/cert.h"
#include "proto/request.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define NEXT_CERT_FILE "camp/certificate.next"
#define NAME_BYTES     48

static void next_name(uint64_t life, char out[NAME_BYTES])
{
    (void)snprintf(out, NAME_BYTES, "keys/next-%016" PRIx64 ".keys", life);
}

static bool is_there(const struct daf_home *home, const char *name)
{
    char path[DAF_HOME_PATH_MAX];
    struct stat st;

    daf_home_path(home, name, path);
    return lstat(path, &st) == 0;
}

enum daf_err daf_home_next(const struct daf_home *home, uint64_t life,
                           struct daf_device_keys *out, uint8_t *out_request,
                           size_t *out_len, struct daf_trouble *t)
{
    struct daf_home next = {.lock_fd = -1};
    char name[NAME_BYTES];
    enum daf_err err;

    next_name(life, name);
    memcpy(next.dir, home->dir, sizeof(next.dir));
    if (is_there(home, name)) {
        err = daf_home_read_keys(&next, name, t);
    } else {
        daf_home_draw_keys(&next);
        err = daf_home_write_keys(&next, name, t);
    }
    if (err == DAF_OK) {
        *out = next.keys;
        *out_len = daf_request_pack(&next.keys, &next.secrets.sign, out_request,
                                    DAF_REQUEST_BYTES_MAX);
    }
    sodium_memzero(&next.secrets, sizeof(next.secrets));
    return err;
}

static enum daf_err rename_in(const struct daf_home *home, const char *from,
                              const char *to, struct daf_trouble *t)
{
    char a[DAF_HOME_PATH_MAX], b[DAF_HOME_PATH_MAX];

    daf_home_path(home, from, a);
    daf_home_path(home, to, b);
    if (rename(a, b) != 0)
        return daf_home_system_trouble(t, errno, "rename", a);
    return daf_home_sync_folder_of(b, t);
}

enum daf_err daf_home_next_take(const struct daf_home *home, uint64_t life,
                                struct daf_view cert, struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX], name[NAME_BYTES];
    enum daf_err err;

    next_name(life, name);
    daf_home_path(home, NEXT_CERT_FILE, path);
    err = daf_home_write_file(path, 0600, cert, t);
    if (err == DAF_OK) err = rename_in(home, name, KEYS_FILE, t);
    if (err == DAF_OK) err = rename_in(home, NEXT_CERT_FILE, CERT_FILE, t);
    return err;
}

enum daf_err daf_home_next_finish(const struct daf_home *home,
                                  struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    struct daf_cert cert;
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool is_ours;
    enum daf_err err;

    if (!is_there(home, NEXT_CERT_FILE)) return DAF_OK;
    daf_home_path(home, NEXT_CERT_FILE, path);
    err = daf_home_read_file(path, DAF_CERT_BYTES_MAX, &bytes, &len, t);
    if (err != DAF_OK) return err;
    /* Else the cut came before the keys: the daemon takes them again. */
    is_ours = daf_cert_decode((struct daf_view){bytes, len}, &cert) == DAF_OK &&
              memcmp(&cert.keys, &home->keys, sizeof(cert.keys)) == 0;
    free(bytes);
    return is_ours ? rename_in(home, NEXT_CERT_FILE, CERT_FILE, t) : DAF_OK;
}
