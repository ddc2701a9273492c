// SPDX-License-Identifier: GPL-2.0
/*
 * Test: a device that programs map, /dev/guard_maps. It decides by the page of the file
 * what is mapped, and how:
 *
 *	0	memory, not cached, by remap_pfn_range()
 *	1	memory, not cached, by vmf_insert_mixed()
 *	2	a BAR, not cached, by vmf_insert_mixed()
 *	3	the same BAR, but cached, by remap_pfn_range()
 *
 * Parameter: "bar", its address. For Linux 6.1: later ones let nobody set vm_flags like this.
 */
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pfn_t.h>

static ulong bar;
module_param(bar, ulong, 0);
MODULE_PARM_DESC(bar, "address of the BAR");

enum { MEMORY, MEMORY_MIXED, BAR_MIXED, BAR_CACHED };

static unsigned long memory;

static unsigned long frame_of(unsigned long page)
{
	return page == MEMORY || page == MEMORY_MIXED ? virt_to_phys((void *)memory) >> PAGE_SHIFT :
							bar >> PAGE_SHIFT;
}

static vm_fault_t guard_maps_fault(struct vm_fault *vmf)
{
	pfn_t frame = __pfn_to_pfn_t(frame_of(vmf->pgoff), PFN_DEV);

	return vmf_insert_mixed(vmf->vma, vmf->address, frame);
}

static const struct vm_operations_struct guard_maps_vm_ops = { .fault = guard_maps_fault };

static int guard_maps_mmap(struct file *file, struct vm_area_struct *vma)
{
	unsigned long page = vma->vm_pgoff;

	if (page > BAR_CACHED || vma->vm_end - vma->vm_start != PAGE_SIZE)
		return -EINVAL;
	if (page != BAR_CACHED)
		vma->vm_page_prot = pgprot_noncached(vma->vm_page_prot);
	if (page == MEMORY || page == BAR_CACHED)
		return remap_pfn_range(vma, vma->vm_start, frame_of(page), PAGE_SIZE,
				       vma->vm_page_prot);
	vma->vm_flags |= VM_MIXEDMAP;
	vma->vm_ops = &guard_maps_vm_ops;
	return 0;
}

static const struct file_operations guard_maps_fops = {
	.owner = THIS_MODULE,
	.mmap = guard_maps_mmap,
};

static struct miscdevice guard_maps = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "guard_maps",
	.fops = &guard_maps_fops,
};

static int __init guard_maps_init(void)
{
	int err;

	memory = get_zeroed_page(GFP_KERNEL);
	if (!memory)
		return -ENOMEM;
	*(u32 *)memory = 0x600d600d;
	err = misc_register(&guard_maps);
	if (err)
		free_page(memory);
	return err;
}

static void __exit guard_maps_exit(void)
{
	misc_deregister(&guard_maps);
	free_page(memory);
}

module_init(guard_maps_init);
module_exit(guard_maps_exit);

MODULE_DESCRIPTION("Maps memory and a BAR for programs, to test what the guard leaves alone");
MODULE_LICENSE("GPL");
