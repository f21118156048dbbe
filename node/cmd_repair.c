/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/api.h"
#include "node/clock.h"
#include "node/offline.h"

#include <poll.h>
#include <stdio.h>

#define WAIT_MS 30000 /* for the daemon to come back, and for its peers */
#define LOOK_MS 100

static void tell_busy(const struct daf_home *home, struct daf_trouble *t)
{
    daf_home_trouble(t,
                     "%s is in use by another command, or its daemon is just "
                     "starting. Nothing was changed. To do: try again in a "
                     "moment, or stop the daemon and try again",
                     home->dir);
}

/* A large notebook on a slow card takes longer than the client's patience. */
static enum daf_err receive(struct daf_api *api, json_t **out,
                            struct daf_trouble *t)
{
    enum daf_err err;

    do
        err = daf_api_receive(api, out, t);
    while (err == DAF_ETIME);
    return err;
}

static enum daf_err err_of(const char *name)
{
    for (size_t i = 1; name != NULL && i < DAF_ERR_COUNT; i++)
        if (strcmp(name, daf_err_name((enum daf_err)i)) == 0)
            return (enum daf_err)i;
    return DAF_EIO;
}

static enum daf_err read_answer(const json_t *answer, struct daf_repair *r,
                                struct daf_trouble *t)
{
    const char *words = json_string_value(json_object_get(answer, "error"));
    enum daf_err err;

    if (words != NULL) {
        daf_home_trouble(t, "%s", words);
        return err_of(json_string_value(json_object_get(answer, "code")));
    }
    err = daf_repair_unpack(answer, r);
    if (err != DAF_OK)
        daf_home_trouble(t, "the daemon's answer is not understood. To do: see "
                            "that daftar and daftard are of one version");
    return err;
}

static enum daf_err ask_once(const struct daf_cmd *cmd,
                             const struct daf_home *home, struct daf_repair *r,
                             struct daf_trouble *t)
{
    json_t *request = json_pack("{s:s}", "op", "repair"), *answer = NULL;
    struct daf_api *api = NULL;
    enum daf_err err = request == NULL ? DAF_ENOMEM : DAF_OK;

    if (err == DAF_OK) err = daf_api_open(home, &api, t);
    if (err == DAF_ENOTFOUND) {
        tell_busy(home, t);
        err = DAF_EBUSY;
    }
    if (err == DAF_OK) {
        daf_cmd_hint(cmd, "the daemon stops and repairs the notebook ...");
        err = daf_api_send(api, request, t);
    }
    if (err == DAF_OK) err = receive(api, &answer, t);
    if (err == DAF_OK) err = read_answer(answer, r, t);
    json_decref(answer);
    json_decref(request);
    daf_api_close(api);
    return err;
}

/* ---- until it is well again */

struct peers {
    size_t count, in_step;
};

static void on_peer(void *ctx, json_t *line)
{
    struct peers *p = ctx;
    const json_t *in_step = json_object_get(line, "in_step");

    if (in_step == NULL) return; /* the last line */
    p->count++;
    p->in_step += json_is_true(in_step) ? 1 : 0;
}

static json_t *ask(const struct daf_home *home, const char *op,
                   void (*line)(void *ctx, json_t *line), void *ctx)
{
    struct daf_trouble t;
    json_t *last;
    enum daf_err err =
        daf_cmd_call(home, json_pack("{s:s}", "op", op), line, ctx, &last, &t);

    return err == DAF_OK ? last : NULL;
}

/* Its socket answers before link listens; the address is there when it does. */
static bool is_back(const struct daf_home *home)
{
    json_t *status = ask(home, "status", NULL, NULL);
    const char *endpoint =
        json_string_value(json_object_get(status, "endpoint"));
    bool is = endpoint != NULL && endpoint[0] != '\0';

    json_decref(status);
    return is;
}

static bool is_in_step(const struct daf_home *home)
{
    struct peers p = {0};
    json_t *last = ask(home, "peers", on_peer, &p);
    bool is = last != NULL && p.count > 0 && p.in_step == p.count;

    json_decref(last);
    return is;
}

static bool has_absent(struct daf_store *s)
{
    const struct daf_index *x = daf_store_index(s);
    struct daf_scope_id scopes[DAF_SCOPES_MAX];
    size_t count = daf_store_scopes(s, scopes, DAF_SCOPES_MAX);
    struct daf_log_key log;
    struct daf_spot spot;

    for (size_t i = 0; i < count; i++)
        if (x->absent_next(x->ctx, &scopes[i], NULL, NULL, &log, &spot) !=
            DAF_ENOTFOUND)
            return true;
    return false;
}

static bool is_whole(const struct daf_home *home)
{
    struct daf_store *s = NULL;
    bool is = false;

    if (daf_offline_store(home, DAF_STORE_READER, &s, NULL) == DAF_OK)
        is = !has_absent(s);
    daf_store_close(s);
    return is;
}

bool daf_cmd_repair_wait(const struct daf_cmd *cmd, const struct daf_home *home,
                         bool lacks)
{
    struct daf_mono until = daf_clock_after(daf_clock_now(), WAIT_MS);
    bool back;

    if (lacks)
        daf_cmd_hint(cmd, "peers give back what is lacking; 30 s at most ...");
    do {
        back = is_back(home);
        if (back && (!lacks || (is_in_step(home) && is_whole(home))))
            return true;
        (void)poll(NULL, 0, LOOK_MS);
    } while (daf_clock_now().ms < until.ms);
    if (!back)
        (void)fprintf(stderr, "daftar: the daemon has not come back. To do: "
                              "look at its log, and start it\n");
    return false;
}

/* Whoever came while another command's repair was under way is hung up on. */
enum daf_err daf_cmd_repair_ask(const struct daf_cmd *cmd,
                                const struct daf_home *home,
                                struct daf_repair *r, struct daf_trouble *t)
{
    enum daf_err err = ask_once(cmd, home, r, t);

    if ((err == DAF_EIO || err == DAF_ELOST) &&
        daf_cmd_repair_wait(cmd, home, false))
        err = ask_once(cmd, home, r, t);
    return err;
}
