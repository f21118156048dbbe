/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/frame.h"

#include <assert.h>

/* Where a frame's number stands: after the one byte that opens its array. */
#define NUMBER_AT 1

/* A frame is a message of its own, so it begins an empty pack.
 * daf_frame_end() finds the number there. */
static void begin(struct daf_pack *k, size_t arity, enum daf_frame_kind kind)
{
    assert(k->len == 0 && arity < 16);
    daf_pack_array(k, arity);
    daf_pack_uint(k, (uint64_t)kind);
}

static void pack_scope(struct daf_pack *k, const struct daf_scope_id *scope)
{
    daf_pack_bin(k, scope->b, sizeof(scope->b));
}

static void pack_log(struct daf_pack *k, const struct daf_log_key *log)
{
    daf_pack_bin(k, log->author.b, sizeof(log->author.b));
    daf_pack_uint(k, log->incarnation);
}

static void pack_spots(struct daf_pack *k, const struct daf_spot *spots,
                       size_t count)
{
    daf_pack_array(k, count);
    for (size_t i = 0; i < count; i++) {
        daf_pack_array(k, 2);
        daf_pack_uint(k, spots[i].seq);
        daf_pack_bin(k, spots[i].id.b, sizeof(spots[i].id.b));
    }
}

void daf_frame_pack_hello(struct daf_pack *k, const struct daf_hello *hello)
{
    begin(k, 5, DAF_FRAME_HELLO);
    daf_pack_uint(k, hello->version_min);
    daf_pack_uint(k, hello->version_max);
    daf_pack_bin(k, hello->nonce.b, sizeof(hello->nonce.b));
    daf_pack_bin(k, hello->boot, sizeof(hello->boot));
}

void daf_frame_pack_bye(struct daf_pack *k, enum daf_bye reason)
{
    begin(k, 2, DAF_FRAME_BYE);
    daf_pack_uint(k, (uint64_t)reason);
}

void daf_frame_pack_want_page(struct daf_pack *k,
                              const struct daf_scope_id *scope,
                              const struct daf_tag *after_or_null)
{
    begin(k, 4, DAF_FRAME_WANT);
    pack_scope(k, scope);
    daf_pack_uint(k, DAF_WANT_PAGE);
    if (after_or_null == NULL)
        daf_pack_nil(k);
    else
        daf_pack_bin(k, after_or_null->b, sizeof(after_or_null->b));
}

void daf_frame_pack_want_symbols(struct daf_pack *k,
                                 const struct daf_scope_id *scope,
                                 uint64_t start, uint64_t count)
{
    begin(k, 5, DAF_FRAME_WANT);
    pack_scope(k, scope);
    daf_pack_uint(k, DAF_WANT_SYMBOLS);
    daf_pack_uint(k, start);
    daf_pack_uint(k, count);
}

void daf_frame_pack_symbols(struct daf_pack *k, const struct daf_symbols *s)
{
    begin(k, 4, DAF_FRAME_SYMBOLS);
    pack_scope(k, &s->scope);
    daf_pack_uint(k, s->start);
    daf_pack_bin(k, s->symbols.p, s->symbols.len);
}

void daf_frame_pack_heads(struct daf_pack *k, const struct daf_heads *heads)
{
    begin(k, 5, DAF_FRAME_HEADS);
    pack_scope(k, &heads->scope);
    daf_pack_uint(k, (uint64_t)heads->kind);
    daf_pack_bool(k, heads->more);
    daf_pack_bin(k, heads->items.p, heads->items.len);
}

static void pack_part(struct daf_pack *k, const struct daf_part *p)
{
    daf_pack_bin(k, p->content.b, sizeof(p->content.b));
    daf_pack_uint(k, p->part);
}

void daf_frame_pack_have(struct daf_pack *k, const struct daf_part *have)
{
    begin(k, 4, DAF_FRAME_HAVE);
    pack_part(k, have);
    daf_pack_bin(k, have->data.p, have->data.len);
}

void daf_frame_pack_chunk(struct daf_pack *k, const struct daf_part *chunk)
{
    begin(k, 5, DAF_FRAME_CHUNK);
    pack_part(k, chunk);
    daf_pack_uint(k, chunk->offset);
    daf_pack_bin(k, chunk->data.p, chunk->data.len);
}

void daf_frame_pack_fetch(struct daf_pack *k, const struct daf_part *fetch)
{
    begin(k, 4, DAF_FRAME_FETCH);
    pack_part(k, fetch);
    daf_pack_uint(k, fetch->offset);
}

void daf_frame_pack_seek(struct daf_pack *k, struct daf_view contents)
{
    begin(k, 2, DAF_FRAME_SEEK);
    daf_pack_bin(k, contents.p, contents.len);
}

void daf_frame_pack_turn(struct daf_pack *k, uint32_t place)
{
    begin(k, 2, DAF_FRAME_TURN);
    daf_pack_uint(k, place);
}

void daf_frame_pack_air(struct daf_pack *k, const struct daf_air_told *air)
{
    begin(k, 2, DAF_FRAME_AIR);
    if (air->is_radio)
        daf_pack_bin(k, air->id, sizeof(air->id));
    else
        daf_pack_nil(k);
}

void daf_frame_pack_register(struct daf_pack *k,
                             const struct daf_author_id *author,
                             struct daf_view statement)
{
    begin(k, 3, DAF_FRAME_REGISTER);
    daf_pack_bin(k, author->b, sizeof(author->b));
    daf_pack_bin(k, statement.p, statement.len);
}

void daf_frame_pack_stated(struct daf_pack *k,
                           const struct daf_stated_list *stated)
{
    begin(k, 3, DAF_FRAME_STATED);
    daf_pack_uint(k, stated->kind);
    daf_pack_bin(k, stated->data.p, stated->data.len);
}

void daf_frame_pack_defer(struct daf_pack *k, const struct daf_defer *defer)
{
    begin(k, 3, DAF_FRAME_DEFER);
    pack_scope(k, &defer->scope);
    daf_pack_bin(k, defer->tags.p, defer->tags.len);
}

void daf_frame_pack_knock(struct daf_pack *k, const struct daf_knock *knock)
{
    begin(k, 4, DAF_FRAME_KNOCK);
    daf_pack_uint(k, knock->version_min);
    daf_pack_uint(k, knock->version_max);
    daf_pack_bin(k, knock->nonce.b, sizeof(knock->nonce.b));
}

void daf_frame_pack_nonce(struct daf_pack *k, const struct daf_hash *nonce)
{
    begin(k, 2, DAF_FRAME_NONCE);
    daf_pack_bin(k, nonce->b, sizeof(nonce->b));
}

void daf_frame_pack_proof(struct daf_pack *k, const struct daf_proof *proof,
                          bool is_welcome)
{
    if (is_welcome)
        begin(k, 6, DAF_FRAME_WELCOME);
    else
        begin(k, 5, DAF_FRAME_PROOF);
    daf_pack_bin(k, proof->manifest.p, proof->manifest.len);
    if (proof->cert.len == 0)
        daf_pack_nil(k);
    else
        daf_pack_bin(k, proof->cert.p, proof->cert.len);
    daf_pack_bin(k, proof->author.b, sizeof(proof->author.b));
    daf_pack_bin(k, proof->sig.b, sizeof(proof->sig.b));
    if (is_welcome) daf_pack_uint(k, proof->port);
}

void daf_frame_pack_revoked(struct daf_pack *k,
                            const struct daf_revoked *revoked)
{
    begin(k, 3, DAF_FRAME_REVOKED);
    daf_pack_bin(k, revoked->header.p, revoked->header.len);
    daf_pack_bin(k, revoked->body.p, revoked->body.len);
}

void daf_frame_pack_ask(struct daf_pack *k, const struct daf_ask *ask)
{
    begin(k, 5, DAF_FRAME_ASK);
    daf_pack_uint(k, ask->version_min);
    daf_pack_uint(k, ask->version_max);
    daf_pack_bin(k, ask->commitment.b, sizeof(ask->commitment.b));
    daf_pack_bin(k, ask->mac.b, sizeof(ask->mac.b));
}

void daf_frame_pack_offer(struct daf_pack *k, const struct daf_offer *offer)
{
    begin(k, 4, DAF_FRAME_OFFER);
    daf_pack_bin(k, offer->manifest.b, sizeof(offer->manifest.b));
    daf_pack_bin(k, offer->commitment.b, sizeof(offer->commitment.b));
    daf_pack_bin(k, offer->mac.b, sizeof(offer->mac.b));
}

void daf_frame_pack_reveal(struct daf_pack *k, const struct daf_reveal *reveal)
{
    begin(k, 3, DAF_FRAME_REVEAL);
    daf_pack_bin(k, reveal->nonce.b, sizeof(reveal->nonce.b));
    daf_pack_bin(k, reveal->request.p, reveal->request.len);
}

void daf_frame_pack_answer(struct daf_pack *k, const struct daf_hash *nonce)
{
    begin(k, 2, DAF_FRAME_ANSWER);
    daf_pack_bin(k, nonce->b, sizeof(nonce->b));
}

void daf_frame_pack_accept(struct daf_pack *k, const struct daf_accept *accept)
{
    begin(k, 4, DAF_FRAME_ACCEPT);
    daf_pack_bin(k, accept->manifest.p, accept->manifest.len);
    daf_pack_bin(k, accept->cert.p, accept->cert.len);
    daf_pack_uint(k, accept->port);
}

void daf_frame_pack_decline(struct daf_pack *k, enum daf_decline reason)
{
    begin(k, 2, DAF_FRAME_DECLINE);
    daf_pack_uint(k, (uint64_t)reason);
}

/* ---- frames with a list */

size_t daf_frame_begin_root(struct daf_pack *k, const struct daf_root *root)
{
    begin(k, 8, DAF_FRAME_ROOT);
    daf_pack_bin(k, root->author.b, sizeof(root->author.b));
    daf_pack_bin(k, root->sig.b, sizeof(root->sig.b));
    daf_pack_uint(k, root->manifest_number);
    daf_pack_bin(k, root->manifest_mark, sizeof(root->manifest_mark));
    daf_pack_uint(k, root->bodies);
    daf_pack_bin(k, root->combined.b, sizeof(root->combined.b));
    return daf_pack_open(k);
}

void daf_frame_add_part(struct daf_pack *k, const struct daf_root_part *part)
{
    daf_pack_array(k, 5);
    pack_scope(k, &part->scope);
    daf_pack_uint(k, part->heads_count);
    daf_pack_bin(k, part->sum.b, sizeof(part->sum.b));
    daf_pack_bin(k, part->symbols.p, part->symbols.len);
    daf_pack_bin(k, part->deferred.p, part->deferred.len);
}

size_t daf_frame_begin_want(struct daf_pack *k,
                            const struct daf_scope_id *scope, uint64_t credit)
{
    begin(k, 5, DAF_FRAME_WANT);
    pack_scope(k, scope);
    daf_pack_uint(k, DAF_WANT_RECORDS);
    daf_pack_uint(k, credit);
    return daf_pack_open(k);
}

/* What a want is: the names of its parts are its documentation.
 * NOLINTNEXTLINE(readability-function-size) */
void daf_frame_add_want(struct daf_pack *k, const struct daf_tag *tag,
                        const struct daf_spot *wants, size_t wants_count,
                        const struct daf_spot *haves, size_t haves_count,
                        bool all)
{
    daf_pack_array(k, 4);
    daf_pack_bin(k, tag->b, sizeof(tag->b));
    pack_spots(k, wants, wants_count);
    pack_spots(k, haves, haves_count);
    daf_pack_bool(k, all);
}

size_t daf_frame_begin_need(struct daf_pack *k,
                            const struct daf_scope_id *scope)
{
    begin(k, 3, DAF_FRAME_NEED);
    pack_scope(k, scope);
    return daf_pack_open(k);
}

void daf_frame_add_need(struct daf_pack *k, const struct daf_log_key *log,
                        const struct daf_spot *spots, size_t count)
{
    daf_pack_array(k, 3);
    pack_log(k, log);
    pack_spots(k, spots, count);
}

size_t daf_frame_begin_run(struct daf_pack *k, const struct daf_scope_id *scope)
{
    begin(k, 4, DAF_FRAME_RUN);
    pack_scope(k, scope);
    daf_pack_uint(k, 0); /* daf_frame_end() rewrites it in place */
    return daf_pack_open(k);
}

size_t daf_frame_begin_path(struct daf_pack *k, const struct daf_log_key *log)
{
    daf_pack_array(k, 3);
    pack_log(k, log);
    return daf_pack_open(k);
}

void daf_frame_add_record(struct daf_pack *k, const struct daf_stored *record)
{
    daf_pack_array(k, 2);
    daf_pack_bin(k, record->header.p, record->header.len);
    if (record->body_state == DAF_BODY_HELD)
        daf_pack_bin(k, record->body.p, record->body.len);
    else
        daf_pack_uint(k, (uint64_t)record->body_state);
}

size_t daf_frame_begin_ack(struct daf_pack *k, const struct daf_scope_id *scope)
{
    begin(k, 3, DAF_FRAME_ACK);
    pack_scope(k, scope);
    return daf_pack_open(k);
}

void daf_frame_add_ack(struct daf_pack *k, const struct daf_ack_path *path)
{
    daf_pack_array(k, 5);
    pack_log(k, &path->log);
    daf_pack_uint(k, path->seq_first);
    daf_pack_uint(k, path->last.seq);
    daf_pack_bin(k, path->last.id.b, sizeof(path->last.id.b));
}

size_t daf_frame_begin_addresses(struct daf_pack *k)
{
    begin(k, 2, DAF_FRAME_ADDRESSES);
    return daf_pack_open(k);
}

size_t daf_frame_begin_device(struct daf_pack *k,
                              const struct daf_author_id *author)
{
    daf_pack_array(k, 2);
    daf_pack_bin(k, author->b, sizeof(author->b));
    return daf_pack_open(k);
}

/* One byte before the list says where a RUN stands in its answer. */
static void end_run(struct daf_pack *k, size_t mark, uint64_t end)
{
    struct daf_pack byte;

    if (k->is_full || k->p[NUMBER_AT] != DAF_FRAME_RUN) return;
    daf_pack_init(&byte, k->p + mark - 1, 1);
    daf_pack_uint(&byte, end);
}

void daf_frame_end(struct daf_pack *k, size_t mark, size_t count, bool flag)
{
    daf_pack_close(k, mark, count);
    if (flag) end_run(k, mark, 1);
}

void daf_frame_end_cut(struct daf_pack *k, size_t mark, size_t count)
{
    daf_pack_close(k, mark, count);
    end_run(k, mark, 2);
}
