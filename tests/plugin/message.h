/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a plugin says. PLUGIN_NAME comes from who compiles it: tests/lab/plugin.py. */
#ifndef LAB_MESSAGE_H
#define LAB_MESSAGE_H

#include <stdio.h>
#include <unistd.h>

/* QEMU adds no context of its own, so the message must stand alone. */
#define complain(format, ...) \
	fprintf(stderr, PLUGIN_NAME ": " format "\n", ##__VA_ARGS__)

/*
 * Once the guest runs there is no installation left to refuse. A plugin that
 * missed something must not look like one that saw it all: end QEMU. No exit
 * handlers: they would write a report.
 */
#define give_up(format, ...) do { \
	complain(format ": QEMU ends here", ##__VA_ARGS__); \
	_exit(1); \
} while (0)

#endif
