/* SPDX-License-Identifier: Apache-2.0 */
/* proto/status.h - what a status says (docs/protocol.md R118): a statement of kind 2,
 * carried whatever is in it, and read only where it is looked at. */
#ifndef DAF_PROTO_STATUS_H
#define DAF_PROTO_STATUS_H

#include "proto/pack.h"
#include "proto/statement.h"

/* What a status's `control` has room for. */
#define DAF_STATUS_CONTROL_BYTES_MAX 860

/** daf_status_pack: the map, of what is packed in @control. */
void daf_status_pack(struct daf_pack *k, struct daf_view control);
/** daf_status_control: what @st says in `control`; empty if it is no status, or not
 * of that form.  Borrowed from its bytes; what is in it is anybody's guess. */
struct daf_view daf_status_control(const struct daf_statement *st);

#endif
