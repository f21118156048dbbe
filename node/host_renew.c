/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of its own for a device whose card was copied (docs/protocol.md R127): it
 * makes them, asks the camp for a certificate, and takes them once a coordinator
 * has given one. */
#include "node/clock.h"
#include "node/host_impl.h"
#include "node/renewals.h"
#include "node/selfvalue.h"
#include "proto/hash.h"

#include <assert.h>

/* After a batch; of many only the last is looked at. */
#define LOOK_MS 200

struct own_request {
    const struct daf_author_id *author, *renewed;
    bool is_there;
};

static bool seek_own(void *ctx, const struct daf_renewal_info *r)
{
    struct own_request *own = ctx;

    own->is_there = memcmp(&r->author, own->author, sizeof(r->author)) == 0 &&
                    memcmp(&r->renewed, own->renewed, sizeof(r->renewed)) == 0;
    return !own->is_there;
}

static bool has_asked(struct daf_host *h, const struct daf_author_id *renewed)
{
    struct own_request own = {daf_agent_author(h->agent), renewed, false};

    return daf_renewals_read(h->reader, daf_agent_camp(h->agent), seek_own,
                             &own) != DAF_OK ||
           own.is_there;
}

static void ask(struct daf_host *h, const struct daf_self *self,
                struct daf_view request)
{
    uint8_t room[DAF_REQUEST_BYTES_MAX + 12 * DAF_LIVES_MAX];
    struct daf_renewal renewal = {.lives_count = self->lives_count,
                                  .request = request};
    struct daf_write write = {.ticket = UINT64_MAX, /* nobody's */
                              .kind = DAF_WRITE_RENEWAL,
                              .claimed = daf_clock_wall()};
    struct daf_input in = {.kind = DAF_INPUT_WRITE, .write = &write};
    struct daf_pack k;

    static_assert(DAF_LIVES_MAX <= DAF_RENEWAL_LIVES_MAX, "all fit");
    memcpy(renewal.lives, self->lives, sizeof(self->lives));
    daf_pack_init(&k, room, sizeof(room));
    daf_payload_pack_renewal(&k, &renewal);
    if (k.is_full) return;
    write.payload = daf_pack_view(&k);
    write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
    daf_host_input(h, &in);
}

/* A coordinator has certified the new keys. */
static bool take(struct daf_host *h, uint64_t life,
                 const struct daf_author_id *renewed)
{
    const struct daf_camp *camp = daf_agent_camp(h->agent);
    uint8_t cert[DAF_CERT_BYTES_MAX];
    struct daf_trouble t = {""};
    size_t len = 0;

    if (daf_camp_is_revoked(camp, renewed) ||
        daf_renewals_cert(h->reader, camp, renewed, cert, &len) != DAF_OK)
        return false;
    if (daf_home_next_take(&h->home, life, (struct daf_view){cert, len}, &t) !=
        DAF_OK) {
        daf_log("the new keys of this device cannot be taken: %s", t.what);
        return false;
    }
    daf_log("a coordinator has given this device keys of its own; it goes on "
            "with them");
    daf_host_begin_again(h);
    return true;
}

void daf_host_renew(void *host)
{
    struct daf_host *h = host;
    struct daf_device_keys keys;
    struct daf_author_id renewed;
    struct daf_trouble t = {""};
    struct daf_self self;
    uint8_t request[DAF_REQUEST_BYTES_MAX];
    size_t len = 0;
    uint64_t life;

    if (h->is_stopping || h->home.cert == NULL || h->has_told_revoked ||
        daf_agent_clones(h->agent) == 0 ||
        daf_selfvalue_get(h->reader, &self) != DAF_OK)
        return;
    life = self.lives[self.lives_count - 1];
    if (daf_home_next(&h->home, life, &keys, request, &len, &t) != DAF_OK) {
        if (daf_log_due(&h->renew_trouble, daf_clock_now()))
            daf_log("no new keys can be made: %s", t.what);
        return;
    }
    renewed = daf_hash_author_id(&keys.sign);
    if (take(h, life, &renewed)) return;
    if (h->renew_asked == life || has_asked(h, &renewed)) {
        h->renew_asked = life;
        return;
    }
    ask(h, &self, (struct daf_view){request, len});
}

void daf_host_renew_soon(struct daf_host *h)
{
    if (h->renew_timer.at.ms == DAF_MONO_NEVER.ms)
        daf_loop_timer_set(&h->renew_timer,
                           daf_clock_after(daf_clock_now(), LOOK_MS));
}
