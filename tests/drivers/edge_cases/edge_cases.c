// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that knows nothing of svm_mmio, and uses the kernel's accessors in each way
 * that a rename could miss. tests/test_dropin_edge_cases.py builds it as it is, and on
 * the drop-in, and asks the oracle about each form.
 *
 * To read /sys/kernel/debug/edge_cases/FORM is to run it: the answer is "ok", or which
 * line found a wrong value.
 *
 * It takes two devices of QEMU's: the controller memory buffer of an nvme, which is
 * memory whose every access is emulated, and the ports of a pci-testdev.
 */
#include <linux/debugfs.h>
#include <linux/io.h>
#include <linux/io-64-nonatomic-lo-hi.h>
#include <linux/io-64-nonatomic-hi-lo.h>
#include <linux/iopoll.h>
#include <linux/iosys-map.h>
#include <linux/module.h>
#include <linux/pci.h>
#include <linux/seq_file.h>

#define BUFFER_BAR	2
#define PORT_BAR	1
#define VALUE		0x89abcdefU
#define VALUE64		0x0123456789abcdefULL
#define TIMEOUT_US	1000000

static void __iomem *mem;	/* the buffer */
static void __iomem *cookie;	/* the ports, for ioread8() and the like */
static unsigned long port;	/* the same, for inb() and the like */
static struct dentry *directory;

static int wrong_line;		/* the first that found a wrong value, or 0 */

static void check(bool right, int line)
{
	if (!right && !wrong_line)
		wrong_line = line;
}

#define CHECK(condition)	check(condition, __LINE__)

/* Forms that the drop-in reaches. */

static void polling(void)
{
	u32 val;

	writel(VALUE, mem);
	CHECK(!readl_poll_timeout(mem, val, val == VALUE, 10, TIMEOUT_US));
	CHECK(!readl_relaxed_poll_timeout_atomic(mem, val, val == VALUE, 1, TIMEOUT_US));
}

struct ops {
	u32 (*read)(const volatile void __iomem *addr);
	void (*write)(u32 val, volatile void __iomem *addr);
};

static const struct ops little_ops = { .read = readl, .write = writel };
static const struct ops big_ops = { .read = readl_be, .write = writel_be };

static noinline void use_ops(const struct ops *ops, const struct ops *other)
{
	ops->write(VALUE, mem);
	CHECK(ops->read(mem) == VALUE);
	CHECK(other->read(mem) == swab32(VALUE));
}

static void function_pointers(void)
{
	use_ops(&little_ops, &big_ops);
	use_ops(&big_ops, &little_ops);
}

static noinline u16 call(typeof(readw) *function)
{
	return function(mem);
}

static void address_taken(void)
{
	void (*store)(u16 val, volatile void __iomem *addr) = writew;

	store(0x1234, mem);
	CHECK(call(readw) == 0x1234);
	CHECK(call(&readw) == 0x1234);
	CHECK((wrong_line ? readw_be : readw)(mem) == 0x1234);
}

/* Members and a variable that have the name of an accessor. */
struct namesake {
	u8 (*readb)(const volatile void __iomem *addr);
	void (*writeb)(u8 val, volatile void __iomem *addr);
	unsigned int ioread8;
};

static noinline void use_namesake(const struct namesake *device)
{
	u8 inb = 0x5a;

	device->writeb(inb, mem);
	CHECK(device->readb(mem) == inb);
	CHECK(ioread8(mem) == device->ioread8);
}

static void members(void)
{
	struct namesake device = { .readb = readb, .writeb = writeb, .ioread8 = 0x5a };

	use_namesake(&device);
}

#define PASTED_READ(suffix)		read##suffix(mem)
#define PASTED_WRITE(val, suffix)	write##suffix(val, mem)
#define PASTED_IN(order, bits)		in_##order##bits(mem)

static void token_pasting(void)
{
	PASTED_WRITE(VALUE64, q);
	CHECK(PASTED_READ(l) == VALUE);
	CHECK(PASTED_READ(w_be) == swab16((u16)VALUE));
	CHECK(PASTED_IN(le, 64) == VALUE64);
}

static void relaxed(void)
{
	writeb_relaxed(0x11, mem);
	writew_relaxed(0x2222, mem + 2);
	writel_relaxed(VALUE, mem + 4);
	CHECK(readq_relaxed(mem) >> 32 == VALUE);
	writeq_relaxed(VALUE64, mem);
	CHECK(readl_relaxed(mem) == VALUE);
	CHECK(readw_relaxed(mem) == (u16)VALUE);
	CHECK(readb_relaxed(mem) == (u8)VALUE);
}

static void raw(void)
{
	__raw_writeq_be(VALUE64, mem);
	CHECK(__raw_readq(mem) == swab64(VALUE64));
	__raw_writel(VALUE, mem);
	CHECK(__raw_readl(mem) == VALUE);
	__raw_writew(0x1234, mem);
	CHECK(__raw_readw(mem) == 0x1234);
	__raw_writeb(0x56, mem);
	CHECK(__raw_readb(mem) == 0x56);
}

/* As drivers do that want one access where there is a way to make it. */
static void ifdef(void)
{
#if defined(readq) && defined(writeq)
	writeq(VALUE64, mem);
	CHECK(readq(mem) == VALUE64);
#else
	CHECK(false);
#endif
}

static void io_64_nonatomic(void)
{
	lo_hi_writeq(VALUE64, mem);
	CHECK(hi_lo_readq(mem) == VALUE64);
	hi_lo_writeq_relaxed(~VALUE64, mem);
	CHECK(lo_hi_readq_relaxed(mem) == ~VALUE64);
	iowrite64(VALUE64, mem);
	CHECK(ioread64(mem) == VALUE64);
	CHECK(ioread64_hi_lo(mem) == VALUE64);
	iowrite64be(VALUE64, mem);
	CHECK(ioread64be_lo_hi(mem) == VALUE64);
	CHECK(ioread64be(mem) == VALUE64);
}

static void iomap(void)
{
	iowrite32be(VALUE, mem);
	CHECK(ioread32(mem) == swab32(VALUE));
	iowrite16(0x1234, mem);
	CHECK(ioread16be(mem) == 0x3412);
	iowrite8(0x56, mem);
	CHECK(ioread8(mem) == 0x56);
}

static void rep(void)
{
	u32 out[5] = { 1, 2, 3, 4, VALUE }, in[5] = {};
	u64 wide[2];

	iowrite32_rep(mem, out, ARRAY_SIZE(out));
	ioread32_rep(mem, in, ARRAY_SIZE(in));
	CHECK(in[0] == VALUE && in[4] == VALUE);
	iowrite16_rep(mem, out, 1);
	ioread16_rep(mem, in, 2);
	CHECK(in[0] == 0x10001);
	iowrite8_rep(mem, out + 1, 1);
	ioread8_rep(mem, in, 4);
	CHECK(in[0] == 0x02020202);
	writesl(mem, out + 4, 1);
	readsw(mem, in, 2);
	CHECK(in[0] == (VALUE & 0xffff) * 0x10001);
	writesq(mem, out, 2);
	readsq(mem, wide, 2);
	CHECK(wide[1] == 0x400000003);
}

static void copies(void)
{
	u8 out[67], in[67];
	unsigned int i;

	for (i = 0; i < sizeof(out); i++)
		out[i] = i * 3 + 1;
	memset_io(mem, 0xee, 128);
	memcpy_toio(mem + 1, out, sizeof(out));
	CHECK(readb(mem) == 0xee && readb(mem + 1 + sizeof(out)) == 0xee);
	memcpy_fromio(in, mem + 1, sizeof(in));
	CHECK(!memcmp(in, out, sizeof(out)));
	/* Of what is to be repeated the low byte counts, as in the kernel's. */
	memset_io(mem, -1, 16);
	CHECK(readq(mem) == ~0ULL && readq(mem + 8) == ~0ULL);
	memset_io(mem, 0x1a5, 9);
	CHECK(readq(mem) == 0xa5a5a5a5a5a5a5a5ULL && readq(mem + 8) == 0xffffffffffffffa5ULL);
}

static void copies_by_word(void)
{
	u32 out[4] = { VALUE, 2, 3, 4 }, in[4] = {};

	__iowrite32_copy(mem, out, ARRAY_SIZE(out));
	__iowrite64_copy(mem + sizeof(out), out, ARRAY_SIZE(out) / 2);
	__ioread32_copy(in, mem + sizeof(out), ARRAY_SIZE(in));
	CHECK(!memcmp(in, out, sizeof(out)));
	__ioread32_copy(in, mem, ARRAY_SIZE(in));
	CHECK(!memcmp(in, out, sizeof(out)));
}

static void in_out(void)
{
	out_le32(mem, 0xff00ff00);
	clrsetbits_le32(mem, 0xff000000, 0x12);
	CHECK(in_le32(mem) == 0x0000ff12);
	CHECK(in_be32(mem) == 0x12ff0000);
	out_be16(mem, 0x1234);
	CHECK(in_8(mem) == 0x12);
}

static void powerpc_internals(void)
{
	u32 out[2] = { VALUE, 7 }, in[2];

	_outsl(mem, out, 2);
	_insl(mem, in, 2);
	CHECK(in[0] == 7 && in[1] == 7);
	_memcpy_toio(mem, out, sizeof(out));
	_memcpy_fromio(in, mem, sizeof(in));
	CHECK(!memcmp(in, out, sizeof(out)));
	CHECK(eeh_readl(mem) == VALUE);
}

/* The first byte selects one of three tests of ports; it reads as that of all six. */
#define SELECTED(test)	((test) + 3)

static void ports(void)
{
	u8 one = 1, two = 2, in[4] = {};

	outb(one, port);
	CHECK(inb(port) == SELECTED(one));
	outsb(port, &two, 1);
	insb(port, in, sizeof(in));
	CHECK(in[0] == SELECTED(two) && in[3] == SELECTED(two));
	outb_p(one, port);
	CHECK(inb_p(port) == SELECTED(one));
	outsb_p(port, &two, 1);
	CHECK((u8)inw(port) == SELECTED(two) && (u8)inl(port) == SELECTED(two));
}

static void port_cookies(void)
{
	u8 in[2] = {};

	iowrite8(1, cookie);
	CHECK(ioread8(cookie) == SELECTED(1));
	ioread8_rep(cookie, in, sizeof(in));
	CHECK(in[0] == SELECTED(1) && in[1] == SELECTED(1));
	CHECK((u8)ioread16(cookie) == SELECTED(1) && (u8)ioread32(cookie) == SELECTED(1));
}

static void inline_functions_of_headers(void)
{
	struct iosys_map map = IOSYS_MAP_INIT_VADDR(NULL);
	u32 out = VALUE, in = 0;

	iosys_map_set_vaddr_iomem(&map, mem);
	iosys_map_memcpy_to(&map, 8, &out, sizeof(out));
	iosys_map_memcpy_from(&in, &map, 8, sizeof(in));
	CHECK(in == VALUE);
	CHECK(iosys_map_rd(&map, 8, u16) == (u16)VALUE);
	iosys_map_wr(&map, 8, u8, 0x12);
	CHECK(readb(mem + 8) == 0x12);
}

/* Forms that no header can reach. */

static void plain_dereference(void)
{
	volatile u32 *pointer = (volatile u32 __force *)mem;

	*pointer = VALUE;
	CHECK(*pointer == VALUE);
}

#ifdef CONFIG_CHECK_SIGNATURE
static void kernel_text(void)
{
	static const unsigned char signature[] = { 0xef, 0xcd, 0xab, 0x89 };

	writel(VALUE, mem);
	CHECK(check_signature(mem, signature, sizeof(signature)));
}
#endif

#define FORM(function)	{ #function, function }

static struct form {
	const char *name;
	void (*run)(void);
} forms[] = {
	FORM(polling),
	FORM(function_pointers),
	FORM(address_taken),
	FORM(members),
	FORM(token_pasting),
	FORM(relaxed),
	FORM(raw),
	FORM(ifdef),
	FORM(io_64_nonatomic),
	FORM(iomap),
	FORM(rep),
	FORM(copies),
	FORM(copies_by_word),
	FORM(in_out),
	FORM(powerpc_internals),
	FORM(ports),
	FORM(port_cookies),
	FORM(inline_functions_of_headers),
	FORM(plain_dereference),
#ifdef CONFIG_CHECK_SIGNATURE
	FORM(kernel_text),
#endif
};

static int form_show(struct seq_file *m, void *unused)
{
	const struct form *form = m->private;

	if (!mem || !cookie)
		return -ENODEV;
	wrong_line = 0;
	form->run();
	if (wrong_line)
		seq_printf(m, "wrong value at line %d\n", wrong_line);
	else
		seq_puts(m, "ok\n");
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(form);

static int edge_cases_probe(struct pci_dev *pdev, const struct pci_device_id *id)
{
	int bar = id->driver_data;
	void __iomem *base;
	int err;

	err = pcim_enable_device(pdev);
	if (err)
		return err;
	base = pcim_iomap(pdev, bar, 0);
	if (!base)
		return -ENOMEM;
	if (bar == PORT_BAR) {
		port = pci_resource_start(pdev, bar);
		cookie = base;
	} else {
		mem = base;
	}
	return 0;
}

static const struct pci_device_id edge_cases_ids[] = {
	{ PCI_DEVICE(0x1b36, 0x0010), .driver_data = BUFFER_BAR },
	{ PCI_DEVICE(0x1b36, 0x0005), .driver_data = PORT_BAR },
	{}
};

/* No remove: the devices are there as long as the test. */
static struct pci_driver edge_cases_driver = {
	.name = "edge_cases",
	.id_table = edge_cases_ids,
	.probe = edge_cases_probe,
	.driver.suppress_bind_attrs = true,
};

static int __init edge_cases_init(void)
{
	struct form *form;
	int err;

	err = pci_register_driver(&edge_cases_driver);
	if (err)
		return err;
	directory = debugfs_create_dir("edge_cases", NULL);
	for (form = forms; form < forms + ARRAY_SIZE(forms); form++)
		debugfs_create_file(form->name, 0400, directory, form, &form_fops);
	return 0;
}
module_init(edge_cases_init);

static void __exit edge_cases_exit(void)
{
	debugfs_remove_recursive(directory);
	pci_unregister_driver(&edge_cases_driver);
}
module_exit(edge_cases_exit);

MODULE_DESCRIPTION("Test: each way to use an accessor");
MODULE_LICENSE("GPL");
