// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The recorder: a QEMU TCG plugin that writes down every instruction a guest
 * retires between two markers, for "make bench" to count.
 *
 *   -smp 1 ... -plugin recorder.so,trace=FILE
 *
 * A marker is an instruction that does nothing and that neither compilers nor
 * the kernel use: BEGIN starts a sample, END ends it, and it goes to FILE as a
 * struct header and its struct entries. Neither marker is part of the sample.
 *
 * What is recorded: blocks of one instruction, outside user space. So nothing
 * is missed while QEMU's one-insn-per-tb is on, and a guest boots at full
 * speed while it is off. Whoever reads FILE can tell a sample with a hole: an
 * instruction that does not follow from the one before (tests/lab/recorder.py).
 */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "message.h"
#include "qemu_plugin_api.h"

#define BEGIN		0x68000000u	/* xori 0,0,0 */
#define END		0x64000000u	/* oris 0,0,0 */

#define KERNEL_SPACE	0xc000000000000000u

/* A sample longer than this has lost its end. */
#define MOST_ENTRIES	(4u << 20)

/* The file, in the byte order of the host. tests/lab/recorder.py reads it. */
struct header {
	uint64_t begin;		/* addresses of the markers */
	uint64_t end;
	uint64_t count;		/* of the entries that follow */
};

struct entry {
	uint64_t vaddr;
	uint32_t word;
	uint8_t loads;		/* from anywhere */
	uint8_t stores;
	uint8_t device;		/* how many of these were of a device */
	uint8_t byte;		/* what the last store of one byte stored */
};

_Static_assert(sizeof(struct header) == 24, "layout");
_Static_assert(sizeof(struct entry) == 16, "layout");

/* An instruction that was translated. Blocks point to it for as long as QEMU runs. */
struct site {
	uint64_t vaddr;
	uint32_t word;
};

static FILE *trace;
static struct entry *entries;
static struct header sample;
static bool recording;

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static void begin_sample(const struct site *site)
{
	if (recording)
		give_up("the marker at %#llx begins a sample within the one begun at %#llx",
			(unsigned long long)site->vaddr, (unsigned long long)sample.begin);
	recording = true;
	sample.begin = site->vaddr;
	sample.count = 0;
}

static void end_sample(const struct site *site)
{
	if (!recording)
		give_up("the marker at %#llx ends a sample that no marker began",
			(unsigned long long)site->vaddr);
	recording = false;
	sample.end = site->vaddr;
	if (fwrite(&sample, sizeof(sample), 1, trace) != 1 ||
	    fwrite(entries, sizeof(*entries), sample.count, trace) != sample.count ||
	    fflush(trace))
		give_up("cannot write the trace: %s", strerror(errno));
}

static void record(const struct site *site)
{
	if (!recording)
		return;
	if (sample.count == MOST_ENTRIES)
		give_up("the sample begun at %#llx has no end within %u instructions",
			(unsigned long long)sample.begin, MOST_ENTRIES);
	entries[sample.count++] = (struct entry){ .vaddr = site->vaddr, .word = site->word };
}

/* Before the instruction is executed. */
static void on_insn(unused unsigned int cpu, void *udata)
{
	const struct site *site = udata;

	switch (site->word) {
	case BEGIN:
		begin_sample(site);
		break;
	case END:
		end_sample(site);
		break;
	default:
		record(site);
	}
}

/* After the memory operation of the instruction that was recorded last. */
static void on_mem(unused unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t vaddr,
		   unused void *udata)
{
	struct qemu_plugin_hwaddr *hwaddr;
	struct entry *entry;

	if (!recording || !sample.count)
		return;
	entry = &entries[sample.count - 1];
	if (qemu_plugin_mem_is_store(info)) {
		entry->stores++;
		if (!qemu_plugin_mem_size_shift(info))
			entry->byte = qemu_plugin_mem_get_value(info).data.u8;
	} else {
		entry->loads++;
	}
	hwaddr = qemu_plugin_get_hwaddr(info, vaddr);
	if (hwaddr && qemu_plugin_hwaddr_is_io(hwaddr))
		entry->device++;
}

static void translate(struct qemu_plugin_tb *tb, unused void *udata)
{
	struct qemu_plugin_insn *insn;
	struct site *site;
	uint64_t vaddr;

	if (qemu_plugin_tb_n_insns(tb) != 1)
		return;
	insn = qemu_plugin_tb_get_insn(tb, 0);
	vaddr = qemu_plugin_insn_vaddr(insn);
	if (vaddr < KERNEL_SPACE)
		return;
	site = g_new0(struct site, 1);
	site->vaddr = vaddr;
	site->word = guest_word(insn);
	qemu_plugin_register_vcpu_insn_exec_cb(insn, on_insn, QEMU_PLUGIN_CB_NO_REGS, site);
	qemu_plugin_register_vcpu_mem_cb(insn, on_mem, QEMU_PLUGIN_CB_NO_REGS,
					 QEMU_PLUGIN_MEM_RW, NULL);
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info,
			int argc, char **argv)
{
	if (!guest_is_ppc64(info))
		return -1;
	/* With one vCPU a sample cannot continue on another one. */
	if (info->system.max_vcpus != 1) {
		complain("this guest may have %d vCPUs, and the recorder follows one: use -smp 1",
			 info->system.max_vcpus);
		return -1;
	}
	if (argc != 1 || !g_str_has_prefix(argv[0], "trace=")) {
		complain("the one option it wants is trace=FILE");
		return -1;
	}
	trace = fopen(argv[0] + strlen("trace="), "wb");
	if (!trace) {
		complain("cannot write %s: %s", argv[0] + strlen("trace="), strerror(errno));
		return -1;
	}
	/* Memory that is never touched costs nothing. */
	entries = g_new(struct entry, MOST_ENTRIES);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate, NULL);
	return 0;
}
