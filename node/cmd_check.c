/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include <stdio.h>

#define BAD_MAX 1000 /* findings listed; all are counted */

struct check {
    const struct daf_cmd *cmd;
    struct daf_cmd_view view;
    struct daf_store_check counts;
    json_t *bad; /* owned */
    uint64_t bad_count;
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
    enum daf_err err = daf_cmd_load(c->cmd, true, &v->home, t);

    if (err != DAF_OK) return err;
    err = daf_offline_store(&v->home, DAF_STORE_READER, &v->store, t);
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

static void print_check(struct check *c)
{
    bool ok = c->bad_count == 0;
    const json_t *bad;
    size_t i;

    if (c->cmd->json) {
        daf_cmd_print(json_pack("{s:b,s:I,s:I,s:I,s:O,s:I}", "ok", ok ? 1 : 0,
                                "records", (json_int_t)c->counts.records,
                                "bodies", (json_int_t)c->counts.bodies,
                                "absent", (json_int_t)c->counts.absent, "bad",
                                c->bad, "bad_count", (json_int_t)c->bad_count));
        return;
    }
    json_array_foreach(c->bad, i, bad)
    {
        (void)printf("bad %s: %s\n",
                     json_string_value(json_object_get(bad, "what")),
                     json_string_value(json_object_get(bad, "where")));
    }
    (void)printf("%llu records and %llu bodies read: %s\n",
                 (unsigned long long)c->counts.records,
                 (unsigned long long)c->counts.bodies,
                 ok ? "all is well" : "something is wrong, see above");
    /* Not damage, but not to be kept quiet about: equal heads do not mean that
     * the bodies are here. */
    if (c->counts.absent > 0)
        (void)printf("%llu bodies never came: whoever brought the records had "
                     "them not, or gave wrong ones\n",
                     (unsigned long long)c->counts.absent);
}

enum daf_exit daf_cmd_check(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct check c = {.cmd = cmd, .bad = json_array()};
    enum daf_exit code;
    enum daf_err err;

    c.view.home.lock_fd = -1;
    err = check_all(&c, &t);
    if (err == DAF_OK) {
        print_check(&c);
        code = c.bad_count == 0 ? DAF_EXIT_DONE : DAF_EXIT_PARTLY;
    } else {
        code = daf_cmd_fail(cmd, err, &t);
    }
    daf_cmd_view_close(&c.view);
    json_decref(c.bad);
    return code;
}
