/* SPDX-License-Identifier: Apache-2.0 */
#include "node/apiserver_impl.h"

#include "node/clock.h"
#include "node/cmd.h"
#include "node/log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define READ_BYTES ((size_t)64 * 1024)
#define TURN_LINES 64 /* of one client before the next one's turn */
#define SOCKET     "control"
#define HEAR_MS    2000 /* for who asked for a repair to read the answer */

struct bytes {
    char *p;
    size_t at, len, cap; /* p[at, len) is in use */
};

/* A request that is being answered. */
struct slot {
    uint64_t ticket;
    enum daf_write_kind kind;
    bool is_repair;  /* answered when everything else is over */
    bool is_opening; /* answered when the porch is open */
    bool is_content; /* answered when the shelf has opened or listed it */
    struct daf_apiserver_watch watch; /* answered when it changes */
    char *text; /* the answer's lines, owned; NULL: not yet */
    int fd;     /* goes with them, owned; -1: none */
    struct slot *next;
};

/* A descriptor among the bytes to send. */
struct passing {
    uint64_t at; /* of the client's bytes, the first that it goes with */
    int fd;      /* owned */
    struct passing *next;
};

struct client {
    struct daf_apiserver *server;
    struct daf_loop_source source;
    struct bytes in, out;
    uint64_t sent; /* bytes, ever */
    struct passing *passing, **passing_end;
    struct slot *slots, **slots_end;
    size_t slots_count;
    bool is_web;  /* the web process: may ask for little */
    bool listens; /* to events */
    bool ended;   /* will say no more */
    bool dead;    /* to be closed */
    struct client *next;
};

struct daf_apiserver {
    struct daf_loop *loop;
    const struct daf_agent *agent;
    const struct daf_apiserver_ops *ops;
    struct daf_loop_source listener;
    int folder_fd; /* HOME/run */
    struct client *clients;
    size_t clients_count;
    uint64_t next_ticket;
    bool is_finishing;
    struct daf_log_limit strangers;
    struct daf_apiserver_once once; /* writes that may come twice */
    struct daf_apiserver_events events;
    struct daf_loop_timer events_timer;
};

/* ---- bytes */

static bool bytes_reserve(struct bytes *b, size_t more)
{
    size_t cap = b->cap > 0 ? b->cap : 1024;
    char *grown;

    if (b->at > 0) {
        b->len -= b->at;
        memmove(b->p, b->p + b->at, b->len);
        b->at = 0;
    }
    while (cap - b->len < more)
        cap *= 2;
    if (cap == b->cap) return true;
    grown = realloc(b->p, cap);
    if (grown == NULL) return false;
    b->p = grown;
    b->cap = cap;
    return true;
}

/* An idle client holds no buffer. */
static void bytes_empty(struct bytes *b)
{
    if (b->p != NULL) sodium_memzero(b->p, b->len);
    free(b->p);
    *b = (struct bytes){0};
}

/* ---- answers */

static struct slot *slot_new(struct client *c)
{
    struct slot *s = calloc(1, sizeof(*s));

    if (s == NULL) {
        c->dead = true;
        return NULL;
    }
    s->ticket = ++c->server->next_ticket;
    s->fd = -1;
    *c->slots_end = s;
    c->slots_end = &s->next;
    c->slots_count++;
    return s;
}

/* Fill @s with the last line; @object is taken. */
static void answer(struct client *c, struct slot *s, json_t *object,
                   enum daf_exit code)
{
    if (json_object_set_new(object, "exit", json_integer(code)) == 0)
        s->text = json_dumps(object, JSON_COMPACT);
    json_decref(object);
    if (s->text == NULL) c->dead = true;
}

static void answer_error(struct client *c, struct slot *s, enum daf_err err,
                         const char *words)
{
    answer(c, s,
           json_pack("{ss ss}", "error", words, "code", daf_err_name(err)),
           daf_cmd_exit_of(err));
}

/* @fd: taken; goes with the bytes that are put next. */
static bool pass(struct client *c, int fd)
{
    struct passing *p = malloc(sizeof(*p));

    if (p == NULL) {
        (void)close(fd);
        return false;
    }
    *p = (struct passing){c->sent + (c->out.len - c->out.at), fd, NULL};
    *c->passing_end = p;
    c->passing_end = &p->next;
    return true;
}

static void passed(struct client *c)
{
    struct passing *p = c->passing;

    c->passing = p->next;
    if (c->passing == NULL) c->passing_end = &c->passing;
    (void)close(p->fd);
    free(p);
}

/* Put lines behind the bytes to send.  @fd: goes with them, taken; -1: none. */
static void say(struct client *c, const char *text, int fd)
{
    size_t len = strlen(text);

    if (fd >= 0 && !pass(c, fd)) {
        c->dead = true;
        return;
    }
    if (!bytes_reserve(&c->out, len + 1)) {
        c->dead = true;
        return;
    }
    memcpy(c->out.p + c->out.len, text, len);
    c->out.len += len;
    c->out.p[c->out.len++] = '\n';
}

static void slot_free(struct slot *s)
{
    if (s->fd >= 0) (void)close(s->fd);
    free(s->text);
    free(s);
}

/* Move what is answered, in order, behind the bytes to send. */
static void advance(struct client *c)
{
    while (c->slots != NULL && c->slots->text != NULL && !c->dead) {
        struct slot *s = c->slots;

        say(c, s->text, s->fd);
        s->fd = -1;
        c->slots = s->next;
        if (c->slots == NULL) c->slots_end = &c->slots;
        c->slots_count--;
        slot_free(s);
    }
}

/* ---- status and peers */

static bool put_refusal(json_t *to, const char *name, uint64_t n, uint64_t *sum)
{
    *sum += n;
    return n == 0 ||
           json_object_set_new(to, name, json_integer((json_int_t)n)) == 0;
}

static json_t *refusals(const struct daf_agent_stats *stats,
                        const struct daf_link_refused *link, uint64_t *sum)
{
    json_t *o = json_object();
    bool fits = true;

    for (size_t i = 1; i < DAF_ERR_COUNT; i++)
        fits &= put_refusal(o, daf_err_name((enum daf_err)i),
                            stats->refusals.by_err[i], sum);
    fits &=
        put_refusal(o, "unknown-frame", stats->refusals.unknown_frames, sum);
    fits &= put_refusal(o, "door", stats->door_refused, sum);
    fits &= put_refusal(o, "porch", stats->porch_refused, sum);
    fits &= put_refusal(o, "link-key", link->keys, sum);
    fits &= put_refusal(o, "link-handshake", link->handshakes, sum);
    fits &= put_refusal(o, "link-message", link->messages, sum);
    fits &= put_refusal(o, "link-crowded", link->crowded, sum);
    fits &= put_refusal(o, "link-silent", link->silent, sum);
    if (fits) return o;
    json_decref(o);
    return NULL;
}

static size_t count_peers(const struct daf_agent *agent)
{
    struct daf_peer_info info;
    size_t at = 0, n = 0;

    while (daf_agent_peer(agent, &at, &info))
        n++;
    return n;
}

struct number {
    const char *name;
    uint64_t n;
};

static bool put_numbers(json_t *to, const struct number *numbers, size_t count)
{
    bool fits = true;

    for (size_t i = 0; i < count; i++)
        fits &=
            json_object_set_new(to, numbers[i].name,
                                json_integer((json_int_t)numbers[i].n)) == 0;
    return fits;
}

/* {"HELLO":{"frames":1,"bytes":57},…}: kinds of which there was none are not
 * named. */
static json_t *tallies(const struct daf_agent_tally *by_kind)
{
    json_t *o = json_object();
    bool fits = o != NULL;

    for (size_t i = 0; i < DAF_AGENT_KINDS; i++) {
        if (by_kind[i].frames == 0) continue;
        fits &=
            json_object_set_new(o, daf_frame_kind_str((enum daf_frame_kind)i),
                                json_pack("{sI sI}", "frames",
                                          (json_int_t)by_kind[i].frames,
                                          "bytes",
                                          (json_int_t)by_kind[i].bytes)) == 0;
    }
    if (fits) return o;
    json_decref(o);
    return NULL;
}

/* In one sentence, for a person; NULL if there is nothing to say. */
static const char *self_words(const struct daf_agent_stats *stats,
                              uint64_t clones)
{
    if (stats->restored)
        return "this device was put back from an older copy, or its card was "
               "copied: nothing is lost, and until it has met an archive or "
               "two other devices it takes nobody in and takes nothing from "
               "anybody";
    if (clones > 0)
        return "a copy of this device's card, or what this device was before "
               "an older copy was put back, has written too: nothing is lost, "
               "all of it counts as this device's";
    return NULL;
}

/* How late it is, as far as is known. */
static bool put_time(json_t *o, const struct daf_camp *camp)
{
    struct daf_wall wall = daf_clock_wall();
    enum daf_camp_clock_state state =
        daf_camp_clock_state(camp, wall, (uint8_t)daf_clock_quality(wall));
    uint64_t week;
    json_t *beacon = daf_camp_beacon(camp, &week)
                         ? json_integer((json_int_t)week)
                         : json_null();

    return json_object_set_new(o, "beacon", beacon) == 0 &&
           json_object_set_new(o, "clock",
                               json_string(daf_camp_clock_state_str(state))) ==
               0;
}

static json_t *status_object(const struct daf_apiserver *s,
                             const struct daf_apiserver_status *status)
{
    const struct daf_manifest *m = daf_camp_manifest(daf_agent_camp(s->agent));
    struct daf_agent_stats stats;
    uint64_t refused = 0, clones = daf_agent_clones(s->agent);
    json_t *o, *by_name;

    daf_agent_stats(s->agent, &stats);
    by_name = refusals(&stats, &status->refused, &refused);
    const struct number numbers[] = {
        {"link_restarts", status->link_restarts},
        {"discover_restarts", status->discover_restarts},
        {"web_restarts", status->web_restarts},
        {"refused", refused},
        {"peers", count_peers(s->agent)},
        {"sessions", stats.sessions},
        {"records", status->records},
        {"records_in", stats.records_in},
        {"content_in", stats.content_in},
        {"content_out", stats.content_out},
        {"bad_chunks", stats.parts_bad},
        {"odd_chunks", stats.chunks_odd},
        {"deferred", stats.deferred}, /* logs */
        {"other_camps", stats.strangers},
        {"pending_writes", stats.pending_writes},
        {"clones", clones},
        {"logs", stats.lives},
        {"frames_in", stats.frames_in},
        {"frames_out", stats.frames_out},
        {"bytes_in", stats.bytes_in},
        {"bytes_out", stats.bytes_out},
        {"uptime_s", status->uptime_s},
        {"unconfirmed", status->unconfirmed},
    };
    o = json_pack("{sb sb sb sb sb ss? so so so ss ss ss so so so}", "running",
                  1, "revoked", stats.revoked, "unchecked", stats.unchecked,
                  "restored", stats.restored, "left", stats.left, "notice",
                  self_words(&stats, clones), "author",
                  daf_cmd_hex(daf_agent_author(s->agent)->b,
                              sizeof(struct daf_author_id)),
                  "camp", daf_cmd_hex(m->camp.b, sizeof(m->camp.b)),
                  "camp_name", daf_cmd_text(m->name), "endpoint",
                  status->endpoint, "mdns", status->mdns, "web",
                  status->web != NULL ? status->web : "", "refusals", by_name,
                  "sent", tallies(stats.sent), "received",
                  tallies(stats.received));
    if (put_numbers(o, numbers, sizeof(numbers) / sizeof(numbers[0])) &&
        put_time(o, daf_agent_camp(s->agent)))
        return o;
    json_decref(o);
    return NULL;
}

static void on_status(struct client *c, struct slot *slot)
{
    struct daf_apiserver_status status = {.endpoint = "",
                                          .mdns = "off",
                                          .web = ""};

    c->server->ops->status(c->server->ops->ctx, &status);
    answer(c, slot, status_object(c->server, &status), DAF_EXIT_DONE);
}

static json_t *peer_object(const struct daf_peer_info *info)
{
    bool known = !sodium_is_zero(info->author.b, sizeof(info->author.b));

    return json_pack("{so ss sb sb ss ss sb si sI sI si ss si}", "peer",
                     known ? daf_cmd_hex(info->author.b, sizeof(info->author.b))
                           : json_string(""),
                     "address", info->addr.text, "connected", info->connected,
                     "in_step", info->in_step, "state", info->state, "found_by",
                     info->found_by, "there", info->is_there, "failures",
                     (int)info->failures, "content_in",
                     (json_int_t)info->content_in, "content_out",
                     (json_int_t)info->content_out, "bad_chunks",
                     (int)info->bad_parts, "air", info->air, "place",
                     (int)info->place);
}

static bool put_line(struct bytes *b, json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT);
    size_t len = text != NULL ? strlen(text) : 0;
    bool fits = text != NULL && bytes_reserve(b, len + 1);

    if (fits) {
        memcpy(b->p + b->len, text, len);
        b->len += len;
        b->p[b->len++] = '\n';
    }
    free(text);
    json_decref(object);
    return fits;
}

static void on_peers(struct client *c, struct slot *slot)
{
    static const char last[] = "{\"exit\":0}";
    struct daf_peer_info info;
    struct bytes lines = {0};
    bool fits = true;
    size_t at = 0;

    while (fits && daf_agent_peer(c->server->agent, &at, &info))
        fits = put_line(&lines, peer_object(&info));
    if (!fits || !bytes_reserve(&lines, sizeof(last))) {
        c->dead = true;
        bytes_empty(&lines);
        return;
    }
    memcpy(lines.p + lines.len, last, sizeof(last));
    slot->text = lines.p;
}

/* ---- write */

static void answer_wrote(struct client *c, struct slot *slot,
                         const struct daf_wrote *wrote)
{
    struct daf_trouble t = {""};
    json_t *o;

    if (wrote->err != DAF_OK) {
        daf_offline_refused(&t, wrote);
        answer_error(c, slot, wrote->err, t.what);
        return;
    }
    o = json_pack("{so sb}", "record",
                  daf_cmd_hex(wrote->record.b, sizeof(wrote->record.b)),
                  "durable", 1);
    if ((slot->kind == DAF_WRITE_SESSION || slot->kind == DAF_WRITE_LEARNER) &&
        json_object_update_new(
            o,
            json_pack("{so sb}", "subject",
                      daf_cmd_hex(wrote->subject.b, sizeof(wrote->subject.b)),
                      "registered", wrote->registered)) != 0) {
        json_decref(o);
        o = NULL;
    }
    answer(c, slot, o, DAF_EXIT_DONE);
}

/* What came, checked, before the agent sees it.  NULL: all is well. */
static const char *get_did(json_t *one, struct daf_did *out)
{
    const char *item;
    json_t *score;
    json_int_t seconds, n;
    size_t len;

    if (!json_is_array(one) || json_array_size(one) != 3 ||
        json_unpack(one, "[s%oI]", &item, &len, &score, &seconds) != 0)
        return "an activity is [item, score or null, seconds]";
    if (len == 0 || len > DAF_ITEM_BYTES_MAX)
        return "an item's name is empty or too long";
    if (seconds < 0 || seconds > UINT32_MAX)
        return "the seconds are below zero or too many";
    n = json_integer_value(score);
    if (!json_is_null(score) &&
        (!json_is_integer(score) || n < 0 || n > DAF_SCORE_MAX))
        return "a score is 0 to 1000000 millionths, or null";
    *out = (struct daf_did){
        .item = {(const uint8_t *)item, len},
        .has_score = json_is_integer(score),
        .score = json_is_integer(score) ? (uint32_t)n : 0,
        .seconds = (uint32_t)seconds,
    };
    return NULL;
}

static const char *get_session(json_t *request, struct daf_write *w,
                               struct daf_did *did)
{
    const char *scope, *learner, *wrong = NULL;
    size_t scope_len, learner_len;
    json_t *list;

    if (json_unpack(request, "{s:s%, s:s%, s:o}", "scope", &scope, &scope_len,
                    "learner", &learner, &learner_len, "did", &list) != 0)
        return "a session needs scope, learner and did";
    if (scope_len > DAF_SCOPE_NAME_BYTES_MAX) return "the scope is too long";
    if (learner_len == 0 || learner_len > DAF_NAME_BYTES_MAX)
        return "the learner's name is empty or too long";
    if (!json_is_array(list) || json_array_size(list) == 0 ||
        json_array_size(list) > DAF_DID_MAX)
        return "did is a list of 1 to 256 activities";
    memcpy(w->scope, scope, scope_len);
    w->learner = (struct daf_view){(const uint8_t *)learner, learner_len};
    w->did = did;
    w->did_count = json_array_size(list);
    for (size_t i = 0; i < w->did_count && wrong == NULL; i++)
        wrong = get_did(json_array_get(list, i), &did[i]);
    return wrong;
}

static const char *get_plain(const json_t *request, struct daf_write *w,
                             uint8_t *payload)
{
    const json_t *hex = json_object_get(request, "payload");
    const char *end = NULL;
    size_t len = 0;

    if (!json_is_string(hex)) return "such a record needs its payload";
    if (sodium_hex2bin(payload, DAF_PAYLOAD_BYTES_MAX, json_string_value(hex),
                       json_string_length(hex), NULL, &len, &end) != 0 ||
        end != json_string_value(hex) + json_string_length(hex) || len == 0)
        return "the payload is not hex, or too long";
    w->payload = (struct daf_view){payload, len};
    return NULL;
}

static const char *get_assignment(const json_t *request, struct daf_write *w,
                                  uint8_t *payload)
{
    const json_t *scope = json_object_get(request, "scope");

    if (!json_is_string(scope) ||
        json_string_length(scope) > DAF_SCOPE_NAME_BYTES_MAX)
        return "an assignment needs its scope, a class";
    memcpy(w->scope, json_string_value(scope), json_string_length(scope));
    return get_plain(request, w, payload);
}

static const char *get_learner(json_t *request, struct daf_write *w)
{
    const char *scope, *name;
    size_t scope_len, name_len;

    if (json_unpack(request, "{s:s%, s:s%}", "scope", &scope, &scope_len,
                    "learner", &name, &name_len) != 0)
        return "a learner needs scope and learner, her name or nothing";
    if (scope_len > DAF_SCOPE_NAME_BYTES_MAX) return "the scope is too long";
    if (name_len > DAF_NAME_BYTES_MAX) return "the learner's name is too long";
    for (size_t i = 0; i < name_len; i++)
        if ((unsigned char)name[i] < ' ' || name[i] == 127)
            return "the learner's name has control characters";
    memcpy(w->scope, scope, scope_len);
    w->learner = (struct daf_view){(const uint8_t *)name, name_len};
    return NULL;
}

static const char *get_write(const struct client *c, json_t *request,
                             struct daf_write *w, struct daf_did *did,
                             uint8_t *payload)
{
    const char *kind = json_string_value(json_object_get(request, "kind"));

    if (kind != NULL && strcmp(kind, "session") == 0) {
        w->kind = DAF_WRITE_SESSION;
        return get_session(request, w, did);
    }
    if (kind != NULL && strcmp(kind, "learner") == 0) {
        w->kind = DAF_WRITE_LEARNER;
        return get_learner(request, w);
    }
    if (kind != NULL && strcmp(kind, "control") == 0 && !c->is_web) {
        w->kind = DAF_WRITE_CONTROL;
        return get_plain(request, w, payload);
    }
    if (kind != NULL && strcmp(kind, "catalog") == 0 && !c->is_web) {
        w->kind = DAF_WRITE_CATALOG;
        return get_plain(request, w, payload);
    }
    if (kind != NULL && strcmp(kind, "assignment") == 0 && !c->is_web) {
        w->kind = DAF_WRITE_ASSIGNMENT;
        return get_assignment(request, w, payload);
    }
    if (kind != NULL && strcmp(kind, "heard") == 0 && !c->is_web) {
        w->kind = DAF_WRITE_HEARD;
        return NULL;
    }
    return "kind is session, learner, control, catalog, assignment or heard";
}

/* It came before: answered already, or to be answered with the first one. */
static bool came_before(struct client *c, struct slot *slot, json_t *request,
                        const char **out_wrong)
{
    const struct daf_wrote *done;
    uint64_t first;

    *out_wrong = daf_apiserver_once(&c->server->once, request, slot->ticket,
                                    &first, &done);
    if (*out_wrong != NULL || first == slot->ticket) return false;
    if (done != NULL)
        answer_wrote(c, slot, done);
    else
        slot->ticket = first;
    return true;
}

static void on_write(struct client *c, struct slot *slot, json_t *request)
{
    struct daf_did did[DAF_DID_MAX];
    uint8_t payload[DAF_PAYLOAD_BYTES_MAX];
    struct daf_write w = {.ticket = slot->ticket};
    const char *wrong;

    w.claimed = daf_clock_wall();
    w.time_quality = (uint8_t)daf_clock_quality(w.claimed);
    wrong = get_write(c, request, &w, did, payload);
    slot->kind = w.kind;
    if (wrong == NULL && came_before(c, slot, request, &wrong)) return;
    if (wrong != NULL)
        answer_error(c, slot, DAF_EUSAGE, wrong);
    else
        c->server->ops->write(c->server->ops->ctx, &w);
}

static struct slot *find_slot(const struct daf_apiserver *s, uint64_t ticket,
                              struct client **out)
{
    for (struct client *c = s->clients; c != NULL; c = c->next) {
        for (struct slot *slot = c->slots; slot != NULL; slot = slot->next) {
            if (slot->ticket != ticket || slot->text != NULL) continue;
            *out = c;
            return slot;
        }
    }
    return NULL;
}

void daf_apiserver_wrote(struct daf_apiserver *s, const struct daf_wrote *wrote)
{
    struct client *c;
    struct slot *slot;

    daf_apiserver_once_wrote(&s->once, wrote);
    /* Who asked may have left, or have asked twice. */
    while ((slot = find_slot(s, wrote->ticket, &c)) != NULL) {
        answer_wrote(c, slot, wrote);
        if (slot->text == NULL) return; /* out of memory: it is hung up on */
    }
}

/* ---- enrolment */

/* All lines of an answer, of which the last has "exit". */
static void answer_lines(struct client *c, struct slot *slot, json_t *lines,
                         json_t *last)
{
    struct bytes b = {0};
    bool fits = true;
    json_t *line;
    size_t i;

    json_array_foreach(lines, i, line) fits &= put_line(&b, json_incref(line));
    fits &= json_object_set_new(last, "exit", json_integer(DAF_EXIT_DONE)) == 0;
    fits &= put_line(&b, last);
    json_decref(lines);
    if (!fits) {
        c->dead = true;
        bytes_empty(&b);
        return;
    }
    b.p[b.len - 1] = '\0'; /* advance() ends the last line */
    slot->text = b.p;
}

static void answer_with(struct client *c, struct slot *slot,
                        const struct daf_apiserver_answer *a)
{
    if (a->err != DAF_OK)
        answer_error(c, slot, a->err, a->words);
    else if (a->last != NULL)
        answer_lines(c, slot, a->lines, a->last);
}

static void on_enrol(struct client *c, struct slot *slot, const char *op,
                     json_t *request)
{
    const struct daf_apiserver_answer a =
        daf_apiserver_enrol(c->server->agent, c->server->ops, op, request);

    slot->is_opening = a.err == DAF_OK && a.last == NULL;
    answer_with(c, slot, &a);
}

void daf_apiserver_porched(struct daf_apiserver *s)
{
    for (struct client *c = s->clients; c != NULL; c = c->next) {
        for (struct slot *slot = c->slots; slot != NULL; slot = slot->next) {
            struct daf_apiserver_answer a;

            if (!slot->is_opening || slot->text != NULL) continue;
            a = daf_apiserver_enrol_opened(s->agent, s->ops);
            answer_with(c, slot, &a);
        }
    }
}

/* ---- content */

static void on_content(struct client *c, struct slot *slot, const char *op,
                       json_t *request)
{
    const struct daf_apiserver_answer a =
        daf_apiserver_contents(c->server->agent, c->server->ops, slot->ticket,
                               op, request, &slot->watch);

    answer_with(c, slot, &a);
}

void daf_apiserver_content(struct daf_apiserver *s,
                           const struct daf_keeper_result *result)
{
    struct client *c;
    struct slot *slot = find_slot(s, result->ticket, &c);
    struct daf_apiserver_answer a;

    if (slot == NULL) return; /* who asked has left */
    a = daf_apiserver_content_ended(result);
    answer_with(c, slot, &a);
}

void daf_apiserver_content_changed(struct daf_apiserver *s,
                                   const struct daf_hash *content,
                                   const struct daf_contents_item *item)
{
    for (struct client *c = s->clients; c != NULL; c = c->next) {
        for (struct slot *slot = c->slots; slot != NULL; slot = slot->next) {
            struct daf_apiserver_answer a;

            if (!slot->watch.is_on || slot->text != NULL ||
                memcmp(slot->watch.content.b, content->b, 32) != 0)
                continue;
            a = daf_apiserver_content_watched(s->agent, &slot->watch, item);
            answer_with(c, slot, &a);
        }
    }
}

/* ---- repair */

static void on_repair(struct client *c, struct slot *slot)
{
    slot->is_repair = true;
    c->server->ops->repair(c->server->ops->ctx);
}

static void answer_repair(struct client *c, struct slot *slot, enum daf_err err,
                          const struct daf_repair *r,
                          const struct daf_trouble *t)
{
    json_t *o = err == DAF_OK ? daf_repair_pack(r) : NULL;

    if (o != NULL)
        answer(c, slot, o, DAF_EXIT_DONE);
    else
        answer_error(c, slot, err != DAF_OK ? err : DAF_ENOMEM,
                     err != DAF_OK ? t->what : daf_err_str(DAF_ENOMEM));
}

/* ---- what the web process asks */

static void on_pages(struct client *c, struct slot *slot, const char *op,
                     json_t *request)
{
    struct daf_apiserver_answer a;

    slot->is_content = strncmp(op, "content-", 8) == 0;
    a = daf_apiserver_web(c->server->agent, c->server->ops, op, request,
                          slot->ticket);
    answer_with(c, slot, &a);
}

void daf_apiserver_content_listed(struct daf_apiserver *s, uint64_t ticket,
                                  enum daf_err err, json_t *files)
{
    struct client *c;
    struct slot *slot = find_slot(s, ticket, &c);

    if (slot == NULL || !slot->is_content)
        json_decref(files); /* who asked has left */
    else if (err != DAF_OK || files == NULL)
        answer_error(c, slot, err != DAF_OK ? err : DAF_ENOMEM,
                     daf_err_str(err != DAF_OK ? err : DAF_ENOMEM));
    else
        answer(c, slot, json_pack("{so}", "files", files), DAF_EXIT_DONE);
}

void daf_apiserver_content_opened(struct daf_apiserver *s, uint64_t ticket,
                                  enum daf_err err, int fd, uint64_t size)
{
    struct client *c;
    struct slot *slot = find_slot(s, ticket, &c);

    if (slot == NULL || !slot->is_content) {
        if (fd >= 0) (void)close(fd); /* who asked has left */
        return;
    }
    if (err != DAF_OK) {
        answer_error(c, slot, err, daf_err_str(err));
        return;
    }
    slot->fd = fd;
    answer(c, slot, json_pack("{sI}", "size", (json_int_t)size), DAF_EXIT_DONE);
}

static void on_events(struct client *c, struct slot *slot)
{
    c->listens = true;
    answer(c, slot, daf_apiserver_events_json(&c->server->events),
           DAF_EXIT_DONE);
}

static bool has_listeners(const struct daf_apiserver *s)
{
    for (const struct client *c = s->clients; c != NULL; c = c->next)
        if (c->listens) return true;
    return false;
}

/* What changes while nobody listens is told to whoever comes. */
static void tell_events(void *ctx)
{
    struct daf_apiserver *s = ctx;
    char line[DAF_APISERVER_EVENT_BYTES];

    while (has_listeners(s) &&
           daf_apiserver_events_next(&s->events, daf_clock_now(), line))
        for (struct client *c = s->clients; c != NULL; c = c->next)
            if (c->listens && !c->dead) say(c, line, -1);
}

void daf_apiserver_changed(struct daf_apiserver *s, unsigned what)
{
    daf_apiserver_events_note(&s->events, what);
}

/* ---- requests */

static bool may_ask(const struct client *c, const char *op)
{
    return !c->is_web || strcmp(op, "write") == 0 ||
           strcmp(op, "events") == 0 || daf_apiserver_web_has(op);
}

static void serve(struct client *c, const char *line, size_t len)
{
    json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    const char *op = json_string_value(json_object_get(request, "op"));
    struct slot *slot = slot_new(c);

    if (slot == NULL)
        ;
    else if (!json_is_object(request) || op == NULL)
        answer_error(c, slot, DAF_EFORM, "not a JSON object with an op");
    else if (!may_ask(c, op))
        answer_error(c, slot, DAF_EDENIED, "not for the web process");
    else if (strcmp(op, "status") == 0)
        on_status(c, slot);
    else if (strcmp(op, "peers") == 0)
        on_peers(c, slot);
    else if (strcmp(op, "write") == 0)
        on_write(c, slot, request);
    else if (strcmp(op, "repair") == 0)
        on_repair(c, slot);
    else if (strncmp(op, "enrol-", 6) == 0)
        on_enrol(c, slot, op, request);
    else if (strncmp(op, "content-", 8) == 0 && !daf_apiserver_web_has(op))
        on_content(c, slot, op, request);
    else if (strcmp(op, "events") == 0)
        on_events(c, slot);
    else if (daf_apiserver_web_has(op))
        on_pages(c, slot, op, request);
    else
        answer_error(c, slot, DAF_EUSAGE, "an op that this daemon lacks");
    json_decref(request);
}

/* Whether the client must wait before more of it is read. */
static bool is_full(const struct client *c)
{
    return c->slots_count >= DAF_APISERVER_ANSWERS_MAX ||
           c->out.len - c->out.at >= DAF_APISERVER_OUT_BYTES;
}

static bool has_line(const struct client *c)
{
    return c->in.len > c->in.at &&
           memchr(c->in.p + c->in.at, '\n', c->in.len - c->in.at) != NULL;
}

/* Answer the oldest line that came; false if there is none to answer now. */
static bool serve_one(struct client *c)
{
    const char *line, *end;
    size_t len;

    if (c->dead || c->server->is_finishing || is_full(c)) return false;
    if (!has_line(c) && c->in.len - c->in.at < DAF_APISERVER_LINE_MAX)
        return false;
    line = c->in.p + c->in.at;
    end = memchr(line, '\n', c->in.len - c->in.at);
    if (end == NULL || (size_t)(end - line) > DAF_APISERVER_LINE_MAX) {
        /* Too long, whether its end is here by now or not: no more is heard. */
        line = "";
        len = 0;
        c->in.at = c->in.len;
        c->ended = true;
    } else {
        len = (size_t)(end - line);
        c->in.at += len + 1;
    }
    serve(c, line, len);
    if (c->in.at == c->in.len) bytes_empty(&c->in);
    return true;
}

static void read_client(struct client *c)
{
    ssize_t n;

    if (!bytes_reserve(&c->in, READ_BYTES)) {
        c->dead = true;
        return;
    }
    n = read(c->source.fd, c->in.p + c->in.len, READ_BYTES);
    if (n > 0) c->in.len += (size_t)n;
    if (n == 0) c->ended = true;
    if (n < 0 && errno != EAGAIN && errno != EINTR) c->dead = true;
}

/* As many bytes as go with one descriptor, or up to the next that has one. */
static ssize_t send_some(struct client *c)
{
    union {
        struct cmsghdr head;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    size_t len = c->out.len - c->out.at;
    const struct passing *p = c->passing;
    bool is_due = p != NULL && p->at == c->sent;
    struct iovec part = {.iov_base = c->out.p + c->out.at};
    struct msghdr m = {.msg_iov = &part, .msg_iovlen = 1};

    if (is_due) {
        m.msg_control = &control;
        m.msg_controllen = sizeof(control.room);
        control.head.cmsg_level = SOL_SOCKET;
        control.head.cmsg_type = SCM_RIGHTS;
        control.head.cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(&control.head), &p->fd, sizeof(int));
        p = p->next;
    }
    if (p != NULL && p->at - c->sent < len) len = (size_t)(p->at - c->sent);
    part.iov_len = len;
    return sendmsg(c->source.fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void write_client(struct client *c)
{
    while (!c->dead && c->out.at < c->out.len) {
        ssize_t n = send_some(c);

        if (n > 0) {
            if (c->passing != NULL && c->passing->at == c->sent) passed(c);
            c->sent += (uint64_t)n;
            c->out.at += (size_t)n;
        }
        if (n < 0 && errno == EAGAIN) return;
        if (n < 0 && errno != EINTR) c->dead = true;
    }
    bytes_empty(&c->out);
}

static bool is_done(const struct client *c)
{
    return c->slots == NULL && c->out.at == c->out.len;
}

void daf_apiserver_repaired(struct daf_apiserver *s, enum daf_err err,
                            const struct daf_repair *r,
                            const struct daf_trouble *t)
{
    for (struct client *c = s->clients; c != NULL; c = c->next) {
        struct pollfd p = {.fd = c->source.fd, .events = POLLOUT};

        for (struct slot *slot = c->slots; slot != NULL; slot = slot->next)
            if (slot->is_repair && slot->text == NULL)
                answer_repair(c, slot, err, r, t);
        advance(c);
        while (!c->dead && c->out.at < c->out.len && poll(&p, 1, HEAR_MS) > 0)
            write_client(c);
    }
}

static void flush_client(struct client *c)
{
    bool more = true;

    for (int i = 0; i < TURN_LINES && more; i++) {
        more = serve_one(c);
        advance(c);
        if (!more || is_full(c)) write_client(c);
    }
    write_client(c);
    if (c->ended && is_done(c) && !has_line(c)) c->dead = true;
    if (c->dead) return;
    /* Lines are left over: the socket's being writable calls us again. */
    daf_loop_want(c->server->loop, &c->source,
                  !c->ended && !is_full(c) && !has_line(c) &&
                      !c->server->is_finishing,
                  c->out.at < c->out.len ||
                      (has_line(c) && !is_full(c) && !c->server->is_finishing));
}

static void on_client(void *ctx, unsigned what)
{
    struct client *c = ctx;

    if (what & DAF_LOOP_READABLE)
        read_client(c);
    else if (what & DAF_LOOP_LOST)
        c->dead = true;
    /* daf_apiserver_flush() goes on before the loop sleeps. */
}

/* ---- clients */

static void client_free(struct client *c)
{
    while (c->slots != NULL) {
        struct slot *s = c->slots;

        c->slots = s->next;
        slot_free(s);
    }
    while (c->passing != NULL)
        passed(c);
    daf_loop_remove(c->server->loop, &c->source);
    (void)close(c->source.fd);
    bytes_empty(&c->in);
    bytes_empty(&c->out);
    c->server->clients_count--;
    free(c);
}

/* Why it is none of ours: core started link, discover and web, which have a pair
 * for what they may ask; who is gone already may have been one, and needs no
 * answer.  NULL: it is nobody's. */
static const char *why_not_pid(pid_t pid)
{
    char path[32], text[512], *end;
    ssize_t len = -1;
    long parent = 0;
    int fd;

    (void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd >= 0) {
        len = read(fd, text, sizeof(text) - 1);
        (void)close(fd);
    }
    if (len <= 0) return "a program that has ended already";
    text[len] = '\0';
    /* "7 (its name, of any bytes) S 6 ..." */
    end = strrchr(text, ')');
    if (end == NULL || strlen(end) < 4) return "a process without a parent";
    parent = strtol(end + 4, NULL, 10);
    return parent == (long)getpid() ? "a process of this daemon's own, which "
                                      "has no business there,"
                                    : NULL;
}

/* The kernel's word for who is at the other end; 0 is a process of another
 * namespace, which is nobody's child here. */
static const char *why_not(int fd)
{
    struct ucred who = {0};
    socklen_t len = sizeof(who);

    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 ||
        (who.uid != geteuid() && who.uid != 0))
        return "somebody else's program";
    if (who.uid == geteuid() && who.pid != 0) return why_not_pid(who.pid);
    return NULL;
}

static void turn_away(struct daf_apiserver *s, int fd, const char *who)
{
    static const char words[] =
        "{\"error\":\"this daemon answers its own user and root only\","
        "\"code\":\"denied\",\"exit\":5}\n";

    if (daf_log_due(&s->strangers, daf_clock_now()))
        daf_log("%s was turned away from the socket", who);
    (void)send(fd, words, sizeof(words) - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)close(fd);
}

/* @fd: taken.  NULL: out of memory or descriptors, and it is closed. */
static struct client *client_new(struct daf_apiserver *s, int fd)
{
    struct client *c = calloc(1, sizeof(*c));

    if (c == NULL) {
        (void)close(fd);
        return NULL;
    }
    c->server = s;
    c->slots_end = &c->slots;
    c->passing_end = &c->passing;
    c->source = (struct daf_loop_source){.fd = fd, .fn = on_client, .ctx = c};
    s->clients_count++;
    if (daf_loop_add(s->loop, &c->source, true, false) != DAF_OK) {
        client_free(c);
        return NULL;
    }
    c->next = s->clients;
    s->clients = c;
    return c;
}

static void on_listener(void *ctx, unsigned what)
{
    struct daf_apiserver *s = ctx;
    int fd = accept4(s->listener.fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    const char *unwelcome;

    (void)what;
    if (fd < 0) return;
    unwelcome = why_not(fd);
    if (unwelcome == NULL)
        (void)client_new(s, fd);
    else
        turn_away(s, fd, unwelcome);
}

bool daf_apiserver_adopt(struct daf_apiserver *s, int fd,
                         const struct daf_apiserver_greeting *lines,
                         size_t count)
{
    struct client *c = client_new(s, fd);

    if (c == NULL) return false;
    c->is_web = true;
    for (size_t i = 0; i < count; i++) {
        int copy = -1;

        if (lines[i].fd >= 0) copy = fcntl(lines[i].fd, F_DUPFD_CLOEXEC, 0);
        if (lines[i].fd >= 0 && copy < 0) c->dead = true;
        if (!c->dead) say(c, lines[i].text, copy);
    }
    return !c->dead;
}

void daf_apiserver_flush(struct daf_apiserver *s)
{
    struct client **at = &s->clients;

    tell_events(s);
    while (*at != NULL) {
        struct client *c = *at;

        flush_client(c);
        if (!c->dead) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        client_free(c);
    }
    if (s->listener.is_added)
        daf_loop_want(s->loop, &s->listener,
                      s->clients_count < DAF_APISERVER_CLIENTS_MAX, false);
    daf_loop_timer_set(&s->events_timer,
                       has_listeners(s)
                           ? daf_apiserver_events_deadline(&s->events)
                           : DAF_MONO_NEVER);
}

bool daf_apiserver_idle(const struct daf_apiserver *s)
{
    for (const struct client *c = s->clients; c != NULL; c = c->next)
        if (!is_done(c) && !(c->slots != NULL && c->slots->is_repair &&
                             c->out.at == c->out.len))
            return false;
    return true;
}

void daf_apiserver_finish(struct daf_apiserver *s)
{
    s->is_finishing = true;
    daf_loop_remove(s->loop, &s->listener);
}

/* ---- the socket */

/* An address holds 107 bytes and a home's path may be longer, so it is named by
 * way of its open folder. */
static bool bind_in(int folder_fd, int fd)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};

    (void)snprintf(addr.sun_path, sizeof(addr.sun_path),
                   "/proc/self/fd/%d/" SOCKET, folder_fd);
    (void)unlinkat(folder_fd, SOCKET, 0);
    return bind(fd, (const struct sockaddr *)&addr, sizeof(addr)) == 0 &&
           fchmodat(folder_fd, SOCKET, S_IRUSR | S_IWUSR, 0) == 0 &&
           listen(fd, 64) == 0;
}

static bool listen_in(struct daf_apiserver *s, const struct daf_home *home)
{
    char path[DAF_HOME_PATH_MAX];

    daf_home_path(home, "run", path);
    s->folder_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    s->listener.fd =
        socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    return s->folder_fd >= 0 && s->listener.fd >= 0 &&
           bind_in(s->folder_fd, s->listener.fd) &&
           daf_loop_add(s->loop, &s->listener, true, false) == DAF_OK;
}

enum daf_err daf_apiserver_new(const struct daf_home *home,
                               struct daf_loop *loop,
                               const struct daf_agent *agent,
                               const struct daf_apiserver_ops *ops,
                               struct daf_apiserver **out,
                               struct daf_trouble *t)
{
    struct daf_apiserver *s = calloc(1, sizeof(*s));

    *out = NULL;
    if (s == NULL) {
        daf_home_trouble(t, "cannot listen for commands: out of memory");
        return DAF_ENOMEM;
    }
    s->loop = loop;
    s->agent = agent;
    s->ops = ops;
    s->folder_fd = -1;
    s->listener =
        (struct daf_loop_source){.fd = -1, .fn = on_listener, .ctx = s};
    s->events_timer = (struct daf_loop_timer){.fn = tell_events, .ctx = s};
    daf_apiserver_events_init(&s->events);
    if (daf_loop_timer_open(loop, &s->events_timer) != DAF_OK ||
        !listen_in(s, home)) {
        daf_home_trouble(t,
                         "cannot listen for commands at %s/run/" SOCKET
                         ": %s. See that the folder can be written",
                         home->dir, daf_log_errno(errno));
        daf_apiserver_free(s);
        return DAF_EIO;
    }
    *out = s;
    return DAF_OK;
}

void daf_apiserver_free(struct daf_apiserver *s)
{
    if (s == NULL) return;
    while (s->clients != NULL) {
        struct client *c = s->clients;

        s->clients = c->next;
        client_free(c);
    }
    daf_loop_remove(s->loop, &s->listener);
    if (s->listener.fd >= 0) {
        (void)unlinkat(s->folder_fd, SOCKET, 0);
        (void)close(s->listener.fd);
    }
    if (s->folder_fd >= 0) (void)close(s->folder_fd);
    daf_loop_timer_close(s->loop, &s->events_timer);
    sodium_memzero(&s->once, sizeof(s->once));
    free(s);
}
