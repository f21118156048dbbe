/* SPDX-License-Identifier: Apache-2.0 */
#include "node/inspect_impl.h"

#include "node/core/addr.h"
#include "proto/hash.h"
#include "proto/request.h"

/* How many symbols of a row are shown: sums tell a person little. */
#define SYMBOLS_SHOWN 4

static void put_scope(struct daf_inspect_out *o, const struct daf_scope_id *id)
{
    daf_inspect_put_hex(o, "scope", id->b, sizeof(id->b));
}

static void put_log(struct daf_inspect_out *o, const struct daf_log_key *log)
{
    daf_inspect_put_hex(o, "author", log->author.b, sizeof(log->author.b));
    daf_inspect_put_uint(o, "incarnation", log->incarnation);
}

static void show_spot(struct daf_inspect_out *o, const struct daf_spot *spot)
{
    daf_inspect_open(o, '{');
    daf_inspect_put_uint(o, "seq", spot->seq);
    daf_inspect_put_hex(o, "id", spot->id.b, sizeof(spot->id.b));
    daf_inspect_close(o, '}');
}

static void put_spot_list(struct daf_inspect_out *o, const char *key,
                          const struct daf_list *list)
{
    struct daf_cursor c = list->items;
    struct daf_spot spot;

    daf_inspect_key(o, key);
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < list->count; i++) {
        daf_frame_next_spot(&c, &spot);
        show_spot(o, &spot);
    }
    daf_inspect_close(o, ']');
}

/* Tags stand side by side. */
static void put_tags(struct daf_inspect_out *o, const char *key,
                     struct daf_view tags)
{
    daf_inspect_key(o, key);
    daf_inspect_open(o, '[');
    for (size_t at = 0; at < tags.len; at += DAF_TAG_BYTES)
        daf_inspect_hex(o, tags.p + at, DAF_TAG_BYTES);
    daf_inspect_close(o, ']');
}

static void put_items(struct daf_inspect_out *o, struct daf_view items)
{
    daf_inspect_key(o, "items");
    daf_inspect_open(o, '[');
    for (size_t at = 0; at < items.len; at += DAF_ITEM_BYTES) {
        const size_t mark_at = DAF_TAG_BYTES + 4;
        struct daf_item item;

        memcpy(item.b, items.p + at, sizeof(item.b));
        daf_inspect_open(o, '{');
        daf_inspect_put_hex(o, "log", item.b, DAF_TAG_BYTES);
        daf_inspect_put_uint(o, "height", daf_sketch_item_height(&item));
        daf_inspect_put_hex(o, "mark", item.b + mark_at,
                            sizeof(item.b) - mark_at);
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
}

/* How many there are, and the first few. */
static void put_symbols(struct daf_inspect_out *o, struct daf_view symbols)
{
    size_t count = symbols.len / DAF_SYMBOL_BYTES;

    daf_inspect_key(o, "symbols");
    daf_inspect_open(o, '{');
    daf_inspect_put_uint(o, "count", count);
    daf_inspect_key(o, "first");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < count && i < SYMBOLS_SHOWN; i++) {
        struct daf_symbol symbol;

        memcpy(&symbol, symbols.p + i * DAF_SYMBOL_BYTES, sizeof(symbol));
        daf_inspect_open(o, '{');
        daf_inspect_put_hex(o, "item", symbol.item, sizeof(symbol.item));
        daf_inspect_put_hex(o, "check", symbol.check, sizeof(symbol.check));
        daf_inspect_put_uint(o, "count",
                             (uint64_t)symbol.count[0] << 8 | symbol.count[1]);
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
    daf_inspect_close(o, '}');
}

static void show_hello(struct daf_inspect_out *o, const struct daf_hello *h)
{
    daf_inspect_put_uint(o, "version_min", h->version_min);
    daf_inspect_put_uint(o, "version_max", h->version_max);
    daf_inspect_put_hex(o, "nonce", h->nonce.b, sizeof(h->nonce.b));
    daf_inspect_put_hex(o, "boot_nonce", h->boot, sizeof(h->boot));
}

static void show_root(struct daf_inspect_out *o, const struct daf_root *r)
{
    struct daf_cursor c = r->parts.items;
    struct daf_root_part part;

    daf_inspect_put_hex(o, "author", r->author.b, sizeof(r->author.b));
    daf_inspect_put_hex(o, "signature", r->sig.b, sizeof(r->sig.b));
    daf_inspect_put_uint(o, "manifest_number", r->manifest_number);
    daf_inspect_put_hex(o, "manifest_mark", r->manifest_mark,
                        sizeof(r->manifest_mark));
    daf_inspect_put_uint(o, "bodies", r->bodies);
    daf_inspect_put_hex(o, "combined", r->combined.b, sizeof(r->combined.b));
    daf_inspect_key(o, "scopes");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < r->parts.count; i++) {
        daf_frame_next_part(&c, &part);
        daf_inspect_open(o, '{');
        put_scope(o, &part.scope);
        daf_inspect_put_uint(o, "heads", part.heads_count);
        daf_inspect_put_hex(o, "sum", part.sum.b, sizeof(part.sum.b));
        put_symbols(o, part.symbols);
        put_tags(o, "deferred", part.deferred);
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
}

static const char *heads_str(enum daf_heads_kind kind)
{
    switch (kind) {
    case DAF_HEADS_PAGE:
        return "page";
    case DAF_HEADS_NEWS:
        return "news";
    case DAF_HEADS_UNACKED:
        return "unacknowledged";
    case DAF_HEADS_ANSWER:
        return "answer";
    }
    return "?";
}

static void show_heads(struct daf_inspect_out *o, const struct daf_heads *h)
{
    put_scope(o, &h->scope);
    daf_inspect_put_text(o, "heads", heads_str(h->kind));
    daf_inspect_put_bool(o, "more", h->more);
    put_items(o, h->items);
}

static void show_want_logs(struct daf_inspect_out *o, const struct daf_want *w)
{
    struct daf_cursor c = w->logs.items;
    struct daf_want_log want;

    daf_inspect_put_uint(o, "credit", w->credit);
    daf_inspect_key(o, "logs");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < w->logs.count; i++) {
        daf_frame_next_want(&c, &want);
        daf_inspect_open(o, '{');
        daf_inspect_put_hex(o, "log", want.tag.b, sizeof(want.tag.b));
        put_spot_list(o, "wants", &want.wants);
        put_spot_list(o, "haves", &want.haves);
        daf_inspect_put_bool(o, "all", want.all);
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
}

static void show_want(struct daf_inspect_out *o, const struct daf_want *w)
{
    put_scope(o, &w->scope);
    switch (w->kind) {
    case DAF_WANT_PAGE:
        daf_inspect_put_text(o, "asks", "page");
        daf_inspect_key(o, "after");
        if (w->has_after)
            daf_inspect_hex(o, w->after.b, sizeof(w->after.b));
        else
            daf_inspect_null(o);
        return;
    case DAF_WANT_RECORDS:
        daf_inspect_put_text(o, "asks", "records");
        show_want_logs(o, w);
        return;
    case DAF_WANT_SYMBOLS:
        daf_inspect_put_text(o, "asks", "symbols");
        daf_inspect_put_uint(o, "start", w->start);
        daf_inspect_put_uint(o, "count", w->count);
        return;
    }
}

static void show_need(struct daf_inspect_out *o, const struct daf_need *n)
{
    struct daf_cursor c = n->logs.items;
    struct daf_need_log need;

    put_scope(o, &n->scope);
    daf_inspect_key(o, "logs");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < n->logs.count; i++) {
        daf_frame_next_need(&c, &n->scope, &need);
        daf_inspect_open(o, '{');
        put_log(o, &need.log);
        put_spot_list(o, "records", &need.spots);
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
}

static const char *state_str(enum daf_body_state state)
{
    switch (state) {
    case DAF_BODY_HELD:
        return "held";
    case DAF_BODY_ERASED:
        return "erased";
    case DAF_BODY_RETIRED:
        return "retired";
    case DAF_BODY_ABSENT:
        return "absent";
    }
    return "?";
}

static void show_path(struct daf_inspect_out *o,
                      const struct daf_run_path *path)
{
    struct daf_cursor c = path->records.items;
    struct daf_run_record record;

    daf_inspect_open(o, '{');
    put_log(o, &path->log);
    daf_inspect_key(o, "records");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < path->records.count; i++) {
        daf_frame_next_record(&c, &record);
        daf_inspect_open(o, '{');
        daf_inspect_key(o, "header");
        daf_inspect_any_header(o, record.header);
        if (record.body_state == DAF_BODY_HELD) {
            daf_inspect_key(o, "body");
            daf_inspect_any_body(o, record.body);
        } else {
            daf_inspect_put_text(o, "body", state_str(record.body_state));
        }
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
    daf_inspect_close(o, '}');
}

static void show_run(struct daf_inspect_out *o, const struct daf_run *r)
{
    struct daf_cursor c = r->paths.items;
    struct daf_run_path path;

    put_scope(o, &r->scope);
    daf_inspect_put_bool(o, "last", r->last);
    daf_inspect_put_bool(o, "cut", r->is_cut);
    daf_inspect_key(o, "paths");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < r->paths.count; i++) {
        daf_frame_next_path(&c, &r->scope, &path);
        show_path(o, &path);
    }
    daf_inspect_close(o, ']');
}

static void show_ack(struct daf_inspect_out *o, const struct daf_ack *a)
{
    struct daf_cursor c = a->paths.items;
    struct daf_ack_path path;

    put_scope(o, &a->scope);
    daf_inspect_key(o, "paths");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < a->paths.count; i++) {
        daf_frame_next_ack(&c, &a->scope, &path);
        daf_inspect_open(o, '{');
        put_log(o, &path.log);
        daf_inspect_put_uint(o, "seq_first", path.seq_first);
        daf_inspect_key(o, "last");
        show_spot(o, &path.last);
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
}

static void show_address(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_where where;
    struct daf_addr addr;

    /* Bytes that name no place to go are no breach: whoever reads skips them. */
    if (daf_addr_unpack(bytes, &where)) {
        daf_addr_format(&where, &addr);
        daf_inspect_str(o, (struct daf_view){(const uint8_t *)addr.text,
                                             strlen(addr.text)});
    } else {
        daf_inspect_hex(o, bytes.p, bytes.len);
    }
}

static void show_addresses(struct daf_inspect_out *o,
                           const struct daf_addresses *a)
{
    struct daf_cursor c = a->devices.items;

    daf_inspect_key(o, "devices");
    daf_inspect_open(o, '[');
    for (size_t i = 0; i < a->devices.count; i++) {
        struct daf_addresses_device device;
        struct daf_cursor each;

        daf_frame_next_device(&c, &device);
        each = device.addresses.items;
        daf_inspect_open(o, '{');
        daf_inspect_put_hex(o, "author", device.author.b,
                            sizeof(device.author.b));
        daf_inspect_key(o, "addresses");
        daf_inspect_open(o, '[');
        for (size_t j = 0; j < device.addresses.count; j++)
            show_address(o, daf_frame_next_address(&each));
        daf_inspect_close(o, ']');
        daf_inspect_close(o, '}');
    }
    daf_inspect_close(o, ']');
}

static void show_bye(struct daf_inspect_out *o, uint64_t reason)
{
    static const char *const words[] = {"stopping",   "duplicate session",
                                        "breach",     "time-out",
                                        "self",       "no common version",
                                        "not proven", "own failure"};

    daf_inspect_put_uint(o, "reason", reason);
    daf_inspect_put_text(o, "words",
                         reason < sizeof(words) / sizeof(words[0])
                             ? words[reason]
                             : "unknown");
}

static void show_bytes(struct daf_inspect_out *o, enum daf_frame_kind kind,
                       const struct daf_bytes *b)
{
    if (kind == DAF_FRAME_MANIFEST) {
        daf_inspect_key(o, "manifest");
        daf_inspect_any_manifest(o, b->data);
        return;
    }
    daf_inspect_put_hex(o, "author", b->author.b, sizeof(b->author.b));
    daf_inspect_put_hex(o, "data", b->data.p, b->data.len);
}

static void show_part(struct daf_inspect_out *o, enum daf_frame_kind kind,
                      const struct daf_part *p)
{
    daf_inspect_put_hex(o, "content", p->content.b, sizeof(p->content.b));
    if (kind == DAF_FRAME_HAVE) {
        daf_inspect_put_uint(o, "start", p->part);
    } else {
        daf_inspect_put_uint(o, "part", p->part);
        daf_inspect_put_uint(o, "part_offset", p->offset);
    }
    if (kind != DAF_FRAME_FETCH)
        daf_inspect_put_hex(o, "data", p->data.p, p->data.len);
}

static void show_air(struct daf_inspect_out *o, const struct daf_air_told *air)
{
    daf_inspect_key(o, "air");
    if (air->is_radio)
        daf_inspect_hex(o, air->id, sizeof(air->id));
    else
        daf_inspect_null(o);
}

static void show_stated(struct daf_inspect_out *o,
                        const struct daf_stated_list *s)
{
    static const char *const names[] = {
        [DAF_STATED_SUM] = "sum",
        [DAF_STATED_LIST] = "list",
        [DAF_STATED_ANSWER] = "answer",
    };

    daf_inspect_put_text(o, "stated", names[s->kind]);
    daf_inspect_put_hex(o, "data", s->data.p, s->data.len);
}

static void show_proof(struct daf_inspect_out *o, const struct daf_proof *p,
                       bool is_welcome)
{
    daf_inspect_key(o, "manifest");
    daf_inspect_any_manifest(o, p->manifest);
    daf_inspect_key(o, "certificate");
    if (p->cert.len > 0)
        daf_inspect_any_cert(o, p->cert);
    else
        daf_inspect_null(o);
    daf_inspect_put_hex(o, "author", p->author.b, sizeof(p->author.b));
    daf_inspect_put_hex(o, "signature", p->sig.b, sizeof(p->sig.b));
    if (is_welcome) daf_inspect_put_uint(o, "mesh_port", p->port);
}

static void show_revoked(struct daf_inspect_out *o, const struct daf_revoked *r)
{
    daf_inspect_key(o, "header");
    daf_inspect_any_header(o, r->header);
    daf_inspect_key(o, "body");
    daf_inspect_any_body(o, r->body);
}

/* A request inside REVEAL; what is none is shown as bytes. */
static void show_request(struct daf_inspect_out *o, struct daf_view bytes)
{
    struct daf_device_keys keys;
    struct daf_author_id author;
    enum daf_err err = daf_request_decode(bytes, &keys, NULL);

    daf_inspect_key(o, "request");
    daf_inspect_open(o, '{');
    if (err == DAF_OK) {
        author = daf_hash_author_id(&keys.sign);
        daf_inspect_put_hex(o, "author", author.b, sizeof(author.b));
        daf_inspect_put_hex(o, "transport_key", keys.transport.b,
                            sizeof(keys.transport.b));
    } else {
        daf_inspect_put_text(o, "error", daf_err_str(err));
        daf_inspect_put_hex(o, "bytes", bytes.p, bytes.len);
    }
    daf_inspect_close(o, '}');
}

static void show_decline(struct daf_inspect_out *o, uint64_t reason)
{
    static const char *const words[] = {"closed", "declined",
                                        "the ticket was used",
                                        "no common version"};

    daf_inspect_put_uint(o, "reason", reason);
    daf_inspect_put_text(o, "words",
                         reason < sizeof(words) / sizeof(words[0])
                             ? words[reason]
                             : "unknown");
}

static void put_hash(struct daf_inspect_out *o, const char *key,
                     const struct daf_hash *hash)
{
    daf_inspect_put_hex(o, key, hash->b, sizeof(hash->b));
}

static void show_porch(struct daf_inspect_out *o, const struct daf_frame *f)
{
    if (f->kind == DAF_FRAME_ASK) {
        daf_inspect_put_uint(o, "version_min", f->ask.version_min);
        daf_inspect_put_uint(o, "version_max", f->ask.version_max);
        put_hash(o, "commitment", &f->ask.commitment);
        put_hash(o, "mac", &f->ask.mac);
    } else if (f->kind == DAF_FRAME_OFFER) {
        put_hash(o, "manifest_hash", &f->offer.manifest);
        put_hash(o, "commitment", &f->offer.commitment);
        put_hash(o, "mac", &f->offer.mac);
    } else if (f->kind == DAF_FRAME_REVEAL) {
        put_hash(o, "nonce", &f->reveal.nonce);
        show_request(o, f->reveal.request);
    } else {
        daf_inspect_key(o, "manifest");
        daf_inspect_any_manifest(o, f->accept.manifest);
        daf_inspect_key(o, "certificate");
        daf_inspect_any_cert(o, f->accept.cert);
        daf_inspect_put_uint(o, "door_port", f->accept.port);
    }
}

/* A case for each frame.  NOLINTNEXTLINE(readability-function-size) */
static void show_fields(struct daf_inspect_out *o, const struct daf_frame *f)
{
    switch (f->kind) {
    case DAF_FRAME_UNKNOWN:
        return;
    case DAF_FRAME_HELLO:
        show_hello(o, &f->hello);
        return;
    case DAF_FRAME_ROOT:
        show_root(o, &f->root);
        return;
    case DAF_FRAME_SYMBOLS:
        put_scope(o, &f->symbols.scope);
        daf_inspect_put_uint(o, "start", f->symbols.start);
        put_symbols(o, f->symbols.symbols);
        return;
    case DAF_FRAME_HEADS:
        show_heads(o, &f->heads);
        return;
    case DAF_FRAME_WANT:
        show_want(o, &f->want);
        return;
    case DAF_FRAME_RUN:
        show_run(o, &f->run);
        return;
    case DAF_FRAME_NEED:
        show_need(o, &f->need);
        return;
    case DAF_FRAME_DEFER:
        put_scope(o, &f->defer.scope);
        put_tags(o, "deferred", f->defer.tags);
        return;
    case DAF_FRAME_ACK:
        show_ack(o, &f->ack);
        return;
    case DAF_FRAME_BYE:
        show_bye(o, f->bye);
        return;
    case DAF_FRAME_MANIFEST:
    case DAF_FRAME_REGISTER:
        show_bytes(o, f->kind, &f->bytes);
        return;
    case DAF_FRAME_HAVE:
    case DAF_FRAME_CHUNK:
    case DAF_FRAME_FETCH:
        show_part(o, f->kind, &f->part);
        return;
    case DAF_FRAME_SEEK:
        daf_inspect_put_hex(o, "contents", f->seek.p, f->seek.len);
        return;
    case DAF_FRAME_TURN:
        daf_inspect_put_uint(o, "place", f->turn);
        return;
    case DAF_FRAME_AIR:
        show_air(o, &f->air);
        return;
    case DAF_FRAME_STATED:
        show_stated(o, &f->stated);
        return;
    case DAF_FRAME_ADDRESSES:
        show_addresses(o, &f->addresses);
        return;
    case DAF_FRAME_KNOCK:
        daf_inspect_put_uint(o, "version_min", f->knock.version_min);
        daf_inspect_put_uint(o, "version_max", f->knock.version_max);
        daf_inspect_put_hex(o, "nonce", f->knock.nonce.b,
                            sizeof(f->knock.nonce.b));
        return;
    case DAF_FRAME_NONCE:
    case DAF_FRAME_ANSWER:
        daf_inspect_put_hex(o, "nonce", f->nonce.b, sizeof(f->nonce.b));
        return;
    case DAF_FRAME_PROOF:
    case DAF_FRAME_WELCOME:
        show_proof(o, &f->proof, f->kind == DAF_FRAME_WELCOME);
        return;
    case DAF_FRAME_REVOKED:
        show_revoked(o, &f->revoked);
        return;
    case DAF_FRAME_ASK:
    case DAF_FRAME_OFFER:
    case DAF_FRAME_REVEAL:
    case DAF_FRAME_ACCEPT:
        show_porch(o, f);
        return;
    case DAF_FRAME_DECLINE:
        show_decline(o, f->decline);
        return;
    }
}

void daf_inspect_frame(struct daf_inspect_out *o, const struct daf_frame *f)
{
    daf_inspect_put_text(o, "frame", daf_frame_kind_str(f->kind));
    daf_inspect_put_uint(o, "number", f->number);
    show_fields(o, f);
}
