/* SPDX-License-Identifier: GPL-2.0 */
/* Threads that move the workers of the stress from CPU to CPU. */
#ifndef _SVM_SELFTEST_MOVER_H
#define _SVM_SELFTEST_MOVER_H

struct svm_mover;
struct svm_worker;

struct svm_mover *svm_movers_start(struct svm_worker *workers, unsigned int count);
unsigned long svm_movers_stop(struct svm_mover *movers);

#endif /* _SVM_SELFTEST_MOVER_H */
