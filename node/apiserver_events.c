/* SPDX-License-Identifier: Apache-2.0 */
#include "node/apiserver_impl.h"

#include "node/clock.h"

#include <sodium.h>
#include <stdio.h>

static const struct {
    unsigned what;
    const char *name;
} kinds[] = {
    {DAF_APISERVER_RECORDS, "records"},
    {DAF_APISERVER_PEERS, "peers"},
    {DAF_APISERVER_CONTENT, "content"},
};

void daf_apiserver_events_init(struct daf_apiserver_events *e)
{
    *e = (struct daf_apiserver_events){.epoch = randombytes_random()};
}

void daf_apiserver_events_note(struct daf_apiserver_events *e, unsigned what)
{
    e->due |= what;
}

bool daf_apiserver_events_next(struct daf_apiserver_events *e,
                               struct daf_mono now,
                               char line[DAF_APISERVER_EVENT_BYTES])
{
    if (e->due == 0 || now.ms < e->not_before.ms) return false;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        if (!(e->due & kinds[i].what)) continue;
        e->due &= ~kinds[i].what;
        e->number++;
        (void)snprintf(line, DAF_APISERVER_EVENT_BYTES,
                       "{\"event\":\"%s\",\"n\":%llu}", kinds[i].name,
                       (unsigned long long)e->number);
        break;
    }
    if (e->due == 0)
        e->not_before = daf_clock_after(now, DAF_APISERVER_EVENTS_MS);
    return true;
}

struct daf_mono daf_apiserver_events_deadline(
    const struct daf_apiserver_events *e)
{
    return e->due == 0 ? DAF_MONO_NEVER : e->not_before;
}

json_t *daf_apiserver_events_json(const struct daf_apiserver_events *e)
{
    return json_pack("{sI sI}", "epoch", (json_int_t)e->epoch, "n",
                     (json_int_t)e->number);
}
