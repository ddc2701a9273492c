/* SPDX-License-Identifier: GPL-2.0 */
/* Loads and stores of vector-scalar and floating-point registers, which programs make. */
#ifndef _SVM_GUARD_VSR_H
#define _SVM_GUARD_VSR_H

#include <linux/types.h>

struct instruction_op;
struct svm_vector;

bool svm_vsr_can(const struct instruction_op *op);
unsigned long svm_vsr_facility(const struct instruction_op *op);
void svm_vsr_get(const struct instruction_op *op, struct svm_vector *to);
void svm_vsr_put(const struct instruction_op *op, const struct svm_vector *from);

#endif /* _SVM_GUARD_VSR_H */
