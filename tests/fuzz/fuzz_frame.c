/* SPDX-License-Identifier: Apache-2.0 */

/* A frame that decodes can be read to its end: the iterators assert, so that
 * one item which was not checked beforehand stops the program here. */

#include "tests/fuzz/fuzz.h"

#include "proto/frame.h"

#include <assert.h>

/* Whole units of @size bytes, at most @max, inside the frame. */
static void read_units(struct daf_view bytes, struct daf_view units,
                       size_t size, size_t max)
{
    assert(units.len % size == 0 && units.len / size <= max);
    if (units.len == 0) return;
    assert(units.p >= bytes.p && units.p + units.len <= bytes.p + bytes.len);
}

static void read_root(struct daf_view bytes, const struct daf_root *f)
{
    struct daf_cursor c = f->parts.items;
    struct daf_scope_id before = {{0}};
    struct daf_root_part part;

    assert(f->parts.count <= DAF_SCOPES_MAX);
    for (size_t i = 0; i < f->parts.count; i++) {
        daf_frame_next_part(&c, &part);
        assert(i == 0 || memcmp(before.b, part.scope.b, 16) < 0);
        read_units(bytes, part.symbols, DAF_SYMBOL_BYTES, 32);
        read_units(bytes, part.deferred, DAF_TAG_BYTES, DAF_DEFERRED_MAX);
        before = part.scope;
    }
    assert(daf_cursor_done(&c));
}

static void read_symbols(struct daf_view bytes, const struct daf_symbols *f)
{
    assert(f->start <= DAF_SYMBOLS_MAX);
    read_units(bytes, f->symbols, DAF_SYMBOL_BYTES,
               DAF_SYMBOLS_MAX - (size_t)f->start);
}

static void read_heads(struct daf_view bytes, const struct daf_heads *f)
{
    struct daf_tag before = {{0}};

    read_units(bytes, f->items, DAF_ITEM_BYTES, DAF_ITEMS_MAX);
    assert(f->count == f->items.len / DAF_ITEM_BYTES);
    assert(f->kind <= DAF_HEADS_ANSWER);
    for (size_t i = 0; i < f->count; i++) {
        struct daf_item item;
        struct daf_tag tag;

        memcpy(item.b, f->items.p + i * DAF_ITEM_BYTES, sizeof(item.b));
        tag = daf_sketch_item_tag(&item);
        assert(f->kind != DAF_HEADS_PAGE ||
               memcmp(before.b, tag.b, sizeof(tag.b)) <= 0);
        before = tag;
    }
}

static void read_spots(const struct daf_list *list, size_t max)
{
    struct daf_cursor c = list->items;
    struct daf_spot spot;

    assert(list->count <= max);
    for (size_t i = 0; i < list->count; i++) {
        daf_frame_next_spot(&c, &spot);
        assert(spot.seq >= 1);
    }
}

static void read_want(const struct daf_want *f)
{
    struct daf_cursor c = f->logs.items;
    struct daf_want_log want;

    switch (f->kind) {
    case DAF_WANT_PAGE:
        return;
    case DAF_WANT_SYMBOLS:
        assert(f->start <= DAF_SYMBOLS_MAX && f->count <= DAF_SYMBOLS_MAX);
        assert(f->start + f->count <= DAF_SYMBOLS_MAX);
        return;
    case DAF_WANT_RECORDS:
        break;
    }
    assert(f->kind == DAF_WANT_RECORDS);
    for (size_t i = 0; i < f->logs.count; i++) {
        daf_frame_next_want(&c, &want);
        read_spots(&want.wants, DAF_WANTS_MAX);
        read_spots(&want.haves, DAF_HAVES_MAX);
    }
    assert(daf_cursor_done(&c));
}

static void read_need(const struct daf_need *f)
{
    struct daf_cursor c = f->logs.items;
    struct daf_need_log need;
    size_t spots = 0;

    for (size_t i = 0; i < f->logs.count; i++) {
        daf_frame_next_need(&c, &f->scope, &need);
        assert(need.spots.count >= 1);
        read_spots(&need.spots, DAF_NEED_MAX);
        spots += need.spots.count;
    }
    assert(spots <= DAF_NEED_MAX);
    assert(daf_cursor_done(&c));
}

static void read_run(const struct daf_run *f)
{
    struct daf_cursor c = f->paths.items;
    struct daf_run_record record;
    struct daf_run_path path;

    for (size_t i = 0; i < f->paths.count; i++) {
        struct daf_cursor records;

        daf_frame_next_path(&c, &f->scope, &path);
        assert(path.records.count <= DAF_PATH_RECORDS_MAX);
        records = path.records.items;
        for (size_t j = 0; j < path.records.count; j++) {
            daf_frame_next_record(&records, &record);
            assert(record.header.len <= DAF_HEADER_BYTES_MAX);
            assert(record.body.len <= DAF_BODY_BYTES_MAX);
        }
    }
    assert(daf_cursor_done(&c));
}

static void read_ack(const struct daf_ack *f)
{
    struct daf_cursor c = f->paths.items;
    struct daf_ack_path path;

    for (size_t i = 0; i < f->paths.count; i++) {
        daf_frame_next_ack(&c, &f->scope, &path);
        assert(path.seq_first >= 1 && path.last.seq >= path.seq_first);
    }
    assert(daf_cursor_done(&c));
}

static void read_addresses(const struct daf_addresses *f)
{
    struct daf_cursor c = f->devices.items;
    struct daf_addresses_device device;

    for (size_t i = 0; i < f->devices.count; i++) {
        struct daf_cursor each;

        daf_frame_next_device(&c, &device);
        assert(device.addresses.count <= DAF_ADDRESSES_EACH_MAX);
        each = device.addresses.items;
        for (size_t j = 0; j < device.addresses.count; j++) {
            struct daf_view bytes = daf_frame_next_address(&each);

            assert(bytes.len == 6 || bytes.len == 18);
        }
    }
    assert(daf_cursor_done(&c));
}

static void read_part(struct daf_view bytes, const struct daf_part *f,
                      size_t max)
{
    assert(f->part < DAF_CONTENT_PARTS_MAX);
    assert(f->offset <= DAF_CHUNK_BYTES_MAX);
    read_units(bytes, f->data, 1, max);
}

/* What has no list is read by decoding alone. */
static void read_lists(struct daf_view bytes, const struct daf_frame *f)
{
    switch (f->number) {
    case DAF_FRAME_ROOT:
        read_root(bytes, &f->root);
        return;
    case DAF_FRAME_SYMBOLS:
        read_symbols(bytes, &f->symbols);
        return;
    case DAF_FRAME_HEADS:
        read_heads(bytes, &f->heads);
        return;
    case DAF_FRAME_WANT:
        read_want(&f->want);
        return;
    case DAF_FRAME_RUN:
        read_run(&f->run);
        return;
    case DAF_FRAME_NEED:
        read_need(&f->need);
        return;
    case DAF_FRAME_DEFER:
        read_units(bytes, f->defer.tags, DAF_TAG_BYTES, DAF_DEFERRED_MAX);
        return;
    case DAF_FRAME_ACK:
        read_ack(&f->ack);
        return;
    case DAF_FRAME_ADDRESSES:
        read_addresses(&f->addresses);
        return;
    case DAF_FRAME_HAVE:
        read_part(bytes, &f->part, DAF_CONTENT_PARTS_MAX / 8);
        return;
    case DAF_FRAME_CHUNK:
        read_part(bytes, &f->part, DAF_PIECE_BYTES_MAX);
        return;
    case DAF_FRAME_FETCH:
        read_part(bytes, &f->part, 0);
        return;
    case DAF_FRAME_SEEK:
        read_units(bytes, f->seek, sizeof(struct daf_hash), DAF_SEEK_MAX);
        return;
    default:
        return;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_view bytes = {data, size};
    struct daf_frame f;
    size_t offset = 0;

    if (daf_frame_decode(bytes, &f, &offset) != DAF_OK) {
        assert(offset <= size);
        return 0;
    }
    /* protocol.md R18: canonical, whatever its number. */
    assert(daf_cursor_check(bytes, NULL) == DAF_OK);
    assert(daf_frame_kind_str(f.kind) != NULL);
    read_lists(bytes, &f);
    return 0;
}
