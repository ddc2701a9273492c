// SPDX-License-Identifier: GPL-2.0
/*
 * Test: does the firmware's part of a PCI hot-unplug, which drmgr does elsewhere. When
 * its device has been removed the connector is isolated, and the hypervisor, which has
 * asked for the device, takes it (PAPR, dynamic reconfiguration).
 */
#include <linux/module.h>
#include <asm/rtas.h>

#define ISOLATION_STATE	9001
#define ISOLATED	0

static uint connector;
module_param(connector, uint, 0);
MODULE_PARM_DESC(connector, "ibm,my-drc-index of the device");

static int __init pci_release_init(void)
{
	return rtas_set_indicator(ISOLATION_STATE, connector, ISOLATED);
}

static void __exit pci_release_exit(void)
{
}

module_init(pci_release_init);
module_exit(pci_release_exit);

MODULE_DESCRIPTION("Isolates the connector of a PCI device, to test svm_mmio");
MODULE_LICENSE("GPL");
