// SPDX-License-Identifier: GPL-2.0
/*
 * Ordinary loads and stores of a device's memory, and of other memory. tests/test_tool_audit.py
 * knows which of them svm-mmio audit has to see: a function's name says how many, and how sure
 * it can be. Nothing here is run.
 */
#include <linux/io.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/slab.h>

#define PADDING		0x120

/* Nothing but the address of a device is ever put into this one's @regs. */
struct board {
	u8 padding[PADDING];
	void __iomem *regs;
};

/* Two structures with an address at the same place. */
struct chip {
	u8 padding[2 * PADDING];
	void __iomem *regs;
};

struct request {
	u8 padding[2 * PADDING];
	u32 *status;
};

/* Another place that only one function fills; what is loaded from there is an address, too. */
struct list {
	u8 padding[3 * PADDING];
	void __iomem *next;
};

static void __iomem *variable;
static void __iomem *variables[4];

u32 sure_1_result(phys_addr_t at);
u32 sure_1_result(phys_addr_t at)
{
	void __iomem *regs = ioremap(at, 16);

	return regs ? __raw_readl(regs + 4) : 0;
}

u32 sure_2_over_a_call(phys_addr_t at);
u32 sure_2_over_a_call(phys_addr_t at)
{
	void __iomem *regs = ioremap(at, 16);
	u32 first = __raw_readl(regs);

	schedule();
	__raw_writel(first, regs + 8);
	iounmap(regs);
	return first;
}

static noinline u8 sure_1_argument(void __iomem *regs)
{
	return __raw_readb(regs + 3);
}

u8 none_passes_it_on(struct pci_dev *pdev);
u8 none_passes_it_on(struct pci_dev *pdev)
{
	return sure_1_argument(pci_iomap(pdev, 0, 0));
}

static noinline void __iomem *none_returns_it(struct pci_dev *pdev)
{
	return pcim_iomap_table(pdev)[2];
}

void sure_1_returned(struct pci_dev *pdev);
void sure_1_returned(struct pci_dev *pdev)
{
	__raw_writeq(0, none_returns_it(pdev) + 0x40);
}

void none_fills(struct pci_dev *pdev, phys_addr_t at, struct board *board, struct chip *chip,
		struct list *list);
void none_fills(struct pci_dev *pdev, phys_addr_t at, struct board *board, struct chip *chip,
		struct list *list)
{
	variable = ioremap(at, 16);
	variables[2] = pci_ioremap_bar(pdev, 1);
	board->regs = ioremap(at + PAGE_SIZE, 16);
	chip->regs = ioremap(at + 2 * PAGE_SIZE, 16);
	list->next = ioremap(at + 3 * PAGE_SIZE, 16);
}

void none_empties(struct board *board);
void none_empties(struct board *board)
{
	board->regs = NULL;
}

u16 sure_1_variable(void);
u16 sure_1_variable(void)
{
	return __raw_readw(variable);
}

void sure_1_of_an_array(void);
void sure_1_of_an_array(void)
{
	__raw_writeb(1, variables[2] + 5);
}

u32 none_of_another_variable(void);
u32 none_of_another_variable(void)
{
	return *(u32 *)variables[1];
}

void unsure_2_member(struct board *board);
void unsure_2_member(struct board *board)
{
	__raw_writel(__raw_readl(board->regs + 4), board->regs + 8);
}

/* Found as an inline access, and not once more. */
u32 inline_1_member(struct board *board);
u32 inline_1_member(struct board *board)
{
	return readl(board->regs);
}

void none_other_structure(struct request *request, u32 *status);
void none_other_structure(struct request *request, u32 *status)
{
	request->status = status;
	*request->status = 1;
}

u32 none_ambiguous(struct chip *chip);
u32 none_ambiguous(struct chip *chip)
{
	return __raw_readl(chip->regs);
}

u32 none_chain(struct list *list);
u32 none_chain(struct list *list)
{
	struct list *next = (__force struct list *)list->next;

	return *(u32 *)next->next;
}

u32 none_memory(size_t size);
u32 none_memory(size_t size)
{
	u32 *memory = kmalloc(size, GFP_KERNEL);

	return memory ? READ_ONCE(*memory) : 0;
}

void helper_1_copy(phys_addr_t at, void *to, size_t size);
void helper_1_copy(phys_addr_t at, void *to, size_t size)
{
	memcpy(to, (__force void *)ioremap(at, 256), size);
}

MODULE_DESCRIPTION("Ordinary accesses of a device's memory, for a test of svm-mmio audit");
MODULE_LICENSE("GPL");
