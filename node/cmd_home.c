/* SPDX-License-Identifier: Apache-2.0 */
#include "node/cmd.h"

#include "proto/hash.h"

#include <sodium.h>
#include <stdio.h>

enum daf_err daf_cmd_dir(const struct daf_cmd *cmd, char out[DAF_HOME_PATH_MAX],
                         struct daf_trouble *t)
{
    return daf_home_dir(cmd->home, out, t);
}

enum daf_err daf_cmd_load(const struct daf_cmd *cmd, bool needs_camp,
                          struct daf_home *out, struct daf_trouble *t)
{
    char dir[DAF_HOME_PATH_MAX];
    enum daf_err err = daf_cmd_dir(cmd, dir, t);

    return err == DAF_OK ? daf_home_load(dir, needs_camp, out, t) : err;
}

enum daf_err daf_cmd_view_open(const struct daf_cmd *cmd, bool with_roster,
                               struct daf_cmd_view *out, struct daf_trouble *t)
{
    enum daf_err err;

    memset(out, 0, sizeof(*out));
    err = daf_cmd_load(cmd, true, &out->home, t);
    if (err != DAF_OK) return err;
    out->author = daf_hash_author_id(&out->home.keys.sign);
    err = daf_offline_store(&out->home, DAF_STORE_READER, &out->store, t);
    if (err == DAF_OK)
        err = daf_offline_camp(&out->home, out->store, with_roster, &out->camp,
                               t);
    if (err != DAF_OK) daf_cmd_view_close(out);
    return err;
}

void daf_cmd_view_close(struct daf_cmd_view *v)
{
    daf_camp_free(v->camp);
    daf_store_close(v->store);
    daf_home_unload(&v->home);
    v->camp = NULL;
    v->store = NULL;
}

enum daf_err daf_cmd_key_wrap(const char *scope, uint64_t generation,
                              const struct daf_key *key,
                              const struct daf_device_keys *to,
                              struct daf_pack *k)
{
    struct daf_key_wrap wrap = {.generation = generation, .wraps_count = 1};
    struct daf_wrap sealed = {.author = daf_hash_author_id(&to->sign)};

    (void)snprintf(wrap.scope, sizeof(wrap.scope), "%s", scope);
    daf_body_commitment(key, wrap.commit);
    /* Fails for a public key of small order, to which nothing can be sealed. */
    if (crypto_box_seal(sealed.sealed, key->b, sizeof(key->b), to->seal.b) != 0)
        return DAF_EKEY;
    daf_payload_pack_key_wrap(k, &wrap, &sealed);
    return k->is_full ? DAF_ELIMIT : DAF_OK;
}
