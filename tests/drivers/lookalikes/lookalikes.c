// SPDX-License-Identifier: GPL-2.0
/*
 * What looks like an inline accessor and is none, and accessors in places where they are
 * harder to see. tests/test_tool_audit.py knows how many accesses each function makes: its
 * name says.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/spinlock.h>

static DEFINE_SPINLOCK(lock);
static u32 flag;

void none_barrier_store(u32 *to);
void none_barrier_store(u32 *to)
{
	mb();	/* what this is a test of */
	WRITE_ONCE(*to, 1);
}

void none_store_mb(void);
void none_store_mb(void)
{
	smp_store_mb(flag, 1);	/* likewise */
}

/* The unlock looks at the pending store too, and clears what is pending. */
void none_barrier_unlock(u32 *to);
void none_barrier_unlock(u32 *to)
{
	spin_lock(&lock);
	mb();	/* what this is a test of */
	WRITE_ONCE(*to, 1);
	spin_unlock(&lock);
}

void none_barrier_load(u32 *from);
void none_barrier_load(u32 *from)
{
	mb();	/* what this is a test of */
	WRITE_ONCE(flag, READ_ONCE(*from));
	isync();
}

/* The store in the middle is the barrier's; what is pending belongs to the last. */
void one_barrier_store_access(u32 *to, void __iomem *reg);
void one_barrier_store_access(u32 *to, void __iomem *reg)
{
	mb();	/* what this is a test of */
	WRITE_ONCE(*to, 1);
	writel(2, reg);
}

void two_in_a_loop(void __iomem *reg, int count);
void two_in_a_loop(void __iomem *reg, int count)
{
	while (count--)
		if (readl(reg) & 1)
			writel(count, reg + 4);
}

/* The compiler may merge what follows them. */
void two_with_one_tail(void __iomem *reg, bool which);
void two_with_one_tail(void __iomem *reg, bool which)
{
	if (which)
		writeb(1, reg);
	else
		writew(2, reg + 8);
}

void two_under_a_lock(void __iomem *reg);
void two_under_a_lock(void __iomem *reg)
{
	spin_lock(&lock);
	writeq(1, reg);
	out_be32(reg, 2);
	spin_unlock(&lock);
}

MODULE_DESCRIPTION("Lookalikes of device accesses, for a test of svm-mmio audit");
MODULE_LICENSE("GPL");
