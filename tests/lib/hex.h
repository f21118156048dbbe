/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAF_TESTS_LIB_HEX_H
#define DAF_TESTS_LIB_HEX_H

#include <stddef.h>
#include <stdint.h>

/**
 * daf_hex_decode: turn hexadecimal text into bytes; spaces between are allowed.
 * @out: room for @cap bytes.
 *
 * Returns how many bytes.  Fails the test if it is not hexadecimal or too long.
 */
size_t daf_hex_decode(const char *hex, uint8_t *out, size_t cap);

#endif
