/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent asks for: recorded, and done. */
#include "node/host_impl.h"

#include <sodium.h>

static struct daf_view view(const void *p, size_t len)
{
    return (struct daf_view){p, len};
}

static void effect(struct daf_host *h, enum daf_inputlog_call call,
                   uint64_t number, const struct daf_view *parts, size_t count)
{
    if (h->record != NULL)
        daf_inputlog_effect(h->record, call, number, parts, count);
}

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_SEND, conn, &frame, 1);
    daf_linkhost_send(h->linkhost, conn, frame);
}

static void port_close(void *ctx, uint32_t conn)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_CLOSE, conn, NULL, 0);
    daf_linkhost_close(h->linkhost, conn);
}

static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct daf_host *h = ctx;
    uint8_t where = (uint8_t)endpoint;
    struct daf_view parts[] = {view(&where, 1),
                               view(addr->text, strlen(addr->text)),
                               view(server->b, sizeof(server->b))};

    effect(h, DAF_INPUTLOG_CONNECT, conn, parts, 3);
    daf_linkhost_connect(h->linkhost, conn, endpoint, addr, server);
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    struct daf_host *h = ctx;
    struct daf_view part = view(key->b, sizeof(key->b));

    effect(h, DAF_INPUTLOG_ADMIT, allowed, &part, 1);
    daf_linkhost_admit(h->linkhost, key, allowed);
}

static void port_porch(void *ctx, const struct daf_box_pk *pk,
                       const struct daf_box_sk *sk)
{
    struct daf_host *h = ctx;
    struct daf_link_porch porch = {.is_open = pk != NULL};
    struct daf_view part = view(porch.pk.b, sizeof(porch.pk.b));

    if (pk != NULL) {
        porch.pk = *pk;
        porch.sk = *sk;
    }
    effect(h, DAF_INPUTLOG_PORCH, porch.is_open, &part, 1);
    daf_linkhost_porch(h->linkhost, &porch);
    sodium_memzero(&porch, sizeof(porch));
}

static void port_announce(void *ctx, const struct daf_announce *what)
{
    struct daf_host *h = ctx;
    uint8_t where = (uint8_t)what->endpoint;
    struct daf_view parts[] = {view(&where, 1),
                               view(what->name, sizeof(what->name)),
                               view(what->data, sizeof(what->data))};

    effect(h, DAF_INPUTLOG_ANNOUNCE, what->port, parts, 3);
    if (h->discover == NULL) return;
    daf_discoverhost_publish(h->discover, what);
    daf_discoverhost_browse(h->discover, DAF_ENDPOINT_DOOR);
}

static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_WITHDRAW, (uint64_t)endpoint, NULL, 0);
    if (h->discover != NULL) daf_discoverhost_withdraw(h->discover, endpoint);
}

static void port_begin(void *ctx, uint64_t job)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_BEGIN, job, NULL, 0);
    daf_writer_begin(h->writer, job);
}

static void port_keep(void *ctx, const struct daf_keep *keep)
{
    struct daf_host *h = ctx;
    struct daf_view parts[] = {keep->header, keep->body};

    effect(h, DAF_INPUTLOG_KEEP, (uint64_t)keep->body_state, parts, 2);
    daf_writer_keep(h->writer, keep);
}

static void big_endian(uint64_t n, uint8_t out[8])
{
    for (size_t i = 8; i > 0; i--, n >>= 8)
        out[i - 1] = (uint8_t)n;
}

static void effect_stretch(struct daf_host *h, enum daf_inputlog_call call,
                           const struct daf_stretch *what)
{
    uint8_t incarnation[8], last[8];
    struct daf_view parts[] = {
        view(what->log.scope.b, sizeof(what->log.scope.b)),
        view(what->log.author.b, sizeof(what->log.author.b)),
        view(incarnation, sizeof(incarnation)), view(last, sizeof(last))};

    big_endian(what->log.incarnation, incarnation);
    big_endian(what->last, last);
    effect(h, call, what->first, parts, 4);
}

static void port_unchecked(void *ctx, const struct daf_stretch *what)
{
    struct daf_host *h = ctx;

    effect_stretch(h, DAF_INPUTLOG_UNCHECKED, what);
    daf_writer_unchecked(h->writer, what);
}

static void port_checked(void *ctx, const struct daf_stretch *what)
{
    struct daf_host *h = ctx;

    effect_stretch(h, DAF_INPUTLOG_CHECKED, what);
    daf_writer_checked(h->writer, what);
}

static void port_drop(void *ctx, const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    struct daf_host *h = ctx;
    uint8_t incarnation[8];
    struct daf_view parts[] = {view(log->scope.b, sizeof(log->scope.b)),
                               view(log->author.b, sizeof(log->author.b)),
                               view(incarnation, sizeof(incarnation)),
                               view(spot->id.b, sizeof(spot->id.b))};

    big_endian(log->incarnation, incarnation);
    effect(h, DAF_INPUTLOG_DROP, spot->seq, parts, 4);
    daf_writer_drop(h->writer, log, spot);
}

static void port_end(void *ctx, uint64_t job)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_END, job, NULL, 0);
    daf_writer_end(h->writer, job);
}

static void port_acked(void *ctx, const struct daf_log_key *log,
                       uint64_t seq_first, const struct daf_spot *last)
{
    struct daf_host *h = ctx;
    struct daf_view parts[] = {view(log->scope.b, sizeof(log->scope.b)),
                               view(log->author.b, sizeof(log->author.b)),
                               view(last->id.b, sizeof(last->id.b))};

    effect(h, DAF_INPUTLOG_ACKED, seq_first, parts, 3);
    daf_writer_acked(h->writer, log, seq_first, last);
}

static void effect_piece(struct daf_host *h, enum daf_inputlog_call call,
                         uint32_t conn, const struct daf_port_piece *p)
{
    uint8_t where[8];
    struct daf_view parts[] = {view(p->content.b, sizeof(p->content.b)),
                               view(where, sizeof(where)), p->bytes};

    big_endian((uint64_t)p->part << 32 | p->offset, where);
    effect(h, call, conn, parts, 3);
}

static void port_content_put(void *ctx, uint32_t conn,
                             const struct daf_port_piece *piece)
{
    struct daf_host *h = ctx;

    effect_piece(h, DAF_INPUTLOG_CONTENT_PUT, conn, piece);
    daf_contents_put(h->contents, conn, piece);
}

static void port_content_forget(void *ctx, uint32_t conn)
{
    struct daf_host *h = ctx;

    effect(h, DAF_INPUTLOG_CONTENT_FORGET, conn, NULL, 0);
    daf_contents_forget(h->contents, conn);
}

static void port_content_read(void *ctx, uint32_t conn,
                              const struct daf_port_piece *piece)
{
    struct daf_host *h = ctx;

    effect_piece(h, DAF_INPUTLOG_CONTENT_READ, conn, piece);
    daf_contents_read(h->contents, conn, piece);
}

void daf_host_port_fill(struct daf_host *h)
{
    h->port = (struct daf_port){
        .ctx = h,
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
}
