// SPDX-License-Identifier: GPL-2.0
/*
 * Test: stands in for a kernel with the series of upstream/, as far as svm_mmio
 * can see one: by its key. It makes no access.
 *
 *	on	whether that kernel would make the accesses of all drivers
 */
#include <linux/jump_label.h>
#include <linux/module.h>

struct static_key_false svm_mmio_key = STATIC_KEY_FALSE_INIT;
EXPORT_SYMBOL_GPL(svm_mmio_key);

static bool on;
module_param(on, bool, 0);

static int __init by_kernel_init(void)
{
	if (on)
		static_branch_enable(&svm_mmio_key);
	return 0;
}
module_init(by_kernel_init);

static void __exit by_kernel_exit(void)
{
}
module_exit(by_kernel_exit);

MODULE_DESCRIPTION("Test: the key of a kernel that makes all accesses itself");
MODULE_LICENSE("GPL");
