/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/api.h"
#include "node/clock.h"

#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#define RETRY_MS 50

struct daf_cmd_writer {
    daf_cmd_wrote_fn wrote;
    void *ctx;
    struct daf_api *api;         /* a daemon, or */
    struct daf_offline *offline; /* none */
    uint64_t given, ended;
    uint64_t tickets[DAF_CMD_WINDOW]; /* of those under way, by turn */
};

/* --- without a daemon --------------------------------------------------------- */

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    struct daf_cmd_writer *w = ctx;
    struct daf_trouble t = {""};

    w->ended++;
    if (wrote->err != DAF_OK) daf_offline_refused(&t, wrote);
    w->wrote(w->ctx, wrote, &t);
}

/* --- with a daemon ------------------------------------------------------------- */

static json_t *hex_of(struct daf_view bytes)
{
    char *text = malloc(2 * bytes.len + 1);
    json_t *out;

    if (text == NULL) return NULL;
    out = json_string(daf_cmd_hex_str(bytes.p, bytes.len, text));
    free(text);
    return out;
}

static json_t *did_json(const struct daf_write *write)
{
    json_t *out = json_array();

    for (size_t i = 0; i < write->did_count; i++) {
        const struct daf_did *did = &write->did[i];
        json_t *score = did->has_score ? json_integer(did->score) : json_null();

        (void)json_array_append_new(out, json_pack("[s%,o,I]",
                                                   (const char *)did->item.p,
                                                   did->item.len, score,
                                                   (json_int_t)did->seconds));
    }
    return out;
}

static json_t *request_of(const struct daf_write *write)
{
    if (write->kind == DAF_WRITE_CONTROL || write->kind == DAF_WRITE_CATALOG)
        return json_pack("{s:s,s:s,s:o}", "op", "write", "kind",
                         write->kind == DAF_WRITE_CONTROL ? "control"
                                                          : "catalog",
                         "payload", hex_of(write->payload));
    if (write->kind == DAF_WRITE_HEARD)
        return json_pack("{s:s,s:s}", "op", "write", "kind", "heard");
    if (write->kind == DAF_WRITE_ASSIGNMENT)
        return json_pack("{s:s,s:s,s:s,s:o}", "op", "write", "kind",
                         "assignment", "scope", write->scope, "payload",
                         hex_of(write->payload));
    return json_pack("{s:s,s:s,s:s,s:s%,s:o}", "op", "write", "kind", "session",
                     "scope", write->scope, "learner",
                     (const char *)write->learner.p, write->learner.len, "did",
                     did_json(write));
}

static enum daf_err err_of_name(const char *name)
{
    for (unsigned e = 0; name != NULL && e < DAF_ERR_COUNT; e++)
        if (strcmp(daf_err_name((enum daf_err)e), name) == 0)
            return (enum daf_err)e;
    return DAF_OK;
}

enum daf_err daf_cmd_err_of(const json_t *answer)
{
    const char *code = json_string_value(json_object_get(answer, "code"));
    json_int_t code_exit = json_integer_value(json_object_get(answer, "exit"));
    enum daf_err err = err_of_name(code);

    if (err != DAF_OK || code_exit == DAF_EXIT_DONE) return err;
    if (code_exit == DAF_EXIT_USAGE) return DAF_EUSAGE;
    if (code_exit == DAF_EXIT_DENIED) return DAF_EDENIED;
    return code_exit == DAF_EXIT_LATER ? DAF_EBUSY : DAF_EIO;
}

static bool take_hex(const json_t *answer, const char *key, uint8_t *out,
                     size_t len)
{
    const char *text = json_string_value(json_object_get(answer, key));
    size_t got = 0;

    return text != NULL && strlen(text) == 2 * len &&
           sodium_hex2bin(out, len, text, 2 * len, NULL, &got, NULL) == 0 &&
           got == len;
}

static enum daf_err take_answer(struct daf_cmd_writer *w, struct daf_trouble *t)
{
    struct daf_wrote wrote = {.ticket = w->tickets[w->ended % DAF_CMD_WINDOW]};
    struct daf_trouble why = {""};
    const char *words;
    json_t *answer;
    enum daf_err err = daf_api_receive(w->api, &answer, t);

    if (err != DAF_OK) return err;
    w->ended++;
    wrote.err = daf_cmd_err_of(answer);
    if (wrote.err == DAF_OK &&
        (!json_is_true(json_object_get(answer, "durable")) ||
         !take_hex(answer, "record", wrote.record.b, sizeof(wrote.record.b))))
        wrote.err = DAF_EPEER;
    (void)take_hex(answer, "subject", wrote.subject.b, sizeof(wrote.subject.b));
    wrote.registered = json_is_true(json_object_get(answer, "registered"));
    words = json_string_value(json_object_get(answer, "error"));
    if (wrote.err != DAF_OK) {
        daf_offline_refused(&why, &wrote);
        if (words != NULL) daf_home_trouble(&why, "%s", words);
    }
    w->wrote(w->ctx, &wrote, &why);
    json_decref(answer);
    return DAF_OK;
}

/* --- either way ------------------------------------------------------------------ */

static void rest(void)
{
    struct timespec ts = {.tv_nsec = RETRY_MS * 1000000L};

    (void)nanosleep(&ts, NULL);
}

/* The daemon, if one answers; else the lock.  A held lock without an answer may
 * be a daemon that is starting or ending, or another command: worth a moment. */
static enum daf_err reach(struct daf_cmd_writer *w, struct daf_home *home,
                          struct daf_trouble *t)
{
    struct daf_mono until = daf_clock_after(daf_clock_now(), DAF_CMD_WAIT_MS);

    for (;;) {
        enum daf_err err = daf_api_open(home, &w->api, t);

        if (err != DAF_ENOTFOUND && err != DAF_EBUSY) return err;
        if (err == DAF_ENOTFOUND) {
            err = daf_home_lock(home, t);
            if (err == DAF_OK)
                return daf_offline_open(home, on_wrote, w, &w->offline, t);
        }
        if (err != DAF_EBUSY || daf_clock_now().ms >= until.ms) return err;
        rest();
    }
}

enum daf_err daf_cmd_writer_open(struct daf_home *home, daf_cmd_wrote_fn wrote,
                                 void *ctx, struct daf_cmd_writer **out,
                                 struct daf_trouble *t)
{
    struct daf_cmd_writer *w = calloc(1, sizeof(*w));
    enum daf_err err;

    *out = NULL;
    if (w == NULL) return DAF_ENOMEM;
    w->wrote = wrote;
    w->ctx = ctx;
    err = reach(w, home, t);
    if (err != DAF_OK) {
        daf_cmd_writer_close(w);
        return err;
    }
    *out = w;
    return DAF_OK;
}

enum daf_err daf_cmd_writer_put(struct daf_cmd_writer *w,
                                const struct daf_write *write,
                                struct daf_trouble *t)
{
    enum daf_err err = DAF_OK;
    json_t *request;

    if (w->offline != NULL) {
        if (w->given - w->ended >= DAF_CMD_GROUP) daf_offline_flush(w->offline);
        w->given++;
        daf_offline_put(w->offline, write);
        return DAF_OK;
    }
    if (w->given - w->ended >= DAF_CMD_WINDOW) err = take_answer(w, t);
    if (err != DAF_OK) return err;
    w->tickets[w->given++ % DAF_CMD_WINDOW] = write->ticket;
    request = request_of(write);
    err = request != NULL ? daf_api_send(w->api, request, t) : DAF_ENOMEM;
    json_decref(request);
    return err;
}

enum daf_err daf_cmd_writer_flush(struct daf_cmd_writer *w,
                                  struct daf_trouble *t)
{
    enum daf_err err = DAF_OK;

    if (w->offline != NULL) daf_offline_flush(w->offline);
    while (w->api != NULL && w->ended < w->given && err == DAF_OK)
        err = take_answer(w, t);
    return err;
}

void daf_cmd_writer_close(struct daf_cmd_writer *w)
{
    if (w == NULL) return;
    daf_api_close(w->api);
    daf_offline_close(w->offline);
    free(w);
}
