// SPDX-License-Identifier: GPL-2.0
/* svm-mmio devices, claim, release: the PCI devices that the self-test holds. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "commands.h"
#include "guest.h"
#include "json.h"
#include "util.h"

/* Both directions of driver_override: what is in it, if it is ours. */
#define NO_OVERRIDE	"\n"

static void print_bars(const char *debugfs, const char *device)
{
	struct bar *bars;
	size_t count = guest_bars(debugfs, device, &bars), i;

	if (options.json) {
		json_object(NULL);
		json_list("bars");
	}
	for (i = 0; i < count; i++) {
		const char *space = bars[i].ports ? "ports" : "memory";

		if (options.json) {
			json_object(NULL);
			json_string("device", bars[i].device);
			json_number("bar", bars[i].index);
			json_string("kind", bars[i].kind);
			json_string("space", space);
			json_number("size", bars[i].size);
			json_end();
		} else {
			printf("%s bar %d  %-12s %-6s 0x%llx bytes\n", bars[i].device,
			       bars[i].index, bars[i].kind, space, bars[i].size);
		}
	}
	if (options.json) {
		json_end();
		json_end();
	} else if (!count) {
		puts("The self-test holds no device. Give the guest one of QEMU's (-device "
		     "pci-testdev, -device edu),\nor hand one over that nothing uses: svm-mmio "
		     "claim BDF");
	}
}

int cmd_devices(int argc, char **argv)
{
	const char *debugfs;

	if (argc > 1)
		return usage_error("devices takes no '%s'", argv[1]);
	debugfs = guest_need_debugfs();
	if (!debugfs)
		return EXIT_CANNOT;
	print_bars(debugfs, NULL);
	return EXIT_OK;
}

/* The device that the user means, checked; NULL after a message, and *code. */
static char *device_argument(const char *text, int *code)
{
	char *bdf = guest_bdf(text), *path;
	struct stat st;

	if (!bdf) {
		*code = usage_error("'%s' is no PCI device: write it as lspci -D does, "
				    "0000:00:01.0",
				    text);
		return NULL;
	}
	path = format(PCI_DEVICES "/%s", bdf);
	if (stat(path, &st)) {
		complain("there is no PCI device %s. Next: lspci -D lists those there are", bdf);
		*code = EXIT_CANNOT;
		free(bdf);
		bdf = NULL;
	}
	free(path);
	return bdf;
}

static int write_device(const char *bdf, const char *file, const char *text)
{
	char *path = format(PCI_DEVICES "/%s/%s", bdf, file);
	int err = guest_write(path, text);

	free(path);
	return err;
}

static bool is_ours(const char *driver)
{
	return driver && !strcmp(driver, MODULE);
}

/* Lets the kernel find the device's driver anew; with ours on it, that is ours. */
static int probe(const char *bdf, const char *override)
{
	int err = write_device(bdf, "driver_override", override);

	return err ? err : guest_write("/sys/bus/pci/drivers_probe", bdf);
}

static int hand_over(const char *debugfs, const char *bdf, const char *driver)
{
	int log = guest_log_begin();
	int err = driver ? write_device(bdf, "driver/unbind", bdf) : 0;
	char *now_bound, *said;

	if (!err)
		err = probe(bdf, MODULE);
	now_bound = guest_driver(bdf);
	said = guest_log_end(log);
	if (is_ours(now_bound)) {
		free(now_bound);
		free(said);
		print_bars(debugfs, bdf);
		return EXIT_OK;
	}
	free(now_bound);
	complain("%s could not be claimed: %s. It is left as it was; dmesg may tell more", bdf,
		 said ? said : guest_explain(err ? -err : ENODEV));
	free(said);
	probe(bdf, NO_OVERRIDE);
	return EXIT_CANNOT;
}

int cmd_claim(int argc, char **argv)
{
	static const struct option longopts[] = {
		{ "force", no_argument, NULL, 'f' },
		{ 0 }
	};
	int option, force = 0, code = EXIT_USAGE;
	const char *debugfs;
	char *bdf, *driver;

	while ((option = getopt_long(argc, argv, "f", longopts, NULL)) != -1) {
		if (option != 'f')
			return usage_error("claim takes --force");
		force++;
	}
	if (argc - optind != 1)
		return usage_error("claim which device? svm-mmio claim 0000:00:01.0");
	debugfs = guest_need_debugfs();
	if (!debugfs)
		return EXIT_CANNOT;
	bdf = device_argument(argv[optind], &code);
	if (!bdf)
		return code;
	driver = guest_driver(bdf);
	if (is_ours(driver)) {
		print_bars(debugfs, bdf);
		code = EXIT_OK;
	} else if (driver && force < 2) {
		complain("%s is in use by the driver %s: what it serves, a disk or a network, "
			 "would go away at once, and the self-test would write to it.\nNext: "
			 "unless you are sure, another device. If you are, say it twice: "
			 "svm-mmio claim --force --force %s",
			 bdf, driver, bdf);
		code = EXIT_CANNOT;
	} else {
		code = hand_over(debugfs, bdf, driver);
	}
	free(driver);
	free(bdf);
	return code;
}

int cmd_release(int argc, char **argv)
{
	int code = EXIT_USAGE, err;
	char *bdf, *driver, *override, *path;

	if (argc != 2)
		return usage_error("release which device? svm-mmio devices lists them");
	bdf = device_argument(argv[1], &code);
	if (!bdf)
		return code;
	driver = guest_driver(bdf);
	if (!is_ours(driver)) {
		complain("%s is not held by the self-test, but %s%s. Next: svm-mmio devices", bdf,
			 driver ? "by " : "by no driver", driver ? driver : "");
		free(driver);
		free(bdf);
		return EXIT_CANNOT;
	}
	free(driver);
	path = format(PCI_DEVICES "/%s/driver_override", bdf);
	override = guest_read(path);
	err = write_device(bdf, "driver/unbind", bdf);
	/* One of QEMU's test devices would only come back: there is no other driver for it. */
	if (!err && override && !strncmp(override, MODULE "\n", strlen(MODULE "\n")))
		err = probe(bdf, NO_OVERRIDE);
	driver = guest_driver(bdf);
	/* It is one of those all the same: nothing else took it before the self-test did. */
	if (!err && is_ours(driver)) {
		err = write_device(bdf, "driver/unbind", bdf);
		free(driver);
		driver = guest_driver(bdf);
	}
	if (is_ours(driver)) {
		complain("%s could not be released: %s", bdf, guest_explain(-err));
		code = EXIT_CANNOT;
	} else {
		if (options.json) {
			json_object(NULL);
			json_string("released", bdf);
			json_string("driver", driver);
			json_end();
		} else {
			printf("%s is released%s%s\n", bdf, driver ? ", and is back with " : "",
			       driver ? driver : "");
		}
		code = EXIT_OK;
	}
	free(driver);
	free(override);
	free(path);
	free(bdf);
	return code;
}
