/* SPDX-License-Identifier: Apache-2.0 */
/* Records that are not right, put on a hostile device's card: its agent finds them
 * there and serves them in good faith. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "proto/body.h"
#include "proto/hash.h"
#include "sim/faults/swarm_impl.h"

#define CLASS    3 /* of daf_fleet_scopes() */
#define FORKS    40
#define NEW_LOGS 24

struct forging {
    struct daf_swarm *s;
    struct daf_chance *c;
    uint32_t device;
    struct daf_notebook *notebook;
    struct daf_fleet_who who;
    struct daf_scope_id scopes[DAF_FLEET_SCOPES];
    struct daf_sign_sk sk; /* who signs */
};

/* How one record is wrong. */
struct flaw {
    bool is_unsigned; /* its signature is noise */
    bool is_bodiless;
    bool is_plain; /* its body is not sealed */
};

static size_t make_body(const struct forging *f, const struct daf_record *r,
                        bool is_plain, uint8_t out[512])
{
    uint8_t payload[40], prefix[DAF_HEADER_BYTES_MAX];
    struct daf_body_seal seal = {.payload = {payload, sizeof payload}};
    size_t len = 0;

    daf_chance_bytes(f->c, payload, sizeof payload);
    if (is_plain)
        return daf_body_plain(seal.payload, out, 512, &len) == DAF_OK ? len : 0;
    daf_chance_bytes(f->c, seal.key.b, sizeof seal.key.b);
    daf_chance_bytes(f->c, seal.nonce, sizeof seal.nonce);
    seal.aad.p = prefix;
    seal.aad.len = daf_record_prefix(r, prefix);
    return daf_body_seal(&seal, out, 512, &len) == DAF_OK ? len : 0;
}

/* One more record at @spot's end of the log, which becomes it. */
static bool add(const struct forging *f, const struct daf_log_key *log,
                struct daf_spot *spot, struct flaw flaw)
{
    struct daf_record r = {.log = *log,
                           .seq = spot->seq + 1,
                           .prev = spot->id,
                           .retention = DAF_RETENTION_PROGRESS};
    uint8_t header[DAF_HEADER_BYTES_MAX], body[512];
    enum daf_put what = DAF_PUT_KNOWN;

    size_t len = make_body(f, &r, flaw.is_plain, body);
    r.body_len = (uint32_t)len;
    r.body_hash = daf_body_hash((struct daf_view){body, len});
    size_t header_len = daf_record_sign(&r, &f->sk, header);
    if (flaw.is_unsigned) {
        struct daf_view bytes = {header, header_len};
        header[header_len - 1 - daf_chance_below(f->c, 64)] ^= 1;
        if (daf_record_decode(bytes, &r) != DAF_OK) return false;
    }
    *spot = (struct daf_spot){r.seq, r.id};
    enum daf_body_state state =
        flaw.is_bodiless ? DAF_BODY_ABSENT : DAF_BODY_HELD;
    return daf_notebook_put(f->notebook, &r,
                            (struct daf_view){header, header_len}, state,
                            (struct daf_view){body, flaw.is_bodiless ? 0 : len},
                            &what) == DAF_OK;
}

/* The end of a log as this card has it; seq 0: it has none. */
static struct daf_spot end_of(const struct forging *f,
                              const struct daf_log_key *log)
{
    const struct daf_index *index = daf_notebook_index(f->notebook);
    struct daf_spot out = {.seq = 0};
    struct daf_head head;

    if (index->head(index->ctx, log, &head) != DAF_OK) return out;
    for (size_t i = 0; i < head.tips_count; i++)
        if (head.tips[i].seq > out.seq) out = head.tips[i];
    return out;
}

static struct daf_log_key own_log(const struct forging *f, size_t scope)
{
    return (struct daf_log_key){f->scopes[scope], f->who.author,
                                f->who.incarnation};
}

/* Of somebody else of this camp, signed by this device. */
static bool in_anothers_name(struct forging *f)
{
    struct daf_fleet_who other;
    uint32_t who = (uint32_t)daf_chance_below(f->c, f->s->devices);

    daf_fleet_who(f->s->fleet, who, &other);
    struct daf_log_key log = {f->scopes[daf_chance_below(f->c, 2) * CLASS],
                              other.author, other.incarnation};
    struct daf_spot end = end_of(f, &log);
    struct flaw none = {.is_plain = memcmp(&log.scope, &f->scopes[CLASS],
                                           sizeof log.scope) != 0};
    return add(f, &log, &end, none);
}

static bool of_a_stranger(struct forging *f)
{
    struct daf_sign_pk pk;
    uint8_t seed[32];

    daf_chance_bytes(f->c, seed, sizeof seed);
    crypto_sign_seed_keypair(pk.b, f->sk.b, seed);
    struct daf_log_key log = {f->scopes[CLASS], daf_hash_author_id(&pk), 1};
    struct daf_spot end = {.seq = 0};
    return add(f, &log, &end, (struct flaw){.is_plain = false});
}

static bool forks(struct forging *f)
{
    struct daf_log_key log = own_log(f, CLASS);
    struct daf_spot from = end_of(f, &log);

    for (int i = 0; i < FORKS; i++) {
        struct daf_spot end = from;
        if (!add(f, &log, &end, (struct flaw){.is_plain = false})) return false;
    }
    return true;
}

static bool new_logs(struct forging *f)
{
    struct daf_log_key log = own_log(f, CLASS);

    for (int i = 0; i < NEW_LOGS; i++) {
        struct daf_spot end = {.seq = 0};
        log.incarnation = daf_chance_u64(f->c);
        if (!add(f, &log, &end, (struct flaw){.is_plain = false})) return false;
    }
    return true;
}

/* What others have seen of its log, it holds no more. */
static bool forget(struct forging *f)
{
    struct daf_log_key log = own_log(f, CLASS);
    const struct daf_index *index = daf_notebook_index(f->notebook);
    struct daf_head head;

    if (index->head(index->ctx, &log, &head) != DAF_OK) return false;
    for (size_t i = 0; i < head.tips_count; i++) {
        enum daf_err err = daf_notebook_drop(f->notebook, &log, &head.tips[i]);
        if (err != DAF_OK && err != DAF_ENOTFOUND && err != DAF_ELIMIT)
            return false;
    }
    return true;
}

/* After the log's end, in a row; the last is good if @last_is_good. */
static bool row(struct forging *f, struct daf_log_key log, unsigned count,
                struct flaw flaw, bool last_is_good)
{
    struct daf_spot end = end_of(f, &log);

    for (unsigned i = 0; i < count; i++) {
        struct flaw this = flaw;
        if (last_is_good && i + 1 == count)
            this = (struct flaw){.is_plain = false};
        if (!add(f, &log, &end, this)) return false;
    }
    return true;
}

static bool forge(struct forging *f)
{
    const struct flaw none = {.is_plain = false};
    struct daf_log_key log = own_log(f, CLASS);
    struct daf_spot far = {.seq = 3 + daf_chance_below(f->c, 50)};

    switch (daf_chance_below(f->c, 12)) {
    case 0:
        return row(f, log, 1, (struct flaw){.is_unsigned = true}, false);
    case 1: /* the last vouches for those before */
        return row(f, log, 4, (struct flaw){.is_unsigned = true}, true);
    case 2:
        return row(f, own_log(f, daf_chance_below(f->c, 2)), 2,
                   (struct flaw){.is_plain = true}, false);
    case 3:
        return in_anothers_name(f);
    case 4:
        return of_a_stranger(f);
    case 5:
        return forks(f);
    case 6: /* a gap */
        daf_chance_bytes(f->c, far.id.b, sizeof far.id.b);
        return add(f, &log, &far, none);
    case 7:
        return row(f, log, 3, (struct flaw){.is_bodiless = true}, false);
    case 8:
        return row(f, log, 2, (struct flaw){.is_plain = true}, false);
    case 9:
        return new_logs(f);
    case 10:
        return forget(f);
    default: /* much that is right */
        return row(f, log, 30, none, false);
    }
}

void daf_swarm_forge(struct daf_swarm *s, uint32_t device)
{
    struct forging f = {.s = s,
                        .c = &s->chance[DAF_SWARM_FORGE],
                        .device = device,
                        .notebook = daf_fleet_notebook(s->fleet, device)};

    daf_fleet_who(s->fleet, device, &f.who);
    daf_fleet_scopes(s->fleet, f.scopes);
    f.sk = f.who.secrets->sign;
    if (daf_notebook_begin(f.notebook) != DAF_OK) return;
    if (forge(&f) && daf_notebook_commit(f.notebook) == DAF_OK)
        daf_check_met(s->check, DAF_SOMETIMES_FORGED);
    else
        daf_notebook_rollback(f.notebook);
}
