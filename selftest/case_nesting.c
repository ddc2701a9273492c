// SPDX-License-Identifier: GPL-2.0
/* Cases that use accessors in interrupts while a thread uses others. */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/smp.h>

#include "run.h"
#include "worker.h"

/* Interrupts, and steps of the thread meanwhile, that a case waits for, and how long. */
#define WANTED_INTERRUPTS	200
#define WANTED_STEPS		1000
#define PATIENCE		(30 * HZ)

/* How far IPIs may be ahead of the thread's steps: where they are slow they would starve it. */
#define IPIS_AHEAD		100

/**
 * struct nesting - a thread that makes accesses, and what interrupts it
 * @run: the run
 * @worker: the thread, bound to @cpu, and its timer
 * @cpu: where the interrupts go
 * @in_ipi: accesses of the IPIs' handler
 * @ipis: IPIs sent
 */
struct nesting {
	struct svm_run *run;
	struct svm_worker worker;
	int cpu;
	struct svm_tally in_ipi;
	unsigned int ipis;
};

/* Runs the thread until @disturb has interrupted it often enough. */
static void run_nesting(struct svm_run *run, int cpu, unsigned int (*disturb)(struct nesting *n))
{
	unsigned long deadline = jiffies + PATIENCE;
	struct nesting *n;
	unsigned int interrupts;
	int err;

	n = kzalloc(sizeof(*n), GFP_KERNEL);
	if (!n) {
		svm_run_fail(run, "no memory");
		return;
	}
	n->run = run;
	n->cpu = cpu;
	n->in_ipi.base = run->bar->base;
	svm_worker_prepare(run->bar, &run->tally);
	err = svm_worker_start(&n->worker, run->bar, 0, cpu);
	if (err) {
		svm_run_fail(run, "cannot start a thread: error %d", err);
		goto out_free;
	}
	do {
		interrupts = disturb(n);
		if (time_after(jiffies, deadline)) {
			svm_run_fail(run, "only %u interrupts during %u steps in %u seconds",
				     interrupts, READ_ONCE(n->worker.step), PATIENCE / HZ);
			break;
		}
	} while ((interrupts < WANTED_INTERRUPTS ||
		  READ_ONCE(n->worker.step) < WANTED_STEPS) && !svm_run_cancelled(run));
	svm_worker_stop(&n->worker, &run->tally);
	svm_tally_add(&run->tally, &n->in_ipi);
	svm_worker_verify(run);
	svm_run_note(run, "accesses_in_timer=%llu accesses_in_ipi=%llu",
		     n->worker.in_timer.accesses, n->in_ipi.accesses);
out_free:
	kfree(n);
}

static unsigned int wait_for_timer(struct nesting *n)
{
	msleep(20);
	return READ_ONCE(n->worker.ticks);
}

/* A timer in hard interrupt context makes accesses while a thread on its CPU does. */
void svm_case_nested_timer(struct svm_run *run)
{
	run_nesting(run, cpumask_first(cpu_online_mask), wait_for_timer);
}

static void ipi_handler(void *data)
{
	struct nesting *n = data;

	svm_worker_step(n->run->bar, &n->in_ipi, ~0, n->ipis);
}

static unsigned int send_ipi(struct nesting *n)
{
	unsigned int steps = READ_ONCE(n->worker.step);

	/* Not before the thread runs: there would be nothing to interrupt. */
	if (!steps || n->ipis > steps + IPIS_AHEAD) {
		usleep_range(1000, 2000);
		return n->ipis;
	}
	if (smp_call_function_single(n->cpu, ipi_handler, n, true))
		return n->ipis;		/* the CPU is offline: patience will end */
	cond_resched();
	return ++n->ipis;
}

/* Another CPU interrupts the thread with IPIs whose handler makes accesses. */
void svm_case_nested_ipi(struct svm_run *run)
{
	if (num_online_cpus() < 2) {
		run->skip = "needs two CPUs";
		return;
	}
	/* Should this task move to that CPU, some calls come without an IPI: harmless. */
	run_nesting(run, cpumask_any_but(cpu_online_mask, raw_smp_processor_id()), send_ipi);
}
