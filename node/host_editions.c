/* SPDX-License-Identifier: Apache-2.0 */
/* Wishes go over to new editions (docs/content.md R96): what somebody wanted or
 * pinned, and a new edition replaces, has its wishes until the new one is whole. */
#include "node/clock.h"
#include "node/host_impl.h"

/* Catalogues come by many records: they are read once for all that come in so
 * long. */
#define EDITIONS_MS 200

#define BY_HAND ((unsigned)(DAF_SHELF_WANTED | DAF_SHELF_PINNED))

void daf_host_editions_soon(struct daf_host *h)
{
    if (h->editions_timer.at.ms != DAF_MONO_NEVER.ms) return;
    daf_loop_timer_set(&h->editions_timer,
                       daf_clock_after(daf_clock_now(), EDITIONS_MS));
}

static bool is_moving(const struct daf_contents_item *item)
{
    return (item->wishes & BY_HAND) != 0 &&
           (item->wishes & DAF_SHELF_STAYS) == 0;
}

static void wish(struct daf_host *h, struct daf_view manifest, unsigned set,
                 unsigned clear)
{
    const struct daf_contents_wish w = {.what = DAF_CONTENTS_ADD,
                                        .manifest = manifest,
                                        .set = set,
                                        .clear = clear};

    daf_contents_wish(h->contents, 0, &w);
}

/* A new one that is wished for already is let be: somebody may have taken a wish
 * back. */
static void move(struct daf_host *h, const struct daf_catalogue *catalogue,
                 const struct daf_contents_item *item)
{
    const struct daf_contents_item *there;
    struct daf_catalogue_entry old, new;

    if (!is_moving(item) ||
        !daf_catalogue_find(catalogue, &item->content, &old) ||
        !old.is_superseded ||
        !daf_catalogue_find(catalogue, &old.superseded_by, &new))
        return;
    there = daf_contents_find(h->contents, &old.superseded_by);
    if (there == NULL || (there->wishes & BY_HAND) == 0)
        wish(h, new.manifest, item->wishes & BY_HAND, 0);
    else if (there->is_whole)
        wish(h, old.manifest, 0, BY_HAND);
}

static enum daf_err read_catalogue(struct daf_host *h,
                                   struct daf_catalogue **out)
{
    return daf_wants_catalogue(h->reader, daf_agent_camp(h->agent), out);
}

/* What does not come to it now does when something changes again. */
void daf_host_editions(void *host)
{
    struct daf_host *h = host;
    struct daf_catalogue *catalogue;
    bool is_any = false;

    if (daf_contents_state(h->contents) != DAF_OK) return;
    for (size_t i = 0; !is_any && i < daf_contents_count(h->contents); i++)
        is_any = is_moving(daf_contents_at(h->contents, i));
    if (!is_any || read_catalogue(h, &catalogue) != DAF_OK) return;
    for (size_t i = 0; i < daf_contents_count(h->contents); i++)
        move(h, catalogue, daf_contents_at(h->contents, i));
    daf_catalogue_free(catalogue);
}

void daf_host_editions_kept(struct daf_host *h, const struct daf_hash *content)
{
    struct daf_catalogue *catalogue;

    if (read_catalogue(h, &catalogue) != DAF_OK) return;
    for (size_t i = 0; i < daf_contents_count(h->contents); i++) {
        const struct daf_contents_item *item = daf_contents_at(h->contents, i);
        struct daf_catalogue_entry old;

        if (is_moving(item) &&
            daf_catalogue_find(catalogue, &item->content, &old) &&
            old.is_superseded &&
            memcmp(old.superseded_by.b, content->b, sizeof(content->b)) == 0)
            wish(h, old.manifest, DAF_SHELF_STAYS, 0);
    }
    daf_catalogue_free(catalogue);
}
