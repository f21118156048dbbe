/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include <stdio.h>

static void print_scope(void *ctx, const struct daf_rekey_scope *s)
{
    const bool *is_json = ctx;

    if (*is_json) {
        daf_cmd_print(json_pack("{s:s,s:I,s:b,s:I,s:I,s:I}", "scope", s->scope,
                                "generation", (json_int_t)s->generation, "new",
                                s->is_new, "wraps", (json_int_t)s->wraps,
                                "records", (json_int_t)s->records, "unsealable",
                                (json_int_t)s->unsealable));
        return;
    }
    (void)printf("%-24s %s, generation %llu, %zu cop%s sealed\n", s->scope,
                 s->is_new ? "new key" : "as before",
                 (unsigned long long)s->generation, s->wraps,
                 s->wraps == 1 ? "y" : "ies");
}

static enum daf_err renew(const struct daf_cmd *cmd, struct daf_cmd_view *v,
                          struct daf_trouble *t)
{
    const char *scope = daf_cmd_value(cmd, "scope");
    struct daf_cmd_keys keys;
    bool is_json = cmd->json;
    enum daf_err err;

    if (daf_manifest_coordinator(daf_camp_manifest(v->camp), &v->author) ==
        NULL) {
        daf_home_trouble(t, "this device is no coordinator of the camp, and "
                            "only coordinators make keys. To do: ask one");
        return DAF_EDENIED;
    }
    err = daf_cmd_keys_renew(v, scope, print_scope, &is_json, &keys, t);
    if (err == DAF_OK && !keys.knows_scope) {
        daf_home_trouble(t,
                         "no scope %.48s is known here. To do: daftar "
                         "digest lists them",
                         scope);
        err = DAF_ENOTFOUND;
    }
    if (err == DAF_OK && keys.scopes == 0 && !cmd->json)
        (void)printf("Nothing to do: no revoked device holds the key that is "
                     "written with, and\neverybody who may read has it.\n");
    return err;
}

enum daf_exit daf_cmd_keys_renew_all(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_cmd_view v;
    enum daf_err err = daf_cmd_view_open(cmd, false, &v, &t);

    if (err == DAF_OK) {
        err = renew(cmd, &v, &t);
        daf_cmd_view_close(&v);
    }
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}
