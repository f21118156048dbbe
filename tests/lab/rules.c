/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lab/rules.h"

#include "tests/lab/flight.h"

#include <string.h>

#define PPM 1000000

enum {
    TYPE_ARP = 0x0806,
    TYPE_IPV6 = 0x86dd,
    NEXT_HEADER_AT = LAB_HEADER_BYTES + 6,
    ICMPV6_AT = LAB_HEADER_BYTES + 40,
    PROTOCOL_ICMPV6 = 58,
    /* Router and neighbour solicitation and advertisement, redirect. */
    ICMPV6_ND_FIRST = 133,
    ICMPV6_ND_LAST = 137,
};

void lab_rules_init(struct lab_rules *r, unsigned ports, uint64_t seed)
{
    memset(r, 0, sizeof(*r));
    r->ports = ports;
    for (unsigned from = 0; from < ports; from++)
        for (unsigned to = 0; to < ports; to++)
            r->chance[from][to] = chance_of(seed, from * LAB_PORTS_MAX + to);
}

/* ---- who */

static bool is_group(const uint8_t *frame)
{
    return (frame[0] & 1) != 0;
}

void lab_rules_learn(struct lab_rules *r, unsigned from, const uint8_t *frame)
{
    struct lab_learnt *slot;
    unsigned held =
        r->learnt_count < LAB_LEARNT_MAX ? r->learnt_count : LAB_LEARNT_MAX;

    for (unsigned i = 0; i < held; i++) {
        slot = &r->learnt[i];
        if (memcmp(slot->mac, frame + 6, sizeof(slot->mac)) != 0) continue;
        slot->port = from; /* a station may have moved */
        return;
    }
    slot = &r->learnt[r->learnt_count++ % LAB_LEARNT_MAX];
    memcpy(slot->mac, frame + 6, sizeof(slot->mac));
    slot->port = from;
}

unsigned lab_rules_target(const struct lab_rules *r, const uint8_t *frame)
{
    if (is_group(frame)) return LAB_EVERYBODY;
    for (unsigned i = 0; i < r->learnt_count && i < LAB_LEARNT_MAX; i++)
        if (memcmp(r->learnt[i].mac, frame, sizeof(r->learnt[i].mac)) == 0)
            return r->learnt[i].port;
    return LAB_EVERYBODY;
}

/* Without these no two stations could speak at all, so that access points that
 * drop multicast let them by. */
static bool is_address_resolution(const uint8_t *frame, size_t len)
{
    unsigned type = (unsigned)frame[12] << 8 | frame[13];

    if (type == TYPE_ARP) return true;
    return type == TYPE_IPV6 && len > ICMPV6_AT &&
           frame[NEXT_HEADER_AT] == PROTOCOL_ICMPV6 &&
           frame[ICMPV6_AT] >= ICMPV6_ND_FIRST &&
           frame[ICMPV6_AT] <= ICMPV6_ND_LAST;
}

bool lab_rules_passes(const struct lab_rules *r, const uint8_t *frame,
                      size_t len)
{
    if (!is_group(frame)) return !r->is_isolated;
    return !r->no_multicast || is_address_resolution(frame, len);
}

bool lab_rules_is_joined(const struct lab_rules *r, unsigned from, unsigned to)
{
    return from != to && !r->is_cut[from] && !r->is_cut[to] &&
           !r->is_parted[from][to];
}

/* ---- when */

/* One queue in front of something that takes time for each bit. */
static uint64_t take_turn(const struct lab_rules *r, uint64_t *free_at,
                          size_t len, uint64_t now)
{
    if (r->rate_kbit == 0) return now;
    if (*free_at > now + LAB_QUEUE_US_MAX) return LAB_NEVER;
    if (*free_at < now) *free_at = now;
    *free_at += (uint64_t)len * 8 * 1000 / r->rate_kbit;
    return *free_at;
}

uint64_t lab_rules_leave(struct lab_rules *r, unsigned from, size_t len,
                         uint64_t now)
{
    return take_turn(r, &r->up_free_at[from], len, now);
}

/* Even over [delay - jitter, delay + jitter], never before it was sent. */
static uint64_t travel_us(const struct lab_rules *r, uint64_t luck)
{
    uint64_t us = r->delay_us + luck % (2 * r->jitter_us + 1);

    return us > r->jitter_us ? us - r->jitter_us : 0;
}

struct lab_fate lab_rules_fate(struct lab_rules *r, unsigned from, unsigned to,
                               size_t len, uint64_t left)
{
    struct chance *chance = &r->chance[from][to];
    struct lab_fate fate = {.copies = 1};
    /* Always as many numbers, so that one setting does not move another's. */
    bool is_lost = chance_below(chance, PPM) < r->loss_ppm;
    bool is_double = chance_below(chance, PPM) < r->dup_ppm;
    uint64_t luck[2] = {chance_next(chance), chance_next(chance)};

    if (is_lost) fate.copies = 0;
    if (!is_lost && is_double) fate.copies = 2;
    for (unsigned i = 0; i < fate.copies; i++) {
        fate.at[i] = take_turn(r, &r->down_free_at[to], len,
                               left + travel_us(r, luck[i]));
        if (fate.at[i] != LAB_NEVER) continue;
        fate.copies = i;
        fate.is_full = true;
    }
    return fate;
}
