/* SPDX-License-Identifier: Apache-2.0 */
/* node/doubtful.h - the records of one revoked device, and which of them do not count
 * (docs/protocol.md R105): for `daftar revocations`, and for `daftar admit`, which
 * shows what would count before a person decides.
 *
 * Reads every header of that device, about 10 µs each, and keeps 120 bytes of each
 * that is unconfirmed. */
#ifndef DAF_NODE_DOUBTFUL_H
#define DAF_NODE_DOUBTFUL_H

#include "node/core/camp.h"
#include "store/store.h"

struct daf_doubtful_record {
    struct daf_log_key log;
    struct daf_spot spot;
    struct daf_record_id prev;
    bool is_tip;      /* of its log, as it is held here */
    bool is_admitted; /* by daf_doubtful_admit() */
};

struct daf_doubtful {
    size_t count, cap; /* unconfirmed records, log by log, by seq and id */
    struct daf_doubtful_record *records; /* owned */
    uint64_t confirmed;                  /* how many others of its are held */
    uint64_t named;                      /* of those, tips that were named */
    size_t logs;
};

/** daf_doubtful_read: of @author, in all scopes that the camp knows.  Of who is not
 * revoked nothing is unconfirmed.  @out zeroed before; to be freed also after an
 * error.  DAF_ENOMEM, and what the store returns. */
DAF_NODISCARD enum daf_err daf_doubtful_read(struct daf_store *store,
                                             const struct daf_camp *camp,
                                             const struct daf_author_id *author,
                                             struct daf_doubtful *out);
/** daf_doubtful_free: zeros are fine. */
void daf_doubtful_free(struct daf_doubtful *d);

/** daf_doubtful_admit: mark what counts if the marked are named: all below them.
 * Returns how many are marked then. */
size_t daf_doubtful_admit(struct daf_doubtful *d);

/** daf_doubtful_find: an unconfirmed record by id alone; NULL. */
struct daf_doubtful_record *daf_doubtful_find(struct daf_doubtful *d,
                                              const struct daf_record_id *id);

#endif
