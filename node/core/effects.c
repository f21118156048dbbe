/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/effects.h"

#include <assert.h>
#include <string.h>

#include "proto/hash.h"
#include "proto/pack.h"

static struct daf_view view(const void *p, size_t len)
{
    return (struct daf_view){p, len};
}

void daf_effects_add(struct daf_effects *e, enum daf_effects_call call,
                     uint64_t number, const struct daf_view *parts,
                     size_t parts_count)
{
    struct daf_pack k;
    uint8_t next[32];

    daf_pack_init(&k, e->room, sizeof(e->room));
    daf_pack_array(&k, 2 + parts_count);
    daf_pack_uint(&k, (uint64_t)call);
    daf_pack_uint(&k, number);
    for (size_t i = 0; i < parts_count; i++)
        daf_pack_bin(&k, parts[i].p, parts[i].len);
    assert(!k.is_full);
    daf_hash_keyed_256("daf.effect.1", e->chain, daf_pack_view(&k), next);
    memcpy(e->chain, next, sizeof(next));
    e->calls++;
    if (e->made != NULL) e->made(e->made_ctx, call, number);
}

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    struct daf_effects *e = ctx;

    daf_effects_add(e, DAF_EFFECTS_SEND, conn, &frame, 1);
    e->to->send(e->to->ctx, conn, frame);
}

static void port_close(void *ctx, uint32_t conn)
{
    struct daf_effects *e = ctx;

    daf_effects_add(e, DAF_EFFECTS_CLOSE, conn, NULL, 0);
    e->to->close(e->to->ctx, conn);
}

static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct daf_effects *e = ctx;
    uint8_t where = (uint8_t)endpoint;
    struct daf_view parts[] = {view(&where, 1),
                               view(addr->text, strlen(addr->text)),
                               view(server->b, sizeof(server->b))};

    daf_effects_add(e, DAF_EFFECTS_CONNECT, conn, parts, 3);
    e->to->connect(e->to->ctx, conn, endpoint, addr, server);
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    struct daf_effects *e = ctx;
    struct daf_view part = view(key->b, sizeof(key->b));

    daf_effects_add(e, DAF_EFFECTS_ADMIT, allowed, &part, 1);
    e->to->admit(e->to->ctx, key, allowed);
}

static void port_porch(void *ctx, const struct daf_box_pk *pk,
                       const struct daf_box_sk *sk)
{
    static const struct daf_box_pk closed;
    struct daf_effects *e = ctx;
    struct daf_view part = view(pk != NULL ? pk->b : closed.b, sizeof(pk->b));

    daf_effects_add(e, DAF_EFFECTS_PORCH, pk != NULL, &part, 1);
    e->to->porch(e->to->ctx, pk, sk);
}

static void port_announce(void *ctx, const struct daf_announce *what)
{
    struct daf_effects *e = ctx;
    uint8_t where = (uint8_t)what->endpoint;
    struct daf_view parts[] = {view(&where, 1),
                               view(what->name, sizeof(what->name)),
                               view(what->data, sizeof(what->data))};

    daf_effects_add(e, DAF_EFFECTS_ANNOUNCE, what->port, parts, 3);
    e->to->announce(e->to->ctx, what);
}

static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    struct daf_effects *e = ctx;

    daf_effects_add(e, DAF_EFFECTS_WITHDRAW, (uint64_t)endpoint, NULL, 0);
    e->to->withdraw(e->to->ctx, endpoint);
}

static void port_begin(void *ctx, uint64_t job)
{
    struct daf_effects *e = ctx;

    daf_effects_add(e, DAF_EFFECTS_BEGIN, job, NULL, 0);
    e->to->store_begin(e->to->ctx, job);
}

static void port_keep(void *ctx, const struct daf_keep *keep)
{
    struct daf_effects *e = ctx;
    struct daf_view parts[] = {keep->header, keep->body};

    daf_effects_add(e, DAF_EFFECTS_KEEP, (uint64_t)keep->body_state, parts, 2);
    e->to->store_keep(e->to->ctx, keep);
}

static void big_endian(uint64_t n, uint8_t out[8])
{
    for (size_t i = 8; i > 0; i--, n >>= 8)
        out[i - 1] = (uint8_t)n;
}

static void add_stretch(struct daf_effects *e, enum daf_effects_call call,
                        const struct daf_stretch *what)
{
    uint8_t incarnation[8], last[8];
    struct daf_view parts[] = {
        view(what->log.scope.b, sizeof(what->log.scope.b)),
        view(what->log.author.b, sizeof(what->log.author.b)),
        view(incarnation, sizeof(incarnation)), view(last, sizeof(last))};

    big_endian(what->log.incarnation, incarnation);
    big_endian(what->last, last);
    daf_effects_add(e, call, what->first, parts, 4);
}

static void port_unchecked(void *ctx, const struct daf_stretch *what)
{
    struct daf_effects *e = ctx;

    add_stretch(e, DAF_EFFECTS_UNCHECKED, what);
    e->to->store_unchecked(e->to->ctx, what);
}

static void port_checked(void *ctx, const struct daf_stretch *what)
{
    struct daf_effects *e = ctx;

    add_stretch(e, DAF_EFFECTS_CHECKED, what);
    e->to->store_checked(e->to->ctx, what);
}

static void port_drop(void *ctx, const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    struct daf_effects *e = ctx;
    uint8_t incarnation[8];
    struct daf_view parts[] = {view(log->scope.b, sizeof(log->scope.b)),
                               view(log->author.b, sizeof(log->author.b)),
                               view(incarnation, sizeof(incarnation)),
                               view(spot->id.b, sizeof(spot->id.b))};

    big_endian(log->incarnation, incarnation);
    daf_effects_add(e, DAF_EFFECTS_DROP, spot->seq, parts, 4);
    e->to->store_drop(e->to->ctx, log, spot);
}

static void port_end(void *ctx, uint64_t job)
{
    struct daf_effects *e = ctx;

    daf_effects_add(e, DAF_EFFECTS_END, job, NULL, 0);
    e->to->store_end(e->to->ctx, job);
}

static void port_statement(void *ctx, const struct daf_statement *st,
                           struct daf_view bytes)
{
    struct daf_effects *e = ctx;

    daf_effects_add(e, DAF_EFFECTS_STATEMENT, st->number, &bytes, 1);
    e->to->store_statement(e->to->ctx, st, bytes);
}

static void port_self(void *ctx, const struct daf_self *self)
{
    struct daf_effects *e = ctx;
    uint8_t lives[8 * DAF_LIVES_MAX] = {0};
    struct daf_view part = view(lives, 8 * self->lives_count);

    for (size_t i = 0; i < self->lives_count; i++)
        big_endian(self->lives[i], lives + 8 * i);
    daf_effects_add(e, DAF_EFFECTS_SELF, self->is_restored, &part, 1);
    e->to->store_self(e->to->ctx, self);
}

/* The handles by their hash: a camp may have more than a frame holds. */
static void port_erase(void *ctx, const struct daf_erase *what)
{
    struct daf_effects *e = ctx;
    uint8_t hash[32] = {0}, incarnation[8] = {0}, seq[8] = {0};
    uint8_t looked = what->is_looked;
    struct daf_view parts[] = {view(hash, sizeof(hash)),
                               view(what->log.scope.b,
                                    sizeof(what->log.scope.b)),
                               view(what->log.author.b,
                                    sizeof(what->log.author.b)),
                               view(incarnation, sizeof(incarnation)),
                               view(seq, sizeof(seq)),
                               view(what->spot.id.b, sizeof(what->spot.id.b)),
                               view(&looked, 1)};

    daf_hash_256("daf.erased.1",
                 view(what->handles, what->count * sizeof(*what->handles)),
                 hash);
    big_endian(what->log.incarnation, incarnation);
    big_endian(what->spot.seq, seq);
    daf_effects_add(e, DAF_EFFECTS_ERASE, what->count, parts, 7);
    e->to->store_erase(e->to->ctx, what);
}

static void port_acked(void *ctx, const struct daf_log_key *log,
                       uint64_t seq_first, const struct daf_spot *last)
{
    struct daf_effects *e = ctx;
    struct daf_view parts[] = {view(log->scope.b, sizeof(log->scope.b)),
                               view(log->author.b, sizeof(log->author.b)),
                               view(last->id.b, sizeof(last->id.b))};

    daf_effects_add(e, DAF_EFFECTS_ACKED, seq_first, parts, 3);
    e->to->store_acked(e->to->ctx, log, seq_first, last);
}

static void add_piece(struct daf_effects *e, enum daf_effects_call call,
                      uint32_t conn, const struct daf_port_piece *p)
{
    uint8_t where[8];
    struct daf_view parts[] = {view(p->content.b, sizeof(p->content.b)),
                               view(where, sizeof(where)), p->bytes};

    big_endian((uint64_t)p->part << 32 | p->offset, where);
    daf_effects_add(e, call, conn, parts, 3);
}

static void port_content_put(void *ctx, uint32_t conn,
                             const struct daf_port_piece *piece)
{
    struct daf_effects *e = ctx;

    add_piece(e, DAF_EFFECTS_CONTENT_PUT, conn, piece);
    e->to->content_put(e->to->ctx, conn, piece);
}

static void port_content_forget(void *ctx, uint32_t conn)
{
    struct daf_effects *e = ctx;

    daf_effects_add(e, DAF_EFFECTS_CONTENT_FORGET, conn, NULL, 0);
    e->to->content_forget(e->to->ctx, conn);
}

static void port_content_read(void *ctx, uint32_t conn,
                              const struct daf_port_piece *piece)
{
    struct daf_effects *e = ctx;

    add_piece(e, DAF_EFFECTS_CONTENT_READ, conn, piece);
    e->to->content_read(e->to->ctx, conn, piece);
}

void daf_effects_init(struct daf_effects *e, const struct daf_port *to)
{
    *e = (struct daf_effects){.to = to};
    e->port = (struct daf_port){
        .ctx = e,
        .send = port_send,
        .close = port_close,
        .connect = port_connect,
        .admit = port_admit,
        .porch = port_porch,
        .announce = port_announce,
        .withdraw = port_withdraw,
        .store_begin = port_begin,
        .store_keep = port_keep,
        .store_unchecked = port_unchecked,
        .store_checked = port_checked,
        .store_drop = port_drop,
        .store_end = port_end,
        .store_acked = port_acked,
        .content_put = port_content_put,
        .content_forget = port_content_forget,
        .content_read = port_content_read,
    };
    if (to != NULL && to->store_statement != NULL)
        e->port.store_statement = port_statement;
    if (to != NULL && to->store_self != NULL) e->port.store_self = port_self;
    if (to != NULL && to->store_erase != NULL) e->port.store_erase = port_erase;
}

const char *daf_effects_call_str(enum daf_effects_call call)
{
    static const char *const words[] = {
        [DAF_EFFECTS_SEND] = "send",
        [DAF_EFFECTS_CLOSE] = "close",
        [DAF_EFFECTS_CONNECT] = "connect",
        [DAF_EFFECTS_ADMIT] = "admit",
        [DAF_EFFECTS_BEGIN] = "store_begin",
        [DAF_EFFECTS_KEEP] = "store_keep",
        [DAF_EFFECTS_END] = "store_end",
        [DAF_EFFECTS_ACKED] = "store_acked",
        [DAF_EFFECTS_UNCHECKED] = "store_unchecked",
        [DAF_EFFECTS_CHECKED] = "store_checked",
        [DAF_EFFECTS_DROP] = "store_drop",
        [DAF_EFFECTS_ANNOUNCE] = "announce",
        [DAF_EFFECTS_WITHDRAW] = "withdraw",
        [DAF_EFFECTS_PORCH] = "porch",
        [DAF_EFFECTS_CONTENT_PUT] = "content_put",
        [DAF_EFFECTS_CONTENT_FORGET] = "content_forget",
        [DAF_EFFECTS_CONTENT_READ] = "content_read",
        [DAF_EFFECTS_STATEMENT] = "store_statement",
        [DAF_EFFECTS_SELF] = "store_self",
        [DAF_EFFECTS_ERASE] = "store_erase",
    };

    return words[call];
}
