/* SPDX-License-Identifier: Apache-2.0 */
#include "store/store_cell.h"

#define USABLE ((size_t)DAF_STORE_PAGE_BYTES) /* our files reserve nothing */

static uint32_t get16(const uint8_t *p)
{
    return (uint32_t)p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
    return get16(p) << 16 | get16(p + 2);
}

/* A number of 1 to 9 bytes; returns how many, 0 if @len is too short. */
static size_t get_number(const uint8_t *p, size_t len, uint64_t *out)
{
    uint64_t v = 0;
    for (size_t i = 0; i < len && i < 9; i++) {
        if (i == 8) {
            *out = v << 8 | p[i];
            return 9;
        }
        v = v << 7 | (p[i] & 0x7f);
        if ((p[i] & 0x80) == 0) {
            *out = v;
            return i + 1;
        }
    }
    return 0;
}

/* ---- pages */

bool daf_store_page_read(const uint8_t *p, bool is_first,
                         struct daf_store_page *out)
{
    size_t head = is_first ? 100 : 0;
    bool is_inner;
    *out = (struct daf_store_page){.p = p, .head = head, .type = p[head]};
    is_inner =
        out->type == DAF_STORE_PAGE_INDEX || out->type == DAF_STORE_PAGE_TABLE;
    if (!is_inner && out->type != DAF_STORE_PAGE_INDEX_LEAF &&
        out->type != DAF_STORE_PAGE_TABLE_LEAF)
        return false;
    out->cells = get16(p + head + 3);
    out->pointers = head + (is_inner ? 12 : 8);
    return out->pointers + 2 * out->cells <= USABLE;
}

size_t daf_store_page_place(const struct daf_store_page *page, size_t i)
{
    size_t at = get16(page->p + page->pointers + 2 * i);
    size_t first = page->pointers + 2 * page->cells;
    return at >= first && at < USABLE ? at : 0;
}

uint32_t daf_store_page_last(const struct daf_store_page *page)
{
    return get32(page->p + page->head + 8);
}

/* ---- rows */

/* Bytes of a value by its serial type; SIZE_MAX for types that are none. */
static size_t width_of(uint64_t type)
{
    static const uint8_t widths[] = {0, 1, 2, 3, 4, 6, 8, 8, 0, 0};
    if (type < sizeof(widths)) return widths[type];
    if (type < 12 || type > 2 * DAF_STORE_ROW_BYTES_MAX + 13) return SIZE_MAX;
    return (size_t)(type - 12) / 2;
}

static void read_column(uint64_t type, const uint8_t *p, size_t len,
                        struct daf_store_column *out)
{
    uint64_t v = len > 0 && (p[0] & 0x80) != 0 ? UINT64_MAX : 0;
    *out = (struct daf_store_column){.type = DAF_STORE_NULL};
    if (type >= 12) {
        out->type = type % 2 == 0 ? DAF_STORE_BLOB : DAF_STORE_TEXT;
        out->bytes = (struct daf_view){p, len};
    } else if (type == 7) {
        out->type = DAF_STORE_REAL;
    } else if (type > 0) {
        out->type = DAF_STORE_INT;
        for (size_t i = 0; i < len; i++)
            v = v << 8 | p[i];
        out->number = type == 9 ? 1 : (int64_t)v;
    }
}

bool daf_store_cell_row(const uint8_t *row, size_t len,
                        struct daf_store_cell *out)
{
    uint64_t head = 0, type = 0;
    size_t at = get_number(row, len, &head);
    out->columns_count = 0;
    if (at == 0 || head < at || head > len) return false;
    size_t value_at = (size_t)head;
    while (at < head) {
        size_t width = 0, n = get_number(row + at, (size_t)head - at, &type);
        if (n == 0 || out->columns_count == DAF_STORE_COLUMNS_MAX) return false;
        width = width_of(type);
        if (width > len - value_at) return false;
        read_column(type, row + value_at, width,
                    &out->columns[out->columns_count++]);
        value_at += width;
        at += n;
    }
    return value_at == len;
}

/* ---- cells */

/* How many of a row's bytes are in its page. */
static size_t local_of(size_t total, bool is_table)
{
    size_t most = is_table ? USABLE - 35 : (USABLE - 12) * 64 / 255 - 23;
    size_t least = (USABLE - 12) * 32 / 255 - 23;
    if (total <= most) return total;
    size_t local = least + (total - least) % (USABLE - 4);
    return local <= most ? local : least;
}

bool daf_store_cell_read(const uint8_t *p, size_t at, int type,
                         struct daf_store_cell *out)
{
    uint64_t total = 0, rowid = 0;
    size_t from = at, n;
    bool is_table =
        type == DAF_STORE_PAGE_TABLE || type == DAF_STORE_PAGE_TABLE_LEAF;
    out->at = at;
    out->child = 0;
    out->rowid = 0;
    out->columns_count = 0;
    if (type == DAF_STORE_PAGE_INDEX || type == DAF_STORE_PAGE_TABLE) {
        if (USABLE - at < 4) return false;
        out->child = get32(p + at);
        at += 4;
    }
    if (type != DAF_STORE_PAGE_TABLE) {
        n = get_number(p + at, USABLE - at, &total);
        if (n == 0 || total < 2 || total > DAF_STORE_ROW_BYTES_MAX)
            return false;
        at += n;
    }
    if (is_table) {
        n = get_number(p + at, USABLE - at, &rowid);
        if (n == 0) return false;
        at += n;
        out->rowid = (int64_t)rowid;
    }
    out->total = (size_t)total;
    out->local = local_of(out->total, is_table);
    out->row = p + at;
    if (out->local > USABLE - at) return false;
    at += out->local;
    out->overflow = 0;
    if (out->local < out->total) {
        if (USABLE - at < 4) return false;
        out->overflow = get32(p + at);
        if (out->overflow == 0) return false;
        at += 4;
    }
    out->len = at - from;
    if (type == DAF_STORE_PAGE_TABLE || out->overflow != 0) return true;
    return daf_store_cell_row(out->row, out->total, out);
}

static bool is_blob(const struct daf_store_column *c, size_t len)
{
    return c->type == DAF_STORE_BLOB && c->bytes.len == len;
}

static bool column_is(const struct daf_store_column *c, char letter)
{
    switch (letter) {
    case 'i':
        return c->type == DAF_STORE_INT;
    case 'n':
        return c->type == DAF_STORE_NULL;
    case '?':
        return c->type == DAF_STORE_INT || c->type == DAF_STORE_NULL;
    case 't':
        return c->type == DAF_STORE_TEXT;
    case 'b':
        return c->type == DAF_STORE_BLOB;
    case 'e':
        return is_blob(c, 8);
    case 'h':
        return is_blob(c, 16);
    case 'w':
        return is_blob(c, 32);
    default:
        return false;
    }
}

bool daf_store_cell_is(const struct daf_store_cell *cell, const char *shape)
{
    size_t count = strlen(shape);
    if (cell->columns_count != count) return false;
    for (size_t i = 0; i < count; i++)
        if (!column_is(&cell->columns[i], shape[i])) return false;
    return true;
}
