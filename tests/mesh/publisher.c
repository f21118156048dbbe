/* SPDX-License-Identifier: Apache-2.0 */
/* publisher HOME LONG SHORT: publishes so many items that nobody has, as a curator
 * who means ill may: for mesh/web.sh.  The first LONG have the longest texts that
 * R59 lets through.  HOME is of a camp, may curate, and its daemon is not running. */
#include "tests/lib/t.h"

#include "node/clock.h"
#include "node/offline.h"
#include "proto/payload.h"
#include "tests/lib/goods.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define TURN 64 /* that are durable together */

static void on_wrote(void *ctx, const struct daf_wrote *wrote)
{
    size_t *written = ctx;

    if (wrote->err == DAF_OK) (*written)++;
}

static void publish(struct daf_offline *o, uint32_t number, bool is_long)
{
    static uint8_t manifest[DAF_CONTENT_MANIFEST_BYTES_MAX];
    static uint8_t payload[DAF_PAYLOAD_BYTES_MAX];
    struct daf_catalogue_item item = {.manifest = {manifest, 0}};
    struct daf_write write = {.kind = DAF_WRITE_CATALOG};
    struct daf_pack k;

    item.manifest.len = daf_goods_manifest(number, is_long, manifest);
    daf_pack_init(&k, payload, sizeof(payload));
    daf_payload_pack_catalogue_item(&k, &item);
    write.payload = daf_pack_view(&k);
    write.claimed = daf_clock_wall();
    write.time_quality = (uint8_t)daf_clock_quality(write.claimed);
    daf_offline_put(o, &write);
}

int main(int argc, char **argv)
{
    unsigned long count, longs;
    struct daf_trouble t = {""};
    struct daf_offline *o = NULL;
    struct daf_home home;
    size_t written = 0;

    if (argc != 4 || sodium_init() < 0) return 2;
    longs = strtoul(argv[2], NULL, 10);
    count = longs + strtoul(argv[3], NULL, 10);
    if (daf_home_load(argv[1], true, &home, &t) != DAF_OK ||
        daf_home_lock(&home, &t) != DAF_OK ||
        daf_offline_open(&home, on_wrote, &written, &o, &t) != DAF_OK) {
        (void)fprintf(stderr, "publisher: %s\n", t.what);
        return 1;
    }
    for (unsigned long i = 0; i < count; i++) {
        publish(o, (uint32_t)i, i < longs);
        if (i % TURN == TURN - 1) daf_offline_flush(o);
    }
    daf_offline_flush(o);
    daf_offline_close(o);
    daf_home_unload(&home);
    return written == count ? 0 : 1;
}
