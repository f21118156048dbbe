/* SPDX-License-Identifier: Apache-2.0 */
/* sim/device/shelf_model.h - a device's content: which parts of which item it holds.
 *
 * It answers as store/shelf.h does, and has no bytes: a part that came from its first
 * byte to its last is one that has its hash.  So 40 devices that hold 500 MB each take
 * 240 bytes each.  An item is one file.  What is held stays over a cut of power: of
 * the real shelf's, the last 2 s or 8 MiB go.  One thread. */
#ifndef DAF_SIM_DEVICE_SHELF_MODEL_H
#define DAF_SIM_DEVICE_SHELF_MODEL_H

#include "node/core/agent.h"
#include "sim/core/item.h"

/* What all devices know of an item. */
struct daf_shelf_about {
    struct daf_hash content;
    uint64_t bytes;
    uint32_t list_bytes, pages, parts;
    uint32_t chunk_bytes;
};
/** daf_shelf_about: of one file of so many bytes; @number tells items apart. */
struct daf_shelf_about daf_shelf_about(uint64_t bytes, uint32_t number);
/** daf_shelf_about_part: how long a part is; 0: there is none such. */
uint32_t daf_shelf_about_part(const struct daf_shelf_about *a, uint32_t part);

struct daf_shelf_model; /* opaque */

/** daf_shelf_model_new: an empty one.
 * @about: of @count items that there may be; outlives it.  DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_shelf_model_new(
    const struct daf_shelf_about *about, size_t count,
    struct daf_shelf_model **out);
void daf_shelf_model_free(struct daf_shelf_model *s);

/** daf_shelf_model_add: item @item is on it from now on: whole, or wanted. */
void daf_shelf_model_add(struct daf_shelf_model *s, size_t item, bool is_whole);
/** daf_shelf_model_news: as the agent is told; views are borrowed until the shelf
 * changes.  False: it is not on it. */
bool daf_shelf_model_news(const struct daf_shelf_model *s, size_t item,
                          struct daf_item_news *out);

/** daf_shelf_model_put: as daf_shelf_put(); *@twice grows by bytes of a part that is
 * held.  DAF_ENOTFOUND; DAF_ENOMEM. */
DAF_NODISCARD enum daf_err daf_shelf_model_put(
    struct daf_shelf_model *s, uint32_t sender,
    const struct daf_port_piece *piece, enum daf_shelf_put *out,
    uint64_t *twice);
void daf_shelf_model_forget(struct daf_shelf_model *s, uint32_t sender);
/** daf_shelf_model_restart: nobody is in the middle of a part any more. */
void daf_shelf_model_restart(struct daf_shelf_model *s);

/** daf_shelf_model_read: as daf_shelf_read(): how many bytes a read from there has;
 * they are zeros.  DAF_ENOTFOUND: it is not held. */
DAF_NODISCARD enum daf_err daf_shelf_model_read(
    const struct daf_shelf_model *s, const struct daf_port_piece *piece,
    uint32_t *len, bool *is_last);

/** daf_shelf_model_find: which item that is; its count: none. */
size_t daf_shelf_model_find(const struct daf_shelf_model *s,
                            const struct daf_hash *content);

#endif
