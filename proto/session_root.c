/* SPDX-License-Identifier: Apache-2.0 */
/* HELLO and ROOT being made, and what two ROOTs come to (protocol.md R20, R22,
 * R39, R40). */
#include "proto/hash.h"
#include "proto/session_impl.h"

void daf_session_send_hello(struct daf_session *s)
{
    struct daf_hello hello = {.version_min = DAF_PROTOCOL_VERSION,
                              .version_max = DAF_PROTOCOL_VERSION,
                              .nonce = s->nonce};
    struct daf_pack k;

    memcpy(hello.boot, s->env->boot, sizeof(hello.boot));
    daf_pack_init(&k, s->env->frame, DAF_FRAME_BYTES_MAX);
    daf_frame_pack_hello(&k, &hello);
    daf_session_send(s, &k);
}

void daf_session_proof(const struct daf_session *s, bool is_own,
                       const struct daf_author_id *author, uint8_t *out)
{
    const struct {
        const uint8_t *p;
        size_t len;
    } parts[] = {
        {s->env->camp.b, 32},
        {author->b, 16},
        {is_own ? s->nonce.b : s->peer_nonce.b, 32},
        {is_own ? s->peer_nonce.b : s->nonce.b, 32},
        {is_own ? s->env->boot : s->peer_boot, 16},
        {is_own ? s->peer_boot : s->env->boot, 16},
        {is_own ? s->env->transport.b : s->peer_key.b, 32},
        {is_own ? s->peer_key.b : s->env->transport.b, 32},
    };

    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        memcpy(out, parts[i].p, parts[i].len);
        out += parts[i].len;
    }
}

/* The scopes that we carry and that the peer may carry: nothing about others is
 * said, not even that they exist (R22). */
static void list_scopes(struct daf_session *s)
{
    const struct daf_authority *a = s->env->authority;
    struct daf_scope_id own[DAF_SCOPES_MAX];
    struct daf_device peer;
    size_t count;
    enum daf_right least = s->role == DAF_SESSION_TAKER
                               ? DAF_RIGHT_APPEND /* R112 */
                               : DAF_RIGHT_RELAY;

    s->scopes_count = 0;
    if (!a->by_transport(a->ctx, &s->peer_key, &peer)) return;
    count = a->scopes(a->ctx, &s->env->author, own);
    for (size_t i = 0; i < count; i++) {
        if (a->right(a->ctx, &peer.author, &own[i]) >= least)
            s->scopes[s->scopes_count++].id = own[i];
    }
}

/* ---- sums */

struct summing {
    const struct daf_session *s;
    struct daf_tag own[DAF_DEFERRED_MAX];
    size_t own_count;
    struct daf_root_part *out;
};

static bool add_mark(void *ctx, const struct daf_mark *mark)
{
    struct summing *sum = ctx;
    const struct daf_session *s = sum->s;

    if (daf_sketch_tag_among(&mark->tag, sum->own, sum->own_count) ||
        daf_sketch_tag_among(&mark->tag, s->peer_deferred,
                             s->peer_deferred_count))
        return true;
    daf_frontier_add(&sum->out->sum, &s->salt, &mark->digest);
    sum->out->heads_count++;
    return true;
}

/* Count and sum of our heads, less what either side deferred as far as known. */
static enum daf_err sum_scope(struct daf_session *s,
                              const struct daf_scope_id *scope,
                              struct daf_root_part *out)
{
    const struct daf_session_env *env = s->env;
    struct summing sum = {.s = s, .out = out};

    memset(out, 0, sizeof(*out));
    out->scope = *scope;
    sum.own_count = env->port->deferred(env->port->ctx, scope, sum.own);
    return env->index->marks(env->index->ctx, scope, NULL, add_mark, &sum);
}

static bool same_sum(const struct daf_sum *a, const struct daf_sum *b)
{
    return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* Adds a scope to what is combined. */
static void combine(struct daf_session *s, const struct daf_root_part *part)
{
    daf_frontier_add_scope(&s->combined, &s->salt, &part->scope);
    daf_frontier_add_sum(&s->combined, &part->sum);
}

/* ---- ROOT */

/* ROOT lists scopes ascending by id; scopes[] has control first. */
static struct daf_session_scope *next_scope(
    struct daf_session *s, const struct daf_session_scope *last)
{
    struct daf_session_scope *next = NULL;

    for (size_t i = 0; i < s->scopes_count; i++) {
        struct daf_session_scope *sc = &s->scopes[i];

        if (last != NULL && memcmp(sc->id.b, last->id.b, 16) <= 0) continue;
        if (next == NULL || memcmp(sc->id.b, next->id.b, 16) < 0) next = sc;
    }
    return next;
}

void daf_session_note_deferred(struct daf_session *s, struct daf_view tags)
{
    size_t count = tags.len / DAF_TAG_BYTES;

    for (size_t i = 0; i < count && s->peer_deferred_count < DAF_DEFERRED_MAX;
         i++) {
        struct daf_tag tag;

        memcpy(tag.b, tags.p + i * DAF_TAG_BYTES, DAF_TAG_BYTES);
        if (!daf_sketch_tag_among(&tag, s->peer_deferred,
                                  s->peer_deferred_count))
            s->peer_deferred[s->peer_deferred_count++] = tag;
    }
}

/* The peer's part about a scope, if it has one. */
static bool find_part(const struct daf_root *root,
                      const struct daf_scope_id *scope,
                      struct daf_root_part *out)
{
    struct daf_cursor c = root->parts.items;

    for (size_t i = 0; i < root->parts.count; i++) {
        daf_frame_next_part(&c, out);
        if (memcmp(out->scope.b, scope->b, sizeof(scope->b)) == 0) return true;
    }
    return false;
}

static void note_all_deferred(struct daf_session *s,
                              const struct daf_root *theirs)
{
    struct daf_cursor c = theirs->parts.items;

    for (size_t i = 0; i < theirs->parts.count; i++) {
        struct daf_root_part part;

        daf_frame_next_part(&c, &part);
        daf_session_note_deferred(s, part.deferred);
    }
}

/* Whether the scope is to be compared: the connector's first 8 symbols go along
 * so that the acceptor need not ask. */
static bool is_to_compare(const struct daf_root *theirs,
                          const struct daf_root_part *part)
{
    struct daf_root_part their;

    if (theirs->parts.count == 0) return true;
    if (!find_part(theirs, &part->scope, &their)) return false;
    /* What we deferred is in the acceptor's sum. */
    return part->deferred.len > 0 || part->heads_count != their.heads_count ||
           !same_sum(&part->sum, &their.sum);
}

static enum daf_err add_part(struct daf_session *s,
                             const struct daf_root *theirs, struct daf_pack *k,
                             const struct daf_root_part *made)
{
    const struct daf_session_env *env = s->env;
    struct daf_tag own[DAF_DEFERRED_MAX];
    struct daf_root_part part = *made; /* with views into this function */
    enum daf_err err = DAF_OK;

    part.deferred.len =
        DAF_TAG_BYTES * env->port->deferred(env->port->ctx, &part.scope, own);
    part.deferred.p = own[0].b;
    if (theirs != NULL && is_to_compare(theirs, &part)) {
        err = env->index->symbols(env->index->ctx, &part.scope, 0,
                                  DAF_ROOT_SYMBOLS, env->symbols);
        part.symbols =
            (struct daf_view){env->symbols[0].item,
                              (size_t)DAF_ROOT_SYMBOLS * DAF_SYMBOL_BYTES};
    }
    if (err == DAF_OK) daf_frame_add_part(k, &part);
    return err;
}

static void remember_sum(struct daf_session *s, struct daf_session_scope *sc,
                         const struct daf_root_part *part)
{
    const struct daf_session_port *port = s->env->port;
    struct daf_tag own[DAF_DEFERRED_MAX];

    sc->heads = (uint32_t)part->heads_count;
    sc->sum = part->sum;
    sc->own_deferred = (uint8_t)port->deferred(port->ctx, &sc->id, own);
}

/* Whether our sum is another than the connector's.  The one of our ROOT mostly is
 * the sum still: a third of all that is summed. */
static bool sum_differs(struct daf_session *s,
                        const struct daf_session_scope *sc,
                        const struct daf_root_part *their)
{
    const struct daf_session_port *port = s->env->port;
    struct daf_root_part ours = {.heads_count = sc->heads, .sum = sc->sum};
    struct daf_tag own[DAF_DEFERRED_MAX];

    if ((sc->tell || s->peer_deferred_count > 0 ||
         port->deferred(port->ctx, &sc->id, own) != sc->own_deferred) &&
        sum_scope(s, &sc->id, &ours) != DAF_OK)
        return true;
    return ours.heads_count != their->heads_count ||
           !same_sum(&ours.sum, &their->sum);
}

/* Parts of all scopes are made, and taken back if one number says as much. */
static enum daf_err pack_parts(struct daf_session *s,
                               const struct daf_root *theirs,
                               struct daf_pack *k, size_t *out_count)
{
    enum daf_err err = DAF_OK;

    *out_count = 0;
    for (struct daf_session_scope *sc = next_scope(s, NULL);
         sc != NULL && err == DAF_OK; sc = next_scope(s, sc)) {
        struct daf_root_part part;

        err = sum_scope(s, &sc->id, &part);
        if (err != DAF_OK) break;
        remember_sum(s, sc, &part);
        combine(s, &part);
        err = add_part(s, theirs, k, &part);
        (*out_count)++;
    }
    return err;
}

static bool has_deferred(struct daf_session *s)
{
    const struct daf_session_port *port = s->env->port;
    struct daf_tag own[DAF_DEFERRED_MAX];

    for (size_t i = 0; i < s->scopes_count; i++) {
        if (port->deferred(port->ctx, &s->scopes[i].id, own) > 0) return true;
    }
    return false;
}

/* R39: one number for all. */
static bool is_combined_enough(struct daf_session *s,
                               const struct daf_root *theirs)
{
    const struct daf_session_port *port = s->env->port;

    if (theirs == NULL)
        return port->was_equal(port->ctx, s) && !has_deferred(s);
    return theirs->parts.count == 0 &&
           same_sum(&theirs->combined, &s->combined);
}

/* R112: who leaves is told nothing, not even how much there is. */
static void pack_empty_root(struct daf_session *s, struct daf_root *root,
                            struct daf_pack *k)
{
    size_t mark;

    root->bodies = 0;
    daf_pack_init(k, s->env->frame, DAF_FRAME_BYTES_MAX);
    mark = daf_frame_begin_root(k, root);
    daf_frame_end(k, mark, 0, false);
}

static void pack_root(struct daf_session *s, struct daf_root *root,
                      const struct daf_root *theirs, struct daf_pack *k)
{
    struct daf_pack parts;
    uint8_t *room = s->env->frame + DAF_FRAME_BYTES_MAX / 2;
    size_t mark, count;

    /* `combined` stands before the parts and is known after them. */
    memset(&s->combined, 0, sizeof(s->combined));
    daf_pack_init(&parts, room, DAF_FRAME_BYTES_MAX / 2);
    if (pack_parts(s, theirs, &parts, &count) != DAF_OK) {
        /* Nothing can be said of a store that cannot be read; nor of scopes that
         * were read before it failed. */
        s->scopes_count = 0;
        memset(&s->combined, 0, sizeof(s->combined));
        parts.len = 0;
        count = 0;
    }
    s->sent_parts = !is_combined_enough(s, theirs);
    root->combined = s->combined;
    daf_pack_init(k, s->env->frame, DAF_FRAME_BYTES_MAX / 2);
    mark = daf_frame_begin_root(k, root);
    if (s->sent_parts)
        daf_pack_raw(k, parts.p, parts.len);
    else
        count = 0;
    daf_frame_end(k, mark, count, false);
}

/* The index counts bodies of all scopes, and the peer may know of few: it is to
 * see that something came, not how much (R22).  Another key than this device's
 * cannot tell the number behind it. */
static uint64_t blind_bodies(const struct daf_session_env *env)
{
    uint8_t bytes[8], hash[16];
    uint64_t count;

    /* A store that cannot tell is asked for nothing new. */
    if (env->index->bodies(env->index->ctx, &count) != DAF_OK) count = 0;
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(count >> (8 * i));
    daf_hash_keyed_128("daf.bodies.1", env->sign_sk->b,
                       (struct daf_view){bytes, sizeof(bytes)}, hash);
    return (uint64_t)hash[0] << 24 | (uint64_t)hash[1] << 16 |
           (uint64_t)hash[2] << 8 | hash[3];
}

void daf_session_send_root(struct daf_session *s, const struct daf_root *theirs)
{
    const struct daf_session_env *env = s->env;
    uint8_t proof[DAF_SESSION_PROOF_BYTES];
    struct daf_root root = {.author = env->author,
                            .manifest_number = env->manifest_number};
    struct daf_pack k;

    list_scopes(s);
    if (theirs != NULL) note_all_deferred(s, theirs);
    memcpy(root.manifest_mark, env->manifest_hash.b,
           sizeof(root.manifest_mark));
    root.bodies = blind_bodies(env);
    daf_session_proof(s, true, &env->author, proof);
    daf_hash_sign("daf.root.1", (struct daf_view){proof, sizeof(proof)},
                  env->sign_sk, &root.sig);
    if (s->role == DAF_SESSION_TAKER)
        pack_empty_root(s, &root, &k);
    else
        pack_root(s, &root, theirs, &k);
    daf_session_send(s, &k);
    if (theirs == NULL) return;
    for (size_t i = 0; i < s->scopes_count; i++) {
        struct daf_root_part part;

        s->scopes[i].is_common = theirs->parts.count == 0 ||
                                 find_part(theirs, &s->scopes[i].id, &part);
        s->scopes[i].is_lacking = s->scopes[i].is_common;
    }
}

/* Keeps the symbols of a part until the scope's turn comes. */
static void keep_symbols(struct daf_session *s, struct daf_session_scope *sc,
                         const struct daf_root_part *part, size_t *count)
{
    const struct daf_session_port *port = s->env->port;
    size_t each = (size_t)DAF_ROOT_SYMBOLS * DAF_SYMBOL_BYTES;
    void *bigger;

    if (part->symbols.len != each) return; /* they are asked for later */
    bigger = port->room(port->ctx, s, s->root_symbols, (*count + 1) * each);
    if (bigger == NULL) return;
    s->root_symbols = bigger;
    memcpy(s->root_symbols + *count * DAF_ROOT_SYMBOLS, part->symbols.p, each);
    sc->symbols_at = (uint8_t)++(*count);
}

void daf_session_compare_roots(struct daf_session *s,
                               const struct daf_root *theirs)
{
    bool is_combined = theirs->parts.count == 0;
    bool is_equal = same_sum(&theirs->combined, &s->combined);
    size_t kept = 0;

    note_all_deferred(s, theirs);
    for (size_t i = 0; i < s->scopes_count; i++) {
        struct daf_session_scope *sc = &s->scopes[i];
        struct daf_root_part their;

        sc->is_common = is_combined || find_part(theirs, &sc->id, &their);
        if (s->role == DAF_SESSION_TAKER) continue;
        sc->is_lacking = sc->is_common;
        if (!sc->is_common || (is_combined && is_equal)) continue;
        if (is_combined) {
            sc->is_paged = true;
            daf_session_dirty(sc, 0);
            continue;
        }
        sc->differs = sum_differs(s, sc, &their);
        if (!sc->differs) continue;
        daf_session_dirty(sc, 0);
        keep_symbols(s, sc, &their, &kept);
    }
}
