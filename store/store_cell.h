/* SPDX-License-Identifier: Apache-2.0 */
/* store/store_cell.h - pages and rows of SQLite's file format, by hand
 * (https://sqlite.org/fileformat2.html, 1.6 and 2.1).
 *
 * Private to store/.  Every byte is a stranger's: a page or a row is read only
 * if all of it is as it must be. */
#ifndef DAF_STORE_STORE_CELL_H
#define DAF_STORE_STORE_CELL_H

#include "store/store_carve.h"

#define DAF_STORE_COLUMNS_MAX 8
/* The longest row: a local value of 4 KiB, its name and sum. */
#define DAF_STORE_ROW_BYTES_MAX 4352

enum daf_store_type {
    DAF_STORE_NULL,
    DAF_STORE_INT,
    DAF_STORE_REAL,
    DAF_STORE_BLOB,
    DAF_STORE_TEXT,
};

struct daf_store_column {
    enum daf_store_type type;
    int64_t number;        /* of an INT */
    struct daf_view bytes; /* of a BLOB or TEXT; borrowed from the page */
};

/* Values of the first byte of a page. */
enum {
    DAF_STORE_PAGE_INDEX = 2,
    DAF_STORE_PAGE_TABLE = 5,
    DAF_STORE_PAGE_INDEX_LEAF = 10,
    DAF_STORE_PAGE_TABLE_LEAF = 13,
};

struct daf_store_page {
    const uint8_t *p; /* DAF_STORE_PAGE_BYTES */
    size_t head;      /* where the page's head is */
    int type;
    size_t cells;
    size_t pointers; /* where the cells' places are listed */
};

struct daf_store_cell {
    int64_t rowid;  /* of a table's; else 0 */
    uint32_t child; /* of an inner page's; else 0 */
    size_t at, len; /* in the page */
    size_t local;   /* bytes of the row that are in the page, */
    size_t total;   /* and of all */
    const uint8_t *row;
    uint32_t overflow; /* the page where it goes on; 0: nowhere */
    size_t columns_count;
    struct daf_store_column columns[DAF_STORE_COLUMNS_MAX];
};

/** daf_store_page_read: whether @p begins like a page of a tree.
 * @is_first: the file's head stands before it. */
bool daf_store_page_read(const uint8_t *p, bool is_first,
                         struct daf_store_page *out);
/** daf_store_page_place: where cell @i is; 0 if that is nowhere. */
size_t daf_store_page_place(const struct daf_store_page *page, size_t i);
/** daf_store_page_last: the rightmost child of an inner page. */
uint32_t daf_store_page_last(const struct daf_store_page *page);

/** daf_store_cell_read: what is at @at of page @p, taken for a page of @type;
 * also its row, unless that goes on in another page. */
bool daf_store_cell_read(const uint8_t *p, size_t at, int type,
                         struct daf_store_cell *out);
/** daf_store_cell_row: the columns of a row of @len bytes. */
bool daf_store_cell_row(const uint8_t *row, size_t len,
                        struct daf_store_cell *out);

/** daf_store_cell_is: whether the columns are these: one letter for each,
 * i INT, n NULL, ? INT or NULL, t TEXT, b BLOB of any length, 8 16 32 as
 * e h w: BLOB of 8, 16 or 32 bytes. */
bool daf_store_cell_is(const struct daf_store_cell *cell, const char *shape);

#endif
