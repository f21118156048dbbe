/* SPDX-License-Identifier: Apache-2.0 */
/* node/cmd_content.h - what the commands on content share: what the catalogue has,
 * what this device has of it, and how a person names an item. */
#ifndef DAF_NODE_CMD_CONTENT_H
#define DAF_NODE_CMD_CONTENT_H

#include "node/cmd.h"
#include "node/wants.h"
#include "store/catalogue.h"
#include "store/shelf.h"

struct daf_cmd_content {
    struct daf_cmd_view view;
    struct daf_catalogue *catalogue;
    bool has_daemon;
    /* Of this device, if it has a daemon; daf_evict_self. */
    bool was_archive, is_restored;
    json_t *states; /* of a daemon's content-list, or of the shelf itself, by
                       content id in hex; owned */
};

/** daf_cmd_content_open: read the catalogue, and ask the daemon, or the shelf
 * where none runs, what is here.  daf_cmd_content_close(). */
DAF_NODISCARD enum daf_err daf_cmd_content_open(const struct daf_cmd *cmd,
                                                struct daf_cmd_content *out,
                                                struct daf_trouble *t);
void daf_cmd_content_close(struct daf_cmd_content *c);

/** daf_cmd_content_state: what is here of an item, an object as in node/api.h's
 * content-list; NULL: nothing.  Borrowed. */
json_t *daf_cmd_content_state(const struct daf_cmd_content *c,
                              const struct daf_hash *content);

/** daf_cmd_content_find: the one item that @name means: its content id, the first
 * 6 digits of it or more, or its title in any language, or a part of that which
 * no other has; in Arabic with its marks or without.  DAF_ENOTFOUND, DAF_EUSAGE (several) with words. */
DAF_NODISCARD enum daf_err daf_cmd_content_find(const struct daf_cmd_content *c,
                                                const char *name,
                                                struct daf_catalogue_entry *out,
                                                struct daf_trouble *t);

/** daf_cmd_content_wants: what this device is to have, and why.  @out: to be freed
 * also after an error. */
DAF_NODISCARD enum daf_err daf_cmd_content_wants(
    const struct daf_cmd_content *c, struct daf_wants *out,
    struct daf_trouble *t);

/** daf_cmd_content_named: the same, of a catalogue alone. */
DAF_NODISCARD enum daf_err daf_cmd_content_named(
    const struct daf_catalogue *c, const char *name,
    struct daf_catalogue_entry *out, struct daf_trouble *t);

/** daf_cmd_content_title: the title in the person's language (LANG), with a NUL
 * behind. */
void daf_cmd_content_title(const struct daf_content *content,
                           char out[DAF_CONTENT_TITLE_BYTES_MAX + 1]);

/** daf_cmd_content_path: where a whole item's files are. */
void daf_cmd_content_path(const struct daf_home *home,
                          const struct daf_hash *content,
                          char out[DAF_HOME_PATH_MAX]);

/** daf_cmd_bar: a progress bar on standard error; @done of @total, @words behind
 * it.  daf_cmd_bar_end() before anything else is printed.  Only at a terminal and
 * without --json. */
bool daf_cmd_bar_wanted(const struct daf_cmd *cmd);
void daf_cmd_bar(uint64_t done, uint64_t total, const char *words);
void daf_cmd_bar_end(void);

#endif
