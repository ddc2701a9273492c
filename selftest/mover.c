// SPDX-License-Identifier: GPL-2.0
/*
 * Threads, one on each CPU, that move the workers of the stress from CPU to CPU.
 *
 * A mover wakes up on a CPU where a worker runs, and so stops that worker wherever it
 * is. Then it sends one of those that wait for this CPU to the next: where a window
 * leaves interrupts enabled and the kernel is preemptible, that is now and then one
 * in a window, and SPRG0 of its new CPU names another access, or none.
 */
#include <linux/cpu.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "mover.h"
#include "worker.h"

/*
 * Between two moves, in microseconds, at most. Where an interrupt costs a hundred
 * microseconds, as in a guest of an emulated hypervisor, workers need time as well.
 */
#define PERIOD	2000

/**
 * struct svm_mover - such a thread, and what it works on
 * @task: the thread; NULL if it was not started
 * @workers: those to move
 * @count: how many
 * @turn: which it looks at next
 * @moves: how often it has moved one
 */
struct svm_mover {
	struct task_struct *task;
	struct svm_worker *workers;
	unsigned int count;
	unsigned int turn;
	unsigned long moves;
};

static int next_cpu(int cpu)
{
	int next = cpumask_next(cpu, cpu_online_mask);

	return next < nr_cpu_ids ? next : cpumask_first(cpu_online_mask);
}

/* Moves one worker that waits for this CPU; each time another, if there are several. */
static void move_one(struct svm_mover *mover)
{
	int cpu = raw_smp_processor_id();
	unsigned int i;

	/* A kernel thread may be sent to a CPU that is about to go; nothing gets it off again. */
	if (!cpus_read_trylock())
		return;
	for (i = 0; i < mover->count; i++) {
		struct task_struct *task = mover->workers[mover->turn++ % mover->count].task;

		if (task_cpu(task) == cpu &&
		    !set_cpus_allowed_ptr(task, cpumask_of(next_cpu(cpu)))) {
			mover->moves++;
			break;
		}
	}
	cpus_read_unlock();
}

static int mover_thread(void *data)
{
	struct svm_mover *mover = data;

	while (!kthread_should_stop()) {
		move_one(mover);
		usleep_range(PERIOD / 2, PERIOD);
	}
	return 0;
}

static int mover_start(struct svm_mover *mover, int cpu)
{
	struct task_struct *task = kthread_create(mover_thread, mover, "svm_mmio/mover%d", cpu);

	if (IS_ERR(task))
		return PTR_ERR(task);
	kthread_bind(task, cpu);
	/* Workers never sleep: were it like them, it would have to wait for its turn. */
	sched_set_fifo_low(task);
	mover->task = task;
	wake_up_process(task);
	return 0;
}

/**
 * svm_movers_start() - start to move workers
 * @workers: those to move, all started and bound to no CPU; they stay until
 *	svm_movers_stop()
 * @count: how many
 *
 * Return: the movers or an error pointer.
 */
struct svm_mover *svm_movers_start(struct svm_worker *workers, unsigned int count)
{
	struct svm_mover *movers = kcalloc(nr_cpu_ids, sizeof(*movers), GFP_KERNEL);
	int cpu, err;

	if (!movers)
		return ERR_PTR(-ENOMEM);
	for_each_online_cpu(cpu) {
		movers[cpu].workers = workers;
		movers[cpu].count = count;
		err = mover_start(&movers[cpu], cpu);
		if (err) {
			svm_movers_stop(movers);
			return ERR_PTR(err);
		}
	}
	return movers;
}

/**
 * svm_movers_stop() - stop to move workers
 * @movers: what svm_movers_start() returned, even if it is an error
 *
 * Return: how often one was moved.
 */
unsigned long svm_movers_stop(struct svm_mover *movers)
{
	unsigned long moves = 0;
	int cpu;

	if (IS_ERR_OR_NULL(movers))
		return 0;
	for_each_possible_cpu(cpu) {
		if (!movers[cpu].task)
			continue;
		kthread_stop(movers[cpu].task);
		moves += movers[cpu].moves;
	}
	kfree(movers);
	return moves;
}
