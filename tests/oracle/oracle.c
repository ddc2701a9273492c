// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The oracle: a QEMU TCG plugin that checks the capture contract from outside
 * the guest. Whenever judged text loads from or stores to a device register,
 * SPRG0, all 64 bits of it, must be the instruction that does so, and that must
 * be one that may be captured.
 *
 *   -plugin oracle.so,control=FILE,report=FILE[,skip=START-END]...[,outside=on]
 *
 * control	shared memory: judged ranges in, counts out (control.h)
 * report	what was seen at each instruction, written when QEMU ends
 * skip		text that is not watched at all (START <= text < END). Never judge
 *		what is skipped. Each load and store watched costs a call, device or
 *		not, which makes a guest two to five times as slow. With programs
 *		and the kernel image skipped, what is left is modules: about 5 %
 * outside	also list the device accesses of text outside every range
 *
 * What is counted: QEMU calls back once per memory operation of the guest, after
 * it completed. That is one count even where QEMU splits the operation because
 * the device takes less at a time. An instruction of several operations counts
 * several times (lxvd2x: two). An access that faults counts not at all, nor does
 * one that ends in a machine check because the device refuses its width. RAM that
 * a device exposes, such as a frame buffer, raises no interrupt and needs no
 * capture: it is not counted either.
 */
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "guest.h"
#include "instruction.h"
#include "message.h"
#include "qemu_plugin_api.h"
#include "report.h"
#include "site.h"

#define CACHE_LINE	64
#define MAX_SKIPS	16

struct vcpu {
	struct qemu_plugin_register *sprg0;
	GByteArray *buf;	/* kept, so that an access allocates nothing */
} __attribute__((aligned(CACHE_LINE)));

struct skip {
	uint64_t start, end;
};

static struct control *control;
static struct vcpu *vcpus;
static struct skip skips[MAX_SKIPS];
static unsigned int nr_skips;
static bool list_outside;

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

static void note_wrong(struct tally *t, unsigned int cpu, uint64_t vaddr, uint64_t sprg0)
{
	if (!__atomic_fetch_add(&t->wrong, 1, __ATOMIC_RELAXED)) {
		t->first_wrong.sprg0 = sprg0;
		t->first_wrong.vaddr = vaddr;
		t->first_wrong.vcpu = cpu;
	}
	__atomic_store_n(&t->last_wrong_sprg0, sprg0, __ATOMIC_RELAXED);
}

/* Record an access in the site's tally for one range (or for none). */
static enum verdict judge(struct site *site, struct tally *t, unsigned int cpu, uint64_t vaddr)
{
	uint64_t sprg0 = guest_read(vcpus[cpu].sprg0, vcpus[cpu].buf);
	enum verdict verdict;

	if (!site->may_be_captured)
		verdict = UNACCEPTABLE;
	else if (sprg0 == site->word)
		verdict = MATCHED;
	else
		verdict = MISMATCHED;

	__atomic_fetch_add(&t->verdict[verdict], 1, __ATOMIC_RELAXED);
	if (sprg0 != site->word)
		note_wrong(t, cpu, vaddr, sprg0);
	return verdict;
}

static void on_access(unsigned int cpu, qemu_plugin_meminfo_t info, uint64_t vaddr, void *udata)
{
	struct site *site = udata;
	/*
	 * Now, not when the block was translated: that may have been before
	 * the host learnt where the module is.
	 */
	const struct control_range *range = view_find(control_view(control), site->vaddr);
	struct qemu_plugin_hwaddr *hwaddr = qemu_plugin_get_hwaddr(info, vaddr);
	struct control_vcpu *counts = &control->vcpu[cpu];
	bool store;

	if (hwaddr && !qemu_plugin_hwaddr_is_io(hwaddr))
		return;
	store = qemu_plugin_mem_is_store(info);
	if (!hwaddr) {
		count(range ? &counts->slot[range->slot].unresolved : &counts->outside_unresolved);
	} else if (range) {
		struct tally *t = site_tally(site, range->slot, range->start, hwaddr);
		enum verdict verdict = judge(site, t, cpu, vaddr);

		count(&counts->slot[range->slot].verdict[verdict][store]);
	} else {
		count(&counts->outside[store]);
		if (list_outside)
			judge(site, site_tally(site, OUTSIDE_SLOT, 0, hwaddr), cpu, vaddr);
	}
}

static bool skipped(uint64_t vaddr)
{
	for (unsigned int i = 0; i < nr_skips; i++)
		if (vaddr - skips[i].start < skips[i].end - skips[i].start)
			return true;
	return false;
}

static void translate(struct qemu_plugin_tb *tb, unused void *udata)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint64_t vaddr = qemu_plugin_insn_vaddr(insn);
		uint32_t word;

		if (skipped(vaddr))
			continue;
		word = guest_word(insn);
		if (may_access_memory(word))
			qemu_plugin_register_vcpu_mem_cb(insn, on_access, QEMU_PLUGIN_CB_R_REGS,
							 QEMU_PLUGIN_MEM_RW,
							 site_get(vaddr, word));
	}
}

static void start_vcpu(unsigned int cpu, unused void *udata)
{
	if (cpu >= control->vcpus)
		give_up("vCPU %u is beyond the %u that the control file has room for",
			cpu, control->vcpus);
	vcpus[cpu].sprg0 = guest_register("sprg0");
	if (!vcpus[cpu].buf)
		vcpus[cpu].buf = g_byte_array_sized_new(sizeof(uint64_t));
}

static void end(unused void *udata)
{
	report_write(control);
}

static bool parse_skip(const char *text)
{
	struct skip *skip = &skips[nr_skips];
	char *end;

	if (nr_skips == MAX_SKIPS) {
		complain("more than %d skip= options", MAX_SKIPS);
		return false;
	}
	skip->start = strtoull(text, &end, 0);
	if (end != text && *end == '-') {
		text = end + 1;
		skip->end = strtoull(text, &end, 0);
		if (end != text && !*end && skip->start < skip->end) {
			nr_skips++;
			return true;
		}
	}
	complain("skip= wants START-END, two numbers such as 0xc000000000000000, "
		 "the first the smaller");
	return false;
}

static bool parse_switch(const char *name, const char *text, bool *value)
{
	*value = !strcmp(text, "on");
	if (*value || !strcmp(text, "off"))
		return true;
	complain("%s= wants on or off, not '%s'", name, text);
	return false;
}

static bool parse_options(int argc, char **argv, const char **control_path,
			  const char **report_path)
{
	for (int i = 0; i < argc; i++) {
		char *value = strchr(argv[i], '=');
		bool good = true;

		if (g_str_has_prefix(argv[i], "control=")) {
			*control_path = value + 1;
		} else if (g_str_has_prefix(argv[i], "report=")) {
			*report_path = value + 1;
		} else if (g_str_has_prefix(argv[i], "skip=")) {
			good = parse_skip(value + 1);
		} else if (g_str_has_prefix(argv[i], "outside=")) {
			good = parse_switch("outside", value + 1, &list_outside);
		} else {
			complain("unknown option '%s': there are control=FILE, report=FILE, "
				 "skip=START-END and outside=on", argv[i]);
			good = false;
		}
		if (!good)
			return false;
	}
	if (!*control_path || !*report_path) {
		complain("%s=FILE is missing", *control_path ? "report" : "control");
		return false;
	}
	return true;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info,
			int argc, char **argv)
{
	const char *control_path = NULL, *report_path = NULL;

	if (!guest_is_ppc64(info))
		return -1;
	if (!parse_options(argc, argv, &control_path, &report_path) ||
	    !report_prepare(report_path))
		return -1;
	control = control_open(control_path, info->system.max_vcpus);
	if (!control)
		return -1;
	vcpus = g_aligned_alloc0(control->vcpus, sizeof(*vcpus), CACHE_LINE);

	qemu_plugin_register_vcpu_init_cb(id, start_vcpu, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate, NULL);
	qemu_plugin_register_atexit_cb(id, end, NULL);
	return 0;
}
