// SPDX-License-Identifier: GPL-2.0
/* Cases that check what an accessor must leave as it was, and what it must not. */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/preempt.h>
#include <linux/spinlock.h>
#include <asm/mmiowb.h>
#include <asm/reg.h>

#include "capture/window.h"
#include "device.h"
#include "ops.h"
#include "run.h"

/*
 * An access that any device answers: 32-bit at offset 0 is all that is known of one
 * that was handed over, and it is only read.
 */
static bool op_is_harmless(struct svm_run *run, unsigned int bytes, bool store)
{
	if (run->bar->device == SVM_DEVICE_OTHER)
		return run->bar->space == SVM_MEMORY && bytes == 4 && !store;
	return !svm_device_refuses(run->bar->device, EDU_DMA_SOURCE, bytes);
}

/* Calls @check once for each accessor, which it gets as a load or as a store. */
static void check_each_op(struct svm_run *run,
			  void (*check)(struct svm_run *run, const struct svm_load_op *load,
					const struct svm_store_op *store))
{
	const struct svm_store_op *store;
	const struct svm_load_op *load;

	for_each_load_op(load, run->bar->space)
		if (op_is_harmless(run, load->bytes, false))
			check(run, load, NULL);
	for_each_store_op(store, run->bar->space)
		if (op_is_harmless(run, store->bytes, true))
			check(run, NULL, store);
}

/* Where the access goes: a register that a store may change and every width fits. */
static unsigned int scratch(struct svm_run *run)
{
	switch (run->bar->device) {
	case SVM_DEVICE_TESTDEV:
		return TESTDEV_UNUSED;
	case SVM_DEVICE_PORTS:
		return TESTDEV_PORT_UNUSED;
	case SVM_DEVICE_EDU:
		return EDU_DMA_SOURCE;
	default:
		return 0;
	}
}

static void access(struct svm_run *run, const struct svm_load_op *load,
		   const struct svm_store_op *store)
{
	if (load)
		svm_tally_load(&run->tally, load, scratch(run));
	else
		svm_tally_store(&run->tally, store, scratch(run), 0);
}

static void check_sprg0(struct svm_run *run, const struct svm_load_op *load,
			const struct svm_store_op *store)
{
	/* Among them values that look like a captured word, and ones with upper bits. */
	static const u64 priors[] = {
		0, 1, ~0ULL, 0x80640000, 0x8000000000000000ULL, 0xc008000000abcdefULL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(priors); i++) {
		u64 before, after;

		/* On one CPU, and put back: nobody else uses SPRG0, but it is not ours. */
		preempt_disable();
		before = mfspr(SPRN_SPRG0);
		mtspr(SPRN_SPRG0, priors[i]);
		access(run, load, store);
		after = mfspr(SPRN_SPRG0);
		mtspr(SPRN_SPRG0, before);
		preempt_enable();

		if (after != priors[i])
			svm_run_fail(run, "%s changed SPRG0 from 0x%llx to 0x%llx",
				     load ? load->name : store->name, priors[i], after);
	}
}

/* The same for what makes many accesses with one capture, over the bound of a run. */
static void check_sprg0_bulk(struct svm_run *run)
{
	const u64 prior = 0xc008000000abcdefULL;
	const struct svm_string_op *op;
	u64 buf[SVM_WINDOW_RUN + 1] = { };
	u64 before, after;

	for_each_string_op(op, run->bar->space) {
		preempt_disable();
		before = mfspr(SPRN_SPRG0);
		mtspr(SPRN_SPRG0, prior);
		svm_tally_in(&run->tally, op, scratch(run), buf, ARRAY_SIZE(buf));
		svm_tally_out(&run->tally, op, scratch(run), buf, ARRAY_SIZE(buf));
		after = mfspr(SPRN_SPRG0);
		mtspr(SPRN_SPRG0, before);
		preempt_enable();

		if (after != prior)
			svm_run_fail(run, "%s or its opposite changed SPRG0 from 0x%llx to 0x%llx",
				     op->name, prior, after);
	}
}

/* SPRG0 is after every accessor what it was before. */
void svm_case_sprg0_kept(struct svm_run *run)
{
	check_each_op(run, check_sprg0);
	if (run->bar->device & (SVM_DEVICE_TESTDEV | SVM_DEVICE_PORTS | SVM_DEVICE_BUFFER))
		check_sprg0_bulk(run);
}

static void check_irq_mask(struct svm_run *run, const struct svm_load_op *load,
			   const struct svm_store_op *store)
{
	const char *name = load ? load->name : store->name;
	unsigned long flags, before, after;

	access(run, load, store);
	if (irqs_disabled())
		svm_run_fail(run, "%s left interrupts disabled", name);

	local_irq_save(flags);
	before = arch_local_save_flags();
	access(run, load, store);
	after = arch_local_save_flags();
	local_irq_restore(flags);
	if (before != after)
		svm_run_fail(run, "%s changed the soft interrupt mask from %lu to %lu",
			     name, before, after);
}

/* Interrupts are after every accessor as disabled or enabled as before. */
void svm_case_irq_mask_kept(struct svm_run *run)
{
	check_each_op(run, check_irq_mask);
}

#ifdef CONFIG_MMIOWB
static void check_mmiowb(struct svm_run *run, const struct svm_load_op *load,
			 const struct svm_store_op *store)
{
	static DEFINE_SPINLOCK(lock);
	struct mmiowb_state *state;
	unsigned long flags;
	bool pending;

	if (load || store->raw)
		return;
	/* An interrupt that unlocks something would order the store itself, rightly. */
	spin_lock_irqsave(&lock, flags);
	state = __mmiowb_state();
	state->mmiowb_pending = 0;
	access(run, load, store);
	pending = state->mmiowb_pending;
	spin_unlock_irqrestore(&lock, flags);
	if (!pending)
		svm_run_fail(run, "%s under a spinlock: the unlock would not order the store",
			     store->name);
}

/* A store under a spinlock makes the unlock order it, as the kernel's own does. */
void svm_case_mmiowb_pending(struct svm_run *run)
{
	check_each_op(run, check_mmiowb);
}
#else
void svm_case_mmiowb_pending(struct svm_run *run)
{
	run->skip = "this kernel has no CONFIG_MMIOWB";
}
#endif
