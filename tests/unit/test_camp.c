/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "node/core/camp.h"
#include "proto/hash.h"
#include "proto/rng.h"

#include <sodium.h>
#include <stdlib.h>

#define ROWS_MAX 48
#define ROUNDS   200
#define SEALED   DAF_BODY_BYTES_MAX

/* ---- a camp to fold: two coordinators, devices of class:1 and class:2 */

struct who {
    struct daf_device_keys keys;
    struct daf_author_id author;
    struct daf_sign_sk sign;
    struct daf_box_sk seal;
};

/* A record as a store would hand it out. */
struct row {
    struct daf_log_key log;
    struct daf_stored stored;
    uint8_t *bytes;
};

static struct who root, asha, bilal, tablet, phone, stranger;
static struct daf_manifest manifest;
static uint8_t manifest_bytes[DAF_MANIFEST_BYTES_MAX];
static size_t manifest_len;
static struct row rows[ROWS_MAX];
static size_t rows_count;
static uint64_t serial; /* makes every record another one */
static uint8_t plain[DAF_BODY_BYTES_MAX];
static size_t plain_len;

static void make_who(struct who *who, uint8_t fill)
{
    uint8_t seed[32];
    struct daf_box_sk unused;

    memset(seed, fill, sizeof(seed));
    (void)crypto_sign_seed_keypair(who->keys.sign.b, who->sign.b, seed);
    (void)crypto_box_seed_keypair(who->keys.seal.b, who->seal.b, seed);
    seed[0]++;
    (void)crypto_box_seed_keypair(who->keys.transport.b, unused.b, seed);
    who->author = daf_hash_author_id(&who->keys.sign);
}

static void make_manifest(void)
{
    const char *const *names = daf_payload_names(&manifest.register_count);

    manifest.is_first = true;
    manifest.number = 1;
    manifest.k = 1;
    manifest.roots_count = 1;
    manifest.roots[0] = root.keys.sign;
    manifest.coordinators_count = 2;
    manifest.coordinators[0].keys = asha.keys;
    manifest.coordinators[0].acts = 2;
    manifest.coordinators[1].keys = bilal.keys;
    for (size_t i = 0; i < manifest.register_count; i++)
        memcpy(manifest.types[i], names[i], strlen(names[i]));
    manifest_len = daf_manifest_sign(&manifest, &root.sign, 1, manifest_bytes);
    assert_true(manifest_len > 0);
}

static int set_up(void **state)
{
    (void)state;
    make_who(&root, 10);
    make_who(&asha, 20);
    make_who(&bilal, 30);
    make_who(&tablet, 40);
    make_who(&phone, 50);
    make_who(&stranger, 60);
    memset(&manifest, 0, sizeof(manifest));
    make_manifest();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    for (size_t i = 0; i < rows_count; i++)
        free(rows[i].bytes);
    rows_count = 0;
    return 0;
}

static struct daf_camp *camp_of(const struct who *who)
{
    struct daf_camp_config config = {
        .manifest = {manifest_bytes, manifest_len},
        .keys = who->keys,
        .seal = &who->seal,
    };
    struct daf_camp *c;

    assert_int_equal(daf_camp_new(&config, &c), DAF_OK);
    return c;
}

static struct daf_scope_id scope(const char *name)
{
    return daf_hash_scope_id(&manifest.camp, name);
}

static struct daf_view text(const char *s)
{
    return (struct daf_view){(const uint8_t *)s, strlen(s)};
}

static struct daf_key key_of(uint8_t fill)
{
    struct daf_key key;

    memset(key.b, fill, sizeof(key.b));
    return key;
}

static struct daf_subject_id subject_of(uint8_t fill)
{
    struct daf_subject_id subject;

    memset(subject.b, fill, sizeof(subject.b));
    return subject;
}

/* ---- records */

static struct daf_record begin_record(const struct who *who, const char *name,
                                      uint8_t retention)
{
    struct daf_record r = {.seq = 1, .retention = retention};

    r.log.scope = scope(name);
    r.log.author = who->author;
    r.log.incarnation = ++serial;
    return r;
}

/* The record @r of @who with @body joins `rows`. */
static struct row *keep(struct daf_record *r, const struct who *who,
                        struct daf_view body)
{
    struct row *row = &rows[rows_count++];
    size_t len;

    assert_true(rows_count <= ROWS_MAX);
    row->bytes = malloc(DAF_HEADER_BYTES_MAX + body.len);
    assert_non_null(row->bytes);
    memcpy(row->bytes + DAF_HEADER_BYTES_MAX, body.p, body.len);
    r->body_hash = daf_body_hash(body);
    r->body_len = (uint32_t)body.len;
    len = daf_record_sign(r, &who->sign, row->bytes);
    row->log = r->log;
    row->stored = (struct daf_stored){
        .spot = {r->seq, r->id},
        .header = {row->bytes, len},
        .body_state = DAF_BODY_HELD,
        .body = {row->bytes + DAF_HEADER_BYTES_MAX, body.len},
    };
    return row;
}

static struct row *keep_plain(const struct who *who, const char *name,
                              struct daf_view payload)
{
    struct daf_record r = begin_record(who, name, DAF_RETENTION_CONTROL);
    uint8_t body[SEALED];
    size_t len;

    assert_int_equal(daf_body_plain(payload, body, sizeof(body), &len), DAF_OK);
    return keep(&r, who, (struct daf_view){body, len});
}

struct sealing {
    struct daf_key key; /* body key */
    struct daf_handle handle;
};

static struct row *keep_sealed(struct daf_record r, const struct who *who,
                               const struct sealing *how,
                               struct daf_view payload)
{
    struct daf_body_seal seal = {how->key, how->handle, {1}, {0}, payload};
    uint8_t aad[DAF_HEADER_BYTES_MAX], body[SEALED];
    size_t len;

    seal.aad = (struct daf_view){aad, daf_record_prefix(&r, aad)};
    assert_int_equal(daf_body_seal(&seal, body, sizeof(body), &len), DAF_OK);
    return keep(&r, who, (struct daf_view){body, len});
}

static struct daf_cert cert_for(const struct who *who, const char *name,
                                enum daf_right right)
{
    struct daf_cert cert = {
        .camp = manifest.camp,
        .keys = who->keys,
        .rights_count = 1,
        .expires_beacon = UINT64_MAX,
    };

    serial++;
    memcpy(cert.serial, &serial, sizeof(serial));
    memcpy(cert.rights[0].scope, name, strlen(name));
    cert.rights[0].right = right;
    return cert;
}

static struct row *keep_cert(struct daf_cert *cert, const struct who *issuer)
{
    uint8_t bytes[DAF_CERT_BYTES_MAX], payload[2 * DAF_CERT_BYTES_MAX];
    size_t len = daf_cert_sign(cert, &issuer->sign, bytes);
    struct daf_pack k;

    assert_true(len > 0);
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_certificate(&k, (struct daf_view){bytes, len});
    return keep_plain(&asha, "control", daf_pack_view(&k));
}

static struct row *certify(const struct who *who, const char *name,
                           enum daf_right right)
{
    struct daf_cert cert = cert_for(who, name, right);

    return keep_cert(&cert, &asha);
}

/* Generation @number of @name, with the key that @fill makes, for @who. */
static struct row *keep_wrap(const char *name, uint64_t number, uint8_t fill,
                             const struct who *who)
{
    struct daf_key_wrap w = {.generation = number, .wraps_count = 1};
    struct daf_wrap wrap = {.author = who->author};
    struct daf_key key = key_of(fill);
    uint8_t payload[1024];
    struct daf_pack k;

    memcpy(w.scope, name, strlen(name));
    daf_body_commitment(&key, w.commit);
    assert_int_equal(crypto_box_seal(wrap.sealed, key.b, sizeof(key.b),
                                     who->keys.seal.b),
                     0);
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_key_wrap(&k, &w, &wrap);
    return keep_plain(&asha, "control", daf_pack_view(&k));
}

/* The handles of the subject keys that the fills make, from @first on. */
static struct row *keep_erasure(uint8_t first, size_t count)
{
    struct daf_handle handles[8];
    uint8_t payload[256];
    struct daf_pack k;

    for (size_t i = 0; i < count; i++) {
        struct daf_key key = key_of((uint8_t)(first + i));

        handles[i] = daf_body_handle(&key);
    }
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_erasure(&k, handles, count);
    return keep_plain(&asha, "control", daf_pack_view(&k));
}

struct entry { /* a registration */
    const char *scope;
    uint8_t generation; /* fill */
    uint8_t subject, key;
    const char *name;
};

static struct row *keep_registration(const struct entry *e)
{
    struct daf_registration reg = {subject_of(e->subject), key_of(e->key),
                                   text(e->name)};
    struct daf_key generation = key_of(e->generation);
    struct sealing how = {daf_body_scope_key(&generation),
                          daf_body_handle(&reg.key)};
    uint8_t payload[512];
    struct daf_pack k;

    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_registration(&k, &reg);
    return keep_sealed(begin_record(&tablet, e->scope, DAF_RETENTION_IDENTITY),
                       &tablet, &how, daf_pack_view(&k));
}

/* What @subject did, under the keys that the fills make. */
static struct row *keep_session(const char *name, uint8_t subject, uint8_t key,
                                uint8_t generation)
{
    struct daf_did did = {.item = text("maths/counting"), .seconds = 60};
    struct daf_key subject_key = key_of(key), gen = key_of(generation);
    struct sealing how = {daf_body_key(&subject_key, &gen),
                          daf_body_handle(&subject_key)};
    struct daf_subject_id id = subject_of(subject);
    uint8_t payload[512];
    struct daf_pack k;

    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_session(&k, &id, &did, 1);
    return keep_sealed(begin_record(&tablet, name, DAF_RETENTION_PROGRESS),
                       &tablet, &how, daf_pack_view(&k));
}

/* ---- what the agent would do */

static bool add(struct daf_camp *c, const struct row *row)
{
    return daf_camp_add(c, &row->log, &row->stored);
}

/* The classes' registrations among the first @count of @order again. */
static void rescan(struct daf_camp *c, const size_t *order, size_t count)
{
    struct daf_scope_id id;

    while (daf_camp_wants_rescan(c, &id)) {
        for (size_t i = 0; i < count; i++) {
            if (memcmp(rows[order[i]].log.scope.b, id.b, sizeof(id.b)) == 0)
                assert_false(add(c, &rows[order[i]]));
        }
    }
}

static void fold(struct daf_camp *c, const size_t *order, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        (void)add(c, &rows[order[i]]);
        rescan(c, order, i + 1);
    }
}

static void fold_all(struct daf_camp *c)
{
    size_t order[ROWS_MAX] = {0};

    for (size_t i = 0; i < rows_count; i++)
        order[i] = i;
    fold(c, order, rows_count);
}

static enum daf_right right_of(const struct daf_camp *c, const struct who *who,
                               const char *name)
{
    const struct daf_authority *a = daf_camp_authority(c);
    struct daf_scope_id id = scope(name);

    return a->right(a->ctx, &who->author, &id);
}

static bool is_known(const struct daf_camp *c, const struct who *who)
{
    const struct daf_authority *a = daf_camp_authority(c);
    struct daf_device by_author, by_transport;
    bool known = a->by_author(a->ctx, &who->author, &by_author);

    assert_int_equal(a->by_transport(a->ctx, &who->keys.transport,
                                     &by_transport),
                     known);
    if (known) {
        assert_memory_equal(&by_author.author, &who->author, 16);
        assert_memory_equal(&by_author.keys, &who->keys, sizeof(who->keys));
        assert_memory_equal(&by_transport, &by_author, sizeof(by_author));
    }
    return known;
}

static enum daf_err open_row(const struct daf_camp *c, const struct row *row,
                             struct daf_learner *out)
{
    struct daf_record r;
    struct daf_body body;

    assert_int_equal(daf_record_decode(row->stored.header, &r), DAF_OK);
    assert_int_equal(daf_body_decode(row->stored.body, &body), DAF_OK);
    return daf_camp_open(c, &row->log.scope, &body,
                         (struct daf_view){row->stored.header.p, r.aad_len},
                         plain, &plain_len, out);
}

static enum daf_err find(const struct daf_camp *c, const char *name,
                         const char *who, struct daf_learner *out,
                         size_t *out_count)
{
    struct daf_scope_id id = scope(name);

    return daf_camp_learner(c, &id, text(who), out, out_count);
}

/* ---- tests: life and coordinators */

static void a_manifest_that_does_not_verify_makes_no_camp(void **state)
{
    struct daf_camp_config config = {
        .manifest = {manifest_bytes, manifest_len},
        .keys = tablet.keys,
        .seal = &tablet.seal,
    };
    struct daf_camp *c = (struct daf_camp *)&config;

    (void)state;
    manifest_bytes[manifest_len - 1] ^= 1;
    assert_int_equal(daf_camp_new(&config, &c), DAF_ESIG);
    assert_null(c);
    manifest_bytes[manifest_len - 1] ^= 1;
    config.manifest.len--;
    assert_int_equal(daf_camp_new(&config, &c), DAF_EFORM);
    assert_null(c);
    daf_camp_free(NULL);
}

static void coordinators_have_every_right_in_every_known_scope(void **state)
{
    struct daf_camp *c = camp_of(&tablet);
    const struct daf_authority *a = daf_camp_authority(c);
    struct daf_scope_id ids[DAF_SCOPES_MAX], control = scope("control");

    (void)state;
    assert_true(is_known(c, &asha) && is_known(c, &bilal));
    assert_int_equal(right_of(c, &asha, "control"), DAF_RIGHT_ADMIN);
    assert_int_equal(right_of(c, &asha, "class:1"), DAF_RIGHT_NONE);
    assert_int_equal(a->scopes(a->ctx, &asha.author, ids), 3);

    assert_true(add(c, certify(&tablet, "class:1", DAF_RIGHT_APPEND)));
    /* Known by name although the key is not for this device. */
    assert_true(add(c, keep_wrap("class:0", 1, 1, &phone)));
    assert_false(add(c, keep_wrap("class:0", 1, 1, &phone)));
    assert_int_equal(right_of(c, &asha, "class:0"), DAF_RIGHT_ADMIN);
    assert_int_equal(right_of(c, &bilal, "class:1"), DAF_RIGHT_ADMIN);
    assert_int_equal(right_of(c, &asha, "class:7"), DAF_RIGHT_NONE);

    assert_int_equal(a->scopes(a->ctx, &asha.author, ids), 5);
    assert_memory_equal(&ids[0], &control, sizeof(control));
    for (size_t i = 2; i < 5; i++)
        assert_true(memcmp(&ids[i - 1], &ids[i], sizeof(ids[0])) < 0);
    assert_string_equal(daf_camp_scope(c, 0, NULL), "control");
    assert_string_equal(daf_camp_scope(c, 1, NULL), "catalog");
    assert_string_equal(daf_camp_scope(c, 2, NULL), "camp");
    assert_string_equal(daf_camp_scope(c, 3, NULL), "class:0");
    assert_string_equal(daf_camp_scope(c, 4, &ids[0]), "class:1");
    assert_string_equal(daf_camp_scope_name(c, &ids[0]), "class:1");
    assert_null(daf_camp_scope(c, 5, NULL));
    daf_camp_free(c);
}

static void a_coordinator_has_all_scopes_that_fit_one_session(void **state)
{
    struct daf_camp *c = camp_of(&asha);
    const struct daf_authority *a = daf_camp_authority(c);
    struct daf_cert cert;
    struct daf_scope_id ids[DAF_SCOPES_MAX];

    (void)state;
    for (size_t i = 0; i < 3; i++) {
        cert = cert_for(i == 0 ? &tablet : i == 1 ? &phone : &stranger, "", 1);
        cert.rights_count = DAF_RIGHTS_MAX;
        for (size_t j = 0; j < DAF_RIGHTS_MAX; j++) {
            char name[] = "class:00";

            name[6] = (char)('a' + i);
            name[7] = (char)('a' + j);
            memcpy(cert.rights[j].scope, name, sizeof(name));
            cert.rights[j].right = DAF_RIGHT_RELAY;
        }
        assert_true(add(c, keep_cert(&cert, &asha)));
    }
    assert_int_equal(a->scopes(a->ctx, &asha.author, ids), DAF_SCOPES_MAX);
    assert_int_equal(a->scopes(a->ctx, &tablet.author, ids),
                     DAF_RIGHTS_MAX + 1);
    for (size_t i = 2; i <= DAF_RIGHTS_MAX; i++)
        assert_true(memcmp(&ids[i - 1], &ids[i], sizeof(ids[0])) < 0);
    daf_camp_free(c);
}

/* ---- tests: certificates */

static void a_device_may_what_its_certificate_says(void **state)
{
    struct daf_cert cert = cert_for(&tablet, "class:1", DAF_RIGHT_APPEND);
    struct daf_camp *c = camp_of(&tablet);
    const struct daf_authority *a = daf_camp_authority(c);
    struct daf_scope_id ids[DAF_SCOPES_MAX], control = scope("control");
    struct daf_device device;
    size_t count = 0;

    (void)state;
    cert.rights_count = 2;
    memcpy(cert.rights[1].scope, "control", 8);
    cert.rights[1].right = DAF_RIGHT_ADMIN; /* nobody gives that */
    assert_false(is_known(c, &tablet));
    assert_null(daf_camp_own_class(c, 0));
    assert_true(add(c, keep_cert(&cert, &bilal)));
    assert_false(add(c, &rows[0]));
    assert_true(add(c, certify(&phone, "class:2", DAF_RIGHT_RELAY)));

    assert_true(is_known(c, &tablet) && is_known(c, &phone));
    assert_int_equal(right_of(c, &tablet, "class:1"), DAF_RIGHT_APPEND);
    assert_int_equal(right_of(c, &tablet, "class:2"), DAF_RIGHT_NONE);
    assert_int_equal(right_of(c, &tablet, "catalog"), DAF_RIGHT_NONE);
    assert_int_equal(right_of(c, &tablet, "control"), DAF_RIGHT_READ);
    assert_int_equal(right_of(c, &phone, "control"), DAF_RIGHT_READ);
    assert_int_equal(right_of(c, &stranger, "control"), DAF_RIGHT_NONE);
    assert_int_equal(a->scopes(a->ctx, &tablet.author, ids), 2);
    assert_memory_equal(&ids[0], &control, sizeof(control));
    assert_int_equal(a->scopes(a->ctx, &stranger.author, ids), 0);
    assert_string_equal(daf_camp_own_class(c, 0), "class:1");
    assert_null(daf_camp_own_class(c, 1));
    while (daf_camp_device(c, count, &device))
        count++;
    assert_int_equal(count, 4);
    daf_camp_free(c);
}

static void who_is_no_coordinator_certifies_nobody(void **state)
{
    struct daf_cert cert = cert_for(&phone, "class:1", DAF_RIGHT_APPEND);
    struct daf_camp *c = camp_of(&tablet);
    struct row *row;

    (void)state;
    /* By a stranger, and by a device of the camp; published by a coordinator. */
    assert_false(add(c, keep_cert(&cert, &stranger)));
    assert_true(add(c, certify(&tablet, "class:1", DAF_RIGHT_ADMIN)));
    assert_false(add(c, keep_cert(&cert, &tablet)));
    /* Of another camp. */
    cert.camp.b[0] ^= 1;
    assert_false(add(c, keep_cert(&cert, &asha)));
    cert.camp.b[0] ^= 1;
    /* Good, but in a record that no coordinator wrote. */
    row = keep_cert(&cert, &asha);
    row->log.author = tablet.author;
    assert_false(add(c, row));
    /* Good, but in another scope. */
    row->log.author = asha.author;
    row->log.scope = scope("catalog");
    assert_false(add(c, row));
    /* Good, but the body is not here. */
    row->log.scope = scope("control");
    row->stored.body_state = DAF_BODY_ABSENT;
    assert_false(add(c, row));
    assert_false(is_known(c, &phone));
    row->stored.body_state = DAF_BODY_HELD;
    assert_true(add(c, row));
    assert_true(is_known(c, &phone));
    daf_camp_free(c);
}

static void of_two_certificates_the_lower_id_stands(void **state)
{
    struct who moved = phone;
    struct daf_cert first, second, *low, *high;
    struct daf_camp *ab = camp_of(&tablet), *ba = camp_of(&tablet);
    const struct daf_authority *a = daf_camp_authority(ab);
    struct daf_device device;
    struct row *x, *y;

    (void)state;
    moved.keys.transport.b[0] ^= 1;
    first = cert_for(&phone, "class:1", DAF_RIGHT_APPEND);
    second = cert_for(&moved, "class:2", DAF_RIGHT_READ);
    x = keep_cert(&first, &asha);
    y = keep_cert(&second, &bilal);
    low =
        memcmp(&first.id, &second.id, sizeof(first.id)) < 0 ? &first : &second;
    high = low == &first ? &second : &first;
    assert_true(add(ab, low == &first ? x : y));
    assert_true(add(ab, low == &first ? y : x)); /* a scope became known */
    assert_true(add(ba, low == &first ? y : x));
    assert_true(add(ba, low == &first ? x : y));
    for (size_t i = 0; i < 2; i++) {
        assert_true(a->by_transport(a->ctx, &low->keys.transport, &device));
        assert_false(a->by_transport(a->ctx, &high->keys.transport, &device));
        assert_int_equal(right_of(i == 0 ? ab : ba, &phone,
                                  low->rights[0].scope),
                         low->rights[0].right);
        assert_int_equal(right_of(i == 0 ? ab : ba, &phone,
                                  high->rights[0].scope),
                         DAF_RIGHT_NONE);
        a = daf_camp_authority(ba);
    }
    daf_camp_free(ab);
    daf_camp_free(ba);
}

static void one_transport_key_is_one_device(void **state)
{
    struct who thief = phone;
    struct daf_camp *c = camp_of(&tablet);
    const struct daf_authority *a = daf_camp_authority(c);
    const struct who *low = &tablet;
    struct daf_device device;

    (void)state;
    thief.keys.transport = tablet.keys.transport;
    if (memcmp(&thief.author, &tablet.author, 16) < 0) low = &thief;
    assert_true(add(c, certify(&tablet, "class:1", DAF_RIGHT_APPEND)));
    assert_true(add(c, certify(&thief, "class:1", DAF_RIGHT_APPEND)));
    assert_true(a->by_transport(a->ctx, &tablet.keys.transport, &device));
    assert_memory_equal(&device.author, &low->author, 16);
    /* A coordinator's is the coordinator's. */
    thief = stranger;
    thief.keys.transport = asha.keys.transport;
    assert_true(add(c, certify(&thief, "class:1", DAF_RIGHT_APPEND)));
    assert_true(is_known(c, &asha));
    daf_camp_free(c);
}

static void a_certificate_for_a_coordinator_takes_nothing_away(void **state)
{
    struct who moved = bilal;
    struct daf_camp *c = camp_of(&bilal);
    struct daf_device device;

    (void)state;
    moved.keys.transport.b[0] ^= 1;
    assert_true(add(c, certify(&moved, "class:1", DAF_RIGHT_RELAY)));
    assert_true(is_known(c, &bilal));
    assert_int_equal(right_of(c, &bilal, "class:1"), DAF_RIGHT_ADMIN);
    assert_string_equal(daf_camp_own_class(c, 0), "class:1");
    assert_true(daf_camp_device(c, 1, &device));
    assert_false(daf_camp_device(c, 2, &device));
    daf_camp_free(c);
}

static void a_certificate_met_at_a_door_counts(void **state)
{
    struct daf_cert cert = cert_for(&phone, "class:1", DAF_RIGHT_APPEND);
    struct daf_camp *c = camp_of(&tablet);
    uint8_t bytes[DAF_CERT_BYTES_MAX];
    struct daf_view view = {bytes, 0};

    (void)state;
    view.len = daf_cert_sign(&cert, &stranger.sign, bytes);
    assert_int_equal(daf_camp_meet(c, view), DAF_EAUTHOR);
    view.len = daf_cert_sign(&cert, &asha.sign, bytes);
    bytes[view.len - 1] ^= 1;
    assert_int_equal(daf_camp_meet(c, view), DAF_ESIG);
    bytes[view.len - 1] ^= 1;
    view.len--;
    assert_int_equal(daf_camp_meet(c, view), DAF_EFORM);
    view.len++;
    assert_false(is_known(c, &phone));
    assert_int_equal(daf_camp_meet(c, view), DAF_OK);
    assert_int_equal(daf_camp_meet(c, view), DAF_OK);
    assert_true(is_known(c, &phone));
    cert.camp.b[0] ^= 1;
    view.len = daf_cert_sign(&cert, &asha.sign, bytes);
    assert_int_equal(daf_camp_meet(c, view), DAF_ESCOPE);
    daf_camp_free(c);
}

/* ---- tests: one camp like another */

static struct daf_camp *camp_like(const struct daf_camp *like,
                                  const struct who *who)
{
    struct daf_camp_config config = {
        .manifest = {manifest_bytes, manifest_len},
        .keys = who->keys,
        .seal = &who->seal,
        .like = like,
    };
    struct daf_camp *c;

    assert_int_equal(daf_camp_new(&config, &c), DAF_OK);
    return c;
}

static void a_camp_like_another_knows_whom_that_knows_and_has_its_own_keys(
    void **state)
{
    struct daf_camp *lender = camp_of(&asha), *c;
    struct daf_scope_id id = scope("class:1");
    struct row *wrap;
    uint64_t number, acts = 0;
    struct daf_key key;

    (void)state;
    (void)certify(&tablet, "class:1", DAF_RIGHT_APPEND);
    (void)certify(&phone, "class:1", DAF_RIGHT_READ);
    wrap = keep_wrap("class:1", 1, 1, &phone);
    fold_all(lender);
    c = camp_like(lender, &phone);
    assert_true(is_known(c, &tablet));
    assert_int_equal(right_of(c, &tablet, "class:1"), DAF_RIGHT_APPEND);
    assert_int_equal(right_of(c, &phone, "class:1"), DAF_RIGHT_READ);
    assert_int_equal(right_of(c, &phone, "control"), DAF_RIGHT_READ);
    assert_int_equal(daf_camp_acts(c, &rows[0].log, &rows[0].stored.spot,
                                   &acts),
                     daf_camp_acts(lender, &rows[0].log, &rows[0].stored.spot,
                                   &acts));
    assert_int_equal(daf_camp_generation(c, &id, &number, &key), DAF_EKEY);
    assert_true(add(c, wrap));
    assert_int_equal(daf_camp_generation(c, &id, &number, &key), DAF_OK);
    assert_int_equal(daf_camp_generation(lender, &id, &number, &key), DAF_EKEY);
    daf_camp_free(c);
    daf_camp_free(lender);
}

static void what_is_new_to_one_is_not_told_to_the_lender(void **state)
{
    struct daf_camp *lender = camp_of(&asha), *c, *other;
    struct who moved = phone;
    struct daf_cert first, second, *low, *high;
    struct daf_device device;

    (void)state;
    moved.keys.transport.b[0] ^= 1;
    first = cert_for(&phone, "class:1", DAF_RIGHT_APPEND);
    second = cert_for(&moved, "class:1", DAF_RIGHT_APPEND);
    (void)keep_cert(&first, &asha);
    (void)keep_cert(&second, &asha);
    low =
        memcmp(&first.id, &second.id, sizeof(first.id)) < 0 ? &first : &second;
    high = low == &first ? &second : &first;
    assert_true(add(lender, &rows[high == &first ? 0 : 1]));
    c = camp_like(lender, &tablet);
    other = camp_like(lender, &tablet);
    assert_true(add(c, &rows[low == &first ? 0 : 1]));
    assert_true(add(c, certify(&tablet, "class:2", DAF_RIGHT_APPEND)));
    assert_true(is_known(c, &tablet));
    for (size_t i = 0; i < 2; i++) {
        const struct daf_camp *that = i == 0 ? lender : other;
        const struct daf_authority *a = daf_camp_authority(that);

        assert_false(is_known(that, &tablet));
        assert_true(a->by_transport(a->ctx, &high->keys.transport, &device));
        a = daf_camp_authority(c);
        assert_true(a->by_transport(a->ctx, &low->keys.transport, &device));
        assert_false(a->by_transport(a->ctx, &high->keys.transport, &device));
    }
    daf_camp_free(c);
    daf_camp_free(other);
    daf_camp_free(lender);
}

/* ---- tests: who ever was an archive */

/* docs/content.md R85: whichever of two certificates stands, whichever came first,
 * and whether it came to the one who lends or to the one who borrows. */
static void who_ever_was_an_archive_stays_known_as_one(void **state)
{
    size_t stood[2] = {0, 0};

    (void)state;
    for (size_t round = 0; round < 16; round++) {
        struct daf_cert was = cert_for(&phone, "class:1", DAF_RIGHT_APPEND);
        struct daf_cert is = cert_for(&phone, "class:1", DAF_RIGHT_APPEND);
        struct daf_camp *lender = camp_of(&asha), *c;
        size_t at = rows_count, first = round & 1;

        was.archive = true;
        (void)keep_cert(&was, &asha);
        (void)keep_cert(&is, &asha);
        (void)add(lender, &rows[at + first]);
        assert_int_equal(daf_camp_was_archive(lender, &phone.author),
                         first == 0);
        c = camp_like(lender, &tablet);
        assert_int_equal(daf_camp_was_archive(c, &phone.author), first == 0);
        (void)add(c, &rows[at + 1 - first]);
        assert_true(daf_camp_was_archive(c, &phone.author));
        assert_int_equal(daf_camp_was_archive(lender, &phone.author),
                         first == 0);
        stood[daf_camp_is_archive(c, &phone.author)]++;
        daf_camp_free(c);
        daf_camp_free(lender);
    }
    assert_true(stood[0] > 0 && stood[1] > 0);
}

static void only_a_verified_certificate_makes_an_archive(void **state)
{
    struct daf_cert cert = cert_for(&phone, "class:1", DAF_RIGHT_APPEND);
    struct daf_camp *c = camp_of(&tablet);

    (void)state;
    cert.archive = true;
    assert_true(daf_camp_was_archive(c, &asha.author)); /* a coordinator */
    assert_false(add(c, keep_cert(&cert, &stranger)));
    assert_false(daf_camp_was_archive(c, &phone.author));
    assert_true(add(c, keep_cert(&cert, &bilal)));
    assert_true(daf_camp_was_archive(c, &phone.author));
    assert_false(daf_camp_was_archive(c, &tablet.author));
    daf_camp_free(c);
}

/* ---- tests: keys */

static void the_newest_generation_is_written_with(void **state)
{
    struct daf_scope_id id = scope("class:1");
    struct daf_camp *c = camp_of(&tablet);
    struct daf_key key, low = key_of(2), high = key_of(3);
    uint8_t a[16], b[16];
    uint64_t number;

    (void)state;
    assert_int_equal(daf_camp_generation(c, &id, &number, &key), DAF_EKEY);
    assert_false(!add(c, keep_wrap("class:1", 4, 1, &tablet)));
    assert_int_equal(daf_camp_generation(c, &id, &number, &key), DAF_OK);
    assert_int_equal(number, 4);
    assert_memory_equal(key.b, key_of(1).b, 32);
    assert_false(add(c, keep_wrap("class:1", 4, 1, &tablet)));
    assert_true(add(c, keep_wrap("class:1", 3, 9, &tablet)));
    assert_int_equal(daf_camp_generation(c, &id, &number, &key), DAF_OK);
    assert_int_equal(number, 4);
    /* Two coordinators made a fifth. */
    assert_true(add(c, keep_wrap("class:1", 5, 2, &tablet)));
    assert_true(add(c, keep_wrap("class:1", 5, 3, &tablet)));
    daf_body_commitment(&low, a);
    daf_body_commitment(&high, b);
    assert_int_equal(daf_camp_generation(c, &id, &number, &key), DAF_OK);
    assert_int_equal(number, 5);
    assert_memory_equal(key.b, memcmp(a, b, 16) < 0 ? low.b : high.b, 32);
    daf_camp_free(c);
}

static void a_key_for_others_or_not_the_one_promised_is_not_taken(void **state)
{
    struct daf_scope_id id = scope("class:1");
    struct daf_camp *c = camp_of(&tablet);
    struct daf_key key;
    uint64_t number;
    struct row *row;

    (void)state;
    assert_true(add(c, keep_wrap("class:1", 1, 1, &phone))); /* the scope */
    /* The commitment is the first bin of 16 in the payload. */
    row = keep_wrap("class:1", 1, 1, &tablet);
    for (size_t i = 0;; i++) {
        uint8_t *p = row->bytes + DAF_HEADER_BYTES_MAX + i;

        if (memcmp(p,
                   "\xa6"
                   "commit",
                   7) != 0)
            continue;
        p[7 + 2] ^= 1;
        break;
    }
    assert_false(add(c, row));
    assert_int_equal(daf_camp_generation(c, &id, &number, &key), DAF_EKEY);
    assert_false(daf_camp_wants_rescan(c, &id));
    daf_camp_free(c);
}

static void a_late_joiner_reads_what_the_new_wrap_opens(void **state)
{
    struct daf_camp *c = camp_of(&phone);
    struct daf_learner learner;
    struct row *old, *new;

    (void)state;
    (void)keep_wrap("class:1", 1, 1, &tablet);
    (void)keep_wrap("class:1", 2, 2, &phone); /* she joined after the first */
    (void)keep_registration(&(struct entry){"class:1", 2, 5, 6, "Mina"});
    fold_all(c);
    old = keep_session("class:1", 5, 6, 1);
    new = keep_session("class:1", 5, 6, 2);
    assert_int_equal(open_row(c, old, &learner), DAF_EKEY);
    assert_int_equal(open_row(c, new, &learner), DAF_OK);
    assert_string_equal(learner.name, "Mina");
    /* A coordinator wraps the first for her as well. */
    assert_true(add(c, keep_wrap("class:1", 1, 1, &phone)));
    assert_int_equal(open_row(c, old, &learner), DAF_OK);
    assert_string_equal(learner.name, "Mina");
    daf_camp_free(c);
}

/* ---- tests: learners */

static void a_registration_before_its_key_is_opened_when_the_key_comes(
    void **state)
{
    struct daf_camp *c = camp_of(&tablet);
    struct daf_learner learner;
    struct daf_scope_id id, class1 = scope("class:1");
    struct row *row;

    (void)state;
    row = keep_registration(&(struct entry){"class:1", 1, 5, 6, "Omar"});
    assert_false(add(c, row)); /* not even the scope is known */
    assert_false(daf_camp_wants_rescan(c, &id));
    assert_true(add(c, certify(&tablet, "class:1", DAF_RIGHT_APPEND)));
    assert_false(add(c, row));
    assert_false(daf_camp_wants_rescan(c, &id));
    assert_false(daf_camp_learner_at(c, 0, &learner));

    assert_true(add(c, keep_wrap("class:1", 1, 1, &tablet)));
    assert_true(daf_camp_wants_rescan(c, &id));
    assert_memory_equal(&id, &class1, sizeof(id));
    assert_false(daf_camp_wants_rescan(c, &id));
    assert_false(add(c, row));
    assert_true(daf_camp_learner_at(c, 0, &learner));
    assert_false(daf_camp_learner_at(c, 1, &learner));
    assert_string_equal(learner.name, "Omar");
    assert_memory_equal(&learner.scope, &class1, sizeof(class1));
    assert_memory_equal(&learner.subject, subject_of(5).b, 16);
    assert_memory_equal(&learner.key, key_of(6).b, 32);
    /* Again does no harm. */
    assert_false(add(c, row));
    assert_false(daf_camp_learner_at(c, 1, &learner));
    daf_camp_free(c);
}

static void what_is_no_registration_registers_nobody(void **state)
{
    struct daf_registration reg = {subject_of(5), key_of(6), text("Zed")};
    struct daf_key gen = key_of(1), known = key_of(8);
    struct sealing how = {daf_body_scope_key(&gen), daf_body_handle(&reg.key)};
    struct daf_camp *c = camp_of(&tablet);
    struct daf_learner learner;
    uint8_t payload[512];
    struct daf_pack k;

    (void)state;
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_registration(&k, &reg);
    assert_true(add(c, keep_wrap("class:1", 1, 1, &tablet)));
    assert_true(add(c, keep_wrap("camp", 1, 1, &tablet)));
    /* Another class of retention: no rescan would find it again. */
    (void)add(c, keep_sealed(begin_record(&tablet, "class:1",
                                          DAF_RETENTION_PROGRESS),
                             &tablet, &how, daf_pack_view(&k)));
    /* Not a class. */
    (void)add(c,
              keep_sealed(begin_record(&tablet, "camp", DAF_RETENTION_IDENTITY),
                          &tablet, &how, daf_pack_view(&k)));
    /* An erase handle that is not the subject's: an erasure would miss it. */
    how.handle.b[0] ^= 1;
    (void)add(c, keep_sealed(begin_record(&tablet, "class:1",
                                          DAF_RETENTION_IDENTITY),
                             &tablet, &how, daf_pack_view(&k)));
    how.handle.b[0] ^= 1;
    assert_false(daf_camp_learner_at(c, 0, &learner));
    /* Sealed with another learner's key. */
    (void)add(c,
              keep_registration(&(struct entry){"class:1", 1, 7, 8, "Nour"}));
    how.key = daf_body_key(&known, &gen);
    (void)add(c, keep_sealed(begin_record(&tablet, "class:1",
                                          DAF_RETENTION_IDENTITY),
                             &tablet, &how, daf_pack_view(&k)));
    assert_true(daf_camp_learner_at(c, 0, &learner));
    assert_string_equal(learner.name, "Nour");
    assert_false(daf_camp_learner_at(c, 1, &learner));
    daf_camp_free(c);
}

static void a_type_that_the_register_lacks_is_not_read(void **state)
{
    struct daf_learner learner;
    struct daf_camp *c;

    (void)state;
    memset(&manifest.types, 0, sizeof(manifest.types));
    manifest.register_count = 0;
    manifest_len = daf_manifest_sign(&manifest, &root.sign, 1, manifest_bytes);
    c = camp_of(&tablet);
    /* R12: these two need no entry. */
    assert_true(add(c, certify(&tablet, "class:1", DAF_RIGHT_APPEND)));
    assert_true(add(c, keep_wrap("class:1", 1, 1, &tablet)));
    (void)add(c,
              keep_registration(&(struct entry){"class:1", 1, 5, 6, "Omar"}));
    assert_false(daf_camp_learner_at(c, 0, &learner));
    daf_camp_free(c);
}

static void learners_are_found_by_name_and_by_id(void **state)
{
    struct daf_camp *c = camp_of(&tablet);
    struct daf_learner learner;
    size_t count;

    (void)state;
    (void)keep_wrap("class:1", 1, 1, &tablet);
    (void)keep_wrap("class:2", 1, 2, &tablet);
    (void)keep_registration(&(struct entry){"class:1", 1, 0x09, 19, "Sara"});
    (void)keep_registration(&(struct entry){"class:1", 1, 0x05, 15, "Sara"});
    (void)keep_registration(&(struct entry){"class:1", 1, 0x07, 17, "Ali"});
    (void)keep_registration(&(struct entry){"class:1", 1, 0xab, 18, ""});
    (void)keep_registration(&(struct entry){"class:2", 2, 0x01, 11, "Sara"});
    fold_all(c);
    assert_int_equal(find(c, "class:1", "Sara", &learner, &count), DAF_OK);
    assert_int_equal(count, 2);
    assert_memory_equal(&learner.subject, subject_of(5).b, 16);
    assert_int_equal(find(c, "class:2", "Sara", &learner, &count), DAF_OK);
    assert_int_equal(count, 1);
    assert_memory_equal(&learner.subject, subject_of(1).b, 16);
    assert_int_equal(find(c, "class:1", "ABababababababababababababababab",
                          &learner, &count),
                     DAF_OK);
    assert_int_equal(count, 1);
    assert_string_equal(learner.name, "");
    assert_int_equal(find(c, "class:1", "07070707070707070707070707070707",
                          &learner, NULL),
                     DAF_OK);
    assert_string_equal(learner.name, "Ali");
    assert_int_equal(find(c, "class:1", "", &learner, &count), DAF_ENOTFOUND);
    assert_int_equal(find(c, "class:1", "Sar", &learner, &count),
                     DAF_ENOTFOUND);
    assert_int_equal(count, 0);
    assert_int_equal(find(c, "class:2", "Ali", &learner, NULL), DAF_ENOTFOUND);
    assert_int_equal(find(c, "class:3", "Ali", &learner, NULL), DAF_ENOTFOUND);
    /* By scope, name, subject. */
    assert_true(daf_camp_learner_at(c, 0, &learner));
    assert_string_equal(learner.name, "");
    assert_true(daf_camp_learner_at(c, 3, &learner));
    assert_memory_equal(&learner.subject, subject_of(9).b, 16);
    assert_true(daf_camp_learner_at(c, 4, &learner));
    assert_memory_equal(&learner.subject, subject_of(1).b, 16);
    assert_false(daf_camp_learner_at(c, 5, &learner));
    daf_camp_free(c);
}

static void a_learner_entered_here_is_known_at_once(void **state)
{
    struct daf_learner learner = {.subject = subject_of(5), .key = key_of(6)};
    struct daf_camp *c = camp_of(&tablet);
    struct daf_learner found;

    (void)state;
    learner.scope = scope("class:1");
    memcpy(learner.name, "Leila", 6);
    assert_int_equal(daf_camp_enter(c, &learner), DAF_ESCOPE);
    assert_true(add(c, keep_wrap("class:1", 1, 1, &tablet)));
    assert_int_equal(daf_camp_enter(c, &learner), DAF_OK);
    assert_int_equal(daf_camp_enter(c, &learner), DAF_OK);
    assert_int_equal(open_row(c, keep_session("class:1", 5, 6, 1), &found),
                     DAF_OK);
    assert_memory_equal(&found, &learner, sizeof(learner));
    /* Its own record, durable now, changes nothing. */
    (void)add(c,
              keep_registration(&(struct entry){"class:1", 1, 5, 6, "Leila"}));
    assert_false(daf_camp_learner_at(c, 1, &found));
    learner.scope = scope("camp");
    assert_int_equal(daf_camp_enter(c, &learner), DAF_ESCOPE);
    daf_camp_free(c);
}

static void a_body_opens_with_the_key_that_fits_and_no_other(void **state)
{
    struct daf_camp *c = camp_of(&tablet);
    struct daf_session_payload session;
    struct daf_learner learner, nobody = {0};
    struct row *row, *reg;
    struct daf_body body;

    (void)state;
    (void)keep_wrap("class:1", 1, 1, &tablet);
    (void)keep_wrap("class:1", 2, 2, &tablet);
    (void)keep_wrap("class:2", 1, 3, &tablet);
    reg = keep_registration(&(struct entry){"class:1", 1, 5, 15, "Aya"});
    (void)keep_registration(&(struct entry){"class:1", 2, 6, 16, "Bo"});
    fold_all(c);
    for (uint8_t gen = 1; gen <= 2; gen++) {
        row = keep_session("class:1", 6, 16, gen);
        assert_int_equal(open_row(c, row, &learner), DAF_OK);
        assert_string_equal(learner.name, "Bo");
        assert_int_equal(
            daf_payload_session((struct daf_view){plain, plain_len}, &session),
            DAF_OK);
        assert_memory_equal(&session.subject, &learner.subject, 16);
    }
    row = keep_session("class:1", 5, 15, 1);
    assert_int_equal(open_row(c, row, &learner), DAF_OK);
    assert_string_equal(learner.name, "Aya");
    assert_int_equal(open_row(c, reg, &learner), DAF_OK); /* scope alone */
    assert_memory_equal(&learner, &nobody, sizeof(nobody));
    /* Of nobody here; under another class's key; said to be of another class. */
    row = keep_session("class:1", 7, 17, 1);
    assert_int_equal(open_row(c, row, &learner), DAF_EKEY);
    row = keep_session("class:1", 5, 15, 3);
    assert_int_equal(open_row(c, row, &learner), DAF_EKEY);
    row = keep_session("class:1", 5, 15, 1);
    row->log.scope = scope("class:2");
    assert_int_equal(open_row(c, row, &learner), DAF_EKEY);
    /* The right key id over other bytes, and with another header. */
    row = keep_session("class:1", 5, 15, 1);
    assert_int_equal(daf_body_decode(row->stored.body, &body), DAF_OK);
    assert_int_equal(daf_camp_open(c, &row->log.scope, &body, text("other"),
                                   plain, &plain_len, &learner),
                     DAF_EBODY);
    row->bytes[DAF_HEADER_BYTES_MAX + row->stored.body.len - 1] ^= 1;
    assert_int_equal(open_row(c, row, &learner), DAF_EBODY);
    assert_int_equal(open_row(c, &rows[0], &learner), DAF_EBODY); /* plain */
    daf_camp_free(c);
}

/* ---- tests: order does not matter */

static uint8_t said[1 << 16];
static size_t said_len;

static void say(const void *bytes, size_t len)
{
    assert_true(said_len + len <= sizeof(said));
    memcpy(said + said_len, bytes, len);
    said_len += len;
}

static void say_learner(const struct daf_learner *learner)
{
    say(&learner->subject, 16);
    say(&learner->key, 32);
    say(learner->name, strlen(learner->name) + 1);
    say(&learner->scope, 16);
}

static void say_rights(const struct daf_camp *c, const struct daf_device *who)
{
    const struct daf_authority *a = daf_camp_authority(c);
    struct daf_scope_id ids[DAF_SCOPES_MAX], id;
    struct daf_device device = {0};

    say(ids, a->scopes(a->ctx, &who->author, ids) * sizeof(ids[0]));
    for (size_t i = 0; daf_camp_scope(c, i, &id) != NULL; i++) {
        enum daf_right right = a->right(a->ctx, &who->author, &id);

        say(&right, sizeof(right));
    }
    (void)a->by_author(a->ctx, &who->author, &device);
    say(&device, sizeof(device));
    (void)a->by_transport(a->ctx, &who->keys.transport, &device);
    say(&device, sizeof(device));
}

/* Every answer that the camp gives. */
static struct daf_hash answers(const struct daf_camp *c)
{
    struct daf_learner learner;
    struct daf_device device;
    struct daf_scope_id id;
    struct daf_hash hash;
    const char *name;

    said_len = 0;
    for (size_t i = 0; daf_camp_device(c, i, &device); i++) {
        bool is = daf_camp_is_archive(c, &device.author);
        bool was = daf_camp_was_archive(c, &device.author);

        say(&device, sizeof(device));
        say_rights(c, &device);
        say(&is, sizeof(is));
        say(&was, sizeof(was));
    }
    for (size_t i = 0; (name = daf_camp_scope(c, i, &id)) != NULL; i++) {
        struct daf_key key = {{0}};
        uint64_t number = 0;

        (void)!daf_camp_generation(c, &id, &number, &key);
        say(name, strlen(name));
        say(&number, sizeof(number));
        say(&key, sizeof(key));
    }
    for (size_t i = 0; (name = daf_camp_own_class(c, i)) != NULL; i++)
        say(name, strlen(name));
    for (size_t i = 0; daf_camp_learner_at(c, i, &learner); i++)
        say_learner(&learner);
    for (uint8_t i = 0; i < 64; i++) {
        struct daf_key key = key_of(i);
        struct daf_handle handle = daf_body_handle(&key);
        bool is = daf_camp_is_erased(c, &handle);

        say(&is, sizeof(is));
    }
    for (uint8_t i = 0; i < 8; i++) {
        struct daf_subject_id subject = subject_of(i);
        struct daf_handle handles[8];
        size_t count = daf_camp_handles(c, &subject, handles, 8);

        say(&count, sizeof(count));
    }
    for (size_t i = 0; i < rows_count; i++) {
        struct daf_body body;
        enum daf_err err = DAF_OK;

        assert_int_equal(daf_body_decode(rows[i].stored.body, &body), DAF_OK);
        if (body.is_sealed) err = open_row(c, &rows[i], &learner);
        say(&err, sizeof(err));
        if (body.is_sealed && err == DAF_OK) say_learner(&learner);
    }
    daf_hash_256("daf.test", (struct daf_view){said, said_len}, hash.b);
    return hash;
}

/* Something of every rule by which one thing stands instead of another. */
static void write_conflicts(void)
{
    struct who moved = phone, thief = stranger;
    struct daf_cert archive = cert_for(&tablet, "class:1", DAF_RIGHT_READ);

    archive.archive = true;
    moved.keys.transport.b[0] ^= 1;
    thief.keys.transport = phone.keys.transport;
    (void)certify(&tablet, "class:1", DAF_RIGHT_APPEND);
    (void)certify(&tablet, "class:2", DAF_RIGHT_CURATE);
    (void)keep_cert(&archive, &bilal);
    (void)certify(&phone, "class:2", DAF_RIGHT_READ);
    (void)certify(&moved, "class:3", DAF_RIGHT_APPEND);
    (void)certify(&thief, "case:1", DAF_RIGHT_RELAY);
    (void)keep_wrap("class:1", 1, 1, &tablet);
    (void)keep_wrap("class:1", 2, 2, &tablet);
    (void)keep_wrap("class:1", 2, 3, &tablet);
    (void)keep_wrap("class:2", 1, 4, &tablet);
    (void)keep_wrap("class:4", 1, 5, &phone);
    (void)keep_registration(&(struct entry){"class:1", 1, 1, 11, "Sara"});
    (void)keep_registration(&(struct entry){"class:1", 1, 1, 12, "Sahra"});
    (void)keep_registration(&(struct entry){"class:1", 3, 1, 13, "Zara"});
    (void)keep_registration(&(struct entry){"class:1", 2, 2, 21, ""});
    (void)keep_registration(&(struct entry){"class:1", 3, 2, 21, "Omid"});
    (void)keep_registration(&(struct entry){"class:1", 3, 2, 21, "Omar"});
    (void)keep_registration(&(struct entry){"class:1", 1, 3, 21, "Thief"});
    (void)keep_registration(&(struct entry){"class:2", 4, 2, 21, "Omid"});
    (void)keep_session("class:1", 1, 11, 3);
    (void)keep_session("class:1", 1, 12, 2);
    (void)keep_session("class:1", 1, 13, 1);
    (void)keep_session("class:1", 2, 21, 1);
    (void)keep_session("class:2", 2, 21, 4);
    (void)keep_session("class:4", 2, 21, 5);
    (void)keep_registration(&(struct entry){"class:1", 1, 4, 31, "Aya"});
    (void)keep_registration(&(struct entry){"class:2", 4, 4, 31, "Aya"});
    (void)keep_registration(&(struct entry){"class:1", 2, 5, 31, "Aya"});
    (void)keep_session("class:1", 4, 31, 3);
    (void)keep_erasure(11, 2); /* Sara and Sahra; Zara is left */
    (void)keep_erasure(31, 1); /* everywhere, whoever has the key */
    (void)keep_erasure(20, 3); /* more than there are acts: nobody */
}

/* ---- tests: who is erased */

static void an_erased_learner_is_nobody_here(void **state)
{
    struct daf_camp *c = camp_of(&tablet);
    struct row *session, *registration, *erasure;
    struct daf_learner learner;

    (void)state;
    (void)certify(&tablet, "class:1", DAF_RIGHT_APPEND);
    (void)keep_wrap("class:1", 1, 1, &tablet);
    registration =
        keep_registration(&(struct entry){"class:1", 1, 1, 11, "Sara"});
    (void)keep_registration(&(struct entry){"class:1", 1, 2, 21, "Omid"});
    session = keep_session("class:1", 1, 11, 1);
    fold_all(c);
    assert_int_equal(open_row(c, session, &learner), DAF_OK);
    assert_int_equal(find(c, "class:1", "Sara", &learner, NULL), DAF_OK);
    erasure = keep_erasure(11, 1);
    assert_int_equal(daf_camp_erased(c), 0);
    assert_true(add(c, erasure));
    assert_int_equal(daf_camp_erased(c), 1);
    assert_true(daf_camp_body_is_erased(c, session->stored.body));
    assert_true(daf_camp_body_is_erased(c, registration->stored.body));
    assert_false(daf_camp_body_is_erased(c, erasure->stored.body));
    assert_int_equal(open_row(c, session, &learner), DAF_EKEY);
    assert_int_equal(find(c, "class:1", "Sara", &learner, NULL), DAF_ENOTFOUND);
    assert_int_equal(find(c, "class:1", "Omid", &learner, NULL), DAF_OK);
    /* Neither again, nor by what comes late, nor with a newer key. */
    assert_false(add(c, erasure));
    (void)add(c, registration);
    (void)add(c, keep_wrap("class:1", 2, 2, &tablet));
    (void)add(c,
              keep_registration(&(struct entry){"class:1", 2, 1, 11, "Sara"}));
    assert_int_equal(find(c, "class:1", "Sara", &learner, NULL), DAF_ENOTFOUND);
    /* With another key she is known again, as whoever registered her did not know. */
    (void)add(c,
              keep_registration(&(struct entry){"class:1", 2, 1, 12, "Sara"}));
    assert_int_equal(find(c, "class:1", "Sara", &learner, NULL), DAF_OK);
    daf_camp_free(c);
}

static void an_erasure_beyond_the_acts_erases_nobody(void **state)
{
    struct daf_camp *c = camp_of(&tablet);

    (void)state;
    assert_false(add(c, keep_erasure(11, 3)));
    assert_int_equal(daf_camp_erased(c), 0);
    assert_true(add(c, keep_erasure(11, 2)));
    assert_int_equal(daf_camp_erased(c), 2);
    daf_camp_free(c);
}

static void any_order_gives_the_same_camp(void **state)
{
    struct daf_hash first = {{0}}, hash;
    size_t order[ROWS_MAX] = {0};
    uint8_t seed[32] = {5};
    struct daf_rng rng;

    (void)state;
    daf_rng_init(&rng, seed);
    write_conflicts();
    for (size_t i = 0; i < rows_count; i++)
        order[i] = i;
    for (size_t round = 0; round < ROUNDS; round++) {
        struct daf_camp *c = camp_of(&tablet);

        fold(c, order, rows_count);
        /* Some twice, as two peers would bring them. */
        fold(c, order, (size_t)daf_rng_below(&rng, rows_count));
        hash = answers(c);
        if (round == 0) first = hash;
        assert_memory_equal(&hash, &first, sizeof(first));
        daf_camp_free(c);
        for (size_t i = rows_count - 1; i > 0; i--) {
            size_t j = (size_t)daf_rng_below(&rng, i + 1), swap = order[i];

            order[i] = order[j];
            order[j] = swap;
        }
    }
}

static void at_start_control_first_then_the_rescans_make_it_whole(void **state)
{
    struct daf_camp *live = camp_of(&tablet), *started = camp_of(&tablet);
    struct daf_scope_id control = scope("control");
    struct daf_hash a, b;
    size_t order[ROWS_MAX] = {0};

    (void)state;
    write_conflicts();
    fold_all(live);
    for (size_t i = 0; i < rows_count; i++) {
        order[i] = i;
        if (memcmp(&rows[i].log.scope, &control, sizeof(control)) == 0)
            (void)add(started, &rows[i]);
    }
    rescan(started, order, rows_count);
    a = answers(live);
    b = answers(started);
    assert_memory_equal(&a, &b, sizeof(a));
    daf_camp_free(live);
    daf_camp_free(started);
}

/* ---- tests: size */

static void a_thousand_devices_are_all_known(void **state)
{
    struct daf_camp *c = camp_of(&tablet);
    static struct who many[1000];
    struct daf_device device, last;
    size_t count = 0;

    (void)state;
    for (size_t i = 0; i < 1000; i++) {
        struct daf_cert cert;
        uint8_t bytes[DAF_CERT_BYTES_MAX];
        size_t len;

        make_who(&many[i], 1);
        memcpy(&many[i].keys.sign, &i, sizeof(i));
        memcpy(&many[i].keys.transport, &i, sizeof(i));
        many[i].author = daf_hash_author_id(&many[i].keys.sign);
        cert = cert_for(&many[i], "class:1", DAF_RIGHT_APPEND);
        len = daf_cert_sign(&cert, &asha.sign, bytes);
        assert_int_equal(daf_camp_meet(c, (struct daf_view){bytes, len}),
                         DAF_OK);
    }
    for (size_t i = 0; i < 1000; i++) {
        assert_true(is_known(c, &many[i]));
        assert_int_equal(right_of(c, &many[i], "class:1"), DAF_RIGHT_APPEND);
    }
    while (daf_camp_device(c, count, &device)) {
        if (count++ > 2)
            assert_true(memcmp(&last.author, &device.author, 16) < 0);
        last = device;
    }
    assert_int_equal(count, 1002);
    daf_camp_free(c);
}

static void twenty_thousand_learners_are_all_found(void **state)
{
    struct daf_camp *c = camp_of(&tablet);
    struct daf_learner learner = {.scope = scope("class:1")}, found;
    char name[16] = "learner 00000";
    struct daf_rng rng;
    uint8_t seed[32] = {9};

    (void)state;
    daf_rng_init(&rng, seed);
    assert_true(add(c, keep_wrap("class:1", 1, 1, &tablet)));
    for (unsigned i = 0; i < 20000; i++) {
        unsigned n = (i * 7919) % 20000; /* in no order */

        daf_rng_bytes(&rng, learner.subject.b, 16);
        daf_rng_bytes(&rng, learner.key.b, 32);
        for (size_t at = 12; at > 7; at--, n /= 10)
            name[at] = (char)('0' + n % 10);
        memcpy(learner.name, name, sizeof(name));
        assert_int_equal(daf_camp_enter(c, &learner), DAF_OK);
    }
    assert_true(add(c, keep_wrap("class:1", 2, 2, &tablet)));
    assert_int_equal(find(c, "class:1", "learner 19999", &found, NULL), DAF_OK);
    assert_true(daf_camp_learner_at(c, 19999, &learner));
    assert_memory_equal(&found, &learner, sizeof(found));
    assert_true(daf_camp_learner_at(c, 4321, &learner));
    assert_string_equal(learner.name, "learner 04321");
    daf_camp_free(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_manifest_that_does_not_verify_makes_no_camp),
        T(coordinators_have_every_right_in_every_known_scope),
        T(a_coordinator_has_all_scopes_that_fit_one_session),
        T(a_device_may_what_its_certificate_says),
        T(who_is_no_coordinator_certifies_nobody),
        T(of_two_certificates_the_lower_id_stands),
        T(one_transport_key_is_one_device),
        T(a_certificate_for_a_coordinator_takes_nothing_away),
        T(a_certificate_met_at_a_door_counts),
        T(a_camp_like_another_knows_whom_that_knows_and_has_its_own_keys),
        T(what_is_new_to_one_is_not_told_to_the_lender),
        T(who_ever_was_an_archive_stays_known_as_one),
        T(only_a_verified_certificate_makes_an_archive),
        T(the_newest_generation_is_written_with),
        T(a_key_for_others_or_not_the_one_promised_is_not_taken),
        T(a_late_joiner_reads_what_the_new_wrap_opens),
        T(a_registration_before_its_key_is_opened_when_the_key_comes),
        T(what_is_no_registration_registers_nobody),
        T(a_type_that_the_register_lacks_is_not_read),
        T(learners_are_found_by_name_and_by_id),
        T(a_learner_entered_here_is_known_at_once),
        T(a_body_opens_with_the_key_that_fits_and_no_other),
        T(an_erased_learner_is_nobody_here),
        T(an_erasure_beyond_the_acts_erases_nobody),
        T(any_order_gives_the_same_camp),
        T(at_start_control_first_then_the_rescans_make_it_whole),
        T(a_thousand_devices_are_all_known),
        T(twenty_thousand_learners_are_all_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
