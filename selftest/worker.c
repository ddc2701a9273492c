// SPDX-License-Identifier: GPL-2.0
/*
 * A thread that makes checked accesses without end, and a timer that does so too.
 *
 * The accessor, and with it the captured word, changes with every step: threads
 * that all use the same word would hide a wrong SPRG0, since the word that another
 * context left there would be the right one.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/sched.h>

#include "compat/compat.h"
#include "bar.h"
#include "device.h"
#include "run.h"
#include "worker.h"

/* Often enough to hit every instruction of a loop, seldom enough to let it run. */
#define TIMER_PERIOD	(200 * NSEC_PER_USEC)
/* Accesses in each interrupt. */
#define TIMER_STEPS	2
/* Accesses between two chances for others to run. */
#define TASK_STEPS	64

/* Puts the device into the state that svm_worker_step() counts on. */
void svm_worker_prepare(struct svm_bar *bar, struct svm_tally *tally)
{
	if (bar->device == SVM_DEVICE_TESTDEV)
		svm_tally_store(tally, svm_store_op_find(1, false, SVM_MEMORY),
				TESTDEV_SELECTOR, 0);
}

/*
 * Loads: part of the header that does not change, at an offset that depends on
 * @step. Stores: half of them with the byte that the device counts.
 */
static void testdev_step(struct svm_tally *tally, unsigned int step)
{
	static const u8 offsets[] = { 0x00, 0x10, 0x18 };
	unsigned int which = step % (svm_memory_load_op_count + svm_memory_store_op_count);

	if (which < svm_memory_load_op_count) {
		const struct svm_load_op *op = &svm_load_ops[which];
		unsigned int offset = offsets[step % ARRAY_SIZE(offsets)];

		svm_tally_load_expect(tally, op, offset,
				      svm_testdev_value(SVM_DEVICE_TESTDEV, 0, 0, offset,
							op->bytes, op->big_endian));
	} else {
		const struct svm_store_op *op = &svm_store_ops[which - svm_memory_load_op_count];
		bool match = step & 1;
		u64 val = match ? TESTDEV_DATA : 0;

		if (op->big_endian)
			val <<= 8 * (op->bytes - 1);
		svm_tally_store(tally, op, TESTDEV_TARGET(0), val);
		tally->matching += match;
	}
}

/*
 * Only one context may write a register that it reads back, and the device has
 * four such registers: the threads of the first four workers own one each.
 */
static void edu_step(struct svm_bar *bar, struct svm_tally *tally,
		     unsigned int owner, unsigned int step)
{
	static const u8 registers[] = {
		EDU_DMA_SOURCE, EDU_DMA_DESTINATION, EDU_DMA_COUNT, EDU_LIVENESS,
	};
	const struct svm_store_op *store = &svm_store_ops[step % svm_memory_store_op_count];
	const struct svm_load_op *load = &svm_load_ops[step % svm_memory_load_op_count];
	u64 val = 0x9e3779b97f4a7c15ULL * (step + 1);
	unsigned int offset;

	if (owner >= ARRAY_SIZE(registers) || store->bytes < 4 ||
	    (registers[owner] == EDU_LIVENESS && store->bytes != 4)) {
		load = svm_load_op_find(4, step & 1, SVM_MEMORY);
		svm_tally_load_expect(tally, load, EDU_ID,
				      load->big_endian == bar->big_endian ? EDU_ID_VALUE :
				      svm_swab(EDU_ID_VALUE, 4));
		return;
	}

	offset = registers[owner];
	if (load->bytes != store->bytes)
		load = svm_load_op_find(store->bytes, step & 1, SVM_MEMORY);
	val &= svm_width_mask(store->bytes);
	svm_tally_store(tally, store, offset, val);
	if (offset == EDU_LIVENESS)
		val = ~val & svm_width_mask(store->bytes);
	if (load->big_endian != store->big_endian)
		val = svm_swab(val, store->bytes);
	svm_tally_load_expect(tally, load, offset, val);
}

/**
 * svm_worker_step() - one checked access, or a store and its read-back
 * @bar: the BAR under test
 * @tally: of the context that runs
 * @owner: index of the worker in its thread, ~0 in any other context
 * @step: which access; callers count up
 *
 * Context: any.
 */
void svm_worker_step(struct svm_bar *bar, struct svm_tally *tally,
		     unsigned int owner, unsigned int step)
{
	if (bar->device == SVM_DEVICE_TESTDEV)
		testdev_step(tally, step);
	else
		edu_step(bar, tally, owner, step);
}

/* What the device has counted must be what was sent, from all contexts together. */
void svm_worker_verify(struct svm_run *run)
{
	if (run->bar->device == SVM_DEVICE_TESTDEV)
		svm_tally_load_expect(&run->tally, svm_load_op_find(4, false, SVM_MEMORY),
				      TESTDEV_COUNT, (u32)run->tally.matching);
}

static enum hrtimer_restart worker_tick(struct hrtimer *timer)
{
	struct svm_worker *worker = container_of(timer, struct svm_worker, timer);
	unsigned int i;

	/* Not in step with the thread: another accessor than the one interrupted. */
	for (i = 0; i < TIMER_STEPS; i++)
		svm_worker_step(worker->bar, &worker->in_timer, ~0,
				worker->index + 7 * worker->ticks + i);
	WRITE_ONCE(worker->ticks, worker->ticks + 1);
	hrtimer_forward_now(timer, ns_to_ktime(TIMER_PERIOD));
	return HRTIMER_RESTART;
}

static int worker_thread(void *data)
{
	struct svm_worker *worker = data;
	unsigned int i;

	hrtimer_start(&worker->timer, ns_to_ktime(TIMER_PERIOD), HRTIMER_MODE_REL_PINNED_HARD);
	while (!kthread_should_stop()) {
		for (i = 0; i < TASK_STEPS; i++)
			svm_worker_step(worker->bar, &worker->in_task, worker->index,
					worker->step++);
		cond_resched();
	}
	hrtimer_cancel(&worker->timer);
	return 0;
}

/**
 * svm_worker_start() - start the thread and its timer
 * @worker: zeroed memory, which must stay until svm_worker_stop()
 * @bar: the BAR under test
 * @index: tells workers apart
 * @cpu: where to stay; negative: wherever the scheduler wants
 *
 * Return: 0 or a negative errno.
 */
int svm_worker_start(struct svm_worker *worker, struct svm_bar *bar, unsigned int index, int cpu)
{
	struct task_struct *task;

	worker->bar = bar;
	worker->index = index;
	worker->step = index;
	worker->in_task.base = bar->base;
	worker->in_timer.base = bar->base;
	hrtimer_setup(&worker->timer, worker_tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);

	task = kthread_create(worker_thread, worker, "svm_mmio/%u", index);
	if (IS_ERR(task))
		return PTR_ERR(task);
	if (cpu >= 0)
		kthread_bind(task, cpu);
	worker->task = task;
	wake_up_process(task);
	return 0;
}

/**
 * svm_worker_stop() - stop the thread and its timer, add up what they did
 * @worker: the worker; nothing happens if it was never started
 * @sum: what to add to
 */
void svm_worker_stop(struct svm_worker *worker, struct svm_tally *sum)
{
	if (!worker->task)
		return;
	kthread_stop(worker->task);
	worker->task = NULL;
	svm_tally_add(sum, &worker->in_task);
	svm_tally_add(sum, &worker->in_timer);
}
