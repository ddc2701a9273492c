/* SPDX-License-Identifier: GPL-2.0 */
/* Which pages are guarded: the windows of PCI, and the entries of the page tables. */
#ifndef _SVM_GUARD_PAGES_H
#define _SVM_GUARD_PAGES_H

#include <linux/pgtable.h>
#include <linux/types.h>

/* What a guarded entry lacks. It stays present, so that it still leads to its frame. */
#define SVM_GUARD_RIGHTS	(_PAGE_READ | _PAGE_WRITE | _PAGE_EXEC)

/* Set in a guarded entry that may be written: software's bit, unused in the kernel's space. */
#define SVM_GUARD_WRITABLE	_RPAGE_SW2

/* Is this an entry, or the protection for one, of memory that is not cached? */
static inline bool svm_guard_is_device(unsigned long val)
{
	return val & (_PAGE_NON_IDEMPOTENT | _PAGE_TOLERANT);
}

/* An entry, or the protection for one, without its rights. */
static inline unsigned long svm_guard_close(unsigned long val)
{
	return (val & ~SVM_GUARD_RIGHTS) | (val & _PAGE_WRITE ? SVM_GUARD_WRITABLE : 0);
}

/* The same with its rights again. No mapping of a device is executable. */
static inline unsigned long svm_guard_open(unsigned long val)
{
	return (val & ~SVM_GUARD_WRITABLE) | _PAGE_READ |
	       (val & SVM_GUARD_WRITABLE ? _PAGE_WRITE : 0);
}

/* A program's entry without its rights; what they were is in its mapping (VMA). */
static inline unsigned long svm_user_close(unsigned long val)
{
	return (val & ~SVM_GUARD_RIGHTS) | _PAGE_PRIVILEGED;
}

/* Is this a program's entry, which is present, that is guarded, if it is in a window of PCI? */
static inline bool svm_user_is_closed(unsigned long val)
{
	return svm_guard_is_device(val) && (val & _PAGE_SPECIAL) && (val & _PAGE_PRIVILEGED) &&
	       !(val & SVM_GUARD_RIGHTS);
}

int svm_guard_alias_windows(const char **why);
unsigned int svm_guard_close_all(void);
unsigned int svm_guard_ports_found(void);
unsigned int svm_guard_open_all(void);

#endif /* _SVM_GUARD_PAGES_H */
