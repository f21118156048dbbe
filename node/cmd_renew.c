/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of their own for the copies of one card (docs/protocol.md R127): the
 * coordinator's side. */
#include "node/cmd.h"

#include "node/renewals.h"

#include <stdio.h>
#include <time.h>

/* --- the list -------------------------------------------------------------- */

static void print_request(const struct daf_cmd *cmd,
                          const struct daf_renewal_info *r, bool is_own)
{
    char old[2 * sizeof(r->author.b) + 1], renewed[sizeof(old)], day[32] = "-";
    time_t s = (time_t)(r->claimed_ms / 1000);
    struct tm tm;

    if (cmd->json) {
        daf_cmd_print(json_pack(
            "{so so so sI sI sb sb}", "record", daf_cmd_hex(r->record.b, 32),
            "author", daf_cmd_hex(r->author.b, sizeof(r->author.b)), "renewed",
            daf_cmd_hex(r->renewed.b, sizeof(r->renewed.b)), "lives",
            (json_int_t)r->lives_count, "claimed_ms", (json_int_t)r->claimed_ms,
            "granted", r->is_granted, "own", is_own));
        return;
    }
    if (gmtime_r(&s, &tm) != NULL)
        (void)strftime(day, sizeof(day), "%Y-%m-%d %H:%M", &tm);
    (void)printf("%.12s  of %.12s  %-18s%s%s\n",
                 daf_cmd_hex_str(r->renewed.b, sizeof(r->renewed.b), renewed),
                 daf_cmd_hex_str(r->author.b, sizeof(r->author.b), old), day,
                 r->is_granted ? "granted" : "waits",
                 is_own ? "  this device" : "");
}

struct listing {
    const struct daf_cmd *cmd;
    size_t count;
    struct daf_author_id author; /* this device */
    uint64_t life;               /* its present one; 0: it has never written */
};

/* Of its copies each asks in a life of its own. */
static bool is_own(const struct listing *l, const struct daf_renewal_info *r)
{
    return l->life != 0 &&
           memcmp(&r->author, &l->author, sizeof(r->author)) == 0 &&
           r->lives[r->lives_count - 1] == l->life;
}

static bool list_one(void *ctx, const struct daf_renewal_info *r)
{
    struct listing *l = ctx;

    if (l->count++ == 0 && !l->cmd->json)
        (void)printf("%-12s  %-15s  %-18s\n", "NEW KEYS", "OF THE DEVICE",
                     "SAID TO BE ON");
    print_request(l->cmd, r, is_own(l, r));
    return true;
}

/* @l: NULL, or to be told who this device is. */
static enum daf_err read_all(const struct daf_cmd *cmd, struct listing *l,
                             daf_renewal_fn fn, void *ctx,
                             struct daf_trouble *t)
{
    struct daf_cmd_view view;
    struct daf_self self;
    enum daf_err err = daf_cmd_view_open(cmd, false, &view, t);

    if (err != DAF_OK) return err;
    if (l != NULL) l->author = view.author;
    if (l != NULL && daf_selfvalue_get(view.store, &self) == DAF_OK)
        l->life = self.lives[self.lives_count - 1];
    err = daf_renewals_read(view.store, view.camp, fn, ctx);
    if (err != DAF_OK)
        daf_home_trouble(t,
                         "the notebook cannot be read: %s. To do: daftar "
                         "check says where",
                         daf_err_str(err));
    daf_cmd_view_close(&view);
    return err;
}

enum daf_exit daf_cmd_renewals(const struct daf_cmd *cmd)
{
    struct listing l = {.cmd = cmd};
    struct daf_trouble t = {""};
    enum daf_err err = read_all(cmd, &l, list_one, &l, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    if (l.count == 0 && !cmd->json)
        (void)printf("No device asks for new keys.\n");
    return DAF_EXIT_DONE;
}

/* --- the answer -------------------------------------------------------------- */

struct wanted {
    const char *digits;
    size_t count; /* of other keys */
    struct daf_renewal_info found;
};

static bool find_one(void *ctx, const struct daf_renewal_info *r)
{
    struct wanted *w = ctx;
    char hex[2 * sizeof(r->renewed.b) + 1];

    if (!daf_cmd_begins(daf_cmd_hex_str(r->renewed.b, sizeof(r->renewed.b),
                                        hex),
                        w->digits) ||
        (w->count > 0 &&
         memcmp(&w->found.renewed, &r->renewed, sizeof(r->renewed)) == 0))
        return true;
    w->count++;
    w->found = *r;
    return true;
}

static enum daf_err find(const struct daf_cmd *cmd, struct wanted *w,
                         struct daf_trouble *t)
{
    enum daf_err err = read_all(cmd, NULL, find_one, w, t);

    if (err != DAF_OK || w->count == 1) return err;
    daf_home_trouble(
        t,
        "%s. To do: daftar renewals lists them; give 6 digits or "
        "more of the new keys",
        w->count == 0 ? "no device asks for keys that begin with these digits"
                      : "several new keys begin with these digits");
    return w->count == 0 ? DAF_ENOTFOUND : DAF_EUSAGE;
}

static void print_granted(const struct daf_cmd *cmd, const struct wanted *w,
                          const struct daf_cmd_certified *done)
{
    const struct daf_renewal_info *r = &w->found;
    char hex[2 * sizeof(r->renewed.b) + 1];

    if (cmd->json)
        daf_cmd_print(json_pack("{so so so}", "author",
                                daf_cmd_hex(r->author.b, sizeof(r->author.b)),
                                "renewed",
                                daf_cmd_hex(r->renewed.b, sizeof(r->renewed.b)),
                                "certificate",
                                daf_cmd_hex(done->id.b, sizeof(done->id.b))));
    else
        (void)printf(
            "The device has keys of its own as %.12s, with the rights it had. "
            "It takes them by itself\nwhen it hears of it. Those who still use "
            "the old keys go on being one device; when\nnobody does any more: "
            "daftar revoke --reason left\n",
            daf_cmd_hex_str(r->renewed.b, sizeof(r->renewed.b), hex));
}

enum daf_exit daf_cmd_renew(const struct daf_cmd *cmd)
{
    struct wanted w = {.digits = cmd->args[0]};
    struct daf_cmd_certified done;
    struct daf_trouble t = {""};
    enum daf_err err = find(cmd, &w, &t);

    if (err == DAF_OK)
        err =
            daf_cmd_enrol_renew(cmd, &w.found.keys, &w.found.author, &done, &t);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    print_granted(cmd, &w, &done);
    return DAF_EXIT_DONE;
}
