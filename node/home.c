/* SPDX-License-Identifier: Apache-2.0 */
#include "node/home.h"

#include "node/home_impl.h"
#include "proto/hash.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANIFEST_FILE  "camp/manifest.daf"
#define KEYS_BYTES_MAX 512
#define KEYS_FORMAT    "daf-keys"
#define KEYS_VERSION   1
#define OTHERS_MODE    077

static const char *const folders[] = {"keys", "camp", "store", "run"};
#define FOLDERS_COUNT (sizeof(folders) / sizeof(folders[0]))

enum daf_err daf_home_dir(const char *given, char out[DAF_HOME_PATH_MAX],
                          struct daf_trouble *t)
{
    const char *dir = given, *tail = "";
    int n;

    /* One thread, and nobody sets the environment.
     * NOLINTBEGIN(concurrency-mt-unsafe) */
    if (dir == NULL) dir = getenv("DAFTAR_HOME");
    if (dir == NULL || (given == NULL && dir[0] == '\0')) {
        dir = getenv("HOME");
        tail = "/.daftar";
    }
    /* NOLINTEND(concurrency-mt-unsafe) */
    if (dir == NULL || (tail[0] != '\0' && dir[0] == '\0')) {
        daf_home_trouble(t, "it is not known which home is meant: neither "
                            "--home nor DAFTAR_HOME nor HOME is set. To do: "
                            "give --home DIR");
        return DAF_EUSAGE;
    }
    n = snprintf(out, DAF_HOME_PATH_MAX, "%s%s", dir, tail);
    if (n > 0 && n < DAF_HOME_PATH_MAX) return DAF_OK;
    daf_home_trouble(t, "the home's path is empty or too long. To do: give "
                        "another --home DIR");
    return DAF_EUSAGE;
}

/* The folder as an absolute path, so that a later chdir changes nothing. */
static enum daf_err set_dir(struct daf_home *home, const char *dir,
                            struct daf_trouble *t)
{
    char cwd[DAF_HOME_PATH_MAX] = "";
    size_t len;
    int n;

    memset(home, 0, sizeof(*home));
    home->lock_fd = -1;
    if (dir[0] == '\0') {
        daf_home_trouble(t, "the home folder's name is empty. To do: give one "
                            "with --home DIR");
        return DAF_EUSAGE;
    }
    if (dir[0] != '/' && getcwd(cwd, sizeof(cwd)) == NULL)
        return daf_home_system_trouble(t, errno, "find", "this folder");
    n = snprintf(home->dir, sizeof(home->dir), "%s%s%s", cwd,
                 dir[0] != '/' && strcmp(cwd, "/") != 0 ? "/" : "", dir);
    if (n < 0 || (size_t)n >= sizeof(home->dir)) {
        daf_home_trouble(t,
                         "the home folder's path is longer than %zu bytes. "
                         "To do: use a shorter one",
                         sizeof(home->dir) - 1);
        return DAF_ELIMIT;
    }
    len = (size_t)n;
    while (len > 1 && home->dir[len - 1] == '/')
        home->dir[--len] = '\0';
    return DAF_OK;
}

static bool is_there(const struct daf_home *home, const char *name)
{
    char path[DAF_HOME_PATH_MAX];
    struct stat st;

    daf_home_path(home, name, path);
    return lstat(path, &st) == 0;
}

/* --- keys ------------------------------------------------------------- */

void daf_home_draw_keys(struct daf_home *home)
{
    (void)crypto_sign_keypair(home->keys.sign.b, home->secrets.sign.b);
    (void)crypto_box_keypair(home->keys.transport.b, home->secrets.transport.b);
    (void)crypto_box_keypair(home->keys.seal.b, home->secrets.seal.b);
}

static void derive_public(struct daf_home *home)
{
    memcpy(home->keys.sign.b, home->secrets.sign.b + 32, 32);
    (void)crypto_scalarmult_base(home->keys.transport.b,
                                 home->secrets.transport.b);
    (void)crypto_scalarmult_base(home->keys.seal.b, home->secrets.seal.b);
}

enum daf_err daf_home_write_keys(const struct daf_home *home, const char *name,
                                 struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    uint8_t buffer[KEYS_BYTES_MAX];
    struct daf_pack k;
    enum daf_err err;

    daf_pack_init(&k, buffer, sizeof(buffer));
    daf_pack_array(&k, 5);
    daf_pack_str(&k, KEYS_FORMAT, strlen(KEYS_FORMAT));
    daf_pack_uint(&k, KEYS_VERSION);
    daf_pack_bin(&k, home->secrets.sign.b, sizeof(home->secrets.sign.b));
    daf_pack_bin(&k, home->secrets.transport.b,
                 sizeof(home->secrets.transport.b));
    daf_pack_bin(&k, home->secrets.seal.b, sizeof(home->secrets.seal.b));
    daf_home_path(home, name, path);
    err = daf_home_write_file(path, 0600, daf_pack_view(&k), t);
    sodium_memzero(buffer, sizeof(buffer));
    return err;
}

static enum daf_err decode_keys(struct daf_view bytes, struct daf_home *home)
{
    uint8_t seed[32], pk[32], sk[64];
    struct daf_view format;
    struct daf_cursor c;
    bool is_whole;

    daf_cursor_init(&c, bytes);
    daf_cursor_array_of(&c, 5);
    format = daf_cursor_str(&c, strlen(KEYS_FORMAT));
    if (format.len != strlen(KEYS_FORMAT) ||
        memcmp(format.p, KEYS_FORMAT, format.len) != 0)
        return DAF_EKEY;
    if (daf_cursor_uint(&c, UINT32_MAX) != KEYS_VERSION) return DAF_EVERSION;
    daf_cursor_bin_into(&c, home->secrets.sign.b, 64);
    daf_cursor_bin_into(&c, home->secrets.transport.b, 32);
    daf_cursor_bin_into(&c, home->secrets.seal.b, 32);
    if (!daf_cursor_done(&c)) return DAF_EKEY;
    /* A signing key whose halves do not fit would sign nothing that verifies. */
    (void)crypto_sign_ed25519_sk_to_seed(seed, home->secrets.sign.b);
    (void)crypto_sign_seed_keypair(pk, sk, seed);
    is_whole = sodium_memcmp(sk, home->secrets.sign.b, sizeof(sk)) == 0;
    sodium_memzero(seed, sizeof(seed));
    sodium_memzero(sk, sizeof(sk));
    if (!is_whole) return DAF_EKEY;
    derive_public(home);
    return DAF_OK;
}

static enum daf_err open_keys(const char *path, int *out_fd,
                              struct daf_trouble *t)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0 && (errno == ENOENT || errno == ELOOP)) {
        daf_home_trouble(t,
                         "the key file %s is missing or a link: without its "
                         "keys this home can neither sign nor read. To do: "
                         "put it back from a copy, or enrol a new home",
                         path);
        return DAF_EKEY;
    }
    if (fd < 0) return daf_home_system_trouble(t, errno, "read", path);
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) ||
        (st.st_mode & OTHERS_MODE) != 0) {
        (void)close(fd);
        daf_home_trouble(t,
                         "others may read the key file %s (mode %03o). To "
                         "do: chmod 600 it, and enrol anew if somebody may "
                         "have copied it",
                         path, (unsigned)(st.st_mode & 0777));
        return DAF_EKEY;
    }
    *out_fd = fd;
    return DAF_OK;
}

enum daf_err daf_home_read_keys(struct daf_home *home, const char *name,
                                struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    struct daf_view bytes = {NULL, 0};
    enum daf_err err;
    uint8_t *p;
    int fd = -1;

    daf_home_path(home, name, path);
    err = open_keys(path, &fd, t);
    if (err != DAF_OK) return err;
    err = daf_home_read_fd(fd, path, KEYS_BYTES_MAX, &bytes, t);
    (void)close(fd);
    if (err != DAF_OK) return err;
    err = decode_keys(bytes, home);
    memcpy(&p, &bytes.p, sizeof(p));
    sodium_memzero(p, bytes.len);
    free(p);
    if (err == DAF_EVERSION)
        daf_home_trouble(t,
                         "a newer program wrote the key file %s. To do: use "
                         "that program",
                         path);
    else if (err != DAF_OK)
        daf_home_trouble(t,
                         "the key file %s is damaged. To do: put it back "
                         "from a copy, or enrol a new home",
                         path);
    return err;
}

/* --- making ------------------------------------------------------------ */

/* An unfinished attempt leaves our folders and no keys: that may be gone over
 * again.  Anything else in the folder is somebody's. */
static bool is_free(const char *name)
{
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) return true;
    if (strcmp(name, "lost+found") == 0) return true;
    for (size_t i = 0; i < FOLDERS_COUNT; i++)
        if (strcmp(name, folders[i]) == 0) return true;
    return false;
}

static enum daf_err check_empty(const struct daf_home *home,
                                struct daf_trouble *t)
{
    const struct dirent *entry;
    bool others = false;
    DIR *d;

    /* Also what is left of a home: nobody has another copy of a root key. */
    if (is_there(home, KEYS_FILE) || is_there(home, "keys/root.keys") ||
        is_there(home, MANIFEST_FILE) || is_there(home, "store/notebook.db")) {
        daf_home_trouble(t,
                         "%s is a home already. To do: give another folder "
                         "with --home",
                         home->dir);
        return DAF_EEXISTS;
    }
    d = opendir(home->dir);
    if (d == NULL) return daf_home_system_trouble(t, errno, "read", home->dir);
    /* One thread reads this folder.  NOLINTNEXTLINE(concurrency-mt-unsafe) */
    while ((entry = readdir(d)) != NULL)
        if (!is_free(entry->d_name)) others = true;
    (void)closedir(d);
    if (!others) return DAF_OK;
    daf_home_trouble(t,
                     "%s is not empty and no home. To do: give an empty or a "
                     "new folder with --home",
                     home->dir);
    return DAF_EEXISTS;
}

static enum daf_err make_folder(const char *path, struct daf_trouble *t)
{
    struct stat st;

    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return daf_home_system_trouble(t, errno, "make", path);
    if (lstat(path, &st) != 0 || !S_ISDIR(st.st_mode))
        return daf_home_system_trouble(t, ENOTDIR, "use", path);
    /* mkdir obeyed the umask, and an empty folder may have been open to all. */
    if ((st.st_mode & 0777) != 0700 && chmod(path, 0700) != 0)
        return daf_home_system_trouble(t, errno, "close to others", path);
    return DAF_OK;
}

static enum daf_err make_folders(const struct daf_home *home,
                                 struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    enum daf_err err = DAF_OK;

    for (size_t i = 0; i < FOLDERS_COUNT && err == DAF_OK; i++) {
        daf_home_path(home, folders[i], path);
        err = make_folder(path, t);
    }
    if (err == DAF_OK) err = daf_home_sync_folder_of(path, t);
    if (err == DAF_OK) err = daf_home_sync_folder_of(home->dir, t);
    return err;
}

enum daf_err daf_home_make(const char *dir, struct daf_home *out,
                           struct daf_trouble *t)
{
    enum daf_err err = set_dir(out, dir, t);

    if (err == DAF_OK) {
        struct stat st;

        /* A link to a folder is fine at the top: somebody chose it. */
        if (stat(out->dir, &st) != 0) err = make_folder(out->dir, t);
    }
    if (err == DAF_OK) err = check_empty(out, t);
    if (err == DAF_OK && chmod(out->dir, 0700) != 0)
        err = daf_home_system_trouble(t, errno, "close to others", out->dir);
    if (err == DAF_OK) err = make_folders(out, t);
    if (err == DAF_OK) {
        daf_home_draw_keys(out);
        err = daf_home_write_keys(out, KEYS_FILE, t);
        /* Keys may have their name and not be synced: there were none before. */
        if (err != DAF_OK) {
            char path[DAF_HOME_PATH_MAX];

            daf_home_path(out, KEYS_FILE, path);
            (void)unlink(path);
        }
    }
    if (err != DAF_OK) daf_home_unload(out);
    return err;
}

void daf_home_discard(const struct daf_home *home)
{
    static const char *const files[] = {
        KEYS_FILE,
        "keys/root.keys",
        MANIFEST_FILE,
        CERT_FILE,
        "store/notebook.db-wal",
        "store/notebook.db-shm",
        "store/notebook.db",
        "run/lock",
    };
    char path[DAF_HOME_PATH_MAX];

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        daf_home_path(home, files[i], path);
        (void)unlink(path);
    }
    for (size_t i = 0; i < FOLDERS_COUNT; i++) {
        daf_home_path(home, folders[i], path);
        (void)rmdir(path);
    }
}

/* --- loading ------------------------------------------------------------ */

/* A file of the camp; missing is no error and leaves *@out NULL. */
static enum daf_err load_camp_file(const struct daf_home *home,
                                   const char *name, size_t max, uint8_t **out,
                                   size_t *out_len, struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];

    if (!is_there(home, name)) return DAF_OK;
    daf_home_path(home, name, path);
    return daf_home_read_file(path, max, out, out_len, t);
}

static enum daf_err load_camp(struct daf_home *home, bool needs_camp,
                              struct daf_trouble *t)
{
    enum daf_err err =
        load_camp_file(home, MANIFEST_FILE, DAF_MANIFEST_BYTES_MAX,
                       &home->manifest, &home->manifest_len, t);

    if (err == DAF_OK)
        err = load_camp_file(home, CERT_FILE, DAF_CERT_BYTES_MAX, &home->cert,
                             &home->cert_len, t);
    if (err != DAF_OK || home->manifest != NULL || !needs_camp) return err;
    daf_home_trouble(t,
                     "%s belongs to no camp yet. To do: daftar join TICKET, or "
                     "join --accept FILE with what a coordinator signed, or "
                     "daftar camp create in a new home",
                     home->dir);
    return DAF_ENOTFOUND;
}

enum daf_err daf_home_load(const char *dir, bool needs_camp,
                           struct daf_home *out, struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    enum daf_err err = set_dir(out, dir, t);
    struct stat st;

    if (err != DAF_OK) return err;
    daf_home_path(out, "keys", path);
    if (lstat(path, &st) != 0) {
        if (errno != ENOENT && errno != ENOTDIR)
            return daf_home_system_trouble(t, errno, "open", out->dir);
        daf_home_trouble(t,
                         "%s is no home. To do: daftar camp create NAME to "
                         "start a camp, daftar join --request FILE to join "
                         "one, or give another --home",
                         out->dir);
        return DAF_ENOTFOUND;
    }
    err = daf_home_read_keys(out, KEYS_FILE, t);
    if (err == DAF_OK) err = daf_home_next_finish(out, t);
    if (err == DAF_OK) err = load_camp(out, needs_camp, t);
    if (err != DAF_OK) daf_home_unload(out);
    return err;
}

void daf_home_unload(struct daf_home *home)
{
    sodium_memzero(&home->secrets, sizeof(home->secrets));
    /* The manifest holds the discovery secret. */
    if (home->manifest != NULL)
        sodium_memzero(home->manifest, home->manifest_len);
    free(home->manifest);
    free(home->cert);
    home->manifest = home->cert = NULL;
    home->manifest_len = home->cert_len = 0;
    if (home->lock_fd >= 0) (void)close(home->lock_fd);
    home->lock_fd = -1;
}

/* --- the camp ----------------------------------------------------------- */

static uint8_t *copy_of(struct daf_view bytes)
{
    uint8_t *p = malloc(bytes.len > 0 ? bytes.len : 1);

    if (p != NULL && bytes.len > 0) memcpy(p, bytes.p, bytes.len);
    return p;
}

enum daf_err daf_home_adopt(struct daf_home *home, struct daf_view manifest,
                            struct daf_view cert)
{
    uint8_t *manifest_copy = copy_of(manifest);
    uint8_t *cert_copy = cert.len > 0 ? copy_of(cert) : NULL;

    if (manifest_copy == NULL || (cert.len > 0 && cert_copy == NULL)) {
        free(manifest_copy);
        free(cert_copy);
        return DAF_ENOMEM;
    }
    free(home->manifest);
    free(home->cert);
    home->manifest = manifest_copy;
    home->manifest_len = manifest.len;
    home->cert = cert_copy;
    home->cert_len = cert.len;
    return DAF_OK;
}

enum daf_err daf_home_set_camp(struct daf_home *home, struct daf_view manifest,
                               struct daf_view cert, struct daf_trouble *t)
{
    bool was_of_camp = is_there(home, MANIFEST_FILE);
    char path[DAF_HOME_PATH_MAX];
    enum daf_err err = daf_home_adopt(home, manifest, cert);

    if (err != DAF_OK) return err;
    /* The manifest last: with it the home is a camp's. */
    daf_home_path(home, CERT_FILE, path);
    if (cert.len > 0)
        err = daf_home_write_file(path, 0600, cert, t);
    else if (unlink(path) != 0 && errno != ENOENT)
        err = daf_home_system_trouble(t, errno, "remove", path);
    if (err != DAF_OK) return err;
    daf_home_path(home, MANIFEST_FILE, path);
    err = daf_home_write_file(path, 0600, manifest, t);
    /* It may have its name and not be synced: who is told that it failed may
     * try again. */
    if (err != DAF_OK && !was_of_camp) (void)unlink(path);
    return err;
}

uint64_t daf_home_notebook_bytes(const struct daf_home *home)
{
    static const char *const files[] = {"store/notebook.db",
                                        "store/notebook.db-wal"};
    uint64_t bytes = 0;

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        char path[DAF_HOME_PATH_MAX];
        struct stat st;

        daf_home_path(home, files[i], path);
        if (stat(path, &st) == 0) bytes += (uint64_t)st.st_blocks * 512;
    }
    return bytes;
}
