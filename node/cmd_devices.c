/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"
#include "node/renewals.h"

#include <stdio.h>

static json_t *rights_json(const struct daf_camp_rights *d)
{
    json_t *out = json_object();
    bool fits = out != NULL;

    if (d->is_coordinator)
        fits &= json_object_set_new(out, "*", json_string("admin")) == 0;
    for (size_t i = 0; i < d->count && fits; i++)
        fits &= json_object_set_new(out, d->rights[i].scope,
                                    json_string(daf_cert_right_str(
                                        d->rights[i].right))) == 0;
    if (fits) return out;
    json_decref(out);
    return NULL;
}

static void print_json(const struct daf_camp_rights *d, bool is_revoked,
                       size_t clones)
{
    json_t *issuer = d->is_coordinator
                         ? json_null()
                         : daf_cmd_hex(d->issuer.b, sizeof(d->issuer.b));

    daf_cmd_print(json_pack("{s:o,s:s,s:o,s:b,s:b,s:o,s:I}", "author",
                            daf_cmd_hex(d->author.b, sizeof(d->author.b)),
                            "role",
                            d->is_coordinator ? "coordinator" : "device",
                            "rights", rights_json(d), "revoked", is_revoked,
                            "archive", d->is_archive, "issuer", issuer,
                            "clones", (json_int_t)clones));
}

static void print_text(const struct daf_camp_rights *d, bool is_revoked,
                       size_t clones)
{
    char hex[2 * sizeof(d->author.b) + 1];

    (void)printf("%s  %-11s  %s",
                 daf_cmd_hex_str(d->author.b, sizeof(d->author.b), hex),
                 d->is_coordinator ? "coordinator"
                 : d->is_archive   ? "archive"
                                   : "device",
                 is_revoked ? "REVOKED  " : "");
    for (size_t i = 0; i < d->count; i++)
        (void)printf("%s%s %s", i > 0 ? ", " : "", d->rights[i].scope,
                     daf_cert_right_str(d->rights[i].right));
    if (clones > 0)
        (void)printf("  its card was copied, or an older copy put back: %zu "
                     "more write as this device (daftar renewals)",
                     clones);
    (void)printf("\n");
}

enum daf_exit daf_cmd_devices(const struct daf_cmd *cmd)
{
    struct daf_trouble t = {""};
    struct daf_camp_rights d;
    struct daf_cmd_view v;
    enum daf_err err = daf_cmd_view_open(cmd, false, &v, &t);

    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    for (size_t i = 0; daf_camp_rights(v.camp, i, &d); i++) {
        bool is_revoked = daf_camp_is_revoked(v.camp, &d.author);
        size_t clones;

        err = daf_renewals_clones(v.store, v.camp, &d.author, &clones);
        if (err != DAF_OK) break;
        if (cmd->json)
            print_json(&d, is_revoked, clones);
        else
            print_text(&d, is_revoked, clones);
    }
    daf_cmd_view_close(&v);
    if (err != DAF_OK) return daf_cmd_fail(cmd, err, &t);
    return DAF_EXIT_DONE;
}
