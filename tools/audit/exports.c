// SPDX-License-Identifier: GPL-2.0
/*
 * What of the kernel's exported functions has to do with devices: all that a module can import
 * in Debian's kernels 5.10 to 7.2.
 */
#include <string.h>

#include "../util.h"
#include "audit.h"

/* lib/iomap.c, arch/powerpc/kernel/io.c and others */
static const struct accessor accessors[] = {
	{ "ioread8", 1, false, NULL },
	{ "ioread16", 2, false, NULL },
	{ "ioread16be", 2, false, NULL },
	{ "ioread32", 4, false, NULL },
	{ "ioread32be", 4, false, NULL },
	{ "iowrite8", 1, true, NULL },
	{ "iowrite16", 2, true, NULL },
	{ "iowrite16be", 2, true, NULL },
	{ "iowrite32", 4, true, NULL },
	{ "iowrite32be", 4, true, NULL },
	{ "ioread64", 8, false, NULL },
	{ "ioread64be", 8, false, NULL },
	{ "iowrite64", 8, true, NULL },
	{ "iowrite64be", 8, true, NULL },
	{ "ioread64_lo_hi", 8, false, NULL },
	{ "ioread64_hi_lo", 8, false, NULL },
	{ "ioread64be_lo_hi", 8, false, NULL },
	{ "ioread64be_hi_lo", 8, false, NULL },
	{ "iowrite64_lo_hi", 8, true, NULL },
	{ "iowrite64_hi_lo", 8, true, NULL },
	{ "iowrite64be_lo_hi", 8, true, NULL },
	{ "iowrite64be_hi_lo", 8, true, NULL },
	{ "__ioread64_lo_hi", 8, false, "svm_ioread64_lo_hi" },
	{ "__ioread64_hi_lo", 8, false, "svm_ioread64_hi_lo" },
	{ "__ioread64be_lo_hi", 8, false, "svm_ioread64be_lo_hi" },
	{ "__ioread64be_hi_lo", 8, false, "svm_ioread64be_hi_lo" },
	{ "__iowrite64_lo_hi", 8, true, "svm_iowrite64_lo_hi" },
	{ "__iowrite64_hi_lo", 8, true, "svm_iowrite64_hi_lo" },
	{ "__iowrite64be_lo_hi", 8, true, "svm_iowrite64be_lo_hi" },
	{ "__iowrite64be_hi_lo", 8, true, "svm_iowrite64be_hi_lo" },
	{ "ioread8_rep", 1, false, NULL },
	{ "ioread16_rep", 2, false, NULL },
	{ "ioread32_rep", 4, false, NULL },
	{ "iowrite8_rep", 1, true, NULL },
	{ "iowrite16_rep", 2, true, NULL },
	{ "iowrite32_rep", 4, true, NULL },
	{ "_insb", 1, false, "svm_readsb or svm_insb" },
	{ "_insw", 2, false, "svm_readsw or svm_insw" },
	{ "_insl", 4, false, "svm_readsl or svm_insl" },
	{ "_insw_ns", 2, false, "svm_readsw or svm_insw" },
	{ "_insl_ns", 4, false, "svm_readsl or svm_insl" },
	{ "_outsb", 1, true, "svm_writesb or svm_outsb" },
	{ "_outsw", 2, true, "svm_writesw or svm_outsw" },
	{ "_outsl", 4, true, "svm_writesl or svm_outsl" },
	{ "_outsw_ns", 2, true, "svm_writesw or svm_outsw" },
	{ "_outsl_ns", 4, true, "svm_writesl or svm_outsl" },
	{ "_memcpy_fromio", 0, false, "svm_memcpy_fromio" },
	{ "_memcpy_toio", 0, true, "svm_memcpy_toio" },
	{ "_memset_io", 0, true, "svm_memset_io" },
	{ "memcpy_fromio", 0, false, NULL },
	{ "memcpy_toio", 0, true, NULL },
	{ "memset_io", 0, true, NULL },
	{ "__ioread32_copy", 4, false, NULL },
	{ "__iowrite32_copy", 4, true, NULL },
	{ "__iowrite64_copy", 8, true, NULL },
};

static const struct {
	const char *name;
	enum export what;
} others[] = {
	/*
	 * Functions, and tables of such, that access a module's device for it. They were found
	 * by following calls in vmlinux up from its accesses, and by reading what is reached
	 * by way of a table of functions: the 8250 ports, the regmap. Not here is what accesses
	 * something that the kernel has mapped for itself, as the MSI-X table.
	 */
	{ "ata_bmdma32_port_ops", EXPORT_HELPER },
	{ "ata_bmdma_*", EXPORT_HELPER },
	{ "ata_pci_bmdma_*", EXPORT_HELPER },
	{ "ata_pci_sff_*", EXPORT_HELPER },
	{ "ata_sff_*", EXPORT_HELPER },
	{ "ata_wait_register", EXPORT_HELPER },
	{ "check_signature", EXPORT_HELPER },
	{ "cxl_await_media_ready", EXPORT_HELPER },
	{ "cxl_cor_error_detected", EXPORT_HELPER },
	{ "cxl_dport_init_ras_reporting", EXPORT_HELPER },
	{ "cxl_dport_map_rcd_linkcap", EXPORT_HELPER },
	{ "cxl_error_detected", EXPORT_HELPER },
	{ "cxl_hdm_decode_init", EXPORT_HELPER },
	{ "cxl_pci_setup_regs", EXPORT_HELPER },
	{ "cxl_port_setup_regs", EXPORT_HELPER },
	{ "cxl_probe_component_regs", EXPORT_HELPER },
	{ "cxl_probe_device_regs", EXPORT_HELPER },
	{ "cxl_rcd_component_reg_phys", EXPORT_HELPER },
	{ "cxl_setup_regs", EXPORT_HELPER },
	{ "debugfs_create_regset32", EXPORT_HELPER },
	{ "debugfs_print_regs32", EXPORT_HELPER },
	{ "devm_cxl_endpoint_decoders_setup", EXPORT_HELPER },
	{ "devm_cxl_enumerate_decoders", EXPORT_HELPER },
	{ "devm_cxl_setup_hdm", EXPORT_HELPER },
	{ "devm_cxl_switch_port_decoders_setup", EXPORT_HELPER },
	{ "generic_access_phys", EXPORT_HELPER },
	{ "mc146818_*", EXPORT_HELPER },
	{ "pci_generic_config_*", EXPORT_HELPER },
	{ "pci_map_rom", EXPORT_HELPER },
	{ "pciserial_*", EXPORT_HELPER },
	{ "regmap_mmio_attach_clk", EXPORT_HELPER },
	{ "serial8250_*", EXPORT_HELPER },
	{ "uhci_check_and_reset_hc", EXPORT_HELPER },
	{ "uhci_reset_hc", EXPORT_HELPER },
	{ "vp_legacy_*", EXPORT_HELPER },
	{ "vp_modern_*", EXPORT_HELPER },
	{ "__devm_regmap_init_mmio_clk", EXPORT_HELPER },
	{ "__regmap_init_mmio_clk", EXPORT_HELPER },

	/* These draw, or copy for a program, what a screen shows, be that a device's or not. */
	{ "cfb_copyarea", EXPORT_SCREEN },
	{ "cfb_fillrect", EXPORT_SCREEN },
	{ "cfb_imageblit", EXPORT_SCREEN },
	{ "fb_io_read", EXPORT_SCREEN },
	{ "fb_io_write", EXPORT_SCREEN },

	/* Functions that map a device and return where. */
	{ "devm_ioport_map", EXPORT_MAPPING },
	{ "devm_ioremap", EXPORT_MAPPING },
	{ "devm_ioremap_*", EXPORT_MAPPING },
	{ "devm_of_iomap", EXPORT_MAPPING },
	{ "devm_pci_remap_*", EXPORT_MAPPING },
	{ "devm_platform_get_and_ioremap_resource", EXPORT_MAPPING },
	{ "devm_platform_ioremap_*", EXPORT_MAPPING },
	{ "fwnode_iomap", EXPORT_MAPPING },
	{ "ioport_map", EXPORT_MAPPING },
	{ "ioremap", EXPORT_MAPPING },
	{ "ioremap_cache", EXPORT_MAPPING },
	{ "ioremap_coherent", EXPORT_MAPPING },
	{ "ioremap_phb", EXPORT_MAPPING },
	{ "ioremap_prot", EXPORT_MAPPING },
	{ "ioremap_wc", EXPORT_MAPPING },
	{ "of_io_request_and_map", EXPORT_MAPPING },
	{ "of_iomap", EXPORT_MAPPING },
	{ "pci_iomap", EXPORT_MAPPING },
	{ "pci_iomap_*", EXPORT_MAPPING },
	{ "pci_ioremap_*", EXPORT_MAPPING },
	{ "pcim_iomap", EXPORT_MAPPING },
	{ "pcim_iomap_range", EXPORT_MAPPING },
	{ "pcim_iomap_region", EXPORT_MAPPING },
	{ "__ioremap", EXPORT_MAPPING },
	{ "__ioremap_*", EXPORT_MAPPING },

	/* Where these have mapped a device to is in a table, one address for each BAR. */
	{ "pcim_iomap_regions", EXPORT_MAPPING_IN_TABLE },
	{ "pcim_iomap_regions_request_all", EXPORT_MAPPING_IN_TABLE },
	{ "pcim_iomap_table", EXPORT_TABLE },

	/* What is for memory: their first two arguments may be addresses. */
	{ "memcmp", EXPORT_MEMORY },
	{ "memcpy", EXPORT_MEMORY },
	{ "memmove", EXPORT_MEMORY },
	{ "memset", EXPORT_MEMORY },
	{ "__copy_tofrom_user", EXPORT_MEMORY },
};

/* A name in the table may end in *, for any rest. */
static bool matches(const char *name, const char *pattern)
{
	while (*pattern && *pattern == *name) {
		pattern++;
		name++;
	}
	return *pattern == '*' || (!*pattern && !*name);
}

/**
 * audit_export() - find out what a function of the kernel has to do with devices
 * @name: its name
 * @accessor: set if it is an accessor; may be NULL
 *
 * Return: what it is.
 */
enum export audit_export(const char *name, const struct accessor **accessor)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(accessors); i++) {
		if (strcmp(name, accessors[i].name))
			continue;
		if (accessor)
			*accessor = &accessors[i];
		return EXPORT_ACCESSOR;
	}
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (matches(name, others[i].name))
			return others[i].what;
	return EXPORT_OTHER;
}
