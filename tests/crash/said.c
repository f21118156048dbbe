/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/crash/said.h"

#include <stdlib.h>

#include "proto/brief.h"
#include "proto/frame.h"
#include "proto/hash.h"

void said_init(struct said *s)
{
    *s = (struct said){.first = NULL};
    s->end = &s->first;
}

void said_free(struct said *s)
{
    while (s->first != NULL) {
        struct said_record *next = s->first->next;

        free(s->first);
        s->first = next;
    }
    said_init(s);
}

static struct said_record *add(struct said *s, const struct said_record *like)
{
    size_t len = like->header_len + like->body_len;
    struct said_record *r = malloc(sizeof(*r) + len);

    if (r == NULL) abort();
    *r = *like;
    r->next = NULL;
    *s->end = r;
    s->end = &r->next;
    s->count++;
    return r;
}

void said_copy(const struct said *from, struct said *to)
{
    said_init(to);
    for (const struct said_record *r = from->first; r != NULL; r = r->next) {
        struct said_record *copy = add(to, r);

        memcpy(copy->bytes, r->bytes, r->header_len + r->body_len);
        copy->is_early = true;
    }
}

struct said_record *said_find(const struct said *s,
                              const struct daf_record_id *id)
{
    for (struct said_record *r = s->first; r != NULL; r = r->next) {
        if (memcmp(&r->r.id, id, sizeof(*id)) == 0) return r;
    }
    return NULL;
}

struct daf_view said_header(const struct said_record *r)
{
    return (struct daf_view){r->bytes, r->header_len};
}

struct daf_view said_body(const struct said_record *r)
{
    return (struct daf_view){r->bytes + r->header_len, r->body_len};
}

static bool same(struct daf_view a, struct daf_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool said_is(const struct said_record *r, const struct daf_stored *stored)
{
    if (!same(said_header(r), stored->header)) return false;
    return stored->body_state != DAF_BODY_HELD ||
           same(said_body(r), stored->body);
}

void said_written(struct said *s, const struct daf_keep *keep, bool is_own,
                  bool is_early)
{
    const struct said_record like = {.r = *keep->record,
                                     .header_len = keep->header.len,
                                     .body_len = keep->body.len,
                                     .is_own = is_own,
                                     .is_early = is_early};
    struct said_record *r = add(s, &like);

    memcpy(r->bytes, keep->header.p, keep->header.len);
    if (keep->body.len > 0)
        memcpy(r->bytes + keep->header.len, keep->body.p, keep->body.len);
}

static void say(struct said_record *r, bool with_body)
{
    r->said_header = true;
    r->said_body |= with_body;
}

void said_wrote(struct said *s, const struct daf_wrote *wrote)
{
    struct said_record *r = said_find(s, &wrote->record);

    if (wrote->err != DAF_OK) return;
    if (r == NULL) {
        s->lies++;
        return;
    }
    say(r, true);
    /* An unknown learner was registered in front of it. */
    r = wrote->registered ? said_find(s, &r->r.prev) : NULL;
    if (r != NULL)
        say(r, true);
    else
        s->lies += wrote->registered;
}

void said_dropped(struct said *s)
{
    s->lies++;
}

/* ---- frames */

static void on_record(struct said *s, const struct daf_run_record *record)
{
    struct daf_stored stored = {.header = record->header,
                                .body_state = record->body_state,
                                .body = record->body};
    struct said_record *r;
    struct daf_record_id id;

    daf_hash_256("daf.rec.1", record->header, id.b);
    r = said_find(s, &id);
    if (r == NULL || !said_is(r, &stored))
        s->lies++;
    else
        say(r, record->body_state == DAF_BODY_HELD);
}

static void on_run(struct said *s, const struct daf_run *run)
{
    struct daf_cursor paths = run->paths.items;

    for (size_t i = 0; i < run->paths.count; i++) {
        struct daf_record before = {.seq = 0};
        struct daf_run_path path;
        struct daf_cursor records;

        daf_frame_next_path(&paths, &run->scope, &path);
        records = path.records.items;
        for (size_t j = 0; j < path.records.count; j++) {
            uint8_t room[DAF_HEADER_BYTES_MAX];
            struct daf_run_record record;

            daf_frame_next_record(&records, &record);
            /* A brief header goes on from the one before (R48). */
            if (daf_brief_is(record.header) &&
                daf_brief_restore(record.header, &before, record.body, room,
                                  &record.header.len) == DAF_OK)
                record.header.p = room;
            on_record(s, &record);
            if (daf_record_decode(record.header, &before) != DAF_OK) return;
        }
    }
}

static void on_ack(struct said *s, const struct daf_ack *ack)
{
    struct daf_cursor paths = ack->paths.items;

    for (size_t i = 0; i < ack->paths.count; i++) {
        struct daf_ack_path path;
        struct daf_record_id id;

        daf_frame_next_ack(&paths, &ack->scope, &path);
        id = path.last.id;
        for (uint64_t seq = path.last.seq; seq >= path.seq_first; seq--) {
            struct said_record *r = said_find(s, &id);

            if (r == NULL || r->r.seq != seq) {
                s->lies++;
                break;
            }
            say(r, true);
            r->acked = true;
            id = r->r.prev;
        }
    }
}

/* An item tells a log and how high it is: where one record alone stands so high,
 * that one was said. */
static void on_item(struct said *s, const struct daf_item *item)
{
    struct daf_tag tag = daf_sketch_item_tag(item);
    struct said_record *found = NULL;
    size_t count = 0;

    for (struct said_record *r = s->first; r != NULL; r = r->next) {
        struct daf_tag its = daf_sketch_tag(&r->r.log);

        if (r->r.seq != daf_sketch_item_height(item) ||
            memcmp(its.b, tag.b, sizeof(tag.b)) != 0)
            continue;
        found = r;
        count++;
    }
    if (count == 0) s->lies++;
    if (count == 1) say(found, false);
}

static void on_heads(struct said *s, const struct daf_heads *heads)
{
    for (size_t i = 0; i < heads->count; i++) {
        struct daf_item item;

        memcpy(item.b, heads->items.p + i * DAF_ITEM_BYTES, sizeof(item.b));
        on_item(s, &item);
    }
}

void said_frame(struct said *s, struct daf_view frame)
{
    struct daf_frame f;

    if (daf_frame_decode(frame, &f, NULL) != DAF_OK) {
        s->lies++;
        return;
    }
    if (f.kind == DAF_FRAME_RUN) on_run(s, &f.run);
    if (f.kind == DAF_FRAME_ACK) on_ack(s, &f.ack);
    if (f.kind == DAF_FRAME_HEADS) on_heads(s, &f.heads);
}
