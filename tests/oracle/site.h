/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sites: instructions that may access memory, and what was seen at each.
 *
 * QEMU translates the same code again and again (blocks overlap, the cache is
 * flushed), and generated code keeps a pointer to the site. So there is one
 * site per (address, instruction word) however often that is translated, and
 * it is never freed. Another module at the same address has other words there,
 * or shares the site; what was seen is kept apart by range all the same.
 */
#ifndef ORACLE_SITE_H
#define ORACLE_SITE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "control.h"

struct qemu_plugin_hwaddr;

#define OUTSIDE_SLOT	UINT64_MAX

/* What was seen at a site as part of one range. All vCPUs write it. */
struct tally {
	struct tally *next;
	const struct site *site;
	uint64_t slot;
	uint64_t start;		/* of the range */
	const char *device;	/* the first one accessed */
	uint64_t verdict[NR_VERDICTS];
	uint64_t wrong;		/* accesses with SPRG0 not the instruction */
	struct {
		uint64_t sprg0;
		uint64_t vaddr;	/* of the device register */
		unsigned int vcpu;
	} first_wrong;
	uint64_t last_wrong_sprg0;
};

struct site {
	uint64_t vaddr;
	uint32_t word;
	bool may_be_captured;
	struct tally *tallies;
};

struct site *site_get(uint64_t vaddr, uint32_t word);
/* @device is asked for a name when this makes a new tally. */
struct tally *site_tally(struct site *site, uint64_t slot, uint64_t start,
			 const struct qemu_plugin_hwaddr *device);
/* How many there are. */
unsigned int site_number(void);
/* All tallies, ordered by slot, range and address. Free with g_ptr_array_unref(). */
GPtrArray *site_all_tallies(void);

#endif
