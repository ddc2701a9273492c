// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * smf: a QEMU TCG plugin by which a guest finds itself to be a Secure Virtual
 * Machine. QEMU knows nothing of the Secure Memory Facility: it drops MSR[S]
 * wherever it is set, and there is no ultravisor to call. So what a guest learns
 * of either is made here, in place of the instruction that asks:
 *
 *   mfmsr	gives the MSR with S set
 *   sc 2	an ultracall: it succeeds, and is logged
 *
 *   -plugin smf.so,log=FILE[,guests=on]
 *
 * log		a line for each ultracall, as it is made: the address of the
 *		instruction, the MSR, the name of the call, its first two
 *		arguments
 * guests	the secure ones are the guests of the guest, and it itself is not
 *
 * An ultracall that is not known ends QEMU, as an answer that is made up could
 * hide that something was asked for in vain.
 *
 * What an interrupt saves of the MSR (SRR1) is without S.
 */
#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "message.h"
#include "qemu_plugin_api.h"

#define MSR_S		(1ULL << 22)
#define MSR_PR		(1ULL << 14)

/* Reserved fields are ignored, as a processor does. */
#define MFMSR_MASK	0xfc0007feu
#define MFMSR		0x7c0000a6u
#define SC_MASK		0xfc000fe2u	/* with the level */
#define SC_2		0x44000042u

#define U_SUCCESS	0

#define FIRST_ARGUMENT	4		/* r3 has the number of the call, and then the result */

/* What a guest may ask an ultravisor for, once it is secure. */
static const struct call {
	uint64_t number;
	const char *name;
} calls[] = {
	{ 0xf130, "share" },		/* pages from a frame number on, and how many */
	{ 0xf134, "unshare" },		/* the same */
	{ 0xf140, "unshare_all" },
};

struct vcpu {
	struct qemu_plugin_register *msr, *lpidr, *gpr[32];
	GByteArray *buf;
};

/* An instruction that was translated. Blocks point to it for as long as QEMU runs. */
struct site {
	uint64_t vaddr;
	unsigned int rt;
};

static struct vcpu *vcpus;
static bool guests_only;
static FILE *calls_log;
static GMutex lock;	/* of calls_log */

QEMU_PLUGIN_EXPORT int qemu_plugin_version = QEMU_PLUGIN_VERSION;

/* Does a secure guest run on this vCPU? With LPIDR 0 it is the guest, else one of its own. */
static bool is_secure(struct vcpu *v)
{
	return !guests_only || guest_read(v->lpidr, v->buf);
}

/* Before an mfmsr. In problem state QEMU raises the interrupt that is due. */
static void on_mfmsr(unsigned int cpu, void *udata)
{
	struct vcpu *v = &vcpus[cpu];
	const struct site *site = udata;
	uint64_t msr = guest_read(v->msr, v->buf);

	if (!is_secure(v) || msr & MSR_PR)
		return;
	guest_write(v->gpr[site->rt], v->buf, msr | MSR_S);
	qemu_plugin_set_pc(site->vaddr + 4);
}

static const struct call *find_call(uint64_t number)
{
	for (size_t i = 0; i < G_N_ELEMENTS(calls); i++)
		if (calls[i].number == number)
			return &calls[i];
	return NULL;
}

static void log_call(struct vcpu *v, const struct site *site, const struct call *call)
{
	uint64_t msr = guest_read(v->msr, v->buf) | MSR_S;
	uint64_t first = guest_read(v->gpr[FIRST_ARGUMENT], v->buf);
	uint64_t second = guest_read(v->gpr[FIRST_ARGUMENT + 1], v->buf);
	int done;

	g_mutex_lock(&lock);
	done = fprintf(calls_log, "%#llx %#llx %s %#llx %#llx\n",
		       (unsigned long long)site->vaddr, (unsigned long long)msr, call->name,
		       (unsigned long long)first, (unsigned long long)second);
	if (done < 0 || fflush(calls_log))
		give_up("cannot write the log: %s", strerror(errno));
	g_mutex_unlock(&lock);
}

/* Before an sc 2. */
static void on_ultracall(unsigned int cpu, void *udata)
{
	struct vcpu *v = &vcpus[cpu];
	const struct site *site = udata;
	const struct call *call;
	uint64_t number;

	if (!is_secure(v) || guest_read(v->msr, v->buf) & MSR_PR)
		return;
	number = guest_read(v->gpr[3], v->buf);
	call = find_call(number);
	if (!call)
		give_up("the guest made ultracall %#llx at %#llx, and no answer to that is known: "
			"add it to calls[] in tests/smf/smf.c",
			(unsigned long long)number, (unsigned long long)site->vaddr);
	log_call(v, site, call);
	guest_write(v->gpr[3], v->buf, U_SUCCESS);
	qemu_plugin_set_pc(site->vaddr + 4);
}

static qemu_plugin_vcpu_udata_cb_t callback_for(uint32_t word)
{
	if ((word & MFMSR_MASK) == MFMSR)
		return on_mfmsr;
	if ((word & SC_MASK) == SC_2)
		return on_ultracall;
	return NULL;
}

static void translate(struct qemu_plugin_tb *tb, unused void *udata)
{
	size_t n = qemu_plugin_tb_n_insns(tb);

	for (size_t i = 0; i < n; i++) {
		struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
		uint32_t word = guest_word(insn);
		qemu_plugin_vcpu_udata_cb_t callback = callback_for(word);
		struct site *site;

		if (!callback)
			continue;
		site = g_new(struct site, 1);
		site->vaddr = qemu_plugin_insn_vaddr(insn);
		site->rt = word >> 21 & 31;
		qemu_plugin_register_vcpu_insn_exec_cb(insn, callback, QEMU_PLUGIN_CB_RW_REGS_PC,
						       site);
	}
}

static void start_vcpu(unsigned int cpu, unused void *udata)
{
	struct vcpu *v = &vcpus[cpu];
	char name[sizeof("r31")];

	v->msr = guest_register("msr");
	v->lpidr = guest_register("lpidr");
	for (unsigned int i = 0; i < G_N_ELEMENTS(v->gpr); i++) {
		snprintf(name, sizeof(name), "r%u", i);
		v->gpr[i] = guest_register(name);
	}
	if (!v->buf)
		v->buf = g_byte_array_sized_new(sizeof(uint64_t));
}

static bool parse_option(const char *option)
{
	if (g_str_has_prefix(option, "log=")) {
		const char *path = option + strlen("log=");

		calls_log = fopen(path, "we");
		if (!calls_log)
			complain("cannot write %s: %s: give log= a file in a directory that QEMU "
				 "may write to", path, strerror(errno));
		return calls_log;
	}
	if (!strcmp(option, "guests=on") || !strcmp(option, "guests=off")) {
		guests_only = !strcmp(option, "guests=on");
		return true;
	}
	complain("unknown option '%s': there are log=FILE and guests=on", option);
	return false;
}

int qemu_plugin_install(qemu_plugin_id_t id, const struct qemu_plugin_info *info,
			int argc, char **argv)
{
	if (!guest_is_ppc64(info))
		return -1;
	for (int i = 0; i < argc; i++)
		if (!parse_option(argv[i]))
			return -1;
	if (!calls_log) {
		complain("log=FILE is missing");
		return -1;
	}
	vcpus = g_new0(struct vcpu, info->system.max_vcpus);
	qemu_plugin_register_vcpu_init_cb(id, start_vcpu, NULL);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translate, NULL);
	return 0;
}
