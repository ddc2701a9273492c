// SPDX-License-Identifier: GPL-2.0
/* The kernel that capture/ and the model have on the build host, and one window to be judged. */
#include <stdarg.h>

#include "kernel.h"

char said[1 << 15];

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

#ifndef NATIVE_SEARCH_H
int locked;
static struct {
	const char *name;
	int (*show)(struct seq_file *m, void *unused);
} files[4];
static int nr_files;

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent)
{
	return strcmp(name, "uvmodel") ? NULL : (struct dentry *)files;
}

void debugfs_create_file(const char *name, int mode, struct dentry *parent, void *data,
			 const void *show)
{
	if (mode != 0444 || parent != (struct dentry *)files)
		return;
	files[nr_files].name = name;
	files[nr_files++].show = *(int (*const *)(struct seq_file *m, void *unused))show;
}

void debugfs_remove(struct dentry *dir)
{
	if (dir == (struct dentry *)files)
		nr_files = 0;
}

/* What a file says; NULL if there is none of that name. */
const char *file_of(const char *name)
{
	int i;

	for (i = 0; i < nr_files; i++) {
		if (strcmp(files[i].name, name))
			continue;
		said[0] = '\0';
		files[i].show(NULL, NULL);
		return said;
	}
	return NULL;
}
#endif

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
