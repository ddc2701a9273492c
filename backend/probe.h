/* SPDX-License-Identifier: GPL-2.0 */
/* One load that comes to an end whoever emulates it, or does not. */
#ifndef _SVM_BACKEND_PROBE_H
#define _SVM_BACKEND_PROBE_H

#include <linux/types.h>

/**
 * enum svm_outcome - what came of a load
 * @SVM_NOT_TRIED: it was not made
 * @SVM_WORKS: it was emulated
 * @SVM_REFUSED: it was answered with an exception, or gave no value
 * @SVM_NO_END: it faulted again and again
 */
enum svm_outcome {
	SVM_NOT_TRIED,
	SVM_WORKS,
	SVM_REFUSED,
	SVM_NO_END,
};

/* Room for what svm_trial_print() prints. */
#define SVM_TRIAL_TEXT	32

/**
 * struct svm_trial - a load, tried
 * @outcome: what came of it
 * @us: how long it took, in microseconds
 */
struct svm_trial {
	enum svm_outcome outcome;
	unsigned int us;
};

void svm_probe(const void __iomem *addr, bool captured, struct svm_trial *trial);
int svm_trial_print(const struct svm_trial *trial, char *text, size_t size);

#endif /* _SVM_BACKEND_PROBE_H */
