/* SPDX-License-Identifier: Apache-2.0 */
/* sim/core/units.h - values with their units, as people write them.
 *
 * Sizes: "0", "512B", "50MB" (1000s), "64KiB" (1024s).  Speeds: the same with "/s",
 * which may be left out, or bits: "54Mbit/s".  Times: "100ms", "30s", "5min", "12h",
 * "7d".  Lengths: "10m", "2km"; paces: "1.5m/s".  A number may have a fraction ("1.5h").  Without a unit only 0 is a value:
 * nobody has to guess. */
#ifndef DAF_SIM_CORE_UNITS_H
#define DAF_SIM_CORE_UNITS_H

#include "sim/core/engine.h"

/* Each: false and *@out untouched if @text is not one, or too large. */
bool daf_units_time(const char *text, daf_sim_us *out);
bool daf_units_bytes(const char *text, uint64_t *out);
bool daf_units_speed(const char *text, uint64_t *out_bytes_per_s);
bool daf_units_metres(const char *text, double *out);
bool daf_units_pace(const char *text, double *out_m_per_s);
/* A time of day, "08:00" to "24:00". */
bool daf_units_clock(const char *text, daf_sim_us *out);
/* A share of a whole, "2.5%" to "100%", in millionths. */
bool daf_units_share(const char *text, uint32_t *out);
/** daf_units_span: "0.5-1.5m/s" is "0.5m/s" and "1.5m/s"; "5s" is twice the same.
 * @between stands between the two; @first, @second: DAF_UNITS_BYTES each. */
#define DAF_UNITS_BYTES 64
bool daf_units_span(const char *text, char between, char *first, char *second);
bool daf_units_count(const char *text, uint64_t most, uint64_t *out);

#endif
