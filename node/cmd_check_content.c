/* SPDX-License-Identifier: Apache-2.0 */
/* Content in `daftar check`: every part that is held is read and hashed. */
#include "node/api.h"
#include "node/clock.h"
#include "node/cmd.h"
#include "store/shelf.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define WAIT_MS 30000 /* for peers to send what was damaged */
#define LOOK_MS 100

struct finding {
    daf_cmd_content_bad_fn fn;
    void *ctx;
};

static bool on_bad(void *ctx, const struct daf_hash *content, const char *what,
                   const char *where)
{
    const struct finding *f = ctx;
    char text[400], hex[2 * sizeof(content->b) + 1];

    (void)snprintf(text, sizeof(text), "%.16s %s %s",
                   daf_cmd_hex_str(content->b, sizeof(content->b), hex), what,
                   where);
    f->fn(f->ctx, "content", text);
    return true;
}

enum daf_err daf_cmd_check_content(const struct daf_home *home, bool mend,
                                   daf_cmd_content_bad_fn fn, void *ctx,
                                   struct daf_trouble *t)
{
    struct finding finding = {fn, ctx};
    struct daf_shelf *shelf = NULL;
    char dir[DAF_HOME_PATH_MAX];
    uint64_t bad;
    enum daf_err err;

    daf_home_path(home, "content", dir);
    if (access(dir, F_OK) != 0) return DAF_OK; /* nothing was ever kept */
    err = daf_shelf_open(dir, UINT64_MAX, mend, &shelf);
    if (err == DAF_OK)
        err = daf_shelf_check(shelf, mend, on_bad, &finding, &bad);
    if (err == DAF_OK && daf_shelf_unreadable(shelf) > 0)
        fn(ctx, "content", "an item whose manifest cannot be read");
    daf_shelf_close(shelf);
    if (err != DAF_OK)
        daf_home_trouble(t,
                         "%s could not be read to the end: %s. To do: if it is "
                         "on a card of its own, mount that; look at the disk",
                         dir, daf_err_str(err));
    return err;
}

/* ---- beside a daemon */

static void count_lacking(void *ctx, json_t *line)
{
    size_t *count = ctx;

    if (json_object_get(line, "content") == NULL) return;
    *count += json_is_true(json_object_get(line, "whole")) ? 0 : 1;
}

/* How many items lack something; SIZE_MAX: nobody says. */
static size_t lacking(const struct daf_home *home)
{
    struct daf_trouble t;
    json_t *last = NULL;
    size_t count = 0;
    enum daf_err err =
        daf_cmd_call(home, json_pack("{ss}", "op", "content-list"),
                     count_lacking, &count, &last, &t);

    json_decref(last);
    return err == DAF_OK ? count : SIZE_MAX;
}

static enum daf_err ask_check(const struct daf_home *home,
                              struct daf_trouble *t)
{
    struct daf_api *api = NULL;
    json_t *request = json_pack("{ss}", "op", "content-check"), *answer = NULL;
    enum daf_err err =
        request != NULL ? daf_api_open(home, &api, t) : DAF_ENOMEM;

    if (err == DAF_OK) err = daf_api_send(api, request, t);
    /* 20 GB on a card take longer than a client's patience. */
    while (err == DAF_OK && answer == NULL) {
        err = daf_api_receive(api, &answer, t);
        if (err == DAF_ETIME) err = DAF_OK;
    }
    if (err == DAF_OK) {
        err = daf_cmd_err_of(answer);
        if (err == DAF_EBUSY)
            daf_home_trouble(t, "the daemon ended before all content was read. "
                                "To do: start it again, and check again");
    }
    json_decref(answer);
    json_decref(request);
    daf_api_close(api);
    return err;
}

enum daf_err daf_cmd_repair_content(const struct daf_cmd *cmd,
                                    const struct daf_home *home,
                                    bool *out_whole, struct daf_trouble *t)
{
    size_t before = lacking(home);
    struct daf_mono until;
    enum daf_err err = ask_check(home, t);

    *out_whole = false;
    if (err != DAF_OK) return err;
    daf_cmd_hint(cmd, "peers send what was damaged; 30 s at most ...");
    until = daf_clock_after(daf_clock_now(), WAIT_MS);
    do {
        if (lacking(home) <= before) {
            *out_whole = true;
            return DAF_OK;
        }
        (void)poll(NULL, 0, LOOK_MS);
    } while (daf_clock_now().ms < until.ms);
    return DAF_OK;
}
