/* SPDX-License-Identifier: Apache-2.0 */
/* sim/device/signer.h - signatures of a simulated run: real, or stubs.
 *
 * Ed25519 takes 19 µs to sign and 57 to verify, and ten thousand devices verify
 * each other's records: most of a run's time.  A stub is a SipHash of the message
 * under the signer's public key and a secret of the simulator: as long, as bound to
 * signer and message, and nobody in a simulated world makes one without the key.
 *
 * The product knows nothing of it: the program is linked with --wrap for libsodium's
 * two functions (sim/device/CMakeLists.txt).  One choice for the process. */
#ifndef DAF_SIM_DEVICE_SIGNER_H
#define DAF_SIM_DEVICE_SIGNER_H

#include <stdbool.h>

/** daf_signer_stub: from now on; real ones until then. */
void daf_signer_stub(bool is_stub);

#endif
