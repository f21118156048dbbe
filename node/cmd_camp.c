/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/clock.h"
#include "proto/hash.h"

#include <sodium.h>
#include <stdio.h>

#define ROOT_FILE        "keys/root.keys"
#define ROOT_FORMAT      "daf-root"
#define COORDINATOR_ACTS 50
#define FIRST_GENERATION 1

static const char *const first_scopes[] = {"camp", "class:1"};
#define FIRST_SCOPES_COUNT (sizeof(first_scopes) / sizeof(first_scopes[0]))

/* The register of a new camp names every type of docs/records.md. */
static void name_types(struct daf_manifest *m)
{
    size_t count = 0;
    const char *const *names = daf_payload_names(&count);

    for (size_t i = 0; i < count && i < DAF_REGISTER_MAX; i++)
        (void)snprintf(m->types[i], sizeof(m->types[i]), "%s", names[i]);
    m->register_count = count < DAF_REGISTER_MAX ? count : DAF_REGISTER_MAX;
}

static void fill_manifest(struct daf_manifest *m, const char *name,
                          const struct daf_home *home,
                          const struct daf_sign_pk *root)
{
    memset(m, 0, sizeof(*m));
    m->is_first = true;
    m->number = 1;
    (void)snprintf(m->name, sizeof(m->name), "%s", name);
    m->k = 1;
    m->roots_count = 1;
    m->roots[0] = *root;
    m->coordinators_count = 1;
    m->coordinators[0].keys = home->keys;
    m->coordinators[0].acts = COORDINATOR_ACTS;
    name_types(m);
    randombytes_buf(m->discovery.b, sizeof(m->discovery.b));
}

static enum daf_err write_root(const struct daf_home *home,
                               const struct daf_sign_sk *root,
                               struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    uint8_t buffer[128];
    struct daf_pack k;
    enum daf_err err;

    daf_pack_init(&k, buffer, sizeof(buffer));
    daf_pack_array(&k, 3);
    daf_pack_str(&k, ROOT_FORMAT, strlen(ROOT_FORMAT));
    daf_pack_uint(&k, 1);
    daf_pack_bin(&k, root->b, sizeof(root->b));
    daf_home_path(home, ROOT_FILE, path);
    err = daf_home_write_file(path, 0600, daf_pack_view(&k), t);
    sodium_memzero(buffer, sizeof(buffer));
    return err;
}

/* How the first records went: the first error stays. */
struct outcome {
    enum daf_err err;
    struct daf_trouble *t;
};

static void note(void *ctx, const struct daf_wrote *wrote,
                 const struct daf_trouble *t)
{
    struct outcome *o = ctx;

    if (wrote->err == DAF_OK || o->err != DAF_OK) return;
    o->err = wrote->err;
    *o->t = *t;
}

/* Generation 1 of each first scope, wrapped to this device. */
static enum daf_err write_generations(struct daf_home *home,
                                      struct daf_trouble *t)
{
    struct outcome outcome = {DAF_OK, t};
    struct daf_cmd_writer *w;
    enum daf_err err = daf_cmd_writer_open(home, note, &outcome, &w, t);

    if (err != DAF_OK) return err;
    for (size_t i = 0; i < FIRST_SCOPES_COUNT && err == DAF_OK; i++) {
        uint8_t buffer[DAF_CERT_BYTES_MAX];
        struct daf_write write = {.kind = DAF_WRITE_CONTROL};
        struct daf_key key;
        struct daf_pack k;

        randombytes_buf(key.b, sizeof(key.b));
        daf_pack_init(&k, buffer, sizeof(buffer));
        err = daf_cmd_key_wrap(first_scopes[i], FIRST_GENERATION, &key,
                               &home->keys, &k);
        sodium_memzero(&key, sizeof(key));
        write.payload = daf_pack_view(&k);
        write.claimed = daf_clock_wall();
        write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
        if (err == DAF_OK) err = daf_cmd_writer_put(w, &write, t);
    }
    if (err == DAF_OK) err = daf_cmd_writer_flush(w, t);
    daf_cmd_writer_close(w);
    return err != DAF_OK ? err : outcome.err;
}

/* Everything but the home's folders and keys.  The manifest is written last: a
 * home without it is no camp's. */
static enum daf_err make_camp(struct daf_home *home, const char *name,
                              struct daf_manifest *m, struct daf_trouble *t)
{
    uint8_t bytes[DAF_MANIFEST_BYTES_MAX];
    struct daf_view none = {NULL, 0};
    struct daf_sign_sk root;
    struct daf_sign_pk root_pk;
    size_t len;
    enum daf_err err;

    (void)crypto_sign_keypair(root_pk.b, root.b);
    fill_manifest(m, name, home, &root_pk);
    len = daf_manifest_sign(m, &root, 1, bytes);
    err = len > 0 ? write_root(home, &root, t) : DAF_ELIMIT;
    sodium_memzero(&root, sizeof(root));
    if (err == DAF_OK)
        err = daf_home_adopt(home, (struct daf_view){bytes, len}, none);
    if (err == DAF_OK) err = daf_home_lock(home, t);
    if (err == DAF_OK) err = write_generations(home, t);
    if (err == DAF_OK)
        err = daf_home_set_camp(home, (struct daf_view){bytes, len}, none, t);
    sodium_memzero(bytes, sizeof(bytes));
    return err;
}

static void print_camp(const struct daf_cmd *cmd, const struct daf_home *home,
                       const struct daf_manifest *m)
{
    struct daf_author_id author = daf_hash_author_id(&home->keys.sign);
    char root_path[DAF_HOME_PATH_MAX], hex[2 * sizeof(m->camp.b) + 1];

    daf_home_path(home, ROOT_FILE, root_path);
    if (cmd->json) {
        daf_cmd_print(json_pack("{s:o,s:o,s:o,s:o}", "camp",
                                daf_cmd_hex(m->camp.b, sizeof(m->camp.b)),
                                "author",
                                daf_cmd_hex(author.b, sizeof(author.b)), "home",
                                daf_cmd_text(home->dir), "root_key",
                                daf_cmd_text(root_path)));
        return;
    }
    (void)printf("Camp %s made in %s.\n", m->name, home->dir);
    (void)printf("  camp    %s\n",
                 daf_cmd_hex_str(m->camp.b, sizeof(m->camp.b), hex));
    (void)printf("  device  %s, its first coordinator\n",
                 daf_cmd_hex_str(author.b, sizeof(author.b), hex));
    (void)printf("\nThe root key is in %s\nMove it to a stick, lock the stick "
                 "up, and keep a copy elsewhere: whoever has it\nrules the "
                 "camp, and without it no other coordinator can ever be "
                 "named.\n",
                 root_path);
}

enum daf_exit daf_cmd_camp_create(const struct daf_cmd *cmd)
{
    char dir[DAF_HOME_PATH_MAX];
    struct daf_manifest manifest;
    struct daf_trouble t = {""};
    struct daf_home home;
    enum daf_err err;

    err = daf_cmd_check_name(cmd->args[0], DAF_CAMP_NAME_BYTES_MAX,
                             "the camp's name", &t);
    if (err == DAF_OK) err = daf_cmd_dir(cmd, dir, &t);
    if (err == DAF_OK) err = daf_home_make(dir, &home, &t);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = make_camp(&home, cmd->args[0], &manifest, &t);
    if (err == DAF_OK)
        print_camp(cmd, &home, &manifest);
    else
        daf_home_discard(&home);
    sodium_memzero(&manifest, sizeof(manifest));
    daf_home_unload(&home);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}
