/* SPDX-License-Identifier: Apache-2.0 */
/* The camp: keys, manifest, and control as the coordinator writes it, one device
 * after the other.  All before time begins. */
#include <assert.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/hash.h"
#include "sim/device/fleet_impl.h"
#include "sim/device/ramdisk.h"

/* ---- libsodium's chance is ours */

static struct daf_chance sodium_chance;

static const char *chance_name(void)
{
    return "daftar-sim";
}

static void chance_buf(void *const to, const size_t len)
{
    daf_chance_bytes(&sodium_chance, to, len);
}

static uint32_t chance_number(void)
{
    return (uint32_t)daf_chance_u64(&sodium_chance);
}

static enum daf_err take_sodium(const struct daf_fleet *f)
{
    static struct randombytes_implementation ours = {.implementation_name =
                                                         chance_name,
                                                     .random = chance_number,
                                                     .buf = chance_buf};

    bool is_ours =
        randombytes_set_implementation(&ours) == 0 && sodium_init() >= 0;
    /* Last: sodium draws some when it begins, once a process. */
    daf_chance_init(&sodium_chance, f->config.seed, "sodium", 0);
    return is_ours ? DAF_OK : DAF_EIO;
}

/* ---- keys and manifest */

static void make_keys(struct daf_fleet_device *d)
{
    struct daf_chance chance;
    uint8_t seed[32];

    daf_chance_init(&chance, d->fleet->config.seed, "keys", d->number);
    daf_chance_bytes(&chance, seed, sizeof seed);
    crypto_sign_seed_keypair(d->keys.sign.b, d->secrets.sign.b, seed);
    daf_chance_bytes(&chance, seed, sizeof seed);
    crypto_box_seed_keypair(d->keys.transport.b, d->secrets.transport.b, seed);
    daf_chance_bytes(&chance, seed, sizeof seed);
    crypto_box_seed_keypair(d->keys.seal.b, d->secrets.seal.b, seed);
    d->author = daf_hash_author_id(&d->keys.sign);
    d->incarnation = daf_chance_u64(&chance);
}

static enum daf_err make_manifest(struct daf_fleet *f)
{
    static const char *const names[DAF_FLEET_SCOPES] = {"control", "catalog",
                                                        "camp",
                                                        DAF_FLEET_CLASS};
    struct daf_manifest *m = &f->camp;
    struct daf_sign_sk root;
    struct daf_box_sk door;
    const char *const *types;
    uint8_t seed[32];

    m->is_first = true;
    m->number = 1;
    (void)snprintf(m->name, sizeof m->name, "Simulated camp");
    m->k = 1;
    m->roots_count = 1;
    daf_chance_bytes(&f->chance, seed, sizeof seed);
    crypto_sign_seed_keypair(m->roots[0].b, root.b, seed);
    m->coordinators_count = 1;
    m->coordinators[0].keys = f->devices[0].keys;
    m->coordinators[0].acts = 50;
    types = daf_payload_names(&m->register_count);
    for (size_t i = 0; i < m->register_count; i++)
        (void)snprintf(m->types[i], sizeof m->types[i], "%s", types[i]);
    daf_chance_bytes(&f->chance, m->discovery.b, sizeof m->discovery.b);
    f->manifest_len = daf_manifest_sign(m, &root, 1, f->manifest);
    enum daf_err err =
        daf_manifest_decode((struct daf_view){f->manifest, f->manifest_len}, m);
    if (err != DAF_OK) return err;
    daf_manifest_door_keys(&m->discovery, &f->door, &door);
    for (size_t i = 0; i < DAF_FLEET_SCOPES; i++)
        f->scopes[i] = daf_hash_scope_id(&m->camp, names[i]);
    return DAF_OK;
}

/* ---- control */

/* The coordinator writes it; its disk has it when this returns. */
static enum daf_err control(struct daf_fleet *f, struct daf_pack *k)
{
    struct daf_fleet_device *d = &f->devices[0];
    const struct daf_write write = {.kind = DAF_WRITE_CONTROL,
                                    .payload = daf_pack_view(k)};
    const struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};

    f->last_control = DAF_EBUSY;
    daf_fleet_input(d, &in);
    while (d->jobs != NULL)
        daf_fleet_on_disk(f, 0, (uint32_t)d->boots);
    return f->failed != DAF_OK ? f->failed : f->last_control;
}

static enum daf_err wrap_key(struct daf_fleet *f, struct daf_fleet_device *d)
{
    struct daf_key_wrap wrap = {.scope = DAF_FLEET_CLASS,
                                .generation = 1,
                                .wraps_count = 1};
    struct daf_wrap one = {.author = d->author};
    uint8_t room[512];
    struct daf_pack k;

    daf_body_commitment(&f->generation, wrap.commit);
    if (crypto_box_seal(one.sealed, f->generation.b, sizeof f->generation.b,
                        d->keys.seal.b) != 0)
        return DAF_EKEY;
    daf_pack_init(&k, room, sizeof room);
    daf_payload_pack_key_wrap(&k, &wrap, &one);
    enum daf_err err = control(f, &k);
    d->wrap = f->last_control_spot;
    return err;
}

static enum daf_err enrol(struct daf_fleet *f, struct daf_fleet_device *d)
{
    struct daf_cert cert = {.camp = f->camp.camp,
                            .keys = d->keys,
                            .rights_count = 4,
                            .rights = {{"camp", DAF_RIGHT_APPEND},
                                       {"catalog", DAF_RIGHT_READ},
                                       {DAF_FLEET_CLASS, DAF_RIGHT_APPEND},
                                       {"control", DAF_RIGHT_READ}},
                            .expires_beacon = UINT64_MAX};
    uint8_t room[2048], bytes[DAF_CERT_BYTES_MAX];
    struct daf_pack k;

    for (unsigned i = 0; i < 4; i++)
        cert.serial[i] = (uint8_t)(d->number >> (24 - 8 * i));
    d->cert_len = daf_cert_sign(&cert, &f->devices[0].secrets.sign, bytes);
    d->cert = malloc(d->cert_len);
    if (d->cert == NULL) return DAF_ENOMEM;
    memcpy(d->cert, bytes, d->cert_len);
    daf_pack_init(&k, room, sizeof room);
    daf_payload_pack_certificate(&k, (struct daf_view){d->cert, d->cert_len});
    enum daf_err err = control(f, &k);
    return err == DAF_OK ? wrap_key(f, d) : err;
}

static bool copy_row(void *ctx, const struct daf_row *row)
{
    struct daf_record r;
    enum daf_put what;

    return daf_record_decode(row->stored.header, &r) == DAF_OK &&
           daf_notebook_put(ctx, &r, row->stored.header, row->stored.body_state,
                            row->stored.body, &what) == DAF_OK;
}

/* All that the coordinator holds, which is control. */
static enum daf_err hand_out(struct daf_fleet *f, struct daf_notebook *to)
{
    struct daf_notebook *from = f->devices[0].notebook;

    if (f->config.real_dir == NULL) return daf_notebook_copy(from, to);
    enum daf_err err = daf_notebook_begin(to);
    if (err == DAF_OK)
        err = daf_notebook_scan(from, &f->scopes[0], -1, copy_row, to);
    return err == DAF_OK ? daf_notebook_commit(to) : err;
}

/* An empty file stands for one in memory: the store looks whether there is one. */
static enum daf_err make_file(struct daf_fleet *f, uint32_t device, char *path,
                              size_t cap)
{
    int len = snprintf(path, cap, "%s/%u", f->config.real_dir, device);

    if (len < 0 || (size_t)len >= cap - sizeof "/notebook.db")
        return DAF_ELIMIT;
    if (device > 0 && mkdir(path, 0700) != 0) return DAF_EIO;
    memcpy(path + len, "/notebook.db", sizeof "/notebook.db");
    if (device == 0) return DAF_OK;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return fd >= 0 && close(fd) == 0 ? DAF_OK : DAF_EIO;
}

/* The same, where notebooks are files in memory: once written, then copied.  To
 * write a thousand records into each of a thousand took 20 s. */
static enum daf_err hand_out_files(struct daf_fleet *f)
{
    char from[512], to[512];
    enum daf_err err = make_file(f, 0, from, sizeof from);

    /* Closed, the file is everything. */
    daf_notebook_free(f->devices[0].notebook);
    f->devices[0].notebook = NULL;
    for (uint32_t i = 1; err == DAF_OK && i < f->config.devices; i++) {
        err = make_file(f, i, to, sizeof to);
        if (err == DAF_OK) err = daf_ramdisk_copy(f->ram, from, to);
    }
    for (uint32_t i = 0; err == DAF_OK && i < f->config.devices; i++)
        err = daf_fleet_open_notebook(&f->devices[i]);
    return err;
}

enum daf_err daf_fleet_make_keys(struct daf_fleet *f)
{
    enum daf_err err = take_sodium(f);

    for (uint32_t i = 0; err == DAF_OK && i < f->config.devices; i++)
        make_keys(&f->devices[i]);
    return err;
}

enum daf_err daf_fleet_make_camp(struct daf_fleet *f)
{
    enum daf_err err = make_manifest(f);

    daf_chance_bytes(&f->chance, f->generation.b, sizeof f->generation.b);
    if (err == DAF_OK) err = daf_fleet_start(&f->devices[0]);
    if (err == DAF_OK) err = wrap_key(f, &f->devices[0]);
    for (uint32_t i = 1; err == DAF_OK && i < f->config.devices; i++)
        err = enrol(f, &f->devices[i]);
    daf_fleet_stop(&f->devices[0]);
    if (err == DAF_OK) err = daf_fleet_share(f);
    if (f->ram != NULL) return err == DAF_OK ? hand_out_files(f) : err;
    for (uint32_t i = 1; err == DAF_OK && i < f->config.devices; i++)
        err = hand_out(f, f->devices[i].notebook);
    return err;
}
