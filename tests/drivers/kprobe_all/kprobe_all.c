// SPDX-License-Identifier: GPL-2.0
/*
 * Test: places a kprobe on every instruction of some text that allows one. In
 * /sys/kernel/debug/kprobe_all/: how often a probe was hit, and "placed": the offset
 * of each from the beginning of the text.
 *
 * What lies between a larx and its stcx is left out: a probe there loses the
 * reservation every time, and the loop would never end.
 */
#include <linux/atomic.h>
#include <linux/debugfs.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/vmalloc.h>

static ulong text, text_size;
module_param(text, ulong, 0);
module_param(text_size, ulong, 0);

static struct kprobe *probes;	/* one for each instruction */
static struct kprobe **placed;	/* those that were allowed */
static unsigned int count;
static atomic_t hits;
static struct dentry *dir;

static int on_hit(struct kprobe *probe, struct pt_regs *regs)
{
	atomic_inc(&hits);
	return 0;
}

/* Power ISA, Book II, 4.6.2: lbarx, lharx, lwarx, ldarx and their stores. */
static bool is_larx(u32 insn)
{
	u32 extended = (insn >> 1) & 0x3ff;

	return insn >> 26 == 31 && (extended == 52 || extended == 116 || extended == 20 ||
				    extended == 84);
}

static bool is_stcx(u32 insn)
{
	u32 extended = (insn >> 1) & 0x3ff;

	return insn >> 26 == 31 && (extended == 694 || extended == 726 || extended == 150 ||
				    extended == 214);
}

static int placed_show(struct seq_file *m, void *unused)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		seq_printf(m, "0x%lx\n", (unsigned long)placed[i]->addr - text);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(placed);

static void place(unsigned long i)
{
	struct kprobe *probe = &probes[i];

	probe->addr = (kprobe_opcode_t *)(text + i * sizeof(u32));
	probe->pre_handler = on_hit;
	if (!register_kprobe(probe))
		placed[count++] = probe;
}

static int __init kprobe_all_init(void)
{
	const u32 *insns = (const u32 *)text;
	unsigned long insn_count = text_size / sizeof(u32), i;
	bool reserved = false;

	probes = vzalloc(insn_count * sizeof(*probes));
	placed = vzalloc(insn_count * sizeof(*placed));
	if (!probes || !placed) {
		vfree(placed);
		vfree(probes);
		return -ENOMEM;
	}
	for (i = 0; i < insn_count; i++) {
		/* A probe that is placed replaces its own instruction only. */
		u32 insn = READ_ONCE(insns[i]);

		reserved |= is_larx(insn);
		if (!reserved)
			place(i);
		reserved &= !is_stcx(insn);
		cond_resched();
	}
	dir = debugfs_create_dir("kprobe_all", NULL);
	debugfs_create_atomic_t("hits", 0400, dir, &hits);
	debugfs_create_file("placed", 0400, dir, NULL, &placed_fops);
	return 0;
}

static void __exit kprobe_all_exit(void)
{
	debugfs_remove(dir);
	unregister_kprobes(placed, count);
	vfree(placed);
	vfree(probes);
}

module_init(kprobe_all_init);
module_exit(kprobe_all_exit);

MODULE_DESCRIPTION("Places kprobes on everything that allows one, to test svm_mmio");
MODULE_LICENSE("GPL");
