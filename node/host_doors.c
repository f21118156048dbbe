/* SPDX-License-Identifier: Apache-2.0 */
/* Doors that proved true, from one start to the next. */
#include "node/addresses.h"
#include "node/clock.h"
#include "node/host_impl.h"

#include <stdlib.h>

/* Whom it called before the start. */
void daf_host_doors_tell(struct daf_host *h)
{
    struct daf_addresses_file *file = calloc(1, sizeof(*file));

    if (file == NULL) return;
    daf_addresses_read(&h->home, file);
    /* The last proven stands first, and is told last. */
    for (size_t i = file->count; i-- > 0;) {
        const struct daf_addresses_door *door = &file->doors[i];

        for (size_t j = door->count; j-- > 0;) {
            struct daf_input in = {.kind = DAF_INPUT_PEER,
                                   .found_by = DAF_FOUND_CACHED,
                                   .author = door->author,
                                   .addr = door->addrs[j]};

            daf_host_input(h, &in);
        }
    }
    free(file);
    h->doors_written = daf_agent_proven_changes(h->agent);
}

static void keep_door(struct daf_addresses_file *file,
                      const struct daf_author_id *author,
                      const struct daf_addr *addr)
{
    size_t at = 0;

    while (at < file->count &&
           memcmp(file->doors[at].author.b, author->b, sizeof(author->b)) != 0)
        at++;
    if (at == DAF_ADDRESSES_DEVICES_MAX) return;
    if (at == file->count) file->doors[file->count++].author = *author;
    if (file->doors[at].count < DAF_ADDRESSES_EACH_MAX)
        file->doors[at].addrs[file->doors[at].count++] = *addr;
}

void daf_host_doors_write(void *ctx)
{
    struct daf_host *h = ctx;
    uint64_t changes = daf_agent_proven_changes(h->agent);
    struct daf_addresses_file *file;
    struct daf_author_id author;
    struct daf_trouble t = {""};
    struct daf_addr addr;
    uint64_t before = UINT64_MAX;

    if (changes == h->doors_written) return;
    file = calloc(1, sizeof(*file));
    if (file == NULL) return;
    while (daf_agent_proven(h->agent, &before, &author, &addr))
        keep_door(file, &author, &addr);
    if (daf_addresses_write(&h->home, file, &t) != DAF_OK &&
        daf_log_due(&h->write_trouble, daf_clock_now()))
        daf_log("addresses are not kept for the next start: %s", t.what);
    h->doors_written = changes; /* tried; the next change tries again */
    free(file);
}
