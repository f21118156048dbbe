/* SPDX-License-Identifier: Apache-2.0 */
/* The ops of pages: what web may know.  No key, no secret, no address of a peer. */
#include "node/apiserver_impl.h"

#include "node/cmd.h"
#include "node/learners.h"
#include "proto/limits.h"

#include <sodium.h>

static struct daf_apiserver_answer failed(enum daf_err err, const char *words)
{
    return (struct daf_apiserver_answer){.err = err, .words = words};
}

/* @last: taken; NULL: out of memory. */
static struct daf_apiserver_answer done(json_t *last)
{
    if (last == NULL) return failed(DAF_ENOMEM, daf_err_str(DAF_ENOMEM));
    return (struct daf_apiserver_answer){.last = last};
}

/* ---- learners and what they did */

/* Of the class that this device writes in when nobody names one. */
static struct daf_apiserver_answer learners(const struct daf_agent *agent,
                                            const struct daf_apiserver_ops *ops)
{
    static const struct daf_learners none;
    const struct daf_learners *unconfirmed =
        ops->unconfirmed == NULL ? NULL : ops->unconfirmed(ops->ctx);
    const struct daf_camp *camp = daf_agent_camp(agent);
    const char *class = daf_camp_own_class(camp, 0);
    json_t *list = json_array();
    struct daf_learner l;
    bool more = false;

    for (size_t i = 0; class != NULL && !more; i++) {
        const char *scope;

        if (!daf_camp_learner_at(camp, i, &l)) break;
        scope = daf_camp_scope_name(camp, &l.scope);
        if (scope == NULL || strcmp(scope, class) != 0) continue;
        more = json_array_size(list) == DAF_APISERVER_LINES_MAX;
        if (!more)
            (void)json_array_append_new(
                list, json_pack("{so so sb}", "subject",
                                daf_cmd_hex(l.subject.b, sizeof(l.subject.b)),
                                "name", daf_cmd_text(l.name), "confirmed",
                                daf_learners_is_confirmed(
                                    unconfirmed == NULL ? &none : unconfirmed,
                                    &l.scope, &l.subject)));
    }
    sodium_memzero(&l, sizeof(l));
    return done(json_pack("{ss so sb}", "scope", class != NULL ? class : "",
                          "learners", list, "more", more));
}

static bool read_hex(const json_t *text, uint8_t *out, size_t size)
{
    size_t len = 0;

    return json_string_length(text) == 2 * size &&
           sodium_hex2bin(out, size, json_string_value(text), 2 * size, NULL,
                          &len, NULL) == 0 &&
           len == size;
}

static struct daf_apiserver_answer progress(const struct daf_apiserver_ops *ops,
                                            json_t *request)
{
    struct daf_subject_id subject;
    json_t *lines;
    enum daf_err err;

    if (!read_hex(json_object_get(request, "subject"), subject.b,
                  sizeof(subject.b)))
        return failed(DAF_EUSAGE, "subject is 32 hexadecimal digits");
    lines = json_array();
    err = ops->progress(ops->ctx, &subject, lines);
    if (err == DAF_OK) return done(json_pack("{so}", "lines", lines));
    json_decref(lines);
    return failed(err, daf_err_str(err));
}

/* ---- the device */

static struct daf_apiserver_answer status(const struct daf_agent *agent,
                                          const struct daf_apiserver_ops *ops)
{
    const struct daf_manifest *m = daf_camp_manifest(daf_agent_camp(agent));
    struct daf_apiserver_status now = {.endpoint = "", .mdns = "", .web = ""};
    struct daf_agent_stats stats;

    daf_agent_stats(agent, &stats);
    ops->status(ops->ctx, &now);
    return done(json_pack("{so so sI sI sb}", "camp", daf_cmd_text(m->name),
                          "author", daf_cmd_hex(daf_agent_author(agent)->b, 4),
                          "peers", (json_int_t)stats.sessions, "records",
                          (json_int_t)now.records, "revoked", stats.revoked));
}

/* ---- content */

static bool read_languages(json_t *list, struct daf_library_query *q)
{
    json_t *one;
    size_t i;

    if (json_array_size(list) > DAF_LIBRARY_LANGUAGES_MAX) return false;
    json_array_foreach(list, i, one)
    {
        const char *language = json_string_value(one);

        if (language == NULL) return false;
        q->languages[q->languages_count++] = language;
    }
    return json_is_array(list);
}

/* False: it is no content id. */
static bool read_from(const json_t *at, enum daf_library_from from,
                      struct daf_library_query *q)
{
    if (at == NULL) return true;
    q->from = from;
    return read_hex(at, q->at.b, sizeof(q->at.b));
}

static struct daf_apiserver_answer library(const struct daf_apiserver_ops *ops,
                                           json_t *request)
{
    json_t *after = json_object_get(request, "after");
    json_t *before = json_object_get(request, "before");
    struct daf_library_query q = {.languages_count = 0};
    struct daf_library_page page = {.total = 0};
    enum daf_err err = DAF_OK;

    if ((after != NULL && before != NULL) ||
        !read_from(after, DAF_LIBRARY_AFTER, &q) ||
        !read_from(before, DAF_LIBRARY_BEFORE, &q) ||
        !read_languages(json_object_get(request, "languages"), &q))
        return failed(DAF_EUSAGE,
                      "after or before is 64 hexadecimal digits, languages a "
                      "list of at most 16");
    page.items = json_array();
    if (q.from == DAF_LIBRARY_START) page.assigned = json_array();
    if (ops->library != NULL) err = ops->library(ops->ctx, &q, &page);
    if (err == DAF_OK)
        return done(json_pack("{so sI sI so*}", "items", page.items, "skipped",
                              (json_int_t)page.skipped, "total",
                              (json_int_t)page.total, "assigned",
                              page.assigned));
    json_decref(page.items);
    json_decref(page.assigned);
    return failed(err, daf_err_str(err));
}

static struct daf_apiserver_answer library_item(
    const struct daf_apiserver_ops *ops, json_t *request)
{
    struct daf_library_query q = {.languages_count = 0};
    enum daf_err err = DAF_ENOTFOUND;
    struct daf_hash id;
    json_t *item = NULL;

    if (!read_hex(json_object_get(request, "content"), id.b, sizeof(id.b)) ||
        !read_languages(json_object_get(request, "languages"), &q))
        return failed(DAF_EUSAGE, "content is 64 hexadecimal digits, languages "
                                  "a list of at most 16");
    if (ops->library_item != NULL)
        err = ops->library_item(ops->ctx, &q, &id, &item);
    if (err == DAF_OK) return done(json_pack("{so}", "item", item));
    return failed(err, daf_err_str(err));
}

static struct daf_apiserver_answer content(const struct daf_apiserver_ops *ops,
                                           const char *op, json_t *request,
                                           uint64_t ticket)
{
    const char *path = json_string_value(json_object_get(request, "path"));
    struct daf_hash id;

    if (!read_hex(json_object_get(request, "content"), id.b, sizeof(id.b)))
        return failed(DAF_EUSAGE, "content is 64 hexadecimal digits");
    if (strcmp(op, "content-files") == 0) {
        if (ops->content_files == NULL)
            return failed(DAF_ENOTFOUND, daf_err_str(DAF_ENOTFOUND));
        ops->content_files(ops->ctx, ticket, &id);
        return (struct daf_apiserver_answer){.err = DAF_OK};
    }
    if (path == NULL || path[0] == '\0' ||
        strlen(path) > DAF_FILE_PATH_BYTES_MAX)
        return failed(DAF_EUSAGE, "path is a path of the item's file list");
    if (ops->content_open == NULL)
        return failed(DAF_ENOTFOUND, daf_err_str(DAF_ENOTFOUND));
    ops->content_open(ops->ctx, ticket, &id, path);
    return (struct daf_apiserver_answer){.err = DAF_OK};
}

/* ---- all of them */

static const char *const names[] = {"learners",     "progress",
                                    "web-status",   "library",
                                    "library-item", "content-files",
                                    "content-open"};

bool daf_apiserver_web_has(const char *op)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(op, names[i]) == 0) return true;
    return false;
}

struct daf_apiserver_answer daf_apiserver_web(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    const char *op, json_t *request, uint64_t ticket)
{
    if (strcmp(op, "learners") == 0) return learners(agent, ops);
    if (strcmp(op, "progress") == 0) return progress(ops, request);
    if (strcmp(op, "web-status") == 0) return status(agent, ops);
    if (strcmp(op, "library") == 0) return library(ops, request);
    if (strcmp(op, "library-item") == 0) return library_item(ops, request);
    return content(ops, op, request, ticket);
}
