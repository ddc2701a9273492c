// SPDX-License-Identifier: GPL-2.0
/*
 * A model of the ultravisor, for a KVM-HV host: whatever receives the HDSI of an
 * MMIO access and has to emulate it without fetching from the guest's memory.
 *
 * KVM emulates MMIO in kvmppc_hv_emulate_mmio(), which fetches the instruction
 * unless vcpu->arch.last_inst already has it. A kprobe there puts into last_inst
 * what SPRG0 names, or makes the emulation fail, so KVM never fetches. The mode
 * says how:
 *
 *	off		no kprobe: KVM as it is
 *	strict		from SPRG0; an access that is not captured is not emulated, and
 *			the guest gets a data storage interrupt
 *	fallback	from SPRG0; an access that is not captured is counted, then KVM fetches
 *	legacy		as the published ultravisor fetches, which never reads SPRG0; where
 *			that fails the guest faults at the same access for ever
 *
 * In strict and fallback only accesses by text in the range that the parameter
 * "text" gives must be captured. Others, those of an unchanged kernel image for
 * one, are left to KVM. Mode legacy is for all accesses, as in the ultravisor.
 *
 * A store for which user space has registered an event without data (KVM's fast
 * MMIO bus) takes effect before the instruction matters, whatever the verdict.
 *
 * With hcalls=n, whatever the mode, the guest gets H_FUNCTION for H_LOGICAL_CI_LOAD and
 * H_LOGICAL_CI_STORE, as if there were no such hcalls.
 *
 * struct kvm_vcpu is no interface: build this against exactly the kernel it is
 * loaded into.
 */
#include <linux/kprobes.h>
#include <linux/kvm_host.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <asm/kvm_ppc.h>

#include "uvmodel_record.h"
#include "uvmodel_verdict.h"

enum uv_mode { UV_OFF, UV_STRICT, UV_FALLBACK, UV_LEGACY };

static const char * const mode_names[] = {
	[UV_OFF]	= "off",
	[UV_STRICT]	= "strict",
	[UV_FALLBACK]	= "fallback",
	[UV_LEGACY]	= "legacy",
};

/*
 * Words that are no load or store, so KVM cannot emulate them. The bit by which
 * KVM tells the directions apart (instruction_is_store()) differs: with the
 * direction of the fault KVM gives the guest a data storage interrupt, with the
 * other one it lets the guest try again.
 */
#define NO_LOAD		0x00000000
#define NO_STORE	0x14000000

static enum uv_mode mode = UV_STRICT;
/* Where a guest with radix translation has its modules; one with hash has them elsewhere. */
static unsigned long text_start = 0xc008000000000000, text_end = 0xc00a000000000000;

static enum uv_verdict judge(struct uv_access *access, enum uv_mode mode)
{
	unsigned long nip = kvmppc_get_pc(access->vcpu);

	if (mode == UV_LEGACY)
		return uv_fetch_as_physical(access);
	if (nip < READ_ONCE(text_start) || nip >= READ_ONCE(text_end))
		return UV_LEFT_TO_KVM;
	return uv_judge_sprg0(access);
}

/*
 * int kvmppc_hv_emulate_mmio(struct kvm_vcpu *vcpu, unsigned long gpa, gva_t ea, int is_store)
 */
static int on_emulate_mmio(struct kprobe *p, struct pt_regs *regs)
{
	struct uv_access access = {
		.vcpu = (struct kvm_vcpu *)regs->gpr[3],
		.gpa = regs->gpr[4],
		.ea = regs->gpr[5],
		.store = (int)regs->gpr[6],
	};
	struct kvm_vcpu *vcpu = access.vcpu;
	enum uv_mode now = READ_ONCE(mode);
	enum uv_verdict verdict = judge(&access, now);
	u32 word = access.word;

	uv_record(&access, verdict);
	if (verdict == UV_LEFT_TO_KVM)
		return 0;
	if (verdict >= UV_FIRST_REFUSAL && now == UV_FALLBACK)
		return 0;
	if (verdict >= UV_FIRST_REFUSAL || verdict == UV_NOT_RESIDENT)
		word = access.store == (now == UV_STRICT) ? NO_STORE : NO_LOAD;
	/* As if fetched: in the guest's byte order. */
	vcpu->arch.last_inst = kvmppc_need_byteswap(vcpu) ? swab32(word) : word;
	return 0;
}

/* long kvmppc_h_logical_ci_load(struct kvm_vcpu *vcpu), and _store: not executed. */
static int refuse_hcall(struct kprobe *p, struct pt_regs *regs)
{
	regs_set_return_value(regs, H_FUNCTION);
	instruction_pointer_set(regs, regs->link);
	return 1;
}

static struct kprobe hcall_probes[] = {
	{
		.symbol_name = "kvmppc_h_logical_ci_load",
		.pre_handler = refuse_hcall,
		.flags = KPROBE_FLAG_DISABLED,
	}, {
		.symbol_name = "kvmppc_h_logical_ci_store",
		.pre_handler = refuse_hcall,
		.flags = KPROBE_FLAG_DISABLED,
	},
};

static struct kprobe probe = {
	.symbol_name = "kvmppc_hv_emulate_mmio",
	.pre_handler = on_emulate_mmio,
	.flags = KPROBE_FLAG_DISABLED,
};

static bool hcalls = true;
static bool probes_registered;
static DEFINE_MUTEX(mode_lock);

/* Called with mode_lock held. */
static int apply_mode(enum uv_mode new)
{
	bool armed = mode != UV_OFF, arm = new != UV_OFF;
	int err = 0;

	if (probes_registered && arm != armed)
		err = arm ? enable_kprobe(&probe) : disable_kprobe(&probe);
	if (!err)
		WRITE_ONCE(mode, new);
	return err;
}

static int mode_set(const char *value, const struct kernel_param *kp)
{
	int new = sysfs_match_string(mode_names, value);
	int err;

	if (new < 0) {
		pr_notice("mode is one of off, strict, fallback, legacy\n");
		return new;
	}
	mutex_lock(&mode_lock);
	err = apply_mode(new);
	mutex_unlock(&mode_lock);
	return err;
}

static int mode_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", mode_names[READ_ONCE(mode)]);
}

static const struct kernel_param_ops mode_ops = { .set = mode_set, .get = mode_get };
module_param_cb(mode, &mode_ops, NULL, 0644);
MODULE_PARM_DESC(mode, "off, strict (default), fallback or legacy");

/* Called with mode_lock held. */
static int apply_hcalls(bool new)
{
	unsigned int i;
	int err = 0;

	if (probes_registered && new != hcalls)
		for (i = 0; !err && i < ARRAY_SIZE(hcall_probes); i++)
			err = new ? disable_kprobe(&hcall_probes[i]) :
				    enable_kprobe(&hcall_probes[i]);
	if (!err)
		hcalls = new;
	return err;
}

static int hcalls_set(const char *value, const struct kernel_param *kp)
{
	bool new;
	int err = kstrtobool(value, &new);

	if (err) {
		pr_notice("hcalls is y or n\n");
		return err;
	}
	mutex_lock(&mode_lock);
	err = apply_hcalls(new);
	mutex_unlock(&mode_lock);
	return err;
}

static const struct kernel_param_ops hcalls_ops = { .set = hcalls_set, .get = param_get_bool };
module_param_cb(hcalls, &hcalls_ops, &hcalls, 0644);
MODULE_PARM_DESC(hcalls, "whether the guest has H_LOGICAL_CI_LOAD and H_LOGICAL_CI_STORE (default: y)");

static int text_set(const char *value, const struct kernel_param *kp)
{
	unsigned long start, end;

	if (sscanf(value, "%lx-%lx", &start, &end) != 2 || start > end) {
		pr_notice("text is a range of addresses: 0xc008000000000000-0xc00a000000000000\n");
		return -EINVAL;
	}
	WRITE_ONCE(text_start, start);
	WRITE_ONCE(text_end, end);
	return 0;
}

static int text_get(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "0x%lx-0x%lx\n", text_start, text_end);
}

static const struct kernel_param_ops text_ops = { .set = text_set, .get = text_get };
module_param_cb(text, &text_ops, NULL, 0644);
MODULE_PARM_DESC(text, "range of guest text whose accesses must be captured (default: modules)");

static struct kprobe * const probes[] = { &probe, &hcall_probes[0], &hcall_probes[1] };

static void unregister_probes(unsigned int count)
{
	while (count)
		unregister_kprobe(probes[--count]);
}

/* As mode and hcalls say, which were set before there was a kprobe. */
static int enable_probes(void)
{
	bool wanted = hcalls;
	int err = 0;

	mutex_lock(&mode_lock);
	probes_registered = true;
	if (mode != UV_OFF)
		err = enable_kprobe(&probe);
	hcalls = true;
	if (!err)
		err = apply_hcalls(wanted);
	mutex_unlock(&mode_lock);
	return err;
}

static int __init uvmodel_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < ARRAY_SIZE(probes); i++) {
		err = register_kprobe(probes[i]);
		if (err) {
			pr_err("no kprobe on %s (error %d): is kvm-hv loaded?\n",
			       probes[i]->symbol_name, err);
			goto err_probes;
		}
	}
	uv_record_init();
	err = enable_probes();
	if (err)
		goto err_record;
	return 0;

err_record:
	uv_record_exit();
err_probes:
	unregister_probes(i);
	return err;
}

static void __exit uvmodel_exit(void)
{
	unregister_probes(ARRAY_SIZE(probes));
	uv_record_exit();
}

module_init(uvmodel_init);
module_exit(uvmodel_exit);

MODULE_DESCRIPTION("Test: KVM-HV as an ultravisor that cannot fetch the guest's instructions");
MODULE_LICENSE("GPL");
