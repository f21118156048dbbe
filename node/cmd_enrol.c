/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "node/clock.h"
#include "proto/hash.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define SCOPE_DEFAULT "class:1"

/* One run: who asks, what she is to get, and what control says already. */
struct enrol {
    struct daf_cmd_view view;
    struct daf_device_keys keys; /* the request's */
    struct daf_author_id author;
    const char *scope;
    enum daf_right right;
    bool has_wish; /* scope or right was given */
    bool is_archive;
    const struct daf_author_id
        *like; /* whose rights it gets; NULL: scope, right */

    bool has_cert; /* found in control, or made now */
    uint8_t cert[DAF_CERT_BYTES_MAX];
    size_t cert_len;
    struct daf_hash cert_id;
    bool is_new;

    struct daf_pack *file; /* the acceptance under way */
    size_t records_count;
    struct daf_trouble *t;
    enum daf_err err; /* of a write */
};

/* @right, @scope: a person's words, or NULL. */
static enum daf_err read_right(const char *right, const char *scope,
                               struct enrol *e)
{
    static const enum daf_right rights[] = {DAF_RIGHT_RELAY, DAF_RIGHT_READ,
                                            DAF_RIGHT_APPEND, DAF_RIGHT_CURATE};

    e->has_wish = right != NULL || scope != NULL;
    e->scope = scope != NULL ? scope : SCOPE_DEFAULT;
    e->right = DAF_RIGHT_NONE;
    for (size_t i = 0; i < sizeof(rights) / sizeof(rights[0]); i++)
        if (strcmp(right != NULL ? right : "append",
                   daf_cert_right_str(rights[i])) == 0)
            e->right = rights[i];
    if (e->right == DAF_RIGHT_NONE) {
        daf_home_trouble(e->t, "--right must be curate, append, read or relay");
        return DAF_EUSAGE;
    }
    if ((strncmp(e->scope, "class:", 6) == 0 ||
         strncmp(e->scope, "case:", 5) == 0) &&
        daf_cert_scope_name_ok(
            (struct daf_view){(const uint8_t *)e->scope, strlen(e->scope)}))
        return DAF_OK;
    daf_home_trouble(e->t, "--scope must be a class, such as class:1");
    return DAF_EUSAGE;
}

enum daf_err daf_cmd_enrol_check(const char *right, const char *scope,
                                 struct daf_trouble *t)
{
    struct enrol e = {.t = t};

    return read_right(right, scope, &e);
}

static enum daf_err check_coordinator(const struct enrol *e)
{
    if (daf_manifest_coordinator(daf_camp_manifest(e->view.camp),
                                 &e->view.author) != NULL)
        return DAF_OK;
    daf_home_trouble(e->t, "this device is no coordinator of the camp, and "
                           "only coordinators certify. To do: carry the "
                           "request to one");
    return DAF_EDENIED;
}

static enum daf_err read_request(const char *file, struct enrol *e)
{
    uint8_t *bytes;
    size_t len;
    enum daf_err err =
        daf_home_read_file(file, DAF_REQUEST_BYTES_MAX, &bytes, &len, e->t);

    if (err != DAF_OK) return err;
    err = daf_request_decode((struct daf_view){bytes, len}, &e->keys, NULL);
    free(bytes);
    if (err == DAF_ESIG)
        daf_home_trouble(e->t, "the request's signature is not good: it was "
                               "changed on the way. To do: ask for it again");
    else if (err != DAF_OK)
        daf_home_trouble(e->t,
                         "the file is no request (%s). To do: give the "
                         "file that daftar join --request wrote",
                         daf_err_str(err));
    e->author = daf_hash_author_id(&e->keys.sign);
    return err;
}

/* A public key to which nothing can be sealed, or which everybody can be. */
static bool is_weak(const struct daf_box_pk *pk)
{
    uint8_t shared[32], secret[32];
    int failed;

    randombytes_buf(secret, sizeof(secret));
    failed = crypto_scalarmult(shared, secret, pk->b);
    sodium_memzero(shared, sizeof(shared));
    return failed != 0;
}

/* A request that borrows another device's key would blur who is who at mesh. */
static enum daf_err check_keys(struct enrol *e)
{
    struct daf_device device;

    if (is_weak(&e->keys.transport) || is_weak(&e->keys.seal)) {
        daf_home_trouble(e->t, "the request's keys are not good. To do: make a "
                               "new request in a new home");
        return DAF_EKEY;
    }
    for (size_t i = 0; daf_camp_device(e->view.camp, i, &device); i++) {
        if (memcmp(&device.author, &e->author, sizeof(e->author)) == 0) {
            if (memcmp(&device.keys, &e->keys, sizeof(e->keys)) == 0) continue;
        } else if (memcmp(&device.keys.transport, &e->keys.transport, 32) !=
                       0 &&
                   memcmp(&device.keys.seal, &e->keys.seal, 32) != 0) {
            continue;
        }
        daf_home_trouble(e->t, "a device of the camp has one of these keys "
                               "already. To do: make a new request in a new "
                               "home");
        return DAF_EEXISTS;
    }
    if (daf_camp_is_revoked(e->view.camp, &e->author)) {
        daf_home_trouble(e->t, "this device was revoked, which cannot be taken "
                               "back. To do: make a new request in a new home");
        return DAF_EDENIED;
    }
    if (daf_manifest_coordinator(daf_camp_manifest(e->view.camp), &e->author) ==
        NULL)
        return DAF_OK;
    daf_home_trouble(e->t, "this is a coordinator's own request: it needs no "
                           "certificate");
    return DAF_EEXISTS;
}

/* --- what control says of the device ---------------------------------------- */

static struct daf_view payload_of(const struct daf_row *row)
{
    struct daf_view none = {NULL, 0};
    struct daf_body body;

    if (row->stored.body_state != DAF_BODY_HELD) return none;
    if (daf_body_decode(row->stored.body, &body) != DAF_OK) return none;
    return body.is_sealed ? none : body.content;
}

/* R16, R17: the certificate that stands. */
static bool seek_cert(void *ctx, const struct daf_row *row)
{
    struct enrol *e = ctx;
    struct daf_view payload = payload_of(row), bytes;
    const struct daf_coordinator *issuer;
    struct daf_cert cert;

    if (daf_payload_type(payload, NULL) != DAF_TYPE_CERTIFICATE) return true;
    if (daf_payload_certificate(payload, &bytes) != DAF_OK) return true;
    if (bytes.len > sizeof(e->cert)) return true;
    if (daf_cert_decode(bytes, &cert) != DAF_OK) return true;
    if (memcmp(&cert.keys, &e->keys, sizeof(e->keys)) != 0) return true;
    issuer =
        daf_manifest_coordinator(daf_camp_manifest(e->view.camp), &cert.issuer);
    if (issuer == NULL ||
        daf_cert_verify(bytes, &cert, &issuer->keys.sign) != DAF_OK)
        return true;
    if (e->has_cert && memcmp(&cert.id, &e->cert_id, sizeof(cert.id)) >= 0)
        return true;
    e->has_cert = true;
    memcpy(e->cert, bytes.p, bytes.len);
    e->cert_len = bytes.len;
    e->cert_id = cert.id;
    return true;
}

static enum daf_err scan_control(struct enrol *e, daf_row_fn fn, void *ctx)
{
    const struct daf_authority *a = daf_camp_authority(e->view.camp);
    enum daf_err err = daf_store_scan(e->view.store, &a->control, -1, fn, ctx);

    if (err != DAF_OK)
        daf_home_trouble(e->t,
                         "the notebook cannot be read: %s. To do: daftar "
                         "check says where",
                         daf_err_str(err));
    return err;
}

/* --- what is missing ----------------------------------------------------------- */

static void add_right(struct daf_cert *cert, const char *scope,
                      enum daf_right right)
{
    struct daf_cert_right *r = cert->rights;
    size_t at = cert->rights_count++;

    for (; at > 0 && strcmp(r[at - 1].scope, scope) > 0; at--)
        r[at] = r[at - 1];
    (void)snprintf(r[at].scope, sizeof(r[at].scope), "%s", scope);
    r[at].right = right;
}

static enum daf_err find_like(const struct enrol *e,
                              struct daf_camp_rights *out)
{
    for (size_t i = 0; daf_camp_rights(e->view.camp, i, out); i++)
        if (!out->is_coordinator &&
            memcmp(&out->author, e->like, sizeof(out->author)) == 0)
            return DAF_OK;
    daf_home_trouble(e->t, "no certificate of the device that asks is here. To "
                           "do: wait for the camp's records");
    return DAF_ENOTFOUND;
}

/* Others rely on what it stated under its old name, and would count the two names
 * as two archives: there is one disk. */
static enum daf_err check_no_archive(const struct enrol *e)
{
    if (!daf_camp_was_archive(e->view.camp, e->like)) return DAF_OK;
    daf_home_trouble(
        e->t, "the device that asks is or was an archive: others rely on "
              "what it stated under its old keys. To do: daftar revoke "
              "it, and enrol it anew with --archive, in a new home");
    return DAF_EDENIED;
}

static enum daf_err add_rights(struct enrol *e, struct daf_cert *cert)
{
    struct daf_camp_rights like;
    enum daf_err err;

    if (e->like == NULL) {
        add_right(cert, "control", DAF_RIGHT_READ);
        add_right(cert, "catalog", DAF_RIGHT_READ);
        add_right(cert, "camp", DAF_RIGHT_APPEND);
        add_right(cert, e->scope, e->right);
        return DAF_OK;
    }
    err = check_no_archive(e);
    if (err == DAF_OK) err = find_like(e, &like);
    for (size_t i = 0; err == DAF_OK && i < like.count; i++)
        add_right(cert, like.rights[i].scope, like.rights[i].right);
    return err;
}

static enum daf_err make_cert(struct enrol *e)
{
    const struct daf_manifest *m = daf_camp_manifest(e->view.camp);
    struct daf_cert cert = {
        .camp = m->camp,
        .keys = e->keys,
        .expires_beacon = UINT64_MAX,
        .issuer = e->view.author,
        .archive = e->is_archive,
    };
    enum daf_err err;

    randombytes_buf(cert.serial, sizeof(cert.serial));
    err = add_rights(e, &cert);
    if (err != DAF_OK) return err;
    e->cert_len = daf_cert_sign(&cert, &e->view.home.secrets.sign, e->cert);
    e->cert_id = cert.id;
    e->has_cert = e->is_new = e->cert_len > 0;
    return e->has_cert ? DAF_OK : DAF_ELIMIT;
}

/* A certificate that stands is not changed by signing again. */
static enum daf_err check_wish(struct enrol *e)
{
    struct daf_cert cert;
    enum daf_err err =
        daf_cert_decode((struct daf_view){e->cert, e->cert_len}, &cert);

    if (err != DAF_OK) return err;
    if (e->is_archive && !cert.archive) {
        daf_home_trouble(e->t, "this device has a certificate that stands, and "
                               "it is no archive by that. To do: enrol it anew "
                               "with --archive, in a new home");
        return DAF_EEXISTS;
    }
    e->is_archive = cert.archive;
    if (!e->has_wish || daf_cert_right(&cert, e->scope) == e->right)
        return DAF_OK;
    daf_home_trouble(e->t,
                     "this device has a certificate with other rights, "
                     "which stands: in %s it has the right %s. To do: "
                     "sign without --right and --scope to write it again",
                     e->scope,
                     daf_cert_right_str(daf_cert_right(&cert, e->scope)));
    return DAF_EEXISTS;
}

static void note(void *ctx, const struct daf_wrote *wrote,
                 const struct daf_trouble *t)
{
    struct enrol *e = ctx;

    if (wrote->err == DAF_OK || e->err != DAF_OK) return;
    e->err = wrote->err;
    *e->t = *t;
}

static enum daf_err put_control(struct enrol *e, struct daf_cmd_writer *w,
                                const struct daf_pack *k)
{
    struct daf_write write = {.kind = DAF_WRITE_CONTROL,
                              .payload = daf_pack_view(k)};

    if (k->is_full) return DAF_ELIMIT;
    e->is_new = true;
    write.claimed = daf_clock_wall();
    write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
    return daf_cmd_writer_put(w, &write, e->t);
}

/* Every key of a scope that is held here to the device, unless it has it: what was
 * written under an older one is read by who comes later (protocol.md R109). */
static enum daf_err put_wraps(struct enrol *e, struct daf_cmd_writer *w,
                              const char *scope)
{
    const struct daf_camp_id *camp = &daf_camp_manifest(e->view.camp)->camp;
    struct daf_scope_id id = daf_hash_scope_id(camp, scope);
    uint8_t buffer[DAF_CERT_BYTES_MAX];
    struct daf_camp_key_made made;
    enum daf_err err = DAF_OK;
    struct daf_pack k;

    if (!daf_camp_generation_at(e->view.camp, &id, 0, &made)) {
        daf_home_trouble(e->t,
                         "this device holds no key of the scope %s. To "
                         "do: check the scope's name",
                         scope);
        return DAF_EKEY;
    }
    for (size_t i = 0;
         err == DAF_OK && daf_camp_generation_at(e->view.camp, &id, i, &made);
         i++) {
        if (daf_camp_is_wrapped(e->view.camp, &made, &e->author)) continue;
        daf_pack_init(&k, buffer, sizeof(buffer));
        err = daf_cmd_key_wrap(scope, made.number, &made.key, &e->keys, &k);
        if (err == DAF_OK) err = put_control(e, w, &k);
    }
    sodium_memzero(&made, sizeof(made));
    return err;
}

static bool is_read_sealed(const struct daf_cert_right *r)
{
    return r->right >= DAF_RIGHT_READ && strcmp(r->scope, "control") != 0 &&
           strcmp(r->scope, "catalog") != 0;
}

/* Keys before the certificate: who has one has all. */
static enum daf_err put_missing(struct enrol *e, struct daf_cmd_writer *w)
{
    bool had_cert = e->has_cert;
    struct daf_cert cert;
    struct daf_pack k;
    uint8_t buffer[DAF_CERT_BYTES_MAX + 64];
    enum daf_err err = had_cert ? DAF_OK : make_cert(e);

    if (err == DAF_OK)
        err = daf_cert_decode((struct daf_view){e->cert, e->cert_len}, &cert);
    for (size_t i = 0; err == DAF_OK && i < cert.rights_count; i++)
        if (is_read_sealed(&cert.rights[i]))
            err = put_wraps(e, w, cert.rights[i].scope);
    if (err == DAF_OK && !had_cert) {
        daf_pack_init(&k, buffer, sizeof(buffer));
        daf_payload_pack_certificate(&k,
                                     (struct daf_view){e->cert, e->cert_len});
        err = put_control(e, w, &k);
    }
    if (err == DAF_OK) err = daf_cmd_writer_flush(w, e->t);
    return err != DAF_OK ? err : e->err;
}

static enum daf_err write_missing(struct enrol *e)
{
    struct daf_cmd_writer *w;
    enum daf_err err = scan_control(e, seek_cert, e);

    if (err == DAF_OK && e->has_cert) err = check_wish(e);
    if (err != DAF_OK) return err;
    err = daf_cmd_writer_open(&e->view.home, note, e, &w, e->t);
    if (err != DAF_OK) return err;
    err = put_missing(e, w);
    daf_cmd_writer_close(w);
    return err;
}

/* --- the acceptance ------------------------------------------------------------ */

static bool add_row(void *ctx, const struct daf_row *row)
{
    struct enrol *e = ctx;

    if (row->stored.body_state != DAF_BODY_HELD) return true;
    daf_cmd_accept_add(e->file, row->stored.header, row->stored.body);
    e->records_count++;
    return !e->file->is_full;
}

static enum daf_err write_acceptance(struct enrol *e, const char *out)
{
    const struct daf_home *home = &e->view.home;
    uint8_t *buffer = malloc(DAF_CMD_ACCEPT_BYTES_MAX);
    struct daf_pack k;
    size_t mark;
    enum daf_err err;

    if (buffer == NULL) return DAF_ENOMEM;
    daf_pack_init(&k, buffer, DAF_CMD_ACCEPT_BYTES_MAX);
    e->file = &k;
    mark = daf_cmd_accept_begin(&k,
                                (struct daf_view){home->manifest,
                                                  home->manifest_len},
                                (struct daf_view){e->cert, e->cert_len});
    err = scan_control(e, add_row, e);
    daf_pack_close(&k, mark, e->records_count);
    if (err == DAF_OK &&
        (k.is_full || e->records_count > DAF_CMD_RECORDS_MAX)) {
        daf_home_trouble(e->t, "the camp's control records do not fit a file");
        err = DAF_ELIMIT;
    }
    /* The manifest in it holds the discovery secret. */
    if (err == DAF_OK)
        err = daf_home_write_file(out, 0600, daf_pack_view(&k), e->t);
    sodium_memzero(buffer, k.len);
    free(buffer);
    return err;
}

static void print_enrolled(const struct daf_cmd *cmd, const struct enrol *e,
                           const char *out)
{
    char hex[2 * sizeof(e->author.b) + 1];

    if (cmd->json) {
        daf_cmd_print(json_pack("{s:o,s:o,s:o,s:I,s:b,s:b}", "author",
                                daf_cmd_hex(e->author.b, sizeof(e->author.b)),
                                "accept", daf_cmd_text(out), "certificate",
                                daf_cmd_hex(e->cert_id.b, sizeof(e->cert_id.b)),
                                "records", (json_int_t)e->records_count, "new",
                                e->is_new ? 1 : 0, "archive", e->is_archive));
        return;
    }
    (void)printf("%s device %s.\nGive %s to that device, and to no other: "
                 "daftar join --accept FILE\n",
                 e->is_new ? "Enrolled" : "Wrote again the answer to",
                 daf_cmd_hex_str(e->author.b, sizeof(e->author.b), hex), out);
}

static enum daf_err sign(const struct daf_cmd *cmd, struct enrol *e)
{
    char path[DAF_HOME_PATH_MAX];
    const char *out = daf_cmd_value(cmd, "out");
    enum daf_err err;

    if (out == NULL && strcmp(cmd->args[0], "-") == 0) {
        daf_home_trouble(e->t, "the request comes from standard input, so the "
                               "answer has no name. To do: give --out FILE");
        return DAF_EUSAGE;
    }
    if (out == NULL) {
        (void)snprintf(path, sizeof(path), "%s.accept", cmd->args[0]);
        out = path;
    }
    err = check_coordinator(e);
    if (err == DAF_OK) err = read_request(cmd->args[0], e);
    if (err == DAF_OK) err = check_keys(e);
    if (err == DAF_OK) err = write_missing(e);
    if (err == DAF_OK) err = write_acceptance(e, out);
    if (err == DAF_OK) print_enrolled(cmd, e, out);
    return err;
}

enum daf_exit daf_cmd_enrol_sign(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct enrol *e = calloc(1, sizeof(*e));
    enum daf_err err;

    if (e == NULL) return daf_cmd_fail(cmd, DAF_ENOMEM, NULL);
    e->t = &t;
    e->is_archive = daf_cmd_value(cmd, "archive") != NULL;
    err =
        read_right(daf_cmd_value(cmd, "right"), daf_cmd_value(cmd, "scope"), e);
    if (err == DAF_OK) err = daf_cmd_view_open(cmd, false, &e->view, &t);
    if (err == DAF_OK) {
        err = sign(cmd, e);
        daf_cmd_view_close(&e->view);
    }
    free(e);
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &t);
}

static enum daf_err certify(const struct daf_cmd *cmd, struct enrol *e)
{
    enum daf_err err = daf_cmd_view_open(cmd, false, &e->view, e->t);

    if (err != DAF_OK) return err;
    err = check_coordinator(e);
    if (err == DAF_OK) err = check_keys(e);
    if (err == DAF_OK) err = write_missing(e);
    daf_cmd_view_close(&e->view);
    return err;
}

enum daf_err daf_cmd_enrol_certify(const struct daf_cmd *cmd,
                                   const struct daf_device_keys *keys,
                                   const char *right, const char *scope,
                                   struct daf_cmd_certified *out,
                                   struct daf_trouble *t)
{
    struct enrol *e = calloc(1, sizeof(*e));
    enum daf_err err;

    if (e == NULL) return DAF_ENOMEM;
    e->t = t;
    e->is_archive = daf_cmd_value(cmd, "archive") != NULL;
    e->keys = *keys;
    e->author = daf_hash_author_id(&keys->sign);
    err = read_right(right, scope, e);
    if (err == DAF_OK) err = certify(cmd, e);
    memcpy(out->cert, e->cert, e->cert_len);
    out->cert_len = e->cert_len;
    out->id = e->cert_id;
    free(e);
    return err;
}

enum daf_err daf_cmd_enrol_renew(const struct daf_cmd *cmd,
                                 const struct daf_device_keys *keys,
                                 const struct daf_author_id *like,
                                 struct daf_cmd_certified *out,
                                 struct daf_trouble *t)
{
    struct enrol *e = calloc(1, sizeof(*e));
    enum daf_err err;

    if (e == NULL) return DAF_ENOMEM;
    e->t = t;
    e->keys = *keys;
    e->author = daf_hash_author_id(&keys->sign);
    e->like = like;
    err = certify(cmd, e);
    memcpy(out->cert, e->cert, e->cert_len);
    out->cert_len = e->cert_len;
    out->id = e->cert_id;
    free(e);
    return err;
}
