/* SPDX-License-Identifier: Apache-2.0 */
/* All options of a scenario, as they will be used. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "sim/scenario/scenario.h"

struct teller {
    daf_scenario_option_fn fn;
    void *ctx;
    char prefix[64]; /* "groups[0]." */
};

__attribute__((format(printf, 3, 4))) static void tell(const struct teller *t,
                                                       const char *key,
                                                       const char *format, ...)
{
    char full[128], value[400];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(value, sizeof value, format, args);
    va_end(args);
    (void)snprintf(full, sizeof full, "%s%s", t->prefix, key);
    t->fn(t->ctx, full, value);
}

/* Seconds, and microseconds where there are some. */
static void tell_time(const struct teller *t, const char *key, daf_sim_us time)
{
    daf_sim_us rest = time % DAF_SIM_S;

    if (rest == 0)
        tell(t, key, "%" PRId64 "s", time / DAF_SIM_S);
    else
        tell(t, key, "%" PRId64 "us", time);
}

static void tell_span(const struct teller *t, const char *key,
                      struct daf_schedule_span span)
{
    if (span.min % DAF_SIM_S == 0 && span.max % DAF_SIM_S == 0)
        tell(t, key, "%" PRId64 "-%" PRId64 "s", span.min / DAF_SIM_S,
             span.max / DAF_SIM_S);
    else
        tell(t, key, "%" PRId64 "-%" PRId64 "us", span.min, span.max);
}

static void tell_number(const struct teller *t, const char *key,
                        uint64_t number, const char *unit)
{
    tell(t, key, "%" PRIu64 "%s", number, unit);
}

static void tell_share(const struct teller *t, const char *key,
                       uint32_t millionths)
{
    tell(t, key, "%" PRIu32 ".%04" PRIu32 "%%", millionths / 10000,
         millionths % 10000);
}

static void tell_bool(const struct teller *t, const char *key, bool is)
{
    tell(t, key, "%s", is ? "yes" : "no");
}

static void tell_days(const struct teller *t, uint8_t days)
{
    static const char names[] = "mon,tue,wed,thu,fri,sat,sun,";
    char text[sizeof names] = "";

    for (unsigned i = 0; i < 7; i++)
        if ((days >> i & 1) != 0) strncat(text, names + 4 * i, 4);
    if (text[0] != '\0') text[strlen(text) - 1] = '\0';
    tell(t, "days", "%s", text);
}

static const char *place_name(const struct daf_scenario *s, uint32_t place)
{
    return place == DAF_SCHEDULE_NONE ? "anywhere"
                                      : s->schedule.places[place].name;
}

static void tell_place(const struct teller *t,
                       const struct daf_schedule_place *p)
{
    static const char *const airs[] = {"none", "access-point", "direct"};

    tell(t, "name", "%s", p->name);
    tell_number(t, "count", p->count, "");
    tell(t, "air", "%s", airs[p->air]);
    tell(t, "speed", "%" PRIu64 "-%" PRIu64 "B/s", p->speed_min, p->speed_max);
    tell_share(t, "loss", p->loss);
    tell_share(t, "deaf", p->deaf);
    tell_span(t, "setup", p->setup);
    tell_number(t, "clients", p->clients, "");
    tell_bool(t, "charges", p->charges);
    tell_time(t, "charges.from", p->charge_from);
    tell_time(t, "charges.to", p->charge_to);
}

static void tell_stay(const struct teller *t, const struct daf_scenario *s,
                      const struct daf_schedule_stay *stay)
{
    tell(t, "at", "%s", place_name(s, stay->place));
    tell_time(t, "from", stay->from);
    tell_time(t, "to", stay->to);
    tell_time(t, "jitter", stay->jitter);
    tell_days(t, stay->days);
    tell_share(t, "chance", stay->chance);
    tell_bool(t, "drawn", stay->is_drawn);
    tell_bool(t, "off", stay->is_off);
}

static void tell_round(const struct teller *t, const struct daf_scenario *s,
                       const struct daf_schedule_round *r)
{
    if (r->place == DAF_SCHEDULE_NONE) return;
    tell(t, "round.of", "%s", place_name(s, r->place));
    tell_time(t, "round.from", r->from);
    tell_time(t, "round.to", r->to);
    tell_days(t, r->days);
    tell_span(t, "round.stay", r->stay);
    tell_span(t, "round.way", r->way);
}

static void tell_group(struct teller *t, const struct daf_scenario *s,
                       unsigned i)
{
    const struct daf_schedule_group *g = &s->schedule.groups[i];

    (void)snprintf(t->prefix, sizeof t->prefix, "groups[%u].", i);
    tell(t, "name", "%s", g->name);
    tell_number(t, "count", g->count, "");
    tell(t, "on", "%s", g->is_always_on ? "always" : "stays");
    tell_bool(t, "wired", g->is_wired);
    tell_span(t, "duty.on", g->duty_on);
    tell_span(t, "duty.off", g->duty_off);
    tell_time(t, "battery.lasts", g->battery.lasts);
    tell_time(t, "battery.charges", g->battery.charges);
    tell_share(t, "battery.resets-clock", g->battery.resets);
    tell_share(t, "clocks.wrong", g->wrong_clocks);
    tell(t, "clocks.off", "%" PRId64 "ms", g->wrong_clock_ms);
    tell_number(t, "buffer", g->buffer_bytes, "B");
    tell_round(t, s, &g->round);
    for (unsigned k = 0; k < g->stays_count; k++) {
        (void)snprintf(t->prefix, sizeof t->prefix, "groups[%u].stays[%u].", i,
                       k);
        tell_stay(t, s, &g->stays[k]);
    }
}

static void tell_errand(const struct teller *t, const struct daf_scenario *s,
                        const struct daf_schedule_errand *e)
{
    tell(t, "from", "%s", s->schedule.groups[e->group].name);
    tell(t, "to", "%s", s->schedule.groups[e->to].name);
    tell_bool(t, "drawn", e->is_drawn);
    tell(t, "at", "%s", place_name(s, e->at));
    tell_span(t, "every", e->every);
    tell(t, "size", "%" PRIu32 "-%" PRIu32 "B", e->bytes_min, e->bytes_max);
    tell_time(t, "after", e->from);
    tell_time(t, "until", e->until);
}

static void tell_meeting(const struct teller *t, const struct daf_scenario *s,
                         const struct daf_schedule_meeting *m)
{
    tell(t, "group", "%s", s->schedule.groups[m->group].name);
    tell(t, "with", "%s", s->schedule.groups[m->with].name);
    tell_span(t, "every", m->every);
    tell_span(t, "lasts", m->lasts);
    tell_span(t, "setup", m->setup);
    tell_number(t, "speed", m->speed, "B/s");
    tell_share(t, "loss", m->loss);
}

static void tell_partition(const struct teller *t, const struct daf_scenario *s,
                           const struct daf_schedule_partition *p)
{
    tell_time(t, "from", p->from);
    tell_time(t, "to", p->to);
    for (size_t i = 0; i < s->schedule.groups_count; i++)
        if ((p->groups >> i & 1) != 0)
            tell(t, "apart", "%s", s->schedule.groups[i].name);
}

static void tell_item(const struct teller *t, const struct daf_scenario *s,
                      const struct daf_sim_item *item)
{
    const struct daf_schedule_config *c = &s->schedule;

    tell(t, "name", "%s", item->name);
    tell_number(t, "size", item->bytes, "B");
    tell(t, "from", "%s", c->groups[daf_schedule_group_of(c, item->from)].name);
    tell(t, "to", "%s", c->groups[daf_schedule_group_of(c, item->to)].name);
    tell_time(t, "at", item->at);
}

static void tell_run(const struct teller *t, const struct daf_scenario *s)
{
    tell(t, "scenario", "%s", s->name);
    tell(t, "what", "%s", s->what);
    tell_time(t, "lasts", s->lasts);
    tell_time(t, "warm-up", s->warm_up);
    tell_time(t, "within", s->within);
    tell_number(t, "lifetime", s->lifetime_minutes, "min");
    tell_number(t, "buffer", s->buffer_bytes, "B");
}

void daf_scenario_expand(const struct daf_scenario *s,
                         daf_scenario_option_fn option, void *ctx)
{
    struct teller t = {.fn = option, .ctx = ctx};
    const struct daf_schedule_config *c = &s->schedule;

    tell_run(&t, s);
    for (unsigned i = 0; i < c->places_count; i++) {
        (void)snprintf(t.prefix, sizeof t.prefix, "places[%u].", i);
        tell_place(&t, &c->places[i]);
    }
    for (unsigned i = 0; i < c->groups_count; i++)
        tell_group(&t, s, i);
    for (unsigned i = 0; i < c->errands_count; i++) {
        (void)snprintf(t.prefix, sizeof t.prefix, "traffic[%u].", i);
        tell_errand(&t, s, &c->errands[i]);
    }
    for (unsigned i = 0; i < c->meetings_count; i++) {
        (void)snprintf(t.prefix, sizeof t.prefix, "meetings[%u].", i);
        tell_meeting(&t, s, &c->meetings[i]);
    }
    for (unsigned i = 0; i < c->partitions_count; i++) {
        (void)snprintf(t.prefix, sizeof t.prefix, "partitions[%u].", i);
        tell_partition(&t, s, &c->partitions[i]);
    }
    for (unsigned i = 0; i < s->items_count; i++) {
        (void)snprintf(t.prefix, sizeof t.prefix, "content[%u].", i);
        tell_item(&t, s, &s->items[i]);
    }
}
