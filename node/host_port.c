/* SPDX-License-Identifier: Apache-2.0 */
/* What the agent asks for, done. */
#include "node/host_impl.h"

#include <sodium.h>

static void port_send(void *ctx, uint32_t conn, struct daf_view frame)
{
    struct daf_host *h = ctx;

    daf_linkhost_send(h->linkhost, conn, frame);
}

static void port_close(void *ctx, uint32_t conn)
{
    struct daf_host *h = ctx;

    daf_linkhost_close(h->linkhost, conn);
}

static void port_connect(void *ctx, uint32_t conn, enum daf_endpoint endpoint,
                         const struct daf_addr *addr,
                         const struct daf_box_pk *server)
{
    struct daf_host *h = ctx;

    daf_linkhost_connect(h->linkhost, conn, endpoint, addr, server);
}

static void port_admit(void *ctx, const struct daf_box_pk *key, bool allowed)
{
    struct daf_host *h = ctx;

    daf_linkhost_admit(h->linkhost, key, allowed);
}

static void port_porch(void *ctx, const struct daf_box_pk *pk,
                       const struct daf_box_sk *sk)
{
    struct daf_host *h = ctx;
    struct daf_link_porch porch = {.is_open = pk != NULL};

    if (pk != NULL) {
        porch.pk = *pk;
        porch.sk = *sk;
    }
    daf_linkhost_porch(h->linkhost, &porch);
    sodium_memzero(&porch, sizeof(porch));
}

static void port_announce(void *ctx, const struct daf_announce *what)
{
    struct daf_host *h = ctx;

    if (h->discover == NULL) return;
    daf_discoverhost_publish(h->discover, what);
    daf_discoverhost_browse(h->discover, DAF_ENDPOINT_DOOR);
}

static void port_withdraw(void *ctx, enum daf_endpoint endpoint)
{
    struct daf_host *h = ctx;

    if (h->discover != NULL) daf_discoverhost_withdraw(h->discover, endpoint);
}

static void port_begin(void *ctx, uint64_t job)
{
    struct daf_host *h = ctx;

    daf_writer_begin(h->writer, job);
}

static void port_keep(void *ctx, const struct daf_keep *keep)
{
    struct daf_host *h = ctx;

    daf_writer_keep(h->writer, keep);
}

static void port_unchecked(void *ctx, const struct daf_stretch *what)
{
    struct daf_host *h = ctx;

    daf_writer_unchecked(h->writer, what);
}

static void port_checked(void *ctx, const struct daf_stretch *what)
{
    struct daf_host *h = ctx;

    daf_writer_checked(h->writer, what);
}

static void port_drop(void *ctx, const struct daf_log_key *log,
                      const struct daf_spot *spot)
{
    struct daf_host *h = ctx;

    daf_writer_drop(h->writer, log, spot);
}

static void port_end(void *ctx, uint64_t job)
{
    struct daf_host *h = ctx;

    daf_writer_end(h->writer, job);
}

static void port_acked(void *ctx, const struct daf_log_key *log,
                       uint64_t seq_first, const struct daf_spot *last)
{
    struct daf_host *h = ctx;

    daf_writer_acked(h->writer, log, seq_first, last);
}

static void port_content_put(void *ctx, uint32_t conn,
                             const struct daf_port_piece *piece)
{
    struct daf_host *h = ctx;

    daf_airwatch_busy(h->airwatch);
    daf_contents_put(h->contents, conn, piece);
}

static void port_content_forget(void *ctx, uint32_t conn)
{
    struct daf_host *h = ctx;

    daf_contents_forget(h->contents, conn);
}

static void port_content_read(void *ctx, uint32_t conn,
                              const struct daf_port_piece *piece)
{
    struct daf_host *h = ctx;

    daf_contents_read(h->contents, conn, piece);
}

static void port_statement(void *ctx, const struct daf_statement *st,
                           struct daf_view bytes)
{
    struct daf_host *h = ctx;

    (void)st;
    daf_writer_statement(h->writer, bytes);
}

static void port_self(void *ctx, const struct daf_self *self)
{
    struct daf_host *h = ctx;

    daf_writer_self(h->writer, self);
}

static void port_erase(void *ctx, const struct daf_erase *what)
{
    struct daf_host *h = ctx;

    daf_writer_erase(h->writer, what);
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
        .store_statement = port_statement,
        .store_self = port_self,
        .store_erase = port_erase,
        .store_end = port_end,
        .store_acked = port_acked,
        .content_put = port_content_put,
        .content_forget = port_content_forget,
        .content_read = port_content_read,
    };
}
