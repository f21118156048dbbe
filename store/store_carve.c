/* SPDX-License-Identifier: Apache-2.0 */
/* Rows out of pages that nobody vouches for.
 *
 * A row is known by its shape: no two tables have the same.  Where the head of a
 * page is right, its cells are read; what then is not covered, which of a page
 * whose head is gone is everything, is searched byte by byte for headers and
 * bodies.  What is found by searching may be a stranger's bytes that look like a
 * row: only what proves itself by a hash is taken from there. */
#include "store/store_carve.h"

#include <stdlib.h>

#include "proto/body.h"
#include "store/store_cell.h"

#define SEARCHED           (UINT32_C(1) << 31) /* ranks of what was searched for */
#define DEPTH_MAX          10                  /* of a tree */
#define COPIES_MAX         3                   /* of a piece that are tried */
#define SCHEMA_TYPES       "tttit"
#define LOG_ROW            "nhheeiwi"
#define LOG_ROW_FIRST      "nhhe" /* of version 1 */
#define OVERFLOW_PAGES_MAX 2

struct scan {
    struct daf_store_carved *c;
    const uint8_t *p;
    struct daf_store_place place; /* of the page */
    uint32_t rank;                /* of the page */
    bool is_current;              /* the newest copy of its page */
    uint8_t covered[DAF_STORE_PAGE_BYTES / 8];
};

/* ---- lists */

static void *append(struct daf_store_carved *c, struct daf_store_list *l,
                    size_t size)
{
    if (l->count == l->cap) {
        size_t cap = l->cap == 0 ? 64 : l->cap + l->cap / 2;
        void *p = cap > SIZE_MAX / size ? NULL : realloc(l->p, cap * size);
        if (p == NULL) {
            c->err = DAF_ENOMEM;
            return NULL;
        }
        l->p = p;
        l->cap = cap;
    }
    uint8_t *at = (uint8_t *)l->p + l->count++ * size;
    memset(at, 0, size);
    return at;
}

static void name(struct daf_store_carved *c, int64_t number)
{
    if (number < 1 || number >= DAF_STORE_NUMBERS_MAX)
        c->is_odd = true;
    else
        c->numbers[number / 8] =
            (uint8_t)(c->numbers[number / 8] | 1 << (number % 8));
}

bool daf_store_carve_names(const struct daf_store_carved *c, int64_t number)
{
    return number >= 1 && number < DAF_STORE_NUMBERS_MAX &&
           (c->numbers[number / 8] >> (number % 8) & 1) != 0;
}

/* ---- rows */

static struct daf_store_place place_in(const struct scan *s, const uint8_t *p)
{
    return (struct daf_store_place){s->place.is_wal,
                                    s->place.at + (uint64_t)(p - s->p)};
}

/* log, seq, id, retention, state, body, bytes.  The id is the header's hash, so
 * a header that is right is right wherever it was found. */
static bool take_header(struct scan *s, const struct daf_store_cell *cell)
{
    const struct daf_store_column *col = cell->columns;
    struct daf_view bytes = col[6].bytes;
    struct daf_record r;
    if (!daf_store_cell_is(cell, "iiwii?b")) return false;
    if (bytes.len > DAF_HEADER_BYTES_MAX ||
        daf_record_decode(bytes, &r) != DAF_OK || r.seq < 1 ||
        r.seq > DAF_INT_MAX || r.body_len > DAF_BODY_BYTES_MAX ||
        memcmp(r.id.b, col[2].bytes.p, sizeof(r.id.b)) != 0)
        return false;
    struct daf_store_found *f =
        append(s->c, &s->c->headers, sizeof(struct daf_store_found));
    if (f == NULL) return false;
    *f = (struct daf_store_found){
        .log = r.log,
        .spot = {r.seq, r.id},
        .state = DAF_BODY_ABSENT,
        .body = col[5].type == DAF_STORE_INT ? col[5].number : 0,
        .place = place_in(s, bytes.p),
        .len = (uint32_t)bytes.len,
        .rank = s->rank,
    };
    if (col[4].number >= DAF_BODY_HELD && col[4].number < DAF_BODY_ABSENT)
        f->state = (enum daf_body_state)col[4].number;
    name(s->c, col[0].number);
    return true;
}

static bool take_piece(struct scan *s, const struct daf_store_cell *cell)
{
    struct daf_view bytes = cell->columns[1].bytes;
    if (!daf_store_cell_is(cell, "nb") || cell->rowid < 1 ||
        bytes.len > DAF_STORE_PIECE_BYTES)
        return false;
    struct daf_store_piece *piece =
        append(s->c, &s->c->pieces, sizeof(struct daf_store_piece));
    if (piece == NULL) return false;
    *piece = (struct daf_store_piece){
        .number = cell->rowid,
        .place = place_in(s, bytes.p),
        .len = (uint32_t)bytes.len,
        .rank = s->rank,
    };
    return true;
}

/* name, value, sum; the newest copy comes first. */
static void take_value(struct scan *s, const struct daf_store_cell *cell)
{
    const struct daf_store_column *col = cell->columns;
    const struct daf_store_kept *have = s->c->values.p;
    char text[DAF_STORE_NAME_CAP];
    uint8_t sum[16];
    size_t len = col[0].bytes.len;
    if (len == 0 || len >= sizeof(text) ||
        memchr(col[0].bytes.p, '\0', len) != NULL ||
        col[1].bytes.len > DAF_STORE_VALUE_BYTES_MAX)
        return;
    memcpy(text, col[0].bytes.p, len);
    text[len] = '\0';
    daf_store_value_sum(text, col[1].bytes, sum);
    if (memcmp(sum, col[2].bytes.p, sizeof(sum)) != 0) return;
    for (size_t i = 0; i < s->c->values.count; i++)
        if (strcmp(have[i].name, text) == 0) return;
    uint8_t *value = malloc(col[1].bytes.len + 1);
    struct daf_store_kept *kept =
        value == NULL ? NULL : append(s->c, &s->c->values, sizeof(*kept));
    if (kept == NULL) {
        s->c->err = DAF_ENOMEM;
        free(value);
        return;
    }
    if (col[1].bytes.len > 0) memcpy(value, col[1].bytes.p, col[1].bytes.len);
    *kept = (struct daf_store_kept){.value = value, .len = col[1].bytes.len};
    memcpy(kept->name, text, len + 1);
}

/* The rest of a row that is longer than its page has room for. */
static bool follow_row(struct scan *s, struct daf_store_cell *cell,
                       uint8_t row[DAF_STORE_ROW_BYTES_MAX])
{
    uint8_t page[DAF_STORE_PAGE_BYTES];
    uint32_t next = cell->overflow;
    size_t at = cell->local;
    memcpy(row, cell->row, at);
    for (int i = 0; at < cell->total && i < OVERFLOW_PAGES_MAX; i++) {
        size_t len = cell->total - at;
        if (len > sizeof(page) - 4) len = sizeof(page) - 4;
        if (!daf_store_pages_current(s->c->pages, next, page)) return false;
        next = (uint32_t)page[0] << 24 | (uint32_t)page[1] << 16 |
               (uint32_t)page[2] << 8 | page[3];
        memcpy(row + at, page + 4, len);
        at += len;
    }
    return at == cell->total && daf_store_cell_row(row, at, cell);
}

static void take_acked(struct scan *s, const struct daf_store_cell *cell)
{
    struct daf_spot *spot = append(s->c, &s->c->acked, sizeof(struct daf_spot));
    if (spot == NULL) return;
    spot->seq = (uint64_t)cell->columns[1].number;
    memcpy(spot->id.b, cell->columns[2].bytes.p, sizeof(spot->id.b));
}

/* Rows that only name a log: then there was one.  Returns which column has its
 * number; -1: it is the row's. -2: no such row. */
static int naming_column(const struct daf_store_cell *cell, bool is_table)
{
    if (is_table)
        return daf_store_cell_is(cell, LOG_ROW) ||
                       daf_store_cell_is(cell, LOG_ROW_FIRST)
                   ? -1
                   : -2;
    if (daf_store_cell_is(cell, "iiwi") || daf_store_cell_is(cell, "iiw"))
        return 0; /* frontier; header_absent, header_identity */
    if (daf_store_cell_is(cell, "hhei")) return 3;
    if (daf_store_cell_is(cell, "hei") || daf_store_cell_is(cell, "hii"))
        return 2; /* log_tag, log_changed */
    return -2;
}

static bool take_naming(struct scan *s, const struct daf_store_cell *cell,
                        bool is_table)
{
    int column = naming_column(cell, is_table);
    if (column == -2) return false;
    name(s->c, column == -1 ? cell->rowid : cell->columns[column].number);
    return true;
}

/* ---- a page */

static void cover(struct scan *s, size_t at, size_t len)
{
    for (size_t i = at; i < at + len; i++)
        s->covered[i / 8] = (uint8_t)(s->covered[i / 8] | 1 << (i % 8));
}

/* A cell that its page lists. */
static bool take_cell(struct scan *s, struct daf_store_cell *cell, int type)
{
    uint8_t row[DAF_STORE_ROW_BYTES_MAX];
    bool is_table = type == DAF_STORE_PAGE_TABLE_LEAF;
    if (cell->overflow != 0 &&
        (is_table || !s->is_current || !follow_row(s, cell, row)))
        return true; /* no row of ours but a value is so long */
    if (is_table) {
        if (take_piece(s, cell) || take_naming(s, cell, true)) return true;
        if (!daf_store_cell_is(cell, "niw"))
            return daf_store_cell_is(cell, SCHEMA_TYPES) ||
                   daf_store_cell_is(cell, "nii") ||
                   daf_store_cell_is(cell, "niiii"); /* commits */
        take_acked(s, cell);
        name(s->c, cell->rowid);
        return true;
    }
    if (take_header(s, cell) || take_naming(s, cell, false)) return true;
    if (daf_store_cell_is(cell, "iii")) {
        name(s->c, cell->columns[0].number);
        return true;
    }
    if (daf_store_cell_is(cell, "iiwii?b")) s->c->refused++;
    if (!daf_store_cell_is(cell, "tbh")) return false;
    take_value(s, cell);
    return true;
}

static void read_cells(struct scan *s, bool is_first)
{
    struct daf_store_page page;
    struct daf_store_cell cell;
    if (!daf_store_page_read(s->p, is_first, &page)) return;
    if (page.type == DAF_STORE_PAGE_TABLE) return; /* numbers of rows only */
    for (size_t i = 0; i < page.cells; i++) {
        size_t at = daf_store_page_place(&page, i);
        if (at == 0 || !daf_store_cell_read(s->p, at, page.type, &cell))
            continue;
        if (take_cell(s, &cell, page.type)) cover(s, cell.at, cell.len);
    }
}

/* Headers, bodies and what names a log, wherever one may begin. */
static void search(struct scan *s)
{
    struct daf_store_cell cell;
    s->rank |= SEARCHED;
    for (size_t at = 0; at + 4 < DAF_STORE_PAGE_BYTES; at++) {
        if ((s->covered[at / 8] >> (at % 8) & 1) != 0) continue;
        bool is_found =
            (daf_store_cell_read(s->p, at, DAF_STORE_PAGE_INDEX_LEAF, &cell) &&
             (take_header(s, &cell) || take_naming(s, &cell, false))) ||
            (daf_store_cell_read(s->p, at, DAF_STORE_PAGE_TABLE_LEAF, &cell) &&
             (take_piece(s, &cell) || take_naming(s, &cell, true)));
        /* What lies inside a row is that row's, whatever it looks like. */
        if (is_found) at += cell.len - 1;
    }
}

static void scan_page(struct daf_store_carved *c, const uint8_t *p,
                      const struct daf_store_place *place, uint32_t number,
                      uint32_t rank, bool is_current)
{
    struct scan s = {.c = c,
                     .p = p,
                     .place = *place,
                     .rank = rank,
                     .is_current = is_current};
    read_cells(&s, number == 1);
    search(&s);
}

/* ---- all pages: the newest first */

static void scan_frames(struct daf_store_carved *c, uint64_t from, uint64_t to,
                        uint32_t *rank)
{
    uint8_t p[DAF_STORE_PAGE_BYTES];
    struct daf_store_place place;
    uint32_t number = 0;
    for (uint64_t i = to; i-- > from && c->err == DAF_OK;) {
        if (!daf_store_pages_frame(c->pages, i, p, &number, &place)) continue;
        bool is_current = i < c->pages->committed &&
                          number <= c->pages->pages_count &&
                          c->pages->current[number] == i + 1;
        scan_page(c, p, &place, number, (*rank)++, is_current);
    }
}

static void scan_file(struct daf_store_carved *c, uint32_t *rank)
{
    uint8_t p[DAF_STORE_PAGE_BYTES];
    struct daf_store_place place;
    for (uint64_t i = 1; i <= c->pages->db_count && c->err == DAF_OK; i++) {
        if (!daf_store_pages_file(c->pages, i, p, &place)) continue;
        bool is_current =
            i <= c->pages->pages_count && c->pages->current[i] == 0;
        scan_page(c, p, &place, (uint32_t)i, (*rank)++, is_current);
    }
}

/* ---- the log table */

static bool take_log(struct daf_store_carved *c,
                     const struct daf_store_cell *cell)
{
    const struct daf_store_column *col = cell->columns;
    if (!daf_store_cell_is(cell, LOG_ROW)) return false;
    struct daf_store_log *log = append(c, &c->logs, sizeof(*log));
    if (log == NULL) return false;
    log->number = cell->rowid;
    memcpy(log->key.scope.b, col[1].bytes.p, sizeof(log->key.scope.b));
    memcpy(log->key.author.b, col[2].bytes.p, sizeof(log->key.author.b));
    log->key.incarnation = daf_store_incarnation_of(col[3].bytes.p);
    memcpy(log->digest.b, col[6].bytes.p, sizeof(log->digest.b));
    return true;
}

/* Whether all below page @number is as it must be.  @left: pages that the tree
 * may still have, so that a circle ends. */
/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX */
static bool walk_logs(struct daf_store_carved *c, uint32_t number, int depth,
                      uint32_t *left)
{
    uint8_t p[DAF_STORE_PAGE_BYTES];
    struct daf_store_page page;
    struct daf_store_cell cell;
    if (depth == 0 || *left == 0 || number < 2 ||
        !daf_store_pages_current(c->pages, number, p) ||
        !daf_store_page_read(p, false, &page))
        return false;
    (*left)--;
    bool is_leaf = page.type == DAF_STORE_PAGE_TABLE_LEAF;
    if (!is_leaf && page.type != DAF_STORE_PAGE_TABLE) return false;
    for (size_t i = 0; i < page.cells; i++) {
        size_t at = daf_store_page_place(&page, i);
        if (at == 0 || !daf_store_cell_read(p, at, page.type, &cell))
            return false;
        if (is_leaf ? cell.overflow != 0 || !take_log(c, &cell)
                    : !walk_logs(c, cell.child, depth - 1, left))
            return false;
    }
    return is_leaf || walk_logs(c, daf_store_page_last(&page), depth - 1, left);
}

static bool text_is(const struct daf_store_column *c, const char *text)
{
    return c->bytes.len == strlen(text) &&
           memcmp(c->bytes.p, text, c->bytes.len) == 0;
}

static uint32_t find_log_table(struct daf_store_carved *c)
{
    uint8_t p[DAF_STORE_PAGE_BYTES];
    struct daf_store_page page;
    struct daf_store_cell cell;
    if (!daf_store_pages_current(c->pages, 1, p) ||
        !daf_store_page_read(p, true, &page) ||
        page.type != DAF_STORE_PAGE_TABLE_LEAF)
        return 0;
    for (size_t i = 0; i < page.cells; i++) {
        size_t at = daf_store_page_place(&page, i);
        if (at == 0 || !daf_store_cell_read(p, at, page.type, &cell) ||
            cell.overflow != 0 || !daf_store_cell_is(&cell, SCHEMA_TYPES))
            continue;
        if (text_is(&cell.columns[0], "table") &&
            text_is(&cell.columns[1], "log") && cell.columns[3].number > 1 &&
            cell.columns[3].number <= UINT32_MAX)
            return (uint32_t)cell.columns[3].number;
    }
    return 0;
}

/* ---- order */

static int compare_numbers(uint64_t a, uint64_t b)
{
    return a < b ? -1 : a > b;
}

static int compare_headers(const void *a, const void *b)
{
    const struct daf_store_found *x = a, *y = b;
    int order = memcmp(&x->log.scope, &y->log.scope, sizeof(x->log.scope));
    if (order == 0)
        order = memcmp(&x->log.author, &y->log.author, sizeof(x->log.author));
    if (order == 0)
        order = compare_numbers(x->log.incarnation, y->log.incarnation);
    if (order == 0) order = compare_numbers(x->spot.seq, y->spot.seq);
    if (order == 0)
        order = memcmp(&x->spot.id, &y->spot.id, sizeof(x->spot.id));
    return order == 0 ? compare_numbers(x->rank, y->rank) : order;
}

static int compare_pieces(const void *a, const void *b)
{
    const struct daf_store_piece *x = a, *y = b;
    int order = compare_numbers((uint64_t)x->number, (uint64_t)y->number);
    return order == 0 ? compare_numbers(x->rank, y->rank) : order;
}

static void sort(struct daf_store_list *l, size_t size,
                 int (*compare)(const void *, const void *))
{
    if (l->count > 1) qsort(l->p, l->count, size, compare);
}

enum daf_err daf_store_carve(struct daf_store_pages *pages,
                             struct daf_store_carved *out)
{
    uint32_t rank = 0, left = pages->pages_count;
    memset(out, 0, sizeof(*out));
    out->pages = pages;
    /* Committed frames are newer than the file; what else the journal holds is
     * of nobody knows when. */
    scan_frames(out, 0, pages->committed, &rank);
    scan_file(out, &rank);
    scan_frames(out, pages->committed, pages->frames_count, &rank);
    uint32_t root = find_log_table(out);
    out->has_logs = root > 1 && walk_logs(out, root, DEPTH_MAX, &left);
    sort(&out->headers, sizeof(struct daf_store_found), compare_headers);
    sort(&out->pieces, sizeof(struct daf_store_piece), compare_pieces);
    return out->err;
}

void daf_store_carve_free(struct daf_store_carved *c)
{
    struct daf_store_kept *values = c->values.p;
    for (size_t i = 0; i < c->values.count; i++)
        free(values[i].value);
    free(c->headers.p);
    free(c->pieces.p);
    free(c->values.p);
    free(c->acked.p);
    free(c->logs.p);
}

/* ---- taking */

bool daf_store_carve_header(const struct daf_store_carved *c,
                            const struct daf_store_found *f,
                            uint8_t out[DAF_HEADER_BYTES_MAX],
                            struct daf_record *out_record)
{
    return daf_store_pages_read(c->pages, &f->place, out, f->len) &&
           daf_record_decode((struct daf_view){out, f->len}, out_record) ==
               DAF_OK &&
           memcmp(&out_record->id, &f->spot.id, sizeof(f->spot.id)) == 0;
}

/* The first copy of a piece, or the count. */
static size_t first_piece(const struct daf_store_carved *c, int64_t number)
{
    const struct daf_store_piece *all = c->pieces.p;
    size_t low = 0, high = c->pieces.count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (all[middle].number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The @nth copy of that piece that has this length, put where it belongs. */
static bool put_piece(const struct daf_store_carved *c, int64_t number,
                      size_t len, size_t nth, uint8_t *out)
{
    const struct daf_store_piece *all = c->pieces.p;
    size_t i = first_piece(c, number);
    for (; i < c->pieces.count && all[i].number == number; i++) {
        if (all[i].len != len) continue;
        if (nth == 0)
            return daf_store_pages_read(c->pages, &all[i].place, out, len);
        nth--;
    }
    return false;
}

/* Of which pieces an older copy is tried, and the how manieth. */
struct older {
    size_t from, to, copy;
};

/* The newest copy of each piece, or that older one, if there is.  Returns false
 * if one is lacking. */
static bool put_pieces(const struct daf_store_carved *c, int64_t number,
                       const struct daf_record *r, const struct older *older,
                       uint8_t *out)
{
    const size_t count = r->body_len / DAF_STORE_PIECE_BYTES + 1;
    for (size_t i = 0; i < count; i++) {
        size_t len = i + 1 < count ? DAF_STORE_PIECE_BYTES
                                   : r->body_len % DAF_STORE_PIECE_BYTES;
        int64_t at = number + (int64_t)i;
        uint8_t *place = out + i * DAF_STORE_PIECE_BYTES;
        bool is_put = i >= older->from && i < older->to &&
                      put_piece(c, at, len, older->copy, place);
        if (!is_put && !put_piece(c, at, len, 0, place)) return false;
    }
    return true;
}

static bool is_body(const struct daf_record *r, const uint8_t *bytes)
{
    struct daf_hash hash = daf_body_hash((struct daf_view){bytes, r->body_len});
    return memcmp(&hash, &r->body_hash, sizeof(hash)) == 0;
}

/* A bad sector hits one piece or two; a bad page all. */
bool daf_store_carve_body(const struct daf_store_carved *c, int64_t number,
                          const struct daf_record *r, uint8_t *out)
{
    const size_t count = r->body_len / DAF_STORE_PIECE_BYTES + 1;
    const size_t widths[] = {1, 2, count};
    struct older older = {0};
    if (number < 1 || number > INT64_MAX - (int64_t)count ||
        !put_pieces(c, number, r, &older, out))
        return false;
    if (is_body(r, out)) return true;
    /* The newest copy of a piece may be the damaged one. */
    if (first_piece(c, number + (int64_t)count) - first_piece(c, number) ==
        count)
        return false;
    for (older.copy = 1; older.copy <= COPIES_MAX; older.copy++) {
        for (size_t w = 0; w < 3; w++) {
            for (older.from = 0; older.from + widths[w] <= count;
                 older.from++) {
                older.to = older.from + widths[w];
                if (put_pieces(c, number, r, &older, out) && is_body(r, out))
                    return true;
            }
        }
    }
    return false;
}
