/* SPDX-License-Identifier: Apache-2.0 */
/* tests/mutants/mutant.h - a protocol with one mistake.
 *
 * Each file beside this one is one mistake: functions named __wrap_<function>, which
 * the linker (--wrap) puts in the place of <function> of the product in a daftar-sim
 * of its own.  The product knows nothing of it.  mutants.sh lets each run worlds
 * until the checker sees the mistake; one that it never sees is a fault of the
 * checker. */
#ifndef DAF_TESTS_MUTANTS_MUTANT_H
#define DAF_TESTS_MUTANTS_MUTANT_H

#include "node/core/agent.h"

/* Only the linker calls what is here. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#endif
