/* SPDX-License-Identifier: Apache-2.0 */
/* Of what a sketch says differs, one log is left out. */
#include "tests/mutants/mutant.h"

enum daf_err __real_daf_sketch_decode(struct daf_symbol *difference,
                                      size_t count,
                                      const struct daf_scope_id *key,
                                      struct daf_sketch_one *out, size_t cap,
                                      size_t *out_count);
enum daf_err __wrap_daf_sketch_decode(struct daf_symbol *difference,
                                      size_t count,
                                      const struct daf_scope_id *key,
                                      struct daf_sketch_one *out, size_t cap,
                                      size_t *out_count)
{
    enum daf_err err =
        __real_daf_sketch_decode(difference, count, key, out, cap, out_count);

    if (err == DAF_OK && *out_count > 1) --*out_count;
    return err;
}
