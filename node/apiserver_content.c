/* SPDX-License-Identifier: Apache-2.0 */
/* The ops on content: what is on the shelf, and what is wished. */
#include "node/apiserver_impl.h"

#include "node/clock.h"
#include "node/cmd.h"
#include "node/eviction.h"
#include "node/log.h"

#include <sodium.h>

#define KEEPERS_MAX 64  /* told of one item */
#define STEPS       256 /* in which the progress of an item is told */

static struct daf_apiserver_answer refused(enum daf_err err, const char *words)
{
    return (struct daf_apiserver_answer){.err = err, .words = words};
}

static struct daf_apiserver_answer misuse(const char *words)
{
    return refused(DAF_EUSAGE, words);
}

static struct daf_apiserver_answer told(json_t *last)
{
    if (last == NULL) return refused(DAF_ENOMEM, daf_err_str(DAF_ENOMEM));
    return (struct daf_apiserver_answer){.last = last};
}

/* Why nothing comes, in a word; "" if something does, or nothing is to. */
static const char *waits_for(const struct daf_contents_item *i,
                             const struct daf_agent_coming *coming)
{
    if (i->is_whole || i->wishes == 0) return "";
    if (i->is_stuck) return "room";
    if (coming->sources == 0) return "source";
    return coming->place > 0 ? "turn" : "";
}

/* Which archives state that they keep it, and whether it may make room. */
static void put_keepers(const struct daf_agent *agent,
                        const struct daf_contents_item *i, json_t *out)
{
    struct daf_keeper_info keepers[KEEPERS_MAX];
    size_t count = daf_agent_keepers(agent, &i->content, keepers, KEEPERS_MAX);
    json_t *list = json_array();
    struct daf_evict_self self = daf_eviction_self(agent);
    struct daf_evict_item item;

    for (size_t k = 0; k < count && k < KEEPERS_MAX; k++)
        (void)json_array_append_new(
            list,
            json_pack("{so sI sb sb}", "author",
                      daf_cmd_hex(keepers[k].author.b, 16), "since_ms",
                      (json_int_t)keepers[k].since.ms, "before",
                      keepers[k].is_before, "revoked", keepers[k].is_revoked));
    daf_eviction_item(agent, i, &item);
    (void)json_object_set_new(out, "stated",
                              json_boolean(
                                  daf_agent_has_stated(agent, &i->content)));
    (void)json_object_set_new(out, "old", json_boolean(i->is_old));
    (void)json_object_set_new(out, "kept_by", list);
    (void)json_object_set_new(out, "evictable",
                              json_string(daf_evict_why_str(daf_evict_may(
                                  &item, &self, DAF_EVICT_KEEPERS))));
}

static json_t *item_object(const struct daf_agent *agent,
                           const struct daf_contents_item *i)
{
    struct daf_agent_coming coming;
    json_t *out;
    uint64_t rest =
        i->parts > 0
            ? (uint64_t)((double)i->bytes * (i->parts - i->held) / i->parts)
            : 0;

    daf_agent_coming(agent, daf_clock_now(), &i->content, &coming);
    out =
        json_pack("{so so sI sI sI sI sI sb sb sb sb sb sb sI ss sI si so ss}",
                  "content", daf_cmd_hex(i->content.b, sizeof(i->content.b)),
                  "title", daf_cmd_text(i->title), "bytes",
                  (json_int_t)i->bytes, "parts", (json_int_t)i->parts, "held",
                  (json_int_t)i->held, "fetched", (json_int_t)i->fetched,
                  "reserved", (json_int_t)i->reserved, "whole", i->is_whole,
                  "wanted",
                  (i->wishes & (DAF_SHELF_WANTED | DAF_SHELF_CAMPS)) != 0,
                  "asked", (i->wishes & DAF_SHELF_WANTED) != 0, "due_here",
                  (i->wishes & DAF_SHELF_CAMPS) != 0, "pinned",
                  (i->wishes & DAF_SHELF_PINNED) != 0, "published",
                  (i->wishes & DAF_SHELF_PUBLISHED) != 0, "sources",
                  (json_int_t)coming.sources, "stuck",
                  i->is_stuck ? daf_err_name(i->why) : "", "rate",
                  (json_int_t)coming.rate, "place", (int)coming.place, "eta_s",
                  coming.rate > 0 && !i->is_whole
                      ? json_integer((json_int_t)(rest / coming.rate))
                      : json_null(),
                  "waiting", waits_for(i, &coming));
    put_keepers(agent, i, out);
    return out;
}

/* What went wrong on the shelf, for a person. */
static const char *shelf_words(enum daf_err err)
{
    switch ((int)err) {
    case DAF_EFULL:
        return "it does not fit: the budget or the disk has no room for it. "
               "To do: `daftar evict --dry-run` says what takes how much, and "
               "what could go; or raise the daemon's --budget";
    case DAF_ENOTFOUND:
        return "content is not there: not on the shelf, or its card is not "
               "mounted, or another one is. `daftar library` shows what is, "
               "the daemon's log says more";
    case DAF_EREADONLY:
        return "the disk cannot be written. Look at the disk";
    case DAF_EBUSY:
        return "the daemon ended in the middle of it. Start it again, and "
               "ask again";
    default:
        return daf_err_str(err);
    }
}

static struct daf_apiserver_answer list(const struct daf_agent *agent,
                                        const struct daf_contents *contents)
{
    struct daf_apiserver_answer a = {
        .lines = json_array(),
        .last = json_pack("{sb sb sb}", "archive", daf_agent_is_archive(agent),
                          "was_archive", daf_agent_was_archive(agent),
                          "restored", daf_agent_is_restored(agent))};
    enum daf_err state = daf_contents_state(contents);
    bool fits = a.lines != NULL && a.last != NULL;

    for (size_t i = 0; fits && i < daf_contents_count(contents); i++)
        fits &=
            json_array_append_new(a.lines,
                                  item_object(agent, daf_contents_at(contents,
                                                                     i))) == 0;
    if (fits && (state == DAF_OK || state == DAF_EBUSY)) return a;
    json_decref(a.lines);
    json_decref(a.last);
    return refused(fits ? state : DAF_ENOMEM,
                   shelf_words(fits ? state : DAF_ENOMEM));
}

/* ---- what a request says */

static bool get_content(const json_t *request, struct daf_hash *out)
{
    const json_t *hex = json_object_get(request, "content");
    size_t len = 0;

    return json_is_string(hex) && json_string_length(hex) == 64 &&
           sodium_hex2bin(out->b, sizeof(out->b), json_string_value(hex), 64,
                          NULL, &len, NULL) == 0 &&
           len == sizeof(out->b);
}

static bool get_number(const json_t *request, const char *key, uint64_t *out)
{
    const json_t *n = json_object_get(request, key);

    if (!json_is_integer(n) || json_integer_value(n) < 0) return false;
    *out = (uint64_t)json_integer_value(n);
    return true;
}

/* Of content/new-N; none is 0. */
static bool get_publisher(const json_t *request, uint32_t *out)
{
    uint64_t number = 0;

    if (json_object_get(request, "number") != NULL &&
        !get_number(request, "number", &number))
        return false;
    *out = (uint32_t)number;
    return number <= DAF_SHELF_NEW_MAX;
}

static bool get_wishes(const json_t *request, const char *key, unsigned *out)
{
    static const struct {
        const char *word;
        unsigned wish;
    } words[] = {{"wanted", DAF_SHELF_WANTED}, {"pinned", DAF_SHELF_PINNED}};
    const json_t *list = json_object_get(request, key), *one;
    size_t i;

    *out = 0;
    if (list == NULL) return true;
    if (!json_is_array(list)) return false;
    json_array_foreach(list, i, one)
    {
        const char *word = json_string_value(one);
        unsigned wish = 0;

        for (size_t j = 0; j < sizeof(words) / sizeof(words[0]); j++) {
            if (word != NULL && strcmp(word, words[j].word) == 0)
                wish = words[j].wish;
        }
        if (wish == 0) return false;
        *out |= wish;
    }
    return true;
}

/* ---- the ops */

static struct daf_apiserver_answer ask(const struct daf_apiserver_ops *ops,
                                       uint64_t ticket,
                                       const struct daf_contents_wish *wish)
{
    enum daf_err err = ops->content(ops->ctx, ticket, wish);

    if (err == DAF_ENOTFOUND)
        return refused(err, "the catalogue has no such content. `daftar "
                            "library` lists what there is");
    if (err != DAF_OK) return refused(err, daf_err_str(err));
    return (struct daf_apiserver_answer){.err = DAF_OK}; /* later */
}

static struct daf_apiserver_answer wish_for(const struct daf_apiserver_ops *ops,
                                            uint64_t ticket,
                                            const json_t *request)
{
    struct daf_contents_wish w = {.what = DAF_CONTENTS_ADD};

    if (!get_content(request, &w.content))
        return misuse("content is a content id, 64 digits in hex");
    if (!get_wishes(request, "set", &w.set) ||
        !get_wishes(request, "clear", &w.clear))
        return misuse("set and clear are lists of \"wanted\" and \"pinned\"");
    return ask(ops, ticket, &w);
}

static struct daf_apiserver_answer wait_for(const struct daf_agent *agent,
                                            const struct daf_apiserver_ops *ops,
                                            const json_t *request,
                                            struct daf_apiserver_watch *watch)
{
    uint64_t held;

    if (!get_content(request, &watch->content) ||
        !get_number(request, "held", &held) || held > DAF_CONTENT_PARTS_MAX)
        return misuse("content is a content id, held a number of parts");
    watch->held = (uint32_t)held;
    watch->is_on = true;
    return daf_apiserver_content_watched(
        agent, watch,
        daf_contents_find(ops->contents(ops->ctx), &watch->content));
}

static struct daf_apiserver_answer room_for(const struct daf_apiserver_ops *ops,
                                            uint64_t ticket,
                                            const json_t *request)
{
    struct daf_contents_wish w = {.what = DAF_CONTENTS_ROOM};

    if (!get_number(request, "bytes", &w.bytes) ||
        !get_publisher(request, &w.number))
        return misuse("bytes and number are numbers");
    return ask(ops, ticket, &w);
}

static bool get_drop(const json_t *request, enum daf_contents_drop *out)
{
    static const char *const words[] = {
        [DAF_CONTENTS_DROP_ONE_KEEPS] = "one-keeps",
        [DAF_CONTENTS_DROP_ANYWAY] = "anyway",
        [DAF_CONTENTS_DROP_FOR_ROOM] = "for-room",
        [DAF_CONTENTS_DROP_FOR_ROOM_ONE] = "for-room-one",
    };
    const json_t *by = json_object_get(request, "by");
    const char *word = by == NULL ? words[0] : json_string_value(by);

    for (size_t i = 0; word != NULL && i < sizeof(words) / sizeof(words[0]);
         i++) {
        if (strcmp(words[i], word) != 0) continue;
        *out = (enum daf_contents_drop)i;
        return true;
    }
    return false;
}

static struct daf_apiserver_answer drop(const struct daf_agent *agent,
                                        const struct daf_apiserver_ops *ops,
                                        uint64_t ticket, const json_t *request)
{
    struct daf_contents_wish w = {.what = DAF_CONTENTS_DROP};
    enum daf_err err;

    if (!get_content(request, &w.content) || !get_drop(request, &w.drop))
        return misuse("content is a content id, 64 digits in hex; by is "
                      "\"one-keeps\", \"anyway\", \"for-room\" or "
                      "\"for-room-one\"");
    err = ops->content(ops->ctx, ticket, &w);
    if (err == DAF_EDENIED && daf_agent_is_restored(agent))
        return refused(err,
                       "this device was restored and does not know yet what "
                       "others rely on it for: this may be the last copy. To "
                       "do: let it meet an archive or two other devices "
                       "(`daftar restored` says whether it has), or --anyway");
    if (err == DAF_EDENIED && daf_agent_was_archive(agent))
        return refused(
            err, "this device is or was an archive, and no archive before it "
                 "says that it keeps this: it may be the last copy. To "
                 "do: wait until another archive has it (`daftar evict "
                 "--dry-run` says who keeps what), or --anyway");
    if (err == DAF_EDENIED)
        return refused(err,
                       "too few archives say that they keep this: it may be "
                       "the last copy. To do: meet an archive that has it "
                       "(`daftar evict --dry-run` says who keeps what), or "
                       "daftar drop --anyway");
    if (err != DAF_OK) return refused(err, daf_err_str(err));
    return (struct daf_apiserver_answer){.err = DAF_OK}; /* later */
}

static struct daf_apiserver_answer look_at(const struct daf_apiserver_ops *ops,
                                           uint64_t ticket,
                                           const json_t *request)
{
    struct daf_contents_wish w = {.what = DAF_CONTENTS_LOOK};

    if (!get_content(request, &w.content) || !get_publisher(request, &w.number))
        return misuse("content is a content id, number a number");
    return ask(ops, ticket, &w);
}

static struct daf_apiserver_answer subscribe(
    const struct daf_apiserver_ops *ops, const json_t *request)
{
    const char *channel =
        json_string_value(json_object_get(request, "channel"));
    const json_t *on = json_object_get(request, "on");
    struct daf_trouble t = {""};
    enum daf_err err;

    if (channel == NULL || !json_is_boolean(on))
        return misuse("channel is a name, on is true or false");
    err = ops->subscribe(ops->ctx, channel, json_is_true(on), &t);
    if (err != DAF_OK) daf_log("%s", t.what);
    if (err == DAF_ELIMIT)
        return refused(err, "too many channels, or no name of one");
    if (err != DAF_OK) return refused(err, shelf_words(err));
    return told(json_object());
}

struct daf_apiserver_answer daf_apiserver_contents(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    uint64_t ticket, const char *op, json_t *request,
    struct daf_apiserver_watch *watch)
{
    const struct daf_contents_wish check = {.what = DAF_CONTENTS_CHECK};

    if (strcmp(op, "content-list") == 0)
        return list(agent, ops->contents(ops->ctx));
    if (strcmp(op, "content-wish") == 0) return wish_for(ops, ticket, request);
    if (strcmp(op, "content-drop") == 0)
        return drop(agent, ops, ticket, request);
    if (strcmp(op, "content-wait") == 0)
        return wait_for(agent, ops, request, watch);
    if (strcmp(op, "content-room") == 0) return room_for(ops, ticket, request);
    if (strcmp(op, "content-look") == 0) return look_at(ops, ticket, request);
    if (strcmp(op, "content-subscribe") == 0) return subscribe(ops, request);
    if (strcmp(op, "content-check") == 0) return ask(ops, ticket, &check);
    return misuse("an op that this daemon lacks");
}

struct daf_apiserver_answer daf_apiserver_content_ended(
    const struct daf_keeper_result *r)
{
    /* That it does not fit is an answer: who asked says it with his numbers. */
    if (r->kind == DAF_KEEPER_ROOM && (r->err == DAF_OK || r->err == DAF_EFULL))
        return told(
            json_pack("{sb sI sb}", "fits", r->err == DAF_OK, "room",
                      (json_int_t)(r->room < INT64_MAX ? r->room : INT64_MAX),
                      "disk", r->is_disk));
    if (r->err != DAF_OK) return refused(r->err, shelf_words(r->err));
    return told(json_pack("{sI}", "bad", (json_int_t)r->room));
}

struct daf_apiserver_answer daf_apiserver_content_watched(
    const struct daf_agent *agent, const struct daf_apiserver_watch *watch,
    const struct daf_contents_item *item)
{
    uint32_t more;

    if (item == NULL) return refused(DAF_ENOTFOUND, shelf_words(DAF_ENOTFOUND));
    more = item->held > watch->held ? item->held - watch->held
                                    : watch->held - item->held;
    if ((more == 0 || more < item->parts / STEPS) && !item->is_whole &&
        !item->is_stuck)
        return (struct daf_apiserver_answer){.err = DAF_OK};
    return told(item_object(agent, item));
}
