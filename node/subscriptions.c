/* SPDX-License-Identifier: Apache-2.0 */
#include "node/subscriptions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_BYTES_MAX \
    (DAF_SUBSCRIPTIONS_MAX * (DAF_CONTENT_TEXT_BYTES_MAX + 1))

static bool is_channel(struct daf_view v)
{
    for (size_t i = 0; i < v.len; i++)
        if (v.p[i] < ' ' || v.p[i] == 127) return false;
    return v.len >= 1 && v.len <= DAF_CONTENT_TEXT_BYTES_MAX;
}

bool daf_subscriptions_has(const struct daf_subscriptions *s,
                           struct daf_view channel)
{
    for (size_t i = 0; i < s->count; i++)
        if (s->channels[i].len == channel.len &&
            memcmp(s->channels[i].p, channel.p, channel.len) == 0)
            return true;
    return false;
}

static void read_lines(struct daf_subscriptions *s, size_t len)
{
    size_t at = 0;

    while (at < len && s->count < DAF_SUBSCRIPTIONS_MAX) {
        const uint8_t *end = memchr(s->bytes + at, '\n', len - at);
        size_t to = end != NULL ? (size_t)(end - s->bytes) : len;
        const struct daf_view line = {s->bytes + at, to - at};

        if (is_channel(line) && !daf_subscriptions_has(s, line))
            s->channels[s->count++] = line;
        at = to + 1;
    }
}

enum daf_err daf_subscriptions_load(const struct daf_home *home,
                                    struct daf_subscriptions *out,
                                    struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    enum daf_err err;
    size_t len = 0;

    memset(out, 0, sizeof(*out));
    daf_home_path(home, "subscriptions", path);
    /* Only what is not there is none: a list that cannot be read now would be
     * written over by one line. */
    if (access(path, F_OK) != 0 && errno == ENOENT) return DAF_OK;
    err = daf_home_read_file(path, FILE_BYTES_MAX, &out->bytes, &len, t);
    if (err == DAF_OK) read_lines(out, len);
    return err;
}

void daf_subscriptions_free(struct daf_subscriptions *s)
{
    free(s->bytes);
    memset(s, 0, sizeof(*s));
}

static enum daf_err write_all(const struct daf_home *home,
                              const struct daf_subscriptions *s,
                              struct daf_view more, struct daf_view less,
                              struct daf_trouble *t)
{
    char path[DAF_HOME_PATH_MAX];
    uint8_t *bytes = malloc(FILE_BYTES_MAX + DAF_CONTENT_TEXT_BYTES_MAX + 1);
    size_t len = 0;
    enum daf_err err;

    if (bytes == NULL) return DAF_ENOMEM;
    for (size_t i = 0; i <= s->count; i++) {
        const struct daf_view one = i < s->count ? s->channels[i] : more;

        if (one.len == 0 ||
            (one.len == less.len && memcmp(one.p, less.p, less.len) == 0))
            continue;
        memcpy(bytes + len, one.p, one.len);
        len += one.len;
        bytes[len++] = '\n';
    }
    daf_home_path(home, "subscriptions", path);
    err = daf_home_write_file(path, 0600, (struct daf_view){bytes, len}, t);
    free(bytes);
    return err;
}

enum daf_err daf_subscriptions_set(const struct daf_home *home,
                                   const char *channel, bool is_on,
                                   struct daf_trouble *t)
{
    const struct daf_view none = {NULL, 0};
    const struct daf_view name = {(const uint8_t *)channel, strlen(channel)};
    struct daf_subscriptions s;
    enum daf_err err;

    if (!is_channel(name)) {
        daf_home_trouble(t,
                         "a channel's name has 1 to %d bytes, and no "
                         "control characters",
                         DAF_CONTENT_TEXT_BYTES_MAX);
        return DAF_ELIMIT;
    }
    err = daf_subscriptions_load(home, &s, t);
    if (err == DAF_OK && daf_subscriptions_has(&s, name) != is_on) {
        if (is_on && s.count == DAF_SUBSCRIPTIONS_MAX) {
            daf_home_trouble(t,
                             "this device keeps up with %d channels, as many "
                             "as it can. To do: daftar unsubscribe one",
                             (int)DAF_SUBSCRIPTIONS_MAX);
            err = DAF_ELIMIT;
        } else {
            err = write_all(home, &s, is_on ? name : none, is_on ? none : name,
                            t);
        }
    }
    daf_subscriptions_free(&s);
    return err;
}
