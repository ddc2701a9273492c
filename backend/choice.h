/* SPDX-License-Identifier: GPL-2.0 */
/* Which way accesses are made: chosen once, at load. */
#ifndef _SVM_BACKEND_CHOICE_H
#define _SVM_BACKEND_CHOICE_H

#include <linux/types.h>

struct seq_file;
struct static_key_false;

/**
 * enum svm_backend - how an accessor makes its access
 * @SVM_BACKEND_DIRECT: the kernel's own inline accessor
 * @SVM_BACKEND_SPRG0: in a capture window
 * @SVM_BACKEND_HCALL: the hypervisor is asked to make it
 * @SVM_BACKENDS: how many there are
 *
 * observe/trace.h has the numbers.
 */
enum svm_backend {
	SVM_BACKEND_DIRECT,
	SVM_BACKEND_SPRG0,
	SVM_BACKEND_HCALL,
	SVM_BACKENDS
};

/* Of a kernel that makes the accesses itself (upstream/); weak, as others have none. */
extern struct static_key_false svm_mmio_key __weak;

bool svm_guest_is_secure(void);
bool svm_kernel_makes_accesses(void);
int svm_backend_init(void);
void svm_backend_exit(void);
enum svm_backend svm_backend(void);
const char *svm_backend_name(enum svm_backend which);
void svm_backend_show(struct seq_file *m);

#endif /* _SVM_BACKEND_CHOICE_H */
