// SPDX-License-Identifier: GPL-2.0
/*
 * Looks into an initramfs: one archive of cpio's "newc" format or several, one behind the
 * other with zeros in between, of which the last may be compressed
 * (Documentation/driver-api/early-userspace/buffer-format.rst in the kernel's source).
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "audit/audit.h"
#include "boot.h"
#include "guest.h"
#include "initramfs.h"
#include "util.h"

#define HEADER		110	/* bytes: a magic of 6, and 13 numbers of 8 digits */
#define FIELD_SIZE	6
#define FIELD_NAME_SIZE	11

/* What initramfs-tools calls, in this order, before it loads what is in conf/modules. */
#define ORDER		"scripts/init-top/ORDER"
#define OWN_SCRIPT	"/scripts/init-top/00-svm-mmio"
#define UDEV_SCRIPT	"/scripts/init-top/udev"
/* What dracut calls before all else, unless systemd does. */
#define HOOK		"hooks/cmdline/00-svm-mmio.sh"

struct member {
	const char *name;
	const uint8_t *data;
	size_t size;
};

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), n = strlen(end);

	return len >= n && !strcmp(text + len - n, end);
}

/* Is that file called, and udev not before it? */
static bool is_called_first(const struct member *order)
{
	char *text = format("%.*s", (int)order->size, (const char *)order->data);
	const char *own = strstr(text, OWN_SCRIPT " "), *udev = strstr(text, UDEV_SCRIPT " ");
	bool is = own && (!udev || own < udev);

	free(text);
	return is;
}

static bool is_module(const char *name, const char *release)
{
	char *where = format("lib/modules/%s/", release);
	const char *last = strrchr(name, '/');
	bool is = strstr(name, where) && last && audit_is_module_name(name) &&
		  !strncmp(last, "/" MODULE ".", strlen("/" MODULE "."));

	free(where);
	return is;
}

static void take_module(struct initramfs *it, const struct member *member)
{
	const char *why;

	if (it->module)
		return;
	if (audit_unpack(member->data, member->size, &it->module, &it->module_size, &why))
		return;
	it->module = resize(NULL, member->size, 1);
	memcpy(it->module, member->data, member->size);
	it->module_size = member->size;
}

static void look_at(struct initramfs *it, const struct member *member, const char *release)
{
	/* With the link from lib to usr/lib, either. */
	if (ends_with(member->name, BOOT_FILE + 1))
		it->asked_for = true;
	else if (ends_with(member->name, BOOT_LOADER + 1))
		it->loader = true;
	else if (ends_with(member->name, HOOK))
		it->first = true;
	else if (ends_with(member->name, ORDER))
		it->first = is_called_first(member);
	else if (is_module(member->name, release))
		take_module(it, member);
}

/* Number @field of a header; digits alone, unlike strtoul(). */
static bool number(const uint8_t *header, unsigned int field, size_t *value)
{
	unsigned int i;

	*value = 0;
	for (i = 0; i < 8; i++) {
		static const char digits[] = "0123456789abcdef0123456789ABCDEF";
		uint8_t digit = header[6 + 8 * field + i];
		const char *at = digit ? strchr(digits, digit) : NULL;

		if (!at)
			return false;
		*value = *value << 4 | ((at - digits) & 0xf);
	}
	return true;
}

static bool is_archive(const uint8_t *data, size_t size)
{
	return size >= HEADER && (!memcmp(data, "070701", 6) || !memcmp(data, "070702", 6));
}

static size_t padded(size_t size)
{
	return (size + 3) & ~(size_t)3;
}

/* Goes on to what is behind the archive at *@at. */
static bool walk_archive(struct initramfs *it, const uint8_t *data, size_t size, size_t *at,
			 const char *release)
{
	while (is_archive(data + *at, size - *at)) {
		const uint8_t *header = data + *at;
		struct member member;
		size_t name_size, left;

		if (!number(header, FIELD_SIZE, &member.size) ||
		    !number(header, FIELD_NAME_SIZE, &name_size))
			return false;
		left = size - *at;
		if (!name_size || padded(HEADER + name_size) > left ||
		    header[HEADER + name_size - 1])
			return false;
		member.name = (const char *)header + HEADER;
		member.data = header + padded(HEADER + name_size);
		left -= padded(HEADER + name_size);
		if (member.size > left)
			return false;
		*at = size - left + (padded(member.size) > left ? left : padded(member.size));
		if (!strcmp(member.name, "TRAILER!!!"))
			return true;
		look_at(it, &member, release);
	}
	return false;
}

static const char *walk(struct initramfs *it, const uint8_t *data, size_t size,
			const char *release, bool compressed)
{
	size_t at = 0, inside_size;
	const char *why;
	void *inside;

	while (at < size) {
		if (!data[at]) {
			at++;
		} else if (is_archive(data + at, size - at)) {
			if (!walk_archive(it, data, size, &at, release))
				return "its archive is damaged";
		} else if (!compressed && audit_unpack(data + at, size - at, &inside, &inside_size,
						       &why)) {
			if (!why)
				why = walk(it, inside, inside_size, release, true);
			free(inside);
			return why;
		} else {
			return "it is no archive, or not compressed by gzip, xz or zstd";
		}
	}
	return NULL;
}

char *initramfs_read(const char *path, const char *release, struct initramfs *found)
{
	const char *why;
	uint8_t *data;
	size_t size;

	*found = (struct initramfs){ 0 };
	data = (uint8_t *)guest_read_bytes(path, &size);
	if (!data)
		return copy(guest_explain(errno));
	why = walk(found, data, size, release, false);
	free(data);
	return why ? copy(why) : NULL;
}

void initramfs_free(struct initramfs *found)
{
	free(found->module);
}
