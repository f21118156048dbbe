/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/lib/hex.h"

#include "tests/lib/t.h"

#include <sodium.h>
#include <string.h>

size_t daf_hex_decode(const char *hex, uint8_t *out, size_t cap)
{
    const char *end = NULL;
    size_t len = 0;

    assert_int_equal(sodium_hex2bin(out, cap, hex, strlen(hex), " ", &len,
                                    &end),
                     0);
    assert_true(*end == '\0');
    return len;
}
