/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ORACLE_REPORT_H
#define ORACLE_REPORT_H

#include <stdbool.h>

#include "control.h"

#define REPORT_VERSION	1

/*
 * The report is one JSON object:
 *
 * version	REPORT_VERSION
 * watched	how many instructions were watched, whatever they accessed
 * totals	sums over all slots, and the accesses outside every range
 * slots	sums of each slot that has any
 * ranges	what was judged at the end: slot, start, end
 * sites	each instruction that accessed a device, in order of slot, range,
 *		address: slot and offset (of its range; null outside), address,
 *		instruction, device (the first), counts; and where SPRG0 ever was not
 *		the instruction, how often, the first occasion, the last value
 *
 * Addresses, instructions and SPRG0 are strings, "0x...".
 */

/*
 * Make sure that a report can be written to @path, and that none from an
 * earlier run is there. False, with a message printed, if not.
 */
bool report_prepare(const char *path);
/* Write it, whole or not at all. */
void report_write(struct control *control);

#endif
