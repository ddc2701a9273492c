/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What all of the lab's plugins do with a guest of qemu-system-ppc64: see that
 * it is one, read its instructions, find and use its registers.
 */
#ifndef LAB_GUEST_H
#define LAB_GUEST_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "message.h"
#include "qemu_plugin_api.h"

#define unused	__attribute__((unused))

/* Is this the QEMU that the plugin is for? False, with a message printed, if not. */
static inline bool guest_is_ppc64(const struct qemu_plugin_info *info)
{
	if (info->system_emulation && !strcmp(info->target_name, "ppc64"))
		return true;
	complain("this is QEMU for %s%s: the plugin needs qemu-system-ppc64",
		 info->target_name, info->system_emulation ? "" : " programs");
	return false;
}

/* The word of an instruction. */
static inline uint32_t guest_word(const struct qemu_plugin_insn *insn)
{
	uint32_t word;

	if (qemu_plugin_insn_data(insn, &word, sizeof(word)) != sizeof(word))
		give_up("QEMU does not give the instruction at %#llx",
			(unsigned long long)qemu_plugin_insn_vaddr(insn));
	return GUINT32_FROM_LE(word);
}

/* The register called @name of the vCPU that starts. */
static inline struct qemu_plugin_register *guest_register(const char *name)
{
	GArray *regs = qemu_plugin_get_registers();
	struct qemu_plugin_register *found = NULL;
	guint size = g_array_get_element_size(regs);

	for (guint i = 0; i < regs->len && !found; i++) {
		const struct qemu_plugin_reg_descriptor *d =
			(const void *)(regs->data + (size_t)i * size);

		if (d->name && !strcmp(d->name, name))
			found = d->handle;
	}
	g_array_free(regs, true);
	if (!found)
		give_up("this QEMU shows plugins no register %s: use one of a 64-bit server CPU, "
			"such as -cpu power9", name);
	return found;
}

/*
 * Read and write a register of 64 bits. @buf is kept by the caller, so that this
 * allocates nothing. Values are in the byte order that the guest runs in, and it
 * runs ppc64le.
 */
static inline uint64_t guest_read(struct qemu_plugin_register *reg, GByteArray *buf)
{
	uint64_t value;

	g_byte_array_set_size(buf, 0);
	if (!qemu_plugin_read_register(reg, buf) || buf->len != sizeof(value))
		give_up("reading a register gave %u bytes", buf->len);
	memcpy(&value, buf->data, sizeof(value));
	return GUINT64_FROM_LE(value);
}

static inline void guest_write(struct qemu_plugin_register *reg, GByteArray *buf, uint64_t value)
{
	value = GUINT64_TO_LE(value);
	g_byte_array_set_size(buf, 0);
	g_byte_array_append(buf, (const void *)&value, sizeof(value));
	if (!qemu_plugin_write_register(reg, buf))
		give_up("QEMU does not write a register");
}

#endif
