/* SPDX-License-Identifier: GPL-2.0 */
/* The module svm_mmio in the guest that this runs in: its files in debugfs and sysfs. */
#ifndef SVM_TOOL_GUEST_H
#define SVM_TOOL_GUEST_H

#include <stdbool.h>
#include <stddef.h>

#define MODULE		"svm_mmio"
#define PCI_DEVICES	"/sys/bus/pci/devices"

enum obstacle {
	WRONG_MACHINE,
	NOT_LOADED,
	NOT_READABLE,		/* the module is loaded, but has no files, or not for us */
};

/**
 * struct problem - why the module cannot be spoken to
 * @obstacle: the kind
 * @what: what is the matter
 * @next: what to do about it
 */
struct problem {
	enum obstacle obstacle;
	char *what;
	char *next;
};

/**
 * struct bar - a BAR that the self-test holds
 * @device: "0000:00:01.0"
 * @index: its number
 * @name: "0000:00:01.0/bar0"
 * @dir: its directory in debugfs
 * @kind: what is known of the device: "pci-testdev", or "vendor:device"
 * @size: in bytes, 0 if that is not known
 * @ports: in I/O space
 */
struct bar {
	char *device;
	int index;
	char *name;
	char *dir;
	char *kind;
	unsigned long long size;
	bool ports;
};

/* The directory of the module in debugfs; NULL and a problem if it cannot be had. */
const char *guest_debugfs(struct problem *problem);

/* The same, with the problem printed. */
const char *guest_need_debugfs(void);

/* All BARs, or those of one device; the count. */
size_t guest_bars(const char *debugfs, const char *device, struct bar **bars);

/* "0000:00:01.0" of what the user wrote, which may lack the domain; NULL if it is no such thing. */
char *guest_bdf(const char *text);

/* Whole files, as text. NULL and errno, or a negative errno, if that fails. */
char *guest_read(const char *path);
char *guest_read_bytes(const char *path, size_t *size);
int guest_write(const char *path, const char *text);

/* The value of "key: value" in the text of a status file; NULL if there is none. */
char *guest_value(const char *text, const char *key);

/* The driver that a PCI device has; NULL if it has none. */
char *guest_driver(const char *bdf);

/* What the module says in the kernel log between these two, NULL if nothing. */
int guest_log_begin(void);
char *guest_log_end(int log);

/* What an errno of the module's files means, and what to do. */
const char *guest_explain(int err);

#endif /* SVM_TOOL_GUEST_H */
