/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "proto/hash.h"
#include "proto/joiner.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

/* --- the request ------------------------------------------------------------ */

enum daf_err daf_cmd_join_home(const struct daf_cmd *cmd, struct daf_home *home,
                               struct daf_trouble *t)
{
    char dir[DAF_HOME_PATH_MAX];
    struct daf_trouble why = {""};
    enum daf_err err = daf_cmd_dir(cmd, dir, t);

    if (err != DAF_OK) return err;
    err = daf_home_make(dir, home, t);

    if (err != DAF_EEXISTS) return err;
    err = daf_home_load(dir, false, home, &why);
    /* No home at all: what daf_home_make() said stands. */
    if (err == DAF_ENOTFOUND) return DAF_EEXISTS;
    if (err != DAF_OK) {
        *t = why;
        return err;
    }
    if (home->manifest == NULL) return DAF_OK;
    daf_home_unload(home);
    daf_home_trouble(t,
                     "%s is of a camp already. To do: give another folder "
                     "with --home",
                     dir);
    return DAF_EEXISTS;
}

static enum daf_exit request(const struct daf_cmd *cmd, const char *file)
{
    uint8_t bytes[DAF_REQUEST_BYTES_MAX];
    char hex[64];
    struct daf_trouble t = {""};
    struct daf_author_id author;
    struct daf_home home;
    enum daf_err err = daf_cmd_join_home(cmd, &home, &t);
    size_t len;

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    author = daf_hash_author_id(&home.keys.sign);
    len =
        daf_request_pack(&home.keys, &home.secrets.sign, bytes, sizeof(bytes));
    err = daf_home_write_file(file, 0644, (struct daf_view){bytes, len}, &t);
    if (err == DAF_OK && cmd->json)
        daf_cmd_print(json_pack("{s:o,s:o,s:o}", "author",
                                daf_cmd_hex(author.b, sizeof(author.b)), "home",
                                daf_cmd_text(home.dir), "request",
                                daf_cmd_text(file)));
    else if (err == DAF_OK)
        (void)printf("Request of device %s written to %s.\nCarry it to a "
                     "coordinator, who runs: daftar enrol sign FILE\n",
                     daf_cmd_hex_str(author.b, sizeof(author.b), hex), file);
    daf_home_unload(&home);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}

/* --- the acceptance --------------------------------------------------------- */

struct acceptance {
    struct daf_cmd_accept file;
    struct daf_manifest manifest;
    struct daf_cert cert;
    struct daf_camp *camp; /* folded from the file's records */
};

static enum daf_err refuse(struct daf_trouble *t, enum daf_err err,
                           const char *why)
{
    if (err == DAF_ENOMEM)
        daf_home_trouble(t, "the acceptance file needs more memory than there "
                            "is; nothing was changed. To do: end other "
                            "programs and try again");
    else
        daf_home_trouble(t,
                         "the acceptance file was refused and nothing was "
                         "changed: %s. To do: ask the coordinator for it again",
                         why);
    return err;
}

static enum daf_err check_certificate(const struct daf_home *home,
                                      struct acceptance *a,
                                      struct daf_trouble *t)
{
    const char *why = NULL;
    enum daf_err err =
        daf_joiner_check(a->file.manifest, a->file.cert, &home->keys,
                         &a->manifest, &a->cert, &why);

    return err == DAF_OK ? DAF_OK : refuse(t, err, why);
}

/* One record of the file: verified, of control, with its body. */
static enum daf_err check_record(const struct acceptance *a,
                                 struct daf_view header, struct daf_view body,
                                 struct daf_record *out)
{
    const struct daf_authority *authority = daf_camp_authority(a->camp);
    enum daf_err err = daf_authority_accept(authority, header, out);

    if (err != DAF_OK) return err;
    if (memcmp(&out->log.scope, &authority->control, sizeof(out->log.scope)) !=
        0)
        return DAF_EFORM;
    return daf_authority_body(authority, out, body);
}

static enum daf_err fold_records(struct acceptance *a, struct daf_trouble *t)
{
    struct daf_cursor c = a->file.records;

    for (size_t i = 0; i < a->file.records_count; i++) {
        struct daf_stored stored = {.body_state = DAF_BODY_HELD};
        struct daf_record r;
        enum daf_err err;

        daf_cmd_accept_next(&c, &stored.header, &stored.body);
        err = check_record(a, stored.header, stored.body, &r);
        /* Not "you may not": whoever wrote it may not. */
        if (err == DAF_EAUTHOR) err = DAF_ESIG;
        if (err != DAF_OK)
            return refuse(t, err, "a record in it is damaged or foreign");
        stored.spot = (struct daf_spot){r.seq, r.id};
        (void)daf_camp_add(a->camp, &r.log, &stored);
    }
    if (daf_camp_is_short(a->camp)) return refuse(t, DAF_ENOMEM, "");
    return DAF_OK;
}

/* Without the keys of what it may read a device would be mute: the file was cut. */
static enum daf_err check_keys(const struct acceptance *a,
                               struct daf_trouble *t)
{
    for (size_t i = 0; i < a->cert.rights_count; i++) {
        const char *name = a->cert.rights[i].scope;
        struct daf_scope_id id = daf_hash_scope_id(&a->manifest.camp, name);
        struct daf_key key;
        uint64_t number;
        enum daf_err err;

        if (a->cert.rights[i].right < DAF_RIGHT_READ) continue;
        if (strcmp(name, "control") == 0 || strcmp(name, "catalog") == 0)
            continue;
        err = daf_camp_generation(a->camp, &id, &number, &key);
        sodium_memzero(&key, sizeof(key));
        if (err != DAF_OK)
            return refuse(t, DAF_EKEY, "a key for this device is missing");
    }
    return DAF_OK;
}

static enum daf_err check_acceptance(const struct daf_home *home,
                                     struct daf_view bytes,
                                     struct acceptance *a,
                                     struct daf_trouble *t)
{
    struct daf_camp_config config = {.keys = home->keys,
                                     .seal = &home->secrets.seal};
    enum daf_err err = daf_cmd_accept_decode(bytes, &a->file, NULL);

    if (err != DAF_OK)
        return refuse(t, err,
                      "it is no acceptance file, or was cut or changed");
    err = check_certificate(home, a, t);
    if (err != DAF_OK) return err;
    config.manifest = a->file.manifest;
    err = daf_camp_new(&config, &a->camp);
    if (err != DAF_OK) return refuse(t, err, "its manifest is not good");
    err = fold_records(a, t);
    return err == DAF_OK ? check_keys(a, t) : err;
}

static enum daf_err put_records(struct daf_store *s, const struct acceptance *a)
{
    struct daf_cursor c = a->file.records;
    enum daf_err err = daf_store_begin(s);

    if (err != DAF_OK) return err;
    for (size_t i = 0; i < a->file.records_count && err == DAF_OK; i++) {
        struct daf_view header, body;
        enum daf_put put = DAF_PUT_KNOWN;
        struct daf_record r;

        daf_cmd_accept_next(&c, &header, &body);
        err = check_record(a, header, body, &r);
        if (err == DAF_OK)
            err = daf_store_put(s, &r, header, DAF_BODY_HELD, body, &put);
        if (err == DAF_OK && put == DAF_PUT_DEFERRED) err = DAF_ELIMIT;
    }
    if (err == DAF_OK) return daf_store_commit(s);
    daf_store_rollback(s);
    return err;
}

/* Records first, the manifest last: a home is of a camp only when it has all. */
static enum daf_err keep_acceptance(struct daf_home *home,
                                    const struct acceptance *a,
                                    struct daf_trouble *t)
{
    struct daf_store *s;
    enum daf_err err = daf_offline_store(home, DAF_STORE_WRITER, &s, t);

    if (err != DAF_OK) return err;
    err = put_records(s, a);
    if (err != DAF_OK)
        daf_home_trouble(t, "the camp's records could not be kept: %s (%s)",
                         daf_err_str(err), daf_store_trouble(s));
    daf_store_close(s);
    if (err != DAF_OK) return err;
    return daf_home_set_camp(home, a->file.manifest, a->file.cert, t);
}

void daf_cmd_join_print(const struct daf_cmd *cmd, const struct daf_home *home,
                        const struct daf_cmd_joined *joined)
{
    const struct daf_manifest *m = joined->manifest;
    const struct daf_cert *cert = joined->cert;
    json_t *scopes = json_array(), *o;

    for (size_t i = 0; i < cert->rights_count; i++)
        (void)json_array_append_new(scopes, json_string(cert->rights[i].scope));
    if (cmd->json) {
        o = json_pack("{s:o,s:o,s:o,s:o,s:I,s:o}", "camp",
                      daf_cmd_hex(m->camp.b, sizeof(m->camp.b)), "name",
                      daf_cmd_text(m->name), "author",
                      daf_cmd_hex(cert->author.b, sizeof(cert->author.b)),
                      "home", daf_cmd_text(home->dir), "records",
                      (json_int_t)joined->records, "scopes", scopes);
        if (joined->digits != NULL)
            (void)json_object_set_new(o, "digits", json_string(joined->digits));
        daf_cmd_print(o);
        return;
    }
    (void)printf("Joined the camp ");
    (void)daf_cmd_put_text(m->name);
    (void)printf("; may carry:");
    for (size_t i = 0; i < cert->rights_count; i++)
        (void)printf(" %s (%s)", cert->rights[i].scope,
                     daf_cert_right_str(cert->rights[i].right));
    (void)printf(".\nNow start its daemon: daftard --home %s\n", home->dir);
    json_decref(scopes);
}

static void print_joined(const struct daf_cmd *cmd, const struct daf_home *home,
                         const struct acceptance *a)
{
    const struct daf_cmd_joined joined = {.manifest = &a->manifest,
                                          .cert = &a->cert,
                                          .records = a->file.records_count};

    daf_cmd_join_print(cmd, home, &joined);
}

static enum daf_err accept_file(const struct daf_cmd *cmd,
                                struct daf_home *home, const char *file,
                                struct daf_trouble *t)
{
    struct acceptance *a = calloc(1, sizeof(*a));
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum daf_err err = a != NULL ? DAF_OK : DAF_ENOMEM;

    if (err == DAF_OK)
        err =
            daf_home_read_file(file, DAF_CMD_ACCEPT_BYTES_MAX, &bytes, &len, t);
    if (err == DAF_OK)
        err = check_acceptance(home, (struct daf_view){bytes, len}, a, t);
    if (err == DAF_OK) err = keep_acceptance(home, a, t);
    if (err == DAF_OK) print_joined(cmd, home, a);
    if (a != NULL) {
        daf_camp_free(a->camp);
        sodium_memzero(a, sizeof(*a)); /* the discovery secret */
    }
    if (bytes != NULL) sodium_memzero(bytes, len);
    free(bytes);
    free(a);
    return err;
}

static enum daf_exit take_acceptance(const struct daf_cmd *cmd,
                                     const char *file)
{
    struct daf_trouble t = {""};
    struct daf_home home;
    enum daf_err err = daf_cmd_load(cmd, false, &home, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    if (home.manifest != NULL) {
        daf_home_trouble(&t,
                         "%s is of a camp already; nothing was changed. To "
                         "do: use another --home to join another camp",
                         home.dir);
        err = DAF_EEXISTS;
    }
    if (err == DAF_OK) err = daf_home_lock(&home, &t);
    if (err == DAF_OK) err = accept_file(cmd, &home, file, &t);
    daf_home_unload(&home);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}

enum daf_exit daf_cmd_join(const struct daf_cmd *cmd)
{
    const char *request_file = daf_cmd_value(cmd, "request");
    const char *accept_path = daf_cmd_value(cmd, "accept");
    struct daf_trouble t;

    int ways =
        (request_file != NULL) + (accept_path != NULL) + (cmd->args_count > 0);

    if (ways != 1) {
        daf_home_trouble(&t, "join needs one of: a ticket, --request FILE "
                             "(first) and --accept FILE (then). To do: daftar "
                             "join --help");
        return daf_cmd_fail(cmd, DAF_EUSAGE, &t);
    }
    if (cmd->args_count > 0) return daf_cmd_join_ticket(cmd);
    return request_file != NULL ? request(cmd, request_file)
                                : take_acceptance(cmd, accept_path);
}
