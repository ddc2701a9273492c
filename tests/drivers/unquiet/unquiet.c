// SPDX-License-Identifier: GPL-2.0
/*
 * Test: a machine that is busy with interrupts, and SPRG0s that somebody might forget to
 * give back. On each CPU a timer expires over and over, whose softirq takes longer than a
 * tick of backend/probe.c, and a thread interrupts all CPUs but its own, if there are
 * any. In /sys/module/unquiet/parameters/:
 *
 *	lost	on how many CPUs SPRG0 is no longer what this set it to; sets it again
 *	softirqs, ipis	how many there were
 */
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/smp.h>
#include <linux/timer.h>
#include <asm/reg.h>

static DEFINE_PER_CPU(struct timer_list, timers);
static struct task_struct *thread;
static atomic_t softirqs, ipis;

/* No word of an access, and another one on each CPU. */
static u64 own_value(void)
{
	return 0x5afe000000000000 + smp_processor_id();
}

static void set(void *unused)
{
	mtspr(SPRN_SPRG0, own_value());
}

static void compare(void *lost)
{
	if (mfspr(SPRN_SPRG0) != own_value())
		atomic_inc(lost);
	set(NULL);
}

static int lost_get(char *buffer, const struct kernel_param *kp)
{
	atomic_t lost = ATOMIC_INIT(0);

	on_each_cpu(compare, &lost, 1);
	return sysfs_emit(buffer, "%d\n", atomic_read(&lost));
}

static const struct kernel_param_ops lost_ops = { .get = lost_get };
module_param_cb(lost, &lost_ops, NULL, 0444);

static int count_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%d\n", atomic_read(kp->arg));
}

static const struct kernel_param_ops count_ops = { .get = count_get };
module_param_cb(softirqs, &count_ops, &softirqs, 0444);
module_param_cb(ipis, &count_ops, &ipis, 0444);

static void on_timer(struct timer_list *timer)
{
	mdelay(3);
	atomic_inc(&softirqs);
	mod_timer(timer, jiffies + msecs_to_jiffies(12));
}

static void on_ipi(void *unused)
{
	atomic_inc(&ipis);
}

static int interrupt_others(void *unused)
{
	while (!kthread_should_stop()) {
		smp_call_function(on_ipi, NULL, 0);
		msleep(20);
	}
	return 0;
}

static int __init unquiet_init(void)
{
	int cpu;

	on_each_cpu(set, NULL, 1);
	thread = kthread_run(interrupt_others, NULL, "unquiet");
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	for_each_online_cpu(cpu) {
		struct timer_list *timer = per_cpu_ptr(&timers, cpu);

		timer_setup(timer, on_timer, TIMER_PINNED);
		timer->expires = jiffies + 1;
		add_timer_on(timer, cpu);
	}
	return 0;
}

static void __exit unquiet_exit(void)
{
	int cpu;

	kthread_stop(thread);
	for_each_online_cpu(cpu)
		del_timer_sync(per_cpu_ptr(&timers, cpu));
}

module_init(unquiet_init);
module_exit(unquiet_exit);

MODULE_DESCRIPTION("Test: interrupts, softirqs that take long, and a look at SPRG0");
MODULE_LICENSE("GPL");
