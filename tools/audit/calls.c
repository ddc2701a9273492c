// SPDX-License-Identifier: GPL-2.0
/*
 * Accessors that are functions: the kernel image's, and svm_mmio's own.
 *
 * One in the kernel image makes its access in text that a hypervisor, or the published
 * ultravisor, may be able to fetch; nothing captures it all the same.
 *
 * svm_mmio.ko calls those too, on purpose: its self-test compares with them, and a cookie
 * that is neither memory nor a port is handed to the kernel's accessor, which complains of
 * it. They are listed, and do not count.
 */
#include <string.h>

#include "../util.h"
#include "audit.h"

struct function {
	const char *name;
	const char *safe;	/* what to call instead, if not svm_ and the name */
	unsigned int bytes;
	bool store;
};

/* Everything that Debian's kernels 5.10 to 7.2 export to modules of lib/iomap.c and others. */
static const struct function functions[] = {
	{ "ioread8", NULL, 1, false },
	{ "ioread16", NULL, 2, false },
	{ "ioread16be", NULL, 2, false },
	{ "ioread32", NULL, 4, false },
	{ "ioread32be", NULL, 4, false },
	{ "iowrite8", NULL, 1, true },
	{ "iowrite16", NULL, 2, true },
	{ "iowrite16be", NULL, 2, true },
	{ "iowrite32", NULL, 4, true },
	{ "iowrite32be", NULL, 4, true },
	{ "ioread64", NULL, 8, false },
	{ "ioread64be", NULL, 8, false },
	{ "iowrite64", NULL, 8, true },
	{ "iowrite64be", NULL, 8, true },
	{ "ioread64_lo_hi", NULL, 8, false },
	{ "ioread64_hi_lo", NULL, 8, false },
	{ "ioread64be_lo_hi", NULL, 8, false },
	{ "ioread64be_hi_lo", NULL, 8, false },
	{ "iowrite64_lo_hi", NULL, 8, true },
	{ "iowrite64_hi_lo", NULL, 8, true },
	{ "iowrite64be_lo_hi", NULL, 8, true },
	{ "iowrite64be_hi_lo", NULL, 8, true },
	{ "__ioread64_lo_hi", "svm_ioread64_lo_hi", 8, false },
	{ "__ioread64_hi_lo", "svm_ioread64_hi_lo", 8, false },
	{ "__ioread64be_lo_hi", "svm_ioread64be_lo_hi", 8, false },
	{ "__ioread64be_hi_lo", "svm_ioread64be_hi_lo", 8, false },
	{ "__iowrite64_lo_hi", "svm_iowrite64_lo_hi", 8, true },
	{ "__iowrite64_hi_lo", "svm_iowrite64_hi_lo", 8, true },
	{ "__iowrite64be_lo_hi", "svm_iowrite64be_lo_hi", 8, true },
	{ "__iowrite64be_hi_lo", "svm_iowrite64be_hi_lo", 8, true },
	{ "ioread8_rep", NULL, 1, false },
	{ "ioread16_rep", NULL, 2, false },
	{ "ioread32_rep", NULL, 4, false },
	{ "iowrite8_rep", NULL, 1, true },
	{ "iowrite16_rep", NULL, 2, true },
	{ "iowrite32_rep", NULL, 4, true },
	{ "_insb", "svm_readsb or svm_insb", 1, false },
	{ "_insw", "svm_readsw or svm_insw", 2, false },
	{ "_insl", "svm_readsl or svm_insl", 4, false },
	{ "_insw_ns", "svm_readsw or svm_insw", 2, false },
	{ "_insl_ns", "svm_readsl or svm_insl", 4, false },
	{ "_outsb", "svm_writesb or svm_outsb", 1, true },
	{ "_outsw", "svm_writesw or svm_outsw", 2, true },
	{ "_outsl", "svm_writesl or svm_outsl", 4, true },
	{ "_outsw_ns", "svm_writesw or svm_outsw", 2, true },
	{ "_outsl_ns", "svm_writesl or svm_outsl", 4, true },
	{ "_memcpy_fromio", "svm_memcpy_fromio", 0, false },
	{ "_memcpy_toio", "svm_memcpy_toio", 0, true },
	{ "_memset_io", "svm_memset_io", 0, true },
	{ "memcpy_fromio", NULL, 0, false },
	{ "memcpy_toio", NULL, 0, true },
	{ "memset_io", NULL, 0, true },
	{ "__ioread32_copy", NULL, 4, false },
	{ "__iowrite32_copy", NULL, 4, true },
	{ "__iowrite64_copy", NULL, 8, true },
};

static const struct function *find(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(functions); i++)
		if (!strcmp(functions[i].name, name))
			return &functions[i];
	return NULL;
}

/* The module that has the static key is the one that makes the accesses. */
static bool is_svm_mmio(const struct module *m)
{
	size_t i;

	for (i = 0; i < m->symbol_count; i++)
		if (!strcmp(m->symbols[i].name, "svm_mmio_out_of_line"))
			return true;
	return false;
}

static void add_call(struct module *m, const struct reloc *r, const struct function *function)
{
	bool call = audit_is_branch_reloc(r->type);
	struct finding *f = audit_add(m, call ? KIND_CALL : KIND_ADDRESS, r->ndx, r->offset);

	f->what = copy(r->name);
	f->bytes = function->bytes;
	f->store = function->store;
	f->guarded = call && audit_is_guarded(m, r->ndx, r->offset);
	if (f->guarded)
		return;
	if (call && m->is_svm_mmio) {
		f->kind = KIND_OWN_CALL;
		return;
	}
	if (function->safe)
		f->advice = format("use %s()", function->safe);
	else
		f->advice = format("use svm_%s()", r->name);
}

/* The kernel's tables for what a module imports and exports refer to everything. */
static bool is_bookkeeping(const char *section)
{
	return !strncmp(section, "__ksymtab", 9) || !strncmp(section, "___ksymtab", 10) ||
	       !strcmp(section, "__versions");
}

void audit_calls(struct module *m)
{
	size_t i;

	m->is_svm_mmio = is_svm_mmio(m);
	for (i = 0; i < m->reloc_count; i++) {
		const struct reloc *r = &m->relocs[i];
		const struct function *function;

		if (r->target_ndx != SHN_UNDEF || !r->name[0])
			continue;
		/* The out-of-line halves of svm_mmio.h's accessors. */
		if (!strncmp(r->name, "__svm_", 6) && audit_is_branch_reloc(r->type)) {
			audit_add(m, KIND_SAFE_CALL, r->ndx, r->offset)->what = copy(r->name);
			continue;
		}
		function = find(r->name);
		if (function && !is_bookkeeping(audit_section_name(m, r->ndx)))
			add_call(m, r, function);
	}
}
