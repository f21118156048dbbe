/* SPDX-License-Identifier: Apache-2.0 */
/* What is held, asked when nothing fails. */
#include "tests/crash/fault.h"

#include "node/commands.h"

#include <stdio.h>
#include <stdlib.h>

const char *fault_look_path(const char *dir, const char *name)
{
    static char paths[8][DAF_HOME_PATH_MAX];
    static size_t next;
    char *path = paths[next++ % 8];

    (void)snprintf(path, DAF_HOME_PATH_MAX, "%s/%s", dir, name);
    return path;
}

static void bad(void *ctx, const struct daf_store_bad *found)
{
    (void)ctx;
    fault_broken("the check finds %s: %s", found->what, found->where);
}

bool fault_look_check(const char *store_dir)
{
    struct daf_store *s = NULL;
    struct daf_store_check check;
    enum daf_err err = daf_store_open(store_dir, DAF_STORE_READER, &s);

    if (err == DAF_ENOTFOUND) return false;
    FAULT_OK(err);
    FAULT_OK(daf_store_check(s, NULL, bad, NULL, &check));
    daf_store_close(s);
    return true;
}

static bool same(struct daf_view a, struct daf_view b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool fault_look_held(struct daf_store *reader, const struct daf_log_key *log,
                     const struct daf_spot *spot, struct daf_view header,
                     enum daf_body_state state, struct daf_view body)
{
    const struct daf_index *index = daf_store_index(reader);
    struct daf_stored stored;
    enum daf_err err = index->get(index->ctx, log, spot, &stored);

    if (err == DAF_ENOTFOUND) return false;
    FAULT_OK(err);
    FAULT_NEED(same(stored.header, header));
    FAULT_NEED(stored.body_state == state);
    FAULT_NEED(same(stored.body, body));
    return true;
}

int fault_look_daftar(const char *const *words)
{
    char *argv[24], text[24][DAF_HOME_PATH_MAX];
    int argc = 0;

    for (; words[argc] != NULL && argc < 23; argc++) {
        (void)snprintf(text[argc], sizeof(text[argc]), "%s", words[argc]);
        argv[argc] = text[argc];
    }
    argv[argc] = NULL;
    return daf_commands_run(argc, argv);
}
