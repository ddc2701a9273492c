// SPDX-License-Identifier: GPL-2.0
/* The stress: threads that are moved about, and timers, on all CPUs; every result is checked. */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/wait.h>
#include <asm/reg.h>

#include "mover.h"
#include "run.h"
#include "worker.h"

static void read_sprg0(void *data)
{
	*this_cpu_ptr((u64 __percpu *)data) = mfspr(SPRN_SPRG0);
}

static void read_sprg0_of_all(u64 __percpu *values)
{
	on_each_cpu(read_sprg0, (void __force *)values, 1);
}

/* A window that restored on another CPU than it saved on leaves two CPUs wrong. */
static void check_sprg0_of_all(struct svm_run *run, u64 __percpu *before, u64 __percpu *after)
{
	int cpu;

	read_sprg0_of_all(after);
	for_each_online_cpu(cpu)
		if (*per_cpu_ptr(before, cpu) != *per_cpu_ptr(after, cpu))
			svm_run_fail(run, "SPRG0 of CPU %d changed from 0x%llx to 0x%llx", cpu,
				     *per_cpu_ptr(before, cpu), *per_cpu_ptr(after, cpu));
}

static void run_workers(struct svm_run *run, struct svm_worker *workers)
{
	struct svm_tally *sum = &run->tally;
	struct svm_mover *movers = NULL;
	unsigned long moves;
	u64 in_timers = 0;
	unsigned int i;
	int err = 0;

	svm_worker_prepare(run->bar, sum);
	for (i = 0; i < run->threads && !err; i++)
		err = svm_worker_start(&workers[i], run->bar, i, -1);
	if (!err) {
		movers = svm_movers_start(workers, run->threads);
		err = PTR_ERR_OR_ZERO(movers);
	}
	if (err)
		svm_run_fail(run, "cannot start threads: error %d", err);
	else
		wait_event_interruptible_timeout(run->bar->changed, READ_ONCE(run->bar->gone),
						 (long)run->secs * HZ);
	moves = svm_movers_stop(movers);
	for (i = 0; i < run->threads; i++) {
		svm_worker_stop(&workers[i], sum);
		in_timers += workers[i].in_timer.accesses;
	}
	svm_worker_verify(run);
	svm_run_note(run, "threads=%u secs=%u accesses_in_timers=%llu moves=%lu",
		     run->threads, run->secs, in_timers, moves);
}

void svm_case_stress(struct svm_run *run)
{
	u64 __percpu *before = alloc_percpu(u64);
	u64 __percpu *after = alloc_percpu(u64);
	struct svm_worker *workers = kvcalloc(run->threads, sizeof(*workers), GFP_KERNEL);

	if (before && after && workers) {
		read_sprg0_of_all(before);
		run_workers(run, workers);
		check_sprg0_of_all(run, before, after);
	} else {
		svm_run_fail(run, "no memory for %u threads", run->threads);
	}
	kvfree(workers);
	free_percpu(after);
	free_percpu(before);
}
