/* SPDX-License-Identifier: GPL-2.0 */
/* What the model finds about one MMIO access of its guest. */
#ifndef _UVMODEL_VERDICT_H
#define _UVMODEL_VERDICT_H

#include <linux/kvm_host.h>
#include <linux/types.h>

/**
 * enum uv_verdict - each access gets exactly one
 * @UV_LEFT_TO_KVM: not one that has to be captured: KVM fetches the instruction
 * @UV_CAPTURED: SPRG0 named an instruction that fits the fault
 * @UV_FETCHED: fetched at the NIP taken for a guest-physical address
 * @UV_NOT_RESIDENT: the page to fetch from is not in memory now: the guest tries again
 * @UV_UPPER_BITS: refused: bits 0:31 of SPRG0 are not zero
 * @UV_UNDECODABLE: refused: the word is none that the published ultravisor emulates
 * @UV_UPDATE_FORM: refused: the word would change RA, which the contract excludes
 * @UV_DIRECTION: refused: a load where the fault is a store's, or the other way round
 * @UV_ADDRESS: refused: the word accesses another effective address
 * @UV_NO_MEMORY: refused: there is no guest memory at the NIP taken for an address
 * @UV_VERDICTS: how many there are
 */
enum uv_verdict {
	UV_LEFT_TO_KVM,
	UV_CAPTURED,
	UV_FETCHED,
	UV_NOT_RESIDENT,
	UV_UPPER_BITS,
	UV_UNDECODABLE,
	UV_UPDATE_FORM,
	UV_DIRECTION,
	UV_ADDRESS,
	UV_NO_MEMORY,
	UV_VERDICTS,
};

#define UV_FIRST_REFUSAL	UV_UPPER_BITS

/**
 * struct uv_access - an access that raised HDSI, and what it seems to be
 * @vcpu: who made it
 * @gpa: guest-physical address accessed
 * @ea: effective address accessed: HDAR
 * @store: the fault is a store's: HDSISR
 * @word: the instruction, where one was found
 */
struct uv_access {
	struct kvm_vcpu *vcpu;
	unsigned long gpa;
	unsigned long ea;
	bool store;
	u32 word;
};

enum uv_verdict uv_judge_sprg0(struct uv_access *access);
enum uv_verdict uv_fetch_as_physical(struct uv_access *access);
const char *uv_verdict_name(enum uv_verdict verdict);

#endif /* _UVMODEL_VERDICT_H */
