/* SPDX-License-Identifier: Apache-2.0 */
#include "proto/joiner.h"

#include <sodium.h>

/* Who asks whom, with what: all of it.  NOLINTNEXTLINE(readability-function-size) */
void daf_joiner_begin(struct daf_joiner *j, const struct daf_ticket *ticket,
                      const struct daf_box_pk *porch,
                      const struct daf_device_keys *keys,
                      struct daf_view request, struct daf_rng *rng,
                      struct daf_pack *k)
{
    struct daf_ask ask = {.version_min = DAF_PROTOCOL_VERSION,
                          .version_max = DAF_PROTOCOL_VERSION};
    struct daf_porch_talk *t = &j->talk;

    memset(j, 0, sizeof(*j));
    j->keys = *keys;
    j->request = request;
    memcpy(j->mark, ticket->mark, sizeof(j->mark));
    t->ticket = daf_porch_key(ticket->secret);
    t->porch = *porch;
    t->joiner = keys->transport;
    daf_rng_bytes(rng, t->joiner_nonce.b, sizeof(t->joiner_nonce.b));
    t->joiner_commitment = daf_porch_commitment(&t->joiner_nonce, request);
    ask.commitment = t->joiner_commitment;
    ask.mac = daf_porch_ask_mac(t);
    daf_frame_pack_ask(k, &ask);
}

static enum daf_joiner_event refuse(struct daf_joiner *j, enum daf_err err)
{
    j->step = DAF_JOINER_OVER;
    j->err = err;
    return DAF_JOINER_REFUSED;
}

/* R52: nothing of ours is told before the porch is known to be the ticket's. */
static enum daf_joiner_event on_offer(struct daf_joiner *j,
                                      const struct daf_offer *offer,
                                      struct daf_pack *k)
{
    struct daf_porch_talk *t = &j->talk;
    struct daf_reveal reveal = {.request = j->request};
    struct daf_hash mac;
    uint8_t mark[16];

    t->manifest = offer->manifest;
    t->coordinator_commitment = offer->commitment;
    mac = daf_porch_offer_mac(t);
    daf_porch_mark(&t->manifest, &t->porch, mark);
    if (!daf_porch_same(&mac, &offer->mac) ||
        sodium_memcmp(mark, j->mark, sizeof(mark)) != 0)
        return refuse(j, DAF_EKEY);
    reveal.nonce = t->joiner_nonce;
    daf_frame_pack_reveal(k, &reveal);
    j->step = DAF_JOINER_REVEALED;
    return DAF_JOINER_SEND;
}

static enum daf_joiner_event on_answer(struct daf_joiner *j,
                                       const struct daf_hash *nonce)
{
    struct daf_porch_talk *t = &j->talk;
    struct daf_view speaker = {t->porch.b, sizeof(t->porch.b)};
    struct daf_hash commitment = daf_porch_commitment(nonce, speaker);

    if (!daf_porch_same(&commitment, &t->coordinator_commitment))
        return refuse(j, DAF_EPEER);
    t->coordinator_nonce = *nonce;
    j->step = DAF_JOINER_COMPARED;
    return DAF_JOINER_COMPARE;
}

static enum daf_joiner_event on_accept(struct daf_joiner *j,
                                       const struct daf_accept *accept)
{
    enum daf_err err =
        daf_joiner_check(accept->manifest, accept->cert, &j->keys, &j->manifest,
                         &j->cert, &j->why);

    if (err == DAF_OK && !daf_porch_same(&j->manifest.hash, &j->talk.manifest))
        err = DAF_EKEY; /* a camp that the ticket did not mean */
    if (err != DAF_OK) return refuse(j, err);
    j->accept = *accept;
    j->step = DAF_JOINER_OVER;
    return DAF_JOINER_ACCEPTED;
}

enum daf_joiner_event daf_joiner_frame(struct daf_joiner *j,
                                       struct daf_view bytes,
                                       struct daf_pack *k)
{
    struct daf_frame f;

    if (bytes.len > DAF_DOOR_BYTES_MAX ||
        daf_frame_decode(bytes, &f, NULL) != DAF_OK ||
        j->step == DAF_JOINER_OVER)
        return refuse(j, DAF_EPEER);
    if (f.kind == DAF_FRAME_DECLINE) {
        j->step = DAF_JOINER_OVER;
        j->decline = f.decline;
        return DAF_JOINER_DECLINED;
    }
    if (f.kind == DAF_FRAME_OFFER && j->step == DAF_JOINER_ASKED)
        return on_offer(j, &f.offer, k);
    if (f.kind == DAF_FRAME_ANSWER && j->step == DAF_JOINER_REVEALED)
        return on_answer(j, &f.nonce);
    if (f.kind == DAF_FRAME_ACCEPT && j->step == DAF_JOINER_COMPARED)
        return on_accept(j, &f.accept);
    return refuse(j, DAF_EPEER);
}

/* ---- what makes a member */

static enum daf_err no(const char **out_why, enum daf_err err, const char *why)
{
    *out_why = why;
    return err;
}

enum daf_err daf_joiner_check(struct daf_view manifest, struct daf_view cert,
                              const struct daf_device_keys *keys,
                              struct daf_manifest *out_manifest,
                              struct daf_cert *out_cert, const char **out_why)
{
    const struct daf_coordinator *issuer;
    enum daf_err err = daf_manifest_decode(manifest, out_manifest);

    if (err == DAF_OK) err = daf_manifest_verify(manifest, out_manifest);
    if (err != DAF_OK) return no(out_why, err, "its manifest is not good");
    err = daf_cert_decode(cert, out_cert);
    if (err != DAF_OK) return no(out_why, err, "its certificate is not good");
    if (memcmp(&out_cert->keys, keys, sizeof(*keys)) != 0)
        return no(out_why, DAF_EKEY, "it was made for another device");
    if (memcmp(&out_cert->camp, &out_manifest->camp, sizeof(out_cert->camp)) !=
        0)
        return no(out_why, DAF_EFORM,
                  "certificate and manifest are of two camps");
    issuer = daf_manifest_coordinator(out_manifest, &out_cert->issuer);
    if (issuer == NULL)
        return no(out_why, DAF_ESIG, "no coordinator made its certificate");
    err = daf_cert_verify(cert, out_cert, &issuer->keys.sign);
    if (err != DAF_OK)
        return no(out_why, err, "its certificate's signature is not good");
    return DAF_OK;
}
