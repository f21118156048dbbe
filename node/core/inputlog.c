/* SPDX-License-Identifier: Apache-2.0 */
#include "node/core/inputlog.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/cursor.h"

#define MAGIC          "daf-inputs"
#define HEAD_FIELDS    15
#define ENTRY_FIELDS   4   /* kind, now, commits; effects at the end */
#define FIXED_BYTES    640 /* a head, or an entry, less its views and lists */
#define ITEM_BYTES     128 /* a stored item is at most this long ... */
#define ITEM_BYTES_MIN 75  /* ... and at least this */
#define DID_BYTES      24  /* an activity less its item */
#define NOTED          21  /* behind the last kind of input */
#define CUT_BYTES_MAX  ((size_t)1024 * 1024) /* no entry is longer */

static_assert(NOTED == DAF_INPUT_SHELF + 1, "a new input is a new version");
static_assert(DAF_AGENT_OWN_MAX <= DAF_INPUTLOG_OWN_MAX, "of one OWN");

/* How many fields each kind has of its own. */
static const size_t kind_fields[] = {
    [DAF_INPUT_TIMER] = 0,     [DAF_INPUT_LISTENING] = 2,
    [DAF_INPUT_LINK_LOST] = 0, [DAF_INPUT_OPENED] = 3,
    [DAF_INPUT_FRAME] = 2,     [DAF_INPUT_CLOSED] = 1,
    [DAF_INPUT_STORED] = 4,    [DAF_INPUT_PEER] = 3,
    [DAF_INPUT_WRITE] = 8,     [DAF_INPUT_STOP] = 0,
    [DAF_INPUT_FOUND] = 5,     [DAF_INPUT_GONE] = 2,
    [DAF_INPUT_OWN] = 1,       [DAF_INPUT_PORCH] = 5,
    [DAF_INPUT_PORCHED] = 1,   [DAF_INPUT_ITEM] = 11,
    [DAF_INPUT_PUT] = 6,       [DAF_INPUT_READ] = 7,
    [DAF_INPUT_AIR] = 2,       [DAF_INPUT_ROUND] = 1,
    [DAF_INPUT_SHELF] = 1,     [NOTED] = 3,
};

static uint64_t kind_of(const struct daf_inputlog_entry *e)
{
    return e->is_noted ? NOTED : (uint64_t)e->input.kind;
}

const char *daf_inputlog_kind_str(const struct daf_inputlog_entry *e)
{
    static const char *const words[] = {
        "TIMER",  "LISTENING", "LINK_LOST", "OPENED", "FRAME", "CLOSED",
        "STORED", "PEER",      "WRITE",     "STOP",   "FOUND", "GONE",
        "OWN",    "PORCH",     "PORCHED",   "ITEM",   "PUT",   "READ",
        "AIR",    "ROUND",     "SHELF",     "NOTED",
    };
    static_assert(sizeof(words) / sizeof(words[0]) == NOTED + 1, "all");

    return words[kind_of(e)];
}

/* ---- the head, written */

size_t daf_inputlog_head_bytes(const struct daf_inputlog_head *head)
{
    return FIXED_BYTES + head->manifest.len + head->cert.len;
}

static void pack_self(struct daf_pack *k, const struct daf_self *self)
{
    daf_pack_array(k, self->lives_count);
    for (size_t i = 0; i < self->lives_count; i++)
        daf_pack_uint(k, self->lives[i]);
    daf_pack_bool(k, self->is_restored);
}

void daf_inputlog_pack_head(struct daf_pack *k,
                            const struct daf_inputlog_head *head)
{
    const struct daf_device_keys *keys = &head->keys;
    const struct daf_secrets *secrets = &head->secrets;

    daf_pack_array(k, HEAD_FIELDS);
    daf_pack_str(k, MAGIC, strlen(MAGIC));
    daf_pack_uint(k, DAF_INPUTLOG_VERSION);
    daf_pack_bin(k, head->seed, sizeof(head->seed));
    daf_pack_uint(k, head->boot_number);
    pack_self(k, &head->self);
    daf_pack_bin(k, keys->sign.b, sizeof(keys->sign.b));
    daf_pack_bin(k, keys->transport.b, sizeof(keys->transport.b));
    daf_pack_bin(k, keys->seal.b, sizeof(keys->seal.b));
    daf_pack_bin(k, secrets->sign.b, sizeof(secrets->sign.b));
    daf_pack_bin(k, secrets->transport.b, sizeof(secrets->transport.b));
    daf_pack_bin(k, secrets->seal.b, sizeof(secrets->seal.b));
    daf_pack_bin(k, head->manifest.p, head->manifest.len);
    daf_pack_bin(k, head->cert.p, head->cert.len);
    daf_pack_bin(k, head->start.b, sizeof(head->start.b));
}

/* ---- one entry, written */

static void put_items(struct daf_pack *k, const struct daf_input *in)
{
    daf_pack_array(k, in->items_count);
    for (size_t i = 0; i < in->items_count; i++) {
        const struct daf_stored_item *item = &in->items[i];

        daf_pack_array(k, 7);
        daf_pack_bin(k, item->log.scope.b, sizeof(item->log.scope.b));
        daf_pack_bin(k, item->log.author.b, sizeof(item->log.author.b));
        daf_pack_uint(k, item->log.incarnation);
        daf_pack_uint(k, item->spot.seq);
        daf_pack_bin(k, item->spot.id.b, sizeof(item->spot.id.b));
        daf_pack_bool(k, item->is_new);
        daf_pack_bool(k, item->is_deferred);
    }
}

static void put_write(struct daf_pack *k, const struct daf_write *w)
{
    daf_pack_uint(k, w->ticket);
    daf_pack_uint(k, (uint64_t)w->kind);
    daf_pack_uint(k, w->claimed.ms);
    daf_pack_uint(k, w->time_quality);
    daf_pack_str(k, w->scope, strlen(w->scope));
    /* As bytes: what a person typed need not be good UTF-8. */
    daf_pack_bin(k, w->learner.p, w->learner.len);
    daf_pack_array(k, w->did_count);
    for (size_t i = 0; i < w->did_count; i++) {
        daf_pack_array(k, 3);
        daf_pack_bin(k, w->did[i].item.p, w->did[i].item.len);
        if (w->did[i].has_score)
            daf_pack_uint(k, w->did[i].score);
        else
            daf_pack_nil(k);
        daf_pack_uint(k, w->did[i].seconds);
    }
    daf_pack_bin(k, w->payload.p, w->payload.len);
}

static void put_porch(struct daf_pack *k, const struct daf_porch_wish *wish)
{
    daf_pack_uint(k, (uint64_t)wish->what);
    daf_pack_uint(k, wish->id);
    daf_pack_str(k, wish->scope, strlen(wish->scope));
    daf_pack_str(k, wish->right, strlen(wish->right));
    daf_pack_bin(k, wish->cert.p, wish->cert.len);
}

static void put_news(struct daf_pack *k, const struct daf_item_news *news)
{
    daf_pack_bin(k, news->content.b, sizeof(news->content.b));
    daf_pack_uint(k, news->parts);
    daf_pack_uint(k, news->pages);
    daf_pack_uint(k, news->part_bytes);
    daf_pack_bool(k, news->is_gone);
    daf_pack_bool(k, news->is_whole);
    daf_pack_bool(k, news->is_wanted);
    daf_pack_bool(k, news->is_stuck);
    daf_pack_uint(k, news->rank);
    daf_pack_uint(k, news->at.ms);
    daf_pack_bin(k, news->bits.p, news->bits.len);
}

static void put_piece(struct daf_pack *k, const struct daf_input *in)
{
    daf_pack_uint(k, in->conn);
    daf_pack_bin(k, in->piece.content.b, sizeof(in->piece.content.b));
    daf_pack_uint(k, in->piece.part);
    daf_pack_uint(k, in->piece.offset);
}

static void put_read(struct daf_pack *k, const struct daf_input *in)
{
    put_piece(k, in);
    daf_pack_bin(k, in->piece.bytes.p, in->piece.bytes.len);
    daf_pack_bool(k, in->is_last);
    daf_pack_uint(k, (uint64_t)in->err);
}

static void put_addr(struct daf_pack *k, const struct daf_addr *addr)
{
    daf_pack_str(k, addr->text, strlen(addr->text));
}

static void put_service(struct daf_pack *k, const struct daf_announce *service)
{
    daf_pack_uint(k, (uint64_t)service->endpoint);
    daf_pack_bin(k, service->name, sizeof(service->name));
}

static void put_own(struct daf_pack *k, const struct daf_input *in)
{
    daf_pack_array(k, in->addrs_count);
    for (size_t i = 0; i < in->addrs_count; i++)
        put_addr(k, &in->addrs[i]);
}

/* A case for each input.  NOLINTNEXTLINE(readability-function-size) */
static void put_input(struct daf_pack *k, const struct daf_inputlog_entry *e)
{
    const struct daf_input *in = &e->input;

    switch (in->kind) {
    case DAF_INPUT_TIMER:
    case DAF_INPUT_LINK_LOST:
    case DAF_INPUT_STOP:
        break;
    case DAF_INPUT_LISTENING:
        daf_pack_uint(k, in->port_door);
        daf_pack_uint(k, in->port_mesh);
        break;
    case DAF_INPUT_OPENED:
        daf_pack_uint(k, in->conn);
        daf_pack_uint(k, (uint64_t)in->endpoint);
        daf_pack_bin(k, in->key.b, sizeof(in->key.b));
        break;
    case DAF_INPUT_FRAME:
        daf_pack_uint(k, in->conn);
        daf_pack_bin(k, in->bytes.p, in->bytes.len);
        break;
    case DAF_INPUT_CLOSED:
        daf_pack_uint(k, in->conn);
        break;
    case DAF_INPUT_STORED:
        daf_pack_uint(k, in->job);
        daf_pack_uint(k, (uint64_t)in->err);
        daf_pack_uint(k, e->commit);
        put_items(k, in);
        break;
    case DAF_INPUT_PEER:
        put_addr(k, &in->addr);
        daf_pack_uint(k, (uint64_t)in->found_by);
        daf_pack_bin(k, in->author.b, sizeof(in->author.b));
        break;
    case DAF_INPUT_WRITE:
        put_write(k, in->write);
        break;
    case DAF_INPUT_FOUND:
        put_service(k, &in->service);
        daf_pack_uint(k, in->service.port);
        daf_pack_bin(k, in->service.data, sizeof(in->service.data));
        put_addr(k, &in->addr);
        break;
    case DAF_INPUT_GONE:
        put_service(k, &in->service);
        break;
    case DAF_INPUT_OWN:
        put_own(k, in);
        break;
    case DAF_INPUT_PORCH:
        put_porch(k, in->porch);
        break;
    case DAF_INPUT_PORCHED:
        daf_pack_uint(k, in->port_porch);
        break;
    case DAF_INPUT_ITEM:
        put_news(k, in->item);
        break;
    case DAF_INPUT_PUT:
        put_piece(k, in);
        daf_pack_uint(k, (uint64_t)in->put);
        daf_pack_uint(k, (uint64_t)in->err);
        break;
    case DAF_INPUT_READ:
        put_read(k, in);
        break;
    case DAF_INPUT_AIR:
        daf_pack_uint(k, (uint64_t)in->air.kind);
        daf_pack_bin(k, in->air.id, sizeof(in->air.id));
        break;
    case DAF_INPUT_ROUND:
        daf_pack_uint(k, in->round_us);
        break;
    case DAF_INPUT_SHELF:
        daf_pack_bool(k, in->is_there);
        break;
    }
}

static size_t bytes_of(const struct daf_input *in)
{
    size_t bytes = FIXED_BYTES;

    if (in->kind == DAF_INPUT_FRAME) bytes += in->bytes.len;
    if (in->kind == DAF_INPUT_PORCH) bytes += in->porch->cert.len;
    if (in->kind == DAF_INPUT_ITEM) bytes += in->item->bits.len;
    if (in->kind == DAF_INPUT_READ) bytes += in->piece.bytes.len;
    if (in->kind == DAF_INPUT_OWN)
        bytes += in->addrs_count * sizeof(struct daf_addr);
    if (in->kind == DAF_INPUT_STORED) bytes += in->items_count * ITEM_BYTES;
    if (in->kind != DAF_INPUT_WRITE) return bytes;
    bytes += in->write->learner.len + in->write->payload.len;
    for (size_t i = 0; i < in->write->did_count; i++)
        bytes += DID_BYTES + in->write->did[i].item.len;
    return bytes;
}

size_t daf_inputlog_entry_bytes(const struct daf_inputlog_entry *e)
{
    return e->is_noted ? FIXED_BYTES : bytes_of(&e->input);
}

void daf_inputlog_pack_entry(struct daf_pack *k,
                             const struct daf_inputlog_entry *e)
{
    uint64_t kind = kind_of(e);

    daf_pack_array(k, ENTRY_FIELDS + kind_fields[kind]);
    daf_pack_uint(k, kind);
    daf_pack_uint(k, e->now.ms);
    daf_pack_uint(k, e->commits);
    if (e->is_noted) {
        daf_pack_uint(k, e->commit);
        daf_pack_uint(k, e->notes_first);
        daf_pack_uint(k, e->notes_count);
    } else {
        put_input(k, e);
    }
    daf_pack_bin(k, e->effects, sizeof(e->effects));
}

/* ---- reading */

/* What an entry's views point to besides the log; kept between entries. */
struct lists {
    struct daf_stored_item *items;
    struct daf_did *did;
    struct daf_write write;
    struct daf_porch_wish porch;
    struct daf_item_news news;
    struct daf_addr own[DAF_INPUTLOG_OWN_MAX];
};

static void get_item(struct daf_cursor *c, struct daf_stored_item *out)
{
    daf_cursor_array_of(c, 7);
    daf_cursor_bin_into(c, out->log.scope.b, sizeof(out->log.scope.b));
    daf_cursor_bin_into(c, out->log.author.b, sizeof(out->log.author.b));
    out->log.incarnation = daf_cursor_uint(c, UINT64_MAX);
    out->spot.seq = daf_cursor_uint(c, UINT64_MAX);
    daf_cursor_bin_into(c, out->spot.id.b, sizeof(out->spot.id.b));
    out->is_new = daf_cursor_bool(c);
    out->is_deferred = daf_cursor_bool(c);
}

static void get_items(struct daf_cursor *c, struct daf_input *in,
                      struct lists *lists)
{
    size_t left = c->len - c->at;
    size_t count = daf_cursor_array(c, left / ITEM_BYTES_MIN);

    free(lists->items);
    lists->items = calloc(count > 0 ? count : 1, sizeof(*lists->items));
    if (lists->items == NULL) {
        daf_cursor_fail(c, DAF_ENOMEM, c->at);
        return;
    }
    for (size_t i = 0; i < count; i++)
        get_item(c, &lists->items[i]);
    in->items = lists->items;
    in->items_count = count;
}

static void get_did(struct daf_cursor *c, struct daf_did *out)
{
    daf_cursor_array_of(c, 3);
    out->item = daf_cursor_bin(c, SIZE_MAX);
    out->has_score = daf_cursor_peek(c) != DAF_KIND_NIL;
    if (out->has_score)
        out->score = (uint32_t)daf_cursor_uint(c, UINT32_MAX);
    else
        daf_cursor_nil(c);
    out->seconds = (uint32_t)daf_cursor_uint(c, UINT32_MAX);
}

static void get_text(struct daf_cursor *c, char *out, size_t cap)
{
    struct daf_view text = daf_cursor_str(c, cap - 1);

    if (text.len > 0) memcpy(out, text.p, text.len);
}

static void get_write(struct daf_cursor *c, struct daf_input *in,
                      struct lists *lists)
{
    struct daf_write *w = &lists->write;

    *w = (struct daf_write){.ticket = daf_cursor_uint(c, UINT64_MAX)};
    w->kind = (enum daf_write_kind)daf_cursor_uint(c, DAF_WRITE_RENEWAL);
    w->claimed.ms = daf_cursor_uint(c, DAF_INT_MAX);
    w->time_quality = (uint8_t)daf_cursor_uint(c, DAF_TIME_BEACON);
    get_text(c, w->scope, sizeof(w->scope));
    w->learner = daf_cursor_bin(c, SIZE_MAX);
    w->did_count = daf_cursor_array(c, DAF_DID_MAX);
    free(lists->did);
    lists->did = calloc(DAF_DID_MAX, sizeof(*lists->did));
    if (lists->did == NULL) {
        daf_cursor_fail(c, DAF_ENOMEM, c->at);
        return;
    }
    for (size_t i = 0; i < w->did_count; i++)
        get_did(c, &lists->did[i]);
    w->did = lists->did;
    w->payload = daf_cursor_bin(c, SIZE_MAX);
    in->write = w;
}

static void get_porch(struct daf_cursor *c, struct daf_input *in,
                      struct lists *lists)
{
    struct daf_porch_wish *w = &lists->porch;

    *w = (struct daf_porch_wish){0};
    w->what = (enum daf_porch_do)daf_cursor_uint(c, DAF_PORCH_CLOSE);
    w->id = daf_cursor_uint(c, UINT64_MAX);
    get_text(c, w->scope, sizeof(w->scope));
    get_text(c, w->right, sizeof(w->right));
    w->cert = daf_cursor_bin(c, DAF_CERT_BYTES_MAX);
    in->porch = w;
}

static void get_addr(struct daf_cursor *c, struct daf_addr *out)
{
    get_text(c, out->text, sizeof(out->text));
}

static enum daf_endpoint get_endpoint(struct daf_cursor *c)
{
    size_t start = c->at;
    uint64_t endpoint = daf_cursor_uint(c, DAF_ENDPOINT_PORCH);

    if (endpoint == 0) daf_cursor_fail(c, DAF_EFORM, start);
    return (enum daf_endpoint)endpoint;
}

static void get_service(struct daf_cursor *c, struct daf_announce *out)
{
    out->endpoint = get_endpoint(c);
    daf_cursor_bin_into(c, out->name, sizeof(out->name));
}

static void get_own(struct daf_cursor *c, struct daf_input *in,
                    struct lists *lists)
{
    size_t count = daf_cursor_array(c, DAF_INPUTLOG_OWN_MAX);

    memset(lists->own, 0, sizeof(lists->own));
    for (size_t i = 0; i < count; i++)
        get_addr(c, &lists->own[i]);
    in->addrs = lists->own;
    in->addrs_count = count;
}

static uint16_t get_port(struct daf_cursor *c)
{
    return (uint16_t)daf_cursor_uint(c, UINT16_MAX);
}

static uint32_t get_conn(struct daf_cursor *c)
{
    return (uint32_t)daf_cursor_uint(c, UINT32_MAX);
}

static void get_news(struct daf_cursor *c, struct daf_input *in,
                     struct lists *lists)
{
    struct daf_item_news *n = &lists->news;

    *n = (struct daf_item_news){.is_gone = false};
    daf_cursor_bin_into(c, n->content.b, sizeof(n->content.b));
    n->parts = (uint32_t)daf_cursor_uint(c, DAF_CONTENT_PARTS_MAX);
    n->pages = (uint32_t)daf_cursor_uint(c, DAF_CONTENT_PAGES_MAX);
    n->part_bytes = (uint32_t)daf_cursor_uint(c, DAF_CHUNK_BYTES_MAX);
    n->is_gone = daf_cursor_bool(c);
    n->is_whole = daf_cursor_bool(c);
    n->is_wanted = daf_cursor_bool(c);
    n->is_stuck = daf_cursor_bool(c);
    n->rank = (uint8_t)daf_cursor_uint(c, UINT8_MAX);
    n->at.ms = daf_cursor_uint(c, DAF_INT_MAX);
    n->bits = daf_cursor_bin(c, DAF_CONTENT_PARTS_MAX / 8);
    in->item = n;
}

static void get_piece(struct daf_cursor *c, struct daf_input *in)
{
    in->conn = get_conn(c);
    daf_cursor_bin_into(c, in->piece.content.b, sizeof(in->piece.content.b));
    in->piece.part = (uint32_t)daf_cursor_uint(c, DAF_CONTENT_PARTS_MAX);
    in->piece.offset = (uint32_t)daf_cursor_uint(c, DAF_CHUNK_BYTES_MAX);
}

static enum daf_err get_err(struct daf_cursor *c)
{
    return (enum daf_err)daf_cursor_uint(c, DAF_ERR_COUNT - 1);
}

static void get_read(struct daf_cursor *c, struct daf_input *in)
{
    get_piece(c, in);
    in->piece.bytes = daf_cursor_bin(c, DAF_PIECE_BYTES_MAX);
    in->is_last = daf_cursor_bool(c);
    in->err = get_err(c);
}

/* A case for each input.  NOLINTNEXTLINE(readability-function-size) */
static void get_input(struct daf_cursor *c, struct daf_inputlog_entry *e,
                      struct lists *lists)
{
    struct daf_input *in = &e->input;

    switch (in->kind) {
    case DAF_INPUT_TIMER:
    case DAF_INPUT_LINK_LOST:
    case DAF_INPUT_STOP:
        break;
    case DAF_INPUT_LISTENING:
        in->port_door = get_port(c);
        in->port_mesh = get_port(c);
        break;
    case DAF_INPUT_OPENED:
        in->conn = get_conn(c);
        in->endpoint = get_endpoint(c);
        daf_cursor_bin_into(c, in->key.b, sizeof(in->key.b));
        break;
    case DAF_INPUT_FRAME:
        in->conn = get_conn(c);
        in->bytes = daf_cursor_bin(c, SIZE_MAX);
        break;
    case DAF_INPUT_CLOSED:
        in->conn = get_conn(c);
        break;
    case DAF_INPUT_STORED:
        in->job = daf_cursor_uint(c, UINT64_MAX);
        in->err = get_err(c);
        e->commit = daf_cursor_uint(c, UINT64_MAX);
        get_items(c, in, lists);
        break;
    case DAF_INPUT_PEER:
        get_addr(c, &in->addr);
        in->found_by = (enum daf_found_by)daf_cursor_uint(c, DAF_FOUND_STATIC);
        daf_cursor_bin_into(c, in->author.b, sizeof(in->author.b));
        break;
    case DAF_INPUT_WRITE:
        get_write(c, in, lists);
        break;
    case DAF_INPUT_FOUND:
        get_service(c, &in->service);
        in->service.port = get_port(c);
        daf_cursor_bin_into(c, in->service.data, sizeof(in->service.data));
        get_addr(c, &in->addr);
        break;
    case DAF_INPUT_GONE:
        get_service(c, &in->service);
        break;
    case DAF_INPUT_OWN:
        get_own(c, in, lists);
        break;
    case DAF_INPUT_PORCH:
        get_porch(c, in, lists);
        break;
    case DAF_INPUT_PORCHED:
        in->port_porch = get_port(c);
        break;
    case DAF_INPUT_ITEM:
        get_news(c, in, lists);
        break;
    case DAF_INPUT_PUT:
        get_piece(c, in);
        in->put = (enum daf_shelf_put)daf_cursor_uint(c, DAF_SHELF_CONDEMNED);
        in->err = get_err(c);
        break;
    case DAF_INPUT_READ:
        get_read(c, in);
        break;
    case DAF_INPUT_AIR:
        in->air.kind = (enum daf_air_kind)daf_cursor_uint(c, DAF_AIR_RADIO);
        daf_cursor_bin_into(c, in->air.id, sizeof(in->air.id));
        break;
    case DAF_INPUT_ROUND:
        in->round_us = (uint32_t)daf_cursor_uint(c, UINT32_MAX);
        break;
    case DAF_INPUT_SHELF:
        in->is_there = daf_cursor_bool(c);
        break;
    }
}

static bool get_entry(struct daf_cursor *c, struct daf_inputlog_entry *e,
                      struct lists *lists)
{
    size_t count = daf_cursor_array(c, 16), start = c->at;
    uint64_t kind = daf_cursor_uint(c, NOTED);

    *e = (struct daf_inputlog_entry){.is_noted = kind == NOTED};
    if (count != ENTRY_FIELDS + kind_fields[kind])
        daf_cursor_fail(c, DAF_EFORM, start);
    e->now.ms = daf_cursor_uint(c, DAF_INT_MAX);
    e->commits = daf_cursor_uint(c, UINT64_MAX);
    if (e->is_noted) {
        e->commit = daf_cursor_uint(c, UINT64_MAX);
        e->notes_first = daf_cursor_uint(c, UINT64_MAX);
        e->notes_count = daf_cursor_uint(c, UINT64_MAX);
    } else {
        e->input.kind = (enum daf_input_kind)kind;
        get_input(c, e, lists);
    }
    daf_cursor_bin_into(c, e->effects, sizeof(e->effects));
    return daf_cursor_ok(c);
}

/* Of any version: what stands behind the number is read only if it is ours. */
static enum daf_err get_version(struct daf_cursor *c)
{
    struct daf_view magic;
    uint64_t version;

    (void)daf_cursor_array(c, 16);
    magic = daf_cursor_str(c, strlen(MAGIC));
    version = daf_cursor_uint(c, UINT64_MAX);
    if (!daf_cursor_ok(c) || magic.len != strlen(MAGIC) ||
        memcmp(magic.p, MAGIC, magic.len) != 0)
        return DAF_EFORM;
    return version == DAF_INPUTLOG_VERSION ? DAF_OK : DAF_EVERSION;
}

/* One life at least. */
static void get_self(struct daf_cursor *c, struct daf_self *out)
{
    size_t start = c->at;

    out->lives_count = daf_cursor_array(c, DAF_LIVES_MAX);
    for (size_t i = 0; i < out->lives_count; i++)
        out->lives[i] = daf_cursor_uint(c, UINT64_MAX);
    out->is_restored = daf_cursor_bool(c);
    if (out->lives_count == 0) daf_cursor_fail(c, DAF_EFORM, start);
}

static enum daf_err get_head(struct daf_cursor *c,
                             struct daf_inputlog_head *out)
{
    struct daf_device_keys *keys = &out->keys;
    struct daf_secrets *secrets = &out->secrets;
    struct daf_cursor count = *c;
    enum daf_err err = get_version(c);

    *out = (struct daf_inputlog_head){.boot_number = 0};
    if (err != DAF_OK) return err;
    daf_cursor_array_of(&count, HEAD_FIELDS);
    daf_cursor_bin_into(c, out->seed, sizeof(out->seed));
    out->boot_number = daf_cursor_uint(c, DAF_INT_MAX);
    get_self(c, &out->self);
    daf_cursor_bin_into(c, keys->sign.b, sizeof(keys->sign.b));
    daf_cursor_bin_into(c, keys->transport.b, sizeof(keys->transport.b));
    daf_cursor_bin_into(c, keys->seal.b, sizeof(keys->seal.b));
    daf_cursor_bin_into(c, secrets->sign.b, sizeof(secrets->sign.b));
    daf_cursor_bin_into(c, secrets->transport.b, sizeof(secrets->transport.b));
    daf_cursor_bin_into(c, secrets->seal.b, sizeof(secrets->seal.b));
    out->manifest = daf_cursor_bin(c, DAF_MANIFEST_BYTES_MAX);
    out->cert = daf_cursor_bin(c, DAF_CERT_BYTES_MAX);
    daf_cursor_bin_into(c, out->start.b, sizeof(out->start.b));
    return daf_cursor_ok(c) && daf_cursor_ok(&count) ? DAF_OK : DAF_EFORM;
}

/* Whether these bytes begin an entry whose end is not here, and not a wrong one. */
static bool is_cut(struct daf_view bytes)
{
    struct daf_cursor c;
    enum daf_kind kind;

    daf_cursor_init(&c, bytes);
    daf_cursor_skip(&c);
    if (daf_cursor_ok(&c) || bytes.len > CUT_BYTES_MAX) return false;
    if (bytes.len - c.offset < 9) return true; /* not even a number */
    daf_cursor_init(&c, (struct daf_view){bytes.p + c.offset,
                                          bytes.len - c.offset});
    kind = daf_cursor_peek(&c);
    return kind == DAF_KIND_BIN || kind == DAF_KIND_STR ||
           kind == DAF_KIND_ARRAY;
}

enum daf_err daf_inputlog_read(struct daf_view bytes,
                               struct daf_inputlog_head *out_head,
                               size_t *out_torn, daf_inputlog_fn fn, void *ctx)
{
    struct daf_inputlog_entry e;
    struct lists lists = {0};
    struct daf_cursor c;
    enum daf_err err;
    size_t whole;

    *out_torn = bytes.len;
    daf_cursor_init(&c, bytes);
    err = get_head(&c, out_head);
    if (err != DAF_OK) return err;
    whole = c.at;
    while (whole < bytes.len && get_entry(&c, &e, &lists)) {
        whole = c.at;
        if (!fn(ctx, &e)) break;
    }
    *out_torn = bytes.len - whole;
    free(lists.items);
    free(lists.did);
    if (c.err == DAF_OK) return DAF_OK;
    if (c.err == DAF_ENOMEM) return DAF_ENOMEM;
    return is_cut((struct daf_view){bytes.p + whole, *out_torn}) ? DAF_OK
                                                                 : DAF_ECORRUPT;
}
