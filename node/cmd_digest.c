/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd_content.h"

#include <stdio.h>
#include <stdlib.h>

struct named {
    const char *name; /* borrowed from the camp */
    struct daf_scope_id id;
};

static int compare(const void *a, const void *b)
{
    const struct named *x = a, *y = b;

    return strcmp(x->name, y->name);
}

/* The scopes that this device carries, by name: a function of the manifest and
 * control, so that equal stores list the same. */
static size_t list_scopes(const struct daf_cmd_view *v,
                          struct named out[DAF_SCOPES_MAX])
{
    const struct daf_authority *a = daf_camp_authority(v->camp);
    struct daf_scope_id ids[DAF_SCOPES_MAX];
    size_t count = a->scopes(a->ctx, &v->author, ids), named = 0;

    for (size_t i = 0; i < count; i++) {
        const char *name = daf_camp_scope_name(v->camp, &ids[i]);

        if (name != NULL) out[named++] = (struct named){name, ids[i]};
    }
    qsort(out, named, sizeof(*out), compare);
    return named;
}

static void print_digest(const struct daf_cmd *cmd, const char *name,
                         const struct daf_store_digest *d)
{
    char hex[2 * sizeof(d->root.b) + 1];

    if (cmd->json)
        daf_cmd_print(
            json_pack("{s:s,s:o,s:I,s:I,s:I,s:I}", "scope", name, "root",
                      daf_cmd_hex(d->root.b, sizeof(d->root.b)), "authors",
                      (json_int_t)d->authors, "records", (json_int_t)d->records,
                      "bodies", (json_int_t)d->bodies, "logs",
                      (json_int_t)d->logs));
    else
        (void)printf("%-16s %s  %llu records of %llu devices\n", name,
                     daf_cmd_hex_str(d->root.b, sizeof(d->root.b), hex),
                     (unsigned long long)d->records,
                     (unsigned long long)d->authors);
}

static enum daf_err digest_all(const struct daf_cmd *cmd,
                               struct daf_cmd_view *v)
{
    struct named scopes[DAF_SCOPES_MAX];
    size_t count = list_scopes(v, scopes);
    uint64_t commits;
    /* All lines are of one moment, also while a daemon writes. */
    enum daf_err err = daf_store_pin(v->store, &commits);

    if (err != DAF_OK) return err;
    for (size_t i = 0; i < count && err == DAF_OK; i++) {
        struct daf_store_digest d;

        err = daf_store_digest(v->store, &scopes[i].id, &d);
        if (err == DAF_OK) print_digest(cmd, scopes[i].name, &d);
    }
    daf_store_unpin(v->store);
    return err;
}

/* How much of each item of the catalogue is here, by content id. */
static void print_content(const struct daf_cmd *cmd,
                          const struct daf_cmd_content *c)
{
    for (size_t i = 0; i < daf_catalogue_count(c->catalogue); i++) {
        struct daf_catalogue_entry e;
        json_int_t parts, have;
        json_t *state;
        char hex[2 * sizeof(e.content.id.b) + 1];

        daf_catalogue_at(c->catalogue, i, &e);
        parts = (json_int_t)daf_content_parts(&e.content);
        state = daf_cmd_content_state(c, &e.content.id);
        have = json_is_true(json_object_get(state, "whole"))
                   ? parts
                   : json_integer_value(json_object_get(state, "held"));
        if (cmd->json)
            daf_cmd_print(json_pack("{s:o,s:I,s:I}", "content",
                                    daf_cmd_hex(e.content.id.b, 32), "have",
                                    have, "of", parts));
        else
            (void)printf("content          %s  %d of %d parts\n",
                         daf_cmd_hex_str(e.content.id.b, 32, hex), (int)have,
                         (int)parts);
    }
}

enum daf_exit daf_cmd_digest(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_cmd_content c;
    enum daf_err err = daf_cmd_content_open(cmd, &c, &t);

    if (err == DAF_OK) {
        err = digest_all(cmd, &c.view);
        if (err == DAF_OK)
            print_content(cmd, &c);
        else
            daf_home_trouble(&t,
                             "the notebook cannot be read: %s. To do: "
                             "daftar check says where",
                             daf_err_str(err));
        daf_cmd_content_close(&c);
    }
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}
