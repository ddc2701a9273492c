// SPDX-License-Identifier: GPL-2.0
/*
 * Finds out whether somebody emulates an access, and survives it if nobody does.
 *
 * An access that is not emulated faults again for ever on the published ultravisor. But
 * between two of its faults an interrupt is taken, if interrupts are enabled. So a timer
 * looks where this CPU was when it expired. Once it has found it at the access SIGHTINGS
 * times it lets the CPU go on behind it.
 *
 * Between two sightings the access is tried at least once: a sighting is of the
 * interrupted code itself, and not of a softirq that runs on top of it, and the next
 * one is TICK later. An access that is emulated is over after the first of these tries.
 */
#include <linux/hrtimer.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/ktime.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <asm/irq_regs.h>

#include "probe.h"
#include "capture/window.h"
#include "compat/compat.h"

/* 10 ms in all: little for who loads the module, many times what an exit may take. */
#define SIGHTINGS	5
#define TICK		ms_to_ktime(2)

/* One at a time: what the timer looks for. */
static DEFINE_MUTEX(lock);
static struct hrtimer timer;
static unsigned long access;	/* the load */
static unsigned long after;	/* the instruction behind it */
static unsigned int sightings;

static enum hrtimer_restart look(struct hrtimer *unused)
{
	struct pt_regs *regs = get_irq_regs();

	if (regs && instruction_pointer(regs) == access && ++sightings == SIGHTINGS) {
		instruction_pointer_set(regs, after);
		return HRTIMER_NORESTART;
	}
	hrtimer_forward_now(&timer, TICK);
	return HRTIMER_RESTART;
}

/**
 * svm_probe() - make a load of 32 bits that nobody may emulate
 * @addr: mapped address of a register that is harmless to read
 * @captured: whether SPRG0 names it, as backend sprg0 does
 * @trial: set to what came of it
 *
 * It takes some 10 ms if it has no end, in which this CPU does nothing else but its
 * interrupts. Neither traced nor probed: see accessors/single.c.
 *
 * Context: process, interrupts enabled, may sleep.
 */
notrace void svm_probe(const void __iomem *addr, bool captured, struct svm_trial *trial)
{
	unsigned long val = ~0UL;
	ktime_t start;
	bool refused;

	mutex_lock(&lock);
	access = (unsigned long)(captured ? svm_trial_sprg0_access : svm_trial_direct_access);
	after = (unsigned long)(captured ? svm_trial_sprg0_after : svm_trial_direct_after);
	sightings = 0;
	/* Hard, as a softirq waits for what has no end, and on this CPU. */
	hrtimer_setup(&timer, look, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);

	preempt_disable();
	hrtimer_start(&timer, TICK, HRTIMER_MODE_REL_PINNED_HARD);
	start = ktime_get();
	refused = captured ? svm_trial_sprg0(addr, &val) : svm_trial_direct(addr, &val);
	svm_window_wait(val);
	trial->us = ktime_us_delta(ktime_get(), start);
	preempt_enable();
	hrtimer_cancel(&timer);

	if (sightings == SIGHTINGS)
		trial->outcome = SVM_NO_END;
	else if (refused || val >> 32)	/* lwz clears the upper half: it was not executed */
		trial->outcome = SVM_REFUSED;
	else
		trial->outcome = SVM_WORKS;
	mutex_unlock(&lock);
}

NOKPROBE_SYMBOL(svm_probe);

/**
 * svm_trial_print() - say what came of a load: "no end, 10043 us"
 * @trial: the load
 * @text: where to print
 * @size: room there
 *
 * Return: as of scnprintf().
 */
int svm_trial_print(const struct svm_trial *trial, char *text, size_t size)
{
	static const char * const names[] = {
		[SVM_NOT_TRIED] = "not tried",
		[SVM_WORKS] = "works",
		[SVM_REFUSED] = "refused",
		[SVM_NO_END] = "no end",
	};

	if (trial->outcome == SVM_NOT_TRIED)
		return scnprintf(text, size, "%s", names[SVM_NOT_TRIED]);
	return scnprintf(text, size, "%s, %u us", names[trial->outcome], trial->us);
}
