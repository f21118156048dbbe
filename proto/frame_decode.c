/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frame_impl.h"
#include "proto/statement.h"

/* Both ends of a range of versions. */
static void read_versions(struct daf_cursor *c, uint32_t *out_min,
                          uint32_t *out_max)
{
    size_t at = c->at;

    *out_min = (uint32_t)daf_cursor_uint(c, UINT32_MAX);
    *out_max = (uint32_t)daf_cursor_uint(c, UINT32_MAX);
    daf_frame_require(c, *out_min <= *out_max, at);
}

static void read_scope(struct daf_cursor *c, struct daf_scope_id *out)
{
    daf_cursor_bin_into(c, out->b, sizeof(out->b));
}

static void read_hello(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_hello *f = &out->hello;

    read_versions(c, &f->version_min, &f->version_max);
    daf_cursor_bin_into(c, f->nonce.b, sizeof(f->nonce.b));
    daf_cursor_bin_into(c, f->boot, sizeof(f->boot));
}

static void read_root(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_root *f = &out->root;

    daf_cursor_bin_into(c, f->author.b, sizeof(f->author.b));
    daf_cursor_bin_into(c, f->sig.b, sizeof(f->sig.b));
    f->manifest_number = daf_cursor_uint(c, DAF_INT_MAX);
    daf_cursor_bin_into(c, f->manifest_mark, sizeof(f->manifest_mark));
    f->bodies = daf_cursor_uint(c, DAF_INT_MAX);
    daf_cursor_bin_into(c, f->combined.b, sizeof(f->combined.b));
    daf_frame_decode_parts(c, &f->parts);
}

static void read_symbols(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_symbols *f = &out->symbols;

    read_scope(c, &f->scope);
    f->start = daf_cursor_uint(c, DAF_SYMBOLS_MAX);
    f->symbols = daf_frame_decode_units(c, DAF_SYMBOL_BYTES,
                                        DAF_SYMBOLS_MAX - (size_t)f->start);
}

static void read_heads(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_heads *f = &out->heads;

    read_scope(c, &f->scope);
    f->kind = (enum daf_heads_kind)daf_cursor_uint(c, DAF_HEADS_ANSWER);
    f->more = daf_cursor_bool(c);
    daf_frame_decode_items(c, f);
}

static void read_want(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_want *f = &out->want;

    read_scope(c, &f->scope);
    f->kind = (enum daf_want_kind)daf_cursor_uint(c, DAF_WANT_SYMBOLS);
    if (f->kind == DAF_WANT_RECORDS) {
        f->credit = daf_cursor_uint(c, DAF_INT_MAX);
        daf_frame_decode_wants(c, &f->logs);
        return;
    }
    if (f->kind == DAF_WANT_SYMBOLS) {
        f->start = daf_cursor_uint(c, DAF_SYMBOLS_MAX);
        f->count = daf_cursor_uint(c, DAF_SYMBOLS_MAX - f->start);
        return;
    }
    f->has_after = daf_cursor_peek(c) != DAF_KIND_NIL;
    if (f->has_after)
        daf_cursor_bin_into(c, f->after.b, sizeof(f->after.b));
    else
        daf_cursor_nil(c);
}

static void read_run(struct daf_cursor *c, struct daf_frame *out)
{
    uint64_t end;

    read_scope(c, &out->run.scope);
    end = daf_cursor_uint(c, 2);
    out->run.last = end > 0;
    out->run.is_cut = end == 2;
    daf_frame_decode_paths(c, &out->run.paths);
}

static void read_need(struct daf_cursor *c, struct daf_frame *out)
{
    read_scope(c, &out->need.scope);
    daf_frame_decode_needs(c, &out->need.logs);
}

static void read_defer(struct daf_cursor *c, struct daf_frame *out)
{
    read_scope(c, &out->defer.scope);
    out->defer.tags =
        daf_frame_decode_units(c, DAF_TAG_BYTES, DAF_DEFERRED_MAX);
}

static void read_ack(struct daf_cursor *c, struct daf_frame *out)
{
    read_scope(c, &out->ack.scope);
    daf_frame_decode_acks(c, &out->ack.paths);
}

static void read_bye(struct daf_cursor *c, struct daf_frame *out)
{
    /* Any reason: a later version may know more of them. */
    out->bye = daf_cursor_uint(c, DAF_INT_MAX);
}

static void read_manifest(struct daf_cursor *c, struct daf_frame *out)
{
    out->bytes.data = daf_cursor_bin(c, DAF_MANIFEST_BYTES_MAX);
}

static void read_register(struct daf_cursor *c, struct daf_frame *out)
{
    daf_cursor_bin_into(c, out->bytes.author.b, sizeof(out->bytes.author.b));
    out->bytes.data = daf_cursor_bin(c, DAF_STATEMENT_BYTES_MAX);
}

static void read_part(struct daf_cursor *c, struct daf_part *out)
{
    daf_cursor_bin_into(c, out->content.b, sizeof(out->content.b));
    out->part = (uint32_t)daf_cursor_uint(c, DAF_CONTENT_PARTS_MAX - 1);
}

static void read_have(struct daf_cursor *c, struct daf_frame *out)
{
    read_part(c, &out->part);
    out->part.data = daf_cursor_bin(c, DAF_CONTENT_PARTS_MAX / 8);
}

static void read_chunk(struct daf_cursor *c, struct daf_frame *out)
{
    read_part(c, &out->part);
    out->part.offset = (uint32_t)daf_cursor_uint(c, DAF_CHUNK_BYTES_MAX);
    out->part.data = daf_cursor_bin(c, DAF_PIECE_BYTES_MAX);
}

static void read_fetch(struct daf_cursor *c, struct daf_frame *out)
{
    read_part(c, &out->part);
    out->part.offset = (uint32_t)daf_cursor_uint(c, DAF_CHUNK_BYTES_MAX);
}

static void read_seek(struct daf_cursor *c, struct daf_frame *out)
{
    out->seek =
        daf_frame_decode_units(c, sizeof(struct daf_hash), DAF_SEEK_MAX);
}

static void read_turn(struct daf_cursor *c, struct daf_frame *out)
{
    out->turn = (uint32_t)daf_cursor_uint(c, DAF_TURN_MAX);
}

static void read_air(struct daf_cursor *c, struct daf_frame *out)
{
    out->air.is_radio = daf_cursor_peek(c) != DAF_KIND_NIL;
    if (out->air.is_radio)
        daf_cursor_bin_into(c, out->air.id, sizeof(out->air.id));
    else
        daf_cursor_nil(c);
}

static void read_stated(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_stated_list *f = &out->stated;
    size_t start;

    f->kind = (enum daf_stated_kind)daf_cursor_uint(c, DAF_STATED_ANSWER);
    start = c->at;
    if (f->kind == DAF_STATED_SUM) {
        f->data = daf_cursor_bin(c, sizeof(struct daf_sum));
        daf_frame_require(c, f->data.len == sizeof(struct daf_sum), start);
    } else {
        f->data =
            daf_frame_decode_units(c, DAF_STATED_BYTES, DAF_STATEMENTS_MAX);
    }
}

static void read_knock(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_knock *f = &out->knock;

    read_versions(c, &f->version_min, &f->version_max);
    daf_cursor_bin_into(c, f->nonce.b, sizeof(f->nonce.b));
}

static void read_nonce(struct daf_cursor *c, struct daf_frame *out)
{
    daf_cursor_bin_into(c, out->nonce.b, sizeof(out->nonce.b));
}

static void read_addresses(struct daf_cursor *c, struct daf_frame *out)
{
    daf_frame_decode_devices(c, &out->addresses.devices);
}

static void read_proof(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_proof *f = &out->proof;
    size_t at;

    f->manifest = daf_cursor_bin(c, DAF_MANIFEST_BYTES_MAX);
    at = c->at;
    if (daf_cursor_peek(c) == DAF_KIND_NIL) {
        daf_cursor_nil(c);
    } else {
        f->cert = daf_cursor_bin(c, DAF_CERT_BYTES_MAX);
        /* Empty already means nil to who reads struct daf_proof. */
        daf_frame_require(c, f->cert.len > 0, at);
    }
    daf_cursor_bin_into(c, f->author.b, sizeof(f->author.b));
    daf_cursor_bin_into(c, f->sig.b, sizeof(f->sig.b));
}

static void read_welcome(struct daf_cursor *c, struct daf_frame *out)
{
    read_proof(c, out);
    out->proof.port = (uint16_t)daf_cursor_uint(c, UINT16_MAX);
}

static void read_revoked(struct daf_cursor *c, struct daf_frame *out)
{
    out->revoked.header = daf_cursor_bin(c, DAF_HEADER_BYTES_MAX);
    out->revoked.body = daf_cursor_bin(c, DAF_DOOR_BYTES_MAX);
}

static void read_ask(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_ask *f = &out->ask;

    read_versions(c, &f->version_min, &f->version_max);
    daf_cursor_bin_into(c, f->commitment.b, sizeof(f->commitment.b));
    daf_cursor_bin_into(c, f->mac.b, sizeof(f->mac.b));
}

static void read_offer(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_offer *f = &out->offer;

    daf_cursor_bin_into(c, f->manifest.b, sizeof(f->manifest.b));
    daf_cursor_bin_into(c, f->commitment.b, sizeof(f->commitment.b));
    daf_cursor_bin_into(c, f->mac.b, sizeof(f->mac.b));
}

static void read_reveal(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_reveal *f = &out->reveal;

    daf_cursor_bin_into(c, f->nonce.b, sizeof(f->nonce.b));
    f->request = daf_cursor_bin(c, DAF_REQUEST_BYTES_MAX);
}

static void read_accept(struct daf_cursor *c, struct daf_frame *out)
{
    struct daf_accept *f = &out->accept;

    f->manifest = daf_cursor_bin(c, DAF_MANIFEST_BYTES_MAX);
    f->cert = daf_cursor_bin(c, DAF_CERT_BYTES_MAX);
    f->port = (uint16_t)daf_cursor_uint(c, UINT16_MAX);
}

static void read_decline(struct daf_cursor *c, struct daf_frame *out)
{
    /* Any reason: a later version may know more of them. */
    out->decline = daf_cursor_uint(c, DAF_INT_MAX);
}

/* Items of the array, the number among them. */
#define WANT_PAGE_ARITY 4

static const struct {
    const char *name;
    size_t arity;
    void (*read)(struct daf_cursor *c, struct daf_frame *out);
} shapes[] = {
    [DAF_FRAME_UNKNOWN] = {"UNKNOWN", 0, NULL},
    [DAF_FRAME_HELLO] = {"HELLO", 5, read_hello},
    [DAF_FRAME_ROOT] = {"ROOT", 8, read_root},
    [DAF_FRAME_SYMBOLS] = {"SYMBOLS", 4, read_symbols},
    [DAF_FRAME_HEADS] = {"HEADS", 5, read_heads},
    [DAF_FRAME_WANT] = {"WANT", 5, read_want},
    [DAF_FRAME_RUN] = {"RUN", 4, read_run},
    [DAF_FRAME_NEED] = {"NEED", 3, read_need},
    [DAF_FRAME_DEFER] = {"DEFER", 3, read_defer},
    [DAF_FRAME_ACK] = {"ACK", 3, read_ack},
    [DAF_FRAME_BYE] = {"BYE", 2, read_bye},
    [DAF_FRAME_MANIFEST] = {"MANIFEST", 2, read_manifest},
    [DAF_FRAME_REGISTER] = {"REGISTER", 3, read_register},
    [DAF_FRAME_HAVE] = {"HAVE", 4, read_have},
    [DAF_FRAME_CHUNK] = {"CHUNK", 5, read_chunk},
    [DAF_FRAME_ADDRESSES] = {"ADDRESSES", 2, read_addresses},
    [DAF_FRAME_SEEK] = {"SEEK", 2, read_seek},
    [DAF_FRAME_FETCH] = {"FETCH", 4, read_fetch},
    [DAF_FRAME_TURN] = {"TURN", 2, read_turn},
    [DAF_FRAME_AIR] = {"AIR", 2, read_air},
    [DAF_FRAME_STATED] = {"STATED", 3, read_stated},
    [DAF_FRAME_KNOCK] = {"KNOCK", 4, read_knock},
    [DAF_FRAME_NONCE] = {"NONCE", 2, read_nonce},
    [DAF_FRAME_PROOF] = {"PROOF", 5, read_proof},
    [DAF_FRAME_WELCOME] = {"WELCOME", 6, read_welcome},
    [DAF_FRAME_REVOKED] = {"REVOKED", 3, read_revoked},
    [DAF_FRAME_ASK] = {"ASK", 5, read_ask},
    [DAF_FRAME_OFFER] = {"OFFER", 4, read_offer},
    [DAF_FRAME_REVEAL] = {"REVEAL", 3, read_reveal},
    [DAF_FRAME_ANSWER] = {"ANSWER", 2, read_nonce},
    [DAF_FRAME_ACCEPT] = {"ACCEPT", 4, read_accept},
    [DAF_FRAME_DECLINE] = {"DECLINE", 2, read_decline},
};
#define SHAPES_COUNT (sizeof(shapes) / sizeof(shapes[0]))

static enum daf_frame_kind kind_of(uint64_t number)
{
    if (number >= SHAPES_COUNT || shapes[number].read == NULL)
        return DAF_FRAME_UNKNOWN;
    return (enum daf_frame_kind)number;
}

/* protocol.md R31, R55: door and porch frames are read from strangers, so they are small. */
static size_t bytes_max(enum daf_frame_kind kind)
{
    return kind >= DAF_FRAME_KNOCK ? DAF_DOOR_BYTES_MAX : DAF_FRAME_BYTES_MAX;
}

static void read_frame(struct daf_cursor *c, struct daf_frame *out)
{
    size_t count = daf_cursor_array(c, DAF_FRAME_BYTES_MAX);
    size_t arity;

    daf_frame_require(c, count >= 1, 0);
    out->number = daf_cursor_uint(c, UINT64_MAX);
    if (!daf_cursor_ok(c)) return;
    out->kind = kind_of(out->number);
    if (c->len > bytes_max(out->kind)) {
        daf_cursor_fail(c, DAF_ELIMIT, 0);
        return;
    }
    if (out->kind == DAF_FRAME_UNKNOWN) {
        /* protocol.md R18: from the start, so that depth counts from there. */
        daf_cursor_init(c, (struct daf_view){c->p, c->len});
        daf_cursor_skip(c);
        return;
    }
    shapes[out->kind].read(c, out);
    arity = shapes[out->kind].arity;
    if (out->kind == DAF_FRAME_WANT && out->want.kind == DAF_WANT_PAGE)
        arity = WANT_PAGE_ARITY;
    daf_frame_require(c, count == arity, 0);
}

enum daf_err daf_frame_decode(struct daf_view bytes, struct daf_frame *out,
                              size_t *out_offset)
{
    struct daf_cursor c;

    memset(out, 0, sizeof(*out));
    daf_cursor_init(&c, bytes);
    if (bytes.len > DAF_FRAME_BYTES_MAX)
        daf_cursor_fail(&c, DAF_ELIMIT, 0);
    else
        read_frame(&c, out);
    if (daf_cursor_done(&c)) return DAF_OK;
    /* Nobody may act on half a frame. */
    memset(out, 0, sizeof(*out));
    if (out_offset != NULL) *out_offset = c.offset;
    return c.err;
}

const char *daf_frame_kind_str(enum daf_frame_kind kind)
{
    return shapes[kind_of((uint64_t)kind)].name;
}
