/* SPDX-License-Identifier: Apache-2.0 */
/* node/learners.h - learners whom only unconfirmed records of revoked devices
 * registered (docs/protocol.md R106): their work opens, and they are shown as such.
 *
 * Costs nothing while no such record is held; then it reads the registrations of all
 * classes that can be read here, about 5 µs each. */
#ifndef DAF_NODE_LEARNERS_H
#define DAF_NODE_LEARNERS_H

#include "node/core/camp.h"
#include "store/store.h"

struct daf_learners_entry {
    struct daf_scope_id scope;
    struct daf_subject_id subject;
    bool is_confirmed;
};

struct daf_learners {
    size_t count, cap;
    struct daf_learners_entry
        *entries; /* owned; ascending; unconfirmed alone */
};

/** daf_learners_read: @out zeroed before; to be freed also after an error.
 * DAF_ENOMEM, and what the store returns. */
DAF_NODISCARD enum daf_err daf_learners_read(struct daf_store *store,
                                             const struct daf_camp *camp,
                                             struct daf_learners *out);
/** daf_learners_free: wipes it; zeros are fine. */
void daf_learners_free(struct daf_learners *l);

/** daf_learners_is_confirmed: whether somebody's record that counts registered this
 * learner in this class; true of those who are not known at all. */
bool daf_learners_is_confirmed(const struct daf_learners *l,
                               const struct daf_scope_id *scope,
                               const struct daf_subject_id *subject);

#endif
