/* SPDX-License-Identifier: Apache-2.0 */
/* What came is synced and noted; and when nothing lacks any more, the item is
 * whole. */
#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>

#include "store/shelf_impl.h"

/* ---- noting */

/* A sync that failed says nothing of what it has written, and a second one would
 * say that all is well: what was not noted counts as lost. */
static enum daf_err sync_failed(struct daf_shelf *s, struct daf_shelf_kept *it,
                                enum daf_err err)
{
    if (err != DAF_OK && err != DAF_ENOMEM) daf_shelf_unnoted_lost(s, it);
    return err;
}

static bool is_unnoted(const struct daf_shelf_kept *it, uint32_t part)
{
    return daf_shelf_bit(it->bits, part) && !daf_shelf_bit(it->noted, part);
}

static bool has_unnoted_page(const struct daf_shelf_kept *it)
{
    for (uint32_t i = 0; i < it->pages; i++) {
        if (is_unnoted(it, i)) return true;
    }
    return false;
}

/* The next file of which a chunk is not noted.  False: there is none. */
static bool next_unnoted(struct daf_shelf_kept *it,
                         const struct daf_shelf_files *l, uint32_t *out)
{
    struct daf_shelf_progress *w = &it->work;

    if (w->note < it->pages) w->note = it->pages;
    while (w->note < it->parts) {
        uint32_t at = w->note++;

        if (it->bits[at / 8] == it->noted[at / 8]) {
            w->note = (at | 7) + 1;
            continue;
        }
        if (!is_unnoted(it, at)) continue;
        *out = daf_shelf_files_at(it, l, at);
        if (!daf_shelf_bit(l->synced, *out)) return true;
    }
    return false;
}

static bool next_file(struct daf_shelf_kept *it, uint32_t *at, uint32_t *out)
{
    if (*at >= it->files) return false;
    *out = (*at)++;
    return true;
}

/* Syncs a file, or the list; *@out_done: there was none left. */
static enum daf_err sync_next(struct daf_shelf *s, struct daf_shelf_kept *it,
                              bool *out_done)
{
    struct daf_shelf_progress *w = &it->work;
    struct daf_shelf_files *l;
    enum daf_err err;
    uint32_t at;

    *out_done = false;
    if (!it->has_list && !daf_shelf_is_settling(it)) { /* pages only */
        *out_done = true;
        return has_unnoted_page(it) ? daf_shelf_files_sync_list(s, it) : DAF_OK;
    }
    err = daf_shelf_files_get(s, it, &l);
    if (err != DAF_OK) return err;
    if (w->syncs_all ? next_file(it, &w->note, &at) : next_unnoted(it, l, &at))
        return daf_shelf_files_sync(s, it, at);
    *out_done = true;
    return w->syncs_all || has_unnoted_page(it)
               ? daf_shelf_files_sync_list(s, it)
               : DAF_OK;
}

enum daf_err daf_shelf_unit_note(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    bool is_done = true;
    enum daf_err err = DAF_OK;

    if (it->unsynced > 0 || it->is_have_wrong) {
        err = sync_failed(s, it, sync_next(s, it, &is_done));
        if (err != DAF_OK || !is_done) return err;
        err = daf_shelf_have_add(s, it);
        if (err != DAF_OK) return err;
        s->unsynced -= it->unsynced;
        it->unsynced = 0;
    }
    it->work.stage = it->work.after;
    it->work.after = DAF_SHELF_AT_REST;
    return DAF_OK;
}

/* ---- whole */

/* A publisher may have put its files/ beside our part/ meanwhile: as good.  If the
 * new name cannot be synced it is taken back. */
static enum daf_err rename_whole(struct daf_shelf *s, int folder)
{
    struct daf_shelf_disk *d = &s->disk;
    enum daf_err err, back;

    err = daf_shelf_disk_rename(d, folder, "part", folder, "files");
    if (err == DAF_EEXISTS) err = daf_shelf_disk_remove(d, folder, "part");
    if (err != DAF_OK) return err;
    err = daf_shelf_disk_sync(d, folder);
    if (err == DAF_OK) {
        back = daf_shelf_disk_remove(d, folder, "have");
        (void)back; /* nobody reads it again */
        return DAF_OK;
    }
    back = daf_shelf_disk_rename(d, folder, "files", folder, "part");
    (void)back; /* whole, at the next start */
    return err;
}

static enum daf_err name_whole(struct daf_shelf *s, struct daf_shelf_kept *it)
{
    enum daf_err err;
    int folder;

    err = daf_shelf_item_folder(s, &it->content, &folder);
    if (err != DAF_OK) return err;
    err = rename_whole(s, folder);
    daf_shelf_disk_close(folder);
    return err;
}

enum daf_err daf_shelf_unit_whole(struct daf_shelf *s,
                                  struct daf_shelf_kept *it)
{
    struct daf_shelf_files *l;
    enum daf_err err = daf_shelf_files_get(s, it, &l);
    uint32_t at;

    if (err == DAF_OK && next_file(it, &it->work.whole, &at))
        return sync_failed(s, it, daf_shelf_files_sync(s, it, at));
    if (err == DAF_OK) err = daf_shelf_files_sync_list(s, it);
    if (err != DAF_OK) return sync_failed(s, it, err);
    assert(it->held == it->parts && it->has_list);
    err = name_whole(s, it);
    if (err != DAF_OK) return err;
    daf_shelf_files_drop(it);
    free(it->bits);
    free(it->noted);
    it->bits = it->noted = NULL;
    s->unsynced -= it->unsynced;
    it->unsynced = 0;
    it->is_whole = true;
    it->taken = it->reserved = it->need;
    it->work.stage = DAF_SHELF_AT_REST;
    return DAF_OK;
}
