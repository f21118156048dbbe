/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include <stdio.h>
#include <string.h>

struct check {
    const struct daf_cmd *cmd;
    struct daf_cmd_view view;
    struct daf_store_check counts;
    bool repairs;             /* --repair */
    struct daf_repair repair; /* what was found, before a repair and after */
    uint64_t mended_count;    /* of bad_count: found before the repair */
    bool is_complete;         /* peers have given back what they hold */
    bool is_camp_short;       /* of control something is lacking */
    uint64_t strange_count;   /* records of authors that it may have named */
    uint64_t content_count;   /* findings in content */
    bool is_content_lacking;  /* damaged, and no peer has sent it yet */
};

static void found(struct check *c, const char *what, const char *where)
{
    struct daf_store_bad bad = {.what = what};

    (void)snprintf(bad.where, sizeof(bad.where), "%s", where);
    daf_repair_found(&c->repair, &bad);
}

static void on_bad_content(void *ctx, const char *what, const char *where)
{
    struct check *c = ctx;

    c->content_count++;
    found(c, what, where);
}

static void on_bad(void *ctx, const struct daf_store_bad *bad)
{
    struct check *c = ctx;

    daf_repair_found(&c->repair, bad);
}

static enum daf_err accept_header(void *ctx, struct daf_view header)
{
    struct check *c = ctx;
    struct daf_record r;
    enum daf_err err =
        daf_authority_accept(daf_camp_authority(c->view.camp), header, &r);

    /* Not now, but when control is whole again; a bad signature is never good. */
    if (err != DAF_EAUTHOR || !c->is_camp_short) return err;
    c->strange_count++;
    return DAF_OK;
}

static bool is_camp_short(const struct check *c)
{
    const struct daf_index *x = daf_store_index(c->view.store);
    struct daf_log_key log;
    struct daf_spot spot;

    if (c->view.camp == NULL) return false;
    if (c->repair.done.is_new_start && !c->is_complete) return true;
    return x->absent_next(x->ctx, &daf_camp_authority(c->view.camp)->control,
                          NULL, NULL, &log, &spot) == DAF_OK;
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

static bool is_good(const struct check *c)
{
    return c->repair.bad_count == c->mended_count;
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
    c->is_camp_short = is_camp_short(c);
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

/* A bad certificate, manifest or signature is not the notebook's damage. */
static bool is_of_notebook(const json_t *bad)
{
    const char *what = json_string_value(json_object_get(bad, "what"));

    return strcmp(what, "certificate") != 0 && strcmp(what, "manifest") != 0 &&
           strcmp(what, "signature") != 0 && strcmp(what, "content") != 0;
}

static bool is_damaged(const struct check *c)
{
    const json_t *bad;
    size_t i;

    json_array_foreach(c->repair.bad, i, bad)
    {
        if (is_of_notebook(bad)) return true;
    }
    return false;
}

static void close_view(struct check *c)
{
    daf_camp_free(c->view.camp);
    c->view.camp = NULL;
    daf_store_close(c->view.store);
    c->view.store = NULL;
    c->counts = (struct daf_store_check){0};
    c->strange_count = 0;
}

/* Whoever has the lock: the daemon goes on until it is known that there is
 * damage.  Then it repairs, and we wait with it for what peers give back. */
static enum daf_err repair_beside(struct check *c, struct daf_trouble *t)
{
    struct daf_store_repair *done = &c->repair.done;
    char path[DAF_HOME_PATH_MAX];
    enum daf_err err;

    daf_home_path(&c->view.home, "store", path);
    if (daf_store_is_journal_broken(path))
        found(c, "database", "store/notebook.db-wal");
    err = check_all(c, t);
    if (err != DAF_OK || !is_damaged(c)) return err;
    close_view(c);
    err = daf_cmd_repair_ask(c->cmd, &c->view.home, &c->repair, t);
    if (err != DAF_OK) return err;
    if (done->was_damaged) c->mended_count = c->repair.bad_count;
    c->is_complete =
        daf_cmd_repair_wait(c->cmd, &c->view.home,
                            done->is_new_start || done->absent > 0);
    return check_all(c, t);
}

static enum daf_err repair(struct check *c, struct daf_trouble *t)
{
    enum daf_err err = daf_repair_run(&c->view.home, &c->repair, t);

    if (err != DAF_OK) return err;
    if (c->repair.done.was_damaged) c->mended_count = c->repair.bad_count;
    err = check_all(c, t);
    if (err == DAF_OK && c->repair.done.was_damaged && c->view.camp != NULL &&
        is_good(c) && c->strange_count == 0)
        err = daf_repair_checked(&c->view.home, t);
    return err;
}

/* What was damaged is lacking now: found, and on its way to be mended. */
static enum daf_err repair_content(struct check *c, bool is_alone,
                                   struct daf_trouble *t)
{
    uint64_t before = c->content_count;
    bool is_whole = false;
    enum daf_err err =
        daf_cmd_check_content(&c->view.home, is_alone, on_bad_content, c, t);

    if (err != DAF_OK || c->content_count == before) return err;
    if (!is_alone)
        err = daf_cmd_repair_content(c->cmd, &c->view.home, &is_whole, t);
    c->mended_count += c->content_count - before;
    c->is_content_lacking = !is_whole;
    return err;
}

static enum daf_err repair_and_check(struct check *c, struct daf_trouble *t)
{
    enum daf_err err = daf_cmd_load(c->cmd, true, &c->view.home, t);
    bool is_alone;

    if (err != DAF_OK) return err;
    if (!c->repairs) {
        err = check_all(c, t);
        if (err != DAF_OK) return err;
        return daf_cmd_check_content(&c->view.home, false, on_bad_content, c,
                                     t);
    }
    err = daf_home_lock(&c->view.home, t);
    is_alone = err == DAF_OK;
    if (is_alone)
        err = repair(c, t);
    else if (err == DAF_EBUSY)
        err = repair_beside(c, t);
    return err == DAF_OK ? repair_content(c, is_alone, t) : err;
}

/* --- words ------------------------------------------------------------------ */

/* Whether something must come back from peers. */
static bool is_lacking(const struct check *c)
{
    return c->repairs && (c->counts.absent > 0 || c->is_content_lacking ||
                          (c->repair.done.is_new_start && !c->is_complete));
}

static json_t *as_json(const struct check *c)
{
    json_t *object =
        json_pack("{s:b,s:I,s:I,s:I,s:O,s:I}", "ok", is_good(c) ? 1 : 0,
                  "records", (json_int_t)c->counts.records, "bodies",
                  (json_int_t)c->counts.bodies, "absent",
                  (json_int_t)c->counts.absent, "bad", c->repair.bad,
                  "bad_count", (json_int_t)c->repair.bad_count);

    if (c->repairs) {
        char aside[80] = "";

        if (c->repair.done.aside[0] != '\0')
            (void)snprintf(aside, sizeof(aside), "store/%s",
                           c->repair.done.aside);
        (void)json_object_set_new(object, "repaired",
                                  json_boolean(c->repair.done.was_damaged ||
                                               c->mended_count > 0));
        (void)json_object_set_new(object, "new_start",
                                  json_boolean(c->repair.done.is_new_start));
        (void)json_object_set_new(object, "aside", json_string(aside));
    }
    return object;
}

static void print_repair(const struct check *c)
{
    if (!c->repair.done.was_damaged && c->mended_count > 0) {
        (void)printf("content that was damaged %s\n",
                     c->is_content_lacking ? "is mended as far as peers had it"
                                           : "is mended");
    } else if (!c->repair.done.was_damaged) {
        (void)printf("nothing was to be repaired\n");
    } else {
        (void)printf("the notebook was damaged; all of it that is sound is in "
                     "a new one\n"
                     "the damaged file is kept as store/%s; remove it when "
                     "peers have given back what is lacking\n",
                     c->repair.done.aside);
        if (c->repair.done.absent > 0)
            (void)printf("%llu bodies are lost here; peers are asked for "
                         "them\n",
                         (unsigned long long)c->repair.done.absent);
    }
    if (c->repair.done.is_new_start)
        (void)printf("records may %s lost here; peers %s those that they hold, "
                     "and this device goes on in a new log\n",
                     c->is_complete ? "have been" : "be",
                     c->is_complete ? "gave back" : "give back");
}

static void print_check(const struct check *c)
{
    const json_t *bad;
    bool helps = false;
    size_t i;

    json_array_foreach(c->repair.bad, i, bad)
    {
        helps = helps || is_of_notebook(bad) || c->content_count > 0;
        (void)printf("bad %s: %s\n",
                     json_string_value(json_object_get(bad, "what")),
                     json_string_value(json_object_get(bad, "where")));
    }
    if (c->repairs) print_repair(c);
    if (c->is_content_lacking)
        (void)printf("damaged parts of content are lacking now; they come when "
                     "a device that has them is met\n");
    (void)printf("%llu records and %llu bodies read: %s\n",
                 (unsigned long long)c->counts.records,
                 (unsigned long long)c->counts.bodies,
                 is_good(c) ? "all is well" : "something is wrong, see above");
    if (c->strange_count > 0)
        (void)printf("%llu records are of authors that are not known here "
                     "before peers have given back control's bodies\n",
                     (unsigned long long)c->strange_count);
    if (helps && !c->repairs) (void)printf("to do: daftar check --repair\n");
    /* Not damage, but not to be kept quiet about: equal heads do not mean that
     * the bodies are here. */
    if (c->counts.absent > c->repair.done.absent)
        (void)printf("%llu bodies never came: whoever brought the records had "
                     "them not, or gave wrong ones\n",
                     (unsigned long long)(c->counts.absent -
                                          c->repair.done.absent));
}

enum daf_exit daf_cmd_check(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct check c = {.cmd = cmd,
                      .repair = {.bad = json_array()},
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
    json_decref(c.repair.bad);
    return code;
}
