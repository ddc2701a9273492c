// SPDX-License-Identifier: GPL-2.0
/* The kernel that capture/ and the model have on the build host, and one window to be judged. */
#include <stdarg.h>

#include "kernel.h"

char said[4096];

void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(said, sizeof(said), format, args);
	va_end(args);
}

void seq_printf(struct seq_file *m, const char *format, ...)
{
	size_t used = strlen(said);
	va_list args;

	va_start(args, format);
	vsnprintf(said + used, sizeof(said) - used, format, args);
	va_end(args);
}

int kvm_vcpu_read_guest_atomic(struct kvm_vcpu *vcpu, gpa_t gpa, void *data, unsigned long len)
{
	if (gpa < vcpu->page || gpa + len > vcpu->page + sizeof(vcpu->memory))
		return -EFAULT;
	memcpy(data, (char *)vcpu->memory + (gpa - vcpu->page), len);
	return 0;
}

bool kvm_is_visible_gfn(struct kvm *kvm, gfn_t gfn)
{
	return kvm->visible;
}

/* As capture/table.lds makes them: bounds of the table, of WINDOWS entries of 16 bytes. */
#ifdef WINDOWS
asm("\t.bss\n"
	"\t.balign 8\n"
	"\t.globl windows, svm_windows_start, svm_windows_end\n"
	"windows:\n"
	"svm_windows_start:\n"
	"\t.skip " __stringify(WINDOWS) " * 16\n"
	"svm_windows_end:\n"
	"\t.skip 16\n"
	"\t.previous\n");
#endif
