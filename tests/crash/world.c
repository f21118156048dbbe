/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/world_impl.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "node/offline.h"
#include "proto/hash.h"
#include "tests/lib/tmpdir.h"

static void must(bool is_good)
{
    if (!is_good) abort();
}

/* ---- chance, for all that asks libsodium for some */

static struct chance sodium_chance;

static const char *sodium_name(void)
{
    return "seeded";
}

static uint32_t sodium_random(void)
{
    return (uint32_t)chance_next(&sodium_chance);
}

static void sodium_buf(void *const out, const size_t len)
{
    uint8_t *p = out;

    for (size_t i = 0; i < len; i++)
        p[i] = (uint8_t)chance_next(&sodium_chance);
}

static void seed_sodium(void)
{
    static struct randombytes_implementation seeded = {
        .implementation_name = sodium_name,
        .random = sodium_random,
        .buf = sodium_buf,
    };

    must(randombytes_set_implementation(&seeded) == 0);
    must(sodium_init() >= 0);
}

/* ---- devices */

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    struct world_node *n = ctx;

    if (n->is_dying || pcvfs_is_cut(n->disk)) return;
    n->last_write = wrote->err;
    n->writes++;
    n->writes_refused += wrote->err != DAF_OK;
    if (n->index == WORLD_DEVICE) said_wrote(&n->world->said, wrote);
}

struct scan_ctx {
    daf_camp_row_fn fn;
    void *ctx;
};

static bool scan_row(void *ctx, const struct daf_row *row)
{
    struct scan_ctx *s = ctx;

    return s->fn(s->ctx, &row->log, &row->stored);
}

static enum daf_err scan(void *ctx, const struct daf_scope_id *scope,
                         int retention, daf_camp_row_fn fn, void *fn_ctx)
{
    struct world_node *n = ctx;
    struct scan_ctx s = {fn, fn_ctx};

    return daf_store_scan(n->reader, scope, retention, scan_row, &s);
}

static enum daf_err make_agent(struct world_node *n, uint64_t boot)
{
    struct world_camp *camp = n->world->camp;
    struct daf_agent_config config = {
        .keys = camp->keys[n->index],
        .secrets = camp->secrets[n->index],
        .manifest = {camp->manifest, camp->manifest_len},
        .boot_number = boot,
        .index = daf_store_index(n->reader),
        .scan = scan,
        .scan_ctx = n,
        .port = &n->port,
        .scratch = &camp->scratch,
    };
    struct daf_self self;
    enum daf_err err = daf_selfvalue_get(n->reader, &self);

    config.self = &self;
    if (err == DAF_OK)
        config.own_incarnation = self.lives[self.lives_count - 1];

    if (n->index == WORLD_DEVICE)
        config.cert = (struct daf_view){camp->cert, camp->cert_len};
    for (size_t i = 0; i < sizeof(config.seed); i++)
        config.seed[i] = (uint8_t)chance_next(&n->world->chance);
    return err == DAF_OK ? daf_agent_new(&config, on_wrote, n, &n->agent) : err;
}

enum daf_err world_start(struct world *w, size_t node)
{
    struct world_node *n = &w->nodes[node];
    const struct daf_input listening = {.kind = DAF_INPUT_LISTENING,
                                        .port_door = 1000,
                                        .port_mesh = 2000};
    const struct daf_input peer = {.kind = DAF_INPUT_PEER,
                                   .found_by = DAF_FOUND_STATIC,
                                   .addr = {"10.0.0.1:1000"}};
    struct daf_trouble t;
    uint64_t boot = 0;
    enum daf_err err = daf_store_open(n->dir, DAF_STORE_WRITER, &n->writer);

    if (err == DAF_OK) err = daf_offline_prepare(n->writer, NULL, &boot, &t);
    if (err == DAF_OK)
        err = daf_store_open(n->dir, DAF_STORE_READER, &n->reader);
    if (err == DAF_OK) err = make_agent(n, boot);
    if (err != DAF_OK) {
        world_stop(w, node);
        return err;
    }
    n->admitted_count = 0;
    world_input(n, &listening);
    if (n->calls) world_input(n, &peer);
    return DAF_OK;
}

static void close_node(struct world_node *n)
{
    daf_agent_free(n->agent);
    n->agent = NULL;
    daf_store_close(n->reader);
    n->reader = NULL;
    daf_store_close(n->writer);
    n->writer = NULL;
    world_disk_forget(n);
}

void world_stop(struct world *w, size_t node)
{
    struct world_node *n = &w->nodes[node];

    while (world_disk_has(n))
        world_disk_work(n, true);
    world_net_drop(w, node, false);
    close_node(n);
}

void world_lose_power(struct world *w, size_t node)
{
    struct world_node *n = &w->nodes[node];

    n->is_dying = true;
    world_net_drop(w, node, true);
    close_node(n);
    n->is_dying = false;
}

/* ---- people */

static void write_to(struct world_node *n, const struct daf_write *write)
{
    const struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = write};

    if (n->agent != NULL) world_input(n, &in);
}

void world_learn(struct world *w, size_t node)
{
    static const char *const names[] = {"Kite Example", "Lantern Example",
                                        "River Example", "Acorn Example"};
    static const uint8_t letters[DAF_ITEM_BYTES_MAX + 1] =
        "letters-and-more-letters-and-more-letters-and-more-letters-and-more-"
        "letters-and-more-letters-and-more-letters-and-more-letters-and-more-"
        "letters-and-more-letters-and-more-letters-and-more-letters-and-1";
    struct daf_did did[24];
    const char *name = names[chance_below(&w->chance, 4)];
    bool is_long = chance_percent(&w->chance, 10); /* several pieces */
    size_t count = 1 + (size_t)chance_below(&w->chance, is_long ? 24 : 2);
    struct daf_write write = {
        .kind = DAF_WRITE_SESSION,
        .claimed = {1700000000000 + w->now.ms},
        .learner = {(const uint8_t *)name, strlen(name)},
        .did = did,
        .did_count = count,
    };

    for (size_t i = 0; i < count; i++) {
        size_t len =
            1 + (size_t)chance_below(&w->chance, DAF_ITEM_BYTES_MAX / 2);

        if (is_long) len = DAF_ITEM_BYTES_MAX;
        did[i] = (struct daf_did){
            .item = {letters, len},
            .has_score = true,
            .score = (uint32_t)chance_below(&w->chance, DAF_SCORE_MAX + 1)};
    }
    write_to(&w->nodes[node], &write);
}

void world_control(struct world *w, struct daf_view payload)
{
    const struct daf_write write = {.kind = DAF_WRITE_CONTROL,
                                    .claimed = {1700000000000},
                                    .payload = payload};

    write_to(&w->nodes[WORLD_PEER], &write);
}

void world_erase(struct world *w)
{
    struct daf_handle handles[8];
    struct daf_learner learner;
    struct daf_pack k;
    uint8_t room[256];
    size_t count = 0;
    const struct daf_camp *camp;

    if (w->nodes[WORLD_PEER].agent == NULL) return;
    camp = daf_agent_camp(w->nodes[WORLD_PEER].agent);
    if (daf_camp_learner_at(camp, 0, &learner))
        count = daf_camp_handles(camp, &learner.subject, handles, 8);
    if (count == 0 || count > 8 || w->erased_count + count > WORLD_ERASED_MAX)
        return;
    memcpy(w->erased + w->erased_count, handles, count * sizeof(*handles));
    w->erased_count += count;
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_erasure(&k, handles, count);
    world_control(w, daf_pack_view(&k));
}

bool world_is_erased(const struct world *w, struct daf_view body)
{
    struct daf_body b;

    if (daf_body_decode(body, &b) != DAF_OK || !b.is_sealed) return false;
    for (size_t i = 0; i < w->erased_count; i++)
        if (memcmp(w->erased[i].b, b.handle.b, sizeof(b.handle.b)) == 0)
            return true;
    return false;
}

/* ---- worlds */

/* @place: "camp" or "world": a folder each, for the camp's disks stay. */
static struct world *new_world(struct world_camp *camp, uint64_t seed,
                               const char *place)
{
    struct world *w = calloc(1, sizeof(*w));

    must(w != NULL);
    w->camp = camp;
    w->chance = chance_of(seed, 0x776f726c64);
    w->now.ms = 1000;
    w->end = &w->first;
    sodium_chance = chance_of(seed, 0x736f6469);
    pcvfs_seed(seed);
    said_init(&w->said);
    for (size_t i = 0; i < WORLD_NODES; i++) {
        struct world_node *n = &w->nodes[i];

        n->world = w;
        n->index = i;
        n->jobs_end = &n->jobs;
        n->port.ctx = n;
        world_net_port(&n->port);
        world_disk_port(&n->port);
        must(snprintf(n->dir, sizeof(n->dir), "%s/%s-%zu", camp->tmp, place,
                      i) < (int)sizeof(n->dir));
        n->disk = pcvfs_new(n->dir, seed + i);
    }
    pcvfs_solid(w->nodes[WORLD_PEER].disk);
    return w;
}

struct world *world_new(struct world_camp *camp, uint64_t seed, bool is_blank)
{
    struct world *w = new_world(camp, seed, "world");

    said_copy(&camp->said, &w->said);
    for (size_t i = 0; i < WORLD_NODES; i++) {
        if (i == WORLD_PEER || !is_blank)
            pcvfs_copy(camp->disks[i], w->nodes[i].disk);
    }
    for (struct said_record *r = w->said.first; r != NULL; r = r->next) {
        r->at_peer = true;
        r->said_header = r->said_body = !is_blank;
    }
    return w;
}

static void forget_events(struct world *w)
{
    while (w->first != NULL) {
        struct world_event *next = w->first->next;

        free(w->first);
        w->first = next;
    }
}

void world_free(struct world *w)
{
    for (size_t i = 0; i < WORLD_NODES; i++) {
        w->nodes[i].is_dying = true;
        close_node(&w->nodes[i]);
        pcvfs_free(w->nodes[i].disk);
    }
    forget_events(w);
    said_free(&w->said);
    free(w);
}

/* ---- the camp */

static void make_keys(struct world_camp *camp, size_t node)
{
    struct daf_device_keys *k = &camp->keys[node];
    struct daf_secrets *s = &camp->secrets[node];
    uint8_t seed[32];

    memset(seed, (int)node + 1, sizeof(seed));
    crypto_sign_seed_keypair(k->sign.b, s->sign.b, seed);
    seed[0] ^= 0x40;
    crypto_box_seed_keypair(k->transport.b, s->transport.b, seed);
    seed[0] ^= 0xc0;
    crypto_box_seed_keypair(k->seal.b, s->seal.b, seed);
}

static void make_manifest(struct world_camp *camp)
{
    struct daf_manifest *m = &camp->camp;
    const char *const *names;
    struct daf_sign_sk root;
    struct daf_box_sk door;
    uint8_t seed[32] = {99};

    m->is_first = true;
    m->number = 1;
    strcpy(m->name, "Test camp");
    m->k = 1;
    m->roots_count = 1;
    crypto_sign_seed_keypair(m->roots[0].b, root.b, seed);
    m->coordinators_count = 1;
    m->coordinators[0].keys = camp->keys[WORLD_PEER];
    m->coordinators[0].acts = 50;
    names = daf_payload_names(&m->register_count);
    for (size_t i = 0; i < m->register_count; i++)
        strcpy(m->types[i], names[i]);
    memset(m->discovery.b, 7, sizeof(m->discovery.b));
    camp->manifest_len = daf_manifest_sign(m, &root, 1, camp->manifest);
    must(daf_manifest_decode((struct daf_view){camp->manifest,
                                               camp->manifest_len},
                             m) == DAF_OK);
    daf_manifest_door_keys(&m->discovery, &camp->door, &door);
}

static void wrap_key(struct world *w, size_t node)
{
    static const struct daf_key generation = {{5}};
    const struct daf_device_keys *keys = &w->camp->keys[node];
    struct daf_key_wrap wrap = {.scope = "class:1",
                                .generation = 1,
                                .wraps_count = 1};
    struct daf_wrap one = {.author = daf_hash_author_id(&keys->sign)};
    uint8_t room[512];
    struct daf_pack k;

    daf_body_commitment(&generation, wrap.commit);
    must(crypto_box_seal(one.sealed, generation.b, 32, keys->seal.b) == 0);
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_key_wrap(&k, &wrap, &one);
    world_control(w, daf_pack_view(&k));
    world_run(w, 0);
}

static void enrol(struct world *w)
{
    struct world_camp *camp = w->camp;
    struct daf_cert cert = {.camp = camp->camp.camp,
                            .keys = camp->keys[WORLD_DEVICE],
                            .rights_count = 4,
                            .rights = {{"camp", DAF_RIGHT_APPEND},
                                       {"catalog", DAF_RIGHT_READ},
                                       {"class:1", DAF_RIGHT_APPEND},
                                       {"control", DAF_RIGHT_READ}},
                            .expires_beacon = UINT64_MAX};
    uint8_t room[2048];
    struct daf_pack k;

    camp->cert_len =
        daf_cert_sign(&cert, &camp->secrets[WORLD_PEER].sign, camp->cert);
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_certificate(&k,
                                 (struct daf_view){camp->cert, camp->cert_len});
    world_control(w, daf_pack_view(&k));
    world_run(w, 0);
    wrap_key(w, WORLD_DEVICE);
}

/* Two devices that have met: control, a learner or two, in step. */
static void first_meeting(struct world_camp *camp)
{
    struct world *w = new_world(camp, 1, "camp");

    pcvfs_solid(w->nodes[WORLD_DEVICE].disk);
    w->nodes[WORLD_DEVICE].calls = true;
    must(world_start(w, WORLD_PEER) == DAF_OK);
    wrap_key(w, WORLD_PEER);
    enrol(w);
    must(world_start(w, WORLD_DEVICE) == DAF_OK);
    world_learn(w, WORLD_PEER);
    world_run(w, 20000);
    world_learn(w, WORLD_DEVICE);
    world_run(w, 20000);
    must(world_equal(w));
    must(w->nodes[WORLD_DEVICE].last_write == DAF_OK);
    must(w->said.lies == 0);
    for (size_t i = 0; i < WORLD_NODES; i++) {
        world_stop(w, i);
        camp->disks[i] = w->nodes[i].disk;
        w->nodes[i].disk = NULL;
    }
    said_copy(&w->said, &camp->said);
    for (struct said_record *r = camp->said.first; r != NULL; r = r->next)
        r->is_verified = world_accept(camp, said_header(r)) == DAF_OK;
    forget_events(w);
    said_free(&w->said);
    free(w);
}

struct world_camp *world_camp_new(void)
{
    struct world_camp *camp = calloc(1, sizeof(*camp));
    char dir[PCVFS_PATH_MAX];

    must(camp != NULL);
    seed_sodium();
    pcvfs_start();
    camp->tmp = daf_tmpdir_new();
    must(camp->tmp != NULL && strlen(camp->tmp) < PCVFS_PATH_MAX - 32);
    for (size_t i = 0; i < WORLD_NODES; i++) {
        (void)snprintf(dir, sizeof(dir), "%s/camp-%zu", camp->tmp, i);
        must(mkdir(dir, 0700) == 0);
        (void)snprintf(dir, sizeof(dir), "%s/world-%zu", camp->tmp, i);
        must(mkdir(dir, 0700) == 0);
        make_keys(camp, i);
    }
    make_manifest(camp);
    first_meeting(camp);
    return camp;
}

void world_camp_free(struct world_camp *camp)
{
    for (size_t i = 0; i < WORLD_NODES; i++)
        pcvfs_free(camp->disks[i]);
    said_free(&camp->said);
    daf_tmpdir_free(camp->tmp);
    free(camp);
}

/* ---- looking */

void world_scopes(const struct world *w, struct daf_scope_id out[WORLD_SCOPES])
{
    static const char *const names[WORLD_SCOPES] = {"control", "catalog",
                                                    "camp", "class:1"};

    for (size_t i = 0; i < WORLD_SCOPES; i++)
        out[i] = daf_hash_scope_id(&w->camp->camp.camp, names[i]);
}

bool world_equal(struct world *w)
{
    struct daf_scope_id scopes[WORLD_SCOPES];
    struct daf_store_digest d[WORLD_NODES];

    world_scopes(w, scopes);
    for (size_t i = 0; i < WORLD_SCOPES; i++) {
        for (size_t j = 0; j < WORLD_NODES; j++) {
            if (w->nodes[j].reader == NULL ||
                daf_store_digest(w->nodes[j].reader, &scopes[i], &d[j]) !=
                    DAF_OK)
                return false;
        }
        if (memcmp(&d[0].root, &d[1].root, sizeof(d[0].root)) != 0 ||
            d[0].records != d[1].records || d[0].bodies != d[1].bodies)
            return false;
    }
    return true;
}

enum daf_err world_accept(void *ctx, struct daf_view header)
{
    const struct world_camp *camp = ctx;
    struct daf_record r;
    enum daf_err err = daf_record_decode(header, &r);

    for (size_t i = 0; err == DAF_OK && i < WORLD_NODES; i++) {
        struct daf_author_id id = daf_hash_author_id(&camp->keys[i].sign);

        if (memcmp(&id, &r.log.author, sizeof(id)) == 0)
            return daf_record_verify(header, &r, &camp->keys[i].sign);
    }
    return err == DAF_OK ? DAF_EAUTHOR : err;
}
