/* SPDX-License-Identifier: GPL-2.0 */
/* What no C can say: guard/stubs.S. */
#ifndef _SVM_GUARD_STUBS_H
#define _SVM_GUARD_STUBS_H

#include <linux/types.h>

/**
 * struct svm_vector - what a vector register holds, as it is in memory
 * @half: the two halves, the lower address first
 */
struct svm_vector {
	u64 half[2];
} __aligned(16);

/* Where a hooked function is sent that is to return at once. Not to be called. */
extern const char svm_guard_return[];

/* Where an interrupt's C code is to return to, so that r14 to r31 are restored. */
extern const char svm_guard_restore[];

/* Vector register @n, 0 to 31, of the code that runs on this CPU; MSR[VEC] is on. */
void svm_guard_get_vector(unsigned int n, struct svm_vector *to);
void svm_guard_put_vector(unsigned int n, const struct svm_vector *from);

/* Vector-scalar register @n, 0 to 63, by its doublewords; MSR[FP], [VEC] and [VSX] are on. */
void svm_guard_get_vsr(unsigned int n, struct svm_vector *to);
void svm_guard_put_vsr(unsigned int n, const struct svm_vector *from);

#endif /* _SVM_GUARD_STUBS_H */
