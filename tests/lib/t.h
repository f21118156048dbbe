/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAF_TESTS_LIB_T_H
#define DAF_TESTS_LIB_T_H

/* cmocka.h uses what these declare and includes none of it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
