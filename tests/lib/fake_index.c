/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/fake_index.h"

#include <assert.h>
#include <stdlib.h>

struct row {
    struct daf_log_key log;
    struct daf_spot spot;
    struct daf_spot prev; /* seq 0 if there is none */
    uint8_t *header;
    size_t header_len;
    enum daf_body_state body_state;
    uint8_t *body;
    size_t body_len;
    bool is_unchecked;
};

struct acked {
    struct daf_log_key log;
    uint64_t seq;
};

struct daf_fake_index {
    struct daf_index index;
    struct row *rows; /* ascending by log, seq, id */
    size_t count, cap;
    uint64_t bodies; /* ever stored */
    uint8_t *lent;   /* what the last question handed out */
    size_t lent_len;
    struct acked *acked; /* in no order */
    size_t acked_count;
    struct daf_mark *marks; /* of all logs, ascending; NULL: to be made */
    size_t marks_count;
    size_t calls;
    size_t left;            /* questions until they fail */
    struct daf_spot misled; /* seq 0: head() is right */
};

/* ---- order */

static int compare_logs(const struct daf_log_key *a,
                        const struct daf_log_key *b)
{
    int order = memcmp(a->scope.b, b->scope.b, sizeof(a->scope.b));

    if (order == 0)
        order = memcmp(a->author.b, b->author.b, sizeof(a->author.b));
    if (order == 0 && a->incarnation != b->incarnation)
        order = a->incarnation < b->incarnation ? -1 : 1;
    return order;
}

static int compare_spots(const struct daf_spot *a, const struct daf_spot *b)
{
    if (a->seq != b->seq) return a->seq < b->seq ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof(a->id.b));
}

/* The first row at or after (log, spot). */
static size_t find(const struct daf_fake_index *f,
                   const struct daf_log_key *log, const struct daf_spot *spot)
{
    size_t low = 0, high = f->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct row *row = &f->rows[middle];
        int order = compare_logs(&row->log, log);

        if (order == 0) order = compare_spots(&row->spot, spot);
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_in_log(const struct daf_fake_index *f, size_t at,
                      const struct daf_log_key *log)
{
    return at < f->count && compare_logs(&f->rows[at].log, log) == 0;
}

static bool holds(const struct daf_fake_index *f, const struct daf_log_key *log,
                  const struct daf_spot *spot)
{
    size_t at = find(f, log, spot);

    return is_in_log(f, at, log) && compare_spots(&f->rows[at].spot, spot) == 0;
}

/* ---- frontier, naively */

static bool has_successor(const struct daf_fake_index *f, const struct row *row)
{
    struct daf_spot above = {.seq = row->spot.seq + 1};
    size_t at = find(f, &row->log, &above);

    for (; is_in_log(f, at, &row->log); at++) {
        if (f->rows[at].spot.seq != above.seq) break;
        if (compare_spots(&f->rows[at].prev, &row->spot) == 0) return true;
    }
    return false;
}

static void add_spot(const struct daf_spot *spot, struct daf_spot *list,
                     size_t *count)
{
    size_t at = *count;

    assert(*count < DAF_FRONTIER_MAX);
    for (; at > 0 && memcmp(spot->id.b, list[at - 1].id.b, 32) < 0; at--)
        list[at] = list[at - 1];
    list[at] = *spot;
    (*count)++;
}

static void fill_head(const struct daf_fake_index *f,
                      const struct daf_log_key *log, struct daf_head *out)
{
    size_t at = find(f, log, &(struct daf_spot){0});

    memset(out, 0, sizeof(*out));
    out->log = *log;
    for (; is_in_log(f, at, log); at++) {
        const struct row *row = &f->rows[at];

        if (!has_successor(f, row))
            add_spot(&row->spot, out->tips, &out->tips_count);
        if (row->prev.seq == 0 || !holds(f, log, &row->prev))
            add_spot(&row->spot, out->roots, &out->roots_count);
    }
}

/* ---- questions */

static bool begin_question(struct daf_fake_index *f)
{
    f->calls++;
    if (f->lent != NULL) memset(f->lent, 0xee, f->lent_len);
    free(f->lent);
    f->lent = NULL;
    f->lent_len = 0;
    if (f->left == 0) return false;
    if (f->left != SIZE_MAX) f->left--;
    return true;
}

/* Copied, so that the next question can take it away. */
static void lend(struct daf_fake_index *f, const struct row *row,
                 bool with_body, struct daf_stored *out)
{
    size_t body_len = with_body ? row->body_len : 0;

    f->lent_len = row->header_len + body_len;
    f->lent = malloc(f->lent_len);
    assert(f->lent != NULL);
    memcpy(f->lent, row->header, row->header_len);
    if (body_len > 0) memcpy(f->lent + row->header_len, row->body, body_len);
    *out = (struct daf_stored){
        .spot = row->spot,
        .header = {f->lent, row->header_len},
        .body_state = row->body_state,
    };
    if (body_len > 0)
        out->body = (struct daf_view){f->lent + row->header_len, body_len};
}

static enum daf_err head_next(void *ctx, const struct daf_scope_id *scope,
                              const struct daf_log_key *after,
                              struct daf_head *out)
{
    struct daf_fake_index *f = ctx;
    struct daf_log_key log = {.scope = *scope};
    struct daf_spot last = {.seq = UINT64_MAX};
    size_t at;

    if (!begin_question(f)) return DAF_EIO;
    if (after == NULL) {
        at = find(f, &log, &(struct daf_spot){0});
    } else {
        log.author = after->author;
        log.incarnation = after->incarnation;
        at = find(f, &log, &last);
    }
    if (at == f->count || memcmp(f->rows[at].log.scope.b, scope->b, 16) != 0)
        return DAF_ENOTFOUND;
    fill_head(f, &f->rows[at].log, out);
    return DAF_OK;
}

static enum daf_err head(void *ctx, const struct daf_log_key *log,
                         struct daf_head *out)
{
    struct daf_fake_index *f = ctx;

    if (!begin_question(f)) return DAF_EIO;
    fill_head(f, log, out);
    if (f->misled.seq > 0) {
        out->tips_count = 1;
        out->tips[0] = f->misled;
    }
    return out->tips_count == 0 ? DAF_ENOTFOUND : DAF_OK;
}

static enum daf_err get(void *ctx, const struct daf_log_key *log,
                        const struct daf_spot *spot, struct daf_stored *out)
{
    struct daf_fake_index *f = ctx;

    if (!begin_question(f)) return DAF_EIO;
    if (!holds(f, log, spot)) return DAF_ENOTFOUND;
    lend(f, &f->rows[find(f, log, spot)], true, out);
    return DAF_OK;
}

static enum daf_err at_or_after(void *ctx, const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_stored *out)
{
    struct daf_fake_index *f = ctx;
    size_t at;

    if (!begin_question(f)) return DAF_EIO;
    at = find(f, log, spot);
    if (!is_in_log(f, at, log)) return DAF_ENOTFOUND;
    lend(f, &f->rows[at], false, out);
    return DAF_OK;
}

static enum daf_err next(void *ctx, const struct daf_log_key *log,
                         const struct daf_spot *spot, struct daf_stored *out)
{
    struct daf_fake_index *f = ctx;
    size_t at;

    if (!begin_question(f)) return DAF_EIO;
    at = find(f, log, spot);
    if (is_in_log(f, at, log) && compare_spots(&f->rows[at].spot, spot) == 0)
        at++;
    if (!is_in_log(f, at, log)) return DAF_ENOTFOUND;
    lend(f, &f->rows[at], true, out);
    return DAF_OK;
}

/* ---- comparing */

/* The first row after all of the log that row @at is of. */
static size_t after_log(const struct daf_fake_index *f, size_t at)
{
    const struct daf_log_key *log = &f->rows[at].log;

    while (is_in_log(f, at, log))
        at++;
    return at;
}

static struct daf_mark mark_of(const struct daf_fake_index *f,
                               const struct daf_log_key *log)
{
    struct daf_head head;

    fill_head(f, log, &head);
    return daf_sketch_mark(&head);
}

/* Ascending by tag, then by log. */
static int compare_marks(const void *a, const void *b)
{
    const struct daf_mark *x = a, *y = b;
    int order = memcmp(x->tag.b, y->tag.b, sizeof(x->tag.b));

    return order != 0 ? order : compare_logs(&x->log, &y->log);
}

/* All marks of all scopes, made when first asked for. */
static void make_marks(struct daf_fake_index *f)
{
    if (f->marks != NULL) return;
    f->marks = calloc(f->count + 1, sizeof(f->marks[0]));
    assert(f->marks != NULL);
    f->marks_count = 0;
    for (size_t at = 0; at < f->count; at = after_log(f, at))
        f->marks[f->marks_count++] = mark_of(f, &f->rows[at].log);
    qsort(f->marks, f->marks_count, sizeof(f->marks[0]), compare_marks);
}

static void forget_marks(struct daf_fake_index *f)
{
    free(f->marks);
    f->marks = NULL;
}

static bool is_of(const struct daf_mark *mark, const struct daf_scope_id *scope)
{
    return memcmp(mark->log.scope.b, scope->b, sizeof(scope->b)) == 0;
}

static enum daf_err mark(void *ctx, const struct daf_log_key *log,
                         struct daf_mark *out)
{
    struct daf_fake_index *f = ctx;

    if (!begin_question(f)) return DAF_EIO;
    if (!is_in_log(f, find(f, log, &(struct daf_spot){0}), log))
        return DAF_ENOTFOUND;
    *out = mark_of(f, log);
    return DAF_OK;
}

static enum daf_err mark_by_tag(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_tag *tag, struct daf_mark *out)
{
    struct daf_fake_index *f = ctx;

    if (!begin_question(f)) return DAF_EIO;
    make_marks(f);
    for (size_t i = 0; i < f->marks_count; i++) {
        if (!is_of(&f->marks[i], scope) ||
            memcmp(&f->marks[i].tag, tag, sizeof(*tag)) != 0)
            continue;
        *out = f->marks[i];
        return DAF_OK;
    }
    return DAF_ENOTFOUND;
}

static enum daf_err marks(void *ctx, const struct daf_scope_id *scope,
                          const struct daf_tag *after, daf_mark_fn fn,
                          void *fn_ctx)
{
    struct daf_fake_index *f = ctx;

    if (!begin_question(f)) return DAF_EIO;
    make_marks(f);
    for (size_t i = 0; i < f->marks_count; i++) {
        if (!is_of(&f->marks[i], scope)) continue;
        if (after != NULL &&
            memcmp(&f->marks[i].tag, after, sizeof(*after)) <= 0)
            continue;
        if (!fn(fn_ctx, &f->marks[i])) break;
    }
    return DAF_OK;
}

static enum daf_err symbols(void *ctx, const struct daf_scope_id *scope,
                            size_t start, size_t count, struct daf_symbol *out)
{
    struct daf_fake_index *f = ctx;
    struct daf_symbol *all;

    assert(start <= DAF_SYMBOLS_MAX && count <= DAF_SYMBOLS_MAX - start);
    if (!begin_question(f)) return DAF_EIO;
    all = calloc(start + count + 1, sizeof(*all));
    assert(all != NULL);
    make_marks(f);
    for (size_t i = 0; i < f->marks_count; i++) {
        struct daf_item item = daf_sketch_item(&f->marks[i]);

        if (is_of(&f->marks[i], scope))
            daf_sketch_add(all, start + count, scope, &item, 1);
    }
    memcpy(out, all + start, count * sizeof(*out));
    free(all);
    return DAF_OK;
}

static enum daf_err bodies(void *ctx, uint64_t *out)
{
    struct daf_fake_index *f = ctx;

    if (!begin_question(f)) return DAF_EIO;
    *out = f->bodies;
    return DAF_OK;
}

/* ---- repair */

static enum daf_err absent_next(void *ctx, const struct daf_scope_id *scope,
                                const struct daf_log_key *log,
                                const struct daf_spot *spot,
                                struct daf_log_key *out_log,
                                struct daf_spot *out_spot)
{
    struct daf_fake_index *f = ctx;
    size_t at = 0;

    if (!begin_question(f)) return DAF_EIO;
    if (log != NULL) {
        at = find(f, log, spot);
        at += holds(f, log, spot) ? 1 : 0;
    }
    for (; at < f->count; at++) {
        const struct row *row = &f->rows[at];

        if (memcmp(&row->log.scope, scope, sizeof(*scope)) != 0 ||
            row->body_state != DAF_BODY_ABSENT)
            continue;
        *out_log = row->log;
        *out_spot = row->spot;
        return DAF_OK;
    }
    return DAF_ENOTFOUND;
}

static bool is_checked(void *ctx, const struct daf_log_key *log,
                       const struct daf_spot *spot)
{
    struct daf_fake_index *f = ctx;

    if (!begin_question(f) || !holds(f, log, spot)) return false;
    return !f->rows[find(f, log, spot)].is_unchecked;
}

/* From the first that is not verified to the last before one that is. */
static enum daf_err unchecked_next(void *ctx, struct daf_stretch *out)
{
    struct daf_fake_index *f = ctx;
    size_t at = 0;

    if (!begin_question(f)) return DAF_EIO;
    while (at < f->count && !f->rows[at].is_unchecked)
        at++;
    if (at == f->count) return DAF_ENOTFOUND;
    *out = (struct daf_stretch){.log = f->rows[at].log,
                                .first = f->rows[at].spot.seq};
    for (; is_in_log(f, at, &out->log) && f->rows[at].is_unchecked; at++)
        out->last = f->rows[at].spot.seq;
    return DAF_OK;
}

static uint64_t acked_seq(const struct daf_fake_index *f,
                          const struct daf_log_key *log)
{
    for (size_t i = 0; i < f->acked_count; i++) {
        if (compare_logs(&f->acked[i].log, log) == 0) return f->acked[i].seq;
    }
    return 0;
}

void daf_fake_index_acked(struct daf_fake_index *f,
                          const struct daf_log_key *log, uint64_t seq)
{
    for (size_t i = 0; i < f->acked_count; i++) {
        if (compare_logs(&f->acked[i].log, log) != 0) continue;
        if (seq > f->acked[i].seq) f->acked[i].seq = seq;
        return;
    }
    f->acked = realloc(f->acked, (f->acked_count + 1) * sizeof(f->acked[0]));
    assert(f->acked != NULL);
    f->acked[f->acked_count++] = (struct acked){*log, seq};
}

static enum daf_err unacked_next(void *ctx, const struct daf_scope_id *scope,
                                 const struct daf_author_id *author,
                                 const uint64_t *after, struct daf_mark *out)
{
    struct daf_fake_index *f = ctx;
    bool found = false;

    if (!begin_question(f)) return DAF_EIO;
    for (size_t i = 0; i < f->count; i++) {
        const struct row *row = &f->rows[i];

        if (memcmp(row->log.scope.b, scope->b, 16) != 0 ||
            memcmp(row->log.author.b, author->b, 16) != 0 ||
            (after != NULL && row->log.incarnation <= *after))
            continue;
        if (found && compare_logs(&out->log, &row->log) != 0) break;
        if (row->spot.seq <= acked_seq(f, &row->log)) continue;
        *out = (struct daf_mark){.log = row->log};
        found = true;
        break;
    }
    if (!found) return DAF_ENOTFOUND;
    return mark(ctx,
                &(struct daf_log_key){*scope, *author, out->log.incarnation},
                out);
}

static void set_unchecked(struct daf_fake_index *f,
                          const struct daf_stretch *what, bool is_unchecked)
{
    size_t at = find(f, &what->log, &(struct daf_spot){.seq = what->first});

    assert(what->first >= 1 && what->first <= what->last);
    for (; is_in_log(f, at, &what->log); at++) {
        if (f->rows[at].spot.seq > what->last) break;
        f->rows[at].is_unchecked = is_unchecked;
    }
}

void daf_fake_index_unchecked(struct daf_fake_index *f,
                              const struct daf_stretch *what)
{
    set_unchecked(f, what, true);
}

void daf_fake_index_checked(struct daf_fake_index *f,
                            const struct daf_stretch *what)
{
    set_unchecked(f, what, false);
}

bool daf_fake_index_drop(struct daf_fake_index *f,
                         const struct daf_log_key *log,
                         const struct daf_spot *spot)
{
    size_t at = find(f, log, spot);

    if (!holds(f, log, spot)) return false;
    forget_marks(f);
    free(f->rows[at].header);
    free(f->rows[at].body);
    f->count--;
    memmove(f->rows + at, f->rows + at + 1,
            (f->count - at) * sizeof(f->rows[0]));
    return true;
}

/* ---- life */

struct daf_fake_index *daf_fake_index_new(void)
{
    struct daf_fake_index *f = calloc(1, sizeof(*f));

    assert(f != NULL);
    f->left = SIZE_MAX;
    f->index = (struct daf_index){.ctx = f,
                                  .head_next = head_next,
                                  .head = head,
                                  .get = get,
                                  .at_or_after = at_or_after,
                                  .next = next,
                                  .mark = mark,
                                  .mark_by_tag = mark_by_tag,
                                  .marks = marks,
                                  .symbols = symbols,
                                  .bodies = bodies,
                                  .absent_next = absent_next,
                                  .is_checked = is_checked,
                                  .unchecked_next = unchecked_next,
                                  .unacked_next = unacked_next};
    return f;
}

void daf_fake_index_free(struct daf_fake_index *f)
{
    if (f == NULL) return;
    for (size_t i = 0; i < f->count; i++) {
        free(f->rows[i].header);
        free(f->rows[i].body);
    }
    free(f->acked);
    free(f->marks);
    free(f->rows);
    free(f->lent);
    free(f);
}

const struct daf_index *daf_fake_index_view(const struct daf_fake_index *f)
{
    return &f->index;
}

static uint8_t *copy(struct daf_view bytes)
{
    uint8_t *p = malloc(bytes.len + 1);

    assert(p != NULL);
    if (bytes.len > 0) memcpy(p, bytes.p, bytes.len);
    return p;
}

static bool set_body(struct daf_fake_index *f, struct row *row,
                     enum daf_body_state state, struct daf_view body)
{
    if (row->body_state != DAF_BODY_ABSENT || state == DAF_BODY_ABSENT)
        return false;
    row->body_state = state;
    if (state == DAF_BODY_HELD) {
        free(row->body);
        f->bodies++;
        row->body = copy(body);
        row->body_len = body.len;
    }
    return true;
}

bool daf_fake_index_put(struct daf_fake_index *f, const struct daf_record *r,
                        struct daf_view header, enum daf_body_state state,
                        struct daf_view body)
{
    struct row row = {.log = r->log, .spot = {r->seq, r->id}};
    size_t at = find(f, &r->log, &row.spot);

    if (holds(f, &r->log, &row.spot))
        return set_body(f, &f->rows[at], state, body);
    forget_marks(f);
    row.prev = (struct daf_spot){r->seq - 1, r->prev};
    row.header = copy(header);
    row.header_len = header.len;
    row.body_state = DAF_BODY_ABSENT;
    (void)set_body(f, &row, state, body);
    if (f->count == f->cap) {
        f->cap = f->cap == 0 ? 64 : 2 * f->cap;
        f->rows = realloc(f->rows, f->cap * sizeof(row));
        assert(f->rows != NULL);
    }
    memmove(f->rows + at + 1, f->rows + at, (f->count - at) * sizeof(row));
    f->rows[at] = row;
    f->count++;
    return true;
}

size_t daf_fake_index_count(const struct daf_fake_index *f)
{
    return f->count;
}

void daf_fake_index_at(const struct daf_fake_index *f, size_t index,
                       struct daf_log_key *out_log, struct daf_stored *out)
{
    const struct row *row;

    assert(index < f->count);
    row = &f->rows[index];
    *out_log = row->log;
    *out = (struct daf_stored){
        .spot = row->spot,
        .header = {row->header, row->header_len},
        .body_state = row->body_state,
        .body = {row->body, row->body_len},
    };
}

size_t daf_fake_index_calls(struct daf_fake_index *f)
{
    size_t calls = f->calls;

    f->calls = 0;
    return calls;
}

void daf_fake_index_mislead(struct daf_fake_index *f,
                            const struct daf_spot *tip)
{
    f->misled = *tip;
}

void daf_fake_index_fail(struct daf_fake_index *f, size_t after)
{
    f->left = after;
}
