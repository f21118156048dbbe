/* SPDX-License-Identifier: Apache-2.0 */
#include "node/web_events.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void daf_web_events_begin(struct daf_web_events *e, uint32_t epoch,
                          uint64_t number)
{
    e->epoch = epoch;
    e->last = e->known = number;
}

bool daf_web_events_add(struct daf_web_events *e, const char *kind,
                        uint64_t number)
{
    size_t len = strlen(kind);

    if (number != e->last + 1 || len == 0 || len >= sizeof(e->kinds[0]) ||
        strspn(kind, "abcdefghijklmnopqrstuvwxyz") != len)
        return false;
    e->last = number;
    memcpy(e->kinds[number % DAF_WEB_EVENTS_MAX], kind, len + 1);
    if (e->last - e->known > DAF_WEB_EVENTS_MAX)
        e->known = e->last - DAF_WEB_EVENTS_MAX;
    return true;
}

uint64_t daf_web_events_after(const struct daf_web_events *e,
                              const char *last_id, bool *out_reset)
{
    char *end = NULL;
    unsigned long long epoch, number;

    *out_reset = false;
    if (last_id == NULL) return e->last;
    *out_reset = true;
    if (last_id[0] < '0' || last_id[0] > '9') return e->last;
    epoch = strtoull(last_id, &end, 10);
    if (*end != '.' || end[1] < '0' || end[1] > '9') return e->last;
    number = strtoull(end + 1, &end, 10);
    if (*end != '\0' || epoch != e->epoch || number < e->known ||
        number > e->last)
        return e->last;
    *out_reset = false;
    return number;
}

static size_t write_event(const struct daf_web_events *e, const char *kind,
                          uint64_t number, char *out)
{
    int len = snprintf(out, DAF_WEB_EVENT_BYTES,
                       "id: %" PRIu32 ".%" PRIu64 "\nevent: %s\ndata: \n\n",
                       e->epoch, number, kind);

    return len > 0 && len < DAF_WEB_EVENT_BYTES ? (size_t)len : 0;
}

size_t daf_web_events_next(const struct daf_web_events *e, uint64_t *at,
                           char out[DAF_WEB_EVENT_BYTES])
{
    if (*at >= e->last) return 0;
    if (*at < e->known) { /* slower than the ring is long */
        *at = e->last;
        return daf_web_events_reset(e, out);
    }
    ++*at;
    return write_event(e, e->kinds[*at % DAF_WEB_EVENTS_MAX], *at, out);
}

size_t daf_web_events_reset(const struct daf_web_events *e,
                            char out[DAF_WEB_EVENT_BYTES])
{
    return write_event(e, "reset", e->last, out);
}
