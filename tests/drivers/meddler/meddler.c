// SPDX-License-Identifier: GPL-2.0
/*
 * Test: makes a function wrong, so that who has to notice can be seen to: at its entry an
 * argument is another, or when it returns its result, SPRG0 or the interrupt mask is.
 *
 * Parameters: the function, "at"; "only": just those of its calls whose first argument is
 * this; "skip" so many of them, and meddle with no more than "calls". What to do is
 *
 *	argument, by	add "by" to argument 1 to 8
 *	result		add this to what it returns
 *	sprg0		leave another SPRG0 behind
 *	mask		where interrupts are masked, mask those of the performance monitor, too
 *
 * "meddled" says how often that was done. SPRG0 is given back on each CPU when the module
 * goes.
 */
#include <linux/atomic.h>
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <asm/hw_irq.h>
#include <asm/reg.h>

static char *at = "";
static ulong only;
static uint skip, calls = UINT_MAX, argument;
static long by, result;
static bool sprg0, mask;
module_param(at, charp, 0);
module_param(only, ulong, 0);
module_param(skip, uint, 0);
module_param(calls, uint, 0);
module_param(argument, uint, 0);
module_param(by, long, 0);
module_param(result, long, 0);
module_param(sprg0, bool, 0);
module_param(mask, bool, 0);

static DEFINE_PER_CPU(u64, before);
static atomic_t seen, meddled;

static int meddled_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(&meddled));
}

static const struct kernel_param_ops meddled_ops = { .get = meddled_get };
module_param_cb(meddled, &meddled_ops, NULL, 0444);

static int on_entry(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	unsigned int number;

	if (only && regs->gpr[3] != only)
		return 1;
	number = atomic_inc_return(&seen) - 1;
	if (number < skip || number - skip >= calls)
		return 1;
	atomic_inc(&meddled);
	if (argument)
		regs->gpr[2 + argument] += by;
	return 0;
}

NOKPROBE_SYMBOL(on_entry);

static int on_return(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	regs->gpr[3] += result;
	if (sprg0)
		mtspr(SPRN_SPRG0, mfspr(SPRN_SPRG0) + 1);
	if (mask && regs->softe) {
		/* The probe is a trap, which puts back what it has found, or a branch. */
		regs->softe |= IRQS_PMI_DISABLED;
		irq_soft_mask_or_return(IRQS_PMI_DISABLED);
	}
	return 0;
}

NOKPROBE_SYMBOL(on_return);

static struct kretprobe probe = {
	.entry_handler = on_entry,
	.handler = on_return,
	.maxactive = 256,
};

static void keep(void *unused)
{
	__this_cpu_write(before, mfspr(SPRN_SPRG0));
}

static void give_back(void *unused)
{
	mtspr(SPRN_SPRG0, __this_cpu_read(before));
}

static int __init meddler_init(void)
{
	on_each_cpu(keep, NULL, 1);
	probe.kp.symbol_name = at;
	return register_kretprobe(&probe);
}

static void __exit meddler_exit(void)
{
	unregister_kretprobe(&probe);
	on_each_cpu(give_back, NULL, 1);
}

module_init(meddler_init);
module_exit(meddler_exit);

MODULE_DESCRIPTION("Makes a function wrong, to test who has to notice");
MODULE_LICENSE("GPL");
