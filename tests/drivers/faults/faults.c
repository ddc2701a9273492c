// SPDX-License-Identifier: GPL-2.0
/*
 * Does wrong, on purpose, each thing that the debug kernel has a witness for: a witness
 * that says nothing here would say nothing of svm_mmio either.
 *
 *	insmod faults.ko fault=use_after_free
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/delay.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <asm/hw_irq.h>

static char *fault = "";
module_param(fault, charp, 0444);
MODULE_PARM_DESC(fault, "what to do wrong");

/* Volatile, so that no compiler knows better than to do it. */
static volatile int three = 3;

static void use_after_free(void)
{
	volatile char *memory = kmalloc(64, GFP_KERNEL);

	kfree((void *)memory);
	pr_info("%d\n", memory[8]);
}

static void index_outside(void)
{
	static int numbers[2];

	pr_info("%d\n", numbers[three]);
}

static void shift_too_far(void)
{
	pr_info("%d\n", 1 << (11 * three));
}

static void lock_order(void)
{
	static DEFINE_MUTEX(first);
	static DEFINE_MUTEX(second);

	mutex_lock(&first);
	mutex_lock(&second);
	mutex_unlock(&second);
	mutex_unlock(&first);
	mutex_lock(&second);
	mutex_lock(&first);
	mutex_unlock(&first);
	mutex_unlock(&second);
}

static void sleep_in_atomic(void)
{
	static DEFINE_SPINLOCK(lock);

	spin_lock(&lock);
	might_sleep();
	spin_unlock(&lock);
}

static void cpu_of_preemptible(void)
{
	pr_info("%u\n", smp_processor_id());
}

/* Only performance-monitor interrupts, which no mask may be. */
static void soft_mask(void)
{
	unsigned long flags = irq_soft_mask_set_return(IRQS_PMI_DISABLED);

	irq_soft_mask_set(flags);
}

static void list_damaged(void)
{
	LIST_HEAD(list);
	LIST_HEAD(entry);

	list_add(&entry, &list);
	list.next = &list;
	list_del(&entry);
}

static void nothing(struct timer_list *timer)
{
}

static void free_active_timer(void)
{
	struct timer_list *timer = kzalloc(sizeof(*timer), GFP_KERNEL);

	if (!timer)
		return;
	timer_setup(timer, nothing, 0);
	mod_timer(timer, jiffies + 1000 * HZ);
	kfree(timer);
}

static void leak(void)
{
	unsigned int i;

	/* Some: a stale copy of one pointer may still be on a stack. */
	for (i = 0; i < 16; i++)
		pr_info("lost: %p\n", kmalloc(128, GFP_KERNEL));
}

/* Uninterruptible, for longer than the test lets a task be. */
static void hung_task(void)
{
	msleep(8000);
}

static const struct {
	const char *name;
	void (*commit)(void);
} faults[] = {
	{ "use_after_free", use_after_free },
	{ "index_outside", index_outside },
	{ "shift_too_far", shift_too_far },
	{ "lock_order", lock_order },
	{ "sleep_in_atomic", sleep_in_atomic },
	{ "cpu_of_preemptible", cpu_of_preemptible },
	{ "soft_mask", soft_mask },
	{ "list_damaged", list_damaged },
	{ "free_active_timer", free_active_timer },
	{ "leak", leak },
	{ "hung_task", hung_task },
};

static int __init faults_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(faults); i++) {
		if (strcmp(fault, faults[i].name))
			continue;
		faults[i].commit();
		/* Not to stay: the next fault is another insmod. */
		return -EAGAIN;
	}
	pr_err("there is no fault \"%s\"\n", fault);
	return -EINVAL;
}

static void __exit faults_exit(void)
{
}

module_init(faults_init);
module_exit(faults_exit);

MODULE_DESCRIPTION("Faults for the debug kernel of svm_mmio to find");
MODULE_LICENSE("GPL");
