/* SPDX-License-Identifier: Apache-2.0 */
#include "node/apiserver_impl.h"

#include <sodium.h>

static bool read_once(const json_t *text, uint8_t out[16])
{
    size_t len = 0;

    return json_string_length(text) == 32 &&
           sodium_hex2bin(out, 16, json_string_value(text), 32, NULL, &len,
                          NULL) == 0 &&
           len == 16;
}

const char *daf_apiserver_once(struct daf_apiserver_once *o,
                               const json_t *request, uint64_t ticket,
                               uint64_t *out_first,
                               const struct daf_wrote **out_done)
{
    const json_t *text = json_object_get(request, "once");
    struct daf_apiserver_once_one *one;
    uint8_t once[16];

    *out_first = ticket;
    *out_done = NULL;
    if (text == NULL) return NULL;
    if (!read_once(text, once)) return "once is 32 hexadecimal digits";
    for (size_t i = 0; i < DAF_APISERVER_ONCE_MAX; i++) {
        one = &o->ones[i];
        if (one->ticket == 0 || memcmp(one->once, once, sizeof(once)) != 0)
            continue;
        *out_first = one->ticket;
        if (one->is_done) *out_done = &one->wrote;
        return NULL;
    }
    one = &o->ones[o->next];
    o->next = (o->next + 1) % DAF_APISERVER_ONCE_MAX;
    *one = (struct daf_apiserver_once_one){.ticket = ticket};
    memcpy(one->once, once, sizeof(once));
    return NULL;
}

void daf_apiserver_once_wrote(struct daf_apiserver_once *o,
                              const struct daf_wrote *wrote)
{
    for (size_t i = 0; i < DAF_APISERVER_ONCE_MAX; i++) {
        struct daf_apiserver_once_one *one = &o->ones[i];

        if (one->ticket != wrote->ticket || one->is_done) continue;
        one->wrote = *wrote;
        one->is_done = wrote->err == DAF_OK;
        if (!one->is_done) one->ticket = 0;
        return;
    }
}
