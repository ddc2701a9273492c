/* SPDX-License-Identifier: GPL-2.0-or-later */
#ifndef ORACLE_MESSAGE_H
#define ORACLE_MESSAGE_H

#include <stdio.h>
#include <unistd.h>

/* QEMU adds no context of its own, so the message must stand alone. */
#define complain(format, ...) \
	fprintf(stderr, "oracle: " format "\n", ##__VA_ARGS__)

/*
 * Once the guest runs there is no installation left to refuse. An oracle that
 * cannot see must not look like one that saw nothing wrong: end QEMU. No exit
 * handlers: they would write a report.
 */
#define give_up(format, ...) do { \
	complain(format ": QEMU ends here", ##__VA_ARGS__); \
	_exit(1); \
} while (0)

#endif
