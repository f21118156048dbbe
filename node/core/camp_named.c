/* SPDX-License-Identifier: Apache-2.0 */
/* Which tips of revoked devices coordinators named (docs/protocol.md R105): by a
 * revocation that counts, or by an admit.  A set that only grows, whatever the
 * order: a tip that was named before its device was revoked is in it as well. */
#include "node/core/camp_impl.h"
#include "proto/hash.h"

/* About 80 bytes a tip here; of a log that was named twice most are the same. */
static struct daf_camp_key tip_key(const struct daf_log_key *log,
                                   const struct daf_record_id *id)
{
    uint8_t bytes[16 + 16 + 8 + 32];
    struct daf_camp_key key;

    memcpy(bytes, log->scope.b, 16);
    memcpy(bytes + 16, log->author.b, 16);
    for (int i = 0; i < 8; i++)
        bytes[32 + i] = (uint8_t)(log->incarnation >> (56 - 8 * i));
    memcpy(bytes + 40, id->b, 32);
    daf_hash_256("daf.camp.tip", (struct daf_view){bytes, sizeof(bytes)},
                 key.b);
    return key;
}

static bool name_tip(struct daf_camp *c, const struct daf_log_key *log,
                     const struct daf_record_id *id)
{
    struct daf_camp_key key = tip_key(log, id);

    if (daf_camp_table_find(&c->named, &key) != NULL) return true;
    if (!daf_camp_table_reserve(&c->named, 1)) return false;
    daf_camp_table_put(&c->named, &key, c, NULL);
    return true;
}

void daf_camp_name_tips(struct daf_camp *c, const struct daf_author_id *who,
                        struct daf_view logs, size_t count)
{
    struct daf_revoked_log log;
    struct daf_cursor cursor;

    daf_payload_logs(logs, &cursor);
    for (size_t i = 0; i < count; i++) {
        daf_payload_next_log(&cursor, &log);
        if (memcmp(log.log.author.b, who->b, sizeof(who->b)) != 0) continue;
        for (size_t j = 0; j < log.tips_count; j++)
            if (!name_tip(c, &log.log, &log.tips[j])) c->is_short = true;
    }
}

void daf_camp_add_admit(struct daf_camp *c, struct daf_view payload)
{
    struct daf_admit admit;
    struct daf_view name;

    /* protocol.md R12: what the register does not name is not read. */
    (void)daf_payload_type(payload, &name);
    if (daf_manifest_has_type(c->manifest, name) &&
        daf_payload_admit(payload, &admit) == DAF_OK)
        daf_camp_name_tips(c, &admit.who, admit.logs, admit.logs_count);
}

bool daf_camp_is_named(const struct daf_camp *c, const struct daf_log_key *log,
                       const struct daf_record_id *id)
{
    struct daf_camp_key key = tip_key(log, id);

    return daf_camp_table_find(&c->named, &key) != NULL;
}

size_t daf_camp_named_count(const struct daf_camp *c)
{
    return c->named.count;
}
