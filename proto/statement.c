/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/statement.h"

#include "proto/cursor.h"
#include "proto/hash.h"
#include "proto/pack.h"

#include <assert.h>

#define CONTEXT "daf.statement.1"
#define MARK    "daf.statement.2"
#define ITEMS   8
#define ID      sizeof(struct daf_hash)

static uint64_t read_be(const uint8_t *p)
{
    uint64_t v = 0;

    for (int i = 0; i < 8; i++)
        v = v << 8 | p[i];
    return v;
}

static void write_be(uint64_t v, uint8_t *out)
{
    for (int i = 7; i >= 0; i--, v >>= 8)
        out[i] = (uint8_t)v;
}

/* ---- reading */

/* Another version may have more items, so the count comes second. */
static void read_version(struct daf_cursor *c)
{
    size_t count = daf_cursor_array(c, SIZE_MAX);
    size_t start = c->at;

    if (daf_cursor_uint(c, UINT64_MAX) != DAF_FORMAT_VERSION)
        daf_cursor_fail(c, DAF_EVERSION, start);
    if (count != ITEMS) daf_cursor_fail(c, DAF_EFORM, 0);
}

static bool is_key(struct daf_view key, const char *name)
{
    return key.len == strlen(name) && memcmp(key.p, name, key.len) == 0;
}

static bool ascends(struct daf_view content)
{
    for (size_t at = ID; at < content.len; at += ID) {
        if (memcmp(content.p + at - ID, content.p + at, ID) >= 0) return false;
    }
    return true;
}

/* {"content": bin, "since": bin}; keys that are not known are passed over. */
static void read_archived(struct daf_cursor *c, struct daf_statement *out)
{
    size_t start = c->at, count = daf_cursor_map(c, SIZE_MAX);
    struct daf_view prev = {NULL, 0};

    for (size_t i = 0; i < count && daf_cursor_ok(c); i++) {
        struct daf_view key = daf_cursor_key(c, &prev);

        if (is_key(key, "content"))
            out->content = daf_cursor_bin(c, DAF_ARCHIVED_MAX * ID);
        else if (is_key(key, "since"))
            out->since = daf_cursor_bin(c, (size_t)DAF_ARCHIVED_MAX * 8);
        else
            daf_cursor_skip(c);
    }
    if (out->content.p == NULL || out->since.p == NULL ||
        out->content.len % ID != 0 ||
        out->since.len != out->content.len / ID * 8 || !ascends(out->content))
        daf_cursor_fail(c, DAF_EFORM, start);
}

static void read_place(struct daf_cursor *c, struct daf_statement *out)
{
    size_t start;

    daf_cursor_bin_into(c, out->scope.b, sizeof(out->scope.b));
    daf_cursor_bin_into(c, out->author.b, sizeof(out->author.b));
    start = c->at;
    out->kind = (uint8_t)daf_cursor_uint(c, DAF_STATEMENT_KIND_MAX);
    out->page = (uint8_t)daf_cursor_uint(c, out->kind == DAF_STATEMENT_ARCHIVED
                                                ? DAF_ARCHIVED_PAGES_MAX - 1
                                                : 0);
    out->number = daf_cursor_uint(c, DAF_INT_MAX);
    if (out->kind == 0 || out->number == 0)
        daf_cursor_fail(c, DAF_EFORM, start);
}

enum daf_err daf_statement_decode(struct daf_view bytes,
                                  struct daf_statement *out)
{
    struct daf_statement st;
    struct daf_cursor c;
    uint8_t mark[16];
    size_t start;

    if (bytes.len > DAF_STATEMENT_BYTES_MAX) return DAF_ELIMIT;
    memset(&st, 0, sizeof(st));
    daf_cursor_init(&c, bytes);
    read_version(&c);
    read_place(&c, &st);
    start = c.at;
    if (st.kind == DAF_STATEMENT_ARCHIVED)
        read_archived(&c, &st);
    else
        daf_cursor_skip(&c);
    st.signed_len = c.at;
    if (st.kind != DAF_STATEMENT_ARCHIVED)
        st.other = (struct daf_view){c.p + start, c.at - start};
    daf_cursor_bin_into(&c, st.sig.b, sizeof(st.sig.b));
    if (!daf_cursor_done(&c)) return c.err;
    if (st.kind != DAF_STATEMENT_ARCHIVED &&
        bytes.len > DAF_STATEMENT_OTHER_BYTES_MAX)
        return DAF_ELIMIT;
    daf_hash_128(MARK, bytes, mark);
    memcpy(st.mark, mark, sizeof(st.mark));
    *out = st;
    return DAF_OK;
}

/* What is signed is a hash, so that no statement is too long for it. */
static struct daf_hash signed_hash(struct daf_view bytes, size_t len)
{
    struct daf_hash h;

    daf_hash_256(CONTEXT, (struct daf_view){bytes.p, len}, h.b);
    return h;
}

enum daf_err daf_statement_verify(struct daf_view bytes,
                                  const struct daf_statement *st,
                                  const struct daf_sign_pk *pk)
{
    struct daf_author_id author = daf_hash_author_id(pk);
    struct daf_hash h;

    assert(st->signed_len <= bytes.len);
    if (memcmp(author.b, st->author.b, sizeof(author.b)) != 0)
        return DAF_EAUTHOR;
    h = signed_hash(bytes, st->signed_len);
    return daf_hash_verify(CONTEXT, (struct daf_view){h.b, sizeof(h.b)}, pk,
                           &st->sig)
               ? DAF_OK
               : DAF_ESIG;
}

/* ---- making */

static void pack_archived(struct daf_pack *k, const struct daf_statement *st)
{
    daf_pack_map(k, 2);
    daf_pack_str(k, "content", 7);
    daf_pack_bin(k, st->content.p, st->content.len);
    daf_pack_str(k, "since", 5);
    daf_pack_bin(k, st->since.p, st->since.len);
}

size_t daf_statement_sign(struct daf_statement *st,
                          const struct daf_sign_sk *sk, uint8_t *out)
{
    struct daf_pack k;
    struct daf_hash h;

    assert(st->kind != DAF_STATEMENT_ARCHIVED || ascends(st->content));
    daf_pack_init(&k, out, DAF_STATEMENT_BYTES_MAX);
    daf_pack_array(&k, ITEMS);
    daf_pack_uint(&k, DAF_FORMAT_VERSION);
    daf_pack_bin(&k, st->scope.b, sizeof(st->scope.b));
    daf_pack_bin(&k, st->author.b, sizeof(st->author.b));
    daf_pack_uint(&k, st->kind);
    daf_pack_uint(&k, st->page);
    daf_pack_uint(&k, st->number);
    if (st->kind == DAF_STATEMENT_ARCHIVED)
        pack_archived(&k, st);
    else
        daf_pack_raw(&k, st->other.p, st->other.len);
    st->signed_len = k.len;
    h = signed_hash((struct daf_view){out, k.len}, k.len);
    daf_hash_sign(CONTEXT, (struct daf_view){h.b, sizeof(h.b)}, sk, &st->sig);
    daf_pack_bin(&k, st->sig.b, sizeof(st->sig.b));
    assert(!k.is_full); /* DAF_STATEMENT_BYTES_MAX holds the longest */
    return k.len;
}

/* ---- content */

struct daf_hash daf_statement_at(const struct daf_statement *st, size_t index,
                                 uint64_t *out_since)
{
    struct daf_hash content;

    assert(index < st->content.len / ID);
    memcpy(content.b, st->content.p + index * ID, ID);
    if (out_since != NULL) *out_since = read_be(st->since.p + index * 8);
    return content;
}

bool daf_statement_find(const struct daf_statement *st,
                        const struct daf_hash *content, uint64_t *out_since)
{
    size_t low = 0, high = st->content.len / ID;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(st->content.p + middle * ID, content->b, ID);

        if (order == 0) {
            (void)daf_statement_at(st, middle, out_since);
            return true;
        }
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* ---- what a list says */

struct daf_stated daf_statement_mark(const struct daf_statement *st)
{
    struct daf_stated s = {.author = st->author,
                           .kind = st->kind,
                           .page = st->page,
                           .number = st->number};

    memcpy(s.mark, st->mark, sizeof(s.mark));
    return s;
}

int daf_statement_order(const struct daf_stated *a, const struct daf_stated *b)
{
    int order = memcmp(a->author.b, b->author.b, sizeof(a->author.b));

    if (order != 0) return order;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    return (a->page > b->page) - (a->page < b->page);
}

bool daf_statement_stands(const struct daf_stated *a,
                          const struct daf_stated *b)
{
    if (a->number != b->number) return a->number > b->number;
    return memcmp(a->mark, b->mark, sizeof(a->mark)) > 0;
}

void daf_statement_write(const struct daf_stated *s, uint8_t *out)
{
    memcpy(out, s->author.b, 16);
    out[16] = s->kind;
    out[17] = s->page;
    write_be(s->number, out + 18);
    memcpy(out + 26, s->mark, 8);
}

struct daf_stated daf_statement_read(const uint8_t *p)
{
    struct daf_stated s = {.kind = p[16], .page = p[17]};

    memcpy(s.author.b, p, 16);
    s.number = read_be(p + 18);
    memcpy(s.mark, p + 26, 8);
    return s;
}
