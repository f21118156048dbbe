/* SPDX-License-Identifier: Apache-2.0 */

/* A frame that decodes can be read to its end: the iterators assert, so that
 * one item which was not checked beforehand stops the program here. */

#include "tests/fuzz/fuzz.h"

#include "proto/frame.h"

#include <assert.h>

static void read_root(const struct daf_root *f)
{
    struct daf_cursor c = f->parts.items;
    struct daf_root_part part;

    assert(f->parts.count <= DAF_SCOPES_MAX);
    for (size_t i = 0; i < f->parts.count; i++)
        daf_frame_next_part(&c, &part);
    assert(daf_cursor_done(&c));
}

static void read_heads(const struct daf_heads *f)
{
    struct daf_cursor c = f->heads.items;
    struct daf_head head;
    struct daf_hash digest;

    for (size_t i = 0; i < f->heads.count; i++) {
        daf_frame_next_head(&c, &f->scope, &head);
        assert(head.tips_count >= 1 && head.tips_count <= DAF_FRONTIER_MAX);
        assert(head.roots_count >= 1 && head.roots_count <= DAF_FRONTIER_MAX);
        digest = daf_frontier_digest(&head);
        (void)digest;
    }
    assert(daf_cursor_done(&c));
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

    if (f->is_page) return;
    for (size_t i = 0; i < f->logs.count; i++) {
        daf_frame_next_want(&c, &f->scope, &want);
        read_spots(&want.wants, DAF_WANTS_MAX);
        read_spots(&want.haves, DAF_HAVES_MAX);
    }
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
        assert(path.records.count >= 1 &&
               path.records.count <= DAF_PATH_RECORDS_MAX);
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

/* What has no list is read by decoding alone. */
static void read_lists(const struct daf_frame *f)
{
    switch (f->number) {
    case DAF_FRAME_ROOT:
        read_root(&f->root);
        return;
    case DAF_FRAME_HEADS:
        read_heads(&f->heads);
        return;
    case DAF_FRAME_WANT:
        read_want(&f->want);
        return;
    case DAF_FRAME_RUN:
        read_run(&f->run);
        return;
    case DAF_FRAME_ACK:
        read_ack(&f->ack);
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
    read_lists(&f);
    return 0;
}
