/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The part of QEMU's TCG plugin interface that the oracle uses.
 *
 * Debian ships no qemu-plugin.h, so the functions are declared here; the
 * symbols come from the QEMU binary that loads the plugin.
 *
 * One object serves two generations of the interface: API 4 (QEMU 10) and
 * API 7 (QEMU 11). Between them:
 *  - the callbacks of vCPU start, translation and exit changed their
 *    arguments and the functions that register them gained a last one. They
 *    are declared in the newer form with an untyped callback. The older QEMU
 *    ignores the extra argument, which every ABI QEMU runs on allows;
 *  - qemu_plugin_read_register() returns an int, later a bool. It is declared
 *    void here: the length of the buffer tells the same;
 *  - the register descriptor grew. Step through the array with the element
 *    size it carries.
 */
#ifndef ORACLE_QEMU_PLUGIN_API_H
#define ORACLE_QEMU_PLUGIN_API_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define QEMU_PLUGIN_EXPORT	__attribute__((visibility("default")))

enum {
	QEMU_PLUGIN_API_OLD	= 4,
	QEMU_PLUGIN_API_NEW	= 7,
};

enum qemu_plugin_cb_flags {
	QEMU_PLUGIN_CB_NO_REGS,
	QEMU_PLUGIN_CB_R_REGS,
};

enum qemu_plugin_mem_rw {
	QEMU_PLUGIN_MEM_R	= 1,
	QEMU_PLUGIN_MEM_W	= 2,
	QEMU_PLUGIN_MEM_RW	= 3,
};

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;

struct qemu_plugin_tb;
struct qemu_plugin_insn;
struct qemu_plugin_hwaddr;
struct qemu_plugin_register;

/* The leading members, which are common to all versions. */
struct qemu_plugin_reg_descriptor {
	struct qemu_plugin_register *handle;
	const char *name;	/* may be NULL */
};

struct qemu_plugin_info {
	const char *target_name;
	struct {
		int min;
		int cur;
	} version;
	bool system_emulation;
	struct {
		int smp_vcpus;
		int max_vcpus;
	} system;
};

typedef void (*qemu_plugin_any_cb_t)(void);
typedef void (*qemu_plugin_mem_cb_t)(unsigned int vcpu, qemu_plugin_meminfo_t info,
				     uint64_t vaddr, void *udata);

/* What the plugin offers. */
QEMU_PLUGIN_EXPORT extern int qemu_plugin_version;
QEMU_PLUGIN_EXPORT int qemu_plugin_install(qemu_plugin_id_t id,
					   const struct qemu_plugin_info *info,
					   int argc, char **argv);

/* What QEMU offers. */
void qemu_plugin_register_vcpu_init_cb(qemu_plugin_id_t id, qemu_plugin_any_cb_t cb,
				       void *udata);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id, qemu_plugin_any_cb_t cb,
					   void *udata);
/* Both generations pass @udata to this one. */
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t id, qemu_plugin_any_cb_t cb,
				    void *udata);
void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
				      qemu_plugin_mem_cb_t cb,
				      enum qemu_plugin_cb_flags flags,
				      enum qemu_plugin_mem_rw rw, void *udata);

size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t n);
size_t qemu_plugin_insn_data(const struct qemu_plugin_insn *insn, void *to, size_t len);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);

bool qemu_plugin_mem_is_store(qemu_plugin_meminfo_t info);
struct qemu_plugin_hwaddr *qemu_plugin_get_hwaddr(qemu_plugin_meminfo_t info, uint64_t vaddr);
bool qemu_plugin_hwaddr_is_io(const struct qemu_plugin_hwaddr *hwaddr);
const char *qemu_plugin_hwaddr_device_name(const struct qemu_plugin_hwaddr *hwaddr);

GArray *qemu_plugin_get_registers(void);
void qemu_plugin_read_register(struct qemu_plugin_register *handle, GByteArray *buf);

/*
 * Came with API 6, which no release had as its newest: where QEMU has it, QEMU
 * speaks API 7. Never called.
 */
__attribute__((weak)) void qemu_plugin_set_pc(uint64_t pc);

#endif
