// SPDX-License-Identifier: GPL-2.0
/* Accesses made and checked, counted where they are made. */
#include "tally.h"

u64 svm_tally_load(struct svm_tally *tally, const struct svm_load_op *op, unsigned int offset)
{
	tally->accesses++;
	return op->load(tally->base + offset);
}

void svm_tally_store(struct svm_tally *tally, const struct svm_store_op *op,
		     unsigned int offset, u64 val)
{
	tally->accesses++;
	op->store(tally->base + offset, val);
}

void svm_tally_expect(struct svm_tally *tally, const char *op, unsigned int offset,
		      u64 expected, u64 got)
{
	if (got == expected)
		return;
	if (!tally->wrong++) {
		tally->first.op = op;
		tally->first.offset = offset;
		tally->first.expected = expected;
		tally->first.got = got;
	}
}

void svm_tally_load_expect(struct svm_tally *tally, const struct svm_load_op *op,
			   unsigned int offset, u64 expected)
{
	svm_tally_expect(tally, op->name, offset, expected, svm_tally_load(tally, op, offset));
}

void svm_tally_in(struct svm_tally *tally, const struct svm_string_op *op, unsigned int offset,
		  void *buf, unsigned int count)
{
	tally->accesses += count;
	op->in(tally->base + offset, buf, count);
}

void svm_tally_out(struct svm_tally *tally, const struct svm_string_op *op, unsigned int offset,
		   const void *buf, unsigned int count)
{
	tally->accesses += count;
	op->out(tally->base + offset, buf, count);
}

void svm_tally_add(struct svm_tally *sum, const struct svm_tally *part)
{
	if (!sum->wrong)
		sum->first = part->first;
	sum->accesses += part->accesses;
	sum->matching += part->matching;
	sum->wrong += part->wrong;
}
