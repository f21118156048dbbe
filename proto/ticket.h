/* SPDX-License-Identifier: Apache-2.0 */
/* proto/ticket.h - what a person carries from the coordinator's screen to the
 * new device (docs/protocol.md §5.4): 52 characters to type, or a longer text for
 * a QR code that also says where the porch is.
 *
 * Its secret lets its holder ask to be enrolled, once; never log it. */
#ifndef DAF_PROTO_TICKET_H
#define DAF_PROTO_TICKET_H

#include "proto/err.h"
#include "proto/limits.h"
#include "proto/types.h"

#define DAF_TICKET_CODE_CHARS 52
#define DAF_TICKET_ADDR_CHARS 63
/* "DAFTAR1:", two codes, addresses with a colon each; without the NUL. */
#define DAF_TICKET_TEXT_CHARS            \
    (8 + 2 * DAF_TICKET_CODE_CHARS + 1 + \
     DAF_TICKET_ADDRS_MAX * (DAF_TICKET_ADDR_CHARS + 1))
/* What is read may have blanks and dashes between. */
#define DAF_TICKET_READ_CHARS 1024

struct daf_ticket {
    uint8_t secret[16], mark[16];
    bool is_full; /* and then: */
    struct daf_box_pk porch;
    size_t addrs_count;
    /* "192.0.2.7:5671"; what was read is not checked beyond its letters. */
    char addrs[DAF_TICKET_ADDRS_MAX][DAF_TICKET_ADDR_CHARS + 1];
};

/** daf_ticket_code: the 52 characters; @out has room for a NUL as well. */
void daf_ticket_code(const struct daf_ticket *t,
                     char out[DAF_TICKET_CODE_CHARS + 1]);
/** daf_ticket_text: the full form of a full ticket. */
void daf_ticket_text(const struct daf_ticket *t,
                     char out[DAF_TICKET_TEXT_CHARS + 1]);

/** daf_ticket_parse: read either form.  DAF_EFORM, DAF_ELIMIT, or DAF_EVERSION
 * (a full form of a later version). */
DAF_NODISCARD enum daf_err daf_ticket_parse(struct daf_view text,
                                            struct daf_ticket *out);

#endif
