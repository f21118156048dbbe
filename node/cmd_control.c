/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands of coordinators share: a device by its first digits, records of
 * control one after the other, and control read again once they are written. */
#include "node/cmd.h"

#include "node/clock.h"

#include <stdlib.h>

#define PREFIX_MIN 8 /* digits: 2^32 devices to find a second with them */

/* ---- which device */

static bool begins_with(const struct daf_author_id *author, const char *digits)
{
    char hex[2 * sizeof(author->b) + 1];

    (void)daf_cmd_hex_str(author->b, sizeof(author->b), hex);
    return daf_cmd_begins(hex, digits);
}

enum daf_err daf_cmd_find_device(const struct daf_camp *camp,
                                 const char *digits,
                                 struct daf_camp_rights *out,
                                 struct daf_trouble *t)
{
    size_t len = strlen(digits), found = 0;
    struct daf_camp_rights d;

    if (len < PREFIX_MIN || len > 2 * sizeof(d.author.b) ||
        strspn(digits, "0123456789abcdefABCDEF") != len) {
        daf_home_trouble(t, "DEVICE must be 8 to 32 of the digits that "
                            "daftar devices shows");
        return DAF_EUSAGE;
    }
    for (size_t i = 0; daf_camp_rights(camp, i, &d); i++) {
        if (!begins_with(&d.author, digits)) continue;
        *out = d;
        found++;
    }
    if (found == 1) return DAF_OK;
    daf_home_trouble(t, found > 1
                            ? "several devices begin with these digits. To "
                              "do: give more of them"
                            : "no device of the camp begins with these "
                              "digits. To do: daftar devices lists them");
    return found > 1 ? DAF_EUSAGE : DAF_ENOTFOUND;
}

/* ---- writing */

struct daf_cmd_control {
    struct daf_cmd_writer *writer;
    struct daf_trouble first; /* what went wrong with a record */
    enum daf_err err;
};

static void note(void *ctx, const struct daf_wrote *wrote,
                 const struct daf_trouble *t)
{
    struct daf_cmd_control *c = ctx;

    if (wrote->err == DAF_OK || c->err != DAF_OK) return;
    c->err = wrote->err;
    c->first = *t;
}

enum daf_err daf_cmd_control_open(struct daf_home *home,
                                  struct daf_cmd_control **out,
                                  struct daf_trouble *t)
{
    struct daf_cmd_control *c = calloc(1, sizeof(*c));
    enum daf_err err;

    *out = NULL;
    if (c == NULL) return DAF_ENOMEM;
    err = daf_cmd_writer_open(home, note, c, &c->writer, t);
    if (err == DAF_OK)
        *out = c;
    else
        free(c);
    return err;
}

enum daf_err daf_cmd_control_put(struct daf_cmd_control *c,
                                 struct daf_view payload, struct daf_trouble *t)
{
    struct daf_write write = {.kind = DAF_WRITE_CONTROL, .payload = payload};

    write.claimed = daf_clock_wall();
    write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
    return daf_cmd_writer_put(c->writer, &write, t);
}

/* What was put is durable, or the first that is not says why. */
static enum daf_err flush(struct daf_cmd_control *c, struct daf_trouble *t)
{
    enum daf_err err = daf_cmd_writer_flush(c->writer, t);

    if (err != DAF_OK || c->err == DAF_OK) return err;
    *t = c->first;
    return c->err;
}

enum daf_err daf_cmd_control_close(struct daf_cmd_control *c,
                                   struct daf_trouble *t)
{
    enum daf_err err = flush(c, t);

    daf_cmd_writer_close(c->writer);
    free(c);
    return err;
}

/* ---- reading it again */

static bool fold_row(void *ctx, const struct daf_row *row)
{
    struct daf_camp *camp = ctx;

    (void)daf_camp_add(camp, &row->log, &row->stored);
    return true;
}

enum daf_err daf_cmd_control_fold(struct daf_cmd_view *v, struct daf_trouble *t)
{
    enum daf_err err =
        daf_store_scan(v->store, &daf_camp_authority(v->camp)->control, -1,
                       fold_row, v->camp);

    if (err == DAF_OK && daf_camp_is_short(v->camp)) err = DAF_ENOMEM;
    if (err != DAF_OK)
        daf_home_trouble(t,
                         "the notebook cannot be read: %s. To do: daftar "
                         "check says where",
                         daf_err_str(err));
    return err;
}

/* ---- new keys */

struct renewing {
    struct daf_cmd_control *control;
    struct daf_trouble *t;
};

static enum daf_err put_payload(void *ctx, struct daf_view payload)
{
    struct renewing *r = ctx;

    return daf_cmd_control_put(r->control, payload, r->t);
}

static void sum_up(const struct daf_rekey_scope *one, struct daf_cmd_keys *out)
{
    out->scopes += one->records > 0;
    out->generations += one->is_new;
    out->wraps += one->wraps;
    out->records += one->records;
    out->unsealable += one->unsealable;
}

static bool needs(const struct daf_rekey_scope *s, const char *scope)
{
    return (scope == NULL || strcmp(scope, s->scope) == 0) &&
           (s->is_new || s->wraps > 0);
}

void daf_cmd_keys_look(const struct daf_camp *camp, const char *scope,
                       struct daf_cmd_keys *out)
{
    struct daf_rekey_scope one;

    memset(out, 0, sizeof(*out));
    for (size_t i = 0; daf_rekey_look(camp, i, &one); i++) {
        out->knows_scope |= scope == NULL || strcmp(scope, one.scope) == 0;
        if (!needs(&one, scope)) continue;
        sum_up(&one, out);
        out->scopes++;
    }
}

enum daf_err daf_cmd_keys_renew(struct daf_cmd_view *v, const char *scope,
                                void (*done)(void *ctx,
                                             const struct daf_rekey_scope *one),
                                void *ctx, struct daf_cmd_keys *out,
                                struct daf_trouble *t)
{
    struct renewing r = {.t = t};
    struct daf_rekey_scope one;
    enum daf_err err, ended;

    daf_cmd_keys_look(v->camp, scope, out);
    if (out->scopes == 0) return DAF_OK; /* and no lock is taken */
    memset(out, 0, sizeof(*out));
    out->knows_scope = true;
    err = daf_cmd_control_open(&v->home, &r.control, t);
    if (err != DAF_OK) return err;
    for (size_t i = 0; err == DAF_OK && daf_rekey_look(v->camp, i, &one); i++) {
        if (!needs(&one, scope)) continue;
        err = daf_rekey(v->camp, i, put_payload, &r, &one);
        sum_up(&one, out);
        if (err == DAF_OK) err = flush(r.control, t);
        if (err == DAF_OK && done != NULL) done(ctx, &one);
    }
    ended = daf_cmd_control_close(r.control, t);
    return err != DAF_OK ? err : ended;
}
