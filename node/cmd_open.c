/* SPDX-License-Identifier: Apache-2.0 */
/* `daftar open`: where the pages are, with the key that lets a browser in. */
#include "node/cmd.h"

#include "node/api.h"
#include "node/web.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define FILE_BYTES_MAX ((size_t)DAF_WEB_LISTENERS_MAX * (DAF_WEB_URL_BYTES + 1))

/* What a daemon that was killed left behind leads nowhere. */
static enum daf_err is_running(const struct daf_home *home,
                               struct daf_trouble *t)
{
    struct daf_api *api = NULL;
    enum daf_err err = daf_api_open(home, &api, t);

    daf_api_close(api);
    return err;
}

static enum daf_err read_urls(const struct daf_home *home, char **out,
                              struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum daf_err err;

    daf_home_path(home, "run/web", path);
    err = daf_home_read_file(path, FILE_BYTES_MAX, &bytes, &len, t);
    if (err == DAF_ENOTFOUND)
        daf_home_trouble(t, "this daemon serves no pages. To do: start it with "
                            "--http 127.0.0.1:8080");
    if (err != DAF_OK) return err;
    *out = strndup((const char *)bytes, len);
    sodium_memzero(bytes, len);
    free(bytes);
    return *out != NULL ? DAF_OK : DAF_ENOMEM;
}

static void print(const struct daf_cmd *cmd, char *lines)
{
    json_t *all = json_array();
    char *save = NULL, *first = strtok_r(lines, "\n", &save);

    for (char *url = first; url != NULL; url = strtok_r(NULL, "\n", &save)) {
        if (!cmd->json) (void)printf("%s\n", url);
        (void)json_array_append_new(all, json_string(url));
    }
    if (cmd->json)
        daf_cmd_print(json_pack("{s:s,s:o}", "url", first != NULL ? first : "",
                                "urls", all));
    else
        json_decref(all);
}

enum daf_exit daf_cmd_open(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_home home;
    char *lines = NULL;
    enum daf_err err = daf_cmd_load(cmd, false, &home, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    err = is_running(&home, &t);
    if (err == DAF_ENOTFOUND) {
        daf_home_unload(&home);
        return daf_cmd_fail_with(cmd, err, &t, DAF_EXIT_NO_DAEMON, NULL);
    }
    if (err == DAF_OK) err = read_urls(&home, &lines, &t);
    daf_home_unload(&home);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    print(cmd, lines);
    sodium_memzero(lines, strlen(lines));
    free(lines);
    return DAF_EXIT_DONE;
}
