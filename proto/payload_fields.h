/* SPDX-License-Identifier: Apache-2.0 */
/* proto/payload_fields.h - the map of a payload, key by key; for payload*.c.
 *
 * A field that nobody asks for is skipped, which is how unknown ones are carried
 * (protocol.md R12). */
#ifndef DAF_PROTO_PAYLOAD_FIELDS_H
#define DAF_PROTO_PAYLOAD_FIELDS_H

#include "proto/payload.h"

struct daf_payload_fields {
    struct daf_cursor c;
    struct daf_view key; /* the last one read */
    size_t left;
    bool is_waiting; /* key was read, and its value was not */
};

/** daf_payload_fields_open: a payload of @type; else the cursor has failed. */
void daf_payload_fields_open(struct daf_payload_fields *f,
                             struct daf_view payload, enum daf_type type);
/** daf_payload_fields_find: go on to the field called @key, so that its value is next.
 * Ask for fields in ascending order: keys ascend, so a greater one means that @key
 * is missing. */
bool daf_payload_fields_find(struct daf_payload_fields *f, const char *key);
/** daf_payload_fields_need: one that must be there. */
void daf_payload_fields_need(struct daf_payload_fields *f, const char *key);
/** daf_payload_fields_close: walk over what is left.  DAF_OK if the payload is whole and
 * well formed. */
DAF_NODISCARD enum daf_err daf_payload_fields_close(
    struct daf_payload_fields *f);

/** daf_payload_fields_require: what does not hold breaks the form at @start. */
void daf_payload_fields_require(struct daf_cursor *c, bool holds, size_t start);
/** daf_payload_fields_replaces: the value of `replaces`: 1 or more.  Returns how many. */
size_t daf_payload_fields_replaces(struct daf_cursor *c,
                                   struct daf_record_id out[DAF_REPLACES_MAX]);

/** daf_payload_fields_logs: the value of `logs`, each checked.  Returns how many. */
size_t daf_payload_fields_logs(struct daf_cursor *c, struct daf_view *out);
/** daf_payload_fields_second: the value of `second`: who, and 64 bytes in place. */
void daf_payload_fields_second(struct daf_cursor *c,
                               struct daf_author_id *out_who,
                               struct daf_view *out_sig);

bool daf_payload_fields_is_named(struct daf_view name, const char *as);

/** daf_payload_fields_begin: a payload of so many fields, which follow. */
void daf_payload_fields_begin(struct daf_pack *k, enum daf_type type,
                              size_t fields);
void daf_payload_fields_pack_text(struct daf_pack *k, const char *text);
void daf_payload_fields_pack_view(struct daf_pack *k, struct daf_view text);
/** daf_payload_fields_pack_replaces: key and value; nothing if there are none. */
void daf_payload_fields_pack_replaces(struct daf_pack *k,
                                      const struct daf_record_id *replaces,
                                      size_t count);

#endif
