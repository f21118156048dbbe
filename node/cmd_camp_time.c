/* SPDX-License-Identifier: Apache-2.0 */
/* daftar camp clock, daftar camp beacon: what coordinators say about time. */
#include "node/clock.h"
#include "node/cmd.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define PREFIX_MIN 8

/* One run: what is said, and how it went. */
struct saying {
    const struct daf_cmd *cmd;
    struct daf_cmd_view view;
    struct daf_record_id record;
    enum daf_err err; /* of the write */
    struct daf_trouble t;
};

/* ---- may it be */

static enum daf_err check_own(struct saying *s, enum daf_type type)
{
    const char *name = daf_payload_type_str(type);
    const struct daf_manifest *m = daf_camp_manifest(s->view.camp);

    if (daf_manifest_coordinator(m, &s->view.author) == NULL) {
        daf_home_trouble(&s->t,
                         "this device is no coordinator of the camp, and only "
                         "coordinators say what time it is. To do: ask one");
        return DAF_EDENIED;
    }
    if (daf_manifest_has_type(m, (struct daf_view){(const uint8_t *)name,
                                                   strlen(name)}))
        return DAF_OK;
    daf_home_trouble(&s->t,
                     "the camp's register does not name the type %s, so no "
                     "device would read it. To do: make a manifest that names "
                     "it",
                     name);
    return DAF_ETYPE;
}

/* ---- writing */

static void note(void *ctx, const struct daf_wrote *wrote,
                 const struct daf_trouble *t)
{
    struct saying *s = ctx;

    s->record = wrote->record;
    s->err = wrote->err;
    if (wrote->err != DAF_OK) s->t = *t;
}

static enum daf_err write_one(struct saying *s, struct daf_view payload)
{
    struct daf_write write = {.kind = DAF_WRITE_CONTROL,
                              .payload = payload,
                              .claimed = daf_clock_wall()};
    struct daf_cmd_writer *w;
    enum daf_err err = daf_cmd_writer_open(&s->view.home, note, s, &w, &s->t);

    write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
    if (err != DAF_OK) return err;
    err = daf_cmd_writer_put(w, &write, &s->t);
    if (err == DAF_OK) err = daf_cmd_writer_flush(w, &s->t);
    daf_cmd_writer_close(w);
    return err != DAF_OK ? err : s->err;
}

/* ---- a clock */

static bool read_number(const char *text, uint64_t *out)
{
    char *end = NULL;
    unsigned long long n;

    if (text == NULL || !isdigit((unsigned char)text[0]) || strlen(text) > 18)
        return false;
    n = strtoull(text, &end, 10);
    *out = n;
    return *end == '\0';
}

/* RFC 3339, its "Z" or "+03:30" and all: seconds to be taken off. */
static bool read_zone(const char *text, long *out)
{
    unsigned hours = 0, minutes = 0;
    int len = 0;

    *out = 0;
    if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) return true;
    if ((text[0] != '+' && text[0] != '-') ||
        sscanf(text + 1, "%2u:%2u%n", &hours, &minutes, &len) != 2 ||
        len != 5 || text[6] != '\0' || hours > 23 || minutes > 59)
        return false;
    *out = (long)(hours * 3600 + minutes * 60) * (text[0] == '-' ? -1 : 1);
    return true;
}

static bool read_time(const char *text, uint64_t *out)
{
    struct tm tm = {0};
    const char *rest;
    long zone;
    int64_t at;

    if (read_number(text, out)) return true;
    rest = text == NULL ? NULL : strptime(text, "%Y-%m-%dT%H:%M:%S", &tm);
    if (rest == NULL) return false;
    if (*rest == '.') /* of a second nobody asks for a part */
        rest += 1 + strspn(rest + 1, "0123456789");
    if (!read_zone(rest, &zone)) return false;
    at = (int64_t)timegm(&tm) - zone;
    *out = at < 0 ? 0 : (uint64_t)at * 1000;
    return at >= 0;
}

static enum daf_err read_clock(struct saying *s, struct daf_clock_fix *fix)
{
    fix->has_value = true;
    if (read_number(daf_cmd_value(s->cmd, "boot"), &fix->boot) &&
        read_time(daf_cmd_value(s->cmd, "claimed"), &fix->claimed_ms) &&
        read_time(daf_cmd_value(s->cmd, "real"), &fix->real_ms))
        return DAF_OK;
    daf_home_trouble(&s->t, "--boot must be a number, and --claimed and --real "
                            "times such as 2026-03-01T10:00:00Z");
    return DAF_EUSAGE;
}

static enum daf_err find_device(struct saying *s, struct daf_author_id *out)
{
    const char *digits = s->cmd->args[0];
    char hex[2 * sizeof(out->b) + 1];
    struct daf_device d;
    size_t found = 0;

    for (size_t i = 0;
         strlen(digits) >= PREFIX_MIN && daf_camp_device(s->view.camp, i, &d);
         i++) {
        (void)daf_cmd_hex_str(d.author.b, sizeof(d.author.b), hex);
        if (!daf_cmd_begins(hex, digits)) continue;
        *out = d.author;
        found++;
    }
    if (found == 1) return DAF_OK;
    daf_home_trouble(&s->t, found > 1
                                ? "several devices begin with these digits. To "
                                  "do: give more of them"
                                : "no device of the camp begins with these "
                                  "digits, 8 or more. To do: daftar devices "
                                  "lists them");
    return found > 1 ? DAF_EUSAGE : DAF_ENOTFOUND;
}

/* What stands is replaced; what would be the 65th stays, behind what is lower. */
static void replace_standing(const struct saying *s, struct daf_clock_fix *fix)
{
    const struct daf_record_id *above = NULL;
    struct daf_camp_clock clock;

    while (fix->replaces_count < DAF_REPLACES_MAX &&
           daf_camp_clock(s->view.camp, &fix->who, fix->boot, above, &clock)) {
        fix->replaces[fix->replaces_count] = clock.record;
        above = &fix->replaces[fix->replaces_count++];
    }
}

static void print_clock(const struct saying *s, const struct daf_clock_fix *fix)
{
    char hex[2 * sizeof(fix->who.b) + 1];

    if (s->cmd->json) {
        daf_cmd_print(json_pack("{so so sI sI sI sI}", "record",
                                daf_cmd_hex(s->record.b, sizeof(s->record.b)),
                                "device",
                                daf_cmd_hex(fix->who.b, sizeof(fix->who.b)),
                                "boot", (json_int_t)fix->boot, "claimed_ms",
                                (json_int_t)fix->claimed_ms, "real_ms",
                                (json_int_t)fix->real_ms, "replaced",
                                (json_int_t)fix->replaces_count));
        return;
    }
    (void)printf("What device %s wrote in its start %llu is shown %+lld s from "
                 "what its clock said.\n",
                 daf_cmd_hex_str(fix->who.b, sizeof(fix->who.b), hex),
                 (unsigned long long)fix->boot,
                 ((long long)fix->real_ms - (long long)fix->claimed_ms) / 1000);
}

static enum daf_err say_clock(struct saying *s)
{
    uint8_t payload[256 + DAF_REPLACES_MAX * 34];
    struct daf_clock_fix fix = {.has_value = false};
    struct daf_pack k;
    enum daf_err err = read_clock(s, &fix);

    if (err == DAF_OK) err = check_own(s, DAF_TYPE_CLOCK);
    if (err == DAF_OK) err = find_device(s, &fix.who);
    if (err != DAF_OK) return err;
    replace_standing(s, &fix);
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_clock(&k, &fix);
    err = write_one(s, daf_pack_view(&k));
    if (err == DAF_OK) print_clock(s, &fix);
    return err;
}

/* ---- a beacon */

static enum daf_err read_week(struct saying *s, uint64_t *out)
{
    const char *text = daf_cmd_value(s->cmd, "week");
    struct daf_wall wall = daf_clock_wall();

    *out = daf_camp_week(wall.ms);
    if (text != NULL && !read_number(text, out)) {
        daf_home_trouble(&s->t, "--week must be a number: weeks since "
                                "1970-01-01, as daftar status shows");
        return DAF_EUSAGE;
    }
    if (*out >= DAF_BEACON_FROM && *out <= DAF_BEACON_TO &&
        (text != NULL || daf_clock_quality(wall) != DAF_TIME_UNSET))
        return DAF_OK;
    daf_home_trouble(&s->t,
                     "week %llu is not within 2020 to 2050%s. To do: %s--week "
                     "%d or more",
                     (unsigned long long)*out,
                     text == NULL ? ", as this device's clock has it" : "",
                     text == NULL ? "set the date, or " : "", DAF_BEACON_FROM);
    return DAF_EUSAGE;
}

/* Why it would not count, and who could help. */
static enum daf_err check_week(struct saying *s, uint64_t week)
{
    uint64_t held = 0;

    if (daf_camp_beacon_counts(s->view.camp, &s->view.author, week) ||
        daf_cmd_value(s->cmd, "first") != NULL)
        return DAF_OK;
    if (daf_camp_beacon(s->view.camp, &held))
        daf_home_trouble(&s->t,
                         "week %llu is more than %d above what two "
                         "coordinators have said (the beacon is %llu), so it "
                         "would not count. To do: look at the date; if it is "
                         "right give --first, and let another coordinator say "
                         "so as well",
                         (unsigned long long)week, DAF_BEACON_ALONE,
                         (unsigned long long)held);
    else
        daf_home_trouble(&s->t,
                         "no other coordinator has said a week so late yet, so "
                         "this would not count. To do: give --first, and let "
                         "another coordinator say so as well");
    return DAF_EDENIED;
}

static void print_beacon(const struct saying *s, uint64_t week, bool counts)
{
    if (s->cmd->json) {
        daf_cmd_print(json_pack("{so sI sb}", "record",
                                daf_cmd_hex(s->record.b, sizeof(s->record.b)),
                                "beacon", (json_int_t)week, "counts", counts));
        return;
    }
    (void)printf("Week %llu is said%s.\n", (unsigned long long)week,
                 counts ? ""
                        : ", and counts once another coordinator says so too");
}

static enum daf_err say_beacon(struct saying *s)
{
    uint8_t payload[64];
    struct daf_pack k;
    uint64_t week;
    enum daf_err err = read_week(s, &week);

    if (err == DAF_OK) err = check_own(s, DAF_TYPE_BEACON);
    if (err == DAF_OK) err = check_week(s, week);
    if (err != DAF_OK) return err;
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_beacon(&k, week);
    err = write_one(s, daf_pack_view(&k));
    if (err == DAF_OK)
        print_beacon(s, week,
                     daf_camp_beacon_counts(s->view.camp, &s->view.author,
                                            week));
    return err;
}

static enum daf_exit run(const struct daf_cmd *cmd,
                         enum daf_err (*say)(struct saying *s))
{
    struct saying s = {.cmd = cmd};
    enum daf_err err = daf_cmd_view_open(cmd, false, &s.view, &s.t);

    if (err == DAF_OK) {
        err = say(&s);
        daf_cmd_view_close(&s.view);
    }
    return err == DAF_OK ? DAF_EXIT_DONE : daf_cmd_fail(cmd, err, &s.t);
}

enum daf_exit daf_cmd_camp_clock(const struct daf_cmd *cmd)
{
    return run(cmd, say_clock);
}

enum daf_exit daf_cmd_camp_beacon(const struct daf_cmd *cmd)
{
    return run(cmd, say_beacon);
}
