// SPDX-License-Identifier: GPL-2.0
/*
 * Accesses that functions make: the kernel's accessors and helpers, and svm_mmio's own
 * accessors. And the functions that map a device.
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

/* The module that has the static key is the one that makes the accesses. */
static bool is_svm_mmio(const struct module *m)
{
	size_t i;

	for (i = 0; i < m->symbol_count; i++)
		if (!strcmp(m->symbols[i].name, "svm_mmio_out_of_line"))
			return true;
	return false;
}

/* An access by the kernel, or its address taken; a helper with @accessor NULL. */
static void add_call(struct module *m, const struct reloc *r, const struct accessor *accessor)
{
	bool call = audit_is_branch_reloc(r->type);
	struct finding *f;

	f = audit_add(m, !accessor ? KIND_HELPER : call ? KIND_CALL : KIND_ADDRESS, r->ndx,
		      r->offset);
	f->what = copy(r->name);
	if (accessor) {
		f->bytes = accessor->bytes;
		f->store = accessor->store;
	}
	f->guarded = call && audit_is_guarded(m, r->ndx, r->offset);
	if (f->guarded)
		return;
	if (call && m->is_svm_mmio)
		f->kind = KIND_OWN_CALL;
	else if (!accessor)
		f->advice = copy("the kernel accesses the device in it: that takes the guard");
	else if (accessor->safe)
		f->advice = format("use %s()", accessor->safe);
	else
		f->advice = format("use svm_%s()", r->name);
}

/* The kernel's tables for what a module imports and exports refer to everything. */
static bool is_bookkeeping(const char *section)
{
	return !strncmp(section, "__ksymtab", 9) || !strncmp(section, "___ksymtab", 10) ||
	       !strcmp(section, "__versions");
}

static void look_at(struct module *m, const struct reloc *r)
{
	const struct accessor *accessor = NULL;

	/* The out-of-line halves of svm_mmio.h's accessors. */
	if (!strncmp(r->name, "__svm_", 6) && audit_is_branch_reloc(r->type)) {
		audit_add(m, KIND_SAFE_CALL, r->ndx, r->offset)->what = copy(r->name);
		return;
	}
	switch (audit_export(r->name, &accessor)) {
	case EXPORT_ACCESSOR:
	case EXPORT_HELPER:
		add_call(m, r, accessor);
		break;
	case EXPORT_MAPPING:
	case EXPORT_MAPPING_IN_TABLE:
	case EXPORT_TABLE:
		audit_add(m, KIND_MAPPING, r->ndx, r->offset)->what = copy(r->name);
		break;
	default:
		break;
	}
}

static bool is_of_interest(const struct module *m, const struct reloc *r)
{
	return r->target_ndx == SHN_UNDEF && r->name[0] &&
	       !is_bookkeeping(audit_section_name(m, r->ndx));
}

void audit_calls(struct module *m)
{
	size_t i;

	m->is_svm_mmio = is_svm_mmio(m);
	for (i = 0; i < m->reloc_count; i++)
		if (is_of_interest(m, &m->relocs[i]))
			look_at(m, &m->relocs[i]);
	/* A screen is a device if the module maps one, and else ordinary memory. */
	if (!audit_has_kind(m, KIND_MAPPING))
		return;
	for (i = 0; i < m->reloc_count; i++)
		if (is_of_interest(m, &m->relocs[i]) &&
		    audit_export(m->relocs[i].name, NULL) == EXPORT_SCREEN)
			add_call(m, &m->relocs[i], NULL);
}
