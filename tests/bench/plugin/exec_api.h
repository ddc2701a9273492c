/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the recorder uses of QEMU's plugin interface beyond what the oracle does:
 * tests/oracle/qemu_plugin_api.h, which explains how it is declared. These are
 * the same in both generations.
 */
#ifndef RECORDER_EXEC_API_H
#define RECORDER_EXEC_API_H

#include "qemu_plugin_api.h"

/* What a memory operation moved; the member that has its width is set. */
struct qemu_plugin_mem_value {
	int type;
	union {
		uint8_t u8;
		uint16_t u16;
		uint32_t u32;
		uint64_t u64;
		struct {
			uint64_t low;
			uint64_t high;
		} u128;
	} data;
};

typedef void (*qemu_plugin_exec_cb_t)(unsigned int vcpu, void *udata);

void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
					    qemu_plugin_exec_cb_t cb,
					    enum qemu_plugin_cb_flags flags, void *udata);

unsigned int qemu_plugin_mem_size_shift(qemu_plugin_meminfo_t info);
struct qemu_plugin_mem_value qemu_plugin_mem_get_value(qemu_plugin_meminfo_t info);

#endif
