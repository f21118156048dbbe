/* SPDX-License-Identifier: Apache-2.0 */

/* The head of a picture is read within its bytes, and what may be a preview has
 * sides. */

#include "tests/fuzz/fuzz.h"

#include "proto/picture.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct daf_view bytes = {data, size};
    struct daf_picture p;

    if (daf_picture_look(bytes, &p) != DAF_OK) {
        assert(!daf_picture_is_preview(bytes));
        return 0;
    }
    assert(p.width > 0 && p.height > 0);
    assert(daf_picture_type(p.kind)[0] == 'i');
    if (daf_picture_is_preview(bytes))
        assert(size <= DAF_CONTENT_PREVIEW_BYTES_MAX && !p.moves &&
               p.width <= DAF_PICTURE_SIDE_MAX &&
               p.height <= DAF_PICTURE_SIDE_MAX);
    return 0;
}
