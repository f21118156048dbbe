/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/manifest.h"

#include "proto/cursor.h"
#include "proto/hash.h"
#include "proto/pack.h"

#include <assert.h>
#include <sodium.h>

#define CONTEXT "daf.manifest.1"
#define ITEMS   14

static_assert(crypto_box_SEEDBYTES == sizeof(struct daf_key),
              "a door seed is one hash");

/* ---- reading, a field each */

/* Another version may have more items, so the count comes second. */
static void read_version(struct daf_cursor *c)
{
    size_t count = daf_cursor_array(c, SIZE_MAX);
    size_t start = c->at;

    if (daf_cursor_uint(c, UINT64_MAX) != DAF_FORMAT_VERSION)
        daf_cursor_fail(c, DAF_EVERSION, start);
    if (count != ITEMS) daf_cursor_fail(c, DAF_EFORM, 0);
}

/* A string of at most @len_max bytes into @out, which has one more. */
static void read_text(struct daf_cursor *c, char *out, size_t len_max)
{
    struct daf_view text = daf_cursor_str(c, len_max);

    /* cursor.h refuses NUL inside. */
    if (text.len > 0) memcpy(out, text.p, text.len);
    out[text.len] = '\0';
}

static void read_number(struct daf_cursor *c, struct daf_manifest *m)
{
    size_t start = c->at;

    m->is_first = daf_cursor_peek(c) == DAF_KIND_NIL;
    if (m->is_first)
        daf_cursor_nil(c);
    else
        daf_cursor_bin_into(c, m->camp.b, sizeof(m->camp.b));
    m->number = daf_cursor_uint(c, DAF_INT_MAX);
    if (m->number == 0 || m->is_first != (m->number == 1))
        daf_cursor_fail(c, DAF_EFORM, start);
}

static void read_roots(struct daf_cursor *c, struct daf_manifest *m)
{
    size_t start = c->at;

    m->k = (uint32_t)daf_cursor_uint(c, DAF_ROOTS_MAX);
    m->roots_count = daf_cursor_array(c, DAF_ROOTS_MAX);
    if (m->k == 0 || m->k > m->roots_count)
        daf_cursor_fail(c, DAF_EFORM, start);
    for (size_t i = 0; i < m->roots_count && daf_cursor_ok(c); i++) {
        start = c->at;
        daf_cursor_bin_into(c, m->roots[i].b, sizeof(m->roots[i].b));
        /* One key twice would be two of k. */
        for (size_t j = 0; j < i; j++) {
            if (memcmp(m->roots[i].b, m->roots[j].b, 32) == 0)
                daf_cursor_fail(c, DAF_EFORM, start);
        }
    }
}

static void read_coordinators(struct daf_cursor *c, struct daf_manifest *m)
{
    m->coordinators_count = daf_cursor_array(c, DAF_COORDINATORS_MAX);
    for (size_t i = 0; i < m->coordinators_count && daf_cursor_ok(c); i++) {
        struct daf_coordinator *who = &m->coordinators[i];

        daf_cursor_array_of(c, 4);
        daf_cursor_bin_into(c, who->keys.sign.b, 32);
        daf_cursor_bin_into(c, who->keys.transport.b, 32);
        daf_cursor_bin_into(c, who->keys.seal.b, 32);
        who->acts = (uint32_t)daf_cursor_uint(c, UINT32_MAX);
        who->author = daf_hash_author_id(&who->keys.sign);
    }
}

static void read_removed(struct daf_cursor *c, struct daf_manifest *m)
{
    m->removed_count = daf_cursor_array(c, DAF_REMOVED_MAX);
    for (size_t i = 0; i < m->removed_count && daf_cursor_ok(c); i++) {
        struct daf_removed *who = &m->removed[i];

        daf_cursor_array_of(c, 2);
        daf_cursor_bin_into(c, who->author.b, sizeof(who->author.b));
        who->tips_count = daf_cursor_array(c, DAF_REMOVED_TIPS_MAX);
        for (size_t j = 0; j < who->tips_count; j++)
            daf_cursor_bin_into(c, who->tips[j].b, sizeof(who->tips[j].b));
    }
}

static void read_register(struct daf_cursor *c, struct daf_manifest *m)
{
    m->register_count = daf_cursor_array(c, DAF_REGISTER_MAX);
    for (size_t i = 0; i < m->register_count && daf_cursor_ok(c); i++) {
        size_t start = c->at;

        read_text(c, m->types[i], DAF_TYPE_BYTES_MAX);
        if (m->types[i][0] == '\0' ||
            (i > 0 && strcmp(m->types[i - 1], m->types[i]) >= 0))
            daf_cursor_fail(c, DAF_EFORM, start);
    }
}

static void read_discovery(struct daf_cursor *c, struct daf_manifest *m)
{
    daf_cursor_bin_into(c, m->discovery.b, sizeof(m->discovery.b));
    m->has_previous_discovery = daf_cursor_peek(c) != DAF_KIND_NIL;
    if (m->has_previous_discovery)
        daf_cursor_bin_into(c, m->previous_discovery.b,
                            sizeof(m->previous_discovery.b));
    else
        daf_cursor_nil(c);
}

static void read_dpia(struct daf_cursor *c, struct daf_manifest *m)
{
    size_t start = c->at;

    if (daf_cursor_peek(c) == DAF_KIND_NIL) {
        daf_cursor_nil(c);
        return;
    }
    read_text(c, m->dpia, DAF_CAMP_NAME_BYTES_MAX);
    if (m->dpia[0] == '\0')
        daf_cursor_fail(c, DAF_EFORM, start); /* "" has a form: nil */
}

static void read_sigs(struct daf_cursor *c, struct daf_manifest *m)
{
    m->sigs_count = daf_cursor_array(c, DAF_ROOTS_MAX);
    for (size_t i = 0; i < m->sigs_count && daf_cursor_ok(c); i++) {
        size_t start = c->at;

        daf_cursor_array_of(c, 2);
        m->sig_roots[i] = (uint8_t)daf_cursor_uint(c, DAF_ROOTS_MAX - 1);
        daf_cursor_bin_into(c, m->sigs[i].b, sizeof(m->sigs[i].b));
        if (m->sig_roots[i] >= m->roots_count ||
            (i > 0 && m->sig_roots[i - 1] >= m->sig_roots[i]))
            daf_cursor_fail(c, DAF_EFORM, start);
    }
}

/* Reads into *@m, which begins as zeros.  The camp of a first manifest and the
 * hash are left to the caller. */
static enum daf_err read_manifest(struct daf_view bytes, struct daf_manifest *m)
{
    struct daf_cursor c;

    daf_cursor_init(&c, bytes);
    read_version(&c);
    read_number(&c, m);
    read_text(&c, m->name, DAF_CAMP_NAME_BYTES_MAX);
    read_roots(&c, m);
    read_coordinators(&c, m);
    read_removed(&c, m);
    read_register(&c, m);
    read_discovery(&c, m);
    read_dpia(&c, m);
    (void)daf_cursor_bin(&c, DAF_EXT_BYTES_MAX);
    m->signed_len = c.at;
    read_sigs(&c, m);
    (void)daf_cursor_done(&c);
    return c.err;
}

enum daf_err daf_manifest_decode(struct daf_view bytes,
                                 struct daf_manifest *out)
{
    struct daf_manifest m;
    enum daf_err err;

    if (bytes.len > DAF_MANIFEST_BYTES_MAX) return DAF_ELIMIT;
    memset(&m, 0, sizeof(m));
    err = read_manifest(bytes, &m);
    if (err == DAF_OK) {
        if (m.is_first)
            daf_hash_256("daf.camp.1", (struct daf_view){bytes.p, m.signed_len},
                         m.camp.b);
        daf_hash_256(CONTEXT, bytes, m.hash.b);
        *out = m;
    }
    sodium_memzero(&m, sizeof(m)); /* the discovery secret */
    return err;
}

/* ---- whose signatures */

static bool signed_by(const struct daf_manifest *m,
                      const struct daf_sign_pk *root)
{
    for (size_t i = 0; i < m->sigs_count; i++) {
        if (memcmp(m->roots[m->sig_roots[i]].b, root->b, sizeof(root->b)) == 0)
            return true;
    }
    return false;
}

enum daf_err daf_manifest_verify(struct daf_view bytes,
                                 const struct daf_manifest *m)
{
    assert(m->signed_len <= bytes.len);
    bytes.len = m->signed_len;
    /* All, not only k: with a false one added anybody could make another
     * manifest of the same number and a lower hash (R15). */
    for (size_t i = 0; i < m->sigs_count; i++) {
        if (!daf_hash_verify(CONTEXT, bytes, &m->roots[m->sig_roots[i]],
                             &m->sigs[i]))
            return DAF_ESIG;
    }
    return m->sigs_count >= m->k ? DAF_OK : DAF_ESIG;
}

enum daf_err daf_manifest_succeeds(const struct daf_manifest *held,
                                   struct daf_view bytes,
                                   const struct daf_manifest *next)
{
    size_t count = 0;

    if (memcmp(held->camp.b, next->camp.b, sizeof(held->camp.b)) != 0)
        return DAF_ESCOPE;
    if (next->number < held->number ||
        (next->number == held->number &&
         memcmp(next->hash.b, held->hash.b, sizeof(next->hash.b)) >= 0))
        return DAF_EEXISTS;
    if (daf_manifest_verify(bytes, next) != DAF_OK) return DAF_ESIG;
    /* protocol.md R15: "a later one if also k of the roots of the one held" */
    for (size_t i = 0; i < held->roots_count; i++)
        count += signed_by(next, &held->roots[i]) ? 1 : 0;
    return count >= held->k ? DAF_OK : DAF_ESIG;
}

/* ---- making */

static void pack_text(struct daf_pack *k, const char *text, size_t cap)
{
    assert(memchr(text, '\0', cap) != NULL);
    daf_pack_str(k, text, strlen(text));
}

static void pack_roots(struct daf_pack *k, const struct daf_manifest *m)
{
    daf_pack_uint(k, m->k);
    daf_pack_array(k, m->roots_count);
    for (size_t i = 0; i < m->roots_count; i++)
        daf_pack_bin(k, m->roots[i].b, sizeof(m->roots[i].b));
}

static void pack_coordinators(struct daf_pack *k, const struct daf_manifest *m)
{
    daf_pack_array(k, m->coordinators_count);
    for (size_t i = 0; i < m->coordinators_count; i++) {
        const struct daf_coordinator *who = &m->coordinators[i];

        daf_pack_array(k, 4);
        daf_pack_bin(k, who->keys.sign.b, sizeof(who->keys.sign.b));
        daf_pack_bin(k, who->keys.transport.b, sizeof(who->keys.transport.b));
        daf_pack_bin(k, who->keys.seal.b, sizeof(who->keys.seal.b));
        daf_pack_uint(k, who->acts);
    }
}

static void pack_removed(struct daf_pack *k, const struct daf_manifest *m)
{
    daf_pack_array(k, m->removed_count);
    for (size_t i = 0; i < m->removed_count; i++) {
        const struct daf_removed *who = &m->removed[i];

        assert(who->tips_count <= DAF_REMOVED_TIPS_MAX);
        daf_pack_array(k, 2);
        daf_pack_bin(k, who->author.b, sizeof(who->author.b));
        daf_pack_array(k, who->tips_count);
        for (size_t j = 0; j < who->tips_count; j++)
            daf_pack_bin(k, who->tips[j].b, sizeof(who->tips[j].b));
    }
}

static void pack_register(struct daf_pack *k, const struct daf_manifest *m)
{
    daf_pack_array(k, m->register_count);
    for (size_t i = 0; i < m->register_count; i++)
        pack_text(k, m->types[i], sizeof(m->types[i]));
}

size_t daf_manifest_pack(const struct daf_manifest *m, uint8_t *out, size_t cap)
{
    struct daf_pack k;

    assert(m->roots_count <= DAF_ROOTS_MAX);
    assert(m->coordinators_count <= DAF_COORDINATORS_MAX);
    assert(m->removed_count <= DAF_REMOVED_MAX);
    assert(m->register_count <= DAF_REGISTER_MAX);
    daf_pack_init(&k, out, cap);
    daf_pack_array(&k, ITEMS);
    daf_pack_uint(&k, DAF_FORMAT_VERSION);
    if (m->is_first)
        daf_pack_nil(&k);
    else
        daf_pack_bin(&k, m->camp.b, sizeof(m->camp.b));
    daf_pack_uint(&k, m->number);
    pack_text(&k, m->name, sizeof(m->name));
    pack_roots(&k, m);
    pack_coordinators(&k, m);
    pack_removed(&k, m);
    pack_register(&k, m);
    daf_pack_bin(&k, m->discovery.b, sizeof(m->discovery.b));
    if (m->has_previous_discovery)
        daf_pack_bin(&k, m->previous_discovery.b,
                     sizeof(m->previous_discovery.b));
    else
        daf_pack_nil(&k);
    if (m->dpia[0] == '\0')
        daf_pack_nil(&k);
    else
        pack_text(&k, m->dpia, sizeof(m->dpia));
    daf_pack_bin(&k, NULL, 0); /* extension: none in this version */
    return daf_pack_view(&k).len;
}

static bool is_secret_of(const struct daf_sign_sk *secret,
                         const struct daf_sign_pk *root)
{
    /* libsodium's secret key ends with the public one. */
    return memcmp(secret->b + 32, root->b, sizeof(root->b)) == 0;
}

/* Which of @secrets is @root's; @count if none. */
static size_t find_secret(const struct daf_sign_pk *root,
                          const struct daf_sign_sk *secrets, size_t count)
{
    size_t i = 0;

    while (i < count && !is_secret_of(&secrets[i], root))
        i++;
    return i;
}

/* Whether each secret is some root's. */
static bool secrets_ok(const struct daf_manifest *m,
                       const struct daf_sign_sk *secrets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t root = 0;

        while (root < m->roots_count &&
               !is_secret_of(&secrets[i], &m->roots[root]))
            root++;
        if (root == m->roots_count) return false;
    }
    return true;
}

static void pack_sigs(struct daf_pack *k, const struct daf_manifest *m,
                      struct daf_view body, const struct daf_sign_sk *secrets,
                      size_t secrets_count)
{
    size_t mark = daf_pack_open(k);
    size_t count = 0;
    struct daf_sig sig;

    for (size_t i = 0; i < m->roots_count; i++) {
        size_t who = find_secret(&m->roots[i], secrets, secrets_count);

        if (who == secrets_count) continue;
        daf_hash_sign(CONTEXT, body, &secrets[who], &sig);
        daf_pack_array(k, 2);
        daf_pack_uint(k, i);
        daf_pack_bin(k, sig.b, sizeof(sig.b));
        count++;
    }
    daf_pack_close(k, mark, count);
}

size_t daf_manifest_sign(struct daf_manifest *m,
                         const struct daf_sign_sk *secrets, size_t count,
                         uint8_t *out)
{
    size_t len = daf_manifest_pack(m, out, DAF_MANIFEST_BYTES_MAX);
    struct daf_view body = {out, len};
    struct daf_view whole;
    struct daf_pack k;

    if (len == 0 || !secrets_ok(m, secrets, count)) return 0;
    daf_pack_init(&k, out + len, DAF_MANIFEST_BYTES_MAX - len);
    pack_sigs(&k, m, body, secrets, count);
    if (k.is_full) return 0;
    whole = (struct daf_view){out, len + k.len};
    /* Reading it back sets what is derived, and refuses what nobody else would
     * read: an unordered register, k above the roots. */
    return daf_manifest_decode(whole, m) == DAF_OK ? whole.len : 0;
}

/* ---- asking */

const struct daf_coordinator *daf_manifest_coordinator(
    const struct daf_manifest *m, const struct daf_author_id *author)
{
    for (size_t i = 0; i < m->coordinators_count; i++) {
        if (memcmp(m->coordinators[i].author.b, author->b, sizeof(author->b)) ==
            0)
            return &m->coordinators[i];
    }
    return NULL;
}

bool daf_manifest_has_type(const struct daf_manifest *m, struct daf_view type)
{
    for (size_t i = 0; i < m->register_count; i++) {
        if (strlen(m->types[i]) == type.len && type.len > 0 &&
            memcmp(m->types[i], type.p, type.len) == 0)
            return true;
    }
    return false;
}

void daf_manifest_door_keys(const struct daf_key *discovery,
                            struct daf_box_pk *out_pk,
                            struct daf_box_sk *out_sk)
{
    struct daf_key seed;

    daf_hash_keyed_256("daf.door.1", discovery->b, (struct daf_view){NULL, 0},
                       seed.b);
    (void)crypto_box_seed_keypair(out_pk->b, out_sk->b, seed.b);
    sodium_memzero(&seed, sizeof(seed));
}
