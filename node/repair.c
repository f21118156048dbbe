/* SPDX-License-Identifier: Apache-2.0 */
#include "node/repair.h"

#include "node/cmd.h"
#include "node/offline.h"

#include <stdio.h>

void daf_repair_found(void *ctx, const struct daf_store_bad *bad)
{
    struct daf_repair *r = ctx;

    if (r->bad_count++ >= DAF_REPAIR_BAD_MAX) return;
    (void)json_array_append_new(r->bad,
                                json_pack("{s:s,s:o}", "what", bad->what,
                                          "where", daf_cmd_text(bad->where)));
}

static void tell(struct daf_trouble *t, enum daf_err err)
{
    if (err == DAF_ENOTFOUND)
        daf_home_trouble(t, "there is no notebook to repair. To do: put the "
                            "home's folder store/ back from a copy, or enrol "
                            "anew and let peers fill it");
    else if (err == DAF_EVERSION)
        daf_home_trouble(t, "a newer program wrote the notebook; nothing was "
                            "changed. To do: use that program");
    else if (err == DAF_EFULL)
        daf_home_trouble(t, "no room for the new notebook; the old one is as "
                            "it was. To do: free as much as it takes, or copy "
                            "the home to another disk, and repair it there");
    else
        daf_home_trouble(t,
                         "the new notebook could not be made: %s. The old one "
                         "is as it was. To do: copy the home to another disk, "
                         "and repair it there",
                         daf_err_str(err));
}

enum daf_err daf_repair_run(const struct daf_home *home, struct daf_repair *r,
                            struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    enum daf_err err;

    daf_home_path(home, "store", path);
    err = daf_store_repair(path, NULL, daf_repair_found, r, &r->done);
    if (err != DAF_OK) tell(t, err);
    return err;
}

enum daf_err daf_repair_checked(const struct daf_home *home,
                                struct daf_trouble *t)
{
    const struct daf_index *x;
    struct daf_stretch what;
    struct daf_store *s = NULL;
    enum daf_err err = daf_offline_store(home, DAF_STORE_WRITER, &s, t);

    if (err != DAF_OK) return err;
    x = daf_store_index(s);
    err = daf_store_begin(s);
    while (err == DAF_OK && x->unchecked_next(x->ctx, &what) == DAF_OK)
        err = daf_store_checked(s, &what);
    if (err == DAF_OK) err = daf_store_commit(s);
    daf_store_close(s);
    if (err != DAF_OK) tell(t, err);
    return err;
}

json_t *daf_repair_pack(const struct daf_repair *r)
{
    return json_pack("{s:b,s:b,s:s,s:I,s:O,s:I}", "repaired",
                     r->done.was_damaged ? 1 : 0, "new_start",
                     r->done.is_new_start ? 1 : 0, "aside", r->done.aside,
                     "lost", (json_int_t)r->done.absent, "bad", r->bad,
                     "bad_count", (json_int_t)r->bad_count);
}

enum daf_err daf_repair_unpack(const json_t *answer, struct daf_repair *out)
{
    json_t *bad = json_object_get(answer, "bad"), *one;
    const char *aside = json_string_value(json_object_get(answer, "aside"));
    size_t i;

    if (!json_is_array(bad) || aside == NULL ||
        strlen(aside) >= sizeof(out->done.aside))
        return DAF_EPEER;
    json_array_foreach(bad, i, one)
    {
        if (!json_is_string(json_object_get(one, "what")) ||
            !json_is_string(json_object_get(one, "where")))
            return DAF_EPEER;
    }
    out->done = (struct daf_store_repair){
        .was_damaged = json_is_true(json_object_get(answer, "repaired")),
        .is_new_start = json_is_true(json_object_get(answer, "new_start")),
        .absent = (uint64_t)json_integer_value(json_object_get(answer, "lost")),
    };
    memcpy(out->done.aside, aside, strlen(aside));
    json_decref(out->bad);
    out->bad = json_incref(bad);
    out->bad_count =
        (uint64_t)json_integer_value(json_object_get(answer, "bad_count"));
    return DAF_OK;
}
