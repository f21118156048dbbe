/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "tests/lib/made.h"

#include <sodium.h>

#include "proto/body.h"
#include "proto/hash.h"

static const struct daf_sign_sk *key(void)
{
    static struct daf_sign_sk sk;
    static bool made;
    struct daf_sign_pk pk;
    const uint8_t seed[32] = {0x3d};
    if (!made) assert_int_equal(crypto_sign_seed_keypair(pk.b, sk.b, seed), 0);
    made = true;
    return &sk;
}

struct daf_log_key daf_made_log(uint8_t scope, uint8_t author,
                                uint64_t incarnation)
{
    struct daf_log_key log = {.incarnation = incarnation};
    memset(log.scope.b, scope, sizeof(log.scope.b));
    memset(log.author.b, author, sizeof(log.author.b));
    return log;
}

struct daf_view daf_made_body(const struct daf_made *m)
{
    static uint8_t bytes[DAF_BODY_BYTES_MAX];
    uint8_t seed[randombytes_SEEDBYTES] = {0};
    for (size_t i = 0; i < sizeof(m->seed); i++)
        seed[i] = (uint8_t)(m->seed >> (8 * i));
    randombytes_buf_deterministic(bytes, m->r.body_len, seed);
    return (struct daf_view){bytes, m->r.body_len};
}

struct daf_view daf_made_header(const struct daf_made *m)
{
    return (struct daf_view){m->header, m->header_len};
}

void daf_made_record(const struct daf_made_want *want, struct daf_made *out)
{
    *out = (struct daf_made){.seed = want->seed};
    out->r = (struct daf_record){
        .log = want->log,
        .seq = want->prev.seq + 1,
        .prev = want->prev.id,
        .claimed_ms = 1760000000000 + want->seed,
        .boot = 1,
        .time_quality = DAF_TIME_CLOCK,
        .retention = want->retention,
        .body_len = want->body_len,
    };
    out->r.body_hash = daf_body_hash(daf_made_body(out));
    out->header_len = daf_record_sign(&out->r, key(), out->header);
    out->spot = (struct daf_spot){.seq = out->r.seq, .id = out->r.id};
}

enum daf_put daf_made_put(struct daf_store *s, const struct daf_made *m,
                          enum daf_body_state state)
{
    enum daf_put put = DAF_PUT_KNOWN;
    struct daf_view body = {NULL, 0};
    if (state == DAF_BODY_HELD) body = daf_made_body(m);
    enum daf_err err =
        daf_store_put(s, &m->r, daf_made_header(m), state, body, &put);
    if (err != DAF_OK)
        fail_msg("put: %s: %s", daf_err_name(err), daf_store_trouble(s));
    return put;
}

enum daf_put daf_made_commit(struct daf_store *s, const struct daf_made *m,
                             enum daf_body_state state)
{
    assert_int_equal(daf_store_begin(s), DAF_OK);
    enum daf_put put = daf_made_put(s, m, state);
    assert_int_equal(daf_store_commit(s), DAF_OK);
    return put;
}

struct daf_store *daf_made_open(const char *dir, enum daf_store_mode mode)
{
    struct daf_store *s = NULL;
    enum daf_err err = daf_store_open(dir, mode, &s);
    if (err != DAF_OK)
        fail_msg("open: %s: %s", daf_err_name(err), daf_store_trouble(NULL));
    return s;
}

void daf_made_statement(uint8_t author, uint8_t page, uint64_t number,
                        size_t count, struct daf_made_statement *out)
{
    static uint8_t content[DAF_ARCHIVED_MAX * 32], since[DAF_ARCHIVED_MAX * 8];
    struct daf_statement st = {.kind = DAF_STATEMENT_ARCHIVED,
                               .page = page,
                               .number = number,
                               .content = {content, count * 32},
                               .since = {since, count * 8}};

    memset(st.scope.b, 1, sizeof(st.scope.b));
    memset(st.author.b, author, sizeof(st.author.b));
    for (size_t i = 0; i < count; i++) {
        memset(content + i * 32, (int)number, 32);
        content[i * 32] = (uint8_t)(i >> 8);
        content[i * 32 + 1] = (uint8_t)i;
    }
    out->len = daf_statement_sign(&st, key(), out->bytes);
    assert_int_equal(
        daf_statement_decode((struct daf_view){out->bytes, out->len}, &out->st),
        DAF_OK);
}
