/* SPDX-License-Identifier: Apache-2.0 */
#ifndef DAF_TESTS_FUZZ_H
#define DAF_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* The two names are libFuzzer's, not ours. */

/** LLVMFuzzerTestOneInput: run the target on one input.  Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/** LLVMFuzzerInitialize: called once before the first input, if defined. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

#endif
