/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frame_impl.h"

#include <assert.h>

#define PART_SYMBOLS 32 /* in one part of ROOT */

static const struct daf_scope_id no_scope;

void daf_frame_require(struct daf_cursor *c, bool holds, size_t offset)
{
    if (!holds) daf_cursor_fail(c, DAF_EFORM, offset);
}

/* ---- one item each; iterators and checks share them */

void daf_frame_decode_log(struct daf_cursor *c,
                          const struct daf_scope_id *scope,
                          struct daf_log_key *out)
{
    out->scope = *scope;
    daf_cursor_bin_into(c, out->author.b, sizeof(out->author.b));
    out->incarnation = daf_cursor_uint(c, UINT64_MAX);
}

/* The count of an array of @min to @max items. */
static size_t read_count(struct daf_cursor *c, size_t min, size_t max)
{
    size_t at = c->at;
    size_t count = daf_cursor_array(c, max);

    daf_frame_require(c, count >= min, at);
    return count;
}

static void read_spot(struct daf_cursor *c, struct daf_spot *out)
{
    size_t at = c->at;

    daf_cursor_array_of(c, 2);
    out->seq = daf_cursor_uint(c, DAF_INT_MAX);
    daf_cursor_bin_into(c, out->id.b, sizeof(out->id.b));
    daf_frame_require(c, out->seq >= 1, at);
}

static void read_spots(struct daf_cursor *c, size_t min, size_t max,
                       struct daf_list *out)
{
    struct daf_spot spot;

    out->count = read_count(c, min, max);
    out->items = *c;
    for (size_t i = 0; i < out->count && daf_cursor_ok(c); i++)
        read_spot(c, &spot);
}

struct daf_view daf_frame_decode_units(struct daf_cursor *c, size_t size,
                                       size_t max)
{
    size_t at = c->at;
    struct daf_view units = daf_cursor_bin(c, size * max);

    daf_frame_require(c, units.len % size == 0, at);
    return units;
}

static void read_part(struct daf_cursor *c, struct daf_root_part *out)
{
    daf_cursor_array_of(c, 5);
    daf_cursor_bin_into(c, out->scope.b, sizeof(out->scope.b));
    out->heads_count = daf_cursor_uint(c, DAF_INT_MAX);
    daf_cursor_bin_into(c, out->sum.b, sizeof(out->sum.b));
    out->symbols = daf_frame_decode_units(c, DAF_SYMBOL_BYTES, PART_SYMBOLS);
    out->deferred = daf_frame_decode_units(c, DAF_TAG_BYTES, DAF_DEFERRED_MAX);
}

static void read_want(struct daf_cursor *c, struct daf_want_log *out)
{
    daf_cursor_array_of(c, 4);
    daf_cursor_bin_into(c, out->tag.b, sizeof(out->tag.b));
    read_spots(c, 0, DAF_WANTS_MAX, &out->wants);
    read_spots(c, 0, DAF_HAVES_MAX, &out->haves);
    out->all = daf_cursor_bool(c);
}

static void read_need(struct daf_cursor *c, const struct daf_scope_id *scope,
                      struct daf_need_log *out)
{
    daf_cursor_array_of(c, 3);
    daf_frame_decode_log(c, scope, &out->log);
    read_spots(c, 1, DAF_NEED_MAX, &out->spots);
}

/* The body, or the number that says why there is none. */
static void read_run_body(struct daf_cursor *c, struct daf_run_record *out)
{
    size_t at = c->at;
    uint64_t reason;

    out->body = (struct daf_view){NULL, 0};
    out->body_state = DAF_BODY_HELD;
    if (daf_cursor_peek(c) == DAF_KIND_BIN) {
        out->body = daf_cursor_bin(c, DAF_BODY_BYTES_MAX);
        return;
    }
    reason = daf_cursor_uint(c, DAF_BODY_ABSENT);
    daf_frame_require(c, reason >= DAF_BODY_ERASED, at);
    out->body_state = (enum daf_body_state)reason;
}

static void read_record(struct daf_cursor *c, struct daf_run_record *out)
{
    daf_cursor_array_of(c, 2);
    out->header = daf_cursor_bin(c, DAF_HEADER_BYTES_MAX);
    read_run_body(c, out);
}

static void read_path(struct daf_cursor *c, const struct daf_scope_id *scope,
                      struct daf_run_path *out)
{
    struct daf_run_record record;

    daf_cursor_array_of(c, 3);
    daf_frame_decode_log(c, scope, &out->log);
    out->records.count = read_count(c, 0, DAF_PATH_RECORDS_MAX);
    out->records.items = *c;
    for (size_t i = 0; i < out->records.count && daf_cursor_ok(c); i++)
        read_record(c, &record);
}

static void read_ack(struct daf_cursor *c, const struct daf_scope_id *scope,
                     struct daf_ack_path *out)
{
    size_t at = c->at;

    daf_cursor_array_of(c, 5);
    daf_frame_decode_log(c, scope, &out->log);
    out->seq_first = daf_cursor_uint(c, DAF_INT_MAX);
    out->last.seq = daf_cursor_uint(c, DAF_INT_MAX);
    daf_cursor_bin_into(c, out->last.id.b, sizeof(out->last.id.b));
    daf_frame_require(c, out->seq_first >= 1 && out->last.seq >= out->seq_first,
                      at);
}

#define ADDRESS_V4_BYTES 6
#define ADDRESS_V6_BYTES 18

static struct daf_view read_address(struct daf_cursor *c)
{
    size_t at = c->at;
    struct daf_view bytes = daf_cursor_bin(c, ADDRESS_V6_BYTES);

    daf_frame_require(
        c, bytes.len == ADDRESS_V4_BYTES || bytes.len == ADDRESS_V6_BYTES, at);
    return bytes;
}

static void read_device(struct daf_cursor *c, struct daf_addresses_device *out)
{
    daf_cursor_array_of(c, 2);
    daf_cursor_bin_into(c, out->author.b, sizeof(out->author.b));
    out->addresses.count = read_count(c, 1, DAF_ADDRESSES_EACH_MAX);
    out->addresses.items = *c;
    for (size_t i = 0; i < out->addresses.count && daf_cursor_ok(c); i++)
        (void)read_address(c);
}

/* ---- whole lists, checked before they are believed */

/* Lists without a bound of their own have the frame's: cursor.h compares each
 * count with the bytes left. */
static void open_list(struct daf_cursor *c, size_t max, struct daf_list *out)
{
    out->count = daf_cursor_array(c, max);
    out->items = *c;
}

void daf_frame_decode_parts(struct daf_cursor *c, struct daf_list *out)
{
    struct daf_root_part part;
    struct daf_scope_id prev = no_scope;

    open_list(c, DAF_SCOPES_MAX, out);
    for (size_t i = 0; i < out->count && daf_cursor_ok(c); i++) {
        size_t at = c->at;

        read_part(c, &part);
        daf_frame_require(
            c, i == 0 || memcmp(prev.b, part.scope.b, sizeof(prev.b)) < 0, at);
        prev = part.scope;
    }
}

void daf_frame_decode_items(struct daf_cursor *c, struct daf_heads *out)
{
    size_t at = c->at;

    out->items = daf_frame_decode_units(c, DAF_ITEM_BYTES, DAF_ITEMS_MAX);
    out->count = out->items.len / DAF_ITEM_BYTES;
    if (out->kind != DAF_HEADS_PAGE || !daf_cursor_ok(c)) return;
    /* A page goes on after its last tag: out of order it never ends.  Two logs
     * may share a tag if somebody took great pains. */
    for (size_t i = 1; i < out->count; i++) {
        const uint8_t *item = out->items.p + i * DAF_ITEM_BYTES;

        daf_frame_require(
            c, memcmp(item - DAF_ITEM_BYTES, item, DAF_TAG_BYTES) <= 0, at);
    }
}

void daf_frame_decode_wants(struct daf_cursor *c, struct daf_list *out)
{
    struct daf_want_log want;

    open_list(c, DAF_FRAME_BYTES_MAX, out);
    for (size_t i = 0; i < out->count && daf_cursor_ok(c); i++)
        read_want(c, &want);
}

void daf_frame_decode_paths(struct daf_cursor *c, struct daf_list *out)
{
    struct daf_run_path path;

    open_list(c, DAF_FRAME_BYTES_MAX, out);
    for (size_t i = 0; i < out->count && daf_cursor_ok(c); i++)
        read_path(c, &no_scope, &path);
}

void daf_frame_decode_acks(struct daf_cursor *c, struct daf_list *out)
{
    struct daf_ack_path path;

    open_list(c, DAF_FRAME_BYTES_MAX, out);
    for (size_t i = 0; i < out->count && daf_cursor_ok(c); i++)
        read_ack(c, &no_scope, &path);
}

void daf_frame_decode_needs(struct daf_cursor *c, struct daf_list *out)
{
    struct daf_need_log need;
    size_t spots = 0;

    open_list(c, DAF_NEED_MAX, out);
    for (size_t i = 0; i < out->count && daf_cursor_ok(c); i++) {
        size_t at = c->at;

        read_need(c, &no_scope, &need);
        spots += need.spots.count;
        daf_frame_require(c, spots <= DAF_NEED_MAX, at);
    }
}

void daf_frame_decode_devices(struct daf_cursor *c, struct daf_list *out)
{
    struct daf_addresses_device device;

    open_list(c, DAF_ADDRESSES_DEVICES_MAX, out);
    for (size_t i = 0; i < out->count && daf_cursor_ok(c); i++)
        read_device(c, &device);
}

/* ---- iterators: the list was checked, so failing here is our own bug */

void daf_frame_next_part(struct daf_cursor *c, struct daf_root_part *out)
{
    read_part(c, out);
    assert(daf_cursor_ok(c));
}

void daf_frame_next_want(struct daf_cursor *c, struct daf_want_log *out)
{
    read_want(c, out);
    assert(daf_cursor_ok(c));
}

void daf_frame_next_need(struct daf_cursor *c, const struct daf_scope_id *scope,
                         struct daf_need_log *out)
{
    read_need(c, scope, out);
    assert(daf_cursor_ok(c));
}

void daf_frame_next_spot(struct daf_cursor *c, struct daf_spot *out)
{
    read_spot(c, out);
    assert(daf_cursor_ok(c));
}

void daf_frame_next_path(struct daf_cursor *c, const struct daf_scope_id *scope,
                         struct daf_run_path *out)
{
    read_path(c, scope, out);
    assert(daf_cursor_ok(c));
}

void daf_frame_next_record(struct daf_cursor *c, struct daf_run_record *out)
{
    read_record(c, out);
    assert(daf_cursor_ok(c));
}

void daf_frame_next_ack(struct daf_cursor *c, const struct daf_scope_id *scope,
                        struct daf_ack_path *out)
{
    read_ack(c, scope, out);
    assert(daf_cursor_ok(c));
}

void daf_frame_next_device(struct daf_cursor *c,
                           struct daf_addresses_device *out)
{
    read_device(c, out);
    assert(daf_cursor_ok(c));
}

struct daf_view daf_frame_next_address(struct daf_cursor *c)
{
    struct daf_view bytes = read_address(c);

    assert(daf_cursor_ok(c));
    return bytes;
}
