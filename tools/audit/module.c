// SPDX-License-Identifier: GPL-2.0
/* The audit of one file: everything that looks for something, and the verdict. */
#include <stdlib.h>

#include "../util.h"
#include "audit.h"

static void judge(struct module *m)
{
	size_t i;

	for (i = 0; i < m->finding_count; i++) {
		const struct finding *f = &m->findings[i];

		if (f->kind == KIND_WINDOW) {
			m->windows++;
			m->bad_windows += f->fault ? 1 : 0;
		} else if (f->kind == KIND_SAFE_CALL) {
			m->safe_calls++;
		} else if (f->kind == KIND_OWN_CALL) {
			m->own_calls++;
		} else if (f->kind == KIND_MAPPING) {
			m->mappings++;
		} else if (f->guarded) {
			m->guarded++;
		} else {
			m->accesses++;
		}
	}
	if (m->accesses || m->bad_windows)
		m->verdict = VERDICT_UNSAFE;
	else if (m->windows || m->safe_calls || m->guarded)
		m->verdict = VERDICT_SAFE;
	else if (m->mappings)
		m->verdict = VERDICT_MAPS;
	else
		m->verdict = VERDICT_NONE;
}

struct module *audit_new(const char *path)
{
	struct module *m = zeroed(1, sizeof(*m));

	m->path = copy(path);
	return m;
}

void audit_module(struct module *m)
{
	m->verdict = VERDICT_ERROR;
	m->image = audit_read_file(m->path, &m->size, &m->error);
	if (!m->image)
		return;
	if (audit_open(m)) {
		audit_flow(m);
		audit_windows(m);
		audit_inline(m);
		audit_calls(m);
		audit_sort_findings(m);
		/* What svm_mmio.ko has besides its windows is there to compare with them. */
		if (audit_has_kind(m, KIND_MAPPING) && !m->is_svm_mmio) {
			audit_pointers(m);
			audit_sort_findings(m);
		}
		audit_lines(m);
		judge(m);
	}
	audit_close(m);
}

void audit_free(struct module *m)
{
	audit_free_findings(m);
	free(m->error);
	free(m->path);
	free(m);
}
