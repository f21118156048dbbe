/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/camp_impl.h"

#include "proto/hash.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

static_assert(DAF_WRAP_BYTES == crypto_box_SEALBYTES + sizeof(struct daf_key),
              "a wrap is a sealed key");

/* ---- scopes */

static int order_by_name(const void *a, const void *b)
{
    const struct daf_camp_known *x = a, *y = b;

    return strcmp(x->name, y->name);
}

static int order_by_id(const void *a, const void *b)
{
    const struct daf_camp_known *x = a, *y = b;

    return memcmp(x->id.b, y->id.b, sizeof(x->id.b));
}

struct daf_camp_known *daf_camp_find_scope(const struct daf_camp *c,
                                           const struct daf_scope_id *id)
{
    struct daf_camp_key key = daf_camp_table_key(id->b, NULL);
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->scopes, &key);

    return slot == NULL ? NULL : slot->item;
}

/* The first three are added before `camp` is set, and have their own places. */
static struct daf_camp_known *new_scope(struct daf_camp *c, const char *name,
                                        const struct daf_scope_id *id)
{
    struct daf_camp_key key = daf_camp_table_key(id->b, NULL);
    struct daf_camp_known *known;

    if (!daf_camp_table_reserve(&c->scopes, 1) ||
        !daf_camp_list_reserve(&c->by_name, 1) ||
        !daf_camp_list_reserve(&c->by_id, 1))
        return NULL;
    known = calloc(1, sizeof(*known));
    if (known == NULL) return NULL;
    known->same = known;
    known->id = *id;
    memcpy(known->name, name, strlen(name));
    known->is_class = strncmp(name, "class:", 6) == 0;
    daf_camp_table_put(&c->scopes, &key, known, NULL);
    if (c->control != NULL) daf_camp_list_insert(&c->by_id, known, order_by_id);
    if (c->camp != NULL)
        daf_camp_list_insert(&c->by_name, known, order_by_name);
    return known;
}

struct daf_camp_known *daf_camp_add_scope(struct daf_camp *c, const char *name)
{
    struct daf_scope_id id = daf_hash_scope_id(&c->manifest->camp, name);
    struct daf_camp_known *known = daf_camp_find_scope(c, &id);

    return known != NULL ? known : new_scope(c, name, &id);
}

/* ---- certificates */

static int order_by_author(const void *a, const void *b)
{
    const struct daf_camp_member *x = a, *y = b;

    return memcmp(x->device.author.b, y->device.author.b,
                  sizeof(x->device.author.b));
}

static struct daf_camp_member *find_member(const struct daf_camp *c,
                                           const struct daf_author_id *author)
{
    struct daf_camp_key key = daf_camp_table_key(author->b, NULL);
    const struct daf_camp_slot *slot = daf_camp_table_find(&c->members, &key);

    return slot == NULL ? NULL : slot->item;
}

bool daf_camp_is_archive(const struct daf_camp *c,
                         const struct daf_author_id *author)
{
    const struct daf_camp_member *m = find_member(c, author);

    return daf_manifest_coordinator(c->manifest, author) != NULL ||
           (m != NULL && m->is_archive);
}

bool daf_camp_was_archive(const struct daf_camp *c,
                          const struct daf_author_id *author)
{
    struct daf_camp_key key = daf_camp_table_key(author->b, NULL);

    return daf_manifest_coordinator(c->manifest, author) != NULL ||
           daf_camp_table_find(&c->archives, &key) != NULL;
}

/* docs/content.md R85: which of two certificates came first, or stands, plays no
 * role.  False: out of memory. */
static bool note_archive(struct daf_camp *c, const struct daf_cert *cert)
{
    struct daf_camp_key key = daf_camp_table_key(cert->author.b, NULL);

    if (!cert->archive || daf_camp_was_archive(c, &cert->author)) return true;
    if (!daf_camp_table_reserve(&c->archives, 1)) return false;
    daf_camp_table_put(&c->archives, &key, c, NULL);
    return true;
}

static struct daf_camp_key transport_key(const struct daf_box_pk *pk)
{
    return daf_camp_table_key(pk->b, pk->b + 16);
}

/* One transport key in two certificates: the lower author id has it. */
static void put_transport(struct daf_camp *c, struct daf_camp_member *member)
{
    struct daf_camp_key key = transport_key(&member->device.keys.transport);
    const struct daf_camp_slot *slot =
        daf_camp_table_find(&c->transports, &key);

    if (slot == NULL || order_by_author(member, slot->item) < 0)
        daf_camp_table_put(&c->transports, &key, member, NULL);
}

static struct daf_camp_member *new_member(struct daf_camp *c,
                                          const struct daf_cert *cert)
{
    struct daf_camp_member *m;

    m = calloc(1, sizeof(*m) + cert->rights_count * sizeof(m->rights[0]));
    if (m == NULL) return NULL;
    m->owner = c;
    m->device.author = cert->author;
    m->device.keys = cert->keys;
    m->cert = cert->id;
    m->issuer = cert->issuer;
    m->is_archive = cert->archive;
    m->rights_count = cert->rights_count;
    for (size_t i = 0; i < cert->rights_count; i++) {
        m->rights[i].known = daf_camp_add_scope(c, cert->rights[i].scope);
        m->rights[i].right = cert->rights[i].right;
        if (m->rights[i].known == NULL) {
            free(m);
            return NULL;
        }
    }
    return m;
}

void daf_camp_free_member(const struct daf_camp *c, struct daf_camp_member *m)
{
    if (m->owner == c) free(m);
}

static void replace_member(struct daf_camp *c, struct daf_camp_member *old,
                           struct daf_camp_member *m)
{
    size_t at = daf_camp_list_at(&c->by_author, old, order_by_author);

    c->by_author.items[at] = m;
    daf_camp_free_member(c, old);
    /* The old transport key may belong to another now.  Rare, so from anew. */
    daf_camp_table_clear(&c->transports);
    for (size_t i = 0; i < c->by_author.count; i++)
        put_transport(c, c->by_author.items[i]);
}

/* protocol.md R17: "the lower certificate id stands" */
static bool stands(const struct daf_camp_member *held,
                   const struct daf_cert *cert)
{
    return memcmp(cert->id.b, held->cert.b, sizeof(cert->id.b)) < 0;
}

/* A verified certificate takes its place. */
static enum daf_err seat(struct daf_camp *c, const struct daf_cert *cert)
{
    struct daf_camp_key key = daf_camp_table_key(cert->author.b, NULL);
    struct daf_camp_member *old = find_member(c, &cert->author), *m;

    if (!daf_camp_table_reserve(&c->members, 1) ||
        !daf_camp_table_reserve(&c->transports, 1) ||
        !daf_camp_list_reserve(&c->by_author, 1))
        return DAF_ENOMEM;
    m = new_member(c, cert);
    if (m == NULL) return DAF_ENOMEM;
    daf_camp_table_put(&c->members, &key, m, NULL);
    if (old == NULL) {
        daf_camp_list_insert(&c->by_author, m, order_by_author);
        put_transport(c, m);
    } else {
        replace_member(c, old, m);
    }
    return DAF_OK;
}

/* protocol.md R16: "its issuer is a coordinator in the manifest and its
 * signature verifies" */
static enum daf_err verify(const struct daf_camp *c, struct daf_view bytes,
                           const struct daf_cert *cert)
{
    const struct daf_coordinator *issuer =
        daf_manifest_coordinator(c->manifest, &cert->issuer);

    if (memcmp(cert->camp.b, c->manifest->camp.b, sizeof(cert->camp.b)) != 0)
        return DAF_ESCOPE;
    if (issuer == NULL) return DAF_EAUTHOR;
    return daf_cert_verify(bytes, cert, &issuer->keys.sign);
}

enum daf_err daf_camp_add_cert(struct daf_camp *c, struct daf_view bytes,
                               bool *out_changed)
{
    const struct daf_camp_member *held;
    size_t scopes_before = c->scopes.count;
    struct daf_cert cert;
    enum daf_err err;

    err = daf_cert_decode(bytes, &cert);
    if (err != DAF_OK) return err;
    held = find_member(c, &cert.author);
    /* The same bytes again, at every knock: verified once is enough. */
    if (held != NULL && memcmp(held->cert.b, cert.id.b, sizeof(cert.id.b)) == 0)
        return DAF_OK;
    err = verify(c, bytes, &cert);
    if (err != DAF_OK) return err;
    /* Scopes count even if the certificate will not stand: what is known must
     * not depend on which of two came first. */
    for (size_t i = 0; i < cert.rights_count; i++) {
        if (daf_camp_add_scope(c, cert.rights[i].scope) == NULL)
            return DAF_ENOMEM;
    }
    if (c->scopes.count > scopes_before) *out_changed = true;
    if (!note_archive(c, &cert)) return DAF_ENOMEM;
    if (daf_manifest_coordinator(c->manifest, &cert.author) != NULL ||
        (held != NULL && !stands(held, &cert)))
        return DAF_OK;
    err = seat(c, &cert);
    if (err == DAF_OK) *out_changed = true;
    return err;
}

/* ---- key wraps */

/* Open our own copy of the key in @wrap, if there is one. */
static bool unwrap(const struct daf_camp *c, const struct daf_key_wrap *wrap,
                   struct daf_camp_gen *out)
{
    struct daf_wrap own;
    uint8_t commit[16];

    if (daf_payload_wrap(wrap, &c->author, &own) != DAF_OK) return false;
    if (crypto_box_seal_open(out->key.b, own.sealed, sizeof(own.sealed),
                             c->keys.seal.b, c->seal.b) != 0)
        return false;
    daf_body_commitment(&out->key, commit);
    if (memcmp(commit, wrap->commit, sizeof(commit)) != 0) return false;
    out->number = wrap->generation;
    memcpy(out->commit, commit, sizeof(commit));
    return true;
}

/* Before unwrapping, which costs a scalar multiplication. */
static bool is_held(const struct daf_camp_known *known,
                    const struct daf_key_wrap *wrap)
{
    for (const struct daf_camp_gen *g = known->gens; g != NULL; g = g->next) {
        if (g->number == wrap->generation &&
            memcmp(g->commit, wrap->commit, sizeof(g->commit)) == 0)
            return true;
    }
    return false;
}

bool daf_camp_add_wrap(struct daf_camp *c, struct daf_view payload)
{
    struct daf_camp_gen gen = {0};
    size_t scopes_before = c->scopes.count;
    struct daf_camp_known *known;
    struct daf_key_wrap wrap;
    bool came;

    if (daf_payload_key_wrap(payload, &wrap) != DAF_OK) return false;
    known = daf_camp_add_scope(c, wrap.scope);
    if (known == NULL) {
        c->is_short = true;
        return false;
    }
    daf_camp_note_wraps(c, known, &wrap);
    came = !is_held(known, &wrap) && unwrap(c, &wrap, &gen) &&
           daf_camp_add_gen(c, known, &gen);
    sodium_memzero(&gen, sizeof(gen));
    return came || c->scopes.count > scopes_before;
}

/* ---- who may do what */

static bool by_author(void *ctx, const struct daf_author_id *author,
                      struct daf_device *out)
{
    const struct daf_camp *c = ctx;
    const struct daf_coordinator *who =
        daf_manifest_coordinator(c->manifest, author);
    const struct daf_camp_member *member;

    if (who != NULL) {
        *out = (struct daf_device){who->author, who->keys};
        return true;
    }
    member = find_member(c, author);
    if (member == NULL) return false;
    *out = member->device;
    return true;
}

static bool by_transport(void *ctx, const struct daf_box_pk *key,
                         struct daf_device *out)
{
    const struct daf_camp *c = ctx;
    struct daf_camp_key at = transport_key(key);
    const struct daf_camp_member *member;
    const struct daf_camp_slot *slot;

    for (size_t i = 0; i < c->manifest->coordinators_count; i++) {
        const struct daf_coordinator *who = &c->manifest->coordinators[i];

        if (memcmp(who->keys.transport.b, key->b, sizeof(key->b)) != 0)
            continue;
        *out = (struct daf_device){who->author, who->keys};
        return true;
    }
    slot = daf_camp_table_find(&c->transports, &at);
    if (slot == NULL) return false;
    member = slot->item;
    *out = member->device;
    return true;
}

static enum daf_right right(void *ctx, const struct daf_author_id *author,
                            const struct daf_scope_id *scope)
{
    const struct daf_camp *c = ctx;
    const struct daf_camp_known *known = daf_camp_find_scope(c, scope);
    const struct daf_camp_member *member;

    if (known == NULL) return DAF_RIGHT_NONE;
    if (daf_manifest_coordinator(c->manifest, author) != NULL)
        return DAF_RIGHT_ADMIN;
    member = find_member(c, author);
    if (member == NULL) return DAF_RIGHT_NONE;
    /* Whatever the certificate says: nobody else writes control, and without
     * reading it a device would not know who belongs. */
    if (known == c->control) return DAF_RIGHT_READ;
    for (size_t i = 0; i < member->rights_count; i++) {
        if (member->rights[i].known->same == known->same)
            return member->rights[i].right;
    }
    return DAF_RIGHT_NONE;
}

static int order_ids(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct daf_scope_id));
}

static size_t scopes(void *ctx, const struct daf_author_id *author,
                     struct daf_scope_id out[])
{
    const struct daf_camp *c = ctx;
    const struct daf_camp_member *member = find_member(c, author);
    size_t count = 0;

    static_assert(DAF_RIGHTS_MAX < DAF_SCOPES_MAX, "and control");
    if (daf_manifest_coordinator(c->manifest, author) != NULL) {
        out[count++] = c->control->id;
        for (size_t i = 0; i < c->by_id.count && count < DAF_SCOPES_MAX; i++) {
            const struct daf_camp_known *known = c->by_id.items[i];

            out[count++] = known->id;
        }
    } else if (member != NULL) {
        out[count++] = c->control->id;
        for (size_t i = 0; i < member->rights_count; i++) {
            if (member->rights[i].known->same != c->control->same)
                out[count++] = member->rights[i].known->id;
        }
        qsort(out + 1, count - 1, sizeof(out[0]), order_ids);
    }
    return count;
}

void daf_camp_set_authority(struct daf_camp *c)
{
    c->authority = (struct daf_authority){
        .ctx = c,
        .control = c->control->id,
        .catalog = c->catalog->id,
        .by_transport = by_transport,
        .by_author = by_author,
        .right = right,
        .scopes = scopes,
    };
}
