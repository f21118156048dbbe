/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/t.h"

#include "proto/err.h"

#include <string.h>

static void every_error_has_a_name_and_words_of_its_own(void **state)
{
    (void)state;
    for (unsigned a = 0; a < DAF_ERR_COUNT; a++) {
        assert_string_not_equal(daf_err_name((enum daf_err)a), "unknown");
        assert_true(strlen(daf_err_str((enum daf_err)a)) > 0);
        for (unsigned b = 0; b < a; b++)
            assert_string_not_equal(daf_err_name((enum daf_err)a),
                                    daf_err_name((enum daf_err)b));
    }
}

static void a_value_that_is_no_error_is_unknown(void **state)
{
    (void)state;
    assert_string_equal(daf_err_name(DAF_ERR_COUNT), "unknown");
    assert_string_equal(daf_err_str(DAF_ERR_COUNT), "unknown error");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_error_has_a_name_and_words_of_its_own),
        cmocka_unit_test(a_value_that_is_no_error_is_unknown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
