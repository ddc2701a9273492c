/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The control file: memory that the host program and the plugin share.
 *
 * The host creates and sizes the file, fills in the header, then starts QEMU.
 * While the guest runs, the host says which text is judged and the plugin
 * counts. tests/lab/oracle.py holds the same layout; change both, and VERSION.
 *
 * The judged ranges change while vCPUs read them. There are two tables: the one
 * in force is tables[generation & 1]. The host fills in the other one, then
 * stores generation + 1. A reader that copied a table while it was being
 * replaced sees that the generation moved and copies again; a host that dies
 * half way through leaves the old table in force.
 *
 * Where ranges overlap, the first one counts.
 *
 * A range names a slot, and counts are kept by slot. So counts go on when a
 * module is loaded again elsewhere, and the text of one module may lie in
 * several ranges.
 */
#ifndef ORACLE_CONTROL_H
#define ORACLE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CONTROL_MAGIC		0x4c4341524f4d5653ULL	/* "SVMORACL", little-endian */
#define CONTROL_VERSION		1
#define CONTROL_RANGES		16
#define CONTROL_SLOTS		64

enum verdict {
	MATCHED,	/* SPRG0 was the instruction, one that may be captured */
	MISMATCHED,	/* one that may be captured, but SPRG0 was not it */
	UNACCEPTABLE,	/* one that may never be captured, whatever SPRG0 was */
	NR_VERDICTS,
};

struct control_range {
	uint64_t start;
	uint64_t end;		/* the first byte after the range */
	uint64_t slot;
};

struct control_table {
	uint64_t count;
	struct control_range range[CONTROL_RANGES];
};

/*
 * One cache line per vCPU and slot, which only that vCPU writes.
 * [0] counts loads and [1] stores.
 */
struct control_counters {
	uint64_t verdict[NR_VERDICTS][2];
	uint64_t unresolved;	/* QEMU could not say whether it was a device */
	uint64_t reserved;
};

struct control_vcpu {
	struct control_counters slot[CONTROL_SLOTS];
	uint64_t outside[2];	/* device accesses by text outside every range */
	uint64_t outside_unresolved;
	uint64_t reserved[5];
};

struct control {
	uint64_t magic;
	uint32_t version;
	uint32_t vcpus;		/* room in vcpu[] */
	uint64_t attached;	/* written by the plugin: its process id */
	uint64_t generation;
	struct control_table tables[2];
	uint8_t reserved[4096 - 32 - 2 * sizeof(struct control_table)];
	struct control_vcpu vcpu[];
};

_Static_assert(sizeof(struct control_counters) == 64, "layout");
_Static_assert(sizeof(struct control_vcpu) == (CONTROL_SLOTS + 1) * 64, "layout");
_Static_assert(offsetof(struct control, vcpu) == 4096, "layout");

/* The ranges of one generation. Never changes and is never freed. */
struct view {
	uint64_t generation;
	unsigned int count;
	struct control_range range[CONTROL_RANGES];
};

/* NULL, with a message printed, if the file is not one to work with. */
struct control *control_open(const char *path, unsigned int vcpus);

/* The ranges in force. */
const struct view *control_view(struct control *control);

static inline const struct control_range *view_find(const struct view *view, uint64_t vaddr)
{
	for (unsigned int i = 0; i < view->count; i++) {
		const struct control_range *r = &view->range[i];

		if (vaddr - r->start < r->end - r->start)
			return r;
	}
	return NULL;
}

/* For counters with a single writer: no need for a locked instruction. */
static inline void count(uint64_t *counter)
{
	uint64_t n = __atomic_load_n(counter, __ATOMIC_RELAXED);

	__atomic_store_n(counter, n + 1, __ATOMIC_RELAXED);
}

#endif
