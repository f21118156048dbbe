/* SPDX-License-Identifier: Apache-2.0 */
/* Beacons: weeks that coordinators have said (docs/records.md §4).
 *
 * Kept are the highest week that each coordinator has said, and which weeks anybody
 * has: sets and maxima, so that order plays no role, and of a fixed size whatever a
 * stolen key writes.  Both only grow, and with them what counts. */
#include "node/core/camp_impl.h"

#include <assert.h>

#define WEEK_MS ((uint64_t)7 * 86400 * 1000)

static_assert(DAF_BEACON_TO < 65536, "fits said_by");

/* ---- the way in */

static size_t place_of(const struct daf_camp *c,
                       const struct daf_author_id *who)
{
    for (size_t i = 0; i < c->manifest->coordinators_count; i++)
        if (memcmp(c->manifest->coordinators[i].author.b, who->b,
                   sizeof(who->b)) == 0)
            return i;
    return DAF_COORDINATORS_MAX;
}

static void note(struct daf_camp *c, const struct daf_author_id *who,
                 uint64_t week)
{
    size_t i = place_of(c, who), bit = (size_t)(week - DAF_BEACON_FROM);

    if (i == DAF_COORDINATORS_MAX) return;
    if (week > c->said_by[i]) c->said_by[i] = (uint16_t)week;
    c->said_weeks[bit / 8] |= (uint8_t)(1u << bit % 8);
}

static bool is_seconded(const struct daf_camp *c, const struct daf_log_key *log,
                        const struct daf_stored *stored,
                        struct daf_view payload, const struct daf_beacon *b)
{
    const struct daf_coordinator *second =
        b->has_second ? daf_manifest_coordinator(c->manifest, &b->second)
                      : NULL;
    struct daf_record header;

    return second != NULL &&
           memcmp(b->second.b, log->author.b, sizeof(b->second.b)) != 0 &&
           daf_record_decode(stored->header, &header) == DAF_OK &&
           daf_payload_second_sig_ok(payload, b->second_sig,
                                     (struct daf_view){stored->header.p,
                                                       header.aad_len},
                                     &second->keys.sign);
}

void daf_camp_add_beacon(struct daf_camp *c, const struct daf_log_key *log,
                         const struct daf_stored *stored,
                         struct daf_view payload)
{
    struct daf_beacon b;
    struct daf_view name;

    (void)daf_payload_type(payload, &name);
    /* R12: what the register does not name is not read. */
    if (!daf_manifest_has_type(c->manifest, name) ||
        daf_payload_beacon(payload, &b) != DAF_OK || b.week < DAF_BEACON_FROM ||
        b.week > DAF_BEACON_TO)
        return;
    note(c, &log->author, b.week);
    if (is_seconded(c, log, stored, payload, &b)) note(c, &b.second, b.week);
}

/* ---- what counts */

/* The highest week that two coordinators have said, or later ones; of a camp that
 * has one, that it has.  0: none. */
static uint64_t agreed(const struct daf_camp *c,
                       const uint16_t said_by[DAF_COORDINATORS_MAX])
{
    uint64_t first = 0, next = 0;

    for (size_t i = 0; i < c->manifest->coordinators_count; i++) {
        if (said_by[i] > first) {
            next = first;
            first = said_by[i];
        } else if (said_by[i] > next) {
            next = said_by[i];
        }
    }
    return c->manifest->coordinators_count == 1 ? first : next;
}

bool daf_camp_beacon(const struct daf_camp *c, uint64_t *out_week)
{
    uint64_t low = agreed(c, c->said_by), week = low + DAF_BEACON_ALONE;

    if (low == 0) return false;
    if (week > DAF_BEACON_TO) week = DAF_BEACON_TO;
    /* Somebody has said `low` itself. */
    for (; week > low; week--) {
        size_t bit = (size_t)(week - DAF_BEACON_FROM);

        if ((c->said_weeks[bit / 8] & 1u << bit % 8) != 0) break;
    }
    *out_week = week;
    return true;
}

bool daf_camp_beacon_counts(const struct daf_camp *c,
                            const struct daf_author_id *who, uint64_t week)
{
    uint16_t said_by[DAF_COORDINATORS_MAX];
    size_t i = place_of(c, who);
    uint64_t low;

    if (i == DAF_COORDINATORS_MAX || week < DAF_BEACON_FROM ||
        week > DAF_BEACON_TO)
        return false;
    memcpy(said_by, c->said_by, sizeof(said_by));
    if (week > said_by[i]) said_by[i] = (uint16_t)week;
    low = agreed(c, said_by);
    return low > 0 && week <= low + DAF_BEACON_ALONE;
}

/* ---- what for */

uint64_t daf_camp_week(uint64_t wall_ms)
{
    return wall_ms / WEEK_MS;
}

uint8_t daf_camp_time_quality(const struct daf_camp *c, struct daf_wall wall,
                              uint8_t quality)
{
    uint64_t beacon, week = daf_camp_week(wall.ms);

    if (quality != DAF_TIME_CLOCK || !daf_camp_beacon(c, &beacon) ||
        week < beacon || week > beacon + DAF_BEACON_ALONE)
        return quality;
    return DAF_TIME_BEACON;
}

enum daf_camp_clock_state daf_camp_clock_state(const struct daf_camp *c,
                                               struct daf_wall wall,
                                               uint8_t quality)
{
    uint64_t beacon, week = daf_camp_week(wall.ms);

    if (quality == DAF_TIME_UNSET) return DAF_CAMP_CLOCK_UNSET;
    if (week > DAF_BEACON_TO) return DAF_CAMP_CLOCK_AHEAD;
    return daf_camp_beacon(c, &beacon) && week < beacon ? DAF_CAMP_CLOCK_BEHIND
                                                        : DAF_CAMP_CLOCK_GOOD;
}

const char *daf_camp_clock_state_str(enum daf_camp_clock_state state)
{
    static const char *const words[] = {
        [DAF_CAMP_CLOCK_GOOD] = "good",
        [DAF_CAMP_CLOCK_BEHIND] = "behind the beacon",
        [DAF_CAMP_CLOCK_AHEAD] = "far ahead",
        [DAF_CAMP_CLOCK_UNSET] = "never set",
    };

    return words[state];
}
