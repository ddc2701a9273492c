/* SPDX-License-Identifier: GPL-2.0 */
/* What a captured word may be: the access instructions that the contract allows. */
#ifndef _SVM_CAPTURE_INSN_H
#define _SVM_CAPTURE_INSN_H

#include <linux/types.h>

/**
 * struct svm_insn - a decoded load or store
 * @mnemonic: assembler name
 * @bytes: width of the access: 1, 2, 4 or 8
 * @store: a store, not a load
 * @rt: register loaded or stored
 * @ra: base register; 0 means the value zero, not r0
 * @rb: index register of an X-form access; -1 in D-form and DS-form
 */
struct svm_insn {
	const char *mnemonic;
	u8 bytes;
	bool store;
	s8 rt;
	s8 ra;
	s8 rb;
};

bool svm_insn_decode(u32 word, struct svm_insn *insn);

#endif /* _SVM_CAPTURE_INSN_H */
