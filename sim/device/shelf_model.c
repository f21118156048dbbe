/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/device/shelf_model.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "proto/hash.h"

#define PAGE_BYTES ((uint32_t)DAF_PAGE_BYTES)

struct held {
    bool is_here, is_whole;
    uint32_t count; /* parts */
    uint8_t *bits;  /* the highest first; NULL: whole, or not here */
};

/* A sender in the middle of a part: store/shelf.h. */
struct receiving {
    uint32_t sender, part, offset;
    size_t item;
};

struct daf_shelf_model {
    const struct daf_shelf_about *about;
    size_t count;
    struct held *items;
    struct receiving receiving[DAF_SHELF_RECEIVING_MAX];
    size_t receiving_count;
};

/* ---- items */

static uint32_t times(uint64_t all, uint64_t one)
{
    return (uint32_t)((all + one - 1) / one);
}

/* Of a list with one file: its path, its size, the array's and str's heads. */
#define LIST_HEAD_BYTES 24

struct daf_shelf_about daf_shelf_about(uint64_t bytes, uint32_t number)
{
    struct daf_shelf_about a = {.bytes = bytes};
    uint8_t said[12];

    assert(bytes > 0 && bytes <= DAF_SIM_ITEM_BYTES_MAX);
    for (unsigned i = 0; i < 4; i++)
        said[i] = (uint8_t)(number >> (8 * i));
    for (unsigned i = 0; i < 8; i++)
        said[4 + i] = (uint8_t)(bytes >> (8 * i));
    a.content = daf_content_id((struct daf_view){said, sizeof said});
    a.chunk_bytes = daf_content_chunk_bytes(bytes);
    uint32_t chunks = times(bytes, a.chunk_bytes);
    a.list_bytes = LIST_HEAD_BYTES + 32 * chunks;
    a.pages = times(a.list_bytes, PAGE_BYTES);
    a.parts = a.pages + chunks;
    return a;
}

uint32_t daf_shelf_about_part(const struct daf_shelf_about *a, uint32_t part)
{
    uint64_t left;

    if (part >= a->parts) return 0;
    if (part < a->pages) {
        left = a->list_bytes - (uint64_t)part * PAGE_BYTES;
        return left < PAGE_BYTES ? (uint32_t)left : PAGE_BYTES;
    }
    left = a->bytes - (uint64_t)(part - a->pages) * a->chunk_bytes;
    return left < a->chunk_bytes ? (uint32_t)left : a->chunk_bytes;
}

/* ---- life */

enum daf_err daf_shelf_model_new(const struct daf_shelf_about *about,
                                 size_t count, struct daf_shelf_model **out)
{
    struct daf_shelf_model *s = calloc(1, sizeof *s);

    *out = NULL;
    if (s == NULL) return DAF_ENOMEM;
    s->about = about;
    s->count = count;
    s->items = calloc(count + 1, sizeof *s->items);
    for (size_t i = 0; s->items != NULL && i < count; i++) {
        s->items[i].bits = calloc(1, about[i].parts / 8 + 1);
        if (s->items[i].bits != NULL) continue;
        daf_shelf_model_free(s);
        return DAF_ENOMEM;
    }
    if (s->items == NULL) {
        free(s);
        return DAF_ENOMEM;
    }
    *out = s;
    return DAF_OK;
}

void daf_shelf_model_free(struct daf_shelf_model *s)
{
    if (s == NULL) return;
    for (size_t i = 0; i < s->count; i++)
        free(s->items[i].bits);
    free(s->items);
    free(s);
}

static void set_whole(struct held *h)
{
    h->is_whole = true;
    free(h->bits);
    h->bits = NULL;
}

void daf_shelf_model_add(struct daf_shelf_model *s, size_t item, bool is_whole)
{
    struct held *h = &s->items[item];

    assert(item < s->count);
    h->is_here = true;
    if (is_whole) set_whole(h);
}

bool daf_shelf_model_news(const struct daf_shelf_model *s, size_t item,
                          struct daf_item_news *out)
{
    const struct daf_shelf_about *a = &s->about[item];
    const struct held *h = &s->items[item];

    if (!h->is_here) return false;
    *out = (struct daf_item_news){
        .content = a->content,
        .parts = a->parts,
        .pages = a->pages,
        /* As the keeper tells it: of a page, until the list is known. */
        .part_bytes = a->chunk_bytes > PAGE_BYTES ? a->chunk_bytes : PAGE_BYTES,
        .is_whole = h->is_whole,
        .is_wanted = true,
    };
    if (!h->is_whole) out->bits = (struct daf_view){h->bits, a->parts / 8 + 1};
    return true;
}

size_t daf_shelf_model_find(const struct daf_shelf_model *s,
                            const struct daf_hash *content)
{
    size_t i = 0;

    while (i < s->count &&
           (!s->items[i].is_here ||
            memcmp(s->about[i].content.b, content->b, sizeof content->b) != 0))
        i++;
    return i;
}

static bool holds(const struct held *h, uint32_t part)
{
    return h->is_whole || (h->bits[part / 8] >> (7 - part % 8) & 1) != 0;
}

/* ---- putting */

static struct receiving *receiving_of(struct daf_shelf_model *s,
                                      uint32_t sender)
{
    for (size_t i = 0; i < s->receiving_count; i++)
        if (s->receiving[i].sender == sender) return &s->receiving[i];
    return NULL;
}

void daf_shelf_model_forget(struct daf_shelf_model *s, uint32_t sender)
{
    struct receiving *r = receiving_of(s, sender);

    if (r != NULL) *r = s->receiving[--s->receiving_count];
}

void daf_shelf_model_restart(struct daf_shelf_model *s)
{
    s->receiving_count = 0;
}

/* Two senders in one part, and a sender too many, are odd. */
static struct receiving *begin(struct daf_shelf_model *s, uint32_t sender,
                               size_t item, uint32_t part)
{
    daf_shelf_model_forget(s, sender);
    for (size_t i = 0; i < s->receiving_count; i++)
        if (s->receiving[i].item == item && s->receiving[i].part == part)
            return NULL;
    if (s->receiving_count == DAF_SHELF_RECEIVING_MAX) return NULL;
    s->receiving[s->receiving_count] =
        (struct receiving){.sender = sender, .part = part, .item = item};
    return &s->receiving[s->receiving_count++];
}

/* All pages are there, or @part is one of them. */
static bool may_come(const struct daf_shelf_about *a, const struct held *h,
                     uint32_t part)
{
    for (uint32_t i = 0; part >= a->pages && i < a->pages; i++)
        if (!holds(h, i)) return false;
    return true;
}

static enum daf_shelf_put hold(const struct daf_shelf_about *a, struct held *h,
                               uint32_t part)
{
    h->bits[part / 8] |= (uint8_t)(0x80u >> part % 8);
    h->count++;
    if (h->count == a->parts) {
        set_whole(h);
        return DAF_SHELF_WHOLE;
    }
    return part < a->pages && may_come(a, h, a->pages) ? DAF_SHELF_LIST
                                                       : DAF_SHELF_PART;
}

enum daf_err daf_shelf_model_put(struct daf_shelf_model *s, uint32_t sender,
                                 const struct daf_port_piece *piece,
                                 enum daf_shelf_put *out, uint64_t *twice)
{
    size_t item = daf_shelf_model_find(s, &piece->content);

    if (item == s->count || piece->part >= s->about[item].parts)
        return DAF_ENOTFOUND;
    const struct daf_shelf_about *a = &s->about[item];
    struct held *h = &s->items[item];
    struct receiving *r = receiving_of(s, sender);
    *out = DAF_SHELF_KNOWN;
    if (holds(h, piece->part)) {
        *twice += piece->bytes.len;
        return DAF_OK;
    }
    *out = DAF_SHELF_ODD;
    if (piece->offset == 0) r = begin(s, sender, item, piece->part);
    if (r == NULL || r->item != item || r->part != piece->part ||
        r->offset != piece->offset || !may_come(a, h, piece->part)) {
        daf_shelf_model_forget(s, sender);
        return DAF_OK;
    }
    r->offset += (uint32_t)piece->bytes.len;
    *out = DAF_SHELF_MORE;
    if (r->offset < daf_shelf_about_part(a, piece->part)) return DAF_OK;
    *out = r->offset > daf_shelf_about_part(a, piece->part)
               ? DAF_SHELF_BAD
               : hold(a, h, piece->part);
    daf_shelf_model_forget(s, sender);
    return DAF_OK;
}

/* ---- reading */

enum daf_err daf_shelf_model_read(const struct daf_shelf_model *s,
                                  const struct daf_port_piece *piece,
                                  uint32_t *len, bool *is_last)
{
    size_t item = daf_shelf_model_find(s, &piece->content);

    *len = 0;
    *is_last = true;
    if (item == s->count || piece->part >= s->about[item].parts ||
        !holds(&s->items[item], piece->part))
        return DAF_ENOTFOUND;
    uint32_t bytes = daf_shelf_about_part(&s->about[item], piece->part);
    if (piece->offset >= bytes) return DAF_OK;
    *len = bytes - piece->offset;
    *is_last = *len <= DAF_PIECE_BYTES_MAX;
    if (!*is_last) *len = DAF_PIECE_BYTES_MAX;
    return DAF_OK;
}
