/* SPDX-License-Identifier: Apache-2.0 */
/* sim/spec.h - worlds and traffic as options say them: "key=value,key=value".
 *
 * Waypoint: nodes=1000,area=1000x1000m,range=10m,speed=0.5-1.5m/s,wait=0-120s; wait
 * is 0 if not said.  Traffic: every=25-35s,size=500kB-1MB,until=1h; until is the
 * run's end if not said.  Values are those of units.h; a span is one value or two,
 * the unit of the second standing for both if the first has none. */
#ifndef DAF_SIM_SPEC_H
#define DAF_SIM_SPEC_H

#include "sim/world/traffic.h"
#include "sim/world/waypoint.h"

#define DAF_SPEC_WHY_BYTES 200

/* Each: false if @text is not one, and @why says what is wrong and how to write it.
 * The seed stays 0; so do traffic's nodes, which are its world's. */
bool daf_spec_waypoint(const char *text, struct daf_waypoint_config *out,
                       char *why);
bool daf_spec_traffic(const char *text, struct daf_traffic_config *out,
                      char *why);

#endif
