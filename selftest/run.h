/* SPDX-License-Identifier: GPL-2.0 */
/* A run of one or all cases on one BAR. */
#ifndef _SVM_SELFTEST_RUN_H
#define _SVM_SELFTEST_RUN_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "bar.h"
#include "tally.h"

struct svm_ktap;

/* Lines that one case may write about its failures. */
#define SVM_RUN_MAX_MESSAGES	8

/**
 * struct svm_run - a run, as its cases see it
 * @bar: the BAR under test
 * @ktap: where results go
 * @name: the case that runs now
 * @tally: accesses of this case
 * @failures: of this case
 * @skip: why this case cannot run here, set by the case itself
 * @threads: for the stress
 * @secs: for the stress
 */
struct svm_run {
	struct svm_bar *bar;
	struct svm_ktap *ktap;
	const char *name;
	struct svm_tally tally;
	unsigned int failures;
	const char *skip;
	unsigned int threads;
	unsigned int secs;
};

__printf(2, 3) void svm_run_fail(struct svm_run *run, const char *fmt, ...);
__printf(2, 3) void svm_run_note(struct svm_run *run, const char *fmt, ...);
bool svm_run_cancelled(struct svm_run *run);

/* The cases, by file. */
void svm_case_load_values(struct svm_run *run);
void svm_case_store_readback(struct svm_run *run);
void svm_case_store_match(struct svm_run *run);
void svm_case_test_selector(struct svm_run *run);
void svm_case_same_as_kernel(struct svm_run *run);
void svm_case_all_ones(struct svm_run *run);

void svm_case_port_values(struct svm_run *run);
void svm_case_string_values(struct svm_run *run);
void svm_case_copy_fuzz(struct svm_run *run);

void svm_case_sprg0_kept(struct svm_run *run);
void svm_case_irq_mask_kept(struct svm_run *run);
void svm_case_mmiowb_pending(struct svm_run *run);

void svm_case_nested_timer(struct svm_run *run);
void svm_case_nested_ipi(struct svm_run *run);

void svm_case_stress(struct svm_run *run);

struct svm_ktap *svm_run(struct svm_bar *bar, char *command);
char *svm_run_names(void);

#endif /* _SVM_SELFTEST_RUN_H */
