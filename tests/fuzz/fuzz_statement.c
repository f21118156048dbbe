/* SPDX-License-Identifier: Apache-2.0 */

/* What decodes is within its bounds, each id that it lists is found, and it stands
 * instead of nothing that stands instead of it. */

#include "tests/fuzz/fuzz.h"

#include "proto/status.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_view bytes = {data, size};
    struct daf_sign_pk nobody = {{1}};
    struct daf_statement st;
    struct daf_stated said, again;
    uint8_t row[DAF_STATED_BYTES];

    if (daf_statement_decode(bytes, &st) != DAF_OK) return 0;
    assert(daf_statement_verify(bytes, &st, &nobody) != DAF_OK);
    assert(st.page < DAF_ARCHIVED_PAGES_MAX && st.number > 0);
    for (size_t i = 0; i < st.content.len / 32; i++) {
        uint64_t since, found;
        struct daf_hash content = daf_statement_at(&st, i, &since);

        assert(daf_statement_find(&st, &content, &found) && found == since);
    }
    assert(daf_status_control(&st).len <= st.other.len);
    said = daf_statement_mark(&st);
    daf_statement_write(&said, row);
    again = daf_statement_read(row);
    assert(daf_statement_order(&said, &again) == 0);
    assert(!daf_statement_stands(&said, &again));
    return 0;
}
