// SPDX-License-Identifier: GPL-2.0
/*
 * Executes loads and stores of all forms, with all registers, drawn at random from a seed,
 * on a guarded mapping of a BAR, and each of them also where nothing is guarded: on a
 * cached mapping of the same BAR, or, if the device does not take such an access, on
 * memory. All registers and the bytes around have to be the same afterwards.
 *
 *	insmod guard_cases.ko cases=100000 seed=1; cat /sys/module/guard_cases/parameters/result
 *
 * The device is an nvme, whose controller memory buffer takes all widths and keeps them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/io.h>
#include <linux/ktime.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/swab.h>
#include <linux/vmalloc.h>
#include <asm/cacheflush.h>
#include <asm/cputable.h>
#include <asm/hw_irq.h>
#include <asm/reg.h>
#include <asm/switch_to.h>

#include "run.h"

static unsigned int cases = 10000;
module_param(cases, uint, 0444);
MODULE_PARM_DESC(cases, "how many accesses");
static unsigned long seed = 1;
module_param(seed, ulong, 0444);
MODULE_PARM_DESC(seed, "of the random numbers");
static char *mode = "cases";
module_param(mode, charp, 0444);
MODULE_PARM_DESC(mode, "cases; refused: what cannot be emulated; copies: by memcpy(); cost");

static char result[4000];
static int length;

static int result_get(char *buf, const struct kernel_param *kp)
{
	return scnprintf(buf, PAGE_SIZE, "%s", result);
}

static const struct kernel_param_ops result_ops = { .get = result_get };
module_param_cb(result, &result_ops, NULL, 0444);
MODULE_PARM_DESC(result, "what came of it");

#define say(...) \
	(length += scnprintf(result + length, sizeof(result) - length, __VA_ARGS__))

enum { D, DS, DQ, X, MLS, LS8 };	/* the last two are prefixed */
#define STORE	1
#define MOVES	2	/* with update */
#define SWAPS	4	/* byte-reversed */
#define PAIR	8	/* of registers, the first one even */

struct form {
	const char *name;
	u8 kind;
	u8 opcode;	/* primary */
	u16 xo;
	u8 bytes;
	u8 flags;
};

static const struct form forms[] = {
	{ "lbz", D, 34, 0, 1 }, { "lbzu", D, 35, 0, 1, MOVES },
	{ "lhz", D, 40, 0, 2 }, { "lhzu", D, 41, 0, 2, MOVES },
	{ "lha", D, 42, 0, 2 }, { "lhau", D, 43, 0, 2, MOVES },
	{ "lwz", D, 32, 0, 4 }, { "lwzu", D, 33, 0, 4, MOVES },
	{ "lwa", DS, 58, 2, 4 },
	{ "ld", DS, 58, 0, 8 }, { "ldu", DS, 58, 1, 8, MOVES },
	{ "stb", D, 38, 0, 1, STORE }, { "stbu", D, 39, 0, 1, STORE | MOVES },
	{ "sth", D, 44, 0, 2, STORE }, { "sthu", D, 45, 0, 2, STORE | MOVES },
	{ "stw", D, 36, 0, 4, STORE }, { "stwu", D, 37, 0, 4, STORE | MOVES },
	{ "std", DS, 62, 0, 8, STORE }, { "stdu", DS, 62, 1, 8, STORE | MOVES },
	{ "lbzx", X, 31, 87, 1 }, { "lbzux", X, 31, 119, 1, MOVES },
	{ "lhzx", X, 31, 279, 2 }, { "lhzux", X, 31, 311, 2, MOVES },
	{ "lhax", X, 31, 343, 2 }, { "lhaux", X, 31, 375, 2, MOVES },
	{ "lwzx", X, 31, 23, 4 }, { "lwzux", X, 31, 55, 4, MOVES },
	{ "lwax", X, 31, 341, 4 }, { "lwaux", X, 31, 373, 4, MOVES },
	{ "ldx", X, 31, 21, 8 }, { "ldux", X, 31, 53, 8, MOVES },
	{ "lhbrx", X, 31, 790, 2, SWAPS }, { "lwbrx", X, 31, 534, 4, SWAPS },
	{ "ldbrx", X, 31, 532, 8, SWAPS },
	{ "stbx", X, 31, 215, 1, STORE }, { "stbux", X, 31, 247, 1, STORE | MOVES },
	{ "sthx", X, 31, 407, 2, STORE }, { "sthux", X, 31, 439, 2, STORE | MOVES },
	{ "stwx", X, 31, 151, 4, STORE }, { "stwux", X, 31, 183, 4, STORE | MOVES },
	{ "stdx", X, 31, 149, 8, STORE }, { "stdux", X, 31, 181, 8, STORE | MOVES },
	{ "sthbrx", X, 31, 918, 2, STORE | SWAPS }, { "stwbrx", X, 31, 662, 4, STORE | SWAPS },
	{ "stdbrx", X, 31, 660, 8, STORE | SWAPS },
	{ "lq", DQ, 56, 0, 16, PAIR }, { "stq", DS, 62, 2, 16, STORE | PAIR },
	/* From here on they are prefixed: POWER10. */
	{ "plbz", MLS, 34, 0, 1 }, { "plhz", MLS, 40, 0, 2 }, { "plha", MLS, 42, 0, 2 },
	{ "plwz", MLS, 32, 0, 4 }, { "plwa", LS8, 41, 0, 4 }, { "pld", LS8, 57, 0, 8 },
	{ "pstb", MLS, 38, 0, 1, STORE }, { "psth", MLS, 44, 0, 2, STORE },
	{ "pstw", MLS, 36, 0, 4, STORE }, { "pstd", LS8, 61, 0, 8, STORE },
	{ "plq", LS8, 56, 0, 16, PAIR }, { "pstq", LS8, 60, 0, 16, STORE | PAIR },
};

#define UNPREFIXED	47

/* What has to fault, and change nothing: X-form, on a device's address in r7; from or to r6. */
#define T0	(31U << 26)
#define T6	(T0 | 6 << 21)

static const struct { const char *name; u32 word; } impossible[] = {
	{ "lbarx", T6 | 52 << 1 }, { "lwarx", T6 | 20 << 1 },
	{ "ldarx", T6 | 84 << 1 },
	{ "dcbz", T0 | 1014 << 1 }, { "dcbf", T0 | 86 << 1 },
	{ "lfdx", T6 | 599 << 1 }, { "stfdx", T6 | 727 << 1 },
	{ "lfsx", T6 | 535 << 1 }, { "stfiwx", T6 | 983 << 1 },
	{ "lvebx", T6 | 7 << 1 }, { "stvewx", T6 | 199 << 1 },
	{ "lxvd2x", T6 | 844 << 1 }, { "stxvd2x", T6 | 972 << 1 },
	{ "lxsdx", T6 | 588 << 1 },
	/* r13 is not restored behind an interrupt of the kernel. */
	{ "lwzx into r13", T0 | 13 << 21 | 23 << 1 },
};

#define AREA	SZ_128K

static void *guarded;		/* the first AREA bytes of the BAR, as any driver maps them */
static void *under;		/* the same bytes, cached: no guard */
static void *plain;		/* other AREA bytes, cached */
static void *memory;
static u32 *writable;		/* the slot */

static u64 random(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed * 0x9e3779b97f4a7c15ULL;
}

static unsigned int below(unsigned int n)
{
	return (random() >> 32) % n;
}

/* Often with a sign in one of its widths. */
static u64 value(void)
{
	u64 val = random();

	switch (below(8)) {
	case 0:
		return val & 0x7f7f7f7f7f7f7f7fULL;
	case 1:
		return val | 0x8080808080808080ULL;
	case 2:
		return ~0ULL;
	case 3:
		return 0;
	default:
		return val;
	}
}

struct drawn {
	const struct form *form;
	unsigned int rt, ra, rb;
	long displacement;
	u32 word[2];
	unsigned int moving;	/* the register that differs by the distance */
	unsigned long target;	/* in the area */
	bool aligned;
};

static u32 registers(const struct drawn *it)
{
	return it->rt << 21 | it->ra << 16;
}

static void encode(struct drawn *it)
{
	const struct form *form = it->form;
	u32 d = it->displacement;

	it->word[1] = 0x60000000;	/* nop */
	switch (form->kind) {
	case D:
		it->word[0] = (u32)form->opcode << 26 | registers(it) | (d & 0xffff);
		break;
	case DS:
		it->word[0] = (u32)form->opcode << 26 | registers(it) | (d & 0xfffc) | form->xo;
		break;
	case DQ:
		it->word[0] = (u32)form->opcode << 26 | registers(it) | (d & 0xfff0);
		break;
	case X:
		it->word[0] = 31U << 26 | registers(it) | it->rb << 11 | form->xo << 1;
		break;
	default:
		it->word[0] = 1U << 26 | (form->kind == MLS ? 2U << 24 : 0) |
			      (it->displacement >> 16 & 0x3ffff);
		it->word[1] = (u32)form->opcode << 26 | registers(it) | (d & 0xffff);
	}
}

/* What the kernel needs as it is while an instruction faults. */
static bool is_fixed(unsigned int reg)
{
	return reg == 1 || reg == 13;
}

static bool is_valid(const struct drawn *it)
{
	const struct form *form = it->form;
	bool moves = form->flags & MOVES, store = form->flags & STORE;

	/* r1 has to lead to a stack and r13 to the PACA. No compiler writes more either. */
	if ((it->ra == 0 || it->ra == 1 || it->ra == 13) && (form->kind != X || moves))
		return false;
	if (form->kind == X && is_fixed(it->rb) && (it->ra == 0 || is_fixed(it->ra)))
		return false;
	if (!store && (it->rt == 13 || ((form->flags & PAIR) && it->rt == 12)))
		return false;
	if (moves && !store && it->ra == it->rt)
		return false;
	if (form->kind == X && it->rb == it->ra)
		return false;
	if ((form->flags & PAIR) && (it->rt & 1 || it->rt == 0 || (!store && it->rt == it->ra)))
		return false;
	return true;
}

static void draw(struct drawn *it)
{
	bool prefixed = cpu_has_feature(CPU_FTR_ARCH_31);

	do {
		it->form = &forms[below(prefixed ? ARRAY_SIZE(forms) : UNPREFIXED)];
		it->rt = below(32);
		it->ra = below(32);
		it->rb = below(32);
	} while (!is_valid(it));
	it->displacement = (s16)random();
	if (it->form->kind == DS)
		it->displacement &= ~3L;
	if (it->form->kind == DQ)
		it->displacement &= ~15L;
	if (it->form->kind >= MLS)
		it->displacement = (s64)random() >> 30;
	it->moving = it->form->kind != X || is_fixed(it->rb) ? it->ra : it->rb;

	it->target = 64 + below(AREA - 128);
	if (!below(16))
		it->target = PAGE_SIZE - below(16);
	it->aligned = below(8);
	if (it->aligned)
		it->target &= ~((unsigned long)it->form->bytes - 1);
	encode(it);
}

/* Inline, as is execute(): r1 has to be the same here and where the slot is run. */
static __always_inline void give(struct run *run, const struct drawn *it, const u64 *start,
				 unsigned long base)
{
	unsigned long target = base + it->target;

	memset(run, 0, sizeof(*run));
	memcpy(run->gpr, start, 32 * sizeof(u64));
	run->gpr[1] = run_stack();
	run->gpr[13] = (unsigned long)local_paca;
	run->cr = start[32] & 0xffffffff;
	run->xer = start[33] & 0xe0000000;
	if (it->form->kind != X)
		run->gpr[it->ra] = target - it->displacement;
	else if (it->ra == 0)
		run->gpr[it->rb] = target;
	else if (is_fixed(it->rb))
		run->gpr[it->ra] = target - run->gpr[it->rb];
	else
		run->gpr[it->rb] = target - run->gpr[it->ra];
}

static __always_inline void execute(struct run *run)
{
	unsigned long flags;

	local_irq_save(flags);
	hard_irq_disable();
	run_slot(run);
	local_irq_restore(flags);
}

static void patch(const u32 *word)
{
	writable[0] = word[0];
	writable[1] = word[1];
	flush_icache_range((unsigned long)slot, (unsigned long)slot + 8);
}

/* 48 bytes around @target; 8 at a time, as any device here takes them. */
#define AROUND	6
static void fill(void *base, unsigned long target, const u64 *bytes)
{
	volatile u64 *to = base + (target & ~7UL) - 16;
	unsigned int i;

	for (i = 0; i < AROUND; i++)
		to[i] = bytes[i];
}

static void fetch(void *base, unsigned long target, u64 *bytes)
{
	volatile u64 *from = base + (target & ~7UL) - 16;
	unsigned int i;

	for (i = 0; i < AROUND; i++)
		bytes[i] = from[i];
}

/* Take @width bytes of what was accessed out of @bytes, as a number, and leave zeros. */
static u64 take(u64 *bytes, unsigned long target, unsigned int offset, unsigned int width,
		bool swaps)
{
	u8 *at = (u8 *)bytes + 16 + (target & 7) + offset;
	u64 val = 0;

	memcpy(&val, at, width);
	memset(at, 0, width);
	return swaps ? swab64(val) >> (64 - 8 * width) : val;
}

/* How much more a register, or what was stored of it, has to be there than here. */
static u64 distance(const struct drawn *it, unsigned int reg, u64 delta)
{
	return reg == it->moving ? delta : 0;
}

static const char *compare(const struct drawn *it, struct run *here, struct run *there,
			   u64 *bytes, u64 *others, u64 delta)
{
	const struct form *form = it->form;
	bool store = form->flags & STORE, pair = form->flags & PAIR;
	unsigned int i, width = pair ? 8 : form->bytes, half;
	u64 mask = ~0ULL >> (64 - 8 * width), want;

	if (here->faulted || there->faulted)
		return here->faulted ? "faulted" : "the reference faulted";
	for (i = 0; i < 32; i++) {
		want = distance(it, i, delta);
		if (!store && (i == it->rt || (pair && i == it->rt + 1)))
			want = 0;
		if ((form->flags & MOVES) && i == it->ra)
			want = delta;
		if (there->gpr[i] - here->gpr[i] != want)
			return "a register differs";
	}
	if (here->cr != there->cr || here->xer != there->xer)
		return "CR or XER differs";
	for (half = 0; half <= pair; half++) {
		/* Of a pair the second register has the lower address, if it is not prefixed. */
		unsigned int reg = it->rt + (pair && half == (form->kind >= MLS));
		bool swaps = form->flags & SWAPS;

		want = store ? distance(it, reg, delta) : 0;
		if (((take(others, it->target, 8 * half, width, swaps) -
		      take(bytes, it->target, 8 * half, width, swaps) - want) & mask) != 0)
			return "what was accessed differs";
	}
	if (memcmp(bytes, others, AROUND * sizeof(u64)))
		return "what is beside it differs";
	return NULL;
}

static bool one(struct drawn *it)
{
	u64 start[34], bytes[AROUND], here_bytes[AROUND], there_bytes[AROUND];
	bool on_bar = it->aligned && it->form->bytes <= 8;
	void *other = on_bar ? plain : memory;
	struct run here, there;
	const char *wrong;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(start); i++)
		start[i] = value();
	for (i = 0; i < AROUND; i++)
		bytes[i] = value();
	fill(under, it->target, bytes);
	fill(other, it->target, bytes);

	give(&here, it, start, (unsigned long)guarded);
	execute(&here);
	give(&there, it, start, (unsigned long)other);
	execute(&there);

	fetch(under, it->target, here_bytes);
	fetch(other, it->target, there_bytes);
	wrong = compare(it, &here, &there, here_bytes, there_bytes,
			(unsigned long)other - (unsigned long)guarded);
	if (wrong && length < 3000) {
		say("%s r%u r%u r%u, word %08x, at %lx: %s", it->form->name, it->rt, it->ra, it->rb,
		    it->word[0], it->target, wrong);
		for (i = 0; i < 32; i++)
			if (here.gpr[i] != there.gpr[i])
				say(" r%u %llx %llx", i, here.gpr[i], there.gpr[i]);
		say("\n");
	}
	return !wrong;
}

static void try_cases(void)
{
	unsigned int i, wrong = 0, done[ARRAY_SIZE(forms)] = { };
	u32 targets = 0, bases = 0, indexes = 0;
	struct drawn it;

	for (i = 0; i < cases; i++) {
		/* Some more with each: text is written and made again for it. */
		if (!(i & 3)) {
			draw(&it);
			patch(it.word);
			cond_resched();
		}
		wrong += !one(&it);
		done[it.form - forms]++;
		targets |= 1U << it.rt;
		bases |= 1U << it.ra;
		if (it.form->kind == X)
			indexes |= 1U << it.rb;
	}
	say("cases %u wrong %u\n", cases, wrong);
	say("targets %08x bases %08x indexes %08x\nforms", targets, bases, indexes);
	for (i = 0; i < ARRAY_SIZE(forms); i++)
		say(" %s=%u", forms[i].name, done[i]);
	say("\n");
}

static void try_refused(void)
{
	u64 start[34], bytes[AROUND], after[AROUND];
	struct run run;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(impossible); i++) {
		struct drawn it = { .form = &forms[0], .target = 256 };
		bool same = true;

		it.word[0] = impossible[i].word | 7 << 11;
		it.word[1] = 0x60000000;
		patch(it.word);
		for (j = 0; j < ARRAY_SIZE(start); j++)
			start[j] = value();
		for (j = 0; j < AROUND; j++)
			bytes[j] = value();
		fill(under, it.target, bytes);
		give(&run, &it, start, (unsigned long)guarded);
		run.gpr[7] = (unsigned long)guarded + it.target;
		memcpy(start, run.gpr, sizeof(run.gpr));
		preempt_disable();
		enable_kernel_vsx();
		execute(&run);
		disable_kernel_vsx();
		preempt_enable();
		fetch(under, it.target, after);
		same = !memcmp(run.gpr, start, sizeof(run.gpr)) &&
		       !memcmp(after, bytes, sizeof(bytes));
		say("%s: %s, %s\n", impossible[i].name, run.faulted ? "faulted" : "made",
		    same ? "nothing changed" : "changed");
	}
}

/*
 * memcpy() as it is, on a write-combining mapping, as of a frame buffer: vector registers
 * from 4 KiB on, and whatever else is at the ends.
 */
#define COPY	(2 * SZ_4K)
static void try_copies(phys_addr_t bar)
{
	void *wc = (__force void *)ioremap_wc(bar, AREA);
	u8 *from = memory, *to = memory + AREA / 2;
	unsigned int i, j, offset, wrong = 0, copies = 0;

	if (!wc)
		return;
	for (offset = 0; offset < 32; offset += 3) {
		for (i = 0; i < COPY + 64; i++)
			from[i] = random();
		memcpy(wc + offset, from + 1, COPY);
		for (j = 0; j < COPY; j++)
			wrong += *((volatile u8 *)under + offset + j) != from[j + 1];
		memset(to, 0, COPY);
		memcpy(to + 1, wc + offset, COPY);
		wrong += !!memcmp(to + 1, from + 1, COPY);
		copies += 2;
		cond_resched();
	}
	iounmap((__force void __iomem *)wc);
	say("copies %u wrong %u\n", copies, wrong);
}

/* What a load by readl() takes, in nanoseconds: the least of some. */
static void try_cost(void)
{
	u64 least = ~0ULL, start;
	unsigned int i, j;

	for (i = 0; i < 10; i++) {
		start = ktime_get_ns();
		for (j = 0; j < 100; j++)
			readl((void __iomem __force *)guarded);
		least = min(least, (ktime_get_ns() - start) / 100);
	}
	say("%llu\n", least);
}

static int cases_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	struct page *page = vmalloc_to_page(slot);
	void *text = vmap(&page, 1, VM_MAP, PAGE_KERNEL);
	phys_addr_t bar = pci_resource_start(pdev, 2);
	int err;

	if (!text)
		return -ENOMEM;
	writable = text + offset_in_page(slot);
	err = pci_enable_device(pdev);
	if (err)
		goto out;
	guarded = (__force void *)ioremap(bar, AREA);
	under = (__force void *)ioremap_cache(bar, AREA);
	plain = (__force void *)ioremap_cache(bar + SZ_512K, AREA);
	memory = vmalloc(AREA);
	if (!guarded || !under || !plain || !memory) {
		err = -ENOMEM;
		goto out;
	}
	if (!strcmp(mode, "refused"))
		try_refused();
	else if (!strcmp(mode, "copies"))
		try_copies(bar);
	else if (!strcmp(mode, "cost"))
		try_cost();
	else
		try_cases();
	iounmap((__force void __iomem *)guarded);
	iounmap((__force void __iomem *)under);
	iounmap((__force void __iomem *)plain);
	vfree(memory);
out:
	vunmap(text);
	return err;
}

static const struct pci_device_id ids[] = { { PCI_DEVICE(0x1b36, 0x0010) }, { } };

static struct pci_driver cases_driver = {
	.name = "guard_cases",
	.id_table = ids,
	.probe = cases_probe,
};
module_pci_driver(cases_driver);

MODULE_DESCRIPTION("Loads and stores of all forms on a guarded mapping");
MODULE_LICENSE("GPL");
