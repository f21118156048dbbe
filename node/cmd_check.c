/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include <stdio.h>
#include <string.h>

#define BAD_MAX 1000 /* findings listed; all are counted */

struct check {
    const struct daf_cmd *cmd;
    struct daf_cmd_view view;
    struct daf_store_check counts;
    json_t *bad; /* owned: what was found, before a repair and after */
    uint64_t bad_count;
    bool repairs; /* --repair */
    struct daf_store_repair repair;
    uint64_t mended_count; /* of bad_count: found before the repair */
};

static void on_bad(void *ctx, const struct daf_store_bad *bad)
{
    struct check *c = ctx;

    if (c->bad_count++ >= BAD_MAX) return;
    (void)json_array_append_new(c->bad,
                                json_pack("{s:s,s:o}", "what", bad->what,
                                          "where", daf_cmd_text(bad->where)));
}

static void found(struct check *c, const char *what, const char *where)
{
    struct daf_store_bad bad = {.what = what};

    (void)snprintf(bad.where, sizeof(bad.where), "%s", where);
    on_bad(c, &bad);
}

static enum daf_err accept_header(void *ctx, struct daf_view header)
{
    const struct check *c = ctx;
    struct daf_record r;

    return daf_authority_accept(daf_camp_authority(c->view.camp), header, &r);
}

/* This device's certificate must be one of the camp's. */
static void check_cert(struct check *c)
{
    const struct daf_home *home = &c->view.home;
    const struct daf_coordinator *issuer;
    struct daf_view bytes = {home->cert, home->cert_len};
    struct daf_cert cert;

    if (home->cert == NULL) return;
    if (daf_cert_decode(bytes, &cert) == DAF_OK) {
        issuer = daf_manifest_coordinator(daf_camp_manifest(c->view.camp),
                                          &cert.issuer);
        if (issuer != NULL &&
            daf_cert_verify(bytes, &cert, &issuer->keys.sign) == DAF_OK &&
            memcmp(&cert.keys, &home->keys, sizeof(cert.keys)) == 0)
            return;
    }
    found(c, "certificate", "camp/certificate.daf");
}

/* What can be opened is checked as far as it goes: a finding here is a finding,
 * not an error. */
static enum daf_err check_all(struct check *c, struct daf_trouble *t)
{
    struct daf_cmd_view *v = &c->view;
    enum daf_err err =
        daf_offline_store(&v->home, DAF_STORE_READER, &v->store, t);

    if (err == DAF_ECORRUPT || err == DAF_ENOTFOUND) {
        found(c, "database", "store/notebook.db");
        return DAF_OK;
    }
    if (err != DAF_OK) return err;
    err = daf_offline_camp(&v->home, v->store, false, &v->camp, t);
    if (err == DAF_ESIG || err == DAF_EFORM || err == DAF_ELIMIT ||
        err == DAF_EVERSION)
        found(c, "manifest", "camp/manifest.daf");
    else if (err != DAF_OK && err != DAF_ECORRUPT)
        return err;
    if (v->camp != NULL) check_cert(c);
    /* Without the camp it is not known whose signatures count. */
    err = daf_store_check(v->store, v->camp != NULL ? accept_header : NULL,
                          on_bad, c, &c->counts);
    if (err == DAF_ECORRUPT) {
        found(c, "database", "store/notebook.db");
        err = DAF_OK;
    }
    if (err != DAF_OK)
        daf_home_trouble(t,
                         "the notebook could not be read to the end: %s. To "
                         "do: look at the disk and the system's log",
                         daf_err_str(err));
    return err;
}

/* --- repair ---------------------------------------------------------------- */

static void tell_repair(struct daf_trouble *t, enum daf_err err)
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

/* By id and hash only: whose signatures count is known when the camp's records
 * are readable again.  The check that follows verifies them. */
static enum daf_err repair(struct check *c, struct daf_trouble *t)
{
    struct daf_home *home = &c->view.home;
    char path[DAF_HOME_PATH_MAX];
    enum daf_err err = daf_home_lock(home, t);

    if (err == DAF_EBUSY)
        daf_home_trouble(t,
                         "%s is in use: its daemon runs, or another command. "
                         "Nothing was changed. To do: stop the daemon, then "
                         "run daftar check --repair again",
                         home->dir);
    if (err != DAF_OK) return err;
    daf_home_path(home, "store", path);
    err = daf_store_repair(path, NULL, on_bad, c, &c->repair);
    if (err != DAF_OK) tell_repair(t, err);
    if (c->repair.was_damaged) c->mended_count = c->bad_count;
    return err;
}

/* The check has just verified every signature. */
static enum daf_err note_checked(struct check *c, struct daf_trouble *t)
{
    const struct daf_index *x;
    struct daf_stretch what;
    struct daf_store *s = NULL;
    enum daf_err err =
        daf_offline_store(&c->view.home, DAF_STORE_WRITER, &s, t);

    if (err != DAF_OK) return err;
    x = daf_store_index(s);
    err = daf_store_begin(s);
    while (err == DAF_OK && x->unchecked_next(x->ctx, &what) == DAF_OK)
        err = daf_store_checked(s, &what);
    if (err == DAF_OK) err = daf_store_commit(s);
    daf_store_close(s);
    if (err != DAF_OK) tell_repair(t, err);
    return err;
}

static enum daf_err repair_and_check(struct check *c, struct daf_trouble *t)
{
    enum daf_err err = daf_cmd_load(c->cmd, true, &c->view.home, t);

    if (err == DAF_OK && c->repairs) err = repair(c, t);
    if (err == DAF_OK) err = check_all(c, t);
    if (err == DAF_OK && c->repair.was_damaged && c->view.camp != NULL &&
        c->bad_count == c->mended_count)
        err = note_checked(c, t);
    return err;
}

/* --- words ------------------------------------------------------------------ */

static bool is_good(const struct check *c)
{
    return c->bad_count == c->mended_count;
}

/* Whether something must come back from peers. */
static bool is_lacking(const struct check *c)
{
    return c->repairs && (c->counts.absent > 0 || c->repair.is_new_start);
}

static json_t *as_json(const struct check *c)
{
    json_t *object =
        json_pack("{s:b,s:I,s:I,s:I,s:O,s:I}", "ok", is_good(c) ? 1 : 0,
                  "records", (json_int_t)c->counts.records, "bodies",
                  (json_int_t)c->counts.bodies, "absent",
                  (json_int_t)c->counts.absent, "bad", c->bad, "bad_count",
                  (json_int_t)c->bad_count);

    if (c->repairs) {
        char aside[80] = "";

        if (c->repair.aside[0] != '\0')
            (void)snprintf(aside, sizeof(aside), "store/%s", c->repair.aside);
        (void)json_object_set_new(object, "repaired",
                                  json_boolean(c->repair.was_damaged));
        (void)json_object_set_new(object, "new_start",
                                  json_boolean(c->repair.is_new_start));
        (void)json_object_set_new(object, "aside", json_string(aside));
    }
    return object;
}

static void print_repair(const struct check *c)
{
    if (!c->repair.was_damaged) {
        (void)printf("nothing was to be repaired\n");
    } else {
        (void)printf("the notebook was damaged; all of it that is sound is in "
                     "a new one\n"
                     "the damaged file is kept as store/%s; remove it when "
                     "peers have given back what is lacking\n",
                     c->repair.aside);
        if (c->repair.absent > 0)
            (void)printf("%llu bodies are lost here; peers are asked for "
                         "them\n",
                         (unsigned long long)c->repair.absent);
    }
    if (c->repair.is_new_start)
        (void)printf("records may be lost here; peers give back those that "
                     "they hold, and this device goes on in a new log\n");
}

static bool is_of_notebook(const json_t *bad)
{
    const char *what = json_string_value(json_object_get(bad, "what"));

    return strcmp(what, "certificate") != 0 && strcmp(what, "manifest") != 0 &&
           strcmp(what, "signature") != 0;
}

static void print_check(const struct check *c)
{
    const json_t *bad;
    bool helps = false;
    size_t i;

    json_array_foreach(c->bad, i, bad)
    {
        helps = helps || is_of_notebook(bad);
        (void)printf("bad %s: %s\n",
                     json_string_value(json_object_get(bad, "what")),
                     json_string_value(json_object_get(bad, "where")));
    }
    if (c->repairs) print_repair(c);
    (void)printf("%llu records and %llu bodies read: %s\n",
                 (unsigned long long)c->counts.records,
                 (unsigned long long)c->counts.bodies,
                 is_good(c) ? "all is well" : "something is wrong, see above");
    if (helps && !c->repairs)
        (void)printf("to do: stop the daemon, then daftar check --repair\n");
    /* Not damage, but not to be kept quiet about: equal heads do not mean that
     * the bodies are here. */
    if (c->counts.absent > c->repair.absent)
        (void)printf("%llu bodies never came: whoever brought the records had "
                     "them not, or gave wrong ones\n",
                     (unsigned long long)(c->counts.absent - c->repair.absent));
}

enum daf_exit daf_cmd_check(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct check c = {.cmd = cmd,
                      .bad = json_array(),
                      .repairs = daf_cmd_value(cmd, "repair") != NULL};
    enum daf_exit code;
    enum daf_err err;

    c.view.home.lock_fd = -1;
    err = repair_and_check(&c, &t);
    if (err == DAF_OK) {
        if (cmd->json)
            daf_cmd_print(as_json(&c));
        else
            print_check(&c);
        code = is_good(&c) && !is_lacking(&c) ? DAF_EXIT_DONE : DAF_EXIT_PARTLY;
    } else {
        code = daf_cmd_fail(cmd, err, &t);
    }
    daf_cmd_view_close(&c.view);
    json_decref(c.bad);
    return code;
}
