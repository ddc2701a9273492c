// SPDX-License-Identifier: GPL-2.0
/*
 * Two ways to know which instruction raised HDSI without walking the guest's page
 * tables: read it from SPRG0 and hold it against the fault, as docs/abi.md asks of
 * a reader; or do what the published ultravisor does.
 */
#include <linux/kvm_host.h>
#include <asm/kvm_ppc.h>

#include "uvmodel_decode.h"
#include "uvmodel_verdict.h"

/* Of an address, what the radix tree of the published ultravisor looks at. */
#define UV_RADIX_BITS	52

static const char * const names[UV_VERDICTS] = {
	[UV_LEFT_TO_KVM]	= "left_to_kvm",
	[UV_CAPTURED]		= "captured",
	[UV_FETCHED]		= "fetched_as_physical",
	[UV_NOT_RESIDENT]	= "not_resident",
	[UV_UPPER_BITS]		= "refused_upper_bits",
	[UV_UNDECODABLE]	= "refused_undecodable",
	[UV_UPDATE_FORM]	= "refused_update_form",
	[UV_DIRECTION]		= "refused_direction",
	[UV_ADDRESS]		= "refused_address",
	[UV_NO_MEMORY]		= "refused_no_memory",
};

/**
 * uv_verdict_name() - what a verdict is called in debugfs
 * @verdict: the verdict
 *
 * Return: its name.
 */
const char *uv_verdict_name(enum uv_verdict verdict)
{
	return names[verdict];
}

/* Power ISA v3.0B, Book I, 1.11.3: the address that D-, DS- and X-forms access. */
static unsigned long effective_address(const unsigned long *gpr, u32 word,
				       const struct uv_insn *insn)
{
	unsigned long ea = UV_RA(word) ? gpr[UV_RA(word)] : 0;

	switch (insn->displacement) {
	case UV_D:
		return ea + (s16)word;
	case UV_DS:
		return ea + (s16)(word & ~3);
	default:
		return ea + gpr[UV_RB(word)];
	}
}

/**
 * uv_judge_sprg0() - take the instruction from SPRG0, if it can be the one that faulted
 * @access: the access; @access->word is filled in
 *
 * Nothing of the guest's memory is looked at.
 *
 * Return: %UV_CAPTURED, or why it cannot be.
 */
enum uv_verdict uv_judge_sprg0(struct uv_access *access)
{
	/* In L1's byte order, whatever the guest's: it is a register, not memory. */
	u64 sprg0 = access->vcpu->arch.shregs.sprg0;
	const struct uv_insn *insn;

	access->word = sprg0;
	if (sprg0 >> 32)
		return UV_UPPER_BITS;
	insn = uv_decode(access->word);
	if (!insn)
		return UV_UNDECODABLE;
	if (insn->update)
		return UV_UPDATE_FORM;
	if (insn->store != access->store)
		return UV_DIRECTION;
	if (effective_address(access->vcpu->arch.regs.gpr, access->word, insn) != access->ea)
		return UV_ADDRESS;
	return UV_CAPTURED;
}

/**
 * uv_fetch_as_physical() - find the instruction as the published ultravisor does
 * @access: the access; @access->word is filled in
 *
 * Its emulate_mmio() (core/mmio.c) hands the NIP to gpa_to_addr(), which walks a
 * radix tree of 52 bits: higher ones do not count. That suits the linear mapping,
 * at 0xc000000000000000; module text at 0xc008000000000000 becomes an address no
 * guest has memory at. There gpa_to_addr() gives NULL, and the ultravisor decodes
 * what it finds at its own address 0. What that is cannot be known here, so that it
 * is no load or store is assumed.
 *
 * Context: atomic, so a page that L1 has taken away from its user space for a moment,
 * to make a huge page of several for one, cannot be waited for. The guest gets it
 * back when it executes the instruction again.
 *
 * Return: %UV_FETCHED, %UV_NOT_RESIDENT, or why there is no instruction.
 */
enum uv_verdict uv_fetch_as_physical(struct uv_access *access)
{
	struct kvm_vcpu *vcpu = access->vcpu;
	gpa_t gpa = kvmppc_get_pc(vcpu) & (BIT_ULL(UV_RADIX_BITS) - 1);
	u32 word;

	if (kvm_vcpu_read_guest_atomic(vcpu, gpa, &word, sizeof(word)))
		return kvm_is_visible_gfn(vcpu->kvm, gpa_to_gfn(gpa)) ? UV_NOT_RESIDENT :
									UV_NO_MEMORY;
	access->word = kvmppc_need_byteswap(vcpu) ? swab32(word) : word;
	/* It compares neither the direction nor the address with the fault. */
	return uv_decode(access->word) ? UV_FETCHED : UV_UNDECODABLE;
}
