/* SPDX-License-Identifier: Apache-2.0 */
/* One question to the daemon (node/api.h), for commands that need its answer. */
#include "node/cmd.h"

#include "node/api.h"

enum daf_err daf_cmd_call(const struct daf_home *home, json_t *request,
                          void (*line)(void *ctx, json_t *line), void *ctx,
                          json_t **out_last, struct daf_trouble *t)
{
    enum daf_err err = DAF_ENOMEM;

    *out_last = NULL;
    if (request != NULL)
        err = daf_api_call(home, request, line, ctx, out_last, t);
    json_decref(request);
    return err;
}

/* What the daemon's last line says of an error is said again. */
static enum daf_exit exit_of(const struct daf_cmd *cmd, const json_t *last)
{
    const char *words = json_string_value(json_object_get(last, "error"));
    enum daf_err err = daf_cmd_err_of(last);
    struct daf_trouble t = {""};

    if (err == DAF_OK) return DAF_EXIT_DONE;
    if (words != NULL) daf_home_trouble(&t, "%s", words);
    return daf_cmd_fail(cmd, err, &t);
}

enum daf_exit daf_cmd_ask(const struct daf_cmd *cmd, bool needs_camp,
                          json_t *request,
                          void (*line)(void *ctx, json_t *line), void *ctx,
                          json_t **out_last)
{
    struct daf_trouble t = {""};
    struct daf_home home;
    enum daf_exit code;
    enum daf_err err = daf_cmd_load(cmd, needs_camp, &home, &t);

    *out_last = NULL;
    if (err != DAF_OK) {
        json_decref(request);
        return daf_cmd_fail(cmd, err, &t);
    }
    err = daf_cmd_call(&home, request, line, ctx, out_last, &t);
    daf_home_unload(&home);
    if (err == DAF_ENOTFOUND)
        return daf_cmd_fail_with(cmd, err, &t, DAF_EXIT_NO_DAEMON,
                                 json_pack("{s:b}", "running", 0));
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    code = exit_of(cmd, *out_last);
    if (code == DAF_EXIT_DONE) return code;
    json_decref(*out_last);
    *out_last = NULL;
    return code;
}
