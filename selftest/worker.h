/* SPDX-License-Identifier: GPL-2.0 */
/* A thread that makes checked accesses without end, and a timer that does so too. */
#ifndef _SVM_SELFTEST_WORKER_H
#define _SVM_SELFTEST_WORKER_H

#include <linux/hrtimer.h>
#include <linux/types.h>

#include "tally.h"

struct svm_bar;
struct svm_run;
struct task_struct;

/**
 * struct svm_worker - a thread and its timer
 * @bar: the BAR under test
 * @task: the thread, while it runs
 * @timer: interrupts whatever the CPU does, on the CPU where it was started
 * @in_task: accesses of the thread
 * @in_timer: accesses of the timer, in hard interrupt context
 * @ticks: how often the timer has fired
 * @index: tells workers apart: each begins at another accessor
 * @step: how far the thread is in its sequence of accesses
 */
struct svm_worker {
	struct svm_bar *bar;
	struct task_struct *task;
	struct hrtimer timer;
	struct svm_tally in_task;
	struct svm_tally in_timer;
	unsigned long ticks;
	unsigned int index;
	unsigned int step;
};

void svm_worker_prepare(struct svm_bar *bar, struct svm_tally *tally);
void svm_worker_step(struct svm_bar *bar, struct svm_tally *tally,
		     unsigned int owner, unsigned int step);
void svm_worker_verify(struct svm_run *run);

int svm_worker_start(struct svm_worker *worker, struct svm_bar *bar, unsigned int index, int cpu);
void svm_worker_stop(struct svm_worker *worker, struct svm_tally *sum);

#endif /* _SVM_SELFTEST_WORKER_H */
