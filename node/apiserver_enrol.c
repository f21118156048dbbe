/* SPDX-License-Identifier: Apache-2.0 */
/* The porch's ops of node/api.h: what the agent knows of it, and wishes for it. */
#include "node/apiserver_impl.h"

#include "node/clock.h"
#include "node/cmd.h"
#include "node/core/addr.h"
#include "node/netwatch.h"
#include "proto/porch.h"

#include <assert.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static struct daf_apiserver_answer error(enum daf_err err, const char *words)
{
    return (struct daf_apiserver_answer){.err = err, .words = words};
}

static struct daf_apiserver_answer done(json_t *last)
{
    if (last == NULL) return error(DAF_ENOMEM, daf_err_str(DAF_ENOMEM));
    return (struct daf_apiserver_answer){.last = last};
}

/* What the agent says of the last wish, for people. */
static struct daf_apiserver_answer refused(enum daf_err err)
{
    if (err == DAF_EDENIED)
        return error(err, "this device is no coordinator of the camp, and only "
                          "coordinators enrol. To do: ask one");
    if (err == DAF_ENOTFOUND)
        return error(err, "no such device waits at the porch. To do: daftar "
                          "enrol list");
    if (err == DAF_EEXISTS)
        return error(err, "the ticket was used already. To do: daftar enrol "
                          "open, for a new one");
    if (err == DAF_EIO)
        return error(err, "the porch cannot listen: its port or the network is "
                          "gone. To do: see the daemon's log, and try again");
    return error(err, daf_err_str(err));
}

/* ---- where a new device finds us */

/* The addresses on which the door listens, with the porch's port.  A link-local
 * one with its zone means nothing elsewhere. */
static void add_addresses(struct daf_ticket *t, const struct daf_addr *own,
                          size_t count, bool is_v6, uint16_t port)
{
    static_assert(sizeof(t->addrs[0]) == sizeof(own->text), "one text");
    for (size_t i = 0; i < count; i++) {
        struct daf_where where;
        struct daf_addr addr;

        if (t->addrs_count == DAF_TICKET_ADDRS_MAX) return;
        if (!daf_addr_parse(&own[i], &where) || where.zone != 0 ||
            where.is_v6 != is_v6)
            continue;
        where.port = port;
        daf_addr_format(&where, &addr);
        memcpy(t->addrs[t->addrs_count++], addr.text, sizeof(addr.text));
    }
}

static void find_addresses(struct daf_ticket *t, const char *endpoint,
                           uint16_t port)
{
    struct daf_addr own[DAF_NETWATCH_ADDRS_MAX], listen = {""};
    size_t count;

    (void)snprintf(listen.text, sizeof(listen.text), "%s", endpoint);
    count = daf_netwatch_list(&listen, own);
    add_addresses(t, own, count, false, port);
    add_addresses(t, own, count, true, port);
}

/* ---- open */

static json_t *opened_object(struct daf_ticket *t, uint64_t left_ms)
{
    char code[DAF_TICKET_CODE_CHARS + 1], text[DAF_TICKET_TEXT_CHARS + 1];
    json_t *o;

    daf_ticket_code(t, code);
    daf_ticket_text(t, text);
    o = json_pack("{ss ss sI ss}", "ticket", text, "code", code, "expires_s",
                  (json_int_t)(left_ms / 1000), "address",
                  t->addrs_count > 0 ? t->addrs[0] : "");
    sodium_memzero(code, sizeof(code));
    sodium_memzero(text, sizeof(text));
    return o;
}

struct daf_apiserver_answer daf_apiserver_enrol_opened(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops)
{
    struct daf_apiserver_status status = {.endpoint = ""};
    struct daf_apiserver_answer answer;
    struct daf_agent_porch porch;

    daf_agent_porch(agent, daf_clock_now(), &porch);
    if (!porch.is_open)
        return refused(porch.err != DAF_OK ? porch.err : DAF_ELOST);
    if (porch.port == 0) return (struct daf_apiserver_answer){.err = DAF_OK};
    ops->status(ops->ctx, &status);
    find_addresses(&porch.ticket, status.endpoint, porch.port);
    answer = done(opened_object(&porch.ticket, porch.left_ms));
    sodium_memzero(&porch.ticket, sizeof(porch.ticket));
    return answer;
}

/* The text's value, if it fits @out with its NUL. */
static bool get_text(const json_t *request, const char *key, char *out,
                     size_t cap)
{
    const char *text = json_string_value(json_object_get(request, key));
    size_t len = text != NULL ? strlen(text) : cap;

    if (len >= cap) return false;
    memcpy(out, text, len + 1);
    return true;
}

static enum daf_err wish_for(const struct daf_agent *agent,
                             const struct daf_apiserver_ops *ops,
                             const struct daf_porch_wish *wish)
{
    struct daf_agent_porch porch;

    ops->porch(ops->ctx, wish);
    daf_agent_porch(agent, daf_clock_now(), &porch);
    sodium_memzero(&porch.ticket, sizeof(porch.ticket));
    return porch.err;
}

static struct daf_apiserver_answer open_porch(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    const json_t *request)
{
    struct daf_porch_wish wish = {.what = DAF_PORCH_OPEN};
    enum daf_err err;

    if (!get_text(request, "scope", wish.scope, sizeof(wish.scope)) ||
        !get_text(request, "right", wish.right, sizeof(wish.right)))
        return error(DAF_EUSAGE, "to open needs scope and right");
    err = wish_for(agent, ops, &wish);
    return err != DAF_OK ? refused(err)
                         : (struct daf_apiserver_answer){.err = DAF_OK};
}

/* ---- list */

static json_t *guest_object(const struct daf_agent_guest *g)
{
    char id[17], digits[7], request[2 * DAF_REQUEST_BYTES_MAX + 1];

    (void)snprintf(id, sizeof(id), "%016llx", (unsigned long long)g->id);
    (void)snprintf(digits, sizeof(digits), "%06u",
                   (unsigned)(g->digits % DAF_PORCH_DIGITS));
    return json_pack("{ss ss so sI ss ss}", "id", id, "digits", digits,
                     "author", daf_cmd_hex(g->author.b, sizeof(g->author.b)),
                     "since_s", (json_int_t)(g->since_ms / 1000), "state",
                     g->state, "request",
                     daf_cmd_hex_str(g->request.p, g->request.len, request));
}

static struct daf_apiserver_answer list(const struct daf_agent *agent)
{
    struct daf_mono now = daf_clock_now();
    struct daf_apiserver_answer answer;
    struct daf_agent_porch porch;
    struct daf_agent_guest guest;

    daf_agent_porch(agent, now, &porch);
    sodium_memzero(&porch.ticket, sizeof(porch.ticket));
    if (!porch.is_open)
        return error(DAF_ENOTFOUND, "no porch is open. To do: daftar enrol "
                                    "open");
    answer = done(json_pack("{sb sI ss ss}", "used", porch.is_used, "expires_s",
                            (json_int_t)(porch.left_ms / 1000), "scope",
                            porch.scope, "right", porch.right));
    if (answer.last == NULL) return answer;
    answer.lines = json_array();
    for (size_t i = 0; daf_agent_guest(agent, now, i, &guest); i++) {
        if (json_array_append_new(answer.lines, guest_object(&guest)) == 0)
            continue;
        json_decref(answer.lines);
        json_decref(answer.last);
        return error(DAF_ENOMEM, daf_err_str(DAF_ENOMEM));
    }
    return answer;
}

/* ---- accept, decline, close */

static bool get_id(const json_t *request, uint64_t *out)
{
    char text[17];
    char *end = NULL;

    if (!get_text(request, "id", text, sizeof(text)) ||
        strspn(text, "0123456789abcdef") != 16)
        return false;
    *out = strtoull(text, &end, 16);
    return true;
}

static struct daf_apiserver_answer accept_guest(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    const json_t *request)
{
    struct daf_porch_wish wish = {.what = DAF_PORCH_ACCEPT};
    const json_t *hex = json_object_get(request, "certificate");
    uint8_t cert[DAF_CERT_BYTES_MAX];
    const char *end = NULL;
    enum daf_err err;

    if (!get_id(request, &wish.id) || !json_is_string(hex) ||
        sodium_hex2bin(cert, sizeof(cert), json_string_value(hex),
                       json_string_length(hex), NULL, &wish.cert.len,
                       &end) != 0 ||
        *end != '\0')
        return error(DAF_EUSAGE, "to accept needs an id and a certificate");
    wish.cert.p = cert;
    err = wish_for(agent, ops, &wish);
    return err != DAF_OK ? refused(err) : done(json_object());
}

static struct daf_apiserver_answer decline_guest(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    const json_t *request)
{
    struct daf_porch_wish wish = {.what = DAF_PORCH_DECLINE};
    enum daf_err err;

    if (!get_id(request, &wish.id))
        return error(DAF_EUSAGE, "to decline needs an id");
    err = wish_for(agent, ops, &wish);
    return err != DAF_OK ? refused(err) : done(json_object());
}

static struct daf_apiserver_answer close_porch(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops)
{
    const struct daf_porch_wish wish = {.what = DAF_PORCH_CLOSE};

    if (wish_for(agent, ops, &wish) != DAF_OK)
        return error(DAF_ENOTFOUND, "no porch is open. To do: nothing");
    return done(json_object());
}

struct daf_apiserver_answer daf_apiserver_enrol(
    const struct daf_agent *agent, const struct daf_apiserver_ops *ops,
    const char *op, json_t *request)
{
    if (strcmp(op, "enrol-open") == 0) return open_porch(agent, ops, request);
    if (strcmp(op, "enrol-list") == 0) return list(agent);
    if (strcmp(op, "enrol-accept") == 0)
        return accept_guest(agent, ops, request);
    if (strcmp(op, "enrol-decline") == 0)
        return decline_guest(agent, ops, request);
    if (strcmp(op, "enrol-close") == 0) return close_porch(agent, ops);
    return error(DAF_EUSAGE, "an op that this daemon lacks");
}
