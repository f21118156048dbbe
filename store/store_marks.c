/* SPDX-License-Identifier: Apache-2.0 */
/* Marks, and the sketch of a scope's marks.
 *
 * Comparing asks for all marks of a scope, at every contact, so a handle keeps
 * them in memory and brings them up to date when it is asked: the rows changed
 * since are read by an index, the old item leaves the sketch and the new one
 * enters it.  A log that was dropped changes no row; then the file has fewer
 * logs than the list, and all is read anew. */
#include <assert.h>
#include <stdlib.h>

#include "store/store_impl.h"

#define SYMBOLS_FIRST 64

static enum daf_err read_mark(const struct daf_query *q,
                              const struct daf_scope_id *scope,
                              struct daf_mark *out)
{
    uint8_t incarnation[8];
    int64_t height = daf_db_int(q, 3);
    memset(out, 0, sizeof(*out));
    out->log.scope = *scope;
    if (!daf_db_copy(q, 0, out->log.author.b, sizeof(out->log.author.b)) ||
        !daf_db_copy(q, 1, incarnation, sizeof(incarnation)) ||
        !daf_db_copy(q, 2, out->tag.b, sizeof(out->tag.b)) || height < 0 ||
        height > UINT32_MAX ||
        !daf_db_copy(q, 4, out->digest.b, sizeof(out->digest.b)))
        return daf_db_say(q->db, DAF_ECORRUPT, "a mark is damaged");
    out->log.incarnation = daf_store_incarnation_of(incarnation);
    out->height = (uint32_t)height;
    return DAF_OK;
}

static int compare(const struct daf_mark *a, const struct daf_mark *b)
{
    int order = memcmp(a->tag.b, b->tag.b, sizeof(a->tag.b));
    if (order == 0)
        order =
            memcmp(a->log.author.b, b->log.author.b, sizeof(a->log.author.b));
    if (order == 0 && a->log.incarnation != b->log.incarnation)
        order = a->log.incarnation < b->log.incarnation ? -1 : 1;
    return order;
}

/* ---- one mark */

/* What is asked inside a transaction is answered as of then. */
static enum daf_err settle(struct daf_store *s)
{
    return s->is_writing ? daf_store_front_flush(s) : DAF_OK;
}

enum daf_err daf_store_mark(void *ctx, const struct daf_log_key *log,
                            struct daf_mark *out)
{
    struct daf_store *s = ctx;
    uint8_t incarnation[8];
    enum daf_err err = settle(s);
    if (err != DAF_OK) return err;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_MARK_GET);
    daf_store_bind_log(&q, log, incarnation);
    err = daf_db_step(&q);
    if (err == DAF_OK) err = read_mark(&q, &log->scope, out);
    daf_db_end(&q);
    return err;
}

enum daf_err daf_store_mark_by_tag(void *ctx, const struct daf_scope_id *scope,
                                   const struct daf_tag *tag,
                                   struct daf_mark *out)
{
    struct daf_store *s = ctx;
    bool has_one = false;
    enum daf_err err = settle(s);
    if (err != DAF_OK) return err;
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_MARK_BY_TAG);
    daf_db_bind_blob(&q, 1, scope->b, sizeof(scope->b));
    daf_db_bind_blob(&q, 2, tag->b, sizeof(tag->b));
    err = daf_db_step(&q);
    if (err == DAF_OK) err = read_mark(&q, scope, out);
    /* Equal tags are rare; SQLite, asked to sort, took a sixth of a simulated
     * conference for it. */
    while (err == DAF_OK) {
        struct daf_mark other;

        err = daf_db_step(&q);
        if (err == DAF_OK) err = read_mark(&q, scope, &other);
        if (err == DAF_OK && compare(&other, out) < 0) *out = other;
        has_one = true;
    }
    daf_db_end(&q);
    return has_one && err == DAF_ENOTFOUND ? DAF_OK : err;
}

enum daf_err daf_store_unacked_next(void *ctx, const struct daf_scope_id *scope,
                                    const struct daf_author_id *author,
                                    const uint64_t *after, struct daf_mark *out)
{
    struct daf_store *s = ctx;
    uint8_t incarnation[8];
    enum daf_err err = settle(s);
    if (err != DAF_OK) return err;
    if (after != NULL) daf_store_incarnation(*after, incarnation);
    struct daf_query q = daf_db_start(&s->db, DAF_SQL_UNACKED_NEXT);
    daf_db_bind_blob(&q, 1, scope->b, sizeof(scope->b));
    daf_db_bind_blob(&q, 2, author->b, sizeof(author->b));
    /* The empty blob sorts before any incarnation. */
    daf_db_bind_blob(&q, 3, after != NULL ? incarnation : NULL,
                     after != NULL ? sizeof(incarnation) : 0);
    err = daf_db_step(&q);
    if (err == DAF_OK) err = read_mark(&q, scope, out);
    daf_db_end(&q);
    return err;
}

/* ---- the list */

/* The place of the first mark that is not below @mark. */
static size_t place_of(const struct daf_store_marks *m,
                       const struct daf_mark *mark)
{
    size_t low = 0, high = m->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare(&m->list[middle], mark) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool grow(struct daf_store_marks *m)
{
    if (m->count < m->cap) return true;
    size_t cap = m->cap + m->cap / 8 + 16;
    struct daf_mark *list = realloc(m->list, cap * sizeof(*list));
    if (list == NULL) return false;
    m->list = list;
    m->cap = cap;
    return true;
}

static void sketch(struct daf_store_marks *m, const struct daf_mark *mark,
                   int sign)
{
    struct daf_item item = daf_sketch_item(mark);
    if (m->symbols_count > 0)
        daf_sketch_add(m->symbols, m->symbols_count, &m->scope, &item, sign);
}

static bool take_in(struct daf_store_marks *m, const struct daf_mark *mark)
{
    size_t at = place_of(m, mark);
    if (at < m->count && compare(&m->list[at], mark) == 0) {
        sketch(m, &m->list[at], -1);
    } else {
        if (!grow(m)) return false;
        memmove(m->list + at + 1, m->list + at,
                (m->count - at) * sizeof(m->list[0]));
        m->count++;
    }
    m->list[at] = *mark;
    sketch(m, mark, 1);
    return true;
}

static void empty(struct daf_store_marks *m)
{
    free(m->symbols);
    m->symbols = NULL;
    m->symbols_count = 0;
    m->count = 0;
    m->since = 0;
}

void daf_store_marks_forget(struct daf_store *s)
{
    for (size_t i = 0; i < s->marks_count; i++) {
        empty(&s->marks[i]);
        free(s->marks[i].list);
    }
    memset(s->marks, 0, sizeof(s->marks));
    s->marks_count = s->marks_next = 0;
}

/* ---- up to date */

/* Those changed since, or, by tag, all: then each is put at the end. */
static enum daf_err read_since(struct daf_store *s, struct daf_store_marks *m)
{
    struct daf_mark mark;
    struct daf_query q =
        daf_db_start(&s->db,
                     m->since == 0 ? DAF_SQL_MARK_ALL : DAF_SQL_MARK_SINCE);
    daf_db_bind_blob(&q, 1, m->scope.b, sizeof(m->scope.b));
    if (m->since > 0) daf_db_bind_int(&q, 2, (int64_t)m->since);
    enum daf_err err;
    while ((err = daf_db_step(&q)) == DAF_OK) {
        err = read_mark(&q, &m->scope, &mark);
        if (err == DAF_OK && !take_in(m, &mark))
            err = daf_db_say(&s->db, DAF_ENOMEM, "out of memory");
        if (err != DAF_OK) break;
    }
    daf_db_end(&q);
    return err == DAF_ENOTFOUND ? DAF_OK : err;
}

static enum daf_err one_number(struct daf_store *s, enum daf_sql which,
                               const struct daf_scope_id *scope, uint64_t *out)
{
    struct daf_query q = daf_db_start(&s->db, which);
    if (scope != NULL) daf_db_bind_blob(&q, 1, scope->b, sizeof(scope->b));
    enum daf_err err = daf_db_step(&q);
    if (err == DAF_OK) *out = (uint64_t)daf_db_int(&q, 0);
    daf_db_end(&q);
    return err == DAF_ENOTFOUND ? DAF_ECORRUPT : err;
}

static enum daf_err refresh(struct daf_store *s, struct daf_store_marks *m)
{
    uint64_t commits = 0, logs = 0;
    enum daf_err err = settle(s);
    if (err == DAF_OK) err = one_number(s, DAF_SQL_COMMITS_GET, NULL, &commits);
    if (err != DAF_OK || (!s->is_writing && m->since == commits + 1))
        return err;
    /* Moments only rise, unless the file was exchanged. */
    if (m->since > commits + 1) empty(m);
    if (m->since > 0) {
        err = read_since(s, m);
        if (err == DAF_OK)
            err = one_number(s, DAF_SQL_MARK_COUNT, &m->scope, &logs);
        if (err != DAF_OK || logs != m->count) empty(m);
    }
    if (err == DAF_OK && m->since == 0) err = read_since(s, m);
    if (err != DAF_OK)
        empty(m);
    else
        m->since = commits + 1;
    return err;
}

static struct daf_store_marks *marks_of(struct daf_store *s,
                                        const struct daf_scope_id *scope)
{
    for (size_t i = 0; i < s->marks_count; i++) {
        if (memcmp(&s->marks[i].scope, scope, sizeof(*scope)) == 0)
            return &s->marks[i];
    }
    /* A session has at most so many scopes; one of before makes room. */
    size_t at = s->marks_count;
    if (at < DAF_SCOPES_MAX) {
        s->marks_count++;
    } else {
        at = s->marks_next;
        s->marks_next = (at + 1) % DAF_SCOPES_MAX;
    }
    empty(&s->marks[at]);
    s->marks[at].scope = *scope;
    return &s->marks[at];
}

/* The marks of @scope, of the moment that reads see. */
static enum daf_err marks_now(struct daf_store *s,
                              const struct daf_scope_id *scope,
                              struct daf_store_marks **out)
{
    *out = marks_of(s, scope);
    enum daf_err err = daf_store_hold(s);
    if (err != DAF_OK) return err;
    err = refresh(s, *out);
    daf_store_release(s);
    return err;
}

/* ---- questions */

enum daf_err daf_store_marks_walk(void *ctx, const struct daf_scope_id *scope,
                                  const struct daf_tag *after, daf_mark_fn fn,
                                  void *fn_ctx)
{
    struct daf_store_marks *m;
    size_t at = 0;
    enum daf_err err = marks_now(ctx, scope, &m);
    if (err != DAF_OK) return err;
    if (after != NULL) {
        struct daf_mark mark = {.tag = *after, .log.incarnation = UINT64_MAX};
        memset(&mark.log.author, 0xff, sizeof(mark.log.author));
        at = place_of(m, &mark);
        while (at < m->count &&
               memcmp(&m->list[at].tag, after, sizeof(*after)) == 0)
            at++;
    }
    while (at < m->count && fn(fn_ctx, &m->list[at]))
        at++;
    return DAF_OK;
}

static bool widen(struct daf_store_marks *m, size_t count)
{
    size_t wide = m->symbols_count == 0 ? SYMBOLS_FIRST : m->symbols_count;
    if (count <= m->symbols_count) return true;
    while (wide < count)
        wide *= 2;
    struct daf_symbol *symbols = calloc(wide, sizeof(*symbols));
    if (symbols == NULL) return false;
    free(m->symbols);
    m->symbols = symbols;
    m->symbols_count = wide;
    for (size_t i = 0; i < m->count; i++)
        sketch(m, &m->list[i], 1);
    return true;
}

enum daf_err daf_store_symbols(void *ctx, const struct daf_scope_id *scope,
                               size_t start, size_t count,
                               struct daf_symbol *out)
{
    struct daf_store *s = ctx;
    struct daf_store_marks *m;
    assert(start <= DAF_SYMBOLS_MAX && count <= DAF_SYMBOLS_MAX - start);
    enum daf_err err = marks_now(s, scope, &m);
    if (err != DAF_OK || count == 0) return err;
    if (!widen(m, start + count))
        return daf_db_say(&s->db, DAF_ENOMEM, "out of memory");
    memcpy(out, m->symbols + start, count * sizeof(*out));
    return DAF_OK;
}
